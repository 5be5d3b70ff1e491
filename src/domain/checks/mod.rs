//! Computed checks on a script: what code can see before anybody is paid to judge it.
//!
//! Figures, dates, quotations and superlatives against the excerpts that a line cites, the show's guardrails, how it
//! reads by ear, and how far it is from the show's samples. The list follows NPR's accuracy checklist: superlatives are
//! verified or cut, names and dates looked up, the arithmetic done again, quotes held against their source. A check
//! would rather miss a fault than cry wolf: what only a reader can tell is left to the judges. Form is not looked at
//! here: ids, speakers, segments and the excerpts of claims are `accept`'s.

mod brand;
mod evidence;
mod language;
mod measures;
mod names;
mod numbers;
mod observe;
mod quotations;
mod superlatives;
#[cfg(test)]
mod tests;
mod text;
mod units;

use serde::{Deserialize, Serialize};

use super::handoff::{Plan, Severity};
use super::ids::LineId;
use super::research::Research;
use super::script::Script;

pub use self::brand::{Deviation, Feature, FeatureDistance, deviation};
pub use self::measures::{Readings, SegmentTime};

/// How far a script may be from the samples before it is told, in parts of a thousand.
const FARTHEST: u16 = 600;

/// The guardrails of a show that code can check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Guardrails {
    /// Phrases that are not said. An entry of more than five words or with a comma is an instruction for the judges.
    pub banned: Vec<String>,
    /// Phrases that are said at least once.
    pub required: Vec<String>,
    /// Whether the show is marked as explicit.
    pub explicit: bool,
    /// Phrases of which one is heard within the first minute; none where nothing needs to be disclosed.
    pub disclosure: Vec<String>,
    /// Names that belong to the show and stand in no package: its own, those of its speakers.
    pub names: Vec<String>,
    /// The highest reading grade (Kincaid and others 1975), in tenths.
    pub max_grade_tenths: u16,
    /// The most words of a sentence.
    pub max_sentence_words: u32,
    /// The most words that one speaker says in a go.
    pub max_turn_words: u32,
    /// Texts in the show's voice.
    pub samples: Vec<String>,
}

impl Default for Guardrails {
    fn default() -> Self {
        Self {
            banned: Vec::new(),
            required: Vec::new(),
            explicit: false,
            disclosure: vec!["AI".to_owned(), "artificial intelligence".to_owned()],
            names: Vec::new(),
            max_grade_tenths: 120,
            max_sentence_words: 45,
            max_turn_words: 140,
            samples: Vec::new(),
        }
    }
}

/// What is checked, and what it is held against.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The script.
    pub script: &'a Script,
    /// The package that it was written from; without one, quotations and names cannot be looked up.
    pub research: Option<&'a Research>,
    /// The plan that it follows.
    pub plan: Option<&'a Plan>,
    /// The show's guardrails.
    pub guardrails: &'a Guardrails,
    /// How long the show wants an episode, from and to, in milliseconds.
    pub target_ms: (u64, u64),
    /// The rate of speech.
    pub words_per_minute: u32,
    /// The words that the model says it wrote.
    pub claimed_words: Option<u64>,
}

/// What a check looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// A claimed count of words that is not the measured one.
    WordCountClaim,
    /// A segment far from its planned length.
    SegmentLength,
    /// A sentence of fact in a line that cites nothing for it.
    UncitedClaim,
    /// A figure that is not its source's.
    Figure,
    /// A date that is not its source's.
    Date,
    /// Words in quotation marks that nobody said.
    Quotation,
    /// A superlative that no excerpt states.
    Superlative,
    /// Harder to read than the show allows.
    ReadingGrade,
    /// A sentence that cannot be followed by ear.
    LongSentence,
    /// One speaker for too long.
    LongTurn,
    /// A phrase that the show does not use.
    BannedPhrase,
    /// A phrase that the show always uses and that is missing.
    RequiredPhrase,
    /// Strong language in a show that is not marked as explicit.
    Profanity,
    /// Nobody says in time how the episode was made.
    Disclosure,
    /// Something that was meant for a page or a producer and would be read aloud.
    Markup,
    /// A name that the package does not know.
    Name,
    /// Far from the voice of the samples.
    BrandDeviation,
}

impl CheckKind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::WordCountClaim,
        Self::SegmentLength,
        Self::UncitedClaim,
        Self::Figure,
        Self::Date,
        Self::Quotation,
        Self::Superlative,
        Self::ReadingGrade,
        Self::LongSentence,
        Self::LongTurn,
        Self::BannedPhrase,
        Self::RequiredPhrase,
        Self::Profanity,
        Self::Disclosure,
        Self::Markup,
        Self::Name,
        Self::BrandDeviation,
    ];

    /// The name as it stands in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::WordCountClaim => "word_count_claim",
            Self::SegmentLength => "segment_length",
            Self::UncitedClaim => "uncited_claim",
            Self::Figure => "figure",
            Self::Date => "date",
            Self::Quotation => "quotation",
            Self::Superlative => "superlative",
            Self::ReadingGrade => "reading_grade",
            Self::LongSentence => "long_sentence",
            Self::LongTurn => "long_turn",
            Self::BannedPhrase => "banned_phrase",
            Self::RequiredPhrase => "required_phrase",
            Self::Profanity => "profanity",
            Self::Disclosure => "disclosure",
            Self::Markup => "markup",
            Self::Name => "name",
            Self::BrandDeviation => "brand_deviation",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// What was looked for.
    pub kind: CheckKind,
    /// How much it weighs.
    pub severity: Severity,
    /// The line it stands at; nothing where it is the whole script's.
    pub line: Option<LineId>,
    /// Words of that line, verbatim.
    pub quote: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What would mend it.
    pub wanted: String,
}

/// What the checks found and measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    /// The faults: those that weigh most first, then in the order of the script, those of the whole script last.
    pub observations: Vec<Observation>,
    /// The measures.
    pub readings: Readings,
}

/// Runs every check.
pub fn run(subject: &Subject<'_>) -> Checked {
    let readings = measures::read(subject);
    let mut found = Vec::new();
    evidence::check(subject, &mut found);
    superlatives::check(subject, &mut found);
    quotations::check(subject, &mut found);
    names::check(subject, &mut found);
    language::check(subject, &mut found);
    measures::check(subject, &readings, &mut found);
    brand::check(readings.brand.as_ref(), &mut found);
    let place = |line: Option<LineId>| {
        line.and_then(|id| subject.script.lines().position(|line| line.id == id)).unwrap_or(usize::MAX)
    };
    found.sort_by_cached_key(|observation| (std::cmp::Reverse(observation.severity), place(observation.line)));
    Checked { observations: found, readings }
}
