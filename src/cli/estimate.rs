//! What an episode will cost and take: a new one before it is begun, or the rest of one under way. Begins and spends nothing,
//! takes no lock and leaves nothing behind.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use super::ledger::Folded;
use super::session;
use crate::domain::event::Provenance;
use crate::domain::forecast;
use crate::domain::ids::EpisodeNumber;
use crate::engine::handle::{HandleError, NewEpisode};
use crate::engine::open::look_over;
use crate::report::{line, print_outlook};

/// What `greenroom estimate` takes.
#[derive(Clone, Debug, Args)]
pub struct EstimateArgs {
    /// The number of an episode under way, or the research package of a new one
    pub of: String,
    /// The show of a new one: its name, or the path of a profile
    #[arg(long, value_name = "NAME|PATH")]
    pub show: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Runs the verb.
pub(super) fn run(args: &EstimateArgs, context: &mut Context<'_>) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let past = folded.summaries();
    let (title, outlook) = match (&args.show, args.of.parse()) {
        (None, Ok(number)) => {
            let episode = folded.episode(EpisodeNumber(number))?;
            if episode.life.is_over() {
                return Err(CliError::Refused(format!(
                    "episode {} is over: nothing of it is left to spend. `greenroom cost --episode {number}` says what it cost",
                    episode.number
                )));
            }
            (format!("{}  {}", episode.number, line(&episode.title)), forecast::rest(episode, &past))
        }
        (None, Err(_)) => {
            return Err(CliError::Usage(format!(
                "`{}` is no episode's number. For a new episode name its show too: greenroom estimate FILE --show NAME",
                line(&args.of)
            )));
        }
        (Some(show), _) => {
            let new = NewEpisode {
                research: PathBuf::from(&args.of),
                topic: None,
                show: show.clone(),
                number: None,
                cap: None,
                fresh: false,
            };
            let options = session::without_work(context, context.settings()?)?;
            let number = folded.studio.next_number();
            let looked = session::runtime()?.block_on(look_over(options, new, number))?;
            let looked = looked.map_err(HandleError::Invalid)?;
            if let Some(check) = looked.checks.iter().find(|_| looked.stages.is_empty()) {
                return Err(CliError::Failed(format!("{} Nothing was started and nothing was spent", check.found)));
            }
            let outlook = forecast::whole(&looked.stages, &looked.show, &past, looked.projected, looked.cap);
            (format!("a new episode of {}", line(&looked.show)), outlook)
        }
    };
    if args.format == Format::Json {
        context.json(&json!({ "of": title, "studio": context.kind(), "outlook": outlook }))?;
        return Ok(Ending::Done);
    }
    let mark = if context.kind() == Provenance::Rehearsal { "  REHEARSAL" } else { "" };
    writeln!(context.out, "{title}{mark}")?;
    print_outlook(&outlook, context.out)?;
    Ok(Ending::Done)
}
