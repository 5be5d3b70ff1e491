//! The cost browser.
//!
//! ```text
//! +- Episodes --------------++- By stage ------------------+
//! | each with spent and cap || sums with bars, and a total |
//! +-------------------------++-----------------------------+
//! ```
//! At the compact size the episodes stand above the sums.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::page::FULL;
use super::paint::{Paint, Row, Side, first_row, split_columns, split_rows, tabs};
use crate::domain::cost::EpisodeSummary;
use crate::domain::event::Provenance;
use crate::domain::money::MicroUsd;
use crate::tui::look;
use crate::tui::model::{Loadable, Shared};
use crate::tui::screens::cost::{CostScreen, Group, Sum, all};
use crate::tui::text::{clean, count, day};
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
    table(paint, screen.group, &screen.sums, buf, inner);
}

fn episodes(paint: Paint, shared: &Shared, screen: &CostScreen, all: &[&EpisodeSummary], buf: &mut Buffer, area: Rect) {
    let note = if screen.only.is_some() { "Enter: all of them" } else { "Enter: only this one" };
    let inner = paint.panel(buf, area, &format!("Episodes · {}", all.len()), note, true);
    match (&shared.past, all.is_empty()) {
        (Loadable::Failed(why), _) => {
            return paint.lines(
                buf,
                inner,
                &[paint.line(Role::Failed, format!("Past episodes cannot be read: {why}"))],
            );
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

fn table(paint: Paint, group: Group, sums: &[Sum], buf: &mut Buffer, area: Rect) {
    if sums.is_empty() {
        return paint.lines(buf, area, &[paint.line(Role::Dim, "No paid call has been made.")]);
    }
    let wide = usize::from(area.width);
    let name = if group == Group::Episode { 24 } else { 22 };
    let columns = wide.saturating_sub(name + 1 + 9 + 6 + 13 + 6 + 1).min(30);
    let total: MicroUsd = sums.iter().map(|sum| sum.spent).sum();
    let most = sums.iter().map(|sum| sum.spent).max().unwrap_or_default();
    let dim = Role::Dim;
    let heading = Row::default()
        .cell(paint, dim, &group.name().to_uppercase(), name, Side::Left)
        .cell(paint, dim, "USD", 8, Side::Right)
        .cell(paint, dim, "", 5, Side::Right)
        .cell(paint, dim, "TOK IN/OUT", 12, Side::Right)
        .cell(paint, dim, "CALLS", 5, Side::Right);
    let mut lines = vec![heading.line(false)];
    let reused: u64 = sums.iter().map(|sum| sum.reused).sum();
    let room = usize::from(area.height).saturating_sub(if reused > 0 { 5 } else { 4 });
    for sum in sums.iter().take(room.max(1)) {
        let per_mille = i128::from(sum.spent.0) * 1_000 / i128::from(total.0.max(1));
        let tokens = if sum.characters > 0 {
            format!("{} ch", count(sum.characters))
        } else {
            format!("{}/{}", count(sum.tokens_in), count(sum.tokens_out))
        };
        let row = Row::default()
            .cell(paint, Role::Text, &sum.name, name, Side::Left)
            .cell(paint, Role::Text, &format!("{:.4}", sum.spent), 8, Side::Right)
            .cell(paint, dim, &format!("{}.{}%", per_mille / 10, per_mille % 10), 5, Side::Right)
            .cell(paint, Role::Text, &tokens, 12, Side::Right)
            .cell(paint, Role::Text, &sum.calls.to_string(), 5, Side::Right)
            .pieces(paint.bar(sum.spent, most, columns, Role::Running));
        lines.push(row.line(false));
    }
    if sums.len() > room {
        lines.push(paint.line(dim, format!("and {} smaller ones, counted below", sums.len() - room)));
    }
    let reserved: MicroUsd = sums.iter().map(|sum| sum.reserved).sum();
    let calls: u64 = sums.iter().map(|sum| sum.calls).sum();
    let (tokens_in, tokens_out) = sums
        .iter()
        .fold((0_u64, 0_u64), |(i, o), sum| (i.saturating_add(sum.tokens_in), o.saturating_add(sum.tokens_out)));
    let total_row = Row::default()
        .cell(paint, Role::Strong, "total", name, Side::Left)
        .cell(paint, Role::Strong, &format!("{total:.4}"), 8, Side::Right)
        .cell(paint, dim, "100%", 5, Side::Right)
        .cell(paint, Role::Strong, &format!("{}/{}", count(tokens_in), count(tokens_out)), 12, Side::Right)
        .cell(paint, Role::Strong, &calls.to_string(), 5, Side::Right);
    lines.push(total_row.line(false));
    if reserved > MicroUsd::ZERO {
        lines.push(paint.line(dim, format!("{reserved:.4} USD more are held for calls under way or in doubt")));
    }
    if reused > 0 {
        let saved: MicroUsd = sums.iter().map(|sum| sum.saved).sum();
        let answers = if reused == 1 { "1 answer was".to_owned() } else { format!("{reused} answers were") };
        lines.push(paint.line(dim, format!("{answers} reused: {saved:.4} USD saved")));
    }
    paint.lines(buf, area, &lines);
}
