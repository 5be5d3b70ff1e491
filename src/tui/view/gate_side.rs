//! The panels beside the script at a gate: scores, what is open and found, what an approval costs, revisions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::paint::{Paint, Row, Side, first_row};
use crate::domain::episode::Episode;
use crate::domain::event::Verdict;
use crate::domain::gate::{DimensionRow, Given, Outcome, Report};
use crate::domain::handoff::{Dimension, Points};
use crate::tui::boxes::propose_gate::spend;
use crate::tui::look;
use crate::tui::screens::findings::{Item, Judge, Pick, Shown, letter, letter_of};
use crate::tui::screens::gate::GateScreen;
use crate::tui::screens::revisions::fate;
use crate::tui::screens::scene::{Scene, State};
use crate::tui::screens::sheet::{severity, state_role};
use crate::tui::text::{clean, clock, fit, wrap};
use crate::tui::theme::Role;

/// A judge's points: the median, how far the samples lie apart, in brackets where it stands from an earlier revision.
pub(crate) fn points(given: &Given) -> String {
    let points = given.points.map_or("..".to_owned(), |points| points.to_string());
    let spread = if given.spread > 0 { format!("±{}", given.spread) } else { String::new() };
    if given.carried { format!("({points}{spread})") } else { format!("{points}{spread}") }
}

/// What the judges say together of a dimension, in words, as the gate's report has it.
pub(crate) fn result(scene: &Scene, screen: &GateScreen, row: &DimensionRow) -> (String, Role) {
    match row.outcome {
        Outcome::Holds(_) => {
            let given = || row.given.iter().filter_map(|given| given.points);
            let apart = given().max().zip(given().min()).map_or(0, |(most, least)| most.gap(least));
            (if apart == 0 { "ok".to_owned() } else { format!("ok, by {apart}") }, Role::Done)
        }
        Outcome::Below(_) => ("below".to_owned(), Role::Failed),
        Outcome::Disputed(_) => {
            let is_this =
                |item: &&Item| item.dispute.as_ref().is_some_and(|d| d.line.is_none() && d.dimension == row.dimension);
            let state = scene.items.iter().find(is_this).map(|item| screen.item_state(scene, item));
            match state {
                Some(State::Open) => ("DISPUTE, you".to_owned(), Role::Dispute),
                Some(State::Ruled(ruling)) => (ruling.words().to_owned(), Role::Text),
                Some(State::Settled | State::Noted | State::Loose) | None => ("DISPUTE".to_owned(), Role::Dispute),
            }
        }
    }
}

/// How many dimensions got equal points from all judges, how many at most one apart, and how many there are.
pub(crate) fn agreement(report: &Report) -> (usize, usize, usize) {
    let within = |most: u8| {
        let is_within = |row: &&DimensionRow| {
            let given: Option<Vec<Points>> = row.given.iter().map(|given| given.points).collect();
            let ends = given.and_then(|given| given.iter().max().copied().zip(given.iter().min().copied()));
            ends.is_some_and(|(high, low)| high.gap(low) <= most)
        };
        report.dimensions.iter().filter(is_within).count()
    };
    (within(0), within(1), report.dimensions.len())
}

/// The note of the scores' panel.
pub(crate) fn scores_note(scene: &Scene) -> String {
    let report = scene.report.as_ref().filter(|report| !report.dimensions.is_empty());
    report.map(|report| format!("{}, 1 to 5", clean(&report.rubric))).unwrap_or_default()
}

/// Columns of the scores: the dimension, each judge, the floor.
const NAME: usize = 13;
const POINTS: usize = 5;
const FLOOR: usize = 5;

/// The scores of every judge against the floors.
pub(crate) fn scores(paint: Paint, screen: &GateScreen, scene: &Scene, buf: &mut Buffer, area: Rect) {
    let wide = usize::from(area.width);
    let mut lines = match &scene.report {
        Some(report) if !report.dimensions.is_empty() => weighed(paint, screen, scene, report, wide),
        Some(report) => checks(paint, report, wide),
        None => coming_in(paint, scene),
    };
    let notes = scene.report.iter().flat_map(|report| &report.notes);
    for note in notes {
        lines
            .extend(wrap(&format!("note: {}", clean(note)), wide).into_iter().map(|row| paint.line(Role::Person, row)));
    }
    paint.lines(buf, area, &lines);
}

fn heading(paint: Paint, letters: impl Iterator<Item = char>) -> Row {
    let row = Row::default().cell(paint, Role::Dim, "DIMENSION", NAME, Side::Left);
    letters.fold(row, |row, letter| row.cell(paint, Role::Dim, &letter.to_string(), POINTS, Side::Right))
}

fn weighed(paint: Paint, screen: &GateScreen, scene: &Scene, report: &Report, wide: usize) -> Vec<Line<'static>> {
    let dim = Role::Dim;
    let judges = report.dimensions.first().map_or(0, |row| row.given.len());
    let room = wide.saturating_sub(NAME + FLOOR + 3 + judges * (POINTS + 1));
    let head = heading(paint, (0..judges).map(letter)).cell(paint, dim, "FLOOR", FLOOR, Side::Right);
    let mut lines = vec![head.cell(paint, dim, " RESULT", room, Side::Left).line(false)];
    for row in &report.dimensions {
        let mut cells = Row::default().cell(paint, Role::Text, row.dimension.title(), NAME, Side::Left);
        for given in &row.given {
            let role = match given.points {
                Some(points) if points < row.floor => Role::Failed,
                Some(_) if !given.carried => Role::Strong,
                Some(_) | None => dim,
            };
            cells = cells.cell(paint, role, &points(given), POINTS, Side::Right);
        }
        let (word, role) = result(scene, screen, row);
        let cells = cells.cell(paint, dim, &row.floor.to_string(), FLOOR, Side::Right);
        lines.push(cells.cell(paint, role, &format!(" {word}"), room, Side::Left).line(false));
    }
    let mut means = Row::default().cell(paint, dim, "mean", NAME, Side::Left);
    for mean in &report.measured.means {
        let text = format!("{}.{:02}", mean.hundredths / 100, mean.hundredths % 100);
        means = means.cell(paint, dim, &text, POINTS, Side::Right);
    }
    lines.push(means.cell(paint, dim, " never gates", 13, Side::Left).line(false));
    let (exact, within, all) = agreement(report);
    let carried = report.dimensions.iter().flat_map(|row| &row.given).any(|given| given.carried);
    let disputes = report.disputes.len();
    let text = format!("exact {exact}/{all}  within one {within}/{all}  disputes {disputes}");
    lines.push(paint.line(dim, fit(&text, wide)));
    if carried {
        lines.push(paint.line(dim, fit("( ) stands from the revision before", wide)));
    }
    lines
}

/// A gate where nobody judges: what code checked.
fn checks(paint: Paint, report: &Report, wide: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for check in &report.checks {
        let (word, role) = if check.passed { ("ok  ", Role::Done) } else { ("FAIL", Role::Failed) };
        let text = format!("{}: {}", clean(&check.name), clean(&check.detail));
        for (n, row) in wrap(&text, wide.saturating_sub(5)).into_iter().take(3).enumerate() {
            let lead = if n == 0 { paint.span(role, format!("{word} ")) } else { Span::raw("     ") };
            lines.push(Line::from(vec![lead, paint.span(Role::Text, row)]));
        }
    }
    if lines.is_empty() {
        lines.push(paint.line(Role::Dim, "No judge speaks at this gate, and nothing was checked."));
    }
    lines
}

/// Before the gate has reported: the judges as they come in, weighed by nobody.
fn coming_in(paint: Paint, scene: &Scene) -> Vec<Line<'static>> {
    if scene.judges.is_empty() {
        return vec![paint.line(Role::Dim, "No judge has reported here.")];
    }
    let letters = scene.judges.iter().map(|judge| judge.letter);
    let mut lines = vec![heading(paint, letters).line(false)];
    for dimension in Dimension::ALL {
        let mut row = Row::default().cell(paint, Role::Dim, dimension.title(), NAME, Side::Left);
        for judge in &scene.judges {
            let given = judge.judgement.as_ref().and_then(|judgement| judgement.points(dimension));
            let text = given.map_or("..".to_owned(), |points| points.to_string());
            row = row.cell(paint, Role::Dim, &text, POINTS, Side::Right);
        }
        lines.push(row.line(false));
    }
    lines.push(paint.line(Role::Dim, "as they come in; the gate has not weighed them yet"));
    lines
}

/// Who objects in an item, and the arbiter where it gave its advice.
fn speakers(report: Option<&Report>, item: &Item) -> String {
    let Some((report, dispute)) = report.zip(item.dispute.as_ref()) else { return String::new() };
    let views = dispute.views.iter().filter(|view| view.objects);
    let mut all: Vec<String> = views.map(|view| letter_of(report, &view.judge).to_string()).collect();
    all.extend(dispute.advice.is_some().then(|| "X".to_owned()));
    all.join(",")
}

/// What is open, disputed and found, in a list; and why the gate asks.
pub(crate) fn findings(
    paint: Paint,
    episode: &Episode,
    screen: &GateScreen,
    scene: &Scene,
    buf: &mut Buffer,
    area: Rect,
) {
    let wide = usize::from(area.width);
    let room = usize::from(area.height);
    let mut why = vec![legend(paint, episode, scene, wide)];
    why.extend(sentence(paint, scene, wide));
    let list_rows = scene.entries().len().clamp(1, room.saturating_sub(2).max(1));
    let why_rows = room.saturating_sub(list_rows).max(2);
    if why.len() > why_rows {
        why.truncate(why_rows);
        let cut = why.last().map(|line| fit(&format!("{line} …"), wide.saturating_sub(1))).unwrap_or_default();
        let cut = if cut.ends_with('…') { cut } else { format!("{cut}…") };
        let role = if scene.open { Role::Person } else { Role::Dim };
        why.pop();
        why.push(paint.line(role, cut));
    }
    let list_rows = room.saturating_sub(why.len());
    let mut lines: Vec<Line> = Vec::new();
    if scene.entries().is_empty() {
        lines.push(paint.line(Role::Dim, "No finding stands in this script."));
    }
    let at = scene.entries().iter().position(|(pick, _)| Some(pick) == screen.picked.as_ref()).unwrap_or(0);
    let from = first_row(at, scene.entries().len(), list_rows);
    let items = scene.items.iter().map(|item| item_row(paint, screen, scene, item, wide));
    let found = scene.findings.iter().map(|shown| finding_row(paint, screen, scene, shown, wide));
    lines.extend(items.chain(found).skip(from).take(list_rows));
    while lines.len() < list_rows {
        lines.push(Line::default());
    }
    lines.extend(why);
    paint.lines(buf, area, &lines);
}

/// What the letters stand for.
fn legend(paint: Paint, episode: &Episode, scene: &Scene, wide: usize) -> Line<'static> {
    let named = |judge: &Judge| format!("{} {}", judge.letter, look::title(episode, &judge.stage));
    let mut all: Vec<String> = scene.judges.iter().map(named).collect();
    let has_advice = scene.items.iter().any(|item| item.dispute.as_ref().is_some_and(|d| d.advice.is_some()));
    all.extend(has_advice.then(|| "X arbiter, advice only".to_owned()));
    paint.line(Role::Dim, fit(&all.join("  "), wide))
}

/// Why the gate judged as it did, with its evidence.
fn sentence(paint: Paint, scene: &Scene, wide: usize) -> Vec<Line<'static>> {
    let report = scene.report.as_ref().map(|report| report.sentence.clone()).filter(|sentence| !sentence.is_empty());
    let reasons = || scene.evaluation.as_ref().map(|evaluation| evaluation.reasons.join("; ")).unwrap_or_default();
    let text = clean(&report.unwrap_or_else(reasons));
    let role = if scene.open { Role::Person } else { Role::Dim };
    if text.is_empty() { Vec::new() } else { wrap(&text, wide).into_iter().map(|row| paint.line(role, row)).collect() }
}

/// Columns of the list: the number, the line, who, how grave, how it stands.
const ID: usize = 4;
const LINE: usize = 4;
const BY: usize = 5;
const LEVEL: usize = 7;
const STATE: usize = 11;

fn list_row(paint: Paint, picked: bool, cells: [(Role, String); 6], wide: usize) -> Line<'static> {
    let [id, line, by, level, about, state] = cells;
    let room = wide.saturating_sub(1 + ID + LINE + BY + LEVEL + STATE + 6);
    Row::default()
        .cell(paint, Role::Focus, if picked { "›" } else { "" }, 1, Side::Left)
        .cell(paint, id.0, &id.1, ID, Side::Left)
        .cell(paint, line.0, &line.1, LINE, Side::Left)
        .cell(paint, by.0, &by.1, BY, Side::Left)
        .cell(paint, level.0, &level.1, LEVEL, Side::Left)
        .cell(paint, about.0, &about.1, room, Side::Left)
        .cell(paint, state.0, &state.1, STATE, Side::Left)
        .line(picked)
}

fn item_row(paint: Paint, screen: &GateScreen, scene: &Scene, item: &Item, wide: usize) -> Line<'static> {
    let state = screen.item_state(scene, item);
    let picked = screen.picked == Some(Pick::Item(item.id.clone()));
    let state_cell = (state_role(state), state.word().to_owned());
    let line = item.line.map(|line| line.to_string()).unwrap_or_default();
    let about = item.dimension.map(|dimension| dimension.to_string());
    match &item.dispute {
        Some(_) => {
            let cells = [
                (Role::Dispute, clean(&item.id)),
                (Role::Dim, line),
                (Role::Text, speakers(scene.report.as_deref(), item)),
                (Role::Dispute, "DISPUTE".to_owned()),
                (Role::Text, about.unwrap_or_default()),
                state_cell,
            ];
            list_row(paint, picked, cells, wide)
        }
        None => {
            let id = clean(&item.id);
            let room = wide.saturating_sub(3 + STATE);
            Row::default()
                .cell(paint, Role::Focus, if picked { "›" } else { "" }, 1, Side::Left)
                .cell(paint, Role::Dispute, &format!("{id}: {}", clean(&item.question)), room, Side::Left)
                .cell(paint, state_cell.0, &state_cell.1, STATE, Side::Left)
                .line(picked)
        }
    }
}

fn finding_row(paint: Paint, screen: &GateScreen, scene: &Scene, shown: &Shown, wide: usize) -> Line<'static> {
    let finding = &shown.finding;
    let (word, role) = severity(finding.severity);
    let state = screen.finding_state(scene, shown);
    let role = if scene.report.is_some() { role } else { Role::Dim };
    let about = if wide < 60 {
        finding.kind.name().to_owned()
    } else {
        format!("{}: {}", finding.kind.name(), clean(&finding.problem))
    };
    let cells = [
        (Role::Text, clean(&finding.id)),
        (Role::Dim, finding.line.to_string()),
        (Role::Text, shown.letter.to_string()),
        (role, word.to_owned()),
        (Role::Text, about),
        (state_role(state), state.word().to_owned()),
    ];
    list_row(paint, screen.picked.as_ref() == Some(&shown.pick()), cells, wide)
}

/// What the panel of an approval is called: a failed gate is not approved.
pub(crate) fn spending_title(scene: &Scene) -> &'static str {
    match scene.evaluation.as_ref().map(|evaluation| evaluation.verdict) {
        Some(Verdict::Failed) => "If you override (O)",
        Some(Verdict::Passed | Verdict::Person) | None => "If you approve (A)",
    }
}

/// What an approval would cost, or why there is none.
pub(crate) fn spending(
    paint: Paint,
    episode: &Episode,
    screen: &GateScreen,
    scene: &Scene,
    buf: &mut Buffer,
    area: Rect,
) {
    if !scene.open {
        let text = if scene.evaluation.is_some() { "The gate is decided." } else { "Nothing can be decided yet." };
        return paint.lines(buf, area, &[paint.line(Role::Dim, text)]);
    }
    let wide = usize::from(area.width);
    let [most, starts] = spend(episode, &screen.gate);
    paint.lines(buf, area, &[paint.line(Role::Strong, fit(&most, wide)), paint.line(Role::Dim, fit(&starts, wide))]);
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
