//! Proposals of models about the way of the work, put beside what the episode pinned: the graph for agent 01, and the ways of
//! mending for the router. Code decides which of them are taken.

use serde_json::json;

use super::Job;
use crate::domain::accept::Node;
use crate::domain::event::Way;
use crate::domain::gate::{Outcome, consensus};
use crate::domain::handoff::{Contract, Fixes, Mender, Routing};
use crate::domain::pipeline::{Human, Kind};

impl Job<'_> {
    /// The graph that the episode pinned, as a proposal may speak of it.
    pub(super) fn graph(&self) -> Vec<Node> {
        let node = |pin: &crate::domain::event::Pin| Node {
            stage: pin.stage.id.to_string(),
            agent: pin.stage.agent.clone(),
            output: pin.stage.output.name().to_owned(),
            is_gate: pin.stage.kind == Kind::Gate,
        };
        self.episode.pins.iter().map(node).collect()
    }

    /// The graph as agent 01 is shown it.
    pub(super) fn graph_slot(&self) -> String {
        let told = |node: &Node| json!({"stage": node.stage, "agent": node.agent, "output": node.output, "gate": node.is_gate});
        serde_json::Value::from_iter(self.graph().iter().map(told)).to_string()
    }

    /// Whether nobody needs to be asked who mends: there is nothing to mend, or the judges agree that nothing fails.
    pub(super) fn needs_no_router(&self) -> Result<bool, String> {
        let fixes: Option<Fixes> = self.fed(Contract::Fixes.name())?;
        if fixes.is_none_or(|fixes| fixes.fixes.is_empty()) {
            return Ok(true);
        }
        let together = consensus(&self.judgements()?, &self.rubric()?);
        let is_below = together.dimensions.iter().any(|(_, outcome)| matches!(outcome, Outcome::Below(_)));
        // Where the gate asks nobody, what the judges dispute fails too.
        let asks_nobody = self
            .episode
            .pins
            .iter()
            .any(|pin| pin.stage.human == Some(Human::Never) && pin.stage.inputs.contains(&self.step.stage));
        let is_disputed = asks_nobody && !together.disputes.is_empty();
        Ok(!is_below && !is_disputed && together.blocked.is_empty())
    }

    /// The ways that this episode can take, as the router is shown them.
    pub(super) fn ways_slot(&self) -> String {
        let ways = [Mender::Author, Mender::Peer, Mender::RedTeam, Mender::Plan, Mender::Person];
        let open = ways.into_iter().filter(|way| way.way().is_none_or(|way| self.can_take(way)));
        json!(open.map(Mender::name).collect::<Vec<_>>()).to_string()
    }

    /// The way that a failed gate's content takes: the router's where the episode can take it, else the author's. None where
    /// a person is to look first.
    pub(super) fn way(&self) -> Result<Option<Way>, String> {
        let routing: Option<Routing> = self.fed(Contract::Routing.name())?;
        let Some(routing) = routing else { return Ok(Some(Way::Author)) };
        Ok(routing.way.way().map(|way| if self.can_take(way) { way } else { Way::Author }))
    }

    /// Whether a way leads anywhere: a peer is of another family, a red team has an attacker, a plan has a stage.
    fn can_take(&self, way: Way) -> bool {
        let reviser = || {
            let scripts =
                |pin: &&crate::domain::event::Pin| pin.stage.output == Contract::Draft && pin.revise.is_some();
            self.episode.pins.iter().find(scripts)
        };
        match way {
            Way::Author => true,
            Way::Peer => reviser().is_some_and(|pin| {
                let own = self.episode.route(&pin.stage.id).map(|route| route.family());
                pin.peer().is_some_and(|peer| Some(peer.family()) != own)
            }),
            Way::RedTeam => reviser().is_some_and(|pin| pin.stage.attacker.is_some() && !pin.seats.is_empty()),
            Way::Plan => self.episode.pins.iter().any(|pin| pin.stage.output == Contract::Plan),
        }
    }
}
