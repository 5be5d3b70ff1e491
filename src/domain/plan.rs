//! What is to be done next, from the fold alone: intents of paid calls, local steps, needs, and the next deadline.
//!
//! Asked again after every change, it gives the same answer to the same state; that is all there is to resuming.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::budget::{BudgetError, CapReached, Caps, Period, Scope};
use super::call::{Provider, Route};
use super::episode::{Call, CallState, Episode, Life, Run, Standing, Unit, UnitState};
use super::event::{Event, Need, Pin};
use super::handoff::Contract;
use super::ids::{IntentKey, StageId};
use super::money::MicroUsd;
use super::panel;
use super::pipeline::Kind;
use super::policy::{NearCap, WhenDown};
use super::queue::Ask;
use super::reuse::{self, Known};
use super::step::{Inputs, Step, Work};
use super::studio::Studio;
use super::traffic::{Breaker, Breaking};

/// The limits that the engine works within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls under way at once, by provider; one that is not named has one.
    pub slots: BTreeMap<Provider, u32>,
    /// Calls that may begin within a minute, by provider; one that is not named has no such limit.
    pub per_minute: BTreeMap<Provider, u32>,
    /// When a provider that fails again and again is left alone.
    pub breaking: Breaking,
    /// Failures of one unit before a person is asked.
    pub attempts: u32,
    /// The first wait after a failure, in milliseconds; each further one doubles.
    pub backoff_ms: u64,
    /// The longest wait, in milliseconds.
    pub backoff_max_ms: u64,
    /// Whether an answer that an equal call was given stands for another's.
    pub reuse: bool,
    /// Calls under way at once for whose answers the disk has room; `None` where it has plenty.
    pub room: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        let slots = Provider::ALL.into_iter().map(|provider| (provider, 4)).collect();
        Self {
            slots,
            per_minute: BTreeMap::new(),
            breaking: Breaking::default(),
            attempts: 6,
            backoff_ms: 1_000,
            backoff_max_ms: 60_000,
            reuse: true,
            room: None,
        }
    }
}

/// What follows from the state of an episode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// An event to be written; the plan is then asked for again, until there is none.
    pub event: Option<Event>,
    /// Local work that is to be under way.
    pub steps: BTreeSet<Step>,
    /// When to ask again without anything having happened.
    pub deadline: Option<Timestamp>,
    /// Calls that could go as far as the episode is concerned: the studio's queue says which of them go.
    pub asks: Vec<Ask>,
    /// Whether a call waits for room under a cap that calls under way or a person may make.
    pub waits: bool,
}

/// What one episode needs next. At most one event is given at a time, so that each is decided on the state that the
/// one before it left.
pub fn plan(studio: &Studio, episode: &Episode, limits: &Limits, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    if episode.life != Life::Running {
        // Whoever waits at a need of an episode that is over waits for nothing.
        let is_void = |need: &Need| !matches!(need, Need::Charge { .. } | Need::OverBilled { .. });
        if let (true, Some(open)) = (episode.life.is_over(), episode.needs.iter().find(|open| is_void(&open.need))) {
            plan.event = Some(Event::NeedClosed { id: open.id.clone(), answer: "the episode is over".to_owned() });
        } else if episode.life.is_over() {
            plan.event = unasked_charge(episode);
        }
        return plan;
    }
    let standings = episode.standings();
    let caps = caps(studio, episode, studio.period(now));
    let planner = Planner { studio, episode, limits, now, caps, standings: &standings };
    plan.event = planner.outdated_need();
    for pin in &episode.pins {
        if plan.event.is_some() {
            return plan;
        }
        if let Some(Standing::Open(inputs)) = standings.get(&pin.stage.id) {
            planner.stage(pin, inputs, &mut plan);
        }
    }
    if plan.event.is_none() {
        plan.event = planner.ended();
    }
    plan
}

/// The caps that a call of an episode is held against, with what a person agreed to at the last approval, which is a cap of
/// its own.
pub(super) fn caps(studio: &Studio, episode: &Episode, period: Period) -> Caps {
    let mut caps = studio.caps_for(episode, period);
    if let Some(agreed) = episode.agreed {
        let scope = Scope::Episode(episode.number);
        let cap = caps.get(&scope).map_or(agreed, |cap| agreed.min(*cap));
        caps.insert(scope, cap);
    }
    caps
}

/// A charge of an episode that is over and was not asked about while it ran, since the work went on without its answer.
fn unasked_charge(episode: &Episode) -> Option<Event> {
    let is_open = |call: &Call| matches!(call.state, CallState::Uncertain { .. });
    let mut needs =
        episode.calls.iter().filter(|(_, call)| is_open(call)).map(|(key, _)| Need::Charge { key: key.clone() });
    needs.find(|need| episode.need(&need.id()).is_none()).map(|need| Event::NeedOpened { need })
}

struct Planner<'a> {
    studio: &'a Studio,
    episode: &'a Episode,
    limits: &'a Limits,
    now: Timestamp,
    caps: Caps,
    standings: &'a BTreeMap<StageId, Standing>,
}

impl Planner<'_> {
    fn step(&self, pin: &Pin, inputs: &Inputs, work: Work) -> Step {
        Step { episode: self.episode.number, stage: pin.stage.id.clone(), inputs: inputs.clone(), work }
    }

    fn stage(&self, pin: &Pin, inputs: &Inputs, plan: &mut Plan) {
        if let Some(cheaper) = self.cheaper(pin, inputs) {
            plan.event = Some(cheaper);
            return;
        }
        let run = self.episode.stages.get(&pin.stage.id).and_then(|state| state.run.as_ref());
        let run = run.filter(|run| run.input == inputs.hash);
        if run.is_some_and(|run| run.failed.is_some() || run.is_unread()) {
            return;
        }
        if panel::talk(pin, inputs.note.as_ref()).is_some() {
            return self.talk(pin, inputs, run, plan);
        }
        let work = match pin.stage.kind {
            Kind::Agent | Kind::Speech | Kind::Evaluate => match run {
                Some(run) if run.prepared => return self.units(pin, inputs, run, plan),
                Some(_) | None => Work::Prepare,
            },
            Kind::Gate => {
                let judged = self.episode.gates.get(&pin.stage.id).and_then(|gate| gate.evaluations.get(&inputs.hash));
                if judged.is_some() {
                    // It is judged and not open, nothing was sent back since, and so somebody has to decide.
                    let need = Need::Gate { gate: pin.stage.id.clone(), hash: inputs.hash };
                    if self.episode.need(&need.id()).is_none() {
                        plan.event = Some(Event::NeedOpened { need });
                    }
                    return;
                }
                Work::Evaluate
            }
            Kind::Render => Work::Render,
            // A pipeline with one of these is refused before an episode starts.
            Kind::Panel | Kind::Master => return,
        };
        plan.steps.insert(self.step(pin, inputs, work));
    }

    /// A stage whose calls follow from one another: each is made ready when the one before it is answered.
    fn talk(&self, pin: &Pin, inputs: &Inputs, run: Option<&Run>, plan: &mut Plan) {
        let said: Option<Vec<_>> = run.map_or(Some(Vec::new()), |run| {
            let accepted = |(number, unit): (&u32, &Unit)| match &unit.state {
                UnitState::Accepted(output) => Some((*number, *output)),
                UnitState::Waiting(_)
                | UnitState::Calling(_)
                | UnitState::Answered(_)
                | UnitState::Reused(_)
                | UnitState::Correcting(_)
                | UnitState::Held(_)
                | UnitState::Unread(_)
                | UnitState::Stuck => None,
            };
            run.units.iter().map(accepted).collect()
        });
        match (run, said) {
            (Some(run), _) if run.prepared => self.units(pin, inputs, run, plan),
            (_, Some(units)) => {
                plan.steps.insert(self.step(pin, inputs, Work::Turn { units }));
            }
            (Some(run), None) => self.units(pin, inputs, run, plan),
            (None, None) => {}
        }
    }

    fn units(&self, pin: &Pin, inputs: &Inputs, run: &Run, plan: &mut Plan) {
        let mut accepted = Vec::with_capacity(run.units.len());
        for (number, unit) in &run.units {
            match &unit.state {
                UnitState::Accepted(output) => accepted.push((*number, *output)),
                UnitState::Waiting(Some(until)) if *until > self.now => {
                    plan.deadline = Some(plan.deadline.map_or(*until, |earlier| earlier.min(*until)));
                }
                UnitState::Waiting(_) => {
                    if plan.event.is_none() {
                        self.ask(pin, inputs, *number, run, plan);
                    }
                }
                UnitState::Answered(key) => {
                    if let Some(CallState::Settled { answer, .. }) = self.episode.calls.get(key).map(|call| &call.state)
                    {
                        let work = Work::Accept { unit: *number, request: unit.request, answer: *answer };
                        plan.steps.insert(self.step(pin, inputs, work));
                    }
                }
                UnitState::Reused(answer) => {
                    let work = Work::Accept { unit: *number, request: unit.request, answer: *answer };
                    plan.steps.insert(self.step(pin, inputs, work));
                }
                UnitState::Correcting(reason) => {
                    let work = Work::Correct { unit: *number, request: unit.request, reason: reason.clone() };
                    plan.steps.insert(self.step(pin, inputs, work));
                }
                UnitState::Calling(_) | UnitState::Held(_) | UnitState::Unread(_) | UnitState::Stuck => {}
            }
        }
        if accepted.len() == run.units.len() {
            plan.steps.insert(self.step(pin, inputs, Work::Join { units: accepted }));
        }
    }

    /// A call that may be sent now, or what stands in its way.
    fn ask(&self, pin: &Pin, inputs: &Inputs, number: u32, run: &Run, plan: &mut Plan) {
        let Some(unit) = run.units.get(&number) else { return };
        let stage = &pin.stage.id;
        let Some(route) = unit.route.as_ref().or(inputs.route.as_ref()) else { return };
        let name = self.limits.reuse.then(|| reuse::name(self.episode, pin, run, number, unit, route));
        match name.as_ref().map(|name| self.studio.known(name)) {
            Some(Known::Bought(bought)) => {
                plan.event = name.map(|name| reuse::reused(stage, inputs.hash, number, route.clone(), name, &bought));
                return;
            }
            // Whoever asked first is waited for; where that fails, the next one asks.
            Some(Known::UnderWay) => {
                plan.waits = true;
                return;
            }
            Some(Known::Nothing) | None => {}
        }
        if unit.route.is_none()
            && let Some(elsewhere) = self.elsewhere(pin, route)
        {
            plan.event = Some(elsewhere);
            return;
        }
        // Near a cap one call at a time, where the show says so: the next is asked for when this one is over.
        let is_slow = self.episode.policy.near_cap == NearCap::Slower && self.is_near(stage);
        let is_calling = || self.episode.calls.values().any(Call::is_under_way);
        if is_slow && (!plan.asks.is_empty() || is_calling()) {
            return;
        }
        let attempts = self.episode.stages.get(stage).and_then(|state| state.attempts.get(&number)).copied();
        let attempt = attempts.unwrap_or(0).max(self.episode.attempts_lost).saturating_add(1);
        let key = IntentKey { episode: self.episode.number, stage: stage.clone(), unit: number, attempt };
        let period = self.studio.period(self.now);
        match self.studio.budget.admits(&key, unit.worst, period, &self.caps) {
            Ok(()) => match self.near(&key, period) {
                Some(near) => plan.event = Some(near),
                None => plan.asks.push(Ask {
                    since: unit.since,
                    key,
                    request: unit.request,
                    worst: unit.worst,
                    route: route.clone(),
                    name,
                }),
            },
            Err(BudgetError::Cap(reached)) => plan.event = self.capped(stage, reached, plan),
            Err(BudgetError::Reserved(_) | BudgetError::NotReserved(_) | BudgetError::Negative) => {}
        }
    }

    /// A stage that has not begun goes to its cheaper model where a cap is near and the show says so.
    fn cheaper(&self, pin: &Pin, inputs: &Inputs) -> Option<Event> {
        let stage = &pin.stage.id;
        let route = pin.cheaper.as_ref().filter(|_| self.episode.policy.near_cap == NearCap::Cheaper)?;
        // A change that changes nothing would be planned for ever.
        let route = Some(route).filter(|route| Some(*route) != self.episode.route(stage))?;
        let run = self.episode.stages.get(stage).and_then(|state| state.run.as_ref());
        let has_begun = run.filter(|run| run.input == inputs.hash).is_some_and(|run| {
            run.failed.is_some() || run.units.values().any(|unit| !matches!(unit.state, UnitState::Waiting(None)))
        });
        if has_begun || self.episode.route(stage) != pin.route.as_ref() || !self.is_near(stage) {
            return None;
        }
        let reason = "80 % of a cap is spent, held or possible, and the show goes to cheaper models then".to_owned();
        Some(Event::RouteChanged { stage: stage.clone(), route: route.clone(), reason })
    }

    /// Whether a cap that covers a stage was told to be near. That holds until the cap is another or its day or month is over,
    /// and not only while calls under way hold their worst case: what is done about it does not flicker.
    fn is_near(&self, stage: &StageId) -> bool {
        self.episode.alerted.iter().any(|(scope, cap)| {
            let is_of_another = matches!(scope, Scope::Stage(_, other) if other != stage);
            !is_of_another && self.caps.get(scope) == Some(cap)
        })
    }

    /// The next model of a stage whose provider is left alone, where the show does not wait; never for a judge.
    fn elsewhere(&self, pin: &Pin, route: &Route) -> Option<Event> {
        let is_down = |provider: Provider| {
            let breaker = self.studio.traffic.get(&provider).map(|traffic| &traffic.breaker);
            matches!(breaker, Some(Breaker::Open { .. } | Breaker::Probing { .. }))
        };
        let waits = self.episode.policy.when_down == WhenDown::Wait || pin.stage.output == Contract::Judgement;
        // A call that does not go by the stage's own route, as another model's revision, is not moved by moving that.
        let is_own = self.episode.route(&pin.stage.id) == Some(route);
        if waits || !is_own || !is_down(route.provider) {
            return None;
        }
        let next = self.episode.next_route(&pin.stage.id, Some(route), |next| !is_down(next.provider))?;
        let reason = format!("{} fails, and the show does not wait for it", route.provider);
        Some(Event::RouteChanged { stage: pin.stage.id.clone(), route: next.clone(), reason })
    }

    /// A cap stands in the way: wait where calls under way may free enough by themselves, ask where they cannot.
    fn capped(&self, stage: &StageId, reached: CapReached, plan: &mut Plan) -> Option<Event> {
        let held = self.studio.budget.in_flight(&reached.scope);
        if held > MicroUsd::ZERO && reached.committed.minus(held).plus(reached.worst) <= reached.cap {
            plan.waits = true;
            return None;
        }
        plan.waits = true;
        let CapReached { scope, cap, committed, worst } = reached;
        let need = Need::Cap { stage: stage.clone(), scope, cap, committed, worst };
        self.episode.need(&need.id()).is_none().then_some(Event::NeedOpened { need })
    }

    fn near(&self, key: &IntentKey, period: Period) -> Option<Event> {
        let own = [Scope::Stage(key.episode, key.stage.clone()), Scope::Episode(key.episode)];
        let shared = [Scope::Day(period.day), Scope::Month(period.month)];
        own.into_iter().chain(shared).find_map(|scope| {
            let cap = *self.caps.get(&scope)?;
            let alerted = self.episode.alerted.get(&scope) == Some(&cap);
            let committed = self.studio.budget.committed(&scope);
            let is_near = self.studio.budget.is_near(&scope, cap) && !alerted;
            is_near.then_some(Event::CapNear { scope, cap, committed, then: self.episode.policy.near_cap })
        })
    }

    /// A need whose cause is gone: another hash stands at the gate, or there is room under the cap.
    fn outdated_need(&self) -> Option<Event> {
        self.episode.needs.iter().find_map(|open| {
            let answer = match &open.need {
                Need::Gate { gate, hash } => {
                    let now_at = self.standings.get(gate).and_then(Standing::inputs).map(|inputs| inputs.hash);
                    (now_at != Some(*hash)).then_some("what stood at the gate has changed")
                }
                Need::Cap { scope, worst, .. } => {
                    let is_free = self.caps.get(scope).is_none_or(|cap| {
                        self.studio.budget.committed(scope).plus(*worst) <= *cap
                            || matches!(scope, Scope::Call) && worst <= cap
                    });
                    let is_over = match scope {
                        Scope::Day(day) => *day != self.studio.period(self.now).day,
                        Scope::Month(month) => *month != self.studio.period(self.now).month,
                        Scope::Call | Scope::Stage(..) | Scope::Episode(_) => false,
                    };
                    (is_free || is_over).then_some("there is room again")
                }
                Need::Retries { stage, .. } => {
                    let at = self.standings.get(stage).and_then(Standing::inputs).map(|inputs| inputs.hash);
                    let run = self.episode.stages.get(stage).and_then(|state| state.run.as_ref());
                    let is_current = run.is_some_and(|run| run.failed.is_some() && Some(run.input) == at);
                    (!is_current).then_some("the stage works on other inputs now")
                }
                Need::Unread { key, .. } => {
                    let at = self.standings.get(&key.stage).and_then(Standing::inputs).map(|inputs| inputs.hash);
                    let run = self.episode.stages.get(&key.stage).and_then(|state| state.run.as_ref());
                    let is_current = run.is_some_and(|run| run.is_unread() && Some(run.input) == at);
                    (!is_current).then_some("the stage works on other inputs now")
                }
                Need::Charge { .. } | Need::OverBilled { .. } => None,
            };
            answer.map(|answer| Event::NeedClosed { id: open.id.clone(), answer: answer.to_owned() })
        })
    }

    /// The end: every stage has handed on and every gate is open.
    fn ended(&self) -> Option<Event> {
        let is_done = |pin: &Pin| matches!(self.standings.get(&pin.stage.id), Some(Standing::Done(..)));
        let last = self.episode.pins.last()?;
        if !self.episode.pins.iter().all(is_done) {
            return None;
        }
        let package = self.episode.pins.iter().rev().find(|pin| pin.stage.kind == Kind::Render).unwrap_or(last);
        let manifest = self.standings.get(&package.stage.id).and_then(Standing::output)?;
        Some(Event::Packaged { manifest })
    }
}
