//! Puts a package on the disk: built beside its place, durable before it is seen, and put there by one renaming.

use std::io;
use std::path::Path;

use super::records::{self, Listed};
use super::replace::{self, MANIFEST, Packages, SPEECH};
use super::sound::{self, Sound};
use super::{Contents, FOLDER, File, PackageError, place};
use crate::domain::ids::ContentHash;
use crate::ledger::blobs::Blobs;
use crate::ledger::disk::{Disk, DiskFile};

/// Writes the package of an episode under the studio's folder and returns the hash of its manifest, which is kept among
/// the blobs as well. A package of the same episode is replaced where it is as the program wrote it; with anything of a
/// person's in it, it is kept under another name ([`kept`](super::kept)), and so is whatever else stands in its place.
///
/// A crash at any moment leaves no package, the old one or the new one. What it leaves beside them is removed by the
/// next call for the episode. No two calls for one episode may run at the same time.
///
/// # Errors
///
/// When the parts do not fit one another, a recording is missing or damaged, or the disk refuses.
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
    let packages = Packages { disk, folder: &folder, number, blobs };
    let files = contents.files()?;
    let texts: Vec<&str> = files.iter().map(|file| file.path).collect();
    let clear = || packages.clear_building(|path| replace::is_of_a_package(path, &texts));
    packages.settle()?;
    clear()?;

    let building = folder.join(place::building(number));
    disk.create_dir(&building)?;
    let manifest = match build(disk, &building, contents, &files, &sound, blobs) {
        Ok(manifest) => manifest,
        Err(error) => {
            // The disk may be full: what was built is given back. The first error is the one to report.
            let _: Result<(), PackageError> = clear();
            return Err(error);
        }
    };
    let hash = blobs.put(&manifest)?;

    let name = place::name(number, &contents.script.title);
    let old = packages.in_the_way(&name)?;
    let aside = |name: &String| (folder.join(name), folder.join(place::aside(name)));
    let placed = old
        .iter()
        .map(aside)
        .try_for_each(|(from, to)| disk.rename(&from, &to))
        .and_then(|()| disk.sync_folder(&folder))
        .and_then(|()| disk.rename(&building, &folder.join(&name)));
    if let Err(error) = placed {
        // What was moved aside goes back, so far as the disk allows it. The first error is the one to report.
        for (from, to) in old.iter().map(aside) {
            let _: io::Result<()> = disk.rename(&to, &from);
        }
        let _: Result<(), PackageError> = clear();
        return Err(error.into());
    }
    disk.sync_folder(&folder)?;
    packages.settle()?;
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

/// Writes every file and makes all of it durable; returns the manifest.
fn build(
    disk: &dyn Disk,
    folder: &Path,
    contents: &Contents<'_>,
    files: &[File],
    sound: &Sound<'_>,
    blobs: &Blobs,
) -> Result<Vec<u8>, PackageError> {
    let speech = folder.join(SPEECH);
    disk.create_dir(&speech)?;
    let mut listed = Vec::new();
    for file in files {
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
        Ok(Self { file: disk.create(&replace::within(folder, &path))?, path, bytes: 0, hasher: blake3::Hasher::new() })
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
