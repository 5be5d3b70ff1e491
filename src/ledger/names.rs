//! Names of files that people or keys choose: one plain component, never a path.

use std::fmt;
use std::str::FromStr;

use crate::domain::ids::IntentKey;

/// A name of 1 to 120 lower-case letters, digits, `-` and `_`. It can be no path, no hidden file and no temporary one,
/// and it is the same name on file systems that do not tell upper from lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlainName(String);

/// A text that is no [`PlainName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot name a file here: use 1 to 120 lower-case letters, digits, `-` and `_`")]
pub struct PlainNameError(String);

impl PlainName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PlainName {
    type Err = PlainNameError;

    fn from_str(name: &str) -> Result<Self, PlainNameError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        if (1..=120).contains(&name.len()) && name.bytes().all(plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(PlainNameError(name.chars().filter(|c| !c.is_control()).take(40).collect()))
        }
    }
}

impl From<&IntentKey> for PlainName {
    fn from(key: &IntentKey) -> Self {
        // A stage's name is lower-case letters, digits and underscores, at most 64; the rest are numbers and dashes.
        Self(key.to_string())
    }
}

impl fmt::Display for PlainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::EpisodeNumber;

    #[test]
    fn no_path_is_a_name() {
        for bad in ["", ".", "..", "../x", "a/b", "a\\b", "A", ".tmp-1", "a.json", "é", "a\0", &"x".repeat(121)] {
            assert!(bad.parse::<PlainName>().is_err(), "{bad:?}");
        }
        assert_eq!("note-042_a".parse::<PlainName>().unwrap().as_str(), "note-042_a");
    }

    #[test]
    fn the_longest_intent_key_is_a_name() {
        let stage = format!("a{}", "_".repeat(63)).parse().unwrap();
        let key = IntentKey { episode: EpisodeNumber(u32::MAX), stage, unit: u32::MAX, attempt: u32::MAX };
        assert_eq!(PlainName::from(&key).as_str().parse(), Ok(PlainName::from(&key)));
    }
}
