//! The version of a prompt: three numbers, compared one after the other. Not for pre-releases: a prompt is in use or it is not.

use std::fmt;
use std::str::FromStr;

/// A version, such as `1.2.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Raised when what the agent hands on or is handed changes.
    pub major: u32,
    /// Raised when what the agent is asked to do changes.
    pub minor: u32,
    /// Raised when only its words change.
    pub patch: u32,
}

/// A text that is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version: it is three numbers with points between them, such as `1.2.0`")]
pub struct VersionError(String);

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let refuse = || VersionError(text.chars().take(40).collect());
        let number = |part: &str| {
            let is_number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if !is_number || (part.len() > 1 && part.starts_with('0')) {
                return Err(refuse());
            }
            part.parse::<u32>().map_err(|_| refuse())
        };
        let parts: Vec<&str> = text.split('.').collect();
        match parts.as_slice() {
            [major, minor, patch] => Ok(Self { major: number(major)?, minor: number(minor)?, patch: number(patch)? }),
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number_and_not_by_letter() {
        let mut versions: Vec<Version> =
            ["1.10.0", "1.9.9", "0.20.0", "1.9.10", "2.0.0"].map(|v| v.parse().unwrap()).to_vec();
        versions.sort();
        let sorted: Vec<String> = versions.iter().map(ToString::to_string).collect();
        assert_eq!(sorted, ["0.20.0", "1.9.9", "1.9.10", "1.10.0", "2.0.0"]);
        for bad in ["", "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1..0", "1.0.-1", "1.0.99999999999"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }
}
