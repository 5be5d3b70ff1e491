//! How an observation is put down, so that its quote is always words of its line.

use super::text::{around, sentence_at};
use super::{CheckKind, Observation};
use crate::domain::handoff::Severity;
use crate::domain::script::Line;

/// The most words that an observation quotes.
const QUOTED: usize = 12;

/// An observation at a place of a line, in bytes of its text.
pub(super) fn at(
    line: &Line,
    place: usize,
    (kind, severity): (CheckKind, Severity),
    problem: String,
    wanted: String,
) -> Observation {
    // Words of one sentence, so that what is quoted is what is meant.
    let sentence = sentence_at(&line.text, place);
    let text = line.text.get(sentence.clone()).unwrap_or_default();
    let quote = around(text, place.saturating_sub(sentence.start), QUOTED);
    // A line with a control character is a fault of form; it is not shown to anybody here.
    let is_plain = !quote.is_empty() && !quote.contains(char::is_control);
    Observation { kind, severity, line: Some(line.id), quote: is_plain.then(|| quote.to_owned()), problem, wanted }
}

/// An observation of the whole script.
pub(super) fn whole((kind, severity): (CheckKind, Severity), problem: String, wanted: String) -> Observation {
    Observation { kind, severity, line: None, quote: None, problem, wanted }
}
