//! The one place where the console is opened.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::context::Context;
use super::fault::{CliError, Ending};
use super::session::Session;
use super::signals;
use crate::config::environment::TerminalEnvironment;
use crate::config::persons::Persons;
use crate::config::settings::{Settings, When};
use crate::domain::event::{Person, Provenance};
use crate::engine::handle::Handle;
use crate::tui::{self, ColorLevel, ConsoleOptions, TuiError};

/// What the console is told by whoever opens it.
pub(super) struct Opening {
    person: Person,
    settings: Settings,
    provenance: Provenance,
    terminal: TerminalEnvironment,
    config: PathBuf,
    with_secret: Vec<String>,
}

impl Opening {
    pub(super) fn new(
        context: &mut Context<'_>,
        settings: &Settings,
        provenance: Provenance,
    ) -> Result<Self, CliError> {
        let terminal = context.environment.terminal.clone();
        // A name that a secret is kept for is proven before the console opens.
        let person = if settings.name.is_some() { context.decider(settings)? } else { context.person(settings)? };
        let (config, settings) = (context.paths.config.clone(), settings.clone());
        let with_secret = Persons::load(&config)?.names();
        Ok(Self { person, settings, provenance, terminal, config, with_secret })
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
    if let Some(why) = &session.read_only {
        context.remark(why);
    }
    session.run(async |handle| show(handle, opening).await)?;
    Ok(Ending::Done)
}

/// Shows the console until its person leaves it. SIGTERM and SIGHUP end it in order, with its drafts kept.
pub(super) async fn show(handle: &Handle, opening: Opening) -> Result<(), CliError> {
    let Opening { person, settings, provenance, terminal, config, with_secret } = opening;
    let console = settings.console;
    let options = ConsoleOptions {
        is_named: settings.name.is_some(),
        config,
        with_secret,
        color: color(console.color, &terminal),
        ascii: match console.ascii {
            When::Always => true,
            When::Never => false,
            When::Auto => !terminal.is_utf8(),
        },
        fps: console.fps,
        bell: console.bell,
        undo: console.undo,
        ..ConsoleOptions::new(person, provenance)
    };
    let shutdown = options.shutdown.clone();
    let shown = tui::run(handle.clone(), options);
    tokio::pin!(shown);
    let ended = tokio::select! {
        ended = &mut shown => ended,
        () = signals::ended() => {
            shutdown.cancel();
            shown.await
        }
    };
    match ended {
        Ok(()) => Ok(()),
        Err(TuiError::NoTerminal) => Err(CliError::NoTerminal("standard output")),
        Err(error @ (TuiError::Terminal(_) | TuiError::Draft(_))) => Err(CliError::Console(error.to_string())),
    }
}

/// How many colours the console uses: what the terminal says it has, unless the settings or `NO_COLOR` switch them off.
fn color(wanted: When, terminal: &TerminalEnvironment) -> ColorLevel {
    let is_forced = wanted == When::Always || terminal.force_color;
    if wanted == When::Never || (terminal.no_color && !is_forced) {
        return ColorLevel::None;
    }
    let term = terminal.term.as_deref().unwrap_or_default();
    match terminal.colorterm.as_deref() {
        Some("truecolor" | "24bit") => ColorLevel::True,
        Some(_) | None if term.contains("256color") => ColorLevel::Ansi256,
        Some(_) | None if matches!(term, "" | "dumb") && !is_forced => ColorLevel::None,
        Some(_) | None => ColorLevel::Ansi16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(colorterm: Option<&str>, term: &str, no_color: bool) -> TerminalEnvironment {
        let (colorterm, term) = (colorterm.map(str::to_owned), Some(term.to_owned()));
        TerminalEnvironment { colorterm, term, no_color, ..TerminalEnvironment::default() }
    }

    #[test]
    fn colours_follow_the_settings_then_the_environment() {
        let cases = [
            (When::Auto, terminal(Some("truecolor"), "xterm", false), ColorLevel::True),
            (When::Auto, terminal(None, "xterm-256color", false), ColorLevel::Ansi256),
            (When::Auto, terminal(None, "vt100", false), ColorLevel::Ansi16),
            (When::Auto, terminal(None, "dumb", false), ColorLevel::None),
            (When::Auto, terminal(Some("truecolor"), "xterm", true), ColorLevel::None),
            (When::Always, terminal(None, "dumb", true), ColorLevel::Ansi16),
            (When::Never, terminal(Some("truecolor"), "xterm", false), ColorLevel::None),
        ];
        for (wanted, terminal, expected) in cases {
            assert!(color(wanted, &terminal) == expected, "{wanted:?} {terminal:?}");
        }
    }
}
