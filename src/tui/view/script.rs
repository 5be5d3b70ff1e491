//! The script at a gate, drawn as [`sheet`] sets it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::paint::Paint;
use crate::domain::handoff::Priority;
use crate::domain::script::Script;
use crate::tui::screens::gate::GateScreen;
use crate::tui::screens::scene::Scene;
use crate::tui::screens::sheet::{Row, Span, sheet};
use crate::tui::theme::Role;

/// How a fix ranks, in a word.
pub(crate) fn priority(priority: Priority) -> (&'static str, Role) {
    match priority {
        Priority::Must => ("MUST", Role::Failed),
        Priority::Should => ("should", Role::Person),
        Priority::Nice => ("nice", Role::Text),
    }
}

/// Draws the script, against an earlier one where there is one.
pub(crate) fn draw(
    paint: Paint,
    screen: &GateScreen,
    scene: &Scene,
    script: &Script,
    old: Option<&Script>,
    buf: &mut Buffer,
    area: Rect,
) {
    let height = usize::from(area.height);
    let sheet = sheet(screen, scene, script, old, usize::from(area.width));
    let span = |span: &Span| {
        let drawn = paint.span(span.role, span.text.clone());
        let mark = Modifier::UNDERLINED | Modifier::BOLD;
        if span.marked { drawn.patch_style(Style::new().add_modifier(mark)) } else { drawn }
    };
    let row = |row: &Row| {
        let line = Line::from(row.spans.iter().map(span).collect::<Vec<_>>());
        if row.strong { line.patch_style(Style::new().add_modifier(Modifier::BOLD)) } else { line }
    };
    let rows: Vec<Line> = sheet.rows.iter().skip(sheet.from(height)).take(height).map(row).collect();
    paint.lines(buf, area, &rows);
}
