//! ElevenLabs' text to speech with timestamps: the body of a request and its answer. Facts from
//! ElevenLabs' documentation and its Python client 2.78.0, as of November 2026.
//!
//! Audio is asked for as raw samples, so that takes can be joined without decoding.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{
    Alignment, Answer, Content, Finish, PrepareError, Prepared, Speech, SpeechRequest, Vendor, VoiceSettings,
    checked_id,
};
use super::error::{CallError, ChargeKnown, RetryClass};
use super::headers::Headers;
use super::hints;
use super::usage::Usage;

/// Samples a second. 44,100 is for dearer plans only.
const SAMPLE_RATE: u32 = 24_000;

/// The body of a request.
pub(super) fn prepare(request: &SpeechRequest) -> Result<Prepared, PrepareError> {
    let voice = checked_id("voice", &request.voice)?;
    let model = checked_id("model", &request.model)?;
    if request.text.trim().is_empty() {
        return Err(PrepareError::Empty("spoken"));
    }
    let takes = Takes::of(model);
    let mut body = Map::new();
    body.insert("text".to_owned(), request.text.as_str().into());
    body.insert("model_id".to_owned(), model.into());
    if let Some(language) = request.language.as_ref().filter(|_| takes.language) {
        body.insert("language_code".to_owned(), language.as_str().into());
    }
    if let Some(settings) = request.settings {
        body.insert("voice_settings".to_owned(), voice_settings(settings, takes.three_stabilities));
    }
    if let Some(seed) = request.seed {
        body.insert("seed".to_owned(), seed.into());
    }
    for (name, hint) in [("previous_text", &request.previous), ("next_text", &request.next)] {
        if let Some(hint) = hint.as_ref().filter(|hint| takes.context && !hint.is_empty()) {
            body.insert(name.to_owned(), hint.as_str().into());
        }
    }
    let body = Value::Object(body).to_string().into_bytes();
    let path = format!("/v1/text-to-speech/{voice}/with-timestamps?output_format=pcm_{SAMPLE_RATE}");
    Ok(Prepared { vendor: Vendor::ElevenLabs, path, body, streaming: false })
}

/// What a model takes.
struct Takes {
    context: bool,
    language: bool,
    three_stabilities: bool,
}

impl Takes {
    fn of(model: &str) -> Self {
        let third = model.starts_with("eleven_v3");
        let no_language = model.ends_with("_v1") || model.ends_with("_v2");
        Self { context: !third, language: !no_language, three_stabilities: third }
    }
}

fn voice_settings(settings: VoiceSettings, three_stabilities: bool) -> Value {
    let part = |hundredths: u8| f64::from(hundredths) / 100.0;
    let stability = match (three_stabilities, settings.stability) {
        (false, stability) => stability.min(100),
        (true, 0..=24) => 0,
        (true, 25..=74) => 50,
        (true, _) => 100,
    };
    json!({
        "stability": part(stability),
        "similarity_boost": part(settings.similarity.min(100)),
        "style": part(settings.style.min(100)),
        "speed": part(settings.speed.clamp(70, 120)),
    })
}

#[derive(Deserialize)]
struct Body {
    audio_base64: String,
    /// Read apart from the audio: a fault in it must not cost the audio.
    #[serde(default)]
    alignment: Value,
}

#[derive(Deserialize)]
struct Times {
    characters: Vec<char>,
    character_start_times_seconds: Vec<f64>,
    character_end_times_seconds: Vec<f64>,
}

impl Times {
    /// The alignment, if it does not contradict itself.
    fn checked(self) -> Option<Alignment> {
        let Self { characters, character_start_times_seconds: starts, character_end_times_seconds: ends } = self;
        let lengths = characters.len() == starts.len() && starts.len() == ends.len();
        let forward = starts.is_sorted() && ends.is_sorted() && starts.iter().zip(&ends).all(|(s, e)| s <= e);
        let sound = starts.iter().chain(&ends).all(|time| time.is_finite() && *time >= 0.0);
        (lengths && forward && sound).then_some(Alignment { characters, starts, ends })
    }
}

/// Reads a recorded body.
pub(super) fn decode(status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    if status != 200 {
        return Err(refusal(status, headers, body));
    }
    let credits = headers.get("character-cost").and_then(|text| text.parse().ok());
    let usage = |characters| Usage { characters, credits, ..Usage::default() };
    let request_id = hints::request_id(headers);
    let fail = |class, charge, message: &str| {
        CallError::new(class, charge, message)
            .with_status(status)
            .with_request_id(request_id)
            .with_usage(credits.is_some().then(|| usage(None)))
    };
    let broken = |what: &str| {
        let said = format!("The answer of ElevenLabs is complete but {what}");
        fail(RetryClass::AskPerson, ChargeKnown::Charged, &said)
    };
    let parsed: Body = serde_json::from_slice(body).map_err(|error| match error.is_eof() {
        true => fail(RetryClass::RetryAfter, ChargeKnown::Uncertain, "The answer of ElevenLabs is cut in the middle"),
        false => broken("has another shape than its interface describes"),
    })?;
    let pcm = STANDARD.decode(parsed.audio_base64).map_err(|_| broken("its audio is not in base64"))?;
    if pcm.is_empty() || pcm.len() % 2 != 0 {
        return Err(broken("its audio is not a row of 16-bit samples"));
    }
    let alignment = serde_json::from_value::<Times>(parsed.alignment).ok().and_then(Times::checked);
    let characters = alignment.as_ref().and_then(|alignment| u64::try_from(alignment.characters.len()).ok());
    Ok(Answer {
        sources: Vec::new(),
        content: Content::Speech(Speech { pcm, sample_rate: SAMPLE_RATE, alignment }),
        usage: (characters.is_some() || credits.is_some()).then(|| usage(characters)),
        model: None,
        request_id: request_id.and_then(super::error::token),
        finish: Finish::Complete,
        rehearsal: headers.rehearsal(),
    })
}

/// The refusal that a status and a body make: by the codes in ElevenLabs' documentation of errors. The word in the body
/// comes before the status, because 401 is a bad key as well as an empty account.
fn refusal(status: u16, headers: &Headers, body: &[u8]) -> CallError {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let detail = parsed.get("detail").unwrap_or(&Value::Null);
    let part = |name: &str| detail.get(name).and_then(Value::as_str);
    let words = [part("status"), part("code")];
    let is = |known: &[&str]| words.iter().flatten().any(|word| known.contains(word));
    let begins = |prefix: &str| words.iter().flatten().any(|word| word.starts_with(prefix));
    let message = match detail {
        Value::String(text) => text.clone(),
        Value::Array(faults) => faults.iter().map(fault).collect::<Vec<_>>().join("; "),
        _ => part("message").unwrap_or_default().to_owned(),
    };
    let class = if is(&["too_many_concurrent_requests", "concurrent_limit_exceeded"]) {
        RetryClass::LowerConcurrency
    } else if is(&["system_busy"]) {
        RetryClass::RetryAfter
    } else if is(&["quota_exceeded", "invalid_api_key", "missing_permissions", "detected_unusual_activity"]) {
        RetryClass::AskPerson
    } else if is(&["model_not_found"]) {
        RetryClass::OtherModel
    } else if is(&["text_too_long", "max_character_limit_exceeded"]) {
        RetryClass::FixRequest
    } else if begins("voice_") {
        // The request names a voice that the account does not have: another wording does not help, a choice does.
        RetryClass::AskPerson
    } else {
        match status {
            401..=404 => RetryClass::AskPerson,
            400 | 413 | 422 => RetryClass::FixRequest,
            408 | 409 | 429 | 500..=599 => RetryClass::RetryAfter,
            _ => RetryClass::Stop,
        }
    };
    let charge = match (status, detail.is_null()) {
        (300..=499, _) | (500 | 503, false) => ChargeKnown::NotCharged,
        (..) => ChargeKnown::Uncertain,
    };
    let said = match (words.iter().flatten().next(), detail.is_null()) {
        (Some(word), _) => format!("ElevenLabs answered {status} `{word}`: {message}"),
        (None, false) => format!("ElevenLabs answered {status}: {message}"),
        (None, true) => format!("ElevenLabs' address answered {status} with something that is not ElevenLabs'"),
    };
    CallError::new(class, charge, &said)
        .with_status(status)
        .with_retry_after(hints::retry_after(headers))
        .with_request_id(hints::request_id(headers).or(part("request_id")))
}

/// One fault of a validation list, as `body.text: field required`.
fn fault(one: &Value) -> String {
    let place: Vec<&str> = match one.get("loc").and_then(Value::as_array) {
        Some(steps) => steps.iter().filter_map(Value::as_str).collect(),
        None => Vec::new(),
    };
    format!("{}: {}", place.join("."), one.get("msg").and_then(Value::as_str).unwrap_or_default())
}
