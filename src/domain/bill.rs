//! How the price of a call came about: by which table, at whose rates, on which terms, and from whose counts.
//!
//! A settled event holds the counts, the price and this, which is enough to work the price out again: the table is an
//! artifact, and what the provider itself wrote of its counts stays in the kept answer. Not for the prices: they are the
//! table's.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ids::ContentHash;

/// How the price of a call came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// The price table, an artifact in the form of `assets/prices.toml`.
    pub table: ContentHash,
    /// The model whose rates were taken.
    pub model: String,
    /// The model that answered, by the provider's word, where it is another than the one that was asked. Where it is also
    /// another than [`Bill::model`], it is not in the table, and the rates are those of the one that was asked.
    pub answered: Option<String>,
    /// The day whose rates were taken, UTC: the one on which the call was sent.
    pub on: Date,
    /// Whose figures the price rests on.
    pub basis: Basis,
    /// What was ordered beside the tokens.
    pub terms: Terms,
}

/// Whose figures a price rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The counts, at the rates of the table.
    Counted,
    /// The provider's own bill for the call.
    Billed,
    /// Nothing was counted, or there is no rate: the most that the call could cost, as it was reserved.
    Worst,
    /// What was counted cannot be true, and is no count: the most that the call could cost, as it was reserved.
    Impossible,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counted => "counted",
            Self::Billed => "billed by the provider",
            Self::Worst => "at its worst, as nothing was counted",
            Self::Impossible => "at its worst, as its counts cannot be true",
        })
    }
}

/// What was ordered and changes the rates of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Terms {
    /// How soon it was to be done.
    pub service: Service,
    /// How much was to be read for each request, for a model that bills its search so.
    pub search: Option<SearchSize>,
}

/// How soon a call is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// At once, as usual.
    #[default]
    Standard,
    /// Within a day, for less.
    Batch,
    /// Faster than usual, for more.
    Fast,
    /// Before others, for more.
    Priority,
}

impl Service {
    /// The word in tables and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Fast => "fast",
            Self::Priority => "priority",
        }
    }
}

/// How much a model that searches is to read for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchSize {
    /// Little.
    Low,
    /// As usual.
    Medium,
    /// Much.
    High,
}
