//! What an episode cost, broken down: rows by stage and model that every report and screen adds up its own way.
//!
//! The rows add up to the episode's total, whichever way they are grouped.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::{Provider, Route, Usage};
use super::episode::{Episode, Life};
use super::event::Provenance;
use super::ids::{EpisodeNumber, StageId};
use super::money::MicroUsd;
use super::reuse::Reused;

/// What one stage of one episode cost with one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostRow {
    /// The episode.
    pub episode: EpisodeNumber,
    /// The stage.
    pub stage: StageId,
    /// The agent, where the stage has one.
    pub agent: Option<String>,
    /// The provider.
    pub provider: Provider,
    /// The model.
    pub model: String,
    /// Calls, failed ones included.
    pub calls: u32,
    /// What they used.
    pub usage: Usage,
    /// The worst case that was reserved for each before it was sent, all together.
    #[serde(default)]
    pub estimated: MicroUsd,
    /// What they cost.
    pub spent: MicroUsd,
    /// What is held for calls that are not answered.
    pub reserved: MicroUsd,
    /// What calls may have cost whose charge is uncertain, or that were sent again.
    #[serde(default)]
    pub possible: MicroUsd,
    /// Calls that were not made, since equal ones had been answered.
    pub reused: u32,
    /// What those had cost.
    pub saved: MicroUsd,
    /// How long the provider worked for them, in milliseconds; calls side by side add up.
    #[serde(default)]
    pub machine_ms: u64,
}

/// An episode in a line: what lists and the cost browser show of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeSummary {
    /// Its number.
    pub number: EpisodeNumber,
    /// Its title.
    pub title: String,
    /// Its show, by its slug.
    pub show: String,
    /// Rehearsed or live.
    pub provenance: Provenance,
    /// When it was begun.
    pub started: Timestamp,
    /// When something last happened to it.
    pub touched: Timestamp,
    /// How its life stands.
    pub life: Life,
    /// What it cost.
    pub spent: MicroUsd,
    /// What it may have cost besides: uncertain charges, and those whose call was sent again.
    #[serde(default)]
    pub possible: MicroUsd,
    /// What it would have cost besides, had no answer been reused.
    pub saved: MicroUsd,
    /// Its cap.
    pub cap: Option<MicroUsd>,
    /// Rounds.
    pub rounds: u32,
    /// The rows that add up to what it cost.
    pub rows: Vec<CostRow>,
}

/// What an episode cost, by stage and model, in the order of its stages.
pub fn rows(episode: &Episode) -> Vec<CostRow> {
    let place: BTreeMap<&StageId, usize> = episode.pins.iter().enumerate().map(|(n, pin)| (&pin.stage.id, n)).collect();
    let mut rows: BTreeMap<(usize, &StageId, Provider, &str), CostRow> = BTreeMap::new();
    let empty = |stage: &StageId, unit: u32, route: &Route| CostRow {
        episode: episode.number,
        stage: stage.clone(),
        agent: episode.pin(stage).and_then(|pin| super::panel::agent_of(pin, unit)),
        provider: route.provider,
        model: route.model.clone(),
        calls: 0,
        usage: Usage::default(),
        estimated: MicroUsd::ZERO,
        spent: MicroUsd::ZERO,
        reserved: MicroUsd::ZERO,
        possible: MicroUsd::ZERO,
        reused: 0,
        saved: MicroUsd::ZERO,
        machine_ms: 0,
    };
    let order = |stage: &StageId| place.get(stage).copied().unwrap_or(usize::MAX);
    for reused in &episode.reused {
        let Reused { stage, unit, route, saved, .. } = reused;
        let row = rows.entry((order(stage), stage, route.provider, &route.model));
        let row = row.or_insert_with(|| empty(stage, *unit, route));
        row.reused = row.reused.saturating_add(1);
        row.saved = row.saved.plus(*saved);
    }
    for (key, call) in &episode.calls {
        let (stage, route) = (&key.stage, &call.route);
        let row = rows.entry((order(stage), stage, route.provider, &route.model));
        let row = row.or_insert_with(|| empty(stage, key.unit, route));
        row.calls = row.calls.saturating_add(1);
        row.usage = row.usage.plus(call.usage());
        row.estimated = row.estimated.plus(call.worst);
        row.spent = row.spent.plus(call.spent());
        row.reserved = row.reserved.plus(call.reserved());
        row.possible = row.possible.plus(call.possible());
        row.machine_ms = row.machine_ms.saturating_add(call.machine_ms());
    }
    rows.into_values().collect()
}

/// An episode in a line.
pub fn summary(episode: &Episode) -> EpisodeSummary {
    EpisodeSummary {
        number: episode.number,
        title: episode.title.clone(),
        show: episode.show.clone(),
        provenance: episode.provenance,
        started: episode.started,
        touched: episode.touched,
        life: episode.life.clone(),
        spent: episode.spent(),
        possible: episode.sums().possible,
        saved: episode.saved(),
        cap: episode.cap(),
        rounds: episode.round(),
        rows: rows(episode),
    }
}
