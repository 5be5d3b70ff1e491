//! Vendors without wires: a stand-in for all work, whose calls take their time, fail now and then, and stop being answered
//! while their vendor is down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom::domain::budget::{Caps, Scope};
use greenroom::domain::call::{Provider, RetryClass, Route, Usage};
use greenroom::domain::command::{Command, Start};
use greenroom::domain::episode::Episode;
use greenroom::domain::event::{Pin, Policy, Uncertain, UnitPlan, Verdict};
use greenroom::domain::handoff::Contract;
use greenroom::domain::ids::{ContentHash, EpisodeNumber};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::pipeline::{Human, Kind, Stage};
use greenroom::domain::step::{
    Advice, CallAnswer, CallFailure, CallStep, Charged, Done, GateJudged, Output, Step, Work,
};
use greenroom::engine::executor::{Calling, Tell, Worker};
use greenroom::engine::stop::Stop;

/// What a call may cost, and what it costs.
pub(crate) const WORST: MicroUsd = MicroUsd(10);
pub(crate) const PRICE: MicroUsd = MicroUsd(5);

/// Lines that are spoken in an episode.
pub(crate) const LINES: u32 = 12;

/// The vendors.
#[derive(Debug, Default)]
pub(crate) struct Vendors {
    /// The vendor that answers nothing.
    pub(crate) down: Mutex<Option<Provider>>,
    /// Calls so far.
    pub(crate) calls: AtomicU32,
}

impl Worker for Vendors {
    fn work(&self, episode: &Episode, step: &Step, _: &Stop) -> Result<Done, String> {
        let of = |tag: u32| {
            let number = episode.number.0.to_le_bytes();
            ContentHash::of_parts([
                &number[..],
                step.stage.as_str().as_bytes(),
                step.inputs.hash.as_bytes(),
                &tag.to_le_bytes(),
            ])
        };
        let output = Output { hash: of(0), words: None };
        let is_speech = episode.pin(&step.stage).is_some_and(|pin| pin.stage.kind == Kind::Speech);
        let unit = |unit| UnitPlan { unit, request: of(unit + 1), worst: WORST, route: None, window: None };
        Ok(match &step.work {
            Work::Prepare => Done::Prepared((0..if is_speech { LINES } else { 1 }).map(unit).collect()),
            Work::Correct { unit: number, .. } => Done::Corrected(unit(*number)),
            Work::Accept { unit, .. } => {
                let output = Output { hash: of(1_000 + unit), words: None };
                Done::Accepted { unit: *unit, output, claimed_words: None }
            }
            Work::Turn { .. } => return Err("no stage here is a talk".to_owned()),
            Work::Join { .. } | Work::Render => Done::Made(output),
            Work::Evaluate => {
                let (verdict, reasons, report) = (Verdict::Passed, Vec::new(), output.hash);
                Done::Evaluated(GateJudged { verdict, reasons, report, open: vec![], remedy: None, fall_back: None })
            }
        })
    }

    fn call(self: Arc<Self>, step: CallStep, _: Tell) -> Calling {
        let nth = self.calls.fetch_add(1, Ordering::Relaxed);
        let down = *self.down.lock().unwrap() == Some(step.route.provider);
        // One first attempt in six fails, and one in sixty asks for a pause.
        let luck = u64::from_le_bytes(step.request.as_bytes()[..8].try_into().unwrap());
        let is_first = step.key.attempt == 1;
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(8 + u64::from(nth % 5))).await;
            let fail = |class, message: &str, retry_after_ms| CallFailure {
                class,
                message: message.to_owned(),
                retry_after_ms,
                advice: Advice::default(),
                charge: Charged::Known(MicroUsd::ZERO),
                usage: Usage::default(),
                bill: None,
                request_id: None,
            };
            match luck % 60 {
                _ if down => Err(fail(RetryClass::RetryAfter, "the vendor is down", None)),
                0 if is_first => Err(fail(RetryClass::RetryAfter, "slow down", Some(30))),
                1..5 if is_first => Err(fail(RetryClass::RetryAfter, "overloaded", None)),
                5 if is_first => Err(fail(RetryClass::LowerConcurrency, "too many at once", None)),
                _ => Ok(CallAnswer {
                    answer: step.request,
                    usage: Usage { input: 100, output: 100, ..Usage::default() },
                    price: PRICE,
                    machine_ms: 10,
                    request_id: None,
                    bill: None,
                    advice: Advice::default(),
                }),
            }
        })
    }
}

fn pin(id: &str, kind: Kind, inputs: &[&str], output: Contract, provider: Option<Provider>) -> Pin {
    let stage = Stage {
        id: id.parse().unwrap(),
        title: id.to_owned(),
        kind,
        agent: matches!(kind, Kind::Agent | Kind::Evaluate).then(|| "agent".to_owned()),
        reviser: None,
        inputs: inputs.iter().map(|id| id.parse().unwrap()).collect(),
        after: Vec::new(),
        output,
        human: (kind == Kind::Gate).then_some(Human::Never),
        send_back: None,
        signs: Vec::new(),
        skip_when_empty: None,
        revises: None,
        time_limit_seconds: 60,
        panel: None,
        attacker: None,
    };
    let route = provider.map(|provider| Route { provider, model: format!("{provider}-model") });
    Pin { stage, prompt: None, revise: None, route, fallback: None, further: vec![], cheaper: None, seats: vec![] }
}

/// An episode that is written, judged by two vendors, spoken by a third and packaged.
pub(crate) fn start(number: u32) -> Command {
    let episode = EpisodeNumber(number);
    let (writer, judge, voice) = (Some(Provider::Anthropic), Some(Provider::Gemini), Some(Provider::ElevenLabs));
    let pins = vec![
        pin("research", Kind::Render, &[], Contract::Research, None),
        pin("brief", Kind::Agent, &["research"], Contract::Brief, writer),
        pin("plan", Kind::Agent, &["brief"], Contract::Plan, writer),
        pin("script", Kind::Agent, &["plan"], Contract::Draft, writer),
        pin("judge_a", Kind::Agent, &["script"], Contract::Brief, writer),
        pin("judge_b", Kind::Agent, &["script"], Contract::Brief, judge),
        pin("judge_b2", Kind::Agent, &["judge_b"], Contract::Brief, judge),
        pin("gate", Kind::Gate, &["judge_a", "judge_b2"], Contract::Report, None),
        pin("speech_text", Kind::Agent, &["script", "gate"], Contract::SpeechText, writer),
        pin("voice", Kind::Speech, &["script", "speech_text"], Contract::Speech, voice),
        pin("package", Kind::Render, &["voice"], Contract::Package, None),
    ];
    Command::Start(Box::new(Start {
        episode,
        title: format!("Episode {number}"),
        show: "storm".to_owned(),
        research: ContentHash::of(&number.to_le_bytes()),
        profile: ContentHash::of(b"profile"),
        policy: Policy::usual(Uncertain::Resend, (1, 2), 150),
        caps: Caps::from([(Scope::Episode(episode), MicroUsd(1_000_000))]),
        projected: MicroUsd(1),
        pins,
    }))
}

/// What all calls of so many episodes cost.
pub(crate) fn cost(episodes: u32) -> MicroUsd {
    MicroUsd(i64::from(episodes) * i64::from(7 + LINES) * PRICE.0)
}

/// The middle of some waits in milliseconds and the longest of them, by provider.
pub(crate) fn middle_and_longest(waits: &BTreeMap<Provider, Vec<i64>>) -> BTreeMap<Provider, (i64, i64)> {
    let of = |(provider, waits): (&Provider, &Vec<i64>)| {
        let sorted: Vec<i64> = BTreeSet::from_iter(waits.iter().copied().enumerate().map(|(n, ms)| (ms, n)))
            .into_iter()
            .map(|(ms, _)| ms)
            .collect();
        (*provider, (sorted[sorted.len() / 2], sorted[sorted.len() - 1]))
    };
    waits.iter().map(of).collect()
}
