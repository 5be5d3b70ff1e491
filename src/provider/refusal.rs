//! The refusals of the vendors whose errors have OpenAI's form, and what each asks for.
//!
//! Servers that speak the wire spell the body in several ways (the documentation of OpenAI, Ollama, llama.cpp, vLLM and
//! Perplexity, November 2026): an object under `error`, a bare text there, the members at the top, or a list under `detail`.
//! Not for Anthropic, Gemini and ElevenLabs, which have forms and tables of their own.

use serde_json::Value;

use super::call::Vendor;
use super::error::{CallError, ChargeKnown, RetryClass};
use super::headers::Headers;
use super::hints;

/// What a body says of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The server's word for the kind of the error, its code where it has no kind.
    pub(super) kind: Option<String>,
    /// Its code, where that is a word.
    code: Option<String>,
    /// Its code, where that is a status.
    status: Option<u16>,
    /// Its sentence.
    pub(super) message: String,
}

impl Told {
    /// What the body of an answer, or a frame of a stream, says of an error; `None` where it holds none.
    pub(super) fn of(body: &Value) -> Option<Self> {
        let top = || body.get("object").and_then(Value::as_str).filter(|word| *word == "error").map(|_| body);
        match body.get("error").filter(|error| !error.is_null()).or_else(top) {
            Some(Value::String(message)) => Some(Self { message: message.clone(), ..Self::default() }),
            Some(error @ Value::Object(_)) => Some(Self::members(error)),
            Some(_) => Some(Self::default()),
            None => {
                let detail = body.get("detail").filter(|detail| !detail.is_null())?;
                let first = detail.as_str().or_else(|| detail.pointer("/0/msg")?.as_str());
                Some(Self { message: first.unwrap_or_default().to_owned(), ..Self::default() })
            }
        }
    }

    /// The members of an error, wherever it stood.
    pub(super) fn members(error: &Value) -> Self {
        let word = |name: &str| error.get(name).and_then(Value::as_str).filter(|word| !word.is_empty());
        let number = error.get("code").and_then(Value::as_u64).or_else(|| word("code")?.parse().ok());
        let status = number.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code));
        let code = word("code").filter(|_| status.is_none());
        // llama.cpp's counts of a prompt that is too long.
        let count = |name: &str| error.get(name).and_then(Value::as_u64);
        let message = word("message").unwrap_or_default();
        let message = match (count("n_prompt_tokens"), count("n_ctx")) {
            (Some(prompt), Some(context)) => {
                let message = message.trim_end_matches('.');
                format!("{message} (the prompt has {prompt} tokens, and the server's context {context})")
            }
            (_, _) => message.to_owned(),
        };
        Self { kind: word("type").or(code).map(str::to_owned), code: code.map(str::to_owned), status, message }
    }

    /// Whether the kind or the code is one of these.
    fn is(&self, words: &[&str]) -> bool {
        [&self.kind, &self.code].into_iter().flatten().any(|word| words.contains(&word.as_str()))
    }

    /// Whether the sentence has one of these in it.
    fn says(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.message.contains(part))
    }

    /// What would help against an error within an answer that had begun well.
    pub(super) fn class(&self) -> RetryClass {
        class_of(self.status.unwrap_or(500), Some(self))
    }
}

/// The refusal that a status and a body make.
pub(super) fn refusal(vendor: Vendor, status: u16, headers: &Headers, body: &[u8]) -> CallError {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let told = Told::of(&parsed);
    let mut class = class_of(status, told.as_ref());
    match (hints::should_retry(headers), class) {
        (Some(true), RetryClass::FixRequest | RetryClass::Stop) => class = RetryClass::RetryAfter,
        (Some(false), RetryClass::RetryAfter | RetryClass::LowerConcurrency) => class = RetryClass::AskPerson,
        (Some(_) | None, _) => {}
    }
    // A server's own refusals are free. An edge that answers in its place, or a time-out, cannot say what was done.
    let charge = match (status, &told) {
        (300..=499, _) | (500 | 501 | 503, Some(_)) => ChargeKnown::NotCharged,
        (_, _) => ChargeKnown::Uncertain,
    };
    let said = match told {
        Some(Told { kind: Some(kind), message, .. }) => format!("Status {status} `{kind}` from {vendor}: {message}"),
        Some(Told { kind: None, message, .. }) => format!("Status {status} from {vendor}: {message}"),
        None => format!("Status {status} from the address of {vendor}, with something that is no error of its own"),
    };
    CallError::new(class, charge, &said)
        .with_status(status)
        .with_retry_after(hints::retry_after(headers))
        .with_request_id(hints::request_id(headers))
}

/// What would help, by the error's own word first and by the status where it has none that is known.
fn class_of(status: u16, told: Option<&Told>) -> RetryClass {
    let is = |words: &[&str]| told.is_some_and(|told| told.is(words));
    if is(&["insufficient_quota", "authentication_error", "permission_error"]) {
        return RetryClass::AskPerson;
    }
    // The words of Perplexity's older wire since it ended; the status is not documented.
    if told.is_some_and(|told| told.says(&["Sonar is now the Agent API"])) {
        return RetryClass::OtherModel;
    }
    if told.is_some_and(|told| told.says(&["maximum context length", "context size", "context length"])) {
        return RetryClass::FixRequest;
    }
    if is(&["not_found_error", "NotFoundError", "model_not_found", "invalid_model"]) {
        return RetryClass::OtherModel;
    }
    if is(&["exceed_context_size_error", "not_supported_error", "invalid_request_error", "BadRequestError"]) {
        // A bad key is an `invalid_request_error` with OpenAI, and so is a model that is gone.
        return match status {
            401..=403 => RetryClass::AskPerson,
            404 => RetryClass::OtherModel,
            _ => RetryClass::FixRequest,
        };
    }
    match status {
        401..=403 => RetryClass::AskPerson,
        404 => RetryClass::OtherModel,
        400 | 413 | 422 | 501 => RetryClass::FixRequest,
        408 | 409 | 429 | 500..=599 => RetryClass::RetryAfter,
        _ => RetryClass::Stop,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_found_in_every_form_that_servers_give_it() {
        let table = [
            (json!({"error": {"type": "t", "code": "c", "message": "m"}}), Some(("t", "m"))),
            (json!({"error": {"type": null, "code": "c", "message": "m"}}), Some(("c", "m"))),
            (json!({"error": {"type": "t", "code": 400, "message": "m"}}), Some(("t", "m"))),
            (json!({"error": "m"}), Some(("", "m"))),
            (json!({"object": "error", "type": "t", "message": "m", "code": 400}), Some(("t", "m"))),
            (json!({"detail": [{"loc": ["body", "input"], "msg": "m", "type": "missing"}]}), Some(("", "m"))),
            (json!({"detail": "m"}), Some(("", "m"))),
            (json!({"error": null, "choices": []}), None),
            (json!({"object": "chat.completion"}), None),
            (json!([1, 2]), None),
        ];
        for (body, expected) in table {
            let told = Told::of(&body);
            let found = told.as_ref().map(|told| (told.kind.as_deref().unwrap_or_default(), told.message.as_str()));
            assert_eq!(found, expected, "{body}");
        }
    }

    #[test]
    fn a_prompt_that_is_too_long_is_told_with_its_sizes() {
        let llama = json!({"error": {"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 4096,
            "message": "the request exceeds the available context size. Try to increase it."}});
        let vllm = json!({"object": "error", "type": "BadRequestError", "code": 400,
            "message": "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens."});
        for (body, sizes) in
            [(llama, "the prompt has 9000 tokens, and the server's context 4096"), (vllm, "4096 tokens")]
        {
            let error = refusal(Vendor::OpenAi, 400, &Headers::default(), body.to_string().as_bytes());
            assert_eq!((error.class, error.charge), (RetryClass::FixRequest, ChargeKnown::NotCharged), "{body}");
            assert!(error.message.contains(sizes), "{}", error.message);
        }
        let within = json!({"message": "This model's maximum context length is 4096 tokens", "code": 500});
        assert_eq!(Told::members(&within).class(), RetryClass::FixRequest, "within a stream too");
    }

    #[test]
    fn a_wire_that_has_ended_asks_for_another_model_whatever_its_status() {
        let body = json!({"error": {"message": "Sonar is now the Agent API. See the documentation.", "type": "gone", "code": 410}});
        for status in [400, 403, 404, 410, 422] {
            let error = refusal(Vendor::Perplexity, status, &Headers::default(), body.to_string().as_bytes());
            assert_eq!((error.class, error.charge), (RetryClass::OtherModel, ChargeKnown::NotCharged), "{status}");
        }
    }

    #[test]
    fn an_error_within_a_stream_is_judged_by_its_word_or_by_the_status_in_it() {
        let table = [
            (json!({"type": "BadRequestError", "code": 400}), RetryClass::FixRequest),
            (json!({"type": "InternalServerError", "code": 500}), RetryClass::RetryAfter),
            (json!({"type": "odd", "code": "401"}), RetryClass::AskPerson),
            (json!({"code": "insufficient_quota"}), RetryClass::AskPerson),
            (json!({"message": "it fell over"}), RetryClass::RetryAfter),
        ];
        for (error, class) in table {
            assert_eq!(Told::members(&error).class(), class, "{error}");
        }
    }
}
