//! Content-addressed files: scripts, prompts, answers, audio. A blob is durable before any event names it.
//!
//! Not for anything that changes, nor for what is still arriving: see `spool` and `drafts`.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::disk::{Disk, Kind};
use super::durable;
use crate::domain::ids::ContentHash;

/// The name of the folder of blobs in the studio's folder. A blob stands at `blobs/ab/cdef…`.
pub const FOLDER: &str = "blobs";

/// Why a blob could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no such blob.
    #[error("the blob {0} is missing; an archive of this studio may have it")]
    Missing(ContentHash),
    /// The file does not have the content that it is named by.
    #[error("the blob {0} is damaged: its bytes have another hash. Restore it from an archive")]
    Damaged(ContentHash),
    /// It could not be written. Nothing that stood there was changed.
    #[error("a file of the studio could not be written: {source}. What was kept before is unchanged")]
    Write {
        /// What the operating system said.
        source: io::Error,
    },
    /// It could not be read, listed or removed.
    #[error("the blobs could not be read: {source}")]
    Read {
        /// What the operating system said.
        source: io::Error,
    },
}

/// The blobs of one studio. Clones share what they know; may be used from several threads.
#[derive(Clone, Debug)]
pub struct Blobs {
    disk: Arc<dyn Disk>,
    root: PathBuf,
    known: Arc<Mutex<Known>>,
}

/// What this process made durable or found and made durable. A file that merely exists may be one whose name was not
/// yet synced when the process that wrote it was killed.
#[derive(Debug, Default)]
struct Known {
    blobs: HashSet<ContentHash>,
    shards: HashSet<String>,
}

impl Blobs {
    /// The blobs of the studio in this folder; makes their folder where it is missing.
    pub fn open(disk: Arc<dyn Disk>, studio: &Path) -> Result<Self, BlobError> {
        let root = studio.join(FOLDER);
        durable::ensure_folder(disk.as_ref(), &root).map_err(|source| BlobError::Write { source })?;
        Ok(Self { disk, root, known: Arc::default() })
    }

    /// The blobs of a studio that another process may own: nothing is made.
    pub fn view(disk: Arc<dyn Disk>, studio: &Path) -> Self {
        Self { disk, root: studio.join(FOLDER), known: Arc::default() }
    }

    /// The folder and the file's name of a blob.
    fn place(&self, hash: &ContentHash) -> (String, PathBuf, String) {
        let text = hash.to_string();
        let (shard, name) = text.split_at(2);
        (shard.to_owned(), self.root.join(shard), name.to_owned())
    }

    /// Keeps these bytes and returns their hash. When this returns, they survive a power loss.
    pub fn put(&self, bytes: &[u8]) -> Result<ContentHash, BlobError> {
        let hash = ContentHash::of(bytes);
        self.put_hashed(&hash, bytes).map_err(|source| BlobError::Write { source })?;
        Ok(hash)
    }

    fn put_hashed(&self, hash: &ContentHash, bytes: &[u8]) -> io::Result<()> {
        let (shard, folder, name) = self.place(hash);
        let (blob_known, shard_known) = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            (known.blobs.contains(hash), known.shards.contains(&shard))
        };
        let there = self.disk.kind(&folder.join(&name))? == Some(Kind::File { len: bytes.len() as u64 });
        if there && blob_known {
            return Ok(());
        }
        if !shard_known {
            durable::ensure_folder(self.disk.as_ref(), &folder)?;
        }
        if there {
            self.disk.sync_folder(&folder)?;
        } else {
            durable::replace(self.disk.as_ref(), &folder, &name, bytes)?;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.shards.insert(shard);
        known.blobs.insert(*hash);
        Ok(())
    }

    /// The bytes of a blob, checked against its hash.
    pub fn get(&self, hash: &ContentHash) -> Result<Vec<u8>, BlobError> {
        let (_, folder, name) = self.place(hash);
        let bytes = match self.disk.read(&folder.join(name)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BlobError::Missing(*hash)),
            Err(source) => return Err(BlobError::Read { source }),
        };
        if ContentHash::of(&bytes) == *hash { Ok(bytes) } else { Err(BlobError::Damaged(*hash)) }
    }

    /// The length of a blob in bytes; nothing when there is none. Its content is not read.
    pub fn len(&self, hash: &ContentHash) -> Result<Option<u64>, BlobError> {
        let (_, folder, name) = self.place(hash);
        match self.disk.kind(&folder.join(name)).map_err(|source| BlobError::Read { source })? {
            Some(Kind::File { len }) => Ok(Some(len)),
            Some(Kind::Folder | Kind::Other) | None => Ok(None),
        }
    }

    /// Whether there is a blob of this name. Its content is not read.
    pub fn contains(&self, hash: &ContentHash) -> Result<bool, BlobError> {
        Ok(self.len(hash)?.is_some())
    }

    /// Every blob with its length in bytes, in order of hash. Files of other names are passed over.
    pub fn iter(&self) -> Result<Vec<(ContentHash, u64)>, BlobError> {
        let mut all = Vec::new();
        self.walk(&mut |_, shard, name, len| {
            if let Ok(hash) = format!("{shard}{name}").parse() {
                all.push((hash, len));
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Removes a blob, durably. Removing what is not there is no fault.
    pub fn remove(&self, hash: &ContentHash) -> Result<(), BlobError> {
        let (_, folder, name) = self.place(hash);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).blobs.remove(hash);
        match self.disk.remove(&folder.join(name)) {
            Ok(()) => self.disk.sync_folder(&folder).map_err(|source| BlobError::Write { source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(BlobError::Write { source }),
        }
    }

    /// Removes what unfinished writes of a killed process left, and returns how many files that were. Not to be called
    /// while blobs are being put.
    pub fn sweep(&self) -> Result<u64, BlobError> {
        let mut removed = 0;
        self.walk(&mut |path, _, name, _| {
            if name.starts_with(durable::TEMPORARY) {
                self.disk.remove(path)?;
                removed += 1;
            }
            Ok(())
        })?;
        Ok(removed)
    }

    fn walk(&self, each: &mut dyn FnMut(&Path, &str, &str, u64) -> io::Result<()>) -> Result<(), BlobError> {
        let mut walk = || -> io::Result<()> {
            for shard in self.disk.list(&self.root)?.into_iter().filter(|shard| shard.kind == Kind::Folder) {
                let folder = self.root.join(&shard.name);
                for entry in self.disk.list(&folder)? {
                    if let Kind::File { len } = entry.kind {
                        each(&folder.join(&entry.name), &shard.name, &entry.name, len)?;
                    }
                }
            }
            Ok(())
        };
        match walk() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(|source| BlobError::Read { source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::disk::RealDisk;
    use crate::ledger::disk::simulated::{Fault, SimulatedDisk, Survival};

    const DIR: &str = "/studio";

    fn path(hash: &ContentHash) -> PathBuf {
        let text = hash.to_string();
        Path::new(DIR).join(FOLDER).join(&text[..2]).join(&text[2..])
    }

    fn blobs(disk: &SimulatedDisk) -> Blobs {
        Blobs::open(Arc::new(disk.clone()), Path::new(DIR)).unwrap()
    }

    #[test]
    fn what_is_put_is_got_and_a_second_put_writes_nothing() {
        let disk = SimulatedDisk::new();
        let blobs = blobs(&disk);
        let hash = blobs.put(b"a script").unwrap();
        assert_eq!(disk.read(&path(&hash)).unwrap(), b"a script");
        let before = disk.operations();
        assert_eq!(blobs.put(b"a script").unwrap(), hash);
        assert_eq!(disk.operations(), before);
        assert_eq!(blobs.get(&hash).unwrap(), b"a script");
        assert_eq!((blobs.contains(&hash).unwrap(), blobs.len(&hash).unwrap()), (true, Some(8)));
        let other = blobs.put(b"").unwrap();
        let mut expected = vec![(hash, 8), (other, 0)];
        expected.sort();
        assert_eq!(blobs.iter().unwrap(), expected);
        blobs.remove(&hash).unwrap();
        blobs.remove(&hash).unwrap();
        assert!(matches!(blobs.get(&hash), Err(BlobError::Missing(missing)) if missing == hash));
        blobs.put(b"a script").unwrap();
        assert_eq!(blobs.get(&hash).unwrap(), b"a script");
    }

    #[test]
    fn a_damaged_blob_is_named_and_one_of_a_wrong_length_is_written_again() {
        let disk = SimulatedDisk::new();
        let store = blobs(&disk);
        let hash = store.put(b"a script").unwrap();
        disk.plant(&path(&hash), b"a scripT");
        let damaged = store.get(&hash).unwrap_err();
        assert!(matches!(damaged, BlobError::Damaged(_)));
        assert!(damaged.to_string().contains(&hash.to_string()));
        disk.plant(&path(&hash), b"a scr");
        blobs(&disk).put(b"a script").unwrap();
        assert_eq!(store.get(&hash).unwrap(), b"a script");
    }

    #[test]
    fn a_power_loss_at_every_operation_keeps_every_blob_that_was_put() {
        let bodies: Vec<Vec<u8>> = (0..6u8).map(|n| vec![n; 100]).collect();
        for at in 0.. {
            for survival in [Survival::Nothing, Survival::Everything].into_iter().chain((0..20).map(Survival::Some)) {
                let disk = SimulatedDisk::new();
                disk.fail_in(at, Fault::PowerLoss);
                let mut kept = Vec::new();
                if let Ok(blobs) = Blobs::open(Arc::new(disk.clone()), Path::new(DIR)) {
                    kept.extend(bodies.iter().map_while(|body| blobs.put(body).ok()));
                }
                if kept.len() == bodies.len() {
                    return;
                }
                disk.restart(survival);
                let blobs = blobs(&disk);
                for hash in kept {
                    assert!(blobs.get(&hash).is_ok(), "operation {at}, {survival:?}");
                }
                // What stands under a blob's name is that blob: a torn one is never under its name.
                for (hash, _) in blobs.iter().unwrap() {
                    assert!(blobs.get(&hash).is_ok(), "operation {at}, {survival:?}");
                }
                blobs.sweep().unwrap();
                assert_eq!(blobs.sweep().unwrap(), 0);
            }
        }
    }

    #[test]
    fn a_blob_left_by_a_killed_process_is_made_durable_before_it_counts() {
        let body = b"left in the page cache";
        for at in 0.. {
            let disk = SimulatedDisk::new();
            // The process dies at any operation: what it wrote is seen by the next one, although it is not durable.
            disk.fail_in(at, Fault::Full);
            let _ = Blobs::open(Arc::new(disk.clone()), Path::new(DIR)).and_then(|blobs| blobs.put(body));
            let killed_late = disk.operations() < at;
            disk.mend();
            let hash = blobs(&disk).put(body).unwrap();
            disk.restart(Survival::Nothing);
            assert_eq!(blobs(&disk).get(&hash).unwrap(), body, "operation {at}");
            if killed_late {
                return;
            }
        }
    }

    #[test]
    fn a_name_that_was_not_synced_is_synced_by_the_next_process() {
        let disk = SimulatedDisk::new();
        let store = blobs(&disk);
        let hash = ContentHash::of(b"body");
        let folder = path(&hash).parent().unwrap().to_owned();
        // What a process leaves that is killed between the rename and the sync of the folder.
        disk.create_dir(&folder).unwrap();
        let mut file = disk.create(&folder.join("tmp")).unwrap();
        file.write(b"body").unwrap();
        file.sync_data().unwrap();
        disk.rename(&folder.join("tmp"), &path(&hash)).unwrap();
        store.put(b"body").unwrap();
        disk.restart(Survival::Nothing);
        assert_eq!(store.get(&hash).unwrap(), b"body");
    }

    #[test]
    fn a_full_disk_leaves_no_half_blob() {
        for at in 0..6 {
            let disk = SimulatedDisk::new();
            let blobs = blobs(&disk);
            disk.fail_in(at, Fault::Full);
            let put = blobs.put(b"a script");
            disk.mend();
            match put {
                Ok(hash) => assert_eq!(blobs.get(&hash).unwrap(), b"a script"),
                Err(_) => assert_eq!((blobs.iter().unwrap(), blobs.sweep().unwrap()), (Vec::new(), 0)),
            }
            blobs.put(b"a script").unwrap();
        }
    }

    #[test]
    fn several_threads_put_the_same_blob_on_a_real_disk() {
        let studio = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(Arc::new(RealDisk), studio.path()).unwrap();
        let body = vec![7; 10_000];
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| blobs.put(&body).unwrap());
            }
        });
        assert_eq!(blobs.iter().unwrap(), [(ContentHash::of(&body), 10_000)]);
        assert_eq!((blobs.get(&ContentHash::of(&body)).unwrap(), blobs.sweep().unwrap()), (body, 0));
    }
}
