//! Episodes: begin, list, show, work on, and stop them.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use serde_json::json;

use super::args::Format;
use super::context::Context;
use super::estimate;
use super::fault::{CliError, Ending};
use super::follow;
use super::ledger::Folded;
use super::servers::Manner;
use super::session::Session;
use crate::config::models::{Models, Standing};
use crate::config::settings::{Named, Settings};
use crate::domain::command::Command;
use crate::domain::cost;
use crate::domain::episode::{Episode, Life};
use crate::domain::event::{Provenance, Uncertain};
use crate::domain::ids::{EpisodeNumber, StageId};
use crate::domain::money::MicroUsd;
use crate::engine::handle::{NewEpisode, Quote};
use crate::engine::package;
use crate::engine::preflight::{Check, Mark};
use crate::report::{Align, Table, life, line, minute, needs, outlook_lines, stages};

/// What can be done with episodes.
#[derive(Debug, Subcommand)]
pub enum EpisodeVerb {
    /// Begin one from a research package; `episode run` or the console then works on it
    New {
        /// The research package, Markdown or JSON
        #[arg(required_unless_present = "topic")]
        research: Option<PathBuf>,
        /// What it is to be about, in the place of a package: agent 00 then researches it
        #[arg(long, value_name = "WORDS", conflicts_with = "research")]
        topic: Option<String>,
        /// The show: the name of one that is known, or the path of a profile
        #[arg(long, value_name = "NAME|PATH")]
        show: String,
        /// Its number; the next free one where none is given
        #[arg(long)]
        number: Option<u32>,
        /// The most that it may cost, in US dollars; what the show says where nothing is given
        #[arg(long, value_name = "USD")]
        cap: Option<MicroUsd>,
        /// Ask everything anew: reuse no answer that an earlier episode paid for
        #[arg(long)]
        fresh: bool,
        /// Begin without asking the providers whether keys, models and voices hold
        #[arg(long)]
        no_probe: bool,
    },
    /// All episodes, past and under way
    List {
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// One episode: stages, gates, needs, money
    Show {
        /// Its number
        number: u32,
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Work without a terminal until the episodes are done (exit 0) or a person is needed (exit 3)
    Run {
        /// Their numbers; all that are under way where none is given
        numbers: Vec<u32>,
    },
    /// Start no new work for an episode until it is resumed
    Pause {
        /// Its number
        number: u32,
    },
    /// Go on with a paused episode
    Resume {
        /// Its number
        number: u32,
    },
    /// Stop an episode before its end; what it made stays
    Cancel {
        /// Its number
        number: u32,
        /// Why, for the record
        #[arg(long, value_name = "WHY")]
        reason: String,
    },
    /// Reject an episode for good
    Reject {
        /// Its number
        number: u32,
        /// Why, for the record
        #[arg(long, value_name = "WHY")]
        reason: String,
    },
    /// Let a stage that could not go on try again
    Retry {
        /// The episode's number
        number: u32,
        /// The stage
        stage: StageId,
    },
    /// Send the calls of a stage to its cheaper model, where a cap stands in the way
    Cheaper {
        /// The episode's number
        number: u32,
        /// The stage
        stage: StageId,
    },
}

/// Runs the verb.
pub(super) fn run(verb: &EpisodeVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    let number = |number: &u32| EpisodeNumber(*number);
    match verb {
        EpisodeVerb::New { research, topic, show, number, cap, fresh, no_probe } => {
            let new = NewEpisode {
                research: research.clone().unwrap_or_default(),
                topic: topic.clone(),
                show: show.clone(),
                number: number.map(EpisodeNumber),
                cap: *cap,
                fresh: *fresh,
            };
            begin(context, new, *no_probe)
        }
        EpisodeVerb::List { format } => list(context, *format),
        EpisodeVerb::Show { number, format } => show(context, EpisodeNumber(*number), *format),
        EpisodeVerb::Run { numbers } => work(context, &numbers.iter().copied().map(EpisodeNumber).collect::<Vec<_>>()),
        EpisodeVerb::Pause { number: n } => {
            act(context, Command::Pause(number(n)), "paused: no new work is started", false)
        }
        EpisodeVerb::Resume { number: n } => act(context, Command::Resume(number(n)), "resumed", false),
        EpisodeVerb::Cancel { number: n, reason } => {
            let command = Command::Cancel { episode: number(n), reason: reason.clone() };
            act(context, command, "stopped; what it made and what it cost stay on record", true)
        }
        EpisodeVerb::Reject { number: n, reason } => {
            let command = Command::Reject { episode: number(n), reason: reason.clone() };
            act(context, command, "rejected for good; what it made and what it cost stay on record", true)
        }
        EpisodeVerb::Retry { number: n, stage } => {
            let command = Command::Retry { episode: number(n), stage: stage.clone() };
            act(context, command, &format!("{stage} tries again when work goes on"), true)
        }
        EpisodeVerb::Cheaper { number: n, stage } => {
            let settings = context.settings()?;
            let person = context.decider(&settings)?;
            let command = Command::UseCheaper { episode: number(n), stage: stage.clone() };
            let (quote, seq) = Session::to_record(context, settings)?.run(async |handle| {
                let quote = handle.quote_cheaper(number(n), stage.clone()).await.ok();
                Ok((quote, handle.command(person, command).await?))
            })?;
            writeln!(context.out, "{} {stage} goes to its cheaper model (event {seq})", number(n))?;
            if let Some(Quote { model, kept, left, worst, .. }) = quote {
                writeln!(
                    context.out,
                    "kept, and not paid for again: {kept} accepted answers; bought from {model}: {left} calls, at most {worst:.4} USD"
                )?;
            }
            Ok(Ending::Done)
        }
    }
}

fn begin(context: &mut Context<'_>, new: NewEpisode, no_probe: bool) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.person(&settings)?;
    // A rehearsal has servers to ask only where they were named.
    let asks = !no_probe && (context.kind() == Provenance::Live || context.globals.servers.is_some());
    let unknown = unknown(context, &settings)?;
    let past = Folded::read(context).map(|folded| folded.summaries()).unwrap_or_default();
    let (number, looked) = Session::to_record(context, settings)?.run(async |handle| {
        let looked = handle.look_over(new.clone(), asks).await?;
        refuse(&looked.checks)?;
        Ok((handle.begin(person, new).await?, looked))
    })?;
    for told in unknown {
        context.remark(&told);
    }
    for told in outlook_lines(&estimate::of_new(&looked, &past)) {
        context.remark(&told);
    }
    for check in looked.checks.iter().filter(|check| check.mark == Mark::Mind) {
        context.remark(&format!("{}: {}", check.what, check.found));
    }
    writeln!(context.out, "{number}")?;
    let flag = context.studio_flag();
    context.remark(&format!(
        "episode {number} is begun and nothing is spent yet: `greenroom{flag} episode run {}` works on it",
        number.0
    ));
    Ok(Ending::Done)
}

/// Refuses where something would fail, or could not be asked: with all of it, so that it is mended in one go.
fn refuse(checks: &[Check]) -> Result<(), CliError> {
    let stops = |check: &&Check| matches!(check.mark, Mark::Fail | Mark::Unasked);
    let found: Vec<&Check> = checks.iter().filter(stops).collect();
    if found.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = found.iter().map(|check| format!("  {}: {}", check.what, check.found)).collect();
    let unasked = found.iter().any(|check| check.mark == Mark::Unasked);
    let advice = if unasked { " `--no-probe` begins it without asking the providers." } else { "" };
    Err(CliError::Failed(format!(
        "the episode was not begun:\n{}\nNothing was started and nothing was spent.{advice}",
        lines.join("\n")
    )))
}

/// What is to be said of the models that the table has not. Those that are going are told among what is looked over.
fn unknown(context: &Context<'_>, settings: &Settings) -> Result<Vec<String>, CliError> {
    let models = Models::load(&context.paths.config)?;
    let on = jiff::tz::Offset::UTC.to_datetime(context.clock.now()).date();
    let told = |named: Named| {
        let standing = models.standing(&named.model, on);
        let Named { role, place, model } = named;
        (standing == Standing::Unknown).then(|| format!("routes.{role}.{place} is `{model}`: {}", standing.told()))
    };
    Ok(settings.named().filter_map(told).collect())
}

/// Records an act. Where it decides something, the person must have a name.
fn act(context: &mut Context<'_>, command: Command, said: &str, decides: bool) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = if decides { context.decider(&settings)? } else { context.person(&settings)? };
    let episode = command.episode().map(|number| format!("{number} ")).unwrap_or_default();
    let seq = Session::to_record(context, settings)?.run(async |handle| Ok(handle.command(person, command).await?))?;
    writeln!(context.out, "{episode}{said} (event {seq})")?;
    Ok(Ending::Done)
}

fn work(context: &mut Context<'_>, numbers: &[EpisodeNumber]) -> Result<Ending, CliError> {
    let folded = Folded::read_sound(context)?;
    for number in numbers {
        folded.episode(*number)?;
    }
    let under_way = || folded.studio.episodes.values().filter(|e| !e.life.is_over()).map(|e| e.number);
    let chosen: Vec<EpisodeNumber> = if numbers.is_empty() { under_way().collect() } else { numbers.to_vec() };
    if chosen.is_empty() {
        writeln!(context.out, "no episode is under way")?;
        return Ok(Ending::Done);
    }
    let settings = context.settings()?;
    let session = match context.kind() {
        Provenance::Live => Session::live(context, settings)?,
        Provenance::Rehearsal => {
            let manner = Manner { pace: 0.0, ..Manner::default() };
            Session::rehearsal(context, settings, &manner, Uncertain::Resend)?
        }
    };
    let flag = context.studio_flag();
    let ended =
        session.run(async |handle| follow::until_ended(handle, &chosen, &mut follow::Nobody, context.err).await)?;
    follow::report(&ended, &context.studio(), flag, context)
}

fn list(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let episodes = folded.episodes();
    if format == Format::Json {
        let flag = context.studio_flag();
        let all: Vec<_> = episodes
            .values()
            .map(|episode| {
                json!({
                    "number": episode.number,
                    "title": episode.title,
                    "show": episode.show,
                    "provenance": episode.provenance,
                    "life": life(&episode.life),
                    "percent": percent(episode),
                    "round": episode.round(),
                    "started": episode.started,
                    "touched": episode.touched,
                    "spent_micro_usd": episode.spent(),
                    "reserved_micro_usd": episode.reserved(),
                    "possible_micro_usd": episode.sums().possible,
                    "cap_micro_usd": episode.cap(),
                    "needs": needs(episode, flag),
                })
            })
            .collect();
        context.json(&json!({ "studio": context.kind(), "episodes": all }))?;
        return Ok(Ending::Done);
    }
    if episodes.is_empty() {
        writeln!(
            context.out,
            "no episode yet. `greenroom episode new FILE --show NAME` begins one; `greenroom rehearse` makes some without a key or money"
        )?;
        return Ok(Ending::Done);
    }
    let mut table = Table::new(&[
        ("No", Align::Left),
        ("Title", Align::Left),
        ("Show", Align::Left),
        ("Life", Align::Left),
        ("Done", Align::Right),
        ("Round", Align::Right),
        ("Spent USD", Align::Right),
        ("Cap", Align::Right),
        ("Last change", Align::Left),
        ("Waits for", Align::Left),
    ]);
    for episode in episodes.values() {
        let waits = if episode.life.is_over() { String::new() } else { waits(episode) };
        table.row([
            episode.number.to_string(),
            line(&episode.title).chars().take(40).collect(),
            episode.show.clone(),
            life(&episode.life).to_owned(),
            format!("{} %", percent(episode)),
            episode.round().to_string(),
            format!("{:.4}", episode.spent()),
            episode.cap().map_or_else(|| "none".to_owned(), |cap| cap.to_string()),
            minute(episode.touched),
            waits,
        ]);
    }
    table.print(context.out)?;
    Ok(Ending::Done)
}

/// Parts of a hundred that are done; a package is everything.
fn percent(episode: &Episode) -> u8 {
    if matches!(episode.life, Life::Packaged(_)) { 100 } else { episode.percent() }
}

fn waits(episode: &Episode) -> String {
    let mut kinds: Vec<&str> = episode.needs.iter().filter_map(|open| open.id.split(':').next()).collect();
    kinds.dedup();
    kinds.join(", ")
}

fn show(context: &mut Context<'_>, number: EpisodeNumber, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let episode: &Arc<Episode> = folded.episode(number)?;
    let flag = context.studio_flag();
    let package = package::folder(context.disk().as_ref(), &context.studio(), number);
    let kept = package::kept(context.disk().as_ref(), &context.studio(), number);
    if format == Format::Json {
        context.json(&json!({
            "summary": cost::summary(episode),
            "percent": percent(episode),
            "owner": episode.owner,
            "research": episode.research,
            "projected_micro_usd": episode.projected,
            "reserved_micro_usd": episode.reserved(),
            "possible_micro_usd": episode.sums().possible,
            "machine_ms": episode.machine_ms(),
            "waited_ms": episode.waited_ms,
            "stages": stages(episode),
            "needs": needs(episode, flag),
            "package": package,
            "kept": kept,
        }))?;
        return Ok(Ending::Done);
    }
    let mark = if episode.provenance == Provenance::Rehearsal { "  REHEARSAL" } else { "" };
    writeln!(context.out, "{number}  {}{mark}", line(&episode.title))?;
    writeln!(context.out, "show     {}", line(&episode.show))?;
    writeln!(context.out, "begun    {} by {}", minute(episode.started), episode.owner)?;
    let why = match &episode.life {
        Life::Cancelled(reason) | Life::Rejected(reason) => format!(": {}", line(reason)),
        Life::Running | Life::Paused | Life::Packaged(_) => String::new(),
    };
    writeln!(
        context.out,
        "life     {}{why}, {} % done, round {}",
        life(&episode.life),
        percent(episode),
        episode.round()
    )?;
    let cap = episode.cap().map_or_else(String::new, |cap| format!(" of a cap of {cap}"));
    writeln!(
        context.out,
        "money    {:.4} USD spent, {:.4} held, {:.4} possible{cap}; {:.4} projected at the start",
        episode.spent(),
        episode.reserved(),
        episode.sums().possible,
        episode.projected
    )?;
    if !episode.reused.is_empty() {
        let (count, saved) = (episode.reused.len(), episode.saved());
        writeln!(context.out, "reused   {count} answers that equal calls were given before: {saved:.4} USD saved")?;
    }
    if let Some(package) = package {
        writeln!(context.out, "package  {}", package.display())?;
    }
    for kept in kept {
        writeln!(context.out, "kept     {} (holds files that greenroom did not write)", kept.display())?;
    }
    writeln!(context.out)?;
    print_stages(episode, context)?;
    print_needs(episode, flag, context)?;
    Ok(Ending::Done)
}

fn print_stages(episode: &Episode, context: &mut Context<'_>) -> Result<(), CliError> {
    let mut table = Table::new(&[
        ("Stage", Align::Left),
        ("State", Align::Left),
        ("Calls", Align::Right),
        ("In", Align::Right),
        ("Out", Align::Right),
        ("USD", Align::Right),
        ("Seconds", Align::Right),
        ("Window", Align::Right),
        ("What it says", Align::Left),
    ]);
    for stage in stages(episode) {
        let gate = stage.gate.as_ref().map(|gate| match &gate.approved_by {
            Some(by) => format!("approved by {by} at {}", gate.hash.short()),
            None => gate.reasons.first().cloned().unwrap_or_default(),
        });
        table.row([
            stage.stage.to_string(),
            stage.state.to_owned(),
            stage.calls.to_string(),
            stage.tokens_in.to_string(),
            stage.tokens_out.to_string(),
            format!("{:.4}", stage.spent_micro_usd),
            (stage.machine_ms / 1_000).to_string(),
            stage.window.map(|window| window.words()).unwrap_or_default(),
            stage.reason.or(gate).unwrap_or_default().chars().take(100).collect(),
        ]);
    }
    Ok(table.print(context.out)?)
}

fn print_needs(episode: &Episode, flag: &str, context: &mut Context<'_>) -> Result<(), CliError> {
    if !episode.life.is_over() {
        for need in needs(episode, flag) {
            writeln!(context.out, "\nWAITS    {} (since {})", need.what, minute(need.since))?;
            writeln!(context.out, "         {}", need.answer)?;
        }
    }
    Ok(())
}
