//! The pure core: no clock, no I/O, no environment. Everything above it is a driver of what is decided here.

pub mod budget;
pub mod handoff;
pub mod ids;
pub mod money;
pub mod research;
pub mod script;
