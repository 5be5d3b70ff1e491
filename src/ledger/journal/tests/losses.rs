//! Journals that lost what was acknowledged, or that are not the ones that were written: nothing of that is ever cut off, and
//! nothing is written behind it.

use super::*;
use crate::ledger::disk::Standing;

/// Opens the journal, which must be read only, checks that nothing was changed, and says why.
fn refused(disk: &SimulatedDisk, from: Checkpoint, what: &str) -> ReadOnly {
    let before = disk.read(&file()).unwrap();
    let (mut journal, opened) = Journal::open_after(shared(disk), dir(), from, None, &mut |_| ()).unwrap();
    let why = opened.read_only.unwrap_or_else(|| panic!("{what}: it is taken for sound"));
    assert_eq!(opened.cut, None, "{what}");
    let next = journal.next_seq();
    assert!(matches!(journal.append(next, &drafts(1, 1)), Err(JournalError::ReadOnly(_))), "{what}");
    assert_eq!(disk.read(&file()).unwrap(), before, "{what}");
    why
}

fn loss(why: ReadOnly, what: &str) -> Loss {
    match why {
        ReadOnly::Lost(loss) => *loss,
        other => panic!("{what}: {other:?}"),
    }
}

#[test]
fn an_acknowledged_end_that_is_gone_is_a_loss_at_every_byte() {
    let (disk, ends) = sample();
    let bytes = disk.read(&file()).unwrap();
    for keep in 0..bytes.len() {
        for zeros in [0, 1, bytes.len() - keep] {
            let what = format!("{keep} bytes and {zeros} zeros");
            disk.plant(&file(), &[&bytes[..keep], &vec![0; zeros]].concat());
            let held = ends.iter().rfind(|end| end.offset <= keep as u64).unwrap().seq;
            let loss = loss(refused(&disk, Checkpoint::START, &what), &what);
            assert_eq!((loss.held, loss.missing()), (held, Some(9 - held)), "{what}");
            assert_eq!(loss.known.place, ends[4], "{what}");
        }
    }
}

#[test]
fn a_bent_bit_in_the_last_batch_is_seen_although_a_checkpoint_stands_behind_it() {
    let (disk, ends) = sample();
    let bytes = disk.read(&file()).unwrap();
    for at in ends[3].offset as usize..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1 << (at % 8);
        disk.plant(&file(), &bent);
        // Without a head that knows the batch, a zero or an open end is what a power loss leaves too.
        let looks_torn = bent[at] == 0 || at == bytes.len() - 1;
        for head in [ends[4], ends[3]].into_iter().take(if looks_torn { 1 } else { 2 }) {
            head_at(&disk, head);
            refused(&disk, Checkpoint::START, &format!("byte {at}"));
        }
        // The state confirms its checkpoint by the last line, and skips the lines before it.
        if Journal::confirms(&disk, dir(), ends[4]) {
            refused(&disk, ends[4], &format!("byte {at}"));
        }
    }
}

#[test]
fn a_batch_longer_than_a_window_is_checked_where_a_checkpoint_would_skip_it() {
    let disk = SimulatedDisk::new();
    let mut journal = Journal::create(shared(&disk), dir()).unwrap();
    journal.append(1, &drafts(1, 2)).unwrap();
    let before = journal.tip();
    let tip = journal.append(3, &drafts(3, 1_000)).unwrap().tip;
    drop(journal);
    let bytes = disk.read(&file()).unwrap();
    assert!(tip.offset - before.offset > 200_000);
    let (_, opened) = Journal::open_after(shared(&disk), dir(), tip, None, &mut |_| panic!("nothing follows")).unwrap();
    assert_eq!((opened.tip, opened.read_only), (tip, None));
    let mut bent = bytes;
    bent[before.offset as usize + 60] ^= 1;
    disk.plant(&file(), &bent);
    refused(&disk, tip, "the first line of a long batch");
}

#[test]
fn changed_line_ends_are_told_as_such() {
    let (disk, _) = sample();
    let text = String::from_utf8(disk.read(&file()).unwrap()).unwrap();
    disk.plant(&file(), text.replace('\n', "\r\n").as_bytes());
    let why = refused(&disk, Checkpoint::START, "with a head").to_string();
    assert!(why.contains("9 events, 1 to 9,") && why.contains("carriage return"), "{why}");
    disk.remove(&dir().join(head::FILE)).unwrap();
    let why = refused(&disk, Checkpoint::START, "without a head").to_string();
    assert!(why.starts_with("line 1 of the journal is broken") && why.contains("carriage return"), "{why}");
}

#[test]
fn a_journal_that_is_another_one_or_an_older_one_is_refused() {
    let (disk, ends) = sample();
    let (other, _) = sample();
    let mut journal = open(&other).unwrap().0;
    journal.append(10, &drafts(50, 4)).unwrap();
    drop(journal);
    let longer = other.read(&file()).unwrap();
    disk.plant(&file(), &forged(&longer, 9, "line 9", "line x"));
    // Its last line of before is not the one that the head knows, although all of it could be cut or read.
    let why = refused(&disk, Checkpoint::START, "another journal").to_string();
    assert!(why.contains("event") && !why.contains("Nothing is lost"), "{why}");
    let (mine, mine_ends) = sample();
    let bytes = mine.read(&file()).unwrap();
    mine.plant(&file(), &bytes[..mine_ends[2].offset as usize]);
    assert_eq!(loss(refused(&mine, Checkpoint::START, "an older one"), "an older one").missing(), Some(5));
    assert_eq!(ends, mine_ends);
}

#[test]
fn what_was_never_acknowledged_is_still_cut_and_the_head_follows() {
    let (disk, ends) = sample();
    let bytes = disk.read(&file()).unwrap();
    for keep in ends[3].offset as usize + 1..bytes.len() {
        disk.plant(&file(), &bytes[..keep]);
        head_at(&disk, ends[3]);
        let (mut journal, opened) = open(&disk).unwrap();
        assert_eq!((opened.tip, opened.read_only), (ends[3], None), "{keep}");
        journal.append(7, &drafts(70, 1)).unwrap();
        let tip = journal.tip();
        drop(journal);
        assert_eq!(HeadFile::read(&disk, dir()).unwrap().head.map(|head| head.place), Some(tip));
    }
}

#[test]
fn a_head_that_is_missing_or_behind_is_brought_up_at_opening() {
    let (disk, ends) = sample();
    for prepare in [
        |disk: &SimulatedDisk, _: &[Checkpoint]| disk.remove(&dir().join(head::FILE)).unwrap(),
        |disk: &SimulatedDisk, ends: &[Checkpoint]| head_at(disk, ends[1]),
        |disk: &SimulatedDisk, _: &[Checkpoint]| disk.plant(&dir().join(head::FILE), b"nonsense"),
    ] {
        prepare(&disk, &ends);
        assert_eq!(open(&disk).unwrap().1.read_only, None);
        let head = HeadFile::read(&disk, dir()).unwrap().head.unwrap();
        assert_eq!((head.place, head.at), (ends[4], Some("2026-05-28T20:26:49.123456Z".parse().unwrap())));
    }
}

#[test]
fn a_second_one_is_refused_whatever_became_of_the_lock_file() {
    let (disk, _) = sample();
    let (journal, _) = open(&disk).unwrap();
    assert!(matches!(open(&disk), Err(JournalError::Held)));
    assert!(matches!(Journal::lock(&disk, dir()), Err(JournalError::Held)));
    drop(journal);
    let lock = Journal::lock(&disk, dir()).unwrap();
    assert!(matches!(open(&disk), Err(JournalError::Held)));
    drop(lock);
    open(&disk).unwrap();
}

#[test]
fn a_journal_that_is_not_as_it_was_left_takes_no_more() {
    type Surprising = (&'static str, fn(&SimulatedDisk));
    let surprises: [Surprising; 4] = [
        ("removed", |disk| disk.remove(&file()).unwrap()),
        ("replaced", |disk| {
            let bytes = disk.read(&file()).unwrap();
            disk.remove(&file()).unwrap();
            disk.create(&file()).unwrap().write(&bytes).unwrap();
        }),
        ("longer", |disk| disk.append(&file()).unwrap().write(b"x").unwrap()),
        ("shorter", |disk| disk.append(&file()).unwrap().truncate(100).unwrap()),
    ];
    for (what, surprise) in surprises {
        let (disk, _) = sample();
        let (mut journal, _) = open(&disk).unwrap();
        surprise(&disk);
        let after = disk.read(&file()).ok();
        let refused = journal.append(10, &drafts(1, 1)).unwrap_err();
        assert!(matches!(refused, JournalError::Surprise { safe: 9, .. }), "{what}: {refused}");
        assert!(refused.to_string().contains("Everything up to event 9 was recorded"), "{refused}");
        assert!(matches!(journal.append(10, &drafts(1, 1)), Err(JournalError::Poisoned { .. })), "{what}");
        assert_eq!(disk.read(&file()).ok(), after, "{what}");
    }
}

#[test]
fn a_renamed_journal_is_another_ones_and_an_unknown_standing_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(crate::ledger::disk::RealDisk);
    let mut journal = Journal::create(Arc::clone(&disk), folder.path()).unwrap();
    journal.append(1, &drafts(1, 2)).unwrap();
    let path = folder.path().join(FILE);
    let len = std::fs::metadata(&path).unwrap().len();
    assert_eq!(journal.file.standing(&path).unwrap(), Standing { is_named: true, len });
    assert!(matches!(Journal::open(Arc::clone(&disk), folder.path()), Err(JournalError::Held)));
    std::fs::rename(&path, folder.path().join("elsewhere")).unwrap();
    std::fs::copy(folder.path().join("elsewhere"), &path).unwrap();
    let refused = journal.append(3, &drafts(3, 1)).unwrap_err();
    assert!(matches!(refused, JournalError::Surprise { surprise: Surprise::Replaced, .. }), "{refused}");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), len);
}
