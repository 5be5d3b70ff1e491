//! What stands in the journal of version 1 among the fixtures: every kind of event, every kind of need and scope, every
//! word, members that are there and members that are not. Every hash and amount is another one, so that two members that
//! change places are seen.
//!
//! A new kind of event or a new word makes this another journal: once the fixture belongs to a release, the new one goes
//! into a folder of its own beside it, and the old one stays as it is.

use jiff::Timestamp;
use jiff::civil::Date;

use super::every;
use crate::domain::bill::{Basis, Bill, Terms};
use crate::domain::billed::{Differing, ReadBill};
use crate::domain::budget::Scope;
use crate::domain::call::{Provider, RetryClass, Route, Told, Usage};
use crate::domain::event::{
    Actor, Event, Handoff, InputForm, Mending, NearCap, Need, Person, Pin, Policy, PromptPin, Provenance, ResendLimit,
    Ruled, Ruling, Seen, Stamped, Uncertain, UnitPlan, Verdict, Way, WhenDown, Window,
};
use crate::domain::handoff::Contract;
use crate::domain::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use crate::domain::money::{MicroUsd, PicoUsd};
use crate::domain::panel::{PanelSpec, Seat, Style};
use crate::domain::pipeline::{Human, Kind, Stage};
use crate::domain::reconcile::Sums;
use crate::domain::sent::StudioId;

const EPISODE: EpisodeNumber = EpisodeNumber(42);

/// 2026-03-01T09:00:00Z.
const BEGIN_S: i64 = 1_772_355_600;

fn id(name: &str) -> StageId {
    name.parse().unwrap()
}

fn hash(name: &str) -> ContentHash {
    ContentHash::of(name.as_bytes())
}

fn key(stage: &str, unit: u32, attempt: u32) -> IntentKey {
    IntentKey { episode: EPISODE, stage: id(stage), unit, attempt }
}

fn route(provider: Provider) -> Route {
    Route { provider, model: format!("{provider}-model") }
}

fn moment(nanoseconds: i32) -> Timestamp {
    Timestamp::new(BEGIN_S + 600, nanoseconds).unwrap()
}

fn pin(pin: Pin) -> Event {
    Event::StagePinned { pin: Box::new(pin) }
}

fn plain_stage(kind: Kind, output: Contract, human: Option<Human>) -> Stage {
    Stage {
        id: id("stage"),
        title: String::new(),
        kind,
        agent: None,
        reviser: None,
        inputs: Vec::new(),
        after: Vec::new(),
        output,
        human,
        send_back: None,
        signs: Vec::new(),
        skip_when_empty: None,
        revises: None,
        time_limit_seconds: 60,
        panel: None,
        attacker: None,
    }
}

fn plain_pin(stage: Stage) -> Pin {
    Pin {
        stage,
        prompt: None,
        revise: None,
        route: None,
        fallback: None,
        further: Vec::new(),
        cheaper: None,
        seats: Vec::new(),
    }
}

/// A stage with every member, no two alike.
fn full_pin() -> Event {
    let prompt = |agent: &str, version: &str| {
        Some(PromptPin { agent: agent.to_owned(), version: version.to_owned(), hash: hash(agent) })
    };
    let stage = Stage {
        id: id("polish_refinement"),
        title: "Polish \u{2013} \"r\u{e9}sum\u{e9}\"".to_owned(),
        kind: Kind::Gate,
        agent: Some("script_writer".to_owned()),
        reviser: Some("script_polisher".to_owned()),
        inputs: vec![id("script"), id("speech_text")],
        after: vec![id("fact_check")],
        output: Contract::Report,
        human: Some(Human::Always),
        send_back: Some(id("polish")),
        signs: vec![id("speech_text")],
        skip_when_empty: Some(id("fixes")),
        revises: Some(id("draft")),
        time_limit_seconds: 900,
        panel: None,
        attacker: Some("red_team".to_owned()),
    };
    pin(Pin {
        stage,
        prompt: prompt("script_writer", "1.0.0"),
        revise: prompt("script_polisher", "2.1.0"),
        route: Some(route(Provider::Anthropic)),
        fallback: Some(route(Provider::Gemini)),
        further: Vec::new(),
        cheaper: Some(route(Provider::ElevenLabs)),
        seats: Vec::new(),
    })
}

/// A panel of each style, with seats that go elsewhere.
fn panels() -> impl Iterator<Item = Event> {
    every::STYLES.iter().map(|style| {
        let seat = |agent: &str, fallback| Seat {
            prompt: PromptPin { agent: agent.to_owned(), version: "1.0.0".to_owned(), hash: hash(agent) },
            route: route(Provider::Gemini),
            fallback,
        };
        let panel = PanelSpec {
            style: *style,
            seats: vec!["angle_listener".to_owned(), "angle_producer".to_owned()],
            coordinator: (*style == Style::LlmSelect).then(|| "panel_coordinator".to_owned()),
            turns: 12,
            spend: (*style == Style::Goal).then_some(MicroUsd(750_000)),
            minutes: (*style == Style::Handoff).then_some(25),
        };
        let stage = Stage { panel: Some(panel), ..plain_stage(Kind::Panel, Contract::Angle, None) };
        let seats = vec![seat("angle_listener", None), seat("angle_producer", Some(route(Provider::Anthropic)))];
        pin(Pin { seats, ..plain_pin(stage) })
    })
}

fn beginning() -> Vec<Event> {
    let policy = first_rules;
    let started = |uncertain| Event::EpisodeStarted {
        title: "Why do cats purr?".to_owned(),
        show: "open-questions".to_owned(),
        research: hash("research"),
        profile: hash("profile"),
        policy: policy(uncertain),
        projected: MicroUsd(6_543_210),
    };
    let mut events: Vec<Event> =
        every::PROVENANCES.iter().map(|provenance| Event::StudioOpened { provenance: *provenance, id: None }).collect();
    events.push(Event::ClockSteppedBack { by_ms: 3_600_000 });
    let scopes = [
        Scope::Call,
        Scope::Stage(EPISODE, id("script")),
        Scope::Episode(EPISODE),
        Scope::Day(20_513),
        Scope::Month(24_314),
    ];
    events.extend(scopes.map(|scope| Event::CapSet { scope, cap: MicroUsd(35_000_000), reason: "budget".to_owned() }));
    events.extend([
        Event::CapNear {
            scope: Scope::Episode(EPISODE),
            cap: MicroUsd(10_000_000),
            committed: MicroUsd(8_000_001),
            then: NearCap::Alert,
        },
        Event::CommandRefused { asked: "start episode 042".to_owned(), reason: "it runs already".to_owned() },
        started(Uncertain::Ask),
        started(Uncertain::Resend),
        full_pin(),
    ]);
    events.extend(every::OVERRIDINGS.iter().map(|overriding| Event::EpisodeStarted {
        title: "Rules".to_owned(),
        show: "open-questions".to_owned(),
        research: hash("research"),
        profile: hash("profile"),
        policy: Policy {
            rubric: Some(hash("rubric")),
            mending: Mending { rounds: 3, spend: Some(MicroUsd(2_000_000)), minutes: Some(45) },
            overriding: *overriding,
            canary_every: 10,
            lately: Some(hash("lately")),
            sample: 7,
            ..policy(Uncertain::Ask)
        },
        projected: MicroUsd(7_000_000),
    }));
    events.extend(every::KINDS.iter().map(|kind| pin(plain_pin(plain_stage(*kind, Contract::Draft, None)))));
    events.extend(every::CONTRACTS.iter().map(|output| pin(plain_pin(plain_stage(Kind::Agent, *output, None)))));
    events.extend(
        every::HUMANS.iter().map(|human| pin(plain_pin(plain_stage(Kind::Gate, Contract::Report, Some(*human))))),
    );
    events.extend(panels());
    events
}

/// A call that is about to be sent to a provider.
fn intended(provider: Provider) -> Event {
    Event::CallIntended {
        key: key("voice", 12, 3),
        request: hash("request"),
        worst: MicroUsd(250_000),
        route: route(provider),
    }
}

fn calls() -> Vec<Event> {
    let unit = |unit: u32| UnitPlan {
        unit,
        request: hash("request"),
        worst: MicroUsd(120_000 + i64::from(unit)),
        route: (unit == 2).then(|| route(Provider::Gemini)),
        window: (unit > 1).then_some(Window { prompt: 12_345, answer: 8_000, context: (unit == 2).then_some(200_000) }),
    };
    let used = Usage {
        input: 1_001,
        output: 2_002,
        cache_read: 3_003,
        cache_write: 4_004,
        characters: 5_005,
        ..Usage::default()
    };
    let settled = |request_id: Option<&str>| Event::CallSettled {
        key: key("script", 0, 1),
        answer: hash("answer"),
        usage: used,
        price: MicroUsd(98_765),
        machine_ms: 43_210,
        request_id: request_id.map(str::to_owned),
        bill: None,
        told: Told::default(),
    };
    let mut events = vec![
        Event::StagePrepared { stage: id("voice"), input: hash("input"), units: vec![unit(1), unit(2)], last: false },
        Event::StagePrepared { stage: id("voice"), input: hash("input"), units: Vec::new(), last: true },
        Event::CorrectionPrepared { stage: id("script"), input: hash("input"), unit: unit(7) },
        settled(Some("req_011CabC")),
        settled(None),
    ];
    events.extend(every::PROVIDERS.iter().copied().map(intended));
    events.extend(every::CLASSES.iter().map(|class| Event::CallFailed {
        key: key("script", 0, 2),
        class: *class,
        message: "the model is overloaded".to_owned(),
        price: MicroUsd::ZERO,
        not_before: (*class == RetryClass::RetryAfter).then(|| moment(123_456_789)),
        usage: Usage::default(),
        bill: None,
        request_id: None,
        told: Told::default(),
    }));
    events.push(Event::ChargeUncertain { key: key("script", 0, 3), reason: "the connection was cut".to_owned() });
    events.extend(every::RULINGS.iter().map(|ruling| Event::ChargeRuled {
        key: key("script", 0, 3),
        ruling: *ruling,
        not_before: (*ruling == Ruling::Resend).then(|| moment(0)),
    }));
    events
}

fn stages() -> Vec<Event> {
    let accepted = |claimed_words| Event::UnitAccepted {
        stage: id("script"),
        input: hash("input"),
        unit: 9,
        output: hash("output"),
        claimed_words,
    };
    let mut events = vec![
        Event::AnswerReused {
            stage: id("script"),
            input: hash("input"),
            unit: 9,
            route: route(Provider::Gemini),
            name: hash("name"),
            answer: hash("answer"),
            of: key("script", 0, 2),
            saved: MicroUsd(98_765),
        },
        accepted(Some(1_234)),
        accepted(None),
        Event::OutputRejected {
            stage: id("script"),
            input: hash("input"),
            unit: 9,
            reason: "`title` is missing\nat /script".to_owned(),
        },
        Event::StageFailed { stage: id("script"), input: hash("input"), reason: "no answer was right".to_owned() },
        Event::RetryGranted { stage: id("script") },
        Event::RouteChanged {
            stage: id("script"),
            route: route(Provider::Gemini),
            reason: "the cheaper model".to_owned(),
        },
    ];
    events.extend(every::HANDOFFS.iter().map(|handoff| Event::StageCompleted {
        stage: id("script"),
        input: hash("input"),
        output: hash("output"),
        handoff: *handoff,
        words: (*handoff != Handoff::Local).then_some(1_357),
    }));
    events
}

fn seen() -> Seen {
    Seen { report: hash("report"), open: 3, spent: MicroUsd(1_250_000), read_percent: 81, seconds: 95 }
}

fn decisions() -> Vec<Event> {
    let gate = || id("polish_refinement");
    let mut events: Vec<Event> = every::VERDICTS
        .iter()
        .map(|verdict| Event::GateEvaluated {
            gate: gate(),
            hash: hash("script"),
            verdict: *verdict,
            reasons: match verdict {
                Verdict::Failed => vec!["line L041 is too long".to_owned(), "no source for C3".to_owned()],
                Verdict::Passed | Verdict::Person => Vec::new(),
            },
            report: hash("report"),
            open: match verdict {
                Verdict::Person => vec!["D1".to_owned(), "canary:judge_a".to_owned()],
                Verdict::Passed | Verdict::Failed => Vec::new(),
            },
        })
        .collect();
    let needs = [
        Need::Gate { gate: gate(), hash: hash("script") },
        Need::Charge { key: key("script", 0, 3) },
        Need::Cap {
            stage: id("voice"),
            scope: Scope::Stage(EPISODE, id("voice")),
            cap: MicroUsd(3_000_000),
            committed: MicroUsd(2_900_000),
            worst: MicroUsd(200_000),
        },
        Need::Retries { stage: id("script"), reason: "six failures".to_owned() },
        Need::OverBilled { key: key("voice", 12, 3), reserved: MicroUsd(250_000), billed: MicroUsd(260_000) },
    ];
    events.extend([
        Event::GateApproved { gate: gate(), hash: hash("script"), max_spend: MicroUsd(4_000_000), seen: None },
        Event::GateApproved { gate: gate(), hash: hash("script"), max_spend: MicroUsd(4_000_001), seen: Some(seen()) },
        Event::OverrideProposed { gate: gate(), hash: hash("script"), reason: "it can go".to_owned() },
        Event::GateOverridden {
            gate: gate(),
            hash: hash("script"),
            reason: "it must go".to_owned(),
            max_spend: MicroUsd(3_000_000),
            seen: Some(seen()),
        },
    ]);
    events.extend(every::ITEM_RULINGS.iter().map(|ruling| Event::ItemRuled {
        gate: gate(),
        hash: hash("script"),
        ruled: Ruled { item: "D1".to_owned(), ruling: *ruling, reason: "said so".to_owned() },
    }));
    events.extend(every::CHOICES.iter().map(|choice| Event::OutputChosen {
        stage: id("script"),
        input: hash("input"),
        output: hash("output"),
        parent: hash("parent"),
        choice: *choice,
        reason: "the earlier one".to_owned(),
        words: Some(321),
    }));
    events.extend(every::WAYS.iter().map(|way| Event::SentBack {
        gate: gate(),
        hash: hash("script"),
        target: id("polish"),
        note: hash("note"),
        base: hash("base"),
        way: *way,
        seen: (*way == Way::Peer).then(seen),
    }));
    events.push(Event::PromptChosen {
        stage: id("script"),
        prompt: PromptPin { agent: "script_writer".to_owned(), version: "1.0.0".to_owned(), hash: hash("prompt") },
        reviser: false,
        reason: "within the brand".to_owned(),
    });
    events.extend(needs.map(|need| Event::NeedOpened { need }));
    events.extend([
        Event::NeedClosed { id: "charge:042-script-0-3".to_owned(), answer: "written off".to_owned() },
        Event::Paused,
        Event::Resumed,
        Event::Cancelled { reason: "the guest withdrew".to_owned() },
        Event::Rejected { reason: "not for this show".to_owned() },
        Event::Packaged { manifest: hash("manifest") },
    ]);
    events
}

/// Calls with every way to come by a price.
fn bills() -> Vec<Event> {
    let bill = |basis: Basis, terms: Terms| {
        let answered = (basis == Basis::Counted).then(|| "answering-model".to_owned());
        let on = Date::constant(2026, 11, 30);
        Some(Box::new(Bill { table: hash("prices"), model: "priced-model".to_owned(), answered, on, basis, terms }))
    };
    let used = Usage {
        input: 1_001,
        output: 2_002,
        cache_read: 3_003,
        cache_write: 4_004,
        cache_write_1h: 6_006,
        reasoning: 7_007,
        citations: 8_008,
        searches: 9,
        characters: 5_005,
    };
    let settled = |bill| Event::CallSettled {
        key: key("research", 0, 1),
        answer: hash("answer"),
        usage: used,
        price: MicroUsd(98_766),
        machine_ms: 43_211,
        request_id: None,
        bill,
        told: Told::default(),
    };
    let usual = Terms::default();
    // A basis that was added later stands where its time came, so that earlier lines stay as they are.
    let first = every::BASES.iter().filter(|basis| **basis != Basis::Impossible);
    let mut events: Vec<Event> = first.map(|basis| settled(bill(*basis, usual))).collect();
    let services = every::SERVICES.iter().map(|service| Terms { service: *service, search: None });
    let sizes = every::SEARCH_SIZES.iter().map(|size| Terms { search: Some(*size), ..usual });
    events.extend(services.chain(sizes).map(|terms| settled(bill(Basis::Billed, terms))));
    events.push(Event::CallFailed {
        key: key("research", 0, 2),
        class: RetryClass::AskPerson,
        message: "the answer is no JSON".to_owned(),
        price: MicroUsd(45_678),
        not_before: None,
        usage: used,
        bill: bill(Basis::Counted, usual),
        request_id: Some("req_012CabD".to_owned()),
        told: Told::default(),
    });
    events
}

/// The usual rules of before there were forms of inputs.
fn first_rules(uncertain: Uncertain) -> Policy {
    Policy { inputs: InputForm::First, ..Policy::usual(uncertain, (480_000, 720_000), 150) }
}

/// What came later: the id of a studio, the form of inputs, and limits up to which a lost call is sent again.
fn policies() -> Vec<Event> {
    let within = Uncertain::Within(ResendLimit { call: MicroUsd(50_000), episode: MicroUsd(500_001) });
    let policy = Policy { inputs: InputForm::Second, ..first_rules(within) };
    let started = Event::EpisodeStarted {
        title: "Within limits".to_owned(),
        show: "open-questions".to_owned(),
        research: hash("research"),
        profile: hash("profile"),
        policy,
        projected: MicroUsd(6_543_212),
    };
    let opened = Event::StudioOpened { provenance: Provenance::Live, id: Some(StudioId::drawn(0x0123_4567_89ab_cdef)) };
    let set = [Uncertain::Ask, Uncertain::Resend, within].map(|uncertain| Event::UncertainPolicySet { uncertain });
    [opened, started].into_iter().chain(set).collect()
}

/// An episode with rules about caps that are near and providers that fail.
fn near(near_cap: NearCap, when_down: WhenDown) -> Event {
    Event::EpisodeStarted {
        title: "Careful".to_owned(),
        show: "open-questions".to_owned(),
        research: hash("research"),
        profile: hash("profile"),
        policy: Policy { near_cap, when_down, ..first_rules(Uncertain::Ask) },
        projected: MicroUsd(6_543_211),
    }
}

/// What providers said of their limits, and how their breakers turned.
fn traffic() -> Vec<Event> {
    let told = |most, until| Event::CallSettled {
        key: key("voice", 3, 1),
        answer: hash("speech"),
        usage: Usage { characters: 321, ..Usage::default() },
        price: MicroUsd(12_345),
        machine_ms: 1_234,
        request_id: None,
        bill: None,
        told: Told { most, until },
    };
    vec![
        told(Some(10), None),
        told(None, Some(moment(0))),
        Event::CallFailed {
            key: key("voice", 4, 1),
            class: RetryClass::LowerConcurrency,
            message: "too many at once".to_owned(),
            price: MicroUsd::ZERO,
            not_before: Some(moment(5_000)),
            usage: Usage::default(),
            bill: None,
            request_id: None,
            told: Told { most: Some(2), until: Some(moment(6_000)) },
        },
        Event::BreakerOpened {
            provider: Provider::Gemini,
            until: moment(7_000),
            failures: 5,
            reason: "the model is overloaded".to_owned(),
        },
        Event::BreakerProbing { provider: Provider::Gemini },
        Event::BreakerClosed { provider: Provider::Gemini },
        pin(Pin {
            fallback: Some(route(Provider::Anthropic)),
            further: vec![route(Provider::Gemini), route(Provider::OpenAi)],
            ..plain_pin(plain_stage(Kind::Agent, Contract::Draft, None))
        }),
        near(NearCap::Cheaper, WhenDown::Wait),
        near(NearCap::Slower, WhenDown::Fallback),
        Event::CapNear {
            scope: Scope::Episode(EPISODE),
            cap: MicroUsd(10_000_000),
            committed: MicroUsd(8_000_002),
            then: NearCap::Slower,
        },
        Event::CallBatched { key: key("promotion", 0, 1), batch: "msgbatch_01".to_owned() },
    ]
}

/// Bills that were read: one in dollars and one in credits.
fn read_bills() -> Vec<Event> {
    let bill = |provider, credit, from| Event::BillReconciled {
        bill: Box::new(ReadBill {
            provider,
            from,
            to: Date::constant(2026, 11, 27),
            file: hash("bill"),
            credit,
            list: hash("list"),
            sums: Sums {
                calls: 1_212,
                estimated_micro_usd: MicroUsd(34_000_001),
                metered_micro_usd: MicroUsd(12_345_678),
                invoiced_micro_usd: MicroUsd(12_345_901),
            },
            matched: 1_201,
            differing: Differing { not_in_ledger: 2, not_billed: 3, other_amount: 4, uncertain: 1 },
        }),
    };
    vec![
        bill(Provider::Anthropic, None, Date::constant(2026, 11, 1)),
        bill(Provider::ElevenLabs, Some(PicoUsd(220_000_000)), Date::constant(2026, 11, 2)),
    ]
}

/// An answer that could not be read, and how that was ruled.
fn unread() -> Vec<Event> {
    let (key, reason) = (key("script", 0, 4), "no JSON at line 1".to_owned());
    let need = Need::Unread { key: key.clone(), reason: reason.clone() };
    let mut events = vec![Event::AnswerUnread { key: key.clone(), reason }, Event::NeedOpened { need }];
    events.extend(every::ANSWER_RULINGS.iter().map(|ruling| Event::AnswerRuled { key: key.clone(), ruling: *ruling }));
    events
}

/// What is corrected: a clock that was set forward, and a price.
fn corrections() -> Vec<Event> {
    vec![
        Event::ClockSteppedForward { by_ms: 172_800_000 },
        Event::ClockBelieved { ahead_ms: 0 },
        Event::ChargeCorrected {
            key: key("voice", 3, 1),
            price: MicroUsd(12_000),
            reason: "the provider's account says so".to_owned(),
        },
        Event::CallSettled {
            key: key("research", 0, 3),
            answer: hash("answer"),
            usage: Usage::default(),
            price: MicroUsd(98_766),
            machine_ms: 43_211,
            request_id: None,
            bill: Some(Box::new(Bill {
                table: hash("prices"),
                model: "priced-model".to_owned(),
                answered: None,
                on: Date::constant(2026, 11, 30),
                basis: Basis::Impossible,
                terms: Terms::default(),
            })),
            told: Told::default(),
        },
    ]
}

/// Losses that were accepted.
fn losses() -> Vec<Event> {
    let loss = |until, calls| Event::LossAccepted {
        held: 119,
        known: 151,
        cost: MicroUsd(1_234_567),
        until,
        calls,
        episodes: 7,
        reason: "the disk was replaced".to_owned(),
    };
    vec![loss(None, Vec::new()), loss(Some(first().at), vec![key("voice", 3, 1), key("script", 0, 2)])]
}

/// Whether it is about the studio and not about one of its episodes.
fn is_studios(event: &Event) -> bool {
    use Event::{
        BillReconciled, BreakerClosed, BreakerOpened, CapSet, ClockBelieved, ClockSteppedBack, ClockSteppedForward,
        LossAccepted, StudioOpened,
    };
    let is_breaker = matches!(event, BreakerOpened { .. } | BreakerClosed { .. });
    is_breaker
        || matches!(event, BillReconciled { .. } | LossAccepted { .. })
        || matches!(event, StudioOpened { .. } | CapSet { .. })
        || matches!(event, ClockSteppedBack { .. } | ClockSteppedForward { .. } | ClockBelieved { .. })
}

/// Whether a person brought it about.
fn is_persons(event: &Event) -> bool {
    use Event::{
        BillReconciled, CapSet, ChargeCorrected, ChargeRuled, GateApproved, GateOverridden, ItemRuled, LossAccepted,
        OverrideProposed, SentBack, UncertainPolicySet,
    };
    let at_gate = matches!(event, GateApproved { .. } | SentBack { .. } | ItemRuled { .. } | OverrideProposed { .. });
    let of_money = matches!(event, BillReconciled { .. } | ChargeRuled { .. } | ChargeCorrected { .. } | CapSet { .. });
    at_gate || of_money || matches!(event, GateOverridden { .. } | UncertainPolicySet { .. } | LossAccepted { .. })
}

/// The events of the fixture in their order, a second and a microsecond apart.
pub(super) fn all() -> Vec<Stamped> {
    let first = [beginning(), calls(), stages(), decisions(), bills(), traffic(), read_bills()].concat();
    let events = [first, unread(), policies(), corrections(), losses()].concat();
    let stamp = |(seq, event): (u64, Event)| Stamped {
        seq,
        at: Timestamp::new(BEGIN_S + i64::try_from(seq).unwrap(), i32::try_from(seq).unwrap() * 1_000).unwrap(),
        episode: (!is_studios(&event)).then_some(EPISODE),
        actor: if is_persons(&event) {
            Actor::Person(Person::new("Ada Lovelace", "ada").unwrap())
        } else {
            Actor::Engine
        },
        event,
    };
    (1..).zip(events).map(stamp).collect()
}

/// The longest list that the engine writes into one event: a full list of calls, each number at its largest.
pub(super) fn largest() -> Event {
    let longest: StageId = "s".repeat(64).parse().unwrap();
    let window = Some(Window { prompt: u32::MAX, answer: u32::MAX, context: Some(u32::MAX) });
    let units = (0..20).map(|n| UnitPlan {
        unit: u32::MAX - n,
        request: hash("request"),
        worst: MicroUsd::MAX,
        route: None,
        window,
    });
    Event::StagePrepared { stage: longest, input: hash("input"), units: units.collect(), last: false }
}

/// A studio's first event.
pub(super) fn first() -> Stamped {
    let at = Timestamp::new(BEGIN_S, 0).unwrap();
    let event = Event::StudioOpened { provenance: Provenance::Rehearsal, id: None };
    Stamped { seq: 1, at, episode: None, actor: Actor::Engine, event }
}
