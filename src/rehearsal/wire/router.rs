//! One router for all vendors and the meter. Every answer carries the mark of the rehearsal.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::map_response_with_state;
use axum::response::Response;
use axum::routing::{get, post};

use super::state::Studio;
use super::{anthropic, elevenlabs, gemini, openai, perplexity};

/// The header by which an answer says that it was rehearsed. Its value is the studio's seed.
const MARK: HeaderName = HeaderName::from_static("x-greenroom-rehearsal");

/// The largest request that is read, as with Anthropic: 32 MB.
const LARGEST: usize = 32 * 1_000 * 1_000;

/// The routes of a studio.
pub(in crate::rehearsal) fn router(studio: Arc<Studio>) -> Router {
    let mut wires = Router::new()
        .nest("/anthropic", anthropic::routes())
        .nest("/gemini", gemini::routes())
        .nest("/elevenlabs", elevenlabs::routes())
        .nest("/perplexity", perplexity::routes());
    for (habit, path) in openai::Habit::ALL {
        wires = wires.nest(path, openai::routes(habit));
    }
    wires
        .route("/meter", get(read))
        .route("/meter/reset", post(reset))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(map_response_with_state(Arc::clone(&studio), mark))
        .with_state(studio)
}

async fn mark(State(studio): State<Arc<Studio>>, mut response: Response) -> Response {
    response.headers_mut().insert(MARK, HeaderValue::from(studio.seed));
    response
}

async fn read(State(studio): State<Arc<Studio>>) -> Response {
    match serde_json::to_string(&studio.meter.read()) {
        Ok(text) => {
            let mut response = Response::new(Body::from(text));
            response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
            response
        }
        Err(error) => {
            let mut response = Response::new(Body::from(error.to_string()));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

async fn reset(State(studio): State<Arc<Studio>>) -> StatusCode {
    studio.meter.reset();
    StatusCode::NO_CONTENT
}
