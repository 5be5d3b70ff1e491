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
use crate::domain::cost::EpisodeSummary;
use crate::domain::episode::Episode;
use crate::domain::event::Provenance;
use crate::domain::forecast::{self, Outlook};
use crate::domain::ids::EpisodeNumber;
use crate::engine::handle::{HandleError, LookedOver, NewEpisode};
use crate::engine::open::{likely, look_over};
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

/// What the rest of an episode is likely to cost and costs at worst. Where what it was begun with cannot be read any more, nothing
/// is estimated.
pub(super) fn rest(context: &Context<'_>, folded: &Folded, episode: &Episode) -> Result<Outlook, CliError> {
    let options = session::without_work(context, context.settings()?)?;
    let runtime = session::runtime()?;
    let likely = likely(options, runtime.handle(), episode)?.unwrap_or_default();
    Ok(forecast::rest(episode, &folded.summaries(), &likely))
}

/// What a new episode is likely to cost and costs at worst.
pub(super) fn of_new(looked: &LookedOver, past: &[EpisodeSummary]) -> Outlook {
    let bounds = (looked.projected, looked.cap);
    forecast::whole(&looked.stages, &looked.show, past, &looked.likely, bounds)
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
            (format!("{}  {}", episode.number, line(&episode.title)), rest(context, &folded, episode)?)
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
            let outlook = of_new(&looked, &past);
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
