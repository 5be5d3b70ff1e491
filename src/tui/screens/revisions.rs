//! The revisions of a script and what became of each, and of the note that led to the one that stands here.

use std::collections::BTreeSet;

use crate::domain::episode::{Call, Episode, SentBack, StageState};
use crate::domain::event::{Actor, Handoff};
use crate::domain::gate::{NoteOutcome, outcome};
use crate::domain::handoff::{Contract, Note};
use crate::domain::ids::{ContentHash, StageId};
use crate::tui::model::Shared;
use crate::tui::msg::Reads;
use crate::tui::text::clean;

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
    /// The person who wrote it or went back to it.
    pub(crate) by: Option<String>,
}

fn name(actor: &Actor) -> String {
    match actor {
        Actor::Engine => "the engine".to_owned(),
        Actor::Person(person) => clean(person.name()),
    }
}

/// Every output of the stages that make a script, oldest first; one that came through unchanged is listed once.
pub(crate) fn revisions(episode: &Episode) -> Vec<Revision> {
    let makes_script = |output: Contract| matches!(output, Contract::Draft | Contract::Revision);
    let stages = episode.pins.iter().filter(|pin| makes_script(pin.stage.output)).map(|pin| &pin.stage.id);
    let mut all: Vec<Revision> = stages
        .filter_map(|id| episode.stages.get(id).map(|state| (id, state)))
        .flat_map(|(id, state)| StageState::made(state).map(move |made| (id, made)))
        .map(|(id, made)| Revision {
            stage: id.clone(),
            output: made.output,
            round: made.round,
            at: made.at,
            words: made.words,
            claimed: made.claimed_words,
            skipped: made.handoff == Handoff::Skipped,
            by: (made.handoff == Handoff::Chosen).then(|| name(&made.by)),
        })
        .collect();
    all.sort_by(|a, b| (a.at, a.skipped, &a.stage).cmp(&(b.at, b.skipped, &b.stage)));
    let mut seen = BTreeSet::new();
    all.retain(|revision| seen.insert(revision.output));
    all
}

/// What became of a revision, in words: who approved it, who sent it back.
pub(crate) fn fate(episode: &Episode, revision: &Revision, at_gate: Option<ContentHash>) -> (bool, String) {
    if let Some(sent) = episode.sent_back.iter().rev().find(|sent| sent.input.base == revision.output) {
        return (false, format!("sent back: {}", name(&sent.by)));
    }
    let standings = episode.standings();
    let signed = episode.pins.iter().rev().find_map(|pin| {
        let inputs = standings.get(&pin.stage.id)?.inputs()?;
        let state = episode.gates.get(&pin.stage.id)?;
        let word = match (state.approvals.get(&inputs.hash), state.overrides.get(&inputs.hash)) {
            (Some(approval), _) => format!("approved: {}", name(&approval.by)),
            (None, Some(over)) => format!("overridden: {}", name(&over.by)),
            (None, None) => return None,
        };
        (episode.script_of(&pin.stage.id, inputs) == Some(revision.output)).then_some(word)
    });
    let chosen = revision.by.as_ref().map(|by| format!("put here by {by}"));
    match (signed, chosen) {
        (Some(word), _) => (true, word),
        (None, Some(word)) if at_gate == Some(revision.output) => (false, word),
        (None, None) if at_gate == Some(revision.output) => (false, "stands here".to_owned()),
        (None, _) => (false, "replaced".to_owned()),
    }
}

/// The note that led to what stands at a gate, where its stage has handed on since.
pub(crate) fn led_here(episode: &Episode, script: Option<ContentHash>) -> Option<&SentBack> {
    let sent = episode.sent_back.last()?;
    let was_made = episode
        .stages
        .values()
        .flat_map(StageState::made)
        .any(|made| made.at >= sent.at && Some(made.output) == script);
    (was_made && script != Some(sent.input.base)).then_some(sent)
}

/// The report of the gate that sent a note back, on what it sent back.
fn report_before(episode: &Episode, sent: &SentBack) -> Option<ContentHash> {
    Some(episode.gates.get(&sent.gate)?.evaluations.get(&sent.hash)?.report)
}

/// Asks for what [`became`] is told from.
pub(crate) fn want(shared: &mut Shared, episode: &Episode, script: Option<ContentHash>) {
    let Some(sent) = led_here(episode, script) else { return };
    shared.want(sent.input.note, Reads::Note);
    shared.want(sent.input.base, Reads::Script);
    if let Some(report) = report_before(episode, sent) {
        shared.want(report, Reads::Report);
    }
}

/// What became of the note that led here: the note, and what each of its fixes changed; nothing until all of it is read.
pub(crate) fn became(
    shared: &Shared,
    episode: &Episode,
    gate: &StageId,
    script: Option<ContentHash>,
    report: Option<ContentHash>,
) -> Option<(std::sync::Arc<Note>, NoteOutcome)> {
    let sent = led_here(episode, script)?;
    let (note, base, now) = (shared.note(sent.input.note)?, shared.script(sent.input.base)?, shared.script(script?)?);
    let before = report_before(episode, sent).and_then(|hash| shared.report(hash));
    // Only a report of the gate that sent it back has looked for the same faults.
    let after = report.filter(|_| *gate == sent.gate).and_then(|hash| shared.report(hash));
    let of_round = |call: &&Call| call.at >= sent.at;
    let calls = episode.calls.values().filter(of_round);
    let told = outcome(note, base, now, before.map(AsRef::as_ref), after.map(AsRef::as_ref), calls);
    Some((std::sync::Arc::clone(note), told))
}
