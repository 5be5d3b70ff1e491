//! A panel in the pure core: turn follows turn, a seat's other model takes over, and a seat that has none left passes.

use std::collections::BTreeMap;

use greenroom::domain::budget::Caps;
use greenroom::domain::call::{Provider, RetryClass, Route, Usage};
use greenroom::domain::command::{Command, Start};
use greenroom::domain::decide;
use greenroom::domain::episode::{Standing, UnitState};
use greenroom::domain::event::{
    Actor, Event, Person, Pin, Policy, PromptPin, Provenance, Stamped, Uncertain, UnitPlan,
};
use greenroom::domain::handoff::Contract;
use greenroom::domain::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::panel::{CLOSING, MISSED, PanelSpec, Seat, Style};
use greenroom::domain::pipeline::{Kind, Stage};
use greenroom::domain::plan::{Limits, plan};
use greenroom::domain::queue::{self, Turn};
use greenroom::domain::step::{Advice, CallAnswer, CallFailure, Charged, Done, Outcome, Output, Work};
use greenroom::domain::studio::Studio;
use jiff::Timestamp;

const ONE: EpisodeNumber = EpisodeNumber(1);

fn hash(name: &str) -> ContentHash {
    ContentHash::of(name.as_bytes())
}

fn route(model: &str) -> Route {
    Route { provider: Provider::Anthropic, model: model.to_owned() }
}

fn stage() -> StageId {
    "angle".parse().unwrap()
}

fn start() -> Start {
    let prompt = |agent: &str| PromptPin { agent: agent.to_owned(), version: "1.0.0".to_owned(), hash: hash(agent) };
    let seat = |agent: &str, fallback: Option<&str>| Seat {
        prompt: prompt(agent),
        route: route(agent),
        fallback: fallback.map(route),
    };
    let seats = vec![seat("one", Some("other")), seat("two", None)];
    let panel = PanelSpec {
        style: Style::RoundRobin,
        seats: vec!["one".to_owned(), "two".to_owned()],
        coordinator: None,
        turns: 4,
        spend: None,
        minutes: None,
    };
    let stage = Stage {
        id: stage(),
        title: "Angle".to_owned(),
        kind: Kind::Panel,
        agent: Some("chair".to_owned()),
        reviser: None,
        inputs: vec![],
        after: vec![],
        output: Contract::Angle,
        human: None,
        send_back: None,
        signs: vec![],
        skip_when_empty: None,
        revises: None,
        time_limit_seconds: 60,
        panel: Some(panel),
        attacker: None,
    };
    let chair = Some(prompt("chair"));
    let pin = Pin {
        stage,
        prompt: chair,
        revise: None,
        route: Some(route("chair")),
        fallback: None,
        further: vec![],
        cheaper: None,
        seats,
    };
    Start {
        episode: ONE,
        title: "T".to_owned(),
        show: "s".to_owned(),
        research: hash("research"),
        profile: hash("profile"),
        policy: Policy::usual(Uncertain::Ask, (60_000, 120_000), 150),
        caps: Caps::new(),
        projected: MicroUsd(1),
        pins: vec![pin],
    }
}

/// A studio in which what is decided happens at once.
struct Table {
    studio: Studio,
    now: Timestamp,
}

impl Table {
    fn new() -> Self {
        let mut table = Self { studio: Studio::default(), now: "2026-11-24T09:00:00Z".parse().unwrap() };
        table.write(None, Event::StudioOpened { provenance: Provenance::Rehearsal, id: None });
        let by = Actor::Person(Person::new("Ada", "ada").unwrap());
        let begun = decide::command(&table.studio, &by, &Command::Start(Box::new(start()))).unwrap();
        begun.into_iter().for_each(|(episode, event)| table.write(episode, event));
        table
    }

    fn write(&mut self, episode: Option<EpisodeNumber>, event: Event) {
        let seq = self.studio.seq + 1;
        self.studio.apply(&Stamped { seq, at: self.now, episode, actor: Actor::Engine, event }).unwrap();
    }

    /// What is to be done now: the local work, or the call that was just intended.
    fn due(&mut self) -> Result<Work, (IntentKey, Route)> {
        let next = plan(&self.studio, &self.studio.episodes[&ONE], &Limits::default(), self.now);
        let turn = match queue::turn(&self.studio, &Limits::default(), self.now, &next.asks) {
            Turn::Write(_, event) => Some(*event),
            Turn::Again(_) | Turn::Rest(_) => None,
        };
        match (next.event, turn) {
            (None, Some(Event::CallIntended { key, request, worst, route })) => {
                let at = (key.clone(), route.clone());
                self.write(Some(ONE), Event::CallIntended { key, request, worst, route });
                Err(at)
            }
            (event, _) => {
                assert_eq!(event, None);
                assert_eq!(next.steps.len(), 1, "one thing at a time: {:?}", next.steps);
                Ok(next.steps.first().unwrap().work.clone())
            }
        }
    }

    fn take(&mut self, outcome: &Outcome) -> usize {
        let decided = decide::outcome(&self.studio, outcome, &Limits::default(), self.now);
        let count = decided.len();
        decided.into_iter().for_each(|(episode, event)| self.write(episode, event));
        count
    }

    fn done(&mut self, done: Done) -> usize {
        let standing = self.studio.episodes[&ONE].standings()[&stage()].clone();
        let Standing::Open(inputs) = standing else { return 0 };
        self.take(&Outcome::Worked {
            episode: ONE,
            stage: stage(),
            input: inputs.hash,
            result: Ok(done),
            past: BTreeMap::new(),
        })
    }

    fn turned(&mut self, unit: u32, model: Option<&str>) -> usize {
        let request = hash(&format!("request {unit} {model:?}"));
        self.done(Done::Turned(UnitPlan { unit, request, worst: MicroUsd(10), route: model.map(route), window: None }))
    }

    fn called(&mut self, model: &str, result: Result<&str, RetryClass>) {
        let (key, gone) = self.due().unwrap_err();
        assert_eq!(gone, route(model));
        let result = match result {
            Ok(answer) => Ok(CallAnswer {
                answer: hash(answer),
                usage: Usage::default(),
                price: MicroUsd(4),
                machine_ms: 1,
                request_id: None,
                bill: None,
                advice: Advice::default(),
            }),
            Err(class) => Err(CallFailure {
                class,
                message: "not this one".to_owned(),
                retry_after_ms: None,
                advice: Advice::default(),
                charge: Charged::Known(MicroUsd::ZERO),
                usage: Usage::default(),
                bill: None,
                request_id: None,
            }),
        };
        self.take(&Outcome::Called { key, result });
    }

    fn accepted(&mut self, unit: u32) {
        assert!(matches!(self.due(), Ok(Work::Accept { .. })));
        let output = Output { hash: hash(&format!("output {unit}")), words: None };
        self.done(Done::Accepted { unit, output, claimed_words: None });
    }

    fn state(&self, unit: u32) -> UnitState {
        self.studio.episodes[&ONE].stages[&stage()].run.as_ref().unwrap().units[&unit].state.clone()
    }
}

#[test]
fn a_seats_other_model_takes_over_and_a_seat_without_one_passes_without_a_word() {
    let mut table = Table::new();
    assert_eq!(table.due(), Ok(Work::Turn { units: vec![] }));
    assert_eq!(table.turned(0, Some("one")), 1);
    assert_eq!(table.turned(0, Some("one")), 0, "a turn that is under way is not begun again");
    table.called("one", Err(RetryClass::OtherModel));
    assert!(matches!(table.due(), Ok(Work::Correct { unit: 0, .. })), "nobody is asked: the seat has another model");
    let other =
        UnitPlan { unit: 0, request: hash("other"), worst: MicroUsd(10), route: Some(route("other")), window: None };
    table.done(Done::Corrected(other));
    table.called("other", Ok("answer"));
    table.accepted(0);
    assert_eq!(table.due(), Ok(Work::Turn { units: vec![(0, hash("output 0"))] }));
    table.turned(1, Some("two"));
    table.called("two", Err(RetryClass::OtherModel));
    assert_eq!(table.state(1), UnitState::Accepted(ContentHash::of(MISSED)));
    assert!(table.studio.episodes[&ONE].needs.is_empty(), "a bad agent stops nothing");
    assert!(matches!(table.due(), Ok(Work::Turn { .. })));
    table.turned(CLOSING, None);
    table.called("chair", Ok("summed up"));
    table.accepted(CLOSING);
    let made = table.studio.episodes.get(&ONE).map(|episode| episode.standings()[&stage()].output());
    assert!(made.is_none_or(|made| made == Some(hash(&format!("output {CLOSING}")))));
}

#[test]
fn a_missed_contract_passes_at_a_seat_and_stops_the_stage_at_the_chair() {
    let mut table = Table::new();
    table.turned(0, Some("one"));
    for attempt in 0..=2 {
        table.called("one", Ok("answer"));
        assert!(matches!(table.due(), Ok(Work::Accept { .. })));
        table.done(Done::Refused { unit: 0, reason: "it misses its contract".to_owned() });
        if attempt < 2 {
            let request = hash(&format!("again {attempt}"));
            let again = UnitPlan { unit: 0, request, worst: MicroUsd(10), route: Some(route("one")), window: None };
            table.done(Done::Corrected(again));
        }
    }
    assert_eq!(table.state(0), UnitState::Accepted(ContentHash::of(MISSED)));
    table.turned(CLOSING, None);
    for attempt in 0..=2 {
        table.called("chair", Ok("answer"));
        table.done(Done::Refused { unit: CLOSING, reason: "it misses its contract".to_owned() });
        if attempt < 2 {
            let request = hash(&format!("chair again {attempt}"));
            table.done(Done::Corrected(UnitPlan {
                unit: CLOSING,
                request,
                worst: MicroUsd(10),
                route: None,
                window: None,
            }));
        }
    }
    assert_eq!(table.studio.episodes[&ONE].needs.len(), 1, "without the chair there is nothing to hand on");
}
