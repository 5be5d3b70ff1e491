//! What a decision at a gate is about, as text in lines with labels or as JSON.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use super::{At, meant, stands};
use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::estimate;
use crate::cli::fault::{CliError, Ending};
use crate::cli::ledger::Folded;
use crate::domain::actor::second_person;
use crate::domain::episode::{Episode, Evaluation, GateState, RuledItem};
use crate::domain::event::{Overriding, Verdict};
use crate::domain::forecast::Outlook;
use crate::domain::gate::{Given, Listed, Outcome, Report, found};
use crate::domain::handoff::{Fix, Fixes, Judgement, Severity};
use crate::domain::ids::{ContentHash, EpisodeNumber, LineId, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::script::Script;
use crate::report::{line, minute, outlook_lines};

/// Everything that stands at a gate.
struct Shown<'a> {
    episode: &'a Episode,
    gate: StageId,
    title: String,
    hash: Option<ContentHash>,
    evaluation: Option<&'a Evaluation>,
    report: Option<Report>,
    script: Option<Script>,
    judgements: Vec<(usize, StageId, Judgement)>,
    fixes: Vec<Fix>,
    left: Option<MicroUsd>,
}

pub(super) fn run(context: &mut Context<'_>, at: &At, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let episode = folded.episode(EpisodeNumber(at.number))?;
    let shown = gather(&folded, episode, at)?;
    match format {
        Format::Json => context.json(&as_json(&shown))?,
        Format::Text => {
            let outlook = estimate::rest(context, &folded, episode)?;
            print(&shown, &outlook, context)?;
        }
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
    for (at, stage, output) in episode.judgements_of(script) {
        judgements.push((at, stage, folded.artifact(&output)?));
    }
    let fixes = episode.fixes_at(&gate).map(|hash| folded.artifact::<Fixes>(&hash)).transpose()?;
    Ok(Shown {
        title: episode.pin(&gate).map(|pin| pin.stage.title.clone()).unwrap_or_default(),
        report: evaluation.map(|evaluation| folded.artifact(&evaluation.report)).transpose()?,
        script: script.map(|script| folded.artifact(&script)).transpose()?,
        fixes: fixes.map(|fixes| fixes.fixes).unwrap_or_default(),
        left: episode.cap().map(|cap| cap.minus(episode.committed()).max(MicroUsd::ZERO)),
        episode,
        gate,
        hash,
        evaluation,
        judgements,
    })
}

fn state<'a>(shown: &Shown<'a>) -> Option<&'a GateState> {
    shown.episode.gates.get(&shown.gate)
}

/// The rulings of what stands there.
fn rulings<'a>(shown: &Shown<'a>) -> Vec<&'a RuledItem> {
    let all = state(shown).map(|state| state.rulings.as_slice()).unwrap_or_default();
    all.iter().filter(|ruled| Some(ruled.hash) == shown.hash).collect()
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
        "open": shown.evaluation.map(|evaluation| &evaluation.open),
        "rulings": rulings(shown),
        "overridden": shown.hash.and_then(|hash| state(shown)?.overrides.get(&hash)),
        "override_proposed": shown.hash.and_then(|hash| state(shown)?.proposals.get(&hash)),
        "report": shown.report,
        "script": shown.script,
        "judgements": shown.judgements.iter().map(|(_, stage, judgement)| json!({ "stage": stage, "judgement": judgement })).collect::<Vec<_>>(),
        "fixes": shown.fixes,
        "spent_micro_usd": shown.episode.spent(),
        "cap_micro_usd": shown.episode.cap(),
        "left_under_cap_micro_usd": shown.left,
        "projected_micro_usd": shown.episode.projected,
    })
}

fn print(shown: &Shown<'_>, outlook: &Outlook, context: &mut Context<'_>) -> Result<(), CliError> {
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
    if let Some(over) = shown.hash.and_then(|hash| state(shown)?.overrides.get(&hash)) {
        let first = over.proposed_by.as_ref();
        let proposed = first.map(|first| match second_person(first, &over.by) {
            Ok(proof) => format!(", proposed by {first}; two people, proven by {}", proof.words()),
            Err(_) => format!(", proposed by {first}; that they are two people was not proven"),
        });
        let proposed = proposed.unwrap_or_default();
        writeln!(out, "OVERRIDDEN: {} by {}{}: {}", minute(over.at), over.by, line(&proposed), line(&over.reason))?;
    }
    if let Some(proposal) = shown.hash.and_then(|hash| state(shown)?.proposals.get(&hash)) {
        writeln!(out, "OVERRIDE PROPOSED: {} by {}: {}", minute(proposal.at), proposal.by, line(&proposal.reason))?;
    }
    match &shown.report {
        Some(report) => print_report(report, shown, out)?,
        None => {
            for reason in &evaluation.reasons {
                writeln!(out, "REASON: {}", line(reason))?;
            }
        }
    }
    if let Some(script) = &shown.script {
        let judged: Vec<_> = shown.judgements.iter().map(|(at, _, judgement)| (*at, judgement.clone())).collect();
        print_script(script, &found(shown.report.as_ref(), &judged), out)?;
    }
    if !shown.fixes.is_empty() {
        writeln!(out, "\nFIXES that go with a send-back")?;
    }
    for fix in &shown.fixes {
        let (id, priority) = (line(&fix.id), fix.priority.name());
        writeln!(out, "  {id} {} to {} ({priority}): {}", fix.from, fix.to, line(&fix.wanted))?;
    }
    let cap = shown.left.map_or_else(String::new, |left| format!("; {left:.4} left under the cap"));
    writeln!(out, "\nMONEY: {:.4} USD spent{cap}", episode.spent())?;
    for told in outlook_lines(outlook) {
        writeln!(out, "MONEY: {told}")?;
    }
    print_ways_on(shown, evaluation, flag, out)
}

/// What can be done, as commands.
fn print_ways_on(shown: &Shown<'_>, evaluation: &Evaluation, flag: &str, out: &mut dyn Write) -> Result<(), CliError> {
    let Shown { episode, gate, .. } = shown;
    let Some(hash) = shown.hash.filter(|_| !episode.life.is_over()) else { return Ok(()) };
    let is_left = state(shown).is_some_and(|s| s.approvals.contains_key(&hash) || s.overrides.contains_key(&hash));
    if is_left || evaluation.verdict == Verdict::Passed {
        return Ok(());
    }
    let (number, short) = (episode.number.0, hash.short());
    let spend = shown.left.unwrap_or(episode.projected).min(episode.projected);
    let rules: String = evaluation.open.iter().map(|item| format!(" --rule '{}=waive:WHY'", line(item))).collect();
    match evaluation.verdict {
        Verdict::Person => writeln!(
            out,
            "APPROVE: greenroom{flag} gate approve {number} {gate} --hash {short} --max-spend {spend:.2}{rules}"
        )?,
        Verdict::Failed if episode.policy.overriding != Overriding::Nobody => writeln!(
            out,
            "OVERRIDE: greenroom{flag} gate override {number} {gate} --hash {short} --type {} --reason WHY --max-spend {spend:.2}",
            episode.number
        )?,
        Verdict::Failed | Verdict::Passed => {}
    }
    if episode.pin(gate).is_some_and(|pin| pin.stage.send_back.is_some()) {
        writeln!(out, "SEND BACK: greenroom{flag} gate send-back {number} {gate} --hash {short} --text WORDS")?;
    }
    Ok(())
}

/// What the gate found: why it judged so, how each dimension stands, both sides of each dispute, what is open.
fn print_report(report: &Report, shown: &Shown<'_>, out: &mut dyn Write) -> Result<(), CliError> {
    writeln!(out, "WHY: {}", line(&report.sentence))?;
    for note in &report.notes {
        writeln!(out, "NOTE: {}", line(note))?;
    }
    for check in &report.checks {
        let mark = if check.passed { "ok" } else { "FAIL" };
        writeln!(out, "CHECK {}: {mark}: {}", line(&check.name), line(&check.detail))?;
    }
    if !report.dimensions.is_empty() {
        writeln!(out, "RULE: {}, rubric {}", line(&report.rule), line(&report.rubric))?;
    }
    for row in &report.dimensions {
        let given: Vec<String> = row.given.iter().map(points).collect();
        let outcome = match row.outcome {
            Outcome::Holds(together) => format!("holds at {together}"),
            Outcome::Below(together) => format!("BELOW, at {together}"),
            Outcome::Disputed(cause) => format!("DISPUTED, {}", cause.words()),
        };
        writeln!(out, "DIMENSION {}: {}; floor {}; {outcome}", row.dimension, given.join(", "), row.floor)?;
    }
    for mean in &report.measured.means {
        let (whole, part) = (mean.hundredths / 100, mean.hundredths % 100);
        writeln!(out, "MEAN {}: {whole}.{part:02}, for reading alone", mean.judge)?;
    }
    for dispute in &report.disputes {
        let place = dispute.line.map(|id| format!("{id}, ")).unwrap_or_default();
        let id = line(&dispute.id);
        writeln!(out, "DISPUTE {id} ({place}{}): {}", dispute.dimension, dispute.cause.words())?;
        for view in &dispute.views {
            let side = if view.objects { "objects" } else { "does not object" };
            writeln!(out, "  {id} {} {side}: {}", view.judge, line(&view.words))?;
            for evidence in &view.evidence {
                writeln!(out, "  {id} {} quotes {}: {}", view.judge, evidence.line, line(&evidence.quote))?;
            }
            for source in &view.sources {
                writeln!(out, "  {id} {} source {}: {}", view.judge, line(&source.passage), line(&source.excerpt))?;
            }
        }
        match &dispute.advice {
            Some(advised) => {
                writeln!(out, "  {id} arbiter, advice only: {}: {}", advised.advice.words(), line(&advised.reasoning))?;
            }
            None => writeln!(out, "  {id} arbiter: no advice")?,
        }
    }
    let ruled = rulings(shown);
    for item in &report.open {
        let ruling = ruled.iter().rev().find(|ruled| ruled.ruled.item == item.id);
        match ruling {
            None => writeln!(out, "OPEN {}: {}", line(&item.id), line(&item.question))?,
            Some(made) => {
                let (words, reason) = (made.ruled.ruling.words(), line(&made.ruled.reason));
                writeln!(out, "RULED {}: {words} by {}: {reason}", line(&item.id), made.by)?;
            }
        }
    }
    Ok(())
}

/// A judge's points in words: the median, how far its samples lie apart, whether they stand from before.
fn points(given: &Given) -> String {
    let points = given.points.map_or_else(|| "cannot tell".to_owned(), |points| points.to_string());
    let spread = if given.spread > 0 { format!("±{}", given.spread) } else { String::new() };
    let carried = if given.carried { " (from the revision before)" } else { "" };
    format!("{} {points}{spread}{carried}", given.judge)
}

fn print_script(script: &Script, found: &[Listed], out: &mut dyn Write) -> Result<(), CliError> {
    let mut findings: BTreeMap<LineId, Vec<&Listed>> = BTreeMap::new();
    for listed in found {
        findings.entry(listed.finding.line).or_default().push(listed);
    }
    let measured = script.measure();
    writeln!(out, "\nSCRIPT: {} ({} words in {} lines)", line(&script.title), measured.words, measured.lines)?;
    for segment in &script.segments {
        writeln!(out, "\n  {}", line(&segment.title))?;
        for spoken in &segment.lines {
            writeln!(out, "  {} {}: {}", spoken.id, line(&spoken.speaker), line(&spoken.text))?;
            for listed in findings.get(&spoken.id).into_iter().flatten() {
                let finding = &listed.finding;
                let severity = word(finding.severity);
                writeln!(
                    out,
                    "       {} {} {}: {} | {}",
                    severity.to_uppercase(),
                    line(&listed.item()),
                    finding.kind.name(),
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
