//! The binary: parse, wire, exit codes. The only place that knows eyre.

use std::io::{self, Write};
use std::process::ExitCode;

use greenroom::cli::{CliError, Shown, parse, run};

/// 0 done, 1 fault, 2 usage, 3 waiting for a person, 4 refused.
fn main() -> color_eyre::Result<ExitCode> {
    panics()?;
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            // The reader of a pipe may have gone. Help quotes nothing; a fault quotes what was typed.
            let _: io::Result<()> = match error.use_stderr() {
                true => write!(Shown::new(io::stderr()), "{}", error.render()),
                false => error.print(),
            };
            return Ok(ExitCode::from(if error.use_stderr() { 2 } else { 0 }));
        }
    };
    let mut out = Shown::new(io::BufWriter::new(io::stdout().lock()));
    let mut err = Shown::new(io::stderr());
    let ended = run(&cli, &mut out, &mut err);
    let flushed = out.flush();
    let code = match ended.and_then(|ending| flushed.map(|()| ending).map_err(CliError::from)) {
        Ok(ending) => ending.code(),
        // The reader of a pipe has seen enough: `greenroom … | head` is no fault.
        Err(error) if error.is_closed_pipe() => 0,
        Err(error) => {
            let _: io::Result<()> = writeln!(err, "greenroom: {error}");
            error.code()
        }
    };
    Ok(ExitCode::from(code))
}

/// A panic is told as a report that says what it means for the work.
pub(crate) fn panics() -> color_eyre::Result<()> {
    let hook = color_eyre::config::HookBuilder::default().display_env_section(false).panic_section(
        "This is a fault of the program. What the ledger holds is safe: start greenroom again to go on.",
    );
    // Without colours: what a panic quotes passes the same door as everything else.
    let (panics, errors) = hook.theme(color_eyre::config::Theme::new()).try_into_hooks()?;
    errors.install()?;
    std::panic::set_hook(Box::new(move |info| {
        // Nothing is left to be done where standard error is gone.
        let _: io::Result<()> = writeln!(Shown::new(io::stderr()), "{}", panics.panic_report(info));
    }));
    Ok(())
}
