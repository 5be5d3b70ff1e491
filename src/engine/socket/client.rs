//! The side of whoever asks: a handle whose requests go through the socket to the process that has the studio open.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::runtime::Handle as Runtime;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::{Answer, Hello, LONGEST, Question, VERSION, place, trusts};
use crate::domain::actor::{Actor, Person};
use crate::engine::handle::{Handle, HandleError, NewEpisode, Request, ShutDown};
use crate::engine::progress::Progress;
use crate::engine::snapshot::Snapshot;

/// How long the owner may take to say the first word. It says it without asking its engine.
const FIRST_WORD: Duration = Duration::from_secs(5);

/// How long it may take to answer. Looking over a new episode may ask five providers.
const PATIENCE: Duration = Duration::from_secs(300);

/// Why nothing can be asked of the process that has a studio open.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens: the owner is starting, closing, gone, or has no socket.
    #[error("it takes no commands")]
    NoOne,
    /// Somebody listens who does not answer.
    #[error("it does not answer: it may be stopped or busy")]
    Mute,
    /// Somebody listens who speaks otherwise, or is not trusted.
    #[error("{0}")]
    Other(String),
}

/// Connects to the process that has the studio in this folder open.
///
/// # Errors
///
/// When there is none that answers; nothing was asked.
pub async fn connect(studio: &Path) -> Result<Handle, ConnectError> {
    let stream = UnixStream::connect(place::socket(studio)).await.map_err(|_| ConnectError::NoOne)?;
    let peer = stream.peer_cred().map_err(|error| ConnectError::Other(error.to_string()))?.uid();
    if !trusts(rustix::process::geteuid().as_raw(), peer) {
        return Err(ConnectError::Other(format!("uid {peer} listens in its place, and is not trusted")));
    }
    let (read, write) = stream.into_split();
    let mut owner = Owner { read: BufReader::new(read), write };
    let hello: Hello = match tokio::time::timeout(FIRST_WORD, owner.hear()).await {
        Err(_) => return Err(ConnectError::Mute),
        Ok(Err(Lost::Closed)) => return Err(ConnectError::NoOne),
        Ok(Err(Lost::Unread)) => return Err(ConnectError::Other("it speaks another language".to_owned())),
        Ok(Ok(hello)) => hello,
    };
    if hello.greenroom != VERSION {
        return Err(ConnectError::Other("it is another version of greenroom".to_owned()));
    }
    let (requests, asked) = mpsc::channel(16);
    let (_, snapshots) = watch::channel(Arc::new(Snapshot::empty(hello.kind, Timestamp::UNIX_EPOCH)));
    let (_, progress) = watch::channel(Arc::new(Progress::default()));
    let (notices, _) = broadcast::channel(1);
    Runtime::current().spawn(owner.pass_on(asked));
    Ok(Handle { requests, snapshots, progress, notices })
}

/// The owner at the other end.
struct Owner {
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
}

/// Why no answer came.
enum Lost {
    /// The connection has ended.
    Closed,
    /// It cannot be read.
    Unread,
}

impl Owner {
    async fn hear<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Lost> {
        let mut line = Vec::new();
        // An artifact may be longer in base64 than a question.
        let mut bounded = (&mut self.read).take(LONGEST.saturating_mul(16));
        bounded.read_until(b'\n', &mut line).await.map_err(|_| Lost::Closed)?;
        if !line.ends_with(b"\n") {
            return Err(Lost::Closed);
        }
        serde_json::from_slice(&line).map_err(|_| Lost::Unread)
    }

    /// Passes on what is asked, one after the other, until nobody asks any more.
    async fn pass_on(mut self, mut asked: mpsc::Receiver<Request>) {
        while let Some(request) = asked.recv().await {
            match request {
                Request::Command(by, command, to) => {
                    let answer = self.ask(&Question::Command { by: Actor::Person(by), command }).await;
                    give(to, answer, |answer| if let Answer::Recorded(seq) = answer { Some(seq) } else { None });
                }
                Request::Begin(by, new, to) => {
                    let answer = self.begin(by, *new).await;
                    give(to, answer, |answer| if let Answer::Begun(number) = answer { Some(number) } else { None });
                }
                Request::LookOver(new, asks, to) => {
                    let answer = match absolute(*new) {
                        Ok(new) => self.ask(&Question::LookOver { new: Box::new(new), asks }).await,
                        Err(error) => Err(error),
                    };
                    give(to, answer, |answer| if let Answer::LookedOver(found) = answer { Some(found) } else { None });
                }
                Request::QuoteCheaper(episode, stage, to) => {
                    let answer = self.ask(&Question::QuoteCheaper { episode, stage }).await;
                    give(to, answer, |answer| if let Answer::Quoted(quote) = answer { Some(quote) } else { None });
                }
                Request::Artifact(hash, to) => {
                    let answer = self.ask(&Question::Artifact(hash)).await;
                    give(to, answer, |answer| {
                        let Answer::Artifact(text) = answer else { return None };
                        STANDARD.decode(text).ok().map(Arc::from)
                    });
                }
                Request::Store(bytes, to) => {
                    let answer = self.ask(&Question::Store(STANDARD.encode(bytes))).await;
                    give(to, answer, |answer| if let Answer::Stored(hash) = answer { Some(hash) } else { None });
                }
                // The owner goes on; only this hold on it ends.
                Request::Shutdown(done) => {
                    let _ = done.send(ShutDown::default());
                    return;
                }
                Request::Past(to) => refuse(to),
                Request::Likely(_, to) => refuse(to),
                Request::PastEpisode(_, to) => refuse(to),
                Request::ReadDraft(_, to) => refuse(to),
                Request::KeepDraft(_, _, to) => refuse(to),
                Request::Started(_, _, _, to) => refuse(to),
                Request::Broken(_) => {}
            }
        }
    }

    async fn begin(&mut self, by: Person, new: NewEpisode) -> Result<Answer, HandleError> {
        let new = Box::new(absolute(new)?);
        self.ask(&Question::Begin { by: Actor::Person(by), new }).await
    }

    async fn ask(&mut self, question: &Question) -> Result<Answer, HandleError> {
        let mut line = serde_json::to_vec(question).map_err(|error| HandleError::Invalid(error.to_string()))?;
        line.push(b'\n');
        if line.len() as u64 > LONGEST {
            return Err(HandleError::Invalid(format!(
                "this is too large ({} MB) to be given to the process that has the studio open; nothing was changed. Close that one \
                 and try again",
                line.len() / 1_000_000
            )));
        }
        if self.write.write_all(&line).await.is_err() {
            return Err(gone());
        }
        match tokio::time::timeout(PATIENCE, self.hear()).await {
            Ok(Ok(Answer::Failed(HandleError::Closed))) => Err(HandleError::Halted(
                "the process that has this studio open is closing it; nothing was changed. Try again in a moment"
                    .to_owned(),
            )),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Lost::Closed | Lost::Unread)) | Err(_) => Err(gone()),
        }
    }
}

/// What is said where the owner ended, or went silent, behind a question.
fn gone() -> HandleError {
    HandleError::Halted(
        "the process that has this studio open gave no answer, so that nobody knows yet whether this was recorded. Look at \
         `episode show` or `budget show` before you ask for it again"
            .to_owned(),
    )
}

fn give<T>(
    to: oneshot::Sender<Result<T, HandleError>>,
    answer: Result<Answer, HandleError>,
    read: impl FnOnce(Answer) -> Option<T>,
) {
    let given = match answer {
        Ok(Answer::Failed(error)) | Err(error) => Err(error),
        Ok(answer) => read(answer).ok_or_else(gone),
    };
    // Whoever asked may have gone.
    let _ = to.send(given);
}

fn refuse<T>(to: oneshot::Sender<Result<T, HandleError>>) {
    let what = "this cannot be asked of a studio that another process has open; nothing was changed".to_owned();
    let _ = to.send(Err(HandleError::Invalid(what)));
}

/// The same with paths that mean the same in the folder of another process.
fn absolute(new: NewEpisode) -> Result<NewEpisode, HandleError> {
    let whole = |path: &Path| -> Result<PathBuf, HandleError> {
        let invalid = |error| HandleError::Invalid(format!("{} is no path: {error}", path.display()));
        std::path::absolute(path).map_err(invalid)
    };
    let research = if new.research.as_os_str().is_empty() { new.research } else { whole(&new.research)? };
    let show = if NewEpisode::is_slug(&new.show) {
        new.show
    } else {
        whole(Path::new(&new.show))?.to_string_lossy().into_owned()
    };
    Ok(NewEpisode { research, show, ..new })
}
