//! What files, names and arguments may hold that a terminal would obey, and what people bring in that a contract refuses.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Home, json, ran};

/// A title for the terminal, a cleared screen, a link, a byte of C1, a turned direction, letters that nobody sees.
const BAD: &str = "x\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}]8;;http://e.org\u{1b}\\y\u{9b}31m\u{202e}z\u{200b}w\u{8}";

/// The same as TOML and JSON write it in a key or a text.
const ESCAPED: &str =
    "x\\u001b]0;owned\\u0007\\u001b[2J\\u001b]8;;http://e.org\\u001b\\\\y\\u009b31m\\u202ez\\u200bw\\u0008";

fn is_harmless(text: &str) -> bool {
    let hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    !text.chars().any(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || hidden(c))
}

#[test]
fn nothing_that_is_quoted_steers_the_terminal() {
    let home = Home::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let research = sample.join("research/kilogram.md").to_string_lossy().into_owned();
    let show = fs::read_to_string(sample.join("shows/open-questions-short.toml")).expect("the sample show");
    let mut said = Vec::new();
    let mut run = |args: &[&OsStr], environment: &[(&str, &str)]| {
        let mut command = home.command(&[]);
        let ran = ran(command.args(args).envs(environment.iter().copied()).output().expect("the binary runs"));
        said.push((format!("{args:?}"), ran.code, format!("{}{}", ran.out, ran.err)));
    };
    let text = |args: &[&'static str]| args.iter().map(|arg| OsStr::new(*arg)).collect::<Vec<_>>();
    for config in [
        format!("\"{ESCAPED}\" = 1\n"),
        format!("[\"{ESCAPED}\"]\na = 1\n"),
        format!("[caps]\nday = \"{ESCAPED}\"\n"),
        format!("name = \"{ESCAPED}\"\n"),
        format!("[routes.writer]\nprovider = \"{ESCAPED}\"\n"),
        format!("{BAD} = 1\n"),
    ] {
        home.file("config/config.toml", config);
        for args in [&["config", "check"][..], &["config", "show"], &["doctor", "--offline"], &["prices", "show"]] {
            run(&text(args), &[]);
        }
        let new = ["episode", "new", &research, "--show", "open-questions-short", "--no-probe"].map(OsStr::new);
        run(&new, &[]);
    }
    home.file("config/config.toml", "name = \"Ada\"\n");
    let bad = home.file("config/shows/bad.toml", show.replace("tagline", &format!("\"{ESCAPED}\" = 1\ntagline")));
    home.file("config/prices.toml", format!("schema = 1\n[[price]]\n\"{ESCAPED}\" = 1\n"));
    home.file("config/prompts/writer/9.0.0.md", format!("---\n\"{ESCAPED}\": 1\n---\n{BAD}\n"));
    let odd = home.file("odd.json", format!("{{\"{ESCAPED}\": \"{ESCAPED}\", "));
    let named = home.file(&format!("named {BAD}.md"), "");
    let bill = home.file("bill.csv", format!("{BAD},b\n\"{BAD}\",1\n"));
    let [bad, odd, named, bill] = [&bad, &odd, &named, &bill].map(|path| path.as_os_str());
    let [bad_text, nothing] = [OsStr::new(BAD), OsStr::from_bytes(b"\xff\x1b[2J")];
    let word = OsStr::new;
    for args in [
        &[word("config"), word("check")][..],
        &[word("research"), word("check"), odd],
        &[word("research"), word("check"), named],
        &[word("episode"), word("new"), named, word("--show"), bad],
        &[word("episode"), word("show"), bad_text],
        &[word("episode"), word("new"), word("x.md"), word("--show"), bad_text],
        &[word("cost"), word("reconcile"), bill, word("--provider"), word("anthropic")],
        &[bad_text],
        &[nothing],
        &[word("--log"), bad_text, word("episode"), word("list")],
        &[word("--as"), bad_text, word("budget"), word("raise"), word("day"), word("9"), word("--reason"), bad_text],
        &[word("--data-dir"), bad_text, word("doctor"), word("--offline")],
        &[word("revision"), word("edit"), word("1"), odd, word("--reason"), word("r")],
        &[word("gate"), word("approve"), word("1"), word("--hash"), bad_text, word("--max-spend"), word("1")],
        &[word("prices"), word("show")],
    ] {
        run(args, &[]);
    }
    run(
        &text(&["doctor", "--offline"]),
        &[("GREENROOM_LOG", BAD), ("GREENROOM_AS", BAD), ("HTTPS_PROXY", BAD), ("TERM", BAD)],
    );
    run(
        &text(&["episode", "list"]),
        &[("ANTHROPIC_BASE_URL", BAD), ("GREENROOM_ANTHROPIC_BASE_URL", BAD), ("LANG", BAD)],
    );
    assert!(said.iter().filter(|(_, code, _)| *code != 0).count() > 20, "most of it is refused");
    assert!(said.iter().any(|(_, _, text)| text.contains("owned")), "what is wrong is still quoted");
    for (args, _, text) in &said {
        assert!(is_harmless(text), "{args}: {text:?}");
    }
}

/// The script that stands in an episode, as JSON.
fn script(home: &Home) -> (Value, PathBuf) {
    let listed = json(&home.run(&["--studio", "rehearsal", "revision", "list", "1", "--format", "json"]).out);
    let revisions = listed.as_array().expect("revisions");
    let hash =
        revisions.iter().find(|revision| revision["stands"] == true).expect("one")["hash"].as_str().expect("a hash");
    let path = home.path("data/rehearsal/blobs").join(&hash[..2]).join(&hash[2..]);
    (json(&fs::read_to_string(&path).expect("a script")), path)
}

#[test]
fn a_script_of_a_persons_own_is_held_to_its_contract_with_the_place_of_each_fault() {
    let home = Home::new();
    home.waiting();
    let (sound, _) = script(&home);
    let journal = home.path("data/rehearsal/journal.jsonl");
    let before = fs::read(&journal).expect("a journal");
    let edit = |script: &Value| {
        let file = home.file("mine.json", serde_json::to_string_pretty(script).expect("JSON"));
        let file = file.to_string_lossy().into_owned();
        home.run(&["--studio", "rehearsal", "--as", "Ada", "revision", "edit", "1", &file, "--reason", "mine", "--yes"])
    };
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 8] = [
        ("is not a speaker", |script| script["segments"][0]["lines"][0]["speaker"] = "EVE".into()),
        ("", |script| script["segments"][0]["lines"][0]["text"] = "<b onclick=x>Hi</b>".into()),
        ("is not allowed", |script| script["segments"][0]["lines"][0]["text"] = "a\u{202e}b\u{1b}[2J".into()),
        ("", |script| {
            script["segments"][0]["lines"][0]["claims"] = serde_json::json!([{"source": "P999", "excerpt": "e"}])
        }),
        ("", |script| script["segments"][0]["lines"][0]["id"] = script["segments"][0]["lines"][1]["id"].clone()),
        ("characters", |script| script["segments"][0]["lines"][0]["text"] = "word ".repeat(5_000).into()),
        ("unknown field", |script| script["segments"][0]["lines"][0]["owner"] = "me".into()),
        ("", |script| script["segments"][0]["id"] = "made-up".into()),
    ];
    for (told, change) in changes {
        let mut script = sound.clone();
        change(&mut script);
        let ran = edit(&script);
        assert_eq!(ran.code, 2, "{told}: {}{}", ran.out, ran.err);
        let place = ran.err.lines().any(|line| {
            let after = line.split_once("mine.json:").map(|(_, after)| after);
            after.is_some_and(|after| after.split(':').next().is_some_and(|line| line.parse::<u32>().is_ok()))
        });
        assert!(
            place && (told == "is not a speaker" || ran.err.contains(told)) && is_harmless(&ran.err),
            "{told}: {}",
            ran.err
        );
    }
    assert_eq!(fs::read(&journal).expect("a journal"), before, "nothing was recorded");
    let mut script = sound;
    script["provenance"] = "rehearsal".into();
    script["segments"][0]["lines"][0]["claims"] = serde_json::json!([]);
    script["segments"][0]["lines"][0]["text"] = "A line of my own.".into();
    let ran = edit(&script);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(fs::read(&journal).expect("a journal").len() > before.len());
}

#[test]
fn a_name_is_kept_once_proven_by_its_secret_and_never_the_programs_own() {
    let home = Home::new();
    home.waiting();
    let studio = ["--studio", "rehearsal"];
    let raise = |more: &[&str], usd: &str, stdin: &str| {
        let raise = ["budget", "raise", "episode:1", usd, "--reason", "r"];
        let args = [&studio[..], more, &raise].concat();
        let mut command = home.command(&args);
        let input = home.file("input", stdin);
        ran(command.stdin(fs::File::open(input).expect("a file")).output().expect("the binary runs"))
    };
    for name in
        ["engine", "ENGINE", "\u{435}ngine", "ｅｎｇｉｎｅ", "uid 0", "12", "A\u{200b}da", "Ada (os: x)", "rehearsal"]
    {
        let refused = raise(&["--as", name], "20", "");
        assert!(refused.code == 2 && is_harmless(&refused.err), "{name}: {} {}", refused.code, refused.err);
    }
    let unnamed = raise(&[], "20", "");
    assert!(unnamed.code == 2 && unnamed.err.contains("person name NAME"), "{}", unnamed.err);
    let kept = home.run(&["person", "name", " Ada  Lovelace"]);
    assert_eq!(kept.code, 0, "{}", kept.err);
    let config = home.path("config/config.toml");
    assert_eq!(fs::read_to_string(&config).expect("settings"), "name = \"Ada Lovelace\"\n");
    assert_eq!(fs::metadata(&config).expect("settings").permissions().mode() & 0o777, 0o600);
    let signed = raise(&[], "20", "");
    assert_eq!(signed.code, 0, "{}", signed.err);

    let secret = |stdin: &str| {
        let input = home.file("input", stdin);
        let mut command = home.command(&["person", "secret"]);
        ran(command.stdin(fs::File::open(input).expect("a file")).output().expect("the binary runs"))
    };
    assert_eq!(secret("short\n").code, 1, "too short");
    let kept = secret("correct horse\n");
    assert_eq!(kept.code, 0, "{}", kept.err);
    assert_eq!(raise(&[], "21", "").code, 1, "no secret, no signature");
    assert_eq!(raise(&["--as", "ada lovelace"], "21", "wrong horse\n").code, 1, "another spelling is no way past it");
    let proven = raise(&[], "21", "correct horse\n");
    assert_eq!(proven.code, 0, "{}", proven.err);
    let journal = fs::read_to_string(home.path("data/rehearsal/journal.jsonl")).expect("a journal");
    assert!(
        journal.contains(", own secret)\"") && !journal.contains("correct horse"),
        "the record says which proof there was"
    );
    assert!(!journal.contains("\"uid 0 (") && !journal.contains("\"actor\":\"uid"), "a number is nobody's name");
}
