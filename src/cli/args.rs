//! The command line: what can be asked for without a terminal, and the flags that every verb takes.
//!
//! The words of each flag and verb are its help. Not for what a verb does: that stands in the file of its name.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::budget::BudgetVerb;
use super::charge::ChargeVerb;
use super::config::ConfigVerb;
use super::cost::CostArgs;
use super::episode::EpisodeVerb;
use super::estimate::EstimateArgs;
use super::findings::FindingsVerb;
use super::gate::GateVerb;
use super::judges::JudgesVerb;
use super::ledger::LedgerVerb;
use super::person::PersonVerb;
use super::prices::PricesVerb;
use super::rehearse::RehearseArgs;
use super::research::ResearchVerb;
use super::revision::RevisionVerb;
use super::route::RouteVerb;
use super::servers::StudioArgs;
use crate::domain::event::Provenance;

/// A terminal production console for podcast episodes that AI agents make and people answer for.
#[derive(Debug, Parser)]
#[command(name = "greenroom", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// The flags that every verb takes.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do; without one the console opens.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// The flags that every verb takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Flags of every verb")]
pub struct Globals {
    /// The folder that holds the studios; else GREENROOM_DATA_DIR, else the system's
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The folder of settings, shows, prompts and pipelines; else GREENROOM_CONFIG_DIR, else the system's
    #[arg(long, global = true, value_name = "DIR")]
    pub config_dir: Option<PathBuf>,
    /// Which studio a verb is about
    #[arg(long, global = true, value_enum, default_value_t = StudioKind::Live, hide_possible_values = true, value_name = "live|rehearsal")]
    pub studio: StudioKind,
    /// The name that decisions are recorded under; else GREENROOM_AS, else `name` of the settings
    #[arg(long = "as", global = true, value_name = "NAME")]
    pub acting_as: Option<String>,
    /// What goes into the log file: error, warn, info, debug, trace, or a filter such as `greenroom::engine=debug`
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log: Option<String>,
    /// The address of rehearsal servers that run already (see `greenroom studio`)
    #[arg(long, global = true, value_name = "URL")]
    pub servers: Option<String>,
}

/// Which studio a verb is about: each kind has a folder of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum StudioKind {
    /// The one whose money is real
    #[default]
    Live,
    /// The one for rehearsals
    Rehearsal,
}

impl StudioKind {
    /// The kind as the ledger records it.
    pub fn provenance(self) -> Provenance {
        match self {
            Self::Live => Provenance::Live,
            Self::Rehearsal => Provenance::Rehearsal,
        }
    }
}

/// What the program can do beside the console.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make episodes with rehearsed providers: no key, no network, nothing real is spent
    Rehearse(RehearseArgs),
    /// Begin episodes, follow them, and stop them
    #[command(subcommand)]
    Episode(EpisodeVerb),
    /// Read what waits at a gate and decide
    #[command(subcommand)]
    Gate(GateVerb),
    /// The revisions of a script: list them, go back to one, put one of your own in its place
    #[command(subcommand)]
    Revision(RevisionVerb),
    /// Calls of which nobody knows whether they were charged
    #[command(subcommand)]
    Charge(ChargeVerb),
    /// What may be spent, and what is spent and held
    #[command(subcommand)]
    Budget(BudgetVerb),
    /// Who decides here: the name that is kept, and a secret that proves it where people share an account
    #[command(subcommand)]
    Person(PersonVerb),
    /// What was spent, by stage, agent, model, provider, episode or month
    Cost(CostArgs),
    /// What a new episode, or the rest of one under way, is likely to cost and take; begins and spends nothing
    Estimate(EstimateArgs),
    /// What models cost: the table that calls are priced by, and a newer one laid over it
    #[command(subcommand)]
    Prices(PricesVerb),
    /// How each provider answers: what waits for it, how long answers take, its limits, what came of sending again
    Providers {
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// What judges and checks found in all episodes, what became of it, and what keeps coming back
    #[command(subcommand)]
    Findings(FindingsVerb),
    /// The judges: what they miss in scripts with known faults, and how far they agree with people
    #[command(subcommand)]
    Judges(JudgesVerb),
    /// The record of all that happened: check it, export it, import it
    #[command(subcommand)]
    Ledger(LedgerVerb),
    /// Research packages: what an episode is written from
    #[command(subcommand)]
    Research(ResearchVerb),
    /// Settings, shows, prompts and prices: what holds and where it comes from
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Which model fills which role, how it stands, and moving on from models that are retired
    #[command(subcommand)]
    Route(RouteVerb),
    /// Look over the whole set-up: folders, lock, record, keys, models, terminal, disk
    Doctor {
        /// Ask no provider: look only at what is on this machine
        #[arg(long)]
        offline: bool,
        /// How to print what was found
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// The servers of a rehearsal as a process of their own, so that their meter outlives a console
    Studio(StudioArgs),
    /// The completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// The manual page, in roff
    Man,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For scripts
    Json,
}
