//! A kill between the last event of an episode and the report of it.

use std::time::{Duration, Instant};

use super::*;

fn journal(home: &Home) -> String {
    fs::read_to_string(home.path("data").join("rehearsal/journal.jsonl")).unwrap_or_default()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test waits for another process")]
fn a_kill_right_after_the_package_begins_no_second_episode() {
    let home = Home::new();
    let args = ["rehearse", "--headless", "--pace", "0"];
    let mut child = home.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
    let began = Instant::now();
    while !journal(&home).contains("{\"packaged\"") {
        assert!(began.elapsed() < Duration::from_secs(120), "the episode never comes to its end");
        std::thread::sleep(Duration::from_millis(2));
    }
    // The last event is on disk and the report is still to come: it waits for quiet first.
    child.kill().expect("it can be killed");
    let status = child.wait().expect("it ends");
    assert!(!status.success(), "it was killed before it had told the end");
    let again = home.rehearse(&[]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.out.contains("packages/"), "the end is told now: {}", again.out);
    assert_eq!(journal(&home).matches("{\"episode_started\"").count(), 1, "{}", again.err);
    // Told once, the same command is a new wish.
    let third = home.rehearse(&[]);
    assert_eq!(third.code, 0, "{}", third.err);
    assert_eq!(journal(&home).matches("{\"episode_started\"").count(), 2, "{}", third.err);
}
