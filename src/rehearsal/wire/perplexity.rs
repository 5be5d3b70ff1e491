//! Perplexity's Agent API, served: streamed and whole, with sources, its own bill and its errors; its catalogue; and its older
//! chat completions, which have ended.
//!
//! It searches where the tool is given and required, and skips a tool that is merely offered.

mod refusal;
mod sonar;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Number, Value, json};

use self::refusal::Refusal;
use super::chat::schema;
use super::paced::{Paced, chunks, free, put};
use super::request::{Asked, Given, KEY_PREFIX, attempt, bearer, texts, token, tokens};
use super::state::{Met, Studio, millis};
use crate::rehearsal::author::Dice;
use crate::rehearsal::catalogue::{self, Model, Work, model};
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::Perplexity;
use crate::rehearsal::meter::{Call, Used, pico_usd};

/// The vendor, as the meter and the limits call it.
const VENDOR: &str = "perplexity";

/// The tokens of an answer whose limit is not given.
const UNLIMITED: u64 = 16_384;

/// Tokens that one search brings into the prompt.
const FOUND: u64 = 600;

/// Efforts and presets that name no model.
const EFFORTS: [&str; 6] = ["fast", "low", "medium", "high", "xhigh", "wide-research"];

/// The routes of this wire, below `/perplexity`.
pub(super) fn routes() -> Router<Arc<Studio>> {
    Router::new()
        .route("/v1/agent", post(agent))
        .route("/v1/responses", post(agent))
        .route("/v1/models", get(models))
        .route("/chat/completions", post(sonar::completions))
        .route("/v1/sonar", post(sonar::completions))
}

/// What was asked, and how it is to be answered.
struct Task {
    asked: Asked,
    model: &'static Model,
    is_streamed: bool,
    prompt: u64,
    searches: u64,
}

/// `GET /v1/models`.
async fn models(State(studio): State<Arc<Studio>>, headers: HeaderMap) -> Response {
    if !bearer(&headers).starts_with(KEY_PREFIX) || studio.always(Perplexity::Html401) {
        return Refusal::bad_key().response();
    }
    let is_here = |model: &&Model| matches!(model.work, Work::Searching(_));
    let object = |model: &Model| json!({"id": model.id, "object": "model", "owned_by": "perplexity"});
    let data: Vec<Value> = catalogue::models().filter(is_here).map(object).collect();
    let mut response = Response::new(free(json!({"object": "list", "data": data}).to_string()));
    put(&mut response, "content-type", "application/json");
    response
}

/// `POST /v1/agent`, and the same under `/v1/responses`.
async fn agent(State(studio): State<Arc<Studio>>, headers: HeaderMap, body: Bytes) -> Response {
    match check(&headers, &body) {
        Ok(task) => answer(studio, task, &headers, &body).await.unwrap_or_else(Refusal::response),
        Err(refusal) => refusal.response(),
    }
}

fn check(headers: &HeaderMap, body: &[u8]) -> Result<Task, Refusal> {
    if !bearer(headers).starts_with(KEY_PREFIX) {
        return Err(Refusal::bad_key());
    }
    let parsed: Value =
        serde_json::from_slice(body).map_err(|error| Refusal::invalid(format!("The body is no JSON: {error}")))?;
    let word = |name: &str| parsed.get(name).and_then(Value::as_str);
    let effort = word("effort").or_else(|| word("preset"));
    if let Some(stranger) = effort.filter(|effort| !EFFORTS.contains(effort)) {
        return Err(Refusal::invalid(format!("Invalid effort '{stranger}'.")));
    }
    let chain = parsed.get("models").and_then(Value::as_array).and_then(|models| models.first()?.as_str());
    let id = word("model").or(chain).or_else(|| effort.map(|_| "perplexity/sonar"));
    let id = id.ok_or_else(|| Refusal::invalid("one of model, models and effort is required"))?;
    let model = model(id).filter(|model| matches!(model.work, Work::Searching(_)));
    let model = model.ok_or_else(|| Refusal::model(id))?;
    let user = match parsed.get("input") {
        Some(Value::Array(items)) => {
            let last = items.last().filter(|item| item.get("role").and_then(Value::as_str) == Some("user"));
            last.and_then(|item| texts(item.get("content")))
        }
        input => texts(input),
    };
    let user = user.filter(|text| !text.trim().is_empty()).ok_or_else(|| Refusal::invalid("input is required"))?;
    let schema = match parsed.get("response_format").filter(|format| !format.is_null()) {
        None => None,
        Some(format) => {
            let name = format.pointer("/json_schema/name").and_then(Value::as_str);
            let found = schema(format).zip(name);
            let (schema, _) = found.ok_or_else(|| Refusal::invalid("json_schema needs a name and a schema"))?;
            Some(schema.clone())
        }
    };
    let tools = parsed.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let has_search = tools.iter().any(|tool| tool.get("type").and_then(Value::as_str) == Some("web_search"));
    let is_forced = (has_search && word("tool_choice") == Some("required")) || (effort.is_some() && tools.is_empty());
    let bytes = word("instructions").map_or(0, str::len)
        + user.len()
        + schema.as_ref().map_or(0, |schema| schema.to_string().len());
    let limit = parsed.get("max_output_tokens").and_then(Value::as_u64).filter(|most| *most > 0);
    let asked = Asked { model: id.to_owned(), user, schema, max_tokens: limit.unwrap_or(UNLIMITED) };
    let is_streamed = parsed.get("stream").and_then(Value::as_bool) == Some(true);
    Ok(Task { asked, model, is_streamed, prompt: tokens(bytes), searches: u64::from(is_forced) })
}

async fn answer(studio: Arc<Studio>, task: Task, headers: &HeaderMap, body: &Bytes) -> Result<Response, Refusal> {
    let held = studio.limits.enter(VENDOR, studio.clock.monotonic()).map_err(refusal::over)?;
    let attempt = attempt(headers);
    let call = studio.call(VENDOR, task.model, headers);
    let met = studio.meets(&call, body, attempt);
    if let Some(refusal) = refusal::met(&studio, &met, &call.model).await {
        return Err(refusal);
    }
    let most = task.asked.max_tokens;
    let given = task.asked.answer(&studio, met.fault).await.map_err(|error| Refusal::invalid(error.to_string()))?;
    let has_failed = met.has(Perplexity::Failed200);
    // What fails has searched and read, and written nothing.
    let given = if has_failed { given.emptied() } else { given };
    let searches = task.searches;
    let mut used = Used { input: task.prompt + searches * FOUND, output: given.output, searches, ..Used::default() };
    if met.fault == Some(Fault::OverBilling) {
        used = Used { input: used.input * 5, output: most + most / 2 + 1_000, searches: searches + 40, ..used };
    }
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(millis(&given.title), &mut dice);
    let id = format!("resp_{}", token(studio.seed, body, attempt, 24));
    let whole = response(&id, &call, &given, searches, used, &met);
    let (frames, kind) = if task.is_streamed {
        (events(&whole, &given, over, &met), "text/event-stream")
    } else {
        (vec![broken_by(whole.to_string(), met.fault).into_bytes()], "application/json")
    };
    let mut paced = Paced::over(frames, over / 12, over, &mut dice);
    if met.fault == Some(Fault::CutStream) {
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        // The model had written all of it: what is lost on the way is billed.
        paced = paced.broken_after(kept);
    } else if has_failed {
        paced = paced.unfinished();
    }
    if met.has(Perplexity::SplitUtf8) {
        paced = paced.shredded();
    }
    let mut response = Response::new(Body::empty());
    *response.body_mut() = paced.body(studio, call, used, held);
    put(&mut response, "content-type", kind);
    Ok(response)
}

/// A document as a fault leaves it.
fn broken_by(mut document: String, fault: Option<Fault>) -> String {
    if fault == Some(Fault::MalformedJson) {
        document.insert_str(1, ",,");
    }
    document
}

/// The pages that every search finds.
fn pages() -> Vec<Value> {
    let page = |nth: u32| {
        json!({"id": nth, "title": format!("Rehearsed source {nth}"), "url": format!("https://example.org/rehearsal/{nth}"),
            "snippet": "A page that no search has seen.", "date": "2026-11-01", "last_updated": null, "source": "web"})
    };
    (1..=3).map(page).collect()
}

/// The object of an answer: the search, the text with what it cites, the counts and the bill.
fn response(id: &str, call: &Call, given: &Given, searches: u64, used: Used, met: &Met) -> Value {
    let mut output = Vec::new();
    let mut annotations = Vec::new();
    if searches > 0 && !met.has(Perplexity::NoSearchResults) {
        let results = pages();
        let cited = |page: &Value| {
            json!({"type": "url_citation", "url": page.get("url"), "title": page.get("title"), "start_index": 0,
                "end_index": given.text.len().min(1)})
        };
        annotations.extend(results.iter().take(2).map(cited));
        output.push(json!({"type": "search_results", "queries": ["rehearsed"], "results": results}));
    }
    output.push(json!({"type": "rehearsal_note", "text": "An item of a kind that clients do not know."}));
    let mut content = vec![json!({"type": "output_text", "text": given.text, "annotations": annotations})];
    if met.has(Perplexity::UnknownItems) {
        output.push(json!({"type": "fetch_url_results", "contents": []}));
        output.push(json!({"type": "sandbox_results", "results": null}));
        content.push(json!({"type": "rehearsal_part", "note": "A part of a kind that clients do not know."}));
    }
    let has_failed = met.has(Perplexity::Failed200);
    let status = match (has_failed, given.is_cut) {
        (true, _) => "failed",
        (false, true) => "incomplete",
        (false, false) => "completed",
    };
    if !has_failed {
        output.push(
            json!({"type": "message", "id": format!("msg_{id}"), "role": "assistant", "status": status, "content": content}),
        );
    }
    let only = |used: Used| dollars(pico_usd(call.billed, &call.day, used));
    let searched = Used { searches: used.searches, ..Used::default() };
    let mut usage = json!({
        "input_tokens": used.input, "output_tokens": used.output, "total_tokens": used.input + used.output,
        "input_tokens_details": {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0},
        "tool_calls_details": {"web_search": {"invocation": used.searches, "cost_usd": only(searched)}},
    });
    if let Some(members) = usage.as_object_mut().filter(|_| !met.has(Perplexity::NoCost)) {
        members.insert(
            "cost".to_owned(),
            json!({
                "currency": "USD", "input_cost": only(Used { input: used.input, ..Used::default() }),
                "output_cost": only(Used { output: used.output, ..Used::default() }),
                "cache_creation_cost": 0, "cache_read_cost": 0, "tool_calls_cost": only(searched), "total_cost": only(used),
            }),
        );
    }
    let error =
        has_failed.then(|| json!({"code": "internal_error", "type": "server_error", "message": "The model failed."}));
    json!({
        "id": id, "object": "response", "created_at": 1_795_000_000, "model": call.model, "status": status, "error": error,
        "incomplete_details": (status == "incomplete").then(|| json!({"reason": "max_output_tokens"})),
        "output": output, "usage": usage,
    })
}

/// Pico-dollars as a number of dollars.
fn dollars(pico: u64) -> Value {
    const DOLLAR: u64 = 1_000_000_000_000;
    let text = format!("{}.{:012}", pico / DOLLAR, pico % DOLLAR);
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// The events of a streamed answer. The last one holds all of it, and a `[DONE]` follows as some clients expect.
fn events(whole: &Value, given: &Given, over: Duration, met: &Met) -> Vec<Vec<u8>> {
    let mut number = 0_u64;
    let mut frame = |kind: &str, mut data: Value, fault: Option<Fault>| {
        if let Some(members) = data.as_object_mut() {
            members.insert("type".to_owned(), kind.into());
            members.insert("sequence_number".to_owned(), number.into());
        }
        number += 1;
        format!("event: {kind}\ndata: {}\n\n", broken_by(data.to_string(), fault)).into_bytes()
    };
    let id = whole.get("id").cloned().unwrap_or_default();
    let begun = json!({"response": {"id": id, "object": "response", "status": "in_progress", "output": []}});
    let mut first = frame("response.created", begun.clone(), None);
    first.extend(frame("response.in_progress", begun, None));
    first.extend(frame("response.reasoning.started", json!({"thought": "The question is looked up."}), None));
    first.extend(frame("response.reasoning.search_queries", json!({"queries": ["rehearsed"]}), None));
    first.extend(frame("response.reasoning.stopped", json!({}), None));
    first.extend(frame("response.skill.loaded", json!({"skill": "rehearsing"}), None));
    if met.has(Perplexity::UnknownItems) {
        first.extend(frame("response.rehearsal.note", json!({"note": "An event that clients do not know."}), None));
    }
    first.extend(frame("response.output_item.added", json!({"output_index": 0, "item": {"type": "message"}}), None));
    let mut frames = vec![first];
    for piece in chunks(&given.text, over) {
        let delta = json!({"output_index": 0, "content_index": 0, "delta": piece});
        frames.push(frame("response.output_text.delta", delta, None));
    }
    let mut last = Vec::new();
    if met.has(Perplexity::Failed200) {
        let error = whole.get("error").cloned().unwrap_or_default();
        last.extend(frame("response.failed", json!({"error": error, "response": whole}), met.fault));
    } else {
        last.extend(frame("response.output_text.done", json!({"text": given.text}), None));
        last.extend(frame("response.completed", json!({"response": whole}), met.fault));
    }
    last.extend_from_slice(b"data: [DONE]\n\n");
    frames.push(last);
    frames
}
