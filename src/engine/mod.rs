//! The engine: one task orders everything that happens, many carry it out. Above it, only [`handle`] is held.

pub mod handle;
pub mod progress;
pub mod snapshot;
