//! The one type that is held above the engine: it gives commands, watches snapshots, and asks for artifacts.
//!
//! A handle is cheap to clone. When the last one is dropped the engine finishes what it has paid for and ends.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::preflight::Check;
use super::progress::Progress;
use super::snapshot::{Notice, Snapshot};
use super::workshop::Likely;
use crate::domain::command::{Command, Start};
use crate::domain::cost::EpisodeSummary;
use crate::domain::decide::Refusal;
use crate::domain::episode::Episode;
use crate::domain::event::Person;
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};
use crate::domain::money::MicroUsd;

/// Why something that was asked of the engine was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum HandleError {
    /// The command was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What was given cannot be used: what, where, and what to do.
    #[error("{0}")]
    Invalid(String),
    /// The studio has stopped: what happened, what is safe, what to do.
    #[error("{0}")]
    Halted(String),
    /// The engine has ended.
    #[error("the studio is closed; nothing was changed. Start greenroom again to go on")]
    Closed,
}

/// What a producer gives to begin an episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEpisode {
    /// The research package, a file.
    pub research: PathBuf,
    /// What the episode is to be about, where it is to be researched: then no package is read.
    pub topic: Option<String>,
    /// The show: the slug of a show that is known, or a path to a profile.
    pub show: String,
    /// The number; the next free one where none is given.
    pub number: Option<EpisodeNumber>,
    /// The cap of the episode, where it differs from the show's.
    pub cap: Option<MicroUsd>,
    /// Whether everything is asked anew, whatever earlier episodes were answered.
    pub fresh: bool,
}

impl NewEpisode {
    /// Whether a show is named by its slug, and not by the path of its profile.
    pub fn is_slug(show: &str) -> bool {
        show.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }
}

/// What was found of a new episode before it is begun.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedOver {
    /// What was looked at. Where a key is missing, nothing else was.
    pub checks: Vec<Check>,
    /// The show, by its slug.
    pub show: String,
    /// The stages that are paid for, in order.
    pub stages: Vec<StageId>,
    /// What all calls cost at worst, without further rounds.
    pub projected: MicroUsd,
    /// What each stage is likely to cost, by prompt sizes and the show's length.
    pub likely: Likely,
    /// A cap that it is likely to come through with.
    pub fits: MicroUsd,
    /// What it may cost.
    pub cap: MicroUsd,
}

/// What became of the paid calls when a studio was closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShutDown {
    /// Calls that were under way and ended in time.
    pub finished: usize,
    /// Calls that were cut off: whether they are charged is not known.
    pub cut: usize,
    /// What those may cost at most.
    pub worst: MicroUsd,
    /// Calls in batches, which their providers go on with.
    pub batched: usize,
}

/// What the rest of a stage's work costs with its cheaper model, at worst.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The cheaper model.
    pub model: String,
    /// Calls of which the answers are accepted and kept.
    pub kept: u32,
    /// Calls that are made with the cheaper model.
    pub left: u32,
    /// What those cost at worst.
    pub worst: MicroUsd,
    /// What the same calls cost at worst with the present model, where they are prepared.
    pub now: Option<MicroUsd>,
}

/// What is asked of the engine, with the way to its answer.
#[derive(Debug)]
pub(super) enum Request {
    /// Do this.
    Command(Person, Box<Command>, oneshot::Sender<Result<u64, HandleError>>),
    /// Begin an episode.
    Begin(Person, Box<NewEpisode>, oneshot::Sender<Result<EpisodeNumber, HandleError>>),
    /// Look over what a new episode would need, asking the providers or not.
    LookOver(Box<NewEpisode>, bool, oneshot::Sender<Result<LookedOver, HandleError>>),
    /// What the rest of a stage's work costs with its cheaper model.
    QuoteCheaper(EpisodeNumber, StageId, oneshot::Sender<Result<Quote, HandleError>>),
    /// What an episode starts with is stored: start it.
    Started(Person, Box<Start>, Option<EpisodeNumber>, oneshot::Sender<Result<EpisodeNumber, HandleError>>),
    /// Give an artifact.
    Artifact(ContentHash, oneshot::Sender<Result<Arc<[u8]>, HandleError>>),
    /// Keep an artifact.
    Store(Vec<u8>, oneshot::Sender<Result<ContentHash, HandleError>>),
    /// All past episodes, latest first.
    Past(oneshot::Sender<Result<Vec<EpisodeSummary>, HandleError>>),
    /// One past episode.
    PastEpisode(EpisodeNumber, oneshot::Sender<Result<Option<Arc<Episode>>, HandleError>>),
    /// What the stages of an episode are likely to cost.
    Likely(EpisodeNumber, oneshot::Sender<Result<Likely, HandleError>>),
    /// Read a draft.
    ReadDraft(String, oneshot::Sender<Result<Option<String>, HandleError>>),
    /// Keep a draft, or forget it where there is no text.
    KeepDraft(String, Option<String>, oneshot::Sender<Result<(), HandleError>>),
    /// The journal is broken further up than where its replay began: write nothing more.
    Broken(String),
    /// Stop admitting work, let paid calls finish, end.
    Shutdown(oneshot::Sender<ShutDown>),
}

/// A hold on the engine.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(super) progress: watch::Receiver<Arc<Progress>>,
    pub(super) notices: broadcast::Sender<Notice>,
}

impl Handle {
    /// The snapshots: the latest, and a way to wait for the next.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// What streams, at most 20 times a second.
    pub fn progress(&self) -> watch::Receiver<Arc<Progress>> {
        self.progress.clone()
    }

    /// What must not be missed, from now on.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, HandleError>>) -> Request,
    ) -> Result<T, HandleError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| HandleError::Closed)?;
        answered.await.map_err(|_| HandleError::Closed)?
    }

    /// Gives a command and waits until what it brings about is on disk; the answer is the number of the last event.
    ///
    /// # Errors
    ///
    /// When it is refused, or the studio cannot write any more.
    pub async fn command(&self, by: Person, command: Command) -> Result<u64, HandleError> {
        self.ask(|answer| Request::Command(by, Box::new(command), answer)).await
    }

    /// Begins an episode from a research package.
    ///
    /// # Errors
    ///
    /// When the package, the show or the number cannot be used; nothing was started and nothing was spent.
    pub async fn begin(&self, by: Person, new: NewEpisode) -> Result<EpisodeNumber, HandleError> {
        self.ask(|answer| Request::Begin(by, Box::new(new), answer)).await
    }

    /// Looks over what a new episode would need: keys, models, voices, room, caps. Begins nothing and spends nothing; the
    /// providers are asked what costs nothing, or are not asked.
    ///
    /// # Errors
    ///
    /// When the package, the show or the number cannot be used.
    pub async fn look_over(&self, new: NewEpisode, asks: bool) -> Result<LookedOver, HandleError> {
        self.ask(|answer| Request::LookOver(Box::new(new), asks, answer)).await
    }

    /// What the rest of a stage's work costs with its cheaper model. The calls are made ready for that, and nothing is sent.
    ///
    /// # Errors
    ///
    /// When the stage has no cheaper model, has not begun, or its calls follow from one another and are not known yet.
    pub async fn quote_cheaper(&self, episode: EpisodeNumber, stage: StageId) -> Result<Quote, HandleError> {
        self.ask(|answer| Request::QuoteCheaper(episode, stage, answer)).await
    }

    /// An artifact, held to its hash.
    ///
    /// # Errors
    ///
    /// When it is missing or damaged.
    pub async fn artifact(&self, hash: ContentHash) -> Result<Arc<[u8]>, HandleError> {
        self.ask(|answer| Request::Artifact(hash, answer)).await
    }

    /// Keeps an artifact durably, such as a note before it is sent back.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn store(&self, bytes: Vec<u8>) -> Result<ContentHash, HandleError> {
        self.ask(|answer| Request::Store(bytes, answer)).await
    }

    /// All past episodes, latest first.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn past(&self) -> Result<Vec<EpisodeSummary>, HandleError> {
        self.ask(Request::Past).await
    }

    /// One past episode, whole.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn past_episode(&self, number: EpisodeNumber) -> Result<Option<Arc<Episode>>, HandleError> {
        self.ask(|answer| Request::PastEpisode(number, answer)).await
    }

    /// What the stages of an episode that can still change are likely to cost, by the sizes of its prompts and its length; nothing
    /// for one that cannot.
    ///
    /// # Errors
    ///
    /// When what it was begun with cannot be read.
    pub async fn likely(&self, number: EpisodeNumber) -> Result<Likely, HandleError> {
        self.ask(|answer| Request::Likely(number, answer)).await
    }

    /// A draft that was kept under this name: lower-case letters, digits, `-` and `_`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn read_draft(&self, name: String) -> Result<Option<String>, HandleError> {
        self.ask(|answer| Request::ReadDraft(name, answer)).await
    }

    /// Keeps a draft, or forgets it where there is no text.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn keep_draft(&self, name: String, text: Option<String>) -> Result<(), HandleError> {
        self.ask(|answer| Request::KeepDraft(name, text, answer)).await
    }

    /// Stops admitting work, waits for paid calls within the grace period, and ends the engine. What became of the calls;
    /// nothing where the engine had ended before.
    pub async fn shutdown(&self) -> Option<ShutDown> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request::Shutdown(answer)).await.ok()?;
        answered.await.ok()
    }
}
