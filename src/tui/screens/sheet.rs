//! The script at a gate as it is set: its lines by segment, what changed in them, and below its line each dispute with both
//! sides, and each finding.
//!
//! ```text
//!   >  L119 HOST   The words of the line, wrapped           > the selected line
//! -    L118 HOST   what it was                              - + what changed
//!      | D1 DISPUTE accuracy OPEN                           a dispute, below its line
//!      | B objects: BLOCKER superlative. La Rance …         who, with which words
//!      |   source P4 “opened in 1966”                       and which proof
//!      | A does not: finds nothing there
//!      | X arbiter, advice only: upheld. …
//!      | A F2 minor pacing: what is wrong                   a finding
//! ```
//!
//! It is set here and not where it is drawn, because what stands on the screen counts as shown. Colours are put on in
//! [`crate::tui::view`].

use super::diff::{Change, Piece, changes};
use super::findings::{Item, Pick, Shown, letter_of};
use super::gate::GateScreen;
use super::scene::{Scene, State};
use crate::domain::event::ItemRuling;
use crate::domain::gate::{Dispute, Report, View};
use crate::domain::handoff::{Advice, Evidence, Severity};
use crate::domain::ids::LineId;
use crate::domain::script::{Line, Script};
use crate::tui::text::{clean, fit, left, width, wrap};
use crate::tui::theme::Role;

/// Columns before the text of a line: the mark, the sign, the id, the speaker.
const SPEAKER: usize = 8;
const INDENT: usize = 2 + 2 + 5 + SPEAKER + 1;
/// Columns before the text of what stands below a line.
const BELOW: usize = 6;
/// Columns by which the rows after the first are set in.
const HANG: usize = 2;

/// Text in a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) role: Role,
    pub(crate) text: String,
    /// A word that changed.
    pub(crate) marked: bool,
}

/// A row of the sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) spans: Vec<Span>,
    pub(crate) strong: bool,
    /// The line of the script whose words it shows.
    pub(crate) line: Option<LineId>,
}

/// The script as it is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) rows: Vec<Row>,
    /// From the first row of what is selected to behind its last.
    selected: (usize, usize),
    /// How far what is selected is scrolled where it is higher than the screen.
    scrolled: usize,
}

impl Sheet {
    /// The first row that is shown in so many: what is selected is whole on the screen where it fits.
    pub(crate) fn from(&self, height: usize) -> usize {
        let (first, end) = self.selected;
        let last = self.rows.len().saturating_sub(height);
        if self.overflow(height) > 0 {
            return first.saturating_add(self.scrolled.min(self.overflow(height))).min(last);
        }
        let context = first.saturating_sub(height / 3);
        let whole = end.saturating_sub(height).min(first);
        context.max(whole).min(last)
    }

    /// By how many rows what is selected is higher than so many.
    pub(crate) fn overflow(&self, height: usize) -> usize {
        (self.selected.1 - self.selected.0).saturating_sub(height)
    }

    /// The lines that stand whole in so many rows.
    pub(crate) fn shown(&self, height: usize) -> Vec<LineId> {
        let from = self.from(height);
        let shown = from..from.saturating_add(height);
        let mut lines: Vec<LineId> = Vec::new();
        let mut cut: Vec<LineId> = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            let Some(line) = row.line else { continue };
            if !shown.contains(&at) {
                cut.push(line);
            } else if lines.last() != Some(&line) {
                lines.push(line);
            }
        }
        lines.retain(|line| !cut.contains(line));
        lines
    }
}

/// A finding's weight in a word.
pub(crate) fn severity(severity: Severity) -> (&'static str, Role) {
    match severity {
        Severity::Blocker => ("BLOCKER", Role::Failed),
        Severity::Major => ("major", Role::Person),
        Severity::Minor => ("minor", Role::Text),
    }
}

/// The arbiter's advice in capitals or not: what it says is no vote.
pub(crate) fn advice(advice: Advice) -> &'static str {
    match advice {
        Advice::Upheld => "the objection is right",
        Advice::NotUpheld => "the objection is wrong",
        Advice::CannotTell => "it cannot tell",
    }
}

/// The role of a state.
pub(crate) fn state_role(state: State) -> Role {
    match state {
        State::Open => Role::Dispute,
        State::Ruled(ItemRuling::Fix) | State::Noted => Role::Added,
        State::Ruled(ItemRuling::Waive | ItemRuling::NotAFault) => Role::Done,
        State::Settled | State::Loose => Role::Dim,
    }
}

fn span(role: Role, text: impl Into<String>) -> Span {
    Span { role, text: text.into(), marked: false }
}

struct Page<'a> {
    columns: usize,
    screen: &'a GateScreen,
    scene: &'a Scene,
    sheet: Sheet,
}

/// Sets the script in so many columns, against an earlier one where there is one.
pub(crate) fn sheet(
    screen: &GateScreen,
    scene: &Scene,
    script: &Script,
    old: Option<&Script>,
    columns: usize,
) -> Sheet {
    let mut page = Page { columns: columns.max(INDENT + 8), screen, scene, sheet: Sheet::default() };
    let is_there = |line: Option<LineId>| line.is_some_and(|id| script.lines().any(|line| line.id == id));
    // What is about no line, or about one that is gone, stands at the top.
    for item in scene.items.iter().filter(|item| !is_there(item.line)) {
        page.item(item);
    }
    for shown in scene.findings.iter().filter(|shown| !is_there(Some(shown.finding.line))) {
        page.finding(shown, true);
    }
    match old {
        Some(old) => {
            for change in changes(old, script) {
                page.change(&change, script);
            }
        }
        None => {
            for segment in &script.segments {
                page.segment(&segment.title);
                for line in &segment.lines {
                    page.line(line, " ", Role::Text, None);
                    page.below(line.id);
                }
            }
        }
    }
    page.sheet.scrolled = screen.scrolled;
    page.sheet
}

impl Page<'_> {
    fn push(&mut self, spans: Vec<Span>) {
        self.sheet.rows.push(Row { spans, ..Row::default() });
    }

    fn segment(&mut self, title: &str) {
        self.push(vec![span(Role::Dim, format!("── {} ──", clean(title)))]);
    }

    fn change(&mut self, change: &Change, script: &Script) {
        let begins = |id: LineId| script.segments.iter().find(|s| s.lines.first().is_some_and(|line| line.id == id));
        if let Some(segment) = begins(change.id()) {
            self.segment(&segment.title);
        }
        match change {
            Change::Same(line) => self.line(line, " ", Role::Text, None),
            Change::Added(line) => self.line(line, "+", Role::Added, None),
            Change::Removed(line) => return self.line(line, "-", Role::Removed, None),
            Change::Reworded { old, new, before, after } => {
                self.line(old, "-", Role::Removed, Some(before));
                self.line(new, "+", Role::Added, Some(after));
            }
        }
        self.below(change.id());
    }

    fn line(&mut self, line: &Line, sign: &str, role: Role, pieces: Option<&[Piece]>) {
        let is_new = sign != "-";
        let selected = self.screen.line == Some(line.id) && is_new;
        let first = self.sheet.rows.len();
        let speaker = left(&clean(&line.speaker), SPEAKER);
        let head = vec![
            span(Role::Focus, if selected { "› " } else { "  " }),
            span(role, format!("{sign} ")),
            span(if selected { Role::Focus } else { Role::Dim }, format!("{} ", line.id)),
            span(if selected { Role::Strong } else { Role::Dim }, format!("{speaker} ")),
        ];
        let columns = self.columns - INDENT;
        let texts = match pieces {
            None => wrap(&clean(&line.text), columns).into_iter().map(|row| vec![span(role, row)]).collect(),
            Some(pieces) => marked(pieces, role, columns),
        };
        for (n, text) in texts.into_iter().enumerate() {
            let mut spans = if n == 0 {
                head.clone()
            } else {
                vec![span(role, format!("  {sign} ")), span(Role::Text, " ".repeat(INDENT - 4))]
            };
            spans.extend(text);
            let strong = selected && sign == " ";
            self.sheet.rows.push(Row { spans, strong, line: is_new.then_some(line.id) });
        }
        if selected {
            self.sheet.selected = (first, self.sheet.rows.len());
        }
    }

    /// What stands below a line: disputes first.
    fn below(&mut self, line: LineId) {
        let scene = self.scene;
        for item in scene.items.iter().filter(|item| item.line == Some(line)) {
            self.item(item);
        }
        for shown in scene.findings.iter().filter(|shown| shown.finding.line == line) {
            self.finding(shown, false);
        }
    }

    fn is_picked(&self, pick: &Pick) -> bool {
        self.screen.picked.as_ref() == Some(pick)
    }

    /// What is selected is kept on the screen with the line that it stands under.
    fn keep(&mut self, line: Option<LineId>, from: usize) {
        let end = self.sheet.rows.len();
        match line {
            None => self.sheet.selected = (from, end),
            Some(_) if line == self.screen.line => self.sheet.selected.1 = end,
            Some(_) => {}
        }
    }

    /// Text behind a bar, wrapped; the label stands before its first row.
    fn told(&mut self, bar: &Span, label: (Role, &str), role: Role, text: &str) {
        let room = self.columns.saturating_sub(BELOW + HANG).max(8);
        let whole = format!("{}{text}", label.1.trim_start());
        let lead = width(label.1.trim_start());
        for (n, row) in wrap(&whole, room).into_iter().enumerate() {
            let hang = if n == 0 && !label.1.starts_with(' ') { "" } else { "  " };
            let mut spans = vec![span(Role::Text, " ".repeat(4)), bar.clone(), span(role, hang)];
            // The wrapped row begins with the label as it is.
            match row.get(..lead).filter(|_| n == 0) {
                Some(named) => {
                    spans.push(span(label.0, named));
                    spans.push(span(role, row.get(lead..).unwrap_or_default()));
                }
                None => spans.push(span(role, row)),
            }
            self.push(spans);
        }
    }

    fn item(&mut self, item: &Item) {
        let from = self.sheet.rows.len();
        let picked = self.is_picked(&Pick::Item(item.id.clone()));
        let state = self.screen.item_state(self.scene, item);
        let bar = if picked { span(Role::Focus, "┃ ") } else { span(state_role(state), "│ ") };
        let id = clean(&item.id);
        let report = self.scene.report.as_deref();
        match (&item.dispute, report) {
            (Some(dispute), Some(report)) => {
                let head = format!("{id} DISPUTE {} ", dispute.dimension);
                let sides = if picked { dispute.cause.words().to_owned() } else { sides(report, dispute) };
                let room = self.columns.saturating_sub(BELOW + width(&head) + state.word().len() + 3);
                self.push(vec![
                    span(Role::Text, " ".repeat(4)),
                    bar.clone(),
                    span(Role::Dispute, head),
                    span(state_role(state), state.word()),
                    span(Role::Text, format!("   {}", fit(&clean(&sides), room))),
                ]);
                if picked {
                    self.dispute(&bar, item, dispute, report);
                }
            }
            _ => {
                let head = format!("{id} {} ", state.word());
                let question = if item.question.is_empty() { "must be ruled" } else { &item.question };
                self.told(&bar, (state_role(state), &head), Role::Text, &clean(question));
            }
        }
        if picked {
            self.ruling(&bar, item, state);
            self.keep(item.line, from);
        }
    }

    /// Both sides, the arbiter's advice and the suggested wording.
    fn dispute(&mut self, bar: &Span, item: &Item, dispute: &Dispute, report: &Report) {
        let of_dimension =
            report.disputes.iter().find(|other| other.line.is_none() && other.dimension == dispute.dimension);
        for objects in [true, false] {
            for view in dispute.views.iter().filter(|view| view.objects == objects) {
                let wider = of_dimension.and_then(|other| other.views.iter().find(|v| v.judge == view.judge));
                self.view(bar, item, dispute, report, view, wider.unwrap_or(view));
            }
        }
        match &dispute.advice {
            Some(advised) => {
                let quoted: Vec<String> = advised.evidence.iter().map(|e| format!("“{}”", clean(&e.quote))).collect();
                let text = format!("{}. {} {}", advice(advised.advice), clean(&advised.reasoning), quoted.join(" "));
                self.told(bar, (Role::Dim, "X arbiter, advice only: "), Role::Dim, text.trim_end());
            }
            None => self.told(bar, (Role::Dim, "X arbiter: "), Role::Dim, "was not asked, or did not answer"),
        }
        if let Some(listed) = item.behind.first().filter(|listed| !listed.finding.suggestion.trim().is_empty()) {
            let text = format!("{}  [r takes it]", clean(&listed.finding.suggestion));
            self.told(bar, (Role::Dim, "suggested: "), Role::Text, &text);
        }
    }

    fn view(&mut self, bar: &Span, item: &Item, dispute: &Dispute, report: &Report, view: &View, wider: &View) {
        let letter = letter_of(report, &view.judge);
        let by = letter.to_ascii_lowercase();
        let behind =
            item.behind.iter().find(|listed| listed.by == by).filter(|_| view.objects && dispute.line.is_some());
        let (label, role) = if view.objects {
            (format!("{letter} objects: "), Role::Failed)
        } else {
            (format!("{letter} does not: "), Role::Done)
        };
        let words = match behind {
            Some(listed) => {
                let finding = &listed.finding;
                let weight = severity(finding.severity).0;
                format!("{weight} {} {}. {}", clean(&finding.id), finding.kind.name(), clean(&finding.problem))
            }
            // Who finds nothing at the line has given points for the dimension all the same.
            None if wider != view => {
                format!("{}; in {} {}", clean(&view.words), dispute.dimension, clean(&wider.words))
            }
            None => {
                let row = report.dimensions.iter().find(|row| row.dimension == dispute.dimension);
                let given = row.and_then(|row| row.given.iter().find(|given| given.judge == view.judge));
                match given.and_then(|given| given.points).filter(|_| dispute.line.is_some()) {
                    Some(points) => format!("{}; gives {} {points}", clean(&view.words), dispute.dimension),
                    None => clean(&view.words),
                }
            }
        };
        let evidence = if view.evidence.is_empty() { &wider.evidence } else { &view.evidence };
        let quote = |e: &Evidence| match item.line {
            Some(line) if line == e.line => format!("“{}”", clean(&e.quote)),
            Some(_) | None => format!("{} “{}”", e.line, clean(&e.quote)),
        };
        let quotes: Vec<String> = evidence.iter().map(quote).collect();
        self.told(bar, (role, &label), Role::Text, format!("{words} {}", quotes.join(" ")).trim_end());
        for source in &view.sources {
            let text = format!("{} “{}”", clean(&source.passage), clean(&source.excerpt));
            self.told(bar, (Role::Dim, "  source "), Role::Text, &text);
        }
    }

    fn ruling(&mut self, bar: &Span, item: &Item, state: State) {
        match state {
            State::Open if self.scene.open => {
                self.told(
                    bar,
                    (Role::Person, "YOU: "),
                    Role::Person,
                    "x fix · w waive, and why · o not a fault, and why",
                );
            }
            State::Ruled(ruling) => {
                let made = self.screen.ruling_of(self.scene, item);
                let reason = made.map(|ruled| clean(&ruled.reason)).unwrap_or_default();
                let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                self.told(bar, (state_role(state), "ruled "), Role::Text, &format!("{}{reason}", ruling.words()));
            }
            State::Open | State::Settled | State::Noted | State::Loose => {}
        }
    }

    fn finding(&mut self, shown: &Shown, detached: bool) {
        let from = self.sheet.rows.len();
        let finding = &shown.finding;
        let (word, role) = severity(finding.severity);
        let picked = self.is_picked(&shown.pick());
        let place = if detached { format!(" at {}, which is gone", finding.line) } else { String::new() };
        let missing = if shown.stands || detached { "" } else { " (its quote is not in the line)" };
        let head = format!("{} {word} {} {}{place}{missing}: ", shown.name(), finding.dimension, finding.kind.name());
        let bar = if picked { span(Role::Focus, "┃ ") } else { span(role, "│ ") };
        let head_role = if self.scene.report.is_some() { role } else { Role::Dim };
        let columns = self.columns.saturating_sub(BELOW);
        for (n, row) in wrap(&format!("{head}{}", clean(&finding.problem)), columns).into_iter().enumerate() {
            let role = if n == 0 { head_role } else { Role::Text };
            self.push(vec![span(Role::Text, " ".repeat(4)), bar.clone(), span(role, row)]);
        }
        if picked {
            self.told(&bar, (Role::Dim, "quotes "), Role::Dim, &format!("“{}”", clean(&finding.quote)));
            for source in &finding.sources {
                let text = format!("{} “{}”", clean(&source.passage), clean(&source.excerpt));
                self.told(&bar, (Role::Dim, "source "), Role::Text, &text);
            }
            if !finding.suggestion.trim().is_empty() {
                let text = format!("{}  [r takes it]", clean(&finding.suggestion));
                self.told(&bar, (Role::Dim, "suggested: "), Role::Text, &text);
            }
            self.keep(Some(finding.line).filter(|_| !detached), from);
        }
    }
}

/// Who holds what in a few words: points, or who objects.
fn sides(report: &Report, dispute: &Dispute) -> String {
    let row = report.dimensions.iter().find(|row| row.dimension == dispute.dimension && dispute.line.is_none());
    match row {
        Some(row) => {
            let each = row.given.iter().map(|given| {
                let points = given.points.map_or("cannot tell".to_owned(), |points| points.to_string());
                format!("{} {points}", letter_of(report, &given.judge))
            });
            format!("{}, floor {}", each.collect::<Vec<_>>().join(", "), row.floor)
        }
        None => {
            let side = |view: &View| {
                let word = if view.objects { "objects" } else { "does not" };
                format!("{} {word}", letter_of(report, &view.judge))
            };
            let (those, others): (Vec<&View>, Vec<&View>) = dispute.views.iter().partition(|view| view.objects);
            those.into_iter().chain(others).map(side).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The words of a changed line, those that changed marked; wrapped word by word so that the marks stay with them.
fn marked(pieces: &[Piece], role: Role, columns: usize) -> Vec<Vec<Span>> {
    let words = pieces.iter().flat_map(|(changed, text)| {
        let text = clean(text);
        text.split_whitespace().map(|word| (*changed, word.to_owned())).collect::<Vec<_>>()
    });
    let mut rows: Vec<Vec<Span>> = vec![Vec::new()];
    let mut taken = 0;
    for (changed, word) in words {
        let wide = width(&word);
        if taken > 0 && taken + 1 + wide > columns {
            rows.push(Vec::new());
            taken = 0;
        }
        let Some(row) = rows.last_mut() else { break };
        if taken > 0 {
            row.push(span(Role::Text, " "));
            taken += 1;
        }
        row.push(Span { role: if changed { role } else { Role::Text }, text: word, marked: changed });
        taken += wide;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: u32, selected: (usize, usize)) -> Sheet {
        // Each line of the script takes two rows.
        let row = |at| Row { line: Some(LineId(at / 2)), ..Row::default() };
        Sheet { rows: (0..rows).map(row).collect(), selected, scrolled: 0 }
    }

    #[test]
    fn what_is_selected_is_whole_on_the_screen_where_it_fits_and_else_scrolls_to_its_end() {
        assert_eq!(of(40, (20, 22)).from(9), 17, "a third of the screen stands above it");
        assert_eq!(of(40, (20, 28)).from(9), 19, "less where it is high");
        assert_eq!((of(40, (39, 40)).from(9), of(40, (0, 1)).from(9)), (31, 0), "never past an end");
        let mut high = of(40, (20, 34));
        let from = |sheet: &mut Sheet, scrolled: usize| {
            sheet.scrolled = scrolled;
            sheet.from(9)
        };
        assert_eq!([0, 3, 5, 99].map(|rows| from(&mut high, rows)), [20, 23, 25, 25]);
    }

    #[test]
    fn a_line_that_is_cut_by_the_edge_does_not_count_as_shown() {
        assert_eq!(of(12, (3, 4)).shown(5), [1, 2].map(LineId), "rows 2 to 6 hold half of the last line");
        assert_eq!(of(12, (0, 1)).shown(5), [0, 1].map(LineId));
        assert_eq!(of(4, (0, 1)).shown(50), [0, 1].map(LineId));
    }
}
