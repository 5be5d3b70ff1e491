//! The embedded database behind the state, and the only file that names it.
//!
//! sled 0.34 does not reach the device when it flushes, may tear its last transaction in a power loss, and may spin or
//! panic on a damaged file. So every value is sealed with a checksum and the number of the line it was folded up to, the
//! head names a sample of what its own transaction wrote, and whoever calls does so on a thread of its own with a limit.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sled::transaction::{ConflictableTransactionResult, TransactionError, Transactional};

use super::rows::Key;
use crate::ledger::chain::LineHash;
use crate::ledger::journal::Checkpoint;

const HEAD: &[u8] = b"head";
const CHECKSUM: usize = 8;
/// How many of a transaction's rows the head names.
const WITNESSES: usize = 512;

/// Why the database cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Another process or a thread that was given up on has it open.
    Busy,
    /// It is damaged, or the disk is.
    Damaged(String),
    /// It has another shape; up to where it was folded is read all the same.
    Shape(u32, Checkpoint),
}

impl From<sled::Error> for Refusal {
    fn from(error: sled::Error) -> Self {
        let text = error.to_string();
        // The only way in which sled tells it: an I/O error of kind `Other` with these words.
        if text.contains("could not acquire lock") { Self::Busy } else { Self::Damaged(text) }
    }
}

fn damaged(what: &str) -> Refusal {
    Refusal::Damaged(what.to_owned())
}

/// What is to be written in one transaction: rows by key, each with the number of the line that it was folded up to.
#[derive(Debug, Default)]
pub(super) struct Writes {
    pub(super) rows: BTreeMap<Key, (u64, Vec<u8>)>,
    pub(super) checkpoint: Option<Checkpoint>,
}

/// A row that a scan found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) key: Vec<u8>,
    pub(super) seq: u64,
    pub(super) value: Vec<u8>,
}

/// The open database.
pub(super) struct Store {
    db: sled::Db,
    rows: sled::Tree,
    meta: sled::Tree,
    responses: sled::Tree,
    dir: PathBuf,
    shape: u32,
    at: Checkpoint,
}

impl Store {
    /// Opens or makes the database in this folder. Blocks, and may do so for ever on a damaged file; may panic.
    pub(super) fn open(dir: &Path, shape: u32) -> Result<Self, Refusal> {
        let config = sled::Config::new().path(dir).cache_capacity(64 * 1024 * 1024);
        let mut tries = 0;
        let db = loop {
            match config.open().map_err(Refusal::from) {
                // A database that was just closed may take a moment to give up its lock.
                Err(Refusal::Busy) if tries < 20 => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(25));
                }
                Err(refusal) => return Err(refusal),
                Ok(db) => break db,
            }
        };
        let (rows, meta) = (db.open_tree("rows")?, db.open_tree("meta")?);
        let responses = db.open_tree("responses")?;
        let mut store = Self { db, rows, meta, responses, dir: dir.to_owned(), shape, at: Checkpoint::START };
        match store.meta.get(HEAD)? {
            Some(sealed) => {
                let (_, head) = unseal(HEAD, &sealed).ok_or_else(|| damaged("the head of the state is damaged"))?;
                store.at = store.check_head(head)?;
            }
            None if store.rows.is_empty() => {
                let head = head(shape, Checkpoint::START, std::iter::empty());
                store.meta.insert(HEAD, seal(HEAD, 0, &head))?;
            }
            None => return Err(damaged("the state has rows but no head")),
        }
        Ok(store)
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        self.at
    }

    /// Reads the head, and checks that the rows which its transaction wrote are there.
    fn check_head(&self, head: &[u8]) -> Result<Checkpoint, Refusal> {
        let short = || damaged("the head of the state is too short");
        let mut rest = Fields(head);
        let shape = u32::from_be_bytes(rest.array().ok_or_else(short)?);
        let seq = u64::from_be_bytes(rest.array().ok_or_else(short)?);
        let offset = u64::from_be_bytes(rest.array().ok_or_else(short)?);
        let hash = LineHash::from_bytes(rest.array().ok_or_else(short)?);
        if shape != self.shape {
            return Err(Refusal::Shape(shape, Checkpoint { seq, offset, hash }));
        }
        while let Some(len) = rest.array().map(u16::from_be_bytes) {
            let key = rest.bytes(usize::from(len)).ok_or_else(short)?;
            let checksum = rest.bytes(CHECKSUM).ok_or_else(short)?;
            let row = self.rows.get(key)?;
            if row.is_none_or(|row| row.get(..CHECKSUM) != Some(checksum)) {
                return Err(damaged("the last transaction of the state reached the disk only in part"));
            }
        }
        Ok(Checkpoint { seq, offset, hash })
    }

    /// Writes all of it in one transaction.
    pub(super) fn write(&mut self, writes: &Writes) -> Result<(), Refusal> {
        let sealed: Vec<(Vec<u8>, Vec<u8>)> =
            (writes.rows.iter()).map(|(key, (seq, value))| (key.bytes(), seal(&key.bytes(), *seq, value))).collect();
        let head = writes.checkpoint.map(|checkpoint| {
            let every = sealed.len().div_ceil(WITNESSES).max(1);
            let head = head(self.shape, checkpoint, sealed.iter().rev().step_by(every));
            seal(HEAD, checkpoint.seq, &head)
        });
        let done = (&self.rows, &self.meta).transaction(|(rows, meta)| {
            for (key, value) in &sealed {
                rows.insert(key.as_slice(), value.as_slice())?;
            }
            if let Some(head) = &head {
                meta.insert(HEAD, head.as_slice())?;
            }
            let done: ConflictableTransactionResult<(), ()> = Ok(());
            done
        });
        match done {
            Ok(()) => {
                self.at = writes.checkpoint.unwrap_or(self.at);
                Ok(())
            }
            Err(TransactionError::Storage(error)) => Err(error.into()),
            Err(TransactionError::Abort(())) => Err(damaged("a transaction of the state was given up")),
        }
    }

    /// Reads one row and the number of the line that it was folded up to.
    pub(super) fn read(&self, key: &Key) -> Result<Option<(u64, Vec<u8>)>, Refusal> {
        let key = key.bytes();
        match self.rows.get(&key)? {
            Some(sealed) => self.opened(&key, &sealed).map(Some),
            None => Ok(None),
        }
    }

    /// Reads the rows whose keys lie from the first to the last prefix, in order, each with its key.
    pub(super) fn scan(&self, first: &[u8], last: &[u8]) -> Result<Vec<Found>, Refusal> {
        let mut all = Vec::new();
        for row in self.rows.range(first..) {
            let (key, sealed) = row?;
            if !key.starts_with(last) && key.as_ref() > last {
                break;
            }
            let (seq, value) = self.opened(&key, &sealed)?;
            all.push(Found { key: key.to_vec(), seq, value });
        }
        Ok(all)
    }

    fn opened(&self, key: &[u8], sealed: &[u8]) -> Result<(u64, Vec<u8>), Refusal> {
        let (seq, value) = unseal(key, sealed).ok_or_else(|| damaged("a value of the state is damaged"))?;
        if seq > self.at.seq {
            return Err(damaged("a value of the state is ahead of its checkpoint"));
        }
        Ok((seq, value.to_vec()))
    }

    pub(super) fn keep_response(&self, key: &[u8], value: &[u8]) -> Result<(), Refusal> {
        self.responses.insert(key, seal(key, 0, value))?;
        Ok(())
    }

    pub(super) fn response(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        match self.responses.get(key)? {
            Some(sealed) => {
                let (_, value) = unseal(key, &sealed).ok_or_else(|| damaged("a kept response is damaged"))?;
                Ok(Some(value.to_vec()))
            }
            None => Ok(None),
        }
    }

    /// Writes everything to the device. sled's own flush only starts that, so the file is synced through a second handle.
    pub(super) fn flush(&self) -> Result<(), Refusal> {
        self.db.flush()?;
        let synced = File::open(self.dir.join("db")).and_then(|file| file.sync_all());
        synced.map_err(|error| Refusal::Damaged(format!("the state could not be synced: {error}")))
    }
}

/// The head: shape, checkpoint, and the keys and checksums of rows that the same transaction writes.
fn head<'a>(shape: u32, at: Checkpoint, rows: impl Iterator<Item = &'a (Vec<u8>, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = shape.to_be_bytes().to_vec();
    bytes.extend_from_slice(&at.seq.to_be_bytes());
    bytes.extend_from_slice(&at.offset.to_be_bytes());
    bytes.extend_from_slice(at.hash.as_bytes());
    for (key, sealed) in rows {
        let (Ok(len), Some(checksum)) = (u16::try_from(key.len()), sealed.get(..CHECKSUM)) else { continue };
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(checksum);
    }
    bytes
}

/// The value with the number of its line, and before both a checksum that covers the key too: a value that turns up
/// under another key is damage.
fn seal(key: &[u8], seq: u64, value: &[u8]) -> Vec<u8> {
    let seq = seq.to_be_bytes();
    [&checksum(key, &seq, value)[..], &seq, value].concat()
}

fn unseal<'a>(key: &[u8], sealed: &'a [u8]) -> Option<(u64, &'a [u8])> {
    let mut rest = Fields(sealed);
    let expected: [u8; CHECKSUM] = rest.array()?;
    let seq: [u8; 8] = rest.array()?;
    (checksum(key, &seq, rest.0) == expected).then_some((u64::from_be_bytes(seq), rest.0))
}

fn checksum(key: &[u8], seq: &[u8; 8], value: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u64).to_be_bytes()).update(key).update(seq).update(value);
    let mut short = [0; CHECKSUM];
    hasher.finalize_xof().fill(&mut short);
    short
}

/// Bytes that are taken off from the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(front)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }
}

#[cfg(test)]
impl Store {
    /// Puts these bytes where a row is, as damage would.
    pub(super) fn plant(&self, key: &Key, sealed: &[u8]) {
        self.rows.insert(key.bytes(), sealed).unwrap();
    }

    /// Removes a row behind the head's back, as a torn transaction would.
    pub(super) fn tear(&self, key: &Key) {
        self.rows.remove(key.bytes()).unwrap();
    }

    /// Writes a row as if it had been folded further than the checkpoint.
    pub(super) fn run_ahead(&self, key: &Key, seq: u64) {
        self.rows.insert(key.bytes(), seal(&key.bytes(), seq, b"ahead")).unwrap();
    }
}
