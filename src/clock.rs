//! The one door to time and randomness. Whoever needs either is given a [`Clock`]; nothing else asks the system.
//!
//! The random numbers here spread retries and seed names; they are not for keys or secrets. Not for sleeping: waiting is
//! a deadline that the engine's planner returns.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The time and a source of randomness; a clone is the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Set(Arc<Mutex<State>>),
}

#[derive(Debug)]
struct State {
    wall: Timestamp,
    monotonic: Instant,
    random: u64,
}

/// The hand that moves a clock made by [`Clock::set_by_hand`].
#[derive(Clone, Debug)]
pub struct Hand(Arc<Mutex<State>>);

impl Clock {
    /// The clock of the system.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until its hand moves it, with random numbers that follow from the seed.
    pub fn set_by_hand(at: Timestamp, seed: u64) -> (Self, Hand) {
        let state = Arc::new(Mutex::new(State { wall: at, monotonic: instant(), random: seed }));
        (Self(Source::Set(Arc::clone(&state))), Hand(state))
    }

    /// The time of day; it may step back.
    #[expect(clippy::disallowed_methods, reason = "this file is the door to the clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            Source::Set(state) => locked(state).wall,
        }
    }

    /// A time that never steps back, for measuring how long something took.
    pub fn monotonic(&self) -> Instant {
        match &self.0 {
            Source::System => instant(),
            Source::Set(state) => locked(state).monotonic,
        }
    }

    /// A number that nobody can foresee, from the keys that the system gives every hash map; not for secrets.
    pub fn random_u64(&self) -> u64 {
        static DRAWN: AtomicU64 = AtomicU64::new(0);
        match &self.0 {
            Source::System => {
                let mut hasher = RandomState::new().build_hasher();
                hasher.write_u64(DRAWN.fetch_add(1, Ordering::Relaxed));
                hasher.finish()
            }
            Source::Set(state) => {
                let mut state = locked(state);
                state.random = state.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
                splitmix(state.random)
            }
        }
    }
}

impl Hand {
    /// Sets the time of day, forward or back; the monotonic time stands.
    pub fn set(&self, at: Timestamp) {
        locked(&self.0).wall = at;
    }

    /// Lets time pass on both clocks. At the end of representable time they stand still.
    pub fn advance(&self, by: Duration) {
        let mut state = locked(&self.0);
        state.wall = state.wall.checked_add(by).unwrap_or(Timestamp::MAX);
        state.monotonic = state.monotonic.checked_add(by).unwrap_or(state.monotonic);
    }
}

#[expect(clippy::disallowed_methods, reason = "this file is the door to the clock")]
fn instant() -> Instant {
    Instant::now()
}

fn locked(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The output function of SplitMix64 (Steele, Lea and Flood, 2014).
fn splitmix(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_clock_set_by_hand_stands_until_it_is_moved_and_its_clones_move_with_it() {
        let at: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let (clock, hand) = Clock::set_by_hand(at, 7);
        let (other, began) = (clock.clone(), clock.monotonic());
        assert_eq!(other.now(), at);
        hand.advance(Duration::from_millis(1_500));
        assert_eq!(other.now().to_string(), "2026-11-24T10:00:01.5Z");
        assert_eq!(other.monotonic() - began, Duration::from_millis(1_500));
        hand.set("2026-11-24T09:00:00Z".parse().unwrap());
        assert_eq!(clock.now().to_string(), "2026-11-24T09:00:00Z");
        assert_eq!(clock.monotonic() - began, Duration::from_millis(1_500), "the monotonic time never steps back");
    }

    #[test]
    fn random_numbers_follow_from_the_seed_only_where_a_seed_was_given() {
        let drawn = |clock: &Clock| (0..100).map(|_| clock.random_u64()).collect::<BTreeSet<_>>();
        let of = |seed| drawn(&Clock::set_by_hand(Timestamp::UNIX_EPOCH, seed).0);
        assert_eq!(of(7), of(7));
        assert!(of(7).is_disjoint(&of(8)));
        assert_eq!(drawn(&Clock::system()).len(), 100);
        assert!(drawn(&Clock::system()).is_disjoint(&drawn(&Clock::system())));
    }
}
