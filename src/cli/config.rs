//! What people set: checked whole, shown with the origin of every value, and where it stands.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

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
use crate::config::settings::{self, Settings};
use crate::config::show::{self, Show, built_in};
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
    /// Write a commented file to edit, with every key, its default and what it takes; a file that is there is left alone
    Init {
        /// Which file; both where none is named
        #[command(subcommand)]
        what: Option<InitWhat>,
    },
    /// The folders of data, configuration, cache and logs
    Path {
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

/// A file that can be written out.
#[derive(Clone, Debug, Subcommand)]
pub enum InitWhat {
    /// A show of your own, or a built-in one to change
    Show {
        /// Its name on the command line; that of a built-in show changes that one
        #[arg(default_value = FIRST_SHOW, value_parser = slug)]
        name: String,
        /// The built-in show that it begins as; the one of that name, else open-questions
        #[arg(long, value_name = "NAME")]
        from: Option<String>,
    },
    /// The settings: caps of days and months, providers, models, retries, the console
    Settings,
}

/// The show that is written out where none is named.
const FIRST_SHOW: &str = "open-questions";

fn slug(text: &str) -> Result<String, String> {
    if show::is_slug(text) {
        return Ok(text.to_owned());
    }
    Err("a show's name has up to 64 lower-case letters, digits, and hyphens between them".to_owned())
}

/// Runs the verb.
pub(super) fn run(verb: &ConfigVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        ConfigVerb::Check { show } => check(context, show),
        ConfigVerb::Show { format } => print(context, *format),
        ConfigVerb::Path { format } => path(context, *format),
        ConfigVerb::Init { what } => init(context, what.as_ref()),
    }
}

/// Writes what is asked for; with nothing named, what is not there yet.
fn init(context: &mut Context<'_>, what: Option<&InitWhat>) -> Result<Ending, CliError> {
    match what {
        Some(InitWhat::Settings) => init_settings(context)?,
        Some(InitWhat::Show { name, from }) => init_show(context, name, from.as_deref())?,
        None => {
            let config = &context.paths.config;
            let (settings, show) =
                (config.join("config.toml").exists(), config.join("shows").join(format!("{FIRST_SHOW}.toml")).exists());
            // Where both are there, the first says so.
            if !settings || show {
                init_settings(context)?;
            }
            if !show {
                init_show(context, FIRST_SHOW, None)?;
            }
        }
    }
    Ok(Ending::Done)
}

fn init_settings(context: &mut Context<'_>) -> Result<(), CliError> {
    let path = context.paths.config.join("config.toml");
    write_new(&path, &settings::template())?;
    writeln!(context.out, "{}", path.display())?;
    context.remark("edit it, then `greenroom config check` finds faults and `greenroom config show` prints what holds");
    Ok(())
}

fn init_show(context: &mut Context<'_>, name: &str, from: Option<&str>) -> Result<(), CliError> {
    let from = from.unwrap_or(if built_in::source(name).is_some() { name } else { FIRST_SHOW });
    let text = show::template(from, name).ok_or_else(|| {
        let names: Vec<&str> = built_in::names().collect();
        CliError::Usage(format!(
            "there is no built-in show `{from}`: there are {}. Nothing was written",
            names.join(" and ")
        ))
    })?;
    let path = context.paths.config.join("shows").join(format!("{name}.toml"));
    write_new(&path, &text)?;
    writeln!(context.out, "{}", path.display())?;
    context.remark(&format!(
        "edit it, then `greenroom config check` finds faults and `greenroom episode new FILE --show {name}` begins an episode of it"
    ));
    Ok(())
}

/// Writes a file that is not there yet, for its owner alone. Nothing is left of one that could not be written whole.
fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |what: String| CliError::Failed(format!("{} {what}", path.display()));
    let io = |error: std::io::Error| failed(format!("cannot be written: {error}. Nothing was changed"));
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
    }
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(failed(
                "is there already and is left alone; nothing was written. Edit it, or move it away and try again"
                    .to_owned(),
            ));
        }
        opened => opened.map_err(io)?,
    };
    if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        // The first error is the one to report.
        let _: std::io::Result<()> = std::fs::remove_file(path);
        return Err(io(error));
    }
    Ok(())
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

fn print(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
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
