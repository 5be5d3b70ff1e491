//! The roles that stages need filled; a route gives each to a model. Not for the models or what they cost.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::models::Effort;

/// A word that is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no role: {near}")]
pub struct RoleError {
    word: String,
    near: String,
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
    /// Rules on what the judges dispute, of another family than both.
    Arbiter,
    /// Finds sources and claims for a topic.
    Researcher,
    /// Notes, artwork brief and promotion.
    Small,
    /// Speaks the script.
    Voice,
}

impl Role {
    /// All roles.
    pub const ALL: &[Self] = &[
        Self::Coordinator,
        Self::Writer,
        Self::JudgeA,
        Self::JudgeB,
        Self::Arbiter,
        Self::Researcher,
        Self::Small,
        Self::Voice,
    ];

    /// The name in settings, pipelines and prompts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Writer => "writer",
            Self::JudgeA => "judge_a",
            Self::JudgeB => "judge_b",
            Self::Arbiter => "arbiter",
            Self::Researcher => "researcher",
            Self::Small => "small",
            Self::Voice => "voice",
        }
    }
}

impl Role {
    /// How much is thought where a prompt does not say: most where judgement is the work, and not at all where a text is only
    /// cut to size.
    pub fn effort(self) -> Effort {
        match self {
            Self::JudgeA | Self::JudgeB | Self::Arbiter => Effort::High,
            Self::Coordinator | Self::Writer => Effort::Medium,
            Self::Researcher => Effort::Low,
            Self::Small | Self::Voice => Effort::Off,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(word: &str) -> Result<Self, RoleError> {
        let named = Self::ALL.iter().copied().find(|role| role.name() == word);
        named.ok_or_else(|| RoleError {
            word: word.chars().take(40).collect(),
            near: super::fault::suggestion(word, Self::ALL.iter().map(|role| role.name())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_are_those_of_the_records() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(*role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        let error = "judge_c".parse::<Role>().unwrap_err();
        assert_eq!(error.to_string(), "`judge_c` is no role: did you mean `judge_a`?");
    }
}
