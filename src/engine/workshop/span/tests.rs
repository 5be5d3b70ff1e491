//! What the log shows of a paid call.

use std::io;
use std::sync::{Arc, Mutex};

use super::*;
use crate::domain::call::Route;
use crate::domain::ids::{ContentHash, EpisodeNumber, IntentKey};
use crate::domain::money::MicroUsd;
use crate::domain::step::Advice;
use crate::provider::call::{Content, Form, Prepared, Vendor};
use crate::provider::error::{self, ChargeKnown};
use crate::provider::headers::Headers;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the log says while something is done.
fn logged(level: &str, act: impl FnOnce()) -> String {
    let written = Written::default();
    let sink = written.clone();
    let log = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(level))
        .with_writer(move || sink.clone())
        .with_ansi(false)
        .finish();
    tracing::subscriber::with_default(log, act);
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn step() -> CallStep {
    CallStep {
        key: IntentKey { episode: EpisodeNumber(42), stage: "script".parse().unwrap(), unit: 3, attempt: 2 },
        sent: "0000000000000007-042-script-3-2-0".parse().unwrap(),
        request: ContentHash::of(b"request"),
        worst: MicroUsd(9_000),
        route: Route { provider: Provider::Anthropic, model: "claude-opus-5-5".to_owned() },
        time_limit_seconds: 60,
        at: jiff::Timestamp::UNIX_EPOCH,
        batch: None,
    }
}

fn endpoint() -> Endpoint {
    Endpoint::new(Vendor::Anthropic, "https://gateway.example:8443/anthropic", "secret-key".to_owned().into()).unwrap()
}

#[test]
fn a_call_is_told_by_the_names_of_the_conventions_and_without_its_words() {
    let stream = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01\",\"content\":[]}}\n\ndata: {\"secret words\":1}\n\n";
    let prepared = Prepared {
        vendor: Vendor::Anthropic,
        path: "/v1/messages".to_owned(),
        body: Vec::new(),
        streaming: true,
        form: Form::Usual,
    };
    let kept = KeptAnswer::new(&prepared, 200, Headers::default(), stream.as_bytes().to_vec());
    let answer = Answer {
        content: Content::Text("the words of the answer".to_owned()),
        sources: Vec::new(),
        usage: None,
        model: Some("claude-opus-5-5-20260922".to_owned()),
        request_id: Some("req_7".to_owned()),
        finish: Finish::Complete,
        rehearsal: false,
    };
    let usage = Usage {
        input: 120,
        output: 300,
        cache_read: 5_400,
        cache_write: 30,
        cache_write_1h: 50,
        reasoning: 10,
        ..Usage::default()
    };
    let result = Ok(CallAnswer {
        answer: ContentHash::of(b"answer"),
        usage,
        price: MicroUsd(7_654),
        machine_ms: 1_234,
        request_id: answer.request_id.clone(),
        bill: None,
        advice: Advice::default(),
    });
    let log = logged("info", || {
        let span = begun(&step(), Some(&endpoint()));
        span.in_scope(|| answered(&kept, &answer));
        ended(&span, &result);
    });
    let expected = [
        "otel.name=\"chat claude-opus-5-5\"",
        "gen_ai.operation.name=\"chat\"",
        "gen_ai.provider.name=\"anthropic\"",
        "gen_ai.request.model=\"claude-opus-5-5\"",
        "gen_ai.response.model=\"claude-opus-5-5-20260922\"",
        "gen_ai.response.id=\"msg_01\"",
        "gen_ai.usage.input_tokens=5600",
        "gen_ai.usage.output_tokens=310",
        "gen_ai.usage.cache_read.input_tokens=5400",
        "gen_ai.usage.cache_creation.input_tokens=80",
        "server.address=\"gateway.example\"",
        "server.port=8443",
        "greenroom.key=042-script-3-2",
        "greenroom.episode=42",
        "greenroom.stage=\"script\"",
        "greenroom.unit=3",
        "greenroom.attempt=2",
        "greenroom.request_id=\"req_7\"",
        "greenroom.worst_micro_usd=9000",
        "greenroom.cost_micro_usd=7654",
        "a call was answered",
    ];
    for words in expected {
        assert!(log.contains(words), "{words} is not in {log}");
    }
    assert_eq!(log.lines().count(), 1);
    for words in ["words", "secret", "error.type"] {
        assert!(!log.contains(words), "{words} is in {log}");
    }
}

#[test]
fn a_failure_is_told_by_its_class_its_status_and_its_request_and_never_by_the_providers_words() {
    let error = CallError::new(error::RetryClass::RetryAfter, ChargeKnown::Uncertain, "the prompt was: a secret")
        .with_status(529)
        .with_request_id(Some("req_8"));
    let failure = CallFailure {
        class: RetryClass::RetryAfter,
        message: error.message.clone(),
        retry_after_ms: None,
        charge: Charged::Uncertain,
        usage: Usage::default(),
        bill: None,
        request_id: error.request_id.clone(),
        advice: Advice::default(),
    };
    // A log that shows warnings alone shows the call all the same.
    let log = logged("warn", || {
        let span = begun(&step(), None);
        span.in_scope(|| failed(&error));
        ended(&span, &Err(failure));
    });
    let expected = [
        "WARN",
        "error.type=\"retry_after\"",
        "http.response.status_code=529",
        "greenroom.request_id=\"req_8\"",
        "greenroom.charge=\"uncertain\"",
        "greenroom.key=042-script-3-2",
    ];
    for words in expected {
        assert!(log.contains(words), "{words} is not in {log}");
    }
    assert!(!log.contains("secret") && !log.contains("cost_micro_usd"), "{log}");
}
