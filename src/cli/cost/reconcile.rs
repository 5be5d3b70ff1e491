//! The ledger held against a provider's own list of charges. It reads and changes nothing; what it finds is ruled by a person.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::fault::{CliError, Ending};
use crate::cli::ledger::Folded;
use crate::domain::call::Provider;
use crate::domain::invoice::{self, COLUMNS};
use crate::domain::money::{MicroUsd, PicoUsd};
use crate::domain::reconcile::{Listed, Reconciled, Sums, reconcile};
use crate::report::{self, Align, Table};

/// The largest list that is read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What `greenroom cost reconcile` takes.
#[derive(Clone, Debug, Args)]
#[command(after_help = columns())]
pub struct ReconcileArgs {
    /// The CSV that the provider's usage or billing page exports
    pub file: PathBuf,
    /// Whose it is: anthropic, gemini, elevenlabs, openai or perplexity
    #[arg(long, value_name = "NAME")]
    pub provider: Provider,
    /// What a credit costs in dollars, for a list in credits
    #[arg(long, value_name = "USD", value_parser = credit)]
    pub credit: Option<PicoUsd>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// The names of the columns that are read, for the help.
fn columns() -> String {
    let mut text = String::from("Columns, in any order; capitals, spaces and signs do not matter:\n");
    for (what, names) in COLUMNS {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "  {what}: {}", names.join(", "));
    }
    text.push_str("\nIt ends with 1 where the list and the ledger differ by more than 1 %.");
    text
}

fn credit(text: &str) -> Result<PicoUsd, String> {
    PicoUsd::each(text).filter(|each| each.0 > 0).ok_or_else(|| "it is no price, such as 0.00022".to_owned())
}

/// Runs the verb.
pub(super) fn run(args: &ReconcileArgs, context: &mut Context<'_>) -> Result<Ending, CliError> {
    let text = read(&args.file)?;
    let refused = |what: String| CliError::Failed(format!("{}: {what}. Nothing was changed", shown(&args.file)));
    let charges = invoice::read(&text, args.credit).map_err(|error| refused(error.to_string()))?;
    let folded = Folded::read(context)?;
    let episodes = folded.episodes();
    let calls = episodes.values().flat_map(|episode| &episode.calls);
    let found = reconcile(args.provider, calls, &charges).ok_or_else(|| refused("it is empty".to_owned()))?;
    match args.format {
        Format::Json => context.json(&found)?,
        Format::Text => print(&found, context)?,
    }
    Ok(if found.total.is_alarming() { Ending::Unsound } else { Ending::Done })
}

/// A path as it can be printed.
fn shown(file: &Path) -> String {
    report::line(&file.display().to_string())
}

fn read(file: &Path) -> Result<String, CliError> {
    let unreadable = |source| CliError::Unreadable { path: shown(file), source };
    let mut text = String::new();
    // One byte more than is allowed, so that a file which grows is found out too.
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    opened.take(LARGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LARGEST {
        let what = format!("{} has more than {LARGEST} bytes: export a shorter time. Nothing was changed", shown(file));
        return Err(CliError::Failed(what));
    }
    Ok(text)
}

fn print(found: &Reconciled, context: &mut Context<'_>) -> Result<(), CliError> {
    writeln!(context.out, "{} from {} to {}, UTC\n", found.provider, found.from, found.to)?;
    let right = Align::Right;
    let mut table = Table::new(&[
        ("Day", Align::Left),
        ("Model", Align::Left),
        ("Calls", right),
        ("Estimated USD", right),
        ("Metered USD", right),
        ("Invoiced USD", right),
        ("Differs", right),
    ]);
    for line in &found.days {
        table.row(cells(line.on.to_string(), line.model.clone(), &line.sums));
    }
    table.row(cells("total".to_owned(), String::new(), &found.total));
    table.print(context.out)?;
    list(context, "\nBilled, and in no call of the ledger:", &found.not_in_ledger)?;
    list(context, "\nIn the ledger, and not billed:", &found.not_billed)?;
    list(context, "\nBilled at another amount:", &found.other_amount)?;
    if !found.uncertain.is_empty() {
        let flag = context.studio_flag();
        writeln!(context.out, "\nUncertain charges of these days:")?;
        for charge in &found.uncertain {
            let (key, worst, beyond) = (&charge.key, charge.worst_micro_usd, charge.beyond_micro_usd);
            let what = if beyond > MicroUsd::ZERO {
                format!(
                    "the list has {beyond:.6} USD of its model that day beyond the known calls, so that it was probably billed"
                )
            } else {
                "the list has nothing of its model that day beyond the known calls, so that it was probably not billed"
                    .to_owned()
            };
            writeln!(context.out, "  {key}, at most {worst:.6} USD: {what}")?;
            writeln!(context.out, "    greenroom{flag} charge resolve {key} --resend | --write-off")?;
        }
    }
    let apart = MicroUsd(found.total.difference().0.saturating_abs());
    if found.total.is_alarming() {
        writeln!(context.out, "\nALERT: ledger and provider bills differ by {apart:.6} USD, which is more than 1 %")?;
    } else {
        writeln!(context.out, "\nledger and provider bills agree to {apart:.6} USD")?;
    }
    Ok(())
}

fn cells(day: String, model: String, sums: &Sums) -> [String; 7] {
    let differs = sums.difference();
    let differs = if differs == MicroUsd::ZERO { "-".to_owned() } else { format!("{differs:.6}") };
    let [estimated, metered, invoiced] = [sums.estimated_micro_usd, sums.metered_micro_usd, sums.invoiced_micro_usd];
    let money = |amount: MicroUsd| format!("{amount:.6}");
    [day, model, sums.calls.to_string(), money(estimated), money(metered), money(invoiced), differs]
}

fn list(context: &mut Context<'_>, head: &str, lines: &[Listed]) -> Result<(), CliError> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(context.out, "{head}")?;
    let mut table = Table::new(&[
        ("  Request", Align::Left),
        ("Call", Align::Left),
        ("Model", Align::Left),
        ("Metered USD", Align::Right),
        ("Invoiced USD", Align::Right),
    ]);
    for line in lines {
        let call = line.key.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let amounts = [line.metered_micro_usd, line.invoiced_micro_usd].map(|amount| format!("{amount:.6}"));
        let [metered, invoiced] = amounts;
        table.row([format!("  {}", line.request_id), call, line.model.clone(), metered, invoiced]);
    }
    table.print(context.out)?;
    Ok(())
}
