//! How a studio closes: nothing new is admitted, paid calls get a grace period, everything else goes on at the next start.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Dispatcher;
use crate::clock::Clock;

/// A studio that is closing.
pub(in crate::engine) struct Closing {
    until: Instant,
    answers: Vec<oneshot::Sender<()>>,
}

impl Closing {
    /// How long the paid calls still have.
    pub(super) fn left(&self, clock: &Clock) -> Duration {
        self.until.saturating_duration_since(clock.monotonic())
    }
}

impl Dispatcher {
    /// Begins to close; who asks later is answered with the first.
    pub(super) fn close(&mut self, answer: Option<oneshot::Sender<()>>) {
        self.executor.drop_local();
        let until = self.clock.monotonic() + self.grace;
        let closing = self.closing.get_or_insert_with(|| Closing { until, answers: Vec::new() });
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
        for answer in self.closing.take().map(|closing| closing.answers).unwrap_or_default() {
            // Whoever asked may have gone.
            let _ = answer.send(());
        }
    }
}
