//! What the console is told when it is started, and how it can fail.

use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use super::theme::ColorLevel;
use crate::domain::event::{Person, Provenance};

/// What the console is told when it is started. Flags, settings and the environment are read by the caller.
#[derive(Clone, Debug)]
pub struct ConsoleOptions {
    /// Who decides at this console.
    pub person: Person,
    /// Whether that person gave a name; where not, the first decision asks for one, and it is kept in the settings.
    pub is_named: bool,
    /// The folder of the settings, where a name is to be kept.
    pub config: PathBuf,
    /// The names that a secret is kept for. Nobody takes one of them on within the console, where none is asked for.
    pub with_secret: Vec<String>,
    /// How many colours the terminal has.
    pub color: ColorLevel,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
    /// The most frames a second while text streams; 1 to 60, 10 by default.
    pub fps: u32,
    /// Whether the terminal's bell rings, once for each need.
    pub bell: bool,
    /// Whether the studio is rehearsed or live; shown before the first snapshot is there.
    pub provenance: Provenance,
    /// How long a decision can be taken back before it is sent; none switches the hold off.
    pub undo: Duration,
    /// Cancelled by the caller on SIGTERM and SIGHUP: the console keeps its drafts and ends.
    pub shutdown: CancellationToken,
}

impl ConsoleOptions {
    /// The usual options for a person: 16 colours, Unicode, 10 frames a second, a bell, 20 seconds to take a decision back.
    pub fn new(person: Person, provenance: Provenance) -> Self {
        Self {
            person,
            is_named: true,
            config: PathBuf::new(),
            with_secret: Vec::new(),
            color: ColorLevel::Ansi16,
            ascii: false,
            fps: 10,
            bell: true,
            provenance,
            undo: Duration::from_secs(20),
            shutdown: CancellationToken::new(),
        }
    }
}

/// How the console fails. Work that was under way is safe: it is the engine's.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Standard output is no terminal.
    #[error(
        "standard output is not a terminal, and the console needs one; nothing was changed. The other verbs work without: see `greenroom --help`"
    )]
    NoTerminal,
    /// The terminal cannot be read or written.
    #[error(
        "the terminal failed ({0}). Decisions that were sent are in the ledger; a draft may lack its last second. Start greenroom again to go on"
    )]
    Terminal(#[from] std::io::Error),
    /// The last change of a note is not on disk.
    #[error(
        "the last change of your note was not saved: {0}. What was saved before is kept, and so is what was decided"
    )]
    Draft(String),
}
