//! The contracts of what goes with an episode: show notes, the artwork brief and the promotion.

use super::Context;
use super::form::{blanks, is_blank, repeated};
use crate::domain::handoff::{ArtworkBrief, Promotion, ShowNotes};

/// The most characters of summary and points together; podcast clients cut longer notes.
const MAX_NOTES: usize = 2_500;
/// The most characters of the alternative text.
const MAX_ALT: usize = 200;
/// The most characters of the short post.
const MAX_SHORT_POST: usize = 240;

/// The channels that each have one post.
pub(in crate::domain) const CHANNELS: [&str; 3] = ["newsletter", "short_post", "long_post"];

/// The faults of show notes: references exist, and the text is one that clients show whole.
pub(super) fn show_notes(notes: &ShowNotes, context: &Context<'_>) -> Vec<String> {
    let known = |number: &u32| context.research.is_some_and(|r| r.sources.iter().any(|s| s.number == *number));
    let mut faults = blanks(&[("summary", &notes.summary)]);
    for number in notes.references.iter().filter(|number| !known(number)) {
        faults.push(format!("there is no reference {number} in the package"));
    }
    for number in repeated(notes.references.iter().copied()) {
        faults.push(format!("reference {number} is named twice"));
    }
    for (index, _) in notes.points.iter().enumerate().filter(|(_, point)| is_blank(point)) {
        faults.push(format!("/points/{index} says nothing"));
    }
    let length: usize = notes.points.iter().chain([&notes.summary]).map(|text| text.chars().count()).sum();
    if length > MAX_NOTES {
        faults.push(format!("summary and points have {length} characters, and at most {MAX_NOTES} are shown"));
    }
    faults
}

/// The faults of an artwork brief: a palette that can be painted with, and a text for those who do not see it.
pub(super) fn artwork_brief(brief: &ArtworkBrief) -> Vec<String> {
    let mut faults = blanks(&[("concept", &brief.concept), ("alt_text", &brief.alt_text)]);
    if !(2..=4).contains(&brief.palette.len()) {
        faults.push(format!("`palette` has {} colours; it has two to four", brief.palette.len()));
    }
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let is_colour = |text: &str| text.strip_prefix('#').is_some_and(|d| d.len() == 6 && d.bytes().all(is_digit));
    for colour in brief.palette.iter().filter(|colour| !is_colour(colour)) {
        let start: String = colour.chars().take(20).collect();
        faults.push(format!("`{start}` is no colour: it is `#` and six digits, `0` to `9` and `a` to `f`"));
    }
    for colour in repeated(brief.palette.iter().map(String::as_str)) {
        faults.push(format!("`{colour}` stands twice in `palette`"));
    }
    if brief.alt_text.chars().count() > MAX_ALT {
        faults.push(format!("`alt_text` has more than {MAX_ALT} characters"));
    }
    faults
}

/// The faults of a promotion: one post for each of the three channels, and the short one short.
pub(super) fn promotion(promotion: &Promotion) -> Vec<String> {
    let mut faults = Vec::new();
    for channel in CHANNELS {
        match promotion.posts.iter().filter(|post| post.channel == channel).count() {
            1 => {}
            0 => faults.push(format!("there is no post for `{channel}`")),
            found => faults.push(format!("there are {found} posts for `{channel}`, and one is due")),
        }
    }
    for post in &promotion.posts {
        let channel: String = post.channel.chars().take(40).collect();
        if !CHANNELS.contains(&post.channel.as_str()) {
            faults.push(format!("`{channel}` is no channel: there are {}", CHANNELS.join(", ")));
        }
        if is_blank(&post.text) {
            faults.push(format!("the post for `{channel}` says nothing"));
        }
        let length = post.text.chars().count();
        if post.channel == "short_post" && length > MAX_SHORT_POST {
            faults.push(format!("the short post has {length} characters, and at most {MAX_SHORT_POST} fit"));
        }
    }
    faults
}
