//! The judges: a check with scripts of known faults, and their agreement with people.

mod check;

use std::collections::BTreeMap;

use clap::{Subcommand, ValueEnum};

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use super::ledger::Folded;
use super::rehearse::is_rehearser;
use crate::domain::calibration::rulings::{between_judges, by_epoch, pairs};
use crate::domain::episode::Episode;
use crate::domain::gate::Report;
use crate::domain::ids::ContentHash;
use crate::domain::money::MicroUsd;
use crate::report::AgreementReport;

/// What can be asked about the judges.
#[derive(Debug, Subcommand)]
pub enum JudgesVerb {
    /// Let both judges score scripts with known faults, as an episode of its own; exit 1 where a blocker was missed or a judge
    /// has drifted
    Check {
        /// The most that it may cost, in US dollars; what its show says where nothing is given
        #[arg(long, value_name = "USD")]
        cap: Option<MicroUsd>,
        /// How to print the result
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// The result of a check once more; exit 1 where there is an alarm
    Show {
        /// The number of its episode; the latest check where none is given
        number: Option<u32>,
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// How far the judges agree with people's rulings, by epoch, and with one another, by episode
    Agreement {
        /// Only this judge's agreement with people
        #[arg(long, value_enum, ignore_case = true, value_name = "A|B")]
        judge: Option<Letter>,
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

/// A judge by its letter in findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Letter {
    /// The first judge
    A,
    /// The second judge
    B,
}

impl Letter {
    fn is(self, by: char) -> bool {
        match self {
            Self::A => by == 'a',
            Self::B => by == 'b',
        }
    }
}

/// Runs the verb.
pub(super) fn run(verb: &JudgesVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        JudgesVerb::Check { cap, format } => check::run(context, *cap, *format),
        JudgesVerb::Show { number, format } => check::show(context, *number, *format),
        JudgesVerb::Agreement { judge, format } => agreement(context, *judge, *format),
    }
}

/// The reports of all gates of an episode.
pub(super) fn reports(folded: &Folded, episode: &Episode) -> Result<BTreeMap<ContentHash, Report>, CliError> {
    let evaluations = episode.gates.values().flat_map(|gate| gate.evaluations.values());
    evaluations.map(|evaluation| Ok((evaluation.report, folded.artifact(&evaluation.report)?))).collect()
}

fn agreement(context: &mut Context<'_>, judge: Option<Letter>, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let (mut ruled, mut judges, mut left_out) = (Vec::new(), Vec::new(), 0);
    for episode in folded.episodes().values() {
        let reports = reports(&folded, episode)?;
        ruled.extend(pairs(episode, &reports, |by| !is_rehearser(by)));
        judges.extend(between_judges(episode, &reports));
        let rulings = episode.gates.values().flat_map(|gate| &gate.rulings);
        left_out += rulings.filter(|ruled| is_rehearser(&ruled.by)).count();
    }
    ruled.retain(|pair| judge.is_none_or(|judge| judge.is(pair.by)));
    let report = AgreementReport { people: by_epoch(&ruled), judges, left_out };
    match format {
        Format::Json => context.json(&report)?,
        Format::Text => report.print(context.out)?,
    }
    Ok(Ending::Done)
}
