//! The gates as the manifest tells them: how each judged what is in the package, why, what was ruled, and by whom a failed one
//! was passed. A failed gate is told as failed for ever.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::actor::{SecondProof, second_person};
use crate::domain::episode::{Episode, GateState};
use crate::domain::event::{Actor, ItemRuling, Verdict};
use crate::domain::ids::{ContentHash, StageId};

/// A gate in the manifest.
#[derive(Serialize)]
pub(super) struct GateRecord {
    gate: StageId,
    hash: ContentHash,
    verdict: Verdict,
    reasons: Vec<String>,
    rulings: Vec<RulingRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overridden: Option<OverrideRecord>,
}

#[derive(Serialize)]
struct RulingRecord {
    item: String,
    ruling: ItemRuling,
    reason: String,
    by: String,
    at: Timestamp,
}

#[derive(Serialize)]
struct OverrideRecord {
    by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed_by: Option<String>,
    /// What shows that they are two people.
    #[serde(skip_serializing_if = "Option::is_none")]
    second_person: Option<SecondProof>,
    reason: String,
    at: Timestamp,
}

/// Every gate with what stands there now, in the order of the pipeline.
pub(super) fn records(episode: &Episode) -> Vec<GateRecord> {
    let standings = episode.standings();
    let of = |gate: &StageId| {
        let hash = standings.get(gate)?.inputs()?.hash;
        record(gate, hash, episode.gates.get(gate)?)
    };
    episode.pins.iter().filter_map(|pin| of(&pin.stage.id)).collect()
}

fn record(gate: &StageId, hash: ContentHash, state: &GateState) -> Option<GateRecord> {
    let evaluation = state.evaluations.get(&hash)?;
    let ruled = state.rulings.iter().filter(|ruled| ruled.hash == hash).map(|ruled| RulingRecord {
        item: ruled.ruled.item.clone(),
        ruling: ruled.ruled.ruling,
        reason: ruled.ruled.reason.clone(),
        by: name(&ruled.by),
        at: ruled.at,
    });
    let overridden = state.overrides.get(&hash).map(|overridden| OverrideRecord {
        by: name(&overridden.by),
        proposed_by: overridden.proposed_by.as_ref().map(name),
        second_person: overridden.proposed_by.as_ref().and_then(|first| second_person(first, &overridden.by).ok()),
        reason: overridden.reason.clone(),
        at: overridden.at,
    });
    Some(GateRecord {
        gate: gate.clone(),
        hash,
        verdict: evaluation.verdict,
        reasons: evaluation.reasons.clone(),
        rulings: ruled.collect(),
        overridden,
    })
}

fn name(actor: &Actor) -> String {
    match actor {
        Actor::Person(person) => person.name().to_owned(),
        Actor::Engine => Actor::Engine.to_string(),
    }
}
