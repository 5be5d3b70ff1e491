//! Uncertain charges and bills above the reservation: what they are, and a person's ruling.

use clap::{Args, Subcommand};
use serde_json::json;

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use super::ledger::Folded;
use super::session::Session;
use crate::domain::command::Command;
use crate::domain::event::{ResendLimit, Ruling, Uncertain};
use crate::domain::ids::{EpisodeNumber, IntentKey};
use crate::domain::money::MicroUsd;
use crate::report::{Align, Table, minute, possible_calls, uncertain_calls};

/// What can be done with charges.
#[derive(Debug, Subcommand)]
pub enum ChargeVerb {
    /// Calls that were sent and whose answer was lost: each counts as possible at its worst case until it is ruled
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
        /// Rule all charges of the same cause with it: lost in the same way, or at the same provider at the same time
        #[arg(long, conflicts_with = "accept_bill")]
        all_like: bool,
    },
    /// Say what is done about the lost calls of an episode from now on; open ones that it covers are sent again
    Policy {
        /// The episode's number
        number: u32,
        /// What is done.
        #[command(flatten)]
        policy: PolicyArgs,
    },
    /// Put another price in the place of the booked one, as the provider's own account says
    Correct {
        /// The key of the call, such as 042-script-0-1
        key: IntentKey,
        /// What it cost in US dollars, such as 0.0125
        #[arg(long, value_name = "USD")]
        price: MicroUsd,
        /// Why, for the record
        #[arg(long, value_name = "WHY")]
        reason: String,
    },
}

/// What is done about lost calls from now on; what a live studio does by itself where nothing is given.
#[derive(Clone, Debug, Args)]
pub struct PolicyArgs {
    /// Ask a person about each
    #[arg(long, conflicts_with_all = ["resend", "call", "episode"])]
    pub ask: bool,
    /// Send each again, whatever it may have cost
    #[arg(long, conflicts_with_all = ["call", "episode"])]
    pub resend: bool,
    /// Send again what may have cost this much at most [default: 1.50]
    #[arg(long, value_name = "USD")]
    pub call: Option<MicroUsd>,
    /// Up to this much in the episode [default: 4.00]
    #[arg(long, value_name = "USD")]
    pub episode: Option<MicroUsd>,
}

impl PolicyArgs {
    fn uncertain(&self) -> Uncertain {
        if self.ask {
            return Uncertain::Ask;
        }
        if self.resend {
            return Uncertain::Resend;
        }
        let usual = ResendLimit::RECOMMENDED;
        let (call, episode) = (self.call.unwrap_or(usual.call), self.episode.unwrap_or(usual.episode));
        Uncertain::Within(ResendLimit { call, episode })
    }
}

/// How a charge is ruled.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct How {
    /// Send the call again: the provider may charge a second time, and the first stays counted as possible
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
        ChargeVerb::Resolve { key, how, all_like } => resolve(context, key, how, *all_like),
        ChargeVerb::Policy { number, policy } => set_policy(context, EpisodeNumber(*number), policy.uncertain()),
        ChargeVerb::Correct { key, price, reason } => correct(context, key, *price, reason),
    }
}

fn correct(context: &mut Context<'_>, key: &IntentKey, price: MicroUsd, reason: &str) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let command = Command::CorrectCharge { key: key.clone(), price, reason: reason.to_owned() };
    let seq = Session::to_record(context, settings)?.run(async |handle| Ok(handle.command(person, command).await?))?;
    writeln!(context.out, "{key}: {price:.6} USD count for it in every sum from here on (event {seq})")?;
    Ok(Ending::Done)
}

fn list(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let calls: Vec<_> = folded.studio.episodes.values().flat_map(|episode| uncertain_calls(episode)).collect();
    let possible: Vec<_> = folded.episodes().values().flat_map(|episode| possible_calls(episode)).collect();
    let lost: Vec<_> = folded.studio.losses.iter().flat_map(|loss| &loss.calls).collect();
    if format == Format::Json {
        context.json(&json!({ "uncertain": calls, "possible": possible, "of_lost_events": lost }))?;
        return Ok(Ending::Done);
    }
    if !possible.is_empty() {
        let most: MicroUsd = possible.iter().map(|call| call.worst_micro_usd).sum();
        writeln!(
            context.out,
            "possible: {} calls were sent again after their answers were lost; the first ones may have cost up to {most:.4} USD in all",
            possible.len()
        )?;
        for call in &possible {
            writeln!(
                context.out,
                "  {}  {}  up to {:.4} USD  {}",
                call.key,
                call.model,
                call.worst_micro_usd,
                minute(call.at)
            )?;
        }
    }
    for key in &lost {
        writeln!(
            context.out,
            "{key}: only events that are lost recorded it; what it cost is in none of the sums here. What came of its answer is in \
             {}",
            context.studio().join(crate::ledger::spool::FOLDER).display()
        )?;
    }
    if calls.is_empty() && !lost.is_empty() {
        return Ok(Ending::Done);
    }
    if calls.is_empty() {
        writeln!(context.out, "no charge is uncertain")?;
        return Ok(Ending::Done);
    }
    let mut table = Table::new(&[
        ("Call", Align::Left),
        ("Model", Align::Left),
        ("Possible USD", Align::Right),
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
    writeln!(
        context.out,
        "\nRule each with: greenroom{flag} charge resolve CALL --resend | --write-off\nAll of the same cause with it: --all-like. \
         From now on, up to a limit: greenroom{flag} charge policy EPISODE"
    )?;
    Ok(Ending::Done)
}

fn resolve(context: &mut Context<'_>, key: &IntentKey, how: &How, alike: bool) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let all = if alike { " and all of the same cause" } else { "" };
    let rule = |ruling| Command::ResolveCharge { key: key.clone(), ruling, alike };
    let (command, said) = match (how.accept_bill, how.resend) {
        (false, false) if how.read_again => {
            (Command::ReadAgain { key: key.clone() }, "its answer is read again when work goes on; nothing is paid")
        }
        (true, _) => (Command::AcceptBill { key: key.clone() }, "the bill was seen; spending may go on"),
        (false, true) => (
            rule(Ruling::Resend),
            "sent again when work goes on; a second charge is possible, and what the first may have cost stays taken",
        ),
        (false, false) => {
            (rule(Ruling::WriteOff), "not sent again; the most that it may have cost stays taken, and its stage stops")
        }
    };
    let seq = Session::to_record(context, settings)?.run(async |handle| Ok(handle.command(person, command).await?))?;
    writeln!(context.out, "{key}{all}: {said} (event {seq})")?;
    Ok(Ending::Done)
}

fn set_policy(context: &mut Context<'_>, episode: EpisodeNumber, uncertain: Uncertain) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let command = Command::SetUncertain { episode, uncertain };
    let seq = Session::to_record(context, settings)?.run(async |handle| Ok(handle.command(person, command).await?))?;
    writeln!(context.out, "{episode}, from now on: {} (event {seq})", uncertain.words())?;
    Ok(Ending::Done)
}
