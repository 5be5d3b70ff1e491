//! The research at a gate of its own, before anything is written: what a person is shown who is asked to accept it.

use super::{Bench, Material};
use crate::domain::research::ResearchReport;

/// Puts what is known of the research on the record. It fails nothing: whether it is good enough is a person's word.
pub(super) fn check(material: &Material, bench: &mut Bench) {
    let Some(report) = &material.research_report else { return };
    let ResearchReport { passages, words, sources, .. } = report;
    bench.passed("research", format!("{passages} passages with {words} words from {sources} sources"));
    let mut note = |count: usize, what: &str| {
        if count > 0 {
            bench.report.notes.push(format!("{what}: {count}"));
        }
    };
    note(report.uncited_passages.len(), "passages that cite no source");
    note(report.unknown_citations.len(), "citations of sources that are not there");
    note(report.stale.len(), "sources older than the show allows");
    note(report.undated.len(), "sources without a date");
    note(report.quotes_unverified.len(), "quotations that no source backs");
    bench.report.notes.extend(report.gaps.iter().map(|gap| format!("gap: {gap}")));
}
