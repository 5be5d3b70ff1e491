use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::call::{
    Content, Effort, Form, PrepareError, Prepared, Remember, Request, TextRequest, Vendor, decode as decode_any,
};
use super::super::usage::Usage;
use super::*;
use crate::config::models::Models;

fn models() -> Models {
    Models::built_in().unwrap()
}

fn prepare(request: &TextRequest) -> Result<Prepared, PrepareError> {
    super::prepare(&models().of(Vendor::Anthropic.provider(), &request.model, false), request)
}

fn prepare_any(vendor: Vendor, request: &Request) -> Result<Prepared, PrepareError> {
    super::super::call::prepare(&models(), vendor, request)
}

fn request(model: &str) -> TextRequest {
    TextRequest {
        model: model.to_owned(),
        system: "You edit scripts.".to_owned(),
        user: "Write scene 3.".to_owned(),
        max_tokens: 8_000,
        schema: None,
        effort: None,
        remember: Remember::No,
        stable: 0,
    }
}

fn sent(request: &TextRequest) -> Value {
    serde_json::from_slice(&prepare(request).unwrap().body).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::keep(pairs.iter().map(|(name, value)| (*name, value.as_bytes())))
}

#[test]
fn a_request_has_these_bytes() {
    let mut full = request("claude-sonnet-5-5");
    full.schema = Some(json!({"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}));
    full.effort = Some(Effort::Medium);
    full.remember = Remember::OneHour;
    full.user = format!("{}\nWrite scene 3.", "Show. ".repeat(200));
    full.stable = 1_200;
    let prepared = prepare_any(Vendor::Anthropic, &Request::Text(full.clone())).unwrap();
    assert_eq!((prepared.path.as_str(), prepared.streaming), ("/v1/messages", true));
    let expected = [
        r#"{"model":"claude-sonnet-5-5","system":[{"type":"text","text":"You edit scripts."}],"#,
        r#""messages":[{"role":"user","content":[{"type":"text","text":""#,
        &"Show. ".repeat(200),
        r#"","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"\nWrite scene 3."}]}],"#,
        r#""output_config":{"effort":"medium","format":{"type":"json_schema","schema":{"type":"object","#,
        r#""properties":{"title":{"type":"string"}},"required":["title"],"additionalProperties":false}}},"#,
        r#""max_tokens":8000,"stream":true}"#,
    ]
    .concat();
    assert_eq!(String::from_utf8(prepared.body.clone()).unwrap(), expected);
    let stored = serde_json::to_string(&Request::Text(full)).unwrap();
    let again = prepare_any(Vendor::Anthropic, &serde_json::from_str(&stored).unwrap()).unwrap();
    assert_eq!(again, prepared, "a stored request gives the same bytes");
}

#[test]
fn nothing_is_sent_that_a_model_refuses() {
    // Model, whether effort is taken, whether a schema is, whether thinking has to be switched on.
    let table = [
        ("claude-opus-4-20250514", false, false, false),
        ("claude-opus-4-1-20250805", false, false, false),
        ("claude-sonnet-4-5-20250929", false, true, false),
        ("claude-haiku-4-5-20251001", false, true, false),
        ("claude-opus-4-5-20251101", true, true, false),
        ("claude-sonnet-4-6", true, true, true),
        ("claude-opus-4-8", true, true, true),
        ("claude-sonnet-5", true, true, false),
        ("claude-opus-5-5", true, true, false),
        ("claude-fable-5-2", true, true, false),
        ("some-later-name", false, false, false),
    ];
    for (model, effort, schema, switch) in table {
        let mut asked = request(model);
        asked.effort = Some(Effort::High);
        asked.schema = Some(json!({"type": "object", "properties": {}}));
        let body = sent(&asked);
        for never in ["temperature", "top_p", "top_k", "metadata", "service_tier"] {
            assert_eq!(body.get(never), None, "{model} {never}");
        }
        let adaptive = body.pointer("/thinking/type") == Some(&json!("adaptive"));
        assert_eq!(adaptive, switch, "{model}");
        assert_eq!(body.pointer("/output_config/effort").is_some(), effort, "{model}");
        assert_eq!(body.pointer("/output_config/format").is_some(), schema, "{model}");
        let user = body.pointer("/messages/0/content/0/text").and_then(Value::as_str).unwrap();
        assert_eq!(user.contains("JSON Schema"), model == "some-later-name", "{model}");
        let has_tool = body.pointer("/tools/0/input_schema").is_some();
        assert_eq!(has_tool, !schema && model != "some-later-name", "{model}");
        assert_eq!(body["messages"].as_array().unwrap().len(), 1, "no prefill");
    }
    let plain = sent(&request("claude-opus-5-5"));
    assert_eq!(plain.get("output_config"), None);
    assert_eq!(sent(&request("claude-opus-4-8")).get("thinking"), None, "not without an effort");
    assert_eq!(plain.pointer("/system/0/cache_control"), None);
}

#[test]
fn a_model_that_never_had_schemas_is_made_to_call_a_tool() {
    let mut asked = request("claude-opus-4-1-20250805");
    asked.schema = Some(json!({"type": "object", "properties": {"title": {"type": "string"}}}));
    asked.effort = Some(Effort::High);
    let body = sent(&asked);
    assert_eq!(body["tool_choice"], json!({"type": "tool", "name": "answer", "disable_parallel_tool_use": true}));
    assert_eq!(body.pointer("/tools/0/input_schema/additionalProperties"), Some(&json!(false)));
    assert_eq!(body.get("thinking"), None, "a budget and a forced tool exclude one another");
    asked.schema = None;
    let body = sent(&asked);
    assert_eq!(body["thinking"], json!({"type": "enabled", "budget_tokens": 4_000}), "half is left to the answer");
    assert_eq!((body.get("tools"), body.get("output_config")), (None, None));
    asked.max_tokens = 2_000;
    assert_eq!(sent(&asked).get("thinking"), None, "under the least budget there is none");
    // Where a tool cannot be forced, it is offered and asked for.
    let own = "schema = 1\n[[takes]]\nname = \"odd\"\nsampling = \"refused\"\nthinking = [\"adaptive\"]\n\
        thinks_unasked = true\nefforts = [\"low\"]\nstructured = \"tool\"\nprefill = false\nforced_tool = \"never\"\n\
        cache = \"none\"\n[[model]]\nid = \"claude-odd\"\nprovider = \"anthropic\"\n\
        wire = \"anthropic_messages\"\ntakes = \"odd\"\n";
    let own = models().overlaid("models.toml", own).unwrap();
    let odd = TextRequest { model: "claude-odd".to_owned(), schema: Some(json!({"type": "object"})), ..request("") };
    let body: Value =
        serde_json::from_slice(&super::prepare(own.get("claude-odd").unwrap(), &odd).unwrap().body).unwrap();
    assert_eq!(body.pointer("/tool_choice/type"), Some(&json!("auto")));
    assert!(body.pointer("/messages/0/content/0/text").unwrap().as_str().unwrap().ends_with("the tool `answer`."));
}

#[test]
fn thinking_is_turned_off_in_the_way_that_the_model_takes() {
    let table = [
        ("claude-opus-4-8", None, None),
        ("claude-haiku-4-5-20251001", None, None),
        ("claude-haiku-5-5", Some(json!({"type": "disabled"})), None),
        ("claude-sonnet-5", Some(json!({"type": "disabled"})), None),
        ("claude-sonnet-5-5", Some(json!({"type": "between_tools"})), None),
        ("claude-opus-5-5", None, Some(json!("low"))),
        ("claude-fable-5-1", None, Some(json!("low"))),
    ];
    for (model, thinking, effort) in table {
        let mut asked = request(model);
        asked.effort = Some(Effort::Off);
        let body = sent(&asked);
        assert_eq!(body.get("thinking"), thinking.as_ref(), "{model}");
        assert_eq!(body.pointer("/output_config/effort"), effort.as_ref(), "{model}");
    }
}

#[test]
fn the_beginning_is_marked_once_and_only_where_it_is_long_enough() {
    let marked = |model: &str, system: usize, stable: usize| {
        let mut asked = request(model);
        asked.system = "s".repeat(system);
        asked.user = format!("{}{}", "u".repeat(stable), "the rest");
        (asked.stable, asked.remember) = (stable, Remember::FiveMinutes);
        let body = sent(&asked);
        let marks = body.to_string().matches("cache_control").count();
        let places = ["/system/0", "/messages/0/content/0"];
        let at = places.into_iter().find(|at| body.pointer(&format!("{at}/cache_control")).is_some());
        (marks, at, body.pointer("/messages/0/content").unwrap().as_array().unwrap().len())
    };
    assert_eq!(marked("claude-opus-5-5", 600, 600), (1, Some("/messages/0/content/0"), 2));
    assert_eq!(marked("claude-opus-5-5", 1_200, 0), (1, Some("/system/0"), 1));
    assert_eq!(marked("claude-opus-5-5", 500, 400), (0, None, 1), "under 512 tokens however they are counted");
    assert_eq!(marked("claude-opus-4-6", 4_000, 4_000), (0, None, 1), "under 4,096");
    assert_eq!(marked("claude-opus-4-6", 4_000, 5_000), (1, Some("/messages/0/content/0"), 2));
    assert_eq!(marked("claude-unknown", 9_000, 9_000), (0, None, 1), "nothing is known of it");
}

#[test]
fn tokens_are_counted_for_the_same_message() {
    let mut asked = request("claude-opus-5-5");
    asked.schema = Some(json!({"type": "object"}));
    let prepared = super::super::call::prepare_count(&models(), Vendor::Anthropic, &asked).unwrap().unwrap();
    assert_eq!((prepared.path.as_str(), prepared.streaming), ("/v1/messages/count_tokens", false));
    let (mut message, counted) = (sent(&asked), serde_json::from_slice::<Value>(&prepared.body).unwrap());
    for own in ["max_tokens", "stream"] {
        assert_eq!(counted.get(own), None);
        message.as_object_mut().unwrap().remove(own);
    }
    assert_eq!(counted, message);
    assert_eq!(decode_count(200, &Headers::default(), b"{\"input_tokens\": 1234}").unwrap(), 1_234);
    let error = decode_count(429, &headers(&[("retry-after", "3")]), refused("rate_limit_error", "x").as_bytes());
    assert_eq!(error.unwrap_err().retry_after, Some(Duration::from_secs(3)));
    assert!(decode_count(200, &Headers::default(), b"[]").is_err());
}

#[test]
fn the_input_of_the_tool_is_the_answer_streamed_and_whole() {
    let tool = r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"answer","input":{}}}"#;
    let piece = |json: &str| {
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": json}})
            .to_string()
    };
    let other = r#"{"type":"content_block_start","index":2,"content_block":{"type":"server_tool_use","id":"s","name":"answer"}}"#;
    let body = stream(&[
        START,
        TEXT,
        &delta("Here it is."),
        tool,
        &piece(""),
        &piece("{\"title\":"),
        &piece("\"Dämmerung\"}"),
        other,
        &piece("not this"),
        &end("tool_use", 9),
        STOP,
    ]);
    let answer = decode(200, &Headers::default(), body.as_bytes()).unwrap();
    assert_eq!(answer.content, Content::Text("{\"title\":\"Dämmerung\"}".to_owned()));
    assert_eq!(answer.finish, Finish::Complete);
    let whole = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
        "content": [
            {"type": "thinking", "thinking": "", "signature": "E"}, {"type": "redacted_thinking", "data": "x"},
            {"type": "hologram", "light": 1}, {"type": "text", "text": "Here it is.", "citations": null},
            {"type": "tool_use", "id": "toolu_1", "name": "answer", "input": {"title": "Dämmerung"}},
        ],
        "stop_reason": "tool_use", "stop_details": null, "usage": {"input_tokens": 3, "output_tokens": 9, "server_tool_use": null},
    });
    let read = decode(200, &Headers::default(), whole.to_string().as_bytes()).unwrap();
    assert_eq!((read.content, read.finish), (answer.content, Finish::Complete));
    assert_eq!(read.usage.unwrap().output, 9);
    let whole = whole.to_string();
    for cut in 0..whole.len() {
        let error = decode(200, &Headers::default(), &whole.as_bytes()[..cut]).unwrap_err();
        assert_eq!(error.charge, ChargeKnown::Uncertain, "cut at {cut}");
    }
    let broken = decode(200, &Headers::default(), br#"{"type":"message","usage":{"output_tokens":4}}"#).unwrap_err();
    assert_eq!((broken.charge, broken.usage.unwrap().output), (ChargeKnown::Charged, 4));
    let told = decode(200, &Headers::default(), refused("overloaded_error", "Overloaded").as_bytes()).unwrap_err();
    assert_eq!((told.class, told.request_id.as_deref()), (RetryClass::RetryAfter, Some("req_b")));
}

#[test]
fn a_request_that_cannot_be_one_is_refused_before_it_is_sent() {
    for model in ["", "../v1/files", "a b", "model\n", ".."] {
        assert!(matches!(prepare(&request(model)), Err(PrepareError::BadId { what: "model", .. })), "{model:?}");
    }
    let mut empty = request("claude-opus-5-5");
    empty.user = " \n".to_owned();
    assert_eq!(prepare(&empty), Err(PrepareError::Empty("answered")));
}

fn frame(data: &str) -> String {
    let name = serde_json::from_str::<Value>(data).unwrap()["type"].as_str().unwrap().to_owned();
    format!("event: {name}\ndata: {data}\n\n")
}

fn stream(frames: &[&str]) -> String {
    frames.iter().map(|data| frame(data)).collect()
}

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5-x","content":[],"stop_reason":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":700,"cache_read_input_tokens":5400,"cache_creation":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":400},"output_tokens":1}}}"#;
const TEXT: &str = r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

fn delta(text: &str) -> String {
    json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": text}}).to_string()
}

fn end(reason: &str, tokens: u64) -> String {
    json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": tokens}}).to_string()
}

/// A stream with everything that a reader must bear.
fn lively() -> String {
    stream(&[
        START,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"not for the answer"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"weather_report","sky":"blue"}"#,
        TEXT,
        &delta("Grüße, "),
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"later_delta","text":"not this"}}"#,
        &delta("Welt 😀"),
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"hologram","text":"not this"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":100}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":30,"cache_read_input_tokens":null,"output_tokens":310,"output_tokens_details":{"thinking_tokens":240}}}"#,
        STOP,
    ])
}

#[test]
fn a_lively_stream_is_read_and_counted_once() {
    let marked = headers(&[("request-id", "req_1"), ("x-greenroom-rehearsal", "1")]);
    let answer = decode_any(Vendor::Anthropic, Form::Usual, 200, &marked, lively().as_bytes()).unwrap();
    assert_eq!(answer.content, Content::Text("Grüße, Welt 😀".to_owned()));
    assert_eq!(answer.model.as_deref(), Some("claude-sonnet-5-5-x"));
    assert_eq!(answer.request_id.as_deref(), Some("req_1"));
    assert_eq!(answer.finish, Finish::Complete);
    assert!(answer.rehearsal);
    let usage = Usage {
        input: 30,
        cache_read: 5_400,
        cache_write_5m: 300,
        cache_write_1h: 400,
        output: 310,
        thinking: 240,
        ..Usage::default()
    };
    assert_eq!(answer.usage, Some(usage), "later counts overwrite, null keeps, thinking is inside the output");
    assert_eq!(usage.prompt(), 6_130);
    let crlf = lively().replace('\n', "\r\n");
    assert_eq!(decode(200, &marked, crlf.as_bytes()).unwrap(), answer);
    let strange = format!("event: news\ndata: no json\n\n{}", lively());
    assert_eq!(decode(200, &marked, strange.as_bytes()).unwrap(), answer, "an unknown event may hold anything");
}

#[test]
fn a_recording_that_a_crash_cut_is_never_an_answer_and_always_uncertain() {
    let whole = lively();
    let answer = decode(200, &Headers::default(), whole.as_bytes()).unwrap();
    let mut complete = 0;
    for cut in 0..=whole.len() {
        match decode(200, &Headers::default(), &whole.as_bytes()[..cut]) {
            Ok(read) => {
                complete += 1;
                assert_eq!(read, answer);
            }
            Err(error) => assert_eq!(error.charge, ChargeKnown::Uncertain, "cut at {cut}"),
        }
    }
    assert_eq!(complete, 1);
}

#[test]
fn an_end_is_told_by_its_reason() {
    let table = [
        ("end_turn", Finish::Complete),
        ("stop_sequence", Finish::Complete),
        ("max_tokens", Finish::Length),
        ("model_context_window_exceeded", Finish::Length),
        ("pause_turn", Finish::Other("pause_turn".to_owned())),
        ("refusal", Finish::Refused(String::new())),
    ];
    for (reason, finish) in table {
        let body = stream(&[START, TEXT, &delta("x"), &end(reason, 5), STOP]);
        assert_eq!(decode(200, &Headers::default(), body.as_bytes()).unwrap().finish, finish, "{reason}");
    }
    let refused = r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","category":"bio","explanation":null}},"usage":{"output_tokens":2}}"#;
    let answer = decode(200, &Headers::default(), stream(&[START, refused, STOP]).as_bytes()).unwrap();
    assert_eq!(answer.finish, Finish::Refused("bio".to_owned()));
    assert_eq!(answer.content, Content::Text(String::new()));
    assert_eq!(answer.usage.unwrap().output, 2, "a refusal is billed");
}

#[test]
fn counts_that_are_missing_are_not_zero_and_those_without_a_split_are_dear() {
    let none = stream(&[r#"{"type":"message_start","message":{"model":"m"}}"#, TEXT, &delta("x"), STOP]);
    assert_eq!(decode(200, &Headers::default(), none.as_bytes()).unwrap().usage, None);
    let unsplit =
        r#"{"type":"message_start","message":{"usage":{"input_tokens":null,"cache_creation_input_tokens":50}}}"#;
    let usage = decode(200, &Headers::default(), stream(&[unsplit, &end("end_turn", 1), STOP]).as_bytes());
    let usage = usage.unwrap().usage.unwrap();
    assert_eq!((usage.input, usage.cache_write_5m, usage.cache_write_1h, usage.output), (0, 0, 50, 1));
}

#[test]
fn a_stream_that_breaks_says_what_was_used_so_far() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_9"}"#;
    let body = stream(&[START, TEXT, &delta("half"), error]);
    let error = decode(200, &Headers::default(), body.as_bytes()).unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::RetryAfter, ChargeKnown::Uncertain));
    assert_eq!(error.request_id.as_deref(), Some("req_9"));
    assert_eq!(error.usage.unwrap().input, 25);
    assert_eq!(error.message, "Anthropic broke off its answer with `overloaded_error`: Overloaded");

    let broken = format!(
        "{}data: {{\"type\":\"content_block_delta\"}}\n\n{}",
        frame(START),
        stream(&[&end("end_turn", 7), STOP])
    );
    let error = decode(200, &Headers::default(), broken.as_bytes()).unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::AskPerson, ChargeKnown::Charged));
    assert_eq!(error.usage.unwrap().output, 7, "a complete body is settled by its counts even if it cannot be read");

    for no_stream in ["", "<html>busy</html>", "{\"type\":\"message\""] {
        let error = decode(200, &Headers::default(), no_stream.as_bytes()).unwrap_err();
        assert_eq!((error.charge, error.usage), (ChargeKnown::Uncertain, None), "{no_stream}");
    }
}

fn refused(kind: &str, message: &str) -> String {
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_b"}).to_string()
}

#[test]
fn a_refusal_says_what_helps_and_what_it_cost() {
    use ChargeKnown::{NotCharged, Uncertain};
    use RetryClass::{AskPerson, FixRequest, LowerConcurrency, OtherModel, RetryAfter, Stop};
    let limits = "You have reached your specified API usage limits. You will regain access on 2026-12-01.";
    let table = [
        (400, refused("invalid_request_error", "temperature: Extra inputs are not permitted"), FixRequest, NotCharged),
        (400, refused("invalid_request_error", limits), AskPerson, NotCharged),
        (401, refused("authentication_error", "invalid x-api-key"), AskPerson, NotCharged),
        (402, refused("billing_error", "x"), AskPerson, NotCharged),
        (403, refused("permission_error", "x"), AskPerson, NotCharged),
        (404, refused("not_found_error", "model: claude-opus-4-20250514"), OtherModel, NotCharged),
        (409, refused("conflict_error", "x"), RetryAfter, NotCharged),
        (413, refused("request_too_large", "x"), FixRequest, NotCharged),
        (413, "<html>too large</html>".to_owned(), FixRequest, NotCharged),
        (429, refused("rate_limit_error", "x"), RetryAfter, NotCharged),
        (
            429,
            refused("rate_limit_error", "Number of concurrent connections has exceeded"),
            LowerConcurrency,
            NotCharged,
        ),
        (500, refused("api_error", "x"), RetryAfter, NotCharged),
        (504, refused("timeout_error", "x"), RetryAfter, Uncertain),
        (529, refused("overloaded_error", "Overloaded"), RetryAfter, NotCharged),
        (502, "<html>bad gateway</html>".to_owned(), RetryAfter, Uncertain),
        (520, String::new(), RetryAfter, Uncertain),
        (302, String::new(), Stop, NotCharged),
        (418, refused("teapot_error", "x"), Stop, NotCharged),
        (204, String::new(), Stop, Uncertain),
    ];
    for (status, body, class, charge) in table {
        let error = decode(status, &Headers::default(), body.as_bytes()).unwrap_err();
        assert_eq!((error.class, error.charge), (class, charge), "{status} {body}");
        assert_eq!(error.status, Some(status));
        assert_eq!(error.request_id.as_deref(), body.contains("req_b").then_some("req_b"));
    }
}

#[test]
fn hints_in_the_headers_are_heard() {
    let waiting = headers(&[("retry-after", "7"), ("request-id", "req_h")]);
    let error = decode(429, &waiting, refused("rate_limit_error", "x").as_bytes()).unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(error.request_id.as_deref(), Some("req_h"), "the header comes before the body");

    let cap = r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
    assert_eq!(decode(429, &Headers::default(), cap.as_bytes()).unwrap_err().class, RetryClass::AskPerson);

    let no = headers(&[("x-should-retry", "false")]);
    assert_eq!(decode(500, &no, refused("api_error", "x").as_bytes()).unwrap_err().class, RetryClass::AskPerson);
    let yes = headers(&[("x-should-retry", "true")]);
    let odd = refused("invalid_request_error", "x");
    assert_eq!(decode(400, &yes, odd.as_bytes()).unwrap_err().class, RetryClass::RetryAfter);
    let key = refused("authentication_error", "x");
    assert_eq!(decode(401, &yes, key.as_bytes()).unwrap_err().class, RetryClass::AskPerson, "a bad key stays bad");
}

proptest! {
    #[test]
    fn any_body_is_survived(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(status, &Headers::default(), &body);
        let framed = [b"data: ".as_slice(), &body, b"\n\n"].concat();
        prop_assert!(decode(200, &Headers::default(), &framed).is_err());
    }
}
