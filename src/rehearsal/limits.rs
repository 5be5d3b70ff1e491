//! How much each vendor takes at once and in a minute, and what is left of it: limits that a client can run into and learn.
//!
//! Not for what a vendor says about them: the refusals and headers are in `wire`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The time over which rates are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Requests at the same time.
    Concurrent,
    /// Requests in a minute.
    Requests,
    /// Tokens in, of a minute; those that are read from a cache are not counted.
    InputTokens,
    /// Tokens out, of a minute.
    OutputTokens,
}

/// A limit of one vendor: `elevenlabs=2` at once, `anthropic.rpm=60` requests a minute, and `itpm` and `otpm` for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The vendor, as the meter calls it.
    pub vendor: &'static str,
    /// What is counted.
    pub measure: Measure,
    /// The most of it.
    pub most: u64,
}

/// A limit that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no limit: write VENDOR=N for requests at once, or VENDOR.rpm=N for requests a minute, with one of anthropic, \
     gemini, perplexity, elevenlabs and openai; Anthropic also has itpm and otpm for tokens a minute, and ElevenLabs counts \
     only what runs at once"
)]
pub struct LimitError(String);

const VENDORS: [&str; 5] = ["anthropic", "gemini", "perplexity", "elevenlabs", "openai"];

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let read = || {
            let (target, most) = text.split_once('=')?;
            let most = most.trim().parse().ok().filter(|most| *most > 0)?;
            let (vendor, measure) = match target.trim().split_once('.') {
                None => (target.trim(), Measure::Concurrent),
                Some((vendor, "rpm")) if vendor != "elevenlabs" => (vendor, Measure::Requests),
                Some(("anthropic", "itpm")) => ("anthropic", Measure::InputTokens),
                Some(("anthropic", "otpm")) => ("anthropic", Measure::OutputTokens),
                Some(_) => return None,
            };
            let vendor = VENDORS.into_iter().find(|known| *known == vendor)?;
            Some(Self { vendor, measure, most })
        };
        read().ok_or_else(|| LimitError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Limit {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measure = match self.measure {
            Measure::Concurrent => "",
            Measure::Requests => ".rpm",
            Measure::InputTokens => ".itpm",
            Measure::OutputTokens => ".otpm",
        };
        write!(f, "{}{measure}={}", self.vendor, self.most)
    }
}

/// What is left of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// The most in a minute.
    pub(super) most: u64,
    /// How much could be had now.
    pub(super) remaining: u64,
    /// In how long all of it is there again.
    pub(super) full_in: Duration,
    /// In how long there is something again; nothing where there is.
    pub(super) some_in: Duration,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// So many are under way already.
    Concurrent { most: u64 },
    /// The minute is used up.
    Rate { measure: Measure, left: Left },
}

/// When a vendor's rate is whole again: what was taken comes back evenly, over a minute for all of it.
type WholeAt = BTreeMap<(&'static str, Measure), Instant>;

/// What is under way and what was taken.
#[derive(Debug, Default)]
struct Taken {
    under_way: BTreeMap<&'static str, u64>,
    whole_at: WholeAt,
}

/// The limits of a studio, and what is taken of them.
#[derive(Debug, Default)]
pub(super) struct Limits {
    limits: Vec<Limit>,
    taken: Arc<Mutex<Taken>>,
}

/// A request that was let in; dropping it makes room.
#[derive(Debug)]
pub(super) struct Entered {
    vendor: &'static str,
    taken: Arc<Mutex<Taken>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(count) = locked(&self.taken).under_way.get_mut(self.vendor) {
            *count = count.saturating_sub(1);
        }
    }
}

fn locked(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    // Counts stay sound through a panic elsewhere: each change is one step.
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The share of a minute that an amount of a rate is.
fn share(amount: u64, most: u64) -> Duration {
    let nanos = u128::from(amount) * MINUTE.as_nanos() / u128::from(most.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn left(most: u64, whole_at: Option<Instant>, now: Instant) -> Left {
    let full_in = whole_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
    let free = MINUTE.saturating_sub(full_in).as_nanos() * u128::from(most) / MINUTE.as_nanos();
    let some_in = (full_in + share(1, most)).saturating_sub(MINUTE);
    Left { most, remaining: u64::try_from(free).unwrap_or(most), full_in, some_in }
}

impl Limits {
    pub(super) fn new(limits: Vec<Limit>) -> Self {
        Self { limits, taken: Arc::default() }
    }

    fn most(&self, vendor: &str, measure: Measure) -> Option<u64> {
        // The last one given counts, as with other flags.
        let of = |limit: &&Limit| limit.vendor == vendor && limit.measure == measure;
        self.limits.iter().rev().find(of).map(|limit| limit.most)
    }

    /// The most requests at once, where there is a limit.
    pub(super) fn most_at_once(&self, vendor: &str) -> Option<u64> {
        self.most(vendor, Measure::Concurrent)
    }

    /// How many are under way.
    pub(super) fn under_way(&self, vendor: &str) -> u64 {
        locked(&self.taken).under_way.get(vendor).copied().unwrap_or(0)
    }

    /// Lets a request in, and takes one of the requests of the minute.
    pub(super) fn enter(&self, vendor: &'static str, now: Instant) -> Result<Entered, Over> {
        let mut taken = locked(&self.taken);
        let count = taken.under_way.get(vendor).copied().unwrap_or(0);
        if let Some(most) = self.most_at_once(vendor).filter(|most| count >= *most) {
            return Err(Over::Concurrent { most });
        }
        for measure in [Measure::Requests, Measure::InputTokens, Measure::OutputTokens] {
            let Some(most) = self.most(vendor, measure) else { continue };
            let left = left(most, taken.whole_at.get(&(vendor, measure)).copied(), now);
            if left.remaining == 0 {
                return Err(Over::Rate { measure, left });
            }
        }
        taken.under_way.insert(vendor, count + 1);
        drop(taken);
        self.take(vendor, Measure::Requests, 1, now);
        Ok(Entered { vendor, taken: Arc::clone(&self.taken) })
    }

    /// Takes an amount of a rate, beyond what is left if need be: the next request then waits for it.
    pub(super) fn take(&self, vendor: &'static str, measure: Measure, amount: u64, now: Instant) {
        let Some(most) = self.most(vendor, measure) else { return };
        let mut taken = locked(&self.taken);
        let whole_at = taken.whole_at.entry((vendor, measure)).or_insert(now);
        *whole_at = (*whole_at).max(now) + share(amount, most);
    }

    /// What is left of a rate, where there is a limit.
    pub(super) fn left(&self, vendor: &'static str, measure: Measure, now: Instant) -> Option<Left> {
        let most = self.most(vendor, measure)?;
        Some(left(most, locked(&self.taken).whole_at.get(&(vendor, measure)).copied(), now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn limits_are_read_as_they_are_written() {
        for text in ["elevenlabs=2", "anthropic.rpm=60", "anthropic.itpm=30000", "anthropic.otpm=8000", "gemini.rpm=5"]
        {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
        for bad in ["elevenlabs", "elevenlabs.rpm=2", "gemini.itpm=2", "azure=3", "anthropic=0", "openai.rpm=-1"] {
            assert!(bad.parse::<Limit>().unwrap_err().to_string().contains("VENDOR=N"), "{bad}");
        }
    }

    #[test]
    fn what_is_under_way_holds_a_place_until_it_is_over() {
        let limits = Limits::new(vec!["elevenlabs=2".parse().unwrap()]);
        let now = Clock::system().monotonic();
        let first = limits.enter("elevenlabs", now).unwrap();
        let _second = limits.enter("elevenlabs", now).unwrap();
        assert_eq!(limits.enter("elevenlabs", now).unwrap_err(), Over::Concurrent { most: 2 });
        assert!(limits.enter("gemini", now).is_ok(), "each vendor has its own");
        drop(first);
        assert_eq!(limits.under_way("elevenlabs"), 1);
        assert!(limits.enter("elevenlabs", now).is_ok());
    }

    #[test]
    fn a_rate_comes_back_evenly_and_says_when() {
        let limits = Limits::new(vec!["anthropic.rpm=60".parse().unwrap(), "anthropic.otpm=600".parse().unwrap()]);
        let now = Clock::system().monotonic();
        for _ in 0..60 {
            drop(limits.enter("anthropic", now).unwrap());
        }
        let Err(Over::Rate { measure: Measure::Requests, left }) = limits.enter("anthropic", now) else { panic!() };
        assert_eq!((left.remaining, left.some_in, left.full_in), (0, Duration::from_secs(1), MINUTE));
        let later = now + Duration::from_secs(2);
        assert_eq!(limits.left("anthropic", Measure::Requests, later).unwrap().remaining, 2);
        drop(limits.enter("anthropic", later).unwrap());
        limits.take("anthropic", Measure::OutputTokens, 1_200, later);
        let Err(Over::Rate { measure: Measure::OutputTokens, left }) = limits.enter("anthropic", later) else {
            panic!()
        };
        assert!(left.some_in > MINUTE, "what was taken beyond the limit is waited for: {left:?}");
        assert!(limits.enter("anthropic", later + Duration::from_secs(61)).is_ok());
    }
}
