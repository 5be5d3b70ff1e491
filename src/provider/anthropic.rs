//! Anthropic's Messages API: the body of a request, and an answer read from its stream. Facts from
//! Anthropic's documentation and its Python client 2.12.0, as of November 2026.
//!
//! Sampling parameters, prefill and manual thinking budgets are never sent: the models of 2026 refuse them, and none of
//! the older ones needs them. Thinking is steered by effort where that is taken, and is otherwise at the model's own
//! default.

mod stream;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::call::{Answer, Finish, Form, PrepareError, Prepared, Remember, TextRequest, Vendor, checked_id};
use super::error::{CallError, ChargeKnown, RetryClass, token};
use super::headers::Headers;
use super::{hints, schema};
use crate::config::models::{Model, Structured};

pub(super) use self::stream::{Delta, Fold, Trouble};

/// The body of a request.
pub(super) fn prepare(known: &Model, request: &TextRequest) -> Result<Prepared, PrepareError> {
    let model = checked_id("model", &request.model)?;
    if request.user.trim().is_empty() {
        return Err(PrepareError::Empty("answered"));
    }
    let takes = known.text();
    let mut user = request.user.clone();
    let mut output = Map::new();
    let effort = request.effort.and_then(|effort| takes.nearest(effort));
    if let Some(effort) = effort {
        output.insert("effort".to_owned(), effort.name().into());
    }
    if let Some(wanted) = &request.schema {
        let wanted = schema::for_anthropic(wanted);
        if takes.structured == Structured::Native {
            output.insert("format".to_owned(), json!({"type": "json_schema", "schema": wanted}));
        } else {
            user.push_str(&schema::in_words(&wanted));
        }
    }
    let mut body = Map::new();
    body.insert("model".to_owned(), model.into());
    body.insert("max_tokens".to_owned(), request.max_tokens.into());
    if !request.system.is_empty() {
        let mut block = json!({"type": "text", "text": request.system});
        let ttl = match request.remember {
            Remember::No => None,
            Remember::FiveMinutes => Some("5m"),
            Remember::OneHour => Some("1h"),
        };
        if let (Some(ttl), Some(block)) = (ttl, block.as_object_mut()) {
            block.insert("cache_control".to_owned(), json!({"type": "ephemeral", "ttl": ttl}));
        }
        body.insert("system".to_owned(), json!([block]));
    }
    body.insert("messages".to_owned(), json!([{"role": "user", "content": [{"type": "text", "text": user}]}]));
    if takes.thinking.adaptive && !takes.thinking.unasked && effort.is_some() {
        body.insert("thinking".to_owned(), json!({"type": "adaptive"}));
    }
    if !output.is_empty() {
        body.insert("output_config".to_owned(), output.into());
    }
    body.insert("stream".to_owned(), true.into());
    let body = Value::Object(body).to_string().into_bytes();
    Ok(Prepared {
        vendor: Vendor::Anthropic,
        path: "/v1/messages".to_owned(),
        body,
        streaming: true,
        form: Form::Usual,
    })
}

/// Reads a recorded stream, or the refusal in its place.
pub(super) fn decode(status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    if status != 200 {
        return Err(refusal(status, headers, body));
    }
    let request_id = hints::request_id(headers);
    let mut fold = Fold::default();
    fold.push(body, |_| ());
    let usage = fold.usage();
    let fail = |class, charge, message: &str| {
        CallError::new(class, charge, message).with_status(status).with_request_id(request_id).with_usage(usage)
    };
    match fold.trouble() {
        None => {}
        Some(Trouble::Reported { kind, message, request_id: named }) => {
            let class = class_of(200, &kind, &message, None);
            let said = format!("Anthropic broke off its answer with `{kind}`: {message}");
            let error = fail(class, ChargeKnown::Uncertain, &said);
            return Err(if error.request_id.is_none() { error.with_request_id(named.as_deref()) } else { error });
        }
        Some(Trouble::Unreadable(why)) => {
            let said = format!("The answer of Anthropic is complete but cannot be read: {why}");
            return Err(fail(RetryClass::AskPerson, ChargeKnown::Charged, &said));
        }
        Some(Trouble::Cut) => {
            let said = "The answer of Anthropic ends in the middle of its stream";
            return Err(fail(RetryClass::RetryAfter, ChargeKnown::Uncertain, said));
        }
    }
    let finish = match fold.stop_reason() {
        Some("end_turn" | "stop_sequence") => Finish::Complete,
        Some("max_tokens" | "model_context_window_exceeded") => Finish::Length,
        Some("refusal") => Finish::Refused(fold.refusal().to_owned()),
        Some(other) => Finish::Other(token(other).unwrap_or_default()),
        None => Finish::Other(String::new()),
    };
    Ok(Answer {
        sources: Vec::new(),
        usage,
        model: fold.model().and_then(token),
        request_id: request_id.and_then(token),
        finish,
        rehearsal: headers.rehearsal(),
        content: super::call::Content::Text(fold.into_text()),
    })
}

/// The refusal that a status and a body make: the table in Anthropic's documentation of errors.
fn refusal(status: u16, headers: &Headers, body: &[u8]) -> CallError {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let word = |pointer: &str| parsed.pointer(pointer).and_then(Value::as_str);
    let kind = word("/error/type");
    let message = word("/error/message").unwrap_or_default();
    let code = word("/error/details/error_code");
    let mut class = class_of(status, kind.unwrap_or_default(), message, code);
    match (hints::should_retry(headers), class) {
        (Some(true), RetryClass::FixRequest | RetryClass::Stop) => class = RetryClass::RetryAfter,
        (Some(false), RetryClass::RetryAfter | RetryClass::LowerConcurrency) => class = RetryClass::AskPerson,
        (Some(_) | None, _) => {}
    }
    // The service's own refusals are free. An edge that answers in its place, or a time-out, cannot say what was done.
    let charge = match (status, kind) {
        (408 | 400..=403 | 404 | 409 | 413 | 422 | 429, _) => ChargeKnown::NotCharged,
        (500 | 503 | 529, Some(_)) => ChargeKnown::NotCharged,
        (300..=499, _) => ChargeKnown::NotCharged,
        (_, _) => ChargeKnown::Uncertain,
    };
    let said = match (kind, message) {
        (Some(kind), message) => format!("Anthropic answered {status} `{kind}`: {message}"),
        (None, _) => format!("Anthropic's address answered {status} with something that is not Anthropic's"),
    };
    CallError::new(class, charge, &said)
        .with_status(status)
        .with_retry_after(hints::retry_after(headers))
        .with_request_id(hints::request_id(headers).or(word("/request_id")))
}

/// What would help, by the error's own type first and by the status where it has none. `status` is 200 for an error
/// within a stream.
fn class_of(status: u16, kind: &str, message: &str, code: Option<&str>) -> RetryClass {
    if code == Some("enforced_spend_limit_reached") || message.contains("specified API usage limits") {
        return RetryClass::AskPerson;
    }
    match (kind, status) {
        ("rate_limit_error", _) if message.to_ascii_lowercase().contains("concurrent") => RetryClass::LowerConcurrency,
        ("rate_limit_error" | "overloaded_error" | "api_error" | "timeout_error" | "conflict_error", _) => {
            RetryClass::RetryAfter
        }
        ("authentication_error" | "billing_error" | "permission_error", _) => RetryClass::AskPerson,
        ("not_found_error", _) => RetryClass::OtherModel,
        ("invalid_request_error" | "request_too_large", _) => RetryClass::FixRequest,
        (_, 408 | 409 | 429 | 500..=599) => RetryClass::RetryAfter,
        (_, 401..=403) => RetryClass::AskPerson,
        (_, 400 | 413 | 422) => RetryClass::FixRequest,
        (_, _) => RetryClass::Stop,
    }
}
