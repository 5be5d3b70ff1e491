//! An open studio for the time of one verb: its runtime, its engine, its servers, and an orderly end.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use super::context::Context;
use super::fault::CliError;
use super::log::{self, Logs};
use super::rehearse::Relay;
use super::servers::{Manner, Servers};
use super::signals;
use super::wiring::{self, Admit, Rehearsed};
use crate::config::files;
use crate::config::settings::Settings;
use crate::domain::event::{Provenance, Uncertain};
use crate::domain::money::MicroUsd;
use crate::engine::handle::{Handle, ShutDown};
use crate::engine::open::{Found, OpenError, OpenOptions, open};
use crate::engine::snapshot::Snapshot;
use crate::engine::socket::{self, ConnectError, Server};
use crate::ledger::lock::LockError;

/// How long a verb waits for a studio whose owner takes no commands: an owner that is starting soon takes some, and one that only
/// records something is soon gone.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it waits between two tries.
const PAUSE: Duration = Duration::from_millis(60);

/// The file that keeps what the latest opening found. It serves `ledger stat` alone.
const OPENED: &str = "opened.json";

/// A runtime for the work of a studio.
pub(super) fn runtime() -> Result<Runtime, CliError> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| CliError::Failed(format!("the system gave no threads: {error}. Nothing was started.")))
}

/// What the studio that the verb is about is opened with where no paid call is to begin.
pub(super) fn without_work(context: &Context<'_>, settings: Settings) -> Result<OpenOptions, CliError> {
    match context.kind() {
        Provenance::Live => wiring::live(context, settings, Admit::Nothing),
        Provenance::Rehearsal => {
            let mut rehearsed = Rehearsed::nowhere();
            if let Some(url) = &context.globals.servers {
                rehearsed.base = url.trim_end_matches('/').to_owned();
            }
            wiring::rehearsal(context, settings, &rehearsed, Admit::Nothing)
        }
    }
}

/// An open studio.
pub(super) struct Session {
    /// The hold on the engine.
    pub(super) handle: Handle,
    /// Why the studio can only be read, where that is so.
    pub(super) read_only: Option<String>,
    runtime: Runtime,
    behind: Behind,
    server: Option<Server>,
    _log: Logs,
}

/// What answers behind a rehearsal in this process.
#[derive(Default)]
pub(super) struct Behind {
    /// Servers, to be stopped when the studio is closed.
    pub(super) servers: Vec<Servers>,
    /// What stands between the engine and them, where something does.
    pub(super) relay: Option<Relay>,
}

impl Session {
    /// Opens the studio that the verb is about to record something; no paid call begins. Where another process has it open,
    /// that one is asked to record it.
    pub(super) fn to_record(context: &mut Context<'_>, settings: Settings) -> Result<Self, CliError> {
        let log = log::start(context, &settings)?;
        let runtime = runtime()?;
        let until = context.clock.monotonic() + PATIENCE;
        loop {
            let options = without_work(context, settings.clone())?;
            let dir = options.dir.clone();
            let held = match open(options, runtime.handle()) {
                Err(OpenError::Lock(held @ LockError::Held(_))) => held,
                opened => {
                    let session = Self::opened(context, &dir, opened?, runtime, Behind::default(), log);
                    return match session.read_only {
                        Some(why) => Err(CliError::Failed(why)),
                        None => Ok(session),
                    };
                }
            };
            match runtime.block_on(socket::connect(&dir)) {
                Ok(handle) => {
                    let (behind, read_only) = (Behind::default(), None);
                    return Ok(Self { handle, read_only, runtime, behind, server: None, _log: log });
                }
                Err(ConnectError::NoOne) if context.clock.monotonic() < until => std::thread::sleep(PAUSE),
                Err(why) => return Err(CliError::Owned { held, why }),
            }
        }
    }

    /// Opens the live studio for work.
    pub(super) fn live(context: &mut Context<'_>, settings: Settings) -> Result<Self, CliError> {
        let log = log::start(context, &settings)?;
        let options = wiring::live(context, settings, Admit::Work)?;
        Self::open(context, options, runtime()?, Behind::default(), log)
    }

    /// Opens the rehearsal for work, with servers of its own where none were named.
    pub(super) fn rehearsal(
        context: &mut Context<'_>,
        settings: Settings,
        manner: &Manner,
        uncertain: Uncertain,
    ) -> Result<Self, CliError> {
        let log = log::start(context, &settings)?;
        let runtime = runtime()?;
        let (base, servers) = match &context.globals.servers {
            Some(url) => (url.trim_end_matches('/').to_owned(), Vec::new()),
            None => {
                let servers = runtime.block_on(Servers::start(manner, 0))?;
                (servers.base(), vec![servers])
            }
        };
        let rehearsed = Rehearsed { base, pace: manner.pace, uncertain };
        let options = wiring::rehearsal(context, settings, &rehearsed, Admit::Work)?;
        Self::open(context, options, runtime, Behind { servers, relay: None }, log)
    }

    /// Opens the rehearsal for work at an address, with what answers behind it.
    pub(super) fn rehearsal_at(
        context: &mut Context<'_>,
        settings: Settings,
        rehearsed: &Rehearsed,
        runtime: Runtime,
        behind: Behind,
    ) -> Result<Self, CliError> {
        let log = log::start(context, &settings)?;
        let options = wiring::rehearsal(context, settings, rehearsed, Admit::Work)?;
        Self::open(context, options, runtime, behind, log)
    }

    /// Opens a studio for work, and takes commands for it from other verbs.
    fn open(
        context: &mut Context<'_>,
        options: OpenOptions,
        runtime: Runtime,
        behind: Behind,
        log: Logs,
    ) -> Result<Self, CliError> {
        let (dir, kind) = (options.dir.clone(), options.provenance);
        let opened = open(options, runtime.handle())?;
        let mut session = Self::opened(context, &dir, opened, runtime, behind, log);
        match Server::start(&dir, kind, &session.handle, session.runtime.handle()) {
            Ok(server) => session.server = Some(server),
            Err(error) => context.remark(&format!(
                "no command of another process can be taken while this one runs, since no socket could be made: {error}"
            )),
        }
        Ok(session)
    }

    fn opened(
        context: &mut Context<'_>,
        dir: &Path,
        (handle, found): (Handle, Found),
        runtime: Runtime,
        behind: Behind,
        log: Logs,
    ) -> Self {
        report(context, &found);
        LastOpening { at: context.clock.now(), replayed: found.replayed }.keep(dir);
        Self { handle, read_only: found.read_only, runtime, behind, server: None, _log: log }
    }

    /// Does something with the studio, then closes it: no new work is admitted and paid calls get their grace period, unless a
    /// signal asks to end at once. What became of calls that were under way is said.
    pub(super) fn run<T>(self, work: impl AsyncFnOnce(&Handle) -> Result<T, CliError>) -> Result<T, CliError> {
        let Self { handle, runtime, behind, mut server, _log, .. } = self;
        let (done, closed) = runtime.block_on(async move {
            let done = work(&handle).await;
            if let Some(server) = &mut server {
                server.stop().await;
            }
            let closed = tokio::select! {
                closed = handle.shutdown() => closed.map(|closed| closed_in_order(&closed)),
                () = signals::any() => Some(closed_at_once(&handle.snapshots().borrow())),
            };
            if let Some(server) = &server {
                server.answered().await;
            }
            let Behind { servers, relay } = behind;
            for servers in servers {
                servers.stop().await;
            }
            drop(relay);
            (done, closed)
        });
        // A task that hangs, such as a slow disk's, does not hold up the end.
        runtime.shutdown_background();
        match (done, closed.filter(|told| !told.is_empty())) {
            (Err(CliError::Interrupted(_)), told) => Err(CliError::Interrupted(format!(
                "ended before the episodes were done. {} The same command goes on from here.",
                told.unwrap_or_else(|| "No paid call was under way.".to_owned())
            ))),
            (done, Some(told)) => {
                // A listener that is gone stops nothing.
                let _: std::io::Result<()> = writeln!(std::io::stderr(), "greenroom: {told}");
                done
            }
            (done, None) => done,
        }
    }
}

/// So many of something.
pub(super) fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// What calls that are cut off mean, and what comes of them.
fn cut(count: usize, worst: MicroUsd) -> String {
    let (it, was) = if count == 1 { ("it", "was") } else { ("they", "were") };
    format!(
        "{} {was} cut off: {it} may cost up to {worst:.4} USD, which stays held, and the next start settles what can be settled and \
         asks about the rest.",
        plural(count, "paid call")
    )
}

/// What became of the calls when the studio was closed in order; nothing where none was under way.
fn closed_in_order(closed: &ShutDown) -> String {
    let mut told = Vec::new();
    match closed.finished {
        0 => {}
        1 => told.push("1 paid call was let finish.".to_owned()),
        n => told.push(format!("{n} paid calls were let finish.")),
    }
    if closed.cut > 0 {
        told.push(cut(closed.cut, closed.worst));
    }
    match closed.batched {
        // Whoever had no call under way is not told of those that go on by themselves.
        _ if told.is_empty() => {}
        0 => {}
        1 => told.push("1 call is in a batch at its provider; its answer is fetched at the next start.".to_owned()),
        n => told
            .push(format!("{n} calls are in batches at their providers; their answers are fetched at the next start.")),
    }
    told.join(" ")
}

/// What it means that the studio was not closed in order.
fn closed_at_once(snapshot: &Snapshot) -> String {
    let open = Open::of(snapshot);
    let told = if open.calls == 0 { "No paid call was under way.".to_owned() } else { cut(open.calls, open.worst) };
    format!("Ended at once. {told}")
}

/// The paid calls under way.
pub(super) struct Open {
    /// How many.
    pub(super) calls: usize,
    /// What they may cost at most.
    pub(super) worst: MicroUsd,
}

impl Open {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let calls = snapshot.episodes.iter().flat_map(|episode| episode.calls.values());
        let open: Vec<MicroUsd> = calls.filter(|call| call.is_under_way()).map(|call| call.worst).collect();
        Self { calls: open.len(), worst: open.into_iter().sum() }
    }
}

/// Says what the opening found and a person should know.
fn report(context: &mut Context<'_>, found: &Found) {
    if let Some(cut) = &found.cut {
        let kept = cut.kept.as_deref().map(|file| format!("; its bytes are kept in {file}")).unwrap_or_default();
        context.remark(&format!(
            "an incomplete last batch of the journal ({} bytes, from line {}) was cut off{kept}. It was never acknowledged: no call was sent \
             on the strength of it",
            cut.bytes, cut.first_seq
        ));
    }
    if let (Some(said), None) = (&found.said, &found.read_only) {
        context.remark(&format!("{said}. It only makes opening faster: the journal holds all that it held"));
    }
    if found.settled > 0 {
        let told = match found.settled {
            1 => "1 call was under way at the last end. Its answer had come: it was taken from the spool and is not paid for again".to_owned(),
            n => format!(
                "{n} calls were under way at the last end. Their answers had come: they were taken from the spool and are not paid for again"
            ),
        };
        context.remark(&told);
    }
    if found.lost > 0 {
        let flag = context.studio_flag();
        let told = match found.lost {
            1 => "1 call was under way at the last end and its answer had not come whole: it may have been charged"
                .to_owned(),
            n => format!(
                "{n} calls were under way at the last end and their answers had not come whole: they may have been charged"
            ),
        };
        context.remark(&format!("{told}. `greenroom{flag} charge list` shows what waits for a ruling"));
    }
    if found.arrived > 0 {
        let flag = context.studio_flag();
        let told = match found.arrived {
            1 => "1 answer that was paid for stands in the spool and could not be kept now".to_owned(),
            n => format!("{n} answers that were paid for stand in the spool and could not be kept now"),
        };
        context.remark(&format!(
            "{told}. None of it is removed or sent again by itself; each start tries again. `greenroom{flag} charge list` says why"
        ));
    }
    if found.read > 0 {
        let told = match found.read {
            1 => "1 answer that could not be read before is read by this version".to_owned(),
            n => format!("{n} answers that could not be read before are read by this version"),
        };
        context.remark(&format!("{told}; work goes on with it, and nothing is paid again"));
    }
    for stray in &found.strays {
        context.remark(&stray.to_string());
    }
}

/// What the latest opening found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastOpening {
    /// When.
    pub(super) at: Timestamp,
    /// How many lines of the journal were replayed.
    pub(super) replayed: u64,
}

impl LastOpening {
    fn keep(self, dir: &Path) {
        let written = serde_json::to_vec(&self).map(|text| std::fs::write(dir.join(OPENED), text));
        if let Ok(Err(error)) = written {
            tracing::warn!(%error, "what the opening found was not kept");
        }
    }

    /// What was kept in this studio's folder, where something was.
    pub(super) fn read(dir: &Path) -> Option<Self> {
        serde_json::from_slice(&files::read(&dir.join(OPENED), 4_096).ok()?).ok()
    }
}
