//! What a new episode would need, looked at before it is begun: keys, models, voices, room, caps. Nothing is begun and nothing
//! that costs is asked.
//!
//! Everything that fails is told at once. Faults of the show, the package or the pipeline are those of [`super::begin`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::Workshop;
use super::likely::{Likely, Sizes};
use crate::config::pipeline::PipelineFile;
use crate::config::role::Role;
use crate::config::show::Show;
use crate::domain::budget::Scope;
use crate::domain::call::{Provider, Route};
use crate::domain::command::Start;
use crate::domain::event::{Pin, Provenance};
use crate::domain::handoff::Contract;
use crate::domain::ids::EpisodeNumber;
use crate::domain::independence::Parties;
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::{Kind, Stage};
use crate::engine::handle::{LookedOver, NewEpisode};
use crate::engine::preflight::{self, Check, Mark, Probes};
use crate::provider::probe::Found;

/// For how long a good answer of a provider is not asked for again.
const GOOD_FOR: Duration = Duration::from_secs(5 * 60);

/// Bytes of a second of speech as it is kept while an episode is made: the lines, the whole and the package.
const BYTES_A_SECOND: u64 = 3 * 2 * 48_000;

/// Bytes that an episode takes beside its speech.
const BYTES_BESIDE: u64 = 64 * 1024 * 1024;

/// Good answers of providers, and when they came.
#[derive(Debug, Default)]
pub(in crate::engine) struct Asked(Mutex<BTreeMap<Provider, (Instant, Found)>>);

impl Workshop {
    /// Looks over what a new episode would need; without asking a provider where that is not wished.
    pub(in crate::engine) async fn look_over(
        self: Arc<Self>,
        new: NewEpisode,
        number: EpisodeNumber,
        probes: bool,
    ) -> Result<LookedOver, String> {
        let shop = Arc::clone(&self);
        // A topic is researched, and what comes of that is about as long as a usual package.
        let size =
            if new.topic.is_some() { 20_000 } else { std::fs::metadata(&new.research).map_or(0, |file| file.len()) };
        let read = tokio::task::spawn_blocking(move || shop.read_over(&new, number)).await;
        let (show, start, mut checks) = read.unwrap_or_else(|_| Err("reading the package failed".to_owned()))?;
        let Some(start) = start else {
            return Ok(LookedOver { checks, show: show.slug, ..LookedOver::default() });
        };
        let sizes = Sizes::new(size, &show);
        let providers = providers(&start.pins);
        let answers = if probes { self.asked_of(providers.keys().copied().collect()).await } else { Probes::new() };
        checks.extend(self.of_providers(&providers, &answers));
        checks.extend(self.of_models(&start.pins, &answers));
        checks.extend(preflight::voices(&show, &answers).map(|check| self.lenient(check)));
        checks.extend(independence(&start.pins));
        checks.push(self.room(&show));
        let cap = start.caps.get(&Scope::Episode(number)).copied().unwrap_or(MicroUsd::ZERO);
        checks.push(caps(start.projected, cap));
        let paid = start.pins.iter().filter(|pin| pin.route.is_some()).map(|pin| pin.stage.id.clone());
        let likely = self.likely(&start.pins, sizes);
        let fits = self.fits(&start.pins, &likely, sizes);
        Ok(LookedOver {
            checks,
            show: show.slug,
            stages: paid.collect(),
            projected: start.projected,
            likely,
            fits,
            cap,
        })
    }

    /// The show, what the episode would start with, and the keys that are missing: then there is no start.
    fn read_over(&self, new: &NewEpisode, number: EpisodeNumber) -> Result<(Show, Option<Start>, Vec<Check>), String> {
        let (file, source) = self.show_source(&new.show)?;
        let show = Show::parse(&file, &source, self.settings.voice_provider()).map_err(|e| e.to_string())?;
        let missing = self.missing(&show, new.topic.is_some())?;
        if missing.is_empty() {
            return Ok((show, Some(self.begin(new, number, &[])?), Vec::new()));
        }
        Ok((show, None, missing))
    }

    /// The providers without a key that the roles of an episode need.
    fn missing(&self, show: &Show, is_topic: bool) -> Result<Vec<Check>, String> {
        let file = PipelineFile::load(&self.config, &show.pipeline).map_err(|e| e.to_string())?;
        let is_asked =
            |stage: &Stage| show.policy.gates.contains_key(&stage.id) || show.policy.panels.contains(&stage.id);
        let stages =
            file.pipeline.stages().iter().filter(|stage| !file.optional.contains(&stage.id) || is_asked(stage));
        let mut roles = BTreeSet::new();
        for stage in stages {
            let spec = stage.panel.as_ref();
            let seats = spec.into_iter().flat_map(|spec| spec.seats.iter().chain(&spec.coordinator));
            let researches = is_topic && stage.output == Contract::Research && stage.kind == Kind::Render;
            let agents = stage.agent.iter().chain(&stage.attacker).chain(seats).map(String::as_str);
            let agents = agents.chain(researches.then_some(super::begin::RESEARCHER));
            roles.extend(agents.filter_map(|agent| self.prompts.latest(agent)).map(|prompt| prompt.role));
            roles.extend((stage.kind == Kind::Speech).then_some(Role::Voice));
        }
        let on = super::call::day(self.clock.now());
        let mut checks = BTreeMap::new();
        for role in roles {
            let routes = self.settings.routes(role, &self.prices, on).map_err(|e| e.to_string())?;
            let provider = routes.primary.provider;
            if let Some(Err(why)) = self.endpoints.get(&provider) {
                checks.insert(provider, Check::new(Mark::Fail, format!("key of {provider}"), why.clone()));
            }
        }
        Ok(checks.into_values().collect())
    }

    /// What each of these providers answers; a good answer of a moment ago is as good.
    async fn asked_of(&self, mut providers: BTreeSet<Provider>) -> Probes {
        let mut kept = self.asked.0.lock().await;
        let now = self.clock.monotonic();
        kept.retain(|_, (at, _)| now.saturating_duration_since(*at) < GOOD_FOR);
        let mut answers = Probes::new();
        for (provider, (_, found)) in kept.iter().filter(|(provider, _)| providers.contains(provider)) {
            answers.insert(*provider, Ok(found.clone()));
        }
        providers.retain(|provider| !answers.contains_key(provider));
        for (provider, answer) in preflight::ask(&self.transport, &self.endpoints, &providers, None).await {
            if let Ok(found) = &answer {
                kept.insert(provider, (now, found.clone()));
            }
            answers.insert(provider, answer);
        }
        answers
    }

    fn of_providers(&self, providers: &BTreeMap<Provider, bool>, answers: &Probes) -> Vec<Check> {
        let of = |(provider, is_needed): (&Provider, &bool)| {
            let (answer, Some(Ok(endpoint))) = (answers.get(provider)?, self.endpoints.get(provider)) else {
                return None;
            };
            let check = preflight::key(*provider, endpoint.base(), answer, self.provenance);
            // Whoever settles disputes gives advice, and an episode goes on without it.
            Some(if *is_needed { check } else { Check { mark: check.mark.min(Mark::Mind), ..check } })
        };
        providers.iter().filter_map(of).collect()
    }

    fn of_models(&self, pins: &[Pin], answers: &Probes) -> Vec<Check> {
        let mut checks: BTreeMap<Route, Check> = BTreeMap::new();
        let on = super::call::day(self.clock.now());
        for (route, is_needed) in routes(pins) {
            let Some((mark, found)) = preflight::model(route, answers, &self.models, on) else { continue };
            let mark = if is_needed { mark } else { mark.min(Mark::Mind) };
            let check = self.lenient(Check::new(mark, format!("model {}", route.model), found));
            let known = checks.entry(route.clone()).or_insert_with(|| check.clone());
            known.mark = known.mark.max(check.mark);
        }
        checks.into_values().collect()
    }

    /// Rehearsed servers speak with any voice, and write for any model that has a price.
    fn lenient(&self, check: Check) -> Check {
        match self.provenance {
            Provenance::Live => check,
            Provenance::Rehearsal => Check { mark: check.mark.min(Mark::Mind), ..check },
        }
    }

    /// A cap that an episode is likely to come through with: what it is likely to cost and half as much again, and room for the
    /// worst case of its dearest call, in whole tenths of a dollar.
    fn fits(&self, pins: &[Pin], likely: &Likely, sizes: Sizes) -> MicroUsd {
        let on = super::call::day(self.clock.now());
        let request = sizes.research.saturating_mul(8).saturating_add(sizes.words.saturating_mul(20));
        let calls = pins.iter().filter(|pin| pin.stage.kind != Kind::Speech);
        let dearest = calls.filter_map(|pin| self.bound(pin, request, 0, on).ok()).max().unwrap_or_default();
        let sum: MicroUsd = likely.values().copied().sum();
        let fits = sum.plus(MicroUsd(sum.0 / 2)).plus(dearest);
        MicroUsd((fits.0.saturating_add(99_999) / 100_000).saturating_mul(100_000))
    }

    fn room(&self, show: &Show) -> Check {
        let needed = (show.target.max_ms / 1_000).saturating_mul(BYTES_A_SECOND).saturating_add(BYTES_BESIDE);
        let mib = |bytes: u64| bytes / (1024 * 1024);
        match rustix::fs::statvfs(&self.dir) {
            Ok(disk) => {
                let free = disk.f_bavail.saturating_mul(disk.f_frsize);
                let said = format!("{} MiB are free and an episode may take {}", mib(free), mib(needed));
                if free < needed {
                    let said = format!(
                        "{said}: a full disk stops the studio, losing nothing. Make room at {}",
                        self.dir.display()
                    );
                    Check::new(Mark::Fail, "disk", said)
                } else {
                    Check::new(Mark::Ok, "disk", said)
                }
            }
            Err(error) => Check::new(Mark::Mind, "disk", format!("free space is not known: {error}")),
        }
    }
}

/// What of those who judge is not independent. It is said and refuses nothing.
fn independence(pins: &[Pin]) -> impl Iterator<Item = Check> {
    let parties = Parties::new(pins.iter().filter_map(|pin| Some((pin.stage.output, pin.route.as_ref()?))));
    parties.told().into_iter().map(|told| Check::new(Mark::Mind, "independence", told))
}

/// The first routes of the stages, and whether an episode needs them: whoever settles disputes is only asked for advice.
fn routes(pins: &[Pin]) -> impl Iterator<Item = (&Route, bool)> {
    pins.iter().flat_map(|pin| {
        let is_needed = pin.stage.output != Contract::Arbitration;
        pin.route.iter().chain(pin.seats.iter().map(|seat| &seat.route)).map(move |route| (route, is_needed))
    })
}

/// The providers of these, and whether an episode needs them.
fn providers(pins: &[Pin]) -> BTreeMap<Provider, bool> {
    let mut providers = BTreeMap::new();
    for (route, is_needed) in routes(pins) {
        *providers.entry(route.provider).or_insert(false) |= is_needed;
    }
    providers
}

/// What all calls cost at worst beside the cap. It is said and refuses nothing: at a cap the episode waits
/// and asks.
fn caps(projected: MicroUsd, cap: MicroUsd) -> Check {
    let said =
        format!("all calls together cost {projected} USD at worst, without further rounds, and the cap is {cap}");
    if projected > cap {
        let advice =
            format!("the episode may wait at its cap and ask. A cap of {projected} lets the first round through");
        Check::new(Mark::Mind, "cap", format!("{said}: {advice}"))
    } else {
        Check::new(Mark::Ok, "cap", said)
    }
}
