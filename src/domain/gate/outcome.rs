//! What became of a note that was sent back: the lines that each fix changed, whether what it was for is gone, and what the
//! round cost.
//!
//! Everything is told from what is kept: two revisions, two reports and the calls between them. Nothing asks the reviser what
//! it did. Not for where a note goes: that is decided in [`crate::domain::decide`].

use super::report::{Listed, Report};
use crate::domain::episode::{Call, CallState};
use crate::domain::handoff::{Fix, Note};
use crate::domain::ids::LineId;
use crate::domain::money::MicroUsd;
use crate::domain::script::Script;

/// What became of a note.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoteOutcome {
    /// Each fix, in the order of the note.
    pub fixes: Vec<FixOutcome>,
    /// Lines that changed and that no fix named.
    pub strays: Vec<LineChange>,
    /// What the calls of the round cost.
    pub cost: MicroUsd,
    /// How long providers worked for them, in milliseconds; parallel calls add up.
    pub machine_ms: u64,
}

/// What became of a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixOutcome {
    /// Its number, such as `N1`.
    pub id: String,
    /// The lines between its first and its last that are not what they were.
    pub changes: Vec<LineChange>,
    /// Whether what it was for is gone.
    pub closed: Closed,
}

/// A line as it was and as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChange {
    /// The line.
    pub line: LineId,
    /// Its words before; nothing where it is new.
    pub before: Option<String>,
    /// Its words now; nothing where it is gone.
    pub after: Option<String>,
}

/// Whether the findings behind a fix are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Nobody finds a fault of their kind at their lines any more.
    Gone,
    /// Somebody finds such a fault there again.
    Found,
    /// The new revision is not judged yet.
    NotJudged,
    /// No finding stands behind the fix: whoever asked for it has to look.
    Unknown,
}

impl Closed {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Gone => "closed",
            Self::Found => "found again",
            Self::NotJudged => "not judged yet",
            Self::Unknown => "no finding behind it",
        }
    }
}

/// What became of a note: `base` is the script that it speaks of, `now` the one that came of it; `before` and `after` are the
/// reports of the gate on each; `calls` are those that the round took.
pub fn outcome<'a>(
    note: &Note,
    base: &Script,
    now: &Script,
    before: Option<&Report>,
    after: Option<&Report>,
    calls: impl IntoIterator<Item = &'a Call>,
) -> NoteOutcome {
    let changes = changes(base, now);
    let places: Vec<LineId> = base.lines().map(|line| line.id).collect();
    let place = |id: LineId| places.iter().position(|known| *known == id);
    let is_within = |fix: &Fix, change: &Change| match (place(fix.from), place(fix.to), change.place) {
        (Some(from), Some(to), Some(at)) => (from.min(to)..=from.max(to)).contains(&at),
        _ => false,
    };
    let of = |fix: &Fix| FixOutcome {
        id: fix.id.clone(),
        changes: changes.iter().filter(|change| is_within(fix, change)).map(|change| change.told.clone()).collect(),
        closed: closed(fix, before, after),
    };
    let strays = changes.iter().filter(|change| !note.fixes.iter().any(|fix| is_within(fix, change)));
    let (cost, machine_ms) = calls.into_iter().fold((MicroUsd::ZERO, 0_u64), |(cost, took), call| {
        let this = match &call.state {
            CallState::Settled { machine_ms, .. } => *machine_ms,
            CallState::InFlight | CallState::Failed { .. } | CallState::Uncertain { .. } | CallState::Ruled { .. } => 0,
        };
        (cost.plus(call.spent()), took.saturating_add(this))
    });
    NoteOutcome {
        fixes: note.fixes.iter().map(of).collect(),
        strays: strays.map(|change| change.told.clone()).collect(),
        cost,
        machine_ms,
    }
}

/// A change and where it stands in the base: a new line stands where the line before it stood.
struct Change {
    place: Option<usize>,
    told: LineChange,
}

fn changes(base: &Script, now: &Script) -> Vec<Change> {
    let mut all = Vec::new();
    for (at, was) in base.lines().enumerate() {
        let is = now.lines().find(|line| line.id == was.id);
        let same = is.is_some_and(|is| is.text == was.text && is.speaker == was.speaker);
        if !same {
            let after = is.map(|is| is.text.clone());
            let told = LineChange { line: was.id, before: Some(was.text.clone()), after };
            all.push(Change { place: Some(at), told });
        }
    }
    let mut last = None;
    for is in now.lines() {
        match base.lines().position(|was| was.id == is.id) {
            Some(at) => last = Some(at),
            None => {
                let told = LineChange { line: is.id, before: None, after: Some(is.text.clone()) };
                all.push(Change { place: last, told });
            }
        }
    }
    all.sort_by_key(|change| change.place);
    all
}

fn closed(fix: &Fix, before: Option<&Report>, after: Option<&Report>) -> Closed {
    let listed = |report: &Report| report.findings.clone();
    let behind: Vec<Listed> = before.map(listed).unwrap_or_default();
    let behind: Vec<&Listed> = behind.iter().filter(|listed| fix.findings.contains(&listed.item())).collect();
    if behind.is_empty() {
        return Closed::Unknown;
    }
    let Some(after) = after else { return Closed::NotJudged };
    let is_there = |old: &&&Listed| {
        let again = |new: &Listed| (new.finding.line, new.finding.kind) == (old.finding.line, old.finding.kind);
        after.findings.iter().any(again)
    };
    if behind.iter().any(|old| is_there(&old)) { Closed::Found } else { Closed::Gone }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::{Provider, Route, Usage};
    use crate::domain::handoff::{Dimension, FaultKind, Finding, Priority, Severity};
    use crate::domain::ids::ContentHash;
    use crate::domain::script::{Line, Segment};

    fn script(lines: &[(u32, &str)]) -> Script {
        let line = |(id, text): &(u32, &str)| Line {
            id: LineId(*id),
            speaker: "HOST".into(),
            text: (*text).into(),
            pause_ms: 0,
            claims: vec![],
        };
        let lines = lines.iter().map(line).collect();
        Script { title: "T".into(), segments: vec![Segment { id: "s".into(), title: "S".into(), lines }] }
    }

    fn fix(id: &str, from: u32, to: u32, findings: &[&str]) -> Fix {
        Fix {
            id: id.into(),
            from: LineId(from),
            to: LineId(to),
            wrong: "w".into(),
            wanted: "d".into(),
            keep: String::new(),
            priority: Priority::Must,
            findings: findings.iter().map(|item| (*item).to_owned()).collect(),
        }
    }

    fn report(found: &[(char, &str, u32, FaultKind)]) -> Report {
        let listed = |(by, id, line, kind): &(char, &str, u32, FaultKind)| Listed {
            by: *by,
            finding: Finding {
                id: (*id).into(),
                line: LineId(*line),
                quote: "q".into(),
                sources: vec![],
                dimension: Dimension::Accuracy,
                kind: *kind,
                problem: "p".into(),
                suggestion: "s".into(),
                severity: Severity::Major,
            },
        };
        Report { findings: found.iter().map(listed).collect(), ..Report::default() }
    }

    fn call(price: i64, machine_ms: u64) -> Call {
        let hash = ContentHash::of(b"x");
        let usage = Usage::default();
        Call {
            request: hash,
            worst: MicroUsd(9),
            route: Route { provider: Provider::Anthropic, model: "m".into() },
            at: jiff::Timestamp::UNIX_EPOCH,
            state: CallState::Settled {
                answer: hash,
                usage,
                price: MicroUsd(price),
                machine_ms,
                request_id: None,
                bill: None,
            },
            name: hash,
            met: true,
            window: None,
            batch: None,
            corrected: None,
        }
    }

    fn note(fixes: Vec<Fix>) -> Note {
        Note { fixes, text: String::new() }
    }

    #[test]
    fn each_fix_is_told_the_lines_that_it_changed_and_the_rest_are_strays() {
        let base = script(&[(1, "one"), (2, "two"), (3, "three"), (4, "four"), (5, "five")]);
        let now = script(&[(1, "one"), (2, "TWO"), (9, "new"), (4, "four"), (5, "FIVE")]);
        let note = note(vec![fix("N1", 2, 3, &[]), fix("N2", 4, 4, &[])]);
        let told = outcome(&note, &base, &now, None, None, [&call(100, 5), &call(20, 7)]);
        let lines = |changes: &[LineChange]| changes.iter().map(|change| change.line.0).collect::<Vec<_>>();
        assert_eq!(lines(&told.fixes[0].changes), [2, 9, 3], "a new line stands where the line before it stood");
        assert_eq!(told.fixes[0].changes[0].before.as_deref(), Some("two"));
        assert_eq!(told.fixes[0].changes[0].after.as_deref(), Some("TWO"));
        assert_eq!((told.fixes[0].changes[1].before.clone(), told.fixes[0].changes[2].after.clone()), (None, None));
        assert_eq!(lines(&told.fixes[1].changes), [0_u32; 0], "nothing was done there");
        assert_eq!(lines(&told.strays), [5]);
        assert_eq!((told.cost, told.machine_ms), (MicroUsd(120), 12));
    }

    #[test]
    fn a_fix_is_closed_when_nobody_finds_that_kind_at_that_line_again() {
        let base = script(&[(1, "one"), (2, "two")]);
        let before = report(&[('a', "F1", 1, FaultKind::Date), ('b', "F1", 2, FaultKind::Pace)]);
        let note = note(vec![fix("N1", 1, 1, &["a:F1"]), fix("N2", 2, 2, &["b:F1"]), fix("N3", 2, 2, &["z:F9"])]);
        let closed = |after: Option<&Report>| {
            let told = outcome(&note, &base, &base, Some(&before), after, []);
            told.fixes.iter().map(|fix| fix.closed).collect::<Vec<_>>()
        };
        // Another judge, another number, the same fault: it was not mended.
        let after = report(&[('b', "F4", 1, FaultKind::Date), ('b', "F5", 2, FaultKind::Figure)]);
        assert_eq!(closed(Some(&after)), [Closed::Found, Closed::Gone, Closed::Unknown]);
        assert_eq!(closed(None), [Closed::NotJudged, Closed::NotJudged, Closed::Unknown]);
    }
}
