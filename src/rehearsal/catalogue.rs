//! The models that the rehearsal serves: prices by date and size of the prompt, limits, lives, and what each one takes.
//!
//! Typed off the vendors' documentation of November 2026 a second time, on purpose: it shares no table with the engine, so that
//! each can show the other wrong. Not for arithmetic (that is [`super::meter`]) and not for the wire.

mod claude;
mod gemini;
mod others;

/// What a token of each kind costs, in pico-dollars (a millionth of a micro-dollar). Characters of speech count as input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) input: u64,
    pub(super) output: u64,
    /// Written to the cache for five minutes.
    pub(super) write_5m: u64,
    /// Written to the cache for an hour.
    pub(super) write_1h: u64,
    /// Read from the cache.
    pub(super) read: u64,
}

/// Rates from a day on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The first day, as `2026-10-07`; empty for ever before.
    pub(super) from: &'static str,
    /// The rates.
    pub(super) rates: Rates,
    /// Above so many tokens in the prompt, cached ones included, the whole request costs these.
    pub(super) above: Option<(u64, Rates)>,
}

/// What a generation of Claude takes of thinking, forced tools and effort (Anthropic's documentation, November 2026).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Era {
    /// Claude 4 and 4.1: no structured output, no effort, thinking by budget.
    Four,
    /// Sonnet and Haiku 4.5: no effort, thinking by budget.
    FourFive,
    /// Opus 4.5: thinking by budget.
    OpusFourFive,
    /// 4.6: adaptive thinking or a budget.
    FourSix,
    /// Opus 4.7 and 4.8: adaptive thinking, off by itself.
    FourSeven,
    /// Opus 5 and Haiku 5.5: thinks by itself, and can be told not to at an effort that is not above high.
    Five,
    /// Sonnet 5: thinks by itself, and can be told not to.
    SonnetFive,
    /// Fable 5 and Mythos 5: always thinks.
    FableFive,
    /// Opus 5.5, Fable 5.1 and Mythos 5.1: always thinks, and no tool can be forced on it.
    FiveFive,
    /// Sonnet 5.5: as they, but can think between tools alone.
    SonnetFiveFive,
}

/// How a generation of Gemini is told to think (Google's documentation, November 2026).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// By a budget of tokens from `least` to `most`, or -1; by 0 too where it can be turned off.
    Budget { least: u64, most: u64, can_be_off: bool },
    /// By a level; some have no `MINIMAL`.
    Level { has_minimal: bool },
}

/// What a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Text, as Claude.
    Claude(Era),
    /// Text, as Gemini.
    Gemini(Control),
    /// Text, by Perplexity's Agent API. The price of a search in pico-dollars.
    Searching(u64),
    /// Text, by Perplexity's chat completions, which ended. The fee of a request by the size of its search, in pico-dollars.
    Sonar { low: u64, medium: u64, high: u64 },
    /// Text, by a server of one's own.
    Local,
    /// Speech, by ElevenLabs. Characters per credit.
    Voice(u64),
    /// Speech, by a server of one's own.
    LocalVoice,
}

/// A model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    /// The vendor's id.
    pub(super) id: &'static str,
    /// What it does.
    pub(super) work: Work,
    /// The rates, the oldest first.
    pub(super) rows: &'static [Row],
    /// The most tokens of prompt and answer; characters in a request for speech.
    pub(super) context: u64,
    /// The most tokens of an answer.
    pub(super) most_output: u64,
    /// The shortest prefix that is cached, in tokens.
    pub(super) fewest_cached: u64,
    /// The day from which calls fail; empty where none is known.
    pub(super) retired: &'static str,
    /// The model that answers in its place, and the first day on which it does.
    pub(super) routed: Option<(&'static str, &'static str)>,
}

impl Model {
    /// The rates on a day for a prompt of a size.
    pub(super) fn rates(&self, day: &str, prompt: u64) -> Rates {
        let row = self.rows.iter().rev().find(|row| row.from <= day);
        row.map_or_else(Rates::default, |row| match row.above {
            Some((above, rates)) if prompt > above => rates,
            Some(_) | None => row.rates,
        })
    }

    /// Whether calls are answered on a day.
    pub(super) fn is_alive(&self, day: &str) -> bool {
        self.retired.is_empty() || day < self.retired
    }
}

/// Every model of every vendor.
pub(super) fn models() -> impl Iterator<Item = &'static Model> {
    claude::MODELS.iter().chain(gemini::MODELS).chain(others::MODELS)
}

/// A model by its id, retired or not.
pub(super) fn model(id: &str) -> Option<&'static Model> {
    models().find(|model| model.id == id)
}

/// Rates from a vendor's table: ten-thousandths of a dollar for a million tokens, which is a hundred pico-dollars each.
const fn rates(input: u64, output: u64, write_5m: u64, write_1h: u64, read: u64) -> Rates {
    Rates {
        input: input * 100,
        output: output * 100,
        write_5m: write_5m * 100,
        write_1h: write_1h * 100,
        read: read * 100,
    }
}

/// One row of rates for ever.
const fn always(rates: Rates) -> Row {
    Row { from: "", rates, above: None }
}

/// The same rates from a day on.
const fn from(day: &'static str, rates: Rates) -> Row {
    Row { from: day, rates, above: None }
}

/// One row of rates for ever, and others above a size of the prompt.
const fn tiered(rates: Rates, above: u64, higher: Rates) -> Row {
    Row { from: "", rates, above: Some((above, higher)) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_id_comes_twice_and_rows_stand_by_their_days() {
        let ids: BTreeSet<&str> = models().map(|model| model.id).collect();
        assert_eq!(ids.len(), models().count());
        for model in models() {
            assert!(model.rows.is_sorted_by_key(|row| row.from), "{}", model.id);
            assert!(model.rows.first().is_some_and(|row| row.from.is_empty()), "{}", model.id);
            let Some((next, _)) = model.routed else { continue };
            assert!(super::model(next).is_some(), "{}", model.id);
        }
    }

    #[test]
    fn a_promotion_ends_on_its_day_and_a_tier_holds_for_the_whole_request() {
        let argon = model("gemini-4-argon").unwrap();
        assert_eq!(argon.rates("2026-11-30", 0).input, 2_000_000);
        assert_eq!(argon.rates("2026-12-01", 0).input, 4_000_000);
        let haiku = model("claude-haiku-5-5").unwrap();
        assert_eq!(haiku.rates("2026-11-30", 100_000).output, 500_000);
        assert_eq!(haiku.rates("2026-11-30", 100_001).output, 2_500_000);
        let sonnet = model("claude-sonnet-5-5").unwrap();
        assert_eq!((sonnet.rates("2026-10-06", 0).read, sonnet.rates("2026-10-07", 0).read), (200_000, 100_000));
        let old = model("claude-opus-4-20250514").unwrap();
        assert!(old.is_alive("2026-06-14") && !old.is_alive("2026-06-15"));
    }
}
