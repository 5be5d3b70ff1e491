//! Keeps a key out of everything that comes back: a server may repeat what it was sent, as it was or in another spelling.
//!
//! What is masked keeps its length, so that a body keeps its shape. Not for what looks like some key: that is in
//! [`super::error`], for messages alone.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter texts are not looked for: a key of a few letters, as small servers take, is no secret and stands in every text.
const SHORTEST: usize = 6;

/// The spellings of a key that are looked for: as it is, as JSON, in an address, and in base64 wherever it begins.
pub(super) struct Mask {
    forms: Vec<Vec<u8>>,
    begins: [bool; 256],
}

impl Mask {
    /// A mask that masks nothing.
    pub(super) fn nothing() -> Self {
        Self { forms: Vec::new(), begins: [false; 256] }
    }

    /// The mask of a key.
    pub(super) fn of(key: &str) -> Self {
        let mut forms: Vec<Vec<u8>> = Vec::new();
        if key.len() >= SHORTEST {
            let json = serde_json::to_string(key).unwrap_or_default();
            let json = json.trim_matches('"').to_owned();
            forms.extend([key.to_owned(), json.replace('/', "\\/"), json].map(String::into_bytes));
            forms.extend([true, false].map(|upper| percent(key, upper).into_bytes()));
            forms.extend((0..3).flat_map(|before| in_base64(key, before)));
        }
        forms.retain(|form| form.len() >= SHORTEST);
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        let mut begins = [false; 256];
        for first in forms.iter().filter_map(|form| form.first()) {
            if let Some(begins) = begins.get_mut(usize::from(*first)) {
                *begins = true;
            }
        }
        Self { forms, begins }
    }

    fn may_begin(&self, byte: u8) -> bool {
        self.begins.get(usize::from(byte)).copied().unwrap_or(false)
    }

    /// Replaces every occurrence by as many `*`.
    pub(super) fn apply(&self, bytes: &mut [u8]) {
        if self.forms.is_empty() {
            return;
        }
        let mut at = 0;
        while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
            let may = rest.first().is_some_and(|byte| self.may_begin(*byte));
            let found = if may { self.forms.iter().find(|form| rest.starts_with(form)) } else { None };
            let length = found.map_or(1, Vec::len);
            if let (Some(_), Some(part)) = (found, rest.get_mut(..length)) {
                part.fill(b'*');
            }
            at += length;
        }
    }

    /// A text without the key.
    pub(super) fn text(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.apply(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// How many bytes at the end may be the beginning of the key.
    fn begun(&self, bytes: &[u8]) -> usize {
        let longest = self.forms.first().map_or(0, Vec::len).saturating_sub(1).min(bytes.len());
        let begins = |length: &usize| {
            let end = bytes.get(bytes.len() - length..).unwrap_or_default();
            self.forms.iter().any(|form| form.len() > *length && form.starts_with(end))
        };
        (1..=longest).rev().find(begins).unwrap_or(0)
    }
}

/// A mask over bytes that come in pieces: a key that is cut between two is found all the same.
pub(super) struct Masking {
    mask: Mask,
    held: Vec<u8>,
}

impl Masking {
    pub(super) fn new(mask: Mask) -> Self {
        Self { mask, held: Vec::new() }
    }

    /// Takes the next piece and gives what can go on.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(piece);
        self.mask.apply(&mut bytes);
        self.held = bytes.split_off(bytes.len() - self.mask.begun(&bytes));
        bytes
    }

    /// What was held back, at the end. As much of a key as would help to guess it is masked too.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.held);
        if rest.len() >= SHORTEST {
            rest.fill(b'*');
        }
        rest
    }
}

/// The key as it stands in an address.
fn percent(key: &str, upper: bool) -> String {
    let mut out = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = if upper { write!(out, "%{byte:02X}") } else { write!(out, "%{byte:02x}") };
        }
    }
    out
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
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "gr/key+7f3a\"9c==";

    fn once(key: &str, text: &str) -> String {
        Mask::of(key).text(text)
    }

    #[test]
    fn every_spelling_is_found_and_the_length_stays() {
        let spellings = [
            KEY.to_owned(),
            serde_json::to_string(KEY).unwrap(),
            serde_json::to_string(KEY).unwrap().replace('/', "\\/"),
            "gr%2Fkey%2B7f3a%229c%3D%3D".to_owned(),
            "gr%2fkey%2b7f3a%229c%3d%3d".to_owned(),
        ];
        for spelling in spellings {
            let text = format!("a {spelling} b");
            let masked = once(KEY, &text);
            assert_eq!(masked.len(), text.len());
            assert!(!masked.contains("7f3a") && masked.starts_with("a ") && masked.ends_with(" b"), "{masked}");
        }
        assert_eq!(once("short", "a short text"), "a short text");
    }

    proptest! {
        #[test]
        fn in_base64_it_is_found_wherever_it_begins(before in ".{0,7}", after in ".{0,7}") {
            let text = STANDARD.encode(format!("{before}{KEY}{after}"));
            let masked = once(KEY, &text);
            prop_assert!(masked.matches('*').count() >= KEY.len(), "{} {}", text, masked);
        }

        #[test]
        fn pieces_come_out_as_the_whole_does(cuts in prop::collection::vec(0usize..60, 0..6)) {
            let text = format!("one {KEY} two {KEY}{KEY} gr/key+7 three");
            let whole = once(KEY, &text);
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
            cuts.sort_unstable();
            let mut masking = Masking::new(Mask::of(KEY));
            let mut out = Vec::new();
            let mut from = 0;
            for to in cuts.into_iter().chain([text.len()]) {
                out.extend(masking.push(&text.as_bytes()[from..to]));
                from = to;
            }
            out.extend(masking.finish());
            prop_assert_eq!(String::from_utf8(out).unwrap(), whole);
        }
    }

    #[test]
    fn a_key_that_a_cut_ends_is_masked_as_far_as_it_came() {
        let mut masking = Masking::new(Mask::of(KEY));
        assert_eq!(masking.push(b"it is gr/key+7f"), b"it is ");
        assert_eq!(masking.finish(), b"*********");
    }
}
