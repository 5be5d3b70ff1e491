//! The fold over the chunks of a streamed chat completion: text, counts and how it ended. The live display and the reading
//! of a recorded body are the same fold.
//!
//! Counts come once at the end, or with every chunk and are then cumulative: the last ones hold. A server may leave out the
//! `[DONE]` at the end, so a stream is whole when the model's reason for stopping has come.

use serde::Deserialize;
use serde_json::Value;

use super::super::progress::Progress;
use super::super::refusal::Told;
use super::super::sse::{Event, Reader};
use super::super::thoughts::Thoughts;
use super::super::usage::Usage;
use super::Read;

/// Why a stream is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server said so in the stream.
    Reported(Told),
    /// It came to its end, but a part of it makes no sense.
    Unreadable(String),
    /// It has no end.
    Cut,
}

/// The state of the fold.
#[derive(Debug, Default)]
pub(in crate::provider) struct Fold {
    reader: Reader,
    read: Read,
    thoughts: Thoughts,
    /// Whether the counts came with the model's reason for stopping or after it.
    counted_to_the_end: bool,
    done: bool,
    reported: Option<Told>,
    unreadable: Option<String>,
}

impl Fold {
    /// Takes the next bytes and tells what they show. Nothing after the stream's own end or error counts.
    pub(in crate::provider) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Progress)) {
        let mut reader = std::mem::take(&mut self.reader);
        let read = reader.push(bytes, |event| self.event(&event, &mut each));
        self.reader = reader;
        if let Err(error) = read {
            self.unreadable.get_or_insert(error.to_string());
        }
    }

    fn event(&mut self, event: &Event, each: &mut impl FnMut(Progress)) {
        if self.done || self.reported.is_some() {
            return;
        }
        if event.data.trim() == "[DONE]" {
            self.done = true;
            return;
        }
        let chunk = serde_json::from_str::<Value>(&event.data).and_then(|value| match Told::of(&value) {
            Some(told) => {
                self.reported = Some(told);
                Ok(Chunk::default())
            }
            None => serde_json::from_value(value),
        });
        match chunk {
            Ok(chunk) => self.chunk(chunk, each),
            Err(error) => {
                // Serde's words may quote the text, so only the place is kept.
                let (line, column) = (error.line(), error.column());
                self.unreadable.get_or_insert(format!("a chunk is malformed at line {line}, column {column}"));
            }
        }
    }

    fn chunk(&mut self, chunk: Chunk, each: &mut impl FnMut(Progress)) {
        self.read.id = self.read.id.take().or(chunk.id);
        self.read.model = self.read.model.take().or(chunk.model);
        for choice in chunk.choices.unwrap_or_default() {
            if choice.index.unwrap_or(0) != 0 {
                continue;
            }
            let delta = choice.delta.unwrap_or_default();
            let thinks = |thought: &Option<String>| thought.as_ref().is_some_and(|thought| !thought.is_empty());
            if thinks(&delta.reasoning) || thinks(&delta.reasoning_content) {
                self.read.has_thoughts = true;
                each(Progress::Thinking);
            }
            if let Some(text) = delta.content.filter(|text| !text.is_empty()) {
                self.read.text.push_str(&text);
                if let Some(shown) = self.thoughts.push(&text) {
                    each(shown);
                }
            }
            self.read.refusal.push_str(&delta.refusal.unwrap_or_default());
            self.read.finish = choice.finish_reason.or_else(|| self.read.finish.take());
        }
        if let Some(usage) = chunk.usage.and_then(Counts::usage) {
            self.read.usage = Some(usage);
            self.counted_to_the_end = self.read.finish.is_some();
            each(Progress::OutputTokens(usage.output));
        }
    }

    /// Why this is no answer, if it is none. What the server said comes before what we found.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        if let Some(told) = &self.reported {
            return Some(Trouble::Reported(told.clone()));
        }
        match (&self.unreadable, self.done || self.read.finish.is_some()) {
            (_, false) => Some(Trouble::Cut),
            (Some(why), true) => Some(Trouble::Unreadable(why.clone())),
            (None, true) => None,
        }
    }

    /// The counts so far; `None` where there were none.
    pub(in crate::provider) fn usage(&self) -> Option<Usage> {
        self.read.usage
    }

    /// What was read. Counts of a part alone are none: the whole was more.
    pub(super) fn into_read(mut self) -> Read {
        self.read.usage = self.read.usage.filter(|_| self.counted_to_the_end);
        self.read
    }
}

#[derive(Default, Deserialize)]
struct Chunk {
    id: Option<String>,
    model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Choice {
    index: Option<u64>,
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    /// Of Ollama and vLLM.
    reasoning: Option<String>,
    /// Of llama.cpp and older vLLM.
    reasoning_content: Option<String>,
}

/// The server's counts. Cached tokens are inside the prompt, reasoning is inside the completion; details are optional.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl Counts {
    /// The counts; `None` unless both the prompt and the completion were counted.
    pub(super) fn usage(self) -> Option<Usage> {
        let (prompt, output) = self.prompt_tokens.zip(self.completion_tokens)?;
        let cached = self.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0).min(prompt);
        let thinking = self.completion_tokens_details.and_then(|details| details.reasoning_tokens).unwrap_or(0);
        Some(Usage { input: prompt - cached, cache_read: cached, output, thinking, ..Usage::default() })
    }
}
