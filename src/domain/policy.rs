//! The rules of an episode, pinned at its start: what is done about uncertain charges, failed gates and stubborn faults.
//!
//! Not for caps, which can be raised under way: those are in [`super::budget`].

use serde::{Deserialize, Serialize};

use super::ids::ContentHash;
use super::money::MicroUsd;

/// What to do about a charge that nobody can be sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncertain {
    /// Ask a person.
    Ask,
    /// Send the call again; the possible second charge stays counted.
    Resend,
    /// Send the call again where it could have cost little, and ask about the rest.
    Within(ResendLimit),
}

/// Up to which amounts a call is sent again without a person. What the first one may have cost counts as possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResendLimit {
    /// The most that one such call may have cost.
    pub call: MicroUsd,
    /// The most that all such calls of an episode may have cost together.
    pub episode: MicroUsd,
}

impl ResendLimit {
    /// What is recommended for a live studio. A writer's call with 100,000 tokens in and 50,000 out at 4 and 20 dollars a million may
    /// have cost 1.40 dollars.
    pub const RECOMMENDED: Self = Self { call: MicroUsd(1_500_000), episode: MicroUsd(4_000_000) };
}

impl Uncertain {
    /// What is recommended for a live studio.
    pub const RECOMMENDED: Self = Self::Within(ResendLimit::RECOMMENDED);

    /// Whether a call is sent again without a person, given the most that it may have cost and what calls of its episode that were
    /// sent again may have cost already.
    pub fn resends(self, worst: MicroUsd, already: MicroUsd) -> bool {
        match self {
            Self::Ask => false,
            Self::Resend => true,
            Self::Within(ResendLimit { call, episode }) => worst <= call && already.plus(worst) <= episode,
        }
    }

    /// The policy in words.
    pub fn words(self) -> String {
        match self {
            Self::Ask => "ask about every call whose answer was lost".to_owned(),
            Self::Resend => "send every call whose answer was lost again".to_owned(),
            Self::Within(ResendLimit { call, episode }) => format!(
                "send a call whose answer was lost again where it cost {call} USD at most, up to {episode} USD in the episode; ask \
                 about the rest"
            ),
        }
    }
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

/// The form in which the inputs of a stage are written out before they are hashed: see the fold's `inputs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputForm {
    /// That of all episodes of before there were forms.
    #[default]
    First,
    /// With the number of the form and the names of the parts.
    Second,
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
    /// How the inputs of its stages are hashed.
    #[serde(default)]
    pub inputs: InputForm,
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
            inputs: InputForm::Second,
        }
    }
}
