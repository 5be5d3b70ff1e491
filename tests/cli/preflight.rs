//! What is looked at before an episode is begun, and what it is likely to cost: all faults at once, and nothing started by any.

use std::fs;
use std::path::{Path, PathBuf};

use super::server::{Asked, Server};
use super::{Home, Ran, json, ran};

/// Every provider on one server, each below a path of its name. `replaced` answers in the place of what is right.
fn providers(replaced: &'static [(&'static str, &'static str)]) -> Server {
    Server::start(move |asked: &Asked| {
        let path = asked.path.split('?').next().unwrap_or_default();
        let body = match path {
            "/anthropic/v1/models" => {
                r#"{"data":[{"id":"claude-sonnet-5-5"},{"id":"claude-opus-5-5"},{"id":"claude-haiku-5-5"}]}"#
            }
            "/gemini/v1beta/models" => {
                r#"{"models":[{"name":"models/gemini-3.1-pro-preview"},{"name":"models/gemini-3.8-flash"}]}"#
            }
            "/elevenlabs/v1/models" => r#"[{"model_id":"eleven_flash_v2_5"}]"#,
            "/elevenlabs/v1/voices" => {
                r#"{"voices":[{"voice_id":"EXAVITQu4vr4xnSDxMaL","name":"Mara"},{"voice_id":"GUEST_VOICE","name":"Jonas"}]}"#
            }
            "/openai/v1/models" => r#"{"data":[{"id":"qwen3:8b"}]}"#,
            _ => "",
        };
        let own = replaced.iter().find(|(at, _)| *at == path).map(|(_, answer)| (*answer).to_owned());
        let json = "content-type: application/json\r\n\r\n";
        let missing = || format!("404 Not Found\r\n{json}{{}}");
        own.unwrap_or_else(|| if body.is_empty() { missing() } else { format!("200 OK\r\n{json}{body}") })
    })
}

/// The sample show, with a guest whose voice the account has.
fn show(home: &Home) -> String {
    let text = include_str!("../../assets/shows/open-questions-short.toml");
    let guest = text.split("id = \"GUEST\"").nth(1).and_then(|rest| rest.split("id = \"").nth(1)?.split('"').next());
    let guest = guest.expect("the guest's voice");
    home.file("mine.toml", text.replace(guest, "GUEST_VOICE")).to_string_lossy().into_owned()
}

fn begin(home: &Home, base: &str, show: &str, more: &[&str]) -> Ran {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let sample = sample.to_string_lossy();
    let mut command = home.command(&[&["episode", "new", &sample, "--show", show], more].concat());
    for provider in ["ANTHROPIC", "GEMINI", "ELEVENLABS", "OPENAI", "PERPLEXITY"] {
        command.env(format!("{provider}_API_KEY"), "sk-preflight-0123456789");
        command.env(format!("GREENROOM_{provider}_BASE_URL"), format!("{base}/{}", provider.to_lowercase()));
    }
    ran(command.output().expect("the binary runs"))
}

fn episodes(home: &Home) -> usize {
    let listed = json(&home.run(&["episode", "list", "--format", "json"]).out);
    listed.get("episodes").and_then(serde_json::Value::as_array).expect("a list").len()
}

#[test]
fn an_episode_is_begun_where_all_is_well_and_what_stops_nothing_is_said() {
    let home = Home::new();
    let show = show(&home);
    let good = providers(&[]);
    let ran = begin(&home, &good.base, &show, &["--cap", "5"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "001\n"), "{}", ran.err);
    assert!(ran.err.contains("cap: all calls together cost") && ran.err.contains("the cap is 5.00"), "{}", ran.err);
    assert!(good.asked().iter().all(|asked| asked.starts_with("GET")), "nothing that costs: {:?}", good.asked());
    // An arbiter gives advice, and an episode goes on without it.
    let alone =
        providers(&[("/openai/v1/models", "503 Service Unavailable\r\ncontent-type: application/json\r\n\r\n{}")]);
    let ran = begin(&home, &alone.base, &show, &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("key of openai") && ran.err.contains("cannot answer now"), "{}", ran.err);
    let estimate = home.run(&["estimate", "1"]);
    assert!(
        estimate.code == 0 && estimate.out.contains("estimated from prompt sizes and the planned length"),
        "{}",
        estimate.out
    );
    assert!(estimate.out.contains("of the 5.00 left"), "{}", estimate.out);
}

#[test]
fn everything_that_fails_is_told_at_once_and_nothing_is_begun() {
    let home = Home::new();
    let bad = providers(&[
        (
            "/gemini/v1beta/models",
            "400 Bad Request\r\ncontent-type: application/json\r\n\r\n{\"error\":{\"code\":400,\"message\":\"API key not valid.\",\"status\":\"INVALID_ARGUMENT\"}}",
        ),
        (
            "/anthropic/v1/models",
            "200 OK\r\ncontent-type: application/json\r\n\r\n{\"data\":[{\"id\":\"claude-sonnet-5-5\"},{\"id\":\"claude-haiku-5-5\"}]}",
        ),
    ]);
    let ran = begin(&home, &bad.base, "open-questions-short", &[]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for said in
        ["Gemini refuses the key", "does not list `claude-opus-5-5`", "does not have the voice", "Nothing was started"]
    {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert!(!ran.err.contains("--no-probe"), "a refusal is no matter of asking: {}", ran.err);
    assert_eq!(episodes(&home), 0);
}

#[test]
fn who_cannot_be_asked_stops_it_unless_it_is_said_to_go_on() {
    let home = Home::new();
    // Held and not listened at, so that no other test is given the same port meanwhile.
    let gone = tokio::net::TcpSocket::new_v4().expect("a socket");
    gone.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let base = format!("http://{}", gone.local_addr().expect("an address"));
    let ran = begin(&home, &base, "open-questions-short", &[]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("nothing answers at") && ran.err.contains("--no-probe"), "{}", ran.err);
    assert_eq!(episodes(&home), 0);
    let ran = begin(&home, &base, "open-questions-short", &["--no-probe"]);
    assert_eq!((ran.code, episodes(&home)), (0, 1), "{}", ran.err);
}

#[test]
fn every_key_that_is_missing_is_named() {
    let home = Home::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let ran = home.run(&["episode", "new", &sample.to_string_lossy(), "--show", "open-questions-short"]);
    assert_eq!(ran.code, 1);
    for variable in ["ANTHROPIC_API_KEY", "GEMINI_API_KEY", "ELEVENLABS_API_KEY"] {
        assert!(ran.err.contains(variable), "{variable}: {}", ran.err);
    }
    let estimate =
        home.run(&["--studio", "rehearsal", "estimate", &sample.to_string_lossy(), "--show", "open-questions-short"]);
    assert_eq!(estimate.code, 0, "{}", estimate.err);
    assert!(estimate.out.contains("REHEARSAL") && estimate.out.contains("Worst case "), "{}", estimate.out);
    assert!(!estimate.out.contains("Worst case 0.00"), "{}", estimate.out);
    assert_eq!(home.run(&["estimate", "kilogram"]).code, 2);
}

/// Every file and folder below a folder, with the lengths of files.
fn below(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry")) {
        let about = entry.metadata().expect("what it is");
        all.push((entry.path(), if about.is_dir() { 0 } else { about.len() }));
        all.extend(below(&entry.path()));
    }
    all.sort();
    all
}

#[test]
fn an_estimate_takes_no_lock_and_leaves_nothing() {
    let home = Home::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let (sample, studio) = (sample.to_string_lossy(), ["--studio", "rehearsal"]);
    let estimate = || home.run(&[&studio[..], &["estimate", &sample, "--show", "open-questions-short"]].concat());
    let first = estimate();
    assert_eq!(first.code, 0, "{}", first.err);
    assert_eq!(below(&home.path("data")), [], "a studio that was never begun is not made");

    // The same beside a studio that another process has.
    assert_eq!(home.rehearse(&["--seed", "7"]).code, 0);
    let lock = fs::File::options().write(true).open(home.path("data/rehearsal/lock")).expect("a lock");
    lock.try_lock().expect("nobody has it");
    let refused = home.run(&[&studio[..], &["--as", "Ada", "budget", "raise", "day", "999", "--reason", "r"]].concat());
    assert!(refused.err.contains("open in another process"), "{}", refused.err);
    let before = below(&home.path("data"));
    let beside = estimate();
    assert_eq!(beside.code, 0, "{}", beside.err);
    assert!(beside.out.contains("Worst case "), "{}", beside.out);
    assert_eq!(below(&home.path("data")), before);
    let damaged = home.run(&[&studio[..], &["estimate", "nowhere.md", "--show", "open-questions-short"]].concat());
    assert!(damaged.code == 1 && damaged.err.contains("nowhere.md cannot be read"), "{}", damaged.err);
}
