//! OpenAI's chat completions, served as a local server does: streamed and whole, with its errors.
//!
//! As servers of this wire differ, so do the answers: some have a thought in front, some end without `[DONE]`, and an error may
//! be a bare text.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::paced::{Paced, chunks, free, put};
use super::request::{Asked, Given, KEY_PREFIX, attempt, bearer, header, texts, token};
use super::state::{Studio, millis};
use crate::rehearsal::author::Dice;
use crate::rehearsal::faults::Fault;
use crate::rehearsal::meter::{self, Call, Used};

/// The tokens of an answer whose limit is not given.
const UNLIMITED: u64 = 16_384;

/// What the models of the other wires begin with; none of them is served here.
const STRANGERS: [&str; 4] = ["claude-", "gemini-", "eleven_", "perplexity/"];

/// A refusal in the form of this wire.
struct Refusal {
    status: u16,
    kind: &'static str,
    message: String,
    retry_after: Option<Duration>,
}

impl Refusal {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), retry_after: None }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }
}

/// What was asked, and how it is to be answered.
struct Completion {
    asked: Asked,
    is_streamed: bool,
    counts: bool,
}

/// `POST /v1/chat/completions`.
pub(super) async fn completions(State(studio): State<Arc<Studio>>, headers: HeaderMap, body: Bytes) -> Response {
    let attempt = attempt(&headers);
    let request_id = format!("req_{}", token(studio.seed, &body, attempt, 24));
    let answered = match check(&headers, &body) {
        Ok(completion) => answer(Arc::clone(&studio), completion, &headers, &body, attempt).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = answered.unwrap_or_else(|refusal| {
        let is_bare = Dice::new(studio.seed, [b"form".as_slice(), &body]).below(3) == 0;
        let error = match refusal.status {
            500 if is_bare => json!(refusal.message),
            status => json!({"message": refusal.message, "type": refusal.kind, "param": null, "code": status}),
        };
        let mut response = Response::new(free(json!({"error": error}).to_string()));
        *response.status_mut() = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        put(&mut response, "content-type", "application/json");
        if let Some(wait) = refusal.retry_after {
            put(&mut response, "retry-after", &wait.as_secs().to_string());
        }
        response
    });
    put(&mut response, "x-request-id", &request_id);
    response
}

fn check(headers: &HeaderMap, body: &[u8]) -> Result<Completion, Refusal> {
    if !bearer(headers).starts_with(KEY_PREFIX) {
        return Err(Refusal::new(401, "authentication_error", "Invalid API Key"));
    }
    let parsed: Value =
        serde_json::from_slice(body).map_err(|error| Refusal::invalid(format!("invalid JSON: {error}")))?;
    let model = parsed.get("model").and_then(Value::as_str).ok_or_else(|| Refusal::invalid("model is required"))?;
    let is_strange = STRANGERS.iter().any(|prefix| model.starts_with(prefix));
    if is_strange || !meter::serves(model) {
        return Err(Refusal::new(404, "not_found_error", format!("model '{model}' not found")));
    }
    let turns = parsed.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let said_by =
        |turn: &Value, roles: &[&str]| turn.get("role").and_then(Value::as_str).is_some_and(|r| roles.contains(&r));
    let last = turns.last().filter(|turn| said_by(turn, &["user"]));
    let user = last.and_then(|turn| texts(turn.get("content"))).filter(|text| !text.trim().is_empty());
    let user = user.ok_or_else(|| Refusal::invalid("messages must end with one of the user"))?;
    let system = turns.iter().filter(|turn| said_by(turn, &["system", "developer"]));
    let system: Vec<String> = system.filter_map(|turn| texts(turn.get("content"))).collect();
    let limit = ["max_completion_tokens", "max_tokens"].into_iter().find_map(|name| parsed.get(name)?.as_u64());
    if limit == Some(0) {
        return Err(Refusal::invalid("max_tokens must be at least 1"));
    }
    let schema = match parsed.get("response_format") {
        None => None,
        Some(format) if format.get("type").and_then(Value::as_str) == Some("json_schema") => {
            let schema = format.pointer("/json_schema/schema").filter(|schema| schema.is_object());
            Some(schema.cloned().ok_or_else(|| Refusal::invalid("response_format.json_schema.schema is required"))?)
        }
        Some(_) => return Err(Refusal::invalid("response_format.type must be 'json_schema'")),
    };
    let is_on = |pointer: &str| parsed.pointer(pointer).and_then(Value::as_bool) == Some(true);
    let (is_streamed, counts) = (is_on("/stream"), is_on("/stream_options/include_usage"));
    let max_tokens = limit.unwrap_or(UNLIMITED);
    let asked = Asked { model: model.to_owned(), system: system.join("\n"), user, schema, max_tokens };
    Ok(Completion { asked, is_streamed, counts })
}

async fn answer(
    studio: Arc<Studio>,
    completion: Completion,
    headers: &HeaderMap,
    body: &Bytes,
    attempt: u32,
) -> Result<Response, Refusal> {
    let key = header(headers, "idempotency-key").to_owned();
    let call = Call { vendor: "openai", model: completion.asked.model.clone(), key };
    let fault = studio.meets(&call, body, attempt);
    let limited = || Refusal::new(429, "rate_limit_error", "Rate limit reached for requests");
    match fault {
        Some(Fault::RateLimitedWithHint) => {
            return Err(Refusal { retry_after: Some(studio.waits.retry_after), ..limited() });
        }
        Some(Fault::RateLimited) => return Err(limited()),
        Some(Fault::Overloaded) => return Err(Refusal::new(503, "unavailable_error", "Loading model")),
        Some(Fault::ServerError) => return Err(Refusal::new(500, "server_error", "the slot is gone")),
        Some(Fault::TimeOut) => {
            studio.pause(studio.waits.time_out).await;
            return Err(Refusal::new(504, "server_error", "the model took too long"));
        }
        Some(Fault::SlowFirstByte) => studio.pause(studio.waits.slow_first_byte).await,
        Some(Fault::CutStream | Fault::MalformedJson | Fault::SchemaMiss | Fault::OverBilling) | None => {}
    }
    let most = completion.asked.max_tokens;
    let given = completion.asked.answer(&studio, fault).await.map_err(|error| Refusal::invalid(error.to_string()))?;
    let mut used = Used { input: given.input, output: given.output, ..Used::default() };
    if fault == Some(Fault::OverBilling) {
        used = Used { input: used.input * 5, output: most + most / 2 + 1_000, ..used };
    }
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(millis(&given.title), &mut dice);
    let id = format!("chatcmpl-{}", token(studio.seed, body, attempt, 24));
    let (frames, kind) = if completion.is_streamed {
        let counted = completion.counts.then_some(used);
        (events(&id, &call.model, &given, counted, over, fault, &mut dice), "text/event-stream")
    } else {
        (whole(&id, &call.model, &given, used, fault), "application/json")
    };
    let mut paced = Paced::over(frames, over / 12, over, &mut dice);
    if fault == Some(Fault::CutStream) {
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        used.output = used.output * u64::try_from(kept).unwrap_or(0) / u64::try_from(paced.len().max(1)).unwrap_or(1);
        paced = paced.broken_after(kept);
    }
    let mut response = Response::new(Body::empty());
    *response.body_mut() = paced.body(studio, call, used);
    put(&mut response, "content-type", kind);
    Ok(response)
}

fn usage(used: Used) -> Value {
    json!({
        "prompt_tokens": used.input, "completion_tokens": used.output, "total_tokens": used.input + used.output,
        "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0},
    })
}

fn stop(given: &Given) -> &'static str {
    if given.is_cut { "length" } else { "stop" }
}

/// The chunks of a streamed answer; counts come in one of their own where they were asked for.
fn events(
    id: &str,
    model: &str,
    given: &Given,
    counted: Option<Used>,
    over: Duration,
    fault: Option<Fault>,
    dice: &mut Dice,
) -> Vec<Vec<u8>> {
    let frame = |choices: Value, usage: Option<Value>| {
        let mut chunk =
            json!({"id": id, "object": "chat.completion.chunk", "created": 0, "model": model, "choices": choices});
        if let Some((usage, members)) = usage.zip(chunk.as_object_mut()) {
            members.insert("usage".to_owned(), usage);
        }
        format!("data: {chunk}\n\n").into_bytes()
    };
    let choice = |delta: Value, finish: Option<&str>| json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
    let mut first = frame(choice(json!({"role": "assistant", "content": ""}), None), None);
    if dice.below(2) == 0 {
        first.extend(frame(choice(json!({"reasoning": "The excerpt is read against the line."}), None), None));
    }
    first.extend_from_slice(b": still here\n\n");
    let mut frames = vec![first];
    let pieces = chunks(&given.text, over);
    let middle = pieces.len() / 2;
    for (nth, piece) in pieces.iter().enumerate() {
        let mut bytes = frame(choice(json!({"content": piece}), None), None);
        if nth == middle && fault == Some(Fault::MalformedJson) {
            bytes.extend_from_slice(b"data: {\"choices\":[{\"index\":0,,}]}\n\n");
        }
        frames.push(bytes);
    }
    let mut last = frame(choice(json!({}), Some(stop(given))), None);
    if let Some(used) = counted {
        last.extend(frame(json!([]), Some(usage(used))));
    }
    if dice.below(3) > 0 {
        last.extend_from_slice(b"data: [DONE]\n\n");
    }
    frames.push(last);
    frames
}

/// The body of an answer that was not asked for as a stream.
fn whole(id: &str, model: &str, given: &Given, used: Used, fault: Option<Fault>) -> Vec<Vec<u8>> {
    let message = json!({"role": "assistant", "content": given.text, "refusal": null});
    let mut text = json!({
        "id": id, "object": "chat.completion", "created": 0, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": stop(given)}], "usage": usage(used),
    })
    .to_string();
    if fault == Some(Fault::MalformedJson) {
        text.insert_str(1, ",,");
    }
    vec![text.into_bytes()]
}
