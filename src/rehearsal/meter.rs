//! The provider's side of the bill: what was called, what was answered whole, and what it costs by arithmetic of its own.
//!
//! Shares no code and no table with the engine's prices, so that each can show the other wrong.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::catalogue::{self, Work};

/// Pico-dollars in a micro-dollar.
const MICRO: u64 = 1_000_000;

/// What a call used. Every token is in exactly one count; characters are priced as input of a speech model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// Tokens in at the plain price.
    pub(super) input: u64,
    /// Tokens written to the cache for five minutes.
    pub(super) write_5m: u64,
    /// Tokens written to the cache for an hour.
    pub(super) write_1h: u64,
    /// Tokens read from the cache.
    pub(super) read: u64,
    /// Tokens out, thinking included.
    pub(super) output: u64,
    /// How many of them were thinking; they are not priced apart.
    pub(super) thinking: u64,
    /// Characters spoken.
    pub(super) characters: u64,
    /// Searches of the web.
    pub(super) searches: u64,
    /// A fee for the request itself, in pico-dollars.
    pub(super) fee: u64,
    /// Whether it was part of a batch, where every token costs half.
    pub(super) is_batched: bool,
}

impl Used {
    /// The whole prompt, by which some prices are graded.
    pub(super) fn prompt(self) -> u64 {
        self.input + self.write_5m + self.write_1h + self.read
    }
}

/// What somebody takes for a model that costs nothing on a machine of one's own, in pico-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rent {
    /// For a token of the prompt, or for a character spoken.
    pub input: u64,
    /// For a token of the answer.
    pub output: u64,
}

impl Rent {
    /// What a call costs, in micro-dollars.
    fn micro_usd(self, used: Used) -> u64 {
        ((used.prompt() + used.characters) * self.input + used.output * self.output).div_ceil(MICRO)
    }
}

/// The price of a call in pico-dollars, by the model that answers and the day on which it does.
pub(super) fn pico_usd(model: &str, day: &str, used: Used) -> u64 {
    let Some(model) = catalogue::model(model) else { return 0 };
    let rates = model.rates(day, used.prompt());
    let search = match model.work {
        Work::Searching(price) => price,
        Work::Claude(_) | Work::Gemini(_) | Work::Sonar { .. } | Work::Local | Work::Voice(_) | Work::LocalVoice => 0,
    };
    let tokens = (used.input + used.characters) * rates.input
        + used.write_5m * rates.write_5m
        + used.write_1h * rates.write_1h
        + used.read * rates.read
        + used.output * rates.output;
    let tokens = if used.is_batched { tokens.div_ceil(2) } else { tokens };
    tokens + used.searches * search + used.fee
}

/// The price in micro-dollars, rounded up once.
fn micro_usd(model: &str, day: &str, used: Used) -> u64 {
    pico_usd(model, day, used).div_ceil(MICRO)
}

/// Counts of one model, vendor or key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Requests that were well-formed, with a good key and a known model.
    pub calls: u64,
    /// Answers that were handed over whole.
    pub completions: u64,
    /// Answers that the provider itself cut off.
    pub cut: u64,
    /// Completions that were part of a batch, at half the price of their tokens.
    pub batched: u64,
    /// Tokens in at the plain price, of whole and cut answers.
    pub input_tokens: u64,
    /// Tokens written to the cache for five minutes.
    pub cache_write_5m_tokens: u64,
    /// Tokens written to the cache for an hour.
    pub cache_write_1h_tokens: u64,
    /// Tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Tokens out, of whole and cut answers, thinking included.
    pub output_tokens: u64,
    /// How many of them were thinking.
    pub thinking_tokens: u64,
    /// Characters spoken, of whole and cut answers.
    pub characters: u64,
    /// Searches of the web, of whole and cut answers.
    pub searches: u64,
    /// The price of the whole answers, in micro-dollars.
    pub micro_usd: u64,
    /// The price of the cut answers, in micro-dollars.
    pub cut_micro_usd: u64,
}

/// Counts of one idempotency key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCounts {
    /// `anthropic`, `gemini`, `elevenlabs`, `openai` or `perplexity`.
    pub vendor: String,
    /// The model that was called last under the key.
    pub model: String,
    /// The counts.
    pub counts: Counts,
}

/// Everything that the meter shows: the JSON of `GET /meter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// All together.
    pub totals: Counts,
    /// By vendor.
    pub vendors: BTreeMap<String, Counts>,
    /// By the model that was asked.
    pub models: BTreeMap<String, Counts>,
    /// By idempotency key; calls without one are under the empty key, and those of a batch under their custom id.
    pub keys: BTreeMap<String, KeyCounts>,
    /// How many of each class of fault were met, drawn or named.
    pub faults: BTreeMap<String, u64>,
}

/// Who calls what, under which key, and on which day.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) vendor: &'static str,
    /// The model that was asked.
    pub(super) model: String,
    /// The model that answers and is billed.
    pub(super) billed: &'static str,
    pub(super) key: String,
    /// The day (UTC), as `2026-11-30`.
    pub(super) day: String,
}

/// How an answer ended at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Handed over whole.
    Whole,
    /// Cut off by a fault.
    Cut,
}

/// The meter of one studio.
#[derive(Debug, Default)]
pub(super) struct Meter {
    rents: BTreeMap<String, Rent>,
    reading: Mutex<Reading>,
}

impl Meter {
    /// A meter by which these models are rented.
    pub(super) fn new(rents: BTreeMap<String, Rent>) -> Self {
        Self { rents, reading: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        // Counters stay sound through a panic elsewhere: each change is complete or was not begun.
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call.
    pub(super) fn called(&self, call: &Call) {
        self.each(call, |counts| counts.calls += 1);
    }

    /// Counts a fault.
    pub(super) fn met(&self, fault: &str) {
        *self.lock().faults.entry(fault.to_owned()).or_default() += 1;
    }

    /// Bills an answer.
    pub(super) fn bill(&self, call: &Call, used: Used, ending: Ending) {
        let price = match self.rents.get(&call.model) {
            Some(rent) => rent.micro_usd(used),
            None => micro_usd(call.billed, &call.day, used),
        };
        self.each(call, |counts| {
            match ending {
                Ending::Whole => {
                    counts.completions += 1;
                    counts.micro_usd += price;
                }
                Ending::Cut => {
                    counts.cut += 1;
                    counts.cut_micro_usd += price;
                }
            }
            counts.batched += u64::from(used.is_batched);
            counts.input_tokens += used.input;
            counts.cache_write_5m_tokens += used.write_5m;
            counts.cache_write_1h_tokens += used.write_1h;
            counts.cache_read_tokens += used.read;
            counts.output_tokens += used.output;
            counts.thinking_tokens += used.thinking;
            counts.characters += used.characters;
            counts.searches += used.searches;
        });
    }

    fn each(&self, call: &Call, change: impl Fn(&mut Counts)) {
        let mut reading = self.lock();
        change(&mut reading.totals);
        change(reading.vendors.entry(call.vendor.to_owned()).or_default());
        change(reading.models.entry(call.model.clone()).or_default());
        let key = reading.keys.entry(call.key.clone()).or_default();
        call.vendor.clone_into(&mut key.vendor);
        key.model.clone_from(&call.model);
        change(&mut key.counts);
    }

    /// What it shows now.
    pub(super) fn read(&self) -> Reading {
        self.lock().clone()
    }

    /// Back to nothing.
    pub(super) fn reset(&self) {
        *self.lock() = Reading::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "2026-11-24";

    fn used(input: u64, output: u64) -> Used {
        Used { input, output, ..Used::default() }
    }

    #[test]
    fn prices_are_rounded_up_once_for_each_call() {
        assert_eq!(micro_usd("claude-opus-5-5", DAY, used(1_000, 100)), 6_000);
        assert_eq!(micro_usd("claude-haiku-5-5", DAY, used(1, 1)), 1, "0.6 of a micro-dollar");
        assert_eq!(micro_usd("claude-haiku-5-5", DAY, used(100_001, 0)), 50_001);
        assert_eq!(micro_usd("eleven_flash_v2_5", DAY, Used { characters: 1_000, ..Used::default() }), 40_000);
        assert_eq!(micro_usd("perplexity/sonar", DAY, Used { searches: 1, ..used(900, 40) }), 2_825);
        assert_eq!(micro_usd("qwen3:8b", DAY, used(1_000, 1_000)), 0, "a machine of one's own");
    }

    #[test]
    fn caches_batches_fees_and_days_are_priced_as_the_vendor_lists_them() {
        let cached = Used { write_5m: 1_000, write_1h: 1_000, read: 10_000, ..used(100, 10) };
        // 100 x 4 + 1,000 x 5 + 1,000 x 8 + 10,000 x 0.20 + 10 x 20, in micro-dollars.
        assert_eq!(micro_usd("claude-opus-5-5", DAY, cached), 400 + 5_000 + 8_000 + 2_000 + 200);
        assert_eq!(micro_usd("claude-opus-5-5", DAY, Used { is_batched: true, ..cached }), 7_800);
        let graded = Used { read: 100_000, ..used(1, 0) };
        assert_eq!(
            micro_usd("claude-haiku-5-5", DAY, graded),
            5_001,
            "0.5 and 100,000 x 0.05: cached tokens grade too"
        );
        assert_eq!(micro_usd("gemini-4-argon", "2026-11-30", used(1_000, 0)), 2_000);
        assert_eq!(micro_usd("gemini-4-argon", "2026-12-01", used(1_000, 0)), 4_000);
        let Work::Sonar { medium, .. } = catalogue::model("sonar-pro").unwrap().work else { panic!("no fee") };
        assert_eq!(micro_usd("sonar-pro", DAY, Used { fee: medium, ..used(100, 10) }), 10_000 + 300 + 150);
    }

    #[test]
    fn whole_and_cut_answers_are_kept_apart() {
        let meter = Meter::default();
        let call = Call {
            vendor: "anthropic",
            model: "claude-opus-5-5".into(),
            billed: "claude-opus-5-5",
            key: "007-script-0-1".into(),
            day: DAY.into(),
        };
        meter.called(&call);
        meter.bill(&call, used(10, 10), Ending::Whole);
        meter.bill(&call, used(10, 5), Ending::Cut);
        let reading = meter.read();
        let counts = reading.keys["007-script-0-1"].counts;
        assert_eq!((counts.calls, counts.completions, counts.cut), (1, 1, 1));
        assert_eq!((counts.micro_usd, counts.cut_micro_usd), (240, 140));
        assert_eq!(reading.totals, counts);
        meter.reset();
        assert_eq!(meter.read(), Reading::default());
        let rented = Meter::new([("qwen3:8b".to_owned(), Rent { input: 250_000, output: 1_000_001 })].into());
        let local = Call { vendor: "openai", model: "qwen3:8b".into(), billed: "qwen3:8b", ..call };
        rented.bill(&local, used(4, 2), Ending::Whole);
        assert_eq!(rented.read().totals.micro_usd, 4, "1 and 2.000002, rounded up once");
    }
}
