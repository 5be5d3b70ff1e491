//! The providers that are paid and the roles that a route gives to one of their models. Not for their wires.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A word that names nothing of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no {kind}: {suggestion}")]
pub struct UnknownName {
    word: String,
    kind: &'static str,
    suggestion: String,
}

fn find<T: Copy>(word: &str, kind: &'static str, all: &[T], name: fn(T) -> &'static str) -> Result<T, UnknownName> {
    all.iter().copied().find(|candidate| name(*candidate) == word).ok_or_else(|| UnknownName {
        word: word.chars().take(40).collect(),
        kind,
        suggestion: super::fault::suggestion(word, all.iter().map(|candidate| name(*candidate))),
    })
}

/// A provider that is paid by the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Anthropic Messages.
    Anthropic,
    /// Google Gemini.
    Gemini,
    /// ElevenLabs text to speech.
    ElevenLabs,
}

impl Provider {
    /// All providers.
    pub const ALL: &[Self] = &[Self::Anthropic, Self::Gemini, Self::ElevenLabs];

    /// The name in settings, shows and prices.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::ElevenLabs => "elevenlabs",
        }
    }

    /// The environment variable that holds the key.
    pub fn key_variable(self) -> &'static str {
        match self {
            Self::Anthropic => "ANTHROPIC_API_KEY",
            Self::Gemini => "GEMINI_API_KEY",
            Self::ElevenLabs => "ELEVENLABS_API_KEY",
        }
    }

    /// The environment variable that sets another address.
    pub fn base_url_variable(self) -> &'static str {
        match self {
            Self::Anthropic => "GREENROOM_ANTHROPIC_BASE_URL",
            Self::Gemini => "GREENROOM_GEMINI_BASE_URL",
            Self::ElevenLabs => "GREENROOM_ELEVENLABS_BASE_URL",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownName;

    fn from_str(word: &str) -> Result<Self, UnknownName> {
        find(word, "provider", Self::ALL, Self::name)
    }
}

/// What a stage needs of a model; a route gives each role to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Plans, merges, prepares for speech.
    Coordinator,
    /// Writes, revises and reviews the script.
    Writer,
    /// The first judge.
    JudgeA,
    /// The second judge, of another family than the first.
    JudgeB,
    /// Notes, artwork brief and promotion.
    Small,
    /// Speaks the script.
    Voice,
}

impl Role {
    /// All roles.
    pub const ALL: &[Self] = &[Self::Coordinator, Self::Writer, Self::JudgeA, Self::JudgeB, Self::Small, Self::Voice];

    /// The name in settings, pipelines and prompts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Writer => "writer",
            Self::JudgeA => "judge_a",
            Self::JudgeB => "judge_b",
            Self::Small => "small",
            Self::Voice => "voice",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(word: &str) -> Result<Self, UnknownName> {
        find(word, "role", Self::ALL, Self::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_are_those_of_the_records() {
        for provider in Provider::ALL {
            assert_eq!(provider.name().parse(), Ok(*provider));
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.name());
        }
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(*role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        let error = "antropic".parse::<Provider>().unwrap_err();
        assert_eq!(error.to_string(), "`antropic` is no provider: did you mean `anthropic`?");
    }
}
