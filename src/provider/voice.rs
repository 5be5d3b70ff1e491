//! Speech as OpenAI's `/v1/audio/speech` defines it and many local servers speak it: the body of a request, and the audio of an
//! answer. Facts from OpenAI's Python client 3.54.0, as of November 2026.
//!
//! Audio comes as a WAV file or as bare samples, so that takes can be joined without decoding anything else. The wire tells no
//! times and no counts: a call is billed by the characters that were sent. Not for chat, which is [`super::openai`].

mod wav;

#[cfg(test)]
mod tests;

use serde_json::Map;

use self::wav::WavFault;
use super::call::{
    Answer, Content, Finish, Form, PrepareError, Prepared, Speech, SpeechForm, SpeechRequest, Vendor, checked_name,
    written,
};
use super::error::{CallError, ChargeKnown, RetryClass, token};
use super::headers::Headers;
use super::hints;
use super::refusal::refusal;

/// The body of a request. Neighbours, seeds, languages and the ways of speaking have no place on this wire, except the pace.
pub(super) fn prepare(request: &SpeechRequest) -> Result<Prepared, PrepareError> {
    let voice = checked_name("voice", &request.voice)?;
    let model = checked_name("model", &request.model)?;
    if request.text.trim().is_empty() {
        return Err(PrepareError::Empty("spoken"));
    }
    let (format, form) = match request.form {
        SpeechForm::Samples(rate) => ("pcm", Form::Samples(rate)),
        SpeechForm::Timed | SpeechForm::TimedStream | SpeechForm::Plain | SpeechForm::PlainStream | SpeechForm::Wav => {
            ("wav", Form::Wav)
        }
    };
    let mut body = Map::new();
    body.insert("model".to_owned(), model.into());
    body.insert("input".to_owned(), request.text.as_str().into());
    body.insert("voice".to_owned(), voice.into());
    body.insert("response_format".to_owned(), format.into());
    if let Some(settings) = request.settings {
        // The wire takes 0.25 to 4; a pace beyond what sounds like speech is not asked for.
        body.insert("speed".to_owned(), (f64::from(settings.speed.clamp(25, 200)) / 100.0).into());
    }
    let body = written(body);
    Ok(Prepared { vendor: Vendor::OpenAi, path: "/v1/audio/speech".to_owned(), body, streaming: false, form })
}

/// Reads a recorded body.
pub(super) fn decode(form: Form, status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    if status != 200 {
        return Err(refusal(Vendor::OpenAi, status, headers, body));
    }
    let request_id = hints::request_id(headers);
    let fail = |class, charge, what: &str| {
        let said = format!("The spoken answer of {} {what}", Vendor::OpenAi);
        CallError::new(class, charge, &said).with_status(status).with_request_id(request_id)
    };
    let broken = |what: &str| fail(RetryClass::AskPerson, ChargeKnown::Charged, what);
    let samples = |pcm: Vec<u8>, sample_rate| match pcm.is_empty() || !pcm.len().is_multiple_of(2) {
        true => Err(broken("is complete but no row of 16-bit samples")),
        false => Ok(Speech { pcm, sample_rate, alignment: None }),
    };
    let speech = match form {
        Form::Samples(_) if body.starts_with(b"RIFF") => {
            return Err(broken(
                "is a WAV file, and bare samples were asked for: set `providers.openai.speech_format` to \"wav\"",
            ));
        }
        Form::Samples(rate) => samples(body.to_vec(), rate)?,
        Form::Usual | Form::Wav | Form::Sonar | Form::Batched => {
            let read = wav::read(body).map_err(|fault| match fault {
                WavFault::Cut => fail(RetryClass::RetryAfter, ChargeKnown::Uncertain, "is cut in the middle"),
                WavFault::NotWav => broken(
                    "is no WAV file, although one was asked for: set `providers.openai.speech_format` to \"pcm\" with the \
                     server's sample rate",
                ),
                WavFault::Other(what) => broken(&format!("is a WAV file that is not used here: {what}")),
            })?;
            samples(read.pcm, read.sample_rate)?
        }
    };
    Ok(Answer {
        content: Content::Speech(speech),
        sources: Vec::new(),
        usage: None,
        model: None,
        request_id: request_id.and_then(token),
        finish: Finish::Complete,
        rehearsal: headers.rehearsal(),
    })
}
