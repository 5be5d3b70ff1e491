//! The ledger on disk: the append-only journal, which is the truth, the content-addressed files that its events name,
//! and a state that can be folded again from both at any time.
//!
//! A studio is opened in this order: the lock; the state, with [`journal::Journal::confirms`] to check its checkpoint;
//! the journal, from that checkpoint on. Not for what events mean: bodies and folded values are opaque here.

pub mod archive;
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
pub mod state;
#[cfg(test)]
mod tests;
