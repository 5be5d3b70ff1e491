//! What a person decided at a gate dies with the first change of what it covers, and no later change wakes it again.

use greenroom::domain::budget::Scope;
use greenroom::domain::command::Command;
use greenroom::domain::episode::Standing;
use greenroom::domain::event::{Actor, Choice, Event, Need, Overriding, Person, Policy, PromptPin, Uncertain};
use greenroom::domain::ids::{ContentHash, EpisodeNumber, StageId};
use greenroom::domain::money::MicroUsd;

use crate::ROOM;
use crate::world::{Weather, World};

const ONE: EpisodeNumber = EpisodeNumber(1);

fn id(name: &str) -> StageId {
    name.parse().unwrap()
}

fn put(output: ContentHash, choice: Choice) -> Command {
    Command::ChooseOutput {
        episode: ONE,
        stage: id("script"),
        output,
        choice,
        reason: "a typing error".into(),
        words: Some(100),
    }
}

fn approve(gate: &StageId, hash: ContentHash, max_spend: MicroUsd) -> Command {
    Command::Approve { episode: ONE, gate: gate.clone(), hash, max_spend, rulings: vec![], seen: None }
}

/// A world that waits at the gate that the script is signed at.
fn at_signature(overriding: Overriding) -> (World, StageId, ContentHash) {
    let mut world = World::new(3, Weather::FAIR);
    world.start_with(1, ROOM, Uncertain::Ask, |start| start.policy = Policy { overriding, ..start.policy });
    let gate = id("polish_refinement");
    loop {
        while world.turn() {}
        let open = world.studio.episodes[&ONE].needs[0].need.clone();
        match open {
            Need::Gate { gate: at, hash } if at == gate => return (world, gate, hash),
            _ => assert!(world.decide_one()),
        }
    }
}

fn is_open_for_what_follows(world: &World, gate: &StageId) -> bool {
    matches!(world.studio.episodes[&ONE].standings()[gate], Standing::Done(..))
}

/// Every way in which what was signed can change and come back.
fn changes(world: &World) -> Vec<(&'static str, Vec<Command>)> {
    let episode = &world.studio.episodes[&ONE];
    let standing = episode.standings()[&id("script")].output().unwrap();
    let other = ContentHash::of(b"another script");
    let prompt = episode.pin(&id("speech_text")).or(episode.pin(&id("script"))).unwrap().prompt.clone().unwrap();
    let stage = episode.pins.iter().find(|pin| pin.prompt.as_ref() == Some(&prompt)).unwrap().stage.id.clone();
    let choose = |prompt: PromptPin| Command::ChoosePrompt {
        episode: ONE,
        stage: stage.clone(),
        prompt,
        reviser: false,
        reason: "off brand".into(),
    };
    let newer = PromptPin { version: "2.0.0".into(), hash: ContentHash::of(b"another prompt"), ..prompt.clone() };
    vec![
        ("edited and rolled back", vec![put(other, Choice::Edited), put(standing, Choice::RolledBack)]),
        ("edited twice", vec![put(other, Choice::Edited), put(standing, Choice::Edited)]),
        ("another prompt and the old one", vec![choose(newer), choose(prompt)]),
    ]
}

#[test]
fn an_approval_stays_dead_when_the_old_content_comes_back() {
    let names: Vec<&str> = changes(&at_signature(Overriding::Nobody).0).iter().map(|(name, _)| *name).collect();
    for (at, name) in names.into_iter().enumerate() {
        let (mut world, gate, hash) = at_signature(Overriding::Nobody);
        let commands = changes(&world).swap_remove(at).1;
        world.command(approve(&gate, hash, ROOM)).unwrap();
        assert!(is_open_for_what_follows(&world, &gate));
        for command in commands {
            world.command(command).unwrap();
        }
        // Whatever has to be made again is made again; nobody decides.
        while world.turn() {}
        let episode = &world.studio.episodes[&ONE];
        let now = episode.standings()[&gate].inputs().unwrap().hash;
        assert_eq!(now, hash, "{name}: the very same content stands at the gate again");
        assert!(!is_open_for_what_follows(&world, &gate), "{name}: the old signature opens the gate again");
        let asks = episode.needs.iter().any(|open| open.need == Need::Gate { gate: gate.clone(), hash });
        assert!(asks, "{name}: a person is asked anew: {:?}", episode.needs);
        let [lapsed] = episode.gates[&gate].lapsed.as_slice() else { panic!("{name}: it is kept as history") };
        assert_eq!(lapsed.hash, hash);
        world.command(approve(&gate, hash, ROOM)).unwrap();
        assert!(is_open_for_what_follows(&world, &gate), "{name}: a new signature is as good as ever");
        world.run(true);
        assert!(world.is_packaged(1), "{name}");
    }
}

#[test]
fn an_override_and_its_proposal_die_as_an_approval_does() {
    let over = |gate: &StageId, hash| Command::Override {
        episode: ONE,
        gate: gate.clone(),
        hash,
        typed: "001".into(),
        reason: "the guest insists".into(),
        max_spend: ROOM,
        seen: None,
    };
    for overriding in [Overriding::Reason, Overriding::SecondPerson] {
        let mut world = World::new(3, Weather::FAIR);
        world.start_with(1, ROOM, Uncertain::Ask, |start| start.policy = Policy { overriding, ..start.policy });
        let (gate, hash) = world.fail_gate();
        world.command(over(&gate, hash)).unwrap();
        let was = world.studio.episodes[&ONE].standings()[&id("script")].output().unwrap();
        world.command(put(ContentHash::of(b"another script"), Choice::Edited)).unwrap();
        world.command(put(was, Choice::RolledBack)).unwrap();
        while world.turn() {}
        assert_eq!(world.studio.episodes[&ONE].standings()[&gate].inputs().unwrap().hash, hash);
        let state = &world.studio.episodes[&ONE].gates[&gate];
        assert!(state.overrides.is_empty() && state.proposals.is_empty(), "{overriding:?}: {state:?}");
        assert!(!is_open_for_what_follows(&world, &gate));
        if overriding == Overriding::SecondPerson {
            // What a second person confirms now is a proposal, and not the end of one that died.
            let second = Actor::Person(Person::new("Bea", "bea").unwrap().of_account(8));
            world.command_of(&second, over(&gate, hash)).unwrap();
            assert!(!is_open_for_what_follows(&world, &gate), "one person alone has said so of this content");
        }
    }
}

#[test]
fn lowering_a_cap_does_not_erase_what_was_agreed_to() {
    let ceiling = MicroUsd(3_000);
    let lower = |cap| Command::SetCap { scope: Scope::Episode(ONE), cap, reason: "less".into() };
    let agreed = |world: &World| world.studio.episodes[&ONE].agreed;
    let (mut world, gate, hash) = at_signature(Overriding::Nobody);
    world.command(approve(&gate, hash, ceiling)).unwrap();
    let before = agreed(&world).unwrap();
    // The cap was far above what was agreed to, and is still above it.
    world.command(lower(MicroUsd(ROOM.0 / 2))).unwrap();
    assert_eq!(agreed(&world), Some(before), "a lower cap lets more be spent than was agreed to");
    while world.turn() {}
    let episode = &world.studio.episodes[&ONE];
    assert!(episode.spent().plus(episode.reserved()) <= before);
    let need = episode.needs.iter().find_map(|open| match &open.need {
        Need::Cap { scope: Scope::Episode(_), cap, .. } => Some(*cap),
        _ => None,
    });
    assert_eq!(need, Some(before), "the agreed amount asks as a cap does: {:?}", episode.needs);
    // The answer to that need is a raise of it, though it lies below the cap of the episode.
    world.command(lower(MicroUsd(ROOM.0 / 4))).unwrap();
    assert_eq!(agreed(&world), None);
    world.run(true);
    assert!(world.is_packaged(1));

    let (mut world, gate, hash) = at_signature(Overriding::Nobody);
    world.command(approve(&gate, hash, ceiling)).unwrap();
    let before = agreed(&world).unwrap();
    world.command(lower(MicroUsd(before.0 - 1))).unwrap();
    assert_eq!(agreed(&world), Some(before), "the lower of the two holds");
    world.command(lower(ROOM)).unwrap();
    assert_eq!(agreed(&world), None, "whoever raises the cap lets more be spent");
}

#[test]
fn no_call_follows_a_signature_that_died() {
    let (mut world, gate, hash) = at_signature(Overriding::Nobody);
    let was = world.studio.episodes[&ONE].standings()[&id("script")].output().unwrap();
    world.command(approve(&gate, hash, ROOM)).unwrap();
    world.command(put(ContentHash::of(b"another script"), Choice::Edited)).unwrap();
    world.command(put(was, Choice::RolledBack)).unwrap();
    let from = world.journal.len();
    while world.turn() {}
    let follows: Vec<&Event> = world.journal[from..].iter().map(|stamped| &stamped.event).collect();
    let voice = id("voice");
    let is_paid = |event: &&&Event| matches!(event, Event::CallIntended { key, .. } if key.stage == voice);
    assert_eq!(follows.iter().find(is_paid), None);
}
