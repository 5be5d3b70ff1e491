//! The way out: through which proxy, who is reached without it, which certificates are trusted beside the system's.
//!
//! A proxy of the environment is taken where the settings say so, and is never taken silently. Its name and password never show.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::environment::Environment;
use super::fault::{Fault, Place};

/// The word that stands for no proxy.
pub(super) const NONE: &str = "none";

/// The word that stands for the proxy that the environment names.
pub(super) const ENVIRONMENT: &str = "environment";

/// The address of a proxy. It may hold a name and a password, which are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress(String);

impl ProxyAddress {
    /// The address, where it is one; the fault completes a sentence that begins with the key and repeats nothing.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let wanted =
            || "must be \"none\", \"environment\" or the address of a proxy, such as \"http://host:3128\"".to_owned();
        let url = reqwest::Url::parse(text).map_err(|_| wanted())?;
        let is_bare = url.query().is_none() && url.fragment().is_none() && matches!(url.path(), "" | "/");
        match url.scheme() {
            "http" | "https" if is_bare && url.host_str().is_some_and(|host| !host.is_empty()) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(wanted()),
        }
    }

    /// The whole address, for the one place that connects to it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.split_once("://"), self.0.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => write!(f, "{scheme}://***@{host}"),
            (..) => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A proxy that the environment names.
#[derive(Clone, Debug)]
pub struct NamedProxy {
    /// The variable.
    pub variable: &'static str,
    /// What it holds.
    pub address: SecretString,
}

/// The way out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The proxy on the way.
    pub proxy: Option<ProxyAddress>,
    /// The variable of the environment that it was taken from.
    pub from: Option<&'static str>,
    /// The variable of the environment that names a proxy and is not followed.
    pub ignored: Option<&'static str>,
    /// Hosts that are reached without the proxy, with all under them.
    pub direct: Vec<String>,
    /// The file with certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
}

impl Network {
    /// Follows the environment where that was asked for, and otherwise notes what is not followed.
    pub(super) fn follow(&mut self, environment: &Environment, wanted: bool) -> Result<(), Fault> {
        match (&environment.proxy, wanted) {
            (Some(named), true) => {
                let place = Place { file: named.variable.to_owned(), line: 0, column: 0 };
                let read = ProxyAddress::read(named.address.expose_secret());
                self.proxy = Some(read.map_err(|what| Fault { place, what: format!("`network.proxy` {what}") })?);
                self.from = Some(named.variable);
                self.direct.extend(hosts(environment.no_proxy.as_deref().unwrap_or_default()));
            }
            (Some(named), false) => self.ignored = self.proxy.is_none().then_some(named.variable),
            (None, _) => {}
        }
        Ok(())
    }
}

/// The hosts of a list with commas.
pub(super) fn hosts(list: &str) -> Vec<String> {
    let hosts = list.split(',').map(str::trim).filter(|host| !host.is_empty() && *host != NONE);
    hosts.map(str::to_owned).collect()
}
