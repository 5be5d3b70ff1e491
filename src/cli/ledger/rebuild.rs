//! Moves the folded state aside after the journal has shown that it folds. The next opening folds it again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Folded;
use crate::cli::context::Context;
use crate::cli::fault::{CliError, Ending};
use crate::engine::loss;
use crate::ledger::journal::Journal;
use crate::ledger::lock::{Holder, StudioLock};
use crate::ledger::state;

/// Lines between two words on the progress.
const STRIDE: u64 = 50_000;

pub(super) fn run(context: &mut Context<'_>) -> Result<Ending, CliError> {
    let (disk, studio) = (context.disk(), context.studio());
    if !studio.is_dir() {
        return Err(CliError::Failed(format!("there is no studio in {}. Nothing was changed", studio.display())));
    }
    let holder = Holder { pid: std::process::id(), since: context.clock.now() };
    let _locks = (StudioLock::take(&studio, holder)?, Journal::lock(disk.as_ref(), &studio)?);
    let began = context.clock.monotonic();
    let mut lines = 0;
    let folded = {
        let err = &mut *context.err;
        Folded::of(&disk, &studio, &mut |seq| {
            lines = seq;
            if seq.is_multiple_of(STRIDE) {
                // A reader of the progress that is gone stops nothing.
                let _: io::Result<()> = writeln!(err, "greenroom: {seq} lines folded");
            }
        })?
    };
    if let Some(why) = folded.opened.as_ref().and_then(|opened| opened.read_only.as_ref()) {
        let why = loss::told(why, &folded.studio, context.kind());
        return Err(CliError::Failed(format!("the state was left where it is, since it knows what is missing: {why}")));
    }
    let moved = move_aside(&studio)
        .map_err(|source| CliError::Unreadable { path: studio.join(state::FOLDER).display().to_string(), source })?;
    let took = context.clock.monotonic().saturating_duration_since(began).as_millis();
    let (past, under_way) = (folded.past.len(), folded.studio.episodes.len());
    writeln!(context.out, "{lines} lines folded in {took} ms: {past} episodes past, {under_way} under way")?;
    match moved {
        Some(aside) => writeln!(
            context.out,
            "the old state stands in {} and may be deleted; the next opening writes a new one",
            aside.display()
        )?,
        None => writeln!(context.out, "there was no state; the next opening writes one")?,
    }
    Ok(Ending::Done)
}

/// Gives the state's folder the first free name of `state.aside-1`, `state.aside-2` and so on.
pub(super) fn move_aside(studio: &Path) -> io::Result<Option<PathBuf>> {
    let dir = studio.join(state::FOLDER);
    if !dir.exists() {
        return Ok(None);
    }
    let free = (1_u32..10_000).map(|n| studio.join(format!("{}.aside-{n}", state::FOLDER))).find(|path| !path.exists());
    let target = free.ok_or_else(|| io::Error::other("there is no free name; delete what was moved aside before"))?;
    fs::rename(dir, &target)?;
    Ok(Some(target))
}
