//! The tools of drawing: panels, rows of cells, bars. Everything is clipped to its area and nothing fails at any size.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use crate::domain::money::MicroUsd;
use crate::tui::look::Mark;
use crate::tui::text::{fit, left, right, width};
use crate::tui::theme::{Role, Theme};

/// What a panel is drawn with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    pub(crate) theme: Theme,
}

impl Paint {
    /// A piece of text in a role.
    pub(crate) fn span(self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.theme.style(role))
    }

    /// A line of one role.
    pub(crate) fn line(self, role: Role, text: impl Into<String>) -> Line<'static> {
        Line::from(self.span(role, text))
    }

    /// A bordered panel; gives back the room inside. The focused one has a heavier border.
    pub(crate) fn panel(self, buf: &mut Buffer, area: Rect, name: &str, note: &str, focused: bool) -> Rect {
        let room = usize::from(area.width.saturating_sub(4));
        let title = fit(name, room);
        let note = fit(note, room.saturating_sub(width(&title) + 3));
        let (kind, role) = if focused { (BorderType::Thick, Role::Focus) } else { (BorderType::Rounded, Role::Border) };
        let name_role = if focused { Role::Focus } else { Role::Strong };
        let mut block = Block::bordered().border_type(kind).border_style(self.theme.style(role));
        if !title.is_empty() {
            block = block.title(Line::from(self.span(name_role, format!(" {title} "))));
        }
        if !note.is_empty() {
            block = block.title(Line::from(self.span(Role::Dim, format!(" {note} "))).right_aligned());
        }
        let inner = block.inner(area);
        block.render(area, buf);
        // A blank column at each side makes it readable.
        let side = u16::from(inner.width > 2);
        Rect { x: inner.x + side, width: inner.width.saturating_sub(side * 2), ..inner }
    }

    /// A box in the middle of an area, over what is below it.
    pub(crate) fn boxed(self, buf: &mut Buffer, area: Rect, size: (u16, u16), name: &str, role: Role) -> Rect {
        let (wide, high) = (size.0.min(area.width), size.1.min(area.height));
        let at = Rect {
            x: area.x + (area.width - wide) / 2,
            y: area.y + (area.height - high) / 2,
            width: wide,
            height: high,
        };
        Clear.render(at, buf);
        let title = fit(name, usize::from(wide.saturating_sub(4)));
        let block = Block::bordered()
            .border_type(BorderType::Thick)
            .border_style(self.theme.style(role))
            .title(Line::from(self.span(role, format!(" {title} "))));
        let inner = block.inner(at);
        block.render(at, buf);
        let side = u16::from(inner.width > 2);
        Rect { x: inner.x + side, width: inner.width.saturating_sub(side * 2), ..inner }
    }

    /// Lines from the top of an area.
    pub(crate) fn lines(self, buf: &mut Buffer, area: Rect, lines: &[Line<'static>]) {
        for (line, y) in lines.iter().zip(area.y..area.bottom()) {
            buf.set_line(area.x, y, line, area.width);
        }
    }

    /// The mark of a stage in a role.
    pub(crate) fn mark(self, mark: Mark) -> Span<'static> {
        let (text, role) = match mark {
            Mark::Done => ("■", Role::Done),
            Mark::Approved => ("A", Role::Done),
            Mark::Overridden => ("O", Role::Failed),
            Mark::Running => (">", Role::Running),
            Mark::Person => ("?", Role::Person),
            Mark::Failed => ("!", Role::Failed),
            Mark::Later => ("·", Role::Dim),
            Mark::Absent => (" ", Role::Dim),
        };
        self.span(role, text)
    }

    /// A bar of so many columns that is filled to a share.
    pub(crate) fn bar(self, part: MicroUsd, whole: MicroUsd, columns: usize, role: Role) -> Vec<Span<'static>> {
        let eighths = columns as i128 * 8;
        let whole = i128::from(whole.0.max(1));
        let filled = (i128::from(part.0.max(0)) * eighths / whole).clamp(0, eighths);
        let filled = usize::try_from(filled).unwrap_or(0);
        let (full, rest) = (filled / 8, filled % 8);
        let mut text = "█".repeat(full);
        let tip = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"].get(rest).copied().unwrap_or_default();
        text.push_str(tip);
        let taken = full + usize::from(rest > 0);
        vec![self.span(role, text), self.span(Role::Dim, "░".repeat(columns.saturating_sub(taken)))]
    }
}

/// Where text stands in its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A row of cells of fixed widths, a blank between them.
#[derive(Debug, Default)]
pub(crate) struct Row {
    spans: Vec<Span<'static>>,
}

impl Row {
    /// Adds text in a cell.
    pub(crate) fn cell(mut self, paint: Paint, role: Role, text: &str, columns: usize, side: Side) -> Self {
        let text = match side {
            Side::Left => left(text, columns),
            Side::Right => right(text, columns),
        };
        self.spans.push(paint.span(role, text));
        self.spans.push(Span::raw(" "));
        self
    }

    /// Adds pieces that have the width of their cell already.
    pub(crate) fn pieces(mut self, pieces: Vec<Span<'static>>) -> Self {
        self.spans.extend(pieces);
        self.spans.push(Span::raw(" "));
        self
    }

    /// The line; a selected one is bold throughout.
    pub(crate) fn line(self, selected: bool) -> Line<'static> {
        let line = Line::from(self.spans);
        if selected {
            line.patch_style(Style::new().add_modifier(Modifier::BOLD).remove_modifier(Modifier::DIM))
        } else {
            line
        }
    }
}

/// From which row a list is shown, so that the selected one is on the screen with its surroundings.
pub(crate) fn first_row(selected: usize, len: usize, height: usize) -> usize {
    let most = len.saturating_sub(height);
    selected.saturating_sub(height / 3).min(most)
}

/// A rectangle cut in two, one above the other.
pub(crate) fn split_rows(area: Rect, upper: u16) -> (Rect, Rect) {
    let upper = upper.min(area.height);
    (Rect { height: upper, ..area }, Rect { y: area.y + upper, height: area.height - upper, ..area })
}

/// A rectangle cut in two, side by side.
pub(crate) fn split_columns(area: Rect, first: u16) -> (Rect, Rect) {
    let first = first.min(area.width);
    (Rect { width: first, ..area }, Rect { x: area.x + first, width: area.width - first, ..area })
}

/// Tabs as the title of a panel: the shown one stands in brackets.
pub(crate) fn tabs(names: &[String], shown: usize) -> String {
    let name = |(at, name): (usize, &String)| if at == shown { format!("[{name}]") } else { name.clone() };
    names.iter().enumerate().map(name).collect::<Vec<_>>().join("  ")
}
