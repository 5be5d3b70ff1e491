//! What an answer's headers say of the limits that a call ran under: how many at once, and for how long nothing is left.
//!
//! Small and normalised, whatever the vendor's names. What an error asks for is in `hints`.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::headers::Headers;

/// What was said; nothing where nothing was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Calls at once.
    pub most: Option<u32>,
    /// For how long nothing is left; at most a day.
    pub rest: Option<Duration>,
}

/// What Anthropic counts, each with a remainder and a moment at which it is whole again.
const COUNTED: [&str; 4] = ["requests", "tokens", "input-tokens", "output-tokens"];

/// The most calls at once that are believed.
const MOST: u32 = 10_000;

/// The longest rest that is believed.
const DAY: Duration = Duration::from_secs(86_400);

impl Allowance {
    /// Reads an answer's headers. A moment is measured against the answer's own `date`, so that no clock of ours is needed.
    pub fn read(headers: &Headers) -> Self {
        let most = headers.get("maximum-concurrent-requests").and_then(|text| text.parse().ok());
        let is_empty =
            |name: &str| headers.get(name).is_some_and(|left| left.parse::<f64>().is_ok_and(|left| left <= 0.0));
        let anthropic = COUNTED.iter().filter_map(|counted| {
            let name = |what: &str| format!("anthropic-ratelimit-{counted}-{what}");
            let reset = || until(headers.get(&name("reset"))?, headers.get("date")?);
            is_empty(&name("remaining")).then(reset).flatten()
        });
        let openai = ["requests", "tokens"].iter().filter_map(|counted| {
            let reset = || span(headers.get(&format!("x-ratelimit-reset-{counted}"))?);
            is_empty(&format!("x-ratelimit-remaining-{counted}")).then(reset).flatten()
        });
        let rest = anthropic.chain(openai).max().map(|rest| rest.min(DAY));
        Self { most: most.filter(|most| (1..=MOST).contains(most)), rest }
    }
}

/// How long a moment (RFC 3339) lies behind the answer's date.
fn until(reset: &str, date: &str) -> Option<Duration> {
    let reset: Timestamp = reset.parse().ok()?;
    let date = DateTimeParser::new().parse_timestamp(date).ok()?;
    Duration::try_from(reset.duration_since(date)).ok()
}

/// A span such as `120ms`, `1s`, `6m0s` or `1h2m3.5s`.
fn span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, unit) = rest.split_at_checked(end)?;
        let length = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at_checked(length)?;
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        sum = sum.checked_add(part)?;
        rest = after;
    }
    (!text.trim().is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (Option<u32>, Option<u64>) {
        let headers = Headers::keep(pairs.iter().map(|(name, value)| (*name, value.as_bytes())));
        let Allowance { most, rest } = Allowance::read(&headers);
        (most, rest.map(|rest| u64::try_from(rest.as_millis()).unwrap()))
    }

    #[test]
    fn each_vendors_names_come_to_the_same_two_facts() {
        let date = ("date", "Tue, 24 Nov 2026 10:00:00 GMT");
        let eleven = [("current-concurrent-requests", "4"), ("maximum-concurrent-requests", "10")];
        assert_eq!(read(&eleven), (Some(10), None));
        let left = |requests, tokens| {
            read(&[
                date,
                ("anthropic-ratelimit-requests-remaining", requests),
                ("anthropic-ratelimit-requests-reset", "2026-11-24T10:00:07Z"),
                ("anthropic-ratelimit-output-tokens-remaining", tokens),
                ("anthropic-ratelimit-output-tokens-reset", "2026-11-24T10:00:31.5Z"),
            ])
        };
        assert_eq!(left("12", "8000"), (None, None));
        assert_eq!(left("0", "8000"), (None, Some(7_000)));
        assert_eq!(left("0", "0"), (None, Some(31_500)));
        let openai =
            |left, reset| read(&[("x-ratelimit-remaining-requests", left), ("x-ratelimit-reset-requests", reset)]);
        assert_eq!(openai("0", "6m0s"), (None, Some(360_000)));
        assert_eq!(openai("0", "1h2m3.5s"), (None, Some(3_723_500)));
        assert_eq!(openai("0", "120ms"), (None, Some(120)));
        assert_eq!(openai("3", "6m0s"), (None, None));
    }

    #[test]
    fn what_cannot_be_is_not_believed() {
        for most in ["0", "-1", "ten", "10001", ""] {
            assert_eq!(read(&[("maximum-concurrent-requests", most)]), (None, None), "{most}");
        }
        let empty = ("anthropic-ratelimit-requests-remaining", "0");
        let reset = |moment| {
            read(&[empty, ("date", "Tue, 24 Nov 2026 10:00:00 GMT"), ("anthropic-ratelimit-requests-reset", moment)])
        };
        assert_eq!(reset("2026-11-24T09:00:00Z"), (None, None), "it lies behind");
        assert_eq!(reset("soon"), (None, None));
        assert_eq!(reset("2036-11-24T10:00:00Z"), (None, Some(86_400_000)), "no longer than a day");
        assert_eq!(
            read(&[empty, ("anthropic-ratelimit-requests-reset", "2026-11-24T10:00:07Z")]),
            (None, None),
            "no date"
        );
        for spelled in ["", "s", "5", "1x", "1e9h", "..s"] {
            assert_eq!(span(spelled), None, "{spelled}");
        }
    }
}
