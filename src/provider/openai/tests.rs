use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::call::{Effort, Remember, Request, decode as decode_any};
use super::super::progress::{Progress, Watch};
use super::*;
use crate::config::models::Models;
use crate::config::settings::habits::Habits;

fn served(server: Server, server_context: Option<u64>) -> Models {
    let environment = crate::config::environment::Environment::of::<String, String>([], 0).unwrap();
    let settings = crate::config::settings::Settings::layered(None, &environment, &[]).unwrap();
    Models::built_in().unwrap().served_by(&Habits { server, server_context, ..settings.providers.habits })
}

fn models() -> Models {
    served(Server::Ollama, None)
}

fn prepare(request: &TextRequest) -> Result<Prepared, PrepareError> {
    asked_of(&models(), request)
}

fn asked_of(models: &Models, request: &TextRequest) -> Result<Prepared, PrepareError> {
    super::prepare(&models.of(Vendor::OpenAi.provider(), &request.model, false), request)
}

fn prepare_any(vendor: Vendor, request: &Request) -> Result<Prepared, PrepareError> {
    super::super::call::prepare(&models(), vendor, request)
}

fn request(model: &str) -> TextRequest {
    TextRequest {
        model: model.to_owned(),
        system: "You settle disputes.".to_owned(),
        user: "Is it upheld?".to_owned(),
        max_tokens: 2_000,
        schema: None,
        effort: None,
        remember: Remember::OneHour,
        stable: 0,
    }
}

fn sent(request: &TextRequest) -> Value {
    serde_json::from_slice(&prepare(request).unwrap().body).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::keep(pairs.iter().map(|(name, value)| (*name, value.as_bytes())))
}

fn read(body: &str) -> Result<Answer, CallError> {
    decode(200, &Headers::default(), body.as_bytes())
}

#[test]
fn a_request_has_these_bytes() {
    let mut full = request("qwen3:8b");
    full.schema = Some(json!({"title": "Ruling of 1", "type": "object", "properties": {"why": {"type": "string"}}}));
    full.effort = Some(Effort::Low);
    let prepared = prepare_any(Vendor::OpenAi, &Request::Text(full)).unwrap();
    assert_eq!((prepared.path.as_str(), prepared.streaming), ("/v1/chat/completions", true));
    let expected = concat!(
        r#"{"model":"qwen3:8b","messages":[{"role":"system","content":"You settle disputes."},"#,
        r#"{"role":"user","content":"Is it upheld?"}],"max_tokens":2000,"#,
        r#""response_format":{"type":"json_schema","json_schema":{"name":"Rulingof1","strict":true,"schema":"#,
        r#"{"title":"Ruling of 1","type":"object","properties":{"why":{"type":"string"}},"required":["why"],"#,
        r#""additionalProperties":false}}},"reasoning_effort":"low","#,
        r#""stream":true,"stream_options":{"include_usage":true}}"#,
    );
    assert_eq!(String::from_utf8(prepared.body).unwrap(), expected);
}

#[test]
fn a_request_has_only_what_it_needs_and_its_limit_under_the_name_that_the_model_knows() {
    let mut bare = request("qwen3:8b");
    bare.system = String::new();
    let body = sent(&bare);
    assert_eq!(body["messages"].as_array().unwrap().len(), 1);
    let names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["model", "messages", "max_tokens", "stream", "stream_options"]);
    for (model, limit) in [
        ("gpt-5.2", "max_completion_tokens"),
        ("o3-mini", "max_completion_tokens"),
        ("gpt-oss:20b", "max_tokens"),
        ("olmo-2:7b", "max_tokens"),
        ("maker/model-7B@q4_k_m", "max_tokens"),
    ] {
        let body = sent(&request(model));
        let both = ["max_tokens", "max_completion_tokens"];
        let found: Vec<&str> = both.into_iter().filter(|name| body.get(name).is_some()).collect();
        assert_eq!(found, [limit], "{model}");
    }
}

#[test]
fn each_server_is_sent_what_it_takes() {
    let table = [
        (Server::Ollama, "max_tokens", true),
        (Server::LlamaCpp, "max_tokens", true),
        (Server::Vllm, "max_tokens", false),
        (Server::LmStudio, "max_tokens", false),
        (Server::Other, "max_tokens", false),
        (Server::OpenAi, "max_completion_tokens", true),
    ];
    let mut quick = request("qwen3:8b");
    quick.effort = Some(Effort::Off);
    assert_eq!(sent(&quick)["reasoning_effort"], "none");
    for (server, limit, takes_effort) in table {
        let mut asked = request("qwen3:8b");
        asked.effort = Some(Effort::Low);
        asked.schema = Some(json!({"type": "object"}));
        let prepared = asked_of(&served(server, None), &asked).unwrap();
        let body: Value = serde_json::from_slice(&prepared.body).unwrap();
        let both = ["max_tokens", "max_completion_tokens"];
        let found: Vec<&str> = both.into_iter().filter(|name| body.get(name).is_some()).collect();
        assert_eq!((found, body.get("reasoning_effort").is_some()), (vec![limit], takes_effort), "{server:?}");
        assert_eq!(body["response_format"]["type"], "json_schema", "{server:?}: the form that all of them know");
    }
}

#[test]
fn a_prompt_that_ollama_would_cut_without_a_word_is_refused_before_it_is_sent() {
    let mut long = request("qwen3:8b");
    let framed = long.system.len() as u64 + 64;
    long.user = "\u{e9}".repeat(500);
    let most = framed + 1_000;
    assert!(asked_of(&served(Server::Ollama, Some(most)), &long).is_ok(), "no token is shorter than a byte");
    let refused = asked_of(&served(Server::Ollama, Some(most - 1)), &long).unwrap_err();
    assert_eq!(refused, PrepareError::TooLong { most, context: most - 1 });
    assert!(refused.to_string().contains("`providers.openai.context_tokens`"), "{refused}");
    long.model = "a-model-that-no-table-has".to_owned();
    assert!(asked_of(&served(Server::Ollama, Some(most - 1)), &long).is_err());
    for server in [Server::LlamaCpp, Server::Vllm, Server::LmStudio, Server::OpenAi, Server::Other] {
        assert!(asked_of(&served(server, Some(100)), &long).is_ok(), "{server:?} refuses it itself, with the sizes");
    }
}

#[test]
fn a_request_that_cannot_be_one_is_refused_before_it_is_sent() {
    for model in ["", "a b", "model\n", "..", "\u{fc}"] {
        assert!(matches!(prepare(&request(model)), Err(PrepareError::BadId { what: "model", .. })), "{model:?}");
    }
    let mut empty = request("qwen3:8b");
    empty.user = " \n".to_owned();
    assert_eq!(prepare(&empty), Err(PrepareError::Empty("answered")));
}

fn frames(chunks: &[Value]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

fn chunk(delta: &Value, finish: Option<&str>) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "qwen3:8b-q4",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

fn text(text: &str) -> Value {
    chunk(&json!({"content": text}), None)
}

fn end(reason: &str) -> Value {
    chunk(&json!({}), Some(reason))
}

fn counts() -> Value {
    json!({"id": "chatcmpl-1", "choices": [], "usage": {"prompt_tokens": 120, "completion_tokens": 310, "total_tokens": 430,
        "prompt_tokens_details": {"cached_tokens": 100}, "completion_tokens_details": {"reasoning_tokens": 240}}})
}

const DONE: &str = "data: [DONE]\n\n";

/// A stream with everything that a reader must bear.
fn lively() -> String {
    let chunks = [
        chunk(&json!({"role": "assistant", "content": ""}), None),
        chunk(&json!({"reasoning": "not for the answer"}), None),
        chunk(&json!({"reasoning_content": "nor this", "content": null}), None),
        text("Gr\u{fc}\u{df}e, "),
        json!({"choices": [{"index": 1, "delta": {"content": "another answer"}, "finish_reason": "stop"}]}),
        json!({"choices": null, "usage": {"prompt_tokens": 120, "completion_tokens": 7}, "weather": "blue"}),
        text("Welt \u{1f600}"),
        end("stop"),
        counts(),
    ];
    format!(": a comment\n\n{}{DONE}{}", frames(&chunks), frames(&[text("after the end")]))
}

fn used() -> Usage {
    Usage { input: 20, cache_read: 100, output: 310, thinking: 240, ..Usage::default() }
}

#[test]
fn a_lively_stream_is_read_and_counted_once() {
    let marked = headers(&[("x-request-id", "req_1"), ("x-greenroom-rehearsal", "1")]);
    let answer = decode_any(Vendor::OpenAi, Form::Usual, 200, &marked, lively().as_bytes()).unwrap();
    assert_eq!(answer.content, Content::Text("Gr\u{fc}\u{df}e, Welt \u{1f600}".to_owned()));
    assert_eq!(answer.model.as_deref(), Some("qwen3:8b-q4"), "the model that answers, not the one that was asked");
    assert_eq!(answer.request_id.as_deref(), Some("req_1"));
    assert_eq!(answer.finish, Finish::Complete);
    assert!(answer.rehearsal);
    assert_eq!(answer.usage, Some(used()), "cached tokens leave the input, reasoning stays in the output");
    let crlf = lively().replace('\n', "\r\n");
    assert_eq!(decode(200, &marked, crlf.as_bytes()).unwrap(), answer);
    assert_eq!(
        read(&lively()).unwrap().request_id.as_deref(),
        Some("chatcmpl-1"),
        "the body's id where no header has one"
    );
}

#[test]
fn a_stream_may_be_split_at_every_byte_and_shows_the_same() {
    let whole = lively();
    let bytes = whole.as_bytes();
    let shown = |cut: usize| {
        let mut watch = Watch::new(Vendor::OpenAi, Form::Usual);
        let mut seen = watch.push(&bytes[..cut]);
        seen.extend(watch.push(&bytes[cut..]));
        seen
    };
    let expected = [
        Progress::Thinking,
        Progress::Thinking,
        Progress::Text("Gr\u{fc}\u{df}e, ".to_owned()),
        Progress::OutputTokens(7),
        Progress::Text("Welt \u{1f600}".to_owned()),
        Progress::OutputTokens(310),
    ];
    for cut in 0..=bytes.len() {
        assert_eq!(shown(cut), expected, "split at {cut}");
    }
}

#[test]
fn a_recording_that_a_crash_cut_is_uncertain_or_lacks_its_counts_alone() {
    let whole = lively();
    let answer = read(&whole).unwrap();
    for cut in 0..whole.len() {
        match decode(200, &Headers::default(), &whole.as_bytes()[..cut]) {
            // The model has said that it was done: a stream without counts and without its mark at the end is whole, and
            // is settled at its worst case.
            Ok(read) => {
                assert_eq!(read.content, answer.content, "cut at {cut}");
                assert!(read.usage == answer.usage || read.usage.is_none(), "cut at {cut}: {:?}", read.usage);
            }
            Err(error) => assert_eq!(error.charge, ChargeKnown::Uncertain, "cut at {cut}"),
        }
    }
    let error = read(&frames(&[text("half")])).unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::RetryAfter, ChargeKnown::Uncertain));
}

#[test]
fn counts_that_are_missing_are_not_zero() {
    for usage in
        [json!(null), json!({}), json!({"prompt_tokens": 5}), json!({"completion_tokens": 5, "prompt_tokens": null})]
    {
        let body = frames(&[text("x"), end("stop"), json!({"choices": [], "usage": usage})]) + DONE;
        assert_eq!(read(&body).unwrap().usage, None, "{usage}");
    }
    let bare = frames(&[text("x"), end("stop")]);
    assert_eq!(read(&bare).unwrap().usage, None, "neither counts nor the mark at the end");
    let plain = json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2,
        "prompt_tokens_details": null, "completion_tokens_details": {"reasoning_tokens": null}}});
    let body = frames(&[text("x"), end("stop"), plain]);
    assert_eq!(read(&body).unwrap().usage, Some(Usage { input: 5, output: 2, ..Usage::default() }));
    let absurd = json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 50}}});
    let usage = read(&frames(&[end("stop"), absurd])).unwrap().usage.unwrap();
    assert_eq!(usage.prompt(), 5, "no more can be cached than was read");
}

#[test]
fn an_end_is_told_by_its_reason() {
    let table = [
        ("stop", Finish::Complete),
        ("length", Finish::Length),
        ("content_filter", Finish::Refused("content_filter".to_owned())),
        ("tool_calls", Finish::Other("tool_calls".to_owned())),
        ("two words", Finish::Other(String::new())),
    ];
    for (reason, finish) in table {
        let body = frames(&[text("x"), end(reason), counts()]) + DONE;
        assert_eq!(read(&body).unwrap().finish, finish, "{reason}");
    }
    let refused =
        frames(&[chunk(&json!({"refusal": "I will "}), None), chunk(&json!({"refusal": "not."}), None), end("stop")]);
    let answer = read(&refused).unwrap();
    assert_eq!((answer.finish, answer.content), (Finish::Refused("refusal".to_owned()), Content::Text(String::new())));
}

#[test]
fn thoughts_in_front_of_the_text_are_no_part_of_the_answer() {
    let table = [
        ("<think>hm</think>\n\n{\"a\":1}", "{\"a\":1}"),
        ("\n<think></think>yes", "yes"),
        ("<think>cut in its thoughts", ""),
        ("no <think>thought</think>", "no <think>thought</think>"),
        ("  kept as it is ", "  kept as it is "),
    ];
    for (given, kept) in table {
        let answer = read(&frames(&[text(given), end("stop")])).unwrap();
        assert_eq!(answer.content, Content::Text(kept.to_owned()), "{given}");
    }
}

#[test]
fn a_server_that_does_not_stream_is_read_all_the_same() {
    let body = json!({"id": "chatcmpl-9", "object": "chat.completion", "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "whole", "refusal": null}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 9}});
    let whole = format!("\n{body}");
    let answer = read(&whole).unwrap();
    assert_eq!(answer.content, Content::Text("whole".to_owned()));
    assert_eq!((answer.model.as_deref(), answer.request_id.as_deref()), (Some("m"), Some("chatcmpl-9")));
    assert_eq!(answer.usage, Some(Usage { input: 20, output: 9, ..Usage::default() }));
    for cut in 2..whole.len() {
        assert_eq!(read(&whole[..cut]).unwrap_err().charge, ChargeKnown::Uncertain, "cut at {cut}");
    }
    let mut silent = body.clone();
    silent["choices"][0]["message"] = json!({"content": null, "reasoning": "all of it"});
    silent["choices"][0]["finish_reason"] = json!("length");
    let answer = read(&silent.to_string()).unwrap();
    assert_eq!((answer.content, answer.finish), (Content::Text(String::new()), Finish::Length));
    silent["choices"][0]["finish_reason"] = json!("stop");
    let alone = Finish::Other("with_thoughts_alone".to_owned());
    assert_eq!(read(&silent.to_string()).unwrap().finish, alone, "thoughts are never taken for the answer");
    let thought = chunk(&json!({"reasoning_content": "all of it", "content": null}), None);
    assert_eq!(read(&frames(&[thought, end("stop")])).unwrap().finish, alone);
    let mut none = body.clone();
    none["choices"] = json!([]);
    let error = read(&none.to_string()).unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::AskPerson, ChargeKnown::Charged));
    assert_eq!(error.usage.unwrap().output, 9, "a complete body is settled by its counts even if it cannot be read");
    assert_eq!(read("{\"choices\":,,}").unwrap_err().charge, ChargeKnown::Charged);
    let error = read("{\"error\":\"model crashed\"}").unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::RetryAfter, ChargeKnown::Uncertain));
}

#[test]
fn a_stream_that_breaks_says_what_was_used_so_far() {
    let used = json!({"choices": [], "usage": {"prompt_tokens": 25, "completion_tokens": 3}});
    let error =
        json!({"error": {"message": "out of memory", "type": "InternalServerError", "param": null, "code": 500}});
    let error = read(&(frames(&[text("half"), used.clone(), error]) + DONE)).unwrap_err();
    assert_eq!((error.class, error.charge, error.status), (RetryClass::RetryAfter, ChargeKnown::Uncertain, Some(200)));
    assert_eq!(error.usage.unwrap().input, 25);
    assert!(error.message.ends_with("was broken off with `InternalServerError`: out of memory"), "{}", error.message);
    let bare = read(&(frames(&[text("half"), json!({"error": "it fell over"})]) + DONE)).unwrap_err();
    assert!(bare.message.ends_with("was broken off: it fell over"), "{}", bare.message);

    let broken = format!("{}data: {{\"choices\":,,}}\n\n{}{DONE}", frames(&[text("a")]), frames(&[end("stop"), used]));
    let error = read(&broken).unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::AskPerson, ChargeKnown::Charged));
    assert_eq!(error.usage.unwrap().output, 3);

    for no_stream in ["", "<html>busy</html>", "[1, 2]"] {
        let error = read(no_stream).unwrap_err();
        assert_eq!((error.charge, error.usage), (ChargeKnown::Uncertain, None), "{no_stream}");
    }
}

fn refused(kind: &str, code: &Value) -> String {
    json!({"error": {"message": "m", "type": kind, "param": null, "code": code}}).to_string()
}

#[test]
fn a_refusal_says_what_helps_and_what_it_cost() {
    use ChargeKnown::{NotCharged, Uncertain};
    use RetryClass::{AskPerson, FixRequest, OtherModel, RetryAfter, Stop};
    let none = Value::Null;
    let table = [
        (400, refused("invalid_request_error", &none), FixRequest, NotCharged),
        (400, refused("BadRequestError", &json!(400)), FixRequest, NotCharged),
        (400, refused("exceed_context_size_error", &json!(400)), FixRequest, NotCharged),
        (400, json!({"object": "error", "message": "m", "code": 400}).to_string(), FixRequest, NotCharged),
        (401, refused("authentication_error", &json!(401)), AskPerson, NotCharged),
        (401, refused("invalid_request_error", &json!("invalid_api_key")), AskPerson, NotCharged),
        (403, refused("permission_error", &json!(403)), AskPerson, NotCharged),
        (404, refused("not_found_error", &none), OtherModel, NotCharged),
        (404, refused("NotFoundError", &json!(404)), OtherModel, NotCharged),
        (404, refused("invalid_request_error", &json!("model_not_found")), OtherModel, NotCharged),
        (413, "<html>too large</html>".to_owned(), FixRequest, NotCharged),
        (422, json!({"detail": [{"msg": "m"}]}).to_string(), FixRequest, NotCharged),
        (429, refused("rate_limit_error", &none), RetryAfter, NotCharged),
        (429, refused("insufficient_quota", &json!("insufficient_quota")), AskPerson, NotCharged),
        (500, refused("server_error", &json!(500)), RetryAfter, NotCharged),
        (500, "{\"error\":\"no slot\"}".to_owned(), RetryAfter, NotCharged),
        (501, refused("not_supported_error", &json!(501)), FixRequest, NotCharged),
        (503, refused("unavailable_error", &json!(503)), RetryAfter, NotCharged),
        (502, "<html>bad gateway</html>".to_owned(), RetryAfter, Uncertain),
        (504, refused("timeout", &none), RetryAfter, Uncertain),
        (302, String::new(), Stop, NotCharged),
        (204, String::new(), Stop, Uncertain),
    ];
    for (status, body, class, charge) in table {
        let error = decode(status, &Headers::default(), body.as_bytes()).unwrap_err();
        assert_eq!((error.class, error.charge, error.status), (class, charge, Some(status)), "{status} {body}");
    }
    let loading = decode(503, &Headers::default(), refused("unavailable_error", &json!(503)).as_bytes()).unwrap_err();
    assert_eq!(loading.message, "Status 503 `unavailable_error` from the OpenAI-compatible server: m");
}

#[test]
fn hints_in_the_headers_are_heard() {
    let waiting = headers(&[("retry-after", "7"), ("x-request-id", "req_h")]);
    let error = decode(429, &waiting, refused("rate_limit_error", &Value::Null).as_bytes()).unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(error.request_id.as_deref(), Some("req_h"));
    let no = headers(&[("x-should-retry", "false")]);
    let error = decode(500, &no, refused("server_error", &Value::Null).as_bytes()).unwrap_err();
    assert_eq!(error.class, RetryClass::AskPerson);
}

proptest! {
    #[test]
    fn any_body_is_survived(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(status, &Headers::default(), &body);
        let framed = [b"data: ".as_slice(), &body, b"\n\n"].concat();
        prop_assert!(decode(200, &Headers::default(), &framed).is_err());
    }
}
