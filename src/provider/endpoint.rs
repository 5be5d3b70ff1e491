//! Where a vendor is spoken to, and with which key. The key never shows: not in `Debug`, not in an error.

use std::fmt;
use std::net::IpAddr;

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::call::Vendor;
use super::mask::Mask;

/// A vendor's address with the key for it, or without one where the vendor's servers may take none.
#[derive(Clone)]
pub struct Endpoint {
    vendor: Vendor,
    base: String,
    key: Option<SecretString>,
    manner: Manner,
    mask: Mask,
}

/// How a vendor is spoken to, beyond its address and its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// The version of Anthropic's wire; the older one where not given.
    pub version: Option<String>,
    /// Whether Anthropic is shown the key as a bearer's.
    pub is_bearer: bool,
    /// Headers that are sent beside our own. They carry no keys.
    pub headers: Vec<(String, String)>,
}

/// An address or a key that is not fit for use. Nothing was sent. No variant repeats what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It cannot be read as an address.
    #[error("the base address of {0} is not an address: write it as `https://host`, with a port or a path if need be")]
    NotAnAddress(Vendor),
    /// A key would travel unencrypted.
    #[error("the base address of {0} is not encrypted: use `https`; plain `http` is for this machine only")]
    NotEncrypted(Vendor),
    /// A user, a password, a query or a fragment stands in the address.
    #[error("the base address of {0} holds a user, a query or a fragment: leave them out, the key is set apart")]
    NotBare(Vendor),
    /// The key is empty or has characters that no key has.
    #[error("the key for {0} is empty or holds characters that no key has: set it again")]
    BadKey(Vendor),
    /// The vendor answers nobody without a key.
    #[error("{0} takes no call without a key: set one")]
    NeedsKey(Vendor),
    /// A header that was added is none.
    #[error("a header that is added for {0} is none: check its name and its value")]
    BadHeader(Vendor),
}

impl Endpoint {
    /// An endpoint after a check of its address and its key.
    ///
    /// # Errors
    ///
    /// When the address is not a bare `https` one (or `http` on this machine), or the key is no key.
    pub fn new(vendor: Vendor, base: &str, key: SecretString) -> Result<Self, EndpointError> {
        let base = bare(vendor, base)?;
        let secret = key.expose_secret();
        if secret.is_empty() || !secret.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(EndpointError::BadKey(vendor));
        }
        let mask = Mask::new([secret]);
        Ok(Self { vendor, base, key: Some(key), manner: Manner::default(), mask })
    }

    /// An endpoint to which no key is sent, after a check of its address. Only a server that speaks OpenAI's wire may be
    /// one that takes none.
    ///
    /// # Errors
    ///
    /// When the vendor always takes a key, or the address is not a bare `https` one (or `http` on this machine).
    pub fn without_key(vendor: Vendor, base: &str) -> Result<Self, EndpointError> {
        match vendor {
            Vendor::OpenAi => {
                let base = bare(vendor, base)?;
                Ok(Self { vendor, base, key: None, manner: Manner::default(), mask: Mask::new([]) })
            }
            Vendor::Anthropic | Vendor::Gemini | Vendor::ElevenLabs | Vendor::Perplexity => {
                Err(EndpointError::NeedsKey(vendor))
            }
        }
    }

    /// The same endpoint, spoken to in another manner.
    ///
    /// # Errors
    ///
    /// When one of the headers cannot be sent.
    pub fn with_manner(mut self, manner: Manner) -> Result<Self, EndpointError> {
        let is_sound = |(name, value): &(String, String)| {
            HeaderName::try_from(name.as_str()).is_ok() && HeaderValue::try_from(value.as_str()).is_ok()
        };
        if !manner.headers.iter().all(is_sound) {
            return Err(EndpointError::BadHeader(self.vendor));
        }
        self.manner = manner;
        Ok(self)
    }

    /// How the vendor is spoken to.
    pub(super) fn manner(&self) -> &Manner {
        &self.manner
    }

    /// Whose endpoint it is.
    pub fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// The address, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The key, for the one place that sends it; `None` where none is sent.
    pub(super) fn key(&self) -> Option<&SecretString> {
        self.key.as_ref()
    }

    /// The same endpoint, whose answers are kept free of all that this mask knows. It knows the endpoint's own key too.
    #[must_use]
    pub fn guarded(self, mask: &Mask) -> Self {
        Self { mask: mask.clone(), ..self }
    }

    /// The mask that keeps every known key out of what comes back.
    pub(super) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// A whole body with every occurrence of a known key replaced by as many `*`, so that it keeps its shape. To be
    /// applied to a body before it is stored or read.
    pub fn masked(&self, bytes: &[u8]) -> Vec<u8> {
        self.mask.body(bytes)
    }
}

/// The address without a slash at its end, if it is fit to be sent a key.
fn bare(vendor: Vendor, base: &str) -> Result<String, EndpointError> {
    let url = reqwest::Url::parse(base).map_err(|_| EndpointError::NotAnAddress(vendor))?;
    let host = url.host_str().ok_or(EndpointError::NotAnAddress(vendor))?;
    let bare_host = host.trim_start_matches('[').trim_end_matches(']');
    let here = host == "localhost" || bare_host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        "http" => return Err(EndpointError::NotEncrypted(vendor)),
        _ => return Err(EndpointError::NotAnAddress(vendor)),
    }
    let user = !url.username().is_empty() || url.password().is_some();
    if user || url.query().is_some() || url.fragment().is_some() {
        return Err(EndpointError::NotBare(vendor));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("vendor", &self.vendor).field("base", &self.base).field("key", &"***").finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: &str, key: &str) -> Result<Endpoint, EndpointError> {
        Endpoint::new(Vendor::Gemini, base, SecretString::from(key))
    }

    #[test]
    fn an_address_that_would_leak_the_key_is_refused() {
        for good in ["https://api.example.org/", "http://127.0.0.1:8080/gemini", "http://localhost:1", "http://[::1]:1"]
        {
            assert!(endpoint(good, "k1").is_ok(), "{good}");
        }
        let refused = [
            ("api.example.org", EndpointError::NotAnAddress(Vendor::Gemini)),
            ("ftp://api.example.org", EndpointError::NotAnAddress(Vendor::Gemini)),
            ("http://api.example.org", EndpointError::NotEncrypted(Vendor::Gemini)),
            ("http://127.0.0.1.example.org", EndpointError::NotEncrypted(Vendor::Gemini)),
            ("https://me:pw@api.example.org", EndpointError::NotBare(Vendor::Gemini)),
            ("https://api.example.org?key=1", EndpointError::NotBare(Vendor::Gemini)),
        ];
        for (base, error) in refused {
            assert_eq!(endpoint(base, "k1").err(), Some(error), "{base}");
        }
        for key in ["", "two words", "line\n"] {
            assert_eq!(endpoint("https://x.org", key).err(), Some(EndpointError::BadKey(Vendor::Gemini)));
        }
    }

    #[test]
    fn only_a_server_of_openais_wire_may_go_without_a_key_and_its_address_is_checked_all_the_same() {
        let local = Endpoint::without_key(Vendor::OpenAi, "http://127.0.0.1:11434/").unwrap();
        assert_eq!((local.base(), local.key().is_none()), ("http://127.0.0.1:11434", true));
        assert_eq!(local.masked(b"nothing to hide"), b"nothing to hide");
        let open = Endpoint::without_key(Vendor::OpenAi, "http://models.example.org");
        assert_eq!(open.err(), Some(EndpointError::NotEncrypted(Vendor::OpenAi)));
        for vendor in [Vendor::Anthropic, Vendor::Gemini, Vendor::ElevenLabs, Vendor::Perplexity] {
            let refused = Endpoint::without_key(vendor, "https://x.org").err();
            assert_eq!(refused, Some(EndpointError::NeedsKey(vendor)));
        }
    }

    #[test]
    fn the_key_shows_nowhere() {
        let endpoint = endpoint("https://x.org/", "very-secret").unwrap();
        assert!(!format!("{endpoint:?}").contains("secret"));
        assert_eq!(endpoint.base(), "https://x.org");
        assert_eq!(endpoint.masked(b"a very-secretvery-secret b"), b"a ********************** b");
        assert_eq!(endpoint.masked(b"short"), b"short");
    }
}
