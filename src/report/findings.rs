//! Findings of all episodes as a table, what keeps coming back, and what people keep writing.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use super::plain;
use super::table::{Align, Table};
use crate::domain::handoff::Severity;
use crate::domain::ids::EpisodeNumber;
use crate::domain::memory::gather::Noted;
use crate::domain::memory::{Key, Outcome, Pattern, Proposal, Rate};

/// The findings, a row each.
pub fn findings_table(found: &[Noted]) -> Table {
    let mut table = Table::new(&[
        ("Episode", Align::Left),
        ("Gate", Align::Left),
        ("Round", Align::Right),
        ("Item", Align::Left),
        ("Line", Align::Left),
        ("Severity", Align::Left),
        ("Kind", Align::Left),
        ("Agent", Align::Left),
        ("Outcome", Align::Left),
        ("Remediation", Align::Left),
        ("Problem", Align::Left),
    ]);
    for noted in found {
        let finding = &noted.finding;
        table.row([
            noted.episode.to_string(),
            noted.gate.to_string(),
            noted.round.to_string(),
            noted.item.clone(),
            finding.line.to_string(),
            severity(finding.severity).to_owned(),
            finding.kind.name().to_owned(),
            noted.prompt.clone(),
            outcome(noted),
            remediation(noted),
            finding.problem.clone(),
        ]);
    }
    table
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Minor => "minor",
        Severity::Major => "major",
        Severity::Blocker => "blocker",
    }
}

fn outcome(noted: &Noted) -> String {
    match (&noted.ruling, noted.outcome) {
        (Some(ruled), _) => format!("{} by {}", ruled.ruling.words(), ruled.by),
        (None, Outcome::Upheld) => "upheld".to_owned(),
        (None, Outcome::NotUpheld) => "not upheld".to_owned(),
        (None, Outcome::Waived) => "waived".to_owned(),
        (None, Outcome::Open) => "open".to_owned(),
    }
}

fn remediation(noted: &Noted) -> String {
    let Some(remediation) = &noted.remediation else { return String::new() };
    let after = match remediation.gone {
        Some(true) => "gone since",
        Some(false) => "found again",
        None => "not judged since",
    };
    format!("{} by {}, {after}", remediation.fix, remediation.way)
}

/// Writes patterns for people, each with its rates and examples.
///
/// # Errors
///
/// When they cannot be written.
pub fn print_patterns(patterns: &[Pattern], out: &mut dyn Write) -> io::Result<()> {
    if patterns.is_empty() {
        return writeln!(out, "nothing was found in more than one episode");
    }
    for (index, pattern) in patterns.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        let name = match &pattern.key {
            Key::Kind { agent, kind } => format!("{agent}: {kind}"),
            Key::Source { agent, kind, source } => format!("{agent}: {kind}, with source {source}"),
            Key::Words { agent, words } => format!("{agent}: {} ({})", pattern.kind, words.join(", ")),
        };
        let episodes: Vec<String> = pattern.episodes.iter().map(ToString::to_string).collect();
        writeln!(out, "{}", plain::line(&name))?;
        writeln!(out, "  {} findings in {} episodes: {}", pattern.count, episodes.len(), episodes.join(", "))?;
        for under in &pattern.prompts {
            let Rate { findings, episodes } = under.rate;
            let (prompt, rate) = (plain::line(&under.prompt), rate(under.rate));
            writeln!(out, "  {rate} an episode under {prompt} ({findings} in {episodes})")?;
        }
        if let (Some(before), Some(after)) = (pattern.rate_before, pattern.rate_after) {
            writeln!(out, "  {} before the last change of the prompt, {} after it", rate(before), rate(after))?;
        }
        for example in &pattern.examples {
            writeln!(out, "  {} {}: {}", example.episode, example.line, plain::line(&example.text))?;
        }
    }
    Ok(())
}

fn rate(rate: Rate) -> String {
    let hundredths = rate.hundredths();
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Writes what people keep writing, with the place where it could become a rule. `all` is how many notes there are.
///
/// # Errors
///
/// When it cannot be written.
pub fn print_notes(
    proposals: &[Proposal],
    all: usize,
    shows: &BTreeMap<EpisodeNumber, String>,
    config: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    if proposals.is_empty() {
        return writeln!(out, "people sent back {all} notes, and none was written in three episodes or more");
    }
    for (index, proposal) in proposals.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        let (count, text) = (proposal.episodes.len(), plain::line(&proposal.text));
        writeln!(out, "notes of {count} episodes said \"{text}\": make it a rule?")?;
        let mut named: Vec<&str> =
            proposal.episodes.iter().filter_map(|number| shows.get(number)).map(String::as_str).collect();
        named.sort_unstable();
        named.dedup();
        for show in named {
            let file = config.join("shows").join(format!("{show}.toml"));
            writeln!(out, "  add it to `rules` under [brand] in {}", plain::line(&file.display().to_string()))?;
        }
        for note in &proposal.notes {
            writeln!(out, "  - {}", plain::line(note))?;
        }
    }
    Ok(())
}
