//! The boxes: confirm, need, form, palette, help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::paint::Paint;
use crate::tui::boxes::confirm::{Confirm, Fact, Intent};
use crate::tui::boxes::form::{LABELS, NewForm};
use crate::tui::boxes::help::Help;
use crate::tui::boxes::need::{NeedBox, answers};
use crate::tui::boxes::palette::Palette;
use crate::tui::boxes::propose_gate as propose;
use crate::tui::commands::{Spec, Tier};
use crate::tui::look;
use crate::tui::model::Shared;
use crate::tui::text::{fit, left, width, wrap};
use crate::tui::theme::Role;

/// The width of every box.
const WIDE: u16 = 76;

/// A field with its cursor; what does not fit goes out of sight at its beginning.
fn field(paint: Paint, label: &str, typed: &str, columns: usize, focused: bool) -> Line<'static> {
    let label = format!("{label}: ");
    let room = columns.saturating_sub(width(&label) + 1);
    let mut shown = typed.to_owned();
    while width(&shown) > room {
        shown.remove(0);
    }
    let role = if focused { Role::Focus } else { Role::Dim };
    let cursor = if focused { "█" } else { "" };
    Line::from(vec![paint.span(role, label), paint.span(Role::Strong, shown), paint.span(Role::Focus, cursor)])
}

/// The keys of a confirm box.
pub(crate) fn confirm_keys(confirm: &Confirm) -> Vec<(String, String)> {
    let pair = |key: &str, what: &str| (key.to_owned(), what.to_owned());
    if confirm.at < confirm.asked.len() {
        vec![pair("Enter", "next"), pair("Esc", "cancel")]
    } else {
        let mut keys = vec![pair("y", &confirm.verb), pair("Enter", "cancel"), pair("Esc", "cancel")];
        if matches!(confirm.intent, Intent::SendBack { .. }) {
            keys.insert(1, pair("w", "another way"));
        }
        keys
    }
}

/// The row that stands for those that gave way.
const MORE: &str = "… a higher screen shows the rest";

/// What a box says in at most so many rows: asides give way first, the last ones before the others, and one row tells of it.
fn said(paint: Paint, facts: &[Fact], columns: usize, most: usize) -> Vec<Line<'static>> {
    let rows_of = |fact: &Fact| -> Vec<Line<'static>> {
        let indent = fact.text.len() - fact.text.trim_start().len();
        if width(&fact.text) <= columns {
            return vec![paint.line(fact.role, fact.text.clone())];
        }
        let rows = wrap(&fact.text, columns.saturating_sub(indent));
        rows.into_iter().map(|row| paint.line(fact.role, format!("{}{row}", " ".repeat(indent)))).collect()
    };
    let mut kept: Vec<(bool, Vec<Line<'static>>)> = facts.iter().map(|fact| (fact.may_go, rows_of(fact))).collect();
    let high = |kept: &[(bool, Vec<Line<'static>>)]| kept.iter().map(|(_, rows)| rows.len()).sum::<usize>();
    if high(&kept) <= most {
        return kept.into_iter().flat_map(|(_, rows)| rows).collect();
    }
    let room = most.saturating_sub(1);
    let mut gap = None;
    while high(&kept) > room
        && let Some(at) = kept.iter().rposition(|(may_go, _)| *may_go)
    {
        kept.remove(at);
        gap = Some(at);
    }
    let more = paint.line(Role::Dim, MORE);
    let before: usize = kept.iter().take(gap.unwrap_or(kept.len())).map(|(_, rows)| rows.len()).sum();
    let mut lines: Vec<Line<'static>> = kept.into_iter().flat_map(|(_, rows)| rows).collect();
    lines.truncate(room);
    lines.insert(before.min(lines.len()), more);
    lines
}

/// Draws a confirm box.
pub(crate) fn confirm(paint: Paint, shared: &Shared, confirm: &Confirm, buf: &mut Buffer, area: Rect) {
    let columns = usize::from(WIDE.min(area.width)).saturating_sub(4);
    // Whatever a box says, what is asked for and the answer are on the screen.
    let ways = usize::from(matches!(confirm.intent, Intent::SendBack { .. }));
    let tight = area.height < 26;
    let asked_rows = confirm.asked.len() + usize::from(!confirm.asked.is_empty()) + 2;
    let others = 2 + asked_rows + ways + usize::from(!tight);
    let mut lines = said(paint, &confirm.facts, columns, usize::from(area.height).saturating_sub(others));
    if let Intent::SendBack { way, .. } = &confirm.intent {
        lines.push(Line::from(vec![
            paint.span(Role::Text, "Way: "),
            paint.span(Role::Strong, propose::way(*way)),
            paint.span(Role::Person, "   w"),
            paint.span(Role::Dim, " the next way"),
        ]));
    }
    if !tight {
        lines.push(Line::default());
    }
    for (at, asked) in confirm.asked.iter().enumerate() {
        lines.push(field(paint, &asked.label, asked.field.typed(), columns, confirm.at == at));
    }
    match &confirm.fault {
        Some(fault) => lines.push(paint.line(Role::Failed, fit(fault, columns))),
        None if confirm.asked.is_empty() => {}
        None => lines.push(Line::default()),
    }
    let is_armed = confirm.is_armed(shared.mono_ms);
    let is_answer = confirm.at >= confirm.asked.len();
    let yes = if is_armed && is_answer { Role::Person } else { Role::Dim };
    lines.push(Line::from(vec![
        paint.span(Role::Strong, "[ Cancel ]"),
        paint.span(Role::Dim, " Enter or Esc      "),
        paint.span(yes, "y"),
        paint.span(if is_armed { Role::Text } else { Role::Dim }, format!("  {}", confirm.verb)),
    ]));
    let hint = match (is_answer, is_armed, confirm.asked.is_empty()) {
        (false, _, _) => "Enter goes on to the next; an empty or wrong number cancels. Then y.",
        (true, false, _) if confirm.was_early() => {
            "That y came too soon or is held down. Let go, wait 2 s, then press y."
        }
        (true, false, _) => "Wait a moment, then press y.",
        (true, true, false) => "Up goes back to what was typed.",
        (true, true, true) => "",
    };
    lines.push(paint.line(Role::Dim, hint));
    let high = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let role = match confirm.intent {
        Intent::Reject(_) | Intent::Stop(_) | Intent::Raise { .. } | Intent::Override { .. } => Role::Failed,
        Intent::Approve { .. }
        | Intent::SendBack { .. }
        | Intent::Pause(_)
        | Intent::Resume(_)
        | Intent::Retry { .. }
        | Intent::Rule { .. }
        | Intent::Uncertain { .. }
        | Intent::Cheaper { .. }
        | Intent::ReadAgain(_)
        | Intent::AcceptBill(_)
        | Intent::Begin(_)
        | Intent::Quit => Role::Person,
    };
    let inner = paint.boxed(buf, area, (WIDE, high), &confirm.title, role);
    paint.lines(buf, inner, &lines);
}

/// Draws the box of a need.
pub(crate) fn need(paint: Paint, shared: &Shared, need: &NeedBox, buf: &mut Buffer, area: Rect) {
    let columns = usize::from(WIDE.min(area.width)).saturating_sub(4);
    let mut lines: Vec<Line> = Vec::new();
    let found = shared.under_way(need.episode).and_then(|episode| Some((episode, episode.need(&need.id)?)));
    let mut title = format!("{}", need.episode);
    match found {
        None => lines.push(paint.line(Role::Dim, "This was answered in the meantime. Esc closes.")),
        Some((episode, open)) => {
            title =
                format!("{} {}: {}", episode.number, crate::tui::text::clean(&episode.title), look::word(&open.need));
            let (what, how) = look::told(shared, episode, &open.need);
            lines.extend(wrap(&what, columns).into_iter().map(|row| paint.line(Role::Text, row)));
            lines.push(Line::default());
            let waiting = format!("Waiting {}: {how}.", look::age(open.since, shared.now));
            lines.extend(wrap(&waiting, columns).into_iter().map(|row| paint.line(Role::Dim, row)));
            lines.push(Line::default());
            for (key, what) in answers(shared, episode, &open.need) {
                lines.push(Line::from(vec![
                    Span::raw("   "),
                    paint.span(Role::Person, key.to_string()),
                    paint.span(Role::Text, format!("  {what}")),
                ]));
            }
            lines.push(Line::default());
            lines.push(paint.line(Role::Dim, "Each asks again before it acts. Enter or Esc closes."));
        }
    }
    let high = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let inner = paint.boxed(buf, area, (WIDE, high), &title, Role::Person);
    paint.lines(buf, inner, &lines);
}

/// Draws the form of a new episode.
pub(crate) fn form(paint: Paint, shared: &Shared, form: &NewForm, buf: &mut Buffer, area: Rect) {
    let columns = usize::from(WIDE.min(area.width)).saturating_sub(4);
    let mut lines =
        vec![paint.line(Role::Dim, "Nothing is started or spent before you have confirmed."), Line::default()];
    for (at, ((label, hint), typed)) in LABELS.iter().zip(&form.fields).enumerate() {
        lines.push(field(paint, &left(label, 13), typed.typed(), columns, form.at == at));
        let fault = form.faults.get(at).and_then(Option::as_ref);
        match fault {
            Some(fault) => {
                let rows = wrap(fault, columns.saturating_sub(15));
                lines.extend(rows.into_iter().map(|row| paint.line(Role::Failed, format!("{}{row}", " ".repeat(15)))));
            }
            None => {
                let fitting = form.fitting.as_deref().filter(|_| at + 1 == LABELS.len());
                let hint = fitting.unwrap_or(hint);
                lines.push(paint.line(Role::Dim, format!("{}{hint}", " ".repeat(15))));
            }
        }
    }
    lines.push(Line::default());
    let last = form.at + 1 == form.fields.len();
    lines.push(paint.line(
        Role::Dim,
        match (&form.waits, last) {
            (Some(_), _) => "Keys, models, voices and room are looked over; nothing is spent. Esc closes.",
            (None, true) => "Enter asks for your y. Esc closes.",
            (None, false) => "Enter or Tab: the next field. Esc closes.",
        },
    ));
    let high = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let name = match shared.provenance() {
        crate::domain::event::Provenance::Rehearsal => "New episode (rehearsal)",
        crate::domain::event::Provenance::Live => "New episode",
    };
    let inner = paint.boxed(buf, area, (WIDE, high), name, Role::Focus);
    paint.lines(buf, inner, &lines);
}

/// A command in one line: its name, what it does, its keys.
fn spec_line(paint: Paint, spec: &Spec, columns: usize, selected: bool) -> Line<'static> {
    let keys = spec.shown();
    let room = columns.saturating_sub(2 + 16 + 1 + 16);
    let role = match spec.tier {
        Tier::View => Role::Text,
        Tier::Act => Role::Person,
        Tier::Final => Role::Failed,
    };
    let mark = if selected { "› " } else { "  " };
    Line::from(vec![
        paint.span(Role::Focus, mark),
        paint.span(if selected { Role::Strong } else { role }, left(spec.name, 16)),
        paint.span(Role::Text, left(&fit(spec.doc, room), room)),
        paint.span(Role::Dim, format!(" {}", fit(&keys, 16))),
    ])
}

/// Draws the palette.
pub(crate) fn palette(paint: Paint, palette: &Palette, buf: &mut Buffer, area: Rect) {
    let wide = area.width.saturating_sub(8).clamp(40, 100).min(area.width);
    let columns = usize::from(wide).saturating_sub(4);
    let matches = palette.matches();
    let high = area.height.saturating_sub(2).clamp(5, 18);
    let inner = paint.boxed(buf, area, (wide, high), "Command", Role::Focus);
    let mut lines = vec![Line::from(vec![
        paint.span(Role::Focus, ":"),
        paint.span(Role::Strong, fit(palette.field.typed(), columns.saturating_sub(2))),
        paint.span(Role::Focus, "█"),
    ])];
    lines.push(match &palette.fault {
        Some(fault) => paint.line(Role::Failed, fit(fault, columns)),
        None => {
            let note = format!("{} commands. A number opens that episode.", matches.len());
            paint.line(Role::Dim, fit(&note, columns))
        }
    });
    let room = usize::from(inner.height).saturating_sub(lines.len());
    let from = super::paint::first_row(palette.selected, matches.len(), room);
    let shown = matches.iter().enumerate().skip(from).take(room);
    lines.extend(shown.map(|(at, spec)| spec_line(paint, spec, columns, at == palette.selected)));
    paint.lines(buf, inner, &lines);
}

/// Draws the help.
pub(crate) fn help(paint: Paint, help: &Help, buf: &mut Buffer, area: Rect) {
    let wide = area.width.saturating_sub(4).clamp(40, 100).min(area.width);
    let inner = paint.boxed(buf, area, (wide, area.height), &format!("Help: {}", help.place.name()), Role::Focus);
    let columns = usize::from(inner.width);
    let (own, common) = help.matches();
    let line = |spec: &&Spec| {
        let role = match spec.tier {
            Tier::View => Role::Text,
            Tier::Act | Tier::Final => Role::Person,
        };
        Line::from(vec![
            paint.span(Role::Strong, left(&fit(&spec.shown(), 18), 19)),
            paint.span(role, fit(spec.doc, columns.saturating_sub(19))),
        ])
    };
    let mut lines = vec![Line::from(vec![
        paint.span(Role::Dim, "search: "),
        paint.span(Role::Strong, help.field.typed().to_owned()),
        paint.span(Role::Focus, "█"),
    ])];
    let mut body: Vec<Line> = Vec::new();
    if !own.is_empty() {
        body.push(paint.line(Role::Focus, "This screen"));
        body.extend(own.iter().filter(|spec| !spec.keys.is_empty()).map(line));
    }
    if !common.is_empty() {
        body.push(paint.line(Role::Focus, "Everywhere"));
        body.extend(common.iter().filter(|spec| !spec.keys.is_empty()).map(line));
    }
    body.push(
        paint
            .line(Role::Dim, "No lower-case key spends or changes a run. Capitals open a box; there y confirms, Enter"),
    );
    body.push(paint.line(Role::Dim, "and Esc cancel. Locked keys say why. Ctrl-c twice quits at once."));
    let room = usize::from(inner.height).saturating_sub(1);
    let from = help.from.min(body.len().saturating_sub(room));
    lines.extend(body.into_iter().skip(from).take(room));
    paint.lines(buf, inner, &lines);
}
