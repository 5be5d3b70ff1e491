//! Journals that are only read, while another process may be writing them.

use std::io::{Cursor, Read};

use super::*;
use crate::ledger::disk::{Kind, Listed};

#[test]
fn a_view_passes_over_a_torn_tail_and_changes_nothing() {
    let (disk, ends) = sample();
    let bytes = disk.read(&file()).unwrap();
    let torn = &bytes[..bytes.len() - 10];
    disk.plant(&file(), torn);
    head_at(&disk, ends[3]);
    let before = disk.operations();
    let mut seen = Vec::new();
    let (view, opened) =
        Journal::view(shared(&disk), dir(), Checkpoint::START, &mut |entry| seen.push(entry.seq)).unwrap();
    assert_eq!((view.tip(), seen), (ends[3], (1..=6).collect()));
    assert_eq!(opened.cut.unwrap().lines, 3);
    assert_eq!(seqs(view.read_from(5).unwrap()), [5, 6]);
    assert_eq!((disk.operations(), disk.read(&file()).unwrap().as_slice()), (before, torn));
}

/// A disk on which another process writes on while a file is read: the reader meets the end once and then finds more.
#[derive(Debug)]
struct Growing {
    before: Vec<u8>,
    after: Vec<u8>,
}

struct TwoParts {
    parts: Vec<Cursor<Vec<u8>>>,
}

impl Read for TwoParts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(part) = self.parts.first_mut() else { return Ok(0) };
        let read = part.read(buffer)?;
        if read == 0 {
            self.parts.remove(0);
        }
        Ok(read)
    }
}

impl Disk for Growing {
    fn reader(&self, _: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        let parts = [&self.before[from as usize..], &self.after[..]].map(|part| Cursor::new(part.to_vec()));
        Ok(Box::new(TwoParts { parts: parts.to_vec() }))
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        if path.ends_with(head::FILE) {
            return Ok(None);
        }
        Ok(Some(Kind::File { len: self.before.len() as u64 }))
    }

    fn create_dir(&self, _: &Path) -> io::Result<()> {
        unreachable!("a view changes nothing")
    }

    fn create(&self, _: &Path) -> io::Result<Box<dyn DiskFile>> {
        unreachable!("a view changes nothing")
    }

    fn create_new(&self, _: &Path) -> io::Result<()> {
        unreachable!("a view changes nothing")
    }

    fn append(&self, _: &Path) -> io::Result<Box<dyn DiskFile>> {
        unreachable!("a view changes nothing")
    }

    fn patch(&self, _: &Path, _: u64, _: &[u8]) -> io::Result<()> {
        unreachable!("a view changes nothing")
    }

    fn list(&self, _: &Path) -> io::Result<Vec<Listed>> {
        unreachable!("a view lists nothing")
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        unreachable!("a view changes nothing")
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        unreachable!("a view changes nothing")
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        unreachable!("a view changes nothing")
    }

    fn remove_dir(&self, _: &Path) -> io::Result<()> {
        unreachable!("a view changes nothing")
    }
}

#[test]
fn a_journal_that_grows_while_it_is_viewed_is_not_broken() {
    let (disk, ends) = sample();
    let bytes = disk.read(&file()).unwrap();
    for at in 0..bytes.len() {
        let (before, after) = bytes.split_at(at);
        let growing = Growing { before: before.to_vec(), after: after.to_vec() };
        let (view, opened) = Journal::view(Arc::new(growing), dir(), Checkpoint::START, &mut |_| ()).unwrap();
        assert_eq!(opened.read_only, None, "at byte {at}");
        assert_eq!(view.tip(), *ends.iter().rfind(|end| end.offset <= at as u64).unwrap());
    }
}
