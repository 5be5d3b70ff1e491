//! Perplexity's refusals (its documentation and client, November 2026), drawn, named or earned.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::paced::{free, put};
use super::super::state::{Met, Studio};
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::Perplexity;
use crate::rehearsal::limits::Over;

/// A refusal in the vendor's form.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: u16,
    kind: &'static str,
    message: String,
    retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), retry_after: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", message)
    }

    pub(super) fn bad_key() -> Self {
        Self::new(401, "unauthorized", "")
    }

    pub(super) fn model(id: &str) -> Self {
        Self::new(400, "invalid_model", format!("Invalid model '{id}'."))
    }

    /// The older chat completions, which ended in September 2026. The status that they answer with since then is not documented.
    pub(super) fn retired() -> Self {
        Self::new(404, "not_found", "Sonar is now the Agent API")
    }

    /// The error as it stands in a document.
    pub(super) fn error(&self) -> Value {
        json!({"message": self.message, "type": self.kind, "code": self.status})
    }

    pub(super) fn response(self) -> Response {
        // The vendor's edge refuses a key, and in HTML.
        let (body, kind) = match self.status {
            401 => ("<html><body><h1>401 Authorization Required</h1></body></html>".to_owned(), "text/html"),
            502 => ("<html><body><h1>502 Bad Gateway</h1><p>cloudflare</p></body></html>".to_owned(), "text/html"),
            422 => {
                let detail = json!([{"loc": ["body", "input"], "msg": self.message, "type": self.kind}]);
                (json!({"detail": detail}).to_string(), "application/json")
            }
            _ => (json!({"error": self.error()}).to_string(), "application/json"),
        };
        let mut response = Response::new(free(body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        put(&mut response, "content-type", kind);
        if let Some(wait) = self.retry_after {
            put(&mut response, "retry-after", &(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).to_string());
        }
        response
    }
}

fn limited() -> Refusal {
    Refusal::new(429, "rate_limit_exceeded", "Too many requests")
}

/// What is said to a request that no room is left for.
pub(super) fn over(over: Over) -> Refusal {
    match over {
        Over::Concurrent { .. } => Refusal::new(429, "rate_limit_exceeded", "Too many concurrent requests"),
        Over::Rate { left, .. } => Refusal { retry_after: Some(left.some_in.max(Duration::from_secs(1))), ..limited() },
    }
}

/// The refusal that a request meets, after the waits that belong to it.
pub(super) async fn met(studio: &Studio, met: &Met, model: &str) -> Option<Refusal> {
    let named = [
        (Perplexity::Html401, Refusal::bad_key()),
        (Perplexity::Credit, Refusal::new(402, "insufficient_credit", "You have no credit left.")),
        (Perplexity::Permission, Refusal::new(403, "forbidden", "The key may not use this model.")),
        (Perplexity::InvalidModel, Refusal::model(model)),
        (Perplexity::Validation, Refusal::new(422, "value_error", "the value is not valid")),
        (Perplexity::RateLimit, Refusal { retry_after: Some(studio.waits.retry_after), ..limited() }),
        (Perplexity::EdgeHtml, Refusal::new(502, "", "")),
    ];
    if let Some((_, refusal)) = named.into_iter().find(|(oddity, _)| met.has(*oddity)) {
        return Some(refusal);
    }
    match met.fault? {
        Fault::RateLimitedWithHint => Some(Refusal { retry_after: Some(studio.waits.retry_after), ..limited() }),
        Fault::RateLimited => Some(limited()),
        Fault::Overloaded => Some(Refusal::new(503, "service_unavailable", "The service is overloaded")),
        Fault::ServerError => Some(Refusal::new(500, "internal_server_error", "Something went wrong")),
        Fault::TimeOut => {
            studio.pause(studio.waits.time_out).await;
            Some(Refusal::new(504, "gateway_timeout", "The request took too long"))
        }
        Fault::SlowFirstByte => {
            studio.pause(studio.waits.slow_first_byte).await;
            None
        }
        Fault::CutStream | Fault::MalformedJson | Fault::SchemaMiss | Fault::OverBilling => None,
    }
}
