//! The screen of an episode.
//!
//! ```text
//! full                                        compact
//! +- Stages -----------++- Live -----------+  +- Stages -------------------+
//! | stage by stage     || what is written  |  | stage by stage             |
//! |                    ||                  |  +----------------------------+
//! +--------------------+|                  |  +- [Live] Calls Needs -------+
//! +- Calls ------------++------------------+  | the panel of the tab       |
//! |                    || Needs            |  |                            |
//! +--------------------++------------------+  +----------------------------+
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::page::FULL;
use super::paint::{Paint, Row, Side, first_row, split_columns, split_rows, tabs};
use crate::domain::call::Usage;
use crate::domain::episode::{Call, CallState, Episode, Life, UnitState};
use crate::domain::event::{Handoff, Pin};
use crate::domain::ids::StageId;
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::Kind;
use crate::domain::queue::Wait;
use crate::engine::progress::CallProgress;
use crate::tui::look::{self, Mark};
use crate::tui::model::{AGAIN, Loadable, Shared};
use crate::tui::screens::episode::{EpisodeScreen, Panel};
use crate::tui::text::{clean, clock, count, fit, since, span, wrap};
use crate::tui::theme::Role;

/// What row 0 says of an episode.
pub(crate) fn header(shared: &Shared, screen: &EpisodeScreen) -> (String, String) {
    match shared.episode(screen.episode) {
        None => (format!("Episode {}", screen.episode), String::new()),
        Some(episode) => {
            let cap = episode.cap().map_or(String::new(), |cap| format!(" of {cap}"));
            let name = format!("Episode {}  {}", episode.number, clean(&episode.title));
            (name, format!("{}%  {}{cap} USD", look::strip(episode).percent, episode.spent()))
        }
    }
}

/// Draws an episode.
pub(crate) fn draw(paint: Paint, shared: &Shared, screen: &EpisodeScreen, buf: &mut Buffer, area: Rect) {
    let Some(episode) = shared.episode(screen.episode) else {
        let inner = paint.panel(buf, area, &format!("Episode {}", screen.episode), "", true);
        let text = match shared.whole.get(&screen.episode) {
            Some(Loadable::Failed(why)) => format!("It cannot be read: {why}. {AGAIN}"),
            Some(Loadable::Ready(_)) => "There is no such episode in this studio. Esc goes back.".to_owned(),
            Some(Loadable::Loading) | None => "Loading the episode …".to_owned(),
        };
        let rows = wrap(&text, usize::from(inner.width)).into_iter().map(|row| paint.line(Role::Dim, row));
        return paint.lines(buf, inner, &rows.collect::<Vec<_>>());
    };
    let stage = screen.stage(episode);
    let rows = u16::try_from(episode.pins.len()).unwrap_or(u16::MAX);
    if area.width >= FULL.0 && area.height + 4 >= FULL.1 {
        let (left, right) = split_columns(area, area.width * 62 / 100);
        let (stages_area, calls_area) = split_rows(left, rows.saturating_add(4).min(area.height.saturating_sub(8)));
        let needs_rows =
            u16::try_from(episode.needs.len()).unwrap_or(9).saturating_mul(3).saturating_add(2).clamp(4, 12);
        let (live_area, needs_area) = split_rows(right, area.height.saturating_sub(needs_rows));
        stages(paint, shared, screen, episode, buf, stages_area);
        let inner = paint.panel(
            buf,
            live_area,
            "2 Live",
            &live_note(shared, screen, episode, stage.as_ref()),
            screen.panel == Panel::Live,
        );
        live(paint, shared, screen, episode, stage.as_ref(), buf, inner);
        let inner =
            paint.panel(buf, calls_area, &calls_title(episode, stage.as_ref()), "", screen.panel == Panel::Calls);
        calls(paint, shared, episode, stage.as_ref(), buf, inner);
        let inner = paint.panel(buf, needs_area, "4 Needs", "Enter answers", screen.panel == Panel::Needs);
        needs(paint, shared, screen, episode, buf, inner);
        return;
    }
    let (upper, lower) = split_rows(area, rows.saturating_add(4).min(area.height / 2));
    stages(paint, shared, screen, episode, buf, upper);
    let names = ["2 Live".to_owned(), "3 Calls".to_owned(), format!("4 Needs {}", episode.needs.len())];
    let shown = match screen.panel {
        Panel::Stages | Panel::Live => 0,
        Panel::Calls => 1,
        Panel::Needs => 2,
    };
    let note = if shown == 0 { live_note(shared, screen, episode, stage.as_ref()) } else { String::new() };
    let inner = paint.panel(buf, lower, &tabs(&names, shown), &note, screen.panel != Panel::Stages);
    match screen.panel {
        Panel::Stages | Panel::Live => live(paint, shared, screen, episode, stage.as_ref(), buf, inner),
        Panel::Calls => calls(paint, shared, episode, stage.as_ref(), buf, inner),
        Panel::Needs => needs(paint, shared, screen, episode, buf, inner),
    }
}

/// What a stage cost and used, and when its last work ended.
struct Sums {
    calls: usize,
    usage: Usage,
    spent: MicroUsd,
    reserved: MicroUsd,
    machine_ms: u64,
}

fn sums(episode: &Episode, stage: &StageId) -> Sums {
    let zero =
        Sums { calls: 0, usage: Usage::default(), spent: MicroUsd::ZERO, reserved: MicroUsd::ZERO, machine_ms: 0 };
    episode.calls_of(stage).fold(zero, |sum, (_, call)| Sums {
        calls: sum.calls + 1,
        usage: sum.usage.plus(call.usage()),
        spent: sum.spent.plus(call.spent()),
        reserved: sum.reserved.plus(call.reserved()),
        machine_ms: sum.machine_ms.saturating_add(machine_ms(call)),
    })
}

fn machine_ms(call: &Call) -> u64 {
    match &call.state {
        CallState::Settled { machine_ms, .. } => *machine_ms,
        CallState::InFlight | CallState::Failed { .. } | CallState::Uncertain { .. } | CallState::Ruled { .. } => 0,
    }
}

fn stages(paint: Paint, shared: &Shared, screen: &EpisodeScreen, episode: &Episode, buf: &mut Buffer, area: Rect) {
    let life = match &episode.life {
        Life::Running | Life::Paused | Life::Packaged(_) => look::life(&episode.life, episode.provenance).to_owned(),
        Life::Cancelled(reason) | Life::Rejected(reason) => {
            format!("{}: {}", look::life(&episode.life, episode.provenance), clean(reason))
        }
    };
    let note = format!("round {}  {life}", episode.round());
    let inner = paint.panel(buf, area, "1 Stages", &note, screen.panel == Panel::Stages);
    let wide = usize::from(inner.width);
    // Mark, title, tries, tokens in and out, time, cost; what is left shows the model.
    let (title, model) = (20, wide.saturating_sub(4 + 21 + 4 + 12 + 7 + 8));
    let (head, rest) = split_rows(inner, 1);
    let (list, foot) = split_rows(rest, rest.height.saturating_sub(1));
    let dim = Role::Dim;
    let heading = Row::default()
        .cell(paint, dim, "", 3, Side::Left)
        .cell(paint, dim, "STAGE", title, Side::Left)
        .cell(paint, dim, "MODEL", model, Side::Left)
        .cell(paint, dim, "TRY", 3, Side::Right)
        .cell(paint, dim, "TOK IN/OUT", 11, Side::Right)
        .cell(paint, dim, "TIME", 6, Side::Right)
        .cell(paint, dim, "USD", 6, Side::Right);
    paint.lines(buf, head, &[heading.line(false)]);
    let standings = episode.standings();
    let selected = screen.stage(episode);
    let at = episode.pins.iter().position(|pin| Some(&pin.stage.id) == selected.as_ref()).unwrap_or(0);
    let from = first_row(at, episode.pins.len(), usize::from(list.height));
    let rows: Vec<Line> = episode
        .pins
        .iter()
        .skip(from)
        .take(usize::from(list.height))
        .map(|pin| {
            let id = &pin.stage.id;
            let mark = look::mark(episode, pin, &standings);
            let is_selected = Some(id) == selected.as_ref();
            let sums = sums(episode, id);
            let route = episode.route(id).map(|route| clean(&route.model));
            let by = route
                .unwrap_or_else(|| if pin.stage.kind == Kind::Gate { "gate".to_owned() } else { "local".to_owned() });
            let units = look::units(episode, id).map(|(done, all)| format!(" {done}/{all}")).unwrap_or_default();
            let role = match mark {
                Mark::Running => Role::Running,
                Mark::Person => Role::Person,
                Mark::Failed => Role::Failed,
                Mark::Later | Mark::Absent => Role::Dim,
                Mark::Done | Mark::Approved | Mark::Overridden => Role::Text,
            };
            let or = |is: bool, text: String| if is { text } else { String::new() };
            let tokens = or(sums.usage != Usage::default(), tokens(sums.usage));
            Row::default()
                .cell(paint, Role::Focus, if is_selected { "›" } else { "" }, 1, Side::Left)
                .pieces(vec![paint.mark(mark)])
                .cell(paint, role, &format!("{}{units}", clean(&pin.stage.title)), title, Side::Left)
                .cell(paint, Role::Dim, &by, model, Side::Left)
                .cell(paint, Role::Text, &or(sums.calls > 0, sums.calls.to_string()), 3, Side::Right)
                .cell(paint, Role::Text, &tokens, 11, Side::Right)
                .cell(paint, Role::Text, &time(shared, episode, pin, mark, sums.machine_ms), 6, Side::Right)
                .cell(paint, Role::Text, &or(sums.calls > 0, sums.spent.to_string()), 6, Side::Right)
                .line(is_selected)
        })
        .collect();
    paint.lines(buf, list, &rows);
    let usage = episode.usage();
    let saved = if episode.reused.is_empty() { String::new() } else { format!("  {} saved", episode.saved()) };
    let all = format!(
        "{} calls  {} in  {} out  {}{saved}  waited {}",
        episode.calls.len(),
        count(usage.tokens_in()),
        count(usage.output),
        look::money(episode),
        span(episode.waited_ms)
    );
    paint.lines(buf, foot, &[paint.line(Role::Dim, fit(&all, wide))]);
}

fn tokens(usage: Usage) -> String {
    if usage.characters > 0 {
        format!("{} ch", count(usage.characters))
    } else {
        format!("{}/{}", count(usage.tokens_in()), count(usage.output))
    }
}

/// The time that a stage took, or has been at work.
fn time(shared: &Shared, episode: &Episode, pin: &Pin, mark: Mark, machine_ms: u64) -> String {
    let state = episode.stages.get(&pin.stage.id);
    match (mark, state.and_then(|state| state.run.as_ref())) {
        (Mark::Running, Some(run)) => span(since(run.at, shared.now)),
        (Mark::Later | Mark::Absent, _) => String::new(),
        _ if machine_ms > 0 => span(machine_ms),
        _ => String::new(),
    }
}

/// Which call is watched, how many run beside it, and what it has written.
fn live_note(shared: &Shared, screen: &EpisodeScreen, episode: &Episode, stage: Option<&StageId>) -> String {
    let Some(stage) = stage else { return String::new() };
    let Some(key) = screen.watched(shared, episode) else { return look::title(episode, stage) };
    let running = screen.running(shared, episode);
    let place = running.iter().position(|other| *other == key).unwrap_or(0) + 1;
    let beside = if running.len() > 1 { format!("  {place} of {}", running.len()) } else { String::new() };
    let unit = look::units(episode, &key.stage).map(|_| format!(" {}", key.unit)).unwrap_or_default();
    let tokens = shared.progress.calls.get(key).map_or((0, false), |call| call.tokens());
    let written = match tokens {
        (0, _) => String::new(),
        (tokens, true) => format!("  {} tokens out", count(tokens)),
        (tokens, false) => format!("  ~{} tokens out", count(tokens)),
    };
    format!("{}{unit}{beside}{written}", look::title(episode, &key.stage))
}

/// What the answer of the watched call has become so far.
fn written(paint: Paint, call: &CallProgress, wide: usize) -> Vec<Line<'static>> {
    let rows = call.outline.lines().map(clean).flat_map(|line| wrap(&line, wide));
    let rows: Vec<Line> = rows.map(|row| paint.line(Role::Text, row)).collect();
    if !rows.is_empty() {
        return rows;
    }
    let text = match (call.is_thinking, call.bytes) {
        (true, _) => "The model is thinking; its thoughts are not shown.".to_owned(),
        (false, 0) => "The call was sent; nothing has come back yet.".to_owned(),
        (false, bytes) => format!("{} bytes have come back.", count(bytes)),
    };
    wrap(&text, wide).into_iter().map(|row| paint.line(Role::Running, row)).collect()
}

fn live(
    paint: Paint,
    shared: &Shared,
    screen: &EpisodeScreen,
    episode: &Episode,
    stage: Option<&StageId>,
    buf: &mut Buffer,
    area: Rect,
) {
    let Some(stage) = stage else { return };
    let wide = usize::from(area.width);
    let call = screen.watched(shared, episode).and_then(|key| shared.progress.calls.get(key));
    let rows = match call {
        Some(call) => written(paint, call, wide),
        None => about(paint, shared, episode, stage, wide),
    };
    let height = usize::from(area.height);
    // A stream is followed at its end; what stands still is read from its beginning.
    let most = rows.len().saturating_sub(height);
    let from = if call.is_some() { most.saturating_sub(screen.back) } else { 0 };
    let shown: Vec<Line> = rows.into_iter().skip(from).take(height).collect();
    paint.lines(buf, area, &shown);
    let below = most.saturating_sub(from);
    if call.is_some() && below > 0 && area.height > 0 {
        let note = format!(" {below} new lines below; f follows ");
        let y = area.bottom() - 1;
        buf.set_line(area.x, y, &paint.line(Role::Person, fit(&note, wide)), area.width);
    }
}

/// What a stage that is at work waits for, where none of its calls is under way.
fn waits(shared: &Shared, episode: &Episode, stage: &StageId) -> Option<String> {
    let waits = shared.snapshot.as_ref().map(|snapshot| snapshot.waits.as_slice()).unwrap_or_default();
    let is_own = |wait: &&Wait| (wait.key.episode, &wait.key.stage) == (episode.number, stage);
    if let Some(wait) = waits.iter().find(is_own) {
        return Some(format!("It waits: {}.", clean(&wait.words(shared.now))));
    }
    let calls = || episode.calls_of(stage).map(|(_, call)| call);
    let since = calls().filter(|call| call.is_in_batch()).map(|call| call.at).min()?;
    let is_alone = !calls().any(|call| call.is_under_way());
    is_alone.then(|| format!("In a batch for {}; the answers come within a day.", look::age(since, shared.now)))
}

/// What a stage that does not stream has made or waits for.
fn about(paint: Paint, shared: &Shared, episode: &Episode, stage: &StageId, wide: usize) -> Vec<Line<'static>> {
    let Some(pin) = episode.pin(stage) else { return Vec::new() };
    let standings = episode.standings();
    let mark = look::mark(episode, pin, &standings);
    let mut lines: Vec<Line> = Vec::new();
    let mut say = |role: Role, text: String| {
        lines.extend(wrap(&text, wide).into_iter().map(|row| paint.line(role, row)));
    };
    let state = episode.stages.get(stage);
    let for_money = look::waits_for_cap(shared, episode, stage);
    match mark {
        Mark::Running | Mark::Person if let Some([what, how]) = for_money => {
            say(Role::Person, what);
            say(Role::Dim, how);
        }
        Mark::Later | Mark::Absent => {
            let after: Vec<String> =
                pin.stage.inputs.iter().chain(&pin.stage.after).map(|id| look::title(episode, id)).collect();
            say(Role::Dim, "Not reached yet.".to_owned());
            if !after.is_empty() {
                say(Role::Dim, format!("It works from: {}.", after.join(", ")));
            }
        }
        Mark::Running => match waits(shared, episode, stage) {
            Some(what) => say(Role::Dim, what),
            None => say(Role::Running, "At work; nothing has streamed yet.".to_owned()),
        },
        Mark::Person => say(Role::Person, "It waits for you.".to_owned()),
        Mark::Failed => {
            let why = state.and_then(|state| state.run.as_ref()).and_then(|run| run.failed.clone());
            say(Role::Failed, why.map_or("A check fails.".to_owned(), |why| format!("It gave up: {}", clean(&why))));
        }
        Mark::Done => say(Role::Done, "Done.".to_owned()),
        Mark::Approved => say(Role::Done, "Approved.".to_owned()),
        Mark::Overridden => say(Role::Failed, "Failed, and overridden by a person.".to_owned()),
    }
    let windows = episode.calls_of(stage).filter_map(|(_, call)| Some((call.window?, call.usage())));
    if let Some((window, usage)) = windows.max_by_key(|(window, _)| window.reserved())
        && let (Some(context), Some(reserved)) = (window.context, window.share())
    {
        let used = usage.tokens_in().saturating_add(usage.output);
        let share = window.share_of(used).unwrap_or_default();
        let (used, context) = (count(used), count(u64::from(context)));
        say(Role::Dim, format!("Context: {used} of {context} tokens used ({share}), at most {reserved} reserved."));
    }
    if let Some(gate) = episode.gates.get(stage) {
        let inputs = standings.get(stage).and_then(|standing| standing.inputs());
        if let Some(evaluation) = inputs.and_then(|inputs| gate.evaluations.get(&inputs.hash)) {
            for reason in &evaluation.reasons {
                say(Role::Text, format!("• {}", clean(reason)));
            }
            say(Role::Dim, "Enter opens the gate.".to_owned());
        }
        for (hash, approval) in &gate.approvals {
            say(
                Role::Text,
                format!("approved by {} at {}Z: content {}", approval.by, clock(approval.at), hash.short()),
            );
        }
        for lapsed in &gate.lapsed {
            let (given, died) = (clock(lapsed.given), clock(lapsed.died));
            let said = format!("decided by {} at {given}Z for content {}", lapsed.by, lapsed.hash.short());
            say(Role::Dim, format!("{said}: void since the content changed at {died}Z; it needs a new decision."));
        }
    }
    if let Some(state) = state {
        let mut made: Vec<_> = state.outputs.values().collect();
        made.sort_by_key(|made| made.at);
        for made in made {
            let how = match made.handoff {
                Handoff::FirstTry => "first try",
                Handoff::Corrected => "after corrections",
                Handoff::Local => "by code",
                Handoff::Skipped => "passed on unchanged",
                Handoff::Chosen => "chosen",
            };
            let words = made.words.map(|words| format!("  {words} words")).unwrap_or_default();
            let claim = match (made.words, made.claimed_words) {
                (Some(words), Some(claimed)) if claimed != words => format!(" (the model claims {claimed})"),
                _ => String::new(),
            };
            let line = format!("r{} {}Z  {}  {how}{words}{claim}", made.round, clock(made.at), made.output.short());
            say(Role::Text, line);
        }
    }
    lines
}

fn calls_title(episode: &Episode, stage: Option<&StageId>) -> String {
    stage.map_or("3 Calls".to_owned(), |stage| format!("3 Calls of {}", look::title(episode, stage)))
}

fn calls(paint: Paint, shared: &Shared, episode: &Episode, stage: Option<&StageId>, buf: &mut Buffer, area: Rect) {
    let Some(stage) = stage else { return };
    let wide = usize::from(area.width);
    let mut all: Vec<_> = episode.calls_of(stage).collect();
    all.sort_by_key(|(key, call)| (call.at, key.unit, key.attempt));
    let mut lines: Vec<Line> = Vec::new();
    for (key, call) in &all {
        let (role, text) = match &call.state {
            CallState::InFlight if call.is_in_batch() => {
                (Role::Dim, format!("~ in a batch {}, answered within a day", look::age(call.at, shared.now)))
            }
            CallState::InFlight => (Role::Running, format!("> under way {}", look::age(call.at, shared.now))),
            CallState::Settled { usage, price, machine_ms, .. } => {
                (Role::Text, format!("■ {} {price:.4} {}", tokens(*usage), span(*machine_ms)))
            }
            CallState::Failed { message, price, .. } => {
                let paid = if *price > MicroUsd::ZERO { format!(" {price:.4}") } else { String::new() };
                (Role::Failed, format!("!{paid} {}", clean(message)))
            }
            CallState::Uncertain { reason } => (Role::Person, format!("? up to {:.4}: {}", call.worst, clean(reason))),
            CallState::Ruled { ruling } => (Role::Dim, format!("ruled ({ruling:?}), {:.4} counted", call.worst)),
        };
        let head = format!("{} {}-{} {} ", clock(call.at), key.unit, key.attempt, clean(&call.route.model));
        let room = wide.saturating_sub(head.len());
        lines.push(Line::from(vec![paint.span(Role::Dim, head), paint.span(role, fit(&text, room))]));
    }
    for reused in episode.reused.iter().filter(|reused| &reused.stage == stage) {
        let head = format!("{} {}   {} ", clock(reused.at), reused.unit, clean(&reused.route.model));
        let text = format!("= answered as {} was, {:.4} saved", reused.of, reused.saved);
        let room = wide.saturating_sub(head.len());
        lines.push(Line::from(vec![paint.span(Role::Dim, head), paint.span(Role::Done, fit(&text, room))]));
    }
    let run = episode.stages.get(stage).and_then(|state| state.run.as_ref());
    if let Some(run) = run {
        for (number, unit) in &run.units {
            let note = match &unit.state {
                UnitState::Waiting(Some(until)) if *until > shared.now => {
                    format!("unit {number}: the next try is in {}", look::age(shared.now, *until))
                }
                UnitState::Correcting(why) => format!("unit {number}: asked again, because {}", clean(why)),
                UnitState::Waiting(_)
                | UnitState::Calling(_)
                | UnitState::Answered(_)
                | UnitState::Reused(_)
                | UnitState::Held(_)
                | UnitState::Unread(_)
                | UnitState::Stuck
                | UnitState::Accepted(_) => continue,
            };
            lines.push(paint.line(Role::Person, fit(&note, wide)));
        }
    }
    if lines.is_empty() {
        lines.push(paint.line(Role::Dim, "This stage has made no paid call."));
    }
    let from = lines.len().saturating_sub(usize::from(area.height));
    let shown: Vec<Line> = lines.into_iter().skip(from).collect();
    paint.lines(buf, area, &shown);
}

fn needs(paint: Paint, shared: &Shared, screen: &EpisodeScreen, episode: &Episode, buf: &mut Buffer, area: Rect) {
    if episode.needs.is_empty() {
        return paint.lines(buf, area, &[paint.line(Role::Dim, "Nothing of this episode waits for you.")]);
    }
    let wide = usize::from(area.width);
    let at = episode.needs.iter().position(|open| Some(&open.id) == screen.need.as_ref()).unwrap_or(0);
    let mut lines = Vec::new();
    for (place, open) in episode.needs.iter().enumerate().skip(at.saturating_sub(2)) {
        let selected = place == at;
        let (what, how) = look::told(shared, episode, &open.need);
        let text = format!("{}  {what}", look::word(&open.need));
        for (n, row) in wrap(&text, wide.saturating_sub(2)).into_iter().take(3).enumerate() {
            let mark = if selected && n == 0 { "› " } else { "  " };
            let role = if n == 0 { Role::Person } else { Role::Text };
            lines.push(Line::from(vec![paint.span(Role::Focus, mark), paint.span(role, row)]));
        }
        lines.push(paint.line(Role::Dim, format!("  waits {}; {how}", look::age(open.since, shared.now))));
    }
    paint.lines(buf, area, &lines);
}
