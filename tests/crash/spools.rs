//! The spool is the only copy of a paid answer until its blob and its event are on disk: nothing that goes wrong before removes it.

use greenroom::domain::call::Provider;
use greenroom::domain::command::Command;
use greenroom::domain::episode::{CallState, Episode};
use greenroom::domain::event::{Need, Ruling};
use greenroom::engine::handle::Handle;
use greenroom::engine::open::Found;
use greenroom::engine::snapshot::Snapshot;
use greenroom::provider::call::Vendor;
use greenroom::provider::endpoint::Endpoint;

use super::*;
use crate::faulty::FaultyDisk;
use crate::garbler::Garbler;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn servers(runtime: &tokio::runtime::Runtime) -> (Rehearsal, String) {
    let options = Options { seed: 7, pace: 0.0, ..Options::default() };
    let servers = runtime.block_on(Rehearsal::start(options)).unwrap();
    let base = format!("http://{}", servers.addr());
    (servers, base)
}

/// What stands in the spool of a studio, by name.
fn spooled(data: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(data.join("rehearsal/spool")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Opens a studio; the thread that held it before lets it go a moment after it has ended.
fn opened(
    data: &Path,
    base: &str,
    disk: &Arc<dyn Disk>,
    uncertain: Uncertain,
    runtime: &tokio::runtime::Runtime,
) -> (Handle, Found) {
    loop {
        match open(options(data, base, Arc::clone(disk), uncertain), runtime.handle()) {
            Ok(opened) => return opened,
            Err(greenroom::engine::open::OpenError::Lock(_)) => std::thread::sleep(Duration::from_millis(10)),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Waits until the episode is as wanted.
async fn until(handle: &Handle, what: &str, is_wanted: impl Fn(&Episode) -> bool) -> Arc<Episode> {
    let mut snapshots = handle.snapshots();
    let wanted = |snapshot: &Arc<Snapshot>| snapshot.episodes.iter().any(|episode| is_wanted(episode));
    let found = tokio::time::timeout(Duration::from_secs(30), snapshots.wait_for(wanted)).await;
    let snapshot = Arc::clone(&found.unwrap_or_else(|_| panic!("{what}")).unwrap());
    Arc::clone(snapshot.episodes.iter().find(|episode| is_wanted(episode)).unwrap())
}

fn asks_about(episode: &Episode, key: &IntentKey) -> bool {
    episode.needs.iter().any(|open| open.need == Need::Charge { key: key.clone() })
}

/// A studio whose engine was killed as soon as an answer stood in the spool, and the name of that call.
fn killed_with_an_answer(data: &Path, base: &str) -> IntentKey {
    fs::create_dir(data).unwrap();
    let status = run_child(base, data, Some((Moment::AnswerSpooled, 1)), None);
    assert!(!status.success());
    let whole: Vec<String> = spooled(data).into_iter().filter(|name| name.ends_with(".done")).collect();
    let [name] = whole.as_slice() else { panic!("{whole:?}") };
    name.strip_suffix(".done").unwrap().parse().unwrap()
}

#[test]
fn an_answer_that_cannot_be_kept_at_recovery_stays_in_the_spool_until_it_can() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    for uncertain in [Uncertain::Ask, Uncertain::Resend] {
        let (servers, base) = servers(&runtime);
        let data = folder.path().join(format!("{uncertain:?}"));
        let key = killed_with_an_answer(&data, &base);

        let faulty = FaultyDisk::new("blobs");
        let disk: Arc<dyn Disk> = Arc::new(faulty.clone());
        faulty.fail(u64::MAX);
        for _ in 0..2 {
            let (handle, found) = opened(&data, &base, &disk, uncertain, &runtime);
            assert_eq!((found.settled, found.lost, found.arrived, found.strays.len()), (0, 0, 1, 0));
            let episode = runtime.block_on(until(&handle, "a person is asked", |episode| asks_about(episode, &key)));
            let CallState::Uncertain { reason } = &episode.calls[&key].state else {
                panic!("{:?}", episode.calls[&key])
            };
            assert!(reason.contains("its answer came") && reason.contains("a planted fault"), "{reason}");
            runtime.block_on(handle.shutdown());
            let left = [format!("{key}.body"), format!("{key}.done")];
            assert!(left.iter().all(|name| spooled(&data).contains(name)), "{:?}", spooled(&data));
        }

        faulty.fail(0);
        let (handle, found) = opened(&data, &base, &disk, uncertain, &runtime);
        assert_eq!((found.settled, found.lost, found.arrived), (1, 0, 0));
        runtime.block_on(async {
            let is_settled = |episode: &Episode| matches!(episode.calls[&key].state, CallState::Settled { .. });
            let episode = until(&handle, "it is settled", is_settled).await;
            assert!(!asks_about(&episode, &key), "nobody is asked any more");
            decide_until_over(&handle, &[EPISODE], Duration::from_secs(60), false).await.unwrap();
            handle.shutdown().await;
        });
        let events = journal(&data);
        let attempts = events.iter().filter(|stamped| match &stamped.event {
            Event::CallIntended { key: sent, .. } => (&sent.stage, sent.unit) == (&key.stage, key.unit),
            _ => false,
        });
        assert_eq!(attempts.count(), 1, "{key} is bought once");
        check_money(&journal(&data), &servers.meter());
        assert_eq!(spooled(&data), BTreeSet::new(), "nothing is left over");
        runtime.block_on(servers.stop(Duration::from_secs(1)));
    }
}

#[test]
fn an_answer_that_cannot_be_kept_while_the_studio_runs_is_kept_as_soon_as_it_can_be() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let (servers, base) = servers(&runtime);
    let faulty = FaultyDisk::new("blobs");
    let disk: Arc<dyn Disk> = Arc::new(faulty.clone());
    let (handle, _) = opened(folder.path(), &base, &disk, Uncertain::Resend, &runtime);
    runtime.block_on(async {
        handle.begin(person(), new_episode("kilogram.md", 1)).await.unwrap();
        let is_sent = |episode: &Episode| episode.calls.values().any(|call| call.state == CallState::InFlight);
        let sent = until(&handle, "a call is sent", is_sent).await;
        let key = sent.calls.iter().find(|(_, call)| call.state == CallState::InFlight).unwrap().0.clone();
        faulty.fail(u64::MAX);
        let asked = until(&handle, "a person is told", |episode| !episode.needs.is_empty()).await;
        assert!(asks_about(&asked, &key), "{:?}", asked.needs);
        assert!(matches!(asked.calls[&key].state, CallState::Uncertain { .. }));
        assert!(spooled(folder.path()).contains(&format!("{key}.done")), "{:?}", spooled(folder.path()));
        faulty.fail(0);
        let is_settled = |episode: &Episode| matches!(episode.calls[&key].state, CallState::Settled { .. });
        let settled = until(&handle, "it is settled by itself", is_settled).await;
        assert!(!asks_about(&settled, &key));
        decide_until_over(&handle, &[EPISODE], Duration::from_secs(60), false).await.unwrap();
        handle.shutdown().await;
    });
    let meter = servers.meter();
    check_money(&journal(folder.path()), &meter);
    assert!(meter.keys.values().all(|key| key.counts.completions == 1), "nothing is bought twice");
    runtime.block_on(servers.stop(Duration::from_secs(1)));
}

#[test]
fn the_spool_of_an_uncertain_charge_goes_with_its_ruling_and_not_before() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let (servers, base) = servers(&runtime);
    let data = folder.path().join("studio");
    fs::create_dir(&data).unwrap();
    assert!(!run_child(&base, &data, Some((Moment::AnswerArriving, 1)), None).success());
    let part = spooled(&data);
    let key: IntentKey = part.iter().next().unwrap().strip_suffix(".body").unwrap().parse().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let (handle, found) = opened(&data, &base, &disk, Uncertain::Ask, &runtime);
    assert_eq!((found.lost, found.strays.len()), (1, 0));
    runtime.block_on(until(&handle, "a person is asked", |episode| asks_about(episode, &key)));
    runtime.block_on(handle.shutdown());
    assert!(spooled(&data).is_superset(&part), "it stays as long as nobody ruled");

    let (handle, found) = opened(&data, &base, &disk, Uncertain::Ask, &runtime);
    assert_eq!((found.settled, found.lost, found.arrived), (0, 0, 0), "it was lost before and is told once");
    runtime.block_on(async {
        until(&handle, "it is still asked about", |episode| asks_about(episode, &key)).await;
        let ruling = Command::ResolveCharge { key: key.clone(), ruling: Ruling::WriteOff, alike: false };
        handle.command(person(), ruling).await.unwrap();
        for _ in 0..500 {
            if spooled(&data).is_disjoint(&part) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        handle.shutdown().await;
    });
    assert!(spooled(&data).is_disjoint(&part), "it goes with the ruling");
    runtime.block_on(servers.stop(Duration::from_secs(1)));
}

#[test]
fn what_no_call_explains_is_told_and_left_where_it_is() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let (servers, base) = servers(&runtime);
    let data = folder.path().join("studio");
    let key = killed_with_an_answer(&data, &base);
    let spool = data.join("rehearsal/spool");
    let other = IntentKey { unit: 900, ..key.clone() };
    for end in ["body", "done"] {
        fs::copy(spool.join(format!("{key}.{end}")), spool.join(format!("{other}.{end}"))).unwrap();
    }
    fs::write(spool.join("077-script-0-1.body"), b"half of an ans").unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let (handle, found) = opened(&data, &base, &disk, Uncertain::Ask, &runtime);
    assert_eq!((found.settled, found.lost, found.arrived), (1, 0, 0));
    let told: Vec<String> = found.strays.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains(&other.to_string()) && told[0].starts_with("a whole answer"), "{told:?}");
    assert!(told[1].contains("077-script-0-1") && told[1].starts_with("a part of an answer (14 bytes)"), "{told:?}");
    assert!(told.iter().all(|words| words.contains("may have charged")), "{told:?}");
    runtime.block_on(async {
        decide_until_over(&handle, &[EPISODE], Duration::from_secs(60), false).await.unwrap();
        handle.shutdown().await;
    });
    let names = [format!("{other}.body"), format!("{other}.done"), "077-script-0-1.body".to_owned()];
    assert_eq!(spooled(&data), names.into_iter().collect());
    runtime.block_on(servers.stop(Duration::from_secs(1)));
}

#[test]
fn a_whole_answer_that_no_reader_can_read_is_kept_and_asked_about_and_no_other_is_bought() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let (servers, base) = servers(&runtime);
    let garbler = Garbler::start(&base);
    let open_garbled = || loop {
        let mut garbled = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Resend);
        let address = format!("{}/anthropic", garbler.base());
        let endpoint = Endpoint::new(Vendor::Anthropic, &address, "rehearsal-key".to_owned().into());
        garbled.endpoints.insert(Provider::Anthropic, endpoint.map_err(|error| error.to_string()));
        match open(garbled, runtime.handle()) {
            Ok(opened) => return opened,
            Err(greenroom::engine::open::OpenError::Lock(_)) => std::thread::sleep(Duration::from_millis(10)),
            Err(error) => panic!("{error}"),
        }
    };
    garbler.garble(true);
    let (handle, _) = open_garbled();
    let asks = |episode: &Episode| {
        episode.needs.iter().find_map(|open| match &open.need {
            Need::Unread { key, .. } => Some(key.clone()),
            _ => None,
        })
    };
    let (key, answer) = runtime.block_on(async {
        handle.begin(person(), new_episode("kilogram.md", 1)).await.unwrap();
        let asked = until(&handle, "a person is asked", |episode| asks(episode).is_some()).await;
        let key = asks(&asked).unwrap();
        let CallState::Settled { answer, price, .. } = asked.calls[&key].state else {
            panic!("{:?}", asked.calls[&key])
        };
        assert!(price > MicroUsd::ZERO && price <= asked.calls[&key].worst, "{price}");
        let kept = handle.artifact(answer).await.unwrap();
        assert!(String::from_utf8_lossy(&kept).contains("message_stop"), "the body is kept");
        // Time in which another one could be bought, if anybody did.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(handle.snapshots().borrow().episodes[0].calls.len(), 1);
        handle.shutdown().await;
        (key, answer)
    });
    // The same version cannot read it at the next start either.
    let (handle, found) = open_garbled();
    assert_eq!((found.read, found.settled, found.lost, found.strays.len()), (0, 0, 0, 0));
    garbler.garble(false);
    runtime.block_on(async {
        until(&handle, "it is still asked about", |episode| asks(episode).as_ref() == Some(&key)).await;
        handle.command(person(), Command::ReadAgain { key: key.clone() }).await.unwrap();
        until(&handle, "it is asked about again", |episode| asks(episode).as_ref() == Some(&key)).await;
        let ruling = Command::ResolveCharge { key: key.clone(), ruling: Ruling::Resend, alike: false };
        handle.command(person(), ruling).await.unwrap();
        decide_until_over(&handle, &[EPISODE], Duration::from_secs(60), false).await.unwrap();
        assert!(handle.artifact(answer).await.is_ok());
        handle.shutdown().await;
    });
    let meter = servers.meter();
    check_money(&journal(folder.path()), &meter);
    let again = IntentKey { attempt: key.attempt + 1, ..key.clone() };
    assert_eq!(metered(&meter, &again).completions, 1);
    runtime.block_on(servers.stop(Duration::from_secs(1)));
}
