//! ElevenLabs' refusals in their four shapes (its documentation of November 2026), drawn, named or earned.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::paced::{free, put};
use super::super::state::{Met, Studio};
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::ElevenLabs;

/// A refusal in one of the vendor's forms.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: u16,
    detail: Value,
}

impl Refusal {
    /// The newer form, with type, code and status.
    pub(super) fn new(status: u16, kind: &str, code: &str, message: &str) -> Self {
        Self { status, detail: json!({"type": kind, "code": code, "status": code, "message": message, "param": null}) }
    }

    /// The older form, with status and message alone.
    fn old(status: u16, code: &str, message: &str) -> Self {
        Self { status, detail: json!({"status": code, "message": message}) }
    }

    /// The list of a validation.
    pub(super) fn missing(field: &str) -> Self {
        Self {
            status: 422,
            detail: json!([{"loc": ["body", field], "msg": "field required", "type": "value_error.missing"}]),
        }
    }

    pub(super) fn invalid(code: &str, message: &str) -> Self {
        Self::new(400, "validation_error", code, message)
    }

    pub(super) fn bad_key() -> Self {
        Self::new(401, "authentication_error", "invalid_api_key", "Invalid API key")
    }

    pub(super) fn no_voice(message: &str) -> Self {
        Self::new(404, "not_found", "voice_not_found", message)
    }

    /// The plan's own limit of requests at once.
    pub(super) fn too_many() -> Self {
        let detail = json!({
            "type": "rate_limit_error", "code": "concurrent_limit_exceeded", "message": "Too many concurrent requests",
            "status": "too_many_concurrent_requests", "param": null,
        });
        Self { status: 429, detail }
    }

    pub(super) fn response(mut self, request_id: &str) -> Response {
        if let Some(detail) = self.detail.as_object_mut().filter(|detail| detail.contains_key("code")) {
            detail.insert("request_id".to_owned(), request_id.into());
        }
        let mut response = Response::new(free(json!({"detail": self.detail}).to_string()));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        put(&mut response, "content-type", "application/json");
        response
    }
}

/// The refusal that a request for so many credits meets, after the waits that belong to it.
pub(super) async fn met(studio: &Studio, met: &Met, credits: u64) -> Option<Refusal> {
    let busy = || Refusal::new(429, "rate_limit_error", "system_busy", "The system is experiencing heavy traffic.");
    let internal = || Refusal::new(500, "internal_error", "internal_error", "An internal error occurred.");
    let quota = format!(
        "This request exceeds your quota of 10000. You have 0 credits remaining, while {credits} credits are required for \
         this request."
    );
    let named = [
        (ElevenLabs::BadKey, Refusal::bad_key()),
        (ElevenLabs::Quota, Refusal::old(401, "quota_exceeded", &quota)),
        (
            ElevenLabs::MissingPermissions,
            Refusal::old(401, "missing_permissions", "The API key you used is missing the permission text_to_speech."),
        ),
        (ElevenLabs::PaidPlan, Refusal::old(402, "paid_plan_required", "This voice needs a paid plan.")),
        (ElevenLabs::CreatorOnly, Refusal::old(403, "only_for_creator+", "This is only for creators and above.")),
        (ElevenLabs::VoiceNotFound, Refusal::no_voice("A voice with that id was not found.")),
        (ElevenLabs::PlainNotFound, Refusal { status: 404, detail: json!("Not Found") }),
        (ElevenLabs::Validation, Refusal::missing("text")),
        (ElevenLabs::TextTooLong, Refusal::invalid("text_too_long", "The text is longer than the model takes.")),
        (ElevenLabs::TooManyConcurrent, Refusal::too_many()),
        (ElevenLabs::SystemBusy, busy()),
        (ElevenLabs::InternalError, internal()),
    ];
    if let Some((_, refusal)) = named.into_iter().find(|(oddity, _)| met.has(*oddity)) {
        return Some(refusal);
    }
    match met.fault? {
        Fault::RateLimitedWithHint | Fault::RateLimited => Some(Refusal::too_many()),
        Fault::Overloaded => Some(busy()),
        Fault::ServerError => Some(internal()),
        Fault::TimeOut => {
            studio.pause(studio.waits.time_out).await;
            Some(Refusal::new(504, "internal_error", "timeout", "The request took too long."))
        }
        Fault::SlowFirstByte => {
            studio.pause(studio.waits.slow_first_byte).await;
            None
        }
        Fault::CutStream | Fault::MalformedJson | Fault::SchemaMiss | Fault::OverBilling => None,
    }
}
