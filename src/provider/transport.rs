//! One exchange over HTTP: sends the prepared bytes once and hands on what comes back as it arrives.
//!
//! It knows whether a request left this machine, and so what may have been charged. It does not try again, follow a
//! redirect, read a proxy from the environment or judge an answer: a complete answer of any status is for
//! [`super::call::decode`]. A call is its own connection: an idle one that the other side had just closed would turn
//! into an uncertain charge.

mod gate;
pub mod get;
pub mod proxy;
#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::header::{self, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Sleep;

use self::gate::Gate;
use self::proxy::Proxy;
use super::call::{Answer, Form, Prepared, Vendor, decode};
use super::endpoint::Endpoint;
use super::error::{CallError, ChargeKnown, RetryClass};
use super::headers::Headers;
use super::hints;
use super::mask::{Mask, Masking};

/// The version of Anthropic's wire where the endpoint names none. Both are accepted for every model, and nothing is sent in
/// which the newer one differs (Anthropic's documentation of versions, November 2026).
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// The most bytes of an answer. Ten minutes of speech in base64 are 38 MB.
pub const LARGEST_BODY: usize = 96 * 1024 * 1024;

/// The most bytes of a refusal that are read.
const LARGEST_REFUSAL: usize = 64 * 1024;

/// How long each part of an exchange may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until the request begins to leave: name, connection and encryption.
    pub connect: Duration,
    /// From then until the status arrives. An answer that is not streamed takes its whole making here.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub idle: Duration,
    /// For everything.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            first_byte: Duration::from_secs(600),
            idle: Duration::from_secs(120),
            total: Duration::from_secs(1_200),
        }
    }
}

/// Takes an answer as it arrives. It is called between two reads, in order, and must be quick. It cannot fail: the call
/// is paid for by then, so a sink that cannot write keeps its trouble to itself and the body still comes back whole.
pub trait BodySink: Send {
    /// The status and the headers, once, before any chunk.
    fn head(&mut self, status: u16, headers: &Headers);
    /// The next bytes of the body.
    fn chunk(&mut self, bytes: &[u8]);
}

/// A sink for who does not want to watch.
impl BodySink for () {
    fn head(&mut self, _status: u16, _headers: &Headers) {}
    fn chunk(&mut self, _bytes: &[u8]) {}
}

/// A complete answer of any status, as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct RawResponse {
    /// Whose answer it is.
    pub vendor: Vendor,
    /// How it is written.
    pub form: Form,
    /// The HTTP status.
    pub status: u16,
    /// The headers that are kept.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("vendor", &self.vendor)
            .field("form", &self.form)
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

impl RawResponse {
    /// What was answered.
    ///
    /// # Errors
    ///
    /// As [`decode`].
    pub fn decode(&self) -> Result<Answer, CallError> {
        decode(self.vendor, self.form, self.status, &self.headers, &self.body)
    }
}

/// How the transport is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// A proxy on the way; none is used where it is not given.
    pub proxy: Option<Proxy>,
    /// Certificates to trust beside the system's, as PEM: those of a proxy that opens encrypted connections, or of a server of
    /// one's own.
    pub trusted: Option<Vec<u8>>,
    /// The most bytes of an answer.
    pub largest_body: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { proxy: None, trusted: None, largest_body: LARGEST_BODY }
    }
}

/// The transport could not be set up. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection to the providers could not be set up: {0}. Check the proxy and the system's certificates")]
pub struct SetupError(String);

impl SetupError {
    /// An error of this cause, in words without a secret.
    pub fn new(cause: String) -> Self {
        Self(cause)
    }
}

/// The way out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Transport {
    client: reqwest::Client,
    proxy: Option<Proxy>,
    largest_body: usize,
}

impl Transport {
    /// Sets up the way out, without sending anything.
    ///
    /// # Errors
    ///
    /// When the proxy's address is wrong or the system's certificates cannot be read.
    pub fn new(options: &Options) -> Result<Self, SetupError> {
        let told = |error: reqwest::Error| SetupError(super::error::clean(&with_sources(&error.without_url())));
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .pool_max_idle_per_host(0)
            .user_agent(concat!("greenroom/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &options.proxy {
            builder = builder.proxy(proxy.rule());
        }
        if let Some(trusted) = &options.trusted {
            let certificates = reqwest::Certificate::from_pem_bundle(trusted).map_err(told)?;
            if certificates.is_empty() {
                return Err(SetupError("the file of trusted certificates holds none".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(told)?;
        Ok(Self { client, proxy: options.proxy.clone(), largest_body: options.largest_body })
    }

    /// The proxy through which a server at this address is reached, where there is one.
    pub fn proxy_to(&self, address: &str) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|proxy| proxy.covers(address))
    }

    /// Sends a prepared request once, under an idempotency key, and gives the answer when it is complete. The sink sees
    /// the status, the headers and each piece of the body as they arrive, those of a refusal too.
    ///
    /// `attempt` is 0 for the first try of a piece of work. Dropping the future leaves the charge uncertain.
    ///
    /// # Errors
    ///
    /// When no complete answer came. An error before the request began to leave is not charged; after that it is
    /// uncertain, unless the status had already said that the vendor refused.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        prepared: &Prepared,
        key: &str,
        attempt: u32,
        limits: Limits,
        sink: &mut dyn BodySink,
    ) -> Result<RawResponse, CallError> {
        let gate = Gate::default();
        let request = self.request(endpoint, prepared, key, attempt, &gate)?;
        let mut total = pin!(tokio::time::sleep(limits.total));
        let response = first_byte(request.send(), &gate, limits, total.as_mut(), prepared.vendor).await?;
        self.body(response, (prepared, endpoint.mask().clone()), limits, total, sink).await
    }

    fn request(
        &self,
        endpoint: &Endpoint,
        prepared: &Prepared,
        key: &str,
        attempt: u32,
        gate: &Gate,
    ) -> Result<reqwest::RequestBuilder, CallError> {
        let vendor = prepared.vendor;
        let refuse = |what: &str| CallError::new(RetryClass::Stop, ChargeKnown::NotCharged, what);
        if endpoint.vendor() != vendor {
            let what = format!("A request in the words of {vendor} was given to the endpoint of {}", endpoint.vendor());
            return Err(refuse(&what));
        }
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(refuse("The key of the call is not fit for a header"));
        }
        let accept = match (prepared.form, prepared.streaming) {
            (Form::Samples(_) | Form::Wav, _) => "audio/*, application/json",
            (Form::Usual | Form::Sonar | Form::Batched, true) => "text/event-stream",
            (Form::Usual | Form::Sonar | Form::Batched, false) => "application/json",
        };
        let request = self
            .client
            .post(format!("{}{}", endpoint.base(), prepared.path))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, prepared.body.len())
            .header(header::ACCEPT, accept)
            .header(HeaderName::from_static("idempotency-key"), key)
            .header(HeaderName::from_static("x-retry-count"), attempt);
        let request =
            mannered(request, endpoint).ok_or_else(|| refuse("The key for the provider is not fit for a header"))?;
        let body = Bytes::from(prepared.body.clone());
        let gate = gate.clone();
        let leaving = futures_util::stream::once(async move {
            match gate.pass() {
                true => Ok(body),
                false => Err(std::io::Error::other("the call was given up before it was sent")),
            }
        });
        Ok(request.body(reqwest::Body::wrap_stream(leaving)))
    }

    async fn body(
        &self,
        response: reqwest::Response,
        (prepared, mask): (&Prepared, Mask),
        limits: Limits,
        mut total: Pin<&mut Sleep>,
        sink: &mut dyn BodySink,
    ) -> Result<RawResponse, CallError> {
        let (vendor, form) = (prepared.vendor, prepared.form);
        let status = response.status().as_u16();
        let good = response.status().is_success();
        let headers = Headers::keep(response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        // A server may repeat the key: nothing behind this line holds it, not the spool and not a message.
        let headers = headers.masked(&mask);
        let is_stream = good && prepared.streaming && !matches!(form, Form::Samples(_) | Form::Wav);
        let whole = mask.clone();
        let mut masking = Masking::new(mask, is_stream);
        sink.head(status, &headers);
        let largest = if good { self.largest_body } else { LARGEST_REFUSAL };
        let mut raw = RawResponse { vendor, form, status, headers, body: Vec::new() };
        let mut pieces = response.bytes_stream();
        loop {
            let fault = match within(pieces.next(), limits.idle, total.as_mut()).await {
                Ok(None) => {
                    let rest = masking.finish();
                    sink.chunk(&rest);
                    raw.body.extend_from_slice(&rest);
                    if good {
                        raw.body = whole.body(&raw.body);
                    }
                    return Ok(raw);
                }
                Ok(Some(Ok(piece))) if raw.body.len().saturating_add(piece.len()) <= largest => {
                    let piece = masking.push(&piece);
                    // What may be the beginning of a key waits for what follows.
                    if !piece.is_empty() {
                        sink.chunk(&piece);
                    }
                    raw.body.extend_from_slice(&piece);
                    continue;
                }
                Ok(Some(Ok(_))) => {
                    let what = format!("The answer of {vendor} is larger than {largest} bytes, and was given up");
                    CallError::new(RetryClass::Stop, ChargeKnown::Uncertain, &what)
                }
                // A body that is cut off is reported as a fault of decoding; it is one of the connection all the same.
                Ok(Some(Err(error))) => lost(vendor, &format!("was cut: {}", with_sources(&error.without_url()))),
                Err(Late::Stage) => lost(vendor, &format!("stood still for {:?}", limits.idle)),
                Err(Late::Total) => lost(vendor, &format!("was not complete after {:?}", limits.total)),
            };
            // The status has spoken before the cut: a refusal stays a refusal, and half its words may do. They are
            // judged by the same table as a whole one.
            let rest = masking.finish();
            if !rest.is_empty() {
                sink.chunk(&rest);
            }
            raw.body.extend_from_slice(&rest);
            let refused = if good { None } else { raw.decode().err() };
            let id = hints::request_id(&raw.headers);
            return Err(refused.unwrap_or_else(|| fault.with_status(status).with_request_id(id)));
        }
    }
}

/// The request with what the endpoint adds to every one: the key, the version of the wire, further headers. `None` where the
/// key is not fit for a header.
fn mannered(request: reqwest::RequestBuilder, endpoint: &Endpoint) -> Option<reqwest::RequestBuilder> {
    let (vendor, manner) = (endpoint.vendor(), endpoint.manner());
    let mut request = request;
    if let Some(secret) = endpoint.key() {
        let (name, mut value) = authorization(vendor, manner.is_bearer, secret)?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    if vendor == Vendor::Anthropic {
        let version = manner.version.as_deref().unwrap_or(ANTHROPIC_VERSION);
        request = request.header(HeaderName::from_static("anthropic-version"), version);
    }
    for (name, value) in &manner.headers {
        request = request.header(name, value);
    }
    Some(request)
}

/// The header in which a vendor takes its key.
fn authorization(vendor: Vendor, is_bearer: bool, secret: &SecretString) -> Option<(HeaderName, HeaderValue)> {
    let plain = |name| Some((HeaderName::from_static(name), HeaderValue::from_str(secret.expose_secret()).ok()?));
    match vendor {
        Vendor::Anthropic if !is_bearer => plain("x-api-key"),
        Vendor::Gemini => plain("x-goog-api-key"),
        Vendor::ElevenLabs => plain("xi-api-key"),
        Vendor::Anthropic | Vendor::OpenAi | Vendor::Perplexity => {
            let bearer = SecretString::from(format!("Bearer {}", secret.expose_secret()));
            Some((header::AUTHORIZATION, HeaderValue::from_str(bearer.expose_secret()).ok()?))
        }
    }
}

/// Which limit was reached.
enum Late {
    Stage,
    Total,
}

/// Waits for the status, within the limit for connecting until the request leaves and then within that for the first
/// byte.
async fn first_byte(
    sending: impl Future<Output = reqwest::Result<reqwest::Response>>,
    gate: &Gate,
    limits: Limits,
    mut total: Pin<&mut Sleep>,
    vendor: Vendor,
) -> Result<reqwest::Response, CallError> {
    let mut sending = pin!(sending);
    let leaving = async {
        tokio::select! {
            biased;
            done = &mut sending => Some(done),
            () = gate.opened() => None,
        }
    };
    let connected = within(leaving, limits.connect, total.as_mut()).await;
    let outcome = match connected {
        Ok(Some(done)) => Ok(done),
        Ok(None) => within(&mut sending, limits.first_byte, total).await,
        // Both may have happened at once, and then the request is on its way.
        Err(late) if gate.abandon() => {
            let limit = match late {
                Late::Stage => limits.connect,
                Late::Total => limits.total,
            };
            return Err(unsent(vendor, &format!("no connection within {limit:?}")));
        }
        Err(Late::Stage) => within(&mut sending, limits.first_byte, total).await,
        Err(Late::Total) => Err(Late::Total),
    };
    match outcome {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => {
            let why = with_sources(&error.without_url());
            Err(if gate.passed() { lost(vendor, &format!("did not come: {why}")) } else { unsent(vendor, &why) })
        }
        Err(Late::Stage) => Err(lost(vendor, &format!("did not begin within {:?}", limits.first_byte))),
        Err(Late::Total) => Err(lost(vendor, &format!("did not begin within {:?}", limits.total))),
    }
}

/// The future's output, unless a limit is reached first.
async fn within<T>(future: impl Future<Output = T>, stage: Duration, total: Pin<&mut Sleep>) -> Result<T, Late> {
    tokio::select! {
        biased;
        done = future => Ok(done),
        () = total => Err(Late::Total),
        () = tokio::time::sleep(stage) => Err(Late::Stage),
    }
}

/// The request never left.
fn unsent(vendor: Vendor, why: &str) -> CallError {
    let what = format!("{vendor} could not be reached, and nothing was sent: {why}");
    CallError::new(RetryClass::RetryAfter, ChargeKnown::NotCharged, &what)
}

/// The request left, and its answer is lost.
fn lost(vendor: Vendor, what: &str) -> CallError {
    let what = format!("The request reached {vendor}, but its answer {what}");
    CallError::new(RetryClass::RetryAfter, ChargeKnown::Uncertain, &what)
}

/// The error with what caused it, on one line.
fn with_sources(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
