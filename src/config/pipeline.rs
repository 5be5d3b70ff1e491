//! The file that a pipeline is written in: read with the line of every stage, so that each fault is told where it stands.
//!
//! A pipeline is compiled in and can be replaced by `<config>/pipelines/<name>.toml`. Not for the checks of the graph: those are
//! the domain's; here they get their lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::fault::{Fault, Faults, LoadError, Place, read_if_there, suggestion};
use super::reader::{Document, Section};
use crate::domain::handoff::Contract;
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::panel::{MOST_TURNS, PanelSpec, Style};
use crate::domain::pipeline::{FaultKind, Human, Kind, Pipeline, Stage};

/// The pipelines that the program was built with, by name.
const BUILT_IN: &[(&str, &str)] = &[
    ("episode", include_str!("../../assets/pipelines/episode.toml")),
    ("judges_check", include_str!("../../assets/pipelines/judges_check.toml")),
];

/// The time that a stage of local work gets where it does not say.
const LOCAL_SECONDS: u32 = 120;
/// The time that a stage of paid work gets where it does not say.
const PAID_SECONDS: u32 = 600;

/// A checked pipeline with the file that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineFile {
    /// Its name.
    pub name: String,
    /// The hash of the file, which an episode pins.
    pub hash: ContentHash,
    /// The checked stages.
    pub pipeline: Pipeline,
    /// Gates and panels that run only where a show's policy names them.
    pub optional: BTreeSet<StageId>,
    /// The tier of models that stages ask for, where they do.
    pub tiers: BTreeMap<StageId, Tier>,
    places: BTreeMap<StageId, Place>,
}

/// Which of a role's models a stage asks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The role's light model, where it has one: for first checks and small steps.
    Light,
    /// The role's own model: for what counts.
    Premium,
}

impl PipelineFile {
    /// Reads a pipeline from its text.
    ///
    /// # Errors
    ///
    /// All faults of the file and of the graph, each with its line.
    pub fn parse(file: &str, source: &str) -> Result<Self, Faults> {
        let document = Document::new(file, source);
        let table = document.parse();
        let root = Section::root(&document, &table);
        let schema = root.schema();
        let name = root.need("name", Section::parsed::<StageId>);
        let sections = root.sections("stage").unwrap_or_default();
        let is_optional = |section: &Section<'_, '_>| section.has("optional") && section.flag("optional") == Some(true);
        let optional: Vec<bool> = sections.iter().map(is_optional).collect();
        let words = [("light", Tier::Light), ("premium", Tier::Premium)];
        let tier = |section: &Section<'_, '_>| if section.has("tier") { section.choice("tier", &words) } else { None };
        let tiers: Vec<Option<Tier>> = sections.iter().map(tier).collect();
        let read: Vec<Option<Stage>> = sections.iter().map(stage).collect();
        let tiers =
            read.iter().zip(tiers).filter_map(|(stage, tier)| Some((stage.as_ref()?.id.clone(), tier?))).collect();
        let optional = read.iter().zip(optional).filter(|(_, is_optional)| *is_optional);
        let optional = optional.filter_map(|(stage, _)| stage.as_ref().map(|stage| stage.id.clone())).collect();
        root.close();
        // The graph is judged among the stages that could be read; a stage that could not has its own fault already.
        let unread: BTreeSet<String> =
            sections.iter().zip(&read).filter(|(_, stage)| stage.is_none()).filter_map(|(s, _)| s.peek("id")).collect();
        let (placed, stages): (Vec<&Section<'_, '_>>, Vec<Stage>) =
            sections.iter().zip(read).filter_map(|(section, stage)| Some((section, stage?))).unzip();
        let places =
            placed.iter().zip(&stages).map(|(s, stage)| (stage.id.clone(), document.place(s.span()))).collect();
        let names: BTreeSet<String> = stages.iter().map(|stage| stage.id.to_string()).collect();
        let pipeline = match Pipeline::new(stages) {
            Ok(pipeline) => Some(pipeline),
            Err(faults) => {
                for fault in faults {
                    let (key, what) = match &fault.kind {
                        FaultKind::Unknown { named, .. } if unread.contains(named.as_str()) => continue,
                        FaultKind::Empty if !sections.is_empty() => continue,
                        FaultKind::Unknown { key, named, .. } => {
                            let near = suggestion(named.as_str(), names.iter().map(String::as_str));
                            (*key, format!("{}: {near}", fault.kind))
                        }
                        FaultKind::Repeated(_) => ("id", fault.kind.to_string()),
                        FaultKind::Cycle(_) => ("inputs", fault.kind.to_string()),
                        FaultKind::NotYet { .. } => ("kind", fault.kind.to_string()),
                        FaultKind::Empty | FaultKind::Shape { .. } | FaultKind::Untyped { .. } => {
                            ("", fault.kind.to_string())
                        }
                    };
                    match placed.get(fault.stage) {
                        Some(section) => section.fault_at(key, what),
                        None => root.fault_at(key, what),
                    }
                }
                None
            }
        };
        let whole = schema.zip(name).zip(pipeline).map(|((_, name), pipeline)| Self {
            name: name.to_string(),
            hash: ContentHash::of(source.as_bytes()),
            pipeline,
            optional,
            tiers,
            places,
        });
        document.finish(whole)
    }

    /// The pipeline of a name: `<config>/pipelines/<name>.toml` where it is, else the one compiled in.
    ///
    /// # Errors
    ///
    /// When there is none of the name, its file cannot be read, has faults, or calls itself otherwise.
    pub fn load(config: &Path, name: &str) -> Result<Self, LoadError> {
        let at = |place: String, what: String| {
            Faults(vec![Fault { place: Place { file: place, line: 0, column: 0 }, what }])
        };
        let is_name = name.parse::<StageId>();
        is_name.map_err(|error| at(format!("pipeline `{name}`"), error.to_string()))?;
        let path = config.join("pipelines").join(format!("{name}.toml"));
        let (file, source) = match read_if_there(&path)? {
            Some(source) => (path.display().to_string(), source),
            None => match BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
                Some((_, source)) => (format!("built-in pipeline {name}"), (*source).to_owned()),
                None => {
                    let near = suggestion(name, BUILT_IN.iter().map(|(name, _)| *name));
                    let what = format!("there is no such file and none is compiled in: {near}");
                    return Err(at(path.display().to_string(), what).into());
                }
            },
        };
        let read = Self::parse(&file, &source)?;
        if read.name != name {
            return Err(at(file, format!("the file calls its pipeline `{}`, not `{name}`", read.name)).into());
        }
        Ok(read)
    }

    /// The names of its stages, for checks of what refers to them.
    pub fn stage_names(&self) -> BTreeSet<String> {
        self.places.keys().map(ToString::to_string).collect()
    }

    /// Where a stage stands in the file.
    pub fn place(&self, stage: &StageId) -> Option<&Place> {
        self.places.get(stage)
    }
}

const KINDS: [(&str, Kind); 7] = [
    ("agent", Kind::Agent),
    ("panel", Kind::Panel),
    ("evaluate", Kind::Evaluate),
    ("gate", Kind::Gate),
    ("speech", Kind::Speech),
    ("master", Kind::Master),
    ("render", Kind::Render),
];

const HUMANS: [(&str, Human); 3] =
    [("always", Human::Always), ("on_dispute", Human::OnDispute), ("never", Human::Never)];

const CONTRACTS: [Contract; 25] = [
    Contract::Research,
    Contract::Brief,
    Contract::Plan,
    Contract::Draft,
    Contract::Judgement,
    Contract::Arbitration,
    Contract::Preference,
    Contract::Review,
    Contract::Fixes,
    Contract::Revision,
    Contract::SpeechText,
    Contract::ShowNotes,
    Contract::ArtworkBrief,
    Contract::Promotion,
    Contract::Turn,
    Contract::Selection,
    Contract::Angle,
    Contract::ResearchNotes,
    Contract::Routing,
    Contract::Speech,
    Contract::Report,
    Contract::Package,
    Contract::Canaries,
    Contract::CanaryReport,
    Contract::Calibration,
];

/// The contract of a name, as pipelines and prompts write it.
pub fn contract(name: &str) -> Option<Contract> {
    CONTRACTS.into_iter().find(|contract| contract.name() == name)
}

/// The names of all contracts.
pub fn contract_names() -> impl Iterator<Item = &'static str> {
    CONTRACTS.into_iter().map(Contract::name)
}

fn stage(section: &Section<'_, '_>) -> Option<Stage> {
    let id = section.need("id", Section::parsed::<StageId>);
    let title = section.need("title", Section::words);
    let kind = section.need("kind", |s, key| s.choice(key, &KINDS));
    let output = section.need("output", |s, key| s.choice(key, &CONTRACTS.map(|contract| (contract.name(), contract))));
    let optional = |key: &'static str| if section.has(key) { section.words(key).map(Some) } else { Some(None) };
    let name = |key: &'static str| if section.has(key) { section.parsed(key).map(Some) } else { Some(None) };
    let names = |key: &'static str| section.parsed_list::<StageId>(key);
    let agent = optional("agent");
    let reviser = optional("reviser");
    let (inputs, after, signs) = (names("inputs"), names("after"), names("signs"));
    let (send_back, skip_when_empty, revises) = (name("send_back"), name("skip_when_empty"), name("revises"));
    let human = if section.has("human") { section.choice("human", &HUMANS).map(Some) } else { Some(None) };
    let seconds = if section.has("time_limit_seconds") {
        section.whole("time_limit_seconds", 1..=86_400).and_then(|seconds| u32::try_from(seconds).ok())
    } else {
        kind.map(usual_seconds)
    };
    let panel = if section.has("panel") { panel(section).map(Some) } else { Some(None) };
    let attacker = optional("attacker");
    section.close();
    Some(Stage {
        id: id?,
        title: title?,
        kind: kind?,
        agent: agent?,
        reviser: reviser?,
        inputs: inputs?,
        after: after?,
        output: output?,
        human: human?,
        send_back: send_back?,
        signs: signs?,
        skip_when_empty: skip_when_empty?,
        revises: revises?,
        time_limit_seconds: seconds?,
        panel: panel?,
        attacker: attacker?,
    })
}

/// The keys of a panel: how its seats take turns, who they are, and the bounds.
fn panel(section: &Section<'_, '_>) -> Option<PanelSpec> {
    let style = section.choice("panel", &Style::ALL.map(|style| (style.name(), style)));
    let seats = section.texts("seats");
    let coordinator = if section.has("coordinator") { section.words("coordinator").map(Some) } else { Some(None) };
    let turns = section.need("turns", |s, key| s.whole(key, 1..=u64::from(MOST_TURNS)));
    let spend = if section.has("spend") { section.amount("spend").map(Some) } else { Some(None) };
    let minutes = if section.has("minutes") { section.whole("minutes", 1..=10_000).map(Some) } else { Some(None) };
    let small = |number: u64| u32::try_from(number).ok();
    Some(PanelSpec {
        style: style?,
        seats: seats?,
        coordinator: coordinator?,
        turns: turns.and_then(small)?,
        spend: spend?,
        minutes: minutes?.and_then(small),
    })
}

fn usual_seconds(kind: Kind) -> u32 {
    match kind {
        Kind::Agent | Kind::Panel | Kind::Speech => PAID_SECONDS,
        Kind::Evaluate | Kind::Gate | Kind::Master | Kind::Render => LOCAL_SECONDS,
    }
}

#[cfg(test)]
mod tests;
