//! How approvals and overrides die: with the first change of what they cover, and for good.
//!
//! A gate's decision binds to the hash of what stood there. When something else stands there, or nothing does yet, the decision
//! is taken away from it and kept only as history, so that the old content is judged by a person again when it comes back.
//! Not for who may decide: that is in [`crate::domain::decide`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Episode, GateState, Lapsed, Standing};
use crate::domain::event::Event;
use crate::domain::ids::ContentHash;

/// Whether an event can change what stands at a gate.
pub(super) fn can_move_gates(event: &Event) -> bool {
    matches!(
        event,
        Event::StageCompleted { .. }
            | Event::OutputChosen { .. }
            | Event::PromptChosen { .. }
            | Event::RouteChanged { .. }
            | Event::SentBack { .. }
            | Event::GateEvaluated { .. }
    )
}

impl Episode {
    /// Takes every decision from its gate that covers something else than what stands there now.
    pub(super) fn lapse(&mut self, at: Timestamp) {
        // A gate that closes can close the gates behind it.
        while self.gates.values().any(GateState::is_decided) {
            let standings = self.standings();
            let mut has_lapsed = false;
            for (id, gate) in &mut self.gates {
                let standing = standings.get(id);
                let open = match standing {
                    Some(Standing::Done(inputs, _)) => Some(inputs.hash),
                    Some(Standing::Open(_) | Standing::Waiting) | None => None,
                };
                let present = standing.and_then(Standing::inputs).map(|inputs| inputs.hash);
                gate.proposals.retain(|hash, _| Some(*hash) == present);
                has_lapsed |= gate.lapse(open, at);
            }
            if !has_lapsed {
                return;
            }
        }
    }
}

impl GateState {
    /// Whether a person's decision holds, or waits for a second person.
    fn is_decided(&self) -> bool {
        !self.approvals.is_empty() || !self.overrides.is_empty() || !self.proposals.is_empty()
    }

    /// Keeps the decision on what the gate is open for, and lets all others die; whether one did.
    fn lapse(&mut self, open: Option<ContentHash>, at: Timestamp) -> bool {
        let before = self.lapsed.len();
        let approvals =
            take_others(&mut self.approvals, open).into_iter().map(|(hash, given)| (hash, given.by, given.at));
        let overrides =
            take_others(&mut self.overrides, open).into_iter().map(|(hash, given)| (hash, given.by, given.at));
        let dead = approvals.chain(overrides).map(|(hash, by, given)| Lapsed { hash, by, given, died: at });
        self.lapsed.extend(dead);
        self.lapsed.len() > before
    }
}

/// Takes everything out of a map that is not of this content.
fn take_others<T>(map: &mut BTreeMap<ContentHash, T>, open: Option<ContentHash>) -> BTreeMap<ContentHash, T> {
    let mut others = std::mem::take(map);
    if let Some((hash, kept)) = open.and_then(|hash| others.remove_entry(&hash)) {
        map.insert(hash, kept);
    }
    others
}
