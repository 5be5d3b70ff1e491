//! What models cost: a table with dates, tiers, retirements and successors, the worst case of a call before it is sent and its
//! price once it is metered.
//!
//! The table is data (`assets/prices.toml`). Over it lies what `greenroom prices import` made of a price table of LiteLLM's form,
//! and over that a `prices.toml` in the config folder, for plans that are billed at other rates; each puts its rows in the
//! place of those with the same id. A price that nobody knows is unknown and never nothing. Not for caps: those are the
//! budget's.

mod bill;
pub mod litellm;
mod rates;
mod read;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

pub use self::bill::{Asked, Caching, Ceiling};
pub use self::rates::{Fee, Graded, Per, Rates, SearchRates, Tier, TokenPrices, TokenRates, Tool};
use super::fault::{Faults, LoadError, read_if_there, suggestion};
use super::models::Models;
use crate::domain::call::Provider;

/// What a request holds beside its bytes and is billed as input: the provider's own system text, the schema, the framing.
pub const HIDDEN_INPUT_TOKENS: u64 = 2_000;

/// The file in the config folder that holds what was imported.
pub const IMPORTED: &str = "prices-imported.toml";

/// The file in the config folder that holds prices of one's own.
pub const OWN: &str = "prices.toml";

const BUILT_IN: &str = include_str!("../../assets/prices.toml");

/// The price table: for each model the rows that hold at different times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    models: BTreeMap<String, Vec<Price>>,
    tools: Vec<Tool>,
}

/// What one model costs during one span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The model's id on the wire; `ollama/*` for every model of a server of that name.
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

/// Why a call has no price. Nothing was sent and nothing was spent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// No row has this id.
    #[error(
        "the model `{model}` is not in the price table, so that its calls cannot be reserved: {suggestion} Or give its route a \
         `cap`, the most that one call may cost. Nothing was sent."
    )]
    Unknown {
        /// The model.
        model: String,
        /// The nearest one.
        suggestion: String,
    },
    /// Its row says that the price is unknown.
    #[error(
        "nobody knows the price of the model `{model}`, so that its calls cannot be reserved: give its route a `cap`, the most \
         that one call may cost, or add its price to `prices.toml` in the config folder. Nothing was sent."
    )]
    NoPrice {
        /// The model.
        model: String,
    },
    /// Its row has no price for what was ordered.
    #[error(
        "the price table does not say what {what} of the model `{model}` cost: add it to `prices.toml` in the config folder. \
         Nothing was sent."
    )]
    NoService {
        /// The model.
        model: String,
        /// What was ordered.
        what: String,
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
        Ok(Self::without_ends()?.ending_as(&Models::built_in()?))
    }

    /// The table that the program was built with, as it is written: of prices alone.
    fn without_ends() -> Result<Self, Faults> {
        read::prices("built-in prices", BUILT_IN)
    }

    /// The table with the days from which calls fail, and with what follows then, as the table of models has them. A model that
    /// it does not have keeps what its own row says.
    fn ending_as(mut self, models: &Models) -> Self {
        for row in self.models.values_mut().flatten() {
            let Some(model) = models.get(&row.id).filter(|model| model.provider == row.vendor) else { continue };
            (row.retired, row.successor) = (model.life.retires, model.life.successor.clone());
        }
        self
    }

    /// Reads a table from its text.
    ///
    /// # Errors
    ///
    /// All faults of the table, each with its place.
    pub fn parse(file: &str, source: &str) -> Result<Self, Faults> {
        read::prices(file, source)
    }

    /// The built-in table with what was imported over it and the rows of `<config>/prices.toml` over both, where there are such.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or has faults.
    pub fn load(config: &Path) -> Result<Self, LoadError> {
        Ok(Self::layers(config)?.0)
    }

    /// As [`Self::load`], with where the rows of each model come from that do not come with the program.
    ///
    /// # Errors
    ///
    /// As [`Self::load`].
    pub fn layers(config: &Path) -> Result<(Self, BTreeMap<String, &'static str>), LoadError> {
        let mut prices = Self::without_ends()?;
        let mut origins = BTreeMap::new();
        for file in [IMPORTED, OWN] {
            let path = config.join(file);
            if let Some(source) = read_if_there(&path)? {
                let over = Self::parse(&path.display().to_string(), &source)?;
                origins.extend(over.models.keys().map(|id| (id.clone(), file)));
                prices.lay(over);
            }
        }
        Ok((prices.ending_as(&Models::load(config)?), origins))
    }

    /// All rows, by model and day.
    pub fn all(&self) -> impl Iterator<Item = &Price> {
        self.models.values().flatten()
    }

    /// The table as text, in the form that is read: what is kept of it as an artifact.
    pub fn to_toml(&self) -> String {
        write::table(self)
    }

    /// Whether the table has a row of this model of the provider, for whatever day.
    pub fn has(&self, vendor: Provider, model: &str) -> bool {
        self.rows(model).is_ok_and(|rows| rows.iter().any(|row| row.vendor == vendor))
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
        let rows = self.rows(model)?;
        for row in rows {
            if let Some(day) = row.retired.filter(|day| *day <= on) {
                return Err(retired(day, row.successor.as_deref()));
            }
        }
        let row = rows.iter().find(|row| row.holds(on));
        row.ok_or_else(|| PriceError::NotThen { model: model.to_owned(), on })
    }

    /// Puts the rows and tools of another table in the place of those with the same ids.
    pub fn lay(&mut self, over: Self) {
        self.models.extend(over.models);
        self.tools.retain(|tool| !over.tools.iter().any(|other| (other.vendor, &other.id) == (tool.vendor, &tool.id)));
        self.tools.extend(over.tools);
    }

    /// The key of a model's rows: its own, or that of the server that stands in front of its name.
    fn key<'a>(&'a self, model: &'a str) -> Option<&'a str> {
        if let Some((own, _)) = self.models.get_key_value(model) {
            return Some(own);
        }
        let (server, rest) = model.split_once('/')?;
        let (any, _) = self.models.get_key_value(&format!("{server}/*"))?;
        Some(any.as_str()).filter(|_| !rest.is_empty())
    }

    /// The model's name on the wire: without the server that stands in front of it, where its row is that of a server.
    pub fn on_the_wire<'a>(&self, model: &'a str) -> &'a str {
        let is_of_server = self.key(model).is_some_and(|key| key != model);
        model.split_once('/').filter(|_| is_of_server).map_or(model, |(_, name)| name)
    }

    fn rows(&self, model: &str) -> Result<&[Price], PriceError> {
        self.key(model).and_then(|key| self.models.get(key)).map(Vec::as_slice).ok_or_else(|| PriceError::Unknown {
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
