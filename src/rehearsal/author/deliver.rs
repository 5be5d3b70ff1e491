//! What goes out beside the audio: show notes, the brief for the artwork, the promotion. All from script and package.

use std::collections::BTreeSet;

use super::dice::Dice;
use super::request::Show;
use crate::domain::handoff::{ArtworkBrief, Post, Promotion, ShowNotes};
use crate::domain::research::Research;
use crate::domain::script::Script;

const HOOKS: &[&str] = &[
    "What holds up when you lean on it?",
    "A question that looked settled, read again with care.",
    "Two people, a stack of sources, and the places where the knowing stops.",
    "We read the sources so that we could be wrong out loud.",
];
const SCENES: &[&str] = &[
    "An empty chair at a lit desk, notes spread out, one page turned face down",
    "A coastline drawn in ink whose middle fades into bare paper",
    "Two lamps on a long table, their circles of light not quite meeting",
    "A half-open door with a ruler leaning against its frame",
];
const PALETTES: &[&[&str]] = &[
    &["#1b3a4b", "#e0a458", "#f4f1de"],
    &["#2d2a32", "#ddd92a", "#eeefa8"],
    &["#264653", "#2a9d8f", "#e9c46a", "#f4f1ea"],
    &["#3d405b", "#e07a5f"],
];

fn pick(dice: &mut Dice, stock: &[&str]) -> String {
    dice.pick(stock).map(|text| (*text).to_owned()).unwrap_or_default()
}

/// The first sentences of the script that claim something, at most `limit`.
fn stated(script: &Script, limit: usize) -> Vec<String> {
    script.lines().flat_map(|line| &line.claims).take(limit).map(|claim| claim.excerpt.clone()).collect()
}

/// The show notes: what was covered, and the references of the passages that were used.
pub(super) fn notes(mut dice: Dice, show: &Show, research: &Research, script: &Script) -> ShowNotes {
    let used: BTreeSet<&str> =
        script.lines().flat_map(|line| &line.claims).map(|claim| claim.source.as_str()).collect();
    let known = |number: &u32| research.sources.iter().any(|source| source.number == *number);
    let references: BTreeSet<u32> = research
        .passages
        .iter()
        .filter(|passage| used.contains(passage.id.as_str()))
        .flat_map(|passage| passage.cites.iter().copied())
        .filter(known)
        .collect();
    let hook = pick(&mut dice, HOOKS);
    let summary = format!(
        "{hook} In this episode of {}, {} is read closely: what the sources state, how they come to state it, and what \
         they leave open. Written and voiced with AI.",
        if show.name.is_empty() { "the show" } else { &show.name },
        script.title
    );
    let points = script.segments.iter().filter_map(|segment| {
        let claim = segment.lines.iter().flat_map(|line| &line.claims).next()?;
        Some(format!("{}: {}", segment.title, claim.excerpt))
    });
    ShowNotes { summary, points: points.collect(), references: references.into_iter().collect() }
}

/// The brief for the artwork.
pub(super) fn artwork(mut dice: Dice, script: &Script) -> ArtworkBrief {
    let scene = pick(&mut dice, SCENES);
    let palette = dice.pick(PALETTES).map(|colours| colours.iter().map(|c| (*c).to_owned()).collect());
    ArtworkBrief {
        concept: format!("{scene}; no text but the title, {}.", script.title),
        palette: palette.unwrap_or_default(),
        alt_text: format!("{scene}."),
    }
}

/// A post for each channel.
pub(super) fn promotion(mut dice: Dice, show: &Show, script: &Script) -> Promotion {
    let hook = pick(&mut dice, HOOKS);
    let facts = stated(script, 3);
    let first = facts.first().cloned().unwrap_or_default();
    let post = |channel: &str, text: String| Post { channel: channel.to_owned(), text };
    let posts = vec![
        post("newsletter", format!("{hook} This time: {}. From our sources: {}", script.title, facts.join(" "))),
        post("short_post", format!("{}: {hook}", script.title)),
        post(
            "long_post",
            format!("{hook} {first} We asked how anyone knows, and where it ends. {}: {}", show.name, script.title),
        ),
    ];
    Promotion { posts }
}
