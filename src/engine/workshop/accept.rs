//! Holds an answer to its contract and keeps what goes on.

use super::Job;
use super::exchange::KeptAnswer;
use super::judge::{self, CANARY};
use crate::domain::accept::{Context, accept};
use crate::domain::handoff::{Contract, Dimension, Judgement, Note};
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::pipeline::Kind;
use crate::domain::script::Script;
use crate::domain::step::{Done, Output};
use crate::media::wav;
use crate::provider::call::{Content, Finish};

impl Job<'_> {
    /// Holds the answer of a unit to its contract.
    pub(super) fn accept(&self, unit: u32, answer: &ContentHash) -> Result<Done, String> {
        let kept = KeptAnswer::read(&self.shop.bytes(answer)?)?;
        let refused = |reason: String| Ok(Done::Refused { unit, reason });
        let answer = match kept.decode() {
            Ok(answer) => answer,
            // The answer is whole and paid for. Only a mended reader helps, and no other answer.
            Err(error) => return Ok(Done::Unread { unit, reason: error.message }),
        };
        match answer.finish {
            Finish::Complete => {}
            Finish::Length => {
                return refused("the answer was cut at the limit of its length; say it in fewer words".to_owned());
            }
            Finish::Refused(why) => return refused(format!("the model refused: {why}")),
            Finish::Other(why) => return refused(format!("the model stopped: {why}")),
        }
        if self.contract() == Contract::Research && kept.searches() && answer.sources.is_empty() {
            let what =
                "the answer rests on no page that was found: search the web, and take every passage from what is found";
            return refused(what.to_owned());
        }
        match answer.content {
            Content::Text(text) if self.pin.stage.kind != Kind::Speech => self.accept_text(unit, &text),
            Content::Speech(speech) if self.pin.stage.kind == Kind::Speech => {
                let samples: Vec<i16> = speech
                    .pcm
                    .chunks_exact(2)
                    .map(|pair| {
                        i16::from_le_bytes([pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)])
                    })
                    .collect();
                if samples.iter().all(|sample| *sample == 0) {
                    return refused("the recording is silent".to_owned());
                }
                let bytes = wav::encode(&samples, speech.sample_rate).map_err(|e| e.to_string())?;
                let output = Output { hash: self.shop.keep(&bytes)?, words: None };
                Ok(Done::Accepted { unit, output, claimed_words: None })
            }
            Content::Text(_) | Content::Speech(_) => {
                refused("the answer is of another kind than was asked for".to_owned())
            }
        }
    }

    fn accept_text(&self, unit: u32, text: &str) -> Result<Done, String> {
        let speakers: Vec<String> = self.show()?.speakers.into_iter().map(|speaker| speaker.id).collect();
        let canary = if self.checks_judges() { Some(self.canary_of(unit)?) } else { None };
        let (research, script_of_canary) = match canary {
            Some(canary) => (Some(canary.research), Some(canary.script)),
            None => (self.fed("research")?, None),
        };
        let plan = self.fed("plan")?;
        let script: Option<Script> = match self.base(unit) {
            Some(base) => Some(self.shop.json(&base)?),
            None if self.checks_judges() => script_of_canary,
            None => self.fed("script")?,
        };
        let fixes: Option<Note> = match self.order(unit)? {
            Some(note) => Some(note),
            None => self
                .fed::<crate::domain::handoff::Fixes>("fixes")?
                .map(|fixes| Note { fixes: fixes.fixes, text: String::new() }),
        };
        let contract = self.voice(unit)?.contract.answered();
        let is_judge = contract == Contract::Judgement;
        let is_baited = is_judge && !self.checks_judges() && unit == CANARY;
        let script = if is_baited { script.as_ref().map(judge::baited) } else { script };
        let dimensions: Vec<Dimension> = if is_judge {
            self.in_sitting(unit, |sitting, _| sitting.rules.iter().map(|rule| rule.dimension).collect())?
        } else {
            Vec::new()
        };
        let findings = if contract == Contract::Fixes { self.listed()? } else { Vec::new() };
        let disputes = if contract == Contract::Arbitration { self.disputes()? } else { Vec::new() };
        let (seats, graph) = (self.seats(), if contract == Contract::Brief { self.graph() } else { Vec::new() });
        let run = self.episode.stages.get(&self.step.stage).and_then(|state| state.run.as_ref());
        let corrected = run.and_then(|run| run.units.get(&unit)).map_or(0, |unit| unit.corrections);
        let context = Context {
            research: research.as_ref(),
            plan: plan.as_ref(),
            script: script.as_ref(),
            fixes: fixes.as_ref(),
            findings: &findings,
            dimensions: &dimensions,
            disputes: &disputes,
            seats: &seats,
            graph: &graph,
            is_last_word: corrected > 0,
            speakers: &speakers,
        };
        match accept(contract, text, &context) {
            Ok(accepted) => {
                let output = Output { hash: self.shop.keep(&accepted.artifact)?, words: accepted.words };
                Ok(Done::Accepted { unit, output, claimed_words: accepted.claimed_words })
            }
            // What no other answer would mend is no matter for a correction.
            Err(rejection) if !rejection.is_mendable() => Err(rejection.to_string()),
            Err(rejection) => Ok(Done::Refused { unit, reason: rejection.to_string() }),
        }
    }

    /// The judgements among the inputs, in the order that the pipeline names them.
    pub(super) fn judgements(&self) -> Result<Vec<(StageId, Judgement)>, String> {
        let is_judgement = |id: &&StageId| {
            self.episode.pin(id).is_some_and(|pin| pin.stage.output == crate::domain::handoff::Contract::Judgement)
        };
        let stages = self.pin.stage.inputs.iter().filter(is_judgement);
        stages.map(|id| Ok((id.clone(), self.shop.json(&self.upstream(id)?)?))).collect()
    }
}
