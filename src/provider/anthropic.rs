//! Anthropic's Messages API: the body of a request, and an answer read from its stream or whole. Facts from
//! Anthropic's documentation and its Python client 2.12.0, as of November 2026.
//!
//! Both versions of the wire (`2023-06-01` and `2026-10-21`) take the same requests and give the same answers here; the
//! header that names one is the endpoint's. Batches are in [`batches`].

pub(super) mod batches;
mod request;
mod stream;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub(super) use self::request::{prepare, prepare_count};
use self::stream::Trouble;
pub(super) use self::stream::{Delta, Fold};
use super::call::{Answer, Finish};
use super::error::{CallError, ChargeKnown, RetryClass, token};
use super::headers::Headers;
use super::hints;

/// The tool that takes the answer of a model that is not held to a schema in another way.
const ANSWER: &str = "answer";

/// Reads the answer to a count: the tokens of the prompt, by the vendor's estimate.
pub(super) fn decode_count(status: u16, headers: &Headers, body: &[u8]) -> Result<u64, CallError> {
    if status != 200 {
        return Err(refusal(status, headers, body));
    }
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    parsed.get("input_tokens").and_then(Value::as_u64).ok_or_else(|| {
        let said = "Anthropic's answer to a count holds no number";
        CallError::new(RetryClass::RetryAfter, ChargeKnown::NotCharged, said).with_status(status)
    })
}

/// Reads a recorded stream, a whole answer, or the refusal in their place.
pub(super) fn decode(status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    if status != 200 {
        return Err(refusal(status, headers, body));
    }
    let request_id = hints::request_id(headers);
    let is_whole = body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    let fold = if is_whole { Fold::whole(body) } else { Fold::streamed(body) };
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
        // The tool takes the answer, and nobody calls the model again with what it gave.
        Some("tool_use") if fold.is_tools() => Finish::Complete,
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
