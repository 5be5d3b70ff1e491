//! The material of a package: the sentences in it that can be spoken, each with its passage and its verbatim excerpt.
//!
//! Notes to whoever produces the episode stand in some packages beside the facts; they are left out while enough else
//! is there. Not for choosing: what is said where is decided by the plan and the draft.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{figures, runs, sentence_case, sentences, spoken, words};
use super::{examine, request::AuthorError};
use crate::domain::research::Research;
use crate::domain::script::Claim;

/// Sentences with fewer words say too little by themselves.
const FEWEST: usize = 9;
/// Sentences with more words cannot be followed by ear.
const MOST: usize = 28;
/// With fewer statements than this, notes are taken too.
const ENOUGH: usize = 16;

/// Words in the place of a passage that mark a note about the production.
const NOTES: &[&str] = &[
    "guidance",
    "production",
    "quality",
    "success_metrics",
    "handoff",
    "cross_episode",
    "narrative_weight",
    "budget",
    "narrative_application",
    "narrative_power",
    "teaching_philosophy",
    "tone_and",
    "emotional",
    "_integration.",
    "brand_alignment",
    "forward_momentum",
    "celebration_of_both",
    "humility_integration",
];

/// A sentence of the package that can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// The passage it stands in.
    pub(super) passage: String,
    /// The heading or path above it.
    pub(super) place: String,
    /// The words of the passage, verbatim.
    pub(super) excerpt: String,
    /// What is said: the excerpt as a sentence without markup.
    pub(super) said: String,
    /// Its words.
    pub(super) words: usize,
}

impl Statement {
    /// The claim that the statement makes.
    pub(super) fn claim(&self) -> Claim {
        Claim { source: self.passage.clone(), excerpt: self.excerpt.clone() }
    }

    /// Whether it holds a figure that a listener could get wrong.
    pub(super) fn has_figure(&self) -> bool {
        figures(&self.said).iter().any(|figure| figure.value.len() >= 2)
    }
}

/// The statements of a package, in its order, none of them twice.
pub(super) fn statements(research: &Research, avoid: &[String]) -> Result<Vec<Statement>, AuthorError> {
    let strict = gather(research, FEWEST, false, avoid);
    if strict.len() >= ENOUGH {
        return Ok(strict);
    }
    let wider = gather(research, FEWEST, true, avoid);
    if wider.len() >= ENOUGH {
        return Ok(wider);
    }
    let all = gather(research, 4, true, &[]);
    if all.is_empty() { Err(AuthorError::NothingToSay) } else { Ok(all) }
}

fn gather(research: &Research, fewest: usize, notes: bool, avoid: &[String]) -> Vec<Statement> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut found = Vec::new();
    for passage in &research.passages {
        let place = passage.place.to_lowercase();
        if !notes && NOTES.iter().any(|note| place.contains(note)) {
            continue;
        }
        for sentence in sentences(&passage.text) {
            for excerpt in pieces(sentence) {
                let said = sentence_case(&spoken(excerpt));
                let count = words(&said);
                let lower = said.to_lowercase();
                let is_statement = (fewest..=MOST).contains(&count)
                    && !lower.contains("http")
                    && !lower.contains("research conducted")
                    && said.chars().any(char::is_lowercase)
                    && sentences(&said).len() == 1
                    && !avoid.iter().any(|phrase| !phrase.is_empty() && lower.contains(&phrase.to_lowercase()));
                let own = runs(&said, count.min(8));
                if !is_statement || own.iter().any(|run| seen.contains(run)) {
                    continue;
                }
                let statement = Statement {
                    passage: passage.id.clone(),
                    place: passage.place.clone(),
                    excerpt: excerpt.to_owned(),
                    said,
                    words: count,
                };
                if examine::faults_of(&statement.said, &[statement.claim()]).is_empty() {
                    seen.extend(own);
                    found.push(statement);
                }
            }
        }
    }
    found
}

/// A sentence, or its parts at semicolons and dashes where it is too long to be said in one breath.
fn pieces(sentence: &str) -> Vec<&str> {
    if words(sentence) <= MOST {
        return vec![sentence];
    }
    sentence.split([';', '—']).map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

/// The topic as it is said: up to a dash, without years, brackets and markup.
pub(super) fn topic(research: &Research) -> String {
    let head = research.topic.split(" - ").next().unwrap_or_default();
    let head = head.split(" — ").next().unwrap_or_default();
    let kept: Vec<String> = spoken(head)
        .split_whitespace()
        .filter(|word| !word.contains(|c: char| c.is_ascii_digit()))
        .take(12)
        .map(str::to_owned)
        .collect();
    let kept = kept.join(" ");
    let kept = kept.trim_end_matches(['.', ',', ':', ';', '-', '?', '!', ' ']);
    if kept.is_empty() { "an open question".to_owned() } else { kept.to_owned() }
}

/// A place as a heading that can be said: without numbering, years and markup; the last name of a JSON path.
pub(super) fn heading(place: &str) -> String {
    let is_path = !place.contains(' ') && place.contains(['.', '_', '[']);
    let last = if is_path { place.rsplit('.').next().unwrap_or(place) } else { place };
    let head = last.split([':', '(', '[']).next().unwrap_or(last);
    let kept: Vec<String> = spoken(head)
        .split_whitespace()
        .filter(|word| !word.contains(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect();
    let kept = kept.join(" ");
    let kept = kept.trim_matches([' ', '.', ',', '-', '&', ':']);
    if kept.is_empty() { "the background".to_owned() } else { kept.to_owned() }
}

/// Words that the package comes back to, the most frequent first: what a conversation can take up.
pub(super) fn keywords(statements: &[Statement]) -> Vec<String> {
    const COMMON: &[&str] = &[
        "about",
        "after",
        "billion",
        "dozen",
        "hundred",
        "million",
        "percent",
        "thousand",
        "again",
        "against",
        "because",
        "before",
        "between",
        "could",
        "during",
        "enabling",
        "first",
        "including",
        "other",
        "their",
        "there",
        "these",
        "those",
        "through",
        "under",
        "using",
        "which",
        "while",
        "would",
        "within",
        "without",
        "still",
        "where",
        "being",
        "since",
        "until",
        "should",
        "might",
        "every",
        "across",
        "among",
        "largest",
        "greatest",
        "biggest",
        "highest",
        "latest",
        "largely",
        "itself",
        "showed",
        "became",
    ];
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for statement in statements {
        for word in statement.said.split_whitespace() {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            let is_plain = word.chars().count() >= 6 && word.chars().all(char::is_alphabetic);
            let is_verbal = ["ed", "ing", "ly", "ive", "ous"].iter().any(|end| word.ends_with(end));
            if is_plain && !is_verbal && !COMMON.contains(&word.as_str()) {
                *counts.entry(word).or_default() += 1;
            }
        }
    }
    let mut ranked: Vec<(String, usize)> = counts.into_iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut kept: Vec<String> = ranked.into_iter().take(48).map(|(word, _)| word).collect();
    if kept.is_empty() {
        kept.push("evidence".to_owned());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::research::read;

    const PACKAGE: &str = "# Tides 2025 - a package\n\n## 1. Old mills (2020)\n\
        - La Rance opened in 1966 and it still runs on the same turbines today [1].\n\
        - Fewer than <30 of the old mills are left along that whole coast.\n\
        - Short one.\n\
        - La Rance opened in 1966 and it still runs on the same turbines today [1].\n\n[1] https://example.org\n";

    #[test]
    fn statements_keep_their_passage_and_a_verbatim_excerpt() {
        let research = read(PACKAGE.as_bytes()).unwrap();
        let found = statements(&research, &[]).unwrap();
        assert!(found.len() >= 2, "{found:?}");
        for statement in &found {
            let passage = research.passages.iter().find(|passage| passage.id == statement.passage).unwrap();
            assert!(passage.text.contains(&statement.excerpt));
            assert!(!statement.said.contains('<'));
        }
        assert_eq!(found.iter().filter(|statement| statement.said.starts_with("La Rance")).count(), 1);
        assert!(found[0].has_figure());
        assert_eq!(topic(&research), "Tides");
        assert_eq!(heading(&found[0].place), "Old mills");
        assert_eq!(heading("a.what_we_know[0]"), "what we know");
    }

    #[test]
    fn a_package_without_a_sentence_is_refused() {
        let research = Research::default();
        assert_eq!(statements(&research, &[]), Err(AuthorError::NothingToSay));
        assert_eq!(topic(&research), "an open question");
        assert_eq!(keywords(&[]), ["evidence"]);
    }
}
