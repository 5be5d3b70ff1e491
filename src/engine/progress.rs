//! What is happening between two events: text as it streams, units as they are done. Never kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{EpisodeNumber, StageId};

/// How much of a stream is carried, in bytes.
pub const TAIL: usize = 4_096;

/// The live side of everything that is under way; published at most 20 times a second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// By episode and stage.
    pub stages: BTreeMap<EpisodeNumber, BTreeMap<StageId, StageProgress>>,
}

/// The live side of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageProgress {
    /// The end of what has streamed, at most [`TAIL`] bytes; text from outside, which whoever shows it must clean.
    pub tail: String,
    /// Bytes of text that have streamed in all.
    pub streamed: u64,
    /// Output tokens that the provider has reported so far.
    pub tokens_out: u64,
}

impl StageProgress {
    /// Adds text that streamed and drops what no longer fits in the tail.
    pub fn push(&mut self, text: &str) {
        self.streamed = self.streamed.saturating_add(text.len() as u64);
        self.tail.push_str(text);
        if self.tail.len() > TAIL {
            let over = self.tail.len() - TAIL;
            let cut = (over..self.tail.len()).find(|at| self.tail.is_char_boundary(*at)).unwrap_or(self.tail.len());
            self.tail.drain(..cut);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_bounded_and_cut_between_characters() {
        let mut stage = StageProgress::default();
        for _ in 0..2_000 {
            stage.push("né ");
        }
        assert!(stage.tail.len() <= TAIL && stage.tail.len() > TAIL - 4);
        assert_eq!(stage.streamed, 8_000);
    }
}
