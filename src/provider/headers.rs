//! The headers of an answer that matter afterwards, kept with a recorded body so that it can be read again.
//!
//! Only headers on a short list are kept: cookies and the like never reach a spool.

use serde::{Deserialize, Serialize};

use super::mask::Mask;

/// The header by which a rehearsal server marks every answer.
pub const REHEARSAL: &str = "x-greenroom-rehearsal";

/// The names that are kept, in lower case; a name that ends in `*` stands for a prefix.
const KEPT: &[&str] = &[
    "anthropic-ratelimit-*",
    "character-cost",
    "content-type",
    "current-concurrent-requests",
    "date",
    "maximum-concurrent-requests",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "tts-latency-ms",
    REHEARSAL,
    "x-ratelimit-*",
    "x-region",
    "x-request-id",
    "x-should-retry",
    "x-trace-id",
];

/// The longest value that is kept, in bytes.
const LONGEST: usize = 512;

/// Header names in lower case with their values, in the order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Keeps those of the pairs that matter; values that are long or not visible ASCII are left out.
    pub fn keep<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let kept = |name: &str| {
            KEPT.iter().any(|kept| match kept.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => name == *kept,
            })
        };
        let visible = |value: &[u8]| value.len() <= LONGEST && value.iter().all(|b| matches!(b, b' '..=b'~'));
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .filter(|(name, value)| kept(name) && visible(value))
                .map(|(name, value)| (name, String::from_utf8_lossy(value).trim().to_owned()))
                .collect(),
        )
    }

    /// The same with every value as it is without the key.
    pub(super) fn masked(self, mask: &Mask) -> Self {
        Self(self.0.into_iter().map(|(name, value)| (name, mask.text(&value))).collect())
    }

    /// The first value under a name given in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(kept, _)| kept == name).map(|(_, value)| value.as_str())
    }

    /// All of them, in the order of arrival.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether the answer is marked as rehearsed.
    pub fn rehearsal(&self) -> bool {
        self.get(REHEARSAL).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_headers_are_kept_and_survive_storage() {
        let pairs: [(&str, &[u8]); 6] = [
            ("Request-Id", b"req_1"),
            ("set-cookie", b"session=1"),
            ("anthropic-ratelimit-tokens-remaining", b" 12 "),
            ("x-greenroom-rehearsal", b""),
            ("retry-after", b"1\x1b[0m"),
            ("x-region", &[b'a'; 600]),
        ];
        let headers = Headers::keep(pairs);
        assert_eq!(headers.get("request-id"), Some("req_1"));
        assert_eq!(headers.get("anthropic-ratelimit-tokens-remaining"), Some("12"));
        assert!(headers.rehearsal(), "an empty mark is a mark");
        for gone in ["set-cookie", "retry-after", "x-region"] {
            assert_eq!(headers.get(gone), None, "{gone}");
        }
        let stored = serde_json::to_string(&headers).unwrap();
        assert_eq!(serde_json::from_str::<Headers>(&stored).unwrap(), headers);
    }
}
