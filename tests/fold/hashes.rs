//! The hashes of inputs are contracts: a changed hash makes a stage stale, and what is stale is bought again. Here they stand as
//! they are on people's disks. A type or a member that is renamed leaves them alone.

use std::collections::BTreeMap;

use greenroom::domain::call::{Provider, Route};
use greenroom::domain::event::{
    Actor, Event, Handoff, InputForm, Pin, Policy, PromptPin, Provenance, Stamped, Uncertain, UnitPlan, Way,
};
use greenroom::domain::ids::{ContentHash, EpisodeNumber, IntentKey};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::panel::Seat;
use greenroom::domain::pipeline::Stage;
use greenroom::domain::studio::Studio;
use serde_json::{Value, json};

const ONE: EpisodeNumber = EpisodeNumber(1);

fn prompt(agent: &str) -> PromptPin {
    PromptPin { agent: agent.into(), version: "1.0.0".into(), hash: ContentHash::of(agent.as_bytes()) }
}

fn route(model: &str) -> Route {
    Route { provider: Provider::Anthropic, model: model.into() }
}

fn pin(id: &str, kind: &str, output: &str, inputs: &[&str], own: Value) -> Pin {
    let mut stage = json!({"id": id, "title": id, "kind": kind, "agent": null, "reviser": null, "inputs": inputs,
        "after": [], "output": output, "human": null, "send_back": null, "signs": [], "skip_when_empty": null,
        "revises": null, "time_limit_seconds": 60, "panel": null, "attacker": null});
    stage.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let stage: Stage = serde_json::from_value(stage).unwrap();
    let seats = stage.panel.iter().flat_map(|panel| &panel.seats).chain(&stage.attacker);
    let seats = seats.map(|agent| Seat { prompt: prompt(agent), route: route("seat"), fallback: None }).collect();
    Pin {
        prompt: stage.agent.as_deref().map(prompt),
        revise: stage.reviser.as_deref().map(prompt),
        route: stage.agent.as_ref().map(|_| route("model")),
        fallback: None,
        further: vec![],
        cheaper: None,
        seats,
        stage,
    }
}

/// One stage of every kind that hashes something of its own, and a panel with and without bounds.
fn pins() -> Vec<Pin> {
    let panel = |seats: &[&str], style: &str, rest: Value| {
        let mut panel =
            json!({"style": style, "seats": seats, "coordinator": null, "turns": 4, "spend": null, "minutes": null});
        panel.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        panel
    };
    let free = panel(&["angle_listener", "angle_producer"], "round_robin", json!({}));
    let bounds = json!({"coordinator": "moderator", "turns": 12, "spend": 1250000, "minutes": 30});
    let bound = panel(&["angle_listener"], "llm_select", bounds);
    vec![
        pin("research", "render", "research", &[], json!({})),
        pin("angle", "panel", "angle", &["research"], json!({"agent": "chair", "panel": free})),
        pin("gaps", "panel", "research_notes", &["research"], json!({"agent": "chair", "panel": bound})),
        pin("brief", "agent", "brief", &["research", "angle"], json!({"agent": "orchestrator"})),
        pin(
            "script",
            "agent",
            "draft",
            &["brief"],
            json!({"agent": "writer", "reviser": "polisher", "attacker": "red_team"}),
        ),
        pin("judge", "evaluate", "judgement", &["script"], json!({"agent": "judge"})),
        pin("compare", "evaluate", "preference", &["script"], json!({"agent": "judge"})),
        pin("quality", "gate", "report", &["script", "judge"], json!({"human": "always", "send_back": "script"})),
        pin("voice", "speech", "speech", &["script"], json!({"agent": "voice"})),
        pin("package", "render", "package", &["voice"], json!({})),
    ]
}

/// A studio in which each of these stages has inputs; the script was sent back to a red team, so that it talks.
fn studio(policy: Policy) -> Studio {
    let mut studio = Studio::default();
    let mut write = |actor: Actor, episode: Option<EpisodeNumber>, event: Event| {
        let at = "2026-11-24T09:00:00Z".parse().unwrap();
        studio.apply(&Stamped { seq: studio.seq + 1, at, episode, actor, event }).unwrap();
        studio.episodes.get(&ONE).map(|episode| episode.standings())
    };
    write(Actor::Engine, None, Event::StudioOpened { provenance: Provenance::Live, id: None });
    let started = Event::EpisodeStarted {
        title: "Tides".into(),
        show: "tides".into(),
        research: ContentHash::of(b"research"),
        profile: ContentHash::of(b"profile"),
        policy: Policy { rubric: Some(ContentHash::of(b"rubric")), ..policy },
        projected: MicroUsd(1),
    };
    write(Actor::Engine, Some(ONE), started);
    let mut standings = None;
    for pin in pins() {
        standings = write(Actor::Engine, Some(ONE), Event::StagePinned { pin: Box::new(pin) });
    }
    for round in 1..=2_u8 {
        for stage in ["research", "angle", "gaps", "brief", "script", "judge", "voice"] {
            let (stage, hash) = (stage.parse().unwrap(), ContentHash::of(&[round, stage.len() as u8]));
            let standing = &standings.unwrap()[&stage];
            let input = standing.inputs().unwrap().hash;
            let completed =
                Event::StageCompleted { stage, input, output: hash, handoff: Handoff::FirstTry, words: None };
            standings = write(Actor::Engine, Some(ONE), completed);
        }
        let gate = "quality".parse().unwrap();
        let hash = standings.as_ref().unwrap()[&gate].inputs().unwrap().hash;
        if round == 1 {
            let sent = Event::SentBack {
                gate,
                hash,
                target: "script".parse().unwrap(),
                note: ContentHash::of(b"note"),
                base: ContentHash::of(b"base"),
                way: Way::RedTeam,
                seen: None,
            };
            standings = write(Actor::Engine, Some(ONE), sent);
        }
    }
    studio
}

fn hashes(policy: Policy) -> BTreeMap<String, String> {
    let studio = studio(policy);
    let standings = studio.episodes[&ONE].standings();
    standings.iter().map(|(id, standing)| (id.to_string(), standing.inputs().unwrap().hash.to_string())).collect()
}

fn name_of_a_call(policy: Policy) -> String {
    let mut studio = studio(policy);
    let stage: greenroom::domain::ids::StageId = "compare".parse().unwrap();
    let input = studio.episodes[&ONE].standings()[&stage].inputs().unwrap().hash;
    let unit =
        UnitPlan { unit: 0, request: ContentHash::of(b"request"), worst: MicroUsd(5), route: None, window: None };
    let key = IntentKey { episode: ONE, stage: stage.clone(), unit: 0, attempt: 1 };
    let prepared = Event::StagePrepared { stage, input, units: vec![unit.clone()], last: true };
    let intended =
        Event::CallIntended { key: key.clone(), request: unit.request, worst: unit.worst, route: route("model") };
    for event in [prepared, intended] {
        let (seq, at) = (studio.seq + 1, studio.at);
        studio.apply(&Stamped { seq, at, episode: Some(ONE), actor: Actor::Engine, event }).unwrap();
    }
    studio.episodes[&ONE].calls[&key].name.to_string()
}

fn pinned(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter().map(|(stage, hash)| ((*stage).to_owned(), (*hash).to_owned())).collect()
}

#[test]
fn the_hashes_of_inputs_are_those_that_stand_in_journals() {
    let usual = Policy::usual(Uncertain::Ask, (1, 2), 150);
    // What episodes of before there were forms have: these were computed by the program that wrote them.
    let first = pinned(&[
        ("angle", "87cb600045f418c0562f6ed44202efd865c68912c471da3916a49dd5fb0b4f23"),
        ("brief", "37759f976c27cf11576609f68593f105824d17e42b06b288946211925cf81753"),
        ("compare", "61493820cba6404eb8c0721f0d9d3efd8885b0efa5af442829ee77c8be9726af"),
        ("gaps", "207e0bd9fc27043a5ce1a6764c8d70dcb3fe54b8226916cc233a880cf79d7468"),
        ("judge", "dacf3f96de691b3f2636af7f0f8d04528a4df5614596f8ea005a373a2372cd98"),
        ("package", "78df4663785335537f885e3da17b321a5495101cffea5605cbf7488639e9dbab"),
        ("quality", "608e941b1d2eee0b06a23ba968c1894e7fb38e9d195a6fb4cca19cb99e22a835"),
        ("research", "f97c2eb5100441c3fb7bbef2e8f51b68ffec58f3621e26843438d336fb86cff6"),
        ("script", "fd24a034ce9ab09868799a1627c8fea2f8985b27f88ec893a5e0d48d4451b471"),
        ("voice", "31f5b05bd1a0fe03b36f52288691669e2105fb769b4cb07c916b52ca785ffecc"),
    ]);
    assert_eq!(hashes(Policy { inputs: InputForm::First, ..usual }), first);
    let second = pinned(&[
        ("angle", "719b49760cf9709e24697d2ebc6ecc61025b527f461d4d11da98d9db69f8be2a"),
        ("brief", "c573609be47b8445a4387e5c2875e2e15ac7a709db95409f9fadef3a78157008"),
        ("compare", "abc156010c02ecd3a1ff48626461bb934988100b9ed15cabc7145620ec2ed8c3"),
        ("gaps", "b1e3983afb857840795ba7a6054c14c47ed1078ba1a048a1b4c0dc7c619de9e0"),
        ("judge", "dc4c6f4f051f51578b9df7e374bf399f5a2b996e6a92bc87a9b29875ee263c8e"),
        ("package", "b986953f4767584c04c6f5f49290fce38052d9b5bec4b5ab9063d29e408a1217"),
        ("quality", "90426891083e25c358f22cee8f525e9ad4c700d89ce87f7c65e28e4d35d163a4"),
        ("research", "6e44aa8a85157ff25303c904e59a920421412f3c9b6adcbed651af507d9de91c"),
        ("script", "d82ef8a9aacc549f74bc5e2c967836faeaaf018d8693673e11ff4a509f9f1403"),
        ("voice", "7847efb45989e4d8cf016db641de149c5aac8d5a393f0d3c96de7b162c176028"),
    ]);
    assert_eq!(hashes(Policy { inputs: InputForm::Second, ..usual }), second);
    assert_eq!(usual.inputs, InputForm::Second, "a new episode has the newest form");
    let name = name_of_a_call(Policy { inputs: InputForm::First, ..usual });
    assert_eq!(name, "07c6ca93ec11ea1e04e2c45d114947955b305916c14eb9a478cc9c15f625844d");
}

#[test]
fn the_second_form_tells_apart_what_the_first_one_does() {
    let usual = Policy::usual(Uncertain::Ask, (1, 2), 150);
    let different = |form| {
        let all = hashes(Policy { inputs: form, ..usual });
        all.values().cloned().collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(different(InputForm::First), different(InputForm::Second));
    let other = Policy { rubric: None, ..usual };
    assert_eq!(hashes(other), hashes(usual), "the fixture pins its own rubric");
}
