//! The state: folded episodes, the cost index and kept responses in an embedded database, so that opening and browsing
//! need not read the whole journal.
//!
//! Nothing here is the truth: whatever is doubtful is moved aside and folded again from the journal. Values are opaque.
//! Every call that returns an answer blocks, at most as long as the limit; [`State::put`] never blocks.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::journal::Checkpoint;
use crate::config::files;
use crate::domain::ids::EpisodeNumber;

mod rows;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use rows::Key;
use store::{Found, Refusal, Store, Writes};
use worker::{Opener, Refused, Unanswered, Worker};

pub use rows::{CostRow, CostScope, Month};

/// The name of the state's folder in the studio's folder.
pub const FOLDER: &str = "state";

/// The name of the file that says that the state was found damaged while it was in use.
const MARK: &str = "state.damaged";

/// Why a state was moved aside and is to be folded again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Aside {
    /// It is damaged.
    #[error("it is damaged ({0})")]
    Damaged(String),
    /// It was written by a version that folds differently.
    #[error("it has shape {found}, and this version has {wanted}")]
    Shape {
        /// The shape that it has.
        found: u32,
        /// The shape of this version.
        wanted: u32,
    },
    /// It did not open in time.
    #[error("it did not open in time")]
    TooSlow,
}

/// What was found when the state was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateOpened {
    /// Up to where the journal is folded in it: replay what follows.
    pub checkpoint: Checkpoint,
    /// Where an unusable state was moved to, and why. What stands there is never read again and may be deleted.
    pub aside: Option<(PathBuf, Aside)>,
}

/// Why the state could not do as asked. None of this concerns the journal.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Its checkpoint is no place of the journal: the journal lost its end or is another one, or the state is another's. It was
    /// left where it is, as a witness.
    #[error("the state was folded from {} events of a journal that is not this one", .0.seq)]
    Foreign(Checkpoint),
    /// Another process has it open.
    #[error("the state is in use by another process; read the journal instead, or close that process")]
    Busy,
    /// It could be neither opened nor put in order.
    #[error("the state cannot be used: {0}. The journal is not affected; move the folder `state` away and try again")]
    Unusable(String),
    /// A damaged value was found. At the next start the state is folded again.
    #[error("the state is damaged: {0}. The journal is not affected; the state is folded again at the next start")]
    Damaged(String),
    /// It did not answer in time, or failed earlier and is out of use.
    #[error("the state is out of use: {0}. The journal is not affected; start again to go on with it")]
    OutOfUse(String),
}

/// A folded episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpisodeRow {
    /// Which.
    pub number: EpisodeNumber,
    /// The number of the journal's line up to which it is folded.
    pub seq: u64,
    /// The fold, opaque here.
    pub bytes: Vec<u8>,
}

/// What a batch of the journal changes, written in one transaction.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The episodes as they are folded now.
    pub episodes: Vec<(EpisodeNumber, Vec<u8>)>,
    /// Rows to be added to the cost index.
    pub costs: Vec<CostRow>,
    /// The end of the batch in the journal.
    pub checkpoint: Checkpoint,
}

/// The state of one studio. Dropping it writes what is waiting.
pub struct State {
    worker: Worker,
    limit: Duration,
    mark: PathBuf,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("fault", &self.fault()).finish_non_exhaustive()
    }
}

impl State {
    /// Opens the state of the studio in this folder, or makes it. A state of another `shape`, a damaged one and one that
    /// takes longer than the limit is moved aside and a fresh one made. One whose checkpoint `confirm` does not find in the
    /// journal (see [`super::journal::Journal::confirms`]) is left alone and refused.
    pub fn open(
        studio: &Path,
        shape: u32,
        limit: Duration,
        confirm: &dyn Fn(Checkpoint) -> bool,
    ) -> Result<(Self, StateOpened), StateError> {
        Self::open_by(Arc::new(Store::open), studio, shape, limit, confirm)
    }

    fn open_by(
        opener: Opener,
        studio: &Path,
        shape: u32,
        limit: Duration,
        confirm: &dyn Fn(Checkpoint) -> bool,
    ) -> Result<(Self, StateOpened), StateError> {
        let (dir, mark) = (studio.join(FOLDER), studio.join(MARK));
        let why = match files::read_text(&mark, 4_096) {
            Ok(found) => Aside::Damaged(noted(&found)),
            Err(_) => match Worker::start(dir.clone(), shape, limit, Arc::clone(&opener)) {
                Ok((worker, checkpoint)) if confirm(checkpoint) => {
                    return Ok((Self { worker, limit, mark }, StateOpened { checkpoint, aside: None }));
                }
                Ok((worker, checkpoint)) => {
                    worker.stop(limit);
                    return Err(StateError::Foreign(checkpoint));
                }
                Err(Refused::Store(Refusal::Busy)) => return Err(StateError::Busy),
                Err(Refused::Store(Refusal::Damaged(what))) => Aside::Damaged(what),
                Err(Refused::Store(Refusal::Shape(_, at))) if !confirm(at) => return Err(StateError::Foreign(at)),
                Err(Refused::Store(Refusal::Shape(found, _))) => Aside::Shape { found, wanted: shape },
                Err(Refused::TooSlow) => Aside::TooSlow,
                Err(Refused::Panicked) => Aside::Damaged("its database panicked".to_owned()),
                Err(Refused::NoThread(what)) => return Err(StateError::Unusable(what)),
            },
        };
        let moved = move_aside(studio, &dir, &mark).map_err(|error| StateError::Unusable(error.to_string()))?;
        match Worker::start(dir, shape, limit, opener) {
            Ok((worker, checkpoint)) => {
                let aside = Some((moved, why));
                Ok((Self { worker, limit, mark }, StateOpened { checkpoint, aside }))
            }
            Err(Refused::Store(Refusal::Busy)) => Err(StateError::Busy),
            Err(Refused::Store(Refusal::Damaged(what)) | Refused::NoThread(what)) => Err(StateError::Unusable(what)),
            Err(Refused::Store(Refusal::Shape(found, _))) => Err(StateError::Unusable(format!("it has shape {found}"))),
            Err(Refused::TooSlow) => Err(StateError::Unusable("it did not open in time".to_owned())),
            Err(Refused::Panicked) => Err(StateError::Unusable("its database panicked".to_owned())),
        }
    }

    /// Has the batch written soon. Batches are to be put in the order of the journal; waiting ones are merged.
    pub fn put(&self, batch: Batch) {
        let at = batch.checkpoint.seq;
        let mut rows = BTreeMap::new();
        for (number, bytes) in batch.episodes {
            rows.insert(Key::Episode(number), (at, bytes));
        }
        for CostRow { seq, month, episode, row } in batch.costs {
            if let Some(number) = episode {
                rows.insert(Key::CostByEpisode(number, seq), (at, row.clone()));
            }
            rows.insert(Key::CostByMonth(month, seq), (at, row));
        }
        self.worker.write(Writes { rows, checkpoint: Some(batch.checkpoint) });
    }

    /// Has a response kept soon, under the hash of what it answers.
    pub fn keep_response(&self, key: Vec<u8>, response: Vec<u8>) {
        self.worker.keep_response(key, response);
    }

    /// Waits until everything that was put is on the device.
    pub fn flush_and_wait(&self) -> Result<(), StateError> {
        self.ask(|store| store.flush())
    }

    /// Up to where the journal is folded, after everything that was put.
    pub fn checkpoint(&self) -> Result<Checkpoint, StateError> {
        self.ask(|store| Ok(store.checkpoint()))
    }

    /// One episode.
    pub fn episode(&self, number: EpisodeNumber) -> Result<Option<EpisodeRow>, StateError> {
        let found = self.ask(move |store| store.read(&Key::Episode(number)))?;
        Ok(found.map(|(seq, bytes)| EpisodeRow { number, seq, bytes }))
    }

    /// The episodes from the first to the last number, in order.
    pub fn episodes(&self, first: EpisodeNumber, last: EpisodeNumber) -> Result<Vec<EpisodeRow>, StateError> {
        let (from, to) = rows::episode_bounds(first, last);
        let found = self.ask(move |store| store.scan(&from, &to))?;
        let row = |found: Found| {
            Key::episode_of(&found.key).map(|number| EpisodeRow { number, seq: found.seq, bytes: found.value })
        };
        Ok(found.into_iter().filter_map(row).collect())
    }

    /// The rows of the cost index in this scope, each with its number. Those of one month or one episode are in order of
    /// that number, all of them in order of month and number.
    pub fn costs(&self, scope: CostScope) -> Result<Vec<(u64, Vec<u8>)>, StateError> {
        let prefix = scope.prefix();
        let found = self.ask(move |store| store.scan(&prefix, &prefix))?;
        Ok(found.into_iter().filter_map(|found| Some((Key::seq_of(&found.key)?, found.value))).collect())
    }

    /// The response that was kept under this key.
    pub fn response(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, StateError> {
        self.ask(move |store| store.response(&key))
    }

    /// The responses that were kept under these keys, in the order of the keys.
    pub fn responses(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        self.ask(move |store| keys.iter().map(|key| store.response(key)).collect())
    }

    /// Why the state went out of use, if it did. What is put after that is passed over.
    pub fn fault(&self) -> Option<String> {
        self.worker.fault()
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Store) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, StateError> {
        let what = match self.worker.ask(self.limit, question) {
            Ok(answer) => return Ok(answer),
            Err(Unanswered::Given(why)) => return Err(StateError::OutOfUse(why)),
            Err(Unanswered::Refused(Refusal::Busy)) => return Err(StateError::Busy),
            Err(Unanswered::Refused(Refusal::Damaged(what))) => what,
            Err(Unanswered::Refused(Refusal::Shape(found, _))) => format!("it has shape {found}"),
            Err(Unanswered::TooSlow) => "it did not answer in time".to_owned(),
        };
        // Best effort: without the mark the next reader finds the damage again.
        let _: io::Result<()> = fs::write(&self.mark, &what);
        Err(StateError::Damaged(what))
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.worker.stop(self.limit);
    }
}

/// What was noted when the damage was found. On a full disk the note itself may be empty.
fn noted(mark: &str) -> String {
    match mark.trim() {
        "" => "it failed while it was in use; on a full disk the reason could not be noted".to_owned(),
        found => found.to_owned(),
    }
}

/// Gives the state's folder the first free name of `state.aside-1`, `state.aside-2` and so on.
fn move_aside(studio: &Path, dir: &Path, mark: &Path) -> io::Result<PathBuf> {
    let free = (1u32..).map(|n| studio.join(format!("{FOLDER}.aside-{n}"))).find(|path| !path.exists());
    let target = free.ok_or_else(|| io::Error::other("there is no free name"))?;
    match fs::rename(dir, &target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    match fs::remove_file(mark) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(target),
    }
}
