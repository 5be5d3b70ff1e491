//! What waits for a person. Not for how it is answered: that is a command.

use serde::{Deserialize, Serialize};

use super::budget::Scope;
use super::ids::{ContentHash, IntentKey, StageId};
use super::money::MicroUsd;

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A gate wants a decision on this content.
    Gate {
        /// The gate.
        gate: StageId,
        /// What the decision binds to.
        hash: ContentHash,
    },
    /// Whether a call was charged is not known.
    Charge {
        /// The call.
        key: IntentKey,
    },
    /// A cap stands in the way of the next call.
    Cap {
        /// The stage that waits.
        stage: StageId,
        /// The cap.
        scope: Scope,
        /// Its limit.
        cap: MicroUsd,
        /// What is spent and reserved under it.
        committed: MicroUsd,
        /// What the call may cost.
        worst: MicroUsd,
    },
    /// A stage cannot go on by itself.
    Retries {
        /// The stage.
        stage: StageId,
        /// What went wrong.
        reason: String,
    },
    /// A call was paid for and this version cannot read its answer, which is kept.
    Unread {
        /// The call.
        key: IntentKey,
        /// What the reader stumbled on.
        reason: String,
    },
    /// A provider billed above the reservation: no further spending until a person has seen it.
    OverBilled {
        /// The call.
        key: IntentKey,
        /// What was reserved.
        reserved: MicroUsd,
        /// What was billed.
        billed: MicroUsd,
    },
}

impl Need {
    /// A name that is the same for the same need, so that a bell rings once and an answer finds it.
    pub fn id(&self) -> String {
        match self {
            Self::Gate { gate, hash } => format!("gate:{gate}:{}", hash.short()),
            Self::Charge { key } => format!("charge:{key}"),
            Self::Cap { stage, scope, .. } => format!("cap:{stage}:{scope}"),
            Self::Retries { stage, .. } => format!("retries:{stage}"),
            Self::Unread { key, .. } => format!("unread:{key}"),
            Self::OverBilled { key, .. } => format!("billed:{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::EpisodeNumber;

    #[test]
    fn a_need_keeps_its_id_while_its_amounts_move() {
        let cap = |committed| Need::Cap {
            stage: "voice".parse().unwrap(),
            scope: Scope::Episode(EpisodeNumber(4)),
            cap: MicroUsd(10),
            committed: MicroUsd(committed),
            worst: MicroUsd(5),
        };
        assert_eq!(cap(6).id(), "cap:voice:episode:004");
        assert_eq!(cap(6).id(), cap(9).id());
    }
}
