//! The frame that every screen shares, and the choice of what is drawn in it.
//!
//! ```text
//! row 0      product, screen, subject                       numbers   REHEARSAL   time
//! row 1      where it is in the console             notes, or a decision that can still be taken back
//! 2 to h-3   the screen, and the uppermost box over it
//! h-2        what just happened, or why a key is locked
//! h-1        keys that work now
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::paint::Paint;
use super::{boxes, cost, dashboard, episode, gate, providers};
use crate::domain::event::Provenance;
use crate::tui::commands::{Place, TABLE};
use crate::tui::layers::Layer;
use crate::tui::model::{Model, Shared};
use crate::tui::text::{clean, clock, fit, width, wrap};
use crate::tui::theme::{Role, plain};

/// The smallest screen that the console is drawn on.
pub(crate) const SMALLEST: (u16, u16) = (80, 24);

/// From this size on a screen shows all its panels at once.
pub(crate) use crate::tui::screens::gate_layout::FULL;

/// Draws the console.
pub(crate) fn view(model: &Model, buf: &mut Buffer) {
    let area = buf.area;
    let paint = Paint { theme: model.shared.settings.theme };
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(paint, buf, &model.shared);
    } else {
        whole(paint, model, buf);
    }
    if model.shared.settings.ascii {
        for cell in &mut buf.content {
            if !cell.symbol().is_ascii() {
                let symbol = plain(cell.symbol());
                cell.set_symbol(symbol);
            }
        }
    }
}

fn too_small(paint: Paint, buf: &mut Buffer, shared: &Shared) {
    let area = buf.area;
    let rehearsal = if shared.provenance() == Provenance::Rehearsal { "REHEARSAL. " } else { "" };
    let text = format!(
        "{rehearsal}The console needs {} columns and {} rows; this terminal has {} and {}. Make it larger. Work goes on.",
        SMALLEST.0, SMALLEST.1, area.width, area.height
    );
    let held = count_down(shared, "Make it larger, then u takes it back");
    let rows = held.into_iter().chain([text]).flat_map(|text| wrap(&text, usize::from(area.width)));
    let lines: Vec<Line> = rows.map(|row| paint.line(Role::Person, row)).collect();
    paint.lines(buf, area, &lines);
}

/// The decision that is sent next, when, and how it is taken back.
fn count_down(shared: &Shared, undo: &str) -> Option<String> {
    let held = shared.held.last()?;
    let seconds = held.until_ms.saturating_sub(shared.mono_ms).div_ceil(1_000);
    let more = match shared.held.len() {
        0 | 1 => String::new(),
        all => format!(" (+{} more)", all - 1),
    };
    Some(format!("{} in {seconds} s{more}. {undo}.", held.action.doing()))
}

/// How a decision is taken back from where the keys are.
fn undo_words(model: &Model) -> &'static str {
    let is_screen = model.layers.last().is_some_and(|top| top.place().is_some() && !top.takes_text());
    if is_screen { "Press u to undo" } else { "Esc, then u undoes" }
}

fn whole(paint: Paint, model: &Model, buf: &mut Buffer) {
    let area = buf.area;
    let shared = &model.shared;
    let row = |y: u16| Rect { y, height: 1, ..area };
    let body = Rect { y: 2, height: area.height.saturating_sub(4), ..area };
    let screen = model.layers.iter().rev().find(|layer| layer.place().is_some());
    header(paint, shared, screen, buf, row(0));
    crumbs(paint, model, buf, row(1));
    match screen {
        Some(Layer::Episode(screen)) => episode::draw(paint, shared, screen, buf, body),
        Some(Layer::Gate(screen)) => gate::draw(paint, shared, screen, buf, body),
        Some(Layer::Cost(screen)) => cost::draw(paint, shared, screen, buf, body),
        Some(Layer::Providers(screen)) => providers::draw(paint, shared, screen, buf, body),
        Some(Layer::Dashboard(screen)) => dashboard::draw(paint, shared, screen, buf, body),
        Some(Layer::Confirm(_) | Layer::Need(_) | Layer::Form(_) | Layer::Palette(_) | Layer::Help(_)) | None => {}
    }
    match model.layers.last() {
        Some(Layer::Confirm(confirm)) => boxes::confirm(paint, shared, confirm, buf, body),
        Some(Layer::Need(need)) => boxes::need(paint, shared, need, buf, body),
        Some(Layer::Form(form)) => boxes::form(paint, shared, form, buf, body),
        Some(Layer::Palette(palette)) => boxes::palette(paint, palette, buf, body),
        Some(Layer::Help(help)) => boxes::help(paint, help, buf, body),
        Some(Layer::Dashboard(_) | Layer::Episode(_) | Layer::Gate(_) | Layer::Cost(_) | Layer::Providers(_))
        | None => {}
    }
    status(paint, model, buf, row(area.height - 2));
    keys(paint, model, buf, row(area.height - 1));
}

/// Text at the left and at the right of one row; the right gives way last.
fn ends(buf: &mut Buffer, area: Rect, at_left: Vec<Span<'static>>, at_right: Vec<Span<'static>>) {
    let right = Line::from(at_right);
    let wide = u16::try_from(right.width()).unwrap_or(u16::MAX).min(area.width);
    let room = area.width.saturating_sub(wide).saturating_sub(1);
    buf.set_line(area.x, area.y, &Line::from(at_left), room);
    buf.set_line(area.right() - wide, area.y, &right, wide);
}

fn header(paint: Paint, shared: &Shared, screen: Option<&Layer>, buf: &mut Buffer, area: Rect) {
    let is_wide = area.width >= FULL.0;
    let (name, numbers) = match screen {
        Some(Layer::Episode(screen)) => episode::header(shared, screen),
        Some(Layer::Gate(screen)) => gate::header(shared, screen, is_wide),
        Some(Layer::Cost(screen)) => cost::header(shared, screen),
        Some(Layer::Providers(_)) => providers::header(shared),
        Some(
            Layer::Dashboard(_)
            | Layer::Confirm(_)
            | Layer::Need(_)
            | Layer::Form(_)
            | Layer::Palette(_)
            | Layer::Help(_),
        )
        | None => dashboard::header(shared, is_wide),
    };
    let mark = match shared.provenance() {
        Provenance::Rehearsal => paint.span(Role::Alarm, " REHEARSAL "),
        Provenance::Live => paint.span(Role::Strong, "LIVE"),
    };
    let time =
        if is_wide { format!(" {}Z ", clock(shared.now)) } else { format!(" {}Z ", fit_time(&clock(shared.now))) };
    let right = vec![paint.span(Role::Text, format!("{numbers}  ")), mark, paint.span(Role::Dim, time)];
    let product = if is_wide { " GREENROOM  " } else { " " };
    let taken: usize = right.iter().map(|span| width(&span.content)).sum();
    let room = usize::from(area.width).saturating_sub(taken + width(product) + 1);
    let left = vec![paint.span(Role::Focus, product), paint.span(Role::Strong, fit(&name, room))];
    ends(buf, area, left, right);
}

/// Hours and minutes of a time of day.
fn fit_time(time: &str) -> String {
    time.chars().take(5).collect()
}

fn crumbs(paint: Paint, model: &Model, buf: &mut Buffer, area: Rect) {
    let name = |layer: &Layer| match layer {
        Layer::Dashboard(_) => "dashboard".to_owned(),
        Layer::Episode(screen) => screen.episode.to_string(),
        Layer::Gate(screen) => model
            .shared
            .episode(screen.episode)
            .map_or_else(|| screen.gate.to_string(), |episode| gate::name(episode, screen)),
        Layer::Cost(_) => "cost".to_owned(),
        Layer::Providers(_) => "providers".to_owned(),
        Layer::Confirm(_) => "confirm".to_owned(),
        Layer::Need(_) => "need".to_owned(),
        Layer::Form(_) => "new episode".to_owned(),
        Layer::Palette(_) => "commands".to_owned(),
        Layer::Help(_) => "help".to_owned(),
    };
    let path = model.layers.iter().map(name).collect::<Vec<_>>().join(" › ");
    let left = vec![paint.span(Role::Dim, format!(" {path}"))];
    let held = count_down(&model.shared, undo_words(model));
    let right = match (model.shared.halted(), held) {
        (Some(why), _) => {
            vec![paint.span(Role::Failed, format!(" STOPPED: {} ", fit(&clean(&why), usize::from(area.width) / 2)))]
        }
        (None, Some(held)) => vec![paint.span(Role::Person, format!(" {held} "))],
        (None, None) => {
            let gate = model.layers.iter().rev().find_map(|layer| match layer {
                Layer::Gate(screen) => Some(gate::seen(&model.shared, screen)),
                Layer::Dashboard(_) | Layer::Episode(_) | Layer::Cost(_) | Layer::Providers(_) | Layer::Confirm(_) => {
                    None
                }
                Layer::Need(_) | Layer::Form(_) | Layer::Palette(_) | Layer::Help(_) => None,
            });
            let gate = gate.map(|seen| format!("{seen}   ")).unwrap_or_default();
            vec![paint.span(Role::Dim, format!("{gate}as {} ", clean(model.shared.settings.person.name())))]
        }
    };
    ends(buf, area, left, right);
}

fn status(paint: Paint, model: &Model, buf: &mut Buffer, area: Rect) {
    let shared = &model.shared;
    if let (Some(Layer::Gate(screen)), None) = (model.layers.last(), &shared.status)
        && let Some(asking) = &screen.asking
    {
        let label = format!(" {} is {}, because: ", clean(&asking.item), asking.ruling.words());
        let room = usize::from(area.width).saturating_sub(width(&label) + 1);
        let mut typed = asking.field.typed().to_owned();
        while width(&typed) > room {
            typed.remove(0);
        }
        let spans = [(Role::Person, label), (Role::Strong, typed), (Role::Focus, "█".to_owned())];
        let line = Line::from(spans.map(|(role, text)| paint.span(role, text)).to_vec());
        buf.set_line(area.x, area.y, &line, area.width);
        return;
    }
    let line = match (&shared.status, shared.halted()) {
        (Some(status), _) => paint.line(status.role, format!(" {}", status.text)),
        (None, Some(why)) => paint.line(Role::Failed, format!(" {}", clean(&why))),
        (None, None) => match model.pending.as_slice() {
            [] => match shared.snapshot.as_ref().and_then(|snapshot| snapshot.space.as_deref()) {
                Some(space) => paint.line(Role::Failed, format!(" {}", clean(space))),
                None => Line::default(),
            },
            keys => {
                let typed = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                paint.line(Role::Dim, format!(" {typed} …"))
            }
        },
    };
    let room = usize::from(area.width);
    let text: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
    let role = line.spans.first().map(|span| span.style).unwrap_or_default();
    buf.set_line(area.x, area.y, &Line::from(Span::styled(fit(&text, room), role)), area.width);
}

/// The keys that work now, as many as there is room for; help and quit always.
fn keys(paint: Paint, model: &Model, buf: &mut Buffer, area: Rect) {
    let bar: Vec<(String, String)> = match model.layers.last() {
        Some(Layer::Confirm(confirm)) => boxes::confirm_keys(confirm),
        Some(Layer::Need(_)) => pairs(&[("letter", "answers"), ("Esc", "close")]),
        Some(Layer::Form(_)) => pairs(&[("Tab", "next field"), ("Enter", "next, then asks"), ("Esc", "close")]),
        Some(Layer::Palette(_)) => {
            pairs(&[("type", "to search"), ("Enter", "run"), ("Tab", "complete"), ("↑ ↓", "choose"), ("Esc", "close")])
        }
        Some(Layer::Help(_)) => pairs(&[("type", "to search"), ("↑ ↓", "scroll"), ("Esc", "close")]),
        Some(Layer::Gate(screen)) if screen.asking.is_some() => {
            pairs(&[("type", "why"), ("Enter", "rules"), ("Esc", "leaves it open")])
        }
        Some(Layer::Gate(screen)) if screen.editing.is_some() => {
            pairs(&[("type", "text"), ("Esc", "close and keep"), ("Ctrl-u", "undo"), ("Ctrl-k", "cut to the end")])
        }
        Some(layer) => table_keys(layer.place().unwrap_or(Place::Dashboard)),
        None => Vec::new(),
    };
    let last: Vec<(String, String)> =
        bar.iter().filter(|(_, what)| what == "help" || what == "quit").cloned().collect();
    let wide = |(key, what): &(String, String)| width(key) + width(what) + 3;
    let mut room = usize::from(area.width).saturating_sub(last.iter().map(wide).sum::<usize>() + 1);
    let mut spans = vec![Span::raw(" ")];
    let shown = bar.into_iter().filter(|pair| !last.contains(pair)).take_while(|pair| {
        let fits = wide(pair) <= room;
        room = room.saturating_sub(wide(pair));
        fits
    });
    let shown: Vec<_> = shown.collect();
    for (key, what) in shown.into_iter().chain(last) {
        spans.push(paint.span(Role::Strong, key));
        spans.push(paint.span(Role::Dim, format!(" {what}  ")));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

fn pairs(keys: &[(&str, &str)]) -> Vec<(String, String)> {
    keys.iter().map(|(key, what)| ((*key).to_owned(), (*what).to_owned())).collect()
}

fn table_keys(place: Place) -> Vec<(String, String)> {
    // At a gate its own keys need the room.
    let mut bar = if place == Place::Gate { Vec::new() } else { pairs(&[("j/k", "move")]) };
    let in_bar = TABLE.iter().filter(|spec| spec.is_in(place) && !spec.bar.is_empty());
    let first_key = |spec: &crate::tui::commands::Spec| spec.shown().split("  ").next().unwrap_or_default().to_owned();
    bar.extend(in_bar.map(|spec| (first_key(spec), spec.bar.to_owned())));
    bar
}
