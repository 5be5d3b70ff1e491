//! Between the domain's events and the bodies of journal lines.
//!
//! What is on disk has types of its own, one set for each version of the records: a change of the domain's types changes
//! no journal, and a journal that was ever written keeps its meaning. Events are written in the newest version; a line
//! is read in the version that it names. Not for the line around a body: that is the journal's.

use serde_json::value::{RawValue, to_raw_value};

use super::journal::{self, Draft, Entry};
use crate::domain::event::{Event, PersonError, Stamped};
use v1::RecordV1;

#[cfg(test)]
mod tests;
mod v1;

// The journal stamps each line with its version. Whoever raises that must say here in which records bodies are written.
const _: () = assert!(journal::VERSION == 1, "the codec writes records of version 1");

/// A body that this version cannot read, or an event that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// A line of the journal that is sound in itself, and yet says nothing that this version knows.
    #[error(
        "event {seq} of the journal cannot be read: {fault}. Nothing is written; export what is sound, or use the \
         version that wrote it"
    )]
    Unreadable {
        /// The event.
        seq: u64,
        /// What is wrong with it.
        fault: RecordFault,
    },
    /// An event without a JSON form.
    #[error("event {seq} cannot be written: {source}. Nothing of its batch was recorded")]
    Unwritable {
        /// The event.
        seq: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// What is wrong with a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordFault {
    /// It is of a version that was never written, or that only a newer program knows.
    #[error("its record version {0} is not known")]
    Version(u32),
    /// Its body is none of the records of its version.
    #[error("{0}")]
    Body(#[from] serde_json::Error),
    /// Nobody of that name can act.
    #[error("{0}")]
    Actor(#[from] PersonError),
}

/// An event as it is written.
///
/// # Errors
///
/// When it has no JSON form.
pub fn draft(stamped: &Stamped) -> Result<Draft, CodecError> {
    let body: Box<RawValue> = to_raw_value(&RecordV1::from(&stamped.event))
        .map_err(|source| CodecError::Unwritable { seq: stamped.seq, source })?;
    Ok(Draft { at: stamped.at, episode: stamped.episode, actor: stamped.actor.to_string(), body })
}

/// An event as it was written.
///
/// # Errors
///
/// When it is none that this version knows.
pub fn stamped(entry: &Entry) -> Result<Stamped, CodecError> {
    let read = || {
        let event = event(entry.v, &entry.body)?;
        let actor = entry.actor.parse()?;
        Ok(Stamped { seq: entry.seq, at: entry.at, episode: entry.episode, actor, event })
    };
    read().map_err(|fault| CodecError::Unreadable { seq: entry.seq, fault })
}

/// The event that a body of this record version stands for. Upcasts go by way of the domain: each version of the
/// records is turned straight into events.
fn event(version: u32, body: &RawValue) -> Result<Event, RecordFault> {
    match version {
        1 => Ok(serde_json::from_str::<RecordV1>(body.get())?.into()),
        unknown => Err(RecordFault::Version(unknown)),
    }
}
