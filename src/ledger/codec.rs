//! Between the domain's events and the bodies of journal lines.

use serde_json::value::{RawValue, to_raw_value};

use super::journal::{Draft, Entry};
use crate::domain::event::{Event, Stamped};

/// A body that this version cannot read, or an event that has none.
#[derive(Debug, thiserror::Error)]
#[error(
    "event {seq} of the journal cannot be read: {source}. Nothing is written; export what is sound, or use the version that wrote it"
)]
pub struct CodecError {
    /// The event.
    pub seq: u64,
    /// What is wrong with it.
    pub source: serde_json::Error,
}

/// An event as it is written.
///
/// # Errors
///
/// When it has no JSON form.
pub fn draft(stamped: &Stamped) -> Result<Draft, CodecError> {
    let body: Box<RawValue> = to_raw_value(&stamped.event).map_err(|source| CodecError { seq: stamped.seq, source })?;
    Ok(Draft { at: stamped.at, episode: stamped.episode, actor: stamped.actor.to_string(), body })
}

/// An event as it was written.
///
/// # Errors
///
/// When it is none that this version knows.
pub fn stamped(entry: &Entry) -> Result<Stamped, CodecError> {
    let wrong = |source| CodecError { seq: entry.seq, source };
    let event: Event = serde_json::from_str(entry.body.get()).map_err(wrong)?;
    let actor =
        entry.actor.parse().map_err(|e: crate::domain::event::PersonError| wrong(serde::de::Error::custom(e)))?;
    Ok(Stamped { seq: entry.seq, at: entry.at, episode: entry.episode, actor, event })
}
