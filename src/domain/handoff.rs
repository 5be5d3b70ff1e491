//! Handoff contracts: what each agent hands to the next, as a type with a JSON schema.
//!
//! An answer is held to its contract before anything is routed on. Members that nobody asked for are refused. Counts in
//! here are claims of a model: they are stored beside what code measures and never used in its place.
//! Not for prompts: how an agent is asked is in the prompt library.

mod judging;
mod panel;
mod remedy;
mod routing;
mod scale;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

pub use self::judging::{
    Assessment, Canary, Confidence, Dropped, Evidence, Finding, Heard, Judgement, Reading, Score, SourceQuote, median,
};
pub use self::panel::{Angle, AngleIdea, ResearchNote, ResearchNotes, Selection, Turn};
pub use self::remedy::{
    Advice, ArbiterRuling, Arbitration, Better, Comparison, Fix, Fixes, Note, Preference, Priority, Review,
};
pub use self::routing::{Assignment, Mender, Orchestration, Routing};
pub use self::scale::{Dimension, FaultKind, Points, PointsError, Severity};
use super::ids::LineId;
use super::research::ResearchAnswer;
use super::script::{Line, Script};

/// The production brief of agent 01.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Brief {
    /// The working title.
    pub title: String,
    /// The one question that the episode asks.
    pub question: String,
    /// Who listens, and what they know already.
    pub audience: String,
    /// The angle: why this, why now, what is uncertain.
    pub angle: String,
    /// Ids of passages that the episode must cover.
    pub must_cover: Vec<String>,
    /// Where the sources disagree or end.
    pub open_points: Vec<String>,
    /// How the episode is to be worked on.
    pub orchestration: Orchestration,
}

/// The plan of agent 02.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The title of the episode.
    pub title: String,
    /// How the episode moves from its first to its last segment, in a sentence or two.
    pub arc: String,
    /// The segments in the order they are heard.
    pub segments: Vec<PlannedSegment>,
}

/// One planned segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedSegment {
    /// A short name in lower case, such as `hook`.
    pub id: String,
    /// The chapter title.
    pub title: String,
    /// What the segment is for.
    pub purpose: String,
    /// How long it should run, in seconds.
    pub seconds: u32,
    /// Ids of the passages it draws on.
    pub passages: Vec<String>,
}

/// The script of agent 03, with what the model says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The script.
    pub script: Script,
    /// How many words the model says it wrote: a claim, not a measure.
    pub claimed_words: u64,
}

/// The revision of agent 07: only the lines that a fix names, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// The lines as they are to stand; each takes the place of the line with its id.
    pub lines: Vec<Line>,
    /// Ids of the lines that go.
    #[schemars(with = "Vec<String>")]
    pub removed: Vec<LineId>,
    /// The fixes that were not followed, each with the reason.
    pub declined: Vec<Declined>,
}

/// A fix that the reviser did not follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Declined {
    /// The fix.
    pub fix: String,
    /// Why.
    pub reason: String,
}

/// The text that each voice will say, from agent 09.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpeechText {
    /// One entry for each line of the script, in its order.
    pub lines: Vec<SpokenLine>,
}

/// What is said for one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpokenLine {
    /// The line.
    #[schemars(with = "String")]
    pub id: LineId,
    /// The words, with numbers and abbreviations as they are said.
    pub text: String,
}

/// The show notes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowNotes {
    /// One paragraph for a podcast client.
    pub summary: String,
    /// What the episode covers, a sentence each.
    pub points: Vec<String>,
    /// Numbers of the references that listeners should find linked.
    pub references: Vec<u32>,
}

/// The brief for the artwork.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtworkBrief {
    /// What is to be seen.
    pub concept: String,
    /// Two to four colours as `#rrggbb`.
    pub palette: Vec<String>,
    /// The text for those who do not see it.
    pub alt_text: String,
}

/// The promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// One post for each channel.
    pub posts: Vec<Post>,
}

/// One post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// The channel: `newsletter`, `short_post` or `long_post`.
    pub channel: String,
    /// The text.
    pub text: String,
}

/// What a stage hands on. The name is written in the pipeline and in the prompt's front matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contract {
    /// A research package as it was read.
    Research,
    /// [`Brief`].
    Brief,
    /// [`Plan`].
    Plan,
    /// [`Draft`].
    Draft,
    /// [`Judgement`], joined out of several [`Assessment`]s.
    Judgement,
    /// [`Arbitration`].
    Arbitration,
    /// [`Preference`], joined out of two [`Comparison`]s.
    Preference,
    /// [`Review`].
    Review,
    /// [`Fixes`].
    Fixes,
    /// [`Revision`], applied to the script that it revises: the output is a script again.
    Revision,
    /// [`SpeechText`].
    SpeechText,
    /// [`ShowNotes`].
    ShowNotes,
    /// [`ArtworkBrief`].
    ArtworkBrief,
    /// [`Promotion`].
    Promotion,
    /// [`Turn`], of one seat of a panel.
    Turn,
    /// [`Selection`], of a panel's coordinator.
    Selection,
    /// [`Angle`].
    Angle,
    /// [`ResearchNotes`].
    ResearchNotes,
    /// [`Routing`].
    Routing,
    /// Recorded speech, a segment for each line.
    Speech,
    /// What was measured at a gate.
    Report,
    /// The finished package on disk.
    Package,
    /// Scripts with known faults: [`CanarySet`](super::calibration::CanarySet).
    Canaries,
    /// What a judge said of them: [`CanaryReport`](super::calibration::CanaryReport), joined out of many [`Assessment`]s.
    CanaryReport,
    /// How that compares with the key: [`Calibration`](super::calibration::Calibration).
    Calibration,
}

impl Contract {
    /// The schema that an agent's answer must meet; `None` where code makes the output.
    pub fn schema(self) -> Option<Schema> {
        match self {
            Self::Brief => Some(schemars::schema_for!(Brief)),
            Self::Plan => Some(schemars::schema_for!(Plan)),
            Self::Draft => Some(schemars::schema_for!(Draft)),
            Self::Judgement => Some(schemars::schema_for!(Assessment)),
            Self::Arbitration => Some(schemars::schema_for!(Arbitration)),
            Self::Preference => Some(schemars::schema_for!(Comparison)),
            Self::Review => Some(schemars::schema_for!(Review)),
            Self::Fixes => Some(schemars::schema_for!(Fixes)),
            Self::Revision => Some(schemars::schema_for!(Revision)),
            Self::SpeechText => Some(schemars::schema_for!(SpeechText)),
            Self::ShowNotes => Some(schemars::schema_for!(ShowNotes)),
            Self::ArtworkBrief => Some(schemars::schema_for!(ArtworkBrief)),
            Self::Promotion => Some(schemars::schema_for!(Promotion)),
            Self::Turn => Some(schemars::schema_for!(Turn)),
            Self::Selection => Some(schemars::schema_for!(Selection)),
            Self::Angle => Some(schemars::schema_for!(Angle)),
            Self::ResearchNotes => Some(schemars::schema_for!(ResearchNotes)),
            Self::Routing => Some(schemars::schema_for!(Routing)),
            Self::Research => Some(schemars::schema_for!(ResearchAnswer)),
            Self::Speech | Self::Report | Self::Package | Self::Canaries | Self::CanaryReport | Self::Calibration => {
                None
            }
        }
    }

    /// What an agent answers where a stage hands this on: itself, but for a canary report, which is joined out of what a judge
    /// answers.
    #[must_use]
    pub fn answered(self) -> Self {
        if self == Self::CanaryReport { Self::Judgement } else { self }
    }

    /// The name as it is written in a pipeline.
    pub fn name(self) -> &'static str {
        match self {
            Self::Research => "research",
            Self::Brief => "brief",
            Self::Plan => "plan",
            Self::Draft => "draft",
            Self::Judgement => "judgement",
            Self::Arbitration => "arbitration",
            Self::Preference => "preference",
            Self::Review => "review",
            Self::Fixes => "fixes",
            Self::Revision => "revision",
            Self::SpeechText => "speech_text",
            Self::ShowNotes => "show_notes",
            Self::ArtworkBrief => "artwork_brief",
            Self::Promotion => "promotion",
            Self::Turn => "turn",
            Self::Selection => "selection",
            Self::Angle => "angle",
            Self::ResearchNotes => "research_notes",
            Self::Routing => "routing",
            Self::Speech => "speech",
            Self::Report => "report",
            Self::Package => "package",
            Self::Canaries => "canaries",
            Self::CanaryReport => "canary_report",
            Self::Calibration => "calibration",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agents_contract_closes_its_objects() {
        let contracts = [Contract::Brief, Contract::Draft, Contract::Judgement, Contract::Revision];
        for contract in contracts {
            let schema = contract.schema().unwrap();
            let text = serde_json::to_string(&schema).unwrap();
            assert!(text.contains("\"additionalProperties\":false"), "{contract:?}: {text}");
            assert!(schema.get("title").is_some(), "{contract:?} is told apart by its title");
        }
        assert!(Contract::Package.schema().is_none());
    }

    #[test]
    fn names_are_those_of_the_records() {
        for contract in [Contract::SpeechText, Contract::Draft, Contract::ArtworkBrief] {
            assert_eq!(serde_json::to_value(contract).unwrap(), contract.name());
        }
    }
}
