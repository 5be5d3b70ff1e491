//! The author against packages: many seeds, every contract, held to its schema and to the script's form.
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::text::{runs, sentences, words};
use super::write;
use crate::domain::handoff::{Contract, Draft, Fixes, Judgement, Note, Plan, Revision, Severity, SpeechText};
use crate::domain::ids::LineId;
use crate::domain::research::{Research, read};
use crate::domain::script::{Expectations, Script};

const CLAUDE: &str = "claude-opus-5-5";
const GEMINI: &str = "gemini-3.1-pro-preview";

/// A package of our own, so that the tests say something where no other is at hand.
const TIDES: &str = "# Why tide mills came and went 2025\n\n## The first mills\n\
    - Archaeologists dated the oldest known tide mill to the year 619 from the rings of its oak timbers [1].\n\
    - The mill at Nendrum in Ireland stood beside a monastery and could grind grain twice a day [1].\n\
    - A second mill was built on the same spot in 787 with a larger wheel and a deeper pond [1].\n\
    - Most mills of that age are lost, because the sea took away the wood that they were made of.\n\
    ## How they worked\n\
    - A dam with a gate let the rising tide into a pond and held it there until the water outside fell [2].\n\
    - The miller worked when the moon allowed it, often at night, for some 5 hours at a time [2].\n\
    - Nobody knows how many mills stood along the coasts, since few of them paid taxes that were written down [2].\n\
    - Records of the twelfth century name 38 mills on the English coast, but the list may not be complete [3].\n\
    ## The return of the idea\n\
    - The barrage at La Rance in Brittany opened in 1966 and still delivers about 240 megawatts at its peak [4].\n\
    - Its builders chose the site because the sea there rises and falls by as much as 13.5 metres [4].\n\
    - Critics measured that the enclosed basin lost many of its species in the first 10 years after closing [5].\n\
    - Later surveys found that most of the species had returned, though not in the same numbers as before [5].\n\
    - The station at Sihwa Lake in Korea followed in 2011 and uses a sea wall that was already there [6].\n\
    ## What is open\n\
    - Engineers disagree whether turbines without a dam can be made cheap enough to matter within 20 years [6].\n\
    - It is unknown how a line of such turbines would change the currents of a narrow strait [6].\n\
    - Some planners expect storage to decide the question, because the tide does not follow our working day [6].\n\
    - No one has yet shown how the metal would stand 30 winters of salt and moving sand.\n\n\
    [1] https://example.org/nendrum\n[2] https://example.org/work\n[3] A book\n[4] https://example.org/rance\n\
    [5] https://example.org/basin\n[6] https://example.org/korea\n";

fn packages() -> Vec<(String, Research)> {
    let mut found = vec![("tides".to_owned(), read(TIDES.as_bytes()).unwrap())];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["../shared/data/research", "../../shared/data/research", "assets/research"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
            eprintln!("skipped: there is no folder {folder}");
            continue;
        };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            found.push((file.display().to_string(), read(&std::fs::read(&file).unwrap()).unwrap()));
        }
    }
    found
}

fn show(min: f64, max: f64) -> Value {
    json!({
        "name": "Open Questions", "tagline": "t", "language": "en-GB", "target_minutes": {"min": min, "max": max},
        "words_per_minute": 150,
        "brand": {"voice": "v", "rules": [], "avoid": ["groundbreaking", "the truth is"], "samples": []},
        "speakers": [{"id": "HOST", "name": "Mara", "role": "host"}, {"id": "GUEST", "name": "Theo", "role": "co-host"}],
    })
}

fn block(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap().replace("</", "<\\/")
}

fn ask<T: DeserializeOwned>(contract: Contract, blocks: &[(&str, String)], model: &str, seed: u64) -> T {
    let schema = serde_json::to_value(contract.schema().unwrap()).unwrap();
    let title = schema["title"].as_str().unwrap().to_owned();
    let blocks: BTreeMap<String, String> =
        blocks.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
    let answer = write(&title, &blocks, model, seed).unwrap();
    assert_eq!(answer, write(&title, &blocks, model, seed).unwrap(), "{title} is no pure function");
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&answer), "{title}: {:?}", validator.iter_errors(&answer).next());
    serde_json::from_value(answer).unwrap()
}

struct Episode {
    show: String,
    research: String,
    plan: Plan,
    draft: Draft,
}

fn episode(package: &Research, show: &Value, seed: u64) -> Episode {
    let (show, research) = (block(show), block(package));
    let given = [("show", show.clone()), ("research", research.clone())];
    let brief: Value = ask(Contract::Brief, &given, CLAUDE, seed);
    let mut given = given.to_vec();
    given.push(("brief", block(&brief)));
    let plan: Plan = ask(Contract::Plan, &given, CLAUDE, seed);
    given.push(("plan", block(&plan)));
    let draft: Draft = ask(Contract::Draft, &given, CLAUDE, seed);
    Episode { show, research, plan, draft }
}

fn judged(script: &Script, model: &str) -> Judgement {
    ask(Contract::Judgement, &[("script", block(script))], model, 1)
}

fn revised(script: &Script, note: &Note) -> (Script, Revision) {
    let given = [("script", block(script)), ("fixes", block(note))];
    let revision: Revision = ask(Contract::Revision, &given, CLAUDE, 1);
    let mut next = script.clone();
    for line in next.segments.iter_mut().flat_map(|segment| &mut segment.lines) {
        if let Some(new) = revision.lines.iter().find(|new| new.id == line.id) {
            line.clone_from(new);
        }
    }
    (next, revision)
}

/// How many runs of eight words stand in the source, none of them sharing a word with another.
fn disjoint(runs: &[String], source: &BTreeSet<String>) -> usize {
    let (mut count, mut at) = (0, 0);
    while let Some(run) = runs.get(at) {
        let hit = source.contains(run);
        count += usize::from(hit);
        at += if hit { 8 } else { 1 };
    }
    count
}

fn expectations(package: &Research, plan: &Plan) -> Expectations {
    Expectations {
        speakers: ["HOST", "GUEST"].map(str::to_owned).into(),
        sources: package.passages.iter().map(|passage| passage.id.clone()).collect(),
        segments: plan.segments.iter().map(|segment| segment.id.clone()).collect(),
    }
}

#[test]
fn a_draft_is_well_formed_of_the_planned_length_and_made_of_its_package() {
    for (name, package) in packages() {
        let source: BTreeSet<String> = package.passages.iter().flat_map(|p| runs(&p.text, 8)).collect();
        for (show, target) in [(show(1.5, 2.5), 300_u64), (show(25.0, 30.0), 4125)] {
            for seed in 0..if target == 300 { 24 } else { 3 } {
                let episode = episode(&package, &show, seed);
                let script = &episode.draft.script;
                assert_eq!(script.faults(&expectations(&package, &episode.plan)), [], "{name}");
                let measured = script.measure().words;
                assert!(measured.abs_diff(target) * 100 <= target * 7, "{name} {seed}: {measured} for {target}");
                assert_ne!(episode.draft.claimed_words, measured);
                let verbatim = script.lines().flat_map(|line| &line.claims);
                let mut borne = 0;
                for claim in verbatim {
                    let passage = package.passages.iter().find(|passage| passage.id == claim.source).unwrap();
                    assert!(passage.text.contains(&claim.excerpt), "{name}: {claim:?}");
                    borne += 1;
                }
                let verbatim: usize = script.lines().map(|line| disjoint(&runs(&line.text, 8), &source)).sum();
                assert!(borne >= 9 && verbatim >= 12, "{name} {seed}: {borne} claims, {verbatim} runs");
                let spoken = script.spoken();
                let all: Vec<String> = spoken.lines().flat_map(sentences).map(str::to_lowercase).collect();
                let distinct: BTreeSet<&String> = all.iter().collect();
                assert_eq!(distinct.len(), all.len(), "{name} {seed}: a sentence is said twice");
                assert!(spoken.contains("AI"), "{name}: how the episode was made is not said");
            }
        }
    }
}

#[test]
fn packages_and_seeds_make_different_scripts() {
    let packages = packages();
    let show = show(1.5, 2.5);
    let mut seen = BTreeSet::new();
    for (_, package) in &packages {
        for seed in 0..4 {
            assert!(seen.insert(episode(package, &show, seed).draft.script.spoken()));
        }
    }
}

#[test]
fn judges_find_what_was_planted_and_nothing_else_and_disagree_about_one() {
    for (name, package) in packages() {
        for (show, seeds) in [(show(1.5, 2.5), 24), (show(8.0, 12.0), 4), (show(25.0, 30.0), 2)] {
            for seed in 0..seeds {
                let script = episode(&package, &show, seed).draft.script;
                let (a, b) = (judged(&script, CLAUDE), judged(&script, GEMINI));
                let weights = |report: &Judgement| report.findings.iter().map(|f| f.severity).collect::<Vec<_>>();
                assert_eq!(weights(&a), [Severity::Blocker, Severity::Major, Severity::Minor], "{name} {seed}: {a:?}");
                assert_eq!(weights(&b), [Severity::Major, Severity::Minor], "{name} {seed}: {b:?}");
                assert_eq!(a.findings[0].line, b.findings[1].line, "the same wrong figure, weighed differently");
                for finding in a.findings.iter().chain(&b.findings) {
                    let line = script.lines().find(|line| line.id == finding.line).unwrap();
                    assert!(line.text.contains(&finding.quote) && !finding.quote.is_empty(), "{finding:?}");
                    assert!(words(&finding.quote) <= 12);
                }
            }
        }
    }
}

#[test]
fn a_revision_mends_what_was_found_and_touches_only_the_named_lines() {
    for (name, package) in packages() {
        for seed in 0..12 {
            let episode = episode(&package, &show(1.5, 2.5), seed);
            let script = episode.draft.script;
            let (a, b) = (judged(&script, CLAUDE), judged(&script, GEMINI));
            let given = [("script", block(&script)), ("judge_a", block(&a)), ("judge_b", block(&b))];
            let list: Fixes = ask(Contract::Fixes, &given, CLAUDE, seed);
            let behind: Vec<&[String]> = list.fixes.iter().map(|fix| fix.findings.as_slice()).collect();
            assert_eq!(
                behind,
                [&["a:F1".to_owned(), "b:F2".to_owned()][..], &["a:F2".into(), "b:F1".into()], &["a:F3".into()]]
            );
            let named: Vec<_> = list.fixes.iter().map(|fix| fix.from..=fix.to).collect();
            let (next, revision) = revised(&script, &Note { fixes: list.fixes.clone(), text: String::new() });
            assert_eq!(next.outside(&script, &named), [], "{name} {seed}");
            assert_eq!(revision.lines.len(), named.iter().map(|r| *r.start()).collect::<BTreeSet<LineId>>().len());
            assert_eq!(next.faults(&expectations(&package, &episode.plan)), []);
            for model in [CLAUDE, GEMINI] {
                let again = judged(&next, model);
                assert_eq!(again.findings, [], "{name} {seed}");
                assert!(again.scores.iter().all(|score| (42..=48).contains(&score.tenths)));
            }
            let words = next.measure().words;
            assert!(words.abs_diff(300) * 100 <= 300 * 10, "{name} {seed}: {words}");
            // A struck fix leaves its fault standing, and the judge finds it again.
            let (struck, _) = revised(&script, &Note { fixes: list.fixes[1..].to_vec(), text: String::new() });
            assert_eq!(judged(&struck, CLAUDE).findings.len(), 1);
            let (noted, _) = revised(&script, &Note { fixes: vec![], text: "Slower.".into() });
            let first = script.lines().next().unwrap().id;
            assert_eq!(noted.changed_lines(&script), BTreeSet::from([first]));
        }
    }
}

#[test]
fn speech_text_and_deliverables_follow_the_script() {
    for (name, package) in packages() {
        let episode = episode(&package, &show(1.5, 2.5), 5);
        let script = block(&episode.draft.script);
        let given = [("show", episode.show), ("research", episode.research), ("script", script)];
        let speech: SpeechText = ask(Contract::SpeechText, &given, CLAUDE, 5);
        let ids: Vec<LineId> = episode.draft.script.lines().map(|line| line.id).collect();
        assert_eq!(speech.lines.iter().map(|line| line.id).collect::<Vec<_>>(), ids);
        for line in &speech.lines {
            assert!(!line.text.contains(|c: char| c.is_ascii_digit()) && !line.text.is_empty(), "{name}: {line:?}");
        }
        for contract in [Contract::ShowNotes, Contract::ArtworkBrief, Contract::Promotion] {
            let answer: Value = ask(contract, &given, "claude-haiku-5-5", 5);
            assert!(answer.to_string().len() > 100, "{answer}");
        }
    }
}
