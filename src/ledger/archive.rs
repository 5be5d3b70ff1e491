//! A studio as one file: its journal byte for byte, and its blobs. And the check of a whole studio.
//!
//! Not for drafts, spooled answers or the state: the first two are nobody's business but the studio's, and the last is
//! folded from the journal.

use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::blobs::{self, BlobError, Blobs};
use super::chain::LineHash;
use super::codec;
use super::disk::{Disk, DiskFile};
use super::durable;
use super::journal::head::Head;
use super::journal::{self, Checkpoint, Cut, Journal, JournalError, Opened, ReadOnly};
use crate::domain::ids::ContentHash;

mod import;
mod named;
mod tar;
#[cfg(test)]
mod tests;

pub use import::{Imported, import};
use named::Named;
pub use named::Unsound;

/// The name of the first file of an archive. It stays in an imported studio, to say where that came from.
pub const MANIFEST: &str = "archive.json";

const FORMAT: u32 = 1;

/// What an archive says of itself, as its first file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the archive's format.
    pub format: u32,
    /// How many lines its journal has.
    pub lines: u64,
    /// How many bytes its journal has.
    pub journal_bytes: u64,
    /// The hash of the journal's last line.
    pub tip: LineHash,
    /// How many blobs it has.
    pub blobs: u64,
    /// How far the journal of the studio went, where it had lost its end: the archive ends before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Head>,
}

/// Why a studio could not be exported, imported or checked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A blob could not be read or kept.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A file or folder could not be read or written.
    #[error("{doing} failed: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// Something stands where the archive is to be written.
    #[error("{} exists already and was left untouched; choose another name", .0.display())]
    Exists(PathBuf),
    /// Something stands where the studio is to be put.
    #[error("{} is not an empty folder and was left untouched; import into a new one", .0.display())]
    NotEmpty(PathBuf),
    /// The file is no archive that this version reads, or it is damaged.
    #[error("the archive cannot be imported: {0}. Nothing was put in place")]
    Unreadable(String),
}

fn during(doing: &'static str) -> impl Fn(io::Error) -> ArchiveError {
    move |source| ArchiveError::Io { doing, source }
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// What the archive says of itself.
    pub manifest: Manifest,
    /// Blobs that are damaged and were left out.
    pub damaged: Vec<ContentHash>,
    /// What was found of the journal: of a broken one, only what is sound was exported.
    pub opened: Opened,
}

/// A file of the disk, to be written through a buffer.
struct Out(Box<dyn DiskFile>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the studio's journal, up to its last whole batch, and all its blobs into one new file. Takes no lock: what is
/// recorded meanwhile is not in the archive. The file appears under its name only when all of it is durable.
pub fn export(disk: &Arc<dyn Disk>, studio: &Path, out: &Path) -> Result<Exported, ArchiveError> {
    if disk.kind(out).map_err(during("looking at the archive's place"))?.is_some() {
        return Err(ArchiveError::Exists(out.to_owned()));
    }
    let writing = during("writing the archive");
    let folder = durable::parent(out).ok_or_else(|| writing(io::ErrorKind::InvalidInput.into()))?;
    // The journal's end is taken before the blobs are listed: a blob is durable before an event names it.
    let (_, opened) = Journal::view(Arc::clone(disk), studio, Checkpoint::START, &mut |_| ())?;
    let (sound, damaged) = sound_blobs(&Blobs::view(Arc::clone(disk), studio))?;
    let Checkpoint { seq: lines, offset: journal_bytes, hash: tip } = opened.tip;
    let known = match &opened.read_only {
        Some(ReadOnly::Lost(loss)) => Some(Head { place: loss.known.place, at: loss.known.at, sums: loss.known.sums }),
        Some(ReadOnly::Broken { .. } | ReadOnly::Newer { .. }) | None => None,
    };
    let manifest = Manifest { format: FORMAT, lines, journal_bytes, tip, blobs: sound.len() as u64, known };
    let temporary = folder.join(durable::temporary_name());
    let written = write(disk, studio, &temporary, &manifest, &sound);
    let placed = written.and_then(|()| disk.rename(&temporary, out).map_err(&writing));
    if let Err(error) = placed {
        // What was half written is given back; the first error is the one to report.
        let _: io::Result<()> = disk.remove(&temporary);
        return Err(error);
    }
    disk.sync_folder(folder).map_err(writing)?;
    Ok(Exported { manifest, damaged, opened })
}

/// The blobs whose content is what their name says, and the others.
fn sound_blobs(blobs: &Blobs) -> Result<(Vec<ContentHash>, Vec<ContentHash>), ArchiveError> {
    let (mut sound, mut damaged) = (Vec::new(), Vec::new());
    for (hash, _) in blobs.iter()? {
        match blobs.get(&hash) {
            Ok(_) => sound.push(hash),
            Err(BlobError::Damaged(hash)) => damaged.push(hash),
            Err(error @ (BlobError::Missing(_) | BlobError::Read { .. } | BlobError::Write { .. })) => {
                return Err(error.into());
            }
        }
    }
    Ok((sound, damaged))
}

fn write(
    disk: &Arc<dyn Disk>,
    studio: &Path,
    path: &Path,
    manifest: &Manifest,
    hashes: &[ContentHash],
) -> Result<(), ArchiveError> {
    let writing = during("writing the archive");
    let mut out = BufWriter::with_capacity(256 * 1024, Out(disk.create(path).map_err(&writing)?));
    let head = serde_json::to_vec(manifest).map_err(|error| writing(error.into()))?;
    let mut member = |name: &str, size: u64, content: &mut dyn Read| -> io::Result<()> {
        tar::begin_file(&mut out, name, size)?;
        let copied = io::copy(&mut content.take(size), &mut out)?;
        if copied != size {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{name} became shorter")));
        }
        tar::end_file(&mut out, size)
    };
    member(MANIFEST, head.len() as u64, &mut &head[..]).map_err(&writing)?;
    let mut journal = disk.reader(&studio.join(journal::FILE), 0).map_err(during("reading the journal"))?;
    member(journal::FILE, manifest.journal_bytes, &mut journal).map_err(&writing)?;
    let blobs = Blobs::view(Arc::clone(disk), studio);
    for hash in hashes {
        let bytes = blobs.get(hash)?;
        member(&blob_name(hash), bytes.len() as u64, &mut &bytes[..]).map_err(&writing)?;
    }
    tar::finish(&mut out).map_err(&writing)?;
    let mut file = out.into_inner().map_err(|error| writing(error.into_error()))?;
    file.0.sync_data().map_err(writing)
}

/// The name of a blob in an archive: the same as its path in a studio.
fn blob_name(hash: &ContentHash) -> String {
    let text = hash.to_string();
    let (shard, name) = text.split_at(2);
    format!("{}/{shard}/{name}", blobs::FOLDER)
}

/// What a check of a whole studio found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many sound lines the journal has.
    pub lines: u64,
    /// In how many batches.
    pub batches: u64,
    /// Where the sound part of the journal ends.
    pub tip: Checkpoint,
    /// An incomplete last batch: it may be one that is being written.
    pub cut: Option<Cut>,
    /// The first line that is not sound.
    pub fault: Option<ReadOnly>,
    /// What the blobs are like, if that was asked.
    pub blobs: Option<BlobsVerified>,
}

/// What a check of all blobs found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobsVerified {
    /// How many are sound.
    pub sound: u64,
    /// Those that an event names and that are missing, and those whose content is not what their name says.
    pub unsound: Vec<Unsound>,
}

impl Verified {
    /// Whether nothing is wrong. An incomplete last batch is no fault: it is cut off when the studio is opened.
    pub fn is_sound(&self) -> bool {
        self.fault.is_none() && self.blobs.as_ref().is_none_or(|blobs| blobs.unsound.is_empty())
    }
}

/// Checks every line of the studio's journal and, if asked, every blob. Takes no lock and changes nothing.
pub fn verify(disk: &Arc<dyn Disk>, studio: &Path, with_blobs: bool) -> Result<Verified, ArchiveError> {
    let (mut batches, mut named) = (0, Named::default());
    let mut count = |entry: journal::Entry| {
        batches += u64::from(entry.checkpoint().is_some());
        // An event that this version does not know names nothing that it could look for.
        if let (true, Ok(stamped)) = (with_blobs, codec::stamped(&entry)) {
            named.take(&stamped.event);
        }
    };
    let (_, opened) = Journal::view(Arc::clone(disk), studio, Checkpoint::START, &mut count)?;
    let blobs = if with_blobs {
        let (sound, unsound) = named.check(&Blobs::view(Arc::clone(disk), studio))?;
        Some(BlobsVerified { sound, unsound })
    } else {
        None
    };
    let Opened { tip, cut, read_only: fault, .. } = opened;
    Ok(Verified { lines: tip.seq, batches, tip, cut, fault, blobs })
}
