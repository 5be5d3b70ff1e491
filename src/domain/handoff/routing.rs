//! How agent 01 proposes that an episode is worked on, and how a remediation router proposes that a fault is mended.
//!
//! Both are proposals: code holds them to the graph that the episode pinned and takes a default where they do not fit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::ids::LineId;
use crate::domain::verdict::Way;

/// How the episode is to be worked on: a task, what each stage should look to, and the gates on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Orchestration {
    /// The task in a sentence or two.
    pub task: String,
    /// What single stages should look to.
    pub assignments: Vec<Assignment>,
    /// The gates that the episode passes, every one of the graph's.
    pub gates: Vec<String>,
    /// What it should cost, in US cents: a claim, and never a cap.
    pub budget_cents: u32,
    /// How long it should take, in minutes: a claim.
    pub minutes: u32,
}

/// What one stage should look to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The stage.
    pub stage: String,
    /// The agent that the graph gives it.
    pub agent: String,
    /// What it hands on.
    pub output: String,
    /// What it should look to in this episode.
    pub focus: String,
}

/// Who should mend what failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mender {
    /// The reviser.
    Author,
    /// Another model.
    Peer,
    /// The reviser, an attacker, and the reviser again.
    RedTeam,
    /// The plan is made anew.
    Plan,
    /// Nobody by itself: a person looks first.
    Person,
}

impl Mender {
    /// The name as it is written in an answer.
    pub fn name(self) -> &'static str {
        match self.way() {
            Some(way) => way.name(),
            None => "person",
        }
    }

    /// The way of mending; none where a person looks first.
    pub fn way(self) -> Option<Way> {
        match self {
            Self::Author => Some(Way::Author),
            Self::Peer => Some(Way::Peer),
            Self::RedTeam => Some(Way::RedTeam),
            Self::Plan => Some(Way::Plan),
            Self::Person => None,
        }
    }
}

/// A remediation router's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    /// Who should mend it.
    pub way: Mender,
    /// Why.
    pub reason: String,
    /// The lines that decide it.
    #[schemars(with = "Vec<String>")]
    pub lines: Vec<LineId>,
}

impl Routing {
    /// What is taken where nothing else is given: the author mends.
    pub fn usual(reason: &str) -> Self {
        Self { way: Mender::Author, reason: reason.to_owned(), lines: Vec::new() }
    }
}
