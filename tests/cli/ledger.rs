//! The studio's folder when it is not what was assumed: a journal that lost its end, a lock that was deleted, files that others
//! may read, pipes in the place of files, and a limit on the size of files.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Home, Ran, json, ran};

impl Home {
    fn studio(&self, name: &str) -> PathBuf {
        self.path("data/rehearsal").join(name)
    }

    fn rehearsal(&self, args: &[&str]) -> Ran {
        self.run(&[&["--studio", "rehearsal"], args].concat())
    }

    fn cut_journal(&self, keep: impl FnOnce(&str) -> String) -> Vec<u8> {
        let path = self.studio("journal.jsonl");
        let text = fs::read_to_string(&path).expect("a journal");
        let kept = keep(&text);
        fs::write(&path, &kept).expect("a journal");
        kept.into_bytes()
    }

    fn journal(&self) -> Vec<u8> {
        fs::read(self.studio("journal.jsonl")).expect("a journal")
    }
}

/// The lines up to the end of the batch that holds this one.
fn up_to(text: &str, line: usize) -> String {
    let batch = json(text.lines().nth(line).expect("a line"))["batch"].clone();
    let last = batch[0].as_u64().expect("a number") + batch[1].as_u64().expect("a number") - 1;
    text.split_inclusive('\n').take(usize::try_from(last).expect("a small number")).collect()
}

#[test]
fn a_journal_that_lost_its_end_is_only_read_until_a_person_goes_on_without() {
    let home = Home::new();
    home.waiting();
    let whole = fs::read_to_string(home.studio("journal.jsonl")).expect("a journal").lines().count();
    let cut = home.cut_journal(|text| up_to(text, whole / 2));
    let held = cut.iter().filter(|byte| **byte == b'\n').count();
    let missing = format!("{} events, {} to {whole}, were recorded and are missing", whole - held, held + 1);

    let list = home.rehearsal(&["episode", "list"]);
    assert!(list.code == 0 && list.out.contains("running"), "{}{}", list.out, list.err);
    assert!(list.err.contains(&missing) && list.err.contains("USD spent"), "{}", list.err);
    let verify = home.rehearsal(&["ledger", "verify"]);
    assert!(verify.code == 1 && verify.out.contains(&missing), "{}", verify.out);
    for writing in [
        &["episode", "run", "1"][..],
        &["--as", "Ada", "budget", "raise", "day", "9", "--reason", "x"],
        &["--as", "Ada", "episode", "cancel", "1", "--reason", "x"],
        &["ledger", "rebuild"],
        &["ledger", "prune", "--yes"],
    ] {
        let refused = home.rehearsal(writing);
        assert!(refused.code != 0 && refused.err.contains(&missing), "{writing:?}: {}{}", refused.out, refused.err);
        assert!(refused.err.contains("ledger accept-loss"), "{writing:?}: {}", refused.err);
        assert_eq!(home.journal(), cut, "{writing:?}");
    }

    let accept = ["ledger", "accept-loss", "--reason", "the disk was replaced"];
    assert_eq!(home.rehearsal(&accept).code, 2, "a name is asked for");
    let accepted = home.rehearsal(&[&["--as", "Ada"], &accept[..]].concat());
    assert_eq!(accepted.code, 0, "{}{}", accepted.out, accepted.err);
    assert!(accepted.out.contains(&format!("without events {} to {whole}", held + 1)), "{}", accepted.out);
    let again = home.rehearsal(&[&["--as", "Ada"], &accept[..]].concat());
    assert!(again.code == 1 && again.err.contains("no event is missing"), "{}", again.err);
    assert_eq!(home.rehearsal(&["ledger", "verify"]).code, 0);
    let worked = home.rehearsal(&["episode", "run", "1"]);
    assert!(matches!(worked.code, 0 | 3), "{}{}", worked.out, worked.err);
    // No key of a call that may have been sent is used again.
    let text = String::from_utf8(home.journal()).expect("text");
    let (before, after): (Vec<&str>, Vec<&str>) =
        (text.lines().take(held).collect(), text.lines().skip(held).collect());
    assert!(after[0].contains("loss_accepted") && after[0].contains("Ada"), "{}", after[0]);
    let keys = |lines: &[&str]| -> Vec<u64> {
        let keys =
            lines.iter().filter_map(|line| json(line)["body"]["call_intended"]["key"].as_str().map(str::to_owned));
        keys.filter_map(|key| key.rsplit('-').next()?.parse().ok()).collect()
    };
    assert!(!keys(&after).is_empty() && keys(&after).iter().all(|attempt| *attempt > 1_000), "{:?}", keys(&after));
    assert!(keys(&before).iter().all(|attempt| *attempt < 1_000));
}

#[test]
fn a_journal_that_is_gone_or_empty_is_no_new_studio() {
    let home = Home::new();
    home.waiting();
    fs::write(home.studio("journal.jsonl"), "").expect("a journal");
    let opened = home.rehearse(&[]);
    assert!(opened.code == 1 && opened.err.contains("The journal is empty"), "{}", opened.err);
    assert_eq!(home.journal(), b"");
    for gone in ["journal.jsonl", "head"] {
        fs::remove_file(home.studio(gone)).expect("a file");
        let opened = home.rehearse(&[]);
        assert!(opened.code == 1 && opened.err.contains("is missing, although"), "{}", opened.err);
        assert!(!home.studio("journal.jsonl").exists());
    }
    let accepted = home.rehearsal(&["--as", "Ada", "ledger", "accept-loss", "--reason", "it burnt"]);
    assert_eq!(accepted.code, 0, "{}{}", accepted.out, accepted.err);
    let list = home.rehearsal(&["episode", "list"]);
    assert!(list.code == 0 && list.err.is_empty(), "{}", list.err);
}

#[test]
fn a_second_process_is_refused_although_the_lock_file_is_gone() {
    let home = Home::new();
    home.waiting();
    let before = home.journal();
    let held = OpenOptions::new().append(true).open(home.studio("journal.jsonl")).expect("a journal");
    held.try_lock().expect("nobody else holds it");
    fs::remove_file(home.studio("lock")).expect("a lock file");
    for writing in [&["episode", "run", "1"][..], &["ledger", "rebuild"], &["ledger", "prune", "--yes"]] {
        let refused = home.rehearsal(writing);
        assert!(refused.code == 1 && refused.err.contains("another process"), "{writing:?}: {}", refused.err);
    }
    assert_eq!(home.journal(), before);
    drop(held);
    assert_eq!(home.rehearsal(&["episode", "run", "1"]).code, 3);
}

fn loose(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("a file").permissions().mode() & 0o777;
        let (wanted, is_dir) = if entry.path().is_dir() { (0o700, true) } else { (0o600, false) };
        if mode != wanted {
            found.push(format!("{} {mode:o}", entry.path().display()));
        }
        if is_dir {
            loose(&entry.path(), found);
        }
    }
}

#[test]
fn what_is_made_is_its_owners_alone_whatever_the_mask() {
    for mask in ["000", "022", "777"] {
        let home = Home::new();
        let command = home.command(&["rehearse", "--headless", "--pace", "0"]);
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        let mut shell = Command::new("sh");
        shell.env_clear().env("HOME", home.path("")).env("USER", "tester").stdin(Stdio::null());
        shell.args(["-c", &format!("umask {mask}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_greenroom")]).args(args);
        let run = ran(shell.output().expect("a shell"));
        assert_eq!(run.code, 0, "{}", run.err);
        let export = home.path("data/out.tar");
        assert_eq!(home.rehearsal(&["ledger", "export", &export.to_string_lossy()]).code, 0);
        let mut found = Vec::new();
        loose(&home.path("data"), &mut found);
        assert!(found.is_empty(), "umask {mask}: {found:?}");
    }
}

#[test]
fn a_studio_that_others_may_read_is_closed_to_them_at_opening() {
    let home = Home::new();
    home.waiting();
    for (name, mode) in [("journal.jsonl", 0o644), ("head", 0o666), ("blobs", 0o755), ("", 0o755)] {
        fs::set_permissions(home.studio(name), Permissions::from_mode(mode)).expect("a mode");
    }
    assert_eq!(home.rehearsal(&["episode", "run", "1"]).code, 3);
    let mut found = Vec::new();
    loose(&home.path("data"), &mut found);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_and_nothing_waits() {
    let home = Home::new();
    home.waiting();
    let pipe = home.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    let pipe = pipe.to_string_lossy().into_owned();
    let sample = format!("{}/assets/research/kilogram.md", env!("CARGO_MANIFEST_DIR"));
    for args in [
        &["research", "check", &pipe][..],
        &["--studio", "rehearsal", "episode", "new", &pipe, "--show", "open-questions-short"],
        &["--studio", "rehearsal", "episode", "new", &sample, "--show", &pipe],
        &["prices", "import", &pipe],
        &["cost", "reconcile", &pipe, "--provider", "anthropic"],
        &["ledger", "import", &pipe],
        &["--studio", "rehearsal", "--as", "Ada", "revision", "edit", "1", &pipe, "--reason", "x"],
    ] {
        let refused = home.run(args);
        assert!(matches!(refused.code, 1 | 2), "{args:?}: {}{}", refused.out, refused.err);
        assert!(refused.err.contains("it is a pipe and no file"), "{args:?}: {}", refused.err);
    }
    for name in ["journal.jsonl", "head", "lock"] {
        let (path, kept) = (home.studio(name), home.path("kept"));
        fs::rename(&path, &kept).expect("a file");
        fs::rename(&pipe, &path).expect("a pipe");
        let opened = home.rehearsal(&["episode", "run", "1"]);
        assert_ne!(opened.code, 101, "{name}: {}", opened.err);
        fs::rename(&path, &pipe).expect("a pipe");
        fs::rename(&kept, &path).expect("a file");
    }
    fs::create_dir_all(home.path("config")).expect("a folder");
    fs::rename(&pipe, home.path("config/config.toml")).expect("a pipe");
    let listed = home.rehearsal(&["episode", "list"]);
    let settings = home.run(&["config", "show"]);
    assert!(settings.err.contains("it is a pipe and no file"), "{}{}", listed.err, settings.err);
}

#[test]
fn a_limit_on_the_size_of_files_is_told_and_kills_nothing() {
    let home = Home::new();
    let command = home.command(&["rehearse", "--headless", "--pace", "0"]);
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let mut shell = Command::new("sh");
    shell.env_clear().env("HOME", home.path("")).env("USER", "tester").stdin(Stdio::null());
    shell.args(["-c", "ulimit -f 64; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_greenroom")]).args(args);
    let run = ran(shell.output().expect("a shell"));
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("too large") && run.err.contains("ulimit -f"), "{}", run.err);
    assert!(!run.err.contains("()"), "{}", run.err);
    // Without the limit it goes on.
    drop(File::open(home.studio("journal.jsonl")).expect("a journal"));
    assert_eq!(home.rehearse(&[]).code, 0);
}

#[test]
fn what_is_missing_of_the_artifacts_is_named_and_nothing_is_signed_over_it() {
    let home = Home::new();
    home.waiting();
    let listed = json(&home.rehearsal(&["gate", "list", "--format", "json"]).out);
    let hash = listed["waiting"][0]["hash"].as_str().expect("a hash").to_owned();
    let approve = ["--as", "Ada", "gate", "approve", "1", "--hash", &hash, "--max-spend", "5"];
    let text = String::from_utf8(home.journal()).expect("text");
    let mut scripts = text.lines().filter_map(|line| {
        let done = json(line)["body"]["stage_completed"].clone();
        (done["stage"] == "script_development" || done["stage"] == "script").then(|| done["output"].clone())
    });
    let script = scripts.next_back().expect("a script").as_str().expect("a hash").to_owned();
    let blob = home.studio("blobs").join(&script[..2]).join(&script[2..]);
    let kept = fs::read(&blob).expect("a blob");
    for damage in ["missing", "damaged"] {
        match damage {
            "missing" => fs::remove_file(&blob).expect("a blob"),
            _ => fs::write(&blob, b"something else").expect("a blob"),
        }
        let verify = home.rehearsal(&["ledger", "verify"]);
        let fault = if damage == "missing" { "is missing" } else { "has other bytes" };
        let named =
            verify.out.lines().any(|line| line.contains(&script) && line.contains(fault) && line.contains("script"));
        assert!(verify.code == 1 && named, "{damage}: {}", verify.out);
        let refused = home.rehearsal(&approve);
        assert!(refused.code != 0 && refused.err.contains(damage), "{damage}: {}{}", refused.out, refused.err);
        let text = String::from_utf8(home.journal()).expect("text");
        assert!(!text.contains("gate_approved"), "{damage}");
    }
    fs::write(&blob, kept).expect("a blob");
    assert_eq!(home.rehearsal(&["ledger", "verify"]).code, 0);
}
