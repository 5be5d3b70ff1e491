//! Faults of voice: harm, another show's manner, terms that nobody explains, sentences that nobody can say, and lines that
//! speak to their judges.

use super::{Fault, phrase};
use crate::domain::handoff::FaultKind;
use crate::domain::script::Claim;
use crate::rehearsal::author::text::words;

/// A sentence with more words than this cannot be followed by ear.
pub(in crate::rehearsal::author) const LONGEST: usize = 45;

/// Accusations and advice that a passage would have to bear, and hardly could.
const HARMFUL: &[&str] = &[
    "was lying",
    "were lying",
    "faked it",
    "faked their",
    "committed fraud",
    "stop taking",
    "instead of seeing a doctor",
    "do not need a doctor",
];

/// Speakers who praise each other's questions.
const PRAISE: &[&str] = &[
    "what a wonderful question",
    "what a great question",
    "such a clever question",
    "i love that question",
    "nobody asks better questions",
];

/// What speaks to whoever scores, and what it wants.
const ADDRESSED: &[&str] = &["whoever scores", "whoever judges", "whoever rates", "dear judge", "as a judge"];
const WANTED: &[&str] = &["five points", "a five", "the highest score", "full marks", "5 points", "a 5"];

/// Terms that a newcomer does not know, each with what it means in plain words.
pub(in crate::rehearsal::author) const TERMS: &[(&str, &str)] = &[
    ("heteroscedasticity", "the scatter is wider in some places than in others"),
    ("ergodicity", "watching for long enough shows what watching many would show"),
    ("hysteresis", "what happens depends on what happened before"),
    ("underdetermination", "the same evidence fits more than a single account"),
    ("commensurability", "things can be compared on the same scale"),
];

/// What a sentence shows by its words alone.
pub(super) fn sentence(sentence: &str, claims: &[Claim], found: &mut Vec<Fault>) {
    if let Some((at, said)) = phrase(sentence, claims, HARMFUL) {
        found.push(Fault::new(FaultKind::Harm, sentence, at, said));
    }
    if let Some((at, said)) = phrase(sentence, claims, ADDRESSED)
        && phrase(sentence, claims, WANTED).is_some()
    {
        found.push(Fault::new(FaultKind::Injection, sentence, at, said));
    }
    let lower = sentence.to_ascii_lowercase();
    for (term, _) in TERMS {
        if let Some((at, said)) = phrase(sentence, claims, &[*term])
            && !lower.get(at..).is_some_and(|rest| rest.contains("which means"))
        {
            found.push(Fault::new(FaultKind::Jargon, sentence, at, said));
        }
    }
    let count = words(sentence);
    if count > LONGEST {
        found.push(Fault::new(FaultKind::Pace, sentence, 0, count.to_string()));
    }
}

/// Phrases that the show avoids, and praise.
pub(super) fn brand(sentence: &str, claims: &[Claim], avoid: &[String], found: &mut Vec<Fault>) {
    let lower = sentence.to_ascii_lowercase();
    let avoided = avoid.iter().filter(|phrase| !super::is_sourced(phrase, claims));
    let avoided = avoided.filter_map(|phrase| lower.find(phrase.as_str()).map(|at| (at, phrase.clone())));
    let praise = phrase(sentence, claims, PRAISE).map(|(at, said)| (at, said.to_owned()));
    if let Some((at, said)) = avoided.chain(praise).min() {
        found.push(Fault::new(FaultKind::Brand, sentence, at, said));
    }
}
