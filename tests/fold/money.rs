//! Spent, held and possible: what is billed above its reservation, what is corrected, and caps that are lowered.

use greenroom::domain::budget::Scope;
use greenroom::domain::command::Command;
use greenroom::domain::event::{Event, Need, Uncertain};
use greenroom::domain::ids::{EpisodeNumber, IntentKey};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::sums::Sums;
use proptest::prelude::*;

use crate::ROOM;
use crate::world::{Weather, World};

const ONE: EpisodeNumber = EpisodeNumber(1);

fn intended(world: &World) -> usize {
    world.journal.iter().filter(|stamped| matches!(stamped.event, Event::CallIntended { .. })).count()
}

/// A bill above its reservation waits to be seen.
fn waits(world: &World, key: &IntentKey) -> bool {
    let billed = |need: &Need| matches!(need, Need::OverBilled { key: billed, .. } if billed == key);
    world.studio.episodes.get(&key.episode).is_some_and(|found| found.needs.iter().any(|open| billed(&open.need)))
}

#[test]
fn a_bill_above_its_reservation_stops_the_whole_studio_whether_the_call_was_answered_failed_or_in_a_batch() {
    for (is_answered, is_batched) in [(true, false), (false, false), (true, true), (false, true)] {
        let mut world = World::new(3, Weather::FAIR);
        world.limits.reuse = false;
        (1..=3).for_each(|number| world.start(number, ROOM, Uncertain::Ask));
        let key = world.next_call();
        if is_batched {
            world.batch(&key);
        }
        world.bill(&key, MicroUsd(90_000), is_answered);
        assert!(waits(&world, &key), "answered: {is_answered}, batched: {is_batched}");
        let before = intended(&world);
        while world.turn() {}
        assert_eq!(intended(&world), before, "no episode spends before a person has seen it");
        world.command(Command::AcceptBill { key }).unwrap();
        world.run(true);
        (1..=3).for_each(|number| assert!(world.is_packaged(number), "{number}"));
    }
}

#[test]
fn a_bill_above_its_reservation_stays_open_on_an_episode_that_is_over() {
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Ask);
    let key = world.next_call();
    world.command(Command::Cancel { episode: ONE, reason: "enough".into() }).unwrap();
    world.bill(&key, MicroUsd(90_000), true);
    while world.turn() {}
    assert!(waits(&world, &key), "nobody has seen it yet");
    world.start(2, ROOM, Uncertain::Ask);
    while world.turn() {}
    assert_eq!(intended(&world), 1, "another episode does not spend either");
    world.command(Command::AcceptBill { key }).unwrap();
    assert!(world.studio.past.contains(&ONE), "now it is closed");
    world.run(true);
    assert!(world.is_packaged(2));
}

#[test]
fn a_correction_replaces_the_price_in_every_sum_and_is_signed() {
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Ask);
    let key = world.next_call();
    let correct = |price| Command::CorrectCharge { key: key.clone(), price, reason: "the account says so".into() };
    assert!(world.command(correct(MicroUsd(1))).is_err(), "nothing is booked yet");
    // A hostile bill, as one that was kept before counts were bounded.
    world.bill(&key, MicroUsd::MAX, true);
    let period = world.period();
    let all = |world: &World| {
        let scopes = [
            Scope::Stage(ONE, key.stage.clone()),
            Scope::Episode(ONE),
            Scope::Day(period.day),
            Scope::Month(period.month),
        ];
        let provider = world.studio.episodes[&ONE].calls[&key].route.provider;
        scopes
            .iter()
            .map(|scope| world.studio.budget.sums(scope))
            .chain([world.studio.providers[&provider]])
            .collect::<Vec<_>>()
    };
    assert!(waits(&world, &key));
    let refused = world.command(Command::CorrectCharge { key: key.clone(), price: MicroUsd(7), reason: " ".into() });
    assert!(refused.is_err(), "a reason is needed");
    world.command(correct(MicroUsd(7_000))).unwrap();
    assert!(all(&world).iter().all(|sums| sums.spent == MicroUsd(7_000)), "{:?}", all(&world));
    assert!(!waits(&world, &key), "it is not above its reservation any more");
    let call = &world.studio.episodes[&ONE].calls[&key];
    assert_eq!((call.spent(), world.studio.episodes[&ONE].spent()), (MicroUsd(7_000), MicroUsd(7_000)));
    assert!(call.corrected.as_ref().unwrap().by.to_string().starts_with("Ada"));
    assert!(world.command(correct(MicroUsd(7_000))).is_err(), "it is booked so already");
    world.command(correct(MicroUsd(90_000))).unwrap();
    assert!(waits(&world, &key), "a correction above the reservation is a bill above it");
}

#[test]
fn what_was_sent_again_is_possible_and_never_spent_and_counts_against_caps() {
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Resend);
    let key = world.next_call();
    let worst = world.studio.episodes[&ONE].calls[&key].worst;
    let day = Scope::Day(world.period().day);
    assert_eq!(world.studio.budget.sums(&day), Sums::held(worst));
    world.lose(&key);
    let sums = world.studio.budget.sums(&day);
    assert_eq!((sums.spent, sums.possible), (MicroUsd::ZERO, worst));
    assert_eq!(world.studio.episodes[&ONE].spent(), MicroUsd::ZERO);
    world.run(true);
    let sums = world.studio.budget.sums(&day);
    assert_eq!((sums.held, sums.possible), (MicroUsd::ZERO, worst), "it stays possible when its episode is over");
    let prices = world.journal.iter().filter_map(|stamped| match &stamped.event {
        Event::CallSettled { price, .. } | Event::CallFailed { price, .. } => Some(*price),
        _ => None,
    });
    assert_eq!(sums.spent, prices.sum(), "spent is what was metered");
    assert_eq!(sums.committed(), sums.spent.plus(worst));
}

#[test]
fn a_cap_can_be_lowered_below_what_is_spent_and_nothing_more_is_sent_and_it_has_a_top() {
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Ask);
    for _ in 0..3 {
        let key = world.next_call();
        world.bill(&key, MicroUsd(20_000), true);
    }
    let set = |cap| Command::SetCap { scope: Scope::Episode(ONE), cap, reason: "too dear".into() };
    world.command(set(MicroUsd(50_000))).unwrap();
    let before = intended(&world);
    while world.turn() {}
    assert_eq!(intended(&world), before);
    let asks = |open: &greenroom::domain::episode::OpenNeed| matches!(open.need, Need::Cap { .. });
    assert!(world.studio.episodes[&ONE].needs.iter().any(asks), "a person is asked");
    for absurd in [MicroUsd::ZERO, MicroUsd(-1), MicroUsd(MicroUsd::MOST.0 + 1), MicroUsd::MAX] {
        assert!(world.command(set(absurd)).is_err(), "{absurd}");
    }
    world.command(set(MicroUsd::MOST)).unwrap();
    world.run(true);
    assert!(world.is_packaged(1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Any weather, any order, kills at any moment: at rest nothing is held, and what is possible is what was lost. That every
    /// sum is explained after every batch the world holds by itself.
    #[test]
    fn at_rest_nothing_is_held(seed in any::<u64>(), kills in 0..6_u64) {
        let mut world = World::new(seed, Weather::STORM);
        world.start(1, MicroUsd(900_000), Uncertain::Ask);
        world.start(2, ROOM, Uncertain::Resend);
        for turn in 0..4_000_u64 {
            if !world.turn() && !world.decide_one() {
                break;
            }
            if turn < kills * 40 && turn % 40 == seed % 40 {
                world.crash();
            }
        }
        let day = world.studio.budget.sums(&Scope::Day(world.period().day));
        prop_assert_eq!(day.held, MicroUsd::ZERO);
        let mut lost = MicroUsd::ZERO;
        let mut studio = greenroom::domain::studio::Studio::default();
        for stamped in &world.journal {
            if let Event::ChargeRuled { key, ruling: greenroom::domain::event::Ruling::Resend, .. } = &stamped.event {
                lost = lost.plus(studio.budget.call(key).unwrap().worst);
            }
            studio.apply(stamped).unwrap();
        }
        prop_assert_eq!(day.possible, lost);
    }
}

#[test]
fn a_lost_answer_is_possible_until_it_is_ruled() {
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Ask);
    let key = world.next_call();
    let worst = world.studio.episodes[&ONE].calls[&key].worst;
    world.lose(&key);
    let sums = world.studio.episodes[&ONE].calls[&key].sums();
    assert_eq!(sums, Sums::possible(worst));
}
