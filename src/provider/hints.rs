//! What an answer's headers hint at: how long to wait, whether to try again, and the name of the exchange.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use super::headers::Headers;

/// How long the vendor asks to wait: `retry-after-ms`, then `retry-after` in seconds or as a date. A date is measured
/// against the answer's own `date`, so that no clock of ours is needed.
pub(super) fn retry_after(headers: &Headers) -> Option<Duration> {
    if let Some(wait) = headers.get("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return duration(wait / 1_000.0);
    }
    let text = headers.get("retry-after")?;
    match text.parse::<f64>() {
        Ok(seconds) => duration(seconds),
        Err(_) => {
            let moment = |text: &str| DateTimeParser::new().parse_timestamp(text).ok();
            let wait = moment(text)?.duration_since(moment(headers.get("date")?)?);
            Duration::try_from(wait).ok()
        }
    }
}

/// A protobuf duration such as `45s` or `45.5s`.
pub(super) fn protobuf_duration(text: &str) -> Option<Duration> {
    duration(text.strip_suffix('s')?.parse().ok()?)
}

/// Seconds as a duration; `None` for what is negative or no number.
fn duration(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

/// Whether the vendor says outright that the same request may (or may not) be tried again.
pub(super) fn should_retry(headers: &Headers) -> Option<bool> {
    match headers.get("x-should-retry")? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The vendor's name for the exchange, from whichever header holds it.
pub(super) fn request_id(headers: &Headers) -> Option<&str> {
    ["request-id", "x-request-id", "x-trace-id"].into_iter().find_map(|name| headers.get(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        Headers::keep(pairs.iter().map(|(name, value)| (*name, value.as_bytes())))
    }

    #[test]
    fn waits_are_read_in_every_spelling() {
        let date = ("date", "Tue, 24 Nov 2026 10:00:00 GMT");
        type Case<'a> = (&'a [(&'a str, &'a str)], Option<u64>);
        let table: [Case; 9] = [
            (&[("retry-after", "12")], Some(12_000)),
            (&[("retry-after", "0.5")], Some(500)),
            (&[("retry-after", "9"), ("retry-after-ms", "250")], Some(250)),
            (&[("retry-after", "Tue, 24 Nov 2026 10:00:30 GMT"), date], Some(30_000)),
            (&[("retry-after", "Tue, 24 Nov 2026 10:00:30 GMT")], None),
            (&[("retry-after", "Tue, 24 Nov 2026 09:00:00 GMT"), date], None),
            (&[("retry-after", "-3")], None),
            (&[("retry-after", "NaN")], None),
            (&[], None),
        ];
        for (pairs, wait) in table {
            assert_eq!(retry_after(&headers(pairs)), wait.map(Duration::from_millis), "{pairs:?}");
        }
        assert_eq!(protobuf_duration("45.5s"), Some(Duration::from_millis(45_500)));
        assert_eq!(protobuf_duration("45"), None);
    }

    #[test]
    fn the_name_of_the_exchange_is_found_under_each_vendors_header() {
        assert_eq!(request_id(&headers(&[("x-trace-id", "t1"), ("request-id", "r1")])), Some("r1"));
        assert_eq!(request_id(&headers(&[("x-trace-id", "t1")])), Some("t1"));
        assert_eq!(should_retry(&headers(&[("x-should-retry", "false")])), Some(false));
        assert_eq!(should_retry(&headers(&[("x-should-retry", "perhaps")])), None);
    }
}
