//! What a voice is told beside its own words: what the same speaker says before and after, and in which form it is to answer.
//!
//! The lines of an episode are spoken at once, so that no take can be named to the next one; words can, since they are known
//! beforehand. They stand in the request, so that a line that changes makes exactly the takes stale that were told of it. Where a
//! single line is spoken again, the takes before it are there and fresh, and they are named in the place of their words.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::config::settings::habits::{Habits, SpeechFormat, VoiceForm};
use crate::domain::call::Provider;
use crate::domain::episode::{Call, CallState, Episode};
use crate::domain::handoff::SpeechText;
use crate::domain::ids::{LineId, StageId};
use crate::domain::script::Script;
use crate::provider::call::SpeechForm;

/// The most characters of a neighbour that are told.
const MOST: usize = 400;

/// How long a take can be named, as ElevenLabs' documentation has it: two hours, less what a call may take.
const FRESH: SignedDuration = SignedDuration::from_mins(110);

/// The most takes that are named.
const MOST_TAKES: usize = 3;

/// The words around a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Around {
    /// The end of what the same speaker said before.
    pub(super) before: Option<String>,
    /// The beginning of what the same speaker says next.
    pub(super) after: Option<String>,
}

/// The words around each line, within its segment.
pub(super) fn of(script: &Script, text: &SpeechText) -> BTreeMap<LineId, Around> {
    let said: BTreeMap<LineId, &str> = text.lines.iter().map(|line| (line.id, line.text.as_str())).collect();
    let mut all: BTreeMap<LineId, Around> = BTreeMap::new();
    for segment in &script.segments {
        let mut last: BTreeMap<&str, LineId> = BTreeMap::new();
        for line in &segment.lines {
            let own = all.entry(line.id).or_default();
            if let Some(before) = last.insert(&line.speaker, line.id) {
                own.before = said.get(&before).map(|words| ending(words));
                all.entry(before).or_default().after =
                    said.get(&line.id).map(|words| words.chars().take(MOST).collect());
            }
        }
    }
    all
}

/// The provider's names of the takes that the same speaker has before a line, within its segment: of the same model, whole and
/// fresh, the nearest last.
pub(super) fn takes(
    episode: &Episode,
    stage: &StageId,
    script: &Script,
    line: LineId,
    model: &str,
    now: Timestamp,
) -> Vec<String> {
    let segment = script.segments.iter().find(|segment| segment.lines.iter().any(|own| own.id == line));
    let lines = segment.map(|segment| segment.lines.as_slice()).unwrap_or_default();
    let before = lines.iter().position(|own| own.id == line).and_then(|at| Some((lines.get(..at)?, lines.get(at)?)));
    let Some((before, own)) = before else { return Vec::new() };
    let is_fresh = |call: &Call| now.duration_since(call.at) < FRESH && call.route.model == model;
    let named = |id: LineId| {
        let mut calls = episode.calls.iter().rev().filter(|(key, _)| key.stage == *stage && key.unit == id.0);
        calls.find_map(|(_, call)| match &call.state {
            CallState::Settled { request_id, .. } if is_fresh(call) => request_id.clone(),
            CallState::Settled { .. }
            | CallState::InFlight
            | CallState::Failed { .. }
            | CallState::Uncertain { .. }
            | CallState::Ruled { .. } => None,
        })
    };
    let own = before.iter().rev().filter(|line| line.speaker == own.speaker);
    let mut ids: Vec<String> = own.take(MOST_TAKES).map_while(|line| named(line.id)).collect();
    ids.reverse();
    ids
}

fn ending(words: &str) -> String {
    let skipped = words.chars().count().saturating_sub(MOST);
    words.chars().skip(skipped).collect()
}

/// The form of answer that the settings ask a provider for.
pub(super) fn form(provider: Provider, habits: &Habits) -> SpeechForm {
    match (provider, habits.speech_format, habits.voice_form) {
        (Provider::OpenAi, SpeechFormat::Wav, _) => SpeechForm::Wav,
        (Provider::OpenAi, SpeechFormat::Pcm, _) => SpeechForm::Samples(habits.speech_rate),
        (_, _, VoiceForm::Timestamps) => SpeechForm::Timed,
        (_, _, VoiceForm::StreamTimestamps) => SpeechForm::TimedStream,
        (_, _, VoiceForm::Plain) => SpeechForm::Plain,
        (_, _, VoiceForm::Stream) => SpeechForm::PlainStream,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::handoff::SpokenLine;
    use crate::domain::script::{Line, Segment};

    #[test]
    fn a_line_is_told_of_its_own_speaker_within_the_segment_and_nothing_else() {
        let line = |id: u32, speaker: &str| Line {
            id: LineId(id),
            speaker: speaker.to_owned(),
            text: String::new(),
            pause_ms: 0,
            claims: Vec::new(),
        };
        let segment = |lines: Vec<Line>| Segment { id: "s".to_owned(), title: "S".to_owned(), lines };
        let first = vec![line(1, "HOST"), line(2, "GUEST"), line(3, "HOST"), line(4, "HOST")];
        let script = Script { title: "T".to_owned(), segments: vec![segment(first), segment(vec![line(5, "HOST")])] };
        let long = "\u{e9}".repeat(MOST) + "end";
        let words = |id: u32| if id == 3 { long.clone() } else { format!("words of {id}") };
        let text = SpeechText { lines: (1..=5).map(|id| SpokenLine { id: LineId(id), text: words(id) }).collect() };
        let around = of(&script, &text);
        let told = |id: u32| around[&LineId(id)].clone();
        assert_eq!(told(1), Around { before: None, after: Some("\u{e9}".repeat(MOST)) });
        assert_eq!(told(2), Around::default());
        assert_eq!(told(3), Around { before: Some("words of 1".to_owned()), after: Some("words of 4".to_owned()) });
        assert_eq!(told(4).before.map(|words| (words.chars().count(), words.ends_with("end"))), Some((MOST, true)));
        assert_eq!(told(5), Around::default(), "a segment begins anew");
        // A changed line changes what its two neighbours are told, and no other line's.
        let mut changed = text;
        changed.lines[2].text = "other words".to_owned();
        let stale: Vec<u32> =
            of(&script, &changed).iter().filter(|(id, now)| around[id] != **now).map(|(id, _)| id.0).collect();
        assert_eq!(stale, [1, 4]);
    }
}
