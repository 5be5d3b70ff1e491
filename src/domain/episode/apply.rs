//! How an event changes an episode. Every event either fits or is refused; nothing is guessed.

use jiff::Timestamp;

use super::{
    Approval, Call, CallState, Corrected, Episode, Evaluation, GateState, Life, Made, OpenNeed, Overridden, Proposal,
    RuledItem, Run, SentBack, Unit, UnitState, lapse,
};
use crate::domain::budget::Scope;
use crate::domain::call::Route;
use crate::domain::event::{Actor, AnswerRuling, Event, Handoff, Need, Ruling, Stamped, UnitPlan};
use crate::domain::ids::{ContentHash, IntentKey, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::panel::MISSED;
use crate::domain::reuse::{self, Reused};
use crate::domain::step::NoteInput;
use crate::domain::window::Window;

/// An event that does not fit the state it meets: the ledger contradicts itself there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} does not fit: {what}")]
pub struct FoldError {
    /// The event.
    pub seq: u64,
    /// Why it does not fit.
    pub what: String,
}

type Fit = Result<(), String>;

impl Episode {
    /// Applies an event of this episode's. The reservation and its settlement are the studio's budget's matter.
    ///
    /// # Errors
    ///
    /// When the event does not fit; the episode may then be changed in part and must be dropped.
    pub fn apply(&mut self, stamped: &Stamped) -> Result<(), FoldError> {
        let fit = self.fit(stamped.at, &stamped.actor, &stamped.event);
        self.touched = stamped.at;
        if fit.is_ok() && lapse::can_move_gates(&stamped.event) {
            self.lapse(stamped.at);
        }
        fit.map_err(|what| FoldError { seq: stamped.seq, what })
    }

    fn fit(&mut self, at: Timestamp, actor: &Actor, event: &Event) -> Fit {
        match event {
            Event::StudioOpened { .. }
            | Event::ClockSteppedBack { .. }
            | Event::ClockSteppedForward { .. }
            | Event::ClockBelieved { .. }
            | Event::LossAccepted { .. }
            | Event::EpisodeStarted { .. }
            | Event::BillReconciled { .. } => Err("it belongs to no episode that is under way".to_owned()),
            // Providers are the studio's matter.
            Event::CommandRefused { .. }
            | Event::BreakerOpened { .. }
            | Event::BreakerProbing { .. }
            | Event::BreakerClosed { .. } => Ok(()),
            Event::CapSet { scope, cap, .. } => {
                if *scope == Scope::Episode(self.number) && self.goes_beyond_agreed(*cap) {
                    self.agreed = None;
                }
                self.caps.insert(scope.clone(), *cap);
                Ok(())
            }
            Event::CapNear { scope, cap, .. } => {
                self.alerted.insert(scope.clone(), *cap);
                Ok(())
            }
            Event::StagePinned { pin } => {
                if self.pin(&pin.stage.id).is_some() {
                    return Err(format!("{} is pinned already", pin.stage.id));
                }
                self.pins.push((**pin).clone());
                Ok(())
            }
            Event::StagePrepared { stage, input, units, last } => self.prepared(at, stage, *input, units, *last),
            Event::CorrectionPrepared { stage, input, unit } => {
                let known = self.unit(stage, input, unit.unit)?;
                known.request = unit.request;
                known.worst = unit.worst;
                known.route = unit.route.clone();
                known.window = unit.window;
                known.state = UnitState::Waiting(None);
                known.since = at;
                Ok(())
            }
            Event::CallIntended { key, request, worst, route } => {
                let (name, window) = self.name_of(key, route)?;
                let (route, state) = (route.clone(), CallState::InFlight);
                self.intended(
                    key,
                    Call {
                        request: *request,
                        worst: *worst,
                        route,
                        at,
                        state,
                        name,
                        met: false,
                        window,
                        batch: None,
                        corrected: None,
                    },
                )
            }
            Event::CallBatched { key, batch } => {
                self.open_call(key)?.batch = Some(batch.clone());
                Ok(())
            }
            Event::CallSettled { key, answer, usage, price, machine_ms, request_id, bill, told: _ } => {
                self.unpriced_call(key)?.state = CallState::Settled {
                    answer: *answer,
                    usage: *usage,
                    price: *price,
                    machine_ms: *machine_ms,
                    request_id: request_id.clone(),
                    bill: bill.clone(),
                };
                self.of_call(key, |unit| unit.state = UnitState::Answered(key.clone()));
                Ok(())
            }
            Event::CallFailed { key, class, message, price, not_before, usage, bill, request_id, told: _ } => {
                self.unpriced_call(key)?.state = CallState::Failed {
                    class: *class,
                    message: message.clone(),
                    price: *price,
                    usage: *usage,
                    bill: bill.clone(),
                    request_id: request_id.clone(),
                };
                self.of_call(key, |unit| {
                    unit.failures = unit.failures.saturating_add(1);
                    unit.state = UnitState::Waiting(*not_before);
                    unit.since = not_before.unwrap_or(at);
                });
                Ok(())
            }
            Event::ChargeUncertain { key, reason } => {
                self.open_call(key)?.state = CallState::Uncertain { reason: reason.clone() };
                self.of_call(key, |unit| {
                    unit.failures = unit.failures.saturating_add(1);
                    unit.state = UnitState::Held(key.clone());
                });
                Ok(())
            }
            Event::UncertainPolicySet { uncertain } => {
                self.policy.uncertain = *uncertain;
                Ok(())
            }
            Event::ChargeRuled { key, ruling, not_before } => self.ruled(at, key, *ruling, *not_before),
            Event::AnswerUnread { key, .. } => {
                let (from, to) = (UnitState::Answered(key.clone()), UnitState::Unread(key.clone()));
                self.turned(at, key, &from, to)
            }
            Event::AnswerRuled { key, ruling } => {
                let to = match ruling {
                    AnswerRuling::ReadAgain => UnitState::Answered(key.clone()),
                    AnswerRuling::CallAgain => UnitState::Waiting(None),
                };
                self.turned(at, key, &UnitState::Unread(key.clone()), to)
            }
            Event::ChargeCorrected { .. } if matches!(actor, Actor::Engine) => {
                Err("only a person corrects a price".to_owned())
            }
            Event::ChargeCorrected { key, price, reason } => {
                let call = self.calls.get_mut(key).filter(|call| call.is_booked());
                let call = call.ok_or_else(|| format!("no price is booked for {key}"))?;
                call.corrected = Some(Corrected { price: *price, by: actor.clone(), at, reason: reason.clone() });
                Ok(())
            }
            Event::AnswerReused { stage, input, unit, route, answer, of, saved, .. } => {
                let known = self.unit(stage, input, *unit)?;
                if !matches!(known.state, UnitState::Waiting(_)) {
                    return Err(format!("unit {unit} of {stage} waits for no answer"));
                }
                known.state = UnitState::Reused(*answer);
                let (stage, route, of) = (stage.clone(), route.clone(), of.clone());
                self.reused.push(Reused { stage, unit: *unit, route, of, saved: *saved, at });
                Ok(())
            }
            Event::UnitAccepted { stage, input, unit, output, claimed_words } => {
                let known = self.unit(stage, input, *unit)?;
                let was = std::mem::replace(&mut known.state, UnitState::Accepted(*output));
                let request = known.request;
                let place = self.place_of(stage, input, *unit);
                // A turn that passes without a word has an answer that met nothing, or none.
                if let (UnitState::Answered(key), false) = (&was, *output == ContentHash::of(MISSED))
                    && let Some(call) = self.calls.get_mut(key)
                {
                    call.met = true;
                }
                let state = self.stages.entry(stage.clone()).or_default();
                state.takes.insert(request, *output);
                state.places.extend(place.filter(|_| *output != ContentHash::of(MISSED)).map(|place| (place, *output)));
                state.claimed_words = *claimed_words;
                Ok(())
            }
            Event::OutputRejected { stage, input, unit, reason } => {
                let known = self.unit(stage, input, *unit)?;
                known.corrections = known.corrections.saturating_add(1);
                known.corrected = known.corrected.saturating_add(1);
                known.state = UnitState::Correcting(reason.clone());
                Ok(())
            }
            Event::StageCompleted { stage, input, output, handoff, words } => {
                self.known(stage)?;
                let round = self.round();
                let parent = self.note_for(stage).map(|sent| sent.input.base);
                let state = self.stages.entry(stage.clone()).or_default();
                state.began.get_or_insert(at);
                let claimed_words = words.and(state.claimed_words);
                let by = actor.clone();
                let made =
                    Made { output: *output, at, handoff: *handoff, words: *words, claimed_words, round, parent, by };
                state.outputs.insert(*input, made);
                Ok(())
            }
            Event::OutputChosen { stage, input, output, parent, words, .. } => {
                self.known(stage)?;
                let round = self.round();
                let state = self.stages.entry(stage.clone()).or_default();
                let made = Made {
                    output: *output,
                    at,
                    handoff: Handoff::Chosen,
                    words: *words,
                    claimed_words: None,
                    round,
                    parent: Some(*parent),
                    by: actor.clone(),
                };
                let replaced = state.outputs.insert(*input, made);
                state.replaced.extend(replaced);
                Ok(())
            }
            Event::PromptChosen { stage, prompt, reviser, .. } => {
                let pin = self.pins.iter_mut().find(|pin| pin.stage.id == *stage);
                let pin = pin.ok_or_else(|| format!("there is no stage {stage}"))?;
                let place = if *reviser { &mut pin.revise } else { &mut pin.prompt };
                *place = Some(prompt.clone());
                Ok(())
            }
            Event::StageFailed { stage, input, reason } => {
                self.known(stage)?;
                let state = self.stages.entry(stage.clone()).or_default();
                match &mut state.run {
                    Some(run) if run.input == *input => run.failed = Some(reason.clone()),
                    Some(_) | None => state.run = Some(Run::failed(*input, at, reason)),
                }
                Ok(())
            }
            Event::RetryGranted { stage } => self.granted(at, stage),
            Event::RouteChanged { stage, route, .. } => {
                self.known(stage)?;
                self.stages.entry(stage.clone()).or_default().route = Some(route.clone());
                Ok(())
            }
            Event::GateEvaluated { gate, hash, verdict, reasons, report, open } => {
                self.known(gate)?;
                let round = self.round();
                let (reasons, open) = (reasons.clone(), open.clone());
                let evaluation = Evaluation { at, verdict: *verdict, reasons, report: *report, open, round };
                self.gates.entry(gate.clone()).or_default().evaluations.insert(*hash, evaluation);
                Ok(())
            }
            Event::GateApproved { .. } | Event::GateOverridden { .. } | Event::ItemRuled { .. }
                if matches!(actor, Actor::Engine) =>
            {
                Err("only a person decides at a gate".to_owned())
            }
            Event::GateApproved { gate, hash, max_spend, seen } => {
                let spent = self.spent();
                self.agreed = Some(self.committed().plus(*max_spend));
                let approval = Approval { by: actor.clone(), at, max_spend: *max_spend, spent, seen: *seen };
                self.judged(gate, hash)?.approvals.insert(*hash, approval);
                Ok(())
            }
            Event::ItemRuled { gate, hash, ruled } => {
                let item = RuledItem { hash: *hash, ruled: ruled.clone(), by: actor.clone(), at };
                self.judged(gate, hash)?.rulings.push(item);
                Ok(())
            }
            Event::OverrideProposed { gate, hash, reason } => {
                let proposal = Proposal { by: actor.clone(), at, reason: reason.clone() };
                self.judged(gate, hash)?.proposals.insert(*hash, proposal);
                Ok(())
            }
            Event::GateOverridden { gate, hash, reason, max_spend, seen } => {
                self.agreed = Some(self.committed().plus(*max_spend));
                let state = self.judged(gate, hash)?;
                let proposed_by = state.proposals.get(hash).map(|proposal| proposal.by.clone());
                let (by, reason) = (actor.clone(), reason.clone());
                state.overrides.insert(*hash, Overridden { by, proposed_by, at, reason, seen: *seen });
                Ok(())
            }
            Event::SentBack { gate, hash, target, note, base, way, seen } => {
                self.known(gate)?;
                self.known(target)?;
                self.sent_back.push(SentBack {
                    gate: gate.clone(),
                    hash: *hash,
                    target: target.clone(),
                    input: NoteInput { note: *note, base: *base, way: *way },
                    by: actor.clone(),
                    at,
                    seen: *seen,
                });
                Ok(())
            }
            Event::NeedOpened { need } => {
                let id = need.id();
                if self.need(&id).is_some() {
                    return Err(format!("{id} is open already"));
                }
                self.needs.push(OpenNeed { id, need: need.clone(), since: at });
                Ok(())
            }
            Event::NeedClosed { id, .. } => {
                let place = self.needs.iter().position(|open| &open.id == id);
                let open = self.needs.remove(place.ok_or_else(|| format!("{id} is not open"))?);
                let waited = at.as_millisecond().saturating_sub(open.since.as_millisecond());
                self.waited_ms = self.waited_ms.saturating_add(u64::try_from(waited).unwrap_or(0));
                Ok(())
            }
            Event::Paused => self.live(Life::Paused),
            Event::Resumed => self.live(Life::Running),
            Event::Cancelled { reason } => self.live(Life::Cancelled(reason.clone())),
            Event::Rejected { reason } => self.live(Life::Rejected(reason.clone())),
            Event::Packaged { manifest } => self.live(Life::Packaged(*manifest)),
        }
    }

    /// Whether a new cap of the episode takes the place of what was agreed to at the last approval. A raise does, and so does the
    /// answer to a need that the agreed amount brought about. A cap that is only lowered leaves the agreed amount in force.
    fn goes_beyond_agreed(&self, cap: MicroUsd) -> bool {
        let is_asked =
            |need: &Need| matches!(need, Need::Cap { scope: Scope::Episode(_), cap, .. } if Some(*cap) == self.agreed);
        let is_answer = self.needs.iter().any(|open| is_asked(&open.need));
        self.cap().is_some_and(|now| cap > now) || is_answer && self.agreed.is_some_and(|agreed| cap > agreed)
    }

    fn live(&mut self, life: Life) -> Fit {
        if self.life.is_over() {
            return Err("the episode is over".to_owned());
        }
        self.life = life;
        Ok(())
    }

    /// A gate that has judged this content.
    fn judged(&mut self, gate: &StageId, hash: &ContentHash) -> Result<&mut GateState, String> {
        let state = self.gates.get_mut(gate).ok_or_else(|| format!("{gate} has judged nothing"))?;
        if state.evaluations.contains_key(hash) {
            Ok(state)
        } else {
            Err(format!("{gate} has not judged {}", hash.short()))
        }
    }

    fn known(&self, stage: &StageId) -> Fit {
        self.pin(stage).map(|_| ()).ok_or_else(|| format!("there is no stage {stage}"))
    }

    fn prepared(&mut self, at: Timestamp, stage: &StageId, input: ContentHash, units: &[UnitPlan], last: bool) -> Fit {
        self.known(stage)?;
        let under_way: Vec<(ContentHash, IntentKey)> = self
            .calls_of(stage)
            .filter(|(_, call)| call.state == CallState::InFlight)
            .map(|(key, call)| (call.request, key.clone()))
            .collect();
        let state = self.stages.entry(stage.clone()).or_default();
        state.began.get_or_insert(at);
        let goes_on = state.run.as_ref().is_some_and(|run| run.input == input && !run.prepared);
        if !goes_on {
            state.run = Some(Run { input, at, units: Default::default(), prepared: false, failed: None });
        }
        let Some(run) = &mut state.run else { return Err("no run was begun".to_owned()) };
        for plan in units {
            let mut unit = Unit::new(plan, at);
            // A body that was answered before is answered already, and one that is under way is waited for.
            if let Some(output) = state.takes.get(&plan.request) {
                unit.state = UnitState::Accepted(*output);
            } else if let Some((_, key)) =
                under_way.iter().find(|(request, key)| *request == plan.request && key.unit == plan.unit)
            {
                unit.state = UnitState::Calling(key.clone());
            }
            if run.units.insert(plan.unit, unit).is_some() {
                return Err(format!("unit {} of {stage} is listed twice", plan.unit));
            }
        }
        run.prepared = last;
        Ok(())
    }

    /// The place of a unit, where the stage still works on these inputs.
    fn place_of(&self, stage: &StageId, input: &ContentHash, unit: u32) -> Option<ContentHash> {
        let standings = self.standings();
        let inputs = standings.get(stage)?.inputs().filter(|inputs| inputs.hash == *input)?;
        Some(self.place(self.pin(stage)?, inputs, unit))
    }

    /// The name of a call that a unit is about to make, and the room that it takes.
    fn name_of(&self, key: &IntentKey, route: &Route) -> Result<(ContentHash, Option<Window>), String> {
        let run = self.stages.get(&key.stage).and_then(|state| state.run.as_ref());
        let unit = run.and_then(|run| run.units.get(&key.unit));
        match (self.pin(&key.stage), run, unit) {
            (Some(pin), Some(run), Some(unit)) => Ok((reuse::name(self, pin, run, key.unit, unit, route), unit.window)),
            _ => Err(format!("no unit waits for {key}")),
        }
    }

    fn intended(&mut self, key: &IntentKey, call: Call) -> Fit {
        let state = self.stages.get_mut(&key.stage).ok_or_else(|| format!("{} was never prepared", key.stage))?;
        let attempts = state.attempts.entry(key.unit).or_default();
        if key.attempt != self.attempts_lost.max(*attempts).saturating_add(1) {
            return Err(format!("{key} is not the next attempt"));
        }
        *attempts = key.attempt;
        let unit = state.run.as_mut().and_then(|run| run.units.get_mut(&key.unit));
        match unit {
            Some(unit) if matches!(unit.state, UnitState::Waiting(_)) && unit.request == call.request => {
                unit.state = UnitState::Calling(key.clone());
            }
            Some(_) | None => return Err(format!("no unit waits for {key}")),
        }
        self.calls.insert(key.clone(), call);
        Ok(())
    }

    fn ruled(&mut self, at: Timestamp, key: &IntentKey, ruling: Ruling, not_before: Option<Timestamp>) -> Fit {
        let call = self.calls.get_mut(key).ok_or_else(|| format!("there is no call {key}"))?;
        if !matches!(call.state, CallState::Uncertain { .. }) {
            return Err(format!("the charge of {key} is not uncertain"));
        }
        call.state = CallState::Ruled { ruling };
        self.of_call(key, |unit| {
            unit.since = not_before.unwrap_or(at);
            unit.state = match ruling {
                Ruling::Resend => UnitState::Waiting(not_before),
                Ruling::WriteOff => UnitState::Stuck,
            };
        });
        Ok(())
    }

    /// The unit that a call answered turns from one state into another.
    fn turned(&mut self, at: Timestamp, key: &IntentKey, from: &UnitState, to: UnitState) -> Fit {
        let run = self.stages.get_mut(&key.stage).and_then(|state| state.run.as_mut());
        let unit = run.and_then(|run| run.units.get_mut(&key.unit)).filter(|unit| unit.state == *from);
        let unit = unit.ok_or_else(|| format!("no unit waits for the answer of {key} to be read"))?;
        (unit.state, unit.since) = (to, at);
        Ok(())
    }

    fn granted(&mut self, at: Timestamp, stage: &StageId) -> Fit {
        self.known(stage)?;
        let state = self.stages.entry(stage.clone()).or_default();
        match &mut state.run {
            // Work that was never made ready is begun anew; a talk goes on where it stopped.
            Some(run) if !run.prepared && run.units.is_empty() => state.run = None,
            Some(run) => {
                run.failed = None;
                for unit in run.units.values_mut() {
                    unit.failures = 0;
                    unit.corrections = 0;
                    if matches!(unit.state, UnitState::Stuck | UnitState::Waiting(_)) {
                        unit.state = UnitState::Waiting(None);
                        unit.since = at;
                    }
                }
            }
            None => {}
        }
        Ok(())
    }

    fn open_call(&mut self, key: &IntentKey) -> Result<&mut Call, String> {
        match self.calls.get_mut(key) {
            Some(call) if call.state == CallState::InFlight => Ok(call),
            Some(_) | None => Err(format!("{key} is not under way")),
        }
    }

    /// A call whose price is not known yet. The answer of one that was given up may still be found.
    fn unpriced_call(&mut self, key: &IntentKey) -> Result<&mut Call, String> {
        match self.calls.get_mut(key) {
            Some(call) if call.is_unpriced() => Ok(call),
            Some(_) | None => Err(format!("{key} waits for no price")),
        }
    }

    /// The unit of the current run; work on other inputs has nothing to say any more.
    fn unit(&mut self, stage: &StageId, input: &ContentHash, unit: u32) -> Result<&mut Unit, String> {
        let run = self.stages.get_mut(stage).and_then(|state| state.run.as_mut());
        run.filter(|run| run.input == *input)
            .and_then(|run| run.units.get_mut(&unit))
            .ok_or_else(|| format!("{stage} has no unit {unit} on these inputs"))
    }

    /// Changes the unit that waits for a call, if one still does: a call can outlive the work that it was made for.
    fn of_call(&mut self, key: &IntentKey, change: impl FnOnce(&mut Unit)) {
        let run = self.stages.get_mut(&key.stage).and_then(|state| state.run.as_mut());
        let unit = run.and_then(|run| run.units.get_mut(&key.unit));
        let waits_for = |state: &UnitState| match state {
            UnitState::Calling(waited) | UnitState::Held(waited) => waited == key,
            UnitState::Waiting(_)
            | UnitState::Answered(_)
            | UnitState::Reused(_)
            | UnitState::Correcting(_)
            | UnitState::Unread(_)
            | UnitState::Stuck
            | UnitState::Accepted(_) => false,
        };
        if let Some(unit) = unit.filter(|unit| waits_for(&unit.state)) {
            change(unit);
        }
    }
}

impl Run {
    fn failed(input: ContentHash, at: Timestamp, reason: &str) -> Self {
        Self { input, at, units: Default::default(), prepared: false, failed: Some(reason.to_owned()) }
    }
}
