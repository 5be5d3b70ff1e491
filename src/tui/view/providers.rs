//! The providers.
//!
//! ```text
//! +- Providers --------------------------------------------------------------+
//! |   PROVIDER    STATE        CALLS  WAITING  LONGEST   P50    P95     FAIL |
//! | > anthropic   busy           4/8       12      34s    8s    12s        3 |
//! +--------------------------------------------------------------------------+
//! +- anthropic --------------------------------------------------------------+
//! | the longest wait, limits that were learned, failures by class, retries   |
//! +--------------------------------------------------------------------------+
//! +- Waiting ----------------------------------------------------------------+
//! | each stage whose calls wait, for what and for how long                   |
//! +--------------------------------------------------------------------------+
//! ```
//! The same at both sizes; the lower panels share what is left.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::paint::{Paint, Row, Side, split_rows};
use crate::domain::lane::Lane;
use crate::domain::traffic::Breaker;
use crate::tui::model::Shared;
use crate::tui::screens::providers::{ProvidersScreen, lanes};
use crate::tui::text::{clean, span, wrap};
use crate::tui::theme::Role;

/// What row 0 says of the providers.
pub(crate) fn header(shared: &Shared) -> (String, String) {
    let all = lanes(shared);
    let (calls, waiting) =
        all.iter().fold((0_u32, 0_usize), |(calls, waiting), lane| (calls + lane.in_flight, waiting + lane.waiting));
    ("Providers".to_owned(), format!("{calls} under way  {waiting} waiting"))
}

/// Draws the providers.
pub(crate) fn draw(paint: Paint, shared: &Shared, screen: &ProvidersScreen, buf: &mut Buffer, area: Rect) {
    let all = lanes(shared);
    let rows = u16::try_from(all.len()).unwrap_or(u16::MAX).saturating_add(3);
    let (upper, rest) = split_rows(area, rows);
    let inner = paint.panel(buf, upper, "Providers", "times of the latest answers, failures of an hour", true);
    table(paint, shared, screen, buf, inner);
    let (more, waits) = split_rows(rest, rest.height / 2);
    if let Some(lane) = screen.shown(shared) {
        let inner = paint.panel(buf, more, lane.provider.name(), &format!("{} answered", lane.answered), false);
        let remarks = lane.remarks(shared.now);
        let lines = if remarks.is_empty() {
            vec![paint.line(Role::Dim, "Nothing was learned of its limits, and nothing failed.")]
        } else {
            wrapped(paint, Role::Text, &remarks, inner)
        };
        paint.lines(buf, inner, &lines);
    }
    waiting(paint, shared, buf, waits);
}

fn wrapped(paint: Paint, role: Role, texts: &[String], area: Rect) -> Vec<Line<'static>> {
    let rows = texts.iter().flat_map(|text| wrap(&clean(text), usize::from(area.width)));
    rows.map(|row| paint.line(role, row)).collect()
}

/// The role of a provider's state.
pub(crate) fn role(lane: &Lane) -> Role {
    match &lane.breaker {
        Breaker::Open { .. } => Role::Failed,
        Breaker::Probing { .. } => Role::Person,
        Breaker::Closed if lane.is_used_up => Role::Failed,
        Breaker::Closed if lane.paused_until.is_some() || lane.failing > 0 => Role::Person,
        Breaker::Closed if lane.in_flight > 0 => Role::Running,
        Breaker::Closed => Role::Dim,
    }
}

fn table(paint: Paint, shared: &Shared, screen: &ProvidersScreen, buf: &mut Buffer, area: Rect) {
    let shown = screen.shown(shared).map(|lane| lane.provider);
    let state = usize::from(area.width).saturating_sub(2 + 11 + 6 + 8 + 8 + 7 + 7 + 5 + 1).min(30);
    let heading = Row::default()
        .cell(paint, Role::Dim, "", 1, Side::Left)
        .cell(paint, Role::Dim, "PROVIDER", 10, Side::Left)
        .cell(paint, Role::Dim, "STATE", state, Side::Left)
        .cell(paint, Role::Dim, "CALLS", 5, Side::Right)
        .cell(paint, Role::Dim, "WAITING", 7, Side::Right)
        .cell(paint, Role::Dim, "LONGEST", 7, Side::Right)
        .cell(paint, Role::Dim, "P50", 6, Side::Right)
        .cell(paint, Role::Dim, "P95", 6, Side::Right)
        .cell(paint, Role::Dim, "FAIL", 4, Side::Right);
    let mut lines = vec![heading.line(false)];
    for lane in lanes(shared) {
        let selected = Some(lane.provider) == shown;
        let longest = lane.longest.as_ref().map(|wait| span(wait.ms(shared.now))).unwrap_or_default();
        let failed: u64 = lane.failed.values().sum();
        let row = Row::default()
            .cell(paint, Role::Focus, if selected { "›" } else { "" }, 1, Side::Left)
            .cell(paint, Role::Text, lane.provider.name(), 10, Side::Left)
            .cell(paint, role(lane), &lane.state(), state, Side::Left)
            .cell(paint, Role::Text, &format!("{}/{}", lane.in_flight, lane.at_once()), 5, Side::Right)
            .cell(paint, Role::Text, &lane.waiting.to_string(), 7, Side::Right)
            .cell(paint, Role::Text, &longest, 7, Side::Right)
            .cell(paint, Role::Text, &lane.p50_ms.map(took).unwrap_or_default(), 6, Side::Right)
            .cell(paint, Role::Text, &lane.p95_ms.map(took).unwrap_or_default(), 6, Side::Right)
            .cell(paint, if failed > 0 { Role::Failed } else { Role::Dim }, &failed.to_string(), 4, Side::Right);
        lines.push(row.line(selected));
    }
    paint.lines(buf, area, &lines);
}

/// Seconds with a tenth.
pub(crate) fn took(ms: u64) -> String {
    format!("{}.{}s", ms / 1_000, ms % 1_000 / 100)
}

fn waiting(paint: Paint, shared: &Shared, buf: &mut Buffer, area: Rect) {
    let waits = shared.snapshot.as_ref().map(|snapshot| snapshot.waits.as_slice()).unwrap_or_default();
    let inner = paint.panel(buf, area, "Waiting for a provider", "the longest first", false);
    if waits.is_empty() {
        return paint.lines(buf, inner, &[paint.line(Role::Dim, "No call waits for a provider.")]);
    }
    let texts: Vec<String> =
        waits.iter().map(|wait| format!("{} ({})", wait.words(shared.now), wait.route.model)).collect();
    paint.lines(buf, inner, &wrapped(paint, Role::Text, &texts, inner));
}
