//! Kills the engine with `SIGKILL` at every kind of moment, against servers in another process, and starts it again.
//!
//! The child is this very test binary, which runs the engine when it finds its orders in the environment; the servers and
//! their meter live in the parent and outlive every kill. `GREENROOM_KILL_POINTS` sets how many kills there are.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and a child gets its orders through the environment"
)]

mod batches;
mod damage;
#[path = "../support/dice.rs"]
mod dice;
mod faulty;
mod garbler;
mod killer;
mod panics;
mod providers;
mod quota;
#[path = "../support/secrets.rs"]
mod secrets;
mod space;
mod spools;
#[path = "../support/studio.rs"]
mod studio;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use greenroom::domain::event::{Event, Uncertain};
use greenroom::domain::ids::{EpisodeNumber, IntentKey};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::sent::SentKey;
use greenroom::engine::handle::NewEpisode;
use greenroom::engine::open::open;
use greenroom::ledger::codec;
use greenroom::ledger::disk::{Disk, RealDisk};
use greenroom::ledger::journal::{Checkpoint, Journal};
use greenroom::rehearsal::{Counts, Options, Reading, Rehearsal};

use crate::dice::Dice;
use crate::killer::{Act, KillerDisk, Moment};
use crate::studio::{decide_until_over, new_episode, options, person};

const EPISODE: EpisodeNumber = EpisodeNumber(1);

/// The show of the child's episode, where it is not the usual one.
const SHOW: &str = "GREENROOM_TEST_SHOW";

/// The child: makes one episode to its end, unless it is killed.
#[test]
fn child() {
    let Ok(base) = std::env::var("GREENROOM_TEST_BASE") else { return };
    let data = PathBuf::from(std::env::var("GREENROOM_TEST_DATA").unwrap());
    let disk: Arc<dyn Disk> = match std::env::var("GREENROOM_TEST_KILL") {
        Ok(orders) => {
            let [act, moment, nth] = orders.split(':').collect::<Vec<_>>().try_into().unwrap();
            let (act, moment) = (Act::parse(act).unwrap(), Moment::parse(moment).unwrap());
            Arc::new(KillerDisk::new(act, moment, nth.parse().unwrap()))
        }
        Err(_) => Arc::new(RealDisk),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (handle, _) = open(providers::of_child(options(&data, &base, disk, Uncertain::Ask)), runtime.handle()).unwrap();
    runtime.block_on(async {
        let mut snapshots = handle.snapshots();
        let snapshot = snapshots.wait_for(|snapshot| snapshot.seq > 0).await.unwrap().clone();
        if snapshot.episodes.is_empty() && snapshot.past == 0 {
            let usual = new_episode("kilogram.md", 1);
            let show = std::env::var(SHOW).unwrap_or_else(|_| usual.show.clone());
            handle.begin(person(), NewEpisode { show, ..usual }).await.unwrap();
            snapshots.wait_for(|snapshot| !snapshot.episodes.is_empty()).await.unwrap();
        }
        decide_until_over(&handle, &[EPISODE], Duration::from_secs(60), false).await.unwrap();
        handle.shutdown().await;
    });
}

fn run_child(base: &str, data: &Path, orders: Option<(Moment, u64)>, after: Option<Duration>) -> ExitStatus {
    run_ordered(base, data, orders.map(|(moment, nth)| (Act::Kill, moment, nth)), after)
}

fn run_ordered(base: &str, data: &Path, orders: Option<(Act, Moment, u64)>, after: Option<Duration>) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]).env("GREENROOM_TEST_BASE", base).env("GREENROOM_TEST_DATA", data);
    if let Some((act, moment, nth)) = orders {
        command.env("GREENROOM_TEST_KILL", format!("{act:?}:{moment:?}:{nth}"));
    }
    let log = fs::File::create(data.join("child.log")).unwrap();
    command.stdout(log.try_clone().unwrap()).stderr(log);
    let mut child = command.spawn().unwrap();
    if let Some(after) = after {
        std::thread::sleep(after);
        // It may have ended already.
        let _ = child.kill();
    }
    child.wait().unwrap()
}

fn journal(data: &Path) -> Vec<greenroom::domain::event::Stamped> {
    let mut all = Vec::new();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let mut take = |entry| all.push(codec::stamped(&entry).unwrap());
    match Journal::view(disk, &data.join("rehearsal"), Checkpoint::START, &mut take) {
        Ok((_, opened)) => assert_eq!(opened.read_only, None),
        // Killed before there was one.
        Err(greenroom::ledger::journal::JournalError::Missing { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    all
}

fn package(data: &Path) -> BTreeMap<String, Vec<u8>> {
    fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(root, &path, files);
            } else {
                files.insert(path.strip_prefix(root).unwrap().display().to_string(), fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    let packages: Vec<PathBuf> =
        fs::read_dir(data.join("rehearsal/packages")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(packages.len(), 1, "{packages:?}");
    gather(&packages[0], &packages[0], &mut files);
    files
}

/// What differs between two ways to the same episode: money, times and attempts; everything else is the same bytes.
fn is_the_episodes_own(name: &str) -> bool {
    !matches!(name, "costs.json" | "costs.csv" | "approvals.json" | "manifest.json")
}

#[test]
fn kills_at_every_moment_lose_nothing_and_pay_nothing_twice() {
    if std::env::var("GREENROOM_TEST_BASE").is_ok() {
        return;
    }
    let points: usize = std::env::var("GREENROOM_KILL_POINTS").map_or(30, |text| text.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let start = || Options { seed: 7, pace: 0.0, ..Options::default() };
    let servers = runtime.block_on(Rehearsal::start(start())).unwrap();
    let base = format!("http://{}", servers.addr());
    let folder = tempfile::tempdir().unwrap();

    let unkilled = folder.path().join("unkilled");
    fs::create_dir(&unkilled).unwrap();
    let status = run_child(&base, &unkilled, None, None);
    assert!(status.success(), "{}", fs::read_to_string(unkilled.join("child.log")).unwrap());
    let wanted = package(&unkilled);
    runtime.block_on(servers.stop(Duration::from_secs(1)));

    let mut dice = Dice::new(11);
    let mut hit: BTreeMap<String, usize> = BTreeMap::new();
    let mut kills = 0;
    let mut round = 0;
    while kills < points {
        round += 1;
        assert!(round <= points + 20, "episodes end without being killed: {hit:?}");
        // Servers of its own for each episode, so that keys of two episodes are not the same keys.
        let servers = runtime.block_on(Rehearsal::start(start())).unwrap();
        let base = format!("http://{}", servers.addr());
        let data = folder.path().join(format!("round-{round}"));
        fs::create_dir(&data).unwrap();
        let mut committed = Vec::new();
        let mut here = 0;
        loop {
            let wants_more = kills < points && here < 11;
            // Of ten: two kills by the clock, four at a moment, four faults of the disk.
            let kind = dice.roll(10);
            let rarest = |acts: &[Act]| {
                let all = acts.iter().flat_map(|act| Moment::ALL.map(|moment| (*act, moment)));
                all.min_by_key(|pair| hit.get(&format!("{pair:?}")).copied().unwrap_or(0))
            };
            let (orders, after) = match (wants_more, kind) {
                (false, _) => (None, None),
                (true, 0..2) => (None, Some(Duration::from_millis(dice.roll(500)))),
                (true, 2..6) => (rarest(&[Act::Kill]).map(|(act, moment)| (act, moment, 1 + dice.roll(6))), None),
                (true, _) => (rarest(&Act::FAULTS).map(|(act, moment)| (act, moment, 1 + dice.roll(6))), None),
            };
            let status = run_ordered(&base, &data, orders, after);
            let now = journal(&data);
            assert!(now.starts_with(&committed), "what was committed is still there");
            committed = now;
            let log = || fs::read_to_string(data.join("child.log")).unwrap();
            let name = orders.map_or("Random".to_owned(), |(act, moment, _)| format!("{:?}", (act, moment)));
            use std::os::unix::process::ExitStatusExt;
            let is_fault = orders.is_some_and(|(act, ..)| act != Act::Kill);
            if is_fault {
                // A fault that is met without an end of the process counts too.
                *hit.entry(name).or_default() += 1;
                kills += 1;
                here += 1;
                if !status.success() {
                    // The studio stops at a write of its journal that fails, and says what is safe.
                    let said = log();
                    assert_eq!(status.signal(), None, "{orders:?}: {said}");
                    let words = ["safe", "unchanged", "a planted fault"];
                    assert!(words.iter().any(|word| said.contains(word)), "{orders:?}: {said}");
                    continue;
                }
                break;
            }
            if status.success() {
                break;
            }
            assert_eq!(status.signal(), Some(9), "{orders:?}: {}", log());
            *hit.entry(name).or_default() += 1;
            kills += 1;
            here += 1;
        }
        check_money(&committed, &servers.meter());
        check_rest(&committed);
        let made = package(&data);
        assert_eq!(made.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
        for (name, bytes) in made.iter().filter(|(name, _)| is_the_episodes_own(name)) {
            assert!(wanted[name] == *bytes, "{name} differs in round {round}");
        }
        runtime.block_on(servers.stop(Duration::from_secs(1)));
    }
    eprintln!("{kills} kills in {round} episodes: {hit:?}");
    if points >= 60 {
        for moment in Moment::ALL {
            assert!(hit.contains_key(&format!("{:?}", (Act::Kill, moment))), "{moment:?} was never hit: {hit:?}");
        }
    }
}

/// What the servers counted of a call.
fn metered(meter: &Reading, key: &IntentKey) -> Counts {
    let is_sent = |sent: &&String| sent.parse::<SentKey>().is_ok_and(|sent| sent.key == *key);
    meter.keys[meter.keys.keys().find(is_sent).unwrap()].counts
}

/// At rest nothing is held and nothing is under way.
fn check_rest(events: &[greenroom::domain::event::Stamped]) {
    let mut studio = greenroom::domain::studio::Studio::default();
    for stamped in events {
        studio.apply(stamped).unwrap();
    }
    assert!(studio.episodes.is_empty(), "the episode is over and no charge of it is open");
    assert_eq!(studio.in_flight.values().sum::<u32>(), 0);
    assert_eq!(studio.budget.uncertain().count(), 0);
}

/// No key completes twice at the meter, and every completion is a recorded charge or an uncertain one.
fn check_money(events: &[greenroom::domain::event::Stamped], meter: &Reading) {
    let mut settled: BTreeSet<IntentKey> = BTreeSet::new();
    let mut uncertain: BTreeSet<IntentKey> = BTreeSet::new();
    for stamped in events {
        match &stamped.event {
            Event::CallSettled { key, .. } => {
                assert!(settled.insert(key.clone()), "{key} is settled twice");
                // An answer that could not be kept at first is found later.
                uncertain.remove(key);
            }
            Event::ChargeUncertain { key, .. } => assert!(uncertain.insert(key.clone()), "{key} is lost twice"),
            _ => {}
        }
    }
    let mut called: BTreeSet<IntentKey> = BTreeSet::new();
    for (sent, counts) in &meter.keys {
        assert!(counts.counts.completions <= 1, "{sent} completed {} times", counts.counts.completions);
        let SentKey { key, .. } = sent.parse().unwrap();
        called.insert(key.clone());
        if counts.counts.completions == 1 {
            let recorded = u8::from(settled.contains(&key)) + u8::from(uncertain.contains(&key));
            assert_eq!(recorded, 1, "{key} completed at the provider and is in the ledger {recorded} times");
        }
    }
    for key in &settled {
        assert!(called.contains(key), "{key} is settled and was never called");
    }
}
