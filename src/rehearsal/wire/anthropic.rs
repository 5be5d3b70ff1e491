//! Anthropic's Messages API, served as `anthropic-version` 2023-06-01 and 2026-10-21 describe it: messages streamed and whole
//! with their cache, counts of tokens, batches, and the catalogue.

mod answer;
mod batches;
mod cache;
mod check;
mod models;
mod refusal;
mod schema;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::SignedDuration;
use serde_json::{Value, json};

use self::answer::compose;
pub(super) use self::batches::Batches;
pub(super) use self::cache::Cache;
use self::check::{Message, Purpose};
use self::refusal::Refusal;
use super::paced::{Paced, free, put};
use super::request::{KEY_PREFIX, attempt, bearer, header, token};
use super::state::{Studio, millis};
use crate::rehearsal::author::Dice;
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::Anthropic;
use crate::rehearsal::limits::{Left, Measure};

/// The vendor, as the meter and the limits call it.
const VENDOR: &str = "anthropic";

/// The routes of this wire, below `/anthropic`.
pub(super) fn routes() -> Router<Arc<Studio>> {
    Router::new()
        .route("/v1/messages", post(messages))
        .route("/v1/messages/count_tokens", post(count_tokens))
        .route("/v1/messages/batches", post(batches::create).get(batches::list))
        .route("/v1/messages/batches/{id}", get(batches::get).delete(batches::delete))
        .route("/v1/messages/batches/{id}/results", get(batches::results))
        .route("/v1/messages/batches/{id}/cancel", post(batches::cancel))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{id}", get(models::get))
}

/// `POST /v1/messages`.
async fn messages(State(studio): State<Arc<Studio>>, headers: HeaderMap, body: Bytes) -> Response {
    let attempt = attempt(&headers);
    let answered = match read(&headers, &body, &studio, Purpose::Answer) {
        Ok(message) => answer(Arc::clone(&studio), message, &headers, &body, attempt).await,
        Err(refusal) => Err(refusal),
    };
    finish(&studio, &headers, &body, answered)
}

/// `POST /v1/messages/count_tokens`: free, and without a word on caching.
async fn count_tokens(State(studio): State<Arc<Studio>>, headers: HeaderMap, body: Bytes) -> Response {
    respond(&studio, &headers, &body, |studio| {
        let message = read(&headers, &body, studio, Purpose::Count)?;
        let mut response = Response::new(free(json!({"input_tokens": message.prompt()}).to_string()));
        put(&mut response, "content-type", "application/json");
        Ok(response)
    })
}

/// Answers a request for something free: the key is checked first.
fn respond(
    studio: &Studio,
    headers: &HeaderMap,
    body: &[u8],
    answer: impl FnOnce(&Studio) -> Result<Response, Refusal>,
) -> Response {
    let answered = match key(headers) {
        Ok(()) if studio.always(Anthropic::BadKey) => Err(Refusal::bad_key()),
        Ok(()) => answer(studio),
        Err(refusal) => Err(refusal),
    };
    finish(studio, headers, body, answered)
}

/// The answer or the refusal in its place, with the headers that both have.
fn finish(studio: &Studio, headers: &HeaderMap, body: &[u8], answered: Result<Response, Refusal>) -> Response {
    let request_id = format!("req_{}", token(studio.seed, body, attempt(headers), 24));
    let mut response = answered.unwrap_or_else(|refusal| refusal.response(&request_id));
    put(&mut response, "request-id", &request_id);
    rates(studio, &mut response);
    put(&mut response, "anthropic-organization-id", "rehearsal");
    put(&mut response, "anthropic-workspace-id", "default");
    response
}

/// The headers of the rates: what is set as a limit, or plenty.
fn rates(studio: &Studio, response: &mut Response) {
    let now = studio.clock.monotonic();
    let is_over = response.status() == StatusCode::TOO_MANY_REQUESTS;
    for (kind, measure, plenty) in [
        ("requests", Some(Measure::Requests), 4_000),
        ("tokens", None, 2_400_000),
        ("input-tokens", Some(Measure::InputTokens), 2_000_000),
        ("output-tokens", Some(Measure::OutputTokens), 400_000),
    ] {
        let left = measure.and_then(|measure| studio.limits.left(VENDOR, measure, now));
        let Left { most, remaining, full_in, .. } = left.unwrap_or(Left {
            most: plenty,
            remaining: if is_over { 0 } else { plenty - 1 },
            full_in: Duration::ZERO,
            some_in: Duration::ZERO,
        });
        let full_in = SignedDuration::try_from(full_in).unwrap_or(SignedDuration::ZERO);
        let reset = studio.clock.now().checked_add(full_in).unwrap_or(jiff::Timestamp::MAX);
        put(response, &format!("anthropic-ratelimit-{kind}-limit"), &most.to_string());
        put(response, &format!("anthropic-ratelimit-{kind}-remaining"), &remaining.to_string());
        put(response, &format!("anthropic-ratelimit-{kind}-reset"), &format!("{reset:.0}"));
    }
}

/// The key, which is the one header that comes before all else.
fn key(headers: &HeaderMap) -> Result<(), Refusal> {
    let key = if headers.contains_key("x-api-key") { header(headers, "x-api-key") } else { bearer(headers) };
    if key.starts_with(KEY_PREFIX) { Ok(()) } else { Err(Refusal::bad_key()) }
}

/// The version, which must be one of the two.
fn version(headers: &HeaderMap) -> Result<(), Refusal> {
    match header(headers, "anthropic-version") {
        "2023-06-01" | "2026-10-21" => Ok(()),
        _ => Err(Refusal::invalid("anthropic-version: header is required")),
    }
}

/// Whether the newer version is asked for.
fn is_new(headers: &HeaderMap) -> bool {
    header(headers, "anthropic-version") == "2026-10-21"
}

fn read(headers: &HeaderMap, body: &[u8], studio: &Studio, purpose: Purpose) -> Result<Message, Refusal> {
    key(headers)?;
    version(headers)?;
    let parsed: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid(format!("The request body is not valid JSON: {error}")))?;
    check::read(&parsed, is_new(headers), &studio.day(), purpose)
}

async fn answer(
    studio: Arc<Studio>,
    message: Message,
    headers: &HeaderMap,
    body: &Bytes,
    attempt: u32,
) -> Result<Response, Refusal> {
    let now = studio.clock.monotonic();
    let held = studio.limits.enter(VENDOR, now).map_err(refusal::over)?;
    let call = studio.call(VENDOR, message.model, headers);
    let met = studio.meets(&call, body, attempt);
    if let Some(refusal) = refusal::met(&studio, &met, &call.model).await {
        return Err(refusal);
    }
    let is_streamed = message.is_streamed;
    let mut composed = compose(&studio, message, &met, body, attempt).await?;
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(millis(&composed.title), &mut dice);
    let (frames, kind) = if is_streamed {
        (composed.events(over, &met), "text/event-stream; charset=utf-8")
    } else {
        let mut text = composed.whole().to_string();
        if met.fault == Some(Fault::MalformedJson) {
            text.insert_str(1, ",,");
        }
        (vec![text.into_bytes()], "application/json")
    };
    let mut used = composed.used;
    let mut paced = Paced::over(frames, over / 12, over, &mut dice);
    if met.fault == Some(Fault::CutStream) {
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        used.output = used.output * u64::try_from(kept).unwrap_or(0) / u64::try_from(paced.len().max(1)).unwrap_or(1);
        paced = paced.broken_after(kept);
    } else if is_streamed && (met.has(Anthropic::ErrorEvent) || met.has(Anthropic::NoMessageStop)) {
        paced = paced.unfinished();
    }
    if met.has(Anthropic::SplitUtf8) {
        paced = paced.shredded();
    }
    // What is read from the cache does not count against the rate.
    studio.limits.take(VENDOR, Measure::InputTokens, used.prompt() - used.read, now);
    studio.limits.take(VENDOR, Measure::OutputTokens, used.output, now);
    let mut response = Response::new(Body::empty());
    *response.body_mut() = paced.body(studio, call, used, held);
    put(&mut response, "content-type", kind);
    put(&mut response, "cache-control", "no-cache");
    Ok(response)
}
