//! The binary: parse, wire, exit codes. The only place that knows eyre.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use greenroom::cli::{CliError, parse, run};

/// 0 done, 1 fault, 2 usage, 3 waiting for a person, 4 refused.
fn main() -> color_eyre::Result<ExitCode> {
    panics()?;
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // The reader of a pipe may have gone.
            let _: io::Result<()> = error.print();
            return Ok(ExitCode::from(code));
        }
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let ended = run(&cli, &mut out, &mut io::stderr());
    let flushed = out.flush();
    let code = match ended.and_then(|ending| flushed.map(|()| ending).map_err(CliError::from)) {
        Ok(ending) => ending.code(),
        // The reader of a pipe has seen enough: `greenroom … | head` is no fault.
        Err(error) if error.is_closed_pipe() => 0,
        Err(error) => {
            let _: io::Result<()> = writeln!(io::stderr(), "greenroom: {error}");
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
    let hook = if io::stderr().is_terminal() { hook } else { hook.theme(color_eyre::config::Theme::new()) };
    hook.install()
}
