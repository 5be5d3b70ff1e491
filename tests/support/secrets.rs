//! Looks for a secret in every spelling that one may take on its way.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A secret with everything but the plain characters of an address escaped.
pub(crate) fn in_address(key: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~".contains(b);
    key.bytes().map(|b| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Every spelling that a key is looked for in. Of base64 as much as does not depend on what follows.
fn spellings(key: &str) -> Vec<String> {
    let json = serde_json::to_string(key).expect("JSON");
    let json = json.trim_matches('"').to_owned();
    let base64 = STANDARD.encode(key);
    let whole = |text: &str| text.trim_end_matches('=').chars().take(key.len()).collect::<String>();
    vec![
        key.to_owned(),
        json.replace('/', "\\/"),
        json,
        in_address(key),
        in_address(key).to_lowercase(),
        whole(&base64),
        whole(&URL_SAFE_NO_PAD.encode(key)),
        whole(&STANDARD.encode(format!("Bearer {key}")).chars().skip(12).collect::<String>()),
    ]
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

/// A text with every `\\u00XX` and every other escape of JSON read, however often it was escaped.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        rest = after.trim_start_matches('\\');
        let code = rest.strip_prefix('u').and_then(|code| code.get(..4));
        if let Some(c) = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            out.push(c);
            rest = rest.get(5..).expect("a code of four digits");
        }
    }
    out + rest
}

/// The pieces of a stream's text put together.
fn together(text: &str) -> String {
    text.split("\"text\":\"").skip(1).filter_map(|piece| piece.split('"').next()).collect()
}

/// Where keys, each with its name, are found among these bytes.
pub(crate) fn found(keys: &[(&str, &str)], place: &str, bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    // Keys are ASCII, which stays as it is among bytes that are no text.
    let text = String::from_utf8_lossy(bytes);
    let read = unescaped(&text);
    for (name, key) in keys {
        for spelling in spellings(key) {
            if text.contains(spelling.as_str()) {
                all.push(format!("{name} as {spelling} in {place}"));
            }
        }
        if read.contains(key) {
            all.push(format!("{name} in escapes in {place}"));
        }
        // A quote within a key ends a piece.
        let (start, end) = key.split_once('"').unwrap_or((key, ""));
        if together(&read).contains(&format!("{start}{end}")) || together(&read).contains(start) {
            all.push(format!("{name} in pieces in {place}"));
        }
    }
    all
}

/// Where keys are found in all the files below a folder, and how many files there are.
pub(crate) fn found_below(keys: &[(&str, &str)], folder: &Path) -> (Vec<String>, usize) {
    let places = files(folder);
    let read = |path: &PathBuf| found(keys, &path.display().to_string(), &fs::read(path).expect("a file"));
    (places.iter().flat_map(read).collect(), places.len())
}
