//! The headless verbs: peers of the console over the same engine. Each writes its answer to the given output and returns how it
//! ended; nothing here exits.
//!
//! What only reads folds the journal in memory and takes no lock; what decides or works opens the engine. `ledger` is the one
//! door past the engine.

mod args;
mod ask;
mod begun;
mod budget;
mod charge;
mod config;
mod console;
mod context;
mod cost;
mod doctor;
mod episode;
mod estimate;
mod fault;
mod findings;
mod follow;
mod gate;
mod help;
mod judges;
mod ledger;
mod log;
mod person;
mod prices;
mod providers;
mod rehearse;
mod research;
mod revision;
mod route;
mod servers;
mod session;
mod shown;
mod signals;
mod telemetry;
mod wiring;

use std::io::Write;

use clap::FromArgMatches;

use crate::config::files;

pub use self::args::{Cli, Format, Globals, StudioKind, Verb};
use self::context::Context;
pub use self::fault::{CliError, Ending};
pub use self::help::command;
pub use self::shown::Shown;

/// Reads the command line of this process.
///
/// # Errors
///
/// What clap says of it: a fault of usage, or the help that was asked for.
pub fn parse() -> Result<Cli, clap::Error> {
    let matches = command().try_get_matches()?;
    Cli::from_arg_matches(&matches)
}

/// Does what was asked: the answer goes to `out`, remarks go to `err`.
///
/// # Errors
///
/// [`CliError`], which knows its exit code.
pub fn run(cli: &Cli, out: &mut dyn Write, err: &mut dyn Write) -> Result<Ending, CliError> {
    files::keep_private();
    signals::outlive_file_limits();
    match &cli.verb {
        Some(Verb::Completions { shell }) => help::completions(*shell, out)?,
        Some(Verb::Man) => help::manual(out)?,
        verb => {
            let mut context = Context::new(&cli.globals, out, err)?;
            return act(verb.as_ref(), &mut context);
        }
    }
    Ok(Ending::Done)
}

fn act(verb: Option<&Verb>, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        None => match context.globals.studio {
            StudioKind::Live => console::live(context),
            StudioKind::Rehearsal => rehearse::run(&rehearse::RehearseArgs::default(), context),
        },
        Some(Verb::Rehearse(args)) => rehearse::run(args, context),
        Some(Verb::Episode(verb)) => episode::run(verb, context),
        Some(Verb::Gate(verb)) => gate::run(verb, context),
        Some(Verb::Revision(verb)) => revision::run(verb, context),
        Some(Verb::Charge(verb)) => charge::run(verb, context),
        Some(Verb::Budget(verb)) => budget::run(verb, context),
        Some(Verb::Person(verb)) => person::run(verb, context),
        Some(Verb::Cost(args)) => cost::run(args, context),
        Some(Verb::Estimate(args)) => estimate::run(args, context),
        Some(Verb::Prices(verb)) => prices::run(verb, context),
        Some(Verb::Providers { format }) => providers::run(context, *format),
        Some(Verb::Findings(verb)) => findings::run(verb, context),
        Some(Verb::Judges(verb)) => judges::run(verb, context),
        Some(Verb::Ledger(verb)) => ledger::run(verb, context),
        Some(Verb::Research(verb)) => research::run(verb, context),
        Some(Verb::Config(verb)) => config::run(verb, context),
        Some(Verb::Route(verb)) => route::run(verb, context),
        Some(Verb::Doctor { offline, format }) => doctor::run(context, *offline, *format),
        Some(Verb::Studio(args)) => servers::run(args, context),
        // These two need neither folders nor the environment and were answered before.
        Some(Verb::Completions { .. } | Verb::Man) => Ok(Ending::Done),
    }
}
