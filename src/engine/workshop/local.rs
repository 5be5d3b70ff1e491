//! What code does alone: reading the research, judging at gates, joining recordings, writing the package.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use super::Job;
use crate::config::show::Show;
use crate::domain::event::Verdict;
use crate::domain::gate::{Material, SpeechManifest, SpeechSegment, judge};
use crate::domain::handoff::{Contract, Review};
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::pipeline::Human;
use crate::domain::research::{self, Research, ResearchReport};
use crate::domain::script::Script;
use crate::domain::step::{Done, FallBack, GateJudged, Output, Remedy};
use crate::engine::package::{self, Contents};
use crate::engine::stop::StoppableDisk;
use crate::media::wav;

impl Job<'_> {
    /// Makes a stage's output by code.
    pub(super) fn render(&self) -> Result<Done, String> {
        let hash = match self.pin.stage.output {
            Contract::Research => {
                let research = research::read(&self.shop.bytes(&self.episode.research)?).map_err(|e| e.to_string())?;
                self.shop.keep(&serde_json::to_vec(&research).map_err(|e| e.to_string())?)?
            }
            Contract::Package => self.package()?,
            Contract::Canaries => self.canary_set()?,
            Contract::Calibration => self.calibration()?,
            Contract::Brief
            | Contract::Plan
            | Contract::Draft
            | Contract::Judgement
            | Contract::Arbitration
            | Contract::Preference
            | Contract::Review
            | Contract::Fixes
            | Contract::Revision
            | Contract::SpeechText
            | Contract::ShowNotes
            | Contract::ArtworkBrief
            | Contract::Promotion
            | Contract::Turn
            | Contract::Selection
            | Contract::Angle
            | Contract::ResearchNotes
            | Contract::Routing
            | Contract::Speech
            | Contract::Report
            | Contract::CanaryReport => return Err(format!("no code makes a {}", self.pin.stage.output.name())),
        };
        Ok(Done::Made(Output { hash, words: None }))
    }

    /// Puts the recordings of all lines into one list, measured.
    pub(super) fn join(&self, units: &[(u32, ContentHash)]) -> Result<Done, String> {
        let script: Script = self.fed("script")?.ok_or("no script was spoken")?;
        let takes: BTreeMap<u32, ContentHash> = units.iter().copied().collect();
        let mut segments = Vec::with_capacity(units.len());
        let mut rate = None;
        for line in script.lines() {
            self.stop.check()?;
            let take = *takes.get(&line.id.0).ok_or_else(|| format!("{} was not recorded", line.id))?;
            let pcm = wav::decode(&self.shop.bytes(&take)?).map_err(|e| format!("{}: {e}", line.id))?;
            if *rate.get_or_insert(pcm.sample_rate) != pcm.sample_rate {
                return Err(format!("{} has another sample rate than the lines before it", line.id));
            }
            segments.push(SpeechSegment {
                line: line.id,
                speaker: line.speaker.clone(),
                wav: take,
                samples: pcm.samples.len() as u64,
                peak: pcm.samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0),
                pause_ms: line.pause_ms,
            });
        }
        let manifest = SpeechManifest { sample_rate: rate.unwrap_or(0), segments };
        let bytes = serde_json::to_vec(&manifest).map_err(|e| e.to_string())?;
        Ok(Done::Made(Output { hash: self.shop.keep(&bytes)?, words: None }))
    }

    /// Judges what stands at a gate.
    pub(super) fn evaluate(&self) -> Result<Done, String> {
        let show = self.show()?;
        let script: Option<Script> = self.fed("script")?;
        let material = Material {
            research: self.fed("research")?,
            plan: self.fed("plan")?,
            judgements: self.judgements()?,
            rubric: self.rubric()?,
            arbitration: self.fed(Contract::Arbitration.name())?,
            preference: self.fed(Contract::Preference.name())?,
            review: self.reviews()?,
            computed: self.computed()?,
            survived: self.survived()?,
            notes: self.kinships(),
            is_arbiter_kin: self.episode.parties().is_arbiter_kin(),
            fixes: self.fed("fixes")?,
            speech_text: self.fed("speech_text")?,
            speech: self.fed("speech")?,
            target_ms: self.episode.policy.target_ms,
            words_per_minute: self.episode.policy.words_per_minute,
            research_report: self.research_report(&show)?,
            guardrails: show.guardrails(),
            claimed_words: self.claimed_words(),
            speakers: show.speakers.into_iter().map(|speaker| speaker.id).collect(),
            script,
        };
        let judged = judge(&material, self.pin.stage.human.unwrap_or(Human::Never));
        let report = self.shop.keep(&serde_json::to_vec(&judged.report).map_err(|e| e.to_string())?)?;
        let remedy = match (judged.verdict, &judged.remedy) {
            (Verdict::Failed, Some(note)) => {
                let note = self.shop.keep(&serde_json::to_vec(note).map_err(|e| e.to_string())?)?;
                self.way()?.map(|way| Remedy { note, way })
            }
            (Verdict::Failed, None) | (Verdict::Passed | Verdict::Person, _) => None,
        };
        let fall_back = if judged.is_worse { self.fall_back()? } else { None };
        let open = judged.report.open.iter().map(|item| item.id.clone()).collect();
        let (verdict, reasons) = (judged.verdict, judged.reasons);
        Ok(Done::Evaluated(GateJudged { verdict, reasons, report, open, remedy, fall_back }))
    }

    /// What all reviewers among the inputs say together: ready where all of them are, with the findings numbered through.
    fn reviews(&self) -> Result<Option<Review>, String> {
        let is_review = |id: &&StageId| self.episode.pin(id).is_some_and(|pin| pin.stage.output == Contract::Review);
        let mut together: Option<Review> = None;
        for stage in self.pin.stage.inputs.iter().filter(is_review) {
            let review: Review = self.shop.json(&self.upstream(stage)?)?;
            match &mut together {
                None => together = Some(review),
                Some(all) => {
                    for finding in review.findings {
                        let id = format!("F{}", all.findings.len() + 1);
                        all.findings.push(crate::domain::handoff::Finding { id, ..finding });
                    }
                    all.ready &= review.ready;
                    all.summary = format!("{} {}", all.summary.trim(), review.summary.trim());
                }
            }
        }
        Ok(together)
    }

    /// What a person is shown who is asked to accept the research: at a gate that has nothing else before it.
    fn research_report(&self, show: &Show) -> Result<Option<ResearchReport>, String> {
        let is_alone = self.pin.stage.inputs.len() == 1;
        let research: Option<Research> = if is_alone { self.fed("research")? } else { None };
        let today = super::call::day(self.episode.started);
        Ok(research.map(|research| research::report(&research, today, show.policy.research_days)))
    }

    /// The count that the model claimed for the script that stands here.
    fn claimed_words(&self) -> Option<u64> {
        let stage = self.feeder("script")?;
        let output = self.step.inputs.upstream.get(&stage)?;
        let made = self.episode.stages.get(&stage)?.made().find(|made| made.output == *output)?;
        made.claimed_words
    }

    /// The revision that a worse one was made from.
    fn fall_back(&self) -> Result<Option<FallBack>, String> {
        let Some(stage) = self.feeder("script") else { return Ok(None) };
        let now = self.upstream(&stage)?;
        let Some(output) = self.episode.parent_of([&now]) else { return Ok(None) };
        let script: Script = self.shop.json(&output)?;
        Ok(Some(FallBack { stage, output, words: Some(script.measure().words) }))
    }

    /// What of those who judge is not independent, where the gate rests on judges.
    fn kinships(&self) -> Vec<String> {
        let family = |stage: &StageId| self.episode.route(stage).map(|route| route.family());
        let writer = self.episode.pins.iter().find(|pin| pin.stage.output == Contract::Draft);
        let is_judge = |id: &&StageId| self.episode.pin(id).is_some_and(|pin| pin.stage.output == Contract::Judgement);
        let judges: Vec<&StageId> = self.pin.stage.inputs.iter().filter(is_judge).collect();
        if judges.is_empty() {
            return Vec::new();
        }
        let mut told = self.episode.parties().told();
        if let Some(writer) = writer.and_then(|pin| family(&pin.stage.id)) {
            let kin = judges.into_iter().filter(|id| family(id) == Some(writer));
            told.extend(
                kin.map(|id| format!("{id} is of the writer's family ({writer}): a judge prefers text like its own")),
            );
        }
        told
    }

    fn package(&self) -> Result<ContentHash, String> {
        let research = self.needed("research")?;
        let script = self.needed("script")?;
        let speech_text = self.needed("speech_text")?;
        let speech = self.needed("speech")?;
        let show_notes = self.needed("show_notes")?;
        let promotion = self.needed("promotion")?;
        let artwork = self.needed("artwork_brief")?;
        let contents = Contents {
            episode: self.episode,
            script: &script,
            speech_text: &speech_text,
            speech: &speech,
            show_notes: &show_notes,
            promotion: &promotion,
            artwork: &artwork,
            research: &research,
        };
        // What it guards is on the disk, and sound after a panic too.
        let _alone = self.shop.packing.lock().unwrap_or_else(PoisonError::into_inner);
        self.stop.check()?;
        let disk = StoppableDisk { disk: Arc::clone(&self.shop.disk), stop: self.stop.clone() };
        package::write(&disk, &self.shop.dir, &contents, &self.shop.blobs).map_err(|e| e.to_string())
    }

    fn needed<T: serde::de::DeserializeOwned>(&self, slot: &str) -> Result<T, String> {
        self.fed(slot)?.ok_or_else(|| format!("the package needs {slot}, and no stage hands it on"))
    }
}
