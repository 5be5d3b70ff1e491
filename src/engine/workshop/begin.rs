//! What an episode starts with: the package, the show, the pipeline, prompts, routes and prices are read, checked and kept.
//! Anything that cannot be used is refused here, before a cent is spent.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::Workshop;
use super::call::day;
use super::judge::BUILT_IN as BUILT_IN_RUBRIC;
use crate::config::files;
use crate::config::pipeline::{PipelineFile, Tier};
use crate::config::prices::{Asked, Ceiling};
use crate::config::role::Role;
use crate::config::rubric;
use crate::config::settings::RoleRoutes;
use crate::config::show::{Show, SpeechEngine, built_in};
use crate::domain::budget::Scope;
use crate::domain::command::Start;
use crate::domain::episode::Episode;
use crate::domain::event::{Pin, Policy, PromptPin, Provenance, Uncertain};
use crate::domain::handoff::{Arbitration, Contract};
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};
use crate::domain::memory::gather::{Told, noted, remembered, uses};
use crate::domain::memory::{lately, patterns};
use crate::domain::money::MicroUsd;
use crate::domain::panel::Seat;
use crate::domain::pipeline::{Human, Kind, Stage};
use crate::domain::plain;
use crate::domain::research::{self, MAX_BYTES, Research};
use crate::engine::handle::NewEpisode;
use crate::prompts::prompt::Prompt;

/// Characters of a spoken word with its space, for projecting what the voices cost.
const CHARACTERS_A_WORD: u64 = 7;

impl Workshop {
    /// Reads and keeps everything that an episode starts with.
    pub(in crate::engine) fn begin(
        &self,
        new: &NewEpisode,
        number: EpisodeNumber,
        past: &[Arc<Episode>],
    ) -> Result<Start, String> {
        let (bytes, research) = match &new.topic {
            Some(topic) => topic_of(topic)?,
            None => read_research(&new.research)?,
        };
        let (file, source) = self.show_source(&new.show)?;
        let show = Show::parse(&file, &source, self.settings.voice_provider()).map_err(|e| e.to_string())?;
        let pipeline = PipelineFile::load(&self.config, &show.pipeline).map_err(|e| e.to_string())?;
        let speaks = pipeline.pipeline.stages().iter().any(|stage| stage.kind == Kind::Speech);
        if self.provenance == Provenance::Live && speaks && show.engine == SpeechEngine::EspeakNg {
            return Err(format!(
                "the voices of espeak-ng are for rehearsals, and this studio is live; nothing was started. Set `engine = \"provider\"` in {file}"
            ));
        }
        self.prompts.check(&pipeline).map_err(|e| e.to_string())?;
        show.check_against(&pipeline.stage_names()).map_err(|e| e.to_string())?;
        let cap = new.cap.unwrap_or(show.caps.episode);
        let canaries = scripts_of_a_check(&pipeline, &bytes).map_err(|e| format!("{e}; nothing was started"))?;
        let is_gate = |id: &&StageId| pipeline.pipeline.stage(id).is_some_and(|stage| stage.kind == Kind::Gate);
        if let Some(unknown) = show.policy.gates.keys().find(|id| !is_gate(id)) {
            return Err(format!(
                "{file}: `policy.gates.{unknown}`: the pipeline has no such gate; nothing was started"
            ));
        }
        let of_show = |stage: &Stage| {
            let human = show.policy.gates.get(&stage.id).copied().or(stage.human);
            // A topic is researched by an agent where a package is read by code.
            if new.topic.is_some() && stage.output == Contract::Research && stage.kind == Kind::Render {
                let agent = Some(RESEARCHER.to_owned());
                return Stage { kind: Kind::Agent, agent, time_limit_seconds: RESEARCH_SECONDS, ..stage.clone() };
            }
            Stage { human, ..stage.clone() }
        };
        let is_panel = |id: &&StageId| pipeline.pipeline.stage(id).is_some_and(|stage| stage.kind == Kind::Panel);
        if let Some(unknown) = show.policy.panels.iter().find(|id| !is_panel(id)) {
            return Err(format!("{file}: `policy.panels`: the pipeline has no panel `{unknown}`; nothing was started"));
        }
        // A talk is many turns, each after the other, and a day for each is no way to talk.
        let can_wait = |id: &&StageId| {
            pipeline.pipeline.stage(id).is_some_and(|stage| matches!(stage.kind, Kind::Agent | Kind::Evaluate))
        };
        if let Some(unfit) = show.policy.patient.iter().find(|id| !can_wait(id)) {
            return Err(format!(
                "{file}: `policy.patient`: the pipeline has no stage `{unfit}` of an agent or a judge, and only those can wait for a \
                 batch; nothing was started"
            ));
        }
        // A stage that is there for those who ask for it, and is not asked for, is not there.
        let is_asked = |id: &StageId| show.policy.gates.contains_key(id) || show.policy.panels.contains(id);
        let is_left_out = |id: &StageId| pipeline.optional.contains(id) && !is_asked(id);
        let left = |ids: &[StageId]| ids.iter().filter(|id| !is_left_out(id)).cloned().collect::<Vec<_>>();
        let stages = pipeline.pipeline.stages().iter().filter(|stage| !is_left_out(&stage.id)).map(|stage| {
            let (inputs, after, signs) = (left(&stage.inputs), left(&stage.after), left(&stage.signs));
            Stage { inputs, after, signs, ..of_show(stage) }
        });
        let pins = stages
            .map(|stage| self.pin(&stage, pipeline.tiers.get(&stage.id).copied()))
            .collect::<Result<Vec<_>, _>>()?;
        check_gates(&pins, &file)?;
        let projected = self.projected(&pins, bytes.len() as u64, &show, canaries)?;
        let prompts = |pin: &'_ Pin| {
            let seats = pin.seats.iter().map(|seat| seat.prompt.clone());
            pin.prompt.iter().chain(&pin.revise).cloned().chain(seats).collect::<Vec<_>>()
        };
        for prompt in pins.iter().flat_map(prompts) {
            if let Some(known) = self.prompts.pinned(&prompt.agent, &prompt.hash) {
                self.keep(known.source.as_bytes())?;
            }
        }
        self.keep(Arbitration::SILENT)?;
        let mut caps = show.caps_of(number);
        caps.insert(Scope::Episode(number), cap);
        Ok(Start {
            episode: number,
            title: clean(&research.topic),
            show: show.slug.clone(),
            research: self.keep(&bytes)?,
            profile: self.keep(source.as_bytes())?,
            policy: Policy {
                lately: self.lately(&show, past)?,
                // No other episode has its number, so none shares its samples.
                sample: if new.fresh { number.0 } else { 0 },
                ..self.policy(&show)?
            },
            caps,
            projected,
            pins,
        })
    }

    /// Whether the show that is named wants its writer to know what was found wrong in earlier episodes.
    pub(in crate::engine) fn recalls(&self, new: &NewEpisode) -> bool {
        // What is wrong with the show is told by whoever reads it to begin.
        let Ok((file, source)) = self.show_source(&new.show) else { return false };
        let show = Show::parse(&file, &source, self.settings.voice_provider());
        show.is_ok_and(|show| show.policy.lately_tokens > 0)
    }

    /// What was found wrong in earlier episodes of the show, as an artifact; nothing where there is nothing to tell. A report that
    /// cannot be read any more is forgotten and stops no episode.
    fn lately(&self, show: &Show, past: &[Arc<Episode>]) -> Result<Option<ContentHash>, String> {
        let own: Vec<&Episode> = past.iter().map(Arc::as_ref).filter(|episode| episode.show == show.slug).collect();
        let mut found = Vec::new();
        for episode in &own {
            let evaluations = episode.gates.values().flat_map(|gate| gate.evaluations.values());
            let read = |report: ContentHash| self.json(&report).ok().map(|read| (report, read));
            let reports = evaluations.filter_map(|evaluation| read(evaluation.report)).collect();
            let read = |note: ContentHash| self.json(&note).ok().map(|read| (note, read));
            let notes = episode.sent_back.iter().filter_map(|sent| read(sent.input.note)).collect();
            found.extend(noted(Told { episode, reports: &reports, notes: &notes }));
        }
        let research = |number| own.iter().find(|episode| episode.number == number).map(|episode| episode.research);
        let patterns = patterns(&remembered(&found, research), &uses(own.iter().copied()));
        let text = lately(&patterns, usize::try_from(show.policy.lately_tokens).unwrap_or(0));
        if text.is_empty() { Ok(None) } else { self.keep(text.as_bytes()).map(Some) }
    }

    /// The rules that the episode pins. The money of a rehearsal is not real, so there the program says what is done about
    /// uncertain charges.
    fn policy(&self, show: &Show) -> Result<Policy, String> {
        let rubric = rubric::load(&self.config, BUILT_IN_RUBRIC).map_err(|e| e.to_string())?;
        let rubric = self.keep(&serde_json::to_vec(&rubric).map_err(|e| e.to_string())?)?;
        let rules = Policy { rubric: Some(rubric), ..show.rules(Uncertain::RECOMMENDED) };
        Ok(match self.provenance {
            Provenance::Rehearsal => Policy { uncertain: self.uncertain, ..rules },
            Provenance::Live => rules,
        })
    }

    /// A show's profile, by its name or its path: the place for messages, and the text.
    pub(super) fn show_source(&self, show: &str) -> Result<(String, String), String> {
        let is_name = NewEpisode::is_slug(show);
        let path = if is_name { self.config.join("shows").join(format!("{show}.toml")) } else { show.into() };
        let place = clean(&path.display().to_string());
        match files::read_text(&path, files::LARGEST_TEXT) {
            Ok(source) => Ok((place, source)),
            Err(error) if is_name && error.kind() == std::io::ErrorKind::NotFound => {
                built_in::source(show).map(|source| (built_in::place(show), source.to_owned())).ok_or_else(|| {
                    let names: Vec<&str> = built_in::names().collect();
                    format!(
                        "there is no show `{show}`; nothing was started. There are {}; one of your own is a file at {place}, which \
                         `greenroom config init show {show}` writes",
                        names.join(" and ")
                    )
                })
            }
            Err(error) => Err(format!("the show profile {place} cannot be read: {error}; nothing was started")),
        }
    }

    fn pin(&self, stage: &Stage, tier: Option<Tier>) -> Result<Pin, String> {
        let prompt = stage.agent.as_deref().map(|agent| self.latest(agent)).transpose()?;
        let revise = stage.reviser.as_deref().map(|agent| self.latest(agent)).transpose()?;
        let role = match stage.kind {
            Kind::Speech => Some(Role::Voice),
            Kind::Agent | Kind::Panel | Kind::Evaluate => prompt.map(|prompt| prompt.role),
            Kind::Gate | Kind::Master | Kind::Render => None,
        };
        let routes = role.map(|role| self.routes(role)).transpose()?;
        let (route, fallback, cheaper) = match routes {
            Some(RoleRoutes { primary, fallback, cheaper, light }) => match (tier, light) {
                // Another model's judgement is another judgement: a judge's own model does not stand in for its light one.
                (Some(Tier::Light), Some(light)) if stage.kind == Kind::Evaluate => (Some(light), fallback, cheaper),
                (Some(Tier::Light), Some(light)) => {
                    (Some(light), std::iter::once(primary).chain(fallback).collect(), cheaper)
                }
                (Some(Tier::Light | Tier::Premium) | None, _) => (Some(primary), fallback, cheaper),
            },
            None => (None, Vec::new(), None),
        };
        let cheaper = cheaper.filter(|cheaper| Some(cheaper) != route.as_ref());
        let mut fallback = fallback.into_iter();
        let pinned = |prompt: &Prompt| PromptPin {
            agent: prompt.name.clone(),
            version: prompt.version.to_string(),
            hash: prompt.hash,
        };
        let spec = stage.panel.as_ref();
        let seated =
            spec.into_iter().flat_map(|spec| spec.seats.iter().chain(&spec.coordinator)).chain(&stage.attacker);
        let seats = seated.map(|agent| {
            let prompt = self.latest(agent)?;
            let RoleRoutes { primary, fallback, .. } = self.routes(prompt.role)?;
            Ok(Seat { prompt: pinned(prompt), route: primary, fallback: fallback.into_iter().next() })
        });
        let seats = seats.collect::<Result<Vec<_>, String>>()?;
        Ok(Pin {
            stage: stage.clone(),
            prompt: prompt.map(pinned),
            revise: revise.map(pinned),
            route,
            fallback: fallback.next(),
            further: fallback.collect(),
            cheaper,
            seats,
        })
    }

    fn latest(&self, agent: &str) -> Result<&Prompt, String> {
        self.prompts
            .latest(agent)
            .ok_or_else(|| format!("there is no prompt for the agent `{agent}`; nothing was started"))
    }

    /// The routes of a role; the first one must lead somewhere.
    fn routes(&self, role: Role) -> Result<RoleRoutes, String> {
        let routes = self.settings.routes(role, &self.prices, day(self.clock.now())).map_err(|e| e.to_string())?;
        match self.endpoints.get(&routes.primary.provider) {
            Some(Ok(_)) => Ok(routes),
            Some(Err(why)) => Err(format!("{why} Nothing was started.")),
            None => Err(format!("{} is not set up; nothing was started", routes.primary.provider)),
        }
    }

    /// What all calls cost at worst, without rounds: a stage's prompt holds the package and a script at most.
    fn projected(&self, pins: &[Pin], research: u64, show: &Show, canaries: u64) -> Result<MicroUsd, String> {
        let words = show.target.max_ms.saturating_mul(u64::from(show.words_per_minute)) / 60_000;
        let characters = words.saturating_mul(CHARACTERS_A_WORD);
        let request = research.saturating_mul(2).saturating_add(characters.saturating_mul(3)).saturating_add(12_000);
        // Each canary comes with a package of its own.
        let of_canary = (research / canaries.max(1)).saturating_mul(2).saturating_add(12_000);
        let on = day(self.clock.now());
        let rubric = rubric::load(&self.config, BUILT_IN_RUBRIC).map_err(|e| e.to_string())?;
        let sittings = i64::try_from(rubric.sittings().len()).unwrap_or(i64::MAX);
        let scripts = i64::try_from(canaries).unwrap_or(i64::MAX);
        let mut sum = MicroUsd::ZERO;
        for pin in pins {
            if pin.route.is_none() {
                continue;
            }
            let request = if pin.stage.output == Contract::CanaryReport { of_canary } else { request };
            let worst = self.bound(pin, request, characters, on)?;
            let times = match (pin.stage.kind, pin.stage.output) {
                (Kind::Evaluate, Contract::Judgement) => sittings,
                (Kind::Evaluate, Contract::CanaryReport) => sittings.saturating_mul(scripts),
                (Kind::Evaluate, _) => 2,
                _ => 1,
            };
            sum = sum.plus(MicroUsd(worst.0.saturating_mul(times))).plus(self.talked(pin, request, on)?);
        }
        Ok(sum)
    }

    /// What the turns of a panel cost at worst: each at the dearest seat's price, and each choice of a speaker, but no more
    /// than the panel may spend before its last turn.
    fn talked(&self, pin: &Pin, request: u64, on: jiff::civil::Date) -> Result<MicroUsd, String> {
        let Some(spec) = &pin.stage.panel else { return Ok(MicroUsd::ZERO) };
        let price = |seat: &Seat| {
            let prompt = self.prompts.pinned(&seat.prompt.agent, &seat.prompt.hash);
            let most = prompt.map_or(0, |prompt| self.tokens(&seat.route, prompt));
            let asked = Asked::usual(request, Ceiling::OutputTokens(u64::from(most)));
            let worst = self.worst(&seat.route.model, &asked, on);
            worst.map_err(|e| e.to_string())
        };
        let (seats, coordinator) = pin.seats.split_at(spec.seats.len().min(pin.seats.len()));
        let dearest = |seats: &[Seat]| {
            seats.iter().map(price).try_fold(MicroUsd::ZERO, |most, worst| worst.map(|worst| most.max(worst)))
        };
        let each = dearest(seats)?.plus(dearest(coordinator)?);
        let all = MicroUsd(each.0.saturating_mul(i64::from(spec.turns)));
        Ok(spec.spend.map_or(all, |spend| all.min(spend.plus(each))))
    }

    /// The price of so many characters in requests of a line each.
    pub(super) fn spoken(
        &self,
        model: &str,
        characters: u64,
        on: jiff::civil::Date,
    ) -> Result<MicroUsd, crate::config::prices::PriceError> {
        const LINE: u64 = 500;
        let line = self.worst(model, &Asked::usual(0, Ceiling::Characters(LINE)), on)?;
        let lines = i64::try_from(characters.div_ceil(LINE)).unwrap_or(i64::MAX);
        Ok(MicroUsd(line.0.saturating_mul(lines)))
    }
}

/// How many scripts a pipeline that checks judges finds in its package; none for any other pipeline.
fn scripts_of_a_check(file: &PipelineFile, package: &[u8]) -> Result<u64, String> {
    if !file.pipeline.stages().iter().any(|stage| stage.output == Contract::Canaries) {
        return Ok(0);
    }
    super::canaries::read(package).map(|set| set.canaries.len() as u64)
}

/// The last gate always asks a person: nothing is released on the word of machines.
fn check_gates(pins: &[Pin], file: &str) -> Result<(), String> {
    let last = pins.iter().rev().find(|pin| pin.stage.kind == Kind::Gate);
    match last {
        Some(pin) if pin.stage.human != Some(Human::Always) => Err(format!(
            "`{}` is the gate of release, and a person always decides there; nothing was started. Set it to \"always\" \
             under `[policy.gates]` in {file}, or leave it out",
            pin.stage.id
        )),
        Some(_) | None => Ok(()),
    }
}

/// Text from outside as a title.
fn clean(text: &str) -> String {
    plain::line(text).chars().take(200).collect()
}

/// The agent that researches a topic.
pub(super) const RESEARCHER: &str = "researcher";

/// How long one try at it may take: it searches.
const RESEARCH_SECONDS: u32 = 900;

/// The longest topic, in characters.
const LONGEST_TOPIC: usize = 500;

/// A topic in the place of a package: what is known is made by agent 00.
fn topic_of(topic: &str) -> Result<(Vec<u8>, Research), String> {
    let words: String = topic.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() || words.chars().count() > LONGEST_TOPIC {
        return Err(format!("a topic has 1 to {LONGEST_TOPIC} characters; nothing was started"));
    }
    Ok((words.clone().into_bytes(), Research { topic: words, ..Research::default() }))
}

/// Reads a package; one byte more than is allowed at most, so that a huge file is refused and never loaded.
fn read_research(path: &Path) -> Result<(Vec<u8>, Research), String> {
    let place = clean(&path.display().to_string());
    let mut bytes = Vec::new();
    files::open(path)
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|e| format!("{place} cannot be read: {e}; nothing was started. Check the path and its permissions"))?;
    let research = research::read(&bytes).map_err(|e| format!("{place}: {e}; nothing was started"))?;
    Ok((bytes, research))
}
