//! Reading text: sentences, words, figures, and a spoken form without markup.
//!
//! Shared by the writer and the judges, so that both mean the same by a sentence. Not for sounds.

use std::ops::Range;

/// Words after which a full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "e.g.", "i.e.", "dr.", "mr.", "mrs.", "ms.", "prof.", "st.", "vs.", "etc.", "approx.", "ca.", "no.", "fig.", "al.",
];

/// The words of a text, as `wc -w` counts them.
pub(super) fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The sentences of a text, each a slice of it without white space around it.
///
/// A sentence ends at `.`, `!` or `?` (and closing marks behind it) before white space and a character that can begin
/// one, unless the word is an abbreviation or a single letter.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !matches!(c, '.' | '!' | '?' | '…') {
            continue;
        }
        let mut end = at + c.len_utf8();
        while let Some((next, mark)) = chars.peek().copied() {
            if !matches!(mark, '.' | '!' | '?' | '"' | '\'' | ')' | '”' | '’') {
                break;
            }
            end = next + mark.len_utf8();
            chars.next();
        }
        let (Some(sentence), Some(rest)) = (text.get(start..end), text.get(end..)) else { break };
        let begins = rest.trim_start().chars().next();
        let is_gap = rest.starts_with(char::is_whitespace);
        let last = sentence.split_whitespace().next_back().unwrap_or_default().to_lowercase();
        let bare = last.trim_start_matches(['(', '"', '\'', '“']);
        let is_short = ABBREVIATIONS.contains(&bare) || (bare.chars().count() == 2 && bare.ends_with('.'));
        if is_gap && !is_short && begins.is_some_and(|c| !c.is_lowercase()) {
            found.push(sentence.trim());
            start = end;
        }
    }
    found.push(text.get(start..).unwrap_or_default().trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// A figure in a text: digits, with separators inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figure {
    /// Where it stands, in bytes.
    pub(super) at: Range<usize>,
    /// Its digits without thousands separators, such as `1234` or `2.5`.
    pub(super) value: String,
}

/// The figures of a text, in order.
pub(super) fn figures(text: &str) -> Vec<Figure> {
    let bytes = text.as_bytes();
    let is_digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_digit);
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !is_digit(at) {
            at += 1;
            continue;
        }
        let start = at;
        while is_digit(at) || (matches!(bytes.get(at), Some(b'.' | b',')) && is_digit(at + 1)) {
            at += 1;
        }
        let value = text.get(start..at).unwrap_or_default().replace(',', "");
        found.push(Figure { at: start..at, value });
    }
    found
}

/// The text as it can be spoken: without markup and control characters, white space folded.
pub(super) fn spoken(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => said.push_str(" under "),
            '>' => said.push_str(" over "),
            '~' => said.push_str(" about "),
            '[' => said.push('('),
            ']' => said.push(')'),
            '_' | '|' => said.push(' '),
            '{' | '}' | '*' | '#' | '`' => {}
            '→' => said.push_str(" to "),
            c if c.is_control() => said.push(' '),
            c => said.push(c),
        }
    }
    // As an accepted script is written: a dash between words is a hyphen, so that a draft is kept as it was written.
    let plain = |word| match word {
        "–" | "—" | "−" => "-",
        "…" => "...",
        word => word,
    };
    said.split_whitespace().map(plain).collect::<Vec<_>>().join(" ")
}

/// A sentence that begins with a capital and ends with a mark.
pub(super) fn sentence_case(text: &str) -> String {
    let text = text.trim().trim_end_matches([',', ';', ':', '-', '–', '—', ' ']);
    let mut chars = text.chars();
    let mut said: String = match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => return String::new(),
    };
    let ends = said.trim_end_matches(['"', '\'', ')', '”', '’']).ends_with(['.', '!', '?', '…']);
    if !ends {
        said.push('.');
    }
    said
}

/// The first letter in lower case, for a sentence that goes on after other words; names and acronyms stay.
pub(super) fn continued(text: &str) -> String {
    const LOWER: &[&str] = &[
        "The",
        "A",
        "An",
        "This",
        "That",
        "These",
        "There",
        "It",
        "In",
        "On",
        "At",
        "We",
        "What",
        "Who",
        "Where",
        "How",
        "Is",
        "Are",
        "Do",
        "Does",
        "Could",
        "Would",
        "Which",
        "One",
        "Two",
        "My",
        "You",
        "Some",
        "So",
        "To",
        "If",
        "Being",
        "Behind",
        "Progress",
        "Certainty",
        "Nobody",
        "Whoever",
        "Absence",
        "Understanding",
    ];
    let first = text.split_whitespace().next().unwrap_or_default();
    if LOWER.contains(&first) {
        let mut chars = text.chars();
        chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
    } else {
        text.to_owned()
    }
}

/// The runs of `length` words of a text, in lower case and without the marks around the words.
pub(super) fn runs(text: &str, length: usize) -> Vec<String> {
    let plain: Vec<String> = text
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    plain.windows(length.max(1)).map(|run| run.join(" ")).collect()
}

/// At most `limit` words of a text around a place in it, verbatim: a slice of the text.
pub(super) fn around(text: &str, at: usize, limit: usize) -> &str {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for word in text.split_whitespace() {
        let from = spans.last().map_or(0, |span| span.end);
        let offset = text.get(from..).and_then(|rest| rest.find(word)).unwrap_or(0);
        spans.push(from + offset..from + offset + word.len());
    }
    let hit = spans.iter().position(|span| span.end > at).unwrap_or(0);
    let first = hit.saturating_sub(limit / 3);
    let last = (first + limit.max(1) - 1).min(spans.len().saturating_sub(1));
    match (spans.get(first), spans.get(last)) {
        (Some(first), Some(last)) => text.get(first.start..last.end).unwrap_or_default(),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_they_end() {
        assert_eq!(
            sentences("It is, e.g. here, old. Dr. Who (J. Smith) said \"no.\" Then 2.5 of it. and so on"),
            ["It is, e.g. here, old.", "Dr. Who (J. Smith) said \"no.\"", "Then 2.5 of it. and so on"]
        );
        assert_eq!(sentences("  "), Vec::<&str>::new());
    }

    #[test]
    fn figures_have_their_separators_and_nothing_more() {
        let values = |text: &str| figures(text).into_iter().map(|figure| figure.value).collect::<Vec<_>>();
        assert_eq!(values("In 1,250 of 39.5% (Cas12a), 2–3 years."), ["1250", "39.5", "12", "2", "3"]);
        assert_eq!(values("none"), Vec::<String>::new());
    }

    #[test]
    fn what_is_spoken_has_no_markup() {
        assert_eq!(spoken("<30% of a_b [or] *c*\u{7}|~5"), "under 30% of a b (or) c about 5");
        assert_eq!(sentence_case("and so on;"), "And so on.");
        assert_eq!(sentence_case("he said 'no.'"), "He said 'no.'");
    }

    #[test]
    fn a_quote_is_a_slice_around_its_place() {
        let text = "one two three four five six seven eight nine ten";
        let at = text.find("seven").unwrap();
        let quote = around(text, at, 6);
        assert!(text.contains(quote) && quote.contains("seven") && words(quote) <= 6, "{quote}");
        assert_eq!(around("", 0, 12), "");
    }
}
