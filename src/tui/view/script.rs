//! The script at a gate: its lines by segment, what changed in them, and each finding below its line.
//!
//! ```text
//!   >  L119 HOST   The words of the line, wrapped           > the selected line
//! -    L118 HOST   what it was                              - + what changed
//!      │ B F2 BLOCKER accuracy: what is wrong                a finding, below its line
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line as Row, Span};

use super::paint::{Paint, first_row};
use crate::domain::handoff::{Priority, Severity};
use crate::domain::ids::LineId;
use crate::domain::script::{Line, Script};
use crate::tui::screens::diff::{Change, Piece, changes};
use crate::tui::screens::findings::{DIMENSIONS, Shown};
use crate::tui::screens::gate::{GateScreen, Scene};
use crate::tui::text::{clean, left, wrap};
use crate::tui::theme::Role;

/// A finding's weight in a word.
pub(crate) fn severity(severity: Severity) -> (&'static str, Role) {
    match severity {
        Severity::Blocker => ("BLOCKER", Role::Failed),
        Severity::Major => ("major", Role::Person),
        Severity::Minor => ("minor", Role::Text),
    }
}

/// How a fix ranks, in a word.
pub(crate) fn priority(priority: Priority) -> (&'static str, Role) {
    match priority {
        Priority::Must => ("MUST", Role::Failed),
        Priority::Should => ("should", Role::Person),
        Priority::Nice => ("nice", Role::Text),
    }
}

/// What a judge looked at, in words.
pub(crate) fn dimension(shown: &Shown) -> &'static str {
    DIMENSIONS.iter().find(|(dimension, _)| *dimension == shown.finding.dimension).map_or("", |(_, name)| name)
}

/// Columns before the text of a line: the mark, the sign, the id, the speaker.
const SPEAKER: usize = 8;
const INDENT: usize = 2 + 2 + 5 + SPEAKER + 1;

struct Page<'a> {
    paint: Paint,
    columns: usize,
    screen: &'a GateScreen,
    findings: &'a [Shown],
    rows: Vec<Row<'static>>,
    /// The row at which the selected line begins.
    selected: usize,
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
    let columns = usize::from(area.width).saturating_sub(INDENT).max(8);
    let mut page = Page { paint, columns, screen, findings: &scene.findings, rows: Vec::new(), selected: 0 };
    // A finding whose line is gone stands at the top.
    let detached = scene.findings.iter().filter(|shown| script.lines().all(|line| line.id != shown.finding.line));
    for shown in detached {
        page.finding(shown, true);
    }
    match old {
        Some(old) => {
            for change in changes(old, script) {
                page.change(&change, script);
            }
        }
        None => {
            for segment in &script.segments {
                page.segment(&segment.title);
                for line in &segment.lines {
                    page.line(line, " ", Role::Text, None);
                    page.findings_at(line.id);
                }
            }
        }
    }
    let from = first_row(page.selected, page.rows.len(), usize::from(area.height));
    let shown: Vec<Row> = page.rows.into_iter().skip(from).take(usize::from(area.height)).collect();
    paint.lines(buf, area, &shown);
}

impl Page<'_> {
    fn segment(&mut self, title: &str) {
        self.rows.push(self.paint.line(Role::Dim, format!("── {} ──", clean(title))));
    }

    fn change(&mut self, change: &Change, script: &Script) {
        let first =
            script.segments.iter().find(|segment| segment.lines.first().is_some_and(|line| line.id == change.id()));
        if let Some(segment) = first {
            self.segment(&segment.title);
        }
        match change {
            Change::Same(line) => self.line(line, " ", Role::Text, None),
            Change::Added(line) => self.line(line, "+", Role::Added, None),
            Change::Removed(line) => {
                self.line(line, "-", Role::Removed, None);
                return;
            }
            Change::Reworded { old, new, before, after } => {
                self.line(old, "-", Role::Removed, Some(before));
                self.line(new, "+", Role::Added, Some(after));
            }
        }
        self.findings_at(change.id());
    }

    fn line(&mut self, line: &Line, sign: &str, role: Role, pieces: Option<&[Piece]>) {
        let selected = self.screen.line == Some(line.id) && sign != "-";
        if selected {
            self.selected = self.rows.len();
        }
        let speaker = left(&clean(&line.speaker), SPEAKER);
        let mark = if selected { "› " } else { "  " };
        let head = vec![
            self.paint.span(Role::Focus, mark),
            self.paint.span(role, format!("{sign} ")),
            self.paint.span(if selected { Role::Focus } else { Role::Dim }, format!("{} ", line.id)),
            self.paint.span(if selected { Role::Strong } else { Role::Dim }, format!("{speaker} ")),
        ];
        let texts = match pieces {
            None => {
                wrap(&clean(&line.text), self.columns).into_iter().map(|row| vec![self.paint.span(role, row)]).collect()
            }
            Some(pieces) => self.marked(pieces, role),
        };
        for (n, text) in texts.into_iter().enumerate() {
            let mut spans = if n == 0 {
                head.clone()
            } else {
                vec![
                    Span::raw("  "),
                    self.paint.span(role, format!("{sign} ")),
                    Span::raw(" ".repeat(INDENT.saturating_sub(4))),
                ]
            };
            spans.extend(text);
            let row = Row::from(spans);
            let bold = Modifier::BOLD;
            self.rows.push(if selected && sign == " " {
                row.patch_style(ratatui::style::Style::new().add_modifier(bold))
            } else {
                row
            });
        }
    }

    /// The words of a changed line, those that changed underlined; wrapped word by word so that the marks stay with them.
    fn marked(&self, pieces: &[Piece], role: Role) -> Vec<Vec<Span<'static>>> {
        let words = pieces.iter().flat_map(|(changed, text)| {
            let text = clean(text);
            text.split_whitespace().map(|word| (*changed, word.to_owned())).collect::<Vec<_>>()
        });
        let mut rows: Vec<Vec<Span<'static>>> = vec![Vec::new()];
        let mut taken = 0;
        for (changed, word) in words {
            let wide = crate::tui::text::width(&word);
            if taken > 0 && taken + 1 + wide > self.columns {
                rows.push(Vec::new());
                taken = 0;
            }
            let Some(row) = rows.last_mut() else { break };
            if taken > 0 {
                row.push(Span::raw(" "));
                taken += 1;
            }
            let span = self.paint.span(if changed { role } else { Role::Text }, word);
            let mark = Modifier::UNDERLINED | Modifier::BOLD;
            row.push(if changed { span.patch_style(ratatui::style::Style::new().add_modifier(mark)) } else { span });
            taken += wide;
        }
        rows
    }

    fn findings_at(&mut self, line: LineId) {
        let findings: Vec<Shown> = self.findings.iter().filter(|shown| shown.finding.line == line).cloned().collect();
        for shown in &findings {
            self.finding(shown, false);
        }
    }

    fn finding(&mut self, shown: &Shown, detached: bool) {
        let finding = &shown.finding;
        let (word, role) = severity(finding.severity);
        let selected =
            self.screen.finding.as_ref().is_some_and(|(letter, id)| *letter == shown.letter && *id == finding.id);
        let indent = 4;
        let columns = (self.columns + INDENT).saturating_sub(indent + 2);
        let place = if detached { format!(" at {}, which is gone", finding.line) } else { String::new() };
        let missing = if shown.stands || detached { "" } else { " (its quote is not in the line)" };
        let head = format!("{} {word} {}{place}{missing}: ", shown.name(), dimension(shown));
        let text = format!("{head}{}", clean(&finding.problem));
        let bar = if selected { "┃ " } else { "│ " };
        let bar_role = if selected { Role::Focus } else { role };
        let push = |rows: &mut Vec<Row<'static>>, paint: Paint, role: Role, text: String| {
            rows.push(Row::from(vec![
                Span::raw(" ".repeat(indent)),
                paint.span(bar_role, bar),
                paint.span(role, text),
            ]));
        };
        for (n, row) in wrap(&text, columns).into_iter().enumerate() {
            push(&mut self.rows, self.paint, if n == 0 { role } else { Role::Text }, row);
        }
        if selected {
            for row in wrap(&format!("“{}”", clean(&finding.quote)), columns) {
                push(&mut self.rows, self.paint, Role::Dim, row);
            }
            if !finding.suggestion.trim().is_empty() {
                for row in wrap(&format!("suggests: {}", clean(&finding.suggestion)), columns) {
                    push(&mut self.rows, self.paint, Role::Text, row);
                }
            }
        }
    }
}
