//! A disk that takes everything and keeps nothing: for work that is done only to see what it would come to.
//!
//! Each path is a folder that is there, so that nobody makes one, and no file can be read back. Not for a journal.

use std::io::{self, Read};
use std::path::Path;

use super::{Disk, DiskFile, Kind, Listed, Standing};

/// A disk that keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl DiskFile for Nowhere {
    fn write(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn standing(&self, _: &Path) -> io::Result<Standing> {
        Ok(Standing { is_named: true, len: 0 })
    }
}

impl Disk for Nowhere {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, _: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(Self))
    }

    fn create_new(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn append(&self, _: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(Self))
    }

    fn patch(&self, _: &Path, _: u64, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn reader(&self, _: &Path, _: u64) -> io::Result<Box<dyn Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn kind(&self, _: &Path) -> io::Result<Option<Kind>> {
        Ok(Some(Kind::Folder))
    }

    fn list(&self, _: &Path) -> io::Result<Vec<Listed>> {
        Ok(Vec::new())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}
