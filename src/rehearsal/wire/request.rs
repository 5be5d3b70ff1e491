//! What the wires read in the same way: keys, attempts, the contract behind a schema, and an answer cut to its tokens.

use std::sync::Arc;

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::state::Studio;
use crate::rehearsal::author::{Author, AuthorError, Dice, Key, blocks};
use crate::rehearsal::faults::Fault;

/// What a key of a rehearsal begins with. Every other key is refused, so that a real one is never of use here.
pub(super) const KEY_PREFIX: &str = "rehearsal-";

/// A header as text; nothing where it is absent or no text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The number of the attempt as clients of these vendors count it: 0 for the first.
pub(super) fn attempt(headers: &HeaderMap) -> u32 {
    header(headers, "x-retry-count").parse().unwrap_or(0)
}

/// The text of a string, or of all text blocks of an array.
pub(super) fn texts(content: Option<&Value>) -> Option<String> {
    match content? {
        Value::String(text) => Some(text.clone()),
        Value::Array(blocks) => {
            let texts: Vec<&str> = blocks.iter().filter_map(|block| block.get("text")?.as_str()).collect();
            (!texts.is_empty()).then(|| texts.join("\n"))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// The key of a bearer; nothing where there is none.
pub(super) fn bearer(headers: &HeaderMap) -> &str {
    header(headers, "authorization").strip_prefix("Bearer ").unwrap_or_default()
}

/// A name for an answer that is a pure function of what was asked.
pub(super) fn token(seed: u64, body: &[u8], attempt: u32, letters: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789";
    let mut dice = Dice::new(seed, [b"id".as_slice(), body, &attempt.to_le_bytes()]);
    (0..letters).filter_map(|_| dice.pick(LETTERS)).map(|byte| char::from(*byte)).collect()
}

/// Tokens of so many bytes: about four bytes to one.
pub(super) fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}

/// What is asked of a language model, whatever the wire.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The model.
    pub(super) model: String,
    /// All text of the last turn.
    pub(super) user: String,
    /// The schema of the answer.
    pub(super) schema: Option<Value>,
    /// The most tokens of the answer.
    pub(super) max_tokens: u64,
}

/// What the author gives for it.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// The contract that was asked for; empty without one.
    pub(super) title: String,
    /// The text, cut at `max_tokens`.
    pub(super) text: String,
    /// Whether it was cut.
    pub(super) is_cut: bool,
    /// Tokens out.
    pub(super) output: u64,
}

impl Given {
    /// The first half of the text, as far as an answer came that stopped in its middle.
    pub(super) fn halved(mut self) -> Self {
        let half = self.text.len() / 2;
        let end = (0..=half).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        self.text.truncate(end);
        self.output = tokens(end);
        self
    }

    /// No text at all.
    pub(super) fn emptied(mut self) -> Self {
        self.text.clear();
        self.output = 0;
        self
    }
}

impl Asked {
    /// Answers, and keeps the key to what is answered in the studio. Heavy work: it runs on a thread for such work.
    pub(super) async fn answer(self, studio: &Studio, fault: Option<Fault>) -> Result<Given, AuthorError> {
        let author = Arc::clone(&studio.author);
        let work = tokio::task::spawn_blocking(move || self.work(&author, fault));
        let failed = |_| AuthorError::Unreadable { name: "the request", why: "the author came to no end".to_owned() };
        let (given, key) = work.await.map_err(failed)??;
        if let Some(key) = key {
            studio.key.keep(key);
        }
        Ok(given)
    }

    fn work(self, author: &Author, fault: Option<Fault>) -> Result<(Given, Option<Key>), AuthorError> {
        // A model without structured output has the schema at the end of its text.
        let schema = self.schema.clone().or_else(|| {
            let last = self.user.lines().rev().find(|line| !line.trim().is_empty())?;
            serde_json::from_str::<Value>(last).ok().filter(|schema| schema.get("title").is_some())
        });
        let title = schema.as_ref().and_then(|schema| schema.get("title")).and_then(Value::as_str).unwrap_or_default();
        let mut key = None;
        let mut text = match (title, &schema) {
            ("", None) => "This is a rehearsal: without a schema there is nothing to write to.".to_owned(),
            (title, _) => {
                let written = author.write(title, &blocks(&self.user), &self.model)?;
                key = written.key;
                let mut answer = written.answer;
                if fault == Some(Fault::SchemaMiss) {
                    miss(&mut answer);
                }
                answer.to_string()
            }
        };
        let most = usize::try_from(self.max_tokens.saturating_mul(4)).unwrap_or(usize::MAX);
        let is_cut = text.len() > most;
        if is_cut {
            let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
        }
        let output = tokens(text.len()).min(self.max_tokens);
        Ok((Given { title: title.to_owned(), output, text, is_cut }, key))
    }
}

/// Makes an answer miss its contract: its first member gets another name.
fn miss(answer: &mut Value) {
    if let Some(members) = answer.as_object_mut() {
        let first = members.keys().next().cloned();
        if let Some((name, value)) = first.and_then(|name| members.remove_entry(&name)) {
            members.insert(format!("{name}_as_requested"), value);
        }
    } else {
        *answer = json!({"answer": answer.take()});
    }
}
