//! The way to one provider, as the fold over its calls: what is under way, what it was found to bear, when it may be called
//! again, and how its calls went.
//!
//! No clock and no settings in here: moments come with the events and with whoever asks. Not for who goes first: that is in
//! [`super::queue`].

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::call::{RetryClass, Told};
use super::ids::IntentKey;

/// How many of the latest answers and failures are kept for the figures.
const KEPT: usize = 256;

/// The most beginnings of calls that are kept: no settings allow more a minute.
pub const MOST_A_MINUTE: u32 = 1_000;

/// Calls at once from which on a provider is no longer watched.
const MANY: u32 = 64;

/// When calls to a provider that fails again and again are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaking {
    /// Failures without an answer between them until it is opened.
    pub failures: u32,
    /// The first pause, in milliseconds; each further one doubles.
    pub pause_ms: u64,
    /// The longest pause, in milliseconds.
    pub pause_max_ms: u64,
}

impl Default for Breaking {
    fn default() -> Self {
        Self { failures: 5, pause_ms: 15_000, pause_max_ms: 600_000 }
    }
}

impl Breaking {
    /// The pause after it was opened so many times before without an answer.
    pub fn pause(&self, openings: u32) -> u64 {
        self.pause_ms.saturating_mul(1_u64 << openings.min(20)).min(self.pause_max_ms)
    }
}

/// The circuit breaker of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breaker {
    /// Calls go.
    #[default]
    Closed,
    /// No call goes before this moment; then one tries.
    Open {
        /// The moment.
        until: Timestamp,
    },
    /// One call tries whether it answers again.
    Probing {
        /// The call, once it is under way.
        call: Option<IntentKey>,
    },
}

/// How a call went wrong, for the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mishap {
    /// It was to be sent again later.
    RetryAfter,
    /// Too many were under way.
    LowerConcurrency,
    /// The request was wrong.
    FixRequest,
    /// The model could not.
    OtherModel,
    /// A person had to act.
    AskPerson,
    /// Nothing helped.
    Stop,
    /// The answer was lost.
    Lost,
}

impl Mishap {
    /// All of them, in the order they are listed to people.
    pub const ALL: [Self; 7] = [
        Self::RetryAfter,
        Self::LowerConcurrency,
        Self::FixRequest,
        Self::OtherModel,
        Self::AskPerson,
        Self::Stop,
        Self::Lost,
    ];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::RetryAfter => "retry_after",
            Self::LowerConcurrency => "lower_concurrency",
            Self::FixRequest => "fix_request",
            Self::OtherModel => "other_model",
            Self::AskPerson => "ask_person",
            Self::Stop => "stop",
            Self::Lost => "lost",
        }
    }
}

impl Mishap {
    /// The class in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::RetryAfter => "busy or failing",
            Self::LowerConcurrency => "too many at once",
            Self::FixRequest => "wrong request",
            Self::OtherModel => "model cannot",
            Self::AskPerson => "needs a person",
            Self::Stop => "stopped for good",
            Self::Lost => "answer lost",
        }
    }
}

impl From<RetryClass> for Mishap {
    fn from(class: RetryClass) -> Self {
        match class {
            RetryClass::RetryAfter => Self::RetryAfter,
            RetryClass::LowerConcurrency => Self::LowerConcurrency,
            RetryClass::FixRequest => Self::FixRequest,
            RetryClass::OtherModel => Self::OtherModel,
            RetryClass::AskPerson => Self::AskPerson,
            RetryClass::Stop => Self::Stop,
        }
    }
}

/// Calls that were sent again after a failure of one class, and how many of them were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// Sent again.
    pub sent: u64,
    /// Of those, answered.
    pub answered: u64,
}

impl Again {
    /// How many of a hundred were answered, where any was sent.
    pub fn percent(&self) -> Option<u64> {
        self.answered.saturating_mul(100).checked_div(self.sent)
    }
}

/// Why a call waits that could go as far as its episode is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// As many calls are under way as may be.
    Slot,
    /// The provider asked for a pause.
    Pause {
        /// Until when.
        until: Timestamp,
    },
    /// As many calls were begun within a minute as may be.
    Rate {
        /// Until when.
        until: Timestamp,
    },
    /// The provider failed again and again.
    Breaker {
        /// When one call may try.
        until: Timestamp,
    },
    /// Another call tries whether the provider answers again.
    Probe,
    /// The disk has no room for its answer.
    Space,
    /// A bill above its reservation was not seen by a person yet: nothing is sent to any provider.
    Bill,
}

impl Hold {
    /// The moment at which it is over by itself, where there is one.
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::Slot | Self::Probe | Self::Space | Self::Bill => None,
            Self::Pause { until } | Self::Rate { until } | Self::Breaker { until } => Some(until),
        }
    }

    /// What is waited for, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Slot => "a free slot",
            Self::Pause { .. } => "the pause that the provider asked for",
            Self::Rate { .. } => "the next minute",
            Self::Breaker { .. } => "the provider, which fails",
            Self::Probe => "a probe of the provider",
            Self::Space => "room on the disk for its answer",
            Self::Bill => "a person, who has to see a bill above its reservation",
        }
    }
}

/// How a call may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// It goes.
    Go,
    /// It may go as the one that tries.
    Try,
}

/// What the settings allow of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Calls at once.
    pub slots: u32,
    /// Calls that may begin within a minute, where there is a limit.
    pub per_minute: Option<u32>,
}

/// The way to a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Calls under way, by model.
    pub in_flight: BTreeMap<String, u32>,
    /// Calls at once that it was found to bear, where that is fewer than the settings allow.
    pub bears: Option<u32>,
    /// Answers since that number was changed.
    eased: u32,
    /// What it said of each model's limits.
    pub told: BTreeMap<String, Told>,
    /// Its breaker.
    pub breaker: Breaker,
    /// Failures to answer since it last answered.
    pub failing: u32,
    /// Whether it said that its quota or credit is used up, and has not answered since.
    #[serde(default)]
    pub is_used_up: bool,
    /// How often the breaker was opened since it last answered.
    pub openings: u32,
    /// When the calls of the last minute began.
    begun: VecDeque<Timestamp>,
    /// How long the latest answers took, in milliseconds, oldest first.
    pub took_ms: VecDeque<u64>,
    /// The latest failures, oldest first.
    pub failed: VecDeque<(Timestamp, Mishap)>,
    /// Answers in all.
    pub answered: u64,
    /// Failures in all.
    pub failures: BTreeMap<Mishap, u64>,
    /// What came of sending again.
    pub again: BTreeMap<Mishap, Again>,
}

impl Traffic {
    /// Calls under way.
    pub fn under_way(&self) -> u32 {
        self.in_flight.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether a call to a model may begin at a moment, as far as the provider is concerned.
    ///
    /// # Errors
    ///
    /// With what it waits for.
    pub fn admits(&self, model: &str, allowance: Allowance, now: Timestamp) -> Result<Pass, Hold> {
        if allowance.slots == 0 {
            return Err(Hold::Slot);
        }
        let told = self.told.get(model).copied().unwrap_or_default();
        if let Some(until) = told.until.filter(|until| *until > now) {
            return Err(Hold::Pause { until });
        }
        let pass = match &self.breaker {
            Breaker::Closed => Pass::Go,
            Breaker::Open { until } if *until > now => return Err(Hold::Breaker { until: *until }),
            Breaker::Open { .. } => Pass::Try,
            Breaker::Probing { call: None } => Pass::Go,
            Breaker::Probing { call: Some(_) } => return Err(Hold::Probe),
        };
        if let Some(until) = allowance.per_minute.and_then(|most| self.free_at(most)).filter(|until| *until > now) {
            return Err(Hold::Rate { until });
        }
        let slots = allowance.slots.min(self.bears.unwrap_or(u32::MAX));
        let of_model = self.in_flight.get(model).copied().unwrap_or(0);
        if self.under_way() >= slots || told.most.is_some_and(|most| of_model >= most.max(1)) {
            return Err(Hold::Slot);
        }
        Ok(pass)
    }

    /// When fewer than so many calls will have begun within a minute.
    fn free_at(&self, most: u32) -> Option<Timestamp> {
        let most = usize::try_from(most.max(1)).ok()?;
        let first = self.begun.len().checked_sub(most)?;
        self.begun.get(first).map(|at| minute_after(*at))
    }

    /// A call has begun; `again` is the failure after which it was sent again.
    pub(super) fn begin(&mut self, key: &IntentKey, model: &str, at: Timestamp, again: Option<Mishap>) {
        *self.in_flight.entry(model.to_owned()).or_default() += 1;
        while self.begun.front().is_some_and(|first| minute_after(*first) <= at)
            || self.begun.len() >= usize::try_from(MOST_A_MINUTE).unwrap_or(usize::MAX)
        {
            self.begun.pop_front();
        }
        self.begun.push_back(at);
        if let Breaker::Probing { call } = &mut self.breaker
            && call.is_none()
        {
            *call = Some(key.clone());
        }
        if let Some(mishap) = again {
            self.again.entry(mishap).or_default().sent += 1;
        }
    }

    /// A call is no longer under way.
    pub(super) fn land(&mut self, model: &str) {
        if let Some(count) = self.in_flight.get_mut(model) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.in_flight.remove(model);
            }
        }
    }

    /// A call was answered. The provider may bear one more once it has answered as many as it bears.
    pub(super) fn answer(&mut self, model: &str, took_ms: u64, told: Told, again: Option<Mishap>) {
        self.failing = 0;
        self.is_used_up = false;
        self.learn(model, told);
        self.answered += 1;
        keep(&mut self.took_ms, took_ms);
        if let Some(mishap) = again {
            self.again.entry(mishap).or_default().answered += 1;
        }
        if let Some(bears) = self.bears {
            self.eased += 1;
            if self.eased >= bears {
                self.eased = 0;
                self.bears = Some(bears.saturating_add(1)).filter(|bears| *bears < MANY);
            }
        }
    }

    /// A call that is no longer under way went wrong. One that met too many beside it lowers what the provider bears to one
    /// fewer than were under way, and one at least.
    pub(super) fn fail(&mut self, model: &str, at: Timestamp, mishap: Mishap, told: Told) {
        self.learn(model, told);
        *self.failures.entry(mishap).or_default() += 1;
        keep(&mut self.failed, (at, mishap));
        match mishap {
            Mishap::RetryAfter | Mishap::Lost => self.failing = self.failing.saturating_add(1),
            Mishap::LowerConcurrency => {
                self.failing = 0;
                self.eased = 0;
                let known = self.bears.unwrap_or(u32::MAX);
                self.bears = Some(self.under_way().min(known.saturating_sub(1)).max(1));
            }
            Mishap::FixRequest | Mishap::OtherModel | Mishap::AskPerson | Mishap::Stop => self.failing = 0,
        }
    }

    fn learn(&mut self, model: &str, told: Told) {
        if told == Told::default() {
            return;
        }
        let known = self.told.entry(model.to_owned()).or_default();
        known.most = told.most.or(known.most);
        known.until = known.until.max(told.until);
    }

    /// The breaker was opened, a call tries, or it was closed.
    pub(super) fn turn(&mut self, breaker: Breaker) {
        match &breaker {
            Breaker::Closed => {
                self.failing = 0;
                self.openings = 0;
            }
            Breaker::Open { .. } => self.openings = self.openings.saturating_add(1),
            Breaker::Probing { .. } => {}
        }
        self.breaker = breaker;
    }

    /// Failures in the hour before a moment, by class.
    pub fn failed_within_an_hour(&self, now: Timestamp) -> BTreeMap<Mishap, u64> {
        let mut counts = BTreeMap::new();
        let since = now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
        for (_, mishap) in self.failed.iter().filter(|(at, _)| *at > since) {
            *counts.entry(*mishap).or_default() += 1;
        }
        counts
    }

    /// So many of a hundred of the latest answers took no longer than this, in milliseconds (nearest rank).
    pub fn percentile_ms(&self, percent: usize) -> Option<u64> {
        let mut sorted: Vec<u64> = self.took_ms.iter().copied().collect();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent.min(100)).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }

    /// The latest moment until which the provider asked for a pause of any model, where that lies ahead.
    pub fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.told.values().filter_map(|told| told.until).filter(|until| *until > now).max()
    }
}

fn minute_after(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(60)).unwrap_or(Timestamp::MAX)
}

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() >= KEPT {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Allowance = Allowance { slots: 8, per_minute: None };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn key(unit: u32) -> IntentKey {
        IntentKey { episode: super::super::ids::EpisodeNumber(1), stage: "voice".parse().unwrap(), unit, attempt: 1 }
    }

    #[test]
    fn what_a_provider_said_of_a_model_holds_for_that_model_alone() {
        let mut traffic = Traffic::default();
        traffic.begin(&key(1), "flash", at(0), None);
        traffic.land("flash");
        traffic.answer("flash", 10, Told { most: Some(2), until: Some(at(30)) }, None);
        assert_eq!(traffic.admits("flash", FREE, at(29)), Err(Hold::Pause { until: at(30) }));
        assert_eq!(traffic.admits("flash", FREE, at(30)), Ok(Pass::Go));
        assert_eq!(traffic.admits("multilingual", FREE, at(29)), Ok(Pass::Go));
        traffic.begin(&key(2), "flash", at(31), None);
        traffic.begin(&key(3), "flash", at(31), None);
        assert_eq!(traffic.admits("flash", FREE, at(31)), Err(Hold::Slot));
        assert_eq!(traffic.admits("multilingual", FREE, at(31)), Ok(Pass::Go));
        traffic.fail("flash", at(32), Mishap::RetryAfter, Told { most: None, until: Some(at(10)) });
        assert_eq!(traffic.told["flash"], Told { most: Some(2), until: Some(at(30)) }, "a pause is never cut short");
    }

    #[test]
    fn too_many_at_once_lowers_at_once_and_answers_raise_slowly() {
        let mut traffic = Traffic::default();
        (0..6).for_each(|unit| traffic.begin(&key(unit), "m", at(0), None));
        traffic.land("m");
        traffic.fail("m", at(1), Mishap::LowerConcurrency, Told::default());
        assert_eq!(traffic.bears, Some(5));
        traffic.land("m");
        traffic.fail("m", at(1), Mishap::LowerConcurrency, Told::default());
        assert_eq!(traffic.bears, Some(4));
        let answers = |traffic: &mut Traffic, count: u32| {
            (0..count).for_each(|_| traffic.answer("m", 5, Told::default(), None));
        };
        answers(&mut traffic, 3);
        assert_eq!(traffic.bears, Some(4));
        answers(&mut traffic, 1);
        assert_eq!(traffic.bears, Some(5), "one more after as many answers as it bears");
        answers(&mut traffic, (5..64).sum());
        assert_eq!(traffic.bears, None, "one that bears many is no longer watched");
    }

    #[test]
    fn a_rate_a_minute_holds_over_any_minute() {
        let mut traffic = Traffic::default();
        let three = Allowance { slots: 100, per_minute: Some(3) };
        for second in [0, 10, 20] {
            assert_eq!(traffic.admits("m", three, at(second)), Ok(Pass::Go));
            traffic.begin(&key(1), "m", at(second), None);
        }
        assert_eq!(traffic.admits("m", three, at(59)), Err(Hold::Rate { until: at(60) }));
        assert_eq!(traffic.admits("m", three, at(60)), Ok(Pass::Go));
        traffic.begin(&key(1), "m", at(60), None);
        assert_eq!(traffic.admits("m", three, at(61)), Err(Hold::Rate { until: at(70) }));
    }

    #[test]
    fn an_open_breaker_lets_one_call_try() {
        let mut traffic = Traffic::default();
        traffic.turn(Breaker::Open { until: at(15) });
        assert_eq!(traffic.admits("m", FREE, at(14)), Err(Hold::Breaker { until: at(15) }));
        assert_eq!(traffic.admits("m", FREE, at(15)), Ok(Pass::Try));
        traffic.turn(Breaker::Probing { call: None });
        assert_eq!(traffic.admits("m", FREE, at(15)), Ok(Pass::Go));
        traffic.begin(&key(4), "m", at(15), None);
        assert_eq!(traffic.breaker, Breaker::Probing { call: Some(key(4)) });
        assert_eq!(traffic.admits("other", FREE, at(15)), Err(Hold::Probe));
        traffic.turn(Breaker::Closed);
        assert_eq!((traffic.admits("other", FREE, at(16)), traffic.openings), (Ok(Pass::Go), 0));
        let pauses: Vec<u64> = (0..8).map(|openings| Breaking::default().pause(openings)).collect();
        assert_eq!(pauses, [15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
    }

    #[test]
    fn figures_are_those_of_the_latest_calls() {
        let mut traffic = Traffic::default();
        assert_eq!(traffic.percentile_ms(50), None);
        (1..=100).for_each(|ms| traffic.answer("m", ms, Told::default(), None));
        assert_eq!((traffic.percentile_ms(50), traffic.percentile_ms(95)), (Some(50), Some(95)));
        traffic.fail("m", at(0), Mishap::Lost, Told::default());
        traffic.fail("m", at(3_000), Mishap::RetryAfter, Told::default());
        assert_eq!(traffic.failed_within_an_hour(at(3_599)).len(), 2);
        assert_eq!(traffic.failed_within_an_hour(at(3_600)), BTreeMap::from([(Mishap::RetryAfter, 1)]));
        traffic.begin(&key(1), "m", at(3_001), Some(Mishap::RetryAfter));
        traffic.answer("m", 1, Told::default(), Some(Mishap::RetryAfter));
        traffic.begin(&key(1), "m", at(3_002), Some(Mishap::Lost));
        assert_eq!(traffic.again[&Mishap::RetryAfter], Again { sent: 1, answered: 1 });
        assert_eq!(traffic.again[&Mishap::Lost], Again { sent: 1, answered: 0 });
    }
}
