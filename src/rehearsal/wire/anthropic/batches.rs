//! Message batches: half the price, a later answer, results in no order.
//!
//! A batch is worked when somebody looks at it after its time has come; what it costs is metered then, under each request's
//! custom id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::paced::{free, put};
use super::super::request::{header, token};
use super::super::state::{Met, Studio};
use super::answer::compose;
use super::check::{self, Purpose};
use super::refusal::Refusal;
use super::{is_new, version};
use crate::rehearsal::author::Dice;
use crate::rehearsal::faults::oddities::Anthropic;
use crate::rehearsal::meter::{Call, Ending, Used};

/// How long a batch takes at a pace of 1, in milliseconds.
const MILLIS: u64 = 20_000;

/// The most requests of one batch.
const MOST: usize = 100_000;

/// Whether a batch is still worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    InProgress,
    Canceling,
    Ended,
}

/// One batch.
#[derive(Clone, Debug)]
struct Batch {
    created: Timestamp,
    due: Option<Timestamp>,
    ended: Option<Timestamp>,
    cancelled: Option<Timestamp>,
    status: Status,
    is_new: bool,
    requests: Vec<(String, Value)>,
    results: Vec<Done>,
}

/// How a request of a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Succeeded,
    Errored,
    Canceled,
    Expired,
}

/// A request of a batch that is over.
#[derive(Clone, Debug)]
struct Done {
    id: String,
    kind: Kind,
    result: Value,
    billed: Option<(Call, Used)>,
}

impl Done {
    fn unbilled(id: &str, kind: Kind) -> Self {
        let word = match kind {
            Kind::Succeeded => "succeeded",
            Kind::Errored => "errored",
            Kind::Canceled => "canceled",
            Kind::Expired => "expired",
        };
        Self { id: id.to_owned(), kind, result: json!({"type": word}), billed: None }
    }
}

/// The batches of a studio, by id.
#[derive(Debug, Default)]
pub(in crate::rehearsal::wire) struct Batches(Mutex<BTreeMap<String, Batch>>);

impl Batches {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Batch>> {
        // Batches stay sound through a panic elsewhere: each change is a whole batch.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, id: &str) -> Option<Batch> {
        self.lock().get(id).cloned()
    }

    fn put(&self, id: &str, batch: Batch) {
        self.lock().insert(id.to_owned(), batch);
    }
}

impl Batch {
    /// The object that tells of it. `base` is the address of the server as the client called it.
    fn object(&self, id: &str, base: &str) -> Value {
        let count = |kind: Kind| self.results.iter().filter(|done| done.kind == kind).count();
        let (status, results) = match self.status {
            Status::InProgress => ("in_progress", None),
            Status::Canceling => ("canceling", None),
            Status::Ended => ("ended", Some(format!("{base}/anthropic/v1/messages/batches/{id}/results"))),
        };
        json!({
            "id": id, "type": "message_batch", "processing_status": status,
            "request_counts": {
                "processing": self.requests.len() - self.results.len(), "succeeded": count(Kind::Succeeded),
                "errored": count(Kind::Errored), "canceled": count(Kind::Canceled), "expired": count(Kind::Expired),
            },
            "created_at": self.created, "expires_at": expiry(self.created), "ended_at": self.ended,
            "cancel_initiated_at": self.cancelled, "archived_at": null, "results_url": results,
        })
    }
}

fn expiry(created: Timestamp) -> Timestamp {
    created.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX)
}

type Answered = Result<Response, Refusal>;

fn base(headers: &HeaderMap) -> String {
    format!("http://{}", header(headers, "host"))
}

fn said(value: &Value) -> Response {
    let mut response = Response::new(free(value.to_string()));
    put(&mut response, "content-type", "application/json");
    response
}

fn missing(id: &str) -> Refusal {
    Refusal::new(404, "not_found_error", format!("batch {id} not found"))
}

/// `POST /v1/messages/batches`.
pub(in crate::rehearsal::wire) async fn create(
    State(studio): State<Arc<Studio>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    super::respond(&studio, &headers, &body, |studio| created(studio, &headers, &body))
}

fn created(studio: &Studio, headers: &HeaderMap, body: &[u8]) -> Answered {
    version(headers)?;
    let parsed: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid(format!("The request body is not valid JSON: {error}")))?;
    let asked = parsed.get("requests").and_then(Value::as_array).filter(|asked| !asked.is_empty());
    let asked = asked.ok_or_else(|| Refusal::invalid("requests: at least one request is required"))?;
    if asked.len() > MOST {
        return Err(Refusal::invalid("requests: at most 100000 requests are allowed"));
    }
    let mut seen = BTreeSet::new();
    let mut requests = Vec::with_capacity(asked.len());
    for (nth, request) in asked.iter().enumerate() {
        let id = request.get("custom_id").and_then(Value::as_str).unwrap_or_default();
        let is_sound = (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !is_sound {
            return Err(Refusal::invalid(format!(
                "requests.{nth}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"
            )));
        }
        if !seen.insert(id) {
            return Err(Refusal::invalid(format!("requests.{nth}.custom_id: Duplicate custom_id '{id}'")));
        }
        let params = request.get("params").filter(|params| params.is_object());
        let params = params.ok_or_else(|| Refusal::invalid(format!("requests.{nth}.params: Field required")))?;
        requests.push((id.to_owned(), params.clone()));
    }
    let now = studio.clock.now();
    // Two batches with one body at one moment are two.
    let stamp = format!("{now} {}", studio.batches.lock().len());
    let id = format!("msgbatch_{}", token(studio.seed, &[body, stamp.as_bytes()].concat(), 0, 24));
    let mut dice = Dice::new(studio.seed, [b"batch".as_slice(), body]);
    let takes = SignedDuration::try_from(studio.takes(MILLIS, &mut dice)).unwrap_or(SignedDuration::ZERO);
    let is_slow = studio.named.met(studio.seed, "anthropic", "", body, 0).contains(&Anthropic::BatchSlow.into());
    let due = if is_slow { None } else { now.checked_add(takes).ok() };
    let batch = Batch {
        created: now,
        due,
        ended: None,
        cancelled: None,
        status: Status::InProgress,
        is_new: is_new(headers),
        requests,
        results: Vec::new(),
    };
    let object = batch.object(&id, &base(headers));
    studio.batches.put(&id, batch);
    Ok(said(&object))
}

/// A batch as it stands now, worked where its time has come.
async fn look(studio: &Studio, id: &str) -> Result<Batch, Refusal> {
    let mut batch = studio.batches.get(id).ok_or_else(|| missing(id))?;
    let now = studio.clock.now();
    let all = |kind: Kind| batch.requests.iter().map(|(id, _)| Done::unbilled(id, kind)).collect();
    batch.results = match batch.status {
        Status::Ended => return Ok(batch),
        Status::Canceling => all(Kind::Canceled),
        Status::InProgress if batch.due.is_some_and(|due| due <= now) => work(studio, &batch).await,
        Status::InProgress if now >= expiry(batch.created) => all(Kind::Expired),
        Status::InProgress => return Ok(batch),
    };
    batch.status = Status::Ended;
    batch.ended = Some(now);
    let mut batches = studio.batches.lock();
    // Whoever was there first has worked and billed it.
    if let Some(first) = batches.get(id).filter(|first| first.status == Status::Ended) {
        return Ok(first.clone());
    }
    for (call, used) in batch.results.iter().filter_map(|done| done.billed.as_ref()) {
        studio.meter.called(call);
        studio.meter.bill(call, *used, Ending::Whole);
    }
    batches.insert(id.to_owned(), batch.clone());
    Ok(batch)
}

/// Answers every request, in no order.
async fn work(studio: &Studio, batch: &Batch) -> Vec<Done> {
    let mut results = Vec::with_capacity(batch.requests.len());
    for (id, params) in &batch.requests {
        let bytes = params.to_string().into_bytes();
        let model = params.get("model").and_then(Value::as_str).unwrap_or_default();
        let met = Met { fault: None, oddities: studio.named.met(studio.seed, "anthropic", model, &bytes, 0) };
        for oddity in &met.oddities {
            studio.meter.met(oddity.name());
        }
        let errored = |refusal: &Refusal| {
            let error = json!({"type": "error", "error": refusal.error(), "request_id": null});
            Done { result: json!({"type": "errored", "error": error}), ..Done::unbilled(id, Kind::Errored) }
        };
        if met.has(Anthropic::BatchExpired) {
            results.push(Done::unbilled(id, Kind::Expired));
            continue;
        }
        if met.has(Anthropic::BatchErrored) {
            results.push(errored(&Refusal::new(500, "api_error", "Internal server error")));
            continue;
        }
        let composed = match check::read(params, batch.is_new, &studio.day(), Purpose::Batch) {
            Err(refusal) => Err(refusal),
            Ok(message) => compose(studio, message, &met, &bytes, 0).await,
        };
        results.push(match composed {
            Err(refusal) => errored(&refusal),
            Ok(mut composed) => {
                composed.used.is_batched = true;
                let call = Call {
                    vendor: "anthropic",
                    model: composed.model.to_owned(),
                    billed: composed.model,
                    key: id.clone(),
                    day: studio.day(),
                };
                let billed = Some((call, composed.used));
                let result = json!({"type": "succeeded", "message": composed.whole()});
                Done { result, billed, ..Done::unbilled(id, Kind::Succeeded) }
            }
        });
    }
    Dice::new(studio.seed, [b"results".as_slice(), batch.created.to_string().as_bytes()]).shuffle(&mut results);
    results
}

/// `GET /v1/messages/batches`.
pub(in crate::rehearsal::wire) async fn list(
    State(studio): State<Arc<Studio>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let ids: Vec<String> = studio.batches.lock().keys().cloned().collect();
    let mut found = Vec::new();
    for id in ids {
        if let Ok(batch) = look(&studio, &id).await {
            found.push((batch.created, id, batch));
        }
    }
    found.sort_by(|a, b| (b.0, &b.1).cmp(&(a.0, &a.1)));
    let base = base(&headers);
    let objects: Vec<Value> = found.iter().map(|(_, id, batch)| batch.object(id, &base)).collect();
    super::respond(&studio, &headers, b"", |_| Ok(said(&super::models::page(objects, &uri))))
}

/// `GET /v1/messages/batches/{id}`.
pub(in crate::rehearsal::wire) async fn get(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let looked = look(&studio, &id).await;
    super::respond(&studio, &headers, id.as_bytes(), |_| looked.map(|batch| said(&batch.object(&id, &base(&headers)))))
}

/// `GET /v1/messages/batches/{id}/results`: JSON lines, in no order.
pub(in crate::rehearsal::wire) async fn results(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let looked = look(&studio, &id).await;
    super::respond(&studio, &headers, id.as_bytes(), |_| {
        let batch = looked?;
        if batch.status != Status::Ended {
            return Err(Refusal::new(404, "not_found_error", format!("batch {id} has no available results")));
        }
        let line = |done: &Done| format!("{}\n", json!({"custom_id": done.id, "result": done.result}));
        let lines: String = batch.results.iter().map(line).collect();
        let mut response = Response::new(free(lines));
        put(&mut response, "content-type", "application/x-jsonl");
        Ok(response)
    })
}

/// `POST /v1/messages/batches/{id}/cancel`.
pub(in crate::rehearsal::wire) async fn cancel(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let looked = look(&studio, &id).await;
    super::respond(&studio, &headers, id.as_bytes(), |studio| {
        let mut batch = looked?;
        if batch.status == Status::InProgress {
            batch.status = Status::Canceling;
            batch.cancelled = Some(studio.clock.now());
            studio.batches.lock().insert(id.clone(), batch.clone());
        }
        Ok(said(&batch.object(&id, &base(&headers))))
    })
}

/// `DELETE /v1/messages/batches/{id}`, of one that has ended.
pub(in crate::rehearsal::wire) async fn delete(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let looked = look(&studio, &id).await;
    super::respond(&studio, &headers, id.as_bytes(), |studio| {
        if looked?.status != Status::Ended {
            return Err(Refusal::invalid(format!("batch {id} is still in progress: cancel it first")));
        }
        studio.batches.lock().remove(&id);
        Ok(said(&json!({"id": id, "type": "message_batch_deleted"})))
    })
}
