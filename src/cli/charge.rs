//! Uncertain charges and bills above the reservation: what they are, and a person's ruling.

use clap::{Args, Subcommand};
use serde_json::json;

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use super::ledger::Folded;
use super::session::Session;
use crate::domain::command::Command;
use crate::domain::event::Ruling;
use crate::domain::ids::IntentKey;
use crate::report::{Align, Table, minute, uncertain_calls};

/// What can be done with charges.
#[derive(Debug, Subcommand)]
pub enum ChargeVerb {
    /// Calls that were sent and whose answer was lost: each stays held at its worst case until it is ruled
    List {
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Rule one: send it again at the risk of a second charge, or take the money as lost
    Resolve {
        /// The key of the call, such as 042-script-0-1
        key: IntentKey,
        /// How it is ruled.
        #[command(flatten)]
        how: How,
    },
}

/// How a charge is ruled.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct How {
    /// Send the call again: the provider may charge a second time, and the first counts as spent
    #[arg(long)]
    pub resend: bool,
    /// Do not send it again: its worst case counts as spent and the stage stops
    #[arg(long)]
    pub write_off: bool,
    /// Of an answer that is paid for and could not be read: read it again, for nothing
    #[arg(long)]
    pub read_again: bool,
    /// Of a bill above the reservation: it was seen, spending may go on
    #[arg(long)]
    pub accept_bill: bool,
}

/// Runs the verb.
pub(super) fn run(verb: &ChargeVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        ChargeVerb::List { format } => list(context, *format),
        ChargeVerb::Resolve { key, how } => resolve(context, key, how),
    }
}

fn list(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let calls: Vec<_> = folded.studio.episodes.values().flat_map(|episode| uncertain_calls(episode)).collect();
    if format == Format::Json {
        context.json(&json!({ "uncertain": calls }))?;
        return Ok(Ending::Done);
    }
    if calls.is_empty() {
        writeln!(context.out, "no charge is uncertain")?;
        return Ok(Ending::Done);
    }
    let mut table = Table::new(&[
        ("Call", Align::Left),
        ("Model", Align::Left),
        ("Held USD", Align::Right),
        ("Sent", Align::Left),
        ("How it was lost", Align::Left),
    ]);
    for call in &calls {
        table.row([
            &call.key.to_string(),
            &call.model,
            &format!("{:.4}", call.worst_micro_usd),
            &minute(call.at),
            &call.reason,
        ]);
    }
    table.print(context.out)?;
    let flag = context.studio_flag();
    writeln!(context.out, "\nRule each with: greenroom{flag} charge resolve CALL --resend | --write-off")?;
    Ok(Ending::Done)
}

fn resolve(context: &mut Context<'_>, key: &IntentKey, how: &How) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let (command, said) = if how.accept_bill {
        (Command::AcceptBill { key: key.clone() }, "the bill was seen; spending may go on")
    } else if how.read_again {
        (Command::ReadAgain { key: key.clone() }, "its answer is read again when work goes on; nothing is paid")
    } else if how.resend {
        let ruling = Ruling::Resend;
        (
            Command::ResolveCharge { key: key.clone(), ruling },
            "it is sent again when work goes on; a second charge is possible",
        )
    } else {
        let ruling = Ruling::WriteOff;
        (Command::ResolveCharge { key: key.clone(), ruling }, "its worst case counts as spent and it is not sent again")
    };
    let seq = Session::to_record(context, settings)?.run(async |handle| Ok(handle.command(person, command).await?))?;
    writeln!(context.out, "{key}: {said} (event {seq})")?;
    Ok(Ending::Done)
}
