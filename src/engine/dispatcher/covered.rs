//! What a signature at a gate covers is there, byte for byte, at the moment of signing: a person answers for what can be read.

use super::Dispatcher;
use crate::domain::command::Command;
use crate::domain::gate::SpeechManifest;
use crate::domain::handoff::Contract;
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};

impl Dispatcher {
    /// What is missing or damaged of the content that this command would sign, in words; `None` where all of it is sound, and
    /// for every other command.
    pub(super) fn unsound(&self, command: &Command) -> Option<String> {
        let (Command::Approve { episode, gate, .. } | Command::Override { episode, gate, .. }) = command else {
            return None;
        };
        let faults: Vec<String> = self
            .covered(*episode, gate)
            .into_iter()
            .filter_map(|(what, hash)| Some(format!("{what}: {}", self.executor.fault_of(&hash)?)))
            .collect();
        if faults.is_empty() {
            return None;
        }
        Some(format!(
            "nothing was signed, since what the signature would cover is not all there. {}. Bring the artifacts back from an \
             export of this studio; `greenroom ledger verify` names all that are missing",
            faults.join("; ")
        ))
    }

    /// What a gate judges: what the stages before it handed on, the recordings that these name, and the report.
    fn covered(&self, number: EpisodeNumber, gate: &StageId) -> Vec<(String, ContentHash)> {
        let Some(episode) = self.studio.episodes.get(&number) else { return Vec::new() };
        let standings = episode.standings();
        let Some(inputs) = standings.get(gate).and_then(|standing| standing.inputs()) else { return Vec::new() };
        let mut covered = Vec::new();
        for (stage, output) in &inputs.upstream {
            covered.push((format!("what {stage} handed on"), *output));
            if episode.pin(stage).is_some_and(|pin| pin.stage.output == Contract::Speech)
                && let Some(speech) = self.executor.read_json::<SpeechManifest>(output)
            {
                let lines = speech.segments.into_iter();
                covered.extend(lines.map(|segment| (format!("the recording of {}", segment.line), segment.wav)));
            }
        }
        let evaluation = episode.gates.get(gate).and_then(|state| state.evaluations.get(&inputs.hash));
        covered.extend(evaluation.map(|evaluation| ("the report of the gate".to_owned(), evaluation.report)));
        covered
    }
}
