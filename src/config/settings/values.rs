//! From the values of all layers to the types of the settings. Not for how layers are read and laid over one another: that is
//! [`super::layers`].

use std::path::PathBuf;

use super::habits::{Habits, Server, SpeechFormat, VoiceContext, VoiceForm};
use super::layers::{Layers, Origin, Value};
use super::{ProviderSettings, RouteSetting, Row, When, wire};
use crate::config::fault::{Fault, Place};
use crate::config::network::{self, Network};
use crate::config::role::Role;
use crate::domain::call::Provider;
use crate::domain::money::MicroUsd;

/// What stands for no model where the defaults have one.
const NO_MODEL: &str = "none";

/// The checked values on their way into their types. What is missing or of another kind than asked for is a fault of the
/// program's own defaults, and is reported like any other.
pub(super) struct Values {
    /// What every layer set, and the faults so far.
    pub(super) layers: Layers,
}

impl Values {
    pub(super) fn fault(&mut self, key: &str, what: String) {
        let place = self.layers.values.get(key).map(|(_, origin)| origin.place());
        let place = place.unwrap_or_else(|| Place { file: key.to_owned(), line: 0, column: 0 });
        self.layers.faults.push(Fault { place, what });
    }

    fn take<T>(&mut self, key: &str, read: impl Fn(&Value) -> Option<T>, instead: T) -> T {
        let found = self.layers.values.get(key).and_then(|(value, _)| read(value));
        match found {
            Some(value) => value,
            None => {
                self.fault(key, format!("`{key}` has no value"));
                instead
            }
        }
    }

    pub(super) fn optional(&self, key: &str) -> Option<String> {
        self.layers.values.get(key).map(|(value, _)| value.to_string())
    }

    fn list(&self, key: &str) -> Vec<String> {
        match self.layers.values.get(key) {
            Some((Value::List(items), _)) => items.clone(),
            Some(_) | None => Vec::new(),
        }
    }

    pub(super) fn text(&mut self, key: &str) -> String {
        self.take(key, |value| Some(value.to_string()), String::new())
    }

    pub(super) fn amount(&mut self, key: &str) -> MicroUsd {
        let amount = |value: &Value| if let Value::Amount(amount) = value { Some(*amount) } else { None };
        self.take(key, amount, MicroUsd::ZERO)
    }

    pub(super) fn whole(&mut self, key: &str) -> u64 {
        self.take(key, |value| if let Value::Whole(number) = value { Some(*number) } else { None }, 0)
    }

    pub(super) fn small(&mut self, key: &str) -> u32 {
        u32::try_from(self.whole(key)).unwrap_or(u32::MAX)
    }

    pub(super) fn switch(&mut self, key: &str) -> bool {
        self.take(key, |value| if let Value::Switch(is_on) = value { Some(*is_on) } else { None }, false)
    }

    pub(super) fn when(&mut self, key: &str) -> When {
        match self.text(key).as_str() {
            "always" => When::Always,
            "never" => When::Never,
            _ => When::Auto,
        }
    }

    pub(super) fn network(&mut self) -> Network {
        let address = |value: &Value| if let Value::Proxy(address) = value { Some(address.clone()) } else { None };
        let proxy = self.layers.values.get("network.proxy").and_then(|(value, _)| address(value));
        let direct = network::hosts(&self.text("network.direct"));
        let ca_file = self.optional("network.ca_file").map(PathBuf::from);
        Network { proxy, direct, ca_file, ..Network::default() }
    }

    pub(super) fn provider(&mut self, provider: Provider) -> ProviderSettings {
        let key = |name: &str| format!("providers.{provider}.{name}");
        let send_key = match provider {
            Provider::OpenAi => self.sends_key(),
            Provider::Anthropic | Provider::Gemini | Provider::ElevenLabs | Provider::Perplexity => true,
        };
        ProviderSettings {
            base_url: self.text(&key("base_url")),
            key_file: self.optional(&key("key_file")).map(PathBuf::from),
            send_key,
            concurrency: self.small(&key("concurrency")),
            per_minute: Some(self.small(&key("per_minute"))).filter(|most| *most > 0),
            enabled: self.switch(&key("enabled")),
            wire: wire::of(&self.layers.values, provider),
        }
    }

    pub(super) fn habits(&mut self) -> Habits {
        self.server_of_the_address();
        Habits {
            voice_form: self.word("providers.elevenlabs.form", VoiceForm::ALL, VoiceForm::Timestamps),
            voice_context: self.word("providers.elevenlabs.context", VoiceContext::ALL, VoiceContext::None),
            server: self.word("providers.openai.server", Server::ALL, Server::Other),
            server_context: self.given("providers.openai.context_tokens"),
            speech_format: self.word("providers.openai.speech_format", SpeechFormat::ALL, SpeechFormat::Wav),
            speech_rate: self.small("providers.openai.speech_rate"),
        }
    }

    /// The default names the program at the default address. At another one there may be any, unless it is said which.
    fn server_of_the_address(&mut self) {
        let is_openais = self.text("providers.openai.base_url").ends_with("//api.openai.com");
        let server = if is_openais { "openai" } else { "other" };
        self.at_another_address("providers.openai.server", Value::Text(server.to_owned()));
    }

    /// Sets what the defaults say of the server at their own address, where another address is given and nothing is said of it.
    fn at_another_address(&mut self, key: &str, value: Value) {
        let origin = |key: &str| self.layers.values.get(key).map(|(_, origin)| origin.clone());
        if let (Some(Origin::Default(_)), Some(address)) = (origin(key), origin("providers.openai.base_url"))
            && !matches!(address, Origin::Default(_))
        {
            self.layers.values.insert(key.to_owned(), (value, address));
        }
    }

    fn word<T: Copy>(&mut self, key: &str, words: impl IntoIterator<Item = (&'static str, T)>, instead: T) -> T {
        let word = self.text(key);
        words.into_iter().find(|(name, _)| *name == word).map_or(instead, |(_, value)| value)
    }

    /// A number that need not be there.
    fn given(&self, key: &str) -> Option<u64> {
        match self.layers.values.get(key) {
            Some((Value::Whole(number), _)) => Some(*number),
            Some(_) | None => None,
        }
    }

    /// That no key is sent holds for the default address alone: another one is sent a key, unless it is said that it is not.
    fn sends_key(&mut self) -> bool {
        const SEND_KEY: &str = "providers.openai.send_key";
        self.at_another_address(SEND_KEY, Value::Switch(true));
        self.switch(SEND_KEY)
    }

    pub(super) fn route(&mut self, role: Role) -> Option<RouteSetting> {
        let key = |name: &str| format!("routes.{role}.{name}");
        let listed = self.list(&key("models"));
        let own = self.layers.values.get(&key("model")).map(|(_, origin)| origin.clone());
        if !listed.is_empty() && !matches!(own, Some(Origin::Default(_))) {
            let what = format!(
                "`{}` names all models in their order, and `model` names one: leave out one of the two",
                key("models")
            );
            self.fault(&key("models"), what);
        }
        if let (Some(first), Some((_, origin))) = (listed.first(), self.layers.values.get(&key("models"))) {
            let (first, origin) = (first.clone(), origin.clone());
            self.layers.values.insert(key("model"), (Value::Text(first), origin));
        }
        let model = self.text(&key("model"));
        let provider = self.text(&key("provider")).parse().ok()?;
        let place = self.layers.values.get(&key("model")).map(|(_, origin)| origin.place())?;
        // A route that a higher layer sends to another model does not keep what the defaults had beside the old one.
        let is_default = |name: &str| matches!(self.layers.values.get(&key(name)), Some((_, Origin::Default(_))));
        let left: Vec<&str> =
            ["fallback", "cheaper"].into_iter().filter(|n| !is_default("model") && is_default(n)).collect();
        for name in left {
            self.layers.values.remove(&key(name));
        }
        let other = |name: &str| self.optional(&key(name)).filter(|model| model != NO_MODEL);
        let (cheaper, light) = (other("cheaper"), other("light"));
        let further = if listed.is_empty() { self.list(&key("fallback")) } else { listed };
        let mut fallback: Vec<String> = Vec::new();
        for next in further.into_iter().filter(|next| next != NO_MODEL && *next != model) {
            if !fallback.contains(&next) {
                fallback.push(next);
            }
        }
        let cap = match self.layers.values.get(&key("cap")) {
            Some((Value::Amount(cap), _)) => Some(*cap),
            Some(_) | None => None,
        };
        Some(RouteSetting { provider, model, fallback, cheaper, light, cap, place })
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let row = |(key, (value, origin)): (&String, &(Value, Origin))| Row {
            key: key.clone(),
            value: value.to_string(),
            origin: origin.clone(),
        };
        self.layers.values.iter().map(row).collect()
    }
}
