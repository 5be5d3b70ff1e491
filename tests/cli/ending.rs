//! A run that is asked to end says how many paid calls it waits for; asked again it ends at once and says what stays uncertain.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process};

use super::{Home, Running};

/// Servers that take every connection and never answer; what was taken is told.
fn hole() -> (String, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (taken, told) = std::sync::mpsc::channel();
    let taking = std::thread::Builder::new().name("hole".to_owned()).spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut first = [0];
            // The request has left when its first byte is here.
            if stream.read_exact(&mut first).is_ok() && taken.send(()).is_err() {
                return;
            }
            kept.push(stream);
        }
    });
    taking.expect("a thread");
    (address, told)
}

#[test]
fn a_run_asked_twice_to_end_ends_at_once_and_says_what_stays_uncertain() {
    let home = Home::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let new = ["--studio", "rehearsal", "--as", "Ada", "episode", "new", &sample.to_string_lossy()];
    let begun = home.run(&[&new[..], &["--show", "open-questions-short"]].concat());
    assert_eq!(begun.code, 0, "{}", begun.err);
    let (address, taken) = hole();
    let args = ["--studio", "rehearsal", "--servers", &address, "episode", "run"];
    let child = home.command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a run");
    let mut run = Running(child);
    taken.recv().expect("a call is sent");

    let mut said = BufReader::new(run.0.stderr.take().expect("a pipe"));
    let mut next = |part: &str| loop {
        let mut line = String::new();
        assert!(said.read_line(&mut line).expect("a line") > 0, "it ended without `{part}`");
        if line.contains(part) {
            return line;
        }
    };
    // What is under way is known of a call that was intended, whether its answer is on its way or not.
    kill_process(Pid::from_child(&run.0), Signal::TERM).expect("asked to end");
    let first = next("asked to end");
    assert!(first.contains("waiting for 1 paid call under way. Asked again, it ends at once"), "{first}");
    // A request that comes while the first is being told is met as well as one that comes later: it is repeated until it is.
    let (pid, is_met) = (Pid::from_child(&run.0), Arc::new(AtomicBool::new(false)));
    let met = Arc::clone(&is_met);
    let again = std::thread::Builder::new().name("again".to_owned()).spawn(move || {
        while !met.load(Ordering::SeqCst) {
            kill_process(pid, Signal::INT).expect("asked again");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    });
    let second = next("Ended at once");
    is_met.store(true, Ordering::SeqCst);
    again.expect("a thread").join().expect("the requests end");
    assert!(second.contains("1 paid call was cut off: it may cost up to 0."), "{second}");
    assert!(second.contains("asks about the rest"), "{second}");
    assert_eq!(run.0.wait().expect("an end").code(), Some(1));

    let next_start = home.run(&["--studio", "rehearsal", "--as", "Ada", "episode", "pause", "1"]);
    assert_eq!(next_start.code, 0, "{}", next_start.err);
    assert!(next_start.err.contains("1 call was under way at the last end"), "{}", next_start.err);
}
