//! Where a package stands, and the names that are used while it is put there.

use crate::domain::ids::EpisodeNumber;

/// The folder of packages in the studio's folder.
pub const FOLDER: &str = "packages";

/// The most characters of a title in a folder's name.
const MOST: usize = 48;

/// A title as a part of a path: lower-case ASCII letters and digits with single hyphens between them, at most 48
/// characters; `episode` where nothing of a title is left.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars() {
        if slug.len() >= MOST {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "episode".to_owned() } else { slug.to_owned() }
}

/// The name of a package's folder.
pub(super) fn name(episode: EpisodeNumber, title: &str) -> String {
    format!("{episode}-{}", slug(title))
}

/// The name of the folder in which a package of this episode is built.
pub(super) fn building(episode: EpisodeNumber) -> String {
    format!(".new-{episode}")
}

/// The name under which a package is kept while another takes its place.
pub(super) fn aside(name: &str) -> String {
    format!(".old-{name}")
}

/// Whether a folder of this name is a package's of this episode.
pub(super) fn is_of(episode: EpisodeNumber, name: &str) -> bool {
    name.strip_prefix(&episode.to_string()).is_some_and(|rest| rest.starts_with('-'))
}

/// Whether a folder of this name is a package's of this episode that was moved aside.
pub(super) fn is_aside(episode: EpisodeNumber, name: &str) -> bool {
    name.strip_prefix(".old-").is_some_and(|name| is_of(episode, name))
}
