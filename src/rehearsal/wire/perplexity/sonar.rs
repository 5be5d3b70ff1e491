//! Perplexity's older chat completions. They ended on 2026-09-27 and are refused, unless the studio is told to serve them as a
//! gateway does that still speaks them.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::chat::{BROKEN, DONE, frame, is_on, limit, schema, turns};
use super::super::paced::{Paced, chunks, put};
use super::super::request::{Asked, Given, KEY_PREFIX, attempt, bearer, token, tokens};
use super::super::state::{Studio, millis};
use super::refusal::{self, Refusal};
use super::{VENDOR, dollars, pages};
use crate::rehearsal::author::Dice;
use crate::rehearsal::catalogue::{Model, Work, model};
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::Perplexity;
use crate::rehearsal::meter::{Call, Used, pico_usd};

/// The tokens of an answer whose limit is not given.
const UNLIMITED: u64 = 8_000;

/// What was asked, and how it is to be answered.
struct Question {
    asked: Asked,
    model: &'static Model,
    prompt: u64,
    size: &'static str,
    fee: u64,
    searches: u64,
    is_streamed: bool,
}

/// `POST /chat/completions`, and the same under `/v1/sonar`.
pub(super) async fn completions(State(studio): State<Arc<Studio>>, headers: HeaderMap, body: Bytes) -> Response {
    if !studio.sonar {
        return Refusal::retired().response();
    }
    let answered = match read(&headers, &body) {
        Ok(question) => answer(&studio, question, &headers, &body).await,
        Err(refusal) => Err(refusal),
    };
    answered.unwrap_or_else(Refusal::response)
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Question, Refusal> {
    if !bearer(headers).starts_with(KEY_PREFIX) {
        return Err(Refusal::bad_key());
    }
    let parsed: Value =
        serde_json::from_slice(body).map_err(|error| Refusal::invalid(format!("The body is no JSON: {error}")))?;
    let id = parsed.get("model").and_then(Value::as_str).ok_or_else(|| Refusal::invalid("model is required"))?;
    let model = model(id).ok_or_else(|| Refusal::model(id))?;
    let Work::Sonar { low, medium, high } = model.work else { return Err(Refusal::model(id)) };
    let said = turns(&parsed).ok_or_else(|| Refusal::invalid("Last message must have role `user`."))?;
    let schema = match parsed.get("response_format").filter(|format| !format.is_null()) {
        None => None,
        Some(format) => {
            let found = schema(format);
            Some(found.ok_or_else(|| Refusal::invalid("response_format needs a json_schema with a schema"))?.clone())
        }
    };
    let (size, fee) = match parsed.pointer("/web_search_options/search_context_size").and_then(Value::as_str) {
        None | Some("low") => ("low", low),
        Some("medium") => ("medium", medium),
        Some("high") => ("high", high),
        Some(_) => return Err(Refusal::invalid("search_context_size must be low, medium or high")),
    };
    let prompt = tokens(said.bytes + schema.as_ref().map_or(0, |schema| schema.to_string().len()));
    let max_tokens = limit(&parsed).filter(|most| *most > 0).unwrap_or(UNLIMITED);
    let searches = u64::from(!is_on(&parsed, "/disable_search"));
    let asked = Asked { model: id.to_owned(), user: said.user, schema, max_tokens };
    Ok(Question { asked, model, prompt, size, fee, searches, is_streamed: is_on(&parsed, "/stream") })
}

async fn answer(
    studio: &Arc<Studio>,
    question: Question,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Refusal> {
    let held = studio.limits.enter(VENDOR, studio.clock.monotonic()).map_err(refusal::over)?;
    let call = studio.call(VENDOR, question.model, headers);
    let attempt = attempt(headers);
    let met = studio.meets(&call, body, attempt);
    if met.has(Perplexity::SonarRetired) {
        return Err(Refusal::retired());
    }
    if let Some(refusal) = refusal::met(studio, &met, &call.model).await {
        return Err(refusal);
    }
    let Question { asked, prompt, size, fee, searches, is_streamed, .. } = question;
    let most = asked.max_tokens;
    let mut given = asked.answer(studio, met.fault).await.map_err(|error| Refusal::invalid(error.to_string()))?;
    if met.has(Perplexity::ThinkInFront) || call.model.contains("reasoning") {
        let thought = "<think>\nThe pages are read against the question.\n</think>\n\n";
        given.text.insert_str(0, thought);
        given.output += tokens(thought.len());
    }
    let mut used = Used { input: prompt, output: given.output, searches, fee, ..Used::default() };
    if met.fault == Some(Fault::OverBilling) {
        used.input *= 5;
        used.output = most + most / 2 + 1_000;
    }
    let id = token(studio.seed, body, attempt, 24);
    let reply = Reply { id, call: &call, size, used, has_cost: !met.has(Perplexity::NoCost), given: &given };
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(millis(&given.title), &mut dice);
    let is_broken = met.fault == Some(Fault::MalformedJson);
    let (frames, kind) = match is_streamed {
        true => (reply.events(&chunks(&given.text, over), is_broken), "text/event-stream"),
        false => {
            let mut text = reply.chunk(Some(&given.text), "", used.output, true).to_string();
            if is_broken {
                text.insert_str(1, ",,");
            }
            (vec![text.into_bytes()], "application/json")
        }
    };
    let mut paced = Paced::over(frames, over / 12, over, &mut dice);
    if met.fault == Some(Fault::CutStream) {
        // The model had written all of it: what is lost on the way is billed.
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        paced = paced.broken_after(kept);
    }
    if met.has(Perplexity::SplitUtf8) {
        paced = paced.shredded();
    }
    let mut response = Response::new(Body::empty());
    *response.body_mut() = paced.body(Arc::clone(studio), call, used, held);
    put(&mut response, "content-type", kind);
    Ok(response)
}

/// An answer before it is sent.
struct Reply<'a> {
    id: String,
    call: &'a Call,
    size: &'static str,
    used: Used,
    has_cost: bool,
    given: &'a Given,
}

impl Reply<'_> {
    /// A chunk, or the whole document: both have the same shape. Counts are cumulative and on every one.
    fn chunk(&self, content: Option<&str>, delta: &str, output: u64, is_last: bool) -> Value {
        let Used { input, searches, fee, .. } = self.used;
        let only = |used: Used| dollars(pico_usd(self.call.billed, &self.call.day, used));
        let so_far = Used { output, ..self.used };
        let mut usage = json!({
            "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
            "search_context_size": self.size, "citation_tokens": 0, "num_search_queries": searches, "reasoning_tokens": 0,
        });
        if let Some(members) = usage.as_object_mut().filter(|_| self.has_cost) {
            members.insert(
                "cost".to_owned(),
                json!({
                    "input_tokens_cost": only(Used { input, ..Used::default() }),
                    "output_tokens_cost": only(Used { output, ..Used::default() }),
                    "request_cost": only(Used { fee, ..Used::default() }), "total_cost": only(so_far),
                }),
            );
        }
        let finish = is_last.then_some(if self.given.is_cut { "length" } else { "stop" });
        let message = json!({"role": "assistant", "content": content.unwrap_or_default()});
        let choice = json!({
            "index": 0, "finish_reason": finish, "message": message,
            "delta": {"role": "assistant", "content": delta},
        });
        let found = if searches > 0 { pages() } else { Vec::new() };
        let urls: Vec<&Value> = found.iter().filter_map(|page| page.get("url")).collect();
        json!({
            "id": self.id, "object": if content.is_some() { "chat.completion" } else { "chat.completion.chunk" },
            "created": 1_795_000_000, "model": self.call.model, "choices": [choice], "citations": urls,
            "search_results": found, "usage": usage,
        })
    }

    fn events(&self, pieces: &[&str], is_broken: bool) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        let mut sent = 0;
        let middle = pieces.len() / 2;
        for (nth, piece) in pieces.iter().enumerate() {
            sent += piece.len();
            let is_last = nth + 1 == pieces.len();
            let output = if is_last { self.used.output } else { tokens(sent).min(self.used.output) };
            let mut bytes = frame(&self.chunk(None, piece, output, is_last));
            if nth == middle && is_broken {
                bytes.extend_from_slice(BROKEN);
            }
            frames.push(bytes);
        }
        frames.push(DONE.to_vec());
        frames
    }
}
