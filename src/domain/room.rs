//! What a cap leaves, what stands in the way of a stage's next call, and what a cap would have to be for what waits.
//!
//! For people: what admits a call is [`super::budget`].

use super::budget::{CapReached, Period, Scope};
use super::episode::{Episode, Standing, Unit, UnitState};
use super::ids::StageId;
use super::money::MicroUsd;

/// A cap, where there is one, and what is spent or reserved under it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The cap.
    pub cap: Option<MicroUsd>,
    /// Spent or reserved.
    pub committed: MicroUsd,
}

/// The caps that an episode shares with others.
#[derive(Clone, Copy, Debug)]
pub struct Periods {
    /// The day and the month.
    pub period: Period,
    /// What is taken of the day.
    pub day: Taken,
    /// What is taken of the month.
    pub month: Taken,
}

/// What a cap would have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed {
    /// As it is.
    pub taken: Taken,
    /// So that the dearest waiting call of the stage can go.
    pub one: MicroUsd,
    /// So that every call that waits under it now can go.
    pub all: MicroUsd,
}

impl Periods {
    /// What is taken of a cap that covers an episode.
    pub fn taken(&self, episode: &Episode, scope: &Scope) -> Taken {
        let cap = || episode.caps.get(scope).copied();
        match scope {
            Scope::Call => Taken { cap: cap(), committed: MicroUsd::ZERO },
            Scope::Stage(_, stage) => {
                let committed = episode.calls_of(stage).map(|(_, call)| call.sums().committed()).sum();
                Taken { cap: cap(), committed }
            }
            Scope::Episode(_) => {
                // What a person agreed to at an approval is a cap of its own.
                let cap = [cap(), episode.agreed].into_iter().flatten().min();
                Taken { cap, committed: episode.committed() }
            }
            Scope::Day(_) => self.day,
            Scope::Month(_) => self.month,
        }
    }

    /// The narrowest cap that does not admit the next call of a stage; nothing where none of its calls waits for money.
    pub fn short(&self, episode: &Episode, stage: &StageId) -> Option<CapReached> {
        let scopes = [
            Scope::Call,
            Scope::Stage(episode.number, stage.clone()),
            Scope::Episode(episode.number),
            Scope::Day(self.period.day),
            Scope::Month(self.period.month),
        ];
        let taken = scopes.map(|scope| (self.taken(episode, &scope), scope));
        waiting(episode, stage).into_iter().find_map(|unit| {
            taken.iter().find_map(|(Taken { cap, committed }, scope)| {
                let (cap, worst) = ((*cap)?, unit.worst);
                let is_short = committed.plus(worst) > cap;
                is_short.then(|| CapReached { scope: scope.clone(), cap, committed: *committed, worst })
            })
        })
    }

    /// What a cap would have to be for what waits under it, at least for a call of so much.
    pub fn needed(&self, episode: &Episode, scope: &Scope, stage: &StageId, worst: MicroUsd) -> Needed {
        let taken = self.taken(episode, scope);
        let dearest = waiting(episode, stage).iter().map(|unit| unit.worst).max().unwrap_or(worst);
        let one = taken.committed.plus(dearest);
        let together = |stages: &mut dyn Iterator<Item = &StageId>| -> MicroUsd {
            stages.flat_map(|stage| waiting(episode, stage)).map(|unit| unit.worst).sum()
        };
        let all = match scope {
            Scope::Call => one,
            Scope::Stage(..) => taken.committed.plus(together(&mut std::iter::once(stage))),
            Scope::Episode(_) | Scope::Day(_) | Scope::Month(_) => {
                taken.committed.plus(together(&mut episode.pins.iter().map(|pin| &pin.stage.id)))
            }
        };
        Needed { taken, one, all: all.max(one) }
    }
}

/// The units of a stage that wait to be sent, where nothing else holds them up.
fn waiting<'a>(episode: &'a Episode, stage: &StageId) -> Vec<&'a Unit> {
    let run = episode.stages.get(stage).and_then(|state| state.run.as_ref());
    let Some(run) = run.filter(|run| run.failed.is_none()) else { return Vec::new() };
    let inputs = episode.standings();
    if !matches!(inputs.get(stage), Some(Standing::Open(inputs)) if inputs.hash == run.input) {
        return Vec::new();
    }
    run.units.values().filter(|unit| matches!(unit.state, UnitState::Waiting(_))).collect()
}
