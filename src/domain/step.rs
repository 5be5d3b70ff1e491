//! Effects to perform and what they come back with. Neither is kept: outcomes become events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bill::Bill;
use super::call::{RetryClass, Route, Usage};
use super::event::{Handoff, UnitPlan, Verdict, Way};
use super::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use super::money::MicroUsd;
use super::reuse::Bought;
use super::sent::SentKey;

/// What a stage works from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Inputs {
    /// The hash of all of it, with the stage's own definition, prompt and route.
    pub hash: ContentHash,
    /// What the stages before it handed on.
    pub upstream: BTreeMap<StageId, ContentHash>,
    /// The note that sent the stage back, where one did.
    pub note: Option<NoteInput>,
    /// Where its calls go.
    pub route: Option<Route>,
}

/// A note as an input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NoteInput {
    /// The note.
    pub note: ContentHash,
    /// The script that it speaks of.
    pub base: ContentHash,
    /// How it is mended.
    pub way: Way,
}

/// A piece of work at a stage of an episode: local, free to be done twice, and derived from the fold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Step {
    /// The episode.
    pub episode: EpisodeNumber,
    /// The stage.
    pub stage: StageId,
    /// What it works from.
    pub inputs: Inputs,
    /// What is to be done.
    pub work: Work,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Make the calls of a stage ready.
    Prepare,
    /// Make a call ready again with the validator's words.
    Correct {
        /// The unit.
        unit: u32,
        /// The body that was sent.
        request: ContentHash,
        /// The validator's words.
        reason: String,
    },
    /// Hold an answer to its contract.
    Accept {
        /// The unit.
        unit: u32,
        /// The body that was sent.
        request: ContentHash,
        /// The body that came back.
        answer: ContentHash,
    },
    /// Say what a talk does next, after what its calls handed on so far.
    Turn {
        /// Unit by unit.
        units: Vec<(u32, ContentHash)>,
    },
    /// Put what the units handed on together.
    Join {
        /// Unit by unit.
        units: Vec<(u32, ContentHash)>,
    },
    /// Make something by code.
    Render,
    /// Judge at a gate.
    Evaluate,
}

/// One paid call, to be started once its intent is flushed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallStep {
    /// Its key.
    pub key: IntentKey,
    /// The key that its provider is told.
    pub sent: SentKey,
    /// The body.
    pub request: ContentHash,
    /// What was reserved.
    pub worst: MicroUsd,
    /// Where it goes.
    pub route: Route,
    /// The longest that it may take, in seconds.
    pub time_limit_seconds: u32,
    /// When it was intended: its price is that of this day.
    pub at: Timestamp,
    /// The batch that it was taken into before, where its answer is to be fetched and nothing is to be sent.
    pub batch: Option<String>,
}

/// What a provider said of its limits, as it came: a wait, not yet a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// Calls at once that it takes.
    pub most: Option<u32>,
    /// For how long nothing is left, in milliseconds.
    pub rest_ms: Option<u64>,
}

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFailure {
    /// What it asks for.
    pub class: RetryClass,
    /// What the provider said, cleaned and cut.
    pub message: String,
    /// How long the provider asks to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// What the provider said of its limits beside that.
    pub advice: Advice,
    /// What is known of the charge.
    pub charge: Charged,
    /// What was used, where it was counted.
    pub usage: Usage,
    /// How its price came about, where it cost something.
    pub bill: Option<Box<Bill>>,
    /// The provider's name for it.
    pub request_id: Option<String>,
}

/// What is known of a failed call's charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charged {
    /// Its price, mostly nothing.
    Known(MicroUsd),
    /// It was sent and the answer was lost.
    Uncertain,
    /// Its answer came whole, but could not be kept or read back yet. It is paid for, so that only a person has it sent again.
    Arrived,
}

/// A call's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallAnswer {
    /// The body that came back.
    pub answer: ContentHash,
    /// What was used.
    pub usage: Usage,
    /// What it cost.
    pub price: MicroUsd,
    /// How long it took.
    pub machine_ms: u64,
    /// The provider's name for it.
    pub request_id: Option<String>,
    /// How its price came about.
    pub bill: Option<Box<Bill>>,
    /// What the provider said of its limits.
    pub advice: Advice,
}

/// What came of a step of local work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// The calls are ready.
    Prepared(Vec<UnitPlan>),
    /// The next call of a talk is ready; the one of the unit [`super::panel::CLOSING`] is its last.
    Turned(UnitPlan),
    /// Nothing is to do: this goes on unchanged.
    Skipped(Output),
    /// A call is ready again.
    Corrected(UnitPlan),
    /// The answer meets its contract.
    Accepted {
        /// The unit.
        unit: u32,
        /// What it hands on.
        output: Output,
        /// How many words the model claims.
        claimed_words: Option<u64>,
    },
    /// The answer misses its contract.
    Refused {
        /// The unit.
        unit: u32,
        /// The validator's words.
        reason: String,
    },
    /// The answer came whole, and this version cannot read it.
    Unread {
        /// The unit.
        unit: u32,
        /// What the reader stumbled on.
        reason: String,
    },
    /// The stage's output is made.
    Made(Output),
    /// The gate has judged.
    Evaluated(GateJudged),
}

/// How a gate judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateJudged {
    /// How.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<String>,
    /// The whole report.
    pub report: ContentHash,
    /// What a person must rule: the items' names.
    pub open: Vec<String>,
    /// A note that would mend what failed, for a gate that sends back by itself.
    pub remedy: Option<Remedy>,
    /// The revision that takes the place of one that was called worse.
    pub fall_back: Option<FallBack>,
}

/// A note that would mend what failed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// The note.
    pub note: ContentHash,
    /// How it is mended.
    pub way: Way,
}

/// An earlier revision that takes the place of a worse one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallBack {
    /// The stage whose output it is.
    pub stage: StageId,
    /// The revision.
    pub output: ContentHash,
    /// Words that code counted in it.
    pub words: Option<u64>,
}

/// Something that a stage hands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The artifact.
    pub hash: ContentHash,
    /// Words that code counted, where it is a script.
    pub words: Option<u64>,
}

/// What a step came back with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A call was answered, or failed.
    Called {
        /// Its key.
        key: IntentKey,
        /// How.
        result: Result<CallAnswer, CallFailure>,
    },
    /// A call was taken into a batch, and is answered later.
    Batched {
        /// Its key.
        key: IntentKey,
        /// The provider's name for the batch.
        batch: String,
    },
    /// An answer that could not be read can be read by this version.
    Readable {
        /// The call.
        key: IntentKey,
    },
    /// Local work ended, or could not be done.
    Worked {
        /// The episode.
        episode: EpisodeNumber,
        /// The stage.
        stage: StageId,
        /// The inputs it worked from.
        input: ContentHash,
        /// How.
        result: Result<Done, String>,
        /// What past episodes bought of the calls that were made ready, by their names.
        past: BTreeMap<ContentHash, Bought>,
    },
}

impl Handoff {
    /// How an answer after so many corrections came about.
    pub fn after(corrections: u32) -> Self {
        if corrections == 0 { Self::FirstTry } else { Self::Corrected }
    }
}
