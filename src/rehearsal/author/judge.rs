//! The judges, the final reviewer and the synthesiser of their findings.
//!
//! A judge examines the script that it is given and reports what it finds there, so a script that was mended gets no
//! finding. The two judges weigh one fault differently, and only the first minds a long sentence: people have something
//! to decide.

use serde::Deserialize;

use super::dice::Dice;
use super::examine::{self, Fault};
use crate::domain::handoff::{
    Advice, ArbiterRuling, Arbitration, Assessment, Better, Comparison, Confidence, Dimension, Evidence, FaultKind,
    Finding, Fix, Fixes, Points, Priority, Review, Score, Severity, SourceQuote,
};
use crate::domain::ids::LineId;
use crate::domain::script::{Line, Script};

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

fn dimension(fault: &Fault) -> (Dimension, FaultKind) {
    match fault {
        Fault::Figure { .. } => (Dimension::Accuracy, FaultKind::Figure),
        Fault::Superlative { .. } => (Dimension::BrandVoice, FaultKind::Superlative),
        Fault::Long { .. } => (Dimension::Pacing, FaultKind::Pace),
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

/// What one sitting is asked, as far as a judge needs it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    dimensions: Vec<AskedDimension>,
}

#[derive(Clone, Debug, Deserialize)]
struct AskedDimension {
    dimension: Dimension,
    #[serde(default)]
    floor: u8,
}

/// What is found in a script, by a judge that weighs it in its own way.
fn found(judge: Judge, script: &Script) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for line in script.lines() {
        for fault in examine::faults(line) {
            let Some(severity) = judge.weighs(&fault) else { continue };
            let (dimension, kind) = dimension(&fault);
            let claim = line.claims.first().filter(|_| kind == FaultKind::Figure);
            findings.push(Finding {
                id: String::new(),
                line: line.id,
                quote: fault.quote().to_owned(),
                sources: claim
                    .map(|claim| SourceQuote { passage: claim.source.clone(), excerpt: claim.excerpt.clone() })
                    .into_iter()
                    .collect(),
                dimension,
                kind,
                problem: problem(&fault),
                suggestion: fault.remedy(),
                severity,
            });
        }
    }
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.line.cmp(&b.line)));
    for (index, finding) in findings.iter_mut().enumerate() {
        finding.id = format!("F{}", index + 1);
    }
    findings
}

/// A judge's answer on the dimensions that it is asked for.
pub(super) fn judge(mut dice: Dice, judge: Judge, script: &Script, asked: &Asked) -> Assessment {
    let is_asked = |dimension| asked.dimensions.iter().any(|asked| asked.dimension == dimension);
    let findings: Vec<Finding> = found(judge, script).into_iter().filter(|f| is_asked(f.dimension)).collect();
    let lines: Vec<&Line> = script.lines().collect();
    let scores = asked.dimensions.iter().map(|asked| {
        let dimension = asked.dimension;
        let own: Vec<&Finding> = findings.iter().filter(|finding| finding.dimension == dimension).collect();
        let worst = own.iter().map(|finding| finding.severity).max();
        let floor = asked.floor.clamp(1, 5);
        let points = match worst {
            Some(Severity::Blocker) => floor.saturating_sub(2).max(1),
            Some(Severity::Major | Severity::Minor) => floor,
            None => (floor + u8::try_from(dice.below(2)).unwrap_or(0)).clamp(4, 5),
        };
        let quoted = match own.first() {
            Some(finding) => Some(Evidence { line: finding.line, quote: finding.quote.clone() }),
            None => dice.pick(&lines).map(|line| Evidence { line: line.id, quote: first_words(&line.text) }),
        };
        Score {
            dimension,
            evidence: quoted.into_iter().collect(),
            reasoning: match own.len() {
                0 => "Nothing stands against it, and what is said can be checked where it stands.".to_owned(),
                1 => "One finding holds it down.".to_owned(),
                count => format!("{count} findings hold it down."),
            },
            points: Points::new(points).ok(),
            confidence: if own.is_empty() { Confidence::Medium } else { Confidence::High },
        }
    });
    let scores = scores.collect();
    let summary = summary(&mut dice, findings.len());
    Assessment { findings, scores, summary }
}

fn first_words(text: &str) -> String {
    text.split_whitespace().take(8).collect::<Vec<_>>().join(" ")
}

fn summary(dice: &mut Dice, findings: usize) -> String {
    let stock = if findings == 0 { CONTENT } else { CONCERNED };
    match (dice.pick(stock), findings) {
        (Some(view), 0) => format!("{view} Nothing was found that has to be mended."),
        (Some(view), 1) => format!("{view} One finding."),
        (Some(view), count) => format!("{view} {count} findings, the gravest first."),
        (None, _) => String::new(),
    }
}

/// The final reviewer: everything that is left in the script, and whether it can go to the voices.
pub(super) fn review(mut dice: Dice, script: &Script) -> Review {
    let findings = found(Judge::Strict, script);
    let ready = findings.iter().all(|finding| finding.severity < Severity::Blocker);
    Review { summary: summary(&mut dice, findings.len()), findings, ready }
}

/// A disputed point, as far as an arbiter needs it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Disputed {
    item: String,
    #[serde(default)]
    lines: Vec<DisputedLine>,
    #[serde(default)]
    arguments: Vec<Argument>,
}

#[derive(Clone, Debug, Deserialize)]
struct DisputedLine {
    id: LineId,
    text: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Argument {
    #[serde(default)]
    says: String,
}

/// The arbiter: it looks at the disputed lines for itself.
pub(super) fn arbitrate(mut dice: Dice, disputes: &[Disputed], script: &Script) -> Arbitration {
    let rulings = disputes.iter().map(|dispute| {
        let of = |id: LineId| script.lines().find(|line| line.id == id);
        let fault = dispute.lines.iter().filter_map(|line| of(line.id)).find_map(|line| {
            examine::faults(line).into_iter().next().map(|fault| (line.id, fault))
        });
        let (advice, evidence, reasoning) = match fault {
            Some((line, fault)) => {
                let evidence = Evidence { line, quote: fault.quote().to_owned() };
                (Advice::Upheld, evidence, problem(&fault))
            }
            None => {
                let line = dispute.lines.first();
                let any = line.map(|line| Evidence { line: line.id, quote: first_words(&line.text) });
                let first = script.lines().next();
                let any = any.or_else(|| first.map(|l| Evidence { line: l.id, quote: first_words(&l.text) }));
                let told = dispute.arguments.iter().any(|argument| !argument.says.is_empty());
                let advice = if told && dice.below(5) > 0 { Advice::NotUpheld } else { Advice::CannotTell };
                let evidence = any.unwrap_or(Evidence { line: LineId(1), quote: String::new() });
                (advice, evidence, "The lines say no more than their excerpts do.".to_owned())
            }
        };
        ArbiterRuling { item: dispute.item.clone(), evidence: vec![evidence], reasoning, advice }
    });
    Arbitration { rulings: rulings.collect() }
}

/// Which of two revisions has fewer faults.
pub(super) fn compare(first: &Script, second: &Script) -> Comparison {
    let weight = |script: &Script| -> usize {
        found(Judge::Strict, script)
            .iter()
            .map(|finding| match finding.severity {
                Severity::Blocker => 9,
                Severity::Major => 3,
                Severity::Minor => 1,
            })
            .sum()
    };
    let (one, two) = (weight(first), weight(second));
    let better = match one.cmp(&two) {
        std::cmp::Ordering::Less => Better::First,
        std::cmp::Ordering::Greater => Better::Second,
        std::cmp::Ordering::Equal => Better::Tie,
    };
    Comparison { reasoning: "The one with fewer faults in its lines is the better one.".to_owned(), better }
}

/// A finding as the synthesiser gets it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Item {
    item: String,
    line: LineId,
    dimension: Dimension,
    severity: Severity,
    problem: String,
    suggestion: String,
}

/// All findings as one list of fixes: what is said of the same line and dimension is one fix, the gravest first.
pub(super) fn fixes(items: &[Item]) -> Fixes {
    let mut merged: Vec<(Dimension, Fix)> = Vec::new();
    for item in items {
        let priority = Priority::from(item.severity);
        let same = |(dimension, fix): &&mut (Dimension, Fix)| *dimension == item.dimension && fix.from == item.line;
        if let Some((_, fix)) = merged.iter_mut().find(same) {
            fix.priority = fix.priority.max(priority);
            fix.findings.push(item.item.clone());
            if !fix.wanted.contains(&item.suggestion) {
                fix.wanted = format!("{} {}", fix.wanted, item.suggestion);
            }
            continue;
        }
        let fix = Fix {
            id: String::new(),
            from: item.line,
            to: item.line,
            wrong: item.problem.clone(),
            wanted: item.suggestion.clone(),
            keep: "What the line says beyond that, and its speaker.".to_owned(),
            priority,
            findings: vec![item.item.clone()],
        };
        merged.push((item.dimension, fix));
    }
    merged.sort_by(|(_, a), (_, b)| b.priority.cmp(&a.priority).then(a.from.cmp(&b.from)));
    let numbered = merged.into_iter().enumerate().map(|(index, (_, fix))| Fix { id: format!("N{}", index + 1), ..fix });
    Fixes { fixes: numbered.collect() }
}
