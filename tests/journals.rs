//! Journals of each release keep opening, and say what they said when they were written.
//!
//! `tests/fixtures/journal-*/` holds a journal and the list of the events that it stands for, one a line. A journal is
//! never changed, and while its version is the newest it is also written as it was. Its list may
//! change with the domain's own types, and each such change is read before it is kept.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom::ledger::codec;
use greenroom::ledger::disk::RealDisk;
use greenroom::ledger::journal::{Checkpoint, FILE, Journal, VERSION};

const LIST: &str = "events.txt";

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut journals: Vec<PathBuf> = entries.filter(|path| path.join(FILE).is_file()).collect();
    journals.sort();
    journals
}

#[test]
fn journals_of_every_release_open_whole_and_say_what_they_said() {
    let fixtures = fixtures();
    assert!(fixtures.iter().any(|path| path.ends_with("journal-v1")), "{fixtures:?}");
    for fixture in fixtures {
        let name = fixture.file_name().unwrap().to_string_lossy().into_owned();
        let mut entries = Vec::new();
        let mut take = |entry| entries.push(entry);
        let (view, opened) = Journal::view(Arc::new(RealDisk), &fixture, Checkpoint::START, &mut take).unwrap();
        assert!(opened.cut.is_none() && opened.read_only.is_none(), "{name}: {opened:?}");
        let lines = fs::read_to_string(fixture.join(FILE)).unwrap().lines().count();
        assert_eq!((entries.len(), view.tip().seq), (lines, lines as u64), "{name}");

        let read: Vec<String> = entries
            .iter()
            .map(|entry| codec::stamped(entry).map(|stamped| format!("{stamped:?}")))
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        for entry in entries.iter().filter(|entry| entry.v == VERSION) {
            let again = codec::draft(&codec::stamped(entry).unwrap()).unwrap();
            assert_eq!(again.body.get(), entry.body.get(), "{name}: line {} is not written as it was", entry.seq);
        }
        let now = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{LIST}"));
        fs::write(&now, read.join("\n") + "\n").unwrap();
        let kept = fs::read_to_string(fixture.join(LIST)).unwrap_or_default();
        for (said, says) in kept.lines().zip(&read) {
            assert_eq!(says, said, "{name} is read otherwise than before; all of it is in {}", now.display());
        }
        assert_eq!(read.len(), kept.lines().count(), "{name}: all that is read is in {}", now.display());
    }
}
