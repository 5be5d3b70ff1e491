//! The engine: one task orders everything that happens, many carry it out. Above it, only [`handle`] is held.

mod dispatcher;
pub mod executor;
pub mod handle;
pub mod loss;
pub mod open;
pub mod package;
mod past;
pub mod preflight;
pub mod progress;
pub mod recovery;
mod room;
pub mod snapshot;
pub mod socket;
pub mod stop;
pub mod words;
mod workshop;
