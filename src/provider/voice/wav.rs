//! The samples of a WAV file as speech servers send it: its lengths may be left open, since the header goes out before the
//! audio is made.
//!
//! The form is that of "Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991). Not for files
//! that are kept: those are read strictly, by the media's own reader.

/// PCM of whole numbers.
const PCM: u16 = 1;
/// The tag of the extensible form, whose true tag stands further on.
const EXTENSIBLE: u16 = 0xFFFE;
/// Hertz that speech has.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// Mono signed 16-bit little-endian samples.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Samples {
    pub(super) pcm: Vec<u8>,
    pub(super) sample_rate: u32,
}

/// Why a body is no WAV file that can be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WavFault {
    /// It begins otherwise.
    NotWav,
    /// It ends before its own length.
    Cut,
    /// It is one of another kind.
    Other(String),
}

/// Reads a file. Two channels are put together into one.
pub(super) fn read(body: &[u8]) -> Result<Samples, WavFault> {
    let begins = b"RIFF".iter().zip(body).all(|(wanted, found)| wanted == found);
    let is_wave = body.get(8..12).is_none_or(|word| word == b"WAVE");
    if !begins || !is_wave || body.is_empty() {
        return Err(WavFault::NotWav);
    }
    let mut at = 12;
    let mut format = None;
    loop {
        let header = body.get(at..).and_then(|rest| rest.first_chunk::<8>()).ok_or(WavFault::Cut)?;
        let [a, b, c, d, size @ ..] = *header;
        let size = u32::from_le_bytes(size);
        let rest = body.get(at + 8..).ok_or(WavFault::Cut)?;
        let length = usize::try_from(size).map_err(|_| WavFault::Cut)?;
        match &[a, b, c, d] {
            b"data" => {
                let (channels, sample_rate) = format.ok_or_else(|| WavFault::Other("it has no format".to_owned()))?;
                // A length that was not known when the header was sent is all ones, or none at all.
                let is_open = size >= u32::MAX - 36 || (size == 0 && !rest.is_empty());
                let audio = if is_open { rest } else { rest.get(..length).ok_or(WavFault::Cut)? };
                return Ok(Samples { pcm: mono(audio, channels)?, sample_rate });
            }
            b"fmt " => format = Some(read_format(rest.get(..length).ok_or(WavFault::Cut)?)?),
            _ => {}
        }
        // Parts begin at even offsets.
        at = at.saturating_add(8).saturating_add(length).saturating_add(length % 2);
    }
}

/// The number of channels and the sample rate.
fn read_format(part: &[u8]) -> Result<(u16, u32), WavFault> {
    let other = |what: String| WavFault::Other(what);
    let short = |at: usize| {
        let bytes = part.get(at..).and_then(|rest| rest.first_chunk::<2>());
        bytes.map(|bytes| u16::from_le_bytes(*bytes)).ok_or_else(|| other("its format is too short".to_owned()))
    };
    let tag = match short(0)? {
        EXTENSIBLE => short(24)?,
        tag => tag,
    };
    let channels = short(2)?;
    let sample_rate = u32::from(short(4)?) | (u32::from(short(6)?) << 16);
    let bits = short(14)?;
    match (tag, bits, channels) {
        (PCM, 16, 1 | 2) if RATES.contains(&sample_rate) => Ok((channels, sample_rate)),
        (PCM, 16, 1 | 2) => Err(other(format!("{sample_rate} samples a second"))),
        _ => Err(other(format!("format {tag} with {bits} bits and {channels} channels, and not 16-bit PCM"))),
    }
}

/// One channel of one or two. A last frame that is not whole is left to the caller to see.
fn mono(audio: &[u8], channels: u16) -> Result<Vec<u8>, WavFault> {
    if channels == 1 {
        return Ok(audio.to_vec());
    }
    let (frames, rest) = audio.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(WavFault::Cut);
    }
    let middle = |frame: &[u8; 4]| {
        let [a, b, c, d] = *frame;
        let sum = i32::from(i16::from_le_bytes([a, b])) + i32::from(i16::from_le_bytes([c, d]));
        i16::try_from(sum / 2).unwrap_or_default().to_le_bytes()
    };
    Ok(frames.iter().flat_map(middle).collect())
}
