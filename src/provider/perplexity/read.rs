//! What the object of an answer holds: text, sources, counts and the vendor's own bill. Items and members that are not known
//! are passed over, as the vendor adds to them.

use serde_json::{Number, Value};

use super::super::call::Source;
use super::super::refusal::Told;
use super::super::usage::Usage;
use crate::domain::money::MicroUsd;
use crate::domain::plain::is_hidden;

/// The most sources that are kept, and the most characters of their texts.
const MOST_SOURCES: usize = 200;
const LONGEST_URL: usize = 2_048;
const LONGEST_TITLE: usize = 300;
const LONGEST_SNIPPET: usize = 2_000;
const LONGEST_DATE: usize = 40;

/// The object of an answer.
#[derive(Clone, Debug)]
pub(super) struct Response(pub(super) Value);

impl Response {
    /// A member that is a text.
    pub(super) fn word(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The vendor's word for how it stands; empty where it has none.
    pub(super) fn status(&self) -> &str {
        self.word("status").unwrap_or_default()
    }

    /// Why it is incomplete, where it is.
    pub(super) fn why_incomplete(&self) -> Option<&str> {
        self.0.pointer("/incomplete_details/reason").and_then(Value::as_str)
    }

    /// Why it failed, where it did: with a status of 200 too.
    pub(super) fn failure(&self) -> Option<Told> {
        let error = self.0.get("error").filter(|error| !error.is_null());
        match (error, self.status()) {
            (Some(_), _) => Told::of(&self.0),
            (None, "failed") => Some(Told::default()),
            (None, _) => None,
        }
    }

    /// Whether there is a list of what came out, as in every answer.
    pub(super) fn has_output(&self) -> bool {
        self.0.get("output").is_some_and(Value::is_array)
    }

    fn items<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        let all = self.0.get("output").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(move |item| is(item, kind))
    }

    /// The parts of the messages that are of a kind.
    fn parts<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        let parts = self.items("message").filter_map(|item| item.get("content")?.as_array()).flatten();
        parts.filter(move |part| is(part, kind))
    }

    /// The text of all messages.
    pub(super) fn text(&self) -> String {
        self.parts("output_text").filter_map(|part| part.get("text")?.as_str()).collect()
    }

    /// Whether the model says that it will not.
    pub(super) fn refuses(&self) -> bool {
        self.parts("refusal").next().is_some()
    }

    /// The pages that the text refers to and those that were found, each once: cited ones first, then as they came.
    pub(super) fn sources(&self) -> Vec<Source> {
        let annotations = self.parts("output_text").filter_map(|part| part.get("annotations")?.as_array()).flatten();
        let cited = annotations.filter(|one| is(one, "url_citation")).map(|one| (one, true));
        let found = self.items("search_results").filter_map(|item| item.get("results")?.as_array()).flatten();
        once(cited.chain(found.map(|one| (one, false))).filter_map(|(page, is_cited)| source(page, is_cited)))
    }

    /// What was counted; `None` where neither the tokens nor a cost were given. Cached tokens are inside the input and
    /// reasoning is inside the output.
    pub(super) fn usage(&self) -> Option<Usage> {
        let usage = self.0.get("usage")?;
        let count = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64);
        let cost = bill(usage);
        let tokens = count("/input_tokens").zip(count("/output_tokens"));
        let (input, output) = tokens.or(cost.map(|_| (0, 0)))?;
        let read = count("/input_tokens_details/cache_read_input_tokens").unwrap_or(0);
        let written = count("/input_tokens_details/cache_creation_input_tokens").unwrap_or(0);
        let searches = count("/tool_calls_details/web_search/invocation");
        let seen = || u64::try_from(self.items("search_results").count()).unwrap_or(u64::MAX);
        Some(Usage {
            input: input.saturating_sub(read).saturating_sub(written),
            cache_read: read,
            cache_write_1h: written,
            output,
            thinking: count("/output_tokens_details/reasoning_tokens").unwrap_or(0),
            searches: searches.unwrap_or_else(seen),
            cost,
            ..Usage::default()
        })
    }
}

fn is(item: &Value, kind: &str) -> bool {
    item.get("type").and_then(Value::as_str) == Some(kind)
}

/// The vendor's own bill for the call, where its counts hold one in dollars.
pub(super) fn bill(usage: &Value) -> Option<MicroUsd> {
    let cost = usage.pointer("/cost/total_cost").and_then(Value::as_number).and_then(micro_usd);
    let currency = usage.pointer("/cost/currency").and_then(Value::as_str);
    cost.filter(|_| currency.is_none_or(|currency| currency == "USD"))
}

/// Each page once and in the order they come, with what all that is said of it adds up to.
pub(super) fn once(pages: impl Iterator<Item = Source>) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for source in pages {
        let is_full = sources.len() >= MOST_SOURCES;
        match sources.iter_mut().find(|known| known.url == source.url) {
            Some(known) => {
                // A citation has the page's name at most, and the search the rest.
                for (kept, new) in [(&mut known.title, source.title), (&mut known.snippet, source.snippet)] {
                    if kept.is_empty() {
                        *kept = new;
                    }
                }
                known.date = known.date.take().or(source.date);
            }
            None if is_full => {}
            None => sources.push(source),
        }
    }
    sources
}

/// A page, unless its address is none that could be opened.
pub(super) fn source(page: &Value, is_cited: bool) -> Option<Source> {
    let word = |name: &str| page.get(name).and_then(Value::as_str).unwrap_or_default();
    let url = word("url");
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if !is_web || url.len() > LONGEST_URL || !url.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let date = one_line(word("date"), LONGEST_DATE);
    Some(Source {
        url: url.to_owned(),
        title: one_line(word("title"), LONGEST_TITLE),
        snippet: one_line(word("snippet"), LONGEST_SNIPPET),
        date: Some(date).filter(|date| !date.is_empty()),
        is_cited,
    })
}

/// A text of a page on one line and shortened, without characters that control or hide anything.
fn one_line(text: &str, longest: usize) -> String {
    let shown = |c: &char| !is_hidden(*c);
    let spaced = text.chars().filter(shown).map(|c| if c.is_control() { ' ' } else { c });
    let mut line = String::new();
    for word in spaced.collect::<String>().split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.chars().take(longest).collect()
}

/// Decimals of a dollar that are read: pico-dollars. What lies behind them is noise of the vendor's adding up.
const DECIMALS: i32 = 12;

/// An amount of dollars in micro-dollars, rounded up once. No floating-point number is calculated with: the digits are read.
pub(super) fn micro_usd(dollars: &Number) -> Option<MicroUsd> {
    let text = dollars.to_string();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().ok()?;
    // A sign is no digit, so that a negative amount is none.
    let digits: u128 = format!("{whole}{part}").parse().ok().filter(|_| !whole.starts_with(['-', '+']))?;
    let shift = DECIMALS.checked_add(exponent)?.checked_sub(i32::try_from(part.len()).ok()?)?;
    let power = 10_u128.checked_pow(shift.unsigned_abs());
    let pico = match (shift >= 0, power) {
        (true, Some(power)) => digits.saturating_mul(power),
        (true, None) if digits == 0 => 0,
        (true, None) => u128::MAX,
        (false, Some(power)) => digits / power + u128::from(digits % power >= power.div_ceil(2)),
        (false, None) => 0,
    };
    Some(MicroUsd(i64::try_from(pico.div_ceil(1_000_000)).unwrap_or(i64::MAX)))
}
