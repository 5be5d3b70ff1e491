//! What the rest of a stage's work costs with its cheaper model: its calls are made ready as they would be, and priced.
//!
//! Nothing is sent, and nothing of it is an event. Not for what is likely: that is forecast from past episodes.

use super::Workshop;
use crate::domain::episode::{Episode, UnitState};
use crate::domain::ids::StageId;
use crate::domain::money::MicroUsd;
use crate::domain::step::{Done, Step, Work};
use crate::engine::executor::Worker;
use crate::engine::handle::Quote;
use crate::engine::stop::Stop;

impl Workshop {
    /// The price of what is left of a stage with its cheaper model.
    pub(in crate::engine) fn quote_cheaper(&self, episode: &Episode, stage: &StageId) -> Result<Quote, String> {
        let cheaper = episode.pin(stage).and_then(|pin| pin.cheaper.clone());
        let route = cheaper.ok_or_else(|| format!("{stage} has no cheaper model"))?;
        let model = route.model.clone();
        let run = episode.stages.get(stage).and_then(|state| state.run.as_ref()).filter(|run| run.prepared);
        let mut changed = episode.clone();
        changed.stages.entry(stage.clone()).or_default().route = Some(route);
        let standings = changed.standings();
        let inputs = standings.get(stage).and_then(|standing| standing.inputs()).cloned();
        let inputs = inputs.ok_or_else(|| format!("{stage} cannot work yet"))?;
        let step = Step { episode: episode.number, stage: stage.clone(), inputs, work: Work::Prepare };
        let units = match self.work(&changed, &step, &Stop::default())? {
            Done::Prepared(units) => units,
            // There is nothing to do for it.
            Done::Skipped(_) => Vec::new(),
            Done::Turned(_)
            | Done::Corrected(_)
            | Done::Accepted { .. }
            | Done::Refused { .. }
            | Done::Unread { .. }
            | Done::Made(_)
            | Done::Evaluated(_) => return Err(format!("the calls of {stage} are not known before it works")),
        };
        let kept = changed.kept_units(stage);
        let left = units.iter().filter(|plan| !kept.contains_key(&plan.unit));
        let now = run.map(|run| {
            let open = run.units.values().filter(|unit| !matches!(unit.state, UnitState::Accepted(_)));
            open.map(|unit| unit.worst).sum::<MicroUsd>()
        });
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Quote {
            model,
            kept: count(kept.len()),
            left: count(left.clone().count()),
            worst: left.map(|plan| plan.worst).sum(),
            now,
        })
    }
}
