//! Stages whose calls follow from one another: panels, and the revision that a red team attacks. Each call is made ready when
//! the one before it is answered; who speaks is the domain's machine's word.

use serde_json::{Value, json};

use super::Job;
use crate::domain::call::{RetryClass, Route};
use crate::domain::episode::{CallState, UnitState};
use crate::domain::event::PromptPin;
use crate::domain::handoff::{Contract, Fix, Note, Priority, Review};
use crate::domain::ids::ContentHash;
use crate::domain::panel::{self, ATTACK, CLOSING, Ended, Entry, MISSED, Move, PanelSpec, Seat, Talk};
use crate::domain::script::Script;
use crate::domain::step::{Done, Output};

/// Who is asked as one unit, and for what.
pub(super) struct Voice<'a> {
    /// The prompt.
    pub(super) prompt: &'a PromptPin,
    /// The contract of the answer.
    pub(super) contract: Contract,
    /// Where the call goes, where it is not the stage's own route.
    pub(super) route: Option<Route>,
}

impl Job<'_> {
    /// How the stage talks, where it does.
    fn talk(&self) -> Option<Talk<'_>> {
        panel::talk(self.pin, self.step.inputs.note.as_ref())
    }

    /// The next call of a talk, or what comes of it.
    pub(super) fn turn(&self, units: &[(u32, ContentHash)]) -> Result<Done, String> {
        if units.is_empty()
            && let Some(skipped) = self.skipped()?
        {
            return Ok(Done::Skipped(skipped));
        }
        // A turn that passes without a word is named by the hash of this, so it has to be there.
        self.shop.keep(MISSED)?;
        let talk = self.talk().ok_or_else(|| format!("{} is no talk", self.step.stage))?;
        let unit = match talk {
            Talk::Panel(spec) => {
                let elapsed = self.shop.clock.now().as_second().saturating_sub(self.began().as_second()) / 60;
                let spent = panel::spent(self.episode, &self.step.stage);
                match panel::next(spec, &self.heard(spec, units)?, spent, u32::try_from(elapsed).unwrap_or(0)) {
                    Move::Speak(_) | Move::Select => u32::try_from(units.len()).unwrap_or(CLOSING),
                    Move::Close(_) => CLOSING,
                }
            }
            Talk::RedTeam => match units {
                [] => 0,
                [_] => ATTACK,
                [(_, revised), ..] if self.objections()?.is_empty() => {
                    return Ok(Done::Made(self.script_output(revised)?));
                }
                _ => CLOSING,
            },
        };
        self.asked(unit).map(Done::Turned)
    }

    /// Who is asked as a unit of this stage.
    pub(super) fn voice(&self, unit: u32) -> Result<Voice<'_>, String> {
        let seated = |index: usize, contract: Contract| {
            let seat = self.pin.seats.get(index).ok_or_else(|| format!("{} has no seat {index}", self.step.stage))?;
            Ok(Voice { prompt: &seat.prompt, contract, route: Some(self.seat_route(seat, unit)) })
        };
        match self.talk() {
            Some(Talk::Panel(spec)) if unit < CLOSING => {
                match panel::next(spec, &self.heard(spec, &self.said(unit))?, crate::domain::money::MicroUsd::ZERO, 0) {
                    Move::Speak(seat) => seated(seat, Contract::Turn),
                    Move::Select => seated(spec.seats.len(), Contract::Selection),
                    Move::Close(_) => Err(format!("nobody speaks as unit {unit} of {}", self.step.stage)),
                }
            }
            Some(Talk::RedTeam) if unit == ATTACK => seated(0, Contract::Review),
            Some(Talk::Panel(_) | Talk::RedTeam) | None => {
                let prompt = match self.step.inputs.note {
                    Some(_) => self.pin.revise.as_ref().or(self.pin.prompt.as_ref()),
                    None => self.pin.prompt.as_ref(),
                };
                let prompt = prompt.ok_or_else(|| format!("{} has no prompt", self.step.stage))?;
                Ok(Voice { prompt, contract: self.contract(), route: None })
            }
        }
    }

    /// Where a seat's call goes: to its other model once this turn's own model could not answer.
    fn seat_route(&self, seat: &Seat, unit: u32) -> Route {
        let is_out = self.has_failed(unit, &seat.route);
        let other = seat.fallback.as_ref().filter(|_| is_out);
        other.unwrap_or(&seat.route).clone()
    }

    /// Whether a model was asked for this unit and cannot answer it.
    fn has_failed(&self, unit: u32, route: &Route) -> bool {
        self.episode.calls_of(&self.step.stage).any(|(key, call)| {
            let is_out = matches!(call.state, CallState::Failed { class: RetryClass::OtherModel, .. });
            key.unit == unit && call.route == *route && is_out
        })
    }

    /// Whether a unit is asked again only because its model could not answer: then nothing is to be corrected.
    pub(super) fn changes_voice(&self, unit: u32) -> bool {
        self.pin.seats.iter().any(|seat| self.has_failed(unit, &seat.route))
    }

    /// When the talk on these inputs began.
    fn began(&self) -> jiff::Timestamp {
        self.run().map_or_else(|| self.shop.clock.now(), |run| run.at)
    }

    fn run(&self) -> Option<&crate::domain::episode::Run> {
        let run = self.episode.stages.get(&self.step.stage).and_then(|state| state.run.as_ref());
        run.filter(|run| run.input == self.step.inputs.hash)
    }

    /// What the units before one handed on.
    fn said(&self, before: u32) -> Vec<(u32, ContentHash)> {
        let units = self.run().map(|run| run.units.range(..before)).into_iter().flatten();
        units
            .filter_map(|(number, unit)| match &unit.state {
                UnitState::Accepted(output) => Some((*number, *output)),
                UnitState::Waiting(_)
                | UnitState::Calling(_)
                | UnitState::Answered(_)
                | UnitState::Reused(_)
                | UnitState::Correcting(_)
                | UnitState::Held(_)
                | UnitState::Unread(_)
                | UnitState::Stuck => None,
            })
            .collect()
    }

    fn heard(&self, spec: &PanelSpec, units: &[(u32, ContentHash)]) -> Result<Vec<Entry>, String> {
        let missed = ContentHash::of(MISSED);
        let units = units.iter().filter(|(unit, _)| *unit < CLOSING);
        panel::transcript(
            spec,
            units.map(|(_, output)| *output),
            |output| *output == missed,
            |output| self.shop.json(output),
            |output| self.shop.json(output),
        )
    }

    /// The seats of the panel, by name; none where the stage is no panel.
    pub(super) fn seats(&self) -> Vec<String> {
        match self.talk() {
            Some(Talk::Panel(spec)) => spec.seats.clone(),
            Some(Talk::RedTeam) | None => Vec::new(),
        }
    }

    /// What a slot of a panel's own holds; nothing where it is none.
    pub(super) fn panel_slot(&self, slot: &str, unit: u32) -> Result<Option<String>, String> {
        let Some(Talk::Panel(spec)) = self.talk() else { return Ok(None) };
        let value = match slot {
            "transcript" => {
                let name = |seat: usize| spec.seats.get(seat).map(String::as_str).unwrap_or_default();
                let told = |entry: &Entry| -> Option<Value> {
                    match entry {
                        Entry::Spoke { seat, turn } => Some(json!({
                            "seat": name(*seat), "said": turn.said, "proposal": turn.proposal,
                            "done": turn.done, "unmet": turn.unmet,
                        })),
                        Entry::Missed { seat } => Some(json!({"seat": name(*seat), "said": "", "proposal": ""})),
                        Entry::Chose(_) | Entry::Unchosen => None,
                    }
                };
                Value::from_iter(self.heard(spec, &self.said(unit))?.iter().filter_map(told))
            }
            "seats" => {
                let pinned = self.pin.seats.iter().take(spec.seats.len());
                let told = |seat: &Seat| -> Result<Value, String> {
                    Ok(json!({"seat": seat.prompt.agent, "for": self.parsed(&seat.prompt)?.objective}))
                };
                Value::Array(pinned.map(told).collect::<Result<_, _>>()?)
            }
            "seat" => json!(self.voice(unit)?.prompt.agent),
            "ended" => {
                let heard = self.heard(spec, &self.said(CLOSING))?;
                let spent = panel::spent(self.episode, &self.step.stage);
                let ended = match panel::next(spec, &heard, spent, 0) {
                    Move::Close(ended) => ended,
                    // Neither the talk nor the money ended it, so the time did.
                    Move::Speak(_) | Move::Select => Ended::Bound(panel::Bound::Time),
                };
                serde_json::to_value(ended).map_err(|e| e.to_string())?
            }
            _ => return Ok(None),
        };
        Ok(Some(value.to_string()))
    }

    /// The script that a unit works on where a note sent the stage back: after a red team's first revision, that one.
    pub(super) fn base(&self, unit: u32) -> Option<ContentHash> {
        let note = self.step.inputs.note.as_ref()?;
        match self.talk() {
            Some(Talk::RedTeam) if unit > 0 => self.said(ATTACK).first().map(|(_, revised)| *revised),
            Some(Talk::RedTeam | Talk::Panel(_)) | None => Some(note.base),
        }
    }

    /// The work order of a unit where a note sent the stage back: after an attack, what the attack found.
    pub(super) fn order(&self, unit: u32) -> Result<Option<Note>, String> {
        let Some(note) = &self.step.inputs.note else { return Ok(None) };
        match self.talk() {
            Some(Talk::RedTeam) if unit == CLOSING => Ok(Some(Note { fixes: self.objections()?, text: String::new() })),
            Some(Talk::RedTeam | Talk::Panel(_)) | None => self.shop.json(&note.note).map(Some),
        }
    }

    /// What the attack holds against the revision, as fixes, gravest first and each line once; nothing where it found nothing
    /// or gave no answer that could be used.
    fn objections(&self) -> Result<Vec<Fix>, String> {
        let said = self.said(CLOSING);
        let attack = said.iter().find(|(unit, output)| *unit == ATTACK && *output != ContentHash::of(MISSED));
        let Some((_, attack)) = attack else { return Ok(Vec::new()) };
        let review: Review = self.shop.json(attack)?;
        let mut findings = review.findings;
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let mut fixes: Vec<Fix> = Vec::new();
        for finding in findings {
            if fixes.iter().any(|fix| fix.from == finding.line) {
                continue;
            }
            fixes.push(Fix {
                id: format!("N{}", fixes.len() + 1),
                from: finding.line,
                to: finding.line,
                wrong: finding.problem,
                wanted: finding.suggestion,
                keep: "everything that the attack does not speak of".to_owned(),
                priority: Priority::from(finding.severity),
                findings: vec![format!("t:{}", finding.id)],
            });
        }
        Ok(fixes)
    }

    /// An output, with its words where it is a script.
    pub(super) fn script_output(&self, hash: &ContentHash) -> Result<Output, String> {
        let words = match self.pin.stage.output {
            Contract::Draft | Contract::Revision => Some(self.shop.json::<Script>(hash)?.measure().words),
            _ => None,
        };
        Ok(Output { hash: *hash, words })
    }
}
