//! Google's `generateContent`, served: whole and streamed, counts of tokens and the catalogue.

mod check;
mod refusal;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use self::check::Question;
use self::refusal::Refusal;
use super::paced::{Paced, chunks, free};
use super::request::{Given, KEY_PREFIX, attempt, header, token};
use super::state::{Met, Studio, millis};
use crate::rehearsal::author::Dice;
use crate::rehearsal::catalogue::{self, Model, Work};
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::Gemini;
use crate::rehearsal::meter::Used;

/// The vendor, as the meter and the limits call it.
const VENDOR: &str = "gemini";

/// The routes of this wire, below `/gemini`. Both versions of the path serve the same methods.
pub(super) fn routes() -> Router<Arc<Studio>> {
    Router::new().route("/{version}/models", get(list)).route("/{version}/models/{target}", post(methods).get(one))
}

/// How an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One document.
    Whole,
    /// Server-sent events.
    Events,
    /// One array, piece by piece.
    Array,
}

/// `POST /v1beta/models/{model}:{method}`.
async fn methods(
    State(studio): State<Arc<Studio>>,
    Path((version, target)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_sse = uri.query().unwrap_or_default().split('&').any(|pair| pair == "alt=sse");
    let answered = match target.split_once(':') {
        _ if !has_key(&headers) => Err(Refusal::bad_key()),
        Some((model, "generateContent")) => {
            generate(Arc::clone(&studio), &version, model, Form::Whole, &headers, &body).await
        }
        Some((model, "streamGenerateContent")) => {
            let form = if is_sse { Form::Events } else { Form::Array };
            generate(Arc::clone(&studio), &version, model, form, &headers, &body).await
        }
        Some((model, "countTokens")) => count(&studio, &version, model, &body),
        Some(_) | None => Err(Refusal::new(404, "NOT_FOUND", "The requested method was not found.")),
    };
    answered.unwrap_or_else(Refusal::response)
}

fn has_key(headers: &HeaderMap) -> bool {
    header(headers, "x-goog-api-key").starts_with(KEY_PREFIX)
}

fn said(text: String, kind: &'static str) -> Response {
    let mut response = Response::new(free(text));
    response.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    response
}

const JSON: &str = "application/json; charset=UTF-8";

/// A model of this wire that is alive, and the one that answers in its place.
fn served(id: &str, version: &str, day: &str) -> Result<(&'static Model, &'static Model), Refusal> {
    let missing = || Refusal::model(id, version);
    if !matches!(version, "v1" | "v1beta") {
        return Err(Refusal::new(404, "NOT_FOUND", "The requested URL was not found."));
    }
    let model = catalogue::model(id).filter(|model| matches!(model.work, Work::Gemini(_)) && model.is_alive(day));
    let model = model.ok_or_else(missing)?;
    let routed = model.routed.filter(|(_, from)| *from <= day);
    let answers = routed.map_or(Some(model), |(next, _)| catalogue::model(next)).ok_or_else(missing)?;
    Ok((model, answers))
}

fn parsed(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}")))
}

/// `:countTokens`, free: the bare contents, or a whole request.
fn count(studio: &Studio, version: &str, model: &str, body: &[u8]) -> Result<Response, Refusal> {
    if studio.always(Gemini::BadKey) {
        return Err(Refusal::bad_key());
    }
    served(model, version, &studio.day())?;
    let parsed = parsed(body)?;
    let asked = parsed.get("generateContentRequest").unwrap_or(&parsed);
    if asked.get("contents").is_none() {
        return Err(Refusal::invalid("* CountTokensRequest.contents: contents is not specified"));
    }
    let count = check::prompt(asked);
    let details = json!([{"modality": "TEXT", "tokenCount": count}]);
    Ok(said(json!({"totalTokens": count, "promptTokensDetails": details}).to_string(), JSON))
}

/// The object of a model, if it is one of Google's.
fn object(model: &Model) -> Option<Value> {
    let Work::Gemini(_) = model.work else { return None };
    let methods = ["generateContent", "streamGenerateContent", "countTokens"];
    Some(json!({
        "name": format!("models/{}", model.id), "version": "001", "displayName": model.id,
        "inputTokenLimit": model.context, "outputTokenLimit": model.most_output,
        "supportedGenerationMethods": methods, "thinking": true,
    }))
}

/// `GET /v1beta/models`.
async fn list(State(studio): State<Arc<Studio>>, Path(version): Path<String>, headers: HeaderMap) -> Response {
    if !has_key(&headers) || studio.always(Gemini::BadKey) {
        return Refusal::bad_key().response();
    }
    let day = studio.day();
    let alive = catalogue::models().filter(|model| served(model.id, &version, &day).is_ok());
    let models: Vec<Value> = alive.filter_map(object).collect();
    said(json!({"models": models}).to_string(), JSON)
}

/// `GET /v1beta/models/{model}`.
async fn one(
    State(studio): State<Arc<Studio>>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if !has_key(&headers) || studio.always(Gemini::BadKey) {
        return Refusal::bad_key().response();
    }
    match served(&id, &version, &studio.day()) {
        Ok((model, _)) => said(object(model).unwrap_or_default().to_string(), JSON),
        Err(refusal) => refusal.response(),
    }
}

async fn generate(
    studio: Arc<Studio>,
    version: &str,
    id: &str,
    form: Form,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Refusal> {
    let attempt = attempt(headers);
    let (model, answers) = served(id, version, &studio.day())?;
    let document = parsed(body)?;
    let Question { asked, thinks, shows } = check::read(&document, model, answers)?;
    let now = studio.clock.monotonic();
    let held = studio.limits.enter(VENDOR, now).map_err(|over| refusal::over(id, over))?;
    let call = studio.call(VENDOR, model, headers);
    let met = studio.meets(&call, body, attempt);
    if let Some(refusal) = refusal::met(&studio, &met, id).await {
        return Err(refusal);
    }
    let most = asked.max_tokens + thinks;
    let prompt = check::prompt(&document);
    let answer_id = token(studio.seed, body, attempt, 16);
    let version =
        if met.has(Gemini::OtherVersion) { format!("{}-exp-0827", answers.id) } else { answers.id.to_owned() };
    let cached = match met.has(Gemini::ImplicitCache) && prompt >= answers.fewest_cached {
        true => prompt / 2,
        false => 0,
    };
    let mut used = Used { input: prompt - cached, read: cached, thinking: thinks, ..Used::default() };
    let written = if met.has(Gemini::BlockedPrompt) {
        None
    } else {
        Some(asked.answer(&studio, met.fault).await.map_err(|error| Refusal::invalid(error.to_string()))?)
    };
    let title = written.as_ref().map(|given| given.title.clone()).unwrap_or_default();
    let mut answer = Answer { version, id: answer_id, used, shows, given: None, finish: "STOP" };
    if let Some(given) = written {
        let (given, finish, thought) = ended(given, &met, most, thinks);
        used.thinking = thought;
        used.output = given.output + thought;
        if met.fault == Some(Fault::OverBilling) {
            used.input *= 5;
            used.output = most + most / 2 + 1_000 + thought;
        }
        answer = Answer { given: Some(given), finish, used, ..answer };
    } else {
        // A prompt that is blocked is read and billed; nothing is thought or written.
        used.thinking = 0;
        answer.used = used;
    }
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(millis(&title), &mut dice);
    let (frames, first, rest) = match form {
        Form::Whole => {
            let mut text = answer.whole().to_string();
            if met.fault == Some(Fault::MalformedJson) {
                text.insert_str(1, ",,");
            }
            let bytes = text.into_bytes();
            let (head, tail) = bytes.split_at(bytes.len() / 2);
            (vec![head.to_vec(), tail.to_vec()], over, over / 20)
        }
        Form::Events | Form::Array => (answer.stream(form, over, &met), over / 12, over),
    };
    let mut paced = Paced::over(frames, first, rest, &mut dice);
    let breaks_off = met.has(Gemini::StreamError) || met.has(Gemini::StreamErrorBare) || met.has(Gemini::StreamCut);
    if met.fault == Some(Fault::CutStream) {
        // The model had written all of it: what is lost on the way is billed.
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        paced = paced.broken_after(kept);
    } else if form != Form::Whole && breaks_off {
        paced = paced.unfinished();
    }
    if met.has(Gemini::SplitUtf8) {
        paced = paced.shredded();
    }
    let mut response = Response::new(paced.body(studio, call, used, held));
    let kind = if form == Form::Events { "text/event-stream" } else { JSON };
    response.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    Ok(response)
}

/// How an answer ends: what is left of it, why it stopped, and the tokens of its thoughts.
fn ended(given: Given, met: &Met, most: u64, thinks: u64) -> (Given, &'static str, u64) {
    if met.has(Gemini::NoParts) {
        (given.emptied(), "MAX_TOKENS", most)
    } else if met.has(Gemini::Safety) {
        (given.halved(), "SAFETY", thinks)
    } else if met.has(Gemini::Recitation) {
        (given.halved(), "RECITATION", thinks)
    } else if met.has(Gemini::Continuation) {
        (given.halved(), "CONTINUATION", thinks)
    } else {
        let finish = if given.is_cut { "MAX_TOKENS" } else { "STOP" };
        (given, finish, thinks)
    }
}

/// An answer before it is sent. Without text the prompt was blocked.
struct Answer {
    version: String,
    id: String,
    used: Used,
    shows: bool,
    given: Option<Given>,
    finish: &'static str,
}

impl Answer {
    /// The counts; cached tokens are inside the prompt, and thoughts outside the candidates.
    fn usage(&self, candidates: u64, thoughts: u64) -> Value {
        let prompt = self.used.input + self.used.read;
        let mut usage = json!({
            "promptTokenCount": prompt, "totalTokenCount": prompt + candidates + thoughts,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}], "serviceTier": "standard",
        });
        // A count of nothing is left out.
        for (name, count) in [
            ("cachedContentTokenCount", self.used.read),
            ("candidatesTokenCount", candidates),
            ("thoughtsTokenCount", thoughts),
        ] {
            if let Some(members) = usage.as_object_mut().filter(|_| count > 0) {
                members.insert(name.to_owned(), count.into());
            }
        }
        usage
    }

    fn document(&self, candidate: Option<Value>, usage: Value) -> Value {
        let mut document = json!({"usageMetadata": usage, "modelVersion": self.version, "responseId": self.id});
        if let Some(members) = document.as_object_mut() {
            match candidate {
                Some(candidate) => {
                    members.insert("candidates".to_owned(), json!([candidate]));
                }
                None => {
                    members.insert(
                        "promptFeedback".to_owned(),
                        json!({"blockReason": "PROHIBITED_CONTENT", "safetyRatings": []}),
                    );
                }
            }
        }
        document
    }

    fn candidate(&self, parts: Vec<Value>, finish: Option<&str>) -> Value {
        let mut candidate = json!({"content": {"role": "model"}, "index": 0});
        if let Some(content) = candidate.get_mut("content").and_then(Value::as_object_mut).filter(|_| !parts.is_empty())
        {
            content.insert("parts".to_owned(), Value::Array(parts));
        }
        if let Some((members, finish)) = candidate.as_object_mut().zip(finish) {
            members.insert("finishReason".to_owned(), finish.into());
            if finish == "CONTINUATION" {
                members.insert("continuationToken".to_owned(), self.id.clone().into());
            }
        }
        candidate
    }

    fn whole(&self) -> Value {
        let thoughts = self.used.thinking;
        let usage = self.usage(self.used.output - thoughts, thoughts);
        let Some(given) = &self.given else { return self.document(None, usage) };
        let mut parts = Vec::new();
        if thoughts > 0 && !given.text.is_empty() {
            parts.push(thought());
        }
        if !given.text.is_empty() {
            parts.push(json!({"text": given.text, "thoughtSignature": "CpA"}));
        }
        self.document(Some(self.candidate(parts, Some(self.finish))), usage)
    }

    /// The pieces of a stream. Counts are cumulative; the last piece has all of them.
    fn stream(&self, form: Form, over: Duration, met: &Met) -> Vec<Vec<u8>> {
        let mut documents = Vec::new();
        let thoughts = self.used.thinking;
        let all = self.used.output - thoughts;
        if let Some(given) = self.given.as_ref().filter(|given| !given.text.is_empty()) {
            let pieces = chunks(&given.text, over);
            let middle = pieces.len() / 2;
            if self.shows || met.has(Gemini::Thoughts) || thoughts > 0 {
                documents.push(self.document(Some(self.candidate(vec![thought()], None)), self.usage(0, thoughts)));
            }
            for (nth, piece) in pieces.iter().enumerate() {
                if nth == middle && met.has(Gemini::Thoughts) {
                    documents.push(self.document(Some(self.candidate(vec![thought()], None)), self.usage(0, thoughts)));
                }
                let is_last = nth + 1 == pieces.len();
                let so_far = if is_last {
                    all
                } else {
                    all * u64::try_from(nth).unwrap_or(0) / u64::try_from(pieces.len()).unwrap_or(1)
                };
                let finish = is_last.then_some(self.finish);
                documents.push(self.document(
                    Some(self.candidate(vec![json!({"text": piece})], finish)),
                    self.usage(so_far, thoughts),
                ));
            }
        } else {
            documents.push(self.whole());
        }
        let breaks_off = met.has(Gemini::StreamError) || met.has(Gemini::StreamErrorBare) || met.has(Gemini::StreamCut);
        if breaks_off {
            documents.truncate(documents.len() - 1);
        }
        let broken = |text: String| {
            let mut text = text;
            if met.fault == Some(Fault::MalformedJson) {
                text.insert_str(1, ",,");
            }
            text
        };
        let texts: Vec<String> = documents.iter().map(|document| broken(document.to_string())).collect();
        let mut frames: Vec<Vec<u8>> = match form {
            Form::Whole | Form::Events => {
                texts.iter().map(|text| format!("data: {text}\r\n\r\n").into_bytes()).collect()
            }
            Form::Array => {
                let begun = |nth: usize| if nth == 0 { "[" } else { ",\r\n" };
                texts.iter().enumerate().map(|(nth, text)| format!("{}{text}", begun(nth)).into_bytes()).collect()
            }
        };
        let error = Refusal::new(503, "UNAVAILABLE", "The model is overloaded. Please try again later.").document();
        if met.has(Gemini::StreamError) {
            frames.push(format!("data: {error}\r\n\r\n").into_bytes());
        } else if met.has(Gemini::StreamErrorBare) {
            frames.push(format!("[{error:#}\r\n]").into_bytes());
        } else if form == Form::Array && !breaks_off {
            frames.push(b"]".to_vec());
        }
        frames
    }
}

fn thought() -> Value {
    json!({"text": "Reading the lines against their excerpts.", "thought": true})
}
