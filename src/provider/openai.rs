//! Chat completions as OpenAI defines them, spoken by OpenAI itself and by Ollama, llama.cpp, vLLM and LM Studio: the body of
//! a request, and an answer read from its stream or whole. Facts from their documentation and OpenAI's Python client 3.54.0,
//! as of November 2026.
//!
//! Sampling parameters are not sent: each server has defaults of its own. Where the servers differ, [`Server`] says how. Not for speech, and not for OpenAI's Responses.

mod stream;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Content, Finish, Form, PrepareError, Prepared, TextRequest, Vendor, checked_name, written};
use super::error::{CallError, ChargeKnown, RetryClass, token};
use super::headers::Headers;
use super::refusal::{Told, refusal};
use super::thoughts::without_thoughts;
use super::usage::Usage;
use super::{hints, schema};
use crate::config::models::Model;
use crate::config::settings::habits::Server;

pub(super) use self::stream::Fold;
use self::stream::{Counts, Trouble};

/// The longest name of a schema.
const LONGEST_NAME: usize = 64;

/// Tokens that the frame of a chat adds to its texts: the marks of two turns and of the answer.
const FRAMING: u64 = 64;

/// The body of a request.
pub(super) fn prepare(known: &Model, request: &TextRequest) -> Result<Prepared, PrepareError> {
    let model = checked_name("model", &request.model)?;
    if request.user.trim().is_empty() {
        return Err(PrepareError::Empty("answered"));
    }
    if let Some(context) = known.limits.context.filter(|_| known.server.cuts_prompts()) {
        let bytes = request.system.len().saturating_add(request.user.len());
        let most = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(FRAMING);
        if most > context {
            return Err(PrepareError::TooLong { most, context });
        }
    }
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    messages.push(json!({"role": "user", "content": request.user}));
    let mut body = Map::new();
    body.insert("model".to_owned(), model.into());
    body.insert("messages".to_owned(), messages.into());
    let server = known.server;
    // A gateway may hand a model of OpenAI's on, and that refuses the older name whoever asks.
    let limit = if is_openais(model) { Server::OpenAi.limit() } else { server.limit() };
    body.insert(limit.to_owned(), request.max_tokens.into());
    if let Some(wanted) = &request.schema {
        body.insert("response_format".to_owned(), format(wanted, true));
    }
    let effort = request.effort.filter(|_| server.takes_effort() || is_openais(model));
    if let Some(effort) = effort.and_then(|effort| known.text().word(effort)) {
        body.insert("reasoning_effort".to_owned(), effort.into());
    }
    body.insert("stream".to_owned(), true.into());
    body.insert("stream_options".to_owned(), json!({"include_usage": true}));
    let body = written(body);
    Ok(Prepared {
        vendor: Vendor::OpenAi,
        path: "/v1/chat/completions".to_owned(),
        body,
        streaming: true,
        form: Form::Usual,
    })
}

/// Whether the model is one of OpenAI's own, which take the limit of tokens under its newer name; other servers know the
/// older one, and Ollama that alone.
fn is_openais(model: &str) -> bool {
    let reasons = || {
        let mut letters = model.chars();
        letters.next() == Some('o') && letters.next().is_some_and(|c| c.is_ascii_digit())
    };
    // The open weights of this name are served by others.
    (model.starts_with("gpt-") && !model.starts_with("gpt-oss")) || reasons()
}

/// The `response_format` for a schema, under the schema's own name as far as one may have it.
pub(super) fn format(wanted: &Value, strict: bool) -> Value {
    let title = wanted.get("title").and_then(Value::as_str).unwrap_or_default();
    let name: String =
        title.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).take(LONGEST_NAME).collect();
    let name = if name.is_empty() { "answer".to_owned() } else { name };
    let mut described = json!({"name": name});
    if let Some(members) = described.as_object_mut() {
        if strict {
            members.insert("strict".to_owned(), true.into());
        }
        members.insert("schema".to_owned(), schema::for_openai(wanted));
    }
    json!({"type": "json_schema", "json_schema": described})
}

/// What was read of an answer, streamed or whole.
#[derive(Debug, Default)]
struct Read {
    text: String,
    refusal: String,
    finish: Option<String>,
    model: Option<String>,
    id: Option<String>,
    usage: Option<Usage>,
    /// Whether there were thoughts beside the text.
    has_thoughts: bool,
}

/// What an answer is called that is nothing but thoughts.
const THOUGHTS_ALONE: &str = "with_thoughts_alone";

/// Reads a recorded stream, the whole answer of a server that does not stream, or the refusal in their place.
pub(super) fn decode(status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    if status != 200 {
        return Err(refusal(Vendor::OpenAi, status, headers, body));
    }
    let is_whole = body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    let read = if is_whole { whole(body) } else { streamed(body) };
    let request_id = hints::request_id(headers);
    let read = read.map_err(|error| error.with_status(status).with_request_id(request_id))?;
    let finish = match read.finish.as_deref() {
        _ if !read.refusal.is_empty() => Finish::Refused("refusal".to_owned()),
        Some("stop") if read.text.is_empty() && read.has_thoughts => Finish::Other(THOUGHTS_ALONE.to_owned()),
        Some("stop") => Finish::Complete,
        Some("length") => Finish::Length,
        Some("content_filter") => Finish::Refused("content_filter".to_owned()),
        Some(other) => Finish::Other(token(other).unwrap_or_default()),
        None => Finish::Other(String::new()),
    };
    Ok(Answer {
        sources: Vec::new(),
        content: Content::Text(without_thoughts(&read.text).to_owned()),
        usage: read.usage,
        model: read.model.as_deref().and_then(token),
        request_id: request_id.or(read.id.as_deref()).and_then(token),
        finish,
        rehearsal: headers.rehearsal(),
    })
}

fn streamed(body: &[u8]) -> Result<Read, CallError> {
    let mut fold = Fold::default();
    fold.push(body, |_| ());
    let usage = fold.usage();
    match fold.trouble() {
        None => Ok(fold.into_read()),
        Some(Trouble::Reported(told)) => Err(broke_off(Vendor::OpenAi, &told).with_usage(usage)),
        Some(Trouble::Unreadable(why)) => {
            let said = format!("The answer of {} is complete but cannot be read: {why}", Vendor::OpenAi);
            Err(CallError::new(RetryClass::AskPerson, ChargeKnown::Charged, &said).with_usage(usage))
        }
        Some(Trouble::Cut) => {
            let said = format!("The answer of {} ends in the middle of its stream", Vendor::OpenAi);
            Err(CallError::new(RetryClass::RetryAfter, ChargeKnown::Uncertain, &said).with_usage(usage))
        }
    }
}

/// An answer that had begun well and that the vendor gave up.
pub(super) fn broke_off(vendor: Vendor, told: &Told) -> CallError {
    let said = match &told.kind {
        Some(kind) => format!("The answer of {vendor} was broken off with `{kind}`: {}", told.message),
        None => format!("The answer of {vendor} was broken off: {}", told.message),
    };
    CallError::new(told.class(), ChargeKnown::Uncertain, &said)
}

/// The JSON of a body that holds one document: its end may be missing, or it may be broken.
pub(super) fn document(vendor: Vendor, body: &[u8]) -> Result<Value, CallError> {
    serde_json::from_slice(body).map_err(|error| match error.is_eof() {
        true => {
            let said = format!("The answer of {vendor} is cut in the middle");
            CallError::new(RetryClass::RetryAfter, ChargeKnown::Uncertain, &said)
        }
        false => {
            let said = format!("The answer of {vendor} is complete but no JSON at line {}", error.line());
            CallError::new(RetryClass::AskPerson, ChargeKnown::Charged, &said)
        }
    })
}

#[derive(Deserialize)]
struct Body {
    id: Option<String>,
    model: Option<String>,
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
    /// Of Ollama and vLLM, and of llama.cpp and older vLLM.
    #[serde(alias = "reasoning_content")]
    reasoning: Option<Value>,
}

fn whole(body: &[u8]) -> Result<Read, CallError> {
    let value = document(Vendor::OpenAi, body)?;
    if let Some(told) = Told::of(&value) {
        return Err(broke_off(Vendor::OpenAi, &told));
    }
    let counts = value.get("usage").cloned().and_then(|part| serde_json::from_value::<Counts>(part).ok());
    let usage = counts.and_then(Counts::usage);
    let strange = || {
        let said = format!("The answer of {} is complete but has another shape than its wire", Vendor::OpenAi);
        CallError::new(RetryClass::AskPerson, ChargeKnown::Charged, &said).with_usage(usage)
    };
    let parsed: Body = serde_json::from_value(value).map_err(|_| strange())?;
    let choice = parsed.choices.into_iter().next().ok_or_else(strange)?;
    Ok(Read {
        text: choice.message.content.unwrap_or_default(),
        refusal: choice.message.refusal.unwrap_or_default(),
        finish: choice.finish_reason,
        model: parsed.model,
        id: parsed.id,
        usage,
        has_thoughts: choice.message.reasoning.is_some_and(|thoughts| thoughts.as_str() != Some("")),
    })
}
