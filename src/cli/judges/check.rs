//! `greenroom judges check`: an episode that lets both judges score the canary set, and what came of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::args::Format;
use crate::cli::begun::Begun;
use crate::cli::context::Context;
use crate::cli::fault::{CliError, Ending};
use crate::cli::follow;
use crate::cli::ledger::Folded;
use crate::cli::rehearse::write_sample;
use crate::cli::servers::Manner;
use crate::cli::session::Session;
use crate::config::{canaries, rubric};
use crate::domain::calibration::{Calibration, result_of};
use crate::domain::episode::Episode;
use crate::domain::event::{Provenance, Uncertain};
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::domain::money::MicroUsd;
use crate::engine::handle::NewEpisode;
use crate::report::CheckReport;

/// The show whose episodes check the judges.
const SHOW: &str = "judges-check";

/// The rubric that comes with the program.
const RUBRIC: &str = include_str!("../../../assets/rubric.toml");

pub(super) fn run(context: &mut Context<'_>, cap: Option<MicroUsd>, format: Format) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.person(&settings)?;
    let (set, content) = write_set(context)?;
    let folded = Folded::read_sound(context)?;
    // After a kill the same command goes on with what it had begun.
    let (mut begun, free) = (Begun::read(&context.studio()), folded.studio.next_number());
    let found = begun.find(&folded, &content, &BTreeSet::new());
    if let Some(number) = found {
        context.remark(&format!("the check {number} was begun before: going on with it"));
    }
    let session = match context.kind() {
        Provenance::Live => Session::live(context, settings)?,
        Provenance::Rehearsal => {
            context.remark("rehearsal: nothing real is spent, and rehearsed judges know only some kinds of fault");
            let manner = Manner { pace: 0.0, ..Manner::default() };
            Session::rehearsal(context, settings, &manner, Uncertain::Resend)?
        }
    };
    let err = &mut *context.err;
    let ended = session.run(async |handle| {
        let number = match found {
            Some(number) => number,
            None => {
                begun.note(content, free)?;
                let (research, show) = (set.clone(), SHOW.to_owned());
                // What the judges said last time says nothing of how they judge now.
                let new = NewEpisode { topic: None, research, show, number: None, cap, fresh: true };
                handle.begin(person.clone(), new).await?
            }
        };
        follow::until_ended(handle, &[number], &mut follow::Nobody, err).await
    })?;
    let done = ended.iter().find(|episode| result_of(episode).is_some());
    let ending = match done {
        Some(episode) => tell(context, episode.number, format)?,
        None => {
            let (studio, flag) = (context.studio(), context.studio_flag());
            match follow::report(&ended, &studio, flag, context)? {
                // A check that was stopped has shown nothing of the judges.
                Ending::Done => Ending::Unsound,
                other => other,
            }
        }
    };
    begun.told();
    Ok(ending)
}

pub(super) fn show(context: &mut Context<'_>, number: Option<u32>, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let number = match number {
        Some(number) => folded.episode(EpisodeNumber(number))?.number,
        None => checks(&folded).first().map(|episode| episode.number).ok_or_else(|| {
            CliError::Failed("the judges were not checked yet: `greenroom judges check` does it".to_owned())
        })?,
    };
    tell(context, number, format)
}

/// Every check that has ended, the latest first.
fn checks(folded: &Folded) -> Vec<Arc<Episode>> {
    let mut checks: Vec<Arc<Episode>> = folded.episodes().into_values().filter(|e| result_of(e).is_some()).collect();
    checks.sort_by_key(|episode| std::cmp::Reverse((episode.touched, episode.number)));
    checks
}

/// Tells the result of a check beside the ones before it.
fn tell(context: &mut Context<'_>, number: EpisodeNumber, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let checks = checks(&folded);
    let mut from = checks.iter().skip_while(|episode| episode.number != number);
    let read = |episode: &Arc<Episode>| -> Result<Option<Calibration>, CliError> {
        result_of(episode).map(|result| folded.artifact(&result)).transpose()
    };
    let found = from.next();
    let (Some(episode), Some(now)) = (found, found.map(read).transpose()?.flatten()) else {
        return Err(CliError::Failed(format!("{number} is no check of judges that has ended. Nothing was changed")));
    };
    let mut before = Vec::new();
    for earlier in from {
        before.extend(read(earlier)?.map(|calibration| (earlier.number, calibration)));
    }
    let report = CheckReport::new(number, episode.spent(), now, &before);
    match format {
        Format::Json => context.json(&report)?,
        Format::Text => report.print(context.out)?,
    }
    if report.alarms.is_empty() {
        return Ok(Ending::Done);
    }
    let count = report.alarms.len();
    context.remark(&format!("ALARM: {count} things about the judges need a person before their scores are believed"));
    Ok(Ending::Unsound)
}

/// Writes the set to `<data>/samples`, where it is missing; its path and its hash.
fn write_set(context: &Context<'_>) -> Result<(PathBuf, ContentHash), CliError> {
    let rubric = rubric::load(&context.paths.config, RUBRIC)?;
    let set = canaries::built_in(&format!("Judges check, {}", rubric.version))
        .map_err(|error| CliError::Failed(format!("{error}. Nothing was started")))?;
    let bytes = serde_json::to_vec_pretty(&set)?;
    let path = write_sample(&context.paths.data, "canaries.json", &bytes)?;
    let hash = ContentHash::of(&bytes);
    Ok((path, hash))
}
