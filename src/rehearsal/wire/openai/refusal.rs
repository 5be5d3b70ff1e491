//! Refusals of the servers that speak OpenAI's wire, each in its own form (their documentation, November 2026), drawn, named or
//! earned.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::paced::{free, put};
use super::super::state::{Met, Studio};
use super::Habit;
use crate::rehearsal::faults::Fault;
use crate::rehearsal::faults::oddities::OpenAi;
use crate::rehearsal::limits::Over;

/// A refusal before it has its server's form.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    kind: &'static str,
    pub(super) message: String,
    retry_after: Option<Duration>,
    /// Members that llama.cpp adds to an overflow: the tokens of the prompt and of the context.
    counts: Option<(u64, u64)>,
    form: Form,
}

/// The form, where a fault chooses it and not the server's habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Usual,
    Bare,
    Unwrapped,
}

impl Refusal {
    pub(super) fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), retry_after: None, counts: None, form: Form::Usual }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    pub(super) fn bad_key() -> Self {
        Self::new(401, "authentication_error", "Invalid API Key")
    }

    pub(super) fn model(id: &str) -> Self {
        Self::new(404, "not_found_error", format!("model '{id}' not found"))
    }

    /// A prompt that is longer than the context, in the words of each server.
    pub(super) fn overflow(habit: Habit, prompt: u64, context: u64) -> Self {
        let message = match habit {
            Habit::Vllm => format!(
                "This model's maximum context length is {context} tokens. However, you requested {prompt} tokens."
            ),
            Habit::LlamaCpp | Habit::Mixed | Habit::Ollama | Habit::LmStudio => {
                "the request exceeds the available context size. try increasing the context size or enable context shift"
                    .to_owned()
            }
        };
        let kind = if habit == Habit::Vllm { "invalid_request_error" } else { "exceed_context_size_error" };
        Self { counts: Some((prompt, context)), ..Self::new(400, kind, message) }
    }

    /// The document of the error as a server writes it. `is_bare` makes the mixed one write a bare text.
    pub(super) fn document(&self, habit: Habit, is_bare: bool) -> Value {
        let Self { status, kind, message, .. } = self;
        match (self.form, habit) {
            (Form::Bare, _) | (Form::Usual, Habit::LmStudio) => json!({"error": message}),
            (Form::Unwrapped, _) => {
                json!({"object": "error", "message": message, "type": "BadRequestError", "param": null, "code": status})
            }
            (Form::Usual, Habit::Mixed) if is_bare && *status == 500 => json!({"error": message}),
            (Form::Usual, Habit::Mixed) => {
                json!({"error": {"message": message, "type": kind, "param": null, "code": status}})
            }
            (Form::Usual, Habit::Ollama) => {
                let kind = match status {
                    400 => "invalid_request_error",
                    404 => "not_found_error",
                    _ => "api_error",
                };
                json!({"error": {"message": message, "type": kind, "param": null, "code": null}})
            }
            (Form::Usual, Habit::LlamaCpp) => {
                let mut error = json!({"code": status, "message": message, "type": kind});
                if let Some((members, (prompt, context))) = error.as_object_mut().zip(self.counts) {
                    members.insert("n_prompt_tokens".to_owned(), prompt.into());
                    members.insert("n_ctx".to_owned(), context.into());
                }
                json!({"error": error})
            }
            (Form::Usual, Habit::Vllm) => {
                let kind = match status {
                    400 => "BadRequestError",
                    401 => "UnauthorizedError",
                    404 => "NotFoundError",
                    429 => "TooManyRequestsError",
                    503 => "ServiceUnavailableError",
                    _ => "InternalServerError",
                };
                json!({"error": {"message": message, "type": kind, "param": null, "code": status}})
            }
        }
    }

    pub(super) fn response(self, habit: Habit, is_bare: bool) -> Response {
        let mut response = Response::new(free(self.document(habit, is_bare).to_string()));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        put(&mut response, "content-type", "application/json");
        if let Some(wait) = self.retry_after {
            put(&mut response, "retry-after", &(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).to_string());
        }
        response
    }
}

fn limited() -> Refusal {
    Refusal::new(429, "rate_limit_error", "Rate limit reached for requests")
}

/// What is said to a request that no room is left for: a server of one's own has a queue that is full.
pub(super) fn over(over: Over) -> Refusal {
    match over {
        Over::Concurrent { .. } => {
            Refusal::new(503, "unavailable_error", "server busy, please try again. maximum pending requests exceeded")
        }
        Over::Rate { left, .. } => Refusal { retry_after: Some(left.some_in.max(Duration::from_secs(1))), ..limited() },
    }
}

/// The refusal that a request meets, after the waits that belong to it.
pub(super) async fn met(studio: &Studio, met: &Met, habit: Habit, model: &str) -> Option<Refusal> {
    let loading = || Refusal::new(503, "unavailable_error", "Loading model");
    let gone = || Refusal::new(500, "server_error", "the slot is gone");
    let named = [
        (OpenAi::BadKey, Refusal::bad_key()),
        (OpenAi::WrongModel, Refusal::model(model)),
        (OpenAi::RateLimit, Refusal { retry_after: Some(studio.waits.retry_after), ..limited() }),
        (OpenAi::Loading503, loading()),
        (OpenAi::QueueFull503, over(Over::Concurrent { most: 0 })),
        (OpenAi::ServerError, gone()),
        (OpenAi::BareError, Refusal { form: Form::Bare, ..gone() }),
        (OpenAi::UnwrappedError, Refusal { form: Form::Unwrapped, ..Refusal::invalid("the request is not valid") }),
        (OpenAi::ContextOverflow, Refusal::overflow(habit, 5_000, 4_096)),
    ];
    if let Some((_, refusal)) = named.into_iter().find(|(oddity, _)| met.has(*oddity)) {
        return Some(refusal);
    }
    match met.fault? {
        Fault::RateLimitedWithHint => Some(Refusal { retry_after: Some(studio.waits.retry_after), ..limited() }),
        Fault::RateLimited => Some(limited()),
        Fault::Overloaded => Some(loading()),
        Fault::ServerError => Some(gone()),
        Fault::TimeOut => {
            studio.pause(studio.waits.time_out).await;
            Some(Refusal::new(504, "server_error", "the model took too long"))
        }
        Fault::SlowFirstByte => {
            studio.pause(studio.waits.slow_first_byte).await;
            None
        }
        Fault::CutStream | Fault::MalformedJson | Fault::SchemaMiss | Fault::OverBilling => None,
    }
}
