//! The reviser: does what the fixes say, within the lines that they name, and leaves everything else as it stands.
//!
//! A fix in the judges' own words is followed exactly. A fix that a person wrote or edited is followed visibly: words
//! after `say:` or in double quotes take the line's place, anything else softens the line.

use super::dice::Dice;
use super::examine::{self, Fault};
use super::phrases::{AFTERTHOUGHTS, HEDGES};
use super::text::{continued, sentence_case, sentences, spoken, words};
use crate::domain::handoff::{Declined, Fix, Note, Revision};
use crate::domain::script::{Line, Script};

/// No sentence that was split is longer than this.
const BREATH: usize = 38;

/// The revision of a script after a note.
pub(super) fn revise(mut dice: Dice, script: &Script, note: &Note) -> Revision {
    let mut lines: Vec<Line> = script.lines().cloned().collect();
    let mut declined = Vec::new();
    for fix in &note.fixes {
        let mut named: Vec<&mut Line> = lines.iter_mut().filter(|l| (fix.from..=fix.to).contains(&l.id)).collect();
        if named.is_empty() {
            let reason = format!("The script has no line from {} to {}.", fix.from, fix.to);
            declined.push(Declined { fix: fix.id.clone(), reason });
            continue;
        }
        if !follow(&mut dice, fix, &mut named) {
            let reason = "The line has already been mended.".to_owned();
            declined.push(Declined { fix: fix.id.clone(), reason });
        }
    }
    if !note.text.trim().is_empty() {
        let first = note.fixes.iter().find_map(|fix| lines.iter().position(|l| (fix.from..=fix.to).contains(&l.id)));
        if let Some(line) = lines.get_mut(first.unwrap_or(0)) {
            heed(&mut dice, line, &note.text);
        }
    }
    let before: Vec<&Line> = script.lines().collect();
    let changed = lines.into_iter().zip(before).filter(|(now, then)| now != *then).map(|(now, _)| now).collect();
    Revision { lines: changed, removed: Vec::new(), declined }
}

/// Follows a fix; says whether anything changed.
fn follow(dice: &mut Dice, fix: &Fix, named: &mut [&mut Line]) -> bool {
    let before: Vec<Line> = named.iter().map(|line| (**line).clone()).collect();
    if let Some(text) = dictated(&fix.wanted) {
        if let Some(line) = named.first_mut() {
            dictate(line, &text);
        }
        return named.iter().zip(&before).any(|(now, then)| **now != *then);
    }
    let lower = fix.wanted.to_lowercase();
    let remedies: Vec<String> =
        named.iter().flat_map(|line| examine::faults(line)).map(|fault| fault.remedy()).collect();
    let is_ours = !remedies.is_empty()
        && remedies
            .iter()
            .fold(fix.wanted.clone(), |left, remedy| left.replace(remedy.as_str(), ""))
            .trim()
            .is_empty();
    for line in named.iter_mut() {
        for fault in examine::faults(line) {
            let meant = match &fault {
                Fault::Figure { .. } => ["figure", "number", "excerpt"].iter().any(|word| lower.contains(word)),
                Fault::Superlative { .. } => {
                    ["superlative", "unsourced", "cut"].iter().any(|word| lower.contains(word))
                }
                Fault::Long { .. } => ["split", "long", "short"].iter().any(|word| lower.contains(word)),
            };
            if meant {
                mend(line, &fault);
            }
        }
    }
    let is_mended = named.iter().zip(&before).any(|(now, then)| **now != *then);
    let is_known = is_ours || is_settled(&fix.wanted);
    if !is_known && let Some(line) = named.first_mut() {
        soften(dice, line);
        return true;
    }
    is_mended
}

/// Whether an instruction is in the judges' words although its fault is no longer there.
fn is_settled(instruction: &str) -> bool {
    [
        "Put back the figure of the source: the excerpt says ",
        "Take out the figure ",
        "Cut the superlative: no passage",
        "Split the long sentence of ",
    ]
    .iter()
    .any(|start| instruction.starts_with(start))
        && sentences(instruction).len() == 1
}

/// The words that an instruction dictates: after `say:`, or within double quotes.
fn dictated(instruction: &str) -> Option<String> {
    let lower = instruction.to_ascii_lowercase();
    let text = match lower.find("say:") {
        Some(at) => instruction.get(at + 4..)?.trim().trim_matches(['"', '“', '”']),
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

fn soften(dice: &mut Dice, line: &mut Line) {
    let fresh: Vec<&str> = HEDGES.iter().copied().filter(|hedge| !line.text.starts_with(hedge)).collect();
    if let Some(hedge) = dice.pick(&fresh) {
        line.text = format!("{hedge} {}", continued(&line.text));
    }
}

/// Follows a note that is meant for the whole script, at the line it may touch.
fn heed(dice: &mut Dice, line: &mut Line, note: &str) {
    let own = dictated(note).filter(|text| !line.text.contains(text.as_str()));
    let fresh: Vec<&str> = AFTERTHOUGHTS.iter().copied().filter(|text| !line.text.contains(text)).collect();
    if let Some(text) = own.or_else(|| dice.pick(&fresh).map(|text| (*text).to_owned())) {
        line.text = format!("{} {text}", line.text);
    }
}

fn mend(line: &mut Line, fault: &Fault) {
    match fault {
        Fault::Figure { .. } => restore(line),
        Fault::Superlative { .. } => cut(line),
        Fault::Long { .. } => split(line),
    }
}

/// Puts back what the excerpts say; where they have no other figure, the sentence becomes the excerpt.
fn restore(line: &mut Line) {
    while let Some(wrong) = examine::mismatches(&line.text, &line.claims).first().cloned() {
        let Some(sourced) = wrong.sourced else {
            line.text =
                line.claims.iter().map(|claim| sentence_case(&spoken(&claim.excerpt))).collect::<Vec<_>>().join(" ");
            return;
        };
        line.text.replace_range(wrong.at..wrong.at + wrong.said.len(), &sourced);
    }
}

/// Takes out the sentences with a superlative that no excerpt states.
fn cut(line: &mut Line) {
    let is_borne_out = |word: &str| line.claims.iter().any(|claim| claim.excerpt.to_lowercase().contains(word));
    let kept: Vec<&str> = sentences(&line.text)
        .into_iter()
        .filter(|sentence| examine::superlatives(sentence).iter().all(|(_, word)| is_borne_out(word)))
        .collect();
    let kept = kept.join(" ");
    line.text =
        if kept.is_empty() { "That matters to us, and we leave the ranking to others.".to_owned() } else { kept };
}

/// Splits every sentence that is too long at its joints.
fn split(line: &mut Line) {
    let parts: Vec<String> = sentences(&line.text).into_iter().flat_map(shorter).collect();
    line.text = parts.join(" ");
}

/// A sentence as sentences of at most [`BREATH`] words, cut at its last joint that fits; in the middle where it has none.
fn shorter(sentence: &str) -> Vec<String> {
    if words(sentence) <= examine::LONGEST {
        return vec![sentence.to_owned()];
    }
    let joints = [", and ", ", but ", ", so ", "; ", ", "];
    for joint in joints {
        let cuts = sentence.match_indices(joint).map(|(at, _)| at);
        let fitting = cuts.filter(|at| (5..=BREATH).contains(&sentence.get(..*at).map_or(0, words))).last();
        let Some(at) = fitting else { continue };
        let (Some(head), Some(tail)) = (sentence.get(..at), sentence.get(at..)) else { continue };
        let tail = tail.trim_start_matches([',', ';', ' ']);
        let tail = sentence_case(tail.strip_prefix("and ").unwrap_or(tail));
        return std::iter::once(sentence_case(head)).chain(shorter(&tail)).collect();
    }
    let all: Vec<&str> = sentence.split_whitespace().collect();
    let (head, tail) = all.split_at(all.len() / 2);
    [head, tail].into_iter().flat_map(|half| shorter(&sentence_case(&half.join(" ")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::handoff::Severity;
    use crate::domain::ids::LineId;
    use crate::domain::script::{Claim, Segment};

    fn script() -> Script {
        let line = |id, text: &str, excerpt: &str| Line {
            id: LineId(id),
            speaker: "HOST".into(),
            text: text.into(),
            pause_ms: 200,
            claims: if excerpt.is_empty() {
                vec![]
            } else {
                vec![Claim { source: "P1".into(), excerpt: excerpt.into() }]
            },
        };
        let lines = vec![
            line(1, "The mill opened in 1986 by the sea.", "The mill opened in 1966 by the sea"),
            line(2, "I see. It is the most important mill that has ever stood.", ""),
            line(3, "Nobody knows why.", ""),
        ];
        Script { title: "T".into(), segments: vec![Segment { id: "hook".into(), title: "H".into(), lines }] }
    }

    fn fix(line: u32, instruction: &str) -> Fix {
        let (from, to) = (LineId(line), LineId(line));
        Fix { id: "N1".into(), from, to, severity: Severity::Minor, instruction: instruction.into(), findings: vec![] }
    }

    fn revised(fixes: Vec<Fix>, text: &str) -> Revision {
        revise(Dice::new(1, []), &script(), &Note { fixes, text: text.into() })
    }

    #[test]
    fn the_judges_own_words_are_followed_exactly() {
        let remedy = |nth: usize| examine::faults(script().lines().nth(nth).unwrap())[0].remedy();
        let revision = revised(vec![fix(1, &remedy(0)), fix(2, &remedy(1))], "");
        let texts: Vec<&str> = revision.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["The mill opened in 1966 by the sea.", "I see."]);
        assert_eq!(revision.lines[0].claims.len(), 1);
        assert_eq!(revision.declined, []);
    }

    #[test]
    fn a_persons_words_take_the_lines_place_or_soften_it() {
        let said = revised(vec![fix(3, "Say: we have not found out why <yet>")], "");
        assert_eq!(said.lines[0].text, "We have not found out why under yet over.");
        let quoted = revised(vec![fix(3, "Better “Nobody has found out why.” here")], "");
        assert_eq!(quoted.lines[0].text, "Nobody has found out why.");
        let softened = revised(vec![fix(3, "Be warmer.")], "");
        assert!(softened.lines[0].text.ends_with(", nobody knows why."), "{:?}", softened.lines);
        assert_ne!(softened.lines[0].text, "Nobody knows why.");
        let edited = revised(vec![fix(1, "Mend the number, and be gentler about it.")], "");
        assert!(edited.lines[0].text.contains("1966") && !edited.lines[0].text.starts_with("The"));
    }

    #[test]
    fn a_note_changes_a_named_line_or_the_first() {
        let first = revised(vec![], "Make it livelier.");
        assert_eq!(first.lines.iter().map(|line| line.id).collect::<Vec<_>>(), [LineId(1)]);
        assert!(first.lines[0].text.starts_with("The mill opened in 1986 by the sea. "));
        let named = revised(vec![fix(3, "Be warmer.")], "Add “We looked, too.” please");
        assert_eq!(named.lines.len(), 1);
        assert!(named.lines[0].text.ends_with("We looked, too."));
        assert_eq!(revised(vec![], "").lines, []);
    }

    #[test]
    fn a_fix_for_no_line_is_declined_with_a_reason() {
        let revision = revised(vec![fix(99, "Be warmer.")], "");
        assert_eq!((revision.lines.len(), revision.declined.len()), (0, 1));
    }

    #[test]
    fn a_long_sentence_without_joints_is_still_split() {
        let long = format!("{}.", "word ".repeat(100).trim());
        assert!(shorter(&long).iter().all(|part| words(part) <= examine::LONGEST));
    }
}
