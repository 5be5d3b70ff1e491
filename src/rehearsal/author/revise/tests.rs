//! The reviser against notes of judges, of people and of computed checks.

use super::*;
use crate::domain::handoff::Priority;
use crate::domain::script::{Claim, Segment};

fn script() -> Script {
    let line = |id, text: &str, excerpt: &str| Line {
        id: LineId(id),
        speaker: "HOST".into(),
        text: text.into(),
        pause_ms: 200,
        claims: if excerpt.is_empty() { vec![] } else { vec![Claim { source: "P1".into(), excerpt: excerpt.into() }] },
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
    Fix {
        id: "N1".into(),
        from,
        to,
        wrong: "It is wrong.".into(),
        wanted: instruction.into(),
        keep: String::new(),
        priority: Priority::Should,
        findings: vec!["a:F1".into()],
    }
}

fn computed(line: u32, instruction: &str) -> Fix {
    Fix { findings: vec!["c:C1".into()], ..fix(line, instruction) }
}

fn revised(fixes: Vec<Fix>, text: &str) -> Revision {
    tempered(fixes, text, PolisherTemper::default(), false)
}

fn tempered(fixes: Vec<Fix>, text: &str, temper: PolisherTemper, is_corrected: bool) -> Revision {
    let note = Note { fixes, text: text.into() };
    revise(Dice::new(1, []), &Examiner::default(), &script(), &note, temper, is_corrected)
}

#[test]
fn the_judges_own_words_are_followed_exactly() {
    let remedy = |line: u32| Examiner::default().at(&script(), LineId(line))[0].remedy();
    let revision = revised(vec![fix(1, &remedy(1)), fix(2, &remedy(2))], "");
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
    assert!(mend::shorter(&long).iter().all(|part| words(part) <= examine::LONGEST));
}

#[test]
fn a_computed_check_is_followed_by_what_the_line_shows_and_its_quotes_dictate_nothing() {
    let mended = revised(vec![computed(1, "The line says “1986”, and the excerpt says \"1966\".")], "");
    assert_eq!(mended.lines[0].text, "The mill opened in 1966 by the sea.");
    let cut = revised(vec![computed(2, "Name a passage that states it, or cut it.")], "");
    assert_eq!(cut.lines[0].text, "I see.");
    let told = revised(vec![computed(3, "Say in the first minute that the episode is made with AI.")], "");
    assert!(told.lines[0].text.starts_with("Nobody knows why. ") && told.lines[0].text.contains("AI"));
    let gone = revised(vec![computed(3, "This phrase is not used in this show.")], "");
    assert!(!gone.lines[0].text.contains("Nobody"), "{gone:?}");
    let said = revised(vec![computed(3, "say: We do not know")], "");
    assert_eq!(said.lines[0].text, "We do not know.");
}

#[test]
fn what_is_gone_already_is_declined() {
    let settled = revised(vec![fix(3, "Take out the certainty that no excerpt has.")], "");
    assert_eq!((settled.lines.len(), settled.declined.len()), (0, 1));
}

#[test]
fn a_straying_polisher_touches_another_line_until_it_is_told_unless_it_is_stubborn() {
    let fixes = || vec![fix(3, "Be warmer.")];
    let touched = |temper, is_corrected| {
        let revision = tempered(fixes(), "", temper, is_corrected);
        revision.lines.iter().map(|line| line.id.0).collect::<Vec<_>>()
    };
    let stray = PolisherTemper { stray: 100, is_stubborn: false };
    assert_eq!(touched(PolisherTemper::default(), false), [3]);
    assert_eq!(touched(stray, false).len(), 2);
    assert_eq!(touched(stray, true), [3]);
    assert_eq!(touched(PolisherTemper { is_stubborn: true, ..stray }, true).len(), 2);
}
