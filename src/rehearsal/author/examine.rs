//! What can be wrong with a script, found by really looking: at its lines, at their claims, at the package, at the lines
//! before and after.
//!
//! The judges, the arbiter and the final reviewer report what is found here, and the reviser mends it. Nothing marks a fault:
//! a line that any hand has mended is no longer found. Not for how a fault came to be there: that is in `plants`.

mod facts;
mod shape;
mod voice;
mod words;

use super::request::Show;
use super::text::{around, sentences};
use crate::domain::handoff::FaultKind;
use crate::domain::ids::LineId;
use crate::domain::research::Research;
use crate::domain::script::{Claim, Line, Script};

pub(super) use self::facts::{HARDENED, aligned, is_year, mismatches, superlatives};
pub(super) use self::voice::{LONGEST, TERMS};
pub(super) use self::words::{is_computed, is_remedy, means};

/// The most words that a finding quotes.
const QUOTED: usize = 12;

/// A fault in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What kind of fault it is.
    pub(super) kind: FaultKind,
    /// Words of the line that show it.
    pub(super) quote: String,
    /// The sentence it stands in.
    pub(super) sentence: String,
    /// Where in the sentence the wrong words begin, in bytes.
    pub(super) at: usize,
    /// The wrong words, or what they are about.
    pub(super) said: String,
    /// What should stand there, where the source says it.
    pub(super) sourced: Option<String>,
    /// The claim that tells it.
    pub(super) claim: Option<Claim>,
}

impl Fault {
    fn new(kind: FaultKind, sentence: &str, at: usize, said: impl Into<String>) -> Self {
        let quote = around(sentence, at, QUOTED).to_owned();
        Self { kind, quote, sentence: sentence.to_owned(), at, said: said.into(), sourced: None, claim: None }
    }
}

/// Looks at scripts with what it knows of show and package.
#[derive(Clone, Debug, Default)]
pub(super) struct Examiner {
    /// Phrases that the show does not use, in lower case.
    avoid: Vec<String>,
    /// The texts of the package's passages.
    passages: Vec<String>,
}

impl Examiner {
    /// One that knows a show and a package.
    pub(super) fn new(show: &Show, research: &Research) -> Self {
        // Some entries describe a habit and are no words that could be found.
        let is_phrase =
            |phrase: &&String| (1..=4).contains(&phrase.split_whitespace().count()) && !phrase.contains(',');
        Self {
            avoid: show.brand.avoid.iter().filter(is_phrase).map(|phrase| phrase.to_lowercase()).collect(),
            passages: research.passages.iter().map(|passage| passage.text.clone()).collect(),
        }
    }

    /// The faults of a script in the order of its lines, at most one of a kind in a line.
    pub(super) fn faults(&self, script: &Script) -> Vec<(LineId, Fault)> {
        let mut all: Vec<(LineId, Fault)> = Vec::new();
        for line in script.lines() {
            all.extend(self.of_line(line).into_iter().map(|fault| (line.id, fault)));
        }
        all.extend(shape::faults(script));
        let order: std::collections::BTreeMap<LineId, usize> = script.lines().map(|line| line.id).zip(0..).collect();
        // A stable order: what a line shows by itself stands before what it shows among the others.
        all.sort_by_key(|(line, fault)| (order.get(line).copied(), fault.kind));
        all.dedup_by(|later, earlier| later.0 == earlier.0 && later.1.kind == earlier.1.kind);
        all
    }

    /// The faults of one line of a script.
    pub(super) fn at(&self, script: &Script, line: LineId) -> Vec<Fault> {
        self.faults(script).into_iter().filter(|(at, _)| *at == line).map(|(_, fault)| fault).collect()
    }

    /// What a line shows by itself.
    fn of_line(&self, line: &Line) -> Vec<Fault> {
        let mut found = faults_of(&line.text, &line.claims);
        for sentence in sentences(&line.text) {
            facts::quotations(sentence, &line.claims, &self.passages, &mut found);
            voice::brand(sentence, &line.claims, &self.avoid, &mut found);
        }
        found
    }
}

/// The faults of a text that makes some claims, as far as they show without show and package.
pub(super) fn faults_of(text: &str, claims: &[Claim]) -> Vec<Fault> {
    let mut found = Vec::new();
    facts::figures_of(text, claims, &mut found);
    for sentence in sentences(text) {
        facts::sentence(sentence, claims, &mut found);
        voice::sentence(sentence, claims, &mut found);
    }
    found
}

/// Whether words in lower case stand in an excerpt.
fn is_sourced(words: &str, claims: &[Claim]) -> bool {
    claims.iter().any(|claim| claim.excerpt.to_lowercase().contains(words))
}

/// The first of some phrases in a sentence that no excerpt has, and where.
fn phrase(sentence: &str, claims: &[Claim], phrases: &[&'static str]) -> Option<(usize, &'static str)> {
    // The same length as the sentence, so that a place in one is a place in the other.
    let lower = sentence.to_ascii_lowercase();
    let mut found: Vec<(usize, &'static str)> =
        phrases.iter().filter_map(|phrase| lower.find(phrase).map(|at| (at, *phrase))).collect();
    found.sort_unstable();
    found.into_iter().find(|(_, phrase)| !is_sourced(phrase, claims))
}

#[cfg(test)]
mod tests;
