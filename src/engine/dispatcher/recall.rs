//! What past episodes paid for, looked up when calls were made ready: what is found is an event like any other, in the batch
//! that makes the calls ready.

use std::collections::BTreeSet;

use super::{Dispatcher, Tick};
use crate::domain::decide::Decided;
use crate::domain::event::{Actor, Event};
use crate::domain::ids::{EpisodeNumber, StageId};
use crate::domain::reuse;

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
    /// Answers units of a stage from what past episodes bought. What nobody keeps any more answers nothing.
    pub(super) fn recall(&mut self, tick: &mut Tick, episode: EpisodeNumber, stage: &StageId) {
        if !self.limits.reuse || tick.fault.is_some() {
            return;
        }
        let unknown = reuse::unknown(&self.studio, episode, stage);
        let mut past = self.past.bought(unknown.into_iter().map(|(_, name)| name));
        past.retain(|_, bought| self.executor.keeps(&bought.answer));
        for event in reuse::recalled(&self.studio, episode, stage, &past) {
            self.emit(tick, &Actor::Engine, Some(episode), event);
        }
    }
}
