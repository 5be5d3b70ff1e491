//! Unsent notes and edits: one file each, replaced in one step. They are the only data that nothing can rebuild.
//!
//! Not for what was sent: that is an event and its blob.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{Disk, Kind};
use super::durable;
use super::names::PlainName;

/// The name of the folder of drafts in the studio's folder. A draft stands at `drafts/<name>.json`.
pub const FOLDER: &str = "drafts";

const EXTENSION: &str = ".json";

/// A draft could not be kept, read or removed.
#[derive(Debug, thiserror::Error)]
#[error("the draft could not be {doing}: {source}. What was kept before is unchanged")]
pub struct DraftError {
    doing: &'static str,
    /// What the operating system said.
    #[source]
    source: io::Error,
}

fn during(doing: &'static str) -> impl Fn(io::Error) -> DraftError {
    move |source| DraftError { doing, source }
}

/// The drafts of one studio.
#[derive(Clone, Debug)]
pub struct Drafts {
    disk: Arc<dyn Disk>,
    root: PathBuf,
}

impl Drafts {
    /// The drafts of the studio in this folder; makes their folder where it is missing.
    pub fn open(disk: Arc<dyn Disk>, studio: &Path) -> Result<Self, DraftError> {
        let root = studio.join(FOLDER);
        durable::ensure_folder(disk.as_ref(), &root).map_err(during("prepared"))?;
        Ok(Self { disk, root })
    }

    /// Keeps this text under the name, in place of what was kept there. After a power loss one of the two stands there.
    pub fn replace(&self, name: &PlainName, text: &[u8]) -> Result<(), DraftError> {
        durable::replace(self.disk.as_ref(), &self.root, &format!("{name}{EXTENSION}"), text).map_err(during("kept"))
    }

    /// What is kept under the name, if anything.
    pub fn read(&self, name: &PlainName) -> Result<Option<Vec<u8>>, DraftError> {
        match self.disk.read(&self.root.join(format!("{name}{EXTENSION}"))) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(during("read")(error)),
        }
    }

    /// Removes what is kept under the name, durably. Removing what is not there is no fault.
    pub fn remove(&self, name: &PlainName) -> Result<(), DraftError> {
        match self.disk.remove(&self.root.join(format!("{name}{EXTENSION}"))) {
            Ok(()) => self.disk.sync_folder(&self.root).map_err(during("removed")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(during("removed")(error)),
        }
    }

    /// The names of all drafts, in order.
    pub fn list(&self) -> Result<Vec<PlainName>, DraftError> {
        let all = self.disk.list(&self.root).map_err(during("listed"))?;
        let files = all.iter().filter(|entry| matches!(entry.kind, Kind::File { .. }));
        Ok(files.filter_map(|entry| entry.name.strip_suffix(EXTENSION)?.parse().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::disk::simulated::{Fault, SimulatedDisk, Survival};

    fn drafts(disk: &SimulatedDisk) -> Drafts {
        Drafts::open(Arc::new(disk.clone()), Path::new("/studio")).unwrap()
    }

    #[test]
    fn a_draft_is_kept_replaced_listed_and_removed() {
        let disk = SimulatedDisk::new();
        let drafts = drafts(&disk);
        let [note, edit] = ["note-042", "edit-042"].map(|name| name.parse::<PlainName>().unwrap());
        assert_eq!(drafts.read(&note).unwrap(), None);
        drafts.replace(&note, b"one").unwrap();
        drafts.replace(&note, b"two").unwrap();
        drafts.replace(&edit, b"{}").unwrap();
        assert_eq!(disk.read(Path::new("/studio/drafts/note-042.json")).unwrap(), b"two");
        assert_eq!(drafts.list().unwrap(), [edit.clone(), note.clone()]);
        drafts.remove(&note).unwrap();
        drafts.remove(&note).unwrap();
        disk.restart(Survival::Nothing);
        assert_eq!((drafts.read(&note).unwrap(), drafts.list().unwrap()), (None, vec![edit]));
    }

    #[test]
    fn a_power_loss_while_replacing_leaves_the_old_text_or_the_new() {
        let name: PlainName = "note".parse().unwrap();
        for at in 0..5 {
            for fault in [Fault::PowerLoss, Fault::Full] {
                for seed in 0..30 {
                    let disk = SimulatedDisk::new();
                    drafts(&disk).replace(&name, b"old").unwrap();
                    let store = drafts(&disk);
                    disk.fail_in(at, fault);
                    let replaced = store.replace(&name, b"the new text").is_ok();
                    disk.restart(Survival::Some(seed));
                    let left = drafts(&disk).read(&name).unwrap().unwrap();
                    assert!(left == b"the new text" || (!replaced && left == b"old"), "{at} {fault:?}");
                    assert_eq!(drafts(&disk).list().unwrap(), std::slice::from_ref(&name));
                }
            }
        }
    }
}
