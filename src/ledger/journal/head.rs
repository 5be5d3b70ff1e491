//! The head file: how far the journal was acknowledged, kept beside it, so that an end that went missing is not taken for
//! an end that was never written.
//!
//! It has two places of a fixed length that are written in turn, each after the journal's own sync. It needs no sync: after
//! a power loss it may be behind the journal, and never ahead of it. A place that was torn is known by its checksum.

use std::io::{self, Read};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Checkpoint;
use crate::domain::money::MicroUsd;
use crate::ledger::chain::LineHash;
use crate::ledger::disk::{Disk, Kind};
use crate::ledger::durable;

/// The name of the head file in the studio's folder.
pub const FILE: &str = "head";

const VERSION: u32 = 1;

/// The bytes of one place: as much as a disk writes in one piece.
const PLACE: usize = 512;

const CHECK: &str = ",\"check\":\"";
const CHECK_DIGITS: usize = 16;

/// What the events up to a place of the journal come to, by which the cost of a loss is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// What was spent since the studio began.
    pub spent: MicroUsd,
    /// What was held at that moment.
    pub held: MicroUsd,
}

/// What the head file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Record", into = "Record")]
pub struct Head {
    /// Where the journal ended.
    pub place: Checkpoint,
    /// When its last event was, where that is known.
    pub at: Option<Timestamp>,
    /// What its events come to, where that is known.
    pub sums: Option<Sums>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Record {
    v: u32,
    seq: u64,
    length: u64,
    hash: LineHash,
    at: Option<Timestamp>,
    sums: Option<Sums>,
}

impl From<Head> for Record {
    fn from(Head { place: Checkpoint { seq, offset, hash }, at, sums }: Head) -> Self {
        Self { v: VERSION, seq, length: offset, hash, at, sums }
    }
}

impl From<Record> for Head {
    fn from(Record { seq, length, hash, at, sums, .. }: Record) -> Self {
        Self { place: Checkpoint { seq, offset: length, hash }, at, sums }
    }
}

impl Head {
    /// Puts this in place of all that the head file says, durably: what it said before no longer holds.
    pub fn replace(self, disk: &dyn Disk, dir: &Path) -> io::Result<()> {
        durable::replace(disk, dir, FILE, &self.encode()?)
    }

    /// One place of the file: a line of JSON that ends with its checksum, filled up with blanks.
    fn encode(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.pop();
        let check = check(&bytes);
        bytes.extend_from_slice(format!("{CHECK}{check}\"}}").as_bytes());
        bytes.resize(PLACE - 1, b' ');
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn decode(place: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(place).ok()?.trim_end().strip_suffix("\"}")?;
        let (covered, digits) = text.split_at_checked(text.len().checked_sub(CHECK_DIGITS)?)?;
        let covered = covered.strip_suffix(CHECK)?;
        if check(covered.as_bytes()) != digits {
            return None;
        }
        let record: Record = serde_json::from_str(&format!("{covered}}}")).ok()?;
        (record.v == VERSION).then(|| record.into())
    }
}

fn check(covered: &[u8]) -> String {
    LineHash::of(covered).to_string().chars().take(CHECK_DIGITS).collect()
}

/// The head file of one journal, and which of its places is written next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeadFile {
    /// What it says; nothing where it is missing or no place of it is whole.
    pub(super) head: Option<Head>,
    /// The place that holds that.
    held: usize,
}

impl HeadFile {
    /// Reads the head file of the studio in this folder.
    pub(super) fn read(disk: &dyn Disk, dir: &Path) -> io::Result<Self> {
        let path = dir.join(FILE);
        match disk.kind(&path)? {
            Some(Kind::File { .. }) => {}
            Some(Kind::Folder | Kind::Other) | None => return Ok(Self::default()),
        }
        let mut bytes = Vec::new();
        disk.reader(&path, 0)?.take(2 * PLACE as u64).read_to_end(&mut bytes)?;
        let mut found = Self::default();
        for (place, bytes) in bytes.chunks(PLACE).enumerate() {
            let head = Head::decode(bytes);
            let is_further = |than: &Head| head.is_some_and(|head| head.place.seq > than.place.seq);
            if head.is_some() && found.head.as_ref().is_none_or(is_further) {
                found = Self { head, held: place };
            }
        }
        Ok(found)
    }

    /// Notes how far the journal was acknowledged, in the place that does not hold the last note.
    pub(super) fn note(&mut self, disk: &dyn Disk, dir: &Path, head: Head) -> io::Result<()> {
        let next = usize::from(self.head.is_some() && self.held == 0);
        disk.patch(&dir.join(FILE), (next * PLACE) as u64, &head.encode()?)?;
        *self = Self { head: Some(head), held: next };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::disk::simulated::{Fault, SimulatedDisk, Survival};

    fn head(seq: u64) -> Head {
        let place = Checkpoint { seq, offset: seq * 700, hash: LineHash::of(&seq.to_be_bytes()) };
        let sums = Some(Sums { spent: MicroUsd(i64::MAX), held: MicroUsd(i64::MAX) });
        Head { place, at: Some("2026-11-30T12:00:00.123456Z".parse().unwrap()), sums }
    }

    fn dir() -> &'static Path {
        Path::new("/")
    }

    #[test]
    fn the_longest_head_fits_and_reads_back() {
        let longest = Head { place: Checkpoint { seq: u64::MAX, offset: u64::MAX, ..head(1).place }, ..head(1) };
        for head in [longest, head(0), Head { at: None, sums: None, ..head(7) }] {
            let bytes = head.encode().unwrap();
            assert_eq!((bytes.len(), Head::decode(&bytes)), (PLACE, Some(head)));
            for at in (0..bytes.len()).filter(|at| bytes[*at] != b' ' && bytes[*at] != b'\n') {
                let mut bent = bytes.clone();
                bent[at] ^= 1;
                assert_ne!(Head::decode(&bent), Some(Head { place: Checkpoint { seq: 999, ..head.place }, ..head }));
                assert!(Head::decode(&bent).is_none_or(|read| read == head), "byte {at}");
            }
        }
    }

    #[test]
    fn a_power_loss_at_every_operation_leaves_a_head_that_was_noted() {
        for at in 0..20 {
            for seed in 0..60 {
                let disk = SimulatedDisk::new();
                disk.fail_in(at, Fault::PowerLoss);
                let mut file = HeadFile::default();
                let noted = (1..=8).take_while(|seq| file.note(&disk, dir(), head(*seq)).is_ok()).count() as u64;
                disk.restart(Survival::Some(seed));
                let found = HeadFile::read(&disk, dir()).unwrap().head;
                assert!(found.is_none_or(|found| found.place.seq <= noted + 1 && found == head(found.place.seq)));
                disk.restart(Survival::Everything);
            }
        }
    }

    #[test]
    fn a_torn_place_leaves_the_one_before_and_a_replaced_head_forgets() {
        let disk = SimulatedDisk::new();
        let mut file = HeadFile::default();
        for seq in 1..=5 {
            file.note(&disk, dir(), head(seq)).unwrap();
        }
        let path = dir().join(FILE);
        let mut bytes = disk.read(&path).unwrap();
        assert_eq!(bytes.len(), 2 * PLACE);
        let fifth = bytes.windows(8).position(|window| window == b"\"seq\":5,").unwrap();
        bytes[fifth + 6] = b'9';
        disk.plant(&path, &bytes);
        assert_eq!(HeadFile::read(&disk, dir()).unwrap().head, Some(head(4)));
        head(2).replace(&disk, dir()).unwrap();
        assert_eq!(HeadFile::read(&disk, dir()).unwrap().head, Some(head(2)));
        disk.plant(&path, &[0; 2 * PLACE]);
        assert_eq!(HeadFile::read(&disk, dir()).unwrap().head, None);
    }
}
