//! The lock of a studio: who has it open, for the message to whoever comes second.
//!
//! The lock is the operating system's and ends with the process, however that ends. It keeps two processes from making one
//! studio at the same moment. What decides who writes is the lock on the journal itself: this file can be deleted.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::files;

/// The name of the lock in the studio's folder.
pub const FILE: &str = "lock";

/// Who holds a lock, as its holder wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The number of the process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

/// Why a studio's lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("this studio is open in another process{}; close that one, or only read", named(.0.as_ref()))]
    Held(Option<Holder>),
    /// It could not be tried: the folder cannot be written, or its file system has no locks.
    #[error("the studio's lock could not be taken: {source}. Nothing was changed")]
    Io {
        /// What the operating system said.
        source: io::Error,
    },
}

fn named(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |Holder { pid, since }| format!(" (process {pid}, since {since:.0})"))
}

/// The lock of a studio, held until it is dropped.
#[derive(Debug)]
pub struct StudioLock {
    _file: File,
}

impl StudioLock {
    /// Takes the lock of the studio in this folder, which must exist, for the holder that the text then names.
    pub fn take(dir: &Path, holder: Holder) -> Result<Self, LockError> {
        let take = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let mut file = files::open_as(&mut options, &dir.join(FILE))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut text = String::new();
                    let read = (&mut file).take(1024).read_to_string(&mut text);
                    return Ok(Err(read.ok().and_then(|_| serde_json::from_str(&text).ok())));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            let mut text = serde_json::to_vec(&holder)?;
            text.push(b'\n');
            file.write_all(&text)?;
            Ok(Ok(Self { _file: file }))
        };
        match take() {
            Ok(Ok(lock)) => Ok(lock),
            Ok(Err(holder)) => Err(LockError::Held(holder)),
            Err(source) => Err(LockError::Io { source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(pid: u32) -> Holder {
        Holder { pid, since: "2026-11-22T10:00:00Z".parse().unwrap() }
    }

    #[test]
    fn the_second_is_told_who_was_first_and_gets_it_afterwards() {
        let studio = tempfile::tempdir().unwrap();
        let first = StudioLock::take(studio.path(), holder(11)).unwrap();
        let refused = StudioLock::take(studio.path(), holder(12)).unwrap_err();
        assert!(matches!(refused, LockError::Held(Some(found)) if found == holder(11)), "{refused:?}");
        assert!(refused.to_string().contains("process 11, since 2026-11-22T10:00:00Z"), "{refused}");
        drop(first);
        let _third = StudioLock::take(studio.path(), holder(13)).unwrap();
        let refused = StudioLock::take(studio.path(), holder(12)).unwrap_err();
        assert!(matches!(refused, LockError::Held(Some(found)) if found == holder(13)));
    }

    #[test]
    fn a_stale_or_unreadable_text_decides_nothing() {
        let studio = tempfile::tempdir().unwrap();
        std::fs::write(studio.path().join(FILE), "{\"pid\":1,\"since\":\"2020-01-01T00:00:00Z\"}").unwrap();
        let first = StudioLock::take(studio.path(), holder(11)).unwrap();
        std::fs::write(studio.path().join(FILE), "nonsense").unwrap();
        assert!(matches!(StudioLock::take(studio.path(), holder(12)), Err(LockError::Held(None))));
        drop(first);
    }

    #[test]
    fn a_missing_folder_is_a_fault_of_the_disk() {
        let studio = tempfile::tempdir().unwrap();
        assert!(matches!(StudioLock::take(&studio.path().join("none"), holder(1)), Err(LockError::Io { .. })));
    }
}
