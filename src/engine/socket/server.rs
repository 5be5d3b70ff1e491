//! The owner's side: takes questions on the socket of its studio and gives them to its engine.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::runtime::Handle as Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::place::{Bound, bind};
use super::{Answer, Hello, LONGEST, Question, VERSION, trusts};
use crate::domain::actor::{Actor, Person, UNNAMED, signer_name};
use crate::domain::event::Provenance;
use crate::engine::handle::{Handle, HandleError};

/// How many may ask at once; who comes then waits.
const MOST: usize = 16;

/// How long a question may take to come in, and an answer to be taken.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long answers may take to be given when the studio is closed.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A socket that is served.
#[derive(Debug)]
pub struct Server {
    closing: CancellationToken,
    /// One permit for each that may ask.
    room: Arc<Semaphore>,
    accepting: Option<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

impl Server {
    /// Takes commands for the studio in this folder, which this process has open, and gives them to its engine.
    ///
    /// # Errors
    ///
    /// When no socket can be made. The studio works as without one: verbs beside it are refused.
    pub fn start(studio: &Path, kind: Provenance, handle: &Handle, runtime: &Runtime) -> io::Result<Self> {
        let uid = rustix::process::geteuid().as_raw();
        let _entered = runtime.enter();
        let bound = bind(studio, uid)?;
        let (closing, room) = (CancellationToken::new(), Arc::new(Semaphore::new(MOST)));
        let owner = Owner { uid, kind, handle: handle.clone(), closing: closing.clone() };
        let accepting = Some(runtime.spawn(owner.accept(bound, Arc::clone(&room))));
        Ok(Self { closing, room, accepting })
    }

    /// Takes no more questions and removes the socket: to be awaited before the studio is given up.
    pub async fn stop(&mut self) {
        self.closing.cancel();
        if let Some(accepting) = self.accepting.take() {
            // It has ended, one way or the other.
            let _ = accepting.await;
        }
    }

    /// Waits until those who asked have their answers.
    pub async fn answered(&self) {
        let all = u32::try_from(MOST).unwrap_or(u32::MAX);
        // Who does not take an answer within that time does not get it.
        let _ = tokio::time::timeout(LAST_WORDS, self.room.acquire_many(all)).await;
    }
}

/// What a conversation is held with.
#[derive(Clone)]
struct Owner {
    uid: u32,
    kind: Provenance,
    handle: Handle,
    closing: CancellationToken,
}

impl Owner {
    async fn accept(self, bound: Bound, room: Arc<Semaphore>) {
        let runtime = Runtime::current();
        loop {
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
            let accepted = tokio::select! {
                () = self.closing.cancelled() => return,
                accepted = bound.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let owner = self.clone();
                    runtime.spawn(async move {
                        if let Err(error) = owner.converse(stream).await {
                            tracing::info!(%error, "a conversation on the socket has ended");
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    // As when too many files are open: who asks meanwhile waits.
                    tracing::warn!(%error, "the socket took no connection");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    /// Answers one after the other what comes in on a connection.
    async fn converse(&self, mut stream: UnixStream) -> io::Result<()> {
        let peer = stream.peer_cred()?.uid();
        if !trusts(self.uid, peer) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("uid {peer} may not ask")));
        }
        let (read, mut write) = stream.split();
        let mut read = BufReader::new(read);
        say(&mut write, &Hello { greenroom: VERSION, kind: self.kind }).await?;
        loop {
            let mut line = Vec::new();
            let mut bounded = (&mut read).take(LONGEST);
            let got = tokio::select! {
                () = self.closing.cancelled() => return Ok(()),
                got = tokio::time::timeout(PATIENCE, bounded.read_until(b'\n', &mut line)) => got??,
            };
            if got == 0 {
                return Ok(());
            }
            match serde_json::from_slice(&line) {
                Ok(question) => say(&mut write, &self.answer(question, peer).await).await?,
                Err(error) => {
                    let what = "what came in on the studio's socket cannot be read; nothing was changed".to_owned();
                    say(&mut write, &Answer::Failed(HandleError::Invalid(what))).await?;
                    return Err(error.into());
                }
            }
        }
    }

    /// What the engine answers to a question.
    async fn answer(&self, question: Question, peer: u32) -> Answer {
        let handle = &self.handle;
        let answered = match question {
            Question::Command { by, command } => match self.person(by, peer) {
                Ok(by) => handle.command(by, *command).await.map(Answer::Recorded),
                Err(error) => Err(error),
            },
            Question::Begin { by, new } => match self.person(by, peer) {
                Ok(by) => handle.begin(by, *new).await.map(Answer::Begun),
                Err(error) => Err(error),
            },
            Question::LookOver { new, asks } => handle.look_over(*new, asks).await.map(Answer::LookedOver),
            Question::QuoteCheaper { episode, stage } => handle.quote_cheaper(episode, stage).await.map(Answer::Quoted),
            Question::Artifact(hash) => {
                handle.artifact(hash).await.map(|bytes| Answer::Artifact(STANDARD.encode(bytes)))
            }
            Question::Store(text) => match STANDARD.decode(text) {
                Ok(bytes) => handle.store(bytes).await.map(Answer::Stored),
                Err(error) => Err(HandleError::Invalid(format!("what is to be kept cannot be read: {error}"))),
            },
        };
        answered.unwrap_or_else(Answer::Failed)
    }

    /// Who asks: under the name that was given, from the account that the system knows. A secret counts as given where this
    /// account's own verb says so, since that verb has checked it. Nobody asks as the engine, or as if they were it.
    fn person(&self, by: Actor, peer: u32) -> Result<Person, HandleError> {
        let refused = |what: String| HandleError::Invalid(format!("{what}. Nothing was changed"));
        let Actor::Person(person) = by else {
            return Err(refused("the engine gives itself no commands".to_owned()));
        };
        if person.name() != UNNAMED {
            signer_name(person.name()).map_err(|error| refused(error.to_string()))?;
        }
        if peer == self.uid {
            return Ok(person.of_account(peer));
        }
        let account = Person::new(person.name(), &format!("uid {peer}")).map_err(|error| refused(error.to_string()))?;
        Ok(account.of_account(peer))
    }
}

async fn say<T: serde::Serialize>(write: &mut (impl AsyncWriteExt + Unpin), what: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    tokio::time::timeout(PATIENCE, write.write_all(&line)).await?
}
