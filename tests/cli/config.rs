//! `config init`: files to edit, written once and read back as what held before.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Home, json};

/// Every setting with its value, whatever it comes from.
fn settings(home: &Home) -> Vec<(String, String)> {
    let shown = home.run(&["config", "show", "--format", "json"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let rows = json(&shown.out);
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().expect("a text").to_owned();
    rows.as_array().expect("rows").iter().map(|row| (text(row, "key"), text(row, "value"))).collect()
}

#[test]
fn written_settings_hold_what_held_before_and_are_never_written_over() {
    let home = Home::new();
    let before = settings(&home);
    let written = home.run(&["config", "init", "settings"]);
    let path = home.path("config/config.toml");
    assert_eq!((written.code, written.out.trim_end()), (0, path.to_str().expect("text")), "{}", written.err);
    assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
    assert_eq!(settings(&home), before);
    assert_eq!(home.run(&["config", "check"]).code, 0);
    let text = fs::read_to_string(&path).expect("the file");
    fs::write(&path, text.replace("day = \"100\"", "day = \"7\"")).expect("an edit");
    assert!(settings(&home).contains(&("caps.day".to_owned(), "7.00".to_owned())), "what is edited holds");
    let again = home.run(&["config", "init", "settings"]);
    assert_eq!(again.code, 1, "{}", again.out);
    assert!(
        again.err.contains("is there already and is left alone") && again.err.contains("config.toml"),
        "{}",
        again.err
    );
    assert!(fs::read_to_string(&path).expect("the file").contains("day = \"7\""));
    // With nothing named, what is missing is written; then all is there and that is said.
    let rest = home.run(&["config", "init"]);
    assert_eq!(rest.code, 0, "{}", rest.err);
    assert!(rest.out.ends_with("shows/open-questions.toml\n") && rest.out.lines().count() == 1, "{}", rest.out);
    assert_eq!(home.run(&["config", "init"]).code, 1);
}

#[test]
fn a_written_show_is_one_to_make_episodes_of() {
    let home = Home::new();
    let written = home.run(&["config", "init", "show", "my-show", "--from", "open-questions-short"]);
    assert_eq!(written.code, 0, "{}", written.err);
    assert!(written.out.ends_with("config/shows/my-show.toml\n"), "{}", written.out);
    assert_eq!(home.run(&["config", "check"]).code, 0, "{}", home.run(&["config", "check"]).out);
    let ran = home.rehearse(&["--show", "my-show"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for (name, code) in [("My Show", 2), ("-x", 2), ("../x", 2), ("x/y", 2)] {
        assert_eq!(home.run(&["config", "init", "show", "--", name]).code, code, "{name}");
    }
    let unknown = home.run(&["config", "init", "show", "mine", "--from", "open-question"]);
    assert!(unknown.code == 2 && unknown.err.contains("open-questions and open-questions-short"), "{}", unknown.err);
    let missing = home.rehearse(&["--show", "mine"]);
    assert!(missing.err.contains("`greenroom config init show mine` writes"), "{}", missing.err);
}

#[test]
fn a_small_cap_is_taken_and_said_and_a_fault_of_a_built_in_show_names_no_file() {
    let home = Home::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let sample = sample.to_string_lossy();
    for (number, cap) in [("001\n", "0.30"), ("002\n", "1"), ("003\n", "3")] {
        let new = ["--studio", "rehearsal", "episode", "new", &sample, "--show", "open-questions-short", "--cap", cap];
        let begun = home.run(&new);
        assert_eq!((begun.code, begun.out.as_str()), (0, number), "{cap}: {}", begun.err);
        let (said, advice) = ("may wait at its cap and ask", "lets the first round through");
        assert!(begun.err.contains(said) && begun.err.contains(advice), "{cap}: {}", begun.err);
    }
    let run = home.run(&["--studio", "rehearsal", "episode", "run", "1"]);
    assert_eq!(run.code, 3, "it waits and asks: {}{}", run.out, run.err);
    assert!(run.err.contains("budget raise"), "{}", run.err);
    // The voices of the built-in show are not those of the provider that this route names.
    home.file("config/config.toml", "[routes.voice]\nprovider = \"openai\"\nmodel = \"local/kokoro\"\n");
    let refused = home.run(&["--studio", "rehearsal", "episode", "new", &sample, "--show", "open-questions-short"]);
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(!refused.err.contains("assets/"), "{}", refused.err);
    assert!(refused.err.contains("config init show open-questions-short"), "{}", refused.err);
}
