//! The body of a request, built from what the table says that the model takes.
//!
//! Sampling parameters are not sent: the models from 3.5 on ignore them. An answer is asked for as a stream, because one that
//! is not streamed ends sooner with the newest model.

use serde_json::{Map, Value, json};

use super::super::call::{Effort, Form, PrepareError, Prepared, TextRequest, Vendor, checked_id, written};
use super::super::schema;
use crate::config::models::{Model, SchemaForm, Structured, TextTakes};

/// The body of a request for an answer.
pub(in crate::provider) fn prepare(known: &Model, request: &TextRequest) -> Result<Prepared, PrepareError> {
    let model = id(request)?;
    let path = format!("/v1beta/models/{model}:streamGenerateContent?alt=sse");
    Ok(prepared(path, asked(known, request)?, true))
}

/// The body of a request that counts the tokens of the same request. It is free.
pub(in crate::provider) fn prepare_count(known: &Model, request: &TextRequest) -> Result<Prepared, PrepareError> {
    let model = id(request)?;
    let mut counted = Map::new();
    counted.insert("model".to_owned(), format!("models/{model}").into());
    counted.append(&mut asked(known, request)?);
    let mut body = Map::new();
    body.insert("generateContentRequest".to_owned(), counted.into());
    Ok(prepared(format!("/v1beta/models/{model}:countTokens"), body, false))
}

fn id(request: &TextRequest) -> Result<&str, PrepareError> {
    checked_id("model", request.model.strip_prefix("models/").unwrap_or(&request.model))
}

fn prepared(path: String, body: Map<String, Value>, streaming: bool) -> Prepared {
    Prepared { vendor: Vendor::Gemini, path, body: written(body), streaming, form: Form::Usual }
}

/// What an answer and its count have in common.
fn asked(known: &Model, request: &TextRequest) -> Result<Map<String, Value>, PrepareError> {
    if request.user.trim().is_empty() {
        return Err(PrepareError::Empty("answered"));
    }
    let takes = known.text();
    let mut config = Map::new();
    config.insert("maxOutputTokens".to_owned(), request.max_tokens.into());
    let mut user = request.user.clone();
    if let Some(wanted) = &request.schema {
        match (takes.structured, takes.schema_form) {
            (Structured::Native, SchemaForm::JsonSchema) => {
                config.insert("responseMimeType".to_owned(), "application/json".into());
                config.insert("responseJsonSchema".to_owned(), schema::for_gemini(wanted));
            }
            (Structured::Native, SchemaForm::ResponseSchema) => {
                config.insert("responseMimeType".to_owned(), "application/json".into());
                config.insert("responseSchema".to_owned(), schema::for_gemini_older(wanted));
            }
            (Structured::Tool | Structured::InWords, _) => {
                user.push_str(&schema::in_words(&schema::for_gemini(wanted)))
            }
        }
    }
    if let Some(thinking) = request.effort.and_then(|effort| thinking(&takes, effort, request.max_tokens)) {
        config.insert("thinkingConfig".to_owned(), thinking);
    }
    let mut body = Map::new();
    if !request.system.is_empty() {
        body.insert("systemInstruction".to_owned(), json!({"parts": [{"text": request.system}]}));
    }
    body.insert("contents".to_owned(), json!([{"role": "user", "parts": [{"text": user}]}]));
    body.insert("generationConfig".to_owned(), config.into());
    Ok(body)
}

/// The one control that the model takes: a level, or a budget that leaves at least half of the tokens to the answer.
fn thinking(takes: &TextTakes, effort: Effort, max_tokens: u32) -> Option<Value> {
    if takes.thinking.level {
        let level = takes.nearest(effort)?;
        return Some(json!({"thinkingLevel": level.name().to_ascii_uppercase()}));
    }
    let (least, most) = takes.thinking.budget?;
    let budget = match effort {
        Effort::Off if takes.thinking.off => 0,
        Effort::Off | Effort::Low | Effort::Medium | Effort::High | Effort::ExtraHigh | Effort::Max => {
            effort.room().min(max_tokens / 2).clamp(least, most)
        }
    };
    Some(json!({"thinkingBudget": budget}))
}
