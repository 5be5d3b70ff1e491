//! One paid call: the request goes out once, the answer is teed to the spool while it arrives, and is a flushed artifact
//! before it is a result.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::exchange::{self, KeptAnswer};
use super::price::{Order, Priced};
use super::tee::Tee;
use super::{Workshop, span};
use crate::domain::call::{RetryClass, Usage};
use crate::domain::decide;
use crate::domain::event::Provenance;
use crate::domain::ids::{ContentHash, IntentKey};
use crate::domain::money::MicroUsd;
use crate::domain::step::{Advice, CallAnswer, CallFailure, CallStep, Charged, Outcome};
use crate::engine::executor::Tell;
use crate::engine::room::LOOK;
use crate::ledger::spool::{SpoolError, SpoolMeta, SpoolWriter, Spooled};
use crate::provider::allowance::Allowance;
use crate::provider::call::{Form, Prepared};
use crate::provider::endpoint::Endpoint;
use crate::provider::error::{self, CallError, ChargeKnown};
use crate::provider::headers::Headers;
use crate::provider::transport::{Limits, RawResponse};

/// The day on which a price holds.
pub(super) fn day(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// Seconds before each try to keep an answer that is paid for, before a person is told.
const KEEPING: [u64; 3] = [0, 1, 2];

/// The wait before each further try, for as long as the program runs: a full disk may get room.
const KEEPING_ON: Duration = Duration::from_secs(10);

impl Workshop {
    /// Makes one paid call.
    pub(super) async fn make(self: Arc<Self>, step: CallStep, tell: Tell) -> Result<CallAnswer, CallFailure> {
        let provider = step.route.provider;
        let endpoint = match self.endpoints.get(&provider) {
            Some(Ok(endpoint)) => endpoint,
            Some(Err(why)) => return Err(CallFailure { class: RetryClass::AskPerson, ..unmade(&step, why.clone()) }),
            None => return Err(unmade(&step, format!("{provider} is not set up"))),
        };
        let began = self.clock.monotonic();
        let ready = {
            let (shop, step) = (Arc::clone(&self), step.clone());
            blocking(move || exchange::request(&shop.bytes(&step.request)?))
        };
        let request = ready.await.map_err(|what| unmade(&step, what))?;
        let (on, terms) = (day(step.at), exchange::terms(&request));
        let characters = exchange::characters(&request);
        let tokens = exchange::most_tokens(&request);
        let order = Order { route: &step.route, worst: step.worst, characters, tokens, on, terms };
        let (answer, tee) = if request.form == Form::Batched {
            let said = Arc::clone(&self).patiently(&step, &request, endpoint, &tell).await;
            let (headers, line) = said.map_err(|error| self.failure(&error, &order))?;
            // What the provider holds for weeks under the name of the batch needs no spool.
            (KeptAnswer::new(&request, 200, headers, line), None)
        } else {
            let (raw, tee) = self.alone(&step, &request, endpoint, &order).await?;
            let answer = KeptAnswer::new(&request, raw.status, raw.headers, raw.body);
            let (status, headers) = (answer.status(), answer.header_pairs());
            (answer, Some((tee, status, headers)))
        };
        let took = self.clock.monotonic().saturating_duration_since(began);
        let (answer, mut tee) = (Arc::new(answer), tee);
        // How long a batch lay there says nothing of how long its provider works.
        let machine_ms = if request.form == Form::Batched { 0 } else { whole_ms(took) };
        // The answer is paid for: while it cannot be kept, it is held here and tried again.
        let mut tries = 0;
        let mut waits = KEEPING.into_iter().map(Duration::from_secs);
        loop {
            tokio::time::sleep(waits.next().unwrap_or(KEEPING_ON)).await;
            let (shop, answer, step, tee) = (Arc::clone(&self), Arc::clone(&answer), step.clone(), tee.take());
            let span = tracing::Span::current();
            let kept = tokio::task::spawn_blocking(move || {
                let _within = span.enter();
                if let Some((mut tee, status, headers)) = tee {
                    tee.finish(status, headers);
                }
                let order = Order { route: &step.route, worst: step.worst, characters, tokens, on, terms };
                shop.settle(&answer, &order, machine_ms)
            });
            let what = match kept.await {
                Ok(Ok(result)) => return result,
                Ok(Err(what)) => what,
                // A fault of the program would be the same at the next try.
                Err(_) => {
                    let what = decide::unkept("this call met a fault of the program");
                    return Err(CallFailure { class: RetryClass::AskPerson, charge: Charged::Arrived, ..unsent(what) });
                }
            };
            tracing::error!(%what, key = %step.key, "an answer that is paid for cannot be kept");
            tries += 1;
            if tries == KEEPING.len() {
                // The dispatcher is gone only when the process ends. What is kept later settles the charge after all.
                let _ = tell.send(decide::arrived(&step.key, &what));
            }
        }
    }

    /// Sends a request by itself, and gives the whole answer with what was teed of it.
    async fn alone(
        self: &Arc<Self>,
        step: &CallStep,
        request: &Prepared,
        endpoint: &Endpoint,
        order: &Order<'_>,
    ) -> Result<(RawResponse, Tee), CallFailure> {
        let writer = self.with_room(&step.key, exchange::room(request, self.settings.answer_bytes)).await?;
        self.progress.begun(&step.key);
        let mut tee = Tee::new(writer, request, &step.key, Arc::clone(&self.progress));
        let total = Duration::from_secs(u64::from(step.time_limit_seconds)).min(self.limits.total);
        let limits = Limits { total, ..self.limits };
        let attempt = step.key.attempt.saturating_sub(1);
        match self.transport.send(endpoint, request, &step.sent.to_string(), attempt, limits, &mut tee).await {
            Ok(raw) => Ok((raw, tee)),
            Err(error) => Err(self.failure(&error, order)),
        }
    }

    /// The file of an answer with room for all of it. While there is none, nothing is sent; it goes on when there is.
    async fn with_room(self: &Arc<Self>, key: &IntentKey, room: u64) -> Result<SpoolWriter, CallFailure> {
        loop {
            let (shop, own) = (Arc::clone(self), key.clone());
            let begun = blocking(move || match shop.room.may_fit(room).then(|| shop.spool.begin(&own, room)) {
                None => Ok(Err(None)),
                Some(Ok(writer)) => Ok(Ok(writer)),
                Some(Err(SpoolError::NoRoom { source })) => Ok(Err(Some(source.to_string()))),
                Some(Err(error)) => Err(error.to_string()),
            });
            match begun.await.map_err(unsent)? {
                Ok(writer) => {
                    self.room.leave(key);
                    return Ok(writer);
                }
                Err(_) if self.room.is_closing() => {
                    let what = "it was not sent: the program ended while it waited for disk space".to_owned();
                    return Err(CallFailure { class: RetryClass::RetryAfter, ..unsent(what) });
                }
                Err(why) => self.room.wait(key, room, why),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Prices a whole answer and keeps it.
    fn settle(
        &self,
        answer: &KeptAnswer,
        order: &Order<'_>,
        machine_ms: u64,
    ) -> Result<Result<CallAnswer, CallFailure>, String> {
        let decoded = answer.decode();
        let Allowance { most, rest } = answer.allowance();
        let advice = Advice { most, rest_ms: rest.map(whole_ms) };
        let (counted, model, request_id) = match &decoded {
            Ok(answer) => (answer.usage.as_ref(), answer.model.as_deref(), answer.request_id.clone()),
            Err(error) if error.charge == ChargeKnown::Charged => {
                (error.usage.as_deref(), None, error.request_id.clone())
            }
            Err(error) => return Ok(Err(CallFailure { advice, ..self.failure(error, order) })),
        };
        if let Ok(decoded) = &decoded {
            span::answered(answer, decoded);
        }
        let Priced { usage, price, bill } = self.price(counted, model, order);
        if answer.is_rehearsed() != (self.provenance == Provenance::Rehearsal) {
            let message = match self.provenance {
                Provenance::Live => {
                    "the answer is marked as rehearsed, and this studio is live: its provider's address points to a rehearsal"
                }
                Provenance::Rehearsal => {
                    "the answer is not marked as rehearsed: a rehearsal must not reach a real provider"
                }
            };
            let is_paid = !answer.is_rehearsed();
            let charge = Charged::Known(if is_paid { price } else { MicroUsd::ZERO });
            return Ok(Err(CallFailure {
                class: RetryClass::Stop,
                message: message.to_owned(),
                retry_after_ms: None,
                advice,
                charge,
                usage,
                bill: is_paid.then_some(bill),
                request_id,
            }));
        }
        let answer = self.keep(&answer.artifact()?)?;
        Ok(Ok(CallAnswer { answer, usage, price, machine_ms, request_id, bill: Some(bill), advice }))
    }

    /// A call that brought no whole answer.
    fn failure(&self, error: &CallError, order: &Order<'_>) -> CallFailure {
        span::failed(error);
        let class = match error.class {
            error::RetryClass::RetryAfter => RetryClass::RetryAfter,
            error::RetryClass::LowerConcurrency => RetryClass::LowerConcurrency,
            error::RetryClass::FixRequest => RetryClass::FixRequest,
            error::RetryClass::OtherModel => RetryClass::OtherModel,
            error::RetryClass::AskPerson => RetryClass::AskPerson,
            error::RetryClass::Stop => RetryClass::Stop,
        };
        let (charge, usage, bill) = match error.charge {
            ChargeKnown::NotCharged => (Charged::Known(MicroUsd::ZERO), Usage::default(), None),
            ChargeKnown::Uncertain => (Charged::Uncertain, Usage::default(), None),
            ChargeKnown::Charged => {
                let Priced { usage, price, bill } = self.price(error.usage.as_deref(), None, order);
                (Charged::Known(price), usage, Some(bill))
            }
        };
        let (retry_after_ms, advice) = (error.retry_after.map(whole_ms), Advice::default());
        let (message, request_id) = (error.message.clone(), error.request_id.clone());
        CallFailure { class, message, retry_after_ms, advice, charge, usage, bill, request_id }
    }

    /// What became of a call that was sent and whose task is gone: settled where the spool holds all of its answer, uncertain where
    /// it does not. An answer that came whole and cannot be kept or read back is never taken as lost.
    pub(in crate::engine) fn recover(&self, sent: &CallStep) -> Outcome {
        match self.spool.look(&sent.key) {
            Ok(Spooled::Complete { meta, body }) => match self.settle_spooled(sent, &meta, body) {
                Ok(result) => Outcome::Called { key: sent.key.clone(), result },
                Err(why) => decide::arrived(&sent.key, &why),
            },
            Ok(Spooled::Damaged { bytes }) => {
                let why = format!("it was whole, and the {bytes} bytes that are there now are not what had come");
                decide::arrived(&sent.key, &why)
            }
            Ok(Spooled::Absent | Spooled::Partial { .. }) => decide::lost(&sent.key),
            Err(error) => decide::arrived(&sent.key, &error.to_string()),
        }
    }

    /// A whole spooled body without any key that is known today, as its answer is kept.
    fn masked(&self, body: &[u8]) -> Vec<u8> {
        // Every endpoint knows all keys.
        let known = self.endpoints.values().find_map(|endpoint| endpoint.as_ref().ok());
        known.map_or_else(|| body.to_vec(), |endpoint| endpoint.masked(body))
    }

    fn settle_spooled(
        &self,
        sent: &CallStep,
        meta: &SpoolMeta,
        body: Vec<u8>,
    ) -> Result<Result<CallAnswer, CallFailure>, String> {
        // Without its request nobody knows how the answer is to be read.
        let request = exchange::request(&self.bytes(&sent.request)?)?;
        let answer = spooled(&request, meta, self.masked(&body));
        let characters = exchange::characters(&request);
        let (on, terms) = (day(sent.at), exchange::terms(&request));
        let tokens = exchange::most_tokens(&request);
        let order = Order { route: &sent.route, worst: sent.worst, characters, tokens, on, terms };
        self.settle(&answer, &order, 0)
    }

    /// Whether a kept answer can be read by this version.
    pub(in crate::engine) fn can_read(&self, answer: &ContentHash) -> bool {
        let kept = self.bytes(answer).and_then(|artifact| KeptAnswer::read(&artifact));
        kept.is_ok_and(|kept| kept.decode().is_ok())
    }

    /// Keeps the answer of a call that was settled and whose artifact is gone, from the spool; whether it is kept now.
    pub(in crate::engine) fn restore(&self, sent: &CallStep, answer: &ContentHash) -> bool {
        let Ok(Spooled::Complete { meta, body }) = self.spool.look(&sent.key) else { return false };
        let kept = self.bytes(&sent.request).and_then(|bytes| exchange::request(&bytes));
        let artifact = kept.and_then(|request| spooled(&request, &meta, self.masked(&body)).artifact());
        artifact.is_ok_and(|artifact| {
            ContentHash::of(&artifact) == *answer && self.keep(&artifact).is_ok_and(|kept| kept == *answer)
        })
    }
}

/// A spooled answer to a request.
fn spooled(request: &Prepared, meta: &SpoolMeta, body: Vec<u8>) -> KeptAnswer {
    let pairs = meta.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    KeptAnswer::new(request, meta.status, Headers::keep(pairs), body)
}

/// A call that could not be made now. One that is in a batch was sent before.
fn unmade(step: &CallStep, what: String) -> CallFailure {
    match step.batch {
        Some(_) => CallFailure { class: RetryClass::AskPerson, charge: Charged::Uncertain, ..unsent(what) },
        None => unsent(what),
    }
}

/// A call that was not sent.
fn unsent(what: String) -> CallFailure {
    CallFailure {
        class: RetryClass::Stop,
        message: what,
        retry_after_ms: None,
        advice: Advice::default(),
        charge: Charged::Known(MicroUsd::ZERO),
        usage: Usage::default(),
        bill: None,
        request_id: None,
    }
}

fn whole_ms(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

async fn blocking<T: Send + 'static>(act: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(act))
        .await
        .unwrap_or_else(|_| Err("this call met a fault of the program".to_owned()))
}
