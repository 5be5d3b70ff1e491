//! Quotations: words in quotation marks must stand in the package, letter for letter but for case and closing marks.
//!
//! Titles, single words in doubt, and what somebody might say are no quotations. Single quotation marks are not read:
//! they are apostrophes too.

use std::cell::OnceCell;
use std::ops::Range;

use super::text::{keys, sentence_at, shown, words};
use super::{CheckKind, Observation, Subject, observe};
use crate::domain::handoff::Severity;
use crate::domain::script::Line;

/// From so many words on, words in quotation marks are a quotation although nobody is named.
const UNATTRIBUTED: usize = 4;
/// Words right before a quotation that say it is somebody's.
const SAYING: &[&str] = &["said", "says", "wrote", "writes", "told", "argued", "argues", "replied", "declared"];
/// Words in a sentence by which what is quoted was never said.
const SUPPOSED: &[&str] =
    &["might", "would", "could", "imagine", "suppose", "if", "pretend", "i'd", "you'd", "called", "titled"];

/// Looks at every line; without a package there is nothing to look a quotation up in.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Observation>) {
    let Some(research) = subject.research else { return };
    let passages = OnceCell::new();
    let read = || passages.get_or_init(|| research.passages.iter().map(|passage| compared(&passage.text)).collect());
    for line in subject.script.lines() {
        for at in quoted(&line.text) {
            check_one(line, &at, read, found);
        }
    }
}

fn check_one<'a>(line: &Line, at: &Range<usize>, passages: impl Fn() -> &'a Vec<String>, found: &mut Vec<Observation>) {
    let quote = line.text.get(at.clone()).unwrap_or_default();
    let before = line.text.get(..at.start).unwrap_or_default();
    let lead = words(before);
    let is_said = lead.iter().rev().take(3).any(|word| SAYING.contains(&word.key.as_str()));
    let length = keys(quote).len();
    let sentence = line.text.get(sentence_at(&line.text, at.start)).unwrap_or_default();
    let lead_in: String = sentence.split(['“', '"']).next().unwrap_or_default().to_owned();
    let is_supposed = keys(&lead_in).iter().any(|key| SUPPOSED.contains(&key.as_str()));
    if length == 0 || (!is_said && length < UNATTRIBUTED) || is_supposed || is_title(quote) {
        return;
    }
    let pieces: Vec<String> = quote.split("...").flat_map(|piece| piece.split('…')).map(compared).collect();
    // A passage has every excerpt that is one, so that the package is all there is to look in.
    let stands = |piece: &String| piece.is_empty() || passages().iter().any(|text| is_in(piece, text));
    if !pieces.iter().all(stands) {
        let problem = format!("`{}` stands in no passage of the package in these words", shown(quote));
        let wanted = "Quote the source verbatim, or tell in our own words what it says.".to_owned();
        found.push(observe::at(line, at.start, (CheckKind::Quotation, Severity::Blocker), problem, wanted));
    }
}

/// What stands between the double quotation marks of a text, in bytes. An opening mark without its other opens nothing.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(char, usize)> = None;
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        match (c, open) {
            ('”', Some(('“', from))) | ('"', Some(('"', from))) => {
                found.push(from..at);
                open = None;
            }
            ('“', _) => open = Some((c, at + c.len_utf8())),
            // After a digit it is inches.
            ('"', None) if !last.is_alphanumeric() => open = Some((c, at + 1)),
            _ => {}
        }
        last = c;
    }
    found
}

/// Text as quotations are compared: folded white space and apostrophes, in lower case, without marks at its ends.
fn compared(text: &str) -> String {
    let plain = text.replace(['’', '‘'], "'").replace(['“', '”'], "\"").to_lowercase();
    let folded = crate::domain::accept::form::folded(&plain);
    folded.trim_matches(|c: char| !c.is_alphanumeric() && c != '%').to_owned()
}

/// Whether a piece stands in a text as whole words.
fn is_in(piece: &str, text: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(piece).any(|(at, found)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + found.len()..).unwrap_or_default());
        is_edge(before.chars().next_back()) && is_edge(after.chars().next())
    })
}

/// Whether words are a title: each of four letters or more has a capital, and there are at least two such words.
fn is_title(quote: &str) -> bool {
    let long: Vec<&str> = quote.split_whitespace().filter(|word| word.chars().count() >= 4).collect();
    long.len() >= 2 && long.iter().all(|word| word.trim_start_matches(['“', '"', '(']).starts_with(char::is_uppercase))
}
