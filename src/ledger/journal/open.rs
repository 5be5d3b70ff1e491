//! Opening a journal: how far it is sound, and what is done about what follows.
//!
//! An incomplete or damaged last batch is what a power loss leaves and is cut off. Anything else is damage to what was
//! already acknowledged: it is named and left alone, and nothing more is written.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use super::line::{self, Entry, LineFault, MAX_LINE};
use super::scan::{Scanned, Scanner, Stop};
use super::{Checkpoint, FILE, JournalError};
use crate::ledger::disk::{Disk, DiskFile, Kind};
use crate::ledger::durable;

/// How many lines lie between two remembered places of the file.
const MARK_EVERY: u64 = 256;

/// Why nothing may be written to a journal. What lies before the line can still be read and exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOnly {
    /// A line is damaged or stands in the wrong place, and it is not in a last batch that a power loss explains.
    Broken {
        /// The number of the line in the file.
        line: u64,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// A line was written by a newer version of this program.
    Newer {
        /// The number of the line in the file.
        line: u64,
        /// Its record version.
        version: u32,
    },
}

impl fmt::Display for ReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken { line, fault } => write!(
                f,
                "line {line} of the journal is broken: {fault}. Everything before its batch can be read and exported; \
                 restore the studio from an archive, or export what is sound and import it elsewhere"
            ),
            Self::Newer { line, version } => write!(
                f,
                "line {line} of the journal was written by a newer version of this program (record version {version}). \
                 Everything before it can be read; use the newer version to go on"
            ),
        }
    }
}

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
}

/// Reads the file from a checkpoint on and hands over every entry of every whole, sound batch, in order.
pub(super) fn survey(
    disk: &dyn Disk,
    path: &Path,
    from: Checkpoint,
    each: &mut dyn FnMut(Entry),
) -> Result<Survey, JournalError> {
    confirm(disk, path, from)?;
    let read = |source| JournalError::Read { source };
    // Not further than the file reaches now: a view reads a journal that grows, and what is added behind a batch that it
    // saw half written must not look like a later batch behind a broken one.
    let until = match disk.kind(path).map_err(read)? {
        Some(Kind::File { len }) => len,
        Some(Kind::Folder | Kind::Other) | None => 0,
    };
    let mut scanner = Scanner::new(disk, path, from, until).map_err(read)?;
    let mut marks = vec![from];
    let (mut cut, mut read_only) = (None, None);
    loop {
        match scanner.next_batch().map_err(read)? {
            Scanned::Batch(entries) => {
                entries.into_iter().for_each(&mut *each);
                mark(&mut marks, scanner.good());
            }
            Scanned::End => break,
            Scanned::Stopped(stop) => {
                let good = scanner.good();
                let rest = scanner.rest().map_err(read)?;
                if rest.later || !stop.fault.may_be_torn() {
                    read_only = Some(explain(stop));
                } else {
                    let first_seq = good.seq.saturating_add(1);
                    cut = Some(Cut { bytes: rest.bytes, lines: rest.lines, first_seq, kept: None });
                }
                return Ok(Survey { opened: Opened { from, tip: good, cut, read_only }, marks });
            }
        }
    }
    Ok(Survey { opened: Opened { from, tip: scanner.good(), cut, read_only }, marks })
}

/// Remembers a place when it is far enough from the one before.
pub(super) fn mark(marks: &mut Vec<Checkpoint>, place: Checkpoint) {
    if marks.last().is_none_or(|last| place.seq.saturating_sub(last.seq) >= MARK_EVERY) {
        marks.push(place);
    }
}

fn explain(stop: Stop) -> ReadOnly {
    let Stop { line, fault } = stop;
    match fault {
        LineFault::Newer(version) => ReadOnly::Newer { line, version },
        LineFault::Incomplete
        | LineFault::TooLong
        | LineFault::NotARecord(_)
        | LineFault::WrongHash
        | LineFault::WrongPrev
        | LineFault::WrongSeq { .. }
        | LineFault::WrongBatch => ReadOnly::Broken { line, fault },
    }
}

/// Keeps what follows the last whole batch in a file of its own, and cuts it off the journal.
pub(super) fn cut_off(disk: &dyn Disk, dir: &Path, survey: &mut Survey) -> io::Result<Box<dyn DiskFile>> {
    let path = dir.join(FILE);
    if let Some(cut) = &mut survey.opened.cut {
        let name = format!("{FILE}.cut-{}", cut.first_seq);
        let mut tail = Vec::new();
        disk.reader(&path, survey.opened.tip.offset)?.read_to_end(&mut tail)?;
        durable::replace(disk, dir, &name, &tail)?;
        cut.kept = Some(name);
        let mut file = disk.append(&path)?;
        file.truncate(survey.opened.tip.offset)?;
        file.sync_data()?;
        return Ok(file);
    }
    disk.append(&path)
}

/// Checks that the checkpoint is the end of a batch of this journal: that the line before its offset is its last line
/// and has its hash.
pub(super) fn confirm(disk: &dyn Disk, path: &Path, place: Checkpoint) -> Result<(), JournalError> {
    if place == Checkpoint::START {
        return Ok(());
    }
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
    let mut window = Vec::new();
    disk.reader(path, begin)
        .and_then(|reader| reader.take(place.offset - begin).read_to_end(&mut window))
        .map_err(read)?;
    let line = window.strip_suffix(b"\n").ok_or_else(foreign)?;
    let line = match line.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => line.get(end + 1..).unwrap_or_default(),
        None => line,
    };
    match line::decode(line, place.offset) {
        Ok(entry) if entry.checkpoint() == Some(place) => Ok(()),
        Ok(_) | Err(_) => Err(foreign()),
    }
}
