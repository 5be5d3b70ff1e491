//! The cost browser.
//!
//! ```text
//! +- Episodes --------------++- By stage ------------------+
//! | each with spent and cap || three columns, and a total  |
//! |                         || how the bills stand to them |
//! +-------------------------++-----------------------------+
//! ```
//! At the compact size the episodes stand above the sums.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::page::FULL;
use super::paint::{Paint, Row, Side, first_row, split_columns, split_rows, tabs};
use crate::domain::billed::standing;
use crate::domain::cost::EpisodeSummary;
use crate::domain::event::Provenance;
use crate::domain::money::MicroUsd;
use crate::tui::look;
use crate::tui::model::{AGAIN, Loadable, Shared};
use crate::tui::screens::cost::{CostScreen, Group, Sum, all};
use crate::tui::text::{clean, count, day, wrap};
use crate::tui::theme::Role;

/// What row 0 says of the cost.
pub(crate) fn header(shared: &Shared, screen: &CostScreen) -> (String, String) {
    let all = all(shared, &screen.live);
    let shown: Vec<_> =
        all.into_iter().filter(|summary| screen.only.is_none_or(|only| only == summary.number)).collect();
    let spent: MicroUsd = shown.iter().map(|summary| summary.spent).sum();
    let name = match screen.only {
        Some(number) => format!("Cost of episode {number}"),
        None => "Cost".to_owned(),
    };
    (name, format!("{} episodes  {spent} USD", shown.len()))
}

/// Draws the cost browser.
pub(crate) fn draw(paint: Paint, shared: &Shared, screen: &CostScreen, buf: &mut Buffer, area: Rect) {
    let all = all(shared, &screen.live);
    let (left, right) = if area.width >= FULL.0 {
        split_columns(area, area.width * 46 / 100)
    } else {
        let rows = u16::try_from(all.len()).unwrap_or(u16::MAX).saturating_add(4);
        split_rows(area, rows.clamp(6, area.height / 2))
    };
    episodes(paint, shared, screen, &all, buf, left);
    let at = Group::ALL.iter().position(|group| *group == screen.group).unwrap_or(0);
    let names: Vec<String> =
        Group::ALL.iter().enumerate().map(|(n, group)| format!("{} {}", n + 1, group.name())).collect();
    let inner = paint.panel(buf, right, &tabs(&names, at), "b turns", false);
    table(paint, shared, screen, buf, inner);
}

fn episodes(paint: Paint, shared: &Shared, screen: &CostScreen, all: &[&EpisodeSummary], buf: &mut Buffer, area: Rect) {
    let note = if screen.only.is_some() { "Enter: all of them" } else { "Enter: only this one" };
    let inner = paint.panel(buf, area, &format!("Episodes · {}", all.len()), note, true);
    match (&shared.past, all.is_empty()) {
        (Loadable::Failed(why), _) => {
            let text = format!("Past episodes cannot be read: {why}. {AGAIN}");
            let rows = wrap(&text, usize::from(inner.width)).into_iter().map(|row| paint.line(Role::Failed, row));
            return paint.lines(buf, inner, &rows.collect::<Vec<_>>());
        }
        (Loadable::Loading, true) => {
            return paint.lines(buf, inner, &[paint.line(Role::Dim, "Loading past episodes …")]);
        }
        (Loadable::Ready(_), true) => {
            return paint.lines(buf, inner, &[paint.line(Role::Dim, "No episode has cost anything yet.")]);
        }
        (Loadable::Loading | Loadable::Ready(_), false) => {}
    }
    let wide = usize::from(inner.width);
    let title = wide.saturating_sub(2 + 4 + 11 + 4 + 8 + 7 + 1);
    let (head, list) = split_rows(inner, 1);
    let (list, foot) = split_rows(list, list.height.saturating_sub(1));
    let dim = Role::Dim;
    let heading = Row::default()
        .cell(paint, dim, "", 1, Side::Left)
        .cell(paint, dim, "EP", 3, Side::Left)
        .cell(paint, dim, "TITLE", title, Side::Left)
        .cell(paint, dim, "STATE", 10, Side::Left)
        .cell(paint, dim, "RND", 3, Side::Right)
        .cell(paint, dim, "SPENT", 7, Side::Right)
        .cell(paint, dim, "CAP", 6, Side::Right);
    paint.lines(buf, head, &[heading.line(false)]);
    let at = all.iter().position(|summary| Some(summary.number) == screen.episode).unwrap_or(0);
    let from = first_row(at, all.len(), usize::from(list.height));
    let rows: Vec<Line> = all
        .iter()
        .skip(from)
        .take(usize::from(list.height))
        .map(|summary| {
            let selected = Some(summary.number) == screen.episode;
            let role = if screen.only.is_none_or(|only| only == summary.number) { Role::Text } else { Role::Dim };
            let state = if summary.life.is_over() {
                day(summary.touched)
            } else {
                look::life(&summary.life, Provenance::Live).to_owned()
            };
            Row::default()
                .cell(paint, Role::Focus, if selected { "›" } else { "" }, 1, Side::Left)
                .cell(paint, role, &summary.number.to_string(), 3, Side::Left)
                .cell(paint, role, &clean(&summary.title), title, Side::Left)
                .cell(paint, Role::Dim, &state, 10, Side::Left)
                .cell(paint, role, &summary.rounds.to_string(), 3, Side::Right)
                .cell(paint, role, &summary.spent.to_string(), 7, Side::Right)
                .cell(paint, Role::Dim, &summary.cap.map(|cap| cap.to_string()).unwrap_or_default(), 6, Side::Right)
                .line(selected)
        })
        .collect();
    paint.lines(buf, list, &rows);
    let spent: MicroUsd = all.iter().map(|summary| summary.spent).sum();
    let total = format!("all {} episodes: {spent} USD", all.len());
    paint.lines(buf, foot, &[paint.line(Role::Dim, total)]);
}

fn table(paint: Paint, shared: &Shared, screen: &CostScreen, buf: &mut Buffer, area: Rect) {
    let (group, sums) = (screen.group, &screen.sums);
    if sums.is_empty() {
        return paint.lines(buf, area, &[paint.line(Role::Dim, "No paid call has been made.")]);
    }
    let wide = usize::from(area.width);
    // Where there is room for them there are calls, and bars; the three columns of money are always there.
    let fixed = 9 + 9 + 10 + 6 + 12;
    let with_calls = wide >= fixed + 6 + 17;
    let fixed = fixed + if with_calls { 6 } else { 0 };
    let name = wide.saturating_sub(fixed).min(if group == Group::Episode { 24 } else { 18 }).max(8);
    let columns = wide.saturating_sub(name + fixed + 1).min(30);
    let total: MicroUsd = sums.iter().map(|sum| sum.spent).sum();
    let most = sums.iter().map(|sum| sum.spent).max().unwrap_or_default();
    let dim = Role::Dim;
    let mut heading = Row::default()
        .cell(paint, dim, &group.name().to_uppercase(), name, Side::Left)
        .cell(paint, dim, "EST MAX", 8, Side::Right)
        .cell(paint, dim, "METERED", 8, Side::Right)
        .cell(paint, dim, "INVOICED ", 9, Side::Right)
        .cell(paint, dim, "", 5, Side::Right)
        .cell(paint, dim, "TOK IN/OUT", 11, Side::Right);
    if with_calls {
        heading = heading.cell(paint, dim, "CALLS", 5, Side::Right);
    }
    let row = |role: Role, sum: &Sum, share: &str| {
        let tokens = match sum.characters {
            characters if characters > 0 && sum.tokens_in == 0 => format!("{} ch", count(characters)),
            _ => format!("{}/{}", count(sum.tokens_in), count(sum.tokens_out)),
        };
        let row = Row::default()
            .cell(paint, role, &sum.name, name, Side::Left)
            .cell(paint, dim, &usd(sum.estimated), 8, Side::Right)
            .cell(paint, role, &usd(sum.spent), 8, Side::Right)
            .cell(paint, role, &invoiced(sum), 9, Side::Right)
            .cell(paint, dim, share, 5, Side::Right)
            .cell(paint, role, &tokens, 11, Side::Right);
        if with_calls { row.cell(paint, role, &sum.calls.to_string(), 5, Side::Right) } else { row }
    };
    let mut foot = foot(paint, shared, screen, wide);
    // A sum and the total are seen in any case.
    foot.truncate(usize::from(area.height).saturating_sub(4).max(1));
    let mut lines = vec![heading.line(false)];
    let room = usize::from(area.height).saturating_sub(2 + foot.len()).max(1);
    let room = if sums.len() > room { room.saturating_sub(1).max(1) } else { room };
    for sum in sums.iter().take(room) {
        let per_mille = i128::from(sum.spent.0) * 1_000 / i128::from(total.0.max(1));
        let line = row(Role::Text, sum, &format!("{}.{}%", per_mille / 10, per_mille % 10));
        let line = if columns > 1 { line.pieces(paint.bar(sum.spent, most, columns, Role::Running)) } else { line };
        lines.push(line.line(false));
    }
    if sums.len() > room {
        lines.push(paint.line(dim, format!("and {} smaller ones, counted below", sums.len() - room)));
    }
    lines.push(row(Role::Strong, &added(sums), "100%").line(false));
    lines.extend(foot);
    paint.lines(buf, area, &lines);
}

/// All sums together.
fn added(sums: &[Sum]) -> Sum {
    let mut all = Sum { name: "total".to_owned(), ..Sum::default() };
    for sum in sums {
        all.estimated = all.estimated.plus(sum.estimated);
        all.spent = all.spent.plus(sum.spent);
        all.calls = all.calls.saturating_add(sum.calls);
        all.tokens_in = all.tokens_in.saturating_add(sum.tokens_in);
        all.tokens_out = all.tokens_out.saturating_add(sum.tokens_out);
        if let Some(of) = sum.invoiced {
            all.invoiced = Some(all.invoiced.unwrap_or_default().plus(of));
        }
    }
    all
}

/// What stands under the total, the most important first: how the bills stand to the ledger, then what is held and saved.
fn foot(paint: Paint, shared: &Shared, screen: &CostScreen, wide: usize) -> Vec<Line<'static>> {
    let (sums, dim) = (&screen.sums, Role::Dim);
    let flag = match shared.settings.provenance {
        Provenance::Live => "",
        Provenance::Rehearsal => " --studio rehearsal",
    };
    let bills = shared.snapshot.as_ref().map(|snapshot| standing(&snapshot.bills, flag)).unwrap_or_default();
    let role = |is_alert| if is_alert { Role::Alarm } else { dim };
    let mut texts: Vec<(Role, String)> = bills.into_iter().map(|(is_alert, text)| (role(is_alert), text)).collect();
    let reserved: MicroUsd = sums.iter().map(|sum| sum.reserved).sum();
    if reserved > MicroUsd::ZERO {
        texts.push((dim, format!("{reserved:.4} USD are held for calls that are not answered")));
    }
    let possible: MicroUsd = sums.iter().map(|sum| sum.possible).sum();
    if possible > MicroUsd::ZERO {
        texts.push((dim, format!("{possible:.4} USD are possible: calls whose charge nobody knows")));
    }
    let reused: u64 = sums.iter().map(|sum| sum.reused).sum();
    if reused > 0 {
        let saved: MicroUsd = sums.iter().map(|sum| sum.saved).sum();
        let answers = if reused == 1 { "1 answer was".to_owned() } else { format!("{reused} answers were") };
        texts.push((dim, format!("{answers} reused: {saved:.4} USD saved")));
    }
    if sums.iter().any(Sum::is_part) {
        texts.push((dim, "* some of its calls are on no bill that was read".to_owned()));
    }
    let outside: MicroUsd = screen.billed.outside().map(|(_, amount)| amount).sum();
    if outside != MicroUsd::ZERO && screen.only.is_none() {
        texts.push((dim, format!("{outside:.4} USD more are billed and in no call")));
    }
    if screen.unread > 0 {
        texts.push((dim, format!("what {} of the bills say is not read", screen.unread)));
    }
    let rows =
        texts.into_iter().flat_map(|(role, text)| wrap(&clean(&text), wide).into_iter().map(move |row| (role, row)));
    rows.map(|(role, row)| paint.line(role, row)).collect()
}

/// An amount in at most eight characters: the cents of large ones, the hundredths of a cent of small ones.
fn usd(amount: MicroUsd) -> String {
    if amount < MicroUsd(100_000_000) { format!("{amount:.4}") } else { format!("{amount:.2}") }
}

/// What bills say of a sum, with a mark where they say it of a part alone.
fn invoiced(sum: &Sum) -> String {
    let mark = if sum.is_part() { '*' } else { ' ' };
    sum.invoiced.map_or_else(|| "- ".to_owned(), |of| format!("{}{mark}", usd(of.invoiced)))
}
