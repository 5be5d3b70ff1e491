//! The answer key of a studio: what was planted in each script that it wrote, by the script's hash.
//!
//! Tests hold judges against it. It is kept in this process and served to nobody, so that no agent can look it up.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::author::{Key, Planted};
use crate::domain::accept::is_verbatim;
use crate::domain::ids::ContentHash;
use crate::domain::script::Script;

/// The answer key.
#[derive(Debug, Default)]
pub(super) struct AnswerKey(Mutex<BTreeMap<ContentHash, Vec<Planted>>>);

impl AnswerKey {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ContentHash, Vec<Planted>>> {
        // Entries stay sound through a panic elsewhere: each is inserted whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what is known of a script. Of a revision it is what the revised one had and still says.
    pub(super) fn keep(&self, key: Key) {
        let mut known = self.lock();
        match key {
            Key::Drafted(script, planted) => {
                known.insert(hash(&script), planted);
            }
            Key::Revised(base, next) => {
                let Some(had) = known.get(&hash(&base)).cloned() else { return };
                let stands = |planted: &Planted| {
                    next.lines().any(|line| line.id == planted.line && is_verbatim(&planted.quote, &line.text))
                };
                known.insert(hash(&next), had.into_iter().filter(stands).collect());
            }
        }
    }

    /// Everything that is known.
    pub(super) fn read(&self) -> BTreeMap<ContentHash, Vec<Planted>> {
        self.lock().clone()
    }
}

/// The hash under which a ledger keeps the script.
fn hash(script: &Script) -> ContentHash {
    ContentHash::of(&serde_json::to_vec(script).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::handoff::FaultKind;
    use crate::domain::ids::LineId;
    use crate::domain::script::{Line, Segment};

    fn script(text: &str) -> Script {
        let line = Line { id: LineId(1), speaker: "HOST".into(), text: text.into(), pause_ms: 0, claims: vec![] };
        Script {
            title: "T".into(),
            segments: vec![Segment { id: "hook".into(), title: "H".into(), lines: vec![line] }],
        }
    }

    #[test]
    fn a_revision_keeps_what_it_still_says() {
        let planted = |quote: &str| Planted { kind: FaultKind::Brand, line: LineId(1), quote: quote.into() };
        let (both, one) = (script("A fault. Another fault."), script("Another fault."));
        let key = AnswerKey::default();
        key.keep(Key::Revised(script("unknown"), one.clone()));
        assert!(key.read().is_empty(), "of a strange script nothing is known");
        key.keep(Key::Drafted(both.clone(), vec![planted("A fault."), planted("Another fault.")]));
        key.keep(Key::Revised(both.clone(), one.clone()));
        let known = key.read();
        assert_eq!(known[&hash(&both)].len(), 2);
        assert_eq!(known[&hash(&one)], [planted("Another fault.")]);
    }
}
