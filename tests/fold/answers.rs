//! What is paid for is not paid for again: an answer that cannot be read, and one that could not be kept at once.

use greenroom::domain::command::Command;
use greenroom::domain::decide;
use greenroom::domain::episode::{CallState, Life, UnitState};
use greenroom::domain::event::{Event, Need, Ruling, Uncertain};
use greenroom::domain::ids::{EpisodeNumber, IntentKey, StageId};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::step::Outcome;

use crate::ROOM;
use crate::world::{Weather, World};

const ONE: EpisodeNumber = EpisodeNumber(1);

fn plan() -> StageId {
    "plan".parse().unwrap()
}

/// How often the plan was sent.
fn sent(world: &World) -> usize {
    let is_plan = |event: &Event| matches!(event, Event::CallIntended { key, .. } if key.stage == plan());
    world.journal.iter().filter(|stamped| is_plan(&stamped.event)).count()
}

/// A world at rest whose plan was answered by what cannot be read, and its call.
fn unread() -> (World, IntentKey) {
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Resend);
    world.unreadable = Some(plan());
    while world.turn() {}
    let episode = &world.studio.episodes[&ONE];
    let [open] = episode.needs.as_slice() else { panic!("{:?}", episode.needs) };
    let Need::Unread { key, .. } = &open.need else { panic!("{open:?}") };
    let key = key.clone();
    assert!(matches!(episode.calls[&key].state, CallState::Settled { .. }), "it is paid for");
    assert_eq!(sent(&world), 1);
    (world, key)
}

fn unit(world: &World, key: &IntentKey) -> UnitState {
    let run = world.studio.episodes[&ONE].stages[&key.stage].run.clone().unwrap();
    run.units[&key.unit].state.clone()
}

#[test]
fn an_answer_that_cannot_be_read_stops_its_stage_and_no_other_is_bought_unasked() {
    let (mut world, key) = unread();
    assert_eq!(unit(&world, &key), UnitState::Unread(key.clone()));
    // Read again by the same reader: asked again, for nothing.
    let spent = world.studio.episodes[&ONE].spent();
    world.command(Command::ReadAgain { key: key.clone() }).unwrap();
    while world.turn() {}
    assert_eq!(world.studio.episodes[&ONE].needs.len(), 1);
    assert_eq!((sent(&world), world.studio.episodes[&ONE].spent()), (1, spent));
    // A reader that can: work goes on with the very answer.
    world.unreadable = None;
    world.take(Outcome::Readable { key: key.clone() });
    assert!(world.studio.episodes[&ONE].needs.is_empty());
    world.run(true);
    assert!(world.is_packaged(1));
    assert_eq!(sent(&world), 1, "nothing was paid for again");
}

#[test]
fn an_answer_that_cannot_be_read_is_bought_again_when_a_person_says_so() {
    let (mut world, key) = unread();
    let refused = world.command(Command::ResolveCharge { key: key.clone(), ruling: Ruling::WriteOff, alike: false });
    assert!(refused.is_err(), "what it cost is known");
    world.unreadable = None;
    world.command(Command::ResolveCharge { key: key.clone(), ruling: Ruling::Resend, alike: false }).unwrap();
    world.run(true);
    assert!(world.is_packaged(1));
    assert_eq!(sent(&world), 2);
    assert!(world.command(Command::ReadAgain { key }).is_err(), "nothing waits to be read");
}

#[test]
fn an_answer_that_cannot_be_read_goes_with_its_episode() {
    let (mut world, key) = unread();
    world.command(Command::Cancel { episode: ONE, reason: "no more".to_owned() }).unwrap();
    while world.turn() {}
    assert!(!world.studio.episodes.contains_key(&ONE), "the episode is past");
    world.take(Outcome::Readable { key });
    assert_eq!(sent(&world), 1);
}

#[test]
fn an_answer_that_could_not_be_kept_is_asked_about_under_every_policy_and_settles_when_it_is_found() {
    for (policy, is_over) in [(Uncertain::Ask, false), (Uncertain::Resend, false), (Uncertain::Resend, true)] {
        let mut world = World::new(3, Weather::FAIR);
        world.start(1, ROOM, policy);
        world.settle();
        let key = world.next_call_of(&plan());
        let call = world.studio.episodes[&ONE].calls[&key].clone();
        world.take(decide::arrived(&key, "the disk is full"));
        let episode = &world.studio.episodes[&ONE];
        assert!(
            matches!(&episode.calls[&key].state, CallState::Uncertain { reason } if reason.contains("disk is full"))
        );
        assert_eq!(
            episode.needs.iter().map(|open| &open.need).collect::<Vec<_>>(),
            [&Need::Charge { key: key.clone() }]
        );
        assert_eq!(episode.sums().possible, call.worst, "it stays possible");
        if is_over {
            world.command(Command::Cancel { episode: ONE, reason: "no more".to_owned() }).unwrap();
            assert!(matches!(world.studio.episodes[&ONE].life, Life::Cancelled(_)));
        }
        let found = world.found(&key);
        world.take(found.clone());
        // A second word of the same changes nothing.
        world.take(found);
        if is_over {
            assert!(!world.studio.episodes.contains_key(&ONE), "its last open charge is settled");
            continue;
        }
        let episode = &world.studio.episodes[&ONE];
        assert!(matches!(episode.calls[&key].state, CallState::Settled { .. }));
        assert!(episode.needs.is_empty());
        assert_eq!(episode.reserved(), MicroUsd::ZERO);
        world.run(true);
        assert!(world.is_packaged(1));
        assert_eq!(sent(&world), 1, "{policy:?}: nothing was sent again");
    }
}
