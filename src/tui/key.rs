//! Keys as the console knows them, and their spelling: `j`, `A`, `<Enter>`, `<C-k>`.
//!
//! Not for terminals: how a key arrives is in [`super::input`].

use std::fmt;

/// A key on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Code {
    Char(char),
    Enter,
    Esc,
    Backspace,
    Delete,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// A key with Ctrl, where it is held. A capital is its own character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) code: Code,
    pub(crate) ctrl: bool,
}

/// The names of keys that are not characters.
const NAMES: &[(&str, Code)] = &[
    ("Enter", Code::Enter),
    ("Esc", Code::Esc),
    ("BS", Code::Backspace),
    ("Del", Code::Delete),
    ("Tab", Code::Tab),
    ("S-Tab", Code::BackTab),
    ("Up", Code::Up),
    ("Down", Code::Down),
    ("Left", Code::Left),
    ("Right", Code::Right),
    ("Home", Code::Home),
    ("End", Code::End),
    ("PgUp", Code::PageUp),
    ("PgDn", Code::PageDown),
    ("F1", Code::F(1)),
    ("lt", Code::Char('<')),
    ("Space", Code::Char(' ')),
];

impl Key {
    /// A key without Ctrl.
    pub(crate) const fn plain(code: Code) -> Self {
        Self { code, ctrl: false }
    }

    /// The character that is typed with it.
    pub(crate) fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, code)| *code == self.code).map(|(name, _)| *name);
        match (self.code, self.ctrl, name) {
            (Code::Char(c), true, _) => write!(f, "Ctrl-{c}"),
            (_, _, Some(name)) => f.write_str(name),
            (Code::Char(c), false, None) => write!(f, "{c}"),
            (Code::F(n), _, None) => write!(f, "F{n}"),
            (other, _, None) => write!(f, "{other:?}"),
        }
    }
}

/// The keys of a spelling: characters stand for themselves, names in angle brackets for the others; what is no name in
/// brackets is read as characters.
pub(crate) fn keys(spelling: &str) -> Vec<Key> {
    let mut out = Vec::new();
    let mut rest = spelling;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|r| r.split_once('>')).and_then(|(name, after)| {
            let key = match name.strip_prefix("C-") {
                Some(letter) => letter.chars().next().map(|c| Key { code: Code::Char(c), ctrl: true }),
                None => NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| Key::plain(*code)),
            };
            key.map(|key| (key, after))
        });
        match named {
            Some((key, after)) => {
                out.push(key);
                rest = after;
            }
            None => {
                out.push(Key::plain(Code::Char(c)));
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

impl From<Key> for tui_textarea::Input {
    fn from(key: Key) -> Self {
        use tui_textarea::Key as K;
        let code = match key.code {
            Code::Char(c) => K::Char(c),
            Code::Enter => K::Enter,
            Code::Esc => K::Esc,
            Code::Backspace => K::Backspace,
            Code::Delete => K::Delete,
            Code::Tab | Code::BackTab => K::Tab,
            Code::Up => K::Up,
            Code::Down => K::Down,
            Code::Left => K::Left,
            Code::Right => K::Right,
            Code::Home => K::Home,
            Code::End => K::End,
            Code::PageUp => K::PageUp,
            Code::PageDown => K::PageDown,
            Code::F(n) => K::F(n),
        };
        Self { key: code, ctrl: key.ctrl, alt: false, shift: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_is_read_key_by_key() {
        let read: Vec<String> = keys("j<Enter>A<C-k>g<x<lt>").iter().map(Key::to_string).collect();
        assert_eq!(read, ["j", "Enter", "A", "Ctrl-k", "g", "<", "x", "lt"]);
    }
}
