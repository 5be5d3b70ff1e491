//! The log: a file for each day, never the terminal; and, where the settings name a collector, the spans of paid calls.

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::context::Context;
use super::fault::CliError;
use super::shown::Shown;
use super::telemetry;
use crate::config::files;
use crate::config::settings::Settings;

/// How many days are kept.
const DAYS: usize = 14;

/// What writes the log and exports the spans; both end when it is dropped.
pub(super) struct Logs {
    _file: Option<WorkerGuard>,
    _spans: Option<telemetry::Export>,
}

/// Starts the log; it is written until what is returned is dropped. A log that cannot be written, or spans that cannot be
/// exported, stop nothing and are remarked.
///
/// # Errors
///
/// When the filter is none.
pub(super) fn start(context: &mut Context<'_>, settings: &Settings) -> Result<Logs, CliError> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| {
        CliError::Usage(format!(
            "`log` is `{}`, which is no filter: {error}. Nothing was started: use error, warn, info, debug or trace.",
            settings.log.escape_debug()
        ))
    })?;
    let folder = context.paths.logs.clone();
    // The appender itself writes to the terminal where it finds no folder to clear of old files.
    let made = files::make_folders(&folder).map_err(|error| error.to_string()).and_then(|()| file_in(&folder));
    let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = Vec::new();
    let mut guard = None;
    match made {
        Ok(file) => {
            let (writer, held) = tracing_appender::non_blocking(file);
            guard = Some(held);
            layers.push(
                tracing_subscriber::fmt::layer()
                    .with_writer(move || Shown::new(writer.clone()))
                    .with_ansi(false)
                    .with_filter(filter)
                    .boxed(),
            );
        }
        Err(error) => context.remark(&format!("no log is written to {}: {error}", folder.display())),
    }
    let mut spans = None;
    if let Some(address) = &settings.otlp {
        match telemetry::layer(address) {
            Ok((layer, export)) => {
                layers.push(layer);
                spans = Some(export);
            }
            Err(error) => context.remark(&format!("no spans are exported to {address}: {error}")),
        }
    }
    // A second start in one process keeps the first log.
    let _: Result<(), _> = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layers));
    Ok(Logs { _file: guard, _spans: spans })
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
