//! The ledger on disk: the append-only journal and the content-addressed files that its events name.

pub mod blobs;
pub mod chain;
pub mod codec;
pub mod disk;
pub mod drafts;
mod durable;
pub mod journal;
pub mod lock;
pub mod names;
pub mod spool;
