//! The dashboard.
//!
//! ```text
//! full                                   compact
//! +- Episodes ----------------------+    +- Episodes -------------+
//! | rows, then past ones            |    | rows                   |
//! +---------------------------------+    +------------------------+
//! +- Needs you --++- Events --------+    +- [Needs] Events … -----+
//! |              ||                 |    | the panel of the tab   |
//! +--------------++-----------------+    |                        |
//! +- Spend ------++- Providers -----+    | last event             |
//! +--------------++-----------------+    +------------------------+
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::page::FULL;
use super::paint::{Paint, Row, Side, first_row, split_columns, split_rows, tabs};
use super::providers;
use crate::domain::cost::EpisodeSummary;
use crate::domain::episode::Episode;
use crate::domain::event::{Need, Provenance};
use crate::domain::money::MicroUsd;
use crate::engine::snapshot::{FeedLine, Purse, Tone};
use crate::tui::look;
use crate::tui::model::{AGAIN, Loadable, Shared};
use crate::tui::screens::dashboard::{Dashboard, Panel, needs};
use crate::tui::text::{clean, clock, count, day, left, span, wrap};
use crate::tui::theme::Role;

/// What row 0 says of the dashboard.
pub(crate) fn header(shared: &Shared, is_wide: bool) -> (String, String) {
    let running = shared.episodes().len();
    let needs: usize = shared.episodes().iter().map(|episode| episode.needs.len()).sum();
    let today = shared.snapshot.as_ref().map(|snapshot| snapshot.today).unwrap_or_default();
    let of = today.cap.map_or(String::new(), |cap| format!(" of {cap}"));
    let numbers = if is_wide {
        format!("{running} running   {needs} need you   spent today {}{of} USD", today.spent)
    } else {
        format!("{needs} need you  today {}{of} USD", today.spent)
    };
    ("Dashboard".to_owned(), numbers)
}

/// Draws the dashboard.
pub(crate) fn draw(paint: Paint, shared: &Shared, screen: &Dashboard, buf: &mut Buffer, area: Rect) {
    let is_full = area.width >= FULL.0 && area.height + 4 >= FULL.1;
    let rows = u16::try_from(screen.order.len()).unwrap_or(u16::MAX);
    if is_full {
        let lowest = 7;
        let most = area.height.saturating_sub(lowest + 9);
        let (upper, rest) = split_rows(area, rows.saturating_add(4).clamp(9, most));
        let (middle, lower) = split_rows(rest, rest.height.saturating_sub(lowest));
        let half = area.width / 2 - 2;
        let (needs_area, events_area) = split_columns(middle, half);
        let (spend_area, providers_area) = split_columns(lower, half);
        episodes(paint, shared, screen, buf, upper, true);
        let count = needs(shared).len();
        let title = if count == 0 { "2 Needs you".to_owned() } else { format!("2 Needs you · {count}") };
        let inner = paint.panel(buf, needs_area, &title, "", screen.panel == Panel::Needs);
        need_lines(paint, shared, screen, buf, inner);
        let follow = if screen.back == 0 { "newest last" } else { "scrolled back; Esc follows" };
        let inner = paint.panel(buf, events_area, "3 Events", follow, screen.panel == Panel::Events);
        events(paint, shared, screen.back, buf, inner);
        let inner = paint.panel(buf, spend_area, "4 Spend", money_word(shared), screen.panel == Panel::Spend);
        spend(paint, shared, buf, inner);
        let inner =
            paint.panel(buf, providers_area, "5 Providers", "calls under way", screen.panel == Panel::Providers);
        providers(paint, shared, buf, inner);
        return;
    }
    let most = area.height.saturating_sub(10);
    let least = if screen.order.is_empty() { 11 } else { 8 };
    let (upper, lower) = split_rows(area, rows.saturating_add(4).clamp(least, most.max(least)));
    episodes(paint, shared, screen, buf, upper, false);
    let names = [
        format!("2 Needs {}", needs(shared).len()),
        "3 Events".to_owned(),
        "4 Spend".to_owned(),
        "5 Providers".to_owned(),
    ];
    let shown = match screen.panel {
        Panel::Episodes | Panel::Needs => 0,
        Panel::Events => 1,
        Panel::Spend => 2,
        Panel::Providers => 3,
    };
    let inner = paint.panel(buf, lower, &tabs(&names, shown), "", screen.panel != Panel::Episodes);
    let (inner, last) = split_rows(inner, inner.height.saturating_sub(1));
    match screen.panel {
        Panel::Episodes | Panel::Needs => need_lines(paint, shared, screen, buf, inner),
        Panel::Events => return events(paint, shared, screen.back, buf, Rect { height: inner.height + 1, ..inner }),
        Panel::Spend => spend(paint, shared, buf, inner),
        Panel::Providers => providers(paint, shared, buf, inner),
    }
    if let Some(latest) = shared.snapshot.as_ref().and_then(|snapshot| snapshot.feed.last()) {
        paint.lines(buf, last, &[feed_line(paint, latest)]);
    }
}

fn money_word(shared: &Shared) -> &'static str {
    match shared.provenance() {
        Provenance::Rehearsal => "USD, rehearsed: no money is spent",
        Provenance::Live => "USD, UTC days",
    }
}

fn episodes(paint: Paint, shared: &Shared, screen: &Dashboard, buf: &mut Buffer, area: Rect, is_full: bool) {
    let note = match (screen.moved, is_full && !screen.order.is_empty()) {
        (0, true) => "■ done  > at work  ? you  ! failed  · later  A approved by a person".to_owned(),
        (0, false) => "needs you first".to_owned(),
        (moved, _) => format!("{moved} moved, s sorts again"),
    };
    let past = screen.order.len().saturating_sub(screen.live);
    let title = match (screen.live, past) {
        (live, 0) => format!("1 Episodes · {live}"),
        (live, past) => format!("1 Episodes · {live} under way, {past} past"),
    };
    let inner = paint.panel(buf, area, &title, &note, screen.panel == Panel::Episodes);
    if screen.order.is_empty() {
        return empty(paint, shared, buf, inner);
    }
    let wide = usize::from(inner.width);
    let (head, rest) = split_rows(inner, 1);
    let (list, foot) = split_rows(rest, rest.height.saturating_sub(1));
    paint.lines(buf, head, &[heading(paint, wide, is_full)]);
    let at = screen.selected.and_then(|number| screen.order.iter().position(|row| *row == number)).unwrap_or(0);
    let from = first_row(at, screen.order.len(), usize::from(list.height));
    let rows: Vec<Line> = screen
        .order
        .iter()
        .skip(from)
        .take(usize::from(list.height))
        .map(|number| {
            let selected = Some(*number) == screen.selected;
            match (shared.under_way(*number), shared.past.ready()) {
                (Some(episode), _) => row(paint, shared, episode, selected, wide, is_full),
                (None, past) => {
                    let past = past.and_then(|past| past.iter().find(|past| past.number == *number));
                    past.map(|past| past_row(paint, past, selected, wide, is_full)).unwrap_or_default()
                }
            }
        })
        .collect();
    paint.lines(buf, list, &rows);
    paint.lines(buf, foot, &[legend(paint, shared, screen, is_full)]);
}

/// The line below the list: what the marks mean; at the compact size the tokens of the selected episode, for which its
/// row has no room.
fn legend(paint: Paint, shared: &Shared, screen: &Dashboard, is_full: bool) -> Line<'static> {
    if let Loadable::Failed(why) = &shared.past {
        return paint.line(Role::Failed, format!("Past episodes cannot be read: {why}. {AGAIN}"));
    }
    if is_full {
        let names: Vec<String> = look::GROUPS.iter().map(|(letter, name)| format!("{letter} {name}")).collect();
        return paint.line(Role::Dim, names.join("  "));
    }
    let selected = screen.selected.and_then(|number| shared.under_way(number));
    match selected {
        Some(episode) => {
            let usage = episode.usage();
            let tokens = format!("{} in  {} out", count(usage.tokens_in()), count(usage.output));
            paint.line(Role::Dim, format!("{}  {tokens}    ■ done > at work ? you ! failed · later", episode.number))
        }
        None => paint.line(Role::Dim, "■ done  > at work  ? you  ! failed  · later"),
    }
}

struct Widths {
    title: usize,
    stage: usize,
    cost: usize,
    needs: usize,
}

/// The widths of the columns; the title takes what is left.
fn widths(wide: usize, is_full: bool) -> Widths {
    let (stage, cost, needs) = if is_full { (16, 11, 10) } else { (13, 11, 6) };
    // The mark and the number, the strip, the gates and the percentage, each with its blank.
    let mut taken = 2 + 4 + stage + 1 + 13 + 6 + 5 + cost + 1 + needs;
    if is_full {
        taken += 12 + 7 + 7;
    }
    Widths { title: wide.saturating_sub(taken + 1), stage, cost, needs }
}

fn heading(paint: Paint, wide: usize, is_full: bool) -> Line<'static> {
    let w = widths(wide, is_full);
    let letters: String = look::GROUPS.iter().map(|(letter, _)| *letter).collect();
    let dim = Role::Dim;
    let mut row = Row::default()
        .cell(paint, dim, "", 1, Side::Left)
        .cell(paint, dim, "EP", 3, Side::Left)
        .cell(paint, dim, "TITLE", w.title, Side::Left)
        .cell(paint, dim, "STAGE", w.stage, Side::Left)
        .cell(paint, dim, &letters, 12, Side::Left)
        .cell(paint, dim, "GATES", 5, Side::Left)
        .cell(paint, dim, "DONE", 4, Side::Right);
    if is_full {
        row = row.cell(paint, dim, "TOK IN/OUT", 11, Side::Right).cell(paint, dim, "CAP", 6, Side::Left);
    }
    row = row.cell(paint, dim, "USD/CAP", w.cost, Side::Right);
    if is_full {
        row = row.cell(paint, dim, "AGE", 6, Side::Right);
    }
    row.cell(paint, dim, "NEEDS", w.needs, Side::Left).line(false)
}

/// Spent against the cap; cents go where there is no room for them.
fn spent_of(spent: MicroUsd, cap: Option<MicroUsd>, columns: usize) -> String {
    let cents = cap.map_or_else(|| spent.to_string(), |cap| format!("{spent}/{cap}"));
    if cents.len() <= columns {
        return cents;
    }
    cap.map_or_else(|| format!("{spent:.0}"), |cap| format!("{spent:.1}/{cap:.0}"))
}

fn row(paint: Paint, shared: &Shared, episode: &Episode, selected: bool, wide: usize, is_full: bool) -> Line<'static> {
    let w = widths(wide, is_full);
    let strip = look::strip(episode);
    let usage = episode.usage();
    let (spent, cap) = (episode.spent(), episode.cap());
    let stage_role = if episode.needs.is_empty() { Role::Text } else { Role::Person };
    let needs = match episode.needs.as_slice() {
        _ if shared.holds(episode.number) => if is_full { "SENDING" } else { "SENDS" }.to_owned(),
        [] => String::new(),
        [one] => {
            if is_full {
                format!("YOU {}", look::word(&one.need))
            } else {
                look::word(&one.need).to_owned()
            }
        }
        many => {
            if is_full {
                format!("YOU ×{}", many.len())
            } else {
                format!("×{}", many.len())
            }
        }
    };
    let mut gates: Vec<Span<'static>> = strip.gates.iter().take(5).map(|mark| paint.mark(*mark)).collect();
    gates.extend((gates.len()..5).map(|_| Span::raw(" ")));
    let mut row = Row::default()
        .cell(paint, Role::Focus, if selected { "›" } else { "" }, 1, Side::Left)
        .cell(paint, Role::Text, &episode.number.to_string(), 3, Side::Left)
        .cell(paint, Role::Text, &clean(&episode.title), w.title, Side::Left)
        .cell(paint, stage_role, &look::at(episode, &strip), w.stage, Side::Left)
        .pieces(strip.groups.iter().map(|mark| paint.mark(*mark)).collect())
        .pieces(gates)
        .cell(paint, Role::Text, &format!("{}%", strip.percent), 4, Side::Right);
    if is_full {
        let tokens = format!("{}/{}", count(usage.tokens_in()), count(usage.output));
        let committed = episode.committed();
        let near = cap.is_some_and(|cap| committed >= cap.percent(80));
        let role = if near { Role::Person } else { Role::Running };
        let bar = match cap {
            Some(cap) => paint.bar(spent, cap, 6, role),
            None => vec![paint.span(Role::Dim, left("no cap", 6))],
        };
        row = row.cell(paint, Role::Text, &tokens, 11, Side::Right).pieces(bar);
    }
    row = row.cell(paint, Role::Text, &spent_of(spent, cap, w.cost), w.cost, Side::Right);
    if is_full {
        let waited = look::waiting(episode, shared.now).map(span);
        let age = waited.unwrap_or_else(|| look::age(episode.started, shared.now));
        row = row.cell(paint, Role::Text, &age, 6, Side::Right);
    }
    row.cell(paint, Role::Person, &needs, w.needs, Side::Left).line(selected)
}

fn past_row(paint: Paint, past: &EpisodeSummary, selected: bool, wide: usize, is_full: bool) -> Line<'static> {
    let w = widths(wide, is_full);
    let dim = Role::Dim;
    let life = look::life(&past.life, Provenance::Live);
    let mut row = Row::default()
        .cell(paint, Role::Focus, if selected { "›" } else { "" }, 1, Side::Left)
        .cell(paint, dim, &past.number.to_string(), 3, Side::Left)
        .cell(paint, dim, &clean(&past.title), w.title, Side::Left)
        .cell(paint, dim, life, w.stage, Side::Left)
        .cell(paint, dim, &day(past.touched), 12, Side::Left)
        .cell(paint, dim, "", 5, Side::Left)
        .cell(paint, dim, "", 4, Side::Right);
    if is_full {
        let usage = past.rows.iter().fold(crate::domain::call::Usage::default(), |sum, row| sum.plus(row.usage));
        let tokens = format!("{}/{}", count(usage.tokens_in()), count(usage.output));
        row = row.cell(paint, dim, &tokens, 11, Side::Right).cell(paint, dim, "", 6, Side::Left);
    }
    row.cell(paint, dim, &spent_of(past.spent, past.cap, w.cost), w.cost, Side::Right).line(selected)
}

fn empty(paint: Paint, shared: &Shared, buf: &mut Buffer, area: Rect) {
    let wide = usize::from(area.width);
    let mut lines = vec![Line::default()];
    match (&shared.snapshot, &shared.past) {
        (None, _) => lines.push(paint.line(Role::Dim, "Opening the studio …")),
        (Some(_), Loadable::Loading) => lines.push(paint.line(Role::Dim, "Loading past episodes …")),
        (Some(_), past) => {
            if let Loadable::Failed(why) = past {
                let text = format!("Past episodes cannot be read: {why}. {AGAIN}");
                lines.extend(wrap(&text, wide).into_iter().map(|row| paint.line(Role::Failed, row)));
            }
            lines.push(paint.line(Role::Strong, "No episode yet."));
            lines.push(Line::default());
            let begin = "Type `:new FILE` with a research package in Markdown or JSON to begin one.";
            lines.extend(wrap(begin, wide).into_iter().map(|row| paint.line(Role::Text, row)));
            if shared.provenance() == Provenance::Live {
                let try_it =
                    "To watch the whole production without spending a cent, quit and run `greenroom rehearse`.";
                lines.extend(wrap(try_it, wide).into_iter().map(|row| paint.line(Role::Dim, row)));
            }
        }
    }
    paint.lines(buf, area, &lines);
}

fn need_lines(paint: Paint, shared: &Shared, screen: &Dashboard, buf: &mut Buffer, area: Rect) {
    let needs = needs(shared);
    if needs.is_empty() {
        return paint.lines(buf, area, &[paint.line(Role::Dim, "Nothing waits for you.")]);
    }
    let wide = usize::from(area.width);
    let is_selected = |number, id: &str| screen.need.as_ref().is_some_and(|(n, i)| *n == number && i == id);
    let at = needs.iter().position(|(number, open)| is_selected(*number, &open.id)).unwrap_or(0);
    let from = first_row(at, needs.len(), usize::from(area.height / 2).max(1));
    // Rows that are left over go to what is told at length, the oldest first.
    let mut spare = usize::from(area.height).saturating_sub(needs.len().saturating_sub(from) * 2);
    let mut lines = Vec::new();
    for (number, open) in needs.iter().skip(from) {
        let Some(episode) = shared.under_way(*number) else { continue };
        let (what, how) = look::told(shared, episode, &open.need);
        let selected = screen.panel == Panel::Needs && is_selected(*number, &open.id);
        let mark = if selected { "›" } else { " " };
        let head = format!("{number} {} ", look::word(&open.need));
        let room = wide.saturating_sub(2 + head.len());
        let role = if selected { Role::Strong } else { Role::Text };
        let told = wrap(&what, room);
        let shown = told.len().min(1 + spare).min(3);
        spare -= shown - 1;
        for (n, row) in told.iter().take(shown).enumerate() {
            let is_cut = n + 1 == shown && told.len() > shown;
            let text = if is_cut {
                crate::tui::text::fit(&format!("{row} {}", told.get(n + 1..).unwrap_or_default().join(" ")), room)
            } else {
                row.clone()
            };
            let lead = if n == 0 { head.clone() } else { " ".repeat(head.len()) };
            lines.push(Line::from(vec![
                paint.span(Role::Focus, format!("{} ", if n == 0 { mark } else { " " })),
                paint.span(Role::Person, lead),
                paint.span(role, text),
            ]));
        }
        let waited = look::age(open.since, shared.now);
        let is_decided = matches!(open.need, Need::Gate { .. }) && shared.holds(*number);
        let how = if is_decided { "decided; u takes it back until it is sent".to_owned() } else { how };
        lines.push(paint.line(Role::Dim, crate::tui::text::fit(&format!("      waits {waited}; {how}"), wide)));
    }
    paint.lines(buf, area, &lines);
}

fn feed_line(paint: Paint, line: &FeedLine) -> Line<'static> {
    let (glyph, role) = match line.tone {
        Tone::Work => (">", Role::Dim),
        Tone::Done => ("■", Role::Done),
        Tone::Fault => ("!", Role::Failed),
        Tone::Need => ("?", Role::Person),
        Tone::Decision => ("A", Role::Strong),
        Tone::Money => ("$", Role::Running),
    };
    let number = line.episode.map(|number| format!("{number} ")).unwrap_or_default();
    Line::from(vec![
        paint.span(Role::Dim, format!("{} ", clock(line.at))),
        paint.span(role, format!("{glyph} ")),
        paint.span(Role::Text, number),
        paint.span(if line.tone == Tone::Work { Role::Dim } else { Role::Text }, clean(&line.text)),
    ])
}

fn events(paint: Paint, shared: &Shared, back: usize, buf: &mut Buffer, area: Rect) {
    let feed = shared.snapshot.as_ref().map(|snapshot| snapshot.feed.clone());
    let feed = feed.as_deref().unwrap_or_default();
    if feed.is_empty() {
        return paint.lines(buf, area, &[paint.line(Role::Dim, "What happens is listed here as it happens.")]);
    }
    let height = usize::from(area.height);
    let end = feed.len().saturating_sub(back).max(height.min(feed.len()));
    let from = end.saturating_sub(height);
    let lines: Vec<Line> = feed.iter().skip(from).take(height).map(|line| feed_line(paint, line)).collect();
    paint.lines(buf, area, &lines);
}

fn spend(paint: Paint, shared: &Shared, buf: &mut Buffer, area: Rect) {
    let Some(snapshot) = &shared.snapshot else { return };
    let columns = usize::from(area.width).saturating_sub(34).min(40);
    let purse = |name: &str, purse: Purse| {
        let near = purse.cap.is_some_and(|cap| purse.committed >= cap.percent(80));
        let role = if near { Role::Person } else { Role::Running };
        let of = purse.cap.map_or("no cap".to_owned(), |cap| format!("of {cap}"));
        let mut spans =
            vec![paint.span(Role::Text, format!("{} {:>9} {of:<11} ", left(name, 6), purse.spent.to_string()))];
        if let Some(cap) = purse.cap {
            spans.extend(paint.bar(purse.spent, cap, columns, role));
            let percent = i128::from(purse.spent.0) * 100 / i128::from(cap.0.max(1));
            spans.push(paint.span(Role::Text, format!(" {percent}%")));
        }
        Line::from(spans)
    };
    let beside = match snapshot.today.beside() {
        beside if beside.is_empty() => "today nothing is held or possible beside it".to_owned(),
        beside => format!("today beside it: {beside}"),
    };
    let episodes: MicroUsd = shared.episodes().iter().map(|episode| episode.spent()).sum();
    let lines = [
        purse("today", snapshot.today),
        purse("month", snapshot.month),
        paint.line(Role::Text, beside),
        paint.line(Role::Dim, format!("running episodes have spent {episodes}")),
        paint.line(Role::Dim, "c shows what each stage, agent and model cost"),
    ];
    paint.lines(buf, area, &lines);
}

fn providers(paint: Paint, shared: &Shared, buf: &mut Buffer, area: Rect) {
    let Some(snapshot) = &shared.snapshot else { return };
    let each = snapshot.lanes.iter().map(|lane| {
        let role = providers::role(lane);
        let mut told = Vec::new();
        if let Some(p95) = lane.p95_ms {
            told.push(format!("p95 {}", providers::took(p95)));
        }
        if lane.in_flight > 0 {
            told.push(format!("{} in flight", lane.in_flight));
        }
        if lane.waiting > 0 {
            told.push(format!("{} waiting", lane.waiting));
        }
        Line::from(vec![
            paint.span(Role::Text, left(lane.provider.name(), 11)),
            paint.span(role, format!("{:<7} ", lane.state().as_str())),
            paint.span(Role::Text, told.join("  ")),
        ])
    });
    let lines: Vec<Line> = each.collect();
    paint.lines(buf, area, &lines);
}
