//! The fold over the chunks of an answer: text, counts and how it ended. The live display and the reading of a recorded body
//! are the same fold; a body that was not streamed is one chunk.
//!
//! Counts are cumulative, so the last ones hold. A stream has no end of its own: it is whole when the reason for stopping, or
//! for refusing the prompt, has come.

use serde::Deserialize;
use serde_json::Value;

use super::super::progress::Progress;
use super::super::sse::{Event, Reader};
use super::super::usage::Usage;

/// Why a stream is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The vendor said so in the stream: the body of its error.
    Reported(Value),
    /// A part of it makes no sense.
    Unreadable(String),
    /// It has no end.
    Cut,
}

/// The state of the fold.
#[derive(Debug, Default)]
pub(in crate::provider) struct Fold {
    reader: Reader,
    pub(super) read: Read,
    reported: Option<Value>,
    unreadable: Option<String>,
}

/// What was read of an answer.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) text: String,
    pub(super) usage: Option<Usage>,
    pub(super) model: Option<String>,
    pub(super) id: Option<String>,
    pub(super) finish: Option<String>,
    pub(super) blocked: Option<String>,
    pub(super) has_candidate: bool,
}

impl Fold {
    /// Takes the next bytes and tells what they show.
    pub(in crate::provider) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Progress)) {
        let mut reader = std::mem::take(&mut self.reader);
        let read = reader.push(bytes, |event| self.event(&event, &mut each));
        self.reader = reader;
        if let Err(error) = read {
            self.unreadable.get_or_insert(error.to_string());
        }
    }

    fn event(&mut self, event: &Event, each: &mut impl FnMut(Progress)) {
        if self.reported.is_some() || event.data.trim().is_empty() {
            return;
        }
        match serde_json::from_str::<Value>(&event.data) {
            Ok(value) => self.chunk(value, each),
            Err(error) => {
                // Serde's words may quote the text, so only the place is kept.
                let (line, column) = (error.line(), error.column());
                self.unreadable.get_or_insert(format!("a chunk is malformed at line {line}, column {column}"));
            }
        }
    }

    /// One chunk, or a whole answer.
    pub(super) fn chunk(&mut self, value: Value, each: &mut impl FnMut(Progress)) {
        if super::error_of(&value).is_some() {
            self.reported = Some(value);
            return;
        }
        let counted =
            value.get("usageMetadata").cloned().and_then(|part| serde_json::from_value::<Metadata>(part).ok());
        if let Some(metadata) = counted {
            let usage = metadata.usage();
            self.read.usage = Some(usage);
            if usage.output > 0 {
                each(Progress::OutputTokens(usage.output));
            }
        }
        let Ok(body) = serde_json::from_value::<Body>(value) else {
            self.unreadable.get_or_insert("it has another shape than its interface describes".to_owned());
            return;
        };
        self.read.model = body.model_version.or(self.read.model.take());
        self.read.id = body.response_id.or(self.read.id.take());
        self.read.blocked = body.prompt_feedback.and_then(|told| told.block_reason).or(self.read.blocked.take());
        // Only one candidate is ever asked for.
        let Some(candidate) = body.candidates.into_iter().next() else { return };
        self.read.has_candidate = true;
        self.read.finish = candidate.finish_reason.or(self.read.finish.take());
        for part in candidate.content.and_then(|turn| turn.parts).unwrap_or_default() {
            match part.text {
                Some(_) if part.thought => each(Progress::Thinking),
                Some(text) if !text.is_empty() => {
                    self.read.text.push_str(&text);
                    each(Progress::Text(text));
                }
                Some(_) | None => {}
            }
        }
    }

    /// Why this is no answer, if it is none. What the vendor said comes before what we found.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        if let Some(reported) = &self.reported {
            return Some(Trouble::Reported(reported.clone()));
        }
        match (&self.unreadable, self.has_ended()) {
            // A chunk that is there and broken was not cut: it may have been the end.
            (Some(why), _) => Some(Trouble::Unreadable(why.clone())),
            (None, false) => Some(Trouble::Cut),
            (None, true) => None,
        }
    }

    /// Whether a reason for stopping, or for refusing the prompt, has come.
    pub(super) fn has_ended(&self) -> bool {
        self.read.finish.is_some() || self.read.blocked.is_some()
    }
}

/// The error that a broken stream may end with: a body of its own, on one or more lines, without the form of an event.
pub(super) fn bare_error(body: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(body);
    let is_event = |line: &str| ["data:", "event:", "id:", "retry:", ":"].iter().any(|word| line.starts_with(word));
    let bare: Vec<&str> = text.lines().filter(|line| !is_event(line)).collect();
    let value: Value = serde_json::from_str(&bare.join("\n")).ok()?;
    super::error_of(&value).is_some().then_some(value)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
    model_version: Option<String>,
    response_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Turn>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Turn {
    /// Missing where all tokens went into thinking.
    parts: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    #[serde(default)]
    thought: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

/// The vendor's counts; a missing one is 0.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
}

impl Metadata {
    /// Cached tokens are inside the prompt, thoughts are outside the candidates.
    fn usage(self) -> Usage {
        let prompt = self.prompt_token_count.unwrap_or(0);
        let cached = self.cached_content_token_count.unwrap_or(0);
        let thinking = self.thoughts_token_count.unwrap_or(0);
        Usage {
            input: prompt.saturating_sub(cached).saturating_add(self.tool_use_prompt_token_count.unwrap_or(0)),
            cache_read: cached,
            output: self.candidates_token_count.unwrap_or(0).saturating_add(thinking),
            thinking,
            ..Usage::default()
        }
    }
}
