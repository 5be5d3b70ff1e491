//! Bad weather over the real wires: what the engine solves without a person, and a cap that nothing passes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it measured"
)]

#[path = "support/studio.rs"]
mod studio;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use greenroom::domain::budget::{Budget, Caps, Period, Scope};
use greenroom::domain::event::{Event, Need, Stamped, Uncertain};
use greenroom::domain::ids::EpisodeNumber;
use greenroom::domain::money::MicroUsd;
use greenroom::engine::open::open;
use greenroom::ledger::codec;
use greenroom::ledger::disk::{Disk, RealDisk};
use greenroom::ledger::journal::{Checkpoint, Journal};
use greenroom::rehearsal::{FaultProfile, Options, Rehearsal, Waits};

use crate::studio::{decide_until_over, new_episode, options, person};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn storm(seed: u64) -> Options {
    let waits = Waits {
        slow_first_byte: Duration::from_millis(100),
        time_out: Duration::from_secs(30),
        retry_after: Duration::ZERO,
    };
    Options { seed, pace: 0.0, faults: FaultProfile::Storm, waits: Some(waits), ..Options::default() }
}

fn journal(data: &Path) -> Vec<Stamped> {
    let mut all = Vec::new();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let mut take = |entry| all.push(codec::stamped(&entry).unwrap());
    Journal::view(disk, &data.join("rehearsal"), Checkpoint::START, &mut take).unwrap();
    all
}

#[test]
fn fifty_episodes_in_a_storm_never_pass_the_cap_of_a_day() {
    let cap = MicroUsd(4_000_000);
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let servers = Rehearsal::start(storm(3)).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let mut options = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Resend);
        options.settings.caps.day = cap;
        options.exchange.first_byte = Duration::from_millis(700);
        options.exchange.idle = Duration::from_millis(700);
        let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
        for number in 1..=50 {
            handle.begin(person(), new_episode("kilogram.md", number)).await.unwrap();
        }
        // Until everyone waits: for the day's cap, or for a person.
        let mut snapshots = handle.snapshots();
        let all_wait = snapshots.wait_for(|snapshot| {
            snapshot.in_flight.values().all(|count| *count == 0)
                && snapshot.episodes.iter().all(|episode| !episode.needs.is_empty())
        });
        tokio::time::timeout(Duration::from_secs(120), all_wait).await.expect("they never come to rest").unwrap();
        handle.shutdown().await;
    });
    let (mut budget, mut excess, mut most) = (Budget::default(), MicroUsd::ZERO, MicroUsd::ZERO);
    let mut asked = 0;
    for stamped in journal(folder.path()) {
        let period = Period::of(stamped.at);
        match &stamped.event {
            Event::CallIntended { key, worst, .. } => {
                budget.reserve(key.clone(), *worst, period, &Caps::new()).unwrap()
            }
            Event::CallSettled { key, price, .. } | Event::CallFailed { key, price, .. } => {
                let worst = budget.call(key).unwrap().worst;
                excess = excess.plus(MicroUsd(price.minus(worst).0.max(0)));
                budget.settle(key, *price).unwrap();
            }
            Event::ChargeUncertain { key, .. } => budget.lose(key).unwrap(),
            Event::ChargeRuled { key, .. } => {
                let worst = budget.call(key).unwrap().worst;
                budget.settle(key, worst).unwrap();
            }
            Event::NeedOpened { need: Need::Cap { scope: Scope::Day(_), .. } } => asked += 1,
            _ => {}
        }
        let committed = budget.committed(&Scope::Day(period.day));
        most = most.max(committed.minus(excess));
        assert!(committed.minus(excess) <= cap, "event {}: {committed} USD", stamped.seq);
    }
    eprintln!("at most {most} of {cap} USD, {excess:.4} USD billed above reservations, {asked} asked");
    assert!(asked > 0, "the cap was never reached, so nothing was shown");
}

/// Runs one episode through a storm; the faults that the servers counted, and how many ended at a person.
fn one_storm(runtime: &tokio::runtime::Runtime, seed: u64) -> (BTreeMap<String, u64>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let faults = runtime.block_on(async {
        let servers = Rehearsal::start(storm(seed)).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let mut options = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Resend);
        options.exchange.first_byte = Duration::from_millis(700);
        options.exchange.idle = Duration::from_millis(700);
        let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
        let sample = ["kilogram.md", "continental-drift.md", "counting-species.md"][usize::try_from(seed % 3).unwrap()];
        handle.begin(person(), new_episode(sample, 1)).await.unwrap();
        decide_until_over(&handle, &[EpisodeNumber(1)], Duration::from_secs(120), false)
            .await
            .unwrap_or_else(|what| panic!("seed {seed}: {what}"));
        handle.shutdown().await;
        servers.meter().faults
    });
    let is_for_a_person = |need: &Need| match need {
        Need::Retries { reason, .. } => !reason.is_empty(),
        Need::Charge { .. } | Need::OverBilled { .. } => true,
        Need::Gate { .. } | Need::Cap { .. } => false,
    };
    let waited = journal(folder.path())
        .iter()
        .filter(|stamped| matches!(&stamped.event, Event::NeedOpened { need } if is_for_a_person(need)))
        .count();
    (faults, waited as u64)
}

#[test]
fn twenty_storms_are_weathered_nearly_without_people() {
    let runtime = runtime();
    let (mut faults, mut waited) = (BTreeMap::<String, u64>::new(), 0);
    for seed in 1..=20 {
        let (counted, people) = one_storm(&runtime, seed);
        for (class, count) in counted {
            *faults.entry(class).or_default() += count;
        }
        waited += people;
    }
    let all: u64 = faults.values().sum();
    eprintln!("{all} faults, {waited} at a person: {faults:?}");
    assert!(all >= 100, "a storm has faults: {faults:?}");
    assert!(waited * 10 <= all, "{waited} of {all} faults waited for a person");
}
