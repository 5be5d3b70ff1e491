//! Archives there and back, and every way in which one is refused.

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::*;
use crate::ledger::disk::RealDisk;
use crate::ledger::disk::simulated::{Fault, SimulatedDisk, Survival};
use crate::ledger::journal::{Draft, LineFault};

const STUDIO: &str = "/data/studio";
const OUT: &str = "/data/studio.tar";
const COPY: &str = "/data/copy";

fn shared(disk: &SimulatedDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

fn fill(disk: &Arc<dyn Disk>, studio: &Path) {
    let mut journal = Journal::create(Arc::clone(disk), studio).unwrap();
    let blobs = Blobs::open(Arc::clone(disk), studio).unwrap();
    for n in 0..4u64 {
        let hash = blobs.put(&vec![n as u8; 700 * n as usize]).unwrap();
        let draft = Draft {
            at: Timestamp::UNIX_EPOCH,
            episode: None,
            actor: "engine".to_owned(),
            body: RawValue::from_string(format!("\"{hash}\"")).unwrap(),
        };
        journal.append(journal.next_seq(), &[draft.clone(), draft]).unwrap();
    }
}

fn sample() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    fill(&shared(&disk), Path::new(STUDIO));
    disk
}

fn journal_of(disk: &SimulatedDisk, studio: &str) -> Vec<u8> {
    disk.read(&Path::new(studio).join(journal::FILE)).unwrap()
}

fn export_sample(disk: &SimulatedDisk) -> Exported {
    export(&shared(disk), Path::new(STUDIO), Path::new(OUT)).unwrap()
}

fn import_copy(disk: &SimulatedDisk) -> Result<Imported, ArchiveError> {
    import(&shared(disk), Path::new(OUT), Path::new(COPY))
}

#[test]
fn a_studio_comes_back_byte_for_byte() {
    let disk = sample();
    let exported = export_sample(&disk);
    assert_eq!((exported.manifest.lines, exported.manifest.blobs, &exported.damaged[..]), (8, 4, &[][..]));
    let imported = import_copy(&disk).unwrap();
    assert_eq!((&imported.manifest, imported.tip), (&exported.manifest, exported.opened.tip));
    disk.restart(Survival::Nothing);
    assert_eq!(journal_of(&disk, STUDIO), journal_of(&disk, COPY));
    let blobs = |studio: &str| Blobs::view(shared(&disk), Path::new(studio)).iter().unwrap();
    assert_eq!(blobs(STUDIO), blobs(COPY));
    let verified = verify(&shared(&disk), Path::new(COPY), true).unwrap();
    assert!(verified.is_sound());
    assert_eq!((verified.lines, verified.batches), (8, 4));
    assert_eq!(verified.blobs, Some(BlobsVerified { sound: 4, unsound: Vec::new() }));
    let (mut journal, _) = Journal::open(shared(&disk), Path::new(COPY)).unwrap();
    assert!(journal.append(9, &[]).is_err());
}

#[test]
fn a_studio_on_a_real_disk_comes_back_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let place = |name: &str| folder.path().join(name);
    fill(&disk, &place("studio"));
    export(&disk, &place("studio"), &place("out.tar")).unwrap();
    let again = export(&disk, &place("studio"), &place("out.tar"));
    assert!(matches!(again, Err(ArchiveError::Exists(_))));
    disk.create_dir(&place("copy")).unwrap();
    import(&disk, &place("out.tar"), &place("copy")).unwrap();
    let read = |studio: &str| std::fs::read(place(studio).join(journal::FILE)).unwrap();
    assert_eq!(read("studio"), read("copy"));
    assert!(verify(&disk, &place("copy"), true).unwrap().is_sound());
    let again = import(&disk, &place("out.tar"), &place("copy"));
    assert!(matches!(again, Err(ArchiveError::NotEmpty(_))));
    let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["copy", "out.tar", "studio"]);
}

#[test]
fn an_archive_that_is_cut_short_or_damaged_puts_nothing_in_place() {
    let disk = sample();
    export_sample(&disk);
    let whole = disk.read(Path::new(OUT)).unwrap();
    let short = (0..whole.len()).step_by(97).map(|len| whole[..len].to_vec());
    // Bytes of content: the filling of a block and the blank after a header's sum mean nothing.
    let text = |wanted: &str| whole.windows(wanted.len()).position(|found| found == wanted.as_bytes()).unwrap();
    let damage = [text("\"lines\""), text("\"seq\":3"), text("ustar"), text(&"\u{2}".repeat(8))];
    let damaged = damage.into_iter().map(|at| {
        let mut bytes = whole.clone();
        bytes[at + 1] ^= 1;
        bytes
    });
    for bytes in short.chain(damaged) {
        disk.plant(Path::new(OUT), &bytes);
        let refused = import_copy(&disk).unwrap_err();
        assert!(matches!(refused, ArchiveError::Unreadable(_)), "{refused:?}");
        let listed: Vec<String> = disk.list(Path::new("/data")).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(listed, ["studio", "studio.tar"]);
    }
    disk.plant(Path::new(OUT), &whole);
    import_copy(&disk).unwrap();
}

#[test]
fn a_power_loss_at_every_operation_of_an_import_leaves_all_or_nothing() {
    for at in 0.. {
        for survival in [Survival::Nothing, Survival::Everything].into_iter().chain((0..6).map(Survival::Some)) {
            let disk = sample();
            export_sample(&disk);
            disk.restart(Survival::Nothing);
            disk.fail_in(at, Fault::PowerLoss);
            let imported = import_copy(&disk).is_ok();
            disk.mend();
            disk.restart(survival);
            match disk.kind(Path::new(COPY)).unwrap() {
                Some(_) => {
                    let verified = verify(&shared(&disk), Path::new(COPY), true).unwrap();
                    assert!(verified.is_sound(), "operation {at}, {survival:?}");
                    assert_eq!((verified.lines, verified.blobs.unwrap().sound), (8, 4));
                }
                None => {
                    assert!(!imported, "operation {at}, {survival:?}");
                    import_copy(&disk).unwrap_or_else(|error| panic!("operation {at}, {survival:?}: {error}"));
                }
            }
            if imported {
                return;
            }
        }
    }
}

#[test]
fn an_export_is_there_whole_or_not_at_all() {
    for at in 0.. {
        for fault in [Fault::PowerLoss, Fault::Full] {
            let disk = sample();
            disk.fail_in(at, fault);
            let exported = export(&shared(&disk), Path::new(STUDIO), Path::new(OUT)).is_ok();
            disk.mend();
            disk.restart(Survival::Some(at));
            match disk.kind(Path::new(OUT)).unwrap() {
                Some(_) => drop(import_copy(&disk).unwrap()),
                None => assert!(!exported),
            }
            if exported && fault == Fault::PowerLoss {
                return;
            }
        }
    }
}

#[test]
fn a_broken_studio_is_named_and_what_is_sound_is_exported() {
    let disk = sample();
    let mut bytes = journal_of(&disk, STUDIO);
    let third = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 10;
    bytes[third] ^= 1;
    disk.plant(&Path::new(STUDIO).join(journal::FILE), &bytes);
    let blobs = Blobs::view(shared(&disk), Path::new(STUDIO));
    let (victim, _) = blobs.iter().unwrap()[1];
    disk.plant(&Path::new(STUDIO).join(blob_name(&victim)), b"damage");
    let verified = verify(&shared(&disk), Path::new(STUDIO), true).unwrap();
    assert!(!verified.is_sound());
    assert_eq!((verified.lines, verified.batches), (2, 1));
    let Some(ReadOnly::Lost(loss)) = &verified.fault else { panic!("{:?}", verified.fault) };
    assert!(matches!(loss.damage, Some((3, LineFault::NotARecord(_)))));
    assert_eq!(loss.missing(), Some(6));
    let unsound = verified.blobs.unwrap().unsound;
    assert_eq!(unsound, [Unsound { hash: victim, what: None, is_missing: false }]);
    let exported = export_sample(&disk);
    assert_eq!((exported.manifest.lines, exported.manifest.blobs, exported.damaged), (2, 3, vec![victim]));
    assert_eq!(exported.opened.read_only, verified.fault);
    import_copy(&disk).unwrap();
    // What the studio had lost is still known of its copy.
    let copy = verify(&shared(&disk), Path::new(COPY), true).unwrap();
    assert!(matches!(copy.fault, Some(ReadOnly::Lost(loss)) if loss.missing() == Some(6) && loss.damage.is_none()));
    assert!(journal_of(&disk, STUDIO).starts_with(&journal_of(&disk, COPY)));
}

#[test]
fn a_foreign_folder_beside_the_place_is_left_alone() {
    let disk = sample();
    export_sample(&disk);
    let foreign = Path::new("/data/copy.importing");
    disk.create_dir(foreign).unwrap();
    drop(disk.create(&foreign.join("thesis.txt")).unwrap());
    assert!(matches!(import_copy(&disk), Err(ArchiveError::NotEmpty(_))));
    assert!(disk.kind(&foreign.join("thesis.txt")).unwrap().is_some());
}
