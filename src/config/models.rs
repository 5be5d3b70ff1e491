//! What models are: a table of wires, limits, what each model takes, life dates and successors.
//!
//! The table is data (`assets/models.toml`); a `models.toml` in the config folder lays its own rows over it. Requests are built
//! from it, so that nothing is sent that a model is known to refuse; of a model that is not in it nothing is known, and nothing
//! optional is sent. Not for prices ([`super::prices`]) or for which role a model fills ([`super::settings`]).

mod read;
mod takes;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

pub use self::takes::{
    Cache, Effort, ForcedTool, Sampling, SchemaForm, SpeechTakes, Stability, Structured, Takes, TextTakes, Thinking,
};
use super::fault::{Faults, LoadError, read_if_there};
use super::settings::habits::{Habits, Server};
use crate::domain::call::Provider;
use jiff::civil::Date;

const BUILT_IN: &str = include_str!("../../assets/models.toml");

/// The table of models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Models {
    models: BTreeMap<String, Model>,
    groups: BTreeMap<String, Takes>,
    /// The program that answers on OpenAI's wire, and what it has room for.
    server: Server,
    server_context: Option<u64>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The model's id on the wire.
    pub id: String,
    /// Who serves it.
    pub provider: Provider,
    /// How it is spoken to.
    pub wire: Wire,
    /// The program that answers, where the wire is one that many speak.
    pub server: Server,
    /// How much it reads and makes.
    pub limits: Limits,
    /// What it takes.
    pub takes: Takes,
    /// Its dates.
    pub life: Life,
    /// Whether the table has it. Of one that it has not, nothing is assumed.
    pub is_known: bool,
}

/// A way of speaking to models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Anthropic's Messages.
    AnthropicMessages,
    /// Google's `generateContent`.
    GeminiGenerateContent,
    /// Perplexity's Agent API.
    PerplexityAgent,
    /// Perplexity's chat completions, which it serves no more and some gateways do.
    PerplexitySonar,
    /// Chat completions as OpenAI defines them.
    OpenAiChat,
    /// ElevenLabs' text to speech.
    ElevenLabsSpeech,
    /// Speech as OpenAI defines it.
    OpenAiSpeech,
}

impl Wire {
    /// All of them with their names in the table.
    pub const ALL: [(&str, Self); 7] = [
        ("anthropic_messages", Self::AnthropicMessages),
        ("gemini_generate_content", Self::GeminiGenerateContent),
        ("perplexity_agent", Self::PerplexityAgent),
        ("perplexity_sonar", Self::PerplexitySonar),
        ("openai_chat", Self::OpenAiChat),
        ("elevenlabs_speech", Self::ElevenLabsSpeech),
        ("openai_speech", Self::OpenAiSpeech),
    ];

    /// Whose wire it is.
    pub fn provider(self) -> Provider {
        match self {
            Self::AnthropicMessages => Provider::Anthropic,
            Self::GeminiGenerateContent => Provider::Gemini,
            Self::PerplexityAgent | Self::PerplexitySonar => Provider::Perplexity,
            Self::OpenAiChat | Self::OpenAiSpeech => Provider::OpenAi,
            Self::ElevenLabsSpeech => Provider::ElevenLabs,
        }
    }

    /// Whether it carries speech.
    pub fn speaks(self) -> bool {
        match self {
            Self::ElevenLabsSpeech | Self::OpenAiSpeech => true,
            Self::AnthropicMessages
            | Self::GeminiGenerateContent
            | Self::PerplexityAgent
            | Self::PerplexitySonar
            | Self::OpenAiChat => false,
        }
    }
}

/// How much a model reads and makes; `None` where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Tokens of prompt and answer together.
    pub context: Option<u64>,
    /// Tokens of an answer, thinking included.
    pub output: Option<u64>,
    /// Characters of a request for speech.
    pub characters: Option<u64>,
    /// Tokens under which the beginning of a prompt is not remembered.
    pub cache_minimum: Option<u64>,
}

/// The dates of a model, UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The day of its release.
    pub released: Option<Date>,
    /// Whether the provider advises against it.
    pub is_deprecated: bool,
    /// Whether it is a preview, which can end at short notice.
    pub is_preview: bool,
    /// The day from which calls fail.
    pub retires: Option<Date>,
    /// The day before which it is promised to stay.
    pub not_sooner_than: Option<Date>,
    /// The model to take then.
    pub successor: Option<String>,
}

/// What is to be said of a model on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// The table has it not: nothing optional is sent.
    Unknown,
    /// Nothing.
    Living,
    /// The provider advises against it and names no day, or one that is far.
    Deprecated {
        /// The day from which calls fail.
        retires: Option<Date>,
        /// The living model to take.
        successor: Option<&'a Model>,
    },
    /// Calls fail soon.
    Retiring {
        /// From this day on.
        on: Date,
        /// The living model to take.
        successor: Option<&'a Model>,
    },
    /// Calls fail.
    Retired {
        /// Since this day.
        on: Date,
        /// The living model to take.
        successor: Option<&'a Model>,
    },
}

impl Standing<'_> {
    /// Whether calls fail.
    pub fn is_retired(&self) -> bool {
        matches!(self, Self::Retired { .. })
    }

    /// What is to be said, in a few words; nothing where there is nothing to say.
    pub fn told(&self) -> String {
        let (what, successor) = match self {
            Self::Living => return String::new(),
            Self::Unknown => return "not in the table of models: nothing optional is sent to it".to_owned(),
            Self::Deprecated { retires: Some(day), successor } => {
                (format!("deprecated, retired from {day} on"), successor)
            }
            Self::Deprecated { retires: None, successor } => ("deprecated".to_owned(), successor),
            Self::Retiring { on, successor } => (format!("retired from {on} on"), successor),
            Self::Retired { on, successor } => (format!("retired since {on}"), successor),
        };
        match successor {
            Some(successor) => format!("{what}; `{}` follows", successor.id),
            None => format!("{what}; nothing follows"),
        }
    }
}

/// Days before a model's end from which it is told.
pub const NOTICE_DAYS: i32 = 60;

impl Models {
    /// The table that the program was built with.
    ///
    /// # Errors
    ///
    /// All faults of the table; a test holds that it has none.
    pub fn built_in() -> Result<Self, Faults> {
        let nothing =
            Self { models: BTreeMap::new(), groups: BTreeMap::new(), server: Server::Other, server_context: None };
        read::models("built-in models", BUILT_IN, &nothing)
    }

    /// The table with the groups and models of a text laid over it.
    ///
    /// # Errors
    ///
    /// All faults of the text, each with its place.
    pub fn overlaid(&self, file: &str, source: &str) -> Result<Self, Faults> {
        read::models(file, source, self)
    }

    /// The built-in table with `<config>/models.toml`, where there is one, laid over it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or has faults.
    pub fn load(config: &Path) -> Result<Self, LoadError> {
        let models = Self::built_in()?;
        let path = config.join("models.toml");
        match read_if_there(&path)? {
            Some(source) => Ok(models.overlaid(&path.display().to_string(), &source)?),
            None => Ok(models),
        }
    }

    /// The table as it holds with the server that answers on OpenAI's wire. What that has room for comes before what a model
    /// could read.
    #[must_use]
    pub fn served_by(mut self, habits: &Habits) -> Self {
        (self.server, self.server_context) = (habits.server, habits.server_context);
        let (server, context) = (self.server, self.server_context);
        for model in self.models.values_mut() {
            model.serve(server, context);
        }
        self
    }

    /// All models, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        self.models.values()
    }

    /// The model of this id, where the table has it.
    pub fn get(&self, id: &str) -> Option<&Model> {
        self.models.get(id)
    }

    /// The model of this id as one of a provider for text or speech; where the table has none, one of which nothing is known.
    pub fn of(&self, provider: Provider, id: &str, speaks: bool) -> Cow<'_, Model> {
        // Google's own lists write its ids with this in front.
        let bare = id.strip_prefix("models/").filter(|_| provider == Provider::Gemini).unwrap_or(id);
        let known = self.get(bare).filter(|model| model.provider == provider && model.wire.speaks() == speaks);
        known.map_or_else(
            || {
                let mut model = Model::unknown(provider, id, speaks);
                model.serve(self.server, self.server_context);
                Cow::Owned(model)
            },
            Cow::Borrowed,
        )
    }

    /// What is to be said of a model on a day.
    pub fn standing(&self, id: &str, on: Date) -> Standing<'_> {
        let Some(model) = self.get(id) else { return Standing::Unknown };
        let successor = self.successor(model, on);
        let notice = on.saturating_add(jiff::Span::new().days(NOTICE_DAYS));
        match model.life.retires {
            Some(day) if day <= on => Standing::Retired { on: day, successor },
            Some(day) if day <= notice => Standing::Retiring { on: day, successor },
            retires if model.life.is_deprecated => Standing::Deprecated { retires, successor },
            Some(_) | None => Standing::Living,
        }
    }

    /// The first model down the line of successors that is neither retired on the day, nor about to be, nor deprecated.
    pub fn successor(&self, model: &Model, on: Date) -> Option<&Model> {
        let notice = on.saturating_add(jiff::Span::new().days(NOTICE_DAYS));
        let mut next = model.life.successor.as_deref()?;
        // As many steps as there are models: a line that turns back on itself ends.
        for _ in 0..self.models.len() {
            let model = self.get(next)?;
            if !model.life.is_deprecated && model.life.retires.is_none_or(|day| notice < day) {
                return Some(model);
            }
            next = model.life.successor.as_deref()?;
        }
        None
    }
}

impl Model {
    /// A model of which nothing is known but who serves it: it is sent nothing that not every model of the wire takes.
    fn unknown(provider: Provider, id: &str, speaks: bool) -> Self {
        let wire = match (provider, speaks) {
            (Provider::Anthropic, _) => Wire::AnthropicMessages,
            (Provider::Gemini, _) => Wire::GeminiGenerateContent,
            (Provider::Perplexity, _) => Wire::PerplexityAgent,
            (Provider::OpenAi, false) => Wire::OpenAiChat,
            (Provider::OpenAi, true) => Wire::OpenAiSpeech,
            (Provider::ElevenLabs, _) => Wire::ElevenLabsSpeech,
        };
        // Servers of these two wires take a schema whatever model they run.
        let structured = match wire {
            Wire::PerplexityAgent | Wire::OpenAiChat => Structured::Native,
            Wire::AnthropicMessages
            | Wire::GeminiGenerateContent
            | Wire::PerplexitySonar
            | Wire::ElevenLabsSpeech
            | Wire::OpenAiSpeech => Structured::InWords,
        };
        let takes = match wire.speaks() {
            true => Takes::Speech(SpeechTakes::nothing()),
            false => Takes::Text(TextTakes { structured, ..TextTakes::nothing() }),
        };
        let (limits, life) = (Limits::default(), Life::default());
        Self { id: id.to_owned(), provider, wire, server: Server::Other, limits, takes, life, is_known: false }
    }

    /// Says which program answers and what it has room for, where the wire is OpenAI's.
    fn serve(&mut self, server: Server, context: Option<u64>) {
        match self.wire {
            Wire::OpenAiChat => {
                self.server = server;
                self.limits.context = context.or(self.limits.context);
            }
            Wire::OpenAiSpeech => self.server = server,
            Wire::AnthropicMessages
            | Wire::GeminiGenerateContent
            | Wire::PerplexityAgent
            | Wire::PerplexitySonar
            | Wire::ElevenLabsSpeech => {}
        }
    }

    /// What it takes as a model of text; nothing where it is a voice.
    pub fn text(&self) -> Cow<'_, TextTakes> {
        match &self.takes {
            Takes::Text(takes) => Cow::Borrowed(takes),
            Takes::Speech(_) => Cow::Owned(TextTakes::nothing()),
        }
    }

    /// What it takes as a voice; nothing where it is a model of text.
    pub fn speech(&self) -> SpeechTakes {
        match &self.takes {
            Takes::Speech(takes) => *takes,
            Takes::Text(_) => SpeechTakes::nothing(),
        }
    }

    /// The tokens to ask for, so that an answer of `answer` tokens has room beside what is thought first. Never more than the
    /// model makes, where that is known.
    pub fn room(&self, answer: u32, effort: Option<Effort>) -> u32 {
        let takes = self.text();
        let level = effort.map(|effort| takes.nearest(effort).unwrap_or(effort)).or(takes.default_effort);
        let room = if takes.thinking.thinks(effort) { level.unwrap_or(Effort::Medium).room() } else { 0 };
        let most = self.limits.output.and_then(|most| u32::try_from(most).ok()).unwrap_or(u32::MAX);
        answer.saturating_add(room).min(most)
    }
}

#[cfg(test)]
mod tests;
