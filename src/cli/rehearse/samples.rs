//! The research packages that come with the program, as files that an episode can be made of.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::fault::CliError;

/// Name and text of each.
pub(super) const SAMPLES: [(&str, &str); 3] = [
    ("kilogram.md", include_str!("../../../assets/research/kilogram.md")),
    ("continental-drift.md", include_str!("../../../assets/research/continental-drift.md")),
    ("counting-species.md", include_str!("../../../assets/research/counting-species.md")),
];

/// Writes the samples to `<data>/samples`, where they are missing or differ, and gives their paths.
pub(super) fn write(data: &Path) -> Result<Vec<PathBuf>, CliError> {
    let folder = data.join("samples");
    let failed = |path: &Path, error: &std::io::Error| {
        CliError::Failed(format!(
            "{} cannot be written: {error}. Nothing was started: choose another folder with --data-dir, or mend its permissions",
            path.display()
        ))
    };
    fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    let mut paths = Vec::new();
    for (name, text) in SAMPLES {
        let path = folder.join(name);
        if fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            fs::write(&path, text).map_err(|error| failed(&path, &error))?;
        }
        paths.push(path);
    }
    Ok(paths)
}
