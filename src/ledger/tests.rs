//! The parts of the ledger together: what a start does with what a crash left.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::disk::{Disk, RealDisk};
use super::journal::{self, Checkpoint, Draft, Journal, Known, Loss, ReadOnly, Witness};
use super::state::{self, Batch, State, StateError, StateOpened};
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
    let (journal, _) = Journal::open_after(disk(), studio, opened.checkpoint, None, &mut |entry| {
        replayed.push(entry.seq);
        sum += entry.body.get().parse::<u64>().unwrap();
    })
    .unwrap();
    (journal, state, opened, sum, replayed)
}

/// What is said to be lost where the state contradicts the journal.
fn lost(studio: &Path) -> Loss {
    let confirm = |place: Checkpoint| Journal::confirms(&RealDisk, studio, place);
    let Err(StateError::Foreign(place)) = State::open(studio, 1, Duration::from_secs(20), &confirm) else {
        panic!("the state is confirmed")
    };
    let witness = Known { by: Witness::State, place, at: None, sums: None };
    let opened = Journal::open_after(disk(), studio, Checkpoint::START, Some(witness), &mut |_| ()).unwrap().1;
    match opened.read_only {
        Some(ReadOnly::Lost(loss)) => *loss,
        other => panic!("{other:?}"),
    }
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
fn a_state_ahead_of_a_shorter_journal_is_a_witness_of_the_loss() {
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
    std::fs::remove_file(studio.join(journal::head::FILE)).unwrap();
    assert_eq!(
        lost(&studio).to_string().split(" (").next().unwrap(),
        "event 3 was recorded and is missing from the journal, as the folded state shows"
    );
    // From then on the head file says it too, so that it is known without the state.
    std::fs::remove_dir_all(studio.join(state::FOLDER)).unwrap();
    let (journal, opened) = Journal::open(disk(), &studio).unwrap();
    assert_eq!(journal.tip(), shorter);
    assert!(
        matches!(opened.read_only, Some(ReadOnly::Lost(loss)) if loss.known.by == Witness::Head),
        "seen by the head"
    );
}

#[test]
fn a_state_of_another_journal_of_the_same_length_is_a_witness_too() {
    let folder = tempfile::tempdir().unwrap();
    let studios = ["one", "two"].map(|name| folder.path().join(name));
    for (studio, body) in studios.iter().zip([1, 2]) {
        drop(Journal::create(disk(), studio).unwrap());
        let (mut journal, state, _, mut sum, _) = start(studio);
        record(&mut journal, Some(&state), &mut sum, &[body]);
    }
    std::fs::copy(studios[1].join(journal::FILE), studios[0].join(journal::FILE)).unwrap();
    std::fs::remove_file(studios[0].join(journal::head::FILE)).unwrap();
    assert!(lost(&studios[0]).is_other_journal());
}
