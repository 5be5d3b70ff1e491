//! How a studio closes: nothing new is admitted, paid calls get a grace period, everything else goes on at the next start.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Dispatcher;
use crate::clock::Clock;
use crate::domain::ids::IntentKey;
use crate::engine::handle::ShutDown;

/// A studio that is closing.
pub(in crate::engine) struct Closing {
    until: Instant,
    /// How many paid calls were under way.
    calls: usize,
    answers: Vec<oneshot::Sender<ShutDown>>,
}

impl Closing {
    /// How long the paid calls still have.
    pub(super) fn left(&self, clock: &Clock) -> Duration {
        self.until.saturating_duration_since(clock.monotonic())
    }
}

impl Dispatcher {
    /// Begins to close; who asks later is answered with the first.
    pub(super) fn close(&mut self, answer: Option<oneshot::Sender<ShutDown>>) {
        self.executor.drop_local();
        self.executor.room().close();
        let until = self.clock.monotonic() + self.grace;
        let calls = self.executor.calls_under_way();
        let closing = self.closing.get_or_insert_with(|| Closing { until, calls, answers: Vec::new() });
        closing.answers.extend(answer);
    }

    /// Whether the studio has closed: no paid call is under way, or the grace period is over.
    pub(super) fn is_closed(&self) -> bool {
        let is_over =
            |closing: &Closing| self.executor.calls_under_way() == 0 || closing.left(&self.clock) == Duration::ZERO;
        self.closing.as_ref().is_some_and(is_over)
    }

    /// The last things: what is remembered beside the journal is flushed and whoever waits is told.
    pub(super) async fn ended(mut self) {
        if self.halted.is_none() {
            // A studio that has stopped holds what was never written: only the journal says what is true.
            self.past.flush(&self.studio, self.journal.tip());
        }
        let Some(closing) = self.closing.take() else { return };
        let cut = self.executor.calls_under_way();
        let calls = || self.studio.episodes.values().flat_map(|episode| episode.calls.iter());
        let is_cut = |key: &IntentKey| self.executor.is_under_way(key);
        let ended = ShutDown {
            finished: closing.calls.saturating_sub(cut),
            cut,
            worst: calls().filter(|(key, _)| is_cut(key)).map(|(_, call)| call.worst).sum(),
            batched: calls().filter(|(_, call)| call.is_in_batch()).count(),
        };
        for answer in closing.answers {
            // Whoever asked may have gone.
            let _ = answer.send(ended);
        }
    }
}
