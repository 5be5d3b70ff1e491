//! The journal under torn tails, power loss, full disks and damage.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::domain::ids::EpisodeNumber;
use crate::ledger::disk::simulated::{Fault, SimulatedDisk, Survival};

mod losses;
mod viewing;

const DIR: &str = "/data/studio";

fn dir() -> &'static Path {
    Path::new(DIR)
}

fn file() -> PathBuf {
    dir().join(FILE)
}

fn draft(n: u64) -> Draft {
    Draft {
        at: jiff::Timestamp::new(1_780_000_000 + n as i64, 123_456_789).unwrap(),
        episode: (!n.is_multiple_of(3)).then_some(EpisodeNumber(n as u32)),
        actor: "Ada (os: ada)".to_owned(),
        body: RawValue::from_string(format!("{{\"note\":\"line {n} with \\n and ü\",\n \"n\":{n}}}")).unwrap(),
    }
}

fn drafts(from: u64, len: u64) -> Vec<Draft> {
    (from..from + len).map(draft).collect()
}

fn shared(disk: &SimulatedDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

/// A disk with batches of 1, 3, 2 and 3 lines, and the ends of the batches.
fn sample() -> (SimulatedDisk, Vec<Checkpoint>) {
    let disk = SimulatedDisk::new();
    let mut journal = Journal::create(shared(&disk), dir()).unwrap();
    let mut ends = vec![Checkpoint::START];
    for len in [1, 3, 2, 3] {
        let next = journal.next_seq();
        ends.push(journal.append(next, &drafts(next, len)).unwrap().tip);
    }
    (disk, ends)
}

fn open(disk: &SimulatedDisk) -> Result<(Journal, Opened), JournalError> {
    Journal::open(shared(disk), dir())
}

/// Lets the head file be as it was before this batch was acknowledged, which is what a power loss leaves.
fn head_at(disk: &SimulatedDisk, place: Checkpoint) {
    Head { place, at: None, sums: None }.replace(disk, dir()).unwrap();
}

fn seqs(reader: Reader) -> Vec<u64> {
    reader.map(|entry| entry.unwrap().seq).collect()
}

fn line_of(bytes: &[u8], number: usize) -> &[u8] {
    bytes.split_inclusive(|b| *b == b'\n').nth(number - 1).unwrap()
}

/// The file with this line changed, and the hash of that line alone made good again.
fn forged(bytes: &[u8], number: usize, from: &str, to: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for (n, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        if n + 1 != number {
            out.extend_from_slice(line);
            continue;
        }
        let text = std::str::from_utf8(line).unwrap();
        assert!(text.contains(from), "{text}");
        let head = text.replacen(from, to, 1);
        let head = head.split(",\"hash\":\"").next().unwrap();
        out.extend_from_slice(format!("{head},\"hash\":\"{}\"}}\n", LineHash::of(head.as_bytes())).as_bytes());
    }
    out
}

#[test]
fn a_line_reads_as_it_is_documented() {
    let (disk, ends) = sample();
    let bytes = disk.read(&file()).unwrap();
    let first = std::str::from_utf8(line_of(&bytes, 1)).unwrap();
    let zero = "0".repeat(64);
    let head = format!(
        "{{\"v\":1,\"seq\":1,\"at\":\"2026-05-28T20:26:41.123456Z\",\"episode\":1,\"actor\":\"Ada (os: ada)\",\
         \"batch\":[1,1],\"body\":{{\"note\":\"line 1 with \\n and ü\",  \"n\":1}},\"prev\":\"{zero}\""
    );
    assert_eq!(first, format!("{head},\"hash\":\"{}\"}}\n", blake3::hash(head.as_bytes()).to_hex()));
    assert_eq!(ends.last().unwrap().offset, bytes.len() as u64);
    let (journal, opened) = open(&disk).unwrap();
    assert_eq!((opened.tip, opened.cut, opened.read_only), (*ends.last().unwrap(), None, None));
    let third = journal.read_from(3).unwrap().next().unwrap().unwrap();
    assert_eq!((third.seq, third.episode, third.batch), (3, None, BatchSpan { first: 2, len: 3 }));
    assert_eq!(third.at, "2026-05-28T20:26:43.123456Z".parse().unwrap());
    assert_eq!(third.checkpoint(), None);
}

#[test]
fn reading_can_begin_at_every_number_and_at_every_end_of_a_batch() {
    let (disk, ends) = sample();
    let journal = open(&disk).unwrap().0.as_view().clone();
    for from in 0..=10 {
        assert_eq!(seqs(journal.read_from(from).unwrap()), (from.max(1)..=9).collect::<Vec<_>>());
    }
    for end in &ends {
        assert_eq!(seqs(journal.open_reader(*end).unwrap()), (end.seq + 1..=9).collect::<Vec<_>>());
        let mut replayed = Vec::new();
        let (again, opened) =
            Journal::open_after(shared(&disk), dir(), *end, None, &mut |entry| replayed.push(entry.seq)).unwrap();
        assert_eq!(replayed, (end.seq + 1..=9).collect::<Vec<_>>());
        assert_eq!((again.tip(), opened.from), (ends[4], *end));
        assert!(Journal::confirms(&disk, dir(), *end));
        for foreign in [
            Checkpoint { seq: end.seq + 1, ..*end },
            Checkpoint { offset: end.offset + 1, ..*end },
            Checkpoint { hash: LineHash::of(b"other"), ..*end },
            Checkpoint { offset: 1 << 40, ..*end },
        ] {
            assert!(matches!(journal.open_reader(foreign), Err(JournalError::ForeignCheckpoint { .. })), "{foreign:?}");
        }
    }
}

#[test]
fn a_place_within_a_batch_is_no_checkpoint() {
    let (disk, _) = sample();
    let (journal, _) = open(&disk).unwrap();
    let second = journal.read_from(2).unwrap().next().unwrap().unwrap();
    let within = Checkpoint { seq: 2, offset: second.end, hash: second.hash };
    assert!(!Journal::confirms(&disk, dir(), within));
}

#[test]
fn many_lines_are_found_through_the_marks() {
    let disk = SimulatedDisk::new();
    let mut journal = Journal::create(shared(&disk), dir()).unwrap();
    for n in 0..350 {
        journal.append(1 + 3 * n, &drafts(1 + 3 * n, 3)).unwrap();
    }
    let written = journal.as_view().clone();
    drop(journal);
    let reopened = open(&disk).unwrap().0.as_view().clone();
    assert!(reopened.marks.len() > 3);
    for journal in [&written, &reopened] {
        for from in [1, 255, 256, 257, 258, 513, 1049, 1050] {
            assert_eq!(seqs(journal.read_from(from).unwrap()), (from..=1050).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_torn_tail_is_cut_off_whole_at_every_byte() {
    let (disk, ends) = sample();
    let bytes = disk.read(&file()).unwrap();
    for keep in 0..=bytes.len() {
        for zeros in [0, 700] {
            let torn = [&bytes[..keep], &vec![0; zeros]].concat();
            disk.plant(&file(), &torn);
            let whole = *ends.iter().rfind(|end| end.offset <= keep as u64).unwrap();
            head_at(&disk, whole);
            let (mut journal, opened) = open(&disk).unwrap();
            assert_eq!((opened.tip, &opened.read_only), (whole, &None), "at byte {keep}");
            let left = torn.len() as u64 - whole.offset;
            assert_eq!(opened.cut.as_ref().map_or(0, |cut| cut.bytes), left, "at byte {keep}");
            assert_eq!(disk.read(&file()).unwrap(), &bytes[..whole.offset as usize]);
            if let Some(cut) = opened.cut {
                let kept = dir().join(cut.kept.unwrap());
                assert_eq!(disk.read(&kept).unwrap(), &torn[whole.offset as usize..]);
                disk.remove(&kept).unwrap();
            }
            journal.append(whole.seq + 1, &drafts(90, 2)).unwrap();
            drop(journal);
            let (_, opened) = open(&disk).unwrap();
            assert_eq!((opened.tip.seq, opened.cut), (whole.seq + 2, None));
        }
    }
}

#[test]
fn a_broken_line_further_up_is_named_and_nothing_is_written() {
    let (disk, ends) = sample();
    let bytes = disk.read(&file()).unwrap();
    for number in 1..=6 {
        let start: usize = (1..number).map(|n| line_of(&bytes, n).len()).sum();
        let mut damaged = bytes.clone();
        damaged[start + 70] ^= 1;
        let mut cut_short = bytes.clone();
        cut_short.drain(start + 20..start + 25);
        let mut without = bytes.clone();
        without.drain(start..start + line_of(&bytes, number).len());
        let whole = *ends.iter().rfind(|end| end.seq < number as u64).unwrap();
        disk.remove(&dir().join(head::FILE)).unwrap();
        for (what, broken) in [("damaged", damaged), ("shorter", cut_short), ("missing", without)] {
            disk.plant(&file(), &broken);
            let (mut journal, opened) = open(&disk).unwrap();
            match opened.read_only {
                Some(ReadOnly::Broken { line, .. }) => assert_eq!(line, number as u64, "{what}"),
                other => panic!("{what} line {number}: {other:?}"),
            }
            assert_eq!((opened.tip, opened.cut), (whole, None));
            let refused = journal.append(journal.next_seq(), &drafts(1, 1)).unwrap_err();
            assert!(matches!(refused, JournalError::ReadOnly(_)));
            assert!(refused.to_string().contains(&format!("line {number} ")), "{refused}");
            assert_eq!(seqs(journal.read_from(1).unwrap()), (1..=whole.seq).collect::<Vec<_>>());
            assert_eq!(disk.read(&file()).unwrap(), broken);
        }
        head_at(&disk, Checkpoint::START);
    }
}

#[test]
fn a_sound_line_in_the_wrong_place_is_damage_even_at_the_end() {
    let (disk, ends) = sample();
    let bytes = disk.read(&file()).unwrap();
    let prev = |n: usize| {
        let text = std::str::from_utf8(line_of(&bytes, n)).unwrap();
        text.split("\"prev\":\"").nth(1).unwrap()[..64].to_owned()
    };
    let other = LineHash::of(b"other").to_string();
    disk.remove(&dir().join(head::FILE)).unwrap();
    for (number, from, to, fault) in [
        (7, "\"seq\":7", "\"seq\":8", LineFault::WrongSeq { expected: 7, found: 8 }),
        (8, "\"batch\":[7,3]", "\"batch\":[7,2]", LineFault::WrongBatch),
        (7, "\"batch\":[7,3]", "\"batch\":[7,0]", LineFault::WrongBatch),
        (9, prev(9).as_str(), other.as_str(), LineFault::WrongPrev),
    ] {
        disk.plant(&file(), &forged(&bytes, number, from, to));
        let (_, opened) = open(&disk).unwrap();
        let read_only = Some(ReadOnly::Broken { line: number as u64, fault });
        assert_eq!((opened.tip, opened.cut, opened.read_only), (ends[3], None, read_only));
    }
    // Whoever rewrites a line and its hash is betrayed by the next line.
    disk.plant(&file(), &forged(&bytes, 3, "line 3", "line x"));
    let (_, opened) = open(&disk).unwrap();
    assert_eq!(opened.read_only, Some(ReadOnly::Broken { line: 4, fault: LineFault::WrongPrev }));
}

#[test]
fn a_newer_record_opens_read_only() {
    let (disk, ends) = sample();
    let bytes = disk.read(&file()).unwrap();
    for number in [7, 4] {
        disk.plant(&file(), &forged(&bytes, number, "{\"v\":1,", "{\"v\":2,\"moon\":[],"));
        let (mut journal, opened) = open(&disk).unwrap();
        let line = number as u64;
        assert_eq!(opened.read_only, Some(ReadOnly::Newer { line, version: 2 }));
        assert_eq!(opened.tip, *ends.iter().rfind(|end| end.seq < line).unwrap());
        let refused = journal.append(journal.next_seq(), &drafts(1, 1)).unwrap_err().to_string();
        assert!(refused.contains("newer version"), "{refused}");
    }
}

#[test]
fn what_cannot_be_recorded_leaves_the_journal_usable() {
    let (disk, ends) = sample();
    let (mut journal, _) = open(&disk).unwrap();
    let before = disk.read(&file()).unwrap();
    assert!(matches!(journal.append(9, &drafts(1, 1)), Err(JournalError::OutOfOrder { expected: 9, next: 10 })));
    assert!(matches!(journal.append(10, &[]), Err(JournalError::EmptyBatch)));
    let mut long = drafts(1, 2);
    long[1].body = RawValue::from_string(format!("\"{}\"", "x".repeat(MAX_LINE))).unwrap();
    assert!(matches!(journal.append(10, &long), Err(JournalError::Unwritable { index: 1, .. })));
    assert_eq!((disk.read(&file()).unwrap(), journal.tip()), (before, ends[4]));
    journal.append(10, &drafts(1, 1)).unwrap();
}

#[test]
fn a_studio_is_made_once_and_a_missing_one_is_not_made() {
    let disk = SimulatedDisk::new();
    assert!(matches!(open(&disk), Err(JournalError::Missing { .. })));
    drop(Journal::create(shared(&disk), dir()).unwrap());
    assert!(matches!(Journal::create(shared(&disk), dir()), Err(JournalError::Exists { .. })));
    disk.restart(Survival::Nothing);
    assert_eq!(open(&disk).unwrap().1.tip, Checkpoint::START);
}

#[test]
fn a_lost_journal_is_not_replaced_by_an_empty_one() {
    let (disk, _) = sample();
    let blobs = blobs::Blobs::open(shared(&disk), dir()).unwrap();
    disk.remove(&file()).unwrap();
    assert!(matches!(open(&disk).unwrap_err(), JournalError::Lost { trace: "its head file", .. }));
    disk.remove(&dir().join(head::FILE)).unwrap();
    drop(Journal::create(shared(&disk), dir()).unwrap());
    blobs.put(b"a script").unwrap();
    disk.remove(&file()).unwrap();
    let refused = Journal::create(shared(&disk), dir()).unwrap_err();
    assert!(matches!(refused, JournalError::Lost { .. }));
    assert_eq!(disk.kind(&file()).unwrap(), None);
}

#[test]
fn a_full_disk_loses_nothing_acknowledged_and_poisons() {
    let (disk, ends) = sample();
    let (mut journal, _) = open(&disk).unwrap();
    disk.fail_in(0, Fault::Full);
    let full = journal.append(10, &drafts(1, 2)).unwrap_err();
    assert!(matches!(full, JournalError::NotWritten { safe: 9, .. }));
    assert!(full.to_string().contains("free some space"), "{full}");
    assert_eq!(disk.kind(&file()).unwrap(), Some(crate::ledger::disk::Kind::File { len: ends[4].offset }));
    disk.mend();
    assert!(matches!(journal.append(10, &drafts(1, 2)), Err(JournalError::Poisoned { safe: 9, .. })));
    drop(journal);
    let (mut journal, opened) = open(&disk).unwrap();
    assert_eq!((opened.tip, opened.cut), (ends[4], None));
    journal.append(10, &drafts(1, 2)).unwrap();
}

#[test]
fn a_failed_sync_is_never_tried_again() {
    let (disk, _) = sample();
    let (mut journal, _) = open(&disk).unwrap();
    disk.fail_in(0, Fault::Sync);
    assert!(matches!(journal.append(10, &drafts(1, 2)), Err(JournalError::NotConfirmed { safe: 9, .. })));
    assert!(matches!(journal.append(10, &drafts(1, 2)), Err(JournalError::Poisoned { .. })));
    disk.restart(Survival::Nothing);
    assert_eq!(open(&disk).unwrap().1.tip.seq, 9);
}

/// Makes a studio and appends batches until the power goes; says which batches were acknowledged.
fn work(disk: &SimulatedDisk, lens: &[u64]) -> Result<(), u64> {
    let mut journal = Journal::create(shared(disk), dir()).map_err(|_| 0u64)?;
    for len in lens {
        let next = journal.next_seq();
        journal.append(next, &drafts(next, *len)).map_err(|_| next - 1)?;
    }
    Ok(())
}

#[test]
fn a_power_loss_at_every_operation_loses_no_acknowledged_batch_and_leaves_no_half_batch() {
    let lens = [1, 4, 2, 3];
    let ends: BTreeSet<u64> = [0, 1, 5, 7, 10].into();
    let mut acknowledged_once = BTreeSet::new();
    for at in 0.. {
        let seeds = (0..40).map(Survival::Some);
        for survival in [Survival::Nothing, Survival::Everything].into_iter().chain(seeds) {
            let disk = SimulatedDisk::new();
            disk.fail_in(at, Fault::PowerLoss);
            let Err(acknowledged) = work(&disk, &lens) else {
                assert_eq!(acknowledged_once, ends.into_iter().filter(|end| *end < 10).collect());
                return;
            };
            acknowledged_once.insert(acknowledged);
            disk.restart(survival);
            // A second power loss while the tail is being cut off must do no harm either.
            disk.fail_in(at % 7, Fault::PowerLoss);
            let _ = open(&disk);
            disk.restart(survival);
            match open(&disk) {
                Err(JournalError::Missing { .. }) => assert_eq!(acknowledged, 0),
                Err(other) => panic!("{other}"),
                Ok((mut journal, opened)) => {
                    assert_eq!(opened.read_only, None, "operation {at}, {survival:?}");
                    assert!(opened.tip.seq >= acknowledged, "operation {at}, {survival:?}");
                    assert!(ends.contains(&opened.tip.seq), "operation {at}, {survival:?}");
                    let next = journal.next_seq();
                    journal.append(next, &drafts(next, 2)).unwrap();
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_batches_torn_anywhere_with_any_tail_keep_exactly_the_whole_ones(
        lens in prop::collection::vec(1u64..5, 1..6),
        at in 0.0..1.0f64,
        tail in prop::collection::vec(any::<u8>().prop_filter("within a line", |byte| *byte != b'\n'), 0..40),
    ) {
        let disk = SimulatedDisk::new();
        work(&disk, &lens).unwrap();
        let bytes = disk.read(&file()).unwrap();
        let (journal, _) = open(&disk).unwrap();
        let ends: Vec<Checkpoint> =
            journal.read_from(1).unwrap().filter_map(|entry| entry.unwrap().checkpoint()).collect();
        drop(journal);
        let keep = (at * bytes.len() as f64) as usize;
        disk.plant(&file(), &[&bytes[..keep], &tail[..]].concat());
        let whole = ends.into_iter().rfind(|end| end.offset <= keep as u64).unwrap_or(Checkpoint::START);
        head_at(&disk, whole);
        let (journal, opened) = open(&disk).unwrap();
        prop_assert_eq!(opened.tip, whole);
        prop_assert_eq!(opened.read_only, None);
        prop_assert_eq!(seqs(journal.read_from(1).unwrap()), (1..=opened.tip.seq).collect::<Vec<_>>());
    }
}
