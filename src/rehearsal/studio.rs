//! A rehearsal studio: the provider servers on one port of this machine, started and stopped.
//!
//! In the process of the console, or alone in one of its own, so that its meter outlives a console that was killed.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::author::Planted;
use super::faults::FaultProfile;
use super::faults::named::NamedFault;
use super::limits::Limit;
use super::meter::{Reading, Rent};
use super::temper::Temper;
use super::wire::{Studio, Waits, router};
use crate::clock::Clock;
use crate::domain::ids::ContentHash;

/// How a studio rehearses.
#[derive(Clone, Debug)]
pub struct Options {
    /// What all its answers and faults draw on, with the request.
    pub seed: u64,
    /// How fast it answers: 1 can be watched, 0 is as fast as possible.
    pub pace: f64,
    /// What goes wrong.
    pub faults: FaultProfile,
    /// Where it listens; only an address of this machine is taken. Port 0 takes a free one.
    pub bind: SocketAddr,
    /// How long the faults of time last; by the pace where it is not given.
    pub waits: Option<Waits>,
    /// How its agents behave.
    pub temper: Temper,
    /// What goes wrong by name, beside the profile.
    pub faults_named: Vec<NamedFault>,
    /// What models of servers of one's own cost, as where somebody hosts them; without a rent they cost nothing.
    pub rents: BTreeMap<String, Rent>,
    /// How much each vendor takes; without a limit all that comes.
    pub limits: Vec<Limit>,
    /// Whether Perplexity's older chat completions are served, as by a gateway that still speaks them.
    pub sonar: bool,
    /// The time that caches, batches, rates and prices go by.
    pub clock: Clock,
}

impl Default for Options {
    /// Seed 1 at a pace of 1, without faults, with the usual agents, on a free port.
    fn default() -> Self {
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            seed: 1,
            pace: 1.0,
            faults: FaultProfile::None,
            bind,
            waits: None,
            temper: Temper::default(),
            faults_named: Vec::new(),
            rents: BTreeMap::new(),
            limits: Vec::new(),
            sonar: false,
            clock: Clock::system(),
        }
    }
}

/// Why a studio did not start. Nothing was spent and nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// An address that other machines could reach.
    #[error("{0} is no address of this machine alone: a rehearsal listens on 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The port cannot be had.
    #[error("the rehearsal studio cannot listen on {address}: {source}. Choose another port, or 0 for a free one")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// The system's words.
        source: std::io::Error,
    },
}

/// A running studio. Dropping it stops it at once; [`Rehearsal::stop`] lets answers finish.
#[derive(Debug)]
pub struct Rehearsal {
    addr: SocketAddr,
    studio: Arc<Studio>,
    task: Option<JoinHandle<()>>,
}

impl Rehearsal {
    /// Starts the servers. They answer as soon as this returns.
    ///
    /// # Errors
    /// [`StudioError`] where the address is not this machine's own or cannot be listened on.
    pub async fn start(options: Options) -> Result<Self, StudioError> {
        if !options.bind.ip().is_loopback() {
            return Err(StudioError::NotLoopback(options.bind));
        }
        let failed = |source| StudioError::Bind { address: options.bind, source };
        let listener = TcpListener::bind(options.bind).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let studio = Arc::new(Studio::new(options));
        let served = axum::serve(listener, router(Arc::clone(&studio)))
            .with_graceful_shutdown(studio.stop.clone().cancelled_owned())
            .into_future();
        #[expect(clippy::disallowed_methods, reason = "this file owns the server's life: stop and drop end it")]
        let task = tokio::spawn(async move {
            if let Err(error) = served.await {
                tracing::error!(%error, "the rehearsal studio ended by itself");
            }
        });
        Ok(Self { addr, studio, task: Some(task) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The seed that marks its answers.
    pub fn seed(&self) -> u64 {
        self.studio.seed
    }

    /// The base address for Anthropic's clients, without a slash at the end.
    pub fn anthropic_base(&self) -> String {
        format!("http://{}/anthropic", self.addr)
    }

    /// The base address for Gemini's clients.
    pub fn gemini_base(&self) -> String {
        format!("http://{}/gemini", self.addr)
    }

    /// The base address for ElevenLabs' clients.
    pub fn elevenlabs_base(&self) -> String {
        format!("http://{}/elevenlabs", self.addr)
    }

    /// The base address for clients of OpenAI's chat completions and speech: a server with a little of everybody's habits.
    pub fn openai_base(&self) -> String {
        format!("http://{}/openai", self.addr)
    }

    /// The base address of a server of that wire with the habits of one: `ollama`, `llamacpp`, `vllm` or `lmstudio`.
    pub fn local_base(&self, server: &str) -> String {
        format!("http://{}/{server}", self.addr)
    }

    /// The base address for Perplexity's clients.
    pub fn perplexity_base(&self) -> String {
        format!("http://{}/perplexity", self.addr)
    }

    /// The address of the meter: `GET` reads it as the JSON of [`Reading`], `POST` on `/reset` below it clears it.
    pub fn meter_url(&self) -> String {
        format!("http://{}/meter", self.addr)
    }

    /// What the meter shows now.
    pub fn meter(&self) -> Reading {
        self.studio.meter.read()
    }

    /// What was planted in each script that was written here, by the hash of its canonical JSON. No address serves it.
    pub fn answer_key(&self) -> BTreeMap<ContentHash, Vec<Planted>> {
        self.studio.key.read()
    }

    /// Takes no new connection, hurries what waits, and gives open answers up to `grace` to end.
    pub async fn stop(mut self, grace: Duration) {
        self.studio.stop.cancel();
        if let Some(mut task) = self.task.take()
            && tokio::time::timeout(grace, &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        self.studio.stop.cancel();
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}
