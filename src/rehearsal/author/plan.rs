//! The production brief and the plan: what the package offers, put into an order with times.

use super::dice::Dice;
use super::material::{Statement, heading, topic};
use super::request::Show;
use crate::domain::handoff::{Brief, Orchestration, Plan, PlannedSegment};
use crate::domain::research::Research;

/// Words by which a source says that it does not know.
const OPEN_WORDS: &[&str] = &[
    " may ",
    "might",
    "uncertain",
    "unknown",
    "challeng",
    "nobody",
    "debate",
    "limit",
    "could",
    "disagree",
    "no one",
    "remains",
    "not ",
];

const TITLES: &[&str] = &[
    "{t}",
    "{t}, and how anyone knows",
    "What we can say about {t}",
    "{t}: what holds and what does not",
    "The careful version of {t}",
    "{t}, with the margins left in",
];
const QUESTIONS: &[&str] = &[
    "What is known about {t}, and how did it come to be known?",
    "Which of the claims about {t} still stand when you lean on them?",
    "What would change a careful person's mind about {t}?",
    "Where does the evidence on {t} end?",
];
const AUDIENCES: &[&str] = &[
    "Curious people who have heard of the subject and never had to explain it.",
    "Listeners without a background in the field who do not want to be talked down to.",
    "People who like to know how something is known, on their way to work.",
];
const ANGLES: &[&str] = &[
    "Follow the evidence as far as it goes, say where it stops, and be at ease with stopping there.",
    "Take the tidy version apart and keep the pieces that a source bears out.",
    "Two people read the same notes and find out what they may repeat.",
];
const ARCS: &[&str] = &[
    "It opens with a claim that sounds settled, walks through what bears it out, and ends on what is still open.",
    "From a question to the evidence and back to a smaller, better question.",
    "It moves from what is said to what is known, and from there to what nobody knows yet.",
];
const PURPOSES: &[&str] = &[
    "Lay out what the sources state, and how.",
    "Let one speaker test what the other has just read out.",
    "Give the listener two firm points and one doubt.",
    "Show where the sources hedge, and keep the hedge.",
];

fn filled(dice: &mut Dice, stock: &[&str], topic: &str) -> String {
    dice.pick(stock).map(|text| text.replace("{t}", topic)).unwrap_or_default()
}

/// The statements in which a source says that something is open.
pub(super) fn open(statements: &[Statement]) -> Vec<&Statement> {
    let says = |statement: &&Statement| {
        let lower = statement.said.to_lowercase();
        OPEN_WORDS.iter().any(|word| lower.contains(word))
    };
    statements.iter().filter(says).collect()
}

fn distinct<'a>(passages: impl Iterator<Item = &'a Statement>, limit: usize) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for statement in passages {
        if ids.len() < limit && !ids.contains(&statement.passage) {
            ids.push(statement.passage.clone());
        }
    }
    ids
}

/// The brief of a package.
pub(super) fn brief(dice: &mut Dice, research: &Research, statements: &[Statement]) -> Brief {
    let topic = topic(research);
    let mut chosen: Vec<&Statement> = statements.iter().collect();
    dice.shuffle(&mut chosen);
    chosen.sort_by_key(|statement| !statement.has_figure());
    let mut open_points: Vec<String> =
        open(statements).into_iter().take(3).map(|statement| statement.said.clone()).collect();
    if open_points.is_empty() {
        open_points.push("The package does not say what would count against it.".to_owned());
    }
    Brief {
        title: filled(dice, TITLES, &topic),
        question: filled(dice, QUESTIONS, &topic),
        audience: filled(dice, AUDIENCES, &topic),
        angle: filled(dice, ANGLES, &topic),
        must_cover: distinct(chosen.into_iter(), 8),
        open_points,
        orchestration: Orchestration::default(),
    }
}

/// Makes a brief name a passage that no package has.
pub(super) fn misname(dice: &mut Dice, brief: &mut Brief) {
    let place = dice.below(brief.must_cover.len() + 1);
    brief.must_cover.insert(place, format!("P{}", 90_000 + dice.below(10_000)));
}

/// The plan: a hook, as many parts as the length and the package bear, and a close. Every passage has its place.
pub(super) fn plan(
    dice: &mut Dice,
    show: &Show,
    brief: Option<&Brief>,
    research: &Research,
    statements: &[Statement],
) -> Plan {
    let topic = topic(research);
    let seconds = show.target_seconds();
    let mut places: Vec<Vec<&Statement>> = Vec::new();
    for statement in statements {
        match places.last_mut() {
            Some(last) if last.first().is_some_and(|first| first.place == statement.place) => last.push(statement),
            Some(_) | None => places.push(vec![statement]),
        }
    }
    let wanted = usize::try_from(seconds / 240).unwrap_or(1).clamp(2, 6).min(places.len().max(1));
    let mut groups: Vec<Vec<&Statement>> = vec![Vec::new(); wanted];
    let total = statements.len().max(1);
    let mut done = 0;
    for place in places {
        let index = (done * wanted / total).min(wanted - 1);
        done += place.len();
        if let Some(group) = groups.get_mut(index) {
            group.extend(place);
        }
    }
    groups.retain(|group| !group.is_empty());
    let hooked = hook(dice, statements);
    let closing: Vec<&Statement> = open(statements).into_iter().rev().filter(|s| Some(*s) != hooked).take(2).collect();
    // An opening and a close need a few sentences each, however short the show is.
    let edge = (seconds / 10).max(20).min(seconds / 5).max(1);
    let parts = u32::try_from(groups.len()).unwrap_or(1).max(1);
    let each = seconds.saturating_sub(2 * edge) / parts;
    let mut segments = vec![PlannedSegment {
        id: "hook".to_owned(),
        title: "Where it starts".to_owned(),
        purpose: "Put something at stake, and say how the episode was made.".to_owned(),
        seconds: edge,
        passages: distinct(hooked.into_iter(), 1),
    }];
    for (index, group) in groups.iter().enumerate() {
        let mut title = group.first().map(|first| heading(&first.place)).unwrap_or_default();
        if segments.iter().any(|segment| segment.title == title) {
            title = format!("More on {title}");
        }
        segments.push(PlannedSegment {
            id: format!("part_{}", index + 1),
            title,
            purpose: filled(dice, PURPOSES, &topic),
            seconds: each,
            passages: distinct(group.iter().copied(), usize::MAX),
        });
    }
    let spent: u32 = segments.iter().map(|segment| segment.seconds).sum();
    segments.push(PlannedSegment {
        id: "close".to_owned(),
        title: "What stays open".to_owned(),
        purpose: "Say what the listener now knows, and what nobody knows.".to_owned(),
        seconds: seconds.saturating_sub(spent),
        passages: distinct(closing.into_iter(), 2),
    });
    let title = brief.map(|brief| brief.title.clone()).filter(|title| !title.trim().is_empty());
    Plan { title: title.unwrap_or_else(|| filled(dice, TITLES, &topic)), arc: filled(dice, ARCS, &topic), segments }
}

/// A short statement with a figure, to begin with; any statement where none has one.
fn hook<'a>(dice: &mut Dice, statements: &'a [Statement]) -> Option<&'a Statement> {
    let good: Vec<&Statement> = statements.iter().filter(|s| s.has_figure() && s.words <= 22).collect();
    dice.pick(&good).copied().or_else(|| dice.pick(statements))
}
