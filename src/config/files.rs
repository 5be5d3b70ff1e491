//! The one door to files: what is read is a file and has a bound, and what is made is its owner's alone.
//!
//! A pipe, a socket or a device under the name of a file would let the program wait for ever or read without end, so it is
//! refused by the kind of what was opened, and opening never waits.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::process;

/// The most bytes of a script or a note that a person hands over.
pub const LARGEST_TEXT: u64 = 16 * 1024 * 1024;

/// What group and others may do.
const OF_OTHERS: u32 = 0o077;

/// The mode of a file that is made here.
pub const FILE_MODE: u32 = 0o600;

/// The mode of a folder that is made here.
pub const FOLDER_MODE: u32 = 0o700;

/// Lets whatever this process makes be its owner's alone, whatever mask it was started with.
pub fn keep_private() {
    process::umask(Mode::RWXG.union(Mode::RWXO));
}

/// Opens what the options say without waiting, and refuses what is no file.
///
/// # Errors
///
/// When it cannot be opened, or is a folder, a pipe, a socket or a device.
pub fn open_as(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.union(OFlags::NOCTTY).bits()).map_err(io::Error::other)?;
    match options.mode(FILE_MODE).custom_flags(flags).open(path) {
        Ok(file) => {
            let found = file.metadata()?;
            if found.is_file() { Ok(file) } else { Err(no_file(kind(found.file_type()))) }
        }
        // A pipe that nobody reads, and a socket, are refused by the system before they can be looked at.
        Err(error) => match fs::metadata(path) {
            Ok(found) if !found.is_file() => Err(no_file(kind(found.file_type()))),
            Ok(_) | Err(_) => Err(error),
        },
    }
}

/// Opens a file for reading without waiting.
///
/// # Errors
///
/// When it cannot be opened, or is no file.
pub fn open(path: &Path) -> io::Result<File> {
    open_as(OpenOptions::new().read(true), path)
}

/// Reads a file of at most this many bytes.
///
/// # Errors
///
/// When it cannot be read, is no file, or has more bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

/// Reads a text of at most this many bytes.
///
/// # Errors
///
/// As [`read`], and when it is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text");
    String::from_utf8(read(path, most)?).map_err(not_text)
}

fn no_file(kind: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("it is {kind} and no file"))
}

fn kind(found: fs::FileType) -> &'static str {
    if found.is_dir() {
        "a folder"
    } else if found.is_fifo() {
        "a pipe"
    } else if found.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// Makes a folder and the missing ones above it, each its owner's alone.
///
/// # Errors
///
/// When one cannot be made.
pub fn make_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)
}

/// Takes from group and others what they may do with a folder and with what stands in it. A folder within it that is already
/// closed to them is not looked into.
///
/// # Errors
///
/// When something cannot be looked at or changed.
pub fn close_to_others(folder: &Path) -> io::Result<()> {
    close(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.file_type()?;
        // What a link leads to stands elsewhere.
        if found.is_dir() && entry.metadata()?.permissions().mode() & OF_OTHERS != 0 {
            close_to_others(&entry.path())?;
        } else if found.is_file() {
            close(&entry.path())?;
        }
    }
    Ok(())
}

fn close(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & OF_OTHERS != 0 {
        fs::set_permissions(path, Permissions::from_mode(mode & 0o7700))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_read_to_its_bound_and_nothing_else_is_opened_or_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::write(place("file"), "four").unwrap();
        assert_eq!(read(&place("file"), 4).unwrap(), b"four");
        assert_eq!(read(&place("file"), 3).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        fs::write(place("latin"), [b'a', 0xff]).unwrap();
        assert_eq!(read_text(&place("latin"), 9).unwrap_err().kind(), io::ErrorKind::InvalidData);
        rustix::fs::mkfifoat(rustix::fs::CWD, place("pipe"), Mode::RWXU).unwrap();
        let _listener = UnixListener::bind(place("socket")).unwrap();
        std::os::unix::fs::symlink(place("pipe"), place("link")).unwrap();
        let cases = [("pipe", "a pipe"), ("socket", "a socket"), ("link", "a pipe"), ("", "a folder")];
        for (name, kind) in cases.into_iter().chain([("/dev/zero", "a device")]) {
            for options in [OpenOptions::new().read(true), OpenOptions::new().append(true)] {
                let refused = open_as(options, &place(name)).unwrap_err().to_string();
                assert_eq!(refused, format!("it is {kind} and no file"), "{name}");
            }
        }
        assert_eq!(read(&place("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_loose_folder_is_closed_with_all_that_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::create_dir_all(place("studio/blobs/ab")).unwrap();
        for file in ["studio/journal", "studio/blobs/ab/cd"] {
            fs::write(place(file), "x").unwrap();
            fs::set_permissions(place(file), Permissions::from_mode(0o644)).unwrap();
        }
        for dir in ["studio", "studio/blobs", "studio/blobs/ab"] {
            fs::set_permissions(place(dir), Permissions::from_mode(0o755)).unwrap();
        }
        close_to_others(&place("studio")).unwrap();
        for (name, wanted) in [("studio", 0o700), ("studio/blobs/ab", 0o700), ("studio/blobs/ab/cd", 0o600)] {
            assert_eq!(mode(&place(name)), wanted, "{name}");
        }
        assert_eq!(mode(&place("studio/journal")), 0o600);
        make_folders(&place("new/inner")).unwrap();
        assert_eq!((mode(&place("new")), mode(&place("new/inner"))), (0o700, 0o700));
    }
}
