//! Segments one after another into one file, with their pauses, without holding the whole in memory.
//!
//! Not for cross-fades or loudness: what goes in comes out sample for sample, and a pause is plain silence.

use std::io::{Seek, Write};

use super::header::LENGTH;
use super::{MAX_BYTES, Measure, WavError, spec};

/// Samples handed to the writer at once.
const CHUNK: usize = 8192;

/// A piece of a file to be joined.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// What a fault calls it.
    pub name: &'a str,
    /// Samples a second.
    pub sample_rate: u32,
    /// The samples, mono, 16 bits.
    pub samples: &'a [i16],
    /// Silence after it, in milliseconds.
    pub pause_ms: u32,
}

/// Writes segments as they come, so that only one of them is in memory.
pub struct Joiner<W: Write + Seek> {
    /// The writer before the first segment, whose sample rate the file takes.
    waiting: Option<W>,
    file: Option<(hound::WavWriter<W>, u32)>,
    frames: u64,
}

impl<W: Write + Seek> Joiner<W> {
    /// Begins a file at the writer's position; nothing is written before the first segment.
    pub fn new(out: W) -> Self {
        Self { waiting: Some(out), file: None, frames: 0 }
    }

    /// Appends a segment and its pause, and says at which frame of the file the segment begins.
    ///
    /// # Errors
    ///
    /// When its sample rate differs from the first one's, the file would be too large (both before anything of it is
    /// written), or the writer fails.
    pub fn push(&mut self, segment: Segment<'_>) -> Result<u64, WavError> {
        let spec = spec(segment.sample_rate)?;
        if let Some((_, expected)) = &self.file
            && *expected != segment.sample_rate
        {
            let (found, expected) = (segment.sample_rate, *expected);
            return Err(WavError::Mismatch { segment: segment.name.to_owned(), found, expected });
        }
        let begins = self.frames;
        let pause = (u64::from(segment.pause_ms) * u64::from(segment.sample_rate) + 500) / 1000;
        let frames = begins + segment.samples.len() as u64 + pause;
        let bytes = LENGTH + 2 * frames;
        if bytes > MAX_BYTES {
            return Err(WavError::TooLarge(bytes));
        }
        if let Some(out) = self.waiting.take() {
            self.file = Some((hound::WavWriter::new(out, spec)?, segment.sample_rate));
        }
        let Some((file, _)) = &mut self.file else { return Err(WavError::NoSegment) };
        for chunk in segment.samples.chunks(CHUNK) {
            write(file, chunk)?;
        }
        let mut left = pause;
        while left > 0 {
            let length = left.min(CHUNK as u64);
            write(file, SILENCE.get(..length as usize).unwrap_or(&SILENCE))?;
            left -= length;
        }
        self.frames = frames;
        Ok(begins)
    }

    /// Writes the lengths into the header and says how long the file is. Syncing is left to the writer's owner.
    ///
    /// # Errors
    ///
    /// When no segment was appended, or the writer fails.
    pub fn finish(self) -> Result<Measure, WavError> {
        let (file, sample_rate) = self.file.ok_or(WavError::NoSegment)?;
        file.finalize()?;
        Ok(Measure { frames: self.frames, sample_rate })
    }
}

static SILENCE: [i16; CHUNK] = [0; CHUNK];

fn write<W: Write + Seek>(file: &mut hound::WavWriter<W>, samples: &[i16]) -> Result<(), WavError> {
    let mut writer = file.get_i16_writer(samples.len() as u32);
    for sample in samples {
        writer.write_sample(*sample);
    }
    Ok(writer.flush()?)
}

/// Joins segments that are all at hand; see [`Joiner`] for those that come one by one.
///
/// # Errors
///
/// As [`Joiner::push`] and [`Joiner::finish`].
pub fn join<W: Write + Seek>(segments: &[Segment<'_>], out: W) -> Result<Measure, WavError> {
    let mut joiner = Joiner::new(out);
    for segment in segments {
        joiner.push(*segment)?;
    }
    joiner.finish()
}
