//! Superlatives: "first", "only", "largest". NPR's accuracy checklist has them verified or cut; here an excerpt of the
//! line must say the same.
//!
//! Words of judgement and of the talk itself are left alone: "at least", "the best way", "the first part".

use std::collections::BTreeSet;

use super::text::{Word, position, sentences, shown, words};
use super::{CheckKind, Observation, Subject, observe};
use crate::domain::handoff::Severity;
use crate::domain::script::Line;

/// Superlatives of what can be measured, those that mean the same together.
const MEASURED: &[&[&str]] = &[
    &["largest", "biggest", "greatest"],
    &["smallest", "tiniest"],
    &["oldest", "earliest"],
    &["youngest", "newest"],
    &["tallest", "highest"],
    &["fastest", "quickest"],
    &["furthest", "farthest"],
    &["richest", "wealthiest"],
    &["longest"],
    &["shortest"],
    &["lowest"],
    &["slowest"],
    &["deepest"],
    &["strongest"],
    &["heaviest"],
    &["lightest"],
    &["poorest"],
    &["deadliest"],
    &["hottest"],
    &["coldest"],
    &["rarest"],
    &["brightest"],
    &["busiest"],
    &["best"],
    &["worst"],
];
/// Words that stand before a superlative of a thing.
const BEFORE: &[&str] = &["the", "its", "their", "our", "his", "her", "ever"];
/// Phrases that no measured thing is needed for.
const PHRASES: &[&str] = &[
    "of all time",
    "has ever",
    "have ever",
    "had ever",
    "unprecedented",
    "never before in",
    "than any other",
    "no other",
];
/// What "the first", "the only", "the best" and "the worst" say of the talk and not of the world.
const OF_TALK: &[&str] = &[
    "half",
    "part",
    "time",
    "thing",
    "things",
    "step",
    "place",
    "question",
    "draft",
    "few",
    "way",
    "ways",
    "reason",
    "problem",
    "point",
    "answer",
    "word",
    "words",
    "sentence",
    "line",
    "page",
    "note",
    "case",
    "guess",
    "we",
    "i",
    "you",
    "of",
    "one",
    "ones",
    "and",
    "or",
    "to",
    "that",
    "two",
    "three",
    "thought",
    "instinct",
    "difference",
    "honest",
    "source",
];
/// Words behind "the most" that make it no superlative.
const NO_QUALITY: &[&str] =
    &["of", "part", "i", "we", "you", "they", "people", "that", "it", "is", "was", "we've", "i've"];
/// People and bodies that are the first at something.
const FIRSTS: &[&str] = &[
    "person",
    "people",
    "woman",
    "man",
    "human",
    "humans",
    "country",
    "nation",
    "company",
    "team",
    "scientist",
    "city",
    "state",
    "known",
    "ever",
    "recorded",
    "in",
    "anyone",
];

/// A superlative of a text.
struct Found {
    /// Where it begins, in bytes.
    at: usize,
    /// The words that a source must have, each a way to say it.
    wanted: Vec<Vec<String>>,
    /// Whether the words alone tell that a source means the same thing.
    is_telling: bool,
}

/// Looks at every sentence; its second superlative goes with the first.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Observation>) {
    let excerpts: Vec<Vec<Word>> =
        subject.script.lines().flat_map(|line| &line.claims).map(|claim| words(&claim.excerpt)).collect();
    for line in subject.script.lines() {
        check_line(line, &excerpts, found);
    }
}

fn check_line(line: &Line, all: &[Vec<Word>], found: &mut Vec<Observation>) {
    let own: Vec<Vec<Word>> = line.claims.iter().map(|claim| words(&claim.excerpt)).collect();
    for sentence in sentences(&line.text) {
        let start = sentence.start;
        let inside = words(line.text.get(sentence).unwrap_or_default());
        let states = |excerpts: &[Vec<Word>], superlative: &Found| {
            excerpts.iter().any(|words| superlative.wanted.iter().any(|wanted| position(words, wanted).is_some()))
        };
        // A line of talk may take up what an earlier claim has stated.
        let is_borne_out =
            |it: &Found| states(&own, it) || (line.claims.is_empty() && it.is_telling && states(all, it));
        if let Some(superlative) = superlatives(&inside).iter().find(|it| !is_borne_out(it)) {
            let at = start + superlative.at;
            let said = superlative.wanted.first().map(|words| words.join(" ")).unwrap_or_default();
            let problem = format!("no excerpt of the line says `{}`", shown(&said));
            let wanted = "Cut the superlative: no passage of the package bears it out.".to_owned();
            found.push(observe::at(line, at, (CheckKind::Superlative, Severity::Major), problem, wanted));
        }
    }
}

fn superlatives(words: &[Word]) -> Vec<Found> {
    let key = |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", |word| word.key.as_str());
    let mut found: Vec<Found> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = key(at.checked_sub(1));
        let next = key(Some(at + 1));
        let is_of = |before: &str| BEFORE.contains(&before) || before.ends_with("'s");
        let mut push =
            |wanted: Vec<Vec<String>>, is_telling| found.push(Found { at: word.at.start, wanted, is_telling });
        match word.key.as_str() {
            "most" if before == "the" && !NO_QUALITY.contains(&next) && !next.is_empty() => {
                push(vec![vec!["most".to_owned(), next.to_owned()]], true);
            }
            "first" if before == "the" || before.ends_with("'s") => {
                let later: BTreeSet<&str> = (at + 2..at + 5).map(|at| key(Some(at))).collect();
                let is_deed = !OF_TALK.contains(&next) && later.contains("to");
                if FIRSTS.contains(&next) || next == "to" || is_deed {
                    let ways = ["first", "earliest", "oldest"].map(|way| vec![way.to_owned()]);
                    push(ways.to_vec(), false);
                }
            }
            "only" if (before == "the" || before.ends_with("'s")) && !OF_TALK.contains(&next) && !next.is_empty() => {
                push(["only", "sole", "single"].map(|way| vec![way.to_owned()]).to_vec(), false);
            }
            "best" | "worst" if is_of(before) && OF_TALK.contains(&next) => {}
            superlative if is_of(before) => {
                if let Some(group) = MEASURED.iter().find(|group| group.contains(&superlative)) {
                    let mut ways: Vec<Vec<String>> = vec![vec![superlative.to_owned()]];
                    ways.extend(group.iter().map(|way| vec![(*way).to_owned()]));
                    push(ways, true);
                }
            }
            _ => {}
        }
    }
    for phrase in PHRASES {
        let phrase = super::text::keys(phrase);
        if let Some(word) = position(words, &phrase).and_then(|at| words.get(at)) {
            found.push(Found { at: word.at.start, wanted: vec![phrase], is_telling: false });
        }
    }
    found.sort_by_key(|superlative| superlative.at);
    found
}
