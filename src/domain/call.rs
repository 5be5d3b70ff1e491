//! The words for a paid call that every floor shares: who is called, what was counted, and what a failure asks for.
//!
//! Not for wires: how a provider spells any of this is the matter of its own file.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A provider of paid calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Anthropic Messages.
    Anthropic,
    /// Gemini generateContent.
    Gemini,
    /// ElevenLabs speech.
    ElevenLabs,
    /// Any server that speaks OpenAI's chat completions, its own or one of this machine.
    OpenAi,
    /// Perplexity's Agent API, which searches.
    Perplexity,
}

impl Provider {
    /// All of them, in the order they are listed to people.
    pub const ALL: [Self; 5] = [Self::Anthropic, Self::Gemini, Self::ElevenLabs, Self::OpenAi, Self::Perplexity];

    /// The name in settings and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::ElevenLabs => "elevenlabs",
            Self::OpenAi => "openai",
            Self::Perplexity => "perplexity",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no provider: there are anthropic, gemini, elevenlabs, openai and perplexity")]
pub struct ProviderError(String);

impl FromStr for Provider {
    type Err = ProviderError;

    fn from_str(name: &str) -> Result<Self, ProviderError> {
        let named = Self::ALL.into_iter().find(|provider| provider.name() == name);
        named.ok_or_else(|| ProviderError(name.chars().take(40).collect()))
    }
}

/// Where a call goes: a provider and one of its models.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Route {
    /// The provider.
    pub provider: Provider,
    /// The provider's id of the model.
    pub model: String,
}

impl Route {
    /// The family that the model is of: models of one family are trained alike and prefer what their kin writes.
    pub fn family(&self) -> &str {
        const FAMILIES: [(&str, &str); 14] = [
            ("claude", "claude"),
            ("gemini", "gemini"),
            ("gpt", "gpt"),
            ("chatgpt", "gpt"),
            ("o1", "gpt"),
            ("o3", "gpt"),
            ("o4", "gpt"),
            ("sonar", "sonar"),
            ("llama", "llama"),
            ("mistral", "mistral"),
            ("mixtral", "mistral"),
            ("qwen", "qwen"),
            ("deepseek", "deepseek"),
            ("grok", "grok"),
        ];
        // A gateway may put a maker in front of the name.
        let name = self.model.rsplit('/').next().unwrap_or(&self.model);
        let known = FAMILIES.iter().find(|(start, _)| name.starts_with(start)).map(|(_, family)| *family);
        known.unwrap_or_else(|| name.split(['-', ':', '.']).next().unwrap_or(name))
    }
}

/// What a call used, as normalised counts: no token is counted under two names. With the terms of its bill they are all that
/// its price is worked out from. What the provider itself wrote stays in the kept answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens read at the full price.
    pub input: u64,
    /// Tokens written, with the reasoning that is billed as they are.
    pub output: u64,
    /// Tokens read from a cache.
    pub cache_read: u64,
    /// Tokens written to a cache for five minutes.
    pub cache_write: u64,
    /// Tokens written to a cache for one hour, or for a time that the provider did not say.
    pub cache_write_1h: u64,
    /// Tokens of reasoning that have a rate of their own and are not in `output`.
    pub reasoning: u64,
    /// Tokens of cited pages that have a rate of their own and are not in `input`.
    pub citations: u64,
    /// Searches that are billed apart from the tokens.
    pub searches: u64,
    /// Characters spoken.
    pub characters: u64,
}

impl Usage {
    /// Both counts together, held at the largest number there is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            cache_write_1h: self.cache_write_1h.saturating_add(other.cache_write_1h),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            citations: self.citations.saturating_add(other.citations),
            searches: self.searches.saturating_add(other.searches),
            characters: self.characters.saturating_add(other.characters),
        }
    }

    /// All tokens that were read.
    pub fn tokens_in(&self) -> u64 {
        let read = [self.input, self.cache_read, self.cache_write, self.cache_write_1h, self.citations];
        read.into_iter().fold(0, u64::saturating_add)
    }

    /// All tokens that were written.
    pub fn tokens_out(&self) -> u64 {
        self.output.saturating_add(self.reasoning)
    }
}

/// What a provider said of its limits beside an answer or a failure; it holds for the model that was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Calls at once that it takes, where it said so.
    pub most: Option<u32>,
    /// Not to be called again before this, where nothing is left or it asked for a pause.
    pub until: Option<Timestamp>,
}

/// How a call is said to have been lost when the program itself ended while it was under way.
pub const PROGRAM_ENDED: &str = "the program ended before the answer was whole";

/// Whether what a provider said of a call that a person must look at is that its quota or its credit is used up. The words are
/// those of the vendors' documented errors.
pub fn is_quota(message: &str) -> bool {
    const WORDS: [&str; 7] = [
        "insufficient_quota",
        "quota_exceeded",
        "billing_error",
        "enforced_spend_limit_reached",
        "specified API usage limits",
        "credit balance is too low",
        "exceeded your current quota",
    ];
    WORDS.iter().any(|word| message.contains(word))
}

/// What a failed call asks of its caller. Retry is decided by this and never by a status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryClass {
    /// The same call again, later.
    RetryAfter,
    /// The same call again, with fewer beside it.
    LowerConcurrency,
    /// The request is wrong: sent again as it is, it fails again.
    FixRequest,
    /// This model cannot do it; another may.
    OtherModel,
    /// A person must act: a key, a quota, a bill.
    AskPerson,
    /// Nothing helps.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_known_by_its_name_alone() {
        for provider in Provider::ALL {
            assert_eq!(provider.name().parse(), Ok(provider));
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.name());
        }
        assert!("Anthropic".parse::<Provider>().is_err());
    }

    #[test]
    fn counts_never_wrap() {
        let huge = Usage { input: u64::MAX, cache_read: 1, ..Usage::default() };
        assert_eq!(huge.plus(huge).input, u64::MAX);
        assert_eq!(huge.tokens_in(), u64::MAX);
    }
}
