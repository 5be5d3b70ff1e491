//! What a question comes out as: by the answer alone in a table, and over the wire for all that happens on the way.

use std::sync::{Arc, Mutex};

use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::provider::call::Form;
use crate::provider::transport::Options;
use crate::provider::transport::proxy::Proxy;

const KEY: &str = "local-key-7";

fn raw(vendor: Vendor, status: u16, kind: &str, body: &str) -> RawResponse {
    let headers = Headers::keep([("content-type", kind.as_bytes())]);
    RawResponse { vendor, form: Form::Usual, status, headers, body: body.as_bytes().to_vec() }
}

#[test]
fn each_refusal_is_told_by_its_own_words_and_not_by_its_status_alone() {
    use Vendor::{Anthropic, ElevenLabs, Gemini, OpenAi, Perplexity};
    const JSON: &str = "application/json";
    let invalid = r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#;
    let region = r#"{"error":{"code":400,"message":"User location is not supported","status":"FAILED_PRECONDITION"}}"#;
    let status = |word: &str| format!(r#"{{"detail":{{"status":"{word}","message":"so it is"}}}}"#);
    let cases = [
        (
            Anthropic,
            401,
            JSON,
            r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#.to_owned(),
            Kind::WrongKey,
        ),
        (
            Anthropic,
            403,
            JSON,
            r#"{"type":"error","error":{"type":"permission_error","message":"no"}}"#.to_owned(),
            Kind::Restricted,
        ),
        (
            Anthropic,
            402,
            JSON,
            r#"{"type":"error","error":{"type":"billing_error","message":"no"}}"#.to_owned(),
            Kind::NoCredit,
        ),
        (
            Anthropic,
            529,
            JSON,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#.to_owned(),
            Kind::Busy,
        ),
        (Anthropic, 404, JSON, r#"{"detail":"Not Found"}"#.to_owned(), Kind::Stranger),
        (Anthropic, 200, JSON, "hello".to_owned(), Kind::Stranger),
        (Anthropic, 200, "text/html; charset=utf-8", "{}".to_owned(), Kind::InTheWay),
        (Anthropic, 503, "text/plain", "  <html>gateway</html>".to_owned(), Kind::InTheWay),
        (Anthropic, 302, "text/plain", String::new(), Kind::InTheWay),
        (Anthropic, 407, "text/html", "<h1>who are you?</h1>".to_owned(), Kind::Proxy),
        (Gemini, 400, JSON, invalid.to_owned(), Kind::WrongKey),
        (Gemini, 400, JSON, region.to_owned(), Kind::Stranger),
        (
            Gemini,
            403,
            JSON,
            r#"{"error":{"code":403,"message":"leaked","status":"PERMISSION_DENIED"}}"#.to_owned(),
            Kind::Restricted,
        ),
        (Perplexity, 401, "text/html", "<html>401 Authorization Required</html>".to_owned(), Kind::WrongKey),
        (Perplexity, 403, "text/html", "<html>portal</html>".to_owned(), Kind::InTheWay),
        (ElevenLabs, 401, JSON, status("invalid_api_key"), Kind::WrongKey),
        (ElevenLabs, 401, JSON, status("quota_exceeded"), Kind::NoCredit),
        (ElevenLabs, 401, JSON, status("missing_permissions"), Kind::Restricted),
        (ElevenLabs, 401, JSON, status("detected_unusual_activity"), Kind::Restricted),
        (ElevenLabs, 429, JSON, status("system_busy"), Kind::Busy),
        (
            OpenAi,
            401,
            JSON,
            r#"{"error":{"message":"Invalid API Key","type":"authentication_error","code":401}}"#.to_owned(),
            Kind::WrongKey,
        ),
        (
            OpenAi,
            503,
            JSON,
            r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#.to_owned(),
            Kind::Busy,
        ),
    ];
    for (vendor, status, kind, body, expected) in cases {
        let found = judged(&raw(vendor, status, kind, &body)).map_err(|(kind, _)| kind);
        assert_eq!(found.err(), Some(expected), "{vendor} {status} {body}");
    }
}

#[test]
fn lists_are_read_as_each_provider_writes_them_and_what_is_no_list_is_none() {
    let page = |vendor, body: &str| read::page(vendor, &serde_json::from_str(body).unwrap());
    let anthropic = page(
        Vendor::Anthropic,
        r#"{"data":[{"id":"claude-a","lifecycle":"active"},{"id":"claude-b","lifecycle":"deprecated","retires_at":"2026-12-01T00:00:00Z"},{"id":"claude-c","lifecycle":"retired"},{"name":"no id"}],"has_more":true,"last_id":"claude-c"}"#,
    )
    .unwrap();
    let lives: Vec<_> = anthropic.models.iter().map(|model| (model.id.as_str(), model.life)).collect();
    assert_eq!(lives, [("claude-a", Life::Active), ("claude-b", Life::Deprecated), ("claude-c", Life::Retired)]);
    assert_eq!(anthropic.models[1].retires.as_deref(), Some("2026-12-01T00:00:00Z"));
    assert_eq!(anthropic.next.as_deref(), Some("claude-c"));
    let gemini = page(Vendor::Gemini, r#"{"models":[{"name":"models/gemini-x"}],"nextPageToken":"a/../b?c"}"#).unwrap();
    assert_eq!((gemini.models[0].id.as_str(), gemini.next), ("gemini-x", None), "no address is made of what is none");
    let eleven = page(Vendor::ElevenLabs, r#"[{"model_id":"eleven_v3"},{"model_id":"\u001b[31m"}]"#).unwrap();
    assert_eq!(eleven.models.len(), 1);
    assert_eq!(
        page(Vendor::OpenAi, r#"{"object":"list","data":[{"id":"qwen3:8b"}]}"#).unwrap().models[0].id,
        "qwen3:8b"
    );
    for (vendor, body) in [(Vendor::Anthropic, "{}"), (Vendor::Gemini, "[]"), (Vendor::ElevenLabs, r#"{"models":[]}"#)]
    {
        assert!(page(vendor, body).is_none(), "{vendor}");
    }
}

/// A server that answers by the start of the path, and notes what it was asked.
struct Server {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

async fn serve(answers: &'static [(&'static str, &'static str)]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    tokio::runtime::Handle::current().spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            let mut buffer = [0; 2_048];
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut buffer).await {
                    Ok(read) if read > 0 => head.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let path = target.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
            let path = path.unwrap_or(target);
            noted.lock().unwrap().push(head);
            let found = answers.iter().find(|(start, _)| path.starts_with(start)).map(|(_, answer)| *answer);
            let answer =
                found.unwrap_or("404 Not Found\r\ncontent-type: application/json\r\n\r\n{\"detail\":\"Not Found\"}");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
            let text = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            // Who asked may have gone.
            drop(stream.write_all(text.as_bytes()).await);
        }
    });
    Server { base, asked }
}

fn endpoint(vendor: Vendor, base: &str) -> Endpoint {
    Endpoint::new(vendor, base, SecretString::from(KEY)).unwrap()
}

async fn asked(options: &Options, vendor: Vendor, base: &str) -> Result<Found, Trouble> {
    let limits = Limits { total: Duration::from_millis(400), ..LIMITS };
    let found = probe(&Transport::new(options).unwrap(), &endpoint(vendor, base), limits).await;
    if let Err(trouble) = &found {
        assert!(!format!("{trouble} {trouble:?}").contains(KEY), "the key is in {trouble}");
    }
    found
}

fn through(proxy: &str) -> Options {
    Options { proxy: Some(Proxy::new(proxy, []).unwrap()), ..Options::default() }
}

#[tokio::test]
async fn a_provider_is_asked_page_by_page_with_its_key_and_told_with_all_it_has() {
    let server = serve(&[
        (
            "/v1/models?limit=1000&after_id=b",
            "200 OK\r\nx-greenroom-rehearsal: 1\r\n\r\n{\"data\":[{\"id\":\"c\"}],\"has_more\":false}",
        ),
        ("/v1/models", "200 OK\r\n\r\n{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"has_more\":true,\"last_id\":\"b\"}"),
    ])
    .await;
    let found = asked(&Options::default(), Vendor::Anthropic, &server.base).await.unwrap();
    let ids: Vec<_> = found.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!((ids, found.rehearsed, found.unlisted), (vec!["a", "b", "c"], true, None));
    let heads = server.asked.lock().unwrap().join("");
    assert!(heads.contains("x-api-key: local-key-7") && heads.contains("anthropic-version: "), "{heads}");

    let eleven = serve(&[
        ("/v1/models", "200 OK\r\ncurrent-concurrent-requests: 2\r\nmaximum-concurrent-requests: 5\r\n\r\n[{\"model_id\":\"eleven_v3\"}]"),
        ("/v1/voices", "200 OK\r\n\r\n{\"voices\":[{\"voice_id\":\"v1\",\"name\":\"Mara\"}]}"),
        ("/v1/user/subscription", "200 OK\r\n\r\n{\"character_count\":10,\"character_limit\":100}"),
    ])
    .await;
    let found = asked(&Options::default(), Vendor::ElevenLabs, &eleven.base).await.unwrap();
    assert_eq!((found.has_voice("v1"), found.has_voice("v2")), (Some(true), Some(false)));
    assert_eq!((found.quota, found.concurrency), (Some((10, 100)), Some((2, 5))));
}

#[tokio::test]
async fn a_key_for_speech_alone_and_a_server_without_a_list_can_be_used() {
    let narrow = serve(&[(
        "/v1/models",
        "401 Unauthorized\r\ncontent-type: application/json\r\n\r\n{\"detail\":{\"status\":\"missing_permissions\",\"message\":\"no models_read\"}}",
    )])
    .await;
    let found = asked(&Options::default(), Vendor::ElevenLabs, &narrow.base).await.unwrap();
    assert!(found.unlisted.is_some_and(|why| why.contains("no models_read")) && found.voices.is_none());
    let small = serve(&[("/health", "200 OK\r\n\r\n{\"status\":\"ok\"}")]).await;
    let found = asked(&Options::default(), Vendor::OpenAi, &small.base).await.unwrap();
    assert_eq!((found.models.len(), found.unlisted.as_deref()), (0, Some("it lists none")));
    let other = serve(&[("/health", "200 OK\r\ncontent-type: text/html\r\n\r\n<p>fine</p>")]).await;
    let trouble = asked(&Options::default(), Vendor::OpenAi, &other.base).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Stranger);
}

#[tokio::test]
async fn what_happens_on_the_way_has_each_its_own_kind() {
    // Held and not listened at, so that no other test is given the same port meanwhile.
    let gone = TcpSocket::new_v4().unwrap();
    gone.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nowhere = format!("http://{}", gone.local_addr().unwrap());
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", mute.local_addr().unwrap());
    let plain = serve(&[]).await;
    let rude = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let encrypted = format!("https://{}", rude.local_addr().unwrap());
    tokio::runtime::Handle::current().spawn(async move {
        while let Ok((mut stream, _)) = rude.accept().await {
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        }
    });
    let list = serve(&[("/v1/models", "200 OK\r\n\r\n{\"data\":[]}")]).await;
    let strict = serve(&[("/", "407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n")]).await;
    let portal = serve(&[("/", "200 OK\r\ncontent-type: text/html\r\n\r\n<html>Welcome</html>")]).await;
    let direct = Options::default();
    let far = "https://api.example.org";
    let cases = [
        (asked(&direct, Vendor::OpenAi, &nowhere).await, Kind::Refused),
        (asked(&direct, Vendor::Anthropic, "https://nowhere.invalid").await, Kind::Name),
        (asked(&direct, Vendor::Anthropic, &silent).await, Kind::Late),
        (asked(&direct, Vendor::Anthropic, &encrypted).await, Kind::Encryption),
        (asked(&direct, Vendor::Anthropic, &portal.base).await, Kind::InTheWay),
        (asked(&through(&nowhere), Vendor::Anthropic, far).await, Kind::Proxy),
        (asked(&through(&nowhere), Vendor::Anthropic, &list.base).await, Kind::Proxy),
        (asked(&through("http://nowhere.invalid:1"), Vendor::Anthropic, far).await, Kind::Proxy),
        // A tunnel is asked for at a host and not at a path, so this proxy knows none.
        (asked(&through(&plain.base), Vendor::Anthropic, far).await, Kind::Proxy),
        (asked(&through(&strict.base), Vendor::Anthropic, &list.base).await, Kind::Proxy),
        (asked(&through(&portal.base), Vendor::Anthropic, &list.base).await, Kind::InTheWay),
    ];
    let mut told = Vec::new();
    for (n, (found, expected)) in cases.into_iter().enumerate() {
        let trouble = found.unwrap_err();
        assert_eq!(trouble.kind, expected, "{n}: {trouble}");
        told.push(trouble.to_string());
    }
    assert!(list.asked.lock().unwrap().is_empty(), "no proxy passed anything on");
    assert!(told[5].contains(&format!("the proxy {nowhere}")), "{}", told[5]);
    assert!(told[0].contains("providers.openai.base_url"), "{}", told[0]);
}

#[tokio::test]
async fn a_proxy_that_passes_on_is_no_trouble_and_is_given_its_name_and_password() {
    let passing = serve(&[("/v1/models", "200 OK\r\n\r\n{\"data\":[{\"id\":\"claude-a\"}]}")]).await;
    let proxy = passing.base.replace("http://", "http://ada:h%20sh@");
    let found = asked(&through(&proxy), Vendor::Anthropic, "http://127.0.0.1:9").await.unwrap();
    assert!(found.model("claude-a").is_some());
    let head = passing.asked.lock().unwrap().join("").to_lowercase();
    assert!(head.starts_with("get http://127.0.0.1:9/v1/models"), "{head}");
    assert!(head.contains("proxy-authorization: basic ywrhomggc2g="), "{head}");
}
