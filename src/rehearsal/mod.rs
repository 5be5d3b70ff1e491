//! Rehearsal: provider servers on loopback with the real wire formats, a seeded author behind them, fault profiles and a
//! meter of their own.
//!
//! The clients of a rehearsal are the real ones. No code is shared with the engine's prices.

mod author;

pub use self::author::{AuthorError, blocks, write};
