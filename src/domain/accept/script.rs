//! The contracts that make or follow a script: the draft, the revision and the speech text.

use std::collections::BTreeSet;

use super::form::{self, Spotted, is_blank, repeated};
use super::{Accepted, Context, Rejection, artifact};
use crate::domain::handoff::{Draft, Note, Revision, SpeechText};
use crate::domain::ids::LineId;
use crate::domain::script::{Line, Script};

/// Holds a draft to its contract. What goes on is the script alone; the claimed count stays beside the measured one.
pub(super) fn draft(draft: Draft, context: &Context<'_>) -> Result<Accepted, Rejection> {
    let mut script = draft.script;
    for line in script.segments.iter_mut().flat_map(|segment| &mut segment.lines) {
        line.text = form::spoken(&line.text);
    }
    let planned: Option<Vec<&str>> = context.plan.map(|p| p.segments.iter().map(|s| s.id.as_str()).collect());
    let faults = faults_of_draft(&script, context, planned.as_deref());
    Rejection::unless_empty(faults.into_iter().map(|spotted| spotted.words).collect())?;
    accepted(&script, Some(draft.claimed_words))
}

/// The faults of a whole script that someone wrote, in these segments where they are known.
pub(super) fn faults_of_draft(script: &Script, context: &Context<'_>, segments: Option<&[&str]>) -> Vec<Spotted> {
    let mut faults = faults(script, context, segments);
    let ids: Vec<LineId> = script.lines().map(|line| line.id).collect();
    if let Some((earlier, later)) = ids.iter().zip(ids.iter().skip(1)).find(|(earlier, later)| earlier > later) {
        let words = format!("{later} stands after {earlier}: ids rise through the script");
        faults.push(Spotted { line: Some(*later), words });
    }
    for id in repeated(script.segments.iter().map(|segment| segment.id.as_str())) {
        faults.push(Spotted { line: None, words: format!("`{id}` is the id of two segments") });
    }
    faults
}

/// Holds a revision to its contract: only named lines change, and the whole is a sound script again.
pub(super) fn revision(revision: &Revision, base: &Script, context: &Context<'_>) -> Result<Accepted, Rejection> {
    let nothing = Note::default();
    let note = context.fixes.unwrap_or(&nothing);
    let known: BTreeSet<LineId> = base.lines().map(|line| line.id).collect();
    let mut faults = Vec::new();
    let given = || revision.lines.iter().map(|line| line.id);
    for id in repeated(given().chain(revision.removed.iter().copied())) {
        faults.push(format!("{id} is given twice, or is both given and removed"));
    }
    for id in given().chain(revision.removed.iter().copied()).filter(|id| !known.contains(id)) {
        faults.push(format!("{id} is no line of the script: no line can be added, and only its own can go"));
    }
    for declined in &revision.declined {
        if !note.fixes.iter().any(|fix| fix.id == declined.fix) {
            faults.push(format!("there is no fix `{}` to decline", declined.fix));
        }
        if is_blank(&declined.reason) {
            faults.push(format!("`{}` is declined without a reason", declined.fix));
        }
    }
    // The form of the whole is not looked at before the lines are known to be the right ones.
    Rejection::unless_empty(faults)?;
    let as_spoken = |line: &Line| Line { text: form::spoken(&line.text), ..line.clone() };
    let clean = Revision { lines: revision.lines.iter().map(as_spoken).collect(), ..revision.clone() };
    let script = apply_revision(base, &clean);
    if is_blank(&note.text) {
        let named: Vec<_> = note.fixes.iter().map(|fix| fix.from..=fix.to).collect();
        let outside = script.outside(base, &named);
        Rejection::unless_empty(outside.iter().map(|id| format!("{id} changes and no fix names it")).collect())?;
    }
    let segments: Vec<&str> = base.segments.iter().map(|segment| segment.id.as_str()).collect();
    let faults = self::faults(&script, context, Some(&segments));
    Rejection::unless_empty(faults.into_iter().map(|spotted| spotted.words).collect())?;
    accepted(&script, None)
}

/// The script with the lines of a revision in the place of those with the same ids, and without the removed ones.
/// Nothing else changes: no line is added or moved, titles and segments stay.
pub fn apply_revision(base: &Script, revision: &Revision) -> Script {
    let mut script = base.clone();
    for segment in &mut script.segments {
        segment.lines.retain(|line| !revision.removed.contains(&line.id));
        for line in &mut segment.lines {
            if let Some(new) = revision.lines.iter().find(|new| new.id == line.id) {
                line.clone_from(new);
            }
        }
    }
    script
}

/// Holds a speech text to its contract: an entry for each line of the script, in its order, fit to be said.
pub(super) fn speech_text(mut speech: SpeechText, script: &Script) -> Result<Accepted, Rejection> {
    for line in &mut speech.lines {
        line.text = form::spoken(&line.text);
    }
    Rejection::unless_empty(form::speech_text(&speech, script))?;
    Ok(Accepted { artifact: artifact(&speech)?, words: None, claimed_words: None })
}

/// Without a research package there is nothing to cite, so that every claim is a fault.
fn faults(script: &Script, context: &Context<'_>, segments: Option<&[&str]>) -> Vec<Spotted> {
    let nothing = crate::domain::research::Research::default();
    let research = context.research.unwrap_or(&nothing);
    form::script(script, context.speakers, Some(research), segments)
}

fn accepted(script: &Script, claimed_words: Option<u64>) -> Result<Accepted, Rejection> {
    Ok(Accepted { artifact: artifact(script)?, words: Some(script.measure().words), claimed_words })
}
