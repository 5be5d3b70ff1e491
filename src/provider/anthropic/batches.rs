//! Anthropic's Message Batches: many requests in one, at half the price, each answered within a day or not at all. Facts from
//! Anthropic's documentation, as of November 2026.
//!
//! Pure, like the wire of single calls: bodies are made and read here, and sent elsewhere. Results come in no order and are told
//! apart by the id that each request was given, which is made from the key of its intent. What was not answered is not billed.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::call::{Answer, Form, Prepared, Vendor};
use super::super::error::{CallError, ChargeKnown, RetryClass, token};
use super::super::headers::Headers;

/// Where single calls go.
const MESSAGES: &str = "/v1/messages";

/// Where batches are made.
const PATH: &str = "/v1/messages/batches";

/// The longest id of a request in a batch.
const LONGEST_ID: usize = 64;

/// What a batch does not take of a single call: its answer does not stream, and it is never fast.
const ALONE: [&str; 2] = ["stream", "speed"];

/// Requests that make no batch. Nothing was sent and nothing is charged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// There is none.
    #[error("a batch without a request asks for nothing. Nothing was sent")]
    Empty,
    /// One of them is not for a batch.
    #[error("`{0}` is no request for a batch of Anthropic's Messages. Nothing was sent")]
    Foreign(String),
    /// Two have one id.
    #[error("`{0}` is there twice. Nothing was sent")]
    Twice(String),
}

/// The request as one of a batch, where it can be one.
pub(in crate::provider) fn patient(prepared: &Prepared) -> Option<Prepared> {
    if prepared.path != MESSAGES {
        return None;
    }
    let mut params: Map<String, Value> = serde_json::from_slice(&prepared.body).ok()?;
    ALONE.iter().for_each(|name| drop(params.shift_remove(*name)));
    let body = serde_json::to_vec(&params).ok()?;
    Some(Prepared { body, streaming: false, form: Form::Batched, ..prepared.clone() })
}

/// The id of a request in a batch, from the key of its intent: the key itself where it may be one, else a name of it that is
/// as good as unique.
pub(in crate::provider) fn custom_id(key: &str) -> String {
    let is_sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.len() <= LONGEST_ID && key.chars().all(is_sound) {
        return key.to_owned();
    }
    let hash = blake3::hash(key.as_bytes()).to_hex();
    hash.chars().take(LONGEST_ID).collect()
}

/// The request that makes a batch of these, each with the key of its intent.
pub(in crate::provider) fn create(requests: &[(&str, &Prepared)]) -> Result<Prepared, BatchError> {
    #[derive(Serialize)]
    struct Asked<'a> {
        requests: Vec<Item<'a>>,
    }
    #[derive(Serialize)]
    struct Item<'a> {
        custom_id: String,
        params: &'a RawValue,
    }
    if requests.is_empty() {
        return Err(BatchError::Empty);
    }
    let mut seen = BTreeSet::new();
    let mut items = Vec::with_capacity(requests.len());
    for (key, request) in requests {
        let foreign = || BatchError::Foreign((*key).to_owned());
        if request.vendor != Vendor::Anthropic || request.form != Form::Batched {
            return Err(foreign());
        }
        if !seen.insert(key) {
            return Err(BatchError::Twice((*key).to_owned()));
        }
        let params = serde_json::from_slice(&request.body).map_err(|_| foreign())?;
        items.push(Item { custom_id: custom_id(key), params });
    }
    let body = serde_json::to_vec(&Asked { requests: items }).map_err(|_| BatchError::Empty)?;
    Ok(Prepared { vendor: Vendor::Anthropic, path: PATH.to_owned(), body, streaming: false, form: Form::Usual })
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// It is worked on.
    InProgress,
    /// It is being stopped; what is done already comes all the same.
    Canceling,
    /// Every request has its result.
    Ended,
}

/// A batch as the vendor describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) struct Batch {
    /// The vendor's name for it.
    pub id: String,
    /// How far it is.
    pub stands: Stands,
}

/// The batch that a body describes, as making one and asking for one answer; `None` where it describes none.
pub(in crate::provider) fn batch(body: &[u8]) -> Option<Batch> {
    #[derive(Deserialize)]
    struct Described {
        id: String,
        processing_status: Stands,
    }
    let Described { id, processing_status: stands } = serde_json::from_slice(body).ok()?;
    Some(Batch { id: name(&id)?, stands })
}

/// The id as it may stand in an address.
fn name(id: &str) -> Option<String> {
    token(id).filter(|id| id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
}

/// Where a batch is asked after. An id that is no name of a batch leads nowhere.
pub(in crate::provider) fn path_of(id: &str) -> Option<String> {
    name(id).map(|id| format!("{PATH}/{id}"))
}

/// The results of a batch that has ended, one JSON object a line, by the ids of their requests and in no order. A line that
/// cannot be read is a result of nothing, and its request stays without one.
pub(in crate::provider) fn lines(body: &[u8]) -> impl Iterator<Item = (String, &[u8])> {
    #[derive(Deserialize)]
    struct Line {
        custom_id: String,
    }
    body.split(|byte| *byte == b'\n').filter_map(|line| {
        let read: Line = serde_json::from_slice(line).ok()?;
        Some((read.custom_id, line))
    })
}

/// What one line of the results says, as an answer of a single call says it.
///
/// # Errors
///
/// When it was refused, taken back or not reached within the day, none of which is charged; or when it cannot be read, which
/// leaves the charge uncertain.
pub(in crate::provider) fn decode(status: u16, headers: &Headers, line: &[u8]) -> Result<Answer, CallError> {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        result: Outcome<'a>,
    }
    #[derive(Deserialize)]
    struct Outcome<'a> {
        #[serde(rename = "type")]
        kind: String,
        #[serde(borrow)]
        message: Option<&'a RawValue>,
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }
    let free = |said: &str| CallError::new(RetryClass::AskPerson, ChargeKnown::NotCharged, said).with_status(status);
    let read: Option<Line<'_>> = serde_json::from_slice(line).ok();
    let Some(Outcome { kind, message, error }) = read.map(|line| line.result) else {
        return Err(unreadable("cannot be read"));
    };
    match (kind.as_str(), message, error) {
        ("succeeded", Some(message), _) => {
            let mut answer = super::decode(200, headers, message.get().as_bytes())?;
            // The headers are those of the whole list: the message's own name is the only one that it has.
            answer.request_id = serde_json::from_str::<Value>(message.get())
                .ok()
                .and_then(|message| message.get("id").and_then(Value::as_str).and_then(token));
            Ok(answer)
        }
        ("errored", _, Some(error)) => Err(refused(error.get())),
        ("expired", ..) => Err(free(
            "Its turn in the batch did not come within the day, and nothing is charged for it. Trying again sends it in a new batch",
        )),
        ("canceled", ..) => Err(free(
            "It was taken out of the batch before its turn, and nothing is charged for it. Trying again sends it in a new batch",
        )),
        _ => Err(unreadable("says nothing that is known")),
    }
}

/// A refusal within a batch, judged by the table of single calls.
fn refused(error: &str) -> CallError {
    let parsed: Value = serde_json::from_str(error).unwrap_or_default();
    let status = match parsed.pointer("/error/type").and_then(Value::as_str).unwrap_or_default() {
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "api_error" => 500,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 400,
    };
    // What a batch did not answer is not billed, whatever the same refusal means elsewhere.
    CallError { charge: ChargeKnown::NotCharged, ..super::refusal(status, &Headers::default(), error.as_bytes()) }
}

fn unreadable(what: &str) -> CallError {
    let said = format!("A result in the batch {what}");
    CallError::new(RetryClass::AskPerson, ChargeKnown::Uncertain, &said)
}
