//! Google's refusals: the codes in its documentation of errors of November 2026, drawn, named or earned.

use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::paced::free;
use super::super::state::{Met, Studio};
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::Gemini;
use crate::rehearsal::limits::Over;

/// A refusal in the vendor's form.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    code: u16,
    status: &'static str,
    pub(super) message: String,
    details: Vec<Value>,
}

impl Refusal {
    pub(super) fn new(code: u16, status: &'static str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), details: Vec::new() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    fn with(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }

    pub(super) fn bad_key() -> Self {
        Self::invalid("API key not valid. Please pass a valid API key.").with(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
            "domain": "googleapis.com", "metadata": {"service": "generativelanguage.googleapis.com"},
        }))
    }

    pub(super) fn model(id: &str, version: &str) -> Self {
        let message = format!(
            "models/{id} is not found for API version {version}, or is not supported for generateContent. Call \
             ListModels to see the list of available models and their supported methods."
        );
        Self::new(404, "NOT_FOUND", message)
    }

    /// The document of the error.
    pub(super) fn document(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message, "status": self.status});
        if let Some(members) = error.as_object_mut().filter(|_| !self.details.is_empty()) {
            members.insert("details".to_owned(), Value::Array(self.details.clone()));
        }
        json!({"error": error})
    }

    pub(super) fn response(self) -> Response {
        let mut response = Response::new(free(self.document().to_string()));
        *response.status_mut() = StatusCode::from_u16(self.code).unwrap_or(StatusCode::BAD_REQUEST);
        let kind = HeaderValue::from_static("application/json; charset=UTF-8");
        response.headers_mut().insert("content-type", kind);
        response
    }
}

/// A quota that is used up, with the time to come back where the vendor says it.
fn quota(model: &str, id: &str, wait: Option<String>) -> Refusal {
    let message = match &wait {
        Some(wait) => format!("You exceeded your current quota. Please retry in {wait}."),
        None => "You exceeded your current quota.".to_owned(),
    };
    let failure = json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests", "quotaId": id,
        "quotaDimensions": {"model": model, "location": "global"}, "quotaValue": "50",
    }]});
    let help = json!({"@type": "type.googleapis.com/google.rpc.Help", "links": []});
    let refusal = Refusal::new(429, "RESOURCE_EXHAUSTED", message).with(failure).with(help);
    match wait {
        Some(wait) => refusal.with(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": wait})),
        None => refusal,
    }
}

/// The id of the quota of a minute.
const PER_MINUTE: &str = "GenerateRequestsPerMinutePerProjectPerModel";

/// What is said to a request that no room is left for.
pub(super) fn over(model: &str, over: Over) -> Refusal {
    match over {
        Over::Concurrent { .. } => quota(model, "ConcurrentRequestsPerProjectPerModel", None),
        Over::Rate { left, .. } => {
            quota(model, PER_MINUTE, Some(format!("{:.3}s", left.some_in.as_secs_f64().max(0.001))))
        }
    }
}

/// The refusal that a request meets, after the waits that belong to it.
pub(super) async fn met(studio: &Studio, met: &Met, model: &str) -> Option<Refusal> {
    let delay = || studio.waits.retry_after.as_secs_f64();
    let unavailable = || Refusal::new(503, "UNAVAILABLE", "The model is overloaded. Please try again later.");
    let internal = || Refusal::new(500, "INTERNAL", "An internal error has occurred.");
    let late = || Refusal::new(504, "DEADLINE_EXCEEDED", "The request took too long.");
    let named = [
        (Gemini::BadKey, Refusal::bad_key()),
        (Gemini::Permission, Refusal::new(403, "PERMISSION_DENIED", "The caller does not have permission.")),
        (
            Gemini::Precondition,
            Refusal::new(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        ),
        (Gemini::NotFound, Refusal::model(model, "v1beta")),
        (Gemini::QuotaRetryInfo, quota(model, PER_MINUTE, Some(format!("{:.3}s", delay() + 0.25)))),
        (Gemini::QuotaPerDay, quota(model, "GenerateRequestsPerDayPerProjectPerModel-FreeTier", Some("45s".into()))),
        (Gemini::Overloaded, unavailable()),
        (Gemini::Internal, internal()),
        (Gemini::Cancelled, Refusal::new(499, "CANCELLED", "The operation was cancelled.")),
    ];
    if let Some((_, refusal)) = named.into_iter().find(|(oddity, _)| met.has(*oddity)) {
        return Some(refusal);
    }
    if met.has(Gemini::Deadline) {
        studio.pause(studio.waits.time_out).await;
        return Some(late());
    }
    let plain = || Refusal::new(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.");
    match met.fault? {
        Fault::RateLimitedWithHint => {
            let hint =
                json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{}s", delay())});
            Some(plain().with(hint))
        }
        Fault::RateLimited => Some(plain()),
        Fault::Overloaded => Some(unavailable()),
        Fault::ServerError => Some(internal()),
        Fault::TimeOut => {
            studio.pause(studio.waits.time_out).await;
            Some(late())
        }
        Fault::SlowFirstByte => {
            studio.pause(studio.waits.slow_first_byte).await;
            None
        }
        Fault::CutStream | Fault::MalformedJson | Fault::SchemaMiss | Fault::OverBilling => None,
    }
}
