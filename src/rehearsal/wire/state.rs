//! What all wires share: the seed, the pace, the fault profile, the meter and the wish to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::rehearsal::author::{Author, Dice};
use crate::rehearsal::faults::{Fault, FaultProfile, drawn};
use crate::rehearsal::key::AnswerKey;
use crate::rehearsal::meter::{Call, Meter};

/// How long the faults that are about time last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// Before the first byte of a slow answer.
    pub slow_first_byte: Duration,
    /// Before a request that is never answered gets the vendor's time-out error.
    pub time_out: Duration,
    /// What a hint with a 429 asks for; vendors count whole seconds.
    pub retry_after: Duration,
}

impl Waits {
    /// Waits that suit a pace: 6, 20 and 2 seconds at 1, and still a little at 0. The hint at 0 is no wait.
    pub fn at(pace: f64) -> Self {
        let scaled = |seconds: f64, least: u64| scaled(seconds * 1_000.0, pace).max(Duration::from_millis(least));
        Self { slow_first_byte: scaled(6.0, 40), time_out: scaled(20.0, 150), retry_after: scaled(2.0, 0) }
    }
}

/// Milliseconds at a pace. A pace that is no sensible number is taken for 0.
fn scaled(millis: f64, pace: f64) -> Duration {
    Duration::try_from_secs_f64(millis * pace.clamp(0.0, 100.0) / 1_000.0).unwrap_or(Duration::ZERO)
}

/// One studio, shared by its handlers.
#[derive(Debug)]
pub(in crate::rehearsal) struct Studio {
    pub(in crate::rehearsal) seed: u64,
    pub(in crate::rehearsal) pace: f64,
    pub(in crate::rehearsal) profile: FaultProfile,
    pub(in crate::rehearsal) waits: Waits,
    pub(in crate::rehearsal) author: Arc<Author>,
    pub(in crate::rehearsal) key: AnswerKey,
    pub(in crate::rehearsal) meter: Meter,
    pub(in crate::rehearsal) stop: CancellationToken,
}

impl Studio {
    /// Waits, or returns at once when the studio stops.
    pub(in crate::rehearsal) async fn pause(&self, wait: Duration) {
        if wait.is_zero() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// How long an answer takes that takes so many milliseconds at a pace of 1, give or take a tenth.
    pub(super) fn takes(&self, millis: u64, dice: &mut Dice) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand milliseconds")]
        let millis = (millis * (90 + dice.next() % 21) / 100) as f64;
        scaled(millis, self.pace)
    }

    /// Counts a call and draws its fault, which is counted too.
    ///
    /// Speech is never over-billed: its bill is the length of the text, which its client knows better than any header.
    pub(super) fn meets(&self, call: &Call, body: &[u8], attempt: u32) -> Option<Fault> {
        self.meter.called(call);
        let fault = drawn(self.profile, self.seed, body, attempt)?;
        if fault == Fault::OverBilling && call.vendor == "elevenlabs" {
            return None;
        }
        self.meter.met(fault.name());
        Some(fault)
    }
}

/// How long an answer of a contract takes at a pace of 1, in milliseconds: long enough to be watched.
pub(super) fn millis(title: &str) -> u64 {
    match title {
        "Draft" => 6_500,
        "Assessment" | "Revision" | "SpeechText" | "Review" => 3_800,
        "Plan" => 3_000,
        "Brief" | "Fixes" | "Arbitration" => 2_400,
        _ => 1_800,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn studio(pace: f64) -> Studio {
        Studio {
            seed: 1,
            pace,
            profile: FaultProfile::None,
            waits: Waits::at(pace),
            author: Arc::default(),
            key: AnswerKey::default(),
            meter: Meter::default(),
            stop: CancellationToken::new(),
        }
    }

    #[test]
    fn the_way_to_the_quality_gate_can_be_watched_and_is_not_long() {
        let studio = studio(1.0);
        for seed in 0..50 {
            let mut dice = Dice::new(seed, []);
            let mut takes = |title: &str| {
                let over = studio.takes(millis(title), &mut dice);
                over + over / 12
            };
            let draft = takes("Draft");
            assert!((6_000..=8_000).contains(&draft.as_millis()), "{draft:?}");
            let rest: Duration =
                ["Brief", "Plan", "Assessment", "Assessment", "Fixes"].into_iter().map(&mut takes).sum();
            assert!(draft + rest < Duration::from_secs(40));
        }
    }

    #[test]
    fn a_pace_of_nothing_or_nonsense_takes_no_time() {
        for pace in [0.0, -1.0, f64::NAN] {
            assert_eq!(studio(pace).takes(7_000, &mut Dice::new(1, [])), Duration::ZERO, "{pace}");
        }
        assert_eq!(Waits::at(1.0).time_out, Duration::from_secs(20));
    }
}
