//! The hash chain over the journal's lines: each line carries the hash of the one before and its own.
//!
//! Not a signature: whoever may write the file can write another chain. It finds damage, a missing line, a changed
//! one, and a mixture of two journals.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The BLAKE3 hash of one line of the journal, over its bytes as written. Printed as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LineHash([u8; 32]);

/// A text that is not 64 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line's hash is 64 lower-case hex digits")]
pub struct LineHashError;

impl LineHash {
    /// What the first line of a journal names as the line before it.
    pub const GENESIS: Self = Self([0; 32]);

    /// The hash of these bytes: a line up to, and not with, its `,"hash":` field. The line before is covered too,
    /// because its hash stands in these bytes as `prev`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash that was stored as its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for LineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for LineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineHash({self})")
    }
}

impl FromStr for LineHash {
    type Err = LineHashError;

    fn from_str(text: &str) -> Result<Self, LineHashError> {
        // One spelling only: upper-case digits would make two texts of one hash.
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(LineHashError);
        }
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(|_| LineHashError)
    }
}

impl TryFrom<String> for LineHash {
    type Error = LineHashError;

    fn try_from(text: String) -> Result<Self, LineHashError> {
        text.parse()
    }
}

impl From<LineHash> for String {
    fn from(hash: LineHash) -> Self {
        hash.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_one_spelling() {
        let hash = LineHash::of(b"a line");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string().len(), 64);
        assert!(hash.to_string().to_uppercase().parse::<LineHash>().is_err());
        assert!("00".parse::<LineHash>().is_err());
        assert_eq!(LineHash::GENESIS.to_string(), "0".repeat(64));
        assert_ne!(LineHash::of(b"a line"), LineHash::of(b"b line"));
    }
}
