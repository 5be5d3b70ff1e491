//! A disk that ends its process with `SIGKILL` at a chosen moment, or fails there: what a crash and a bad disk look like from inside.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom::ledger::disk::{Disk, DiskFile, Kind, Listed, RealDisk, Standing};

/// The moments at which a process is killed, or an operation of its disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    JournalBeforeWrite,
    JournalAfterWrite,
    JournalAfterSync,
    ChargeBeforeWrite,
    ChargeAfterSync,
    BeforeSend,
    AnswerArriving,
    AnswerWhole,
    AnswerSpooled,
    BlobBeforeWrite,
    BlobSynced,
    BlobAfterWrite,
}

impl Moment {
    pub(crate) const ALL: [Self; 12] = [
        Self::JournalBeforeWrite,
        Self::JournalAfterWrite,
        Self::JournalAfterSync,
        Self::ChargeBeforeWrite,
        Self::ChargeAfterSync,
        Self::BeforeSend,
        Self::AnswerArriving,
        Self::AnswerWhole,
        Self::AnswerSpooled,
        Self::BlobBeforeWrite,
        Self::BlobSynced,
        Self::BlobAfterWrite,
    ];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|moment| format!("{moment:?}") == text)
    }
}

/// What happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Act {
    /// The process is killed.
    Kill,
    /// The operation fails, once.
    Fail,
    /// It fails so often that whoever tries again gives up at first.
    FailOften,
    /// The disk is full, once.
    Full,
}

impl Act {
    pub(crate) const FAULTS: [Self; 3] = [Self::Fail, Self::FailOften, Self::Full];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Kill].into_iter().chain(Self::FAULTS).find(|act| format!("{act:?}") == text)
    }

    /// How often the operation fails.
    fn times(self) -> u64 {
        if self == Self::FailOften { 4 } else { 1 }
    }
}

#[derive(Debug)]
struct Trigger {
    act: Act,
    moment: Moment,
    /// How often the moment was passed.
    passed: AtomicU64,
    from: u64,
}

impl Trigger {
    fn pass(&self, moment: Moment) -> io::Result<()> {
        if moment != self.moment {
            return Ok(());
        }
        let passed = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if passed < self.from || passed >= self.from + self.act.times() {
            return Ok(());
        }
        match self.act {
            Act::Kill => {
                rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
                // The signal is on its way; nothing may happen in between.
                loop {
                    std::thread::park();
                }
            }
            Act::Fail | Act::FailOften => Err(io::Error::other("a planted fault of the disk")),
            Act::Full => Err(io::ErrorKind::StorageFull.into()),
        }
    }
}

/// The real disk with a trigger.
#[derive(Clone, Debug)]
pub(crate) struct KillerDisk(Arc<Trigger>);

impl KillerDisk {
    /// Kills or fails at the `from`-th passage of a moment.
    pub(crate) fn new(act: Act, moment: Moment, from: u64) -> Self {
        Self(Arc::new(Trigger { act, moment, passed: AtomicU64::new(0), from }))
    }
}

fn is(path: &Path, part: &str) -> bool {
    path.components().any(|component| component.as_os_str() == part)
}

struct KillerFile {
    file: Box<dyn DiskFile>,
    trigger: Arc<Trigger>,
    is_journal: bool,
    is_spool_body: bool,
    is_blob: bool,
    is_charge: bool,
}

impl DiskFile for KillerFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_journal {
            self.is_charge = String::from_utf8_lossy(bytes).contains("\"call_settled\"");
            self.trigger.pass(Moment::JournalBeforeWrite)?;
            if self.is_charge {
                self.trigger.pass(Moment::ChargeBeforeWrite)?;
            }
        }
        self.file.write(bytes)?;
        if self.is_journal {
            self.trigger.pass(Moment::JournalAfterWrite)?;
        }
        if self.is_spool_body {
            self.trigger.pass(Moment::AnswerArriving)?;
        }
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        if self.is_spool_body {
            self.trigger.pass(Moment::AnswerWhole)?;
        }
        if self.is_blob {
            self.trigger.pass(Moment::BlobSynced)?;
        }
        self.file.sync_data()?;
        if self.is_journal {
            self.trigger.pass(Moment::JournalAfterSync)?;
            if self.is_charge {
                self.trigger.pass(Moment::ChargeAfterSync)?;
            }
        }
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.file.try_lock()
    }

    fn standing(&self, path: &Path) -> io::Result<Standing> {
        self.file.standing(path)
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        self.file.reserve(bytes)
    }
}

impl KillerDisk {
    fn wrap(&self, path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(KillerFile {
            file,
            trigger: Arc::clone(&self.0),
            is_journal: path.file_name().is_some_and(|name| name == "journal.jsonl"),
            is_spool_body: is(path, "spool") && path.extension().is_some_and(|ext| ext == "body"),
            is_blob: is(path, "blobs"),
            is_charge: false,
        })
    }
}

impl Disk for KillerDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        if is(path, "spool") && path.extension().is_some_and(|ext| ext == "body") {
            self.0.pass(Moment::BeforeSend)?;
        }
        if is(path, "blobs") {
            self.0.pass(Moment::BlobBeforeWrite)?;
        }
        Ok(self.wrap(path, RealDisk.create(path)?))
    }

    fn create_new(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_new(path)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.wrap(path, RealDisk.append(path)?))
    }

    fn patch(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        RealDisk.patch(path, at, bytes)
    }

    fn reader(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        RealDisk.reader(path, from)
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        RealDisk.kind(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        RealDisk.list(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_folder(path)?;
        if is(path, "blobs") {
            self.0.pass(Moment::BlobAfterWrite)?;
        }
        if is(path, "spool") {
            self.0.pass(Moment::AnswerSpooled)?;
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir(path)
    }

    fn free(&self, folder: &Path) -> io::Result<Option<u64>> {
        RealDisk.free(folder)
    }
}
