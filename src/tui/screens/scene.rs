//! What a gate is about, worked out anew from the episode and the gate's report each time.

use std::sync::Arc;

use super::findings::{self, Item, Judge, Pick, Shown};
use super::gate::GateScreen;
use super::revisions::{self, Revision};
use crate::domain::episode::{Episode, Evaluation};
use crate::domain::event::{ItemRuling, Ruled};
use crate::domain::gate::Report;
use crate::domain::ids::{ContentHash, LineId};
use crate::tui::model::Shared;

/// What a gate is about.
#[derive(Debug)]
pub(crate) struct Scene {
    /// What stands at the gate: its inputs' hash.
    pub(crate) hash: Option<ContentHash>,
    /// Whether the gate can be decided now.
    pub(crate) open: bool,
    pub(crate) evaluation: Option<Evaluation>,
    pub(crate) report: Option<Arc<Report>>,
    pub(crate) script: Option<ContentHash>,
    /// The judges who have come in.
    pub(crate) judges: Vec<Judge>,
    pub(crate) items: Vec<Item>,
    pub(crate) findings: Vec<Shown>,
    pub(crate) revisions: Vec<Revision>,
    /// Rulings that stand in the ledger for what stands here.
    recorded: Vec<Ruled>,
}

/// How something in the list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// A person must rule it before the gate can be approved.
    Open,
    /// A person ruled it.
    Ruled(ItemRuling),
    /// The arbiter's advice closed it.
    Settled,
    /// A finding whose fix stands in the note.
    Noted,
    /// A finding that goes out as it is unless somebody acts.
    Loose,
}

impl State {
    /// In a word; capitals are a person's matter.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Ruled(ItemRuling::Fix) => "FIX",
            Self::Ruled(ItemRuling::Waive) => "WAIVED",
            Self::Ruled(ItemRuling::NotAFault) => "NOT A FAULT",
            Self::Settled => "settled",
            Self::Noted => "fix",
            Self::Loose => "open",
        }
    }
}

impl GateScreen {
    /// What the gate is about.
    pub(crate) fn scene(&self, shared: &Shared, episode: &Episode) -> Scene {
        let standings = episode.standings();
        let standing = standings.get(&self.gate);
        let inputs = standing.and_then(|standing| standing.inputs());
        let script = inputs.and_then(|inputs| episode.script_of(&self.gate, inputs));
        let hash = inputs.map(|inputs| inputs.hash);
        let state = episode.gates.get(&self.gate);
        let evaluation = state.and_then(|state| state.evaluations.get(&hash?)).cloned();
        let report = evaluation.as_ref().and_then(|evaluation| shared.report(evaluation.report)).cloned();
        let is_done = standing.is_some_and(|standing| standing.output().is_some());
        let open = !is_done && evaluation.is_some() && !episode.life.is_over();
        let judges = findings::judges(shared, episode, script);
        let items = findings::items(evaluation.as_ref(), report.as_deref());
        let read = script.and_then(|script| shared.script(script));
        let findings = findings::findings(report.as_deref(), &judges, &items, read.map(AsRef::as_ref));
        let rulings = state.map(|state| state.rulings.as_slice()).unwrap_or_default();
        let recorded = rulings.iter().filter(|ruled| Some(ruled.hash) == hash).map(|ruled| ruled.ruled.clone());
        let recorded = recorded.collect();
        let revisions = revisions::revisions(episode);
        Scene { hash, open, evaluation, report, script, judges, items, findings, revisions, recorded }
    }

    /// How an item stands.
    pub(crate) fn item_state(&self, scene: &Scene, item: &Item) -> State {
        match self.ruling_of(scene, item) {
            Some(ruled) => State::Ruled(ruled.ruling),
            None if item.is_open => State::Open,
            None => State::Settled,
        }
    }

    /// How an item was ruled: by the draft while the gate is open, else by what stands in the ledger.
    pub(crate) fn ruling_of<'a>(&'a self, scene: &'a Scene, item: &Item) -> Option<&'a Ruled> {
        let drafted = self.note.ruling(&item.id).filter(|_| scene.open);
        drafted.or_else(|| scene.recorded.iter().rev().find(|ruled| ruled.item == item.id))
    }

    /// How a finding stands.
    pub(crate) fn finding_state(&self, scene: &Scene, shown: &Shown) -> State {
        let is_noted = scene.open && self.note.carries(&shown.reference());
        if is_noted { State::Noted } else { State::Loose }
    }

    /// The items that nobody has ruled yet.
    pub(crate) fn unruled<'a>(&self, scene: &'a Scene) -> Vec<&'a Item> {
        scene.items.iter().filter(|item| self.item_state(scene, item) == State::Open).collect()
    }
}

impl Scene {
    /// Everything in the list, with the line that it stands at.
    pub(crate) fn entries(&self) -> Vec<(Pick, Option<LineId>)> {
        let items = self.items.iter().map(|item| (Pick::Item(item.id.clone()), item.line));
        items.chain(self.findings.iter().map(|shown| (shown.pick(), Some(shown.finding.line)))).collect()
    }

    /// The item that is selected.
    pub(crate) fn item(&self, pick: Option<&Pick>) -> Option<&Item> {
        match pick? {
            Pick::Item(id) => self.items.iter().find(|item| item.id == *id),
            Pick::Finding(..) => None,
        }
    }

    /// The finding that is selected.
    pub(crate) fn finding(&self, pick: Option<&Pick>) -> Option<&Shown> {
        self.findings.iter().find(|shown| Some(&shown.pick()) == pick)
    }
}
