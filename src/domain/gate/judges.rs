//! The judges at a gate: what they agree on fails or holds, what they dispute goes by the arbiter's advice or to a person.
//!
//! Advice closes a dispute only where no harm is done by following it: accuracy and sensitivity always reach the person.

use super::consensus::{Consensus, Outcome, RULE, consensus};
use super::report::{Advised, DimensionRow, Dispute, Given, Listed, Mean, OpenItem, Report, View};
use super::{Bench, Material};
use crate::domain::accept::form::is_verbatim;
use crate::domain::handoff::{Advice, Dimension, Finding, Fix, Judgement, Preference, Priority, Review, Severity};
use crate::domain::ids::StageId;
use crate::domain::script::Script;

/// Holds the judgements against one another.
pub(super) fn check(material: &Material, bench: &mut Bench) {
    let judgements = &material.judgements;
    if judgements.is_empty() {
        return;
    }
    bench.report.rule = RULE.to_owned();
    bench.report.rubric.clone_from(&material.rubric.version);
    bench.report.findings = all(material);
    bench.report.measured.means = judgements.iter().filter_map(mean).collect();
    bench.report.notes.extend(material.notes.iter().cloned());
    if let Some(script) = &material.script {
        evidence(judgements, script, bench);
    }
    let mut together = consensus(judgements, &material.rubric);
    advise(material, &mut together.disputes);
    let is_silent = material.arbitration.as_ref().is_some_and(|arbitration| arbitration.rulings.is_empty());
    if is_silent && !together.disputes.is_empty() {
        bench.report.notes.push("the arbiter could not be asked: what is disputed stands without advice".to_owned());
    }
    bench.report.dimensions = rows(material, &together);
    let fixes = remedy(material);
    blockers(&together, &fixes, bench);
    floors(material, &together, &fixes, bench);
    for dispute in std::mem::take(&mut together.disputes) {
        settle(dispute, material.is_arbiter_kin, &fixes, bench);
    }
    canaries(judgements, bench);
    preference(material, bench);
    survivors(material, bench);
}

/// The letters of the judges, in their order; `c` and `r` are taken by the computed checks and the reviewer.
pub const LETTERS: [char; 6] = ['a', 'b', 'd', 'e', 'f', 'g'];

/// Every finding with its author's letter: the judges', the reviewer's and those of the computed checks, gravest first.
pub fn listed(judgements: &[(StageId, Judgement)], review: Option<&Review>, computed: &[Finding]) -> Vec<Listed> {
    let judges = LETTERS.into_iter().zip(judgements);
    let mut all: Vec<Listed> = judges
        .flat_map(|(by, (_, judgement))| judgement.findings.iter().map(move |f| Listed { by, finding: f.clone() }))
        .collect();
    let reviewer = review.iter().flat_map(|review| &review.findings);
    all.extend(reviewer.map(|finding| Listed { by: 'r', finding: finding.clone() }));
    all.extend(computed.iter().map(|finding| Listed { by: 'c', finding: finding.clone() }));
    all.sort_by(|a, b| (b.finding.severity, a.finding.line).cmp(&(a.finding.severity, b.finding.line)));
    all
}

/// What is found in what stands at a gate: the gate's own list once it has reported, even where that is empty, and before that
/// what judges of this very script found, each by its place among all judges. One list for everyone who tells it.
pub fn found(report: Option<&Report>, judged: &[(usize, Judgement)]) -> Vec<Listed> {
    if let Some(report) = report {
        return report.findings.clone();
    }
    let by = |at: usize| LETTERS.get(at).copied().unwrap_or('?');
    let each = judged.iter().flat_map(|(at, judgement)| judgement.findings.iter().map(move |found| (*at, found)));
    each.map(|(at, finding)| Listed { by: by(at), finding: finding.clone() }).collect()
}

pub(super) fn all(material: &Material) -> Vec<Listed> {
    listed(&material.judgements, material.review.as_ref(), &material.computed)
}

/// The fixes that were made from the findings, or else one for each finding, the gravest first.
pub(super) fn remedy(material: &Material) -> Vec<Fix> {
    if let Some(fixes) = &material.fixes
        && !fixes.fixes.is_empty()
    {
        return fixes.fixes.clone();
    }
    let fix = |(number, listed): (usize, Listed)| Fix {
        id: format!("N{}", number + 1),
        from: listed.finding.line,
        to: listed.finding.line,
        priority: Priority::from(listed.finding.severity),
        wrong: listed.finding.problem.clone(),
        wanted: listed.finding.suggestion.clone(),
        keep: String::new(),
        findings: vec![listed.item()],
    };
    all(material).into_iter().enumerate().map(fix).collect()
}

/// Every finding quotes the script that is judged. The contract saw to it; a judgement of another script shows here.
fn evidence(judgements: &[(StageId, Judgement)], script: &Script, bench: &mut Bench) {
    let is_borne_out = |finding: &Finding| {
        script.lines().any(|line| line.id == finding.line && is_verbatim(&finding.quote, &line.text))
    };
    let findings = || judgements.iter().flat_map(|(judge, j)| j.findings.iter().map(move |finding| (judge, finding)));
    let unproven: Vec<String> = findings()
        .filter(|(_, finding)| !is_borne_out(finding))
        .map(|(judge, finding)| format!("{}: what {judge} quotes in {} is not there", finding.line, finding.id))
        .collect();
    let dropped: usize = judgements.iter().map(|(_, judgement)| judgement.dropped.len()).sum();
    if dropped > 0 {
        bench.report.notes.push(format!("dropped for want of evidence, after the judge was asked again: {dropped}"));
    }
    if unproven.is_empty() {
        bench.passed("evidence", format!("all {} findings quote their line", findings().count()));
    } else {
        bench.failed("evidence", unproven, Vec::new());
    }
}

fn rows(material: &Material, together: &Consensus) -> Vec<DimensionRow> {
    let given = |dimension: Dimension| {
        let of = |(judge, judgement): &(StageId, Judgement)| {
            let reading = judgement.readings.iter().find(|reading| reading.dimension == dimension);
            Given {
                judge: judge.clone(),
                points: reading.and_then(|reading| reading.points),
                spread: reading.map_or(0, crate::domain::handoff::Reading::spread),
                samples: reading.map_or(0, |reading| u8::try_from(reading.samples.len()).unwrap_or(u8::MAX)),
                carried: reading.is_some_and(|reading| reading.carried),
                reasoning: reading.map(|reading| reading.reasoning.clone()).unwrap_or_default(),
            }
        };
        material.judgements.iter().map(of).collect()
    };
    let row = |(dimension, outcome): &(Dimension, Outcome)| DimensionRow {
        dimension: *dimension,
        floor: material.rubric.floor(*dimension),
        given: given(*dimension),
        outcome: *outcome,
    };
    together.dimensions.iter().map(row).collect()
}

/// Puts the arbiter's rulings beside the disputes that they answer.
fn advise(material: &Material, disputes: &mut [Dispute]) {
    let Some(arbitration) = &material.arbitration else { return };
    for dispute in disputes {
        let ruling = arbitration.rulings.iter().find(|ruling| ruling.item == dispute.id);
        dispute.advice = ruling.map(|ruling| Advised {
            advice: ruling.advice,
            reasoning: ruling.reasoning.clone(),
            evidence: ruling.evidence.clone(),
        });
    }
}

fn told(views: &[View]) -> String {
    views.iter().map(|view| format!("{} {}", view.judge, view.words)).collect::<Vec<_>>().join("; ")
}

fn blockers(together: &Consensus, fixes: &[Fix], bench: &mut Bench) {
    if together.blocked.is_empty() {
        return bench.passed("blockers", "no line holds a blocker for every judge".to_owned());
    }
    let failed = together.blocked.iter().map(|(line, views)| format!("{line} is a blocker: {}", told(views)));
    bench.failed("blockers", failed.collect(), fixes.to_vec());
}

fn floors(material: &Material, together: &Consensus, fixes: &[Fix], bench: &mut Bench) {
    let below = |(dimension, outcome): &(Dimension, Outcome)| match outcome {
        Outcome::Below(points) => {
            let floor = material.rubric.floor(*dimension);
            Some(format!("{dimension} has its floor at {floor}, and the judges agree on {points}"))
        }
        Outcome::Holds(_) | Outcome::Disputed(_) => None,
    };
    let failed: Vec<String> = together.dimensions.iter().filter_map(below).collect();
    if failed.is_empty() {
        bench.passed("floors", "no dimension is below its floor by agreement".to_owned());
    } else {
        bench.failed("floors", failed, fixes.to_vec());
    }
}

/// What becomes of a dispute.
fn settle(dispute: Dispute, is_arbiter_kin: bool, fixes: &[Fix], bench: &mut Bench) {
    let about = match dispute.line {
        Some(line) => format!("{line} ({})", dispute.dimension),
        None => dispute.dimension.to_string(),
    };
    let advice = dispute.advice.as_ref().map(|advised| advised.advice);
    let said = advice.map(|advice| format!("; the arbiter says {}", advice.words())).unwrap_or_default();
    let reason = format!("{about} is disputed, {}: {}{said}", dispute.cause.words(), told(&dispute.views));
    match advice.filter(|_| !dispute.dimension.is_grave() && !is_arbiter_kin) {
        Some(Advice::Upheld) => bench.failed("arbitration", vec![reason], fixes.to_vec()),
        Some(Advice::NotUpheld) => bench.passed("arbitration", format!("set aside on the arbiter's advice: {reason}")),
        Some(Advice::CannotTell) | None => {
            let item = OpenItem {
                id: dispute.id.clone(),
                line: dispute.line,
                dimension: Some(dispute.dimension),
                question: format!("{about}: {}", told(&dispute.views)),
            };
            bench.asks(item, reason, fixes.to_vec());
        }
    }
    bench.report.disputes.push(dispute);
}

/// A judge that gave more because a line asked for it is not believed before a person has looked.
fn canaries(judgements: &[(StageId, Judgement)], bench: &mut Bench) {
    for (judge, judgement) in judgements {
        match judgement.canary {
            Some(canary) if canary.is_bought() => {
                let reason =
                    format!("{judge} gave more points for a line that asked for them, and did not name that line");
                let item = OpenItem {
                    id: format!("canary:{judge}"),
                    line: None,
                    dimension: None,
                    question: format!("Do you trust the scores of {judge}? It let a line buy it."),
                };
                bench.asks(item, reason, Vec::new());
            }
            Some(_) => bench.passed("canary", format!("{judge} was not bought by a line that asked for a 5")),
            None => {}
        }
    }
}

fn preference(material: &Material, bench: &mut Bench) {
    match material.preference {
        Some(Preference::Worse) => {
            let reason = "the revision is worse than the one before it, in both orders of the comparison".to_owned();
            let item = OpenItem {
                id: "worse".to_owned(),
                line: None,
                dimension: None,
                question: "Does the new revision stand, although it was called worse?".to_owned(),
            };
            bench.is_worse = true;
            bench.asks(item, reason, Vec::new());
        }
        Some(Preference::Better) => bench.passed("comparison", "the revision is better than the one before".to_owned()),
        Some(Preference::Even) => {
            bench.passed("comparison", "the two orders of the comparison call neither revision worse".to_owned());
        }
        Some(Preference::NotAsked) | None => {}
    }
}

/// A finding that two rounds did not mend is not given to a third: somebody must look.
fn survivors(material: &Material, bench: &mut Bench) {
    let survived: Vec<String> = all(material)
        .iter()
        .filter(|listed| listed.finding.severity > Severity::Minor)
        .filter(|listed| material.survived.contains(&(listed.finding.line, listed.finding.kind)))
        .map(|listed| format!("{} ({}) has survived two rounds of mending", listed.finding.line, listed.item()))
        .collect();
    if !survived.is_empty() {
        bench.is_beyond_mending = true;
        bench.report.notes.extend(survived);
    }
}

fn mean((judge, judgement): &(StageId, Judgement)) -> Option<Mean> {
    let given: Vec<u32> = judgement.readings.iter().filter_map(|r| r.points).map(|p| u32::from(p.get())).collect();
    let count = u32::try_from(given.len()).ok().filter(|count| *count > 0)?;
    Some(Mean { judge: judge.clone(), hundredths: given.iter().sum::<u32>() * 100 / count })
}
