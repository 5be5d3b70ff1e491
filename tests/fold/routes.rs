//! The laws of routes: a list is walked once and in order, a judge says when it becomes kin, a cap that is near and a provider
//! that fails do what the show says.

use greenroom::domain::budget::Scope;
use greenroom::domain::call::{Provider, Route};
use greenroom::domain::command::Command;
use greenroom::domain::episode::CallState;
use greenroom::domain::event::{Event, NearCap, Need, Ruling, Uncertain, WhenDown};
use greenroom::domain::handoff::Contract;
use greenroom::domain::ids::{EpisodeNumber, StageId};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::sums::Sums;

use crate::ROOM;
use crate::world::{Weather, World};

fn route(provider: Provider, model: &str) -> Route {
    Route { provider, model: model.to_owned() }
}

fn changes(world: &World) -> Vec<(u64, StageId, Route, String)> {
    let changes = world.journal.iter().filter_map(|stamped| match &stamped.event {
        Event::RouteChanged { stage, route, reason } => {
            Some((stamped.seq, stage.clone(), route.clone(), reason.clone()))
        }
        _ => None,
    });
    changes.collect()
}

#[test]
fn a_list_of_models_is_walked_in_order_and_no_model_is_asked_twice() {
    let mut world = World::new(3, Weather::FAIR);
    let plan: StageId = "plan".parse().unwrap();
    let models = ["first", "second", "third"];
    world.start_with(1, ROOM, Uncertain::Ask, |start| {
        for pin in start.pins.iter_mut().filter(|pin| pin.stage.id == plan) {
            pin.fallback = Some(route(Provider::Gemini, models[0]));
            // The route itself stands in the list again, and one model twice.
            pin.further = vec![route(Provider::Anthropic, "m"), route(Provider::Gemini, models[0])];
            pin.further.extend(models[1..].iter().map(|model| route(Provider::OpenAi, model)));
        }
    });
    let mut asked = Vec::new();
    loop {
        let key = world.next_call_of(&plan);
        asked.push(world.studio.episodes[&EpisodeNumber(1)].calls[&key].route.model.clone());
        world.refuse(&key);
        let found = &world.studio.episodes[&EpisodeNumber(1)];
        if found.needs.iter().any(|open| matches!(open.need, Need::Retries { .. })) {
            break;
        }
    }
    assert_eq!(asked, ["m", "first", "second", "third"]);
}

#[test]
fn a_judge_that_goes_to_the_writers_family_says_so() {
    let mut world = World::new(3, Weather::FAIR);
    let judge: StageId = "judge_b".parse().unwrap();
    world.start_with(1, ROOM, Uncertain::Ask, |start| {
        for pin in &mut start.pins {
            if pin.stage.output == Contract::Draft {
                pin.route = Some(route(Provider::Anthropic, "claude-opus"));
            }
            if pin.stage.id == judge {
                pin.route = Some(route(Provider::Gemini, "gemini-pro"));
                pin.fallback = Some(route(Provider::Anthropic, "claude-sonnet"));
            }
        }
    });
    let key = world.next_call_of(&judge);
    world.refuse(&key);
    let changed = changes(&world);
    let (_, stage, to, reason) = changed.last().unwrap();
    assert_eq!((stage, to.model.as_str()), (&judge, "claude-sonnet"));
    assert!(reason.contains("of the writer's own family (claude)"), "{reason}");
}

#[test]
fn near_a_cap_stages_that_have_not_begun_go_to_cheaper_models_and_no_other_does() {
    let mut world = World::new(4, Weather::FAIR);
    world.start_with(1, MicroUsd(1_000_000), Uncertain::Ask, |start| {
        start.policy.near_cap = NearCap::Cheaper;
        for pin in start.pins.iter_mut().filter(|pin| pin.route.is_some() && pin.seats.is_empty()) {
            pin.cheaper = pin.route.as_ref().map(|own| route(own.provider, "small"));
        }
    });
    world.run(true);
    assert!(world.is_packaged(1));
    let near = world.journal.iter().find(|stamped| matches!(stamped.event, Event::CapNear { .. })).unwrap().seq;
    let changed = changes(&world);
    assert!(!changed.is_empty());
    for (seq, stage, to, _) in &changed {
        assert!(*seq > near && to.model == "small", "{stage} to {to:?}");
        let after =
            world.journal.iter().filter(|stamped| stamped.seq > *seq).filter_map(|stamped| match &stamped.event {
                Event::CallIntended { key, route, .. } if key.stage == *stage => Some(route),
                _ => None,
            });
        assert!(after.into_iter().all(|gone| gone == to), "{stage}");
    }
}

#[test]
fn near_a_cap_calls_go_one_at_a_time_where_the_show_says_so() {
    let most_at_once = |near_cap| {
        let mut world = World::new(4, Weather::FAIR);
        world.start_with(1, MicroUsd(2_000_000), Uncertain::Ask, |start| start.policy.near_cap = near_cap);
        world.run(true);
        assert!(world.is_packaged(1));
        let (mut under_way, mut most, mut is_near) = (0_u32, 0, false);
        for stamped in &world.journal {
            match &stamped.event {
                Event::CapNear { then, .. } => {
                    assert_eq!(*then, near_cap);
                    is_near = true;
                }
                // Another cap has its own 80 %.
                Event::CapSet { .. } => is_near = false,
                Event::CallIntended { .. } => {
                    under_way += 1;
                    if is_near {
                        most = most.max(under_way);
                    }
                }
                Event::CallSettled { .. } | Event::CallFailed { .. } => under_way -= 1,
                _ => {}
            }
        }
        most
    };
    assert_eq!(most_at_once(NearCap::Slower), 1);
    assert!(most_at_once(NearCap::Alert) > 1);
}

#[test]
fn while_a_provider_fails_a_stage_goes_elsewhere_at_once_where_the_show_says_so() {
    let elsewhere = |when_down| {
        let mut world = World::new(6, Weather::FAIR);
        world.limits.attempts = 50;
        for number in 1..=6 {
            world.start_with(number, ROOM, Uncertain::Ask, |start| {
                start.policy.when_down = when_down;
                for pin in start.pins.iter_mut().filter(|pin| pin.route.is_some()) {
                    // The next model in the list is down with its sibling.
                    pin.fallback = Some(route(Provider::Anthropic, "sibling"));
                    pin.further = vec![route(Provider::OpenAi, "other")];
                }
            });
        }
        world.down = Some(Provider::Anthropic);
        let is_open =
            |world: &World| world.journal.iter().any(|stamped| matches!(stamped.event, Event::BreakerOpened { .. }));
        while !is_open(&world) {
            assert!(world.turn() || world.decide_one());
        }
        for _ in 0..200 {
            world.turn();
        }
        changes(&world)
    };
    assert_eq!(elsewhere(WhenDown::Wait), vec![]);
    let changed = elsewhere(WhenDown::Fallback);
    assert!(changed.len() >= 6, "{changed:?}");
    assert!(changed.iter().all(|(_, stage, to, _)| to.model == "other" && !stage.as_str().starts_with("judge")));
}

#[test]
fn a_cheaper_model_that_is_the_stages_own_changes_nothing() {
    let mut world = World::new(4, Weather::FAIR);
    world.start_with(1, MicroUsd(1_000_000), Uncertain::Ask, |start| {
        start.policy.near_cap = NearCap::Cheaper;
        for pin in start.pins.iter_mut().filter(|pin| pin.seats.is_empty()) {
            pin.cheaper = pin.route.clone();
        }
    });
    world.run(true);
    assert!(world.is_packaged(1));
    assert!(world.journal.iter().any(|stamped| matches!(stamped.event, Event::CapNear { .. })));
    assert_eq!(changes(&world), []);
}

#[test]
fn calls_that_fail_together_take_their_stage_to_the_next_model_once() {
    let mut world = World::new(3, Weather::FAIR);
    let judge: StageId = "judge_a".parse().unwrap();
    world.start_with(1, ROOM, Uncertain::Ask, |start| {
        for pin in start.pins.iter_mut().filter(|pin| pin.stage.id == judge) {
            pin.fallback = Some(route(Provider::Gemini, "first"));
            pin.further = vec![route(Provider::OpenAi, "second"), route(Provider::OpenAi, "third")];
        }
    });
    world.next_call_of(&judge);
    let of_judge = |world: &World| -> Vec<_> {
        let calls = world.studio.episodes[&EpisodeNumber(1)].calls_of(&judge);
        calls.filter(|(_, call)| call.is_under_way()).map(|(key, _)| key.clone()).collect()
    };
    let together = of_judge(&world);
    assert!(together.len() > 1, "several readings at once: {together:?}");
    together.iter().for_each(|key| world.refuse(key));
    let to: Vec<String> = changes(&world).into_iter().map(|(_, _, route, _)| route.model).collect();
    assert_eq!(to, ["first"]);
    assert!(world.studio.episodes[&EpisodeNumber(1)].needs.is_empty(), "nobody is asked");
}

#[test]
fn what_lies_in_a_batch_holds_no_slot_is_asked_about_at_a_cap_and_can_be_ruled() {
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Ask);
    let key = world.next_call();
    let scope = Scope::Episode(EpisodeNumber(1));
    let worst = world.studio.budget.committed(&scope);
    assert_eq!(world.studio.budget.in_flight(&scope), worst);
    world.batch(&key);
    assert_eq!(world.studio.budget.in_flight(&scope), MicroUsd::ZERO, "nothing of it comes free soon");
    assert_eq!(world.studio.budget.committed(&scope), worst, "and it is held all the same");
    assert!(world.studio.traffic.values().all(|traffic| traffic.under_way() == 0));
    world.crash();
    let call = |world: &World| world.studio.episodes[&EpisodeNumber(1)].calls[&key].clone();
    assert!(call(&world).is_in_batch(), "a restart finds it there");
    world.command(Command::ResolveCharge { key: key.clone(), ruling: Ruling::Resend, alike: false }).unwrap();
    assert_eq!(call(&world).state, CallState::Ruled { ruling: Ruling::Resend });
    assert_eq!(call(&world).sums(), Sums::possible(worst), "what may have been paid is possible, and not spent");
    let next = world.studio.episodes[&EpisodeNumber(1)].calls.keys().filter(|other| **other != key).count();
    assert_eq!(next, 1, "it is sent again, as an attempt of its own");
}
