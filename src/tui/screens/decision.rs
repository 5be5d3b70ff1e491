//! The decision at a gate: which box a key opens, and why a key is locked.

use std::collections::BTreeSet;

use super::gate::{GateScreen, Scene};
use crate::domain::episode::Episode;
use crate::domain::event::Verdict;
use crate::domain::handoff::Severity;
use crate::tui::boxes::propose;
use crate::tui::commands::Act;
use crate::tui::layers::{Layer, Next};
use crate::tui::look;
use crate::tui::model::Shared;
use crate::tui::text::clean;

impl GateScreen {
    /// Opens the box of a decision, or says why the key is locked.
    pub(crate) fn decide(&mut self, shared: &mut Shared, episode: &Episode, scene: &Scene, act: Act) -> Next {
        let key = match act {
            Act::Approve => "A",
            Act::SendBack => "B",
            Act::Pause => "P",
            _ => "X",
        };
        match self.locked(shared, episode, scene, act) {
            Some(why) => {
                shared.locked(format!("{key} is locked: {why}"));
                return Next::Stay;
            }
            None => self.flush(shared),
        }
        let confirm = match (act, scene.hash) {
            (Act::Approve, Some(hash)) => {
                propose::approve(shared, episode, &self.gate, hash, &self.seen(shared, scene))
            }
            (Act::SendBack, Some(hash)) => propose::send_back(shared, episode, &self.gate, hash, self.note.note()),
            (Act::Pause, _) => propose::pause(shared, episode),
            _ => propose::reject(shared, episode),
        };
        Next::Open(vec![Layer::Confirm(confirm)])
    }

    /// Why a decision cannot be made now, and what to do.
    pub(crate) fn locked(&self, shared: &Shared, episode: &Episode, scene: &Scene, act: Act) -> Option<String> {
        if let Some(why) = shared.halted() {
            return Some(why);
        }
        if episode.life.is_over() || shared.under_way(self.episode).is_none() {
            return Some(format!("the episode is {}.", look::life(&episode.life, episode.provenance)));
        }
        if matches!(act, Act::Pause | Act::Reject) {
            return None;
        }
        let is_held = shared.held.iter().any(|held| held.action.decides() == Some((self.episode, &self.gate)));
        if is_held {
            return Some("a decision is about to be sent; u takes it back.".to_owned());
        }
        if !scene.open {
            let is_judged = scene.evaluation.is_some();
            return Some(
                if is_judged { "the gate is decided." } else { "the gate has not judged what stands here yet." }
                    .to_owned(),
            );
        }
        let verdict = scene.evaluation.as_ref().map(|evaluation| evaluation.verdict);
        match (act, verdict) {
            (Act::Approve, Some(Verdict::Failed)) => {
                let first = scene.evaluation.as_ref().and_then(|evaluation| evaluation.reasons.first());
                let why = first.map(|reason| clean(reason)).unwrap_or_default();
                Some(format!("a check fails ({why}), and nobody turns that into a pass. B sends it back."))
            }
            (Act::Approve, Some(Verdict::Passed)) => Some("this gate asks nobody.".to_owned()),
            (Act::Approve, _) if scene.script.is_some_and(|hash| shared.script(hash).is_none()) => {
                Some("the script is not on the screen yet; nothing is approved unseen.".to_owned())
            }
            (Act::SendBack, _) if episode.pin(&self.gate).is_none_or(|pin| pin.stage.send_back.is_none()) => {
                Some("this gate has nowhere to send back to. X rejects for good.".to_owned())
            }
            (Act::SendBack, _) if self.seeded != scene.hash => Some("the note is still being loaded.".to_owned()),
            (Act::SendBack, _) if self.note.is_empty() => {
                Some("the note says nothing. t writes words of your own, x takes a struck fix back in.".to_owned())
            }
            _ => None,
        }
    }

    /// What was seen, in words for the box and the ledger.
    fn seen(&self, shared: &Shared, scene: &Scene) -> String {
        let script = scene.script.and_then(|hash| shared.script(hash));
        let measured = script.map(|script| script.measure()).unwrap_or_default();
        let blockers = scene.findings.iter().filter(|shown| shown.finding.severity == Severity::Blocker).count();
        let judges: BTreeSet<char> = scene.findings.iter().map(|shown| shown.letter).collect();
        let findings = match scene.findings.len() {
            0 => "no finding is open".to_owned(),
            n => format!("{n} findings by {} judge(s) stand, {blockers} of them blockers", judges.len()),
        };
        format!("{} lines, {} words, {} characters; {findings}.", measured.lines, measured.words, measured.characters)
    }
}
