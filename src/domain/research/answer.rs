//! The contract of the researcher, agent 00: what an answer holds, and the package that is made of it.
//!
//! An answer becomes a package by being written as Markdown and read back, so that there is one way into a package and
//! a person can keep, read and edit the file. What an answer says is data: marks that the reader would take for its own
//! are dropped, and control and hidden characters with them. Not for searching, and not for judging what was found.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MAX_BYTES, Research, is_address, markdown};
use crate::domain::accept::form::is_verbatim;
use crate::domain::wording::{clean, start};

/// Fewer passages than this are no package.
const FEWEST_PASSAGES: usize = 3;
/// The heading above what the researcher found.
const FINDINGS: &str = "Findings";
/// The heading above what the researcher did not find.
pub(super) const NOT_KNOWN: &str = "What is not known";

/// What agent 00 hands on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResearchAnswer {
    /// The topic, in a line.
    pub topic: String,
    /// The questions that were searched for.
    pub questions: Vec<String>,
    /// What was found, a statement each, in the order in which it is to be read.
    pub passages: Vec<FoundPassage>,
    /// The sources of the passages.
    pub sources: Vec<FoundSource>,
    /// What was searched for and not found, or is disputed, a sentence each.
    pub gaps: Vec<String>,
}

/// A statement that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundPassage {
    /// The statement, in one or a few sentences, without markup.
    pub text: String,
    /// The number of its source.
    pub source: u32,
    /// The words of the text that are the source's own, verbatim.
    pub excerpt: String,
    /// When it was so, where that is known, such as `2024-03`.
    pub date: Option<String>,
}

/// A source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundSource {
    /// Its number, from 1.
    pub number: u32,
    /// Its title, with its author where one is named.
    pub title: String,
    /// Its address.
    pub url: String,
    /// When it was published, where that is known, such as `2024-03-12`.
    pub published: Option<String>,
}

impl ResearchAnswer {
    /// Every fault of the answer, in words for whoever mends it; none where it can become a package.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !says_something(&self.topic) {
            faults.push("`topic` says nothing".to_owned());
        }
        for (name, list) in [("questions", &self.questions), ("gaps", &self.gaps)] {
            let blank = list.iter().enumerate().filter(|(_, text)| !says_something(text));
            faults.extend(blank.map(|(index, _)| format!("/{name}/{index} says nothing")));
        }
        if self.passages.len() < FEWEST_PASSAGES {
            let found = self.passages.len();
            faults.push(format!("there are {found} passages, and a package has at least {FEWEST_PASSAGES}"));
        }
        let known: BTreeSet<u32> = self.sources.iter().map(|source| source.number).collect();
        for (index, passage) in self.passages.iter().enumerate() {
            if !says_something(&passage.text) {
                faults.push(format!("/passages/{index}/text says nothing"));
            }
            if !known.contains(&passage.source) {
                faults.push(format!("/passages/{index}: there is no source {}", passage.source));
            }
            if !is_verbatim(&unmarked(&passage.excerpt), &unmarked(&passage.text)) {
                let words = start(&clean(&passage.excerpt), 60);
                faults.push(format!("/passages/{index}: the excerpt `{words}` does not stand verbatim in the text"));
            }
        }
        let mut seen = BTreeSet::new();
        for (index, source) in self.sources.iter().enumerate() {
            if !seen.insert(source.number) {
                faults.push(format!("/sources/{index}: the number {} is given twice", source.number));
            }
            if titled(&source.title).is_empty() {
                faults.push(format!("/sources/{index}/title says nothing"));
            }
            if !is_address(&source.url) {
                let words = start(&clean(&source.url), 60);
                faults.push(format!(
                    "/sources/{index}/url: `{words}` is no address that begins with https:// or http://"
                ));
            }
        }
        if faults.is_empty() && self.to_markdown().len() > MAX_BYTES {
            faults.push(format!("the package would have more than {MAX_BYTES} bytes"));
        }
        faults
    }

    /// The package: the passages in order, each citing its source, and behind them what is not known, citing nothing.
    ///
    /// # Errors
    ///
    /// Every fault of the answer.
    pub fn to_package(&self) -> Result<Research, Vec<String>> {
        let faults = self.faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        super::read(self.to_markdown().as_bytes()).map_err(|error| vec![error.to_string()])
    }

    /// The package as a file. Questions stand as headings, which are no passages.
    pub fn to_markdown(&self) -> String {
        let mut file = format!("# {}\n\n", unmarked(&self.topic));
        for question in &self.questions {
            let _ = writeln!(file, "## Asked: {}\n", unmarked(question));
        }
        let _ = writeln!(file, "## {FINDINGS}\n");
        for passage in &self.passages {
            let _ = writeln!(file, "- {} [{}]", unmarked(&passage.text), passage.source);
        }
        if !self.gaps.is_empty() {
            let _ = writeln!(file, "\n## {NOT_KNOWN}\n");
            for gap in &self.gaps {
                let _ = writeln!(file, "- {}", unmarked(gap));
            }
        }
        let _ = writeln!(file, "\n## Sources\n");
        for source in &self.sources {
            let published = source.published.as_deref().map(clean).filter(|text| !text.is_empty());
            let published = published.map(|text| format!(" ({text})")).unwrap_or_default();
            let _ = writeln!(file, "[{}] {}{published} {}", source.number, titled(&source.title), clean(&source.url));
        }
        file
    }
}

/// Text as the reader of packages keeps it, so that it comes back as it was written.
fn unmarked(text: &str) -> String {
    let mut text = clean(text);
    // What is left when a mark goes may be a mark again; each turn shortens the text.
    loop {
        let once = clean(&markdown::unmarked(&text).0);
        if once == text {
            return text;
        }
        text = once;
    }
}

/// A title as the reader of references keeps it.
fn titled(title: &str) -> String {
    clean(title).trim_start_matches([':', ' ']).to_owned()
}

fn says_something(text: &str) -> bool {
    unmarked(text).chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::research::read;

    fn passage(text: &str, source: u32) -> FoundPassage {
        FoundPassage { text: text.into(), source, excerpt: text.into(), date: None }
    }

    fn answer() -> ResearchAnswer {
        let source = |number, published: Option<&str>| FoundSource {
            number,
            title: format!("Title {number}"),
            url: format!("https://example.org/{number}"),
            published: published.map(str::to_owned),
        };
        ResearchAnswer {
            topic: "Tide mills".into(),
            questions: vec!["Which is the oldest?".into()],
            passages: vec![
                passage("One is old [4].", 1),
                passage("# Two **are**\nnew.", 2),
                passage("- Three may be.", 1),
            ],
            sources: vec![source(1, Some("2024-03-12")), source(2, None)],
            gaps: vec!["Nobody has dated the third.".into()],
        }
    }

    #[test]
    fn an_answer_becomes_a_package_and_its_file_reads_back_as_that() {
        let package = answer().to_package().unwrap();
        assert_eq!(package.topic, "Tide mills");
        let told: Vec<(&str, &str, &[u32])> =
            package.passages.iter().map(|p| (p.id.as_str(), p.text.as_str(), p.cites.as_slice())).collect();
        assert_eq!(
            told,
            [
                ("P1", "One is old.", [1].as_slice()),
                ("P2", "# Two are new.", &[2]),
                ("P3", "- Three may be.", &[1]),
                ("P4", "Nobody has dated the third.", &[]),
            ]
        );
        assert_eq!(package.sources[0].text, "Title 1 (2024-03-12) https://example.org/1");
        assert_eq!(read(answer().to_markdown().as_bytes()).unwrap(), package);
    }

    #[test]
    fn each_fault_is_told_at_its_place() {
        let mut bad = answer();
        bad.topic = "**".into();
        bad.questions.push(" ".into());
        bad.passages.pop();
        bad.passages[0].source = 9;
        bad.passages[1].excerpt = "not there".into();
        bad.sources[1].number = 1;
        bad.sources[1].url = "javascript:alert(1)".into();
        assert_eq!(
            bad.faults(),
            [
                "`topic` says nothing",
                "/questions/1 says nothing",
                "there are 2 passages, and a package has at least 3",
                "/passages/0: there is no source 9",
                "/passages/1: there is no source 2",
                "/passages/1: the excerpt `not there` does not stand verbatim in the text",
                "/sources/1: the number 1 is given twice",
                "/sources/1/url: `javascript:alert(1)` is no address that begins with https:// or http://",
            ]
        );
        assert_eq!(bad.to_package(), Err(bad.faults()));
        for url in ["https://", "http://a b", "https://a\u{1b}[2J", "https://a\u{202e}b", "ftp://a", ""] {
            let mut bad = answer();
            bad.sources[0].url = url.into();
            assert_eq!(bad.faults().len(), 1, "{url:?}");
        }
    }

    #[test]
    fn the_contract_is_closed() {
        let schema = serde_json::to_string(&schemars::schema_for!(ResearchAnswer)).unwrap();
        assert_eq!(schema.matches("\"additionalProperties\":false").count(), 3, "{schema}");
        let more = r#"{"topic":"t","questions":[],"passages":[],"sources":[],"gaps":[],"words":3}"#;
        assert!(serde_json::from_str::<ResearchAnswer>(more).is_err());
    }

    proptest! {
        #[test]
        fn every_sound_answer_reads_back_to_its_passages_and_sources(
            texts in prop::collection::vec("\\PC{1,30}|(#|-|\\*|`|\\[|\\]|1|2|\\||\\n| |a|b|:|\\.|\"|\\{|\\u{1b}){1,24}", 3..6),
            titles in prop::collection::vec("\\PC{1,20}|(:| |a|\\[|\\]|1|-){1,9}", 2),
        ) {
            let mut answer = answer();
            answer.topic.clone_from(&texts[0]);
            answer.questions = vec![texts[1].clone()];
            answer.gaps = vec![texts[2].clone()];
            answer.passages = texts.iter().map(|text| passage(text, 2)).collect();
            for (source, title) in answer.sources.iter_mut().zip(titles) {
                source.title = title;
            }
            if let Ok(package) = answer.to_package() {
                let found = &package.passages[..texts.len()];
                prop_assert_eq!(package.passages.len(), texts.len() + 1);
                prop_assert_eq!(&package.topic, &unmarked(&texts[0]));
                for (passage, text) in found.iter().zip(&texts) {
                    prop_assert_eq!(&passage.text, &unmarked(text));
                    prop_assert_eq!(&passage.cites, &vec![2]);
                }
                prop_assert_eq!(package.sources.len(), 2);
                for (read, given) in package.sources.iter().zip(&answer.sources) {
                    prop_assert_eq!(read.number, given.number);
                    prop_assert!(read.text.starts_with(&titled(&given.title)) && read.text.ends_with(&given.url));
                }
                prop_assert_eq!(read(answer.to_markdown().as_bytes()).unwrap(), package);
            }
        }
    }
}
