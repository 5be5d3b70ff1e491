//! The computed checks at the gate before any judge is paid: what code finds becomes findings under `c`, and a blocker among
//! them keeps the script from the judges.

use super::{Bench, Material};
use crate::domain::checks::{self, CheckKind, Checked, Observation, Subject};
use crate::domain::claims;
use crate::domain::gate::report::Listed;
use crate::domain::handoff::{Dimension, FaultKind, Finding, Fix, Priority, Severity};
use crate::domain::script::{Line, Script};

/// Runs the computed checks where no judge has seen the script yet.
pub(super) fn check(material: &Material, bench: &mut Bench) {
    let Some(script) = &material.script else { return };
    let is_first = material.judgements.is_empty() && material.review.is_none() && material.speech_text.is_none();
    if !is_first || material.speech.is_some() {
        return;
    }
    let subject = Subject {
        script,
        research: material.research.as_ref(),
        plan: material.plan.as_ref(),
        guardrails: &material.guardrails,
        target_ms: material.target_ms,
        words_per_minute: material.words_per_minute,
        claimed_words: material.claimed_words,
    };
    let Checked { observations, readings } = checks::run(&subject);
    bench.report.measured.readings = Some(readings);
    bench.report.claims = material.research.as_ref().map(|research| claims::extract(script, research));
    let found: Vec<(Observation, Finding)> = observations
        .into_iter()
        .enumerate()
        .filter_map(|(number, observation)| {
            let finding = finding(number, &observation, script)?;
            Some((observation, finding))
        })
        .collect();
    let blockers: Vec<String> = found
        .iter()
        .filter(|(observation, _)| observation.severity == Severity::Blocker)
        .map(|(_, finding)| format!("{}: {}", finding.line, finding.problem))
        .collect();
    if blockers.is_empty() {
        bench.passed("computed", format!("no blocker; {} findings go on to the judges' list", found.len()));
    } else {
        // Whatever goes back takes the lesser faults along that lines can mend: they cost no second round.
        let fixes: Vec<Fix> = found.iter().filter(|(observation, _)| is_mendable(observation)).map(fix).collect();
        let is_whole = found.iter().any(|(o, _)| o.severity == Severity::Blocker && !is_mendable(o));
        bench.failed("computed", blockers, if is_whole { Vec::new() } else { fixes });
    }
    bench.report.findings.extend(found.into_iter().map(|(_, finding)| Listed { by: 'c', finding }));
}

/// Whether a change of its line can mend it.
fn is_mendable(observation: &Observation) -> bool {
    match observation.kind {
        CheckKind::Disclosure => true,
        CheckKind::WordCountClaim
        | CheckKind::SegmentLength
        | CheckKind::ReadingGrade
        | CheckKind::RequiredPhrase
        | CheckKind::BrandDeviation => false,
        CheckKind::UncitedClaim
        | CheckKind::Figure
        | CheckKind::Date
        | CheckKind::Quotation
        | CheckKind::Superlative
        | CheckKind::LongSentence
        | CheckKind::LongTurn
        | CheckKind::BannedPhrase
        | CheckKind::Profanity
        | CheckKind::Markup
        | CheckKind::Name => observation.line.is_some(),
    }
}

/// The observation as a finding; one of the whole script stands at its first line, whose words it quotes.
fn finding(number: usize, observation: &Observation, script: &Script) -> Option<Finding> {
    let named = observation.line.and_then(|id| script.lines().find(|line| line.id == id));
    let line = named.or_else(|| script.lines().next())?;
    let quote = observation.quote.clone().filter(|_| named.is_some()).unwrap_or_else(|| first_words(line));
    let (dimension, kind) = meaning(observation.kind);
    Some(Finding {
        id: format!("C{}", number + 1),
        line: line.id,
        quote,
        sources: Vec::new(),
        dimension,
        kind,
        problem: observation.problem.clone(),
        suggestion: observation.wanted.clone(),
        severity: observation.severity,
    })
}

fn first_words(line: &Line) -> String {
    line.text.split_whitespace().take(8).collect::<Vec<_>>().join(" ")
}

fn fix((observation, finding): &(Observation, Finding)) -> Fix {
    Fix {
        id: finding.id.clone(),
        from: finding.line,
        to: finding.line,
        wrong: observation.problem.clone(),
        wanted: observation.wanted.clone(),
        keep: "What the line says, as far as its source bears it out.".to_owned(),
        priority: Priority::from(observation.severity),
        findings: vec![format!("c:{}", finding.id)],
    }
}

fn meaning(kind: CheckKind) -> (Dimension, FaultKind) {
    match kind {
        CheckKind::WordCountClaim => (Dimension::Completeness, FaultKind::Other),
        CheckKind::SegmentLength => (Dimension::Completeness, FaultKind::Padding),
        CheckKind::UncitedClaim => (Dimension::Accuracy, FaultKind::Unsourced),
        CheckKind::Figure => (Dimension::Accuracy, FaultKind::Figure),
        CheckKind::Date => (Dimension::Accuracy, FaultKind::Date),
        CheckKind::Quotation => (Dimension::Accuracy, FaultKind::Quotation),
        CheckKind::Superlative => (Dimension::Accuracy, FaultKind::Superlative),
        CheckKind::Name => (Dimension::Accuracy, FaultKind::Name),
        CheckKind::ReadingGrade => (Dimension::Accessibility, FaultKind::Jargon),
        CheckKind::Markup => (Dimension::Accessibility, FaultKind::Other),
        CheckKind::LongSentence | CheckKind::LongTurn => (Dimension::Pacing, FaultKind::Pace),
        CheckKind::BannedPhrase | CheckKind::RequiredPhrase | CheckKind::BrandDeviation => {
            (Dimension::BrandVoice, FaultKind::Brand)
        }
        CheckKind::Profanity => (Dimension::Sensitivity, FaultKind::Harm),
        CheckKind::Disclosure => (Dimension::Sensitivity, FaultKind::Missing),
    }
}
