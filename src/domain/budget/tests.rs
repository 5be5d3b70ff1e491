//! Caps, reservations and their sums, tried.

use proptest::prelude::*;

use super::*;

const PERIOD: Period = Period { day: 20_780, month: 24_322 };

fn key(episode: u32, attempt: u32) -> IntentKey {
    IntentKey { episode: EpisodeNumber(episode), stage: "script".parse().unwrap(), unit: 0, attempt }
}

#[test]
fn a_day_is_the_utc_day() {
    let at = |text: &str| Period::of(text.parse().unwrap());
    assert_eq!(at("2026-11-23T23:59:59.999Z").day + 1, at("2026-11-24T00:00:00Z").day);
    assert_eq!(at("2026-12-31T23:59:59Z").month + 1, at("2027-01-01T00:00:00Z").month);
    assert_eq!(at("1969-12-31T23:59:59.5Z").day, -1, "a clock far in the past still has a day");
}

#[test]
fn two_calls_cannot_pass_a_cap_together() {
    let caps = Caps::from([(Scope::Episode(EpisodeNumber(1)), MicroUsd(100))]);
    let mut budget = Budget::default();
    budget.reserve(key(1, 1), MicroUsd(60), PERIOD, &caps).unwrap();
    let refused = budget.reserve(key(1, 2), MicroUsd(41), PERIOD, &caps).unwrap_err();
    assert!(matches!(refused, BudgetError::Cap(CapReached { committed: MicroUsd(60), .. })), "{refused}");
    assert_eq!(budget.settle(&key(1, 1), MicroUsd(10)), Ok(Settlement::Within));
    budget.reserve(key(1, 2), MicroUsd(41), PERIOD, &caps).unwrap();
}

#[test]
fn a_lost_answer_stays_reserved_until_it_is_settled_and_settles_once() {
    let mut budget = Budget::default();
    budget.reserve(key(1, 1), MicroUsd(60), PERIOD, &Caps::new()).unwrap();
    budget.lose(&key(1, 1)).unwrap();
    assert_eq!(budget.committed(&Scope::Day(PERIOD.day)), MicroUsd(60));
    assert_eq!(budget.uncertain().count(), 1);
    assert_eq!(budget.settle(&key(1, 1), MicroUsd(0)), Ok(Settlement::Within));
    assert_eq!(budget.committed(&Scope::Day(PERIOD.day)), MicroUsd::ZERO);
    assert!(budget.settle(&key(1, 1), MicroUsd(5)).is_err(), "a charge is settled once");
    assert!(budget.reserve(key(1, 1), MicroUsd(1), PERIOD, &Caps::new()).is_err(), "a key is used once");
}

#[test]
fn a_bill_above_the_reservation_is_recorded_in_full() {
    let mut budget = Budget::default();
    budget.reserve(key(1, 1), MicroUsd(60), PERIOD, &Caps::new()).unwrap();
    assert_eq!(budget.settle(&key(1, 1), MicroUsd(75)), Ok(Settlement::Above(MicroUsd(15))));
    assert_eq!(budget.committed(&Scope::Month(PERIOD.month)), MicroUsd(75));
}

#[test]
fn a_retired_episode_leaves_its_days_as_they_are() {
    let mut budget = Budget::default();
    budget.reserve(key(1, 1), MicroUsd(60), PERIOD, &Caps::new()).unwrap();
    budget.settle(&key(1, 1), MicroUsd(40)).unwrap();
    budget.retire(EpisodeNumber(1));
    assert_eq!(budget.committed(&Scope::Day(PERIOD.day)), MicroUsd(40));
    assert_eq!(budget.committed(&Scope::Episode(EpisodeNumber(1))), MicroUsd::ZERO);
}

#[test]
fn a_scope_is_its_text() {
    for scope in [Scope::Call, Scope::Stage(EpisodeNumber(7), "voice".parse().unwrap()), Scope::Day(-1)] {
        assert_eq!(scope.to_string().parse(), Ok(scope));
    }
    assert!("stage:7".parse::<Scope>().is_err());
}

#[derive(Clone, Debug)]
enum Act {
    Reserve(u32, u32, i64),
    Settle(u32, u32, i64),
    Lose(u32, u32),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..3_u32, 0..8_u32, 0..60_i64).prop_map(|(e, n, w)| Act::Reserve(e, n, w)),
        (0..3_u32, 0..8_u32, 0..60_i64).prop_map(|(e, n, p)| Act::Settle(e, n, p)),
        (0..3_u32, 0..8_u32).prop_map(|(e, n)| Act::Lose(e, n)),
    ]
}

proptest! {
    /// In every prefix of every history: no cap is passed while bills stay within their reservations, and the
    /// running sums equal a sum over all calls made anew.
    #[test]
    fn no_history_passes_a_cap(acts in prop::collection::vec(act(), 0..80)) {
        let caps = Caps::from([(Scope::Day(PERIOD.day), MicroUsd(150)), (Scope::Call, MicroUsd(50))]);
        let mut budget = Budget::default();
        for act in acts {
            match act {
                Act::Reserve(e, n, worst) => { let _ = budget.reserve(key(e, n), MicroUsd(worst), PERIOD, &caps); }
                Act::Settle(e, n, price) => {
                    let worst = budget.call(&key(e, n)).map_or(0, |call| call.worst.0);
                    let _ = budget.settle(&key(e, n), MicroUsd(price.min(worst)));
                }
                Act::Lose(e, n) => { let _ = budget.lose(&key(e, n)); }
            }
            let day = budget.committed(&Scope::Day(PERIOD.day));
            prop_assert!(day <= MicroUsd(150));
            prop_assert!(budget.calls.values().all(|call| call.worst <= MicroUsd(50)));
            let under_way = budget.calls.values().filter(|call| call.charge == Charge::Reserved).map(|call| call.worst);
            prop_assert_eq!(budget.in_flight(&Scope::Day(PERIOD.day)), under_way.sum::<MicroUsd>());
            prop_assert_eq!(budget.sums(&Scope::Day(PERIOD.day)), budget.calls.values().map(Reservation::sums).sum::<Sums>());
        }
    }
}
