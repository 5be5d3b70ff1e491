//! Another model for a stage that is in the midst of its work: what was accepted is kept, whatever the reason of the change.

use greenroom::domain::call::{Provider, Route};
use greenroom::domain::command::Command;
use greenroom::domain::episode::UnitState;
use greenroom::domain::event::{Event, Uncertain};
use greenroom::domain::ids::{EpisodeNumber, StageId};

use crate::ROOM;
use crate::world::{Weather, World};

const ONE: EpisodeNumber = EpisodeNumber(1);

fn cheap() -> Route {
    Route { provider: Provider::ElevenLabs, model: "cheap".into() }
}

/// A world whose stage of voices has a cheaper model, and whose requests name the model, as they do on every wire.
fn world(stage: &StageId) -> World {
    let mut world = World::new(3, Weather::FAIR);
    world.names_models = true;
    world.start_with(1, ROOM, Uncertain::Ask, |start| {
        let pin = start.pins.iter_mut().find(|pin| pin.stage.id == *stage).unwrap();
        let provider = pin.route.as_ref().unwrap().provider;
        pin.cheaper = Some(Route { provider, ..cheap() });
        pin.fallback = Some(Route { provider, model: "other".into() });
    });
    world.settle();
    world
}

/// Goes on until some units of a stage are accepted and others are not; which are.
fn half_done(world: &mut World, stage: &StageId) -> Vec<u32> {
    loop {
        let run = world.studio.episodes[&ONE].stages.get(stage).and_then(|state| state.run.clone());
        let accepted = |run: &greenroom::domain::episode::Run| {
            let units = run.units.iter().filter(|(_, unit)| matches!(unit.state, UnitState::Accepted(_)));
            units.map(|(number, _)| *number).collect::<Vec<_>>()
        };
        if let Some(run) = run.filter(|run| run.units.len() > 1) {
            let done = accepted(&run);
            if done.len() * 2 >= run.units.len() {
                assert!(done.len() < run.units.len());
                return done;
            }
        }
        assert!(world.turn() || world.decide_one(), "{stage} is never half done");
    }
}

fn bought_again(world: &World, from: usize, stage: &StageId, done: &[u32]) -> Vec<u32> {
    // What is sent back is other work, and is paid for.
    let events = world.journal[from..].iter().take_while(|stamped| !matches!(stamped.event, Event::SentBack { .. }));
    let units = events.filter_map(|stamped| match &stamped.event {
        Event::CallIntended { key, .. } if key.stage == *stage && done.contains(&key.unit) => Some(key.unit),
        _ => None,
    });
    units.collect()
}

#[test]
fn the_cheaper_model_buys_no_accepted_unit_again() {
    for stage in ["voice", "judge_a"] {
        let stage: StageId = stage.parse().unwrap();
        let mut world = world(&stage);
        let done = half_done(&mut world, &stage);
        let from = world.journal.len();
        world.command(Command::UseCheaper { episode: ONE, stage: stage.clone() }).unwrap();
        let episode = &world.studio.episodes[&ONE];
        assert_eq!(episode.kept_units(&stage).keys().copied().collect::<Vec<_>>(), done, "{stage}: told before");
        world.run(true);
        assert!(world.is_packaged(1), "{stage}");
        assert_eq!(bought_again(&world, from, &stage, &done), [0_u32; 0], "{stage}: accepted units are bought again");
        let went = world.journal[from..].iter().filter(|stamped| match &stamped.event {
            Event::CallIntended { key, route, .. } => key.stage == stage && route.model == "cheap",
            _ => false,
        });
        assert!(went.count() > 0, "{stage}: the others go to the cheaper model");
    }
}

#[test]
fn a_model_that_cannot_takes_no_accepted_unit_with_it() {
    let stage: StageId = "voice".parse().unwrap();
    let mut world = world(&stage);
    let done = half_done(&mut world, &stage);
    let from = world.journal.len();
    let key = world.next_call_of(&stage);
    world.refuse(&key);
    let route = world.studio.episodes[&ONE].route(&stage).unwrap().model.clone();
    assert_eq!(route, "other", "the stage has gone to its next model");
    world.run(true);
    assert!(world.is_packaged(1));
    assert_eq!(bought_again(&world, from, &stage, &done), [0_u32; 0]);
}

#[test]
fn what_was_accepted_of_other_content_is_not_kept() {
    let stage: StageId = "voice".parse().unwrap();
    let mut world = world(&stage);
    let done = half_done(&mut world, &stage);
    let edited = Command::ChooseOutput {
        episode: ONE,
        stage: "script".parse().unwrap(),
        output: greenroom::domain::ids::ContentHash::of(b"another script"),
        choice: greenroom::domain::event::Choice::Edited,
        reason: "a typing error".into(),
        words: Some(100),
    };
    world.command(edited).unwrap();
    let from = world.journal.len();
    world.run(true);
    assert!(world.is_packaged(1));
    let mut again = bought_again(&world, from, &stage, &done);
    again.sort_unstable();
    assert_eq!(again, done, "other words are spoken anew");
}
