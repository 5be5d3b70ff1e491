//! The settings of the program: who decides, the studio's caps, the providers, the routes. Layered, each value with its origin.
//!
//! Defaults come from `assets/settings.toml`, over them lie `config.toml` of the config folder, the environment and the flags. Not
//! for keys of providers ([`super::secrets`]) or for what one show sets ([`super::show`]).

pub mod habits;
mod layers;
mod template;
mod values;
mod wire;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;

use self::habits::Habits;
use self::layers::Layers;
pub use self::layers::Origin;
pub use self::template::template;
use self::values::Values;
pub use self::wire::{Remembers, WireSettings};
use super::environment::{Environment, base_url_variable};
use super::fault::{Fault, Faults, LoadError, Place, dollars, read_if_there};
use super::network::{self, Network};
use super::prices::{PriceError, Prices, Rates};
use super::role::Role;
use crate::domain::call::{Provider, Route};
use crate::domain::money::MicroUsd;

const DEFAULTS: &str = include_str!("../../assets/settings.toml");

/// The settings that hold.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name under which decisions are recorded, where it is set.
    pub name: Option<String>,
    /// What is logged, in the words of `tracing`'s filters.
    pub log: String,
    /// Where the spans of paid calls are exported to, by OpenTelemetry's protocol over HTTP; nowhere where it is not set.
    pub otlp: Option<String>,
    /// What all episodes together may cost.
    pub caps: StudioCaps,
    /// The way out to the providers.
    pub network: Network,
    /// The providers.
    pub providers: Providers,
    /// When and how often a failed call is sent again.
    pub retry: Retry,
    /// When a provider that fails again and again is left alone.
    pub breaker: BreakerSettings,
    /// How long paid calls in flight may go on at the end.
    pub shutdown_grace: Duration,
    /// The largest answer that is kept, in bytes.
    pub answer_bytes: u64,
    /// Whether a call that an equal one was answered for is answered by that and not paid for again.
    pub reuse_answers: bool,
    /// How the console looks and sounds.
    pub console: Console,
    routes: Vec<(Role, RouteSetting)>,
    rows: Vec<Row>,
}

/// What all episodes of a studio may cost; days and months are UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StudioCaps {
    /// On one day.
    pub day: MicroUsd,
    /// In one month.
    pub month: MicroUsd,
}

/// The settings of each provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Providers {
    anthropic: ProviderSettings,
    gemini: ProviderSettings,
    elevenlabs: ProviderSettings,
    openai: ProviderSettings,
    perplexity: ProviderSettings,
    /// How they are spoken to where there is a choice.
    pub habits: Habits,
}

impl Providers {
    /// The settings of one provider.
    pub fn of(&self, provider: Provider) -> &ProviderSettings {
        match provider {
            Provider::Anthropic => &self.anthropic,
            Provider::Gemini => &self.gemini,
            Provider::ElevenLabs => &self.elevenlabs,
            Provider::OpenAi => &self.openai,
            Provider::Perplexity => &self.perplexity,
        }
    }

    fn settle_key_files(&mut self, config: &Path) {
        let all = [&mut self.anthropic, &mut self.gemini, &mut self.elevenlabs, &mut self.openai, &mut self.perplexity];
        for provider in all {
            provider.key_file = provider.key_file.take().map(|file| config.join(file));
        }
    }
}

/// The settings of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSettings {
    /// Its address, without a slash at the end.
    pub base_url: String,
    /// The file that holds its key, where the environment has none; a relative path counts from the config folder.
    pub key_file: Option<PathBuf>,
    /// Whether a key is sent. Only a server of OpenAI's wire may take none, and then none is looked for.
    pub send_key: bool,
    /// How many calls may be in flight at once.
    pub concurrency: u32,
    /// How many calls may begin within a minute, where there is a limit.
    pub per_minute: Option<u32>,
    /// Whether it may be called at all.
    pub enabled: bool,
    /// How it is spoken to.
    pub wire: WireSettings,
}

/// When and how often a failed call is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often a call is tried in all.
    pub attempts: u32,
    /// The wait before the second try; each further one is twice as long.
    pub base: Duration,
    /// The longest wait.
    pub max: Duration,
}

/// When a provider that fails again and again is left alone for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row until nothing more is sent to it.
    pub failures: u32,
    /// The pause until one call tries; each further one is twice as long.
    pub pause: Duration,
    /// The longest pause.
    pub max: Duration,
}

/// Whether the console does something: as the terminal says, always, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// As the terminal and the environment say.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How the console looks and sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    /// Whether it has colours.
    pub color: When,
    /// Whether it draws with ASCII alone.
    pub ascii: When,
    /// The most frames a second.
    pub fps: u32,
    /// Whether a need rings.
    pub bell: bool,
    /// For how long an approval or a send-back can be taken back before it is sent; zero sends it at once.
    pub undo: Duration,
}

#[derive(Clone, Debug)]
struct RouteSetting {
    provider: Provider,
    model: String,
    fallback: Vec<String>,
    cheaper: Option<String>,
    light: Option<String>,
    cap: Option<MicroUsd>,
    place: Place,
}

/// A model that a route names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The role.
    pub role: Role,
    /// Where in the route: `model`, `fallback`, `cheaper` or `light`. What a list names after its first is `fallback` too.
    pub place: &'static str,
    /// The model's id.
    pub model: String,
}

/// Where the calls of a role go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRoutes {
    /// First.
    pub primary: Route,
    /// When that model cannot, in order; no model stands twice.
    pub fallback: Vec<Route>,
    /// When a cap stands in the way.
    pub cheaper: Option<Route>,
    /// For stages of the light tier.
    pub light: Option<Route>,
}

/// One value with its origin, for `config show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key, such as `caps.day`.
    pub key: String,
    /// The value as text.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// A value that a flag sets: the key, the value as it was given, and the flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagValue {
    /// The key, such as `name`.
    pub key: &'static str,
    /// The value as it was given.
    pub value: String,
    /// The flag, such as `--as`.
    pub flag: &'static str,
}

impl Settings {
    /// Reads the settings: defaults, `<config>/config.toml` where it is, the environment, the flags.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or all faults of all layers.
    pub fn load(config: &Path, environment: &Environment, flags: &[FlagValue]) -> Result<Self, LoadError> {
        let path = config.join("config.toml");
        let source = read_if_there(&path)?;
        let file = path.display().to_string();
        let mut settings = Self::layered(source.as_deref().map(|source| (file.as_str(), source)), environment, flags)?;
        settings.providers.settle_key_files(config);
        settings.network.ca_file = settings.network.ca_file.map(|file| config.join(file));
        Ok(settings)
    }

    /// Reads the settings of the given layers; the file comes with its name.
    ///
    /// # Errors
    ///
    /// All faults of all layers.
    pub fn layered(file: Option<(&str, &str)>, environment: &Environment, flags: &[FlagValue]) -> Result<Self, Faults> {
        let mut layers = Layers::new();
        layers.file("built-in settings", DEFAULTS, Origin::Default);
        if let Some((file, source)) = file {
            layers.file(file, source, Origin::File);
        }
        if let Some(name) = &environment.acting_as {
            layers.text("name", name, Origin::Environment("GREENROOM_AS"));
        }
        if let Some(log) = &environment.log {
            layers.text("log", log, Origin::Environment("GREENROOM_LOG"));
        }
        for provider in Provider::ALL {
            if let Some(url) = environment.base_url(provider) {
                let key = format!("providers.{provider}.base_url");
                layers.text(&key, url, Origin::Environment(base_url_variable(provider)));
            }
        }
        for flag in flags {
            layers.text(flag.key, &flag.value, Origin::Flag(flag.flag.to_owned()));
        }
        let mut settings = Self::assembled(layers)?;
        let wants = settings.rows.iter().any(|row| row.key == "network.proxy" && row.value == network::ENVIRONMENT);
        settings.network.follow(environment, wants).map_err(|fault| Faults(vec![fault]))?;
        Ok(settings)
    }

    fn assembled(layers: Layers) -> Result<Self, Faults> {
        let mut values = Values { layers };
        let caps = StudioCaps { day: values.amount("caps.day"), month: values.amount("caps.month") };
        if caps.day > caps.month {
            values.fault(
                "caps.day",
                format!(
                    "a day may cost {} USD, and the whole month only {} USD",
                    dollars(caps.day),
                    dollars(caps.month)
                ),
            );
        }
        let retry = Retry {
            attempts: values.small("retry.attempts"),
            base: Duration::from_secs(values.whole("retry.base_seconds")),
            max: Duration::from_secs(values.whole("retry.max_seconds")),
        };
        if retry.base > retry.max {
            values.fault(
                "retry.base_seconds",
                "the first wait is longer than the longest (`retry.max_seconds`)".to_owned(),
            );
        }
        let breaker = BreakerSettings {
            failures: values.small("breaker.failures"),
            pause: Duration::from_secs(values.whole("breaker.pause_seconds")),
            max: Duration::from_secs(values.whole("breaker.max_seconds")),
        };
        if breaker.pause > breaker.max {
            values.fault(
                "breaker.pause_seconds",
                "the first pause is longer than the longest (`breaker.max_seconds`)".to_owned(),
            );
        }
        let providers = Providers {
            anthropic: values.provider(Provider::Anthropic),
            gemini: values.provider(Provider::Gemini),
            elevenlabs: values.provider(Provider::ElevenLabs),
            openai: values.provider(Provider::OpenAi),
            perplexity: values.provider(Provider::Perplexity),
            habits: values.habits(),
        };
        let routes = Role::ALL.iter().filter_map(|role| Some((*role, values.route(*role)?))).collect();
        let console = Console {
            color: values.when("console.color"),
            ascii: values.when("console.ascii"),
            fps: values.small("console.fps"),
            bell: values.switch("console.bell"),
            undo: Duration::from_secs(values.whole("console.undo_seconds")),
        };
        let settings = Self {
            name: values.optional("name"),
            log: values.text("log"),
            otlp: values.optional("telemetry.otlp"),
            caps,
            network: values.network(),
            providers,
            retry,
            breaker,
            shutdown_grace: Duration::from_secs(values.whole("shutdown_grace_seconds")),
            answer_bytes: values.whole("limits.answer_bytes"),
            reuse_answers: values.switch("reuse.answers"),
            console,
            routes,
            rows: values.rows(),
        };
        Faults::none(values.layers.faults)?;
        Ok(settings)
    }

    /// The provider that the voice route names: whose voices a show may use.
    pub fn voice_provider(&self) -> Provider {
        let voice = self.routes.iter().find(|(role, _)| *role == Role::Voice);
        voice.map_or(Provider::ElevenLabs, |(_, route)| route.provider)
    }

    /// Every model that a route names, whether or not it can be called.
    pub fn named(&self) -> impl Iterator<Item = Named> {
        self.routes.iter().flat_map(|(role, route)| {
            let first = std::iter::once(("model", &route.model));
            let further = route.fallback.iter().map(|model| ("fallback", model));
            let others = [("cheaper", &route.cheaper), ("light", &route.light)];
            let others = others.into_iter().filter_map(|(place, model)| model.as_ref().map(|model| (place, model)));
            let named = |(place, model): (&'static str, &String)| Named { role: *role, place, model: model.clone() };
            first.chain(further).chain(others).map(named)
        })
    }

    /// The provider that a role's route names.
    pub fn provider_of(&self, role: Role) -> Option<Provider> {
        self.routes.iter().find(|(named, _)| *named == role).map(|(_, route)| route.provider)
    }

    /// Where the calls of a role go on a day.
    ///
    /// # Errors
    ///
    /// When a model that the route names has no price that day, belongs to another provider than the route, or its provider
    /// is not enabled: each with the place where the route is set.
    pub fn routes(&self, role: Role, prices: &Prices, on: Date) -> Result<RoleRoutes, Faults> {
        let fault =
            |place: &Place, what: String| Fault { place: place.clone(), what: format!("`routes.{role}`: {what}") };
        let Some((_, setting)) = self.routes.iter().find(|(named, _)| *named == role) else {
            let place = Place { file: "settings".to_owned(), line: 0, column: 0 };
            return Err(Faults(vec![fault(&place, "there is no route".to_owned())]));
        };
        let mut faults = Vec::new();
        let mut find = |model: &str| match self.route(model, setting, prices, on) {
            Ok(route) => Some(route),
            Err(what) => {
                faults.push(fault(&setting.place, what));
                None
            }
        };
        let primary = find(&setting.model);
        let fallback: Vec<Route> = setting.fallback.iter().filter_map(|model| find(model)).collect();
        let cheaper = setting.cheaper.as_deref().and_then(&mut find);
        let light = setting.light.as_deref().and_then(&mut find);
        if let Some(primary) = primary.as_ref().filter(|primary| primary.provider != setting.provider) {
            let what = format!("`{}` is a model of {}, not of {}", primary.model, primary.provider, setting.provider);
            faults.push(fault(&setting.place, what));
        }
        Faults::none(faults)?;
        match primary {
            Some(primary) => Ok(RoleRoutes { primary, fallback, cheaper, light }),
            None => Err(Faults(Vec::new())),
        }
    }

    fn route(&self, model: &str, setting: &RouteSetting, prices: &Prices, on: Date) -> Result<Route, String> {
        let provider = match prices.price(model, on) {
            Ok(price) if price.rates == Rates::Unknown && setting.cap.is_none() => {
                return Err(PriceError::NoPrice { model: model.to_owned() }.to_string());
            }
            Ok(price) => price.vendor,
            // What the table does not have is held to be of the route's provider, once a cap says what it may cost.
            Err(PriceError::Unknown { .. }) if setting.cap.is_some() => setting.provider,
            Err(error) => return Err(error.to_string()),
        };
        if !self.providers.of(provider).enabled {
            return Err(format!("`{model}` is a model of {provider}, which is not enabled"));
        }
        Ok(Route { provider, model: model.to_owned() })
    }

    /// The most that one call to a model may cost whose price is not known: the highest `cap` of the routes that name it.
    pub fn cap_of(&self, model: &str) -> Option<MicroUsd> {
        let names = |route: &&RouteSetting| {
            let others = route.fallback.iter().chain(&route.cheaper).chain(&route.light);
            std::iter::once(&route.model).chain(others).any(|named| named == model)
        };
        self.routes.iter().map(|(_, route)| route).filter(names).filter_map(|route| route.cap).max()
    }

    /// Every value with its origin, by key.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

#[cfg(test)]
mod tests;
