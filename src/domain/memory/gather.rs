//! What an episode's gates found, read from its fold and their reports: each finding with what became of it.
//!
//! An adapter between episodes and [`super::patterns`]: it decides nothing and reads no store. A fault that several judges or rounds
//! found at one line is remembered once. Not for the search for patterns.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Outcome, Remembered, Use};
use crate::domain::episode::{Episode, Evaluation, GateState, Made, SentBack};
use crate::domain::event::{Actor, Handoff, ItemRuling, PromptPin, Way};
use crate::domain::gate::{Dispute, Listed, Report};
use crate::domain::handoff::{Advice, Contract, Finding, Note};
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};

/// An episode with what its fold only names.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The episode.
    pub episode: &'a Episode,
    /// The reports of its gates.
    pub reports: &'a BTreeMap<ContentHash, Report>,
    /// The notes that were sent back.
    pub notes: &'a BTreeMap<ContentHash, Note>,
}

/// A finding of a gate with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// The episode.
    pub episode: EpisodeNumber,
    /// When the gate judged.
    pub at: Timestamp,
    /// The gate.
    pub gate: StageId,
    /// The round.
    pub round: u32,
    /// Its name at the gate, such as `a:F2`.
    pub item: String,
    /// The finding.
    pub finding: Finding,
    /// The agent whose work it was found in.
    pub agent: String,
    /// The prompt that the work was made with, such as `script_writer@1.0.0`.
    pub prompt: String,
    /// What became of it.
    pub outcome: Outcome,
    /// How a person ruled the dispute about it, with the reason, where one did.
    pub ruling: Option<RulingNoted>,
    /// The fix that was sent back for it, where one was.
    pub remediation: Option<Remediation>,
}

impl Noted {
    /// Whether nobody has answered it: no ruling, no advice, and no fix after which it was gone.
    pub fn is_open(&self) -> bool {
        let is_mended = self.remediation.as_ref().is_some_and(|remediation| remediation.gone == Some(true));
        self.outcome == Outcome::Open && !is_mended
    }
}

/// How a person ruled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulingNoted {
    /// The dispute.
    pub item: String,
    /// How.
    pub ruling: ItemRuling,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// A fix that was sent back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remediation {
    /// The fix, such as `N1`.
    pub fix: String,
    /// What was asked for.
    pub wanted: String,
    /// By whom it was to be mended.
    pub way: Way,
    /// Who sent it back.
    pub by: String,
    /// Whether the same gate found it no more the next time; nothing where the gate has not judged since.
    pub gone: Option<bool>,
}

/// Every finding of an episode's gates, in the order of time. What a gate only repeats from a gate before it is left out.
pub fn noted(told: Told<'_>) -> Vec<Noted> {
    let mut all = Vec::new();
    for (gate, state) in &told.episode.gates {
        for (input, evaluation) in &state.evaluations {
            let Some(report) = told.reports.get(&evaluation.report) else { continue };
            let (agent, prompt) = maker(told.episode, gate, evaluation.at).unwrap_or_default();
            // Where judges are weighed the computed findings are those of the gate before.
            let is_own = |listed: &&Listed| listed.by != 'c' || report.rule.is_empty();
            for listed in report.findings.iter().filter(is_own) {
                let ruling = ruling(state, input, report, &listed.finding);
                let remediation = remediation(told, gate, state, input, evaluation, listed);
                all.push(Noted {
                    episode: told.episode.number,
                    at: evaluation.at,
                    gate: gate.clone(),
                    round: evaluation.round,
                    item: listed.item(),
                    agent: agent.clone(),
                    prompt: prompt.clone(),
                    outcome: outcome(ruling.as_ref(), report, &listed.finding, remediation.is_some()),
                    finding: listed.finding.clone(),
                    ruling,
                    remediation,
                });
            }
        }
    }
    all.sort_by(|a, b| (a.at, &a.gate, &a.item).cmp(&(b.at, &b.gate, &b.item)));
    all
}

/// Whether a dispute is about a finding: at its line, or in its dimension where no line is named.
fn is_about(dispute: &Dispute, finding: &Finding) -> bool {
    match dispute.line {
        Some(line) => line == finding.line,
        None => dispute.dimension == finding.dimension,
    }
}

fn ruling(state: &GateState, input: &ContentHash, report: &Report, finding: &Finding) -> Option<RulingNoted> {
    let of = |item: &str| state.rulings.iter().rev().find(|ruled| ruled.hash == *input && ruled.ruled.item == item);
    // A ruling about the line says more than one about the dimension.
    let mut about: Vec<&Dispute> = report.disputes.iter().filter(|dispute| is_about(dispute, finding)).collect();
    about.sort_by_key(|dispute| dispute.line.is_none());
    let ruled = about.into_iter().find_map(|dispute| of(&dispute.id))?;
    Some(RulingNoted {
        item: ruled.ruled.item.clone(),
        ruling: ruled.ruled.ruling,
        reason: ruled.ruled.reason.clone(),
        by: ruled.by.to_string(),
    })
}

fn outcome(ruling: Option<&RulingNoted>, report: &Report, finding: &Finding, is_sent_back: bool) -> Outcome {
    if let Some(ruled) = ruling {
        return match ruled.ruling {
            ItemRuling::Fix => Outcome::Upheld,
            ItemRuling::Waive => Outcome::Waived,
            ItemRuling::NotAFault => Outcome::NotUpheld,
        };
    }
    let at_line = report.disputes.iter().filter(|dispute| dispute.line == Some(finding.line));
    let advice = at_line.filter_map(|dispute| dispute.advice.as_ref()).map(|advised| advised.advice).next();
    match advice {
        Some(Advice::Upheld) => Outcome::Upheld,
        Some(Advice::NotUpheld) => Outcome::NotUpheld,
        Some(Advice::CannotTell) | None if is_sent_back => Outcome::Upheld,
        Some(Advice::CannotTell) | None => Outcome::Open,
    }
}

fn remediation(
    told: Told<'_>,
    gate: &StageId,
    state: &GateState,
    input: &ContentHash,
    evaluation: &Evaluation,
    listed: &Listed,
) -> Option<Remediation> {
    let item = listed.item();
    let is_from_here = |sent: &&SentBack| sent.gate == *gate && sent.hash == *input;
    let sent = told.episode.sent_back.iter().rev().find(is_from_here)?;
    let note = told.notes.get(&sent.input.note)?;
    let fix = note.fixes.iter().find(|fix| fix.findings.contains(&item))?;
    let later = state.evaluations.values().filter(|later| later.at > evaluation.at).min_by_key(|later| later.at);
    let stands = |report: &Report| {
        let same =
            |found: &Listed| found.finding.line == listed.finding.line && found.finding.kind == listed.finding.kind;
        report.findings.iter().any(same)
    };
    let gone = later.and_then(|later| told.reports.get(&later.report)).map(|report| !stands(report));
    Some(Remediation {
        fix: fix.id.clone(),
        wanted: fix.wanted.clone(),
        way: sent.input.way,
        by: sent.by.to_string(),
        gone,
    })
}

fn label(pin: &PromptPin) -> (String, String) {
    (pin.agent.clone(), format!("{}@{}", pin.agent, pin.version))
}

/// Who wrote the script that a gate judged at a moment, with the prompt.
fn maker(episode: &Episode, gate: &StageId, at: Timestamp) -> Option<(String, String)> {
    let is_script = |id: &&StageId| {
        episode.pin(id).is_some_and(|pin| matches!(pin.stage.output, Contract::Draft | Contract::Revision))
    };
    let mut stage = episode.pin(gate)?.stage.inputs.iter().rev().find(is_script)?;
    // A stage that passed its base on unchanged wrote nothing; there are never more of them than stages.
    for _ in &episode.pins {
        let pin = episode.pin(stage)?;
        let made = episode.stages.get(stage)?.made().filter(|made| made.at <= at).max_by_key(|made| made.at)?;
        if made.handoff == Handoff::Skipped {
            stage = pin.stage.revises.as_ref()?;
            continue;
        }
        return author(pin, made).map(label);
    }
    None
}

/// The prompt that an output was made with: the reviser's where it revises a script on the same stage.
fn author<'a>(pin: &'a crate::domain::event::Pin, made: &Made) -> Option<&'a PromptPin> {
    let revised = made.parent.and(pin.revise.as_ref()).filter(|_| pin.stage.output == Contract::Draft);
    revised.or(pin.prompt.as_ref())
}

/// What is remembered of what was found: each fault of a line once, with the clearest word on it.
pub fn remembered(noted: &[Noted], research: impl Fn(EpisodeNumber) -> Option<ContentHash>) -> Vec<Remembered> {
    let mut kept: BTreeMap<(EpisodeNumber, crate::domain::ids::LineId, &str), Remembered> = BTreeMap::new();
    for noted in noted {
        let finding = &noted.finding;
        let kind = finding.kind.name();
        // A passage is known by its number in its package alone.
        let source = finding.sources.first().zip(research(noted.episode));
        let entry = kept.entry((noted.episode, finding.line, kind)).or_insert_with(|| Remembered {
            at: noted.at,
            episode: noted.episode,
            line: finding.line,
            dimension: finding.dimension.name().to_owned(),
            kind: kind.to_owned(),
            agent: noted.agent.clone(),
            prompt: noted.prompt.clone(),
            source: source.map(|(source, package)| format!("{} of {}", source.passage, package.short())),
            text: finding.problem.clone(),
            outcome: noted.outcome,
        });
        if entry.outcome == Outcome::Open {
            entry.outcome = noted.outcome;
        }
    }
    kept.into_values().collect()
}

/// In how many episodes each prompt wrote a script, and since when.
pub fn uses<'a>(episodes: impl IntoIterator<Item = &'a Episode>) -> Vec<Use> {
    let mut found: BTreeMap<(String, String), (Timestamp, BTreeSet<EpisodeNumber>)> = BTreeMap::new();
    for episode in episodes {
        for pin in &episode.pins {
            let is_script = matches!(pin.stage.output, Contract::Draft | Contract::Revision);
            let made =
                episode.stages.get(&pin.stage.id).filter(|_| is_script).into_iter().flat_map(|state| state.made());
            for made in made.filter(|made| matches!(made.handoff, Handoff::FirstTry | Handoff::Corrected)) {
                let Some(key) = author(pin, made).map(label) else { continue };
                let (since, numbers) = found.entry(key).or_insert_with(|| (made.at, BTreeSet::new()));
                *since = made.at.min(*since);
                numbers.insert(episode.number);
            }
        }
    }
    let used = |((agent, prompt), (since, episodes)): ((String, String), (Timestamp, BTreeSet<EpisodeNumber>))| Use {
        since,
        agent,
        prompt,
        episodes: u32::try_from(episodes.len()).unwrap_or(u32::MAX),
    };
    found.into_iter().map(used).collect()
}

/// What people wrote with what they sent back, by episode.
pub fn written(told: Told<'_>, is_person: impl Fn(&Actor) -> bool) -> Vec<(EpisodeNumber, String)> {
    let of_people = told.episode.sent_back.iter().filter(|sent| is_person(&sent.by));
    let texts = of_people.filter_map(|sent| told.notes.get(&sent.input.note)).map(|note| note.text.trim());
    texts.filter(|text| !text.is_empty()).map(|text| (told.episode.number, text.to_owned())).collect()
}
