//! The decision at a gate: which box a key opens, and why a key is locked.

use super::gate::GateScreen;
use super::scene::Scene;
use crate::domain::actor::second_person;
use crate::domain::episode::Episode;
use crate::domain::event::{Actor, ItemRuling, Overriding, Verdict};
use crate::domain::handoff::Severity;
use crate::domain::ids::ContentHash;
use crate::tui::boxes::confirm::AtGate;
use crate::tui::boxes::{propose, propose_gate};
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
            Act::Override => "O",
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
        let confirm = match (act, scene.hash, &scene.evaluation) {
            (Act::Approve, Some(hash), _) => {
                propose_gate::approve(shared, episode, self.at(shared, episode, scene, hash), &self.seen(shared, scene))
            }
            (Act::SendBack, Some(hash), _) => {
                let at = self.at(shared, episode, scene, hash);
                propose_gate::send_back(shared, episode, at, self.note.note(), scene.report.as_deref())
            }
            (Act::Override, Some(hash), Some(evaluation)) => {
                let at = self.at(shared, episode, scene, hash);
                propose_gate::override_failed(shared, episode, at, evaluation)
            }
            (Act::Pause, ..) => propose::pause(shared, episode),
            _ => propose::reject(shared, episode),
        };
        Next::Open(vec![Layer::Confirm(confirm)])
    }

    /// What a decision is about, with the rulings and what was seen.
    fn at(&self, shared: &Shared, episode: &Episode, scene: &Scene, hash: ContentHash) -> AtGate {
        let open = scene.evaluation.as_ref().map(|evaluation| evaluation.open.as_slice()).unwrap_or_default();
        AtGate {
            episode: self.episode,
            gate: self.gate.clone(),
            hash,
            rulings: self.note.ruled(open),
            seen: self.saw(shared, episode, scene),
        }
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
                Some(format!("a check fails, so B sends it back, or O overrides it with a reason. {why}"))
            }
            (Act::Approve, Some(Verdict::Passed)) => Some("this gate asks nobody.".to_owned()),
            (Act::Approve, _) if scene.script.is_some_and(|hash| shared.script(hash).is_none()) => {
                Some("the script is not on the screen yet; nothing is approved unseen.".to_owned())
            }
            (Act::Approve, _) => self.unresolved(shared, scene),
            (Act::Override, Some(Verdict::Failed)) => match episode.policy.overriding {
                Overriding::Nobody => Some("the show lets nobody override a failed gate. B sends it back.".to_owned()),
                Overriding::Reason => None,
                Overriding::SecondPerson => self.proposed_by_me(shared, episode, scene),
            },
            (Act::Override, _) => Some("no check fails at this gate: there is nothing to override.".to_owned()),
            (Act::SendBack, _) if episode.pin(&self.gate).is_none_or(|pin| pin.stage.send_back.is_none()) => {
                Some("this gate has nowhere to send back to. X rejects for good.".to_owned())
            }
            (Act::SendBack, _) if self.seeded != scene.hash => Some(self.note_waits(shared)),
            (Act::SendBack, _) if self.note.is_empty() => {
                Some("the note says nothing. t writes words of your own, x takes a struck fix back in.".to_owned())
            }
            _ => None,
        }
    }

    /// The open item that stands in the way of an approval, and the key that resolves it.
    fn unresolved(&self, shared: &Shared, scene: &Scene) -> Option<String> {
        if self.seeded != scene.hash {
            return Some(self.note_waits(shared));
        }
        if let Some(item) = self.unruled(scene).first() {
            let at =
                if self.picked == Some(super::findings::Pick::Item(item.id.clone())) { "" } else { "n goes to it; " };
            return Some(format!("{} is open. {at}x fix, w waive or o not a fault rules it.", item.named()));
        }
        let ruled = self.note.rulings.iter().map(|made| &made.ruled);
        let fix = ruled.into_iter().find(|ruled| ruled.ruling == ItemRuling::Fix)?;
        let item = clean(&fix.item);
        Some(format!("{item} is to be fixed, so B sends it back. u takes the last ruling back."))
    }

    /// Whether the person has proposed to override this gate already.
    fn proposed_by_me(&self, shared: &Shared, episode: &Episode, scene: &Scene) -> Option<String> {
        let proposal = episode.gates.get(&self.gate)?.proposals.get(&scene.hash?)?;
        let me = Actor::Person(shared.settings.person.clone());
        second_person(&proposal.by, &me).err().map(|why| format!("{why}."))
    }

    /// What was seen, in words for the box.
    fn seen(&self, shared: &Shared, scene: &Scene) -> String {
        let script = scene.script.and_then(|hash| shared.script(hash));
        let measured = script.map(|script| script.measure()).unwrap_or_default();
        let blockers = scene.findings.iter().filter(|shown| shown.finding.severity == Severity::Blocker).count();
        let findings = match (scene.findings.len(), blockers) {
            (0, _) => "no finding is left open".to_owned(),
            (1, 0) => "1 finding is left open".to_owned(),
            (n, 0) => format!("{n} findings are left open"),
            (n, blockers) => format!("{n} findings are left open, {blockers} of them blockers"),
        };
        let read = script.map_or(0, |script| self.reading.percent(script.lines().map(|line| line.id)));
        format!(
            "{} lines, {} words, {} characters, {read}% of it read here; {findings}.",
            measured.lines, measured.words, measured.characters
        )
    }
}
