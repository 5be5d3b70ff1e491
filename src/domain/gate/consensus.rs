//! What the judges say together, by a rule with a version: what all hold against a script fails it, what they see
//! differently is a dispute. A mean is never looked at.
//!
//! The rule is pure and knows no judge by name: judges that change places change nothing. Not for what becomes of a dispute:
//! that is [`super::dispute`].

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::report::{Dispute, View};
use super::rubric::Rubric;
use crate::domain::handoff::{Dimension, Evidence, Finding, Judgement, Points, Severity};
use crate::domain::ids::{LineId, StageId};

/// The rule that this code is. A change of any case below is a new version.
pub const RULE: &str = "consensus/1";

/// Twice the points that judges agree on, so that the mean of neighbours is a whole number: 9 is 4.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HalfPoints(u8);

impl HalfPoints {
    fn of(low: Points, high: Points) -> Self {
        Self(low.get() + high.get())
    }

    /// Twice the points.
    pub fn doubled(self) -> u8 {
        self.0
    }
}

impl fmt::Display for HalfPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0 / 2, if self.0 % 2 == 1 { ".5" } else { "" })
    }
}

/// What judges say together of one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// They agree that the floor is reached.
    Holds(HalfPoints),
    /// They agree that it is not.
    Below(HalfPoints),
    /// They do not agree.
    Disputed(Cause),
}

/// Why something is a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Scores one apart, on both sides of the floor.
    AcrossFloor,
    /// Scores two or more apart.
    FarApart,
    /// A judge cannot tell.
    CannotTell,
    /// There is one judge alone, and one score opens nothing.
    OneJudge,
    /// One judge alone holds a blocker.
    LoneBlocker,
}

impl Cause {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AcrossFloor => "one below the floor and one not",
            Self::FarApart => "two points apart or more",
            Self::CannotTell => "one cannot tell",
            Self::OneJudge => "one judge alone opens nothing",
            Self::LoneBlocker => "one holds a blocker and one does not",
        }
    }
}

/// What judges say together of one dimension, each with its points or without where it cannot tell.
pub fn weigh(dimension: Dimension, floor: Points, given: &[Option<Points>]) -> Outcome {
    let points: Vec<Points> = given.iter().flatten().copied().collect();
    let (Some(low), Some(high)) = (points.iter().min().copied(), points.iter().max().copied()) else {
        return Outcome::Disputed(if given.len() < 2 { Cause::OneJudge } else { Cause::CannotTell });
    };
    if given.len() < 2 {
        return Outcome::Disputed(Cause::OneJudge);
    }
    if points.len() < given.len() {
        return Outcome::Disputed(Cause::CannotTell);
    }
    match low.gap(high) {
        0 | 1 if low < floor && high >= floor => Outcome::Disputed(Cause::AcrossFloor),
        0 | 1 => {
            // Where harm is done by a wrong pass the lower score counts; elsewhere neighbours meet in the middle.
            let together = if dimension.is_grave() { HalfPoints::of(low, low) } else { HalfPoints::of(low, high) };
            if high < floor { Outcome::Below(together) } else { Outcome::Holds(together) }
        }
        _ => Outcome::Disputed(Cause::FarApart),
    }
}

/// What the judges say together of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consensus {
    /// Each dimension of the rubric.
    pub dimensions: Vec<(Dimension, Outcome)>,
    /// Lines at which every judge holds a blocker, with what each says.
    pub blocked: Vec<(LineId, Vec<View>)>,
    /// What they do not agree on: lone blockers in the order of the lines, then dimensions in the order of the rubric.
    pub disputes: Vec<Dispute>,
}

/// Weighs the judgements of one script against one another.
pub fn consensus(judgements: &[(StageId, Judgement)], rubric: &Rubric) -> Consensus {
    let mut all = Consensus::default();
    if judgements.is_empty() {
        return all;
    }
    let findings = || judgements.iter().flat_map(|(_, judgement)| &judgement.findings);
    let blocks = |finding: &&Finding| finding.severity == Severity::Blocker;
    let lines: BTreeSet<LineId> = findings().filter(blocks).map(|finding| finding.line).collect();
    for line in lines {
        let views: Vec<View> = judgements.iter().map(|(judge, judgement)| at_line(judge, judgement, line)).collect();
        if views.len() > 1 && views.iter().all(|view| view.objects) {
            all.blocked.push((line, views));
            continue;
        }
        // The gravest dimension of the blockers there is what the dispute is about.
        let dimension = findings().filter(blocks).filter(|finding| finding.line == line).map(|f| f.dimension).min();
        if let Some(dimension) = dimension {
            all.dispute(Some(line), dimension, Cause::LoneBlocker, views);
        }
    }
    for rule in &rubric.rules {
        let dimension = rule.dimension;
        let given: Vec<Option<Points>> = judgements.iter().map(|(_, judgement)| judgement.points(dimension)).collect();
        let outcome = weigh(dimension, rule.floor, &given);
        all.dimensions.push((dimension, outcome));
        if let Outcome::Disputed(cause) = outcome {
            let views =
                judgements.iter().map(|(judge, judgement)| of_dimension(judge, judgement, dimension, rule.floor));
            let views = views.collect();
            all.dispute(None, dimension, cause, views);
        }
    }
    all
}

impl Consensus {
    fn dispute(&mut self, line: Option<LineId>, dimension: Dimension, cause: Cause, views: Vec<View>) {
        let id = format!("D{}", self.disputes.len() + 1);
        self.disputes.push(Dispute { id, line, dimension, cause, views, advice: None });
    }
}

/// What a judge says of a line: the gravest finding there.
fn at_line(judge: &StageId, judgement: &Judgement, line: LineId) -> View {
    let gravest = judgement.findings.iter().filter(|finding| finding.line == line).max_by_key(|f| f.severity);
    let words = match gravest {
        None => "finds nothing there".to_owned(),
        Some(finding) => {
            let weight = match finding.severity {
                Severity::Blocker => "blocker",
                Severity::Major => "major",
                Severity::Minor => "minor",
            };
            format!("holds a {weight} ({}: {})", finding.id, start(&finding.problem))
        }
    };
    View {
        judge: judge.clone(),
        objects: gravest.is_some_and(|finding| finding.severity == Severity::Blocker),
        words,
        evidence: gravest.map(|f| Evidence { line: f.line, quote: f.quote.clone() }).into_iter().collect(),
        sources: gravest.map(|finding| finding.sources.clone()).unwrap_or_default(),
    }
}

fn of_dimension(judge: &StageId, judgement: &Judgement, dimension: Dimension, floor: Points) -> View {
    let reading = judgement.readings.iter().find(|reading| reading.dimension == dimension);
    let points = reading.and_then(|reading| reading.points);
    let words = match (points, reading) {
        (Some(points), Some(reading)) => format!("gives {points}: {}", start(&reading.reasoning)),
        (None, Some(_)) => "cannot tell".to_owned(),
        (_, None) => "gives no score".to_owned(),
    };
    View {
        judge: judge.clone(),
        objects: points.is_none_or(|points| points < floor),
        words,
        evidence: reading.map(|reading| reading.evidence.clone()).unwrap_or_default(),
        sources: Vec::new(),
    }
}

fn start(text: &str) -> String {
    let mut kept: String = text.chars().take(90).collect();
    if text.chars().nth(90).is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests;
