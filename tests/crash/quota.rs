//! A disk of a size: what is written and what is reserved takes of it, what is removed or cut gives back.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use greenroom::ledger::disk::{Disk, DiskFile, Kind, Listed, RealDisk, Standing};

/// What the disk holds.
#[derive(Debug, Default)]
struct Books {
    size: u64,
    /// The length of each file and what is reserved behind it.
    files: BTreeMap<PathBuf, (u64, u64)>,
    is_read_only: bool,
    least: u64,
}

impl Books {
    fn free(&self) -> u64 {
        self.size.saturating_sub(self.files.values().map(|(len, reserved)| len + reserved).sum())
    }

    fn admit(&self, bytes: u64) -> io::Result<()> {
        if self.is_read_only {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        if self.free() < bytes {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

/// The real disk within a size.
#[derive(Clone, Debug)]
pub(crate) struct QuotaDisk(Arc<Mutex<Books>>);

impl QuotaDisk {
    pub(crate) fn new(size: u64) -> Self {
        Self(Arc::new(Mutex::new(Books { size, least: u64::MAX, ..Books::default() })))
    }

    /// Makes the disk larger or smaller.
    pub(crate) fn resize(&self, size: u64) {
        self.0.lock().unwrap().size = size;
    }

    /// Mounts it read-only, or again as it was.
    pub(crate) fn read_only(&self, is_read_only: bool) {
        self.0.lock().unwrap().is_read_only = is_read_only;
    }

    /// What is taken of it.
    pub(crate) fn taken(&self) -> u64 {
        let books = self.0.lock().unwrap();
        books.files.values().map(|(len, reserved)| len + reserved).sum()
    }
}

struct QuotaFile {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    disk: QuotaDisk,
}

impl DiskFile for QuotaFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        {
            let mut books = self.disk.0.lock().unwrap();
            let (len, reserved) = books.files.get(&self.path).copied().unwrap_or_default();
            let bytes = bytes.len() as u64;
            books.admit(bytes.saturating_sub(reserved))?;
            books.files.insert(self.path.clone(), (len + bytes, reserved.saturating_sub(bytes)));
            books.least = books.least.min(books.free());
        }
        self.file.write(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)?;
        self.disk.0.lock().unwrap().files.insert(self.path.clone(), (len, 0));
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.file.try_lock()
    }

    fn standing(&self, path: &Path) -> io::Result<Standing> {
        self.file.standing(path)
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let mut books = self.disk.0.lock().unwrap();
        books.admit(bytes)?;
        books.files.entry(self.path.clone()).or_default().1 = bytes;
        Ok(())
    }
}

impl Disk for QuotaDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.0.lock().unwrap().admit(0)?;
        RealDisk.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.0.lock().unwrap().admit(0)?;
        let file = RealDisk.create(path)?;
        self.0.lock().unwrap().files.insert(path.to_owned(), (0, 0));
        Ok(Box::new(QuotaFile { file, path: path.to_owned(), disk: self.clone() }))
    }

    fn create_new(&self, path: &Path) -> io::Result<()> {
        self.0.lock().unwrap().admit(0)?;
        RealDisk.create_new(path)
    }

    fn patch(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let end = at + bytes.len() as u64;
        {
            let mut books = self.0.lock().unwrap();
            let (len, reserved) = books.files.get(path).copied().unwrap_or_default();
            books.admit(end.saturating_sub(len))?;
            books.files.insert(path.to_owned(), (len.max(end), reserved));
        }
        RealDisk.patch(path, at, bytes)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = RealDisk.append(path)?;
        Ok(Box::new(QuotaFile { file, path: path.to_owned(), disk: self.clone() }))
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
        RealDisk.rename(from, to)?;
        let mut books = self.0.lock().unwrap();
        if let Some(held) = books.files.remove(from) {
            books.files.insert(to.to_owned(), held);
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)?;
        self.0.lock().unwrap().files.remove(path);
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir(path)
    }

    fn free(&self, _: &Path) -> io::Result<Option<u64>> {
        let books = self.0.lock().unwrap();
        books.admit(0)?;
        Ok(Some(books.free()))
    }
}
