//! Verbs beside a running `episode run`: it takes their commands, decides them as its own, and a kill leaves nothing in the way.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::{Home, Running, json};

/// Servers that take one request a minute of the model that does most, so that a run is not done while the test looks at it.
const SLOW: [&str; 5] = ["studio", "--pace", "0", "--limit", "anthropic.rpm=1"];

fn servers(home: &Home) -> (Running, String) {
    let spawned = home.command(&SLOW).stdout(Stdio::piped()).spawn();
    let mut servers = Running(spawned.expect("the servers start"));
    let mut first = String::new();
    BufReader::new(servers.0.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
    let address = json(&first)["address"].as_str().expect("an address").to_owned();
    (servers, address)
}

/// A run of all episodes, once it takes commands.
fn run(home: &Home, address: &str) -> Running {
    let args = ["--studio", "rehearsal", "--servers", address, "episode", "run"];
    let child = home.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run");
    let mut running = Running(child);
    while UnixStream::connect(home.path("data/rehearsal/socket")).is_err() {
        assert!(running.0.try_wait().expect("a look").is_none(), "the run ended before it took a command");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    running
}

#[test]
fn verbs_beside_a_run_are_decided_by_it_and_a_kill_leaves_nothing_in_the_way() {
    let home = Home::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let sample = sample.to_string_lossy();
    let verb = |args: &[&str]| home.run(&[&["--studio", "rehearsal", "--as", "Ada"], args].concat());
    let new = |args: &[&str]| verb(&[&["episode", "new", &sample, "--show", "open-questions-short"], args].concat());
    for number in ["001\n", "002\n"] {
        let begun = new(&[]);
        assert_eq!((begun.code, begun.out.as_str()), (0, number), "{}", begun.err);
    }
    let (_servers, address) = servers(&home);
    let mut owner = run(&home, &address);
    let pid = owner.0.id();

    let (done, refused) = (0, 4);
    let cases: [(&[&str], i32, &str); 10] = [
        (
            &["budget", "raise", "episode:1", "20", "--reason", "more voices"],
            done,
            "the cap of episode:001 is 20.00 USD (event ",
        ),
        (&["episode", "pause", "1"], done, "001 paused: no new work is started (event "),
        (&["episode", "pause", "1"], refused, "nothing was changed"),
        (&["episode", "resume", "1"], done, "001 resumed (event "),
        (&["episode", "resume", "1"], refused, "nothing was changed"),
        (&["episode", "cancel", "2", "--reason", "a double"], done, "002 stopped; "),
        (&["episode", "retry", "1", "voice"], refused, "voice does not wait for a retry"),
        (&["charge", "resolve", "001-script-0-1", "--resend"], refused, "nothing was changed"),
        (&["gate", "approve", "1", "final_release", "--hash", "abcdef", "--max-spend", "1"], refused, "nothing was "),
        (&["episode", "pause", "9"], refused, "there is no episode 009"),
    ];
    for (args, code, said) in cases {
        let ran = verb(args);
        assert_eq!(ran.code, code, "{args:?}: {}{}", ran.out, ran.err);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(told.contains(said), "{args:?}: {told}");
    }
    let begun = new(&[]);
    assert_eq!((begun.code, begun.out.as_str()), (0, "003\n"), "an episode can be begun beside it: {}", begun.err);
    assert!(owner.0.try_wait().expect("a look").is_none(), "the run goes on");
    let journal = fs::read_to_string(home.path("data/rehearsal/journal.jsonl")).expect("the journal");
    let by_ada = journal.lines().filter(|line| line.contains("Ada (os: tester")).count();
    assert!(by_ada >= 12, "each is recorded under who asked, refusals too: {by_ada}");

    // Killed: the socket stays and nobody is behind it. The next verb takes the studio itself.
    kill_process(Pid::from_child(&owner.0), Signal::KILL).expect("a kill");
    owner.0.wait().expect("an end");
    let socket = home.path("data/rehearsal/socket");
    assert!(fs::symlink_metadata(&socket).expect("what the kill left").file_type().is_socket());
    let alone = verb(&["budget", "raise", "episode:1", "21", "--reason", "more still"]);
    assert_eq!(alone.code, 0, "{}{}", alone.out, alone.err);
    assert_eq!(verb(&["ledger", "verify"]).code, 0);

    // The next run is asked again, and leaves no socket behind when it is ended in order.
    let mut owner = run(&home, &address);
    assert_ne!(owner.0.id(), pid);
    let raised = verb(&["budget", "raise", "episode:1", "22", "--reason", "the last"]);
    assert_eq!(raised.code, 0, "{}{}", raised.out, raised.err);
    kill_process(Pid::from_child(&owner.0), Signal::TERM).expect("an end in order");
    owner.0.wait().expect("an end");
    assert!(fs::symlink_metadata(&socket).is_err(), "the socket is gone");
    let shown = verb(&["budget", "show", "1", "--format", "json"]);
    assert!(shown.out.contains("22000000"), "{}", shown.out);
    assert_eq!(verb(&["ledger", "verify"]).code, 0);
}

#[test]
fn an_owner_that_is_stopped_is_named_and_nothing_is_changed() {
    let home = Home::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let verb = |args: &[&str]| home.run(&[&["--studio", "rehearsal", "--as", "Ada"], args].concat());
    assert_eq!(verb(&["episode", "new", &sample.to_string_lossy(), "--show", "open-questions-short"]).code, 0);
    let (_servers, address) = servers(&home);
    let owner = run(&home, &address);
    kill_process(Pid::from_child(&owner.0), Signal::STOP).expect("a stop");
    let asked = verb(&["episode", "pause", "1"]);
    kill_process(Pid::from_child(&owner.0), Signal::CONT).expect("it goes on");
    assert_eq!(asked.code, 1, "{}{}", asked.out, asked.err);
    let told = asked.err;
    assert!(told.contains(&format!("process {}", owner.0.id())) && told.contains("does not answer"), "{told}");
    assert!(told.contains("Nothing was changed"), "{told}");
    let after = verb(&["episode", "pause", "1"]);
    assert_eq!(after.code, 0, "{}{}", after.out, after.err);
}
