//! The rules of an episode, pinned at its start: what is done about uncertain charges, failed gates and stubborn faults.
//!
//! Not for caps, which can be raised under way: those are in [`super::budget`].

use serde::{Deserialize, Serialize};

use super::ids::ContentHash;
use super::money::MicroUsd;

/// What to do about a charge that nobody can be sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Uncertain {
    /// Ask a person.
    Ask,
    /// Send the call again; the possible second charge stays counted.
    Resend,
}

/// Who may let an episode go on past a failed gate. The gate stays failed for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overriding {
    /// Nobody.
    Nobody,
    /// A person with a reason, who types the episode's number.
    Reason,
    /// A person with a reason, and a second one who confirms it.
    SecondPerson,
}

/// What an episode does once 80 % of one of its caps is spent or held, beyond saying so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NearCap {
    /// Nothing more.
    #[default]
    Alert,
    /// Stages that have not begun go to their cheaper models.
    Cheaper,
    /// One call at a time.
    Slower,
}

impl NearCap {
    /// What follows, in words; empty where nothing does.
    pub fn words(self) -> &'static str {
        match self {
            Self::Alert => "",
            Self::Cheaper => "; stages that have not begun go to their cheaper models",
            Self::Slower => "; one call at a time from now on",
        }
    }
}

/// What a stage does while the provider of its model is left alone because it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenDown {
    /// It waits.
    #[default]
    Wait,
    /// It goes to its next model at once, where that is another provider's. Judges wait all the same.
    Fallback,
}

/// How far a gate mends by itself before it asks a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mending {
    /// Rounds at one gate.
    pub rounds: u32,
    /// What all rounds at one gate may cost together, where there is a limit.
    pub spend: Option<MicroUsd>,
    /// Minutes since the gate first judged, where there is a limit.
    pub minutes: Option<u32>,
}

impl Default for Mending {
    fn default() -> Self {
        Self { rounds: 2, spend: None, minutes: None }
    }
}

/// The rules of an episode, pinned at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What to do about an uncertain charge.
    pub uncertain: Uncertain,
    /// How often an answer that misses its contract is asked for again.
    pub corrections: u32,
    /// The length that the show wants, in milliseconds: from and to.
    pub target_ms: (u64, u64),
    /// The rate of speech that lengths are projected with.
    pub words_per_minute: u32,
    /// The rubric, where one is pinned.
    pub rubric: Option<ContentHash>,
    /// How far a gate mends by itself.
    pub mending: Mending,
    /// Who may override a failed gate.
    pub overriding: Overriding,
    /// One reading of a judge in so many gets a line that asks for the highest score; 0 for none.
    pub canary_every: u32,
    /// What was found wrong in earlier episodes, for the writer, where the show wants it told.
    pub lately: Option<ContentHash>,
    /// Which sample of the models' answers the episode is: 0 shares what equal calls were answered, any other number shares it only
    /// with episodes of the same number.
    pub sample: u32,
    /// What follows when a cap is near.
    #[serde(default)]
    pub near_cap: NearCap,
    /// What is done while a provider fails.
    #[serde(default)]
    pub when_down: WhenDown,
}

impl Policy {
    /// The usual rules for a length and a rate of speech: two corrections, two rounds, no canary, no override.
    pub fn usual(uncertain: Uncertain, target_ms: (u64, u64), words_per_minute: u32) -> Self {
        Self {
            uncertain,
            corrections: 2,
            target_ms,
            words_per_minute,
            rubric: None,
            mending: Mending::default(),
            overriding: Overriding::Nobody,
            canary_every: 0,
            lately: None,
            sample: 0,
            near_cap: NearCap::Alert,
            when_down: WhenDown::Wait,
        }
    }
}
