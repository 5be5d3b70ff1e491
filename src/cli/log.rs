//! The log: a file for each day, never the terminal.

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

use super::context::Context;
use super::fault::CliError;
use crate::config::settings::Settings;

/// How many days are kept.
const DAYS: usize = 14;

/// Starts the log; it is written until the guard is dropped. A log that cannot be written stops nothing and is remarked.
///
/// # Errors
///
/// When the filter is none.
pub(super) fn start(context: &mut Context<'_>, settings: &Settings) -> Result<Option<WorkerGuard>, CliError> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| {
        CliError::Usage(format!(
            "`log` is `{}`, which is no filter: {error}. Nothing was started: use error, warn, info, debug or trace.",
            settings.log.escape_debug()
        ))
    })?;
    let folder = context.paths.logs.clone();
    // The appender itself writes to the terminal where it finds no folder to clear of old files.
    let made = std::fs::create_dir_all(&folder).map_err(|error| error.to_string()).and_then(|()| file_in(&folder));
    let file = match made {
        Ok(file) => file,
        Err(error) => {
            context.remark(&format!("no log is written to {}: {error}", folder.display()));
            return Ok(None);
        }
    };
    let (writer, guard) = tracing_appender::non_blocking(file);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(false).finish();
    // A second start in one process keeps the first log.
    let _: Result<(), _> = tracing::subscriber::set_global_default(log);
    Ok(Some(guard))
}

fn file_in(folder: &Path) -> Result<RollingFileAppender, String> {
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("greenroom")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(folder)
        .map_err(|error| error.to_string())
}
