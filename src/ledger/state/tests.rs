//! The state when all is well, and each way in which it is moved aside.

use super::*;
use crate::ledger::chain::LineHash;

const LIMIT: Duration = Duration::from_secs(20);

fn at(seq: u64) -> Checkpoint {
    Checkpoint { seq, offset: seq * 100, hash: LineHash::of(&seq.to_be_bytes()) }
}

fn no(n: u32) -> EpisodeNumber {
    EpisodeNumber(n)
}

fn month(text: &str) -> Month {
    Month::of(format!("{text}-15T00:00:00Z").parse().unwrap())
}

fn cost(seq: u64, in_month: &str, episode: Option<u32>) -> CostRow {
    CostRow { seq, month: month(in_month), episode: episode.map(no), row: vec![seq as u8; 3] }
}

fn open(studio: &Path) -> (State, StateOpened) {
    State::open(studio, 1, LIMIT, &|_| true).unwrap()
}

fn batch(seq: u64, episodes: &[u32]) -> Batch {
    let episodes = episodes.iter().map(|n| (no(*n), format!("episode {n} at {seq}").into_bytes())).collect();
    Batch { episodes, costs: Vec::new(), checkpoint: at(seq) }
}

/// A studio whose state holds episodes 1 to 3, at line 30.
fn sample() -> tempfile::TempDir {
    let studio = tempfile::tempdir().unwrap();
    let (state, opened) = open(studio.path());
    assert_eq!(opened, StateOpened { checkpoint: Checkpoint::START, aside: None });
    state.put(batch(10, &[1, 2]));
    // Two transactions, not one of both batches.
    state.flush_and_wait().unwrap();
    state.put(batch(30, &[2, 3]));
    state.flush_and_wait().unwrap();
    studio
}

/// Opens the database itself, which must be closed, and does something to it.
fn tamper(studio: &Path, deed: impl FnOnce(&mut Store)) {
    let mut store = Store::open(&studio.join(FOLDER), 1).unwrap();
    deed(&mut store);
    store.flush().unwrap();
}

fn aside(studio: &Path) -> Aside {
    let (state, opened) = open(studio);
    assert_eq!(opened.checkpoint, Checkpoint::START);
    assert_eq!(state.episode(no(2)).unwrap(), None);
    let (path, why) = opened.aside.unwrap();
    assert!(path.is_dir(), "{path:?}");
    state.put(batch(5, &[2]));
    drop(state);
    // The fresh one is whole.
    let (state, opened) = open(studio);
    assert_eq!(opened, StateOpened { checkpoint: at(5), aside: None });
    assert_eq!(state.episode(no(2)).unwrap().unwrap().bytes, b"episode 2 at 5");
    why
}

#[test]
fn what_is_put_is_found_after_a_restart() {
    let studio = sample();
    let (state, opened) = open(studio.path());
    assert_eq!(opened, StateOpened { checkpoint: at(30), aside: None });
    let row = |n, seq| EpisodeRow { number: no(n), seq, bytes: format!("episode {n} at {seq}").into_bytes() };
    assert_eq!(state.episode(no(1)).unwrap(), Some(row(1, 10)));
    assert_eq!(state.episode(no(2)).unwrap(), Some(row(2, 30)));
    assert_eq!(state.episode(no(4)).unwrap(), None);
    assert_eq!(state.episodes(no(2), no(3)).unwrap(), [row(2, 30), row(3, 30)]);
    assert_eq!(state.episodes(no(0), no(u32::MAX)).unwrap(), [row(1, 10), row(2, 30), row(3, 30)]);
    assert_eq!(state.checkpoint().unwrap(), at(30));
}

#[test]
fn what_was_put_is_read_at_once_and_written_by_dropping() {
    let studio = tempfile::tempdir().unwrap();
    let (state, _) = open(studio.path());
    for seq in 1..=300 {
        state.put(batch(seq, &[7]));
    }
    assert_eq!(state.episode(no(7)).unwrap().unwrap().bytes, b"episode 7 at 300");
    state.put(batch(301, &[7]));
    drop(state);
    let (state, opened) = open(studio.path());
    assert_eq!(opened.checkpoint, at(301));
    assert_eq!(state.episode(no(7)).unwrap().unwrap().seq, 301);
}

#[test]
fn costs_are_found_by_month_and_by_episode() {
    let studio = tempfile::tempdir().unwrap();
    let (state, _) = open(studio.path());
    let costs = vec![cost(1, "2026-10", Some(1)), cost(2, "2026-11", Some(1)), cost(3, "2026-11", Some(256))];
    state.put(Batch { episodes: Vec::new(), costs, checkpoint: at(3) });
    let costs = vec![cost(300, "2026-11", None), cost(301, "2027-01", Some(1))];
    state.put(Batch { episodes: Vec::new(), costs, checkpoint: at(301) });
    let seqs = |scope| state.costs(scope).unwrap().into_iter().map(|(seq, _)| seq).collect::<Vec<_>>();
    assert_eq!(seqs(CostScope::Month(month("2026-11"))), [2, 3, 300]);
    assert_eq!(seqs(CostScope::Month(month("2026-12"))), [0u64; 0]);
    assert_eq!(seqs(CostScope::Episode(no(1))), [1, 2, 301]);
    assert_eq!(seqs(CostScope::Episode(no(256))), [3]);
    assert_eq!(seqs(CostScope::All), [1, 2, 3, 300, 301]);
    assert_eq!(state.costs(CostScope::Episode(no(256))).unwrap(), [(3, vec![3; 3])]);
    assert_eq!(state.episodes(no(0), no(u32::MAX)).unwrap(), []);
}

#[test]
fn the_number_of_a_cost_row_is_the_callers() {
    let studio = tempfile::tempdir().unwrap();
    let (state, _) = open(studio.path());
    let costs = vec![cost(5000, "2026-10", Some(5000))];
    state.put(Batch { episodes: Vec::new(), costs, checkpoint: at(3) });
    assert_eq!(state.costs(CostScope::All).unwrap().len(), 1);
}

#[test]
fn responses_are_kept() {
    let studio = tempfile::tempdir().unwrap();
    let (state, _) = open(studio.path());
    state.keep_response(b"key".to_vec(), b"answer".to_vec());
    drop(state);
    let (state, _) = open(studio.path());
    assert_eq!(state.response(b"key".to_vec()).unwrap(), Some(b"answer".to_vec()));
    assert_eq!(state.response(b"other".to_vec()).unwrap(), None);
}

#[test]
fn a_deleted_state_is_simply_new() {
    let studio = sample();
    fs::remove_dir_all(studio.path().join(FOLDER)).unwrap();
    assert_eq!(open(studio.path()).1, StateOpened { checkpoint: Checkpoint::START, aside: None });
}

#[test]
fn a_state_of_another_shape_is_moved_aside() {
    let studio = sample();
    let (_, opened) = State::open(studio.path(), 2, LIMIT, &|_| true).unwrap();
    assert_eq!(opened.checkpoint, Checkpoint::START);
    assert_eq!(opened.aside.unwrap().1, Aside::Shape { found: 1, wanted: 2 });
}

#[test]
fn a_state_that_the_journal_does_not_confirm_is_refused_and_left_as_a_witness() {
    let studio = sample();
    for shape in [1, 1, 2] {
        let refused = State::open(studio.path(), shape, LIMIT, &|place| place.seq < 20).unwrap_err();
        assert!(matches!(refused, StateError::Foreign(place) if place == at(30)), "{refused:?}");
    }
    assert_eq!(open(studio.path()).1, StateOpened { checkpoint: at(30), aside: None });
}

#[test]
fn a_damage_whose_note_is_empty_is_told_with_words() {
    let studio = sample();
    fs::write(studio.path().join(MARK), " \n").unwrap();
    let why = aside(studio.path());
    assert!(!why.to_string().contains("()") && why.to_string().contains("could not be noted"), "{why}");
}

#[test]
fn a_torn_transaction_is_seen_at_opening() {
    let studio = sample();
    tamper(studio.path(), |store| store.tear(&Key::Episode(no(3))));
    assert!(matches!(aside(studio.path()), Aside::Damaged(what) if what.contains("only in part")));
}

#[test]
fn a_damaged_value_is_never_returned_and_the_state_is_folded_again_at_the_next_start() {
    type Deed = fn(&mut Store);
    let deeds: [Deed; 3] = [
        |store| store.plant(&Key::Episode(no(1)), b"nonsense that is no sealed value"),
        |store| store.plant(&Key::Episode(no(1)), b""),
        |store| store.run_ahead(&Key::Episode(no(1)), 31),
    ];
    for deed in deeds {
        let studio = sample();
        tamper(studio.path(), deed);
        let (state, opened) = open(studio.path());
        assert_eq!(opened.aside, None);
        assert!(matches!(state.episode(no(1)), Err(StateError::Damaged(_))));
        assert!(state.episode(no(2)).unwrap().is_some(), "one bad value does not stop the others");
        drop(state);
        assert!(matches!(aside(studio.path()), Aside::Damaged(_)));
    }
}

#[test]
fn damaged_files_are_moved_aside_or_harmless_and_never_yield_a_wrong_value() {
    for position in [0usize, 8, 100, 1000, 5000, 40_000] {
        let studio = sample();
        let path = studio.path().join(FOLDER).join("db");
        let mut bytes = fs::read(&path).unwrap();
        let end = bytes.len().min(position + 64);
        if position >= end {
            continue;
        }
        bytes[position..end].fill(0x5a);
        fs::write(&path, bytes).unwrap();
        let (state, opened) = open(studio.path());
        let found = state.episode(no(2));
        let whole = EpisodeRow { number: no(2), seq: 30, bytes: b"episode 2 at 30".to_vec() };
        match (found, opened.checkpoint.seq) {
            (Ok(Some(row)), 30) => assert_eq!(row, whole),
            (Ok(Some(row)), 10) => assert_eq!(row.seq, 10),
            (Ok(None), 0) | (Err(StateError::Damaged(_) | StateError::OutOfUse(_)), _) => {}
            other => panic!("at {position}: {other:?}, {opened:?}"),
        }
    }
}

#[test]
fn an_opening_that_hangs_or_panics_is_left_behind() {
    use std::sync::atomic::{AtomicU32, Ordering};
    for hang in [true, false] {
        let studio = sample();
        let calls = AtomicU32::new(0);
        let opener: Opener = Arc::new(move |dir, shape| {
            if calls.fetch_add(1, Ordering::SeqCst) > 0 {
                return Store::open(dir, shape);
            }
            assert!(hang, "the database panics at opening");
            loop {
                std::thread::park();
            }
        });
        let limit = if hang { Duration::from_secs(2) } else { LIMIT };
        let (state, opened) = State::open_by(opener, studio.path(), 1, limit, &|_| true).unwrap();
        let why = opened.aside.unwrap().1;
        assert!(if hang { why == Aside::TooSlow } else { matches!(why, Aside::Damaged(_)) }, "{why:?}");
        assert_eq!(state.episode(no(1)).unwrap(), None);
    }
}

#[test]
fn a_state_in_use_is_left_alone() {
    let studio = sample();
    let (state, _) = open(studio.path());
    assert!(matches!(State::open(studio.path(), 1, LIMIT, &|_| true), Err(StateError::Busy)));
    assert_eq!(state.checkpoint().unwrap(), at(30));
}

#[test]
fn an_answer_that_does_not_come_puts_the_state_out_of_use() {
    let studio = sample();
    let (mut state, _) = open(studio.path());
    state.limit = Duration::from_millis(200);
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let stuck = state.ask(move |_| {
        let _ = held.recv();
        Ok(())
    });
    assert!(matches!(stuck, Err(StateError::Damaged(_))));
    assert!(matches!(state.episode(no(1)), Err(StateError::OutOfUse(_))));
    assert!(state.fault().is_some());
    state.put(batch(40, &[1]));
    drop(hold);
    state.limit = LIMIT;
    drop(state);
    assert!(matches!(aside(studio.path()), Aside::Damaged(_)));
}
