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
#[path = "support/vendors.rs"]
mod vendors;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use greenroom::domain::budget::{Budget, Caps, Period, Scope};
use greenroom::domain::call::Provider;
use greenroom::domain::event::{Event, Need, Stamped, Uncertain};
use greenroom::domain::ids::{EpisodeNumber, IntentKey};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::sent::SentKey;
use greenroom::domain::studio::Studio;
use greenroom::domain::traffic::Breaking;
use greenroom::engine::open::{open, open_with};
use greenroom::ledger::codec;
use greenroom::ledger::disk::{Disk, RealDisk};
use greenroom::ledger::journal::{Checkpoint, Journal};
use greenroom::rehearsal::{FaultProfile, Options, Reading, Rehearsal, Waits};

use crate::studio::{decide_until_over, new_episode, options, person};
use crate::vendors::Vendors;

/// One storm at a time: how long a call waits says nothing while another storm has the processors.
fn alone() -> MutexGuard<'static, ()> {
    static STORM: Mutex<()> = Mutex::new(());
    STORM.lock().unwrap_or_else(PoisonError::into_inner)
}

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
    let _alone = alone();
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

/// One episode in a storm: what the servers counted, and what its ledger says.
struct Weathered {
    meter: Reading,
    journal: Vec<Stamped>,
}

impl Weathered {
    /// What a person was needed for beside the gates.
    fn needs(&self) -> Vec<&Need> {
        let opened = self.journal.iter().filter_map(|stamped| match &stamped.event {
            Event::NeedOpened { need } => Some(need),
            _ => None,
        });
        opened.filter(|need| !matches!(need, Need::Gate { .. })).collect()
    }

    /// Holds the money of the ledger to the meter and to the caps; what calls that were lost may have cost, and what they did cost.
    fn check_money(&self) -> (MicroUsd, MicroUsd) {
        let mut studio = Studio::default();
        let mut excess = MicroUsd::ZERO;
        let mut possible: BTreeMap<IntentKey, MicroUsd> = BTreeMap::new();
        let mut settled: BTreeSet<IntentKey> = BTreeSet::new();
        for stamped in &self.journal {
            if let Event::CallSettled { key, price, .. } | Event::CallFailed { key, price, .. } = &stamped.event {
                let worst = studio.budget.call(key).unwrap().worst;
                // What a provider bills beyond the reservation is the one excess that no client can prevent.
                excess = excess.plus(MicroUsd(price.minus(worst).0.max(0)));
                settled.insert(key.clone());
            }
            if let Event::ChargeUncertain { key, .. } = &stamped.event {
                possible.insert(key.clone(), studio.budget.call(key).unwrap().worst);
            }
            let episode = stamped.episode.and_then(|number| studio.episodes.get(&number)).cloned();
            studio.apply(stamped).unwrap();
            let Some(episode) = episode else { continue };
            for (scope, cap) in studio.caps_for(&episode, Period::of(stamped.at)) {
                let committed = studio.budget.committed(&scope).minus(excess);
                assert!(committed <= cap, "event {}: {committed} of {cap} USD under {scope}", stamped.seq);
            }
        }
        let mut beyond = MicroUsd::ZERO;
        for (sent, counts) in &self.meter.keys {
            let SentKey { key, .. } = sent.parse().unwrap();
            let cost = MicroUsd(i64::try_from(counts.counts.micro_usd + counts.counts.cut_micro_usd).unwrap());
            if cost > MicroUsd::ZERO && !settled.contains(&key) {
                let most = possible.get(&key);
                assert!(most.is_some_and(|most| cost <= *most), "{key} cost {cost:.4} USD and is listed as {most:?}");
                beyond = beyond.plus(cost);
            }
        }
        (possible.values().copied().sum(), beyond)
    }
}

/// Runs one episode through a storm; its needs are answered.
fn one_storm(runtime: &tokio::runtime::Runtime, seed: u64, uncertain: Uncertain) -> Weathered {
    let folder = tempfile::tempdir().unwrap();
    let meter = runtime.block_on(async {
        let servers = Rehearsal::start(storm(seed)).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let mut options = options(folder.path(), &base, Arc::new(RealDisk), uncertain);
        options.exchange.first_byte = Duration::from_millis(700);
        options.exchange.idle = Duration::from_millis(700);
        let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
        let sample = ["kilogram.md", "continental-drift.md", "counting-species.md"][usize::try_from(seed % 3).unwrap()];
        handle.begin(person(), new_episode(sample, 1)).await.unwrap();
        decide_until_over(&handle, &[EpisodeNumber(1)], Duration::from_secs(120), false)
            .await
            .unwrap_or_else(|what| panic!("seed {seed}: {what}"));
        handle.shutdown().await;
        servers.meter()
    });
    Weathered { meter, journal: journal(folder.path()) }
}

#[test]
fn twenty_storms_are_weathered_nearly_without_people() {
    let _alone = alone();
    let runtime = runtime();
    let (mut faults, mut waited) = (BTreeMap::<String, u64>::new(), 0);
    for seed in 1..=20 {
        let storm = one_storm(&runtime, seed, Uncertain::Resend);
        for (class, count) in &storm.meter.faults {
            *faults.entry(class.clone()).or_default() += count;
        }
        let is_for_a_person = |need: &&&Need| match need {
            Need::Retries { reason, .. } => !reason.is_empty(),
            Need::Charge { .. } | Need::Unread { .. } | Need::OverBilled { .. } => true,
            Need::Gate { .. } | Need::Cap { .. } => false,
        };
        waited += storm.needs().iter().filter(is_for_a_person).count() as u64;
    }
    let all: u64 = faults.values().sum();
    eprintln!("{all} faults, {waited} at a person: {faults:?}");
    assert!(all >= 100, "a storm has faults: {faults:?}");
    assert!(waited * 10 <= all, "{waited} of {all} faults waited for a person");
}

/// `GREENROOM_STORM_EPISODES` sets how many there are.
#[test]
#[expect(clippy::disallowed_methods, reason = "a longer run is ordered through the environment")]
fn storms_under_the_live_policy_reach_their_gates_unattended_within_every_cap() {
    let _alone = alone();
    let runtime = runtime();
    let episodes = std::env::var("GREENROOM_STORM_EPISODES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_u64);
    let (mut unattended, mut stopped, mut lost) = (0_u64, 0_u64, 0);
    let (mut possible, mut beyond) = (MicroUsd::ZERO, MicroUsd::ZERO);
    for seed in 1..=episodes {
        let storm = one_storm(&runtime, seed, Uncertain::RECOMMENDED);
        // A bill above the reservation and an answer that cannot be read stop for a person under every policy.
        let is_promised = |need: &&Need| matches!(need, Need::OverBilled { .. } | Need::Unread { .. });
        let (promised, asked): (Vec<&Need>, Vec<&Need>) = storm.needs().into_iter().partition(is_promised);
        unattended += u64::from(asked.is_empty());
        stopped += u64::from(!promised.is_empty());
        if !asked.is_empty() {
            eprintln!("seed {seed} asked: {asked:?}");
        }
        let uncertain = storm.journal.iter().filter(|stamped| matches!(stamped.event, Event::ChargeUncertain { .. }));
        let (most, cost) = storm.check_money();
        let worst = most_of_one(&storm.journal);
        eprintln!("seed {seed}: {} lost, {most:.4} USD possible, the largest {worst:.4}", uncertain.clone().count());
        lost += uncertain.count();
        (possible, beyond) = (possible.plus(most), beyond.plus(cost));
    }
    eprintln!(
        "{unattended} of {episodes} reached their gates unattended; {lost} calls lost, {possible:.4} USD possible, {beyond:.4} USD of \
         it were completed at the meter; {stopped} met a bill above the reservation or an answer that cannot be read"
    );
    assert!(unattended * 10 >= episodes * 9, "{unattended} of {episodes} reached their gates unattended");
    assert!(lost > 0 && beyond <= possible, "{beyond:.4} of {possible:.4} USD");
}

/// The most that one lost call may have cost.
fn most_of_one(journal: &[Stamped]) -> MicroUsd {
    let mut worst: BTreeMap<&IntentKey, MicroUsd> = BTreeMap::new();
    let mut most = MicroUsd::ZERO;
    for stamped in journal {
        match &stamped.event {
            Event::CallIntended { key, worst: amount, .. } => drop(worst.insert(key, *amount)),
            Event::ChargeUncertain { key, .. } => most = most.max(worst[key]),
            _ => {}
        }
    }
    most
}

/// Resident memory of this process in kilobytes, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

/// How long each call waited for its turn, in milliseconds, by provider: from when its episode was ready for it until it was
/// intended, less the time in which its vendor was left alone.
fn waits(journal: &[Stamped]) -> BTreeMap<Provider, Vec<i64>> {
    let mut studio = Studio::default();
    let mut alone: BTreeMap<Provider, Vec<(i64, i64)>> = BTreeMap::new();
    let mut all: BTreeMap<Provider, Vec<i64>> = BTreeMap::new();
    for stamped in journal {
        let now = stamped.at.as_millisecond();
        match &stamped.event {
            Event::BreakerOpened { provider, .. } => alone.entry(*provider).or_default().push((now, i64::MAX)),
            Event::BreakerClosed { provider } => {
                for (_, until) in alone.entry(*provider).or_default().iter_mut() {
                    *until = (*until).min(now);
                }
            }
            Event::CallIntended { key, route, .. } => {
                let run = studio.episodes[&key.episode].stages[&key.stage].run.as_ref().unwrap();
                let since = run.units[&key.unit].since.as_millisecond();
                let spans = alone.get(&route.provider).map(Vec::as_slice).unwrap_or_default();
                // One opening follows another until it is closed: the first of them counts.
                let left_alone = spans.iter().map(|(from, until)| (*until).min(now) - (*from).max(since)).max();
                all.entry(route.provider).or_default().push(now - since - left_alone.unwrap_or(0).max(0));
            }
            _ => {}
        }
        studio.apply(stamped).unwrap();
    }
    all
}

#[test]
fn fifty_episodes_outlast_a_vendor_that_goes_down_and_none_of_them_starves() {
    let _alone = alone();
    const EPISODES: u32 = 50;
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let cap = vendors::cost(EPISODES).plus(MicroUsd(60));
    let vendors = Arc::new(Vendors::default());
    let mut memory = Vec::new();
    runtime.block_on(async {
        let mut options = options(folder.path(), "http://127.0.0.1:1", Arc::new(RealDisk), Uncertain::Resend);
        options.settings.caps.day = cap;
        options.limits.attempts = 20;
        options.limits.breaking = Breaking { failures: 5, pause_ms: 150, pause_max_ms: 600 };
        let (handle, _) = open_with(options, Some(vendors.clone()), &tokio::runtime::Handle::current()).unwrap();
        for number in 1..=EPISODES {
            handle.command(person(), vendors::start(number)).await.unwrap();
        }
        let mut snapshots = handle.snapshots();
        let over = async {
            let clock = greenroom::clock::Clock::system();
            let mut fell = None;
            loop {
                let (seq, past) = {
                    let snapshot = snapshots.borrow_and_update();
                    assert_eq!(snapshot.halted, None);
                    (snapshot.seq, snapshot.past)
                };
                memory.extend(resident().map(|kilobytes| (seq, kilobytes)));
                if past == EPISODES as usize {
                    break;
                }
                // A judge's vendor goes down in the midst of it, for a second.
                let judged = snapshots.borrow().lanes.iter().any(|l| l.provider == Provider::Gemini && l.answered > 10);
                match fell {
                    None if judged => {
                        *vendors.down.lock().unwrap() = Some(Provider::Gemini);
                        fell = Some(clock.monotonic());
                    }
                    Some(at) if clock.monotonic().saturating_duration_since(at) > Duration::from_secs(1) => {
                        *vendors.down.lock().unwrap() = None
                    }
                    _ => {}
                }
                let _ = tokio::time::timeout(Duration::from_millis(50), snapshots.changed()).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), over).await.expect("they never come to their ends");
        handle.shutdown().await;
    });
    let journal = journal(folder.path());
    let (mut budget, mut most) = (Budget::default(), MicroUsd::ZERO);
    let (mut opened, mut closed, mut probed, mut waits_for_people) = (0, 0, 0, 0);
    let mut is_open = false;
    for stamped in &journal {
        let period = Period::of(stamped.at);
        match &stamped.event {
            Event::CallIntended { key, worst, route, .. } => {
                budget.reserve(key.clone(), *worst, period, &Caps::new()).unwrap();
                assert!(
                    !(is_open && route.provider == Provider::Gemini),
                    "event {} goes to a vendor that is down",
                    stamped.seq
                );
            }
            Event::CallSettled { key, price, .. } | Event::CallFailed { key, price, .. } => {
                budget.settle(key, *price).unwrap();
            }
            Event::BreakerOpened { provider: Provider::Gemini, .. } => (opened, is_open) = (opened + 1, true),
            Event::BreakerProbing { provider: Provider::Gemini } => (probed, is_open) = (probed + 1, false),
            Event::BreakerClosed { provider: Provider::Gemini } => (closed, is_open) = (closed + 1, false),
            Event::NeedOpened { need: Need::Retries { .. } } => waits_for_people += 1,
            _ => {}
        }
        let committed = budget.committed(&Scope::Day(period.day));
        most = most.max(committed);
        assert!(committed <= cap, "event {}: {committed} USD", stamped.seq);
    }
    let measured = vendors::middle_and_longest(&waits(&journal));
    eprintln!(
        "{} events, {} calls, at most {most:.6} of {cap:.6} USD; opened {opened}, probed {probed}, closed {closed}; waits in \
         milliseconds (middle, longest): {measured:?}",
        journal.len(),
        vendors.calls.load(std::sync::atomic::Ordering::Relaxed)
    );
    assert!(opened >= 1 && closed >= 1 && probed >= opened, "the breaker opens, tries and closes");
    assert_eq!(waits_for_people, 0, "an outage is waited out without people");
    for (provider, (middle, longest)) in measured {
        assert!(longest <= 3 * middle.max(200), "{provider}: somebody waited {longest} ms, and {middle} ms are usual");
    }
    let last = memory.last().map_or(0, |(seq, _)| *seq);
    let mean = |from: u64, to: u64| {
        let third: Vec<u64> = memory.iter().filter(|(seq, _)| (from..=to).contains(seq)).map(|(_, kb)| *kb).collect();
        third.iter().sum::<u64>() / (third.len() as u64).max(1)
    };
    let (first, third) = (mean(0, last / 3), mean(last * 2 / 3, last));
    eprintln!("resident memory {first} kB in the first third, {third} kB in the last");
    assert!(third <= first + 65_536, "memory grows: {first} kB and then {third} kB");
}
