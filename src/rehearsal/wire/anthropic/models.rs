//! Anthropic's catalogue: its models with their lives and what each one takes.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::paced::{free, put};
use super::super::state::Studio;
use super::refusal::Refusal;
use crate::rehearsal::catalogue::{self, Era, Model, Work};

/// So many are on a page that names no number.
const PAGE: usize = 20;

/// `GET /v1/models`.
pub(in crate::rehearsal::wire) async fn list(
    State(studio): State<Arc<Studio>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let day = studio.day();
    let all: Vec<Value> = catalogue::models().filter_map(|model| object(model, &day)).collect();
    super::respond(&studio, &headers, b"models", |_| Ok(json_of(&page(all, &uri))))
}

/// `GET /v1/models/{id}`.
pub(in crate::rehearsal::wire) async fn get(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let found = catalogue::model(&id).and_then(|model| object(model, &studio.day()));
    super::respond(&studio, &headers, id.as_bytes(), |_| {
        found.map(|model| json_of(&model)).ok_or_else(|| Refusal::model(&id))
    })
}

fn json_of(value: &Value) -> Response {
    let mut response = Response::new(free(value.to_string()));
    put(&mut response, "content-type", "application/json");
    response
}

/// A page of objects with ids, as `limit`, `after_id` and `before_id` ask for it.
pub(super) fn page(all: Vec<Value>, uri: &Uri) -> Value {
    let asked = |name: &str| {
        let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    };
    let limit = asked("limit").and_then(|text| text.parse().ok()).unwrap_or(PAGE).clamp(1, 1_000);
    let place = |id: String| all.iter().position(|one| one.get("id").and_then(Value::as_str) == Some(id.as_str()));
    let (from, to) = match (asked("after_id").and_then(place), asked("before_id").and_then(place)) {
        (Some(after), _) => (after + 1, (after + 1 + limit).min(all.len())),
        (None, Some(before)) => (before.saturating_sub(limit), before),
        (None, None) => (0, limit.min(all.len())),
    };
    let data = all.get(from..to).unwrap_or_default();
    let id = |one: Option<&Value>| one.and_then(|one| one.get("id")).cloned().unwrap_or_default();
    json!({"data": data, "has_more": to < all.len(), "first_id": id(data.first()), "last_id": id(data.last())})
}

/// The object of a model, if it is one of Anthropic's.
fn object(model: &Model, day: &str) -> Option<Value> {
    let Work::Claude(era) = model.work else { return None };
    let lifecycle = match (model.retired, model.is_alive(day)) {
        ("", _) => "active",
        (_, true) => "deprecated",
        (_, false) => "retired",
    };
    let efforts: &[&str] = match era {
        Era::Four | Era::FourFive => &[],
        Era::OpusFourFive
        | Era::FourSix
        | Era::FourSeven
        | Era::Five
        | Era::SonnetFive
        | Era::FableFive
        | Era::FiveFive
        | Era::SonnetFiveFive => &["low", "medium", "high", "xhigh", "max"],
    };
    let thinking: &[&str] = match era {
        Era::Four | Era::FourFive | Era::OpusFourFive => &["enabled", "disabled"],
        Era::FourSix => &["adaptive", "enabled", "disabled"],
        Era::FourSeven | Era::Five | Era::SonnetFive => &["adaptive", "disabled"],
        Era::FableFive | Era::FiveFive => &["adaptive"],
        Era::SonnetFiveFive => &["adaptive", "between_tools"],
    };
    let retires = (!model.retired.is_empty()).then(|| format!("{}T00:00:00Z", model.retired));
    let name = model.id.strip_prefix("claude-").unwrap_or(model.id).replace('-', " ");
    let line = name.split(' ').next().unwrap_or_default().to_owned();
    Some(json!({
        "id": model.id, "type": "model", "display_name": format!("Claude {name}"), "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": lifecycle, "deprecated_at": retires.as_ref().map(|_| "2026-01-01T00:00:00Z"), "retires_at": retires,
        "line": line, "max_input_tokens": model.context, "max_tokens": model.most_output,
        "capabilities": {
            "batch": true, "citations": true, "structured_outputs": era != Era::Four, "effort": efforts,
            "thinking": thinking,
        },
    }))
}
