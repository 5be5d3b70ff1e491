//! The headless verbs. Each writes its answer to the given output and returns how it ended; nothing here exits.
//!
//! Not for parsing of research or for printing of errors: the first is the domain's, the second `main`'s.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};

use crate::domain::research::{self, MAX_BYTES, Research, ResearchError};

/// A terminal production console for podcast episodes that AI agents make and people answer for.
#[derive(Debug, Parser)]
#[command(name = "greenroom", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What the program can do without a terminal.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Research packages: what an episode is written from
    #[command(subcommand)]
    Research(ResearchVerb),
}

/// What can be done with a research package.
#[derive(Debug, Subcommand)]
pub enum ResearchVerb {
    /// Read a package as an episode would and show what was found: statements, references, and citations without one
    Check {
        /// The package, Markdown or JSON
        file: PathBuf,
        /// How to print what was found
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For scripts
    Json,
}

/// A fault that a user can meet, with what it means and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The file cannot be read at all.
    #[error("{path} cannot be read: {source}. Nothing was changed. Check the path and its permissions.")]
    Unreadable {
        /// The file as it was named.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// The file can be read and is not a package.
    #[error("{path}: {source}")]
    Research {
        /// The file as it was named.
        path: String,
        /// The fault with its place.
        source: ResearchError,
    },
    /// The answer cannot be written.
    #[error("the answer could not be written: {0}. Nothing was changed.")]
    Output(#[from] io::Error),
    /// The answer has no JSON form.
    #[error("the answer could not be put into JSON: {0}. Nothing was changed.")]
    Json(#[from] serde_json::Error),
}

/// Runs one verb.
///
/// # Errors
///
/// When its input cannot be read or its answer cannot be written.
pub fn run(verb: &Verb, out: &mut impl Write) -> Result<(), CliError> {
    match verb {
        Verb::Research(ResearchVerb::Check { file, format }) => {
            let research = read_package(file)?;
            match format {
                Format::Text => print(&research, out)?,
                Format::Json => {
                    serde_json::to_writer_pretty(&mut *out, &research)?;
                    writeln!(out)?;
                }
            }
        }
    }
    Ok(())
}

/// Reads at most one byte more than is allowed, so that a huge file is refused and never loaded.
fn read_package(file: &Path) -> Result<Research, CliError> {
    let path = || file.display().to_string().escape_debug().to_string();
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| CliError::Unreadable { path: path(), source })?;
    research::read(&bytes).map_err(|source| CliError::Research { path: path(), source })
}

fn print(research: &Research, out: &mut impl Write) -> io::Result<()> {
    let cited = research.passages.iter().filter(|passage| !passage.cites.is_empty()).count();
    writeln!(out, "{}", research.topic)?;
    writeln!(
        out,
        "{} statements, {} words; {cited} of them cite one of {} references",
        research.passages.len(),
        research.words(),
        research.sources.len()
    )?;
    for (passage, number) in research.unsourced() {
        writeln!(out, "line {}: [{number}] has no reference: {}", passage.line, passage.text)?;
    }
    let mut place = "";
    for passage in &research.passages {
        if passage.place != place {
            place = &passage.place;
            writeln!(out, "\n{place}")?;
        }
        let cites: String = passage.cites.iter().map(|number| format!(" [{number}]")).collect();
        writeln!(out, "  {:<4} {}{cites}", passage.id, passage.text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &Path) -> Result<String, CliError> {
        let mut out = Vec::new();
        run(&Verb::Research(ResearchVerb::Check { file: file.to_owned(), format: Format::Text }), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_package_is_shown_with_its_unsourced_citations() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mills.md");
        std::fs::write(&file, "# Mills\n\nThe mill is from 1170 [1][2].\n\n[1] A book\n").unwrap();
        let shown = check(&file).unwrap();
        assert!(shown.contains("1 statements, 5 words; 1 of them cite one of 1 references"), "{shown}");
        assert!(shown.contains("line 3: [2] has no reference"), "{shown}");
    }

    #[test]
    fn a_missing_and_a_huge_file_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let missing = check(&folder.path().join("no\u{1b}file.md")).unwrap_err().to_string();
        assert!(missing.contains("cannot be read") && !missing.contains('\u{1b}'), "{missing}");
        let huge = folder.path().join("huge.md");
        std::fs::write(&huge, vec![b'a'; MAX_BYTES + 10]).unwrap();
        assert!(check(&huge).unwrap_err().to_string().contains("at most"));
    }
}
