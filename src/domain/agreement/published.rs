//! The measures held against figures that others have published, each with its source.

use super::interval::wilson;
use super::*;

fn scale(top: u8) -> Scale {
    Scale::up_to(top).unwrap()
}

/// The pairs behind a table of two raters: rows are the first rater's scores, columns the second's.
fn table<const Q: usize>(rows: [[usize; Q]; Q]) -> Vec<(u8, u8)> {
    let cell = |row: usize, column: usize| vec![(row as u8 + 1, column as u8 + 1); rows[row][column]];
    (0..Q).flat_map(|row| (0..Q).flat_map(move |column| cell(row, column))).collect()
}

/// The units behind the rows of raters; 0 is a gap.
fn units(raters: &[&[u8]]) -> Vec<Vec<Option<u8>>> {
    let given = |score: u8| (score > 0).then_some(score);
    (0..raters[0].len()).map(|unit| raters.iter().map(|rater| given(rater[unit])).collect()).collect()
}

fn of_pairs(pairs: &[(u8, u8)]) -> Vec<Vec<Option<u8>>> {
    pairs.iter().map(|&(first, second)| vec![Some(first), Some(second)]).collect()
}

/// That a figure is the published one to the places that were published.
#[track_caller]
fn same(found: f64, published: f64, places: i32) {
    assert!((found - published).abs() <= 0.5001 * 10_f64.powi(-places), "{found} is not {published}");
}

fn kappa(pairs: &[(u8, u8)], top: u8, weights: Weights) -> Measure {
    cohens_kappa(pairs, scale(top), weights).unwrap()
}

/// The standard error behind an interval that was not cut at its lower end.
fn error(measure: Measure) -> f64 {
    (measure.value - measure.low) / 1.959_963_984_540_054
}

#[test]
fn kappa_of_the_grant_proposals_is_0_40() {
    // The example of the article "Cohen's kappa" in Wikipedia: two readers, 50 proposals, 20 and 15 agreed, 5 and 10 not.
    same(kappa(&table([[20, 5], [10, 15]]), 2, Weights::Identity).value, 0.40, 10);
}

#[test]
fn kappa_and_its_interval_are_those_that_sas_prints() {
    // A printout of SAS PROC FREQ for this table, kept in the tests of statsmodels (test_inter_rater.py): simple kappa
    // 0.4842, standard error 0.1380, 0.2137 to 0.7547; weighted (linear) 0.4701, 0.1457, 0.1845 to 0.7558.
    let pairs = table([[0, 4, 1], [0, 8, 0], [0, 1, 5]]);
    let simple = kappa(&pairs, 3, Weights::Identity);
    for (found, published) in
        [(simple.value, 0.4842), (error(simple), 0.1380), (simple.low, 0.2137), (simple.high, 0.7547)]
    {
        same(found, published, 4);
    }
    let linear = kappa(&pairs, 3, Weights::Linear);
    for (found, published) in
        [(linear.value, 0.4701), (error(linear), 0.1457), (linear.low, 0.1845), (linear.high, 0.7558)]
    {
        same(found, published, 4);
    }
    assert_eq!(simple.n, 19);
}

#[test]
fn weighted_kappa_of_the_anxiety_ratings_is_that_of_the_r_package_irr() {
    // kappa2 of R's package irr on raters 2 and 3 of its data set anxiety, as kept in the tests of statsmodels. No one gave
    // a 5, and the package leaves out a category that is not there: the 6 is the fifth of five.
    let second = [3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4];
    let third = [2, 1, 4, 4, 3, 2, 1, 6, 1, 1, 1, 2, 3, 3, 1, 1, 3, 3, 2, 2];
    let pairs: Vec<_> = second.into_iter().zip(third).map(|(a, b): (u8, u8)| (a.min(5), b.min(5))).collect();
    same(kappa(&pairs, 5, Weights::Identity).value, -0.006_289_308, 9);
    same(kappa(&pairs, 5, Weights::Linear).value, 0.145_907_5, 7);
    same(kappa(&pairs, 5, Weights::Quadratic).value, 0.252_032_5, 7);
}

/// 223 patients by research and clinical diagnosis (Gwet, Handbook of Inter-Rater Reliability, 2014; the data set
/// cont4x4diagnosis of his R package irrCAC).
const DIAGNOSES: [[usize; 4]; 4] = [[40, 4, 4, 17], [6, 25, 2, 13], [4, 1, 21, 12], [15, 5, 9, 45]];

/// 100 pregnancies by two abstractors (same source; the data set cont3x3abstractors).
const ABSTRACTORS: [[usize; 3]; 3] = [[13, 0, 0], [0, 20, 7], [0, 4, 56]];

#[test]
fn kappa_of_two_tables_of_gwet_is_the_published_one_under_every_weight() {
    // The vignettes of irrCAC give 0.7964094 with standard error 0.05891072 for the abstractors; the rest is from the tests
    // of its port to Python (test/unit/irrCAC/table/test_cohen.py), which has three places.
    let abstractors = kappa(&table(ABSTRACTORS), 3, Weights::Identity);
    same(abstractors.value, 0.796_409_4, 7);
    same(error(abstractors), 0.058_910_72, 3);
    for (weights, value) in [(Weights::Linear, 0.843), (Weights::Ordinal, 0.872), (Weights::Quadratic, 0.892)] {
        same(kappa(&table(ABSTRACTORS), 3, weights).value, value, 3);
    }
    for (weights, value, deviation) in [
        (Weights::Identity, 0.432, 0.046),
        (Weights::Linear, 0.407, 0.053),
        (Weights::Ordinal, 0.390, 0.062),
        (Weights::Quadratic, 0.383, 0.066),
    ] {
        let found = kappa(&table(DIAGNOSES), 4, weights);
        same(found.value, value, 3);
        same(error(found), deviation, 3);
    }
}

#[test]
fn ac2_of_two_tables_of_gwet_is_the_published_one_under_every_weight() {
    // The same tables; test/unit/irrCAC/table/test_gwet.py of the port of irrCAC to Python. For a table irrCAC divides the
    // variance by the number of items, for raw scores by one less, as is done here for both.
    let of_table = (222.0_f64 / 223.0).sqrt();
    let ac2 = |pairs: Vec<(u8, u8)>, top, weights| gwets_ac2(&of_pairs(&pairs), scale(top), weights).unwrap();
    for (weights, value) in
        [(Weights::Identity, 0.849), (Weights::Linear, 0.900), (Weights::Ordinal, 0.925), (Weights::Quadratic, 0.940)]
    {
        same(ac2(table(ABSTRACTORS), 3, weights).value, value, 3);
    }
    for (weights, value, deviation) in [
        (Weights::Identity, 0.456, 0.043),
        (Weights::Linear, 0.377, 0.056),
        (Weights::Ordinal, 0.324, 0.069),
        (Weights::Quadratic, 0.299, 0.075),
    ] {
        let found = ac2(table(DIAGNOSES), 4, weights);
        same(found.value, value, 3);
        same(error(found) * of_table, deviation, 3);
    }
}

/// Four raters and twelve units with gaps (Gwet, Handbook, 2014, page 120; cac.raw4raters of irrCAC). The same scores are
/// the example of Krippendorff, "Computing Krippendorff's alpha-reliability", 2011.
fn four_raters() -> Vec<Vec<Option<u8>>> {
    units(&[
        &[1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        &[1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 0],
        &[0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3],
        &[1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ])
}

/// Five observers, fifteen units, scores 0 to 3 (Gwet, Handbook, 2014; raw_5observers of the port): here 1 to 4, 0 a gap.
fn five_observers() -> Vec<Vec<Option<u8>>> {
    units(&[
        &[2, 2, 3, 0, 1, 1, 2, 2, 3, 3, 0, 1, 2, 4, 2],
        &[2, 2, 4, 1, 1, 1, 1, 0, 3, 2, 2, 1, 3, 4, 2],
        &[3, 1, 4, 1, 1, 1, 3, 3, 3, 2, 1, 1, 3, 3, 2],
        &[0, 2, 4, 0, 0, 0, 0, 1, 0, 2, 1, 1, 3, 3, 0],
        &[3, 0, 0, 1, 1, 1, 2, 0, 3, 0, 0, 0, 0, 4, 2],
    ])
}

#[test]
fn ac1_and_ac2_of_many_raters_with_gaps_are_the_published_ones() {
    // irrCAC gives AC1 0.77544 for the four raters; standard errors and weighted values are from
    // test/unit/irrCAC/raw/test_gwet.py of its port.
    same(gwets_ac2(&four_raters(), scale(5), Weights::Identity).unwrap().value, 0.775_44, 5);
    for (weights, value, deviation) in [
        (Weights::Identity, 0.775, 0.143),
        (Weights::Linear, 0.859, 0.117),
        (Weights::Ordinal, 0.899, 0.107),
        (Weights::Quadratic, 0.914, 0.104),
    ] {
        let found = gwets_ac2(&four_raters(), scale(5), weights).unwrap();
        same(found.value, value, 3);
        same(error(found), deviation, 3);
    }
    let observers = gwets_ac2(&five_observers(), scale(4), Weights::Identity).unwrap();
    same(observers.value, 0.497, 3);
    same(error(observers), 0.122, 3);
}

#[test]
fn alpha_of_krippendorffs_example_is_the_published_one_at_three_levels() {
    // Krippendorff 2011, four observers and twelve units: nominal 0.743, ordinal 0.815, interval 0.849. irrCAC has 0.743
    // and 0.849 for the same scores, and the tests of the Python package krippendorff 0.815.
    for (distance, value) in [(Distance::Nominal, 0.743), (Distance::Ordinal, 0.815), (Distance::Interval, 0.849)] {
        same(krippendorffs_alpha(&four_raters(), scale(5), distance, 1).unwrap().value, value, 3);
    }
    // test/unit/irrCAC/raw/test_krippendorff.py of the port of irrCAC.
    same(krippendorffs_alpha(&five_observers(), scale(4), Distance::Nominal, 1).unwrap().value, 0.481, 3);
}

#[test]
fn alpha_of_three_coders_with_many_gaps_is_the_published_one() {
    // The example of the article "Krippendorff's alpha" in Wikipedia, with the places of the tests of the Python package
    // krippendorff: nominal 0.691358, interval 0.810845.
    let coders = units(&[
        &[0, 0, 0, 0, 0, 3, 4, 1, 2, 1, 1, 3, 3, 0, 3],
        &[1, 0, 2, 1, 3, 3, 4, 3, 0, 0, 0, 0, 0, 0, 0],
        &[0, 0, 2, 1, 3, 4, 4, 0, 2, 1, 1, 3, 3, 0, 4],
    ]);
    same(krippendorffs_alpha(&coders, scale(4), Distance::Nominal, 1).unwrap().value, 0.691_358, 6);
    same(krippendorffs_alpha(&coders, scale(4), Distance::Interval, 1).unwrap().value, 0.810_845, 6);
}

#[test]
fn the_rank_correlation_of_ties_is_that_of_scipy() {
    // scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) is 0.82078268166812329, from its documentation; the order is
    // what counts, so that 5 to 8 stand here as 1 to 4.
    let pairs = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 3)];
    same(rank_correlation(&pairs, scale(5), 1).unwrap().value, 0.820_782_681_668_123_3, 14);
}

#[test]
fn wilsons_interval_is_that_of_a_published_computation() {
    // R on its data set mtcars, 6 cars of 32 (rpubs 1367507): 0.08889545 to 0.35309155.
    let share = wilson(6, 32).unwrap();
    same(share.value, 0.1875, 12);
    same(share.low, 0.088_895_45, 8);
    same(share.high, 0.353_091_55, 8);
}
