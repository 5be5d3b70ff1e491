//! What a judge said, held against the key; and this check against the one before it.
//!
//! All figures are whole: means are given in hundredths of a point. Not for who is told and how: that is the report's.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CanaryReport, CanaryScript, CanarySet, Epoch, Planted};
use crate::domain::handoff::{Dimension, FaultKind, Judgement, Points, Severity};
use crate::domain::ids::{ContentHash, LineId, StageId};

/// The result of a check of judges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// How many scripts were judged.
    pub canaries: u32,
    /// What came of each judge.
    pub judges: Vec<JudgeCheck>,
}

/// What came of one judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeCheck {
    /// The judge's stage.
    pub judge: StageId,
    /// What the measure belongs to.
    pub epoch: Epoch,
    /// Every planted fault with what the judge saw of it.
    pub planted: Vec<PlantedCheck>,
    /// What was found in clean scripts, above a minor.
    pub false_findings: Vec<FalseFinding>,
    /// Points outside of what was expected.
    pub out_of_range: Vec<OutOfRange>,
    /// All points, for the next check.
    pub points: Vec<CanaryPoints>,
    /// Findings that were dropped for want of evidence.
    pub dropped: u32,
}

/// What a judge saw of a planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// It was found, at its weight or above.
    Found,
    /// It was found and weighed less.
    Lighter(Severity),
    /// It was not found.
    Missed,
}

/// A planted fault with what the judge saw of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantedCheck {
    /// The script.
    pub canary: String,
    /// What was planted.
    pub kind: FaultKind,
    /// The line.
    pub line: LineId,
    /// How much it weighs.
    pub severity: Severity,
    /// What was seen.
    pub seen: Seen,
}

impl PlantedCheck {
    /// Whether a blocker was not called one.
    pub fn is_missed_blocker(&self) -> bool {
        self.severity == Severity::Blocker && self.seen != Seen::Found
    }
}

/// A finding in a script that has no fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FalseFinding {
    /// The script.
    pub canary: String,
    /// The line.
    pub line: LineId,
    /// What kind of fault was seen there.
    pub kind: FaultKind,
    /// What it was said to weigh.
    pub severity: Severity,
    /// What was said of it.
    pub problem: String,
}

/// Points outside of what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutOfRange {
    /// The script.
    pub canary: String,
    /// The dimension.
    pub dimension: Dimension,
    /// What was given; nothing where the judge could not tell.
    pub points: Option<Points>,
    /// The fewest that were expected.
    pub from: Points,
    /// The most.
    pub to: Points,
}

/// What was given in one dimension of one script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryPoints {
    /// The script's name.
    pub canary: String,
    /// The hash of the script with its package.
    pub content: ContentHash,
    /// The dimension.
    pub dimension: Dimension,
    /// The points, where the judge could tell.
    pub points: Option<Points>,
}

/// Holds what a judge said against the key.
///
/// # Errors
///
/// When the report lacks a script of the set.
pub fn check(judge: &StageId, set: &CanarySet, report: &CanaryReport) -> Result<JudgeCheck, String> {
    let mut check = JudgeCheck {
        judge: judge.clone(),
        epoch: report.epoch.clone(),
        planted: Vec::new(),
        false_findings: Vec::new(),
        out_of_range: Vec::new(),
        points: Vec::new(),
        dropped: 0,
    };
    for canary in &set.canaries {
        let judged = report.judgements.iter().find(|judged| judged.canary == canary.name);
        let judged = judged.ok_or_else(|| format!("{judge} has no judgement of `{}`", canary.name))?;
        check.take(canary, &judged.judgement).map_err(|e| e.to_string())?;
    }
    Ok(check)
}

impl JudgeCheck {
    fn take(&mut self, canary: &CanaryScript, judgement: &Judgement) -> Result<(), serde_json::Error> {
        let name = || canary.name.clone();
        self.planted.extend(canary.planted.iter().map(|planted| PlantedCheck {
            canary: name(),
            kind: planted.kind,
            line: planted.line,
            severity: planted.severity,
            seen: seen(planted, judgement),
        }));
        if canary.is_clean() {
            let grave = judgement.findings.iter().filter(|finding| finding.severity > Severity::Minor);
            self.false_findings.extend(grave.map(|finding| FalseFinding {
                canary: name(),
                line: finding.line,
                kind: finding.kind,
                severity: finding.severity,
                problem: finding.problem.clone(),
            }));
        }
        for expected in &canary.expected {
            let points = judgement.points(expected.dimension);
            if !points.is_some_and(|points| (expected.from..=expected.to).contains(&points)) {
                let (dimension, from, to) = (expected.dimension, expected.from, expected.to);
                self.out_of_range.push(OutOfRange { canary: name(), dimension, points, from, to });
            }
        }
        let content = canary.hash()?;
        self.points.extend(judgement.readings.iter().map(|reading| CanaryPoints {
            canary: name(),
            content,
            dimension: reading.dimension,
            points: reading.points,
        }));
        self.dropped = self.dropped.saturating_add(u32::try_from(judgement.dropped.len()).unwrap_or(u32::MAX));
        Ok(())
    }

    /// How many planted faults were found at their weight, and how many there are.
    pub fn found(&self) -> (usize, usize) {
        (self.planted.iter().filter(|planted| planted.seen == Seen::Found).count(), self.planted.len())
    }
}

/// The gravest that a judge says of a planted fault.
fn seen(planted: &Planted, judgement: &Judgement) -> Seen {
    let is_there = |line| line == planted.line || planted.also_lines.contains(&line);
    let is_such = |kind| kind == planted.kind || planted.also_kinds.contains(&kind);
    let such = judgement.findings.iter().filter(|finding| is_there(finding.line) && is_such(finding.kind));
    match such.map(|finding| finding.severity).max() {
        None => Seen::Missed,
        Some(severity) if severity < planted.severity => Seen::Lighter(severity),
        Some(_) => Seen::Found,
    }
}

/// How far a judge's points have moved since the check before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The mean of the differences in hundredths of a point, the new minus the old: above zero the judge has become milder.
    pub hundredths: i64,
    /// How many pairs of points it rests on.
    pub pairs: u32,
    /// The same in each dimension.
    pub dimensions: Vec<DimensionDrift>,
}

/// The drift in one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DimensionDrift {
    /// The dimension.
    pub dimension: Dimension,
    /// The mean of the differences in hundredths of a point.
    pub hundredths: i64,
    /// How many pairs of points it rests on.
    pub pairs: u32,
}

/// The sum of some differences and how many there are.
#[derive(Clone, Copy, Debug, Default)]
struct Sum(i64, u32);

impl Sum {
    fn hundredths(self) -> i64 {
        (self.0 * 100).checked_div(i64::from(self.1)).unwrap_or(0)
    }
}

/// How far a judge's points have moved since an earlier check, over scripts that have stayed the same; nothing where the checks are
/// of two epochs or share no points.
pub fn drift(now: &JudgeCheck, before: &JudgeCheck) -> Option<Drift> {
    if now.epoch != before.epoch {
        return None;
    }
    let mut all = Sum::default();
    let mut each: Vec<(Dimension, Sum)> = Vec::new();
    for new in &now.points {
        let same = |old: &&CanaryPoints| {
            (&old.canary, old.content, old.dimension) == (&new.canary, new.content, new.dimension)
        };
        let old = before.points.iter().find(same).and_then(|old| old.points);
        let (Some(new_points), Some(old)) = (new.points, old) else { continue };
        let moved = i64::from(new_points.get()) - i64::from(old.get());
        all = Sum(all.0 + moved, all.1 + 1);
        match each.iter_mut().find(|(dimension, _)| *dimension == new.dimension) {
            Some((_, sum)) => *sum = Sum(sum.0 + moved, sum.1 + 1),
            None => each.push((new.dimension, Sum(moved, 1))),
        }
    }
    let dimensions = each
        .into_iter()
        .map(|(dimension, sum)| DimensionDrift { dimension, hundredths: sum.hundredths(), pairs: sum.1 })
        .collect();
    (all.1 > 0).then(|| Drift { hundredths: all.hundredths(), pairs: all.1, dimensions })
}

/// From how many hundredths of a point on a mean drift is an alarm.
const DRIFT_ALARM: i64 = 50;

/// Something about a judge that a person must look at before its scores are believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum Alarm {
    /// A planted blocker was not called one.
    MissedBlocker {
        /// The judge.
        judge: StageId,
        /// The script.
        canary: String,
        /// What was planted.
        kind: FaultKind,
        /// What was seen of it.
        seen: Seen,
    },
    /// The points have moved by half a point or more in the mean.
    Drifted {
        /// The judge.
        judge: StageId,
        /// The dimension; all of them together where it is not given.
        dimension: Option<Dimension>,
        /// By how many hundredths of a point.
        hundredths: i64,
    },
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissedBlocker { judge, canary, kind, seen } => {
                let saw = match seen {
                    Seen::Found => "found it",
                    Seen::Lighter(Severity::Minor) => "called it a minor",
                    Seen::Lighter(_) => "called it a major",
                    Seen::Missed => "did not see it",
                };
                write!(f, "{judge} missed a blocker: {} in `{canary}`; it {saw}", kind.name())
            }
            Self::Drifted { judge, dimension, hundredths } => {
                let place = dimension.map_or_else(|| "over all".to_owned(), |dimension| format!("in {dimension}"));
                write!(f, "{judge} has drifted by {} of a point {place} since the check before", signed(*hundredths))
            }
        }
    }
}

/// Hundredths as a number with its sign, such as `-0.50`.
pub(super) fn signed(hundredths: i64) -> String {
    let sign = if hundredths < 0 { '-' } else { '+' };
    let size = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}

impl Drift {
    /// The mean drift as a number with its sign, such as `-0.50`.
    pub fn words(&self) -> String {
        signed(self.hundredths)
    }
}

/// What is alarming about a judge: each missed blocker, and a mean drift of half a point or more, over all or in one dimension.
pub fn alarms(check: &JudgeCheck, drift: Option<&Drift>) -> Vec<Alarm> {
    let judge = || check.judge.clone();
    let missed = check.planted.iter().filter(|planted| planted.is_missed_blocker());
    let mut alarms: Vec<Alarm> = missed
        .map(|planted| Alarm::MissedBlocker {
            judge: judge(),
            canary: planted.canary.clone(),
            kind: planted.kind,
            seen: planted.seen,
        })
        .collect();
    let Some(drift) = drift else { return alarms };
    let all = (None, drift.hundredths);
    let each = drift.dimensions.iter().map(|one| (Some(one.dimension), one.hundredths));
    let far = std::iter::once(all).chain(each).filter(|(_, hundredths)| hundredths.abs() >= DRIFT_ALARM);
    alarms.extend(far.map(|(dimension, hundredths)| Alarm::Drifted { judge: judge(), dimension, hundredths }));
    alarms
}
