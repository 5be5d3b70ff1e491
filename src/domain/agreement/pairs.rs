//! Measures of two raters who scored the same items: shares, Cohen's kappa, leniency and rank correlation.
//!
//! Every function leaves out the pairs with a score off the scale and gives none where nothing is left, or where what is
//! left leaves the measure undefined.

use super::Measure;
use super::interval::{bootstrap, normal, wilson};
use super::scale::{Scale, Weights};

/// How many pairs are at most that far apart.
pub(super) fn at_most_apart(pairs: &[(u8, u8)], distance: u8) -> usize {
    pairs.iter().filter(|(first, second)| first.abs_diff(*second) <= distance).count()
}

/// The share of items with the same score, with Wilson's interval.
pub fn exact(pairs: &[(u8, u8)], scale: Scale) -> Option<Measure> {
    let pairs = scale.kept(pairs);
    wilson(at_most_apart(&pairs, 0), pairs.len())
}

/// The share of items with scores at most one apart, with Wilson's interval.
pub fn within_one(pairs: &[(u8, u8)], scale: Scale) -> Option<Measure> {
    let pairs = scale.kept(pairs);
    wilson(at_most_apart(&pairs, 1), pairs.len())
}

/// Cohen's kappa (Cohen 1960; weighted, Cohen 1968), with the interval of its large-sample standard error (Fleiss, Cohen
/// and Everitt, "Large sample standard errors of kappa and weighted kappa", Psychological Bulletin 72, 1969).
///
/// None if chance alone would make every pair agree: both raters gave one and the same score throughout.
/// For fewer items than [`super::NEEDED`] it is not to be shown.
pub fn cohens_kappa(pairs: &[(u8, u8)], scale: Scale, weights: Weights) -> Option<Measure> {
    let pairs = scale.kept(pairs);
    let n = pairs.len();
    let (firsts, seconds) = (shares(scale, pairs.iter().map(|p| p.0)), shares(scale, pairs.iter().map(|p| p.1)));
    let weight = |one: u8, other: u8| weights.of(scale, one, other);
    // What a score of one rater would agree with the other rater by chance.
    let first_by_chance = |score: u8| seconds.iter().map(|&(other, share)| share * weight(score, other)).sum::<f64>();
    let second_by_chance = |score: u8| firsts.iter().map(|&(other, share)| share * weight(other, score)).sum::<f64>();

    let observed = mean(pairs.iter().map(|&(first, second)| weight(first, second)))?;
    let expected = firsts.iter().map(|&(score, share)| share * first_by_chance(score)).sum::<f64>();
    if expected > 1.0 - 1e-12 {
        return None;
    }
    let kappa = (observed - expected) / (1.0 - expected);
    let spread = mean(pairs.iter().map(|&(first, second)| {
        let by_chance = first_by_chance(first) + second_by_chance(second);
        (weight(first, second) - by_chance * (1.0 - kappa)).powi(2)
    }))?;
    let centre = kappa - expected * (1.0 - kappa);
    let variance = (spread - centre * centre) / (n as f64 * (1.0 - expected).powi(2));
    normal(kappa, variance.max(0.0).sqrt(), n, (-1.0, 1.0))
}

/// The standardised mean difference of the first rater minus the second: the difference of the means over the root of
/// the mean of the two variances, as automated scoring is held against human scoring (Williamson, Xi and Breyer, "A
/// framework for evaluation and use of automated scoring", Educational Measurement 31, 2012). Above zero the first rater
/// is the milder. The interval is a percentile bootstrap over the items.
///
/// None for fewer than two items and where neither rater's scores vary.
pub fn leniency(pairs: &[(u8, u8)], scale: Scale, seed: u64) -> Option<Measure> {
    bootstrap(&scale.kept(pairs), seed, |pairs| {
        let (first, first_variance) = moments(pairs.iter().map(|p| f64::from(p.0)))?;
        let (second, second_variance) = moments(pairs.iter().map(|p| f64::from(p.1)))?;
        let deviation = f64::midpoint(first_variance, second_variance).sqrt();
        (deviation > 0.0).then(|| (first - second) / deviation)
    })
}

/// Spearman's rank correlation, equal scores sharing the mean of their ranks. The interval is a percentile bootstrap
/// over the items.
///
/// None where the scores of a rater do not vary: there is no order to compare.
pub fn rank_correlation(pairs: &[(u8, u8)], scale: Scale, seed: u64) -> Option<Measure> {
    bootstrap(&scale.kept(pairs), seed, |pairs| {
        let first_ranks = ranks(scale, pairs.iter().map(|p| p.0));
        let second_ranks = ranks(scale, pairs.iter().map(|p| p.1));
        let rank = |ranks: &[f64], score: u8| ranks.get(usize::from(score).checked_sub(1)?).copied();
        let centre = (pairs.len() as f64 + 1.0) / 2.0;
        let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
        for pair in pairs {
            let (x, y) = (rank(&first_ranks, pair.0)? - centre, rank(&second_ranks, pair.1)? - centre);
            both += x * y;
            first += x * x;
            second += y * y;
        }
        (first > 0.0 && second > 0.0).then(|| (both / (first.sqrt() * second.sqrt())).clamp(-1.0, 1.0))
    })
}

/// The rank of each score of the scale among those given, from 1; equal ones share the mean of their ranks.
fn ranks(scale: Scale, given: impl Iterator<Item = u8> + Clone) -> Vec<f64> {
    let mut below = 0.0;
    let rank = |score| {
        let equal = given.clone().filter(|other| *other == score).count() as f64;
        let rank = below + (equal + 1.0) / 2.0;
        below += equal;
        rank
    };
    scale.scores().map(rank).collect()
}

/// Each score of the scale with its share of those given.
fn shares(scale: Scale, given: impl Iterator<Item = u8> + Clone) -> Vec<(u8, f64)> {
    let all = given.clone().count().max(1) as f64;
    scale.scores().map(|score| (score, given.clone().filter(|other| *other == score).count() as f64 / all)).collect()
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let n = values.clone().count();
    (n > 0).then(|| values.sum::<f64>() / n as f64)
}

/// The mean and the variance of a sample; none for fewer than two.
fn moments(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let n = values.clone().count();
    let mean = mean(values.clone())?;
    (n > 1).then(|| (mean, values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1) as f64))
}
