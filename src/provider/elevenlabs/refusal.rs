//! ElevenLabs' refusals: four forms of body, and what each asks for.

use serde_json::Value;

use super::super::error::{CallError, ChargeKnown, RetryClass};
use super::super::headers::Headers;
use super::super::hints;

/// The refusal that a status and a body make: by the codes in ElevenLabs' documentation of errors. The word in the body
/// comes before the status, because 401 is a bad key as well as an empty account.
pub(super) fn refusal(status: u16, headers: &Headers, body: &[u8]) -> CallError {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let detail = parsed.get("detail").unwrap_or(&Value::Null);
    let part = |name: &str| detail.get(name).and_then(Value::as_str);
    let words = [part("status"), part("code")];
    let is = |known: &[&str]| words.iter().flatten().any(|word| known.contains(word));
    let begins = |prefix: &str| words.iter().flatten().any(|word| word.starts_with(prefix));
    let message = match detail {
        Value::String(text) => text.clone(),
        Value::Array(faults) => faults.iter().map(fault).collect::<Vec<_>>().join("; "),
        _ => part("message").unwrap_or_default().to_owned(),
    };
    let class = if is(&["too_many_concurrent_requests", "concurrent_limit_exceeded"]) {
        RetryClass::LowerConcurrency
    } else if is(&["system_busy"]) {
        RetryClass::RetryAfter
    } else if is(&["quota_exceeded", "invalid_api_key", "missing_permissions", "detected_unusual_activity"]) {
        RetryClass::AskPerson
    } else if is(&["model_not_found"]) {
        RetryClass::OtherModel
    } else if is(&["text_too_long", "max_character_limit_exceeded"]) {
        RetryClass::FixRequest
    } else if begins("voice_") {
        // The request names a voice that the account does not have: another wording does not help, a choice does.
        RetryClass::AskPerson
    } else {
        match status {
            401..=404 => RetryClass::AskPerson,
            400 | 413 | 422 => RetryClass::FixRequest,
            408 | 409 | 429 | 500..=599 => RetryClass::RetryAfter,
            _ => RetryClass::Stop,
        }
    };
    let charge = match (status, detail.is_null()) {
        (300..=499, _) | (500 | 503, false) => ChargeKnown::NotCharged,
        (..) => ChargeKnown::Uncertain,
    };
    let said = match (words.iter().flatten().next(), detail.is_null()) {
        (Some(word), _) => format!("ElevenLabs answered {status} `{word}`: {message}"),
        (None, false) => format!("ElevenLabs answered {status}: {message}"),
        (None, true) => format!("ElevenLabs' address answered {status} with something that is not ElevenLabs'"),
    };
    CallError::new(class, charge, &said)
        .with_status(status)
        .with_retry_after(hints::retry_after(headers))
        .with_request_id(hints::request_id(headers).or(part("request_id")))
}

/// The error that a document within an answer reports, where the vendor gave up although it had begun well. What had come by
/// then may be billed.
pub(super) fn reported(detail: &Value, error: &Value) -> Option<CallError> {
    let told = [detail, error].into_iter().find(|part| !part.is_null())?;
    let body = serde_json::json!({"detail": told}).to_string();
    let said = refusal(500, &Headers::default(), body.as_bytes());
    let message = said.message.replacen("ElevenLabs answered 500", "The answer of ElevenLabs was broken off with", 1);
    Some(CallError::new(said.class, ChargeKnown::Uncertain, &message))
}

/// One fault of a validation list, as `body.text: field required`.
fn fault(one: &Value) -> String {
    let place: Vec<&str> = match one.get("loc").and_then(Value::as_array) {
        Some(steps) => steps.iter().filter_map(Value::as_str).collect(),
        None => Vec::new(),
    };
    format!("{}: {}", place.join("."), one.get("msg").and_then(Value::as_str).unwrap_or_default())
}
