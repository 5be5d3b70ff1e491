//! WAV files: written, read, measured and joined. Mono, 16 bits, the form in which segments are kept before mastering.
//!
//! A header is believed only where the bytes bear it out, since durations, captions and gates rest upon it. Not for
//! encoded audio, for loudness, or for changing the sample rate.

mod header;
mod join;

#[cfg(test)]
mod tests;

use std::io::{self, Cursor, Read, Seek};

pub use join::{Joiner, Segment, join};

/// The largest file that is written or read: more than three hours at 44.1 kHz.
pub const MAX_BYTES: u64 = 1 << 30;

/// The sample rates that are written and read, in hertz.
pub const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// Mono audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pcm {
    /// Samples a second.
    pub sample_rate: u32,
    /// The samples, 16 bits each.
    pub samples: Vec<i16>,
}

/// How long a file is, exactly: `frames / sample_rate` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Samples of the one channel.
    pub frames: u64,
    /// Samples a second, never zero.
    pub sample_rate: u32,
}

impl Measure {
    /// The duration in milliseconds, rounded to the nearest.
    pub fn ms(self) -> u64 {
        let rate = u64::from(self.sample_rate.max(1));
        (self.frames.saturating_mul(1000).saturating_add(rate / 2)) / rate
    }

    /// The duration in seconds, for display; sums are made of frames.
    pub fn seconds(self) -> f64 {
        self.frames as f64 / f64::from(self.sample_rate.max(1))
    }
}

/// Why a file was not read or written. What was read is unchanged; what was being written is not a finished file.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// The bytes do not begin as a WAV file.
    #[error("this is no WAV file: it does not begin with RIFF and WAVE; ask the voice provider for WAV or PCM")]
    NotWav,
    /// A part that every file has is missing or cut off.
    #[error("the WAV file has no whole `{0}` part: it was cut off or is damaged; render the segment again")]
    Missing(&'static str),
    /// The header says something that the bytes do not bear out.
    #[error("the WAV header is wrong: {what} is given as {said} and is {found}; render the segment again")]
    Lies {
        /// What is said wrongly.
        what: &'static str,
        /// What the header gives.
        said: u64,
        /// What the bytes or the other fields give.
        found: u64,
    },
    /// A WAV file of another kind than is used here.
    #[error("{what} {found} is not read here: mono PCM of 16 bits is; ask the voice provider for that")]
    Form {
        /// What differs.
        what: &'static str,
        /// The value that was found.
        found: u32,
    },
    /// A sample rate outside [`SAMPLE_RATES`].
    #[error("a sample rate of {0} Hz is outside 8000 to 192000 Hz: check the speech settings")]
    SampleRate(u32),
    /// More than [`MAX_BYTES`].
    #[error("the audio would take {0} bytes and at most {MAX_BYTES} are handled: split the episode")]
    TooLarge(u64),
    /// Segments of two sample rates.
    #[error(
        "segment `{segment}` has {found} Hz and the segments before it have {expected} Hz: render it again at {expected} Hz"
    )]
    Mismatch {
        /// The name of the segment that differs.
        segment: String,
        /// Its sample rate.
        found: u32,
        /// The sample rate of the first segment.
        expected: u32,
    },
    /// Nothing to join.
    #[error("there is no segment to join: render at least one")]
    NoSegment,
    /// The reader or the writer failed.
    #[error("the WAV file could not be read or written: {0}; check the disk and its free space, then try again")]
    Io(#[from] io::Error),
}

impl From<hound::Error> for WavError {
    fn from(error: hound::Error) -> Self {
        match error {
            hound::Error::IoError(error) => Self::Io(error),
            // These concern reading, or a form other than the one that is always asked for.
            other @ (hound::Error::FormatError(_)
            | hound::Error::TooWide
            | hound::Error::UnfinishedSample
            | hound::Error::Unsupported
            | hound::Error::InvalidSampleFormat) => Self::Io(io::Error::other(other)),
        }
    }
}

fn spec(sample_rate: u32) -> Result<hound::WavSpec, WavError> {
    if !SAMPLE_RATES.contains(&sample_rate) {
        return Err(WavError::SampleRate(sample_rate));
    }
    let sample_format = hound::SampleFormat::Int;
    Ok(hound::WavSpec { channels: 1, sample_rate, bits_per_sample: 16, sample_format })
}

/// The bytes of a mono file of 16 bits.
///
/// # Errors
///
/// When the sample rate is outside [`SAMPLE_RATES`] or the file would be larger than [`MAX_BYTES`].
pub fn encode(samples: &[i16], sample_rate: u32) -> Result<Vec<u8>, WavError> {
    let mut file = Cursor::new(Vec::with_capacity(header::LENGTH as usize + samples.len() * 2));
    let segment = Segment { name: "", sample_rate, samples, pause_ms: 0 };
    join(&[segment], &mut file)?;
    Ok(file.into_inner())
}

/// Reads a whole mono file of 16 bits.
///
/// # Errors
///
/// When it is no such file, is larger than [`MAX_BYTES`], or its header does not agree with its bytes.
pub fn decode(bytes: &[u8]) -> Result<Pcm, WavError> {
    // The samples are taken from where the checked header has them: hound's reader does not skip the padding byte
    // after a part of odd length.
    let (measure, begins) = header::read(Cursor::new(bytes))?;
    let data = bytes.get(begins as usize..).ok_or(WavError::Missing("data"))?;
    let pairs = data.chunks_exact(2).take(measure.frames as usize);
    let samples = pairs.filter_map(|pair| Some(i16::from_le_bytes(pair.try_into().ok()?))).collect();
    Ok(Pcm { sample_rate: measure.sample_rate, samples })
}

/// Measures a mono file of 16 bits from its header and its length, without reading its samples.
///
/// # Errors
///
/// As [`decode`]; also when the reader fails.
pub fn measure(source: impl Read + Seek) -> Result<Measure, WavError> {
    Ok(header::read(source)?.0)
}
