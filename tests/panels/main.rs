//! Panels: the machine that says who speaks next, and real panels over the real wires, each ending by success, by a bound and by
//! a seat that cannot do its part.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod machine;
mod seats;
#[path = "../support/studio.rs"]
mod studio;
mod studio_runs;
