//! A text cut into words, digits and marks, each with its place.

use std::ops::Range;

use super::ONE;

/// What an atom is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, with apostrophes inside.
    Word,
    /// Digits, with separators inside.
    Digits,
    /// One other character that is no white space.
    Mark,
}

/// A piece of text that is read as one.
#[derive(Clone, Debug)]
pub(super) struct Atom<'a> {
    /// Where it stands, in bytes.
    pub(super) at: Range<usize>,
    /// Its text.
    pub(super) text: &'a str,
    /// Its text in lower case.
    pub(super) key: String,
    /// What it is made of.
    pub(super) kind: Kind,
    /// Whether it follows on the one before it without white space.
    pub(super) glued: bool,
}

/// The separators of thousands that are white space: they join three digits to those before.
const NARROW: &[char] = &['\u{a0}', '\u{202f}', '\u{2009}'];

/// The atoms of a text, in order.
pub(super) fn read(text: &str) -> Vec<Atom<'_>> {
    let mut found: Vec<Atom<'_>> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(first) = rest.chars().next()
    {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = if first.is_ascii_digit() {
            (Kind::Digits, digits(rest))
        } else if first.is_alphanumeric() {
            (Kind::Word, word(rest))
        } else {
            (Kind::Mark, first.len_utf8())
        };
        let piece = rest.get(..length).unwrap_or_default();
        let glued = found.last().is_some_and(|last| last.at.end == at);
        found.push(Atom { at: at..at + length, text: piece, key: piece.to_lowercase(), kind, glued });
        at += length;
    }
    found
}

/// The length of the letters at the start of a text; an apostrophe before a letter is one of them.
fn word(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let joins = matches!(c, '\'' | '’') && chars.peek().is_some_and(|(_, next)| next.is_alphabetic());
        if c.is_ascii_digit() || !(c.is_alphanumeric() || joins) {
            return at;
        }
    }
    text.len()
}

/// The length of the digits at the start of a text: a point before a digit and a separator before three belong to them.
fn digits(text: &str) -> usize {
    let mut end = 0;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let run = run(rest);
        end += run;
        let after = rest.get(run..).unwrap_or_default();
        let Some(mark) = after.chars().next() else { return end };
        let behind = self::run(after.get(mark.len_utf8()..).unwrap_or_default());
        let joins = (mark == '.' && behind > 0) || ((mark == ',' || NARROW.contains(&mark)) && behind == 3);
        if !joins {
            return end;
        }
        end += mark.len_utf8();
    }
}

fn run(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The value of digits in billionths; nothing where they are no number or one beyond all talk.
pub(super) fn value(digits: &str) -> Option<u128> {
    let plain: String = digits.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    if whole.len() > 18 || fraction.contains('.') {
        return None;
    }
    let billionths: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Some(whole.parse::<u128>().ok()? * ONE + billionths.parse::<u128>().ok()?)
}
