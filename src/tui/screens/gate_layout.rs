//! Where the panels of a gate lie: worked out from the size of the screen, so that what is drawn and what counts as shown
//! are the same.

use ratatui::layout::Rect;

use super::gate::{GateScreen, Panel};
use super::scene::Scene;
use crate::tui::text::wrap;

/// From this size on a screen shows all its panels at once.
pub(crate) const FULL: (u16, u16) = (120, 36);

/// Rows of the frame above and below a screen.
const FRAME: u16 = 4;

/// The panels of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// All at once.
    Full { script: Rect, note: Rect, scores: Rect, findings: Rect, spend: Rect, revisions: Rect },
    /// One panel by its tab, and what must always be seen below it.
    Compact { upper: Rect, lower: Rect },
}

fn below(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    (Rect { height: rows, ..area }, Rect { y: area.y + rows, height: area.height - rows, ..area })
}

fn rows(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Where the panels lie in an area.
pub(crate) fn layout(area: Rect, screen: &GateScreen, scene: &Scene) -> Layout {
    if area.width < FULL.0 || area.height.saturating_add(FRAME) < FULL.1 {
        // The line of the note gives way to what is open: nothing is sent before that is ruled.
        let lower = if screen.unruled(scene).is_empty() { 7 } else { 6 };
        let (upper, lower) = below(area, area.height.saturating_sub(lower));
        return Layout::Compact { upper, lower };
    }
    let wide = area.width * 58 / 100;
    let (left, right) = (Rect { width: wide, ..area }, Rect { x: area.x + wide, width: area.width - wide, ..area });
    // The note needs room while it is worked on, and else the script does.
    let share = if screen.panel == Panel::Note { 48 } else { 25 };
    let (script, note) = below(left, left.height.saturating_sub((area.height * share / 100).max(6)));
    let inside = usize::from(right.width.saturating_sub(4));
    let report = scene.report.as_deref();
    let notes: usize =
        report.map_or(0, |report| report.notes.iter().map(|n| wrap(&format!("note: {n}"), inside).len()).sum());
    let carried =
        report.is_some_and(|report| report.dimensions.iter().flat_map(|row| &row.given).any(|given| given.carried));
    let (scores, rest) = below(right, rows(13 + notes.min(4) + usize::from(carried)));
    let revision_rows = rows(scene.revisions.len() + 2).clamp(4, 7);
    let (findings, rest) = below(rest, rest.height.saturating_sub(revision_rows + 4));
    let (spend, revisions) = below(rest, 4);
    Layout::Full { script, note, scores, findings, spend, revisions }
}

/// The columns and rows of the script's text where it is on the screen.
pub(crate) fn script_size(columns: u16, rows: u16, screen: &GateScreen, scene: &Scene) -> Option<(usize, usize)> {
    let area = Rect { x: 0, y: 0, width: columns, height: rows.saturating_sub(FRAME) };
    let panel = match layout(area, screen, scene) {
        Layout::Full { script, .. } => script,
        Layout::Compact { upper, .. } if screen.panel == Panel::Script => upper,
        Layout::Compact { .. } => return None,
    };
    let (wide, high) = (panel.width.checked_sub(4)?, panel.height.checked_sub(2)?);
    Some((usize::from(wide), usize::from(high)))
}
