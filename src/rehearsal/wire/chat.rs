//! What all chat completions have in common, whoever serves them: the turns of a request, the schema of its answer, and frames.

use serde_json::Value;

use super::request::texts;

/// The end of a stream.
pub(super) const DONE: &[u8] = b"data: [DONE]\n\n";

/// What is said in a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    /// The last turn, which is the user's.
    pub(super) user: String,
    /// The bytes of all turns.
    pub(super) bytes: usize,
}

/// The turns of a request; nothing where the last is not one of the user, with text.
pub(super) fn turns(parsed: &Value) -> Option<Turns> {
    let turns = parsed.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_by = |turn: &Value, roles: &[&str]| {
        turn.get("role").and_then(Value::as_str).is_some_and(|role| roles.contains(&role))
    };
    let last = turns.last().filter(|turn| is_by(turn, &["user"]))?;
    let user = texts(last.get("content")).filter(|text| !text.trim().is_empty())?;
    let bytes = turns.iter().filter_map(|turn| texts(turn.get("content"))).map(|text| text.len()).sum();
    Some(Turns { user, bytes })
}

/// The limit of tokens, under its newer or its older name.
pub(super) fn limit(parsed: &Value) -> Option<u64> {
    ["max_completion_tokens", "max_tokens"].into_iter().find_map(|name| parsed.get(name)?.as_u64())
}

/// Whether a switch is on.
pub(super) fn is_on(parsed: &Value, pointer: &str) -> bool {
    parsed.pointer(pointer).and_then(Value::as_bool) == Some(true)
}

/// The schema of a `json_schema` format, if there is one.
pub(super) fn schema(format: &Value) -> Option<&Value> {
    format.pointer("/json_schema/schema").filter(|schema| schema.is_object())
}

/// One chunk as it is sent.
pub(super) fn frame(chunk: &Value) -> Vec<u8> {
    format!("data: {chunk}\n\n").into_bytes()
}

/// A frame that is no JSON.
pub(super) const BROKEN: &[u8] = b"data: {\"choices\":[{\"index\":0,,}]}\n\n";
