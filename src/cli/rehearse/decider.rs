//! Who decides at the gates of a rehearsal that nobody watches.

use super::Decide;
use crate::cli::context::Context;
use crate::cli::fault::CliError;
use crate::cli::follow::{Decider, Decision};
use crate::domain::command::Command;
use crate::domain::episode::{Episode, OpenNeed};
use crate::domain::event::{Actor, ItemRuling, Need, Person, Ruled, Verdict};
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::money::MicroUsd;

/// The name under which a rehearsal decides for itself.
pub(super) const NAME: &str = "rehearsal";

/// Decides at gates and leaves everything else to people.
pub(super) struct Rehearser {
    person: Person,
    how: Decide,
}

impl Rehearser {
    pub(super) fn new(context: &Context<'_>, how: Decide) -> Result<Self, CliError> {
        Ok(Self { person: Person::new(NAME, &context.os_user())?, how })
    }
}

/// Whether this is the rehearsal itself.
pub(in crate::cli) fn is_rehearser(actor: &Actor) -> bool {
    match actor {
        Actor::Person(person) => person.name() == NAME,
        Actor::Engine => false,
    }
}

/// What a rehearsal that decides for itself says of open items; it is on the record as such.
fn waived(episode: &Episode, gate: &StageId, hash: &ContentHash) -> Vec<Ruled> {
    let evaluation = episode.gates.get(gate).and_then(|state| state.evaluations.get(hash));
    let open = evaluation.map(|evaluation| evaluation.open.as_slice()).unwrap_or_default();
    let waive = |item: &String| Ruled {
        item: item.clone(),
        ruling: ItemRuling::Waive,
        reason: "a rehearsal that nobody watches".to_owned(),
    };
    open.iter().map(waive).collect()
}

impl Decider for Rehearser {
    fn person(&self) -> Option<Person> {
        Some(self.person.clone())
    }

    fn decide(&mut self, episode: &Episode, open: &OpenNeed) -> Decision {
        let Need::Gate { gate, hash } = &open.need else { return Decision::Leave };
        let evaluation = episode.gates.get(gate).and_then(|state| state.evaluations.get(hash));
        // A failed check is never approved, in a rehearsal neither.
        if evaluation.is_none_or(|evaluation| evaluation.verdict != Verdict::Person) {
            return Decision::Leave;
        }
        let can_go_back = episode.pin(gate).is_some_and(|pin| pin.stage.send_back.is_some());
        let went_back = episode.sent_back.iter().any(|sent| is_rehearser(&sent.by));
        if self.how == Decide::SendBackOnce && can_go_back && !went_back {
            return Decision::SendBack { gate: gate.clone(), hash: *hash };
        }
        let left = episode.cap().map(|cap| cap.minus(episode.committed()).max(MicroUsd::ZERO));
        Decision::Give(Command::Approve {
            episode: episode.number,
            gate: gate.clone(),
            hash: *hash,
            max_spend: left.unwrap_or(episode.projected),
            rulings: waived(episode, gate, hash),
            seen: None,
        })
    }
}
