//! Why a call brought no answer: what it means for the money, and what would help. The same for every vendor.
//!
//! Not for the vendors' own codes: each wire holds its table and ends here. A message is short, has no control
//! characters and nothing that looks like a key.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::usage::Usage;
use crate::domain::plain::is_hidden;

/// What would help. Whether it may be done without asking is for [`ChargeKnown`] to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryClass {
    /// The same again, after the time that was given or a growing pause.
    RetryAfter,
    /// The same again, with fewer calls at once.
    LowerConcurrency,
    /// Another request: this one is wrong or too large.
    FixRequest,
    /// Another model: this one is gone, or its quota is.
    OtherModel,
    /// A person: a key, an account, a limit or a voice needs attention.
    AskPerson,
    /// Nothing: the setup is not what it should be.
    Stop,
}

impl fmt::Display for RetryClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RetryAfter => "Try again after a pause.",
            Self::LowerConcurrency => "Try again with fewer calls at once.",
            Self::FixRequest => "The request has to change.",
            Self::OtherModel => "Another model has to answer.",
            Self::AskPerson => "A person has to look at the account, the key or the route.",
            Self::Stop => "Do not try again before the setup is corrected.",
        })
    }
}

/// What is known of the charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeKnown {
    /// The vendor did no work: the reservation can be released.
    NotCharged,
    /// The vendor may have worked: the reservation stays until someone knows.
    Uncertain,
    /// The vendor worked: settle by the counts, or at the worst case where there are none.
    Charged,
}

impl fmt::Display for ChargeKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCharged => "Nothing was charged.",
            Self::Uncertain => "Whether it was charged is not known.",
            Self::Charged => "It was charged.",
        })
    }
}

/// A call that brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}. {charge} {class}")]
pub struct CallError {
    /// What would help.
    pub class: RetryClass,
    /// What is known of the charge.
    pub charge: ChargeKnown,
    /// How long the vendor asks to wait; at most a day.
    pub retry_after: Option<Duration>,
    /// The vendor's name for this exchange.
    pub request_id: Option<String>,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// What happened, as a sentence without its full stop.
    pub message: String,
    /// What was metered before it failed: at least this much was used.
    pub usage: Option<Box<Usage>>,
}

/// The longest message, in characters.
const LONGEST: usize = 300;

/// How much of a text is looked at, in characters.
const READ: usize = 2_000;

impl CallError {
    /// An error whose message is cleaned and shortened.
    pub fn new(class: RetryClass, charge: ChargeKnown, message: &str) -> Self {
        let message = clean(message);
        Self { class, charge, retry_after: None, request_id: None, status: None, message, usage: None }
    }

    /// With the status of the answer.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With the time that the vendor asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait.map(|wait| wait.min(Duration::from_secs(86_400)));
        self
    }

    /// With the vendor's name for the exchange, if it looks like one.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<&str>) -> Self {
        self.request_id = id.and_then(token);
        self
    }

    /// With what was metered before it failed.
    #[must_use]
    pub fn with_usage(mut self, usage: Option<Usage>) -> Self {
        self.usage = usage.map(Box::new);
        self
    }
}

/// A vendor's id or name if it is short and made of visible ASCII; `None` otherwise.
pub(super) fn token(text: &str) -> Option<String> {
    let sound = !text.is_empty() && text.len() <= 120 && text.bytes().all(|b| b.is_ascii_graphic());
    sound.then(|| text.to_owned())
}

/// The text on one line, without control and direction characters, with what looks like a key masked, shortened.
pub(super) fn clean(text: &str) -> String {
    let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut seen: String = text.chars().take(READ).collect();
    if text.chars().nth(READ).is_some() {
        // A key that is cut here would no longer look like one.
        seen.truncate(seen.trim_end_matches(in_word).len());
    }
    let mut out = String::new();
    let mut word = String::new();
    for c in seen.chars().chain(Some(' ')) {
        if in_word(c) {
            word.push(c);
            continue;
        }
        out.push_str(if looks_like_a_key(&word) { "***" } else { &word });
        word.clear();
        if c.is_whitespace() || c.is_control() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !is_hidden(c) {
            out.push(c);
        }
    }
    let out = out.trim().trim_end_matches(['.', ':', ' ']);
    match out.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", out.get(..cut).unwrap_or_default()),
        None => out.to_owned(),
    }
}

/// Whether a word begins as the vendors' keys do, or is as long and mixed as one.
fn looks_like_a_key(word: &str) -> bool {
    let begins = ["sk-", "sk_", "AIza", "pplx-"].iter().any(|prefix| word.starts_with(prefix)) && word.len() >= 12;
    let mixed = word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic());
    begins || (word.len() >= 32 && mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_one_clean_line() {
        assert_eq!(clean("  two\r\n\tlines\u{1b}[31m red\u{202e}\u{7} . "), "two lines [31m red");
        let long = clean(&"word ".repeat(1_000));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn keys_are_masked_and_names_are_not() {
        for key in ["sk-ant-api03-abcdefgh", "AIzaSyA1234567890", "sk_0123456789ab", "0123456789abcdef0123456789abcdef"]
        {
            let said = clean(&format!("the key \"{key}\", as given, is wrong"));
            assert_eq!(said, "the key \"***\", as given, is wrong");
            let cut = clean(&format!("begins{}{key}", " ".repeat(READ - 14)));
            assert_eq!(cut, "begins", "a key that the limit cuts in two");
        }
        let names = "claude-sonnet-4-5-20250929 req_011CSHoEeqs5C35K2UUqR7Fy GenerateRequestsPerDayPerProjectPerModel";
        assert_eq!(clean(names), names);
    }

    #[test]
    fn an_error_says_what_it_means_for_the_money_and_what_to_do() {
        let error = CallError::new(RetryClass::AskPerson, ChargeKnown::Uncertain, "The stream was cut.");
        assert_eq!(
            error.to_string(),
            "The stream was cut. Whether it was charged is not known. \
             A person has to look at the account, the key or the route."
        );
        let stored = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<CallError>(&stored).unwrap(), error);
        assert_eq!(error.with_request_id(Some("a b")).request_id, None);
    }
}
