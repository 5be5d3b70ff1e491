//! What handles ask for: commands are decided here, in their order; reading and storing goes to the executor.

use tokio::sync::oneshot;

use super::{Dispatcher, Tick};
use crate::domain::advance::Input;
use crate::domain::command::Command;
use crate::domain::event::{Actor, Person};
use crate::domain::ids::EpisodeNumber;
use crate::engine::handle::{HandleError, Request};
use crate::engine::workshop::Likely;

impl Dispatcher {
    pub(super) fn take_request(&mut self, tick: &mut Tick, request: Request) {
        match request {
            Request::Command(by, command, answer) => self.take_command(tick, by, *command, answer),
            Request::Begin(by, new, answer) => {
                let number = new.number.unwrap_or_else(|| self.studio.next_number());
                self.executor.begin(by, *new, number, answer);
            }
            Request::LookOver(new, asks, answer) => {
                let number = new.number.unwrap_or_else(|| self.studio.next_number());
                self.executor.look_over(*new, number, asks, answer);
            }
            Request::QuoteCheaper(number, stage, answer) => {
                self.executor.quote_cheaper(self.studio.episodes.get(&number).cloned(), stage, answer);
            }
            Request::Started(by, start, wanted, answer) => {
                // Others may have been started while this one was read: the number is drawn now, where none was asked for.
                let number = wanted.unwrap_or_else(|| self.free_number(tick));
                let start = Box::new(start.numbered(number));
                let (written, waits) = oneshot::channel();
                self.take_command(tick, by, Command::Start(start), written);
                self.executor.pass_on(waits, answer, number);
            }
            Request::Artifact(hash, answer) => self.executor.artifact(hash, answer),
            Request::Store(bytes, answer) => self.executor.store(bytes, answer),
            Request::Past(answer) => self.executor.beside(self.past.list(answer)),
            Request::PastEpisode(number, answer) => self.executor.beside(self.past.episode(number, answer)),
            Request::Likely(number, answer) => match self.studio.episodes.get(&number) {
                Some(episode) => self.executor.likely(std::sync::Arc::clone(episode), answer),
                // Whoever asked may have gone.
                None => drop(answer.send(Ok(Likely::default()))),
            },
            Request::ReadDraft(name, answer) => self.executor.read_draft(name, answer),
            Request::KeepDraft(name, text, answer) => self.executor.keep_draft(name, text, answer),
            Request::Broken(what) => self.halt(what),
            Request::Shutdown(answer) => self.close(Some(answer)),
        }
    }

    /// The lowest number above all that were used, also by what is about to start in the same batch.
    fn free_number(&self, tick: &Tick) -> EpisodeNumber {
        let starting = tick.inputs.iter().filter_map(|input| match input {
            Input::Asked(_, Command::Start(start)) => Some(EpisodeNumber(start.episode.0.saturating_add(1))),
            Input::Asked(..) | Input::Noted(_) | Input::Came(_) => None,
        });
        starting.max().map_or(self.studio.next_number(), |next| next.max(self.studio.next_number()))
    }

    fn take_command(
        &mut self,
        tick: &mut Tick,
        by: Person,
        command: Command,
        answer: oneshot::Sender<Result<u64, HandleError>>,
    ) {
        let refused = match (&self.halted, &self.closing) {
            (Some(halted), _) => Some(HandleError::Halted(halted.clone())),
            (None, Some(_)) => Some(HandleError::Closed),
            (None, None) => self.unsound(&command).map(HandleError::Invalid),
        };
        if let Some(refused) = refused {
            // Whoever asked may have gone.
            let _ = answer.send(Err(refused));
            return;
        }
        tick.inputs.push(Input::Asked(Actor::Person(by), command));
        tick.answers.push(answer);
    }
}
