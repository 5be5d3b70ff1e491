//! What is drawn once: the id of a studio in the keys that providers are sent, and the numbers of episodes.

use greenroom::domain::ids::StageId;
use greenroom::domain::sent::SentKey;

use super::*;

#[test]
fn two_folders_on_one_account_never_send_the_same_key() {
    let runtime = runtime();
    runtime.block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let mut ids = BTreeSet::new();
        for _ in 0..2 {
            let folder = tempfile::tempdir().unwrap();
            let options = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Resend);
            let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
            handle.begin(person(), new_episode("kilogram.md", 1)).await.unwrap();
            decide_until_over(&handle, &[ONE], Duration::from_secs(60), false).await.unwrap();
            handle.shutdown().await;
            let keys = servers.meter().keys;
            let studios: BTreeSet<_> = keys.keys().map(|sent| sent.parse::<SentKey>().unwrap().studio).collect();
            assert!(studios.len() > ids.len(), "each folder sends keys of its own");
            ids.extend(studios);
        }
        let keys = servers.meter().keys;
        assert!(
            keys.values().all(|key| key.counts.calls == key.counts.completions && key.counts.calls == 1),
            "{keys:?}"
        );
        let calls: BTreeSet<_> = keys.keys().map(|sent| sent.parse::<SentKey>().unwrap().key).collect();
        assert!(calls.len() < keys.len(), "both made the same calls, as far as their ledgers name them");
    });
}

#[test]
fn episodes_that_are_begun_at_one_moment_have_a_number_each() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let options = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Resend);
        let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
        let begin = || {
            let new = NewEpisode { number: None, fresh: true, ..new_episode("kilogram.md", 1) };
            handle.begin(person(), new)
        };
        let begun = tokio::join!(begin(), begin(), begin(), begin());
        let numbers: BTreeSet<u32> =
            [begun.0, begun.1, begun.2, begun.3].into_iter().map(|number| number.unwrap().0).collect();
        assert_eq!(numbers, BTreeSet::from([1, 2, 3, 4]), "none is refused for a number that it did not ask for");
        let snapshot = Arc::clone(&handle.snapshots().borrow());
        for episode in &snapshot.episodes {
            assert_eq!(episode.policy.sample, episode.number.0, "what is asked anew is another sample for each");
            assert!(episode.cap().is_some(), "its caps are its own");
        }
        handle.shutdown().await;
    });
}

#[test]
fn what_is_accepted_is_kept_by_the_quote_and_by_the_cheaper_model() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let options = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Resend);
        let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
        handle.begin(person(), new_episode("kilogram.md", 1)).await.unwrap();
        let mut snapshots = handle.snapshots();
        let at_gate = snapshots.wait_for(|snapshot| snapshot.episodes.iter().any(|e| !e.needs.is_empty()));
        let episode = Arc::clone(&at_gate.await.unwrap().episodes[0]);
        let standings = episode.standings();
        let is_done = |stage: &StageId| standings[stage].output().is_some();
        let done = episode.pins.iter().filter(|pin| pin.cheaper.is_some() && is_done(&pin.stage.id));
        let done: Vec<StageId> = done.map(|pin| pin.stage.id.clone()).collect();
        assert!(!done.is_empty(), "no stage that is done has a cheaper model");
        for stage in &done {
            let calls = handle.snapshots().borrow().episodes[0].calls_of(stage).count();
            let quote = handle.quote_cheaper(ONE, stage.clone()).await.unwrap();
            assert_eq!((quote.left, quote.worst), (0, MicroUsd::ZERO), "{stage}: {quote:?}");
            let command = greenroom::domain::command::Command::UseCheaper { episode: ONE, stage: stage.clone() };
            handle.command(person(), command).await.unwrap();
            let settled = snapshots.wait_for(|snapshot| {
                snapshot.episodes.iter().any(|e| e.standings()[stage].output().is_some() && !e.needs.is_empty())
            });
            let settled = tokio::time::timeout(Duration::from_secs(60), settled).await.unwrap();
            let episode = Arc::clone(&settled.unwrap().episodes[0]);
            assert_eq!(episode.calls_of(stage).count(), calls, "{stage}: nothing of it is bought again");
        }
        assert!(handle.quote_cheaper(ONE, "final_release".parse().unwrap()).await.is_err(), "a gate has no model");
        handle.shutdown().await;
    });
}
