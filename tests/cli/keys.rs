//! No key is anywhere but where it was set: not in the data folder, the log, an export, an answer or an error, whatever a
//! provider repeats of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::server::{Asked, Server};
use super::{Home, Ran, ran};

/// Keys that change their looks in JSON, in an address and in base64; the last one is the password of a proxy.
const KEYS: [(&str, &str); 6] = [
    ("ANTHROPIC_API_KEY", "Kt9/anthropic+4f9a1c7e\"x=="),
    ("GEMINI_API_KEY", "Kt9/gemini+5e8b2d6f\"x=="),
    ("ELEVENLABS_API_KEY", "Kt9/elevenlabs+6d7c3e5a\"x=="),
    ("OPENAI_API_KEY", "Kt9/openai+7c6d4f4b\"x=="),
    ("PERPLEXITY_API_KEY", "Kt9/perplexity+8b5e5a3c\"x=="),
    ("proxy", "Kt9-proxy-9a4f6b2d"),
];

fn in_address(key: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~".contains(b);
    key.bytes().map(|b| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Every spelling that a key is looked for in. Of base64 as much as does not depend on what follows.
fn spellings(key: &str) -> Vec<String> {
    let json = serde_json::to_string(key).expect("JSON");
    let json = json.trim_matches('"').to_owned();
    let base64 = STANDARD.encode(key);
    let whole = |text: &str| text.trim_end_matches('=').chars().take(key.len()).collect::<String>();
    vec![
        key.to_owned(),
        json.replace('/', "\\/"),
        json,
        in_address(key),
        in_address(key).to_lowercase(),
        whole(&base64),
        whole(&URL_SAFE_NO_PAD.encode(key)),
        whole(&STANDARD.encode(format!("Bearer {key}")).chars().skip(12).collect::<String>()),
    ]
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

/// Where a key is found among these bytes.
fn found(place: &str, bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for (name, key) in KEYS {
        for spelling in spellings(key) {
            if bytes.windows(spelling.len()).any(|part| part == spelling.as_bytes()) {
                all.push(format!("{name} as {spelling} in {place}"));
            }
        }
    }
    all
}

fn searched(home: &Home, said: &str) -> usize {
    let mut places = Vec::new();
    files(&home.path("data"), &mut places);
    let mut all = found("what was printed", said.as_bytes());
    for path in &places {
        all.extend(found(&path.display().to_string(), &fs::read(path).expect("a file")));
    }
    assert!(all.is_empty(), "{all:#?}");
    places.len()
}

fn with_keys(mut command: Command, base: &str) -> Command {
    for (name, key) in KEYS.iter().filter(|(name, _)| *name != "proxy") {
        command.env(name, key);
        let provider = name.strip_suffix("_API_KEY").expect("a provider");
        command.env(format!("GREENROOM_{provider}_BASE_URL"), base);
    }
    command
}

/// A server that repeats the key in its headers, in its errors, in its answers, and is cut in the middle of one.
fn parrot() -> Server {
    let mut calls = 0;
    Server::start(move |asked: &Asked| {
        let names = ["x-api-key", "x-goog-api-key", "xi-api-key", "authorization"];
        let key = names.into_iter().map(|name| asked.header(name)).find(|value| !value.is_empty()).unwrap_or_default();
        let key = key.strip_prefix("Bearer ").unwrap_or(key);
        let said =
            format!("{key} {} {} {}", in_address(key), STANDARD.encode(key), STANDARD.encode(format!("Bearer {key}")));
        let text = serde_json::to_string(&said).expect("JSON");
        calls += usize::from(asked.method == "POST");
        let head = format!("request-id: {key}\r\nx-trace-id: {}\r\n", in_address(key));
        let start = r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":3}}}"#;
        let delta =
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":{text}}}}}"#);
        let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#;
        let stream = format!("data: {start}\n\ndata: {delta}\n\n");
        match (asked.method.as_str(), calls) {
            ("POST", 1) => format!(
                "500 Internal Server Error\r\n{head}content-type: application/json\r\n\r\n{{\"type\":\"error\",\"error\":{{\"type\":\"api_error\",\"message\":{text}}}}}"
            ),
            ("POST", 2) => format!(
                "200 OK\r\n{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{stream}\r\n7\r\n{key:.7}",
                stream.len()
            ),
            ("POST", 3) => format!(
                "200 OK\r\n{head}content-type: text/event-stream\r\n\r\n{stream}data: {end}\n\ndata: {{\"type\":\"message_stop\"}}\n\n"
            ),
            _ => format!(
                "401 Unauthorized\r\n{head}content-type: application/json\r\n\r\n{{\"type\":\"error\",\"error\":{{\"type\":\"authentication_error\",\"message\":{text}}}}}"
            ),
        }
    })
}

#[test]
fn a_provider_that_repeats_its_key_puts_it_nowhere() {
    let home = Home::new();
    let server = parrot();
    let proxy = server.base.replace("http://", &format!("http://ada:{}@", KEYS[5].1));
    let settings = format!(
        "name = \"Ada\"\nlog = \"trace\"\n[network]\nproxy = \"{proxy}\"\ndirect = \"none\"\n[retry]\nbase_seconds = 1\nmax_seconds = 1\n"
    );
    home.file("config/config.toml", settings);
    let mut said = String::new();
    let mut verb = |args: &[&str]| -> Ran {
        let ran = ran(with_keys(home.command(args), "http://127.0.0.1:9").output().expect("the binary runs"));
        said.push_str(&ran.out);
        said.push_str(&ran.err);
        ran
    };
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let begun = verb(&["episode", "new", &sample.to_string_lossy(), "--show", "open-questions-short", "--no-probe"]);
    assert_eq!(begun.code, 0, "{}", begun.err);
    let cut = verb(&["episode", "run", "1"]);
    assert_eq!(cut.code, 3, "a refusal, then a cut answer that waits for a ruling: {}{}", cut.out, cut.err);
    let charges = verb(&["charge", "list", "--format", "json"]);
    let open = super::json(&charges.out);
    let key = open["uncertain"][0]["key"].as_str().expect("an uncertain charge").to_owned();
    assert_eq!(verb(&["charge", "resolve", &key, "--resend"]).code, 0);
    let refused = verb(&["episode", "run", "1"]);
    assert_eq!(refused.code, 3, "an answer that is none, then a wrong key: {}{}", refused.out, refused.err);
    assert!(server.asked().iter().filter(|asked| asked.starts_with("POST")).count() >= 4, "{:?}", server.asked());
    let export = home.path("data/export.tar");
    for args in [
        &["ledger", "export", &export.to_string_lossy()][..],
        &["cost", "--format", "csv"],
        &["cost", "--format", "json"],
        &["episode", "show", "1"],
        &["episode", "show", "1", "--format", "json"],
        &["config", "show"],
        &["doctor"],
        &["ledger", "verify"],
    ] {
        verb(args);
    }
    assert!(export.is_file(), "the export is among what is searched");
    assert!(searched(&home, &said) > 10, "the data folder is not empty");
}

#[test]
fn a_rehearsal_beside_real_keys_takes_none_of_them_in() {
    let home = Home::new();
    let ran = ran(with_keys(
        home.command(&["rehearse", "--headless", "--pace", "0", "--log", "trace"]),
        "http://127.0.0.1:9",
    )
    .output()
    .expect("the binary runs"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let package = PathBuf::from(ran.out.trim_end());
    assert!(package.starts_with(home.path("data")) && package.join("manifest.json").is_file());
    searched(&home, &format!("{}{}", ran.out, ran.err));
}

#[test]
fn the_search_finds_what_is_there() {
    let key = KEYS[0].1;
    for text in [key.to_owned(), in_address(key), STANDARD.encode(key), STANDARD.encode(format!("Bearer {key}"))] {
        assert!(!found("a text", format!("before {text} after").as_bytes()).is_empty(), "{text}");
    }
}
