//! Identifiers: of episodes, stages, lines and paid calls. Each is its own type, so that none can stand in for another.
//!
//! Not for content: what is stored is named by its hash.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The number of an episode, unique in its studio, printed with at least three digits (`042`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EpisodeNumber(pub u32);

impl fmt::Display for EpisodeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// Why a name was refused as an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name has no character.
    #[error("the name is empty")]
    Empty,
    /// The name has more than 64 characters.
    #[error("the name is longer than 64 characters")]
    TooLong,
    /// A character other than a lower-case letter, a digit or an underscore, or a first one that is no letter.
    #[error("`{0}` is not allowed: use lower-case letters, digits and underscores, beginning with a letter")]
    Character(char),
}

/// The name of a stage of the pipeline: lower-case letters, digits and underscores, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StageId(String);

impl StageId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StageId {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let first = name.chars().next().ok_or(NameError::Empty)?;
        if name.chars().count() > 64 {
            return Err(NameError::TooLong);
        }
        if !first.is_ascii_lowercase() {
            return Err(NameError::Character(first));
        }
        match name.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_')) {
            Some(bad) => Err(NameError::Character(bad)),
            None => Ok(Self(name.to_owned())),
        }
    }
}

impl TryFrom<String> for StageId {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        name.parse()
    }
}

impl From<StageId> for String {
    fn from(id: StageId) -> Self {
        id.0
    }
}

impl fmt::Display for StageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The stable number of a script's line, printed as `L041`. It stays with the line through every revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LineId(pub u32);

/// A text that is not a line id, such as `l41` or `L0`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a line id: it is `L` and a number from 1, such as `L041`")]
pub struct LineIdError(String);

impl FromStr for LineId {
    type Err = LineIdError;

    fn from_str(text: &str) -> Result<Self, LineIdError> {
        let refuse = || LineIdError(text.chars().take(20).collect());
        let digits = text.strip_prefix('L').ok_or_else(refuse)?;
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refuse());
        }
        match digits.parse() {
            Ok(number) if number > 0 => Ok(Self(number)),
            Ok(_) | Err(_) => Err(refuse()),
        }
    }
}

impl TryFrom<String> for LineId {
    type Error = LineIdError;

    fn try_from(text: String) -> Result<Self, LineIdError> {
        text.parse()
    }
}

impl From<LineId> for String {
    fn from(id: LineId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "L{:03}", self.0)
    }
}

/// The blake3 hash of some content, by which an artifact is named; 64 lower-case hexadecimal digits as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

/// A text that is not a content hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a content hash: it has 64 hexadecimal digits, `0` to `9` and `a` to `f`")]
pub struct HashError(String);

impl ContentHash {
    /// The hash of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The hash of a list of parts, each with its length, so that no two lists share their bytes.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 digits: what people compare.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({})", self.short())
    }
}

impl FromStr for ContentHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let refuse = || HashError(text.chars().take(70).collect());
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(refuse());
        }
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(|_| refuse())
    }
}

impl TryFrom<String> for ContentHash {
    type Error = HashError;

    fn try_from(text: String) -> Result<Self, HashError> {
        text.parse()
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

/// The key of one paid call: episode, stage, unit of work and attempt. A second attempt is another key, so that a key
/// that completes twice at a provider would be a call paid twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IntentKey {
    /// The episode that pays.
    pub episode: EpisodeNumber,
    /// The stage that the call works for.
    pub stage: StageId,
    /// The unit of work within the stage, such as the line to be spoken; 0 where a stage has just one.
    pub unit: u32,
    /// The attempt at this unit, from 1, counted over the whole life of the episode.
    pub attempt: u32,
}

impl fmt::Display for IntentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}-{}", self.episode, self.stage, self.unit, self.attempt)
    }
}

/// A text that is not an intent key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the key of a call: it is episode, stage, unit and attempt, such as `042-script-0-1`")]
pub struct IntentKeyError(String);

impl FromStr for IntentKey {
    type Err = IntentKeyError;

    fn from_str(text: &str) -> Result<Self, IntentKeyError> {
        let refuse = || IntentKeyError(text.chars().take(90).collect());
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if digits { part.parse::<u32>().map_err(|_| refuse()) } else { Err(refuse()) }
        };
        match text.split('-').collect::<Vec<_>>().as_slice() {
            [episode, stage, unit, attempt] => Ok(Self {
                episode: EpisodeNumber(number(episode)?),
                stage: stage.parse().map_err(|_| refuse())?,
                unit: number(unit)?,
                attempt: number(attempt)?,
            }),
            _ => Err(refuse()),
        }
    }
}

impl TryFrom<String> for IntentKey {
    type Error = IntentKeyError;

    fn try_from(text: String) -> Result<Self, IntentKeyError> {
        text.parse()
    }
}

impl From<IntentKey> for String {
    fn from(key: IntentKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ids_survive_the_round_trip_and_nothing_else_is_one() {
        for number in [1, 41, 999, 12_345] {
            assert_eq!(LineId(number).to_string().parse(), Ok(LineId(number)));
        }
        for bad in ["", "L", "L0", "l41", "41", "L-1", "L4x", "L99999999999"] {
            assert!(bad.parse::<LineId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_stage_name_can_never_be_a_path() {
        for bad in ["", "../x", "a/b", "a b", "Voice", "1st", "a\u{1b}"] {
            assert!(bad.parse::<StageId>().is_err(), "{bad}");
        }
        assert!("judge_a".parse::<StageId>().is_ok());
    }

    #[test]
    fn a_content_hash_is_its_digits_and_lists_do_not_run_together() {
        let hash = ContentHash::of(b"script");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for bad in ["", "abc", &hash.to_string().to_uppercase(), &format!("{hash}0"), "../../etc/passwd"] {
            assert!(bad.parse::<ContentHash>().is_err(), "{bad}");
        }
        let of = |parts: &[&str]| ContentHash::of_parts(parts.iter().map(|p| p.as_bytes()));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }

    #[test]
    fn intent_keys_of_two_attempts_differ() {
        let key = |attempt| IntentKey { episode: EpisodeNumber(7), stage: "voice".parse().unwrap(), unit: 12, attempt };
        assert_eq!(key(1).to_string(), "007-voice-12-1");
        assert_eq!("007-voice-12-1".parse(), Ok(key(1)));
        for bad in ["", "007-voice-12", "007-voice-12-1-2", "x-voice-1-1", "7-Voice-1-1", "7-voice-+1-1"] {
            assert!(bad.parse::<IntentKey>().is_err(), "{bad}");
        }
        assert_ne!(key(1).to_string(), key(2).to_string());
    }
}
