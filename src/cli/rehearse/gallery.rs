//! A rehearsal in the console. The first time it comes with three finished episodes to browse and three under way, which are made
//! behind the open console; later it goes on with what there is.

use std::path::PathBuf;

use super::decider::{Rehearser, is_rehearser};
use super::relay::{Pointer, Relay};
use super::{Decide, RehearseArgs, SHOW, samples};
use crate::cli::console::{self, Opening};
use crate::cli::context::Context;
use crate::cli::fault::{CliError, Ending};
use crate::cli::follow;
use crate::cli::ledger::Folded;
use crate::cli::research::read_package;
use crate::cli::servers::{Manner, Servers};
use crate::cli::session::{Behind, Session, runtime};
use crate::cli::wiring::Rehearsed;
use crate::domain::event::{Person, Provenance};
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::engine::handle::{Handle, NewEpisode};

/// What the seed of the finished episodes differs by, so that they are other episodes than those under way.
const OTHER_SEED: u64 = 1_000;

/// What is still to be made behind the console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Plan {
    /// Finished episodes to be made: packages without one yet.
    finished: Vec<PathBuf>,
    /// Such episodes that were begun before and are not over.
    unfinished: Vec<EpisodeNumber>,
    /// Episodes to be begun after those, for the person to follow.
    under_way: Vec<PathBuf>,
}

impl Plan {
    /// What follows from the record: the same after a kill as without one.
    fn of(folded: &Folded, samples: &[(PathBuf, ContentHash)], wanted: &[PathBuf]) -> Self {
        let episodes = folded.episodes();
        let own = || episodes.values().filter(|episode| is_rehearser(&episode.owner));
        let is_first = episodes.is_empty() || own().next().is_some();
        let has_others = episodes.values().any(|episode| !is_rehearser(&episode.owner));
        let missing = samples.iter().filter(|(_, hash)| !own().any(|episode| episode.research == *hash));
        let all = || samples.iter().map(|(path, _)| path.clone()).collect();
        Self {
            finished: if is_first && !has_others {
                missing.map(|(path, _)| path.clone()).collect()
            } else {
                Vec::new()
            },
            unfinished: own().filter(|episode| !episode.life.is_over()).map(|episode| episode.number).collect(),
            under_way: match (wanted, has_others) {
                ([], true) => Vec::new(),
                ([], false) => all(),
                (wanted, _) => wanted.to_vec(),
            },
        }
    }

    fn has_finished_to_make(&self) -> bool {
        !self.finished.is_empty() || !self.unfinished.is_empty()
    }
}

pub(super) fn run(args: &RehearseArgs, context: &mut Context<'_>) -> Result<Ending, CliError> {
    console::needs_terminal()?;
    let mut samples = Vec::new();
    for path in samples::write(&context.paths.data)? {
        let hash = ContentHash::of(&read_package(&path)?.0);
        samples.push((path, hash));
    }
    for package in &args.research {
        read_package(package)?;
    }
    let plan = Plan::of(&Folded::read_sound(context)?, &samples, &args.research);
    let settings = context.settings()?;
    let opening = Opening::new(context, &settings, Provenance::Rehearsal)?;
    let person = context.person(&settings)?;
    let decider = Rehearser::new(context, Decide::Approve)?;
    let mut switch = None;
    let session = if plan.has_finished_to_make() && context.globals.servers.is_none() {
        let runtime = runtime()?;
        let fast = Manner { seed: args.manner.seed.wrapping_add(OTHER_SEED), pace: 0.0, ..Manner::default() };
        let fast = runtime.block_on(Servers::start(&fast, 0))?;
        let slow = runtime.block_on(Servers::start(&args.manner, 0))?;
        let relay = Relay::start(&runtime, fast.addr())
            .map_err(|error| CliError::Failed(format!("no port could be listened on: {error}. Nothing was started")))?;
        let rehearsed = Rehearsed { base: relay.base(), pace: args.manner.pace, uncertain: args.uncertain.uncertain() };
        switch = Some((relay.pointer(), slow.addr()));
        let behind = Behind { servers: vec![fast, slow], relay: Some(relay) };
        Session::rehearsal_at(context, settings, &rehearsed, runtime, behind)?
    } else {
        Session::rehearsal(context, settings, &args.manner, args.uncertain.uncertain())?
    };
    session.run(async |handle| {
        let making = make(handle, plan, args.show.clone(), person, decider, switch);
        let shown = console::show(handle, opening);
        tokio::pin!(making, shown);
        tokio::select! {
            shown = &mut shown => return shown,
            made = &mut making => if let Err(error) = made {
                // The console goes on with what there is.
                tracing::error!(%error, "the episodes of the first rehearsal could not all be made");
            }
        }
        shown.await
    })?;
    Ok(Ending::Done)
}

/// Makes what the plan says, the finished episodes first.
async fn make(
    handle: &Handle,
    plan: Plan,
    show: String,
    person: Person,
    mut decider: Rehearser,
    switch: Option<(Pointer, std::net::SocketAddr)>,
) -> Result<(), CliError> {
    let mut chosen = plan.unfinished;
    for research in plan.finished {
        let new = NewEpisode { research, topic: None, show: SHOW.to_owned(), number: None, cap: None, fresh: true };
        if let Some(rehearser) = follow::Decider::person(&decider) {
            chosen.push(handle.begin(rehearser, new).await?);
        }
    }
    if !chosen.is_empty() {
        follow::to_the_end(handle, &chosen, &mut decider, &mut std::io::sink()).await?;
    }
    if let Some((pointer, slow)) = switch {
        pointer.point(slow);
    }
    for research in plan.under_way {
        let new = NewEpisode { research, topic: None, show: show.clone(), number: None, cap: None, fresh: true };
        handle.begin(person.clone(), new).await?;
    }
    Ok(())
}
