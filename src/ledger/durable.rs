//! What it takes for a file or a folder to survive a power loss, written once.
//!
//! Not for the journal's lines, which have their own write and sync.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::disk::{Disk, Kind};

/// How the name of a file that is still being written begins. Such a file may be removed at any time.
pub(super) const TEMPORARY: &str = ".tmp-";

/// What helps against this fault, as the end of a sentence; nothing where there is no room for advice.
pub(super) fn relief(fault: &io::Error) -> &'static str {
    match fault.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space first",
        io::ErrorKind::FileTooLarge => "; raise the limit on the size of files first (`ulimit -f`)",
        _ => "",
    }
}

/// A name for a temporary file that no other thread of this process and no other process uses.
pub(super) fn temporary_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{TEMPORARY}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Puts these bytes at `folder/name` so that after a power loss either all of them stand there or what stood before.
/// The folder must exist and be durable itself.
pub(super) fn replace(disk: &dyn Disk, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = folder.join(temporary_name());
    let written = write_synced(disk, &temporary, bytes).and_then(|()| disk.rename(&temporary, &folder.join(name)));
    if let Err(error) = written {
        // The disk may be full: what was half written is given back. The first error is the one to report.
        let _: io::Result<()> = disk.remove(&temporary);
        return Err(error);
    }
    disk.sync_folder(folder)
}

fn write_synced(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = disk.create(path)?;
    file.write(bytes)?;
    file.sync_data()
}

/// Makes the folder and every missing one above it, and makes the name of each durable in its parent. A folder that
/// exists has its name synced too: a process that was killed may have left it unsynced.
pub(super) fn ensure_folder(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    match disk.kind(folder)? {
        Some(Kind::Folder) => {}
        Some(Kind::File { .. } | Kind::Other) => {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{} is no folder", folder.display())));
        }
        None => {
            if let Some(parent) = parent(folder)
                && disk.kind(parent)?.is_none()
            {
                ensure_folder(disk, parent)?;
            }
            match disk.create_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
    }
    match parent(folder) {
        Some(parent) => disk.sync_folder(parent),
        None => Ok(()),
    }
}

/// The folder that holds the name of this path; `.` for a bare relative name, nothing for the root.
pub(super) fn parent(path: &Path) -> Option<&Path> {
    match path.parent() {
        Some(above) if above.as_os_str().is_empty() => Some(Path::new(".")),
        above => above,
    }
}
