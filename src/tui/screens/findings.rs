//! What stands at a gate to be looked at: what is disputed or open, and the findings, all as the gate's report has them.
//!
//! Nothing is weighed here: floors, agreement and disputes are the gate's matter. Before the gate has reported, the judges
//! are shown as they come in.

use std::sync::Arc;

use crate::domain::episode::{Episode, Evaluation};
use crate::domain::gate::{Dispute, LETTERS, Listed, Report, found};
use crate::domain::handoff::{Dimension, Finding, Judgement, Severity};
use crate::domain::ids::{ContentHash, LineId, StageId};
use crate::domain::script::Script;
use crate::tui::model::Shared;

/// The letter of a judge on the screen, by its place among the judges.
pub(crate) fn letter(at: usize) -> char {
    LETTERS.get(at).map_or('?', char::to_ascii_uppercase)
}

/// A judge whose report has come in.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    pub(crate) stage: StageId,
    /// Its place among all judges of the pipeline.
    at: usize,
    pub(crate) letter: char,
    pub(crate) output: ContentHash,
    pub(crate) judgement: Option<Arc<Judgement>>,
}

/// The judges of this very script whose reports are there, in the order of the pipeline.
pub(crate) fn judges(shared: &Shared, episode: &Episode, script: Option<ContentHash>) -> Vec<Judge> {
    let of = |(at, stage, output): (usize, StageId, ContentHash)| Judge {
        stage,
        at,
        letter: letter(at),
        output,
        judgement: shared.judgement(output).cloned(),
    };
    episode.judgements_of(script).into_iter().map(of).collect()
}

/// Something in the list of a gate, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// What is disputed or open, such as `D1`.
    Item(String),
    /// A finding, by its judge's letter and its number.
    Finding(char, String),
}

/// Something that is disputed, or that a person must rule.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    /// The line that it is shown at.
    pub(crate) line: Option<LineId>,
    pub(crate) dimension: Option<Dimension>,
    /// The one question that is open.
    pub(crate) question: String,
    pub(crate) dispute: Option<Dispute>,
    /// Whether a person must rule it before the gate can be approved.
    pub(crate) is_open: bool,
    /// The findings of those who object.
    pub(crate) behind: Vec<Listed>,
}

impl Item {
    /// The names of the findings behind it, as notes write them.
    pub(crate) fn references(&self) -> Vec<String> {
        self.behind.iter().map(Listed::item).collect()
    }

    /// In words, for messages: `D1 (L006, accuracy)`.
    pub(crate) fn named(&self) -> String {
        let line = self.line.map(|line| line.to_string());
        let about: Vec<String> = line.into_iter().chain(self.dimension.map(|d| d.to_string())).collect();
        let id = crate::tui::text::clean(&self.id);
        if about.is_empty() { id } else { format!("{id} ({})", about.join(", ")) }
    }
}

/// A finding as the gate shows it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) letter: char,
    pub(crate) finding: Finding,
    /// Whether the quote is there, at its line.
    pub(crate) stands: bool,
}

impl Shown {
    /// Its name on the screen, such as `A F1`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.letter, crate::tui::text::clean(&self.finding.id))
    }

    /// Its name in notes, such as `a:F1`.
    pub(crate) fn reference(&self) -> String {
        format!("{}:{}", self.letter.to_ascii_lowercase(), self.finding.id)
    }

    /// What stands for it when it is selected.
    pub(crate) fn pick(&self) -> Pick {
        Pick::Finding(self.letter, self.finding.id.clone())
    }
}

/// The letter under which a judge's findings are listed.
pub(crate) fn letter_of(report: &Report, judge: &StageId) -> char {
    let judges = report.dimensions.first().map(|row| row.given.as_slice()).unwrap_or_default();
    let views = report.disputes.first().map(|dispute| dispute.views.as_slice()).unwrap_or_default();
    let given = judges.iter().position(|given| given.judge == *judge);
    given.or_else(|| views.iter().position(|view| view.judge == *judge)).map_or('?', letter)
}

/// What is open and what is disputed, as the report has it: what a person must rule comes first.
pub(crate) fn items(evaluation: Option<&Evaluation>, report: Option<&Report>) -> Vec<Item> {
    let open: &[String] = evaluation.map(|evaluation| evaluation.open.as_slice()).unwrap_or_default();
    let question = |id: &str| report.and_then(|report| report.open.iter().find(|item| item.id == id));
    let disputes = report.map(|report| report.disputes.as_slice()).unwrap_or_default();
    let of_dispute = |dispute: &Dispute| {
        let behind = report.map(|report| behind(report, dispute)).unwrap_or_default();
        let quoted = || dispute.views.iter().filter(|view| view.objects).chain(&dispute.views);
        let evidence = || quoted().flat_map(|view| &view.evidence).map(|evidence| evidence.line).next();
        Item {
            id: dispute.id.clone(),
            line: dispute.line.or_else(|| behind.first().map(|listed| listed.finding.line)).or_else(evidence),
            dimension: Some(dispute.dimension),
            question: question(&dispute.id).map(|item| item.question.clone()).unwrap_or_default(),
            dispute: Some(dispute.clone()),
            is_open: open.contains(&dispute.id),
            behind,
        }
    };
    let other = |id: &&String| !disputes.iter().any(|dispute| dispute.id == **id);
    let of_other = |id: &String| Item {
        id: id.clone(),
        line: question(id).and_then(|item| item.line),
        dimension: question(id).and_then(|item| item.dimension),
        question: question(id).map(|item| item.question.clone()).unwrap_or_default(),
        dispute: None,
        is_open: true,
        behind: Vec::new(),
    };
    let mut items: Vec<Item> = disputes.iter().map(of_dispute).chain(open.iter().filter(other).map(of_other)).collect();
    items.sort_by_key(|item| !item.is_open);
    items
}

/// The findings that those who object in a dispute rest on: at its line the blockers, else those in its dimension.
fn behind(report: &Report, dispute: &Dispute) -> Vec<Listed> {
    let objects = |listed: &&Listed| {
        let by = listed.by.to_ascii_uppercase();
        dispute.views.iter().any(|view| view.objects && letter_of(report, &view.judge) == by)
    };
    let is_behind = |listed: &&Listed| match dispute.line {
        Some(line) => listed.finding.line == line && listed.finding.severity == Severity::Blocker,
        None => listed.finding.dimension == dispute.dimension,
    };
    report.findings.iter().filter(objects).filter(is_behind).cloned().collect()
}

/// The findings, gravest first, but for those that a dispute at their line shows already. Without a report they are those
/// of the judges who have come in.
pub(crate) fn findings(
    report: Option<&Report>,
    judges: &[Judge],
    items: &[Item],
    script: Option<&Script>,
) -> Vec<Shown> {
    let judged = |judge: &Judge| Some((judge.at, judge.judgement.as_deref()?.clone()));
    let listed = found(report, &judges.iter().filter_map(judged).collect::<Vec<_>>());
    let is_in_dispute = |listed: &Listed| {
        let at_line = |item: &&Item| item.dispute.as_ref().is_some_and(|dispute| dispute.line.is_some());
        items.iter().filter(at_line).any(|item| item.behind.contains(listed))
    };
    let stands = |finding: &Finding| {
        script.is_some_and(|script| {
            script.lines().any(|line| line.id == finding.line && line.text.contains(finding.quote.trim()))
        })
    };
    listed
        .into_iter()
        .filter(|listed| !is_in_dispute(listed))
        .map(|listed| Shown {
            letter: listed.by.to_ascii_uppercase(),
            stands: stands(&listed.finding),
            finding: listed.finding,
        })
        .collect()
}
