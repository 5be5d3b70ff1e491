//! Importing an archive: everything is checked beside the place before the studio's folder gets its name.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ArchiveError, FORMAT, MANIFEST, Manifest, blob_name, during, tar};
use crate::domain::ids::ContentHash;
use crate::ledger::blobs::Blobs;
use crate::ledger::disk::{Disk, Kind};
use crate::ledger::durable;
use crate::ledger::journal::head::Head;
use crate::ledger::journal::{self, Checkpoint, Journal};

/// The longest manifest that is read, in bytes.
const MANIFEST_LIMIT: u64 = 64 * 1024;

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// What the archive says of itself, every word of it checked.
    pub manifest: Manifest,
    /// The end of the journal.
    pub tip: Checkpoint,
}

fn unreadable(why: impl Into<String>) -> ArchiveError {
    ArchiveError::Unreadable(why.into())
}

/// A fault in reading the archive: an end too early or malformed bytes are the archive's own, the rest is the disk's.
fn reading(source: io::Error) -> ArchiveError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => unreadable("it ends too early; it is not complete"),
        io::ErrorKind::InvalidData => unreadable(source.to_string()),
        _ => ArchiveError::Io { doing: "reading the archive", source },
    }
}

/// Makes a studio of an archive, in a folder that is missing or empty. The journal is the same byte for byte. Its chain
/// and the hash of every blob are checked before the folder gets its name, and then all of it is durable.
pub fn import(disk: &Arc<dyn Disk>, archive: &Path, studio: &Path) -> Result<Imported, ArchiveError> {
    let looking = during("looking at the studio's place");
    let empty = match disk.kind(studio).map_err(&looking)? {
        None => false,
        Some(Kind::Folder) if disk.list(studio).map_err(&looking)?.is_empty() => true,
        Some(Kind::Folder | Kind::File { .. } | Kind::Other) => return Err(ArchiveError::NotEmpty(studio.to_owned())),
    };
    let staging = staging(studio).ok_or_else(|| ArchiveError::NotEmpty(studio.to_owned()))?;
    let preparing = during("preparing the studio's folder");
    clear(disk.as_ref(), &staging)?;
    durable::ensure_folder(disk.as_ref(), &staging).map_err(&preparing)?;
    let imported = match unpack(disk, archive, &staging) {
        Ok(imported) => imported,
        Err(error) => {
            // The first error is the one to report; what is left is cleared by the next import.
            let _: Result<(), ArchiveError> = clear(disk.as_ref(), &staging);
            return Err(error);
        }
    };
    let placing = during("putting the studio in place");
    disk.sync_folder(&staging).map_err(&placing)?;
    if empty {
        disk.remove_dir(studio).map_err(&placing)?;
    }
    disk.rename(&staging, studio).map_err(&placing)?;
    if let Some(parent) = durable::parent(studio) {
        disk.sync_folder(parent).map_err(placing)?;
    }
    Ok(imported)
}

/// The folder beside the studio's that it is unpacked into.
fn staging(studio: &Path) -> Option<PathBuf> {
    let mut name = studio.file_name()?.to_owned();
    name.push(".importing");
    Some(studio.with_file_name(name))
}

/// Removes what an import that was cut short left. Only a folder that begins with what an import writes first, or an
/// empty one, is taken for that.
fn clear(disk: &dyn Disk, staging: &Path) -> Result<(), ArchiveError> {
    let clearing = during("clearing what an earlier import left");
    match disk.kind(staging).map_err(&clearing)? {
        None => return Ok(()),
        Some(Kind::Folder) => {}
        Some(Kind::File { .. } | Kind::Other) => return Err(ArchiveError::NotEmpty(staging.to_owned())),
    }
    let listed = disk.list(staging).map_err(&clearing)?;
    let unfinished = |name: &str| name == MANIFEST || name.starts_with(durable::TEMPORARY);
    if !listed.is_empty() && !listed.iter().any(|entry| unfinished(&entry.name)) {
        return Err(ArchiveError::NotEmpty(staging.to_owned()));
    }
    // The manifest goes last, so that a clearing that is cut short can be taken up again.
    for entry in listed.iter().filter(|entry| entry.name != MANIFEST) {
        remove_all(disk, &staging.join(&entry.name), entry.kind).map_err(&clearing)?;
    }
    if listed.iter().any(|entry| entry.name == MANIFEST) {
        disk.sync_folder(staging).map_err(&clearing)?;
        disk.remove(&staging.join(MANIFEST)).map_err(&clearing)?;
    }
    disk.remove_dir(staging).map_err(clearing)
}

fn remove_all(disk: &dyn Disk, path: &Path, kind: Kind) -> io::Result<()> {
    match kind {
        Kind::File { .. } | Kind::Other => disk.remove(path),
        Kind::Folder => {
            for entry in disk.list(path)? {
                remove_all(disk, &path.join(&entry.name), entry.kind)?;
            }
            disk.remove_dir(path)
        }
    }
}

fn unpack(disk: &Arc<dyn Disk>, archive: &Path, staging: &Path) -> Result<Imported, ArchiveError> {
    let source = disk.reader(archive, 0).map_err(during("opening the archive"))?;
    let mut source = BufReader::with_capacity(256 * 1024, source);
    let manifest = unpack_manifest(disk.as_ref(), &mut source, staging)?;
    let tip = unpack_journal(disk, &mut source, &manifest, staging)?;
    let blobs = Blobs::open(Arc::clone(disk), staging)?;
    let mut count = 0;
    while let Some(member) = tar::next_file(&mut source).map_err(reading)? {
        let bytes = content(&mut source, &member)?;
        let hash = ContentHash::of(&bytes);
        if blob_name(&hash) != member.name {
            return Err(unreadable(format!("the content of `{}` is damaged", member.name.escape_debug())));
        }
        blobs.put(&bytes)?;
        count += 1;
    }
    if count != manifest.blobs {
        return Err(unreadable(format!("it has {count} blobs where it says {}", manifest.blobs)));
    }
    Ok(Imported { manifest, tip })
}

/// The whole content of a file; grows only as far as bytes arrive, whatever size the header states.
fn content(source: &mut dyn Read, member: &tar::Member) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    let read = (&mut *source).take(member.size).read_to_end(&mut bytes).map_err(reading)? as u64;
    if read != member.size {
        return Err(reading(io::ErrorKind::UnexpectedEof.into()));
    }
    tar::skip_padding(source, member.size).map_err(reading)?;
    Ok(bytes)
}

fn expect_file(source: &mut dyn Read, name: &str) -> Result<tar::Member, ArchiveError> {
    match tar::next_file(source).map_err(reading)? {
        Some(member) if member.name == name => Ok(member),
        Some(_) | None => Err(unreadable(format!("`{name}` is not where it belongs; it is no archive of a studio"))),
    }
}

fn unpack_manifest(disk: &dyn Disk, source: &mut dyn Read, staging: &Path) -> Result<Manifest, ArchiveError> {
    let member = expect_file(source, MANIFEST)?;
    if member.size > MANIFEST_LIMIT {
        return Err(unreadable("what it says of itself is too long"));
    }
    let bytes = content(source, &member)?;
    let manifest: Manifest = serde_json::from_slice(&bytes)
        .map_err(|error| unreadable(format!("what it says of itself is wrong: {error}")))?;
    if manifest.format != FORMAT {
        return Err(unreadable(format!(
            "it has format {}, and this version reads format {FORMAT}; use the version that wrote it",
            manifest.format
        )));
    }
    durable::replace(disk, staging, MANIFEST, &bytes).map_err(during("preparing the studio's folder"))?;
    Ok(manifest)
}

fn unpack_journal(
    disk: &Arc<dyn Disk>,
    source: &mut dyn Read,
    manifest: &Manifest,
    staging: &Path,
) -> Result<Checkpoint, ArchiveError> {
    let member = expect_file(source, journal::FILE)?;
    let writing = during("writing the journal");
    let mut file = disk.create(&staging.join(journal::FILE)).map_err(&writing)?;
    let mut left = member.size;
    let mut buffer = vec![0; 256 * 1024];
    while left > 0 {
        let read = (&mut *source).take(left).read(&mut buffer).map_err(reading)?;
        if read == 0 {
            return Err(reading(io::ErrorKind::UnexpectedEof.into()));
        }
        file.write(buffer.get(..read).unwrap_or_default()).map_err(&writing)?;
        left = left.saturating_sub(read as u64);
    }
    file.sync_data().map_err(writing)?;
    tar::skip_padding(source, member.size).map_err(reading)?;
    let (_, opened) = Journal::view(Arc::clone(disk), staging, Checkpoint::START, &mut |_| ())?;
    if let Some(fault) = opened.read_only {
        return Err(unreadable(fault.to_string()));
    }
    let Manifest { lines: seq, journal_bytes: offset, tip: hash, known, .. } = *manifest;
    let place = Checkpoint { seq, offset, hash };
    if opened.cut.is_some() || opened.tip != place {
        return Err(unreadable("its journal is not the one that it says it has"));
    }
    let head = known.unwrap_or(Head { place, at: None, sums: None });
    head.replace(disk.as_ref(), staging).map_err(during("writing the head file"))?;
    Ok(opened.tip)
}
