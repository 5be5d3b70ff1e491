//! The few file operations that the ledger is built on, so that a test can lose the power between any two of them.
//!
//! Not a file system: no permissions and no links. Nothing here decides what must be durable; that is
//! said by the caller, through [`DiskFile::sync_data`] for a file's bytes and [`Disk::sync_folder`] for its name.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::Path;

use crate::config::files;

pub mod nowhere;
#[cfg(test)]
pub(crate) mod simulated;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file of this many bytes.
    File {
        /// The length in bytes.
        len: u64,
    },
    /// A folder.
    Folder,
    /// Something else: a pipe, a device, or in a listing a link, which is not followed.
    Other,
}

impl Kind {
    fn new(found: &fs::Metadata) -> Self {
        if found.is_dir() {
            Self::Folder
        } else if found.is_file() {
            Self::File { len: found.len() }
        } else {
            Self::Other
        }
    }
}

/// How an open file stands against its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the name still leads to this very file, and not to another one or to none.
    pub is_named: bool,
    /// The length of the open file in bytes.
    pub len: u64,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name within its folder.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// The disk that a ledger lives on. Every method may be called from several threads at once.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Makes one folder; its parent must exist. `AlreadyExists` when something stands there.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Opens a file for appending, made new or emptied.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Makes a file that is not there yet. `AlreadyExists` when something stands there.
    fn create_new(&self, path: &Path) -> io::Result<()>;
    /// Opens an existing file for appending.
    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Writes bytes into a file at this place, which makes it longer where needed. A missing file is made. Nothing of it is
    /// durable, and a power loss may leave any part of it.
    fn patch(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Reads a file from this byte on.
    fn reader(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>>;
    /// What stands at the path, or nothing.
    fn kind(&self, path: &Path) -> io::Result<Option<Kind>>;
    /// The entries of a folder, by name. A name that is not UTF-8 is left out: the ledger writes none.
    fn list(&self, path: &Path) -> io::Result<Vec<Listed>>;
    /// Makes the names in a folder durable: new, renamed and removed ones.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// Gives a file or a folder another name and replaces a file of that name, in one step.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// How many bytes can still be written to the file system of this folder; `None` where that is not known. An error where
    /// nothing can be written at all.
    fn free(&self, folder: &Path) -> io::Result<Option<u64>> {
        let _ = folder;
        Ok(None)
    }

    /// The whole of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader(path, 0)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// An open file that only grows at its end, or is cut shorter.
pub trait DiskFile: Send {
    /// Appends all of the bytes; after an error some of them may stand in the file.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the bytes written so far durable. After an error nothing is known about them, and a second try may
    /// report success although they are lost.
    fn sync_data(&mut self) -> io::Result<()>;
    /// Cuts the file to this length. What was reserved behind it is given back.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
    /// Reserves room for so many bytes behind the end of the file, whose length stays as it is. Writes within them do not fail for
    /// want of room. Where the file system has no such thing, nothing is reserved and that is no error.
    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let _ = bytes;
        Ok(())
    }
    /// Takes the operating system's lock on the file, which ends with this value. False where another holds it.
    fn try_lock(&self) -> io::Result<bool>;
    /// How the open file stands against the name that it was opened by.
    fn standing(&self, path: &Path) -> io::Result<Standing>;
}

/// The operating system's own files.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl DiskFile for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    #[cfg(target_os = "linux")]
    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::Errno;
        let len = self.metadata()?.len();
        match fallocate(&*self, FallocateFlags::KEEP_SIZE, len, bytes) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn try_lock(&self) -> io::Result<bool> {
        match File::try_lock(self) {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn standing(&self, path: &Path) -> io::Result<Standing> {
        let own = self.metadata()?;
        let is_named = match fs::metadata(path) {
            Ok(named) => (named.dev(), named.ino()) == (own.dev(), own.ino()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        Ok(Standing { is_named, len: own.len() })
    }
}

impl Disk for RealDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(files::FOLDER_MODE).create(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        // Emptied by hand, because the standard library refuses to truncate a file that is opened for appending.
        let file = files::open_as(OpenOptions::new().create(true).append(true), path)?;
        file.set_len(0)?;
        Ok(Box::new(file))
    }

    fn create_new(&self, path: &Path) -> io::Result<()> {
        files::open_as(OpenOptions::new().create_new(true).append(true), path).map(drop)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(files::open_as(OpenOptions::new().append(true), path)?))
    }

    fn patch(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let file = files::open_as(OpenOptions::new().create(true).write(true).truncate(false), path)?;
        file.write_all_at(bytes, at)
    }

    fn reader(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut file = files::open(path)?;
        if from > 0 {
            file.seek(SeekFrom::Start(from))?;
        }
        Ok(Box::new(file))
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        match fs::metadata(path) {
            Ok(found) => Ok(Some(Kind::new(&found))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let found = match entry.metadata() {
                Ok(found) => found,
                // Removed between the listing and the look at it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if let Ok(name) = entry.file_name().into_string() {
                all.push(Listed { name, kind: Kind::new(&found) });
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn free(&self, folder: &Path) -> io::Result<Option<u64>> {
        let found = rustix::fs::statvfs(folder)?;
        if found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY) {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(Some(found.f_bavail.saturating_mul(found.f_frsize)))
    }
}
