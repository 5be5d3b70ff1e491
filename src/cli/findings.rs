//! What judges and checks found in all episodes, what became of it, and what keeps coming back.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use super::judges::reports;
use super::ledger::Folded;
use super::rehearse::is_rehearser;
use crate::domain::episode::Episode;
use crate::domain::event::Actor;
use crate::domain::handoff::Note;
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::domain::memory::gather::{Noted, Told, noted, remembered, uses, written};
use crate::domain::memory::{Pattern, Proposal, patterns, repeated_notes};
use crate::report::{findings_table, print_notes, print_patterns};

/// What can be asked about findings.
#[derive(Debug, Subcommand)]
pub enum FindingsVerb {
    /// Every finding with its verdict: how a person ruled it, and what came of the fix that was sent back
    List(ListArgs),
    /// What was found in several episodes, with examples and its rate before and after each change of a prompt
    Patterns {
        /// Only in the work of this agent, such as `script_writer`
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
        /// Only this kind of fault, such as `figure`
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// What people keep writing when they send a script back, offered as a rule of the show
    Notes {
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

/// What `greenroom findings list` takes.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Only in this episode
    #[arg(long, value_name = "NUMBER")]
    pub episode: Option<u32>,
    /// Only this kind of fault, such as `figure`
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Only in the work of this agent, such as `script_writer`
    #[arg(long, value_name = "AGENT")]
    pub agent: Option<String>,
    /// Only what nobody has ruled and no fix has mended
    #[arg(long)]
    pub open: bool,
    /// How to print them
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
}

/// The form of a list of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    Text,
    /// For scripts
    Json,
    /// For spreadsheets
    Csv,
}

/// Runs the verb.
pub(super) fn run(verb: &FindingsVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    match verb {
        FindingsVerb::List(args) => list(&folded, args, context)?,
        FindingsVerb::Patterns { agent, kind, format } => {
            let mut found = all_patterns(&folded)?;
            found.retain(|pattern| agent.as_ref().is_none_or(|agent| *agent == pattern.agent));
            found.retain(|pattern| kind.as_ref().is_none_or(|kind| *kind == pattern.kind));
            match format {
                Format::Json => context.json(&json!({ "patterns": found }))?,
                Format::Text => print_patterns(&found, context.out)?,
            }
        }
        FindingsVerb::Notes { format } => notes(&folded, *format, context)?,
    }
    Ok(Ending::Done)
}

fn list(folded: &Folded, args: &ListArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    if let Some(number) = args.episode {
        folded.episode(EpisodeNumber(number))?;
    }
    let mut found = all(folded)?;
    found.retain(|noted| args.episode.is_none_or(|number| noted.episode.0 == number));
    found.retain(|noted| args.kind.as_ref().is_none_or(|kind| kind == noted.finding.kind.name()));
    found.retain(|noted| args.agent.as_ref().is_none_or(|agent| *agent == noted.agent));
    found.retain(|noted| !args.open || noted.is_open());
    match args.format {
        ListFormat::Json => context.json(&json!({ "findings": found }))?,
        ListFormat::Csv => findings_table(&found).csv(context.out)?,
        ListFormat::Text if found.is_empty() => writeln!(context.out, "no finding")?,
        ListFormat::Text => findings_table(&found).print(context.out)?,
    }
    Ok(())
}

fn notes(folded: &Folded, format: Format, context: &mut Context<'_>) -> Result<(), CliError> {
    let is_person = |by: &Actor| matches!(by, Actor::Person(_)) && !is_rehearser(by);
    let (mut texts, mut shows) = (Vec::new(), BTreeMap::new());
    for episode in folded.episodes().values() {
        let sent = sent_notes(folded, episode)?;
        let told = Told { episode, reports: &BTreeMap::new(), notes: &sent };
        texts.extend(written(told, is_person));
        shows.insert(episode.number, episode.show.clone());
    }
    let proposals: Vec<Proposal> = repeated_notes(&texts);
    match format {
        Format::Json => context.json(&json!({ "notes": texts.len(), "proposals": proposals }))?,
        Format::Text => print_notes(&proposals, texts.len(), &shows, &context.paths.config, context.out)?,
    }
    Ok(())
}

/// Every finding of all episodes, in the order of the episodes and of time.
fn all(folded: &Folded) -> Result<Vec<Noted>, CliError> {
    let mut found = Vec::new();
    for episode in folded.episodes().values() {
        let (reports, notes) = (reports(folded, episode)?, sent_notes(folded, episode)?);
        found.extend(noted(Told { episode, reports: &reports, notes: &notes }));
    }
    Ok(found)
}

fn sent_notes(folded: &Folded, episode: &Episode) -> Result<BTreeMap<ContentHash, Note>, CliError> {
    episode.sent_back.iter().map(|sent| Ok((sent.input.note, folded.artifact(&sent.input.note)?))).collect()
}

fn all_patterns(folded: &Folded) -> Result<Vec<Pattern>, CliError> {
    let episodes = folded.episodes();
    let research = |number| episodes.get(&number).map(|episode| episode.research);
    let found = remembered(&all(folded)?, research);
    Ok(patterns(&found, &uses(episodes.values().map(Arc::as_ref))))
}
