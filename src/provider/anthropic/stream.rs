//! The fold over the events of a Messages stream: text, counts and how it ended. The live display and the reading of a
//! recorded body are the same fold, and a body that was not streamed fills it at once.
//!
//! The input of the tool that takes the answer is the text, where the model called it. Counts in `message_delta` are cumulative and overwrite. Unknown events, blocks and deltas are ignored.

use serde::Deserialize;
use serde_json::Value;

use super::super::sse::{Event, Reader};
use super::super::usage::Usage;
use super::ANSWER;

/// The events that are read; one with another name is ignored whatever it holds.
const NAMES: &[&str] =
    &["message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop", "error"];

/// What a piece of the stream adds for someone who watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Delta {
    /// Text of the answer.
    Text(String),
    /// The model is thinking.
    Thinking,
    /// All tokens produced so far.
    Output(u64),
}

/// Why a stream is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Trouble {
    /// The vendor said so in the stream.
    Reported {
        /// Its word for the error.
        kind: String,
        /// Its sentence.
        message: String,
        /// Its name for the exchange.
        request_id: Option<String>,
    },
    /// It came to its end, but a part of it makes no sense.
    Unreadable(String),
    /// It has no end.
    Cut,
}

/// The state of the fold.
#[derive(Debug, Default)]
pub(in crate::provider) struct Fold {
    reader: Reader,
    text: String,
    /// The input of the tool that takes the answer, once it was called.
    tool: Option<String>,
    /// Whether the block that is open is that tool's.
    is_in_tool: bool,
    model: Option<String>,
    counts: Option<Counts>,
    stop_reason: Option<String>,
    refusal: String,
    stopped: bool,
    reported: Option<Trouble>,
    unreadable: Option<String>,
}

impl Fold {
    /// Takes the next bytes and tells what they add. Nothing after the stream's own end or error counts.
    pub(in crate::provider) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Delta)) {
        let mut reader = std::mem::take(&mut self.reader);
        let read = reader.push(bytes, |event| self.event(&event, &mut each));
        self.reader = reader;
        if let Err(error) = read {
            self.unreadable.get_or_insert(error.to_string());
        }
    }

    fn event(&mut self, event: &Event, each: &mut impl FnMut(Delta)) {
        let known = event.name.is_empty() || NAMES.contains(&event.name.as_str());
        if self.stopped || self.reported.is_some() || !known {
            return;
        }
        let frame: Frame = match serde_json::from_str(&event.data) {
            Ok(frame) => frame,
            Err(error) => {
                // Serde's words may quote the text, so only the place is kept.
                let (line, column) = (error.line(), error.column());
                self.unreadable.get_or_insert(format!("an event is malformed at line {line}, column {column}"));
                return;
            }
        };
        match frame {
            Frame::MessageStart { message } => {
                self.model = message.model;
                self.counts = message.usage;
            }
            Frame::ContentBlockStart { content_block } => self.block(content_block, each),
            Frame::ContentBlockDelta { delta: Piece::TextDelta { text } } => self.say(text, each),
            Frame::ContentBlockDelta { delta: Piece::ThinkingDelta } => each(Delta::Thinking),
            Frame::ContentBlockDelta { delta: Piece::InputJsonDelta { partial_json } } => {
                if let Some(tool) = self.tool.as_mut().filter(|_| self.is_in_tool && !partial_json.is_empty()) {
                    tool.push_str(&partial_json);
                    each(Delta::Text(partial_json));
                }
            }
            Frame::ContentBlockDelta { delta: Piece::Other } => {}
            Frame::MessageDelta { delta, usage } => {
                if let Some(usage) = usage {
                    self.counts.get_or_insert_default().overwrite(usage);
                    if let Some(tokens) = usage.output_tokens {
                        each(Delta::Output(tokens));
                    }
                }
                if let Some(reason) = delta.stop_reason {
                    self.stop_reason = Some(reason);
                }
                if let Some(details) = delta.stop_details {
                    self.refusal = details.category.unwrap_or_default();
                }
            }
            Frame::MessageStop => self.stopped = true,
            Frame::Error { error, request_id } => {
                self.reported = Some(Trouble::Reported { kind: error.kind, message: error.message, request_id });
            }
            Frame::Other => {}
        }
    }

    /// A block begins, or is there whole.
    fn block(&mut self, block: Block, each: &mut impl FnMut(Delta)) {
        self.is_in_tool = false;
        match block {
            Block::Text { text } => self.say(text, each),
            Block::Thinking | Block::RedactedThinking => each(Delta::Thinking),
            Block::ToolUse { name, input } if name == ANSWER && self.tool.is_none() => {
                self.is_in_tool = true;
                // A stream begins with an empty input, and its pieces follow.
                let whole = input.as_object().is_some_and(|members| !members.is_empty());
                self.tool = Some(if whole { input.to_string() } else { String::new() });
            }
            Block::ToolUse { .. } | Block::Other => {}
        }
    }

    /// A recorded stream.
    pub(super) fn streamed(body: &[u8]) -> Self {
        let mut fold = Self::default();
        fold.push(body, |_| ());
        fold
    }

    /// An answer that was not streamed.
    pub(super) fn whole(body: &[u8]) -> Self {
        let mut fold = Self::default();
        let message: Whole = match serde_json::from_slice(body) {
            Ok(message) => message,
            Err(error) => {
                fold.stopped = !error.is_eof();
                fold.unreadable = Some(format!("it is malformed at line {}", error.line()));
                // Counts that can be read are those of the charge.
                let value: Value = serde_json::from_slice(body).unwrap_or_default();
                fold.counts = value.get("usage").cloned().and_then(|usage| serde_json::from_value(usage).ok());
                return fold;
            }
        };
        fold.stopped = true;
        match message {
            Whole::Message { content, model, stop_reason, stop_details, usage } => {
                for block in content {
                    fold.block(block, &mut |_| ());
                }
                fold.model = model;
                fold.counts = usage;
                fold.stop_reason = stop_reason;
                fold.refusal = stop_details.and_then(|details| details.category).unwrap_or_default();
            }
            Whole::Error { error, request_id } => {
                fold.reported = Some(Trouble::Reported { kind: error.kind, message: error.message, request_id });
            }
        }
        fold
    }

    /// Whether the answer is the input of the tool that takes it.
    pub(super) fn is_tools(&self) -> bool {
        self.tool.is_some()
    }

    fn say(&mut self, text: String, each: &mut impl FnMut(Delta)) {
        if !text.is_empty() {
            self.text.push_str(&text);
            each(Delta::Text(text));
        }
    }

    /// Why this is no answer, if it is none. What the vendor said comes before what we found.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        if let Some(reported) = &self.reported {
            return Some(reported.clone());
        }
        match (&self.unreadable, self.stopped) {
            (_, false) => Some(Trouble::Cut),
            (Some(why), true) => Some(Trouble::Unreadable(why.clone())),
            (None, true) => None,
        }
    }

    /// The counts so far; `None` where there were none.
    pub(in crate::provider) fn usage(&self) -> Option<Usage> {
        self.counts.map(Counts::usage)
    }

    /// The model that answers.
    pub(super) fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The vendor's word for why it ended.
    pub(in crate::provider) fn stop_reason(&self) -> Option<&str> {
        self.stop_reason.as_deref()
    }

    /// The category of a refusal; empty where none was given.
    pub(super) fn refusal(&self) -> &str {
        &self.refusal
    }

    /// The answer: what the tool was given, or else the text of all text blocks.
    pub(super) fn into_text(self) -> String {
        self.tool.unwrap_or(self.text)
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        content_block: Block,
    },
    ContentBlockDelta {
        delta: Piece,
    },
    MessageDelta {
        delta: End,
        #[serde(default)]
        usage: Option<Counts>,
    },
    MessageStop,
    Error {
        error: Reported,
        #[serde(default)]
        request_id: Option<String>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Start {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Option<Counts>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        #[serde(default)]
        text: String,
    },
    Thinking,
    RedactedThinking,
    ToolUse {
        #[serde(default)]
        name: String,
        #[serde(default)]
        input: Value,
    },
    #[serde(other)]
    Other,
}

/// An answer that was not streamed.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Whole {
    Message {
        content: Vec<Block>,
        #[serde(default)]
        model: Option<String>,
        #[serde(default)]
        stop_reason: Option<String>,
        #[serde(default)]
        stop_details: Option<Details>,
        #[serde(default)]
        usage: Option<Counts>,
    },
    Error {
        error: Reported,
        #[serde(default)]
        request_id: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece {
    TextDelta {
        text: String,
    },
    ThinkingDelta,
    InputJsonDelta {
        partial_json: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct End {
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    stop_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    category: Option<String>,
}

#[derive(Deserialize)]
struct Reported {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

/// The vendor's counts. Each may be missing or null; within a stream a missing one keeps its earlier value.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation: Option<Split>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Split {
    ephemeral_5m_input_tokens: Option<u64>,
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

impl Counts {
    fn overwrite(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cache_creation_input_tokens = later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation = later.cache_creation.or(self.cache_creation);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details);
    }

    fn usage(self) -> Usage {
        let split = |part: fn(Split) -> Option<u64>| self.cache_creation.and_then(part).unwrap_or(0);
        let five_minutes = split(|split| split.ephemeral_5m_input_tokens);
        let one_hour = split(|split| split.ephemeral_1h_input_tokens);
        // The split comes only at the start. What the whole has above it was written for an unknown time.
        let above = self.cache_creation_input_tokens.unwrap_or(0).saturating_sub(five_minutes.saturating_add(one_hour));
        Usage {
            input: self.input_tokens.unwrap_or(0),
            cache_read: self.cache_read_input_tokens.unwrap_or(0),
            cache_write_5m: five_minutes,
            cache_write_1h: one_hour.saturating_add(above),
            output: self.output_tokens.unwrap_or(0),
            thinking: self.output_tokens_details.and_then(|details| details.thinking_tokens).unwrap_or(0),
            ..Usage::default()
        }
    }
}
