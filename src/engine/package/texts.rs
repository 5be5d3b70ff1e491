//! The files for readers, as Markdown: the script, the show notes, the posts and the sources.
//!
//! Every word of a source, a model or a person passes [`markdown`]: none of it is markup.

use std::fmt::Write as _;

use super::Contents;
use crate::domain::plain::{markdown, markdown_lines};

/// What a text of a rehearsal begins with.
const MARK: &str =
    "> **REHEARSAL.** Made with rehearsed voices and models, for practice alone. Never to be released.\n\n";

/// A text with its mark, where it is rehearsed.
fn marked(contents: &Contents<'_>, body: String) -> String {
    if contents.is_rehearsal() { format!("{MARK}{body}") } else { body }
}

/// A reference of the research package as a bullet.
fn reference(contents: &Contents<'_>, number: u32) -> String {
    let source = contents.research.sources.iter().find(|source| source.number == number);
    let text = source.map_or_else(|| "not in the package".to_owned(), |source| markdown(&source.text));
    format!("- [{number}] {text}\n")
}

/// The script with a heading for each segment and the id of each line.
pub(super) fn script(contents: &Contents<'_>) -> String {
    let mut body = format!("# {}\n", markdown(&contents.script.title));
    for segment in &contents.script.segments {
        let _ = write!(body, "\n## {}\n", markdown(&segment.title));
        for said in &segment.lines {
            let _ = write!(body, "\n**{}** ({}): {}\n", markdown(&said.speaker), said.id, markdown(&said.text));
        }
    }
    marked(contents, body)
}

/// The show notes with the references that they name.
pub(super) fn show_notes(contents: &Contents<'_>) -> String {
    let notes = contents.show_notes;
    let mut body = format!("# {}\n\n{}\n", markdown(&contents.script.title), markdown_lines(&notes.summary));
    if !notes.points.is_empty() {
        body.push_str("\n## In this episode\n\n");
    }
    for point in &notes.points {
        let _ = writeln!(body, "- {}", markdown(point));
    }
    if !notes.references.is_empty() {
        body.push_str("\n## Sources\n\n");
    }
    for number in &notes.references {
        body.push_str(&reference(contents, *number));
    }
    marked(contents, body)
}

/// The posts, one for each channel.
pub(super) fn promotion(contents: &Contents<'_>) -> String {
    let mut body = format!("# {}: promotion\n", markdown(&contents.script.title));
    for post in &contents.promotion.posts {
        let _ = write!(body, "\n## {}\n\n{}\n", markdown(&post.channel), markdown_lines(&post.text));
    }
    marked(contents, body)
}

/// Every passage that a claim rests on, in the order of the research package, with those lines and its references.
pub(super) fn sources(contents: &Contents<'_>) -> String {
    let mut body = format!("# {}: sources\n", markdown(&contents.script.title));
    let mut is_any = false;
    for passage in &contents.research.passages {
        let mut uses = String::new();
        for said in contents.script.lines() {
            for claim in said.claims.iter().filter(|claim| claim.source == passage.id) {
                let _ = writeln!(uses, "- {}: \"{}\"", said.id, markdown(&claim.excerpt));
            }
        }
        if uses.is_empty() {
            continue;
        }
        is_any = true;
        let _ = write!(
            body,
            "\n## {} ({})\n\n> {}\n",
            markdown(&passage.id),
            markdown(&passage.place),
            markdown(&passage.text)
        );
        let _ = write!(body, "\nWhat rests on it:\n\n{uses}\nReferences:\n\n");
        if passage.cites.is_empty() {
            body.push_str("- none is given for it in the research package\n");
        }
        for number in &passage.cites {
            body.push_str(&reference(contents, *number));
        }
    }
    if !is_any {
        body.push_str("\nNo line of the script makes a claim.\n");
    }
    marked(contents, body)
}
