//! Rehearsal: provider servers on loopback with the real wire formats, a seeded author behind them, fault profiles and a
//! meter of their own.
//!
//! The clients of a rehearsal are the real ones. No code is shared with the engine's prices.

mod author;
mod catalogue;
mod espeak;
mod faults;
mod key;
mod limits;
mod meter;
mod studio;
mod temper;
mod wire;

pub use self::author::{Author, AuthorError, Key, Planted, Written, blocks};
pub use self::faults::named::{NameError, NamedFault, Oddity, Share};
pub use self::faults::oddities::{Anthropic, ElevenLabs, Gemini, OpenAi, Perplexity};
pub use self::faults::{Fault, FaultProfile, ProfileError, drawn};
pub use self::limits::{Limit, LimitError, Measure};
pub use self::meter::{Counts, KeyCounts, Reading, Rent};
pub use self::studio::{Options, Rehearsal, StudioError};
pub use self::temper::{DraftTemper, JudgeTemper, Judges, PLANTABLE, PolisherTemper, Temper, TemperError};
pub use self::wire::Waits;
