//! The check of the judges: every script of the set goes before a judge as any script does, and code holds what was said
//! against the key.
//!
//! A unit is a script of the set and a sitting of the rubric. Not for what the comparison is: that is `domain::calibration`.

use std::collections::BTreeMap;

use super::Job;
use crate::domain::calibration::{self, Calibration, CanaryJudgement, CanaryReport, CanaryScript, CanarySet, Epoch};
use crate::domain::gate::RULE;
use crate::domain::handoff::{Contract, Heard, Judgement};
use crate::domain::ids::ContentHash;

/// The most sittings of one script: a unit is the script's place in the set times this, plus the sitting's place.
const SITTINGS: u32 = 32;

/// The sitting that a unit is about, by its place in the rubric.
pub(super) fn sitting_of(unit: u32) -> usize {
    (unit % SITTINGS) as usize
}

/// Reads a set that was handed in, where it is one and its key is right.
///
/// # Errors
///
/// When it is no set, or with the first faults of its key.
pub(super) fn read(bytes: &[u8]) -> Result<CanarySet, String> {
    let set: CanarySet = serde_json::from_slice(bytes).map_err(|e| format!("this is no set of canaries: {e}"))?;
    let faults = set.faults();
    if faults.is_empty() { Ok(set) } else { Err(faults.into_iter().take(5).collect::<Vec<_>>().join("; ")) }
}

impl Job<'_> {
    /// Whether the stage judges canaries.
    pub(super) fn checks_judges(&self) -> bool {
        self.pin.stage.output == Contract::CanaryReport
    }

    /// The set as it was handed in, as an artifact.
    pub(super) fn canary_set(&self) -> Result<ContentHash, String> {
        let set = read(&self.shop.bytes(&self.episode.research)?)?;
        self.shop.keep(&serde_json::to_vec(&set).map_err(|e| e.to_string())?)
    }

    fn canaries(&self) -> Result<CanarySet, String> {
        self.fed(Contract::Canaries.name())?.ok_or_else(|| format!("{} has no canaries to judge", self.step.stage))
    }

    /// Every question of every script.
    pub(super) fn canary_units(&self) -> Result<Vec<u32>, String> {
        let sittings = u32::try_from(self.rubric()?.sittings().len()).unwrap_or(u32::MAX);
        if sittings > SITTINGS {
            return Err(format!(
                "the rubric asks {sittings} times for each script, and a check of judges at most {SITTINGS}"
            ));
        }
        let scripts = u32::try_from(self.canaries()?.canaries.len()).map_err(|e| e.to_string())?;
        Ok((0..scripts).flat_map(|script| (0..sittings).map(move |sitting| script * SITTINGS + sitting)).collect())
    }

    /// The script that a unit is about.
    pub(super) fn canary_of(&self, unit: u32) -> Result<CanaryScript, String> {
        let found = self.canaries()?.canaries.into_iter().nth((unit / SITTINGS) as usize);
        found.ok_or_else(|| format!("there is no canary for the unit {unit}"))
    }

    /// Joins all that a judge answered into its judgement of each script.
    pub(super) fn canary_report(&self, units: &[(u32, ContentHash)]) -> Result<CanaryReport, String> {
        let rubric = self.rubric()?;
        let mut heard: BTreeMap<u32, Vec<Heard>> = BTreeMap::new();
        for (unit, output) in units {
            heard.entry(unit / SITTINGS).or_default().push(self.shop.json(output)?);
        }
        let mut judgements = Vec::new();
        for (place, canary) in (0..).zip(self.canaries()?.canaries) {
            let heard = heard.remove(&place).unwrap_or_default();
            let script = serde_json::to_vec(&canary.script).map_err(|e| e.to_string())?;
            let judgement = Judgement {
                script: ContentHash::of(&script),
                readings: rubric.rules.iter().map(|rule| super::judge::reading(rule.dimension, heard.iter())).collect(),
                findings: super::judge::merged(
                    heard.iter().flat_map(|heard| heard.assessment.findings.iter().cloned()),
                ),
                dropped: heard.iter().flat_map(|heard| heard.dropped.iter().cloned()).collect(),
                canary: None,
                summary: super::judge::summary(heard.iter()),
            };
            judgements.push(CanaryJudgement { canary: canary.name, judgement });
        }
        Ok(CanaryReport { epoch: self.epoch(rubric.version)?, judgements })
    }

    /// What the measure of this judge belongs to.
    fn epoch(&self, rubric: String) -> Result<Epoch, String> {
        let prompt = self.pin.prompt.as_ref().ok_or_else(|| format!("{} has no prompt", self.step.stage))?;
        let route = self.step.inputs.route.as_ref().ok_or_else(|| format!("{} has no route", self.step.stage))?;
        Ok(Epoch {
            agent: prompt.agent.clone(),
            version: prompt.version.clone(),
            prompt: prompt.hash,
            model: route.model.clone(),
            rubric,
            rule: RULE.to_owned(),
        })
    }

    /// Holds every report among the inputs against the key.
    pub(super) fn calibration(&self) -> Result<ContentHash, String> {
        let set = self.canaries()?;
        let output = |id| self.episode.pin(id).map(|pin| pin.stage.output);
        let mut judges = Vec::new();
        for judge in self.pin.stage.inputs.iter().filter(|id| output(id) == Some(Contract::CanaryReport)) {
            let report: CanaryReport = self.shop.json(&self.upstream(judge)?)?;
            judges.push(calibration::check(judge, &set, &report)?);
        }
        let canaries = u32::try_from(set.canaries.len()).unwrap_or(u32::MAX);
        let result = Calibration { canaries, judges };
        self.shop.keep(&serde_json::to_vec(&result).map_err(|e| e.to_string())?)
    }
}
