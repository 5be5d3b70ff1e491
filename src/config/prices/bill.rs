//! What a call can cost at most before it is sent, and what it costs once it is metered.

use jiff::civil::Date;

use super::rates::{Fee, Graded, Per, Rates, TokenPrices};
use super::{HIDDEN_INPUT_TOKENS, Price, PriceError, Prices};
use crate::domain::bill::Terms;
use crate::domain::call::Usage;
use crate::domain::money::{MicroUsd, PicoUsd, price_of};

/// The most that a call may bring back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceiling {
    /// The `max_tokens` of a request for text.
    OutputTokens(u64),
    /// The characters of a request for speech.
    Characters(u64),
}

/// For how long a request asks that its prompt is written to the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// It does not ask.
    No,
    /// For five minutes, or it is not known that it does not ask.
    #[default]
    FiveMinutes,
    /// For one hour.
    OneHour,
}

/// What a request asks for, as far as it bears on its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The bytes of its body.
    pub bytes: u64,
    /// The most that it may bring back.
    pub ceiling: Ceiling,
    /// What it asks of the cache.
    pub caching: Caching,
    /// What it orders beside the tokens.
    pub terms: Terms,
    /// The most searches that it allows, of a model that need not search.
    pub searches: u64,
}

impl Asked {
    /// A request as they usually are.
    pub fn usual(bytes: u64, ceiling: Ceiling) -> Self {
        Self { bytes, ceiling, caching: Caching::default(), terms: Terms::default(), searches: 0 }
    }
}

impl Prices {
    /// The most that a usual request can cost: [`Self::worst_case_of`].
    ///
    /// # Errors
    ///
    /// As [`Self::worst_case_of`].
    pub fn worst_case(
        &self,
        model: &str,
        request_bytes: u64,
        ceiling: Ceiling,
        on: Date,
    ) -> Result<MicroUsd, PriceError> {
        self.worst_case_of(model, &Asked::usual(request_bytes, ceiling), on)
    }

    /// The most that a call can cost: as many prompt tokens as the request has bytes and [`HIDDEN_INPUT_TOKENS`], each at the
    /// dearest way to be billed that the request allows, the whole answer, the dearest tier within reach, the fee, and what
    /// its searches may bring and cost.
    ///
    /// # Errors
    ///
    /// When the model has no known price for it on the day or cannot do this work.
    pub fn worst_case_of(&self, model: &str, asked: &Asked, on: Date) -> Result<MicroUsd, PriceError> {
        let row = self.price(model, on)?;
        let wrong = |unit| PriceError::WrongKind { model: model.to_owned(), unit };
        match (&row.rates, asked.ceiling) {
            (Rates::Free, _) => Ok(MicroUsd::ZERO),
            (Rates::Unknown, _) => Err(PriceError::NoPrice { model: model.to_owned() }),
            (Rates::Tokens(tokens), Ceiling::OutputTokens(output)) => {
                let graded = graded(model, tokens, asked.terms)?;
                let found = tokens.searches.map_or(0, |searches| searches.tokens);
                let prompt = asked.bytes.saturating_add(HIDDEN_INPUT_TOKENS).saturating_add(found);
                let searches = tokens.searches.map_or(asked.searches, |searches| searches.most);
                let searches = self.searches(row, model, tokens, searches)?;
                let fee = (1, tokens.request.on(asked.terms));
                let worst = graded.up_to(prompt).map(|rates| {
                    let written = match asked.caching {
                        Caching::No => rates.input,
                        Caching::FiveMinutes => rates.cache_write,
                        Caching::OneHour => rates.cache_write.max(rates.cache_write_1h),
                    };
                    let dearest = rates.input.max(written).max(rates.cache_read).max(rates.citation);
                    price_of([(prompt, dearest), (output, rates.output.max(rates.reasoning)), searches, fee])
                });
                Ok(worst.max().unwrap_or(MicroUsd::MAX))
            }
            (Rates::Characters { each, most }, Ceiling::Characters(characters)) if characters <= *most => {
                Ok(price_of([(characters, *each)]))
            }
            (Rates::Characters { most, .. }, Ceiling::Characters(characters)) => {
                Err(PriceError::TooLong { model: model.to_owned(), characters, most: *most })
            }
            (Rates::Tokens(_), Ceiling::Characters(_)) => Err(wrong("token")),
            (Rates::Characters { .. }, Ceiling::OutputTokens(_)) => Err(wrong("character")),
        }
    }

    /// What a metered call of the usual service costs: [`Self::settle_on`].
    ///
    /// # Errors
    ///
    /// As [`Self::settle_on`].
    pub fn settle(&self, model: &str, usage: &Usage, on: Date) -> Result<MicroUsd, PriceError> {
        self.settle_on(model, usage, Terms::default(), on)
    }

    /// What a metered call costs at the rates of the day on which it was sent. A bill is never refused because the model
    /// has been retired or its row has ended since: then the row that held last before the day counts.
    ///
    /// # Errors
    ///
    /// When no row says what this model, its service or its searches cost: that is not nothing.
    pub fn settle_on(&self, model: &str, usage: &Usage, terms: Terms, on: Date) -> Result<MicroUsd, PriceError> {
        let rows = self.rows(model)?;
        let row = rows.iter().find(|row| row.holds(on));
        let row = row.or_else(|| rows.iter().rev().find(|row| row.until.is_some_and(|until| until < on)));
        let row = row.or_else(|| rows.first());
        let row = row.ok_or_else(|| PriceError::NotThen { model: model.to_owned(), on })?;
        match &row.rates {
            Rates::Free => Ok(MicroUsd::ZERO),
            Rates::Unknown => Err(PriceError::NoPrice { model: model.to_owned() }),
            Rates::Characters { each, .. } => Ok(price_of([(usage.characters, *each)])),
            Rates::Tokens(tokens) => {
                let rates = graded(model, tokens, terms)?.of(usage.tokens_in());
                Ok(price_of([
                    (usage.input, rates.input),
                    (usage.cache_read, rates.cache_read),
                    (usage.cache_write, rates.cache_write),
                    (usage.cache_write_1h, rates.cache_write_1h),
                    (usage.output, rates.output),
                    (usage.reasoning, rates.reasoning),
                    (usage.citations, rates.citation),
                    self.searches(row, model, tokens, usage.searches)?,
                    (1, tokens.request.on(terms)),
                ]))
            }
        }
    }

    /// How often the searches of a call are billed, and each at what: by the model's own row, within its fee, or by the tool
    /// of its vendor whose models are told most narrowly.
    fn searches(
        &self,
        row: &Price,
        model: &str,
        tokens: &TokenPrices,
        searches: u64,
    ) -> Result<(u64, PicoUsd), PriceError> {
        if searches == 0 {
            return Ok((0, PicoUsd(0)));
        }
        if let Some(own) = tokens.searches {
            return Ok((Per::Invocation.billed(searches), own.each));
        }
        if tokens.request != Fee::None {
            return Ok((0, PicoUsd(0)));
        }
        let of_model = self
            .tools
            .iter()
            .filter(|tool| tool.searches && tool.vendor == row.vendor && model.starts_with(&tool.models));
        let tool = of_model.max_by_key(|tool| tool.models.len());
        tool.map(|tool| (tool.per.billed(searches), tool.each))
            .ok_or_else(|| PriceError::NoService { model: model.to_owned(), what: "searches".to_owned() })
    }
}

fn graded<'a>(model: &str, tokens: &'a TokenPrices, terms: Terms) -> Result<&'a Graded, PriceError> {
    tokens.service(terms.service).ok_or_else(|| PriceError::NoService {
        model: model.to_owned(),
        what: format!("the service `{}`", terms.service.name()),
    })
}
