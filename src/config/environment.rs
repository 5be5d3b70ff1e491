//! The environment, read once into a snapshot that is passed around. The only place that reads environment variables.
//!
//! Not for what they mean: layering is in [`super::settings`], folders in [`super::paths`], colours in the console. A variable
//! that is set to nothing counts as not set.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use secrecy::SecretString;

use super::network::NamedProxy;
use crate::domain::call::Provider;

/// The environment variable that holds the key of a provider.
pub fn key_variable(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "ANTHROPIC_API_KEY",
        Provider::Gemini => "GEMINI_API_KEY",
        Provider::ElevenLabs => "ELEVENLABS_API_KEY",
        Provider::OpenAi => "OPENAI_API_KEY",
        Provider::Perplexity => "PERPLEXITY_API_KEY",
    }
}

/// The environment variable that sets another address for a provider.
pub fn base_url_variable(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "GREENROOM_ANTHROPIC_BASE_URL",
        Provider::Gemini => "GREENROOM_GEMINI_BASE_URL",
        Provider::ElevenLabs => "GREENROOM_ELEVENLABS_BASE_URL",
        Provider::OpenAi => "GREENROOM_OPENAI_BASE_URL",
        Provider::Perplexity => "GREENROOM_PERPLEXITY_BASE_URL",
    }
}

/// What the environment says about the terminal; what follows from it is the console's to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalEnvironment {
    /// `NO_COLOR` is set to something (<https://no-color.org>).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set to something other than `0`.
    pub force_color: bool,
    /// `COLORTERM`, such as `truecolor`.
    pub colorterm: Option<String>,
    /// `TERM`, such as `xterm-256color`.
    pub term: Option<String>,
    /// The locale of characters: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set.
    pub locale: Option<String>,
    /// `ACCESSIBLE` is set to something other than `0`: a screen reader may be listening.
    pub accessible: bool,
}

impl TerminalEnvironment {
    /// Whether the locale says that characters beyond ASCII can be shown.
    pub fn is_utf8(&self) -> bool {
        let locale = self.locale.as_deref().unwrap_or_default().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    }
}

/// Who runs the program, as the system knows it; recorded beside the name that a decision carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsUser {
    /// The real user id of the process.
    pub uid: u32,
    /// `USER`, which anyone can set: for reading, never for trusting.
    pub name: Option<String>,
}

impl std::fmt::Display for OsUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} (uid {})", self.uid),
            None => write!(f, "uid {}", self.uid),
        }
    }
}

/// A snapshot of the environment variables that the program knows.
#[derive(Clone, Debug)]
pub struct Environment {
    /// `GREENROOM_DATA_DIR`.
    pub data_dir: Option<PathBuf>,
    /// `GREENROOM_CONFIG_DIR`.
    pub config_dir: Option<PathBuf>,
    /// `GREENROOM_CACHE_DIR`.
    pub cache_dir: Option<PathBuf>,
    /// `GREENROOM_LOG`: what is logged, in the words of `tracing`'s filters.
    pub log: Option<String>,
    /// `GREENROOM_AS`: the name under which decisions are recorded.
    pub acting_as: Option<String>,
    /// `VISUAL`, else `EDITOR`.
    pub editor: Option<String>,
    /// The proxy that is named for encrypted connections: the first of `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY` and `all_proxy`.
    pub proxy: Option<NamedProxy>,
    /// `NO_PROXY`, else `no_proxy`: the hosts that are reached without it.
    pub no_proxy: Option<String>,
    /// What bears on the terminal.
    pub terminal: TerminalEnvironment,
    /// Who runs the program.
    pub os_user: OsUser,
    keys: BTreeMap<Provider, SecretString>,
    base_urls: BTreeMap<Provider, String>,
}

/// A variable that is not text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} is not UTF-8 text. Nothing was started: set it anew or unset it.")]
pub struct NotText(pub &'static str);

impl Environment {
    /// The environment of this process.
    ///
    /// # Errors
    ///
    /// When a variable that must be text is not.
    #[expect(clippy::disallowed_methods, reason = "this file is the door to the environment")]
    pub fn read() -> Result<Self, NotText> {
        Self::from_lookup(|name| std::env::var_os(name), rustix::process::getuid().as_raw())
    }

    /// An environment of the given variables, for tests and for programs within the program.
    ///
    /// # Errors
    ///
    /// When a variable that must be text is not.
    pub fn of<K: Into<String>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
        uid: u32,
    ) -> Result<Self, NotText> {
        let variables: BTreeMap<String, OsString> =
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self::from_lookup(|name| variables.get(name).cloned(), uid)
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>, uid: u32) -> Result<Self, NotText> {
        let raw = |name: &'static str| lookup(name).filter(|value| !value.is_empty());
        let text = |name: &'static str| raw(name).map(|v| v.into_string().map_err(|_| NotText(name))).transpose();
        let path = |name: &'static str| raw(name).map(PathBuf::from);
        let is_on = |name: &'static str| raw(name).is_some_and(|value| value != "0");
        let mut keys = BTreeMap::new();
        let mut base_urls = BTreeMap::new();
        for provider in Provider::ALL {
            if let Some(key) = text(key_variable(provider))? {
                keys.insert(provider, SecretString::from(key));
            }
            if let Some(url) = text(base_url_variable(provider))? {
                base_urls.insert(provider, url);
            }
        }
        let locale = match (text("LC_ALL")?, text("LC_CTYPE")?, text("LANG")?) {
            (Some(locale), _, _) | (None, Some(locale), _) | (None, None, Some(locale)) => Some(locale),
            (None, None, None) => None,
        };
        let proxies = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter();
        let named = proxies.map(|variable| Ok(text(variable)?.map(|address| (variable, address))));
        let named = named.collect::<Result<Vec<_>, NotText>>()?.into_iter().flatten().next();
        let proxy = named.map(|(variable, address)| NamedProxy { variable, address: SecretString::from(address) });
        Ok(Self {
            proxy,
            no_proxy: text("NO_PROXY")?.or(text("no_proxy")?),
            data_dir: path("GREENROOM_DATA_DIR"),
            config_dir: path("GREENROOM_CONFIG_DIR"),
            cache_dir: path("GREENROOM_CACHE_DIR"),
            log: text("GREENROOM_LOG")?,
            acting_as: text("GREENROOM_AS")?,
            editor: text("VISUAL")?.or(text("EDITOR")?),
            terminal: TerminalEnvironment {
                no_color: raw("NO_COLOR").is_some(),
                force_color: is_on("CLICOLOR_FORCE"),
                colorterm: text("COLORTERM")?,
                term: text("TERM")?,
                locale,
                accessible: is_on("ACCESSIBLE"),
            },
            os_user: OsUser { uid, name: text("USER")? },
            keys,
            base_urls,
        })
    }

    /// The key that is set for a provider.
    pub fn key(&self, provider: Provider) -> Option<&SecretString> {
        self.keys.get(&provider)
    }

    /// The address that is set for a provider.
    pub fn base_url(&self, provider: Provider) -> Option<&str> {
        self.base_urls.get(&provider).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use secrecy::ExposeSecret;

    use super::*;

    fn of(variables: &[(&str, &str)]) -> Environment {
        Environment::of(variables.iter().copied(), 1000).unwrap()
    }

    #[test]
    fn what_is_set_to_nothing_is_not_set() {
        let empty = of(&[("GREENROOM_DATA_DIR", ""), ("NO_COLOR", ""), ("ANTHROPIC_API_KEY", ""), ("USER", "")]);
        assert_eq!(empty.data_dir, None);
        assert!(!empty.terminal.no_color);
        assert!(empty.key(Provider::Anthropic).is_none());
        assert_eq!(empty.os_user.to_string(), "uid 1000");
    }

    #[test]
    fn each_variable_reaches_its_place() {
        let all = of(&[
            ("GREENROOM_DATA_DIR", "d"),
            ("GREENROOM_AS", "Ada"),
            ("GEMINI_API_KEY", "secret-g"),
            ("GREENROOM_GEMINI_BASE_URL", "http://127.0.0.1:9"),
            ("NO_COLOR", "1"),
            ("CLICOLOR_FORCE", "0"),
            ("VISUAL", "vi"),
            ("EDITOR", "ed"),
            ("LANG", "C"),
            ("LC_CTYPE", "en_GB.UTF-8"),
            ("USER", "ada"),
        ]);
        assert_eq!(all.data_dir, Some(PathBuf::from("d")));
        assert_eq!(all.acting_as.as_deref(), Some("Ada"));
        assert_eq!(all.key(Provider::Gemini).map(ExposeSecret::expose_secret), Some("secret-g"));
        assert!(all.key(Provider::Anthropic).is_none());
        assert_eq!(all.base_url(Provider::Gemini), Some("http://127.0.0.1:9"));
        assert!(all.terminal.no_color && !all.terminal.force_color && all.terminal.is_utf8());
        assert_eq!(all.editor.as_deref(), Some("vi"));
        assert_eq!(all.os_user.to_string(), "ada (uid 1000)");
        assert!(!format!("{all:?}").contains("secret-g"), "a key is never printed");
    }

    #[test]
    fn a_variable_that_is_no_text_is_named_and_a_path_need_not_be_text() {
        let bytes = || OsString::from_vec(vec![0x66, 0xff]);
        assert_eq!(Environment::of([("GREENROOM_AS", bytes())], 0).unwrap_err(), NotText("GREENROOM_AS"));
        let path = Environment::of([("GREENROOM_DATA_DIR", bytes())], 0).unwrap().data_dir;
        assert_eq!(path, Some(PathBuf::from(bytes())));
    }
}
