//! The binary as a person or a script meets it: every fault of input, the exit codes, and a rehearsal from end to end.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "cli/begun.rs"]
mod begun;
#[path = "cli/beside.rs"]
mod beside;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/cost.rs"]
mod cost;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/ending.rs"]
mod ending;
#[path = "cli/hostile.rs"]
mod hostile;
#[path = "cli/keys.rs"]
mod keys;
#[path = "cli/ledger.rs"]
mod ledger;
#[path = "cli/one_model.rs"]
mod one_model;
#[path = "cli/preflight.rs"]
mod preflight;
#[path = "cli/programs.rs"]
mod programs;
#[path = "support/secrets.rs"]
mod secrets;
#[path = "cli/server.rs"]
mod server;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A home of its own for each test.
struct Home(TempDir);

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
        command.env_clear().env("HOME", self.0.path()).env("USER", "tester").stdin(Stdio::null());
        // What is installed on the machine is not met: a test puts its own programs there.
        command.env("PATH", self.path("bin"));
        command.arg("--data-dir").arg(self.path("data")).arg("--config-dir").arg(self.path("config")).args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().expect("the binary runs"))
    }

    fn rehearse(&self, more: &[&str]) -> Ran {
        self.run(&[&["rehearse", "--headless", "--pace", "0"], more].concat())
    }

    /// A rehearsal episode that waits at its first gate.
    fn waiting(&self) {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
        let new =
            ["--studio", "rehearsal", "episode", "new", &sample.to_string_lossy(), "--show", "open-questions-short"];
        let begun = self.run(&new);
        assert_eq!((begun.code, begun.out.as_str()), (0, "001\n"), "{}", begun.err);
        let worked = self.run(&["--studio", "rehearsal", "episode", "run", "1"]);
        assert_eq!(worked.code, 3, "{}{}", worked.out, worked.err);
        assert!(worked.err.contains("gate show 1 quality_evaluation"), "{}", worked.err);
    }
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().expect("it ended by itself"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn help_is_grouped_and_completions_and_the_manual_are_made() {
    let home = Home::new();
    let help = home.run(&["--help"]);
    assert_eq!(help.code, 0);
    for part in ["Make episodes:", "Money:", "Examples:", "Exit codes:", "greenroom rehearse ", "Flags of every verb:"]
    {
        assert!(help.out.contains(part), "{part}: {}", help.out);
    }
    for verb in ["rehearse", "episode", "gate", "estimate", "charge", "budget", "cost", "ledger", "config", "studio"] {
        assert_eq!(home.run(&[verb, "--help"]).code, 0, "{verb}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.run(&["completions", shell]).out.contains("greenroom"), "{shell}");
    }
    assert!(home.run(&["man"]).out.contains(".SH EXIT STATUS"));
    let faults = home.run(&["rehearse", "--fault", "list"]).out;
    assert!(faults.lines().any(|line| line.starts_with("gemini.blocked_prompt")), "{faults}");
    assert!(!home.path("data").exists(), "help makes no folder");
}

#[test]
fn what_is_no_command_line_ends_with_2() {
    let home = Home::new();
    for args in [
        &["episodes"][..],
        &["gate", "approve", "1", "--hash", "abcdef"],
        &["gate", "approve", "1", "--max-spend", "1"],
        &["charge", "resolve", "001-voice-0-1"],
        &["charge", "resolve", "voice", "--resend"],
        &["rehearse", "--pace", "fast"],
        &["rehearse", "--faults", "rain"],
        &["rehearse", "--fault", "gemini.blocked_promt"],
        &["rehearse", "--limit", "azure=3"],
        &["cost", "--by", "colour"],
        &["--as", "Ada", "budget", "raise", "week", "3", "--reason", "x"],
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(!ran.err.is_empty(), "{args:?}");
    }
    let console = home.run(&[]);
    assert_eq!(console.code, 2);
    assert!(console.err.contains("needs a terminal") && console.err.contains("--help"), "{}", console.err);
    assert!(!home.path("data").exists(), "nothing was opened");
}

#[test]
fn faults_of_the_configuration_are_told_with_file_line_and_key() {
    let home = Home::new();
    home.file("config/config.toml", "name = \"Ada\"\n\n[caps]\ndya = \"3\"\n");
    let show = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/shows/open-questions-short.toml"));
    let show = show.expect("the sample show").replace("tagline", "tagline_");
    home.file("config/shows/mine.toml", show);
    let ran = home.run(&["config", "check"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("config.toml:4:1: ") && ran.out.contains("did you mean `day`"), "{}", ran.out);
    let other = home.run(&["episode", "list"]);
    assert_eq!(other.code, 0, "what only reads needs no settings: {}", other.err);
    let begun = home.run(&["episode", "new", "x.md", "--show", "mine"]);
    assert_eq!(begun.code, 1);
    assert!(begun.err.contains("config.toml:4:1: "), "{}", begun.err);
    home.file("config/config.toml", "name = \"Ada\"\n");
    let ran = home.run(&["config", "check"]);
    assert!(ran.out.contains("mine.toml:6:1: `tagline_`"), "{}", ran.out);
    assert!(ran.out.contains("did you mean `tagline`"), "{}", ran.out);
    let shown = home.run(&["config", "show"]);
    assert!(shown.out.lines().any(|line| line.starts_with("name") && line.contains("config.toml:1")), "{}", shown.out);
}

#[test]
fn a_show_with_an_unknown_key_starts_nothing() {
    let home = Home::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let text = fs::read_to_string(sample.join("shows/open-questions-short.toml")).expect("the sample show");
    let mine = home.file("mine.toml", text.replace("[policy]", "[policy]\ncorrection = 3"));
    let research = sample.join("research/kilogram.md");
    let ran = home.rehearse(&["--research", &research.to_string_lossy(), "--show", &mine.to_string_lossy()]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("mine.toml:") && ran.err.contains("did you mean `corrections`"), "{}", ran.err);
    assert_eq!(
        json(&home.run(&["--studio", "rehearsal", "episode", "list", "--format", "json"]).out)["episodes"],
        json("[]")
    );
    let unknown = home.rehearse(&["--show", "open-question"]);
    assert!(unknown.code == 1 && unknown.err.contains("there is no show `open-question`"), "{}", unknown.err);
}

#[test]
fn research_that_cannot_be_used_is_refused_by_name_before_anything_is_opened() {
    let home = Home::new();
    let huge = home.path("huge.md");
    fs::File::create(&huge).and_then(|file| file.set_len(50 * 1024 * 1024)).expect("a sparse file");
    let cases = [
        (home.path("missing.md"), "cannot be read"),
        (home.file("empty.md", ""), "empty.md"),
        (home.file("latin.md", b"# Caf\xe9\n\nText.\n"), "UTF-8"),
        (huge, "at most"),
    ];
    for (path, word) in cases {
        let path = path.to_string_lossy().into_owned();
        for args in [&["research", "check", &path][..], &["rehearse", "--headless", "--research", &path]] {
            let ran = home.run(args);
            assert_eq!(ran.code, 1, "{path}: {}", ran.err);
            assert!(ran.err.contains(word) && ran.err.contains(path.rsplit('/').next().unwrap_or("")), "{}", ran.err);
        }
    }
    assert!(!home.path("data/rehearsal").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_what_to_do() {
    let home = Home::new();
    // A file in the folder's place refuses everyone, the superuser too.
    home.file("data", "");
    let ran = home.rehearse(&[]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("data") && ran.err.contains("--data-dir"), "{}", ran.err);
    let doctor = home.run(&["doctor", "--offline"]);
    assert_eq!(doctor.code, 1, "{}", doctor.out);
    assert!(doctor.out.contains("FAIL  data folder"), "{}", doctor.out);
}

#[test]
fn a_live_episode_without_a_key_is_refused_and_says_which_key() {
    let home = Home::new();
    let research = home.file("mills.md", "# Mills\n\nThe mill is from 1170 [1].\n\n[1] A book\n");
    let ran = home.run(&["episode", "new", &research.to_string_lossy(), "--show", "open-questions-short"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("ANTHROPIC_API_KEY") && ran.err.contains("Nothing was started"), "{}", ran.err);
}

#[test]
fn a_rehearsal_runs_to_a_package_whose_numbers_are_measured() {
    let home = Home::new();
    let ran = home.rehearse(&["--seed", "7", "--decide", "send-back-once"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("nothing real is spent") && ran.err.contains("send-back-once"), "{}", ran.err);
    assert!(ran.err.contains("sent back to script by rehearsal (os: tester)"), "{}", ran.err);
    let package = PathBuf::from(ran.out.trim_end());
    let read = |name: &str| fs::read_to_string(package.join(name)).expect("a file of the package");
    let manifest = json(&read("manifest.json"));
    assert_eq!(manifest["measured"]["words"], read("script.txt").split_whitespace().count());
    assert_eq!(manifest["provenance"], "rehearsal");
    assert!(manifest["approvals"].as_array().is_some_and(|all| all.len() == 2), "{manifest}");

    let studio = ["--studio", "rehearsal"];
    let verb = |args: &[&str]| home.run(&[&studio[..], args].concat());
    let cost = json(&verb(&["cost", "--by", "stage", "--format", "json"]).out);
    assert_eq!(cost["total"]["metered_micro_usd"], manifest["spend_micro_usd"]);
    let csv = verb(&["cost", "--by", "model", "--format", "csv"]).out;
    assert!(csv.starts_with("model,episodes,calls,") && csv.contains("\r\n"), "{csv}");
    assert!(verb(&["cost"]).out.starts_with("REHEARSAL"));
    assert_eq!(home.run(&["cost", "--format", "json"]).code, 0, "the live studio is another one");

    let episode = json(&verb(&["episode", "show", "1", "--format", "json"]).out);
    assert_eq!(episode["package"], package.to_string_lossy().as_ref());
    assert_eq!(episode["summary"]["rounds"].as_u64().map(|rounds| rounds > 1), Some(true));
    assert_eq!(verb(&["episode", "show", "9"]).code, 1);
    assert_eq!(verb(&["ledger", "verify", "--blobs"]).code, 0);
    let stat = json(&verb(&["ledger", "stat", "--format", "json"]).out);
    assert!(stat["lines"].as_u64() > Some(100) && stat["episodes_past"] == 1, "{stat}");

    let archive = home.path("studio.tar");
    let archive = archive.to_string_lossy();
    assert_eq!(verb(&["ledger", "export", &archive]).code, 0);
    let other = Home::new();
    let wrong = other.run(&["ledger", "import", &archive]);
    assert!(wrong.code == 2 && wrong.err.contains("--studio rehearsal"), "{}", wrong.err);
    assert!(!other.path("data/live").exists());
    assert_eq!(other.run(&["--studio", "rehearsal", "ledger", "import", &archive]).code, 0);
    let journal = |home: &Home| fs::read(home.path("data/rehearsal/journal.jsonl")).expect("a journal");
    assert_eq!(journal(&home), journal(&other));
    let again = other.run(&["--studio", "rehearsal", "ledger", "import", &archive]);
    assert!(again.code == 1 && again.err.contains("not an empty folder"), "{}", again.err);

    assert_eq!(verb(&["ledger", "rebuild"]).code, 0);
    assert!(home.path("data/rehearsal/state.aside-1").is_dir());
    let more = home.rehearse(&["--seed", "8"]);
    assert_eq!(more.code, 0, "{}", more.err);
    assert!(more.out.contains("/002-"), "{}", more.out);
    let stat = json(&verb(&["ledger", "stat", "--format", "json"]).out);
    assert!(stat["replayed_at_last_opening"].as_u64() > Some(100), "all was folded again: {stat}");
    let pruned = verb(&["ledger", "prune", "--yes"]);
    assert!(pruned.code == 0 && pruned.out.contains("were removed"), "{}{}", pruned.out, pruned.err);
    assert_eq!(verb(&["ledger", "verify", "--blobs"]).code, 0);
}

#[test]
fn a_decision_is_signed_bound_to_what_was_seen_and_refused_when_stale() {
    let home = Home::new();
    home.waiting();
    let verb = |args: &[&str]| home.run(&[&["--studio", "rehearsal"], args].concat());
    let listed = json(&verb(&["gate", "list", "--format", "json"]).out);
    let hash = listed["waiting"][0]["hash"].as_str().expect("a hash").to_owned();
    let shown = verb(&["gate", "show", "1"]);
    assert!(shown.out.contains(&format!("HASH: {hash}")) && shown.out.contains("SCRIPT: "), "{}", shown.out);

    let unsigned = verb(&["gate", "approve", "1", "--hash", &hash, "--max-spend", "5"]);
    assert!(unsigned.code == 2 && unsigned.err.contains("--as NAME"), "{}", unsigned.err);
    let stale = verb(&["--as", "Ada", "gate", "approve", "1", "--hash", "0123456789ab", "--max-spend", "5"]);
    assert_eq!(stale.code, 4, "{}", stale.err);
    assert!(stale.err.contains("0123456789ab") && stale.err.contains(&hash[..12]), "{}", stale.err);
    let journal = fs::read_to_string(home.path("data/rehearsal/journal.jsonl")).expect("a journal");
    assert!(journal.contains("command_refused"), "a refused act is on record");

    let note = verb(&["--as", "Ada", "gate", "send-back", "1", "--hash", &hash[..8], "--text", "Shorter, please."]);
    assert_eq!(note.code, 0, "{}", note.err);
    let late =
        verb(&["--as", "Ada", "gate", "approve", "1", "quality_evaluation", "--hash", &hash, "--max-spend", "5"]);
    assert_eq!(late.code, 4, "the approval of what was sent back: {}", late.err);
    assert_eq!(verb(&["episode", "run", "1"]).code, 3);
    let listed = json(&verb(&["gate", "list", "--format", "json"]).out);
    let hash = listed["waiting"][0]["hash"].as_str().expect("a hash").to_owned();
    let approved = verb(&["--as", "Ada", "gate", "approve", "1", "--hash", &hash[..12], "--max-spend", "5"]);
    assert_eq!(approved.code, 0, "{}", approved.err);
    let stages = json(&verb(&["episode", "show", "1", "--format", "json"]).out)["stages"].clone();
    let signed =
        stages.as_array().expect("stages").iter().find(|stage| stage["stage"] == "polish_refinement").expect("a gate");
    let by = signed["gate"]["approved_by"].as_str().expect("a name");
    assert!(by.starts_with("Ada (os: tester, uid "), "{by}");

    assert_eq!(verb(&["episode", "pause", "1"]).code, 0);
    assert_eq!(verb(&["episode", "pause", "1"]).code, 4, "it is paused already");
    assert_eq!(verb(&["episode", "resume", "1"]).code, 0);
    let raised = verb(&["--as", "Ada", "budget", "raise", "episode:1", "50", "--reason", "a long one"]);
    assert_eq!(raised.code, 0, "{}", raised.err);
    assert_eq!(verb(&["--as", "Ada", "budget", "raise", "episode:1", "50", "--reason", "x"]).code, 2);
    assert!(verb(&["budget", "show", "1"]).out.contains("50.00"));
    let unknown = verb(&["--as", "Ada", "charge", "resolve", "001-voice-0-1", "--write-off"]);
    assert_eq!(unknown.code, 4, "{}", unknown.err);
    assert_eq!(verb(&["--as", "Ada", "episode", "reject", "1", "--reason", "not for us"]).code, 0);
    assert!(verb(&["episode", "list"]).out.contains("rejected"));
}

#[test]
fn a_rehearsal_under_way_is_continued_and_not_begun_again() {
    let home = Home::new();
    home.waiting();
    let ran = home.rehearse(&[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("episode 001 was begun before"), "{}", ran.err);
    assert!(ran.out.trim_end().lines().count() == 1 && ran.out.contains("/001-"), "{}", ran.out);
}

/// A process that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _: std::io::Result<()> = self.0.kill();
        let _: std::io::Result<_> = self.0.wait();
    }
}

#[test]
fn servers_of_their_own_serve_a_rehearsal_and_a_second_process_is_told_the_first() {
    let home = Home::new();
    let spawned = home.command(&["studio", "--pace", "1", "--seed", "3"]).stdout(Stdio::piped()).spawn();
    let mut servers = Running(spawned.expect("the servers start"));
    let mut first = String::new();
    BufReader::new(servers.0.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
    let said = json(&first);
    let address = said["address"].as_str().expect("an address").to_owned();
    assert!(address.starts_with("http://127.0.0.1:") && said["seed"] == 3, "{first}");

    let slow = ["rehearse", "--headless", "--servers", &address];
    let mut child = home.command(&slow).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a rehearsal");
    let pid = child.id();
    let err = BufReader::new(child.stderr.take().expect("a pipe"));
    let running = Running(child);
    let told = err.lines().map_while(Result::ok).any(|line| line.contains("research: done"));
    assert!(told, "the rehearsal began");
    let second = home.rehearse(&[]);
    assert_eq!(second.code, 1, "{}", second.err);
    assert!(second.err.contains(&format!("process {pid}")) && second.err.contains("only read"), "{}", second.err);
    let listed = home.run(&["--studio", "rehearsal", "episode", "list"]);
    assert!(listed.code == 0 && listed.out.contains("running"), "{}{}", listed.out, listed.err);
    assert_eq!(home.run(&["--studio", "rehearsal", "ledger", "verify"]).code, 0);
    let prune = home.run(&["--studio", "rehearsal", "ledger", "prune", "--yes"]);
    assert!(prune.code == 1 && prune.err.contains(&format!("process {pid}")), "{}", prune.err);
    drop(running);
    let after = home.rehearse(&[]);
    assert_eq!(after.code, 0, "killed and started again: {}", after.err);
    assert!(after.err.contains("was begun before"), "{}", after.err);
}

#[test]
fn a_damaged_journal_is_named_by_line_and_what_is_sound_can_be_read() {
    let home = Home::new();
    assert_eq!(home.rehearse(&[]).code, 0);
    let path = home.path("data/rehearsal/journal.jsonl");
    let text = fs::read_to_string(&path).expect("a journal");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[99] = lines[99].replacen("\"at\":\"2", "\"at\":\"3", 1);
    fs::write(&path, lines.join("\n") + "\n").expect("a journal");
    let verify = home.run(&["--studio", "rehearsal", "ledger", "verify"]);
    assert!(
        verify.code == 1 && verify.out.contains("line 100 of the journal is broken"),
        "{}{}",
        verify.out,
        verify.err
    );
    let list = home.run(&["--studio", "rehearsal", "episode", "list"]);
    assert!(
        list.code == 0 && list.err.contains("line 100") && list.out.contains("running"),
        "{}{}",
        list.out,
        list.err
    );
    let opened = home.rehearse(&[]);
    assert!(opened.code == 1 && opened.err.contains("line 100"), "{}", opened.err);
}

#[test]
fn a_key_file_that_others_may_read_is_not_read_and_no_key_is_shown() {
    let home = Home::new();
    let key = home.file("config/key", "sk-very-secret");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("a mode");
    home.file("config/config.toml", "[providers.gemini]\nkey_file = \"key\"\n");
    let doctor = home
        .command(&["doctor", "--offline"])
        .env("ANTHROPIC_API_KEY", "sk-also-secret")
        .output()
        .map(ran)
        .expect("a run");
    assert_eq!(doctor.code, 0, "{}", doctor.out);
    assert!(doctor.out.contains("chmod 600") && !doctor.out.contains("secret"), "{}", doctor.out);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_fault() {
    let home = Home::new();
    let mut child = home.command(&["man"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run");
    drop(child.stdout.take());
    let ended = ran(child.wait_with_output().expect("an end"));
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
}

#[test]
fn routes_move_on_from_models_that_are_retired() {
    let home = Home::new();
    let written = "# mine\n[routes.writer]\nprovider = \"anthropic\"\nmodel = \"claude-opus-4-1-20250805\" # careful\n";
    let file = home.file("config/config.toml", written);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("permissions");
    let doctor = home.run(&["doctor"]);
    assert!(
        doctor.out.contains("retired on 2026-08-05") && doctor.out.contains("greenroom route upgrade"),
        "{}",
        doctor.out
    );
    let shown = home.run(&["route", "show"]);
    assert_eq!(shown.code, 1, "{}", shown.out);
    assert!(shown.out.contains("retired since 2026-08-05; `claude-opus-5-5` follows"), "{}", shown.out);
    let dry = home.run(&["route", "upgrade"]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    for told in [
        "-model = \"claude-opus-4-1-20250805\" # careful",
        "+model = \"claude-opus-5-5\" # careful",
        "price 15.00 in, 75.00 out -> 4.00 in, 20.00 out",
        "200000 tokens, 32000 out -> 1000000 tokens, 128000 out",
        "thinks when asked, schemas by a tool -> always thinks, schemas natively",
        "Nothing was changed",
    ] {
        assert!(dry.out.contains(told), "{told}: {}", dry.out);
    }
    assert_eq!(fs::read_to_string(&file).expect("the file"), written);
    let done = home.run(&["route", "upgrade", "--yes"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let now = fs::read_to_string(&file).expect("the file");
    assert_eq!(now, written.replace("claude-opus-4-1-20250805", "claude-opus-5-5"));
    assert_eq!(fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600, "permissions stay");
    let again = home.run(&["route", "upgrade"]);
    assert!(again.code == 0 && again.out.contains("no route names a model that is gone"), "{}", again.out);
}

#[test]
fn a_judge_is_not_moved_to_the_writers_family_unasked() {
    let home = Home::new();
    let models = "schema = 1\n[[model]]\nid = \"old-judge\"\nprovider = \"anthropic\"\nwire = \"anthropic_messages\"\n\
        takes = \"claude-5\"\nretires = \"2026-01-01\"\nsuccessor = \"claude-opus-5\"\n";
    home.file("config/models.toml", models);
    let written = "[routes.judge_b]\nprovider = \"anthropic\"\nmodel = \"old-judge\"\n";
    let file = home.file("config/config.toml", written);
    let refused = home.run(&["route", "upgrade", "--yes"]);
    assert_eq!(refused.code, 4, "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("would be of the writer's own family"), "{}", refused.err);
    assert_eq!(fs::read_to_string(&file).expect("the file"), written);
    let said = home.run(&["route", "upgrade", "--yes", "--judge-of-the-writers-family"]);
    assert!(said.code == 0 && said.out.contains("of the writer's own family from now on"), "{}{}", said.out, said.err);
    assert!(fs::read_to_string(&file).expect("the file").contains("claude-opus-5"));
}
