//! A question that costs nothing: one `GET` with the key, answered whole or told why not.
//!
//! Nothing is held, spooled or settled for it, and nothing is tried again. Not for paid calls.

use std::error::Error as _;
use std::fmt;
use std::io::{self, ErrorKind};

use futures_util::StreamExt;
use reqwest::header;

use super::{Form, Headers, Limits, RawResponse, Transport, mannered, with_sources};
use crate::provider::endpoint::Endpoint;
use crate::provider::error::clean;

/// The most bytes of an answer: a list of some hundred models is some hundred kilobytes.
const LARGEST_LIST: usize = 8 * 1024 * 1024;

/// Why a question was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// The name of the host leads nowhere.
    Name,
    /// Nothing listens there, or no way leads there.
    Refused,
    /// The encryption did not come about: a certificate that is not trusted, or no encryption at all.
    Encryption,
    /// It took too long.
    Late,
    /// The proxy on the way did not let it through.
    Proxy,
    /// The connection broke off.
    Cut,
    /// The key cannot be sent.
    Unfit,
}

/// A question without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// Why.
    pub missed: Missed,
    /// What the system or the library says, on one line.
    pub said: String,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl Transport {
    /// Asks with a `GET` at a path below the endpoint's address; the answer may be of any status. Its body holds no key.
    ///
    /// # Errors
    ///
    /// When no whole answer came.
    pub async fn ask(&self, endpoint: &Endpoint, path: &str, limits: Limits) -> Result<RawResponse, Unanswered> {
        self.within(endpoint, path, limits, LARGEST_LIST).await
    }

    /// Fetches with a `GET` what was paid for before, as [`Transport::ask`]; as large as any answer may be.
    ///
    /// # Errors
    ///
    /// When no whole answer came.
    pub async fn fetch(&self, endpoint: &Endpoint, path: &str, limits: Limits) -> Result<RawResponse, Unanswered> {
        self.within(endpoint, path, limits, self.largest_body).await
    }

    async fn within(
        &self,
        endpoint: &Endpoint,
        path: &str,
        limits: Limits,
        largest: usize,
    ) -> Result<RawResponse, Unanswered> {
        match tokio::time::timeout(limits.total, self.answer(endpoint, path, largest)).await {
            Ok(answer) => answer,
            Err(_) => Err(Unanswered { missed: Missed::Late, said: format!("no answer within {:?}", limits.total) }),
        }
    }

    async fn answer(&self, endpoint: &Endpoint, path: &str, largest: usize) -> Result<RawResponse, Unanswered> {
        let vendor = endpoint.vendor();
        let request = self.client.get(format!("{}{path}", endpoint.base())).header(header::ACCEPT, "application/json");
        let Some(request) = mannered(request, endpoint) else {
            return Err(Unanswered { missed: Missed::Unfit, said: "the key is not fit for a header".to_owned() });
        };
        let proxied = self.proxy_to(endpoint.base()).is_some();
        let fault = |error: reqwest::Error| unanswered(&error.without_url(), proxied);
        let response = request.send().await.map_err(fault)?;
        let status = response.status().as_u16();
        let headers = Headers::keep(response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let headers = headers.masked(endpoint.mask());
        let mut body = Vec::new();
        let mut pieces = response.bytes_stream();
        while let Some(piece) = pieces.next().await {
            body.extend_from_slice(&piece.map_err(fault)?);
            if body.len() > largest {
                let said = format!("the answer is larger than {largest} bytes");
                return Err(Unanswered { missed: Missed::Cut, said });
            }
        }
        Ok(RawResponse { vendor, form: Form::Usual, status, headers, body: endpoint.masked(&body) })
    }
}

fn unanswered(error: &reqwest::Error, proxied: bool) -> Unanswered {
    let said = with_sources(error);
    let missed = missed(error, &said.to_ascii_lowercase());
    // What was looked for and not reached was the proxy.
    let is_proxys = proxied && matches!(missed, Missed::Name | Missed::Refused);
    Unanswered { missed: if is_proxys { Missed::Proxy } else { missed }, said: clean(&said) }
}

/// What a failure is, by the system's own word for it where one is found, and by the libraries' words where none is.
fn missed(error: &reqwest::Error, said: &str) -> Missed {
    if said.contains("tunnel error") {
        return Missed::Proxy;
    }
    if said.contains("dns error") || said.contains("failed to lookup") {
        return Missed::Name;
    }
    if said.contains("certificate") || said.contains("tls") || said.contains("corrupt message") {
        return Missed::Encryption;
    }
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(fault) = cause.downcast_ref::<io::Error>() {
            match fault.kind() {
                ErrorKind::ConnectionRefused | ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => {
                    return Missed::Refused;
                }
                ErrorKind::TimedOut => return Missed::Late,
                ErrorKind::InvalidData => return Missed::Encryption,
                _ => {}
            }
        }
        source = cause.source();
    }
    if error.is_timeout() { Missed::Late } else { Missed::Cut }
}
