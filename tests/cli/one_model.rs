//! The set-up of the README by which one model of a server of one's own does everything: exactly as it is printed there.

use std::fs;
use std::path::Path;

use super::{Home, json};

/// The settings as the README prints them.
fn printed() -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README");
    let blocks = readme.split("```toml\n").skip(1).filter_map(|block| block.split("```").next());
    blocks.filter(|block| block.contains("ollama/")).collect()
}

#[test]
fn one_model_does_everything_and_what_that_means_is_said_everywhere() {
    let home = Home::new();
    let settings = printed();
    assert!(settings.matches("ollama/qwen3:8b").count() >= 7, "{settings}");
    home.file("config/config.toml", &settings);
    let told = "both judges and the arbiter are one model (ollama/qwen3:8b): their agreement says nothing; you decide disputes";

    let looked = home.run(&["doctor", "--offline"]);
    let routes = looked.out.lines().filter(|line| line.contains("route of "));
    assert!(routes.clone().count() >= 8 && !routes.clone().any(|line| line.contains("FAIL")), "{}", looked.out);
    assert!(looked.out.contains(told), "{}", looked.out);
    let show = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/shows/open-questions-short.toml");
    let show = fs::read_to_string(show).expect("the sample show");
    // The voices of that server, as the README says.
    let show = show.replace("provider = \"elevenlabs\"", "provider = \"openai\"");
    let show = home.file("mine.toml", show);
    let show = show.to_string_lossy();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let sample = sample.to_string_lossy();
    let begun = home.run(&["episode", "new", &sample, "--show", &show, "--no-probe"]);
    assert_eq!(begun.code, 0, "a live episode begins: {}", begun.err);
    assert!(begun.err.contains(told), "before it begins: {}", begun.err);

    let made = home.rehearse(&["--research", &sample, "--show", &show]);
    assert_eq!(made.code, 0, "{}", made.err);
    let package = Path::new(made.out.trim_end());
    let manifest = json(&fs::read_to_string(package.join("manifest.json")).expect("a manifest"));
    assert_eq!(manifest["independence"][0], told);
    let shown = home.run(&["--studio", "rehearsal", "gate", "show", "1", "quality_evaluation"]);
    assert!(shown.out.contains("their agreement says nothing"), "{}", shown.out);
}
