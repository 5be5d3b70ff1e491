//! Follows episodes in an open studio until each is over or waits for a person, letting someone decide where that is allowed.
//!
//! Not for what is decided: a [`Decider`] says that, and outside of rehearsals there is only [`Nobody`].

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::fault::{CliError, Ending};
use super::session::{Open, plural};
use super::signals;
use crate::domain::calibration;
use crate::domain::command::Command;
use crate::domain::episode::{CallState, Episode, Life, OpenNeed};
use crate::domain::event::{Person, Way};
use crate::domain::handoff::{Contract, Fixes, Note};
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::engine::handle::{Handle, HandleError};
use crate::engine::package;
use crate::engine::snapshot::{Snapshot, Tone};
use crate::report::{life, line, needs};

/// How long nothing may happen before an episode whose needs nobody answers counts as waiting.
const QUIET: Duration = Duration::from_millis(400);

/// What someone decides about a need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Give this command.
    Give(Command),
    /// Send the content of the gate back with the fixes that the synthesiser made.
    SendBack {
        /// The gate.
        gate: crate::domain::ids::StageId,
        /// What was seen.
        hash: ContentHash,
    },
    /// A person is needed.
    Leave,
}

/// Someone who answers needs.
pub(super) trait Decider {
    /// Who that is, as it is recorded; nobody answers where there is no name.
    fn person(&self) -> Option<Person>;
    /// What is decided about a need.
    fn decide(&mut self, episode: &Episode, open: &OpenNeed) -> Decision;
}

/// Nobody decides.
pub(super) struct Nobody;

impl Decider for Nobody {
    fn person(&self) -> Option<Person> {
        None
    }

    fn decide(&mut self, _episode: &Episode, _open: &OpenNeed) -> Decision {
        Decision::Leave
    }
}

/// Follows these episodes until each is over or waits for a person; what happens is told line by line.
///
/// # Errors
///
/// When the studio stops, or a signal asks to end. What was under way goes on at the next start.
pub(super) async fn until_ended(
    handle: &Handle,
    chosen: &[EpisodeNumber],
    decider: &mut dyn Decider,
    tell: &mut dyn Write,
) -> Result<Vec<Arc<Episode>>, CliError> {
    tokio::select! {
        ended = to_the_end(handle, chosen, decider, tell) => ended,
        () = signals::any() => {
            // A listener that is gone stops nothing.
            let _: std::io::Result<()> = writeln!(tell, "greenroom: {}", asked_to_end(&handle.snapshots().borrow()));
            Err(CliError::Interrupted(String::new()))
        }
    }
}

/// What is done about a first request to end.
fn asked_to_end(snapshot: &Snapshot) -> String {
    let open = Open::of(snapshot);
    match open.calls {
        0 => "asked to end: no paid call is under way, the studio is being closed".to_owned(),
        _ => format!(
            "asked to end: nothing new is sent; waiting for {} under way. Asked again, it ends at once",
            plural(open.calls, "paid call")
        ),
    }
}

/// As [`until_ended`], for whoever looks after signals itself.
pub(super) async fn to_the_end(
    handle: &Handle,
    chosen: &[EpisodeNumber],
    decider: &mut dyn Decider,
    tell: &mut dyn Write,
) -> Result<Vec<Arc<Episode>>, CliError> {
    let mut snapshots = handle.snapshots();
    let mut asked: BTreeSet<(EpisodeNumber, String)> = BTreeSet::new();
    // Nothing is known before the first batch of the opening is published.
    snapshots.wait_for(|snapshot| snapshot.seq > 0).await.map_err(|_| HandleError::Closed)?;
    let mut told = snapshots.borrow().seq;
    let mut is_short = false;
    loop {
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        if let Some(halted) = &snapshot.halted {
            return Err(HandleError::Halted(halted.clone()).into());
        }
        told = tell_feed(&snapshot, chosen, told, tell);
        if snapshot.space.is_some() != is_short {
            is_short = !is_short;
            let said = snapshot.space.as_deref().unwrap_or("there is disk space again; work goes on");
            // A listener that is gone stops nothing.
            let _: std::io::Result<()> = writeln!(tell, "greenroom: {}", line(said));
        }
        let mut is_at_rest = true;
        for episode in snapshot.episodes.iter().filter(|episode| chosen.contains(&episode.number)) {
            match standing(episode) {
                Rest::Over => {}
                Rest::Working => is_at_rest = false,
                Rest::Waiting => {
                    for open in &episode.needs {
                        if !asked.insert((episode.number, open.id.clone())) {
                            continue;
                        }
                        if give(handle, decider, episode, open).await? {
                            is_at_rest = false;
                        }
                    }
                }
            }
        }
        if !is_at_rest {
            snapshots.changed().await.map_err(|_| HandleError::Closed)?;
            continue;
        }
        // Other stages of a waiting episode may be at work without a call: only quiet shows that they are not.
        match tokio::time::timeout(QUIET, snapshots.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(HandleError::Closed.into()),
            Err(_) if is_quiet(&snapshot, chosen) => return gathered(handle, &snapshot, chosen).await,
            Err(_) => {
                snapshots.changed().await.map_err(|_| HandleError::Closed)?;
            }
        }
    }
}

/// How an episode stands for whoever follows it.
enum Rest {
    Over,
    Working,
    Waiting,
}

fn standing(episode: &Episode) -> Rest {
    match &episode.life {
        Life::Cancelled(_) | Life::Rejected(_) | Life::Packaged(_) => Rest::Over,
        Life::Paused => Rest::Waiting,
        Life::Running if episode.needs.is_empty() => Rest::Working,
        Life::Running => Rest::Waiting,
    }
}

fn is_quiet(snapshot: &Snapshot, chosen: &[EpisodeNumber]) -> bool {
    let calls = snapshot.episodes.iter().filter(|e| chosen.contains(&e.number)).flat_map(|e| e.calls.values());
    calls.into_iter().all(|call| call.state != CallState::InFlight)
}

/// Answers a need, where that is decided; whether something was done.
async fn give(
    handle: &Handle,
    decider: &mut dyn Decider,
    episode: &Episode,
    open: &OpenNeed,
) -> Result<bool, CliError> {
    let Some(person) = decider.person() else { return Ok(false) };
    let command = match decider.decide(episode, open) {
        Decision::Leave => return Ok(false),
        Decision::Give(command) => command,
        Decision::SendBack { gate, hash } => {
            let note = store_note(handle, fixes_of(handle, episode).await?).await?;
            Command::SendBack {
                episode: episode.number,
                gate,
                hash,
                note,
                way: Way::Author,
                rulings: Vec::new(),
                seen: None,
            }
        }
    };
    match handle.command(person, command).await {
        Ok(_) => Ok(true),
        // What was seen has changed meanwhile; the next snapshot shows how.
        Err(HandleError::Refused(refusal)) => {
            tracing::info!(%refusal, "a decision came too late");
            Ok(true)
        }
        Err(error @ (HandleError::Invalid(_) | HandleError::Halted(_) | HandleError::Closed)) => Err(error.into()),
    }
}

/// The note that a gate's remedy begins with: the synthesiser's fixes.
async fn fixes_of(handle: &Handle, episode: &Episode) -> Result<Note, CliError> {
    let fixes = match fixes_hash(episode) {
        Some(hash) => serde_json::from_slice::<Fixes>(&handle.artifact(hash).await?)?.fixes,
        None => Vec::new(),
    };
    Ok(Note { fixes, text: "Go over the whole script once more and mend what the findings name.".to_owned() })
}

/// The latest list of fixes of an episode.
pub(super) fn fixes_hash(episode: &Episode) -> Option<ContentHash> {
    let standings = episode.standings();
    let pin = episode.pins.iter().rev().find(|pin| pin.stage.output == Contract::Fixes)?;
    standings.get(&pin.stage.id)?.output()
}

/// Keeps a note, so that a command can name it.
pub(super) async fn store_note(handle: &Handle, note: Note) -> Result<ContentHash, CliError> {
    Ok(handle.store(serde_json::to_vec(&note.visible())?).await?)
}

async fn gathered(
    handle: &Handle,
    snapshot: &Snapshot,
    chosen: &[EpisodeNumber],
) -> Result<Vec<Arc<Episode>>, CliError> {
    let mut all = Vec::new();
    for number in chosen {
        let under_way = snapshot.episodes.iter().find(|episode| episode.number == *number).cloned();
        let found = match under_way {
            Some(episode) => Some(episode),
            None => handle.past_episode(*number).await?,
        };
        all.extend(found);
    }
    Ok(all)
}

/// Tells what happened since; a listener that is gone stops nothing.
fn tell_feed(snapshot: &Snapshot, chosen: &[EpisodeNumber], told: u64, tell: &mut dyn Write) -> u64 {
    for entry in snapshot.feed.iter().filter(|entry| entry.seq > told) {
        let is_ours = entry.episode.is_some_and(|number| chosen.contains(&number));
        let is_news = match entry.tone {
            Tone::Done | Tone::Fault | Tone::Need | Tone::Decision => true,
            Tone::Work | Tone::Money => false,
        };
        if let (true, true, Some(number)) = (is_ours, is_news, entry.episode) {
            let _: std::io::Result<()> = writeln!(tell, "{number}  {}", line(&entry.text));
        }
    }
    snapshot.seq.max(told)
}

/// Prints how the episodes ended: for each that is packaged its folder, for each that waits what for and how that is answered.
pub(super) fn report(
    ended: &[Arc<Episode>],
    studio: &Path,
    flag: &str,
    context: &mut Context<'_>,
) -> Result<Ending, CliError> {
    let mut ending = Ending::Done;
    for episode in ended {
        let number = episode.number;
        let package = package::folder(context.disk().as_ref(), studio, number);
        match (&episode.life, package) {
            (Life::Packaged(_), Some(package)) => {
                writeln!(context.out, "{}", package.display())?;
                context.remark(&format!(
                    "{number} {}: packaged after {} calls in {} rounds, {:.4} USD",
                    line(&episode.title),
                    episode.calls.len(),
                    episode.round(),
                    episode.spent()
                ));
                tell_kept(context, studio, number);
            }
            (Life::Packaged(_), None) if calibration::result_of(episode).is_some() => {
                context.remark(&format!("{number} is done: greenroom{flag} judges show {} has its result", number.0));
            }
            (Life::Packaged(_), None) => {
                context.remark(&format!("{number} is packaged, and its folder is gone from {}", studio.display()));
                ending = Ending::Unsound;
            }
            (Life::Cancelled(reason) | Life::Rejected(reason), _) => {
                context.remark(&format!("{number} is {}: {}", life(&episode.life), line(reason)));
            }
            (Life::Running | Life::Paused, _) => {
                if ending == Ending::Done {
                    ending = Ending::Waiting;
                }
                if episode.life == Life::Paused {
                    context.remark(&format!("{number} is paused: greenroom{flag} episode resume {}", number.0));
                }
                for need in needs(episode, flag) {
                    context.remark(&format!("{number} waits: {}\n           {}", need.what, need.answer));
                }
            }
        }
    }
    Ok(ending)
}

/// Tells what was not replaced by a package, since not all in it was the program's own.
fn tell_kept(context: &mut Context<'_>, studio: &Path, number: EpisodeNumber) {
    for kept in package::kept(context.disk().as_ref(), studio, number) {
        context.remark(&format!(
            "{number} kept {}: it stood where the new package went and holds files that greenroom did not write, or that were \
             changed since. Take out what you need and remove the rest",
            kept.display()
        ));
    }
}
