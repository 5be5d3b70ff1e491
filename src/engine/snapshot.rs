//! What consoles and reports see of a studio: shared pieces of the fold, replaced only where something changed.
//!
//! Past episodes are asked for through the handle, not carried. What must not be missed is driven by [`Notice`]s, which
//! come from events, and never by comparing snapshots.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::billed::KeptBill;
use crate::domain::budget::{Period, Scope};
use crate::domain::call::Provider;
use crate::domain::episode::Episode;
use crate::domain::event::{Need, Provenance};
use crate::domain::ids::EpisodeNumber;
use crate::domain::lane::Lane;
use crate::domain::money::MicroUsd;
use crate::domain::queue::Wait;
use crate::domain::room::Taken;
use crate::domain::studio::Studio;
use crate::domain::sums::Sums;

/// A studio at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// Rehearsed or live.
    pub provenance: Provenance,
    /// The number of the last event.
    pub seq: u64,
    /// When the last event was.
    pub at: Timestamp,
    /// Episodes that can still change, by number.
    pub episodes: Vec<Arc<Episode>>,
    /// How many episodes are past.
    pub past: usize,
    /// The number that a new episode would get.
    pub next_number: EpisodeNumber,
    /// The latest events in words, oldest first; at most [`FEED`].
    pub feed: Arc<[FeedLine]>,
    /// The day and month that caps count by now.
    pub period: Period,
    /// What today cost and may cost.
    pub today: Purse,
    /// What this month cost and may cost.
    pub month: Purse,
    /// Calls under way, by provider.
    pub in_flight: BTreeMap<Provider, u32>,
    /// The way to each provider.
    pub lanes: Vec<Lane>,
    /// Calls that could go and wait for their provider, the oldest of each stage, the longest wait first; at most [`WAITS`].
    pub waits: Vec<Wait>,
    /// Providers' bills that were read, in that order.
    pub bills: Arc<[KeptBill]>,
    /// What waits for disk space, where something does: how much is free, what is needed, where.
    pub space: Option<String>,
    /// Why the studio has stopped, where it has: what happened, what is safe, what to do.
    pub halted: Option<String>,
}

impl Snapshot {
    /// A studio of which nothing is known yet.
    pub fn empty(provenance: Provenance, at: Timestamp) -> Self {
        Self {
            provenance,
            seq: 0,
            at,
            episodes: Vec::new(),
            past: 0,
            next_number: EpisodeNumber(1),
            feed: Arc::new([]),
            period: Period::of(at),
            today: Purse::default(),
            month: Purse::default(),
            in_flight: BTreeMap::new(),
            lanes: Vec::new(),
            waits: Vec::new(),
            bills: Arc::new([]),
            space: None,
            halted: None,
        }
    }
}

/// How many waits a snapshot carries.
pub const WAITS: usize = 200;

/// How many lines of the feed a snapshot carries.
pub const FEED: usize = 200;

/// Money of a period (UTC). *Spent*, *held* and *possible* are three sums, and only a cap is held against all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// Spent, held and possible: what the cap is held against.
    pub committed: MicroUsd,
    /// What calls have cost, so far as is known. It never falls.
    pub spent: MicroUsd,
    /// Held at its worst case for calls under way.
    pub held: MicroUsd,
    /// What calls may have cost of which nobody knows.
    pub possible: MicroUsd,
    /// The cap, where there is one.
    pub cap: Option<MicroUsd>,
}

impl Purse {
    /// What is taken of a day or a month of a studio.
    pub fn new(studio: &Studio, scope: Scope) -> Self {
        let purse = studio.purse(scope);
        let Sums { spent, held, possible } = purse.sums;
        Self { committed: purse.sums.committed(), spent, held, possible, cap: purse.cap }
    }

    /// What is held and what is possible, in words; nothing where there is neither.
    pub fn beside(&self) -> String {
        let held = (self.held > MicroUsd::ZERO).then(|| format!("{} held", self.held));
        let possible = (self.possible > MicroUsd::ZERO).then(|| format!("{} possible", self.possible));
        held.into_iter().chain(possible).collect::<Vec<_>>().join(", ")
    }

    /// As it stands under its cap.
    pub fn taken(&self) -> Taken {
        Taken { cap: self.cap, committed: self.committed }
    }
}

/// An event in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedLine {
    /// Its number in the ledger.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The episode, where it belongs to one.
    pub episode: Option<EpisodeNumber>,
    /// What it is.
    pub tone: Tone,
    /// The words; they may hold text from outside, which whoever shows them must clean.
    pub text: String,
}

/// What kind of line it is, for glyph and colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Work goes on.
    Work,
    /// Something is done.
    Done,
    /// Something failed or was refused.
    Fault,
    /// A person is needed.
    Need,
    /// A person decided.
    Decision,
    /// Money.
    Money,
}

/// What must not be missed: one for each need that opens and each episode that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A person is needed: ring once.
    Needed {
        /// The episode.
        episode: EpisodeNumber,
        /// For what.
        need: Need,
    },
    /// An episode is over.
    Ended {
        /// The episode.
        episode: EpisodeNumber,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beside_the_spent_is_told_apart() {
        let purse = Purse { held: MicroUsd(520_000), possible: MicroUsd(100_000), ..Purse::default() };
        assert_eq!(purse.beside(), "0.52 held, 0.10 possible");
        assert_eq!(Purse::default().beside(), "");
    }
}
