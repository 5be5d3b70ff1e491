//! Uncertain charges: what is sent again without a person and up to where, and one answer for all charges of one cause.

use greenroom::domain::budget::{Budget, Caps, Period, Scope};
use greenroom::domain::command::Command;
use greenroom::domain::decide;
use greenroom::domain::episode::{CallState, UnitState};
use greenroom::domain::event::{Event, Need, ResendLimit, Ruling, Uncertain};
use greenroom::domain::ids::{EpisodeNumber, IntentKey, StageId};
use greenroom::domain::money::MicroUsd;

use crate::ROOM;
use crate::world::{Weather, World};

const ONE: EpisodeNumber = EpisodeNumber(1);

/// What every call of the world costs at worst.
const WORST: MicroUsd = MicroUsd(40_000);

fn within(call: i64, episode: i64) -> Uncertain {
    Uncertain::Within(ResendLimit { call: MicroUsd(call), episode: MicroUsd(episode) })
}

fn asked(world: &World, number: u32) -> Vec<IntentKey> {
    let needs = world.studio.episodes[&EpisodeNumber(number)].needs.iter();
    needs.filter_map(|open| if let Need::Charge { key } = &open.need { Some(key.clone()) } else { None }).collect()
}

/// A world with an episode that speaks: many calls are under way at once.
fn speaking(uncertain: Uncertain) -> (World, StageId) {
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, uncertain);
    let voice: StageId = "voice".parse().unwrap();
    loop {
        while world.turn() {
            if world.is_calling(&voice) {
                return (world, voice);
            }
        }
        assert!(world.decide_one());
    }
}

#[test]
fn what_may_have_cost_little_is_sent_again_unasked_and_the_rest_is_asked_about() {
    // Room for two calls of the world, and not for a third.
    let (mut world, voice) = speaking(within(WORST.0, WORST.0 * 2 + 1));
    let before = world.studio.budget.committed(&Scope::Episode(ONE));
    for lost in 1..=3 {
        let key = world.next_call_of(&voice);
        world.lose(&key);
        let episode = &world.studio.episodes[&ONE];
        let is_asked = asked(&world, 1).contains(&key);
        assert_eq!(is_asked, lost == 3, "{lost}: {:?}", episode.needs);
        let is_resent = matches!(episode.calls[&key].state, CallState::Ruled { ruling: Ruling::Resend });
        assert_eq!(is_resent, lost < 3);
    }
    assert_eq!(world.studio.episodes[&ONE].resent(), MicroUsd(WORST.0 * 2));
    assert!(world.studio.budget.committed(&Scope::Episode(ONE)) >= before, "what was lost stays taken under the caps");
    let (mut world, voice) = speaking(within(WORST.0 - 1, WORST.0 * 9));
    let key = world.next_call_of(&voice);
    world.lose(&key);
    assert_eq!(asked(&world, 1), [key], "a call above its own limit is asked about");
}

#[test]
fn a_limit_that_is_set_at_the_first_charge_rules_what_waits_and_what_follows() {
    let (mut world, voice) = speaking(Uncertain::Ask);
    for _ in 0..3 {
        let key = world.next_call_of(&voice);
        world.lose(&key);
    }
    assert_eq!(asked(&world, 1).len(), 3);
    let set = |uncertain| Command::SetUncertain { episode: ONE, uncertain };
    assert!(world.command(set(within(0, 5))).is_err() && world.command(set(within(9, 5))).is_err());
    world.command(set(within(WORST.0, WORST.0 * 2))).unwrap();
    assert_eq!(asked(&world, 1).len(), 1, "two of them are covered");
    assert_eq!(world.studio.episodes[&ONE].policy.uncertain, within(WORST.0, WORST.0 * 2));
    world.command(set(Uncertain::Resend)).unwrap();
    assert_eq!(asked(&world, 1), []);
    world.run(true);
    assert!(world.is_packaged(1));
}

#[test]
fn one_answer_rules_all_charges_of_one_cause() {
    for ruling in [Ruling::Resend, Ruling::WriteOff] {
        let (mut world, voice) = speaking(Uncertain::Ask);
        // The second episode is asked what the first one was.
        world.limits.reuse = false;
        world.start(2, ROOM, Uncertain::Ask);
        world.settle();
        let other: StageId = "angle".parse().unwrap();
        let elsewhere = world.next_call_of(&other);
        let keys: Vec<IntentKey> = (0..3)
            .map(|_| {
                let key = world.next_call_of(&voice);
                world.lose(&key);
                key
            })
            .collect();
        world.lose(&elsewhere);
        let episodes = || world.studio.episodes.values().map(AsRef::as_ref);
        assert_eq!(decide::alike(episodes(), &keys[1]).len(), 4, "the program ended: one cause for all of them");
        assert_eq!(decide::alike(episodes(), &keys[1])[0], keys[1]);
        let before = world.journal.len();
        world.command(Command::ResolveCharge { key: keys[1].clone(), ruling, alike: true }).unwrap();
        let ruled = world.journal[before..].iter().filter(|s| matches!(s.event, Event::ChargeRuled { .. })).count();
        assert_eq!(ruled, 4);
        assert_eq!((asked(&world, 1).len(), asked(&world, 2).len()), (0, 0));
        let run = world.studio.episodes[&ONE].stages[&voice].run.clone().unwrap();
        for key in &keys {
            match ruling {
                Ruling::Resend => assert!(!matches!(run.units[&key.unit].state, UnitState::Held(_) | UnitState::Stuck)),
                Ruling::WriteOff => assert_eq!(run.units[&key.unit].state, UnitState::Stuck),
            }
        }
        let retries = world.studio.episodes[&ONE].needs.iter().filter(|n| matches!(n.need, Need::Retries { .. }));
        assert_eq!(retries.count(), usize::from(ruling == Ruling::WriteOff), "a stage stops once");
        world.run(true);
        assert!(world.is_packaged(1) && world.is_packaged(2));
    }
}

#[test]
fn calls_that_are_sent_again_within_a_limit_never_pass_a_cap() {
    for seed in 0..12 {
        let cap = MicroUsd(900_000);
        let mut world = World::new(seed, Weather { lost: 30, overbilled: 0, ..Weather::STORM });
        world.start(1, cap, within(WORST.0, WORST.0 * 6));
        world.settle();
        for _ in 0..600 {
            if !world.turn() {
                break;
            }
        }
        let mut budget = Budget::default();
        for stamped in &world.journal {
            match &stamped.event {
                Event::CallIntended { key, worst, .. } => {
                    budget.reserve(key.clone(), *worst, Period::of(stamped.at), &Caps::new()).unwrap()
                }
                Event::CallSettled { key, price, .. } | Event::CallFailed { key, price, .. } => {
                    budget.settle(key, *price).unwrap();
                }
                // Lost or sent again, what it may have cost stays taken.
                _ => {}
            }
            assert!(budget.committed(&Scope::Episode(ONE)) <= cap, "seed {seed}: event {}", stamped.seq);
        }
        assert!(world.studio.episodes[&ONE].resent() <= MicroUsd(WORST.0 * 6), "seed {seed}");
    }
}
