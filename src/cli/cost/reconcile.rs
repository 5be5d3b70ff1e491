//! The ledger held against a provider's own list of charges. Without `--record` it reads and changes nothing; what it finds is
//! ruled by a person either way.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::fault::{CliError, Ending};
use crate::cli::ledger::Folded;
use crate::cli::session::Session;
use crate::config::files;
use crate::domain::billed::{BillList, ReadBill};
use crate::domain::call::Provider;
use crate::domain::command::Command;
use crate::domain::ids::ContentHash;
use crate::domain::invoice::{self, COLUMNS};
use crate::domain::money::{MicroUsd, PicoUsd};
use crate::domain::reconcile::{Listed, Reconciled, Sums, lines, reconcile};
use crate::report::{self, Align, ESTIMATED, Table};

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
    /// Record it in the ledger, so that costs show what was invoiced; the file is kept, and the same file is recorded once
    #[arg(long)]
    pub record: bool,
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
    let folded = if args.record { Folded::read_sound(context)? } else { Folded::read(context)? };
    let episodes = folded.episodes();
    let calls = || episodes.values().flat_map(|episode| &episode.calls);
    let found = reconcile(args.provider, calls(), &charges).ok_or_else(|| refused("it is empty".to_owned()))?;
    match args.format {
        Format::Json => context.json(&found)?,
        Format::Text => print(&found, context)?,
    }
    if args.record {
        let list = BillList { found: found.clone(), lines: lines(args.provider, calls(), &charges) };
        record(args, context, &folded, text, &list)?;
    } else if args.format == Format::Text {
        writeln!(context.out, "nothing was recorded: --record lets `greenroom cost` show what was invoiced")?;
    }
    Ok(if found.total.is_alarming() { Ending::Unsound } else { Ending::Done })
}

/// Keeps the file and the list, and records the bill. What was recorded before is told and left as it is.
fn record(
    args: &ReconcileArgs,
    context: &mut Context<'_>,
    folded: &Folded,
    text: String,
    list: &BillList,
) -> Result<(), CliError> {
    let list_bytes = serde_json::to_vec(list)?;
    let (file, kept) = (ContentHash::of(text.as_bytes()), ContentHash::of(&list_bytes));
    let bill = ReadBill::new(file, args.credit, kept, list);
    if let Some(known) = folded.studio.bills.iter().find(|known| known.bill.is_same(&bill)) {
        let (seq, on) = (known.seq, report::date(known.at));
        return tell(args, context, &format!("this file was recorded on {on} (event {seq}): nothing was changed"));
    }
    let settings = context.settings()?;
    let person = context.person(&settings)?;
    let session = Session::to_record(context, settings)?;
    let seq = session.run(async |handle| {
        // Both are on disk before the event names them.
        handle.store(text.into_bytes()).await?;
        handle.store(list_bytes).await?;
        Ok(handle.command(person, Command::RecordBill(Box::new(bill))).await?)
    })?;
    tell(args, context, &format!("recorded (event {seq}); the file is kept as {}", file.short()))
}

/// Says what became of a record, beside the answer where that is for programs.
fn tell(args: &ReconcileArgs, context: &mut Context<'_>, text: &str) -> Result<(), CliError> {
    match args.format {
        Format::Text => writeln!(context.out, "{text}")?,
        Format::Json => context.remark(text),
    }
    Ok(())
}

/// A path as it can be printed.
fn shown(file: &Path) -> String {
    report::line(&file.display().to_string())
}

fn read(file: &Path) -> Result<String, CliError> {
    let unreadable = |source| CliError::Unreadable { path: shown(file), source };
    let mut text = String::new();
    // One byte more than is allowed, so that a file which grows is found out too.
    let opened = files::open(file).map_err(unreadable)?;
    opened.take(LARGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LARGEST {
        let what = format!("{} has more than {LARGEST} bytes: export a shorter time. Nothing was changed", shown(file));
        return Err(CliError::Failed(what));
    }
    Ok(text)
}

pub(super) fn print(found: &Reconciled, context: &mut Context<'_>) -> Result<(), CliError> {
    writeln!(context.out, "{} from {} to {}, UTC\n", found.provider, found.from, found.to)?;
    let right = Align::Right;
    let mut table = Table::new(&[
        ("Day", Align::Left),
        ("Model", Align::Left),
        ("Calls", right),
        (ESTIMATED, right),
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
