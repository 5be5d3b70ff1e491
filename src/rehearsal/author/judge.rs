//! The judges, the final reviewer and the synthesiser of their findings.
//!
//! A judge examines the script that it is given and reports what it finds there, so a script that was mended gets no
//! finding. The two judges weigh one fault differently, and only the first minds a long sentence: people have something
//! to decide.

use super::dice::Dice;
use super::examine::{self, Fault};
use crate::domain::handoff::{Dimension, Finding, Fix, Fixes, Judgement, Score, Severity};
use crate::domain::script::Script;

/// Which judge is asked: the model tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judge {
    /// The first judge and the final reviewer.
    Strict,
    /// The second judge, of another vendor.
    Lenient,
}

impl Judge {
    /// The judge behind a model's id.
    pub(super) fn of(model: &str) -> Self {
        if model.starts_with("gemini") { Self::Lenient } else { Self::Strict }
    }

    /// How much a fault weighs with this judge; `None` where it does not mind.
    fn weighs(self, fault: &Fault) -> Option<Severity> {
        match (self, fault) {
            (Self::Strict, Fault::Figure { .. }) => Some(Severity::Blocker),
            (Self::Lenient, Fault::Figure { .. }) => Some(Severity::Minor),
            (Self::Strict | Self::Lenient, Fault::Superlative { .. }) => Some(Severity::Major),
            (Self::Strict, Fault::Long { .. }) => Some(Severity::Minor),
            (Self::Lenient, Fault::Long { .. }) => None,
        }
    }
}

const DIMENSIONS: [Dimension; 5] =
    [Dimension::Accuracy, Dimension::Structure, Dimension::Engagement, Dimension::BrandVoice, Dimension::Speakability];

const CONTENT: &[&str] = &[
    "The order holds, each part needs the one before it, and what is open is said to be open.",
    "The speakers answer one another, and the statements can be checked where they stand.",
    "It is easy to follow by ear, and it never claims more than its excerpts.",
];
const CONCERNED: &[&str] = &[
    "The frame is sound; what is wrong stands in single lines and can be mended there.",
    "Most of it can be checked and holds. A few lines say more, or other, than their sources.",
    "The conversation carries, but some lines must not go out as they are.",
];

fn dimension(fault: &Fault) -> Dimension {
    match fault {
        Fault::Figure { .. } => Dimension::Accuracy,
        Fault::Superlative { .. } => Dimension::BrandVoice,
        Fault::Long { .. } => Dimension::Speakability,
    }
}

/// The floor of a dimension, as the judges' prompts give it.
fn floor(dimension: Dimension) -> u8 {
    match dimension {
        Dimension::Accuracy | Dimension::BrandVoice => 40,
        Dimension::Structure | Dimension::Engagement | Dimension::Speakability => 35,
    }
}

fn problem(fault: &Fault) -> String {
    match fault {
        Fault::Figure { said, sourced: Some(sourced), .. } => {
            format!("The line says {said}; the excerpt that it cites says {sourced}.")
        }
        Fault::Figure { said, sourced: None, .. } => format!("No excerpt of the line has the figure {said}."),
        Fault::Superlative { .. } => "A superlative without a source: nothing in the package states it.".to_owned(),
        Fault::Long { words, .. } => format!("A sentence of {words} words cannot be followed by ear."),
    }
}

/// A judge's report on a script.
pub(super) fn judge(mut dice: Dice, judge: Judge, script: &Script) -> Judgement {
    let mut findings: Vec<Finding> = Vec::new();
    for line in script.lines() {
        for fault in examine::faults(line) {
            let Some(severity) = judge.weighs(&fault) else { continue };
            findings.push(Finding {
                id: String::new(),
                dimension: dimension(&fault),
                severity,
                line: line.id,
                quote: fault.quote().to_owned(),
                problem: problem(&fault),
                suggestion: fault.remedy(),
            });
        }
    }
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.line.cmp(&b.line)));
    for (index, finding) in findings.iter_mut().enumerate() {
        finding.id = format!("F{}", index + 1);
    }
    let scores = DIMENSIONS.map(|dimension| {
        let base = 42 + u8::try_from(dice.below(7)).unwrap_or(0);
        let found = || findings.iter().filter(|finding| finding.dimension == dimension).map(|finding| finding.severity);
        let lost = found().map(|severity| match severity {
            Severity::Blocker => 14_u8,
            Severity::Major => 8,
            Severity::Minor => 3,
        });
        let score = base.saturating_sub(lost.fold(0_u8, u8::saturating_add));
        // Only a blocker takes a dimension below its floor: what is less can be mended on the way.
        let least = if found().any(|severity| severity == Severity::Blocker) { 10 } else { floor(dimension) };
        Score { dimension, tenths: score.clamp(least, 50) }
    });
    let stock = if findings.is_empty() { CONTENT } else { CONCERNED };
    let summary = match (dice.pick(stock), findings.len()) {
        (Some(view), 0) => format!("{view} Nothing was found that has to be mended."),
        (Some(view), 1) => format!("{view} One finding."),
        (Some(view), count) => format!("{view} {count} findings, the gravest first."),
        (None, _) => String::new(),
    };
    Judgement { scores: scores.to_vec(), findings, summary }
}

/// Both reports as one list of fixes: what they say of the same line and dimension is one fix, the gravest first.
pub(super) fn fixes(judge_a: &Judgement, judge_b: &Judgement) -> Fixes {
    let mut merged: Vec<(Dimension, Fix)> = Vec::new();
    for (judge, report) in [("a", judge_a), ("b", judge_b)] {
        for finding in &report.findings {
            let name = format!("{judge}:{}", finding.id);
            let same =
                |(dimension, fix): &&mut (Dimension, Fix)| *dimension == finding.dimension && fix.from == finding.line;
            if let Some((_, fix)) = merged.iter_mut().find(same) {
                fix.severity = fix.severity.max(finding.severity);
                fix.findings.push(name);
                if !fix.instruction.contains(&finding.suggestion) {
                    fix.instruction = format!("{} {}", fix.instruction, finding.suggestion);
                }
                continue;
            }
            let fix = Fix {
                id: String::new(),
                from: finding.line,
                to: finding.line,
                severity: finding.severity,
                instruction: finding.suggestion.clone(),
                findings: vec![name],
            };
            merged.push((finding.dimension, fix));
        }
    }
    merged.sort_by(|(_, a), (_, b)| b.severity.cmp(&a.severity).then(a.from.cmp(&b.from)));
    let numbered = merged.into_iter().enumerate().map(|(index, (_, fix))| Fix { id: format!("N{}", index + 1), ..fix });
    Fixes { fixes: numbered.collect() }
}
