//! Measures of any number of raters, with gaps: Gwet's AC2 and Krippendorff's alpha.
//!
//! A unit is an item with the scores it was given, one place for each rater; a missing score and one off the scale are
//! the same.

use super::Measure;
use super::interval::{bootstrap, normal};
use super::scale::{Scale, Weights};

/// Gwet's AC2, which is AC1 under [`Weights::Identity`], with the interval of its standard error (Gwet, "Computing
/// inter-rater reliability and its variance in the presence of high agreement", British Journal of Mathematical and
/// Statistical Psychology 61, 2008; weights and gaps as in his Handbook of Inter-Rater Reliability, 2014).
///
/// A unit with one score counts for the prevalence of scores and not for the agreement. None if no unit has two scores.
/// For fewer items than [`super::NEEDED`] it is not to be shown.
pub fn gwets_ac2(units: &[Vec<Option<u8>>], scale: Scale, weights: Weights) -> Option<Measure> {
    let units: Vec<Counts> = units.iter().map(|unit| Counts::of(unit, scale)).filter(|unit| unit.all > 0.0).collect();
    let all = units.len() as f64;
    let paired = units.iter().filter(|unit| unit.all > 1.0).count();
    if paired == 0 {
        return None;
    }
    let q = scale.count() as f64;
    let weight = |one: u8, other: u8| weights.of(scale, one, other);
    let total: f64 = scale.scores().flat_map(|one| scale.scores().map(move |other| weight(one, other))).sum();
    let prevalence: Vec<f64> =
        scale.scores().map(|score| units.iter().map(|unit| unit.get(score) / unit.all).sum::<f64>() / all).collect();
    // The chance agreement that the scores of one unit stand for, and its mean over all units.
    let chance = |unit: &Counts| {
        let rarity = prevalence.iter().zip(&unit.counts).map(|(share, count)| (1.0 - share) * count).sum::<f64>();
        total / (q * (q - 1.0)) * rarity / unit.all
    };
    let agreement = |unit: &Counts| if unit.all > 1.0 { unit.agreement(scale, weight) } else { 0.0 };

    let observed = units.iter().map(agreement).sum::<f64>() / paired as f64;
    let expected = units.iter().map(chance).sum::<f64>() / all;
    let value = (observed - expected) / (1.0 - expected);
    let squares = units.iter().map(|unit| {
        let own = if unit.all > 1.0 { agreement(unit) - expected } else { 0.0 };
        let own = all / paired as f64 * own / (1.0 - expected);
        let linear = own - 2.0 * (1.0 - value) * (chance(unit) - expected) / (1.0 - expected);
        (linear - value).powi(2)
    });
    let error = if all > 1.0 { (squares.sum::<f64>() / (all * (all - 1.0))).sqrt() } else { 0.0 };
    let measure = normal(value, error, paired, (-1.0, 1.0))?;
    // One unit tells nothing of how units vary.
    Some(if all > 1.0 { measure } else { Measure { low: -1.0, high: 1.0, ..measure } })
}

/// How far apart two scores are for [`krippendorffs_alpha`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// Different scores are equally different.
    Nominal,
    /// By how many scores given lie between the two.
    Ordinal,
    /// By the difference of the numbers.
    Interval,
}

/// Krippendorff's alpha for any number of raters and with gaps (Krippendorff, "Computing Krippendorff's
/// alpha-reliability", 2011). The interval is a percentile bootstrap over the units.
///
/// Units with fewer than two scores are left out. None if nothing is left, and where all scores are equal: nothing shows
/// then that raters could tell items apart. For fewer items than [`super::NEEDED`] it is not to be shown.
pub fn krippendorffs_alpha(units: &[Vec<Option<u8>>], scale: Scale, distance: Distance, seed: u64) -> Option<Measure> {
    let units: Vec<Counts> = units.iter().map(|unit| Counts::of(unit, scale)).filter(|unit| unit.all > 1.0).collect();
    let units: Vec<&Counts> = units.iter().collect();
    bootstrap(&units, seed, |units| {
        let totals: Vec<f64> =
            scale.scores().map(|score| units.iter().map(|unit| unit.get(score)).sum::<f64>()).collect();
        let all: f64 = totals.iter().sum();
        let apart = |one: u8, other: u8| distance.squared(&totals, one, other);
        let observed: f64 = units.iter().map(|unit| unit.pairs(scale, apart) / (unit.all - 1.0)).sum();
        let expected = Counts { counts: totals.clone(), all }.pairs(scale, apart) / (all - 1.0);
        (expected > 0.0).then(|| 1.0 - observed / expected)
    })
}

impl Distance {
    /// The square of the distance of two scores, given how often each score was given.
    fn squared(self, totals: &[f64], one: u8, other: u8) -> f64 {
        let (low, high) = (one.min(other), one.max(other));
        if low == high {
            return 0.0;
        }
        match self {
            Self::Nominal => 1.0,
            Self::Interval => f64::from(high - low).powi(2),
            Self::Ordinal => {
                let ends = count(totals, low) + count(totals, high);
                let between: f64 = (low..=high).map(|score| count(totals, score)).sum();
                (between - ends / 2.0).powi(2)
            }
        }
    }
}

/// How often each score of the scale was given to a unit.
struct Counts {
    counts: Vec<f64>,
    all: f64,
}

impl Counts {
    fn of(unit: &[Option<u8>], scale: Scale) -> Self {
        let times = |score| unit.iter().filter(|given| **given == Some(score)).count() as f64;
        let counts: Vec<f64> = scale.scores().map(times).collect();
        Self { all: counts.iter().sum(), counts }
    }

    fn get(&self, score: u8) -> f64 {
        count(&self.counts, score)
    }

    /// The sum of something over all ordered pairs of two of the unit's scores.
    fn pairs(&self, scale: Scale, value: impl Fn(u8, u8) -> f64) -> f64 {
        let of = |one: u8, other: u8| {
            let others = self.get(other) - if one == other { 1.0 } else { 0.0 };
            if self.get(one) > 0.0 { self.get(one) * others * value(one, other) } else { 0.0 }
        };
        scale.scores().map(|one| scale.scores().map(|other| of(one, other)).sum::<f64>()).sum()
    }

    /// The mean agreement of two of the unit's scores.
    fn agreement(&self, scale: Scale, weight: impl Fn(u8, u8) -> f64) -> f64 {
        self.pairs(scale, weight) / (self.all * (self.all - 1.0))
    }
}

fn count(counts: &[f64], score: u8) -> f64 {
    usize::from(score).checked_sub(1).and_then(|at| counts.get(at)).copied().unwrap_or(0.0)
}
