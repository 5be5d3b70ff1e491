//! What the measures do at their edges, and what must hold for any scores.

use proptest::prelude::*;

use super::*;

const R: Scale = Scale::RUBRIC;

fn units(pairs: &[(u8, u8)]) -> Vec<Vec<Option<u8>>> {
    pairs.iter().map(|&(first, second)| vec![Some(first), Some(second)]).collect()
}

/// Forty items on which the raters mostly agree and the first is a little milder.
fn forty() -> Vec<(u8, u8)> {
    [(4, 4), (3, 3), (5, 4), (2, 2), (4, 3), (5, 5), (1, 2), (3, 3)].repeat(5)
}

#[test]
fn an_episode_gets_counts_and_leaves_out_what_one_of_the_raters_did_not_score() {
    let found = episode(&[(4, 4), (4, 3), (2, 4), (5, 5), (0, 3), (3, 6)]);
    assert_eq!(found, EpisodeAgreement { exact: 2, within_one: 3, of: 4 });
    assert_eq!(episode(&[]), EpisodeAgreement::default());
}

#[test]
fn no_coefficient_is_given_for_fewer_than_thirty_scored_items() {
    let pairs = forty();
    assert!(window(&pairs[..30], 1).is_ok());
    assert_eq!(window(&pairs[..29], 1), Err(TooFew { n: 29, needed: 30 }));
    let mut gap = pairs[..30].to_vec();
    gap[7] = (3, 0);
    let refused = window(&gap, 1).unwrap_err();
    assert_eq!(refused.to_string(), "29 items are too few for a coefficient of agreement: it needs 30");
}

#[test]
fn a_window_gives_every_measure_with_its_interval_and_names_the_band() {
    let found = window(&forty(), 1).unwrap();
    assert_eq!((found.n, found.exact.value, found.within_one.value), (40, 0.625, 1.0));
    assert!(found.within_one.low > 0.9 && found.within_one.low < 1.0, "{:?}", found.within_one);
    for measure in [found.kappa, found.ac2, found.alpha, found.rank] {
        let measure = measure.unwrap();
        assert!(0.7 < measure.low && measure.low < measure.value && measure.value < measure.high, "{measure:?}");
        assert_eq!(measure.n, 40);
    }
    assert_eq!(found.band, Some(Band::AlmostPerfect));
    assert!(found.leniency.unwrap().value > 0.0, "the first rater is the milder");
}

#[test]
fn the_same_seed_gives_the_same_interval_and_another_seed_nearly_the_same() {
    let (one, other) = (window(&forty(), 1).unwrap(), window(&forty(), 2).unwrap());
    assert_eq!(one, window(&forty(), 1).unwrap());
    let (one, other) = (one.alpha.unwrap(), other.alpha.unwrap());
    assert!(
        one.value == other.value && one.low != other.low && (one.low - other.low).abs() < 0.03,
        "{one:?} {other:?}"
    );
}

#[test]
fn perfect_agreement_is_one_and_the_share_still_has_an_interval_below_it() {
    let found = window(&[(2, 2), (3, 3), (5, 5)].repeat(10), 1).unwrap();
    for measure in [found.kappa, found.ac2, found.alpha, found.rank] {
        assert!((measure.unwrap().value - 1.0).abs() < 1e-12);
    }
    assert!(found.exact.low < 0.9 && found.exact.high == 1.0, "{:?}", found.exact);
    assert_eq!(found.leniency.unwrap().value, 0.0);
}

#[test]
fn one_and_the_same_score_throughout_leaves_undefined_what_cannot_be_told() {
    let found = window(&[(4, 4); 30], 1).unwrap();
    assert_eq!((found.kappa, found.alpha, found.rank, found.leniency, found.band), (None, None, None, None, None));
    assert_eq!(found.ac2.unwrap().value, 1.0);
    // One rater who always says 4 agrees with the other by chance alone, and has no order.
    let found = window(&[(4, 3), (4, 4), (4, 5)].repeat(10), 1).unwrap();
    assert!(found.kappa.unwrap().value.abs() < 1e-12);
    assert_eq!((found.rank, found.leniency.unwrap().value), (None, 0.0));
}

#[test]
fn nothing_at_all_is_no_measure() {
    for pairs in [&[][..], &[(0, 3), (6, 1)]] {
        assert_eq!((exact(pairs, R), within_one(pairs, R)), (None, None));
        assert_eq!(cohens_kappa(pairs, R, Weights::Quadratic), None);
        assert_eq!((leniency(pairs, R, 1), rank_correlation(pairs, R, 1)), (None, None));
        assert_eq!(gwets_ac2(&units(pairs), R, Weights::Quadratic), None);
        assert_eq!(krippendorffs_alpha(&units(pairs), R, Distance::Ordinal, 1), None);
    }
    assert_eq!((Scale::up_to(1), Scale::up_to(5)), (None, Some(R)));
}

#[test]
fn leniency_has_the_sign_of_the_first_rater_minus_the_second() {
    // By hand: means 4.5 and 3.5, both variances 1/3, so that the difference is the root of 3 deviations.
    let pairs = [(4, 3), (4, 3), (5, 4), (5, 4)];
    assert!((leniency(&pairs, R, 1).unwrap().value - 3.0_f64.sqrt()).abs() < 1e-12);
    assert!((leniency(&pairs.map(|(a, b)| (b, a)), R, 1).unwrap().value + 3.0_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn ac2_holds_up_where_kappa_collapses_on_bunched_scores() {
    let mut pairs = vec![(4, 4); 38];
    pairs.extend([(3, 4), (4, 3)]);
    let found = window(&pairs, 1).unwrap();
    assert!(found.kappa.unwrap().value < 0.0 && found.ac2.unwrap().value > 0.95, "{found:?}");
    assert_eq!(found.band, Some(Band::Poor));
}

#[test]
fn the_bands_are_those_of_landis_and_koch() {
    let words = [-0.1, 0.0, 0.2, 0.21, 0.4, 0.41, 0.6, 0.61, 0.8, 0.81, 1.0].map(|value| Band::of(value).word());
    let expected = [
        "poor",
        "slight",
        "slight",
        "fair",
        "fair",
        "moderate",
        "moderate",
        "substantial",
        "substantial",
        "almost perfect",
        "almost perfect",
    ];
    assert_eq!(words, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_measure_is_a_number_within_its_bounds_and_its_interval(
        pairs in prop::collection::vec((0_u8..7, 0_u8..7), 0..60), seed: u64,
    ) {
        let scored = units(&pairs);
        let shares = [exact(&pairs, R), within_one(&pairs, R)];
        let kappas = [Weights::Identity, Weights::Linear, Weights::Quadratic, Weights::Ordinal]
            .map(|weights| [cohens_kappa(&pairs, R, weights), gwets_ac2(&scored, R, weights)]);
        let alphas = [Distance::Nominal, Distance::Ordinal, Distance::Interval]
            .map(|distance| krippendorffs_alpha(&scored, R, distance, seed));
        let others = [rank_correlation(&pairs, R, seed)];
        for measure in shares.iter().chain(kappas.as_flattened()).chain(&alphas).chain(&others).flatten() {
            prop_assert!(measure.value.is_finite() && measure.value <= 1.0 + 1e-9, "{measure:?}");
        }
        // Below, AC2 and alpha have no bound of their own: a chance agreement near one carries a disagreement far down.
        for measure in shares.iter().chain(kappas.iter().map(|[kappa, _]| kappa)).chain(&others).flatten() {
            prop_assert!(measure.value >= -1.0 - 1e-9, "{measure:?}");
        }
        for measure in shares.iter().chain(kappas.as_flattened()).flatten() {
            prop_assert!(measure.low <= measure.value + 1e-9 && measure.value <= measure.high + 1e-9, "{measure:?}");
        }
        for measure in alphas.iter().chain(&others).chain(&[leniency(&pairs, R, seed)]).flatten() {
            prop_assert!(measure.value.is_finite() && measure.low <= measure.high, "{measure:?}");
        }
    }

    #[test]
    fn who_is_called_first_changes_nothing_but_the_sign_of_leniency(
        pairs in prop::collection::vec((1_u8..6, 1_u8..6), 30..60), seed: u64,
    ) {
        let turned: Vec<_> = pairs.iter().map(|&(a, b)| (b, a)).collect();
        let (one, other) = (window(&pairs, seed).unwrap(), window(&turned, seed).unwrap());
        prop_assert_eq!((one.exact, one.within_one, one.n), (other.exact, other.within_one, other.n));
        let close = |a: Option<Measure>, b: Option<Measure>, sign: f64| match (a, b) {
            (Some(a), Some(b)) => (a.value - sign * b.value).abs() < 1e-9,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        prop_assert!(close(one.kappa, other.kappa, 1.0) && close(one.ac2, other.ac2, 1.0));
        prop_assert!(close(one.alpha, other.alpha, 1.0) && close(one.rank, other.rank, 1.0));
        prop_assert!(close(one.leniency, other.leniency, -1.0));
    }
}
