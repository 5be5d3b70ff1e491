//! OpenAI's chat completions and speech, served as local servers do, each with its own habits: Ollama, llama.cpp, vLLM and LM
//! Studio; and a mixed one that has a little of everybody's, so that a client meets them all at one address.

mod answer;
mod refusal;
mod speech;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use self::answer::{Reply, THINKS};
use self::refusal::Refusal;
use super::chat::{Turns, is_on, limit, schema, turns};
use super::paced::{Paced, free, put};
use super::request::{Asked, KEY_PREFIX, attempt, bearer, token, tokens};
use super::state::{Studio, millis};
use crate::rehearsal::author::Dice;
use crate::rehearsal::catalogue::{self, Model, Work};
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::OpenAi;
use crate::rehearsal::meter::Used;

/// The vendor, as the meter and the limits call it.
const VENDOR: &str = "openai";

/// The tokens of an answer whose limit is not given.
const UNLIMITED: u64 = 16_384;

/// What the models of the other wires begin with; none of them is served here.
const STRANGERS: [&str; 5] = ["claude-", "gemini-", "eleven_", "perplexity/", "sonar"];

/// What a gateway's names have in front of a model of a server behind it.
const SERVERS: [&str; 5] = ["ollama/", "llama.cpp/", "vllm/", "lmstudio/", "local/"];

/// The longest name of a model that is taken.
const LONGEST_NAME: usize = 120;

/// The model that a server answers with which does not care for names.
const LOADED: &str = "qwen3:8b";

/// Whose habits a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// A little of everybody's.
    Mixed,
    Ollama,
    LlamaCpp,
    Vllm,
    LmStudio,
}

impl Habit {
    /// Every one, with the path that it is served below.
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::Mixed, "/openai"),
        (Self::Ollama, "/ollama"),
        (Self::LlamaCpp, "/llamacpp"),
        (Self::Vllm, "/vllm"),
        (Self::LmStudio, "/lmstudio"),
    ];

    /// Whether it answers whatever model is named with the one that it has loaded.
    fn ignores_names(self) -> bool {
        match self {
            Self::LlamaCpp | Self::LmStudio => true,
            Self::Mixed | Self::Ollama | Self::Vllm => false,
        }
    }
}

type Shared = State<Arc<Studio>>;

/// The routes of a server.
pub(super) fn routes(habit: Habit) -> Router<Arc<Studio>> {
    let chat = move |state: Shared, headers: HeaderMap, body: Bytes| completions(habit, state, headers, body);
    let count = move |state: Shared, headers: HeaderMap, body: Bytes| input_tokens(habit, state, headers, body);
    let router = Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/models", get(move |state: Shared, headers: HeaderMap| models(habit, state, headers)));
    match habit {
        Habit::Mixed => router.route("/v1/audio/speech", post(speech::speech)),
        Habit::LlamaCpp => router
            .route("/v1/chat/completions/input_tokens", post(count))
            .route("/tokenize", post(move |body: Bytes| tokenize(habit, body)))
            .route("/health", get(health)),
        Habit::Vllm => {
            router.route("/tokenize", post(move |body: Bytes| tokenize(habit, body))).route("/health", get(health))
        }
        Habit::Ollama | Habit::LmStudio => router,
    }
}

/// `GET /health`: 503 while a model is loaded.
async fn health(State(studio): Shared) -> Response {
    match studio.always(OpenAi::Loading503) {
        true => Refusal::new(503, "unavailable_error", "Loading model").response(Habit::LlamaCpp, false),
        false => said(&json!({"status": "ok"})),
    }
}

fn said(value: &Value) -> Response {
    let mut response = Response::new(free(value.to_string()));
    put(&mut response, "content-type", "application/json");
    response
}

/// Whether the key is one of a rehearsal, or none: servers of one's own often take none.
fn has_key(headers: &HeaderMap) -> bool {
    !headers.contains_key("authorization") || bearer(headers).starts_with(KEY_PREFIX)
}

/// The answer or the refusal in its place, with the headers that both have.
fn finish(
    studio: &Studio,
    habit: Habit,
    headers: &HeaderMap,
    body: &[u8],
    answered: Result<Response, Refusal>,
) -> Response {
    let is_bare = Dice::new(studio.seed, [b"form".as_slice(), body]).below(3) == 0;
    let mut response = answered.unwrap_or_else(|refusal| refusal.response(habit, is_bare));
    // vLLM names an exchange only where it is told to.
    if habit == Habit::Mixed {
        let request_id = format!("req_{}", token(studio.seed, body, attempt(headers), 24));
        put(&mut response, "x-request-id", &request_id);
    }
    response
}

/// `GET /v1/models`.
async fn models(habit: Habit, State(studio): Shared, headers: HeaderMap) -> Response {
    let answered = if !has_key(&headers) || studio.always(OpenAi::BadKey) {
        Err(Refusal::bad_key())
    } else {
        let is_here = |model: &&Model| match model.work {
            Work::Local => true,
            Work::LocalVoice => habit == Habit::Mixed,
            Work::Claude(_) | Work::Gemini(_) | Work::Searching(_) | Work::Sonar { .. } | Work::Voice(_) => false,
        };
        let object = |model: &Model| {
            let mut object =
                json!({"id": model.id, "object": "model", "created": 1_795_000_000, "owned_by": "rehearsal"});
            if let Some(members) = object.as_object_mut() {
                match habit {
                    Habit::Vllm => {
                        members.insert("max_model_len".to_owned(), model.context.into());
                    }
                    Habit::LlamaCpp => {
                        members.insert("meta".to_owned(), json!({"n_ctx_train": model.context}));
                    }
                    Habit::Mixed | Habit::Ollama | Habit::LmStudio => {}
                }
            }
            object
        };
        let data: Vec<Value> = catalogue::models().filter(is_here).map(object).collect();
        Ok(said(&json!({"object": "list", "data": data})))
    };
    finish(&studio, habit, &headers, b"models", answered)
}

/// `POST /v1/chat/completions/input_tokens`.
async fn input_tokens(habit: Habit, State(studio): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let counted = read(habit, &headers, &body).map(|completion| said(&json!({"input_tokens": completion.prompt})));
    finish(&studio, habit, &headers, &body, counted)
}

/// `POST /tokenize`: the content or the messages as so many tokens, which are numbers without a meaning.
async fn tokenize(habit: Habit, body: Bytes) -> Response {
    let parsed: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = ["content", "prompt"].into_iter().find_map(|name| parsed.get(name)?.as_str());
    let bytes = text.map(str::len).or_else(|| turns(&parsed).map(|turns| turns.bytes)).unwrap_or(0);
    let numbers: Vec<u64> = (0..tokens(bytes)).collect();
    said(&match habit {
        Habit::Vllm => json!({"count": numbers.len(), "max_model_len": 131_072, "tokens": numbers}),
        Habit::Mixed | Habit::Ollama | Habit::LlamaCpp | Habit::LmStudio => json!({"tokens": numbers}),
    })
}

/// What was asked, and how it is to be answered.
struct Completion {
    asked: Asked,
    model: &'static Model,
    /// The model as it was named, which is what the answer and the meter call it.
    name: String,
    prompt: u64,
    is_streamed: bool,
    counts: bool,
    thinks: bool,
    /// A JSON object without a schema is wanted.
    is_object: bool,
}

/// `POST /v1/chat/completions`.
async fn completions(habit: Habit, State(studio): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let answered = match read(habit, &headers, &body) {
        Ok(completion) => answer(habit, &studio, completion, &headers, &body).await,
        Err(refusal) => Err(refusal),
    };
    finish(&studio, habit, &headers, &body, answered)
}

fn read(habit: Habit, headers: &HeaderMap, body: &[u8]) -> Result<Completion, Refusal> {
    if !has_key(headers) {
        return Err(Refusal::bad_key());
    }
    let parsed: Value =
        serde_json::from_slice(body).map_err(|error| Refusal::invalid(format!("invalid JSON: {error}")))?;
    let id = parsed.get("model").and_then(Value::as_str).ok_or_else(|| Refusal::invalid("model is required"))?;
    let is_strange = STRANGERS.iter().any(|prefix| id.starts_with(prefix));
    let bare = SERVERS.into_iter().find_map(|server| id.strip_prefix(server)).unwrap_or(id);
    let named = catalogue::model(bare).filter(|model| model.work == Work::Local && id.len() <= LONGEST_NAME);
    let is_short = id.len() <= LONGEST_NAME;
    let loaded = catalogue::model(LOADED).filter(|_| habit.ignores_names() && !is_strange && is_short);
    let model = named.or(loaded).ok_or_else(|| Refusal::model(id))?;
    let said = turns(&parsed).ok_or_else(|| Refusal::invalid("messages must end with one of the user"))?;
    let Turns { user, bytes } = said;
    let limit = limit(&parsed);
    if limit == Some(0) {
        return Err(Refusal::invalid("max_tokens must be at least 1"));
    }
    let (schema, is_object) = format(habit, &parsed)?;
    let prompt = tokens(bytes + schema.as_ref().map_or(0, |schema| schema.to_string().len()));
    // Ollama cuts what is too long without a word; the others say so.
    if prompt > model.context && habit != Habit::Ollama {
        return Err(Refusal::overflow(habit, prompt, model.context));
    }
    let thinks = parsed.get("reasoning_effort").and_then(Value::as_str).is_some_and(|effort| effort != "none");
    let asked = Asked { model: model.id.to_owned(), user, schema, max_tokens: limit.unwrap_or(UNLIMITED) };
    Ok(Completion {
        asked,
        model,
        name: id.to_owned(),
        prompt,
        is_streamed: is_on(&parsed, "/stream"),
        counts: is_on(&parsed, "/stream_options/include_usage"),
        thinks: thinks && habit != Habit::Mixed,
        is_object,
    })
}

/// The schema of the answer, and whether it is to be an object without one.
fn format(habit: Habit, parsed: &Value) -> Result<(Option<Value>, bool), Refusal> {
    let Some(format) = parsed.get("response_format").filter(|format| !format.is_null()) else {
        return Ok((None, false));
    };
    match (format.get("type").and_then(Value::as_str), habit) {
        (Some("json_schema"), _) => {
            let found = schema(format);
            let found = found.ok_or_else(|| Refusal::invalid("response_format.json_schema.schema is required"))?;
            Ok((Some(found.clone()), false))
        }
        (Some("json_object"), Habit::LlamaCpp) => Ok((format.get("schema").cloned(), format.get("schema").is_none())),
        (Some("json_object"), Habit::Ollama | Habit::Vllm) => Ok((None, true)),
        (Some("text"), Habit::Ollama | Habit::LlamaCpp | Habit::Vllm | Habit::LmStudio) => Ok((None, false)),
        (_, _) => Err(Refusal::invalid("response_format.type must be 'json_schema'")),
    }
}

async fn answer(
    habit: Habit,
    studio: &Arc<Studio>,
    completion: Completion,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Refusal> {
    let held = studio.limits.enter(VENDOR, studio.clock.monotonic()).map_err(refusal::over)?;
    let mut call = studio.call(VENDOR, completion.model, headers);
    call.model.clone_from(&completion.name);
    let attempt = attempt(headers);
    let met = studio.meets(&call, body, attempt);
    if let Some(refusal) = refusal::met(studio, &met, habit, &call.model).await {
        return Err(refusal);
    }
    let Completion { asked, prompt, is_streamed, counts, thinks, is_object, .. } = completion;
    let most = asked.max_tokens;
    let mut given = asked.answer(studio, met.fault).await.map_err(|error| Refusal::invalid(error.to_string()))?;
    if is_object && given.title.is_empty() {
        given.text = json!({"answer": given.text}).to_string();
        given.output = tokens(given.text.len());
    }
    let thinking = if thinks || met.has(OpenAi::Thinks) || met.has(OpenAi::ThinkInText) { THINKS } else { 0 };
    let read = if met.has(OpenAi::CachedTokens) && prompt > 1_024 { prompt / 2 } else { 0 };
    let mut used = Used { input: prompt - read, read, output: given.output + thinking, thinking, ..Used::default() };
    if met.has(OpenAi::NullContentReasoning) {
        used.output = THINKS;
        used.thinking = THINKS;
    }
    if met.fault == Some(Fault::OverBilling) {
        used.input *= 5;
        used.output = most + most / 2 + 1_000;
    }
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(millis(&given.title), &mut dice);
    let id = format!("chatcmpl-{}", token(studio.seed, body, attempt, 24));
    let reply = Reply { habit, id, model: &call.model, given: &given, used, counts, met: &met };
    let (frames, kind) = if is_streamed {
        (reply.events(over, &mut dice), "text/event-stream")
    } else {
        (reply.whole(), "application/json")
    };
    let mut paced = Paced::over(frames, over / 12, over, &mut dice);
    if met.fault == Some(Fault::CutStream) {
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        used.output = used.output * u64::try_from(kept).unwrap_or(0) / u64::try_from(paced.len().max(1)).unwrap_or(1);
        paced = paced.broken_after(kept);
    } else if is_streamed && (met.has(OpenAi::ErrorFrame) || met.has(OpenAi::EndsInMiddle)) {
        used.output = used.output.div_ceil(2);
        paced = paced.unfinished();
    }
    if met.has(OpenAi::SplitUtf8) {
        paced = paced.shredded();
    }
    let mut response = Response::new(Body::empty());
    *response.body_mut() = paced.body(Arc::clone(studio), call, used, held);
    put(&mut response, "content-type", kind);
    Ok(response)
}
