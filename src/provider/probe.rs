//! Whether a provider can be used, asked at an address of its that costs nothing: is it there, is it who it should be, does it
//! take the key, which models and voices does it have.
//!
//! Not for what a set-up needs of them: that is for whoever asks. Every text from outside is cleaned, and none holds a key.

mod read;
#[cfg(test)]
mod tests;
mod trouble;

use std::time::Duration;

use serde_json::Value;

use self::read::Page;
pub use self::trouble::{Kind, Trouble};
use super::call::Vendor;
use super::endpoint::Endpoint;
use super::error::clean;
use super::headers::Headers;
use super::transport::get::Missed;
use super::transport::{Limits, RawResponse, Transport};

/// How long a question may take.
pub const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    first_byte: Duration::from_secs(10),
    idle: Duration::from_secs(5),
    total: Duration::from_secs(12),
};

/// The most pages of a list that are read.
const PAGES: usize = 10;

/// Where a model stands in its life, as its provider tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// In use.
    Active,
    /// On its way out.
    Deprecated,
    /// Gone.
    Retired,
    /// The provider does not say.
    Unsaid,
}

/// A model that a provider lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub life: Life,
    /// When it is retired, as the provider writes it.
    pub retires: Option<String>,
}

/// A voice that the account has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Its id.
    pub id: String,
    /// Its name, on one line.
    pub name: String,
}

/// What a provider that can be used has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Its models.
    pub models: Vec<Model>,
    /// Why they are not all that it has, where that is so: what is not among them may still be there.
    pub unlisted: Option<String>,
    /// The voices of the account; nothing where the provider has none or does not tell them.
    pub voices: Option<Vec<Voice>>,
    /// Characters spoken and the most of them in the account's period, where it tells.
    pub quota: Option<(u64, u64)>,
    /// Calls under way and the most at once, where it tells.
    pub concurrency: Option<(u32, u32)>,
    /// Whether the answer is marked as that of a rehearsal.
    pub rehearsed: bool,
}

impl Found {
    /// The model of this id.
    pub fn model(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }

    /// Whether it has this voice; nothing where that is not known.
    pub fn has_voice(&self, id: &str) -> Option<bool> {
        self.voices.as_ref().map(|voices| voices.iter().any(|voice| voice.id == id))
    }
}

/// Asks a provider.
///
/// # Errors
///
/// When it cannot be used, or cannot be asked: what, what that means and what to do.
pub async fn probe(transport: &Transport, endpoint: &Endpoint, limits: Limits) -> Result<Found, Trouble> {
    let asking = Asking { transport, endpoint, limits };
    let mut found = asking.models().await?;
    if endpoint.vendor() == Vendor::ElevenLabs {
        asking.account(&mut found).await;
    }
    Ok(found)
}

struct Asking<'a> {
    transport: &'a Transport,
    endpoint: &'a Endpoint,
    limits: Limits,
}

impl Asking<'_> {
    fn trouble(&self, kind: Kind, said: &str) -> Trouble {
        let base = self.endpoint.base();
        let proxy = self.transport.proxy_to(base).map(ToString::to_string);
        let has_key = self.endpoint.key().is_some();
        Trouble { vendor: self.endpoint.vendor(), base: base.to_owned(), proxy, has_key, kind, said: clean(said) }
    }

    async fn ask(&self, path: &str) -> Result<(RawResponse, Value), Trouble> {
        let answer = self.transport.ask(self.endpoint, path, self.limits).await;
        let raw = answer.map_err(|unanswered| self.trouble(kind_of(unanswered.missed), &unanswered.said))?;
        match judged(&raw) {
            Ok(body) => Ok((raw, body)),
            Err((kind, said)) => Err(self.trouble(kind, &said)),
        }
    }

    async fn models(&self) -> Result<Found, Trouble> {
        let vendor = self.endpoint.vendor();
        let mut found = Found::default();
        let mut next = None;
        for _ in 0..PAGES {
            let (raw, body) = match self.ask(&read::path(vendor, next.as_deref())).await {
                Ok(answer) => answer,
                Err(trouble) => return self.instead(trouble).await,
            };
            note(&mut found, &raw.headers);
            let Some(Page { models, next: following }) = read::page(vendor, &body) else {
                return Err(self.trouble(Kind::Stranger, "its list of models is none"));
            };
            found.models.extend(models);
            match following {
                Some(following) => next = Some(following),
                None => return Ok(found),
            }
        }
        found.unlisted = Some(format!("its list has more than {PAGES} pages"));
        Ok(found)
    }

    /// What else can be said where the models are not listed: a key may be good for less than a list, and a small server may
    /// have none.
    async fn instead(&self, trouble: Trouble) -> Result<Found, Trouble> {
        match (trouble.vendor, trouble.kind) {
            (Vendor::ElevenLabs, Kind::Restricted) => {
                Ok(Found { unlisted: Some(format!("the key may not list them: {}", trouble.said)), ..Found::default() })
            }
            (Vendor::OpenAi, Kind::Stranger) => {
                let answer = self.transport.ask(self.endpoint, "/health", self.limits).await;
                let Ok(raw) = answer else { return Err(trouble) };
                if raw.status != 200 || is_page(&raw) {
                    return Err(trouble);
                }
                let mut found = Found { unlisted: Some("it lists none".to_owned()), ..Found::default() };
                note(&mut found, &raw.headers);
                Ok(found)
            }
            _ => Err(trouble),
        }
    }

    /// The voices and the quota, as far as the key may see them.
    async fn account(&self, found: &mut Found) {
        if let Ok((raw, body)) = self.ask("/v1/voices").await {
            note(found, &raw.headers);
            found.voices = read::voices(&body);
        }
        if let Ok((raw, body)) = self.ask("/v1/user/subscription").await {
            note(found, &raw.headers);
            found.quota = read::quota(&body);
        }
    }
}

/// Notes what the headers of an answer say.
fn note(found: &mut Found, headers: &Headers) {
    found.rehearsed |= headers.rehearsal();
    let number = |name: &str| headers.get(name).and_then(|text| text.parse::<u32>().ok());
    let both = number("current-concurrent-requests").zip(number("maximum-concurrent-requests"));
    found.concurrency = both.or(found.concurrency);
}

fn kind_of(missed: Missed) -> Kind {
    match missed {
        Missed::Name => Kind::Name,
        Missed::Refused => Kind::Refused,
        Missed::Encryption => Kind::Encryption,
        Missed::Late => Kind::Late,
        Missed::Proxy => Kind::Proxy,
        Missed::Cut => Kind::Cut,
        Missed::Unfit => Kind::WrongKey,
    }
}

/// Whether the answer is a page for people, which no provider's list is.
fn is_page(raw: &RawResponse) -> bool {
    let is_html = raw.headers.get("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    is_html || raw.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

/// What an answer is: a body to read, or what it says of the key, the way and the service.
fn judged(raw: &RawResponse) -> Result<Value, (Kind, String)> {
    let said = || match raw.decode() {
        Err(error) => error.message,
        Ok(_) => format!("status {}", raw.status),
    };
    let body: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
    let words = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let detail = [words("/detail/status"), words("/detail/code")];
    let is = |word: &str| detail.contains(&word);
    let kind = match raw.status {
        407 => Kind::Proxy,
        // The one provider that is known to refuse a key with a page.
        401 if raw.vendor == Vendor::Perplexity => Kind::WrongKey,
        status if is_page(raw) => return Err((Kind::InTheWay, format!("status {status}, with a page for people"))),
        300..=399 => return Err((Kind::InTheWay, format!("status {}, which sends elsewhere", raw.status))),
        200..=299 if body.is_null() => return Err((Kind::Stranger, "its answer is no JSON".to_owned())),
        200..=299 => return Ok(body),
        // Of ElevenLabs the status says nothing: an account without credit and a key that may less are refused with 401 too.
        400..=499 if is("quota_exceeded") => Kind::NoCredit,
        400..=499 if is("missing_permissions") || is("detected_unusual_activity") => Kind::Restricted,
        // Gemini refuses a key as if the request were wrong.
        400 if raw.vendor == Vendor::Gemini && is_key_refused(&body) => Kind::WrongKey,
        401 => Kind::WrongKey,
        402 => Kind::NoCredit,
        403 => Kind::Restricted,
        408 | 429 | 500 | 502..=599 => Kind::Busy,
        _ => Kind::Stranger,
    };
    Err((kind, said()))
}

fn is_key_refused(body: &Value) -> bool {
    let details = body.pointer("/error/details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let by_reason =
        details.iter().any(|detail| detail.get("reason").and_then(Value::as_str) == Some("API_KEY_INVALID"));
    let message = body.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
    by_reason || message.contains("API key not valid")
}
