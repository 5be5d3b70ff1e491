//! What agent 01 and the remediation router propose, held to the graph that the episode pinned. A proposal that does not fit is
//! refused once; after that code takes the default, so that nothing stands still over it.

use super::form::{blanks, is_blank, repeated};
use super::{Accepted, Context, Rejection, kept};
use crate::domain::handoff::{Assignment, Brief, Orchestration, Routing};

/// The words that stand in a record where a default was taken.
pub const DEFAULT_ROUTE: &str = "the default route is taken";

/// A stage as a proposal may speak of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub stage: String,
    /// Its agent, where it has one.
    pub agent: Option<String>,
    /// What it hands on.
    pub output: String,
    /// Whether it is a gate.
    pub is_gate: bool,
}

/// A brief whose orchestration fits the graph; a faulty one is replaced at the last word.
pub(super) fn held(mut brief: Brief, context: &Context<'_>) -> Result<Brief, Rejection> {
    let faults = faults(&brief.orchestration, context.graph);
    if faults.is_empty() {
        return Ok(brief);
    }
    if !context.is_last_word {
        return Err(Rejection::answer(faults));
    }
    brief.orchestration = usual_orchestration(context.graph);
    Ok(brief)
}

/// The faults of an orchestration: stages with other agents or outputs than the graph gives them, and gates left out.
fn faults(proposed: &Orchestration, graph: &[Node]) -> Vec<String> {
    if graph.is_empty() {
        return Vec::new();
    }
    let mut faults = blanks(&[("orchestration.task", &proposed.task)]);
    let short = |text: &str| text.chars().take(60).collect::<String>();
    for assignment in &proposed.assignments {
        let named = short(&assignment.stage);
        let Some(node) = graph.iter().find(|node| node.stage == assignment.stage) else {
            faults.push(format!("orchestration: there is no stage `{named}` in the graph"));
            continue;
        };
        match &node.agent {
            Some(agent) if *agent != assignment.agent => {
                faults.push(format!("orchestration: the agent of `{named}` is `{agent}`"));
            }
            Some(_) => {}
            None => faults.push(format!("orchestration: `{named}` has no agent and is assigned to nobody")),
        }
        if node.output != assignment.output {
            faults.push(format!("orchestration: `{named}` hands on `{}`", node.output));
        }
        if is_blank(&assignment.focus) {
            faults.push(format!("orchestration: `{named}` has no focus"));
        }
    }
    for stage in repeated(proposed.assignments.iter().map(|assignment| assignment.stage.as_str())) {
        faults.push(format!("orchestration: `{}` is assigned twice", short(stage)));
    }
    for gate in graph.iter().filter(|node| node.is_gate && !proposed.gates.contains(&node.stage)) {
        faults.push(format!("orchestration: the gate `{}` is left out, and no gate can be", gate.stage));
    }
    for gate in &proposed.gates {
        if !graph.iter().any(|node| node.is_gate && node.stage == *gate) {
            faults.push(format!("orchestration: `{}` is no gate of the graph", short(gate)));
        }
    }
    faults
}

/// The orchestration that follows from the graph alone.
pub fn usual_orchestration(graph: &[Node]) -> Orchestration {
    let assigned = |node: &Node| {
        let focus = "as its prompt says".to_owned();
        let agent = node.agent.clone()?;
        Some(Assignment { stage: node.stage.clone(), agent, output: node.output.clone(), focus })
    };
    Orchestration {
        task: format!("Produce the episode stage by stage; {DEFAULT_ROUTE}."),
        assignments: graph.iter().filter_map(assigned).collect(),
        gates: graph.iter().filter(|node| node.is_gate).map(|node| node.stage.clone()).collect(),
        budget_cents: 0,
        minutes: 0,
    }
}

/// A router's answer; at the last word anything that cannot be used becomes the default.
pub(super) fn routing(answer: Result<Routing, Rejection>, context: &Context<'_>) -> Result<Accepted, Rejection> {
    let checked = answer.and_then(|routing| {
        let mut faults = blanks(&[("reason", &routing.reason)]);
        let stands = |id| context.script.is_none_or(|script| script.lines().any(|line| line.id == id));
        for line in routing.lines.iter().filter(|id| !stands(**id)) {
            faults.push(format!("`lines`: there is no line {line} in the script"));
        }
        Rejection::unless_empty(faults).map(|()| routing)
    });
    match checked {
        Ok(routing) => kept(&routing),
        Err(rejection) if rejection.is_mendable() && context.is_last_word => kept(&Routing::usual(DEFAULT_ROUTE)),
        Err(rejection) => Err(rejection),
    }
}
