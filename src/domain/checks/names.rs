//! Names: a proper noun that neither the package nor the plan knows may be invented, and a voice has to say it.
//!
//! A proper noun is told by its capital within a sentence. Not for how a name is pronounced.

use std::collections::BTreeSet;

use super::numbers::month;
use super::text::{sentences, shown, words};
use super::{CheckKind, Observation, Subject, observe};
use crate::domain::handoff::Severity;

/// Capitalised words that name nobody.
const COMMON: &[&str] = &[
    "ai",
    "i'm",
    "i've",
    "i'd",
    "i'll",
    "ok",
    "okay",
    "tv",
    "uk",
    "us",
    "eu",
    "un",
    "dna",
    "mr",
    "mrs",
    "ms",
    "dr",
    "prof",
    "earth",
    "moon",
    "sun",
    "god",
    "internet",
    "english",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "christmas",
    "easter",
];

/// Looks for names, each told once at its first place.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Observation>) {
    let Some(research) = subject.research else { return };
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut learn = |text: &str| {
        for word in words(text) {
            known.insert(base(&word.key).to_owned());
        }
    };
    learn(&research.topic);
    research
        .passages
        .iter()
        .for_each(|passage| [&passage.text, &passage.place].into_iter().for_each(|text| learn(text)));
    research.sources.iter().for_each(|source| learn(&source.text));
    if let Some(plan) = subject.plan {
        learn(&plan.title);
        learn(&plan.arc);
        plan.segments.iter().for_each(|s| [&s.title, &s.purpose, &s.id].into_iter().for_each(|text| learn(text)));
    }
    let script = subject.script;
    learn(&script.title);
    script.segments.iter().for_each(|segment| learn(&segment.title));
    script.lines().for_each(|line| learn(&line.speaker));
    let rules = subject.guardrails;
    rules
        .names
        .iter()
        .chain(&rules.required)
        .chain(&rules.disclosure)
        .chain(&rules.samples)
        .for_each(|text| learn(text));
    // A word that is written small elsewhere is a word and no name.
    for line in script.lines() {
        for word in words(&line.text) {
            if line.text.get(word.at.clone()).is_some_and(|raw| raw.starts_with(char::is_lowercase)) {
                known.insert(base(&word.key).to_owned());
            }
        }
    }
    for line in script.lines() {
        for sentence in sentences(&line.text) {
            let text = line.text.get(sentence.clone()).unwrap_or_default();
            let mut last: Option<usize> = None;
            for (nth, word) in words(text).into_iter().enumerate() {
                let raw = text.get(word.at.clone()).unwrap_or_default();
                let lead = text.get(..word.at.start).unwrap_or_default();
                // What a colon, a dash or a quotation mark opens begins with a capital too.
                let opens = nth == 0 || lead.trim_end().ends_with([':', '“', '"', '(', '—', '–', '…', '?', '!', '.']);
                let key = base(&word.key);
                let is_name = !opens
                    && raw.starts_with(char::is_uppercase)
                    && raw.chars().filter(|c| c.is_alphabetic()).count() >= 2
                    && raw.chars().all(|c| !c.is_numeric())
                    && !COMMON.contains(&word.key.as_str())
                    && month(key).is_none()
                    && !known.contains(key);
                if !is_name {
                    continue;
                }
                known.insert(key.to_owned());
                // The second part of a name goes with the first.
                if last.replace(nth).is_some_and(|last| last + 1 == nth) {
                    continue;
                }
                let problem = format!("the package does not know the name {}", shown(raw));
                let wanted = "Check the name and how it is said, or leave it out.".to_owned();
                let weight = (CheckKind::Name, Severity::Minor);
                found.push(observe::at(line, sentence.start + word.at.start, weight, problem, wanted));
            }
        }
    }
}

/// A word without the mark of its possessive.
fn base(key: &str) -> &str {
    key.strip_suffix("'s").or_else(|| key.strip_suffix('\'')).unwrap_or(key)
}
