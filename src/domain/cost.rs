//! What an episode cost, broken down: rows by stage and model that every report and screen adds up its own way.
//!
//! The rows add up to the episode's total, whichever way they are grouped.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::{Provider, Usage};
use super::episode::{Episode, Life};
use super::event::Provenance;
use super::ids::{EpisodeNumber, StageId};
use super::money::MicroUsd;

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
    /// What they cost.
    pub spent: MicroUsd,
    /// What is held for calls under way and uncertain ones.
    pub reserved: MicroUsd,
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
    for (key, call) in &episode.calls {
        let order = place.get(&key.stage).copied().unwrap_or(usize::MAX);
        let row = rows.entry((order, &key.stage, call.route.provider, &call.route.model)).or_insert_with(|| CostRow {
            episode: episode.number,
            stage: key.stage.clone(),
            agent: episode.pin(&key.stage).and_then(|pin| super::panel::agent_of(pin, key.unit)),
            provider: call.route.provider,
            model: call.route.model.clone(),
            calls: 0,
            usage: Usage::default(),
            spent: MicroUsd::ZERO,
            reserved: MicroUsd::ZERO,
        });
        row.calls = row.calls.saturating_add(1);
        row.usage = row.usage.plus(call.usage());
        row.spent = row.spent.plus(call.spent());
        row.reserved = row.reserved.plus(call.reserved());
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
        cap: episode.cap(),
        rounds: episode.round(),
        rows: rows(episode),
    }
}
