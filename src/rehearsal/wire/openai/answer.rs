//! An answer of chat completions as each server writes it: what it thinks where, what it counts, and how it ends.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::chat::{BROKEN, DONE, frame};
use super::super::paced::chunks;
use super::super::request::Given;
use super::super::state::Met;
use super::Habit;
use super::refusal::Refusal;
use crate::rehearsal::author::Dice;
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::OpenAi;
use crate::rehearsal::meter::Used;

/// What is thought in front of an answer.
const THOUGHT: &str = "The excerpt is read against the line.";

/// Tokens that such a thought takes, where it is counted.
pub(super) const THINKS: u64 = 10;

/// An answer before it is sent.
pub(super) struct Reply<'a> {
    pub(super) habit: Habit,
    pub(super) id: String,
    pub(super) model: &'a str,
    pub(super) given: &'a Given,
    pub(super) used: Used,
    /// Whether counts were asked for in a stream.
    pub(super) counts: bool,
    pub(super) met: &'a Met,
}

impl Reply<'_> {
    fn usage(&self) -> Value {
        let Used { input, read, output, thinking, .. } = self.used;
        let prompt = input + read;
        let mut usage = json!({"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output});
        let mut put = |name: &str, value: Value| {
            if let Some(members) = usage.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        };
        let (cached, reasoned) = (json!({"cached_tokens": read}), json!({"reasoning_tokens": thinking}));
        match self.habit {
            Habit::Ollama if read == 0 => {}
            Habit::Ollama | Habit::LlamaCpp => put("prompt_tokens_details", cached),
            Habit::Vllm => put("prompt_tokens_details", if read == 0 { Value::Null } else { cached }),
            Habit::LmStudio => put("completion_tokens_details", reasoned),
            Habit::Mixed => {
                put("prompt_tokens_details", cached);
                put("completion_tokens_details", reasoned);
            }
        }
        usage
    }

    fn stop(&self) -> &'static str {
        if self.given.is_cut || self.met.has(OpenAi::NullContentReasoning) { "length" } else { "stop" }
    }

    /// The member that thoughts stand in.
    fn thinks_in(&self) -> &'static str {
        match self.habit {
            Habit::Mixed | Habit::Ollama | Habit::Vllm => "reasoning",
            Habit::LlamaCpp | Habit::LmStudio => "reasoning_content",
        }
    }

    fn document(&self, object: &str, choices: Value) -> Map<String, Value> {
        let mut document = Map::new();
        document.insert("id".to_owned(), self.id.clone().into());
        document.insert("object".to_owned(), object.into());
        document.insert("created".to_owned(), 1_795_000_000.into());
        document.insert("model".to_owned(), self.model.into());
        if self.habit == Habit::Ollama {
            document.insert("system_fingerprint".to_owned(), "fp_ollama".into());
        }
        document.insert("choices".to_owned(), choices);
        document
    }

    fn timings(&self) -> Value {
        json!({"prompt_n": self.used.input, "prompt_ms": 12.5, "predicted_n": self.used.output, "predicted_ms": 80.0})
    }

    /// The body of an answer that was not asked for as a stream.
    pub(super) fn whole(&self) -> Vec<Vec<u8>> {
        let mut message = Map::new();
        message.insert("role".to_owned(), "assistant".into());
        let is_null = self.met.has(OpenAi::NullContentReasoning);
        let content = match is_null {
            true => Value::Null,
            false if self.met.has(OpenAi::ThinkInText) => {
                format!("<think>{THOUGHT}</think>\n{}", self.given.text).into()
            }
            false => self.given.text.clone().into(),
        };
        message.insert("content".to_owned(), content);
        message.insert("refusal".to_owned(), Value::Null);
        if is_null || self.used.thinking > 0 {
            message.insert(self.thinks_in().to_owned(), THOUGHT.into());
        }
        let mut choice = json!({"index": 0, "message": message, "finish_reason": self.stop(), "logprobs": null});
        if let Some(members) = choice.as_object_mut().filter(|_| self.habit == Habit::Vllm) {
            members.insert("stop_reason".to_owned(), Value::Null);
            members.insert("token_ids".to_owned(), Value::Null);
        }
        let mut document = self.document("chat.completion", json!([choice]));
        if !self.met.has(OpenAi::NoUsage) {
            document.insert("usage".to_owned(), self.usage());
        }
        if self.habit == Habit::LlamaCpp {
            document.insert("timings".to_owned(), self.timings());
        }
        let mut text = Value::Object(document).to_string();
        if self.met.fault == Some(Fault::MalformedJson) {
            text.insert_str(1, ",,");
        }
        vec![text.into_bytes()]
    }

    /// The chunks of a streamed answer; counts come in one of their own where they were asked for.
    pub(super) fn events(&self, over: Duration, dice: &mut Dice) -> Vec<Vec<u8>> {
        let is_mixed = self.habit == Habit::Mixed;
        let chunk = |choices: Value, more: Option<(&str, Value)>| {
            let mut document = self.document("chat.completion.chunk", choices);
            if let Some((name, value)) = more {
                document.insert(name.to_owned(), value);
            }
            frame(&Value::Object(document))
        };
        let choice =
            |delta: Value, finish: Option<&str>| json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
        let thought = || chunk(choice(json!({self.thinks_in(): THOUGHT}), None), None);
        let mut first = chunk(choice(json!({"role": "assistant", "content": ""}), None), None);
        let is_null = self.met.has(OpenAi::NullContentReasoning);
        if self.used.thinking > 0 || is_null || (is_mixed && dice.below(2) == 0) {
            first.extend(thought());
        }
        if is_mixed {
            first.extend_from_slice(b": still here\n\n");
        }
        if self.met.has(OpenAi::ThinkInText) {
            first.extend(chunk(choice(json!({"content": format!("<think>{THOUGHT}</think>\n")}), None), None));
        }
        let mut frames = vec![first];
        let text = if is_null { "" } else { self.given.text.as_str() };
        let pieces = chunks(text, over);
        let middle = pieces.len() / 2;
        for (nth, piece) in pieces.iter().enumerate() {
            if nth == middle && self.met.has(OpenAi::EndsInMiddle) {
                return frames;
            }
            if nth == middle && self.met.has(OpenAi::ErrorFrame) {
                let error = Refusal::new(500, "server_error", "the engine died").document(self.habit, false);
                let mut last = frame(&error);
                last.extend_from_slice(DONE);
                frames.push(last);
                return frames;
            }
            let mut bytes = chunk(choice(json!({"content": piece}), None), None);
            if nth == middle && self.met.fault == Some(Fault::MalformedJson) {
                bytes.extend_from_slice(BROKEN);
            }
            frames.push(bytes);
        }
        let timed = (self.habit == Habit::LlamaCpp).then(|| ("timings", self.timings()));
        let mut last = chunk(choice(json!({}), Some(self.stop())), timed);
        if self.counts && !self.met.has(OpenAi::NoUsage) {
            last.extend(chunk(json!([]), Some(("usage", self.usage()))));
        }
        let is_left_out = is_mixed && dice.below(3) == 0;
        if !is_left_out && !self.met.has(OpenAi::NoDone) {
            last.extend_from_slice(DONE);
        }
        frames.push(last);
        frames
    }
}
