//! The proposals about the way of the work: an orchestration along the graph, and who mends what fails.

use serde::Deserialize;

use super::dice::Dice;
use crate::domain::handoff::{Assignment, Mender, Note, Orchestration, Priority, Routing};

/// A stage of the graph as it is shown.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    stage: String,
    #[serde(default)]
    agent: Option<String>,
    #[serde(default)]
    output: String,
    #[serde(default)]
    gate: bool,
}

const FOCI: &[&str] = &[
    "Keep to what the passages state, and say where they stop.",
    "Let the open points stay open, and audibly so.",
    "Spend the time on the one thing a listener would repeat to somebody else.",
    "Look twice at every figure.",
];

/// The orchestration of an episode: what each agent should look to, and every gate.
pub(super) fn orchestration(dice: &mut Dice, graph: &[Shown]) -> Orchestration {
    let assigned = |shown: &Shown| {
        let focus = dice.pick(FOCI).map(|focus| (*focus).to_owned()).unwrap_or_default();
        let agent = shown.agent.clone()?;
        Some(Assignment { stage: shown.stage.clone(), agent, output: shown.output.clone(), focus })
    };
    let assignments: Vec<Assignment> = graph.iter().filter_map(assigned).collect();
    let minutes = u32::try_from(assignments.len()).unwrap_or(0).saturating_mul(3);
    Orchestration {
        task: "Make one episode from this package that claims no more than its passages do.".to_owned(),
        gates: graph.iter().filter(|shown| shown.gate).map(|shown| shown.stage.clone()).collect(),
        budget_cents: 150 + u32::try_from(dice.below(200)).unwrap_or(0),
        minutes,
        assignments,
    }
}

/// Who mends: mostly the author; once in a while a peer or a red team, where fixes must be done and the way is open.
pub(super) fn routing(dice: &mut Dice, note: &Note, ways: &[String]) -> Routing {
    let grave: Vec<_> = note.fixes.iter().filter(|fix| fix.priority == Priority::Must).map(|fix| fix.from).collect();
    let drawn = match dice.below(8) {
        0 => Mender::Peer,
        1 => Mender::RedTeam,
        _ => Mender::Author,
    };
    let is_open = ways.iter().any(|way| way == drawn.name());
    let way = if is_open && !grave.is_empty() { drawn } else { Mender::Author };
    let reason = match way {
        Mender::Peer => "The faults are the writer's own habits, and another hand does not share them.",
        Mender::RedTeam => "What must be mended is a statement of fact, and a first mend may miss it.",
        Mender::Author | Mender::Plan | Mender::Person => {
            "The faults lie in single lines, and the reviser can mend those."
        }
    };
    let lines = if grave.is_empty() { note.fixes.iter().map(|fix| fix.from).take(3).collect() } else { grave };
    Routing { way, reason: reason.to_owned(), lines }
}
