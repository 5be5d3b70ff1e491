//! Puts a studio together: settings, prices, prompts, keys and addresses become what the engine is opened with.
//!
//! Not for verbs, and not for the servers of a rehearsal, of which only the addresses come in here.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::context::Context;
use super::fault::CliError;
use crate::config::models::Models;
use crate::config::network::ProxyAddress;
use crate::config::prices::Prices;
use crate::config::secrets;
use crate::config::settings::Settings;
use crate::domain::call::Provider;
use crate::domain::event::{Provenance, Uncertain};
use crate::domain::plan::Limits;
use crate::domain::traffic::Breaking;
use crate::engine::open::{OpenOptions, limits_of};
use crate::prompts::library::Library;
use crate::provider::call::Vendor;
use crate::provider::endpoint::{Endpoint, Manner};
use crate::provider::mask::Mask;
use crate::provider::transport;

/// The key that rehearsal servers take; they refuse every real one.
const REHEARSAL_KEY: &str = "rehearsal-console";

/// Where nobody listens: for acts that begin no call.
const NOWHERE: &str = "http://127.0.0.1:9";

/// Whether paid calls may begin while the studio is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admit {
    /// Work goes on.
    Work,
    /// Only what is asked is recorded; work goes on when the studio is opened for it.
    Nothing,
}

/// How the providers of a rehearsal are reached, and how patient the engine is with them.
#[derive(Clone, Debug)]
pub(super) struct Rehearsed {
    /// The address of the servers, without a slash at the end.
    pub(super) base: String,
    /// How fast they answer: 1 can be watched, 0 is as fast as possible.
    pub(super) pace: f64,
    /// What is done about uncertain charges.
    pub(super) uncertain: Uncertain,
}

impl Rehearsed {
    /// For acts that begin no call.
    pub(super) fn nowhere() -> Self {
        Self { base: NOWHERE.to_owned(), pace: 0.0, uncertain: Uncertain::Resend }
    }
}

/// Every secret that this program may send to anybody: the keys of all providers, of the environment and of files, whether or
/// not they are used; the passwords of proxies; and what looks like a key among the further headers.
fn known_secrets(context: &Context<'_>, settings: &Settings) -> Mask {
    let mut known: Vec<SecretString> = Vec::new();
    for provider in Provider::ALL {
        let own = settings.providers.of(provider);
        known.extend(secrets::all(provider, &context.environment, own.key_file.as_deref()));
        let has = |value: &str, kind: fn(&u8) -> bool| value.as_bytes().iter().any(kind);
        let values = own.wire.headers.iter().map(|(_, value)| value.as_str());
        let keyed = values
            .filter(|value| value.len() >= 12 && has(value, u8::is_ascii_digit) && has(value, u8::is_ascii_alphabetic));
        known.extend(keyed.map(SecretString::from));
    }
    let of_environment = context.environment.proxy.as_ref().map(|proxy| proxy.address.expose_secret());
    let proxies = settings.network.proxy.iter().map(ProxyAddress::reveal).chain(of_environment);
    known.extend(proxies.flat_map(passwords).map(SecretString::from));
    Mask::new(known.iter().map(|secret| secret.expose_secret()))
}

/// The password in an address, as it stands there and as it is meant.
fn passwords(address: &str) -> Vec<String> {
    let password =
        address.rsplit_once('@').and_then(|(user, _)| user.rsplit_once("://").map_or(user, |(_, u)| u).split_once(':'));
    let Some((_, password)) = password else { return Vec::new() };
    let mut meant = Vec::new();
    let mut rest = password.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.filter(|_| *first == b'%').and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                meant.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                meant.push(*first);
                rest = after;
            }
        }
    }
    vec![password.to_owned(), String::from_utf8_lossy(&meant).into_owned()]
}

/// Where each provider is reached with which key, or why it cannot be.
pub(super) fn endpoints(context: &Context<'_>, settings: &Settings) -> BTreeMap<Provider, Result<Endpoint, String>> {
    let mut endpoints = BTreeMap::new();
    let known = known_secrets(context, settings);
    for provider in Provider::ALL {
        let own = settings.providers.of(provider);
        let endpoint = if own.send_key {
            let key = secrets::key(provider, &context.environment, own.key_file.as_deref()).map_err(|e| e.to_string());
            key.and_then(|key| Endpoint::new(vendor(provider), &own.base_url, key).map_err(|e| e.to_string()))
        } else {
            Endpoint::without_key(vendor(provider), &own.base_url).map_err(|e| e.to_string())
        };
        let manner = Manner {
            version: own.wire.version.clone(),
            is_bearer: own.wire.is_bearer,
            headers: own.wire.headers.clone(),
        };
        let endpoint = endpoint.and_then(|endpoint| endpoint.with_manner(manner).map_err(|e| e.to_string()));
        let endpoint = endpoint.map(|endpoint| endpoint.guarded(&known));
        let endpoint = match endpoint {
            Ok(_) if !own.enabled => {
                Err(format!("{provider} is switched off: `providers.{provider}.enabled` is false."))
            }
            endpoint => endpoint,
        };
        endpoints.insert(provider, endpoint);
    }
    endpoints
}

/// What a live studio is opened with. A provider without a key is known by the reason, and is refused when an episode needs it.
pub(super) fn live(context: &Context<'_>, settings: Settings, admit: Admit) -> Result<OpenOptions, CliError> {
    let endpoints = endpoints(context, &settings);
    let limits = limits_of(&settings);
    assembled(
        context,
        settings,
        Provenance::Live,
        endpoints,
        (limits, transport::Limits::default()),
        Uncertain::RECOMMENDED,
        admit,
    )
}

/// What a rehearsal is opened with.
pub(super) fn rehearsal(
    context: &Context<'_>,
    settings: Settings,
    rehearsed: &Rehearsed,
    admit: Admit,
) -> Result<OpenOptions, CliError> {
    let mut endpoints = BTreeMap::new();
    for provider in Provider::ALL {
        let base = format!("{}/{provider}", rehearsed.base);
        let key = SecretString::from(REHEARSAL_KEY);
        let endpoint = Endpoint::new(vendor(provider), &base, key)
            .map_err(|error| CliError::Usage(format!("--servers {}: {error}. Nothing was started.", rehearsed.base)))?;
        endpoints.insert(provider, Ok(endpoint));
    }
    let mut limits = limits_of(&settings);
    if rehearsed.pace <= 0.0 {
        // Nobody watches, and the servers need no rest.
        let breaking = Breaking { pause_ms: 100, pause_max_ms: 1_600, ..limits.breaking };
        limits = Limits { attempts: 8, backoff_ms: 50, backoff_max_ms: 800, breaking, ..limits };
    }
    let exchange = patience(rehearsed.pace);
    assembled(context, settings, Provenance::Rehearsal, endpoints, (limits, exchange), rehearsed.uncertain, admit)
}

/// Longer than the servers ever take at a pace for what is no fault, and short enough that a fault of time is met soon.
fn patience(pace: f64) -> transport::Limits {
    let of = |least: f64, a_pace: f64| {
        Duration::try_from_secs_f64(least + a_pace * pace.clamp(0.0, 100.0)).unwrap_or(Duration::from_secs(60))
    };
    transport::Limits { connect: of(5.0, 0.0), first_byte: of(10.0, 60.0), idle: of(5.0, 30.0), total: of(60.0, 600.0) }
}

fn assembled(
    context: &Context<'_>,
    settings: Settings,
    provenance: Provenance,
    endpoints: BTreeMap<Provider, Result<Endpoint, String>>,
    (limits, exchange): (Limits, transport::Limits),
    uncertain: Uncertain,
    admit: Admit,
) -> Result<OpenOptions, CliError> {
    let limits = match admit {
        Admit::Work => limits,
        Admit::Nothing => Limits { slots: Provider::ALL.into_iter().map(|provider| (provider, 0)).collect(), ..limits },
    };
    Ok(OpenOptions {
        dir: context.folder(provenance),
        config: context.paths.config.clone(),
        provenance,
        clock: context.clock.clone(),
        disk: context.disk(),
        models: Models::load(&context.paths.config)?,
        prices: Prices::load(&context.paths.config)?,
        prompts: Library::load(&context.paths.config)?,
        settings,
        endpoints,
        limits,
        exchange,
        uncertain,
    })
}

fn vendor(provider: Provider) -> Vendor {
    match provider {
        Provider::Anthropic => Vendor::Anthropic,
        Provider::Gemini => Vendor::Gemini,
        Provider::ElevenLabs => Vendor::ElevenLabs,
        Provider::OpenAi => Vendor::OpenAi,
        Provider::Perplexity => Vendor::Perplexity,
    }
}
