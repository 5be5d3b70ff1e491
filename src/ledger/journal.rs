//! The journal: the append-only truth, one JSON object a line, hash-chained, in batches that are recorded wholly or
//! not at all. A plain file for `less`, `jq` and `tail -f`.
//!
//! Each line is `{v, seq, at, episode, actor, batch: [first, len], body, prev, hash}`. `hash` is the BLAKE3 hash of the
//! line's bytes before `,"hash":`, and `prev` is the hash of the line before.
//!
//! Not for what a body means, and not for who may write: the studio's lock sees to that.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::blobs;
use super::chain::LineHash;
use super::disk::{Disk, DiskFile, Kind};
use super::durable;

mod line;
mod open;
mod scan;
#[cfg(test)]
mod tests;

pub use line::{BatchSpan, Draft, Entry, LineFault, MAX_LINE, VERSION};
pub use open::{Cut, Opened, ReadOnly};
pub use scan::Reader;

/// The name of the journal in the studio's folder.
pub const FILE: &str = "journal.jsonl";

/// A place between two batches of a journal, where reading can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The number of the last line before it; 0 at the start.
    pub seq: u64,
    /// The byte behind that line.
    pub offset: u64,
    /// The hash of that line.
    pub hash: LineHash,
}

impl Checkpoint {
    /// The beginning of every journal.
    pub const START: Self = Self { seq: 0, offset: 0, hash: LineHash::GENESIS };
}

/// What was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The numbers of the lines.
    pub batch: BatchSpan,
    /// The end of the journal behind them.
    pub tip: Checkpoint,
}

/// Why the journal could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The folder has no journal.
    #[error("{} has no journal: it is not a studio, or its journal was moved away", dir.display())]
    Missing {
        /// The folder.
        dir: PathBuf,
    },
    /// A new journal was asked for where one stands.
    #[error("{} has a journal already; nothing was changed", dir.display())]
    Exists {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder has blobs but no journal: a new one would hide that the old one is lost.
    #[error(
        "the journal of the studio in {} is missing, although its blobs are there. Nothing was changed; bring          `{FILE}` back, or import an archive into another folder",
        dir.display()
    )]
    Lost {
        /// The folder.
        dir: PathBuf,
    },
    /// The journal could not be made or prepared for writing.
    #[error("the journal could not be opened for writing: {source}. What it holds is unchanged and can still be read")]
    Prepare {
        /// What the operating system said.
        source: io::Error,
    },
    /// The journal could not be read.
    #[error("the journal could not be read: {source}")]
    Read {
        /// What the operating system said.
        source: io::Error,
    },
    /// A line that had been sound is not any more.
    #[error("line {line} of the journal is broken: {fault}")]
    Broken {
        /// The number of the line in the file.
        line: u64,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// A checkpoint is not a place of this journal: it is of another one, or this one was cut shorter.
    #[error("this journal has no batch that ends at line {seq} as the checkpoint says; it must be read from its start")]
    ForeignCheckpoint {
        /// The number of the line.
        seq: u64,
    },
    /// The caller expected another end of the journal. Nothing was written.
    #[error("the next line of the journal is {next}, not {expected}; nothing was recorded")]
    OutOfOrder {
        /// What the caller expected.
        expected: u64,
        /// What comes next.
        next: u64,
    },
    /// A batch without an event. Nothing was written.
    #[error("a batch has at least one event; nothing was recorded")]
    EmptyBatch,
    /// An event that cannot be written as a line. Nothing was written, and the journal can be used on.
    #[error("event {index} of the batch cannot be recorded: {why}; nothing of the batch was recorded")]
    Unwritable {
        /// Its place in the batch, from 0.
        index: usize,
        /// Why.
        why: String,
    },
    /// The journal was opened read only.
    #[error("nothing is written to this journal: {0}")]
    ReadOnly(ReadOnly),
    /// The write failed. Nothing of the batch counts.
    #[error(
        "the batch could not be written: {source}. Everything up to line {safe} is safe, and nothing of the batch \
         counts. No more is written until the studio is opened again{}",
        if source.kind() == io::ErrorKind::StorageFull { "; free some space first" } else { "" }
    )]
    NotWritten {
        /// The last line that is safe.
        safe: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// The write could not be made durable; a second try could report success although the bytes are lost.
    #[error(
        "the disk did not confirm the batch: {source}. Everything up to line {safe} is safe; whether the batch is \
         recorded will be known when the studio is opened again. Check the disk first"
    )]
    NotConfirmed {
        /// The last line that is safe.
        safe: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// An earlier write failed.
    #[error(
        "nothing more is written since an earlier write failed ({first}). Everything up to line {safe} is safe; open \
         the studio again"
    )]
    Poisoned {
        /// The last line that is safe.
        safe: u64,
        /// What the operating system said then.
        first: String,
    },
}

/// Whether lines can be added.
enum Writing {
    Open(Box<dyn DiskFile>),
    Closed(ReadOnly),
    Poisoned(String),
}

/// A journal that is only read: it takes no lock and changes nothing, so that it may be another process's.
#[derive(Clone, Debug)]
pub struct View {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    tip: Checkpoint,
    marks: Vec<Checkpoint>,
}

impl View {
    /// The end of the last whole, sound batch.
    pub fn tip(&self) -> Checkpoint {
        self.tip
    }

    /// Reads from this place, which must be the end of a batch of this journal.
    pub fn open_reader(&self, from: Checkpoint) -> Result<Reader, JournalError> {
        open::confirm(self.disk.as_ref(), &self.path, from)?;
        self.reader(from, 0)
    }

    /// Reads the lines from this number on.
    pub fn read_from(&self, seq: u64) -> Result<Reader, JournalError> {
        let near = self.marks.partition_point(|mark| mark.seq < seq);
        let near = near.checked_sub(1).and_then(|before| self.marks.get(before)).copied();
        self.reader(near.unwrap_or(Checkpoint::START), seq)
    }

    fn reader(&self, from: Checkpoint, first: u64) -> Result<Reader, JournalError> {
        let scanner = scan::Scanner::new(self.disk.as_ref(), &self.path, from, self.tip.offset)
            .map_err(|source| JournalError::Read { source })?;
        Ok(Reader::new(scanner, first))
    }
}

/// The journal of a studio whose lock is held.
pub struct Journal {
    view: View,
    writing: Writing,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("path", &self.view.path).field("tip", &self.view.tip).finish_non_exhaustive()
    }
}

impl Journal {
    /// Makes the folder, where it is missing, and an empty journal in it, durably. Refused where blobs stand already: a
    /// studio's journal is made before its first blob.
    pub fn create(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join(FILE);
        let prepare = |source| JournalError::Prepare { source };
        if disk.kind(&path).map_err(prepare)?.is_some() {
            return Err(JournalError::Exists { dir: dir.to_owned() });
        }
        let shards = dir.join(blobs::FOLDER);
        if disk.kind(&shards).map_err(prepare)? == Some(Kind::Folder)
            && !disk.list(&shards).map_err(prepare)?.is_empty()
        {
            return Err(JournalError::Lost { dir: dir.to_owned() });
        }
        let make = || {
            durable::ensure_folder(disk.as_ref(), dir)?;
            let mut file = disk.create(&path)?;
            file.sync_data()?;
            disk.sync_folder(dir)?;
            Ok(file)
        };
        let file = make().map_err(prepare)?;
        let view = View { disk, path, tip: Checkpoint::START, marks: vec![Checkpoint::START] };
        Ok(Self { view, writing: Writing::Open(file) })
    }

    /// Opens a journal for writing and checks all of it.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<(Self, Opened), JournalError> {
        Self::open_after(disk, dir, Checkpoint::START, &mut |_| ())
    }

    /// Opens a journal for writing, checks what follows the checkpoint and hands over each of its entries, in order.
    /// An incomplete or damaged last batch is cut off; its bytes are kept in a file beside the journal.
    pub fn open_after(
        disk: Arc<dyn Disk>,
        dir: &Path,
        from: Checkpoint,
        each: &mut dyn FnMut(Entry),
    ) -> Result<(Self, Opened), JournalError> {
        let path = present(disk.as_ref(), dir)?;
        let mut survey = open::survey(disk.as_ref(), &path, from, each)?;
        let writing = match &survey.opened.read_only {
            Some(why) => Writing::Closed(why.clone()),
            None => {
                let prepare = |source| JournalError::Prepare { source };
                // The name of the file may not be durable yet, where the process that made it was killed.
                disk.sync_folder(dir).map_err(prepare)?;
                Writing::Open(open::cut_off(disk.as_ref(), dir, &mut survey).map_err(prepare)?)
            }
        };
        let view = View { disk, path, tip: survey.opened.tip, marks: survey.marks };
        Ok((Self { view, writing }, survey.opened))
    }

    /// Opens a journal for reading only: takes no lock and changes nothing. What follows the last whole batch is passed
    /// over. Hands over each entry, in order.
    pub fn view(
        disk: Arc<dyn Disk>,
        dir: &Path,
        from: Checkpoint,
        each: &mut dyn FnMut(Entry),
    ) -> Result<(View, Opened), JournalError> {
        let path = present(disk.as_ref(), dir)?;
        let survey = open::survey(disk.as_ref(), &path, from, each)?;
        Ok((View { disk, path, tip: survey.opened.tip, marks: survey.marks }, survey.opened))
    }

    /// Whether the checkpoint is a place of the journal in this folder. Reads one line.
    pub fn confirms(disk: &dyn Disk, dir: &Path, place: Checkpoint) -> bool {
        open::confirm(disk, &dir.join(FILE), place).is_ok()
    }

    /// The end of the journal.
    pub fn tip(&self) -> Checkpoint {
        self.view.tip
    }

    /// The number that the next line will have.
    pub fn next_seq(&self) -> u64 {
        self.view.tip.seq.saturating_add(1)
    }

    /// Records the drafts as one batch: one write, one sync. When this returns, the batch survives a power loss. After a
    /// failed write or sync every later call is refused until the journal is opened again.
    pub fn append(&mut self, expected_next_seq: u64, drafts: &[Draft]) -> Result<Appended, JournalError> {
        let tip = self.view.tip;
        let next = self.next_seq();
        let file = match &mut self.writing {
            Writing::Open(file) => file,
            Writing::Closed(why) => return Err(JournalError::ReadOnly(why.clone())),
            Writing::Poisoned(first) => {
                return Err(JournalError::Poisoned { safe: tip.seq, first: first.clone() });
            }
        };
        if expected_next_seq != next {
            return Err(JournalError::OutOfOrder { expected: expected_next_seq, next });
        }
        if drafts.is_empty() {
            return Err(JournalError::EmptyBatch);
        }
        let batch = BatchSpan { first: next, len: drafts.len() as u64 };
        let (bytes, hash) = encode(drafts, batch, tip.hash)?;
        let failed = match file.write(&bytes) {
            Err(source) => {
                // Half of a batch would be cut off at the next open; on a full disk it is better gone now.
                let _: io::Result<()> = file.truncate(tip.offset).and_then(|()| file.sync_data());
                JournalError::NotWritten { safe: tip.seq, source }
            }
            Ok(()) => match file.sync_data() {
                Err(source) => JournalError::NotConfirmed { safe: tip.seq, source },
                Ok(()) => {
                    let seq = tip.seq.saturating_add(batch.len);
                    let tip = Checkpoint { seq, offset: tip.offset.saturating_add(bytes.len() as u64), hash };
                    self.view.tip = tip;
                    open::mark(&mut self.view.marks, tip);
                    return Ok(Appended { batch, tip });
                }
            },
        };
        self.writing = Writing::Poisoned(failed.to_string());
        Err(failed)
    }

    /// What is recorded, to be read while more is being written.
    pub fn as_view(&self) -> &View {
        &self.view
    }

    /// Reads from this place, which must be the end of a batch of this journal.
    pub fn open_reader(&self, from: Checkpoint) -> Result<Reader, JournalError> {
        self.view.open_reader(from)
    }

    /// Reads the lines from this number on.
    pub fn read_from(&self, seq: u64) -> Result<Reader, JournalError> {
        self.view.read_from(seq)
    }
}

fn present(disk: &dyn Disk, dir: &Path) -> Result<PathBuf, JournalError> {
    let path = dir.join(FILE);
    match disk.kind(&path).map_err(|source| JournalError::Read { source })? {
        Some(_) => Ok(path),
        None => Err(JournalError::Missing { dir: dir.to_owned() }),
    }
}

/// The bytes of a batch and the hash of its last line.
fn encode(drafts: &[Draft], batch: BatchSpan, mut prev: LineHash) -> Result<(Vec<u8>, LineHash), JournalError> {
    let mut bytes = Vec::new();
    for (index, (seq, draft)) in (batch.first..).zip(drafts).enumerate() {
        let begin = bytes.len();
        prev = line::encode(&mut bytes, draft, seq, batch, prev)
            .map_err(|error| JournalError::Unwritable { index, why: error.to_string() })?;
        let len = bytes.len() - begin - 1;
        if len > MAX_LINE {
            let why = format!("its line would have {len} bytes, and a line has at most {MAX_LINE}: keep it as a blob");
            return Err(JournalError::Unwritable { index, why });
        }
    }
    Ok((bytes, prev))
}
