//! Which artifacts nothing names any more. What is in doubt is kept.
//!
//! A hash counts as named where its 64 digits stand anywhere in the journal's file (a torn tail included), in a package, a draft, a
//! spooled answer, or in the text of an artifact that is itself named.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::fault::CliError;
use crate::domain::ids::ContentHash;
use crate::ledger::blobs::{BlobError, Blobs};
use crate::ledger::disk::Disk;

/// The digits of a hash.
const DIGITS: usize = 64;

/// Folders of a studio whose files keep what they name: everything but the artifacts themselves and what is folded from the journal.
const SKIPPED: [&str; 2] = ["blobs", "state"];

/// What a studio could do without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unnamed {
    /// The artifacts with their lengths in bytes.
    pub(super) blobs: BTreeMap<ContentHash, u64>,
    /// How many artifacts are named.
    pub(super) kept: usize,
}

impl Unnamed {
    /// Their bytes together.
    pub(super) fn bytes(&self) -> u64 {
        self.blobs.values().copied().fold(0, u64::saturating_add)
    }
}

/// Finds the artifacts of the studio in this folder that nothing names.
pub(super) fn unnamed(disk: &Arc<dyn Disk>, dir: &Path) -> Result<Unnamed, CliError> {
    let blobs = Blobs::view(Arc::clone(disk), dir);
    let mut left: BTreeMap<ContentHash, u64> = blobs.iter()?.into_iter().collect();
    let all = left.len();
    let mut named = BTreeSet::new();
    let unreadable = |path: &Path| {
        let path = path.display().to_string();
        move |source| CliError::Unreadable { path, source }
    };
    for file in files(dir).map_err(unreadable(dir))? {
        let found = scan_file(&file).map_err(unreadable(&file))?;
        named.extend(found.into_iter().filter(|hash| left.contains_key(hash)));
    }
    while let Some(hash) = named.pop_first() {
        if left.remove(&hash).is_none() {
            continue;
        }
        let text = match blobs.get(&hash) {
            Ok(text) => text,
            // A damaged artifact is still a named one, and what it named cannot be known: nothing may be pruned.
            Err(error @ BlobError::Damaged(_)) => return Err(error.into()),
            Err(BlobError::Missing(_)) => continue,
            Err(error @ (BlobError::Read { .. } | BlobError::Write { .. })) => return Err(error.into()),
        };
        let mut scanner = Scanner::default();
        scanner.take(&text);
        named.extend(scanner.found.into_iter().filter(|hash| left.contains_key(hash)));
    }
    Ok(Unnamed { kept: all - left.len(), blobs: left })
}

/// All files of a studio but artifacts and what is folded, the ones of every kind of folder in it included.
fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let is_top = folder == dir;
            let kind = entry.file_type()?;
            let name = entry.file_name();
            let skipped = is_top && SKIPPED.iter().any(|skipped| name.to_string_lossy().starts_with(skipped));
            if kind.is_dir() && !skipped {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a file piece by piece: a journal may be larger than the memory.
fn scan_file(path: &Path) -> io::Result<BTreeSet<ContentHash>> {
    let mut scanner = Scanner::default();
    let mut file = std::fs::File::open(path)?;
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(scanner.found);
        }
        scanner.take(piece.get(..read).unwrap_or_default());
    }
}

/// Finds every run of 64 hexadecimal digits, also within longer runs and across pieces.
#[derive(Default)]
struct Scanner {
    run: Vec<u8>,
    found: BTreeSet<ContentHash>,
}

impl Scanner {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if !matches!(byte, b'0'..=b'9' | b'a'..=b'f') {
                self.run.clear();
                continue;
            }
            if self.run.len() == DIGITS {
                self.run.remove(0);
            }
            self.run.push(*byte);
            if self.run.len() == DIGITS
                && let Some(hash) = std::str::from_utf8(&self.run).ok().and_then(|text| text.parse().ok())
            {
                self.found.insert(hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::disk::RealDisk;

    #[test]
    fn only_what_nothing_names_is_left_over() {
        let studio = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let blobs = Blobs::open(Arc::clone(&disk), studio.path()).unwrap();
        let leaf = blobs.put(b"RIFF\xff audio").unwrap();
        let inner = blobs.put(format!("{{\"audio\":\"{leaf}\"}}").as_bytes()).unwrap();
        let drafted = blobs.put(b"a draft names this").unwrap();
        let packaged = blobs.put(b"a package names this").unwrap();
        let loose = blobs.put(b"nothing names this").unwrap();
        let named_by_loose = blobs.put(format!("{loose}").as_bytes()).unwrap();
        std::fs::write(studio.path().join("journal.jsonl"), format!("x{{\"output\":\"{inner}\"}}")).unwrap();
        for (folder, hash) in [("drafts", drafted), ("packages/001-x", packaged)] {
            std::fs::create_dir_all(studio.path().join(folder)).unwrap();
            std::fs::write(studio.path().join(folder).join("f.json"), format!("[\"{hash}\"]")).unwrap();
        }
        let found = unnamed(&disk, studio.path()).unwrap();
        assert_eq!(found.kept, 4);
        assert_eq!(found.blobs.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from([loose, named_by_loose]));
        assert_eq!(found.bytes(), 18 + 64);
    }

    #[test]
    fn a_damaged_artifact_stops_the_pruning() {
        let studio = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let blobs = Blobs::open(Arc::clone(&disk), studio.path()).unwrap();
        let hash = blobs.put(b"{}").unwrap();
        let text = hash.to_string();
        std::fs::write(studio.path().join("blobs").join(&text[..2]).join(&text[2..]), "x").unwrap();
        std::fs::write(studio.path().join("journal.jsonl"), text).unwrap();
        assert!(unnamed(&disk, studio.path()).is_err());
    }

    #[test]
    fn a_hash_is_found_across_pieces_and_within_longer_runs() {
        let hash = ContentHash::of(b"x");
        let text = format!("ab{hash}cd");
        for cut in 0..text.len() {
            let mut scanner = Scanner::default();
            let (left, right) = text.as_bytes().split_at(cut);
            scanner.take(left);
            scanner.take(right);
            assert!(scanner.found.contains(&hash), "{cut}");
        }
    }
}
