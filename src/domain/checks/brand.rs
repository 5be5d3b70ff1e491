//! How far a script is from a show's samples in what can be counted of a style.
//!
//! Each feature's difference is taken over a tolerance, and at most all of it counts; the deviation is their mean. The
//! tolerances are set so that spoken English of different shows lies within one and written reports beyond; they are
//! ours and no norm. Whether it *sounds* like the show is for a judge to say: a share is no score.

use serde::{Deserialize, Serialize};

use super::measures::{Counts, ratio};
use super::{CheckKind, FARTHEST, Observation, observe};
use crate::domain::handoff::Severity;
use crate::domain::script::Script;
use crate::domain::share::Share;

/// With fewer words, a text says nothing of a style.
const FEWEST: u64 = 60;

/// Something of a style that can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Words of a sentence.
    SentenceLength,
    /// How much that differs from sentence to sentence: the mean distance from the mean, in words.
    SentenceSpread,
    /// Words of a turn, or of a sample.
    TurnLength,
    /// Sentences that ask, of a hundred.
    Questions,
    /// Contracted words, of a hundred.
    Contractions,
    /// Words for whoever speaks or listens, of a hundred.
    Personal,
    /// Letters of a word.
    WordLength,
    /// The reading grade.
    ReadingGrade,
    /// Different words, of a hundred in a row of fifty.
    Variety,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 9] = [
        Self::SentenceLength,
        Self::SentenceSpread,
        Self::TurnLength,
        Self::Questions,
        Self::Contractions,
        Self::Personal,
        Self::WordLength,
        Self::ReadingGrade,
        Self::Variety,
    ];

    /// The name as it stands in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::SentenceLength => "sentence_length",
            Self::SentenceSpread => "sentence_spread",
            Self::TurnLength => "turn_length",
            Self::Questions => "questions",
            Self::Contractions => "contractions",
            Self::Personal => "personal",
            Self::WordLength => "word_length",
            Self::ReadingGrade => "reading_grade",
            Self::Variety => "variety",
        }
    }

    /// The difference that counts as wholly different, in tenths of the feature's measure.
    pub fn tolerance_tenths(self) -> u64 {
        match self {
            Self::SentenceLength | Self::Personal => 100,
            Self::SentenceSpread | Self::Contractions | Self::ReadingGrade => 60,
            Self::TurnLength => 800,
            Self::Questions => 300,
            Self::WordLength => 10,
            Self::Variety => 150,
        }
    }
}

/// How far a script is from the samples in one feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureDistance {
    /// The feature.
    pub name: Feature,
    /// What the script has of it, in tenths.
    pub script_tenths: i64,
    /// What the samples have of it, in tenths.
    pub samples_tenths: i64,
    /// The difference over the tolerance.
    pub distance: Share,
}

/// How far a script is from the samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// The mean of the features' distances.
    pub total: Share,
    /// Each feature.
    pub features: Vec<FeatureDistance>,
}

/// How far a script is from samples; nothing where either has fewer than sixty words, for then chance decides.
pub fn deviation(script: &Script, samples: &[String]) -> Option<Deviation> {
    let own = Counts::of(script.lines().map(|line| line.text.as_str()));
    let theirs = Counts::of(samples.iter().map(String::as_str));
    if own.words < FEWEST || theirs.words < FEWEST {
        return None;
    }
    let turns = script.lines().count() as u64;
    let features: Vec<FeatureDistance> = Feature::ALL
        .into_iter()
        .map(|name| {
            let script_tenths = tenths(name, &own, turns);
            let samples_tenths = tenths(name, &theirs, samples.len() as u64);
            let distance = Share::of(script_tenths.abs_diff(samples_tenths), name.tolerance_tenths());
            FeatureDistance { name, script_tenths, samples_tenths, distance }
        })
        .collect();
    let sum = features.iter().map(|feature| u64::from(feature.distance.per_mille())).sum();
    let total = Share::of(sum, u64::from(Share::WHOLE.per_mille()) * features.len() as u64);
    Some(Deviation { total, features })
}

/// A feature of some counts, in tenths.
fn tenths(feature: Feature, counts: &Counts, turns: u64) -> i64 {
    let sentences = counts.sentences.len() as u64;
    let mean = counts.sentence_tenths();
    let value = match feature {
        Feature::SentenceLength => mean,
        Feature::SentenceSpread => {
            ratio(counts.sentences.iter().map(|words| (10 * words).abs_diff(mean)).sum(), sentences)
        }
        Feature::TurnLength => ratio(10 * counts.words, turns),
        Feature::Questions => ratio(1000 * counts.questions, sentences),
        Feature::Contractions => ratio(1000 * counts.contractions, counts.words),
        Feature::Personal => ratio(1000 * counts.personal, counts.words),
        Feature::WordLength => ratio(10 * counts.letters, counts.words),
        Feature::ReadingGrade => return i64::from(counts.grade_tenths()),
        Feature::Variety => ratio(1000 * counts.types.0, counts.types.1),
    };
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Tells of a script that is too far from the samples, with the features that are farthest.
pub(super) fn check(deviation: Option<&Deviation>, found: &mut Vec<Observation>) {
    let Some(deviation) = deviation.filter(|deviation| deviation.total.per_mille() > FARTHEST) else { return };
    let mut features = deviation.features.clone();
    features.sort_by_key(|feature| std::cmp::Reverse(feature.distance));
    let decimal =
        |tenths: i64| format!("{}{}.{}", if tenths < 0 { "-" } else { "" }, tenths.abs() / 10, tenths.abs() % 10);
    let told = |feature: &FeatureDistance| {
        let (ours, theirs) = (decimal(feature.script_tenths), decimal(feature.samples_tenths));
        format!("{} is {ours} and {theirs} in the samples", feature.name.name().replace('_', " "))
    };
    let farthest: Vec<String> = features.iter().take(3).map(told).collect();
    let problem = format!("the style is {} away from the samples: {}", deviation.total, farthest.join("; "));
    let wanted = "Bring the script closer to the voice of the samples.".to_owned();
    found.push(observe::whole((CheckKind::BrandDeviation, Severity::Major), problem, wanted));
}
