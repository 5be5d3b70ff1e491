//! Requests that may wait, sent together and answered within a day, for half the price: taken, asked after and fetched.
//!
//! One vendor's batches are spoken so far, Anthropic's. Not for who waits and for how long: that is for whoever sends.

use serde_json::Value;

pub use super::anthropic::batches::{BatchError, Stands};
use super::anthropic::batches::{batch, create, custom_id, lines, path_of, patient};
use super::call::{Prepared, Vendor};
use super::endpoint::Endpoint;
use super::error::{CallError, ChargeKnown, RetryClass};
use super::headers::Headers;
use super::transport::{Limits, RawResponse, Transport};

/// The status of a service that takes nothing in at the moment.
const OVERLOADED: u16 = 529;

/// The request as one of a batch; `None` where its vendor has no batches that are spoken here.
pub fn waiting(prepared: &Prepared) -> Option<Prepared> {
    match prepared.vendor {
        Vendor::Anthropic => patient(prepared),
        Vendor::Gemini | Vendor::ElevenLabs | Vendor::OpenAi | Vendor::Perplexity => None,
    }
}

/// Sends requests as a batch, each with the key of its intent, and gives the vendor's name for the batch.
///
/// # Errors
///
/// When it was refused, which is not charged; or when no answer came, and the batch may have been taken all the same.
pub async fn send(
    transport: &Transport,
    endpoint: &Endpoint,
    requests: &[(&str, &Prepared)],
    limits: Limits,
) -> Result<String, CallError> {
    let unfit = |what: String| CallError::new(RetryClass::Stop, ChargeKnown::NotCharged, &what);
    let made = create(requests).map_err(|error| unfit(error.to_string()))?;
    let key = requests.first().map_or("", |(key, _)| key);
    let raw = transport.send(endpoint, &made, key, 0, limits, &mut ()).await?;
    if !(200..300).contains(&raw.status) {
        let unread = || CallError::new(RetryClass::AskPerson, ChargeKnown::Uncertain, "The batch was refused");
        let refused = raw.decode().err().unwrap_or_else(unread);
        // A single call that fails within the service is free. A batch may have been taken before it failed.
        let may_be_taken = raw.status >= 500 && raw.status != OVERLOADED;
        let charge = if may_be_taken { ChargeKnown::Uncertain } else { refused.charge };
        return Err(CallError { charge, ..refused });
    }
    batch(&raw.body).map(|batch| batch.id).ok_or_else(|| {
        let said = "The answer to a batch names none: it may have been taken all the same";
        CallError::new(RetryClass::AskPerson, ChargeKnown::Uncertain, said).with_status(raw.status)
    })
}

/// How a batch stands, or why that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its results are not there yet.
    Worked,
    /// Its results are there.
    Ended,
    /// The vendor itself says that it does not know it, or not any more.
    Gone,
    /// The question was not answered: it is to be asked again.
    Unknown(String),
}

/// Asks how a batch stands. Costs nothing.
pub async fn ask(transport: &Transport, endpoint: &Endpoint, id: &str, limits: Limits) -> Standing {
    let Some(path) = path_of(id) else { return Standing::Gone };
    match transport.ask(endpoint, &path, limits).await {
        Err(unanswered) => Standing::Unknown(unanswered.said),
        Ok(raw) if is_unknown(&raw) => Standing::Gone,
        Ok(raw) => match (raw.status, batch(&raw.body)) {
            (200, Some(batch)) if batch.stands == Stands::Ended => Standing::Ended,
            (200, Some(_)) => Standing::Worked,
            (status, _) => Standing::Unknown(format!("status {status}")),
        },
    }
}

/// Whether it is the vendor that says that there is no such thing. A gateway or a proxy on the way may say so of anything.
fn is_unknown(raw: &RawResponse) -> bool {
    let body: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
    matches!(raw.status, 404 | 410) && body.pointer("/error/type").and_then(Value::as_str) == Some("not_found_error")
}

/// Why results were not fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfetched {
    /// The vendor itself says that it does not have them, or not any more.
    Gone,
    /// They are to be asked for again.
    Unknown(String),
}

/// The results of a batch that has ended: the headers that all of them came with, and the line of each request.
#[derive(Clone, Debug)]
pub struct Results {
    headers: Headers,
    lines: Vec<(String, Vec<u8>)>,
}

impl Results {
    /// The headers that the results came with.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// What became of the request of an intent, to be decoded as [`super::call::Form::Batched`].
    pub fn of(&self, key: &str) -> Option<&[u8]> {
        let id = custom_id(key);
        self.lines.iter().find(|(known, _)| *known == id).map(|(_, line)| line.as_slice())
    }
}

/// Fetches the results of a batch that has ended. Costs nothing, and can be done again for some weeks.
///
/// # Errors
///
/// With what stood in the way.
pub async fn fetch(transport: &Transport, endpoint: &Endpoint, id: &str, limits: Limits) -> Result<Results, Unfetched> {
    let path = path_of(id).ok_or(Unfetched::Gone)?;
    let raw = transport.fetch(endpoint, &format!("{path}/results"), limits).await;
    let raw = raw.map_err(|missed| Unfetched::Unknown(missed.said))?;
    if is_unknown(&raw) {
        return Err(Unfetched::Gone);
    }
    if raw.status != 200 {
        return Err(Unfetched::Unknown(format!("status {}", raw.status)));
    }
    let lines = lines(&raw.body).map(|(id, line)| (id, line.to_vec())).collect();
    Ok(Results { headers: raw.headers, lines })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::call::Form;

    #[test]
    fn only_the_vendors_own_word_says_that_a_batch_is_gone() {
        let raw = |status, body: &str| RawResponse {
            vendor: Vendor::Anthropic,
            form: Form::Usual,
            status,
            headers: Headers::default(),
            body: body.as_bytes().to_vec(),
        };
        let own = r#"{"type":"error","error":{"type":"not_found_error","message":"batch not found"}}"#;
        assert!(is_unknown(&raw(404, own)) && is_unknown(&raw(410, own)));
        for (status, body) in [(404, "<html>Not Found</html>"), (404, "{}"), (200, own), (403, own), (404, "")] {
            assert!(!is_unknown(&raw(status, body)), "{status} {body}");
        }
    }
}
