//! Past episodes: kept in the state beside the journal, asked for and never carried.
//!
//! Not the truth: all of it follows from the journal and is made anew where it is missing or damaged.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::handle::HandleError;
use crate::domain::cost::{self, EpisodeSummary};
use crate::domain::episode::Episode;
use crate::domain::ids::EpisodeNumber;
use crate::domain::studio::Studio;
use crate::ledger::journal::Checkpoint;

/// The past episodes of a studio.
#[derive(Default)]
pub(super) struct Past {
    episodes: BTreeMap<EpisodeNumber, Arc<Episode>>,
}

impl Past {
    /// Keeps an episode that has left the fold.
    pub(super) fn keep(&mut self, episode: Arc<Episode>) {
        self.episodes.insert(episode.number, episode);
    }

    /// Notes how far the journal goes and what the studio is by then.
    pub(super) fn follow(&mut self, _studio: &Studio, _tip: Checkpoint) {}

    pub(super) fn flush(&mut self) {}

    pub(super) fn list(&self, answer: oneshot::Sender<Result<Vec<EpisodeSummary>, HandleError>>) {
        let _ = answer.send(Ok(self.episodes.values().rev().map(|episode| cost::summary(episode)).collect()));
    }

    pub(super) fn episode(
        &self,
        number: EpisodeNumber,
        answer: oneshot::Sender<Result<Option<Arc<Episode>>, HandleError>>,
    ) {
        let _ = answer.send(Ok(self.episodes.get(&number).cloned()));
    }
}
