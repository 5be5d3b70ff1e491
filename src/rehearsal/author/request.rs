//! What the author is given: the data blocks of a request's user text, read into the types they hold.
//!
//! Reads forgivingly, because a show may say more than the author needs; what it needs and does not find is an error
//! with the block's name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why the author cannot write. The server answers 400 with these words; nothing is billed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorError {
    /// The schema's title is none of the contracts.
    #[error("the rehearsal author knows no contract `{0}`: the schema's title must name one of the handoffs")]
    UnknownContract(String),
    /// A data block that this contract is written from is not there.
    #[error("the user text has no `<data name=\"{0}\">` block, and this contract is written from it")]
    Missing(&'static str),
    /// A data block that cannot be read.
    #[error("the data block `{name}` cannot be read: {why}")]
    Unreadable {
        /// The block.
        name: &'static str,
        /// The parser's words.
        why: String,
    },
    /// A research package in which no sentence can be spoken.
    #[error("the research package has no sentence that can be spoken")]
    NothingToSay,
}

/// The data blocks of a user text by name. Content cannot close its block, because `</` is written `<\/` in it.
pub fn blocks(user: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = user;
    while let Some((_, after)) = rest.split_once("<data name=\"") {
        let Some((name, body)) = after.split_once("\">") else { break };
        let Some((content, tail)) = body.split_once("</data>") else { break };
        found.insert(name.to_owned(), content.trim().to_owned());
        rest = tail;
    }
    found
}

/// A block, read.
pub(super) fn read<T: DeserializeOwned>(
    blocks: &BTreeMap<String, String>,
    name: &'static str,
) -> Result<T, AuthorError> {
    let text = blocks.get(name).ok_or(AuthorError::Missing(name))?;
    serde_json::from_str(text).map_err(|error| AuthorError::Unreadable { name, why: error.to_string() })
}

/// A block that may be absent.
pub(super) fn read_or_default<T: DeserializeOwned + Default>(
    blocks: &BTreeMap<String, String>,
    name: &'static str,
) -> Result<T, AuthorError> {
    if blocks.contains_key(name) { read(blocks, name) } else { Ok(T::default()) }
}

/// The show, as far as the author needs it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Show {
    /// Its name.
    #[serde(default)]
    pub(super) name: String,
    /// How long an episode is to be.
    #[serde(default)]
    pub(super) target_minutes: Minutes,
    /// The rate of speech.
    #[serde(default)]
    pub(super) words_per_minute: u32,
    /// The brand; only what must be avoided is read.
    #[serde(default)]
    pub(super) brand: Brand,
    /// Who speaks.
    #[serde(default)]
    pub(super) speakers: Vec<Speaker>,
}

/// The bounds of an episode's length in minutes, whole or not.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Minutes {
    #[serde(default)]
    min: f64,
    #[serde(default)]
    max: f64,
}

/// What the author heeds of a brand.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Brand {
    /// Phrases that the show does not use.
    #[serde(default)]
    pub(super) avoid: Vec<String>,
}

/// One speaker of the show.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Speaker {
    /// The id that a line names.
    pub(super) id: String,
}

impl Show {
    /// The words that the script should have: the middle of the bounds at the rate of speech; 150 a minute and two
    /// minutes where the show does not say.
    pub(super) fn target_words(&self) -> usize {
        let rate = if self.words_per_minute == 0 { 150 } else { self.words_per_minute };
        let middle = f64::midpoint(self.target_minutes.min, self.target_minutes.max);
        let minutes = if middle.is_finite() && middle > 0.0 { middle.min(600.0) } else { 2.0 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 600 minutes of a u32 rate, above 0"
        )]
        let words = (minutes * f64::from(rate)).round() as usize;
        words.clamp(60, 90_000)
    }

    /// The seconds that the target runs.
    pub(super) fn target_seconds(&self) -> u32 {
        let rate = usize::try_from(if self.words_per_minute == 0 { 150 } else { self.words_per_minute }).unwrap_or(150);
        u32::try_from(self.target_words() * 60 / rate).unwrap_or(u32::MAX).max(10)
    }

    /// The ids of the speakers in their order; one unnamed host where the show has none.
    pub(super) fn cast(&self) -> Vec<Speaker> {
        if self.speakers.is_empty() { vec![Speaker { id: "HOST".to_owned() }] } else { self.speakers.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_by_name_and_their_content_cannot_close_them() {
        let user = "Write.\n<data name=\"show\">{\"name\":\"N\"}</data>\ntext <data name=\"research\">\n{\"a\":\"<\\/data>\"}\n</data>\n<data name=\"open";
        let found = blocks(user);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["research", "show"]);
        assert_eq!(found["research"], "{\"a\":\"<\\/data>\"}");
        let show: Show = read(&found, "show").unwrap();
        assert_eq!(show.name, "N");
        assert_eq!(read::<Show>(&found, "plan").unwrap_err(), AuthorError::Missing("plan"));
    }

    #[test]
    fn the_target_is_the_middle_of_the_bounds() {
        let show: Show =
            serde_json::from_str(r#"{"target_minutes":{"min":1.5,"max":2.5},"words_per_minute":150,"more":1}"#)
                .unwrap();
        assert_eq!((show.target_words(), show.target_seconds()), (300, 120));
        let whole: Show =
            serde_json::from_str(r#"{"target_minutes":{"min":25,"max":30},"words_per_minute":150}"#).unwrap();
        assert_eq!(whole.target_words(), 4125);
        assert_eq!(Show::default().target_words(), 300);
        assert_eq!(Show::default().cast().len(), 1);
    }
}
