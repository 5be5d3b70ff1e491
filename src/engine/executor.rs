//! Carries out what the dispatcher decided: one task for each paid call and each piece of local work.
//!
//! A paid call is started once, for an intent that is on disk, and is never dropped while the engine lives. Local work may
//! be dropped at any moment, since doing it again costs nothing. A task that panics is a failed outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;

use tokio::runtime::Handle as Runtime;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;

use super::handle::{HandleError, LookedOver, NewEpisode, Quote, Request};
use super::past::PastAnswers;
use super::room::Room;
use super::stop::Stop;
use super::workshop::{Likely, Workshop};
use crate::domain::decide;
use crate::domain::episode::Episode;
use crate::domain::event::Person;
use crate::domain::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use crate::domain::step::{CallAnswer, CallFailure, CallStep, Done, Outcome, Step};

/// The target of the spans of paid calls and of their lines in the log.
pub const CALLS: &str = "greenroom::call";

/// The way to the dispatcher.
pub type Tell = mpsc::UnboundedSender<Outcome>;

/// A call that is being made.
pub type Calling = Pin<Box<dyn Future<Output = Result<CallAnswer, CallFailure>> + Send>>;

/// What does the work: the workshop, or a stand-in that measures the engine alone.
pub trait Worker: Send + Sync {
    /// Does a piece of local work; blocking. It ends soon after it is told to stop, and writes nothing after that.
    ///
    /// # Errors
    ///
    /// With the reason why it cannot be done.
    fn work(&self, episode: &Episode, step: &Step, stop: &Stop) -> Result<Done, String>;

    /// Makes one paid call. What is to be known of it before it is answered is told on the way.
    fn call(self: Arc<Self>, step: CallStep, tell: Tell) -> Calling;
}

/// A piece of local work under way.
struct Running {
    task: AbortHandle,
    stop: Stop,
}

impl Running {
    /// Ends it, wherever it is.
    fn end(&self) {
        self.stop.set();
        self.task.abort();
    }
}

/// What starts and stops work.
pub(super) struct Executor {
    runtime: Runtime,
    worker: Arc<dyn Worker>,
    shop: Arc<Workshop>,
    outcomes: mpsc::UnboundedSender<Outcome>,
    requests: mpsc::WeakSender<Request>,
    local: BTreeMap<EpisodeNumber, BTreeMap<Step, Running>>,
    calls: BTreeSet<IntentKey>,
    places: Arc<Semaphore>,
    /// Where what past episodes bought is looked up, where that is done.
    past: Option<PastAnswers>,
}

impl Executor {
    pub(super) fn new(
        runtime: Runtime,
        worker: Arc<dyn Worker>,
        shop: Arc<Workshop>,
        outcomes: mpsc::UnboundedSender<Outcome>,
        requests: mpsc::WeakSender<Request>,
        past: Option<PastAnswers>,
    ) -> Self {
        let places = std::thread::available_parallelism().map_or(2, NonZeroUsize::get).max(2);
        let places = Arc::new(Semaphore::new(places));
        Self { runtime, worker, shop, outcomes, requests, local: BTreeMap::new(), calls: BTreeSet::new(), places, past }
    }

    /// Starts a paid call, or fetches what came of one in a batch.
    pub(super) fn call(&mut self, step: CallStep) {
        if step.batch.is_none() {
            self.calls.insert(step.key.clone());
            self.shop.room.intend(&step.key);
        }
        let (outcomes, shop, sent) = (self.outcomes.clone(), Arc::clone(&self.shop), step.clone());
        let call = self.runtime.spawn(Arc::clone(&self.worker).call(step, self.outcomes.clone()));
        self.runtime.spawn(async move {
            let key = sent.key.clone();
            let outcome = match call.await {
                Ok(result) => Outcome::Called { key, result },
                // Whatever went wrong here, the request may have been sent and its answer may have come.
                Err(_) => tokio::task::spawn_blocking(move || shop.recover(&sent))
                    .await
                    .unwrap_or_else(|_| decide::arrived(&key, "this call met a fault of the program")),
            };
            // The dispatcher is gone only when the process ends; the spool then holds what came.
            let _ = outcomes.send(outcome);
        });
    }

    /// Makes exactly these pieces of local work be under way for an episode.
    pub(super) fn want(&mut self, number: EpisodeNumber, episode: Option<&Arc<Episode>>, steps: BTreeSet<Step>) {
        let running = self.local.entry(number).or_default();
        running.retain(|step, task| {
            let is_wanted = steps.contains(step);
            if !is_wanted {
                task.end();
            }
            is_wanted
        });
        for step in steps {
            if let (false, Some(episode)) = (running.contains_key(&step), episode) {
                let ways = (&self.worker, &self.outcomes, &self.places, &self.shop.room, &self.past);
                let task = start(&self.runtime, ways, Arc::clone(episode), step.clone());
                running.insert(step, task);
            }
        }
        if running.is_empty() {
            self.local.remove(&number);
        }
    }

    /// Notes that an outcome came back.
    pub(super) fn landed(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Called { key, .. } => {
                self.calls.remove(key);
                self.shop.room.leave(key);
                self.shop.progress.ended(key);
            }
            // The next start of the program fetches what this one does not wait for.
            Outcome::Batched { key, .. } => {
                self.calls.remove(key);
                self.shop.room.leave(key);
            }
            Outcome::Readable { .. } => {}
            Outcome::Worked { .. } => {
                // Finished work whose step is still wanted would otherwise count as under way.
                for running in self.local.values_mut() {
                    running.retain(|_, running| !running.task.is_finished());
                }
            }
        }
    }

    /// These calls have a price or a ruling, and what says so is on disk: what they left in the spool is needed no more.
    pub(super) fn forget(&self, priced: Vec<IntentKey>) {
        if priced.is_empty() {
            return;
        }
        let shop = Arc::clone(&self.shop);
        self.runtime.spawn_blocking(move || priced.iter().for_each(|key| shop.forget_spool(key)));
    }

    /// Drops all local work.
    pub(super) fn drop_local(&mut self) {
        for running in std::mem::take(&mut self.local).into_values().flat_map(BTreeMap::into_values) {
            running.end();
        }
    }

    /// The room on the disk.
    pub(super) fn room(&self) -> &Room {
        &self.shop.room
    }

    pub(super) fn is_under_way(&self, key: &IntentKey) -> bool {
        self.calls.contains(key)
    }

    pub(super) fn calls_under_way(&self) -> usize {
        self.calls.len()
    }

    /// Reads and stores what an episode starts with, and asks the dispatcher to start it.
    pub(super) fn begin(
        &self,
        by: Person,
        new: NewEpisode,
        number: EpisodeNumber,
        answer: oneshot::Sender<Result<EpisodeNumber, HandleError>>,
    ) {
        let (shop, requests) = (Arc::clone(&self.shop), self.requests.clone());
        self.runtime.spawn(async move {
            let (asked, of) = (Arc::clone(&shop), new.clone());
            let recalls = tokio::task::spawn_blocking(move || asked.recalls(&of)).await.unwrap_or(false);
            let past = if recalls { latest(&requests).await } else { Vec::new() };
            let read = new.clone();
            let started = tokio::task::spawn_blocking(move || shop.begin(&read, number, &past)).await;
            let refused = match started {
                Ok(Ok(start)) => match requests.upgrade() {
                    Some(requests) => {
                        // A dispatcher that is gone drops the way to the answer, which tells whoever waits.
                        let _ = requests.send(Request::Started(by, Box::new(start), new.number, answer)).await;
                        return;
                    }
                    None => HandleError::Closed,
                },
                Ok(Err(what)) => HandleError::Invalid(what),
                Err(_) => HandleError::Invalid("reading the package failed; nothing was started".to_owned()),
            };
            let _ = answer.send(Err(refused));
        });
    }

    /// Looks over what a new episode would need, beside the dispatcher.
    pub(super) fn look_over(
        &self,
        new: NewEpisode,
        number: EpisodeNumber,
        asks: bool,
        answer: oneshot::Sender<Result<LookedOver, HandleError>>,
    ) {
        let shop = Arc::clone(&self.shop);
        self.runtime.spawn(async move {
            let looked = shop.look_over(new, number, asks).await;
            // Whoever asked may have gone.
            let _ = answer.send(looked.map_err(HandleError::Invalid));
        });
    }

    /// Reckons what the stages of an episode are likely to cost.
    pub(super) fn likely(&self, episode: Arc<Episode>, answer: oneshot::Sender<Result<Likely, HandleError>>) {
        let shop = Arc::clone(&self.shop);
        self.runtime.spawn_blocking(move || {
            // Whoever asked may have gone.
            let _ = answer.send(shop.likely_of(&episode).map_err(HandleError::Invalid));
        });
    }

    /// Prices the rest of a stage's work with its cheaper model, beside the dispatcher.
    pub(super) fn quote_cheaper(
        &self,
        episode: Option<Arc<Episode>>,
        stage: StageId,
        answer: oneshot::Sender<Result<Quote, HandleError>>,
    ) {
        self.aside(answer, move |shop| {
            let episode = episode.ok_or("there is no such episode under way")?;
            shop.quote_cheaper(&episode, &stage)
        });
    }

    /// Passes on that an episode was started.
    pub(super) fn pass_on(
        &self,
        waits: oneshot::Receiver<Result<u64, HandleError>>,
        answer: oneshot::Sender<Result<EpisodeNumber, HandleError>>,
        number: EpisodeNumber,
    ) {
        self.runtime.spawn(async move {
            let written = waits.await.unwrap_or(Err(HandleError::Closed));
            let _ = answer.send(written.map(|_| number));
        });
    }

    /// Does something that may block beside the dispatcher.
    pub(super) fn beside(&self, act: impl FnOnce() + Send + 'static) {
        self.runtime.spawn_blocking(act);
    }

    /// What is wrong with an artifact, by its bytes; nothing where it is sound.
    pub(super) fn fault_of(&self, hash: &ContentHash) -> Option<String> {
        self.shop.blobs.get(hash).err().map(|fault| fault.to_string())
    }

    /// An artifact that is JSON; nothing where it cannot be read as that.
    pub(super) fn read_json<T: serde::de::DeserializeOwned>(&self, hash: &ContentHash) -> Option<T> {
        serde_json::from_slice(&self.shop.blobs.get(hash).ok()?).ok()
    }

    pub(super) fn artifact(&self, hash: ContentHash, answer: oneshot::Sender<Result<Arc<[u8]>, HandleError>>) {
        self.aside(answer, move |shop| shop.blobs.get(&hash).map(Arc::from).map_err(|e| e.to_string()));
    }

    pub(super) fn store(&self, bytes: Vec<u8>, answer: oneshot::Sender<Result<ContentHash, HandleError>>) {
        self.aside(answer, move |shop| shop.blobs.put(&bytes).map_err(|e| e.to_string()));
    }

    pub(super) fn read_draft(&self, name: String, answer: oneshot::Sender<Result<Option<String>, HandleError>>) {
        self.aside(answer, move |shop| shop.read_draft(&name));
    }

    pub(super) fn keep_draft(
        &self,
        name: String,
        text: Option<String>,
        answer: oneshot::Sender<Result<(), HandleError>>,
    ) {
        self.aside(answer, move |shop| shop.keep_draft(&name, text.as_deref()));
    }

    /// Does something with files beside the dispatcher and answers.
    fn aside<T: Send + 'static>(
        &self,
        answer: oneshot::Sender<Result<T, HandleError>>,
        act: impl FnOnce(&Workshop) -> Result<T, String> + Send + 'static,
    ) {
        let shop = Arc::clone(&self.shop);
        self.runtime.spawn_blocking(move || {
            // Whoever asked may have gone.
            let _ = answer.send(act(&shop).map_err(HandleError::Invalid));
        });
    }
}

/// How many past episodes are looked at for what keeps going wrong.
const RECALLED: usize = 20;

/// The latest past episodes, for what can be learned of them; fewer where they cannot be read.
async fn latest(requests: &mpsc::WeakSender<Request>) -> Vec<Arc<Episode>> {
    let mut episodes = Vec::new();
    let Some(requests) = requests.upgrade() else { return episodes };
    let (answer, answered) = oneshot::channel();
    // A dispatcher that is gone drops the way to the answer.
    let _ = requests.send(Request::Past(answer)).await;
    let Ok(Ok(summaries)) = answered.await else { return episodes };
    for summary in summaries.into_iter().take(RECALLED) {
        let (answer, answered) = oneshot::channel();
        if requests.send(Request::PastEpisode(summary.number, answer)).await.is_err() {
            break;
        }
        if let Ok(Ok(Some(episode))) = answered.await {
            episodes.push(episode);
        }
    }
    episodes
}

/// What a piece of local work is begun with.
type Ways<'a> = (&'a Arc<dyn Worker>, &'a Tell, &'a Arc<Semaphore>, &'a Arc<Room>, &'a Option<PastAnswers>);

fn start(
    runtime: &Runtime,
    (worker, outcomes, places, room, past): Ways<'_>,
    episode: Arc<Episode>,
    step: Step,
) -> Running {
    let stop = Stop::default();
    let told = stop.clone();
    let (worker, outcomes, places) = (Arc::clone(worker), outcomes.clone(), Arc::clone(places));
    let (room, past) = (Arc::clone(room), past.clone());
    let task = runtime.spawn(async move {
        let (number, stage, input) = (step.episode, step.stage.clone(), step.inputs.hash);
        room.for_local_work().await;
        // The semaphore is never closed.
        let place = places.acquire_owned().await;
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            let done = told.check().and_then(|()| worker.work(&episode, &step, &told));
            let past = match (&done, &past) {
                (Ok(done), Some(past)) => past.recall(&episode, &step, done),
                (_, _) => BTreeMap::new(),
            };
            (done, past)
        });
        let (result, past) = match work.await {
            Ok(done) => done,
            Err(error) if error.is_panic() => {
                (Err("this step met a fault of the program; it can be tried again".to_owned()), BTreeMap::new())
            }
            Err(_) => return,
        };
        let _ = outcomes.send(Outcome::Worked { episode: number, stage, input, result, past });
    });
    Running { task: task.abort_handle(), stop }
}
