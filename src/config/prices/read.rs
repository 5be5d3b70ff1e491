//! Reading a price table with all its faults: bad amounts, rows that overlap, successors that are not there.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;

use super::{Gone, Price, Prices, Rates, SearchRates, Tier, TokenRates};
use crate::config::fault::Faults;
use crate::config::reader::{Document, Section};
use crate::domain::call::Provider;
use crate::domain::money::PicoUsd;

pub(super) fn prices(file: &str, source: &str) -> Result<Prices, Faults> {
    let document = Document::new(file, source);
    let table = document.parse();
    let root = Section::root(&document, &table);
    let schema = root.schema();
    let mut models: BTreeMap<String, Vec<(Price, Range<usize>)>> = BTreeMap::new();
    for section in root.sections("price").unwrap_or_default() {
        if let Some(price) = read(&section) {
            models.entry(price.id.clone()).or_default().push((price, section.span().clone()));
        }
    }
    let mut gone = BTreeMap::new();
    for section in root.sections("retired").unwrap_or_default() {
        let id = section.need("id", Section::words);
        let retired = section.need("retired", Section::parsed::<Date>);
        let successor = if section.has("successor") { section.words("successor") } else { None };
        section.close();
        if let Some((id, retired)) = id.zip(retired) {
            gone.insert(id, Gone { retired, successor });
        }
    }
    root.close();
    for rows in models.values_mut() {
        rows.sort_by_key(|(price, _)| price.from);
        for ((earlier, _), (later, span)) in rows.iter().zip(rows.iter().skip(1)) {
            if earlier.until.is_none_or(|until| later.from.is_none_or(|from| from <= until)) {
                document.fault(
                    span,
                    format!("two rows of `{}` hold on the same day: end the earlier one before", later.id),
                );
            }
            if earlier.vendor != later.vendor
                || earlier.retired != later.retired
                || earlier.successor != later.successor
            {
                let what = format!("the rows of `{}` differ in vendor, retirement or successor", later.id);
                document.fault(span, what);
            }
        }
    }
    let models =
        models.into_iter().map(|(id, rows)| (id, rows.into_iter().map(|(price, _)| price).collect())).collect();
    document.finish(schema.map(|_| Prices { models, gone }))
}

fn read(section: &Section<'_, '_>) -> Option<Price> {
    let id = section.need("id", Section::words);
    let vendors = Provider::ALL.map(|vendor| (vendor.name(), vendor));
    let vendor = section.need("vendor", |s, key| s.choice(key, &vendors));
    let (from, until) = (date(section, "from"), date(section, "until"));
    let retired = date(section, "retired");
    let successor = if section.has("successor") { section.words("successor").map(Some) } else { Some(None) };
    let rates = if section.has("per_million_characters") { characters(section) } else { tokens(section) };
    section.close();
    if let (Some(Some(from)), Some(Some(until))) = (from, until)
        && from > until
    {
        section.fault_at("from", "the row ends before it begins");
    }
    Some(Price {
        id: id?,
        vendor: vendor?,
        rates: rates?,
        from: from?,
        until: until?,
        retired: retired?,
        successor: successor?,
    })
}

fn date(section: &Section<'_, '_>, key: &'static str) -> Option<Option<Date>> {
    if section.has(key) { section.parsed::<Date>(key).map(Some) } else { Some(None) }
}

/// A price from dollars a million.
fn rate(section: &Section<'_, '_>, key: &'static str) -> Option<PicoUsd> {
    let text = section.text(key)?;
    PicoUsd::per_million(&text).map_err(|error| section.fault_at(key, format!("`{key}`: {error}"))).ok()
}

fn characters(section: &Section<'_, '_>) -> Option<Rates> {
    let each = section.need("per_million_characters", rate);
    let most = section.need("most_characters", |s, key| s.whole(key, 1..=10_000_000));
    Some(Rates::Characters { each: each?, most: most? })
}

fn tokens(section: &Section<'_, '_>) -> Option<Rates> {
    let base = token_rates(section);
    let sections = section.sections("tiers")?;
    let mut tiers: Vec<Option<Tier>> = Vec::new();
    let mut below = 0;
    for tier in &sections {
        let above = tier.need("above", |s, key| s.whole(key, 1..=100_000_000));
        let rates = token_rates(tier);
        tier.close();
        if let Some(above) = above {
            if above <= below {
                tier.fault_at("above", "tiers rise: this one begins at or below the one before");
            }
            below = above;
        }
        tiers.push(above.zip(rates).map(|(above, rates)| Tier { above, rates }));
    }
    let searches = if section.has("per_million_searches") { searches(section).map(Some) } else { Some(None) };
    Some(Rates::Tokens { base: base?, tiers: tiers.into_iter().collect::<Option<_>>()?, searches: searches? })
}

fn searches(section: &Section<'_, '_>) -> Option<SearchRates> {
    let each = section.need("per_million_searches", rate);
    let most = section.need("most_searches", |s, key| s.whole(key, 1..=1_000));
    let tokens = section.need("most_search_tokens", |s, key| s.whole(key, 0..=10_000_000));
    Some(SearchRates { each: each?, most: most?, tokens: tokens? })
}

/// Where a provider has no price for writing to the cache, it costs what the prompt costs, and for an hour what it costs for
/// five minutes.
fn token_rates(section: &Section<'_, '_>) -> Option<TokenRates> {
    let input = section.need("input", rate);
    let output = section.need("output", rate);
    let cache_read = section.need("cache_read", rate);
    let cache_write = if section.has("cache_write") { rate(section, "cache_write") } else { input };
    let hour = if section.has("cache_write_1h") { rate(section, "cache_write_1h") } else { cache_write };
    Some(TokenRates {
        input: input?,
        output: output?,
        cache_read: cache_read?,
        cache_write: cache_write?,
        cache_write_1h: hour?,
    })
}
