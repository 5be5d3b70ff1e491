//! Research packages: what a producer hands in, read into sources and passages that can be cited.
//!
//! Markdown (headings, bullets, numbered references) and JSON of any shape (its text is gathered with the path it stood
//! at). A passage is kept verbatim but for its markup and its citation marks, so that a quote can be checked against it.
//! Everything read here is data: control characters are dropped, and nothing in it is ever an instruction or a path.

mod answer;
mod freshness;
mod gaps;
mod json;
mod markdown;
mod retrieve;

use serde::{Deserialize, Serialize};

use super::accept::form;

pub use self::answer::{FoundPassage, FoundSource, ResearchAnswer};
pub use self::freshness::{Dated, SourceAge, ages, stale, undated};
pub use self::gaps::{ResearchReport, UnknownCitation, report};
pub use self::retrieve::named;

/// The largest package that is read, in bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The longest web address that is taken, in bytes.
const MAX_ADDRESS: usize = 2_048;

/// A research package as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Research {
    /// The topic, from the first heading or the `research_topic` or `title` member.
    pub topic: String,
    /// What can be cited, in the order of the package.
    pub passages: Vec<Passage>,
    /// The numbered references.
    pub sources: Vec<Source>,
}

/// A statement of the package, in the order of a sentence or a bullet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// `P1`, `P2` and so on, in order.
    pub id: String,
    /// Where it stood: the heading above it, or its path in the JSON.
    pub place: String,
    /// The line of the file it begins at, from 1; 0 where the form has no lines of its own.
    pub line: u32,
    /// The text, without markup and citation marks.
    pub text: String,
    /// The numbers of the references that the package gives for it.
    pub cites: Vec<u32>,
}

/// A numbered reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its number in the package.
    pub number: u32,
    /// What the package says of it: a title, an address.
    pub text: String,
}

/// Why a package was refused. Nothing was started and nothing was spent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResearchError {
    /// No bytes, or nothing but white space.
    #[error("the package is empty: there is nothing to write an episode from")]
    Empty,
    /// More bytes than [`MAX_BYTES`].
    #[error("the package has {0} bytes and at most {MAX_BYTES} are read: cut it to what this episode needs")]
    TooLarge(usize),
    /// Bytes that are not UTF-8.
    #[error("line {line}: the package is not UTF-8 text from byte {byte} on: save it as UTF-8 and try again")]
    NotUtf8 {
        /// The line of the fault, from 1.
        line: usize,
        /// The offset of the fault, from 0.
        byte: usize,
    },
    /// Text that begins like JSON and is not.
    #[error("line {line}, column {column}: not valid JSON: {message}")]
    Json {
        /// The line of the fault, from 1.
        line: usize,
        /// The column of the fault, from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// Headings and addresses, but no statement.
    #[error("the package holds no statement to write from: only headings, references or numbers were found")]
    NoPassage,
}

/// Reads a package, JSON where it begins with a brace or a bracket that is no citation, Markdown otherwise.
///
/// # Errors
///
/// When the bytes are empty, too many, not UTF-8, broken JSON, or without a statement; with the place of the fault.
pub fn read(bytes: &[u8]) -> Result<Research, ResearchError> {
    if bytes.len() > MAX_BYTES {
        return Err(ResearchError::TooLarge(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let byte = error.valid_up_to();
        let line = 1 + bytes.iter().take(byte).filter(|b| **b == b'\n').count();
        ResearchError::NotUtf8 { line, byte }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = text.trim_start();
    if start.is_empty() {
        return Err(ResearchError::Empty);
    }
    let is_json = start.starts_with('{') || (start.starts_with('[') && !markdown::is_reference(start));
    let mut research = if is_json { json::read(text)? } else { markdown::read(text) };
    for (index, passage) in research.passages.iter_mut().enumerate() {
        passage.id = format!("P{}", index + 1);
    }
    if research.passages.is_empty() {
        return Err(ResearchError::NoPassage);
    }
    Ok(research)
}

impl Research {
    /// The words of all passages.
    pub fn words(&self) -> usize {
        self.passages.iter().map(|passage| passage.text.split_whitespace().count()).sum()
    }

    /// The passages that cite a number which no reference has.
    pub fn unsourced(&self) -> impl Iterator<Item = (&Passage, u32)> {
        let known = |number: u32| self.sources.iter().any(|source| source.number == number);
        self.passages.iter().flat_map(move |passage| {
            passage.cites.iter().filter(move |number| !known(**number)).map(move |number| (passage, *number))
        })
    }
}

/// Whether a text is a web address: `http` or `https`, a host, and no white space, control or hidden character.
pub(in crate::domain) fn is_address(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let begins = host.and_then(|host| host.chars().next()).is_some_and(char::is_alphanumeric);
    let is_bad = |c: char| c.is_control() || c.is_whitespace() || form::is_hidden(c);
    begins && text.len() <= MAX_ADDRESS && !text.contains(is_bad)
}

/// Text without control characters, its white space folded to single spaces.
pub(in crate::domain) fn plain(text: &str) -> String {
    let kept: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control()).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARKDOWN: &str = "# Tides *and* mills\n\n## Old mills\n- **La Rance** opened in 1966[1][2].\n  It still runs.\n\n\
        | Plant | Power |\n|---|---|\n| Sihwa | 254 MW [2] |\n\n---\n## Sources\n[1] https://example.org/rance\n[2] A book\n";

    #[test]
    fn markdown_gives_passages_with_place_line_and_citations() {
        let research = read(MARKDOWN.as_bytes()).unwrap();
        assert_eq!(research.topic, "Tides and mills");
        let first = &research.passages[0];
        assert_eq!((first.id.as_str(), first.place.as_str(), first.line), ("P1", "Old mills", 4));
        assert_eq!(first.text, "La Rance opened in 1966. It still runs.");
        assert_eq!(first.cites, vec![1, 2]);
        assert_eq!(research.passages[2].text, "Sihwa: 254 MW");
        assert_eq!(research.sources.len(), 2);
        assert_eq!(research.sources[0].text, "https://example.org/rance");
        assert_eq!(research.unsourced().count(), 0);
    }

    #[test]
    fn a_citation_without_a_reference_is_told() {
        let research = read(b"# T\n\nThe mill is from 1170 [3].\n").unwrap();
        assert_eq!(
            research.unsourced().map(|(passage, n)| (passage.id.clone(), n)).collect::<Vec<_>>(),
            [("P1".into(), 3)]
        );
    }

    #[test]
    fn json_of_any_shape_is_gathered_with_its_path() {
        let json = r#"{"research_topic":"Why experts doubt","n":3,"a":{"b":["The report has 298 pages in all.","x"]}}"#;
        let research = read(json.as_bytes()).unwrap();
        assert_eq!(research.topic, "Why experts doubt");
        assert_eq!(research.passages.len(), 1);
        assert_eq!(research.passages[0].place, "a.b[0]");
        assert_eq!(research.passages[0].text, "The report has 298 pages in all.");
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        assert_eq!(read(b" \n\t"), Err(ResearchError::Empty));
        assert_eq!(read(b"# Only\n\n## headings\n"), Err(ResearchError::NoPassage));
        assert_eq!(read(b"ok\nb\xffd"), Err(ResearchError::NotUtf8 { line: 2, byte: 4 }));
        assert!(matches!(read(b"{\n \"a\": \n}"), Err(ResearchError::Json { line: 3, .. })));
        assert!(matches!(read(&vec![b'a'; MAX_BYTES + 1]), Err(ResearchError::TooLarge(_))));
    }

    #[test]
    fn escape_sequences_never_come_through() {
        let research = read("# T\n\nThe mill \u{1b}[2J\u{7}turns \u{9b}31m on.\n".as_bytes()).unwrap();
        assert!(research.passages[0].text.chars().all(|c| !c.is_control()), "{:?}", research.passages[0].text);
    }

    #[test]
    fn deep_json_is_refused_and_does_not_overflow() {
        let deep = "[".repeat(100_000);
        assert!(matches!(read(deep.as_bytes()), Err(ResearchError::Json { .. })));
    }

    proptest! {
        #[test]
        fn no_input_panics_and_no_passage_is_blank(text in "\\PC{0,60}|(#|-|\\[|\\]|1|\\||\n| |a|\"|\\{|\\}|:){0,80}") {
            if let Ok(research) = read(text.as_bytes()) {
                prop_assert!(research.passages.iter().all(|passage| !passage.text.trim().is_empty()));
            }
        }
    }
}
