//! The seeded author: writes every contract's answer from the data blocks of a request, as a pure function.
//!
//! Not for the wire: how an answer travels is in `wire`.

mod arbiter;
mod deliver;
mod dice;
mod draft;
mod examine;
mod judge;
mod material;
mod panel;
mod phrases;
mod plan;
mod plants;
mod request;
mod revise;
mod route;
mod speech;
mod synthesis;
mod talk;
#[cfg(test)]
mod tests;
mod text;
mod write;

pub(in crate::rehearsal) use self::dice::Dice;
pub use self::plants::Planted;
pub use self::request::{AuthorError, blocks};
pub use self::write::{Author, Key, Written};
