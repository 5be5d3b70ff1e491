//! Where the calls of a stage go: by its pin, by what was changed since, and by what models were found unable.

use super::{CallState, Episode};
use crate::domain::call::{RetryClass, Route};
use crate::domain::handoff::Contract;
use crate::domain::ids::StageId;
use crate::domain::independence::Parties;

impl Episode {
    /// Where the calls of a stage go now.
    pub fn route(&self, stage: &StageId) -> Option<&Route> {
        let changed = self.stages.get(stage).and_then(|state| state.route.as_ref());
        changed.or_else(|| self.pin(stage).and_then(|pin| pin.route.as_ref()))
    }

    /// Where the calls of a stage go when a model cannot: the first of its models that may be asked and has not been
    /// found unable yet.
    pub fn next_route(&self, stage: &StageId, failed: Option<&Route>, may: impl Fn(&Route) -> bool) -> Option<&Route> {
        let unable = |route: &&Route| {
            Some(*route) == failed
                || self.calls_of(stage).any(|(_, call)| {
                    call.route == **route
                        && matches!(call.state, CallState::Failed { class: RetryClass::OtherModel, .. })
                })
        };
        let now = self.route(stage);
        self.pin(stage)?.fallbacks().filter(|route| Some(*route) != now && may(route)).find(|route| !unable(route))
    }

    /// Who writes, who judges and who advises, by the routes as they are now.
    pub fn parties(&self) -> Parties<'_> {
        Parties::new(self.pins.iter().filter_map(|pin| Some((pin.stage.output, self.route(&pin.stage.id)?))))
    }

    /// What is to be said of a judge that is sent to a model of the writer's own family.
    pub fn kin(&self, stage: &StageId, route: &Route) -> Option<String> {
        if self.pin(stage)?.stage.output != Contract::Judgement {
            return None;
        }
        let writer = self.pins.iter().find(|pin| pin.stage.output == Contract::Draft)?;
        let family = self.route(&writer.stage.id)?.family();
        (route.family() == family)
            .then(|| format!("{stage} is judged by {}, which is of the writer's own family ({family})", route.model))
    }
}
