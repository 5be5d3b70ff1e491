//! Equal calls: what makes two of them the same, and whose answer stands for the other's.
//!
//! A call is named by all that its answer depends on: the provider, the model, the body with its parameters and the rendered
//! prompt (and, where it is kept with them, the server that it is for), which sample of it is wanted, and how often the answer was
//! corrected. What was bought under a name and met its
//! contract is not bought again, and what is under way under a name is waited for. Not for where past answers are kept: that is
//! the ledger's matter.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::{Provider, Route};
use super::episode::{CallState, Episode, Life, Run, Unit, UnitState};
use super::event::{Actor, Event, Pin, Stamped};
use super::handoff::Contract;
use super::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use super::money::MicroUsd;
use super::pipeline::Kind;
use super::step::{Done, Step};
use super::studio::Studio;

/// An answer that was bought and met its contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bought {
    /// The body of the answer.
    pub answer: ContentHash,
    /// What it cost.
    pub price: MicroUsd,
    /// The call that bought it.
    pub by: IntentKey,
}

/// An answer that was not paid for again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reused {
    /// The stage that it answers.
    pub stage: StageId,
    /// The unit.
    pub unit: u32,
    /// Where the call would have gone.
    pub route: Route,
    /// The call that bought it.
    pub of: IntentKey,
    /// What that call cost.
    pub saved: MicroUsd,
    /// When it was reused.
    pub at: Timestamp,
}

/// What an episode that has left the fold bought, while another one waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The body that was sent.
    pub request: ContentHash,
    /// The answer.
    pub bought: Bought,
}

/// What is known of a call by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// An equal call was answered.
    Bought(Bought),
    /// An equal call is under way, or its answer is being held to its contract.
    UnderWay,
    /// It has to be made.
    Nothing,
}

/// The name of the call that a unit asks for.
///
/// The words of a voice are the same words wherever they stand. What judges or talks is asked for its own opinion each time:
/// another stage's is no answer, and the second of two equal questions of one stage is another sample. What searches is asked anew
/// by every episode, since the world has gone on.
pub fn name(episode: &Episode, pin: &Pin, run: &Run, number: u32, unit: &Unit, route: &Route) -> ContentHash {
    let searches = route.provider == Provider::Perplexity || pin.stage.output == Contract::Research;
    let is_opinion = matches!(pin.stage.kind, Kind::Evaluate | Kind::Panel);
    let whose = if searches {
        format!("of {}", episode.number)
    } else if is_opinion {
        let before = run.units.range(..number).filter(|(_, other)| other.request == unit.request).count();
        format!("{}/{before}", pin.stage.id)
    } else {
        String::new()
    };
    ContentHash::of_parts([
        route.provider.name().as_bytes(),
        route.model.as_bytes(),
        unit.request.as_bytes().as_slice(),
        &episode.policy.sample.to_be_bytes(),
        whose.as_bytes(),
        &unit.corrected.to_be_bytes(),
    ])
}

impl Studio {
    /// What is known of a call among the episodes under way.
    pub fn known(&self, name: &ContentHash) -> Known {
        let left = || self.left.get(name).map_or(Known::Nothing, |left| Known::Bought(left.bought.clone()));
        let Some(by) = self.named.get(name) else { return left() };
        let Some(episode) = self.episodes.get(&by.episode) else { return left() };
        let Some(call) = episode.calls.get(by) else { return left() };
        match &call.state {
            CallState::Settled { answer, price, .. } if call.met => {
                Known::Bought(Bought { answer: *answer, price: *price, by: by.clone() })
            }
            CallState::Settled { .. } if is_held_to_its_contract(episode, by) => Known::UnderWay,
            CallState::InFlight => Known::UnderWay,
            CallState::Settled { .. }
            | CallState::Failed { .. }
            | CallState::Uncertain { .. }
            | CallState::Ruled { .. } => left(),
        }
    }

    /// Keeps what an episode that leaves the fold bought and another one waits for, and forgets what nobody waits for any more.
    pub(super) fn leave(&mut self, episode: Option<&Episode>) {
        let bought: Vec<(ContentHash, Left)> = episode.into_iter().flat_map(Episode::left).collect();
        if bought.is_empty() && self.left.is_empty() {
            return;
        }
        let runs = self.episodes.values().flat_map(|episode| episode.stages.values()).filter_map(|s| s.run.as_ref());
        let units = runs.flat_map(|run| run.units.values());
        let waiting = units.filter(|unit| matches!(unit.state, UnitState::Waiting(_)));
        let waited: BTreeSet<ContentHash> = waiting.map(|unit| unit.request).collect();
        self.left.extend(bought);
        self.left.retain(|_, left| waited.contains(&left.request));
    }
}

/// Whether the answer of a call is waited for by its own unit: a paused or stopped stage decides nothing soon.
fn is_held_to_its_contract(episode: &Episode, key: &IntentKey) -> bool {
    let run = episode.stages.get(&key.stage).and_then(|state| state.run.as_ref());
    let waits = run.filter(|run| run.failed.is_none()).and_then(|run| run.units.get(&key.unit));
    let states = [UnitState::Answered(key.clone()), UnitState::Unread(key.clone())];
    episode.life == Life::Running && waits.is_some_and(|unit| states.contains(&unit.state))
}

/// The names of the calls that a piece of work has made ready, before that is recorded.
pub fn made_ready(episode: &Episode, step: &Step, done: &Done) -> Vec<ContentHash> {
    let (stage, input) = (step.stage.clone(), step.inputs.hash);
    let event = match done {
        Done::Prepared(units) => Event::StagePrepared { stage, input, units: units.clone(), last: true },
        Done::Turned(unit) => Event::StagePrepared { stage, input, units: vec![unit.clone()], last: false },
        Done::Corrected(unit) => Event::CorrectionPrepared { stage, input, unit: unit.clone() },
        Done::Skipped(_)
        | Done::Accepted { .. }
        | Done::Refused { .. }
        | Done::Unread { .. }
        | Done::Made(_)
        | Done::Evaluated(_) => return Vec::new(),
    };
    let mut then = episode.clone();
    let (at, episode, actor) = (episode.touched, Some(episode.number), Actor::Engine);
    // What does not fit is not recorded either, and asks for nothing.
    if then.apply(&Stamped { seq: 0, at, episode, actor, event }).is_err() {
        return Vec::new();
    }
    waiting_in(&then, &step.stage).into_iter().map(|(_, name, _)| name).collect()
}

fn waiting(studio: &Studio, number: EpisodeNumber, stage: &StageId) -> Vec<(u32, ContentHash, Route)> {
    studio.episodes.get(&number).map(|episode| waiting_in(episode, stage)).unwrap_or_default()
}

fn waiting_in(episode: &Episode, stage: &StageId) -> Vec<(u32, ContentHash, Route)> {
    let standings = episode.standings();
    let Some(inputs) = standings.get(stage).and_then(|standing| standing.inputs()) else { return Vec::new() };
    let run = episode.stages.get(stage).and_then(|state| state.run.as_ref()).filter(|run| run.input == inputs.hash);
    let (Some(run), Some(pin)) = (run, episode.pin(stage)) else { return Vec::new() };
    let units = run.units.iter().filter(|(_, unit)| matches!(unit.state, UnitState::Waiting(_)));
    let named = units.filter_map(|(number, unit)| {
        let route = unit.route.as_ref().or(inputs.route.as_ref())?;
        Some((*number, name(episode, pin, run, *number, unit, route), route.clone()))
    });
    named.collect()
}

/// The events by which units of a stage are answered from what past episodes bought.
pub fn recalled(
    studio: &Studio,
    number: EpisodeNumber,
    stage: &StageId,
    past: &BTreeMap<ContentHash, Bought>,
) -> Vec<Event> {
    let run = studio.episodes.get(&number).and_then(|episode| episode.stages.get(stage)?.run.as_ref());
    let Some(input) = run.map(|run| run.input) else { return Vec::new() };
    let found = waiting(studio, number, stage).into_iter();
    let found = found.filter(|(_, name, _)| studio.known(name) == Known::Nothing);
    let answered = found.filter_map(|(unit, name, route)| Some((unit, name, route, past.get(&name)?)));
    answered.map(|(unit, name, route, bought)| reused(stage, input, unit, route, name, bought)).collect()
}

/// The event by which a unit is answered from what was bought before.
pub fn reused(
    stage: &StageId,
    input: ContentHash,
    unit: u32,
    route: Route,
    name: ContentHash,
    bought: &Bought,
) -> Event {
    Event::AnswerReused {
        stage: stage.clone(),
        input,
        unit,
        route,
        name,
        answer: bought.answer,
        of: bought.by.clone(),
        saved: bought.price,
    }
}

impl Episode {
    /// What the episode bought that met its contract, each with the name of its call.
    pub fn bought(&self) -> impl Iterator<Item = (ContentHash, Bought)> {
        self.left().map(|(name, left)| (name, left.bought))
    }

    fn left(&self) -> impl Iterator<Item = (ContentHash, Left)> {
        self.calls.iter().filter(|(_, call)| call.met).filter_map(|(key, call)| match &call.state {
            CallState::Settled { answer, price, .. } => {
                let bought = Bought { answer: *answer, price: *price, by: key.clone() };
                Some((call.name, Left { request: call.request, bought }))
            }
            CallState::InFlight | CallState::Failed { .. } | CallState::Uncertain { .. } | CallState::Ruled { .. } => {
                None
            }
        })
    }

    /// What it would have cost besides, had nothing been reused.
    pub fn saved(&self) -> MicroUsd {
        self.reused.iter().map(|reused| reused.saved).sum()
    }
}
