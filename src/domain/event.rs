//! What happened, in the past tense: the only things that change the state of a studio.
//!
//! An event is small (under 4 KB); longer text is an artifact that the event names by its hash. These are the domain's
//! own types: how they are written to disk is the codec's matter.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use super::actor::{Actor, Person, PersonError};
use super::bill::Bill;
use super::billed::ReadBill;
use super::budget::Scope;
use super::call::{Provider, RetryClass, Route, Told, Usage};
use super::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use super::money::MicroUsd;
pub use super::need::Need;
use super::panel::Seat;
use super::pipeline::Stage;
pub use super::policy::{InputForm, Mending, NearCap, Overriding, Policy, ResendLimit, Uncertain, WhenDown};
use super::sent::StudioId;
pub use super::verdict::{Choice, ItemRuling, Ruled, Seen, Verdict, Way};
pub use super::window::Window;

/// Whether the money and the voices are real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// Rehearsed: never to be released.
    Rehearsal,
    /// Made with real providers.
    Live,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rehearsal => "rehearsal",
            Self::Live => "live",
        })
    }
}

/// A stage with what an episode pinned for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The stage.
    pub stage: Stage,
    /// The prompt of its agent.
    pub prompt: Option<PromptPin>,
    /// The prompt of its reviser.
    pub revise: Option<PromptPin>,
    /// Where its calls go.
    pub route: Option<Route>,
    /// Where they go when that model cannot.
    pub fallback: Option<Route>,
    /// Where they go after that, in order.
    #[serde(default)]
    pub further: Vec<Route>,
    /// A model that costs less, for when a cap stands in the way.
    pub cheaper: Option<Route>,
    /// The seats of a panel and then its coordinator, or the attacker of revisions.
    #[serde(default)]
    pub seats: Vec<Seat>,
}

impl Pin {
    /// Where its calls go when a model cannot, in order.
    pub fn fallbacks(&self) -> impl Iterator<Item = &Route> {
        self.fallback.iter().chain(&self.further)
    }

    /// Who revises where another model than the author's is to: the first of another family, else the first.
    pub fn peer(&self) -> Option<&Route> {
        let own = self.route.as_ref().map(Route::family);
        self.fallbacks().find(|route| Some(route.family()) != own).or(self.fallback.as_ref())
    }
}

/// A version of a prompt, by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptPin {
    /// The agent.
    pub agent: String,
    /// The version, such as `1.0.0`.
    pub version: String,
    /// The hash of the file.
    pub hash: ContentHash,
}

/// One paid call that a stage needs, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPlan {
    /// Its number within the stage.
    pub unit: u32,
    /// The body to send.
    pub request: ContentHash,
    /// The most that it can cost.
    pub worst: MicroUsd,
    /// Where it goes, where that is not the stage's own route.
    pub route: Option<Route>,
    /// The room that it takes of what its model has, where it is one of text.
    pub window: Option<Window>,
}

/// How an output came about, for the measure of how well handoffs work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handoff {
    /// The first answer met its contract.
    FirstTry,
    /// An answer met it after corrections.
    Corrected,
    /// Code made it.
    Local,
    /// Nothing was to do: the base went on unchanged.
    Skipped,
    /// A person wrote it, or went back to it, or it took the place of a worse one.
    Chosen,
}

/// How an uncertain charge was ruled: its worst case is possible where the call is sent again, and spent where it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// Send it again, at the risk of a second charge.
    Resend,
    /// Take the money as lost and do not send it again.
    WriteOff,
}

/// How an answer that cannot be read was ruled. It is paid for either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerRuling {
    /// Read it again, for nothing.
    ReadAgain,
    /// Pay for another call.
    CallAgain,
}

impl Ruling {
    /// The ruling in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Resend => "send it again",
            Self::WriteOff => "write it off",
        }
    }
}

/// The most open items that an event names: all of them together stay well within its size.
pub const MOST_OPEN: usize = 40;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The studio's first event.
    StudioOpened {
        /// Its kind, for ever.
        provenance: Provenance,
        /// Its id, for ever; none in the ledger of a studio that was created before there were ids.
        id: Option<StudioId>,
    },
    /// The system's clock went back by this much; time in the ledger does not, and runs ahead of it by as much more.
    ClockSteppedBack {
        /// By how many milliseconds.
        by_ms: u64,
    },
    /// Events that had been recorded are missing from the journal, and a person goes on without them.
    LossAccepted {
        /// The last event that the journal still held.
        held: u64,
        /// The last event that is known to have been recorded.
        known: u64,
        /// The most that the missing events are known to have spent or held.
        cost: MicroUsd,
        /// When the last of them was, where that is known.
        until: Option<Timestamp>,
        /// Calls that only they recorded and of which answers are spooled, in whole or in part: their charges are uncertain.
        calls: Vec<IntentKey>,
        /// The highest number of an episode that packages and spooled answers name.
        episodes: u32,
        /// Why.
        reason: String,
    },
    /// The system's clock went forward by this much more than the time that passed. Time in the ledger does not, until the
    /// clock is believed.
    ClockSteppedForward {
        /// By how many milliseconds.
        by_ms: u64,
    },
    /// Time in the ledger goes by the system's clock from here on, as far as it can without going back.
    ClockBelieved {
        /// By how many milliseconds it runs ahead of the clock, where the last event lies ahead of it.
        ahead_ms: u64,
    },
    /// A cap was set: raised, or lowered.
    CapSet {
        /// What it covers.
        scope: Scope,
        /// The limit.
        cap: MicroUsd,
        /// Why.
        reason: String,
    },
    /// At least 80 % of a cap is spent or reserved.
    CapNear {
        /// The cap.
        scope: Scope,
        /// Its limit.
        cap: MicroUsd,
        /// What is spent and reserved.
        committed: MicroUsd,
        /// What the show does from now on.
        then: NearCap,
    },
    /// Someone asked for what could not be done.
    CommandRefused {
        /// What was asked.
        asked: String,
        /// Why it was refused.
        reason: String,
    },
    /// An episode was begun.
    EpisodeStarted {
        /// Its title, until the plan gives one.
        title: String,
        /// The show.
        show: String,
        /// The research package.
        research: ContentHash,
        /// The show profile.
        profile: ContentHash,
        /// The rules.
        policy: Policy,
        /// What all calls cost at worst, without rounds.
        projected: MicroUsd,
    },
    /// A stage of the episode was pinned; as many follow a start as the pipeline has stages.
    StagePinned {
        /// The pin.
        pin: Box<Pin>,
    },
    /// The calls of a stage were made ready; a long list comes in several events.
    StagePrepared {
        /// The stage.
        stage: StageId,
        /// The inputs that it was made ready from.
        input: ContentHash,
        /// The calls.
        units: Vec<UnitPlan>,
        /// Whether this is the last of the list.
        last: bool,
    },
    /// An answer missed its contract and the call was made ready again with the validator's words.
    CorrectionPrepared {
        /// The stage.
        stage: StageId,
        /// The inputs.
        input: ContentHash,
        /// The call.
        unit: UnitPlan,
    },
    /// A call is about to be sent; its worst case is reserved.
    CallIntended {
        /// Its key.
        key: IntentKey,
        /// The body.
        request: ContentHash,
        /// The most that it can cost.
        worst: MicroUsd,
        /// Where it goes.
        route: Route,
    },
    /// A call was taken into a batch: it is answered within a day, and until then nothing is under way for it.
    CallBatched {
        /// Its key.
        key: IntentKey,
        /// The provider's name for the batch.
        batch: String,
    },
    /// A call was answered and its price is known.
    CallSettled {
        /// Its key.
        key: IntentKey,
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
        /// How the price came about; not known of calls that were settled before this was kept.
        bill: Option<Box<Bill>>,
        /// What the provider said of its limits.
        told: Told,
    },
    /// A call failed and what it cost is known, which mostly is nothing.
    CallFailed {
        /// Its key.
        key: IntentKey,
        /// What the failure asks for.
        class: RetryClass,
        /// What the provider said, cleaned and cut.
        message: String,
        /// What it cost.
        price: MicroUsd,
        /// Not to be tried again before this.
        not_before: Option<Timestamp>,
        /// What was used, where it was counted.
        usage: Usage,
        /// How the price came about, where it cost something.
        bill: Option<Box<Bill>>,
        /// The provider's name for it.
        request_id: Option<String>,
        /// What the provider said of its limits.
        told: Told,
    },
    /// A provider failed again and again: nothing more goes to it for a while.
    BreakerOpened {
        /// The provider.
        provider: Provider,
        /// When one call may try again.
        until: Timestamp,
        /// How often it failed without an answer between.
        failures: u32,
        /// The last failure, cleaned and cut.
        reason: String,
    },
    /// One call is about to try whether a provider answers again.
    BreakerProbing {
        /// The provider.
        provider: Provider,
    },
    /// A provider answers again.
    BreakerClosed {
        /// The provider.
        provider: Provider,
    },
    /// A call was sent and its answer was lost.
    ChargeUncertain {
        /// Its key.
        key: IntentKey,
        /// How it was lost.
        reason: String,
    },
    /// An uncertain charge was ruled.
    ChargeRuled {
        /// The call.
        key: IntentKey,
        /// How.
        ruling: Ruling,
        /// Not to be sent again before this.
        not_before: Option<Timestamp>,
    },
    /// A call was answered and paid for, and this version cannot read the answer: its stage stops.
    AnswerUnread {
        /// Its key.
        key: IntentKey,
        /// What the reader stumbled on.
        reason: String,
    },
    /// An answer that could not be read was ruled.
    AnswerRuled {
        /// The call.
        key: IntentKey,
        /// How.
        ruling: AnswerRuling,
    },
    /// From here on this is done about the uncertain charges of the episode.
    UncertainPolicySet {
        /// What is done.
        uncertain: Uncertain,
    },
    /// A person put another price in the place of the booked one; it counts in every sum from here on.
    ChargeCorrected {
        /// The call.
        key: IntentKey,
        /// What it cost.
        price: MicroUsd,
        /// Why.
        reason: String,
    },
    /// A unit is answered by what an equal call was answered before; nothing is sent and nothing is paid.
    AnswerReused {
        /// The stage.
        stage: StageId,
        /// The inputs.
        input: ContentHash,
        /// The unit.
        unit: u32,
        /// Where the call would have gone.
        route: Route,
        /// The name of the call: see [`super::reuse`].
        name: ContentHash,
        /// The body of the answer.
        answer: ContentHash,
        /// The call that bought it.
        of: IntentKey,
        /// What that call cost.
        saved: MicroUsd,
    },
    /// An answer met its contract.
    UnitAccepted {
        /// The stage.
        stage: StageId,
        /// The inputs.
        input: ContentHash,
        /// The unit.
        unit: u32,
        /// What it handed on.
        output: ContentHash,
        /// How many words the model claims, where it claims a count.
        claimed_words: Option<u64>,
    },
    /// An answer missed its contract.
    OutputRejected {
        /// The stage.
        stage: StageId,
        /// The inputs.
        input: ContentHash,
        /// The unit.
        unit: u32,
        /// The validator's words.
        reason: String,
    },
    /// A stage handed on.
    StageCompleted {
        /// The stage.
        stage: StageId,
        /// The inputs.
        input: ContentHash,
        /// What it handed on.
        output: ContentHash,
        /// How it came about.
        handoff: Handoff,
        /// Words that code counted, where the output is a script.
        words: Option<u64>,
    },
    /// A stage cannot go on by itself.
    StageFailed {
        /// The stage.
        stage: StageId,
        /// The inputs.
        input: ContentHash,
        /// Why.
        reason: String,
    },
    /// A stage that could not go on may try again.
    RetryGranted {
        /// The stage.
        stage: StageId,
    },
    /// The calls of a stage go to another model from here on.
    RouteChanged {
        /// The stage.
        stage: StageId,
        /// The new route.
        route: Route,
        /// Why.
        reason: String,
    },
    /// A gate judged what it was given.
    GateEvaluated {
        /// The gate.
        gate: StageId,
        /// The content that it judged.
        hash: ContentHash,
        /// How.
        verdict: Verdict,
        /// Why, in the words for people; at most twelve.
        reasons: Vec<String>,
        /// The whole report.
        report: ContentHash,
        /// What a person must rule before the gate can be approved: the items' names, at most [`MOST_OPEN`].
        open: Vec<String>,
    },
    /// A person ruled an open item.
    ItemRuled {
        /// The gate.
        gate: StageId,
        /// The content.
        hash: ContentHash,
        /// The ruling.
        ruled: Ruled,
    },
    /// A person wants to go on past a failed gate, and a second one must confirm it.
    OverrideProposed {
        /// The gate.
        gate: StageId,
        /// The content.
        hash: ContentHash,
        /// Why.
        reason: String,
    },
    /// The episode goes on past a failed gate. The gate stays failed, and the manifest says so.
    GateOverridden {
        /// The gate.
        gate: StageId,
        /// The content.
        hash: ContentHash,
        /// Why.
        reason: String,
        /// The most that may be spent on what follows.
        max_spend: MicroUsd,
        /// What was seen.
        seen: Option<Seen>,
    },
    /// A person approved the content at a gate.
    GateApproved {
        /// The gate.
        gate: StageId,
        /// What was approved.
        hash: ContentHash,
        /// The most that may be spent on what follows.
        max_spend: MicroUsd,
        /// What was seen.
        seen: Option<Seen>,
    },
    /// Another output takes the place of what a stage made from its present inputs.
    OutputChosen {
        /// The stage.
        stage: StageId,
        /// The inputs that it stands for.
        input: ContentHash,
        /// The output.
        output: ContentHash,
        /// What it was made from, or what it takes the place of.
        parent: ContentHash,
        /// Why.
        choice: Choice,
        /// In words.
        reason: String,
        /// Words that code counted, where it is a script.
        words: Option<u64>,
    },
    /// A stage is asked by another version of its prompt from here on.
    PromptChosen {
        /// The stage.
        stage: StageId,
        /// The prompt.
        prompt: PromptPin,
        /// Whether it is that of the reviser.
        reviser: bool,
        /// Why.
        reason: String,
    },
    /// The content at a gate was sent back.
    SentBack {
        /// The gate.
        gate: StageId,
        /// The content.
        hash: ContentHash,
        /// The stage that is to do it again.
        target: StageId,
        /// What is to be done.
        note: ContentHash,
        /// The script that the note speaks of.
        base: ContentHash,
        /// How it is mended.
        way: Way,
        /// What was seen, where a person sent it back.
        seen: Option<Seen>,
    },
    /// A provider's bill was read and held against the ledger.
    BillReconciled {
        /// What was found.
        bill: Box<ReadBill>,
    },
    /// A person is needed.
    NeedOpened {
        /// For what.
        need: Need,
    },
    /// A person is no longer needed.
    NeedClosed {
        /// The need's id.
        id: String,
        /// How it was answered.
        answer: String,
    },
    /// No new work is started until it is resumed.
    Paused,
    /// Work goes on.
    Resumed,
    /// The episode was stopped before its end.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// The episode was rejected for good.
    Rejected {
        /// Why.
        reason: String,
    },
    /// All is done and the package is on disk.
    Packaged {
        /// The manifest.
        manifest: ContentHash,
    },
}

/// An event with its place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// Its number, from 1.
    pub seq: u64,
    /// When; never before the event in front of it.
    pub at: Timestamp,
    /// The episode, where it belongs to one.
    pub episode: Option<EpisodeNumber>,
    /// Who brought it about.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
}
