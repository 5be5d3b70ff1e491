//! Writing a price table as text: the form in which it is kept as an artifact, so that the hash that a bill names leads to
//! a table that this program reads.

use super::{Gone, Price, Prices, Rates, SearchRates, Tier, TokenRates};
use crate::domain::money::{MicroUsd, PicoUsd};

/// The table, row by row in the order of its models and days; reading it gives the same table.
pub(super) fn table(prices: &Prices) -> String {
    let mut lines = vec!["schema = 1".to_owned()];
    for row in prices.models.values().flatten() {
        price(row, &mut lines);
    }
    for (id, gone) in &prices.gone {
        let Gone { retired, successor } = gone;
        lines.extend(["\n[[retired]]".to_owned(), text("id", id), text("retired", &retired.to_string())]);
        lines.extend(successor.as_deref().map(|successor| text("successor", successor)));
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
        Rates::Tokens { base, tiers, searches } => {
            tokens(*base, lines);
            if let Some(SearchRates { each, most, tokens }) = searches {
                lines.push(rate("per_million_searches", *each));
                lines.extend([format!("most_searches = {most}"), format!("most_search_tokens = {tokens}")]);
            }
            for Tier { above, rates } in tiers {
                lines.extend(["[[price.tiers]]".to_owned(), format!("above = {above}")]);
                tokens(*rates, lines);
            }
        }
        Rates::Characters { each, most } => {
            lines.extend([rate("per_million_characters", *each), format!("most_characters = {most}")]);
        }
    }
}

fn tokens(rates: TokenRates, lines: &mut Vec<String>) {
    let TokenRates { input, output, cache_read, cache_write, cache_write_1h } = rates;
    lines.extend([rate("input", input), rate("output", output), rate("cache_read", cache_read)]);
    lines.extend([rate("cache_write", cache_write), rate("cache_write_1h", cache_write_1h)]);
}

fn text(key: &str, value: &str) -> String {
    format!("{key} = {}", toml::Value::from(value))
}

/// A price as dollars a million, with no digit lost and none too many.
fn rate(key: &str, each: PicoUsd) -> String {
    let dollars = format!("{:.6}", MicroUsd(each.0));
    text(key, dollars.trim_end_matches('0').trim_end_matches('.'))
}
