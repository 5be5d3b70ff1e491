//! The note at a gate: each fix that would go back, the person's own words, and what the last note changed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::paint::{Paint, first_row, split_rows};
use crate::domain::episode::Episode;
use crate::domain::gate::{Closed, FixOutcome, NoteOutcome};
use crate::domain::handoff::Note;
use crate::tui::model::Shared;
use crate::tui::screens::editing::{Editing, Target};
use crate::tui::screens::gate::GateScreen;
use crate::tui::screens::note::Origin;
use crate::tui::screens::revisions::became;
use crate::tui::screens::scene::Scene;
use crate::tui::text::{clean, clock, fit, span, wrap};
use crate::tui::theme::Role;

/// The title of the note's panel.
pub(crate) fn note_title(screen: &GateScreen, scene: &Scene) -> String {
    let stands = screen.note.fixes.iter().filter(|fix| !fix.struck).count();
    let struck = screen.note.fixes.len() - stands;
    if scene.open { format!("4 Note · {stands} fixes, {struck} struck") } else { "4 Note".to_owned() }
}

/// Whether the note is kept: it is saved when it is on disk, not when it was handed on.
pub(crate) fn note_state(shared: &Shared, screen: &GateScreen) -> String {
    let is_under_way = screen.is_unsaved() || shared.drafts_under_way > 0;
    match (screen.editing.is_some(), is_under_way, screen.saved) {
        (_, true, _) => "saving …".to_owned(),
        (true, false, Some(at)) => format!("Esc closes  saved {}", clock(at)),
        (true, false, None) => "Esc closes".to_owned(),
        (false, false, Some(at)) => format!("saved {}", clock(at)),
        (false, false, None) => "i edits  x strikes".to_owned(),
    }
}

/// The note: each fix, and the person's own words; the editor stands in the place of what it edits.
pub(crate) fn note(
    paint: Paint,
    shared: &Shared,
    episode: &Episode,
    screen: &GateScreen,
    scene: &Scene,
    buf: &mut Buffer,
    area: Rect,
) {
    let wide = usize::from(area.width);
    let report = scene.evaluation.as_ref().map(|evaluation| evaluation.report);
    let last = became(shared, episode, &screen.gate, scene.script, report);
    if !scene.open {
        let mut rows = vec![paint.line(Role::Dim, "No decision is open at this gate.")];
        rows.extend(last.iter().flat_map(|(note, told)| outcomes(paint, note, told, None, wide).0));
        return paint.lines(buf, area, &rows);
    }
    if screen.seeded != scene.hash {
        let why = screen.note_waits(shared);
        let rows = wrap(&format!("No note yet: {why}"), wide).into_iter().map(|row| paint.line(Role::Dim, row));
        return paint.lines(buf, area, &rows.collect::<Vec<_>>());
    }
    let area = match &screen.editing {
        None => area,
        Some(editing) => {
            let rows = (area.height / 2).clamp(3, 8);
            let (editor_area, rest) = split_rows(area, rows);
            editor(paint, shared, screen, editing, buf, editor_area);
            rest
        }
    };
    let mut rows: Vec<Line> = Vec::new();
    let mut selected_row = 0;
    for (at, fix) in screen.note.fixes.iter().enumerate() {
        let selected = at == screen.fix;
        if selected {
            selected_row = rows.len();
        }
        let (word, role) = super::script::priority(fix.fix.priority);
        let lines = if fix.fix.from == fix.fix.to {
            fix.fix.from.to_string()
        } else {
            format!("{}-{}", fix.fix.from, fix.fix.to)
        };
        let from = match fix.origin {
            Origin::Fixes => "",
            Origin::Applied => "  worked in already",
            Origin::Finding => "  from the finding",
            Origin::Ruling => "  from your ruling",
        };
        let edited = if fix.edited { "  edited by you" } else { "" };
        let (tick, state) = if fix.struck { ("[-]", Role::Dim) } else { ("[+]", Role::Added) };
        let row = Line::from(vec![
            paint.span(Role::Focus, if selected { "› " } else { "  " }),
            paint.span(state, format!("{tick} ")),
            paint.span(if fix.struck { Role::Dim } else { Role::Strong }, format!("{} {lines} ", clean(&fix.fix.id))),
            paint.span(if fix.struck { Role::Dim } else { role }, word),
            paint.span(Role::Dim, format!("{from}{edited}")),
        ]);
        rows.push(row);
        let text = wrap(&clean(&fix.fix.wanted), wide.saturating_sub(6));
        let most = if selected { 6 } else { 1 };
        let style = if fix.struck { Modifier::CROSSED_OUT | Modifier::DIM } else { Modifier::empty() };
        for row in text.into_iter().take(most) {
            rows.push(Line::from(vec![
                paint.span(Role::Text, "      "),
                paint.span(Role::Text, row).patch_style(Style::new().add_modifier(style)),
            ]));
        }
    }
    let own_selected = screen.fix == screen.note.fixes.len();
    if own_selected {
        selected_row = rows.len();
    }
    let mark = if own_selected { "› " } else { "  " };
    rows.push(Line::from(vec![paint.span(Role::Focus, mark), paint.span(Role::Strong, "your own words")]));
    let own = screen.note.text.trim();
    if own.is_empty() {
        rows.push(paint.line(Role::Dim, "      t writes them; they go to the writer with the fixes"));
    } else {
        for line in own.lines() {
            rows.extend(
                wrap(&clean(line), wide.saturating_sub(6))
                    .into_iter()
                    .map(|row| paint.line(Role::Text, format!("      {row}"))),
            );
        }
    }
    if let Some((note, told)) = &last {
        let chosen = screen.fix.checked_sub(screen.note.fixes.len() + 1);
        let (told, at) = outcomes(paint, note, told, chosen, wide);
        if chosen.is_some() {
            selected_row = rows.len() + at;
        }
        rows.extend(told);
    }
    let from = first_row(selected_row, rows.len(), usize::from(area.height));
    let shown: Vec<Line> = rows.into_iter().skip(from).take(usize::from(area.height)).collect();
    paint.lines(buf, area, &shown);
}

fn editor(paint: Paint, shared: &Shared, screen: &GateScreen, editing: &Editing, buf: &mut Buffer, area: Rect) {
    let name = match editing.target {
        Target::Fix(at) => {
            let id = screen.note.fixes.get(at).map(|fix| clean(&fix.fix.id)).unwrap_or_default();
            format!("editing {id}")
        }
        Target::Text => "your own words".to_owned(),
    };
    let inner = paint.panel(buf, area, &name, "Esc closes and keeps", true);
    if inner.width > 2 && inner.height > 0 {
        let mut area = editing.area.clone();
        area.set_cursor_style(Style::new().add_modifier(Modifier::REVERSED));
        area.set_style(shared.settings.theme.style(Role::Text));
        (&area).render(inner, buf);
    }
}

/// What the last note changed: each fix, the lines before and after where it is selected, whether its findings are gone. Also
/// the row at which the selected one begins.
fn outcomes(
    paint: Paint,
    note: &Note,
    told: &NoteOutcome,
    selected: Option<usize>,
    wide: usize,
) -> (Vec<Line<'static>>, usize) {
    let cost = format!("what the last note changed: {} USD, {} of work", told.cost, span(told.machine_ms));
    let mut rows = vec![paint.line(Role::Focus, fit(&cost, wide))];
    let mut first = 0;
    for (at, fix) in told.fixes.iter().enumerate() {
        let is_selected = selected == Some(at);
        if is_selected {
            first = rows.len();
        }
        rows.push(outcome_row(paint, fix, is_selected));
        if !is_selected {
            continue;
        }
        let wanted = note.fixes.iter().find(|asked| asked.id == fix.id).map(|asked| clean(&asked.wanted));
        let wanted = wanted.unwrap_or_default();
        rows.extend(
            wrap(&wanted, wide.saturating_sub(6)).into_iter().map(|row| paint.line(Role::Dim, format!("      {row}"))),
        );
        for change in &fix.changes {
            for (sign, role, text) in [("-", Role::Removed, &change.before), ("+", Role::Added, &change.after)] {
                let Some(text) = text else { continue };
                for (n, row) in wrap(&clean(text), wide.saturating_sub(13)).into_iter().enumerate() {
                    let lead =
                        if n == 0 { format!("    {sign} {} ", change.line) } else { format!("    {sign}      ") };
                    rows.push(paint.line(role, format!("{lead} {row}")));
                }
            }
        }
    }
    if !told.strays.is_empty() {
        let lines: Vec<String> = told.strays.iter().map(|change| change.line.to_string()).collect();
        let text = format!("    changed and not asked for: {}", lines.join(", "));
        rows.push(paint.line(Role::Person, fit(&text, wide)));
    }
    (rows, first)
}

fn outcome_row(paint: Paint, fix: &FixOutcome, selected: bool) -> Line<'static> {
    let (mark, role) = match fix.closed {
        Closed::Gone => ("✓", Role::Done),
        Closed::Found => ("!", Role::Failed),
        Closed::NotJudged | Closed::Unknown => ("·", Role::Dim),
    };
    let changed = match fix.changes.as_slice() {
        [] => "nothing changed".to_owned(),
        [one] => match (&one.before, &one.after) {
            (None, _) => format!("{} is new", one.line),
            (_, None) => format!("{} is gone", one.line),
            (Some(_), Some(_)) => format!("{} changed", one.line),
        },
        many => format!("{} lines changed", many.len()),
    };
    Line::from(vec![
        paint.span(Role::Focus, if selected { "› " } else { "  " }),
        paint.span(role, format!("{mark} ")),
        paint.span(Role::Strong, format!("{} ", clean(&fix.id))),
        paint.span(role, fix.closed.words()),
        paint.span(Role::Dim, format!("  {changed}")),
    ])
}
