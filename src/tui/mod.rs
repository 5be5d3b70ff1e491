//! The production console on a terminal: model, update, view, and a driver around them.
//!
//! `update` takes a message in and gives back effects, without I/O; `view` draws the model; the driver in [`run`] is the
//! only part that waits for anything. It holds nothing of the engine but its handle.

mod boxes;
mod commands;
#[cfg(test)]
mod fixture;
mod frames;
mod input;
mod key;
mod layers;
mod look;
mod model;
mod msg;
mod options;
mod run;
mod screens;
mod still;
mod tasks;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod update;
mod view;

pub use options::{ColorLevel, ConsoleOptions, TuiError};
pub use run::run;
pub use still::Still;
