//! A proxy on the way to the providers, and who is reached without it. Its name and password never show.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use super::SetupError;

/// A proxy that is spoken to in HTTP.
#[derive(Clone)]
pub struct Proxy {
    url: Url,
    direct: Vec<String>,
}

impl Proxy {
    /// A proxy at an address, `http://host:port` or `https://host:port`, with a name and a password in front of the host
    /// where it wants them. Hosts in `direct` are reached without it, and so are all under them.
    ///
    /// # Errors
    ///
    /// When the address is not one of a proxy. What was given is not repeated.
    pub fn new(address: &str, direct: impl IntoIterator<Item = String>) -> Result<Self, SetupError> {
        let refuse = || SetupError("the address of the proxy is not one: write it as `http://host:port`".to_owned());
        let url = Url::parse(address).map_err(|_| refuse())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(refuse());
        }
        let direct = direct.into_iter().map(|host| host.trim().trim_start_matches('.').to_ascii_lowercase());
        Ok(Self { url, direct: direct.filter(|host| !host.is_empty()).collect() })
    }

    /// Whether a server at this address is reached through it. What is sent in clear text, to a server of this machine, goes
    /// through no proxy of another machine.
    pub fn covers(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| self.takes(&url))
    }

    fn takes(&self, url: &Url) -> bool {
        let host = bare(url).to_ascii_lowercase();
        let is_under = |direct: &String| {
            host.strip_suffix(direct.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let is_clear = url.scheme() == "http" && !is_here(bare(&self.url));
        !is_clear && !self.direct.iter().any(is_under)
    }

    /// What the client is told.
    pub(super) fn rule(&self) -> reqwest::Proxy {
        let own = self.clone();
        reqwest::Proxy::custom(move |url| own.takes(url).then(|| own.url.clone()))
    }
}

/// The host without the brackets of an address of version 6.
fn bare(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for Proxy {
    /// The address, with `***` in the place of a name and a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_user = !self.url.username().is_empty() || self.url.password().is_some();
        let user = if has_user { "***@" } else { "" };
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        write!(f, "{}://{user}{}{port}", self.url.scheme(), self.url.host_str().unwrap_or_default())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("address", &self.to_string()).field("direct", &self.direct).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(address: &str, direct: &[&str]) -> Proxy {
        Proxy::new(address, direct.iter().map(|host| (*host).to_owned())).unwrap()
    }

    #[test]
    fn hosts_that_are_named_go_direct_and_so_does_clear_text_where_the_proxy_is_elsewhere() {
        let away = proxy("http://gate.example:3128", &["localhost", "127.0.0.1", ".inner.example"]);
        for (address, covered) in [
            ("https://api.anthropic.com", true),
            ("https://inner.example/v1", false),
            ("https://models.inner.example", false),
            ("https://dinner.example", true),
            ("http://127.0.0.1:11434", false),
            ("http://[::1]:8000", false),
            ("no address", false),
        ] {
            assert_eq!(away.covers(address), covered, "{address}");
        }
        let here = proxy("http://127.0.0.1:3128", &[]);
        assert!(here.covers("http://127.0.0.1:11434"), "nothing leaves this machine in clear text");
    }

    #[test]
    fn a_password_shows_nowhere_and_what_is_no_proxy_is_refused_unrepeated() {
        let with = proxy("http://ada:hush@gate.example:3128/", &[]);
        assert_eq!(with.to_string(), "http://***@gate.example:3128");
        assert!(!format!("{with:?}").contains("hush") && !format!("{with:?}").contains("ada"));
        for bad in ["gate.example:3128", "socks5://gate.example", "http://", "ada:hush"] {
            let error = Proxy::new(bad, []).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{bad}: {error}");
        }
    }
}
