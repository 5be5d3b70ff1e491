//! The gate.
//!
//! ```text
//! full                                     compact
//! +- Script ------------++- Scores ------+  +- [Script] Scores Findings … --+
//! | lines, and findings ||               |  | the panel of the tab          |
//! | under their lines   |+---------------+  |                               |
//! |                     |+- Findings ----+  |                               |
//! |                     ||               |  +-------------------------------+
//! +---------------------++---------------+  +- Scores A / B ----------------+
//! +- Note --------------++- Revisions ---+  | dense, and what B would send  |
//! +---------------------++---------------+  +-------------------------------+
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::page::FULL;
use super::paint::{Paint, split_columns, split_rows, tabs};
use super::{gate_side, script};
use crate::domain::episode::Episode;
use crate::domain::event::{Provenance, Verdict};
use crate::domain::handoff::Severity;
use crate::tui::look;
use crate::tui::model::{Loadable, Shared};
use crate::tui::screens::diff::{changes, tally};
use crate::tui::screens::findings::{Agreement, DIMENSIONS, agreement, score};
use crate::tui::screens::gate::{GateScreen, Panel, Scene};
use crate::tui::text::{clean, fit, span};
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
    if area.width >= FULL.0 && area.height + 4 >= FULL.1 {
        full(paint, shared, screen, episode, &scene, buf, area);
    } else {
        compact(paint, shared, screen, episode, &scene, buf, area);
    }
}

fn full(
    paint: Paint,
    shared: &Shared,
    screen: &GateScreen,
    episode: &Episode,
    scene: &Scene,
    buf: &mut Buffer,
    area: Rect,
) {
    let (left, right) = split_columns(area, area.width * 58 / 100);
    let note_rows = (area.height * 34 / 100).max(9);
    let (script_area, note_area) = split_rows(left, left.height.saturating_sub(note_rows));
    let scores_rows = 9 + u16::from(scene.judges.iter().any(|judge| !judge.current));
    let (scores_area, rest) = split_rows(right, scores_rows);
    let revision_rows = u16::try_from(scene.revisions.len()).unwrap_or(9).saturating_add(3).clamp(5, 9);
    let (findings_area, revisions_area) = split_rows(rest, rest.height.saturating_sub(revision_rows));
    let focus = |panel: Panel| screen.panel == panel;
    let inner =
        paint.panel(buf, script_area, "1 Script", &script_note(shared, screen, episode, scene), focus(Panel::Script));
    script_panel(paint, shared, screen, scene, buf, inner);
    let inner = paint.panel(buf, scores_area, "2 Scores", "a mean never decides", focus(Panel::Scores));
    gate_side::scores(paint, scene, buf, inner);
    let title = format!("3 Findings · {}", scene.findings.len());
    let inner = paint.panel(buf, findings_area, &title, "n / N", focus(Panel::Findings));
    gate_side::findings(paint, episode, screen, scene, buf, inner);
    let inner = paint.panel(
        buf,
        note_area,
        &gate_side::note_title(screen, scene),
        &gate_side::note_state(shared, screen),
        focus(Panel::Note),
    );
    gate_side::note(paint, shared, screen, scene, buf, inner);
    let inner = paint.panel(buf, revisions_area, "5 Revisions", "Enter compares", focus(Panel::Revisions));
    gate_side::revisions(paint, episode, screen, scene, buf, inner);
}

fn compact(
    paint: Paint,
    shared: &Shared,
    screen: &GateScreen,
    episode: &Episode,
    scene: &Scene,
    buf: &mut Buffer,
    area: Rect,
) {
    let (upper, lower) = split_rows(area, area.height.saturating_sub(6));
    let names = [
        "1 Script".to_owned(),
        "2 Scores".to_owned(),
        format!("3 Findings {}", scene.findings.len()),
        "4 Note".to_owned(),
        "5 Revisions".to_owned(),
    ];
    let at = Panel::ALL.iter().position(|panel| *panel == screen.panel).unwrap_or(0);
    let note = match screen.panel {
        Panel::Script => script_note(shared, screen, episode, scene),
        Panel::Note => gate_side::note_state(shared, screen),
        Panel::Scores | Panel::Findings | Panel::Revisions => String::new(),
    };
    let inner = paint.panel(buf, upper, &tabs(&names, at), &note, true);
    match screen.panel {
        Panel::Script => script_panel(paint, shared, screen, scene, buf, inner),
        Panel::Scores => gate_side::scores(paint, scene, buf, inner),
        Panel::Findings => gate_side::findings(paint, episode, screen, scene, buf, inner),
        Panel::Note => gate_side::note(paint, shared, screen, scene, buf, inner),
        Panel::Revisions => gate_side::revisions(paint, episode, screen, scene, buf, inner),
    }
    let letters: Vec<String> = scene.judges.iter().map(|judge| judge.letter.to_string()).collect();
    let inner = paint.panel(buf, lower, &format!("Scores  {}", letters.join(" / ")), "", false);
    let wide = usize::from(inner.width);
    let mut lines = dense(paint, scene);
    let blockers = scene.findings.iter().filter(|shown| shown.finding.severity == Severity::Blocker).count();
    let reason = scene.evaluation.as_ref().and_then(|evaluation| evaluation.reasons.first());
    let reason = reason.map(|reason| format!("   {}", clean(reason))).unwrap_or_default();
    lines.push(Line::from(vec![
        verdict(paint, scene),
        paint.span(Role::Text, fit(&format!("  blockers {blockers}{reason}"), wide.saturating_sub(14))),
    ]));
    let note = screen.note.note();
    let first =
        screen.note.fixes.iter().find(|fix| !fix.struck).map(|fix| clean(&fix.fix.wanted)).unwrap_or_default();
    lines.push(paint.line(Role::Dim, fit(&format!("B would send {} fixes: {first}", note.fixes.len()), wide)));
    paint.lines(buf, inner, &lines);
}

/// The scores in two lines.
fn dense(paint: Paint, scene: &Scene) -> Vec<Line<'static>> {
    let mut lines: Vec<Vec<Span<'static>>> = vec![Vec::new(), Vec::new()];
    for (at, (dimension, name)) in DIMENSIONS.iter().enumerate() {
        let scores: Vec<String> = scene
            .judges
            .iter()
            .map(|judge| {
                score(judge, *dimension).map_or("..".to_owned(), |points| points.to_string())
            })
            .collect();
        let (word, role) = match agreement(&scene.judges, *dimension) {
            Agreement::Dispute => (" DISPUTE", Role::Dispute),
            Agreement::Below => (" BELOW", Role::Failed),
            Agreement::Holds | Agreement::Unknown => ("", Role::Text),
        };
        if let Some(line) = lines.get_mut(at / 3) {
            line.push(paint.span(Role::Dim, format!("{name} ")));
            line.push(paint.span(role, format!("{}{word}   ", scores.join("/"))));
        }
    }
    lines.into_iter().map(Line::from).collect()
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
    let words = measured.map(|m| {
        let minutes = m.duration_ms(episode.policy.words_per_minute) / 60_000;
        format!("{} words, about {minutes} min", m.words)
    });
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
        return say(buf, Role::Failed, format!("The script cannot be read: {why}"));
    }
    let Some(text) = shared.script(hash) else { return say(buf, Role::Dim, "Loading the script …".to_owned()) };
    let base = screen.compared(scene).filter(|_| screen.diff);
    let old = base.and_then(|base| shared.script(base));
    script::draw(paint, screen, scene, text, old.map(AsRef::as_ref), buf, area);
}
