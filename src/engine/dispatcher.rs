//! The one task that orders everything: it takes inputs, decides, applies, plans, writes the whole batch with one sync,
//! and only then lets anything be seen or begun.
//!
//! What was not written did not happen: after a failed write nothing more is decided, and the studio says what is safe.
//! Not for work: that is the executor's.

mod closing;
mod publish;
mod recall;
mod requests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use self::closing::Closing;
use super::executor::Executor;
use super::handle::{HandleError, Request};
use super::past::Past;
use super::snapshot::{FeedLine, Notice, Snapshot};
use crate::clock::Clock;
use crate::domain::decide::{self, Decided};
use crate::domain::episode::Episode;
use crate::domain::event::{Actor, Event, Stamped};
use crate::domain::ids::{EpisodeNumber, IntentKey};
use crate::domain::plan::{Limits, plan};
use crate::domain::queue::{self, Ask, Turn};
use crate::domain::step::{CallStep, Outcome, Step};
use crate::domain::studio::Studio;
use crate::ledger::codec;
use crate::ledger::journal::Journal;

/// The most inputs that one batch takes.
const BATCH: usize = 256;

/// The most events that the plan of one episode writes at once.
const MOST_PLANNED: usize = 10_000;

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
    pub(super) schedule: Schedule,
    pub(super) halted: Option<String>,
    pub(super) closing: Option<Closing>,
    /// What is to be written before anything else.
    pub(super) first: Vec<Event>,
}

/// What has to be looked at again, and when.
pub(super) struct Schedule {
    /// What the clock said last.
    seen: Timestamp,
    /// When an event was stamped last, by a time that never steps back.
    written: Instant,
    /// Episodes that wait for room under a cap.
    waiting: BTreeSet<EpisodeNumber>,
    /// Episodes that have something to do at a moment.
    deadlines: BTreeMap<EpisodeNumber, Timestamp>,
    /// The calls that could go as far as their episodes are concerned.
    asks: BTreeMap<EpisodeNumber, Vec<Ask>>,
    /// When one of them may go without anything having happened.
    queued: Option<Timestamp>,
}

impl Schedule {
    /// Nothing is due yet; the last event was at this moment.
    pub(super) fn new(last: Timestamp, clock: &Clock) -> Self {
        Self {
            seen: last,
            written: clock.monotonic(),
            waiting: BTreeSet::new(),
            deadlines: BTreeMap::new(),
            asks: BTreeMap::new(),
            queued: None,
        }
    }
}

/// An answer that is given once the batch is on disk.
type Pending = (oneshot::Sender<Result<u64, HandleError>>, Result<u64, HandleError>);

/// One batch in the making.
#[derive(Default)]
struct Tick {
    batch: Vec<Stamped>,
    dirty: BTreeSet<EpisodeNumber>,
    calls: Vec<CallStep>,
    /// Calls that have a price or a ruling now.
    priced: Vec<IntentKey>,
    answers: Vec<Pending>,
    retired: Vec<Arc<Episode>>,
    fault: Option<String>,
}

impl Dispatcher {
    /// Runs until the last handle is gone or a shutdown was asked for. `first` are outcomes that opening brought up.
    pub(super) async fn run(mut self, first: Vec<Outcome>) {
        let mut tick = Tick { dirty: self.studio.episodes.keys().copied().collect(), ..Tick::default() };
        for event in std::mem::take(&mut self.first) {
            self.emit(&mut tick, &Actor::Engine, None, event);
        }
        for outcome in first {
            self.take_outcome(&mut tick, &outcome);
        }
        self.finish(tick);
        while !self.is_closed() {
            let mut tick = Tick::default();
            let nap = self.nap();
            tokio::select! {
                biased;
                Some(outcome) = self.outcomes.recv() => self.take_outcome(&mut tick, &outcome),
                // When the last handle is gone there is nothing to listen to, and calls under way may still need time.
                request = self.requests.recv(), if self.closing.is_none() || !self.requests.is_closed() => match request {
                    Some(request) => self.take_request(&mut tick, request),
                    None => self.close(None),
                },
                () = tokio::time::sleep(nap) => {}
            }
            for _ in 0..BATCH {
                if let Ok(outcome) = self.outcomes.try_recv() {
                    self.take_outcome(&mut tick, &outcome);
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
        let next = self.schedule.deadlines.values().chain(&self.schedule.queued).min().map(until);
        // A deadline is reached when the clock says so, not a moment before.
        next.map_or(longest, |next| next.saturating_add(Duration::from_millis(1)).min(longest))
    }

    /// The moment that is put on events: the clock's, to the microsecond. Where the clock is behind the last event, time
    /// goes on from there by what has passed since, so that nothing waits for the clock to catch up.
    fn moment(&self) -> Timestamp {
        let now = self.clock.now();
        let since = || {
            let passed = self.clock.monotonic().saturating_duration_since(self.schedule.written);
            jiff::SignedDuration::try_from(passed).ok().and_then(|passed| self.studio.at.checked_add(passed).ok())
        };
        let moment = if now >= self.studio.at { now } else { since().unwrap_or(self.studio.at) };
        let whole = Timestamp::from_microsecond(moment.as_microsecond()).unwrap_or(moment);
        whole.max(self.studio.at)
    }

    fn take_outcome(&mut self, tick: &mut Tick, outcome: &Outcome) {
        self.executor.landed(outcome);
        if self.halted.is_some() || tick.fault.is_some() {
            return;
        }
        let decided = decide::outcome(&self.studio, outcome, &self.limits, self.moment());
        tick.dirty.insert(outcome.episode());
        let prepared = recall::prepared(&decided);
        self.emit_all(tick, &Actor::Engine, decided);
        if let Outcome::Worked { past, .. } = outcome {
            for (episode, stage) in prepared {
                self.recall(tick, episode, &stage, past);
            }
        }
    }

    fn emit_all(&mut self, tick: &mut Tick, actor: &Actor, decided: Vec<Decided>) {
        for (episode, event) in decided {
            self.emit(tick, actor, episode, event);
        }
    }

    /// Gives an event its place and applies it to the working state.
    fn emit(&mut self, tick: &mut Tick, actor: &Actor, episode: Option<EpisodeNumber>, event: Event) {
        if tick.fault.is_some() {
            return;
        }
        let now = self.clock.now();
        let behind = self.schedule.seen.as_millisecond().saturating_sub(now.as_millisecond());
        self.schedule.seen = now;
        if let (true, Ok(by_ms @ 1_000..)) = (self.studio.seq > 0, u64::try_from(behind)) {
            self.stamp(tick, Actor::Engine, None, Event::ClockSteppedBack { by_ms });
        }
        self.stamp(tick, actor.clone(), episode, event);
    }

    fn stamp(&mut self, tick: &mut Tick, actor: Actor, episode: Option<EpisodeNumber>, event: Event) {
        let stamped = Stamped { seq: self.studio.seq + 1, at: self.moment(), episode, actor, event };
        match self.studio.apply(&stamped) {
            Ok(retired) => tick.retired.extend(retired),
            Err(error) => {
                tick.fault = Some(format!(
                    "the studio contradicts itself: {error}. Nothing of this was recorded and nothing more is begun; what was \
                     recorded before is safe. Please report it, and start greenroom again to go on"
                ));
                return;
            }
        }
        self.schedule.written = self.clock.monotonic();
        if let Some(number) = episode {
            tick.dirty.insert(number);
        }
        if matches!(stamped.event, Event::BreakerOpened { .. }) {
            // Some may go elsewhere.
            tick.dirty.extend(self.schedule.asks.keys());
        }
        if let Event::CallSettled { key, .. } | Event::CallFailed { key, .. } | Event::ChargeRuled { key, .. } =
            &stamped.event
        {
            tick.priced.push(key.clone());
        }
        if let Event::CallIntended { key, request, worst, route } = &stamped.event {
            let episode = self.studio.episodes.get(&key.episode);
            let limit = episode.and_then(|e| e.pin(&key.stage));
            let run = episode.and_then(|e| e.stages.get(&key.stage)).and_then(|state| state.run.as_ref());
            let unit = run.and_then(|run| run.units.get(&key.unit));
            tick.calls.push(CallStep {
                key: key.clone(),
                sent: self.studio.sent_key(key, stamped.at),
                request: *request,
                worst: *worst,
                route: route.clone(),
                time_limit_seconds: limit.map_or(600, |pin| pin.stage.time_limit_seconds),
                // The last word of a model is always heard to its end: some contracts then take the usual in its place.
                may_cut: unit.is_some_and(|unit| unit.corrections == 0),
                at: stamped.at,
                batch: None,
            });
        }
        tick.batch.push(stamped);
    }

    /// Plans, writes, publishes, answers, begins: in this order.
    fn finish(&mut self, mut tick: Tick) {
        let under_way = self.studio.in_flight.values().sum::<u32>();
        self.limits.room = self.executor.room().more().map(|more| under_way.saturating_add(more));
        let wanted = if self.halted.is_none() { self.plan_all(&mut tick) } else { BTreeMap::new() };
        if let Some(fault) = tick.fault.take() {
            self.halt(fault);
        } else if !tick.batch.is_empty()
            && let Err(what) = self.write(&tick.batch)
        {
            self.halt(what);
        }
        if let Some(halted) = &self.halted {
            for (answer, _) in tick.answers {
                // Whoever asked may have gone; there is nobody else to tell.
                let _ = answer.send(Err(HandleError::Halted(halted.clone())));
            }
            return;
        }
        self.executor.forget(tick.priced);
        for episode in tick.retired {
            self.past.keep(episode);
        }
        self.past.follow(&self.studio, self.journal.tip());
        self.publish(&tick.batch);
        for (answer, result) in tick.answers {
            let _ = answer.send(result);
        }
        for call in tick.calls {
            self.executor.call(call);
        }
        for (episode, steps) in wanted {
            self.executor.want(episode, self.studio.episodes.get(&episode), steps);
        }
    }

    /// Asks for the plan of every episode that something happened to, and lets the calls go whose turn it is, until nothing
    /// more follows.
    fn plan_all(&mut self, tick: &mut Tick) -> BTreeMap<EpisodeNumber, BTreeSet<Step>> {
        let mut wanted = BTreeMap::new();
        let now = self.moment();
        let due = self.schedule.deadlines.iter().filter(|(_, at)| **at <= now).map(|(number, _)| *number);
        tick.dirty.extend(due.collect::<Vec<_>>());
        tick.dirty.extend(self.schedule.waiting.iter().copied());
        loop {
            while let Some(number) = tick.dirty.pop_first() {
                let steps = self.plan_one(tick, number, now);
                if tick.fault.is_some() {
                    return BTreeMap::new();
                }
                wanted.insert(number, steps);
            }
            if self.closing.is_some() {
                return wanted;
            }
            match queue::turn(&self.studio, &self.limits, now, self.schedule.asks.values().flatten()) {
                Turn::Write(number, event) => {
                    self.emit(tick, &Actor::Engine, Some(number), *event);
                    if tick.fault.is_some() {
                        return BTreeMap::new();
                    }
                }
                Turn::Again(number) => {
                    tick.dirty.insert(number);
                }
                Turn::Rest(until) => {
                    self.schedule.queued = until;
                    return wanted;
                }
            }
        }
    }

    /// Plans an episode until nothing more follows from its own state: its local work, and what it asks of the queue.
    fn plan_one(&mut self, tick: &mut Tick, number: EpisodeNumber, now: Timestamp) -> BTreeSet<Step> {
        let before = tick.batch.len();
        loop {
            // Each event of a plan takes it further. One that does not is a fault, and must not fill the memory.
            if tick.batch.len() - before > MOST_PLANNED {
                tick.fault = Some(format!(
                    "the plan of episode {number} comes to no end. Nothing of this was recorded and nothing more is begun; what was \
                     recorded before is safe. Please report it"
                ));
                return BTreeSet::new();
            }
            let Some(episode) = self.studio.episodes.get(&number) else {
                self.schedule.waiting.remove(&number);
                self.schedule.deadlines.remove(&number);
                self.schedule.asks.remove(&number);
                return BTreeSet::new();
            };
            let next = plan(&self.studio, episode, &self.limits, now);
            if let Some(event) = next.event {
                self.emit(tick, &Actor::Engine, Some(number), event);
                if tick.fault.is_some() {
                    return BTreeSet::new();
                }
                continue;
            }
            if next.waits {
                self.schedule.waiting.insert(number)
            } else {
                self.schedule.waiting.remove(&number)
            };
            match next.deadline {
                Some(at) => self.schedule.deadlines.insert(number, at),
                None => self.schedule.deadlines.remove(&number),
            };
            if next.asks.is_empty() {
                self.schedule.asks.remove(&number);
            } else {
                self.schedule.asks.insert(number, next.asks);
            }
            tick.dirty.remove(&number);
            return next.steps;
        }
    }

    fn write(&mut self, batch: &[Stamped]) -> Result<(), String> {
        let drafts = batch.iter().map(codec::draft).collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
        let first = batch.first().map_or(1, |stamped| stamped.seq);
        self.journal.append(first, &drafts).map(|_| ()).map_err(|e| e.to_string())
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
