//! What a verb began and has not told the end of yet, kept in a small file beside the journal.
//!
//! An episode that is over does not say whether the end was told. Without this note, a process that is killed between the last
//! event and its report would begin a second episode at its next start. Not for episodes under way: the journal tells those.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::fault::CliError;
use super::ledger::Folded;
use crate::domain::ids::{ContentHash, EpisodeNumber};

/// The file in the studio's folder.
const FILE: &str = "begun.json";

/// The packages of which an episode was begun and not told of, each with the first number that the episode can have.
pub(super) struct Begun {
    path: PathBuf,
    from: BTreeMap<ContentHash, EpisodeNumber>,
}

impl Begun {
    /// What is noted in this studio's folder. A note that cannot be read says nothing.
    pub(super) fn read(studio: &Path) -> Self {
        let path = studio.join(FILE);
        let from = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { path, from }
    }

    /// The episode that was begun of a package and whose end was not told: one under way, or one that is over and stands in the
    /// note. Those that are taken are others'.
    pub(super) fn find(
        &self,
        folded: &Folded,
        package: &ContentHash,
        taken: &BTreeSet<EpisodeNumber>,
    ) -> Option<EpisodeNumber> {
        let is_ours = |number: EpisodeNumber| self.from.get(package).is_some_and(|from| number >= *from);
        let found = folded.episodes().into_values().find(|episode| {
            let is_open = !episode.life.is_over() || is_ours(episode.number);
            episode.research == *package && is_open && !taken.contains(&episode.number)
        });
        found.map(|episode| episode.number)
    }

    /// Notes that an episode is about to be begun of a package.
    pub(super) fn note(&mut self, package: ContentHash, from: EpisodeNumber) -> Result<(), CliError> {
        self.from.entry(package).or_insert(from);
        let written = serde_json::to_vec(&self.from)?;
        let beside = self.path.with_extension("new");
        let kept = fs::write(&beside, written).and_then(|()| fs::rename(&beside, &self.path));
        kept.map_err(|error| {
            CliError::Failed(format!(
                "{} cannot be written: {error}. Nothing was started: make room, or fix the permissions of the folder",
                self.path.display()
            ))
        })
    }

    /// The ends of all that was begun are told.
    pub(super) fn told(self) {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the note of what was begun is left; the same command tells the same end once more");
            }
            Ok(()) | Err(_) => {}
        }
    }
}
