//! What became of the system's clock since it was looked at last, held against a time that never steps.
//!
//! Time in the ledger goes on evenly, whatever the clock is set to: a jump changes only how far the ledger runs ahead of the
//! clock or behind it. A jump forward is believed after an hour, or at the next start, where nothing else is known of the
//! time between. Not for reading clocks; for the day that caps count by see [`Studio::period`].

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::event::Event;
use super::studio::Studio;

/// A jump of less is none: clocks are slewed, and looking at two of them takes time.
const LEAST_MS: i64 = 1_000;

/// How long a clock that was set forward is doubted.
const DOUBTED: Duration = Duration::from_secs(3_600);

/// What the clocks said last.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClockWatch {
    seen: Option<(Timestamp, Instant)>,
    doubted: Option<Instant>,
}

/// The time as the ledger takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The moment of the ledger.
    pub now: Timestamp,
    /// What the clock did, to be noted before anything else of this moment.
    pub noted: Option<Event>,
}

impl ClockWatch {
    /// Takes a look: the time of day, and a time that never steps back.
    pub fn look(&mut self, studio: &Studio, clock: Timestamp, monotonic: Instant) -> Reading {
        let noted = match self.seen {
            _ if studio.provenance.is_none() => None,
            Some((was, then)) => self.running(studio, clock, monotonic, was, then),
            None => at_start(studio, clock),
        };
        self.seen = Some((clock, monotonic));
        let ahead_ms = match &noted {
            Some(Event::ClockSteppedBack { by_ms }) => studio.ahead_ms.saturating_add_unsigned(*by_ms),
            Some(Event::ClockSteppedForward { by_ms }) => studio.ahead_ms.saturating_sub_unsigned(*by_ms),
            Some(Event::ClockBelieved { ahead_ms }) => i64::try_from(*ahead_ms).unwrap_or(i64::MAX),
            Some(_) | None => studio.ahead_ms,
        };
        Reading { now: studio.moment(clock, ahead_ms), noted }
    }

    fn running(
        &mut self,
        studio: &Studio,
        clock: Timestamp,
        monotonic: Instant,
        was: Timestamp,
        then: Instant,
    ) -> Option<Event> {
        let passed = i64::try_from(monotonic.saturating_duration_since(then).as_millis()).unwrap_or(i64::MAX);
        let jump = ms_between(was, clock).saturating_sub(passed);
        if jump.saturating_abs() >= LEAST_MS {
            self.doubted = Some(monotonic);
            let by_ms = jump.unsigned_abs();
            return Some(match jump {
                ..0 => Event::ClockSteppedBack { by_ms },
                0.. => Event::ClockSteppedForward { by_ms },
            });
        }
        let since = *self.doubted.get_or_insert(monotonic);
        let is_believed = studio.ahead_ms < 0 && monotonic.saturating_duration_since(since) >= DOUBTED;
        is_believed.then_some(Event::ClockBelieved { ahead_ms: 0 })
    }
}

/// At a start the clock is believed: nothing else knows how long the program was closed. Where it is behind the last event,
/// the ledger runs ahead of it.
fn at_start(studio: &Studio, clock: Timestamp) -> Option<Event> {
    let ahead_ms = ms_between(clock, studio.at).max(0);
    let back = ahead_ms.saturating_sub(studio.ahead_ms.max(0));
    if back >= LEAST_MS {
        return Some(Event::ClockSteppedBack { by_ms: ahead_ms.saturating_sub(studio.ahead_ms).unsigned_abs() });
    }
    let is_nearer = studio.ahead_ms < 0 || back <= -LEAST_MS;
    is_nearer.then_some(Event::ClockBelieved { ahead_ms: ahead_ms.unsigned_abs() })
}

fn ms_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond().saturating_sub(from.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::budget::Period;
    use crate::domain::event::{Actor, Provenance, Stamped};

    const DAY_S: i64 = 86_400;

    /// A studio beside two clocks.
    struct Desk {
        studio: Studio,
        watch: ClockWatch,
        clock: Timestamp,
        monotonic: Instant,
    }

    #[expect(clippy::disallowed_methods, reason = "a start from which the test counts")]
    fn desk(at: &str) -> Desk {
        let (studio, watch) = (Studio::default(), ClockWatch::default());
        let mut desk = Desk { studio, watch, clock: at.parse().unwrap(), monotonic: Instant::now() };
        desk.write(Event::StudioOpened { provenance: Provenance::Rehearsal, id: None }, desk.clock);
        desk
    }

    impl Desk {
        fn write(&mut self, event: Event, at: Timestamp) {
            let stamped = Stamped { seq: self.studio.seq + 1, at, episode: None, actor: Actor::Engine, event };
            self.studio.apply(&stamped).unwrap();
        }

        /// A look, with what it notes and another event; says the day.
        fn tick(&mut self) -> i64 {
            let before = self.studio.at;
            let reading = self.watch.look(&self.studio, self.clock, self.monotonic);
            assert!(reading.now >= before, "time in the ledger never goes back");
            reading.noted.into_iter().for_each(|event| self.write(event, reading.now));
            let asked = Event::CommandRefused { asked: String::new(), reason: String::new() };
            self.write(asked, reading.now);
            self.studio.period(reading.now).day
        }

        fn pass(&mut self, seconds: i64) {
            self.clock = self.clock.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
            self.monotonic += Duration::from_secs(seconds.unsigned_abs());
        }

        fn set(&mut self, days: i64) {
            self.clock = self.clock.checked_add(jiff::SignedDuration::from_secs(days * DAY_S)).unwrap();
        }

        fn start_anew(&mut self, seconds: i64) {
            self.pass(seconds);
            self.monotonic += Duration::from_secs(9_999_999);
            self.watch = ClockWatch::default();
        }

        /// Whether the ledger goes by the clock, to a second.
        fn is_right(&self) -> bool {
            self.studio.ahead_ms == 0 && ms_between(self.clock, self.studio.at).abs() < 1_000
        }
    }

    fn day(at: &str) -> i64 {
        Period::of(at.parse().unwrap()).day
    }

    #[test]
    fn the_day_of_caps_under_every_kind_of_clock() {
        let today = day("2026-11-30T12:00:00Z");
        let fresh = || desk("2026-11-30T12:00:00Z");

        // It goes on as it should, over midnight and the end of the month.
        let mut desk = fresh();
        desk.pass(13 * 3_600);
        assert_eq!(desk.tick(), today + 1);
        assert_eq!(desk.studio.period(desk.studio.at).month, 2_026 * 12 + 11);
        assert!(desk.is_right());

        // Forward two days and back within the hour: nothing ever counted elsewhere.
        let mut desk = fresh();
        desk.tick();
        desk.set(2);
        assert_eq!(desk.tick(), today);
        desk.pass(600);
        assert_eq!(desk.tick(), today);
        desk.set(-2);
        assert_eq!(desk.tick(), today);
        assert!(desk.is_right(), "it is undone");

        // Forward two days and left there: believed after an hour, which rolls the day.
        let mut desk = fresh();
        desk.tick();
        desk.set(2);
        desk.tick();
        desk.pass(3_601);
        assert_eq!(desk.tick(), today + 2);
        assert!(desk.is_right());
        // Then set right: the day is the former one again.
        desk.set(-2);
        assert_eq!(desk.tick(), today);
        desk.pass(DAY_S);
        assert_eq!(desk.tick(), today + 1, "days roll on by the clock");

        // Back two days and forward again.
        let mut desk = fresh();
        desk.tick();
        desk.set(-2);
        assert_eq!(desk.tick(), today - 2);
        desk.set(2);
        assert_eq!(desk.tick(), today);
        assert!(desk.is_right());

        // Set forward while the program was closed, and set right while it runs.
        let mut desk = fresh();
        desk.tick();
        desk.set(2);
        desk.start_anew(60);
        assert_eq!(desk.tick(), today + 2, "nothing else is known of the time between");
        desk.set(-2);
        assert_eq!(desk.tick(), today);
        desk.pass(DAY_S);
        assert_eq!(desk.tick(), today + 1, "days roll on by the clock");

        // Set forward while it was closed, and set right while it was closed again.
        let mut desk = fresh();
        desk.tick();
        desk.set(2);
        desk.start_anew(60);
        desk.tick();
        desk.set(-2);
        desk.start_anew(60);
        assert_eq!(desk.tick(), today);
        // Once the clock has caught up, nothing is left of it.
        desk.start_anew(3 * DAY_S);
        assert_eq!(desk.tick(), today + 3);
        assert!(desk.is_right());

        // Closed while the clock is doubted: the next start believes it.
        let mut desk = fresh();
        desk.tick();
        desk.set(2);
        desk.tick();
        desk.start_anew(60);
        assert_eq!(desk.tick(), today + 2);
        assert!(desk.is_right());
    }

    #[test]
    fn a_clock_that_goes_as_it_should_is_no_news() {
        let mut desk = desk("2026-11-30T12:00:00Z");
        for seconds in [0, 1, 30, 90_000] {
            desk.pass(seconds);
            let before = desk.studio.seq;
            desk.tick();
            assert_eq!(desk.studio.seq, before + 1);
        }
    }
}
