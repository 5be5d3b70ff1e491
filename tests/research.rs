//! Research packages: the shipped samples, and real ones where they are at hand.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says why it skips"
)]

use std::fs;
use std::path::{Path, PathBuf};

use greenroom::domain::claims::{self, ClaimState, SheetRow};
use greenroom::domain::ids::LineId;
use greenroom::domain::research::{self, Research};
use greenroom::domain::script::{Claim, Line, Script, Segment};

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

#[test]
fn real_packages_carry_their_own_sentences_and_tell_the_age_of_their_sources() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/research");
    let found = packages(&folder);
    if found.is_empty() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    for (path, research) in found {
        let name = path.display();
        own_words_are_carried(&path, &research);
        let report = research::report(&research, jiff::civil::date(2025, 8, 22), Some(365));
        assert_eq!((report.passages, report.sources), (research.passages.len(), research.sources.len()), "{name}");
        let dated = research::ages(&research, jiff::civil::date(2025, 8, 22)).len() - report.undated.len();
        assert!(report.stale.len() <= dated, "{name}");
    }
}

#[test]
fn samples_carry_their_own_sentences() {
    for (path, research) in packages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research")) {
        own_words_are_carried(&path, &research);
        let report = research::report(&research, jiff::civil::date(2025, 8, 22), Some(3_650));
        assert_eq!(report.undated, Vec::<u32>::new(), "{}: every reference has a year", path.display());
        assert!(!report.stale.is_empty() && !report.gaps.is_empty(), "{}: {report:?}", path.display());
    }
}

#[test]
fn a_changed_figure_of_a_sample_never_passes() {
    let (mut changed, mut caught) = (0, 0);
    for (path, research) in packages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research")) {
        for passage in &research.passages {
            let text = &passage.text;
            for (at, _) in text.match_indices(|c: char| c.is_ascii_digit()) {
                let before = text[..at].chars().next_back();
                let is_name = before.is_some_and(|c| c == '-' || c.is_alphabetic());
                let digits = text[at..].chars().take_while(char::is_ascii_digit).count();
                if is_name || before.is_some_and(|c| c.is_ascii_digit() || c == '.' || c == ',') || digits < 2 {
                    continue;
                }
                let mut wrong = text.clone();
                let last = at + digits - 1;
                wrong.replace_range(last..=last, if &text[last..=last] == "7" { "3" } else { "7" });
                let claims = vec![Claim { source: passage.id.clone(), excerpt: text.clone() }];
                let line = Line { id: LineId(1), speaker: "HOST".into(), text: wrong.clone(), pause_ms: 0, claims };
                let segments = vec![Segment { lines: vec![line], ..Segment::default() }];
                let sheet = claims::extract(&Script { title: String::new(), segments }, &research);
                let passes = |row: &SheetRow| matches!(row.state, ClaimState::Verified | ClaimState::Likely);
                assert!(!sheet.rows.iter().all(passes), "{}: {wrong}", path.display());
                changed += 1;
                caught += usize::from(sheet.counts().r#false > 0);
            }
        }
    }
    assert!(changed >= 80, "{changed} figures were changed");
    assert!(caught * 100 >= changed * 95, "{caught} of {changed} were found false");
}

/// A script that says each passage as it stands is borne out throughout: nothing is murky and nothing is false.
fn own_words_are_carried(path: &Path, research: &Research) {
    let lines = (1..).zip(&research.passages).map(|(id, passage)| Line {
        id: LineId(id),
        speaker: "HOST".into(),
        text: passage.text.clone(),
        pause_ms: 0,
        claims: vec![Claim { source: passage.id.clone(), excerpt: passage.text.clone() }],
    });
    let segments = vec![Segment { lines: lines.collect(), ..Segment::default() }];
    let sheet = claims::extract(&Script { title: String::new(), segments }, research);
    assert!(sheet.rows.len() >= research.passages.len(), "{}: no passage is missing", path.display());
    // A hedge in another sentence of the same passage is held against a sentence without one.
    let bad = |row: &&SheetRow| {
        let is_hedge_alone = row.note.starts_with("the excerpt says") && !row.note.contains(';');
        !matches!(row.state, ClaimState::Verified | ClaimState::Likely) && !is_hedge_alone
    };
    let told = |row: &SheetRow| format!("{} {}: {} ({})", row.id, row.state.name(), row.text, row.note);
    assert_eq!(sheet.rows.iter().filter(bad).map(told).collect::<Vec<_>>(), Vec::<String>::new(), "{}", path.display());
}
