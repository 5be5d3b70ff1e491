//! The provider servers of a rehearsal: within this process, or as one of their own (`greenroom studio`).

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::fault::{CliError, Ending};
use super::signals;
use crate::rehearsal::{FaultProfile, Limit, NameError, NamedFault, Oddity, Options, Rehearsal, Temper};

/// How long answers under way may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// How the servers rehearse.
#[derive(Clone, Debug, Args)]
pub struct Manner {
    /// What all answers and faults are drawn from, with the request: the same seed writes the same episode
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How fast the providers answer: 1 can be watched, 2 is half as fast, 0 is as fast as possible
    #[arg(long, value_name = "F", default_value = "1", value_parser = pace)]
    pub pace: f64,
    /// What goes wrong on the way: none, flaky or storm
    #[arg(long, value_name = "PROFILE", default_value = "none")]
    pub faults: FaultProfile,
    /// One thing that goes wrong, by name, such as `gemini.blocked_prompt`, `anthropic.overloaded=50` for half of the requests,
    /// `anthropic.retired_model=every:2` for exactly each second call, or `openai.no_usage@qwen3:8b` for one model; `list` shows
    /// all. May be given several times
    #[arg(long, value_name = "NAME[@MODEL][=SHARE]")]
    pub fault: Vec<FaultFlag>,
    /// How much a provider takes, such as `elevenlabs=2` at once or `anthropic.rpm=60` a minute. May be given several times
    #[arg(long, value_name = "PROVIDER[.rpm]=N")]
    pub limit: Vec<Limit>,
    /// Serve Perplexity's older chat completions too, as a gateway does that still speaks them
    #[arg(long)]
    pub sonar: bool,
    /// How the agents behave, such as `judges.invent=30,polisher.stray=50,draft.plants=figure+harm`
    #[arg(long, value_name = "NAME=VALUE,…", default_value = "")]
    pub behaviour: Temper,
}

/// What `greenroom studio` takes.
#[derive(Clone, Debug, Args)]
pub struct StudioArgs {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "P", default_value_t = 0)]
    pub port: u16,
    /// How the servers rehearse.
    #[command(flatten)]
    pub manner: Manner,
}

impl Default for Manner {
    /// What the flags say where nobody gives them.
    fn default() -> Self {
        Self {
            seed: 1,
            pace: 1.0,
            faults: FaultProfile::None,
            fault: Vec::new(),
            limit: Vec::new(),
            sonar: false,
            behaviour: Temper::default(),
        }
    }
}

/// What `--fault` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultFlag {
    /// The question which there are.
    List,
    /// One of them.
    Named(NamedFault),
}

impl FromStr for FaultFlag {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "list" { Ok(Self::List) } else { text.parse().map(Self::Named) }
    }
}

impl Manner {
    /// Whether nothing is to be rehearsed, but the faults that have names are to be shown.
    pub(super) fn asks_for_list(&self) -> bool {
        self.fault.contains(&FaultFlag::List)
    }
}

/// Writes every fault that has a name, each on a line.
pub(super) fn list_faults(context: &mut Context<'_>) -> Result<Ending, CliError> {
    let longest = Oddity::all().map(|oddity| oddity.name().len()).max().unwrap_or(0);
    for oddity in Oddity::all() {
        let when = if oddity.is_lasting() { "every attempt" } else { "first attempt" };
        writeln!(context.out, "{:longest$}  {when}  {}", oddity.name(), oddity.says())?;
    }
    Ok(Ending::Done)
}

fn pace(text: &str) -> Result<f64, String> {
    let pace: f64 = text.parse().map_err(|_| "a pace is a number, such as 1, 0.5 or 0".to_owned())?;
    if (0.0..=100.0).contains(&pace) { Ok(pace) } else { Err("a pace lies between 0 and 100".to_owned()) }
}

/// Running servers.
pub(super) struct Servers(Rehearsal);

impl Servers {
    /// Starts servers on a port of this machine. To be called within a runtime.
    pub(super) async fn start(manner: &Manner, port: u16) -> Result<Self, CliError> {
        let options = Options {
            seed: manner.seed,
            pace: manner.pace,
            faults: manner.faults,
            faults_named: manner
                .fault
                .iter()
                .filter_map(|flag| match flag {
                    FaultFlag::Named(named) => Some(named.clone()),
                    FaultFlag::List => None,
                })
                .collect(),
            limits: manner.limit.clone(),
            sonar: manner.sonar,
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            temper: manner.behaviour.clone(),
            ..Options::default()
        };
        Ok(Self(Rehearsal::start(options).await?))
    }

    /// Where they listen.
    pub(super) fn addr(&self) -> SocketAddr {
        self.0.addr()
    }

    /// Their address, without a slash at the end.
    pub(super) fn base(&self) -> String {
        format!("http://{}", self.0.addr())
    }

    /// Stops them, letting answers under way end.
    pub(super) async fn stop(self) {
        self.0.stop(GRACE).await;
    }
}

/// What `greenroom studio` says of itself, on one line.
#[derive(Serialize)]
struct Announcement {
    address: String,
    meter: String,
    pid: u32,
    seed: u64,
    pace: f64,
    faults: String,
}

/// Runs the servers until a signal comes.
pub(super) fn run(args: &StudioArgs, context: &mut Context<'_>) -> Result<Ending, CliError> {
    if args.manner.asks_for_list() {
        return list_faults(context);
    }
    let runtime = super::session::runtime()?;
    runtime.block_on(async {
        let servers = Servers::start(&args.manner, args.port).await?;
        let announcement = Announcement {
            address: servers.base(),
            meter: servers.0.meter_url(),
            pid: std::process::id(),
            seed: args.manner.seed,
            pace: args.manner.pace,
            faults: args.manner.faults.to_string(),
        };
        serde_json::to_writer(&mut *context.out, &announcement)?;
        writeln!(context.out)?;
        context.out.flush()?;
        signals::any().await;
        servers.stop().await;
        Ok(Ending::Done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_a_number_within_reason() {
        assert_eq!((pace("0"), pace("0.25"), pace("100")), (Ok(0.0), Ok(0.25), Ok(100.0)));
        for bad in ["", "fast", "-1", "101", "NaN", "inf"] {
            assert!(pace(bad).is_err(), "{bad}");
        }
    }
}
