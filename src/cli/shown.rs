//! The one door to the terminal and to the log: whatever is quoted in what is printed, a terminal shows it and obeys none of it.

use std::io::{self, Write};

use crate::domain::plain::Visible;

/// Passes text on without control characters, but for line breaks and tabs, and without what hides or turns text. What is no
/// text is passed on as `�`.
#[derive(Debug)]
pub struct Shown<W> {
    to: W,
    /// The beginning of a character whose rest is still to come.
    cut: Vec<u8>,
    visible: Visible,
    is_after_return: bool,
}

impl<W: Write> Shown<W> {
    /// A door in front of this.
    pub fn new(to: W) -> Self {
        Self { to, cut: Vec::new(), visible: Visible::default(), is_after_return: false }
    }

    fn text(&mut self, text: &str, out: &mut String) {
        for c in text.chars() {
            // A table for programs ends its lines with both.
            if std::mem::take(&mut self.is_after_return) && c == '\n' {
                out.push('\r');
            }
            self.is_after_return = c == '\r';
            if self.visible.lets(c) {
                out.push(c);
            }
        }
    }
}

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.cut);
        all.extend_from_slice(bytes);
        let mut out = String::with_capacity(all.len());
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.text(chunk.valid(), &mut out);
            let invalid = chunk.invalid();
            // What is invalid at the very end may only be cut.
            let is_cut =
                chunks.peek().is_none() && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if is_cut {
                self.cut = invalid.to_vec();
            } else if !invalid.is_empty() {
                out.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.to.write_all(out.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(parts: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let mut door = Shown::new(&mut out);
        for part in parts {
            door.write_all(part).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_passes_and_commands_to_a_terminal_do_not() {
        assert_eq!(shown(&["né\t日本 👩\u{200d}🔬\na,b\r\n".as_bytes()]), "né\t日本 👩\u{200d}🔬\na,b\r\n");
        let bad = "a\u{1b}[2Jb\u{1b}]8;;http://e\u{7}c\u{9b}d\u{202e}e\u{200b}f\rg\u{7f}h\u{8}i";
        assert_eq!(shown(&[bad.as_bytes()]), "a[2Jb]8;;http://ecdefghi");
        assert_eq!(shown(&[b"a\xffb", b"\xc3"]), "a\u{fffd}b");
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same(text in any::<String>(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
            let bytes = text.as_bytes();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
            at.sort_unstable();
            let parts: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let whole = shown(&[bytes]);
            prop_assert_eq!(shown(&parts), whole.clone());
            prop_assert!(!whole.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r')));
        }
    }
}
