//! The sound of a package: each recording as it is, and all of them with their pauses in one file.
//!
//! One recording is in memory at a time. The length of the whole is known before anything is written, so that the
//! header is right from the first byte and the file only grows.

use std::collections::BTreeSet;
use std::path::Path;

use super::records::{Listed, segment_file};
use super::write::Out;
use super::{Contents, PackageError};
use crate::domain::gate::SpeechManifest;
use crate::domain::ids::LineId;
use crate::ledger::blobs::Blobs;
use crate::ledger::disk::Disk;
use crate::media::wav::{self, WavError};

/// The length of a header that has no other parts.
const HEADER: u64 = 44;
/// Bytes of one sample.
const SAMPLE: u64 = 2;
/// Silence written at once, in bytes; a whole number of samples.
const SILENCE: [u8; 8_192] = [0; 8_192];

/// A sound that can be written: its parts fit one another and its length is known.
pub(super) struct Sound<'a> {
    speech: &'a SpeechManifest,
    frames: u64,
    header: Vec<u8>,
}

impl<'a> Sound<'a> {
    /// Looks whether there is one segment for each line that is said, in order, and how long all of it is.
    pub(super) fn plan(contents: &Contents<'a>) -> Result<Self, PackageError> {
        let speech = contents.speech;
        let lines: Vec<LineId> = contents.script.lines().map(|line| line.id).collect();
        let texts: Vec<LineId> = contents.speech_text.lines.iter().map(|line| line.id).collect();
        let recorded: Vec<LineId> = speech.segments.iter().map(|segment| segment.line).collect();
        let unfit = |what: &str| Err(PackageError::Unfit { what: what.to_owned() });
        if lines.is_empty() {
            return unfit("the script has no line");
        }
        if texts != lines {
            return unfit("the speech text is not that of the script");
        }
        if recorded != lines {
            return unfit("the recording is not one segment for each line of the script");
        }
        if lines.iter().collect::<BTreeSet<_>>().len() != lines.len() {
            return unfit("two lines of the script have one id");
        }
        let mut frames = 0_u64;
        for segment in &speech.segments {
            let pause = pause_frames(segment.pause_ms, speech.sample_rate);
            frames = frames.saturating_add(segment.samples).saturating_add(pause);
        }
        let bytes = frames.saturating_mul(SAMPLE).saturating_add(HEADER);
        if bytes > wav::MAX_BYTES {
            return Err(PackageError::Sound(WavError::TooLarge(bytes)));
        }
        Ok(Self { speech, frames, header: header(speech.sample_rate, bytes)? })
    }

    /// The samples of the whole, pauses included.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }
}

/// Samples of a pause, rounded to the nearest.
fn pause_frames(pause_ms: u32, sample_rate: u32) -> u64 {
    (u64::from(pause_ms) * u64::from(sample_rate) + 500) / 1_000
}

/// The header of a file of so many bytes: that of an empty one, with both of its lengths put right.
fn header(sample_rate: u32, bytes: u64) -> Result<Vec<u8>, PackageError> {
    let mut header = wav::encode(&[], sample_rate).map_err(PackageError::Sound)?;
    let too_large = || PackageError::Sound(WavError::TooLarge(bytes));
    let riff = u32::try_from(bytes - 8).map_err(|_| too_large())?;
    let data = u32::try_from(bytes - HEADER).map_err(|_| too_large())?;
    // The lengths of the file and of its samples stand at these offsets of the shortest header.
    for (at, length) in [(4, riff), (40, data)] {
        let place = header.get_mut(at..at + 4).ok_or(PackageError::Sound(WavError::Missing("data")))?;
        place.copy_from_slice(&length.to_le_bytes());
    }
    Ok(header)
}

/// Writes `speech/L001.wav` and so on, and `episode.wav`.
pub(super) fn write(
    disk: &dyn Disk,
    folder: &Path,
    sound: &Sound<'_>,
    blobs: &Blobs,
) -> Result<Vec<Listed>, PackageError> {
    let rate = sound.speech.sample_rate;
    let mut listed = Vec::new();
    let mut whole = Out::create(disk, folder, "episode.wav".to_owned())?;
    whole.write(&sound.header)?;
    for segment in &sound.speech.segments {
        let line = segment.line;
        let bytes = blobs.get(&segment.wav)?;
        let pcm = wav::decode(&bytes).map_err(|source| PackageError::Recording { line, source })?;
        if pcm.sample_rate != rate || pcm.samples.len() as u64 != segment.samples {
            let (found, samples, due) = (pcm.sample_rate, pcm.samples.len(), segment.samples);
            let what = format!("{line} has {samples} samples at {found} Hz and is listed with {due} at {rate} Hz");
            return Err(PackageError::Unfit { what });
        }
        let mut own = Out::create(disk, folder, format!("speech/{}", segment_file(line)))?;
        own.write(&bytes)?;
        listed.push(own.finish()?);
        drop(bytes);
        let samples: Vec<u8> = pcm.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        whole.write(&samples)?;
        let mut left = pause_frames(segment.pause_ms, rate).saturating_mul(SAMPLE);
        while left > 0 {
            let silence = SILENCE.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(&SILENCE);
            whole.write(silence)?;
            left = left.saturating_sub(silence.len() as u64);
        }
    }
    listed.push(whole.finish()?);
    Ok(listed)
}
