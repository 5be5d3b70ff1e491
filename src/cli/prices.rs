//! The price table from the command line: what holds and where it comes from, and a newer table laid over it.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::context::Context;
use super::fault::{CliError, Ending};
use crate::config::files;
use crate::config::prices::{Fee, IMPORTED, Price, Prices, Rates, litellm};
use crate::domain::ids::ContentHash;
use crate::report::{Align, Table};

/// The largest table that is imported, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What can be done with prices.
#[derive(Debug, Subcommand)]
pub enum PricesVerb {
    /// The rows that hold, with where each comes from
    Show {
        /// Only this model, with its rows of all days
        model: Option<String>,
        /// The day, such as 2026-12-01; today where it is not given
        #[arg(long, value_name = "DAY")]
        on: Option<Date>,
    },
    /// Lay LiteLLM's model_prices_and_context_window.json over the table that comes with the program, as it is. What is in your
    /// own prices.toml stays above it
    Import {
        /// The file
        file: PathBuf,
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs the verb.
pub(super) fn run(verb: &PricesVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        PricesVerb::Show { model, on } => show(model.as_deref(), *on, context),
        PricesVerb::Import { file, dry_run } => import(file, *dry_run, context),
    }
}

fn today(context: &Context<'_>) -> Date {
    Offset::UTC.to_datetime(context.clock.now()).date()
}

fn show(model: Option<&str>, on: Option<Date>, context: &mut Context<'_>) -> Result<Ending, CliError> {
    let (prices, origins) = Prices::layers(&context.paths.config)?;
    let day = on.unwrap_or_else(|| today(context));
    let is_wanted = |row: &&Price| match model {
        Some(model) => row.id == model && on.is_none_or(|day| row.holds(day)),
        None => row.holds(day),
    };
    let right = Align::Right;
    let mut table = Table::new(&[
        ("Model", Align::Left),
        ("Holds", Align::Left),
        ("Input", right),
        ("Output", right),
        ("Write 5m", right),
        ("Write 1h", right),
        ("Read", right),
        ("Beside", Align::Left),
        ("Comes from", Align::Left),
    ]);
    for row in prices.all().filter(is_wanted) {
        let origin = origins.get(&row.id).copied().unwrap_or("the program");
        for [what, holds, input, output, write, hour, read, beside] in lines(row) {
            table.row([what, holds, input, output, write, hour, read, beside, origin.to_owned()]);
        }
    }
    if table.is_empty() {
        let known = model.map(|model| prices.price(model, day).map(|row| row.id.clone()));
        let what = match known {
            Some(Ok(id)) => format!("the row `{id}` stands for it: `greenroom prices show '{id}'`"),
            Some(Err(error)) => error.to_string(),
            None => format!("no row holds on {day}"),
        };
        return Err(CliError::Failed(what));
    }
    writeln!(context.out, "US dollars a million tokens or characters\n")?;
    table.print(context.out)?;
    Ok(Ending::Done)
}

/// A row in lines: its usual rates, its tiers, and its other services.
fn lines(row: &Price) -> Vec<[String; 8]> {
    let holds = match (row.from, row.until) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("{from} to {until}"),
    };
    let none = || "-".to_owned();
    let plain = |input: String, beside: String| {
        vec![[row.id.clone(), holds.clone(), input, none(), none(), none(), none(), beside]]
    };
    let tokens = match &row.rates {
        Rates::Free => return plain("0".to_owned(), "free, whatever it does".to_owned()),
        Rates::Unknown => return plain("?".to_owned(), "unknown: its route needs a cap".to_owned()),
        Rates::Characters { each, most } => return plain(each.a_million(), format!("characters, {most} in a request")),
        Rates::Tokens(tokens) => tokens,
    };
    let fee = match tokens.request {
        Fee::None => String::new(),
        Fee::Each(each) => format!("{} a request", dollars(each)),
        Fee::BySize { low, medium, high } => {
            format!("{}, {} or {} a request", dollars(low), dollars(medium), dollars(high))
        }
    };
    let search = tokens.searches.map(|searches| format!("{} a search", dollars(searches.each))).unwrap_or_default();
    let beside = [fee, search].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    let services = tokens.services.iter().map(|(service, graded)| (service.name(), graded));
    let mut lines = Vec::new();
    for (service, graded) in std::iter::once(("", &tokens.standard)).chain(services) {
        let tiers = graded.tiers.iter().map(|tier| (Some(tier.above), tier.rates));
        for (above, rates) in std::iter::once((None, graded.base)).chain(tiers) {
            let above = above.map(|above| format!("above {above} tokens"));
            let what: Vec<String> =
                [Some(service.to_owned()).filter(|name| !name.is_empty()), above].into_iter().flatten().collect();
            let is_first = what.is_empty();
            let [input, output, write, hour, read] =
                [rates.input, rates.output, rates.cache_write, rates.cache_write_1h, rates.cache_read]
                    .map(|rate| rate.a_million());
            let name = if is_first { row.id.clone() } else { format!("  {}", what.join(", ")) };
            let (holds, beside) =
                if is_first { (holds.clone(), beside.clone()) } else { (String::new(), String::new()) };
            lines.push([name, holds, input, output, write, hour, read, beside]);
        }
    }
    lines
}

/// A price of one in dollars.
fn dollars(each: crate::domain::money::PicoUsd) -> String {
    crate::domain::money::PicoUsd(each.0 / 1_000_000).a_million()
}

fn import(file: &Path, dry_run: bool, context: &mut Context<'_>) -> Result<Ending, CliError> {
    let unreadable = |source| CliError::Unreadable { path: file.display().to_string(), source };
    let source = files::read_text(file, LARGEST).map_err(unreadable)?;
    let on = today(context);
    let present = Prices::load(&context.paths.config)?;
    let imported = litellm::import(&source, &present, on)
        .map_err(|error| CliError::Failed(format!("{}: {error}", file.display())))?;
    let changed = imported.taken.iter().filter(|(_, changes)| !changes.is_empty());
    for (id, changes) in changed.clone() {
        writeln!(context.out, "{id}: {}", changes.join(", "))?;
    }
    let (taken, changed) = (imported.taken.len(), changed.count());
    let skipped: usize = imported.skipped.values().map(Vec::len).sum();
    writeln!(context.out, "{taken} models taken, {changed} of them new or at another price; {skipped} left out")?;
    for (reason, models) in &imported.skipped {
        let shown = models.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let more = models.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        writeln!(context.out, "  {}: {shown}{more}", reason)?;
    }
    if dry_run {
        writeln!(context.out, "nothing was changed, as --dry-run asks")?;
        return Ok(Ending::Done);
    }
    let config = context.paths.config.clone();
    let kept = keep(&config, &imported.rows, &source, on)?;
    writeln!(context.out, "kept in {} and used from now on; delete the file to go back", kept.display())?;
    Ok(Ending::Done)
}

/// Writes what was imported over what was imported before, whole or not at all.
fn keep(config: &Path, rows: &Prices, source: &str, on: Date) -> Result<PathBuf, CliError> {
    let place = config.join(IMPORTED);
    let failed = |error: &dyn std::fmt::Display| {
        CliError::Failed(format!("{} could not be written: {error}. The prices are as they were", place.display()))
    };
    let mut all = match files::read_text(&place, LARGEST) {
        Ok(before) => Prices::parse(&place.display().to_string(), &before).map_err(|error| failed(&error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Prices::parse(IMPORTED, "schema = 1\n").map_err(|error| failed(&error))?
        }
        Err(error) => return Err(failed(&error)),
    };
    all.lay(rows.clone());
    let hash = ContentHash::of(source.as_bytes());
    let text = format!("# Imported on {on} from a table of LiteLLM's form, blake3 {hash}.\n{}", all.to_toml());
    files::make_folders(config).map_err(|error| failed(&error))?;
    let new = config.join(format!("{IMPORTED}.new"));
    std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &place)).map_err(|error| failed(&error))?;
    Ok(place)
}
