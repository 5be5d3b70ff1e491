//! The binary: parse, wire, exit codes. The only place that knows eyre.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use greenroom::cli::{Cli, CliError, run};

/// 0 done, 1 fault; clap itself ends with 2 where the command line is wrong.
fn main() -> color_eyre::Result<ExitCode> {
    color_eyre::install()?;
    let cli = Cli::parse();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let ended = run(&cli.verb, &mut out).and_then(|()| out.flush().map_err(CliError::from));
    match ended {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // The reader of a pipe has seen enough: `greenroom … | head` is no fault.
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => {
            writeln!(io::stderr(), "greenroom: {error}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
