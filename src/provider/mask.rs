//! Keeps keys out of everything that comes back: a server may repeat what it was sent, as it was or in another spelling,
//! and a model may say what it should never have seen.
//!
//! All known keys are looked for in every answer. What is masked keeps its length, so that a body keeps its shape, and
//! JSON stays JSON. Not for what looks like some key: that is in [`super::error`], for messages alone.

mod pieces;
mod spelling;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use self::pieces::Pieces;
use self::spelling::{Fit, fit, may_spell};

/// Shorter texts are not looked for: a key of a few letters, as small servers take, is no secret and stands in every text.
const SHORTEST: usize = 6;

/// A text of letters alone is a word below this length, and words stand in answers.
const SHORTEST_WORD: usize = 16;

/// The most bytes of one spelling.
const LONGEST: usize = 8 * 1024;

/// A text that is looked for.
struct Needle {
    text: Vec<u8>,
    ignores_case: bool,
}

/// Keys that are looked for, each as it is, in hexadecimal, and in base64 wherever it begins; and each of these in every
/// spelling of its characters. Cheap to clone. It shows nothing of them.
#[derive(Clone)]
pub struct Mask(Arc<Needles>);

struct Needles {
    /// The longest first.
    all: Vec<Needle>,
    /// Which needles begin with a byte, by their places above.
    begins: Vec<Vec<usize>>,
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask(***)")
    }
}

impl Mask {
    /// The mask of these keys. What is too short to be a secret, or is a mere word, is left out.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = BTreeSet::new();
        for key in keys {
            // A quote at the end of a key would be taken for the end of a text.
            let key = key.trim_end_matches(['"', '\\']);
            let is_word = key.len() < SHORTEST_WORD && key.bytes().all(|b| b.is_ascii_alphabetic());
            if key.len() < SHORTEST || is_word {
                continue;
            }
            all.insert((key.as_bytes().to_vec(), true));
            all.insert((key.bytes().flat_map(|b| format!("{b:02x}").into_bytes()).collect(), true));
            all.extend((0..3).flat_map(|before| in_base64(key, before)).map(|text| (text, false)));
        }
        let mut all: Vec<Needle> = all.into_iter().map(|(text, ignores_case)| Needle { text, ignores_case }).collect();
        all.retain(|needle| needle.text.len() >= SHORTEST);
        all.sort_by_key(|needle| std::cmp::Reverse(needle.text.len()));
        let is_begun_by = |needle: &Needle, byte: u8| {
            let first = needle.text.first().copied().unwrap_or_default();
            may_spell(byte) || first == byte || (needle.ignores_case && first.eq_ignore_ascii_case(&byte))
        };
        let by =
            |byte| all.iter().enumerate().filter(|(_, needle)| is_begun_by(needle, byte)).map(|(at, _)| at).collect();
        let begins = (0..=u8::MAX).map(by).collect();
        Self(Arc::new(Needles { all, begins }))
    }

    fn begun_by(&self, byte: u8) -> impl Iterator<Item = &Needle> {
        let places = self.0.begins.get(usize::from(byte)).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|at| self.0.all.get(*at))
    }

    /// Replaces every occurrence by as many `*`. Says whether a key may stand in pieces: the beginning of one stands
    /// before the end of a text.
    fn apply(&self, bytes: &mut [u8]) -> bool {
        let mut is_in_pieces = false;
        if self.0.all.is_empty() {
            return is_in_pieces;
        }
        let mut at = 0;
        while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
            let first = rest.first().copied().unwrap_or_default();
            let mut length = 0;
            for needle in self.begun_by(first) {
                match fit(&needle.text, needle.ignores_case, rest) {
                    Fit::Whole(found) => {
                        length = found;
                        break;
                    }
                    // The quote may be escaped where the text lies within another.
                    Fit::Until(end) => is_in_pieces |= end > 0 && matches!(rest.get(end), Some(b'"' | b'\\')),
                    Fit::Begun => is_in_pieces = true,
                }
            }
            if let Some(part) = rest.get_mut(..length) {
                part.fill(b'*');
            }
            at += length.max(1);
        }
        is_in_pieces
    }

    /// A text without the keys.
    pub fn text(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.apply(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A whole body without the keys, in one piece or in several texts that are read as one.
    pub fn body(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        if self.apply(&mut out) { pieces::whole(self, out) } else { out }
    }

    /// How many bytes at the end may be the beginning of a key.
    fn begun(&self, bytes: &[u8]) -> usize {
        let from = bytes.len().saturating_sub(LONGEST);
        let begins = |at: &usize| {
            let rest = bytes.get(*at..).unwrap_or_default();
            let first = rest.first().copied().unwrap_or_default();
            self.begun_by(first).any(|needle| fit(&needle.text, needle.ignores_case, rest) == Fit::Begun)
        };
        (from..bytes.len()).find(begins).map_or(0, |at| bytes.len() - at)
    }
}

/// A mask over bytes that come in pieces: a key that is cut between two is found all the same, and so is one that stands
/// in several texts of a stream of events.
pub(super) struct Masking {
    mask: Mask,
    held: Vec<u8>,
    events: Option<Pieces>,
}

impl Masking {
    /// A mask over a body, which is a stream of events or is not.
    pub(super) fn new(mask: Mask, is_stream: bool) -> Self {
        let events = is_stream.then(|| Pieces::new(mask.clone()));
        Self { mask, held: Vec::new(), events }
    }

    /// Takes the next piece and gives what can go on.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(piece);
        let is_in_pieces = self.mask.apply(&mut bytes);
        self.held = bytes.split_off(bytes.len() - self.mask.begun(&bytes));
        match &mut self.events {
            Some(events) => events.push(&bytes, is_in_pieces),
            None => bytes,
        }
    }

    /// What was held back, at the end. As much of a key as would help to guess it is masked too.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.held);
        if rest.len() >= SHORTEST {
            rest.fill(b'*');
        }
        match &mut self.events {
            Some(events) => {
                let mut out = events.push(&rest, true);
                out.extend(events.finish());
                out
            }
            None => rest,
        }
    }
}

/// What of the key's base64 does not depend on what stands around it, with so many bytes of a group before it.
fn in_base64(key: &str, before: usize) -> [Vec<u8>; 2] {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(key.as_bytes());
    let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]
        .map(|text| text.as_bytes().get(from..to).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests;
