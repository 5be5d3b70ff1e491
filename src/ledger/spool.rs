//! Answers that are still arriving: the body as it streams, and a mark once it is complete. After a crash a complete
//! answer settles its intent, so that nobody is asked about a call whose answer was already paid for and received.
//!
//! Not for keeping: a complete answer becomes a blob, and then its spool is removed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::disk::{Disk, DiskFile, Kind};
use super::durable;
use super::names::PlainName;
use crate::domain::ids::{ContentHash, IntentKey};

/// The name of the folder of arriving answers in the studio's folder.
pub const FOLDER: &str = "spool";

const BODY: &str = ".body";
const DONE: &str = ".done";

/// Why an answer could not be spooled or read back.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// An answer to this intent was begun before: an intent is sent once.
    #[error("an answer to {0} is spooled already and was left untouched; a second attempt is another intent")]
    Exists(PlainName),
    /// It could not be written. Whether its call was sent is for the caller to say.
    #[error("the spool of answers could not be written: {source}")]
    Write {
        /// What the operating system said.
        source: io::Error,
    },
    /// There is no room for it. Nothing was sent.
    #[error("there is no room for the answer: {source}")]
    NoRoom {
        /// What the operating system said.
        source: io::Error,
    },
    /// It could not be read.
    #[error("the spooled answers could not be read: {source}")]
    Read {
        /// What the operating system said.
        source: io::Error,
    },
}

fn writing(source: io::Error) -> SpoolError {
    SpoolError::Write { source }
}

fn reading(source: io::Error) -> SpoolError {
    SpoolError::Read { source }
}

/// What is known of a complete answer, apart from its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpoolMeta {
    /// The HTTP status.
    pub status: u16,
    /// The headers that were kept, in the order of arrival, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The length of the body in bytes.
    pub bytes: u64,
    /// The hash of the body: the name that it will have as a blob.
    pub hash: ContentHash,
}

/// How far the answer to an intent got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spooled {
    /// Nothing arrived, or nothing of it reached the disk.
    Absent,
    /// A part of the body, of this many bytes.
    Partial {
        /// The bytes that are there.
        bytes: u64,
    },
    /// All of it, checked by length and hash.
    Complete {
        /// Its status, headers, length and hash.
        meta: SpoolMeta,
        /// Its body.
        body: Vec<u8>,
    },
    /// It was complete and is damaged now, so that it settles nothing.
    Damaged {
        /// The bytes of the body that are there.
        bytes: u64,
    },
}

/// The spool of one studio.
#[derive(Clone, Debug)]
pub struct Spool {
    disk: Arc<dyn Disk>,
    root: PathBuf,
}

impl Spool {
    /// The spool of the studio in this folder; makes its folder where it is missing.
    pub fn open(disk: Arc<dyn Disk>, studio: &Path) -> Result<Self, SpoolError> {
        let root = studio.join(FOLDER);
        durable::ensure_folder(disk.as_ref(), &root).map_err(writing)?;
        Ok(Self { disk, root })
    }

    fn body(&self, name: &PlainName) -> PathBuf {
        self.root.join(format!("{name}{BODY}"))
    }

    fn done(&self, name: &PlainName) -> PathBuf {
        self.root.join(format!("{name}{DONE}"))
    }

    /// Begins the answer to an intent and reserves room for so many bytes, which its copy in the blobs shares once it is whole.
    pub fn begin(&self, intent: &IntentKey, room: u64) -> Result<SpoolWriter, SpoolError> {
        let name = PlainName::from(intent);
        let body = self.body(&name);
        for path in [&body, &self.done(&name)] {
            if self.disk.kind(path).map_err(writing)?.is_some() {
                return Err(SpoolError::Exists(name));
            }
        }
        let begun = self.disk.create(&body).and_then(|mut file| file.reserve(room).map(|()| file));
        let file = begun.map_err(|source| {
            // What could not be begun was not sent, and is not in the way of another try.
            let _: io::Result<()> = self.disk.remove(&body);
            if is_full(&source) { SpoolError::NoRoom { source } } else { writing(source) }
        })?;
        Ok(SpoolWriter { spool: self.clone(), name, file, hasher: blake3::Hasher::new(), bytes: 0, is_finished: false })
    }

    /// How far the answer to an intent got.
    pub fn look(&self, intent: &IntentKey) -> Result<Spooled, SpoolError> {
        self.look_at(&PlainName::from(intent))
    }

    /// How far the answer of this name got; see [`Spool::list`].
    pub fn look_at(&self, name: &PlainName) -> Result<Spooled, SpoolError> {
        let body = self.read(&self.body(name))?;
        let done = self.read(&self.done(name))?;
        let bytes = body.as_ref().map_or(0, |body| body.len() as u64);
        let Some(done) = done else {
            return Ok(if body.is_some() { Spooled::Partial { bytes } } else { Spooled::Absent });
        };
        let meta: Option<SpoolMeta> = serde_json::from_slice(&done).ok();
        match (meta, body) {
            (Some(meta), Some(body)) if meta.bytes == bytes && meta.hash == ContentHash::of(&body) => {
                Ok(Spooled::Complete { meta, body })
            }
            (Some(_) | None, Some(_) | None) => Ok(Spooled::Damaged { bytes }),
        }
    }

    /// The complete answer to an intent, if there is one.
    pub fn complete(&self, intent: &IntentKey) -> Result<Option<(SpoolMeta, Vec<u8>)>, SpoolError> {
        match self.look(intent)? {
            Spooled::Complete { meta, body } => Ok(Some((meta, body))),
            Spooled::Absent | Spooled::Partial { .. } | Spooled::Damaged { .. } => Ok(None),
        }
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, SpoolError> {
        match self.disk.read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(reading(error)),
        }
    }

    /// Removes what is spooled for an intent. Only after an event that is on disk says what the call cost, and its answer, where
    /// it has one, is a blob; or after its charge was ruled. Removing what is not there is no fault.
    pub fn remove(&self, intent: &IntentKey) -> Result<(), SpoolError> {
        let name = PlainName::from(intent);
        // The mark goes first: a body without it is only a partial answer, a mark without its body would be damage.
        for path in [self.done(&name), self.body(&name)] {
            match self.disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(writing(error)),
                Ok(()) | Err(_) => {}
            }
        }
        self.disk.sync_folder(&self.root).map_err(writing)
    }

    /// Removes what unfinished writes of a killed process left, which are marks of answers and never their bodies, and gives back
    /// the room that was reserved behind these.
    pub fn sweep(&self) -> Result<(), SpoolError> {
        for entry in self.disk.list(&self.root).map_err(reading)? {
            let path = self.root.join(&entry.name);
            match entry.kind {
                Kind::File { .. } if entry.name.starts_with(durable::TEMPORARY) => {
                    self.disk.remove(&path).map_err(writing)?;
                }
                Kind::File { len } if entry.name.ends_with(BODY) => {
                    self.disk.append(&path).and_then(|mut file| file.truncate(len)).map_err(writing)?;
                }
                Kind::File { .. } | Kind::Folder | Kind::Other => {}
            }
        }
        Ok(())
    }

    /// The names of all intents of which something is spooled, in order. A name is its intent's key as text.
    pub fn list(&self) -> Result<Vec<PlainName>, SpoolError> {
        let all = self.disk.list(&self.root).map_err(reading)?;
        let files = all.iter().filter(|entry| matches!(entry.kind, Kind::File { .. }));
        let mut names: Vec<PlainName> = files
            .filter_map(|entry| entry.name.strip_suffix(BODY).or_else(|| entry.name.strip_suffix(DONE))?.parse().ok())
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// An answer that is arriving. Dropped before [`SpoolWriter::finish`], it stays a partial one.
pub struct SpoolWriter {
    spool: Spool,
    name: PlainName,
    file: Box<dyn DiskFile>,
    hasher: blake3::Hasher,
    bytes: u64,
    is_finished: bool,
}

impl Drop for SpoolWriter {
    fn drop(&mut self) {
        if !self.is_finished {
            // The part that came stays; the room that was reserved behind it is given back.
            let _: io::Result<()> = self.file.truncate(self.bytes);
        }
    }
}

/// Whether there is no room, or nothing may be written: what others can change.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge
            | io::ErrorKind::ReadOnlyFilesystem
    )
}

impl SpoolWriter {
    /// Adds what just arrived. It is not synced: only a complete answer counts.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        self.file.write(bytes).map_err(writing)?;
        self.hasher.update(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }

    /// How many bytes have arrived.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Marks the answer as complete. When this returns, it survives a power loss.
    pub fn finish(mut self, status: u16, headers: Vec<(String, String)>) -> Result<SpoolMeta, SpoolError> {
        self.file.truncate(self.bytes).map_err(writing)?;
        self.file.sync_data().map_err(writing)?;
        self.is_finished = true;
        let hash: Result<ContentHash, _> = self.hasher.finalize().to_hex().as_str().parse();
        let hash = hash.map_err(|error| writing(io::Error::other(error)))?;
        let meta = SpoolMeta { status, headers, bytes: self.bytes, hash };
        let done = serde_json::to_vec(&meta).map_err(|error| writing(error.into()))?;
        let disk = self.spool.disk.as_ref();
        durable::replace(disk, &self.spool.root, &format!("{}{DONE}", self.name), &done).map_err(writing)?;
        Ok(meta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::EpisodeNumber;
    use crate::ledger::disk::simulated::{Fault, SimulatedDisk, Survival};

    fn spool(disk: &SimulatedDisk) -> Spool {
        Spool::open(Arc::new(disk.clone()), Path::new("/studio")).unwrap()
    }

    fn key(attempt: u32) -> IntentKey {
        IntentKey { episode: EpisodeNumber(7), stage: "voice".parse().unwrap(), unit: 12, attempt }
    }

    fn headers() -> Vec<(String, String)> {
        vec![("request-id".to_owned(), "r1".to_owned())]
    }

    fn answer(spool: &Spool) -> Result<SpoolMeta, SpoolError> {
        let mut writer = spool.begin(&key(1), 0)?;
        writer.write(b"half of ")?;
        writer.write(b"the answer")?;
        writer.finish(200, headers())
    }

    #[test]
    fn an_answer_counts_only_once_it_is_finished() {
        let disk = SimulatedDisk::new();
        let spool = spool(&disk);
        assert_eq!(spool.look(&key(1)).unwrap(), Spooled::Absent);
        let mut writer = spool.begin(&key(1), 0).unwrap();
        writer.write(b"half of ").unwrap();
        assert_eq!(spool.look(&key(1)).unwrap(), Spooled::Partial { bytes: 8 });
        assert_eq!(spool.complete(&key(1)).unwrap(), None);
        writer.write(b"the answer").unwrap();
        let meta = writer.finish(200, headers()).unwrap();
        assert_eq!((meta.bytes, meta.hash), (18, ContentHash::of(b"half of the answer")));
        assert_eq!(spool.complete(&key(1)).unwrap(), Some((meta, b"half of the answer".to_vec())));
        drop(spool.begin(&key(2), 0).unwrap());
        let names: Vec<String> = spool.list().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["007-voice-12-1", "007-voice-12-2"]);
        spool.remove(&key(1)).unwrap();
        spool.remove(&key(1)).unwrap();
        assert_eq!(spool.look(&key(1)).unwrap(), Spooled::Absent);
    }

    #[test]
    fn an_answer_is_never_begun_over_another() {
        let disk = SimulatedDisk::new();
        let spool = spool(&disk);
        answer(&spool).unwrap();
        assert!(matches!(spool.begin(&key(1), 0), Err(SpoolError::Exists(_))));
        assert!(spool.complete(&key(1)).unwrap().is_some());
    }

    #[test]
    fn a_damaged_body_settles_nothing() {
        let disk = SimulatedDisk::new();
        let spool = spool(&disk);
        for body in [&b"half of the answeR"[..], b"half of", b""] {
            answer(&spool).unwrap();
            disk.plant(Path::new("/studio/spool/007-voice-12-1.body"), body);
            assert_eq!(spool.look(&key(1)).unwrap(), Spooled::Damaged { bytes: body.len() as u64 });
            assert_eq!(spool.complete(&key(1)).unwrap(), None);
            spool.remove(&key(1)).unwrap();
        }
    }

    #[test]
    fn a_power_loss_at_every_operation_never_makes_half_an_answer_complete() {
        for at in 0.. {
            for survival in [Survival::Nothing, Survival::Everything].into_iter().chain((0..40).map(Survival::Some)) {
                let disk = SimulatedDisk::new();
                let store = spool(&disk);
                disk.fail_in(at, Fault::PowerLoss);
                let finished = answer(&store).is_ok();
                let done = finished && disk.operations() < at;
                disk.restart(survival);
                match spool(&disk).look(&key(1)).unwrap() {
                    Spooled::Complete { body, .. } => assert_eq!(body, b"half of the answer"),
                    Spooled::Absent | Spooled::Partial { .. } => assert!(!finished, "operation {at}, {survival:?}"),
                    Spooled::Damaged { .. } => panic!("operation {at}, {survival:?}"),
                }
                if done {
                    return;
                }
            }
        }
    }
}
