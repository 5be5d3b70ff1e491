//! What a gate checked and measured, as it is kept and shown.

use serde::{Deserialize, Serialize};

use crate::domain::handoff::{Dimension, Score};
use crate::domain::ids::{LineId, StageId};
use crate::domain::script::Measured;

/// The whole report of a gate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Every check that was made, in order.
    pub checks: Vec<Check>,
    /// What the judges see differently.
    pub disputes: Vec<Dispute>,
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

/// Something that one judge holds and another does not: a blocker at a line, or a dimension below its floor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The line, where it is about one.
    pub line: Option<LineId>,
    /// The dimension, where it is about one.
    pub dimension: Option<Dimension>,
    /// What each judge says, in the order of the judges.
    pub views: Vec<View>,
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
}

/// What code measured. Lengths are in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Counts of the script.
    pub script: Option<Measured>,
    /// How long the script is when spoken at the show's rate.
    pub projected_ms: Option<u64>,
    /// The length that the show wants: from and to.
    pub target_ms: (u64, u64),
    /// What each judge gave.
    pub scores: Vec<JudgeScores>,
    /// The means of the judges' scores, for reading alone: no gate looks at them.
    pub means: Vec<Mean>,
    /// Characters of the speech text, by which voices are paid.
    pub speech_characters: Option<u64>,
    /// How long the recorded speech is, with its pauses.
    pub speech_ms: Option<u64>,
}

/// The scores of one judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeScores {
    /// The judge's stage.
    pub judge: StageId,
    /// The scores, in tenths.
    pub scores: Vec<Score>,
}

/// The mean of a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mean {
    /// The dimension.
    pub dimension: Dimension,
    /// The mean in hundredths, rounded down: 415 is 4.15 of 5.
    pub hundredths: u32,
}
