//! The gate.
//!
//! ```text
//! full                                     compact
//! +- Script ------------++- Scores ------+  +- [Script] Scores Findings … --+
//! | lines, and below    ||               |  | the panel of the tab          |
//! | them disputes with  |+---------------+  |                               |
//! | both sides,         |+- Findings ----+  |                               |
//! | findings            || open first    |  |                               |
//! |                     |+---------------+  +-------------------------------+
//! +---------------------++- If you … ----+  +- Scores A / B ----------------+
//! +- Note --------------++---------------+  | dense; what an approval costs |
//! |                     |+- Revisions ---+  | and what B would send         |
//! +---------------------++---------------+  +-------------------------------+
//! ```
//!
//! Where the panels lie is worked out in [`gate_layout`](crate::tui::screens::gate_layout).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::paint::{Paint, tabs};
use super::{gate_note, gate_side, script};
use crate::domain::episode::Episode;
use crate::domain::event::{Provenance, Verdict};
use crate::domain::gate::Outcome;
use crate::domain::handoff::{Dimension, Points};
use crate::tui::boxes::propose_gate::spend;
use crate::tui::look;
use crate::tui::model::{AGAIN, Loadable, Shared};
use crate::tui::screens::diff::{changes, tally};
use crate::tui::screens::gate::{GateScreen, Panel};
use crate::tui::screens::gate_layout::{Layout, layout};
use crate::tui::screens::scene::Scene;
use crate::tui::text::{clean, fit, length, span, wrap};
use crate::tui::theme::Role;

/// What row 0 says of a gate.
pub(crate) fn header(shared: &Shared, screen: &GateScreen, is_wide: bool) -> (String, String) {
    let Some(episode) = shared.episode(screen.episode) else {
        return (format!("Gate of {}", screen.episode), String::new());
    };
    let waiting = look::waiting(episode, shared.now).filter(|_| is_wide);
    let waiting = waiting.map(|ms| format!("waiting {}  ", span(ms))).unwrap_or_default();
    let hash = shared.at_gate(screen.episode, &screen.gate).map(|hash| hash.short()).unwrap_or_default();
    let cap = episode.cap().map_or(String::new(), |cap| format!("/{cap}"));
    let short: String = hash.chars().take(8).collect();
    (
        format!("Gate {}  {}  r{}", episode.number, clean(&episode.title), episode.round()),
        format!("{waiting}{}{cap} USD  {short}", episode.spent()),
    )
}

/// The name of the gate; that of the last one says what a rehearsal leads to.
pub(crate) fn name(episode: &Episode, screen: &GateScreen) -> String {
    let at = look::title(episode, &screen.gate);
    let is_last =
        episode.pins.iter().rev().find(|pin| pin.stage.human.is_some()).is_some_and(|pin| pin.stage.id == screen.gate);
    match (is_last, episode.provenance) {
        (true, Provenance::Rehearsal) => format!("{at} (rehearsal: packages only)"),
        (true, Provenance::Live) | (false, _) => at,
    }
}

/// Draws a gate.
pub(crate) fn draw(paint: Paint, shared: &Shared, screen: &GateScreen, buf: &mut Buffer, area: Rect) {
    let Some(episode) = shared.episode(screen.episode) else {
        let inner = paint.panel(buf, area, "Gate", "", true);
        return paint.lines(buf, inner, &[paint.line(Role::Dim, "Loading the episode …")]);
    };
    let scene = screen.scene(shared, episode);
    match layout(area, screen, &scene) {
        at @ Layout::Full { .. } => full(paint, shared, screen, episode, &scene, buf, at),
        Layout::Compact { upper, lower } => compact(paint, shared, screen, episode, &scene, buf, upper, lower),
    }
}

/// What row 1 says of a gate: how much was read, what is open.
pub(crate) fn seen(shared: &Shared, screen: &GateScreen) -> String {
    let Some(episode) = shared.episode(screen.episode) else { return String::new() };
    let scene = screen.scene(shared, episode);
    let Some(script) = scene.script.and_then(|hash| shared.script(hash)) else { return String::new() };
    let read = screen.reading.percent(script.lines().map(|line| line.id));
    format!("read {read}%  findings {}  open {}", scene.findings.len(), screen.unruled(&scene).len())
}

fn full(
    paint: Paint,
    shared: &Shared,
    screen: &GateScreen,
    episode: &Episode,
    scene: &Scene,
    buf: &mut Buffer,
    at: Layout,
) {
    let Layout::Full { script, note, scores, findings, spend, revisions } = at else { return };
    let focus = |panel: Panel| screen.panel == panel;
    let inner =
        paint.panel(buf, script, "1 Script", &script_note(shared, screen, episode, scene), focus(Panel::Script));
    script_panel(paint, shared, screen, scene, buf, inner);
    let inner = paint.panel(buf, scores, "2 Scores", &gate_side::scores_note(scene), focus(Panel::Scores));
    gate_side::scores(paint, screen, scene, buf, inner);
    let inner = paint.panel(buf, findings, &findings_title(screen, scene), "n / N", focus(Panel::Findings));
    gate_side::findings(paint, episode, screen, scene, buf, inner);
    let title = gate_note::note_title(screen, scene);
    let inner = paint.panel(buf, note, &title, &gate_note::note_state(shared, screen), focus(Panel::Note));
    gate_note::note(paint, shared, episode, screen, scene, buf, inner);
    let word = verdict(paint, scene).content.to_string();
    let inner = paint.panel(buf, spend, gate_side::spending_title(scene), &format!("gate: {word}"), false);
    gate_side::spending(paint, episode, screen, scene, buf, inner);
    let inner = paint.panel(buf, revisions, "5 Revisions", "Enter compares", focus(Panel::Revisions));
    gate_side::revisions(paint, episode, screen, scene, buf, inner);
}

fn findings_title(screen: &GateScreen, scene: &Scene) -> String {
    let open = screen.unruled(scene).len();
    let open = if open == 0 { String::new() } else { format!(" · {open} open") };
    format!("3 Findings · {}{open}", scene.entries().len())
}

#[expect(clippy::too_many_arguments, reason = "a panel with the two places that it is drawn in")]
fn compact(
    paint: Paint,
    shared: &Shared,
    screen: &GateScreen,
    episode: &Episode,
    scene: &Scene,
    buf: &mut Buffer,
    upper: Rect,
    lower: Rect,
) {
    let names = [
        "1 Script".to_owned(),
        "2 Scores".to_owned(),
        format!("3 Findings {}", scene.entries().len()),
        "4 Note".to_owned(),
        "5 Revisions".to_owned(),
    ];
    let at = Panel::ALL.iter().position(|panel| *panel == screen.panel).unwrap_or(0);
    let note = match screen.panel {
        Panel::Script => script_note(shared, screen, episode, scene),
        Panel::Note => gate_note::note_state(shared, screen),
        Panel::Scores | Panel::Findings | Panel::Revisions => String::new(),
    };
    let inner = paint.panel(buf, upper, &tabs(&names, at), &note, true);
    match screen.panel {
        Panel::Script => script_panel(paint, shared, screen, scene, buf, inner),
        Panel::Scores => gate_side::scores(paint, screen, scene, buf, inner),
        Panel::Findings => gate_side::findings(paint, episode, screen, scene, buf, inner),
        Panel::Note => gate_note::note(paint, shared, episode, screen, scene, buf, inner),
        Panel::Revisions => gate_side::revisions(paint, episode, screen, scene, buf, inner),
    }
    let letters: Vec<String> = scene.judges.iter().map(|judge| judge.letter.to_string()).collect();
    let inner = paint.panel(buf, lower, &format!("Scores  {}", letters.join(" / ")), "", false);
    let wide = usize::from(inner.width);
    let mut lines = dense(paint, scene);
    let open = screen.unruled(scene).len();
    let agreed = scene.report.as_deref().filter(|report| !report.dimensions.is_empty()).map(|report| {
        let (exact, within, all) = gate_side::agreement(report);
        format!("   exact {exact}/{all}  within one {within}/{all}")
    });
    let reason = scene.evaluation.as_ref().and_then(|evaluation| evaluation.reasons.first());
    let more = agreed.or_else(|| reason.map(|reason| format!("   {}", clean(reason)))).unwrap_or_default();
    lines.push(Line::from(vec![
        verdict(paint, scene),
        paint.span(Role::Text, fit(&format!("   open {open}{more}"), wide.saturating_sub(11))),
    ]));
    if scene.open {
        let [most, starts] = spend(episode, &screen.gate);
        let verb = gate_side::spending_title(scene);
        lines.push(paint.line(Role::Strong, fit(&format!("{verb}: {most}; {starts}"), wide)));
    }
    let note = screen.note.note();
    let first = screen.note.fixes.iter().find(|fix| !fix.struck).map(|fix| clean(&fix.fix.wanted)).unwrap_or_default();
    lines.push(paint.line(Role::Dim, fit(&format!("B would send {} fixes: {first}", note.fixes.len()), wide)));
    paint.lines(buf, inner, &lines);
}

/// The scores in two lines; before the gate has reported, as they come in.
fn dense(paint: Paint, scene: &Scene) -> Vec<Line<'static>> {
    let mut lines: Vec<Vec<Span<'static>>> = vec![Vec::new(), Vec::new()];
    let mut put = |at: usize, name: &str, scores: &[String], word: &str, role: Role| {
        if let Some(line) = lines.get_mut(at / 4) {
            line.push(paint.span(Role::Dim, format!("{name} ")));
            line.push(paint.span(role, format!("{}{word}  ", scores.join("/"))));
        }
    };
    let told = |points: Option<Points>| points.map_or("..".to_owned(), |points| points.to_string());
    match scene.report.as_deref().filter(|report| !report.dimensions.is_empty()) {
        Some(report) => {
            for (at, row) in report.dimensions.iter().enumerate() {
                let scores: Vec<String> = row.given.iter().map(|given| told(given.points)).collect();
                let (word, role) = match row.outcome {
                    Outcome::Disputed(_) => (" DISPUTE", Role::Dispute),
                    Outcome::Below(_) => (" BELOW", Role::Failed),
                    Outcome::Holds(_) => ("", Role::Text),
                };
                put(at, short(row.dimension), &scores, word, role);
            }
        }
        None if !scene.judges.is_empty() => {
            for (at, dimension) in Dimension::ALL.into_iter().enumerate() {
                let of = |judge: &crate::tui::screens::findings::Judge| {
                    told(judge.judgement.as_ref().and_then(|judgement| judgement.points(dimension)))
                };
                let scores: Vec<String> = scene.judges.iter().map(of).collect();
                put(at, short(dimension), &scores, "", Role::Dim);
            }
        }
        None => {
            if let Some(line) = lines.first_mut() {
                let checks = scene.report.iter().flat_map(|report| &report.checks);
                for check in checks {
                    let role = if check.passed { Role::Done } else { Role::Failed };
                    let word = if check.passed { "ok" } else { "FAILS" };
                    line.push(paint.span(role, format!("{} {word}  ", clean(&check.name))));
                }
            }
        }
    }
    lines.into_iter().map(Line::from).collect()
}

/// A dimension where there is little room.
fn short(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::BrandVoice => "voice",
        Dimension::Accuracy
        | Dimension::Sensitivity
        | Dimension::Coherence
        | Dimension::Completeness
        | Dimension::Hook
        | Dimension::Pacing
        | Dimension::Accessibility => dimension.title(),
    }
}

/// How the gate judged, in a word.
pub(crate) fn verdict(paint: Paint, scene: &Scene) -> Span<'static> {
    match scene.evaluation.as_ref().map(|evaluation| evaluation.verdict) {
        Some(Verdict::Passed) => paint.span(Role::Done, "PASSED"),
        Some(Verdict::Failed) => paint.span(Role::Failed, "FAILED"),
        Some(Verdict::Person) if scene.open => paint.span(Role::Person, "YOU DECIDE"),
        Some(Verdict::Person) => paint.span(Role::Done, "DECIDED"),
        None => paint.span(Role::Dim, "NOT JUDGED"),
    }
}

fn script_note(shared: &Shared, screen: &GateScreen, episode: &Episode, scene: &Scene) -> String {
    let measured = scene.script.and_then(|hash| shared.script(hash)).map(|script| script.measure());
    let words =
        measured.map(|m| format!("{} words, {}", m.words, length(m.duration_ms(episode.policy.words_per_minute))));
    let against = screen.compared(scene).filter(|_| screen.diff);
    let place = against.and_then(|base| scene.revisions.iter().position(|revision| revision.output == base));
    let counts = against.and_then(|base| {
        let (old, new) = (shared.script(base)?, shared.script(scene.script?)?);
        let (added, removed, reworded) = tally(&changes(old, new));
        Some(format!(": {added} added, {removed} gone, {reworded} reworded"))
    });
    let counts = counts.unwrap_or_default();
    let diff = place.map(|at| format!("against v{}{counts}  ", at + 1)).unwrap_or_default();
    format!("{diff}{}", words.unwrap_or_default())
}

fn script_panel(paint: Paint, shared: &Shared, screen: &GateScreen, scene: &Scene, buf: &mut Buffer, area: Rect) {
    let say = |buf: &mut Buffer, role: Role, text: String| paint.lines(buf, area, &[paint.line(role, text)]);
    let Some(hash) = scene.script else {
        return say(buf, Role::Dim, "No script stands at this gate.".to_owned());
    };
    if let Some(Loadable::Failed(why)) = shared.artifacts.get(&hash) {
        let text = format!("The script cannot be read: {why}. {AGAIN}");
        let rows = wrap(&text, usize::from(area.width)).into_iter().map(|row| paint.line(Role::Failed, row));
        return paint.lines(buf, area, &rows.collect::<Vec<_>>());
    }
    let Some(text) = shared.script(hash) else { return say(buf, Role::Dim, "Loading the script …".to_owned()) };
    let base = screen.compared(scene).filter(|_| screen.diff);
    let old = base.and_then(|base| shared.script(base));
    script::draw(paint, screen, scene, text, old.map(AsRef::as_ref), buf, area);
}
