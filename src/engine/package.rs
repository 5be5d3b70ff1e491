//! The finished package on disk: scripts, speech, notes, posts, sources, costs, approvals, and a manifest of all that.
//!
//! A package is built beside its place, made durable and put there in one step, so that a crash leaves none, the old
//! one or the new one. No path comes from a model's text: a title is cut down to letters, digits and hyphens. Not for
//! mastering, nor for releasing: a package is what a release is made from.

mod gates;
mod place;
mod records;
mod replace;
mod sound;
mod texts;
mod write;

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::episode::Episode;
use crate::domain::event::Provenance;
use crate::domain::gate::SpeechManifest;
use crate::domain::handoff::{ArtworkBrief, Promotion, ShowNotes, SpeechText};
use crate::domain::ids::{EpisodeNumber, LineId};
use crate::domain::research::Research;
use crate::domain::script::Script;
use crate::ledger::blobs::BlobError;
use crate::ledger::disk::Disk;
use crate::media::wav::WavError;

pub use self::place::{FOLDER, slug};
pub use self::write::write;

/// The folder of an episode's package, where there is one.
pub fn folder(disk: &dyn Disk, studio: &Path, number: EpisodeNumber) -> Option<PathBuf> {
    let packages = studio.join(FOLDER);
    // A folder that cannot be read holds no package that could be shown.
    let name = replace::written(disk, &packages, number).unwrap_or_default().pop()?;
    Some(packages.join(name))
}

/// What was kept when packages of an episode took its place, since not all in it was the program's own.
pub fn kept(disk: &dyn Disk, studio: &Path, number: EpisodeNumber) -> Vec<PathBuf> {
    let packages = studio.join(FOLDER);
    let all = disk.list(&packages).unwrap_or_default().into_iter();
    all.filter(|listed| place::is_kept(number, &listed.name)).map(|listed| packages.join(listed.name)).collect()
}

/// What a package is made from.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// The episode, with its costs and approvals.
    pub episode: &'a Episode,
    /// The script that was signed.
    pub script: &'a Script,
    /// The text that was said.
    pub speech_text: &'a SpeechText,
    /// The recorded speech; the recordings are read from the blobs.
    pub speech: &'a SpeechManifest,
    /// The show notes.
    pub show_notes: &'a ShowNotes,
    /// The posts.
    pub promotion: &'a Promotion,
    /// The brief for the artwork.
    pub artwork: &'a ArtworkBrief,
    /// The research package.
    pub research: &'a Research,
}

/// A file of a package, by its path within the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path, its parts joined by `/`.
    pub path: &'static str,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Contents<'_> {
    /// Every file but the sound and the manifest. In rehearsal each says so, but for `script.txt`, which holds spoken
    /// words and nothing else.
    ///
    /// # Errors
    ///
    /// When a record cannot be written down as JSON.
    pub fn files(&self) -> Result<Vec<File>, PackageError> {
        let file = |path, bytes| File { path, bytes };
        Ok(vec![
            file("script.md", texts::script(self).into_bytes()),
            file("script.json", records::script(self)?),
            file("script.txt", format!("{}\n", self.script.spoken()).into_bytes()),
            file("show-notes.md", texts::show_notes(self).into_bytes()),
            file("promotion.md", texts::promotion(self).into_bytes()),
            file("artwork-brief.json", records::artwork(self)?),
            file("sources.md", texts::sources(self).into_bytes()),
            file("costs.json", records::costs(self)?),
            file("costs.csv", records::costs_table(self).into_bytes()),
            file("approvals.json", records::approvals(self)?),
            file("speech/segments.json", records::segments(self)?),
        ])
    }

    fn is_rehearsal(&self) -> bool {
        match self.episode.provenance {
            Provenance::Rehearsal => true,
            Provenance::Live => false,
        }
    }
}

/// Why a package is not known to be on disk. Nothing of the ledger was changed and no money was spent; an older package
/// of the episode still stands, or the new one does: the step can be done again.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A recording could not be read, or the manifest not kept.
    #[error("the package was not written: {0}")]
    Blob(#[from] BlobError),
    /// A recording is no sound file as it is used here.
    #[error("the package was not written: the recording of {line} cannot be used: {source}")]
    Recording {
        /// The line.
        line: LineId,
        /// What is wrong with it.
        source: WavError,
    },
    /// The sound as a whole cannot be written.
    #[error("the package was not written: {0}")]
    Sound(WavError),
    /// The parts that the package is made from do not fit one another.
    #[error("the package was not written: {what}. Make the stage that is at fault again")]
    Unfit {
        /// What does not fit.
        what: String,
    },
    /// The disk refused.
    #[error(
        "the package was not written: {source}. Make room or mend the disk and try again; nothing is paid for twice"
    )]
    Write {
        /// What the operating system said.
        #[from]
        source: io::Error,
    },
    /// A record could not be written down.
    #[error("the package was not written: a record cannot be put into JSON: {0}. This is a fault of the program")]
    Record(#[from] serde_json::Error),
}

#[cfg(test)]
mod tests;
