//! The proposals about the way of the work: an orchestration along the graph, who mends what fails, and what a red team holds
//! against a mend.

use serde::Deserialize;

use super::dice::Dice;
use super::text::around;
use crate::domain::handoff::{
    Assignment, Dimension, FaultKind, Finding, Mender, Note, Orchestration, Priority, Review, Routing, Severity,
};
use crate::domain::script::Script;

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

/// Who mends, as the seed says: half the time the author; else a peer or a red team, where fixes must be done and the way is
/// open.
pub(super) fn routing(seed: u64, note: &Note, ways: &[String]) -> Routing {
    let grave: Vec<_> = note.fixes.iter().filter(|fix| fix.priority == Priority::Must).map(|fix| fix.from).collect();
    let drawn = match seed % 4 {
        2 => Mender::Peer,
        3 => Mender::RedTeam,
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

/// An attack on a revision: what a reviewer finds, and under an odd seed the first mended line, which was mended too firmly.
pub(super) fn attack(seed: u64, mut review: Review, script: &Script, order: &Note) -> Review {
    let mended = order.fixes.first().map(|fix| fix.from);
    let line = script.lines().find(|line| Some(line.id) == mended).or_else(|| script.lines().next());
    if let (1, true, Some(line)) = (seed % 2, review.findings.is_empty(), line) {
        review.findings.push(Finding {
            id: "F1".to_owned(),
            line: line.id,
            quote: around(&line.text, 0, 12).to_owned(),
            sources: Vec::new(),
            dimension: Dimension::BrandVoice,
            kind: FaultKind::Overclaim,
            problem: "The mended line now sounds surer than anybody in the package is.".to_owned(),
            suggestion: "Say it with the reserve that the passages have.".to_owned(),
            severity: Severity::Minor,
        });
        review.summary = "The revision holds, but for one line.".to_owned();
    }
    review
}
