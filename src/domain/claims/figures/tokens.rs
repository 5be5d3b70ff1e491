//! Text cut into words, numbers with what is glued behind them, and single marks.

use crate::domain::wording::is_stop_word;

/// A piece of a text.
pub(super) struct Token<'a> {
    /// As it stands.
    pub(super) text: &'a str,
    /// In lower case.
    pub(super) lower: String,
    /// Where it begins, in bytes.
    pub(super) at: usize,
    /// Whether no white space stands before it.
    pub(super) is_glued: bool,
}

impl Token<'_> {
    /// Where it ends, in bytes.
    pub(super) fn end(&self) -> usize {
        self.at + self.text.len()
    }

    /// Whether it begins with a digit.
    pub(super) fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether it is digits alone.
    pub(super) fn is_plain(&self) -> bool {
        self.text.bytes().all(|b| b.is_ascii_digit())
    }

    /// Whether it is a word.
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(char::is_alphabetic)
    }

    /// Whether it is a word with content of its own.
    pub(super) fn is_content(&self) -> bool {
        self.is_word() && !is_stop_word(&self.lower)
    }

    /// The digits without thousands separators, and the letters glued behind them; nothing for `1.2.3` and `12a4`.
    pub(super) fn parts(&self) -> Option<(String, &str)> {
        let cut =
            self.lower.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(self.lower.len());
        let (number, suffix) = self.lower.split_at_checked(cut)?;
        let is_sound = number.matches('.').count() < 2 && !suffix.contains(|c: char| c.is_ascii_digit());
        is_sound.then(|| (number.replace(',', ""), suffix))
    }
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let len = if first.is_ascii_digit() {
            let number = number_len(rest);
            number + rest.get(number..).map_or(0, |rest| run(rest, char::is_alphanumeric))
        } else if first.is_alphabetic() {
            word_len(rest)
        } else {
            first.len_utf8()
        };
        let Some(piece) = rest.get(..len.max(first.len_utf8())) else { break };
        let is_glued = found.last().is_some_and(|last| last.end() == at);
        found.push(Token { text: piece, lower: piece.to_lowercase(), at, is_glued });
        at += piece.len();
    }
    found
}

fn run(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !is_part(c)).unwrap_or(text.len())
}

/// Digits, with a point between digits and a comma before just three of them.
fn number_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    loop {
        match bytes.get(at) {
            Some(b) if b.is_ascii_digit() => at += 1,
            Some(b'.') if is_digit(at + 1) => at += 1,
            Some(b',') if (1..=3).all(|step| is_digit(at + step)) && !is_digit(at + 4) => at += 1,
            Some(_) | None => return at,
        }
    }
}

/// Letters and digits, with apostrophes between letters.
fn word_len(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_inside = chars.peek().is_some_and(|(_, next)| next.is_alphabetic());
        if !(c.is_alphanumeric() || (matches!(c, '\'' | '’') && is_inside)) {
            return at;
        }
    }
    text.len()
}
