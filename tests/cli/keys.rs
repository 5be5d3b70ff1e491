//! No key is anywhere but where it was set: not in the data folder, the log, an export, an answer or an error, whatever a
//! provider repeats of it.

use std::error::Error;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use greenroom::config::models::Models;
use greenroom::provider::call::{Remember, Request, SpeechForm, SpeechRequest, TextRequest, Vendor, prepare};
use greenroom::provider::endpoint::Endpoint;
use greenroom::provider::mask::Mask;
use greenroom::provider::probe;
use greenroom::provider::transport::{self, Limits, Transport};

use super::secrets::{self, in_address};
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

fn found(place: &str, bytes: &[u8]) -> Vec<String> {
    secrets::found(&KEYS, place, bytes)
}

fn searched(home: &Home, said: &str) -> usize {
    let (mut all, places) = secrets::found_below(&KEYS, &home.path("data"));
    all.extend(found("what was printed", said.as_bytes()));
    assert!(all.is_empty(), "{all:#?}");
    places
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
        // The same in escapes, and the keys of all others, who were not even asked.
        let escaped = |text: &str| text.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<String>();
        let others = KEYS.map(|(_, other)| format!("{other} {} ", in_address(other))).concat();
        let text = serde_json::to_string(&format!("{said} {others} {}", escaped(key))).expect("JSON");
        let text = format!("{} {}\"", text.trim_end_matches('"'), escaped(key));
        // And once more in pieces, as models write.
        let piece = |text: &str| {
            let text = serde_json::to_string(text).expect("JSON");
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":{text}}}}}"#)
        };
        let pieces: String = key
            .as_bytes()
            .chunks(5)
            .map(|part| format!("data: {}\n\ndata: {{\"type\":\"ping\"}}\n\n", piece(&String::from_utf8_lossy(part))))
            .collect();
        calls += usize::from(asked.method == "POST");
        let head = format!("request-id: {key}\r\nx-trace-id: {}\r\n", in_address(key));
        let start = r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":3}}}"#;
        let delta =
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":{text}}}}}"#);
        let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#;
        let stream = format!("data: {start}\n\ndata: {delta}\n\n{pieces}");
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
    // A show that asks about every lost answer.
    let show = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/shows/open-questions-short.toml");
    let show = std::fs::read_to_string(show).expect("the sample show");
    let policy = show.lines().find(|line| line.starts_with("uncertain = ")).expect("a policy").to_owned();
    let show = home.file("mine.toml", show.replace(&policy, "uncertain = \"ask\""));
    let show = show.to_string_lossy().into_owned();
    let begun = verb(&["episode", "new", &sample.to_string_lossy(), "--show", &show, "--no-probe"]);
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
fn a_panic_beside_real_keys_reports_none_of_them() {
    let home = Home::new();
    home.file("config/config.toml", "name = \"Ada\"\nlog = \"trace\"\n");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let with_keys = |args: &[&str]| with_keys(home.command(args), "http://127.0.0.1:9");
    let new = ["episode", "new", &sample.to_string_lossy(), "--show", "open-questions-short", "--no-probe"];
    assert_eq!(ran(with_keys(&new).output().expect("the binary runs")).code, 0);
    let mut said = String::new();
    for verb in [&["episode", "run", "1"][..], &["doctor"]] {
        // No thread can have a stack of that size: the runtime panics as it starts, with everything in the report that can be.
        let mut command = with_keys(verb);
        command
            .env("RUST_MIN_STACK", (1_u64 << 50).to_string())
            .env("RUST_BACKTRACE", "full")
            .env("COLORBT_SHOW_HIDDEN", "1");
        let out = command.output().expect("the binary runs");
        let report = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(report.contains("panicked") && report.contains("What the ledger holds is safe"), "{verb:?}: {report}");
        said.push_str(&report);
        said.push_str(&String::from_utf8_lossy(&out.stdout));
    }
    assert!(searched(&home, &said) > 3, "the episode is there");
}

/// One request of each kind, for a wire.
fn asked_of(vendor: Vendor) -> Request {
    let (model, text) = ("m".to_owned(), "Say hello.".to_owned());
    match vendor {
        Vendor::ElevenLabs => Request::Speech(SpeechRequest {
            model,
            voice: "v".to_owned(),
            text,
            previous: None,
            next: None,
            seed: None,
            language: None,
            settings: None,
            previous_ids: Vec::new(),
            form: SpeechForm::Timed,
        }),
        Vendor::Anthropic | Vendor::Gemini | Vendor::OpenAi | Vendor::Perplexity => Request::Text(TextRequest {
            model,
            system: "Be brief.".to_owned(),
            user: text,
            max_tokens: 64,
            schema: None,
            effort: None,
            remember: Remember::No,
            stable: 0,
        }),
    }
}

#[test]
fn the_errors_of_the_core_hold_no_key() {
    const VENDORS: [(Vendor, usize); 5] = [
        (Vendor::Anthropic, 0),
        (Vendor::Gemini, 1),
        (Vendor::ElevenLabs, 2),
        (Vendor::OpenAi, 3),
        (Vendor::Perplexity, 4),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let transport = Transport::new(&transport::Options::default()).expect("a transport");
    let models = Models::built_in().expect("the table that ships has no fault");
    let limits = Limits { total: Duration::from_secs(5), ..Limits::default() };
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let dead = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    let known = Mask::new(KEYS.map(|(_, key)| key));
    let mut texts = String::new();
    let mut told = 0;
    for (vendor, nth) in VENDORS {
        let key = KEYS[nth].1;
        let prepared = prepare(&models, vendor, &asked_of(vendor)).expect("a request");
        // A refusal, an answer that is cut, one that is no answer of most of the wires, a wrong key; and where nothing listens.
        let parrot = parrot();
        for base in [&parrot.base, &parrot.base, &parrot.base, &parrot.base, &dead] {
            let endpoint = Endpoint::new(vendor, base, key.to_owned().into()).expect("an endpoint").guarded(&known);
            texts.push_str(&format!("{endpoint:?} {endpoint:#?}"));
            let sent = runtime.block_on(transport.send(&endpoint, &prepared, "001-brief-0-1", 0, limits, &mut ()));
            if let Ok(raw) = &sent {
                texts.push_str(&format!("{raw:?} {:?} {}", raw.headers, String::from_utf8_lossy(&raw.body)));
            }
            match sent.and_then(|raw| raw.decode()) {
                Ok(answer) => texts.push_str(&format!("{answer:?}")),
                Err(error) => {
                    told += 1;
                    texts.push_str(&format!("{error} {error:?} {error:#?}"));
                    let mut source = error.source();
                    while let Some(deeper) = source {
                        texts.push_str(&format!("{deeper} {deeper:?}"));
                        source = deeper.source();
                    }
                }
            }
            let probed = runtime.block_on(probe::probe(&transport, &endpoint, limits));
            texts.push_str(
                &probed.map_or_else(|trouble| format!("{trouble} {trouble:?}"), |found| format!("{found:?}")),
            );
        }
        for unfit in [format!("{key}\n"), format!("{key} x")] {
            let error = Endpoint::new(vendor, &dead, unfit.into()).expect_err("no key has such characters");
            texts.push_str(&format!("{error} {error:?}"));
        }
        for base in [format!("http://ada:{}@127.0.0.1:9", in_address(key)), format!("https://x/?k={}", in_address(key))]
        {
            let error = Endpoint::new(vendor, &base, key.to_owned().into()).expect_err("no bare address");
            texts.push_str(&format!("{error} {error:?}"));
        }
    }
    assert!(told >= 20, "{told} of 25 exchanges failed");
    let all = found("the texts of errors", texts.as_bytes());
    assert!(all.is_empty(), "{all:#?}");
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
    let escaped: String = key.chars().map(|c| format!("\\\\u{:04X}", u32::from(c))).collect();
    let (start, end) = key.split_at(7);
    let pieces = format!(r#"{{\"text\":\"{start}\"}}, {{\"text\":\"{}\"}}"#, end.split('"').next().expect("a piece"));
    let base64 = STANDARD.encode(format!("Bearer {key}"));
    for text in [key.to_owned(), in_address(key), STANDARD.encode(key), base64, escaped, pieces] {
        assert!(!found("a text", format!("before {text} after").as_bytes()).is_empty(), "{text}");
    }
}
