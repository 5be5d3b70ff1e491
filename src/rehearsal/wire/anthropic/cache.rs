//! Prompt caching: what of a prompt is read from the cache, what is written to it, and for how long (Anthropic's documentation,
//! November 2026).
//!
//! A prefix is a chain of hashes over its blocks, so that any byte that changes earlier makes another one of all that follow.
//! An entry can be read once the answer that wrote it has begun.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::request::tokens;
use crate::domain::ids::ContentHash;

/// So many blocks before a breakpoint are looked back at.
const LOOKBACK: usize = 20;

/// The most breakpoints of a request.
pub(super) const MOST_BREAKPOINTS: usize = 4;

/// How long an entry lives from its last use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ttl {
    FiveMinutes,
    OneHour,
}

impl Ttl {
    fn lasts(self) -> Duration {
        match self {
            Self::FiveMinutes => Duration::from_secs(5 * 60),
            Self::OneHour => Duration::from_secs(60 * 60),
        }
    }
}

/// A block of a prompt: of the tools, the system text or a message, in this order.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// All that makes it what it is.
    pub(super) said: String,
    /// The bytes that are counted.
    pub(super) bytes: usize,
    /// A breakpoint at its end.
    pub(super) ttl: Option<Ttl>,
}

/// A prompt in the parts that are priced apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) input: u64,
    pub(super) write_5m: u64,
    pub(super) write_1h: u64,
    pub(super) read: u64,
    keeps: Vec<(ContentHash, Duration)>,
}

/// The entries of a studio.
#[derive(Debug, Default)]
pub(in crate::rehearsal::wire) struct Cache(Mutex<BTreeMap<ContentHash, Entry>>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    until: Instant,
    lasts: Duration,
}

impl Cache {
    /// Splits a prompt of `total` tokens. `salt` is what else makes an entry useless when it changes: model, schema, thinking.
    pub(super) fn split(&self, salt: &str, blocks: &[Block], total: u64, fewest: u64, now: Instant) -> Split {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hash = ContentHash::of(salt.as_bytes());
        let mut bytes = 0;
        let mut prefixes = Vec::with_capacity(blocks.len());
        for block in blocks {
            hash = ContentHash::of_parts([hash.as_bytes().as_slice(), block.said.as_bytes()]);
            bytes += block.bytes;
            prefixes.push((hash, tokens(bytes), block.ttl));
        }
        let breakpoints = || prefixes.iter().enumerate().filter_map(|(nth, prefix)| Some((nth, prefix, prefix.2?)));
        let live = |hash: &ContentHash| entries.get(hash).filter(|entry| entry.until > now);
        let found = breakpoints().filter_map(|(nth, ..)| {
            let seen = prefixes.get((nth + 1).saturating_sub(LOOKBACK)..=nth)?;
            seen.iter().rev().find_map(|(hash, size, _)| live(hash).map(|entry| (*size, *hash, entry.lasts)))
        });
        let found = found.max_by_key(|(size, ..)| *size);
        let mut split = Split::default();
        let mut at = 0;
        if let Some((size, hash, lasts)) = found {
            split.read = size;
            at = size;
            split.keeps.push((hash, lasts));
        }
        for (_, (hash, size, _), ttl) in breakpoints() {
            if *size < fewest || *size <= at {
                continue;
            }
            match ttl {
                Ttl::FiveMinutes => split.write_5m += size - at,
                Ttl::OneHour => split.write_1h += size - at,
            }
            at = *size;
            split.keeps.push((*hash, ttl.lasts()));
        }
        split.input = total.saturating_sub(at);
        split
    }

    /// Keeps what an answer that has begun wrote, and refreshes what it read. Time counts from the start of the request.
    pub(super) fn keep(&self, split: &Split, began: Instant) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| entry.until > began);
        for (hash, lasts) in &split.keeps {
            entries.insert(*hash, Entry { until: began + *lasts, lasts: *lasts });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn block(text: &str, ttl: Option<Ttl>) -> Block {
        Block { said: text.to_owned(), bytes: text.len(), ttl }
    }

    fn counts(split: &Split) -> (u64, u64, u64, u64) {
        (split.input, split.write_5m, split.write_1h, split.read)
    }

    #[test]
    fn a_prefix_is_written_then_read_then_forgotten() {
        let (cache, now) = (Cache::default(), Clock::system().monotonic());
        let long = "stable ".repeat(800);
        let asked = |user: &str| [block(&long, Some(Ttl::FiveMinutes)), block(user, None)];
        let first = cache.split("opus", &asked("one "), 1_401, 512, now);
        assert_eq!(counts(&first), (1, 1_400, 0, 0));
        let parallel = cache.split("opus", &asked("two "), 1_401, 512, now);
        assert_eq!(counts(&parallel), counts(&first), "what has not begun to be answered cannot be read");
        cache.keep(&first, now);
        let second = cache.split("opus", &asked("two "), 1_401, 512, now + Duration::from_secs(299));
        assert_eq!(counts(&second), (1, 0, 0, 1_400));
        assert_eq!(counts(&cache.split("sonnet", &asked("two "), 1_401, 512, now)), (1, 1_400, 0, 0), "other model");
        cache.keep(&second, now + Duration::from_secs(299));
        let third = cache.split("opus", &asked("two "), 1_401, 512, now + Duration::from_secs(598));
        assert_eq!(third.read, 1_400, "a use makes it live on");
        let late = cache.split("opus", &asked("two "), 1_401, 512, now + Duration::from_secs(600));
        assert_eq!(late.write_5m, 1_400, "and then it is gone");
    }

    #[test]
    fn below_the_minimum_nothing_is_cached_and_two_times_are_priced_apart() {
        let (cache, now) = (Cache::default(), Clock::system().monotonic());
        let short = [block(&"x".repeat(2_000), Some(Ttl::OneHour))];
        let split = cache.split("m", &short, 500, 512, now);
        assert_eq!(counts(&split), (500, 0, 0, 0));
        let blocks = [
            block(&"a".repeat(4_000), Some(Ttl::OneHour)),
            block(&"b".repeat(400), Some(Ttl::FiveMinutes)),
            block("cccc", None),
        ];
        let split = cache.split("m", &blocks, 1_101, 512, now);
        assert_eq!(counts(&split), (1, 100, 1_000, 0));
        cache.keep(&split, now);
        let later = cache.split("m", &blocks, 1_101, 512, now + Duration::from_secs(301));
        assert_eq!(counts(&later), (1, 100, 0, 1_000), "the hour outlives the five minutes");
        let changed = [block("A", Some(Ttl::OneHour)), block(&"b".repeat(4_000), Some(Ttl::FiveMinutes))];
        assert_eq!(cache.split("m", &changed, 1_001, 512, now).read, 0);
    }

    #[test]
    fn a_breakpoint_looks_back_at_twenty_blocks_and_no_further() {
        let (cache, now) = (Cache::default(), Clock::system().monotonic());
        let mut blocks = vec![block(&"a".repeat(4_000), Some(Ttl::FiveMinutes))];
        cache.keep(&cache.split("m", &blocks, 1_000, 512, now), now);
        blocks[0].ttl = None;
        blocks.extend((0..19).map(|nth| block(&format!("{nth:04}"), None)));
        blocks[19].ttl = Some(Ttl::FiveMinutes);
        assert_eq!(cache.split("m", &blocks, 1_019, 512, now).read, 1_000);
        blocks[19].ttl = None;
        blocks.push(block("more", Some(Ttl::FiveMinutes)));
        assert_eq!(cache.split("m", &blocks, 1_020, 512, now).read, 0);
    }
}
