//! What follows from an input: the events that it brings about, or the reason why it is refused.
//!
//! Here are the commands; what an outcome brings about is in [`outcome`]. Pure: nothing is awaited.

mod charge;
mod gate;
mod outcome;

use serde::{Deserialize, Serialize};

pub use self::charge::alike;
pub use self::outcome::{arrived, lost, outcome, unkept};
use super::billed::ReadBill;
use super::budget::Scope;
use super::command::{Command, Start};
use super::episode::{Episode, Life};
use super::event::{Actor, Event, Need};
use super::ids::{EpisodeNumber, IntentKey, StageId};
use super::money::MicroUsd;
use super::plain;
use super::studio::Studio;

/// Why a command was refused. Nothing was changed and nothing was spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// There is no such episode, or it cannot change any more.
    #[error("there is no episode {0} under way; nothing was changed. `greenroom episode list` shows what there is")]
    NoEpisode(EpisodeNumber),
    /// The number is taken.
    #[error("episode {taken} exists already; nothing was started. The next free number is {free}")]
    Taken {
        /// The number.
        taken: EpisodeNumber,
        /// One that is free.
        free: EpisodeNumber,
    },
    /// The content is not what stands at the gate now.
    #[error("what you saw ({seen}) is not what stands at {gate} now ({now}); nothing was decided. Open the gate again")]
    Stale {
        /// The gate.
        gate: StageId,
        /// What was seen.
        seen: String,
        /// What stands there.
        now: String,
    },
    /// The act does not fit the state.
    #[error("{0}; nothing was changed")]
    NotNow(String),
}

/// The reason of the caps that an episode starts with.
pub const FROM_THE_SHOW: &str = "the show";

/// An event and the episode that it belongs to.
pub type Decided = (Option<EpisodeNumber>, Event);

/// What a command of someone's brings about.
///
/// # Errors
///
/// When it is refused.
pub fn command(studio: &Studio, by: &Actor, command: &Command) -> Result<Vec<Decided>, Refusal> {
    match command {
        Command::Start(start) => begin(studio, start),
        Command::Approve { .. } | Command::SendBack { .. } | Command::Override { .. } => {
            gate::decided(studio, by, command)
        }
        Command::ChooseOutput { episode, stage, output, choice, reason, words } => {
            gate::chosen(under_way(studio, *episode)?, stage, *output, *choice, reason, *words)
        }
        Command::ChoosePrompt { episode, stage, prompt, reviser, reason } => {
            gate::prompted(under_way(studio, *episode)?, stage, prompt, *reviser, reason)
        }
        Command::ResolveCharge { key, ruling, alike } => charge::resolve(studio, key, *ruling, *alike),
        Command::SetUncertain { episode, uncertain } => charge::set_policy(under_way(studio, *episode)?, *uncertain),
        Command::ReadAgain { key } => {
            let found = under_way(studio, key.episode)?;
            let events = outcome::read_again(found, key, "read it again")
                .ok_or_else(|| not_now(&format!("no answer of {key} waits to be read")))?;
            Ok(events.into_iter().map(|event| of(key.episode, event)).collect())
        }
        Command::CorrectCharge { key, price, reason } => correct(studio, key, *price, reason),
        Command::SetCap { scope, cap, reason } => set_cap(studio, scope, *cap, reason),
        Command::UseCheaper { episode, stage } => {
            let found = under_way(studio, *episode)?;
            let cheaper = found.pin(stage).and_then(|pin| pin.cheaper.clone());
            let route = cheaper.ok_or_else(|| not_now(&format!("{stage} has no cheaper model")))?;
            if found.route(stage) == Some(&route) {
                return Err(not_now(&format!("{stage} uses its cheaper model already")));
            }
            let mut events = closing(found, stage, "the cheaper model");
            events
                .insert(0, Event::RouteChanged { stage: stage.clone(), route, reason: "a person chose it".to_owned() });
            Ok(events.into_iter().map(|event| of(*episode, event)).collect())
        }
        Command::Retry { episode, stage } => {
            let found = under_way(studio, *episode)?;
            let id = Need::Retries { stage: stage.clone(), reason: String::new() }.id();
            if found.need(&id).is_none() {
                return Err(not_now(&format!("{stage} does not wait for a retry")));
            }
            Ok(vec![
                of(*episode, Event::RetryGranted { stage: stage.clone() }),
                of(*episode, Event::NeedClosed { id, answer: "retry".to_owned() }),
            ])
        }
        Command::AcceptBill { key } => {
            let found = under_way(studio, key.episode)?;
            let open = found
                .needs
                .iter()
                .find(|open| matches!(&open.need, Need::OverBilled { key: billed, .. } if billed == key));
            let id = open.ok_or_else(|| not_now(&format!("no bill of {key} waits")))?.id.clone();
            Ok(vec![of(key.episode, Event::NeedClosed { id, answer: "the bill was seen".to_owned() })])
        }
        Command::RecordBill(bill) => record(studio, bill),
        Command::Pause(episode) => match under_way(studio, *episode)?.life {
            Life::Running => Ok(vec![of(*episode, Event::Paused)]),
            Life::Paused | Life::Cancelled(_) | Life::Rejected(_) | Life::Packaged(_) => {
                Err(not_now("the episode is not running"))
            }
        },
        Command::Resume(episode) => match under_way(studio, *episode)?.life {
            Life::Paused => Ok(vec![of(*episode, Event::Resumed)]),
            Life::Running | Life::Cancelled(_) | Life::Rejected(_) | Life::Packaged(_) => {
                Err(not_now("the episode is not paused"))
            }
        },
        Command::Cancel { episode, reason } => over(studio, *episode, Event::Cancelled { reason: worded(reason)? }),
        Command::Reject { episode, reason } => over(studio, *episode, Event::Rejected { reason: worded(reason)? }),
    }
}

fn of(episode: EpisodeNumber, event: Event) -> Decided {
    (Some(episode), event)
}

fn not_now(what: &str) -> Refusal {
    Refusal::NotNow(what.to_owned())
}

/// A reason as it is kept: one to a thousand characters, none of them a control character.
fn worded(reason: &str) -> Result<String, Refusal> {
    let clean: String = plain::line(reason).chars().take(1_000).collect();
    let clean = clean.trim();
    if clean.is_empty() { Err(not_now("a reason is needed")) } else { Ok(clean.to_owned()) }
}

fn under_way(studio: &Studio, number: EpisodeNumber) -> Result<&Episode, Refusal> {
    studio.episodes.get(&number).map(AsRef::as_ref).ok_or(Refusal::NoEpisode(number))
}

fn begin(studio: &Studio, start: &Start) -> Result<Vec<Decided>, Refusal> {
    let number = start.episode;
    if number.0 == 0 {
        return Err(not_now("episodes are numbered from 1"));
    }
    if studio.is_used(number) {
        return Err(Refusal::Taken { taken: number, free: studio.next_number() });
    }
    if start.pins.is_empty() {
        return Err(not_now("a pipeline without a stage makes no episode"));
    }
    let cap = start.caps.get(&Scope::Episode(number)).copied();
    if let Some(cap) = cap.filter(|cap| *cap <= MicroUsd::ZERO || *cap > MicroUsd::MOST) {
        return Err(not_now(&format!("a cap of {cap} USD is none: it is above 0 and at most {} USD", MicroUsd::MOST)));
    }
    let mut events = vec![Event::EpisodeStarted {
        title: start.title.clone(),
        show: start.show.clone(),
        research: start.research,
        profile: start.profile,
        policy: start.policy,
        projected: start.projected,
    }];
    let caps = start.caps.iter();
    events.extend(caps.map(|(scope, cap)| Event::CapSet {
        scope: scope.clone(),
        cap: *cap,
        reason: FROM_THE_SHOW.to_owned(),
    }));
    events.extend(start.pins.iter().map(|pin| Event::StagePinned { pin: Box::new(pin.clone()) }));
    Ok(events.into_iter().map(|event| of(number, event)).collect())
}

/// The needs of a stage that an act at it answers.
fn closing(episode: &Episode, stage: &StageId, answer: &str) -> Vec<Event> {
    let is_its = |need: &Need| match need {
        Need::Cap { stage: waits, .. } | Need::Retries { stage: waits, .. } => waits == stage,
        Need::Gate { .. } | Need::Charge { .. } | Need::Unread { .. } | Need::OverBilled { .. } => false,
    };
    let open = episode.needs.iter().filter(|open| is_its(&open.need));
    open.map(|open| Event::NeedClosed { id: open.id.clone(), answer: answer.to_owned() }).collect()
}

/// A price that a person knows better, from the provider's own account. One above the reservation is shown like any other
/// bill above it.
fn correct(studio: &Studio, key: &IntentKey, price: MicroUsd, reason: &str) -> Result<Vec<Decided>, Refusal> {
    if studio.past.contains(&key.episode) {
        return Err(not_now(&format!("episode {} is over and closed: the price of {key} stands", key.episode)));
    }
    let found = under_way(studio, key.episode)?;
    let Some(call) = found.calls.get(key) else { return Err(not_now(&format!("there is no call {key}"))) };
    if !call.is_booked() {
        return Err(not_now(&format!(
            "no price is booked for {key} yet: `greenroom charge list` shows uncertain charges"
        )));
    }
    if price < MicroUsd::ZERO || price > MicroUsd::MOST {
        return Err(not_now(&format!("a call costs between 0 and {} USD", MicroUsd::MOST)));
    }
    if call.spent() == price && call.possible() == MicroUsd::ZERO {
        return Err(not_now(&format!("{price:.6} USD are booked for {key} already")));
    }
    let corrected = Event::ChargeCorrected { key: key.clone(), price, reason: worded(reason)? };
    let need = Need::OverBilled { key: key.clone(), reserved: call.worst, billed: price };
    let id = need.id();
    let events = match (price > call.worst, found.need(&id).is_some()) {
        (true, false) => vec![Event::NeedOpened { need }, corrected],
        (false, true) => vec![corrected, Event::NeedClosed { id, answer: "the price was corrected".to_owned() }],
        (true, true) | (false, false) => vec![corrected],
    };
    Ok(events.into_iter().map(|event| of(key.episode, event)).collect())
}

fn set_cap(studio: &Studio, scope: &Scope, cap: MicroUsd, reason: &str) -> Result<Vec<Decided>, Refusal> {
    if cap <= MicroUsd::ZERO {
        return Err(not_now(&format!("a cap of {cap} USD pays for nothing")));
    }
    if cap > MicroUsd::MOST {
        return Err(not_now(&format!("{cap} USD is more than any cap can be: at most {} USD", MicroUsd::MOST)));
    }
    let reason = worded(reason)?;
    let episode = match scope {
        Scope::Stage(number, stage) => {
            let found = under_way(studio, *number)?;
            if found.pin(stage).is_none() {
                return Err(not_now(&format!("episode {number} has no stage {stage}")));
            }
            Some(*number)
        }
        Scope::Episode(number) => Some(under_way(studio, *number)?.number),
        Scope::Call => return Err(not_now("the cap of a call is set in the show profile")),
        Scope::Day(_) | Scope::Month(_) => None,
    };
    Ok(vec![(episode, Event::CapSet { scope: scope.clone(), cap, reason })])
}

/// A bill is kept once: the same file says nothing new, and a later export of its days takes its place.
fn record(studio: &Studio, bill: &ReadBill) -> Result<Vec<Decided>, Refusal> {
    if let Some(kept) = studio.bills.iter().find(|kept| kept.bill.is_same(bill)) {
        return Err(not_now(&format!("this file of {} was recorded before, in event {}", bill.provider, kept.seq)));
    }
    if bill.from > bill.to {
        return Err(not_now("a bill ends on or after the day on which it begins"));
    }
    Ok(vec![(None, Event::BillReconciled { bill: Box::new(bill.clone()) })])
}

fn over(studio: &Studio, number: EpisodeNumber, event: Event) -> Result<Vec<Decided>, Refusal> {
    let found = under_way(studio, number)?;
    if found.life.is_over() {
        return Err(not_now("the episode is over"));
    }
    Ok(vec![of(number, event)])
}
