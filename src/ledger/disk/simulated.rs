//! A disk in memory that can lose its power, fill up or fail a sync before any operation, for tests.
//!
//! What is synced and what is not are kept apart: a file's bytes and a folder's names each have a live state, which
//! the running process sees, and a durable one, which a power loss leaves. Changes of names reach the disk in the order
//! in which they were made, as journalling file systems do, but independently of bytes and of other folders.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read};
use std::path::{Component, Path};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Disk, DiskFile, Kind, Listed, Standing};

type Names = BTreeMap<String, usize>;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The power is lost; half of a write may have been made.
    PowerLoss,
    /// The disk is full from then on, until space is freed; half of a write is made.
    Full,
    /// The first sync of a file from then on fails, and what it should have written is lost although later syncs
    /// succeed.
    Sync,
}

/// What a power loss leaves of what was not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Survival {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// Some of it, other for each seed: parts of appended bytes, with zeros in place of lost ones, and some names.
    Some(u64),
}

#[derive(Clone, Debug)]
enum Node {
    File { live: Vec<u8>, durable: Vec<u8>, lost: bool },
    Folder { live: Names, durable: Names, pending: Vec<Names> },
}

#[derive(Debug)]
struct World {
    nodes: Vec<Node>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    off: bool,
    boot: u64,
    /// The files that are locked.
    locked: BTreeSet<usize>,
}

/// The disk; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedDisk(Arc<Mutex<World>>);

fn error(kind: io::ErrorKind, what: &str) -> io::Error {
    io::Error::new(kind, format!("simulated: {what}"))
}

fn empty_folder() -> Node {
    Node::Folder { live: Names::new(), durable: Names::new(), pending: Vec::new() }
}

fn mix(seed: u64, n: u64) -> u64 {
    let mut x = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl World {
    /// Counts an operation that changes something. `grows` says that it needs space.
    fn step(&mut self, grows: bool) -> io::Result<()> {
        if self.off {
            return Err(error(io::ErrorKind::Other, "the power is off"));
        }
        let now = self.operations;
        self.operations += 1;
        match self.fault {
            Some((at, Fault::PowerLoss)) if now >= at => {
                self.off = true;
                Err(error(io::ErrorKind::Other, "the power is lost"))
            }
            Some((at, Fault::Full)) if now >= at && grows => Err(error(io::ErrorKind::StorageFull, "the disk is full")),
            Some(_) | None => Ok(()),
        }
    }

    fn find(&self, path: &Path) -> io::Result<Option<usize>> {
        if self.off {
            return Err(error(io::ErrorKind::Other, "the power is off"));
        }
        let mut at = 0;
        for part in path.components() {
            let name = match part {
                Component::Normal(name) => name.to_str().expect("a name in UTF-8"),
                Component::RootDir => continue,
                other => panic!("{other:?} in a simulated path"),
            };
            match &self.nodes[at] {
                Node::Folder { live, .. } => match live.get(name) {
                    Some(next) => at = *next,
                    None => return Ok(None),
                },
                Node::File { .. } => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    fn must(&self, path: &Path) -> io::Result<usize> {
        self.find(path)?.ok_or_else(|| error(io::ErrorKind::NotFound, &path.display().to_string()))
    }

    fn folder_of(&self, path: &Path) -> io::Result<(usize, String)> {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a path with a name").to_owned();
        Ok((self.must(path.parent().expect("a path with a parent"))?, name))
    }

    fn change(&mut self, folder: usize, edit: impl FnOnce(&mut Names)) {
        match &mut self.nodes[folder] {
            Node::Folder { live, pending, .. } => {
                edit(live);
                pending.push(live.clone());
            }
            Node::File { .. } => panic!("a file is no folder"),
        }
    }

    fn file(&mut self, node: usize) -> (&mut Vec<u8>, &mut Vec<u8>, &mut bool) {
        match &mut self.nodes[node] {
            Node::File { live, durable, lost } => (live, durable, lost),
            Node::Folder { .. } => panic!("a folder is no file"),
        }
    }
}

impl SimulatedDisk {
    pub(crate) fn new() -> Self {
        let nodes = vec![empty_folder()];
        Self(Arc::new(Mutex::new(World {
            nodes,
            operations: 0,
            fault: None,
            off: false,
            boot: 0,
            locked: BTreeSet::new(),
        })))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().expect("no test panics while it holds the disk")
    }

    /// How many changing operations were made.
    pub(crate) fn operations(&self) -> u64 {
        self.world().operations
    }

    /// Lets this go wrong at the n-th changing operation from now, counted from 0.
    pub(crate) fn fail_in(&self, n: u64, fault: Fault) {
        let mut world = self.world();
        world.fault = Some((world.operations + n, fault));
    }

    /// Removes every fault: space is freed.
    pub(crate) fn mend(&self) {
        self.world().fault = None;
    }

    /// Loses the power, if that has not happened, and starts again with what survived. Open files are gone.
    pub(crate) fn restart(&self, survival: Survival) {
        let mut world = self.world();
        let mut n = 0;
        for node in &mut world.nodes {
            n += 1;
            match node {
                Node::File { live, durable, lost } => {
                    let kept = match survival {
                        Survival::Nothing => durable.clone(),
                        Survival::Everything => live.clone(),
                        Survival::Some(seed) => survivor(live, durable, mix(seed, n)),
                    };
                    (*live, *durable, *lost) = (kept.clone(), kept, false);
                }
                Node::Folder { live, durable, pending } => {
                    let kept = match survival {
                        Survival::Nothing => durable.clone(),
                        Survival::Everything => live.clone(),
                        Survival::Some(seed) => {
                            let reached = mix(seed, n) as usize % (pending.len() + 1);
                            pending.get(reached).unwrap_or(durable).clone()
                        }
                    };
                    (*live, *durable) = (kept.clone(), kept);
                    pending.clear();
                }
            }
        }
        (world.off, world.fault) = (false, None);
        world.locked.clear();
        world.boot += 1;
    }

    /// Puts bytes into a file, durably and without an operation: damage, or what another program wrote.
    pub(crate) fn plant(&self, path: &Path, bytes: &[u8]) {
        let mut world = self.world();
        let node = world.must(path).expect("a file to damage");
        let (live, durable, _) = world.file(node);
        (*live, *durable) = (bytes.to_vec(), bytes.to_vec());
    }
}

/// What is left of a file that was not synced: the durable bytes, a part of what was appended, or all of the length
/// with zeros where the bytes had not arrived.
fn survivor(live: &[u8], durable: &[u8], random: u64) -> Vec<u8> {
    let Some(appended) = live.strip_prefix(durable) else {
        // Bytes that were written in the middle: some of them, or all, or none.
        let arrived = (random >> 8) as usize % (live.len() + 1);
        let kept = live.iter().take(arrived).chain(durable.iter().skip(arrived));
        return kept.copied().collect();
    };
    let arrived = (random >> 8) as usize % (appended.len() + 1);
    let mut kept = [durable, &appended[..arrived]].concat();
    if random.is_multiple_of(2) {
        kept.resize(live.len(), 0);
    }
    kept
}

struct Handle {
    disk: SimulatedDisk,
    node: usize,
    boot: u64,
    holds: AtomicBool,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.holds.load(Ordering::SeqCst)
            && let Ok(mut world) = self.world()
        {
            world.locked.remove(&self.node);
        }
    }
}

impl Handle {
    fn world(&self) -> io::Result<MutexGuard<'_, World>> {
        let world = self.disk.world();
        if world.boot == self.boot {
            Ok(world)
        } else {
            Err(error(io::ErrorKind::Other, "a file of before the restart"))
        }
    }
}

impl DiskFile for Handle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.world()?;
        let was_off = world.off;
        let stepped = world.step(true);
        let made = if stepped.is_ok() { bytes.len() } else { bytes.len() / 2 };
        if !was_off {
            world.file(self.node).0.extend_from_slice(&bytes[..made]);
        }
        stepped
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let mut world = self.world()?;
        world.step(false)?;
        let failing = matches!(world.fault, Some((at, Fault::Sync)) if world.operations > at);
        let (live, durable, lost) = world.file(self.node);
        if failing {
            *lost = true;
            world.fault = None;
            return Err(error(io::ErrorKind::Other, "the sync failed"));
        }
        if !*lost {
            durable.clone_from(live);
        }
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let mut world = self.world()?;
        world.step(false)?;
        world.file(self.node).0.truncate(len as usize);
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        let taken = self.world()?.locked.insert(self.node);
        self.holds.fetch_or(taken, Ordering::SeqCst);
        Ok(taken)
    }

    fn standing(&self, path: &Path) -> io::Result<Standing> {
        let mut world = self.world()?;
        let is_named = world.find(path)? == Some(self.node);
        Ok(Standing { is_named, len: world.file(self.node).0.len() as u64 })
    }
}

impl Disk for SimulatedDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.step(true)?;
        if world.find(path)?.is_some() {
            return Err(error(io::ErrorKind::AlreadyExists, "something stands there"));
        }
        let (folder, name) = world.folder_of(path)?;
        let node = world.nodes.len();
        world.nodes.push(empty_folder());
        world.change(folder, |names| _ = names.insert(name, node));
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.world();
        world.step(true)?;
        let node = match world.find(path)? {
            Some(node) => {
                world.file(node).0.clear();
                node
            }
            None => {
                let (folder, name) = world.folder_of(path)?;
                let node = world.nodes.len();
                world.nodes.push(Node::File { live: Vec::new(), durable: Vec::new(), lost: false });
                world.change(folder, |names| _ = names.insert(name, node));
                node
            }
        };
        Ok(Box::new(Handle { disk: self.clone(), node, boot: world.boot, holds: AtomicBool::new(false) }))
    }

    fn create_new(&self, path: &Path) -> io::Result<()> {
        if self.world().find(path)?.is_some() {
            return Err(error(io::ErrorKind::AlreadyExists, "something stands there"));
        }
        self.create(path).map(drop)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let world = self.world();
        let node = world.must(path)?;
        Ok(Box::new(Handle { disk: self.clone(), node, boot: world.boot, holds: AtomicBool::new(false) }))
    }

    fn patch(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        if self.world().find(path)?.is_none() {
            drop(self.create(path)?);
        }
        let mut world = self.world();
        let node = world.must(path)?;
        let stepped = world.step(true);
        let made = if stepped.is_ok() { bytes.len() } else { bytes.len() / 2 };
        let (live, ..) = world.file(node);
        let at = at as usize;
        live.resize(live.len().max(at + made), 0);
        live[at..at + made].copy_from_slice(&bytes[..made]);
        stepped
    }

    fn reader(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut world = self.world();
        let node = world.must(path)?;
        let mut bytes = world.file(node).0.clone();
        bytes.drain(..bytes.len().min(from as usize));
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        let world = self.world();
        Ok(world.find(path)?.map(|node| match &world.nodes[node] {
            Node::File { live, .. } => Kind::File { len: live.len() as u64 },
            Node::Folder { .. } => Kind::Folder,
        }))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        let world = self.world();
        let Node::Folder { live, .. } = &world.nodes[world.must(path)?] else {
            return Err(error(io::ErrorKind::NotADirectory, "a file is no folder"));
        };
        let kind = |node: usize| match &world.nodes[node] {
            Node::File { live, .. } => Kind::File { len: live.len() as u64 },
            Node::Folder { .. } => Kind::Folder,
        };
        Ok(live.iter().map(|(name, node)| Listed { name: name.clone(), kind: kind(*node) }).collect())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.step(false)?;
        let node = world.must(path)?;
        if let Node::Folder { live, durable, pending } = &mut world.nodes[node] {
            durable.clone_from(live);
            pending.clear();
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.step(false)?;
        let node = world.must(from)?;
        let ((folder, old), (target, new)) = (world.folder_of(from)?, world.folder_of(to)?);
        assert_eq!(folder, target, "the ledger renames within one folder only: that is one step on every disk");
        world.change(folder, |names| {
            names.remove(&old);
            names.insert(new, node);
        });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.step(false)?;
        world.must(path)?;
        let (folder, name) = world.folder_of(path)?;
        world.change(folder, |names| _ = names.remove(&name));
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        if !self.list(path)?.is_empty() {
            return Err(error(io::ErrorKind::DirectoryNotEmpty, "the folder is not empty"));
        }
        self.remove(path)
    }
}
