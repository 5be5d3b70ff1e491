//! Reading a price table with all its faults: bad amounts, rows that overlap, successors that are not there.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;

use super::{Fee, Graded, Per, Price, Prices, Rates, SearchRates, Tier, TokenPrices, TokenRates, Tool};
use crate::config::fault::Faults;
use crate::config::reader::{Document, Section};
use crate::domain::bill::Service;
use crate::domain::call::Provider;
use crate::domain::money::{MicroUsd, PicoUsd};

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
    let tools: Vec<Tool> = root.sections("tool").unwrap_or_default().iter().filter_map(tool).collect();
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
    document.finish(schema.map(|_| Prices { models, tools }))
}

fn read(section: &Section<'_, '_>) -> Option<Price> {
    let id = section.need("id", Section::words);
    let vendors = Provider::ALL.map(|vendor| (vendor.name(), vendor));
    let vendor = section.need("vendor", |s, key| s.choice(key, &vendors));
    let (from, until) = (date(section, "from"), date(section, "until"));
    let retired = date(section, "retired");
    let successor = if section.has("successor") { section.words("successor").map(Some) } else { Some(None) };
    let says = |key| section.has(key) && section.flag(key) == Some(true);
    let rates = if says("free") {
        Some(Rates::Free)
    } else if says("unknown") {
        Some(Rates::Unknown)
    } else if section.has("per_million_characters") {
        characters(section)
    } else {
        tokens(section)
    };
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

/// The price of one, in dollars.
fn each(section: &Section<'_, '_>, key: &'static str) -> Option<PicoUsd> {
    section.amount(key).map(|MicroUsd(micro)| PicoUsd(micro.saturating_mul(1_000_000)))
}

fn characters(section: &Section<'_, '_>) -> Option<Rates> {
    let each = section.need("per_million_characters", rate);
    let most = section.need("most_characters", |s, key| s.whole(key, 1..=10_000_000));
    Some(Rates::Characters { each: each?, most: most? })
}

fn tokens(section: &Section<'_, '_>) -> Option<Rates> {
    let standard = graded(section);
    let mut services = Some(BTreeMap::new());
    let words = [Service::Batch, Service::Fast, Service::Priority].map(|service| (service.name(), service));
    for other in section.sections("service")? {
        let name = other.need("name", |s, key| s.choice(key, &words));
        let rates = graded(&other);
        other.close();
        services = match (services, name.zip(rates)) {
            (Some(mut services), Some((name, rates))) => {
                if services.insert(name, rates).is_some() {
                    other.fault_at("name", format!("the service `{}` stands here twice", name.name()));
                }
                Some(services)
            }
            (Some(_) | None, Some(_) | None) => None,
        };
    }
    let request = fee(section);
    let searches = if section.has("per_search") { searches(section).map(Some) } else { Some(None) };
    let prices = TokenPrices { standard: standard?, services: services?, request: request?, searches: searches? };
    Some(Rates::Tokens(Box::new(prices)))
}

fn graded(section: &Section<'_, '_>) -> Option<Graded> {
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
    Some(Graded { base: base?, tiers: tiers.into_iter().collect::<Option<_>>()? })
}

fn fee(section: &Section<'_, '_>) -> Option<Fee> {
    let sizes = ["per_request_low", "per_request_medium", "per_request_high"];
    if section.has("per_request") {
        return each(section, "per_request").map(Fee::Each);
    }
    if !sizes.iter().any(|size| section.has(size)) {
        return Some(Fee::None);
    }
    let [low, medium, high] = sizes.map(|size| section.need(size, each));
    Some(Fee::BySize { low: low?, medium: medium?, high: high? })
}

fn searches(section: &Section<'_, '_>) -> Option<SearchRates> {
    let each = section.need("per_search", each);
    let most = section.need("most_searches", |s, key| s.whole(key, 1..=1_000));
    let tokens = section.need("most_search_tokens", |s, key| s.whole(key, 0..=10_000_000));
    Some(SearchRates { each: each?, most: most?, tokens: tokens? })
}

/// What is not stated costs what it is part of: writing to the cache what the prompt costs, and for an hour what it costs for
/// five minutes; reading from it what the prompt costs; reasoning what the answer costs.
fn token_rates(section: &Section<'_, '_>) -> Option<TokenRates> {
    let or = |key, other: Option<PicoUsd>| if section.has(key) { rate(section, key) } else { other };
    let input = section.need("input", rate);
    let output = section.need("output", rate);
    let cache_read = or("cache_read", input);
    let cache_write = or("cache_write", input);
    let cache_write_1h = or("cache_write_1h", cache_write);
    let (reasoning, citation) = (or("reasoning", output), or("citation", input));
    Some(TokenRates {
        input: input?,
        output: output?,
        cache_read: cache_read?,
        cache_write: cache_write?,
        cache_write_1h: cache_write_1h?,
        reasoning: reasoning?,
        citation: citation?,
    })
}

fn tool(section: &Section<'_, '_>) -> Option<Tool> {
    let id = section.need("id", Section::words);
    let vendors = Provider::ALL.map(|vendor| (vendor.name(), vendor));
    let vendor = section.need("vendor", |s, key| s.choice(key, &vendors));
    let each = section.need("each", each);
    let per = section.need("per", |s, key| s.choice(key, &Per::WORDS));
    let models = if section.has("models") { section.words("models") } else { Some(String::new()) };
    let searches = if section.has("searches") { section.flag("searches") } else { Some(false) };
    section.close();
    Some(Tool { id: id?, vendor: vendor?, each: each?, per: per?, models: models?, searches: searches? })
}
