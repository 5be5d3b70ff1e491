//! Why a provider cannot be used or asked, in words: what is so, what it means, what to do.

use std::fmt;

use crate::config::environment::key_variable;
use crate::domain::call::Provider;
use crate::provider::call::Vendor;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The key is refused, or one is wanted and none is sent.
    WrongKey,
    /// The key is known and may not do this.
    Restricted,
    /// The account has nothing left, or does not pay.
    NoCredit,
    /// The host is not found.
    Name,
    /// Nothing listens there.
    Refused,
    /// No trusted encryption came about.
    Encryption,
    /// No answer in time.
    Late,
    /// The connection broke off.
    Cut,
    /// The proxy does not let it through.
    Proxy,
    /// Something else answers in the provider's place.
    InTheWay,
    /// What answers is not this provider's service.
    Stranger,
    /// It is there and cannot answer now.
    Busy,
}

impl Kind {
    /// Whether the provider itself has spoken: what it refuses, it refuses to a call too. In every other case nobody knows.
    pub fn is_refusal(self) -> bool {
        match self {
            Self::WrongKey | Self::Restricted | Self::NoCredit => true,
            Self::Name
            | Self::Refused
            | Self::Encryption
            | Self::Late
            | Self::Cut
            | Self::Proxy
            | Self::InTheWay
            | Self::Stranger
            | Self::Busy => false,
        }
    }
}

/// Why a provider cannot be used or asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Whose service it should be.
    pub vendor: Vendor,
    /// The address that was asked.
    pub base: String,
    /// The proxy on the way, without its name and password.
    pub proxy: Option<String>,
    /// Whether a key was sent.
    pub has_key: bool,
    /// What is wrong.
    pub kind: Kind,
    /// What was said of it, on one line and without a key.
    pub said: String,
}

fn provider(vendor: Vendor) -> Provider {
    match vendor {
        Vendor::Anthropic => Provider::Anthropic,
        Vendor::Gemini => Provider::Gemini,
        Vendor::ElevenLabs => Provider::ElevenLabs,
        Vendor::OpenAi => Provider::OpenAi,
        Vendor::Perplexity => Provider::Perplexity,
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vendor: who, base, said, .. } = self;
        let name = provider(*who);
        let variable = key_variable(name);
        match self.kind {
            Kind::WrongKey if !self.has_key => write!(
                f,
                "{who} at {base} wants a key and is sent none ({said}): every call would be refused, and none charged. Set \
                 `providers.{name}.send_key` to true, and {variable}"
            ),
            Kind::WrongKey => write!(
                f,
                "{who} refuses the key ({said}): every call would be refused, and none charged. Set {variable} anew, or the \
                 file that `providers.{name}.key_file` names"
            ),
            Kind::Restricted => write!(
                f,
                "{who} knows the key and does not let it do this ({said}): calls may be refused too, and are not charged \
                 then. Give the key the right in the provider's account, or set {variable} to another"
            ),
            Kind::NoCredit => write!(
                f,
                "{who} takes the key, and its account has nothing left ({said}): calls would be refused, and not charged. \
                 See to the account, or give the role another model"
            ),
            Kind::Name => write!(
                f,
                "the host of {base} is not found ({said}): nothing was sent, and whether the key holds is not known. Check \
                 `providers.{name}.base_url` and this machine's connection"
            ),
            Kind::Refused => write!(
                f,
                "nothing answers at {base} ({said}): nothing was sent, and whether the key holds is not known. Start the \
                 server there, or correct `providers.{name}.base_url`"
            ),
            Kind::Encryption => write!(
                f,
                "there is no trusted encryption with {base} ({said}): the key was not sent. Where a proxy of your own opens \
                 encrypted connections, name its certificates in `network.ca_file`; otherwise the address is wrong, or \
                 somebody listens"
            ),
            Kind::Late => write!(
                f,
                "{base} does not answer ({said}): whether the key holds is not known. Try again; check the connection, or \
                 set `network.proxy` where this network wants one"
            ),
            Kind::Cut => write!(
                f,
                "the connection to {base} broke off ({said}): whether the key holds is not known. Try again; if it stays, \
                 something on the way ends it"
            ),
            Kind::Proxy => {
                let proxy = self.proxy.as_deref().unwrap_or("on the way");
                write!(
                    f,
                    "the proxy {proxy} does not let {base} through ({said}): nothing reached {who}. Start it, give it its \
                     name and password, or correct `network.proxy`"
                )
            }
            Kind::InTheWay => {
                let proxy = self.proxy.as_ref().map(|proxy| format!(", by the proxy {proxy}")).unwrap_or_default();
                write!(
                    f,
                    "something else answers in the place of {who} at {base}{proxy} ({said}): a portal or a proxy. No call \
                     would arrive. Sign in to the network, or correct `network.proxy`"
                )
            }
            Kind::Stranger => write!(
                f,
                "what answers at {base} is not {who} ({said}): no call would be understood. Correct \
                 `providers.{name}.base_url`"
            ),
            Kind::Busy => write!(
                f,
                "{who} is there and cannot answer now ({said}): whether the key holds is not known. Try again in a while"
            ),
        }
    }
}
