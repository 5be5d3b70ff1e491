//! The body of a request, built from what the table says that the model takes.
//!
//! Sampling parameters and prefill are never sent: the models of 2026 refuse them, and none of the older ones needs them.
//! Nothing is sent in which the two versions of the wire differ.

use serde_json::{Map, Value, json};

use super::super::call::{Effort, Form, PrepareError, Prepared, Remember, TextRequest, Vendor, checked_id, written};
use super::super::schema;
use super::ANSWER;
use crate::config::models::{Cache, ForcedTool, Model, Structured, TextTakes};

/// As few bytes as a token has on average, in the densest of texts that are written here. A beginning that has not the
/// least tokens even so is not remembered, and is not marked.
const BYTES_A_TOKEN: u64 = 2;

/// The body of a request for a message.
pub(in crate::provider) fn prepare(known: &Model, request: &TextRequest) -> Result<Prepared, PrepareError> {
    let mut body = asked(known, request)?;
    body.insert("max_tokens".to_owned(), request.max_tokens.into());
    body.insert("stream".to_owned(), true.into());
    Ok(prepared("/v1/messages", body, true))
}

/// The body of a request that counts the tokens of the same message. It is free, and the answer is an estimate.
pub(in crate::provider) fn prepare_count(known: &Model, request: &TextRequest) -> Result<Prepared, PrepareError> {
    Ok(prepared("/v1/messages/count_tokens", asked(known, request)?, false))
}

fn prepared(path: &str, body: Map<String, Value>, streaming: bool) -> Prepared {
    let body = written(body);
    Prepared { vendor: Vendor::Anthropic, path: path.to_owned(), body, streaming, form: Form::Usual }
}

/// What a message and its count have in common.
fn asked(known: &Model, request: &TextRequest) -> Result<Map<String, Value>, PrepareError> {
    let model = checked_id("model", &request.model)?;
    if request.user.trim().is_empty() {
        return Err(PrepareError::Empty("answered"));
    }
    let takes = known.text();
    let mut user = request.user.clone();
    let mut body = Map::new();
    body.insert("model".to_owned(), model.into());
    let mut output = Map::new();
    let thinking = thinking(&takes, request, &mut output);
    if let Some(wanted) = &request.schema {
        let wanted = schema::for_anthropic(wanted);
        match takes.structured {
            Structured::Native => {
                output.insert("format".to_owned(), json!({"type": "json_schema", "schema": wanted}));
            }
            Structured::Tool => {
                let has_budget = thinking.as_ref().is_some_and(|thinking| thinking.get("budget_tokens").is_some());
                let forced = match takes.forced_tool {
                    ForcedTool::Always => true,
                    ForcedTool::UnlessBudget => !has_budget,
                    ForcedTool::Never => false,
                };
                let description = "Takes the whole answer. It is called once, and nothing is said beside it.";
                let tool = json!({"name": ANSWER, "description": description, "input_schema": wanted});
                body.insert("tools".to_owned(), json!([tool]));
                let choice = match forced {
                    true => json!({"type": "tool", "name": ANSWER, "disable_parallel_tool_use": true}),
                    false => json!({"type": "auto", "disable_parallel_tool_use": true}),
                };
                if !forced {
                    user.push_str(&format!("\n\nGive the whole answer as the input of the tool `{ANSWER}`."));
                }
                body.insert("tool_choice".to_owned(), choice);
            }
            Structured::InWords => user.push_str(&schema::in_words(&wanted)),
        }
    }
    let mark = mark(known, &takes, request);
    let stable = user.split_at_checked(request.stable).filter(|(stable, _)| !stable.is_empty() && mark.is_some());
    if !request.system.is_empty() {
        // The last mark covers all that stands before it.
        let own = mark.filter(|_| stable.is_none());
        body.insert("system".to_owned(), json!([block(&request.system, own)]));
    }
    let content = match stable {
        Some((stable, rest)) if !rest.trim().is_empty() => vec![block(stable, mark), block(rest, None)],
        Some(_) | None => vec![block(&user, None)],
    };
    body.insert("messages".to_owned(), json!([{"role": "user", "content": content}]));
    if let Some(thinking) = thinking {
        body.insert("thinking".to_owned(), thinking);
    }
    if !output.is_empty() {
        body.insert("output_config".to_owned(), output.into());
    }
    Ok(body)
}

fn block(text: &str, mark: Option<&str>) -> Value {
    match mark {
        Some(ttl) => json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral", "ttl": ttl}}),
        None => json!({"type": "text", "text": text}),
    }
}

/// How long the beginning is to be remembered, where the model can be told and the beginning is long enough.
fn mark(known: &Model, takes: &TextTakes, request: &TextRequest) -> Option<&'static str> {
    let ttl = match request.remember {
        Remember::No => return None,
        Remember::FiveMinutes => "5m",
        Remember::OneHour => "1h",
    };
    let bytes = u64::try_from(request.system.len().saturating_add(request.stable)).unwrap_or(u64::MAX);
    let minimum = known.limits.cache_minimum.unwrap_or(0);
    let can_be_told = takes.cache == Cache::Breakpoints;
    (can_be_told && bytes / BYTES_A_TOKEN >= minimum).then_some(ttl)
}

/// What is said of thinking, and of effort in `output_config`. A model that thinks unasked is told nothing more than its
/// effort; one that does not is told to think where an effort is asked of it.
fn thinking(takes: &TextTakes, request: &TextRequest, output: &mut Map<String, Value>) -> Option<Value> {
    let effort = request.effort?;
    if effort == Effort::Off {
        let ways = takes.thinking;
        return match (ways.unasked, ways.off, ways.between_tools) {
            // Without an effort the model's own default holds, with which thinking can be off.
            (true, true, _) => Some(json!({"type": "disabled"})),
            // There is no tool between which it could think.
            (true, false, true) => Some(json!({"type": "between_tools"})),
            (true, false, false) => {
                let least = takes.nearest(effort)?;
                output.insert("effort".to_owned(), least.name().into());
                None
            }
            (false, ..) => None,
        };
    }
    if let Some(level) = takes.nearest(effort) {
        output.insert("effort".to_owned(), level.name().into());
    }
    if takes.thinking.unasked {
        return None;
    }
    if takes.thinking.adaptive && !takes.efforts.is_empty() {
        return Some(json!({"type": "adaptive"}));
    }
    // A tool that must be called and a budget exclude one another, and the form of the answer counts for more.
    let is_forced = request.schema.is_some() && takes.structured == Structured::Tool;
    let (least, most) = takes.thinking.budget.filter(|_| !is_forced && effort > Effort::Low)?;
    let budget = effort.room().min(most).min(request.max_tokens / 2);
    (budget >= least).then(|| json!({"type": "enabled", "budget_tokens": budget}))
}
