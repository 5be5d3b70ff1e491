//! Research packages, read as an episode would read them.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use crate::config::files;
use crate::domain::research::{self, MAX_BYTES, Research};
use crate::report::line;

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

/// Runs the verb.
pub(super) fn run(verb: &ResearchVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        ResearchVerb::Check { file, format } => {
            let (_, research) = read_package(file)?;
            match format {
                Format::Text => print(&research, context.out)?,
                Format::Json => context.json(&research)?,
            }
            Ok(Ending::Done)
        }
    }
}

/// Reads a package; at most one byte more than is allowed, so that a huge file is refused and never loaded.
pub(super) fn read_package(file: &Path) -> Result<(Vec<u8>, Research), CliError> {
    let path = || file.display().to_string().escape_debug().to_string();
    let mut bytes = Vec::new();
    files::open(file)
        .and_then(|opened| opened.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| CliError::Unreadable { path: path(), source })?;
    let read = research::read(&bytes).map_err(|source| CliError::Research { path: path(), source })?;
    Ok((bytes, read))
}

fn print(research: &Research, out: &mut dyn Write) -> io::Result<()> {
    let cited = research.passages.iter().filter(|passage| !passage.cites.is_empty()).count();
    writeln!(out, "{}", line(&research.topic))?;
    writeln!(
        out,
        "{} statements, {} words; {cited} of them cite one of {} references",
        research.passages.len(),
        research.words(),
        research.sources.len()
    )?;
    for (passage, number) in research.unsourced() {
        writeln!(out, "line {}: [{number}] has no reference: {}", passage.line, line(&passage.text))?;
    }
    let mut place = "";
    for passage in &research.passages {
        if passage.place != place {
            place = &passage.place;
            writeln!(out, "\n{}", line(place))?;
        }
        let cites: String = passage.cites.iter().map(|number| format!(" [{number}]")).collect();
        writeln!(out, "  {:<4} {}{cites}", passage.id, line(&passage.text))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &Path) -> Result<String, CliError> {
        let mut out = Vec::new();
        print(&read_package(file)?.1, &mut out)?;
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
