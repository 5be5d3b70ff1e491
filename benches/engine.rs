//! What the engine costs, beside what the disk costs: the same bytes, one sync a step, in the same folder.
//!
//! `cargo bench --bench engine` prints a table; `GREENROOM_BENCH_DIR` chooses the file system. Every figure is a ratio
//! against something that ran beside it, or is only reported.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints its table and reads the clock by itself"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom::clock::Clock;
use greenroom::config::environment::Environment;
use greenroom::config::models::Models;
use greenroom::config::pipeline::PipelineFile;
use greenroom::config::prices::Prices;
use greenroom::config::settings::Settings;
use greenroom::domain::budget::{Caps, Scope};
use greenroom::domain::call::{Provider, Route, Usage};
use greenroom::domain::command::{Command, Start};
use greenroom::domain::episode::Episode;
use greenroom::domain::event::{Need, Person, Pin, Policy, Provenance, Uncertain, UnitPlan, Verdict};
use greenroom::domain::handoff::Contract;
use greenroom::domain::ids::{ContentHash, EpisodeNumber, StageId};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::pipeline::{Human, Kind, Stage};
use greenroom::domain::plan::Limits;
use greenroom::domain::step::{Advice, CallAnswer, CallStep, Done, GateJudged, Output, Step, Work};
use greenroom::engine::executor::{Calling, Tell, Worker};
use greenroom::engine::handle::Handle;
use greenroom::engine::open::{Found, OpenOptions, open_with};
use greenroom::engine::stop::Stop;
use greenroom::ledger::disk::{self, Disk, DiskFile, Listed, RealDisk};
use greenroom::ledger::journal::{Checkpoint, Journal};
use greenroom::prompts::library::Library;
use greenroom::provider::transport;
use greenroom::tui::{ConsoleOptions, Still};
use tokio::runtime::Runtime;

const STEPS: usize = 10;

/// Work that takes a set time and hands on 2 KB in the event itself.
struct StandIn {
    takes: BTreeMap<StageId, Duration>,
}

impl StandIn {
    fn instant() -> Arc<dyn Worker> {
        Arc::new(Self { takes: BTreeMap::new() })
    }

    fn pause(&self, stage: &StageId) -> Duration {
        self.takes.get(stage).copied().unwrap_or_default()
    }
}

/// Twelve reasons of 170 characters: two kilobytes of result.
fn result() -> Vec<String> {
    vec!["r".repeat(170); 12]
}

impl Worker for StandIn {
    fn work(&self, _: &Episode, step: &Step, _: &Stop) -> Result<Done, String> {
        let hash = ContentHash::of_parts([step.stage.as_str().as_bytes(), step.inputs.hash.as_bytes().as_slice()]);
        let output = Output { hash, words: None };
        Ok(match &step.work {
            Work::Prepare => Done::Prepared(vec![UnitPlan {
                unit: 0,
                request: hash,
                worst: MicroUsd(10),
                route: None,
                window: None,
            }]),
            Work::Correct { unit, request, .. } => Done::Corrected(UnitPlan {
                unit: *unit,
                request: *request,
                worst: MicroUsd(10),
                route: None,
                window: None,
            }),
            Work::Accept { unit, .. } => Done::Accepted { unit: *unit, output, claimed_words: None },
            Work::Turn { .. } => return Err("no stage here is a talk".to_owned()),
            Work::Join { .. } | Work::Render => Done::Made(output),
            Work::Evaluate => {
                let (verdict, reasons, report) = (Verdict::Passed, result(), hash);
                Done::Evaluated(GateJudged { verdict, reasons, report, open: vec![], remedy: None, fall_back: None })
            }
        })
    }

    fn call(self: Arc<Self>, step: CallStep, _: Tell) -> Calling {
        let pause = self.pause(&step.key.stage);
        Box::pin(async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Ok(CallAnswer {
                answer: step.request,
                usage: Usage { input: 100, output: 100, ..Usage::default() },
                price: MicroUsd(5),
                machine_ms: 1,
                request_id: None,
                bill: None,
                advice: Advice::default(),
            })
        })
    }
}

fn stage(id: &str, kind: Kind, inputs: &[String], output: Contract) -> Stage {
    Stage {
        id: id.parse().unwrap(),
        title: id.to_owned(),
        kind,
        agent: (kind == Kind::Agent).then(|| "agent".to_owned()),
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
    }
}

fn pin(stage: Stage) -> Pin {
    let route = match stage.kind {
        Kind::Agent | Kind::Speech => Some(Route { provider: Provider::Anthropic, model: "m".to_owned() }),
        Kind::Panel | Kind::Evaluate | Kind::Gate | Kind::Master | Kind::Render => None,
    };
    Pin { stage, prompt: None, revise: None, route, fallback: None, further: vec![], cheaper: None, seats: vec![] }
}

/// Ten steps in a chain behind one that makes their first input.
fn chain(kind: Kind, output: Contract) -> Vec<Pin> {
    let mut pins = vec![pin(stage("first", Kind::Render, &[], Contract::Research))];
    let mut before = "first".to_owned();
    for n in 0..STEPS {
        let id = format!("step_{n}");
        pins.push(pin(stage(&id, kind, std::slice::from_ref(&before), output)));
        before = id;
    }
    pins
}

/// The real disk with a wait added to each sync, as slower disks have it.
#[derive(Debug)]
struct SlowDisk(Duration);

struct SlowFile(Box<dyn DiskFile>, Duration);

impl DiskFile for SlowFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        std::thread::sleep(self.1);
        self.0.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.truncate(len)
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.0.try_lock()
    }

    fn standing(&self, path: &Path) -> io::Result<disk::Standing> {
        self.0.standing(path)
    }
}

impl Disk for SlowDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(SlowFile(RealDisk.create(path)?, self.0)))
    }

    fn create_new(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_new(path)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(SlowFile(RealDisk.append(path)?, self.0)))
    }

    fn patch(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        RealDisk.patch(path, at, bytes)
    }

    fn reader(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        RealDisk.reader(path, from)
    }

    fn kind(&self, path: &Path) -> io::Result<Option<disk::Kind>> {
        RealDisk.kind(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        RealDisk.list(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir(path)
    }
}

fn options(dir: &Path, disk: Arc<dyn Disk>) -> OpenOptions {
    let environment = Environment::of::<String, String>([], 1000).unwrap();
    let limits =
        Limits { slots: Provider::ALL.into_iter().map(|p| (p, 1_000)).collect(), reuse: false, ..Limits::default() };
    OpenOptions {
        dir: dir.to_owned(),
        config: dir.join("config"),
        provenance: Provenance::Rehearsal,
        clock: Clock::system(),
        disk,
        settings: Settings::layered(None, &environment, &[]).unwrap(),
        models: Models::built_in().unwrap(),
        prices: Prices::built_in().unwrap(),
        prompts: Library::built_in().unwrap(),
        endpoints: BTreeMap::new(),
        limits,
        exchange: transport::Limits::default(),
        uncertain: Uncertain::Resend,
    }
}

fn person() -> Person {
    Person::new("Bench", "bench").unwrap()
}

fn start(number: u32, pins: Vec<Pin>) -> Command {
    let episode = EpisodeNumber(number);
    Command::Start(Box::new(Start {
        episode,
        title: format!("Episode {number}"),
        show: "bench".to_owned(),
        research: ContentHash::of(&number.to_le_bytes()),
        profile: ContentHash::of(b"profile"),
        policy: Policy::usual(Uncertain::Resend, (1, 2), 150),
        caps: Caps::from([(Scope::Episode(episode), MicroUsd(1_000_000_000))]),
        projected: MicroUsd(1),
        pins,
    }))
}

fn opened(runtime: &Runtime, dir: &Path, worker: Arc<dyn Worker>) -> (Handle, Found) {
    opened_on(runtime, dir, worker, Arc::new(RealDisk))
}

fn opened_on(runtime: &Runtime, dir: &Path, worker: Arc<dyn Worker>, disk: Arc<dyn Disk>) -> (Handle, Found) {
    let (handle, found) = open_with(options(dir, disk), Some(worker), runtime.handle()).unwrap();
    let mut snapshots = handle.snapshots();
    runtime.block_on(async { snapshots.wait_for(|snapshot| snapshot.seq > 0).await.unwrap().seq });
    (handle, found)
}

/// Keeps `at_once` episodes under way until `count` are past; seconds that it took.
async fn run(handle: &Handle, first: u32, count: u32, at_once: u32, pins: &[Pin]) -> f64 {
    let mut snapshots = handle.snapshots();
    let began = Instant::now();
    let (mut started, mut next) = (0, first);
    let past_before = snapshots.borrow().past;
    loop {
        let past = u32::try_from(snapshots.borrow_and_update().past - past_before).unwrap();
        if past >= count {
            return began.elapsed().as_secs_f64();
        }
        let mut answers = Vec::new();
        while started < count && started - past < at_once {
            let command = start(next, pins.to_vec());
            let handle = handle.clone();
            answers.push(async move { handle.command(person(), command).await.unwrap() });
            started += 1;
            next += 1;
        }
        futures_util::future::join_all(answers).await;
        let enough = |snapshot: &Arc<greenroom::engine::snapshot::Snapshot>| {
            u32::try_from(snapshot.past - past_before).unwrap() > past
        };
        snapshots.wait_for(enough).await.unwrap();
    }
}

/// The sizes of the batches of a journal, from a line on.
fn batches(dir: &Path, from: u64) -> Vec<u64> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let (mut sizes, mut begin) = (Vec::new(), 0);
    let mut take = |entry: greenroom::ledger::journal::Entry| {
        if let Some(end) = entry.checkpoint() {
            if entry.seq > from {
                sizes.push(end.offset - begin);
            }
            begin = end.offset;
        }
    };
    Journal::view(disk, dir, Checkpoint::START, &mut take).unwrap();
    sizes
}

/// Seconds that the bare disk takes for these writes, one sync each.
fn floor(disk: &dyn Disk, dir: &Path, sizes: &[u64]) -> f64 {
    let path = dir.join("floor");
    let mut file = disk.create(&path).unwrap();
    let bytes = vec![b'x'; usize::try_from(sizes.iter().copied().max().unwrap_or(1)).unwrap()];
    let began = Instant::now();
    for size in sizes {
        file.write(&bytes[..usize::try_from(*size).unwrap()]).unwrap();
        file.sync_data().unwrap();
    }
    let took = began.elapsed().as_secs_f64();
    drop(file);
    fs::remove_file(path).unwrap();
    took
}

fn row(name: &str, figure: String, beside: String) {
    println!("| {name} | {figure} | {beside} |");
}

fn close(runtime: &Runtime, handle: Handle) {
    runtime.block_on(handle.shutdown());
    drop(handle);
    // The engine's thread lets go of the lock right after it has answered.
    std::thread::sleep(Duration::from_millis(50));
}

/// What a chain costs, one episode at a time and 64 at once, beside the floor: in turns, so that all see the same disk.
struct Rates {
    one: f64,
    many: f64,
    floor: f64,
    syncs: f64,
    sync_ms: f64,
    journal_bytes: f64,
}

const ROUNDS: u32 = 10;

fn rates(runtime: &Runtime, dir: &Path, pins: &[Pin], disk: &Arc<dyn Disk>) -> Rates {
    let (handle, _) = opened_on(runtime, dir, StandIn::instant(), Arc::clone(disk));
    let (mut next, mut one, mut many, mut bare) = (1, 0.0, 0.0, 0.0);
    let (mut syncs, mut bytes) = (0, 0);
    for _ in 0..ROUNDS {
        let before = handle.snapshots().borrow().seq;
        one += runtime.block_on(run(&handle, next, 8, 1, pins));
        let sizes = batches(dir, before);
        bare += floor(disk.as_ref(), dir, &sizes);
        syncs += sizes.len();
        bytes += sizes.iter().sum::<u64>();
        many += runtime.block_on(run(&handle, next + 8, 128, 64, pins));
        next += 136;
    }
    close(runtime, handle);
    let episodes = f64::from(8 * ROUNDS);
    Rates {
        one: episodes / one,
        many: f64::from(128 * ROUNDS) / many,
        floor: episodes / bare,
        syncs: syncs as f64 / episodes,
        sync_ms: 1_000.0 * bare / syncs as f64,
        journal_bytes: bytes as f64 / episodes,
    }
}

fn throughput(runtime: &Runtime, root: &Path) {
    let (local_steps, paid_steps) = (chain(Kind::Gate, Contract::Report), chain(Kind::Agent, Contract::Brief));
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let local = rates(runtime, &root.join("local"), &local_steps, &disk);
    let paid = rates(runtime, &root.join("paid"), &paid_steps, &disk);
    let slow: Arc<dyn Disk> = Arc::new(SlowDisk(Duration::from_millis(2)));
    let waiting = rates(runtime, &root.join("waiting"), &local_steps, &slow);
    let payload = STEPS as f64 * result().iter().map(String::len).sum::<usize>() as f64;
    row("a sync of the disk", format!("{:.2} ms", local.sync_ms), "under 0.2 ms the ratios below only report".into());
    for (name, rates) in [
        ("ten local steps", &local),
        ("ten paid steps", &paid),
        ("ten local steps with 2 ms added to a sync", &waiting),
    ] {
        row(
            &format!("{name}, one episode at a time"),
            format!("{:.1} episodes/s", rates.one),
            format!(
                "{:.0} % of the floor ({:.1}/s, {:.1} syncs an episode)",
                100.0 * rates.one / rates.floor,
                rates.floor,
                rates.syncs
            ),
        );
        row(
            &format!("{name}, 64 at once"),
            format!("{:.1} episodes/s", rates.many),
            format!("{:.1} times the floor", rates.many / rates.floor),
        );
    }
    row("journal bytes per payload byte", format!("{:.2}", local.journal_bytes / payload), "2 KB results".into());
}

/// The default pipeline with calls that take a set time: how long it takes beside its critical path.
fn makespan(runtime: &Runtime, root: &Path) {
    let source = include_str!("../assets/pipelines/episode.toml");
    let file = PipelineFile::parse("episode.toml", source).unwrap();
    let stages: Vec<Stage> = file
        .pipeline
        .stages()
        .iter()
        .cloned()
        .map(|mut stage| {
            stage.human = stage.human.map(|_| Human::Never);
            stage
        })
        .collect();
    let takes: BTreeMap<StageId, Duration> = stages
        .iter()
        .enumerate()
        .filter(|(_, stage)| matches!(stage.kind, Kind::Agent | Kind::Speech))
        .map(|(n, stage)| (stage.id.clone(), Duration::from_millis(600 + 100 * (n as u64 % 5))))
        .collect();
    let mut ends: BTreeMap<StageId, Duration> = BTreeMap::new();
    for stage in &stages {
        let begins = stage.inputs.iter().chain(&stage.after).map(|id| ends[id]).max().unwrap_or_default();
        ends.insert(stage.id.clone(), begins + takes.get(&stage.id).copied().unwrap_or_default());
    }
    let path = ends.values().max().unwrap().as_secs_f64();
    let (handle, _) = opened(runtime, &root.join("makespan"), Arc::new(StandIn { takes }));
    let pins: Vec<Pin> = stages.into_iter().map(pin).collect();
    let took = runtime.block_on(run(&handle, 1, 1, 1, &pins));
    close(runtime, handle);
    row(
        "makespan of the default pipeline",
        format!("{took:.2} s"),
        format!("{:.3} of the critical path ({path:.1} s)", took / path),
    );
}

fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A hundred episodes that wait for people, closed and opened again; the peak of memory by then.
fn resume(runtime: &Runtime, root: &Path) {
    let dir = root.join("resume");
    let mut pins = chain(Kind::Gate, Contract::Report);
    pins[8].stage.human = Some(Human::Always);
    let (handle, _) = opened(runtime, &dir, StandIn::instant());
    runtime.block_on(async {
        for number in 1..=100 {
            handle.command(person(), start(number, pins.clone())).await.unwrap();
        }
        let mut snapshots = handle.snapshots();
        let waits = |e: &Arc<Episode>| e.needs.iter().any(|open| matches!(open.need, Need::Gate { .. }));
        snapshots.wait_for(|s| s.episodes.len() == 100 && s.episodes.iter().all(waits)).await.unwrap();
    });
    close(runtime, handle);
    let began = Instant::now();
    let (handle, _) = opened(runtime, &dir, StandIn::instant());
    let warm = began.elapsed();
    close(runtime, handle);
    fs::remove_dir_all(dir.join("state")).unwrap();
    let began = Instant::now();
    let (handle, found) = opened(runtime, &dir, StandIn::instant());
    let cold = began.elapsed();
    close(runtime, handle);
    row(
        "resume with 100 under way",
        format!("{:.0} ms", warm.as_secs_f64() * 1e3),
        format!("{:.0} ms from the journal alone ({} events)", cold.as_secs_f64() * 1e3, found.replayed),
    );
    if let Some(kib) = peak_memory() {
        row("peak memory with 100 under way", format!("{:.0} MB", kib as f64 / 1024.0), "of the process".into());
    }
}

/// Ten thousand past episodes: opening replays the tail only.
fn opening(runtime: &Runtime, root: &Path) {
    let dir = root.join("opening");
    let pins = vec![pin(stage("first", Kind::Render, &[], Contract::Research))];
    let (handle, _) = opened(runtime, &dir, StandIn::instant());
    runtime.block_on(run(&handle, 1, 10_000, 256, &pins));
    close(runtime, handle);
    let began = Instant::now();
    let (handle, found) = opened(runtime, &dir, StandIn::instant());
    let tail = began.elapsed();
    let lines = handle.snapshots().borrow().seq;
    let began = Instant::now();
    let past = runtime.block_on(handle.past()).unwrap().len();
    let browse = began.elapsed();
    close(runtime, handle);
    fs::remove_dir_all(dir.join("state")).unwrap();
    let began = Instant::now();
    let (handle, _) = opened(runtime, &dir, StandIn::instant());
    let whole = began.elapsed();
    close(runtime, handle);
    row(
        "opening with 10,000 past episodes",
        format!("{:.0} ms, {} of {lines} events replayed", tail.as_secs_f64() * 1e3, found.replayed),
        format!(
            "{:.1} times as fast as from the journal alone ({:.1} s)",
            whole.as_secs_f64() / tail.as_secs_f64(),
            whole.as_secs_f64()
        ),
    );
    row(
        "listing what 10,000 past episodes cost",
        format!("{:.0} ms", browse.as_secs_f64() * 1e3),
        format!("{past} rows of the index"),
    );
}

/// Frames of the dashboard with a thousand episodes under way, each after a new snapshot.
fn frames(runtime: &Runtime, root: &Path) {
    let mut pins = chain(Kind::Gate, Contract::Report);
    pins[5].stage.human = Some(Human::Always);
    let (handle, _) = opened(runtime, &root.join("frames"), StandIn::instant());
    let snapshot = runtime.block_on(async {
        for number in 1..=1_000 {
            handle.command(person(), start(number, pins.clone())).await.unwrap();
        }
        let mut snapshots = handle.snapshots();
        let all_wait =
            snapshots.wait_for(|s| s.episodes.len() == 1_000 && s.episodes.iter().all(|e| !e.needs.is_empty()));
        Arc::clone(&all_wait.await.unwrap())
    });
    close(runtime, handle);
    let options = ConsoleOptions::new(person(), Provenance::Rehearsal);
    let mut still = Still::new(&options, Arc::clone(&snapshot), 200, 60);
    let mut drawn = 0;
    let began = Instant::now();
    for _ in 0..100 {
        drawn += still.draw().len();
    }
    let frame = began.elapsed().as_secs_f64() * 10.0;
    let began = Instant::now();
    for _ in 0..20 {
        still.follow(Arc::clone(&snapshot));
        drawn += still.draw().len();
    }
    let fresh = began.elapsed().as_secs_f64() * 50.0;
    assert!(drawn > 0);
    row(
        "a frame of the dashboard, 200x60, 1,000 under way",
        format!("{frame:.2} ms"),
        format!("{fresh:.2} ms with a new snapshot; at most one each 16 ms"),
    );
}

fn main() {
    let chosen = std::env::var_os("GREENROOM_BENCH_DIR").map(PathBuf::from);
    let folder = tempfile::tempdir_in(chosen.unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")))).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!("| what | figure | beside it |\n|---|---|---|");
    // First, so that the peak of memory is its own.
    resume(&runtime, folder.path());
    throughput(&runtime, folder.path());
    makespan(&runtime, folder.path());
    opening(&runtime, folder.path());
    frames(&runtime, folder.path());
}
