//! A disk whose writes below one folder can be made to fail, and made well again, while a studio is open.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom::ledger::disk::{Disk, DiskFile, Kind, Listed, RealDisk};

/// The real disk; writes below a folder of this name fail while they are told to.
#[derive(Clone, Debug)]
pub(crate) struct FaultyDisk {
    folder: &'static str,
    failing: Arc<AtomicU64>,
}

impl FaultyDisk {
    /// A disk that is sound until it is told otherwise.
    pub(crate) fn new(folder: &'static str) -> Self {
        Self { folder, failing: Arc::default() }
    }

    /// Lets so many writes below the folder fail from now on.
    pub(crate) fn fail(&self, times: u64) {
        self.failing.store(times, Ordering::SeqCst);
    }

    fn check(&self, path: &Path) -> io::Result<()> {
        if !path.components().any(|component| component.as_os_str() == self.folder) {
            return Ok(());
        }
        let take = |left: u64| left.checked_sub(1);
        match self.failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
            Ok(_) => Err(io::Error::other("a planted fault of the disk")),
            Err(_) => Ok(()),
        }
    }
}

impl Disk for FaultyDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.check(path)?;
        RealDisk.create(path)
    }

    fn create_new(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_new(path)
    }

    fn patch(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        RealDisk.patch(path, at, bytes)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        RealDisk.append(path)
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
        RealDisk.sync_folder(path)
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
}
