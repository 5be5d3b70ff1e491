//! Google's `generateContent`: the body of a request and its answer. Facts from Google's
//! documentation and its Python client 3.4.0, as of November 2026.
//!
//! Sampling parameters are not sent: the models from 3.5 on ignore them. The id that was asked is not always the model
//! that answers, so the answer carries `modelVersion`.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Content, Effort, Finish, Form, PrepareError, Prepared, TextRequest, Vendor, checked_id};
use super::error::{CallError, ChargeKnown, RetryClass, token};
use super::headers::Headers;
use super::usage::Usage;
use super::{hints, schema};
use crate::config::models::{Model, Structured, TextTakes};

/// The body of a request.
pub(super) fn prepare(known: &Model, request: &TextRequest) -> Result<Prepared, PrepareError> {
    let model = checked_id("model", request.model.strip_prefix("models/").unwrap_or(&request.model))?;
    if request.user.trim().is_empty() {
        return Err(PrepareError::Empty("answered"));
    }
    let takes = known.text();
    let mut config = Map::new();
    config.insert("maxOutputTokens".to_owned(), request.max_tokens.into());
    let mut user = request.user.clone();
    if let Some(wanted) = &request.schema {
        let cut = schema::for_gemini(wanted);
        if takes.structured == Structured::Native {
            config.insert("responseMimeType".to_owned(), "application/json".into());
            config.insert("responseJsonSchema".to_owned(), cut);
        } else {
            user.push_str(&schema::in_words(&cut));
        }
    }
    if let Some(thinking) = request.effort.and_then(|effort| thinking(&takes, effort, request.max_tokens)) {
        config.insert("thinkingConfig".to_owned(), thinking);
    }
    let mut body = Map::new();
    if !request.system.is_empty() {
        body.insert("systemInstruction".to_owned(), json!({"parts": [{"text": request.system}]}));
    }
    body.insert("contents".to_owned(), json!([{"role": "user", "parts": [{"text": user}]}]));
    body.insert("generationConfig".to_owned(), config.into());
    let body = Value::Object(body).to_string().into_bytes();
    let path = format!("/v1beta/models/{model}:generateContent");
    Ok(Prepared { vendor: Vendor::Gemini, path, body, streaming: false, form: Form::Usual })
}

/// The one control that the model takes: a level, or a budget that leaves at least half of the tokens to the answer.
fn thinking(takes: &TextTakes, effort: Effort, max_tokens: u32) -> Option<Value> {
    if takes.thinking.level {
        let level = takes.nearest(effort)?;
        return Some(json!({"thinkingLevel": level.name().to_ascii_uppercase()}));
    }
    let (least, most) = takes.thinking.budget?;
    Some(json!({"thinkingBudget": effort.room().min(max_tokens / 2).clamp(least, most)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<Metadata>,
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
    #[serde(default)]
    parts: Vec<Part>,
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

/// Reads a recorded body.
pub(super) fn decode(status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    if status != 200 {
        return Err(refusal(status, headers, body));
    }
    let request_id = hints::request_id(headers);
    let fail = |class, charge, message: &str| {
        CallError::new(class, charge, message).with_status(status).with_request_id(request_id)
    };
    let value: Value = serde_json::from_slice(body).map_err(|error| match error.is_eof() {
        true => fail(RetryClass::RetryAfter, ChargeKnown::Uncertain, "The answer of Gemini is cut in the middle"),
        false => {
            let said = format!("The answer of Gemini is complete but no JSON at line {}", error.line());
            fail(RetryClass::AskPerson, ChargeKnown::Charged, &said)
        }
    })?;
    if error_of(&value).is_some() {
        return Err(refusal(status, headers, body));
    }
    let metadata = value.get("usageMetadata").cloned().and_then(|part| serde_json::from_value::<Metadata>(part).ok());
    let metered = metadata.map(Metadata::usage);
    let parsed: Body = serde_json::from_value(value).map_err(|_| {
        let said = "The answer of Gemini is complete but has another shape than its interface describes";
        fail(RetryClass::AskPerson, ChargeKnown::Charged, said).with_usage(metered)
    })?;
    let blocked = parsed.prompt_feedback.and_then(|feedback| feedback.block_reason);
    let Some(candidate) = parsed.candidates.into_iter().next() else {
        let Some(reason) = blocked else {
            let said = "The answer of Gemini is complete but holds neither a candidate nor a reason for having none";
            return Err(fail(RetryClass::AskPerson, ChargeKnown::Charged, said).with_usage(metered));
        };
        return Ok(Answer {
            sources: Vec::new(),
            content: Content::Text(String::new()),
            usage: metered,
            model: parsed.model_version.as_deref().and_then(token),
            request_id: request_id.or(parsed.response_id.as_deref()).and_then(token),
            finish: Finish::Refused(token(&reason).unwrap_or_default()),
            rehearsal: headers.rehearsal(),
        });
    };
    let parts = candidate.content.map(|turn| turn.parts).unwrap_or_default();
    let text = parts.into_iter().filter(|part| !part.thought).filter_map(|part| part.text).collect();
    Ok(Answer {
        sources: Vec::new(),
        content: Content::Text(text),
        usage: parsed.usage_metadata.map(Metadata::usage),
        model: parsed.model_version.as_deref().and_then(token),
        request_id: request_id.or(parsed.response_id.as_deref()).and_then(token),
        finish: finish(candidate.finish_reason.as_deref()),
        rehearsal: headers.rehearsal(),
    })
}

fn finish(reason: Option<&str>) -> Finish {
    match reason {
        Some("STOP") => Finish::Complete,
        Some("MAX_TOKENS" | "CONTINUATION") => Finish::Length,
        Some(reason @ ("SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "MODEL_ARMOR")) => {
            Finish::Refused(reason.to_owned())
        }
        Some(other) => Finish::Other(token(other).unwrap_or_default()),
        None => Finish::Other(String::new()),
    }
}

/// The error in a body, which may be wrapped in an array.
fn error_of(body: &Value) -> Option<&Value> {
    body.get("error").or_else(|| body.get(0)?.get("error"))
}

/// The details of an error whose `@type` ends in a name.
fn details<'a>(error: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    let ends = format!(".{name}");
    let all = error.get("details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(move |one| one.get("@type").and_then(Value::as_str).is_some_and(|kind| kind.ends_with(&ends)))
}

/// The refusal that a status and a body make: the codes in Google's documentation of errors.
fn refusal(status: u16, headers: &Headers, body: &[u8]) -> CallError {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = error_of(&parsed);
    let word = |name: &str| error.and_then(|error| error.get(name)).and_then(Value::as_str);
    let (kind, message) = (word("status"), word("message").unwrap_or_default());
    let code = error.and_then(|error| error.get("code")).and_then(Value::as_u64).and_then(|code| code.try_into().ok());
    // An error within a 200 is judged by its own code.
    let judged = if status == 200 { code.unwrap_or(500) } else { status };
    let first = |name: &str, pointer: &str| {
        let found = details(error?, name).find_map(|one| one.pointer(pointer))?.as_str()?;
        Some(found.to_owned())
    };
    let bad_key = first("ErrorInfo", "/reason").as_deref() == Some("API_KEY_INVALID") || message.starts_with("API key");
    let per_day = error.is_some_and(|error| {
        details(error, "QuotaFailure")
            .filter_map(|one| one.get("violations")?.as_array())
            .flatten()
            .any(|one| one.get("quotaId").and_then(Value::as_str).is_some_and(|id| id.contains("PerDay")))
    });
    let class = match (judged, kind) {
        (400, _) if bad_key => RetryClass::AskPerson,
        (400, Some("FAILED_PRECONDITION")) => RetryClass::AskPerson,
        (400 | 413 | 422, _) => RetryClass::FixRequest,
        (401..=403, _) => RetryClass::AskPerson,
        (404, _) => RetryClass::OtherModel,
        // A quota for the day and the model does not come back by waiting.
        (429, _) if per_day => RetryClass::OtherModel,
        (408 | 409 | 429 | 499 | 500..=599, _) => RetryClass::RetryAfter,
        (_, _) => RetryClass::Stop,
    };
    let charge = match (status, judged, kind) {
        (200, ..) => ChargeKnown::Uncertain,
        (_, 499, _) => ChargeKnown::Uncertain,
        (_, 300..=498, _) => ChargeKnown::NotCharged,
        (_, 500 | 503, Some(_)) => ChargeKnown::NotCharged,
        (..) => ChargeKnown::Uncertain,
    };
    let said = match kind {
        Some(kind) => format!("Gemini answered {judged} `{kind}`: {message}"),
        None => format!("Gemini's address answered {judged} with something that is not Gemini's"),
    };
    let wait: Option<Duration> = first("RetryInfo", "/retryDelay")
        .and_then(|text| hints::protobuf_duration(&text))
        .or(hints::retry_after(headers));
    CallError::new(class, charge, &said)
        .with_status(status)
        .with_retry_after(wait)
        .with_request_id(hints::request_id(headers))
}
