//! How a verb ends: the exit codes, and the faults that a user can meet.
//!
//! Every message says what happened, what it means for money and data, and what to do. Not for printing: that is `main`'s.

use std::io;

use crate::config::environment::NotText;
use crate::config::fault::{Faults, LoadError};
use crate::config::paths::PathsError;
use crate::config::persons::PersonsError;
use crate::domain::accept::brought::Misfit;
use crate::domain::event::PersonError;
use crate::domain::plain;
use crate::domain::research::ResearchError;
use crate::engine::handle::HandleError;
use crate::engine::open::OpenError;
use crate::engine::socket::ConnectError;
use crate::ledger::archive::ArchiveError;
use crate::ledger::blobs::BlobError;
use crate::ledger::drafts::DraftError;
use crate::ledger::journal::JournalError;
use crate::ledger::lock::LockError;
use crate::rehearsal::StudioError;

/// How a verb ended where nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Done: exit code 0.
    Done,
    /// Something was found wrong and was reported: exit code 1.
    Unsound,
    /// A person is needed: exit code 3.
    Waiting,
}

impl Ending {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unsound => 1,
            Self::Waiting => 3,
        }
    }
}

/// A file of a person that is not what it should be, each fault with its line and its place.
pub(super) fn brought_badly(path: &str, what: &str, misfits: &[Misfit]) -> CliError {
    const MOST: usize = 20;
    let told: Vec<String> = misfits.iter().take(MOST).map(|misfit| format!("{}:{misfit}", plain::line(path))).collect();
    let more = misfits.len().saturating_sub(MOST);
    let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
    CliError::Usage(format!("this is {what} that can be taken. Nothing was changed.\n{}{more}", told.join("\n")))
}

/// A fault that a user can meet, with what it means and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line asks for what cannot be: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// What was asked was refused: exit code 4.
    #[error("{0}")]
    Refused(String),
    /// Something failed, and the message says it all.
    #[error("{0}")]
    Failed(String),
    /// A signal asked to end before all was done; what became of the calls under way is said when the studio is closed.
    #[error("{0}")]
    Interrupted(String),
    /// The file cannot be read at all.
    #[error("{} cannot be read: {source}. Nothing was changed. Check the path and its permissions.", plain::line(path))]
    Unreadable {
        /// The file as it was named.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// The file can be read and is not a package.
    #[error("{}: {source}", plain::line(path))]
    Research {
        /// The file as it was named.
        path: String,
        /// The fault with its place.
        source: ResearchError,
    },
    /// The answer cannot be written.
    #[error("the answer could not be written: {0}. What was done before is recorded.")]
    Output(#[from] io::Error),
    /// The answer has no JSON form.
    #[error("the answer could not be put into JSON: {0}. Nothing was changed.")]
    Json(#[from] serde_json::Error),
    /// A folder cannot be found.
    #[error(transparent)]
    Paths(#[from] PathsError),
    /// A variable is no text.
    #[error(transparent)]
    Environment(#[from] NotText),
    /// A file of the configuration.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A name cannot be signed with: exit code 2.
    #[error("{0}. Nothing was changed; give another with --as.")]
    Person(#[from] PersonError),
    /// A name or a secret cannot be kept or used.
    #[error(transparent)]
    Persons(#[from] PersonsError),
    /// The studio cannot be opened.
    #[error("{source}{}", hint(.source))]
    Open {
        /// Why.
        #[from]
        source: OpenError,
    },
    /// The engine refused or failed.
    #[error(transparent)]
    Handle(#[from] HandleError),
    /// The studio's lock.
    #[error("{0}{READING}")]
    Lock(#[from] LockError),
    /// Another process has the studio open and takes no commands.
    #[error("{held}: {why}{READING}")]
    Owned {
        /// Who has it.
        held: LockError,
        /// Why nothing can be asked of it.
        why: ConnectError,
    },
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The artifacts.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The drafts.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// Export, import or check.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The rehearsal's servers.
    #[error(transparent)]
    Servers(#[from] StudioError),
    /// The console was asked for and there is no terminal: exit code 2.
    #[error(
        "the console needs a terminal, and {0} is none. Nothing was changed. The other verbs work without one: see `greenroom --help`."
    )]
    NoTerminal(&'static str),
    /// The console failed.
    #[error("{0}")]
    Console(String),
}

const READING: &str = ". Nothing was changed. The verbs that only read (`episode list`, `gate show`, `cost`, `ledger verify` …) work meanwhile.";

const ASKING: &str = ". Nothing was changed. Meanwhile the verbs that only read work (`episode list`, `gate show`, `cost` …), and those that \
                      record something (`budget raise`, `episode pause`, `gate approve` …) are given to that process.";

fn hint(error: &OpenError) -> &'static str {
    match error {
        OpenError::Lock(_) => ASKING,
        OpenError::Folder { .. }
        | OpenError::Journal(_)
        | OpenError::Replay(_)
        | OpenError::Blobs(_)
        | OpenError::Spool(_)
        | OpenError::Drafts(_)
        | OpenError::Kind { .. }
        | OpenError::Setup(_)
        | OpenError::Thread(_) => "",
    }
}

impl From<Faults> for CliError {
    fn from(faults: Faults) -> Self {
        Self::Load(LoadError::Faults(faults))
    }
}

impl CliError {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Person(_) | Self::NoTerminal(_) => 2,
            Self::Refused(_) | Self::Handle(HandleError::Refused(_)) => 4,
            Self::Failed(_)
            | Self::Interrupted(_)
            | Self::Unreadable { .. }
            | Self::Research { .. }
            | Self::Output(_)
            | Self::Json(_)
            | Self::Paths(_)
            | Self::Persons(_)
            | Self::Environment(_)
            | Self::Load(_)
            | Self::Open { .. }
            | Self::Handle(HandleError::Invalid(_) | HandleError::Halted(_) | HandleError::Closed)
            | Self::Lock(_)
            | Self::Owned { .. }
            | Self::Journal(_)
            | Self::Blob(_)
            | Self::Draft(_)
            | Self::Archive(_)
            | Self::Servers(_)
            | Self::Console(_) => 1,
        }
    }

    /// Whether the reader of a pipe had seen enough: `greenroom … | head` is no fault.
    pub fn is_closed_pipe(&self) -> bool {
        let kind = if let Self::Output(error) = self {
            Some(error.kind())
        } else if let Self::Json(error) = self {
            error.io_error_kind()
        } else {
            None
        };
        kind == Some(io::ErrorKind::BrokenPipe)
    }
}
