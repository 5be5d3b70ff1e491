//! Drawing: a pure function of the model.

mod boxes;
mod cost;
mod dashboard;
mod episode;
mod gate;
mod gate_note;
mod gate_side;
mod page;
mod paint;
mod providers;
mod script;

pub(crate) use page::view;
