//! What is happening between two events: text as it streams, units as they are done. Never kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use tokio::sync::{Notify, watch};

use crate::domain::ids::{EpisodeNumber, StageId};

/// How much of a stream is carried, in bytes.
pub const TAIL: usize = 4_096;

/// The live side of everything that is under way; published at most 20 times a second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// By episode and stage.
    pub stages: BTreeMap<EpisodeNumber, BTreeMap<StageId, StageProgress>>,
}

/// The live side of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageProgress {
    /// The end of what has streamed, at most [`TAIL`] bytes; text from outside, which whoever shows it must clean.
    pub tail: String,
    /// Bytes of text that have streamed in all.
    pub streamed: u64,
    /// Output tokens that the provider has reported so far.
    pub tokens_out: u64,
}

impl StageProgress {
    /// Adds text that streamed and drops what no longer fits in the tail.
    pub fn push(&mut self, text: &str) {
        self.streamed = self.streamed.saturating_add(text.len() as u64);
        self.tail.push_str(text);
        if self.tail.len() > TAIL {
            let over = self.tail.len() - TAIL;
            let cut = (over..self.tail.len()).find(|at| self.tail.is_char_boundary(*at)).unwrap_or(self.tail.len());
            self.tail.drain(..cut);
        }
    }
}

/// The time between two publications.
const PAUSE: Duration = Duration::from_millis(50);

/// Gathers progress from the calls and publishes it no faster than anyone can look.
#[derive(Debug, Default)]
pub(super) struct ProgressHub {
    now: Mutex<Progress>,
    changed: Notify,
}

impl ProgressHub {
    fn change(&self, episode: EpisodeNumber, stage: &StageId, change: impl FnOnce(&mut StageProgress)) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        change(now.stages.entry(episode).or_default().entry(stage.clone()).or_default());
        self.changed.notify_one();
    }

    /// A call begins to answer: what streamed before is over.
    pub(super) fn begun(&self, episode: EpisodeNumber, stage: &StageId) {
        self.change(episode, stage, |progress| *progress = StageProgress::default());
    }

    /// Text arrived.
    pub(super) fn text(&self, episode: EpisodeNumber, stage: &StageId, text: &str) {
        self.change(episode, stage, |progress| progress.push(text));
    }

    /// The provider reported how many tokens it has written.
    pub(super) fn tokens(&self, episode: EpisodeNumber, stage: &StageId, tokens: u64) {
        self.change(episode, stage, |progress| progress.tokens_out = tokens);
    }

    /// The call is over; its answer is seen elsewhere.
    pub(super) fn ended(&self, episode: EpisodeNumber, stage: &StageId) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stages) = now.stages.get_mut(&episode) {
            stages.remove(stage);
            if stages.is_empty() {
                now.stages.remove(&episode);
            }
        }
        self.changed.notify_one();
    }

    /// Publishes changes until nobody can see them any more.
    pub(super) async fn publish(self: Arc<Self>, to: watch::Sender<Arc<Progress>>) {
        while !to.is_closed() {
            tokio::select! {
                () = self.changed.notified() => {}
                () = to.closed() => return,
            }
            let now = self.now.lock().unwrap_or_else(PoisonError::into_inner).clone();
            to.send_replace(Arc::new(now));
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_bounded_and_cut_between_characters() {
        let mut stage = StageProgress::default();
        for _ in 0..2_000 {
            stage.push("né ");
        }
        assert!(stage.tail.len() <= TAIL && stage.tail.len() > TAIL - 4);
        assert_eq!(stage.streamed, 8_000);
    }
}
