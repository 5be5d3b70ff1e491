//! One span for each paid call, with the names of OpenTelemetry's conventions for generative AI (as of November 2026), and
//! one line of the log when it ends.
//!
//! It tells where a call went, what it used, what it cost and how it ended; never what was asked or answered, nor a
//! message of the provider's, which may quote either. Nothing is decided here. What has no name in the conventions stands
//! under `greenroom.`.

use std::sync::Arc;

use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::Workshop;
use super::exchange::KeptAnswer;
use crate::domain::call::{Provider, RetryClass, Usage};
use crate::domain::step::{CallAnswer, CallFailure, CallStep, Charged};
use crate::engine::executor::{CALLS, Tell};
use crate::provider::call::{Answer, Finish};
use crate::provider::endpoint::Endpoint;
use crate::provider::error::CallError;

/// Makes a paid call within its span.
pub(super) async fn watched(shop: Arc<Workshop>, step: CallStep, tell: Tell) -> Result<CallAnswer, CallFailure> {
    let endpoint = shop.endpoints.get(&step.route.provider).and_then(|endpoint| endpoint.as_ref().ok());
    let span = begun(&step, endpoint);
    let result = shop.make(step, tell).instrument(span.clone()).await;
    ended(&span, &result);
    result
}

/// The provider by the word of the conventions; those that they do not name keep their own.
fn provider(provider: Provider) -> &'static str {
    match provider {
        Provider::Gemini => "gcp.gemini",
        Provider::Anthropic | Provider::ElevenLabs | Provider::OpenAi | Provider::Perplexity => provider.name(),
    }
}

/// What is done, by the word of the conventions; they have none for speech.
fn operation(provider: Provider) -> &'static str {
    match provider {
        Provider::Gemini => "generate_content",
        Provider::ElevenLabs => "text_to_speech",
        Provider::Anthropic | Provider::OpenAi | Provider::Perplexity => "chat",
    }
}

/// The span of a call that is about to be sent. What is known only later is declared empty.
fn begun(step: &CallStep, endpoint: Option<&Endpoint>) -> Span {
    let (key, route) = (&step.key, &step.route);
    let operation = operation(route.provider);
    let url = endpoint.and_then(|endpoint| reqwest::Url::parse(endpoint.base()).ok());
    let host = url.as_ref().and_then(|url| url.host_str());
    let port = url.as_ref().and_then(|url| url.port_or_known_default()).map(i64::from);
    // At the level of errors, so that a line of any level that is written within the call has its context.
    tracing::error_span!(
        target: CALLS,
        "call",
        "otel.name" = format!("{operation} {}", route.model),
        "otel.kind" = "client",
        "otel.status_code" = Empty,
        "gen_ai.operation.name" = operation,
        "gen_ai.provider.name" = provider(route.provider),
        "gen_ai.request.model" = route.model,
        "gen_ai.response.model" = Empty,
        "gen_ai.response.id" = Empty,
        "gen_ai.response.finish_reasons" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "gen_ai.usage.cache_read.input_tokens" = Empty,
        "gen_ai.usage.cache_creation.input_tokens" = Empty,
        "server.address" = host,
        "server.port" = port,
        "http.response.status_code" = Empty,
        "error.type" = Empty,
        "greenroom.key" = %key,
        "greenroom.episode" = key.episode.0,
        "greenroom.stage" = key.stage.as_str(),
        "greenroom.unit" = key.unit,
        "greenroom.attempt" = key.attempt,
        "greenroom.request_id" = Empty,
        "greenroom.worst_micro_usd" = step.worst.0,
        "greenroom.cost_micro_usd" = Empty,
        "greenroom.charge" = Empty,
        "greenroom.characters" = Empty,
    )
}

/// Why the model stopped, by the word that most vendors use.
fn reason(finish: &Finish) -> &str {
    match finish {
        Finish::Complete => "stop",
        Finish::Length => "length",
        Finish::Refused(_) => "content_filter",
        Finish::Other(word) => word,
    }
}

/// Notes on the span of this call what the whole answer tells of itself.
pub(super) fn answered(kept: &KeptAnswer, answer: &Answer) {
    let span = Span::current();
    if span.is_disabled() {
        return;
    }
    if let Some(model) = &answer.model {
        span.record("gen_ai.response.model", model.as_str());
    }
    if let Some(id) = kept.answer_id() {
        span.record("gen_ai.response.id", id);
    }
    let reason = reason(&answer.finish);
    // A list in the conventions; the log, which knows no lists, has the same words.
    #[cfg(feature = "otlp")]
    {
        use opentelemetry::{Array, StringValue, Value};
        use tracing_opentelemetry::OpenTelemetrySpanExt;
        let reasons = Value::Array(Array::String(vec![StringValue::from(reason.to_owned())]));
        span.set_attribute("gen_ai.response.finish_reasons", reasons);
    }
    #[cfg(not(feature = "otlp"))]
    span.record("gen_ai.response.finish_reasons", reason);
}

/// Notes on the span of this call that it brought no answer: the status where there was one, and the exchange's name.
pub(super) fn failed(error: &CallError) {
    let span = Span::current();
    if let Some(status) = error.status {
        span.record("http.response.status_code", status);
    }
    if let Some(id) = &error.request_id {
        span.record("greenroom.request_id", id.as_str());
    }
}

/// The class of a failure as the ledger spells it.
fn class(class: RetryClass) -> &'static str {
    match class {
        RetryClass::RetryAfter => "retry_after",
        RetryClass::LowerConcurrency => "lower_concurrency",
        RetryClass::FixRequest => "fix_request",
        RetryClass::OtherModel => "other_model",
        RetryClass::AskPerson => "ask_person",
        RetryClass::Stop => "stop",
    }
}

/// Notes what was used; the tokens of the prompt include those that a cache held or took.
fn counted(span: &Span, usage: &Usage) {
    span.record("gen_ai.usage.input_tokens", usage.tokens_in());
    span.record("gen_ai.usage.output_tokens", usage.tokens_out());
    span.record("gen_ai.usage.cache_read.input_tokens", usage.cache_read);
    span.record("gen_ai.usage.cache_creation.input_tokens", usage.cache_write.saturating_add(usage.cache_write_1h));
    if usage.characters > 0 {
        span.record("greenroom.characters", usage.characters);
    }
}

/// Notes how a call ended, and writes the one line that the log has of it.
fn ended(span: &Span, result: &Result<CallAnswer, CallFailure>) {
    let _within = span.enter();
    match result {
        Ok(answer) => {
            counted(span, &answer.usage);
            span.record("greenroom.cost_micro_usd", answer.price.0);
            span.record("greenroom.charge", "known");
            if let Some(id) = &answer.request_id {
                span.record("greenroom.request_id", id.as_str());
            }
            tracing::info!(target: CALLS, took_ms = answer.machine_ms, "a call was answered");
        }
        Err(failure) => {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", class(failure.class));
            if failure.usage != Usage::default() {
                counted(span, &failure.usage);
            }
            match failure.charge {
                Charged::Known(price) => {
                    span.record("greenroom.charge", "known");
                    span.record("greenroom.cost_micro_usd", price.0);
                }
                Charged::Uncertain | Charged::Arrived => {
                    span.record("greenroom.charge", "uncertain");
                }
            }
            tracing::warn!(target: CALLS, "a call brought no answer");
        }
    }
}

#[cfg(test)]
mod tests;
