//! A studio folded in memory from its journal: takes no lock and changes nothing, so that it may be another process's.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::cli::context::Context;
use crate::cli::fault::CliError;
use crate::domain::cost::{self, EpisodeSummary};
use crate::domain::episode::Episode;
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::domain::studio::Studio;
use crate::engine::loss;
use crate::ledger::blobs::Blobs;
use crate::ledger::codec;
use crate::ledger::disk::Disk;
use crate::ledger::journal::{Checkpoint, Entry, Journal, JournalError, Opened};

/// A studio as its journal says, with the episodes that have left the fold.
pub(in crate::cli) struct Folded {
    /// The studio.
    pub(in crate::cli) studio: Studio,
    /// Episodes that cannot change any more.
    pub(in crate::cli) past: BTreeMap<EpisodeNumber, Arc<Episode>>,
    /// What was found of the journal; nothing where there is none.
    pub(in crate::cli) opened: Option<Opened>,
    /// Bytes of what the events themselves say.
    pub(in crate::cli) payload: u64,
    blobs: Blobs,
}

impl Folded {
    /// Folds the studio that the verb is about and remarks what is wrong with its journal. A studio that was never begun is empty.
    pub(in crate::cli) fn read(context: &mut Context<'_>) -> Result<Self, CliError> {
        let dir = context.studio();
        let folded = Self::of(&context.disk(), &dir, &mut |_| ())?;
        if let Some(why) = folded.opened.as_ref().and_then(|opened| opened.read_only.as_ref()) {
            let why = loss::told(why, &folded.studio, context.kind());
            context.remark(&format!("{why}. What is shown ends before that"));
        }
        Ok(folded)
    }

    /// As [`Folded::read`], for a verb that then writes: nothing is added to a journal that is not sound, wherever it is broken.
    pub(in crate::cli) fn read_sound(context: &Context<'_>) -> Result<Self, CliError> {
        let folded = Self::of(&context.disk(), &context.studio(), &mut |_| ())?;
        match folded.opened.as_ref().and_then(|opened| opened.read_only.as_ref()) {
            Some(why) => Err(CliError::Failed(loss::told(why, &folded.studio, context.kind()))),
            None => Ok(folded),
        }
    }

    /// Folds the studio in this folder; `each` is told the number of every line.
    pub(in crate::cli) fn of(disk: &Arc<dyn Disk>, dir: &Path, each: &mut dyn FnMut(u64)) -> Result<Self, CliError> {
        let mut folded = Self {
            studio: Studio::default(),
            past: BTreeMap::new(),
            opened: None,
            payload: 0,
            blobs: Blobs::view(Arc::clone(disk), dir),
        };
        let mut fault = None;
        let viewed = Journal::view(Arc::clone(disk), dir, Checkpoint::START, &mut |entry| {
            each(entry.seq);
            if fault.is_none() {
                fault = folded.take(&entry).err();
            }
        });
        match viewed {
            Ok((_, opened)) => folded.opened = Some(opened),
            Err(JournalError::Missing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        match fault {
            Some(what) => Err(CliError::Failed(format!(
                "the journal in {} cannot be replayed: {what}. Nothing was changed; `greenroom ledger verify` says more, and \
                 `greenroom ledger export` keeps what is sound",
                dir.display()
            ))),
            None => Ok(folded),
        }
    }

    fn take(&mut self, entry: &Entry) -> Result<(), String> {
        self.payload = self.payload.saturating_add(entry.body.get().len() as u64);
        let stamped = codec::stamped(entry).map_err(|error| error.to_string())?;
        let retired = self.studio.apply(&stamped).map_err(|error| error.to_string())?;
        if let Some(episode) = retired {
            self.past.insert(episode.number, episode);
        }
        Ok(())
    }

    /// All episodes, by number.
    pub(in crate::cli) fn episodes(&self) -> BTreeMap<EpisodeNumber, Arc<Episode>> {
        self.past.iter().chain(&self.studio.episodes).map(|(number, episode)| (*number, Arc::clone(episode))).collect()
    }

    /// One episode, under way or past.
    pub(in crate::cli) fn episode(&self, number: EpisodeNumber) -> Result<&Arc<Episode>, CliError> {
        let found = self.studio.episodes.get(&number).or_else(|| self.past.get(&number));
        found.ok_or_else(|| {
            let kind = self.studio.provenance.map(|kind| format!("{kind} ")).unwrap_or_default();
            CliError::Failed(format!(
                "there is no episode {number} in this {kind}studio. Nothing was changed; `greenroom episode list` shows what there is, \
                 and --studio chooses between the live one and the rehearsal"
            ))
        })
    }

    /// All episodes in a line each, by number.
    pub(in crate::cli) fn summaries(&self) -> Vec<EpisodeSummary> {
        self.episodes().values().map(|episode| cost::summary(episode)).collect()
    }

    /// An artifact as it is kept.
    pub(in crate::cli) fn bytes(&self, hash: &ContentHash) -> Result<Vec<u8>, CliError> {
        Ok(self.blobs.get(hash)?)
    }

    /// An artifact that is JSON.
    pub(in crate::cli) fn artifact<T: DeserializeOwned>(&self, hash: &ContentHash) -> Result<T, CliError> {
        serde_json::from_slice(&self.bytes(hash)?).map_err(|error| {
            CliError::Failed(format!("the artifact {} cannot be read: {error}. Nothing was changed", hash.short()))
        })
    }
}
