//! The research packages that come with the program, as files that an episode can be made of.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::fault::CliError;
use crate::domain::ids::ContentHash;

/// Name and text of each.
pub(super) const SAMPLES: [(&str, &str); 3] = [
    ("kilogram.md", include_str!("../../../assets/research/kilogram.md")),
    ("continental-drift.md", include_str!("../../../assets/research/continental-drift.md")),
    ("counting-species.md", include_str!("../../../assets/research/counting-species.md")),
];

/// Writes the samples to `<data>/samples`, where they are missing, and gives their paths.
pub(super) fn write(data: &Path) -> Result<Vec<PathBuf>, CliError> {
    SAMPLES.iter().map(|(name, text)| write_sample(data, name, text.as_bytes())).collect()
}

/// Writes a file that comes with the program to `<data>/samples`, where it is missing, and gives its path. A file of that name
/// with other bytes may be a person's by now and is left alone: then the name has the hash of the content behind it.
pub(in crate::cli) fn write_sample(data: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, CliError> {
    let folder = data.join("samples");
    let failed = |path: &Path, what: &str| {
        CliError::Failed(format!(
            "{} cannot be written: {what}. Nothing was started: choose another folder with --data-dir, or fix its permissions",
            path.display()
        ))
    };
    fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error.to_string()))?;
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let other = format!("{stem}-{}.{ending}", ContentHash::of(bytes).short());
    for name in [name, &other] {
        let path = folder.join(name);
        match fs::read(&path) {
            Ok(there) if there == bytes => return Ok(path),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let new = fs::OpenOptions::new().write(true).create_new(true).open(&path);
                new.and_then(|mut file| file.write_all(bytes)).map_err(|error| failed(&path, &error.to_string()))?;
                return Ok(path);
            }
            Err(error) => return Err(failed(&path, &error.to_string())),
        }
    }
    Err(failed(&folder.join(&other), "a file of that name holds something else"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_that_a_person_edited_is_left_alone() {
        let data = tempfile::tempdir().unwrap();
        let first = write(data.path()).unwrap();
        assert_eq!(write(data.path()).unwrap(), first);
        fs::write(&first[0], "# My own").unwrap();
        for _ in 0..2 {
            let paths = write(data.path()).unwrap();
            assert_ne!(paths[0], first[0]);
            assert_eq!(paths[1..], first[1..]);
            assert_eq!(fs::read_to_string(&paths[0]).unwrap(), SAMPLES[0].1);
        }
        assert_eq!(fs::read_to_string(&first[0]).unwrap(), "# My own");
        assert_eq!(fs::read_dir(data.path().join("samples")).unwrap().count(), 4);
    }
}
