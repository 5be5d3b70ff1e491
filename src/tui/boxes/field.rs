//! A field of one line of text. The cursor stands at its end.

use unicode_segmentation::UnicodeSegmentation;

use crate::tui::key::{Code, Key};
use crate::tui::text::clean;

/// The longest text of a field, in characters.
const LONGEST: usize = 1_000;

/// What is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    text: String,
}

impl Field {
    /// A field that is filled in already.
    pub(crate) fn new(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    /// What is in it, without blanks around it.
    pub(crate) fn text(&self) -> &str {
        self.text.trim()
    }

    /// What is in it as it was typed.
    pub(crate) fn typed(&self) -> &str {
        &self.text
    }

    /// Adds cleaned text at the end.
    pub(crate) fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.chars().count());
        self.text.extend(clean(text).chars().take(room));
    }

    /// Takes a key that is text or takes text away; whether it was one.
    pub(crate) fn on_key(&mut self, key: Key) -> bool {
        match key {
            Key { code: Code::Char('u'), ctrl: true } => self.text.clear(),
            Key { code: Code::Char('w'), ctrl: true } => {
                let kept = self.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.text.truncate(kept);
            }
            Key { code: Code::Backspace, .. } => {
                if let Some((at, _)) = self.text.grapheme_indices(true).next_back() {
                    self.text.truncate(at);
                }
            }
            key => match key.typed() {
                Some(c) => self.insert(c.encode_utf8(&mut [0; 4])),
                None => return false,
            },
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::keys;

    #[test]
    fn text_is_typed_and_taken_away() {
        let mut field = Field::new("a\u{1b}[2J b");
        for key in keys("né<BS>x") {
            assert!(field.on_key(key));
        }
        assert_eq!(field.text(), "a bnx");
        assert!(!field.on_key(Key::plain(Code::Enter)));
        field.on_key(Key { code: Code::Char('w'), ctrl: true });
        assert_eq!(field.typed(), "a ");
        field.on_key(Key { code: Code::Char('u'), ctrl: true });
        assert_eq!(field.typed(), "");
    }
}
