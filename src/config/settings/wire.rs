//! How a provider is spoken to beyond its address and its key: the version of its wire, further headers, how the key is shown,
//! and how long beginnings of prompts are remembered. Not for what a model takes ([`crate::config::models`]).

use std::collections::BTreeMap;

use super::layers::{Origin, Value};
use crate::domain::call::Provider;

/// How a provider is spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireSettings {
    /// The version of Anthropic's wire; its clients' older one where not set.
    pub version: Option<String>,
    /// Whether Anthropic is shown the key as a bearer's, which the gateways in front of it often ask for.
    pub is_bearer: bool,
    /// For how long Anthropic remembers the beginnings that calls share.
    pub remembers: Remembers,
    /// Headers that are sent beside our own, by name in lower case.
    pub headers: Vec<(String, String)>,
}

/// For how long the beginnings of prompts are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remembers {
    /// Not at all.
    Off,
    /// For five minutes from the last use.
    #[default]
    FiveMinutes,
    /// For an hour from the last use. Writing costs more.
    OneHour,
}

/// What the settings say of a provider.
pub(super) fn of(values: &BTreeMap<String, (Value, Origin)>, provider: Provider) -> WireSettings {
    let of = |name: &str| values.get(&format!("providers.{provider}.{name}")).map(|(value, _)| value.to_string());
    let under = format!("providers.{provider}.headers.");
    let header = |(key, (value, _)): (&String, &(Value, Origin))| {
        key.strip_prefix(&under).map(|name| (name.to_owned(), value.to_string()))
    };
    WireSettings {
        version: of("version"),
        is_bearer: of("auth").as_deref() == Some("bearer"),
        remembers: match of("remembers").as_deref() {
            Some("off") => Remembers::Off,
            Some("1h") => Remembers::OneHour,
            Some(_) | None => Remembers::FiveMinutes,
        },
        headers: values.iter().filter_map(header).collect(),
    }
}

/// The versions of Anthropic's wire (its documentation, November 2026).
pub(super) const VERSIONS: [&str; 2] = ["2023-06-01", "2026-10-21"];
/// How Anthropic is shown the key.
pub(super) const AUTH: [&str; 2] = ["x-api-key", "bearer"];
/// The words of [`Remembers`].
pub(super) const REMEMBERS: [&str; 3] = ["off", "5m", "1h"];

/// Headers that the program sets itself, or that belong to the connection.
const OWN: [&str; 13] = [
    "accept",
    "accept-encoding",
    "anthropic-version",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "idempotency-key",
    "te",
    "transfer-encoding",
    "user-agent",
    "x-retry-count",
];

/// Parts of names under which keys travel.
const SECRET: [&str; 8] = ["auth", "api-key", "apikey", "goog-api", "cookie", "token", "secret", "password"];

/// The most characters of a header's value.
const LONGEST: usize = 1_024;

/// Why a header cannot be one that a person adds; the words complete a sentence that begins with the key.
pub(super) fn header_fault(name: &str, value: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(is_name) {
        return Some("is no name of a header: use letters, digits and dashes".to_owned());
    }
    if OWN.contains(&lower.as_str()) || lower.starts_with("proxy-") || lower.starts_with("x-greenroom-") {
        return Some("is set by the program itself".to_owned());
    }
    if SECRET.iter().any(|part| lower.contains(part)) || lower == "xi-api-key" {
        return Some(
            "carries a key, and a key never stands in this file: name a file of mode 0600 with `key_file`".to_owned(),
        );
    }
    if value.len() > LONGEST || !value.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Some(format!("must be one line of at most {LONGEST} plain characters"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_carry_keys_or_are_ours_are_refused() {
        for good in ["anthropic-beta", "X-Team", "x-portkey-trace", "helicone-user"] {
            assert_eq!(header_fault(good, "a value"), None, "{good}");
        }
        let bad = [
            "authorization",
            "X-Api-Key",
            "x-goog-api-key",
            "xi-api-key",
            "Cookie",
            "x-session-token",
            "client_secret",
            "proxy-authorization",
            "proxy-connection",
            "Content-Type",
            "HOST",
            "idempotency-key",
            "anthropic-version",
            "x-greenroom-rehearsal",
            "",
            "two words",
            "naïve",
            "a:b",
        ];
        for bad in bad {
            assert!(header_fault(bad, "a value").is_some(), "{bad}");
        }
        for value in ["line\nline", "ü", &"x".repeat(1_025)] {
            assert!(header_fault("x-team", value).is_some(), "{value}");
        }
    }
}
