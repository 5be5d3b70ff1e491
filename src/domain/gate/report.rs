//! What a gate checked and measured, as it is kept and shown.

use serde::{Deserialize, Serialize};

use super::consensus::{Cause, Outcome};
use crate::domain::checks::Readings;
use crate::domain::claims::Sheet;
use crate::domain::handoff::{Advice, Dimension, Evidence, Finding, Points, SourceQuote};
use crate::domain::ids::{LineId, StageId};
use crate::domain::script::Measured;

/// The whole report of a gate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Why it passed or did not, in one sentence with its evidence.
    pub sentence: String,
    /// The rule by which the judges were weighed, such as `consensus/1`; empty where nobody judged.
    pub rule: String,
    /// The version of the rubric.
    pub rubric: String,
    /// Every check that was made, in order.
    pub checks: Vec<Check>,
    /// How each dimension stands.
    pub dimensions: Vec<DimensionRow>,
    /// Every finding, the gravest first; those of the computed checks are under `c`.
    pub findings: Vec<Listed>,
    /// What the judges see differently.
    pub disputes: Vec<Dispute>,
    /// What a person must rule before the gate can be approved.
    pub open: Vec<OpenItem>,
    /// What whoever reads the report should know of its makers, such as a judge of the writer's family.
    pub notes: Vec<String>,
    /// Every claim of the script with what bears it out, where code looked.
    pub claims: Option<Sheet>,
    /// What code measured.
    pub measured: Tally,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name, such as `form`.
    pub name: String,
    /// Whether it holds.
    pub passed: bool,
    /// What was found, for people.
    pub detail: String,
}

/// How a dimension stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DimensionRow {
    /// The dimension.
    pub dimension: Dimension,
    /// Its floor.
    pub floor: Points,
    /// What each judge gave, in the order of the judges.
    pub given: Vec<Given>,
    /// What they say together.
    pub outcome: Outcome,
}

/// What one judge gave in a dimension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The judge's stage.
    pub judge: StageId,
    /// The median of its samples.
    pub points: Option<Points>,
    /// How far the samples lie apart.
    pub spread: u8,
    /// How many samples there are.
    pub samples: u8,
    /// Whether it stands from an earlier revision.
    pub carried: bool,
    /// Why.
    pub reasoning: String,
}

/// A finding with whoever made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// `a`, `b` and so on in the order of the judges; `c` for what code found, `r` for the final reviewer.
    pub by: char,
    /// The finding.
    pub finding: Finding,
}

impl Listed {
    /// Its name in notes and rulings, such as `a:F2`.
    pub fn item(&self) -> String {
        format!("{}:{}", self.by, self.finding.id)
    }
}

/// Something that one judge holds and another does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Its number, such as `D1`: what the arbiter answers to and a person rules.
    pub id: String,
    /// The line, where it is about one.
    pub line: Option<LineId>,
    /// The dimension.
    pub dimension: Dimension,
    /// Why it is one.
    pub cause: Cause,
    /// What each judge says, in the order of the judges.
    pub views: Vec<View>,
    /// What the arbiter says, where it was asked: advice, and no third vote.
    pub advice: Option<Advised>,
}

/// What one judge says of what is disputed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The judge's stage.
    pub judge: StageId,
    /// Whether the judge holds it against the script.
    pub objects: bool,
    /// The judge's words.
    pub words: String,
    /// What the judge quotes.
    pub evidence: Vec<Evidence>,
    /// What the judge quotes of the package.
    pub sources: Vec<SourceQuote>,
}

/// The arbiter's advice on a dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advised {
    /// The advice.
    pub advice: Advice,
    /// Why.
    pub reasoning: String,
    /// What it quotes.
    pub evidence: Vec<Evidence>,
}

/// Something that a person must rule before the gate can be approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenItem {
    /// Its name: that of a dispute, or `canary:<judge>`, or `worse`.
    pub id: String,
    /// The line, where it is about one.
    pub line: Option<LineId>,
    /// The dimension, where it is about one.
    pub dimension: Option<Dimension>,
    /// The one question that is open.
    pub question: String,
}

/// What code measured. Lengths are in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Counts of the script.
    pub script: Option<Measured>,
    /// What code reads off the script: sentences, turns, reading grade, seconds of each segment.
    pub readings: Option<Readings>,
    /// How long the script is when spoken at the show's rate.
    pub projected_ms: Option<u64>,
    /// The length that the show wants: from and to.
    pub target_ms: (u64, u64),
    /// The means of each judge's points over all dimensions, for reading alone: no gate looks at them.
    pub means: Vec<Mean>,
    /// Characters of the speech text, by which voices are paid.
    pub speech_characters: Option<u64>,
    /// How long the recorded speech is, with its pauses.
    pub speech_ms: Option<u64>,
}

/// The mean of a judge's points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mean {
    /// The judge's stage.
    pub judge: StageId,
    /// The mean in hundredths, rounded down: 415 is 4.15 of 5.
    pub hundredths: u32,
}
