//! The sign by which local work that was begun is told to stop: it blocks a thread, and cannot be dropped there.
//!
//! Work looks at it between its pieces, and a disk behind it takes nothing more.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ledger::disk::{Disk, DiskFile, Kind, Listed, Standing};

/// The sign. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Tells the work to stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the work may go on.
    ///
    /// # Errors
    ///
    /// When it was told to stop; nobody waits for what it says then.
    pub fn check(&self) -> Result<(), String> {
        self.passes().map_err(|error| error.to_string())
    }

    fn passes(&self) -> io::Result<()> {
        if self.0.load(Ordering::SeqCst) { Err(io::Error::other("this work was stopped")) } else { Ok(()) }
    }
}

/// A disk that takes nothing more once the sign is set.
#[derive(Debug)]
pub(super) struct StoppableDisk {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) stop: Stop,
}

struct StoppableFile {
    file: Box<dyn DiskFile>,
    stop: Stop,
}

impl DiskFile for StoppableFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stop.passes()?;
        self.file.write(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.stop.passes()?;
        self.file.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.stop.passes()?;
        self.file.truncate(len)
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.file.try_lock()
    }

    fn standing(&self, path: &Path) -> io::Result<Standing> {
        self.file.standing(path)
    }
}

impl StoppableDisk {
    fn file(&self, file: io::Result<Box<dyn DiskFile>>) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(StoppableFile { file: file?, stop: self.stop.clone() }))
    }
}

impl Disk for StoppableDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.stop.passes()?;
        self.disk.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.stop.passes()?;
        self.file(self.disk.create(path))
    }

    fn create_new(&self, path: &Path) -> io::Result<()> {
        self.stop.passes()?;
        self.disk.create_new(path)
    }

    fn patch(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.stop.passes()?;
        self.disk.patch(path, at, bytes)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.stop.passes()?;
        self.file(self.disk.append(path))
    }

    fn reader(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        self.disk.reader(path, from)
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        self.disk.kind(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        self.disk.list(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.stop.passes()?;
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.stop.passes()?;
        self.disk.remove(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.stop.passes()?;
        self.disk.remove_dir(path)
    }

    fn free(&self, folder: &Path) -> io::Result<Option<u64>> {
        self.disk.free(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::disk::RealDisk;

    #[test]
    fn nothing_is_written_after_the_sign() {
        let folder = tempfile::tempdir().unwrap();
        let stop = Stop::default();
        let disk = StoppableDisk { disk: Arc::new(RealDisk), stop: stop.clone() };
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        let mut file = disk.create(&one).unwrap();
        file.write(b"before").unwrap();
        assert_eq!(stop.check(), Ok(()));
        stop.set();
        assert!(file.write(b" and after").is_err() && file.sync_data().is_err());
        assert!(disk.create(&two).is_err() && disk.rename(&one, &two).is_err() && disk.remove(&one).is_err());
        assert_eq!(disk.read(&one).unwrap(), b"before");
        assert_eq!(stop.check(), Err("this work was stopped".to_owned()));
    }
}
