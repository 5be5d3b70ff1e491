//! The journal: the append-only truth, one JSON object a line, hash-chained, in batches that are recorded wholly or
//! not at all. A plain file for `less`, `jq` and `tail -f`.
//!
//! Each line is `{v, seq, at, episode, actor, batch: [first, len], body, prev, hash}`. `hash` is the BLAKE3 hash of the
//! line's bytes before `,"hash":`, and `prev` is the hash of the line before.
//!
//! Not for what a body means.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::blobs;
use super::chain::LineHash;
use super::disk::{Disk, DiskFile, Kind, Standing};
use super::{durable, spool};

pub mod head;
mod judgement;
mod line;
mod open;
mod scan;
#[cfg(test)]
mod tests;

use head::{Head, HeadFile, Sums};
pub use judgement::{Known, Loss, ReadOnly, Witness};
pub use line::{BatchSpan, Draft, Entry, LineFault, MAX_LINE, VERSION};
pub use open::{Cut, Opened};
pub use scan::Reader;

/// The name of the journal in the studio's folder.
pub const FILE: &str = "journal.jsonl";

/// Folders that hold something only where there is a journal.
const TRACES: [(&str, &str); 3] =
    [(blobs::FOLDER, "its folder of artifacts"), (spool::FOLDER, "its spool"), ("packages", "its folder of packages")];

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
    /// The folder has what only a studio with a journal writes, and no journal: a new one would hide that it is lost.
    #[error(
        "the journal of the studio in {} is missing, although {trace} is there. Nothing was changed and nothing is bought; \
         bring `{FILE}` back, import an export into another folder, or go on without what it held with \
         `greenroom ledger accept-loss`",
        dir.display()
    )]
    Lost {
        /// The folder.
        dir: PathBuf,
        /// What is there.
        trace: &'static str,
    },
    /// Another process has the journal open for writing, although the file `lock` does not say so.
    #[error(
        "another process has this studio's journal open for writing, although the file `lock` does not say so: it was \
         removed or replaced. Nothing was changed; close that process, or only read"
    )]
    Held,
    /// The journal is no longer as this process left it.
    #[error(
        "{surprise}. Everything up to event {safe} was recorded and synced before that; nothing more is written and no new \
         call is sent. Close what else uses the studio's folder, bring the journal back, and start greenroom again"
    )]
    Surprise {
        /// The last line that was recorded.
        safe: u64,
        /// What was found.
        surprise: Surprise,
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
        durable::relief(source)
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

/// What was found in place of the journal as this process left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Surprise {
    /// Its name leads elsewhere or nowhere.
    #[error("the journal was removed, renamed or replaced while the studio was open")]
    Replaced,
    /// It has another length.
    #[error(
        "the journal was changed by something else while the studio was open: it has {found} bytes, and {expected} were written"
    )]
    Length {
        /// The bytes that were written.
        expected: u64,
        /// The bytes that it has.
        found: u64,
    },
}

/// Whether lines can be added.
enum Writing {
    Open,
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
        if from != Checkpoint::START {
            open::confirm(self.disk.as_ref(), &self.path, from)?;
        }
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

/// The journal of a studio, locked as long as this lives.
pub struct Journal {
    view: View,
    dir: PathBuf,
    file: Box<dyn DiskFile>,
    writing: Writing,
    head: HeadFile,
    /// Whether what the head file says no longer holds once a batch is recorded: a person goes on without it.
    forgets: bool,
}

/// The lock of a journal that is not written to.
pub struct JournalLock {
    _file: Box<dyn DiskFile>,
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
        if let Some(trace) = trace(disk.as_ref(), dir).map_err(prepare)? {
            return Err(JournalError::Lost { dir: dir.to_owned(), trace });
        }
        Self::make(disk, dir)
    }

    /// Makes the folder, where it is missing, and an empty journal in it, durably, whatever else stands there.
    fn make(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join(FILE);
        let make = || -> io::Result<()> {
            durable::ensure_folder(disk.as_ref(), dir)?;
            disk.create_new(&path)
        };
        match make() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(JournalError::Held),
            made => made.map_err(|source| JournalError::Prepare { source })?,
        }
        let mut file = hold(disk.as_ref(), dir)?;
        file.sync_data().and_then(|()| disk.sync_folder(dir)).map_err(|source| JournalError::Prepare { source })?;
        let view = View { disk, path, tip: Checkpoint::START, marks: vec![Checkpoint::START] };
        Ok(Self { view, dir: dir.to_owned(), file, writing: Writing::Open, head: HeadFile::default(), forgets: false })
    }

    /// Opens a journal for writing and checks all of it.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<(Self, Opened), JournalError> {
        Self::open_after(disk, dir, Checkpoint::START, None, &mut |_| ())
    }

    /// Opens a journal for writing, checks what follows the checkpoint, the batch before it included, and hands over each of
    /// the entries that follow, in order. What follows the last sound batch is judged by the head file and by the witness: what
    /// was never acknowledged is cut off, and its bytes are kept in a file beside the journal.
    pub fn open_after(
        disk: Arc<dyn Disk>,
        dir: &Path,
        from: Checkpoint,
        witness: Option<Known>,
        each: &mut dyn FnMut(Entry),
    ) -> Result<(Self, Opened), JournalError> {
        let path = present(disk.as_ref(), dir)?;
        let mut file = hold(disk.as_ref(), dir)?;
        let mut survey = open::survey(disk.as_ref(), dir, from, witness, each)?;
        let writing = match &survey.opened.read_only {
            Some(why) => {
                // The next one to open, and who only reads, is to know what the furthest witness knows.
                if let ReadOnly::Lost(loss) = why
                    && survey.head.head.is_none_or(|head| head.place.seq < loss.known.place.seq)
                {
                    let Known { place, at, sums, .. } = loss.known;
                    open::warn_of_head(survey.head.note(disk.as_ref(), dir, Head { place, at, sums }));
                }
                Writing::Closed(why.clone())
            }
            None => {
                let prepare = |source| JournalError::Prepare { source };
                // The name of the file may not be durable yet, where the process that made it was killed.
                disk.sync_folder(dir).map_err(prepare)?;
                open::cut_off(disk.as_ref(), dir, file.as_mut(), &mut survey.opened).map_err(prepare)?;
                open::note_head(disk.as_ref(), dir, &mut survey);
                Writing::Open
            }
        };
        let view = View { disk, path, tip: survey.opened.tip, marks: survey.marks };
        Ok((Self { view, dir: dir.to_owned(), file, writing, head: survey.head, forgets: false }, survey.opened))
    }

    /// Opens a journal that lost events, to go on without them: what is not sound is kept in a file beside it and cut off, and
    /// the first batch that is recorded makes the head file forget what was known before. Until then the loss stays known.
    /// Nothing is changed where nothing is missing, or where a newer version wrote.
    pub fn open_without_lost(disk: Arc<dyn Disk>, dir: &Path) -> Result<(Self, Opened), JournalError> {
        match present(disk.as_ref(), dir) {
            Err(JournalError::Lost { .. }) => {
                let head = HeadFile::read(disk.as_ref(), dir).map_err(|source| JournalError::Read { source })?;
                let mut journal = Self::make(Arc::clone(&disk), dir)?;
                (journal.head, journal.forgets) = (head, true);
                let known = head.head.map_or_else(|| Known::nothing(Witness::Head), Known::from);
                let loss = Loss { held: 0, held_at: None, known, damage: None };
                let read_only = Some(ReadOnly::Lost(Box::new(loss)));
                let start = Checkpoint::START;
                return Ok((journal, Opened { from: start, tip: start, cut: None, read_only }));
            }
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        let (mut journal, mut opened) = Self::open(Arc::clone(&disk), dir)?;
        if matches!(opened.read_only, Some(ReadOnly::Lost(_) | ReadOnly::Broken { .. })) {
            let prepare = |source| JournalError::Prepare { source };
            let len = journal.file.standing(&journal.view.path).map_err(prepare)?.len;
            let Checkpoint { seq, offset, .. } = opened.tip;
            opened.cut = (len > offset).then(|| Cut {
                bytes: len - offset,
                lines: 0,
                first_seq: seq.saturating_add(1),
                kept: None,
            });
            open::cut_off(disk.as_ref(), dir, journal.file.as_mut(), &mut opened).map_err(prepare)?;
            (journal.writing, journal.forgets) = (Writing::Open, true);
        }
        Ok((journal, opened))
    }

    /// Takes the lock of the journal in this folder, where there is one, without opening it.
    pub fn lock(disk: &dyn Disk, dir: &Path) -> Result<Option<JournalLock>, JournalError> {
        match disk.kind(&dir.join(FILE)).map_err(|source| JournalError::Read { source })? {
            Some(_) => Ok(Some(JournalLock { _file: hold(disk, dir)? })),
            None => Ok(None),
        }
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
        let survey = open::survey(disk.as_ref(), dir, from, None, each)?;
        Ok((View { disk, path, tip: survey.opened.tip, marks: survey.marks }, survey.opened))
    }

    /// Whether the checkpoint is a place of the journal in this folder. Reads one line.
    pub fn confirms(disk: &dyn Disk, dir: &Path, place: Checkpoint) -> bool {
        place == Checkpoint::START || open::confirm(disk, &dir.join(FILE), place).is_ok()
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
    /// failed write or sync every later call is refused until the journal is opened again, and so it is where the file is no
    /// longer as this process left it.
    pub fn append(&mut self, expected_next_seq: u64, drafts: &[Draft]) -> Result<Appended, JournalError> {
        self.append_with(expected_next_seq, drafts, None)
    }

    /// As [`Journal::append`], and notes in the head file what the events come to with these.
    pub fn append_with(
        &mut self,
        expected_next_seq: u64,
        drafts: &[Draft],
        sums: Option<Sums>,
    ) -> Result<Appended, JournalError> {
        let tip = self.view.tip;
        let next = self.next_seq();
        match &self.writing {
            Writing::Open => {}
            Writing::Closed(why) => return Err(JournalError::ReadOnly(why.clone())),
            Writing::Poisoned(first) => {
                return Err(JournalError::Poisoned { safe: tip.seq, first: first.clone() });
            }
        }
        if expected_next_seq != next {
            return Err(JournalError::OutOfOrder { expected: expected_next_seq, next });
        }
        let Some(last) = drafts.last() else { return Err(JournalError::EmptyBatch) };
        let batch = BatchSpan { first: next, len: drafts.len() as u64 };
        let (bytes, hash) = encode(drafts, batch, tip.hash)?;
        if let Err(failed) = self.write(&bytes) {
            self.writing = Writing::Poisoned(failed.to_string());
            return Err(failed);
        }
        let place = Checkpoint { seq: next + drafts.len() as u64 - 1, offset: tip.offset + bytes.len() as u64, hash };
        self.view.tip = place;
        open::mark(&mut self.view.marks, place);
        let head = Head { place, at: Some(last.at), sums };
        let disk = self.view.disk.as_ref();
        if std::mem::take(&mut self.forgets) {
            let replaced = head.replace(disk, &self.dir).and_then(|()| HeadFile::read(disk, &self.dir));
            match replaced {
                Ok(head) => self.head = head,
                Err(error) => open::warn_of_head(Err(error)),
            }
        } else {
            open::warn_of_head(self.head.note(disk, &self.dir, head));
        }
        Ok(Appended { batch, tip: place })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        let tip = self.view.tip;
        let safe = tip.seq;
        let Standing { is_named, len } =
            self.file.standing(&self.view.path).map_err(|source| JournalError::NotWritten { safe, source })?;
        if !is_named {
            return Err(JournalError::Surprise { safe, surprise: Surprise::Replaced });
        }
        if len != tip.offset {
            let surprise = Surprise::Length { expected: tip.offset, found: len };
            return Err(JournalError::Surprise { safe, surprise });
        }
        if let Err(source) = self.file.write(bytes) {
            // Half of a batch would be cut off at the next open; on a full disk it is better gone now.
            let _: io::Result<()> = self.file.truncate(tip.offset).and_then(|()| self.file.sync_data());
            return Err(JournalError::NotWritten { safe, source });
        }
        self.file.sync_data().map_err(|source| JournalError::NotConfirmed { safe, source })
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
    let read = |source| JournalError::Read { source };
    match disk.kind(&path).map_err(read)? {
        Some(_) => Ok(path),
        None => match trace(disk, dir).map_err(read)? {
            Some(trace) => Err(JournalError::Lost { dir: dir.to_owned(), trace }),
            None => Err(JournalError::Missing { dir: dir.to_owned() }),
        },
    }
}

/// Opens the journal in this folder for appending and takes its lock.
fn hold(disk: &dyn Disk, dir: &Path) -> Result<Box<dyn DiskFile>, JournalError> {
    let path = dir.join(FILE);
    let prepare = |source| JournalError::Prepare { source };
    let file = disk.append(&path).map_err(prepare)?;
    // The lock is on the file that is written to, so that a name can be no second way to it.
    if !file.try_lock().map_err(prepare)? || !file.standing(&path).map_err(prepare)?.is_named {
        return Err(JournalError::Held);
    }
    Ok(file)
}

/// What stands in the folder that is never there before a journal is.
fn trace(disk: &dyn Disk, dir: &Path) -> io::Result<Option<&'static str>> {
    if disk.kind(&dir.join(head::FILE))?.is_some() {
        return Ok(Some("its head file"));
    }
    for (folder, what) in TRACES {
        let path = dir.join(folder);
        if disk.kind(&path)? == Some(Kind::Folder) && !disk.list(&path)?.is_empty() {
            return Ok(Some(what));
        }
    }
    Ok(None)
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
