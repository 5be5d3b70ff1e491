//! An answer as Anthropic gives it: its content, its counts, whole and as events.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::paced::chunks;
use super::super::request::{Given, token};
use super::super::state::{Met, Studio};
use super::cache::Split;
use super::check::{Message, Thinking};
use super::refusal::Refusal;
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::Anthropic;
use crate::rehearsal::meter::Used;

/// What was written, before it is sent.
#[derive(Clone, Debug)]
pub(super) struct Composed {
    pub(super) id: String,
    pub(super) model: &'static str,
    /// The contract of the answer.
    pub(super) title: String,
    pub(super) used: Used,
    text: String,
    tool: Option<String>,
    thinking: Thinking,
    signature: String,
    stop: &'static str,
    details: Value,
    has_nulls: bool,
}

/// Writes the answer to a message. `began` is when its request came, which the cache goes by.
pub(super) async fn compose(
    studio: &Studio,
    message: Message,
    met: &Met,
    body: &[u8],
    attempt: u32,
) -> Result<Composed, Refusal> {
    let began = studio.clock.monotonic();
    let prompt = message.prompt();
    let has_nulls = met.has(Anthropic::NullUsage);
    // Where the counts of the cache are left out, nothing is cached, so that what is told is all that is billed.
    let split = match has_nulls {
        true => studio.cache.split(&message.salt, &[], prompt, 0, began),
        false => {
            let fewest = message.model.fewest_cached;
            studio.cache.split(&message.salt, &message.blocks, prompt, fewest, began)
        }
    };
    let Message { asked, model, thinking, thinks, tool, .. } = message;
    let most = asked.max_tokens + thinks;
    // A limit of nothing only warms the cache.
    let given = match most {
        0 => Given { title: String::new(), text: String::new(), is_cut: true, output: 0 },
        _ => asked.answer(studio, met.fault).await.map_err(|error| Refusal::invalid(error.to_string()))?,
    };
    studio.cache.keep(&split, began);
    let mut thinks = thinks;
    let mut details = Value::Null;
    let (given, stop) = if met.has(Anthropic::Refusal) {
        let why = "The request was declined by a safety system.";
        details = json!({"type": "refusal", "category": "general_harms", "explanation": why});
        let short = Given { text: "I can't help".to_owned(), output: 3, ..given };
        (short, "refusal")
    } else if met.has(Anthropic::OnlyThinking) {
        thinks = most;
        (given.emptied(), "max_tokens")
    } else if met.has(Anthropic::PauseTurn) {
        (given.halved(), "pause_turn")
    } else if met.has(Anthropic::WindowExceeded) {
        (given.halved(), "model_context_window_exceeded")
    } else {
        let stop = match (&tool, given.is_cut) {
            (_, true) => "max_tokens",
            (Some(_), false) => "tool_use",
            (None, false) => "end_turn",
        };
        (given, stop)
    };
    let mut used = counted(&split, given.output + thinks, thinks);
    if met.fault == Some(Fault::OverBilling) {
        used.input *= 5;
        used.output = most + most / 2 + 1_000;
    }
    Ok(Composed {
        id: format!("msg_{}", token(studio.seed, body, attempt, 24)),
        model: model.id,
        title: given.title,
        used,
        text: given.text,
        tool: tool.filter(|_| stop != "refusal"),
        thinking: if thinks > 0 { thinking } else { Thinking::Off },
        signature: token(studio.seed, body, attempt, 48),
        stop,
        details,
        has_nulls,
    })
}

fn counted(split: &Split, output: u64, thinking: u64) -> Used {
    Used {
        input: split.input,
        write_5m: split.write_5m,
        write_1h: split.write_1h,
        read: split.read,
        output,
        thinking,
        ..Used::default()
    }
}

impl Composed {
    /// The counts; `output` is what was made so far.
    fn usage(&self, output: u64) -> Value {
        let Used { input, write_5m, write_1h, read, thinking, is_batched, .. } = self.used;
        let tier = if is_batched { "batch" } else { "standard" };
        if self.has_nulls {
            return json!({
                "input_tokens": input, "cache_creation_input_tokens": null, "output_tokens": output,
                "output_tokens_details": null, "service_tier": null,
            });
        }
        json!({
            "input_tokens": input, "cache_creation_input_tokens": write_5m + write_1h, "cache_read_input_tokens": read,
            "cache_creation": {"ephemeral_5m_input_tokens": write_5m, "ephemeral_1h_input_tokens": write_1h},
            "output_tokens": output, "output_tokens_details": {"thinking_tokens": thinking.min(output)},
            "server_tool_use": null, "service_tier": tier, "inference_geo": "global", "speed": "standard",
        })
    }

    fn thought(&self) -> &'static str {
        match self.thinking {
            Thinking::Summarized => "The order of the parts is weighed against what the passages carry.",
            Thinking::Omitted | Thinking::Off => "",
        }
    }

    fn tool_id(&self) -> String {
        format!("toolu_{}", self.id.trim_start_matches("msg_"))
    }

    /// The message as one document.
    pub(super) fn whole(&self) -> Value {
        let mut content = Vec::new();
        if self.thinking != Thinking::Off {
            content.push(json!({"type": "thinking", "thinking": self.thought(), "signature": self.signature}));
        }
        match &self.tool {
            Some(name) => {
                // Input that was cut off is none.
                let input: Value = serde_json::from_str(&self.text).unwrap_or_else(|_| json!({}));
                content.push(json!({"type": "tool_use", "id": self.tool_id(), "name": name, "input": input}));
            }
            None if self.text.is_empty() => {}
            None => content.push(json!({"type": "text", "text": self.text, "citations": null})),
        }
        json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model, "content": content,
            "stop_reason": self.stop, "stop_sequence": null, "stop_details": self.details, "container": null,
            "usage": self.usage(self.used.output),
        })
    }

    /// The events of a streamed answer in the frames that they are sent in. The usage in `message_delta` is cumulative and
    /// comes twice at least, as the vendor may do.
    pub(super) fn events(&mut self, over: Duration, met: &Met) -> Vec<Vec<u8>> {
        let is_odd = met.has(Anthropic::PingAndUnknownEvent);
        let mut frames = vec![frame(&json!({"type": "message_start", "message": {
            "id": self.id, "type": "message", "role": "assistant", "model": self.model, "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": self.usage(1),
        }}))];
        let mut index = 0;
        let mut first = Vec::new();
        let started = |index: u64, block: Value| {
            let mut bytes = frame(&json!({"type": "content_block_start", "index": index, "content_block": block}));
            bytes.extend(ping());
            bytes
        };
        let stopped = |index: u64| frame(&json!({"type": "content_block_stop", "index": index}));
        let delta =
            |index: u64, delta: Value| frame(&json!({"type": "content_block_delta", "index": index, "delta": delta}));
        if self.thinking != Thinking::Off {
            first.extend(started(index, json!({"type": "thinking", "thinking": "", "signature": ""})));
            if !self.thought().is_empty() {
                first.extend(delta(index, json!({"type": "thinking_delta", "thinking": self.thought()})));
            }
            first.extend(delta(index, json!({"type": "signature_delta", "signature": self.signature})));
            first.extend(stopped(index));
            index += 1;
        }
        if is_odd {
            first.extend(frame(&json!({"type": "rehearsal_note", "note": "An event that clients do not know."})));
            first.extend(started(index, json!({"type": "rehearsal_block", "note": "A block that they do not know."})));
            first.extend(delta(index, json!({"type": "rehearsal_delta", "note": "And a delta."})));
            first.extend(stopped(index));
            index += 1;
        }
        let has_text = !self.text.is_empty() || self.tool.is_some();
        if has_text {
            first.extend(started(
                index,
                match &self.tool {
                    Some(name) => json!({"type": "tool_use", "id": self.tool_id(), "name": name, "input": {}}),
                    None => json!({"type": "text", "text": ""}),
                },
            ));
        }
        if self.tool.is_some() {
            first.extend(delta(index, json!({"type": "input_json_delta", "partial_json": ""})));
        }
        frames.push(first);
        let text = self.text.clone();
        let pieces = chunks(&text, over);
        let middle = pieces.len() / 2;
        for (nth, piece) in pieces.iter().enumerate() {
            if nth == middle && met.has(Anthropic::ErrorEvent) {
                let sent: usize = pieces.iter().take(middle).map(|piece| piece.len()).sum();
                self.used.output = super::super::request::tokens(sent) + self.used.thinking;
                let error = Refusal::new(529, "overloaded_error", "Overloaded").error();
                let request = self.id.replace("msg_", "req_");
                frames.push(frame(&json!({"type": "error", "error": error, "request_id": request})));
                return frames;
            }
            let mut bytes = match self.tool {
                Some(_) => delta(index, json!({"type": "input_json_delta", "partial_json": piece})),
                None => delta(index, json!({"type": "text_delta", "text": piece})),
            };
            if nth == middle || is_odd {
                bytes.extend(ping());
            }
            if nth == middle && met.fault == Some(Fault::MalformedJson) {
                bytes.extend_from_slice(
                    b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,,}\n\n",
                );
            }
            frames.push(bytes);
        }
        let mut last = if has_text { stopped(index) } else { Vec::new() };
        let growing = if met.has(Anthropic::TwoMessageDeltas) { 4 } else { 1 };
        for short in (1..=growing).rev() {
            last.extend(frame(&json!({
                "type": "message_delta", "delta": {"stop_reason": null, "stop_sequence": null},
                "usage": {"output_tokens": self.used.output.saturating_sub(short)},
            })));
        }
        let mut counts = json!({"input_tokens": self.used.input, "output_tokens": self.used.output});
        if let Some(members) = counts.as_object_mut().filter(|_| self.used.thinking > 0 && !self.has_nulls) {
            members.insert("output_tokens_details".to_owned(), json!({"thinking_tokens": self.used.thinking}));
        }
        let delta =
            json!({"stop_reason": self.stop, "stop_sequence": null, "stop_details": self.details, "container": null});
        last.extend(frame(&json!({"type": "message_delta", "delta": delta, "usage": counts})));
        if !met.has(Anthropic::NoMessageStop) {
            last.extend(frame(&json!({"type": "message_stop"})));
        }
        frames.push(last);
        frames
    }
}

fn ping() -> Vec<u8> {
    frame(&json!({"type": "ping"}))
}

fn frame(data: &Value) -> Vec<u8> {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n").into_bytes()
}
