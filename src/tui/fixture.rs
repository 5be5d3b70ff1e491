//! One studio for all tests of the console, built from events through the fold: five episodes under way, two past.

mod content;
mod stages;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub(crate) use self::content::{advised, first_fixes, first_judgements, fixes, judgements, rubric, script};
use self::stages::{STAGES, pin, route};
use crate::domain::billed::{BillList, ReadBill};
use crate::domain::budget::{Period, Scope};
use crate::domain::call::{Provider, RetryClass, Told, Usage};
use crate::domain::cost::{EpisodeSummary, summary};
use crate::domain::episode::Episode;
use crate::domain::event::{
    Actor, Event, Handoff, InputForm, Mending, NearCap, Need, Overriding, Person, Policy, Provenance, Stamped,
    Uncertain, UnitPlan, Verdict, Way, WhenDown,
};
use crate::domain::gate::{Check, Material, Report, judge};
use crate::domain::handoff::{Arbitration, Fixes, Judgement, Note, Review};
use crate::domain::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use crate::domain::invoice::Charge;
use crate::domain::lane;
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::Human;
use crate::domain::plan::Limits;
use crate::domain::reconcile::{lines, reconcile};
use crate::domain::script::Script;
use crate::domain::studio::Studio;
use crate::engine::progress::{CallProgress, Progress};
use crate::engine::snapshot::{FeedLine, Purse, Snapshot, Tone};

/// A stage by its name.
pub(crate) fn id(name: &str) -> StageId {
    name.parse().unwrap()
}

/// Who decides.
pub(crate) fn ada() -> Person {
    Person::new("Ada", "ada").unwrap()
}

/// A studio as it grows.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) studio: Studio,
    pub(crate) past: Vec<EpisodeSummary>,
    pub(crate) past_whole: BTreeMap<EpisodeNumber, Arc<Episode>>,
    pub(crate) blobs: BTreeMap<ContentHash, Vec<u8>>,
    pub(crate) feed: Vec<FeedLine>,
    pub(crate) progress: Progress,
    pub(crate) halted: Option<String>,
    at: Timestamp,
}

impl World {
    /// A studio without an episode.
    pub(crate) fn empty(provenance: Provenance) -> Self {
        let mut world = Self {
            studio: Studio::default(),
            past: Vec::new(),
            past_whole: BTreeMap::new(),
            blobs: BTreeMap::new(),
            feed: Vec::new(),
            progress: Progress::default(),
            halted: None,
            at: "2026-11-24T09:00:00Z".parse().unwrap(),
        };
        world.own(Event::StudioOpened { provenance, id: None });
        world.own(Event::CapSet { scope: Scope::Day(0), cap: MicroUsd(42_000_000), reason: "settings".into() });
        world.own(Event::CapSet { scope: Scope::Month(0), cap: MicroUsd(300_000_000), reason: "settings".into() });
        world
    }

    /// Now, in the studio.
    pub(crate) fn now(&self) -> Timestamp {
        self.at
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, seconds: i64) {
        self.at = self.at.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    pub(crate) fn own(&mut self, event: Event) {
        self.stamp(None, event, Actor::Engine);
    }

    /// Something happens to an episode.
    pub(crate) fn of(&mut self, episode: u32, event: Event) {
        self.stamp(Some(EpisodeNumber(episode)), event, Actor::Engine);
    }

    /// A person does something to an episode.
    pub(crate) fn by_ada(&mut self, episode: u32, event: Event) {
        self.stamp(Some(EpisodeNumber(episode)), event, Actor::Person(ada()));
    }

    fn stamp(&mut self, episode: Option<EpisodeNumber>, event: Event, actor: Actor) {
        let (tone, text) = match &event {
            Event::StageCompleted { stage, .. } => (Tone::Done, format!("{stage} handed on")),
            Event::CallFailed { message, .. } => (Tone::Fault, message.clone()),
            Event::NeedOpened { need } => (Tone::Need, format!("waits for a person: {}", need.id())),
            Event::SentBack { gate, .. } => (Tone::Decision, format!("sent back at {gate} by Ada")),
            Event::GateApproved { gate, .. } => (Tone::Decision, format!("approved at {gate} by Ada")),
            Event::CallSettled { key, price, .. } => (Tone::Money, format!("{} paid {price:.4} USD", key.stage)),
            _ => (Tone::Work, String::new()),
        };
        let stamped = Stamped { seq: self.studio.seq + 1, at: self.at, episode, actor, event };
        if let Some(over) = self.studio.apply(&stamped).unwrap() {
            self.past.insert(0, summary(&over));
            self.past_whole.insert(over.number, over);
        }
        if !text.is_empty() {
            self.feed.push(FeedLine { seq: stamped.seq, at: self.at, episode, tone, text });
        }
    }

    /// Keeps an artifact.
    pub(crate) fn blob(&mut self, value: &impl serde::Serialize) -> ContentHash {
        let bytes = serde_json::to_vec(value).unwrap();
        let hash = ContentHash::of(&bytes);
        self.blobs.insert(hash, bytes);
        hash
    }

    /// The hash of what a stage works from now.
    pub(crate) fn input(&self, episode: u32, stage: &str) -> ContentHash {
        let episode = &self.studio.episodes[&EpisodeNumber(episode)];
        episode.standings()[&id(stage)].inputs().unwrap().hash
    }

    /// Begins an episode.
    pub(crate) fn begin(&mut self, number: u32, title: &str, cap: i64) {
        let policy = Policy {
            uncertain: Uncertain::Ask,
            corrections: 2,
            target_ms: (1_500_000, 1_800_000),
            words_per_minute: 150,
            rubric: None,
            mending: Mending::default(),
            overriding: Overriding::Reason,
            canary_every: 0,
            lately: None,
            sample: 0,
            near_cap: NearCap::Alert,
            when_down: WhenDown::Wait,
            inputs: InputForm::First,
        };
        self.by_ada(
            number,
            Event::EpisodeStarted {
                title: title.into(),
                show: "open-questions".into(),
                research: ContentHash::of(title.as_bytes()),
                profile: ContentHash::of(b"profile"),
                policy,
                projected: MicroUsd(5_200_000),
            },
        );
        let scope = Scope::Episode(EpisodeNumber(number));
        self.of(number, Event::CapSet { scope, cap: MicroUsd(cap), reason: "the show".into() });
        for row in STAGES {
            self.of(number, Event::StagePinned { pin: Box::new(pin(row)) });
        }
        self.done(number, "research", ContentHash::of(b"research"), None);
    }

    /// A stage hands on without a paid call.
    pub(crate) fn done(&mut self, episode: u32, stage: &str, output: ContentHash, words: Option<u64>) {
        let input = self.input(episode, stage);
        let handoff = Handoff::Local;
        self.of(episode, Event::StageCompleted { stage: id(stage), input, output, handoff, words });
    }

    /// The calls of a stage are made ready.
    pub(crate) fn prepare(&mut self, episode: u32, stage: &str, units: u32) {
        let input = self.input(episode, stage);
        let request = |unit: u32| ContentHash::of(format!("{episode}{stage}{unit}{input}").as_bytes());
        let units = (0..units)
            .map(|unit| UnitPlan { unit, request: request(unit), worst: MicroUsd(900_000), route: None, window: None })
            .collect();
        self.of(episode, Event::StagePrepared { stage: id(stage), input, units, last: true });
    }

    /// The next call of a unit is intended.
    pub(crate) fn call(&mut self, episode: u32, stage: &str, unit: u32) -> IntentKey {
        let found = &self.studio.episodes[&EpisodeNumber(episode)];
        let state = &found.stages[&id(stage)];
        let attempt = state.attempts.get(&unit).copied().unwrap_or(0) + 1;
        let request = state.run.as_ref().unwrap().units[&unit].request;
        let key = IntentKey { episode: EpisodeNumber(episode), stage: id(stage), unit, attempt };
        let route = route(stage).unwrap();
        self.of(episode, Event::CallIntended { key: key.clone(), request, worst: MicroUsd(900_000), route });
        key
    }

    /// A call is answered and meets its contract.
    pub(crate) fn answer(&mut self, key: &IntentKey, price: i64, output: ContentHash, claimed: Option<u64>) {
        let is_speech = key.stage.as_str() == "voice";
        let usage = if is_speech {
            Usage { characters: 640, ..Usage::default() }
        } else {
            Usage { input: 31_400, output: 5_210, cache_read: 12_000, ..Usage::default() }
        };
        let number = key.episode.0;
        self.of(
            number,
            Event::CallSettled {
                key: key.clone(),
                answer: ContentHash::of(key.to_string().as_bytes()),
                usage,
                price: MicroUsd(price),
                machine_ms: 41_000,
                request_id: None,
                bill: None,
                told: Told::default(),
            },
        );
        let input = self.input(number, key.stage.as_str());
        let (stage, unit) = (key.stage.clone(), key.unit);
        self.of(number, Event::UnitAccepted { stage, input, unit, output, claimed_words: claimed });
    }

    /// An agent does its work in one call.
    pub(crate) fn agent(&mut self, episode: u32, stage: &str, price: i64, output: ContentHash, words: Option<u64>) {
        self.prepare(episode, stage, 1);
        let key = self.call(episode, stage, 0);
        self.pass(41);
        self.answer(&key, price, output, words.map(|words| words + 180));
        let input = self.input(episode, stage);
        let handoff = Handoff::FirstTry;
        self.of(episode, Event::StageCompleted { stage: id(stage), input, output, handoff, words });
    }

    /// A gate judges, and says no more than this.
    pub(crate) fn judged(&mut self, episode: u32, gate: &str, verdict: Verdict, reasons: &[&str]) -> ContentHash {
        let reasons: Vec<String> = reasons.iter().map(|reason| (*reason).to_owned()).collect();
        let sentence = reasons.first().cloned().unwrap_or_else(|| "Passed: form, length hold.".into());
        let form = Check { name: "form".into(), passed: true, detail: "12 lines are in form".into() };
        let report = Report { sentence, checks: vec![form], ..Report::default() };
        self.reported(episode, gate, verdict, reasons, &report)
    }

    fn reported(
        &mut self,
        episode: u32,
        gate: &str,
        verdict: Verdict,
        reasons: Vec<String>,
        report: &Report,
    ) -> ContentHash {
        let hash = self.input(episode, gate);
        let open = report.open.iter().map(|item| item.id.clone()).collect();
        let report = self.blob(report);
        self.of(episode, Event::GateEvaluated { gate: id(gate), hash, verdict, reasons, report, open });
        if verdict != Verdict::Passed {
            self.of(episode, Event::NeedOpened { need: Need::Gate { gate: id(gate), hash } });
        }
        hash
    }

    /// The quality gate weighs what two judges and the arbiter say.
    pub(crate) fn weighed(
        &mut self,
        episode: u32,
        script: &Script,
        judges: &(Judgement, Judgement),
        arbitration: Arbitration,
    ) {
        let material = Material {
            script: Some(script.clone()),
            words_per_minute: 150,
            judgements: vec![(id("judge_a"), judges.0.clone()), (id("judge_b"), judges.1.clone())],
            rubric: rubric(),
            arbitration: Some(arbitration),
            notes: vec!["judge_a is of the writer's family of models".into()],
            ..Material::default()
        };
        let judged = judge(&material, Human::OnDispute);
        self.reported(episode, "quality_evaluation", judged.verdict, judged.reasons, &judged.report);
    }

    /// A person approves.
    pub(crate) fn approve(&mut self, episode: u32, gate: &str) {
        let hash = self.input(episode, gate);
        self.by_ada(episode, Event::GateApproved { gate: id(gate), hash, max_spend: MicroUsd(4_000_000), seen: None });
        let need = Need::Gate { gate: id(gate), hash }.id();
        self.of(episode, Event::NeedClosed { id: need, answer: "approved".into() });
    }

    /// A person sends back.
    pub(crate) fn send_back(&mut self, episode: u32, gate: &str, base: ContentHash) {
        let hash = self.input(episode, gate);
        let note = self.blob(&Note { fixes: first_fixes().fixes, text: String::new() });
        let (gate_id, target) = (id(gate), id("script"));
        let (way, seen) = (Way::Author, None);
        self.by_ada(episode, Event::SentBack { gate: gate_id.clone(), hash, target, note, base, way, seen });
        let need = Need::Gate { gate: gate_id, hash }.id();
        self.of(episode, Event::NeedClosed { id: need, answer: "sent back".into() });
    }

    /// Up to and with the script.
    pub(crate) fn up_to_script(&mut self, episode: u32, script: &Script) -> ContentHash {
        for (stage, price) in [("brief", 61_000), ("plan", 94_000)] {
            self.agent(episode, stage, price, ContentHash::of(format!("{stage}{episode}").as_bytes()), None);
            self.pass(30);
        }
        self.script(episode, script)
    }

    /// A script, and the gate that checks its form.
    pub(crate) fn script(&mut self, episode: u32, script: &Script) -> ContentHash {
        let hash = self.blob(script);
        self.agent(episode, "script", 712_300, hash, Some(script.measure().words));
        self.judged(episode, "script_development", Verdict::Passed, &[]);
        hash
    }

    /// Both judges, the arbiter and the list of fixes.
    pub(crate) fn up_to_fixes(&mut self, episode: u32) {
        self.up_to(episode, &judgements(), &advised(), &fixes());
    }

    /// As [`Self::up_to_fixes`], with what they say.
    pub(crate) fn up_to(&mut self, episode: u32, judges: &(Judgement, Judgement), said: &Arbitration, fixes: &Fixes) {
        let (a, b) = (self.blob(&judges.0), self.blob(&judges.1));
        self.agent(episode, "judge_a", 182_000, a, None);
        self.agent(episode, "judge_b", 131_500, b, None);
        let said = self.blob(said);
        self.agent(episode, "arbiter", 21_000, said, None);
        let fixes = self.blob(fixes);
        self.agent(episode, "fixes", 48_000, fixes, None);
    }

    /// An episode at the quality gate that failed: both judges hold a blocker at one line.
    pub(crate) fn failed(&mut self, episode: u32, title: &str) {
        let (a, b) = judgements();
        let judges = (Judgement { findings: b.findings.clone(), ..a }, b);
        self.begin(episode, title, 6_000_000);
        self.up_to_script(episode, &script(true));
        self.up_to(episode, &judges, &Arbitration::default(), &fixes());
        self.weighed(episode, &script(true), &judges, Arbitration::default());
    }

    /// From an open quality gate to the recording.
    pub(crate) fn up_to_voice(&mut self, episode: u32, script: &Script) {
        self.judged(episode, "quality_evaluation", Verdict::Passed, &[]);
        let polished = self.blob(script);
        self.agent(episode, "polish", 301_000, polished, Some(script.measure().words));
        let review = self.blob(&Review { findings: vec![], summary: "Ready.".into(), ready: true });
        self.agent(episode, "review", 120_000, review, None);
        self.agent(episode, "speech_text", 66_000, ContentHash::of(b"spoken"), None);
        self.judged(episode, "polish_refinement", Verdict::Person, &["The script is ready to be signed."]);
        self.pass(900);
        self.approve(episode, "polish_refinement");
    }

    /// A provider's bill is read that has so many of its calls under way, at so many hundredths of what they cost.
    pub(crate) fn bill(&mut self, provider: Provider, percent: i128, most: usize) {
        let episodes = self.studio.episodes.clone();
        let calls = || {
            let calls = episodes.values().flat_map(|episode| &episode.calls);
            calls.filter(|(_, call)| call.route.provider == provider && call.spent() > MicroUsd::ZERO).take(most)
        };
        let charges: Vec<Charge> = calls()
            .map(|(_, call)| Charge {
                line: 2,
                on: TimeZone::UTC.to_datetime(call.at).date(),
                model: call.route.model.clone(),
                pico: i128::from(call.spent().0) * 10_000 * percent,
                step: 1,
                request_id: None,
            })
            .collect();
        let found = reconcile(provider, calls(), &charges).unwrap();
        let list = BillList { found, lines: lines(provider, calls(), &charges) };
        let hash = self.blob(&list);
        let bill = ReadBill::new(ContentHash::of(b"bill"), None, hash, &list);
        self.own(Event::BillReconciled { bill: Box::new(bill) });
    }

    /// The studio as the console sees it.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        let period = Period::of(self.at);
        let limits = Limits::default();
        let waits = lane::waits(&self.studio, &limits, self.at);
        let lanes = lane::lanes(&self.studio, &limits, self.at, &waits);
        Arc::new(Snapshot {
            provenance: self.studio.provenance.unwrap(),
            seq: self.studio.seq,
            at: self.at,
            episodes: self.studio.episodes.values().cloned().collect(),
            past: self.past.len(),
            next_number: self.studio.next_number(),
            feed: self.feed.clone().into(),
            period,
            today: Purse::new(&self.studio, Scope::Day(period.day)),
            month: Purse::new(&self.studio, Scope::Month(period.month)),
            in_flight: self.studio.in_flight.clone(),
            lanes,
            waits: lane::of_stages(waits, 200),
            bills: self.studio.bills.as_slice().into(),
            space: None,
            halted: self.halted.clone(),
        })
    }
}

/// The studio of the tests on a bad day: one vendor is down, another asks for a pause, and calls wait for both.
pub(crate) fn bad_day() -> World {
    let mut world = world();
    let failed = |key: &IntentKey, class, told: Told| Event::CallFailed {
        key: key.clone(),
        class,
        message: "the model is overloaded".into(),
        price: MicroUsd::ZERO,
        not_before: None,
        usage: Usage::default(),
        bill: None,
        request_id: None,
        told,
    };
    let later = |world: &World, seconds| world.at.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    let key = |episode: u32, stage: &str, unit, attempt| IntentKey {
        episode: EpisodeNumber(episode),
        stage: id(stage),
        unit,
        attempt,
    };
    for attempt in 1..=5 {
        if attempt > 1 {
            world.call(44, "script", 0);
        }
        world.pass(2);
        world.of(44, failed(&key(44, "script", 0, attempt), RetryClass::RetryAfter, Told::default()));
    }
    let reason = "the model is overloaded".into();
    let until = later(&world, 60);
    world.own(Event::BreakerOpened { provider: Provider::Anthropic, until, failures: 5, reason });
    let told = Told { most: Some(2), until: Some(later(&world, 20)) };
    world.of(41, failed(&key(41, "voice", 9, 1), RetryClass::LowerConcurrency, told));
    world.pass(12);
    world
}

/// The studio of the tests, built once.
pub(crate) fn world() -> World {
    static WORLD: std::sync::OnceLock<World> = std::sync::OnceLock::new();
    WORLD.get_or_init(built).clone()
}

fn built() -> World {
    let mut world = World::empty(Provenance::Rehearsal);
    // Past ones: packaged, and rejected.
    world.begin(39, "Bees in winter", 6_000_000);
    world.up_to_script(39, &script(false));
    world.up_to_fixes(39);
    world.up_to_voice(39, &script(true));
    world.prepare(39, "voice", 1);
    let key = world.call(39, "voice", 0);
    world.answer(&key, 220_000, ContentHash::of(b"take"), None);
    world.done(39, "voice", ContentHash::of(b"speech"), None);
    world.agent(39, "show_notes", 12_000, ContentHash::of(b"notes"), None);
    world.judged(39, "audio_processing", Verdict::Passed, &[]);
    world.judged(39, "final_release", Verdict::Person, &["All is there."]);
    world.approve(39, "final_release");
    world.of(39, Event::Packaged { manifest: ContentHash::of(b"manifest") });
    world.begin(40, "Maps that lied", 6_000_000);
    world.up_to_script(40, &script(false));
    world.by_ada(40, Event::Rejected { reason: "Too close to episode 31.".into() });
    // Under way.
    world.begin(41, "Salt, the first money", 6_000_000);
    world.up_to_script(41, &script(false));
    world.up_to_fixes(41);
    world.up_to_voice(41, &script(true));
    world.prepare(41, "voice", 12);
    for unit in 0..9 {
        let key = world.call(41, "voice", unit);
        world.pass(3);
        world.answer(&key, 14_100, ContentHash::of(format!("take {unit}").as_bytes()), None);
    }
    world.call(41, "voice", 9);
    world.begin(42, "Tidal power, again", 6_000_000);
    let first = world.up_to_script(42, &script(false));
    world.up_to(42, &first_judgements(), &Arbitration::default(), &first_fixes());
    world.weighed(42, &script(false), &first_judgements(), Arbitration::default());
    world.pass(300);
    world.send_back(42, "quality_evaluation", first);
    world.script(42, &script(true));
    world.up_to_fixes(42);
    world.weighed(42, &script(true), &judgements(), advised());
    world.pass(240);
    world.begin(43, "Ghost ships of the ice", 6_000_000);
    world.up_to_script(43, &script(false));
    world.prepare(43, "judge_b", 1);
    let key = world.call(43, "judge_b", 0);
    world.of(43, Event::ChargeUncertain { key: key.clone(), reason: "the connection broke after 3.1 kB".into() });
    world.of(43, Event::NeedOpened { need: Need::Charge { key } });
    world.prepare(43, "judge_a", 1);
    world.call(43, "judge_a", 0);
    world.pass(120);
    world.begin(44, "Why concrete cracks", 6_000_000);
    for stage in ["brief", "plan"] {
        world.agent(44, stage, 80_000, ContentHash::of(format!("{stage}44").as_bytes()), None);
    }
    world.prepare(44, "script", 1);
    world.call(44, "script", 0);
    world.pass(47);
    world.begin(45, "Night trains return", 300_000);
    let (worst, input) = (MicroUsd(412_700), world.input(45, "brief"));
    let request = ContentHash::of(b"the first call of 045");
    let units = vec![UnitPlan { unit: 0, request, worst, route: None, window: None }];
    world.of(45, Event::StagePrepared { stage: id("brief"), input, units, last: true });
    let need = Need::Cap {
        stage: id("brief"),
        scope: Scope::Episode(EpisodeNumber(45)),
        cap: MicroUsd(300_000),
        committed: MicroUsd::ZERO,
        worst,
    };
    world.of(45, Event::NeedOpened { need });
    world.pass(33);
    let mut streaming = CallProgress::default();
    streaming.push(
        r#"{"script":{"title":"Why concrete cracks","segments":[{"id":"hook","lines":[{"id":"L001","speaker":"HOST","text":"Stand on any bridge built in the sixties and look down."},{"id":"L002","speaker":"GUEST","text":"You will see a map. Hairlines."},{"id":"L003","speaker":"HOST","text":"A map of what?"},{"id":"L004","speaker":"GUEST","text":"Of water, finding its way to the steel. Concrete does not fail where it is weak. It fails where it is w"#,
    );
    streaming.count(5_210);
    let key = "044-script-0-1".parse().unwrap();
    world.progress.calls.insert(key, Arc::new(streaming));
    world
}
