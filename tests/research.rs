//! Research packages: the shipped samples, and real ones where they are at hand.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says why it skips"
)]

use std::fs;
use std::path::{Path, PathBuf};

use greenroom::domain::research::{self, Research};

fn packages(folder: &Path) -> Vec<(PathBuf, Research)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let read = |path: PathBuf| {
        let research = research::read(&fs::read(&path).unwrap()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        (path, research)
    };
    entries.map(|entry| entry.unwrap().path()).map(read).collect()
}

#[test]
fn every_sample_is_sourced_throughout() {
    let samples = packages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research"));
    assert!(samples.len() >= 3, "three samples are shipped");
    for (path, research) in samples {
        let name = path.display();
        assert!(!research.topic.is_empty(), "{name}");
        assert!(research.passages.len() >= 15, "{name}: {}", research.passages.len());
        assert!(research.sources.len() >= 3, "{name}: {}", research.sources.len());
        assert_eq!(
            research.unsourced().map(|(p, n)| format!("{} [{n}]", p.id)).collect::<Vec<_>>(),
            Vec::<String>::new()
        );
    }
}

#[test]
fn real_packages_are_read_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/research");
    let found = packages(&folder);
    if found.is_empty() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    for (path, research) in found {
        let name = path.display();
        assert!(research.passages.len() >= 30, "{name}: {}", research.passages.len());
        assert!(research.words() >= 500, "{name}: {}", research.words());
        let text = fs::read_to_string(&path).unwrap();
        let folded = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
        // Passages from JSON stand in the file as they are; Markdown loses only its marks.
        if path.extension().is_some_and(|ext| ext == "json") {
            let file = folded(&text);
            assert!(
                research.passages.iter().filter(|p| file.contains(&p.text)).count() * 10 >= research.passages.len() * 9
            );
        }
    }
}
