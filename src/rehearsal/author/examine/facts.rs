//! Faults of fact: figures, dates, names, quotations, superlatives, statements without a source, and more certainty than
//! the source has.

use std::collections::BTreeSet;

use super::{Fault, phrase};
use crate::domain::accept::is_verbatim;
use crate::domain::handoff::FaultKind;
use crate::domain::script::Claim;
use crate::rehearsal::author::phrases::HEDGES;
use crate::rehearsal::author::text::{figures, sentence_case, sentences, spoken};

/// The beginnings of superlatives that need a source.
const SUPERLATIVES: &[&str] = &[
    "the most ",
    "the greatest",
    "the biggest",
    "the largest",
    "the best ",
    "of all time",
    "has ever",
    "have ever",
    "had ever",
    "unprecedented",
];

/// Words by which a source is careful, each with the word that takes the care away.
pub(in crate::rehearsal::author) const HARDENED: &[(&str, &str)] = &[
    ("may", "will"),
    ("might", "will"),
    ("suggests", "proves"),
    ("suggest", "prove"),
    ("suggested", "proved"),
    ("indicates", "proves"),
    ("indicate", "prove"),
    ("indicated", "proved"),
    ("probably", "certainly"),
    ("possibly", "certainly"),
    ("perhaps", "certainly"),
    ("believed", "known"),
    ("likely", "certain"),
];

/// Phrases of certainty that a source must have itself.
const CERTAIN: &[&str] = &["beyond any doubt", "proves it", "settles the matter", "is certain now", "it is proved"];

/// Who finds something and what they do with it: a report of a result, which needs a source.
const REPORTED: &[&str] = &[
    "survey found",
    "survey confirmed",
    "study found",
    "study confirmed",
    "study showed",
    "experiment showed",
    "experiment confirmed",
    "researchers found",
    "researchers confirmed",
    "laboratory confirmed",
];

/// The fewest words in quotation marks that are somebody's words and not a term.
const QUOTATION: usize = 3;

/// Figures and dates that no excerpt of the text has.
pub(super) fn figures_of(text: &str, claims: &[Claim], found: &mut Vec<Fault>) {
    for wrong in mismatches(text, claims) {
        let mut from = 0;
        for sentence in sentences(text) {
            let Some(start) = text.get(from..).and_then(|rest| rest.find(sentence)).map(|at| from + at) else {
                continue;
            };
            from = start + sentence.len();
            if (start..from).contains(&wrong.at) {
                let kind = if is_year(&wrong.said) { FaultKind::Date } else { FaultKind::Figure };
                let sourced = wrong.sourced.clone();
                let tells = |claim: &&Claim| sourced.as_ref().is_some_and(|figure| claim.excerpt.contains(figure));
                let claim = claims.iter().find(tells).or(claims.first()).cloned();
                let fault = Fault::new(kind, sentence, wrong.at - start, wrong.said.clone());
                found.push(Fault { sourced, claim, ..fault });
                break;
            }
        }
    }
}

/// Whether a figure is that of a year.
pub(in crate::rehearsal::author) fn is_year(figure: &str) -> bool {
    figure.len() == 4 && figure.parse::<u16>().is_ok_and(|year| (1_000..=2_100).contains(&year))
}

/// What a sentence shows against the claims of its line.
pub(super) fn sentence(sentence: &str, claims: &[Claim], found: &mut Vec<Fault>) {
    let lower = sentence.to_ascii_lowercase();
    if let Some((at, word)) = phrase(sentence, claims, SUPERLATIVES) {
        found.push(Fault::new(FaultKind::Superlative, sentence, at, word.trim()));
    }
    if claims.is_empty() {
        let reported = phrase(sentence, claims, REPORTED).map(|(at, words)| (at, words.to_owned()));
        let counted = figures(sentence).into_iter().next().map(|figure| (figure.at.start, figure.value));
        if let Some((at, said)) = reported.or(counted) {
            found.push(Fault::new(FaultKind::Unsourced, sentence, at, said));
        }
        return;
    }
    if let Some((at, words)) = phrase(sentence, claims, CERTAIN) {
        found.push(Fault::new(FaultKind::Overclaim, sentence, at, words));
    }
    let is_hedged = HEDGES.iter().any(|hedge| lower.starts_with(&hedge.to_ascii_lowercase()));
    for claim in claims {
        for swap in aligned(sentence, claim).unwrap_or_default() {
            let careful = HARDENED.iter().any(|(hedge, _)| *hedge == swap.sourced);
            let kind = if careful && !is_hedged && !HARDENED.iter().any(|(hedge, _)| *hedge == swap.said) {
                FaultKind::Overclaim
            } else if swap.nth > 0 && is_name(&swap.said) && is_name(&swap.sourced) {
                FaultKind::Name
            } else {
                continue;
            };
            let fault = Fault::new(kind, sentence, swap.at, swap.said);
            found.push(Fault { sourced: Some(swap.sourced), claim: Some(claim.clone()), ..fault });
        }
    }
}

fn is_name(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase) && word.chars().all(char::is_alphabetic)
}

/// Words in somebody's mouth that stand in no excerpt and no passage.
pub(super) fn quotations(sentence: &str, claims: &[Claim], passages: &[String], found: &mut Vec<Fault>) {
    let mut rest = 0;
    while let Some((at, quoted, next)) = quoted(sentence, rest) {
        rest = next;
        let words = quoted.trim_end_matches(['.', ',', '!', '?']);
        let excerpts = claims.iter().map(|claim| claim.excerpt.as_str());
        let mut sources = passages.iter().map(String::as_str).chain(excerpts);
        let is_said = sources.any(|source| is_verbatim(words, source) || is_verbatim(words, &spoken(source)));
        if words.split_whitespace().count() >= QUOTATION && !is_said {
            found.push(Fault::new(FaultKind::Quotation, sentence, at, words));
        }
    }
}

/// The next words in double quotation marks: where they begin, they, and where to read on.
fn quoted(text: &str, from: usize) -> Option<(usize, &str, usize)> {
    let rest = text.get(from..)?;
    let (open, mark) = rest.char_indices().find(|(_, c)| matches!(c, '"' | '“'))?;
    let start = open + mark.len_utf8();
    let end = start + rest.get(start..)?.find(['"', '”'])?;
    let close = rest.get(end..)?.chars().next()?.len_utf8();
    Some((from + start, rest.get(start..end)?, from + end + close))
}

/// A word of a sentence that is another in its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rehearsal::author) struct Swap {
    /// Which word of the source it is.
    nth: usize,
    /// Where the sentence has it, in bytes.
    at: usize,
    /// The word of the sentence.
    said: String,
    /// The word of the source.
    sourced: String,
}

/// Lays a sentence beside the excerpt of a claim: the words that differ, or nothing where it is another sentence.
pub(in crate::rehearsal::author) fn aligned(sentence: &str, claim: &Claim) -> Option<Vec<Swap>> {
    let source = sentence_case(&spoken(&claim.excerpt));
    let (said, sourced) = (placed(sentence), placed(&source));
    let length = sourced.len();
    let spare = said.len().checked_sub(length).filter(|_| length >= 4)?;
    let beside = |skip: usize| {
        let pairs = said.iter().skip(skip).zip(&sourced).enumerate();
        let swaps: Vec<Swap> = pairs
            .filter(|(_, (said, sourced))| !said.1.eq_ignore_ascii_case(sourced.1))
            .map(|(nth, (said, sourced))| Swap {
                nth,
                at: said.0,
                said: said.1.to_owned(),
                sourced: sourced.1.to_owned(),
            })
            .collect();
        (swaps.len() <= (length / 5).max(1)).then_some(swaps)
    };
    // Words may stand before what the source says, or after it.
    let ways = [beside(0), beside(spare)];
    ways.into_iter().flatten().min_by_key(Vec::len)
}

/// The words of a text without the marks around them, each with its place.
fn placed(text: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut from = 0;
    for word in text.split_whitespace() {
        let Some(at) = text.get(from..).and_then(|rest| rest.find(word)).map(|at| from + at) else { continue };
        from = at + word.len();
        let bare = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        let start = at + (word.len() - bare.len());
        words.push((start, bare.trim_end_matches(|c: char| !c.is_alphanumeric())));
    }
    words
}

/// A figure in a text that none of its excerpts has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rehearsal::author) struct Mismatch {
    /// Where it begins, in bytes.
    pub(in crate::rehearsal::author) at: usize,
    /// The figure as the text has it.
    pub(in crate::rehearsal::author) said: String,
    /// The figure of the excerpts that the text lacks at this place.
    pub(in crate::rehearsal::author) sourced: Option<String>,
}

/// The figures of a text that its excerpts do not bear out. Without claims there is nothing to hold them against.
pub(in crate::rehearsal::author) fn mismatches(text: &str, claims: &[Claim]) -> Vec<Mismatch> {
    if claims.is_empty() {
        return Vec::new();
    }
    let said = figures(text);
    let here: BTreeSet<&str> = said.iter().map(|figure| figure.value.as_str()).collect();
    let raw = |excerpt: &str, at: std::ops::Range<usize>| excerpt.get(at).unwrap_or_default().to_owned();
    let mut sourced: Vec<(String, String)> = Vec::new();
    for claim in claims {
        for figure in figures(&claim.excerpt) {
            sourced.push((figure.value, raw(&claim.excerpt, figure.at)));
        }
    }
    let mut missing = sourced.iter().filter(|(value, _)| !here.contains(value.as_str())).map(|(_, raw)| raw.clone());
    said.iter()
        .filter(|figure| !sourced.iter().any(|(value, _)| *value == figure.value))
        .map(|figure| Mismatch { at: figure.at.start, said: raw(text, figure.at.clone()), sourced: missing.next() })
        .collect()
}

/// The superlatives of a text: where each begins, in bytes of the text in lower case, and which it is.
pub(in crate::rehearsal::author) fn superlatives(text: &str) -> Vec<(usize, &'static str)> {
    let lower = text.to_lowercase();
    let mut found: Vec<(usize, &'static str)> =
        SUPERLATIVES.iter().filter_map(|word| lower.find(word).map(|at| (at, *word))).collect();
    found.sort_unstable();
    found
}
