//! What an episode starts with: the package, the show, the pipeline, prompts, routes and prices are read, checked and kept.
//! Anything that cannot be used is refused here, before a cent is spent.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Workshop;
use super::call::day;
use super::judge::BUILT_IN as BUILT_IN_RUBRIC;
use crate::config::pipeline::PipelineFile;
use crate::config::prices::Ceiling;
use crate::config::role::Role;
use crate::config::rubric;
use crate::config::settings::RoleRoutes;
use crate::config::show::{Show, SpeechEngine};
use crate::domain::budget::Scope;
use crate::domain::call::Route;
use crate::domain::command::Start;
use crate::domain::event::{Pin, Policy, PromptPin, Provenance, Uncertain};
use crate::domain::handoff::Contract;
use crate::domain::ids::{EpisodeNumber, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::panel::Seat;
use crate::domain::pipeline::{Human, Kind, Stage};
use crate::domain::research::{self, MAX_BYTES, Research};
use crate::engine::handle::NewEpisode;
use crate::prompts::prompt::Prompt;

/// The shows that come with the program: name and profile.
const BUILT_IN: [(&str, &str); 2] = [
    ("open-questions", include_str!("../../../assets/shows/open-questions.toml")),
    ("open-questions-short", include_str!("../../../assets/shows/open-questions-short.toml")),
];

/// The names of the shows that come with the program.
pub(in crate::engine) fn shows() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// Characters of a spoken word with its space, for projecting what the voices cost.
const CHARACTERS_A_WORD: u64 = 7;

impl Workshop {
    /// Reads and keeps everything that an episode starts with.
    pub(in crate::engine) fn begin(&self, new: &NewEpisode, number: EpisodeNumber) -> Result<Start, String> {
        let (bytes, research) = read_research(&new.research)?;
        let (file, source) = self.show_source(&new.show)?;
        let show = Show::parse(&file, &source, self.settings.voice_provider()).map_err(|e| e.to_string())?;
        if self.provenance == Provenance::Live && show.engine == SpeechEngine::EspeakNg {
            return Err(format!(
                "the voices of espeak-ng are for rehearsals, and this studio is live; nothing was started. Set `engine = \"provider\"` in {file}"
            ));
        }
        let pipeline = PipelineFile::load(&self.config, &show.pipeline).map_err(|e| e.to_string())?;
        self.prompts.check(&pipeline).map_err(|e| e.to_string())?;
        show.check_against(&pipeline.stage_names()).map_err(|e| e.to_string())?;
        let cap = new.cap.unwrap_or(show.caps.episode);
        if let Some((stage, most)) = show.caps.stages.iter().find(|(_, most)| **most > cap) {
            return Err(format!(
                "the stage {stage} may cost {most} USD and the whole episode only {cap} USD; nothing was started. Raise the \
                 episode's cap or lower the stage's in {file}"
            ));
        }
        let is_gate = |id: &&StageId| pipeline.pipeline.stage(id).is_some_and(|stage| stage.kind == Kind::Gate);
        if let Some(unknown) = show.policy.gates.keys().find(|id| !is_gate(id)) {
            return Err(format!(
                "{file}: `policy.gates.{unknown}`: the pipeline has no such gate; nothing was started"
            ));
        }
        let of_show = |stage: &Stage| {
            let human = show.policy.gates.get(&stage.id).copied().or(stage.human);
            Stage { human, ..stage.clone() }
        };
        let is_panel = |id: &&StageId| pipeline.pipeline.stage(id).is_some_and(|stage| stage.kind == Kind::Panel);
        if let Some(unknown) = show.policy.panels.iter().find(|id| !is_panel(id)) {
            return Err(format!("{file}: `policy.panels`: the pipeline has no panel `{unknown}`; nothing was started"));
        }
        // A stage that is there for those who ask for it, and is not asked for, is not there.
        let is_asked = |id: &StageId| show.policy.gates.contains_key(id) || show.policy.panels.contains(id);
        let is_left_out = |id: &StageId| pipeline.optional.contains(id) && !is_asked(id);
        let left = |ids: &[StageId]| ids.iter().filter(|id| !is_left_out(id)).cloned().collect::<Vec<_>>();
        let stages = pipeline.pipeline.stages().iter().filter(|stage| !is_left_out(&stage.id)).map(|stage| {
            let (inputs, after, signs) = (left(&stage.inputs), left(&stage.after), left(&stage.signs));
            Stage { inputs, after, signs, ..of_show(stage) }
        });
        let pins = stages.map(|stage| self.pin(&stage)).collect::<Result<Vec<_>, _>>()?;
        check_gates(&pins, &file)?;
        check_arbiter(&pins)?;
        let projected = self.projected(&pins, bytes.len() as u64, &show)?;
        let prompts = |pin: &'_ Pin| {
            let seats = pin.seats.iter().map(|seat| seat.prompt.clone());
            pin.prompt.iter().chain(&pin.revise).cloned().chain(seats).collect::<Vec<_>>()
        };
        for prompt in pins.iter().flat_map(prompts) {
            if let Some(known) = self.prompts.pinned(&prompt.agent, &prompt.hash) {
                self.keep(known.source.as_bytes())?;
            }
        }
        let mut caps = show.caps_of(number);
        caps.insert(Scope::Episode(number), cap);
        Ok(Start {
            episode: number,
            title: clean(&research.topic),
            show: show.slug.clone(),
            research: self.keep(&bytes)?,
            profile: self.keep(source.as_bytes())?,
            policy: self.policy(&show)?,
            caps,
            projected,
            pins,
        })
    }

    /// The rules that the episode pins. The money of a rehearsal is not real, so there the program says what is done about
    /// uncertain charges.
    fn policy(&self, show: &Show) -> Result<Policy, String> {
        let rubric = rubric::load(&self.config, BUILT_IN_RUBRIC).map_err(|e| e.to_string())?;
        let rubric = self.keep(&serde_json::to_vec(&rubric).map_err(|e| e.to_string())?)?;
        let rules = Policy { rubric: Some(rubric), ..show.rules(Uncertain::Ask) };
        Ok(match self.provenance {
            Provenance::Rehearsal => Policy { uncertain: self.uncertain, ..rules },
            Provenance::Live => rules,
        })
    }

    /// A show's profile, by its name or its path: the place for messages, and the text.
    fn show_source(&self, show: &str) -> Result<(String, String), String> {
        let is_name = show.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        let path = if is_name { self.config.join("shows").join(format!("{show}.toml")) } else { show.into() };
        let place = clean(&path.display().to_string());
        match std::fs::read_to_string(&path) {
            Ok(source) => Ok((place, source)),
            Err(error) if is_name && error.kind() == std::io::ErrorKind::NotFound => {
                let built_in = BUILT_IN.iter().find(|(name, _)| *name == show);
                let names: Vec<&str> = shows().collect();
                built_in.map(|(name, source)| (format!("assets/shows/{name}.toml"), (*source).to_owned())).ok_or_else(|| {
                    format!(
                        "there is no show `{show}`; nothing was started. There are {}; one of your own is a file at {place}",
                        names.join(" and ")
                    )
                })
            }
            Err(error) => Err(format!("the show profile {place} cannot be read: {error}; nothing was started")),
        }
    }

    fn pin(&self, stage: &Stage) -> Result<Pin, String> {
        let prompt = stage.agent.as_deref().map(|agent| self.latest(agent)).transpose()?;
        let revise = stage.reviser.as_deref().map(|agent| self.latest(agent)).transpose()?;
        let role = match stage.kind {
            Kind::Speech => Some(Role::Voice),
            Kind::Agent | Kind::Panel | Kind::Evaluate => prompt.map(|prompt| prompt.role),
            Kind::Gate | Kind::Master | Kind::Render => None,
        };
        let routes = role.map(|role| self.routes(role)).transpose()?;
        let (route, fallback, cheaper) = match routes {
            Some(RoleRoutes { primary, fallback, cheaper }) => (Some(primary), fallback, cheaper),
            None => (None, None, None),
        };
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
            Ok(Seat { prompt: pinned(prompt), route: primary, fallback })
        });
        let seats = seats.collect::<Result<Vec<_>, String>>()?;
        Ok(Pin {
            stage: stage.clone(),
            prompt: prompt.map(pinned),
            revise: revise.map(pinned),
            route,
            fallback,
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
    fn projected(&self, pins: &[Pin], research: u64, show: &Show) -> Result<MicroUsd, String> {
        let words = show.target.max_ms.saturating_mul(u64::from(show.words_per_minute)) / 60_000;
        let characters = words.saturating_mul(CHARACTERS_A_WORD);
        let request = research.saturating_mul(2).saturating_add(characters.saturating_mul(3)).saturating_add(12_000);
        let on = day(self.clock.now());
        let rubric = rubric::load(&self.config, BUILT_IN_RUBRIC).map_err(|e| e.to_string())?;
        let sittings = i64::try_from(rubric.sittings().len()).unwrap_or(i64::MAX);
        let mut sum = MicroUsd::ZERO;
        for pin in pins {
            let Some(Route { model, .. }) = &pin.route else { continue };
            let worst = match (&pin.prompt, pin.stage.kind) {
                (Some(prompt), _) => {
                    let most = self.prompts.pinned(&prompt.agent, &prompt.hash).map_or(0, |prompt| prompt.max_tokens);
                    self.prices.worst_case(model, request, Ceiling::OutputTokens(u64::from(most)), on)
                }
                (None, Kind::Speech) => self.spoken(model, characters, on),
                (None, _) => Ok(MicroUsd::ZERO),
            };
            let worst = worst.map_err(|e| e.to_string())?;
            let times = match (pin.stage.kind, pin.stage.output) {
                (Kind::Evaluate, Contract::Judgement) => sittings,
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
            let most = prompt.map_or(0, |prompt| prompt.max_tokens);
            let worst = self.prices.worst_case(&seat.route.model, request, Ceiling::OutputTokens(u64::from(most)), on);
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
    fn spoken(
        &self,
        model: &str,
        characters: u64,
        on: jiff::civil::Date,
    ) -> Result<MicroUsd, crate::config::prices::PriceError> {
        const LINE: u64 = 500;
        let line = self.prices.worst_case(model, 0, Ceiling::Characters(LINE), on)?;
        let lines = i64::try_from(characters.div_ceil(LINE)).unwrap_or(i64::MAX);
        Ok(MicroUsd(line.0.saturating_mul(lines)))
    }
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

/// Whoever settles a dispute between judges is of no judge's family and not of the writer's.
fn check_arbiter(pins: &[Pin]) -> Result<(), String> {
    let family = |pin: &Pin| pin.route.as_ref().map(|route| route.family().to_owned());
    let Some(arbiter) = pins.iter().find(|pin| pin.stage.output == Contract::Arbitration) else { return Ok(()) };
    let Some(own) = family(arbiter) else { return Ok(()) };
    let is_party = |pin: &&Pin| matches!(pin.stage.output, Contract::Judgement | Contract::Draft);
    match pins.iter().filter(is_party).find(|pin| family(pin).as_ref() == Some(&own)) {
        Some(kin) => Err(format!(
            "the arbiter is of the family `{own}`, and so is {}; nothing was started. Give the role `arbiter` a model of a \
             third family under `[routes.arbiter]` in the settings",
            kin.stage.id
        )),
        None => Ok(()),
    }
}

/// Text from outside as a title.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Reads a package; one byte more than is allowed at most, so that a huge file is refused and never loaded.
fn read_research(path: &Path) -> Result<(Vec<u8>, Research), String> {
    let place = clean(&path.display().to_string());
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|e| format!("{place} cannot be read: {e}; nothing was started. Check the path and its permissions"))?;
    let research = research::read(&bytes).map_err(|e| format!("{place}: {e}; nothing was started"))?;
    Ok((bytes, research))
}
