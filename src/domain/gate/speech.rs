//! The recorded speech as it is handed on, and the checks on it and on the text that it says.

use serde::{Deserialize, Serialize};

use super::script::clock;
use super::{Bench, Material};
use crate::domain::accept::form;
use crate::domain::ids::{ContentHash, LineId};
use crate::domain::script::Script;

/// The fastest and the slowest speech that is believed, in milliseconds a word.
const MS_A_WORD: (u64, u64) = (150, 1_200);
/// What a single line may take beyond that for its breath and its fading, in milliseconds: a line may be one word.
const ALLOWANCE_MS: u64 = 1_000;

/// The recorded speech of a script: what the voice stage hands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeechManifest {
    /// Samples a second, the same in all segments.
    pub sample_rate: u32,
    /// A segment for each line, in the order they are heard.
    pub segments: Vec<SpeechSegment>,
}

/// The recording of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeechSegment {
    /// The line that is spoken.
    pub line: LineId,
    /// Who speaks.
    pub speaker: String,
    /// The recording, a mono WAV file of 16 bits.
    pub wav: ContentHash,
    /// Its samples.
    pub samples: u64,
    /// The largest magnitude of a sample: 0 is silence, 32,768 the most there is.
    pub peak: u16,
    /// Silence after it, in milliseconds.
    pub pause_ms: u32,
}

impl SpeechManifest {
    /// How long the speech is with its pauses, in milliseconds, rounded down.
    pub fn duration_ms(&self) -> u64 {
        let rate = u128::from(self.sample_rate.max(1));
        let samples: u128 = self.segments.iter().map(|segment| u128::from(segment.samples)).sum();
        let pauses: u128 = self.segments.iter().map(|segment| u128::from(segment.pause_ms)).sum();
        u64::try_from((samples * 1_000 / rate).saturating_add(pauses)).unwrap_or(u64::MAX)
    }
}

/// Holds the speech text to the script, and the recording to the text.
pub(super) fn check(material: &Material, bench: &mut Bench) {
    if let Some(text) = &material.speech_text {
        let characters = text.lines.iter().map(|line| line.text.chars().count() as u64).sum();
        bench.report.measured.speech_characters = Some(characters);
        if let Some(script) = &material.script {
            let faults = form::speech_text(text, script);
            if faults.is_empty() {
                bench.passed("speech_text", format!("all {} lines have their words", text.lines.len()));
            } else {
                bench.failed("speech_text", faults, Vec::new());
            }
        }
    }
    if let Some(speech) = &material.speech {
        bench.report.measured.speech_ms = Some(speech.duration_ms());
        let faults = recording(speech, material);
        if faults.is_empty() {
            let length = clock(speech.duration_ms());
            bench.passed("speech", format!("{} segments were recorded, {length} with pauses", speech.segments.len()));
        } else {
            bench.failed("speech", faults, Vec::new());
        }
    }
}

/// The faults of a recording: a segment for each line, each of them audible and as long as its words take.
fn recording(speech: &SpeechManifest, material: &Material) -> Vec<String> {
    let mut faults = Vec::new();
    if speech.sample_rate == 0 {
        faults.push("the recording has no sample rate".to_owned());
    }
    let due = words_due(material);
    let recorded: Vec<LineId> = speech.segments.iter().map(|segment| segment.line).collect();
    if let Some(due) = &due {
        let wanted: Vec<LineId> = due.iter().map(|(line, _)| *line).collect();
        let missing: Vec<String> =
            wanted.iter().filter(|line| !recorded.contains(line)).map(ToString::to_string).collect();
        let extra: Vec<String> =
            recorded.iter().filter(|line| !wanted.contains(line)).map(ToString::to_string).collect();
        if !missing.is_empty() {
            faults.push(format!("not recorded: {}", missing.join(", ")));
        }
        if !extra.is_empty() {
            faults.push(format!("recorded and never asked for: {}", extra.join(", ")));
        }
        if missing.is_empty() && extra.is_empty() && wanted != recorded {
            faults.push("the segments are not one for each line, in the order of the lines".to_owned());
        }
    }
    if let Some(script) = &material.script {
        faults.extend(speakers(speech, script));
    }
    let (mut words, mut ms) = (0_u64, 0_u64);
    for segment in &speech.segments {
        let line = segment.line;
        let took = took_ms(segment.samples, speech.sample_rate);
        if segment.samples == 0 {
            faults.push(format!("{line}: the recording is empty"));
        } else if segment.peak == 0 {
            faults.push(format!("{line}: the recording is silent"));
        }
        let Some((_, count)) = due.iter().flatten().find(|(due, _)| *due == line) else { continue };
        let count = (*count).max(1);
        words += count;
        ms = ms.saturating_add(took);
        let (fastest, slowest) = (count * MS_A_WORD.0, count * MS_A_WORD.1 + ALLOWANCE_MS);
        if segment.samples > 0 && !(fastest..=slowest).contains(&took) {
            faults.push(format!("{line}: {took} ms for {count} words is no speech of them"));
        }
    }
    if words > 0 && !(words * MS_A_WORD.0..=words * MS_A_WORD.1).contains(&ms) {
        faults.push(format!("{ms} ms for all {words} words is no speech of them"));
    }
    faults
}

fn took_ms(samples: u64, sample_rate: u32) -> u64 {
    let ms = u128::from(samples) * 1_000 / u128::from(sample_rate.max(1));
    u64::try_from(ms).unwrap_or(u64::MAX)
}

/// The lines that are to be heard, each with its words: those of the speech text, or of the script without one.
fn words_due(material: &Material) -> Option<Vec<(LineId, u64)>> {
    let count = |text: &str| text.split_whitespace().count() as u64;
    let text = material.speech_text.as_ref();
    let spoken = text.map(|text| text.lines.iter().map(|line| (line.id, count(&line.text))).collect());
    let script = material.script.as_ref();
    spoken.or_else(|| script.map(|script| script.lines().map(|line| (line.id, count(&line.text))).collect()))
}

fn speakers(speech: &SpeechManifest, script: &Script) -> Vec<String> {
    let mut faults = Vec::new();
    for segment in &speech.segments {
        let line = script.lines().find(|line| line.id == segment.line);
        if let Some(line) = line.filter(|line| line.speaker != segment.speaker) {
            faults.push(format!("{}: spoken by `{}` and written for `{}`", line.id, segment.speaker, line.speaker));
        }
    }
    faults
}
