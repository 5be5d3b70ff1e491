//! One line of the journal: how it is written and how it is read back and checked for itself.
//!
//! Not for what a body means, nor for how lines follow one another: see `scan`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Checkpoint;
use crate::domain::ids::EpisodeNumber;
use crate::ledger::chain::LineHash;

/// The version of the lines that this binary writes. A line with a higher one opens the journal read only.
pub const VERSION: u32 = 1;

/// The most bytes that a line may have, its line break not counted. Longer text belongs into a blob.
pub const MAX_LINE: usize = 1024 * 1024;

/// The field that ends a line: `,"hash":"`, 64 digits, `"}`.
const HASH_FIELD: &[u8] = b",\"hash\":\"";
const HASH_DIGITS: usize = 64;
const CLOSE: &[u8] = b"\"}";

/// What is to be recorded, before it has a place in the journal.
#[derive(Clone, Debug)]
pub struct Draft {
    /// When it happened; kept to the microsecond.
    pub at: Timestamp,
    /// The episode that it concerns, if one.
    pub episode: Option<EpisodeNumber>,
    /// Who acted, such as `engine` or `Ada (os: ada)`.
    pub actor: String,
    /// What happened, as JSON that this layer does not interpret.
    pub body: Box<RawValue>,
}

/// The batch that a line belongs to: what is recorded in one step, wholly or not at all. Written as `[first, len]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct BatchSpan {
    /// The number of its first line.
    pub first: u64,
    /// How many lines it has, from 1.
    pub len: u64,
}

impl From<(u64, u64)> for BatchSpan {
    fn from((first, len): (u64, u64)) -> Self {
        Self { first, len }
    }
}

impl From<BatchSpan> for (u64, u64) {
    fn from(span: BatchSpan) -> Self {
        (span.first, span.len)
    }
}

impl BatchSpan {
    /// The number of its last line; nothing when no such batch can be.
    pub fn last(&self) -> Option<u64> {
        self.len.checked_sub(1).and_then(|more| self.first.checked_add(more))
    }
}

/// One line of the journal, checked.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The version that it was written in.
    pub v: u32,
    /// Its number in the journal, from 1; also the number of its line in the file.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The episode that it concerns, if one.
    pub episode: Option<EpisodeNumber>,
    /// Who acted.
    pub actor: String,
    /// The batch that it was recorded in.
    pub batch: BatchSpan,
    /// What happened, as it was written.
    pub body: Box<RawValue>,
    /// The hash of the line before.
    pub prev: LineHash,
    /// The hash of this line.
    pub hash: LineHash,
    /// The byte after its line break.
    pub end: u64,
}

impl Entry {
    /// The place behind this line, where this line ends its batch. Nothing may be resumed within a batch.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        (self.batch.last() == Some(self.seq)).then_some(Checkpoint { seq: self.seq, offset: self.end, hash: self.hash })
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// The file ends within the line, or within the batch that it belongs to.
    #[error("the file ends before its batch is complete")]
    Incomplete,
    /// It has more than [`MAX_LINE`] bytes.
    #[error("it is longer than any line that is written here")]
    TooLong,
    /// It is not the JSON object that every line is.
    #[error("it is not a record of this journal: {0}")]
    NotARecord(String),
    /// Its bytes do not have the hash that it names.
    #[error("its bytes do not have the hash that it names")]
    WrongHash,
    /// It does not name the hash of the line before.
    #[error("it does not follow the line before it: its `prev` is another hash")]
    WrongPrev,
    /// It does not have the next number.
    #[error("its number is {found}, where {expected} comes next")]
    WrongSeq {
        /// The number that comes next.
        expected: u64,
        /// The number that the line has.
        found: u64,
    },
    /// It names another batch than the one that it stands in.
    #[error("it names another batch than the one that it stands in")]
    WrongBatch,
    /// It was written by a newer version.
    #[error("it was written by a newer version of this program (record version {0})")]
    Newer(u32),
}

impl LineFault {
    /// Whether a write that was cut short could have left this. A line that is sound in itself and only stands in the
    /// wrong place was never left by a torn write.
    pub(super) fn may_be_torn(&self) -> bool {
        match self {
            Self::Incomplete | Self::TooLong | Self::NotARecord(_) | Self::WrongHash => true,
            Self::WrongPrev | Self::WrongSeq { .. } | Self::WrongBatch | Self::Newer(_) => false,
        }
    }
}

/// The fields before `hash`, in the order in which they are written.
#[derive(Serialize)]
struct Head<'a> {
    v: u32,
    seq: u64,
    at: String,
    episode: Option<EpisodeNumber>,
    actor: &'a str,
    batch: BatchSpan,
    body: &'a RawValue,
    prev: LineHash,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    v: u32,
    seq: u64,
    at: Timestamp,
    episode: Option<EpisodeNumber>,
    actor: String,
    batch: BatchSpan,
    body: Box<RawValue>,
    prev: LineHash,
    hash: LineHash,
}

/// Appends the line with its line break to `out`, and returns the line's hash.
pub(super) fn encode(
    out: &mut Vec<u8>,
    draft: &Draft,
    seq: u64,
    batch: BatchSpan,
    prev: LineHash,
) -> Result<LineHash, serde_json::Error> {
    let begin = out.len();
    let head = Head {
        v: VERSION,
        seq,
        at: format!("{:.6}", draft.at),
        episode: draft.episode,
        actor: &draft.actor,
        batch,
        body: &draft.body,
        prev,
    };
    serde_json::to_writer(&mut *out, &head)?;
    for byte in out.iter_mut().skip(begin) {
        // Only blank space between tokens can be a bare line break in valid JSON, so that this changes no value.
        if matches!(*byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    // The closing brace gives way to the hash of everything before it.
    out.pop();
    let hash = LineHash::of(out.get(begin..).unwrap_or_default());
    out.extend_from_slice(HASH_FIELD);
    out.extend_from_slice(hash.to_string().as_bytes());
    out.extend_from_slice(CLOSE);
    out.push(b'\n');
    Ok(hash)
}

/// The bytes that a line's hash covers and the hash that it names; nothing when it does not end as a line does.
fn split(line: &[u8]) -> Option<(&[u8], LineHash)> {
    let rest = line.strip_suffix(CLOSE)?;
    let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(HASH_DIGITS)?)?;
    let covered = rest.strip_suffix(HASH_FIELD)?;
    Some((covered, std::str::from_utf8(digits).ok()?.parse().ok()?))
}

/// Whether the line's own hash holds, whatever it says.
pub(super) fn sound(line: &[u8]) -> bool {
    split(line).is_some_and(|(covered, hash)| LineHash::of(covered) == hash)
}

/// Reads a line, without its line break, that ends (with it) at byte `end`. Checks the line in itself: that it is a
/// record of a known version and has the hash that it names.
pub(super) fn decode(line: &[u8], end: u64) -> Result<Entry, LineFault> {
    if let Some(newer) = version(line).filter(|v| *v > VERSION) {
        return Err(LineFault::Newer(newer));
    }
    if line.ends_with(b"\r") {
        let why = "it ends with a carriage return: something has changed the line ends of the file";
        return Err(LineFault::NotARecord(why.to_owned()));
    }
    let record: Record = serde_json::from_slice(line).map_err(|error| LineFault::NotARecord(error.to_string()))?;
    if record.v != VERSION {
        return Err(LineFault::NotARecord(format!("record version {} was never written", record.v)));
    }
    if !sound(line) {
        return Err(LineFault::WrongHash);
    }
    let Record { v, seq, at, episode, actor, batch, body, prev, hash } = record;
    Ok(Entry { v, seq, at, episode, actor, batch, body, prev, hash, end })
}

/// The version of a line that may otherwise be of an unknown shape: it is always the first field.
fn version(line: &[u8]) -> Option<u32> {
    let rest = line.strip_prefix(b"{\"v\":")?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()
}

/// The place that a line stands in a batch, read from a sound line only.
pub(super) fn span(line: &[u8]) -> Option<BatchSpan> {
    #[derive(Deserialize)]
    struct Span {
        batch: BatchSpan,
    }
    if !sound(line) {
        return None;
    }
    serde_json::from_slice::<Span>(line).ok().map(|found| found.batch)
}
