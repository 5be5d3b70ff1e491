//! The provider's side of the bill: what was called, what was answered whole, and what it costs by arithmetic of its own.
//!
//! Shares no code and no table with the engine's prices, so that each can show the other wrong.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// A model and its price in thousandths of a dollar per million tokens, which is the same as thousandths of a
/// micro-dollar a token; for speech per million characters. List prices of November 2026.
struct Price {
    model: &'static str,
    input: u64,
    output: u64,
    /// Above so many tokens in the prompt the whole request costs the second pair.
    tier: Option<(u64, u64, u64)>,
    /// The price of a search in thousandths of a micro-dollar.
    search: u64,
}

const fn price(model: &'static str, input: u64, output: u64) -> Price {
    Price { model, input, output, tier: None, search: 0 }
}

const PRICES: &[Price] = &[
    price("claude-opus-5-5", 4_000, 20_000),
    price("claude-opus-5", 5_000, 25_000),
    price("claude-sonnet-5-5", 2_000, 10_000),
    price("claude-sonnet-5", 2_000, 10_000),
    Price { model: "claude-haiku-5-5", input: 100, output: 500, tier: Some((100_000, 500, 2_500)), search: 0 },
    price("claude-haiku-4-5-20251001", 1_000, 5_000),
    price("claude-opus-4-8", 5_000, 25_000),
    price("claude-opus-4-7", 5_000, 25_000),
    price("claude-opus-4-6", 5_000, 25_000),
    price("claude-sonnet-4-6", 3_000, 15_000),
    Price {
        model: "gemini-3.1-pro-preview",
        input: 2_000,
        output: 12_000,
        tier: Some((200_000, 4_000, 18_000)),
        search: 0,
    },
    Price { model: "gemini-2.5-pro", input: 1_250, output: 10_000, tier: Some((200_000, 2_500, 15_000)), search: 0 },
    price("gemini-3.5-flash", 1_500, 9_000),
    price("gemini-3-flash-preview", 500, 3_000),
    price("gemini-2.5-flash", 300, 2_500),
    price("eleven_flash_v2_5", 40_000, 0),
    price("eleven_flash_v2", 40_000, 0),
    price("eleven_turbo_v2_5", 40_000, 0),
    price("eleven_multilingual_v2", 80_000, 0),
    price("eleven_v3", 80_000, 0),
    price("eleven_v4", 80_000, 0),
    price("eleven_v4_turbo", 40_000, 0),
    price("qwen3:8b", 0, 0),
    Price { model: "perplexity/sonar", input: 250, output: 2_500, tier: None, search: 2_500_000 },
];

/// Whether the rehearsal serves a model: it does where it knows its price.
pub(super) fn serves(model: &str) -> bool {
    PRICES.iter().any(|price| price.model == model)
}

/// What a call used. Characters count as input of a speech model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// Tokens in.
    pub(super) input: u64,
    /// Tokens out, thinking included.
    pub(super) output: u64,
    /// Characters spoken.
    pub(super) characters: u64,
    /// Searches of the web.
    pub(super) searches: u64,
}

/// The price of a call in micro-dollars, rounded up once.
fn micro_usd(model: &str, used: Used) -> u64 {
    nano_usd(model, used).div_ceil(1_000)
}

/// The price of a call in thousandths of a micro-dollar.
pub(super) fn nano_usd(model: &str, used: Used) -> u64 {
    let Some(price) = PRICES.iter().find(|price| price.model == model) else { return 0 };
    let (input, output) = match price.tier {
        Some((above, input, output)) if used.input > above => (input, output),
        Some(_) | None => (price.input, price.output),
    };
    let read = (used.input + used.characters).saturating_mul(input);
    read.saturating_add(used.output * output).saturating_add(used.searches * price.search)
}

/// Counts of one model, vendor or key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests that were well-formed, with a good key and a known model.
    pub calls: u64,
    /// Answers that were handed over whole.
    pub completions: u64,
    /// Answers that the provider itself cut off.
    pub cut: u64,
    /// Tokens in, of whole and cut answers.
    pub input_tokens: u64,
    /// Tokens out, of whole and cut answers.
    pub output_tokens: u64,
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
pub struct Reading {
    /// All together.
    pub totals: Counts,
    /// By vendor.
    pub vendors: BTreeMap<String, Counts>,
    /// By model.
    pub models: BTreeMap<String, Counts>,
    /// By idempotency key; calls without one are under the empty key.
    pub keys: BTreeMap<String, KeyCounts>,
    /// How many of each class of fault were met.
    pub faults: BTreeMap<String, u64>,
}

/// Who calls what, and under which key.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) vendor: &'static str,
    pub(super) model: String,
    pub(super) key: String,
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
pub(super) struct Meter(Mutex<Reading>);

impl Meter {
    fn lock(&self) -> MutexGuard<'_, Reading> {
        // Counters stay sound through a panic elsewhere: each change is complete or was not begun.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let price = micro_usd(&call.model, used);
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
            counts.input_tokens += used.input;
            counts.output_tokens += used.output;
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

    #[test]
    fn prices_are_rounded_up_once_for_each_call() {
        let used = |input, output| Used { input, output, ..Used::default() };
        assert_eq!(micro_usd("claude-opus-5-5", used(1_000, 100)), 6_000);
        assert_eq!(micro_usd("claude-haiku-5-5", used(1, 1)), 1, "0.6 of a micro-dollar");
        assert_eq!(micro_usd("claude-haiku-5-5", used(100_001, 0)), 50_001);
        assert_eq!(micro_usd("eleven_flash_v2_5", Used { characters: 1_000, ..Used::default() }), 40_000);
        let searched = Used { input: 900, output: 40, searches: 1, ..Used::default() };
        assert_eq!(micro_usd("perplexity/sonar", searched), 2_825);
        assert_eq!(micro_usd("qwen3:8b", used(1_000, 1_000)), 0, "a machine of one's own");
        assert!(serves("claude-opus-5-5") && !serves("claude-opus-4-20250514"));
    }

    #[test]
    fn whole_and_cut_answers_are_kept_apart() {
        let meter = Meter::default();
        let call = Call { vendor: "anthropic", model: "claude-opus-5-5".into(), key: "007-script-0-1".into() };
        meter.called(&call);
        meter.bill(&call, Used { input: 10, output: 10, ..Used::default() }, Ending::Whole);
        meter.bill(&call, Used { input: 10, output: 5, ..Used::default() }, Ending::Cut);
        let reading = meter.read();
        let counts = reading.keys["007-script-0-1"].counts;
        assert_eq!((counts.calls, counts.completions, counts.cut), (1, 1, 1));
        assert_eq!((counts.micro_usd, counts.cut_micro_usd), (240, 140));
        assert_eq!(reading.totals, counts);
        meter.reset();
        assert_eq!(meter.read(), Reading::default());
    }
}
