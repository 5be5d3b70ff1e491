//! Puts a package on the disk: built beside its place, durable before it is seen, and put there by one renaming.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::records::{self, Listed};
use super::sound::{self, Sound};
use super::{Contents, FOLDER, PackageError, place};
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::ledger::blobs::Blobs;
use crate::ledger::disk::{Disk, DiskFile, Kind};

/// The file that lists all others.
const MANIFEST: &str = "manifest.json";
/// The folder of the segments within a package.
const SPEECH: &str = "speech";

/// Writes the package of an episode under the studio's folder and returns the hash of its manifest, which is kept among
/// the blobs as well. A package of the same episode is replaced; anything else in its place is left alone.
///
/// A crash at any moment leaves no package, the old one or the new one. What it leaves beside them is removed by the
/// next call for the episode. No two calls for one episode may run at the same time.
///
/// # Errors
///
/// When the parts do not fit one another, a recording is missing or damaged, something else stands in the package's
/// place, or the disk refuses.
pub fn write(
    disk: &dyn Disk,
    studio: &Path,
    contents: &Contents<'_>,
    blobs: &Blobs,
) -> Result<ContentHash, PackageError> {
    let sound = Sound::plan(contents)?;
    let number = contents.episode.number;
    let folder = studio.join(FOLDER);
    make_folder(disk, studio, &folder)?;
    // Looked at first: nothing is built for a place that cannot be taken.
    let old = existing(disk, &folder, number)?;

    let building = folder.join(place::building(number));
    clear(disk, &building)?;
    disk.create_dir(&building)?;
    let manifest = match build(disk, &building, contents, &sound, blobs) {
        Ok(manifest) => manifest,
        Err(error) => {
            // The disk may be full: what was built is given back. The first error is the one to report.
            let _: io::Result<()> = clear(disk, &building);
            return Err(error);
        }
    };
    let hash = blobs.put(&manifest)?;

    let aside = |name: &String| (folder.join(name), folder.join(place::aside(name)));
    let placed = old
        .iter()
        .map(aside)
        .try_for_each(|(from, to)| clear(disk, &to).and_then(|()| disk.rename(&from, &to)))
        .and_then(|()| disk.sync_folder(&folder))
        .and_then(|()| disk.rename(&building, &folder.join(place::name(number, &contents.script.title))));
    if let Err(error) = placed {
        // What was moved aside goes back, so far as the disk allows it. The first error is the one to report.
        for (from, to) in old.iter().map(aside) {
            let _: io::Result<()> = disk.rename(&to, &from);
        }
        let _: io::Result<()> = clear(disk, &building);
        return Err(error.into());
    }
    disk.sync_folder(&folder)?;
    for listed in disk.list(&folder)?.iter().filter(|listed| place::is_aside(number, &listed.name)) {
        clear(disk, &folder.join(&listed.name))?;
    }
    disk.sync_folder(&folder)?;
    Ok(hash)
}

/// Makes the folder where it is missing, and its name durable in any case: a killed process may not have come to that.
fn make_folder(disk: &dyn Disk, parent: &Path, folder: &Path) -> io::Result<()> {
    match disk.create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    disk.sync_folder(parent)
}

/// What a manifest says of whose package it is in.
#[derive(Deserialize)]
struct Named {
    episode: EpisodeNumber,
}

/// The packages of this episode that stand there, by name. Whatever has such a name and is none is a fault.
fn existing(disk: &dyn Disk, folder: &Path, number: EpisodeNumber) -> Result<Vec<String>, PackageError> {
    let mut names = Vec::new();
    for listed in disk.list(folder)?.into_iter().filter(|listed| place::is_of(number, &listed.name)) {
        let path = folder.join(&listed.name);
        let is_ours = listed.kind == Kind::Folder
            && match disk.read(&path.join(MANIFEST)) {
                Ok(bytes) => serde_json::from_slice(&bytes).is_ok_and(|named: Named| named.episode == number),
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                Err(source) => return Err(source.into()),
            };
        if !is_ours {
            return Err(PackageError::Occupied { path, episode: number });
        }
        names.push(listed.name);
    }
    Ok(names)
}

/// Removes a folder of two levels at most and all that is in it. What is not there is no fault.
fn clear(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    if disk.kind(folder)?.is_none() {
        return Ok(());
    }
    let mut folders = vec![folder.to_owned()];
    for listed in disk.list(folder)? {
        let path = folder.join(&listed.name);
        match listed.kind {
            Kind::File { .. } => disk.remove(&path)?,
            Kind::Folder => {
                for inner in disk.list(&path)? {
                    disk.remove(&path.join(&inner.name))?;
                }
                folders.push(path);
            }
        }
    }
    folders.iter().rev().try_for_each(|folder| disk.remove_dir(folder))
}

/// Writes every file and makes all of it durable; returns the manifest.
fn build(
    disk: &dyn Disk,
    folder: &Path,
    contents: &Contents<'_>,
    sound: &Sound<'_>,
    blobs: &Blobs,
) -> Result<Vec<u8>, PackageError> {
    let speech = folder.join(SPEECH);
    disk.create_dir(&speech)?;
    let mut listed = Vec::new();
    for file in contents.files()? {
        let mut out = Out::create(disk, folder, file.path.to_owned())?;
        out.write(&file.bytes)?;
        listed.push(out.finish()?);
    }
    listed.extend(sound::write(disk, folder, sound, blobs)?);
    listed.sort_by(|a, b| a.path.cmp(&b.path));
    let manifest = records::manifest(contents, sound.frames(), &listed)?;
    let mut out = Out::create(disk, folder, MANIFEST.to_owned())?;
    out.write(&manifest)?;
    out.finish()?;
    disk.sync_folder(&speech)?;
    disk.sync_folder(folder)?;
    Ok(manifest)
}

/// A file of a package while it is written: what goes through it is counted and hashed.
pub(super) struct Out {
    file: Box<dyn DiskFile>,
    path: String,
    bytes: u64,
    hasher: blake3::Hasher,
}

impl Out {
    /// Begins the file at this path within the package; its parts are joined by `/`.
    pub(super) fn create(disk: &dyn Disk, folder: &Path, path: String) -> io::Result<Self> {
        let place: PathBuf = path.split('/').fold(folder.to_owned(), |place, part| place.join(part));
        Ok(Self { file: disk.create(&place)?, path, bytes: 0, hasher: blake3::Hasher::new() })
    }

    /// Appends.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write(bytes)?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Makes the content durable and says what it is.
    pub(super) fn finish(mut self) -> io::Result<Listed> {
        self.file.sync_data()?;
        let blake3 = self.hasher.finalize().to_hex().to_string();
        Ok(Listed { path: self.path, bytes: self.bytes, blake3 })
    }
}
