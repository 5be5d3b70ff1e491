//! ElevenLabs' text to speech: the body of a request. Facts from ElevenLabs' documentation and its Python client 2.78.0, as
//! of November 2026.
//!
//! Audio is asked for as raw samples, so that takes can be joined without decoding: always `pcm_24000`, mono and 16 bits. Its
//! finer rates are for dearer plans, and an encoded file would be decoded and encoded once more. Reading an answer is for
//! [`read`], a refusal for [`refusal`].

mod read;
mod refusal;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::call::{
    Form, PrepareError, Prepared, SpeechForm, SpeechRequest, Vendor, VoiceSettings, checked_id, written,
};
use crate::config::models::{Model, Stability};

pub(super) use self::read::decode;

/// Samples a second. 44,100 is for dearer plans only.
const SAMPLE_RATE: u32 = 24_000;

/// The most takes that a request may name.
const MOST_IDS: usize = 3;

/// The body of a request.
pub(super) fn prepare(known: &Model, request: &SpeechRequest) -> Result<Prepared, PrepareError> {
    let voice = checked_id("voice", &request.voice)?;
    let model = checked_id("model", &request.model)?;
    if request.text.trim().is_empty() {
        return Err(PrepareError::Empty("spoken"));
    }
    let takes = known.speech();
    let mut body = Map::new();
    body.insert("text".to_owned(), request.text.as_str().into());
    body.insert("model_id".to_owned(), model.into());
    if let Some(language) = request.language.as_ref().filter(|_| takes.language) {
        body.insert("language_code".to_owned(), language.as_str().into());
    }
    if let Some(settings) = request.settings {
        body.insert("voice_settings".to_owned(), voice_settings(settings, takes.stability));
    }
    if let Some(seed) = request.seed {
        body.insert("seed".to_owned(), seed.into());
    }
    // Named takes come before the words of the neighbours, and the vendor would pass over those.
    let ids = request.previous_ids.iter().filter(|id| takes.stitching && checked_id("take", id).is_ok());
    let ids: Vec<&str> = ids.rev().take(MOST_IDS).map(String::as_str).collect();
    let previous = request.previous.as_deref().filter(|_| ids.is_empty());
    for (name, hint) in [("previous_text", previous), ("next_text", request.next.as_deref())] {
        if let Some(hint) = hint.filter(|hint| takes.hints && !hint.is_empty()) {
            body.insert(name.to_owned(), hint.into());
        }
    }
    if !ids.is_empty() {
        body.insert("previous_request_ids".to_owned(), ids.into_iter().rev().collect::<Vec<_>>().into());
    }
    let body = written(body);
    let (below, form) = match request.form {
        SpeechForm::Timed => ("/with-timestamps", Form::Usual),
        SpeechForm::TimedStream => ("/stream/with-timestamps", Form::Usual),
        SpeechForm::PlainStream => ("/stream", Form::Samples(SAMPLE_RATE)),
        SpeechForm::Plain | SpeechForm::Wav | SpeechForm::Samples(_) => ("", Form::Samples(SAMPLE_RATE)),
    };
    let path = format!("/v1/text-to-speech/{voice}{below}?output_format=pcm_{SAMPLE_RATE}");
    Ok(Prepared { vendor: Vendor::ElevenLabs, path, body, streaming: false, form })
}

fn voice_settings(settings: VoiceSettings, grades: Stability) -> Value {
    let part = |hundredths: u8| f64::from(hundredths) / 100.0;
    let stability = match (grades, settings.stability) {
        (Stability::Free, stability) => stability.min(100),
        (Stability::Three, 0..=24) => 0,
        (Stability::Three, 25..=74) => 50,
        (Stability::Three, _) => 100,
    };
    json!({
        "stability": part(stability),
        "similarity_boost": part(settings.similarity.min(100)),
        "style": part(settings.style.min(100)),
        "speed": part(settings.speed.clamp(70, 120)),
    })
}
