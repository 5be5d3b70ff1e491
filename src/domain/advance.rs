//! The one pure step of a studio: inputs in, a batch of events out.
//!
//! Decide, apply, plan and the queue run to a fixpoint here. The whole batch has one moment, so that what is admitted for a
//! day is counted on that day. Not for reading clocks, writing journals or starting work: the dispatcher does that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::command::Command;
use super::decide::{self, Decided, Refusal};
use super::episode::Episode;
use super::event::{Actor, Event, Stamped};
use super::ids::{EpisodeNumber, StageId};
use super::plan::{Limits, plan};
use super::queue::{self, Ask, Turn};
use super::reuse;
use super::step::{CallStep, Outcome, Step};
use super::studio::Studio;

/// The most events that the plan of one episode gives in one batch.
const MOST_PLANNED: usize = 10_000;

/// Something that a batch is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A fact of the studio itself, such as its first event or a clock that was set.
    Noted(Event),
    /// What a step came back with.
    Came(Outcome),
    /// What a person or a script asks for.
    Asked(Actor, Command),
}

/// What a batch is made by.
pub struct Rules<'a> {
    /// The limits that the engine works within.
    pub limits: &'a Limits,
    /// Whether new calls may go.
    pub admits: bool,
}

/// What has to be looked at again, and when. It follows from the studio: a new one is enough after a start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agenda {
    /// Episodes that something happened to.
    dirty: BTreeSet<EpisodeNumber>,
    /// Episodes that wait for room under a cap.
    waiting: BTreeSet<EpisodeNumber>,
    /// Episodes that have something to do at a moment.
    deadlines: BTreeMap<EpisodeNumber, Timestamp>,
    /// The calls that could go as far as their episodes are concerned.
    asks: BTreeMap<EpisodeNumber, Vec<Ask>>,
    /// When one of them may go without anything having happened.
    queued: Option<Timestamp>,
}

impl Agenda {
    /// All episodes of a studio are to be looked at.
    pub fn new(studio: &Studio) -> Self {
        Self { dirty: studio.episodes.keys().copied().collect(), ..Self::default() }
    }

    /// When to advance again without anything having happened.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.deadlines.values().chain(&self.queued).min().copied()
    }

    /// The calls that could go as far as their episodes are concerned.
    pub fn asks(&self) -> impl Iterator<Item = &Ask> {
        self.asks.values().flatten()
    }

    fn forget(&mut self, number: EpisodeNumber) {
        self.waiting.remove(&number);
        self.deadlines.remove(&number);
        self.asks.remove(&number);
    }
}

/// What follows from the inputs. Nothing of it holds before the events are on disk.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events, all of one moment.
    pub events: Vec<Stamped>,
    /// The answer to each command, in order: the number of its last event, or why it was refused.
    pub answers: Vec<Result<u64, Refusal>>,
    /// The paid calls to start.
    pub calls: Vec<CallStep>,
    /// The local work that is to be under way, by episode; of others it stands as it was.
    pub wanted: BTreeMap<EpisodeNumber, BTreeSet<Step>>,
    /// Episodes that left the fold.
    pub retired: Vec<Arc<Episode>>,
}

/// A fault of the program. The studio may hold a part of the batch and must be dropped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdvanceError {
    /// An event does not fit the state it was decided on.
    #[error(
        "the studio contradicts itself: {0}. Nothing of this was recorded and nothing more is started; what was recorded \
         before is safe. Please report it, and start greenroom again to go on"
    )]
    Misfit(String),
    /// The same state is planned again and again.
    #[error(
        "the plan of episode {0} never settles. Nothing of this was recorded and nothing more is started; what was recorded \
         before is safe. Please report it"
    )]
    Endless(EpisodeNumber),
}

/// Decides the inputs in their order, and then plans and admits calls until nothing more follows. A batch has one moment:
/// `now`, or that of the last event where this is later.
///
/// # Errors
///
/// When the program contradicts itself.
pub fn advance(
    studio: &mut Studio,
    agenda: &mut Agenda,
    inputs: Vec<Input>,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Result<Batch, AdvanceError> {
    let now = now.max(studio.at);
    let mut advance = Advance { studio, agenda, rules, now, batch: Batch::default() };
    for input in inputs {
        match input {
            Input::Noted(event) => advance.write(&Actor::Engine, None, event)?,
            Input::Came(outcome) => advance.come(&outcome)?,
            Input::Asked(by, command) => advance.ask(&by, &command)?,
        }
    }
    advance.settle()?;
    Ok(advance.batch)
}

struct Advance<'a, 'b> {
    studio: &'a mut Studio,
    agenda: &'a mut Agenda,
    rules: &'a Rules<'b>,
    now: Timestamp,
    batch: Batch,
}

impl Advance<'_, '_> {
    fn come(&mut self, outcome: &Outcome) -> Result<(), AdvanceError> {
        let decided = decide::outcome(self.studio, outcome, self.rules.limits, self.now);
        self.agenda.dirty.insert(outcome.episode());
        let prepared = prepared(&decided);
        self.write_all(&Actor::Engine, decided)?;
        // What past episodes bought answers the calls that were made ready just now.
        let Outcome::Worked { past, .. } = outcome else { return Ok(()) };
        for (episode, stage) in prepared {
            for event in reuse::recalled(self.studio, episode, &stage, past) {
                self.write(&Actor::Engine, Some(episode), event)?;
            }
        }
        Ok(())
    }

    fn ask(&mut self, by: &Actor, command: &Command) -> Result<(), AdvanceError> {
        let answer = match decide::command(self.studio, by, command) {
            Ok(decided) => {
                self.write_all(by, decided)?;
                Ok(self.studio.seq)
            }
            Err(refusal) => {
                let episode = command.episode().filter(|number| self.studio.episodes.contains_key(number));
                let is_of_past = matches!(refusal, Refusal::NoEpisode(_) | Refusal::Taken { .. });
                let event = Event::CommandRefused { asked: command.asked(), reason: refusal.to_string() };
                self.write(by, if is_of_past { None } else { episode }, event)?;
                Err(refusal)
            }
        };
        self.batch.answers.push(answer);
        Ok(())
    }

    fn write_all(&mut self, actor: &Actor, decided: Vec<Decided>) -> Result<(), AdvanceError> {
        decided.into_iter().try_for_each(|(episode, event)| self.write(actor, episode, event))
    }

    /// Gives an event its place and applies it to the working state.
    fn write(&mut self, actor: &Actor, episode: Option<EpisodeNumber>, event: Event) -> Result<(), AdvanceError> {
        let stamped = Stamped { seq: self.studio.seq + 1, at: self.now, episode, actor: actor.clone(), event };
        let retired = self.studio.apply(&stamped).map_err(|error| AdvanceError::Misfit(error.to_string()))?;
        self.batch.retired.extend(retired);
        self.agenda.dirty.extend(episode);
        if matches!(stamped.event, Event::BreakerOpened { .. }) {
            // Some may go elsewhere.
            self.agenda.dirty.extend(self.agenda.asks.keys());
        }
        self.batch.calls.extend(call(self.studio, &stamped));
        self.batch.events.push(stamped);
        Ok(())
    }

    /// Asks for the plan of every episode that something happened to, and lets the calls go whose turn it is, until nothing
    /// more follows.
    fn settle(&mut self) -> Result<(), AdvanceError> {
        let due = self.agenda.deadlines.iter().filter(|(_, at)| **at <= self.now).map(|(number, _)| *number);
        self.agenda.dirty.extend(due.collect::<Vec<_>>());
        self.agenda.dirty.extend(self.agenda.waiting.iter().copied());
        let mut planned_anew = 0;
        loop {
            while let Some(number) = self.agenda.dirty.pop_first() {
                let steps = self.plan(number)?;
                self.batch.wanted.insert(number, steps);
            }
            if !self.rules.admits {
                return Ok(());
            }
            match queue::turn(self.studio, self.rules.limits, self.now, self.agenda.asks.values().flatten()) {
                Turn::Write(number, event) => {
                    planned_anew = 0;
                    self.write(&Actor::Engine, Some(number), *event)?;
                }
                Turn::Again(number) if planned_anew > MOST_PLANNED => return Err(AdvanceError::Endless(number)),
                Turn::Again(number) => {
                    planned_anew += 1;
                    self.agenda.dirty.insert(number);
                }
                Turn::Rest(until) => {
                    self.agenda.queued = until;
                    return Ok(());
                }
            }
        }
    }

    /// Plans an episode until nothing more follows from its own state: its local work, and what it asks of the queue.
    fn plan(&mut self, number: EpisodeNumber) -> Result<BTreeSet<Step>, AdvanceError> {
        let before = self.batch.events.len();
        loop {
            // Each event of a plan takes it further. One that does not is a fault, and must not fill the memory.
            if self.batch.events.len() - before > MOST_PLANNED {
                return Err(AdvanceError::Endless(number));
            }
            let Some(episode) = self.studio.episodes.get(&number) else {
                self.agenda.forget(number);
                return Ok(BTreeSet::new());
            };
            let next = plan(self.studio, episode, self.rules.limits, self.now);
            if let Some(event) = next.event {
                self.write(&Actor::Engine, Some(number), event)?;
                continue;
            }
            self.agenda.forget(number);
            if next.waits {
                self.agenda.waiting.insert(number);
            }
            self.agenda.deadlines.extend(next.deadline.map(|at| (number, at)));
            if !next.asks.is_empty() {
                self.agenda.asks.insert(number, next.asks);
            }
            self.agenda.dirty.remove(&number);
            return Ok(next.steps);
        }
    }
}

/// The call that an intent starts.
fn call(studio: &Studio, stamped: &Stamped) -> Option<CallStep> {
    let Event::CallIntended { key, request, worst, route } = &stamped.event else { return None };
    let episode = studio.episodes.get(&key.episode);
    let limit = episode.and_then(|e| e.pin(&key.stage));
    Some(CallStep {
        key: key.clone(),
        sent: studio.sent_key(key, stamped.at),
        request: *request,
        worst: *worst,
        route: route.clone(),
        time_limit_seconds: limit.map_or(600, |pin| pin.stage.time_limit_seconds),
        at: stamped.at,
        batch: None,
    })
}

/// The stages whose calls were made ready by these events.
fn prepared(decided: &[Decided]) -> BTreeSet<(EpisodeNumber, StageId)> {
    let stages = decided.iter().filter_map(|(episode, event)| match event {
        Event::StagePrepared { stage, .. } | Event::CorrectionPrepared { stage, .. } => {
            episode.map(|episode| (episode, stage.clone()))
        }
        _ => None,
    });
    stages.collect()
}
