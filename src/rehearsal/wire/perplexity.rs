//! Perplexity's Agent API, served: streamed and whole, with sources, its own bill and its errors; and its older chat
//! completions, which have ended.
//!
//! It searches where the tool is given and required, and skips a tool that is merely offered.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Number, Value, json};

use super::paced::{Paced, chunks, free, put};
use super::request::{Asked, Given, KEY_PREFIX, attempt, bearer, header, texts, token};
use super::state::{Studio, millis};
use crate::rehearsal::author::Dice;
use crate::rehearsal::faults::Fault;
use crate::rehearsal::meter::{self, Call, Used};

/// The tokens of an answer whose limit is not given.
const UNLIMITED: u64 = 16_384;

/// Tokens that one search brings into the prompt.
const FOUND: u64 = 600;

/// A refusal in the vendor's form.
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
        Self::new(400, "invalid_request", message)
    }

    fn response(self) -> Response {
        // The vendor's edge refuses a key, and in HTML.
        let (body, kind) = match self.status {
            401 => ("<html><body><h1>401 Authorization Required</h1></body></html>".to_owned(), "text/html"),
            status => {
                let error = json!({"message": self.message, "type": self.kind, "code": status});
                (json!({"error": error}).to_string(), "application/json")
            }
        };
        let mut response = Response::new(free(body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        put(&mut response, "content-type", kind);
        if let Some(wait) = self.retry_after {
            put(&mut response, "retry-after", &wait.as_secs().to_string());
        }
        response
    }
}

/// What was asked, and how it is to be answered.
struct Task {
    asked: Asked,
    is_streamed: bool,
    searches: u64,
}

/// `POST /v1/agent`, and the same under `/v1/responses`.
pub(super) async fn agent(State(studio): State<Arc<Studio>>, headers: HeaderMap, body: Bytes) -> Response {
    match check(&headers, &body) {
        Ok(task) => answer(studio, task, &headers, &body).await.unwrap_or_else(Refusal::response),
        Err(refusal) => refusal.response(),
    }
}

/// `POST /chat/completions`, which ended in September 2026. The status that it answers with since then is not documented.
pub(super) async fn retired() -> Response {
    Refusal::new(404, "not_found", "Sonar is now the Agent API").response()
}

fn check(headers: &HeaderMap, body: &[u8]) -> Result<Task, Refusal> {
    if !bearer(headers).starts_with(KEY_PREFIX) {
        return Err(Refusal::new(401, "unauthorized", ""));
    }
    let parsed: Value =
        serde_json::from_slice(body).map_err(|error| Refusal::invalid(format!("The body is no JSON: {error}")))?;
    let word = |name: &str| parsed.get(name).and_then(Value::as_str);
    let model = word("model").ok_or_else(|| Refusal::invalid("model is required"))?;
    if !(model.starts_with("perplexity/") && meter::serves(model)) {
        return Err(Refusal::new(400, "invalid_model", format!("Invalid model '{model}'.")));
    }
    let user = match parsed.get("input") {
        Some(Value::Array(items)) => {
            let last = items.last().filter(|item| item.get("role").and_then(Value::as_str) == Some("user"));
            last.and_then(|item| texts(item.get("content")))
        }
        input => texts(input),
    };
    let user = user.filter(|text| !text.trim().is_empty()).ok_or_else(|| Refusal::invalid("input is required"))?;
    let schema = match parsed.get("response_format") {
        None => None,
        Some(format) => {
            let schema = format.pointer("/json_schema/schema").filter(|schema| schema.is_object());
            let name = format.pointer("/json_schema/name").and_then(Value::as_str);
            let (schema, _) =
                schema.zip(name).ok_or_else(|| Refusal::invalid("json_schema needs a name and a schema"))?;
            Some(schema.clone())
        }
    };
    let tools = parsed.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let has_search = tools.iter().any(|tool| tool.get("type").and_then(Value::as_str) == Some("web_search"));
    let asked = Asked {
        model: model.to_owned(),
        system: word("instructions").unwrap_or_default().to_owned(),
        user,
        schema,
        max_tokens: parsed
            .get("max_output_tokens")
            .and_then(Value::as_u64)
            .filter(|most| *most > 0)
            .unwrap_or(UNLIMITED),
    };
    let searches = u64::from(has_search && word("tool_choice") == Some("required"));
    Ok(Task { asked, is_streamed: parsed.get("stream").and_then(Value::as_bool) == Some(true), searches })
}

async fn answer(studio: Arc<Studio>, task: Task, headers: &HeaderMap, body: &Bytes) -> Result<Response, Refusal> {
    let attempt = attempt(headers);
    let key = header(headers, "idempotency-key").to_owned();
    let call = Call { vendor: "perplexity", model: task.asked.model.clone(), key };
    let fault = studio.meets(&call, body, attempt);
    let limited = || Refusal::new(429, "rate_limit_exceeded", "Too many requests");
    match fault {
        Some(Fault::RateLimitedWithHint) => {
            return Err(Refusal { retry_after: Some(studio.waits.retry_after), ..limited() });
        }
        Some(Fault::RateLimited) => return Err(limited()),
        Some(Fault::Overloaded) => return Err(Refusal::new(503, "service_unavailable", "The service is overloaded")),
        Some(Fault::ServerError) => return Err(Refusal::new(500, "internal_server_error", "Something went wrong")),
        Some(Fault::TimeOut) => {
            studio.pause(studio.waits.time_out).await;
            return Err(Refusal::new(504, "gateway_timeout", "The request took too long"));
        }
        Some(Fault::SlowFirstByte) => studio.pause(studio.waits.slow_first_byte).await,
        Some(Fault::CutStream | Fault::MalformedJson | Fault::SchemaMiss | Fault::OverBilling) | None => {}
    }
    let most = task.asked.max_tokens;
    let given = task.asked.answer(&studio, fault).await.map_err(|error| Refusal::invalid(error.to_string()))?;
    let searches = task.searches;
    let mut used = Used { input: given.input + searches * FOUND, output: given.output, searches, ..Used::default() };
    if fault == Some(Fault::OverBilling) {
        used = Used { input: used.input * 5, output: most + most / 2 + 1_000, searches: searches + 40, ..used };
    }
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(millis(&given.title), &mut dice);
    let id = format!("resp_{}", token(studio.seed, body, attempt, 24));
    let whole = response(&id, &call.model, &given, searches, used);
    let (frames, kind) = if task.is_streamed {
        (events(&whole, &given, over, fault), "text/event-stream")
    } else {
        (vec![broken_by(whole.to_string(), fault).into_bytes()], "application/json")
    };
    let mut paced = Paced::over(frames, over / 12, over, &mut dice);
    if fault == Some(Fault::CutStream) {
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        // The model had written all of it: what is lost on the way is billed.
        paced = paced.broken_after(kept);
    }
    let mut response = Response::new(Body::empty());
    *response.body_mut() = paced.body(studio, call, used);
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

/// The object of an answer: the search, the text with what it cites, the counts and the bill.
fn response(id: &str, model: &str, given: &Given, searches: u64, used: Used) -> Value {
    let page = |nth: u32| (format!("https://example.org/rehearsal/{nth}"), format!("Rehearsed source {nth}"));
    let mut output = Vec::new();
    let mut annotations = Vec::new();
    if searches > 0 {
        let results = (1..=3).map(|nth| {
            let (url, title) = page(nth);
            json!({"id": nth, "title": title, "url": url, "snippet": "A page that no search has seen.",
                "date": "2026-11-01", "last_updated": null, "source": "web"})
        });
        let results: Vec<Value> = results.collect();
        output.push(json!({"type": "search_results", "queries": ["rehearsed"], "results": results}));
        let cited = (1..=2).map(page).map(|(url, title)| {
            json!({"type": "url_citation", "url": url, "title": title, "start_index": 0, "end_index": given.text.len().min(1)})
        });
        annotations.extend(cited);
    }
    output.push(json!({"type": "rehearsal_note", "text": "An item of a kind that clients do not know."}));
    let text = json!({"type": "output_text", "text": given.text, "annotations": annotations});
    let status = if given.is_cut { "incomplete" } else { "completed" };
    output.push(
        json!({"type": "message", "id": format!("msg_{id}"), "role": "assistant", "status": status, "content": [text]}),
    );
    let only = |used: Used| dollars(meter::nano_usd(model, used));
    let searched = Used { searches: used.searches, ..Used::default() };
    json!({
        "id": id, "object": "response", "created_at": 0, "model": model, "status": status, "error": null,
        "incomplete_details": given.is_cut.then(|| json!({"reason": "max_output_tokens"})),
        "output": output,
        "usage": {
            "input_tokens": used.input, "output_tokens": used.output, "total_tokens": used.input + used.output,
            "input_tokens_details": {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0},
            "tool_calls_details": {"web_search": {"invocation": used.searches, "cost_usd": only(searched)}},
            "cost": {
                "currency": "USD", "input_cost": only(Used { input: used.input, ..Used::default() }),
                "output_cost": only(Used { output: used.output, ..Used::default() }),
                "cache_creation_cost": 0, "cache_read_cost": 0, "tool_calls_cost": only(searched), "total_cost": only(used),
            },
        },
    })
}

/// Thousandths of a micro-dollar as a number of dollars.
fn dollars(nano: u64) -> Value {
    let text = format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// The events of a streamed answer. The last one holds all of it, and a `[DONE]` follows as some clients expect.
fn events(whole: &Value, given: &Given, over: Duration, fault: Option<Fault>) -> Vec<Vec<u8>> {
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
    first.extend(frame("response.output_item.added", json!({"output_index": 0, "item": {"type": "message"}}), None));
    let mut frames = vec![first];
    for piece in chunks(&given.text, over) {
        let delta = json!({"output_index": 0, "content_index": 0, "delta": piece});
        frames.push(frame("response.output_text.delta", delta, None));
    }
    let mut last = frame("response.output_text.done", json!({"text": given.text}), None);
    last.extend(frame("response.completed", json!({"response": whole}), fault));
    last.extend_from_slice(b"data: [DONE]\n\n");
    frames.push(last);
    frames
}
