//! Makes the calls of a stage ready: prompts are filled, bodies are kept, worst cases are priced. Nothing is sent.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::call::day;
use super::judge::{self, CANARY};
use super::{Job, Workshop, exchange, neighbours};
use crate::config::models::Model;
use crate::config::prices::{Asked, Ceiling};
use crate::config::settings::Remembers;
use crate::config::settings::habits::VoiceContext;
use crate::config::show::{Show, Voice, VoiceProvider};
use crate::domain::call::{Provider, Route};
use crate::domain::event::{PromptPin, Provenance, UnitPlan, Window};
use crate::domain::gate::{Rubric, Sitting};
use crate::domain::handoff::{Arbitration, Contract, Fixes, Note, Plan, Preference, Routing, SpeechText};
use crate::domain::ids::ContentHash;
use crate::domain::pipeline::Kind;
use crate::domain::research::{self, Research};
use crate::domain::script::Script;
use crate::domain::step::{Done, Output};
use crate::domain::window;
use crate::prompts::library::OPTIONAL_SLOTS;
use crate::prompts::prompt::{Prompt, Rendered};
use crate::provider::batches::waiting;
use crate::provider::call::{Remember, Request, SpeechRequest, TextRequest, prepare};

/// The slot of the research package.
const PACKAGE: &str = "research";

/// A prompt with its material in it.
struct Filled {
    prompt: Prompt,
    rendered: Rendered,
    /// How large each block of the material is, in tokens at most.
    blocks: Vec<(String, u64)>,
}

impl Job<'_> {
    /// The calls of the stage, or that there is nothing to do.
    pub(super) fn prepare(&self) -> Result<Done, String> {
        if let Some(skipped) = self.skipped()? {
            return Ok(Done::Skipped(skipped));
        }
        match self.pin.stage.kind {
            Kind::Speech => self.speech(None),
            Kind::Evaluate => {
                let units = match self.pin.stage.output {
                    Contract::Preference => vec![0, 1],
                    Contract::CanaryReport => self.canary_units()?,
                    _ => self.sittings()?.units().into_iter().map(|(unit, _)| unit).collect(),
                };
                let units = units.into_iter().map(|unit| self.asked(unit)).collect::<Result<Vec<_>, _>>()?;
                Ok(Done::Prepared(units))
            }
            Kind::Agent | Kind::Panel | Kind::Gate | Kind::Master | Kind::Render => {
                self.asked(0).map(|unit| Done::Prepared(vec![unit]))
            }
        }
    }

    /// The call of the stage once more, with what was wrong with its last answer.
    pub(super) fn correct(&self, unit: u32, reason: &str) -> Result<Done, String> {
        if self.pin.stage.kind == Kind::Speech {
            // A voice is not talked to: the same words are sent again.
            let Done::Prepared(units) = self.speech(Some(unit))? else {
                return Err("no line is to be spoken".to_owned());
            };
            let plan = units.into_iter().find(|plan| plan.unit == unit);
            return plan.map(Done::Corrected).ok_or_else(|| format!("there is no line {unit}"));
        }
        let mut filled = self.filled(unit)?;
        if !self.changes_voice(unit) {
            filled.rendered = filled.rendered.corrected(reason);
        }
        self.unit(unit, filled).map(Done::Corrected)
    }

    /// The call of one unit.
    pub(super) fn asked(&self, unit: u32) -> Result<UnitPlan, String> {
        self.unit(unit, self.filled(unit)?)
    }

    /// What goes on unchanged, where the input that the stage lives by is empty.
    pub(super) fn skipped(&self) -> Result<Option<Output>, String> {
        let stage = &self.pin.stage;
        let empty = match stage.output {
            Contract::Arbitration if self.disputes()?.is_empty() => serde_json::to_vec(&Arbitration::default()),
            Contract::Fixes if self.listed()?.is_empty() => serde_json::to_vec(&Fixes { fixes: Vec::new() }),
            Contract::Preference if self.compared()?.is_none() => serde_json::to_vec(&Preference::NotAsked),
            Contract::Routing if self.needs_no_router()? => {
                serde_json::to_vec(&Routing::usual("there is nothing that fails by the judges' word"))
            }
            _ => return self.unchanged(),
        };
        let hash = self.shop.keep(&empty.map_err(|e| e.to_string())?)?;
        Ok(Some(Output { hash, words: None }))
    }

    /// The script that the stage revises, where there is nothing to revise in it.
    fn unchanged(&self) -> Result<Option<Output>, String> {
        let stage = &self.pin.stage;
        let (Some(empty), Some(base)) = (&stage.skip_when_empty, &stage.revises) else { return Ok(None) };
        let fixes: Fixes = self.shop.json(&self.upstream(empty)?)?;
        if !fixes.fixes.is_empty() {
            return Ok(None);
        }
        let hash = self.upstream(base)?;
        let script: Script = self.shop.json(&hash)?;
        Ok(Some(Output { hash, words: Some(script.measure().words) }))
    }

    pub(super) fn show(&self) -> Result<Show, String> {
        let source = self.shop.text(&self.episode.profile)?;
        // The profile was checked against the voices' provider of its time, not of today's settings.
        let speech = self.episode.pins.iter().find(|pin| pin.stage.kind == Kind::Speech);
        let pinned = speech.and_then(|pin| pin.route.as_ref()).map(|route| route.provider);
        let voices = pinned.unwrap_or_else(|| self.shop.settings.voice_provider());
        Show::parse("the show profile", &source, voices).map_err(|e| e.to_string())
    }

    /// A prompt that the episode pinned.
    pub(super) fn parsed(&self, pinned: &PromptPin) -> Result<Prompt, String> {
        let source = self.shop.text(&pinned.hash)?;
        let file = format!("prompts/{}/{}.md", pinned.agent, pinned.version);
        Prompt::parse(&file, &pinned.agent, &pinned.version, &source).map_err(|e| e.to_string())
    }

    /// The prompt of a unit, filled.
    fn filled(&self, unit: u32) -> Result<Filled, String> {
        let prompt = self.parsed(self.voice(unit)?.prompt)?;
        let mut content = BTreeMap::new();
        for slot in &prompt.slots {
            content.insert(slot.clone(), self.slot(slot, unit)?);
        }
        if let Some(needed) = self.named_passages(&content)? {
            content.insert(PACKAGE.to_owned(), needed);
        }
        let rendered = prompt.render(&content).map_err(|e| e.to_string())?;
        let blocks = content.iter().map(|(slot, text)| (slot.clone(), window::at_most(text))).collect();
        Ok(Filled { prompt, rendered, blocks })
    }

    /// The package as far as the rest of the prompt names it, where the stage works from a plan or a script. Whoever plans sees
    /// all of it, and so does whoever is told something in a person's own words, which may ask for anything.
    fn named_passages(&self, content: &BTreeMap<String, String>) -> Result<Option<String>, String> {
        let works = self.feeder("plan").is_some() || self.feeder("script").is_some();
        if !content.contains_key(PACKAGE) || !works || self.checks_judges() {
            return Ok(None);
        }
        if let Some(sent) = &self.step.inputs.note
            && !self.shop.json::<Note>(&sent.note)?.text.trim().is_empty()
        {
            return Ok(None);
        }
        let names = |slot: &&String| ![PACKAGE, "show", "brief"].contains(&slot.as_str());
        let others = content.iter().filter(|(slot, _)| names(slot));
        let mut ids: BTreeSet<String> = others.flat_map(|(_, text)| research::named(text)).collect();
        if let Some(plan) = self.fed::<Plan>("plan")? {
            ids.extend(plan.segments.into_iter().flat_map(|segment| segment.passages));
        }
        let Some(package) = self.fed::<Research>(PACKAGE)? else { return Ok(None) };
        serde_json::to_string(&package.only(&ids)).map(Some).map_err(|e| e.to_string())
    }

    fn slot(&self, slot: &str, unit: u32) -> Result<String, String> {
        let is_judge = self.pin.stage.output.answered() == Contract::Judgement;
        let text = |value: serde_json::Result<String>| value.map_err(|e| e.to_string());
        match (slot, &self.step.inputs.note) {
            ("show", note) => return self.show_slot(note.is_none()),
            ("rubric", _) if is_judge => {
                let slot = |sitting: &Sitting<'_>, rubric: &Rubric| Self::sitting_slot(sitting, &rubric.version);
                return self.in_sitting(unit, slot).map(|slot| slot.to_string());
            }
            ("research", _) if self.checks_judges() => {
                return text(serde_json::to_string(&self.canary_of(unit)?.research));
            }
            ("script", _) if self.checks_judges() => {
                return text(serde_json::to_string(&self.canary_of(unit)?.script));
            }
            ("script", _) if is_judge && unit == CANARY => {
                let script: Script = self.fed("script")?.ok_or("no script is to be judged")?;
                return text(serde_json::to_string(&judge::baited(&script)));
            }
            ("topic", _) => return self.shop.text(&self.episode.research),
            ("findings", _) => return self.findings_slot(),
            ("disputes", _) => return self.disputes_slot(),
            ("first" | "second", _) => {
                let (old, new) = self.compared()?.ok_or("there is nothing to compare with")?;
                return self.shop.text(if (slot == "first") == (unit == 0) { &old } else { &new });
            }
            ("graph", _) => return Ok(self.graph_slot()),
            ("ways", _) => return Ok(self.ways_slot()),
            ("fixes", Some(_)) => return serde_json::to_string(&self.order(unit)?).map_err(|e| e.to_string()),
            ("script", Some(note)) => return self.shop.text(&self.base(unit).unwrap_or(note.base)),
            (_, Some(_) | None) => {}
        }
        if let Some(own) = self.panel_slot(slot, unit)? {
            return Ok(own);
        }
        // A panel that the show does not ask for hands on nothing.
        if OPTIONAL_SLOTS.contains(&slot) && self.feeder(slot).is_none() {
            return Ok("null".to_owned());
        }
        let stage = self.feeder(slot).ok_or_else(|| format!("nothing feeds the slot `{slot}`"))?;
        let hash = self.upstream(&stage)?;
        if slot == "fixes" {
            let fixes: Fixes = self.shop.json(&hash)?;
            let note = Note { fixes: fixes.fixes, text: String::new() };
            return serde_json::to_string(&note).map_err(|e| e.to_string());
        }
        self.shop.text(&hash)
    }

    /// The show; for whoever writes a first draft with what was found wrong in earlier episodes, where the episode pinned that.
    fn show_slot(&self, is_first: bool) -> Result<String, String> {
        let mut slot = self.show()?.slot_json();
        let is_writer = is_first && self.pin.stage.output == Contract::Draft;
        if let (true, Some(lately)) = (is_writer, self.episode.policy.lately) {
            let lately = serde_json::Value::from(self.shop.text(&lately)?);
            // The brace that closes the object.
            slot.pop();
            slot.push_str(&format!(",\"lately\":{lately}}}"));
        }
        Ok(slot)
    }

    fn route(&self) -> Result<&Route, String> {
        self.step.inputs.route.as_ref().ok_or_else(|| format!("{} has no route", self.step.stage))
    }

    fn unit(&self, unit: u32, filled: Filled) -> Result<UnitPlan, String> {
        let Filled { prompt, rendered, blocks } = filled;
        let own = self.voice(unit)?.route;
        let route = own.as_ref().map_or_else(|| self.route(), Ok)?;
        let schema = prompt.output.schema().and_then(|schema| serde_json::to_value(schema).ok());
        let asked = schema.as_ref().map_or(0, |schema| window::at_most(&schema.to_string()));
        let tokens = window::at_most(&rendered.system) + window::at_most(&rendered.user) + asked;
        let max_tokens = self.shop.tokens(route, &prompt);
        let bounded = Window::new(tokens, u64::from(max_tokens), self.shop.model(route).limits.context);
        let request = TextRequest {
            model: self.shop.prices.on_the_wire(&route.model).to_owned(),
            system: rendered.system,
            user: rendered.user,
            max_tokens,
            schema,
            effort: Some(prompt.effort),
            remember: self.remembers(),
            stable: rendered.stable,
        };
        let window = self.shop.fitting(route, &request, bounded, blocks).map_err(|e| e.to_string())?;
        let (request, ceiling) = (Request::Text(request), Ceiling::OutputTokens(u64::from(max_tokens)));
        let plan = self.shop.plan(route, &request, unit, ceiling, self.may_wait()?)?;
        Ok(UnitPlan { route: own, window: Some(window), ..plan })
    }

    /// Whether the show has time for what the stage makes.
    fn may_wait(&self) -> Result<bool, String> {
        Ok(self.show()?.policy.patient.contains(&self.step.stage))
    }

    /// For how long the beginning of a call is remembered: only where others with the same beginning follow, since what is
    /// written and never read again costs more than it saves.
    fn remembers(&self) -> Remember {
        let follows = match self.pin.stage.kind {
            Kind::Panel | Kind::Evaluate => true,
            Kind::Agent | Kind::Gate | Kind::Speech | Kind::Master | Kind::Render => false,
        };
        match self.shop.settings.providers.of(Provider::Anthropic).wire.remembers {
            Remembers::FiveMinutes if follows => Remember::FiveMinutes,
            Remembers::OneHour if follows => Remember::OneHour,
            Remembers::Off | Remembers::FiveMinutes | Remembers::OneHour => Remember::No,
        }
    }

    /// One call for each line, in the voice of its speaker; where one is spoken again, that one alone.
    fn speech(&self, again: Option<u32>) -> Result<Done, String> {
        let route = self.route()?;
        let show = self.show()?;
        let script: Script = self.fed("script")?.ok_or("no script is to be spoken")?;
        let text: SpeechText = self.fed("speech_text")?.ok_or("no speech text is to be spoken")?;
        let speakers: BTreeMap<_, _> = script.lines().map(|line| (line.id, line.speaker.as_str())).collect();
        let habits = self.shop.settings.providers.habits;
        let form = neighbours::form(route.provider, &habits);
        let takes = self.shop.models.of(route.provider, &route.model, true).speech();
        let is_told = habits.voice_context == VoiceContext::Text;
        let around = if is_told && takes.hints { neighbours::of(&script, &text) } else { BTreeMap::new() };
        let language = show.language.split('-').next().filter(|primary| primary.len() == 2).map(str::to_owned);
        let mut units = Vec::with_capacity(text.lines.len());
        for line in text.lines.into_iter().filter(|line| again.is_none_or(|again| again == line.id.0)) {
            let speaker = speakers.get(&line.id).ok_or_else(|| format!("{} is no line of the script", line.id))?;
            let voice = show.speakers.iter().find(|known| known.id == *speaker);
            let voice = voice.ok_or_else(|| format!("{}: `{speaker}` has no voice in this show", line.id))?;
            let request = SpeechRequest {
                model: self.shop.prices.on_the_wire(&route.model).to_owned(),
                voice: voice_id(&voice.voice),
                text: line.text,
                previous: around.get(&line.id).and_then(|around| around.before.clone()),
                next: around.get(&line.id).and_then(|around| around.after.clone()),
                seed: None,
                language: language.clone(),
                settings: None,
                previous_ids: match again {
                    Some(_) if is_told && takes.stitching => {
                        let stage = &self.step.stage;
                        neighbours::takes(self.episode, stage, &script, line.id, &route.model, self.shop.clock.now())
                    }
                    Some(_) | None => Vec::new(),
                },
                form,
            };
            // Whether the words of neighbours are billed is not documented: they are reserved for.
            let hints =
                [&request.previous, &request.next].into_iter().flatten().map(|hint| hint.chars().count() as u64);
            let characters = request.characters() + hints.sum::<u64>();
            units.push(self.shop.plan(
                route,
                &Request::Speech(request),
                line.id.0,
                Ceiling::Characters(characters),
                false,
            )?);
        }
        Ok(Done::Prepared(units))
    }

    /// The contract that answers are held to: the reviser's where a note was sent back.
    pub(super) fn contract(&self) -> Contract {
        match self.step.inputs.note {
            Some(_) if self.pin.revise.is_some() && self.pin.stage.output == Contract::Draft => Contract::Revision,
            Some(_) | None => self.pin.stage.output,
        }
    }
}

/// A voice as it is asked for; those of `espeak-ng` are known by their first letters, and only a rehearsal has them.
fn voice_id(voice: &Voice) -> String {
    match voice.provider {
        VoiceProvider::Paid(_) => voice.id.clone(),
        VoiceProvider::EspeakNg => format!("espeak-ng_{}", voice.id),
    }
}

impl Workshop {
    /// What is known of the model of text that a route leads to.
    fn model(&self, route: &Route) -> Cow<'_, Model> {
        self.models.of(route.provider, self.prices.on_the_wire(&route.model), false)
    }

    /// The most tokens of an answer to a prompt, with room for what is thought before it.
    pub(super) fn tokens(&self, route: &Route, prompt: &Prompt) -> u32 {
        self.model(route).room(prompt.max_tokens, Some(prompt.effort))
    }

    /// The server that answers, where a model's name does not say all: on OpenAI's wire any server may call any model so. With the
    /// other providers a model is the same wherever it is reached.
    fn server(&self, provider: Provider) -> Option<&str> {
        let base = match (provider, self.endpoints.get(&provider)) {
            (Provider::OpenAi, Some(Ok(endpoint))) => endpoint.base(),
            (Provider::OpenAi, Some(Err(_)) | None) => return None,
            (Provider::Anthropic | Provider::Gemini | Provider::ElevenLabs | Provider::Perplexity, _) => return None,
        };
        match self.provenance {
            Provenance::Live => Some(base),
            // Every rehearsal listens at another port, and is the same servers below the same paths.
            Provenance::Rehearsal => base.splitn(4, '/').nth(3),
        }
    }

    /// Keeps a request and prices its worst case. One that may wait goes into a batch where its provider has them.
    fn plan(
        &self,
        route: &Route,
        request: &Request,
        unit: u32,
        ceiling: Ceiling,
        may_wait: bool,
    ) -> Result<UnitPlan, String> {
        let mut prepared =
            prepare(&self.models, exchange::vendor(route.provider), request).map_err(|e| e.to_string())?;
        if may_wait {
            prepared = waiting(&prepared).unwrap_or(prepared);
        }
        let bytes = prepared.body.len() as u64;
        let on = day(self.clock.now());
        let (caching, terms) = (exchange::caching(&prepared), exchange::terms(&prepared));
        let asked = Asked { caching, terms, ..Asked::usual(bytes, ceiling) };
        let worst = self.worst(&route.model, &asked, on).map_err(|e| e.to_string())?;
        let request: ContentHash = self.keep(&exchange::keep(&prepared, self.server(route.provider))?)?;
        Ok(UnitPlan { unit, request, worst, route: None, window: None })
    }
}
