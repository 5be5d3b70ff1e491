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

/// The name that something has while a package of this episode takes its place.
pub(super) fn aside(name: &str) -> String {
    format!(".old-{name}")
}

/// Whether a folder of this name may be a package of this episode.
pub(super) fn is_of(episode: EpisodeNumber, name: &str) -> bool {
    name.strip_prefix(&episode.to_string()).is_some_and(|rest| rest.starts_with('-'))
}

/// What the name was of something that was moved aside for a package of this episode.
pub(super) fn moved_aside(episode: EpisodeNumber, name: &str) -> Option<&str> {
    name.strip_prefix(".old-").filter(|name| is_of(episode, name))
}

/// The name under which something is kept that was in a package's place, and its n-th namesake.
pub(super) fn kept(name: &str, n: u64) -> String {
    if n == 1 { format!("kept-{name}") } else { format!("kept-{name}-{n}") }
}

/// Whether something of this name was kept when a package of this episode took its place.
pub(super) fn is_kept(episode: EpisodeNumber, name: &str) -> bool {
    name.strip_prefix("kept-").is_some_and(|name| is_of(episode, name))
}
