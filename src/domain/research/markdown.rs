//! A research package in Markdown: headings, paragraphs, bullets, tables and numbered references.
//!
//! Just what research packages use; not a general Markdown parser. Emphasis marks are dropped, words are not touched.

use super::{Passage, Research, Source, plain};

/// Whether a line is a numbered reference: `[3] text`.
pub(super) fn is_reference(line: &str) -> bool {
    reference(line).is_some()
}

fn reference(line: &str) -> Option<(u32, &str)> {
    let (number, text) = line.trim_start().strip_prefix('[')?.split_once(']')?;
    let text = text.trim_start_matches(':').trim();
    (!text.is_empty()).then_some((number.parse().ok()?, text))
}

/// Reads the lines in order; a passage ends at a blank line, a new bullet, a heading, a rule or a table's row.
pub(super) fn read(text: &str) -> Research {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        reader.line(u32::try_from(index + 1).unwrap_or(u32::MAX), line);
    }
    reader.flush();
    reader.research
}

#[derive(Default)]
struct Reader {
    research: Research,
    place: String,
    open: Option<(u32, String)>,
}

impl Reader {
    fn line(&mut self, number: u32, line: &str) {
        let line = line.trim();
        if line.is_empty() || is_rule(line) {
            self.flush();
        } else if let Some(heading) = heading(line) {
            self.flush();
            let title = unmarked(heading).0;
            if self.research.topic.is_empty() {
                self.research.topic.clone_from(&title);
            }
            self.place = title;
        } else if let Some((reference, text)) = reference(line) {
            self.flush();
            self.research.sources.push(Source { number: reference, text: plain(text) });
        } else if let Some(row) = line.strip_prefix('|') {
            self.flush();
            let cells: Vec<&str> =
                row.trim_end_matches('|').split('|').map(str::trim).filter(|c| !c.is_empty()).collect();
            self.open = Some((number, cells.join(": ")));
            self.flush();
        } else if let Some(item) = bullet(line) {
            self.flush();
            self.open = Some((number, item.to_owned()));
        } else if let Some((_, text)) = &mut self.open {
            text.push(' ');
            text.push_str(line);
        } else {
            self.open = Some((number, line.to_owned()));
        }
    }

    fn flush(&mut self) {
        let Some((line, text)) = self.open.take() else { return };
        let (text, cites) = unmarked(&text);
        if text.chars().any(char::is_alphabetic) {
            let place = self.place.clone();
            self.research.passages.push(Passage { id: String::new(), place, line, text, cites });
        }
    }
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    (title.len() < line.len() && title.starts_with(' ')).then(|| title.trim())
}

fn is_rule(line: &str) -> bool {
    line.len() >= 3 && line.chars().all(|c| matches!(c, '-' | '*' | '_' | '|' | ':' | ' ')) && !line.ends_with("| |")
}

fn bullet(line: &str) -> Option<&str> {
    if let Some(item) = ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)) {
        return Some(item.trim());
    }
    let (number, item) = line.split_once(". ")?;
    (!number.is_empty() && number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit())).then(|| item.trim())
}

/// The text without emphasis and citation marks, and the numbers of the citations in order.
pub(super) fn unmarked(text: &str) -> (String, Vec<u32>) {
    let mut kept = String::with_capacity(text.len());
    let mut cites = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        kept.push_str(before);
        let number = after.split_once(']').and_then(|(number, tail)| Some((number.parse::<u32>().ok()?, tail)));
        match number {
            Some((number, tail)) => {
                kept.truncate(kept.trim_end().len());
                if !cites.contains(&number) {
                    cites.push(number);
                }
                rest = tail;
            }
            None => {
                kept.push('[');
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    (plain(&kept.replace("**", "").replace(['*', '`'], "")), cites)
}
