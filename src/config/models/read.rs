//! Reading a table of models with all its faults: groups and successors that are not there, dates that cannot be.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;

use super::{
    Cache, Effort, ForcedTool, Life, Limits, Model, Models, Sampling, SchemaForm, SpeechTakes, Stability, Structured,
    Takes, TextTakes, Thinking, Wire,
};
use crate::config::fault::{Faults, suggestion};
use crate::config::reader::{Document, Section};
use crate::config::settings::habits::Server;
use crate::domain::call::Provider;

/// The most tokens or characters that a limit may say.
const MOST: u64 = 100_000_000;

/// Reads a table and lays it over another one.
pub(super) fn models(file: &str, source: &str, under: &Models) -> Result<Models, Faults> {
    let document = Document::new(file, source);
    let table = document.parse();
    let root = Section::root(&document, &table);
    let schema = root.schema();
    let mut own_groups: BTreeMap<String, Takes> = BTreeMap::new();
    for section in root.sections("takes").unwrap_or_default() {
        let name = section.need("name", Section::words);
        let takes = takes(&section);
        section.close();
        let Some((name, takes)) = name.zip(takes) else { continue };
        if own_groups.insert(name.clone(), takes).is_some() {
            section.fault_at("name", format!("the group `{name}` is there twice"));
        }
    }
    let mut groups = under.groups.clone();
    groups.extend(own_groups);
    let mut own: BTreeMap<String, (Model, Range<usize>)> = BTreeMap::new();
    for section in root.sections("model").unwrap_or_default() {
        let Some(model) = model(&section, &groups) else { continue };
        let id = model.id.clone();
        if own.insert(id.clone(), (model, section.span_of("successor"))).is_some() {
            section.fault_at("id", format!("the model `{id}` is there twice"));
        }
    }
    root.close();
    let mut models = under.models.clone();
    models.extend(own.iter().map(|(id, (model, _))| (id.clone(), model.clone())));
    for (model, place) in own.values() {
        let Some(successor) = &model.life.successor else { continue };
        match models.get(successor) {
            Some(found) if found.wire.speaks() != model.wire.speaks() => {
                document.fault(place, format!("`{successor}` cannot do the work of `{}`", model.id));
            }
            Some(_) if *successor == model.id => {
                document.fault(place, format!("`{successor}` cannot follow itself"));
            }
            Some(_) => {}
            None => {
                let near = suggestion(successor, models.keys().map(String::as_str));
                document.fault(place, format!("the successor `{successor}` is no model of the table: {near}"));
            }
        }
    }
    document.finish(schema.map(|()| Models {
        models,
        groups,
        server: under.server,
        server_context: under.server_context,
    }))
}

fn takes(section: &Section<'_, '_>) -> Option<Takes> {
    if section.has("stitching") { speech(section).map(Takes::Speech) } else { text(section).map(Takes::Text) }
}

fn speech(section: &Section<'_, '_>) -> Option<SpeechTakes> {
    let stitching = section.need("stitching", Section::flag);
    let hints = section.need("hints", Section::flag);
    let language = section.need("language", Section::flag);
    let grades = [("free", Stability::Free), ("three", Stability::Three)];
    let stability = section.need("stability", |s, key| s.choice(key, &grades));
    Some(SpeechTakes { stitching: stitching?, hints: hints?, language: language?, stability: stability? })
}

fn text(section: &Section<'_, '_>) -> Option<TextTakes> {
    let sampling = [("accepted", Sampling::Accepted), ("ignored", Sampling::Ignored), ("refused", Sampling::Refused)];
    let sampling = section.need("sampling", |s, key| s.choice(key, &sampling));
    let thinking = thinking(section);
    let efforts = efforts(section);
    let default_effort = optional(section, "default_effort", effort);
    if let (Some(efforts), Some(Some(level))) = (&efforts, default_effort)
        && !efforts.contains(&level)
    {
        section.fault_at("default_effort", format!("`{level}` is not among `efforts`"));
    }
    let structured = [("native", Structured::Native), ("tool", Structured::Tool), ("none", Structured::InWords)];
    let structured = section.need("structured", |s, key| s.choice(key, &structured));
    let forms = [("json_schema", SchemaForm::JsonSchema), ("response_schema", SchemaForm::ResponseSchema)];
    let form = optional(section, "schema_form", |s, key| s.choice(key, &forms));
    let prefill = section.need("prefill", Section::flag);
    let forced =
        [("always", ForcedTool::Always), ("unless_budget", ForcedTool::UnlessBudget), ("never", ForcedTool::Never)];
    let forced_tool = section.need("forced_tool", |s, key| s.choice(key, &forced));
    let caches = [("breakpoints", Cache::Breakpoints), ("implicit", Cache::Implicit), ("none", Cache::None)];
    let cache = section.need("cache", |s, key| s.choice(key, &caches));
    Some(TextTakes {
        sampling: sampling?,
        thinking: thinking?,
        efforts: efforts?,
        default_effort: default_effort?,
        structured: structured?,
        schema_form: form?.unwrap_or(SchemaForm::JsonSchema),
        prefill: prefill?,
        forced_tool: forced_tool?,
        cache: cache?,
    })
}

fn effort(section: &Section<'_, '_>, key: &'static str) -> Option<Effort> {
    section.choice(key, &Effort::ALL)
}

/// The levels, from the least.
fn efforts(section: &Section<'_, '_>) -> Option<Vec<Effort>> {
    let words = section.texts("efforts")?;
    if words.iter().any(|word| word == Effort::Off.name()) {
        section.fault_at("efforts", "that a model can be told not to think is the way `off` of its `thinking`");
        return None;
    }
    let mut levels = Vec::with_capacity(words.len());
    for word in &words {
        let Some((_, level)) = Effort::ALL.iter().find(|(name, _)| name == word) else {
            let near = suggestion(word, Effort::ALL.iter().map(|(name, _)| *name));
            section.fault_at("efforts", format!("`{word}` is no effort: {near}"));
            return None;
        };
        levels.push(*level);
    }
    levels.sort_unstable();
    levels.dedup();
    Some(levels)
}

fn thinking(section: &Section<'_, '_>) -> Option<Thinking> {
    const WAYS: [&str; 5] = ["adaptive", "budget", "off", "between_tools", "level"];
    let ways = section.need("thinking", Section::texts);
    let unasked = section.need("thinks_unasked", Section::flag);
    let off_up_to = optional(section, "off_up_to", effort);
    let budget = budget(section);
    let ways = ways?;
    if let Some(wrong) = ways.iter().find(|way| !WAYS.contains(&way.as_str())) {
        section.fault_at("thinking", format!("`{wrong}` is no way to steer thinking: {}", suggestion(wrong, WAYS)));
        return None;
    }
    let has = |way: &str| ways.iter().any(|word| word == way);
    let budget = budget?;
    if has("budget") != budget.is_some() {
        section.fault_at("thinking", "the way `budget` and the bounds in `budget` go together");
    }
    Some(Thinking {
        adaptive: has("adaptive"),
        budget,
        off: has("off"),
        between_tools: has("between_tools"),
        level: has("level"),
        unasked: unasked?,
        off_up_to: off_up_to?,
    })
}

/// The bounds of a budget, where there is one.
fn budget(section: &Section<'_, '_>) -> Option<Option<(u32, u32)>> {
    if !section.has("budget") {
        return Some(None);
    }
    let bounds = section.section("budget")?;
    let tokens = |key| bounds.need(key, |s, key| s.whole(key, 1..=1_000_000)).and_then(|n| u32::try_from(n).ok());
    let (least, most) = (tokens("least"), tokens("most"));
    bounds.close();
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        bounds.fault_at("least", "the smallest budget is above the largest");
    }
    Some(least.zip(most))
}

fn model(section: &Section<'_, '_>, groups: &BTreeMap<String, Takes>) -> Option<Model> {
    let id = section.need("id", Section::words);
    let providers = Provider::ALL.map(|provider| (provider.name(), provider));
    let provider = section.need("provider", |s, key| s.choice(key, &providers));
    let wire = section.need("wire", |s, key| s.choice(key, &Wire::ALL));
    let group = section.need("takes", Section::words);
    let limits = limits(section);
    let life = life(section);
    section.close();
    let (provider, wire, group) = (provider?, wire?, group?);
    if wire.provider() != provider {
        section.fault_at("wire", format!("{provider} does not speak this wire"));
    }
    let Some(takes) = groups.get(&group) else {
        let near = suggestion(&group, groups.keys().map(String::as_str));
        section.fault_at("takes", format!("there is no group `{group}`: {near}"));
        return None;
    };
    if matches!(takes, Takes::Speech(_)) != wire.speaks() {
        section.fault_at("takes", format!("the group `{group}` is not for this wire"));
    }
    let server = Server::Other;
    Some(Model { id: id?, provider, wire, server, limits: limits?, takes: takes.clone(), life: life?, is_known: true })
}

fn limits(section: &Section<'_, '_>) -> Option<Limits> {
    let tokens = |key: &'static str| optional(section, key, |s, key| s.whole(key, 1..=MOST));
    let (context, output) = (tokens("context"), tokens("output"));
    let (characters, cache_minimum) = (tokens("characters"), tokens("cache_minimum"));
    Some(Limits { context: context?, output: output?, characters: characters?, cache_minimum: cache_minimum? })
}

fn life(section: &Section<'_, '_>) -> Option<Life> {
    let day = |key: &'static str| optional(section, key, Section::parsed::<Date>);
    let (released, retires, not_sooner_than) = (day("released"), day("retires"), day("not_sooner_than"));
    let flag = |key: &'static str| optional(section, key, Section::flag).map(Option::unwrap_or_default);
    let (is_deprecated, is_preview) = (flag("deprecated"), flag("preview"));
    let successor = optional(section, "successor", Section::words);
    let life = Life {
        released: released?,
        is_deprecated: is_deprecated?,
        is_preview: is_preview?,
        retires: retires?,
        not_sooner_than: not_sooner_than?,
        successor: successor?,
    };
    if let (Some(released), Some(retires)) = (life.released, life.retires)
        && retires <= released
    {
        section.fault_at("retires", "the model ends before it begins");
    }
    if let (Some(promised), Some(retires)) = (life.not_sooner_than, life.retires)
        && retires < promised
    {
        section.fault_at("retires", "the model ends sooner than `not_sooner_than` says");
    }
    Some(life)
}

/// What a reader gives for a key that may be missing; nothing at all where it is there and wrong.
fn optional<'t, 's, T>(
    section: &Section<'t, 's>,
    key: &'static str,
    read: impl Fn(&Section<'t, 's>, &'static str) -> Option<T>,
) -> Option<Option<T>> {
    if section.has(key) { read(section, key).map(Some) } else { Some(None) }
}
