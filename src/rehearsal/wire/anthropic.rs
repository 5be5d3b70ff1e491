//! Anthropic's Messages API, served: streamed and whole, with its errors, as `anthropic-version` 2023-06-01 and
//! 2026-10-21 describe it.

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

/// A refusal in the vendor's form.
struct Refusal {
    status: u16,
    kind: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }
}

/// What was asked, and how it is to be answered.
struct Message {
    asked: Asked,
    is_streamed: bool,
}

/// `POST /v1/messages`.
pub(super) async fn messages(State(studio): State<Arc<Studio>>, headers: HeaderMap, body: Bytes) -> Response {
    let attempt = attempt(&headers);
    let request_id = format!("req_{}", token(studio.seed, &body, attempt, 24));
    let answered = match check(&headers, &body) {
        Ok(message) => answer(Arc::clone(&studio), message, &headers, &body, attempt).await,
        Err(refusal) => Err((refusal, None)),
    };
    let mut response = match answered {
        Ok(response) => response,
        Err((refusal, retry_after)) => {
            let error = json!({"type": refusal.kind, "message": refusal.message});
            let text = json!({"type": "error", "error": error, "request_id": request_id}).to_string();
            let mut response = Response::new(free(text));
            *response.status_mut() = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            put(&mut response, "content-type", "application/json");
            if let Some(wait) = retry_after {
                put(&mut response, "retry-after", &Duration::as_secs(&wait).to_string());
            }
            response
        }
    };
    put(&mut response, "request-id", &request_id);
    for (kind, limit) in
        [("requests", 4_000), ("tokens", 2_400_000), ("input-tokens", 2_000_000), ("output-tokens", 400_000)]
    {
        put(&mut response, &format!("anthropic-ratelimit-{kind}-limit"), &limit.to_string());
        let left = if response.status() == StatusCode::TOO_MANY_REQUESTS { 0 } else { limit - 1 };
        put(&mut response, &format!("anthropic-ratelimit-{kind}-remaining"), &left.to_string());
        // A window that has ended already: a rehearsal has no clock to count one with.
        put(&mut response, &format!("anthropic-ratelimit-{kind}-reset"), "2026-01-01T00:00:00Z");
    }
    put(&mut response, "anthropic-organization-id", "rehearsal");
    response
}

fn check(headers: &HeaderMap, body: &[u8]) -> Result<Message, Refusal> {
    let key = if headers.contains_key("x-api-key") { header(headers, "x-api-key") } else { bearer(headers) };
    if !key.starts_with(KEY_PREFIX) {
        return Err(Refusal::new(401, "authentication_error", "invalid x-api-key"));
    }
    let version = header(headers, "anthropic-version");
    if !matches!(version, "2023-06-01" | "2026-10-21") {
        return Err(Refusal::invalid("anthropic-version: header is required"));
    }
    let parsed: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid(format!("The request body is not valid JSON: {error}")))?;
    let model = parsed.get("model").and_then(Value::as_str).ok_or_else(|| Refusal::invalid("model: Field required"))?;
    if !(model.starts_with("claude-") && meter::serves(model)) {
        return Err(Refusal::new(404, "not_found_error", format!("model: {model}")));
    }
    let max_tokens = parsed.get("max_tokens").and_then(Value::as_u64).filter(|most| *most > 0);
    let max_tokens = max_tokens.ok_or_else(|| Refusal::invalid("max_tokens: Field required"))?;
    for name in ["temperature", "top_p", "top_k"] {
        if parsed.get(name).is_some() {
            return Err(Refusal::invalid(format!("{name}: Extra inputs are not permitted")));
        }
    }
    if parsed.pointer("/thinking/type").and_then(Value::as_str) == Some("enabled") {
        return Err(Refusal::invalid("\"thinking.type.enabled\" is not supported for this model."));
    }
    let turns = parsed.get("messages").and_then(Value::as_array).filter(|turns| !turns.is_empty());
    let last = turns.and_then(|turns| turns.last()).ok_or_else(|| Refusal::invalid("messages: Field required"))?;
    if last.get("role").and_then(Value::as_str) != Some("user") {
        let message =
            "This model does not support assistant message prefill. The conversation must end with a user message.";
        return Err(Refusal::invalid(message));
    }
    let user = texts(last.get("content")).ok_or_else(|| Refusal::invalid("messages: content: Field required"))?;
    let schema = match parsed.pointer("/output_config/format") {
        None => None,
        Some(format) if format.get("type").and_then(Value::as_str) == Some("json_schema") => {
            let schema = format.get("schema").filter(|schema| schema.is_object());
            Some(schema.cloned().ok_or_else(|| Refusal::invalid("output_config.format.schema: Field required"))?)
        }
        Some(_) => return Err(Refusal::invalid("output_config.format.type: Input should be 'json_schema'")),
    };
    let asked = Asked {
        model: model.to_owned(),
        system: texts(parsed.get("system")).unwrap_or_default(),
        user,
        schema,
        max_tokens,
    };
    Ok(Message { asked, is_streamed: parsed.get("stream").and_then(Value::as_bool) == Some(true) })
}

type Refused = (Refusal, Option<Duration>);

async fn answer(
    studio: Arc<Studio>,
    message: Message,
    headers: &HeaderMap,
    body: &Bytes,
    attempt: u32,
) -> Result<Response, Refused> {
    let key = header(headers, "idempotency-key").to_owned();
    let call = Call { vendor: "anthropic", model: message.asked.model.clone(), key };
    let fault = studio.meets(&call, body, attempt);
    let refuse = |status, kind, text: &str| Err((Refusal::new(status, kind, text), None));
    match fault {
        Some(Fault::RateLimitedWithHint) => {
            let refusal = Refusal::new(429, "rate_limit_error", "This request would exceed your rate limit.");
            return Err((refusal, Some(studio.waits.retry_after)));
        }
        Some(Fault::RateLimited) => {
            return refuse(429, "rate_limit_error", "This request would exceed your rate limit.");
        }
        Some(Fault::Overloaded) => return refuse(529, "overloaded_error", "Overloaded"),
        Some(Fault::ServerError) => return refuse(500, "api_error", "Internal server error"),
        Some(Fault::TimeOut) => {
            studio.pause(studio.waits.time_out).await;
            return refuse(504, "timeout_error", "The request timed out.");
        }
        Some(Fault::SlowFirstByte) => studio.pause(studio.waits.slow_first_byte).await,
        Some(Fault::CutStream | Fault::MalformedJson | Fault::SchemaMiss | Fault::OverBilling) | None => {}
    }
    let max_tokens = message.asked.max_tokens;
    let given = message.asked.answer(&studio, fault).await;
    let given = given.map_err(|error| (Refusal::invalid(error.to_string()), None))?;
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let mut used = Used { input: given.input, output: given.output, ..Used::default() };
    if fault == Some(Fault::OverBilling) {
        used = Used { input: used.input * 5, output: max_tokens + max_tokens / 2 + 1_000, ..Used::default() };
    }
    let id = format!("msg_{}", token(studio.seed, body, attempt, 24));
    let over = studio.takes(millis(&given.title), &mut dice);
    let (frames, kind) = if message.is_streamed {
        (events(&id, &call.model, &given, used, over, fault), "text/event-stream; charset=utf-8")
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
    put(&mut response, "cache-control", "no-cache");
    Ok(response)
}

fn frame(data: &Value) -> Vec<u8> {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n").into_bytes()
}

fn usage(used: Used, output: u64) -> Value {
    json!({
        "input_tokens": used.input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output, "service_tier": "standard",
    })
}

/// The events of a streamed answer. The usage in `message_delta` is cumulative and comes twice, as the vendor may do.
fn events(id: &str, model: &str, given: &Given, used: Used, over: Duration, fault: Option<Fault>) -> Vec<Vec<u8>> {
    let mut frames = vec![frame(&json!({"type": "message_start", "message": {
        "id": id, "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(used, 1),
    }}))];
    let mut first =
        frame(&json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}));
    first.extend(frame(&json!({"type": "ping"})));
    frames.push(first);
    let pieces = chunks(&given.text, over);
    let middle = pieces.len() / 2;
    for (nth, piece) in pieces.iter().enumerate() {
        let delta = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}});
        let mut bytes = frame(&delta);
        if nth == middle {
            bytes.extend(frame(&json!({"type": "ping"})));
            if fault == Some(Fault::MalformedJson) {
                bytes.extend_from_slice(
                    b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,,}\n\n",
                );
            }
        }
        frames.push(bytes);
    }
    let stop = if given.is_cut { "max_tokens" } else { "end_turn" };
    let mut last = frame(&json!({"type": "content_block_stop", "index": 0}));
    last.extend(frame(&json!({
        "type": "message_delta", "delta": {"stop_reason": null, "stop_sequence": null},
        "usage": {"output_tokens": used.output.saturating_sub(1)},
    })));
    last.extend(frame(&json!({
        "type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": null},
        "usage": {"input_tokens": used.input, "output_tokens": used.output},
    })));
    last.extend(frame(&json!({"type": "message_stop"})));
    frames.push(last);
    frames
}

/// The body of an answer that was not asked for as a stream.
fn whole(id: &str, model: &str, given: &Given, used: Used, fault: Option<Fault>) -> Vec<Vec<u8>> {
    let stop = if given.is_cut { "max_tokens" } else { "end_turn" };
    let mut text = json!({
        "id": id, "type": "message", "role": "assistant", "model": model,
        "content": [{"type": "text", "text": given.text}],
        "stop_reason": stop, "stop_sequence": null, "usage": usage(used, used.output),
    })
    .to_string();
    if fault == Some(Fault::MalformedJson) {
        text.insert_str(1, ",,");
    }
    vec![text.into_bytes()]
}
