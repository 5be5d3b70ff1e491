//! What a person is shown when asked to accept a package: its size, its age, and where it is thin.
//!
//! Everything is counted or found by code. Not for judging: whether a thin package will do is for the person to say.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::freshness::{SourceAge, ages, stale, undated};
use super::{Passage, Research, answer::NOT_KNOWN};
use crate::domain::wording::{clean, openness, quotations, start};

/// The most characters of a passage that are shown.
const SHOWN: usize = 160;

/// What was found in a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResearchReport {
    /// How many passages can be cited.
    pub passages: usize,
    /// The words of all passages.
    pub words: usize,
    /// How many references there are.
    pub sources: usize,
    /// The ids of the passages that cite nothing.
    pub uncited_passages: Vec<String>,
    /// The citations that no reference answers.
    pub unknown_citations: Vec<UnknownCitation>,
    /// The sources that are older than the limit; none where there is no limit.
    pub stale: Vec<SourceAge>,
    /// The numbers of the sources without a date.
    pub undated: Vec<u32>,
    /// The ids of the passages with a quotation and without a reference that backs it.
    pub quotes_unverified: Vec<String>,
    /// Where the package says itself that something is open, and its sections with a single passage.
    pub gaps: Vec<String>,
}

/// A citation that no reference answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownCitation {
    /// The passage that has it.
    pub passage: String,
    /// The number.
    pub number: u32,
}

/// Reports on a package on a day; sources older than the limit are stale, where a limit is set.
pub fn report(research: &Research, today: Date, limit_days: Option<u32>) -> ResearchReport {
    let ages = ages(research, today);
    let has = |number: &u32| research.sources.iter().any(|source| source.number == *number);
    let ids = |wanted: &dyn Fn(&Passage) -> bool| -> Vec<String> {
        research.passages.iter().filter(|passage| wanted(passage)).map(|passage| passage.id.clone()).collect()
    };
    ResearchReport {
        passages: research.passages.len(),
        words: research.words(),
        sources: research.sources.len(),
        uncited_passages: ids(&|passage| passage.cites.is_empty()),
        unknown_citations: research
            .unsourced()
            .map(|(passage, number)| UnknownCitation { passage: passage.id.clone(), number })
            .collect(),
        stale: limit_days.map(|limit| stale(&ages, limit)).unwrap_or_default(),
        undated: undated(&ages),
        quotes_unverified: ids(&|passage| !quotations(&passage.text).is_empty() && !passage.cites.iter().any(has)),
        gaps: gaps(research),
    }
}

fn gaps(research: &Research) -> Vec<String> {
    let is_open = |passage: &&Passage| passage.place == NOT_KNOWN || openness(&passage.text).is_some();
    let mut found: Vec<String> = research
        .passages
        .iter()
        .filter(is_open)
        .map(|passage| format!("{}: {}", passage.id, start(&clean(&passage.text), SHOWN)))
        .collect();
    let mut sections: BTreeMap<&str, usize> = BTreeMap::new();
    for passage in &research.passages {
        *sections.entry(section(passage)).or_default() += 1;
    }
    for passage in research.passages.iter().filter(|passage| passage.place != NOT_KNOWN) {
        let section = section(passage);
        if !section.is_empty() && sections.get(section) == Some(&1) {
            found.push(format!("`{}` rests on {} alone", start(&clean(section), SHOWN), passage.id));
        }
    }
    found
}

/// The part of the package that a passage stands in: its heading, or the first member of its path in the JSON.
fn section(passage: &Passage) -> &str {
    if passage.line > 0 { &passage.place } else { passage.place.split(['.', '[']).next().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const PACKAGE: &str = "# Mills\n\nAn opening with no source.\n\nAnother one [1].\n\n## Age\n\n\
        - He said \"we do not know how old\" in print [1].\n- She said \"it is from the year 619\" on air [9].\n\
        - Its age is disputed [2].\n\n## Alone\n\nThe last one stands here [2].\n\n\
        [1] A book, 2001\n[2] https://example.org\n[3] Paper, 2025-08-01\n";

    #[test]
    fn a_report_names_what_is_thin_old_and_open() {
        let research = crate::domain::research::read(PACKAGE.as_bytes()).unwrap();
        let report = report(&research, date(2025, 8, 22), Some(365));
        assert_eq!((report.passages, report.sources), (6, 3));
        assert_eq!(report.uncited_passages, ["P1"]);
        assert_eq!(report.unknown_citations, [UnknownCitation { passage: "P4".into(), number: 9 }]);
        assert_eq!(report.stale.iter().map(|age| age.number).collect::<Vec<_>>(), [1]);
        assert_eq!(report.undated, [2]);
        assert_eq!(report.quotes_unverified, ["P4"]);
        assert_eq!(report.gaps, ["P5: Its age is disputed.", "`Alone` rests on P6 alone"]);
        assert_eq!(serde_json::from_value::<ResearchReport>(serde_json::to_value(&report).unwrap()).unwrap(), report);
    }

    #[test]
    fn without_a_limit_nothing_is_stale_and_paths_of_json_are_one_section() {
        let json =
            r#"{"a":["The mill is an old one.","The mill is a new one."],"b":{"c":"It is unclear which is right."}}"#;
        let research = crate::domain::research::read(json.as_bytes()).unwrap();
        let report = report(&research, date(2025, 8, 22), None);
        assert_eq!(report.stale, []);
        assert_eq!(report.gaps, ["P3: It is unclear which is right.", "`b` rests on P3 alone"]);
    }
}
