//! What all wires share: the seed, the pace, the time, what goes wrong, the limits, the meter and the wish to stop.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use tokio_util::sync::CancellationToken;

use super::anthropic::{Batches, Cache};
use super::request::header;
use crate::clock::Clock;
use crate::rehearsal::author::{Author, Dice};
use crate::rehearsal::catalogue::Model;
use crate::rehearsal::faults::named::{Faults, Oddity};
use crate::rehearsal::faults::{Fault, FaultProfile, drawn};
use crate::rehearsal::key::AnswerKey;
use crate::rehearsal::limits::Limits;
use crate::rehearsal::meter::{Call, Meter};
use crate::rehearsal::studio::Options;

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
    pub(in crate::rehearsal) named: Faults,
    pub(in crate::rehearsal) limits: Limits,
    pub(in crate::rehearsal) sonar: bool,
    pub(in crate::rehearsal) clock: Clock,
    pub(in crate::rehearsal) waits: Waits,
    pub(in crate::rehearsal) author: Arc<Author>,
    pub(in crate::rehearsal) key: AnswerKey,
    pub(in crate::rehearsal) meter: Meter,
    pub(in crate::rehearsal) stop: CancellationToken,
    pub(super) cache: Cache,
    pub(super) batches: Batches,
}

/// What goes wrong with one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Met {
    /// What the profile drew.
    pub(super) fault: Option<Fault>,
    /// What was asked for by name.
    pub(super) oddities: BTreeSet<Oddity>,
}

impl Met {
    /// Whether it meets an oddity.
    pub(super) fn has(&self, oddity: impl Into<Oddity>) -> bool {
        self.oddities.contains(&oddity.into())
    }
}

impl Studio {
    /// A studio as the options say.
    pub(in crate::rehearsal) fn new(options: Options) -> Self {
        Self {
            seed: options.seed,
            pace: options.pace,
            profile: options.faults,
            named: options.faults_named.into(),
            limits: Limits::new(options.limits),
            sonar: options.sonar,
            clock: options.clock,
            waits: options.waits.unwrap_or_else(|| Waits::at(options.pace)),
            author: Arc::new(Author { seed: options.seed, temper: options.temper }),
            key: AnswerKey::default(),
            meter: Meter::new(options.rents),
            stop: CancellationToken::new(),
            cache: Cache::default(),
            batches: Batches::default(),
        }
    }

    /// Today (UTC), as `2026-11-24`.
    pub(super) fn day(&self) -> String {
        self.clock.now().to_string().chars().take(10).collect()
    }

    /// A call of a model, and who is billed for it: a model in whose place another one answers costs what that one does.
    pub(super) fn call(&self, vendor: &'static str, model: &'static Model, headers: &HeaderMap) -> Call {
        let day = self.day();
        let routed = model.routed.filter(|(_, from)| *from <= day.as_str());
        let billed = routed.map_or(model.id, |(next, _)| next);
        Call { vendor, model: model.id.to_owned(), billed, key: header(headers, "idempotency-key").to_owned(), day }
    }

    /// Whether every request meets an oddity, those of the free addresses too.
    pub(super) fn always(&self, oddity: impl Into<Oddity>) -> bool {
        self.named.always(oddity.into())
    }

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

    /// Counts a call and finds what goes wrong with it, which is counted too.
    ///
    /// Speech is never over-billed: its bill is the length of the text, which its client knows better than any header.
    pub(super) fn meets(&self, call: &Call, body: &[u8], attempt: u32) -> Met {
        self.meter.called(call);
        let is_speech = call.vendor == "elevenlabs";
        let fault = drawn(self.profile, self.seed, body, attempt);
        let fault = fault.filter(|fault| !(*fault == Fault::OverBilling && is_speech));
        let oddities = self.named.met(self.seed, call.vendor, &call.model, body, attempt);
        for name in fault.map(Fault::name).into_iter().chain(oddities.iter().map(|oddity| oddity.name())) {
            self.meter.met(name);
        }
        Met { fault, oddities }
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
        Studio::new(Options { pace, ..Options::default() })
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
