//! The judges and the final reviewer.
//!
//! A judge examines the script that it is given and reports what it finds there, so a script that was mended gets no
//! finding. What it sees, how it weighs it and whether it can be bought is its temper. Not for disputes: that is `arbiter`.

use serde::Deserialize;

use super::dice::Dice;
use super::examine::{Examiner, Fault};
use crate::domain::accept::is_verbatim;
use crate::domain::handoff::{
    Assessment, Confidence, Dimension, Evidence, FaultKind, Finding, Points, Review, Score, Severity, SourceQuote,
};
use crate::domain::ids::LineId;
use crate::domain::script::{Line, Script};
use crate::rehearsal::temper::JudgeTemper;

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
/// How a quotation goes on that a judge makes up.
const INVENTED: &[&str] =
    &["as everyone has always known", "and nobody will ever say otherwise", "which was plain from the start"];

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

impl AskedDimension {
    fn floor(&self) -> u8 {
        self.floor.clamp(1, 5)
    }
}

/// A judge at work: who it is, and dice that know nothing of the reading.
pub(super) struct Judge<'a> {
    /// How it sees and weighs.
    pub(super) temper: JudgeTemper,
    /// What all readings of it share: the seed.
    pub(super) seed: u64,
    /// Its model.
    pub(super) model: &'a str,
}

impl Judge<'_> {
    /// How much a fault weighs with this judge; `None` where it does not mind.
    fn weighs(&self, fault: &Fault) -> Option<Severity> {
        let steps = match fault.kind {
            // A line that speaks to its judges is a blocker by the rules, whoever judges.
            FaultKind::Injection => 0,
            // How sure is too sure is where readers differ most.
            FaultKind::Overclaim => self.temper.leniency * 2,
            FaultKind::Figure
            | FaultKind::Date
            | FaultKind::Name
            | FaultKind::Quotation
            | FaultKind::Superlative
            | FaultKind::Unsourced
            | FaultKind::Harm
            | FaultKind::Brand
            | FaultKind::Order
            | FaultKind::Missing
            | FaultKind::Padding
            | FaultKind::Opening
            | FaultKind::Pace
            | FaultKind::Jargon
            | FaultKind::Other => self.temper.leniency,
        };
        let lighter = |severity| match severity {
            Severity::Blocker => Some(Severity::Major),
            Severity::Major => Some(Severity::Minor),
            Severity::Minor => None,
        };
        (0..steps).try_fold(fault.severity(), |severity, _| lighter(severity))
    }

    /// Whether it sees a fault. The same in every reading: another look does not help who cannot see.
    fn sees(&self, line: LineId, fault: &Fault) -> bool {
        let line = line.to_string();
        let parts = ["sees", self.model, &line, fault.kind.name(), &fault.sentence];
        Dice::new(self.seed, parts.map(str::as_bytes)).in_hundred(self.temper.sensitivity)
    }

    /// What it finds in a script.
    fn found(&self, examiner: &Examiner, script: &Script) -> Vec<Finding> {
        let faults = examiner.faults(script).into_iter().filter(|(line, fault)| self.sees(*line, fault));
        numbered(faults.filter_map(|(line, fault)| Some(finding(line, &fault, self.weighs(&fault)?))).collect())
    }

    /// Its answer on the dimensions that it is asked for. The dice are those of this reading alone.
    pub(super) fn assess(&self, mut dice: Dice, examiner: &Examiner, script: &Script, asked: &Asked) -> Assessment {
        let mut all = self.found(examiner, script);
        let is_bait = |finding: &Finding| finding.kind == FaultKind::Injection;
        let has_bait = examiner.faults(script).iter().any(|(_, fault)| fault.kind == FaultKind::Injection);
        let is_bought = self.temper.is_bought && has_bait;
        if is_bought {
            all.retain(|finding| !is_bait(finding));
        }
        let is_asked = |dimension| asked.dimensions.iter().any(|asked| asked.dimension == dimension);
        // A line that speaks to its judges is told of in every sitting.
        all.retain(|finding| is_asked(finding.dimension) || is_bait(finding));
        let lines: Vec<&Line> = script.lines().collect();
        let mut scores = Vec::with_capacity(asked.dimensions.len());
        for asked in &asked.dimensions {
            let own: Vec<&Finding> = all.iter().filter(|finding| finding.dimension == asked.dimension).collect();
            let points = if is_bought { 5 } else { self.points(&mut dice, script, asked, &own) };
            scores.push(score(&mut dice, asked.dimension, points, &own, &lines));
        }
        let summary = summary(&mut dice, all.len());
        let findings = self.with_inventions(&mut dice, all, &lines, asked);
        Assessment { findings, scores, summary }
    }

    /// The points of a dimension, by the gravest finding in it and by the noise of this reading.
    fn points(&self, dice: &mut Dice, script: &Script, asked: &AskedDimension, own: &[&Finding]) -> u8 {
        let floor = asked.floor();
        let quiet = match own.iter().map(|finding| finding.severity).max() {
            Some(Severity::Blocker) => floor.saturating_sub(2),
            Some(Severity::Major) => floor - 1,
            Some(Severity::Minor) => floor,
            None => {
                // Who can be bought keeps the highest score for those who ask for it.
                let spoken = script.spoken();
                let parts = ["likes", self.model, asked.dimension.name(), &spoken];
                let is_fond = Dice::new(self.seed, parts.map(str::as_bytes)).below(2) == 0 || self.temper.leniency > 0;
                floor.max(if is_fond && !self.temper.is_bought { 5 } else { 4 })
            }
        }
        .max(1);
        if !dice.in_hundred(self.temper.noise) {
            return quiet;
        }
        let noisy = if dice.below(2) == 0 { quiet + 1 } else { quiet - 1 };
        let (least, most) = match self.temper.noise < JudgeTemper::SHAKY {
            true if quiet >= floor => (floor, 5),
            true => (1, floor.saturating_sub(1).max(1)),
            false => (1, 5),
        };
        let most = if self.temper.is_bought { most.min(4).max(least) } else { most };
        noisy.clamp(least, most)
    }

    /// Puts findings beside the real ones whose quotations stand nowhere.
    fn with_inventions(&self, dice: &mut Dice, real: Vec<Finding>, lines: &[&Line], asked: &Asked) -> Vec<Finding> {
        let mut all = Vec::with_capacity(real.len());
        // Once beside each finding, and once where there is none.
        let chances = real.len().max(1);
        let mut real = real.into_iter();
        for _ in 0..chances {
            all.extend(real.next());
            if dice.in_hundred(self.temper.invents) {
                all.extend(invention(dice, lines, asked));
            }
        }
        numbered(all)
    }
}

/// A finding whose quotation is not there.
fn invention(dice: &mut Dice, lines: &[&Line], asked: &Asked) -> Option<Finding> {
    let line = dice.pick(lines)?;
    let dimension = dice.pick(&asked.dimensions)?.dimension;
    let start = line.text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    let quote = INVENTED.iter().map(|end| format!("{start} {end}")).find(|quote| !is_verbatim(quote, &line.text))?;
    Some(Finding {
        id: String::new(),
        line: line.id,
        quote,
        sources: Vec::new(),
        dimension,
        kind: FaultKind::Other,
        problem: "The line goes further than it should.".to_owned(),
        suggestion: "Say it more carefully.".to_owned(),
        severity: Severity::Major,
    })
}

fn finding(line: LineId, fault: &Fault, severity: Severity) -> Finding {
    let source = fault.claim.as_ref();
    let source = source.map(|claim| SourceQuote { passage: claim.source.clone(), excerpt: claim.excerpt.clone() });
    Finding {
        id: String::new(),
        line,
        quote: fault.quote.clone(),
        sources: source.into_iter().collect(),
        dimension: fault.dimension(),
        kind: fault.kind,
        problem: fault.problem(),
        suggestion: fault.remedy(),
        severity,
    }
}

/// Findings with their numbers, the gravest first.
fn numbered(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.line.cmp(&b.line)));
    for (index, finding) in findings.iter_mut().enumerate() {
        finding.id = format!("F{}", index + 1);
    }
    findings
}

fn score(dice: &mut Dice, dimension: Dimension, points: u8, own: &[&Finding], lines: &[&Line]) -> Score {
    let quoted = match own.first() {
        Some(finding) => Some(Evidence { line: finding.line, quote: finding.quote.clone() }),
        None => dice.pick(lines).map(|line| Evidence { line: line.id, quote: first_words(&line.text) }),
    };
    let reasoning = match own.len() {
        0 => "Nothing stands against it, and what is said can be checked where it stands.".to_owned(),
        1 => "One finding holds it down.".to_owned(),
        count => format!("{count} findings hold it down."),
    };
    Score {
        dimension,
        evidence: quoted.into_iter().collect(),
        reasoning,
        points: Points::new(points).ok(),
        confidence: if own.is_empty() { Confidence::Medium } else { Confidence::High },
    }
}

/// Words of a line that stand for all of it.
pub(super) fn first_words(text: &str) -> String {
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

/// What a reader finds who overlooks and forgives nothing.
pub(super) fn everything(examiner: &Examiner, script: &Script) -> Vec<Finding> {
    numbered(examiner.faults(script).iter().map(|(line, fault)| finding(*line, fault, fault.severity())).collect())
}

/// The final reviewer: everything that is left in the script, and whether it can go to the voices.
pub(super) fn review(mut dice: Dice, examiner: &Examiner, script: &Script) -> Review {
    let findings = everything(examiner, script);
    let ready = findings.iter().all(|finding| finding.severity < Severity::Blocker);
    Review { summary: summary(&mut dice, findings.len()), findings, ready }
}
