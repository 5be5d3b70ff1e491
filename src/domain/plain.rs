//! Text from outside made fit for where it goes: a terminal, a Markdown file, a cell of CSV, a JSON document.
//!
//! Everything that a model, a source, a provider or a file has written passes one of these doors before it is shown or
//! written down for readers. Each door keeps the words and takes their power. Not for what is refused: that is a
//! contract's business.

mod markdown;

pub use self::markdown::{markdown, markdown_lines};

/// Characters that turn the direction of writing, have no width, or carry hidden text.
pub fn is_hidden(c: char) -> bool {
    is_joiner(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe02}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Characters of no width that Persian, Indic scripts and pictures need between two of theirs.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}' | '\u{fe01}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Lets characters through that a terminal only shows. Line breaks and tabs pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visible {
    is_after_foreign: bool,
}

impl Visible {
    /// Whether this character, the next of its text, may be shown.
    pub fn lets(&mut self, c: char) -> bool {
        if is_joiner(c) {
            return self.is_after_foreign;
        }
        let shown = matches!(c, '\n' | '\t') || !(c.is_control() || is_hidden(c));
        self.is_after_foreign = if shown { !c.is_ascii() } else { self.is_after_foreign };
        shown
    }
}

/// One line of text without anything that a terminal would obey or that would hide what is written: no control
/// characters, no escape sequences, no marks that turn the direction of writing, nothing of no width.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut visible = Visible::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(sequence(rest).unwrap_or(c.len_utf8())..).unwrap_or_default();
        let c = if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') { ' ' } else { c };
        if visible.lets(c) {
            out.push(c);
        }
    }
    out
}

/// The bytes of the escape sequence that a text begins with. One that is not ended is none: its words stay visible.
fn sequence(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\u{1b}')?;
    match body.chars().next()? {
        // A control sequence has parameters, and ends with a byte from `@` to `~`.
        '[' => {
            let end = body.char_indices().skip(1).find(|(_, c)| !(' '..='?').contains(c))?;
            ('@'..='~').contains(&end.1).then_some(1 + end.0 + 1)
        }
        // A command to the terminal ends with a bell, or with another escape and a backslash.
        ']' | 'P' | '_' | '^' | 'X' => {
            let (at, end) = body.char_indices().find(|(_, c)| matches!(c, '\u{7}' | '\u{9c}' | '\u{1b}' | '\n'))?;
            let after = body.get(at..).unwrap_or_default();
            match end {
                '\u{1b}' => after.starts_with("\u{1b}\\").then_some(1 + at + 2),
                '\n' => None,
                end => Some(1 + at + end.len_utf8()),
            }
        }
        _ => None,
    }
}

/// A cell of CSV (RFC 4180) that no spreadsheet takes for a formula or for two cells: what could be one gets an
/// apostrophe in front.
pub fn csv_cell(cell: &str) -> String {
    let cell = line(cell);
    let is_number = cell.parse::<f64>().is_ok_and(f64::is_finite);
    let begins = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    let is_formula = !is_number && cell.trim_start().starts_with(begins);
    let cell = if is_formula { format!("'{cell}") } else { cell };
    if cell.contains([',', ';', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// A JSON document of the same value that a terminal only shows and a page takes for no tag: what is hidden, and `<`,
/// stand as escapes. Outside of strings no such character stands in JSON.
pub fn json(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    for c in document.chars() {
        if c == '<' || c == '\u{7f}' || ('\u{80}'..='\u{9f}').contains(&c) || is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(line("a\u{1b}[2Jb\u{1b}[31mred"), "abred");
        assert_eq!(line("t\u{1b}]0;evil\u{7}x\u{1b}]8;;http://a\u{1b}\\y"), "txy");
        assert_eq!(line("a\u{202e}b\u{200b}c\nd\te\u{9b}f\u{e0041}"), "abc d ef");
        assert_eq!(line("\u{1b}"), "");
        assert_eq!(line("né 日本"), "né 日本");
    }

    #[test]
    fn what_follows_a_sequence_without_an_end_stays_visible() {
        assert_eq!(line("\u{1b}]0;the rest is said"), "]0;the rest is said");
        assert_eq!(line("\u{1b}[1;é"), "[1;é");
        assert_eq!(line("\u{1b}Pone\ntwo"), "Pone two");
    }

    #[test]
    fn joiners_stay_where_scripts_need_them_alone() {
        assert_eq!(line("می\u{200c}خواهم 👩\u{200d}🔬"), "می\u{200c}خواهم 👩\u{200d}🔬");
        assert_eq!(line("pay\u{200d}pal \u{200c}x"), "paypal x");
    }

    #[test]
    fn a_cell_is_no_formula_and_one_cell() {
        for (cell, told) in [
            ("-3.5", "-3.5"),
            ("=1+1, \"x\"", "\"'=1+1, \"\"x\"\"\""),
            ("  @SUM(A1)", "'  @SUM(A1)"),
            ("＝cmd", "'＝cmd"),
            ("a;=cmd", "\"a;=cmd\""),
            ("-inf", "'-inf"),
            ("\t=1", "' =1"),
        ] {
            assert_eq!(csv_cell(cell), told, "{cell}");
        }
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_and_cleaning_it_again_changes_nothing(text in any::<String>()) {
            let once = line(&text);
            prop_assert!(!once.chars().any(|c| c.is_control() || (is_hidden(c) && !is_joiner(c))), "{:?}", once);
            prop_assert_eq!(line(&once), once);
        }

        #[test]
        fn a_json_document_keeps_its_value_and_shows_all_of_it(text in any::<String>()) {
            let text = format!("{text}\u{202e}\u{9b}<b>");
            let document = json(&serde_json::to_string(&text).unwrap());
            prop_assert!(!document.chars().any(|c| c.is_control() || is_hidden(c) || c == '<'));
            prop_assert_eq!(serde_json::from_str::<String>(&document).unwrap(), text);
        }
    }
}
