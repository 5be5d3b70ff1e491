//! How a gate judges and how a person decides there: verdicts, rulings of findings, and what was seen when deciding.
//!
//! Not for how judges are weighed: that is [`super::gate`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::ContentHash;
use super::money::MicroUsd;

/// How a gate judged what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every check holds.
    Passed,
    /// A check fails. No one and nothing turns this into a pass.
    Failed,
    /// Every check holds, and a person must decide.
    Person,
}

/// How a person ruled an open item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemRuling {
    /// It is to be mended.
    Fix,
    /// It is a fault and goes out as it is.
    Waive,
    /// It is no fault.
    NotAFault,
}

impl ItemRuling {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Fix => "to be fixed",
            Self::Waive => "waived",
            Self::NotAFault => "not a fault",
        }
    }

    /// Whether a reason is needed.
    pub fn needs_reason(self) -> bool {
        match self {
            Self::Fix => false,
            Self::Waive | Self::NotAFault => true,
        }
    }
}

/// A ruling of an open item, with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    /// The item, such as `D1`.
    pub item: String,
    /// How.
    pub ruling: ItemRuling,
    /// Why; empty only where it is to be fixed.
    pub reason: String,
}

/// What a person saw when deciding at a gate. It informs the record and blocks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The report with scores and findings.
    pub report: ContentHash,
    /// Findings that were shown as open.
    pub open: u32,
    /// What the episode had cost.
    pub spent: MicroUsd,
    /// Parts of a hundred of the lines that were shown for long enough to read.
    pub read_percent: u8,
    /// How long the gate was open before the person, in seconds.
    pub seconds: u32,
}

/// How a fault is mended: by whom, and in what form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The reviser, with the fixes.
    #[default]
    Author,
    /// Another model revises.
    Peer,
    /// The reviser, then somebody who attacks the revision, then the reviser again.
    RedTeam,
    /// The plan is made anew, and everything after it.
    Plan,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Author, Self::Peer, Self::RedTeam, Self::Plan];

    /// The name in answers and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Peer => "peer",
            Self::RedTeam => "red_team",
            Self::Plan => "plan",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a stage's output was put in the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// A person wrote it.
    Edited,
    /// The newer one was worse.
    FellBack,
    /// A person went back to it.
    RolledBack,
}

impl Choice {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::FellBack => "fell back to an earlier revision",
            Self::RolledBack => "rolled back",
        }
    }
}
