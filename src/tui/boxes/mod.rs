//! Boxes over the screens: they take all keys until they are closed.

pub(crate) mod confirm;
pub(crate) mod field;
pub(crate) mod form;
pub(crate) mod help;
pub(crate) mod need;
pub(crate) mod palette;
pub(crate) mod propose;
pub(crate) mod propose_gate;
