use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::call::{Effort, Remember, Request, decode as decode_any};
use super::super::progress::{Progress, Watch};
use super::super::usage::Usage;
use super::read::micro_usd;
use super::*;
use crate::config::models::Models;
use crate::domain::money::MicroUsd;

fn models() -> Models {
    Models::built_in().unwrap()
}

fn prepare(request: &TextRequest) -> Result<Prepared, PrepareError> {
    super::prepare(&models().of(Vendor::Perplexity.provider(), &request.model, false), request)
}

fn prepare_any(vendor: Vendor, request: &Request) -> Result<Prepared, PrepareError> {
    super::super::call::prepare(&models(), vendor, request)
}

fn request() -> TextRequest {
    TextRequest {
        model: "perplexity/sonar".to_owned(),
        system: "Answer with sources.".to_owned(),
        user: "When was the lighthouse built?".to_owned(),
        max_tokens: 1_200,
        schema: None,
        effort: None,
        remember: Remember::OneHour,
        stable: 0,
    }
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::keep(pairs.iter().map(|(name, value)| (*name, value.as_bytes())))
}

fn read(body: &str) -> Result<Answer, CallError> {
    decode(Form::Usual, 200, &Headers::default(), body.as_bytes())
}

#[test]
fn a_request_has_these_bytes_and_forces_a_search() {
    let mut full = request();
    full.schema = Some(json!({"title": "fact", "type": "object", "properties": {"year": {"type": "integer"}}}));
    full.effort = Some(Effort::Low);
    let prepared = prepare_any(Vendor::Perplexity, &Request::Text(full)).unwrap();
    assert_eq!((prepared.path.as_str(), prepared.streaming), ("/v1/agent", true));
    let expected = concat!(
        r#"{"model":"perplexity/sonar","instructions":"Answer with sources.","#,
        r#""input":[{"type":"message","role":"user","content":"When was the lighthouse built?"}],"#,
        r#""tools":[{"type":"web_search","search_context_size":"medium"}],"tool_choice":"required","max_steps":5,"#,
        r#""max_output_tokens":1200,"reasoning":{"effort":"low"},"#,
        r#""response_format":{"type":"json_schema","json_schema":{"name":"fact","schema":{"title":"fact","#,
        r#""type":"object","properties":{"year":{"type":"integer"}},"required":["year"],"#,
        r#""additionalProperties":false}}},"stream":true}"#,
    );
    assert_eq!(String::from_utf8(prepared.body).unwrap(), expected);
    let mut bare = request();
    bare.system = String::new();
    let body: Value = serde_json::from_slice(&prepare(&bare).unwrap().body).unwrap();
    for absent in ["instructions", "reasoning", "response_format", "temperature"] {
        assert_eq!(body.get(absent), None, "{absent}");
    }
    bare.user = "\n".to_owned();
    assert_eq!(prepare(&bare), Err(PrepareError::Empty("answered")));
    bare.model = "a model".to_owned();
    assert!(matches!(prepare(&bare), Err(PrepareError::BadId { what: "model", .. })));
}

/// An answer with everything that a reader must bear.
fn whole() -> Value {
    json!({
        "id": "resp_1", "object": "response", "model": "perplexity/sonar-2", "status": "completed", "error": null,
        "output": [
            {"type": "search_results", "queries": ["lighthouse built"], "results": [
                {"id": 1, "title": "The light", "url": "https://example.org/a", "snippet": "built\nin \u{202e}1871\u{1b}[31m",
                 "date": "2024-01-02", "last_updated": null, "source": "web"},
                {"id": 2, "title": "Another", "url": "https://example.org/b", "snippet": null},
                {"id": 3, "title": "No page", "url": "javascript:alert(1)"},
            ]},
            {"type": "weather", "sky": "blue"},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [
                {"type": "output_text", "text": "{\"year\":", "annotations": [
                    {"type": "url_citation", "url": "https://example.org/c", "title": "Only cited", "start_index": 0, "end_index": 5},
                    {"type": "url_citation", "url": "https://example.org/a", "title": null},
                    {"type": "footnote", "url": "https://example.org/d"},
                ]},
                {"type": "hologram", "text": "not this"},
                {"type": "output_text", "text": "1871}"},
            ]},
        ],
        "usage": {
            "input_tokens": 900, "output_tokens": 40, "total_tokens": 940,
            "input_tokens_details": {"cache_creation_input_tokens": 50, "cache_read_input_tokens": 100},
            "output_tokens_details": {"reasoning_tokens": 30},
            "tool_calls_details": {"web_search": {"invocation": 2, "cost_usd": 0.005}},
            "cost": {"currency": "USD", "input_cost": 0.000225, "output_cost": 0.0001, "tool_calls_cost": 0.005,
                "total_cost": 0.005325},
        },
    })
}

fn frame(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

/// The answer as a stream.
fn lively() -> String {
    let delta = |text: &str| json!({"type": "response.output_text.delta", "item_id": "msg_1", "delta": text});
    let events = [
        json!({"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "status": "in_progress"}}),
        json!({"type": "response.reasoning.search_queries", "queries": ["lighthouse built"]}),
        json!({"type": "response.moonrise"}),
        delta("{\"year\":"),
        delta(""),
        delta("1871} \u{1f5fc}"),
        json!({"type": "response.output_text.done", "text": "{\"year\":1871}"}),
        json!({"type": "response.completed", "response": whole()}),
    ];
    let events: String = events.iter().map(frame).collect();
    format!("{events}data: [DONE]\n\n")
}

#[test]
fn an_answer_is_read_with_its_sources_its_counts_and_its_bill() {
    let marked = headers(&[("x-request-id", "req_1"), ("x-greenroom-rehearsal", "1")]);
    let answer = decode_any(Vendor::Perplexity, Form::Usual, 200, &marked, lively().as_bytes()).unwrap();
    assert_eq!(answer.content, Content::Text("{\"year\":1871}".to_owned()), "the last event has the text that counts");
    assert_eq!((answer.model.as_deref(), answer.request_id.as_deref()), (Some("perplexity/sonar-2"), Some("req_1")));
    assert_eq!((&answer.finish, answer.rehearsal), (&Finish::Complete, true));
    let usage = Usage {
        input: 750,
        cache_read: 100,
        cache_write_1h: 50,
        output: 40,
        thinking: 30,
        searches: 2,
        cost: Some(MicroUsd(5_325)),
        ..Usage::default()
    };
    assert_eq!(answer.usage, Some(usage), "cached tokens leave the input");
    let sources: Vec<_> = answer.sources.iter().map(|s| (s.url.as_str(), s.title.as_str(), s.is_cited)).collect();
    let expected = [
        ("https://example.org/c", "Only cited", true),
        ("https://example.org/a", "The light", true),
        ("https://example.org/b", "Another", false),
    ];
    assert_eq!(sources, expected, "each page once, and none that is no page");
    let first = &answer.sources[1];
    assert_eq!((first.snippet.as_str(), first.date.as_deref()), ("built in 1871 [31m", Some("2024-01-02")));
    let unstreamed = decode(Form::Usual, 200, &marked, whole().to_string().as_bytes()).unwrap();
    assert_eq!(unstreamed, answer, "whole and streamed are read alike");
    assert_eq!(read(&lively()).unwrap().request_id.as_deref(), Some("resp_1"), "the body's id where no header has one");
}

#[test]
fn a_stream_may_be_split_at_every_byte_and_shows_the_same() {
    let whole = lively();
    let bytes = whole.as_bytes();
    let expected = [
        Progress::Thinking,
        Progress::Text("{\"year\":".to_owned()),
        Progress::Text("1871} \u{1f5fc}".to_owned()),
        Progress::OutputTokens(40),
    ];
    for cut in 0..=bytes.len() {
        let mut watch = Watch::new(Vendor::Perplexity, Form::Usual);
        let mut seen = watch.push(&bytes[..cut]);
        seen.extend(watch.push(&bytes[cut..]));
        assert_eq!(seen, expected, "split at {cut}");
    }
}

#[test]
fn a_recording_that_a_crash_cut_is_the_whole_answer_or_uncertain() {
    for recording in [lively(), whole().to_string()] {
        let answer = read(&recording).unwrap();
        let ended = recording.find("data: [DONE]").unwrap_or(recording.len());
        for cut in 0..recording.len() {
            match decode(Form::Usual, 200, &Headers::default(), &recording.as_bytes()[..cut]) {
                Ok(read) => assert!(cut >= ended && read == answer, "cut at {cut}"),
                Err(error) => {
                    assert!(cut < ended, "cut at {cut}");
                    assert_eq!(
                        (error.class, error.charge),
                        (RetryClass::RetryAfter, ChargeKnown::Uncertain),
                        "cut at {cut}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_end_is_told_by_its_status() {
    let ended = |status: &str, reason: Value| {
        let mut body = whole();
        body["status"] = json!(status);
        body["incomplete_details"] = reason;
        read(&body.to_string())
    };
    let table = [
        ("completed", json!(null), Finish::Complete),
        ("incomplete", json!(null), Finish::Length),
        ("incomplete", json!({"reason": "max_output_tokens"}), Finish::Length),
        ("incomplete", json!({"reason": "content_filter"}), Finish::Refused("content_filter".to_owned())),
        ("incomplete", json!({"reason": "rain"}), Finish::Other("rain".to_owned())),
        ("requires_action", json!(null), Finish::Other("requires_action".to_owned())),
        ("cancelled", json!(null), Finish::Other("cancelled".to_owned())),
    ];
    for (status, reason, finish) in table {
        assert_eq!(ended(status, reason.clone()).unwrap().finish, finish, "{status} {reason}");
    }
    for status in ["queued", "in_progress"] {
        assert_eq!(ended(status, json!(null)).unwrap_err().charge, ChargeKnown::Uncertain, "{status}");
    }
    let mut refused = whole();
    refused["output"] = json!([{"type": "message", "content": [{"type": "refusal", "refusal": "I will not."}]}]);
    let answer = read(&refused.to_string()).unwrap();
    assert_eq!((answer.finish, answer.content), (Finish::Refused("refusal".to_owned()), Content::Text(String::new())));
    let incomplete = json!({"type": "response.incomplete", "response": {"status": "incomplete", "output": []}});
    assert_eq!(read(&frame(&incomplete)).unwrap().finish, Finish::Length);
}

#[test]
fn counts_and_bills_that_are_missing_are_not_zero() {
    let counted = |usage: Value| {
        let mut body = whole();
        body["usage"] = usage;
        read(&body.to_string()).unwrap().usage
    };
    for none in [json!(null), json!({}), json!({"input_tokens": 5}), json!({"cost": {"total_cost": null}})] {
        assert_eq!(counted(none.clone()), None, "{none}");
    }
    let tokens = counted(json!({"input_tokens": 5, "output_tokens": 2})).unwrap();
    assert_eq!((tokens.input, tokens.output, tokens.cost), (5, 2, None));
    assert_eq!(tokens.searches, 1, "a list of results is a search, where none was counted");
    let billed = counted(json!({"cost": {"total_cost": 1}})).unwrap();
    assert_eq!((billed.output, billed.cost), (0, Some(MicroUsd(1_000_000))));
    let foreign = counted(json!({"input_tokens": 5, "output_tokens": 2, "cost": {"currency": "EUR", "total_cost": 1}}));
    assert_eq!(foreign.unwrap().cost, None, "a bill in another currency is no amount of dollars");
}

#[test]
fn a_bill_is_read_from_its_digits_and_rounded_up_once() {
    let table = [
        ("0.005325", Some(5_325)),
        ("0.0028250000000000003", Some(2_825)),
        ("0.0000001", Some(1)),
        ("1e-7", Some(1)),
        ("2.5e-3", Some(2_500)),
        ("1.25e2", Some(125_000_000)),
        ("0", Some(0)),
        ("0.0", Some(0)),
        ("7", Some(7_000_000)),
        ("1e300", Some(i64::MAX)),
        ("1e-300", Some(0)),
        ("-0.5", None),
        ("-1", None),
    ];
    for (text, expected) in table {
        assert_eq!(micro_usd(&serde_json::from_str(text).unwrap()), expected.map(MicroUsd), "{text}");
    }
}

#[test]
fn an_answer_that_failed_is_an_error_although_its_status_is_200() {
    let mut failed = whole();
    failed["status"] = json!("failed");
    let error = read(&failed.to_string()).unwrap_err();
    assert_eq!((error.class, error.charge, error.status), (RetryClass::RetryAfter, ChargeKnown::Uncertain, Some(200)));
    assert_eq!(error.usage.as_ref().and_then(|usage| usage.cost), Some(MicroUsd(5_325)));
    failed["error"] = json!({"type": "invalid_model", "code": 400, "message": "Invalid model 'x'."});
    let error = read(&failed.to_string()).unwrap_err();
    assert_eq!(error.class, RetryClass::OtherModel);
    assert_eq!(error.message, "The answer of Perplexity was broken off with `invalid_model`: Invalid model 'x'");

    let table = [
        json!({"type": "response.failed", "error": {"type": "overloaded", "message": "m"}}),
        json!({"type": "response.failed", "response": {"status": "failed", "error": {"code": "overloaded", "message": "m"}}}),
        json!({"type": "error", "error": {"type": "overloaded", "message": "m"}}),
        json!({"type": "error", "code": "overloaded", "message": "m"}),
    ];
    for event in table {
        let error = read(&frame(&event)).unwrap_err();
        assert_eq!((error.class, error.charge), (RetryClass::RetryAfter, ChargeKnown::Uncertain), "{event}");
        assert!(error.message.ends_with(": m"), "{event} {}", error.message);
    }
}

#[test]
fn a_broken_piece_does_no_harm_and_a_broken_end_does() {
    let broken = "data: {\"type\":\"response.output_text.delta\",,}\n\n";
    assert_eq!(read(&format!("{broken}{}", lively())).unwrap(), read(&lively()).unwrap());
    for end in ["data: {\"type\":\"response.completed\",,}\n\n", "data: {\"type\":\"response.completed\"}\n\n"] {
        let error = read(&format!("{end}data: [DONE]\n\n")).unwrap_err();
        assert_eq!((error.class, error.charge), (RetryClass::AskPerson, ChargeKnown::Charged), "{end}");
    }
    let shapeless =
        json!({"type": "response.completed", "response": {"status": "completed", "usage": whole()["usage"]}});
    let error = read(&frame(&shapeless)).unwrap_err();
    assert_eq!((error.charge, error.usage.and_then(|usage| usage.cost)), (ChargeKnown::Charged, Some(MicroUsd(5_325))));
    assert_eq!(read("{\"status\":,}").unwrap_err().charge, ChargeKnown::Charged);
    for no_stream in ["", "<html>busy</html>", "data: [DONE]\n\n"] {
        let error = read(no_stream).unwrap_err();
        assert_eq!((error.charge, error.usage), (ChargeKnown::Uncertain, None), "{no_stream}");
    }
}

#[test]
fn a_refusal_says_what_helps_and_what_it_cost() {
    use ChargeKnown::{NotCharged, Uncertain};
    use RetryClass::{AskPerson, FixRequest, OtherModel, RetryAfter};
    let error = |kind: &str, code: u16| json!({"error": {"message": "m", "type": kind, "code": code}}).to_string();
    let detail =
        json!({"detail": [{"loc": ["body", "input"], "msg": "Field required", "type": "missing"}]}).to_string();
    let table = [
        (400, error("invalid_model", 400), OtherModel, NotCharged),
        (400, error("bad_request", 400), FixRequest, NotCharged),
        (401, "<html><h1>401 Authorization Required</h1></html>".to_owned(), AskPerson, NotCharged),
        (402, error("credits", 402), AskPerson, NotCharged),
        (403, error("permission", 403), AskPerson, NotCharged),
        (404, error("not_found", 404), OtherModel, NotCharged),
        (422, detail, FixRequest, NotCharged),
        (429, error("rate_limit", 429), RetryAfter, NotCharged),
        (500, error("server", 500), RetryAfter, NotCharged),
        (502, "<html>cloudflare</html>".to_owned(), RetryAfter, Uncertain),
        (504, String::new(), RetryAfter, Uncertain),
    ];
    for (status, body, class, charge) in table {
        let error = decode(Form::Usual, status, &Headers::default(), body.as_bytes()).unwrap_err();
        assert_eq!((error.class, error.charge, error.status), (class, charge, Some(status)), "{status} {body}");
    }
    let waiting = headers(&[("retry-after", "7"), ("x-request-id", "req_h")]);
    let error = decode(Form::Usual, 429, &waiting, error("rate_limit", 429).as_bytes()).unwrap_err();
    assert_eq!((error.retry_after, error.request_id.as_deref()), (Some(Duration::from_secs(7)), Some("req_h")));
}

proptest! {
    #[test]
    fn any_body_is_survived(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(Form::Usual, status, &Headers::default(), &body);
        let framed = [b"data: ".as_slice(), &body, b"\n\n"].concat();
        prop_assert!(decode(Form::Usual, 200, &Headers::default(), &framed).is_err());
    }

    #[test]
    fn any_amount_is_survived_and_never_negative(amount in proptest::num::f64::ANY) {
        if let Some(number) = serde_json::Number::from_f64(amount) {
            prop_assert!(micro_usd(&number).is_none_or(|cost| cost.0 >= 0));
        }
    }
}
