//! The revisions of an episode's script: what there is, going back to one, and putting one of a person's own in its place.
//!
//! A change is shown with what it makes stale before it is made: `--yes` makes it.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending, brought_badly};
use super::ledger::Folded;
use super::session::Session;
use crate::config::files;
use crate::config::settings::Settings;
use crate::config::show::Show;
use crate::domain::accept::{self, brought};
use crate::domain::command::Command;
use crate::domain::episode::{Episode, Made, Standing};
use crate::domain::event::{Choice, PromptPin};
use crate::domain::gate::Rubric;
use crate::domain::handoff::{Contract, Dimension, Judgement};
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::Kind;
use crate::domain::research::Research;
use crate::domain::script::Script;
use crate::prompts::library::Library;
use crate::report::{Align, Table, line, minute};

/// What can be done with revisions.
#[derive(Debug, Subcommand)]
pub enum RevisionVerb {
    /// Every revision of the script, with what the judges gave it for the brand's voice
    List {
        /// The episode's number
        number: u32,
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Go back to an earlier revision; without `--yes` only what follows from it is shown
    Rollback {
        /// The episode's number
        number: u32,
        /// The revision, by the first digits of its hash; the last one within the brand's floor where none is given
        #[arg(long, value_name = "HASH")]
        to: Option<String>,
        /// Why, for the record
        #[arg(long, value_name = "WHY")]
        reason: String,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
    /// Ask a stage by another version of its prompt from here on, such as the last one that was within the brand
    Prompt {
        /// The episode's number
        number: u32,
        /// The stage
        stage: StageId,
        /// The version, such as 1.0.0
        #[arg(long, value_name = "VERSION")]
        version: String,
        /// The prompt of the stage's reviser
        #[arg(long)]
        reviser: bool,
        /// Why, for the record
        #[arg(long, value_name = "WHY")]
        reason: String,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
    /// Put a script of your own in the place of what stands there, as JSON in the form of `script.json` of a package
    Edit {
        /// The episode's number
        number: u32,
        /// The script
        file: PathBuf,
        /// Why, for the record
        #[arg(long, value_name = "WHY")]
        reason: String,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

/// Runs the verb.
pub(super) fn run(verb: &RevisionVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        RevisionVerb::List { number, format } => list(context, EpisodeNumber(*number), *format),
        RevisionVerb::Rollback { number, to, reason, yes } => {
            rollback(context, EpisodeNumber(*number), to.as_deref(), reason, *yes)
        }
        RevisionVerb::Prompt { number, stage, version, reviser, reason, yes } => {
            prompt(context, EpisodeNumber(*number), stage, version, *reviser, reason, *yes)
        }
        RevisionVerb::Edit { number, file, reason, yes } => edit(context, EpisodeNumber(*number), file, reason, *yes),
    }
}

/// A revision with what is known of it.
struct Revision<'a> {
    stage: &'a StageId,
    made: &'a Made,
    /// The lowest points that a judge gave it for the brand's voice.
    brand: Option<u8>,
    stands: bool,
}

/// The stage that writes the script.
fn writer(episode: &Episode) -> Result<&StageId, CliError> {
    let pin = episode.pins.iter().find(|pin| pin.stage.output == Contract::Draft);
    pin.map(|pin| &pin.stage.id).ok_or_else(|| CliError::Failed("the episode has no stage that writes a script".into()))
}

fn revisions<'a>(folded: &Folded, episode: &'a Episode) -> Result<Vec<Revision<'a>>, CliError> {
    let stage = writer(episode)?;
    let now = episode.standings().get(stage).and_then(Standing::output);
    let mut judgements: Vec<Judgement> = Vec::new();
    for pin in episode.pins.iter().filter(|pin| pin.stage.output == Contract::Judgement) {
        for made in episode.stages.get(&pin.stage.id).into_iter().flat_map(|state| state.made()) {
            judgements.push(folded.artifact(&made.output)?);
        }
    }
    let brand = |script: &ContentHash| {
        let of = judgements.iter().filter(|judgement| judgement.script == *script);
        of.filter_map(|judgement| judgement.points(Dimension::BrandVoice)).map(|points| points.get()).min()
    };
    let Some(state) = episode.stages.get(stage) else { return Ok(Vec::new()) };
    let mut all: Vec<Revision<'a>> = state
        .made()
        .map(|made| Revision { stage, made, brand: brand(&made.output), stands: Some(made.output) == now })
        .collect();
    all.sort_by_key(|revision| revision.made.at);
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|revision| seen.insert(revision.made.output));
    Ok(all)
}

fn list(context: &mut Context<'_>, number: EpisodeNumber, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let episode = folded.episode(number)?;
    let all = revisions(&folded, episode)?;
    match format {
        Format::Json => {
            let rows: Vec<_> = all
                .iter()
                .map(|revision| {
                    json!({
                        "hash": revision.made.output, "round": revision.made.round, "at": revision.made.at,
                        "words": revision.made.words, "claimed_words": revision.made.claimed_words,
                        "by": revision.made.by.to_string(), "brand_voice": revision.brand, "stands": revision.stands,
                    })
                })
                .collect();
            context.json(&json!(rows))?;
        }
        Format::Text => {
            let mut table = Table::new(&[
                ("HASH", Align::Left),
                ("ROUND", Align::Right),
                ("WHEN", Align::Left),
                ("WORDS", Align::Right),
                ("BRAND", Align::Right),
                ("BY", Align::Left),
                ("", Align::Left),
            ]);
            for revision in &all {
                table.row([
                    revision.made.output.short(),
                    revision.made.round.to_string(),
                    minute(revision.made.at),
                    revision.made.words.map(|words| words.to_string()).unwrap_or_default(),
                    revision.brand.map_or_else(|| "-".to_owned(), |points| points.to_string()),
                    line(&revision.made.by.to_string()),
                    if revision.stands { "stands here".to_owned() } else { String::new() },
                ]);
            }
            table.print(context.out)?;
        }
    }
    Ok(Ending::Done)
}

fn rollback(
    context: &mut Context<'_>,
    number: EpisodeNumber,
    to: Option<&str>,
    reason: &str,
    yes: bool,
) -> Result<Ending, CliError> {
    let folded = Folded::read_sound(context)?;
    let episode = folded.episode(number)?;
    let all = revisions(&folded, episode)?;
    let floor = brand_floor(&folded, episode)?;
    let chosen = match to {
        Some(digits) => all.iter().rev().find(|revision| revision.made.output.to_string().starts_with(digits)),
        None => all.iter().rev().find(|r| !r.stands && r.brand.is_some_and(|points| points >= floor)),
    };
    let Some(chosen) = chosen else {
        let what = match to {
            Some(digits) => format!("no revision of episode {number} has a hash that begins with `{}`", line(digits)),
            None => format!("no earlier revision of episode {number} was at {floor} or above for the brand's voice"),
        };
        return Err(CliError::Failed(format!("{what}; `revision list {}` shows them. Nothing was changed", number.0)));
    };
    let (stage, output, words) = (chosen.stage.clone(), chosen.made.output, chosen.made.words);
    consequences(context, episode, &stage, output, words)?;
    let command = Command::ChooseOutput {
        episode: number,
        stage,
        output,
        choice: Choice::RolledBack,
        reason: reason.into(),
        words,
    };
    carry_out(context, command, None, yes)
}

/// The floor of the brand's voice in the rubric that the episode pinned.
fn brand_floor(folded: &Folded, episode: &Episode) -> Result<u8, CliError> {
    let rubric: Option<Rubric> = episode.policy.rubric.map(|hash| folded.artifact(&hash)).transpose()?;
    Ok(rubric.map_or(4, |rubric| rubric.floor(Dimension::BrandVoice).get()))
}

fn prompt(
    context: &mut Context<'_>,
    number: EpisodeNumber,
    stage: &StageId,
    version: &str,
    reviser: bool,
    reason: &str,
    yes: bool,
) -> Result<Ending, CliError> {
    let folded = Folded::read_sound(context)?;
    let episode = folded.episode(number)?;
    let pinned = episode.pin(stage).and_then(|pin| if reviser { pin.revise.as_ref() } else { pin.prompt.as_ref() });
    let Some(pinned) = pinned else {
        return Err(CliError::Failed(format!(
            "{stage} is asked by no such prompt in episode {number}. Nothing was changed"
        )));
    };
    let library = Library::load(&context.paths.config)?;
    let known = version.parse().ok().and_then(|version| library.get(&pinned.agent, version));
    let Some(known) = known else {
        let agent = &pinned.agent;
        let what = format!("there is no version `{}` of the prompt of {agent}", line(version));
        return Err(CliError::Failed(format!(
            "{what}, neither among the program's own nor under `prompts` of the configuration. Nothing was changed"
        )));
    };
    let chosen = PromptPin { agent: pinned.agent.clone(), version: known.version.to_string(), hash: known.hash };
    writeln!(context.out, "PROMPT: {} {} takes the place of {}", chosen.agent, chosen.version, pinned.version)?;
    stale_from(context, episode, stage, 0)?;
    let command =
        Command::ChoosePrompt { episode: number, stage: stage.clone(), prompt: chosen, reviser, reason: reason.into() };
    carry_out(context, command, Some(known.source.as_bytes().to_vec()), yes)
}

fn edit(
    context: &mut Context<'_>,
    number: EpisodeNumber,
    file: &Path,
    reason: &str,
    yes: bool,
) -> Result<Ending, CliError> {
    let path = file.display().to_string();
    let text = files::read_text(file, files::LARGEST_TEXT)
        .map_err(|source| CliError::Unreadable { path: path.clone(), source })?;
    let folded = Folded::read_sound(context)?;
    let episode = folded.episode(number)?;
    let stage = writer(episode)?.clone();
    let Some(now) = episode.standings().get(&stage).and_then(Standing::output) else {
        return Err(CliError::Failed(format!(
            "{stage} of episode {number} has made no script yet, so none can be put in its place. Nothing was changed"
        )));
    };
    let before: Script = folded.artifact(&now)?;
    let research: Option<Research> = research(&folded, episode)?;
    let speakers = speakers(&folded, episode, &context.settings()?)?;
    let contract = accept::Context { research: research.as_ref(), speakers: &speakers, ..accept::Context::default() };
    let held = brought::edited(&text, &before, &contract);
    let held = held.map_err(|misfits| brought_badly(&path, "no script", &misfits))?;
    let (bytes, words) = (held.artifact, held.words);
    let output = ContentHash::of(&bytes);
    consequences(context, episode, &stage, output, words)?;
    let command =
        Command::ChooseOutput { episode: number, stage, output, choice: Choice::Edited, reason: reason.into(), words };
    carry_out(context, command, Some(bytes), yes)
}

/// The research package that the episode is written from.
fn research(folded: &Folded, episode: &Episode) -> Result<Option<Research>, CliError> {
    let standings = episode.standings();
    let stage = episode.pins.iter().find(|pin| pin.stage.output == Contract::Research);
    let made = stage.and_then(|pin| standings.get(&pin.stage.id)).and_then(Standing::output);
    made.map(|hash| folded.artifact(&hash)).transpose()
}

/// The speakers of the show as the episode pinned it.
fn speakers(folded: &Folded, episode: &Episode, settings: &Settings) -> Result<Vec<String>, CliError> {
    let profile = String::from_utf8_lossy(&folded.bytes(&episode.profile)?).into_owned();
    let speech = episode.pins.iter().find(|pin| pin.stage.kind == Kind::Speech);
    let voices = speech.and_then(|pin| pin.route.as_ref()).map(|route| route.provider);
    let show = Show::parse("the show profile", &profile, voices.unwrap_or_else(|| settings.voice_provider()))?;
    Ok(show.speakers.into_iter().map(|speaker| speaker.id).collect())
}

/// What follows from another script: what becomes stale, and what making it again may cost at most.
fn consequences(
    context: &mut Context<'_>,
    episode: &Episode,
    stage: &StageId,
    output: ContentHash,
    words: Option<u64>,
) -> Result<(), CliError> {
    let words = words.map(|words| format!(", {words} words")).unwrap_or_default();
    writeln!(context.out, "REVISION: {}{words} takes the place of what stands at {stage}", output.short())?;
    stale_from(context, episode, stage, 1)
}

/// What becomes stale from a stage on, the first so many of it left out, and what was paid for it.
fn stale_from(context: &mut Context<'_>, episode: &Episode, stage: &StageId, kept: usize) -> Result<(), CliError> {
    let standings = episode.standings();
    let mut stale: Vec<&StageId> = vec![stage];
    for pin in &episode.pins {
        let reads = |id: &StageId| stale.contains(&id);
        if pin.stage.inputs.iter().any(reads) {
            stale.push(&pin.stage.id);
        }
    }
    let done = |id: &&&StageId| standings.get(**id).is_some_and(|standing| standing.output().is_some());
    let again: Vec<&StageId> = stale.iter().skip(kept).filter(done).copied().collect();
    let cost: MicroUsd = again.iter().map(|id| episode.calls_of(id).map(|(_, call)| call.spent()).sum()).sum();
    let names: Vec<String> = again.iter().map(ToString::to_string).collect();
    writeln!(
        context.out,
        "STALE: {}",
        if names.is_empty() { "nothing that was made yet".to_owned() } else { names.join(", ") }
    )?;
    writeln!(
        context.out,
        "COST: {cost:.4} USD were paid for these; what was judged or made of this revision before is not paid again"
    )?;
    let signed = episode.gates.values().any(|gate| !gate.approvals.is_empty());
    if signed {
        writeln!(
            context.out,
            "SIGNATURES: the approvals of what stands there now end with this change, and do not hold again if it is put back"
        )?;
    }
    Ok(())
}

fn carry_out(
    context: &mut Context<'_>,
    command: Command,
    artifact: Option<Vec<u8>>,
    yes: bool,
) -> Result<Ending, CliError> {
    if !yes {
        writeln!(context.out, "Nothing was changed. Add --yes to do it.")?;
        return Ok(Ending::Done);
    }
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let seq = Session::to_record(context, settings)?.run(async |handle| {
        if let Some(bytes) = artifact {
            handle.store(bytes).await?;
        }
        Ok(handle.command(person, command).await?)
    })?;
    writeln!(context.out, "Done (event {seq}).")?;
    Ok(Ending::Done)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        verb: RevisionVerb,
    }

    #[test]
    fn going_back_needs_a_reason_and_shows_first() {
        assert!(Line::try_parse_from(["revision", "rollback", "7"]).is_err());
        let line = Line::try_parse_from(["revision", "rollback", "7", "--reason", "off brand"]).unwrap();
        assert!(matches!(line.verb, RevisionVerb::Rollback { number: 7, to: None, yes: false, .. }));
    }
}
