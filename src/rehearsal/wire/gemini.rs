//! Google's `generateContent`, served, with its errors.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::paced::{Paced, free};
use super::request::{Asked, KEY_PREFIX, attempt, header, token};
use super::state::{Studio, millis};
use crate::rehearsal::author::Dice;
use crate::rehearsal::faults::Fault;
use crate::rehearsal::meter::{self, Call, Used};

/// The most tokens that thinking takes; it counts against the answer's limit.
const THOUGHTS: u64 = 96;

/// A refusal in the vendor's form.
struct Refusal {
    code: u16,
    status: &'static str,
    message: String,
    details: Vec<Value>,
}

impl Refusal {
    fn new(code: u16, status: &'static str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), details: Vec::new() }
    }

    fn with(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }
}

/// `POST /v1beta/models/{model}:generateContent`.
pub(super) async fn generate(
    State(studio): State<Arc<Studio>>,
    Path(target): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut response = match check(&target, &headers, &body) {
        Ok(asked) => answer(Arc::clone(&studio), asked, &headers, &body).await,
        Err(refusal) => Err(refusal),
    }
    .unwrap_or_else(|refusal| {
        let mut error = json!({"code": refusal.code, "message": refusal.message, "status": refusal.status});
        if let Some(members) = error.as_object_mut().filter(|_| !refusal.details.is_empty()) {
            members.insert("details".to_owned(), Value::Array(refusal.details));
        }
        let mut response = Response::new(free(json!({"error": error}).to_string()));
        *response.status_mut() = StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::BAD_REQUEST);
        response
    });
    let kind = HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert("content-type", kind);
    response
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "INVALID_ARGUMENT", message)
}

fn check(target: &str, headers: &HeaderMap, body: &[u8]) -> Result<Asked, Refusal> {
    if !header(headers, "x-goog-api-key").starts_with(KEY_PREFIX) {
        let detail = json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
            "domain": "googleapis.com", "metadata": {"service": "generativelanguage.googleapis.com"},
        });
        return Err(invalid("API key not valid. Please pass a valid API key.").with(detail));
    }
    let Some((model, "generateContent")) = target.split_once(':') else {
        return Err(Refusal::new(404, "NOT_FOUND", "The requested method was not found."));
    };
    if !(model.starts_with("gemini-") && meter::serves(model)) {
        let message =
            format!("models/{model} is not found for API version v1beta, or is not supported for generateContent.");
        return Err(Refusal::new(404, "NOT_FOUND", message));
    }
    let parsed: Value =
        serde_json::from_slice(body).map_err(|error| invalid(format!("Invalid JSON payload received. {error}")))?;
    let parts = |turn: Option<&Value>| {
        let parts = turn?.get("parts")?.as_array()?;
        Some(parts.iter().filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join("\n"))
    };
    let turns = parsed.get("contents").and_then(Value::as_array);
    let user = parts(turns.and_then(|turns| turns.last())).filter(|text| !text.trim().is_empty());
    let user = user.ok_or_else(|| invalid("* GenerateContentRequest.contents: contents is not specified"))?;
    let config = parsed.get("generationConfig");
    let option = |name: &str| config.and_then(|config| config.get(name));
    let schema = option("responseJsonSchema").or_else(|| option("responseSchema")).cloned();
    if option("responseJsonSchema").is_some() && option("responseSchema").is_some() {
        return Err(invalid("Only one of responseSchema and responseJsonSchema can be set."));
    }
    if schema.is_some() && option("responseMimeType").and_then(Value::as_str) != Some("application/json") {
        return Err(invalid("A response schema is only supported with responseMimeType application/json."));
    }
    let thinking = option("thinkingConfig");
    if model.starts_with("gemini-2.") && thinking.is_some_and(|thinking| thinking.get("thinkingLevel").is_some()) {
        return Err(invalid("Thinking level is not supported for this model"));
    }
    Ok(Asked {
        model: model.to_owned(),
        system: parts(parsed.get("systemInstruction")).unwrap_or_default(),
        user,
        schema,
        max_tokens: option("maxOutputTokens").and_then(Value::as_u64).filter(|most| *most > 0).unwrap_or(65_536),
    })
}

async fn answer(studio: Arc<Studio>, mut asked: Asked, headers: &HeaderMap, body: &Bytes) -> Result<Response, Refusal> {
    let attempt = attempt(headers);
    let key = header(headers, "idempotency-key").to_owned();
    let call = Call { vendor: "gemini", model: asked.model.clone(), key };
    let fault = studio.meets(&call, body, attempt);
    let quota = || Refusal::new(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.");
    match fault {
        Some(Fault::RateLimitedWithHint) => {
            let delay = format!("{}s", studio.waits.retry_after.as_secs_f64());
            let detail = json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay});
            return Err(quota().with(detail));
        }
        Some(Fault::RateLimited) => return Err(quota()),
        Some(Fault::Overloaded) => {
            return Err(Refusal::new(503, "UNAVAILABLE", "The model is overloaded. Please try again later."));
        }
        Some(Fault::ServerError) => return Err(Refusal::new(500, "INTERNAL", "An internal error has occurred.")),
        Some(Fault::TimeOut) => {
            studio.pause(studio.waits.time_out).await;
            return Err(Refusal::new(504, "DEADLINE_EXCEEDED", "The request took too long."));
        }
        Some(Fault::SlowFirstByte) => studio.pause(studio.waits.slow_first_byte).await,
        Some(Fault::CutStream | Fault::MalformedJson | Fault::SchemaMiss | Fault::OverBilling) | None => {}
    }
    let most = asked.max_tokens;
    let thoughts = THOUGHTS.min(most / 8);
    asked.max_tokens = most - thoughts;
    let given = asked.answer(&studio, fault).await.map_err(|error| invalid(error.to_string()))?;
    let (mut input, mut output) = (given.input, given.output);
    if fault == Some(Fault::OverBilling) {
        (input, output) = (input * 5, most + most / 2 + 1_000);
    }
    let mut text = json!({
        "candidates": [{
            "content": {"role": "model", "parts": [
                {"text": "Reading the lines against their excerpts.", "thought": true}, {"text": given.text},
            ]},
            "finishReason": if given.is_cut { "MAX_TOKENS" } else { "STOP" }, "index": 0,
        }],
        "usageMetadata": {
            "promptTokenCount": input, "candidatesTokenCount": output, "thoughtsTokenCount": thoughts,
            "totalTokenCount": input + output + thoughts,
        },
        "modelVersion": call.model, "responseId": token(studio.seed, body, attempt, 16),
    })
    .to_string();
    if fault == Some(Fault::MalformedJson) {
        text.insert_str(1, ",,");
    }
    let mut used = Used { input, output: output + thoughts, ..Used::default() };
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(millis(&given.title), &mut dice);
    let half = text.len() / 2;
    let bytes = text.into_bytes();
    let (head, tail) = bytes.split_at(half);
    let mut paced = Paced::over(vec![head.to_vec(), tail.to_vec()], over, over / 20, &mut dice);
    if fault == Some(Fault::CutStream) {
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        // The model had written all of it: what is lost on the way is billed.
        used.output = output + thoughts;
        paced = paced.broken_after(kept);
    }
    Ok(Response::new(paced.body(studio, call, used)))
}
