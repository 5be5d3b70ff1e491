//! The judges are checked through the engine, and what people ruled is held against what judges said.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use greenroom::domain::calibration::rulings::{between_judges, by_epoch, pairs};
use greenroom::domain::episode::Episode;
use greenroom::domain::event::Actor;
use greenroom::domain::gate::Report;
use greenroom::domain::handoff::Note;
use greenroom::domain::ids::ContentHash;
use greenroom::domain::memory::gather::{Told, noted, remembered, uses, written};
use greenroom::domain::memory::{Outcome, patterns};
use serde_json::{Value, from_value, json};

fn run(home: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
    command.env_clear().env("HOME", home).env("USER", "tester").stdin(Stdio::null());
    command.env("PATH", home.join("bin"));
    command.arg("--data-dir").arg(home.join("data")).arg("--config-dir").arg(home.join("config"));
    let output = command.args(["--studio", "rehearsal"]).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_check_of_the_judges_is_an_episode_that_finds_what_they_miss_and_the_next_one_sees_no_drift() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let (code, out, err) = run(home, &["judges", "check", "--format", "json"]);
    assert_eq!(code, 1, "rehearsed judges know only some kinds of fault: {out}{err}");
    assert!(err.contains("ALARM: "), "{err}");
    let first: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(first["canaries"], 20);
    let seen = |judge: usize, canary: &str| {
        let planted = first["judges"][judge]["check"]["planted"].as_array().unwrap();
        planted.iter().find(|planted| planted["canary"] == canary).unwrap()["seen"].clone()
    };
    assert_eq!(seen(0, "wrong-figure"), "found");
    assert_eq!(seen(0, "wrong-date"), "found", "a date may be called a figure");
    assert_eq!(seen(1, "wrong-figure"), json!({"lighter": "major"}), "the second judge weighs it less");
    assert_eq!(seen(0, "invented-quote"), "found");
    assert_eq!(seen(0, "unproven-superlative"), "found");
    assert_eq!(seen(0, "bribe-line"), "missed");
    for judge in [0, 1] {
        assert_eq!(first["judges"][judge]["check"]["points"].as_array().unwrap().len(), 160, "8 scores of 20 scripts");
        assert_eq!(first["judges"][judge]["check"]["false_findings"], json!([]));
        assert_eq!(first["judges"][judge]["drift"], Value::Null);
    }
    assert!(first["alarms"].as_array().unwrap().iter().all(|alarm| alarm["of"] == "missed_blocker"));

    let (code, out, err) = run(home, &["judges", "check"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("drift         +0.00 in the mean of 160 scores since 001"), "{out}");
    assert!(out.contains("ALARM  judge_a missed a blocker: injection in `bribe-line`; it did not see it"), "{out}");
    let (code, shown, _) = run(home, &["judges", "show"]);
    assert_eq!((code, &shown), (1, &out), "the latest check once more");
    assert_eq!(run(home, &["judges", "show", "9"]).0, 1);

    let (_, cost, _) = run(home, &["cost", "--by", "episode", "--format", "json"]);
    let spent: i64 = first["spent_micro_usd"].as_i64().unwrap();
    assert!(spent > 0 && cost.contains(&spent.to_string()), "it stands in the costs as any episode: {cost}");
    let (_, list, _) = run(home, &["episode", "list"]);
    assert!(list.contains("Judges check, rubric/1"), "{list}");
    assert_eq!(run(home, &["ledger", "verify", "--blobs"]).0, 0);
}

#[test]
fn a_check_stops_at_its_cap_and_asks() {
    let home = tempfile::tempdir().unwrap();
    let (code, out, err) = run(home.path(), &["judges", "check", "--cap", "2.00"]);
    assert_eq!(code, 3, "{out}{err}");
    assert!(err.contains("budget raise"), "{err}");
}

#[test]
fn what_gates_found_is_listed_and_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let (_, out, _) = run(home, &["findings", "list"]);
    assert_eq!(out, "no finding\n");
    assert_eq!(run(home, &["rehearse", "--headless", "--pace", "0", "--decide", "send-back-once"]).0, 0);
    let (code, out, err) = run(home, &["findings", "list", "--format", "json"]);
    assert_eq!(code, 0, "{err}");
    let all: Value = serde_json::from_str(&out).unwrap();
    let all = all["findings"].as_array().unwrap();
    assert!(!all.is_empty());
    assert!(all.iter().any(|found| found["agent"] == "script_writer" && found["prompt"] == "script_writer@1.0.0"));
    let mended = all.iter().filter(|found| found["remediation"]["gone"] == json!(true)).count();
    assert!(mended > 0, "the rehearsed reviser mends what it is told: {out}");
    let (_, csv, _) = run(home, &["findings", "list", "--kind", "figure", "--episode", "1", "--format", "csv"]);
    assert!(csv.starts_with("episode,gate,round,item,"), "{csv}");
    assert!(csv.lines().skip(1).all(|row| row.contains(",figure,")), "{csv}");
    let (code, _, err) = run(home, &["findings", "list", "--episode", "9"]);
    assert_eq!(code, 1, "{err}");
    let (code, out, _) = run(home, &["findings", "patterns"]);
    assert_eq!((code, out.as_str()), (0, "nothing was found in more than one episode\n"));
    let (code, out, _) = run(home, &["findings", "notes"]);
    assert_eq!(code, 0);
    assert!(out.contains("none was written in three episodes"), "{out}");
    let (code, out, _) = run(home, &["judges", "agreement"]);
    assert_eq!(code, 0);
    assert!(out.contains("no person has ruled on a dispute of judges yet") && out.contains("/8"), "{out}");
}

fn hash(name: &str) -> ContentHash {
    ContentHash::of(name.as_bytes())
}

/// An episode whose gate judged twice: a figure that both judges see and a date that one of them holds alone.
fn episode(number: u32, rulings: &Value, version: &str) -> Episode {
    let at = |hour: u32| format!("2026-11-24T{hour:02}:00:00Z");
    let pin = |id: &str, kind: &str, output: &str, inputs: &[&str], agent: Option<&str>| {
        let prompt = agent.map(|agent| json!({"agent": agent, "version": version, "hash": hash(version)}));
        let route = agent.map(|_| json!({"provider": "anthropic", "model": "claude-opus-5-5"}));
        json!({"stage": {"id": id, "title": id, "kind": kind, "agent": agent, "reviser": null, "inputs": inputs,
            "after": [], "output": output, "human": null, "send_back": null, "signs": [], "skip_when_empty": null,
            "revises": null, "time_limit_seconds": 60},
            "prompt": prompt, "revise": null, "route": route, "fallback": null, "cheaper": null})
    };
    let made = json!({"output": hash("s"), "at": at(9), "handoff": "first_try", "words": 3, "claimed_words": null,
        "round": 1, "parent": null, "by": "engine"});
    let evaluation = |hour, report: &str, round| {
        json!({"at": at(hour), "verdict": "person", "reasons": [],
        "report": hash(report), "open": ["D1"], "round": round})
    };
    let sent = json!({"gate": "quality", "hash": hash("in1"), "target": "script", "by": "Ada (os: ada)", "at": at(11),
        "input": {"note": hash("note"), "base": hash("s"), "way": "author"}, "seen": null});
    from_value(json!({
        "number": number, "title": "T", "show": "s", "provenance": "live", "started": at(8), "touched": at(12),
        "owner": "engine", "research": hash("research"), "profile": hash("profile"), "caps": {}, "projected": 0,
        "policy": {"uncertain": "ask", "corrections": 2, "target_ms": [1, 2], "words_per_minute": 150, "rubric": null,
            "mending": {"rounds": 2, "spend": null, "minutes": null}, "overriding": "reason", "canary_every": 0, "sample": 0},
        "agreed": null,
        "pins": [pin("script", "agent", "draft", &[], Some("script_writer")),
            pin("judge_a", "evaluate", "judgement", &["script"], Some("quality_claude")),
            pin("judge_b", "evaluate", "judgement", &["script"], Some("quality_gemini")),
            pin("quality", "gate", "report", &["script", "judge_a", "judge_b"], None)],
        "stages": {"script": {"run": null, "outputs": {hash("x").to_string(): made}, "replaced": [], "takes": {},
            "attempts": {}, "claimed_words": null, "route": null, "began": null}},
        "gates": {"quality": {"evaluations": {hash("in1").to_string(): evaluation(10, "r1", 1),
                hash("in2").to_string(): evaluation(12, "r2", 2)},
            "approvals": {}, "proposals": {}, "overrides": {}, "rulings": rulings}},
        "calls": {}, "reused": [], "sent_back": [sent], "needs": [], "waited_ms": 0, "alerted": {}, "life": "running"}))
    .unwrap()
}

fn reports() -> BTreeMap<ContentHash, Report> {
    let finding = |by: &str, id: &str, line: &str, kind: &str, severity: &str| {
        json!({"by": by, "finding": {"id": id, "line": line, "quote": "q", "dimension": "accuracy", "kind": kind,
            "sources": [{"passage": "P1", "excerpt": "e"}], "problem": format!("The {kind} is not that of the passage."),
            "suggestion": "Mend it.", "severity": severity}})
    };
    let view = |judge: &str, objects: bool| json!({"judge": judge, "objects": objects, "words": "w", "evidence": [], "sources": []});
    let given = |judge: &str, points: u8| json!({"judge": judge, "points": points, "spread": 0, "samples": 1, "carried": false, "reasoning": ""});
    let row = |dimension: &str, a: u8, b: u8| {
        json!({"dimension": dimension, "floor": 4, "given": [given("judge_a", a), given("judge_b", b)],
            "outcome": {"holds": 8}})
    };
    let report = |findings: Value| -> Report {
        from_value(json!({"sentence": "s", "rule": "consensus/1", "rubric": "rubric/1", "checks": [],
            "dimensions": [row("accuracy", 2, 5), row("hook", 4, 4), row("pacing", 3, 4)], "findings": findings,
            "disputes": [{"id": "D1", "line": "L002", "dimension": "accuracy", "cause": "lone_blocker",
                "views": [view("judge_a", true), view("judge_b", false)], "advice": null}],
            "open": [], "notes": [], "measured": {"script": null, "projected_ms": null, "target_ms": [1, 2], "means": [],
                "speech_characters": null, "speech_ms": null}}))
        .unwrap()
    };
    let first = report(json!([
        finding("a", "F1", "L002", "date", "blocker"),
        finding("b", "F1", "L003", "figure", "major"),
        finding("c", "C1", "L001", "pace", "minor")
    ]));
    let second = report(json!([finding("b", "F1", "L003", "figure", "major")]));
    BTreeMap::from([(hash("r1"), first), (hash("r2"), second)])
}

fn notes() -> BTreeMap<ContentHash, Note> {
    let fix = |id: &str, line: &str, item: &str| json!({"id": id, "from": line, "to": line, "wrong": "w", "wanted": "x", "keep": "", "priority": "must", "findings": [item]});
    let note = json!({"fixes": [fix("N1", "L002", "a:F1"), fix("N2", "L003", "b:F1")], "text": "Slower, please."});
    BTreeMap::from([(hash("note"), from_value(note).unwrap())])
}

fn ruled(ruling: &str, by: &str) -> Value {
    json!({"hash": hash("in1"), "ruled": {"item": "D1", "ruling": ruling, "reason": "r"}, "by": by,
        "at": "2026-11-24T10:30:00Z"})
}

#[test]
fn a_judges_word_is_held_against_the_last_ruling_of_a_person() {
    let rulings =
        json!([ruled("waive", "Ada (os: ada)"), ruled("fix", "Ada (os: ada)"), ruled("not_a_fault", "Bot (os: bot)")]);
    let episode = episode(1, &rulings, "1.0.0");
    let is_ada = |by: &Actor| by.to_string().starts_with("Ada");
    let found = pairs(&episode, &reports(), is_ada);
    let words: Vec<_> = found.iter().map(|pair| (pair.by, pair.judge, pair.person)).collect();
    assert_eq!(words, [('a', 3, 3), ('b', 1, 3)], "one holds a blocker, one nothing, and it is to be fixed");
    let epochs = by_epoch(&found);
    assert_eq!(epochs.len(), 2, "two judges are two epochs");
    assert_eq!((epochs[0].n, epochs[0].exact, epochs[0].milder), (1, 1, 0));
    assert_eq!((epochs[1].n, epochs[1].exact, epochs[1].milder), (1, 0, 1));
    assert!(epochs.iter().all(|epoch| epoch.measures.is_none()), "one ruling is too few for a coefficient");
    let many: Vec<_> = std::iter::repeat_n(found, 40).flatten().collect();
    let epochs = by_epoch(&many);
    assert_eq!(epochs[0].measures.unwrap().n, 40);
    assert!((epochs[0].measures.unwrap().exact.value - 1.0).abs() < 1e-9);

    let [counted] = between_judges(&episode, &reports()).try_into().unwrap();
    assert_eq!((counted.counts.exact, counted.counts.within_one, counted.counts.of, counted.round), (1, 2, 3, 2));
}

#[test]
fn what_became_of_a_finding_is_read_from_rulings_notes_and_the_next_judgement() {
    let (reports, notes) = (reports(), notes());
    let episode = episode(1, &json!([ruled("not_a_fault", "Ada (os: ada)")]), "1.0.0");
    let told = Told { episode: &episode, reports: &reports, notes: &notes };
    let found = noted(told);
    let brief: Vec<_> = found.iter().map(|n| (n.item.as_str(), n.round, n.outcome, n.is_open())).collect();
    let (upheld, not_upheld, open) = (Outcome::Upheld, Outcome::NotUpheld, Outcome::Open);
    assert_eq!(brief, [("a:F1", 1, not_upheld, false), ("b:F1", 1, upheld, false), ("b:F1", 2, open, true)]);
    let gone: Vec<_> = found.iter().map(|n| n.remediation.as_ref().map(|r| (r.fix.as_str(), r.gone))).collect();
    assert_eq!(gone, [Some(("N1", Some(true))), Some(("N2", Some(false))), None]);
    assert_eq!(found[0].ruling.as_ref().unwrap().by, "Ada (os: ada)");
    assert_eq!((found[0].agent.as_str(), found[0].prompt.as_str()), ("script_writer", "script_writer@1.0.0"));
    let is_person = |by: &Actor| matches!(by, Actor::Person(_));
    assert_eq!(written(told, is_person), [(episode.number, "Slower, please.".to_owned())]);
}

#[test]
fn a_fault_of_a_line_is_remembered_once_and_its_rate_is_told_by_prompt() {
    let (reports, notes) = (reports(), notes());
    let episodes = [episode(1, &json!([]), "1.0.0"), episode(2, &json!([]), "1.0.0"), episode(3, &json!([]), "2.0.0")];
    let all: Vec<_> =
        episodes.iter().flat_map(|episode| noted(Told { episode, reports: &reports, notes: &notes })).collect();
    let found = remembered(&all, |_| Some(hash("research")));
    assert_eq!(found.iter().filter(|one| one.episode.0 == 1).count(), 2, "the figure is found twice and is one fault");
    let patterns = patterns(&found, &uses(&episodes));
    let figure = patterns.iter().find(|pattern| pattern.kind == "figure").unwrap();
    assert_eq!((figure.count, figure.episodes.len()), (3, 3));
    let rates: Vec<_> = figure.prompts.iter().map(|under| (under.prompt.as_str(), under.rate.hundredths())).collect();
    assert_eq!(rates, [("script_writer@1.0.0", 100), ("script_writer@2.0.0", 100)]);
}

#[test]
fn a_show_that_wants_it_tells_its_writer_what_was_found_wrong_lately() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let show = std::fs::read_to_string(assets.join("shows/open-questions-short.toml")).unwrap();
    let show = show.replace("[policy]\n", "[policy]\nlately_tokens = 300\n").replace("open-questions-short", "mindful");
    std::fs::create_dir_all(home.join("config/shows")).unwrap();
    std::fs::write(home.join("config/shows/mindful.toml"), show).unwrap();
    for package in ["kilogram.md", "counting-species.md", "continental-drift.md"] {
        let package = assets.join("research").join(package);
        let (code, _, err) = run(
            home,
            &["rehearse", "--headless", "--pace", "0", "--show", "mindful", "--research", package.to_str().unwrap()],
        );
        assert!(code == 0 || code == 3, "{err}");
    }
    let (_, out, _) = run(home, &["findings", "patterns", "--format", "json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert!(
        !found["patterns"].as_array().unwrap().is_empty(),
        "the rehearsed writer slips alike in every episode: {out}"
    );
    let journal = std::fs::read_to_string(home.join("data/rehearsal/journal.jsonl")).unwrap();
    let lately: Vec<ContentHash> = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|line| from_value(line["body"]["episode_started"]["policy"]["lately"].clone()).ok())
        .collect();
    assert_eq!(lately.len(), 1, "after two episodes there is something to tell, and before there is not");
    let blob = |hash: &str| home.join("data/rehearsal/blobs").join(&hash[..2]).join(&hash[2..]);
    let text = std::fs::read_to_string(blob(&lately[0].to_string())).unwrap();
    assert!(text.contains("in 2 of the latest episodes") && text.len() <= 900, "{text}");
    let mut told = journal.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let intended = &line["body"]["call_intended"];
        let is_writers = intended["key"].as_str().is_some_and(|key| key.contains("-script-"));
        is_writers.then(|| intended["request"].as_str().unwrap().to_owned())
    });
    let has_lately = |hash: String| std::fs::read_to_string(blob(&hash)).unwrap().contains("of the latest episodes");
    assert!(told.any(has_lately), "the writer was told");
}
