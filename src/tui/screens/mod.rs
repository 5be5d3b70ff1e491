//! The screens: what each holds, and what each key changes in it.

pub(crate) mod cost;
pub(crate) mod dashboard;
pub(crate) mod decision;
pub(crate) mod diff;
pub(crate) mod editing;
pub(crate) mod episode;
pub(crate) mod findings;
pub(crate) mod gate;
pub(crate) mod gate_layout;
pub(crate) mod note;
pub(crate) mod providers;
pub(crate) mod reading;
pub(crate) mod revisions;
pub(crate) mod rulings;
pub(crate) mod scene;
pub(crate) mod sheet;
pub(crate) mod ways;

pub(crate) use ways::{best, for_need, oldest_gate, shift};
