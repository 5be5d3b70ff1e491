//! What models cost: a table with dates, tiers, retirements and successors, the worst case of a call before it is sent and its
//! price once it is metered.
//!
//! The table is data (`assets/prices.toml`); a `prices.toml` in the config folder puts its own rows in the place of those with
//! the same id, for plans that are billed at other rates. Prices are those of single calls at standard speed: batches, fast
//! mode and the hour-long cache are not used and not here. Not for caps: those are the budget's.

mod read;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

use super::fault::{Faults, LoadError, read_if_there, suggestion};
use crate::domain::call::{Provider, Usage};
use crate::domain::money::{MicroUsd, PicoUsd, price_of};

/// What a request holds beside its bytes and is billed as input: the provider's own system text, the schema, the framing.
pub const HIDDEN_INPUT_TOKENS: u64 = 2_000;

const BUILT_IN: &str = include_str!("../../assets/prices.toml");

/// The price table: for each model the rows that hold at different times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    models: BTreeMap<String, Vec<Price>>,
    gone: BTreeMap<String, Gone>,
}

/// A model of a provider that is not called any more.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Gone {
    retired: Date,
    successor: Option<String>,
}

/// What one model costs during one span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The model's id on the wire.
    pub id: String,
    /// Who is paid.
    pub vendor: Provider,
    /// What is counted and what each costs.
    pub rates: Rates,
    /// The first day on which this row holds, UTC; from the beginning where not set.
    pub from: Option<Date>,
    /// The last day on which this row holds, UTC; without end where not set.
    pub until: Option<Date>,
    /// The day from which calls to the model fail.
    pub retired: Option<Date>,
    /// The model to take in its place.
    pub successor: Option<String>,
}

/// What is counted and what each costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rates {
    /// A model of text is paid by the token.
    Tokens {
        /// The rates of a short prompt.
        base: TokenRates,
        /// Higher tiers, by rising size of the prompt.
        tiers: Vec<Tier>,
        /// What its searches cost, where it searches.
        searches: Option<SearchRates>,
    },
    /// A voice is paid by the character.
    Characters {
        /// The price of a character.
        each: PicoUsd,
        /// The most characters of one request.
        most: u64,
    },
}

/// Prices of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRates {
    /// Of the prompt, neither read from nor written to the cache.
    pub input: PicoUsd,
    /// Of the answer, with what was thought.
    pub output: PicoUsd,
    /// Of the prompt, read from the cache.
    pub cache_read: PicoUsd,
    /// Of the prompt, written to the cache for five minutes.
    pub cache_write: PicoUsd,
    /// Of the prompt, written to the cache for one hour.
    pub cache_write_1h: PicoUsd,
}

/// What the searches of a model cost and how many of them a call is reserved for. No request can bound them exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchRates {
    /// The price of a search.
    pub each: PicoUsd,
    /// As many searches as a call is reserved for.
    pub most: u64,
    /// As many tokens of results in the prompt as a call is reserved for.
    pub tokens: u64,
}

/// Rates that hold for the whole request once its prompt, cached tokens included, has more tokens than `above`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The largest prompt of the tier below, in tokens.
    pub above: u64,
    /// The rates.
    pub rates: TokenRates,
}

/// The most that a call may bring back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceiling {
    /// The `max_tokens` of a request for text.
    OutputTokens(u64),
    /// The characters of a request for speech.
    Characters(u64),
}

/// Why a call has no price. Nothing was sent and nothing was spent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// No row has this id.
    #[error(
        "the model `{model}` is not in the price table, so that its calls cannot be capped: {suggestion} Nothing was sent."
    )]
    Unknown {
        /// The model.
        model: String,
        /// The nearest one.
        suggestion: String,
    },
    /// The model is no longer served.
    #[error("the model `{model}` was retired on {on}: {successor}. Nothing was sent.")]
    Retired {
        /// The model.
        model: String,
        /// Since when.
        on: Date,
        /// What to do.
        successor: String,
    },
    /// The table has no row for this day.
    #[error(
        "the price table says nothing of the model `{model}` on {on}: add a row to `prices.toml` in the config folder. Nothing was sent."
    )]
    NotThen {
        /// The model.
        model: String,
        /// The day.
        on: Date,
    },
    /// Speech was asked of a model of text, or text of a voice.
    #[error(
        "the model `{model}` is paid by the {unit}: it cannot do this work, so route the role to another one. Nothing was sent."
    )]
    WrongKind {
        /// The model.
        model: String,
        /// What it is paid by.
        unit: &'static str,
    },
    /// More characters than one request of the model may have.
    #[error(
        "{characters} characters are more than the {most} that `{model}` takes in one request. Nothing was sent: split the line."
    )]
    TooLong {
        /// The model.
        model: String,
        /// What was asked.
        characters: u64,
        /// What it takes.
        most: u64,
    },
}

impl Prices {
    /// The table that the program was built with.
    ///
    /// # Errors
    ///
    /// All faults of the table; a test holds that it has none.
    pub fn built_in() -> Result<Self, Faults> {
        read::prices("assets/prices.toml", BUILT_IN)
    }

    /// Reads a table from its text.
    ///
    /// # Errors
    ///
    /// All faults of the table, each with its place.
    pub fn parse(file: &str, source: &str) -> Result<Self, Faults> {
        read::prices(file, source)
    }

    /// The built-in table with the rows of `<config>/prices.toml`, where there is one, in the place of those with the same id.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or has faults.
    pub fn load(config: &Path) -> Result<Self, LoadError> {
        let mut prices = Self::built_in()?;
        let path = config.join("prices.toml");
        if let Some(source) = read_if_there(&path)? {
            let own = Self::parse(&path.display().to_string(), &source)?;
            prices.models.extend(own.models);
            prices.gone.extend(own.gone);
        }
        Ok(prices)
    }

    /// The table as text, in the form that is read: what is kept of it as an artifact.
    pub fn to_toml(&self) -> String {
        write::table(self)
    }

    /// Whether the table has a row of this model of the provider, for whatever day.
    pub fn has(&self, vendor: Provider, model: &str) -> bool {
        self.models.get(model).is_some_and(|rows| rows.iter().any(|row| row.vendor == vendor))
    }

    /// The ids of all models.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }

    /// The row of a model that can be called on a day.
    ///
    /// # Errors
    ///
    /// When the model is unknown, retired by then, or has no row for the day.
    pub fn price(&self, model: &str, on: Date) -> Result<&Price, PriceError> {
        let retired = |day: Date, successor: Option<&str>| {
            let living = successor.and_then(|successor| self.living(successor, on));
            let successor = living.map_or("route the role to another model".to_owned(), |id| format!("use `{id}`"));
            PriceError::Retired { model: model.to_owned(), on: day, successor }
        };
        if let Some(gone) = self.gone.get(model) {
            return Err(retired(gone.retired, gone.successor.as_deref()));
        }
        let rows = self.rows(model)?;
        for row in rows {
            if let Some(day) = row.retired.filter(|day| *day <= on) {
                return Err(retired(day, row.successor.as_deref()));
            }
        }
        let row = rows.iter().find(|row| row.holds(on));
        row.ok_or_else(|| PriceError::NotThen { model: model.to_owned(), on })
    }

    /// The most that a call can cost: as many prompt tokens as the request has bytes and [`HIDDEN_INPUT_TOKENS`], each at the
    /// dearest way to be billed, the whole answer, the dearest tier within reach, and what its searches may bring and cost.
    ///
    /// # Errors
    ///
    /// When the model has no price on the day or cannot do this work.
    pub fn worst_case(
        &self,
        model: &str,
        request_bytes: u64,
        ceiling: Ceiling,
        on: Date,
    ) -> Result<MicroUsd, PriceError> {
        let wrong = |unit| PriceError::WrongKind { model: model.to_owned(), unit };
        match (&self.price(model, on)?.rates, ceiling) {
            (Rates::Tokens { base, tiers, searches }, Ceiling::OutputTokens(output)) => {
                let found = searches.map_or(0, |searches| searches.tokens);
                let prompt = request_bytes.saturating_add(HIDDEN_INPUT_TOKENS).saturating_add(found);
                let (most, each) = searches.map_or((0, PicoUsd(0)), |searches| (searches.most, searches.each));
                let within = tiers.iter().filter(|tier| tier.above < prompt).map(|tier| tier.rates);
                let worst = std::iter::once(*base).chain(within).map(|rates| {
                    let dearest = rates.input.max(rates.cache_write).max(rates.cache_read);
                    price_of([(prompt, dearest), (output, rates.output), (most, each)])
                });
                Ok(worst.max().unwrap_or(MicroUsd::MAX))
            }
            (Rates::Characters { each, most }, Ceiling::Characters(characters)) if characters <= *most => {
                Ok(price_of([(characters, *each)]))
            }
            (Rates::Characters { most, .. }, Ceiling::Characters(characters)) => {
                Err(PriceError::TooLong { model: model.to_owned(), characters, most: *most })
            }
            (Rates::Tokens { .. }, Ceiling::Characters(_)) => Err(wrong("token")),
            (Rates::Characters { .. }, Ceiling::OutputTokens(_)) => Err(wrong("character")),
        }
    }

    /// What a metered call costs at the rates of the day on which it was reserved. A bill is never refused because the model
    /// has been retired or its row has ended since: then the row that held last before the day counts.
    ///
    /// # Errors
    ///
    /// When the model is in no row at all.
    pub fn settle(&self, model: &str, usage: &Usage, on: Date) -> Result<MicroUsd, PriceError> {
        let rows = self.rows(model)?;
        let row = rows.iter().find(|row| row.holds(on));
        let row = row.or_else(|| rows.iter().rev().find(|row| row.until.is_some_and(|until| until < on)));
        let row = row.or_else(|| rows.first());
        let row = row.ok_or_else(|| PriceError::NotThen { model: model.to_owned(), on })?;
        Ok(match &row.rates {
            Rates::Tokens { base, tiers, searches } => {
                let prompt = usage.tokens_in();
                let tier = tiers.iter().rev().find(|tier| prompt > tier.above);
                let rates = tier.map_or(*base, |tier| tier.rates);
                price_of([
                    (usage.input, rates.input),
                    (usage.cache_read, rates.cache_read),
                    (usage.cache_write, rates.cache_write),
                    (usage.cache_write_1h, rates.cache_write_1h),
                    (usage.output, rates.output),
                    (usage.reasoning, rates.output),
                    (usage.citations, rates.input),
                    (usage.searches, searches.map_or(PicoUsd(0), |searches| searches.each)),
                ])
            }
            Rates::Characters { each, .. } => price_of([(usage.characters, *each)]),
        })
    }

    fn rows(&self, model: &str) -> Result<&[Price], PriceError> {
        self.models.get(model).map(Vec::as_slice).ok_or_else(|| PriceError::Unknown {
            model: model.chars().take(60).collect(),
            suggestion: suggestion(model, self.models()),
        })
    }

    /// The first model down the line of successors that can be called on the day.
    fn living<'a>(&'a self, mut next: &'a str, on: Date) -> Option<&'a str> {
        for _ in 0..self.models.len() {
            let row = self.models.get(next)?.first()?;
            if row.retired.is_none_or(|day| on < day) {
                return Some(&row.id);
            }
            next = row.successor.as_deref()?;
        }
        None
    }
}

impl Price {
    /// Whether the row holds on a day.
    pub fn holds(&self, on: Date) -> bool {
        self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on <= until)
    }
}

#[cfg(test)]
mod tests;
