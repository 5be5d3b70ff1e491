//! The synthesiser: all findings as one ordered list of fixes, one for each line.

use serde::Deserialize;

use crate::domain::handoff::{Fix, Fixes, Priority, Severity};
use crate::domain::ids::LineId;

/// A finding as the synthesiser gets it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Item {
    item: String,
    line: LineId,
    severity: Severity,
    problem: String,
    suggestion: String,
    #[serde(default)]
    arbiter: Option<String>,
}

impl Item {
    /// Whether the arbiter spoke against it and nobody minds: graver findings need a fix all the same.
    fn is_settled(&self) -> bool {
        self.severity == Severity::Minor && self.arbiter.as_deref() == Some("not upheld")
    }

    /// Whether code found it.
    fn is_computed(&self) -> bool {
        self.item.starts_with("c:")
    }
}

/// The fixes: what judges say of one line is one fix, and what code says of it another; the gravest first.
pub(super) fn fixes(items: &[Item]) -> Fixes {
    let mut merged: Vec<(bool, Fix)> = Vec::new();
    for item in items.iter().filter(|item| !item.is_settled()) {
        let priority = Priority::from(item.severity);
        let same = |(computed, fix): &&mut (bool, Fix)| *computed == item.is_computed() && fix.from == item.line;
        if let Some((_, fix)) = merged.iter_mut().find(same) {
            fix.priority = fix.priority.max(priority);
            fix.findings.push(item.item.clone());
            for (text, said) in [(&mut fix.wrong, &item.problem), (&mut fix.wanted, &item.suggestion)] {
                if !text.contains(said) {
                    *text = format!("{text} {said}");
                }
            }
            continue;
        }
        let fix = Fix {
            id: String::new(),
            from: item.line,
            to: item.line,
            wrong: item.problem.clone(),
            wanted: item.suggestion.clone(),
            keep: "What the line says beyond that, and its speaker.".to_owned(),
            priority,
            findings: vec![item.item.clone()],
        };
        merged.push((item.is_computed(), fix));
    }
    merged.sort_by(|(_, a), (_, b)| b.priority.cmp(&a.priority).then(a.from.cmp(&b.from)));
    let numbered = merged.into_iter().enumerate().map(|(index, (_, fix))| Fix { id: format!("N{}", index + 1), ..fix });
    Fixes { fixes: numbered.collect() }
}
