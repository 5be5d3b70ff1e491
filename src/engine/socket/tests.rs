//! A studio that is asked from beside: what is asked and answered, and what a stranger, a liar or a dead owner comes to.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle as Runtime;
use tokio::sync::{broadcast, mpsc, watch};

use super::*;
use crate::domain::actor::Person;
use crate::domain::decide::Refusal;
use crate::engine::handle::{Handle, Request};
use crate::engine::progress::Progress;
use crate::engine::snapshot::Snapshot;

fn ada() -> Person {
    Person::new("Ada", "ada").unwrap()
}

/// As the owner records her: from the account that the system knows.
fn known_ada() -> Person {
    ada().of_account(rustix::process::geteuid().as_raw())
}

/// A hold on an engine that is a test: it sees what is asked.
fn engine() -> (Handle, mpsc::Receiver<Request>) {
    let (requests, asked) = mpsc::channel(16);
    let (_, snapshots) = watch::channel(Arc::new(Snapshot::empty(Provenance::Rehearsal, jiff::Timestamp::UNIX_EPOCH)));
    let (_, progress) = watch::channel(Arc::new(Progress::default()));
    let (notices, _) = broadcast::channel(1);
    (Handle { requests, snapshots, progress, notices }, asked)
}

/// An engine that records pauses as event 7, knows no other episode than 1, and keeps what it is given.
async fn served(mut asked: mpsc::Receiver<Request>) -> Vec<(Person, Command)> {
    let mut seen = Vec::new();
    while let Some(request) = asked.recv().await {
        match request {
            Request::Command(by, command, to) => {
                let answer = match *command {
                    Command::Pause(EpisodeNumber(1)) => Ok(7),
                    Command::Resume(_) => Err(HandleError::Closed),
                    _ => Err(Refusal::NoEpisode(EpisodeNumber(9)).into()),
                };
                seen.push((by, *command));
                to.send(answer).unwrap();
            }
            Request::Store(bytes, to) => to.send(Ok(ContentHash::of(&bytes))).unwrap(),
            Request::Artifact(_, to) => to.send(Ok(Arc::from(&b"\x00an artifact\xff"[..]))).unwrap(),
            Request::Begin(_, new, to) => {
                assert!(new.research.is_absolute() && new.show == "open-questions", "{new:?}");
                to.send(Ok(EpisodeNumber(4))).unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_beside_the_owner_is_answered_as_it_answers_itself() {
    let studio = tempfile::tempdir().unwrap();
    let (handle, asked) = engine();
    let mut server = Server::start(studio.path(), Provenance::Rehearsal, &handle, &Runtime::current()).unwrap();
    drop(handle);
    let engine = Runtime::current().spawn(served(asked));
    let mode = std::fs::metadata(studio.path().join(place::NAME)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    {
        let beside = connect(studio.path()).await.unwrap();
        assert_eq!(beside.command(ada(), Command::Pause(EpisodeNumber(1))).await, Ok(7));
        let refused = beside.command(ada(), Command::Pause(EpisodeNumber(9))).await.unwrap_err();
        assert_eq!(
            refused,
            HandleError::Refused(Refusal::NoEpisode(EpisodeNumber(9))),
            "the refusal itself comes back"
        );
        let note = vec![0, 159, 146, 150];
        assert_eq!(beside.store(note.clone()).await, Ok(ContentHash::of(&note)));
        assert_eq!(beside.artifact(ContentHash::of(b"x")).await.unwrap().as_ref(), b"\x00an artifact\xff");
        let new = NewEpisode {
            research: "notes.md".into(),
            topic: None,
            show: "open-questions".to_owned(),
            number: None,
            cap: None,
            fresh: false,
        };
        assert_eq!(beside.begin(ada(), new).await, Ok(EpisodeNumber(4)));
        let closing = beside.command(ada(), Command::Resume(EpisodeNumber(1))).await.unwrap_err().to_string();
        assert!(closing.contains("is closing it; nothing was changed"), "{closing}");
        let huge = beside.store(vec![0; 9_000_000]).await.unwrap_err().to_string();
        assert!(huge.contains("too large (12 MB)") && huge.contains("nothing was changed"), "{huge}");
        assert!(beside.past().await.is_err(), "what only the owner can do is refused in words");
        beside.shutdown().await;
    }
    assert_eq!(
        connect(studio.path()).await.unwrap().command(ada(), Command::Pause(EpisodeNumber(1))).await,
        Ok(7),
        "the shutdown of one that asks ends nothing"
    );
    server.stop().await;
    server.answered().await;
    drop(server);
    assert!(std::fs::symlink_metadata(studio.path().join(place::NAME)).is_err(), "an orderly end leaves no socket");
    assert!(matches!(connect(studio.path()).await, Err(ConnectError::NoOne)));
    let seen = engine.await.unwrap();
    assert!(seen.iter().all(|(by, _)| *by == known_ada()) && seen.len() == 4, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bytes_change_nothing_and_end_only_their_own_conversation() {
    let studio = tempfile::tempdir().unwrap();
    let (handle, mut asked) = engine();
    let server = Server::start(studio.path(), Provenance::Live, &handle, &Runtime::current()).unwrap();
    let path = studio.path().join(place::NAME);
    let as_engine = r#"{"command":{"by":"engine","command":{"pause":1}}}"#;
    let alike = r#"{"command":{"by":"\u0435ngine (os: x)","command":{"pause":1}}}"#;
    let unsigned = r#"{"command":{"by":"\u001b[31mAda (os: x)","command":{"pause":1}}}"#;
    let deep = format!("{}\n", "[".repeat(100_000));
    for (bytes, refusal) in [
        (&b"\xff\xfe\x00\n"[..], "cannot be read"),
        (b"GET / HTTP/1.1\r\n\r\n", "cannot be read"),
        (b"{\"command\":{\"by\":\"Ada (os: ada)\",\"command\":{\"format_disk\":1}}}\n", "cannot be read"),
        (b"{\"command\":{\"by\":\"Ada (os: ada)\"", "cannot be read"),
        (deep.as_bytes(), "cannot be read"),
        (format!("{as_engine}\n").as_bytes(), "gives itself no commands"),
        (format!("{alike}\n").as_bytes(), "cannot be a person's name"),
        (format!("{unsigned}\n").as_bytes(), "cannot be read"),
        (b"{\"store\":\"no base64!\"}\n", "cannot be read"),
    ] {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).await.unwrap();
        let lines: Vec<&str> = all.lines().collect();
        assert_eq!(lines.len(), 2, "{all}");
        assert!(lines[1].contains(refusal) && lines[1].starts_with("{\"failed\""), "{all}");
    }
    // A line without an end is read no further than it may be.
    let mut stream = UnixStream::connect(&path).await.unwrap();
    let part = vec![b' '; 1 << 20];
    let mut sent = 0;
    while sent < 64 << 20 && stream.write_all(&part).await.is_ok() {
        sent += part.len();
    }
    assert!(sent < 64 << 20, "all of an endless line was taken");
    // One that says nothing, and one that hangs up at once, keep nobody else from asking.
    let _mute = UnixStream::connect(&path).await.unwrap();
    drop(UnixStream::connect(&path).await.unwrap());
    let beside = connect(studio.path()).await.unwrap();
    // Another account is claimed than the one that asks.
    let claimed = ada().of_account(4_242);
    let asks = Runtime::current().spawn(async move { beside.command(claimed, Command::Pause(EpisodeNumber(1))).await });
    let Some(Request::Command(by, command, to)) = asked.recv().await else { panic!("a command was due first") };
    assert_eq!(
        (by, *command),
        (known_ada(), Command::Pause(EpisodeNumber(1))),
        "nothing of it reached the engine before"
    );
    to.send(Ok(1)).unwrap();
    assert_eq!(asks.await.unwrap(), Ok(1));
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_ends_behind_a_question_leaves_no_promise() {
    let studio = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(studio.path().join(place::NAME)).unwrap();
    let owner = Runtime::current().spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"{\"greenroom\":1,\"kind\":\"live\"}\n").await.unwrap();
        let mut line = String::new();
        BufReader::new(&mut stream).read_line(&mut line).await.unwrap();
        line
    });
    let beside = connect(studio.path()).await.unwrap();
    let told = beside.command(ada(), Command::Pause(EpisodeNumber(1))).await.unwrap_err().to_string();
    assert!(told.contains("nobody knows yet whether this was recorded") && told.contains("before you ask"), "{told}");
    assert!(owner.await.unwrap().contains("\"pause\":1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_listens_in_the_owners_place_is_found_out_before_anything_is_asked() {
    for (first, expected) in [
        (&b"{\"greenroom\":2,\"kind\":\"live\"}\n"[..], "another version"),
        (b"220 mail ready\r\n", "another language"),
        (b"{\"greenroom\":1,\"kind\":\"live\"}", "takes no commands"),
    ] {
        let studio = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(studio.path().join(place::NAME)).unwrap();
        let owner = Runtime::current().spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(first).await.unwrap();
        });
        let refused = connect(studio.path()).await.unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
        owner.await.unwrap();
    }
    for (own, other, trusted) in [(1000, 1000, true), (1000, 0, true), (0, 1000, true), (1000, 1001, false)] {
        assert_eq!(trusts(own, other), trusted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_of_an_owner_that_was_killed_is_nobodys_and_gives_way() {
    let studio = tempfile::tempdir().unwrap();
    let path = studio.path().join(place::NAME);
    // What a kill leaves: the file, and nobody behind it.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(std::fs::metadata(&path).unwrap().file_type().is_socket());
    assert!(matches!(connect(studio.path()).await, Err(ConnectError::NoOne)));
    let (handle, _asked) = engine();
    let mut server = Server::start(studio.path(), Provenance::Live, &handle, &Runtime::current()).unwrap();
    connect(studio.path()).await.unwrap();
    server.stop().await;
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_too_long_for_a_socket_is_reached_by_a_link() {
    let root = tempfile::tempdir().unwrap();
    let studio = root.path().join("a-long-name/".repeat(20));
    std::fs::create_dir_all(&studio).unwrap();
    let link = studio.join(place::NAME);
    let mut left = Vec::new();
    for _ in 0..2 {
        let (handle, asked) = engine();
        let engine = Runtime::current().spawn(served(asked));
        let mut server = Server::start(&studio, Provenance::Live, &handle, &Runtime::current()).unwrap();
        drop(handle);
        let target = std::fs::read_link(&link).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&target), mode(target.parent().unwrap())), (0o600, 0o700));
        let beside = connect(&studio).await.unwrap();
        assert_eq!(beside.command(ada(), Command::Pause(EpisodeNumber(1))).await, Ok(7));
        drop(beside);
        if left.is_empty() {
            // As after a kill: the next owner finds the link and takes it all away.
            std::fs::remove_file(&target).unwrap();
            drop(std::os::unix::net::UnixListener::bind(&target).unwrap());
            left.push(target);
            std::mem::forget(server);
            engine.abort();
            tokio::time::sleep(Duration::from_millis(10)).await;
        } else {
            server.stop().await;
            left.push(target);
            let is_there = |path: &std::path::PathBuf| path.exists() || path.parent().unwrap().exists();
            assert!(!left.iter().any(is_there) && std::fs::symlink_metadata(&link).is_err(), "{left:?}");
        }
    }
}
