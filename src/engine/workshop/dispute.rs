//! What an arbiter, a synthesiser and a comparer are given: disputes without names and in random order, findings with
//! their items, two revisions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Job;
use crate::domain::gate::{Dispute, Listed, Report, consensus, listed};
use crate::domain::handoff::{Arbitration, Contract, FaultKind, Finding, Review, Severity};
use crate::domain::ids::{ContentHash, LineId};
use crate::domain::research::Research;
use crate::domain::script::Script;

impl Job<'_> {
    /// What the judges among the inputs dispute.
    pub(super) fn disputes(&self) -> Result<Vec<Dispute>, String> {
        let judgements = self.judgements()?;
        if judgements.is_empty() {
            return Ok(Vec::new());
        }
        Ok(consensus(&judgements, &self.rubric()?).disputes)
    }

    /// Every finding among the inputs: of judges, of the reviewer and of the computed checks.
    pub(super) fn listed(&self) -> Result<Vec<Listed>, String> {
        let judgements = self.judgements()?;
        let review: Option<Review> = self.fed(Contract::Review.name())?;
        Ok(listed(&judgements, review.as_ref(), &self.computed()?))
    }

    /// What the computed checks of an earlier gate found, where its report is an input.
    pub(super) fn computed(&self) -> Result<Vec<Finding>, String> {
        let report: Option<Report> = self.fed(Contract::Report.name())?;
        let findings = report.map(|report| report.findings).unwrap_or_default();
        Ok(findings.into_iter().filter(|listed| listed.by == 'c').map(|listed| listed.finding).collect())
    }

    /// The two revisions to compare, the older one first; nothing where there is one alone.
    pub(super) fn compared(&self) -> Result<Option<(ContentHash, ContentHash)>, String> {
        let new = self.episode.script_of(&self.step.stage, &self.step.inputs);
        let new = new.ok_or_else(|| format!("{} has no script to compare", self.step.stage))?;
        Ok(self.episode.parent_of([&new]).filter(|old| *old != new).map(|old| (old, new)))
    }

    /// The findings as the synthesiser gets them, each with the item that a fix names; the arbiter's advice beside those that
    /// it speaks of.
    pub(super) fn findings_slot(&self) -> Result<String, String> {
        let disputes = self.disputes()?;
        let arbitration: Option<Arbitration> = self.fed(Contract::Arbitration.name())?;
        let advice = |line: LineId| -> Option<&'static str> {
            let dispute = disputes.iter().find(|dispute| dispute.line == Some(line))?;
            let ruling = arbitration.as_ref()?.rulings.iter().find(|ruling| ruling.item == dispute.id)?;
            Some(ruling.advice.words())
        };
        let of = |listed: &Listed| {
            json!({
                "item": listed.item(), "line": listed.finding.line, "quote": listed.finding.quote,
                "dimension": listed.finding.dimension, "kind": listed.finding.kind,
                "severity": listed.finding.severity, "problem": listed.finding.problem,
                "suggestion": listed.finding.suggestion, "sources": listed.finding.sources,
                "arbiter": advice(listed.finding.line),
            })
        };
        let all: Vec<Value> = self.listed()?.iter().map(of).collect();
        serde_json::to_string(&all).map_err(|e| e.to_string())
    }

    /// The disputes as the arbiter gets them: lines, sources, and the arguments of both sides without a name, in an order that
    /// the inputs decide and nobody can guess.
    pub(super) fn disputes_slot(&self) -> Result<String, String> {
        let script: Script = self.fed("script")?.ok_or("no script is in dispute")?;
        let research: Research = self.fed("research")?.unwrap_or_default();
        let mut all: Vec<Value> = Vec::new();
        for dispute in self.disputes()? {
            let lines: BTreeSet<LineId> = dispute
                .line
                .into_iter()
                .chain(dispute.views.iter().flat_map(|view| view.evidence.iter().map(|evidence| evidence.line)))
                .collect();
            let named: BTreeSet<&str> = script
                .lines()
                .filter(|line| lines.contains(&line.id))
                .flat_map(|line| line.claims.iter().map(|claim| claim.source.as_str()))
                .chain(dispute.views.iter().flat_map(|view| view.sources.iter().map(|source| source.passage.as_str())))
                .collect();
            let lines: Vec<Value> = script
                .lines()
                .filter(|line| lines.contains(&line.id))
                .map(|line| json!({"id": line.id, "text": line.text}))
                .collect();
            let passages: Vec<Value> = research
                .passages
                .iter()
                .filter(|passage| named.contains(passage.id.as_str()))
                .map(|passage| json!({"id": passage.id, "text": passage.text}))
                .collect();
            let mut arguments: Vec<(ContentHash, Value)> = dispute
                .views
                .iter()
                .map(|view| {
                    let judge = view.judge.as_str().as_bytes();
                    let parts = [self.step.inputs.hash.as_bytes().as_slice(), dispute.id.as_bytes(), judge];
                    let quotes: Vec<&str> = view.evidence.iter().map(|evidence| evidence.quote.as_str()).collect();
                    (
                        ContentHash::of_parts(parts),
                        json!({"says": view.words, "quotes": quotes, "sources": view.sources}),
                    )
                })
                .collect();
            arguments.sort_by_key(|(key, _)| *key);
            let arguments: Vec<Value> = arguments.into_iter().map(|(_, argument)| argument).collect();
            all.push(json!({
                "item": dispute.id, "dimension": dispute.dimension, "about": dispute.cause.words(),
                "lines": lines, "passages": passages, "arguments": arguments,
            }));
        }
        serde_json::to_string(&all).map_err(|e| e.to_string())
    }

    /// Faults that stood at this gate in the two rounds before this one: by line and kind.
    pub(super) fn survived(&self) -> Result<BTreeSet<(LineId, FaultKind)>, String> {
        let round = self.episode.round();
        let mut rounds: Vec<_> = self
            .episode
            .gates
            .get(&self.step.stage)
            .map(|gate| gate.evaluations.values().filter(|e| e.round < round).collect())
            .unwrap_or_default();
        rounds.sort_by_key(|evaluation| std::cmp::Reverse(evaluation.round));
        let [last, before, ..] = rounds.as_slice() else { return Ok(BTreeSet::new()) };
        let faults = |hash: &ContentHash| -> Result<BTreeSet<(LineId, FaultKind)>, String> {
            let report: Report = self.shop.json(hash)?;
            let grave = report.findings.iter().filter(|listed| listed.finding.severity > Severity::Minor);
            Ok(grave.map(|listed| (listed.finding.line, listed.finding.kind)).collect())
        };
        Ok(faults(&last.report)?.intersection(&faults(&before.report)?).copied().collect())
    }
}
