//! Caps: what they are, what stands under them, and setting one.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use super::ledger::Folded;
use super::session::Session;
use crate::domain::budget::{Period, Scope};
use crate::domain::command::Command;
use crate::domain::ids::EpisodeNumber;
use crate::domain::money::MicroUsd;
use crate::domain::purse::Purse;
use crate::domain::sums::Sums;
use crate::report::{Align, Table, percent_of};

/// What can be done with caps.
#[derive(Debug, Subcommand)]
pub enum BudgetVerb {
    /// Every cap that holds now, with what is spent, held and possible under it
    Show {
        /// Only what covers this episode
        episode: Option<u32>,
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Raise one
    Raise(Setting),
    /// Lower one: nothing more is admitted under it once as much is spent, held or possible
    Lower(Setting),
}

/// A cap and its new limit.
#[derive(Debug, Args)]
pub struct Setting {
    /// What it covers: `episode:4`, `stage:4:voice`, `day` (today) or `month` (this one), UTC
    #[arg(value_parser = wanted)]
    pub scope: Wanted,
    /// The new limit in US dollars, such as 35 or 35.00
    pub usd: MicroUsd,
    /// Why, for the record
    #[arg(long, value_name = "WHY")]
    pub reason: String,
}

/// A scope as people name it: today's and this month's number need not be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Today.
    Day,
    /// This month.
    Month,
    /// As it stands.
    Exactly(Scope),
}

fn wanted(text: &str) -> Result<Wanted, String> {
    match text {
        "day" => Ok(Wanted::Day),
        "month" => Ok(Wanted::Month),
        other => other
            .parse()
            .map(Wanted::Exactly)
            .map_err(|_| "a cap covers `episode:4`, `stage:4:voice`, `day` or `month`".to_owned()),
    }
}

impl Wanted {
    fn scope(&self, period: Period) -> Scope {
        match self {
            Self::Day => Scope::Day(period.day),
            Self::Month => Scope::Month(period.month),
            Self::Exactly(scope) => scope.clone(),
        }
    }
}

/// Runs the verb.
pub(super) fn run(verb: &BudgetVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        BudgetVerb::Show { episode, format } => show(context, episode.map(EpisodeNumber), *format),
        BudgetVerb::Raise(setting) => set(context, setting, true),
        BudgetVerb::Lower(setting) => set(context, setting, false),
    }
}

fn name(scope: &Scope, period: Period) -> String {
    match scope {
        Scope::Day(day) if *day == period.day => "today".to_owned(),
        Scope::Month(month) if *month == period.month => "this month".to_owned(),
        Scope::Call => "each call of the episode".to_owned(),
        Scope::Day(_) | Scope::Month(_) | Scope::Episode(_) | Scope::Stage(..) => scope.to_string(),
    }
}

fn show(context: &mut Context<'_>, only: Option<EpisodeNumber>, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    if let Some(number) = only {
        folded.episode(number)?;
    }
    let period = folded.studio.today(context.clock.now());
    let purses = folded.studio.purses(period, only);
    let providers: Vec<_> = folded.studio.providers.iter().filter(|_| only.is_none()).collect();
    if format == Format::Json {
        let money = |sums: Sums| {
            json!({
                "spent_micro_usd": sums.spent,
                "held_micro_usd": sums.held,
                "possible_micro_usd": sums.possible,
                "committed_micro_usd": sums.committed(),
            })
        };
        let merged = |head: Value, sums: Sums| match (head, money(sums)) {
            (Value::Object(mut head), Value::Object(money)) => {
                head.extend(money);
                Value::Object(head)
            }
            (head, _) => head,
        };
        let caps = purses.iter().map(|Purse { scope, cap, sums, in_flight }| {
            let name = name(scope, period);
            let head = json!({ "scope": scope, "name": name, "cap_micro_usd": cap, "in_flight_micro_usd": in_flight });
            merged(head, *sums)
        });
        let providers = providers.iter().map(|(provider, sums)| merged(json!({ "provider": provider }), **sums));
        context.json(&json!({
            "day": period.day,
            "month": period.month,
            "caps": caps.collect::<Vec<_>>(),
            "providers": providers.collect::<Vec<_>>(),
        }))?;
        return Ok(Ending::Done);
    }
    let mut table = Table::new(&[
        ("Cap of", Align::Left),
        ("Limit USD", Align::Right),
        ("Spent", Align::Right),
        ("Held", Align::Right),
        ("Possible", Align::Right),
        ("Used", Align::Right),
    ]);
    for Purse { scope, cap, sums, .. } in &purses {
        let limit = cap.map_or_else(|| "none".to_owned(), |cap| cap.to_string());
        let used = cap.map_or_else(String::new, |cap| format!("{} %", percent_of(sums.committed(), cap)));
        if *scope == Scope::Call {
            table.row([name(scope, period), limit]);
        } else {
            table.row(line(name(scope, period), limit, *sums, used));
        }
    }
    for (provider, sums) in &providers {
        table.row(line(format!("{provider}, all time"), String::new(), **sums, String::new()));
    }
    table.print(context.out)?;
    writeln!(
        context.out,
        "\nHeld: calls that are not answered, at their worst case. Possible: calls whose charge is not known. A cap counts all three."
    )?;
    Ok(Ending::Done)
}

fn line(name: String, limit: String, sums: Sums, used: String) -> [String; 6] {
    let usd = |amount: MicroUsd| format!("{amount:.4}");
    [name, limit, usd(sums.spent), usd(sums.held), usd(sums.possible), used]
}

fn set(context: &mut Context<'_>, setting: &Setting, is_raise: bool) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let folded = Folded::read_sound(context)?;
    let Setting { scope: wanted, usd, reason } = setting;
    let (usd, now) = (*usd, context.clock.now());
    let (seq, purse) = Session::to_record(context, settings)?.run(async |handle| {
        // The engine has looked at the clock once it answers: its day is the one that caps count by. That of another process
        // shows nothing, and goes by the same ledger.
        let period = match handle.past().await {
            Ok(_) => handle.snapshots().borrow().period,
            Err(_) => folded.studio.today(now),
        };
        let scope = wanted.scope(period);
        let purse = folded.studio.purse(scope.clone());
        let verb = if is_raise { "raise" } else { "lower" };
        if let Some(now) = purse.cap.filter(|now| if is_raise { usd <= *now } else { usd >= *now }) {
            return Err(CliError::Usage(format!(
                "the cap of {scope} is {now} USD, so {usd} USD does not {verb} it. Nothing was changed"
            )));
        }
        let command = Command::SetCap { scope, cap: usd, reason: reason.clone() };
        Ok((handle.command(person, command).await?, purse))
    })?;
    let Purse { scope, sums, .. } = purse;
    let until = match scope {
        Scope::Day(_) => " for today (UTC); every other day has `caps.day` of the settings",
        Scope::Month(_) => " for this month (UTC); every other month has `caps.month` of the settings",
        Scope::Call | Scope::Stage(..) | Scope::Episode(_) => "",
    };
    writeln!(context.out, "the cap of {scope} is {usd} USD{until} (event {seq})")?;
    if sums.committed() >= usd {
        writeln!(
            context.out,
            "{:.4} USD are spent, {:.4} held and {:.4} possible under it already: nothing more is sent until it is raised",
            sums.spent, sums.held, sums.possible
        )?;
    }
    let shared = folded.studio.today(context.clock.now());
    for wider in [Scope::Day(shared.day), Scope::Month(shared.month)] {
        let cap = folded.studio.purse(wider.clone()).cap;
        if let (Scope::Episode(_) | Scope::Stage(..), Some(cap)) = (&scope, cap.filter(|cap| *cap < usd)) {
            let name = name(&wider, shared);
            writeln!(context.out, "{name} has a cap of {cap} USD, which is reached before it")?;
        }
    }
    Ok(Ending::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_named_as_people_name_it() {
        let period = Period { day: 20_781, month: 24_322 };
        assert_eq!(wanted("day").unwrap().scope(period), Scope::Day(20_781));
        assert_eq!(wanted("month").unwrap().scope(period), Scope::Month(24_322));
        assert_eq!(wanted("episode:4").unwrap().scope(period), Scope::Episode(EpisodeNumber(4)));
        assert!(wanted("week").is_err());
    }
}
