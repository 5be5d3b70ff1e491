//! What people set: checked whole, shown with the origin of every value, and where it stands.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use crate::config::fault::{Fault, LoadError};
use crate::config::models::Models;
use crate::config::pipeline::PipelineFile;
use crate::config::prices::Prices;
use crate::config::role::Role;
use crate::config::settings::Settings;
use crate::config::show::Show;
use crate::prompts::library::Library;
use crate::report::{Align, Table};

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Check settings, prices, routes, prompts, pipelines and shows; every fault is told with its file, line and key
    Check {
        /// Check this show profile beside those of the config folder
        #[arg(long, value_name = "FILE")]
        show: Vec<PathBuf>,
    },
    /// Every setting with where it comes from
    Show {
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// The folders of data, configuration, cache and logs
    Path {
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

/// Runs the verb.
pub(super) fn run(verb: &ConfigVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        ConfigVerb::Check { show } => check(context, show),
        ConfigVerb::Show { format } => show(context, *format),
        ConfigVerb::Path { format } => path(context, *format),
    }
}

/// What was checked and what was found, of everything and not only up to the first file with a fault.
#[derive(Default)]
struct Findings {
    faults: Vec<Fault>,
    others: Vec<String>,
    sound: Vec<String>,
}

impl Findings {
    /// Takes a result in; what was read is handed back.
    fn take<T>(&mut self, what: impl Into<String>, read: Result<T, LoadError>) -> Option<T> {
        match read {
            Ok(value) => {
                self.sound.push(what.into());
                Some(value)
            }
            Err(LoadError::Faults(faults)) => {
                self.faults.extend(faults.0);
                None
            }
            Err(error @ LoadError::Unreadable { .. }) => {
                self.others.push(error.to_string());
                None
            }
        }
    }
}

fn check(context: &mut Context<'_>, extra: &[PathBuf]) -> Result<Ending, CliError> {
    let config = context.paths.config.clone();
    let mut found = Findings::default();
    let settings = match context.settings() {
        Ok(settings) => found.take("settings", Ok(settings)),
        Err(CliError::Load(error)) => found.take::<Settings>("settings", Err(error)),
        Err(error) => return Err(error),
    };
    found.take("models", Models::load(&config));
    let prices = found.take("prices", Prices::load(&config));
    let library = found.take("prompts", Library::load(&config));
    if let (Some(settings), Some(prices)) = (&settings, &prices) {
        let today = jiff::tz::Offset::UTC.to_datetime(context.clock.now()).date();
        for role in Role::ALL {
            found.take(format!("route of {role}"), settings.routes(*role, prices, today).map_err(LoadError::from));
        }
    }
    let mut pipelines = files(&config.join("pipelines"));
    pipelines.retain(|name| name != "episode");
    pipelines.insert(0, "episode".to_owned());
    for name in pipelines {
        let pipeline = found.take(format!("pipeline {name}"), PipelineFile::load(&config, &name));
        if let (Some(pipeline), Some(library)) = (pipeline, &library) {
            found.take(format!("prompts of pipeline {name}"), library.check(&pipeline).map_err(LoadError::from));
        }
    }
    if let Some(settings) = &settings {
        let own =
            files(&config.join("shows")).into_iter().map(|name| config.join("shows").join(format!("{name}.toml")));
        for path in own.chain(extra.iter().cloned()) {
            let what = format!("show {}", path.display());
            let Some(show) = found.take(what.clone(), Show::load(&path, settings.voice_provider())) else { continue };
            if let Ok(pipeline) = PipelineFile::load(&config, &show.pipeline) {
                found.take(what, show.check_against(&pipeline.stage_names()).map_err(LoadError::from));
            }
        }
    }
    found.faults.sort();
    found.sound.dedup();
    for fault in &found.faults {
        writeln!(context.out, "{fault}")?;
    }
    for other in &found.others {
        writeln!(context.out, "{other}")?;
    }
    let faults = found.faults.len() + found.others.len();
    if faults == 0 {
        writeln!(context.out, "no fault: {}", found.sound.join(", "))?;
        return Ok(Ending::Done);
    }
    writeln!(context.out, "{faults} faults; nothing was started and nothing was spent")?;
    Ok(Ending::Unsound)
}

/// The names of the TOML files in a folder, without the ending; none where there is no such folder.
pub(super) fn files(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".toml").map(str::to_owned)).collect();
    names.sort();
    names
}

fn show(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    if format == Format::Json {
        let rows = settings.rows().iter();
        let rows: Vec<_> =
            rows.map(|row| json!({ "key": row.key, "value": row.value, "origin": row.origin.to_string() })).collect();
        context.json(&rows)?;
        return Ok(Ending::Done);
    }
    let mut table = Table::new(&[("Key", Align::Left), ("Value", Align::Left), ("Comes from", Align::Left)]);
    for row in settings.rows() {
        table.row([row.key.clone(), row.value.clone(), row.origin.to_string()]);
    }
    table.print(context.out)?;
    Ok(Ending::Done)
}

fn path(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
    let paths = context.paths.clone();
    let all = [("data", paths.data), ("config", paths.config), ("cache", paths.cache), ("logs", paths.logs)];
    if format == Format::Json {
        let object: serde_json::Map<String, serde_json::Value> =
            all.iter().map(|(name, path)| ((*name).to_owned(), json!(path.display().to_string()))).collect();
        context.json(&object)?;
        return Ok(Ending::Done);
    }
    for (name, path) in all {
        writeln!(context.out, "{name:<7} {}", path.display())?;
    }
    Ok(Ending::Done)
}
