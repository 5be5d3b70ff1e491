//! Going on without events that are missing from the journal: a person's decision, recorded as the first event behind what is
//! left. It says what is known of the missing ones, so that caps count them and no key of a call is used again.

use std::sync::Arc;

use super::{Folded, rebuild};
use crate::cli::context::Context;
use crate::cli::fault::{CliError, Ending};
use crate::domain::event::{Actor, Event, Stamped};
use crate::domain::ids::IntentKey;
use crate::domain::money::MicroUsd;
use crate::domain::sent::StudioId;
use crate::domain::studio::Studio;
use crate::engine::loss;
use crate::engine::package::FOLDER as PACKAGES;
use crate::ledger::codec;
use crate::ledger::disk::Disk;
use crate::ledger::journal::head::Sums;
use crate::ledger::journal::{Journal, JournalError, Opened, ReadOnly};
use crate::ledger::lock::{Holder, StudioLock};
use crate::ledger::spool::Spool;

/// The most calls that the event names: an event stays small.
const MOST_CALLS: usize = 60;

pub(super) fn run(context: &mut Context<'_>, reason: &str) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let (disk, dir) = (context.disk(), context.studio());
    if !dir.is_dir() {
        return Err(CliError::Failed(format!("there is no studio in {}. Nothing was changed", dir.display())));
    }
    let now = context.clock.now();
    let _lock = StudioLock::take(&dir, Holder { pid: std::process::id(), since: now })?;
    let mut studio = match Folded::of(&disk, &dir, &mut |_| ()) {
        Ok(folded) => folded.studio,
        // All of the journal is missing.
        Err(CliError::Journal(JournalError::Lost { .. })) => Studio::default(),
        Err(error) => return Err(error),
    };
    let found = left(&disk, &dir, &studio)?;
    let (mut journal, opened) = Journal::open_without_lost(Arc::clone(&disk), &dir)?;
    let Opened { tip, cut, read_only, .. } = opened;
    let missing = match read_only {
        Some(ReadOnly::Lost(loss)) => {
            let sums = loss::missing(&loss, &studio).unwrap_or_default();
            let cost = sums.spent.plus(sums.held);
            Missing { known: loss.known.place.seq, cost, until: loss.known.at }
        }
        Some(ReadOnly::Broken { .. }) => Missing { known: tip.seq, cost: MicroUsd::ZERO, until: None },
        Some(why @ ReadOnly::Newer { .. }) => return Err(CliError::Failed(why.to_string())),
        None => {
            return Err(CliError::Failed(
                "no event is missing from the journal. Nothing was changed; `greenroom ledger verify` checks the rest"
                    .to_owned(),
            ));
        }
    };
    // What the state was folded from is no longer what the journal says.
    let aside =
        rebuild::move_aside(&dir).map_err(|source| CliError::Unreadable { path: dir.display().to_string(), source })?;
    let mut events = Vec::new();
    if studio.provenance.is_none() {
        let id = Some(StudioId::drawn(context.clock.random_u64()));
        events.push((Actor::Engine, Event::StudioOpened { provenance: context.kind(), id }));
    }
    let Missing { known, cost, until } = missing;
    let calls: Vec<IntentKey> = found.calls.iter().take(MOST_CALLS).cloned().collect();
    let (held, episodes, reason) = (tip.seq, found.episodes, reason.to_owned());
    events.push((Actor::Person(person), Event::LossAccepted { held, known, cost, until, calls, episodes, reason }));
    let mut drafts = Vec::new();
    for (actor, event) in events {
        let stamped = Stamped { seq: studio.seq + 1, at: now.max(studio.at), episode: None, actor, event };
        studio.apply(&stamped).map_err(|error| CliError::Failed(error.to_string()))?;
        drafts.push(codec::draft(&stamped).map_err(|error| CliError::Failed(error.to_string()))?);
    }
    let (spent, held_now) = studio.budget.totals();
    journal.append_with(journal.next_seq(), &drafts, Some(Sums { spent, held: held_now }))?;
    let what = match known.saturating_sub(held) {
        0 => "what is missing".to_owned(),
        1 => format!("event {known}"),
        _ => format!("events {} to {known}", held + 1),
    };
    writeln!(
        context.out,
        "event {}: the studio goes on without {what}; {cost:.4} USD count as spent for them",
        studio.seq
    )?;
    if let Some(kept) = cut.and_then(|cut| cut.kept) {
        writeln!(context.out, "what stood in the journal in their place is kept in {}", dir.join(kept).display())?;
    }
    if let Some(aside) = aside {
        writeln!(context.out, "the old state stands in {} and may be deleted", aside.display())?;
    }
    let flag = context.studio_flag();
    if !found.calls.is_empty() {
        let (many, calls) = (found.calls.len(), if found.calls.len() == 1 { "call" } else { "calls" });
        writeln!(
            context.out,
            "{many} {calls} that only they recorded left answers in {}: `greenroom{flag} charge list` names them",
            dir.join(crate::ledger::spool::FOLDER).display()
        )?;
    }
    Ok(Ending::Done)
}

/// What is known of the missing events.
struct Missing {
    known: u64,
    cost: MicroUsd,
    until: Option<jiff::Timestamp>,
}

/// What the missing events left beside the journal.
struct Left {
    /// Calls of which answers are spooled and that the journal does not know.
    calls: Vec<IntentKey>,
    /// The highest number of an episode that a package or a spooled answer names.
    episodes: u32,
}

fn left(disk: &Arc<dyn Disk>, dir: &std::path::Path, studio: &Studio) -> Result<Left, CliError> {
    let mut left = Left { calls: Vec::new(), episodes: 0 };
    let spool = Spool::open(Arc::clone(disk), dir).and_then(|spool| spool.list());
    for name in spool.map_err(|error| CliError::Failed(error.to_string()))? {
        let Ok(key) = name.as_str().parse::<IntentKey>() else { continue };
        let is_known = studio.episodes.get(&key.episode).is_some_and(|episode| episode.calls.contains_key(&key));
        left.episodes = left.episodes.max(key.episode.0);
        if !is_known && !studio.past.contains(&key.episode) {
            left.calls.push(key);
        }
    }
    let packages = std::fs::read_dir(dir.join(PACKAGES)).into_iter().flatten().filter_map(Result::ok);
    for package in packages {
        let name = package.file_name().to_string_lossy().into_owned();
        let number = name.split('-').next().and_then(|number| number.parse().ok());
        left.episodes = left.episodes.max(number.unwrap_or(0));
    }
    Ok(left)
}
