//! ElevenLabs' answers in their three forms: one document with the times, documents one after the other with times or without,
//! and bare samples.
//!
//! A stream of documents is no server-sent events: a document a line, and blank lines between. One document is a stream of
//! one. Times are kept where they do not contradict themselves; a fault in them never costs the audio.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::super::call::{Alignment, Answer, Content, Finish, Form, Speech};
use super::super::error::{CallError, ChargeKnown, RetryClass, token};
use super::super::headers::Headers;
use super::super::hints;
use super::super::usage::Usage;
use super::SAMPLE_RATE;
use super::refusal::{refusal, reported};

/// A document of an answer.
#[derive(Deserialize)]
struct Piece {
    audio_base64: Option<String>,
    /// Read apart from the audio. A piece may have none, or a null.
    #[serde(default)]
    alignment: Value,
    /// The vendor's word that it gave up in the middle.
    #[serde(default)]
    detail: Value,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Times {
    characters: Vec<char>,
    character_start_times_seconds: Vec<f64>,
    character_end_times_seconds: Vec<f64>,
}

/// What the pieces so far say of the times.
#[derive(Default)]
struct Timing {
    characters: Vec<char>,
    starts: Vec<f64>,
    ends: Vec<f64>,
    is_broken: bool,
}

impl Timing {
    /// Takes what a piece says. Times are counted from the start of the whole audio.
    fn take(&mut self, alignment: Value) {
        if alignment.is_null() {
            return;
        }
        let Ok(times) = serde_json::from_value::<Times>(alignment) else {
            self.is_broken = true;
            return;
        };
        self.characters.extend(times.characters);
        self.starts.extend(times.character_start_times_seconds);
        self.ends.extend(times.character_end_times_seconds);
        // Lists that differ within one piece would shift everything after it.
        self.is_broken |= self.characters.len() != self.starts.len() || self.starts.len() != self.ends.len();
    }

    /// The alignment, if there is one and it does not contradict itself.
    fn checked(self) -> Option<Alignment> {
        let Self { characters, starts, ends, is_broken } = self;
        let forward = starts.is_sorted() && ends.is_sorted() && starts.iter().zip(&ends).all(|(s, e)| s <= e);
        let sound = starts.iter().chain(&ends).all(|time| time.is_finite() && *time >= 0.0);
        let is_there = !characters.is_empty() && !is_broken;
        (is_there && forward && sound).then_some(Alignment { characters, starts, ends })
    }
}

/// Reads a recorded body.
pub(in crate::provider) fn decode(
    form: Form,
    status: u16,
    headers: &Headers,
    body: &[u8],
) -> Result<Answer, CallError> {
    if status != 200 {
        return Err(refusal(status, headers, body));
    }
    let credits = headers.get("character-cost").and_then(|text| text.parse().ok());
    let usage = |characters| Usage { characters, credits, ..Usage::default() };
    let request_id = hints::request_id(headers);
    let dress = |error: CallError| {
        error.with_status(status).with_request_id(request_id).with_usage(credits.is_some().then(|| usage(None)))
    };
    let read = match form {
        Form::Samples(rate) => Ok((body.to_vec(), rate, None)),
        Form::Usual | Form::Wav | Form::Sonar | Form::Batched => {
            documents(body).map(|(pcm, times)| (pcm, SAMPLE_RATE, times))
        }
    };
    let (pcm, sample_rate, alignment) = read.map_err(dress)?;
    if pcm.is_empty() || !pcm.len().is_multiple_of(2) {
        return Err(dress(broken("its audio is not a row of 16-bit samples")));
    }
    let characters = alignment.as_ref().and_then(|alignment| u64::try_from(alignment.characters.len()).ok());
    Ok(Answer {
        sources: Vec::new(),
        content: Content::Speech(Speech { pcm, sample_rate, alignment }),
        usage: (characters.is_some() || credits.is_some()).then(|| usage(characters)),
        model: None,
        request_id: request_id.and_then(token),
        finish: Finish::Complete,
        rehearsal: headers.rehearsal(),
    })
}

/// The answer has come whole, and is none.
fn broken(what: &str) -> CallError {
    let said = format!("The answer of ElevenLabs is complete but {what}");
    CallError::new(RetryClass::AskPerson, ChargeKnown::Charged, &said)
}

/// The audio and the times of all documents.
fn documents(body: &[u8]) -> Result<(Vec<u8>, Option<Alignment>), CallError> {
    let cut = || {
        let said = "The answer of ElevenLabs is cut in the middle";
        CallError::new(RetryClass::RetryAfter, ChargeKnown::Uncertain, said)
    };
    let mut pcm = Vec::new();
    let mut timing = Timing::default();
    let mut is_empty = true;
    for piece in serde_json::Deserializer::from_slice(body).into_iter::<Piece>() {
        let piece = piece.map_err(|error| match error.is_eof() {
            true => cut(),
            false => broken("has another shape than its interface describes"),
        })?;
        is_empty = false;
        if let Some(error) = reported(&piece.detail, &piece.error) {
            return Err(error);
        }
        // A sample may be cut in two between pieces, so that only the whole is held to be a row of them.
        pcm.extend(
            STANDARD
                .decode(piece.audio_base64.unwrap_or_default())
                .map_err(|_| broken("its audio is not in base64"))?,
        );
        timing.take(piece.alignment);
    }
    if is_empty { Err(cut()) } else { Ok((pcm, timing.checked())) }
}
