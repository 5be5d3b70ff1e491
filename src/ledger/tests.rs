//! The parts of the ledger together: what a start does with what a crash left.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::disk::{Disk, RealDisk};
use super::journal::{self, Checkpoint, Draft, Journal};
use super::state::{Aside, Batch, State, StateOpened};
use crate::domain::ids::EpisodeNumber;

const NUMBER: EpisodeNumber = EpisodeNumber(7);

fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

fn draft(n: u64) -> Draft {
    Draft {
        at: jiff::Timestamp::UNIX_EPOCH,
        episode: Some(NUMBER),
        actor: "engine".to_owned(),
        body: RawValue::from_string(n.to_string()).unwrap(),
    }
}

/// The way a studio is opened: the state first, confirmed by the journal, then the journal's tail onto it. The fold is
/// the sum of the bodies.
fn start(studio: &Path) -> (Journal, State, StateOpened, u64, Vec<u64>) {
    let confirm = |place: Checkpoint| Journal::confirms(&RealDisk, studio, place);
    let (state, opened) = State::open(studio, 1, Duration::from_secs(20), &confirm).unwrap();
    let row = state.episode(NUMBER).unwrap();
    let mut sum = row.map_or(0, |row| u64::from_be_bytes(row.bytes.try_into().unwrap()));
    let mut replayed = Vec::new();
    let (journal, _) = Journal::open_after(disk(), studio, opened.checkpoint, &mut |entry| {
        replayed.push(entry.seq);
        sum += entry.body.get().parse::<u64>().unwrap();
    })
    .unwrap();
    (journal, state, opened, sum, replayed)
}

fn record(journal: &mut Journal, state: Option<&State>, sum: &mut u64, bodies: &[u64]) {
    let drafts: Vec<Draft> = bodies.iter().map(|n| draft(*n)).collect();
    let checkpoint = journal.append(journal.next_seq(), &drafts).unwrap().tip;
    *sum += bodies.iter().sum::<u64>();
    if let Some(state) = state {
        let episodes = vec![(NUMBER, sum.to_be_bytes().to_vec())];
        state.put(Batch { episodes, costs: Vec::new(), checkpoint });
    }
}

#[test]
fn a_start_replays_only_what_the_state_does_not_have() {
    let folder = tempfile::tempdir().unwrap();
    let studio = folder.path().join("studio");
    drop(Journal::create(disk(), &studio).unwrap());
    let (mut journal, state, _, mut sum, _) = start(&studio);
    record(&mut journal, Some(&state), &mut sum, &[1, 2, 3]);
    record(&mut journal, Some(&state), &mut sum, &[4]);
    // The crash comes before these reach the state.
    record(&mut journal, None, &mut sum, &[5, 6]);
    drop((journal, state));
    let (_, _, opened, folded, replayed) = start(&studio);
    assert_eq!((opened.checkpoint.seq, opened.aside), (4, None));
    assert_eq!((folded, replayed), (sum, vec![5, 6]));
    assert_eq!(sum, 21);
}

#[test]
fn a_state_ahead_of_a_shorter_journal_is_folded_again() {
    let folder = tempfile::tempdir().unwrap();
    let studio = folder.path().join("studio");
    drop(Journal::create(disk(), &studio).unwrap());
    let (mut journal, state, _, mut sum, _) = start(&studio);
    record(&mut journal, Some(&state), &mut sum, &[1, 2]);
    let shorter = journal.tip();
    record(&mut journal, Some(&state), &mut sum, &[40]);
    drop((journal, state));
    let file = std::fs::OpenOptions::new().write(true).open(studio.join(journal::FILE)).unwrap();
    file.set_len(shorter.offset).unwrap();
    let (_, _, opened, folded, replayed) = start(&studio);
    assert!(matches!(opened.aside, Some((_, Aside::Foreign { seq: 3 }))), "{opened:?}");
    assert_eq!((folded, replayed), (3, vec![1, 2]));
}

#[test]
fn a_state_of_another_journal_of_the_same_length_is_folded_again() {
    let folder = tempfile::tempdir().unwrap();
    let studios = ["one", "two"].map(|name| folder.path().join(name));
    for (studio, body) in studios.iter().zip([1, 2]) {
        drop(Journal::create(disk(), studio).unwrap());
        let (mut journal, state, _, mut sum, _) = start(studio);
        record(&mut journal, Some(&state), &mut sum, &[body]);
    }
    std::fs::copy(studios[1].join(journal::FILE), studios[0].join(journal::FILE)).unwrap();
    let (_, _, opened, folded, _) = start(&studios[0]);
    assert!(matches!(opened.aside, Some((_, Aside::Foreign { seq: 1 }))), "{opened:?}");
    assert_eq!(folded, 2);
}
