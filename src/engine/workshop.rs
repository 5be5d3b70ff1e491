//! What steps are made with: the artifacts, the wires, the prompts, the prices. It does single pieces of work and
//! remembers nothing of an episode.
//!
//! [`begin`] reads what an episode starts with, [`prepare`] makes calls ready, [`count`] asks how long a prompt is, [`call`] makes
//! one, [`batch`] makes those that may wait, [`price`] says what it cost, [`accept`] holds an
//! answer to its contract, [`talk`] says what a panel does next, [`route`] holds proposals to the graph, [`local`] does what
//! code does alone.

mod accept;
mod batch;
mod begin;
mod call;
mod canaries;
mod count;
mod dispute;
mod exchange;
mod judge;
mod likely;
mod local;
mod look_over;
mod neighbours;
mod prepare;
mod price;
mod quote;
mod route;
mod span;
mod talk;
mod tee;

pub(super) use self::batch::Batches;
pub(super) use self::look_over::Asked;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;
use tokio::runtime::Handle;

pub(super) use self::likely::Likely;
use super::executor::{Calling, Tell, Worker};
use super::progress::ProgressHub;
use super::room::Room;
use super::stop::Stop;
use crate::clock::Clock;
use crate::config::models::Models;
use crate::config::prices::Prices;
use crate::config::settings::Settings;
use crate::domain::call::Provider;
use crate::domain::episode::Episode;
use crate::domain::event::{Pin, Provenance, Uncertain};
use crate::domain::ids::{ContentHash, IntentKey, StageId};
use crate::domain::pipeline::Kind;
use crate::domain::step::{CallStep, Done, Step, Work};
use crate::ledger::blobs::Blobs;
use crate::ledger::disk::Disk;
use crate::ledger::drafts::Drafts;
use crate::ledger::names::PlainName;
use crate::ledger::spool::Spool;
use crate::prompts::library::Library;
use crate::provider::endpoint::Endpoint;
use crate::provider::transport::{Limits, Transport};

/// Everything that steps are made with.
pub(super) struct Workshop {
    pub(super) dir: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) config: PathBuf,
    pub(super) provenance: Provenance,
    pub(super) clock: Clock,
    pub(super) blobs: Blobs,
    pub(super) spool: Spool,
    /// Held while a package is written: one that was stopped is out of the way before the next begins.
    pub(super) packing: Mutex<()>,
    pub(super) room: Arc<Room>,
    pub(super) drafts: Drafts,
    pub(super) settings: Settings,
    pub(super) models: Models,
    pub(super) prices: Prices,
    /// The artifact that holds the prices.
    pub(super) table: ContentHash,
    pub(super) prompts: Library,
    pub(super) transport: Transport,
    /// The calls that wait for a batch.
    pub(super) batches: Batches,
    /// What local work, which may block, waits for a free question with.
    pub(super) runtime: Handle,
    /// What providers answered a moment ago.
    pub(super) asked: Asked,
    /// What is done about an uncertain charge of a rehearsal.
    pub(super) uncertain: Uncertain,
    /// Where each provider is reached, or why it cannot be.
    pub(super) endpoints: BTreeMap<Provider, Result<Endpoint, String>>,
    /// The longest that the parts of an exchange may take, under the limit of its stage.
    pub(super) limits: Limits,
    pub(super) progress: Arc<ProgressHub>,
}

impl Worker for Workshop {
    fn call(self: Arc<Self>, step: CallStep, tell: Tell) -> Calling {
        Box::pin(span::watched(self, step, tell))
    }

    fn work(&self, episode: &Episode, step: &Step, stop: &Stop) -> Result<Done, String> {
        let pin = episode.pin(&step.stage).ok_or_else(|| format!("the episode has no stage {}", step.stage))?;
        let job = Job { shop: self, episode, pin, step, stop };
        match &step.work {
            Work::Prepare => job.prepare(),
            Work::Correct { unit, reason, .. } => job.correct(*unit, reason),
            Work::Accept { unit, answer, .. } => job.accept(*unit, answer),
            Work::Turn { units } => job.turn(units),
            Work::Join { units } if job.pin.stage.kind == Kind::Evaluate => job.joined(units),
            Work::Join { units } if job.pin.stage.kind == Kind::Speech => job.join(units),
            Work::Join { units } => job.last(units),
            Work::Render => job.render(),
            Work::Evaluate => job.evaluate(),
        }
    }
}

impl Workshop {
    fn bytes(&self, hash: &ContentHash) -> Result<Vec<u8>, String> {
        self.blobs.get(hash).map_err(|e| e.to_string())
    }

    fn text(&self, hash: &ContentHash) -> Result<String, String> {
        String::from_utf8(self.bytes(hash)?).map_err(|_| format!("the artifact {} is no text", hash.short()))
    }

    fn json<T: DeserializeOwned>(&self, hash: &ContentHash) -> Result<T, String> {
        serde_json::from_slice(&self.bytes(hash)?).map_err(|e| format!("the artifact {}: {e}", hash.short()))
    }

    fn keep(&self, bytes: &[u8]) -> Result<ContentHash, String> {
        self.blobs.put(bytes).map_err(|e| e.to_string())
    }

    /// Removes what a call left in the spool, once its answer is kept elsewhere.
    pub(super) fn forget_spool(&self, key: &IntentKey) {
        if let Err(error) = self.spool.remove(key) {
            tracing::warn!(%key, %error, "a spooled answer could not be removed; it is only in the way");
        }
    }

    pub(super) fn read_draft(&self, name: &str) -> Result<Option<String>, String> {
        let name: PlainName = name.parse().map_err(|e: crate::ledger::names::PlainNameError| e.to_string())?;
        let bytes = self.drafts.read(&name).map_err(|e| e.to_string())?;
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    pub(super) fn keep_draft(&self, name: &str, text: Option<&str>) -> Result<(), String> {
        let name: PlainName = name.parse().map_err(|e: crate::ledger::names::PlainNameError| e.to_string())?;
        match text {
            Some(text) => self.drafts.replace(&name, text.as_bytes()).map_err(|e| e.to_string()),
            None => self.drafts.remove(&name).map_err(|e| e.to_string()),
        }
    }
}

/// One piece of local work with what it is about.
struct Job<'a> {
    shop: &'a Workshop,
    episode: &'a Episode,
    pin: &'a Pin,
    step: &'a Step,
    stop: &'a Stop,
}

impl Job<'_> {
    /// What a stage before this one handed on.
    fn upstream(&self, stage: &StageId) -> Result<ContentHash, String> {
        let found = self.step.inputs.upstream.get(stage).copied();
        found.ok_or_else(|| format!("{} does not read what {stage} hands on", self.step.stage))
    }

    /// The stage that feeds a slot of this name.
    fn feeder(&self, slot: &str) -> Option<StageId> {
        self.pin.stage.feeds(slot, |id| self.episode.pin(id).map(|pin| pin.stage.output))
    }

    /// What feeds a slot of this name, read as JSON; `None` where nothing does.
    fn fed<T: DeserializeOwned>(&self, slot: &str) -> Result<Option<T>, String> {
        match self.feeder(slot) {
            Some(stage) => self.upstream(&stage).and_then(|hash| self.shop.json(&hash)).map(Some),
            None => Ok(None),
        }
    }
}
