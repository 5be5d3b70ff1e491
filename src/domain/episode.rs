//! An episode as the fold over its events: its stages, calls, gates and needs.
//!
//! This file holds what an episode is; `apply` holds how an event changes it, `standing` what follows from it.
//! Not for decisions: what may be done is in [`super::decide`], what is to be done next in [`super::plan`].

mod apply;
mod inputs;
mod lapse;
mod routes;
mod standing;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::apply::FoldError;
pub use self::standing::Standing;
use super::bill::Bill;
use super::budget::{Caps, Scope};
use super::call::{RetryClass, Route, Usage};
use super::event::{Actor, Handoff, Need, Pin, Policy, Provenance, Ruled, Ruling, Seen, UnitPlan, Verdict};
use super::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use super::money::MicroUsd;
use super::reuse::Reused;
use super::step::NoteInput;
use super::sums::Sums;
use super::window::Window;

/// How an episode's life stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// Under way, or waiting for a person.
    Running,
    /// No new work is started.
    Paused,
    /// Stopped before its end.
    Cancelled(String),
    /// Rejected for good.
    Rejected(String),
    /// Done: the package is on disk.
    Packaged(ContentHash),
}

impl Life {
    /// Whether nothing more will be begun, ever.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Running | Self::Paused => false,
            Self::Cancelled(_) | Self::Rejected(_) | Self::Packaged(_) => true,
        }
    }
}

/// How a paid call stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Sent, or about to be.
    InFlight,
    /// Answered and priced.
    Settled {
        /// The body of the answer.
        answer: ContentHash,
        /// What was used.
        usage: Usage,
        /// What it cost.
        price: MicroUsd,
        /// How long it took.
        machine_ms: u64,
        /// The provider's name for it.
        request_id: Option<String>,
        /// How the price came about, where that is known.
        bill: Option<Box<Bill>>,
    },
    /// Failed at a known price.
    Failed {
        /// What the failure asks for.
        class: RetryClass,
        /// What the provider said.
        message: String,
        /// What it cost.
        price: MicroUsd,
        /// What was used, where it was counted.
        usage: Usage,
        /// How the price came about, where it cost something.
        bill: Option<Box<Bill>>,
        /// The provider's name for it.
        request_id: Option<String>,
    },
    /// Sent, and its answer was lost.
    Uncertain {
        /// How.
        reason: String,
    },
    /// Lost and ruled: its worst case is possible where it was sent again, and spent where it was written off.
    Ruled {
        /// How it was ruled.
        ruling: Ruling,
    },
}

/// One paid call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The body that was sent.
    pub request: ContentHash,
    /// What was reserved.
    pub worst: MicroUsd,
    /// Where it went.
    pub route: Route,
    /// When it was intended.
    pub at: Timestamp,
    /// How it stands.
    pub state: CallState,
    /// Its name among equal calls: see [`super::reuse`].
    pub name: ContentHash,
    /// Whether its answer met its contract.
    pub met: bool,
    /// The room that it takes of what its model has, where that was recorded.
    pub window: Option<Window>,
    /// The provider's name for the batch that it was taken into, where it was.
    pub batch: Option<String>,
    /// The price that a person put in the place of the booked one, where one did.
    pub corrected: Option<Corrected>,
}

/// A price that a person put in the place of the booked one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corrected {
    /// The price.
    pub price: MicroUsd,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl Call {
    /// Whether it is on its way now: sent, not answered, and not in a batch that is answered at the provider's leisure.
    pub fn is_under_way(&self) -> bool {
        self.state == CallState::InFlight && self.batch.is_none()
    }

    /// Whether it is in a batch that was not answered yet.
    pub fn is_in_batch(&self) -> bool {
        self.state == CallState::InFlight && self.batch.is_some()
    }

    /// Whether its price is still to come: it is on its way, in a batch, or its charge is uncertain and was not ruled.
    pub fn is_unpriced(&self) -> bool {
        matches!(self.state, CallState::InFlight | CallState::Uncertain { .. })
    }

    /// What it cost, holds or may have cost: one of the three.
    pub fn sums(&self) -> Sums {
        let worst = self.worst.min(MicroUsd::MOST);
        if let Some(corrected) = &self.corrected {
            return Sums::spent(corrected.price);
        }
        match &self.state {
            CallState::InFlight => Sums::held(worst),
            CallState::Uncertain { .. } | CallState::Ruled { ruling: Ruling::Resend } => Sums::possible(worst),
            // A hostile price that an older version booked must not swallow the sum that it is taken out of again.
            CallState::Settled { price, .. } | CallState::Failed { price, .. } => {
                Sums::spent((*price).min(MicroUsd::MOST))
            }
            CallState::Ruled { ruling: Ruling::WriteOff } => Sums::spent(worst),
        }
    }

    /// What it has cost, so far as is known; a charge that was written off counts at its worst.
    pub fn spent(&self) -> MicroUsd {
        self.sums().spent
    }

    /// What is held for it while it is not answered.
    pub fn reserved(&self) -> MicroUsd {
        self.sums().held
    }

    /// What it may have cost, where nobody knows.
    pub fn possible(&self) -> MicroUsd {
        self.sums().possible
    }

    /// Whether a price is booked for it, which a person can correct.
    pub fn is_booked(&self) -> bool {
        match &self.state {
            CallState::Settled { .. } | CallState::Failed { .. } | CallState::Ruled { .. } => true,
            CallState::InFlight | CallState::Uncertain { .. } => false,
        }
    }

    /// How long the provider worked for it, in milliseconds.
    pub fn machine_ms(&self) -> u64 {
        match &self.state {
            CallState::Settled { machine_ms, .. } => *machine_ms,
            CallState::InFlight | CallState::Failed { .. } | CallState::Uncertain { .. } | CallState::Ruled { .. } => 0,
        }
    }

    /// What was used.
    pub fn usage(&self) -> Usage {
        match &self.state {
            CallState::Settled { usage, .. } | CallState::Failed { usage, .. } => *usage,
            CallState::InFlight | CallState::Uncertain { .. } | CallState::Ruled { .. } => Usage::default(),
        }
    }

    /// How its price came about, where that is known.
    pub fn bill(&self) -> Option<&Bill> {
        match &self.state {
            CallState::Settled { bill, .. } | CallState::Failed { bill, .. } => bill.as_deref(),
            CallState::InFlight | CallState::Uncertain { .. } | CallState::Ruled { .. } => None,
        }
    }

    /// The provider's name for it, where it gave one.
    pub fn request_id(&self) -> Option<&str> {
        match &self.state {
            CallState::Settled { request_id, .. } | CallState::Failed { request_id, .. } => request_id.as_deref(),
            CallState::InFlight | CallState::Uncertain { .. } | CallState::Ruled { .. } => None,
        }
    }
}

/// How one unit of a stage's work stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitState {
    /// To be sent, not before a moment where one is given.
    Waiting(Option<Timestamp>),
    /// Under way.
    Calling(IntentKey),
    /// Answered; the answer has not been held to its contract yet.
    Answered(IntentKey),
    /// Answered by what an equal call was answered; that has not been held to the contract yet.
    Reused(ContentHash),
    /// The answer missed its contract; the call is to be made ready again.
    Correcting(String),
    /// Its charge is uncertain: nothing happens until it is ruled.
    Held(IntentKey),
    /// Answered and paid for, and this version cannot read the answer: nothing happens until it is ruled.
    Unread(IntentKey),
    /// It cannot go on by itself.
    Stuck,
    /// Its output met the contract.
    Accepted(ContentHash),
}

/// One unit of a stage's work: one paid call, with its retries and corrections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// The body to send.
    pub request: ContentHash,
    /// The most that it can cost.
    pub worst: MicroUsd,
    /// Where it goes, where that is not the stage's own route.
    pub route: Option<Route>,
    /// The room that it takes of what its model has.
    pub window: Option<Window>,
    /// How it stands.
    pub state: UnitState,
    /// Since when it could be sent, as far as the episode is concerned, where it waits to be.
    pub since: Timestamp,
    /// Failures since the last grant.
    pub failures: u32,
    /// Corrections since the last grant.
    pub corrections: u32,
    /// Corrections in all.
    pub corrected: u32,
}

/// The work of a stage on one set of inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The inputs.
    pub input: ContentHash,
    /// When it was made ready, or failed.
    pub at: Timestamp,
    /// Its units, by number.
    pub units: BTreeMap<u32, Unit>,
    /// Whether all units are listed.
    pub prepared: bool,
    /// Why it cannot go on, where it cannot.
    pub failed: Option<String>,
}

/// An output that a stage has made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The artifact.
    pub output: ContentHash,
    /// When.
    pub at: Timestamp,
    /// How.
    pub handoff: Handoff,
    /// Words that code counted, where it is a script.
    pub words: Option<u64>,
    /// Words that the model claimed, where it did.
    pub claimed_words: Option<u64>,
    /// The round in which it was made.
    pub round: u32,
    /// The script that it revises or takes the place of, where there is one.
    pub parent: Option<ContentHash>,
    /// Who brought it about: the engine, or the person who chose it.
    pub by: Actor,
}

/// A stage of an episode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageState {
    /// The latest work on it.
    pub run: Option<Run>,
    /// Every output, by the inputs it was made from.
    pub outputs: BTreeMap<ContentHash, Made>,
    /// Outputs whose place another was put in.
    pub replaced: Vec<Made>,
    /// What met the contract, by the body that was sent: an equal body is never sent twice.
    pub takes: BTreeMap<ContentHash, ContentHash>,
    /// What met the contract, by its place: see the fold's `inputs`.
    #[serde(default)]
    pub places: BTreeMap<ContentHash, ContentHash>,
    /// How many calls each unit has had, over the episode's life.
    pub attempts: BTreeMap<u32, u32>,
    /// The count that the model claimed in the latest answer.
    pub claimed_words: Option<u64>,
    /// Where its calls go instead of the pinned route.
    pub route: Option<Route>,
    /// When its first work began.
    pub began: Option<Timestamp>,
}

/// A gate's judgement of some content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// When.
    pub at: Timestamp,
    /// How it judged.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<String>,
    /// The whole report.
    pub report: ContentHash,
    /// What a person must rule before it can be approved.
    pub open: Vec<String>,
    /// The round.
    pub round: u32,
}

/// A person's approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// The most that may be spent on what follows.
    pub max_spend: MicroUsd,
    /// What the episode had cost by then.
    pub spent: MicroUsd,
    /// What was seen.
    pub seen: Option<Seen>,
}

/// A failed gate that the episode went on past. The gate stays failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overridden {
    /// Who.
    pub by: Actor,
    /// Who proposed it, where a second person had to confirm it.
    pub proposed_by: Option<Actor>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// What was seen.
    pub seen: Option<Seen>,
}

/// A proposal to go on past a failed gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// An approval or an override that died with the first change of what it covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lapsed {
    /// The content that it was given to.
    pub hash: ContentHash,
    /// Who gave it.
    pub by: Actor,
    /// When it was given.
    pub given: Timestamp,
    /// When it died.
    pub died: Timestamp,
}

/// A ruling of an item at a gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuledItem {
    /// The content.
    pub hash: ContentHash,
    /// The ruling.
    pub ruled: Ruled,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// A note that went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentBack {
    /// From which gate.
    pub gate: StageId,
    /// The content that was refused.
    pub hash: ContentHash,
    /// To which stage.
    pub target: StageId,
    /// The note and the script that it speaks of.
    pub input: NoteInput,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What was seen, where a person sent it back.
    pub seen: Option<Seen>,
}

/// A gate of an episode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateState {
    /// Its judgements, by content.
    pub evaluations: BTreeMap<ContentHash, Evaluation>,
    /// Approvals, by content: one dies with its hash.
    pub approvals: BTreeMap<ContentHash, Approval>,
    /// Proposals to go on past a failure, by content.
    pub proposals: BTreeMap<ContentHash, Proposal>,
    /// Overrides, by content: one dies with its hash, as an approval does.
    pub overrides: BTreeMap<ContentHash, Overridden>,
    /// Approvals and overrides that died, in order: what they covered changed, and they stay dead when it comes back.
    #[serde(default)]
    pub lapsed: Vec<Lapsed>,
    /// Rulings of items, in order.
    pub rulings: Vec<RuledItem>,
}

/// A need that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenNeed {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub need: Need,
    /// Since when.
    pub since: Timestamp,
}

/// An episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// Its number.
    pub number: EpisodeNumber,
    /// Its title.
    pub title: String,
    /// Its show, by its slug.
    pub show: String,
    /// Rehearsed or live.
    pub provenance: Provenance,
    /// When it was begun.
    pub started: Timestamp,
    /// When something last happened to it.
    pub touched: Timestamp,
    /// Who began it.
    pub owner: Actor,
    /// The research package.
    pub research: ContentHash,
    /// The show profile.
    pub profile: ContentHash,
    /// The rules.
    pub policy: Policy,
    /// Its own caps.
    pub caps: Caps,
    /// What all calls cost at worst, as it was projected at the start.
    pub projected: MicroUsd,
    /// The most that it may cost by the latest approval, until its cap is raised.
    pub agreed: Option<MicroUsd>,
    /// Its stages as they were pinned, in order.
    pub pins: Vec<Pin>,
    /// How its stages stand.
    pub stages: BTreeMap<StageId, StageState>,
    /// Its gates.
    pub gates: BTreeMap<StageId, GateState>,
    /// Attempts up to this number may have been made by events that were lost: none of them is made again.
    #[serde(default)]
    pub attempts_lost: u32,
    /// Its paid calls.
    pub calls: BTreeMap<IntentKey, Call>,
    /// Answers that it did not pay for again, in order.
    pub reused: Vec<Reused>,
    /// What was sent back, in order; each opened a round.
    pub sent_back: Vec<SentBack>,
    /// What waits for a person.
    pub needs: Vec<OpenNeed>,
    /// How long it has waited for people in needs that are closed, in milliseconds.
    pub waited_ms: u64,
    /// Caps of which 80 % was passed, and the cap that it was.
    pub alerted: BTreeMap<Scope, MicroUsd>,
    /// How its life stands.
    pub life: Life,
}

impl Episode {
    /// The round, from 1: each send-back opens the next.
    pub fn round(&self) -> u32 {
        u32::try_from(self.sent_back.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The pin of a stage.
    pub fn pin(&self, stage: &StageId) -> Option<&Pin> {
        self.pins.iter().find(|pin| &pin.stage.id == stage)
    }

    /// What it has cost, holds and may have cost.
    pub fn sums(&self) -> Sums {
        self.calls.values().map(Call::sums).sum()
    }

    /// What it has cost, so far as is known.
    pub fn spent(&self) -> MicroUsd {
        self.sums().spent
    }

    /// What is held for calls that are not answered.
    pub fn reserved(&self) -> MicroUsd {
        self.sums().held
    }

    /// What its caps count: spent, held and possible.
    pub fn committed(&self) -> MicroUsd {
        self.sums().committed()
    }

    /// What calls that were sent again may have cost the first time.
    pub fn resent(&self) -> MicroUsd {
        let is_resent = |call: &&Call| matches!(call.state, CallState::Ruled { ruling: Ruling::Resend });
        self.calls.values().filter(is_resent).map(Call::possible).sum()
    }

    /// The cap of the episode, where it has one.
    pub fn cap(&self) -> Option<MicroUsd> {
        self.caps.get(&Scope::Episode(self.number)).copied()
    }

    /// What all its calls used.
    pub fn usage(&self) -> Usage {
        self.calls.values().map(Call::usage).fold(Usage::default(), Usage::plus)
    }

    /// How long providers worked for it, in milliseconds; parallel calls add up.
    pub fn machine_ms(&self) -> u64 {
        self.calls.values().map(Call::machine_ms).sum()
    }

    /// The calls of one stage.
    pub fn calls_of<'a>(&'a self, stage: &'a StageId) -> impl Iterator<Item = (&'a IntentKey, &'a Call)> {
        self.calls.iter().filter(move |(key, _)| &key.stage == stage)
    }

    /// The open need of this id.
    pub fn need(&self, id: &str) -> Option<&OpenNeed> {
        self.needs.iter().find(|open| open.id == id)
    }

    /// Whether nothing about it will ever change again: it is over, no charge is open, and every bill above its reservation
    /// was seen by a person.
    pub fn is_settled(&self) -> bool {
        self.life.is_over() && !self.calls.values().any(Call::is_unpriced) && !self.is_over_billed()
    }

    /// Whether a bill above its reservation waits to be seen.
    pub fn is_over_billed(&self) -> bool {
        self.needs.iter().any(|open| matches!(open.need, Need::OverBilled { .. }))
    }
}

impl Run {
    /// Whether an answer of it cannot be read: nothing more is sent for the stage until a person has ruled.
    pub fn is_unread(&self) -> bool {
        self.units.values().any(|unit| matches!(unit.state, UnitState::Unread(_)))
    }
}

impl StageState {
    /// Every output that it ever made, in no order.
    pub fn made(&self) -> impl Iterator<Item = &Made> {
        self.outputs.values().chain(&self.replaced)
    }
}

impl Unit {
    fn new(plan: &UnitPlan, at: Timestamp) -> Self {
        Self {
            request: plan.request,
            worst: plan.worst,
            route: plan.route.clone(),
            window: plan.window,
            state: UnitState::Waiting(None),
            since: at,
            failures: 0,
            corrections: 0,
            corrected: 0,
        }
    }
}
