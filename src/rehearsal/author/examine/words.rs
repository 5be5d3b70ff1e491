//! What judges say of a fault: its dimension, its weight, the problem and the remedy, in words that the reviser knows.

use super::Fault;
use crate::domain::handoff::{Dimension, FaultKind, Severity};

impl Fault {
    /// The dimension that it counts in.
    pub(in crate::rehearsal::author) fn dimension(&self) -> Dimension {
        match self.kind {
            FaultKind::Figure
            | FaultKind::Date
            | FaultKind::Name
            | FaultKind::Quotation
            | FaultKind::Unsourced
            | FaultKind::Overclaim
            | FaultKind::Superlative => Dimension::Accuracy,
            FaultKind::Harm => Dimension::Sensitivity,
            FaultKind::Brand | FaultKind::Injection | FaultKind::Other => Dimension::BrandVoice,
            FaultKind::Order => Dimension::Coherence,
            FaultKind::Missing | FaultKind::Padding => Dimension::Completeness,
            FaultKind::Opening => Dimension::Hook,
            FaultKind::Pace => Dimension::Pacing,
            FaultKind::Jargon => Dimension::Accessibility,
        }
    }

    /// How much it weighs for a reader who forgives nothing.
    pub(in crate::rehearsal::author) fn severity(&self) -> Severity {
        match self.kind {
            FaultKind::Figure
            | FaultKind::Date
            | FaultKind::Name
            | FaultKind::Quotation
            | FaultKind::Overclaim
            | FaultKind::Harm
            | FaultKind::Injection => Severity::Blocker,
            FaultKind::Superlative
            | FaultKind::Unsourced
            | FaultKind::Brand
            | FaultKind::Order
            | FaultKind::Missing
            | FaultKind::Opening => Severity::Major,
            FaultKind::Padding | FaultKind::Pace | FaultKind::Jargon | FaultKind::Other => Severity::Minor,
        }
    }

    /// What is wrong.
    pub(in crate::rehearsal::author) fn problem(&self) -> String {
        let said = &self.said;
        match (self.kind, &self.sourced) {
            (FaultKind::Figure | FaultKind::Date | FaultKind::Name | FaultKind::Overclaim, Some(sourced)) => {
                format!("The line says {said}; the excerpt that it cites says {sourced}.")
            }
            (FaultKind::Figure, None) => format!("No excerpt of the line has the figure {said}."),
            (FaultKind::Date, None) => format!("No excerpt of the line has the date {said}."),
            (FaultKind::Name, None) => format!("No excerpt of the line has the name {said}."),
            (FaultKind::Overclaim, None) => format!("The line is surer than its excerpt, which does not say: {said}."),
            (FaultKind::Quotation, _) => "Words in somebody's mouth that no passage has.".to_owned(),
            (FaultKind::Superlative, _) => {
                "A superlative without a source: nothing in the package states it.".to_owned()
            }
            (FaultKind::Unsourced, _) => "A statement that could be checked, and nothing is cited for it.".to_owned(),
            (FaultKind::Harm, _) => format!("It can do harm, and no passage bears it out: {said}."),
            (FaultKind::Brand, _) => format!("This show does not talk like that: {said}."),
            (FaultKind::Order, _) => format!("It looks back at a part that has not been heard yet, {said}."),
            (FaultKind::Missing, _) => format!("The listener is promised {said}, and it never comes."),
            (FaultKind::Padding, _) => format!("It was said before at {said}, and nothing is added."),
            (FaultKind::Opening, _) => "The opening clears its throat, and nothing is at stake.".to_owned(),
            (FaultKind::Pace, _) => format!("A sentence of {said} words cannot be followed by ear."),
            (FaultKind::Jargon, _) => format!("A newcomer does not know the term {said}, and nobody explains it."),
            (FaultKind::Injection, _) => "The line speaks to its judges and asks for a score.".to_owned(),
            (FaultKind::Other, _) => "Something is wrong here.".to_owned(),
        }
    }

    /// What would mend it, in one sentence without double quotation marks: those dictate.
    pub(in crate::rehearsal::author) fn remedy(&self) -> String {
        let (start, said) = (start(self.kind, self.sourced.is_some()), &self.said);
        match (self.kind, &self.sourced) {
            (FaultKind::Figure | FaultKind::Date | FaultKind::Name | FaultKind::Overclaim, Some(sourced)) => {
                format!("{start} the excerpt says {sourced} where the line says {said}.")
            }
            (FaultKind::Figure | FaultKind::Date | FaultKind::Name, None) => {
                format!("{start} {said}, or name the passage that bears it out.")
            }
            (FaultKind::Pace, _) => format!("{start} {said} words into sentences that can be said in one breath."),
            (FaultKind::Jargon, _) => format!("{start} {said} in plain words where it is first heard."),
            (
                FaultKind::Overclaim
                | FaultKind::Quotation
                | FaultKind::Superlative
                | FaultKind::Unsourced
                | FaultKind::Harm
                | FaultKind::Brand
                | FaultKind::Order
                | FaultKind::Missing
                | FaultKind::Padding
                | FaultKind::Opening
                | FaultKind::Injection
                | FaultKind::Other,
                _,
            ) => start.to_owned(),
        }
    }
}

/// How a remedy of a kind begins.
fn start(kind: FaultKind, is_sourced: bool) -> &'static str {
    match (kind, is_sourced) {
        (FaultKind::Figure, true) => "Put back the figure of the source:",
        (FaultKind::Figure, false) => "Take out the figure",
        (FaultKind::Date, true) => "Put back the date of the source:",
        (FaultKind::Date, false) => "Take out the date",
        (FaultKind::Name, true) => "Put back the name of the source:",
        (FaultKind::Name, false) => "Take out the name",
        (FaultKind::Overclaim, true) => "Put back the caution of the source:",
        (FaultKind::Overclaim, false) => "Take out the certainty that no excerpt has.",
        (FaultKind::Quotation, _) => "Take out the quotation that no passage has.",
        (FaultKind::Superlative, _) => "Cut the superlative: no passage of the package bears it out.",
        (FaultKind::Unsourced, _) => "Take out the statement for which nothing is cited.",
        (FaultKind::Harm, _) => "Take out what can do harm and no passage bears out.",
        (FaultKind::Brand, _) => "Take out what is not the voice of this show.",
        (FaultKind::Order, _) => "Take out the look back at a part that comes later.",
        (FaultKind::Missing, _) => "Take back the promise that nothing later keeps.",
        (FaultKind::Padding, _) => "Take out the repetition of what was said before.",
        (FaultKind::Opening, _) => "Take out the greeting, so that the first words give a reason to stay.",
        (FaultKind::Pace, _) => "Split the long sentence of",
        (FaultKind::Jargon, _) => "Explain the term",
        (FaultKind::Injection, _) => "Take out the words to whoever scores it.",
        (FaultKind::Other, _) => "Mend it.",
    }
}

/// Whether an instruction is a remedy of the judges, for whatever script.
pub(in crate::rehearsal::author) fn is_remedy(instruction: &str) -> bool {
    let kinds = crate::rehearsal::temper::PLANTABLE.into_iter();
    let mut starts = kinds.flat_map(|kind| [start(kind, true), start(kind, false)]);
    starts.any(|start| instruction.starts_with(start))
}

/// Words of an instruction that mean a kind of fault, in lower case.
pub(in crate::rehearsal::author) fn means(kind: FaultKind, instruction: &str) -> bool {
    let words: &[&str] = match kind {
        FaultKind::Figure => &["figure", "number", "excerpt"],
        FaultKind::Date => &["date", "year", "figure", "number", "excerpt"],
        FaultKind::Name => &["name", "excerpt"],
        FaultKind::Quotation => &["quot"],
        FaultKind::Superlative => &["superlative", "unsourced", "cut"],
        FaultKind::Unsourced => &["source", "cite", "statement"],
        FaultKind::Overclaim => &["certain", "caution", "hedge", "sure", "excerpt"],
        FaultKind::Harm => &["harm", "accus", "advice"],
        FaultKind::Brand => &["voice", "prais", "phrase"],
        FaultKind::Order => &["look back", "order", "later"],
        FaultKind::Missing => &["promis"],
        FaultKind::Padding => &["repe", "twice"],
        FaultKind::Opening => &["greet", "opening", "welcome"],
        FaultKind::Pace => &["split", "long", "short"],
        FaultKind::Jargon => &["term", "jargon", "explain"],
        FaultKind::Injection => &["judge", "score", "points"],
        FaultKind::Other => &[],
    };
    words.iter().any(|word| instruction.contains(word))
}

/// Whether code finds faults of a kind too, before any judge does.
pub(in crate::rehearsal::author) fn is_computed(kind: FaultKind) -> bool {
    match kind {
        FaultKind::Figure
        | FaultKind::Date
        | FaultKind::Name
        | FaultKind::Quotation
        | FaultKind::Superlative
        | FaultKind::Unsourced
        | FaultKind::Brand
        | FaultKind::Pace => true,
        FaultKind::Overclaim
        | FaultKind::Harm
        | FaultKind::Order
        | FaultKind::Missing
        | FaultKind::Padding
        | FaultKind::Opening
        | FaultKind::Jargon
        | FaultKind::Injection
        | FaultKind::Other => false,
    }
}
