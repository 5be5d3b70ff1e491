//! The words and the scale that judges share: what is looked at, what can be wrong, how much it weighs, how it is scored.
//!
//! Not for what is said with them: that is [`super::judging`].

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Better otherwise.
    Minor,
    /// Must be mended before release.
    Major,
    /// The episode must not go on as it is.
    Blocker,
}

/// What a judge looks at: the eight dimensions of the rubric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Facts are right and borne out by the package.
    Accuracy,
    /// Nobody is harmed, defamed or exposed.
    Sensitivity,
    /// The show's voice and its rules.
    BrandVoice,
    /// Each part needs the one before it.
    Coherence,
    /// What was planned is there, and nothing is padded.
    Completeness,
    /// A listener stays for the first minute.
    Hook,
    /// Turns and breath vary.
    Pacing,
    /// It can be followed by ear, by those who are new to it.
    Accessibility,
}

impl Dimension {
    /// Every dimension, in the order that reports list them.
    pub const ALL: [Self; 8] = [
        Self::Accuracy,
        Self::Sensitivity,
        Self::BrandVoice,
        Self::Coherence,
        Self::Completeness,
        Self::Hook,
        Self::Pacing,
        Self::Accessibility,
    ];

    /// The name as it is written in an answer.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Sensitivity => "sensitivity",
            Self::BrandVoice => "brand_voice",
            Self::Coherence => "coherence",
            Self::Completeness => "completeness",
            Self::Hook => "hook",
            Self::Pacing => "pacing",
            Self::Accessibility => "accessibility",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::BrandVoice => "brand voice",
            Self::Accuracy
            | Self::Sensitivity
            | Self::Coherence
            | Self::Completeness
            | Self::Hook
            | Self::Pacing
            | Self::Accessibility => self.name(),
        }
    }

    /// Whether a dispute about it always reaches a person, whatever an arbiter says.
    pub fn is_grave(self) -> bool {
        match self {
            Self::Accuracy | Self::Sensitivity => true,
            Self::BrandVoice
            | Self::Coherence
            | Self::Completeness
            | Self::Hook
            | Self::Pacing
            | Self::Accessibility => false,
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// A judge's points in one dimension: a whole number from 1 to 5.
///
/// They compare with points alone. A limit that is a fraction of one is another type, so that a score of 4 can never be
/// held against a floor of 0.8:
///
/// ```compile_fail
/// use greenroom::domain::handoff::Points;
/// let points = Points::new(4).unwrap();
/// assert!(points >= 0.8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Points(u8);

/// A number that is no score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no score: scores are whole numbers from 1 to 5")]
pub struct PointsError(u8);

impl Points {
    /// The lowest.
    pub const LEAST: Self = Self(1);
    /// The highest.
    pub const MOST: Self = Self(5);

    /// Points of this number.
    ///
    /// # Errors
    ///
    /// When it is not from 1 to 5.
    pub fn new(points: u8) -> Result<Self, PointsError> {
        if (1..=5).contains(&points) { Ok(Self(points)) } else { Err(PointsError(points)) }
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }

    /// How far two scores are apart.
    pub fn gap(self, other: Self) -> u8 {
        self.0.abs_diff(other.0)
    }
}

impl TryFrom<u8> for Points {
    type Error = PointsError;

    fn try_from(points: u8) -> Result<Self, PointsError> {
        Self::new(points)
    }
}

impl From<Points> for u8 {
    fn from(points: Points) -> Self {
        points.0
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl JsonSchema for Points {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Points".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1, "maximum": 5})
    }
}

/// What kind of fault a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A number is not that of the source.
    Figure,
    /// A date is not that of the source.
    Date,
    /// A name is wrong, or another's.
    Name,
    /// Words in somebody's mouth that the source does not have.
    Quotation,
    /// A superlative that nothing bears out.
    Superlative,
    /// A statement of fact without a source.
    Unsourced,
    /// More certain, wider or more causal than its source.
    Overclaim,
    /// Harm to a person or a group, or advice that could do harm.
    Harm,
    /// Another show's voice, or a broken rule of this one.
    Brand,
    /// A part in the wrong place, or one that does not need the last.
    Order,
    /// Something planned or promised that is not there.
    Missing,
    /// Nothing is added, and time goes by.
    Padding,
    /// The opening gives no reason to stay.
    Opening,
    /// A sentence or turn that cannot be said or heard well.
    Pace,
    /// A term that is not explained, or words that only work on a page.
    Jargon,
    /// A line that speaks to its judges or to a model.
    Injection,
    /// Anything else.
    Other,
}

impl FaultKind {
    /// The name as it is written in an answer.
    pub fn name(self) -> &'static str {
        match self {
            Self::Figure => "figure",
            Self::Date => "date",
            Self::Name => "name",
            Self::Quotation => "quotation",
            Self::Superlative => "superlative",
            Self::Unsourced => "unsourced",
            Self::Overclaim => "overclaim",
            Self::Harm => "harm",
            Self::Brand => "brand",
            Self::Order => "order",
            Self::Missing => "missing",
            Self::Padding => "padding",
            Self::Opening => "opening",
            Self::Pace => "pace",
            Self::Jargon => "jargon",
            Self::Injection => "injection",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_whole_and_from_one_to_five() {
        for bad in ["0", "6", "4.5", "\"4\"", "-1", "41"] {
            assert!(serde_json::from_str::<Points>(bad).is_err(), "{bad}");
        }
        assert_eq!(serde_json::from_str::<Points>("4").unwrap().get(), 4);
    }
}
