//! What follows from an episode's state: which stages are done, ready or waiting.
//!
//! Staleness is nothing but a hash: a stage is done where an output is kept for the inputs that it has now. How that hash is made is
//! in [`super::inputs`].

use std::collections::BTreeMap;

use super::{Episode, Made, SentBack, StageState};
use crate::domain::event::{Handoff, Pin, Verdict};
use crate::domain::handoff::Contract;
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::pipeline::Kind;
use crate::domain::step::Inputs;

/// How a stage stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Something before it is not done.
    Waiting,
    /// It can work, or is at work, on these inputs.
    Open(Inputs),
    /// It has handed on; a gate that is done is open to what follows.
    Done(Inputs, ContentHash),
}

impl Standing {
    /// The output, where there is one.
    pub fn output(&self) -> Option<ContentHash> {
        match self {
            Self::Done(_, output) => Some(*output),
            Self::Waiting | Self::Open(_) => None,
        }
    }

    /// The inputs, where they are all there.
    pub fn inputs(&self) -> Option<&Inputs> {
        match self {
            Self::Open(inputs) | Self::Done(inputs, _) => Some(inputs),
            Self::Waiting => None,
        }
    }
}

impl Episode {
    /// How every stage stands, in the order of the pipeline.
    pub fn standings(&self) -> BTreeMap<StageId, Standing> {
        let mut standings: BTreeMap<StageId, Standing> = BTreeMap::new();
        for pin in &self.pins {
            let standing = self.standing(pin, &standings);
            standings.insert(pin.stage.id.clone(), standing);
        }
        standings
    }

    fn standing(&self, pin: &Pin, before: &BTreeMap<StageId, Standing>) -> Standing {
        let output = |id: &StageId| before.get(id).and_then(Standing::output);
        if pin.stage.after.iter().any(|needed| output(needed).is_none()) {
            return Standing::Waiting;
        }
        let mut upstream = BTreeMap::new();
        for input in &pin.stage.inputs {
            match output(input) {
                Some(hash) => upstream.insert(input.clone(), hash),
                None => return Standing::Waiting,
            };
        }
        let inputs = self.inputs(pin, upstream);
        let done = match pin.stage.kind {
            Kind::Gate => self.gate_output(&pin.stage.id, &inputs.hash),
            Kind::Agent | Kind::Panel | Kind::Evaluate | Kind::Speech | Kind::Master | Kind::Render => {
                self.made(&pin.stage.id, &inputs.hash).map(|made| made.output)
            }
        };
        match done {
            Some(output) => Standing::Done(inputs, output),
            None => Standing::Open(inputs),
        }
    }

    /// The output that a stage keeps for these inputs.
    pub fn made(&self, stage: &StageId, input: &ContentHash) -> Option<&Made> {
        self.stages.get(stage)?.outputs.get(input)
    }

    /// A gate hands on its report once it is open: when the checks passed and nobody is asked, or a person approved.
    fn gate_output(&self, gate: &StageId, hash: &ContentHash) -> Option<ContentHash> {
        let state = self.gates.get(gate)?;
        let evaluation = state.evaluations.get(hash)?;
        let is_open = match evaluation.verdict {
            Verdict::Passed => true,
            Verdict::Person => state.approvals.contains_key(hash),
            // The verdict stands as it is; a named person answers for going on.
            Verdict::Failed => state.overrides.contains_key(hash),
        };
        is_open.then_some(evaluation.report)
    }

    /// The latest note that went back to a stage. It is void once a later one went back to a stage before it: what comes from
    /// there is made anew.
    pub fn note_for(&self, stage: &StageId) -> Option<&SentBack> {
        let concerns = |sent: &&SentBack| &sent.target == stage || self.feeds_on(stage, &sent.target);
        self.sent_back.iter().rev().find(concerns).filter(|sent| &sent.target == stage)
    }

    /// Whether a stage works from what another hands on, at first or at any hand.
    fn feeds_on(&self, stage: &StageId, other: &StageId) -> bool {
        self.pin(stage)
            .is_some_and(|pin| pin.stage.inputs.iter().any(|input| input == other || self.feeds_on(input, other)))
    }

    /// The script that one of these revises, where a note asked for it: what a person chose is not held against another.
    pub fn parent_of<'a>(&self, outputs: impl IntoIterator<Item = &'a ContentHash>) -> Option<ContentHash> {
        let was_written = |made: &&Made| !matches!(made.handoff, Handoff::Chosen);
        let first = |output: &ContentHash| {
            let all = self.stages.values().flat_map(StageState::made).filter(was_written);
            all.filter(|made| made.output == *output).min_by_key(|made| made.at)
        };
        outputs.into_iter().find_map(|output| first(output)?.parent)
    }

    /// The script that a gate or stage works on: the last of its inputs that is a script.
    pub fn script_of(&self, stage: &StageId, inputs: &Inputs) -> Option<ContentHash> {
        let pin = self.pin(stage)?;
        let contract = |id: &StageId| self.pin(id).map(|pin| pin.stage.output);
        let is_script = |id: &&StageId| matches!(contract(id), Some(Contract::Draft | Contract::Revision));
        let id = pin.stage.inputs.iter().rev().find(is_script)?;
        inputs.upstream.get(id).copied()
    }

    /// The judges' reports on this very script, each with the judge's place among all judges of the pipeline.
    pub fn judgements_of(&self, script: Option<ContentHash>) -> Vec<(usize, StageId, ContentHash)> {
        let standings = self.standings();
        let judges = self.pins.iter().filter(|pin| pin.stage.output == Contract::Judgement).map(|pin| &pin.stage.id);
        let of = |(at, id): (usize, &StageId)| {
            let Some(Standing::Done(inputs, output)) = standings.get(id) else { return None };
            let is_current = script.is_some() && self.script_of(id, inputs) == script;
            is_current.then(|| (at, id.clone(), *output))
        };
        judges.enumerate().filter_map(of).collect()
    }

    /// The list of fixes that a gate works from; none where a stage before the gate has worked them in.
    pub fn fixes_at(&self, gate: &StageId) -> Option<ContentHash> {
        let standings = self.standings();
        let pin = self.pins.iter().rev().find(|pin| pin.stage.output == Contract::Fixes)?;
        let is_input = self.pin(gate).is_some_and(|gate| gate.stage.inputs.contains(&pin.stage.id));
        standings.get(&pin.stage.id)?.output().filter(|_| is_input)
    }

    /// Parts of a hundred that are done, counted in stages.
    pub fn percent(&self) -> u8 {
        let standings = self.standings();
        let done = standings.values().filter(|standing| standing.output().is_some()).count();
        u8::try_from(done * 100 / standings.len().max(1)).unwrap_or(100)
    }
}
