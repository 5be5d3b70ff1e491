//! Room on the disk for what is paid for: nothing is sent whose answer could not be kept.
//!
//! Two looks: before a call is intended, at what is free on the studio's disk, so that on a full disk no intent is written at all;
//! and before it is sent, when the file of its answer is allocated ahead. What does not fit waits, is told in one line, and goes
//! on by itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::ids::IntentKey;
use crate::ledger::disk::Disk;

/// What always stays free for the journal, the requests and what is made of answers.
const SPARE: u64 = 4 << 20;

/// What local work needs to begin.
const LOCAL: u64 = 2 << 20;

/// The room that a call is counted with before its answer's own is allocated.
const CALL: u64 = 12 << 20;

/// With room for so many more calls there is no need to count them.
const PLENTY: u64 = 64;

/// How long whoever waits sleeps between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(500);

/// The room of a studio.
#[derive(Debug)]
pub(super) struct Room {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    /// Calls that are intended and whose room is not allocated yet.
    intended: Mutex<BTreeMap<IntentKey, Option<Lack>>>,
    /// Pieces of local work that wait.
    local: AtomicUsize,
    closing: AtomicBool,
}

/// What a call lacks.
#[derive(Clone, Debug)]
struct Lack {
    needed: u64,
    /// What the system says; nothing where it was not tried for want of room.
    why: Option<String>,
}

/// What the disk has.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Free {
    /// So many bytes.
    Bytes(u64),
    /// It does not say.
    Unknown,
    /// Nothing can be written, for this reason.
    Not(String),
}

impl Room {
    pub(super) fn new(disk: Arc<dyn Disk>, dir: PathBuf) -> Self {
        let (intended, local) = (Mutex::default(), AtomicUsize::new(0));
        Self { disk, dir, intended, local, closing: AtomicBool::new(false) }
    }

    fn intended(&self) -> MutexGuard<'_, BTreeMap<IntentKey, Option<Lack>>> {
        // Each change is one call that comes or goes.
        self.intended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn free(&self) -> Free {
        match self.disk.free(&self.dir) {
            Ok(Some(bytes)) => Free::Bytes(bytes),
            Ok(None) => Free::Unknown,
            Err(error) => Free::Not(error.to_string()),
        }
    }

    /// How many more calls may be intended now; `None` where there is plenty.
    pub(super) fn more(&self) -> Option<u32> {
        let counted = {
            let intended = self.intended();
            if intended.values().any(Option::is_some) {
                // Whoever is in front of them waits.
                return Some(0);
            }
            intended.len() as u64
        };
        let fits = match self.free() {
            Free::Bytes(bytes) => (bytes.saturating_sub(SPARE) / CALL).saturating_sub(counted),
            Free::Unknown => return None,
            Free::Not(_) => 0,
        };
        (fits < PLENTY).then(|| u32::try_from(fits).unwrap_or(u32::MAX))
    }

    /// A call is intended, and its answer will need room.
    pub(super) fn intend(&self, key: &IntentKey) {
        self.intended().insert(key.clone(), None);
    }

    /// A call has its room, or needs none any more.
    pub(super) fn leave(&self, key: &IntentKey) {
        self.intended().remove(key);
    }

    /// Whether a call can try to have room for so many bytes beside what stays free.
    pub(super) fn may_fit(&self, needed: u64) -> bool {
        match self.free() {
            Free::Bytes(bytes) => bytes >= needed.saturating_add(SPARE),
            Free::Unknown => true,
            Free::Not(_) => false,
        }
    }

    /// A call that was intended waits for so many bytes.
    pub(super) fn wait(&self, key: &IntentKey, needed: u64, why: Option<String>) {
        self.intended().insert(key.clone(), Some(Lack { needed, why }));
    }

    /// The studio closes: what waits for room is not sent any more.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Waits until local work can write what it makes. It may be dropped while it waits.
    pub(super) async fn for_local_work(self: &Arc<Self>) {
        struct Waits(Arc<Room>);
        impl Drop for Waits {
            fn drop(&mut self) {
                self.0.local.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let mut waits = None;
        loop {
            match self.free() {
                Free::Bytes(bytes) if bytes < LOCAL => {}
                Free::Not(_) => {}
                Free::Bytes(_) | Free::Unknown => return,
            }
            if waits.is_none() {
                self.local.fetch_add(1, Ordering::SeqCst);
                waits = Some(Waits(Arc::clone(self)));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether anything waits for room, or soon may: it is then looked at again and again.
    pub(super) fn is_watched(&self) -> bool {
        !self.intended().is_empty() || self.local.load(Ordering::SeqCst) > 0 || self.more().is_some()
    }

    /// What waits for what, in one line; `asking` calls were not intended for want of room.
    pub(super) fn words(&self, asking: usize) -> Option<String> {
        let free = self.free();
        // Who finds room at the next look waits no longer.
        let still = |lack: &&Lack| match free {
            Free::Bytes(bytes) => lack.why.is_some() || bytes < lack.needed.saturating_add(SPARE),
            Free::Unknown | Free::Not(_) => true,
        };
        let (lacks, counted): (Vec<Lack>, usize) = {
            let intended = self.intended();
            (intended.values().flatten().filter(still).cloned().collect(), intended.len())
        };
        // While calls before them are given their room, it is not known yet whether there is any left.
        let asking = if lacks.is_empty() && counted > 0 { 0 } else { asking };
        let (calls, local) = (asking.saturating_add(lacks.len()), self.local.load(Ordering::SeqCst));
        let who = match (calls, local) {
            (0, 0) => return None,
            (0, 1) => "1 step waits".to_owned(),
            (0, n) => format!("{n} steps wait"),
            (1, _) => "1 call waits".to_owned(),
            (n, _) => format!("{n} calls wait"),
        };
        let needed = lacks.iter().map(|lack| lack.needed).max().unwrap_or(if calls == 0 { 0 } else { CALL });
        let needed = if calls == 0 { LOCAL } else { needed.saturating_add(SPARE) };
        let refused = lacks.iter().find_map(|lack| lack.why.as_deref());
        let has = match (free, refused) {
            (Free::Not(why), _) => format!("nothing can be written ({why})"),
            // Free by the file system's word, and refused all the same: a quota, or a limit of the process.
            (Free::Bytes(bytes), Some(why)) if bytes >= needed => format!("{} free, but {why}", megabytes(bytes)),
            (Free::Bytes(bytes), _) => format!("{} free", megabytes(bytes)),
            (Free::Unknown, why) => why.unwrap_or("how much is free is not known").to_owned(),
        };
        let what = if calls == 0 { "No call is held up" } else { "Nothing of this was sent" };
        Some(format!(
            "{who} for disk space: {has}, {} needed in {}. {what}; free some space and it goes on by itself",
            megabytes(needed),
            self.dir.display()
        ))
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / (1 << 20);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::disk::nowhere::Nowhere;

    #[test]
    fn a_disk_that_does_not_say_what_is_free_holds_nobody_up() {
        let room = Room::new(Arc::new(Nowhere), PathBuf::from("/studio"));
        assert_eq!((room.more(), room.words(0), room.may_fit(1 << 40)), (None, None, true));
        let key: IntentKey = "001-script-0-1".parse().unwrap();
        room.intend(&key);
        room.wait(&key, 3 << 20, Some("the quota is used up".to_owned()));
        assert_eq!(room.more(), Some(0), "nothing goes past one that waits");
        let told = room.words(2).unwrap();
        assert_eq!(
            told,
            "3 calls wait for disk space: the quota is used up, 7.0 MB needed in /studio. Nothing of this was sent; free some space \
             and it goes on by itself"
        );
        room.leave(&key);
        assert_eq!(room.words(0), None);
    }
}
