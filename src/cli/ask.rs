//! Asks the person at the terminal for a name or a secret. Where there is no terminal a secret is the first line of standard
//! input, and a name has to be given with `--as`.

use std::io::{self, BufRead, IsTerminal};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use secrecy::zeroize::Zeroize;

use super::context::Context;
use super::fault::CliError;
use crate::domain::actor::signer_name;

/// The name under which decisions are recorded, from the person at the terminal.
pub(super) fn name(context: &mut Context<'_>) -> Result<String, CliError> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(CliError::Usage(format!(
            "a decision is recorded under a name, and none is set. Nothing was changed: give one with --as NAME, or keep one \
             with `greenroom person name NAME` (`name` in {})",
            context.paths.config.join("config.toml").display()
        )));
    }
    write!(context.err, "Your name, as it will stand beside what you decide: ")?;
    context.err.flush()?;
    let mut text = String::new();
    io::stdin().lock().read_line(&mut text)?;
    Ok(signer_name(&text)?)
}

/// A secret, typed unseen or piped in.
pub(super) fn secret(context: &mut Context<'_>, asked: &str) -> Result<SecretString, CliError> {
    let stdin = io::stdin();
    let _unseen = if stdin.is_terminal() {
        write!(context.err, "{asked}")?;
        context.err.flush()?;
        Unseen::begin()
    } else {
        None
    };
    let mut text = String::new();
    stdin.lock().read_line(&mut text)?;
    if stdin.is_terminal() {
        writeln!(context.err)?;
    }
    let secret = SecretString::from(text.trim_end_matches(['\n', '\r']));
    text.zeroize();
    Ok(secret)
}

/// While it lives the terminal shows nothing of what is typed.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> Option<Self> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut now = before.clone();
        now.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &now).ok()?;
        Some(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that has gone needs no echo.
        let _: rustix::io::Result<()> = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
