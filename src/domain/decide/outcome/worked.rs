//! What local work brings about: calls that are ready, outputs that are handed on, gates that have judged.
//!
//! Not for calls: those are in [`super`].

use jiff::Timestamp;

use super::{MESSAGE, cut, missed_contract, stuck};
use crate::domain::episode::{Call, Episode, SentBack, Unit, UnitState};
use crate::domain::event::{Actor, Choice, Event, Handoff, MOST_OPEN, Need, UnitPlan, Verdict};
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::panel::{self, CLOSING};
use crate::domain::pipeline::{Human, Kind};
use crate::domain::step::{Done, FallBack, GateJudged, Inputs};

/// What a piece of local work brings about.
pub(super) fn worked(
    found: &Episode,
    stage: &StageId,
    input: ContentHash,
    result: &Result<Done, String>,
    now: Timestamp,
) -> Vec<Event> {
    let standings = found.standings();
    let Some(inputs) = standings.get(stage).and_then(|standing| standing.inputs()) else { return Vec::new() };
    // Work on inputs that are not the stage's any more was for nothing.
    if inputs.hash != input || standings.get(stage).is_some_and(|standing| standing.output().is_some()) {
        return Vec::new();
    }
    let done = match result {
        Ok(done) => done,
        Err(reason) => return stuck(found, stage, input, reason),
    };
    let run = found.stages.get(stage).and_then(|state| state.run.as_ref()).filter(|run| run.input == input);
    let unit_of = |number: u32| run.and_then(|run| run.units.get(&number));
    let complete = |output: &crate::domain::step::Output, handoff| Event::StageCompleted {
        stage: stage.clone(),
        input,
        output: output.hash,
        handoff,
        words: output.words,
    };
    match done {
        Done::Prepared(units) => {
            if run.is_some_and(|run| run.prepared) {
                return Vec::new();
            }
            let lists: Vec<&[UnitPlan]> = units.chunks(20).collect();
            let last = lists.len().saturating_sub(1);
            let prepared = lists.iter().enumerate().map(|(at, list)| Event::StagePrepared {
                stage: stage.clone(),
                input,
                units: list.to_vec(),
                last: at == last,
            });
            prepared.chain(kept(found, stage, inputs, units)).collect()
        }
        Done::Turned(plan) => {
            let is_free = run.is_none_or(|run| {
                let is_said = |unit: &crate::domain::episode::Unit| matches!(unit.state, UnitState::Accepted(_));
                !run.prepared && !run.units.contains_key(&plan.unit) && run.units.values().all(is_said)
            });
            if !is_free {
                return Vec::new();
            }
            let (last, units) = (plan.unit == CLOSING, vec![plan.clone()]);
            let kept = kept(found, stage, inputs, &units);
            std::iter::once(Event::StagePrepared { stage: stage.clone(), input, units, last }).chain(kept).collect()
        }
        Done::Skipped(output) => vec![complete(output, Handoff::Skipped)],
        Done::Made(output) => {
            let corrected = run.is_some_and(|run| run.units.values().any(|unit| unit.corrected > 0));
            let is_paid = run.is_some_and(|run| !run.units.is_empty());
            let handoff = if is_paid { Handoff::after(u32::from(corrected)) } else { Handoff::Local };
            vec![complete(output, handoff)]
        }
        Done::Corrected(plan) => match unit_of(plan.unit).map(|unit| &unit.state) {
            Some(UnitState::Correcting(_)) => {
                vec![Event::CorrectionPrepared { stage: stage.clone(), input, unit: plan.clone() }]
            }
            Some(_) | None => Vec::new(),
        },
        Done::Accepted { unit, output, claimed_words } => {
            let Some(known) = unit_of(*unit).filter(|known| is_answered(known)) else {
                return Vec::new();
            };
            let accepted = Event::UnitAccepted {
                stage: stage.clone(),
                input,
                unit: *unit,
                output: output.hash,
                claimed_words: *claimed_words,
            };
            let ends = found.pin(stage).is_some_and(|pin| match panel::talk(pin, inputs.note.as_ref()) {
                Some(_) => *unit == CLOSING,
                None => pin.stage.kind == Kind::Agent,
            });
            if ends { vec![accepted, complete(output, Handoff::after(known.corrected))] } else { vec![accepted] }
        }
        Done::Refused { unit, reason } => {
            let Some(known) = unit_of(*unit).filter(|known| is_answered(known)) else {
                return Vec::new();
            };
            missed_contract(found, stage, input, *unit, known.corrections, cut(reason, MESSAGE))
        }
        Done::Unread { unit, reason } => match unit_of(*unit).map(|unit| &unit.state) {
            Some(UnitState::Answered(key)) => {
                let (key, reason) = (key.clone(), cut(reason, MESSAGE));
                let need = Need::Unread { key: key.clone(), reason: reason.clone() };
                vec![Event::AnswerUnread { key, reason }, Event::NeedOpened { need }]
            }
            // What an earlier episode bought was read once.
            Some(UnitState::Reused(_)) => stuck(found, stage, input, reason),
            Some(_) | None => Vec::new(),
        },
        Done::Evaluated(judged) => evaluated(found, stage, input, judged, now),
    }
}

/// Units that met their contract before the stage went to another model: they stay as they are and are not bought again.
fn kept(found: &Episode, stage: &StageId, inputs: &Inputs, units: &[UnitPlan]) -> Vec<Event> {
    let (Some(pin), Some(state)) = (found.pin(stage), found.stages.get(stage)) else { return Vec::new() };
    let accepted = units.iter().filter_map(|plan| {
        // An equal body is answered already.
        let is_new = !state.takes.contains_key(&plan.request);
        let output = state.places.get(&found.place(pin, inputs, plan.unit)).filter(|_| is_new)?;
        Some(Event::UnitAccepted {
            stage: stage.clone(),
            input: inputs.hash,
            unit: plan.unit,
            output: *output,
            claimed_words: state.claimed_words,
        })
    });
    accepted.collect()
}

/// Whether a unit has an answer that is to be held to its contract.
fn is_answered(unit: &Unit) -> bool {
    matches!(unit.state, UnitState::Answered(_) | UnitState::Reused(_))
}

fn evaluated(found: &Episode, gate: &StageId, hash: ContentHash, judged: &GateJudged, now: Timestamp) -> Vec<Event> {
    let Some(pin) = found.pin(gate) else { return Vec::new() };
    if found.gates.get(gate).is_some_and(|state| state.evaluations.contains_key(&hash)) {
        return Vec::new();
    }
    let verdict = match (judged.verdict, pin.stage.human) {
        (Verdict::Passed, Some(Human::Always)) => Verdict::Person,
        (verdict, _) => verdict,
    };
    let reasons: Vec<String> = judged.reasons.iter().take(12).map(|reason| cut(reason, 220)).collect();
    let open = judged.open.iter().take(MOST_OPEN).map(|item| cut(item, 40)).collect();
    let report = judged.report;
    let mut events = vec![Event::GateEvaluated { gate: gate.clone(), hash, verdict, reasons, report, open }];
    if let Some(back) = &judged.fall_back {
        events.extend(fallen_back(found, back));
        return events;
    }
    match (verdict, judged.remedy) {
        (Verdict::Passed, _) => {}
        (Verdict::Failed, Some(remedy)) if may_mend(found, gate, now) => {
            events.extend(super::super::gate::sent_back(found, gate, remedy.note, remedy.way, None));
        }
        (Verdict::Failed | Verdict::Person, _) => {
            events.push(Event::NeedOpened { need: Need::Gate { gate: gate.clone(), hash } });
        }
    }
    events
}

/// The better revision takes its place again. What is asked about it then follows from the plan.
fn fallen_back(found: &Episode, back: &FallBack) -> Option<Event> {
    let standings = found.standings();
    let standing = standings.get(&back.stage)?;
    let parent = standing.output()?;
    Some(Event::OutputChosen {
        stage: back.stage.clone(),
        input: standing.inputs()?.hash,
        output: back.output,
        parent,
        choice: Choice::FellBack,
        reason: "the revision was called worse in both orders of the comparison".to_owned(),
        words: back.words,
    })
}

/// Whether a gate may still mend by itself: within its rounds, its money and its time.
fn may_mend(found: &Episode, gate: &StageId, now: Timestamp) -> bool {
    let limits = found.policy.mending;
    let own: Vec<&SentBack> =
        found.sent_back.iter().filter(|sent| sent.by == Actor::Engine && sent.gate == *gate).collect();
    if own.len() >= usize::try_from(limits.rounds).unwrap_or(usize::MAX) {
        return false;
    }
    let Some(first) = own.first().map(|sent| sent.at) else { return true };
    let minutes = now.as_second().saturating_sub(first.as_second()) / 60;
    let in_time = limits.minutes.is_none_or(|most| minutes < i64::from(most));
    let spent: MicroUsd = found.calls.values().filter(|call| call.at >= first).map(Call::spent).sum();
    in_time && limits.spend.is_none_or(|most| spent < most)
}
