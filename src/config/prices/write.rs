//! Writing a price table as text: the form in which it is kept as an artifact, so that the hash that a bill names leads to
//! a table that this program reads.

use super::{Fee, Graded, Price, Prices, Rates, SearchRates, Tier, TokenPrices, TokenRates, Tool};
use crate::domain::money::PicoUsd;

/// The table, row by row in the order of its models and days; reading it gives the same table.
pub(super) fn table(prices: &Prices) -> String {
    let mut lines = vec!["schema = 1".to_owned()];
    for row in prices.models.values().flatten() {
        price(row, &mut lines);
    }
    for Tool { id, vendor, each, per, models, searches } in &prices.tools {
        lines.extend(["\n[[tool]]".to_owned(), text("id", id), text("vendor", vendor.name())]);
        lines.extend([one("each", *each), text("per", per.word())]);
        lines.extend((!models.is_empty()).then(|| text("models", models)));
        lines.extend(searches.then(|| "searches = true".to_owned()));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn price(row: &Price, lines: &mut Vec<String>) {
    let Price { id, vendor, rates, from, until, retired, successor } = row;
    lines.extend(["\n[[price]]".to_owned(), text("id", id), text("vendor", vendor.name())]);
    for (key, day) in [("from", from), ("until", until), ("retired", retired)] {
        lines.extend(day.map(|day| text(key, &day.to_string())));
    }
    lines.extend(successor.as_deref().map(|successor| text("successor", successor)));
    match rates {
        Rates::Tokens(prices) => tokens(prices, lines),
        Rates::Characters { each, most } => {
            lines.extend([rate("per_million_characters", *each), format!("most_characters = {most}")]);
        }
        Rates::Free => lines.push("free = true".to_owned()),
        Rates::Unknown => lines.push("unknown = true".to_owned()),
    }
}

fn tokens(prices: &TokenPrices, lines: &mut Vec<String>) {
    let TokenPrices { standard, services, request, searches } = prices;
    rates(standard.base, lines);
    match request {
        Fee::None => {}
        Fee::Each(each) => lines.push(one("per_request", *each)),
        Fee::BySize { low, medium, high } => {
            lines.extend([one("per_request_low", *low), one("per_request_medium", *medium)]);
            lines.push(one("per_request_high", *high));
        }
    }
    if let Some(SearchRates { each, most, tokens }) = searches {
        lines.push(one("per_search", *each));
        lines.extend([format!("most_searches = {most}"), format!("most_search_tokens = {tokens}")]);
    }
    tiers("price.tiers", standard, lines);
    for (service, graded) in services {
        lines.extend(["[[price.service]]".to_owned(), text("name", service.name())]);
        rates(graded.base, lines);
        tiers("price.service.tiers", graded, lines);
    }
}

fn tiers(place: &str, graded: &Graded, lines: &mut Vec<String>) {
    for Tier { above, rates: of_tier } in &graded.tiers {
        lines.extend([format!("[[{place}]]"), format!("above = {above}")]);
        rates(*of_tier, lines);
    }
}

fn rates(rates: TokenRates, lines: &mut Vec<String>) {
    let TokenRates { input, output, cache_read, cache_write, cache_write_1h, reasoning, citation } = rates;
    lines.extend([rate("input", input), rate("output", output), rate("cache_read", cache_read)]);
    lines.extend([rate("cache_write", cache_write), rate("cache_write_1h", cache_write_1h)]);
    // Few models count these apart.
    lines.extend((reasoning != output).then(|| rate("reasoning", reasoning)));
    lines.extend((citation != input).then(|| rate("citation", citation)));
}

fn text(key: &str, value: &str) -> String {
    format!("{key} = {}", toml::Value::from(value))
}

/// A price as dollars a million, with no digit lost and none too many.
fn rate(key: &str, each: PicoUsd) -> String {
    text(key, &each.a_million())
}

/// A price as dollars each.
fn one(key: &str, each: PicoUsd) -> String {
    text(key, &PicoUsd(each.0 / 1_000_000).a_million())
}
