//! The thread that owns the database: it writes behind and answers questions, one at a time.
//!
//! The database's interface blocks, and on a damaged file it may block for ever or panic. Here it does so alone: whoever
//! asks waits no longer than a limit, and a thread that hangs is left behind.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::store::{Refusal, Store, Writes};
use crate::ledger::journal::Checkpoint;

/// How a database is opened; tests put in one that hangs or panics.
pub(super) type Opener = Arc<dyn Fn(&Path, u32) -> Result<Store, Refusal> + Send + Sync>;

type Job = Box<dyn FnOnce(&mut Store) + Send>;

/// What is waiting for the thread. Writes are merged while they wait, so that they take no more room than what they
/// change.
#[derive(Default)]
struct Queue {
    writes: Writes,
    responses: BTreeMap<Vec<u8>, Vec<u8>>,
    jobs: VecDeque<Job>,
    stop: bool,
    fault: Option<String>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why the thread could not be started with a usable database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The database cannot be used.
    Store(Refusal),
    /// Opening it took longer than the limit.
    TooSlow,
    /// Opening it panicked.
    Panicked,
    /// There is no thread to be had.
    NoThread(String),
}

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// The database refused or failed.
    Refused(Refusal),
    /// It took longer than the limit.
    TooSlow,
    /// The thread gave up earlier, for this reason.
    Given(String),
}

/// A running thread and the way to it.
pub(super) struct Worker {
    shared: Arc<Shared>,
    ended: Mutex<Receiver<()>>,
}

impl Worker {
    /// Starts the thread and waits until its database is open, at most as long as the limit.
    pub(super) fn start(
        dir: PathBuf,
        shape: u32,
        limit: Duration,
        opener: Opener,
    ) -> Result<(Self, Checkpoint), Refused> {
        let shared = Arc::new(Shared::default());
        let (opened, opening) = mpsc::sync_channel(1);
        let (end, ended) = mpsc::sync_channel(1);
        let theirs = Arc::clone(&shared);
        let body = move || {
            match catch_unwind(AssertUnwindSafe(|| opener(&dir, shape))) {
                Ok(Ok(mut store)) => {
                    // Whoever waited may have given up: then the database is closed again.
                    if opened.send(Ok(store.checkpoint())).is_ok() {
                        run(&theirs, &mut store);
                    }
                    let closed = catch_unwind(AssertUnwindSafe(|| drop(store)));
                    drop(closed);
                }
                Ok(Err(refusal)) => _ = opened.send(Err(Refused::Store(refusal))),
                Err(_) => _ = opened.send(Err(Refused::Panicked)),
            }
            // Nobody may be waiting any more; the same holds for every other answer.
            _ = end.send(());
        };
        let thread = std::thread::Builder::new().name("greenroom-state".to_owned()).spawn(body);
        thread.map_err(|error| Refused::NoThread(error.to_string()))?;
        match opening.recv_timeout(limit) {
            Ok(Ok(checkpoint)) => Ok((Self { shared, ended: Mutex::new(ended) }, checkpoint)),
            Ok(Err(refused)) => {
                // The database is closed when the thread has ended, and only then may its folder be moved.
                let _: Result<(), RecvTimeoutError> = ended.recv_timeout(limit);
                Err(refused)
            }
            Err(RecvTimeoutError::Timeout) => Err(Refused::TooSlow),
            Err(RecvTimeoutError::Disconnected) => Err(Refused::Panicked),
        }
    }

    /// Adds to what is waiting to be written.
    pub(super) fn write(&self, writes: Writes) {
        let mut queue = self.shared.lock();
        if queue.fault.is_none() {
            queue.writes.rows.extend(writes.rows);
            queue.writes.checkpoint = writes.checkpoint.or(queue.writes.checkpoint);
            self.shared.wake.notify_one();
        }
    }

    /// Adds a response to what is waiting to be written.
    pub(super) fn keep_response(&self, key: Vec<u8>, value: Vec<u8>) {
        let mut queue = self.shared.lock();
        if queue.fault.is_none() {
            queue.responses.insert(key, value);
            self.shared.wake.notify_one();
        }
    }

    /// Has a question answered after everything that was put before it.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        limit: Duration,
        question: impl FnOnce(&mut Store) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let (reply, answer) = mpsc::sync_channel(1);
        {
            let mut queue = self.shared.lock();
            if let Some(fault) = &queue.fault {
                return Err(Unanswered::Given(fault.clone()));
            }
            queue.jobs.push_back(Box::new(move |store| _ = reply.send(question(store))));
            self.shared.wake.notify_one();
        }
        match answer.recv_timeout(limit) {
            Ok(answer) => answer.map_err(Unanswered::Refused),
            Err(RecvTimeoutError::Timeout) => {
                self.give_up("the state did not answer in time");
                Err(Unanswered::TooSlow)
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(Unanswered::Given(self.fault().unwrap_or_else(|| "the state's thread ended".to_owned())))
            }
        }
    }

    /// Uses the database no more: it is not worth another wait.
    fn give_up(&self, why: &str) {
        let mut queue = self.shared.lock();
        queue.fault.get_or_insert_with(|| why.to_owned());
        queue.jobs.clear();
        (queue.writes, queue.responses) = (Writes::default(), BTreeMap::new());
    }

    /// Why the thread gave up, if it did.
    pub(super) fn fault(&self) -> Option<String> {
        self.shared.lock().fault.clone()
    }

    /// Has what is waiting written, closes the database and waits for that, at most as long as the limit.
    pub(super) fn stop(&self, limit: Duration) {
        self.shared.lock().stop = true;
        self.shared.wake.notify_one();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let _: Result<(), RecvTimeoutError> = ended.recv_timeout(limit);
    }
}

/// The life of the thread: writes what waits, then answers what was asked, until it is stopped or the database fails.
fn run(shared: &Shared, store: &mut Store) {
    loop {
        let (writes, responses, jobs, stop) = {
            let idle = |queue: &mut Queue| {
                let written = queue.writes.rows.is_empty() && queue.writes.checkpoint.is_none();
                written && queue.responses.is_empty() && queue.jobs.is_empty() && !queue.stop
            };
            let queue = shared.wake.wait_while(shared.lock(), idle);
            let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
            let taken = (std::mem::take(&mut queue.writes), std::mem::take(&mut queue.responses));
            (taken.0, taken.1, std::mem::take(&mut queue.jobs), queue.stop)
        };
        let worked = catch_unwind(AssertUnwindSafe(|| {
            if !writes.rows.is_empty() || writes.checkpoint.is_some() {
                store.write(&writes)?;
            }
            for (key, value) in &responses {
                store.keep_response(key, value)?;
            }
            jobs.into_iter().for_each(|job| job(store));
            if stop { store.flush() } else { Ok(()) }
        }));
        let fault = match worked {
            Ok(Ok(())) if stop => "the state was closed".to_owned(),
            Ok(Ok(())) => continue,
            Ok(Err(Refusal::Busy)) => "the state is in use".to_owned(),
            Ok(Err(Refusal::Damaged(what))) => what,
            Ok(Err(Refusal::Shape(found, _))) => format!("the state has shape {found}"),
            Err(_) => "the state's database panicked".to_owned(),
        };
        let mut queue = shared.lock();
        queue.fault.get_or_insert(fault);
        // Whoever asked learns it by the end of the channel.
        queue.jobs.clear();
        return;
    }
}
