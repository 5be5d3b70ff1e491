//! What the judges say together: what all hold against a script fails it, what some hold is disputed.
//!
//! A single judge is a panel of one for blockers. A mean is never looked at.

use std::collections::BTreeSet;

use super::report::{Dispute, JudgeScores, Mean, View};
use super::{Bench, Material};
use crate::domain::accept::form::is_verbatim;
use crate::domain::accept::judging::{DIMENSIONS, name};
use crate::domain::handoff::{Dimension, Finding, Fix, Judgement, Severity};
use crate::domain::ids::{LineId, StageId};
use crate::domain::script::Script;

/// The lowest score with which a script goes on, in tenths.
fn floor(dimension: Dimension) -> u8 {
    match dimension {
        Dimension::Accuracy | Dimension::BrandVoice => 40,
        Dimension::Structure | Dimension::Engagement | Dimension::Speakability => 35,
    }
}

/// Holds the judgements against one another.
pub(super) fn check(material: &Material, bench: &mut Bench) {
    let judgements = &material.judgements;
    if judgements.is_empty() {
        return;
    }
    let scores = |(judge, judgement): &(StageId, Judgement)| JudgeScores {
        judge: judge.clone(),
        scores: judgement.scores.clone(),
    };
    bench.report.measured.scores = judgements.iter().map(scores).collect();
    if judgements.len() > 1 {
        bench.report.measured.means = means(judgements);
    }
    if let Some(script) = &material.script {
        evidence(judgements, script, bench);
    }
    let fixes = remedy(material);
    blockers(judgements, &fixes, bench);
    floors(judgements, &fixes, bench);
}

/// The fixes that were made from the findings, or else one for each finding, the gravest first.
fn remedy(material: &Material) -> Vec<Fix> {
    if let Some(fixes) = &material.fixes
        && !fixes.fixes.is_empty()
    {
        return fixes.fixes.clone();
    }
    let mut found: Vec<(char, &Finding)> = ('a'..='z')
        .zip(&material.judgements)
        .flat_map(|(letter, (_, judgement))| judgement.findings.iter().map(move |finding| (letter, finding)))
        .collect();
    found.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    let fix = |(number, (letter, finding)): (usize, (char, &Finding))| Fix {
        id: format!("N{}", number + 1),
        from: finding.line,
        to: finding.line,
        severity: finding.severity,
        instruction: finding.suggestion.clone(),
        findings: vec![format!("{letter}:{}", finding.id)],
    };
    found.into_iter().enumerate().map(fix).collect()
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
    if unproven.is_empty() {
        bench.passed("evidence", format!("all {} findings quote their line", findings().count()));
    } else {
        bench.failed("evidence", unproven, Vec::new());
    }
}

fn blockers(judgements: &[(StageId, Judgement)], fixes: &[Fix], bench: &mut Bench) {
    let blocks = |finding: &&Finding| finding.severity == Severity::Blocker;
    let all = judgements.iter().flat_map(|(_, judgement)| &judgement.findings);
    let lines: BTreeSet<LineId> = all.filter(blocks).map(|finding| finding.line).collect();
    let mut failed = Vec::new();
    let mut disputed = 0_usize;
    for line in lines {
        let views: Vec<View> = judgements.iter().map(|(judge, judgement)| view(judge, judgement, line)).collect();
        let told: Vec<String> = views.iter().map(|view| format!("{} {}", view.judge, view.words)).collect();
        if views.iter().all(|view| view.objects) {
            failed.push(format!("{line}: {}", told.join("; ")));
        } else {
            disputed += 1;
            let reason = format!("{line} is disputed: {}", told.join("; "));
            bench.disputed(Dispute { line: Some(line), dimension: None, views }, reason, fixes.to_vec());
        }
    }
    if failed.is_empty() {
        let detail = match disputed {
            0 => "no judge holds a blocker".to_owned(),
            lines => format!("no blocker is held by every judge; lines in dispute: {lines}"),
        };
        bench.passed("blockers", detail);
    } else {
        bench.failed("blockers", failed, fixes.to_vec());
    }
}

/// What a judge says of a line: the gravest finding there.
fn view(judge: &StageId, judgement: &Judgement, line: LineId) -> View {
    let gravest = judgement.findings.iter().filter(|finding| finding.line == line).max_by_key(|f| f.severity);
    let problem = |finding: &Finding| finding.problem.chars().take(70).collect::<String>();
    let words = match gravest {
        None => "finds nothing there".to_owned(),
        Some(finding) => match finding.severity {
            Severity::Blocker => format!("holds a blocker ({}: {})", finding.id, problem(finding)),
            Severity::Major => format!("holds a major ({}: {})", finding.id, problem(finding)),
            Severity::Minor => format!("holds a minor ({}: {})", finding.id, problem(finding)),
        },
    };
    let objects = gravest.is_some_and(|finding| finding.severity == Severity::Blocker);
    View { judge: judge.clone(), objects, words }
}

fn floors(judgements: &[(StageId, Judgement)], fixes: &[Fix], bench: &mut Bench) {
    let mut failed = Vec::new();
    let mut disputed = 0_usize;
    for dimension in DIMENSIONS {
        let floor = floor(dimension);
        let views: Vec<View> = judgements
            .iter()
            .map(|(judge, judgement)| {
                let given = judgement.scores.iter().find(|score| score.dimension == dimension).map(|s| s.tenths);
                let words =
                    given.map_or_else(|| "gives no score".to_owned(), |given| format!("gives {}", tenths(given)));
                View { judge: judge.clone(), objects: given.is_none_or(|given| given < floor), words }
            })
            .collect();
        let below = views.iter().filter(|view| view.objects).count();
        if below == 0 {
            continue;
        }
        let told: Vec<String> = views.iter().map(|view| format!("{} {}", view.judge, view.words)).collect();
        let reason = format!("{} has its floor at {}: {}", name(dimension), tenths(floor), told.join(", "));
        // One judge alone never fails a script by a number: a person looks at it.
        if below == views.len() && views.len() > 1 {
            failed.push(reason);
        } else {
            disputed += 1;
            let dispute = Dispute { line: None, dimension: Some(dimension), views };
            bench.disputed(dispute, reason, fixes.to_vec());
        }
    }
    if failed.is_empty() {
        let detail = match disputed {
            0 => "every dimension is at its floor or above".to_owned(),
            dimensions => format!("no dimension is below its floor by every judge; in dispute: {dimensions}"),
        };
        bench.passed("floors", detail);
    } else {
        bench.failed("floors", failed, fixes.to_vec());
    }
}

fn tenths(score: u8) -> String {
    format!("{}.{}", score / 10, score % 10)
}

fn means(judgements: &[(StageId, Judgement)]) -> Vec<Mean> {
    let mean = |dimension| {
        let given = judgements.iter().flat_map(|(_, judgement)| &judgement.scores);
        let given: Vec<u32> = given.filter(|s| s.dimension == dimension).map(|s| u32::from(s.tenths)).collect();
        let count = u32::try_from(given.len()).ok().filter(|count| *count > 0)?;
        Some(Mean { dimension, hundredths: given.iter().sum::<u32>() * 10 / count })
    };
    DIMENSIONS.into_iter().filter_map(mean).collect()
}
