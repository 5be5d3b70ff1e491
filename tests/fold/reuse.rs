//! Equal calls: what was bought once is not bought again, whoever asks first is waited for, and nothing else changes.

use std::collections::BTreeMap;

use greenroom::domain::command::Command;
use greenroom::domain::event::{Event, Policy, Uncertain};
use greenroom::domain::ids::{ContentHash, IntentKey, StageId};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::studio::Studio;
use proptest::prelude::*;

use crate::ROOM;
use crate::world::{Weather, World, start};

fn spent(world: &World) -> MicroUsd {
    let price = |event: &Event| match event {
        Event::CallSettled { price, .. } | Event::CallFailed { price, .. } => *price,
        _ => MicroUsd::ZERO,
    };
    world.journal.iter().map(|stamped| price(&stamped.event)).sum()
}

fn saved(world: &World) -> MicroUsd {
    let saved = |event: &Event| match event {
        Event::AnswerReused { saved, .. } => *saved,
        _ => MicroUsd::ZERO,
    };
    world.journal.iter().map(|stamped| saved(&stamped.event)).sum()
}

fn begin(world: &mut World, number: u32, sample: u32) {
    let start = start(number, ROOM, Uncertain::Ask);
    let policy = Policy { sample, ..start.policy };
    world.command(Command::Start(Box::new(greenroom::domain::command::Start { policy, ..start }))).unwrap();
}

#[test]
fn equal_episodes_under_way_pay_once_and_make_the_same() {
    let mut alone = World::new(5, Weather::FAIR);
    alone.limits.reuse = false;
    begin(&mut alone, 1, 0);
    alone.run(true);
    let mut world = World::new(6, Weather::FAIR);
    for number in 1..=3 {
        begin(&mut world, number, 0);
    }
    world.run(true);
    assert_eq!(spent(&world), spent(&alone), "three cost what one costs");
    assert_eq!(saved(&world).0, spent(&alone).0 * 2, "and the price of the other two is what was saved");
    for number in 1..=3 {
        assert!(world.is_packaged(number));
        assert_eq!(world.artifacts(number), alone.artifacts(1));
    }
}

#[test]
fn a_fresh_episode_and_a_studio_that_reuses_nothing_pay_for_everything() {
    let cost = |reuse, samples: [u32; 2]| {
        let mut world = World::new(6, Weather::FAIR);
        world.limits.reuse = reuse;
        begin(&mut world, 1, samples[0]);
        begin(&mut world, 2, samples[1]);
        world.run(true);
        (spent(&world), saved(&world))
    };
    let (shared, saving) = cost(true, [0, 0]);
    assert_eq!(saving, shared);
    assert_eq!(cost(true, [0, 2]), (shared.plus(shared), MicroUsd::ZERO), "another sample is another answer");
    assert_eq!(cost(false, [0, 0]), (shared.plus(shared), MicroUsd::ZERO));
}

#[test]
fn whoever_asks_second_waits_and_takes_over_when_the_first_fails() {
    let mut world = World::new(3, Weather::FAIR);
    begin(&mut world, 1, 0);
    begin(&mut world, 2, 0);
    let stage: StageId = "brief".parse().unwrap();
    let first = world.next_call_of(&stage);
    while world.calls_of(2) == 0 && world.work_one(2) {}
    assert_eq!(world.calls_of(2), 0, "the second one waits");
    world.refuse(&first);
    let second = world.next_call_of(&stage);
    assert_ne!(first.episode, second.episode, "the first has no other model, so the second asks itself");
}

#[test]
fn judges_give_their_own_opinion_each_and_each_reading_is_one_of_its_own() {
    let mut world = World::new(4, Weather::FAIR);
    world.same_questions = true;
    begin(&mut world, 1, 0);
    world.run(true);
    let judges: Vec<StageId> = ["judge_a", "judge_b"].map(|id| id.parse().unwrap()).to_vec();
    let of = |stage: &StageId| {
        let calls = world
            .journal
            .iter()
            .filter(|stamped| matches!(&stamped.event, Event::CallIntended { key, .. } if key.stage == *stage));
        calls.count()
    };
    assert!(judges.iter().all(|judge| of(judge) >= 5), "five readings that ask the same are five samples");
    let voice: StageId = "voice".parse().unwrap();
    assert_eq!(of(&voice), 1, "the same words in the same voice are bought once");
    assert!(world.is_packaged(1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// Any weather, any order, crashes: nothing is asked while an equal call is under way or after one was answered well.
    #[test]
    fn no_call_is_made_beside_or_after_an_equal_one(seed in any::<u64>(), crashes in 0..3_u64) {
        let mut world = World::new(seed, Weather::STORM);
        for number in 1..=3 {
            world.start(number, ROOM, Uncertain::Resend);
        }
        for turn in 0..500_u64 {
            if !world.turn() && !world.decide_one() {
                break;
            }
            if crashes > 0 && turn % 111 == seed % 111 {
                world.crash();
            }
        }
        #[derive(PartialEq, Debug)]
        enum How { UnderWay, Answered, Met }
        let mut studio = Studio::default();
        let mut names: BTreeMap<IntentKey, ContentHash> = BTreeMap::new();
        let mut how: BTreeMap<ContentHash, (IntentKey, How)> = BTreeMap::new();
        let mut reused = 0;
        for stamped in &world.journal {
            studio.apply(stamped).unwrap();
            match &stamped.event {
                Event::CallIntended { key, .. } => {
                    let name = studio.episodes[&key.episode].calls[key].name;
                    let known = how.insert(name, (key.clone(), How::UnderWay));
                    let is_free = known.as_ref().is_none_or(|(_, how)| *how == How::Answered);
                    prop_assert!(is_free, "{key} is asked beside or after {known:?}");
                    names.insert(key.clone(), name);
                }
                Event::CallSettled { key, .. } => how.get_mut(&names[key]).unwrap().1 = How::Answered,
                Event::CallFailed { key, .. } | Event::ChargeUncertain { key, .. } => drop(how.remove(&names[key])),
                Event::UnitAccepted { stage, unit, .. } => {
                    let of = |key: &IntentKey| {
                        Some(key.episode) == stamped.episode && key.stage == *stage && key.unit == *unit
                    };
                    for (key, how) in how.values_mut().filter(|(key, _)| of(key)) {
                        let is_met = studio.episodes.get(&key.episode).is_some_and(|episode| episode.calls[key].met);
                        if *how == How::Answered && is_met {
                            *how = How::Met;
                        }
                    }
                }
                Event::AnswerReused { name, .. } => {
                    reused += 1;
                    prop_assert_eq!(how.get(name).map(|(_, how)| how), Some(&How::Met));
                }
                _ => {}
            }
            // What was not answered well leaves with its episode.
            how.retain(|_, (key, how)| *how == How::Met || studio.episodes.contains_key(&key.episode));
        }
        prop_assert!(reused > 0, "three equal episodes share something");
        prop_assert!(studio.named.len() <= studio.episodes.values().map(|e| e.calls.len()).sum());
    }
}
