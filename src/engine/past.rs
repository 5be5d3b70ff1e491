//! Past episodes and the checkpoint of the fold: kept in the state beside the journal, asked for and never carried.
//!
//! Not the truth: all of it follows from the journal and is made anew where it is missing or damaged. A checkpoint is one
//! transaction: the studio as it is folded up to a line, and the episodes that left the fold since the last one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::handle::HandleError;
use crate::domain::cost::{self, EpisodeSummary};
use crate::domain::episode::Episode;
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::domain::reuse::{self, Bought};
use crate::domain::step::{Done, Step};
use crate::domain::studio::Studio;
use crate::ledger::blobs::Blobs;
use crate::ledger::disk::Disk;
use crate::ledger::journal::{Checkpoint, Journal, Known, Witness};
use crate::ledger::state::{Batch, CostRow, CostScope, Month, State, StateError, StateOpened};

/// The shape of what is kept. Raised with every change of the fold, so that an older one is folded again.
const SHAPE: u32 = 13;

/// The row of the studio itself: episodes are numbered from 1.
const STUDIO: EpisodeNumber = EpisodeNumber(0);

/// How long the state may take for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// Events between two checkpoints, at least.
const EVENTS: u64 = 2_000;

/// Events between two checkpoints for each episode under way, so that large studios are not written again and again.
const EVENTS_AN_EPISODE: u64 = 50;

/// The past episodes of a studio.
pub(super) struct Past {
    state: Option<Arc<State>>,
    /// Episodes that have left the fold since the last checkpoint.
    fresh: BTreeMap<EpisodeNumber, Arc<Episode>>,
    checkpoint: u64,
}

/// What opening the state yields.
pub(super) struct OpenedPast {
    pub(super) past: Past,
    /// The studio as it is folded in the state.
    pub(super) studio: Studio,
    /// Up to where.
    pub(super) from: Checkpoint,
    /// What became of a state that could not be used.
    pub(super) said: Option<String>,
    /// How far the journal went as a state knows that does not fit it.
    pub(super) witness: Option<Known>,
}

impl Past {
    /// Opens the state: what it holds of the studio, up to where, and what was found. A studio can do without its state;
    /// past episodes are then held in memory.
    pub(super) fn open(disk: &dyn Disk, dir: &Path) -> OpenedPast {
        let confirm = |place: Checkpoint| Journal::confirms(disk, dir, place);
        match State::open(dir, SHAPE, PATIENCE, &confirm) {
            Ok((state, StateOpened { checkpoint, aside })) => {
                let said = aside.map(|(moved, why)| {
                    format!(
                        "the state was moved to {} because {why}; it is folded again from the journal",
                        moved.display()
                    )
                });
                let (studio, from) = match folded(&state, checkpoint) {
                    Some(studio) => (studio, checkpoint),
                    None => (Studio::default(), Checkpoint::START),
                };
                let past = Self { state: Some(Arc::new(state)), fresh: BTreeMap::new(), checkpoint: from.seq };
                OpenedPast { past, studio, from, said, witness: None }
            }
            Err(error) => {
                let past = Self { state: None, fresh: BTreeMap::new(), checkpoint: 0 };
                let witness = match &error {
                    StateError::Foreign(place) => {
                        Some(Known { by: Witness::State, place: *place, at: None, sums: None })
                    }
                    StateError::Busy | StateError::Unusable(_) | StateError::Damaged(_) | StateError::OutOfUse(_) => {
                        None
                    }
                };
                let said = Some(error.to_string());
                OpenedPast { past, studio: Studio::default(), from: Checkpoint::START, said, witness }
            }
        }
    }

    /// Keeps an episode that has left the fold, and what it bought by the names of its calls.
    pub(super) fn keep(&mut self, episode: Arc<Episode>) {
        if let Some(state) = &self.state {
            for (name, bought) in episode.bought() {
                if let Ok(bytes) = serde_json::to_vec(&bought) {
                    state.keep_response(name.as_bytes().to_vec(), bytes);
                }
            }
        }
        self.fresh.insert(episode.number, episode);
    }

    /// Notes how far the journal goes and what the studio is by then; now and then that becomes a checkpoint.
    pub(super) fn follow(&mut self, studio: &Studio, tip: Checkpoint) {
        let wait = EVENTS.max(EVENTS_AN_EPISODE.saturating_mul(studio.episodes.len() as u64));
        if tip.seq.saturating_sub(self.checkpoint) >= wait {
            self.checkpoint(studio, tip);
        }
    }

    /// Has a checkpoint written soon.
    pub(super) fn checkpoint(&mut self, studio: &Studio, tip: Checkpoint) {
        self.checkpoint = tip.seq;
        let Some(state) = &self.state else { return };
        let Ok(studio) = serde_json::to_vec(studio) else { return };
        let mut episodes = vec![(STUDIO, studio)];
        let mut costs = Vec::new();
        for episode in self.fresh.values() {
            let rows = serde_json::to_vec(episode.as_ref())
                .and_then(|e| Ok((e, serde_json::to_vec(&cost::summary(episode))?)));
            let Ok((bytes, row)) = rows else { continue };
            episodes.push((episode.number, bytes));
            let month = Month::of(episode.started);
            // The index has one row an episode, so its number stands where the line's would.
            costs.push(CostRow { seq: u64::from(episode.number.0), month, episode: Some(episode.number), row });
        }
        state.put(Batch { episodes, costs, checkpoint: tip });
        if state.fault().is_none() {
            self.fresh.clear();
        }
    }

    /// Writes what is waiting.
    pub(super) fn flush(&mut self, studio: &Studio, tip: Checkpoint) {
        self.checkpoint(studio, tip);
        if let Some(Err(error)) = self.state.as_deref().map(State::flush_and_wait) {
            tracing::warn!(%error, "the state was not written; the next start folds more of the journal");
        }
    }

    /// Answers with all past episodes, latest first. Asking the state may take long: what is returned is done elsewhere.
    pub(super) fn list(
        &self,
        answer: oneshot::Sender<Result<Vec<EpisodeSummary>, HandleError>>,
    ) -> impl FnOnce() + Send + 'static {
        let (state, fresh) = (self.state.clone(), self.fresh.clone());
        move || {
            let all = summaries(state.as_deref(), &fresh);
            // Whoever asked may have gone.
            let _ = answer.send(all.map_err(|e| HandleError::Invalid(e.to_string())));
        }
    }

    /// Answers with one past episode; done elsewhere, as [`Self::list`].
    pub(super) fn episode(
        &self,
        number: EpisodeNumber,
        answer: oneshot::Sender<Result<Option<Arc<Episode>>, HandleError>>,
    ) -> impl FnOnce() + Send + 'static {
        let (state, fresh) = (self.state.clone(), self.fresh.get(&number).cloned());
        move || {
            let found = fresh.map_or_else(|| kept(state.as_deref(), number), |fresh| Ok(Some(fresh)));
            // Whoever asked may have gone.
            let _ = answer.send(found.map_err(|e| HandleError::Invalid(e.to_string())));
        }
    }

    /// One past episode. It may take long.
    pub(super) fn find(&self, number: EpisodeNumber) -> Result<Option<Arc<Episode>>, StateError> {
        match self.fresh.get(&number) {
            Some(fresh) => Ok(Some(Arc::clone(fresh))),
            None => kept(self.state.as_deref(), number),
        }
    }

    /// What past episodes bought, for whoever makes calls ready; nothing without a state.
    pub(super) fn answers(&self, blobs: Blobs) -> Option<PastAnswers> {
        self.state.clone().map(|state| PastAnswers { state, blobs })
    }
}

fn summaries(
    state: Option<&State>,
    fresh: &BTreeMap<EpisodeNumber, Arc<Episode>>,
) -> Result<Vec<EpisodeSummary>, StateError> {
    let mut all = BTreeMap::new();
    if let Some(state) = state {
        for (_, row) in state.costs(CostScope::All)? {
            if let Ok(summary) = serde_json::from_slice::<EpisodeSummary>(&row) {
                all.insert(summary.number, summary);
            }
        }
    }
    all.extend(fresh.values().map(|episode| (episode.number, cost::summary(episode))));
    Ok(all.into_values().rev().collect())
}

fn kept(state: Option<&State>, number: EpisodeNumber) -> Result<Option<Arc<Episode>>, StateError> {
    let row = match state {
        Some(state) if number != STUDIO => state.episode(number)?,
        Some(_) | None => None,
    };
    let read = row.map(|row| serde_json::from_slice(&row.bytes)).transpose();
    read.map_err(|e| StateError::Damaged(e.to_string()))
}

/// What past episodes bought, by the names of their calls.
#[derive(Clone)]
pub(super) struct PastAnswers {
    state: Arc<State>,
    blobs: Blobs,
}

impl PastAnswers {
    /// What past episodes bought of the calls that a piece of work has made ready; nothing where that cannot be read, since it
    /// only saves money. What nobody keeps any more answers nothing. It may take long.
    pub(super) fn recall(&self, episode: &Episode, step: &Step, done: &Done) -> BTreeMap<ContentHash, Bought> {
        let names = reuse::made_ready(episode, step, done);
        if names.is_empty() {
            return BTreeMap::new();
        }
        let found = match self.state.responses(names.iter().map(|name| name.as_bytes().to_vec()).collect()) {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "what was bought before cannot be looked up; it is bought again");
                return BTreeMap::new();
            }
        };
        let read = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| serde_json::from_slice::<Bought>(&bytes).ok());
        let bought = names.into_iter().zip(found).filter_map(|(name, bytes)| Some((name, read(bytes)?)));
        bought.filter(|(_, bought)| self.blobs.contains(&bought.answer).unwrap_or(false)).collect()
    }
}

/// The studio as it is folded in the state, where the row is of the checkpoint.
fn folded(state: &State, checkpoint: Checkpoint) -> Option<Studio> {
    if checkpoint == Checkpoint::START {
        return None;
    }
    let row = state.episode(STUDIO).ok().flatten()?;
    let studio: Studio = serde_json::from_slice(&row.bytes).ok()?;
    (studio.seq == checkpoint.seq).then_some(studio)
}
