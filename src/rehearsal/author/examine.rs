//! What can be wrong with a line, found by really looking: a figure that its excerpts do not bear out, a superlative
//! that nothing bears out, a sentence that is too long to be said.
//!
//! The judges report what is found here and the reviser mends it. A script without these faults has no finding.

use std::collections::BTreeSet;

use super::text::{around, figures, sentences, words};
use crate::domain::script::{Claim, Line};

/// A sentence with more words than this cannot be followed by ear.
pub(super) const LONGEST: usize = 45;
/// The most words that a finding quotes.
const QUOTED: usize = 12;

/// The beginnings of superlatives that need a source.
const SUPERLATIVES: &[&str] = &[
    "the most ",
    "the greatest",
    "the biggest",
    "the largest",
    "the best ",
    "of all time",
    "has ever",
    "have ever",
    "had ever",
    "unprecedented",
];

/// A fault in a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A figure that stands in no excerpt of the line.
    Figure {
        /// What the line says.
        said: String,
        /// What the excerpts say and the line does not, if there is one such figure.
        sourced: Option<String>,
        /// Words of the line.
        quote: String,
    },
    /// A superlative that stands in no excerpt of the line.
    Superlative {
        /// Words of the line.
        quote: String,
    },
    /// A sentence of more than [`LONGEST`] words.
    Long {
        /// Its words.
        words: usize,
        /// Words of the line.
        quote: String,
    },
}

impl Fault {
    /// The words of the line that show it.
    pub(super) fn quote(&self) -> &str {
        match self {
            Self::Figure { quote, .. } | Self::Superlative { quote } | Self::Long { quote, .. } => quote,
        }
    }

    /// What would mend it, in the words that the judges use and the reviser knows.
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Figure { said, sourced: Some(sourced), .. } => {
                format!("Put back the figure of the source: the excerpt says {sourced} where the line says {said}.")
            }
            Self::Figure { said, sourced: None, .. } => {
                format!("Take out the figure {said}, or name the passage that bears it out.")
            }
            Self::Superlative { .. } => "Cut the superlative: no passage of the package bears it out.".to_owned(),
            Self::Long { words, .. } => {
                format!("Split the long sentence of {words} words into sentences that can be said in one breath.")
            }
        }
    }
}

/// The faults of a line, in a fixed order.
pub(super) fn faults(line: &Line) -> Vec<Fault> {
    faults_of(&line.text, &line.claims)
}

/// The faults of a text that makes some claims.
pub(super) fn faults_of(text: &str, claims: &[Claim]) -> Vec<Fault> {
    let mut found = Vec::new();
    for mismatch in mismatches(text, claims) {
        let quote = around(text, mismatch.at, QUOTED).to_owned();
        found.push(Fault::Figure { said: mismatch.said, sourced: mismatch.sourced, quote });
    }
    for (at, word) in superlatives(text) {
        if !claims.iter().any(|claim| claim.excerpt.to_lowercase().contains(word)) {
            // One finding for a sentence: its second superlative goes with the first.
            let quote = around(text, at, QUOTED).to_owned();
            if !found.iter().any(|fault| matches!(fault, Fault::Superlative { .. })) {
                found.push(Fault::Superlative { quote });
            }
        }
    }
    for sentence in sentences(text) {
        let words = words(sentence);
        if words > LONGEST {
            found.push(Fault::Long { words, quote: around(sentence, 0, QUOTED).to_owned() });
        }
    }
    found
}

/// A figure in a text that none of its excerpts has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// Where it begins, in bytes.
    pub(super) at: usize,
    /// The figure as the text has it.
    pub(super) said: String,
    /// The figure of the excerpts that the text lacks at this place.
    pub(super) sourced: Option<String>,
}

/// The figures of a text that its excerpts do not bear out. Without claims there is nothing to hold them against.
pub(super) fn mismatches(text: &str, claims: &[Claim]) -> Vec<Mismatch> {
    if claims.is_empty() {
        return Vec::new();
    }
    let said = figures(text);
    let here: BTreeSet<&str> = said.iter().map(|figure| figure.value.as_str()).collect();
    let raw = |excerpt: &str, at: std::ops::Range<usize>| excerpt.get(at).unwrap_or_default().to_owned();
    let mut sourced: Vec<(String, String)> = Vec::new();
    for claim in claims {
        for figure in figures(&claim.excerpt) {
            sourced.push((figure.value, raw(&claim.excerpt, figure.at)));
        }
    }
    let mut missing = sourced.iter().filter(|(value, _)| !here.contains(value.as_str())).map(|(_, raw)| raw.clone());
    said.iter()
        .filter(|figure| !sourced.iter().any(|(value, _)| *value == figure.value))
        .map(|figure| Mismatch { at: figure.at.start, said: raw(text, figure.at.clone()), sourced: missing.next() })
        .collect()
}

/// The superlatives of a text: where each begins, in bytes of the text in lower case, and which it is.
pub(super) fn superlatives(text: &str) -> Vec<(usize, &'static str)> {
    let lower = text.to_lowercase();
    let mut found: Vec<(usize, &'static str)> =
        SUPERLATIVES.iter().filter_map(|word| lower.find(word).map(|at| (at, *word))).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(excerpt: &str) -> Claim {
        Claim { source: "P1".into(), excerpt: excerpt.into() }
    }

    #[test]
    fn a_figure_is_held_against_the_excerpts_of_its_line() {
        let claims = [claim("It opened in 1966 with 1,250 sluices.")];
        assert_eq!(faults_of("It opened in 1966 with 1250 sluices.", &claims), []);
        let found = faults_of("It opened in 1976 with 1,250 sluices.", &claims);
        let [Fault::Figure { said, sourced, quote }] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((said.as_str(), sourced.as_deref()), ("1976", Some("1966")));
        assert!("It opened in 1976 with 1,250 sluices.".contains(quote.as_str()));
        assert_eq!(faults_of("It opened in 1976.", &[]), [], "nothing to hold it against");
    }

    #[test]
    fn a_superlative_needs_an_excerpt_that_states_it() {
        let text = "It is the most important mill that anyone has ever built.";
        assert_eq!(faults_of(text, &[]).len(), 1);
        assert_eq!(faults_of(text, &[claim("the most important mill anyone has ever built")]), []);
    }

    #[test]
    fn a_long_sentence_is_found_and_two_short_ones_are_not() {
        let long = "word ".repeat(46);
        assert!(matches!(faults_of(long.trim(), &[])[..], [Fault::Long { words: 46, .. }]));
        let two = format!("{}. {}", "Word ".repeat(40).trim(), "Word ".repeat(40).trim());
        assert_eq!(faults_of(&two, &[]), []);
    }
}
