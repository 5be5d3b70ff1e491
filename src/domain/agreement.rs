//! How far raters agree on an ordinal scale: judge with judge, and judge with person.
//!
//! One episode has too few items for anything that is corrected for chance, so that an episode gets counts
//! ([`episode`]) and only a window of at least [`NEEDED`] items gets coefficients ([`window`]), each with its number of
//! items and an interval. No value here is ever not a number: what cannot be computed is `None`. The figures are for
//! reports; they open no gate and are not kept in the ledger. Not for what the judges disagree about: that is the gate.

mod interval;
mod pairs;
mod scale;
mod units;

use serde::{Deserialize, Serialize};

pub use self::pairs::{cohens_kappa, exact, leniency, rank_correlation, within_one};
pub use self::scale::{Scale, Weights};
pub use self::units::{Distance, gwets_ac2, krippendorffs_alpha};

/// The fewest items that a coefficient which is corrected for chance is given for.
pub const NEEDED: usize = 30;

/// A measure with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The value.
    pub value: f64,
    /// How many items it rests on.
    pub n: usize,
    /// The lower end of the 95 % interval. An interval without width means that the method saw no variation in these
    /// items, not that the value is certain.
    pub low: f64,
    /// The upper end of the 95 % interval.
    pub high: f64,
}

/// What is said of a kappa in a word (Landis and Koch, "The measurement of observer agreement for categorical data",
/// Biometrics 33, 1977). The authors call the limits arbitrary; they are a common language and no test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Below 0: less than chance would give.
    Poor,
    /// To 0.20.
    Slight,
    /// To 0.40.
    Fair,
    /// To 0.60.
    Moderate,
    /// To 0.80.
    Substantial,
    /// Above 0.80.
    AlmostPerfect,
}

impl Band {
    /// The band of a coefficient.
    pub fn of(coefficient: f64) -> Self {
        match coefficient {
            c if c < 0.0 => Self::Poor,
            c if c <= 0.2 => Self::Slight,
            c if c <= 0.4 => Self::Fair,
            c if c <= 0.6 => Self::Moderate,
            c if c <= 0.8 => Self::Substantial,
            _ => Self::AlmostPerfect,
        }
    }

    /// The band in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Poor => "poor",
            Self::Slight => "slight",
            Self::Fair => "fair",
            Self::Moderate => "moderate",
            Self::Substantial => "substantial",
            Self::AlmostPerfect => "almost perfect",
        }
    }
}

/// The agreement of two raters over a window of items. What the items leave undefined is `None`: no kappa where both
/// gave one and the same score throughout, no rank correlation where one of them did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The share of items with the same score; the interval is Wilson's.
    pub exact: Measure,
    /// The share of items with scores at most one apart; the interval is Wilson's. On five points it is easily high.
    pub within_one: Measure,
    /// Cohen's kappa with quadratic weights; the interval is from its standard error.
    pub kappa: Option<Measure>,
    /// Gwet's AC2 with quadratic weights, which holds up where scores bunch; the interval is from its standard error.
    pub ac2: Option<Measure>,
    /// Krippendorff's alpha for ordinal scores; the interval is from a bootstrap.
    pub alpha: Option<Measure>,
    /// The standardised mean difference, first rater minus second: above zero the first is the milder; the interval is
    /// from a bootstrap.
    pub leniency: Option<Measure>,
    /// Spearman's rank correlation; the interval is from a bootstrap.
    pub rank: Option<Measure>,
    /// How many items both raters scored.
    pub n: usize,
    /// The band of the kappa, where there is one.
    pub band: Option<Band>,
}

/// Too few items for a coefficient that is corrected for chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{n} items are too few for a coefficient of agreement: it needs {needed}")]
pub struct TooFew {
    /// How many items both raters scored.
    pub n: usize,
    /// How many are needed.
    pub needed: usize,
}

/// How far two raters agree over many items, such as all scores of the last 30 episodes: (judge, person), or two judges.
///
/// A pair with a score off the scale of 1 to 5 was not rated by both and is left out. The seed starts the resampling
/// behind the bootstrap intervals: the same pairs in the same order and the same seed give the same figures.
pub fn window(pairs: &[(u8, u8)], seed: u64) -> Result<Agreement, TooFew> {
    window_on(pairs, Scale::RUBRIC, seed)
}

/// As [`window`], on another scale: what is off that scale is left out.
pub fn window_on(pairs: &[(u8, u8)], scale: Scale, seed: u64) -> Result<Agreement, TooFew> {
    let pairs = scale.kept(pairs);
    let too_few = TooFew { n: pairs.len(), needed: NEEDED };
    if pairs.len() < NEEDED {
        return Err(too_few);
    }
    let units: Vec<Vec<Option<u8>>> = pairs.iter().map(|&(first, second)| vec![Some(first), Some(second)]).collect();
    let kappa = cohens_kappa(&pairs, scale, Weights::Quadratic);
    Ok(Agreement {
        exact: exact(&pairs, scale).ok_or(too_few)?,
        within_one: within_one(&pairs, scale).ok_or(too_few)?,
        kappa,
        ac2: gwets_ac2(&units, scale, Weights::Quadratic),
        alpha: krippendorffs_alpha(&units, scale, Distance::Ordinal, seed),
        leniency: leniency(&pairs, scale, seed),
        rank: rank_correlation(&pairs, scale, seed),
        n: pairs.len(),
        band: kappa.map(|kappa| Band::of(kappa.value)),
    })
}

/// What is said of the agreement on one episode: counts, and nothing that is corrected for chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeAgreement {
    /// In how many items the scores are the same.
    pub exact: usize,
    /// In how many items they are at most one apart.
    pub within_one: usize,
    /// How many items both raters scored.
    pub of: usize,
}

/// Counts how two raters agree on the items of one episode. A pair with a score off the scale of 1 to 5 is left out.
pub fn episode(pairs: &[(u8, u8)]) -> EpisodeAgreement {
    let pairs = Scale::RUBRIC.kept(pairs);
    EpisodeAgreement {
        exact: pairs::at_most_apart(&pairs, 0),
        within_one: pairs::at_most_apart(&pairs, 1),
        of: pairs.len(),
    }
}

#[cfg(test)]
mod published;
#[cfg(test)]
mod tests;
