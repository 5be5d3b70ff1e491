//! What stands between two judges and a mended script: the arbiter's advice, the ordered fixes, the comparison of two
//! revisions, the final review.
//!
//! Not for the judges' own reports: those are in [`super::judging`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::judging::{Evidence, Finding};
use super::scale::Severity;
use crate::domain::ids::{ContentHash, LineId};
use crate::domain::plain;

/// What the arbiter says of one disputed point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// The objection is right.
    Upheld,
    /// The objection is wrong.
    NotUpheld,
    /// It cannot be told from the lines and the sources.
    CannotTell,
}

impl Advice {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::NotUpheld => "not upheld",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// The arbiter's answer on one disputed point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArbiterRuling {
    /// The disputed point, such as `D1`.
    pub item: String,
    /// Words of the disputed lines that decide it.
    pub evidence: Vec<Evidence>,
    /// Why.
    pub reasoning: String,
    /// The advice.
    pub advice: Advice,
}

/// The arbiter's answer: one ruling for each disputed point. It is advice and opens no gate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arbitration {
    /// The rulings.
    pub rulings: Vec<ArbiterRuling>,
}

impl Arbitration {
    /// An arbitration without a ruling, as it is kept: what stands where no advice could be had.
    pub const SILENT: &[u8] = br#"{"rulings":[]}"#;

    /// The hash of [`Self::SILENT`].
    pub fn silent() -> ContentHash {
        ContentHash::of(Self::SILENT)
    }
}

/// Which of two revisions is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The first that was shown.
    First,
    /// The second that was shown.
    Second,
    /// Neither.
    Tie,
}

/// An answer to the question which of two revisions is better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// What decides it, with the line of the second revision where one does.
    pub reasoning: String,
    /// The better one.
    pub better: Better,
}

/// What both orders of a comparison say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// There was nothing to compare with.
    NotAsked,
    /// The new revision is better in both orders, or better in one and even in the other.
    Better,
    /// It is worse in both orders, or worse in one and even in the other.
    Worse,
    /// The orders contradict one another, or both say that it is even.
    Even,
}

/// The answer of the final reviewer 08.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// The reviewer's view in two or three sentences.
    pub summary: String,
    /// Whether the script can go to the voices.
    pub ready: bool,
}

/// How a fix ranks: what must, should and could be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// It would be nice.
    Nice,
    /// It should be done.
    Should,
    /// The episode does not go on without it.
    Must,
}

impl Priority {
    /// The name as it is written in an answer.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nice => "nice",
            Self::Should => "should",
            Self::Must => "must",
        }
    }
}

impl From<Severity> for Priority {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Blocker => Self::Must,
            Severity::Major => Self::Should,
            Severity::Minor => Self::Nice,
        }
    }
}

/// The ordered list of fixes of agent 06.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixes {
    /// What to do, most important first.
    pub fixes: Vec<Fix>,
}

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// Its number, such as `N1`.
    pub id: String,
    /// The first line it may touch.
    #[schemars(with = "String")]
    pub from: LineId,
    /// The last line it may touch.
    #[schemars(with = "String")]
    pub to: LineId,
    /// What is wrong there.
    pub wrong: String,
    /// What is to be done, so that a writer can do it.
    pub wanted: String,
    /// What must not change.
    pub keep: String,
    /// How it ranks.
    pub priority: Priority,
    /// The findings behind it, such as `a:F1` and `b:F3`; `c:C1` is one of the computed checks.
    pub findings: Vec<String>,
}

/// What a person sends back: the fixes as the person left them, and words of the person's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The fixes that stand, edited or not; a struck one is not here.
    pub fixes: Vec<Fix>,
    /// What the person adds, for the whole script.
    pub text: String,
}

impl Note {
    /// The same note without characters that nobody sees or that a terminal obeys.
    #[must_use]
    pub fn visible(mut self) -> Self {
        let seen = |text: &str| text.lines().map(plain::line).collect::<Vec<_>>().join("\n");
        for fix in &mut self.fixes {
            fix.id = plain::line(&fix.id);
            for text in [&mut fix.wrong, &mut fix.wanted, &mut fix.keep] {
                *text = seen(text);
            }
        }
        self.text = seen(&self.text);
        self
    }
}
