//! `greenroom rehearse`: episodes made with rehearsed providers, in the console or without a terminal.
//!
//! Everything that is made here is marked as rehearsed for ever, in a studio folder of its own.

mod decider;
mod gallery;
mod headless;
mod relay;
mod samples;

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) use self::decider::is_rehearser;
pub(super) use self::relay::Relay;
pub(super) use self::samples::write_sample;
use super::context::Context;
use super::fault::{CliError, Ending};
use super::servers::{Manner, list_faults};
use crate::domain::event::Uncertain;

/// The show that is rehearsed where none is named: two minutes long.
const SHOW: &str = "open-questions-short";

/// What `greenroom rehearse` takes.
#[derive(Clone, Debug, Args)]
pub struct RehearseArgs {
    /// How the servers rehearse.
    #[command(flatten)]
    pub manner: Manner,
    /// Make the episodes without a terminal, deciding at the gates; exit 3 where a person would be needed
    #[arg(long)]
    pub headless: bool,
    /// The research package to make an episode of; may be given several times [default: a sample]
    #[arg(long, value_name = "FILE")]
    pub research: Vec<PathBuf>,
    /// The show: the name of one that is known, or the path of a profile
    #[arg(long, value_name = "NAME|PATH", default_value = SHOW)]
    pub show: String,
    /// What a headless rehearsal decides at its gates
    #[arg(long, value_enum, default_value_t = Decide::Approve)]
    pub decide: Decide,
    /// What is done about a call whose answer was lost
    #[arg(long, value_enum, default_value_t = Policy::Resend)]
    pub uncertain: Policy,
}

impl Default for RehearseArgs {
    /// What the flags say where nobody gives them.
    fn default() -> Self {
        Self {
            manner: Manner::default(),
            headless: false,
            research: Vec::new(),
            show: SHOW.to_owned(),
            decide: Decide::Approve,
            uncertain: Policy::Resend,
        }
    }
}

/// What a headless rehearsal decides at its gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Decide {
    /// Approve whatever a person may approve
    Approve,
    /// Send the first script back with the fixes, then approve
    SendBackOnce,
}

/// What is done about a call whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// Ask a person
    Ask,
    /// Send it again; the possible second charge stays counted
    Resend,
    /// As a live studio does where its show says nothing: send it again within limits, and ask about the rest
    Live,
}

impl Policy {
    fn uncertain(self) -> Uncertain {
        match self {
            Self::Ask => Uncertain::Ask,
            Self::Resend => Uncertain::Resend,
            Self::Live => Uncertain::RECOMMENDED,
        }
    }
}

/// Runs the verb.
pub(super) fn run(args: &RehearseArgs, context: &mut Context<'_>) -> Result<Ending, CliError> {
    if args.manner.asks_for_list() {
        return list_faults(context);
    }
    context.rehearse();
    let is_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if args.headless || !is_terminal { headless::run(args, context) } else { gallery::run(args, context) }
}
