//! The computed checks over what the rehearsal's author writes from the shipped samples: the faults that it plants are
//! found, and next to nothing else.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use greenroom::domain::checks::{self, CheckKind, Checked, Guardrails, Subject};
use greenroom::domain::handoff::{Draft, Plan, Severity};
use greenroom::domain::research::{self, Research};
use greenroom::rehearsal::write;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const MODEL: &str = "claude-opus-5-5";

fn packages() -> Vec<(String, Research)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read =
        |file: std::path::PathBuf| (file.display().to_string(), research::read(&fs::read(&file).unwrap()).unwrap());
    files.into_iter().map(read).collect()
}

/// The brand of the sample show, as its profile has it.
fn brand() -> toml::Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/shows/open-questions.toml");
    let show: toml::Value = toml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    show.get("brand").cloned().unwrap()
}

fn texts(brand: &toml::Value, name: &str) -> Vec<String> {
    let list = brand.get(name).and_then(toml::Value::as_array).unwrap();
    list.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn ask<T: DeserializeOwned>(title: &str, blocks: &BTreeMap<String, String>, seed: u64) -> T {
    serde_json::from_value(write(title, blocks, MODEL, seed).unwrap()).unwrap()
}

fn checked(
    research: &Research,
    (from, to): (f64, f64),
    target_ms: (u64, u64),
    seed: u64,
    rules: &Guardrails,
) -> Checked {
    let show = json!({
        "name": "Open Questions", "target_minutes": {"min": from, "max": to}, "words_per_minute": 150,
        "brand": {"avoid": rules.banned},
        "speakers": [{"id": "HOST", "name": "Mara"}, {"id": "GUEST", "name": "Theo"}],
    });
    let mut blocks = BTreeMap::from([
        ("show".to_owned(), show.to_string()),
        ("research".to_owned(), serde_json::to_string(research).unwrap()),
    ]);
    let brief: Value = ask("Brief", &blocks, seed);
    blocks.insert("brief".to_owned(), brief.to_string());
    let plan: Plan = ask("Plan", &blocks, seed);
    blocks.insert("plan".to_owned(), serde_json::to_string(&plan).unwrap());
    let draft: Draft = ask("Draft", &blocks, seed);
    let subject = Subject {
        script: &draft.script,
        research: Some(research),
        plan: Some(&plan),
        guardrails: rules,
        target_ms,
        words_per_minute: 150,
        claimed_words: Some(draft.claimed_words),
    };
    checks::run(&subject)
}

#[test]
fn the_planted_faults_are_found_and_next_to_nothing_else() {
    let brand = brand();
    let rules =
        Guardrails { banned: texts(&brand, "avoid"), samples: texts(&brand, "samples"), ..Guardrails::default() };
    let packages = packages();
    assert!(packages.len() >= 3);
    for (name, research) in &packages {
        for (minutes, target, seeds) in [((1.5, 2.5), (90_000, 150_000), 24), ((25.0, 30.0), (1_500_000, 1_800_000), 4)]
        {
            for seed in 0..seeds {
                let Checked { observations, readings } = checked(research, minutes, target, seed, &rules);
                let of = |severity| observations.iter().filter(move |o| o.severity == severity);
                let kinds = |severity| of(severity).map(|o| o.kind).collect::<Vec<_>>();
                let blockers = kinds(Severity::Blocker);
                assert!(
                    matches!(blockers[..], [CheckKind::Figure | CheckKind::Date]),
                    "{name} {seed}: {observations:#?}"
                );
                assert_eq!(kinds(Severity::Major), [CheckKind::Superlative], "{name} {seed}: {observations:#?}");
                let minor = kinds(Severity::Minor);
                let planted = |kind| minor.iter().filter(|found| **found == kind).count();
                assert_eq!(planted(CheckKind::LongSentence), 1, "{name} {seed}: {observations:#?}");
                assert_eq!(planted(CheckKind::WordCountClaim), 1, "{name} {seed}: the author's claims are wrong");
                assert!(minor.len() <= 4, "{name} {seed}: {observations:#?}");
                assert!(readings.off_target_s.abs() < 60, "{name} {seed}: {readings:?}");
                let brand = readings.brand.expect("the show has samples");
                assert!(brand.total.per_mille() < 500, "{name} {seed}: {brand:?}");
            }
        }
    }
}
