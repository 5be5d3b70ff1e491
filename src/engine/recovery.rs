//! What the last process left under way: answers that stand in the spool settle their calls, and every file there that no call
//! of the journal explains is told of.
//!
//! A spooled answer may be the only copy of something that was paid for. It is removed when its call has a price that is on
//! disk, or a ruling, and never because something went wrong here.

use std::fmt;

use super::past::Past;
use super::workshop::Workshop;
use crate::domain::episode::{Call, CallState, UnitState};
use crate::domain::ids::{ContentHash, IntentKey};
use crate::domain::step::{CallStep, Charged, Outcome};
use crate::domain::studio::Studio;
use crate::ledger::names::PlainName;
use crate::ledger::spool::Spooled;

/// A file in the spool that no call of the journal explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The name that its call would have.
    pub name: String,
    /// How many bytes of a body there are.
    pub bytes: u64,
    /// Whether all of it is there, checked by length and hash.
    pub is_whole: bool,
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, bytes, is_whole } = self;
        let what = if *is_whole { "a whole answer" } else { "a part of an answer" };
        write!(
            f,
            "{what} ({bytes} bytes) is in the spool for the call {name}, which this journal does not know. The provider may have charged \
             for it, and no sum here counts it: the journal may have lost its end, or the file is of another studio. It was left as it is"
        )
    }
}

/// What was found of calls that were under way.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    /// What became of them.
    pub(super) outcomes: Vec<Outcome>,
    /// How many were settled by their spooled answers.
    pub(super) settled: usize,
    /// How many brought no whole answer.
    pub(super) lost: usize,
    /// How many have an answer that could not be kept now.
    pub(super) arrived: usize,
    /// How many answers that no version before could read this one can.
    pub(super) read: usize,
    /// What no call explains.
    pub(super) strays: Vec<Stray>,
}

/// Settles what the spool can settle, and looks for what it holds beside that.
pub(super) fn recover(studio: &Studio, past: &Past, shop: &Workshop) -> Recovered {
    let mut recovered = Recovered::default();
    for (key, call) in calls(studio).filter(|(_, call)| call.is_unpriced() && call.batch.is_none()) {
        let outcome = shop.recover(&step(studio, key, call));
        let Outcome::Called { result, .. } = &outcome else { continue };
        match result.as_ref().map_err(|failure| failure.charge) {
            Err(Charged::Arrived) => recovered.arrived += 1,
            Err(Charged::Uncertain) if call.is_under_way() => recovered.lost += 1,
            // It was lost before, and still is.
            Err(Charged::Uncertain) => continue,
            Ok(_) | Err(Charged::Known(_)) => recovered.settled += 1,
        }
        recovered.outcomes.push(outcome);
    }
    recovered.outcomes.extend(unread(studio).filter(|(_, answer)| shop.can_read(answer)).map(|(key, _)| {
        recovered.read += 1;
        Outcome::Readable { key: key.clone() }
    }));
    match shop.spool.sweep().and_then(|()| shop.spool.list()) {
        Ok(names) => recovered.strays = names.iter().filter_map(|name| stray(studio, past, shop, name)).collect(),
        Err(error) => tracing::warn!(%error, "what is in the spool beside the calls under way is not known"),
    }
    recovered
}

/// The answers that could not be read, each with the call that paid for it.
fn unread(studio: &Studio) -> impl Iterator<Item = (&IntentKey, &ContentHash)> {
    studio.episodes.values().flat_map(|episode| {
        let runs = episode.stages.values().filter_map(|state| state.run.as_ref());
        let keys = runs.flat_map(|run| run.units.values()).filter_map(|unit| match &unit.state {
            UnitState::Unread(key) => Some(key),
            UnitState::Waiting(_)
            | UnitState::Calling(_)
            | UnitState::Answered(_)
            | UnitState::Reused(_)
            | UnitState::Correcting(_)
            | UnitState::Held(_)
            | UnitState::Stuck
            | UnitState::Accepted(_) => None,
        });
        keys.filter_map(|key| match &episode.calls.get(key)?.state {
            CallState::Settled { answer, .. } => Some((key, answer)),
            CallState::InFlight | CallState::Failed { .. } | CallState::Uncertain { .. } | CallState::Ruled { .. } => {
                None
            }
        })
    })
}

/// The calls that are in a batch and have no price, to be fetched when it is done.
pub(super) fn batched(studio: &Studio) -> Vec<CallStep> {
    calls(studio)
        .filter(|(_, call)| call.is_unpriced() && call.batch.is_some())
        .map(|(key, c)| step(studio, key, c))
        .collect()
}

fn calls(studio: &Studio) -> impl Iterator<Item = (&IntentKey, &Call)> {
    studio.episodes.values().flat_map(|episode| episode.calls.iter())
}

fn step(studio: &Studio, key: &IntentKey, call: &Call) -> CallStep {
    CallStep {
        key: key.clone(),
        sent: studio.sent_key(key, call.at),
        request: call.request,
        worst: call.worst,
        route: call.route.clone(),
        time_limit_seconds: 0,
        at: call.at,
        batch: call.batch.clone(),
    }
}

/// A spooled answer that no call explains. One whose call was settled or ruled before is only in the way, and is removed once
/// its answer is known to be kept.
fn stray(studio: &Studio, past: &Past, shop: &Workshop, name: &PlainName) -> Option<Stray> {
    let key: Option<IntentKey> = name.to_string().parse().ok();
    let call = match key.as_ref().map(|key| (key, studio.episodes.get(&key.episode))) {
        Some((key, Some(episode))) => episode.calls.get(key).cloned(),
        Some((key, None)) if studio.past.contains(&key.episode) => match past.find(key.episode) {
            Ok(episode) => episode.and_then(|episode| episode.calls.get(key).cloned()),
            Err(error) => {
                tracing::warn!(%name, %error, "whether a call of a past episode was settled cannot be looked up");
                return None;
            }
        },
        Some((_, None)) | None => None,
    };
    let (bytes, is_whole) = match shop.spool.look_at(name) {
        Ok(Spooled::Absent) => (0, false),
        Ok(Spooled::Partial { bytes } | Spooled::Damaged { bytes }) => (bytes, false),
        Ok(Spooled::Complete { meta, .. }) => (meta.bytes, true),
        Err(error) => {
            tracing::warn!(%name, %error, "a spooled answer cannot be read");
            return None;
        }
    };
    match (key, call) {
        (Some(_), Some(call)) if call.is_unpriced() => None,
        (Some(key), Some(call)) => {
            let is_kept = match &call.state {
                CallState::Settled { answer, .. } => {
                    shop.blobs.contains(answer).unwrap_or(false) || shop.restore(&step(studio, &key, &call), answer)
                }
                CallState::Failed { .. } | CallState::Ruled { .. } => true,
                CallState::InFlight | CallState::Uncertain { .. } => false,
            };
            if is_kept {
                shop.forget_spool(&key);
            }
            None
        }
        _ => Some(Stray { name: name.to_string(), bytes, is_whole }),
    }
}
