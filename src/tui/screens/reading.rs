//! What of a script has been read, by one rule: a line counts once it stood whole on the screen for long enough.
//!
//! Times are those of the console's own clock, handed in. It informs the record and blocks nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::gate::GateScreen;
use super::gate_layout::script_size;
use super::scene::Scene;
use super::sheet::{Sheet, sheet};
use crate::domain::episode::Episode;
use crate::domain::event::Seen;
use crate::domain::ids::LineId;
use crate::tui::model::Shared;

/// How long a line must stand on the screen.
const READ_MS: u64 = 1_000;

/// What has been read of one content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Lines on the screen, each since when.
    shown: BTreeMap<LineId, u64>,
    read: BTreeSet<LineId>,
    /// When the gate was opened on this content.
    opened_ms: u64,
}

impl Reading {
    /// Nothing is read yet.
    pub(crate) fn new(opened_ms: u64) -> Self {
        Self { opened_ms, ..Self::default() }
    }

    /// From now on these lines stand on the screen, and what stood there until now has stood there long enough or not.
    pub(crate) fn look(&mut self, now_ms: u64, lines: &[LineId]) {
        let long_enough = |since: &u64| now_ms.saturating_sub(*since) >= READ_MS;
        self.read.extend(self.shown.iter().filter(|(_, since)| long_enough(since)).map(|(line, _)| *line));
        let since = |line: &LineId| self.shown.get(line).copied().unwrap_or(now_ms);
        self.shown = lines.iter().map(|line| (*line, since(line))).collect();
    }

    /// When the next line counts as read.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let unread = self.shown.iter().filter(|(line, _)| !self.read.contains(line));
        unread.map(|(_, since)| since.saturating_add(READ_MS)).min()
    }

    /// Parts of a hundred of these lines that have been read.
    pub(crate) fn percent(&self, lines: impl Iterator<Item = LineId>) -> u8 {
        let (all, read) =
            lines.fold((0_usize, 0), |(all, read), line| (all + 1, read + usize::from(self.read.contains(&line))));
        u8::try_from(read * 100 / all.max(1)).unwrap_or(100)
    }

    /// How long the gate has been open, in seconds.
    pub(crate) fn seconds(&self, now_ms: u64) -> u32 {
        u32::try_from(now_ms.saturating_sub(self.opened_ms) / 1_000).unwrap_or(u32::MAX)
    }
}

impl GateScreen {
    /// The lines of the script that stand on the screen now; none where something lies over them.
    pub(crate) fn look(&mut self, shared: &Shared, is_on_top: bool) {
        let lines = if is_on_top { self.lines_shown(shared) } else { None };
        let lines = lines.unwrap_or_default();
        self.reading.look(shared.mono_ms, &lines);
    }

    fn lines_shown(&self, shared: &Shared) -> Option<Vec<LineId>> {
        let scene = self.scene(shared, shared.episode(self.episode)?);
        self.set(shared, &scene).map(|(sheet, rows)| sheet.shown(rows))
    }

    /// The script as it is set where it is on the screen, and the rows that it has there.
    pub(crate) fn set(&self, shared: &Shared, scene: &Scene) -> Option<(Sheet, usize)> {
        let script = shared.script(scene.script?)?;
        let (columns, rows) = script_size(shared.columns, shared.rows, self, scene)?;
        let old = self.compared(scene).filter(|_| self.diff).and_then(|base| shared.script(base));
        Some((sheet(self, scene, script, old.map(AsRef::as_ref), columns), rows))
    }

    /// What was seen, for the record of a decision.
    pub(crate) fn saw(&self, shared: &Shared, episode: &Episode, scene: &Scene) -> Option<Seen> {
        let evaluation = scene.evaluation.as_ref()?;
        let script = scene.script.and_then(|hash| shared.script(hash));
        let lines = script.iter().flat_map(|script| script.lines()).map(|line| line.id);
        Some(Seen {
            report: evaluation.report,
            open: u32::try_from(evaluation.open.len()).unwrap_or(u32::MAX),
            spent: episode.spent(),
            read_percent: self.reading.percent(lines),
            seconds: self.reading.seconds(shared.mono_ms),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_when_it_stood_there_for_a_second_without_a_break() {
        let all = || [1, 2, 3, 4].map(LineId).into_iter();
        let mut reading = Reading::new(500);
        reading.look(500, &[LineId(1), LineId(2)]);
        reading.look(1_400, &[LineId(2), LineId(3)]);
        assert_eq!(reading.percent(all()), 0, "the first was gone after 0.9 s");
        assert_eq!(reading.deadline(), Some(1_500));
        reading.look(1_500, &[LineId(2), LineId(3)]);
        assert_eq!((reading.percent(all()), reading.deadline()), (25, Some(2_400)));
        // Something lies over the script: the time does not go on, and it begins anew.
        reading.look(2_000, &[]);
        reading.look(9_000, &[LineId(3)]);
        reading.look(9_900, &[LineId(3)]);
        assert_eq!((reading.percent(all()), reading.deadline()), (25, Some(10_000)));
        reading.look(10_000, &[]);
        assert_eq!((reading.percent(all()), reading.deadline()), (50, None), "what is read stays read");
        assert_eq!((reading.seconds(10_600), reading.percent(std::iter::empty())), (10, 0));
    }
}
