//! What the judges say at a gate: which judge speaks of this very content, whose findings still stand in it, where their
//! scores lie against the floors and against one another.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::episode::{Episode, Standing};
use crate::domain::handoff::{Contract, Dimension, Finding, Judgement};
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::script::Script;
use crate::tui::model::Shared;

/// The dimensions in the order in which they are shown.
pub(crate) const DIMENSIONS: [(Dimension, &str); 8] = [
    (Dimension::Accuracy, "accuracy"),
    (Dimension::Sensitivity, "sensitivity"),
    (Dimension::BrandVoice, "brand voice"),
    (Dimension::Coherence, "coherence"),
    (Dimension::Completeness, "completeness"),
    (Dimension::Hook, "hook"),
    (Dimension::Pacing, "pacing"),
    (Dimension::Accessibility, "accessibility"),
];

/// The floor of a dimension.
pub(crate) fn floor(dimension: Dimension) -> u8 {
    if dimension.is_grave() || dimension == Dimension::BrandVoice { 4 } else { 3 }
}

/// A judge at a gate.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    pub(crate) stage: StageId,
    /// `A`, `B`, `C` in the order of the pipeline.
    pub(crate) letter: char,
    /// Whether it judged the content that stands at the gate, and not a script before it.
    pub(crate) current: bool,
    pub(crate) output: ContentHash,
    pub(crate) judgement: Option<Arc<Judgement>>,
}

/// The judges whose reports are there, in the order of the pipeline.
pub(crate) fn judges(shared: &Shared, episode: &Episode, script: Option<ContentHash>) -> Vec<Judge> {
    let standings = episode.standings();
    let of = |(at, id): (usize, &StageId)| {
        let Some(Standing::Done(inputs, output)) = standings.get(id) else { return None };
        let letter = char::from_u32('A' as u32 + u32::try_from(at).ok()?)?;
        let current = script.is_some() && episode.script_of(id, inputs) == script;
        let judgement = shared.judgement(*output).cloned();
        Some(Judge { stage: id.clone(), letter, current, output: *output, judgement })
    };
    let pins = episode.pins.iter().filter(|pin| pin.stage.output == Contract::Judgement).map(|pin| &pin.stage.id);
    pins.enumerate().filter_map(of).collect()
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
}

/// The findings in the order of the script. Those of a judge that saw an earlier script count only where their quote still
/// stands.
pub(crate) fn findings(judges: &[Judge], script: &Script) -> Vec<Shown> {
    let lines: BTreeMap<_, _> = script.lines().enumerate().map(|(at, line)| (line.id, (at, line))).collect();
    let mut shown: Vec<Shown> = Vec::new();
    for judge in judges {
        let Some(judgement) = &judge.judgement else { continue };
        for finding in &judgement.findings {
            let stands = lines.get(&finding.line).is_some_and(|(_, line)| line.text.contains(finding.quote.trim()));
            if judge.current || stands {
                shown.push(Shown { letter: judge.letter, finding: finding.clone(), stands });
            }
        }
    }
    let place = |shown: &Shown| lines.get(&shown.finding.line).map_or(0, |(at, _)| at + 1);
    shown.sort_by_key(|shown| (place(shown), std::cmp::Reverse(shown.finding.severity), shown.letter));
    shown
}

/// How the scores of one dimension compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// Some judges are below the floor and others are not.
    Dispute,
    /// All are below the floor.
    Below,
    /// All reach the floor.
    Holds,
    /// Nobody scored it.
    Unknown,
}

/// How the scores of a dimension stand against the floor: only judges of this very content count, where there are any.
pub(crate) fn agreement(judges: &[Judge], dimension: Dimension) -> Agreement {
    let has_current = judges.iter().any(|judge| judge.current);
    let scores: Vec<u8> = judges
        .iter()
        .filter(|judge| judge.current || !has_current)
        .filter_map(|judge| score(judge, dimension))
        .collect();
    let below = scores.iter().filter(|score| **score < floor(dimension)).count();
    match (scores.len(), below) {
        (0, _) => Agreement::Unknown,
        (_, 0) => Agreement::Holds,
        (all, below) if all == below => Agreement::Below,
        _ => Agreement::Dispute,
    }
}

/// A judge's points.
pub(crate) fn score(judge: &Judge, dimension: Dimension) -> Option<u8> {
    judge.judgement.as_ref()?.points(dimension).map(crate::domain::handoff::Points::get)
}

/// A revision of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revision {
    pub(crate) stage: StageId,
    pub(crate) output: ContentHash,
    pub(crate) round: u32,
    pub(crate) at: jiff::Timestamp,
    pub(crate) words: Option<u64>,
    pub(crate) claimed: Option<u64>,
    pub(crate) skipped: bool,
}

/// Every output of the stages that make a script, oldest first; one that came through unchanged is listed once.
pub(crate) fn revisions(episode: &Episode) -> Vec<Revision> {
    let makes_script = |output: Contract| matches!(output, Contract::Draft | Contract::Revision);
    let stages = episode.pins.iter().filter(|pin| makes_script(pin.stage.output)).map(|pin| &pin.stage.id);
    let mut all: Vec<Revision> = stages
        .filter_map(|id| episode.stages.get(id).map(|state| (id, state)))
        .flat_map(|(id, state)| state.outputs.values().map(move |made| (id, made)))
        .map(|(id, made)| Revision {
            stage: id.clone(),
            output: made.output,
            round: made.round,
            at: made.at,
            words: made.words,
            claimed: made.claimed_words,
            skipped: made.handoff == crate::domain::event::Handoff::Skipped,
        })
        .collect();
    all.sort_by(|a, b| (a.at, a.skipped, &a.stage).cmp(&(b.at, b.skipped, &b.stage)));
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|revision| seen.insert(revision.output));
    all
}

/// What became of a revision, in words: who approved it, who sent it back.
pub(crate) fn fate(episode: &Episode, revision: &Revision, at_gate: Option<ContentHash>) -> (bool, String) {
    let by = |actor: &crate::domain::event::Actor| match actor {
        crate::domain::event::Actor::Engine => "the engine".to_owned(),
        crate::domain::event::Actor::Person(person) => crate::tui::text::clean(person.name()),
    };
    if let Some(sent) = episode.sent_back.iter().rev().find(|sent| sent.input.base == revision.output) {
        return (false, format!("sent back: {}", by(&sent.by)));
    }
    let standings = episode.standings();
    let signed = episode.pins.iter().rev().find_map(|pin| {
        let inputs = standings.get(&pin.stage.id)?.inputs()?;
        let approval = episode.gates.get(&pin.stage.id)?.approvals.get(&inputs.hash)?;
        (episode.script_of(&pin.stage.id, inputs) == Some(revision.output)).then(|| by(&approval.by))
    });
    match signed {
        Some(name) => (true, format!("approved: {name}")),
        None if at_gate == Some(revision.output) => (false, "stands here".to_owned()),
        None => (false, "replaced".to_owned()),
    }
}
