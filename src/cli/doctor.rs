//! Looks over the whole set-up and says what is sound, what to mind and what must be mended. Changes nothing.
//!
//! Not for what is about providers: that is in [`providers`].

mod providers;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use crate::config::persons::Persons;
use crate::config::settings::Settings;
use crate::domain::actor::Actor;
use crate::domain::event::Provenance;
use crate::engine::preflight::{Check, Mark};
use crate::ledger::archive::{self, ArchiveError};
use crate::ledger::journal::JournalError;
use crate::ledger::lock::{Holder, LockError, StudioLock};

/// Free bytes under which an episode may not find room: about half an hour of speech, twice, and room to spare.
const LITTLE_SPACE: u64 = 1024 * 1024 * 1024;

struct Looks(Vec<Check>);

impl Looks {
    fn add(&mut self, mark: Mark, what: impl Into<String>, found: impl Into<String>) {
        self.0.push(Check::new(mark, what, found));
    }
}

/// Runs the verb.
pub(super) fn run(context: &mut Context<'_>, is_offline: bool, format: Format) -> Result<Ending, CliError> {
    let mut looks = Looks(Vec::new());
    folders(context, &mut looks);
    for kind in [Provenance::Live, Provenance::Rehearsal] {
        studio(context, kind, &mut looks);
    }
    match context.settings() {
        Ok(settings) => {
            looks.add(Mark::Ok, "settings", "no fault");
            name(context, &settings, &mut looks);
            providers::look(context, &settings, is_offline, &mut looks)?;
        }
        Err(error) => looks.add(Mark::Fail, "settings", error.to_string()),
    }
    terminal(context, &mut looks);
    let worst = looks.0.iter().map(|look| look.mark).max().unwrap_or(Mark::Ok);
    if format == Format::Json {
        context.json(&looks.0)?;
    } else {
        for look in &looks.0 {
            let mark = match look.mark {
                Mark::Ok => "ok  ",
                Mark::Mind | Mark::Unasked => "mind",
                Mark::Fail => "FAIL",
            };
            let found = look.found.trim_end().replace('\n', "\n                          ");
            writeln!(context.out, "{mark}  {:<18}  {found}", look.what)?;
        }
    }
    Ok(if worst == Mark::Fail { Ending::Unsound } else { Ending::Done })
}

fn folders(context: &Context<'_>, looks: &mut Looks) {
    for (what, folder) in [("data folder", &context.paths.data), ("log folder", &context.paths.logs)] {
        let shown = folder.display();
        match writable(folder) {
            Ok(true) => looks.add(Mark::Ok, what, format!("{shown} can be written")),
            Ok(false) => looks.add(Mark::Ok, what, format!("{shown} is not there yet and can be made")),
            Err(error) => {
                let advice = "choose another with --data-dir, or fix its permissions";
                looks.add(Mark::Fail, what, format!("{shown} cannot be written: {error}; {advice}"));
            }
        }
    }
    let config = &context.paths.config;
    let there = if config.is_dir() { "is there" } else { "is not there: the defaults hold" };
    looks.add(Mark::Ok, "config folder", format!("{} {there}", config.display()));
    let place = existing(&context.paths.data);
    match rustix::fs::statvfs(&place) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let mark = if free < LITTLE_SPACE { Mark::Mind } else { Mark::Ok };
            let advice = if mark == Mark::Mind {
                ": an episode may not find room; a full disk stops a studio, losing nothing"
            } else {
                ""
            };
            looks.add(mark, "disk", format!("{} MiB free at {}{advice}", free / (1024 * 1024), place.display()));
        }
        Err(error) => looks.add(Mark::Mind, "disk", format!("free space is not known: {error}")),
    }
}

/// The folder itself, or the nearest one above it that exists.
fn existing(folder: &Path) -> PathBuf {
    folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

/// Whether a file can be made in a folder; `false` where the folder itself would have to be made first. Leaves nothing behind.
fn writable(folder: &Path) -> std::io::Result<bool> {
    let in_the_way = folder.ancestors().find(|path| path.exists()).is_some_and(|path| !path.is_dir());
    if in_the_way {
        return Err(std::io::ErrorKind::NotADirectory.into());
    }
    let place = existing(folder);
    let file = place.join(format!(".greenroom-doctor-{}", std::process::id()));
    std::fs::write(&file, b"")?;
    std::fs::remove_file(&file)?;
    Ok(place == folder)
}

fn studio(context: &Context<'_>, kind: Provenance, looks: &mut Looks) {
    let dir = context.folder(kind);
    let what = format!("{kind} studio");
    if !dir.is_dir() {
        return looks.add(Mark::Ok, what, format!("none yet in {}", dir.display()));
    }
    let holder = Holder { pid: std::process::id(), since: context.clock.now() };
    match StudioLock::take(&dir, holder) {
        Ok(_) => looks.add(Mark::Ok, &what, "its lock is free"),
        Err(LockError::Held(Some(holder))) => {
            looks.add(Mark::Ok, &what, format!("open in process {} since {:.0}", holder.pid, holder.since));
        }
        Err(LockError::Held(None)) => looks.add(Mark::Ok, &what, "open in another process"),
        Err(error @ LockError::Io { .. }) => looks.add(Mark::Fail, &what, error.to_string()),
    }
    match archive::verify(&context.disk(), &dir, false) {
        Ok(found) => match &found.fault {
            None => {
                looks.add(Mark::Ok, what, format!("its journal is sound: {} lines, every hash follows", found.lines))
            }
            Some(fault) => looks.add(Mark::Fail, what, fault.to_string()),
        },
        Err(ArchiveError::Journal(JournalError::Missing { .. })) => looks.add(Mark::Ok, what, "it has no journal yet"),
        Err(error) => looks.add(Mark::Fail, what, error.to_string()),
    }
}

fn name(context: &Context<'_>, settings: &Settings, looks: &mut Looks) {
    let Some(name) = &settings.name else {
        let said = "no name is kept: the first decision asks for one, and `greenroom person name NAME` keeps it";
        return looks.add(Mark::Mind, "name", said);
    };
    let signed = context.signer(name).and_then(|person| Ok((Persons::load(&context.paths.config)?, person)));
    match signed {
        Ok((persons, person)) => {
            let proof = match persons.has_secret(person.name()) {
                true => "proven by a secret of their own",
                false => "proven by the account alone",
            };
            let actor = Actor::Person(person);
            looks.add(Mark::Ok, "name", format!("decisions are recorded as {actor}, {proof}"));
        }
        Err(error) => looks.add(Mark::Mind, "name", error.to_string()),
    }
}

fn terminal(context: &Context<'_>, looks: &mut Looks) {
    let terminal = &context.environment.terminal;
    if !std::io::stdout().is_terminal() {
        return looks.add(Mark::Ok, "terminal", "standard output is none: only the verbs work here, not the console");
    }
    let size = crossterm::terminal::size().map_or((0, 0), |size| size);
    let kind = terminal.term.as_deref().unwrap_or("unknown");
    let letters = if terminal.is_utf8() { "UTF-8" } else { "ASCII only: the locale is not UTF-8" };
    let colours = match terminal.colorterm.as_deref() {
        _ if terminal.no_color => "no colours (NO_COLOR)",
        Some("truecolor" | "24bit") => "24-bit colours",
        Some(_) | None if kind.contains("256color") => "256 colours",
        Some(_) | None => "16 colours",
    };
    let (width, height) = size;
    let mark = if width < 80 || height < 24 || kind == "dumb" { Mark::Mind } else { Mark::Ok };
    let advice = if mark == Mark::Mind { "; the console wants 80x24 at least" } else { "" };
    looks.add(mark, "terminal", format!("{kind}, {width}x{height}, {letters}, {colours}{advice}"));
}
