//! The 95 % intervals of the measures: from a standard error, from a count, or from resampling.

use super::Measure;

/// The 97.5 % point of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// How often a sample is drawn for a bootstrap: enough for the ends of a 95 % interval (Efron and Tibshirani, An
/// Introduction to the Bootstrap, 1993, section 13.3).
const RESAMPLES: usize = 1000;

/// A measure with the normal interval of its standard error, cut to `range`; none if either is not finite.
pub(super) fn normal(value: f64, error: f64, n: usize, (least, most): (f64, f64)) -> Option<Measure> {
    let half = Z * error;
    (value.is_finite() && half.is_finite()).then(|| Measure {
        value,
        n,
        // A measure without a bound of its own below may lie under the range.
        low: (value - half).max(least).min(value),
        high: (value + half).min(most).max(value),
    })
}

/// A share with Wilson's score interval (Wilson 1927), which stays sound for few items and for shares near 0 and 1.
pub(super) fn wilson(count: usize, n: usize) -> Option<Measure> {
    if n == 0 {
        return None;
    }
    let (items, square) = (n as f64, Z * Z);
    let share = count as f64 / items;
    let centre = (share + square / (2.0 * items)) / (1.0 + square / items);
    let spread = (share * (1.0 - share) / items + square / (4.0 * items * items)).sqrt();
    let half = Z * spread / (1.0 + square / items);
    Some(Measure {
        value: share,
        n,
        low: (centre - half).max(0.0).min(share),
        high: (centre + half).min(1.0).max(share),
    })
}

/// A statistic with its percentile bootstrap interval: the items are drawn again with replacement, and the middle 95 %
/// of what the statistic then is, is the interval. Draws that leave it undefined are left out.
pub(super) fn bootstrap<T: Copy>(items: &[T], seed: u64, statistic: impl Fn(&[T]) -> Option<f64>) -> Option<Measure> {
    let value = statistic(items).filter(|value| value.is_finite())?;
    let mut dice = Dice(seed);
    let mut drawn = Vec::with_capacity(items.len());
    let mut values: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            drawn.clear();
            drawn.extend((0..items.len()).filter_map(|_| items.get(dice.below(items.len())).copied()));
            statistic(&drawn).filter(|value| value.is_finite())
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let cut = last.saturating_mul(25) / 1000;
    let end = |at: usize| values.get(at).copied().unwrap_or(value);
    Some(Measure { value, n: items.len(), low: end(cut), high: end(last.saturating_sub(cut)) })
}

/// Numbers that follow from the seed alone: SplitMix64 (Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, by the high half of a product (Lemire 2019); its bias is below one in 2^40 here.
    fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * bound as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }
}
