//! `greenroom doctor` as a producer meets it: each way in which a provider can fail has a line of its own.

use std::net::TcpListener;

use super::server::Server;
use super::{Home, Ran, ran};

const KEY: &str = "sk-ant-doctor-0123456789";

const CLAUDES: &str = r#"{"data":[{"id":"claude-sonnet-5-5","lifecycle":"active"},{"id":"claude-opus-5-5","lifecycle":"deprecated","retires_at":"2027-02-01T00:00:00Z"}],"has_more":false}"#;

/// The doctor with these variables; no provider but those that are named has a key.
fn doctor(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = home.command(&[&["doctor"], args].concat());
    // A server of OpenAI's wire at another address than the default wants a key, and has none.
    command.env("GREENROOM_OPENAI_BASE_URL", "http://127.0.0.1:9");
    for (name, value) in variables {
        command.env(name, value);
    }
    let ran = ran(command.output().expect("the binary runs"));
    assert!(!ran.out.contains("doctor-0123456789") && !ran.err.contains("doctor-0123456789"), "{}{}", ran.out, ran.err);
    ran
}

/// The lines about something, with their marks.
fn lines(ran: &Ran, what: &str) -> String {
    let found: Vec<_> =
        ran.out.lines().filter(|line| line.get(6..).is_some_and(|rest| rest.starts_with(what))).collect();
    assert!(!found.is_empty(), "{what}: {}", ran.out);
    found.join("\n")
}

fn anthropic(home: &Home, base: &str, more: &[(&str, &str)]) -> Ran {
    let own = [("ANTHROPIC_API_KEY", KEY), ("GREENROOM_ANTHROPIC_BASE_URL", base)];
    doctor(home, &[], &[&own, more].concat())
}

/// Where nothing listens.
fn dead() -> String {
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", gone.local_addr().expect("an address"))
}

#[test]
fn a_good_key_is_told_with_what_it_opens_and_models_that_are_gone_are_named() {
    let home = Home::new();
    let server = Server::of(&[("/v1/models", CLAUDES)]);
    let ran = anthropic(&home, &server.base, &[]);
    let key = lines(&ran, "key of anthropic");
    assert!(key.starts_with("ok  ") && key.contains("it holds") && key.contains("lists 2 models"), "{key}");
    let writer = lines(&ran, "route of writer");
    assert!(writer.contains("mind") && writer.contains("retires `claude-opus-5-5` on 2027-02-01"), "{writer}");
    let small = lines(&ran, "route of small");
    assert!(small.contains("FAIL") && small.contains("does not list `claude-haiku-5-5`"), "{small}");
    assert_eq!(ran.code, 1, "a model that a role needs is gone");
}

#[test]
fn a_wrong_key_no_key_and_a_dead_host_each_have_their_own_line() {
    let home = Home::new();
    let refuses = Server::of(&[(
        "/v1/models",
        r#"401 Unauthorized|{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
    )]);
    let wrong = anthropic(&home, &refuses.base, &[]);
    let line = lines(&wrong, "key of anthropic");
    assert!(
        line.starts_with("FAIL") && line.contains("refuses the key") && line.contains("ANTHROPIC_API_KEY"),
        "{line}"
    );
    assert_eq!(wrong.code, 1);
    let none = lines(&wrong, "key of gemini");
    assert!(none.starts_with("mind") && none.contains("there is no key for gemini"), "{none}");
    let dead = dead();
    let unreached = anthropic(&home, &dead, &[]);
    let line = lines(&unreached, "key of anthropic");
    assert!(line.starts_with("mind") && line.contains(&format!("nothing answers at {dead}")), "{line}");
    assert!(line.contains("providers.anthropic.base_url"), "{line}");
    let unknown = lines(&anthropic(&home, "https://nowhere.invalid", &[]), "key of anthropic");
    assert!(unknown.contains("the host of https://nowhere.invalid is not found"), "{unknown}");
    let rehearsed = Server::start(|_| format!("200 OK\r\nx-greenroom-rehearsal: 1\r\n\r\n{CLAUDES}"));
    let line = lines(&anthropic(&home, &rehearsed.base, &[]), "key of anthropic");
    assert!(line.starts_with("FAIL") && line.contains("answers as a rehearsal"), "{line}");
}

#[test]
fn a_proxy_is_used_where_it_is_set_and_each_of_its_faults_is_told() {
    let home = Home::new();
    let set = |proxy: &str| {
        home.file("config/config.toml", format!("[network]\nproxy = \"{proxy}\"\ndirect = \"none\"\n"));
    };
    let passing = Server::of(&[("/v1/models", CLAUDES)]);
    set(&passing.base.replace("http://", "http://ada:hush-hush@"));
    let good = anthropic(&home, "http://127.0.0.1:9", &[]);
    assert!(lines(&good, "key of anthropic").contains("it holds"), "{}", good.out);
    assert!(lines(&good, "network").contains("through the proxy http://***@127.0.0.1:"), "{}", good.out);
    assert!(!good.out.contains("hush-hush"), "{}", good.out);
    assert!(passing.asked().iter().any(|asked| asked.starts_with("GET http://127.0.0.1:9/v1/models")), "as a proxy");
    let dead = dead();
    set(&dead);
    let line = lines(&anthropic(&home, "https://api.anthropic.com", &[]), "key of anthropic");
    assert!(line.starts_with("mind") && line.contains(&format!("the proxy {dead} does not let")), "{line}");
    let strict =
        Server::start(|_| "407 Proxy Authentication Required\r\ncontent-type: text/html\r\n\r\n<p>who?</p>".to_owned());
    set(&strict.base);
    let line = lines(&anthropic(&home, "https://api.anthropic.com", &[]), "key of anthropic");
    assert!(line.contains("the proxy") && line.contains("name and password"), "{line}");
    let portal = Server::start(|_| "200 OK\r\ncontent-type: text/html\r\n\r\n<html>Welcome</html>".to_owned());
    set(&portal.base);
    let line = lines(&anthropic(&home, "http://127.0.0.1:9", &[]), "key of anthropic");
    assert!(line.contains("something else answers in the place of Anthropic"), "{line}");
}

#[test]
fn a_proxy_of_the_environment_is_never_taken_silently() {
    let home = Home::new();
    let server = Server::of(&[("/v1/models", CLAUDES)]);
    let named = [("HTTPS_PROXY", "http://ada:hush-hush@127.0.0.1:1")];
    let ignored = anthropic(&home, &server.base, &named);
    let line = lines(&ignored, "network");
    assert!(line.starts_with("mind") && line.contains("HTTPS_PROXY is set and not followed"), "{line}");
    assert!(lines(&ignored, "key of anthropic").contains("it holds"), "{}", ignored.out);
    home.file("config/config.toml", "[network]\nproxy = \"environment\"\n");
    let followed = anthropic(&home, "https://api.anthropic.com", &named);
    assert!(lines(&followed, "network").contains("http://***@127.0.0.1:1 (HTTPS_PROXY)"), "{}", followed.out);
    assert!(lines(&followed, "key of anthropic").contains("the proxy http://***@127.0.0.1:1"), "{}", followed.out);
    assert!(!followed.out.contains("hush-hush"), "{}", followed.out);
}

#[test]
fn offline_nobody_is_asked_and_the_voices_of_a_show_are_held_to_the_account() {
    let home = Home::new();
    let show = include_str!("../../assets/shows/open-questions-short.toml");
    home.file("config/shows/mine.toml", show);
    let eleven = Server::of(&[
        ("/v1/models", r#"[{"model_id":"eleven_flash_v2_5"}]"#),
        ("/v1/voices", r#"{"voices":[{"voice_id":"EXAVITQu4vr4xnSDxMaL","name":"Mara"}]}"#),
        ("/v1/user/subscription", r#"{"character_count":100,"character_limit":100}"#),
    ]);
    let own = [("ELEVENLABS_API_KEY", KEY), ("GREENROOM_ELEVENLABS_BASE_URL", eleven.base.as_str())];
    let offline = doctor(&home, &["--offline"], &own);
    assert!(lines(&offline, "key of elevenlabs").contains("whether it holds was not asked"), "{}", offline.out);
    assert!(eleven.asked().is_empty() && !offline.out.contains("voices of"), "{}", offline.out);
    let asked = doctor(&home, &[], &own);
    let key = lines(&asked, "key of elevenlabs");
    assert!(key.starts_with("mind") && key.contains("1 voices") && key.contains("all 100 characters"), "{key}");
    let voices = lines(&asked, "voices of open-questions-short");
    assert!(voices.starts_with("FAIL") && voices.contains("GUEST") && !voices.contains("of HOST"), "{voices}");
    assert!(lines(&asked, "route of voice").starts_with("ok  "), "{}", asked.out);
}

#[test]
fn a_server_that_cuts_prompts_without_a_word_is_named_until_its_room_is_said() {
    let home = Home::new();
    let said = |wire: &str, route: &str| {
        let written = "[routes.small]\nprovider = \"openai\"\nmodel = \"qwen3:8b\"\n";
        let voiced = "[routes.voice]\nprovider = \"openai\"\nmodel = \"kokoro\"\n";
        let route = if route == "small" { written } else { voiced };
        // The default of the arbiter is a server of one's own too.
        let arbiter = "[routes.arbiter]\nprovider = \"perplexity\"\nmodel = \"perplexity/sonar\"\n";
        home.file("config/config.toml", format!("[providers.openai]\n{wire}\n{route}{arbiter}"));
        doctor(&home, &["--offline"], &[]).out
    };
    let ran = said("server = \"ollama\"", "small");
    let line = ran.lines().find(|line| line.contains("context of openai")).unwrap_or_else(|| panic!("{ran}"));
    assert!(
        line.starts_with("mind") && line.contains("cuts a prompt") && line.contains("what small is sent"),
        "{line}"
    );
    assert!(line.contains("OLLAMA_CONTEXT_LENGTH") && line.contains("`providers.openai.context_tokens`"), "{line}");
    for (wire, route) in [
        ("server = \"ollama\"\ncontext_tokens = 32768", "small"),
        ("server = \"llamacpp\"", "small"),
        ("server = \"ollama\"", "voice"),
    ] {
        let ran = said(wire, route);
        assert!(!ran.contains("context of openai"), "{wire} {route}: {ran}");
    }
}
