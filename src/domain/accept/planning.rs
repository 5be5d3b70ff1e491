//! The contracts of agents 01 and 02: the brief and the plan.

use super::Context;
use super::form::{blanks, is_blank, repeated, title};
use crate::domain::handoff::{Brief, Plan};
use crate::domain::ids::StageId;

/// The faults of a brief: what it must cover stands in the package, each passage once.
pub(super) fn brief(brief: &Brief, context: &Context<'_>) -> Vec<String> {
    let mut faults = title(&brief.title);
    faults.extend(blanks(&[("question", &brief.question), ("audience", &brief.audience), ("angle", &brief.angle)]));
    if brief.must_cover.is_empty() {
        faults.push("`must_cover` names no passage".to_owned());
    }
    faults.extend(passages("must_cover", &brief.must_cover, context));
    faults
}

/// The faults of a plan: segments with names of their own, a length, and passages that exist.
pub(super) fn plan(plan: &Plan, context: &Context<'_>) -> Vec<String> {
    let mut faults = title(&plan.title);
    if plan.segments.is_empty() {
        faults.push("`segments` is empty".to_owned());
    }
    for id in repeated(plan.segments.iter().map(|segment| segment.id.as_str())) {
        faults.push(format!("`{id}` is the id of two segments"));
    }
    for (index, segment) in plan.segments.iter().enumerate() {
        let id = &segment.id;
        // The rule for the names of stages is the rule for these.
        if let Err(error) = id.parse::<StageId>() {
            faults.push(format!("/segments/{index}/id: {error}"));
        }
        if segment.seconds == 0 {
            faults.push(format!("segment `{id}` has no seconds"));
        }
        if is_blank(&segment.title) {
            faults.push(format!("segment `{id}` has no title"));
        }
        faults.extend(passages(&format!("segment `{id}`"), &segment.passages, context));
    }
    faults
}

/// The faults of a list of passages: one that the package does not have, or that is named twice.
pub(super) fn passages(place: &str, named: &[String], context: &Context<'_>) -> Vec<String> {
    let known = |id: &str| context.research.is_some_and(|r| r.passages.iter().any(|passage| passage.id == id));
    let mut faults = Vec::new();
    for id in named.iter().filter(|id| !known(id)) {
        faults.push(format!("{place}: there is no passage `{id}` in the package"));
    }
    for id in repeated(named.iter().map(String::as_str)) {
        faults.push(format!("{place}: `{id}` is named twice"));
    }
    faults
}
