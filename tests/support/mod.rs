//! What several tests share.

pub mod killer;
pub mod studio;
pub mod world;
