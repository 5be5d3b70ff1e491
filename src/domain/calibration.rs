//! The calibration of judges: scripts with known faults, what a judge said of them, and how that compares with the key.
//!
//! The scripts are ours and the key is known, so that a judge is measured by what it misses and not by what others say. The
//! measure belongs to an [`Epoch`]: another model, prompt, rubric or rule of consensus begins a new one. Not for how judges are
//! asked (the engine does that), nor for how far they agree with people: that is [`rulings`].

mod compare;
pub mod rulings;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::compare::{
    Alarm, Calibration, CanaryPoints, DimensionDrift, Drift, FalseFinding, JudgeCheck, OutOfRange, PlantedCheck, Seen,
    alarms, check, drift,
};
use super::accept::is_verbatim;
use super::episode::{Episode, Life};
use super::handoff::{Contract, Dimension, FaultKind, Judgement, Points, Severity};
use super::ids::{ContentHash, LineId};
use super::research::Research;
use super::script::Script;

/// Scripts with known faults. It is handed in as a research package is, so that an episode pins it by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanarySet {
    /// What an episode that checks judges with it is called.
    pub title: String,
    /// The scripts.
    pub canaries: Vec<CanaryScript>,
}

/// A script with its package and its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryScript {
    /// Its name, such as `wrong-date`.
    pub name: String,
    /// What was planted, in a sentence for people.
    pub what: String,
    /// The faults that were planted; none in a clean script.
    pub planted: Vec<Planted>,
    /// The points that a sound judge gives.
    pub expected: Vec<Expected>,
    /// The package.
    pub research: Research,
    /// The script.
    pub script: Script,
}

/// A fault that was planted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planted {
    /// What kind it is.
    pub kind: FaultKind,
    /// Kinds that it may be called as well: a date is a figure too.
    pub also_kinds: Vec<FaultKind>,
    /// The dimension that it belongs to.
    pub dimension: Dimension,
    /// How much it weighs.
    pub severity: Severity,
    /// The line.
    pub line: LineId,
    /// Lines at which it may be found as well, such as the ones around something that is missing.
    pub also_lines: Vec<LineId>,
    /// The words of the line that show it.
    pub quote: String,
}

/// The points that a sound judge gives in one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The dimension.
    pub dimension: Dimension,
    /// The fewest.
    pub from: Points,
    /// The most.
    pub to: Points,
}

/// What makes two measures of a judge comparable: the same model, asked by the same prompt, with the same rubric, weighed by
/// the same rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// The agent.
    pub agent: String,
    /// The version of its prompt.
    pub version: String,
    /// The hash of its prompt.
    pub prompt: ContentHash,
    /// The model.
    pub model: String,
    /// The version of the rubric.
    pub rubric: String,
    /// The version of the rule of consensus.
    pub rule: String,
}

impl Epoch {
    /// The name of the epoch: equal only where all that makes it is equal.
    pub fn id(&self) -> String {
        let parts = [
            self.agent.as_bytes(),
            self.prompt.as_bytes().as_slice(),
            self.model.as_bytes(),
            self.rubric.as_bytes(),
            self.rule.as_bytes(),
        ];
        ContentHash::of_parts(parts).short()
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agent, version, model, rubric, rule, .. } = self;
        write!(f, "{agent}@{version} on {model}, {rubric}, {rule}")
    }
}

/// What one judge said of the whole set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryReport {
    /// Which judge, asked how.
    pub epoch: Epoch,
    /// Its judgement of each script, in the order of the set.
    pub judgements: Vec<CanaryJudgement>,
}

/// What one judge said of one script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryJudgement {
    /// The script's name.
    pub canary: String,
    /// The judgement.
    pub judgement: Judgement,
}

/// The [`Calibration`] that an episode which checks judges has ended with; nothing of any other, and of one that is under way.
pub fn result_of(episode: &Episode) -> Option<ContentHash> {
    let is_check = episode.pins.iter().any(|pin| pin.stage.output == Contract::Calibration);
    match &episode.life {
        Life::Packaged(result) if is_check => Some(*result),
        Life::Packaged(_) | Life::Running | Life::Paused | Life::Cancelled(_) | Life::Rejected(_) => None,
    }
}

impl CanaryScript {
    /// Whether nothing was planted.
    pub fn is_clean(&self) -> bool {
        self.planted.is_empty()
    }

    /// The hash of the script with its package: what two measures must share to be compared.
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON.
    pub fn hash(&self) -> Result<ContentHash, serde_json::Error> {
        Ok(ContentHash::of(&serde_json::to_vec(&(&self.script, &self.research))?))
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let name = &self.name;
        let text = |id: LineId| self.script.lines().find(|line| line.id == id).map(|line| line.text.as_str());
        let mut ids = BTreeSet::new();
        for line in self.script.lines().filter(|line| !ids.insert(line.id)) {
            faults.push(format!("{name}: {} is the id of two lines", line.id));
        }
        if ids.is_empty() {
            faults.push(format!("{name}: the script has no line"));
        }
        for planted in &self.planted {
            if !text(planted.line).is_some_and(|text| is_verbatim(&planted.quote, text)) {
                faults.push(format!("{name}: `{}` does not stand verbatim in {}", planted.quote, planted.line));
            }
            for line in planted.also_lines.iter().filter(|line| text(**line).is_none()) {
                faults.push(format!("{name}: there is no line {line}"));
            }
        }
        let is_planted = |id: LineId| self.planted.iter().any(|planted| planted.line == id);
        for line in self.script.lines().filter(|line| !is_planted(line.id)) {
            for claim in &line.claims {
                let passage = self.research.passages.iter().find(|passage| passage.id == claim.source);
                if !passage.is_some_and(|passage| is_verbatim(&claim.excerpt, &passage.text)) {
                    let (id, excerpt, source) = (line.id, &claim.excerpt, &claim.source);
                    faults.push(format!("{name}: {id}: `{excerpt}` does not stand verbatim in {source}"));
                }
            }
        }
        let mut dimensions = BTreeSet::new();
        for expected in &self.expected {
            if expected.from > expected.to || !dimensions.insert(expected.dimension) {
                faults.push(format!("{name}: the points of {} are no range of their own", expected.dimension));
            }
        }
        faults
    }
}

impl CanarySet {
    /// Everything by which the key would be wrong: quotes that are not there, excerpts that no passage has although nothing was
    /// planted in their line, names that occur twice.
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.canaries.iter().flat_map(CanaryScript::faults).collect();
        let mut names = BTreeSet::new();
        for canary in self.canaries.iter().filter(|canary| !names.insert(canary.name.as_str())) {
            faults.push(format!("`{}` is the name of two canaries", canary.name));
        }
        if self.canaries.is_empty() {
            faults.push("the set has no canary".to_owned());
        }
        faults
    }
}

#[cfg(test)]
mod tests;
