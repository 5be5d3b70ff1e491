//! Notes that people keep writing, offered as guardrails.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::cluster;
use super::words::one_line;
use crate::domain::ids::EpisodeNumber;

/// In how many episodes a note must have been written to be offered.
const EPISODES_OF_A_GUARDRAIL: usize = 3;

/// A guardrail that people's notes suggest. It is an offer: a person takes it, rewords it or leaves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The note that is most like all the others.
    pub text: String,
    /// The episodes it was written in, rising.
    pub episodes: Vec<EpisodeNumber>,
    /// All the notes, each once, in the order of their episodes.
    pub notes: Vec<String>,
}

/// The notes that were written, in these or like words, in at least three episodes; those of the most episodes first.
pub fn repeated_notes(notes: &[(EpisodeNumber, String)]) -> Vec<Proposal> {
    let mut notes: Vec<(EpisodeNumber, String)> =
        notes.iter().map(|(episode, note)| (*episode, one_line(note))).collect();
    notes.sort();
    let texts: Vec<&str> = notes.iter().map(|(_, note)| note.as_str()).collect();
    let mut proposals: Vec<Proposal> = cluster::of(&texts)
        .into_iter()
        .filter_map(|cluster| {
            let members = cluster.members.iter().filter_map(|at| notes.get(*at));
            let episodes: BTreeSet<EpisodeNumber> = members.clone().map(|(episode, _)| *episode).collect();
            let mut seen = BTreeSet::new();
            let notes = members.filter(|(_, note)| seen.insert(note.as_str())).map(|(_, note)| note.clone());
            Some(Proposal {
                text: (*texts.get(cluster.centre)?).to_owned(),
                episodes: episodes.into_iter().collect(),
                notes: notes.collect(),
            })
        })
        .filter(|proposal| proposal.episodes.len() >= EPISODES_OF_A_GUARDRAIL)
        .collect();
    proposals.sort_by(|a, b| b.episodes.len().cmp(&a.episodes.len()).then_with(|| a.text.cmp(&b.text)));
    proposals
}
