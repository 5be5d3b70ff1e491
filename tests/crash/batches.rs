//! Calls of a show that has time: they go in batches for half the price, are found again after a kill, and are not sent again
//! unasked when their turn did not come.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::Arc;
use std::time::Duration;

use greenroom::domain::call::{Provider, RetryClass, Usage};
use greenroom::domain::command::Command;
use greenroom::domain::episode::{Call, CallState, Episode};
use greenroom::domain::event::{Event, Need, Uncertain};
use greenroom::domain::ids::IntentKey;
use greenroom::domain::money::MicroUsd;
use greenroom::engine::handle::NewEpisode;
use greenroom::engine::open::{OpenError, open};
use greenroom::ledger::disk::RealDisk;
use greenroom::rehearsal::{Options, Rehearsal};

use crate::studio::{new_episode, options, person};
use crate::{EPISODE, SHOW, journal, run_child};

/// The sample show, with stages that have time.
fn patient(folder: &Path, stages: &str) -> PathBuf {
    let show = include_str!("../../assets/shows/open-questions-short.toml");
    let show = show.replacen("[policy]\n", &format!("[policy]\npatient = [{stages}]\n"), 1);
    let path = folder.join("patient.toml");
    fs::write(&path, show).unwrap();
    path
}

/// The batch that a call was taken into, and what it used and cost.
type Told = (Option<String>, Option<(Usage, MicroUsd)>);

/// Half of what the model costs: USD a million tokens, so micro-dollars a token, in thousandths.
fn half(usage: Usage, input: u64, output: u64) -> MicroUsd {
    let nanos = usage.input * input + usage.output * output;
    MicroUsd(i64::try_from(nanos.div_ceil(2_000)).unwrap())
}

#[test]
fn a_batch_is_found_again_after_a_kill_and_is_paid_once_at_half_the_price() {
    if std::env::var("GREENROOM_TEST_BASE").is_ok() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let servers = Options { seed: 7, pace: 0.02, ..Options::default() };
    let servers = runtime.block_on(Rehearsal::start(servers)).unwrap();
    let base = format!("http://{}", servers.addr());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("studio");
    fs::create_dir(&data).unwrap();
    let show = patient(folder.path(), "\"brief\", \"show_notes\", \"promotion\"");

    let mut child = Process::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child", "--nocapture"]).env("GREENROOM_TEST_BASE", &base).env(SHOW, &show);
    child.env("GREENROOM_TEST_DATA", &data).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = child.spawn().unwrap();
    let is_batched = || journal(&data).iter().any(|stamped| matches!(stamped.event, Event::CallBatched { .. }));
    for _ in 0..6_000 {
        if is_batched() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_batched(), "the brief goes into a batch");
    let answered = |stage: &str| {
        let events = journal(&data).into_iter();
        let of = events.filter(|s| matches!(&s.event, Event::CallSettled { key, .. } if key.stage.as_str() == stage));
        of.count()
    };
    assert_eq!(answered("brief"), 0, "it was killed before the batch was answered");

    // Whoever opens the studio without a key leaves the batch alone.
    runtime.block_on(async {
        let mut opened = options(&data, &base, Arc::new(RealDisk), Uncertain::Ask);
        opened.endpoints.insert(Provider::Anthropic, Err("there is no key".to_owned()));
        let (handle, _) = open(opened, &tokio::runtime::Handle::current()).unwrap();
        let mut snapshots = handle.snapshots();
        let snapshot = Arc::clone(&*snapshots.wait_for(|snapshot| !snapshot.episodes.is_empty()).await.unwrap());
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let waits = snapshot.episodes[0].calls.values().filter(|call| call.is_in_batch()).count();
        assert_eq!(waits, 1);
        handle.shutdown().await;
    });
    let failed = journal(&data).into_iter().filter(|stamped| matches!(stamped.event, Event::CallFailed { .. })).count();
    assert_eq!(failed, 0, "what is paid for is not given up");

    let status = run_child(&base, &data, None, None);
    assert!(status.success(), "{}", fs::read_to_string(data.join("child.log")).unwrap());

    let mut calls: BTreeMap<IntentKey, Told> = BTreeMap::new();
    for stamped in journal(&data) {
        match stamped.event {
            Event::CallIntended { key, .. } => drop(calls.insert(key, (None, None))),
            Event::CallBatched { key, batch } => calls.get_mut(&key).unwrap().0 = Some(batch),
            Event::CallSettled { key, usage, price, .. } => calls.get_mut(&key).unwrap().1 = Some((usage, price)),
            Event::ChargeUncertain { key, .. } => panic!("{key}: nothing of this is uncertain"),
            _ => {}
        }
    }
    let meter = servers.meter();
    for (stage, input, output) in [("brief", 2_000, 10_000), ("show_notes", 100, 500), ("promotion", 100, 500)] {
        let of_stage: Vec<_> = calls.iter().filter(|(key, _)| key.stage.as_str() == stage).collect();
        assert!(of_stage.iter().all(|(key, _)| key.attempt == 1), "{stage} is sent once: {of_stage:?}");
        for (key, (batch, settled)) in of_stage {
            let (usage, price) = settled.unwrap();
            assert!(batch.is_some(), "{key}");
            assert_eq!(price, half(usage, input, output), "{key}: {usage:?}");
            let metered = crate::metered(&meter, key);
            assert_eq!((metered.completions, metered.micro_usd), (1, price.0.unsigned_abs()), "{key}");
        }
    }
    let batch_of = |stage: &str| calls.iter().find(|(key, _)| key.stage.as_str() == stage).unwrap().1.0.clone();
    assert_eq!(batch_of("show_notes"), batch_of("promotion"), "what is ready together goes together");
    let others = calls.iter().filter(|(key, _)| !["brief", "show_notes", "promotion"].contains(&key.stage.as_str()));
    assert!(others.into_iter().all(|(_, (batch, _))| batch.is_none()), "nothing else waits");
    let spent = calls.values().filter_map(|(_, settled)| settled.map(|(_, price)| price.0.unsigned_abs())).sum::<u64>();
    let priced = meter.totals.micro_usd;
    assert!(priced.abs_diff(spent) <= calls.len() as u64, "each call is rounded at most by one: {priced} and {spent}");
    runtime.block_on(servers.stop(Duration::from_secs(1)));
}

#[test]
fn a_call_whose_turn_did_not_come_costs_nothing_and_is_sent_again_when_a_person_says_so() {
    if std::env::var("GREENROOM_TEST_BASE").is_ok() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let show = patient(folder.path(), "\"brief\"");
    let of_brief = |episode: &Episode| -> Vec<(IntentKey, Call)> {
        episode.calls_of(&"brief".parse().unwrap()).map(|(key, call)| (key.clone(), call.clone())).collect()
    };
    runtime.block_on(async {
        let faults_named = vec!["anthropic.batch_expired".parse().unwrap()];
        let servers = Rehearsal::start(Options { pace: 0.0, faults_named, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let opened = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Ask);
        let (handle, _) = open(opened, &tokio::runtime::Handle::current()).unwrap();
        let new = NewEpisode { show: show.to_str().unwrap().to_owned(), ..new_episode("kilogram.md", 1) };
        handle.begin(person(), new).await.unwrap();
        let mut snapshots = handle.snapshots();
        let asks = |need: &Need| matches!(need, Need::Retries { stage, .. } if stage.as_str() == "brief");
        let is_asked = |snapshot: &Arc<greenroom::engine::snapshot::Snapshot>| {
            snapshot.episodes.iter().any(|episode| episode.needs.iter().any(|open| asks(&open.need)))
        };
        let asked = tokio::time::timeout(Duration::from_secs(30), snapshots.wait_for(is_asked)).await;
        let episode = Arc::clone(&asked.expect("a person is asked").unwrap().episodes[0]);
        let calls = of_brief(&episode);
        let [(_, call)] = calls.as_slice() else { panic!("sent again unasked: {calls:?}") };
        assert!(call.batch.is_some());
        let CallState::Failed { class, message, price, .. } = &call.state else { panic!("{:?}", call.state) };
        assert_eq!((*class, *price), (RetryClass::AskPerson, MicroUsd::ZERO));
        assert!(message.contains("did not come within the day"), "{message}");
        assert_eq!((episode.spent(), episode.reserved()), (MicroUsd::ZERO, MicroUsd::ZERO));
        assert_eq!(servers.meter().totals.micro_usd, 0);
        handle.shutdown().await;
        drop(handle);
        servers.stop(Duration::from_secs(1)).await;

        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        // The thread that held the studio lets it go a moment after it has ended.
        let handle = loop {
            let opened = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Ask);
            match open(opened, &tokio::runtime::Handle::current()) {
                Ok((handle, _)) => break handle,
                Err(OpenError::Lock(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
                Err(error) => panic!("{error}"),
            }
        };
        let again = Command::Retry { episode: EPISODE, stage: "brief".parse().unwrap() };
        handle.command(person(), again).await.unwrap();
        let mut snapshots = handle.snapshots();
        let is_answered = |snapshot: &Arc<greenroom::engine::snapshot::Snapshot>| {
            let settled = |call: &Call| matches!(call.state, CallState::Settled { .. }) && call.batch.is_some();
            snapshot.episodes.iter().any(|episode| of_brief(episode).iter().any(|(_, call)| settled(call)))
        };
        let answered = tokio::time::timeout(Duration::from_secs(30), snapshots.wait_for(is_answered)).await;
        let episode = Arc::clone(&answered.expect("the new batch is answered").unwrap().episodes[0]);
        let batches: BTreeSet<_> = of_brief(&episode).into_iter().map(|(_, call)| call.batch).collect();
        assert_eq!(batches.len(), 2, "another batch: {batches:?}");
        handle.shutdown().await;
        servers.stop(Duration::from_secs(1)).await;
    });
}
