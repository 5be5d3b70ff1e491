//! Anthropic's refusals: the table of errors in its documentation of November 2026, drawn, named or earned.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::super::paced::{free, put};
use super::super::state::{Met, Studio};
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::Anthropic;
use crate::rehearsal::limits::Over;

/// A refusal in the vendor's form.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) message: String,
    retry_after: Option<Duration>,
    error_code: Option<&'static str>,
    should_retry: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), retry_after: None, error_code: None, should_retry: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// A model that is not there, or not any more.
    pub(super) fn model(id: &str) -> Self {
        Self::new(404, "not_found_error", format!("model: {id}"))
    }

    pub(super) fn bad_key() -> Self {
        Self::new(401, "authentication_error", "invalid x-api-key")
    }

    /// The error object, as it also stands in a stream and in the result of a batch.
    pub(super) fn error(&self) -> serde_json::Value {
        match self.error_code {
            Some(code) => {
                json!({"type": self.kind, "message": self.message, "details": {"error_code": code}})
            }
            None => json!({"type": self.kind, "message": self.message}),
        }
    }

    pub(super) fn response(self, request_id: &str) -> Response {
        let (text, content_type) = match self.status {
            502 => ("<html><body><h1>502 Bad Gateway</h1></body></html>".to_owned(), "text/html"),
            _ => {
                let body = json!({"type": "error", "error": self.error(), "request_id": request_id});
                (body.to_string(), "application/json")
            }
        };
        let mut response = Response::new(free(text));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        put(&mut response, "content-type", content_type);
        if let Some(wait) = self.retry_after {
            put(&mut response, "retry-after", &whole_seconds(wait).to_string());
        }
        if let Some(should) = self.should_retry {
            put(&mut response, "x-should-retry", should);
        }
        response
    }
}

/// A wait in whole seconds, none too short.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// What is said to a request that no room is left for.
pub(super) fn over(over: Over) -> Refusal {
    match over {
        Over::Concurrent { .. } => Refusal::new(
            429,
            "rate_limit_error",
            "Number of concurrent connections has exceeded your rate limit. Please try again later.",
        ),
        Over::Rate { left, .. } => Refusal {
            retry_after: Some(left.some_in.max(Duration::from_secs(1))),
            ..Refusal::new(429, "rate_limit_error", "This request would exceed your organization's rate limit.")
        },
    }
}

/// The refusal that a request meets, after the waits that belong to it.
pub(super) async fn met(studio: &Studio, met: &Met, model: &str) -> Option<Refusal> {
    let limited = || Refusal::new(429, "rate_limit_error", "This request would exceed your rate limit.");
    let overloaded = || Refusal::new(529, "overloaded_error", "Overloaded");
    let named = [
        (Anthropic::BadKey, Refusal::bad_key()),
        (Anthropic::Billing, Refusal::new(402, "billing_error", "Your credit balance is too low.")),
        (Anthropic::Permission, Refusal::new(403, "permission_error", "Your API key does not have permission.")),
        (Anthropic::RetiredModel, Refusal::model(model)),
        (
            Anthropic::SpendLimit,
            Refusal::invalid(
                "You have reached your specified API usage limits. You will regain access on 2027-01-01 at 00:00 UTC.",
            ),
        ),
        (Anthropic::TierSpendLimit, Refusal { error_code: Some("enforced_spend_limit_reached"), ..limited() }),
        (Anthropic::TooLarge, Refusal::new(413, "request_too_large", "Request exceeds the maximum size")),
        (Anthropic::RateLimit, Refusal { retry_after: Some(studio.waits.retry_after), ..limited() }),
        (Anthropic::TooManyConcurrent, over(Over::Concurrent { most: 0 })),
        (Anthropic::Overloaded, overloaded()),
        (Anthropic::ApiError, Refusal::new(500, "api_error", "Internal server error")),
        (Anthropic::Conflict, Refusal::new(409, "conflict_error", "Another request is changing this resource.")),
        (Anthropic::EdgeHtml, Refusal::new(502, "", "")),
        (Anthropic::NoRetry, Refusal { should_retry: Some("false"), ..overloaded() }),
    ];
    if let Some((_, refusal)) = named.into_iter().find(|(oddity, _)| met.has(*oddity)) {
        return Some(refusal);
    }
    let late = || Refusal::new(504, "timeout_error", "The request timed out.");
    if met.has(Anthropic::TimeOut) {
        studio.pause(studio.waits.time_out).await;
        return Some(late());
    }
    match met.fault? {
        Fault::RateLimitedWithHint => Some(Refusal { retry_after: Some(studio.waits.retry_after), ..limited() }),
        Fault::RateLimited => Some(limited()),
        Fault::Overloaded => Some(overloaded()),
        Fault::ServerError => Some(Refusal::new(500, "api_error", "Internal server error")),
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
