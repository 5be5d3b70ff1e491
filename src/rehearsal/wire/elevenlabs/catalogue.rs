//! ElevenLabs' free addresses: models, voices and the subscription.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::paced::{free, put};
use super::super::state::Studio;
use super::refusal::Refusal;
use super::{finish, has_key, is_voice};
use crate::rehearsal::catalogue::{self, Work};
use crate::rehearsal::faults::oddities::ElevenLabs;

/// Voices that are in everybody's library, by id and name.
const VOICES: [(&str, &str); 6] = [
    ("EXAVITQu4vr4xnSDxMaL", "Sarah"),
    ("JBFqnCBsd6RMkjVDRZzb", "George"),
    ("21m00Tcm4TlvDq8ikWAM", "Rachel"),
    ("onwK4e9ZLuTAKqWW03F9", "Daniel"),
    ("XB0fDUnXU5powFXDhCwa", "Charlotte"),
    ("TX3LPaxmHKxFdv7VOQHJ", "Liam"),
];

fn respond(studio: &Studio, headers: &HeaderMap, answer: impl FnOnce() -> Result<Value, Refusal>) -> Response {
    let answered = match has_key(headers) && !studio.always(ElevenLabs::BadKey) {
        true => answer(),
        false => Err(Refusal::bad_key()),
    };
    let answered = answered.map(|value| {
        let mut response = Response::new(free(value.to_string()));
        put(&mut response, "content-type", "application/json");
        response
    });
    finish(studio, "catalogue", false, answered)
}

/// `GET /v1/models`.
pub(super) async fn models(State(studio): State<Arc<Studio>>, headers: HeaderMap) -> Response {
    respond(&studio, &headers, || {
        let object = |model: &catalogue::Model| {
            let Work::Voice(characters_per_credit) = model.work else { return None };
            // A third generation has no stitching, which the field for its style stands for.
            let is_fast = characters_per_credit > 1;
            let multiplier = if is_fast { json!(0.5) } else { json!(1.0) };
            Some(json!({
                "model_id": model.id, "name": model.id, "can_do_text_to_speech": true,
                "maximum_text_length_per_request": model.context,
                "max_characters_request_free_user": model.context.min(2_500),
                "max_characters_request_subscribed_user": model.context,
                "model_rates": {"character_cost_multiplier": multiplier},
                "concurrency_group": if is_fast { "turbo" } else { "standard" },
                "languages": [{"language_id": "en", "name": "English"}, {"language_id": "de", "name": "German"}],
            }))
        };
        Ok(Value::Array(catalogue::models().filter_map(object).collect()))
    })
}

fn voice(id: &str, name: &str) -> Value {
    json!({"voice_id": id, "name": name, "category": "premade", "labels": {"language": "en"}, "settings": null})
}

/// `GET /v1/voices`, and `/v2/voices` by the page.
pub(super) async fn voices(State(studio): State<Arc<Studio>>, uri: Uri, headers: HeaderMap) -> Response {
    respond(&studio, &headers, || {
        let all: Vec<Value> = VOICES.iter().map(|(id, name)| voice(id, name)).collect();
        if !uri.path().contains("/v2/") {
            return Ok(json!({"voices": all}));
        }
        let pairs = || uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let asked = |name: &str| pairs().find(|(key, _)| *key == name).map(|(_, value)| value);
        let size = asked("page_size").and_then(|size| size.parse().ok()).unwrap_or(10_usize).clamp(1, 100);
        let from = asked("next_page_token").and_then(|token| token.parse().ok()).unwrap_or(0_usize).min(all.len());
        let to = (from + size).min(all.len());
        let next = (to < all.len()).then(|| to.to_string());
        let page = all.get(from..to).unwrap_or_default();
        Ok(json!({"voices": page, "has_more": next.is_some(), "total_count": all.len(), "next_page_token": next}))
    })
}

/// `GET /v1/voices/{id}`: every voice that can be spoken in is there.
pub(super) async fn one_voice(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    respond(&studio, &headers, || {
        if !is_voice(&id) || studio.always(ElevenLabs::VoiceNotFound) {
            return Err(Refusal::no_voice("A voice with that id was not found."));
        }
        let known = VOICES.iter().find(|(known, _)| *known == id).map_or("A rehearsed voice", |(_, name)| name);
        Ok(voice(&id, known))
    })
}

/// `GET /v1/user/subscription`: the credits that the meter has counted.
pub(super) async fn subscription(State(studio): State<Arc<Studio>>, headers: HeaderMap) -> Response {
    respond(&studio, &headers, || {
        if studio.always(ElevenLabs::MissingPermissions) {
            return Err(Refusal::new(401, "authentication_error", "missing_permissions", "The key lacks user_read."));
        }
        let limit = 600_000_u64;
        let reading = studio.meter.read();
        let credits = |(id, counts): (&String, &crate::rehearsal::Counts)| match catalogue::model(id)?.work {
            Work::Voice(characters_per_credit) => Some(counts.characters.div_ceil(characters_per_credit)),
            Work::Claude(_)
            | Work::Gemini(_)
            | Work::Searching(_)
            | Work::Sonar { .. }
            | Work::Local
            | Work::LocalVoice => None,
        };
        let used: u64 = reading.models.iter().filter_map(credits).sum();
        let used = if studio.always(ElevenLabs::Quota) { limit } else { used };
        Ok(json!({
            "tier": "pro", "status": "active", "character_count": used, "character_limit": limit,
            "can_extend_character_limit": false, "next_character_count_reset_unix": 1_798_761_600, "currency": "usd",
        }))
    })
}
