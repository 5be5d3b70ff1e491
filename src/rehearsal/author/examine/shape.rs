//! Faults of shape, which show only among other lines: a look back at what comes later, a promise that nobody keeps,
//! something said twice, an opening that clears its throat.

use std::collections::BTreeMap;

use super::{Fault, phrase};
use crate::domain::handoff::FaultKind;
use crate::domain::ids::LineId;
use crate::domain::script::{Line, Script};
use crate::rehearsal::author::text::{runs, sentences, spoken};

/// What a look back begins with; the title of a part follows.
const LOOKS_BACK: &str = "as we heard in the part called ";
/// What a promise begins with; what is promised follows, up to the next mark.
const PROMISES: &str = "before we stop, we will come to ";
/// Words that greet and give no reason to stay.
const GREETINGS: &[&str] = &["hello and welcome", "welcome to", "welcome back", "before we begin"];
/// So many words in a row that were said before are a repetition.
const REPEATED: usize = 8;

/// The faults of a script's shape.
pub(super) fn faults(script: &Script) -> Vec<(LineId, Fault)> {
    let mut found = Vec::new();
    let lines: Vec<&Line> = script.lines().collect();
    if let Some(first) = lines.first() {
        for sentence in sentences(&first.text) {
            if let Some((at, said)) = phrase(sentence, &[], GREETINGS) {
                found.push((first.id, Fault::new(FaultKind::Opening, sentence, at, said)));
            }
        }
    }
    for (part, segment) in script.segments.iter().enumerate() {
        for line in &segment.lines {
            looks_back(script, part, line, &mut found);
        }
    }
    for (nth, line) in lines.iter().enumerate() {
        let later = lines.get(nth + 1..).unwrap_or_default();
        promises(line, later, &mut found);
    }
    repetitions(&lines, &mut found);
    found
}

fn looks_back(script: &Script, part: usize, line: &Line, found: &mut Vec<(LineId, Fault)>) {
    for sentence in sentences(&line.text) {
        let lower = sentence.to_ascii_lowercase();
        let Some(at) = lower.find(LOOKS_BACK) else { continue };
        let named = sentence.get(at + LOOKS_BACK.len()..).unwrap_or_default();
        // The longest title that fits, since a title can begin like another.
        let titles = script.segments.iter().enumerate().map(|(index, segment)| (index, spoken(&segment.title)));
        let told = titles.filter(|(_, title)| !title.is_empty() && named.starts_with(title.as_str()));
        if let Some((index, title)) = told.max_by_key(|(_, title)| title.len())
            && index > part
        {
            found.push((line.id, Fault::new(FaultKind::Order, sentence, at, title)));
        }
    }
}

fn promises(line: &Line, later: &[&Line], found: &mut Vec<(LineId, Fault)>) {
    for sentence in sentences(&line.text) {
        let lower = sentence.to_ascii_lowercase();
        let Some(at) = lower.find(PROMISES) else { continue };
        let rest = lower.get(at + PROMISES.len()..).unwrap_or_default();
        let promised = rest.split([',', '.', ';', ':', '!', '?']).next().unwrap_or_default().trim().to_owned();
        if !promised.is_empty() && !later.iter().any(|line| line.text.to_ascii_lowercase().contains(&promised)) {
            found.push((line.id, Fault::new(FaultKind::Missing, sentence, at, promised)));
        }
    }
}

/// What a line states in words that an earlier one has stated.
fn repetitions(lines: &[&Line], found: &mut Vec<(LineId, Fault)>) {
    let mut said: BTreeMap<String, LineId> = BTreeMap::new();
    for line in lines {
        let stated = |sentence: &str| -> Vec<String> {
            let sourced: Vec<String> =
                line.claims.iter().flat_map(|claim| runs(&spoken(&claim.excerpt), REPEATED)).collect();
            runs(sentence, REPEATED).into_iter().filter(|run| sourced.contains(run)).collect()
        };
        let mut own = Vec::new();
        for sentence in sentences(&line.text) {
            let stated = stated(sentence);
            if let Some(earlier) = stated.iter().find_map(|run| said.get(run)) {
                found.push((line.id, Fault::new(FaultKind::Padding, sentence, 0, earlier.to_string())));
            }
            own.extend(stated);
        }
        for run in own {
            said.entry(run).or_insert(line.id);
        }
    }
}
