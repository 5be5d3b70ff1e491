//! The checks on a script that code can make before anybody is paid to judge it: form, evidence and length.

use std::collections::BTreeMap;

use super::{Bench, Material};
use crate::domain::accept::form;
use crate::domain::handoff::{Fix, Priority};
use crate::domain::ids::LineId;

/// How far a projected length may be off the target, in parts of a hundred: a projection is only that.
const TOLERANCE: u64 = 20;

/// Measures the script, and holds it to form and length where no judge has seen it yet.
pub(super) fn check(material: &Material, bench: &mut Bench) {
    bench.report.measured.target_ms = material.target_ms;
    let Some(script) = &material.script else { return };
    let measured = script.measure();
    let projected = measured.duration_ms(material.words_per_minute);
    bench.report.measured.script = Some(measured);
    bench.report.measured.projected_ms = Some(projected);
    if !material.judgements.is_empty() {
        return;
    }
    let planned: Option<Vec<&str>> = material.plan.as_ref().map(|p| p.segments.iter().map(|s| s.id.as_str()).collect());
    let faults = form::script(script, &material.speakers, material.research.as_ref(), planned.as_deref());
    if faults.is_empty() {
        let claims = script.lines().map(|line| line.claims.len()).sum::<usize>();
        bench.passed("form", format!("{} lines and {claims} claims have no fault", measured.lines));
    } else {
        let fixes = mending(&faults);
        bench.failed("form", faults.into_iter().map(|fault| fault.words).collect(), fixes);
    }
    // Once there is speech to sign or to hear, its own length counts, and a signed script is not judged again.
    if material.speech_text.is_none() && material.speech.is_none() {
        length(projected, material.target_ms, bench);
    }
}

/// One fix for each line at fault; none at all where some fault is no line's, for then lines alone do not mend it.
fn mending(faults: &[form::Spotted]) -> Vec<Fix> {
    let mut lines: BTreeMap<LineId, Vec<&str>> = BTreeMap::new();
    for fault in faults {
        let Some(line) = fault.line else { return Vec::new() };
        lines.entry(line).or_default().push(&fault.words);
    }
    let fix = |(number, (line, words)): (usize, (LineId, Vec<&str>))| Fix {
        id: format!("S{}", number + 1),
        from: line,
        to: line,
        priority: Priority::Must,
        wrong: words.join("; "),
        wanted: format!("Mend what code found: {}.", words.join("; ")),
        keep: "What the line says, as far as its source bears it out.".to_owned(),
        findings: Vec::new(),
    };
    lines.into_iter().enumerate().map(fix).collect()
}

fn length(projected: u64, (from, to): (u64, u64), bench: &mut Bench) {
    let shortest = from.saturating_mul(100 - TOLERANCE) / 100;
    let longest = to.saturating_mul(100 + TOLERANCE) / 100;
    let words = format!("it runs for about {}, and the show wants {} to {}", clock(projected), clock(from), clock(to));
    if (shortest..=longest).contains(&projected) {
        bench.passed("length", words);
    } else {
        // No line is wrong by itself: somebody must say what goes or what is missing.
        let kind = if projected < shortest { "too short" } else { "too long" };
        bench.failed("length", vec![format!("the script is {kind}: {words}")], Vec::new());
    }
}

/// Minutes and seconds, rounded down.
pub(super) fn clock(ms: u64) -> String {
    let seconds = ms / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
