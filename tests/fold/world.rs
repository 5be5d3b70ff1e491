//! A world for the pure core: it performs what is planned, in any order, and answers as a seed says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use greenroom::config::pipeline::PipelineFile;
use greenroom::domain::advance::{Agenda, Batch, Input, Rules, advance};
use greenroom::domain::budget::{Caps, Period, Scope};
use greenroom::domain::call::{Provider, RetryClass, Route, Usage};
use greenroom::domain::clock_watch::ClockWatch;
use greenroom::domain::command::{Command, Start};
use greenroom::domain::decide;
use greenroom::domain::event::{
    Actor, Event, ItemRuling, Need, Person, Pin, Policy, PromptPin, Provenance, Ruled, Ruling, Stamped, Uncertain,
    UnitPlan, Verdict, Way,
};
use greenroom::domain::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::panel::{CLOSING, MISSED, Seat};
use greenroom::domain::pipeline::{Human, Kind};
use greenroom::domain::plan::Limits;
use greenroom::domain::reuse::{self, Bought};
use greenroom::domain::step::{
    Advice, CallAnswer, CallFailure, CallStep, Charged, Done, GateJudged, Outcome, Output, Step, Work,
};
use greenroom::domain::studio::Studio;
use jiff::{SignedDuration, Timestamp};

use crate::dice::Dice;

/// How unkind the world is, in parts of a hundred.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) failures: u64,
    pub(crate) lost: u64,
    pub(crate) refused: u64,
    pub(crate) overbilled: u64,
    /// Calls that are taken into a batch before they are answered.
    pub(crate) batched: u64,
}

impl Weather {
    pub(crate) const FAIR: Self = Self { failures: 0, lost: 0, refused: 0, overbilled: 0, batched: 0 };
    pub(crate) const STORM: Self = Self { failures: 25, lost: 5, refused: 10, overbilled: 2, batched: 10 };
}

/// The world with a studio in it.
pub(crate) struct World {
    pub(crate) studio: Studio,
    pub(crate) journal: Vec<Stamped>,
    /// The true time.
    pub(crate) now: Timestamp,
    /// By how much the clock is set wrong.
    pub(crate) wrong: SignedDuration,
    began: (Timestamp, Instant),
    watch: ClockWatch,
    /// The true time of every event, by its place in the journal.
    pub(crate) truly: Vec<Timestamp>,
    pub(crate) limits: Limits,
    pub(crate) weather: Weather,
    dice: Dice,
    agenda: Agenda,
    steps: BTreeMap<EpisodeNumber, BTreeSet<Step>>,
    calls: Vec<CallStep>,
    /// What past episodes bought, as the ledger's state keeps it.
    past: BTreeMap<ContentHash, Bought>,
    /// Whether all units of a stage ask the very same.
    pub(crate) same_questions: bool,
    /// Whether the body of a call names the model, as it does on every wire.
    pub(crate) names_models: bool,
    /// A gate that fails whatever stands before it.
    failing: Option<StageId>,
    /// A stage whose answers no reader can read.
    pub(crate) unreadable: Option<StageId>,
    /// A provider that answers nothing.
    pub(crate) down: Option<Provider>,
    /// How long the next call's provider asks to wait, in milliseconds.
    pub(crate) hint_ms: Option<u64>,
    /// Every call that was ever asked for, in the order of the asking.
    pub(crate) asked: BTreeMap<IntentKey, Asked>,
}

/// A call in the queue.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) route: Route,
    pub(crate) since: Timestamp,
    /// After which event it was first in the queue.
    pub(crate) seen: u64,
    /// With which event it went.
    pub(crate) went: Option<u64>,
}

fn person() -> Person {
    Person::new("Ada", "ada").unwrap()
}

impl World {
    pub(crate) fn new(seed: u64, weather: Weather) -> Self {
        Self::at("2026-11-24T09:00:00Z", seed, weather)
    }

    /// A world that begins at a moment.
    #[expect(clippy::disallowed_methods, reason = "a start from which the world counts")]
    pub(crate) fn at(begin: &str, seed: u64, weather: Weather) -> Self {
        let begin: Timestamp = begin.parse().unwrap();
        let mut world = Self {
            studio: Studio::default(),
            journal: Vec::new(),
            now: begin,
            wrong: SignedDuration::ZERO,
            began: (begin, Instant::now()),
            watch: ClockWatch::default(),
            truly: Vec::new(),
            limits: Limits::default(),
            weather,
            dice: Dice::new(seed),
            agenda: Agenda::default(),
            steps: BTreeMap::new(),
            calls: Vec::new(),
            past: BTreeMap::new(),
            same_questions: false,
            names_models: false,
            failing: None,
            unreadable: None,
            down: None,
            hint_ms: None,
            asked: BTreeMap::new(),
        };
        world.note(Event::StudioOpened { provenance: Provenance::Rehearsal, id: None });
        world
    }

    pub(crate) fn cap_day(&mut self, cap: MicroUsd) {
        self.note(Event::CapSet { scope: Scope::Day(0), cap, reason: "test".into() });
    }

    pub(crate) fn start(&mut self, number: u32, cap: MicroUsd, uncertain: Uncertain) {
        self.start_with(number, cap, uncertain, |_| {});
    }

    /// Begins an episode that is not quite the usual one.
    pub(crate) fn start_with(
        &mut self,
        number: u32,
        cap: MicroUsd,
        uncertain: Uncertain,
        change: impl FnOnce(&mut Start),
    ) {
        let mut start = start(number, cap, uncertain);
        change(&mut start);
        self.command(Command::Start(Box::new(start))).unwrap();
    }

    pub(crate) fn command(&mut self, command: Command) -> Result<(), decide::Refusal> {
        self.command_of(&Actor::Person(person()), command)
    }

    /// A command of someone else than the usual person.
    pub(crate) fn command_of(&mut self, by: &Actor, command: Command) -> Result<(), decide::Refusal> {
        let answers = self.advance(vec![Input::Asked(by.clone(), command)]).answers;
        answers.into_iter().next().unwrap().map(|_| ())
    }

    fn note(&mut self, event: Event) {
        self.advance(vec![Input::Noted(event)]);
    }

    /// Looks at what is due, without anything having happened.
    pub(crate) fn settle(&mut self) {
        self.advance(Vec::new());
    }

    /// Takes a batch as the dispatcher does. Whatever is decided fits: that is the law between `decide` and the fold.
    fn advance(&mut self, mut inputs: Vec<Input>) -> Batch {
        let (began, instant) = self.began;
        let passed = Duration::try_from(self.now.duration_since(began)).unwrap();
        let clock = self.now.checked_add(self.wrong).unwrap();
        let reading = self.watch.look(&self.studio, clock, instant + passed);
        inputs.splice(0..0, reading.noted.map(Input::Noted));
        let rules = Rules { limits: &self.limits, admits: true };
        let batch = advance(&mut self.studio, &mut self.agenda, inputs, &rules, reading.now).unwrap();
        self.past.extend(batch.retired.iter().flat_map(|episode| episode.bought()));
        for stamped in &batch.events {
            assert_eq!(stamped.at, batch.events[0].at, "a batch has one moment");
            let line = serde_json::to_string(&stamped.event).unwrap();
            assert!(line.len() < 4_096, "an event is small: {} bytes: {line}", line.len());
            if let Event::CallIntended { key, .. } = &stamped.event {
                self.went(key, stamped.seq);
            }
        }
        for ask in self.agenda.asks() {
            let asked = Asked { route: ask.route.clone(), since: ask.since, seen: self.studio.seq, went: None };
            let known = self.asked.entry(ask.key.clone()).or_insert_with(|| asked.clone());
            if (known.since, &known.route) != (asked.since, &asked.route) {
                *known = asked;
            }
        }
        self.truly.resize(self.journal.len() + batch.events.len(), self.now);
        self.journal.extend(batch.events.iter().cloned());
        assert_eq!(self.studio.unexplained(), [], "what is held is explained by calls and rulings");
        self.calls.extend(batch.calls.iter().cloned());
        self.steps.extend(batch.wanted.clone());
        batch
    }

    /// Notes that a call went; one that went in the batch that asked for it never waited in the queue.
    fn went(&mut self, key: &IntentKey, seq: u64) {
        let run = self.studio.episodes.get(&key.episode).and_then(|e| e.stages[&key.stage].run.as_ref());
        let unit = run.and_then(|run| run.units.get(&key.unit));
        let route = self.studio.episodes.get(&key.episode).map(|e| e.calls[key].route.clone());
        if let (Some(unit), Some(route)) = (unit, route) {
            let at_once = Asked { route, since: unit.since, seen: seq, went: None };
            self.asked.entry(key.clone()).or_insert(at_once).went = Some(seq);
        }
    }

    /// Does one of the things that are to be done, at random. False when there is nothing but people to wait for.
    pub(crate) fn turn(&mut self) -> bool {
        let steps: Vec<Step> = self.steps.values().flatten().cloned().collect();
        let choices = self.calls.len() + steps.len();
        if choices == 0 {
            let Some(deadline) = self.agenda.deadline() else { return false };
            let clock = self.now.checked_add(self.wrong).unwrap();
            let moment = self.studio.moment(clock, self.studio.ahead_ms);
            let wait = deadline.duration_since(moment).max(SignedDuration::from_millis(1));
            self.now = self.now.checked_add(wait).unwrap();
            self.settle();
            return true;
        }
        let pick = usize::try_from(self.dice.roll(choices as u64)).unwrap();
        let outcome = if pick < self.calls.len() {
            let mut call = self.calls.swap_remove(pick);
            if call.batch.is_none() && self.dice.roll(100) < self.weather.batched {
                let (key, batch) = (call.key.clone(), format!("batch-{}", self.studio.seq));
                call.batch = Some(batch.clone());
                self.calls.push(call);
                Outcome::Batched { key, batch }
            } else {
                self.answer(call)
            }
        } else {
            self.work(&steps[pick - self.calls.len()])
        };
        self.now = self.now.checked_add(SignedDuration::from_millis(7)).unwrap();
        self.take(outcome);
        true
    }

    pub(crate) fn take(&mut self, outcome: Outcome) {
        self.advance(vec![Input::Came(outcome)]);
    }

    /// Goes on until a gate has failed, and gives it with the content that it failed.
    pub(crate) fn fail_gate(&mut self) -> (StageId, ContentHash) {
        self.failing = "polish_refinement".parse().ok();
        loop {
            while self.turn() {}
            let open = self.studio.episodes.values().flat_map(|episode| &episode.needs);
            let gates = open.filter_map(|open| match &open.need {
                Need::Gate { gate, hash } => Some((gate.clone(), *hash)),
                _ => None,
            });
            match gates.into_iter().find(|(gate, _)| Some(gate) == self.failing.as_ref()) {
                Some(found) => return found,
                None => assert!(self.decide_one(), "no gate failed"),
            }
        }
    }

    /// Goes on until a call is under way.
    pub(crate) fn next_call(&mut self) -> IntentKey {
        while self.calls.is_empty() {
            assert!(self.turn(), "nothing is called");
        }
        self.calls[0].key.clone()
    }

    /// Goes on until a call of this stage is under way.
    pub(crate) fn next_call_of(&mut self, stage: &StageId) -> IntentKey {
        loop {
            if let Some(call) = self.calls.iter().find(|call| call.key.stage == *stage) {
                return call.key.clone();
            }
            assert!(self.turn(), "{stage} calls nobody");
        }
    }

    /// Whether a call of this stage is under way.
    pub(crate) fn is_calling(&self, stage: &StageId) -> bool {
        self.calls.iter().any(|call| call.key.stage == *stage)
    }

    /// How many calls of an episode are under way.
    pub(crate) fn calls_of(&self, number: u32) -> usize {
        self.calls.iter().filter(|call| call.key.episode == EpisodeNumber(number)).count()
    }

    /// Does one piece of local work of an episode; false where there is none.
    pub(crate) fn work_one(&mut self, number: u32) -> bool {
        let step = self.steps.get(&EpisodeNumber(number)).and_then(|steps| steps.first()).cloned();
        let Some(step) = step else { return false };
        let outcome = self.work(&step);
        self.take(outcome);
        true
    }

    /// The provider takes this call into a batch.
    pub(crate) fn batch(&mut self, key: &IntentKey) {
        let call = self.calls.iter_mut().find(|call| call.key == *key).unwrap();
        call.batch = Some("batch".to_owned());
        self.take(Outcome::Batched { key: key.clone(), batch: "batch".to_owned() });
    }

    /// The provider refuses this call for good, at no charge.
    pub(crate) fn refuse(&mut self, key: &IntentKey) {
        self.calls.retain(|call| call.key != *key);
        let failure = CallFailure {
            class: RetryClass::OtherModel,
            message: "nobody listens".into(),
            retry_after_ms: None,
            advice: Advice::default(),
            charge: Charged::Known(MicroUsd::ZERO),
            usage: Usage::default(),
            bill: None,
            request_id: None,
        };
        self.take(Outcome::Called { key: key.clone(), result: Err(failure) });
    }

    /// The provider answers this call at a price, or refuses it at one.
    pub(crate) fn bill(&mut self, key: &IntentKey, price: MicroUsd, is_answered: bool) {
        self.calls.retain(|call| call.key != *key);
        let result = if is_answered {
            Ok(CallAnswer {
                answer: ContentHash::of(key.to_string().as_bytes()),
                usage: Usage { input: 10, output: 5, ..Usage::default() },
                price,
                machine_ms: 3,
                request_id: None,
                bill: None,
                advice: Advice::default(),
            })
        } else {
            Err(CallFailure {
                class: RetryClass::RetryAfter,
                message: "it broke".into(),
                retry_after_ms: None,
                advice: Advice::default(),
                charge: Charged::Known(price),
                usage: Usage::default(),
                bill: None,
                request_id: None,
            })
        };
        self.take(Outcome::Called { key: key.clone(), result });
    }

    /// The process ended while this call was under way, and no answer is kept.
    pub(crate) fn lose(&mut self, key: &IntentKey) {
        self.calls.retain(|call| call.key != *key);
        self.take(decide::lost(key));
    }

    /// The answer of this call is found, and nobody waits for its provider any more.
    pub(crate) fn found(&mut self, key: &IntentKey) -> Outcome {
        let place = self.calls.iter().position(|call| call.key == *key).unwrap();
        let call = self.calls.remove(place);
        self.answer(call)
    }

    fn answer(&mut self, call: CallStep) -> Outcome {
        let luck = self.dice.roll(100);
        let Weather { failures, lost, overbilled, .. } = self.weather;
        let fail = |class, charge| CallFailure {
            class,
            message: "a fault of the weather".into(),
            retry_after_ms: None,
            advice: Advice::default(),
            charge,
            usage: Usage::default(),
            bill: None,
            request_id: None,
        };
        let result = if let Some(hint) = self.hint_ms.take() {
            let known = fail(RetryClass::RetryAfter, Charged::Known(MicroUsd::ZERO));
            Err(CallFailure { retry_after_ms: Some(hint), ..known })
        } else if luck < failures || self.down == Some(call.route.provider) {
            Err(fail(RetryClass::RetryAfter, Charged::Known(MicroUsd::ZERO)))
        } else if luck < failures + lost {
            Err(fail(RetryClass::RetryAfter, Charged::Uncertain))
        } else {
            let billed = if luck < failures + lost + overbilled { call.worst.0 * 2 } else { call.worst.0 / 2 };
            Ok(CallAnswer {
                answer: ContentHash::of_parts([b"answer".as_slice(), call.request.as_bytes()]),
                usage: Usage { input: 10, output: 5, ..Usage::default() },
                price: MicroUsd(billed),
                machine_ms: 3,
                request_id: None,
                bill: None,
                advice: Advice::default(),
            })
        };
        Outcome::Called { key: call.key, result }
    }

    /// Local work whose results follow from their inputs alone, whatever the order and the weather.
    fn work(&mut self, step: &Step) -> Outcome {
        let of = |tag: &str, parts: &[ContentHash]| {
            let mut all: Vec<Vec<u8>> = vec![tag.as_bytes().to_vec(), step.stage.as_str().as_bytes().to_vec()];
            all.extend(parts.iter().map(|hash| hash.as_bytes().to_vec()));
            ContentHash::of_parts(all.iter().map(Vec::as_slice))
        };
        let upstream: Vec<ContentHash> = step.inputs.upstream.values().copied().collect();
        let pin = self.studio.episodes[&step.episode].pin(&step.stage).unwrap().clone();
        let done = match &step.work {
            Work::Prepare => {
                let units = match pin.stage.kind {
                    Kind::Speech => 45,
                    Kind::Evaluate => 5,
                    Kind::Agent | Kind::Panel | Kind::Gate | Kind::Master | Kind::Render => 1,
                };
                let note = step.inputs.note.iter().flat_map(|note| [note.note, note.base]);
                let parts: Vec<ContentHash> = upstream.iter().copied().chain(note).collect();
                let model = step.inputs.route.as_ref().filter(|_| self.names_models).map(|route| route.model.as_str());
                let question = |n: u32| match model {
                    _ if self.same_questions => String::new(),
                    Some(model) => format!("request {n} of {model}"),
                    None => format!("request {n}"),
                };
                let unit = |n: u32| UnitPlan {
                    unit: if units == 1 { 0 } else { n },
                    request: of(&question(n), &parts),
                    worst: MicroUsd(40_000),
                    route: None,
                    window: None,
                };
                Done::Prepared((1..=units).map(unit).collect())
            }
            Work::Correct { unit, request, .. } => {
                let run = self.studio.episodes[&step.episode].stages[&step.stage].run.clone().unwrap();
                let route = run.units[unit].route.clone();
                let request = of("again", &[*request]);
                Done::Corrected(UnitPlan { unit: *unit, request, worst: MicroUsd(40_000), route, window: None })
            }
            Work::Accept { unit, .. } if self.dice.roll(100) < self.weather.refused => {
                Done::Refused { unit: *unit, reason: "it misses its contract".into() }
            }
            Work::Accept { unit, .. } if self.unreadable.as_ref() == Some(&step.stage) => {
                Done::Unread { unit: *unit, reason: "no JSON at line 1".into() }
            }
            // What an agent writes follows from what it was asked, not from how often.
            Work::Accept { unit, .. } => Done::Accepted {
                unit: *unit,
                output: Output { hash: of(&format!("output {unit}"), &[step.inputs.hash]), words: Some(100) },
                claimed_words: Some(99),
            },
            // Four turns, each asked with what was said before it, and the chair.
            Work::Turn { units } => {
                let said: Vec<ContentHash> = units.iter().map(|(_, hash)| *hash).collect();
                let is_over = units.len() == 4 || said.contains(&ContentHash::of(MISSED));
                let number = if is_over { CLOSING } else { u32::try_from(units.len()).unwrap() };
                let seat = pin.seats.get(units.len() % pin.seats.len().max(1));
                let parts: Vec<ContentHash> = upstream.iter().chain(&said).copied().collect();
                Done::Turned(UnitPlan {
                    unit: number,
                    request: of(&format!("turn {number}"), &parts),
                    worst: MicroUsd(40_000),
                    route: seat.filter(|_| !is_over).map(|seat| seat.route.clone()),
                    window: None,
                })
            }
            Work::Join { units } => {
                let parts: Vec<ContentHash> = units.iter().map(|(_, hash)| *hash).collect();
                Done::Made(Output { hash: of("joined", &parts), words: None })
            }
            Work::Render => Done::Made(Output { hash: of("rendered", &upstream), words: None }),
            Work::Evaluate => {
                // In the first round the judges disagree.
                let episode = &self.studio.episodes[&step.episode];
                let disputed = pin.stage.human == Some(Human::OnDispute) && episode.round() == 1;
                Done::Evaluated(GateJudged {
                    verdict: match disputed {
                        _ if self.failing.as_ref() == Some(&step.stage) => Verdict::Failed,
                        true => Verdict::Person,
                        false => Verdict::Passed,
                    },
                    reasons: vec!["checked".into()],
                    report: of("report", &upstream),
                    open: if disputed { vec!["D1".into()] } else { vec![] },
                    remedy: None,
                    fall_back: None,
                })
            }
        };
        let names = reuse::made_ready(&self.studio.episodes[&step.episode], step, &done).into_iter();
        let known = names.filter(|_| self.limits.reuse);
        let past = known.filter_map(|name| Some((name, self.past.get(&name)?.clone()))).collect();
        let (episode, stage, input) = (step.episode, step.stage.clone(), step.inputs.hash);
        Outcome::Worked { episode, stage, input, result: Ok(done), past }
    }

    /// Answers the first open need as a patient producer would: send back once, then approve; retry; resend; see the bill;
    /// raise the cap of an episode. False when there is none, or only caps of days.
    pub(crate) fn decide_one(&mut self) -> bool {
        let mut open = self.studio.episodes.values().flat_map(|e| e.needs.iter().map(|n| (e.number, n.need.clone())));
        let Some((episode, need)) = open.find(|(_, need)| !is_day(need)) else { return false };
        let command = match need {
            Need::Gate { gate, hash } => {
                let found = &self.studio.episodes[&episode];
                let can_send = found.pin(&gate).unwrap().stage.send_back.is_some();
                if can_send && found.round() == 1 {
                    Command::SendBack {
                        episode,
                        gate,
                        hash,
                        note: ContentHash::of(b"mend it"),
                        way: Way::Author,
                        rulings: Vec::new(),
                        seen: None,
                    }
                } else {
                    let open = found.gates[&gate].evaluations[&hash].open.iter();
                    let waive = |item: &String| Ruled {
                        item: item.clone(),
                        ruling: ItemRuling::Waive,
                        reason: "it can go".into(),
                    };
                    let rulings = open.map(waive).collect();
                    Command::Approve { episode, gate, hash, max_spend: MicroUsd(i64::MAX / 4), rulings, seen: None }
                }
            }
            Need::Charge { key } => Command::ResolveCharge { key, ruling: Ruling::Resend, alike: false },
            Need::Cap { scope, cap, .. } => Command::SetCap { scope, cap: MicroUsd(cap.0 * 2), reason: "go on".into() },
            Need::Retries { stage, .. } => Command::Retry { episode, stage },
            Need::Unread { key, .. } => Command::ReadAgain { key },
            Need::OverBilled { key, .. } => Command::AcceptBill { key },
        };
        self.command(command).unwrap();
        true
    }

    /// Runs to the end of everything.
    pub(crate) fn run(&mut self, decide: bool) {
        self.settle();
        for _ in 0..200_000 {
            let goes_on = self.turn() || (decide && self.decide_one());
            if !goes_on {
                return;
            }
        }
        panic!("it never ends");
    }

    /// Loses everything that was under way, as a killed process does; what was written is all there is.
    pub(crate) fn crash(&mut self) {
        let mut studio = Studio::default();
        for stamped in &self.journal {
            studio.apply(stamped).unwrap();
        }
        assert_eq!(studio, self.studio, "a replay equals the live state");
        self.studio = studio;
        self.agenda = Agenda::new(&self.studio);
        self.watch = ClockWatch::default();
        self.steps.clear();
        // What is in a batch is fetched by whoever starts next.
        let (batched, lost) = self.calls.drain(..).partition::<Vec<_>, _>(|call| call.batch.is_some());
        self.calls = batched;
        for call in &self.calls {
            let known = &self.studio.episodes[&call.key.episode].calls[&call.key];
            assert!(
                known.spent() == MicroUsd::ZERO && known.reserved() == call.worst && known.batch == call.batch,
                "{known:?}"
            );
        }
        self.advance(lost.iter().map(|call| Input::Came(decide::lost(&call.key))).collect());
    }

    /// The artifacts that an episode ended with, stage by stage; from the journal, since past episodes leave the fold.
    pub(crate) fn artifacts(&self, number: u32) -> BTreeMap<StageId, ContentHash> {
        let mine = self.journal.iter().filter(|stamped| stamped.episode == Some(EpisodeNumber(number)));
        mine.filter_map(|stamped| match &stamped.event {
            Event::StageCompleted { stage, output, .. } => Some((stage.clone(), *output)),
            _ => None,
        })
        .collect()
    }

    pub(crate) fn is_packaged(&self, number: u32) -> bool {
        let mut mine = self.journal.iter().filter(|stamped| stamped.episode == Some(EpisodeNumber(number)));
        mine.next_back().is_some_and(|stamped| matches!(stamped.event, Event::Packaged { .. }))
            || self.studio.past.contains(&EpisodeNumber(number))
    }

    pub(crate) fn period(&self) -> Period {
        self.studio.period(self.studio.at)
    }
}

fn is_day(need: &Need) -> bool {
    matches!(need, Need::Cap { scope: Scope::Day(_) | Scope::Month(_), .. })
}

/// An episode of the default pipeline.
pub(crate) fn start(number: u32, cap: MicroUsd, uncertain: Uncertain) -> Start {
    let source = include_str!("../../assets/pipelines/episode.toml");
    let file = PipelineFile::parse("episode.toml", source).unwrap();
    // The optional panels run, the optional gates do not.
    let is_panel = |id: &StageId| file.pipeline.stage(id).is_some_and(|stage| stage.kind == Kind::Panel);
    let is_left_out = |id: &StageId| file.optional.contains(id) && !is_panel(id);
    let pin = |stage: &greenroom::domain::pipeline::Stage| {
        let prompt = |agent: &String| PromptPin {
            agent: agent.clone(),
            version: "1.0.0".into(),
            hash: ContentHash::of(agent.as_bytes()),
        };
        let route = match stage.kind {
            Kind::Agent | Kind::Evaluate | Kind::Panel => {
                Some(Route { provider: Provider::Anthropic, model: "m".into() })
            }
            Kind::Speech => Some(Route { provider: Provider::ElevenLabs, model: "v".into() }),
            Kind::Gate | Kind::Master | Kind::Render => None,
        };
        let seat = |agent: &String| Seat {
            prompt: prompt(agent),
            route: Route { provider: Provider::Gemini, model: agent.clone() },
            fallback: None,
        };
        let after = stage.after.iter().filter(|id| !is_left_out(id)).cloned().collect();
        Pin {
            stage: greenroom::domain::pipeline::Stage { after, ..stage.clone() },
            prompt: stage.agent.as_ref().map(prompt),
            revise: stage.reviser.as_ref().map(prompt),
            route,
            fallback: None,
            further: vec![],
            cheaper: None,
            seats: stage.panel.iter().flat_map(|spec| &spec.seats).map(seat).collect(),
        }
    };
    let episode = EpisodeNumber(number);
    Start {
        episode,
        title: format!("Episode {number}"),
        show: "Open Questions".into(),
        research: ContentHash::of(b"research"),
        profile: ContentHash::of(b"profile"),
        policy: Policy::usual(uncertain, (60_000, 120_000), 150),
        caps: Caps::from([(Scope::Episode(episode), cap)]),
        projected: MicroUsd(1_000_000),
        pins: file.pipeline.stages().iter().filter(|stage| !is_left_out(&stage.id)).map(pin).collect(),
    }
}
