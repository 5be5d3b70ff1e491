//! The final reviewer at a gate: a script that is not ready, or holds a blocker, does not go to the voices.

use super::judges::{all, remedy};
use super::{Bench, Material};
use crate::domain::handoff::Severity;

/// Holds the review against the script. Where judges speak at the same gate, their list has the findings already.
pub(super) fn check(material: &Material, bench: &mut Bench) {
    let Some(review) = &material.review else { return };
    if bench.report.findings.is_empty() {
        bench.report.findings = all(material);
    }
    let blockers: Vec<String> = review
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Blocker)
        .map(|finding| format!("{}: the reviewer holds a blocker ({}: {})", finding.line, finding.id, finding.problem))
        .collect();
    if !blockers.is_empty() {
        bench.failed("review", blockers, remedy(material));
    } else if review.ready {
        bench.passed("review", "the reviewer calls the script ready".to_owned());
    } else {
        bench.failed(
            "review",
            vec![format!("the reviewer does not call it ready: {}", review.summary)],
            remedy(material),
        );
    }
}
