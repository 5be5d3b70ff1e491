//! `/v1/audio/speech` of OpenAI's wire, as local servers with a small voice model serve it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

use super::super::paced::{Paced, put};
use super::super::request::attempt;
use super::super::state::Studio;
use super::super::voice::{Mute, Packing, packed, say};
use super::refusal::{self, Refusal};
use super::{Habit, VENDOR, finish, has_key};
use crate::rehearsal::author::Dice;
use crate::rehearsal::catalogue::{Model, Work, model};
use crate::rehearsal::faults::Fault;
use crate::rehearsal::meter::Used;

/// The sample rate that all of them speak at.
const RATE: u32 = 24_000;

/// How long a line takes at a pace of 1, in milliseconds.
const LINE_MILLIS: u64 = 400;

/// What is to be spoken.
struct Asked {
    model: &'static Model,
    text: String,
    voice: String,
    packing: Packing,
    pace: f64,
}

/// `POST /v1/audio/speech`.
pub(super) async fn speech(State(studio): State<Arc<Studio>>, headers: HeaderMap, body: Bytes) -> Response {
    let answered = match check(&headers, &body) {
        Ok(asked) => answer(&studio, asked, &headers, &body).await,
        Err(refusal) => Err(refusal),
    };
    finish(&studio, Habit::Mixed, &headers, &body, answered)
}

fn check(headers: &HeaderMap, body: &[u8]) -> Result<Asked, Refusal> {
    if !has_key(headers) {
        return Err(Refusal::bad_key());
    }
    let parsed: Value =
        serde_json::from_slice(body).map_err(|error| Refusal::invalid(format!("invalid JSON: {error}")))?;
    let word = |name: &str| parsed.get(name).and_then(Value::as_str).map(str::trim).filter(|word| !word.is_empty());
    let id = word("model").ok_or_else(|| Refusal::invalid("model is required"))?;
    let model = model(id).filter(|model| model.work == Work::LocalVoice).ok_or_else(|| Refusal::model(id))?;
    let text = word("input").ok_or_else(|| Refusal::invalid("input is required"))?;
    if text.chars().count() as u64 > model.context {
        return Err(Refusal::invalid(format!("input: String should have at most {} characters", model.context)));
    }
    let voice = word("voice").ok_or_else(|| Refusal::invalid("voice is required"))?;
    let packing = match word("response_format") {
        Some("wav") => Packing::Wav,
        Some("pcm") => Packing::Pcm,
        _ => return Err(Refusal::invalid("response_format: this server speaks 'wav' and 'pcm'")),
    };
    let pace = parsed.get("speed").and_then(Value::as_f64).unwrap_or(1.0);
    if !(0.25..=4.0).contains(&pace) {
        return Err(Refusal::invalid("speed: must lie between 0.25 and 4.0"));
    }
    Ok(Asked { model, text: text.to_owned(), voice: voice.to_owned(), packing, pace })
}

async fn answer(studio: &Arc<Studio>, asked: Asked, headers: &HeaderMap, body: &Bytes) -> Result<Response, Refusal> {
    let held = studio.limits.enter(VENDOR, studio.clock.monotonic()).map_err(refusal::over)?;
    let call = studio.call(VENDOR, asked.model, headers);
    let met = studio.meets(&call, body, attempt(headers));
    if let Some(refusal) = refusal::met(studio, &met, Habit::Mixed, &call.model).await {
        return Err(refusal);
    }
    let characters = u64::try_from(asked.text.chars().count()).unwrap_or(u64::MAX);
    let packing = asked.packing;
    let failed = |_| Refusal::new(500, "server_error", "the voice came to no end");
    let said = tokio::task::spawn_blocking(move || say(&asked.text, &asked.voice, RATE, asked.pace));
    let said = said.await.map_err(failed)?.map_err(|mute| match mute {
        Mute::NoVoice(why) => Refusal::new(404, "not_found_error", why),
        Mute::Text(why) => Refusal::invalid(why),
    })?;
    let mut bytes = packed(&said.samples, RATE, packing);
    if matches!(met.fault, Some(Fault::MalformedJson | Fault::SchemaMiss)) {
        // What is no audio at all: the page of a proxy.
        bytes = b"<html><body>no audio</body></html>".to_vec();
    }
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(LINE_MILLIS, &mut dice);
    let chunks = bytes.chunks(16 * 1_024).map(<[u8]>::to_vec).collect();
    let mut paced = Paced::over(chunks, over, over / 20, &mut dice);
    if met.fault == Some(Fault::CutStream) {
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        paced = paced.broken_after(kept);
    }
    let used = Used { characters, ..Used::default() };
    let mut response = Response::new(paced.body(Arc::clone(studio), call, used, held));
    let kind = match packing {
        Packing::Wav => "audio/wav",
        Packing::Pcm => "audio/pcm",
    };
    put(&mut response, "content-type", kind);
    Ok(response)
}
