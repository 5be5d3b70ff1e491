//! Caps: what they are, what stands under them, and raising one.

use clap::Subcommand;
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
use crate::domain::studio::Studio;
use crate::report::{Align, Table, percent_of};

/// What can be done with caps.
#[derive(Debug, Subcommand)]
pub enum BudgetVerb {
    /// Every cap that holds now, with what is spent and held under it
    Show {
        /// Only what covers this episode
        episode: Option<u32>,
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Raise one
    Raise {
        /// What it covers: `episode:4`, `stage:4:voice`, `day` (today) or `month` (this one), UTC
        #[arg(value_parser = wanted)]
        scope: Wanted,
        /// The new limit in US dollars, such as 35 or 35.00
        usd: MicroUsd,
        /// Why, for the record
        #[arg(long, value_name = "WHY")]
        reason: String,
    },
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
        BudgetVerb::Raise { scope, usd, reason } => raise(context, scope, *usd, reason),
    }
}

/// A cap with what stands under it.
struct Line {
    scope: Scope,
    name: String,
    cap: Option<MicroUsd>,
    committed: MicroUsd,
    in_flight: MicroUsd,
}

fn lines(studio: &Studio, period: Period, only: Option<EpisodeNumber>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (scope, every, name) in
        [(Scope::Day(period.day), Scope::Day(0), "today"), (Scope::Month(period.month), Scope::Month(0), "this month")]
    {
        lines.push(Line {
            cap: studio.caps.get(&scope).or_else(|| studio.caps.get(&every)).copied(),
            committed: studio.budget.committed(&scope),
            in_flight: studio.budget.in_flight(&scope),
            name: name.to_owned(),
            scope,
        });
    }
    for episode in studio.episodes.values().filter(|episode| only.is_none_or(|number| episode.number == number)) {
        for (scope, cap) in &episode.caps {
            lines.push(Line {
                cap: Some(*cap),
                committed: studio.budget.committed(scope),
                in_flight: studio.budget.in_flight(scope),
                name: match scope {
                    Scope::Call => format!("each call of {}", episode.number),
                    Scope::Episode(_) | Scope::Stage(..) | Scope::Day(_) | Scope::Month(_) => scope.to_string(),
                },
                scope: scope.clone(),
            });
        }
    }
    lines
}

fn show(context: &mut Context<'_>, only: Option<EpisodeNumber>, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    if let Some(number) = only {
        folded.episode(number)?;
    }
    let lines = lines(&folded.studio, Period::of(context.clock.now()), only);
    if format == Format::Json {
        let caps: Vec<Value> = lines
            .iter()
            .map(|line| {
                json!({
                    "scope": line.scope,
                    "name": line.name,
                    "cap_micro_usd": line.cap,
                    "committed_micro_usd": line.committed,
                    "in_flight_micro_usd": line.in_flight,
                })
            })
            .collect();
        context.json(&json!({ "caps": caps }))?;
        return Ok(Ending::Done);
    }
    let mut table = Table::new(&[
        ("Cap of", Align::Left),
        ("Limit USD", Align::Right),
        ("Spent or held", Align::Right),
        ("Of that in flight", Align::Right),
        ("Used", Align::Right),
    ]);
    for line in &lines {
        let limit = line.cap.map_or_else(|| "none".to_owned(), |cap| cap.to_string());
        let used = line.cap.map_or_else(String::new, |cap| format!("{} %", percent_of(line.committed, cap)));
        let (committed, in_flight) = (format!("{:.4}", line.committed), format!("{:.4}", line.in_flight));
        let is_call = line.scope == Scope::Call;
        if is_call {
            table.row([line.name.clone(), limit]);
        } else {
            table.row([line.name.clone(), limit, committed, in_flight, used]);
        }
    }
    table.print(context.out)?;
    Ok(Ending::Done)
}

fn raise(context: &mut Context<'_>, wanted: &Wanted, usd: MicroUsd, reason: &str) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let folded = Folded::read_sound(context)?;
    let period = Period::of(context.clock.now());
    let scope = wanted.scope(period);
    let now =
        lines(&folded.studio, period, None).into_iter().find(|line| line.scope == scope).and_then(|line| line.cap);
    if let Some(now) = now.filter(|now| usd <= *now) {
        return Err(CliError::Usage(format!(
            "the cap of {scope} is {now} USD already, so {usd} USD does not raise it. Nothing was changed"
        )));
    }
    let command = Command::SetCap { scope: scope.clone(), cap: usd, reason: reason.to_owned() };
    let seq = Session::to_record(context, settings)?.run(async |handle| Ok(handle.command(person, command).await?))?;
    let until = match scope {
        Scope::Day(_) => " for today (UTC); every other day has `caps.day` of the settings",
        Scope::Month(_) => " for this month (UTC); every other month has `caps.month` of the settings",
        Scope::Call | Scope::Stage(..) | Scope::Episode(_) => "",
    };
    writeln!(context.out, "the cap of {scope} is {usd} USD{until} (event {seq})")?;
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
