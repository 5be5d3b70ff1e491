//! The layers of the settings, each value with its origin: defaults, then the file, then the environment, then the flags.
//!
//! One table says which keys there are and what each takes. Not for what the values are used for: that is the parent's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::wire;
use crate::config::fault::{Fault, Place, dollars, suggestion};
use crate::config::network::{self, ProxyAddress};
use crate::config::reader::{Document, whole_of, with_article};
use crate::config::role::Role;
use crate::domain::call::Provider;
use crate::domain::money::MicroUsd;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The program's own settings.
    Default(Place),
    /// The settings file.
    File(Place),
    /// An environment variable.
    Environment(&'static str),
    /// A flag of the command line.
    Flag(String),
}

impl Origin {
    /// The place for a fault about the value.
    pub fn place(&self) -> Place {
        let named = |file: String| Place { file, line: 0, column: 0 };
        match self {
            Self::Default(place) | Self::File(place) => place.clone(),
            Self::Environment(variable) => named((*variable).to_owned()),
            Self::Flag(flag) => named(flag.clone()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default(_) => f.write_str("default"),
            Self::File(place) => write!(f, "{}:{}", place.file, place.line),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// The value of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Path(PathBuf),
    Amount(MicroUsd),
    Whole(u64),
    Switch(bool),
    Proxy(ProxyAddress),
    List(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Amount(amount) => f.write_str(&dollars(*amount)),
            Self::Whole(number) => number.fmt(f),
            Self::Switch(is_on) => is_on.fmt(f),
            Self::List(items) => f.write_str(&items.join(", ")),
            Self::Proxy(address) => address.fmt(f),
        }
    }
}

/// The most models that a role names in one list.
const MOST_MODELS: usize = 8;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Words,
    Path,
    Amount,
    Url,
    Proxy,
    Provider,
    When,
    /// One of these words.
    Word(&'static [&'static str]),
    Switch,
    List,
    Whole(u64, u64),
    /// A header that is sent beside our own; the last part of the key is its name.
    Header,
}

/// The words of a setting that follows the terminal or is forced.
pub(super) const WHEN: [&str; 3] = ["auto", "always", "never"];

/// All keys; `{provider}` and `{role}` stand for each of their kind.
const KEYS: &[(&str, Kind)] = &[
    ("name", Kind::Words),
    ("log", Kind::Words),
    ("shutdown_grace_seconds", Kind::Whole(0, 3_600)),
    ("caps.day", Kind::Amount),
    ("caps.month", Kind::Amount),
    ("network.proxy", Kind::Proxy),
    ("network.direct", Kind::Words),
    ("network.ca_file", Kind::Path),
    ("providers.{provider}.base_url", Kind::Url),
    ("providers.{provider}.key_file", Kind::Path),
    ("providers.openai.send_key", Kind::Switch),
    ("providers.openai.server", Kind::Word(&["other", "openai", "ollama", "llamacpp", "vllm", "lmstudio"])),
    ("providers.openai.context_tokens", Kind::Whole(512, 100_000_000)),
    ("providers.openai.speech_format", Kind::Word(&["wav", "pcm"])),
    ("providers.openai.speech_rate", Kind::Whole(8_000, 192_000)),
    ("providers.elevenlabs.form", Kind::Word(&["timestamps", "stream_timestamps", "plain", "stream"])),
    ("providers.elevenlabs.context", Kind::Word(&["none", "text"])),
    ("providers.{provider}.concurrency", Kind::Whole(1, 64)),
    ("providers.{provider}.per_minute", Kind::Whole(0, 1_000)),
    ("providers.{provider}.enabled", Kind::Switch),
    ("providers.anthropic.version", Kind::Word(&wire::VERSIONS)),
    ("providers.anthropic.auth", Kind::Word(&wire::AUTH)),
    ("providers.anthropic.remembers", Kind::Word(&wire::REMEMBERS)),
    ("routes.{role}.provider", Kind::Provider),
    ("routes.{role}.model", Kind::Words),
    ("routes.{role}.models", Kind::List),
    ("routes.{role}.fallback", Kind::List),
    ("routes.{role}.cheaper", Kind::Words),
    ("routes.{role}.light", Kind::Words),
    ("routes.{role}.cap", Kind::Amount),
    ("retry.attempts", Kind::Whole(1, 20)),
    ("retry.base_seconds", Kind::Whole(1, 600)),
    ("retry.max_seconds", Kind::Whole(1, 3_600)),
    ("reuse.answers", Kind::Switch),
    ("breaker.failures", Kind::Whole(2, 100)),
    ("breaker.pause_seconds", Kind::Whole(1, 3_600)),
    ("breaker.max_seconds", Kind::Whole(1, 86_400)),
    ("limits.answer_bytes", Kind::Whole(65_536, 1_073_741_824)),
    ("telemetry.otlp", Kind::Url),
    ("console.color", Kind::When),
    ("console.ascii", Kind::When),
    ("console.fps", Kind::Whole(1, 60)),
    ("console.bell", Kind::Switch),
    ("console.undo_seconds", Kind::Whole(0, 600)),
];

pub(super) fn all_keys() -> BTreeMap<String, Kind> {
    let mut keys = BTreeMap::new();
    for (pattern, kind) in KEYS {
        for provider in Provider::ALL {
            for role in Role::ALL {
                let key = pattern.replace("{provider}", provider.name()).replace("{role}", role.name());
                keys.insert(key, *kind);
            }
        }
    }
    keys
}

/// The values of all layers so far, the highest one of each key.
pub(super) struct Layers {
    keys: BTreeMap<String, Kind>,
    pub(super) values: BTreeMap<String, (Value, Origin)>,
    pub(super) faults: Vec<Fault>,
}

impl Layers {
    pub(super) fn new() -> Self {
        Self { keys: all_keys(), values: BTreeMap::new(), faults: Vec::new() }
    }

    /// Lays a file of settings over what is there.
    pub(super) fn file(&mut self, file: &str, source: &str, origin: fn(Place) -> Origin) {
        let document = Document::new(file, source);
        let table = document.parse();
        self.table(&document, table.get_ref(), "", origin);
        if let Err(faults) = document.finish(Some(())) {
            self.faults.extend(faults.0);
        }
    }

    fn table(&mut self, document: &Document<'_>, table: &DeTable<'_>, under: &str, origin: fn(Place) -> Origin) {
        for (name, value) in table {
            let path = format!("{under}{}", name.get_ref());
            let within = format!("{path}.");
            let is_header = under.starts_with("providers.") && under.ends_with(".headers.");
            let kind = if is_header { Some(Kind::Header) } else { self.keys.get(&path).copied() };
            let is_headers = under.starts_with("providers.") && name.get_ref().as_ref() == "headers";
            match (kind, value.get_ref()) {
                (Some(kind), _) => match checked(kind, name.get_ref(), value) {
                    Ok(read) => {
                        // The names of headers are not told apart by their case.
                        let path = if is_header { path.to_ascii_lowercase() } else { path };
                        self.values.insert(path, (read, origin(document.place(&value.span()))));
                    }
                    Err(what) => document.fault(&value.span(), format!("`{path}` {what}")),
                },
                (None, DeValue::Table(inner)) if is_headers && self.is_provider(under) => {
                    self.table(document, inner, &within, origin);
                }
                (None, DeValue::Table(inner)) if self.keys.keys().any(|key| key.starts_with(&within)) => {
                    self.table(document, inner, &within, origin);
                }
                (None, _) if self.keys.keys().any(|key| key.starts_with(&within)) => {
                    document.fault(&value.span(), format!("`{path}` must be a table"));
                }
                (None, _) => self.unknown(document, &name.span(), under, name.get_ref()),
            }
        }
    }

    /// Whether what stands under this is a provider's.
    fn is_provider(&self, under: &str) -> bool {
        self.keys.contains_key(&format!("{under}base_url"))
    }

    fn unknown(&self, document: &Document<'_>, span: &Range<usize>, under: &str, name: &str) {
        if under.starts_with("providers.") && ["key", "api_key", "token", "secret"].contains(&name) {
            let what = format!("a key never stands in this file: name a file of mode 0600 with `{under}key_file`");
            return document.fault(span, what);
        }
        let here: BTreeSet<&str> = self
            .keys
            .keys()
            .filter_map(|key| key.strip_prefix(under))
            .filter_map(|rest| rest.split('.').next())
            .collect();
        document.fault(span, format!("`{under}{name}` is not known: {}", suggestion(name, here)));
    }

    /// Lays one value over what is there, read from a text as the key wants it.
    pub(super) fn text(&mut self, key: &str, text: &str, origin: Origin) {
        let fault = match self.keys.get(key) {
            Some(kind) => match of_text(*kind, text) {
                Ok(value) => {
                    self.values.insert(key.to_owned(), (value, origin));
                    return;
                }
                Err(what) => format!("`{key}` {what}"),
            },
            None => format!("`{key}` is not known: {}", suggestion(key, self.keys.keys().map(String::as_str))),
        };
        self.faults.push(Fault { place: origin.place(), what: fault });
    }
}

/// Reads a value of a file; the fault completes a sentence that begins with the key.
fn checked(kind: Kind, name: &str, value: &Spanned<DeValue<'_>>) -> Result<Value, String> {
    let value = value.get_ref();
    let refuse = || format!("{}, and this is {}", wanted(kind), with_article(value));
    match kind {
        Kind::Switch => value.as_bool().map(Value::Switch).ok_or_else(refuse),
        Kind::Whole(least, most) => match whole_of(value) {
            Some(number) => bounded(number, least, most),
            None if value.is_integer() => Err(wanted(kind)),
            None => Err(refuse()),
        },
        Kind::Header => {
            let text = value.as_str().ok_or_else(refuse)?;
            wire::header_fault(name, text).map_or_else(|| of_text(kind, text), Err)
        }
        Kind::List => match (value.as_str(), value.as_array()) {
            (Some(text), _) => of_text(kind, text),
            (None, Some(items)) if (1..=MOST_MODELS).contains(&items.len()) => {
                let one = |item: &Spanned<DeValue<'_>>| {
                    item.get_ref().as_str().ok_or_else(refuse).and_then(|text| of_text(Kind::Words, text))
                };
                let texts = items.iter().map(one).collect::<Result<Vec<Value>, String>>()?;
                Ok(Value::List(texts.iter().map(Value::to_string).collect()))
            }
            (None, Some(_)) => Err(wanted(kind)),
            (None, None) => Err(refuse()),
        },
        Kind::Words
        | Kind::Path
        | Kind::Amount
        | Kind::Url
        | Kind::Proxy
        | Kind::Provider
        | Kind::When
        | Kind::Word(_) => value.as_str().ok_or_else(refuse).and_then(|text| of_text(kind, text)),
    }
}

pub(super) fn wanted(kind: Kind) -> String {
    match kind {
        Kind::Words | Kind::Header => "must be a text in quotes".to_owned(),
        Kind::Path => "must be a path in quotes".to_owned(),
        Kind::Amount => "must be an amount in dollars in quotes, such as \"35.00\"".to_owned(),
        Kind::Url => "must be an address in quotes".to_owned(),
        Kind::Proxy => "must be \"none\", \"environment\" or an address in quotes".to_owned(),
        Kind::Provider => "must be the name of a provider in quotes".to_owned(),
        Kind::When => "must be \"auto\", \"always\" or \"never\"".to_owned(),
        Kind::Word(words) => format!("must be one of \"{}\"", words.join("\", \"")),
        Kind::Switch => "must be true or false".to_owned(),
        Kind::List => format!("must be a model in quotes or a list of 1 to {MOST_MODELS} of them"),
        Kind::Whole(least, most) => format!("must be a whole number from {least} to {most}"),
    }
}

/// A value that a key of this kind takes, as it is written in a file.
pub(super) fn sample(kind: Kind) -> String {
    match kind {
        Kind::Words | Kind::Header => "\"...\"".to_owned(),
        Kind::Path => "\"a-file-in-this-folder\"".to_owned(),
        Kind::Amount => "\"1.00\"".to_owned(),
        Kind::Url => "\"http://127.0.0.1:4318\"".to_owned(),
        Kind::Proxy => "\"none\"".to_owned(),
        Kind::Provider => format!("\"{}\"", Provider::Anthropic),
        Kind::When => "\"auto\"".to_owned(),
        Kind::Word(words) => format!("\"{}\"", words.first().copied().unwrap_or_default()),
        Kind::Switch => "true".to_owned(),
        Kind::List => "[\"...\"]".to_owned(),
        Kind::Whole(least, _) => least.to_string(),
    }
}

fn bounded(number: u64, least: u64, most: u64) -> Result<Value, String> {
    if (least..=most).contains(&number) {
        return Ok(Value::Whole(number));
    }
    Err(format!("must be a whole number from {least} to {most}, and this is {number}"))
}

fn of_text(kind: Kind, text: &str) -> Result<Value, String> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err("must be a text of one line with something in it".to_owned());
    }
    match kind {
        Kind::Words | Kind::Header => Ok(Value::Text(text.to_owned())),
        Kind::List => Ok(Value::List(text.split(',').map(|item| item.trim().to_owned()).collect())),
        Kind::Path => Ok(Value::Path(PathBuf::from(text))),
        Kind::Amount => text.parse().map(Value::Amount).map_err(|error| format!("must be an amount: {error}")),
        Kind::Url => address(text).map(Value::Text),
        Kind::Proxy if [network::NONE, network::ENVIRONMENT].contains(&text) => Ok(Value::Text(text.to_owned())),
        Kind::Proxy => ProxyAddress::read(text).map(Value::Proxy),
        Kind::Provider if text.parse::<Provider>().is_ok() => Ok(Value::Text(text.to_owned())),
        Kind::Provider => Err(format!("cannot be `{text}`: {}", suggestion(text, Provider::ALL.map(Provider::name)))),
        Kind::When if WHEN.contains(&text) => Ok(Value::Text(text.to_owned())),
        Kind::When => Err(format!("cannot be `{text}`: {}", suggestion(text, WHEN))),
        Kind::Word(words) if words.contains(&text) => Ok(Value::Text(text.to_owned())),
        Kind::Word(words) => Err(format!("cannot be `{text}`: {}", suggestion(text, words.iter().copied()))),
        Kind::Switch => match text {
            "true" | "1" => Ok(Value::Switch(true)),
            "false" | "0" => Ok(Value::Switch(false)),
            _ => Err(wanted(kind)),
        },
        Kind::Whole(least, most) => match text.parse() {
            Ok(number) => bounded(number, least, most),
            Err(_) => Err(wanted(kind)),
        },
    }
}

/// An address without the slash at its end. A key never goes in clear text beyond this machine.
fn address(text: &str) -> Result<String, String> {
    let url = reqwest::Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
    let is_loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let is_plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    match url.scheme() {
        "https" if is_plain => Ok(text.trim_end_matches('/').to_owned()),
        "http" if is_plain && is_loopback => Ok(text.trim_end_matches('/').to_owned()),
        "http" if is_plain => {
            Err("must begin with https:// since keys are sent there; http:// is for this machine only".to_owned())
        }
        "https" | "http" => Err("must be a bare address, without a name, a password or a query".to_owned()),
        _ => Err("must begin with https://".to_owned()),
    }
}
