//! The artifacts that the events of a journal name, and what each one is: by these a check finds what is missing.

use std::collections::BTreeMap;

use crate::domain::event::Event;
use crate::domain::gate::SpeechManifest;
use crate::domain::ids::ContentHash;
use crate::ledger::blobs::{BlobError, Blobs};

/// An artifact that is not as an event named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsound {
    /// Its name.
    pub hash: ContentHash,
    /// What it is, as the first event that names it says; nothing where no event does.
    pub what: Option<String>,
    /// Whether it is missing; otherwise its bytes are not those that its name says.
    pub is_missing: bool,
}

/// The artifacts that an event names, and what each is.
fn names(event: &Event) -> Vec<(ContentHash, String)> {
    match event {
        Event::EpisodeStarted { title, research, profile, .. } => vec![
            (*research, format!("the research package of “{title}”")),
            (*profile, format!("the show profile of “{title}”")),
        ],
        Event::StagePrepared { stage, units, .. } => {
            units.iter().map(|unit| (unit.request, format!("a request of {stage}"))).collect()
        }
        Event::CorrectionPrepared { stage, unit, .. } => vec![(unit.request, format!("a request of {stage}"))],
        Event::CallIntended { key, request, .. } => vec![(*request, format!("the request of the call {key}"))],
        Event::CallSettled { key, answer, .. } => vec![(*answer, format!("the paid answer to the call {key}"))],
        Event::AnswerReused { stage, answer, of, .. } => {
            vec![(*answer, format!("the paid answer to the call {of}, used again by {stage}"))]
        }
        Event::UnitAccepted { stage, output, .. } => vec![(*output, format!("a part of what {stage} made"))],
        Event::StageCompleted { stage, output, .. } => vec![(*output, format!("what {stage} handed on"))],
        Event::GateEvaluated { gate, report, .. } => vec![(*report, format!("the report of the gate {gate}"))],
        Event::OutputChosen { stage, output, parent, .. } => vec![
            (*output, format!("what was chosen for {stage}")),
            (*parent, format!("what was chosen another for at {stage}")),
        ],
        Event::SentBack { gate, note, base, .. } => vec![
            (*note, format!("the note that sent back at {gate}")),
            (*base, format!("the script that was sent back at {gate}")),
        ],
        Event::BillReconciled { bill } => vec![
            (bill.file, format!("the bill of {} from {} to {}", bill.provider, bill.from, bill.to)),
            (bill.list, format!("the calls on the bill of {} from {} to {}", bill.provider, bill.from, bill.to)),
        ],
        _ => Vec::new(),
    }
}

/// The artifacts that a journal names, gathered event by event.
#[derive(Debug, Default)]
pub(super) struct Named(BTreeMap<ContentHash, String>);

impl Named {
    pub(super) fn take(&mut self, event: &Event) {
        for (hash, what) in names(event) {
            self.0.entry(hash).or_insert(what);
        }
    }

    /// Checks every artifact that is there and every one that is named, the recordings of a speech included. Returns how many
    /// are sound, and the others.
    pub(super) fn check(mut self, blobs: &Blobs) -> Result<(u64, Vec<Unsound>), BlobError> {
        let mut left: BTreeMap<ContentHash, Option<String>> =
            blobs.iter()?.into_iter().map(|(hash, _)| (hash, None)).collect();
        left.extend(std::mem::take(&mut self.0).into_iter().map(|(hash, what)| (hash, Some(what))));
        let (mut sound, mut unsound) = (0, Vec::new());
        let mut recordings = BTreeMap::new();
        let mut one = |hash: ContentHash, what: Option<String>, inner: &mut BTreeMap<ContentHash, String>| {
            match blobs.get(&hash) {
                Ok(bytes) => {
                    sound += 1;
                    if let (Some(what), Ok(speech)) = (&what, serde_json::from_slice::<SpeechManifest>(&bytes)) {
                        let name = |line| format!("the recording of {line} in {what}");
                        inner.extend(speech.segments.into_iter().map(|part| (part.wav, name(part.line))));
                    }
                }
                Err(BlobError::Missing(_)) => unsound.push(Unsound { hash, what, is_missing: true }),
                Err(BlobError::Damaged(_)) => unsound.push(Unsound { hash, what, is_missing: false }),
                Err(error @ (BlobError::Read { .. } | BlobError::Write { .. })) => return Err(error),
            }
            Ok(())
        };
        for (hash, what) in &left {
            one(*hash, what.clone(), &mut recordings)?;
        }
        // A recording that is there was looked at above, by its name alone.
        for (hash, what) in recordings.into_iter().filter(|(hash, _)| !left.contains_key(hash)) {
            one(hash, Some(what), &mut BTreeMap::new())?;
        }
        Ok((sound, unsound))
    }
}
