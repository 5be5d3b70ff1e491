//! The bills that were recorded: what each said, and what of the latest one differs. It reads and changes nothing.

use clap::Args;
use serde_json::json;

use super::reconcile;
use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::fault::{CliError, Ending};
use crate::cli::ledger::Folded;
use crate::domain::billed::{AllInvoiced, BillList, KeptBill, ReadBill, standing};
use crate::domain::call::Provider;
use crate::domain::money::MicroUsd;
use crate::report::{Align, ESTIMATED, Table, line, minute};

/// What `greenroom cost bills` takes.
#[derive(Clone, Debug, Args)]
pub struct BillsArgs {
    /// Only those of one, with all that differs in the latest: anthropic, gemini, elevenlabs, openai or perplexity
    #[arg(long, value_name = "NAME")]
    pub provider: Option<Provider>,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What the recorded bills say of each call. A list that cannot be read is told of and left out.
pub(super) fn invoiced(folded: &Folded, context: &mut Context<'_>) -> AllInvoiced {
    let mut read: Vec<(&ReadBill, BillList)> = Vec::new();
    for KeptBill { seq, bill, .. } in &folded.studio.bills {
        match folded.artifact::<BillList>(&bill.list) {
            Ok(list) => read.push((bill, list)),
            Err(error) => context.remark(&format!(
                "what the bill of {} in event {seq} invoices is not shown: {}",
                bill.provider,
                line(&error.to_string())
            )),
        }
    }
    AllInvoiced::of(read.iter().map(|(bill, list)| (*bill, list)))
}

/// Runs the verb.
pub(super) fn run(args: &BillsArgs, context: &mut Context<'_>) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let is_wanted = |kept: &&KeptBill| args.provider.is_none_or(|provider| kept.bill.provider == provider);
    let bills: Vec<KeptBill> = folded.studio.bills.iter().filter(is_wanted).cloned().collect();
    let said = standing(&bills, context.studio_flag());
    if args.format == Format::Json {
        let said: Vec<_> = said.iter().map(|(alert, text)| json!({ "is_alert": alert, "text": text })).collect();
        context.json(&json!({ "bills": bills, "said": said }))?;
        return Ok(Ending::Done);
    }
    if bills.is_empty() {
        let flag = context.studio_flag();
        writeln!(context.out, "no bill was recorded: greenroom{flag} cost reconcile FILE --provider NAME --record")?;
        return Ok(Ending::Done);
    }
    let right = Align::Right;
    let mut table = Table::new(&[
        ("Provider", Align::Left),
        ("From", Align::Left),
        ("To", Align::Left),
        ("Read", Align::Left),
        ("Event", right),
        ("Calls", right),
        ("On it", right),
        (ESTIMATED, right),
        ("Metered USD", right),
        ("Invoiced USD", right),
        ("Differs", right),
        ("File", Align::Left),
    ]);
    for KeptBill { seq, at, bill } in &bills {
        let money = |amount: MicroUsd| format!("{amount:.6}");
        let sums = bill.sums;
        table.row([
            bill.provider.to_string(),
            bill.from.to_string(),
            bill.to.to_string(),
            minute(*at),
            seq.to_string(),
            sums.calls.to_string(),
            bill.matched.to_string(),
            money(sums.estimated_micro_usd),
            money(sums.metered_micro_usd),
            money(sums.invoiced_micro_usd),
            money(sums.difference()),
            bill.file.short().to_string(),
        ]);
    }
    table.print(context.out)?;
    for (_, text) in &said {
        writeln!(context.out, "{text}")?;
    }
    if let Some(latest) = bills.iter().filter(|_| args.provider.is_some()).max_by_key(|kept| (kept.bill.to, kept.seq)) {
        let list: BillList = folded.artifact(&latest.bill.list)?;
        writeln!(context.out, "\nAs it was when event {} recorded it:\n", latest.seq)?;
        reconcile::print(&list.found, context)?;
    }
    Ok(Ending::Done)
}
