//! What an outcome brings about: answers are priced, failures are classed, and what cannot go on asks a person.

mod worked;

use jiff::Timestamp;

use self::worked::worked;
use super::{Decided, of};
use crate::domain::call::{PROGRAM_ENDED, RetryClass, Route, Told, Usage};
use crate::domain::episode::{Call, CallState, Episode, UnitState};
use crate::domain::event::{AnswerRuling, Event, Handoff, Need, Pin, Ruling, Way};
use crate::domain::handoff::{Arbitration, Contract};
use crate::domain::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::panel::{self, MISSED};
use crate::domain::plan::Limits;
use crate::domain::step::{Advice, CallAnswer, CallFailure, Charged, Outcome};
use crate::domain::studio::Studio;
use crate::domain::traffic::Breaker;

/// The longest pause that a provider is granted, in milliseconds: an hour.
const LONGEST_PAUSE_MS: u64 = 3_600_000;

/// The longest message or reason that an event carries, in bytes.
const MESSAGE: usize = 900;

/// How an answer begins to be told of that came whole and cannot be kept.
pub(super) const ARRIVED: &str = "its answer came and cannot be kept yet";

/// What an outcome brings about. One that nobody waits for any more brings about nothing, but for the charge of a call.
pub fn outcome(studio: &Studio, outcome: &Outcome, limits: &Limits, now: Timestamp) -> Vec<Decided> {
    match outcome {
        Outcome::Called { key, result } => called(studio, key, result, limits, now),
        Outcome::Batched { key, batch } => batched(studio, key, batch),
        Outcome::Readable { key } => readable(studio, key),
        Outcome::Worked { episode, stage, input, result, past: _ } => {
            let Some(found) = studio.episodes.get(episode) else { return Vec::new() };
            if found.life.is_over() {
                return Vec::new();
            }
            let events = worked(found, stage, *input, result, now);
            events.into_iter().map(|event| of(*episode, event)).collect()
        }
    }
}

/// The outcome of a call that was under way when the process ended, and of which no whole answer is kept.
pub fn lost(key: &IntentKey) -> Outcome {
    without_answer(key, Charged::Uncertain, PROGRAM_ENDED.to_owned())
}

/// The outcome of a call whose answer came whole and cannot be kept, for this reason.
pub fn arrived(key: &IntentKey, why: &str) -> Outcome {
    without_answer(key, Charged::Arrived, unkept(why))
}

/// How a person is told that an answer came whole and cannot be kept.
pub fn unkept(why: &str) -> String {
    format!("{ARRIVED}: {why}. It is tried again by itself, now and at every start, and costs nothing more")
}

fn without_answer(key: &IntentKey, charge: Charged, message: String) -> Outcome {
    let failure = CallFailure {
        class: RetryClass::AskPerson,
        message,
        retry_after_ms: None,
        advice: Advice::default(),
        charge,
        usage: Usage::default(),
        bill: None,
        request_id: None,
    };
    Outcome::Called { key: key.clone(), result: Err(failure) }
}

/// A call that was taken into a batch. Its provider answers, so a call that tried whether it does has found out.
fn batched(studio: &Studio, key: &IntentKey, batch: &str) -> Vec<Decided> {
    let call = studio.episodes.get(&key.episode).and_then(|found| found.calls.get(key));
    let Some(call) = call.filter(|call| call.is_under_way()) else { return Vec::new() };
    let provider = call.route.provider;
    let breaker = studio.traffic.get(&provider).map(|traffic| &traffic.breaker);
    let is_probe = matches!(breaker, Some(Breaker::Probing { call: Some(probe) }) if probe == key);
    let taken = of(key.episode, Event::CallBatched { key: key.clone(), batch: cut(batch, 200) });
    let closed = is_probe.then_some((None, Event::BreakerClosed { provider }));
    std::iter::once(taken).chain(closed).collect()
}

/// An answer that no version before could read is read, and nobody is asked any more.
fn readable(studio: &Studio, key: &IntentKey) -> Vec<Decided> {
    let Some(found) = studio.episodes.get(&key.episode) else { return Vec::new() };
    let events = read_again(found, key, "this version can read it").into_iter().flatten();
    events.map(|event| of(key.episode, event)).collect()
}

/// The events by which an answer that could not be read is read again; nothing where none of this call waits for that.
pub(super) fn read_again(found: &Episode, key: &IntentKey, answer: &str) -> Option<Vec<Event>> {
    let ruled = Event::AnswerRuled { key: key.clone(), ruling: AnswerRuling::ReadAgain };
    unread(found, key, answer).map(|closed| closed.into_iter().chain([ruled]).collect())
}

/// The need of an answer that cannot be read, closed; nothing where none of this call waits.
pub(super) fn unread(found: &Episode, key: &IntentKey, answer: &str) -> Option<Vec<Event>> {
    let run = found.stages.get(&key.stage).and_then(|state| state.run.as_ref());
    let unit = run.and_then(|run| run.units.get(&key.unit));
    if found.life.is_over() || unit.is_none_or(|unit| unit.state != UnitState::Unread(key.clone())) {
        return None;
    }
    let id = Need::Unread { key: key.clone(), reason: String::new() }.id();
    let open = found.need(&id).map(|_| Event::NeedClosed { id, answer: answer.to_owned() });
    Some(open.into_iter().collect())
}

fn called(
    studio: &Studio,
    key: &IntentKey,
    result: &Result<CallAnswer, CallFailure>,
    limits: &Limits,
    now: Timestamp,
) -> Vec<Decided> {
    let Some(found) = studio.episodes.get(&key.episode) else { return Vec::new() };
    let Some(call) = found.calls.get(key).filter(|call| call.is_unpriced()) else { return Vec::new() };
    if call.state != CallState::InFlight {
        return found_late(found, key, result, limits, now);
    }
    let failures = failures_of(found, key);
    let mut events: Vec<Event> = over_billed(key, call, result).into_iter().collect();
    events.extend(match result {
        Ok(answer) => vec![settled(key, answer, now)],
        Err(failure) => {
            let not_before = Some(later(now, wait_ms(key, failures, failure.retry_after_ms, limits)));
            let message = cut(&failure.message, MESSAGE);
            match failure.charge {
                Charged::Known(price) => {
                    let class = failure.class;
                    // Whoever is asked to wait waits with all calls to that model.
                    let asked = failure.retry_after_ms.filter(|_| is_tried_again(class));
                    let not_before = not_before.filter(|_| is_tried_again(class));
                    let mut events = vec![failed(key, failure, price, not_before, told(failure.advice, asked, now))];
                    events.extend(after_failure(found, key, class, failures, &message, limits));
                    events
                }
                Charged::Uncertain => uncertain(found, key, &message, failures, not_before, limits),
                Charged::Arrived => vec![
                    Event::ChargeUncertain { key: key.clone(), reason: message },
                    Event::NeedOpened { need: Need::Charge { key: key.clone() } },
                ],
            }
        }
    });
    let mut decided: Vec<Decided> = events.into_iter().map(|event| of(key.episode, event)).collect();
    if call.batch.is_none() {
        let turned = breaker(studio, key, &call.route, result.as_ref().err(), limits, now);
        decided.extend(turned.map(|event| (None, event)));
    }
    decided
}

/// A bill above the reservation, however its call ended. It stands before the price in a batch, since an episode that is over
/// leaves the fold with its last open charge.
fn over_billed(key: &IntentKey, call: &Call, result: &Result<CallAnswer, CallFailure>) -> Option<Event> {
    let billed = match result {
        Ok(answer) => answer.price,
        Err(failure) => match failure.charge {
            Charged::Known(price) => price,
            Charged::Uncertain | Charged::Arrived => return None,
        },
    };
    let need = Need::OverBilled { key: key.clone(), reserved: call.worst, billed };
    (billed > call.worst).then_some(Event::NeedOpened { need })
}

fn settled(key: &IntentKey, answer: &CallAnswer, now: Timestamp) -> Event {
    Event::CallSettled {
        key: key.clone(),
        answer: answer.answer,
        usage: answer.usage,
        price: answer.price,
        machine_ms: answer.machine_ms,
        request_id: answer.request_id.as_deref().map(|id| cut(id, 200)),
        bill: answer.bill.clone(),
        told: told(answer.advice, None, now),
    }
}

/// The answer of a call whose charge was uncertain has been found: it is settled after all, and nobody is asked any more. What
/// is still not known changes nothing.
fn found_late(
    found: &Episode,
    key: &IntentKey,
    result: &Result<CallAnswer, CallFailure>,
    limits: &Limits,
    now: Timestamp,
) -> Vec<Decided> {
    let mut priced = match result {
        Ok(answer) => vec![settled(key, answer, now)],
        Err(failure) => match failure.charge {
            Charged::Known(price) => {
                let (failures, message) = (failures_of(found, key), cut(&failure.message, MESSAGE));
                let not_before = Some(later(now, wait_ms(key, failures, failure.retry_after_ms, limits)));
                let not_before = not_before.filter(|_| is_tried_again(failure.class));
                let mut events = vec![failed(key, failure, price, not_before, told(failure.advice, None, now))];
                events.extend(after_failure(found, key, failure.class, failures, &message, limits));
                events
            }
            Charged::Uncertain | Charged::Arrived => return Vec::new(),
        },
    };
    let billed = found.calls.get(key).and_then(|call| over_billed(key, call, result));
    priced.splice(0..0, billed);
    let id = Need::Charge { key: key.clone() }.id();
    if found.need(&id).is_some() {
        // First, since an episode that is over leaves the fold with its last open charge.
        priced.insert(0, Event::NeedClosed { id, answer: "its answer was found".to_owned() });
    }
    priced.into_iter().map(|event| of(key.episode, event)).collect()
}

fn failed(key: &IntentKey, failure: &CallFailure, price: MicroUsd, not_before: Option<Timestamp>, told: Told) -> Event {
    Event::CallFailed {
        key: key.clone(),
        class: failure.class,
        message: cut(&failure.message, MESSAGE),
        price,
        not_before,
        usage: failure.usage,
        bill: failure.bill.clone(),
        request_id: failure.request_id.as_deref().map(|id| cut(id, 200)),
        told,
    }
}

/// How a provider's breaker turns at the end of a call. It opens after so many failures to answer in a row, and again when
/// the call that tried fails; an answer closes it, and so does a failure that says that the provider is there.
fn breaker(
    studio: &Studio,
    key: &IntentKey,
    route: &Route,
    failure: Option<&CallFailure>,
    limits: &Limits,
    now: Timestamp,
) -> Option<Event> {
    let provider = route.provider;
    let traffic = studio.traffic.get(&provider)?;
    let is_down = |failure: &&CallFailure| failure.class == RetryClass::RetryAfter;
    let is_lost = failure.is_some_and(|failure| matches!(failure.charge, Charged::Uncertain | Charged::Arrived));
    let failures = traffic.failing.saturating_add(1);
    let opened = |failure: &CallFailure| Event::BreakerOpened {
        provider,
        until: later(now, limits.breaking.pause(traffic.openings)),
        failures,
        reason: cut(&failure.message, MESSAGE),
    };
    match (&traffic.breaker, failure.filter(is_down)) {
        (Breaker::Closed, Some(failure)) => (failures >= limits.breaking.failures).then(|| opened(failure)),
        (Breaker::Probing { call: Some(probe) }, Some(failure)) if probe == key => Some(opened(failure)),
        // What fails late says nothing new.
        (Breaker::Open { .. } | Breaker::Probing { .. }, Some(_)) | (Breaker::Closed, None) => None,
        // The program ended while the call tried: nobody knows, and another may try at once.
        (Breaker::Probing { call: Some(probe) }, None) if is_lost && probe == key => {
            Some(Event::BreakerProbing { provider })
        }
        (Breaker::Open { .. } | Breaker::Probing { .. }, None) => {
            (!is_lost).then_some(Event::BreakerClosed { provider })
        }
    }
}

/// What a provider said of its limits, with moments in the place of waits.
fn told(advice: Advice, asked_ms: Option<u64>, now: Timestamp) -> Told {
    let rest = advice.rest_ms.max(asked_ms).filter(|ms| *ms > 0);
    Told { most: advice.most, until: rest.map(|ms| later(now, ms.min(LONGEST_PAUSE_MS))) }
}

/// An answer that misses its contract is corrected as often as the policy says; then the stage stops, or the turn passes.
fn missed_contract(
    found: &Episode,
    stage: &StageId,
    input: ContentHash,
    unit: u32,
    corrections: u32,
    reason: String,
) -> Vec<Event> {
    let rejected = Event::OutputRejected { stage: stage.clone(), input, unit, reason: reason.clone() };
    let mut events = vec![rejected];
    if corrections >= found.policy.corrections {
        if may_miss(found, stage, unit) {
            events.push(missed(stage.clone(), input, unit));
            return events;
        }
        let reason = format!("the answer missed its contract {} times, the last: {reason}", corrections + 1);
        events.extend(stuck(found, stage, input, &reason));
    }
    events
}

/// What a failure of known price asks for beyond waiting.
fn after_failure(
    found: &Episode,
    key: &IntentKey,
    class: RetryClass,
    failures: u32,
    message: &str,
    limits: &Limits,
) -> Vec<Event> {
    if !is_waited_for(found, key) {
        return Vec::new();
    }
    let input = input_of(found, key);
    let give_up = |reason: &str| stuck(found, &key.stage, input, reason);
    if class == RetryClass::OtherModel && may_miss(found, &key.stage, key.unit) {
        return other_voice(found, key, input, message);
    }
    match class {
        RetryClass::RetryAfter | RetryClass::LowerConcurrency => {
            if failures + 1 >= limits.attempts {
                give_up(&format!("{} tries failed, the last with: {message}", failures + 1))
            } else {
                Vec::new()
            }
        }
        RetryClass::OtherModel => {
            let failed = found.calls.get(key).map(|call| &call.route);
            if failed != found.route(&key.stage) {
                // A call that went another way than its stage does stops here; where the stage has moved on since, its calls are
                // made ready anew.
                return if goes_its_own_way(found, key) { give_up(message) } else { Vec::new() };
            }
            match found.next_route(&key.stage, failed, |_| true).cloned() {
                Some(route) => {
                    let kin = found.kin(&key.stage, &route).map(|kin| format!("{kin}: ")).unwrap_or_default();
                    let reason = cut(&format!("{kin}{message}"), MESSAGE);
                    vec![Event::RouteChanged { stage: key.stage.clone(), route, reason }]
                }
                None => give_up(message),
            }
        }
        RetryClass::FixRequest | RetryClass::AskPerson | RetryClass::Stop => give_up(message),
    }
}

/// Whether a call went another way than its stage does: a voice with a route of its own, or the other model that revises.
fn goes_its_own_way(found: &Episode, key: &IntentKey) -> bool {
    let failed = found.calls.get(key).map(|call| &call.route);
    let run = found.stages.get(&key.stage).and_then(|state| state.run.as_ref());
    let has_own = run.and_then(|run| run.units.get(&key.unit)).is_some_and(|unit| unit.route.is_some());
    let is_peer = found.note_for(&key.stage).is_some_and(|sent| sent.input.way == Way::Peer);
    has_own || is_peer && found.pin(&key.stage).and_then(Pin::peer) == failed
}

/// Whether a unit of a talk that cannot be answered ends the talk and does not stop its stage.
fn may_miss(found: &Episode, stage: &StageId, unit: u32) -> bool {
    let note = found.note_for(stage).map(|sent| &sent.input);
    let talk = found.pin(stage).and_then(|pin| panel::talk(pin, note));
    talk.is_some_and(|talk| talk.may_miss(unit))
}

/// A seat's model cannot answer: its turn is made ready again for the seat's other model, and passes without a word where
/// there is none or that one cannot either.
fn other_voice(found: &Episode, key: &IntentKey, input: ContentHash, message: &str) -> Vec<Event> {
    let (stage, unit) = (key.stage.clone(), key.unit);
    let run = found.stages.get(&stage).and_then(|state| state.run.as_ref());
    let failed = found.calls.get(key).map(|call| &call.route);
    let of_seat = found.pin(&stage).and_then(|pin| pin.seats.iter().find(|seat| Some(&seat.route) == failed));
    let is_first = run.and_then(|run| run.units.get(&unit)).is_some_and(|unit| unit.corrected == 0);
    match of_seat.and_then(|seat| seat.fallback.as_ref()) {
        Some(_) if is_first => vec![Event::OutputRejected { stage, input, unit, reason: message.to_owned() }],
        Some(_) | None => vec![missed(stage, input, unit)],
    }
}

/// A turn that passes without a word.
fn missed(stage: StageId, input: ContentHash, unit: u32) -> Event {
    Event::UnitAccepted { stage, input, unit, output: ContentHash::of(MISSED), claimed_words: None }
}

fn uncertain(
    found: &Episode,
    key: &IntentKey,
    reason: &str,
    failures: u32,
    not_before: Option<Timestamp>,
    limits: &Limits,
) -> Vec<Event> {
    let mut events = vec![Event::ChargeUncertain { key: key.clone(), reason: reason.to_owned() }];
    let worst = found.calls.get(key).map(|call| call.worst).unwrap_or_default();
    if !found.policy.uncertain.resends(worst, found.resent()) {
        events.push(Event::NeedOpened { need: Need::Charge { key: key.clone() } });
        return events;
    }
    events.push(Event::ChargeRuled { key: key.clone(), ruling: Ruling::Resend, not_before });
    if failures + 1 >= limits.attempts && is_waited_for(found, key) {
        let reason = format!("{} tries failed, the last with: {reason}", failures + 1);
        events.extend(stuck(found, &key.stage, input_of(found, key), &reason));
    }
    events
}

/// The events by which a stage stops and asks a person.
pub(super) fn stuck(found: &Episode, stage: &StageId, input: ContentHash, reason: &str) -> Vec<Event> {
    if found.pin(stage).is_some_and(|pin| pin.stage.output == Contract::Arbitration) {
        // Advice that cannot be had is none: what is disputed then goes to the person without it.
        let output = Arbitration::silent();
        return vec![Event::StageCompleted {
            stage: stage.clone(),
            input,
            output,
            handoff: Handoff::Skipped,
            words: None,
        }];
    }
    let reason = cut(reason, MESSAGE);
    let need = Need::Retries { stage: stage.clone(), reason: reason.clone() };
    let mut events = vec![Event::StageFailed { stage: stage.clone(), input, reason }];
    if found.need(&need.id()).is_none() {
        events.push(Event::NeedOpened { need });
    }
    events
}

/// Whether the same call helps, later.
fn is_tried_again(class: RetryClass) -> bool {
    match class {
        RetryClass::RetryAfter | RetryClass::LowerConcurrency => true,
        RetryClass::FixRequest | RetryClass::OtherModel | RetryClass::AskPerson | RetryClass::Stop => false,
    }
}

fn input_of(found: &Episode, key: &IntentKey) -> ContentHash {
    let run = found.stages.get(&key.stage).and_then(|state| state.run.as_ref());
    run.map_or_else(|| ContentHash::of(b""), |run| run.input)
}

/// Whether the stage's current work waits for this call, or for a ruling of its charge. An episode that is over waits for
/// nothing: its last settled call takes it out of the fold.
fn is_waited_for(found: &Episode, key: &IntentKey) -> bool {
    if found.life.is_over() {
        return false;
    }
    let run = found.stages.get(&key.stage).and_then(|state| state.run.as_ref());
    let waits = [UnitState::Calling(key.clone()), UnitState::Held(key.clone())];
    run.and_then(|run| run.units.get(&key.unit)).is_some_and(|unit| waits.contains(&unit.state))
}

fn failures_of(found: &Episode, key: &IntentKey) -> u32 {
    let run = found.stages.get(&key.stage).and_then(|state| state.run.as_ref());
    run.and_then(|run| run.units.get(&key.unit)).map_or(0, |unit| unit.failures)
}

/// How long to wait before the next try, in milliseconds: what the provider asks for, or an exponential backoff of which
/// the upper half is jitter. The jitter comes from the key, so that a replay waits the same.
fn wait_ms(key: &IntentKey, failures: u32, asked: Option<u64>, limits: &Limits) -> u64 {
    let full = limits.backoff_ms.saturating_mul(1_u64 << failures.min(20)).min(limits.backoff_max_ms);
    let hash = ContentHash::of(key.to_string().as_bytes());
    let draw = hash.as_bytes().iter().take(4).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let jittered = full / 2 + (full / 2).saturating_mul(draw) / u64::from(u32::MAX);
    asked.map_or(jittered, |asked| asked.min(LONGEST_PAUSE_MS).saturating_add(jittered / 8))
}

fn later(now: Timestamp, ms: u64) -> Timestamp {
    let span = jiff::SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// Text from outside as an event keeps it: without control characters, and cut to so many bytes.
fn cut(text: &str, bytes: usize) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut kept = String::new();
    for c in clean {
        if kept.len() + c.len_utf8() > bytes {
            break;
        }
        kept.push(c);
    }
    kept
}

/// The number of an episode, for those who only hold an outcome.
impl Outcome {
    /// The episode that it belongs to.
    pub fn episode(&self) -> EpisodeNumber {
        match self {
            Self::Called { key, .. } | Self::Batched { key, .. } | Self::Readable { key } => key.episode,
            Self::Worked { episode, .. } => *episode,
        }
    }
}
