//! The record of all that happened: checks, figures, export, import. The one door past the engine.
//!
//! What only reads takes no lock, so that it works beside a console. Only an accepted loss adds to the journal here: the engine does not open a studio that lost events.

mod accept;
mod fold;
mod prune;
mod rebuild;

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

pub(super) use self::fold::Folded;
use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use super::session::LastOpening;
use crate::config::files;
use crate::domain::money::MicroUsd;
use crate::domain::purse::Unexplained;
use crate::domain::sums::Sums;
use crate::engine::loss;
use crate::ledger::archive::{self, BlobsVerified, Unsound, Verified};
use crate::ledger::blobs::Blobs;
use crate::ledger::journal::Journal;
use crate::ledger::lock::{Holder, StudioLock};

/// What can be done with the record.
#[derive(Debug, Subcommand)]
pub enum LedgerVerb {
    /// Check every line of the journal, its hash chain, and every artifact that it names
    Verify {
        /// What is always done: check the bytes of every artifact
        #[arg(long, hide = true)]
        blobs: bool,
        /// How to print what was found
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Write the journal and all artifacts into one new file
    Export {
        /// The file; it must not exist
        file: PathBuf,
    },
    /// Make a studio of an export; the studio's folder must be missing or empty
    Import {
        /// The file
        file: PathBuf,
    },
    /// Go on without events that are missing from the journal: recorded with your name, after all else was tried
    AcceptLoss {
        /// Why they cannot be brought back
        #[arg(long)]
        reason: String,
    },
    /// Move the folded state aside, so that it is folded again from the journal
    Rebuild,
    /// How large the record is, and how much of it an opening replays
    Stat {
        /// How to print the figures
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Remove artifacts that no event, package or draft names
    Prune {
        /// Remove them; without this they are only counted
        #[arg(long)]
        yes: bool,
    },
}

/// Runs the verb.
pub(super) fn run(verb: &LedgerVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        LedgerVerb::Verify { format, .. } => verify(context, *format),
        LedgerVerb::Export { file } => export(context, file),
        LedgerVerb::Import { file } => import(context, file),
        LedgerVerb::AcceptLoss { reason } => accept::run(context, reason),
        LedgerVerb::Rebuild => rebuild::run(context),
        LedgerVerb::Stat { format } => stat(context, *format),
        LedgerVerb::Prune { yes } => prune(context, *yes),
    }
}

/// The answer of `ledger verify` for scripts.
#[derive(Serialize)]
struct VerifiedAnswer {
    sound: bool,
    lines: u64,
    batches: u64,
    tip: String,
    incomplete_last_batch_bytes: u64,
    fault: Option<String>,
    money: Option<MoneyAnswer>,
    blobs_sound: Option<u64>,
    blobs_damaged: Option<Vec<String>>,
    blobs_missing: Option<Vec<String>>,
}

/// What `ledger verify` says of money.
#[derive(Serialize)]
struct MoneyAnswer {
    held_micro_usd: MicroUsd,
    possible_micro_usd: MicroUsd,
    unexplained: Vec<Unexplained>,
}

/// Holds the sums of money against the calls. A journal that cannot be replayed says nothing of money.
fn money(context: &Context<'_>) -> Option<MoneyAnswer> {
    let folded = Folded::of(&context.disk(), &context.studio(), &mut |_| ()).ok()?;
    let Sums { held, possible, .. } = folded.studio.held();
    let unexplained = folded.studio.unexplained();
    Some(MoneyAnswer { held_micro_usd: held, possible_micro_usd: possible, unexplained })
}

fn verify(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
    let found = archive::verify(&context.disk(), &context.studio(), true)?;
    let money = money(context);
    let is_explained = money.as_ref().is_none_or(|money| money.unexplained.is_empty());
    let ending = if found.is_sound() && is_explained { Ending::Done } else { Ending::Unsound };
    let Verified { lines, batches, tip, cut, fault, blobs } = found;
    if format == Format::Json {
        context.json(&VerifiedAnswer {
            sound: ending == Ending::Done,
            lines,
            batches,
            tip: tip.hash.to_string(),
            incomplete_last_batch_bytes: cut.map_or(0, |cut| cut.bytes),
            fault: fault.map(|fault| fault.to_string()),
            money,
            blobs_sound: blobs.as_ref().map(|blobs| blobs.sound),
            blobs_damaged: blobs.as_ref().map(|blobs| named(blobs, false)),
            blobs_missing: blobs.as_ref().map(|blobs| named(blobs, true)),
        })?;
        return Ok(ending);
    }
    writeln!(
        context.out,
        "journal    {lines} lines in {batches} batches, every hash follows; it ends with {}",
        tip.hash
    )?;
    if let Some(cut) = cut {
        let bytes = cut.bytes;
        writeln!(
            context.out,
            "last batch incomplete ({bytes} bytes): being written, or cut off at the next opening; not a fault"
        )?;
    }
    if let Some(money) = money {
        let explained = if is_explained { ", each explained by a call or a ruling" } else { "" };
        writeln!(
            context.out,
            "money      {:.4} USD held and {:.4} possible in episodes that can still change{explained}",
            money.held_micro_usd, money.possible_micro_usd
        )?;
        for Unexplained { scope, sums, calls } in money.unexplained {
            writeln!(
                context.out,
                "FAULT      {scope}: {:.4} USD are held and {:.4} possible, but its calls explain {:.4} and {:.4}. Caps count \
                 the larger sum, so nothing is overspent. Please report it",
                sums.held, sums.possible, calls.held, calls.possible
            )?;
        }
    }
    if let Some(blobs) = blobs {
        let (missing, damaged) = (named(&blobs, true).len(), named(&blobs, false).len());
        writeln!(context.out, "artifacts  {} sound, {damaged} damaged, {missing} missing", blobs.sound)?;
        for Unsound { hash, what, is_missing } in blobs.unsound {
            let fault = if is_missing { "is missing" } else { "has other bytes than its name says" };
            let what = what.unwrap_or_else(|| "no event names it".to_owned());
            writeln!(context.out, "           {hash} {fault} ({what}): bring it back from an export")?;
        }
    }
    if let Some(fault) = fault {
        writeln!(context.out, "FAULT      {fault}")?;
    }
    Ok(ending)
}

/// The names of the artifacts that are missing, or of those that are damaged.
fn named(blobs: &BlobsVerified, missing: bool) -> Vec<String> {
    let those = blobs.unsound.iter().filter(|unsound| unsound.is_missing == missing);
    those.map(|unsound| unsound.hash.to_string()).collect()
}

fn export(context: &mut Context<'_>, file: &std::path::Path) -> Result<Ending, CliError> {
    let file = std::path::absolute(file)
        .map_err(|source| CliError::Unreadable { path: file.display().to_string(), source })?;
    let exported = archive::export(&context.disk(), &context.studio(), &file)?;
    let manifest = &exported.manifest;
    writeln!(
        context.out,
        "{}: {} lines of the journal ({} bytes) and {} artifacts",
        file.display(),
        manifest.lines,
        manifest.journal_bytes,
        manifest.blobs
    )?;
    for hash in &exported.damaged {
        context.remark(&format!("the artifact {hash} is damaged and was left out"));
    }
    if let Some(why) = &exported.opened.read_only {
        context.remark(&format!("only what is sound was exported: {why}"));
    }
    let is_whole = exported.damaged.is_empty() && exported.opened.read_only.is_none();
    Ok(if is_whole { Ending::Done } else { Ending::Unsound })
}

/// The archive is unpacked beside the studio, so that one of the other kind is never put in its place.
fn import(context: &mut Context<'_>, file: &std::path::Path) -> Result<Ending, CliError> {
    let (disk, studio, kind) = (context.disk(), context.studio(), context.kind());
    let is_free = std::fs::read_dir(&studio).map_or(true, |mut entries| entries.next().is_none());
    if !is_free {
        return Err(archive::ArchiveError::NotEmpty(studio).into());
    }
    files::make_folders(&context.paths.data)
        .map_err(|source| CliError::Unreadable { path: context.paths.data.display().to_string(), source })?;
    let beside = context.paths.data.join(format!("{kind}.import-{:016x}", context.clock.random_u64()));
    let imported = archive::import(&disk, file, &beside)?;
    let gone = |source| CliError::Unreadable { path: beside.display().to_string(), source };
    let found = Folded::of(&disk, &beside, &mut |_| ()).map(|folded| folded.studio.provenance);
    match found {
        Ok(found) if found.is_none_or(|found| found == kind) => {}
        Ok(found) => {
            std::fs::remove_dir_all(&beside).map_err(gone)?;
            let found = found.map(|found| found.to_string()).unwrap_or_default();
            return Err(CliError::Usage(format!(
                "{} is of a {found} studio and cannot become the {kind} one. Nothing was imported: import it with --studio {found}",
                file.display()
            )));
        }
        Err(error) => {
            std::fs::remove_dir_all(&beside).map_err(gone)?;
            return Err(error);
        }
    }
    // An empty folder may stand in the place; a rename replaces it.
    disk.rename(&beside, &studio).and_then(|()| disk.sync_folder(&context.paths.data)).map_err(gone)?;
    writeln!(
        context.out,
        "{}: {} lines of the journal and {} artifacts; state is folded at the next opening",
        studio.display(),
        imported.manifest.lines,
        imported.manifest.blobs
    )?;
    Ok(Ending::Done)
}

fn stat(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
    let studio = context.studio();
    let folded = Folded::read(context)?;
    let blobs = Blobs::view(context.disk(), &studio).iter()?;
    let blob_bytes = blobs.iter().map(|(_, len)| *len).fold(0, u64::saturating_add);
    let (lines, bytes) = folded.opened.as_ref().map_or((0, 0), |opened| (opened.tip.seq, opened.tip.offset));
    // Thousandths, so that no digit depends on the rounding of a fraction.
    let ratio = bytes.saturating_mul(1_000).checked_div(folded.payload).unwrap_or(0);
    let ratio = format!("{}.{:03}", ratio / 1_000, ratio % 1_000);
    let last = LastOpening::read(&studio);
    if format == Format::Json {
        context.json(&json!({
            "studio": studio.display().to_string(),
            "lines": lines,
            "bytes": bytes,
            "payload_bytes": folded.payload,
            "journal_bytes_per_payload_byte": ratio,
            "episodes_past": folded.past.len(),
            "episodes_under_way": folded.studio.episodes.len(),
            "blobs": blobs.len(),
            "blob_bytes": blob_bytes,
            "replayed_at_last_opening": last.map(|last| last.replayed),
            "last_opening": last.map(|last| last.at.to_string()),
        }))?;
        return Ok(Ending::Done);
    }
    writeln!(context.out, "studio     {}", studio.display())?;
    writeln!(
        context.out,
        "journal    {lines} lines, {bytes} bytes; {ratio} bytes for each byte of what the events say"
    )?;
    writeln!(context.out, "episodes   {} past, {} under way", folded.past.len(), folded.studio.episodes.len())?;
    writeln!(context.out, "artifacts  {}, {blob_bytes} bytes", blobs.len())?;
    match last {
        Some(last) => {
            let (replayed, at) = (last.replayed, crate::report::minute(last.at));
            writeln!(
                context.out,
                "opening    {replayed} lines were replayed at the last one ({at}); the journal has {lines}"
            )?;
        }
        None => writeln!(context.out, "opening    never yet: the first one replays all {lines} lines")?,
    }
    Ok(Ending::Done)
}

fn prune(context: &mut Context<'_>, yes: bool) -> Result<Ending, CliError> {
    let (disk, studio) = (context.disk(), context.studio());
    // An artifact is durable before the event that names it: while another process writes, nothing may be removed.
    let holder = Holder { pid: std::process::id(), since: context.clock.now() };
    let _locks =
        if yes { Some((StudioLock::take(&studio, holder)?, Journal::lock(disk.as_ref(), &studio)?)) } else { None };
    // What cannot be replayed may name artifacts in ways that are not understood.
    let folded = Folded::of(&disk, &studio, &mut |_| ())?;
    if let Some(why) = folded.opened.as_ref().and_then(|opened| opened.read_only.as_ref()) {
        return Err(CliError::Failed(format!(
            "nothing was removed: {}",
            loss::told(why, &folded.studio, context.kind())
        )));
    }
    let found = prune::unnamed(&disk, &studio)?;
    let (count, bytes, kept) = (found.blobs.len(), found.bytes(), found.kept);
    if !yes {
        writeln!(
            context.out,
            "{count} artifacts ({bytes} bytes) are named by nothing; {kept} are. Nothing was removed: --yes does it"
        )?;
        return Ok(Ending::Done);
    }
    let blobs = Blobs::open(disk, &studio)?;
    for hash in found.blobs.keys() {
        blobs.remove(hash)?;
    }
    writeln!(context.out, "{count} artifacts ({bytes} bytes) were removed; {kept} are named and were kept")?;
    Ok(Ending::Done)
}
