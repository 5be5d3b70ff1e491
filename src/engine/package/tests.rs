//! A package on disk: what is in it, and what a crash, a full disk or a stranger in its place does to it.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, from_value, json};

use super::*;
use crate::domain::budget::Scope;
use crate::domain::event::{Actor, Policy, Uncertain};
use crate::domain::gate::SpeechSegment;
use crate::domain::ids::ContentHash;
use crate::ledger::blobs::Blobs;
use crate::ledger::disk::simulated::{Fault, SimulatedDisk, Survival};
use crate::ledger::disk::{Disk, Kind, RealDisk};
use crate::media::wav;

const STUDIO: &str = "/studio";
const PLACE: &str = "/studio/packages/007-the-kilogram-a-story";

struct Parts {
    episode: Episode,
    script: Script,
    speech_text: SpeechText,
    speech: SpeechManifest,
    show_notes: ShowNotes,
    promotion: Promotion,
    artwork: ArtworkBrief,
    research: Research,
    recordings: Vec<Vec<u8>>,
}

impl Parts {
    fn contents(&self) -> Contents<'_> {
        Contents {
            episode: &self.episode,
            script: &self.script,
            speech_text: &self.speech_text,
            speech: &self.speech,
            show_notes: &self.show_notes,
            promotion: &self.promotion,
            artwork: &self.artwork,
            research: &self.research,
        }
    }

    fn blobs(&self, disk: Arc<dyn Disk>, studio: &Path) -> Blobs {
        let blobs = Blobs::open(disk, studio).unwrap();
        for bytes in &self.recordings {
            blobs.put(bytes).unwrap();
        }
        blobs
    }
}

/// An episode with a draft that claims 900 words, one call of 42 micro-dollars, and a gate with a dead and a live
/// approval.
fn episode(provenance: Provenance) -> Episode {
    let hash = |name: &str| ContentHash::of(name.as_bytes());
    let stage = |id: &str, kind: &str, output: &str, human: Value, inputs: Value| {
        let stage = json!({"id": id, "title": id, "kind": kind, "agent": null, "reviser": null, "inputs": inputs,
            "after": [], "output": output, "human": human, "send_back": null, "signs": [], "skip_when_empty": null,
            "revises": null, "time_limit_seconds": 60});
        json!({"stage": stage, "prompt": null, "revise": null, "route": null, "fallback": null, "cheaper": null, "seats": []})
    };
    let at = "2026-11-24T10:00:00Z";
    let approval = json!({"by": "Ada, \"L\" (os: ada)", "at": at, "max_spend": 5, "spent": 42, "seen": null});
    let evaluation =
        json!({"at": at, "verdict": "person", "reasons": [], "report": hash("report"), "open": [], "round": 1});
    let call = json!({"request": hash("r"), "worst": 99, "at": at, "name": hash("n"), "met": true, "window": null, "batch": null,
        "route": {"provider": "anthropic", "model": "claude-opus-5-5"},
        "state": {"settled": {"answer": hash("a"), "price": 42, "machine_ms": 1, "request_id": null,
            "usage": {"input": 1, "output": 2, "cache_read": 3, "cache_write": 4, "characters": 5}}}});
    let mut episode: Episode = from_value(json!({
        "number": 7, "title": "Working title", "show": "S", "provenance": provenance, "started": at, "touched": at,
        "owner": "engine", "research": hash("research"), "profile": hash("profile"), "caps": {}, "projected": 0,
        "policy": Policy::usual(Uncertain::Ask, (1, 2), 150),
        "agreed": null, "pins": [
            stage("script", "agent", "draft", Value::Null, json!([])),
            stage("final_release", "gate", "report", json!("always"), json!([]))],
        "stages": {}, "gates": {}, "calls": {"007-script-0-1": call}, "reused": [], "sent_back": [], "needs": [], "waited_ms": 0,
        "alerted": {}, "life": "running"}))
    .unwrap();
    let standings = episode.standings();
    let input = |id: &str| standings[&id.parse().unwrap()].inputs().unwrap().hash.to_string();
    let (gate, script) = (input("final_release"), input("script"));
    let made = json!({"output": hash("s"), "at": at, "handoff": "first_try", "words": 3, "claimed_words": 900, "round": 1,
            "parent": null, "by": "engine"});
    episode.stages = from_value(
        json!({"script": {"run": null, "outputs": {script: made}, "replaced": [], "takes": {}, "attempts": {},
        "claimed_words": null, "route": null, "began": null}}),
    )
    .unwrap();
    episode.gates = from_value(json!({"final_release": {"evaluations": {&gate: evaluation},
        "approvals": {&gate: approval, hash("dead").to_string(): approval}, "proposals": {}, "overrides": {}, "rulings": []}}))
    .unwrap();
    assert!(matches!(episode.owner, Actor::Engine) && !episode.caps.contains_key(&Scope::Episode(episode.number)));
    episode
}

fn parts(provenance: Provenance) -> Parts {
    let recordings: Vec<Vec<u8>> =
        [[5_i16; 12_000].as_slice(), &[-7; 9_001]].map(|samples| wav::encode(samples, 24_000).unwrap()).to_vec();
    let segment = |line: u32, speaker: &str, samples, pause_ms| SpeechSegment {
        line: LineId(line),
        speaker: speaker.into(),
        wav: ContentHash::of(&recordings[line as usize - 1]),
        samples,
        peak: 7,
        pause_ms,
    };
    let claim = json!({"source": "P1", "excerpt": "opened in 1966"});
    Parts {
        episode: episode(provenance),
        script: from_value(json!({"title": "The Kilogram: a /../ Story?", "segments": [
            {"id": "hook", "title": "Hook", "lines": [
                {"id": "L001", "speaker": "HOST", "text": "The mill opened in 1966.", "pause_ms": 250, "claims": [claim]},
                {"id": "L002", "speaker": "GUEST", "text": "Né là.", "pause_ms": 0, "claims": []}]}]}))
        .unwrap(),
        speech_text: from_value(json!({"lines": [{"id": "L001", "text": "one"}, {"id": "L002", "text": "two"}]})).unwrap(),
        speech: SpeechManifest {
            sample_rate: 24_000,
            segments: vec![segment(1, "HOST", 12_000, 250), segment(2, "GUEST", 9_001, 500)],
        },
        show_notes: from_value(json!({"summary": "Sum.", "points": ["One."], "references": [2]})).unwrap(),
        promotion: from_value(json!({"posts": [{"channel": "newsletter", "text": "Listen."}]})).unwrap(),
        artwork: from_value(json!({"concept": "c", "palette": ["#000000", "#ffffff"], "alt_text": "a"})).unwrap(),
        research: crate::domain::research::read(
            b"# Tides\n\n- La Rance opened in 1966 [1].\n- Unused here [2].\n\n## Sources\n[1] https://e.org/a\n[2] A book\n",
        )
        .unwrap(),
        recordings,
    }
}

/// Every file below a folder, by its path there.
fn tree(disk: &dyn Disk, folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for listed in disk.list(folder).unwrap() {
        let path = folder.join(&listed.name);
        match listed.kind {
            Kind::File { .. } => files.push((listed.name, disk.read(&path).unwrap())),
            Kind::Other => panic!("{path:?} is no file"),
            Kind::Folder => {
                files.extend(tree(disk, &path).into_iter().map(|(n, bytes)| (format!("{}/{n}", listed.name), bytes)));
            }
        }
    }
    files
}

fn file(disk: &dyn Disk, folder: &str, name: &str) -> Vec<u8> {
    disk.read(&Path::new(folder).join(name)).unwrap()
}

fn text(disk: &dyn Disk, name: &str) -> String {
    String::from_utf8(file(disk, PLACE, name)).unwrap()
}

fn record(disk: &dyn Disk, name: &str) -> Value {
    serde_json::from_slice(&file(disk, PLACE, name)).unwrap()
}

#[test]
fn the_package_holds_every_file_and_a_manifest_of_what_was_measured() {
    let disk = SimulatedDisk::new();
    let parts = parts(Provenance::Rehearsal);
    let blobs = parts.blobs(Arc::new(disk.clone()), Path::new(STUDIO));
    let hash = write(&disk, Path::new(STUDIO), &parts.contents(), &blobs).unwrap();
    let bytes = file(&disk, PLACE, "manifest.json");
    assert_eq!((ContentHash::of(&bytes), blobs.get(&hash).unwrap()), (hash, bytes.clone()));
    let manifest: Value = serde_json::from_slice(&bytes).unwrap();
    let keys: Vec<&String> = manifest.as_object().unwrap().keys().collect();
    let form = [
        "episode",
        "title",
        "provenance",
        "measured",
        "claimed",
        "spend_micro_usd",
        "approvals",
        "independence",
        "gates",
        "files",
    ];
    assert_eq!(keys, form);
    assert_eq!((&manifest["episode"], &manifest["provenance"]), (&json!(7), &json!("rehearsal")));
    assert_eq!((&manifest["claimed"], &manifest["spend_micro_usd"]), (&json!({"words": 900}), &json!(42)));
    let approvals = manifest["approvals"].as_array().unwrap();
    assert_eq!(approvals.len(), 1, "an approval of other content is none");
    assert_eq!((&approvals[0]["by"], &approvals[0]["os_user"]), (&json!("Ada, \"L\""), &json!("ada")));
    assert_eq!(approvals[0]["gate"], "final_release");

    // What is listed is what is there, byte for byte.
    let mut found = tree(&disk, Path::new(PLACE));
    found.retain(|(name, _)| name != "manifest.json");
    let listed = manifest["files"].as_array().unwrap();
    let names: Vec<&str> = listed.iter().map(|file| file["path"].as_str().unwrap()).collect();
    let expected = [
        "approvals.json",
        "artwork-brief.json",
        "costs.csv",
        "costs.json",
        "episode.wav",
        "promotion.md",
        "script.json",
        "script.md",
        "script.txt",
        "show-notes.md",
        "sources.md",
        "speech/L001.wav",
        "speech/L002.wav",
        "speech/segments.json",
    ];
    assert_eq!(names, expected);
    found.sort();
    for ((name, bytes), listed) in found.iter().zip(listed) {
        let told = json!({"path": name, "bytes": bytes.len(), "blake3": ContentHash::of(bytes)});
        assert_eq!(listed, &told);
    }

    // 12,000 samples and 250 ms, 9,001 samples and 500 ms, at 24,000 a second.
    let whole = file(&disk, PLACE, "episode.wav");
    let pcm = wav::decode(&whole).unwrap();
    assert_eq!((pcm.sample_rate, pcm.samples.len()), (24_000, 12_000 + 6_000 + 9_001 + 12_000));
    let (first, rest) = pcm.samples.split_at(12_000);
    assert!(first.iter().all(|s| *s == 5) && rest[..6_000].iter().all(|s| *s == 0) && rest[6_000] == -7);
    let text_of = String::from_utf8(bytes).unwrap();
    assert!(text_of.contains("\"speech_seconds\": 1.625\n"), "{text_of}");
    assert_eq!(file(&disk, PLACE, "speech/L002.wav"), parts.recordings[1]);

    let spoken = text(&disk, "script.txt");
    assert_eq!(spoken, "The mill opened in 1966.\nNé là.\n");
    assert_eq!(manifest["measured"]["words"], spoken.split_whitespace().count());
    assert_eq!(manifest["measured"]["characters"], 30);
    assert!(text(&disk, "script.md").contains("## Hook\n\n**HOST** (L001): The mill opened in 1966.\n"));
    let sources = text(&disk, "sources.md");
    assert!(sources.contains("> La Rance opened in 1966.\n") && sources.contains("- L001: \"opened in 1966\""));
    assert!(sources.contains("- [1] https://e.org/a") && !sources.contains("Unused"), "{sources}");
    assert!(text(&disk, "show-notes.md").ends_with("- [2] A book\n"));
    assert_eq!(record(&disk, "costs.json")["rows"][0]["spent"], 42);
    let row = "007,REHEARSAL,script,,anthropic,claude-opus-5-5,1,1,2,3,4,0,0,0,0,5,42,0,0,0\r\n";
    assert!(text(&disk, "costs.csv").ends_with(row), "{}", text(&disk, "costs.csv"));
    assert_eq!(record(&disk, "speech/segments.json")["segments"][1]["text"], "two");
}

#[test]
fn no_text_of_a_source_or_a_model_is_markup_in_a_file_for_readers() {
    const BAD: &str = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) ![y](https://e.org/p.png) <script>z</script> \
        &#106;avascript:w\u{202e} `q` =1";
    let mut parts = parts(Provenance::Live);
    parts.script.title = format!("T {BAD}");
    parts.script.segments[0].title = BAD.into();
    parts.script.segments[0].lines[0].speaker = BAD.into();
    parts.script.segments[0].lines[0].text = BAD.into();
    parts.script.segments[0].lines[0].claims[0].excerpt = BAD.into();
    parts.show_notes.summary = format!("Sum.\n\n{BAD}\n\n[a]: javascript:b\n<div onclick=c>\n");
    parts.show_notes.points = vec![BAD.into(), "# no heading".into()];
    parts.show_notes.references = vec![1, 2];
    parts.promotion.posts[0].text = BAD.into();
    parts.promotion.posts[0].channel = BAD.into();
    parts.artwork.concept = BAD.into();
    for (passage, text) in parts.research.passages.iter_mut().zip([BAD, "x"]) {
        passage.text = text.into();
        passage.place = BAD.into();
    }
    for source in &mut parts.research.sources {
        source.text = format!("https://e.org/a {BAD}");
    }
    for File { path, bytes } in parts.contents().files().unwrap() {
        let body = String::from_utf8(bytes).unwrap();
        assert!(!body.contains('\u{202e}') || path == "script.txt", "{path}");
        if !path.ends_with(".md") {
            assert!(!path.ends_with(".json") || !body.contains('<'), "{path}: {body}");
            continue;
        }
        for event in pulldown_cmark::Parser::new_ext(&body, pulldown_cmark::Options::all()) {
            let told = format!("{event:?}");
            let power = ["Html", "Link", "Image", "Code", "Math", "Footnote"].iter().any(|word| {
                told.starts_with(word)
                    || told.starts_with(&format!("Start({word}"))
                    || told.starts_with(&format!("Inline{word}"))
            });
            assert!(!power, "{path}: {told} in {body}");
        }
        assert!(!body.contains('<') && !body.to_lowercase().contains("javascript:"), "{path}: {body}");
        assert!(!path.contains("sources") || body.contains("https://e.org/a &lt;img"), "{path}: {body}");
    }
}

#[test]
fn a_rehearsal_says_so_in_every_text_and_a_live_episode_in_none() {
    for (provenance, word) in [(Provenance::Rehearsal, "rehearsal"), (Provenance::Live, "live")] {
        let files = parts(provenance).contents().files().unwrap();
        for File { path, bytes } in files {
            let body = String::from_utf8(bytes).unwrap();
            if path.ends_with(".json") {
                let record: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(record["provenance"], word, "{path}");
            } else {
                let is_marked = provenance == Provenance::Rehearsal && path != "script.txt";
                assert_eq!(body.contains("REHEARSAL"), is_marked, "{path}");
            }
        }
    }
}

#[test]
fn a_power_loss_at_every_operation_leaves_none_the_old_or_the_new() {
    let old = parts(Provenance::Rehearsal);
    let mut new = parts(Provenance::Rehearsal);
    new.promotion.posts[0].text = "Another post.".into();
    let packages = Path::new(STUDIO).join(FOLDER);
    let visible = |disk: &SimulatedDisk| -> Vec<String> {
        let listed = if disk.kind(&packages).unwrap().is_some() { disk.list(&packages).unwrap() } else { vec![] };
        listed.into_iter().map(|listed| listed.name).filter(|name| !name.starts_with('.')).collect()
    };
    let whole = |parts: &Parts| {
        let disk = SimulatedDisk::new();
        let blobs = parts.blobs(Arc::new(disk.clone()), Path::new(STUDIO));
        write(&disk, Path::new(STUDIO), &parts.contents(), &blobs).unwrap();
        tree(&disk, Path::new(PLACE))
    };
    let (before, after) = (whole(&old), whole(&new));
    assert_ne!(before, after);
    for has_old in [false, true] {
        let mut seen = std::collections::BTreeSet::new();
        for at in 0.. {
            let mut is_done = false;
            for survival in [Survival::Nothing, Survival::Everything, Survival::Some(at), Survival::Some(at + 1_000)] {
                let disk = SimulatedDisk::new();
                let blobs = new.blobs(Arc::new(disk.clone()), Path::new(STUDIO));
                if has_old {
                    write(&disk, Path::new(STUDIO), &old.contents(), &blobs).unwrap();
                }
                disk.fail_in(at, Fault::PowerLoss);
                is_done = write(&disk, Path::new(STUDIO), &new.contents(), &blobs).is_ok();
                disk.restart(survival);
                let names = visible(&disk);
                let found = match names.as_slice() {
                    [] => "none",
                    [_] if tree(&disk, Path::new(PLACE)) == before => "old",
                    [_] if tree(&disk, Path::new(PLACE)) == after => "new",
                    _ => panic!("operation {at}, {survival:?}: {names:?} is in part"),
                };
                assert!(!is_done || found == "new", "operation {at}: what was reported is gone");
                seen.insert(found);
                // The next try ends with the new one and nothing beside it.
                let blobs = new.blobs(Arc::new(disk.clone()), Path::new(STUDIO));
                write(&disk, Path::new(STUDIO), &new.contents(), &blobs).unwrap();
                assert_eq!(tree(&disk, Path::new(PLACE)), after, "operation {at}");
                assert_eq!(disk.list(&packages).unwrap().len(), 1, "operation {at}: something is left over");
            }
            if is_done {
                break;
            }
        }
        assert!(seen.contains("new") && seen.contains(if has_old { "old" } else { "none" }), "{seen:?}");
    }
}

#[test]
fn a_full_disk_keeps_the_old_package_and_gives_back_what_was_built() {
    let (old, mut new) = (parts(Provenance::Rehearsal), parts(Provenance::Rehearsal));
    new.show_notes.summary = "Other.".into();
    let mut refused = 0;
    for at in 0.. {
        let disk = SimulatedDisk::new();
        let blobs = old.blobs(Arc::new(disk.clone()), Path::new(STUDIO));
        write(&disk, Path::new(STUDIO), &old.contents(), &blobs).unwrap();
        let before = tree(&disk, Path::new(PLACE));
        disk.fail_in(at, Fault::Full);
        let failed = write(&disk, Path::new(STUDIO), &new.contents(), &blobs);
        disk.mend();
        let found = tree(&disk, Path::new(PLACE));
        let is_whole = found == before || text(&disk, "show-notes.md").contains("Other.");
        assert!(is_whole && found.len() == before.len(), "operation {at}");
        write(&disk, Path::new(STUDIO), &new.contents(), &blobs).unwrap();
        assert!(text(&disk, "show-notes.md").contains("Other."));
        match failed {
            Err(error) => assert!(error.to_string().contains("was not written"), "{error}"),
            Ok(_) => break,
        }
        refused = at;
    }
    assert!(refused > 50, "{refused} operations were refused");
}

/// What is in the folder of packages, by name.
fn names(studio: &Path) -> Vec<String> {
    let mut names: Vec<String> = RealDisk.list(&studio.join(FOLDER)).unwrap().into_iter().map(|l| l.name).collect();
    names.sort();
    names
}

#[test]
fn a_package_takes_the_place_of_one_that_nobody_touched_and_leaves_every_other_folder_alone() {
    let mut parts = parts(Provenance::Live);
    let studio = tempfile::tempdir().unwrap();
    let blobs = parts.blobs(Arc::new(RealDisk), studio.path());
    let packages = studio.path().join(FOLDER);
    let title = std::mem::replace(&mut parts.script.title, "Mine".to_owned());
    write(&RealDisk, studio.path(), &parts.contents(), &blobs).unwrap();
    // A person's own: notes, a copy of a package, and the package of another episode.
    for (own, text) in [("007-notes", None), ("007-mine copy", Some("manifest.json")), ("0070-other", None)] {
        std::fs::create_dir(packages.join(own)).unwrap();
        std::fs::write(packages.join(own).join("letter.txt"), "dear").unwrap();
        if let Some(name) = text {
            std::fs::copy(packages.join("007-mine").join(name), packages.join(own).join(name)).unwrap();
        }
    }
    parts.script.title = title;
    for _ in 0..2 {
        write(&RealDisk, studio.path(), &parts.contents(), &blobs).unwrap();
        assert_eq!(names(studio.path()), ["007-mine copy", "007-notes", "007-the-kilogram-a-story", "0070-other"]);
    }
    assert_eq!(std::fs::read_to_string(packages.join("007-mine copy/letter.txt")).unwrap(), "dear");
    let place = packages.join("007-the-kilogram-a-story");
    assert_eq!(folder(&RealDisk, studio.path(), EpisodeNumber(7)), Some(place), "a copy is not the package");
    assert_eq!(kept(&RealDisk, studio.path(), EpisodeNumber(7)), Vec::<PathBuf>::new());
}

#[test]
fn what_a_person_put_or_changed_in_a_package_is_kept_when_it_is_written_again() {
    type Touch = fn(&Path, &Path);
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("L001.wav"), "theirs").unwrap();
    let touches: [(&str, Touch); 11] = [
        ("a file", |place, _| std::fs::write(place.join("letter.txt"), "dear").unwrap()),
        ("a file in the speech", |place, _| std::fs::write(place.join("speech/mix.wav"), "mix").unwrap()),
        ("a folder", |place, _| std::fs::create_dir_all(place.join("cuts/old")).unwrap()),
        ("an edit", |place, _| std::fs::write(place.join("show-notes.md"), "My notes.").unwrap()),
        ("an edit of the same length", |place, _| {
            let mut bytes = std::fs::read(place.join("script.md")).unwrap();
            bytes[3] ^= 1;
            std::fs::write(place.join("script.md"), bytes).unwrap();
        }),
        ("an edit of the manifest", |place, _| {
            let mut bytes = std::fs::read(place.join("manifest.json")).unwrap();
            bytes.push(b'\n');
            std::fs::write(place.join("manifest.json"), bytes).unwrap();
        }),
        ("no manifest", |place, _| std::fs::remove_file(place.join("manifest.json")).unwrap()),
        ("a link to a folder", |place, elsewhere| {
            std::fs::remove_dir_all(place.join("speech")).unwrap();
            std::os::unix::fs::symlink(elsewhere, place.join("speech")).unwrap();
        }),
        ("a link to a file", |place, elsewhere| {
            std::os::unix::fs::symlink(elsewhere.join("L001.wav"), place.join("speech/L999.wav")).unwrap();
        }),
        ("a link in its place", |place, elsewhere| {
            std::fs::remove_dir_all(place).unwrap();
            std::os::unix::fs::symlink(elsewhere, place).unwrap();
        }),
        ("a file in its place", |place, _| {
            std::fs::remove_dir_all(place).unwrap();
            std::fs::write(place, "a letter").unwrap();
        }),
    ];
    let parts = parts(Provenance::Live);
    for (what, touch) in touches {
        let studio = tempfile::tempdir().unwrap();
        let blobs = parts.blobs(Arc::new(RealDisk), studio.path());
        let place = studio.path().join(FOLDER).join("007-the-kilogram-a-story");
        write(&RealDisk, studio.path(), &parts.contents(), &blobs).unwrap();
        let sound = tree(&RealDisk, &place);
        for round in 1..=2 {
            touch(&place, elsewhere.path());
            let touched = listing(&place);
            write(&RealDisk, studio.path(), &parts.contents(), &blobs).unwrap();
            assert_eq!(tree(&RealDisk, &place), sound, "{what}");
            let kept = kept(&RealDisk, studio.path(), EpisodeNumber(7));
            assert_eq!(kept.len(), round, "{what}: {:?}", names(studio.path()));
            assert_eq!(names(studio.path()).len(), 1 + round, "{what}: {:?}", names(studio.path()));
            let last = kept.iter().max().unwrap();
            assert_eq!(listing(last), touched, "{what}: something of theirs is gone");
        }
        assert_eq!(std::fs::read_to_string(elsewhere.path().join("L001.wav")).unwrap(), "theirs", "{what}");
    }
}

/// Everything at a place with its bytes; links as what they point to.
fn listing(place: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    fn walk(root: &Path, at: &Path, all: &mut Vec<(PathBuf, Vec<u8>)>) {
        let found = std::fs::symlink_metadata(at).unwrap();
        let bytes = if found.is_symlink() {
            std::fs::read_link(at).unwrap().into_os_string().into_encoded_bytes()
        } else if found.is_dir() {
            for entry in std::fs::read_dir(at).unwrap() {
                walk(root, &entry.unwrap().path(), all);
            }
            Vec::new()
        } else {
            std::fs::read(at).unwrap()
        };
        all.push((at.strip_prefix(root).unwrap().to_owned(), bytes));
    }
    let mut all = Vec::new();
    walk(place, place, &mut all);
    all.sort();
    all
}

#[test]
fn a_name_that_no_program_can_read_is_kept_as_well() {
    use std::os::unix::ffi::OsStrExt;
    let parts = parts(Provenance::Live);
    let studio = tempfile::tempdir().unwrap();
    let blobs = parts.blobs(Arc::new(RealDisk), studio.path());
    let place = studio.path().join(FOLDER).join("007-the-kilogram-a-story");
    write(&RealDisk, studio.path(), &parts.contents(), &blobs).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    if std::fs::write(place.join(name), "theirs").is_err() {
        return; // A file system that takes no such names, as that of macOS.
    }
    write(&RealDisk, studio.path(), &parts.contents(), &blobs).unwrap();
    let kept = kept(&RealDisk, studio.path(), EpisodeNumber(7));
    assert_eq!(std::fs::read_to_string(kept[0].join(name)).unwrap(), "theirs");
}

#[test]
fn what_a_killed_process_had_moved_aside_or_built_keeps_what_is_a_persons() {
    let parts = parts(Provenance::Live);
    let studio = tempfile::tempdir().unwrap();
    let blobs = parts.blobs(Arc::new(RealDisk), studio.path());
    let packages = studio.path().join(FOLDER);
    write(&RealDisk, studio.path(), &parts.contents(), &blobs).unwrap();
    let place = packages.join("007-the-kilogram-a-story");
    std::fs::write(place.join("letter.txt"), "dear").unwrap();
    std::fs::rename(&place, packages.join(".old-007-the-kilogram-a-story")).unwrap();
    std::fs::create_dir_all(packages.join(".new-007/speech")).unwrap();
    std::fs::write(packages.join(".new-007/script.md"), "half").unwrap();
    std::fs::write(packages.join(".new-007/letter.txt"), "dear too").unwrap();
    write(&RealDisk, studio.path(), &parts.contents(), &blobs).unwrap();
    assert_eq!(
        names(studio.path()),
        ["007-the-kilogram-a-story", "kept-007-the-kilogram-a-story", "kept-007-unfinished"]
    );
    let read = |name: &str| std::fs::read_to_string(packages.join(name)).unwrap();
    assert_eq!(read("kept-007-the-kilogram-a-story/letter.txt"), "dear");
    assert_eq!(read("kept-007-unfinished/letter.txt"), "dear too");
}

#[test]
fn parts_that_do_not_fit_make_no_package() {
    type Spoil = fn(&mut Parts);
    let table: Vec<(&str, Spoil)> = vec![
        ("not one segment for each line", |parts| drop(parts.speech.segments.pop())),
        ("not that of the script", |parts| drop(parts.speech_text.lines.pop())),
        ("has no line", |parts| parts.script.segments.clear()),
        ("L001 has 12000 samples at 24000 Hz and is listed with 11999", |parts| parts.speech.segments[0].samples -= 1),
        ("listed with 12000 at 22050 Hz", |parts| parts.speech.sample_rate = 22_050),
        ("is missing", |parts| parts.speech.segments[1].wav = ContentHash::of(b"another")),
        ("the recording of L002 cannot be used", |parts| {
            parts.recordings.push(b"RIFF no".to_vec());
            parts.speech.segments[1].wav = ContentHash::of(b"RIFF no");
        }),
        ("at most", |parts| parts.speech.segments[0].pause_ms = u32::MAX),
        ("outside 8000", |parts| parts.speech.sample_rate = 0),
    ];
    for (words, spoil) in table {
        let mut parts = parts(Provenance::Live);
        spoil(&mut parts);
        let disk = SimulatedDisk::new();
        let blobs = parts.blobs(Arc::new(disk.clone()), Path::new(STUDIO));
        let error = write(&disk, Path::new(STUDIO), &parts.contents(), &blobs).unwrap_err().to_string();
        assert!(error.contains(words), "{words}\n  said: {error}");
        let folder = Path::new(STUDIO).join(FOLDER);
        let is_empty = disk.kind(&folder).unwrap().is_none() || disk.list(&folder).unwrap().is_empty();
        assert!(is_empty, "{words}: something is left");
    }
}

#[test]
fn a_title_becomes_a_plain_name() {
    let table = [
        ("Where the Knowing Stops", "where-the-knowing-stops"),
        ("../../etc/passwd", "etc-passwd"),
        ("  --Ünïcode—42!  ", "n-code-42"),
        ("量子", "episode"),
        ("", "episode"),
        ("CON", "con"),
    ];
    for (title, expected) in table {
        assert_eq!(slug(title), expected);
    }
    assert_eq!(slug(&"ab ".repeat(40)).len(), 47, "no hyphen is left at the cut");
}

proptest! {
    #[test]
    fn no_title_leaves_the_folder(title in "\\PC{0,80}|(\\.|/|-| |\\\\|a){0,60}") {
        let slug = slug(&title);
        prop_assert!((1..=48).contains(&slug.len()));
        prop_assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        prop_assert!(!slug.starts_with('-') && !slug.ends_with('-'));
    }
}
