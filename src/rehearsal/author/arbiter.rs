//! The third readers: the arbiter of disputes, and the one who compares two revisions. Both look at the lines for themselves.

use serde::Deserialize;

use super::dice::Dice;
use super::examine::Examiner;
use super::judge::{everything, first_words};
use crate::domain::handoff::{
    Advice, ArbiterRuling, Arbitration, Better, Comparison, Dimension, Evidence, FaultKind, Severity,
};
use crate::domain::ids::LineId;
use crate::domain::script::Script;

/// A disputed point, as far as an arbiter needs it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Disputed {
    item: String,
    #[serde(default)]
    dimension: Option<Dimension>,
    #[serde(default)]
    lines: Vec<DisputedLine>,
}

#[derive(Clone, Debug, Deserialize)]
struct DisputedLine {
    id: LineId,
}

/// The arbiter: it looks at the disputed lines for itself. `noise` is the percentage of its rulings that are turned round.
pub(super) fn arbitrate(
    mut dice: Dice,
    examiner: &Examiner,
    disputes: &[Disputed],
    script: &Script,
    noise: u8,
) -> Arbitration {
    let faults = examiner.faults(script);
    let rulings = disputes.iter().map(|dispute| {
        let is_named = |line: &LineId| dispute.lines.iter().any(|named| named.id == *line);
        let is_meant = |dimension| dispute.dimension.is_none_or(|disputed| disputed == dimension);
        let fault = faults.iter().find(|(line, fault)| is_named(line) && is_meant(fault.dimension()));
        let (advice, evidence, reasoning) = match fault {
            Some((line, fault)) => {
                let evidence = Evidence { line: *line, quote: fault.quote.clone() };
                (Advice::Upheld, Some(evidence), fault.problem())
            }
            None => {
                let line = script.lines().find(|line| is_named(&line.id)).or_else(|| script.lines().next());
                let evidence = line.map(|line| Evidence { line: line.id, quote: first_words(&line.text) });
                let reasoning = "The lines say no more than their excerpts do.".to_owned();
                // Without a line there is nothing to look at.
                let advice = if dispute.lines.is_empty() { Advice::CannotTell } else { Advice::NotUpheld };
                (advice, evidence, reasoning)
            }
        };
        let advice = match advice {
            Advice::Upheld if dice.in_hundred(noise) => Advice::NotUpheld,
            Advice::NotUpheld if dice.in_hundred(noise) => Advice::Upheld,
            Advice::Upheld | Advice::NotUpheld | Advice::CannotTell => advice,
        };
        ArbiterRuling { item: dispute.item.clone(), evidence: evidence.into_iter().collect(), reasoning, advice }
    });
    Arbitration { rulings: rulings.collect() }
}

/// Which of two revisions has fewer faults, each counted by its weight.
pub(super) fn compare(examiner: &Examiner, first: &Script, second: &Script) -> Comparison {
    let counted = |script: &Script| -> (usize, Option<(LineId, FaultKind)>) {
        let all = everything(examiner, script);
        let weight = all.iter().map(|finding| match finding.severity {
            Severity::Blocker => 9,
            Severity::Major => 3,
            Severity::Minor => 1,
        });
        (weight.sum(), all.first().map(|finding| (finding.line, finding.kind)))
    };
    let ((one, in_one), (two, in_two)) = (counted(first), counted(second));
    let (better, worst) = match one.cmp(&two) {
        std::cmp::Ordering::Less => (Better::First, in_two),
        std::cmp::Ordering::Greater => (Better::Second, in_one),
        std::cmp::Ordering::Equal => (Better::Tie, None),
    };
    let reasoning = match worst {
        Some((line, kind)) => format!("The other one has more to mend, the gravest at {line}: {}.", kind.name()),
        None => "Neither has more to mend than the other.".to_owned(),
    };
    Comparison { reasoning, better }
}
