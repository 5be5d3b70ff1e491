//! Opens a studio: takes its lock, replays its journal, settles what was under way when the last process ended, and
//! starts the engine.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle as Runtime;
use tokio::sync::{broadcast, mpsc, watch};

use super::dispatcher::Dispatcher;
use super::executor::{Executor, Worker};
use super::handle::{Handle, LookedOver, NewEpisode, Request};
use super::loss;
use super::past::{OpenedPast, Past};
use super::progress::{Progress, ProgressHub};
use super::recovery::{Recovered, Stray, batched, recover};
use super::room::Room;
use super::snapshot::{FEED, FeedLine, Snapshot};
use super::words;
use super::workshop::{Asked, Batches, Likely, Workshop};
use crate::clock::Clock;
use crate::config::files;
use crate::config::models::Models;
use crate::config::prices::Prices;
use crate::config::settings::Settings;
use crate::domain::advance::Agenda;
use crate::domain::budget::Scope;
use crate::domain::call::Provider;
use crate::domain::clock_watch::ClockWatch;
use crate::domain::episode::Episode;
use crate::domain::event::{Event, Provenance, Uncertain};
use crate::domain::ids::EpisodeNumber;
use crate::domain::money::MicroUsd;
use crate::domain::plan::Limits;
use crate::domain::sent::StudioId;
use crate::domain::step::CallStep;
use crate::domain::studio::Studio;
use crate::domain::traffic::Breaking;
use crate::ledger::blobs::{BlobError, Blobs};
use crate::ledger::codec;
use crate::ledger::disk::Disk;
use crate::ledger::disk::nowhere::Nowhere;
use crate::ledger::drafts::{DraftError, Drafts};
use crate::ledger::journal::{Checkpoint, Cut, Journal, JournalError};
use crate::ledger::lock::{Holder, LockError, StudioLock};
use crate::ledger::spool::{Spool, SpoolError};
use crate::prompts::library::Library;
use crate::provider::endpoint::Endpoint;
use crate::provider::transport::proxy::Proxy;
use crate::provider::transport::{self, SetupError, Transport};

/// The largest file of certificates that is read, in bytes: all that a system trusts are under a megabyte.
const LARGEST_CA_FILE: u64 = 16 * 1024 * 1024;

/// How a studio is opened.
pub struct OpenOptions {
    /// The studio's folder.
    pub dir: PathBuf,
    /// The folder of settings, shows, prompts and pipelines.
    pub config: PathBuf,
    /// What kind of studio it is; one that exists must be of this kind.
    pub provenance: Provenance,
    /// The clock.
    pub clock: Clock,
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The settings.
    pub settings: Settings,
    /// What the models are.
    pub models: Models,
    /// The prices.
    pub prices: Prices,
    /// The prompts.
    pub prompts: Library,
    /// Where each provider is reached, or why it cannot be.
    pub endpoints: BTreeMap<Provider, Result<Endpoint, String>>,
    /// The limits that the engine works within; [`limits_of`] reads them from the settings.
    pub limits: Limits,
    /// The limits of an exchange.
    pub exchange: transport::Limits,
    /// What is done about an uncertain charge of a rehearsal.
    pub uncertain: Uncertain,
}

/// Why a studio was not opened. Nothing in it was changed, but for what the message says.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or written.
    #[error(
        "the studio's folder {dir} cannot be used: {source}. Choose another with --data-dir, or fix its permissions"
    )]
    Folder {
        /// The folder.
        dir: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Another process has it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal contradicts itself, or has what this version does not know.
    #[error("the journal cannot be replayed: {0}. Nothing was changed; `greenroom ledger verify` says more")]
    Replay(String),
    /// The artifacts.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The drafts.
    #[error(transparent)]
    Drafts(#[from] DraftError),
    /// A live studio was opened as a rehearsal, or the other way round.
    #[error("the studio in {dir} is a {found} studio and cannot be opened as {wanted}; nothing was changed")]
    Kind {
        /// The folder.
        dir: String,
        /// What it is.
        found: Provenance,
        /// What was asked for.
        wanted: Provenance,
    },
    /// The way to the providers.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The system gave no thread.
    #[error("the engine's thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// What was found when a studio was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What a power loss had left behind the last whole batch.
    pub cut: Option<Cut>,
    /// What became of a state that could not be used.
    pub said: Option<String>,
    /// Calls that were under way: settled from the spool.
    pub settled: usize,
    /// Calls that were under way: nobody knows whether they were charged.
    pub lost: usize,
    /// Calls whose whole answer stands in the spool and could not be kept now.
    pub arrived: usize,
    /// Answers that could not be read before and are read now.
    pub read: usize,
    /// What stands in the spool and no call explains.
    pub strays: Vec<Stray>,
    /// Events that were replayed.
    pub replayed: u64,
    /// Why the studio can only be read, where that is so: what is missing, what it may cost and what to do.
    pub read_only: Option<String>,
}

/// What replaying gathers.
struct Replay {
    studio: Studio,
    past: Past,
    fault: Option<String>,
    replayed: u64,
}

impl Replay {
    fn take(&mut self, entry: &crate::ledger::journal::Entry) {
        if self.fault.is_some() {
            return;
        }
        self.replayed += 1;
        let applied = codec::stamped(entry).map_err(|e| e.to_string()).and_then(|stamped| {
            let retired = self.studio.apply(&stamped).map_err(|e| e.to_string())?;
            if let Some(episode) = retired {
                self.past.keep(episode);
            }
            Ok(())
        });
        self.fault = applied.err();
    }
}

/// Opens a studio and starts its engine on this runtime. The engine ends when the last handle is dropped.
///
/// # Errors
///
/// When the folder, the lock or the journal does not allow it.
pub fn open(options: OpenOptions, runtime: &Runtime) -> Result<(Handle, Found), OpenError> {
    open_with(options, None, runtime)
}

/// As [`open`], with a stand-in for the work itself, by which the engine is measured alone.
///
/// # Errors
///
/// As [`open`].
pub fn open_with(
    options: OpenOptions,
    stand_in: Option<Arc<dyn Worker>>,
    runtime: &Runtime,
) -> Result<(Handle, Found), OpenError> {
    let dir = options.dir.clone();
    let shown = dir.display().to_string();
    let unusable = |source| OpenError::Folder { dir: shown.clone(), source };
    files::make_folders(&dir).map_err(unusable)?;
    let holder = Holder { pid: std::process::id(), since: options.clock.now() };
    let lock = StudioLock::take(&dir, holder)?;
    files::close_to_others(&dir).map_err(unusable)?;
    let OpenedPast { past, studio, from, said, witness } = Past::open(options.disk.as_ref(), &dir);
    let mut replay = Replay { studio, past, fault: None, replayed: 0 };
    let opened = Journal::open_after(Arc::clone(&options.disk), &dir, from, witness, &mut |entry| replay.take(&entry));
    let (journal, cut, read_only) = match opened {
        Ok((journal, opened)) => (journal, opened.cut, opened.read_only),
        Err(JournalError::Missing { .. }) => (Journal::create(Arc::clone(&options.disk), &dir)?, None, None),
        // Whose it is stood in the file that was deleted.
        Err(JournalError::Held) => return Err(LockError::Held(None).into()),
        Err(error) => return Err(error.into()),
    };
    if let Some(fault) = replay.fault {
        return Err(OpenError::Replay(fault));
    }
    if let Some(found) = replay.studio.provenance.filter(|found| *found != options.provenance) {
        return Err(OpenError::Kind { dir: shown, found, wanted: options.provenance });
    }
    let halted = read_only.map(|why| loss::told(&why, &replay.studio, options.provenance));
    let limits = options.limits.clone();
    let day = options.settings.caps.day;
    let month = options.settings.caps.month;
    let grace = options.settings.shutdown_grace;
    let clock = options.clock.clone();
    let provenance = options.provenance;
    let shop = Arc::new(workshop(options, runtime)?);
    let feed = feed(&journal);
    let recovered = match &halted {
        // What is under way there may have ended in the events that are missing: nothing is settled and nothing is asked.
        Some(_) => Recovered::default(),
        None => {
            shop.blobs.sweep()?;
            recover(&replay.studio, &replay.past, &shop)
        }
    };
    let Recovered { outcomes: first, settled, lost, arrived, read, strays } = recovered;
    let read_only = halted.clone();
    let found = Found { cut, said, settled, lost, arrived, read, strays, replayed: replay.replayed, read_only };

    let (requests, asked) = mpsc::channel(256);
    let (outcomes, came) = mpsc::unbounded_channel();
    let (progress_to, progress) = watch::channel(Arc::new(Progress::default()));
    let (notices, _) = broadcast::channel(1_024);
    let worker = stand_in.unwrap_or_else(|| Arc::clone(&shop) as Arc<dyn Worker>);
    let answers = limits.reuse.then(|| replay.past.answers(shop.blobs.clone())).flatten();
    let mut executor =
        Executor::new(runtime.clone(), worker, Arc::clone(&shop), outcomes, requests.downgrade(), answers);
    // Where a provider cannot be reached, what it holds stays in its batch: a later start fetches it.
    let can_fetch = |step: &CallStep| matches!(shop.endpoints.get(&step.route.provider), Some(Ok(_)));
    if halted.is_none() {
        batched(&replay.studio).into_iter().filter(can_fetch).for_each(|step| executor.call(step));
    }
    let empty = Snapshot::empty(provenance, clock.now());
    let (snapshots_to, snapshots) = watch::channel(Arc::new(empty));
    let agenda = Agenda::new(&replay.studio);
    let mut dispatcher = Dispatcher {
        studio: replay.studio,
        journal,
        executor,
        past: replay.past,
        clock,
        limits,
        grace,
        requests: asked,
        outcomes: came,
        snapshots: snapshots_to,
        notices: notices.clone(),
        feed,
        agenda,
        watch: ClockWatch::default(),
        halted,
        closing: None,
        first: Vec::new(),
    };
    if dispatcher.halted.is_none() {
        dispatcher.set_up(provenance, day, month);
    }
    runtime.spawn(Arc::clone(&shop.progress).publish(progress_to));
    if from != Checkpoint::START {
        check_whole(runtime, Arc::clone(&shop.disk), shop.dir.clone(), requests.downgrade());
    }
    let ordering = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(OpenError::Thread)?;
    std::thread::Builder::new()
        .name("dispatcher".to_owned())
        .spawn(move || {
            // The lock lives as long as anything may be written.
            let _lock = lock;
            ordering.block_on(dispatcher.run(first));
        })
        .map_err(OpenError::Thread)?;
    Ok((Handle { requests, snapshots, progress, notices }, found))
}

/// What the work of a studio is done with, in its folder on the disk of the options.
fn workshop(options: OpenOptions, runtime: &Runtime) -> Result<Workshop, OpenError> {
    let blobs = Blobs::open(Arc::clone(&options.disk), &options.dir)?;
    let table = blobs.put(options.prices.to_toml().as_bytes())?;
    let way = way(&options.settings, options.provenance)?;
    Ok(Workshop {
        spool: Spool::open(Arc::clone(&options.disk), &options.dir)?,
        packing: Mutex::default(),
        room: Arc::new(Room::new(Arc::clone(&options.disk), options.dir.clone())),
        drafts: Drafts::open(Arc::clone(&options.disk), &options.dir)?,
        transport: Transport::new(&way)?,
        runtime: runtime.clone(),
        batches: Batches::default(),
        asked: Asked::default(),
        dir: options.dir,
        disk: options.disk,
        config: options.config,
        provenance: options.provenance,
        clock: options.clock,
        blobs,
        models: options.models.served_by(&options.settings.providers.habits),
        settings: options.settings,
        prices: options.prices,
        table,
        prompts: options.prompts,
        uncertain: options.uncertain,
        endpoints: options.endpoints,
        limits: options.exchange,
        progress: Arc::new(ProgressHub::default()),
    })
}

/// Looks over what a new episode of this number would need, without opening the studio: no lock is taken, nobody is asked and
/// nothing is kept. `Err` inside is what cannot be used of the package, the show or the settings.
///
/// # Errors
///
/// When the way to the providers cannot be set up.
pub async fn look_over(
    options: OpenOptions,
    new: NewEpisode,
    number: EpisodeNumber,
) -> Result<Result<LookedOver, String>, OpenError> {
    let shop = Arc::new(workshop(OpenOptions { disk: Arc::new(Nowhere), ..options }, &Runtime::current())?);
    Ok(shop.look_over(new, number, false).await)
}

/// What the stages of an episode are likely to cost, without opening its studio: no lock is taken. `Err` inside where what the
/// episode was begun with cannot be read.
///
/// # Errors
///
/// When the way to the providers cannot be set up.
pub fn likely(options: OpenOptions, runtime: &Runtime, episode: &Episode) -> Result<Result<Likely, String>, OpenError> {
    Ok(workshop(options, runtime)?.likely_of(episode))
}

/// Checks the part of the journal that was not replayed, beside the work: a broken line in it stops the studio.
fn check_whole(runtime: &Runtime, disk: Arc<dyn Disk>, dir: PathBuf, requests: mpsc::WeakSender<Request>) {
    runtime.spawn_blocking(move || {
        let checked = Journal::view(disk, &dir, Checkpoint::START, &mut |_| ());
        let broken = match checked {
            Ok((_, opened)) => opened.read_only.map(|why| why.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let (Some(what), Some(requests)) = (broken, requests.upgrade()) {
            // An engine that has ended writes nothing anyway.
            let _ = requests.blocking_send(Request::Broken(what));
        }
    });
}

/// The latest events in words.
fn feed(journal: &Journal) -> VecDeque<FeedLine> {
    let from = journal.next_seq().saturating_sub(FEED as u64).max(1);
    let entries = journal.read_from(from).into_iter().flatten();
    let lines = entries.filter_map(Result::ok).filter_map(|entry| codec::stamped(&entry).ok());
    lines.filter_map(|stamped| words::line(&stamped)).collect()
}

/// How providers are reached: through the proxy of the settings and with the certificates that they name. A rehearsal stays on
/// this machine and needs neither.
///
/// # Errors
///
/// When the proxy is none, or the certificates cannot be read.
pub fn way(settings: &Settings, provenance: Provenance) -> Result<transport::Options, SetupError> {
    let largest_body = usize::try_from(settings.answer_bytes).unwrap_or(usize::MAX);
    let options = transport::Options { largest_body, ..transport::Options::default() };
    let network = &settings.network;
    Ok(match provenance {
        Provenance::Rehearsal => options,
        Provenance::Live => {
            let proxy = network.proxy.as_ref().map(|proxy| Proxy::new(proxy.reveal(), network.direct.clone()));
            let read = network.ca_file.as_ref().map(|file| {
                let unreadable =
                    |error| SetupError::new(format!("`network.ca_file` {} cannot be read: {error}", file.display()));
                files::read(file, LARGEST_CA_FILE).map_err(unreadable)
            });
            transport::Options { proxy: proxy.transpose()?, trusted: read.transpose()?, ..options }
        }
    })
}

/// The limits that the settings give.
pub fn limits_of(settings: &Settings) -> Limits {
    let ms = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Limits {
        slots: Provider::ALL.into_iter().map(|p| (p, settings.providers.of(p).concurrency)).collect(),
        per_minute: Provider::ALL.into_iter().filter_map(|p| Some((p, settings.providers.of(p).per_minute?))).collect(),
        breaking: Breaking {
            failures: settings.breaker.failures,
            pause_ms: ms(settings.breaker.pause),
            pause_max_ms: ms(settings.breaker.max),
        },
        attempts: settings.retry.attempts,
        backoff_ms: ms(settings.retry.base),
        backoff_max_ms: ms(settings.retry.max),
        reuse: settings.reuse_answers,
        room: None,
    }
}

impl Dispatcher {
    /// The first events of a studio, and the caps of its days and months where the settings changed them.
    fn set_up(&mut self, provenance: Provenance, day: MicroUsd, month: MicroUsd) {
        let mut events = Vec::new();
        if self.studio.provenance.is_none() {
            events.push(Event::StudioOpened { provenance, id: Some(StudioId::drawn(self.clock.random_u64())) });
        }
        for (scope, cap) in [(Scope::Day(0), day), (Scope::Month(0), month)] {
            if self.studio.caps.get(&scope) != Some(&cap) {
                events.push(Event::CapSet { scope, cap, reason: "the settings".to_owned() });
            }
        }
        self.first = events;
    }
}
