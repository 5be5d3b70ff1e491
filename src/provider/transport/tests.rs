use std::future::pending;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::call::{Content, Request, TextRequest, prepare};
use super::super::endpoint::Manner;
use super::*;

const KEY: &str = "sk-test-0123456789";

/// What the server does after it has read the request.
enum Act {
    Send(Vec<u8>),
    Wait(u64),
}

fn send(text: &str) -> Act {
    Act::Send(text.as_bytes().to_vec())
}

/// An answer with its length; `claimed` is how long it says that its body is.
fn answer(status: &str, headers: &str, body: &str, claimed: usize) -> Act {
    send(&format!("HTTP/1.1 {status}\r\ncontent-length: {claimed}\r\n{headers}\r\n{body}"))
}

fn whole(status: &str, headers: &str, body: &str) -> Act {
    answer(status, headers, body, body.len())
}

#[derive(Default)]
struct Recorder {
    heads: Vec<(u16, Headers)>,
    body: Vec<u8>,
    chunks: usize,
}

impl BodySink for Recorder {
    fn head(&mut self, status: u16, headers: &Headers) {
        assert!(self.body.is_empty(), "the head comes first");
        self.heads.push((status, headers.clone()));
    }

    fn chunk(&mut self, bytes: &[u8]) {
        assert_eq!(self.heads.len(), 1, "the head comes once");
        self.body.extend_from_slice(bytes);
        self.chunks += 1;
    }
}

fn prepared(vendor: Vendor) -> Prepared {
    let request = TextRequest {
        model: "some-model".to_owned(),
        system: String::new(),
        user: "Grüße".to_owned(),
        max_tokens: 10,
        schema: None,
        effort: None,
        remember: super::super::call::Remember::No,
        stable: 0,
    };
    prepare(&crate::config::models::Models::built_in().unwrap(), vendor, &Request::Text(request)).unwrap()
}

fn limits() -> Limits {
    let long = Duration::from_secs(20);
    Limits { connect: long, first_byte: long, idle: long, total: long }
}

fn endpoint(vendor: Vendor, scheme: &str, listener: &TcpListener) -> Endpoint {
    let base = format!("{scheme}://{}", listener.local_addr().unwrap());
    Endpoint::new(vendor, &base, SecretString::from(KEY)).unwrap()
}

/// Reads one whole request as text.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
            if body.len() >= length.parse().unwrap() {
                return text;
            }
        }
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the request ended early: {text}");
        seen.extend_from_slice(&buffer[..read]);
    }
}

/// A step of the engine may run on any thread.
fn can_move_between_threads<T: Send>(_: &T) {}

struct Exchange {
    result: Result<RawResponse, CallError>,
    request: String,
    recorder: Recorder,
}

/// One call to a server that plays the script, and then closes. A second connection fails the test.
async fn exchange(vendor: Vendor, script: Vec<Act>, limits: Limits, options: &Options) -> Exchange {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    exchange_with(endpoint(vendor, "http", &listener), listener, script, limits, options).await
}

/// The same with an endpoint of one's own.
async fn exchange_with(
    endpoint: Endpoint,
    listener: TcpListener,
    script: Vec<Act>,
    limits: Limits,
    options: &Options,
) -> Exchange {
    let vendor = endpoint.vendor();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        for act in script {
            match act {
                // The client may have gone by then, and that is no fault of the server.
                Act::Send(bytes) => drop(stream.write_all(&bytes).await),
                Act::Wait(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            }
        }
        drop(stream);
        let again = tokio::time::timeout(Duration::from_millis(60), listener.accept()).await;
        assert!(again.is_err(), "the request was sent twice");
        request
    };
    let mut recorder = Recorder::default();
    let transport = Transport::new(options).unwrap();
    let prepared = prepared(vendor);
    let call = transport.send(&endpoint, &prepared, "007-voice-12-1", 2, limits, &mut recorder);
    can_move_between_threads(&call);
    let (request, result) = tokio::join!(server, call);
    if let Err(error) = &result {
        assert!(!format!("{error} {error:?}").contains(KEY), "the key is in {error}");
    }
    Exchange { result, request, recorder }
}

async fn plain(script: Vec<Act>) -> Exchange {
    exchange(Vendor::Anthropic, script, limits(), &Options::default()).await
}

const STREAM: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3}}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Grüße\"}}\n\n",
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n",
    "data: {\"type\":\"message_stop\"}\n\n",
);

#[tokio::test]
async fn an_answer_comes_back_whole_and_was_seen_on_its_way() {
    let head = "HTTP/1.1 200 OK\r\nrequest-id: req_1\r\nset-cookie: a=b\r\nx-greenroom-rehearsal: 1\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut script = vec![send(head)];
    // Pieces that cut characters in two.
    for piece in STREAM.as_bytes().chunks(37) {
        script.push(Act::Send([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()));
        script.push(Act::Wait(1));
    }
    script.push(send("0\r\n\r\n"));
    let Exchange { result, request, recorder } = plain(script).await;
    let raw = result.unwrap();
    assert_eq!((raw.status, raw.body.as_slice()), (200, STREAM.as_bytes()));
    assert_eq!(raw.headers.get("set-cookie"), None);
    assert_eq!(recorder.heads, [(200, raw.headers.clone())]);
    assert_eq!(recorder.body, raw.body);
    assert!(recorder.chunks > 1, "it is seen in pieces");

    let answer = raw.decode().unwrap();
    assert_eq!(answer.content, Content::Text("Grüße".to_owned()));
    assert!(answer.rehearsal);
    let replayed = decode(Vendor::Anthropic, Form::Usual, recorder.heads[0].0, &recorder.heads[0].1, &recorder.body);
    assert_eq!(replayed.unwrap(), answer, "what was recorded gives the same answer again");

    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.as_bytes(), prepared(Vendor::Anthropic).body);
    assert!(head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{head}");
    let length = format!("content-length: {}", body.len());
    for line in [
        "idempotency-key: 007-voice-12-1",
        "x-retry-count: 2",
        "x-api-key: sk-test-0123456789",
        "anthropic-version: 2023-06-01",
        "content-type: application/json",
        "accept: text/event-stream",
        length.as_str(),
    ] {
        assert_eq!(head.lines().filter(|sent| *sent == line).count(), 1, "{line} in {head}");
    }
    assert!(!head.contains("transfer-encoding"), "{head}");
}

#[tokio::test]
async fn an_endpoint_is_spoken_to_in_its_own_manner() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let manner = Manner {
        version: Some("2026-10-21".to_owned()),
        is_bearer: true,
        headers: vec![("x-team".to_owned(), "sound and vision".to_owned())],
    };
    let own = endpoint(Vendor::Anthropic, "http", &listener).with_manner(manner).unwrap();
    let script = vec![whole("200 OK", "", "{}")];
    let told = exchange_with(own, listener, script, limits(), &Options::default()).await;
    for line in
        ["anthropic-version: 2026-10-21", "authorization: Bearer sk-test-0123456789", "x-team: sound and vision"]
    {
        assert_eq!(told.request.lines().filter(|sent| *sent == line).count(), 1, "{line} in {}", told.request);
    }
    assert!(!told.request.contains("x-api-key"), "{}", told.request);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for (name, value) in [("two words", "x"), ("x-team", "line\nline")] {
        let manner = Manner { headers: vec![(name.to_owned(), value.to_owned())], ..Manner::default() };
        assert!(endpoint(Vendor::Gemini, "http", &listener).with_manner(manner).is_err(), "{name}: {value}");
    }
}

#[tokio::test]
async fn the_key_goes_where_each_vendor_looks_for_it_and_nowhere_else() {
    let gemini = exchange(Vendor::Gemini, vec![whole("200 OK", "", "{}")], limits(), &Options::default()).await;
    assert!(gemini.request.contains("x-goog-api-key: sk-test-0123456789\r\n"), "{}", gemini.request);
    assert!(gemini.request.starts_with("POST /v1beta/models/some-model:streamGenerateContent?alt=sse HTTP/1.1\r\n"));
    assert_eq!(gemini.request.matches(KEY).count(), 1);
    assert!(!gemini.request.contains("anthropic-version"));
    let open = exchange(Vendor::OpenAi, vec![whole("200 OK", "", "{}")], limits(), &Options::default()).await;
    assert!(open.request.contains("authorization: Bearer sk-test-0123456789\r\n"), "{}", open.request);
    assert!(open.request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
    assert_eq!(open.request.matches(KEY).count(), 1);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = endpoint(Vendor::ElevenLabs, "http", &listener);
    let transport = Transport::new(&Options::default()).unwrap();
    let error = transport.send(&other, &prepared(Vendor::Gemini), "k", 0, limits(), &mut ()).await.unwrap_err();
    assert_eq!(
        (error.class, error.charge),
        (RetryClass::Stop, ChargeKnown::NotCharged),
        "one vendor's key for another"
    );
    for key in ["", "two words", "line\r\nx-evil: 1"] {
        let own = endpoint(Vendor::Gemini, "http", &listener);
        let error = transport.send(&own, &prepared(Vendor::Gemini), key, 0, limits(), &mut ()).await.unwrap_err();
        assert_eq!(error.charge, ChargeKnown::NotCharged, "{key:?}");
    }
}

#[tokio::test]
async fn a_server_that_takes_no_key_is_sent_none() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let local = Endpoint::without_key(Vendor::OpenAi, &base).unwrap();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        request
    };
    let transport = Transport::new(&Options::default()).unwrap();
    let prepared = prepared(Vendor::OpenAi);
    let sent = async { transport.send(&local, &prepared, "k", 0, limits(), &mut ()).await };
    let (request, sent) = tokio::join!(server, sent);
    assert_eq!(sent.unwrap().status, 200);
    assert!(!request.to_ascii_lowercase().contains("authorization"), "{request}");
}

#[tokio::test]
async fn a_refusal_comes_back_as_an_answer_to_be_judged() {
    use ChargeKnown::{NotCharged, Uncertain};
    let error = |kind: &str| format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"m"}}}}"#);
    let table = [
        ("429 Too Many", "retry-after: 7\r\n", error("rate_limit_error"), RetryClass::RetryAfter, NotCharged, Some(7)),
        ("529 Overloaded", "", error("overloaded_error"), RetryClass::RetryAfter, NotCharged, None),
        ("500 Oops", "", error("api_error"), RetryClass::RetryAfter, NotCharged, None),
        ("502 Bad", "", "<html>".to_owned(), RetryClass::RetryAfter, Uncertain, None),
        ("200 OK", "", "no stream".to_owned(), RetryClass::RetryAfter, Uncertain, None),
        ("303 Go", "location: /elsewhere\r\n", String::new(), RetryClass::Stop, NotCharged, None),
        ("307 Go", "location: /elsewhere\r\n", String::new(), RetryClass::Stop, NotCharged, None),
    ];
    for (status, headers, body, class, charge, wait) in table {
        let Exchange { result, recorder, .. } = plain(vec![whole(status, headers, &body)]).await;
        let raw = result.unwrap();
        assert_eq!(recorder.body, body.as_bytes(), "{status}");
        let error = raw.decode().unwrap_err();
        assert_eq!((error.class, error.charge), (class, charge), "{status}");
        assert_eq!(error.retry_after, wait.map(Duration::from_secs), "{status}");
    }
    let malformed = exchange(Vendor::Gemini, vec![whole("200 OK", "", "{]")], limits(), &Options::default()).await;
    assert_eq!(malformed.result.unwrap().decode().unwrap_err().charge, ChargeKnown::Charged);
}

#[tokio::test]
async fn an_answer_that_is_cut_is_uncertain_and_its_beginning_was_seen() {
    let cut = plain(vec![answer("200 OK", "request-id: req_c\r\n", "data: {}", 500), Act::Wait(20)]).await;
    let error = cut.result.unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::RetryAfter, ChargeKnown::Uncertain));
    assert_eq!((error.status, error.request_id.as_deref()), (Some(200), Some("req_c")));
    assert_eq!(cut.recorder.body, b"data: {}");

    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\ndata: {}\r\n";
    assert_eq!(plain(vec![send(chunked)]).await.result.unwrap_err().charge, ChargeKnown::Uncertain);

    let silent = plain(vec![]).await.result.unwrap_err();
    assert_eq!((silent.charge, silent.status), (ChargeKnown::Uncertain, None), "it was read, and then nothing");
    let garbage = plain(vec![send("no http at all\r\n\r\n")]).await.result.unwrap_err();
    assert_eq!(garbage.charge, ChargeKnown::Uncertain);
}

#[tokio::test]
async fn a_refusal_that_is_cut_or_huge_stays_a_refusal() {
    let cut = plain(vec![answer("429 Too Many", "retry-after: 3\r\n", "{\"type\":", 500)]).await.result.unwrap_err();
    assert_eq!((cut.status, cut.charge), (Some(429), ChargeKnown::NotCharged));
    assert_eq!(cut.retry_after, Some(Duration::from_secs(3)));

    let huge = plain(vec![whole("401 No", "", &"x".repeat(LARGEST_REFUSAL * 4))]).await;
    let error = huge.result.unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::AskPerson, ChargeKnown::NotCharged));
    assert!(huge.recorder.body.len() <= LARGEST_REFUSAL);
    assert!(error.message.len() < 500);
}

#[tokio::test]
async fn a_huge_answer_is_given_up() {
    let options = Options { largest_body: 1_000, ..Options::default() };
    let script = vec![whole("200 OK", "", &"x".repeat(100_000))];
    let huge = exchange(Vendor::Anthropic, script, limits(), &options).await;
    let error = huge.result.unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::Stop, ChargeKnown::Uncertain));
    assert!(huge.recorder.body.len() <= 1_000);
}

#[tokio::test]
async fn each_limit_ends_the_call_in_its_own_words() {
    let options = Options::default();
    let short = Duration::from_millis(80);
    let late = exchange(
        Vendor::Anthropic,
        vec![Act::Wait(300), whole("200 OK", "", STREAM)],
        Limits { first_byte: short, ..limits() },
        &options,
    );
    let stuck = exchange(
        Vendor::Anthropic,
        vec![answer("200 OK", "", "data: {}", 500), Act::Wait(300)],
        Limits { idle: short, ..limits() },
        &options,
    );
    let mut dripping = vec![answer("200 OK", "", "", 500)];
    dripping.extend((0..100).flat_map(|_| [send(":"), Act::Wait(10)]));
    let endless = exchange(Vendor::Anthropic, dripping, Limits { total: short * 5, ..limits() }, &options);
    let (late, stuck, endless) = tokio::join!(late, stuck, endless);
    for (ended, words) in [(late, "did not begin"), (stuck, "stood still"), (endless, "not complete")] {
        let error = ended.result.unwrap_err();
        assert_eq!((error.class, error.charge), (RetryClass::RetryAfter, ChargeKnown::Uncertain), "{words}");
        assert!(error.message.contains(words), "{error}");
    }
}

#[tokio::test]
async fn no_call_trusts_a_connection_that_another_left_behind() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = endpoint(Vendor::Gemini, "http", &listener);
    let transport = Transport::new(&Options::default()).unwrap();
    let server = async {
        let mut kept_open = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
            kept_open.push(stream);
        }
        kept_open.len()
    };
    let calls = async {
        for _ in 0..2 {
            transport.send(&endpoint, &prepared(Vendor::Gemini), "k", 0, limits(), &mut ()).await.unwrap();
        }
    };
    let both = async { tokio::join!(server, calls) };
    let (connections, ()) = tokio::time::timeout(Duration::from_secs(10), both).await.unwrap();
    assert_eq!(connections, 2);
}

#[tokio::test]
async fn what_never_left_is_not_charged() {
    // Held and not listened at, so that no other test is given the same port meanwhile.
    let gone = tokio::net::TcpSocket::new_v4().unwrap();
    gone.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = format!("http://{}", gone.local_addr().unwrap());
    let closed = Endpoint::new(Vendor::Anthropic, &address, SecretString::from(KEY)).unwrap();
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let encrypted = endpoint(Vendor::Anthropic, "https", &mute);
    let nowhere = Endpoint::new(Vendor::Anthropic, "https://nowhere.invalid", SecretString::from(KEY)).unwrap();
    let transport = Transport::new(&Options::default()).unwrap();
    let prepared = prepared(Vendor::Anthropic);
    let limits = Limits { connect: Duration::from_millis(300), ..limits() };
    for endpoint in [closed, nowhere, encrypted.clone()] {
        let mut recorder = Recorder::default();
        let error = transport.send(&endpoint, &prepared, "k", 0, limits, &mut recorder).await.unwrap_err();
        assert_eq!((error.class, error.charge), (RetryClass::RetryAfter, ChargeKnown::NotCharged), "{error}");
        assert!(error.message.contains("nothing was sent"), "{error}");
        assert!(recorder.heads.is_empty() && error.status.is_none());
    }
    // A server that answers the greeting of an encrypted connection with something else.
    let rude = async {
        drop(mute.accept().await.unwrap());
        let (mut stream, _) = mute.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        pending::<()>().await;
    };
    let mut sink = ();
    let call = transport.send(&encrypted, &prepared, "k", 0, limits, &mut sink);
    let error = tokio::select! {
        result = call => result.unwrap_err(),
        () = rude => unreachable!("it waits for ever"),
    };
    assert_eq!(error.charge, ChargeKnown::NotCharged, "{error}");
}

#[test]
fn a_wrong_proxy_is_refused_at_once() {
    assert!(Proxy::new("::no address::", []).is_err());
    let options = Options { trusted: Some(b"no certificate".to_vec()), ..Options::default() };
    assert!(Transport::new(&options).is_err());
}
