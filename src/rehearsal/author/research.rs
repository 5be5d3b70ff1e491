//! The researcher: a package on a topic, out of the statements of the samples that the program ships. A rehearsal has no web
//! to search; what it hands on is real text with real references, about the sample that the topic has most words of.

use super::dice::Dice;
use crate::domain::research::{self, FoundPassage, FoundSource, Research, ResearchAnswer};

const SAMPLES: [&[u8]; 3] = [
    include_bytes!("../../../assets/research/kilogram.md"),
    include_bytes!("../../../assets/research/counting-species.md"),
    include_bytes!("../../../assets/research/continental-drift.md"),
];

/// The most passages that are handed on.
const MOST: usize = 40;

/// The answer to a topic.
pub(super) fn answer(dice: &mut Dice, topic: &str) -> ResearchAnswer {
    let wanted: Vec<String> = words(topic);
    let samples: Vec<Research> = SAMPLES.iter().filter_map(|bytes| research::read(bytes).ok()).collect();
    let shared = |sample: &Research| {
        let known: Vec<String> = sample.passages.iter().flat_map(|passage| words(&passage.text)).collect();
        wanted.iter().filter(|word| known.contains(word)).count()
    };
    // Of several that share as much the dice choose, so that a topic that fits nothing is not always the same episode.
    let first = dice.below(samples.len());
    let turned = samples.iter().cycle().skip(first).take(samples.len());
    let Some(sample) = turned.max_by_key(|sample| shared(sample)) else { return ResearchAnswer::default() };
    let cited = |number: &u32| sample.sources.iter().any(|source| source.number == *number);
    let passages = sample.passages.iter().filter_map(|passage| {
        let source = passage.cites.iter().copied().find(|number| cited(number))?;
        let text = passage.text.clone();
        Some(FoundPassage { excerpt: text.clone(), text, source, date: None })
    });
    let passages: Vec<FoundPassage> = passages.take(MOST).collect();
    let is_used = |number: u32| passages.iter().any(|passage| passage.source == number);
    let sources = sample.sources.iter().filter(|source| is_used(source.number)).map(|source| FoundSource {
        number: source.number,
        title: source.text.split("http").next().unwrap_or_default().trim_end_matches([' ', ',', '.', ':']).to_owned(),
        // A book has no address; the reserved domain says that this one leads nowhere.
        url: address(&source.text).unwrap_or_else(|| format!("https://example.org/rehearsal/{}", source.number)),
        published: None,
    });
    let sources = sources.collect();
    ResearchAnswer {
        topic: topic.split_whitespace().collect::<Vec<_>>().join(" "),
        questions: vec![
            "What is known of it, and how?".to_owned(),
            "Who found it out, and what did they miss?".to_owned(),
            "What is still open?".to_owned(),
        ],
        passages,
        sources,
        gaps: vec!["Whether the newest figures will hold is not known; no later measurement was found.".to_owned()],
    }
}

fn words(text: &str) -> Vec<String> {
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    text.split_whitespace().map(plain).filter(|word| word.chars().count() > 3).collect()
}

fn address(text: &str) -> Option<String> {
    text.split_whitespace()
        .find(|word| word.starts_with("http"))
        .map(|word| word.trim_end_matches(['.', ',']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_answered_with_the_sample_that_it_is_about_and_the_answer_is_a_package() {
        let answer = answer(&mut Dice::new(1, []), "Why did the continents drift past all geologists?");
        assert_eq!(answer.faults(), Vec::<String>::new());
        let package = answer.to_package().unwrap();
        assert!(package.passages.iter().any(|passage| passage.text.contains("Wegener")), "{package:?}");
    }
}
