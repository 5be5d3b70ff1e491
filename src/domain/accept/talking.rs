//! The contracts of panels: a turn, a choice of the speaker, and what panels hand on.

use super::Context;
use super::form::{blanks, is_blank, repeated};
use super::planning::passages;
use crate::domain::handoff::{Angle, ResearchNotes, Selection, Turn};

/// The most characters of what a seat says or proposes: all turns together are read at every further one.
const MOST_SAID: usize = 6_000;

/// The faults of a turn: it says something, is of a bearable length, and names a seat of the panel or none.
pub(super) fn turn(turn: &Turn, context: &Context<'_>) -> Vec<String> {
    let mut faults = blanks(&[("said", &turn.said)]);
    for (name, text) in [("said", &turn.said), ("proposal", &turn.proposal)] {
        if text.chars().count() > MOST_SAID {
            faults.push(format!("`{name}` has more than {MOST_SAID} characters"));
        }
    }
    if turn.unmet.iter().any(|unmet| is_blank(unmet)) {
        faults.push("`unmet` has an entry that says nothing".to_owned());
    }
    if let Some(next) = &turn.next {
        faults.extend(seat("next", next, context));
    }
    faults
}

/// The faults of a choice: the seat exists, unless nobody is to speak any more.
pub(super) fn selection(choice: &Selection, context: &Context<'_>) -> Vec<String> {
    let mut faults = blanks(&[("why", &choice.why)]);
    // At the last word an unknown seat is taken as no choice: the one after the last speaker goes on.
    if !choice.done && !context.is_last_word {
        faults.extend(seat("next", &choice.next, context));
    }
    faults
}

fn seat(place: &str, name: &str, context: &Context<'_>) -> Option<String> {
    let is_known = context.seats.iter().any(|seat| seat == name);
    let shown: String = name.chars().take(60).collect();
    (!is_known).then(|| format!("`{place}`: `{shown}` is no seat of this panel: it has {}", context.seats.join(", ")))
}

/// The faults of angles: each has its id and rests on passages, and the chosen one is among them.
pub(super) fn angle(answer: &Angle, context: &Context<'_>) -> Vec<String> {
    let mut faults = blanks(&[("why", &answer.why)]);
    if answer.angles.is_empty() {
        faults.push("`angles` is empty".to_owned());
    }
    for id in repeated(answer.angles.iter().map(|idea| idea.id.as_str())) {
        faults.push(format!("`{id}` is the id of two angles"));
    }
    if !answer.angles.iter().any(|idea| idea.id == answer.chosen) {
        faults.push("`chosen` is the id of no angle".to_owned());
    }
    for idea in &answer.angles {
        if is_blank(&idea.angle) {
            faults.push(format!("angle `{}` says nothing", idea.id));
        }
        faults.extend(passages(&format!("angle `{}`", idea.id), &idea.passages, context));
    }
    faults
}

/// The faults of research notes: each names its gap, says what was found, and rests on passages.
pub(super) fn notes(answer: &ResearchNotes, context: &Context<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, note) in answer.notes.iter().enumerate() {
        if is_blank(&note.gap) || is_blank(&note.finding) {
            faults.push(format!("/notes/{index}: `gap` and `finding` must say something"));
        }
        if note.passages.is_empty() {
            faults.push(format!("/notes/{index}: a finding needs a passage; what has none belongs into `still_open`"));
        }
        faults.extend(passages(&format!("/notes/{index}"), &note.passages, context));
    }
    faults
}
