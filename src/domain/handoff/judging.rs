//! What a judge answers, and what code joins out of several of its answers.
//!
//! Evidence stands before the score it bears out, in the schema too, so that a model gives it first. An [`Assessment`] is what
//! a model may write; a [`Judgement`] is made of several by code. Not for what follows: that is the gates' matter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scale::{Dimension, FaultKind, Points, Severity};
use crate::domain::ids::{ContentHash, LineId};

/// Words of the script, verbatim, at their line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The line.
    #[schemars(with = "String")]
    pub line: LineId,
    /// An unbroken stretch of that line's text.
    pub quote: String,
}

/// Words of the research package, verbatim, in their passage.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceQuote {
    /// The passage.
    pub passage: String,
    /// An unbroken stretch of its text.
    pub excerpt: String,
}

/// A fault that a judge found, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The judge's number for it, such as `F1`.
    pub id: String,
    /// The line it stands at.
    #[schemars(with = "String")]
    pub line: LineId,
    /// Words of that line, verbatim: the evidence.
    pub quote: String,
    /// What the package says of it, where it says anything.
    pub sources: Vec<SourceQuote>,
    /// The dimension.
    pub dimension: Dimension,
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What is wrong.
    pub problem: String,
    /// What would mend it.
    pub suggestion: String,
    /// How much it weighs.
    pub severity: Severity,
}

/// How sure a judge is of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Another reading could give another score.
    Low,
    /// Somewhat.
    Medium,
    /// Another reading would give the same.
    High,
}

/// A judge's score in one dimension; the evidence comes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// The dimension.
    pub dimension: Dimension,
    /// Lines that bear the score out.
    pub evidence: Vec<Evidence>,
    /// Why not higher and why not lower.
    pub reasoning: String,
    /// The points; null where the judge cannot tell.
    pub points: Option<Points>,
    /// How sure the judge is.
    pub confidence: Confidence,
}

/// One answer of a judge: the dimensions that it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// One score for each dimension that was asked for.
    pub scores: Vec<Score>,
    /// The judge's view in two or three sentences.
    pub summary: String,
}

/// What a judge gave in one dimension, over all the times it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The dimension.
    pub dimension: Dimension,
    /// The median of the samples; nothing where the judge cannot tell.
    pub points: Option<Points>,
    /// Every sample, in the order they were asked.
    pub samples: Vec<Option<Points>>,
    /// Why, from the sample that gave the median.
    pub reasoning: String,
    /// Lines that bear it out, from the same sample.
    pub evidence: Vec<Evidence>,
    /// Whether it stands from the judgement of an earlier revision, since nothing that it rests on was touched.
    pub carried: bool,
}

impl Reading {
    /// How far the samples lie apart.
    pub fn spread(&self) -> u8 {
        let given = || self.samples.iter().flatten().copied();
        given().max().zip(given().min()).map_or(0, |(most, least)| most.gap(least))
    }
}

/// A finding whose evidence was not there twice: it counts for nothing and is kept for the measure of its judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The judge's number for it.
    pub id: String,
    /// The line it named, as far as it is one.
    pub line: LineId,
    /// What it quoted.
    pub quote: String,
    /// Why it was dropped.
    pub why: String,
}

/// An answer of a judge as it was heard: without what had no evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// What stands.
    pub assessment: Assessment,
    /// What was said without evidence.
    pub dropped: Vec<Dropped>,
}

/// What became of a line that was slipped into one extra reading to ask for the highest score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Whether the judge named the line.
    pub flagged: bool,
    /// Whether the judge gave more than it did without the line.
    pub raised: bool,
}

impl Canary {
    /// Whether the judge let itself be bought.
    pub fn is_bought(&self) -> bool {
        self.raised && !self.flagged
    }
}

/// A judge's whole report on a script, joined by code out of its answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The script that was judged.
    pub script: ContentHash,
    /// A reading for each dimension, in the order of the rubric.
    pub readings: Vec<Reading>,
    /// What was found, worst first; each quotes its line.
    pub findings: Vec<Finding>,
    /// What was said without evidence.
    pub dropped: Vec<Dropped>,
    /// How the judge bore a line that asked for the highest score, where it was tried.
    pub canary: Option<Canary>,
    /// The judge's views.
    pub summary: String,
}

impl Judgement {
    /// The points in a dimension.
    pub fn points(&self, dimension: Dimension) -> Option<Points> {
        self.readings.iter().find(|reading| reading.dimension == dimension).and_then(|reading| reading.points)
    }
}

/// The median of some samples: the middle one, the lower of two middle ones; nothing where most cannot tell.
pub fn median(samples: &[Option<Points>]) -> Option<Points> {
    let mut given: Vec<Points> = samples.iter().flatten().copied().collect();
    if given.is_empty() || given.len() * 2 < samples.len() {
        return None;
    }
    given.sort_unstable();
    given.get((given.len() - 1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(number: u8) -> Option<Points> {
        Points::new(number).ok()
    }

    #[test]
    fn the_median_is_a_score_that_was_given() {
        assert_eq!(median(&[points(4), points(2), points(4)]), points(4));
        assert_eq!(median(&[points(5), points(2)]), points(2), "of two the lower");
        assert_eq!(median(&[points(3), None, points(5)]), points(3));
        assert_eq!(median(&[points(5), None, None]), None, "one voice of three tells nothing");
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_bought_judge_is_one_that_gave_more_and_said_nothing() {
        assert!(Canary { flagged: false, raised: true }.is_bought());
        assert!(!Canary { flagged: true, raised: true }.is_bought());
        assert!(!Canary { flagged: false, raised: false }.is_bought());
    }

    #[test]
    fn evidence_stands_before_the_score_in_the_schema() {
        let text = serde_json::to_string(&schemars::schema_for!(Assessment)).unwrap();
        let score = text.split("\"Score\"").nth(1).unwrap();
        assert!(score.find("evidence") < score.find("points"), "{score}");
    }
}
