//! The fold over the events of a streamed answer. The live display and the reading of a recorded body are the same fold.
//!
//! Events are told apart by the `type` in their data. The last one holds the whole answer, so pieces of text are for display
//! alone. Unknown events are ignored.

use serde_json::Value;

use super::super::progress::Progress;
use super::super::refusal::Told;
use super::super::sse::{Event, Reader};
use super::read::Response;

/// Why a stream is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The vendor said so in the stream.
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
    response: Option<Response>,
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
        if self.done || self.reported.is_some() || self.response.is_some() {
            return;
        }
        if event.data.trim() == "[DONE]" {
            self.done = true;
            return;
        }
        let mut data: Value = match serde_json::from_str(&event.data) {
            Ok(data) => data,
            Err(error) => {
                // Serde's words may quote the text, so only the place is kept.
                let (line, column) = (error.line(), error.column());
                self.unreadable.get_or_insert(format!("an event is malformed at line {line}, column {column}"));
                return;
            }
        };
        let kind = data.get("type").and_then(Value::as_str).unwrap_or(&event.name).to_owned();
        match kind.as_str() {
            "response.output_text.delta" => {
                if let Some(text) = data.get("delta").and_then(Value::as_str).filter(|text| !text.is_empty()) {
                    each(Progress::Text(text.to_owned()));
                }
            }
            "response.completed" | "response.incomplete" => match data.get_mut("response").map(Value::take) {
                Some(response) => self.ended(Response(response), each),
                None => {
                    self.unreadable.get_or_insert("its last event holds no answer".to_owned());
                    self.done = true;
                }
            },
            "response.failed" | "error" => {
                let inner = data.get("response").and_then(Told::of);
                self.reported = Some(Told::of(&data).or(inner).unwrap_or_else(|| Told::members(&data)));
            }
            thinking if thinking.starts_with("response.reasoning.") => each(Progress::Thinking),
            _ => {}
        }
    }

    fn ended(&mut self, response: Response, each: &mut impl FnMut(Progress)) {
        if let Some(usage) = response.usage() {
            each(Progress::OutputTokens(usage.output));
        }
        self.response = Some(response);
    }

    /// The whole answer, or why this is none. What the vendor said comes before what we found.
    pub(super) fn outcome(self) -> Result<Response, Trouble> {
        match (self.reported, self.response, self.unreadable) {
            (Some(told), ..) => Err(Trouble::Reported(told)),
            // A piece that was broken does no harm: the last event holds everything once more.
            (None, Some(response), _) => Ok(response),
            (None, None, Some(why)) if self.done => Err(Trouble::Unreadable(why)),
            (None, None, _) => Err(Trouble::Cut),
        }
    }
}
