//! What an answer becomes, read while it arrives: the sentences of a script, the findings of a judge, the points of a plan, each
//! as a line. What is no JSON is shown as its own lines.
//!
//! Only for eyes: nothing here decides anything, and whatever comes is borne. An answer is read for what it is elsewhere.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The most lines that are kept.
const LINES: usize = 120;

/// The most bytes that are kept, all lines together.
const BYTES: usize = 8_192;

/// A text without a blank is a word up to so many characters, such as an id, and stands in front of what follows.
const WORD: usize = 24;

/// Brackets within brackets that are told apart; what lies deeper is passed over.
const DEEPEST: usize = 48;

/// An answer as far as it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// The latest lines, oldest first; text from outside, which whoever shows it must clean.
    lines: VecDeque<String>,
    bytes: usize,
    /// The brackets that are open.
    open: Vec<Bracket>,
    /// Brackets that are open beyond those.
    deeper: usize,
    at: At,
    /// What was read of the text, the word or the line under way.
    read: String,
    /// Whether the last line is of the text under way.
    is_shown: bool,
    /// The first half of a character that is spelled in two.
    high: Option<u32>,
}

/// A bracket that is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Bracket {
    is_object: bool,
    /// The name of the member under way.
    name: String,
    /// Its words so far, which stand in front of its next text.
    words: String,
}

impl Bracket {
    /// Adds a word, as long as it is few of them.
    fn add(&mut self, word: &str) {
        if !self.words.is_empty() && !word.is_empty() {
            self.words.push(' ');
        }
        if self.words.len() + word.len() < BYTES / 8 {
            self.words.push_str(word.trim());
        }
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum At {
    /// A line that is no JSON.
    #[default]
    Plain,
    /// Between values.
    Between,
    /// The name of a member.
    Name,
    /// A text.
    Text,
    /// Behind a backslash, in a name or in a text.
    Escape { name: bool },
    /// The digits of a character by its number.
    Digits { name: bool, left: u8, code: u32 },
    /// A number, or `true` and its like.
    Word,
}

impl Outline {
    /// Takes in what has arrived.
    pub fn push(&mut self, text: &str) {
        for c in text.chars() {
            self.take(c);
        }
    }

    /// The latest lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let plain = (self.at == At::Plain && !self.read.trim().is_empty()).then_some(self.read.as_str());
        self.lines.iter().map(String::as_str).chain(plain)
    }

    fn take(&mut self, c: char) {
        match self.at {
            At::Plain => self.plain(c),
            At::Between => self.between(c),
            At::Word if matches!(c, ',' | '}' | ']') || c.is_whitespace() => {
                self.worded();
                self.at = At::Between;
                self.between(c);
            }
            At::Word => self.more(c),
            At::Name if c == '"' => self.named(),
            At::Text if c == '"' => {
                self.told();
                self.at = At::Between;
            }
            At::Name | At::Text if c == '\\' => self.at = At::Escape { name: self.at == At::Name },
            At::Name | At::Text => self.add(c),
            At::Escape { name } => self.escaped(c, name),
            At::Digits { name, left, code } => self.digit(c, name, left, code),
        }
    }

    fn plain(&mut self, c: char) {
        match c {
            '{' | '[' if self.read.trim().is_empty() => {
                self.read.clear();
                self.at = At::Between;
                self.between(c);
            }
            '\n' => {
                let line = std::mem::take(&mut self.read);
                if !line.trim().is_empty() {
                    self.line(line);
                }
            }
            c => self.more(c),
        }
    }

    fn between(&mut self, c: char) {
        match c {
            '{' | '[' if self.open.len() >= DEEPEST => self.deeper += 1,
            '{' | '[' => {
                if c == '{' {
                    // What was said of the whole stands in front of its first part.
                    self.flush_words();
                }
                self.open.push(Bracket { is_object: c == '{', ..Bracket::default() });
            }
            '}' | ']' if self.deeper > 0 => self.deeper -= 1,
            '}' | ']' => {
                let bracket = self.open.pop().unwrap_or_default();
                match self.open.last_mut() {
                    // A list of words stands with the words of what it belongs to.
                    Some(outer) if !bracket.is_object => outer.add(&bracket.words),
                    Some(_) | None if bracket.words.is_empty() => {}
                    Some(_) | None => self.line(bracket.words),
                }
                if self.open.is_empty() {
                    self.at = At::Plain;
                }
            }
            '"' => {
                let is_name = self.open.last().is_some_and(|bracket| bracket.is_object && bracket.name.is_empty());
                self.at = if is_name { At::Name } else { At::Text };
            }
            ',' => {
                if let Some(bracket) = self.open.last_mut().filter(|bracket| bracket.is_object) {
                    bracket.name.clear();
                }
            }
            ':' => {}
            c if c.is_whitespace() => {}
            c => {
                self.at = At::Word;
                self.more(c);
            }
        }
    }

    fn escaped(&mut self, c: char, name: bool) {
        self.at = if name { At::Name } else { At::Text };
        match c {
            'n' | 'r' | 't' => self.add(' '),
            'b' | 'f' => {}
            'u' => self.at = At::Digits { name, left: 4, code: 0 },
            c => self.add(c),
        }
    }

    fn digit(&mut self, c: char, name: bool, left: u8, code: u32) {
        let Some(digit) = c.to_digit(16) else {
            // It is spelled wrong: what comes is read as it is.
            self.at = if name { At::Name } else { At::Text };
            self.add(char::REPLACEMENT_CHARACTER);
            return self.take(c);
        };
        let code = code * 16 + digit;
        if left > 1 {
            self.at = At::Digits { name, left: left - 1, code };
            return;
        }
        self.at = if name { At::Name } else { At::Text };
        match (self.high.take(), code) {
            (_, 0xd800..0xdc00) => self.high = Some(code),
            (Some(high), 0xdc00..0xe000) => {
                let whole = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
                self.add(char::from_u32(whole).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (_, code) => self.add(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    /// A character of a name or a text. A text is shown from the moment that it is more than a word.
    fn add(&mut self, c: char) {
        if self.is_shown {
            self.bytes += c.len_utf8();
            if let Some(last) = self.lines.back_mut() {
                last.push(c);
            }
            self.trim();
            return;
        }
        self.more(c);
        let is_prose = self.read.len() > WORD || self.read.trim_start().contains(' ');
        if self.at == At::Text && is_prose {
            self.show();
        }
    }

    /// One more character of what is read; no name, word or line is longer than all that is kept.
    fn more(&mut self, c: char) {
        if self.read.len() < BYTES {
            self.read.push(c);
        } else if self.at == At::Plain {
            let line = std::mem::take(&mut self.read);
            self.line(line);
        }
    }

    /// The member under way has its name.
    fn named(&mut self) {
        let name = std::mem::take(&mut self.read);
        if let Some(bracket) = self.open.last_mut() {
            // One without a name would take its value for a name.
            bracket.name = if name.is_empty() { "-".to_owned() } else { name };
        }
        self.at = At::Between;
    }

    /// The text under way is whole.
    fn told(&mut self) {
        self.high = None;
        if !std::mem::take(&mut self.is_shown) {
            self.worded();
        }
    }

    /// A word is whole: it stands in front of what follows it.
    fn worded(&mut self) {
        let word = std::mem::take(&mut self.read);
        let is_nothing = word.trim().is_empty() || matches!(word.as_str(), "null" | "true" | "false");
        if let (Some(bracket), false) = (self.open.last_mut(), is_nothing) {
            bracket.add(&word);
        }
    }

    /// Begins the line of the text under way.
    fn show(&mut self) {
        let text = std::mem::take(&mut self.read);
        let (words, name) = match self.open.last_mut() {
            Some(bracket) => (std::mem::take(&mut bracket.words), bracket.name.clone()),
            None => (String::new(), String::new()),
        };
        // A name that only says that it is text says nothing.
        let name =
            if matches!(name.as_str(), "" | "-" | "text" | "title") { String::new() } else { format!("{name}: ") };
        let words = if words.is_empty() { words } else { format!("{words}  ") };
        self.line(format!("{words}{name}{}", text.trim_start()));
        self.is_shown = true;
    }

    /// Words that nothing followed yet are lines of their own, the outermost first.
    fn flush_words(&mut self) {
        let words: Vec<String> = self.open.iter_mut().map(|bracket| std::mem::take(&mut bracket.words)).collect();
        words.into_iter().filter(|words| !words.is_empty()).for_each(|words| self.line(words));
    }

    fn line(&mut self, line: String) {
        self.bytes += line.len();
        self.lines.push_back(line);
        self.trim();
    }

    /// Drops what no longer fits: the oldest lines, and the beginning of one that is longer than all.
    fn trim(&mut self) {
        while self.lines.len() > 1 && (self.lines.len() > LINES || self.bytes > BYTES) {
            let gone = self.lines.pop_front().unwrap_or_default();
            self.bytes -= gone.len();
        }
        if self.bytes > BYTES
            && let Some(last) = self.lines.back_mut()
        {
            let half = last.len() / 2;
            let cut = (half..last.len()).find(|at| last.is_char_boundary(*at)).unwrap_or(0);
            last.drain(..cut);
            self.bytes = last.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<String> {
        let mut outline = Outline::default();
        outline.push(text);
        outline.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_script_is_its_lines_with_their_speakers_and_the_last_one_grows() {
        let text = r#"{"script":{"title":"Why concrete cracks","segments":[{"id":"hook","lines":[{"id":"L001","speaker":"HOST","text":"Stand on \"any\" bridge."},{"id":"L002","speaker":"GUEST","text":"Of water, find"#;
        assert_eq!(
            read(text),
            ["Why concrete cracks", "hook", "L001 HOST  Stand on \"any\" bridge.", "L002 GUEST  Of water, find"]
        );
    }

    #[test]
    fn findings_and_plans_are_told_by_what_stands_in_them() {
        let findings = r#"{"scores":[{"dimension":"accuracy","points":4}],"findings":[{"id":"F1","dimension":"hook","line":"L003","problem":"It opens flat.","suggestion":"Begin with the crack."}],"summary":"Nearly there."}"#;
        assert_eq!(
            read(findings),
            [
                "accuracy 4",
                "F1 hook L003  problem: It opens flat.",
                "suggestion: Begin with the crack.",
                "summary: Nearly there."
            ]
        );
        let plan = r#"{"segments":[{"id":"open","minutes":1.5,"title":"The crack","points":["Hairlines everywhere","The rust within"]}]}"#;
        assert_eq!(read(plan), ["open 1.5  The crack", "Hairlines everywhere", "The rust within"]);
    }

    #[test]
    fn what_is_no_json_is_its_lines_and_fences_do_no_harm() {
        assert_eq!(read("plain\n\ntext that goes"), ["plain", "text that goes"]);
        assert_eq!(read("```json\n{\"text\":\"One two\"}\n```\nand words"), ["```json", "One two", "```", "and words"]);
        assert_eq!(read(r#"{"text":"Caf\u00e9 \ud83d\ude00 half \u12"#), ["Café 😀 half "]);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_borne_and_bounded(parts in prop::collection::vec(any::<String>(), 0..20), seed in any::<u64>()) {
            let json = r#"{"a":[{"b":"c d e","f":1.5e3,"g":null}],"h":"\u00e9\"x","i":{}}"#;
            let cut = usize::try_from(seed % 60).unwrap();
            let mut outline = Outline::default();
            for part in &parts {
                outline.push(json.get(cut..).unwrap_or_default());
                outline.push(part);
                outline.push(&"[{\"".repeat(usize::try_from(seed % 40).unwrap()));
            }
            let bytes: usize = outline.lines.iter().map(String::len).sum();
            prop_assert_eq!(bytes, outline.bytes);
            prop_assert!(bytes <= BYTES && outline.lines.len() <= LINES && outline.open.len() <= DEEPEST);
        }

        #[test]
        fn how_an_answer_is_cut_into_pieces_changes_nothing(cuts in prop::collection::vec(1_usize..9, 1..80)) {
            let text = r#"{"script":{"segments":[{"lines":[{"id":"L001","speaker":"HOST","text":"Grüße \u00e9 an\\alle \ud83d\ude00."},{"n":12}]}]}} and more"#;
            let mut outline = Outline::default();
            let mut chars = text.chars();
            for cut in cuts.iter().cycle() {
                let piece: String = chars.by_ref().take(*cut).collect();
                if piece.is_empty() {
                    break;
                }
                outline.push(&piece);
            }
            let lines: Vec<String> = outline.lines().map(str::to_owned).collect();
            prop_assert_eq!(lines, read(text));
        }
    }
}
