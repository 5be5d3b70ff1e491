//! The panels beside the script at a gate: scores, findings, the note, revisions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::gate::verdict;
use super::paint::{Paint, Row, Side, first_row, split_rows};
use super::script::{dimension, severity};
use crate::domain::episode::Episode;
use crate::tui::look;
use crate::tui::model::Shared;
use crate::tui::screens::findings::{Agreement, DIMENSIONS, agreement, fate, floor, score};
use crate::tui::screens::gate::{Editing, GateScreen, Scene, Target};
use crate::tui::screens::note::Origin;
use crate::tui::text::{clean, clock, fit, wrap};
use crate::tui::theme::Role;

fn tenths(score: Option<u8>) -> String {
    score.map_or("..".to_owned(), |score| score.to_string())
}

/// The scores of every judge against the floors.
pub(crate) fn scores(paint: Paint, scene: &Scene, buf: &mut Buffer, area: Rect) {
    let dim = Role::Dim;
    let mut heading = Row::default().cell(paint, dim, "DIMENSION", 13, Side::Left);
    for judge in &scene.judges {
        let letter = if judge.current { judge.letter.to_string() } else { format!("({})", judge.letter) };
        heading = heading.cell(paint, dim, &letter, 4, Side::Right);
    }
    let heading = heading.cell(paint, dim, "FLOOR", 6, Side::Right).cell(paint, dim, " RESULT", 10, Side::Left);
    let mut lines = vec![heading.line(false)];
    for (dimension, name) in DIMENSIONS {
        let mut row = Row::default().cell(paint, Role::Text, name, 13, Side::Left);
        for judge in &scene.judges {
            let score = score(judge, dimension);
            let role = match score {
                Some(score) if score < floor(dimension) && judge.current => Role::Failed,
                Some(_) if judge.current => Role::Strong,
                Some(_) | None => Role::Dim,
            };
            row = row.cell(paint, role, &tenths(score), 4, Side::Right);
        }
        let (word, role) = match agreement(&scene.judges, dimension) {
            Agreement::Dispute => (" DISPUTE", Role::Dispute),
            Agreement::Below => (" below", Role::Failed),
            Agreement::Holds => (" ok", Role::Done),
            Agreement::Unknown => (" not scored", Role::Dim),
        };
        let row = row.cell(paint, dim, &tenths(Some(floor(dimension))), 6, Side::Right).cell(
            paint,
            role,
            word,
            11,
            Side::Left,
        );
        lines.push(row.line(false));
    }
    if scene.judges.is_empty() {
        lines.push(paint.line(dim, "No judge has reported here."));
    }
    if scene.judges.iter().any(|judge| !judge.current) {
        lines.push(paint.line(dim, "( ) judged a script before this one."));
    }
    lines.push(Line::from(vec![paint.span(dim, "gate: "), verdict(paint, scene)]));
    paint.lines(buf, area, &lines);
}

/// The findings in a list, and why the gate asks.
pub(crate) fn findings(
    paint: Paint,
    episode: &Episode,
    screen: &GateScreen,
    scene: &Scene,
    buf: &mut Buffer,
    area: Rect,
) {
    let wide = usize::from(area.width);
    let mut reasons: Vec<Line> = Vec::new();
    if let Some(evaluation) = &scene.evaluation {
        for reason in &evaluation.reasons {
            for (n, row) in wrap(&clean(reason), wide.saturating_sub(2)).into_iter().enumerate() {
                let mark = if n == 0 { "• " } else { "  " };
                reasons.push(Line::from(vec![paint.span(Role::Person, mark), paint.span(Role::Text, row)]));
            }
        }
    }
    let judges: Vec<String> =
        scene.judges.iter().map(|judge| format!("{} {}", judge.letter, look::title(episode, &judge.stage))).collect();
    let room = usize::from(area.height);
    let reason_rows = reasons.len().min(room.saturating_sub(3).max(1) / 2 + 1);
    let list_rows = room.saturating_sub(reason_rows + 1);
    let mut lines: Vec<Line> = Vec::new();
    if scene.findings.is_empty() {
        lines.push(paint.line(Role::Dim, "No finding stands in this script."));
    }
    let is_selected = |letter: char, id: &str| screen.finding.as_ref().is_some_and(|(l, i)| *l == letter && i == id);
    let at = scene.findings.iter().position(|shown| is_selected(shown.letter, &shown.finding.id)).unwrap_or(0);
    let from = first_row(at, scene.findings.len(), list_rows);
    for shown in scene.findings.iter().skip(from).take(list_rows) {
        let selected = is_selected(shown.letter, &shown.finding.id);
        let (word, role) = severity(shown.finding.severity);
        // Where there is little room what is wrong comes before its kind, which the script shows too.
        let kind = if wide < 60 { 0 } else { 12 };
        let row = Row::default()
            .cell(paint, Role::Focus, if selected { "›" } else { "" }, 1, Side::Left)
            .cell(paint, Role::Text, &shown.name(), 5, Side::Left)
            .cell(paint, Role::Dim, &shown.finding.line.to_string(), 4, Side::Left)
            .cell(paint, role, word, 7, Side::Left)
            .cell(paint, Role::Dim, if wide < 60 { "" } else { dimension(shown) }, kind, Side::Left)
            .cell(paint, Role::Text, &clean(&shown.finding.problem), wide.saturating_sub(22 + kind), Side::Left);
        lines.push(row.line(selected));
    }
    lines.truncate(list_rows.max(1));
    while lines.len() < list_rows {
        lines.push(Line::default());
    }
    lines.push(paint.line(Role::Dim, fit(&judges.join("  "), wide)));
    lines.extend(reasons.into_iter().take(reason_rows));
    paint.lines(buf, area, &lines);
}

/// The title of the note's panel.
pub(crate) fn note_title(screen: &GateScreen, scene: &Scene) -> String {
    let stands = screen.note.fixes.iter().filter(|fix| !fix.struck).count();
    let struck = screen.note.fixes.len() - stands;
    if scene.open { format!("4 Note · {stands} fixes, {struck} struck") } else { "4 Note".to_owned() }
}

/// Whether the note is kept: it is saved when it is on disk, not when it was handed on.
pub(crate) fn note_state(shared: &Shared, screen: &GateScreen) -> String {
    let is_under_way = screen.deadline().is_some() || shared.drafts_under_way > 0;
    match (screen.editing.is_some(), is_under_way, screen.saved) {
        (_, true, _) => "saving …".to_owned(),
        (true, false, Some(at)) => format!("Esc closes  saved {}", clock(at)),
        (true, false, None) => "Esc closes".to_owned(),
        (false, false, Some(at)) => format!("saved {}", clock(at)),
        (false, false, None) => "i edits  x strikes".to_owned(),
    }
}

/// The note: each fix, and the person's own words; the editor stands in the place of what it edits.
pub(crate) fn note(paint: Paint, shared: &Shared, screen: &GateScreen, scene: &Scene, buf: &mut Buffer, area: Rect) {
    let wide = usize::from(area.width);
    if !scene.open {
        return paint.lines(buf, area, &[paint.line(Role::Dim, "No decision is open at this gate.")]);
    }
    if screen.seeded != scene.hash {
        return paint.lines(buf, area, &[paint.line(Role::Dim, "Loading the fixes and your draft …")]);
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
        let most = if selected { 6 } else { 2 };
        let style = if fix.struck { Modifier::CROSSED_OUT | Modifier::DIM } else { Modifier::empty() };
        for row in text.into_iter().take(most) {
            rows.push(Line::from(vec![
                paint.span(Role::Text, "      "),
                paint.span(Role::Text, row).patch_style(Style::new().add_modifier(style)),
            ]));
        }
    }
    let own_selected = screen.fix >= screen.note.fixes.len();
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

/// The revisions of the script, and what became of each.
pub(crate) fn revisions(
    paint: Paint,
    episode: &Episode,
    screen: &GateScreen,
    scene: &Scene,
    buf: &mut Buffer,
    area: Rect,
) {
    let wide = usize::from(area.width);
    let compared = screen.compared(scene).filter(|_| screen.diff);
    let at = scene.revisions.iter().position(|revision| Some(revision.output) == screen.revision).unwrap_or(0);
    let from = first_row(at, scene.revisions.len(), usize::from(area.height));
    let mut lines: Vec<Line> = Vec::new();
    for (n, revision) in scene.revisions.iter().enumerate().skip(from) {
        let selected = n == at && screen.panel == crate::tui::screens::gate::Panel::Revisions;
        let here = Some(revision.output) == scene.script;
        let (approved, fate) = fate(episode, revision, scene.script);
        let role = if approved {
            Role::Done
        } else if here {
            Role::Person
        } else {
            Role::Dim
        };
        let diff = if compared == Some(revision.output) { "±" } else { "" };
        let words = revision.words.map(|words| format!("{words}w")).unwrap_or_default();
        let claim = match (revision.words, revision.claimed) {
            (Some(words), Some(claimed)) if words != claimed => format!("  (the model claims {claimed})"),
            _ => String::new(),
        };
        let by = look::title(episode, &revision.stage).to_lowercase();
        let row = Row::default()
            .cell(paint, Role::Focus, if selected { "›" } else { diff }, 1, Side::Left)
            .cell(paint, Role::Text, &format!("v{}", n + 1), 3, Side::Left)
            .cell(paint, Role::Dim, &format!("r{}", revision.round), 3, Side::Left)
            .cell(paint, Role::Text, &by, 7, Side::Left)
            .cell(paint, Role::Text, &words, 5, Side::Right)
            .cell(paint, Role::Dim, &clock(revision.at).chars().take(5).collect::<String>(), 5, Side::Left)
            .cell(paint, role, &format!("{fate}{claim}"), wide.saturating_sub(31), Side::Left);
        lines.push(row.line(selected));
    }
    if lines.is_empty() {
        lines.push(paint.line(Role::Dim, "No script has been written yet."));
    }
    paint.lines(buf, area, &lines);
}
