//! The driver: one loop that selects what comes next, hands it to `update`, carries out its effects and draws.
//!
//! It owns the console's clock and tasks. Not for decisions: those are in [`super::update`].

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::frames::{Frames, Urgency};
use super::input::{Input, InputSource, TerminalInput};
use super::model::Model;
use super::msg::{Action, Effect, Msg};
use super::options::{ConsoleOptions, TuiError};
use super::tasks::Tasks;
use super::terminal::{Guard, driving};
use super::update::{deadline, done, update};
use super::view::view;
use crate::config::persons;
use crate::domain::command::Command;
use crate::domain::event::{Person, Provenance};
use crate::engine::handle::{Handle, HandleError};

/// What is told where a task of the console panics.
const BROKEN: &str = "the program failed while it did this, which is a fault of its own";

/// How long the end waits for what was asked for and not answered yet.
const LAST_MS: u64 = 3_000;

/// Runs the console on standard output until the person or the caller ends it. The engine goes on: whoever holds the
/// handle shuts it down.
///
/// # Errors
///
/// When standard output is no terminal, or the terminal fails.
pub async fn run(handle: Handle, options: ConsoleOptions) -> Result<(), TuiError> {
    let mut guard = Guard::take()?;
    let driver = Driver::new(handle, &options, &guard)?;
    let ended = driving(driver.drive(&mut guard, TerminalInput::default(), &options)).await;
    drop(guard);
    ended
}

struct Driver {
    handle: Handle,
    config: PathBuf,
    provenance: Provenance,
    model: Model,
    frames: Frames,
    started: Instant,
    tasks: Tasks,
    /// Drafts that wait for the one that is being written: they are written one after the other.
    drafts: VecDeque<(String, Option<String>)>,
    is_writing: bool,
    quit: bool,
}

#[expect(clippy::disallowed_methods, reason = "the driver of the console owns its clock and hands the time in")]
fn wall() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "the driver of the console owns its clock and hands the time in")]
fn monotonic() -> Instant {
    Instant::now()
}

impl Driver {
    fn new(handle: Handle, options: &ConsoleOptions, guard: &Guard) -> Result<Self, TuiError> {
        let size = guard.terminal.size()?;
        Ok(Self {
            handle,
            config: options.config.clone(),
            provenance: options.provenance,
            model: Model::new(options, size.width, size.height, wall()),
            frames: Frames::new(options.fps),
            started: monotonic(),
            tasks: Tasks::default(),
            drafts: VecDeque::new(),
            is_writing: false,
            quit: false,
        })
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(monotonic().saturating_duration_since(self.started).as_millis()).unwrap_or(u64::MAX)
    }

    async fn drive(
        mut self,
        guard: &mut Guard,
        mut input: impl InputSource,
        options: &ConsoleOptions,
    ) -> Result<(), TuiError> {
        let mut snapshots = self.handle.snapshots();
        let mut progress = self.handle.progress();
        let mut notices = self.handle.notices();
        let mut is_open = true;
        let first = Arc::clone(&snapshots.borrow_and_update());
        self.take(guard, Msg::Snapshot(first), Urgency::Key)?;
        while !self.quit {
            let wake = [self.frames.due(), deadline(&self.model)].into_iter().flatten().min();
            let wake_at = self.started + Duration::from_millis(wake.unwrap_or(0));
            tokio::select! {
                biased;
                () = options.shutdown.cancelled() => self.take(guard, Msg::Shutdown, Urgency::Key)?,
                came = input.next() => match came {
                    None => self.take(guard, Msg::Shutdown, Urgency::Key)?,
                    Some(Err(error)) => {
                        self.take(guard, Msg::Shutdown, Urgency::Key)?;
                        // The terminal's own fault is told first.
                        let _ = self.last_words().await;
                        return Err(error.into());
                    }
                    Some(Ok(Input::Key { key, repeat })) => self.take(guard, Msg::Key { key, repeat }, Urgency::Key)?,
                    Some(Ok(Input::Paste(text))) => self.take(guard, Msg::Paste(text), Urgency::Key)?,
                    Some(Ok(Input::Resize { columns, rows })) => {
                        self.take(guard, Msg::Resize { columns, rows }, Urgency::Key)?;
                    }
                },
                // Frames and deadlines come before streams, so that a flood of text does not hold them up.
                () = tokio::time::sleep_until(wake_at), if wake.is_some() => self.woken(guard)?,
                told = notices.recv(), if is_open => match told {
                    Ok(notice) => self.take(guard, Msg::Notice(notice), Urgency::Stream)?,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => is_open = false,
                },
                Some(msg) = self.tasks.next() => {
                    self.landed(&msg);
                    self.take(guard, msg, Urgency::Key)?;
                }
                changed = snapshots.changed(), if is_open => match changed {
                    Ok(()) => {
                        let snapshot = Arc::clone(&snapshots.borrow_and_update());
                        self.take(guard, Msg::Snapshot(snapshot), Urgency::Stream)?;
                    }
                    Err(_) => {
                        is_open = false;
                        self.take(guard, Msg::Closed, Urgency::Key)?;
                    }
                },
                changed = progress.changed(), if is_open => {
                    if changed.is_ok() {
                        let streamed = Arc::clone(&progress.borrow_and_update());
                        self.take(guard, Msg::Progress(streamed), Urgency::Stream)?;
                    } else {
                        is_open = false;
                        self.take(guard, Msg::Closed, Urgency::Key)?;
                    }
                }
            }
        }
        self.last_words().await.map_or(Ok(()), |what| Err(TuiError::Draft(what)))
    }

    /// A frame or a deadline has come due.
    fn woken(&mut self, guard: &mut Guard) -> Result<(), TuiError> {
        let now = self.now_ms();
        if deadline(&self.model).is_some_and(|due| due <= now) {
            self.take(guard, Msg::Tick { now: wall(), mono_ms: now }, Urgency::Stream)?;
        }
        if self.frames.due().is_some_and(|due| due <= now) {
            self.draw(guard)?;
            self.frames.drawn(now);
        }
        Ok(())
    }

    fn draw(&mut self, guard: &mut Guard) -> Result<(), TuiError> {
        crossterm::execute!(std::io::stdout(), BeginSynchronizedUpdate)?;
        let model = &self.model;
        let drawn = guard.terminal.draw(|frame| view(model, frame.buffer_mut())).map(|_| ());
        crossterm::execute!(std::io::stdout(), EndSynchronizedUpdate)?;
        Ok(drawn?)
    }

    /// Hands a message in with the time, and carries out what comes of it.
    fn take(&mut self, guard: &mut Guard, msg: Msg, urgency: Urgency) -> Result<(), TuiError> {
        let now = self.now_ms();
        let mut effects = update(&mut self.model, Msg::Tick { now: wall(), mono_ms: now });
        effects.extend(update(&mut self.model, msg));
        for effect in effects {
            self.perform(guard, effect)?;
        }
        guard.tell_all_keys(self.model.wants_an_answer())?;
        self.frames.want(now, urgency);
        Ok(())
    }

    fn perform(&mut self, guard: &mut Guard, effect: Effect) -> Result<(), TuiError> {
        let handle = self.handle.clone();
        match effect {
            Effect::LoadPast => {
                let broken = Msg::Past(Err(BROKEN.to_owned()));
                self.tasks.spawn(broken, async move { Msg::Past(handle.past().await.map_err(said)) });
            }
            Effect::LoadPastEpisode(number) => {
                let broken = Msg::PastEpisode(number, Err(BROKEN.to_owned()));
                let load = async move { Msg::PastEpisode(number, handle.past_episode(number).await.map_err(said)) };
                self.tasks.spawn(broken, load);
            }
            Effect::LoadLikely(number) => {
                let broken = Msg::Likely(number, Err(BROKEN.to_owned()));
                let load = async move { Msg::Likely(number, handle.likely(number).await.map_err(said)) };
                self.tasks.spawn(broken, load);
            }
            Effect::LoadArtifact { hash, reads } => {
                let broken = Msg::Artifact { hash, reads, result: Err(BROKEN.to_owned()) };
                let load =
                    async move { Msg::Artifact { hash, reads, result: handle.artifact(hash).await.map_err(said) } };
                self.tasks.spawn(broken, load);
            }
            Effect::ReadDraft(name) => {
                let broken = Msg::Draft(name.clone(), Err(BROKEN.to_owned()));
                let load = async move { Msg::Draft(name.clone(), handle.read_draft(name).await.map_err(said)) };
                self.tasks.spawn(broken, load);
            }
            Effect::KeepDraft(name, text) => {
                self.drafts.push_back((name, text));
                self.write_next();
            }
            Effect::KeepName(name) => {
                let config = self.config.clone();
                self.tasks.spawn(Msg::NameKept(Err(BROKEN.to_owned())), async move {
                    let kept = tokio::task::spawn_blocking(move || persons::keep_name(&config, &name)).await;
                    let kept =
                        kept.map_err(|_| BROKEN.to_owned()).and_then(|kept| kept.map_err(|error| error.to_string()));
                    Msg::NameKept(kept)
                });
            }
            Effect::LookOver(new) => {
                let broken = Msg::LookedOver { new: new.clone(), found: Err(BROKEN.to_owned()) };
                self.tasks.spawn(broken, async move {
                    let found = handle.look_over((*new).clone(), true).await.map_err(said);
                    Msg::LookedOver { new, found }
                });
            }
            Effect::Quote(episode, stage) => {
                let broken = Msg::Quoted { episode, stage: stage.clone(), found: Err(BROKEN.to_owned()) };
                self.tasks.spawn(broken, async move {
                    let found = handle.quote_cheaper(episode, stage.clone()).await.map_err(said);
                    Msg::Quoted { episode, stage, found }
                });
            }
            Effect::Act(action) => {
                let (person, provenance) = (self.model.shared.settings.person.clone(), self.provenance);
                let unknown = format!("{BROKEN}; look whether it was done before you ask again");
                let broken = Msg::Acted { action: action.clone(), result: Err(unknown) };
                self.tasks.spawn(broken, async move {
                    let result = act(&handle, person, &action, provenance).await.map_err(said);
                    Msg::Acted { action, result }
                });
            }
            Effect::Bell => guard.bell()?,
            Effect::Redraw => guard.clear()?,
            Effect::Quit => self.quit = true,
        }
        Ok(())
    }

    /// Begins to write the next draft, unless one is being written.
    fn write_next(&mut self) {
        if self.is_writing {
            return;
        }
        if let Some((name, text)) = self.drafts.pop_front() {
            self.is_writing = true;
            let handle = self.handle.clone();
            let broken = Msg::DraftKept(Err(BROKEN.to_owned()));
            let keep = async move { Msg::DraftKept(handle.keep_draft(name, text).await.map_err(said)) };
            self.tasks.spawn(broken, keep);
        }
    }

    fn landed(&mut self, msg: &Msg) {
        if matches!(msg, Msg::DraftKept(..)) {
            self.is_writing = false;
            self.write_next();
        }
    }

    /// At the end: what was asked for and every draft is waited for, but not for ever. Says what of a note is not kept.
    async fn last_words(&mut self) -> Option<String> {
        let mut lost = None;
        let waits = async {
            while let Some(msg) = self.tasks.next().await {
                self.landed(&msg);
                if let Msg::DraftKept(Err(why)) = msg {
                    lost = Some(why);
                }
            }
        };
        // What is late was sent and stands in the ledger; only its answer is not shown.
        let is_late = tokio::time::timeout(Duration::from_millis(LAST_MS), waits).await.is_err();
        let late = || format!("it took longer than {} s", LAST_MS / 1_000);
        lost.or_else(|| (is_late && self.is_writing).then(late))
    }
}

fn said(error: HandleError) -> String {
    error.to_string()
}

/// Carries out an act; the answer is in words.
async fn act(handle: &Handle, by: Person, action: &Action, provenance: Provenance) -> Result<String, HandleError> {
    match action {
        Action::Command(command) => handle.command(by, command.clone()).await.map(|_| done(action, provenance)),
        Action::SendBack { episode, gate, hash, note, way, rulings, seen } => {
            let note = handle.store(note.clone()).await?;
            let command = Command::SendBack {
                episode: *episode,
                gate: gate.clone(),
                hash: *hash,
                note,
                way: *way,
                rulings: rulings.clone(),
                seen: *seen,
            };
            handle.command(by, command).await.map(|_| done(action, provenance))
        }
        Action::Begin(new) => handle.begin(by, new.clone()).await.map(|number| format!("Episode {number} was begun.")),
    }
}
