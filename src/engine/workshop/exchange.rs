//! How requests and answers are kept: as artifacts that hold exactly what went over the wire.

use std::panic::AssertUnwindSafe;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::config::prices::Caching;
use crate::domain::bill::{SearchSize, Service, Terms};
use crate::domain::call::{Provider, Usage};
use crate::provider::allowance::Allowance;
use crate::provider::call::{Answer, Form, Prepared, Vendor, decode};
use crate::provider::error::{CallError, ChargeKnown, RetryClass};
use crate::provider::headers::Headers;
use crate::provider::named;

/// A request as it is kept: where it goes, and the body that is sent, byte for byte.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    vendor: Vendor,
    /// The server that it was made for, where the names of models mean something only there. It makes two requests of two servers
    /// differ that are otherwise the same; where a call goes, its route and the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    path: String,
    streaming: bool,
    #[serde(default, skip_serializing_if = "Form::is_usual")]
    form: Form,
    body: Box<RawValue>,
}

/// The artifact of a request to a server of one's own, or to a vendor's.
pub(super) fn keep(prepared: &Prepared, server: Option<&str>) -> Result<Vec<u8>, String> {
    let body: Box<RawValue> =
        serde_json::from_slice(&prepared.body).map_err(|e| format!("the request is no JSON: {e}"))?;
    let Prepared { vendor, streaming, form, .. } = *prepared;
    let kept = Kept { vendor, server: server.map(str::to_owned), path: prepared.path.clone(), streaming, form, body };
    serde_json::to_vec(&kept).map_err(|e| e.to_string())
}

/// The request of an artifact.
pub(super) fn request(artifact: &[u8]) -> Result<Prepared, String> {
    let kept: Kept = serde_json::from_slice(artifact).map_err(|e| format!("the kept request cannot be read: {e}"))?;
    let body = kept.body.get().as_bytes().to_vec();
    Ok(Prepared { vendor: kept.vendor, path: kept.path, streaming: kept.streaming, form: kept.form, body })
}

/// What a request orders that changes its rates, in the words of each wire.
pub(super) fn terms(prepared: &Prepared) -> Terms {
    #[derive(Default, Deserialize)]
    struct Ordered {
        #[serde(default)]
        speed: Option<String>,
        #[serde(default, alias = "serviceTier")]
        service_tier: Option<String>,
        #[serde(default)]
        web_search_options: Option<Searching>,
    }
    #[derive(Deserialize)]
    struct Searching {
        #[serde(default)]
        search_context_size: Option<String>,
    }
    let ordered: Ordered = serde_json::from_slice(&prepared.body).unwrap_or_default();
    let service = match (ordered.speed.as_deref(), ordered.service_tier.as_deref()) {
        _ if prepared.form == Form::Batched => Service::Batch,
        (Some("fast"), _) => Service::Fast,
        (_, Some("priority")) => Service::Priority,
        // Gemini's word for the price of a batch.
        (_, Some("flex")) => Service::Batch,
        (_, _) => Service::Standard,
    };
    let size = ordered.web_search_options.and_then(|options| options.search_context_size);
    let search = match size.as_deref() {
        Some("low") => Some(SearchSize::Low),
        Some("medium") => Some(SearchSize::Medium),
        Some("high") => Some(SearchSize::High),
        Some(_) | None => None,
    };
    Terms { service, search }
}

/// For how long a request asks that its prompt is kept in the cache. Only Anthropic is asked; what the others keep of
/// themselves is billed as reading, and Perplexity says what it costs.
pub(super) fn caching(prepared: &Prepared) -> Caching {
    fn asked(value: &Value) -> Caching {
        let within = |values: &mut dyn Iterator<Item = &Value>| {
            values.map(asked).fold(Caching::No, |most, next| match (most, next) {
                (Caching::OneHour, _) | (_, Caching::OneHour) => Caching::OneHour,
                (Caching::FiveMinutes, _) | (_, Caching::FiveMinutes) => Caching::FiveMinutes,
                (Caching::No, Caching::No) => Caching::No,
            })
        };
        match value {
            Value::Object(members) => match members.get("cache_control") {
                Some(control) if control.get("ttl").and_then(Value::as_str) == Some("1h") => Caching::OneHour,
                Some(_) => Caching::FiveMinutes,
                None => within(&mut members.values()),
            },
            Value::Array(items) => within(&mut items.iter()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Caching::No,
        }
    }
    match prepared.vendor {
        Vendor::Anthropic => serde_json::from_slice(&prepared.body).map_or(Caching::OneHour, |body| asked(&body)),
        Vendor::Perplexity => Caching::FiveMinutes,
        Vendor::Gemini | Vendor::ElevenLabs | Vendor::OpenAi => Caching::No,
    }
}

/// The characters that a speech request asks to be spoken; 0 where it asks for none.
pub(super) fn characters(prepared: &Prepared) -> u64 {
    #[derive(Deserialize)]
    struct Spoken {
        /// As ElevenLabs has it, and as OpenAI's wire has it. A chat has neither.
        #[serde(alias = "input")]
        text: String,
    }
    match (prepared.vendor, prepared.form) {
        (Vendor::ElevenLabs, _) | (Vendor::OpenAi, Form::Samples(_) | Form::Wav) => {
            serde_json::from_slice::<Spoken>(&prepared.body).map_or(0, |spoken| spoken.text.chars().count() as u64)
        }
        (Vendor::Anthropic | Vendor::Gemini | Vendor::OpenAi | Vendor::Perplexity, _) => 0,
    }
}

/// The room that the longest answer to a request takes on disk: as it arrives, and once more as the artifact that is kept.
pub(super) fn room(prepared: &Prepared, largest: u64) -> u64 {
    /// Head, headers and events beside what is counted.
    const FRAME: u64 = 64 << 10;
    /// A second of samples for ten characters, twice as slow as people speak, in base64.
    const CHARACTER: u64 = 16 << 10;
    // An event with one token in it, escaped, as each wire has it.
    let event = |vendor| match vendor {
        Vendor::Gemini => 128,
        Vendor::Anthropic => 192,
        Vendor::Perplexity | Vendor::ElevenLabs => 256,
        Vendor::OpenAi => 400,
    };
    // The pages that a search brings.
    let pages = |vendor| if vendor == Vendor::Perplexity { 2 << 20 } else { 0 };
    let answer = match (characters(prepared), most_tokens(prepared), prepared.vendor, prepared.form) {
        // Each event of it repeats all before it.
        (0, _, _, Form::Sonar) | (0, None, _, _) => largest,
        (0, Some(tokens), vendor, _) => tokens.saturating_mul(event(vendor)).saturating_add(pages(vendor)),
        (characters, _, _, _) => characters.saturating_mul(CHARACTER),
    };
    answer.saturating_add(FRAME).min(largest.saturating_add(FRAME)).saturating_mul(2)
}

/// The most tokens that a request for text allows its answer; `None` where it says nothing of it.
pub(super) fn most_tokens(prepared: &Prepared) -> Option<u64> {
    let body: Value = serde_json::from_slice(&prepared.body).ok()?;
    let places = [
        "/max_tokens",
        "/max_output_tokens",
        "/max_completion_tokens",
        "/generationConfig/maxOutputTokens",
        "/params/max_tokens",
        "/request/generationConfig/maxOutputTokens",
    ];
    places.iter().find_map(|place| body.pointer(place)?.as_u64())
}

/// What stands in front of a kept body, on a line of its own.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    vendor: Vendor,
    #[serde(default, skip_serializing_if = "Form::is_usual")]
    form: Form,
    status: u16,
    headers: Headers,
}

/// An answer as it is kept: a line with status and headers, then the body as it came.
pub(super) struct KeptAnswer {
    vendor: Vendor,
    form: Form,
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

impl KeptAnswer {
    /// An answer as it came to a request.
    pub(super) fn new(request: &Prepared, status: u16, headers: Headers, body: Vec<u8>) -> Self {
        Self { vendor: request.vendor, form: request.form, status, headers, body }
    }

    /// The artifact.
    pub(super) fn artifact(&self) -> Result<Vec<u8>, String> {
        let Self { vendor, form, status, ref headers, .. } = *self;
        let head = Head { vendor, form, status, headers: headers.clone() };
        let mut bytes = serde_json::to_vec(&head).map_err(|e| e.to_string())?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        Ok(bytes)
    }

    /// The answer of an artifact.
    pub(super) fn read(artifact: &[u8]) -> Result<Self, String> {
        let broken = || "the kept answer cannot be read".to_owned();
        let end = artifact.iter().position(|byte| *byte == b'\n').ok_or_else(broken)?;
        let (head, body) = artifact.split_at(end);
        let head: Head = serde_json::from_slice(head).map_err(|_| broken())?;
        let body = body.get(1..).unwrap_or_default().to_vec();
        Ok(Self { vendor: head.vendor, form: head.form, status: head.status, headers: head.headers, body })
    }

    /// What was answered, or why nothing was. A reader that panics has read nothing, and the answer is there all the same.
    pub(super) fn decode(&self) -> Result<Answer, CallError> {
        let read = || decode(self.vendor, self.form, self.status, &self.headers, &self.body);
        std::panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
            let charge = if self.status == 200 { ChargeKnown::Charged } else { ChargeKnown::Uncertain };
            let said = format!("The answer of {} is complete but its reader met a fault of the program", self.vendor);
            Err(CallError::new(RetryClass::AskPerson, charge, &said).with_status(self.status))
        })
    }

    /// Whether it comes from a provider that searches the web before it answers, and says what it found.
    pub(super) fn searches(&self) -> bool {
        match self.vendor {
            Vendor::Perplexity => true,
            Vendor::Anthropic | Vendor::Gemini | Vendor::ElevenLabs | Vendor::OpenAi => false,
        }
    }

    /// The name that the answer gives itself, where it does.
    pub(super) fn answer_id(&self) -> Option<String> {
        named::answer_id(&self.body)
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// The headers that were kept, name by name.
    pub(super) fn header_pairs(&self) -> Vec<(String, String)> {
        self.headers.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// What was said of the limits that the call ran under.
    pub(super) fn allowance(&self) -> Allowance {
        Allowance::read(&self.headers)
    }

    /// Whether the answer is marked as rehearsed.
    pub(super) fn is_rehearsed(&self) -> bool {
        self.headers.rehearsal()
    }
}

/// The wire of a provider.
pub(super) fn vendor(provider: Provider) -> Vendor {
    match provider {
        Provider::Anthropic => Vendor::Anthropic,
        Provider::Gemini => Vendor::Gemini,
        Provider::ElevenLabs => Vendor::ElevenLabs,
        Provider::OpenAi => Vendor::OpenAi,
        Provider::Perplexity => Vendor::Perplexity,
    }
}

/// The counts of a wire in the domain's words.
pub(super) fn usage(counted: &crate::provider::usage::Usage) -> Usage {
    Usage {
        input: counted.input,
        output: counted.output,
        cache_read: counted.cache_read,
        cache_write: counted.cache_write_5m,
        cache_write_1h: counted.cache_write_1h,
        reasoning: counted.reasoning,
        citations: counted.citations,
        searches: counted.searches,
        characters: counted.characters.unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An equal request is not paid for twice, and is known by the hash of these bytes: no name in them follows a type's.
    #[test]
    fn a_request_is_kept_in_the_bytes_that_stand_on_disks() {
        let prepared = Prepared {
            vendor: Vendor::Anthropic,
            path: "/v1/messages".to_owned(),
            body: br#"{"model":"claude-opus-5-5","max_tokens":9}"#.to_vec(),
            streaming: true,
            form: Form::Usual,
        };
        let kept = String::from_utf8(keep(&prepared, Some("http://localhost:1")).unwrap()).unwrap();
        assert_eq!(
            kept,
            r#"{"vendor":"anthropic","server":"http://localhost:1","path":"/v1/messages","streaming":true,"body":{"model":"claude-opus-5-5","max_tokens":9}}"#
        );
        let batched = Prepared { form: Form::Batched, streaming: false, ..prepared };
        let kept = String::from_utf8(keep(&batched, None).unwrap()).unwrap();
        assert_eq!(
            kept,
            r#"{"vendor":"anthropic","path":"/v1/messages","streaming":false,"form":"batched","body":{"model":"claude-opus-5-5","max_tokens":9}}"#
        );
    }
}
