//! Opening a journal: how far it is sound, and what is done about what follows. Not for judging that: see `judgement`.

use std::io::{self, Read};
use std::path::Path;

use jiff::Timestamp;

use super::head::{Head, HeadFile};
use super::judgement::{self, Known, ReadOnly, Shown, Verdict};
use super::line::{self, Entry, MAX_LINE};
use super::scan::{Scanned, Scanner};
use super::{Checkpoint, FILE, JournalError};
use crate::ledger::chain::LineHash;
use crate::ledger::disk::{Disk, DiskFile, Kind};
use crate::ledger::durable;

/// How many lines lie between two remembered places of the file.
const MARK_EVERY: u64 = 256;

/// What a power loss left behind the last whole batch. It was never acknowledged, unless the end of the file was
/// damaged later; so its bytes are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How many bytes.
    pub bytes: u64,
    /// How many lines, the last of which may be a part of one.
    pub lines: u64,
    /// The number of the first of them.
    pub first_seq: u64,
    /// The name of the file beside the journal that keeps the bytes; nothing where the journal was only viewed.
    pub kept: Option<String>,
}

/// What was found when a journal was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Where reading began.
    pub from: Checkpoint,
    /// Where the journal ends: its last whole, sound batch.
    pub tip: Checkpoint,
    /// What was cut off behind it, or only passed over in a view. In a view it may be a batch that is being written.
    pub cut: Option<Cut>,
    /// Why nothing may be written.
    pub read_only: Option<ReadOnly>,
}

/// How far the file is sound and what follows.
pub(super) struct Survey {
    pub(super) opened: Opened,
    /// Ends of batches, in order, so that reading can begin near any number.
    pub(super) marks: Vec<Checkpoint>,
    /// When the last sound event was, where it was read.
    pub(super) at: Option<Timestamp>,
    pub(super) head: HeadFile,
}

/// Reads the file from a checkpoint on and hands over every entry of every whole, sound batch, in order. The batch that ends
/// at the checkpoint is checked too. What follows the last sound batch is judged by the head file and by the witness.
pub(super) fn survey(
    disk: &dyn Disk,
    dir: &Path,
    from: Checkpoint,
    witness: Option<Known>,
    each: &mut dyn FnMut(Entry),
) -> Result<Survey, JournalError> {
    let path = dir.join(FILE);
    let read = |source| JournalError::Read { source };
    // Before the length: the head is noted after the journal was written, so that it is never ahead of a later length.
    let head = HeadFile::read(disk, dir).map_err(read)?;
    let (begin, mut at) = match from {
        Checkpoint::START => (from, None),
        _ => last_batch(disk, &path, confirm(disk, &path, from)?)?,
    };
    // Not further than the file reaches now: a view reads a journal that grows, and what is added behind a batch that it
    // saw half written must not look like a later batch behind a broken one.
    let until = match disk.kind(&path).map_err(read)? {
        Some(Kind::File { len }) => len,
        Some(Kind::Folder | Kind::Other) | None => 0,
    };
    let mut scanner = Scanner::new(disk, &path, begin, until).map_err(read)?;
    let mut marks = vec![begin];
    let stop = loop {
        match scanner.next_batch().map_err(read)? {
            Scanned::Batch(entries) => {
                at = entries.last().map(|entry| entry.at);
                let new = entries.into_iter().filter(|entry| entry.seq > from.seq);
                new.for_each(&mut *each);
                mark(&mut marks, scanner.good());
            }
            Scanned::End => break None,
            Scanned::Stopped(stop) => break Some(stop),
        }
    };
    let good = scanner.good();
    let rest = stop.map(|stop| scanner.rest().map(|rest| (stop, rest))).transpose().map_err(read)?;
    let shown = Shown { good, good_at: at, stop: rest };
    let witnesses: Vec<Known> = witness.into_iter().chain(head.head.map(Known::from)).collect();
    let holds = |place| place == Checkpoint::START || confirm(disk, &path, place).is_ok();
    let (mut cut, mut read_only) = (None, None);
    match (judgement::judge(&shown, &witnesses, &holds), &shown.stop) {
        (Verdict::ReadOnly(why), _) => read_only = Some(why),
        (Verdict::Cut, Some((_, rest))) => {
            let first_seq = good.seq.saturating_add(1);
            cut = Some(Cut { bytes: rest.bytes, lines: rest.lines, first_seq, kept: None });
        }
        (Verdict::Cut | Verdict::Sound, _) => {}
    }
    Ok(Survey { opened: Opened { from, tip: good, cut, read_only }, marks, at, head })
}

/// Remembers a place when it is far enough from the one before.
pub(super) fn mark(marks: &mut Vec<Checkpoint>, place: Checkpoint) {
    if marks.last().is_none_or(|last| place.seq.saturating_sub(last.seq) >= MARK_EVERY) {
        marks.push(place);
    }
}

/// Keeps what follows the last whole batch in a file of its own, and cuts it off the journal.
pub(super) fn cut_off(disk: &dyn Disk, dir: &Path, file: &mut dyn DiskFile, opened: &mut Opened) -> io::Result<()> {
    let Some(cut) = &mut opened.cut else { return Ok(()) };
    let name = free_name(disk, dir, cut.first_seq)?;
    let mut tail = Vec::new();
    disk.reader(&dir.join(FILE), opened.tip.offset)?.read_to_end(&mut tail)?;
    durable::replace(disk, dir, &name, &tail)?;
    cut.kept = Some(name);
    file.truncate(opened.tip.offset)?;
    file.sync_data()
}

/// A name for what is cut off before this line: the same place may be cut again and again.
fn free_name(disk: &dyn Disk, dir: &Path, first_seq: u64) -> io::Result<String> {
    let first = format!("{FILE}.cut-{first_seq}");
    let mut name = first.clone();
    for n in 2u32.. {
        if disk.kind(&dir.join(&name))?.is_none() {
            break;
        }
        name = format!("{first}-{n}");
    }
    Ok(name)
}

/// Brings the head file up to the journal's end where it is missing or behind. Best effort: it is a witness, not the truth.
pub(super) fn note_head(disk: &dyn Disk, dir: &Path, survey: &mut Survey) {
    let place = survey.opened.tip;
    if survey.head.head.is_none_or(|head| head.place != place) && place != Checkpoint::START {
        let noted = survey.head.note(disk, dir, Head { place, at: survey.at, sums: None });
        warn_of_head(noted);
    }
}

/// A head that could not be noted takes nothing from the journal.
pub(super) fn warn_of_head(noted: io::Result<()>) {
    if let Err(error) = noted {
        tracing::warn!(%error, "how far the journal was acknowledged could not be noted beside it");
    }
}

/// Checks that the checkpoint is the end of a batch of this journal: that the line before its offset is its last line
/// and has its hash. Returns that line.
pub(super) fn confirm(disk: &dyn Disk, path: &Path, place: Checkpoint) -> Result<Entry, JournalError> {
    let foreign = || JournalError::ForeignCheckpoint { seq: place.seq };
    let read = |source| JournalError::Read { source };
    let len = match disk.kind(path).map_err(read)? {
        Some(Kind::File { len }) => len,
        Some(Kind::Folder | Kind::Other) | None => return Err(foreign()),
    };
    if place.offset > len {
        return Err(foreign());
    }
    let begin = place.offset.saturating_sub(MAX_LINE as u64 + 2);
    let window = window(disk, path, begin, place.offset).map_err(read)?;
    let line = window.strip_suffix(b"\n").ok_or_else(foreign)?;
    let line = match line.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => line.get(end + 1..).unwrap_or_default(),
        None => line,
    };
    match line::decode(line, place.offset) {
        Ok(entry) if entry.checkpoint() == Some(place) => Ok(entry),
        Ok(_) | Err(_) => Err(foreign()),
    }
}

fn window(disk: &dyn Disk, path: &Path, begin: u64, end: u64) -> io::Result<Vec<u8>> {
    let mut window = Vec::new();
    disk.reader(path, begin)?.take(end.saturating_sub(begin)).read_to_end(&mut window)?;
    Ok(window)
}

/// The place before the batch that this line ends, and when the line was.
fn last_batch(disk: &dyn Disk, path: &Path, last: Entry) -> Result<(Checkpoint, Option<Timestamp>), JournalError> {
    let foreign = || JournalError::ForeignCheckpoint { seq: last.seq };
    let lines = usize::try_from(last.batch.len).map_err(|_| foreign())?;
    let mut reach = 64 * 1024;
    loop {
        let begin = last.end.saturating_sub(reach);
        let window = window(disk, path, begin, last.end).map_err(|source| JournalError::Read { source })?;
        // The line break that ends the line before the batch, counted from the end.
        let breaks = window.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
        let before = match breaks.map(|(at, _)| at).nth(lines) {
            Some(at) => at + 1,
            None if begin == 0 => 0,
            None => {
                reach = reach.saturating_mul(2);
                continue;
            }
        };
        let first = window.get(before..).unwrap_or_default();
        let first = first.split(|byte| *byte == b'\n').next().unwrap_or_default();
        // A first line that is not sound is found by whoever reads the batch.
        let hash = line::decode(first, 0).map_or(LineHash::GENESIS, |first| first.prev);
        let seq = last.batch.first.saturating_sub(1);
        return Ok((Checkpoint { seq, offset: begin + before as u64, hash }, Some(last.at)));
    }
}
