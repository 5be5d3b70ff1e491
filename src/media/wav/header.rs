//! The header of a WAV file, read strictly: every length in it is compared with what is there.
//!
//! The form is that of "Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991), with
//! the extensible format tag of later Windows. A stream's header that leaves its lengths open is refused as well.

use std::io::{Read, Seek, SeekFrom};

use super::{MAX_BYTES, Measure, SAMPLE_RATES, WavError};

/// The length of the shortest header, in bytes, up to the first sample.
pub(super) const LENGTH: u64 = 44;

const PCM: u16 = 1;
const EXTENSIBLE: u16 = 0xFFFE;
/// Bytes of one sample of one channel.
const BLOCK: u16 = 2;

/// Walks over the parts to the end of the file, and gives its length and the offset of its first sample.
pub(super) fn read(mut source: impl Read + Seek) -> Result<(Measure, u64), WavError> {
    let length = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(0))?;
    if length > MAX_BYTES {
        return Err(WavError::TooLarge(length));
    }
    let Some([riff, size, wave]) = words::<3>(&mut source, length, 0)? else { return Err(WavError::NotWav) };
    if &riff != b"RIFF" || &wave != b"WAVE" {
        return Err(WavError::NotWav);
    }
    let said = u64::from(u32::from_le_bytes(size)) + 8;
    if said != length {
        return Err(WavError::Lies { what: "the length of the file", said, found: length });
    }
    let mut at = 12;
    let (mut sample_rate, mut data) = (None, None);
    while let Some([name, size]) = words::<2>(&mut source, length, at)? {
        let size = u64::from(u32::from_le_bytes(size));
        let body = at + 8;
        if body + size > length {
            return Err(WavError::Lies { what: "the length of a part", said: size, found: length - body });
        }
        match &name {
            b"fmt " if sample_rate.is_none() => sample_rate = Some(format(&mut source, size)?),
            b"data" if data.is_none() => data = Some((size, body)),
            // Two of a kind leave open which of them holds.
            b"fmt " | b"data" => {
                return Err(WavError::Lies { what: "the number of format or data parts", said: 1, found: 2 });
            }
            _ => {}
        }
        // Parts begin at even offsets.
        at = body + size + size % 2;
    }
    let sample_rate = sample_rate.ok_or(WavError::Missing("fmt"))?;
    let (bytes, begins) = data.ok_or(WavError::Missing("data"))?;
    if bytes % u64::from(BLOCK) != 0 {
        return Err(WavError::Missing("data"));
    }
    Ok((Measure { frames: bytes / u64::from(BLOCK), sample_rate }, begins))
}

/// Some words of four bytes at an offset, or nothing where the file ends before them.
fn words<const N: usize>(mut source: impl Read + Seek, length: u64, at: u64) -> Result<Option<[[u8; 4]; N]>, WavError> {
    if at + 4 * N as u64 > length {
        return Ok(None);
    }
    source.seek(SeekFrom::Start(at))?;
    let mut words = [[0; 4]; N];
    for word in &mut words {
        source.read_exact(word)?;
    }
    Ok(Some(words))
}

/// Reads the format and gives the sample rate, or says what is not handled.
fn format(mut source: impl Read, size: u64) -> Result<u32, WavError> {
    if size < 16 {
        return Err(WavError::Missing("fmt"));
    }
    let mut short = || -> Result<u16, WavError> {
        let mut bytes = [0; 2];
        source.read_exact(&mut bytes)?;
        Ok(u16::from_le_bytes(bytes))
    };
    let (tag, channels) = (short()?, short()?);
    let mut long = || Ok::<u32, WavError>(u32::from(short()?) | (u32::from(short()?) << 16));
    let (sample_rate, byte_rate) = (long()?, long()?);
    let (block, bits) = (short()?, short()?);
    let tag = if tag == EXTENSIBLE && size >= 40 {
        // The length of the extension, the valid bits and the places of the channels come before the true tag.
        for _ in 0..4 {
            short()?;
        }
        short()?
    } else {
        tag
    };
    let form = |what, found: u16| Err(WavError::Form { what, found: u32::from(found) });
    if tag != PCM {
        return form("the format", tag);
    }
    if channels != 1 {
        return form("a number of channels of", channels);
    }
    if bits != 8 * BLOCK {
        return form("a sample size in bits of", bits);
    }
    if !SAMPLE_RATES.contains(&sample_rate) {
        return Err(WavError::SampleRate(sample_rate));
    }
    let lies = |what, said: u32, found: u32| WavError::Lies { what, said: u64::from(said), found: u64::from(found) };
    if block != BLOCK {
        return Err(lies("the size of a frame", u32::from(block), u32::from(BLOCK)));
    }
    let rate = sample_rate * u32::from(BLOCK);
    if byte_rate != rate {
        return Err(lies("the number of bytes a second", byte_rate, rate));
    }
    Ok(sample_rate)
}
