//! Google's `generateContent`: the body of a request, and an answer read from its stream or whole. Facts from Google's
//! documentation and its Python client 3.4.0, as of November 2026.
//!
//! The id that was asked is not always the model that answers, so the answer carries `modelVersion`. Not for the newer
//! Interactions, whose shapes differ.

mod request;
mod stream;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::Value;

pub(super) use self::request::{prepare, prepare_count};
pub(super) use self::stream::Fold;
use self::stream::{Trouble, bare_error};
use super::call::{Answer, Content, Finish};
use super::error::{CallError, ChargeKnown, RetryClass, token};
use super::headers::Headers;
use super::hints;

/// Reads the answer to a count: the tokens of the prompt.
pub(super) fn decode_count(status: u16, headers: &Headers, body: &[u8]) -> Result<u64, CallError> {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    if status != 200 || error_of(&parsed).is_some() {
        return Err(refusal(status, headers, &parsed));
    }
    parsed.get("totalTokens").and_then(Value::as_u64).ok_or_else(|| {
        let said = "Gemini's answer to a count holds no number";
        CallError::new(RetryClass::RetryAfter, ChargeKnown::NotCharged, said).with_status(status)
    })
}

/// Reads a recorded stream, a whole answer, or the refusal in their place.
pub(super) fn decode(status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    if status != 200 {
        return Err(refusal(status, headers, &serde_json::from_slice(body).unwrap_or_default()));
    }
    let request_id = hints::request_id(headers);
    let fail = |class, charge, message: &str| {
        CallError::new(class, charge, message).with_status(status).with_request_id(request_id)
    };
    let mut fold = Fold::default();
    // A stream begins with `data:`; a whole answer is an object, and one that was streamed without frames an array of them.
    let is_whole = body.iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| matches!(b, b'{' | b'['));
    if is_whole {
        let value: Value = serde_json::from_slice(body).map_err(|error| match error.is_eof() {
            true => fail(RetryClass::RetryAfter, ChargeKnown::Uncertain, "The answer of Gemini is cut in the middle"),
            false => {
                let said = format!("The answer of Gemini is complete but no JSON at line {}", error.line());
                fail(RetryClass::AskPerson, ChargeKnown::Charged, &said)
            }
        })?;
        let chunks = match value {
            Value::Array(chunks) => chunks,
            one => vec![one],
        };
        chunks.into_iter().for_each(|chunk| fold.chunk(chunk, &mut |_| ()));
    } else {
        fold.push(body, |_| ());
    }
    let usage = fold.read.usage;
    match fold.trouble() {
        None => {}
        Some(Trouble::Reported(error)) => return Err(refusal(status, headers, &error).with_usage(usage)),
        Some(Trouble::Unreadable(why)) => {
            let said = format!("The answer of Gemini is complete but cannot be read: {why}");
            // Counts of a stream whose end was not read are not the last ones: it is settled at its worst case.
            let usage = usage.filter(|_| is_whole || fold.has_ended());
            return Err(fail(RetryClass::AskPerson, ChargeKnown::Charged, &said).with_usage(usage));
        }
        // All of it is there, so nothing more will come.
        Some(Trouble::Cut) if is_whole && fold.read.has_candidate => {}
        Some(Trouble::Cut) if is_whole => {
            let said = "The answer of Gemini is complete but holds neither a candidate nor a reason for having none";
            return Err(fail(RetryClass::AskPerson, ChargeKnown::Charged, said).with_usage(usage));
        }
        Some(Trouble::Cut) => {
            if let Some(error) = bare_error(body) {
                return Err(refusal(status, headers, &error).with_usage(usage));
            }
            let said = "The answer of Gemini ends in the middle of its stream";
            return Err(fail(RetryClass::RetryAfter, ChargeKnown::Uncertain, said).with_usage(usage));
        }
    }
    let read = fold.read;
    let finish = match (read.has_candidate, read.blocked) {
        (false, Some(reason)) => Finish::Refused(token(&reason).unwrap_or_default()),
        (_, Some(_) | None) => finish(read.finish.as_deref()),
    };
    Ok(Answer {
        sources: Vec::new(),
        content: Content::Text(read.text),
        usage,
        model: read.model.as_deref().and_then(token),
        request_id: request_id.or(read.id.as_deref()).and_then(token),
        finish,
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
fn refusal(status: u16, headers: &Headers, body: &Value) -> CallError {
    let error = error_of(body);
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
