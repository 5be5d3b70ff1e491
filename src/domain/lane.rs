//! The way to each provider in figures for people: the same in the console, in snapshots and in reports.
//!
//! Not for what decides: that is [`super::traffic`] and [`super::queue`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::{Provider, Told};
use super::plan::{Limits, plan};
use super::queue::{self, Ask, Wait};
use super::studio::Studio;
use super::traffic::{Again, Breaker, Mishap, Traffic};

/// The way to one provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The provider.
    pub provider: Provider,
    /// Calls under way.
    pub in_flight: u32,
    /// Calls at once that the settings allow.
    pub slots: u32,
    /// Calls that may begin within a minute, where the settings set a limit.
    pub per_minute: Option<u32>,
    /// Calls at once that it was found to bear, where that is fewer.
    pub bears: Option<u32>,
    /// What it said of its limits, by model.
    pub told: BTreeMap<String, Told>,
    /// Its breaker.
    pub breaker: Breaker,
    /// Failures to answer since it last answered.
    pub failing: u32,
    /// Whether its quota or credit is used up, by what it said last.
    pub is_used_up: bool,
    /// Until when it asked for a pause, where that lies ahead.
    pub paused_until: Option<Timestamp>,
    /// Calls that could go as far as their episodes are concerned, and wait.
    pub waiting: usize,
    /// The longest of these waits.
    pub longest: Option<Wait>,
    /// Half of the latest answers took no longer, in milliseconds.
    pub p50_ms: Option<u64>,
    /// Nineteen of twenty of the latest answers took no longer, in milliseconds.
    pub p95_ms: Option<u64>,
    /// Answers in all.
    pub answered: u64,
    /// Failures of the last hour, by class; of the latest 256 at most.
    pub failed: BTreeMap<Mishap, u64>,
    /// Failures in all, by class.
    pub failures: BTreeMap<Mishap, u64>,
    /// What came of sending again, by the class of the failure before.
    pub again: BTreeMap<Mishap, Again>,
}

impl Lane {
    /// How it stands, in a word.
    pub fn word(&self) -> &'static str {
        match &self.breaker {
            Breaker::Open { .. } => "open",
            Breaker::Probing { .. } => "probing",
            Breaker::Closed if self.is_used_up => "quota used up",
            Breaker::Closed if self.paused_until.is_some() => "pause",
            Breaker::Closed if self.failing > 0 => "failing",
            Breaker::Closed if self.in_flight > 0 => "busy",
            Breaker::Closed => "idle",
        }
    }

    /// Until when nothing goes, or some of it does not, where that is known.
    pub fn until(&self) -> Option<Timestamp> {
        match &self.breaker {
            Breaker::Open { until } => Some(*until),
            Breaker::Closed if self.is_used_up => None,
            Breaker::Probing { .. } | Breaker::Closed => self.paused_until,
        }
    }
}

impl Lane {
    /// How it stands and until when.
    pub fn state(&self) -> String {
        let until = self.until().map(|until| format!(" until {}", time(until))).unwrap_or_default();
        format!("{}{until}", self.word())
    }

    /// The most calls at once, as things stand.
    pub fn at_once(&self) -> u32 {
        self.slots.min(self.bears.unwrap_or(u32::MAX))
    }

    /// What else is to be said of it, a line each: the longest wait, what was learned, failures by class, what came of
    /// sending again. Names of models come from outside.
    pub fn remarks(&self, now: Timestamp) -> Vec<String> {
        let mut remarks = Vec::new();
        remarks.extend(self.longest.as_ref().map(|wait| wait.words(now)));
        if let Some(per_minute) = self.per_minute {
            remarks.push(format!("at most {per_minute} calls begin within a minute, by the settings"));
        }
        if let Some(bears) = self.bears {
            remarks.push(format!("bears {bears} at once, learned from refusals; the settings allow {}", self.slots));
        }
        for (model, told) in &self.told {
            if let Some(most) = told.most {
                remarks.push(format!("says that {model} takes {most} at once"));
            }
            if let Some(until) = told.until.filter(|until| *until > now) {
                remarks.push(format!("no call to {model} before {} UTC", time(until)));
            }
        }
        if self.is_used_up {
            remarks.push(
                "its quota or credit is used up: add to it at the provider, then let the stages try again".to_owned(),
            );
        }
        if self.failing > 0 {
            remarks.push(format!("{} failures since it last answered", self.failing));
        }
        if !self.failed.is_empty() {
            let each = self.failed.iter().map(|(mishap, count)| format!("{count} {}", mishap.words()));
            remarks.push(format!("failed in the last hour: {}", each.collect::<Vec<_>>().join(", ")));
        }
        for (mishap, again) in &self.again {
            let Again { sent, answered } = again;
            let percent = again.percent().unwrap_or(0);
            remarks.push(format!("sent again after `{}`: {answered} of {sent} answered, {percent} %", mishap.words()));
        }
        remarks
    }
}

/// A moment as a time of day (UTC).
fn time(at: Timestamp) -> jiff::fmt::strtime::Display<'static> {
    at.strftime("%H:%M:%S")
}

/// The way to every provider, in the order they are listed to people.
pub fn lanes(studio: &Studio, limits: &Limits, now: Timestamp, waits: &[Wait]) -> Vec<Lane> {
    let none = Traffic::default();
    let lane = |provider: Provider| {
        let traffic = studio.traffic.get(&provider).unwrap_or(&none);
        let mut own = waits.iter().filter(|wait| wait.route.provider == provider);
        let longest = own.next().cloned();
        Lane {
            provider,
            in_flight: traffic.under_way(),
            slots: limits.slots.get(&provider).copied().unwrap_or(1),
            per_minute: limits.per_minute.get(&provider).copied(),
            bears: traffic.bears,
            told: traffic.told.clone(),
            breaker: traffic.breaker.clone(),
            failing: traffic.failing,
            is_used_up: traffic.is_used_up,
            paused_until: traffic.paused_until(now),
            waiting: own.count() + usize::from(longest.is_some()),
            longest,
            p50_ms: traffic.percentile_ms(50),
            p95_ms: traffic.percentile_ms(95),
            answered: traffic.answered,
            failed: traffic.failed_within_an_hour(now),
            failures: traffic.failures.clone(),
            again: traffic.again.clone(),
        }
    };
    Provider::ALL.into_iter().map(lane).collect()
}

/// What every episode asks of the queue, for who has no dispatcher at hand.
pub fn asks(studio: &Studio, limits: &Limits, now: Timestamp) -> Vec<Ask> {
    studio.episodes.values().flat_map(|episode| plan(studio, episode, limits, now).asks).collect()
}

/// What waits for a provider, the longest wait first.
pub fn waits(studio: &Studio, limits: &Limits, now: Timestamp) -> Vec<Wait> {
    queue::waits(studio, limits, now, &asks(studio, limits, now))
}

/// The longest wait of each stage, at most so many of them, in the order given.
pub fn of_stages(mut waits: Vec<Wait>, most: usize) -> Vec<Wait> {
    let mut stages = BTreeSet::new();
    waits.retain(|wait| stages.len() < most && stages.insert((wait.key.episode, wait.key.stage.clone())));
    waits
}
