//! The lists of each provider: models, voices, what is left of a quota. Facts: the providers' interfaces of November 2026.

use serde_json::Value;

use super::{Life, Model, Voice};
use crate::provider::call::Vendor;
use crate::provider::error::{clean, token};

/// A page of a list, and what the next one is asked for with.
pub(super) struct Page {
    pub(super) models: Vec<Model>,
    pub(super) next: Option<String>,
}

/// Where a page of the models is.
pub(super) fn path(vendor: Vendor, next: Option<&str>) -> String {
    match (vendor, next) {
        (Vendor::Anthropic, None) => "/v1/models?limit=1000".to_owned(),
        (Vendor::Anthropic, Some(after)) => format!("/v1/models?limit=1000&after_id={after}"),
        (Vendor::Gemini, None) => "/v1beta/models?pageSize=1000".to_owned(),
        (Vendor::Gemini, Some(page)) => format!("/v1beta/models?pageSize=1000&pageToken={page}"),
        (Vendor::ElevenLabs | Vendor::OpenAi | Vendor::Perplexity, _) => "/v1/models".to_owned(),
    }
}

/// The models of a page; nothing where it is not such a page.
pub(super) fn page(vendor: Vendor, body: &Value) -> Option<Page> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).and_then(token);
    // What the next page is asked for with goes into an address.
    let in_an_address = |text: &String| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~=".contains(&b));
    let next = match vendor {
        Vendor::Anthropic if body.get("has_more").and_then(Value::as_bool) == Some(true) => text(body, "last_id"),
        Vendor::Gemini => text(body, "nextPageToken"),
        Vendor::Anthropic | Vendor::ElevenLabs | Vendor::OpenAi | Vendor::Perplexity => None,
    };
    let listed = match vendor {
        Vendor::Gemini => body.get("models")?,
        Vendor::ElevenLabs => body,
        Vendor::Anthropic | Vendor::OpenAi | Vendor::Perplexity => body.get("data")?,
    };
    let id = |model: &Value| match vendor {
        Vendor::Gemini => text(model, "name").map(|name| name.trim_start_matches("models/").to_owned()),
        Vendor::ElevenLabs => text(model, "model_id"),
        Vendor::Anthropic | Vendor::OpenAi | Vendor::Perplexity => text(model, "id"),
    };
    let models = listed.as_array()?.iter().filter_map(|model| {
        let life = match model.get("lifecycle").and_then(Value::as_str) {
            Some("active") => Life::Active,
            Some("deprecated") => Life::Deprecated,
            Some("retired") => Life::Retired,
            Some(_) | None => Life::Unsaid,
        };
        Some(Model { id: id(model)?, life, retires: text(model, "retires_at") })
    });
    Some(Page { models: models.collect(), next: next.filter(in_an_address) })
}

/// The voices of the account.
pub(super) fn voices(body: &Value) -> Option<Vec<Voice>> {
    let voices = body.get("voices")?.as_array()?.iter().filter_map(|voice| {
        let id = voice.get("voice_id").and_then(Value::as_str).and_then(token)?;
        Some(Voice { id, name: clean(voice.get("name").and_then(Value::as_str).unwrap_or_default()) })
    });
    Some(voices.collect())
}

/// Characters spoken in the period, and the most of them.
pub(super) fn quota(body: &Value) -> Option<(u64, u64)> {
    body.get("character_count")?.as_u64().zip(body.get("character_limit")?.as_u64())
}
