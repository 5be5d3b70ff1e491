//! What changed between two revisions of a script: by line, and by word within a line.

use std::collections::BTreeMap;

use similar::{ChangeTag, TextDiff};

use crate::domain::ids::LineId;
use crate::domain::script::{Line, Script};

/// A piece of a line's text, and whether it is what changed.
pub(crate) type Piece = (bool, String);

/// A line in the order in which both revisions are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Same(Line),
    Added(Line),
    Removed(Line),
    /// As it was and as it is, in pieces.
    Reworded {
        old: Line,
        new: Line,
        before: Vec<Piece>,
        after: Vec<Piece>,
    },
}

impl Change {
    /// The line that it is about.
    pub(crate) fn id(&self) -> LineId {
        match self {
            Self::Same(line) | Self::Added(line) | Self::Removed(line) | Self::Reworded { new: line, .. } => line.id,
        }
    }
}

/// The changes from one revision to the next, segment titles aside.
pub(crate) fn changes(old: &Script, new: &Script) -> Vec<Change> {
    let before: Vec<&Line> = old.lines().collect();
    let after: Vec<&Line> = new.lines().collect();
    let old_ids: Vec<LineId> = before.iter().map(|line| line.id).collect();
    let new_ids: Vec<LineId> = after.iter().map(|line| line.id).collect();
    let ops = similar::capture_diff_slices(similar::Algorithm::Myers, &old_ids, &new_ids);
    let mut out = Vec::with_capacity(after.len());
    for op in &ops {
        let (was, is) = (before.get(op.old_range()).unwrap_or_default(), after.get(op.new_range()).unwrap_or_default());
        if op.tag() == similar::DiffTag::Equal {
            out.extend(was.iter().zip(is).map(|(was, is)| compared(was, is)));
        } else {
            out.extend(was.iter().map(|line| Change::Removed((*line).clone())));
            out.extend(is.iter().map(|line| Change::Added((*line).clone())));
        }
    }
    out
}

fn compared(old: &Line, new: &Line) -> Change {
    if old.text == new.text && old.speaker == new.speaker {
        return Change::Same(new.clone());
    }
    let diff = TextDiff::from_words(old.text.as_str(), new.text.as_str());
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        let text = change.value().to_owned();
        match change.tag() {
            ChangeTag::Equal => {
                before.push((false, text.clone()));
                after.push((false, text));
            }
            ChangeTag::Delete => before.push((true, text)),
            ChangeTag::Insert => after.push((true, text)),
        }
    }
    Change::Reworded { old: old.clone(), new: new.clone(), before, after }
}

/// How many lines were added, removed and reworded.
pub(crate) fn tally(changes: &[Change]) -> (usize, usize, usize) {
    let mut counts: BTreeMap<u8, usize> = BTreeMap::new();
    for change in changes {
        let kind = match change {
            Change::Same(_) => continue,
            Change::Added(_) => 0,
            Change::Removed(_) => 1,
            Change::Reworded { .. } => 2,
        };
        *counts.entry(kind).or_default() += 1;
    }
    let of = |kind: u8| counts.get(&kind).copied().unwrap_or(0);
    (of(0), of(1), of(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::Segment;

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

    #[test]
    fn words_that_changed_are_told_apart_and_put_together_again() {
        let old = script(&[(1, "The sea comes in."), (2, "It goes."), (3, "Same.")]);
        let new = script(&[(1, "The sea goes out."), (3, "Same."), (4, "New.")]);
        let changes = changes(&old, &new);
        assert_eq!(tally(&changes), (1, 1, 1));
        let Some(Change::Reworded { before, after, .. }) = changes.first() else { panic!("{changes:?}") };
        let text = |pieces: &[Piece]| pieces.iter().map(|(_, text)| text.as_str()).collect::<String>();
        assert_eq!((text(before).as_str(), text(after).as_str()), ("The sea comes in.", "The sea goes out."));
        assert!(after.contains(&(true, "goes".into())) && after.contains(&(false, "sea".into())), "{after:?}");
        assert_eq!(changes.iter().map(Change::id).collect::<Vec<_>>(), [1, 2, 3, 4].map(LineId));
    }
}
