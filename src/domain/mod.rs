//! The pure core: no clock, no I/O, no environment. Everything above it is a driver of what is decided here.

pub mod accept;
pub mod actor;
pub mod agreement;
pub mod budget;
pub mod calibration;
pub mod call;
pub mod command;
pub mod cost;
pub mod decide;
pub mod episode;
pub mod event;
pub mod gate;
pub mod handoff;
pub mod ids;
pub mod memory;
pub mod money;
pub mod pipeline;
pub mod plan;
pub mod policy;
pub mod research;
pub mod script;
pub mod step;
pub mod studio;
pub mod verdict;
