//! The profile of a show: its brand, its speakers, its length, its caps. Written by a person in TOML, checked whole.
//!
//! Not for what runs (the pipeline) or which model serves (the routes): the show only names its pipeline. Lengths are whole
//! milliseconds and amounts micro-dollars; a number with decimals is read from its digits.

pub mod built_in;
mod read;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

pub use self::template::template;
use super::fault::{Fault, Faults, LoadError, Place, read_text};
use crate::domain::budget::{Caps, Scope};
use crate::domain::call::Provider;
use crate::domain::checks::Guardrails;
use crate::domain::event::{InputForm, Mending, NearCap, Overriding, Policy, Uncertain, WhenDown};
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::Human;

/// A show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show {
    /// Its name as listeners know it.
    pub name: String,
    /// Its name in paths: lower-case letters, digits and hyphens.
    pub slug: String,
    /// One sentence that says what it is.
    pub tagline: String,
    /// The language as a BCP 47 tag, such as `en-GB`.
    pub language: String,
    /// How long an episode should be.
    pub target: Target,
    /// How fast its speakers speak, for turning words into time.
    pub words_per_minute: u32,
    /// Days from the start of an episode to its deadline.
    pub deadline_days: u32,
    /// The name of its pipeline.
    pub pipeline: String,
    /// How it sounds.
    pub brand: Brand,
    /// Who speaks, at least one.
    pub speakers: Vec<Speaker>,
    /// What an episode may cost.
    pub caps: ShowCaps,
    /// How it is produced.
    pub policy: ShowPolicy,
    /// Who makes the voices.
    pub engine: SpeechEngine,
    /// The profile as it was written: what an episode keeps.
    pub source: String,
    /// The hash of [`Show::source`].
    pub hash: ContentHash,
    stage_places: BTreeMap<StageId, Place>,
}

/// The length of an episode in milliseconds, the shortest and the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The shortest.
    pub min_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

/// How a show sounds, in the words of its makers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// The voice, in a sentence or two.
    pub voice: String,
    /// What every script does.
    pub rules: Vec<String>,
    /// What no script does.
    pub avoid: Vec<String>,
    /// Passages that sound right.
    pub samples: Vec<String>,
    /// What code checks: required phrases, whether it is explicit, the disclosure, how hard it may be to follow.
    pub guardrails: Guardrails,
}

/// One who speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// The id that a script's lines carry, such as `HOST`.
    pub id: String,
    /// The name that listeners hear.
    pub name: String,
    /// What the speaker does, such as `host`.
    pub role: String,
    /// The voice.
    pub voice: Voice,
}

/// A voice of a provider, or of `espeak-ng`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Whose voice it is.
    pub provider: VoiceProvider,
    /// Its id there.
    pub id: String,
}

/// Whose voice it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceProvider {
    /// A paid provider.
    Paid(Provider),
    /// The program `espeak-ng` on this machine.
    EspeakNg,
}

impl VoiceProvider {
    /// The name in a show profile.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paid(provider) => provider.name(),
            Self::EspeakNg => "espeak-ng",
        }
    }
}

/// What an episode may cost; a stage without a cap has that of the episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShowCaps {
    /// One paid call; no cap of its own where it is not set.
    pub call: Option<MicroUsd>,
    /// The episode.
    pub episode: MicroUsd,
    /// Single stages.
    pub stages: BTreeMap<StageId, MicroUsd>,
}

/// How a show is produced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShowPolicy {
    /// What becomes of a call of which nobody knows whether it was charged; the studio decides where it is not set.
    pub uncertain: Option<Uncertain>,
    /// How often an answer that misses its contract is asked for again.
    pub corrections: u32,
    /// Who may override a failed gate.
    pub overriding: Overriding,
    /// How far a gate mends by itself.
    pub mending: Mending,
    /// One reading of a judge in so many gets a line that asks for the highest score; 0 for none.
    pub canary_every: u32,
    /// The most tokens of what was found wrong in earlier episodes that the writer is told; 0 for nothing.
    pub lately_tokens: u32,
    /// When single gates ask a person, where it is not as the pipeline says.
    pub gates: BTreeMap<StageId, Human>,
    /// The optional panels that run.
    pub panels: BTreeSet<StageId>,
    /// The age in days from which a source is told as stale; none where it does not matter.
    pub research_days: Option<u32>,
    /// What follows when 80 % of a cap is spent or held.
    pub near_cap: NearCap,
    /// What is done while a provider fails.
    pub when_down: WhenDown,
    /// The stages whose calls may wait for a day and go in batches for half the price, where their provider has them.
    pub patient: BTreeSet<StageId>,
}

impl Default for ShowPolicy {
    fn default() -> Self {
        Self {
            uncertain: None,
            corrections: 2,
            overriding: Overriding::Reason,
            mending: Mending::default(),
            canary_every: 10,
            lately_tokens: 0,
            gates: BTreeMap::new(),
            panels: BTreeSet::new(),
            research_days: None,
            near_cap: NearCap::Alert,
            when_down: WhenDown::Wait,
            patient: BTreeSet::new(),
        }
    }
}

/// Who makes the voices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeechEngine {
    /// The provider of the voice route.
    Provider,
    /// The program `espeak-ng` on this machine.
    EspeakNg,
}

impl Show {
    /// Reads a show profile from its text; the voices must be those of the provider that the voice route names, or of
    /// `espeak-ng` where the show says so.
    ///
    /// # Errors
    ///
    /// All faults of the file, each with its place.
    pub fn parse(file: &str, source: &str, voice: Provider) -> Result<Self, Faults> {
        read::show(file, source, voice)
    }

    /// Reads a show profile from a file, as [`Show::parse`].
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or all its faults.
    pub fn load(path: &Path, voice: Provider) -> Result<Self, LoadError> {
        let source = read_text(path)?;
        Ok(Self::parse(&path.display().to_string(), &source, voice)?)
    }

    /// Checks that every stage with a cap is a stage of the pipeline.
    ///
    /// # Errors
    ///
    /// Each stage that the pipeline does not have, with the nearest one that it has.
    pub fn check_against(&self, stages: &BTreeSet<String>) -> Result<(), Faults> {
        let unknown = self.stage_places.iter().filter(|(stage, _)| !stages.contains(stage.as_str()));
        let faults = unknown.map(|(stage, place)| {
            let near = super::fault::suggestion(stage.as_str(), stages.iter().map(String::as_str));
            let what = format!("`{stage}` is no stage of the pipeline `{}`: {near}", self.pipeline);
            Fault { place: place.clone(), what }
        });
        Faults::none(faults.collect())
    }

    /// The rules that an episode of this show pins; the studio decides about uncertain charges where the show does not.
    pub fn rules(&self, studio: Uncertain) -> Policy {
        Policy {
            uncertain: self.policy.uncertain.unwrap_or(studio),
            corrections: self.policy.corrections,
            target_ms: (self.target.min_ms, self.target.max_ms),
            words_per_minute: self.words_per_minute,
            rubric: None,
            mending: self.policy.mending,
            overriding: self.policy.overriding,
            canary_every: self.policy.canary_every,
            lately: None,
            near_cap: self.policy.near_cap,
            when_down: self.policy.when_down,
            inputs: InputForm::Second,
            sample: 0,
        }
    }

    /// The guardrails with all that the show says elsewhere: what it avoids, its samples, its names.
    pub fn guardrails(&self) -> Guardrails {
        let names = self.speakers.iter().map(|speaker| speaker.name.clone()).chain([self.name.clone()]);
        Guardrails {
            banned: self.brand.avoid.clone(),
            samples: self.brand.samples.clone(),
            names: names.collect(),
            ..self.brand.guardrails.clone()
        }
    }

    /// The caps of one episode of this show. The days and months of a studio are the settings' matter.
    pub fn caps_of(&self, episode: EpisodeNumber) -> Caps {
        let stages = self.caps.stages.iter().map(|(stage, cap)| (Scope::Stage(episode, stage.clone()), *cap));
        let call = self.caps.call.map(|cap| (Scope::Call, cap));
        stages.chain(call).chain([(Scope::Episode(episode), self.caps.episode)]).collect()
    }

    /// What a prompt's slot `show` holds: `{name, tagline, language, target_minutes: {min, max}, words_per_minute, brand,
    /// speakers: [{id, name, role}]}`. Minutes are numbers, whole where they can be.
    pub fn slot_json(&self) -> String {
        let speakers: Vec<Value> = self
            .speakers
            .iter()
            .map(|speaker| json!({"id": speaker.id, "name": speaker.name, "role": speaker.role}))
            .collect();
        let Brand { voice, rules, avoid, samples, guardrails } = &self.brand;
        let guardrails = json!({
            "required": guardrails.required, "explicit": guardrails.explicit, "disclosure": guardrails.disclosure,
            "max_sentence_words": guardrails.max_sentence_words, "max_turn_words": guardrails.max_turn_words,
        });
        let brand =
            json!({"voice": voice, "rules": rules, "avoid": avoid, "samples": samples, "guardrails": guardrails});
        let (min, max) = (minutes(self.target.min_ms), minutes(self.target.max_ms));
        format!(
            r#"{{"name":{},"tagline":{},"language":{},"target_minutes":{{"min":{min},"max":{max}}},"words_per_minute":{},"brand":{brand},"speakers":{}}}"#,
            json!(self.name),
            json!(self.tagline),
            json!(self.language),
            self.words_per_minute,
            Value::Array(speakers),
        )
    }
}

/// Whether a text can be the slug of a show: up to 64 lower-case letters, digits, and hyphens between them.
pub fn is_slug(text: &str) -> bool {
    let is_plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    !text.is_empty() && text.len() <= 64 && is_plain && !text.starts_with('-') && !text.ends_with('-')
}

/// Milliseconds as a JSON number of minutes with at most three decimals.
fn minutes(ms: u64) -> String {
    let thousandths = ms / 60;
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
