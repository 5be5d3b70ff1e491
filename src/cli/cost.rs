//! What was spent, in the form that was asked for.

use clap::{Args, Subcommand, ValueEnum};

mod bills;
mod reconcile;

use self::bills::BillsArgs;
use self::reconcile::ReconcileArgs;
use super::context::Context;
use super::fault::{CliError, Ending};
use super::ledger::Folded;
use crate::domain::billed::standing;
use crate::domain::event::Provenance;
use crate::domain::ids::EpisodeNumber;
use crate::report::{By, CostReport};

/// What `greenroom cost` takes.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CostArgs {
    /// What else can be done with costs.
    #[command(subcommand)]
    pub verb: Option<CostVerb>,
    /// What the sums are grouped by
    #[arg(long, value_enum, default_value_t = By::Episode)]
    pub by: By,
    /// Only this episode
    #[arg(long, value_name = "NUMBER")]
    pub episode: Option<u32>,
    /// How to print them
    #[arg(long, value_enum, default_value_t = CostFormat::Table)]
    pub format: CostFormat,
}

/// What can be done with costs beside listing them.
#[derive(Clone, Debug, Subcommand)]
pub enum CostVerb {
    /// Hold the ledger against a provider's own bill, by request, day and model: estimated, metered, invoiced
    Reconcile(ReconcileArgs),
    /// The bills that were recorded: what each said, and whether it agrees with the ledger
    Bills(BillsArgs),
}

/// The form of a cost report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CostFormat {
    /// For people, with a total
    Table,
    /// For scripts
    Json,
    /// For spreadsheets
    Csv,
}

/// Runs the verb.
pub(super) fn run(args: &CostArgs, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match &args.verb {
        Some(CostVerb::Reconcile(args)) => return reconcile::run(args, context),
        Some(CostVerb::Bills(args)) => return bills::run(args, context),
        None => {}
    }
    let folded = Folded::read(context)?;
    let mut summaries = folded.summaries();
    if let Some(number) = args.episode {
        let number = folded.episode(EpisodeNumber(number))?.number;
        summaries.retain(|summary| summary.number == number);
    }
    let billed = bills::invoiced(&folded, context);
    let said = standing(&folded.studio.bills, context.studio_flag());
    let with_outside = args.episode.is_none();
    let report = CostReport::new(&context.kind().to_string(), &summaries, args.by, (&billed, with_outside), said);
    match args.format {
        CostFormat::Json => context.json(&report)?,
        CostFormat::Csv => report.csv(args.by, context.out)?,
        CostFormat::Table => {
            if context.kind() == Provenance::Rehearsal {
                writeln!(context.out, "REHEARSAL: nothing of this was really spent")?;
            }
            report.print(args.by, context.out)?;
        }
    }
    Ok(Ending::Done)
}
