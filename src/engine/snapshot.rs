//! What consoles and reports see of a studio: shared pieces of the fold, replaced only where something changed.
//!
//! Past episodes are asked for through the handle, not carried. What must not be missed is driven by [`Notice`]s, which
//! come from events, and never by comparing snapshots.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::billed::KeptBill;
use crate::domain::call::Provider;
use crate::domain::episode::Episode;
use crate::domain::event::{Need, Provenance};
use crate::domain::ids::EpisodeNumber;
use crate::domain::lane::Lane;
use crate::domain::money::MicroUsd;
use crate::domain::queue::Wait;

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
            today: Purse::default(),
            month: Purse::default(),
            in_flight: BTreeMap::new(),
            lanes: Vec::new(),
            waits: Vec::new(),
            bills: Arc::new([]),
            halted: None,
        }
    }
}

/// How many waits a snapshot carries.
pub const WAITS: usize = 200;

/// How many lines of the feed a snapshot carries.
pub const FEED: usize = 200;

/// Money of a period (UTC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// Spent and reserved.
    pub committed: MicroUsd,
    /// Of that, held for calls under way.
    pub in_flight: MicroUsd,
    /// The cap, where there is one.
    pub cap: Option<MicroUsd>,
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
