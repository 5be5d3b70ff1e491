//! The key under which a provider knows one paid call, and the id of the studio that stands in it.
//!
//! Two studios on one account never send the same key: it begins with the id of the studio. It ends with the moment of the
//! intent, so that a copy of a folder, or one that was put back from a backup, sends keys of its own as well. Not for how a call
//! is known in the ledger: that is the [`IntentKey`] alone.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::Provenance;
use super::ids::{ContentHash, IntentKey};

/// The id of a studio: 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StudioId(String);

/// A text that is not the id of a studio.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of a studio: it has 16 hexadecimal digits, `0` to `9` and `a` to `f`")]
pub struct StudioIdError(String);

impl StudioId {
    /// The id of a new studio, from a number that was drawn for it.
    pub fn drawn(number: u64) -> Self {
        Self(format!("{number:016x}"))
    }

    /// The id of a studio that was created before studios had one: it follows from its first event, which never changes.
    pub(super) fn of_first_event(at: Timestamp, provenance: Provenance) -> Self {
        let (moment, kind) = (at.as_microsecond().to_be_bytes(), provenance.to_string());
        let hash = ContentHash::of_parts([b"studio 1".as_slice(), &moment, kind.as_bytes()]);
        Self(hash.to_string().chars().take(16).collect())
    }
}

impl fmt::Display for StudioId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for StudioId {
    type Err = StudioIdError;

    fn from_str(text: &str) -> Result<Self, StudioIdError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 16 && text.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(StudioIdError(text.chars().take(40).collect()))
        }
    }
}

impl TryFrom<String> for StudioId {
    type Error = StudioIdError;

    fn try_from(text: String) -> Result<Self, StudioIdError> {
        text.parse()
    }
}

impl From<StudioId> for String {
    fn from(id: StudioId) -> Self {
        id.0
    }
}

/// The key of one paid call as its provider is told it: the studio, the call, the moment of its intent in microseconds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SentKey {
    /// The studio that pays.
    pub studio: StudioId,
    /// The call.
    pub key: IntentKey,
    /// The moment of its intent, in microseconds since 1970.
    pub at: i64,
}

impl SentKey {
    /// The key of a call of a studio that was intended at a moment.
    pub fn new(studio: StudioId, key: IntentKey, at: Timestamp) -> Self {
        Self { studio, key, at: at.as_microsecond() }
    }
}

/// A text that is not the key of a call as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the key of a call as it was sent: it is studio, episode, stage, unit, attempt and moment")]
pub struct SentKeyError(String);

impl fmt::Display for SentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{:x}", self.studio, self.key, self.at)
    }
}

impl FromStr for SentKey {
    type Err = SentKeyError;

    fn from_str(text: &str) -> Result<Self, SentKeyError> {
        let parts = || {
            let (studio, rest) = text.split_once('-')?;
            let (key, at) = rest.rsplit_once('-')?;
            let at = i64::from_str_radix(at, 16).ok()?;
            Some(Self { studio: studio.parse().ok()?, key: key.parse().ok()?, at })
        };
        parts().ok_or_else(|| SentKeyError(text.chars().take(120).collect()))
    }
}

impl TryFrom<String> for SentKey {
    type Error = SentKeyError;

    fn try_from(text: String) -> Result<Self, SentKeyError> {
        text.parse()
    }
}

impl From<SentKey> for String {
    fn from(key: SentKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "042-speech_text-12-3";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn two_studios_and_a_copy_of_one_send_different_keys_for_the_same_call() {
        let sent = |studio: u64, moment: &str| {
            SentKey::new(StudioId::drawn(studio), KEY.parse().unwrap(), at(moment)).to_string()
        };
        let own = sent(7, "2026-11-24T09:00:00.000001Z");
        assert_eq!(own, "0000000000000007-042-speech_text-12-3-66101ef6ca401");
        assert_ne!(own, sent(8, "2026-11-24T09:00:00.000001Z"), "another studio on the same account");
        assert_ne!(own, sent(7, "2026-11-24T09:00:00.000002Z"), "a copy of the folder that goes on by itself");
        assert_eq!(own.parse::<SentKey>().unwrap().to_string(), own);
        assert!(own.len() <= 64, "a batch takes no longer name");
        for bad in ["", KEY, "7-042-script-0-1-5", "0000000000000007-042-script-0-1-x", "0000000000000007--5"] {
            assert!(bad.parse::<SentKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_old_studio_has_the_id_of_its_first_event_for_ever() {
        let id = |moment, kind| StudioId::of_first_event(at(moment), kind).to_string();
        let own = id("2026-11-24T09:00:00Z", Provenance::Live);
        assert_eq!(own, id("2026-11-24T09:00:00Z", Provenance::Live));
        assert_ne!(own, id("2026-11-24T09:00:00.000001Z", Provenance::Live));
        assert_ne!(own, id("2026-11-24T09:00:00Z", Provenance::Rehearsal));
        assert!(own.parse::<StudioId>().is_ok());
    }
}
