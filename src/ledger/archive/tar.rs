//! The archive's container: the POSIX `ustar` format, so that any `tar` can list and unpack an archive.
//!
//! Only plain files with short names, as the ledger writes them; anything else in a container is refused. Format:
//! POSIX.1-2017, `pax`, "ustar Interchange Format"; sizes from 8 GiB on as GNU tar writes them (base 256).

use std::io::{self, Read, Write};

const BLOCK: usize = 512;
/// The largest size that eleven octal digits hold, plus one.
const OCTAL_END: u64 = 1 << 33;

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn padded(bytes: &[u8], len: usize) -> Vec<u8> {
    let mut field = bytes.to_vec();
    field.resize(len, 0);
    field
}

/// How many bytes fill up the last block of this many.
fn padding(size: u64) -> usize {
    let over = (size % BLOCK as u64) as usize;
    if over == 0 { 0 } else { BLOCK - over }
}

fn size_field(size: u64) -> Vec<u8> {
    if size < OCTAL_END {
        return format!("{size:011o}\0").into_bytes();
    }
    [&[0x80, 0, 0, 0][..], &size.to_be_bytes()].concat()
}

fn header(name: &str, size: u64, checksum: &[u8; 8]) -> Vec<u8> {
    let fields: [&[u8]; 9] = [
        &padded(name.as_bytes(), 100),
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        &size_field(size),
        b"00000000000\0",
        checksum,
        b"0",
        &[0; 100],
    ];
    padded(&[&fields.concat()[..], b"ustar\x0000"].concat(), BLOCK)
}

fn sum(block: &[u8]) -> u64 {
    block.iter().map(|byte| u64::from(*byte)).sum()
}

/// Writes the header of a file. Its content must follow, then [`end_file`].
pub(super) fn begin_file(out: &mut dyn Write, name: &str, size: u64) -> io::Result<()> {
    if name.len() >= 100 {
        return Err(malformed("a name is too long for the archive"));
    }
    // The sum is taken with blanks in its own place.
    let blank = header(name, size, b"        ");
    let mut checksum = *b"000000\0 ";
    for (digit, written) in checksum.iter_mut().zip(format!("{:06o}", sum(&blank)).into_bytes()) {
        *digit = written;
    }
    out.write_all(&header(name, size, &checksum))
}

/// Fills up the last block of a file of this size.
pub(super) fn end_file(out: &mut dyn Write, size: u64) -> io::Result<()> {
    out.write_all(&padded(&[], padding(size)))
}

/// Ends the container.
pub(super) fn finish(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&[0; 2 * BLOCK])
}

/// A file of the container, as its header tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) size: u64,
}

/// Reads the next header; nothing at the end of the container. A container that merely stops is an error.
pub(super) fn next_file(source: &mut dyn Read) -> io::Result<Option<Member>> {
    let block = read_block(source)?;
    if block.iter().all(|byte| *byte == 0) {
        let last = read_block(source)?;
        return if last.iter().all(|byte| *byte == 0) {
            Ok(None)
        } else {
            Err(malformed("the archive's end is damaged"))
        };
    }
    let member = parse(&block).ok_or_else(|| malformed("a header of the archive is damaged or of an unknown kind"))?;
    Ok(Some(member))
}

fn read_block(source: &mut dyn Read) -> io::Result<[u8; BLOCK]> {
    let mut block = [0; BLOCK];
    source.read_exact(&mut block)?;
    Ok(block)
}

/// Passes over what fills up the last block of a file of this size.
pub(super) fn skip_padding(source: &mut dyn Read, size: u64) -> io::Result<()> {
    let mut rest = vec![0; padding(size)];
    source.read_exact(&mut rest)
}

fn parse(block: &[u8; BLOCK]) -> Option<Member> {
    let field = |from: usize, len: usize| block.get(from..from + len);
    let stated = octal(field(148, 8)?)?;
    // As in writing, the sum's own place counts as blanks.
    let actual = sum(block).checked_sub(sum(field(148, 8)?))?.checked_add(8 * u64::from(b' '))?;
    let plain = matches!(field(156, 1)?, b"0" | b"\0") && field(257, 5)? == b"ustar" && *field(345, 1)? == [0];
    if stated != actual || !plain {
        return None;
    }
    let name = field(0, 100)?;
    let name = name.split(|byte| *byte == 0).next()?;
    let size = match field(124, 12)?.strip_prefix(&[0x80, 0, 0, 0]) {
        Some(binary) => u64::from_be_bytes(binary.try_into().ok()?),
        None => octal(field(124, 12)?)?,
    };
    Some(Member { name: std::str::from_utf8(name).ok()?.to_owned(), size })
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    u64::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_every_length_come_back() {
        let files: Vec<(String, Vec<u8>)> =
            [0usize, 1, 511, 512, 513, 2000].map(|len| (format!("blobs/ab/{len}"), vec![7; len])).to_vec();
        let mut bytes = Vec::new();
        for (name, content) in &files {
            begin_file(&mut bytes, name, content.len() as u64).unwrap();
            bytes.extend_from_slice(content);
            end_file(&mut bytes, content.len() as u64).unwrap();
        }
        finish(&mut bytes).unwrap();
        assert_eq!(bytes.len() % BLOCK, 0);
        let mut source = &bytes[..];
        for (name, content) in &files {
            let member = next_file(&mut source).unwrap().unwrap();
            assert_eq!((&member.name, member.size), (name, content.len() as u64));
            let mut read = vec![0; content.len()];
            source.read_exact(&mut read).unwrap();
            skip_padding(&mut source, member.size).unwrap();
            assert_eq!(&read, content);
        }
        assert_eq!(next_file(&mut source).unwrap(), None);
    }

    #[test]
    fn sizes_beyond_eight_gibibytes_come_back() {
        for size in [0, OCTAL_END - 1, OCTAL_END, u64::MAX] {
            let mut bytes = Vec::new();
            begin_file(&mut bytes, "journal.jsonl", size).unwrap();
            assert_eq!(next_file(&mut &bytes[..]).unwrap().unwrap().size, size);
        }
    }

    #[test]
    fn a_damaged_header_is_refused_wherever_it_is_damaged() {
        let mut bytes = Vec::new();
        begin_file(&mut bytes, "journal.jsonl", 700).unwrap();
        for at in 0..BLOCK {
            let mut damaged = bytes.clone();
            damaged[at] ^= 2;
            // The blank after the sum is no part of it.
            if (154..156).contains(&at) {
                continue;
            }
            assert!(next_file(&mut &damaged[..]).is_err(), "byte {at}");
        }
    }

    #[test]
    fn the_tar_of_the_system_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        for (name, content) in [("a.json", &b"{}"[..]), ("blobs/ab/cd", b"blob")] {
            begin_file(&mut bytes, name, content.len() as u64).unwrap();
            bytes.extend_from_slice(content);
            end_file(&mut bytes, content.len() as u64).unwrap();
        }
        finish(&mut bytes).unwrap();
        let path = folder.path().join("x.tar");
        std::fs::write(&path, bytes).unwrap();
        let Ok(ran) = std::process::Command::new("tar").arg("-xf").arg(&path).arg("-C").arg(folder.path()).output()
        else {
            return; // A system without tar.
        };
        assert!(ran.status.success(), "{ran:?}");
        assert_eq!(std::fs::read(folder.path().join("blobs/ab/cd")).unwrap(), b"blob");
    }
}
