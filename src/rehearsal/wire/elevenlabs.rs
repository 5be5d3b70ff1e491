//! ElevenLabs' text to speech with timestamps, served by the formant synthesiser, with its errors.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::paced::{Paced, free};
use super::request::{KEY_PREFIX, attempt, header, token};
use super::state::Studio;
use crate::media::synth::{Voice, speak};
use crate::rehearsal::author::Dice;
use crate::rehearsal::espeak;
use crate::rehearsal::faults::Fault;
use crate::rehearsal::meter::{self, Call, Used};

/// How long a line takes at a pace of 1, in milliseconds.
const LINE_MILLIS: u64 = 300;

/// A refusal in one of the vendor's forms.
struct Refusal {
    status: u16,
    detail: Value,
}

impl Refusal {
    fn new(status: u16, kind: &str, code: &str, message: &str) -> Self {
        Self { status, detail: json!({"type": kind, "code": code, "status": code, "message": message, "param": null}) }
    }
}

/// What is to be spoken.
struct Asked {
    voice: String,
    model: String,
    text: String,
    rate: u32,
}

/// `POST /v1/text-to-speech/{voice}/with-timestamps`.
pub(super) async fn speech(
    State(studio): State<Arc<Studio>>,
    Path(voice): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request_id = token(studio.seed, &body, attempt(&headers), 20);
    let mut response = match check(voice, &uri, &headers, &body) {
        Ok(asked) => answer(Arc::clone(&studio), asked, &headers, &body).await,
        Err(refusal) => Err(refusal),
    }
    .unwrap_or_else(|mut refusal| {
        if let Some(detail) = refusal.detail.as_object_mut() {
            detail.insert("request_id".to_owned(), request_id.as_str().into());
        }
        let mut response = Response::new(free(json!({"detail": refusal.detail}).to_string()));
        *response.status_mut() = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        response
    });
    for (name, value) in [
        ("content-type", "application/json"),
        ("request-id", request_id.as_str()),
        ("x-trace-id", request_id.as_str()),
        ("current-concurrent-requests", "1"),
        ("maximum-concurrent-requests", "20"),
        ("x-region", "rehearsal"),
    ] {
        put(&mut response, name, value);
    }
    response
}

fn put(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

fn check(voice: String, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Asked, Refusal> {
    if !header(headers, "xi-api-key").starts_with(KEY_PREFIX) {
        return Err(Refusal::new(401, "authentication_error", "invalid_api_key", "Invalid API key"));
    }
    let missing = |field: &str| Refusal {
        status: 422,
        detail: json!([{"loc": ["body", field], "msg": "field required", "type": "value_error.missing"}]),
    };
    let parsed: Value = serde_json::from_slice(body).map_err(|error| {
        Refusal::new(400, "validation_error", "invalid_json", &format!("The body is not valid JSON: {error}"))
    })?;
    let text = parsed.get("text").and_then(Value::as_str).ok_or_else(|| missing("text"))?;
    let model = parsed.get("model_id").and_then(Value::as_str).unwrap_or("eleven_multilingual_v2");
    if !(model.starts_with("eleven_") && meter::serves(model)) {
        return Err(Refusal::new(
            404,
            "not_found",
            "model_not_found",
            &format!("A model with id {model} does not exist"),
        ));
    }
    if !voice.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        return Err(Refusal::new(404, "not_found", "voice_not_found", "A voice with that id was not found."));
    }
    if text.trim().is_empty() {
        return Err(Refusal::new(400, "validation_error", "empty_text", "There is nothing to speak."));
    }
    let most = if model.starts_with("eleven_flash") || model.starts_with("eleven_turbo") { 30_000 } else { 5_000 };
    if text.chars().count() > most {
        return Err(Refusal::new(400, "validation_error", "text_too_long", "The text is longer than the model takes."));
    }
    let format = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("output_format="));
    let rate = format.unwrap_or("pcm_24000").strip_prefix("pcm_").and_then(|rate| rate.parse().ok());
    let rate = rate
        .filter(|rate| matches!(rate, 8_000 | 16_000 | 22_050 | 24_000 | 32_000 | 44_100 | 48_000))
        .ok_or_else(|| {
            Refusal::new(400, "validation_error", "invalid_output_format", "A rehearsal speaks pcm_8000 to pcm_48000.")
        })?;
    Ok(Asked { voice, model: model.to_owned(), text: text.to_owned(), rate })
}

async fn answer(studio: Arc<Studio>, asked: Asked, headers: &HeaderMap, body: &Bytes) -> Result<Response, Refusal> {
    let key = header(headers, "idempotency-key").to_owned();
    let call = Call { vendor: "elevenlabs", model: asked.model.clone(), key };
    let fault = studio.meets(&call, body, attempt(headers));
    let busy = |code, message| Err(Refusal::new(429, "rate_limit_error", code, message));
    match fault {
        Some(Fault::RateLimitedWithHint | Fault::RateLimited) => {
            return busy("too_many_concurrent_requests", "Too many concurrent requests");
        }
        Some(Fault::Overloaded) => return busy("system_busy", "The system is experiencing heavy traffic."),
        Some(Fault::ServerError) => {
            return Err(Refusal::new(500, "internal_error", "internal_error", "An internal error occurred."));
        }
        Some(Fault::TimeOut) => {
            studio.pause(studio.waits.time_out).await;
            return Err(Refusal::new(504, "internal_error", "timeout", "The request took too long."));
        }
        Some(Fault::SlowFirstByte) => studio.pause(studio.waits.slow_first_byte).await,
        Some(Fault::CutStream | Fault::MalformedJson | Fault::SchemaMiss | Fault::OverBilling) | None => {}
    }
    let characters = u64::try_from(asked.text.chars().count()).unwrap_or(u64::MAX);
    let is_half = asked.model.contains("flash") || asked.model.contains("turbo");
    let credits = if is_half { characters.div_ceil(2) } else { characters };
    let used = Used { characters, ..Used::default() };
    let failed = |_| Refusal::new(500, "internal_error", "internal_error", "The voice came to no end.");
    let text = tokio::task::spawn_blocking(move || spoken(&asked, fault)).await.map_err(failed)??;
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(LINE_MILLIS, &mut dice);
    let chunks: Vec<Vec<u8>> = text.into_bytes().chunks(64 * 1_024).map(<[u8]>::to_vec).collect();
    let mut paced = Paced::over(chunks, over, over / 20, &mut dice);
    if fault == Some(Fault::CutStream) {
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        paced = paced.broken_after(kept);
    }
    let mut response = Response::new(paced.body(studio, call, used));
    put(&mut response, "character-cost", &credits.to_string());
    Ok(response)
}

/// Samples, and when each character begins and ends, in seconds.
type Said = (Vec<i16>, Vec<f64>, Vec<f64>);

/// The samples and when each character is heard; of a voice that tells no times, evenly spread.
fn said(asked: &Asked) -> Result<Said, Refusal> {
    if let Some(voice) = asked.voice.strip_prefix(espeak::PREFIX) {
        let samples = espeak::speak(&asked.text, voice, asked.rate)
            .map_err(|why| Refusal::new(404, "not_found", "voice_not_found", &why))?;
        let seconds = samples.len() as f64 / f64::from(asked.rate);
        let count = asked.text.chars().count();
        let at = |n: usize| seconds * n as f64 / count.max(1) as f64;
        return Ok((samples, (0..count).map(at).collect(), (1..=count).map(at).collect()));
    }
    let speech = speak(&asked.text, &Voice::from_name(&asked.voice), asked.rate)
        .map_err(|error| Refusal::new(400, "validation_error", "text_too_long", &error.to_string()))?;
    Ok((speech.samples, speech.starts, speech.ends))
}

/// The body: the samples, and when each character of the text is heard.
fn spoken(asked: &Asked, fault: Option<Fault>) -> Result<String, Refusal> {
    let (samples, starts, mut ends) = said(asked)?;
    let samples: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let characters: Vec<String> = asked.text.chars().map(String::from).collect();
    if fault == Some(Fault::SchemaMiss) {
        // An alignment whose lists differ in length, as an interface would never describe it.
        ends.pop();
    }
    let alignment = json!({
        "characters": characters, "character_start_times_seconds": starts, "character_end_times_seconds": ends,
    });
    let body = json!({
        "audio_base64": STANDARD.encode(samples), "alignment": alignment, "normalized_alignment": alignment,
    });
    let mut text = body.to_string();
    if fault == Some(Fault::MalformedJson) {
        text.insert_str(1, ",,");
    }
    Ok(text)
}
