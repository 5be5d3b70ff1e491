//! The laws of the queue: who waits longest goes first, a provider that fails is left alone, and a pause holds for all.

use greenroom::domain::call::Provider;
use greenroom::domain::event::{Event, Uncertain};
use greenroom::domain::traffic::Breaker;
use jiff::Timestamp;
use proptest::prelude::*;

use crate::ROOM;
use crate::world::{Weather, World};

/// The moments at which calls to a provider were intended.
fn intended(world: &World, provider: Provider) -> Vec<Timestamp> {
    let calls = world.journal.iter().filter_map(|stamped| match &stamped.event {
        Event::CallIntended { route, .. } if route.provider == provider => Some(stamped.at),
        _ => None,
    });
    calls.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// Whatever the number of its episode: no call goes while another that could go too has waited longer for the same model.
    #[test]
    fn whoever_has_waited_longest_goes_first(seed in any::<u64>(), storm in any::<bool>()) {
        let weather = if storm { Weather { overbilled: 0, ..Weather::STORM } } else { Weather::FAIR };
        let mut world = World::new(seed, weather);
        // Equal calls are made once; here each is wanted.
        world.limits.reuse = false;
        for number in 1..=5 {
            world.start(number, ROOM, Uncertain::Resend);
        }
        world.run(true);
        let asked: Vec<_> = world.asked.values().filter(|asked| asked.went.is_some()).collect();
        prop_assert!(asked.len() > 250, "{}", asked.len());
        for late in &asked {
            let went = late.went.unwrap();
            let passed_over = asked.iter().find(|early| {
                let waited = early.seen < went && early.went.unwrap() > went;
                early.route == late.route && early.since < late.since && waited
            });
            prop_assert!(passed_over.is_none(), "{late:?} went before {passed_over:?}");
        }
        for number in 1..=5 {
            prop_assert!(world.is_packaged(number), "{number} starved");
        }
    }
}

#[test]
fn a_provider_that_is_down_is_left_alone_and_probed_and_then_works_again() {
    let mut world = World::new(5, Weather::FAIR);
    world.limits.reuse = false;
    world.limits.attempts = 50;
    (1..=4).for_each(|number| world.start(number, ROOM, Uncertain::Ask));
    world.down = Some(Provider::Gemini);
    let openings = |world: &World| {
        let opened = world.journal.iter().filter_map(|stamped| match &stamped.event {
            Event::BreakerOpened { provider, until, .. } => Some((stamped.at, *provider, *until)),
            _ => None,
        });
        opened.collect::<Vec<_>>()
    };
    while openings(&world).len() < 4 {
        assert!(world.turn() || world.decide_one(), "nothing more happens");
    }
    let opened = openings(&world);
    let pauses: Vec<i64> = opened.iter().map(|(at, _, until)| until.as_second() - at.as_second()).collect();
    assert_eq!(pauses, [15, 30, 60, 120], "each pause is twice as long");
    for (at, provider, until) in &opened {
        assert_eq!(*provider, Provider::Gemini);
        let called = intended(&world, Provider::Gemini).into_iter().filter(|call| call > at && call < until).count();
        assert_eq!(called, 0, "nothing is sent before {until}");
    }
    let probes = intended(&world, Provider::Gemini).into_iter().filter(|call| *call >= opened[0].2).count();
    assert_eq!(probes, 3, "one call tries after each pause");
    world.down = None;
    while !matches!(world.studio.traffic[&Provider::Gemini].breaker, Breaker::Closed) {
        assert!(world.turn() || world.decide_one(), "nothing more happens");
    }
    world.run(true);
    (1..=4).for_each(|number| assert!(world.is_packaged(number), "{number}"));
    let again = world.studio.traffic[&Provider::Gemini].again.values().next().copied().unwrap();
    assert!(again.sent >= 5 && again.answered < again.sent, "{again:?}");
}

#[test]
fn a_pause_that_a_provider_asks_for_holds_for_every_call_to_that_model() {
    let mut world = World::new(2, Weather::FAIR);
    world.limits.reuse = false;
    world.start(1, ROOM, Uncertain::Ask);
    world.next_call();
    world.hint_ms = Some(30_000);
    world.start(2, ROOM, Uncertain::Ask);
    while world.hint_ms.is_some() {
        world.turn();
    }
    let failed = world.journal.iter().find_map(|stamped| match &stamped.event {
        Event::CallFailed { key, told, .. } => Some((stamped.at, key.clone(), told.until.unwrap())),
        _ => None,
    });
    let (at, key, until) = failed.unwrap();
    assert_eq!(until.as_second() - at.as_second(), 30);
    let route = world.asked[&key].route.clone();
    (3..=5).for_each(|number| world.start(number, ROOM, Uncertain::Ask));
    let before = world.journal.len();
    while world.now <= until && world.turn() {}
    let early = world.journal[before..].iter().filter(|stamped| match &stamped.event {
        Event::CallIntended { route: gone, .. } => *gone == route && stamped.at < until,
        _ => false,
    });
    assert_eq!(early.count(), 0);
    world.run(true);
    (1..=5).for_each(|number| assert!(world.is_packaged(number), "{number}"));
}
