//! What a model takes, in words that no wire owns. What is not taken is not sent.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a model takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A model of text.
    Text(TextTakes),
    /// A voice.
    Speech(SpeechTakes),
}

/// What a model of text takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTakes {
    /// What becomes of temperature and the like.
    pub sampling: Sampling,
    /// How its thinking is steered.
    pub thinking: Thinking,
    /// The levels of effort that it takes, from the least; none where it takes no effort.
    pub efforts: Vec<Effort>,
    /// The effort that holds where none is sent.
    pub default_effort: Option<Effort>,
    /// How it is held to a schema.
    pub structured: Structured,
    /// How a schema is written for it.
    pub schema_form: SchemaForm,
    /// Whether the answer may be begun for it.
    pub prefill: bool,
    /// Whether it can be made to call a tool.
    pub forced_tool: ForcedTool,
    /// How it remembers the beginnings of prompts.
    pub cache: Cache,
}

/// How the thinking of a model is steered. What is not in here is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thinking {
    /// It can be told to think as it sees fit.
    pub adaptive: bool,
    /// It takes a budget in tokens: the smallest and the largest.
    pub budget: Option<(u32, u32)>,
    /// It can be told not to think.
    pub off: bool,
    /// It can be told to think between tools alone, which without tools is not at all.
    pub between_tools: bool,
    /// It takes a level.
    pub level: bool,
    /// It thinks where nothing is said.
    pub unasked: bool,
    /// The highest effort with which thinking can be off or between tools; any where not set.
    pub off_up_to: Option<Effort>,
}

/// How much a model may think before it answers. A wire sends the nearest level that the model takes, and none where it
/// takes none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Not at all where the model allows it, and else as little as it does.
    #[serde(rename = "none")]
    Off,
    /// As little as the model allows.
    Low,
    /// A middle course.
    Medium,
    /// Thorough.
    High,
    /// More than thorough.
    #[serde(rename = "xhigh")]
    ExtraHigh,
    /// As much as the model has.
    Max,
}

impl Effort {
    /// All levels with their names, from the least.
    pub const ALL: [(&str, Self); 6] = [
        ("none", Self::Off),
        ("low", Self::Low),
        ("medium", Self::Medium),
        ("high", Self::High),
        ("xhigh", Self::ExtraHigh),
        ("max", Self::Max),
    ];

    /// The name on the wires, in prompts and in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::ExtraHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// Tokens that thinking of this much is given beside those of the answer. The providers name no number: it is a ceiling
    /// that an answer does not run into for having been thought about.
    pub fn room(self) -> u32 {
        match self {
            Self::Off => 0,
            Self::Low => 2_048,
            Self::Medium => 4_096,
            Self::High => 12_288,
            Self::ExtraHigh => 20_480,
            Self::Max => 32_768,
        }
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What becomes of temperature and the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// They hold.
    Accepted,
    /// They are dropped in silence.
    Ignored,
    /// They are an error.
    Refused,
}

/// How a model is held to a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structured {
    /// By a member of the request.
    Native,
    /// By a tool whose input has the schema.
    Tool,
    /// By asking for it in words.
    InWords,
}

/// How a schema is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaForm {
    /// As a JSON Schema.
    JsonSchema,
    /// As Google's `responseSchema`, with the names of types in upper case.
    ResponseSchema,
}

/// When a model can be made to call a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForcedTool {
    /// Always.
    Always,
    /// Unless it was given a budget to think with.
    UnlessBudget,
    /// Never.
    Never,
}

/// How a model remembers the beginnings of prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// Up to points that the request sets.
    Breakpoints,
    /// By itself.
    Implicit,
    /// Not at all, or nothing is known of it.
    None,
}

/// What a voice takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpeechTakes {
    /// The ids of the requests before and after, so that takes join.
    pub stitching: bool,
    /// The text before and after.
    pub hints: bool,
    /// A language.
    pub language: bool,
    /// How stability is graded.
    pub stability: Stability,
}

/// How the stability of a voice is graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// From 0 to 100.
    Free,
    /// 0, 50 and 100 alone.
    Three,
}

impl TextTakes {
    /// What every model takes.
    pub(super) fn nothing() -> Self {
        Self {
            sampling: Sampling::Refused,
            thinking: Thinking::default(),
            efforts: Vec::new(),
            default_effort: None,
            structured: Structured::InWords,
            schema_form: SchemaForm::JsonSchema,
            prefill: false,
            forced_tool: ForcedTool::Never,
            cache: Cache::None,
        }
    }

    /// The word for an effort on a wire that has one for all of thinking: `none` where that is wanted and can be.
    pub fn word(&self, effort: Effort) -> Option<&'static str> {
        match effort {
            Effort::Off if self.thinking.off => Some(Effort::Off.name()),
            Effort::Off | Effort::Low | Effort::Medium | Effort::High | Effort::ExtraHigh | Effort::Max => {
                self.nearest(effort).map(Effort::name)
            }
        }
    }

    /// The level to send for an effort: the highest that is not above it, or else the lowest; `None` where none is taken.
    pub fn nearest(&self, effort: Effort) -> Option<Effort> {
        self.efforts.iter().copied().filter(|level| *level <= effort).max().or(self.efforts.iter().copied().min())
    }
}

impl Thinking {
    /// Whether it thinks when this much is asked of it, or nothing is.
    pub(super) fn thinks(self, effort: Option<Effort>) -> bool {
        match effort {
            Some(Effort::Off) => self.unasked && !self.off && !self.between_tools,
            Some(_) => self.unasked || self.adaptive || self.budget.is_some() || self.level,
            None => self.unasked,
        }
    }
}

impl SpeechTakes {
    /// What every voice takes.
    pub(super) fn nothing() -> Self {
        Self { stitching: false, hints: false, language: false, stability: Stability::Free }
    }
}
