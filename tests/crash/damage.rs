//! A studio whose journal, head file, state or artifacts were cut, bent or swapped between two runs: each ends sound, or is only
//! read and says what is lost; nothing that was acknowledged vanishes without a word, and nothing is bought again.
//!
//! `GREENROOM_DAMAGES` sets how many there are: four in nine cut, four bend, one swaps.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use greenroom::domain::event::Uncertain;
use greenroom::engine::open::open;
use greenroom::ledger::disk::RealDisk;
use greenroom::rehearsal::{Options, Rehearsal};
use tokio::runtime::Runtime;

use crate::dice::Dice;
use crate::killer::Moment;
use crate::studio::{decide_until_over, options};
use crate::{EPISODE, journal, run_child};

/// A studio as a process left it.
struct Base {
    data: PathBuf,
    /// The bytes of the journal that were acknowledged.
    acknowledged: Vec<u8>,
    /// The calls that completed at the provider.
    completed: BTreeSet<String>,
}

fn start() -> Options {
    Options { seed: 7, pace: 0.0, ..Options::default() }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, target) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// How many bytes of the journal the head file says were acknowledged.
fn acknowledged(studio: &Path) -> usize {
    let text = fs::read_to_string(studio.join("head")).unwrap();
    let lengths = text.lines().filter_map(|place| serde_json::from_str::<serde_json::Value>(place).ok());
    usize::try_from(lengths.filter_map(|head| head["length"].as_u64()).max().unwrap()).unwrap()
}

/// One episode that is killed again and again, and how it stood each time; at last it is over.
fn bases(runtime: &Runtime, folder: &Path) -> Vec<Base> {
    let servers = runtime.block_on(Rehearsal::start(start())).unwrap();
    let base = format!("http://{}", servers.addr());
    let data = folder.join("base");
    fs::create_dir(&data).unwrap();
    let kills = [(Moment::JournalAfterSync, 9), (Moment::AnswerSpooled, 4), (Moment::JournalAfterWrite, 12)];
    let mut found = Vec::new();
    for orders in kills.into_iter().map(Some).chain([None]) {
        run_child(&base, &data, orders, None);
        let kept = folder.join(format!("base-{}", found.len()));
        copy(&data, &kept);
        let mut bytes = fs::read(kept.join("rehearsal/journal.jsonl")).unwrap();
        bytes.truncate(acknowledged(&kept.join("rehearsal")));
        let meter = servers.meter();
        let completed = meter.keys.iter().filter(|(_, counts)| counts.counts.completions > 0);
        let completed = completed.map(|(key, _)| key.clone()).collect();
        found.push(Base { data: kept, acknowledged: bytes, completed });
    }
    runtime.block_on(servers.stop(Duration::from_secs(1)));
    found
}

fn blobs(studio: &Path) -> Vec<PathBuf> {
    let shards = fs::read_dir(studio.join("blobs")).unwrap().map(|shard| shard.unwrap().path());
    let mut all: Vec<PathBuf> =
        shards.flat_map(|shard| fs::read_dir(shard).unwrap().map(|blob| blob.unwrap().path())).collect();
    all.sort();
    all
}

/// A file to be damaged: mostly the journal.
fn victim(dice: &mut Dice, studio: &Path) -> PathBuf {
    let all = blobs(studio);
    match dice.roll(10) {
        0..=5 => studio.join("journal.jsonl"),
        6 => studio.join("head"),
        7 => studio.join("state/db"),
        _ => all[pick(dice, all.len())].clone(),
    }
}

fn pick(dice: &mut Dice, many: usize) -> usize {
    usize::try_from(dice.roll(many as u64)).unwrap()
}

fn damage(dice: &mut Dice, kind: u64, studio: &Path, all: &[Base]) -> String {
    let file = victim(dice, studio);
    let name = file.strip_prefix(studio).unwrap().display().to_string();
    let mut bytes = fs::read(&file).unwrap_or_default();
    match kind {
        0..=3 => {
            let keep = pick(dice, bytes.len().max(1));
            bytes.truncate(keep);
            // Some disks put zeros where bytes were.
            if dice.roll(4) == 0 {
                bytes.resize(bytes.len() + pick(dice, 5_000), 0);
            }
            fs::write(&file, bytes).unwrap();
            format!("{name} cut to {keep} bytes")
        }
        4..=7 => {
            let at = pick(dice, bytes.len().max(1));
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.roll(8);
            }
            fs::write(&file, bytes).unwrap();
            format!("{name} bent at byte {at}")
        }
        _ => swap(dice, studio, all),
    }
}

/// Puts a part of another studio, or of the same one at another time, in place of this one's; or exchanges two files.
fn swap(dice: &mut Dice, studio: &Path, all: &[Base]) -> String {
    let from = pick(dice, all.len());
    let other = all[from].data.join("rehearsal");
    match dice.roll(6) {
        part @ 0..=3 => {
            let part = ["journal.jsonl", "head", "state", "blobs"][usize::try_from(part).unwrap()];
            let target = studio.join(part);
            if target.is_dir() {
                fs::remove_dir_all(&target).unwrap();
                copy(&other.join(part), &target);
            } else {
                fs::copy(other.join(part), &target).unwrap();
            }
            format!("{part} of {from}")
        }
        4 => {
            let all = blobs(studio);
            let (one, two) = (all[pick(dice, all.len())].clone(), all[pick(dice, all.len())].clone());
            exchange(&one, &two);
            "two artifacts exchanged".to_owned()
        }
        _ => {
            exchange(&studio.join("journal.jsonl"), &studio.join("head"));
            "journal and head exchanged".to_owned()
        }
    }
}

fn exchange(one: &Path, two: &Path) {
    let (first, second) = (fs::read(one).unwrap(), fs::read(two).unwrap());
    fs::write(one, second).unwrap();
    fs::write(two, first).unwrap();
}

/// What became of a damaged studio.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Ended {
    Sound,
    /// Damage further up than the opening replayed: found beside the work, which it stops.
    Stopped,
    ReadOnly,
    Refused,
}

fn check(runtime: &Runtime, base: &Base, data: &Path, what: &str) -> Ended {
    let studio = data.join("rehearsal");
    let servers = runtime.block_on(Rehearsal::start(start())).unwrap();
    let address = format!("http://{}", servers.addr());
    let before = fs::read(studio.join("journal.jsonl")).unwrap_or_default();
    let opened = open(options(data, &address, Arc::new(RealDisk), Uncertain::Ask), runtime.handle());
    let mut ended = match &opened {
        Ok((_, found)) if found.read_only.is_some() => Ended::ReadOnly,
        Ok(_) => Ended::Sound,
        Err(_) => Ended::Refused,
    };
    let mut said = match &opened {
        Ok((_, found)) => found.read_only.clone().unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    if let Ok((handle, _)) = opened {
        runtime.block_on(async {
            // A damaged artifact may keep it from its end.
            let _ = decide_until_over(&handle, &[EPISODE], Duration::from_secs(3), false).await;
            if ended == Ended::Sound && !fs::read(studio.join("journal.jsonl")).unwrap().starts_with(&base.acknowledged)
            {
                let mut snapshots = handle.snapshots();
                let halted = snapshots.wait_for(|snapshot| snapshot.halted.is_some());
                let halted = tokio::time::timeout(Duration::from_secs(30), halted).await;
                said = halted.unwrap_or_else(|_| panic!("{what}: not seen")).unwrap().halted.clone().unwrap();
                ended = Ended::Stopped;
            }
            handle.shutdown().await;
        });
    }
    let after = fs::read(studio.join("journal.jsonl")).unwrap_or_default();
    let calls: BTreeSet<String> = servers.meter().keys.keys().cloned().collect();
    match ended {
        Ended::Sound => {
            assert!(after.starts_with(&base.acknowledged), "{what}: what was acknowledged vanished without a word");
            let again: Vec<&String> = calls.intersection(&base.completed).collect();
            assert!(again.is_empty(), "{what}: bought again: {again:?}");
        }
        Ended::Stopped => {
            assert!(said.contains("journal is broken"), "{what}: {said}");
            let again: Vec<&String> = calls.intersection(&base.completed).collect();
            assert!(again.is_empty(), "{what}: bought again: {again:?}");
        }
        Ended::ReadOnly | Ended::Refused => {
            assert!(calls.is_empty(), "{what}: calls were sent: {calls:?}");
            assert_eq!(after, before, "{what}: the journal was changed");
            assert!(!said.contains("othing is lost") && said.len() > 40, "{what}: {said}");
        }
    }
    runtime.block_on(servers.stop(Duration::from_millis(200)));
    ended
}

#[test]
fn damage_of_every_kind_ends_sound_or_read_only_with_the_loss_named() {
    if std::env::var("GREENROOM_TEST_BASE").is_ok() {
        return;
    }
    let many: u64 = std::env::var("GREENROOM_DAMAGES").map_or(18, |text| text.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bases = bases(&runtime, folder.path());
    assert!(!journal(&bases[0].data).is_empty());
    let mut dice = Dice::new(23);
    let mut endings = Vec::new();
    for case in 0..many {
        let base = &bases[pick(&mut dice, bases.len())];
        let data = folder.path().join(format!("case-{case}"));
        copy(&base.data, &data);
        let what = damage(&mut dice, case % 9, &data.join("rehearsal"), &bases);
        let what = format!("case {case}: {what}");
        let ended = check(&runtime, base, &data, &what);
        eprintln!("{what}: {ended:?}");
        endings.push(ended);
        // What it wrote last may be on its way yet; the folder of the test goes with all that is in it.
        let _ = fs::remove_dir_all(&data);
    }
    let of = |wanted: Ended| endings.iter().filter(|ended| **ended == wanted).count();
    let (sound, read_only, refused) = (of(Ended::Sound), of(Ended::ReadOnly), of(Ended::Refused));
    let stopped = of(Ended::Stopped);
    eprintln!("{many} damages: {sound} sound, {stopped} stopped, {read_only} read only, {refused} refused");
    assert!(sound > 0 && read_only > 0, "each kind of end is met");
}
