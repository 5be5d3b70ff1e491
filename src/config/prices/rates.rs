//! What is counted of a call and what each count costs. Not for amounts of calls: those are worked out in `bill`.

use std::collections::BTreeMap;

use crate::domain::bill::{SearchSize, Service, Terms};
use crate::domain::call::Provider;
use crate::domain::money::PicoUsd;

/// What is counted of a model's calls and what each count costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rates {
    /// A model of text is paid by the token.
    Tokens(Box<TokenPrices>),
    /// A voice is paid by the character.
    Characters {
        /// The price of a character.
        each: PicoUsd,
        /// The most characters of one request.
        most: u64,
    },
    /// A call costs nothing, whatever it does.
    Free,
    /// The model is there and nobody found its price.
    Unknown,
}

/// What a model of text costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPrices {
    /// At once, as usual.
    pub standard: Graded,
    /// The other ways to be served; one that is not here has no known price.
    pub services: BTreeMap<Service, Graded>,
    /// The fee for each request.
    pub request: Fee,
    /// What its searches cost, where it always searches.
    pub searches: Option<SearchRates>,
}

/// Rates by the size of the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graded {
    /// The rates of a short prompt.
    pub base: TokenRates,
    /// Higher tiers, by rising size of the prompt.
    pub tiers: Vec<Tier>,
}

/// Prices of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRates {
    /// Of the prompt, neither read from nor written to the cache.
    pub input: PicoUsd,
    /// Of the answer, with the reasoning that is billed as it is.
    pub output: PicoUsd,
    /// Of the prompt, read from the cache.
    pub cache_read: PicoUsd,
    /// Of the prompt, written to the cache for five minutes.
    pub cache_write: PicoUsd,
    /// Of the prompt, written to the cache for one hour.
    pub cache_write_1h: PicoUsd,
    /// Of reasoning that is counted apart.
    pub reasoning: PicoUsd,
    /// Of cited pages that are counted apart.
    pub citation: PicoUsd,
}

/// Rates that hold for the whole request once its prompt, cached tokens included, has more tokens than `above`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The largest prompt of the tier below, in tokens.
    pub above: u64,
    /// The rates.
    pub rates: TokenRates,
}

/// A fee for each request. What the model searches is within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fee {
    /// There is none.
    None,
    /// The same for each.
    Each(PicoUsd),
    /// By how much the model is to search.
    BySize {
        /// Little.
        low: PicoUsd,
        /// As usual.
        medium: PicoUsd,
        /// Much.
        high: PicoUsd,
    },
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

/// Something that is billed by use beside a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub id: String,
    /// Who is paid.
    pub vendor: Provider,
    /// The price of one use.
    pub each: PicoUsd,
    /// What one use is.
    pub per: Per,
    /// How the ids of the models begin that it belongs to; empty for all of the vendor's.
    pub models: String,
    /// Whether a search of such a model is billed as this.
    pub searches: bool,
}

/// What one use of a tool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// A request to it.
    Request,
    /// A prompt, however often it uses the tool.
    Prompt,
    /// A query that it makes.
    Query,
    /// A time that the model calls it.
    Invocation,
}

impl Per {
    /// All of them with their words in the table.
    pub(super) const WORDS: [(&str, Self); 4] = [
        ("request", Self::Request),
        ("prompt", Self::Prompt),
        ("query", Self::Query),
        ("invocation", Self::Invocation),
    ];

    /// The word in the table.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Prompt => "prompt",
            Self::Query => "query",
            Self::Invocation => "invocation",
        }
    }

    /// How often so many searches of one call are billed.
    pub(super) fn billed(self, searches: u64) -> u64 {
        match self {
            Self::Prompt => searches.min(1),
            Self::Request | Self::Query | Self::Invocation => searches,
        }
    }
}

impl TokenPrices {
    /// The rates of a service, where they are known.
    pub(super) fn service(&self, service: Service) -> Option<&Graded> {
        match service {
            Service::Standard => Some(&self.standard),
            Service::Batch | Service::Fast | Service::Priority => self.services.get(&service),
        }
    }
}

impl Graded {
    /// The rates of a prompt of so many tokens.
    pub(super) fn of(&self, prompt: u64) -> TokenRates {
        self.tiers.iter().rev().find(|tier| prompt > tier.above).map_or(self.base, |tier| tier.rates)
    }

    /// The rates of every prompt up to so many tokens.
    pub(super) fn up_to(&self, prompt: u64) -> impl Iterator<Item = TokenRates> {
        let within = self.tiers.iter().filter(move |tier| tier.above < prompt).map(|tier| tier.rates);
        std::iter::once(self.base).chain(within)
    }
}

impl Fee {
    /// The fee of one request; the highest where it is not said how much is searched.
    pub(super) fn on(self, terms: Terms) -> PicoUsd {
        match (self, terms.search) {
            (Self::None, _) => PicoUsd(0),
            (Self::Each(each), _) => each,
            (Self::BySize { low, .. }, Some(SearchSize::Low)) => low,
            (Self::BySize { medium, .. }, Some(SearchSize::Medium)) => medium,
            (Self::BySize { high, .. }, Some(SearchSize::High)) => high,
            (Self::BySize { low, medium, high }, None) => low.max(medium).max(high),
        }
    }
}
