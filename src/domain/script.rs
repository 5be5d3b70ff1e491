//! The script model: segments of lines with stable ids, their speakers, pauses and claims.
//!
//! A line keeps its id through every revision, so that findings, diffs, takes and captions anchor to the same thing.
//! Counts are measured here, by code. Not for layout: how a script is printed or spoken is decided above.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::LineId;

/// A whole script as one revision of it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The title of the episode, without its number.
    pub title: String,
    /// The segments in the order they are heard.
    pub segments: Vec<Segment>,
}

/// A part of the episode with a purpose of its own; it becomes a chapter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The plan's name of the segment, such as `hook`.
    pub id: String,
    /// The title that listeners see as a chapter.
    pub title: String,
    /// The lines in the order they are heard.
    pub lines: Vec<Line>,
}

/// One turn of one speaker.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Its stable id, such as `L041`.
    #[schemars(with = "String")]
    pub id: LineId,
    /// The name of the speaker, out of the show's closed set.
    pub speaker: String,
    /// The words that are spoken, without any markup.
    pub text: String,
    /// Silence after the line, in milliseconds.
    pub pause_ms: u32,
    /// What the line states as fact, each with its source.
    pub claims: Vec<Claim>,
}

/// A statement of fact in a line and what bears it out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The id of the source in the research package.
    pub source: String,
    /// The words of the source that support the claim, verbatim.
    pub excerpt: String,
}

/// What code counts in a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Words, as `wc -w` counts them in the spoken text.
    pub words: u64,
    /// Unicode scalar values of all lines' texts, without the line breaks between them.
    pub characters: u64,
    /// Lines.
    pub lines: u64,
    /// Sum of the pauses, in milliseconds.
    pub pause_ms: u64,
}

impl Measured {
    /// How long the script is when spoken at a rate: words over words a minute, plus the pauses; in milliseconds.
    pub fn duration_ms(&self, words_per_minute: u32) -> u64 {
        let rate = u64::from(words_per_minute.max(1));
        (self.words.saturating_mul(60_000) / rate).saturating_add(self.pause_ms)
    }
}

/// A fault that code finds in a script's form, each at its place. Such a script never reaches a paid judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No line at all.
    #[error("the script has no line")]
    Empty,
    /// Two lines share an id.
    #[error("{0} is the id of two lines")]
    RepeatedId(LineId),
    /// A speaker outside the show's set.
    #[error("{line}: `{speaker}` is no speaker of this show")]
    UnknownSpeaker {
        /// Where.
        line: LineId,
        /// The name that was given.
        speaker: String,
    },
    /// A claim that names a source which the package does not have.
    #[error("{line}: there is no source `{source_id}` in the research package")]
    UnknownSource {
        /// Where.
        line: LineId,
        /// The id that was given.
        source_id: String,
    },
    /// A line without a word.
    #[error("{0} has nothing to say")]
    Silent(LineId),
    /// Markup or a control character that a voice would read aloud or a terminal would obey.
    #[error("{line}: `{found}` would be spoken or obeyed")]
    Markup {
        /// Where.
        line: LineId,
        /// The offending character, escaped.
        found: String,
    },
    /// A planned segment that is not there, or one that nobody planned.
    #[error("segment `{0}` {1}")]
    Segment(String, SegmentFault),
}

/// How the segments differ from the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentFault {
    /// Planned and not written.
    Missing,
    /// Written and not planned.
    Unplanned,
}

impl std::fmt::Display for SegmentFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "is planned and missing",
            Self::Unplanned => "was never planned",
        })
    }
}

/// What a script is held against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The speakers of the show.
    pub speakers: BTreeSet<String>,
    /// The ids of the sources in the research package.
    pub sources: BTreeSet<String>,
    /// The plan's segments.
    pub segments: BTreeSet<String>,
}

/// Characters that stand in no spoken line: brackets of tags and marks, and what formats text.
const MARKUP: &[char] = &['<', '>', '{', '}', '[', ']', '*', '_', '#', '`', '|', '~'];

impl Script {
    /// All lines in the order they are heard.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.segments.iter().flat_map(|segment| &segment.lines)
    }

    /// The spoken text alone, a line of text for each line.
    pub fn spoken(&self) -> String {
        self.lines().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// What code counts; a model's own counts are never taken.
    pub fn measure(&self) -> Measured {
        self.lines().fold(Measured::default(), |sum, line| Measured {
            words: sum.words + line.text.split_whitespace().count() as u64,
            characters: sum.characters + line.text.chars().count() as u64,
            lines: sum.lines + 1,
            pause_ms: sum.pause_ms + u64::from(line.pause_ms),
        })
    }

    /// Every fault of form, in the order of the script.
    pub fn faults(&self, expected: &Expectations) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        let written: BTreeSet<&str> = self.segments.iter().map(|segment| segment.id.as_str()).collect();
        for planned in &expected.segments {
            if !written.contains(planned.as_str()) {
                faults.push(Fault::Segment(planned.clone(), SegmentFault::Missing));
            }
        }
        for segment in written {
            if !expected.segments.contains(segment) {
                faults.push(Fault::Segment(segment.to_owned(), SegmentFault::Unplanned));
            }
        }
        if self.lines().next().is_none() {
            faults.push(Fault::Empty);
        }
        for line in self.lines() {
            if !seen.insert(line.id) {
                faults.push(Fault::RepeatedId(line.id));
            }
            if !expected.speakers.contains(&line.speaker) {
                faults.push(Fault::UnknownSpeaker { line: line.id, speaker: line.speaker.clone() });
            }
            if line.text.split_whitespace().next().is_none() {
                faults.push(Fault::Silent(line.id));
            }
            if let Some(found) = line.text.chars().find(|c| c.is_control() || MARKUP.contains(c)) {
                faults.push(Fault::Markup { line: line.id, found: found.escape_default().to_string() });
            }
            for claim in &line.claims {
                if !expected.sources.contains(&claim.source) {
                    faults.push(Fault::UnknownSource { line: line.id, source_id: claim.source.clone() });
                }
            }
        }
        faults
    }

    /// The lines that differ between two revisions: changed, added or removed. A line that moved counts as changed.
    pub fn changed_lines(&self, earlier: &Self) -> BTreeSet<LineId> {
        let before: Vec<(&str, &Line)> = earlier.placed().collect();
        let after: Vec<(&str, &Line)> = self.placed().collect();
        let ops = similar::capture_diff_slices(similar::Algorithm::Myers, &before, &after);
        let ids = |lines: &[(&str, &Line)], range: std::ops::Range<usize>| -> Vec<LineId> {
            lines.get(range).unwrap_or_default().iter().map(|(_, line)| line.id).collect()
        };
        ops.iter()
            .filter(|op| op.tag() != similar::DiffTag::Equal)
            .flat_map(|op| [ids(&before, op.old_range()), ids(&after, op.new_range())].concat())
            .collect()
    }

    /// The lines that changed although no fix names them: what a remediation must not do.
    pub fn outside(&self, earlier: &Self, named: &[RangeInclusive<LineId>]) -> Vec<LineId> {
        let is_named = |id: &LineId| named.iter().any(|range| range.contains(id));
        self.changed_lines(earlier).into_iter().filter(|id| !is_named(id)).collect()
    }

    fn placed(&self) -> impl Iterator<Item = (&str, &Line)> {
        self.segments.iter().flat_map(|segment| segment.lines.iter().map(|line| (segment.id.as_str(), line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: u32, text: &str) -> Line {
        Line { id: LineId(id), speaker: "HOST".into(), text: text.into(), pause_ms: 250, claims: vec![] }
    }

    fn script(lines: Vec<Line>) -> Script {
        Script { title: "T".into(), segments: vec![Segment { id: "hook".into(), title: "H".into(), lines }] }
    }

    fn expected() -> Expectations {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Expectations { speakers: set(&["HOST", "GUEST"]), sources: set(&["S1"]), segments: set(&["hook"]) }
    }

    #[test]
    fn counts_are_those_of_the_spoken_text() {
        let script = script(vec![line(1, "The sea  comes in."), line(2, "Né en 1966.")]);
        let measured = script.measure();
        assert_eq!(measured.words, script.spoken().split_whitespace().count() as u64);
        assert_eq!(measured, Measured { words: 7, characters: 29, lines: 2, pause_ms: 500 });
        assert_eq!(measured.duration_ms(150), 2_800 + 500);
        assert_eq!(measured.duration_ms(0), 420_500, "a rate of nothing divides by one");
    }

    #[test]
    fn a_sound_script_has_no_fault_and_each_fault_is_found_at_its_line() {
        assert_eq!(script(vec![line(1, "It is old.")]).faults(&expected()), vec![]);
        let mut bad = script(vec![line(1, "A"), line(1, " "), line(3, "Say <b>this"), line(4, "x\u{1b}[2J")]);
        bad.segments[0].lines[0].speaker = "MODEL".into();
        bad.segments[0].lines[0].claims.push(Claim { source: "S9".into(), excerpt: "e".into() });
        bad.segments[0].id = "intro".into();
        assert_eq!(
            bad.faults(&expected()),
            vec![
                Fault::Segment("hook".into(), SegmentFault::Missing),
                Fault::Segment("intro".into(), SegmentFault::Unplanned),
                Fault::UnknownSpeaker { line: LineId(1), speaker: "MODEL".into() },
                Fault::UnknownSource { line: LineId(1), source_id: "S9".into() },
                Fault::RepeatedId(LineId(1)),
                Fault::Silent(LineId(1)),
                Fault::Markup { line: LineId(3), found: "<".into() },
                Fault::Markup { line: LineId(4), found: "\\u{1b}".into() },
            ]
        );
        let mut empty = script(vec![]);
        assert_eq!(empty.faults(&expected()), vec![Fault::Empty]);
        empty.segments.clear();
        assert_eq!(empty.faults(&expected()).len(), 2);
    }

    #[test]
    fn a_remediation_is_held_to_the_lines_it_names() {
        let before = script(vec![line(1, "One."), line(2, "Two."), line(3, "Three.")]);
        let after = script(vec![line(1, "One."), line(2, "Too."), line(4, "New."), line(3, "Three.")]);
        assert_eq!(after.changed_lines(&before), BTreeSet::from([LineId(2), LineId(4)]));
        assert_eq!(after.outside(&before, &[LineId(2)..=LineId(2)]), vec![LineId(4)]);
        assert_eq!(after.outside(&before, &[LineId(2)..=LineId(4)]), vec![]);
        assert_eq!(before.changed_lines(&before), BTreeSet::new());
        let removed = script(vec![line(1, "One."), line(3, "Three.")]);
        assert_eq!(removed.outside(&before, &[]), vec![LineId(2)], "a line that went is a change too");
    }

    #[test]
    fn an_answer_with_members_nobody_asked_for_is_refused() {
        let line = r#"{"id":"L1","speaker":"HOST","text":"t","pause_ms":0,"claims":[],"words":9}"#;
        assert!(serde_json::from_str::<Line>(line).is_err());
    }
}
