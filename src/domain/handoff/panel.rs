//! What the seats of a panel and its coordinator answer, and what panels hand on.
//!
//! Not for who speaks next: that is [`crate::domain::panel`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One turn at a panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// What the seat says to the others.
    pub said: String,
    /// What it puts forward as the panel's result, whole; empty where it has nothing to add to an earlier one.
    pub proposal: String,
    /// The seat that should go on; null where it does not matter.
    pub next: Option<String>,
    /// Whether this seat's part is done.
    pub done: bool,
    /// What is still missing, a sentence each.
    pub unmet: Vec<String>,
}

impl Turn {
    /// Whether it is done with nothing missing.
    pub fn is_finished(&self) -> bool {
        self.done && self.unmet.is_empty()
    }
}

/// A coordinator's choice of the next speaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// The seat that speaks next; any seat where the panel is done.
    pub next: String,
    /// Why.
    pub why: String,
    /// Whether the panel is done and nobody needs to speak any more.
    pub done: bool,
}

/// Angles that were looked at for an episode, and the one that was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Angle {
    /// The angles, best first.
    pub angles: Vec<AngleIdea>,
    /// The id of the chosen one.
    pub chosen: String,
    /// Why it and not another.
    pub why: String,
}

/// One angle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AngleIdea {
    /// Its number, such as `A1`.
    pub id: String,
    /// The angle in a sentence or two.
    pub angle: String,
    /// Ids of the passages that bear it.
    pub passages: Vec<String>,
    /// What speaks against it.
    pub risk: String,
}

/// What was found in the package about gaps that a reader sees in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResearchNotes {
    /// Gaps with what the package does say.
    pub notes: Vec<ResearchNote>,
    /// What the package leaves open, a sentence each.
    pub still_open: Vec<String>,
}

/// One gap and what fills it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResearchNote {
    /// What seems to be missing.
    pub gap: String,
    /// What the passages say about it together.
    pub finding: String,
    /// Their ids.
    pub passages: Vec<String>,
}
