//! The reviser: does what the fixes say, within the lines that they name, and leaves everything else as it stands.
//!
//! A fix in the judges' own words is followed exactly. A fix that a person wrote or edited is followed visibly: words
//! after `say:` or in double quotes take the line's place, anything else softens the line. A fix of the computed checks is
//! followed by what the line shows. By its temper it may stray from its lines. Not for how a fault is mended: that is `mend`.

mod mend;
#[cfg(test)]
mod tests;

use super::dice::Dice;
use super::examine::{self, Examiner, Fault};
use super::phrases::{AFTERTHOUGHTS, HEDGES, Kind};
use super::text::{continued, sentence_case, sentences, spoken, words};
use crate::domain::handoff::{Declined, FaultKind, Fix, Note, Revision};
use crate::domain::ids::LineId;
use crate::domain::script::{Line, Script};
use crate::rehearsal::temper::PolisherTemper;

/// How often a line is looked at again while it is mended; more than it has faults.
const LOOKS: usize = 40;

/// The revision of a script after a note. `is_corrected` says that an earlier answer was refused.
pub(super) fn revise(
    dice: Dice,
    examiner: &Examiner,
    script: &Script,
    note: &Note,
    temper: PolisherTemper,
    is_corrected: bool,
) -> Revision {
    let mut reviser = Reviser { dice, examiner, script: script.clone() };
    let strays = reviser.dice.in_hundred(temper.stray) && (temper.is_stubborn || !is_corrected);
    let mut declined = Vec::new();
    for fix in &note.fixes {
        if let Err(reason) = reviser.follow(fix) {
            declined.push(Declined { fix: fix.id.clone(), reason: reason.to_owned() });
        }
    }
    if !note.text.trim().is_empty() {
        reviser.heed(note);
    }
    if strays {
        reviser.stray(note);
    }
    let lines = reviser.script.lines().zip(script.lines()).filter(|(now, then)| now != then);
    Revision { lines: lines.map(|(now, _)| now.clone()).collect(), removed: Vec::new(), declined }
}

/// A revision under way.
struct Reviser<'a> {
    dice: Dice,
    examiner: &'a Examiner,
    script: Script,
}

impl Reviser<'_> {
    fn line(&mut self, id: LineId) -> Option<&mut Line> {
        self.script.segments.iter_mut().flat_map(|segment| &mut segment.lines).find(|line| line.id == id)
    }

    /// Follows a fix, or says why not.
    fn follow(&mut self, fix: &Fix) -> Result<(), &'static str> {
        let range = fix.from..=fix.to;
        let named: Vec<LineId> = self.script.lines().map(|line| line.id).filter(|id| range.contains(id)).collect();
        let Some(first) = named.first().copied() else { return Err("The script has none of the lines that it names.") };
        let before = self.script.clone();
        let is_computed = !fix.findings.is_empty() && fix.findings.iter().all(|finding| finding.starts_with("c:"));
        let faults: Vec<Fault> = named.iter().flat_map(|line| self.examiner.at(&self.script, *line)).collect();
        let left = faults.iter().fold(fix.wanted.clone(), |left, fault| left.replace(&fault.remedy(), ""));
        let is_ours = left.len() < fix.wanted.len() && left.trim().is_empty();
        if is_ours {
            let meant: Vec<String> =
                faults.iter().map(Fault::remedy).filter(|remedy| fix.wanted.contains(remedy)).collect();
            self.mend(&named, |fault| meant.contains(&fault.remedy()));
        } else if let Some(text) = dictated(&fix.wanted, is_computed) {
            if let Some(line) = self.line(first) {
                dictate(line, &text);
            }
        } else if is_computed {
            self.mend(&named, |fault| examine::is_computed(fault.kind));
            if self.script == before {
                self.satisfy(fix, first);
            }
        } else {
            let wanted = fix.wanted.to_lowercase();
            self.mend(&named, |fault| examine::means(fault.kind, &wanted));
            let is_settled = examine::is_remedy(&fix.wanted) && sentences(&fix.wanted).len() == 1;
            if !is_settled {
                self.soften(first);
            }
        }
        if self.script == before { Err("There is nothing of that in the line any more.") } else { Ok(()) }
    }

    /// Mends the faults of some lines that are meant, until none of them is left.
    fn mend(&mut self, named: &[LineId], is_meant: impl Fn(&Fault) -> bool) {
        for id in named {
            // Mending one fault shows the next one of its kind; what cannot be mended is left.
            let mut tried: Vec<(FaultKind, String)> = Vec::new();
            for _ in 0..LOOKS {
                let is_new = |fault: &Fault| !tried.contains(&(fault.kind, fault.sentence.clone()));
                let fault =
                    self.examiner.at(&self.script, *id).into_iter().find(|fault| is_meant(fault) && is_new(fault));
                let Some(fault) = fault else { break };
                tried.push((fault.kind, fault.sentence.clone()));
                let mut dice = Dice::new(self.dice.next(), []);
                if let Some(line) = self.line(*id) {
                    mend::mend(&mut dice, line, &fault);
                }
            }
        }
    }

    /// Does what a computed check asks for where the line shows none of the faults that are known here: it says how the
    /// episode was made, or says again what its excerpts say and no more.
    fn satisfy(&mut self, fix: &Fix, id: LineId) {
        let wanted = format!("{} {}", fix.wrong, fix.wanted);
        let asks_disclosure = words_of(&wanted).any(|word| word == "AI") || wanted.to_lowercase().contains("disclos");
        let disclosure = self.dice.pick(Kind::Disclosure.stock()).copied();
        let mut dice = Dice::new(self.dice.next(), []);
        let Some(line) = self.line(id) else { return };
        let has_disclosure = words_of(&line.text).any(|word| word == "AI");
        match disclosure {
            Some(text) if asks_disclosure && !has_disclosure => line.text = format!("{} {text}", line.text),
            Some(_) | None if asks_disclosure || has_disclosure => mend::breathe(line),
            Some(_) | None => mend::restate(&mut dice, line),
        }
    }

    /// Puts a hedge before a line.
    fn soften(&mut self, id: LineId) {
        let Some(text) = self.line(id).map(|line| line.text.clone()) else { return };
        let fresh: Vec<&str> = HEDGES.iter().copied().filter(|hedge| !text.starts_with(hedge)).collect();
        if let (Some(hedge), Some(line)) = (self.dice.pick(&fresh).copied(), self.line(id)) {
            line.text = format!("{hedge} {}", continued(&text));
        }
    }

    /// Follows what a person adds for the whole script, at the line that it may touch.
    fn heed(&mut self, note: &Note) {
        let ids: Vec<LineId> = self.script.lines().map(|line| line.id).collect();
        let named = note.fixes.iter().find_map(|fix| ids.iter().find(|id| (fix.from..=fix.to).contains(*id)));
        let Some(id) = named.or(ids.first()).copied() else { return };
        let Some(text) = self.line(id).map(|line| line.text.clone()) else { return };
        let own = dictated(&note.text, false).filter(|own| !text.contains(own.as_str()));
        let fresh: Vec<&str> = AFTERTHOUGHTS.iter().copied().filter(|added| !text.contains(added)).collect();
        let added = own.or_else(|| self.dice.pick(&fresh).map(|added| (*added).to_owned()));
        if let (Some(added), Some(line)) = (added, self.line(id)) {
            line.text = format!("{text} {added}");
        }
    }

    /// Touches a line that no fix names, as a polisher must not.
    fn stray(&mut self, note: &Note) {
        let is_named = |id: LineId| note.fixes.iter().any(|fix| (fix.from..=fix.to).contains(&id));
        let others: Vec<LineId> = self.script.lines().map(|line| line.id).filter(|id| !is_named(*id)).collect();
        if let Some(id) = self.dice.pick(&others).copied() {
            self.soften(id);
        }
    }
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
}

/// The words that an instruction dictates: after `say:`, or within double quotes, unless those are a check's own.
fn dictated(instruction: &str, is_computed: bool) -> Option<String> {
    let lower = instruction.to_ascii_lowercase();
    let text = match lower.find("say:") {
        Some(at) => instruction.get(at + 4..)?.trim().trim_matches(['"', '“', '”']),
        None if is_computed => return None,
        None => {
            let (_, after) = instruction.split_once('“').or_else(|| instruction.split_once('"'))?;
            after.split_once('”').or_else(|| after.split_once('"'))?.0
        }
    };
    let text = sentence_case(&spoken(text));
    (words(&text) > 0).then_some(text)
}

/// The line says exactly this. Its claims stay only while they bear out its figures.
fn dictate(line: &mut Line, text: &str) {
    text.clone_into(&mut line.text);
    if !examine::mismatches(text, &line.claims).is_empty() {
        line.claims.clear();
    }
}
