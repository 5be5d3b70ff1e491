//! Speech without a key: a small formant synthesiser that gives rehearsals voices with a real length and real timing.
//!
//! It is made to be told from silence and from another speaker, to keep to a natural pace and to be much faster than
//! real time; it is not made to be pleasant or released. It knows English spelling roughly and no other language.
//! The same text, voice and sample rate give the same samples in the same build; nothing here reads a clock.

mod phones;
mod spelling;
mod tract;

#[cfg(test)]
mod tests;

use phones::Phone;
use spelling::Piece;
use tract::Span;

/// The most characters that one call speaks: what the largest request of a speech provider takes.
pub const MAX_CHARACTERS: usize = 40_000;

/// Scales the sounds' own lengths so that plain prose comes to about 157 words a minute.
const PACE: f64 = 1.1;

/// Silence after the last sound, in milliseconds, in which it dies away.
const TAIL_MS: f64 = 30.0;

/// How a speaker sounds. Two names nearly always give two voices; one name always gives the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Voice {
    /// The middle of its pitch, in hertz.
    pitch_hz: f32,
    /// The factor on the formants of an adult of middle size.
    size: f32,
    /// The share of a glottal period in which the folds are open.
    open: f32,
    /// How much of the high voice source is kept, from 0 to 1.
    edge: f32,
    /// Noise mixed into the voice source.
    breath: f32,
    /// The factor on its pace; 1 is the common pace.
    rate: f64,
    /// Where its noise begins.
    seed: u64,
}

impl Voice {
    /// The voice that belongs to a name, such as a provider's voice id: its traits are taken from the name's hash.
    pub fn from_name(name: &str) -> Self {
        let hash = blake3::hash(name.as_bytes());
        let mut bytes = hash.as_bytes().iter().copied();
        let mut share = || f32::from(bytes.next().unwrap_or(0)) / 255.0;
        // Voices come in a low and a high group, since those in between are hard to tell apart.
        let high = share() >= 0.5;
        let (pitch_hz, size) = if high {
            (170.0 + 50.0 * share(), 1.08 + 0.10 * share())
        } else {
            (92.0 + 40.0 * share(), 0.92 + 0.09 * share())
        };
        let (open, edge, breath) = (0.55 + 0.2 * share(), 0.35 + 0.4 * share(), 0.01 + 0.03 * share());
        let rate = 0.98 + 0.04 * f64::from(share());
        let seed = bytes.take(8).fold(0, |seed: u64, byte| (seed << 8) | u64::from(byte)) | 1;
        Self { pitch_hz, size, open, edge, breath, rate, seed }
    }

    /// The same voice at a factor of its pace, so that a short rehearsal is heard sooner; kept between 0.5 and 4.
    #[must_use]
    pub fn at_rate(mut self, factor: f64) -> Self {
        let factor = if factor.is_finite() { factor.clamp(0.5, 4.0) } else { 1.0 };
        self.rate *= factor;
        self
    }

    /// The middle of its pitch, in hertz.
    pub fn pitch_hz(&self) -> f32 {
        self.pitch_hz
    }
}

/// What was spoken, and when each character of it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Speech {
    /// Mono, 16 bits.
    pub samples: Vec<i16>,
    /// Samples a second.
    pub sample_rate: u32,
    /// For each Unicode scalar value of the text, the second it begins at.
    pub starts: Vec<f64>,
    /// For each Unicode scalar value of the text, the second it ends at. What is not spoken ends where it begins.
    pub ends: Vec<f64>,
}

/// Why nothing was spoken. No audio was made and none is missing from what was made before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpeakError {
    /// More than [`MAX_CHARACTERS`].
    #[error("the text has {0} characters and at most {MAX_CHARACTERS} are spoken at once: send it in shorter parts")]
    TooLong(usize),
    /// A sample rate at which speech cannot be made.
    #[error("a sample rate of {0} Hz is outside 8000 to 48000 Hz: ask for 24000 Hz")]
    SampleRate(u32),
}

/// Speaks a text. A text without a letter or digit gives the silence of its punctuation.
///
/// # Errors
///
/// When the text is longer than [`MAX_CHARACTERS`], or the sample rate is outside 8000 to 48000 Hz.
pub fn speak(text: &str, voice: &Voice, sample_rate: u32) -> Result<Speech, SpeakError> {
    if !(8_000..=48_000).contains(&sample_rate) {
        return Err(SpeakError::SampleRate(sample_rate));
    }
    let count = text.chars().count();
    if count > MAX_CHARACTERS {
        return Err(SpeakError::TooLong(count));
    }
    let chars: Vec<char> = text.chars().collect();
    let pieces = spelling::pieces(&chars);
    let melody = melody(&pieces);

    let per_ms = f64::from(sample_rate) / 1000.0;
    let (mut now_ms, mut placed) = (0.0_f64, 0_usize);
    let mut spans = Vec::with_capacity(pieces.len() * 2);
    let (mut starts, mut ends) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for (piece, note) in pieces.iter().zip(&melody) {
        let began = placed;
        for phone in piece.phones {
            let stretch = note.stretch(*phone) * PACE / voice.rate;
            for shape in phone.shapes() {
                now_ms += f64::from(shape.ms) * stretch;
                // Positions are rounded, not lengths, so that no error adds up over a long text.
                let until = (now_ms * per_ms).round() as usize;
                spans.push(Span {
                    samples: until.saturating_sub(placed),
                    shape,
                    pitch_hz: voice.pitch_hz * note.pitch,
                    level: if note.stressed { 1.15 } else { 1.0 },
                });
                placed = until;
            }
        }
        let length = (placed - began) as f64 / piece.characters.max(1) as f64;
        for index in 0..piece.characters {
            starts.push((began as f64 + length * index as f64) / f64::from(sample_rate));
            ends.push((began as f64 + length * (index + 1) as f64) / f64::from(sample_rate));
        }
    }
    let tail = if spans.is_empty() { 0 } else { (TAIL_MS * per_ms).round() as usize };
    Ok(Speech { samples: tract::render(&spans, tail, voice, sample_rate), sample_rate, starts, ends })
}

/// How one piece is said within its phrase.
#[derive(Clone, Copy, Debug)]
struct Note {
    /// The factor on the voice's pitch.
    pitch: f32,
    stressed: bool,
    /// Whether it belongs to the last sounds before a pause, which are drawn out.
    closing: bool,
}

impl Note {
    fn stretch(self, phone: Phone) -> f64 {
        match (phone.is_vowel(), self.closing, self.stressed) {
            (true, true, _) => 1.3,
            (true, false, true) => 1.12,
            (true, false, false) | (false, _, _) => 1.0,
        }
    }
}

/// The pitch falls through each phrase; a stressed syllable lifts it, a question ends on a rise.
fn melody(pieces: &[Piece]) -> Vec<Note> {
    let mut notes = Vec::with_capacity(pieces.len());
    for phrase in pieces.split_inclusive(Piece::ends_phrase) {
        let asks = phrase.last().is_some_and(|piece| piece.asks);
        let length = phrase.len().max(1) as f32;
        for (index, piece) in phrase.iter().enumerate() {
            let gone = index as f32 / length;
            let fall = 1.10 - 0.20 * gone;
            let rise = if asks && gone > 0.75 { 0.9 * (gone - 0.75) } else { 0.0 };
            let accent = if piece.stressed { 0.07 } else { 0.0 };
            let closing = phrase.len() - index <= 5 && phrase.last().is_some_and(Piece::ends_phrase);
            notes.push(Note { pitch: fall + rise + accent, stressed: piece.stressed, closing });
        }
    }
    notes
}
