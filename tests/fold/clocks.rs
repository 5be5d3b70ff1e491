//! A clock that steps at every position: no cap of any day or month is passed, and everyone goes by one day.

use std::collections::BTreeMap;

use greenroom::domain::budget::{Period, Scope};
use greenroom::domain::event::{Event, Uncertain};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::studio::Studio;
use jiff::{SignedDuration, Timestamp};

use crate::ROOM;
use crate::world::{Weather, World};

/// Few calls a day, so that a cap is always near.
const CAP: MicroUsd = MicroUsd(330_000);

/// One episode that the cap of a day holds up again and again.
fn world(begin: &str, seed: u64) -> World {
    let mut world = World::at(begin, seed, Weather { overbilled: 0, ..Weather::STORM });
    world.cap_day(CAP);
    world.limits.reuse = false;
    world.start(1, ROOM, Uncertain::Resend);
    world.settle();
    world
}

/// In every prefix: what the fold counts under a day or a month is within its cap, and so is what was truly begun on a day.
fn hold_to_caps(world: &World, of_true_days: bool) {
    let mut studio = Studio::default();
    let mut truly: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for (stamped, at) in world.journal.iter().zip(&world.truly) {
        studio.apply(stamped).unwrap();
        if let Event::CallIntended { key, .. } = &stamped.event {
            truly.entry(Period::of(*at).day).or_default().push(key.clone());
        }
        for (scope, sums) in studio.budget.scopes() {
            if matches!(scope, Scope::Day(_)) {
                assert!(sums.committed() <= CAP, "event {}: {scope} has {sums:?}", stamped.seq);
            }
        }
        for (day, keys) in truly.iter().filter(|_| of_true_days) {
            let begun = keys.iter().filter_map(|key| studio.budget.call(key)).map(|call| call.sums());
            let begun: MicroUsd = begun.map(|sums| sums.committed()).sum();
            assert!(begun <= CAP, "event {}: {begun} USD were begun on day {day}", stamped.seq);
        }
    }
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// Looks at the clock, as the dispatcher does every half minute, and goes on for so many turns, deciding where people are asked.
fn go(world: &mut World, turns: usize) {
    world.settle();
    for _ in 0..turns {
        if !world.turn() && !world.decide_one() {
            return;
        }
    }
}

#[test]
fn midnight_and_the_end_of_a_month_at_every_position_pass_no_cap() {
    for midnight in ["2026-11-27T00:00:00Z", "2026-12-01T00:00:00Z"] {
        let midnight: Timestamp = midnight.parse().unwrap();
        for position in 0..60 {
            let mut world = world(&midnight.checked_sub(seconds(60)).unwrap().to_string(), 7);
            go(&mut world, position);
            // The last microsecond of a day, and then the next day.
            world.now = midnight.checked_sub(SignedDuration::from_micros(1)).unwrap();
            go(&mut world, 1);
            world.now = world.now.max(midnight);
            go(&mut world, 40);
            hold_to_caps(&world, true);
            let days: Vec<i64> = world
                .journal
                .iter()
                .filter_map(|stamped| match &stamped.event {
                    Event::CallIntended { key, .. } => world.studio.budget.call(key).map(|call| call.period.day),
                    _ => None,
                })
                .collect();
            assert!(days.windows(2).all(|pair| pair[0] <= pair[1]), "{days:?}");
            assert!(days.last() == Some(&Period::of(midnight).day), "the new day has room again: {days:?}");
        }
    }
}

#[test]
fn a_clock_two_days_forward_and_back_at_every_position_opens_no_other_day() {
    for position in 0..40 {
        let mut world = world("2026-11-30T12:00:00Z", 11);
        let day = world.period();
        go(&mut world, position);
        world.wrong = seconds(2 * 86_400);
        go(&mut world, 20);
        assert_eq!(world.period(), day);
        world.wrong = SignedDuration::ZERO;
        go(&mut world, 20);
        assert_eq!(world.period(), day);
        assert_eq!(world.studio.ahead_ms, 0, "it is undone");
        hold_to_caps(&world, true);
    }
}

#[test]
fn a_clock_two_days_back_and_forward_at_every_position_counts_what_each_day_spent() {
    for position in 0..40 {
        let mut world = world("2026-12-01T12:00:00Z", 13);
        let day = world.period();
        go(&mut world, position);
        world.wrong = seconds(-2 * 86_400);
        go(&mut world, 20);
        assert_eq!((world.period().day, world.period().month), (day.day - 2, day.month - 1));
        world.wrong = SignedDuration::ZERO;
        go(&mut world, 20);
        assert_eq!(world.period(), day);
        hold_to_caps(&world, false);
    }
}

#[test]
fn a_clock_that_was_forward_at_the_start_and_is_set_right_frees_the_day() {
    for position in 0..20 {
        let mut world = World::at("2026-11-30T12:00:00Z", 5, Weather::FAIR);
        world.wrong = seconds(2 * 86_400);
        world.crash();
        world.cap_day(CAP);
        world.limits.reuse = false;
        world.start(1, ROOM, Uncertain::Resend);
        go(&mut world, position);
        world.wrong = SignedDuration::ZERO;
        world.settle();
        assert_eq!(world.period(), Period::of(world.now), "the day is that of the clock at once");
        go(&mut world, 60);
        world.now = "2026-12-01T00:00:01Z".parse().unwrap();
        go(&mut world, 60);
        assert_eq!(world.period(), Period::of(world.now), "days of caps roll on");
        hold_to_caps(&world, false);
        assert_eq!(world.studio.today(world.now), world.period(), "who reads the ledger goes by the same day");
    }
}
