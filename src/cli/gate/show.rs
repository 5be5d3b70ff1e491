//! What a decision at a gate is about, as text in lines with labels or as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{At, meant, stands};
use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::fault::{CliError, Ending};
use crate::cli::follow;
use crate::cli::ledger::Folded;
use crate::domain::episode::{Episode, Evaluation};
use crate::domain::event::Verdict;
use crate::domain::gate::Report;
use crate::domain::handoff::{Contract, Finding, Fix, Fixes, Judgement, Severity};
use crate::domain::ids::{ContentHash, EpisodeNumber, LineId, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::script::Script;
use crate::report::{line, minute};

/// Everything that stands at a gate.
struct Shown<'a> {
    episode: &'a Episode,
    gate: StageId,
    title: String,
    hash: Option<ContentHash>,
    evaluation: Option<&'a Evaluation>,
    report: Option<Report>,
    script: Option<Script>,
    judgements: Vec<(StageId, Judgement)>,
    fixes: Vec<Fix>,
    left: Option<MicroUsd>,
}

pub(super) fn run(context: &mut Context<'_>, at: &At, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let episode = folded.episode(EpisodeNumber(at.number))?;
    let shown = gather(&folded, episode, at)?;
    match format {
        Format::Json => context.json(&as_json(&shown))?,
        Format::Text => print(&shown, context)?,
    }
    Ok(Ending::Done)
}

fn gather<'a>(folded: &Folded, episode: &'a Episode, at: &At) -> Result<Shown<'a>, CliError> {
    let gate = meant(episode, at)?;
    let standings = episode.standings();
    let hash = stands(episode, &gate);
    let state = episode.gates.get(&gate);
    let evaluation = hash.and_then(|hash| state.and_then(|state| state.evaluations.get(&hash)));
    let inputs = standings.get(&gate).and_then(|standing| standing.inputs());
    let script = inputs.and_then(|inputs| episode.script_of(&gate, inputs));
    let mut judgements = Vec::new();
    for pin in episode.pins.iter().filter(|pin| pin.stage.output == Contract::Judgement) {
        if let Some(made) = standings.get(&pin.stage.id).and_then(|standing| standing.output()) {
            judgements.push((pin.stage.id.clone(), folded.artifact(&made)?));
        }
    }
    let fixes = follow::fixes_hash(episode).map(|hash| folded.artifact::<Fixes>(&hash)).transpose()?;
    Ok(Shown {
        title: episode.pin(&gate).map(|pin| pin.stage.title.clone()).unwrap_or_default(),
        report: evaluation.map(|evaluation| folded.artifact(&evaluation.report)).transpose()?,
        script: script.map(|script| folded.artifact(&script)).transpose()?,
        fixes: fixes.map(|fixes| fixes.fixes).unwrap_or_default(),
        left: episode.cap().map(|cap| cap.minus(episode.spent()).minus(episode.reserved()).max(MicroUsd::ZERO)),
        episode,
        gate,
        hash,
        evaluation,
        judgements,
    })
}

fn as_json(shown: &Shown<'_>) -> Value {
    json!({
        "episode": shown.episode.number,
        "title": shown.episode.title,
        "provenance": shown.episode.provenance,
        "gate": shown.gate,
        "hash": shown.hash,
        "round": shown.episode.round(),
        "verdict": shown.evaluation.map(|evaluation| evaluation.verdict),
        "reasons": shown.evaluation.map(|evaluation| &evaluation.reasons),
        "report": shown.report,
        "script": shown.script,
        "judgements": shown.judgements.iter().map(|(stage, judgement)| json!({ "stage": stage, "judgement": judgement })).collect::<Vec<_>>(),
        "fixes": shown.fixes,
        "spent_micro_usd": shown.episode.spent(),
        "cap_micro_usd": shown.episode.cap(),
        "left_under_cap_micro_usd": shown.left,
        "projected_micro_usd": shown.episode.projected,
    })
}

fn print(shown: &Shown<'_>, context: &mut Context<'_>) -> Result<(), CliError> {
    let flag = context.studio_flag();
    let out = &mut *context.out;
    let Shown { episode, gate, .. } = shown;
    writeln!(out, "GATE {} {gate}: {}, round {}", episode.number, line(&shown.title), episode.round())?;
    writeln!(out, "EPISODE: {}", line(&episode.title))?;
    match shown.hash {
        Some(hash) => writeln!(out, "HASH: {hash}")?,
        None => writeln!(out, "HASH: none; the gate is not reached")?,
    }
    let Some(evaluation) = shown.evaluation else {
        writeln!(out, "VERDICT: none yet; the gate has not judged what stands there")?;
        return Ok(());
    };
    let verdict = match evaluation.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed; no approval turns that into a pass",
        Verdict::Person => "a person decides",
    };
    writeln!(out, "VERDICT: {verdict}")?;
    let approval = shown.hash.and_then(|hash| episode.gates.get(gate)?.approvals.get(&hash));
    if let Some(approval) = approval {
        writeln!(
            out,
            "APPROVED: {} by {}, at most {} USD from there",
            minute(approval.at),
            approval.by,
            approval.max_spend
        )?;
    }
    for reason in &evaluation.reasons {
        writeln!(out, "REASON: {}", line(reason))?;
    }
    for check in shown.report.iter().flat_map(|report| &report.checks) {
        let mark = if check.passed { "ok" } else { "FAIL" };
        writeln!(out, "CHECK {}: {mark}: {}", line(&check.name), line(&check.detail))?;
    }
    for dispute in shown.report.iter().flat_map(|report| &report.disputes) {
        let place = dispute.line.map(|id| format!(" {id}")).unwrap_or_default();
        for view in &dispute.views {
            let side = if view.objects { "objects" } else { "does not object" };
            writeln!(out, "DISPUTE{place}: {} {side}: {}", view.judge, line(&view.words))?;
        }
    }
    if let Some(script) = &shown.script {
        print_script(script, &shown.judgements, out)?;
    }
    if !shown.fixes.is_empty() {
        writeln!(out, "\nFIXES that go with a send-back")?;
    }
    for fix in &shown.fixes {
        let (id, priority) = (line(&fix.id), fix.priority.name());
        writeln!(out, "  {id} {} to {} ({priority}): {}", fix.from, fix.to, line(&fix.wanted))?;
    }
    let cap = shown.left.map_or_else(String::new, |left| format!("; {left:.4} left under the cap"));
    writeln!(
        out,
        "\nMONEY: {:.4} USD spent{cap}; {:.4} were projected for all calls at worst",
        episode.spent(),
        episode.projected
    )?;
    if let (Some(hash), Verdict::Person, false) =
        (shown.hash, evaluation.verdict, approval.is_some() || episode.life.is_over())
    {
        let (number, short) = (episode.number.0, hash.short());
        let spend = shown.left.unwrap_or(episode.projected).min(episode.projected);
        writeln!(out, "APPROVE: greenroom{flag} gate approve {number} {gate} --hash {short} --max-spend {spend:.2}")?;
        if episode.pin(gate).is_some_and(|pin| pin.stage.send_back.is_some()) {
            writeln!(out, "SEND BACK: greenroom{flag} gate send-back {number} {gate} --hash {short} --text WORDS")?;
        }
    }
    Ok(())
}

fn print_script(
    script: &Script,
    judgements: &[(StageId, Judgement)],
    out: &mut dyn std::io::Write,
) -> Result<(), CliError> {
    let mut findings: BTreeMap<LineId, Vec<(&StageId, &Finding)>> = BTreeMap::new();
    for (stage, judgement) in judgements {
        for finding in &judgement.findings {
            findings.entry(finding.line).or_default().push((stage, finding));
        }
    }
    let measured = script.measure();
    writeln!(out, "\nSCRIPT: {} ({} words in {} lines)", line(&script.title), measured.words, measured.lines)?;
    for segment in &script.segments {
        writeln!(out, "\n  {}", line(&segment.title))?;
        for spoken in &segment.lines {
            writeln!(out, "  {} {}: {}", spoken.id, line(&spoken.speaker), line(&spoken.text))?;
            for (stage, finding) in findings.get(&spoken.id).into_iter().flatten() {
                let (id, severity) = (line(&finding.id), word(finding.severity));
                writeln!(
                    out,
                    "       {} {stage} {id}: {} | {}",
                    severity.to_uppercase(),
                    line(&finding.problem),
                    line(&finding.suggestion)
                )?;
            }
        }
    }
    Ok(())
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Minor => "minor",
        Severity::Major => "major",
        Severity::Blocker => "blocker",
    }
}
