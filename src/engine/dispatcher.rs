//! The one task that orders everything: it takes inputs, has the domain advance by them, writes the whole batch with one
//! sync, and only then lets anything be seen or started.
//!
//! What was not written did not happen: after a failed write nothing more is decided, and the studio says what is safe.
//! Not for decisions: those are [`advance`]'s. Not for work: that is the executor's.

mod closing;
mod covered;
mod publish;
mod requests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use self::closing::Closing;
use super::executor::Executor;
use super::handle::{HandleError, Request};
use super::past::Past;
use super::snapshot::{FeedLine, Notice, Snapshot};
use crate::clock::Clock;
use crate::domain::advance::{Agenda, Batch, Input, Rules, advance};
use crate::domain::clock_watch::ClockWatch;
use crate::domain::event::{Event, Stamped};
use crate::domain::ids::IntentKey;
use crate::domain::plan::Limits;
use crate::domain::step::Outcome;
use crate::domain::studio::Studio;
use crate::ledger::codec;
use crate::ledger::journal::Journal;
use crate::ledger::journal::head::Sums;

/// The most inputs that one batch takes.
const BATCH: usize = 256;

/// The longest that the dispatcher sleeps without looking at the clock: a wall clock may be set while it sleeps.
const NAP: Duration = Duration::from_secs(30);

/// The same while something waits for disk space.
const ROOM_NAP: Duration = Duration::from_millis(500);

/// Everything that decides.
pub(super) struct Dispatcher {
    pub(super) studio: Studio,
    pub(super) journal: Journal,
    pub(super) executor: Executor,
    pub(super) past: Past,
    pub(super) clock: Clock,
    pub(super) limits: Limits,
    pub(super) grace: Duration,
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) outcomes: mpsc::UnboundedReceiver<Outcome>,
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) notices: broadcast::Sender<Notice>,
    pub(super) feed: VecDeque<FeedLine>,
    pub(super) agenda: Agenda,
    pub(super) watch: ClockWatch,
    pub(super) halted: Option<String>,
    pub(super) closing: Option<Closing>,
    /// What is to be written before anything else.
    pub(super) first: Vec<Event>,
}

/// A command's answer, given once its batch is on disk.
type Answer = oneshot::Sender<Result<u64, HandleError>>;

/// What the next batch is made from.
#[derive(Default)]
struct Tick {
    inputs: Vec<Input>,
    /// Who waits for the answers to the commands among them, in order.
    answers: Vec<Answer>,
}

impl Dispatcher {
    /// Runs until the last handle is gone or a shutdown was asked for. `first` are outcomes that opening brought up.
    pub(super) async fn run(mut self, first: Vec<Outcome>) {
        let mut tick = Tick::default();
        tick.inputs.extend(std::mem::take(&mut self.first).into_iter().map(Input::Noted));
        for outcome in first {
            self.take_outcome(&mut tick, outcome);
        }
        self.finish(tick);
        while !self.is_closed() {
            let mut tick = Tick::default();
            let nap = self.nap();
            tokio::select! {
                biased;
                Some(outcome) = self.outcomes.recv() => self.take_outcome(&mut tick, outcome),
                // When the last handle is gone there is nothing to listen to, and calls under way may still need time.
                request = self.requests.recv(), if self.closing.is_none() || !self.requests.is_closed() => match request {
                    Some(request) => self.take_request(&mut tick, request),
                    None => self.close(None),
                },
                () = tokio::time::sleep(nap) => {}
            }
            for _ in 0..BATCH {
                if let Ok(outcome) = self.outcomes.try_recv() {
                    self.take_outcome(&mut tick, outcome);
                } else if let Ok(request) = self.requests.try_recv() {
                    self.take_request(&mut tick, request);
                } else {
                    break;
                }
            }
            self.finish(tick);
        }
        self.ended().await;
    }

    fn nap(&self) -> Duration {
        if let Some(closing) = &self.closing {
            return closing.left(&self.clock).min(NAP);
        }
        let longest = if self.executor.room().is_watched() { ROOM_NAP } else { NAP };
        let now = self.moment();
        let until = |at: &Timestamp| Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO);
        let next = self.agenda.deadline().map(|at| until(&at));
        // A deadline is reached when the clock says so, not a moment before.
        next.map_or(longest, |next| next.saturating_add(Duration::from_millis(1)).min(longest))
    }

    /// The moment of the ledger now.
    fn moment(&self) -> Timestamp {
        self.studio.moment(self.clock.now(), self.studio.ahead_ms)
    }

    fn take_outcome(&mut self, tick: &mut Tick, outcome: Outcome) {
        self.executor.landed(&outcome);
        if self.halted.is_some() {
            return;
        }
        tick.inputs.push(Input::Came(outcome));
    }

    /// Advances, writes, publishes, answers, starts: in this order.
    fn finish(&mut self, tick: Tick) {
        let Tick { mut inputs, answers } = tick;
        if self.halted.is_none() {
            // Noted first: the whole batch goes by the clock as it is now.
            let reading = self.watch.look(&self.studio, self.clock.now(), self.clock.monotonic());
            inputs.splice(0..0, reading.noted.map(Input::Noted));
            match self.advanced(inputs, reading.now) {
                Ok(batch) => return self.let_go(batch, answers),
                Err(what) => self.halt(what),
            }
        }
        let halted = self.halted.clone().unwrap_or_default();
        for answer in answers {
            // Whoever asked may have gone; there is nobody else to tell.
            let _ = answer.send(Err(HandleError::Halted(halted.clone())));
        }
    }

    /// A batch that is on disk.
    fn advanced(&mut self, inputs: Vec<Input>, now: Timestamp) -> Result<Batch, String> {
        let under_way = self.studio.in_flight.values().sum::<u32>();
        self.limits.room = self.executor.room().more().map(|more| under_way.saturating_add(more));
        let rules = Rules { limits: &self.limits, admits: self.closing.is_none() };
        let batch = advance(&mut self.studio, &mut self.agenda, inputs, &rules, now).map_err(|e| e.to_string())?;
        if !batch.events.is_empty() {
            self.write(&batch.events)?;
        }
        Ok(batch)
    }

    /// Lets a batch that is on disk be seen, and starts what it asks for.
    fn let_go(&mut self, batch: Batch, answers: Vec<Answer>) {
        self.executor.forget(priced(&batch.events));
        for episode in batch.retired {
            self.past.keep(episode);
        }
        self.past.follow(&self.studio, self.journal.tip());
        self.publish(&batch.events);
        for (answer, result) in answers.into_iter().zip(batch.answers) {
            // Whoever asked may have gone.
            let _ = answer.send(result.map_err(HandleError::from));
        }
        for call in batch.calls {
            self.executor.call(call);
        }
        for (episode, steps) in batch.wanted {
            self.executor.want(episode, self.studio.episodes.get(&episode), steps);
        }
    }

    fn write(&mut self, batch: &[Stamped]) -> Result<(), String> {
        let drafts = batch.iter().map(codec::draft).collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
        let first = batch.first().map_or(1, |stamped| stamped.seq);
        let (spent, held) = self.studio.budget.totals();
        self.journal.append_with(first, &drafts, Some(Sums { spent, held })).map(|_| ()).map_err(|e| e.to_string())
    }

    /// Nothing more is decided or begun. Paid calls that are under way finish into the spool and are found there.
    pub(super) fn halt(&mut self, what: String) {
        let what = match self.executor.calls_under_way() {
            0 => what,
            1 => format!(
                "{what}. 1 paid call is under way: the next start settles it if its answer comes whole, or asks about it"
            ),
            n => format!(
                "{what}. {n} paid calls are under way: the next start settles those whose answers come whole, and asks about the rest"
            ),
        };
        tracing::error!(%what, "the studio has stopped");
        self.executor.drop_local();
        self.halted = Some(what);
        self.publish_halted();
    }
}

/// The calls that have a price or a ruling now: nothing more is waited for in their spools.
fn priced(events: &[Stamped]) -> Vec<IntentKey> {
    let keys = events.iter().filter_map(|stamped| match &stamped.event {
        Event::CallSettled { key, .. } | Event::CallFailed { key, .. } | Event::ChargeRuled { key, .. } => Some(key),
        _ => None,
    });
    keys.cloned().collect()
}
