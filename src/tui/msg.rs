//! The console's own vocabulary: what reaches it, and what it wants done. Kept apart from commands and events.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::key::Key;
use crate::domain::command::Command;
use crate::domain::cost::EpisodeSummary;
use crate::domain::episode::Episode;
use crate::domain::event::{Ruled, Seen, Way};
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};
use crate::domain::money::MicroUsd;
use crate::engine::handle::{LookedOver, NewEpisode, Quote};
use crate::engine::progress::Progress;
use crate::engine::snapshot::{Notice, Snapshot};

/// What reaches the console. Failures come in words, already made for people.
#[derive(Clone, Debug)]
pub(crate) enum Msg {
    /// The time, sent before anything else that is handled at that time.
    Tick { now: Timestamp, mono_ms: u64 },
    /// A key; `repeat` where the terminal says that it is held down.
    Key { key: Key, repeat: bool },
    /// Text that was pasted.
    Paste(String),
    /// A new size of the terminal.
    Resize { columns: u16, rows: u16 },
    /// The studio at a moment.
    Snapshot(Arc<Snapshot>),
    /// What streams.
    Progress(Arc<Progress>),
    /// What must not be missed.
    Notice(Notice),
    /// All past episodes.
    Past(Result<Vec<EpisodeSummary>, String>),
    /// One past episode.
    PastEpisode(EpisodeNumber, Result<Option<Arc<Episode>>, String>),
    /// What the stages of an episode are likely to cost.
    Likely(EpisodeNumber, Result<BTreeMap<StageId, MicroUsd>, String>),
    /// An artifact.
    Artifact { hash: ContentHash, reads: Reads, result: Result<Arc<[u8]>, String> },
    /// A draft that was kept.
    Draft(String, Result<Option<String>, String>),
    /// A draft was written, or could not be.
    DraftKept(Result<(), String>),
    /// The name of the person who decides was kept, or could not be.
    NameKept(Result<(), String>),
    /// What a new episode would need was looked over.
    LookedOver { new: Box<NewEpisode>, found: Result<LookedOver, String> },
    /// What the rest of a stage costs with its cheaper model.
    Quoted { episode: EpisodeNumber, stage: StageId, found: Result<Quote, String> },
    /// Something that was asked for was done or refused.
    Acted { action: Box<Action>, result: Result<String, String> },
    /// The caller ends the console.
    Shutdown,
    /// The engine has ended.
    Closed,
}

/// As what an artifact is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    Script,
    Judgement,
    Fixes,
    Report,
    Note,
    Bill,
}

/// What the console wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    LoadPast,
    LoadPastEpisode(EpisodeNumber),
    LoadLikely(EpisodeNumber),
    LoadArtifact {
        hash: ContentHash,
        reads: Reads,
    },
    ReadDraft(String),
    KeepDraft(String, Option<String>),
    /// Keep the name of the person who decides, for the decisions to come.
    KeepName(String),
    /// Look over what a new episode would need; begins nothing.
    LookOver(Box<NewEpisode>),
    /// Ask what the rest of a stage costs with its cheaper model; nothing is sent.
    Quote(EpisodeNumber, StageId),
    /// The only effect that changes anything; it comes from a confirm box.
    Act(Box<Action>),
    /// Ring the bell.
    Bell,
    /// Draw everything anew.
    Redraw,
    /// End the console.
    Quit,
}

/// An act that was confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A command to the engine.
    Command(Command),
    /// A note to be kept and sent back with the content that it is about.
    SendBack {
        episode: EpisodeNumber,
        gate: StageId,
        hash: ContentHash,
        note: Vec<u8>,
        way: Way,
        rulings: Vec<Ruled>,
        seen: Option<Seen>,
    },
    /// A new episode.
    Begin(NewEpisode),
}

impl Action {
    /// What is about to be done, in a few words.
    pub(crate) fn doing(&self) -> String {
        match self {
            Self::Command(Command::Approve { episode, .. }) => format!("Approving {episode}"),
            Self::SendBack { episode, .. } => format!("Sending back {episode}"),
            Self::Command(_) | Self::Begin(_) => "A decision is sent".to_owned(),
        }
    }

    /// The episode and the gate whose draft has served its end once this is done.
    pub(crate) fn decides(&self) -> Option<(EpisodeNumber, &StageId)> {
        match self {
            Self::SendBack { episode, gate, .. } | Self::Command(Command::Approve { episode, gate, .. }) => {
                Some((*episode, gate))
            }
            Self::Command(_) | Self::Begin(_) => None,
        }
    }
}
