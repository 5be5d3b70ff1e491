//! A share of a whole, in parts of a thousand.
//!
//! It is on purpose no score: a judge's points are opinions on a scale of five, a share is measured, and nothing here
//! compares the one with the other or turns the one into the other.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A fraction of one, from 0 to 1000 parts of a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Share(u16);

/// More than the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} parts of a thousand are more than the whole")]
pub struct ShareError(u16);

impl Share {
    /// Nothing of it.
    pub const NONE: Self = Self(0);
    /// All of it.
    pub const WHOLE: Self = Self(1000);

    /// A share from its parts of a thousand.
    ///
    /// # Errors
    ///
    /// When there are more than a thousand.
    pub fn new(per_mille: u16) -> Result<Self, ShareError> {
        if per_mille > Self::WHOLE.0 { Err(ShareError(per_mille)) } else { Ok(Self(per_mille)) }
    }

    /// How much a part is of a whole, rounded to the nearest thousandth. A part beyond the whole is all of it; of a whole
    /// of nothing, nothing is nothing and anything is all.
    pub fn of(part: u64, whole: u64) -> Self {
        if part == 0 {
            return Self::NONE;
        }
        if part >= whole {
            return Self::WHOLE;
        }
        let rounded = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
        Self(u16::try_from(rounded).unwrap_or(Self::WHOLE.0))
    }

    /// The parts of a thousand.
    pub fn per_mille(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Share {
    type Error = ShareError;

    fn try_from(per_mille: u16) -> Result<Self, ShareError> {
        Self::new(per_mille)
    }
}

impl From<Share> for u16 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} %", self.0 / 10, self.0 % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_more_than_the_whole() {
        assert_eq!(Share::new(1000), Ok(Share::WHOLE));
        assert_eq!(Share::new(1001), Err(ShareError(1001)));
        assert!(serde_json::from_str::<Share>("1001").is_err());
        assert_eq!(serde_json::to_string(&Share::WHOLE).unwrap(), "1000");
    }

    #[test]
    fn a_part_of_a_whole_is_rounded_and_capped() {
        for (part, whole, wanted) in
            [(0, 0, 0), (1, 0, 1000), (0, 7, 0), (1, 3, 333), (2, 3, 667), (9, 3, 1000), (u64::MAX - 1, u64::MAX, 1000)]
        {
            assert_eq!(Share::of(part, whole).per_mille(), wanted, "{part} of {whole}");
        }
        assert_eq!(Share::of(1, 8).to_string(), "12.5 %");
    }
}
