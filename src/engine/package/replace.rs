//! What stands where a package goes: only what the program wrote itself, and nobody changed since, is removed. All else is
//! kept under a name of its own.
//!
//! The program's own is known by the manifest, whose hash is among the blobs, and by the hashes in it. Links are never
//! followed, and a folder is removed only once it is empty: whatever a person puts there meanwhile stays as well.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::records::Listed;
use super::{PackageError, place};
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::ledger::blobs::Blobs;
use crate::ledger::disk::{self, Disk, Kind};

/// The file that lists all others.
pub(super) const MANIFEST: &str = "manifest.json";
/// The folder of the segments within a package.
pub(super) const SPEECH: &str = "speech";

/// The longest manifest that is read: an episode of a thousand lines has 200 kB.
const LONGEST_MANIFEST: u64 = 16 * 1024 * 1024;

/// What a manifest says of whose package it is in, and of its files.
#[derive(Deserialize)]
struct Manifest {
    episode: EpisodeNumber,
    title: String,
    files: Vec<Listed>,
}

/// The folder of packages, for one episode.
pub(super) struct Packages<'a> {
    pub(super) disk: &'a dyn Disk,
    pub(super) folder: &'a Path,
    pub(super) number: EpisodeNumber,
    pub(super) blobs: &'a Blobs,
}

impl Packages<'_> {
    /// What has to give way to a package of this name: whatever has the name, and the packages that the program wrote of this
    /// episode under other titles. A copy that a person made of one has a name of its own and is none of them.
    pub(super) fn in_the_way(&self, name: &str) -> Result<Vec<String>, PackageError> {
        let mut names = written(self.disk, self.folder, self.number)?;
        let is_there = self.disk.list(self.folder)?.iter().any(|listed| listed.name == name);
        if is_there && !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
        Ok(names)
    }

    /// Removes what was moved aside for a package of this episode, or keeps it under another name where any of it is not the
    /// program's own; also what a killed process had moved aside.
    pub(super) fn settle(&self) -> Result<(), PackageError> {
        for listed in self.disk.list(self.folder)? {
            if let Some(name) = place::moved_aside(self.number, &listed.name) {
                let is_ours = listed.kind == Kind::Folder && self.is_unchanged(&listed.name)?;
                if !(is_ours && self.remove(&listed.name, |_| true)?) {
                    self.keep(&listed.name, name)?;
                }
            }
        }
        Ok(self.disk.sync_folder(self.folder)?)
    }

    /// Removes what was built of a package and not put in its place. What has a name that no package has is kept.
    pub(super) fn clear_building(&self, may_be: impl Fn(&str) -> bool) -> Result<(), PackageError> {
        let building = place::building(self.number);
        let listed = self.disk.list(self.folder)?.into_iter().find(|listed| listed.name == building);
        if let Some(listed) = listed
            && !(listed.kind == Kind::Folder && self.remove(&building, may_be)?)
        {
            self.keep(&building, &format!("{}-unfinished", self.number))?;
        }
        Ok(())
    }

    /// Gives something the first free name under which it is kept.
    fn keep(&self, from: &str, name: &str) -> io::Result<()> {
        let taken = self.disk.list(self.folder)?;
        let free = |name: &String| !taken.iter().any(|listed| listed.name == *name);
        let kept = (1_u64..).map(|n| place::kept(name, n)).find(free).unwrap_or_else(|| place::kept(name, 0));
        self.disk.rename(&self.folder.join(from), &self.folder.join(&kept))?;
        tracing::warn!(%kept, "a package holds what the program did not write, and is kept");
        Ok(())
    }

    /// Whether everything in a folder is as the program wrote it. What is missing was removed by someone who wanted that.
    fn is_unchanged(&self, name: &str) -> Result<bool, PackageError> {
        let folder = self.folder.join(name);
        let entries = self.disk.list(&folder)?;
        let Some((manifest, hash)) = manifest(self.disk, &folder)? else {
            // What is left of a package that was being removed when the process was killed.
            return Ok(entries.is_empty());
        };
        if manifest.episode != self.number || !self.blobs.contains(&hash)? {
            return Ok(false);
        }
        let mut found = Vec::new();
        for entry in entries.into_iter().filter(|entry| entry.name != MANIFEST) {
            match entry.kind {
                Kind::File { len } => found.push((entry.name, len)),
                Kind::Folder if entry.name == SPEECH => {
                    for inner in self.disk.list(&folder.join(SPEECH))? {
                        let Kind::File { len } = inner.kind else { return Ok(false) };
                        found.push((format!("{SPEECH}/{}", inner.name), len));
                    }
                }
                Kind::Folder | Kind::Other => return Ok(false),
            }
        }
        for (path, len) in found {
            let Some(listed) = manifest.files.iter().find(|listed| listed.path == path && listed.bytes == len) else {
                return Ok(false);
            };
            if hash_of(self.disk, &within(&folder, &path))? != listed.blake3 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes the files of a package and then its folders, the manifest as the last file, so that what a crash leaves is
    /// still known. Whether nothing is left.
    fn remove(&self, name: &str, may_be: impl Fn(&str) -> bool) -> io::Result<bool> {
        let folder = self.folder.join(name);
        let speech = folder.join(SPEECH);
        let entries = self.disk.list(&folder)?;
        let has = |wanted: &str, kind: fn(Kind) -> bool| entries.iter().any(|e| e.name == wanted && kind(e.kind));
        let is_file = |kind: Kind| matches!(kind, Kind::File { .. });
        let has_speech = has(SPEECH, |kind| kind == Kind::Folder);
        if has_speech {
            for inner in self.disk.list(&speech)? {
                if is_file(inner.kind) && may_be(&format!("{SPEECH}/{}", inner.name)) {
                    self.disk.remove(&speech.join(&inner.name))?;
                }
            }
        }
        for entry in entries.iter().filter(|entry| entry.name != MANIFEST && is_file(entry.kind)) {
            if may_be(&entry.name) {
                self.disk.remove(&folder.join(&entry.name))?;
            }
        }
        if has_speech && !is_gone(self.disk.remove_dir(&speech))? {
            return Ok(false);
        }
        let is_bare = self.disk.list(&folder)?.iter().all(|entry| entry.name == MANIFEST);
        if is_bare && has(MANIFEST, |kind| matches!(kind, Kind::File { .. })) {
            self.disk.remove(&folder.join(MANIFEST))?;
        }
        is_gone(self.disk.remove_dir(&folder))
    }
}

/// The manifest of a folder and the hash of its bytes, where it has one that can be read.
fn manifest(disk: &dyn Disk, folder: &Path) -> io::Result<Option<(Manifest, ContentHash)>> {
    let is_one = |listed: &disk::Listed| {
        listed.name == MANIFEST && matches!(listed.kind, Kind::File { len } if len <= LONGEST_MANIFEST)
    };
    if !disk.list(folder)?.iter().any(is_one) {
        return Ok(None);
    }
    let bytes = disk.read(&folder.join(MANIFEST))?;
    Ok(serde_json::from_slice(&bytes).ok().map(|manifest| (manifest, ContentHash::of(&bytes))))
}

/// The packages of an episode that have the name which the program gives them.
pub(super) fn written(disk: &dyn Disk, folder: &Path, number: EpisodeNumber) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for listed in disk.list(folder)? {
        if listed.kind == Kind::Folder
            && place::is_of(number, &listed.name)
            && let Some((manifest, _)) = manifest(disk, &folder.join(&listed.name))?
            && manifest.episode == number
            && place::name(number, &manifest.title) == listed.name
        {
            names.push(listed.name);
        }
    }
    Ok(names)
}

/// Whether a folder could be removed; one that holds something stays.
fn is_gone(removed: io::Result<()>) -> io::Result<bool> {
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
        Err(error) => Err(error),
    }
}

/// The place of a path whose parts are joined by `/`.
pub(super) fn within(folder: &Path, path: &str) -> PathBuf {
    path.split('/').fold(folder.to_owned(), |place, part| place.join(part))
}

fn hash_of(disk: &dyn Disk, file: &Path) -> io::Result<String> {
    let mut reader = disk.reader(file, 0)?;
    let mut hasher = blake3::Hasher::new();
    let mut part = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut part)? {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            n => hasher.update(part.get(..n).unwrap_or_default()),
        };
    }
}

/// A file of a package is one of these names.
pub(super) fn is_of_a_package(path: &str, texts: &[&str]) -> bool {
    let is_segment = || {
        let line = path.strip_prefix("speech/").and_then(|name| name.strip_suffix(".wav"));
        line.is_some_and(|line| line.parse::<crate::domain::ids::LineId>().is_ok())
    };
    path == "episode.wav" || path == MANIFEST || texts.contains(&path) || is_segment()
}
