//! ElevenLabs' text to speech, served by the synthesiser: plain, with timestamps, streamed, and streamed with timestamps, with
//! its catalogue and its errors.

mod catalogue;
mod refusal;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use self::refusal::Refusal;
use super::paced::{Paced, put};
use super::request::{KEY_PREFIX, attempt, header, token};
use super::state::{Met, Studio};
use super::voice::{Mute, Packing, RATES, Said, packed, say};
use crate::rehearsal::author::Dice;
use crate::rehearsal::catalogue::{Model, Work, model};
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::ElevenLabs;
use crate::rehearsal::meter::Used;

/// The vendor, as the meter and the limits call it.
const VENDOR: &str = "elevenlabs";

/// How long a line takes at a pace of 1, in milliseconds.
const LINE_MILLIS: u64 = 300;

/// The requests at once that a plan allows where no limit is set.
const PLAN: u64 = 20;

/// The most ids of requests that may be stitched to.
const MOST_IDS: usize = 3;

/// Characters in one piece of a stream.
const PIECE: usize = 24;

/// The routes of this wire, below `/elevenlabs`.
pub(super) fn routes() -> Router<Arc<Studio>> {
    Router::new()
        .route("/v1/text-to-speech/{voice}", post(plain))
        .route("/v1/text-to-speech/{voice}/with-timestamps", post(timed))
        .route("/v1/text-to-speech/{voice}/stream", post(streamed))
        .route("/v1/text-to-speech/{voice}/stream/with-timestamps", post(streamed_timed))
        .route("/v1/models", get(catalogue::models))
        .route("/v1/voices", get(catalogue::voices))
        .route("/v2/voices", get(catalogue::voices))
        .route("/v1/voices/{id}", get(catalogue::one_voice))
        .route("/v1/user/subscription", get(catalogue::subscription))
}

/// How the audio is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Bytes.
    Plain,
    /// One document with times.
    Timed,
    /// Bytes as they are made.
    Streamed,
    /// A document a line, as they are made.
    StreamedTimed,
}

type Voiced = (State<Arc<Studio>>, Path<String>, Uri, HeaderMap, Bytes);

macro_rules! speech {
    ($($(#[$doc:meta])* $name:ident $form:ident;)*) => {
        $($(#[$doc])*
        async fn $name(
            State(studio): State<Arc<Studio>>,
            Path(voice): Path<String>,
            uri: Uri,
            headers: HeaderMap,
            body: Bytes,
        ) -> Response {
            speech((State(studio), Path(voice), uri, headers, body), Form::$form).await
        })*
    };
}

speech! {
    /// `POST /v1/text-to-speech/{voice}`.
    plain Plain;
    /// `POST /v1/text-to-speech/{voice}/with-timestamps`.
    timed Timed;
    /// `POST /v1/text-to-speech/{voice}/stream`.
    streamed Streamed;
    /// `POST /v1/text-to-speech/{voice}/stream/with-timestamps`.
    streamed_timed StreamedTimed;
}

/// What is to be spoken.
struct Asked {
    voice: String,
    model: &'static Model,
    text: String,
    rate: u32,
    packing: Packing,
    pace: f64,
}

async fn speech((State(studio), Path(voice), uri, headers, body): Voiced, form: Form) -> Response {
    let request_id = token(studio.seed, &body, attempt(&headers), 20);
    let answered = match check(voice, &uri, &headers, &body) {
        Ok(asked) => answer(&studio, asked, form, &headers, &body).await,
        Err(refusal) => Err(refusal),
    };
    let (answered, is_silent) = match answered {
        Ok((response, is_silent)) => (Ok(response), is_silent),
        Err(refusal) => (Err(refusal), false),
    };
    finish(&studio, &request_id, is_silent, answered)
}

/// The answer or the refusal in its place, with the headers that both have; `is_silent` leaves out how much is under way.
fn finish(studio: &Studio, request_id: &str, is_silent: bool, answered: Result<Response, Refusal>) -> Response {
    let mut response = answered.unwrap_or_else(|refusal| refusal.response(request_id));
    put(&mut response, "request-id", request_id);
    put(&mut response, "x-trace-id", request_id);
    put(&mut response, "x-region", "rehearsal");
    if !is_silent {
        let most = studio.limits.most_at_once(VENDOR).unwrap_or(PLAN);
        let now = studio.limits.under_way(VENDOR).max(1);
        put(&mut response, "current-concurrent-requests", &now.to_string());
        put(&mut response, "maximum-concurrent-requests", &most.to_string());
    }
    response
}

fn has_key(headers: &HeaderMap) -> bool {
    header(headers, "xi-api-key").starts_with(KEY_PREFIX)
}

/// Whether a name can be a voice's.
fn is_voice(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

fn check(voice: String, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Asked, Refusal> {
    if !has_key(headers) {
        return Err(Refusal::bad_key());
    }
    let parsed: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid("invalid_json", &format!("The body is not valid JSON: {error}")))?;
    let text = parsed.get("text").and_then(Value::as_str).ok_or_else(|| Refusal::missing("text"))?;
    let id = parsed.get("model_id").and_then(Value::as_str).unwrap_or("eleven_multilingual_v2");
    let model = model(id).filter(|model| matches!(model.work, Work::Voice(_))).ok_or_else(|| {
        Refusal::new(400, "validation_error", "model_not_found", &format!("A model with id {id} does not exist"))
    })?;
    if !is_voice(&voice) {
        return Err(Refusal::no_voice("A voice with that id was not found."));
    }
    if text.trim().is_empty() {
        return Err(Refusal::invalid("empty_text", "There is nothing to speak."));
    }
    if text.chars().count() as u64 > model.context {
        return Err(Refusal::invalid("text_too_long", "The text is longer than the model takes."));
    }
    stitching(&parsed, id)?;
    let pace = settings(&parsed, id)?;
    let format = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("output_format="));
    let (kind, rate) = format.unwrap_or("pcm_24000").split_once('_').unwrap_or_default();
    let packing = match kind {
        "pcm" => Some(Packing::Pcm),
        "wav" => Some(Packing::Wav),
        _ => None,
    };
    let rate = rate.parse().ok().filter(|rate| RATES.contains(rate));
    let (packing, rate) = packing.zip(rate).ok_or_else(|| {
        Refusal::invalid("invalid_output_format", "A rehearsal speaks pcm_8000 to pcm_48000, and the same as wav.")
    })?;
    Ok(Asked { voice, model, text: text.to_owned(), rate, packing, pace })
}

/// Hints and ids of what comes before and after: the third generation takes none.
fn stitching(parsed: &Value, model: &str) -> Result<(), Refusal> {
    let is_third = model.starts_with("eleven_v3");
    for name in ["previous_text", "next_text", "previous_request_ids", "next_request_ids"] {
        let Some(given) = parsed.get(name).filter(|given| !given.is_null()) else { continue };
        if is_third {
            let message = format!("Providing {name} is not supported with the '{model}' model.");
            return Err(Refusal::invalid("unsupported_model", &message));
        }
        if given.as_array().is_some_and(|ids| ids.len() > MOST_IDS) {
            return Err(Refusal::invalid("too_many_request_ids", "At most 3 request ids can be given."));
        }
    }
    Ok(())
}

/// The settings of the voice within their bounds; the pace of the speech.
fn settings(parsed: &Value, model: &str) -> Result<f64, Refusal> {
    let setting = |name: &str| parsed.pointer(&format!("/voice_settings/{name}")).and_then(Value::as_f64);
    for name in ["stability", "similarity_boost", "style"] {
        if setting(name).is_some_and(|value| !(0.0..=1.0).contains(&value)) {
            return Err(Refusal::invalid("invalid_voice_settings", &format!("{name} must lie between 0 and 1.")));
        }
    }
    let is_step = |value: f64| [0.0, 0.5, 1.0].into_iter().any(|step| (value - step).abs() < 1e-9);
    if model.starts_with("eleven_v3") && setting("stability").is_some_and(|value| !is_step(value)) {
        return Err(Refusal::invalid("invalid_ttd_stability", "stability must be one of 0.0, 0.5 and 1.0."));
    }
    Ok(setting("speed").unwrap_or(1.0))
}

/// The response, and whether its headers say nothing of costs and counts.
async fn answer(
    studio: &Arc<Studio>,
    asked: Asked,
    form: Form,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(Response, bool), Refusal> {
    let held = studio.limits.enter(VENDOR, studio.clock.monotonic()).map_err(|_| Refusal::too_many())?;
    let call = studio.call(VENDOR, asked.model, headers);
    let met = studio.meets(&call, body, attempt(headers));
    let characters = u64::try_from(asked.text.chars().count()).unwrap_or(u64::MAX);
    let per_credit = if let Work::Voice(per_credit) = asked.model.work { per_credit } else { 1 };
    let credits = characters.div_ceil(per_credit);
    if let Some(refusal) = refusal::met(studio, &met, credits).await {
        return Err(refusal);
    }
    let used = Used { characters, ..Used::default() };
    let failed = |_| Refusal::new(500, "internal_error", "internal_error", "The voice came to no end.");
    let (packing, is_odd) = (asked.packing, met.clone());
    let pieces = tokio::task::spawn_blocking(move || pieces(&asked, form, &is_odd)).await.map_err(failed)??;
    let mut dice = Dice::new(studio.seed, [b"stream".as_slice(), body]);
    let over = studio.takes(LINE_MILLIS, &mut dice);
    let (first, rest) = match form {
        Form::Plain | Form::Timed => (over, over / 20),
        Form::Streamed | Form::StreamedTimed => (over / 4, over),
    };
    let mut paced = Paced::over(pieces, first, rest, &mut dice);
    if met.fault == Some(Fault::CutStream) || met.has(ElevenLabs::StreamCut) {
        let kept = paced.len() * (30 + dice.below(50)) / 100;
        paced = paced.broken_after(kept);
    }
    let mut response = Response::new(paced.body(Arc::clone(studio), call, used, held));
    let kind = match (form, packing) {
        (Form::Timed, _) => "application/json",
        (Form::StreamedTimed, _) => "application/x-ndjson",
        (Form::Plain | Form::Streamed, Packing::Wav) => "audio/wav",
        (Form::Plain | Form::Streamed, Packing::Pcm) => "audio/pcm",
    };
    put(&mut response, "content-type", kind);
    let is_silent = met.has(ElevenLabs::NoCostHeader);
    if !is_silent {
        let credits = if met.has(ElevenLabs::CreditsHeader) { characters.div_ceil(10) } else { credits };
        put(&mut response, "character-cost", &credits.to_string());
        put(&mut response, "tts-latency-ms", &over.as_millis().to_string());
    }
    Ok((response, is_silent))
}

/// The bytes of the answer, in the pieces that they are sent in.
fn pieces(asked: &Asked, form: Form, met: &Met) -> Result<Vec<Vec<u8>>, Refusal> {
    let said = say(&asked.text, &asked.voice, asked.rate, asked.pace).map_err(|mute| match mute {
        Mute::NoVoice(why) => Refusal::no_voice(&why),
        Mute::Text(why) => Refusal::invalid("text_too_long", &why),
    })?;
    let chunked = |bytes: Vec<u8>| bytes.chunks(64 * 1_024).map(<[u8]>::to_vec).collect();
    let broken = |mut text: String| {
        if met.fault == Some(Fault::MalformedJson) {
            text.insert_str(1, ",,");
        }
        text
    };
    Ok(match form {
        Form::Plain => chunked(packed(&said.samples, asked.rate, asked.packing)),
        Form::Streamed => {
            let bytes = packed(&said.samples, asked.rate, asked.packing);
            bytes.chunks(4 * 1_024).map(<[u8]>::to_vec).collect()
        }
        Form::Timed => {
            let audio = STANDARD.encode(packed(&said.samples, asked.rate, asked.packing));
            let alignment = alignment(&asked.text, &said, 0, usize::MAX, met);
            let alignment = if met.has(ElevenLabs::NullAlignment) { Value::Null } else { alignment };
            let body = json!({"audio_base64": audio, "alignment": alignment, "normalized_alignment": alignment});
            chunked(broken(body.to_string()).into_bytes())
        }
        Form::StreamedTimed => lines(asked, &said, met).into_iter().map(|line| broken(line).into_bytes()).collect(),
    })
}

/// When a stretch of the text is heard, from the start of the whole.
fn alignment(text: &str, said: &Said, from: usize, count: usize, met: &Met) -> Value {
    let characters: Vec<String> = text.chars().skip(from).take(count).map(String::from).collect();
    let starts: Vec<f64> = said.starts.iter().copied().skip(from).take(count).collect();
    let mut ends: Vec<f64> = said.ends.iter().copied().skip(from).take(count).collect();
    if met.fault == Some(Fault::SchemaMiss) {
        // An alignment whose lists differ in length, as an interface would never describe it.
        ends.pop();
    }
    json!({"characters": characters, "character_start_times_seconds": starts, "character_end_times_seconds": ends})
}

/// The lines of a stream with times. A piece without new characters has no alignment, and a blank line comes in between.
fn lines(asked: &Asked, said: &Said, met: &Met) -> Vec<String> {
    let count = asked.text.chars().count();
    let rate = f64::from(asked.rate);
    let mut lines = Vec::new();
    let mut from = 0;
    let mut sent = 0;
    for (nth, begin) in (0..count).step_by(PIECE).enumerate() {
        let is_last = begin + PIECE >= count;
        let until = said.ends.get((begin + PIECE - 1).min(count - 1)).copied().unwrap_or(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list of samples")]
        let place = (until * rate) as usize;
        let to = if is_last { said.samples.len() } else { place.clamp(sent, said.samples.len()) };
        let samples = said.samples.get(sent..to).unwrap_or_default();
        let audio = match (asked.packing, nth) {
            (Packing::Wav, 0) => {
                // The header of a stream knows the whole, since a rehearsal does.
                let whole = packed(&said.samples, asked.rate, Packing::Wav);
                let size = whole.len() - said.samples.len() * 2 + samples.len() * 2;
                whole.get(..size).unwrap_or_default().to_vec()
            }
            (Packing::Wav | Packing::Pcm, _) => packed(samples, asked.rate, Packing::Pcm),
        };
        let times = if met.has(ElevenLabs::NullAlignment) && nth % 2 == 1 {
            Value::Null
        } else {
            alignment(&asked.text, said, from, PIECE, met)
        };
        from = begin + PIECE;
        sent = to;
        let line = json!({"audio_base64": STANDARD.encode(audio), "alignment": times, "normalized_alignment": times});
        lines.push(format!("{line}\n{}", if nth % 2 == 0 { "\n" } else { "" }));
    }
    let last = json!({"audio_base64": "", "alignment": null, "normalized_alignment": null});
    lines.push(format!("{last}\n"));
    lines
}
