//! Which passages of a package a prompt carries: those that the plan and the script name, with the references they cite.
//!
//! Nothing is ranked and nothing is guessed: an id that stands in the material is a passage that goes with it. Not for what a
//! claim is checked against: that is always the whole package.

use std::collections::BTreeSet;

use super::Research;

/// The ids of passages that stand in a text, such as `P12`: a `P` and a number that are no part of a longer word.
pub fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let is_id = |word: &&str| {
        let digits = word.strip_prefix('P').unwrap_or_default();
        !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    words.filter(is_id).map(str::to_owned).collect()
}

impl Research {
    /// The package with these passages alone, in its order, and the references that they cite. A package of which nothing is
    /// named stays whole.
    #[must_use]
    pub fn only(self, ids: &BTreeSet<String>) -> Self {
        if !self.passages.iter().any(|passage| ids.contains(&passage.id)) {
            return self;
        }
        let Self { topic, passages, sources } = self;
        let passages: Vec<_> = passages.into_iter().filter(|passage| ids.contains(&passage.id)).collect();
        let cited: BTreeSet<u32> = passages.iter().flat_map(|passage| passage.cites.iter().copied()).collect();
        let sources = sources.into_iter().filter(|source| cited.contains(&source.number)).collect();
        Self { topic, passages, sources }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::handoff::{Plan, PlannedSegment};
    use crate::domain::research::read;

    const PACKAGE: &[u8] =
        b"# Tides\n\n- The moon pulls the sea. [1]\n- The sun pulls it less. [2]\n- A harbour delays it. [1][3]\n\n\
        ## References\n\n[1] https://e.org/a\n[2] https://e.org/b\n[3] https://e.org/c\n";

    #[test]
    fn ids_are_whole_words() {
        let text = "{\"passages\":[\"P1\",\"P30\"],\"x\":\"see P7, not XP8, P9a, P_10, p11 or P\"}";
        assert_eq!(named(text), ["P1", "P30", "P7"].map(str::to_owned).into());
        assert!(named("P99999999999999").is_empty());
    }

    #[test]
    fn a_plan_of_one_segment_brings_only_its_passages_and_what_they_cite() {
        let research = read(PACKAGE).unwrap();
        assert_eq!((research.passages.len(), research.sources.len()), (3, 3), "{research:?}");
        let segment = PlannedSegment {
            id: "hook".to_owned(),
            title: "The sun".to_owned(),
            purpose: "Say that it pulls.".to_owned(),
            seconds: 30,
            passages: vec!["P2".to_owned()],
        };
        let plan = Plan { title: "Tides".to_owned(), arc: "One step.".to_owned(), segments: vec![segment] };
        let only = research.clone().only(&named(&serde_json::to_string(&plan).unwrap()));
        let ids: Vec<&str> = only.passages.iter().map(|passage| passage.id.as_str()).collect();
        let numbers: Vec<u32> = only.sources.iter().map(|source| source.number).collect();
        assert_eq!((ids, numbers, only.topic.as_str()), (vec!["P2"], vec![2], "Tides"));
        assert_eq!(only.passages.first(), research.passages.get(1), "word for word");
        assert_eq!(research.clone().only(&named("P77")), research, "what names nothing of it gets all of it");
    }
}
