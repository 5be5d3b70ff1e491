//! Reading a show profile with all its faults. Not for what a show is: that is the parent's.

use std::collections::BTreeMap;

use super::{Brand, Show, ShowCaps, ShowPolicy, Speaker, SpeechEngine, Target, Voice, VoiceProvider};
use crate::config::fault::{Faults, Place, dollars};
use crate::config::reader::{Document, Section};
use crate::domain::call::Provider;
use crate::domain::checks::Guardrails;
use crate::domain::event::{Mending, NearCap, Overriding, ResendLimit, Uncertain, WhenDown};
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::Human;

/// The longest episode: a day.
const MAX_MINUTES: u64 = 24 * 60;

pub(super) fn show(file: &str, source: &str, voice: Provider) -> Result<Show, Faults> {
    let document = Document::new(file, source);
    let table = document.parse();
    let root = Section::root(&document, &table);
    let show = read(source, &document, &root, voice);
    document.finish(show)
}

/// Everything is read before anything is missed, so that all faults are found.
fn read(source: &str, document: &Document<'_>, root: &Section<'_, '_>, route: Provider) -> Option<Show> {
    let schema = root.schema();
    let name = root.need("name", Section::words);
    let slug = root.need("slug", slug);
    let tagline = root.need("tagline", Section::words);
    let language = root.need("language", language);
    let target = root.need("target_minutes", Section::section).and_then(|section| target(&section));
    let words_per_minute = small(root, "words_per_minute", 60, 300, 150);
    let deadline_days = small(root, "deadline_days", 1, 365, 7);
    let pipeline = root.need("pipeline", pipeline);
    let brand = root.need("brand", Section::section).and_then(|section| brand(&section));
    let policy = root.section("policy");
    let policy = policy.map_or_else(|| Some(ShowPolicy::default()), |s| read_policy(&s));
    let engine = root.section("speech").map_or(Some(SpeechEngine::Provider), |section| speech(&section));
    let speakers = speakers(document, root, route, engine);
    let caps = root.need("caps", Section::section).and_then(|section| caps(document, &section));
    root.close();
    schema?;
    let (caps, stage_places) = caps?;
    Some(Show {
        name: name?,
        slug: slug?,
        tagline: tagline?,
        language: language?,
        target: target?,
        words_per_minute: words_per_minute?,
        deadline_days: deadline_days?,
        pipeline: pipeline?,
        brand: brand?,
        speakers: speakers?,
        caps,
        policy: policy?,
        engine: engine?,
        source: source.to_owned(),
        hash: ContentHash::of(source.as_bytes()),
        stage_places,
    })
}

/// A small number with a default.
fn small(section: &Section<'_, '_>, key: &'static str, least: u64, most: u64, default: u32) -> Option<u32> {
    if !section.has(key) {
        return Some(default);
    }
    section.whole(key, least..=most).and_then(|number| u32::try_from(number).ok())
}

fn slug(section: &Section<'_, '_>, key: &'static str) -> Option<String> {
    let slug = section.text(key)?;
    if !super::is_slug(&slug) {
        section.fault_at(key, "`slug` names files: use up to 64 lower-case letters, digits and hyphens between them");
        return None;
    }
    Some(slug)
}

fn language(section: &Section<'_, '_>, key: &'static str) -> Option<String> {
    let tag = section.text(key)?;
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    let is_tag = (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if !is_tag {
        section.fault_at(key, format!("`{tag}` is no language tag: write it as `en` or `en-GB`"));
        return None;
    }
    Some(tag)
}

fn pipeline(section: &Section<'_, '_>, key: &'static str) -> Option<String> {
    section.parsed::<StageId>(key).map(String::from)
}

fn target(section: &Section<'_, '_>) -> Option<Target> {
    let minutes = |key: &'static str| {
        let thousandths = section.need(key, Section::thousandths)?;
        if thousandths == 0 || thousandths > MAX_MINUTES * 1_000 {
            section.fault_at(key, format!("`target_minutes.{key}` must lie above 0 and at most at {MAX_MINUTES}"));
            return None;
        }
        Some(thousandths * 60)
    };
    let (min, max) = (minutes("min"), minutes("max"));
    section.close();
    let (min_ms, max_ms) = (min?, max?);
    if min_ms > max_ms {
        section.fault_at("min", "`target_minutes.min` is more than `target_minutes.max`: swap them");
        return None;
    }
    Some(Target { min_ms, max_ms })
}

fn brand(section: &Section<'_, '_>) -> Option<Brand> {
    let voice = section.need("voice", Section::words);
    let (rules, avoid, samples) = (section.texts("rules"), section.texts("avoid"), section.texts("samples"));
    let guardrails = section.section("guardrails").map_or(Some(Guardrails::default()), |section| guardrails(&section));
    section.close();
    Some(Brand { voice: voice?, rules: rules?, avoid: avoid?, samples: samples?, guardrails: guardrails? })
}

fn guardrails(section: &Section<'_, '_>) -> Option<Guardrails> {
    let usual = Guardrails::default();
    let required = section.texts("required");
    let explicit = if section.has("explicit") { section.flag("explicit") } else { Some(false) };
    let disclosure =
        if section.has("disclosure") { section.texts("disclosure") } else { Some(usual.disclosure.clone()) };
    let max_grade = small(section, "max_grade", 1, 20, u32::from(usual.max_grade_tenths) / 10);
    let max_sentence_words = small(section, "max_sentence_words", 5, 200, usual.max_sentence_words);
    let max_turn_words = small(section, "max_turn_words", 20, 2_000, usual.max_turn_words);
    section.close();
    Some(Guardrails {
        required: required?,
        explicit: explicit?,
        disclosure: disclosure?,
        max_grade_tenths: u16::try_from(max_grade? * 10).ok()?,
        max_sentence_words: max_sentence_words?,
        max_turn_words: max_turn_words?,
        ..usual
    })
}

fn speakers(
    document: &Document<'_>,
    root: &Section<'_, '_>,
    route: Provider,
    engine: Option<SpeechEngine>,
) -> Option<Vec<Speaker>> {
    let sections = root.sections("speakers")?;
    if sections.is_empty() {
        root.fault_at("speakers", "there is no speaker: a show needs at least one, under `[[speakers]]`");
    }
    let mut first: BTreeMap<String, Place> = BTreeMap::new();
    let mut speakers = Vec::new();
    for section in &sections {
        let id = section.need("id", speaker_id);
        if let Some(id) = &id {
            let place = document.place(&section.span_of("id"));
            match first.get(id) {
                Some(earlier) => {
                    section.fault_at("id", format!("the speaker `{id}` stands on line {} already", earlier.line))
                }
                None => drop(first.insert(id.clone(), place)),
            }
        }
        let name = section.need("name", Section::words);
        let role = section.need("role", Section::words);
        let voice = section.need("voice", Section::section).and_then(|voice| read_voice(&voice, route, engine));
        section.close();
        speakers.push(id.zip(name).zip(role).zip(voice).map(|(((id, name), role), voice)| Speaker {
            id,
            name,
            role,
            voice,
        }));
    }
    if speakers.is_empty() { None } else { speakers.into_iter().collect() }
}

fn speaker_id(section: &Section<'_, '_>, key: &'static str) -> Option<String> {
    let id = section.text(key)?;
    let is_plain = id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !is_plain || id.len() > 32 || !id.starts_with(|c: char| c.is_ascii_uppercase()) {
        let what = format!("`{id}` is no speaker's id: use up to 32 capitals, digits and underscores, such as `HOST`");
        section.fault_at(key, what);
        return None;
    }
    Some(id)
}

fn read_voice(section: &Section<'_, '_>, route: Provider, engine: Option<SpeechEngine>) -> Option<Voice> {
    let mut choices: Vec<(&str, VoiceProvider)> =
        Provider::ALL.into_iter().map(|provider| (provider.name(), VoiceProvider::Paid(provider))).collect();
    choices.push((VoiceProvider::EspeakNg.name(), VoiceProvider::EspeakNg));
    let provider = section.need("provider", |s, key| s.choice(key, &choices));
    let id = section.need("id", Section::words);
    section.close();
    let provider = provider?;
    let (right, because) = match engine {
        Some(SpeechEngine::Provider) => (VoiceProvider::Paid(route), "the route of the role `voice` goes there"),
        Some(SpeechEngine::EspeakNg) => (VoiceProvider::EspeakNg, "`speech.engine` says so"),
        None => (provider, ""),
    };
    if provider != right {
        let what = format!(
            "a voice of `{}` cannot speak here: it must be one of `{}`, since {because}",
            provider.name(),
            right.name()
        );
        section.fault_at("provider", what);
        return None;
    }
    Some(Voice { provider, id: id? })
}

fn read_policy(section: &Section<'_, '_>) -> Option<ShowPolicy> {
    let overridings =
        [("none", Overriding::Nobody), ("reason", Overriding::Reason), ("second-person", Overriding::SecondPerson)];
    let usual = ShowPolicy::default();
    let overriding =
        if section.has("override") { section.choice("override", &overridings) } else { Some(usual.overriding) };
    let uncertain = if section.has("uncertain") { uncertain(section).map(Some) } else { Some(None) };
    let near_caps = [("alert", NearCap::Alert), ("cheaper", NearCap::Cheaper), ("slower", NearCap::Slower)];
    let near_cap = if section.has("near_cap") { section.choice("near_cap", &near_caps) } else { Some(usual.near_cap) };
    let when_downs = [("wait", WhenDown::Wait), ("fallback", WhenDown::Fallback)];
    let when_down =
        if section.has("when_down") { section.choice("when_down", &when_downs) } else { Some(usual.when_down) };
    let corrections = small(section, "corrections", 0, 2, 2);
    let canary_every = small(section, "canary_every", 0, 1_000, usual.canary_every);
    let lately_tokens = small(section, "lately_tokens", 0, 4_000, usual.lately_tokens);
    let mending = section.section("mending").map_or(Some(usual.mending), |section| mending(&section));
    let research_days = if section.has("research_days") {
        small(section, "research_days", 1, 100_000, 1).map(Some)
    } else {
        Some(None)
    };
    let panels = section.parsed_list::<StageId>("panels");
    let patient = section.parsed_list::<StageId>("patient");
    let gates = section.section("gates").map_or(Some(BTreeMap::new()), |section| gates(&section));
    section.close();
    Some(ShowPolicy {
        uncertain: uncertain?,
        corrections: corrections?,
        overriding: overriding?,
        mending: mending?,
        canary_every: canary_every?,
        lately_tokens: lately_tokens?,
        gates: gates?,
        panels: panels?.into_iter().collect(),
        research_days: research_days?,
        near_cap: near_cap?,
        when_down: when_down?,
        patient: patient?.into_iter().collect(),
    })
}

/// `"ask"`, `"resend"`, or the limits up to which a call is sent again: `{ call = "0.05", episode = "0.50" }`.
fn uncertain(section: &Section<'_, '_>) -> Option<Uncertain> {
    const KEY: &str = "uncertain";
    if !section.holds_table(KEY) {
        return section.choice(KEY, &[("ask", Uncertain::Ask), ("resend", Uncertain::Resend)]);
    }
    let limits = section.section(KEY)?;
    let (call, episode) = (limits.need("call", Section::amount), limits.need("episode", Section::amount));
    limits.close();
    let limit = ResendLimit { call: call?, episode: episode? };
    if limit.call <= MicroUsd::ZERO || limit.episode < limit.call {
        let what = "`policy.uncertain`: `call` lies above zero and not above `episode`".to_owned();
        section.fault_at(KEY, what);
        return None;
    }
    Some(Uncertain::Within(limit))
}

fn mending(section: &Section<'_, '_>) -> Option<Mending> {
    let rounds = small(section, "rounds", 0, 20, 2);
    let spend = if section.has("spend") { section.amount("spend").map(Some) } else { Some(None) };
    let minutes = if section.has("minutes") { small(section, "minutes", 1, 10_000, 1).map(Some) } else { Some(None) };
    section.close();
    Some(Mending { rounds: rounds?, spend: spend?, minutes: minutes? })
}

/// When single gates ask a person, by their stages' names.
fn gates(section: &Section<'_, '_>) -> Option<BTreeMap<StageId, Human>> {
    let humans = [("always", Human::Always), ("on_dispute", Human::OnDispute), ("never", Human::Never)];
    section.choices(&humans)
}

fn speech(section: &Section<'_, '_>) -> Option<SpeechEngine> {
    let engines = [("provider", SpeechEngine::Provider), ("espeak-ng", SpeechEngine::EspeakNg)];
    let engine = section.need("engine", |s, key| s.choice(key, &engines));
    section.close();
    engine
}

fn caps(document: &Document<'_>, section: &Section<'_, '_>) -> Option<(ShowCaps, BTreeMap<StageId, Place>)> {
    let call = if section.has("call") { section.amount("call").map(Some) } else { Some(None) };
    let episode = section.need("episode", Section::amount);
    if let (Some(Some(call)), Some(episode)) = (call, episode)
        && call > episode
    {
        section.fault_at(
            "call",
            format!("a call may cost {} USD, and the whole episode only {} USD", dollars(call), dollars(episode)),
        );
    }
    let (mut stages, mut places) = (BTreeMap::new(), BTreeMap::new());
    if let Some(table) = section.section("stages") {
        let mut sum = MicroUsd::ZERO;
        for (name, span, amount) in table.amounts() {
            match name.parse::<StageId>() {
                Ok(stage) => {
                    places.insert(stage.clone(), document.place(&span));
                    stages.insert(stage, amount);
                }
                Err(error) => document.fault(&span, format!("`{name}` is no stage's name: {error}")),
            }
            sum = sum.plus(amount);
            if let Some(episode) = episode.filter(|episode| amount > *episode) {
                let what = format!(
                    "the stage `{name}` may cost {} USD, and the whole episode only {} USD",
                    dollars(amount),
                    dollars(episode)
                );
                document.fault(&span, what);
            }
        }
        if let Some(episode) = episode.filter(|episode| sum > *episode) {
            let what = format!(
                "the stages together may cost {} USD, and the whole episode only {} USD",
                dollars(sum),
                dollars(episode)
            );
            document.fault(table.span(), what);
        }
    }
    section.close();
    Some((ShowCaps { call: call?, episode: episode?, stages }, places))
}
