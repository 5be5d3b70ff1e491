//! The way into a studio that another process has open: a Unix socket in its folder, on which commands come in.
//!
//! The owner decides what comes in as it decides its own commands, and answers with the same refusal or number. Whoever asks
//! holds a [`Handle`](super::handle::Handle) like the owner's, so that a verb does not care whose the studio is. A line of JSON is one question or one
//! answer. Not for snapshots and progress: a console needs the studio to itself.

mod client;
mod place;
mod server;

use serde::{Deserialize, Serialize};

pub use self::client::{ConnectError, connect};
pub use self::server::Server;
use super::handle::{HandleError, LookedOver, NewEpisode, Quote};
use crate::domain::actor::Actor;
use crate::domain::command::Command;
use crate::domain::event::Provenance;
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};

/// The version of the questions and answers; both sides must speak the same.
const VERSION: u32 = 1;

/// The longest line that is read, in bytes; a longer one ends the conversation.
const LONGEST: u64 = 8 * 1024 * 1024;

/// What the owner says first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hello {
    /// The version that it speaks.
    greenroom: u32,
    /// The kind of its studio.
    kind: Provenance,
}

/// What is asked of the owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Question {
    /// Do this.
    Command {
        /// Who wants it.
        by: Actor,
        /// What.
        command: Box<Command>,
    },
    /// Begin an episode.
    Begin {
        /// Who wants it.
        by: Actor,
        /// From what.
        new: Box<NewEpisode>,
    },
    /// Look over what a new episode would need.
    LookOver {
        /// From what.
        new: Box<NewEpisode>,
        /// Whether the providers are asked.
        asks: bool,
    },
    /// Say what the rest of a stage's work costs with its cheaper model.
    QuoteCheaper {
        /// The episode.
        episode: EpisodeNumber,
        /// The stage.
        stage: StageId,
    },
    /// Give an artifact.
    Artifact(ContentHash),
    /// Keep an artifact, in base64.
    Store(String),
}

/// What the owner answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Answer {
    /// Recorded as this event.
    Recorded(u64),
    /// Begun under this number.
    Begun(EpisodeNumber),
    /// What was found.
    LookedOver(LookedOver),
    /// What it costs.
    Quoted(Quote),
    /// The artifact, in base64.
    Artifact(String),
    /// Kept under this hash.
    Stored(ContentHash),
    /// Not done.
    Failed(HandleError),
}

/// Whether one side of a conversation trusts the account of the other: its own account or the superuser's.
fn trusts(own: u32, other: u32) -> bool {
    own == other || own == 0 || other == 0
}

#[cfg(test)]
mod tests;
