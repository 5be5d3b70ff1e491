//! The laws of the pure core: what is decided fits the fold, a replay equals the live state, order does not matter, and no
//! prefix of any history passes a cap.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod answers;
mod approvals;
mod charges;
mod cheaper;
mod clocks;
mod deceptions;
#[path = "../support/dice.rs"]
mod dice;
mod hashes;
mod money;
mod reuse;
mod routes;
mod traffic;
mod world;

use greenroom::domain::budget::{Budget, Caps, Period, Scope};
use greenroom::domain::event::{Event, Uncertain};
use greenroom::domain::ids::{ContentHash, EpisodeNumber, StageId};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::studio::Studio;
use proptest::prelude::*;
use world::{Weather, World};

const ROOM: MicroUsd = MicroUsd(1_000_000_000);

#[test]
fn an_episode_runs_to_its_package_through_a_send_back_and_three_signatures() {
    let mut world = World::new(1, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Ask);
    world.run(true);
    assert!(world.is_packaged(1));
    let count = |what: fn(&Event) -> bool| world.journal.iter().filter(|stamped| what(&stamped.event)).count();
    assert_eq!(count(|event| matches!(event, Event::SentBack { .. })), 1);
    assert_eq!(count(|event| matches!(event, Event::GateApproved { .. })), 2, "polish refinement and final release");
    assert!(world.studio.episodes.is_empty(), "a past episode leaves the fold");
}

#[test]
fn two_hundred_orders_of_outcomes_give_the_same_artifacts() {
    let artifacts = |seed| {
        let mut world = World::new(seed, Weather::FAIR);
        world.start(1, ROOM, Uncertain::Ask);
        world.run(true);
        assert!(world.is_packaged(1));
        world.artifacts(1)
    };
    let first = artifacts(1);
    assert!(first.len() >= 15, "{first:?}");
    for seed in 2..=200 {
        assert_eq!(artifacts(seed), first, "seed {seed}");
    }
}

#[test]
fn another_prompt_makes_its_stage_stale_and_the_old_one_brings_back_what_it_made() {
    use greenroom::domain::command::Command;
    use greenroom::domain::episode::Standing;
    use greenroom::domain::event::PromptPin;
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Ask);
    world.settle();
    while world.turn() {}
    let episode = EpisodeNumber(1);
    let script: StageId = "script".parse().unwrap();
    let stands = |world: &World| world.studio.episodes[&episode].standings()[&script].clone();
    let before = stands(&world);
    let old = world.studio.episodes[&episode].pin(&script).unwrap().prompt.clone().unwrap();
    let other = PromptPin { version: "2.0.0".into(), hash: ContentHash::of(b"another prompt"), ..old.clone() };
    let choose = |prompt: &PromptPin| Command::ChoosePrompt {
        episode,
        stage: script.clone(),
        prompt: prompt.clone(),
        reviser: false,
        reason: "off brand".into(),
    };
    let strange = PromptPin { agent: "tts_optimizer".into(), ..other.clone() };
    assert!(world.command(choose(&strange)).is_err(), "another agent's prompt asks nobody here");
    assert!(world.command(choose(&old)).is_err(), "it is the prompt already");
    world.command(choose(&other)).unwrap();
    assert!(matches!(stands(&world), Standing::Open(_)), "what the other prompt makes is not made yet");
    world.command(choose(&old)).unwrap();
    assert_eq!(stands(&world), before, "nothing is paid for twice");
}

#[test]
fn an_arbiter_that_cannot_be_had_stops_nothing_and_another_agent_that_cannot_does() {
    use greenroom::domain::episode::Standing;
    use greenroom::domain::event::Need;
    use greenroom::domain::handoff::Arbitration;
    let refused = |stage: &str| {
        let mut world = World::new(3, Weather::FAIR);
        world.start(1, ROOM, Uncertain::Ask);
        world.settle();
        let stage: StageId = stage.parse().unwrap();
        let key = world.next_call_of(&stage);
        world.refuse(&key);
        let episode = &world.studio.episodes[&EpisodeNumber(1)];
        let asks = episode.needs.iter().any(|open| matches!(open.need, Need::Retries { .. }));
        (episode.standings()[&stage].clone(), asks)
    };
    let (standing, asks) = refused("arbiter");
    assert!(matches!(standing, Standing::Done(_, output) if output == Arbitration::silent()) && !asks, "{standing:?}");
    let (standing, asks) = refused("plan");
    assert!(matches!(standing, Standing::Open(_)) && asks, "{standing:?}");
}

#[test]
fn what_was_rejected_is_never_approved_by_an_old_hash() {
    use greenroom::domain::command::Command;
    use greenroom::domain::decide::Refusal;
    use greenroom::domain::event::Need;
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Ask);
    world.settle();
    while world.turn() {}
    let episode = EpisodeNumber(1);
    let Need::Gate { gate, hash } = world.studio.episodes[&episode].needs[0].need.clone() else { panic!("no gate") };
    assert_eq!(gate.as_str(), "quality_evaluation");
    world.decide_one();
    while world.turn() {}
    let approve = |gate: &StageId, hash| Command::Approve {
        episode,
        gate: gate.clone(),
        hash,
        max_spend: ROOM,
        rulings: Vec::new(),
        seen: None,
    };
    let old = approve(&gate, hash);
    let refused = world.command(old).unwrap_err();
    assert!(matches!(refused, Refusal::Stale { .. } | Refusal::NotNow(_)), "{refused}");
    let Need::Gate { gate, hash } = world.studio.episodes[&episode].needs[0].need.clone() else { panic!("no gate") };
    assert_eq!(gate.as_str(), "polish_refinement", "the second round has no dispute");
    let other = ContentHash::of(b"another script");
    let refused = world.command(approve(&gate, other)).unwrap_err();
    assert!(matches!(refused, Refusal::Stale { .. }), "{refused}");
    assert_ne!(hash, other);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any weather, any order, crashes at any moment: everything that is decided fits (the world panics otherwise), a
    /// replay gives the live state, and a checkpoint of it survives its JSON.
    #[test]
    fn a_replay_equals_the_live_state(seed in any::<u64>(), turns in 0..400_usize, crashes in 0..4_u64) {
        let mut world = World::new(seed, Weather::STORM);
        world.start(1, MicroUsd(900_000), if seed % 2 == 0 { Uncertain::Ask } else { Uncertain::Resend });
        world.start(7, ROOM, Uncertain::Resend);
        world.settle();
        for turn in 0..turns {
            if !world.turn() && !world.decide_one() {
                break;
            }
            if crashes > 0 && turn as u64 % 97 == seed % 97 {
                world.crash();
            }
        }
        let mut replayed = Studio::default();
        for stamped in &world.journal {
            replayed.apply(stamped).unwrap();
        }
        prop_assert_eq!(&replayed, &world.studio);
        let kept = serde_json::to_vec(&replayed).unwrap();
        prop_assert_eq!(&serde_json::from_slice::<Studio>(&kept).unwrap(), &world.studio);
    }

    /// Fifty episodes against one day's cap: spent and reserved stay under it in every prefix, over-billing apart.
    #[test]
    fn no_prefix_passes_the_cap_of_a_day(seed in any::<u64>()) {
        let cap = MicroUsd(8_000_000);
        let mut world = World::new(seed, Weather { overbilled: 0, ..Weather::STORM });
        world.cap_day(cap);
        // Twelve equal episodes would pay for one.
        world.limits.reuse = false;
        for number in 1..=12 {
            world.start(number, ROOM, Uncertain::Resend);
        }
        world.run(true);
        let day = Scope::Day(world.period().day);
        let mut budget = Budget::default();
        for stamped in &world.journal {
            match &stamped.event {
                Event::CallIntended { key, worst, .. } => {
                    budget.reserve(key.clone(), *worst, Period::of(stamped.at), &Caps::new()).unwrap();
                }
                Event::CallSettled { key, price, .. } | Event::CallFailed { key, price, .. } => {
                    budget.settle(key, *price).unwrap();
                }
                Event::ChargeUncertain { key, .. } => budget.lose(key).unwrap(),
                Event::ChargeRuled { key, ruling, .. } => budget.rule(key, *ruling).unwrap(),
                _ => {}
            }
            prop_assert!(budget.committed(&day) <= cap, "event {}", stamped.seq);
        }
        let waits = world.studio.episodes.values().any(|e| !e.needs.is_empty());
        prop_assert!(waits, "the cap was reached and people are asked");
    }
}
