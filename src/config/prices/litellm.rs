//! A price table of LiteLLM's form (`model_prices_and_context_window.json`), laid over the present one as it is.
//!
//! Taken are the models of the providers that are called here. A price is read from the digits that stand there and never
//! becomes a floating-point number. Where the file says nothing of a rate, the present one goes on; where it changes a price,
//! the old row ends the day before and what was announced for later stays.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::value::RawValue;

use super::rates::{Fee, Graded, Rates, Tier, TokenPrices, TokenRates};
use super::{Price, Prices};
use crate::domain::bill::Service;
use crate::domain::call::Provider;
use crate::domain::money::PicoUsd;

/// The most characters that a voice is taken to accept in one request where nothing says it.
const CHARACTERS: u64 = 4_096;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The rows that differ from the present table: what is kept.
    pub rows: Prices,
    /// The models that were taken, each with what changes; an empty list where nothing does.
    pub taken: BTreeMap<String, Vec<String>>,
    /// The models that were left out, by the reason.
    pub skipped: BTreeMap<String, Vec<String>>,
}

/// A file that is no such table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}. Nothing was changed")]
pub struct ImportError(String);

type Members = BTreeMap<String, Box<RawValue>>;

/// Reads a file against the present table; its prices hold from this day on.
///
/// # Errors
///
/// When it is no JSON object, or has no model that could be taken.
pub fn import(source: &str, present: &Prices, on: Date) -> Result<Imported, ImportError> {
    let all: Members = serde_json::from_str(source)
        .map_err(|error| ImportError(format!("it is no JSON object of models: {error}")))?;
    let mut imported = Imported {
        rows: Prices { models: BTreeMap::new(), tools: Vec::new() },
        taken: BTreeMap::new(),
        skipped: BTreeMap::new(),
    };
    for (key, entry) in &all {
        if key == "sample_spec" {
            continue;
        }
        match one(key, entry, present, on) {
            Ok((id, rows, changes)) => {
                if !changes.is_empty() {
                    imported.rows.models.insert(id.clone(), rows);
                }
                imported.taken.insert(id, changes);
            }
            Err(reason) => imported.skipped.entry(reason).or_default().push(key.clone()),
        }
    }
    if imported.taken.is_empty() {
        return Err(ImportError("it holds no model of a provider that is called here".to_owned()));
    }
    Ok(imported)
}

fn one(key: &str, entry: &RawValue, present: &Prices, on: Date) -> Result<(String, Vec<Price>, Vec<String>), String> {
    let members: Members = serde_json::from_str(entry.get()).map_err(|_| "it is no object".to_owned())?;
    let word = |name: &str| members.get(name).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let named = word("litellm_provider").ok_or("it names no provider")?;
    let (vendor, start) = match named.as_str() {
        "anthropic" => (Provider::Anthropic, "anthropic/"),
        "gemini" => (Provider::Gemini, "gemini/"),
        "perplexity" => (Provider::Perplexity, "perplexity/"),
        "elevenlabs" => (Provider::ElevenLabs, "elevenlabs/"),
        "openai" => (Provider::OpenAi, "openai/"),
        other => return Err(format!("of {}, which is not called here", other.chars().take(40).collect::<String>())),
    };
    let id = key.strip_prefix(start).unwrap_or(key);
    if id.is_empty() || id.len() > 128 || !id.bytes().all(|b| b.is_ascii_graphic()) || id.ends_with("/*") {
        return Err("its name cannot stand in a request".to_owned());
    }
    let own = present.models.get(id).map(Vec::as_slice).unwrap_or_default();
    let current = own.iter().find(|row| row.holds(on));
    let rates = match number(&members, "input_cost_per_character")? {
        Some(each) => {
            let most = match current.map(|row| &row.rates) {
                Some(Rates::Characters { most, .. }) => *most,
                Some(_) | None => CHARACTERS,
            };
            Rates::Characters { each, most }
        }
        None => tokens(&members, current)?,
    };
    let changes = changes(current.map(|row| &row.rates), &rates);
    Ok((id.to_owned(), rows(id, vendor, rates, own, on), changes))
}

/// The rows of a model with a new one from a day on: earlier ones end the day before, later ones stay.
fn rows(id: &str, vendor: Provider, rates: Rates, own: &[Price], on: Date) -> Vec<Price> {
    let before = on.checked_sub(1.day()).unwrap_or(on);
    let later = own.iter().filter(|row| row.from.is_some_and(|from| from > on));
    let current = own.iter().find(|row| row.holds(on));
    let next = later.clone().filter_map(|row| row.from).min().and_then(|from| from.checked_sub(1.day()).ok());
    let new = Price {
        id: id.to_owned(),
        vendor,
        rates,
        from: (!own.is_empty()).then_some(on),
        until: current.and_then(|row| row.until).or(next),
        retired: own.first().and_then(|row| row.retired),
        successor: own.first().and_then(|row| row.successor.clone()),
    };
    let earlier = own.iter().filter(|row| row.from.is_none_or(|from| from < on)).cloned().map(|mut row| {
        row.until = Some(row.until.map_or(before, |until| until.min(before)));
        row
    });
    earlier.chain([new]).chain(later.cloned()).map(|row| Price { vendor, ..row }).collect()
}

fn tokens(members: &Members, current: Option<&Price>) -> Result<Rates, String> {
    let present = match current.map(|row| &row.rates) {
        Some(Rates::Tokens(prices)) => Some(prices.as_ref()),
        Some(Rates::Characters { .. } | Rates::Free | Rates::Unknown) | None => None,
    };
    let standard = graded(members, "", present.map(|prices| &prices.standard))?.ok_or("it has no price of a token")?;
    let is_same = present.is_some_and(|prices| prices.standard == standard);
    let mut services = present.filter(|_| is_same).map(|prices| prices.services.clone()).unwrap_or_default();
    for (service, end) in [(Service::Batch, "_batches"), (Service::Priority, "_priority")] {
        let known = present.and_then(|prices| prices.services.get(&service));
        if let Some(stated) = graded(members, end, known)? {
            services.insert(service, stated);
        }
    }
    let fee = match members.get("search_context_cost_per_query") {
        Some(raw) if present.is_none_or(|prices| prices.request != Fee::None) && is_perplexity(members) => {
            let sizes: Members = serde_json::from_str(raw.get()).map_err(|_| "its fees are no object".to_owned())?;
            let fee =
                |size: &str| number(&sizes, &format!("search_context_size_{size}")).map(Option::unwrap_or_default);
            Fee::BySize { low: fee("low")?, medium: fee("medium")?, high: fee("high")? }
        }
        Some(_) | None => present.map_or(Fee::None, |prices| prices.request),
    };
    let searches = present.and_then(|prices| prices.searches);
    Ok(Rates::Tokens(Box::new(TokenPrices { standard, services, request: fee, searches })))
}

fn is_perplexity(members: &Members) -> bool {
    members.get("litellm_provider").is_some_and(|raw| raw.get() == "\"perplexity\"")
}

/// The rates whose names end so; nothing where neither the prompt nor the answer has a price.
fn graded(members: &Members, end: &str, known: Option<&Graded>) -> Result<Option<Graded>, String> {
    let Some(base) = rates(members, end, known.map(|known| known.base))? else { return Ok(None) };
    let mut tiers = known.map(|known| known.tiers.clone()).unwrap_or_default();
    const TIER: &str = "input_cost_per_token_above_";
    for key in members.keys() {
        let Some(thousands) = key.strip_prefix(TIER).and_then(|rest| rest.strip_suffix("k_tokens")) else { continue };
        let (Ok(thousands), true) = (thousands.parse::<u64>(), end.is_empty()) else { continue };
        let above = thousands.saturating_mul(1_000);
        let of_tier = tiers.iter().find(|tier| tier.above == above).map(|tier| tier.rates);
        if let Some(rates) = rates(members, &format!("_above_{thousands}k_tokens"), of_tier)? {
            tiers.retain(|tier| tier.above != above);
            tiers.push(Tier { above, rates });
        }
    }
    tiers.sort_by_key(|tier| tier.above);
    Ok(Some(Graded { base, tiers }))
}

fn rates(members: &Members, end: &str, known: Option<TokenRates>) -> Result<Option<TokenRates>, String> {
    let stated = |name: &str| number(members, &format!("{name}{end}"));
    let (Some(input), Some(output)) = (stated("input_cost_per_token")?, stated("output_cost_per_token")?) else {
        return Ok(None);
    };
    let or = |stated: Option<PicoUsd>, known: Option<PicoUsd>, instead| stated.or(known).unwrap_or(instead);
    // A cache that is as dear as its prompt was never stated, and follows the prompt.
    let own = |known: Option<TokenRates>, of: fn(TokenRates) -> PicoUsd| {
        known.filter(|known| of(*known) != known.input && of(*known) != known.output).map(of)
    };
    let cache_read = or(stated("cache_read_input_token_cost")?, own(known, |k| k.cache_read), input);
    let cache_write = or(stated("cache_creation_input_token_cost")?, own(known, |k| k.cache_write), input);
    let hour = if end.is_empty() { number(members, "cache_creation_input_token_cost_above_1hr")? } else { None };
    let cache_write_1h = or(hour, own(known, |k| k.cache_write_1h), cache_write);
    let reasoning = or(stated("output_cost_per_reasoning_token")?, own(known, |k| k.reasoning), output);
    let citation = or(stated("citation_cost_per_token")?, own(known, |k| k.citation), input);
    Ok(Some(TokenRates { input, output, cache_read, cache_write, cache_write_1h, reasoning, citation }))
}

/// A price of one in dollars, from the digits that stand there.
fn number(members: &Members, name: &str) -> Result<Option<PicoUsd>, String> {
    match members.get(name).map(|raw| raw.get()) {
        None | Some("null") => Ok(None),
        Some(digits) => {
            PicoUsd::each(digits.trim_matches('"')).map(Some).ok_or_else(|| format!("its `{name}` is no price"))
        }
    }
}

/// What a new row changes, in words.
fn changes(old: Option<&Rates>, new: &Rates) -> Vec<String> {
    let Some(old) = old else { return vec!["new".to_owned()] };
    if old == new {
        return Vec::new();
    }
    let (Rates::Tokens(old), Rates::Tokens(new)) = (old, new) else {
        return match (old, new) {
            (Rates::Characters { each: old, .. }, Rates::Characters { each: new, .. }) => {
                vec![format!("a million characters {} -> {}", old.a_million(), new.a_million())]
            }
            (_, _) => vec!["paid in another way".to_owned()],
        };
    };
    let (was, is) = (old.standard.base, new.standard.base);
    let all = [
        ("input", was.input, is.input),
        ("output", was.output, is.output),
        ("cache read", was.cache_read, is.cache_read),
        ("cache write", was.cache_write, is.cache_write),
        ("cache write for an hour", was.cache_write_1h, is.cache_write_1h),
    ];
    let differing = all.into_iter().filter(|(_, was, is)| was != is);
    let mut told: Vec<String> =
        differing.map(|(name, was, is)| format!("{name} {} -> {}", was.a_million(), is.a_million())).collect();
    if told.is_empty() {
        told.push("tiers, services or fees".to_owned());
    }
    told
}
