//! Perplexity's Agent API with a search that is forced: the body of a request, and an answer with its sources read from its
//! stream or whole. Facts from Perplexity's documentation and its Python client 0.46.1, as of November 2026.
//!
//! Without a tool the model does not search, and with one that is merely offered it may not: so the tool is given and
//! required. The older Sonar chat completions, which ended on 2026-09-27, are in [`sonar`].

mod read;
mod sonar;
mod stream;
#[cfg(test)]
mod tests;

use serde_json::{Map, json};

use self::read::Response;
pub(super) use self::sonar::Fold as SonarFold;
pub(super) use self::stream::Fold;
use self::stream::Trouble;
use super::call::{Answer, Content, Finish, Form, PrepareError, Prepared, TextRequest, Vendor, checked_name, written};
use super::error::{CallError, ChargeKnown, RetryClass, token};
use super::headers::Headers;
use super::refusal::refusal;
use super::{hints, openai};
use crate::config::models::{Model, Wire};

/// The most steps of searching and reading that one call may take. The reservation of a call counts on it: the price table's
/// `most_searches` is three for each step.
const MOST_STEPS: u32 = 5;

/// How much of what is found is read, on both wires.
const CONTEXT_SIZE: &str = "medium";

/// The body of a request.
pub(super) fn prepare(known: &Model, request: &TextRequest) -> Result<Prepared, PrepareError> {
    if known.wire == Wire::PerplexitySonar {
        return sonar::prepare(request);
    }
    let model = checked_name("model", &request.model)?;
    if request.user.trim().is_empty() {
        return Err(PrepareError::Empty("answered"));
    }
    let mut body = Map::new();
    body.insert("model".to_owned(), model.into());
    if !request.system.is_empty() {
        body.insert("instructions".to_owned(), request.system.clone().into());
    }
    body.insert("input".to_owned(), json!([{"type": "message", "role": "user", "content": request.user}]));
    body.insert("tools".to_owned(), json!([{"type": "web_search", "search_context_size": CONTEXT_SIZE}]));
    body.insert("tool_choice".to_owned(), "required".into());
    body.insert("max_steps".to_owned(), MOST_STEPS.into());
    body.insert("max_output_tokens".to_owned(), request.max_tokens.into());
    if let Some(effort) = request.effort.and_then(|effort| known.text().nearest(effort)) {
        body.insert("reasoning".to_owned(), json!({"effort": effort.name()}));
    }
    if let Some(wanted) = &request.schema {
        body.insert("response_format".to_owned(), openai::format(wanted, false));
    }
    body.insert("stream".to_owned(), true.into());
    let body = written(body);
    Ok(Prepared { vendor: Vendor::Perplexity, path: "/v1/agent".to_owned(), body, streaming: true, form: Form::Usual })
}

/// Reads a recorded stream, a whole answer, or the refusal in their place.
pub(super) fn decode(form: Form, status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    if form == Form::Sonar {
        return sonar::decode(status, headers, body);
    }
    if status != 200 {
        return Err(refusal(Vendor::Perplexity, status, headers, body));
    }
    let is_whole = body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    let response = if is_whole { openai::document(Vendor::Perplexity, body).map(Response) } else { streamed(body) };
    let request_id = hints::request_id(headers);
    response
        .and_then(|response| answer(&response, headers))
        .map_err(|error| error.with_status(status).with_request_id(request_id))
}

fn streamed(body: &[u8]) -> Result<Response, CallError> {
    let mut fold = Fold::default();
    fold.push(body, |_| ());
    match fold.outcome() {
        Ok(response) => Ok(response),
        Err(Trouble::Reported(told)) => Err(openai::broke_off(Vendor::Perplexity, &told)),
        Err(Trouble::Unreadable(why)) => {
            let said = format!("The answer of Perplexity is complete but cannot be read: {why}");
            Err(CallError::new(RetryClass::AskPerson, ChargeKnown::Charged, &said))
        }
        Err(Trouble::Cut) => {
            let said = "The answer of Perplexity ends in the middle of its stream";
            Err(CallError::new(RetryClass::RetryAfter, ChargeKnown::Uncertain, said))
        }
    }
}

fn answer(response: &Response, headers: &Headers) -> Result<Answer, CallError> {
    let usage = response.usage();
    let fail = |class, charge, said: &str| CallError::new(class, charge, said).with_usage(usage);
    if let Some(told) = response.failure() {
        return Err(openai::broke_off(Vendor::Perplexity, &told).with_usage(usage));
    }
    if !response.has_output() {
        let said = "The answer of Perplexity is complete but has another shape than its interface describes";
        return Err(fail(RetryClass::AskPerson, ChargeKnown::Charged, said));
    }
    let finish = match (response.status(), response.why_incomplete()) {
        _ if response.refuses() => Finish::Refused("refusal".to_owned()),
        ("completed", _) => Finish::Complete,
        ("incomplete", Some("content_filter")) => Finish::Refused("content_filter".to_owned()),
        ("incomplete", Some("max_output_tokens") | None) => Finish::Length,
        ("incomplete", Some(other)) => Finish::Other(token(other).unwrap_or_default()),
        ("queued" | "in_progress", _) => {
            let said = "Perplexity gave an answer that it is still working on";
            return Err(fail(RetryClass::AskPerson, ChargeKnown::Uncertain, said));
        }
        (other, _) => Finish::Other(token(other).unwrap_or_default()),
    };
    Ok(Answer {
        content: Content::Text(response.text()),
        sources: response.sources(),
        usage,
        model: response.word("model").and_then(token),
        request_id: hints::request_id(headers).or_else(|| response.word("id")).and_then(token),
        finish,
        rehearsal: headers.rehearsal(),
    })
}
