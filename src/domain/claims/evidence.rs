//! A sentence read for what can be compared, and its comparison with the words that are to bear it out.

use std::collections::BTreeSet;

use super::ClaimKind;
use super::figures::{Figure, figures};
use crate::domain::wording::{
    bears_cause, causes, content, has_name, hedge, is_quoted_from, quotations, start, superlatives,
};

/// With less than this share of its content words in the excerpt, in hundredths, a sentence is carried only in part.
const LEAST_SHARE: usize = 40;

/// A text with what can be compared in it.
pub(super) struct Reading {
    /// The text.
    pub(super) text: String,
    figures: Vec<Figure>,
    content: BTreeSet<String>,
    superlatives: Vec<(usize, String)>,
}

/// How an excerpt stands to a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weighed {
    /// It carries the whole of it.
    Carried,
    /// It carries it in part.
    InPart,
    /// It says otherwise.
    Contradicted,
}

impl Reading {
    /// Reads a text. The words of a figure and its unit are compared as a figure, and are no content words besides.
    pub(super) fn of(text: &str) -> Self {
        let figures = figures(text);
        let counted: BTreeSet<String> = figures.iter().flat_map(|figure| content(&figure.text)).collect();
        let content = content(text).difference(&counted).cloned().collect();
        Self { text: text.to_owned(), figures, content, superlatives: superlatives(text) }
    }

    /// The strongest kind of claim that it makes.
    pub(super) fn kind(&self) -> ClaimKind {
        if !quotations(&self.text).is_empty() {
            ClaimKind::Quote
        } else if !self.superlatives.is_empty() {
            ClaimKind::Superlative
        } else if self.figures.iter().any(Figure::is_date) {
            ClaimKind::Date
        } else if self.figures.iter().any(Figure::is_weighty) {
            ClaimKind::Number
        } else if !causes(&self.text).is_empty() {
            ClaimKind::Causal
        } else if has_name(&self.text) {
            ClaimKind::Name
        } else {
            ClaimKind::Other
        }
    }

    /// Whether its own wording makes a claim of it, whatever its line says.
    pub(super) fn is_claim(&self) -> bool {
        !matches!(self.kind(), ClaimKind::Name | ClaimKind::Other)
    }

    /// Whether it asks.
    pub(super) fn is_question(&self) -> bool {
        self.text.trim_end_matches(['"', '”', '’', ')', ' ']).ends_with('?')
    }

    /// How much it says: content words and figures.
    pub(super) fn weight(&self) -> usize {
        self.content.len() + self.figures.len()
    }

    /// How many content words and figures of it stand in another text.
    pub(super) fn shared(&self, other: &Self) -> usize {
        let words = self.content.intersection(&other.content).count();
        words + self.figures.iter().filter(|figure| other.has(figure)).count()
    }

    fn has(&self, figure: &Figure) -> bool {
        self.figures.iter().any(|own| figure.agrees(own))
    }

    /// Weighs an excerpt for the sentence, and says why it does not carry it. A figure that another excerpt of the line
    /// has, by the passage's id, contradicts nothing; a quotation may stand anywhere in the passages.
    pub(super) fn weigh(&self, excerpt: &Self, others: &[(&str, &Self)], passages: &[&str]) -> (Weighed, String) {
        for quoted in quotations(&self.text) {
            if !passages.iter().any(|passage| is_quoted_from(quoted, passage)) {
                return (Weighed::Contradicted, format!("`{}` does not stand in the source", start(quoted, 80)));
            }
        }
        let shared = self.content.intersection(&excerpt.content).count();
        let is_about_it = shared * 100 >= self.content.len() * LEAST_SHARE;
        let mut parts: Vec<String> = Vec::new();
        for figure in self.figures.iter().filter(|figure| !excerpt.has(figure)) {
            if let Some((id, _)) = others.iter().find(|(_, other)| other.has(figure)) {
                parts.push(format!("`{}` stands in {id}, not in this excerpt", figure.text));
                continue;
            }
            // A value that the sentence has too is not what stands in this one's place.
            let rival = |other: &&Figure| figure.contradicts(other) && !self.has_value_of(other);
            let rivals: Vec<&Figure> = excerpt.figures.iter().filter(rival).collect();
            if let Some(near) = rivals.iter().find(|other| figure.rounds(other)) {
                parts.push(format!("`{}` rounds `{}`", figure.text, near.text));
            } else if let (Some(rival), true) = (rivals.first(), is_about_it) {
                let words = format!("`{}` stands where the excerpt has `{}`", figure.text, rival.text);
                return (Weighed::Contradicted, words);
            } else if figure.is_weighty() {
                parts.push(format!("`{}` is not in the excerpt", figure.text));
            }
        }
        parts.extend(self.said_too_often(excerpt));
        for (row, word) in &self.superlatives {
            if !excerpt.superlatives.iter().any(|(other, _)| other == row) {
                parts.push(format!("the excerpt does not say `{word}`"));
            }
        }
        for (row, wording) in causes(&self.text) {
            if !bears_cause(&excerpt.text, row) {
                parts.push(format!("the excerpt does not say `{wording}`"));
            }
        }
        if let (Some(lost), None) = (hedge(&excerpt.text), hedge(&self.text)) {
            parts.push(format!("the excerpt says `{lost}` and the sentence is sure"));
        }
        if !is_about_it {
            parts.push(format!("{shared} of its {} content words stand in the excerpt", self.content.len()));
        }
        if self.content.is_empty() && !self.figures.iter().any(|figure| excerpt.has(figure)) {
            parts.push("it says nothing that can be compared".to_owned());
        }
        let weighed = if parts.is_empty() { Weighed::Carried } else { Weighed::InPart };
        (weighed, parts.join("; "))
    }

    /// A figure that the sentence has more often than the excerpt, where the excerpt has another value for it that the
    /// sentence leaves out: one of the two may stand in the other's place.
    fn said_too_often(&self, excerpt: &Self) -> Option<String> {
        let times = |all: &[Figure], figure: &Figure| all.iter().filter(|other| figure.agrees(other)).count();
        self.figures.iter().find_map(|figure| {
            let found = times(&excerpt.figures, figure);
            let is_too_often = found > 0 && times(&self.figures, figure) > found;
            let left_out = |other: &&Figure| figure.contradicts(other) && !self.has_value_of(other);
            let rival = excerpt.figures.iter().find(left_out).filter(|_| is_too_often)?;
            Some(format!("`{}` may stand where the excerpt has `{}`", figure.text, rival.text))
        })
    }

    /// Whether a figure of the sentence agrees with one of the excerpt.
    fn has_value_of(&self, other: &Figure) -> bool {
        self.figures.iter().any(|own| own.agrees(other))
    }
}
