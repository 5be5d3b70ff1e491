//! What a stage works from, written out and hashed.
//!
//! The hash is a contract: a stage whose hash changes is stale, and what is stale is bought again. Every part of it is therefore
//! written out here by hand, in a form that has a number. An episode keeps the form that it was started with, so that a later form
//! changes nothing of what is under way. No text that a type derives ever goes into a hash: a rename would then cost money.

use std::collections::BTreeMap;

use super::Episode;
use crate::domain::call::Route;
use crate::domain::event::{Pin, Way};
use crate::domain::handoff::Contract;
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::panel::{self, PanelSpec, Style, Talk};
use crate::domain::pipeline::Kind;
use crate::domain::policy::InputForm;
use crate::domain::step::{Inputs, NoteInput};

impl Episode {
    /// What a stage works from, given what the stages before it handed on.
    pub(super) fn inputs(&self, pin: &Pin, upstream: BTreeMap<StageId, ContentHash>) -> Inputs {
        let note = self.note_for(&pin.stage.id).map(|sent| sent.input.clone());
        let peer = note.as_ref().filter(|note| note.way == Way::Peer).and_then(|_| pin.peer());
        let route = peer.or_else(|| self.route(&pin.stage.id)).cloned();
        let material = Material { episode: self, pin, upstream: &upstream, note: note.as_ref() };
        let hash = material.hash(route.as_ref());
        Inputs { hash, upstream, note, route }
    }

    /// The place of a unit of a stage's work: all that it works from but for the model that is asked. What was accepted in a place
    /// is not bought again when only the model changes.
    pub(in crate::domain) fn place(&self, pin: &Pin, inputs: &Inputs, unit: u32) -> ContentHash {
        let Inputs { upstream, note, .. } = inputs;
        let material = Material { episode: self, pin, upstream, note: note.as_ref() };
        ContentHash::of_parts([b"place 1".as_slice(), material.hash(None).as_bytes(), &unit.to_be_bytes()])
    }

    /// The units of a stage's present work that met their contract under another model, with what each handed on.
    pub fn kept_units(&self, stage: &StageId) -> BTreeMap<u32, ContentHash> {
        let standings = self.standings();
        let inputs = standings.get(stage).and_then(|standing| standing.inputs());
        let (Some(pin), Some(inputs), Some(state)) = (self.pin(stage), inputs, self.stages.get(stage)) else {
            return BTreeMap::new();
        };
        let units = state.run.iter().flat_map(|run| run.units.keys());
        units.filter_map(|unit| Some((*unit, *state.places.get(&self.place(pin, inputs, *unit))?))).collect()
    }
}

/// All that is hashed but for the model that is asked.
struct Material<'a> {
    episode: &'a Episode,
    pin: &'a Pin,
    upstream: &'a BTreeMap<StageId, ContentHash>,
    note: Option<&'a NoteInput>,
}

impl Material<'_> {
    fn hash(&self, route: Option<&Route>) -> ContentHash {
        let parts = match self.episode.policy.inputs {
            InputForm::First => self.first(route),
            InputForm::Second => self.second(route),
        };
        ContentHash::of_parts(parts.iter().map(Vec::as_slice))
    }

    /// The first form: the parts follow one another without names.
    fn first(&self, route: Option<&Route>) -> Vec<Vec<u8>> {
        let stage = &self.pin.stage;
        let mut parts: Vec<Vec<u8>> = vec![
            stage.id.as_str().as_bytes().to_vec(),
            stage.output.name().as_bytes().to_vec(),
            self.prompt().map(|hash| hash.as_bytes().to_vec()).unwrap_or_default(),
            route.map(written_route).unwrap_or_default().into_bytes(),
        ];
        parts.extend(self.common().into_iter().map(|(_, hash)| hash.as_bytes().to_vec()));
        if let Some(talk) = panel::talk(self.pin, self.note) {
            parts.push(first_form_of(talk).into_bytes());
            for seat in &self.pin.seats {
                parts.push(seat.prompt.hash.as_bytes().to_vec());
                parts.push(written_route(&seat.route).into_bytes());
            }
        }
        for (id, hash) in self.upstream {
            parts.push(id.as_str().as_bytes().to_vec());
            parts.push(hash.as_bytes().to_vec());
        }
        if let Some(note) = self.note {
            parts.push(note.note.as_bytes().to_vec());
            parts.push(note.base.as_bytes().to_vec());
            parts.push(note.way.name().as_bytes().to_vec());
        }
        parts.extend(self.compared().map(|parent| parent.as_bytes().to_vec()));
        parts
    }

    /// The second form: its number, and every part behind its name.
    fn second(&self, route: Option<&Route>) -> Vec<Vec<u8>> {
        let stage = &self.pin.stage;
        let mut written = Written(vec![b"inputs 2".to_vec()]);
        written.text("stage", stage.id.as_str());
        written.text("output", stage.output.name());
        written.hash("prompt", self.prompt());
        written.text("route", &route.map(written_route).unwrap_or_default());
        for (name, hash) in self.common() {
            written.hash(name, Some(hash));
        }
        match panel::talk(self.pin, self.note) {
            Some(Talk::Panel(spec)) => written.panel(spec),
            Some(Talk::RedTeam) => written.text("talk", "red_team"),
            None => {}
        }
        if panel::talk(self.pin, self.note).is_some() {
            for seat in &self.pin.seats {
                written.hash("seat prompt", Some(seat.prompt.hash));
                written.text("seat route", &written_route(&seat.route));
            }
        }
        for (id, hash) in self.upstream {
            written.text("from", id.as_str());
            written.hash("handed on", Some(*hash));
        }
        if let Some(note) = self.note {
            written.hash("note", Some(note.note));
            written.hash("base", Some(note.base));
            written.text("way", note.way.name());
        }
        written.hash("compared with", self.compared());
        written.0
    }

    fn prompt(&self) -> Option<ContentHash> {
        let prompt = if self.note.is_some() { self.pin.revise.as_ref() } else { self.pin.prompt.as_ref() };
        prompt.map(|prompt| prompt.hash)
    }

    /// What the stage reads beside what is handed on to it.
    fn common(&self) -> Vec<(&'static str, ContentHash)> {
        let Episode { profile, research, policy, .. } = self.episode;
        let stage = &self.pin.stage;
        match stage.kind {
            // What reads nothing before it works from what the episode was begun with.
            Kind::Agent | Kind::Panel | Kind::Speech | Kind::Gate if stage.inputs.is_empty() => {
                vec![("profile", *profile), ("research", *research)]
            }
            Kind::Agent | Kind::Panel | Kind::Speech | Kind::Gate => vec![("profile", *profile)],
            Kind::Evaluate => {
                std::iter::once(("profile", *profile)).chain(policy.rubric.map(|rubric| ("rubric", rubric))).collect()
            }
            Kind::Master => Vec::new(),
            Kind::Render => vec![("research", *research)],
        }
    }

    /// The script that a comparison is made with.
    fn compared(&self) -> Option<ContentHash> {
        let compares = self.pin.stage.output == Contract::Preference;
        compares.then(|| self.episode.parent_of(self.upstream.values())).flatten()
    }
}

/// Parts behind their names.
struct Written(Vec<Vec<u8>>);

impl Written {
    fn text(&mut self, name: &str, value: &str) {
        self.0.push(name.as_bytes().to_vec());
        self.0.push(value.as_bytes().to_vec());
    }

    /// A hash, where there is one.
    fn hash(&mut self, name: &str, value: Option<ContentHash>) {
        if let Some(value) = value {
            self.0.push(name.as_bytes().to_vec());
            self.0.push(value.as_bytes().to_vec());
        }
    }

    fn panel(&mut self, spec: &PanelSpec) {
        let PanelSpec { style, seats, coordinator, turns, spend, minutes } = spec;
        self.text("talk", style.name());
        for seat in seats {
            self.text("seat", seat);
        }
        self.text("coordinator", coordinator.as_deref().unwrap_or_default());
        self.text("turns", &turns.to_string());
        self.text("spend", &spend.map(|MicroUsd(micro)| micro.to_string()).unwrap_or_default());
        self.text("minutes", &minutes.map(|minutes| minutes.to_string()).unwrap_or_default());
    }
}

fn written_route(route: &Route) -> String {
    format!("{}/{}", route.provider.name(), route.model)
}

/// How the first form writes a talk. The words are those that the types had when it was made, and stay as they are.
fn first_form_of(talk: Talk<'_>) -> String {
    let Talk::Panel(PanelSpec { style, seats, coordinator, turns, spend, minutes }) = talk else {
        return "RedTeam".to_owned();
    };
    let style = match style {
        Style::RoundRobin => "RoundRobin",
        Style::LlmSelect => "LlmSelect",
        Style::Handoff => "Handoff",
        Style::Goal => "Goal",
    };
    let some = |value: Option<String>| value.map_or_else(|| "None".to_owned(), |value| format!("Some({value})"));
    let seats: Vec<String> = seats.iter().map(|seat| format!("\"{seat}\"")).collect();
    let (seats, coordinator) = (seats.join(", "), some(coordinator.as_ref().map(|name| format!("\"{name}\""))));
    let spend = some(spend.map(|MicroUsd(micro)| format!("MicroUsd({micro})")));
    let minutes = some(minutes.map(|minutes| minutes.to_string()));
    format!(
        "Panel(PanelSpec {{ style: {style}, seats: [{seats}], coordinator: {coordinator}, turns: {turns}, spend: {spend}, \
         minutes: {minutes} }})"
    )
}
