//! The console as a person uses it: the real program in a terminal, keys pressed, the screen read.
//!
//! Each test starts the program on a studio of its own. What the screens look like in detail is kept by the snapshots beside
//! them; here it is looked whether the whole of it works, and whether the terminal is given back.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod terminal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::terminal::{Kind, Terminal, USUAL};

const LARGE: Kind = Kind { columns: 120, rows: 36, environment: USUAL };
const SMALL: Kind = Kind { columns: 80, rows: 24, environment: USUAL };
/// A terminal that has neither colours nor characters beyond ASCII.
const PLAIN: Kind = Kind { columns: 120, rows: 36, environment: &[("LC_ALL", "C"), ("NO_COLOR", "1")] };

/// A home with settings: who decides, and decisions that are sent at once.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("config")).unwrap();
    let settings = "name = \"Ada\"\nshutdown_grace_seconds = 5\n[console]\nundo_seconds = 0\n";
    fs::write(home.path().join("config/config.toml"), settings).unwrap();
    home
}

/// Runs a verb without a terminal.
fn verb(home: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
    command.env_clear().env("HOME", home).env("USER", "ada").env("PATH", home.join("bin"));
    command.env("GREENROOM_DATA_DIR", home.join("data")).env("GREENROOM_CONFIG_DIR", home.join("config"));
    let output = command.args(arguments).output().unwrap();
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {said}{told}");
    said.into_owned()
}

fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research").join(name).display().to_string()
}

/// Leaves with `q` and `y`.
fn quit(mut terminal: Terminal) {
    assert!(terminal.is_raw(), "keys come one by one");
    terminal.press("q");
    terminal.confirm("Quit");
    terminal.given_back();
}

/// The row of an episode on the dashboard, whose list of episodes stands above all else.
fn row<'a>(screen: &'a str, number: &str) -> Option<&'a str> {
    screen.lines().find(|line| line.split_whitespace().take(3).any(|word| word == number))
}

/// How many groups of stages of an episode are done, by its strip.
fn done(screen: &str, number: &str) -> Option<usize> {
    let is_mark = |c: char| "■>?!·A".contains(c);
    let mut words = row(screen, number)?.split_whitespace();
    let strip = words.find(|word| word.chars().count() == 12 && word.chars().all(is_mark))?;
    Some(strip.chars().filter(|c| *c == '■').count())
}

/// The number of the episode whose gate of this name waits, by the panel of needs.
fn waits_at(screen: &str, gate: &str) -> Option<String> {
    let line = screen.lines().find(|line| line.contains(&format!("GATE {gate}")))?;
    line.split_whitespace().find(|word| word.len() == 3 && word.parse::<u32>().is_ok()).map(str::to_owned)
}

fn packages(home: &Path, number: &str) -> Vec<PathBuf> {
    let folders = fs::read_dir(home.join("data/rehearsal/packages")).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(number)).collect()
}

/// How many items are open at the gate on the screen.
fn open(screen: &str) -> Option<u32> {
    screen.lines().nth(1)?.split(" open ").nth(1)?.split_whitespace().next()?.parse().ok()
}

/// Waives whatever is open at the gate on the screen, each with a reason.
fn rule_all(console: &mut Terminal) {
    let screen = console.until("what is open", |screen| open(screen).is_some());
    let mut left = open(&screen).unwrap();
    if left == 0 {
        return;
    }
    console.press("3gg");
    console.until("the first item", |screen| screen.contains("│ › ") || screen.contains("┃ › "));
    while left > 0 {
        console.press("wheard both sides<Enter>");
        let screen = console.until("one item less", |screen| open(screen).is_some_and(|now| now < left));
        left = open(&screen).unwrap();
        console.press("n");
    }
}

#[test]
fn a_script_is_read_edited_sent_back_and_approved_to_its_package() {
    let home = home();
    let home = home.path();
    let rehearse = ["rehearse", "--pace", "0.1"];

    // Start, and watch.
    let mut console = Terminal::start(LARGE, home, &rehearse);
    console.sees("REHEARSAL");
    let screen = console.until("three finished episodes and three under way", |screen| {
        screen.contains("3 under way, 3 past") && ["004", "005", "006"].iter().all(|n| done(screen, n).is_some())
    });
    let before = done(&screen, "005").unwrap();
    console.until("a strip that moves", |screen| done(screen, "005").is_some_and(|now| now > before));

    // Open the gate: the findings at their lines, and the fixes as a note.
    let gate = "Quality evaluation";
    let screen = console.until("a dispute", |screen| waits_at(screen, gate).is_some());
    assert!(console.bells() > 0, "a need rings");
    let number = waits_at(&screen, gate).unwrap();
    let to_gate = format!(":{number}<Enter>");
    console.press(&to_gate);
    console.sees(&format!("Gate {number}"));
    let screen = console.sees("› [+] N1");
    assert!(screen.contains(" fixes, 0 struck"), "the fixes are there to be edited\n{screen}");
    assert!(screen.contains("DISPUTE") && screen.contains("gate: YOU DECIDE"), "{screen}");
    assert!(screen.contains("3 Findings ·") && !screen.contains("3 Findings · 0"), "{screen}");
    // What is disputed stands at its line before a key is pressed: both sides, and what is to be done.
    let screen = console.until("a dispute at its line", |screen| screen.contains("┃     ┃ D1 DISPUTE"));
    assert!(screen.contains("objects: ") && screen.contains("does not: "), "{screen}");
    console.press("A");
    console.sees("A is locked: D1");
    console.press("w");
    console.sees("D1 is waived, because:");
    console.press("not yet<Esc>");
    console.sees("Nothing was ruled.");

    // Edit a fix and strike it; what is said to be saved is there after kill -9.
    console.press("4<Enter>");
    console.sees("editing N1");
    console.press(" Keep it plainspoken.");
    console.sees("plainspoken");
    console.press("<Esc>");
    console.sees_no_more("editing N1");
    console.press("x");
    console.sees(", 1 struck");
    console.until("the note to be saved", |screen| screen.contains(" saved ") && !screen.contains("saving …"));
    console.kill();
    let mut console = Terminal::start(LARGE, home, &rehearse);
    console.until("the same gate", |screen| waits_at(screen, gate).as_deref() == Some(&number));
    console.press(&to_gate);
    let screen = console.sees(", 1 struck");
    assert!(screen.contains("edited by you") && screen.contains("plainspoken"), "{screen}");
    assert!(screen.contains("[-] "), "{screen}");

    // Take it in again and send back; the next round brings a revision and its diff. What code found was sent back before.
    console.press("4x");
    console.sees(", 0 struck");
    console.press("B");
    console.confirm(&format!("Send {number}"));
    console.sees(" r3 ");
    console.press("gd");
    let waits = |screen: &str| row(screen, &number).is_some_and(|row| row.contains("YOU GATE"));
    console.until("the gate of round 2", waits);
    console.press(&to_gate);
    console.sees(&format!("Gate {number}"));
    console.until("the script", |screen| screen.contains("› ") && screen.contains(" HOST "));
    console.press("d");
    console.sees("━ against v");
    // Against the first revision, which the panel of revisions offers.
    console.press("5gg");
    let screen = console.until("the first revision", |screen| screen.contains("› v1"));
    assert!(screen.contains("sent back: Ada") && screen.contains(" r3 "), "{screen}");
    console.press("<Enter>");
    let mut screen = console.sees("━ against v1:");
    assert!(!screen.contains("against v1: 0 added, 0 gone, 0 reworded"), "{screen}");
    for _ in 0..12 {
        if screen.contains("   + L") {
            break;
        }
        console.press("<C-f>");
        let before = screen;
        screen = console.until("more of the script", |screen| screen != before);
    }
    assert!(screen.contains("   + L"), "a reworded line\n{screen}");

    // Approve what is left, to the package.
    for _ in 0..5 {
        rule_all(&mut console);
        console.press("A");
        console.confirm(&format!("Approve {number}"));
        console.sees_no_more("[ Cancel ]");
        let (at_gate, at_episode) = (format!("Gate {number}"), format!("Episode {number}"));
        // The row may tell of the gate that was approved a moment ago; its number then leads to the episode, or to that gate.
        let is_over = loop {
            console.press("gd");
            let screen = console.until("the next gate, or the end", |screen| {
                waits(screen) || row(screen, &number).is_some_and(|row| row.contains("packaged"))
            });
            if !waits(&screen) {
                break true;
            }
            console.press(&to_gate);
            let is_there = |screen: &str| screen.contains(&at_gate) || screen.contains(&at_episode);
            let screen = console.until("the gate or its episode", is_there);
            if screen.contains(&at_gate) && !screen.contains("DECIDED") {
                break false;
            }
        };
        if is_over {
            break;
        }
        console.until("the script", |screen| screen.contains("› ") && screen.contains(" HOST "));
    }
    let screen = console.screen();
    assert!(row(&screen, &number).is_some_and(|row| row.contains("packaged")), "{screen}");
    let package = packages(home, &number);
    assert!(package.len() == 1 && package[0].join("manifest.json").is_file(), "{package:?}");
    quit(console);
}

/// A show without caps of its stages, so that an episode of it may have a low one.
fn thrifty(home: &Path) -> String {
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/shows/open-questions-short.toml");
    let profile = fs::read_to_string(profile).unwrap();
    let (before, rest) = profile.split_once("[caps.stages]").unwrap();
    let (_, after) = rest.split_once("\n[").unwrap();
    fs::create_dir_all(home.join("config/shows")).unwrap();
    fs::write(home.join("config/shows/thrifty.toml"), format!("{before}[{after}")).unwrap();
    "thrifty".to_owned()
}

#[test]
fn a_charge_is_resolved_and_a_cap_is_raised() {
    let home = home();
    let home = home.path();
    let show = thrifty(home);
    // A studio that holds an episode is not filled with samples.
    verb(home, &["--studio", "rehearsal", "episode", "new", &sample("kilogram.md"), "--show", "open-questions-short"]);
    verb(home, &["--studio", "rehearsal", "episode", "cancel", "1", "--reason", "only the first"]);

    // A call is under way when the program is killed: nobody knows whether it was charged.
    let species = sample("counting-species.md");
    let slow = ["rehearse", "--pace", "5", "--uncertain", "ask", "--research", &species];
    let console = Terminal::start(LARGE, home, &slow);
    console.sees("1 in flight");
    console.kill();
    let mut console = Terminal::start(LARGE, home, &["rehearse", "--pace", "0", "--uncertain", "ask"]);
    let screen = console.until("the charge", |screen| row(screen, "002").is_some_and(|row| row.contains("YOU CHARGE")));
    let before = done(&screen, "002").unwrap();
    console.press("n<Enter>");
    let screen = console.sees("r  send it again");
    assert!(screen.contains("it may have cost up to") && screen.contains("w  write it off"), "{screen}");
    console.press("r");
    console.confirm("Send again: 002");
    console.until("the episode to go on", |screen| done(screen, "002").is_some_and(|now| now > before));
    console.sees_no_more("CHARGE");

    // An episode whose cap does not pay for its first call.
    console.press(&format!(":new {}<Enter>", sample("continental-drift.md")));
    let screen = console.sees("New episode (rehearsal)");
    assert!(screen.contains("Number       : 003"), "{screen}");
    assert!(screen.contains("Show         : open-questions-short"), "the show of the latest episode\n{screen}");
    console.press("<C-u>");
    console.press(&show);
    console.press("<Enter><Enter>0.05<Enter>");
    console.confirm("Begin episode 003");
    console.until("the cap", |screen| row(screen, "003").is_some_and(|row| row.contains("YOU CAP")));
    console.until("the needs", |screen| screen.contains("003 CAP Brief"));
    console.press("2");
    while !console.screen().contains("› 003 CAP") {
        console.press("j");
        console.sees("› 003 CAP");
    }
    console.press("<Enter>");
    console.sees("r  raise the cap");
    console.press("r");
    let screen = console.sees("Raise the cap of");
    assert!(screen.contains("It is 0.05 USD now"), "{screen}");
    console.press("<C-u>8<Enter>worth it<Enter>003<Enter>");
    console.confirm("Raise the cap of");
    console.until("the raised cap", |screen| row(screen, "003").is_some_and(|row| row.contains("/8.00")));
    console.until("the episode to go on", |screen| done(screen, "003").is_some_and(|done| done > 1));
    quit(console);
}

#[test]
fn an_empty_studio_says_how_to_begin_and_is_left_at_80_by_24() {
    let home = home();
    let console = Terminal::start(SMALL, home.path(), &[]);
    let screen = console.sees("No episode yet.");
    assert!(screen.contains(":new FILE") && screen.contains("greenroom rehearse"), "{screen}");
    assert!(screen.contains("LIVE") && screen.lines().count() == 24, "{screen}");
    assert!(console.has_colour(), "a terminal with colours is used");
    quit(console);
}

#[test]
fn without_colours_and_utf8_nothing_but_plain_ascii_is_written() {
    let home = home();
    let mut console = Terminal::start(PLAIN, home.path(), &["rehearse", "--pace", "0"]);
    console.sees("REHEARSAL");
    console.sees(" packaged ");
    assert!(!console.has_colour());
    console.press("?");
    console.sees("Back (never quits)");
    assert!(!console.has_colour());
    console.press("<Esc>");
    console.sees_no_more("Back (never quits)");
    let written = console.written();
    assert!(written.is_ascii(), "{}", String::from_utf8_lossy(&written));
    quit(console);
}

#[test]
fn signals_and_control_c_give_the_terminal_back_while_work_is_under_way() {
    let home = home();
    let home = home.path();
    let rehearse = ["rehearse", "--pace", "0.5"];
    for signal in [Signal::TERM, Signal::HUP] {
        let console = Terminal::start(LARGE, home, &rehearse);
        console.sees(" in flight");
        assert!(console.is_raw());
        console.signal(signal);
        console.given_back();
    }
    let mut console = Terminal::start(SMALL, home, &rehearse);
    console.sees("001 ");
    console.press("<C-c>");
    console.sees("Ctrl-c again ends the console");
    console.press("<C-c>");
    console.given_back();
}
