//! A rehearsal without a terminal: each package becomes an episode, its gates are decided here, and its package's folder is printed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::decider::Rehearser;
use super::{Decide, RehearseArgs, samples};
use crate::cli::begun::Begun;
use crate::cli::context::Context;
use crate::cli::fault::{CliError, Ending};
use crate::cli::follow;
use crate::cli::ledger::Folded;
use crate::cli::research::read_package;
use crate::cli::session::Session;
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::engine::handle::NewEpisode;

pub(super) fn run(args: &RehearseArgs, context: &mut Context<'_>) -> Result<Ending, CliError> {
    let packages = if args.research.is_empty() {
        samples::write(&context.paths.data)?.into_iter().take(1).collect()
    } else {
        args.research.clone()
    };
    let mut work = Vec::new();
    for package in packages {
        // What cannot be used is told before anything is opened.
        let (bytes, _) = read_package(&package)?;
        work.push((package, ContentHash::of(&bytes)));
    }
    let how = match args.decide {
        Decide::Approve => "approve",
        Decide::SendBackOnce => "send-back-once",
    };
    context.remark(&format!("rehearsal: nothing real is spent, and nothing of it can be released. Gates are decided by `rehearsal` (--decide {how})"));
    let settings = context.settings()?;
    let person = context.person(&settings)?;
    let mut decider = Rehearser::new(context, args.decide)?;
    let (studio, folded) = (context.studio(), Folded::read_sound(context)?);
    let mut begun = Begun::read(&studio);
    let (mut chosen, to_begin) = begun_before(&folded, &begun, work);
    let free = folded.studio.next_number();
    drop(folded);
    for number in &chosen {
        context.remark(&format!("episode {number} was begun before from the same package: going on with it"));
    }
    let session = Session::rehearsal(context, settings, &args.manner, args.uncertain.uncertain())?;
    let err = &mut *context.err;
    let ended = session.run(async |handle| {
        for (research, package) in to_begin {
            begun.note(package, free)?;
            // A rehearsal is there to see the work done, by servers that answer as its flags say.
            let new =
                NewEpisode { research, topic: None, show: args.show.clone(), number: None, cap: None, fresh: true };
            chosen.push(handle.begin(person.clone(), new).await?);
        }
        follow::until_ended(handle, &chosen, &mut decider, err).await
    })?;
    let flag = context.studio_flag();
    let ending = follow::report(&ended, &studio, flag, context)?;
    begun.told();
    Ok(ending)
}

/// Episodes that were begun of these packages and not told of, and the packages without one: after a kill the same command goes on
/// with what it had begun.
fn begun_before(
    folded: &Folded,
    begun: &Begun,
    work: Vec<(PathBuf, ContentHash)>,
) -> (Vec<EpisodeNumber>, Vec<(PathBuf, ContentHash)>) {
    let mut taken = BTreeSet::new();
    let mut to_begin = Vec::new();
    for (package, hash) in work {
        match begun.find(folded, &hash, &taken) {
            Some(number) => {
                taken.insert(number);
            }
            None => to_begin.push((package, hash)),
        }
    }
    (taken.into_iter().collect(), to_begin)
}
