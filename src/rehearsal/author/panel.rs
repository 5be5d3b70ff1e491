//! The answers of panels: turns of seats, choices of a speaker, and what a chair sums up.
//!
//! The seed alone says how a panel goes, whoever is asked: most are through after a round or two, one in seven never is, and in
//! one in seven a seat names a seat that is not there until nobody asks it any more.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::dice::Dice;
use super::material::{self, Statement};
use super::request::{AuthorError, Show, read, read_or_default};
use crate::domain::handoff::{Angle, AngleIdea, ResearchNote, ResearchNotes, Selection, Turn};
use crate::domain::research::Research;
use crate::domain::script::Script;

/// How panels go under a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// Every seat is done in its second turn at the latest.
    Through,
    /// No seat is ever done.
    Endless,
    /// The second turn names a seat that the panel does not have.
    Astray,
}

impl Course {
    /// The course under a seed.
    pub(super) fn of(seed: u64) -> Self {
        match seed % 7 {
            5 => Self::Endless,
            6 => Self::Astray,
            _ => Self::Through,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Told {
    #[serde(default)]
    seat: String,
    #[serde(default)]
    proposal: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Seated {
    #[serde(default)]
    seat: String,
}

const OPENINGS: &[&str] =
    &["Read closely, it says this:", "What I would hold on to:", "The firmest point here:", "I come back to this:"];

type Blocks = BTreeMap<String, String>;

/// What can be pointed to: a line of the script where there is one, else a statement of the package.
fn points(blocks: &Blocks) -> Result<Vec<String>, AuthorError> {
    let script: Option<Script> = read_or_default(blocks, "script")?;
    match script {
        Some(script) => Ok(script.lines().map(|line| format!("{} - {}", line.id, line.text)).collect()),
        None => Ok(statements(blocks)?.into_iter().map(|s| format!("{} ({})", s.said, s.passage)).collect()),
    }
}

fn statements(blocks: &Blocks) -> Result<Vec<Statement>, AuthorError> {
    let (show, research): (Show, Research) = (read_or_default(blocks, "show")?, read(blocks, "research")?);
    material::statements(&research, &show.brand.avoid)
}

/// A turn of a seat.
pub(super) fn turn(seed: u64, mut dice: Dice, blocks: &Blocks) -> Result<Turn, AuthorError> {
    let told: Vec<Told> = read_or_default(blocks, "transcript")?;
    let seat: String = read(blocks, "seat")?;
    let point = dice.pick(&points(blocks)?).cloned().unwrap_or_else(|| "there is nothing to point to".to_owned());
    let opening = dice.pick(OPENINGS).copied().unwrap_or_default();
    let has_spoken = told.iter().any(|turn| turn.seat == seat);
    let course = Course::of(seed);
    let done = match course {
        Course::Through => has_spoken || dice.below(3) > 0,
        Course::Endless | Course::Astray => false,
    };
    let is_astray = course == Course::Astray && !told.is_empty();
    let unmet = if done { Vec::new() } else { vec!["One more look is needed before this holds.".to_owned()] };
    Ok(Turn {
        said: format!("{opening} {point}"),
        proposal: point,
        next: is_astray.then(|| "nobody_here".to_owned()),
        done,
        unmet,
    })
}

/// A choice of the speaker: whoever has spoken least, in the order of the seats.
pub(super) fn selection(seed: u64, blocks: &Blocks) -> Result<Selection, AuthorError> {
    let told: Vec<Told> = read_or_default(blocks, "transcript")?;
    let seats: Vec<Seated> = read(blocks, "seats")?;
    let times = |seat: &Seated| told.iter().filter(|turn| turn.seat == seat.seat).count();
    let least = seats.iter().min_by_key(|seat| times(seat));
    let is_through = seats.iter().all(|seat| times(seat) > 0);
    let next = match Course::of(seed) {
        Course::Astray => "nobody_here".to_owned(),
        Course::Through | Course::Endless => least.map(|seat| seat.seat.clone()).unwrap_or_default(),
    };
    let done = is_through && Course::of(seed) != Course::Endless;
    Ok(Selection { next, why: "This seat has said least so far.".to_owned(), done })
}

/// The angles of a brainstorm, from what its seats proposed.
pub(super) fn angle(mut dice: Dice, blocks: &Blocks) -> Result<Angle, AuthorError> {
    let told: Vec<Told> = read_or_default(blocks, "transcript")?;
    let statements = statements(blocks)?;
    let mut angles: Vec<AngleIdea> = Vec::new();
    let proposals = told.iter().map(|turn| turn.proposal.clone()).filter(|proposal| !proposal.trim().is_empty());
    for proposal in proposals.take(4) {
        let passage = dice.pick(&statements).map(|statement| statement.passage.clone());
        angles.push(AngleIdea {
            id: format!("A{}", angles.len() + 1),
            angle: proposal,
            passages: passage.into_iter().collect(),
            risk: "It may lean on one passage more than the passage bears.".to_owned(),
        });
    }
    if angles.is_empty() {
        angles.push(AngleIdea {
            id: "A1".to_owned(),
            angle: "Follow the evidence as far as it goes.".to_owned(),
            passages: Vec::new(),
            risk: "Nobody at the table proposed it.".to_owned(),
        });
    }
    let chosen = dice.pick(&angles).map(|idea| idea.id.clone()).unwrap_or_default();
    Ok(Angle { angles, chosen, why: "It asks what the package can answer.".to_owned() })
}

/// What was found about gaps in a package.
pub(super) fn notes(mut dice: Dice, blocks: &Blocks) -> Result<ResearchNotes, AuthorError> {
    let mut statements = statements(blocks)?;
    dice.shuffle(&mut statements);
    let note = |statement: &Statement| ResearchNote {
        gap: format!("How firm is what the package says under `{}`?", material::heading(&statement.place)),
        finding: statement.said.clone(),
        passages: vec![statement.passage.clone()],
    };
    let notes = statements.iter().take(2).map(note).collect();
    Ok(ResearchNotes { notes, still_open: vec!["Who first said it is not told anywhere in the package.".to_owned()] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(transcript: &str) -> Blocks {
        let script = r#"{"title":"T","segments":[{"id":"hook","title":"H","lines":[{"id":"L001","speaker":"HOST","text":"It opened in 1966.","pause_ms":0,"claims":[]}]}]}"#;
        let pairs = [
            ("transcript", transcript),
            ("seat", "\"one\""),
            ("seats", r#"[{"seat":"one"},{"seat":"two"}]"#),
            ("script", script),
        ];
        pairs.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }

    fn dice() -> Dice {
        Dice::new(1, [])
    }

    #[test]
    fn a_seed_says_how_a_panel_goes() {
        let again = r#"[{"seat":"one"}]"#;
        assert!(turn(1, dice(), &blocks(again)).unwrap().is_finished());
        assert!(!turn(5, dice(), &blocks(again)).unwrap().is_finished());
        assert_eq!(turn(6, dice(), &blocks("[]")).unwrap().next, None, "the first turn is sound");
        assert_eq!(turn(6, dice(), &blocks(again)).unwrap().next.as_deref(), Some("nobody_here"));
    }

    #[test]
    fn a_coordinator_lets_everybody_speak_before_it_ends() {
        assert_eq!(selection(1, &blocks(r#"[{"seat":"one"}]"#)).unwrap().next, "two");
        assert!(selection(1, &blocks(r#"[{"seat":"one"},{"seat":"two"}]"#)).unwrap().done);
        assert!(!selection(5, &blocks(r#"[{"seat":"one"},{"seat":"two"}]"#)).unwrap().done);
        assert_eq!(selection(6, &blocks("[]")).unwrap().next, "nobody_here");
    }
}
