//! What past episodes paid for, looked up beside the work that made calls ready: what was found is an event like any other, in the
//! batch that makes the calls ready.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dispatcher, Tick};
use crate::domain::decide::Decided;
use crate::domain::event::{Actor, Event};
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};
use crate::domain::reuse::{self, Bought};

/// The stages whose calls were made ready by these events.
pub(super) fn prepared(decided: &[Decided]) -> BTreeSet<(EpisodeNumber, StageId)> {
    let mut stages = BTreeSet::new();
    for (episode, event) in decided {
        if let (Some(episode), Event::StagePrepared { stage, .. } | Event::CorrectionPrepared { stage, .. }) =
            (episode, event)
        {
            stages.insert((*episode, stage.clone()));
        }
    }
    stages
}

impl Dispatcher {
    /// Answers units of a stage from what past episodes bought.
    pub(super) fn recall(
        &mut self,
        tick: &mut Tick,
        episode: EpisodeNumber,
        stage: &StageId,
        past: &BTreeMap<ContentHash, Bought>,
    ) {
        if tick.fault.is_some() || past.is_empty() {
            return;
        }
        for event in reuse::recalled(&self.studio, episode, stage, past) {
            self.emit(tick, &Actor::Engine, Some(episode), event);
        }
    }
}
