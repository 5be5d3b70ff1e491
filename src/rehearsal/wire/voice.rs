//! Speech for every wire that speaks: our own synthesiser or `espeak-ng`, in samples or in a WAV file.

use crate::media::synth::{Voice, speak};
use crate::rehearsal::espeak;

/// The sample rates that are spoken at.
pub(super) const RATES: [u32; 7] = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

/// How samples are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Signed 16-bit little-endian samples alone.
    Pcm,
    /// The same behind the header of a WAV file.
    Wav,
}

/// What was said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// Mono, 16 bits.
    pub(super) samples: Vec<i16>,
    /// When each character begins, in seconds.
    pub(super) starts: Vec<f64>,
    /// When each character ends, in seconds.
    pub(super) ends: Vec<f64>,
}

/// Why nothing was said.
#[derive(Clone, Debug)]
pub(super) enum Mute {
    /// There is no such voice.
    NoVoice(String),
    /// The text cannot be said.
    Text(String),
}

/// Says a text in the voice of a name; of a voice that tells no times, they are evenly spread.
pub(super) fn say(text: &str, voice: &str, rate: u32, pace: f64) -> Result<Said, Mute> {
    if let Some(voice) = voice.strip_prefix(espeak::PREFIX) {
        let samples = espeak::speak(text, voice, rate).map_err(Mute::NoVoice)?;
        let seconds = samples.len() as f64 / f64::from(rate);
        let count = text.chars().count();
        let at = |n: usize| seconds * n as f64 / count.max(1) as f64;
        return Ok(Said { samples, starts: (0..count).map(at).collect(), ends: (1..=count).map(at).collect() });
    }
    let speech = speak(text, &Voice::from_name(voice).at_rate(pace), rate);
    let speech = speech.map_err(|error| Mute::Text(error.to_string()))?;
    Ok(Said { samples: speech.samples, starts: speech.starts, ends: speech.ends })
}

/// The bytes of samples.
pub(super) fn packed(samples: &[i16], rate: u32, packing: Packing) -> Vec<u8> {
    let mut bytes = match packing {
        Packing::Pcm => Vec::new(),
        Packing::Wav => wav_header(samples.len(), rate),
    };
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// The 44 bytes in front of mono samples of 16 bits.
fn wav_header(samples: usize, rate: u32) -> Vec<u8> {
    let size = u32::try_from(samples * 2).unwrap_or(u32::MAX - 36);
    let mut header = b"RIFF".to_vec();
    header.extend((36 + size).to_le_bytes());
    header.extend_from_slice(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend([1_u16, 1].into_iter().flat_map(u16::to_le_bytes));
    header.extend([rate, rate * 2].into_iter().flat_map(u32::to_le_bytes));
    header.extend([2_u16, 16].into_iter().flat_map(u16::to_le_bytes));
    header.extend_from_slice(b"data");
    header.extend(size.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wav_file_is_read_by_a_reader_of_such_files() {
        let bytes = packed(&[1, -2, 3], 24_000, Packing::Wav);
        let mut reader = hound::WavReader::new(bytes.as_slice()).unwrap();
        assert_eq!((reader.spec().sample_rate, reader.spec().channels), (24_000, 1));
        assert_eq!(reader.samples::<i16>().map(Result::unwrap).collect::<Vec<_>>(), [1, -2, 3]);
        assert_eq!(packed(&[1], 24_000, Packing::Pcm), [1, 0]);
    }
}
