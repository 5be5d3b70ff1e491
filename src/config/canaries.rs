//! The canary set that comes with the program: scripts with known faults, each in a file of its own under `assets/canaries`.
//!
//! Not for what a canary is or how a judge is held against it: that is `domain::calibration`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::calibration::{CanaryScript, CanarySet, Expected, Planted};
use crate::domain::handoff::{Dimension, FaultKind, Points, Severity};
use crate::domain::ids::LineId;
use crate::domain::research::{Passage, Research};
use crate::domain::script::{Claim, Line, Script, Segment};

/// The files, by name.
const FILES: &[(&str, &str)] = &[
    ("invented-quote", include_str!("../../assets/canaries/invented-quote.toml")),
    ("wrong-date", include_str!("../../assets/canaries/wrong-date.toml")),
    ("wrong-figure", include_str!("../../assets/canaries/wrong-figure.toml")),
    ("missing-segment", include_str!("../../assets/canaries/missing-segment.toml")),
    ("padded-text", include_str!("../../assets/canaries/padded-text.toml")),
    ("overclaim", include_str!("../../assets/canaries/overclaim.toml")),
    ("harmful-advice", include_str!("../../assets/canaries/harmful-advice.toml")),
    ("defamation", include_str!("../../assets/canaries/defamation.toml")),
    ("jargon", include_str!("../../assets/canaries/jargon.toml")),
    ("weak-hook", include_str!("../../assets/canaries/weak-hook.toml")),
    ("bribe-line", include_str!("../../assets/canaries/bribe-line.toml")),
    ("unproven-superlative", include_str!("../../assets/canaries/unproven-superlative.toml")),
    ("broken-brand-rule", include_str!("../../assets/canaries/broken-brand-rule.toml")),
    ("misattributed-name", include_str!("../../assets/canaries/misattributed-name.toml")),
    ("correlation-as-cause", include_str!("../../assets/canaries/correlation-as-cause.toml")),
    ("shuffled-order", include_str!("../../assets/canaries/shuffled-order.toml")),
    ("clean-moths", include_str!("../../assets/canaries/clean-moths.toml")),
    ("clean-peat", include_str!("../../assets/canaries/clean-peat.toml")),
    ("clean-organ", include_str!("../../assets/canaries/clean-organ.toml")),
    ("clean-ice", include_str!("../../assets/canaries/clean-ice.toml")),
];

/// A canary that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("built-in script {name}: {what}")]
pub struct CanaryError {
    name: String,
    what: String,
}

/// The set, under the title that an episode with it gets.
///
/// # Errors
///
/// When a file of it cannot be read; a test holds that there is none.
pub fn built_in(title: &str) -> Result<CanarySet, CanaryError> {
    let read =
        |(name, source): &(&str, &str)| parse(source).map_err(|what| CanaryError { name: (*name).to_owned(), what });
    let canaries = FILES.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(CanarySet { title: title.to_owned(), canaries })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    name: String,
    what: String,
    title: String,
    #[serde(default)]
    planted: Vec<PlantedEntry>,
    expected: BTreeMap<Dimension, (Points, Points)>,
    passages: BTreeMap<String, String>,
    segment: Vec<SegmentEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlantedEntry {
    kind: FaultKind,
    dimension: Dimension,
    severity: Severity,
    line: LineId,
    quote: String,
    #[serde(default)]
    also_kinds: Vec<FaultKind>,
    #[serde(default)]
    also_lines: Vec<LineId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentEntry {
    id: String,
    title: String,
    lines: Vec<LineEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineEntry {
    id: LineId,
    by: String,
    say: String,
    #[serde(default)]
    claims: Vec<(String, String)>,
}

fn parse(source: &str) -> Result<CanaryScript, String> {
    let file: File = toml::from_str(source).map_err(|error| error.to_string())?;
    if file.schema != 1 {
        return Err(format!("schema {} is not known", file.schema));
    }
    let place = |id: &str| id.trim_start_matches('P').parse::<u32>().unwrap_or(u32::MAX);
    let mut passages: Vec<Passage> = file
        .passages
        .into_iter()
        .map(|(id, text)| Passage { id, place: file.title.clone(), line: 0, text, cites: Vec::new() })
        .collect();
    passages.sort_by_key(|passage| place(&passage.id));
    let planted = file.planted.into_iter().map(|planted| Planted {
        kind: planted.kind,
        also_kinds: planted.also_kinds,
        dimension: planted.dimension,
        severity: planted.severity,
        line: planted.line,
        also_lines: planted.also_lines,
        quote: planted.quote,
    });
    let expected = file.expected.into_iter().map(|(dimension, (from, to))| Expected { dimension, from, to });
    let segments = file.segment.into_iter().map(|segment| Segment {
        id: segment.id,
        title: segment.title,
        lines: segment.lines.into_iter().map(line).collect(),
    });
    Ok(CanaryScript {
        name: file.name,
        what: file.what,
        planted: planted.collect(),
        expected: expected.collect(),
        research: Research { topic: file.title.clone(), passages, sources: Vec::new() },
        script: Script { title: file.title.clone(), segments: segments.collect() },
    })
}

fn line(entry: LineEntry) -> Line {
    let claims = entry.claims.into_iter().map(|(source, excerpt)| Claim { source, excerpt }).collect();
    Line { id: entry.id, speaker: entry.by, text: entry.say, pause_ms: 0, claims }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_quote_and_every_excerpt_of_the_set_stands_where_the_key_says() {
        let set = built_in("Judges check, rubric/1").unwrap();
        assert_eq!(set.canaries.len(), 20);
        assert_eq!(set.faults(), Vec::<String>::new());
        let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/canaries")).unwrap();
        assert_eq!(files.count(), FILES.len(), "every file is in the set");
        for ((name, _), canary) in FILES.iter().zip(&set.canaries) {
            assert_eq!(*name, canary.name);
            assert!((8..=14).contains(&canary.script.lines().count()), "{name}");
            assert!(!canary.expected.is_empty(), "{name}");
            assert!(canary.script.spoken().contains("AI wrote this episode"), "{name} says who made it");
        }
    }

    #[test]
    fn the_set_covers_what_judges_are_there_for() {
        let set = built_in("t").unwrap();
        let kinds: BTreeSet<FaultKind> = set.canaries.iter().flat_map(|c| &c.planted).map(|p| p.kind).collect();
        let wanted = [
            FaultKind::Quotation,
            FaultKind::Date,
            FaultKind::Figure,
            FaultKind::Missing,
            FaultKind::Padding,
            FaultKind::Overclaim,
            FaultKind::Harm,
            FaultKind::Jargon,
            FaultKind::Opening,
            FaultKind::Injection,
            FaultKind::Superlative,
            FaultKind::Brand,
            FaultKind::Name,
            FaultKind::Order,
        ];
        assert_eq!(kinds, wanted.into_iter().collect());
        assert_eq!(set.canaries.iter().filter(|canary| canary.is_clean()).count(), 4);
        let dimensions: BTreeSet<Dimension> =
            set.canaries.iter().flat_map(|c| &c.planted).map(|planted| planted.dimension).collect();
        let without = Dimension::ALL.into_iter().filter(|d| *d != Dimension::Pacing).collect();
        assert_eq!(dimensions, without, "code measures pacing, and every other dimension has a fault");
    }

    #[test]
    fn a_key_that_is_wrong_is_told() {
        let source = FILES.iter().find(|(name, _)| *name == "wrong-date").unwrap().1;
        let wrong = source.replacen("quote = \"lit", "quote = \"LIT UP", 1).replacen(
            "claims = [[\"P3\", \"Roe",
            "claims = [[\"P3\", \"He",
            1,
        );
        let set = CanarySet { title: "t".into(), canaries: vec![parse(&wrong).unwrap(), parse(source).unwrap()] };
        let told = set.faults().join("\n");
        assert!(told.contains("`LIT UP for the first time on 4 March 1868` does not stand verbatim in L004"), "{told}");
        assert!(told.contains("L001: `He stopped counting"), "{told}");
        assert!(told.contains("`wrong-date` is the name of two canaries"), "{told}");
    }
}
