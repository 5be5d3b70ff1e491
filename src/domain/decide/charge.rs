//! Rulings of uncertain charges: one by one, all of one cause at once, and by a policy from here on.
//!
//! Not for how a charge becomes uncertain: that is what an outcome brings about.

use std::collections::BTreeSet;

use super::{Decided, Refusal, not_now, of, outcome, under_way};
use crate::domain::call::PROGRAM_ENDED;
use crate::domain::episode::{Call, CallState, Episode, UnitState};
use crate::domain::event::{AnswerRuling, Event, Need, ResendLimit, Ruling, Uncertain};
use crate::domain::ids::{IntentKey, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::studio::Studio;

/// How far apart two calls to one provider may have been sent to count as lost by one outage, in seconds.
const OUTAGE_SECONDS: i64 = 600;

/// Rules the charge of a call, and where that is asked for all charges of the same cause, in all episodes.
pub(super) fn resolve(studio: &Studio, key: &IntentKey, ruling: Ruling, all: bool) -> Result<Vec<Decided>, Refusal> {
    let found = under_way(studio, key.episode)?;
    if let (Ruling::Resend, Some(mut events)) = (ruling, outcome::unread(found, key, "another call is paid for")) {
        events.push(Event::AnswerRuled { key: key.clone(), ruling: AnswerRuling::CallAgain });
        return Ok(events.into_iter().map(|event| of(key.episode, event)).collect());
    }
    let call = found.calls.get(key);
    match call.map(|call| &call.state) {
        Some(CallState::Uncertain { .. }) => {}
        // A batch need not be waited for.
        Some(CallState::InFlight) if call.is_some_and(Call::is_in_batch) => {}
        Some(CallState::Ruled { .. }) => return Err(not_now(&format!("the charge of {key} was ruled before"))),
        Some(CallState::InFlight | CallState::Settled { .. } | CallState::Failed { .. }) | None => {
            return Err(not_now(&format!("no charge of {key} is uncertain")));
        }
    }
    let keys = if all { alike(studio.episodes.values().map(AsRef::as_ref), key) } else { vec![key.clone()] };
    Ok(ruled(studio, &keys, ruling))
}

/// The charges that wait for a ruling and have the same cause as one of them, which is the first: calls that were lost in the
/// same way, and calls that were lost at the same provider at about the same time.
pub fn alike<'a>(episodes: impl IntoIterator<Item = &'a Episode>, key: &IntentKey) -> Vec<IntentKey> {
    let asked = |episode: &'a Episode| {
        let charges = episode.needs.iter().filter_map(|open| match &open.need {
            Need::Charge { key } => Some(key),
            Need::Gate { .. }
            | Need::Cap { .. }
            | Need::Retries { .. }
            | Need::Unread { .. }
            | Need::OverBilled { .. } => None,
        });
        charges.filter_map(|key| episode.calls.get_key_value(key))
    };
    let charges: Vec<(&IntentKey, &Call)> = episodes.into_iter().flat_map(asked).collect();
    let first = charges.iter().find(|(other, _)| *other == key).map(|(_, call)| *call);
    let others =
        charges.iter().filter(|(other, call)| *other != key && first.is_some_and(|of| has_same_cause(of, call)));
    std::iter::once(key).chain(others.map(|(other, _)| *other)).cloned().collect()
}

fn has_same_cause(first: &Call, other: &Call) -> bool {
    let (CallState::Uncertain { reason }, CallState::Uncertain { reason: others }) = (&first.state, &other.state)
    else {
        return false;
    };
    // What the program itself brought about has nothing to do with a provider.
    let is_own = |reason: &String| reason == PROGRAM_ENDED || reason.starts_with(outcome::ARRIVED);
    let is_ours = is_own(reason) || is_own(others);
    let apart = first.at.as_second().abs_diff(other.at.as_second());
    let is_one_outage = first.route.provider == other.route.provider && apart <= OUTAGE_SECONDS.unsigned_abs();
    reason == others || !is_ours && is_one_outage
}

/// Sets what is done about the uncertain charges of an episode. Those that wait for a ruling and are covered are sent again.
pub(super) fn set_policy(episode: &Episode, uncertain: Uncertain) -> Result<Vec<Decided>, Refusal> {
    if episode.life.is_over() {
        return Err(not_now("the episode is over"));
    }
    if let Uncertain::Within(ResendLimit { call, episode }) = uncertain
        && (call <= MicroUsd::ZERO || episode < call)
    {
        return Err(not_now("the limit of a call lies above zero and not above that of the episode"));
    }
    let mut events = vec![Event::UncertainPolicySet { uncertain }];
    let mut already = episode.resent();
    for open in &episode.needs {
        let Need::Charge { key } = &open.need else { continue };
        let Some(call) = episode.calls.get(key) else { continue };
        // An answer that came is on this machine, and is kept as soon as it can be: nothing is sent for it.
        if matches!(&call.state, CallState::Uncertain { reason } if reason.starts_with(outcome::ARRIVED)) {
            continue;
        }
        if uncertain.resends(call.worst, already) {
            already = already.plus(call.worst);
            events.push(Event::NeedClosed { id: open.id.clone(), answer: "the policy of the episode".to_owned() });
            events.push(Event::ChargeRuled { key: key.clone(), ruling: Ruling::Resend, not_before: None });
        }
    }
    Ok(events.into_iter().map(|event| of(episode.number, event)).collect())
}

fn ruled(studio: &Studio, keys: &[IntentKey], ruling: Ruling) -> Vec<Decided> {
    let mut stopped: BTreeSet<(_, &StageId)> = BTreeSet::new();
    let mut decided = Vec::new();
    for key in keys {
        let Some(episode) = studio.episodes.get(&key.episode) else { continue };
        let stops = ruling == Ruling::WriteOff && is_held(episode, key) && !episode.life.is_over();
        // A stage stops once, however many of its calls are written off.
        let stops = stops && stopped.insert((key.episode, &key.stage));
        decided.extend(one(episode, key, ruling, stops).into_iter().map(|event| of(key.episode, event)));
    }
    decided
}

fn one(episode: &Episode, key: &IntentKey, ruling: Ruling, stops: bool) -> Vec<Event> {
    let mut events = Vec::new();
    let id = Need::Charge { key: key.clone() }.id();
    if episode.need(&id).is_some() {
        // First, since an episode that is over leaves the fold with its last open charge.
        events.push(Event::NeedClosed { id, answer: ruling.words().to_owned() });
    }
    if episode.calls.get(key).is_some_and(Call::is_in_batch) {
        let reason = "its batch is not waited for any more".to_owned();
        events.push(Event::ChargeUncertain { key: key.clone(), reason });
    }
    events.push(Event::ChargeRuled { key: key.clone(), ruling, not_before: None });
    let run = episode.stages.get(&key.stage).and_then(|state| state.run.as_ref());
    if let (true, Some(run)) = (stops, run) {
        let reason = format!("the charge of {key} was written off, and its answer is missing");
        events.extend(outcome::stuck(episode, &key.stage, run.input, &reason));
    }
    events
}

/// Whether the work of the stage waits for this call. It has gone on without an answer that was broken off.
fn is_held(episode: &Episode, key: &IntentKey) -> bool {
    let run = episode.stages.get(&key.stage).and_then(|state| state.run.as_ref());
    let states = [UnitState::Held(key.clone()), UnitState::Calling(key.clone())];
    run.and_then(|run| run.units.get(&key.unit)).is_some_and(|unit| states.contains(&unit.state))
}
