//! Reading the journal batch by batch, each line checked against the one before it.
//!
//! Not for deciding what a fault means for the file: see `open`.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::vec;

use super::line::{self, BatchSpan, Entry, LineFault, MAX_LINE};
use super::{Checkpoint, JournalError};
use crate::ledger::chain::LineHash;
use crate::ledger::disk::Disk;

/// Where reading stopped, and why.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) line: u64,
    pub(super) fault: LineFault,
}

/// What came next.
#[derive(Debug)]
pub(super) enum Scanned {
    /// A whole batch, sound.
    Batch(Vec<Entry>),
    /// The end of the file, at the end of a batch.
    End,
    /// A line that is not sound.
    Stopped(Stop),
}

/// What follows the last whole batch, up to the end of the file.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) bytes: u64,
    pub(super) lines: u64,
    /// Whether a sound line of a later batch stands in it, so that the fault is not in the last batch.
    pub(super) later: bool,
    /// Whether it ends within a line, or with a line after which more of its batch is to come.
    pub(super) is_open: bool,
    /// Whether bytes of zero stand in it: what a disk has in place of bytes that never arrived.
    pub(super) has_zeros: bool,
}

impl Rest {
    /// Whether it looks as what a write leaves that was cut short. Whole lines that say something wrong do not.
    pub(super) fn looks_torn(&self) -> bool {
        self.is_open || self.has_zeros
    }
}

enum Taken {
    End,
    Line,
    Partial,
    TooLong,
}

/// A reader of whole batches.
pub(super) struct Scanner {
    source: BufReader<Box<dyn Read + Send>>,
    /// The end of the last whole batch.
    good: Checkpoint,
    /// How many lines and bytes were taken since then, sound or not.
    lines: u64,
    bytes: u64,
    line: Vec<u8>,
    /// Whether a line taken since then belongs to a later batch.
    later: bool,
    /// Whether the file ended within what was taken since then.
    is_open: bool,
    has_zeros: bool,
}

impl Scanner {
    /// A scanner from this place on, which must be the end of a batch, to byte `until`.
    pub(super) fn new(disk: &dyn Disk, path: &Path, from: Checkpoint, until: u64) -> io::Result<Self> {
        let source = disk.reader(path, from.offset)?;
        let source: Box<dyn Read + Send> = Box::new(source.take(until.saturating_sub(from.offset)));
        let source = BufReader::with_capacity(256 * 1024, source);
        Ok(Self {
            source,
            good: from,
            lines: 0,
            bytes: 0,
            line: Vec::new(),
            later: false,
            is_open: false,
            has_zeros: false,
        })
    }

    /// The end of the last whole batch.
    pub(super) fn good(&self) -> Checkpoint {
        self.good
    }

    /// Takes the next line into `self.line`, without its line break.
    fn take(&mut self) -> io::Result<Taken> {
        self.line.clear();
        let limit = MAX_LINE as u64 + 1;
        let read = (&mut self.source).take(limit).read_until(b'\n', &mut self.line)? as u64;
        self.bytes += read;
        if read == 0 {
            return Ok(Taken::End);
        }
        self.lines += 1;
        self.has_zeros = self.has_zeros || self.line.contains(&0);
        if self.line.pop_if(|last| *last == b'\n').is_some() {
            return Ok(Taken::Line);
        }
        if read < limit {
            self.is_open = true;
            return Ok(Taken::Partial);
        }
        self.bytes += self.source.skip_until(b'\n')? as u64;
        Ok(Taken::TooLong)
    }

    /// Whether the line that was just taken is sound and belongs to a batch behind the one that comes next.
    fn is_later(&self) -> bool {
        line::span(&self.line).is_some_and(|span| span.first > self.good.seq.saturating_add(1))
    }

    /// The next whole batch. After `End` or `Stopped` nothing more is to be asked.
    pub(super) fn next_batch(&mut self) -> io::Result<Scanned> {
        let mut entries: Vec<Entry> = Vec::new();
        let (mut seq, mut prev) = (self.good.seq, self.good.hash);
        loop {
            let expected = seq.saturating_add(1);
            let taken = self.take()?;
            let fault = match taken {
                Taken::End if entries.is_empty() => return Ok(Scanned::End),
                Taken::End | Taken::Partial => {
                    self.is_open = true;
                    LineFault::Incomplete
                }
                Taken::TooLong => LineFault::TooLong,
                Taken::Line => {
                    let end = self.good.offset.saturating_add(self.bytes);
                    let span = entries.first().map(|first| first.batch);
                    match line::decode(&self.line, end).and_then(|entry| follows(entry, expected, prev, span)) {
                        Ok(entry) => {
                            (seq, prev) = (entry.seq, entry.hash);
                            let whole = entry.checkpoint();
                            entries.push(entry);
                            if let Some(whole) = whole {
                                self.good = whole;
                                (self.lines, self.bytes, self.has_zeros) = (0, 0, false);
                                return Ok(Scanned::Batch(entries));
                            }
                            continue;
                        }
                        Err(fault) => {
                            self.later = self.is_later();
                            fault
                        }
                    }
                }
            };
            // A file that ends between two lines of a batch is reported at the line that is missing.
            return Ok(Scanned::Stopped(Stop { line: expected, fault }));
        }
    }

    /// What follows the last whole batch; reads to the end of the file.
    pub(super) fn rest(mut self) -> io::Result<Rest> {
        loop {
            match self.take()? {
                Taken::End => {
                    let Self { bytes, lines, later, is_open, has_zeros, .. } = self;
                    return Ok(Rest { bytes, lines, later, is_open, has_zeros });
                }
                Taken::Line => self.later = self.later || self.is_later(),
                Taken::Partial | Taken::TooLong => {}
            }
        }
    }
}

fn follows(entry: Entry, expected: u64, prev: LineHash, span: Option<BatchSpan>) -> Result<Entry, LineFault> {
    if entry.seq != expected {
        return Err(LineFault::WrongSeq { expected, found: entry.seq });
    }
    if entry.prev != prev {
        return Err(LineFault::WrongPrev);
    }
    let belongs = match span {
        Some(span) => entry.batch == span,
        None => entry.batch.first == expected && entry.batch.last().is_some(),
    };
    if belongs { Ok(entry) } else { Err(LineFault::WrongBatch) }
}

/// Reads the entries of whole batches in order, each checked against the one before it. It holds its own open file and
/// ends where the journal ended when the reader was opened. After an error it ends.
pub struct Reader {
    scanner: Option<Scanner>,
    batch: vec::IntoIter<Entry>,
    /// Entries below this number are passed over.
    first: u64,
}

impl Reader {
    pub(super) fn new(scanner: Scanner, first: u64) -> Self {
        Self { scanner: Some(scanner), batch: Vec::new().into_iter(), first }
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.batch.next() {
                if entry.seq < self.first {
                    continue;
                }
                return Some(Ok(entry));
            }
            let error = match self.scanner.as_mut()?.next_batch() {
                Ok(Scanned::Batch(entries)) => {
                    self.batch = entries.into_iter();
                    continue;
                }
                Ok(Scanned::End) => None,
                Ok(Scanned::Stopped(stop)) => Some(JournalError::Broken { line: stop.line, fault: stop.fault }),
                Err(source) => Some(JournalError::Read { source }),
            };
            self.scanner = None;
            return error.map(Err);
        }
    }
}
