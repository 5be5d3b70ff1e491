//! On a disk that fills up nothing is sent whose answer could not be kept; one line says what waits, and it goes on by itself.
//!
//! `GREENROOM_DISK_SIZES` sets how many sizes are tried.

use std::time::Instant;

use greenroom::engine::snapshot::Snapshot;

use super::*;
use crate::quota::QuotaDisk;

const MEGABYTE: u64 = 1 << 20;

/// What is free when an episode has just begun, at each size: from nothing to what several calls at once need.
fn sizes() -> Vec<u64> {
    let count: u64 = std::env::var("GREENROOM_DISK_SIZES").map_or(5, |text| text.parse().unwrap());
    (0..count).map(|n| n * 60 * MEGABYTE / count.max(1)).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test takes the time of what it waits for")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn a_full_disk_holds_up_what_it_could_not_keep_and_lets_it_go_when_there_is_room() {
    if std::env::var("GREENROOM_TEST_BASE").is_ok() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for size in sizes() {
        let servers = runtime.block_on(Rehearsal::start(Options { seed: 7, pace: 0.0, ..Options::default() })).unwrap();
        let base = format!("http://{}", servers.addr());
        let folder = tempfile::tempdir().unwrap();
        let disk = QuotaDisk::new(u64::MAX / 2);
        let (handle, _) =
            open(options(folder.path(), &base, Arc::new(disk.clone()), Uncertain::Ask), runtime.handle()).unwrap();
        runtime.block_on(async {
            // The studio is there; from here on the disk has so much left.
            disk.resize(disk.taken() + 6 * MEGABYTE + size);
            handle.begin(person(), new_episode("kilogram.md", 1)).await.unwrap();
            let mut snapshots = handle.snapshots();
            let began = now();
            let rests = |snapshot: &Arc<Snapshot>| snapshot.space.is_some() || !asks(snapshot).is_empty();
            let found = tokio::time::timeout(Duration::from_secs(60), snapshots.wait_for(rests)).await;
            let snapshot = Arc::clone(&found.expect("it says what it waits for").unwrap());
            eprintln!("{size} bytes: {:?} after {:?}, {:?}", snapshot.space, began.elapsed(), asks(&snapshot));
            if size < 10 * MEGABYTE {
                let told = snapshot.space.as_deref().expect("a call waits");
                assert!(told.starts_with("1 call waits for disk space: ") && told.contains(" MB free, "), "{told}");
                assert!(told.contains("Nothing of this was sent"), "{told}");
                assert!(told.contains("it goes on by itself"), "{told}");
                assert_eq!(servers.meter().totals.calls, 0, "nothing is sent");
            }
            assert_eq!(snapshot.halted, None);
            // A disk that is mounted read-only says so to whoever waits.
            if size < 10 * MEGABYTE {
                disk.read_only(true);
                let is_told = |snapshot: &Arc<Snapshot>| {
                    snapshot.space.as_deref().is_some_and(|told| told.contains("nothing can be written"))
                };
                tokio::time::timeout(Duration::from_secs(5), snapshots.wait_for(is_told)).await.unwrap().unwrap();
                disk.read_only(false);
            }
            disk.resize(u64::MAX / 2);
            decide_until_over(&handle, &[EPISODE], Duration::from_secs(60), false).await.unwrap();
            assert_eq!(handle.snapshots().borrow().space, None, "nothing waits any more");
            handle.shutdown().await;
        });
        let events = journal(folder.path());
        let lost = events.iter().filter(|stamped| matches!(stamped.event, Event::ChargeUncertain { .. })).count();
        assert_eq!(lost, 0, "at {size} bytes: whatever was sent was kept");
        check_money(&events, &servers.meter());
        runtime.block_on(servers.stop(Duration::from_secs(1)));
    }
}

fn asks(snapshot: &Snapshot) -> Vec<String> {
    snapshot.episodes.iter().flat_map(|episode| episode.needs.iter().map(|need| need.id.clone())).collect()
}
