//! How a fault of each kind is mended in its line, so that whoever looks again does not find it.

use crate::domain::handoff::FaultKind;
use crate::domain::script::Line;
use crate::rehearsal::author::dice::Dice;
use crate::rehearsal::author::examine::{self, Fault, LONGEST, TERMS, aligned};
use crate::rehearsal::author::phrases::FILLERS;
use crate::rehearsal::author::text::{sentence_case, sentences, spoken, words};

/// A sentence that is split has parts of no more words than this, where it has joints.
const BREATH: usize = 24;

/// Mends a fault in its line.
pub(super) fn mend(dice: &mut Dice, line: &mut Line, fault: &Fault) {
    match fault.kind {
        FaultKind::Figure | FaultKind::Date => restore(line),
        FaultKind::Name | FaultKind::Overclaim if fault.sourced.is_some() => {
            let sourced = fault.sourced.clone().unwrap_or_default();
            let mut sentence = fault.sentence.clone();
            if sentence.get(fault.at..fault.at + fault.said.len()).is_some() {
                sentence.replace_range(fault.at..fault.at + fault.said.len(), &sourced);
                line.text = line.text.replacen(&fault.sentence, &sentence, 1);
            }
        }
        FaultKind::Pace => breathe(line),
        FaultKind::Jargon => explain(line, &fault.said),
        FaultKind::Name
        | FaultKind::Overclaim
        | FaultKind::Quotation
        | FaultKind::Superlative
        | FaultKind::Unsourced
        | FaultKind::Harm
        | FaultKind::Brand
        | FaultKind::Order
        | FaultKind::Missing
        | FaultKind::Padding
        | FaultKind::Opening
        | FaultKind::Injection
        | FaultKind::Other => cut(dice, line, &fault.sentence),
    }
}

/// Puts back what the excerpts say; where they have no other figure, the line becomes its excerpts.
fn restore(line: &mut Line) {
    while let Some(wrong) = examine::mismatches(&line.text, &line.claims).first().cloned() {
        let Some(sourced) = wrong.sourced else {
            line.text = excerpts(line);
            return;
        };
        line.text.replace_range(wrong.at..wrong.at + wrong.said.len(), &sourced);
    }
}

/// What the line's excerpts say, as sentences.
fn excerpts(line: &Line) -> String {
    line.claims.iter().map(|claim| sentence_case(&spoken(&claim.excerpt))).collect::<Vec<_>>().join(" ")
}

/// Takes a sentence out, with the claims that only it made. A line that had nothing else says that it goes on.
fn cut(dice: &mut Dice, line: &mut Line, sentence: &str) {
    let kept: Vec<&str> = sentences(&line.text).into_iter().filter(|other| *other != sentence).collect();
    line.claims
        .retain(|claim| aligned(sentence, claim).is_none() || kept.iter().any(|other| aligned(other, claim).is_some()));
    let kept = kept.join(" ");
    line.text = if kept.is_empty() { filler(dice) } else { kept };
}

fn filler(dice: &mut Dice) -> String {
    dice.pick(FILLERS).map(|text| (*text).to_owned()).unwrap_or_default()
}

/// Says what a term means, where it stands.
fn explain(line: &mut Line, term: &str) {
    let Some((_, meaning)) = TERMS.iter().find(|(known, _)| *known == term) else { return };
    let lower = line.text.to_ascii_lowercase();
    if let Some(at) = lower.find(term).map(|at| at + term.len()) {
        let rest = line.text.split_off(at);
        let rest = rest.trim_start_matches([',', ' ']);
        let joint = if rest.starts_with(|c: char| c.is_alphanumeric()) { ", " } else { "" };
        line.text = format!("{}, which means that {meaning}{joint}{rest}", line.text);
    }
}

/// The line says what its excerpts say and no more; a line without any makes way.
pub(super) fn restate(dice: &mut Dice, line: &mut Line) {
    line.text = if line.claims.is_empty() { filler(dice) } else { excerpts(line) };
    breathe(line);
}

/// Splits every sentence that is too long at its joints.
pub(super) fn breathe(line: &mut Line) {
    let parts: Vec<String> = sentences(&line.text).into_iter().flat_map(shorter).collect();
    line.text = parts.join(" ");
}

/// A sentence as sentences of at most [`BREATH`] words where it has joints for it, and never of more than can be said.
pub(super) fn shorter(sentence: &str) -> Vec<String> {
    if words(sentence) <= BREATH {
        return vec![sentence.to_owned()];
    }
    // A comma alone is no joint while the sentence can still be said.
    let joints: &[&str] = if words(sentence) > LONGEST {
        &[", and ", ", but ", ", so ", "; ", ", "]
    } else {
        &[", and ", ", but ", ", so ", "; "]
    };
    for joint in joints {
        let cuts = sentence.match_indices(joint).map(|(at, _)| at);
        let fitting = cuts.filter(|at| (5..=BREATH).contains(&sentence.get(..*at).map_or(0, words))).last();
        let Some(at) = fitting else { continue };
        let (Some(head), Some(tail)) = (sentence.get(..at), sentence.get(at..)) else { continue };
        let tail = tail.trim_start_matches([',', ';', ' ']);
        let tail = sentence_case(tail.strip_prefix("and ").unwrap_or(tail));
        return std::iter::once(sentence_case(head)).chain(shorter(&tail)).collect();
    }
    if words(sentence) <= LONGEST {
        return vec![sentence.to_owned()];
    }
    let all: Vec<&str> = sentence.split_whitespace().collect();
    let (head, tail) = all.split_at(all.len() / 2);
    [head, tail].into_iter().flat_map(|half| shorter(&sentence_case(&half.join(" ")))).collect()
}
