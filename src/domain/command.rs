//! What a person or a script asks for. Whether it is done is decided by [`super::decide`]; a refused act is an event too.

use serde::{Deserialize, Serialize};

use super::billed::ReadBill;
use super::budget::{Caps, Scope};
use super::event::{Choice, Pin, Policy, PromptPin, Ruled, Ruling, Seen, Uncertain, Way};
use super::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use super::money::MicroUsd;

/// All that an episode starts with. Artifacts that it names are stored before the command is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Its number, free in this studio.
    pub episode: EpisodeNumber,
    /// The title to begin with.
    pub title: String,
    /// The show, by its slug.
    pub show: String,
    /// The research package.
    pub research: ContentHash,
    /// The show profile.
    pub profile: ContentHash,
    /// The rules.
    pub policy: Policy,
    /// Caps of the call, the stages and the episode.
    pub caps: Caps,
    /// What all calls cost at worst.
    pub projected: MicroUsd,
    /// The stages, each behind all that it waits for.
    pub pins: Vec<Pin>,
}

impl Start {
    /// The same with another number: the one that is free when the start is decided.
    pub fn numbered(self, number: EpisodeNumber) -> Self {
        let scope = |scope: Scope| match scope {
            Scope::Stage(_, stage) => Scope::Stage(number, stage),
            Scope::Episode(_) => Scope::Episode(number),
            Scope::Call | Scope::Day(_) | Scope::Month(_) => scope,
        };
        let caps = self.caps.into_iter().map(|(of, cap)| (scope(of), cap)).collect();
        // An episode that asks everything anew has its own number as its sample.
        let is_fresh = self.policy.sample == self.episode.0;
        let sample = if is_fresh { number.0 } else { self.policy.sample };
        Self { episode: number, caps, policy: Policy { sample, ..self.policy }, ..self }
    }
}

/// What someone wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Begin an episode.
    Start(Box<Start>),
    /// Approve the content at a gate.
    Approve {
        /// The episode.
        episode: EpisodeNumber,
        /// The gate.
        gate: StageId,
        /// The content that was seen.
        hash: ContentHash,
        /// The most that may be spent on what follows.
        max_spend: MicroUsd,
        /// How each open item is ruled.
        rulings: Vec<Ruled>,
        /// What was seen.
        seen: Option<Seen>,
    },
    /// Go on past a failed gate.
    Override {
        /// The episode.
        episode: EpisodeNumber,
        /// The gate.
        gate: StageId,
        /// The content that was seen.
        hash: ContentHash,
        /// The episode's number as the person typed it.
        typed: String,
        /// Why.
        reason: String,
        /// The most that may be spent on what follows.
        max_spend: MicroUsd,
        /// What was seen.
        seen: Option<Seen>,
    },
    /// Put another output in the place of what a stage made: one that it made before, or one that a person wrote.
    ChooseOutput {
        /// The episode.
        episode: EpisodeNumber,
        /// The stage.
        stage: StageId,
        /// The output, stored before.
        output: ContentHash,
        /// Why.
        choice: Choice,
        /// In words.
        reason: String,
        /// Words that code counted, where it is a script.
        words: Option<u64>,
    },
    /// Send the content at a gate back with a note.
    SendBack {
        /// The episode.
        episode: EpisodeNumber,
        /// The gate.
        gate: StageId,
        /// The content that was seen.
        hash: ContentHash,
        /// The note, stored before.
        note: ContentHash,
        /// How it is to be mended.
        way: Way,
        /// How open items are ruled.
        rulings: Vec<Ruled>,
        /// What was seen.
        seen: Option<Seen>,
    },
    /// Ask a stage by another version of its prompt from here on.
    ChoosePrompt {
        /// The episode.
        episode: EpisodeNumber,
        /// The stage.
        stage: StageId,
        /// The prompt, stored before.
        prompt: PromptPin,
        /// Whether it is that of the reviser.
        reviser: bool,
        /// Why.
        reason: String,
    },
    /// Rule an uncertain charge.
    ResolveCharge {
        /// The call.
        key: IntentKey,
        /// How.
        ruling: Ruling,
        /// Whether all charges of the same cause are ruled with it.
        alike: bool,
    },
    /// Set what is done about the uncertain charges of an episode; the open ones that it covers are sent again.
    SetUncertain {
        /// The episode.
        episode: EpisodeNumber,
        /// What is done.
        uncertain: Uncertain,
    },
    /// Read an answer that is paid for and could not be read again, for nothing.
    ReadAgain {
        /// The call.
        key: IntentKey,
    },
    /// Put another price in the place of the booked one.
    CorrectCharge {
        /// The call.
        key: IntentKey,
        /// What it cost.
        price: MicroUsd,
        /// Why.
        reason: String,
    },
    /// Set a cap.
    SetCap {
        /// What it covers.
        scope: Scope,
        /// The limit.
        cap: MicroUsd,
        /// Why.
        reason: String,
    },
    /// Send the calls of a stage to its cheaper model.
    UseCheaper {
        /// The episode.
        episode: EpisodeNumber,
        /// The stage.
        stage: StageId,
    },
    /// Let a stage that could not go on try again.
    Retry {
        /// The episode.
        episode: EpisodeNumber,
        /// The stage.
        stage: StageId,
    },
    /// Go on after a bill above the reservation was seen.
    AcceptBill {
        /// The call.
        key: IntentKey,
    },
    /// Record a provider's bill that was held against the ledger. Its file and its list are stored before.
    RecordBill(Box<ReadBill>),
    /// Start no new work for an episode.
    Pause(EpisodeNumber),
    /// Go on.
    Resume(EpisodeNumber),
    /// Stop an episode before its end.
    Cancel {
        /// The episode.
        episode: EpisodeNumber,
        /// Why.
        reason: String,
    },
    /// Reject an episode for good.
    Reject {
        /// The episode.
        episode: EpisodeNumber,
        /// Why.
        reason: String,
    },
}

impl Command {
    /// The episode that the command is about, where it is about one.
    pub fn episode(&self) -> Option<EpisodeNumber> {
        match self {
            Self::Start(start) => Some(start.episode),
            Self::Approve { episode, .. }
            | Self::SendBack { episode, .. }
            | Self::Override { episode, .. }
            | Self::ChooseOutput { episode, .. }
            | Self::ChoosePrompt { episode, .. }
            | Self::UseCheaper { episode, .. }
            | Self::SetUncertain { episode, .. }
            | Self::Retry { episode, .. }
            | Self::Pause(episode)
            | Self::Resume(episode)
            | Self::Cancel { episode, .. }
            | Self::Reject { episode, .. } => Some(*episode),
            Self::ResolveCharge { key, .. }
            | Self::ReadAgain { key }
            | Self::CorrectCharge { key, .. }
            | Self::AcceptBill { key } => Some(key.episode),
            Self::SetCap { scope, .. } => match scope {
                Scope::Stage(episode, _) | Scope::Episode(episode) => Some(*episode),
                Scope::Call | Scope::Day(_) | Scope::Month(_) => None,
            },
            Self::RecordBill(_) => None,
        }
    }

    /// The command in words, for the record of a refusal.
    pub fn asked(&self) -> String {
        match self {
            Self::Start(start) => format!("start episode {}", start.episode),
            Self::Approve { gate, hash, .. } => format!("approve {gate} at {}", hash.short()),
            Self::SendBack { gate, hash, .. } => format!("send back {gate} at {}", hash.short()),
            Self::Override { gate, hash, .. } => format!("override {gate} at {}", hash.short()),
            Self::ChooseOutput { stage, output, .. } => format!("put {} in the place of {stage}", output.short()),
            Self::ChoosePrompt { stage, prompt, .. } => format!("ask {stage} by {} {}", prompt.agent, prompt.version),
            Self::ResolveCharge { key, ruling, alike } => {
                let all = if *alike { " and all of the same cause" } else { "" };
                format!("rule the charge of {key}{all}: {}", ruling.words())
            }
            Self::SetUncertain { uncertain, .. } => uncertain.words(),
            Self::ReadAgain { key } => format!("read the answer of {key} again"),
            Self::CorrectCharge { key, price, .. } => format!("correct the price of {key} to {price:.6} USD"),
            Self::SetCap { scope, cap, .. } => format!("set the cap of {scope} to {cap} USD"),
            Self::UseCheaper { stage, .. } => format!("use the cheaper model for {stage}"),
            Self::Retry { stage, .. } => format!("retry {stage}"),
            Self::AcceptBill { key } => format!("accept the bill of {key}"),
            Self::RecordBill(bill) => format!("record the bill of {} from {} to {}", bill.provider, bill.from, bill.to),
            Self::Pause(_) => "pause".to_owned(),
            Self::Resume(_) => "resume".to_owned(),
            Self::Cancel { .. } => "cancel".to_owned(),
            Self::Reject { .. } => "reject for good".to_owned(),
        }
    }
}
