//! Requests and answers in words that no vendor owns, and the two pure functions between them and the wire:
//! [`prepare`] makes the bytes that will be sent, [`decode`] reads the bytes that came back.
//!
//! Both are deterministic and do no I/O. The bytes of a request can be stored before they are sent, and a recorded body
//! can be read again after a crash and gives the same answer. Not for sending (that is [`super::transport`]) and not
//! for prices: an answer carries counts.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::{CallError, ChargeKnown, RetryClass};
use super::headers::Headers;
use super::usage::Usage;
use super::{anthropic, elevenlabs, gemini, openai, perplexity, voice};
pub use crate::config::models::Effort;
use crate::config::models::{Model, Models};
use crate::domain::call::Provider;

/// A provider whose wire is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Anthropic's Messages API, streamed.
    Anthropic,
    /// Google's `generateContent`.
    Gemini,
    /// ElevenLabs' text to speech with timestamps.
    ElevenLabs,
    /// Chat completions as OpenAI defines them and many local servers speak them, streamed.
    OpenAi,
    /// Perplexity's Agent API with a search that is forced, streamed.
    Perplexity,
}

impl Vendor {
    /// The address that the vendor's own service answers at, without a slash at the end.
    pub fn public_base(self) -> &'static str {
        match self {
            Self::Anthropic => "https://api.anthropic.com",
            Self::Gemini => "https://generativelanguage.googleapis.com",
            Self::ElevenLabs => "https://api.elevenlabs.io",
            Self::OpenAi => "https://api.openai.com",
            Self::Perplexity => "https://api.perplexity.ai",
        }
    }
}

impl Vendor {
    /// The provider in the words of the other floors.
    pub fn provider(self) -> Provider {
        match self {
            Self::Anthropic => Provider::Anthropic,
            Self::Gemini => Provider::Gemini,
            Self::ElevenLabs => Provider::ElevenLabs,
            Self::OpenAi => Provider::OpenAi,
            Self::Perplexity => Provider::Perplexity,
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anthropic => "Anthropic",
            Self::Gemini => "Gemini",
            Self::ElevenLabs => "ElevenLabs",
            Self::OpenAi => "the OpenAI-compatible server",
            Self::Perplexity => "Perplexity",
        })
    }
}

/// How long the vendor should remember the beginning of a request, where it can be told. Writing to its memory costs more than
/// plain input, reading from it less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remember {
    /// Not asked for.
    #[default]
    No,
    /// Five minutes from the last use.
    FiveMinutes,
    /// One hour from the last use.
    OneHour,
}

/// A question to a language model: one turn, answered in text.
///
/// There is no temperature and no seed: the models of 2026 refuse or ignore them (the vendors' documentation, November
/// 2026).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRequest {
    /// The vendor's id of the model.
    pub model: String,
    /// The standing instructions.
    pub system: String,
    /// The turn to answer.
    pub user: String,
    /// The most tokens that may be produced, thinking included.
    pub max_tokens: u32,
    /// The JSON Schema that the answer must follow, if it is to be JSON. The wire drops the keywords that the vendor
    /// refuses, so the caller validates the answer against the schema as it was given.
    pub schema: Option<serde_json::Value>,
    /// How much to think; the model's own default where it is not given.
    pub effort: Option<Effort>,
    /// Whether the vendor should remember the beginning: the system text, and of the turn the first `stable` bytes.
    pub remember: Remember,
    /// How many bytes at the beginning of the turn many calls have in common; 0 where it begins with what is new.
    #[serde(default)]
    pub stable: usize,
}

/// How a voice should speak, in hundredths, so that a request has one spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VoiceSettings {
    /// 0 is lively, 100 is even.
    pub stability: u8,
    /// How closely to keep to the sampled voice, 0 to 100.
    pub similarity: u8,
    /// How much to exaggerate the style, 0 to 100.
    pub style: u8,
    /// The pace; 100 is as sampled, and 70 to 120 is the sound range.
    pub speed: u8,
}

/// What a spoken answer should bring. A wire that does not have the form gives the nearest that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeechForm {
    /// Audio with the time of each character, in one piece.
    #[default]
    Timed,
    /// The same, piece by piece while it is made.
    TimedStream,
    /// Audio alone, in one piece.
    Plain,
    /// Audio alone, while it is made.
    PlainStream,
    /// A WAV file, which says its sample rate itself.
    Wav,
    /// Samples without a container, at a rate that is known beforehand.
    Samples(u32),
}

/// A text to be spoken by one voice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeechRequest {
    /// The vendor's id of the model.
    pub model: String,
    /// The vendor's id of the voice.
    pub voice: String,
    /// Exactly what is said.
    pub text: String,
    /// What was said before, for continuity; it is not spoken. Left out on models that refuse it.
    pub previous: Option<String>,
    /// What will be said after, for continuity; it is not spoken. Left out on models that refuse it.
    pub next: Option<String>,
    /// A seed, which makes two takes alike as far as the vendor can.
    pub seed: Option<u32>,
    /// ISO 639-1. Left out on models that do not take it.
    pub language: Option<String>,
    /// How to speak; the voice's own settings where it is not given.
    pub settings: Option<VoiceSettings>,
    /// The vendor's names of the takes before this one, the nearest last, of the same model and not older than two hours. Where
    /// they are given and taken, they come in the place of `previous`.
    pub previous_ids: Vec<String>,
    /// What the answer should bring.
    pub form: SpeechForm,
}

impl SpeechRequest {
    /// The characters (Unicode scalars) that the vendor bills.
    pub fn characters(&self) -> u64 {
        u64::try_from(self.text.chars().count()).unwrap_or(u64::MAX)
    }
}

/// What is asked of a vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Text for text.
    Text(TextRequest),
    /// Speech for text.
    Speech(SpeechRequest),
}

/// How an answer is written, which a body alone does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As the vendor's usual wire has it.
    #[default]
    Usual,
    /// Mono signed 16-bit little-endian samples without a container, so many a second.
    Samples(u32),
    /// A WAV file.
    Wav,
    /// Perplexity's older chat completions.
    Sonar,
    /// As one of a batch: the request is sent with others, and the answer is a line of the batch's results.
    Batched,
}

impl Form {
    /// Whether it is the usual one.
    pub fn is_usual(&self) -> bool {
        *self == Self::Usual
    }
}

/// A request as it will be sent: the path and the very bytes, without keys, times and random ids.
///
/// Equal requests give equal bytes, so the hash of `body` can name the request.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Whose wire this is.
    pub vendor: Vendor,
    /// The path and query below the endpoint's base address, beginning with a slash.
    pub path: String,
    /// The JSON body.
    pub body: Vec<u8>,
    /// Whether the answer arrives as server-sent events.
    pub streaming: bool,
    /// How the answer will be written.
    pub form: Form,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("vendor", &self.vendor)
            .field("path", &self.path)
            .field("body_bytes", &self.body.len())
            .field("streaming", &self.streaming)
            .field("form", &self.form)
            .finish()
    }
}

/// A request that cannot be put into a vendor's words. Nothing was sent and nothing is charged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// The vendor does not offer this kind of work.
    #[error("{vendor} does not offer {kind}: choose another route. Nothing was sent")]
    Unsupported {
        /// The vendor that was asked.
        vendor: Vendor,
        /// `speech` or `text`.
        kind: &'static str,
    },
    /// An id is empty, too long, or holds a character that no id of the vendor has.
    #[error("the {what} id `{id}` is not one: ids have letters, digits and few signs. Nothing was sent")]
    BadId {
        /// `model` or `voice`.
        what: &'static str,
        /// The id, shortened.
        id: String,
    },
    /// There is no text.
    #[error("the text to be {0} is empty. Nothing was sent")]
    Empty(&'static str),
    /// The server would cut the prompt without a word.
    #[error(
        "the prompt can have up to {most} tokens, and the server has room for {context} and would cut it without a word. Nothing \
         was sent. Give the server more room and say so in `providers.openai.context_tokens`, or route the role to another model"
    )]
    TooLong {
        /// The most tokens that the prompt can have: no token is shorter than a byte.
        most: u64,
        /// What the server has room for.
        context: u64,
    },
}

/// Seconds from the start of the audio for each character of the text that was spoken. The three lists have one length,
/// and no time is negative or runs backwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alignment {
    /// The characters, in order.
    pub characters: Vec<char>,
    /// When each begins.
    pub starts: Vec<f64>,
    /// When each ends.
    pub ends: Vec<f64>,
}

/// Spoken audio.
#[derive(Clone, PartialEq)]
pub struct Speech {
    /// Mono signed 16-bit little-endian samples, without a container.
    pub pcm: Vec<u8>,
    /// Samples a second.
    pub sample_rate: u32,
    /// When each character is said; `None` where the vendor gave none, or one that contradicts itself.
    pub alignment: Option<Alignment>,
}

impl fmt::Debug for Speech {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Speech")
            .field("pcm_bytes", &self.pcm.len())
            .field("sample_rate", &self.sample_rate)
            .field("aligned", &self.alignment.as_ref().map(|alignment| alignment.characters.len()))
            .finish()
    }
}

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text as the model wrote it, which is data: nothing in it has been checked or cleaned. It may be empty.
    Text(String),
    /// Audio.
    Speech(Speech),
}

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It had said everything.
    Complete,
    /// It ran into the limit of tokens; the text is cut and a schema is not kept.
    Length,
    /// It, or the vendor's filter, refused; the call is billed all the same. The vendor's word for the reason.
    Refused(String),
    /// Something else, in the vendor's word.
    Other(String),
}

/// A page that an answer rests on, as the vendor describes it: data, which nobody has fetched or checked. Its texts are short
/// and on one line each, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Where it is, by `http` or `https`.
    pub url: String,
    /// Its title; empty where none was given.
    pub title: String,
    /// What the search saw of it; empty where nothing was given.
    pub snippet: String,
    /// Its date, in the vendor's spelling.
    pub date: Option<String>,
    /// Whether the text refers to it; the others were only found.
    pub is_cited: bool,
}

/// A complete answer. It has been paid for, whatever it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What was answered.
    pub content: Content,
    /// The pages that it rests on, for a model that searches.
    pub sources: Vec<Source>,
    /// What was metered; `None` where the vendor gave no counts, and then the call is to be settled at its worst case.
    pub usage: Option<Usage>,
    /// The model that answered, by the vendor's word; it can differ from the one that was asked.
    pub model: Option<String>,
    /// The vendor's name for this exchange.
    pub request_id: Option<String>,
    /// Why the model stopped.
    pub finish: Finish,
    /// Whether the answer is marked as rehearsed.
    pub rehearsal: bool,
}

/// Puts a request into a vendor's words. Nothing is in it that the table says the model refuses; of a model that the table
/// has not, nothing optional is asked.
///
/// # Errors
///
/// When the vendor does not offer the work, or an id could not stand in an address.
pub fn prepare(models: &Models, vendor: Vendor, request: &Request) -> Result<Prepared, PrepareError> {
    let model = match request {
        Request::Text(text) => models.of(vendor.provider(), &text.model, false),
        Request::Speech(speech) => models.of(vendor.provider(), &speech.model, true),
    };
    let model: &Model = &model;
    match (vendor, request) {
        (Vendor::Anthropic, Request::Text(text)) => anthropic::prepare(model, text),
        (Vendor::Gemini, Request::Text(text)) => gemini::prepare(model, text),
        (Vendor::OpenAi, Request::Text(text)) => openai::prepare(model, text),
        (Vendor::Perplexity, Request::Text(text)) => perplexity::prepare(model, text),
        (Vendor::ElevenLabs, Request::Speech(speech)) => elevenlabs::prepare(model, speech),
        (Vendor::OpenAi, Request::Speech(speech)) => voice::prepare(speech),
        (Vendor::Anthropic | Vendor::Gemini | Vendor::Perplexity, Request::Speech(_)) => {
            Err(PrepareError::Unsupported { vendor, kind: "speech" })
        }
        (Vendor::ElevenLabs, Request::Text(_)) => Err(PrepareError::Unsupported { vendor, kind: "text" }),
    }
}

/// Puts the question of how many tokens a request has into a vendor's words; `None` where the vendor does not count for
/// nothing. Such a call is free and needs no reservation; [`decode_count`] reads its answer.
///
/// # Errors
///
/// As [`prepare`].
pub fn prepare_count(models: &Models, vendor: Vendor, request: &TextRequest) -> Result<Option<Prepared>, PrepareError> {
    let model: &Model = &models.of(vendor.provider(), &request.model, false);
    match vendor {
        Vendor::Anthropic => anthropic::prepare_count(model, request).map(Some),
        Vendor::Gemini => gemini::prepare_count(model, request).map(Some),
        Vendor::OpenAi | Vendor::Perplexity => Ok(None),
        Vendor::ElevenLabs => Err(PrepareError::Unsupported { vendor, kind: "text" }),
    }
}

/// Reads the answer to a count: the tokens of the prompt by the vendor's own measure, which it calls an estimate.
///
/// # Errors
///
/// When the vendor refused or its answer holds no number. Nothing was charged either way.
pub fn decode_count(vendor: Vendor, status: u16, headers: &Headers, body: &[u8]) -> Result<u64, CallError> {
    let counted = match vendor {
        Vendor::Anthropic => anthropic::decode_count(status, headers, body),
        Vendor::Gemini => gemini::decode_count(status, headers, body),
        Vendor::OpenAi | Vendor::Perplexity | Vendor::ElevenLabs => {
            let said = format!("Nothing was asked of {vendor} that counts tokens");
            Err(CallError::new(RetryClass::Stop, ChargeKnown::NotCharged, &said))
        }
    };
    // A count is free, whatever became of it.
    counted.map_err(|error| CallError { charge: ChargeKnown::NotCharged, ..error })
}

/// Reads a recorded body. A body that a crash cut short is told apart from one that is complete but broken: the first
/// is an uncertain charge, the second is charged.
///
/// # Errors
///
/// When the vendor refused, the body is cut, or it cannot be read; the error says what was charged and what to do.
pub fn decode(vendor: Vendor, form: Form, status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    match (vendor, form) {
        (Vendor::Anthropic, Form::Batched) => anthropic::batches::decode(status, headers, body),
        (Vendor::Anthropic, _) => anthropic::decode(status, headers, body),
        (Vendor::Gemini, _) => gemini::decode(status, headers, body),
        (Vendor::ElevenLabs, _) => elevenlabs::decode(form, status, headers, body),
        (Vendor::OpenAi, Form::Samples(_) | Form::Wav) => voice::decode(form, status, headers, body),
        (Vendor::OpenAi, Form::Usual | Form::Sonar | Form::Batched) => openai::decode(status, headers, body),
        (Vendor::Perplexity, _) => perplexity::decode(form, status, headers, body),
    }
}

/// A body as it is sent. Names are text and numbers are finite, so that there is nothing that JSON cannot say.
pub(super) fn written(body: Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(&Value::Object(body)).unwrap_or_default()
}

/// The id as it may stand in a path or a body.
///
/// # Errors
///
/// When it is empty, longer than 128 characters, or holds anything but letters, digits, `.`, `_` and `-`.
pub(super) fn checked_id<'a>(what: &'static str, id: &'a str) -> Result<&'a str, PrepareError> {
    checked(what, id, "._-")
}

/// The id as it may stand in a body alone, such as `qwen3:8b` or `maker/model`.
///
/// # Errors
///
/// As [`checked_id`], except that `:`, `/` and `@` may be in it too.
pub(super) fn checked_name<'a>(what: &'static str, id: &'a str) -> Result<&'a str, PrepareError> {
    checked(what, id, "._-:/@")
}

fn checked<'a>(what: &'static str, id: &'a str, signs: &str) -> Result<&'a str, PrepareError> {
    let sound = |c: char| c.is_ascii_alphanumeric() || signs.contains(c);
    let dots_only = id.chars().all(|c| c == '.');
    if dots_only || id.len() > 128 || !id.chars().all(sound) {
        let id = id.chars().filter(|c| !c.is_control()).take(40).collect();
        return Err(PrepareError::BadId { what, id });
    }
    Ok(id)
}
