//! Whose call goes next: of all that could go, the one that has waited longest for its provider, whatever its episode.
//!
//! An episode says what it would send ([`Ask`]); whether its provider can be called now is the studio's matter, so that no
//! episode stands in front of another for its number. Pure: the same asks and the same state give the same turn.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::{Provider, Route};
use super::event::Event;
use super::ids::{ContentHash, EpisodeNumber, IntentKey};
use super::money::MicroUsd;
use super::plan::{Limits, caps};
use super::reuse::Known;
use super::studio::Studio;
use super::traffic::{Allowance, Hold, Pass};

/// A call that could go as far as its episode is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Since when it could.
    pub since: Timestamp,
    /// The key that it would have.
    pub key: IntentKey,
    /// The body.
    pub request: ContentHash,
    /// The most that it can cost.
    pub worst: MicroUsd,
    /// Where it goes.
    pub route: Route,
    /// The name under which an equal call would be known, where equal calls are made once.
    pub name: Option<ContentHash>,
}

/// A call that waits, for what and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The call.
    pub key: IntentKey,
    /// Where it goes.
    pub route: Route,
    /// Since when.
    pub since: Timestamp,
    /// For what.
    pub hold: Hold,
}

impl Wait {
    /// For how long, in milliseconds.
    pub fn ms(&self, now: Timestamp) -> u64 {
        u64::try_from(now.as_millisecond().saturating_sub(self.since.as_millisecond())).unwrap_or(0)
    }

    /// Which call waits, for how long and for what.
    pub fn words(&self, now: Timestamp) -> String {
        let until = self.hold.until().map(|until| format!(" until {} UTC", until.strftime("%H:%M:%S")));
        let (episode, stage) = (self.key.episode, &self.key.stage);
        let waited = match self.ms(now) / 1_000 {
            seconds @ ..120 => format!("{seconds} s"),
            seconds => format!("{} min {} s", seconds / 60, seconds % 60),
        };
        format!("{episode} {stage} has waited {waited} for {}{}", self.hold.words(), until.unwrap_or_default())
    }
}

/// What the queue does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// This is to be written; the queue is then asked again.
    Write(EpisodeNumber, Box<Event>),
    /// A cap has no room any more for what this episode asks, or another asks the very same: it is to be planned anew.
    Again(EpisodeNumber),
    /// Everyone waits, until something happens or until this moment.
    Rest(Option<Timestamp>),
}

/// Whose turn it is. What cannot go holds up nobody who goes elsewhere.
pub fn turn<'a>(studio: &Studio, limits: &Limits, now: Timestamp, asks: impl IntoIterator<Item = &'a Ask>) -> Turn {
    let mut gates = Gates::new(studio, limits, now);
    let mut best: Option<(&Ask, Pass)> = None;
    let mut deadline: Option<Timestamp> = None;
    for ask in asks {
        match gates.of(&ask.route) {
            Ok(pass) => {
                let is_first = best.is_none_or(|(first, _)| (ask.since, &ask.key) < (first.since, &first.key));
                if is_first {
                    best = Some((ask, pass));
                }
            }
            Err(hold) => deadline = [deadline, hold.until()].into_iter().flatten().min(),
        }
    }
    let Some((ask, pass)) = best else { return Turn::Rest(deadline) };
    let number = ask.key.episode;
    let period = studio.period(now);
    let admitted = studio.episodes.get(&number).is_some_and(|episode| {
        studio.budget.admits(&ask.key, ask.worst, period, &caps(studio, episode, period)).is_ok()
    });
    let is_known = ask.name.is_some_and(|name| !matches!(studio.known(&name), Known::Nothing));
    match pass {
        _ if !admitted || is_known => Turn::Again(number),
        Pass::Try => Turn::Write(number, Box::new(Event::BreakerProbing { provider: ask.route.provider })),
        Pass::Go => {
            let Ask { since: _, name: _, key, request, worst, route } = ask.clone();
            Turn::Write(number, Box::new(Event::CallIntended { key, request, worst, route }))
        }
    }
}

/// What each of them waits for, the longest wait first; those that could go are not among them.
pub fn waits<'a>(
    studio: &Studio,
    limits: &Limits,
    now: Timestamp,
    asks: impl IntoIterator<Item = &'a Ask>,
) -> Vec<Wait> {
    let mut gates = Gates::new(studio, limits, now);
    let mut waits: Vec<Wait> = asks
        .into_iter()
        .filter_map(|ask| {
            let hold = gates.of(&ask.route).err()?;
            Some(Wait { key: ask.key.clone(), route: ask.route.clone(), since: ask.since, hold })
        })
        .collect();
    waits.sort_by(|a, b| (a.since, &a.key).cmp(&(b.since, &b.key)));
    waits
}

/// Whether each route can be taken, looked at once.
struct Gates<'a, 'b> {
    studio: &'a Studio,
    limits: &'a Limits,
    now: Timestamp,
    is_over_billed: bool,
    known: BTreeMap<(Provider, &'b str), Result<Pass, Hold>>,
}

impl<'a, 'b> Gates<'a, 'b> {
    fn new(studio: &'a Studio, limits: &'a Limits, now: Timestamp) -> Self {
        Self { studio, limits, now, is_over_billed: studio.is_over_billed(), known: BTreeMap::new() }
    }

    fn of(&mut self, route: &'b Route) -> Result<Pass, Hold> {
        if self.is_over_billed {
            return Err(Hold::Bill);
        }
        let (studio, limits, now) = (self.studio, self.limits, self.now);
        if limits.room.is_some_and(|room| studio.in_flight.values().sum::<u32>() >= room) {
            return Err(Hold::Space);
        }
        let look = || {
            let allowance = Allowance {
                slots: limits.slots.get(&route.provider).copied().unwrap_or(1),
                per_minute: limits.per_minute.get(&route.provider).copied(),
            };
            match studio.traffic.get(&route.provider) {
                Some(traffic) => traffic.admits(&route.model, allowance, now),
                None if allowance.slots == 0 => Err(Hold::Slot),
                None => Ok(Pass::Go),
            }
        };
        *self.known.entry((route.provider, &route.model)).or_insert_with(look)
    }
}
