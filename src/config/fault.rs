//! Faults of a file that a person wrote, each with its place, and the errors that carry them.
//!
//! A loader collects all faults of a file, so that a person mends them in one go. Not for faults of data that a model or a
//! provider sent.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::files;
use crate::domain::money::MicroUsd;
use crate::domain::plain;

/// The largest file of settings, prices or prompts that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Where a fault stands: printed as `file:line:column`, both counted from 1, the column in characters. What stands in no file,
/// such as a flag, has line 0 and is printed by its name alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the person knows it.
    pub file: String,
    /// The line, from 1; 0 where the name is not that of a file.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte of a source; a byte past its end stands at the end.
    pub fn of_byte(file: &str, source: &str, byte: usize) -> Self {
        let before = source.get(..byte).unwrap_or(source);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { file: file.to_owned(), line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&plain::line(&self.file)),
            line => write!(f, "{}:{line}:{}", plain::line(&self.file), self.column),
        }
    }
}

/// One fault of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where it stands.
    pub place: Place,
    /// What is wrong and what would be right.
    pub what: String,
}

impl Fault {
    /// A fault at a span of a source.
    pub fn at(file: &str, source: &str, span: &Range<usize>, what: impl Into<String>) -> Self {
        // It may quote what stands in the file, with its escapes read.
        Self { place: Place::of_byte(file, source, span.start), what: plain::line(&what.into()) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// All faults of a file, in the order of their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// The value where there is no fault, else all faults in the order of their places.
    ///
    /// # Errors
    ///
    /// When there is a fault.
    pub fn none(mut faults: Vec<Fault>) -> Result<(), Self> {
        faults.sort();
        if faults.is_empty() { Ok(()) } else { Err(Self(faults)) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.0 {
            writeln!(f, "{fault}")?;
        }
        f.write_str("Nothing was started and nothing was spent: mend the file and try again.")
    }
}

impl std::error::Error for Faults {}

/// Why a file of the configuration could not be used. Nothing was started and nothing was spent.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}. Nothing was started. Check the path and its permissions.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file was read and has faults.
    #[error(transparent)]
    Faults(#[from] Faults),
}

/// Reads a file as text.
///
/// # Errors
///
/// When it cannot be read, has more than [`MAX_FILE_BYTES`], or is not UTF-8 (with the line).
pub fn read_text(path: &Path) -> Result<String, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
    let file = files::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let name = path.display().to_string();
    let fault = |line, column, what: String| {
        LoadError::Faults(Faults(vec![Fault { place: Place { file: name.clone(), line, column }, what }]))
    };
    if u64::try_from(read).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        return Err(fault(1, 1, format!("the file has more than {MAX_FILE_BYTES} bytes, which no such file needs")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let place = Place::of_byte(&name, &String::from_utf8_lossy(valid), valid.len());
        fault(place.line, place.column, "the file is not UTF-8 text from here on: save it as UTF-8".to_owned())
    })
}

/// Reads a file as text, or nothing where there is no such file.
///
/// # Errors
///
/// As [`read_text`], but for a missing file.
pub fn read_if_there(path: &Path) -> Result<Option<String>, LoadError> {
    match read_text(path) {
        Ok(text) => Ok(Some(text)),
        Err(LoadError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An amount with as many decimals as it needs and at least two, so that no two amounts look the same.
pub(crate) fn dollars(amount: MicroUsd) -> String {
    let text = format!("{amount:.6}");
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}.{:0<2}", decimals.trim_end_matches('0'))
}

/// What a person may have meant: the nearest of the known words, or else all of them, as the end of a sentence.
pub(crate) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let distance = |candidate: &str| strsim::damerau_levenshtein(word, candidate);
    let begins = |candidate: &str| word.len() >= 3 && candidate.starts_with(word);
    let limit = (word.chars().count() / 2).max(2);
    match known.iter().min_by_key(|candidate| (!begins(candidate), distance(candidate))) {
        None => "nothing may stand here".to_owned(),
        Some(nearest) if begins(nearest) || distance(nearest) <= limit => format!("did you mean `{nearest}`?"),
        Some(_) => format!("known are {}", known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let source = "añb\ncd\n";
        let cases = [(0, (1, 1)), (3, (1, 3)), (5, (2, 1)), (6, (2, 2)), (99, (3, 1))];
        for (byte, expected) in cases {
            let place = Place::of_byte("f", source, byte);
            assert_eq!((place.line, place.column), expected, "{byte}");
        }
    }

    #[test]
    fn two_amounts_never_look_the_same() {
        let cases =
            [(35_000_000, "35.00"), (35_000_001, "35.000001"), (35_100_000, "35.10"), (1_500, "0.0015"), (0, "0.00")];
        for (micro, expected) in cases {
            assert_eq!(dollars(MicroUsd(micro)), expected);
        }
    }

    #[test]
    fn the_nearest_word_is_offered_and_a_far_one_is_not() {
        let known = ["provider", "model", "fallback"];
        assert_eq!(suggestion("fall", known), "did you mean `fallback`?");
        assert_eq!(suggestion("modle", known), "did you mean `model`?");
        assert_eq!(suggestion("zzzzzz", known), "known are `provider`, `model`, `fallback`");
        assert_eq!(suggestion("x", []), "nothing may stand here");
    }

    #[test]
    fn a_file_that_is_no_text_is_refused_at_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.toml");
        assert!(read_if_there(&path).unwrap().is_none());
        assert!(matches!(read_text(&path), Err(LoadError::Unreadable { .. })));
        std::fs::write(&path, b"a = 1\nb = \"\xff\"\n").unwrap();
        let error = read_text(&path).unwrap_err().to_string();
        assert!(error.contains("show.toml:2:6: the file is not UTF-8"), "{error}");
        std::fs::write(&path, vec![b' '; 1024 * 1024 + 1]).unwrap();
        assert!(read_if_there(&path).unwrap_err().to_string().contains("more than 1048576 bytes"));
        std::fs::write(&path, vec![b' '; 1024 * 1024]).unwrap();
        assert_eq!(read_text(&path).unwrap().len(), 1024 * 1024);
    }
}
