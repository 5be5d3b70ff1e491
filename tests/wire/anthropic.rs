//! Anthropic's Messages: streams and whole answers with their oddities, errors and their times to wait, and requests held
//! against the documentation's own tables of what a model refuses.

use std::time::Duration;

use greenroom::provider::call::{
    Effort, Finish, Form, Remember, Request, TextRequest, Vendor, decode_count, prepare, prepare_count,
};
use greenroom::provider::error::ChargeKnown::{Charged, NotCharged, Uncertain};
use greenroom::provider::error::RetryClass::{AskPerson, FixRequest, LowerConcurrency, OtherModel, RetryAfter, Stop};
use greenroom::provider::headers::Headers;
use greenroom::provider::usage::Usage;
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::{Case, Want, answer, failure, models, run};

const TODAY: Date = date(2026, 11, 24);
const DATE: (&str, &str) = ("date", "Tue, 24 Nov 2026 10:00:00 GMT");

fn frame(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default())
}

fn stream(frames: &[Value]) -> Vec<u8> {
    frames.iter().map(frame).collect::<String>().into_bytes()
}

fn start(usage: Value) -> Value {
    json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
        "model": "claude-sonnet-5-5", "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage}})
}

/// A start with 25 tokens of prompt.
fn plain() -> Value {
    start(json!({"input_tokens": 25, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}, "output_tokens": 1}))
}

fn block(index: u32, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn text() -> Value {
    block(0, json!({"type": "text", "text": ""}))
}

fn delta(delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": 0, "delta": delta})
}

fn say(text: &str) -> Value {
    delta(json!({"type": "text_delta", "text": text}))
}

fn end(reason: &str, usage: Value) -> Value {
    json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}, "usage": usage})
}

fn out(tokens: u64) -> Value {
    json!({"output_tokens": tokens})
}

fn stop() -> Value {
    json!({"type": "message_stop"})
}

fn ping() -> Value {
    json!({"type": "ping"})
}

fn used(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

fn case(name: &'static str, body: Vec<u8>, want: Want) -> Case {
    Case {
        name,
        vendor: Vendor::Anthropic,
        form: Form::Usual,
        model: "claude-sonnet-5-5",
        on: TODAY,
        status: 200,
        headers: vec![("request-id", "req_1")],
        body,
        want,
    }
}

/// A refusal in the vendor's form.
fn told(kind: &str, message: &str) -> Vec<u8> {
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_b"})
        .to_string()
        .into_bytes()
}

fn refused(name: &'static str, status: u16, body: Vec<u8>, want: Want) -> Case {
    Case { status, ..case(name, body, want) }
}

/// Prices a million tokens: Sonnet 5.5 costs 2 in, 10 out, 2.50 and 4 to write, 0.10 to read; so 25 in and 15 out are 50 + 150
/// micro-dollars.
fn answers() -> Vec<Case> {
    let plain_answer = || answer("Hello", used(25, 15), 200, Finish::Complete);
    let ended = |reason: &str| stream(&[plain(), text(), say("Hello"), end(reason, out(15)), stop()]);
    let refusal = |details: Value| {
        let last = json!({"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": details},
            "usage": {"output_tokens": 15}});
        stream(&[plain(), last, stop()])
    };
    let tool = json!({"type": "tool_use", "id": "toolu_1", "name": "answer", "input": {}});
    let piece = |json: &str| delta(json!({"type": "input_json_delta", "partial_json": json}));
    let whole = |content: Value, reason: &str| {
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5", "content": content,
            "stop_reason": reason, "stop_sequence": null, "stop_details": null, "container": null,
            "usage": {"input_tokens": 25, "output_tokens": 15, "server_tool_use": null, "service_tier": "standard"}})
        .to_string()
        .into_bytes()
    };
    vec![
        case("a plain stream", ended("end_turn"), plain_answer()),
        case(
            "pings and events that nobody knows",
            stream(&[
                ping(),
                plain(),
                ping(),
                json!({"type": "weather_report", "sky": "blue"}),
                text(),
                ping(),
                say("Hel"),
                ping(),
                say("lo"),
                json!({"type": "content_block_stop", "index": 0}),
                end("end_turn", out(15)),
                ping(),
                stop(),
            ]),
            plain_answer(),
        ),
        case(
            "an unknown event with data that is no JSON",
            [b"event: news\ndata: none\n\n".to_vec(), ended("end_turn")].concat(),
            plain_answer(),
        ),
        case(
            "carriage returns",
            String::from_utf8_lossy(&ended("end_turn")).replace('\n', "\r\n").into(),
            plain_answer(),
        ),
        case(
            "counts that grow are not added",
            stream(&[plain(), text(), say("Hello"), end("", out(7)), end("end_turn", out(15)), stop()]),
            plain_answer(),
        ),
        case(
            "counts of the prompt that are null keep those of the start",
            stream(&[
                start(json!({"input_tokens": 25, "cache_read_input_tokens": 1_000, "output_tokens": 1})),
                text(),
                say("Hello"),
                end("end_turn", json!({"input_tokens": null, "cache_read_input_tokens": null, "output_tokens": 15})),
                stop(),
            ]),
            // 50 + 1,000 x 0.10 + 150
            answer("Hello", Usage { cache_read: 1_000, ..used(25, 15) }, 300, Finish::Complete),
        ),
        case(
            "counts of the prompt that grow with tools replace those of the start",
            stream(&[
                plain(),
                text(),
                say("Hello"),
                end("end_turn", json!({"input_tokens": 125, "output_tokens": 15})),
                stop(),
            ]),
            // 125 x 2 + 150
            answer("Hello", used(125, 15), 400, Finish::Complete),
        ),
        case(
            "a split of what was written to the cache comes at the start alone",
            stream(&[
                start(json!({"input_tokens": 25, "cache_creation_input_tokens": 700, "cache_read_input_tokens": 5_400,
                    "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 400},
                    "output_tokens": 1})),
                text(),
                say("Hello"),
                end("end_turn", json!({"cache_creation_input_tokens": 700, "output_tokens": 15})),
                stop(),
            ]),
            // 50 + 300 x 2.50 + 400 x 4 + 5,400 x 0.10 + 150
            answer(
                "Hello",
                Usage { cache_read: 5_400, cache_write_5m: 300, cache_write_1h: 400, ..used(25, 15) },
                3_090,
                Finish::Complete,
            ),
        ),
        case(
            "what was written without a split is taken at the dearer price",
            stream(&[
                start(json!({"input_tokens": 25, "cache_creation_input_tokens": 100, "output_tokens": 1})),
                text(),
                say("Hello"),
                end("end_turn", out(15)),
                stop(),
            ]),
            // 50 + 100 x 4 + 150
            answer("Hello", Usage { cache_write_1h: 100, ..used(25, 15) }, 600, Finish::Complete),
        ),
        case(
            "no counts at all are not zero",
            stream(&[json!({"type": "message_start", "message": {"model": "m"}}), text(), say("Hello"), stop()]),
            Want::Answer { text: "Hello", usage: None, cost: None, finish: Finish::Other(String::new()) },
        ),
        case(
            "thinking stands before the answer and is inside the output",
            stream(&[
                plain(),
                block(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
                delta(json!({"type": "thinking_delta", "thinking": "not for the answer"})),
                delta(json!({"type": "signature_delta", "signature": "EqQB"})),
                json!({"type": "content_block_stop", "index": 0}),
                text(),
                say("Hello"),
                end("end_turn", json!({"output_tokens": 15, "output_tokens_details": {"thinking_tokens": 12}})),
                stop(),
            ]),
            answer("Hello", Usage { thinking: 12, ..used(25, 15) }, 200, Finish::Complete),
        ),
        case(
            "thinking that is omitted or redacted",
            stream(&[
                plain(),
                block(0, json!({"type": "thinking", "thinking": "", "signature": "EqQB"})),
                block(1, json!({"type": "redacted_thinking", "data": "xyz"})),
                text(),
                say("Hello"),
                end("end_turn", out(15)),
                stop(),
            ]),
            plain_answer(),
        ),
        case(
            "blocks and deltas that nobody knows",
            stream(&[
                plain(),
                block(0, json!({"type": "hologram", "light": 1, "text": "not this"})),
                delta(json!({"type": "later_delta", "text": "not this"})),
                delta(json!({"type": "citations_delta", "citation": {"title": "x"}})),
                text(),
                say("Hello"),
                end("end_turn", out(15)),
                stop(),
            ]),
            plain_answer(),
        ),
        case(
            "several text blocks are one answer, in more than one byte a letter",
            stream(&[
                plain(),
                block(0, json!({"type": "text", "text": "Grü"})),
                say("ße"),
                block(1, json!({"type": "text", "text": ", "})),
                say("Welt 😀"),
                end("end_turn", out(15)),
                stop(),
            ]),
            answer("Grüße, Welt 😀", used(25, 15), 200, Finish::Complete),
        ),
        case("a stop sequence", ended("stop_sequence"), plain_answer()),
        case("the limit of tokens", ended("max_tokens"), answer("Hello", used(25, 15), 200, Finish::Length)),
        case(
            "the window is full",
            ended("model_context_window_exceeded"),
            answer("Hello", used(25, 15), 200, Finish::Length),
        ),
        case(
            "a turn that is paused is no answer",
            ended("pause_turn"),
            answer("Hello", used(25, 15), 200, Finish::Other("pause_turn".to_owned())),
        ),
        case(
            "a refusal is billed and says its category",
            refusal(json!({"type": "refusal", "category": "bio", "explanation": "no"})),
            answer("", used(25, 15), 200, Finish::Refused("bio".to_owned())),
        ),
        case(
            "a refusal without a category",
            refusal(json!({"type": "refusal", "category": null, "explanation": null})),
            answer("", used(25, 15), 200, Finish::Refused(String::new())),
        ),
        case(
            "a refusal without details",
            refusal(Value::Null),
            answer("", used(25, 15), 200, Finish::Refused(String::new())),
        ),
        case(
            "the input of the tool is the answer",
            stream(&[
                plain(),
                text(),
                say("Here it is."),
                block(1, tool.clone()),
                piece(""),
                piece("{\"title\":"),
                piece("\"Dämmerung\"}"),
                end("tool_use", out(15)),
                stop(),
            ]),
            answer("{\"title\":\"Dämmerung\"}", used(25, 15), 200, Finish::Complete),
        ),
        case(
            "a tool of the server is not the tool",
            stream(&[
                plain(),
                block(0, json!({"type": "server_tool_use", "id": "s", "name": "answer", "input": {}})),
                piece("{\"query\": 1}"),
                text(),
                say("Hello"),
                end("end_turn", out(15)),
                stop(),
            ]),
            plain_answer(),
        ),
        case(
            "a whole answer",
            whole(json!([{"type": "text", "text": "Hello", "citations": null}]), "end_turn"),
            plain_answer(),
        ),
        case(
            "a whole answer behind a thinking block",
            whole(
                json!([{"type": "thinking", "thinking": "", "signature": "E"}, {"type": "text", "text": "Hello"}]),
                "end_turn",
            ),
            plain_answer(),
        ),
        case(
            "a whole answer by the tool",
            whole(json!([{"type": "tool_use", "id": "t", "name": "answer", "input": {"a": 1}}]), "tool_use"),
            answer("{\"a\":1}", used(25, 15), 200, Finish::Complete),
        ),
        // The hour and the minutes of writing to the cache, and reading, by the day and by the size of the prompt.
        Case {
            on: date(2026, 10, 6),
            ..case(
                "reading from the cache before its price fell",
                stream(&[
                    start(json!({"input_tokens": 0, "cache_read_input_tokens": 1_000, "output_tokens": 1})),
                    text(),
                    end("end_turn", out(0)),
                    stop(),
                ]),
                // 1,000 x 0.20
                answer("", Usage { cache_read: 1_000, ..used(0, 0) }, 200, Finish::Complete),
            )
        },
        Case {
            on: date(2026, 10, 7),
            ..case(
                "reading from the cache since its price fell",
                stream(&[
                    start(json!({"input_tokens": 0, "cache_read_input_tokens": 1_000, "output_tokens": 1})),
                    text(),
                    end("end_turn", out(0)),
                    stop(),
                ]),
                // 1,000 x 0.10
                answer("", Usage { cache_read: 1_000, ..used(0, 0) }, 100, Finish::Complete),
            )
        },
        Case {
            model: "claude-haiku-5-5",
            ..case(
                "a prompt of just the lower tier",
                stream(&[
                    start(json!({"input_tokens": 1_000, "cache_read_input_tokens": 99_000, "output_tokens": 1})),
                    text(),
                    end("end_turn", out(1_000)),
                    stop(),
                ]),
                // 1,000 x 0.10 + 99,000 x 0.01 + 1,000 x 0.50
                answer("", Usage { cache_read: 99_000, ..used(1_000, 1_000) }, 1_590, Finish::Complete),
            )
        },
        Case {
            model: "claude-haiku-5-5",
            ..case(
                "a prompt that is over the tier with what is read from the cache",
                stream(&[
                    start(json!({"input_tokens": 1_001, "cache_read_input_tokens": 99_000, "output_tokens": 1})),
                    text(),
                    end("end_turn", out(1_000)),
                    stop(),
                ]),
                // All of it at the higher rates: 1,001 x 0.50 + 99,000 x 0.05 + 1,000 x 2.50, rounded up once
                answer("", Usage { cache_read: 99_000, ..used(1_001, 1_000) }, 7_951, Finish::Complete),
            )
        },
        Case {
            model: "claude-fable-5-2",
            ..case(
                "a model whose price nobody knows costs an unknown sum, not nothing",
                ended("end_turn"),
                Want::Answer { text: "Hello", usage: Some(used(25, 15)), cost: None, finish: Finish::Complete },
            )
        },
    ]
}

fn failures() -> Vec<Case> {
    let error =
        |kind: &str| json!({"type": "error", "error": {"type": kind, "message": "Overloaded"}, "request_id": "req_9"});
    let counted = |class, charge, output, says| Want::Failure { class, charge, wait: None, output: Some(output), says };
    let waits = |class, wait, says| Want::Failure { class, charge: NotCharged, wait: Some(wait), output: None, says };
    let limited = || told("rate_limit_error", "slow down");
    let with = |headers: Vec<(&'static str, &'static str)>, case: Case| Case { headers, ..case };
    vec![
        case(
            "an error in the middle of a stream",
            stream(&[plain(), text(), say("Hel"), error("overloaded_error")]),
            counted(RetryAfter, Uncertain, 1, "broke off its answer with `overloaded_error`: Overloaded"),
        ),
        case(
            "a stream without an end",
            stream(&[plain(), text(), say("Hello"), end("end_turn", out(15))]),
            counted(RetryAfter, Uncertain, 15, "ends in the middle of its stream"),
        ),
        case(
            "a stream of a broken event and an end",
            [stream(&[plain()]), b"data: {\"type\":\"content_block_delta\"}\n\n".to_vec(), stream(&[end("end_turn", out(15)), stop()])]
                .concat(),
            counted(AskPerson, Charged, 15, "cannot be read"),
        ),
        case(
            "something else in place of a stream",
            b"<html>busy</html>".to_vec(),
            failure(RetryAfter, Uncertain, "ends in the middle"),
        ),
        case(
            "a whole answer that is cut",
            br#"{"type":"message","content":[{"type":"text","te"#.to_vec(),
            failure(RetryAfter, Uncertain, "ends in the middle"),
        ),
        case(
            "a whole answer of another shape",
            br#"{"type":"message","usage":{"input_tokens":25,"output_tokens":15}}"#.to_vec(),
            counted(AskPerson, Charged, 15, "cannot be read"),
        ),
        case(
            "an error in place of a whole answer",
            told("overloaded_error", "Overloaded"),
            failure(RetryAfter, Uncertain, "`overloaded_error`"),
        ),
        refused(
            "a parameter of sampling",
            400,
            told("invalid_request_error", "temperature: Extra inputs are not permitted"),
            failure(FixRequest, NotCharged, "Extra inputs"),
        ),
        refused(
            "a prefill",
            400,
            told("invalid_request_error", "This model does not support assistant message prefill."),
            failure(FixRequest, NotCharged, "prefill"),
        ),
        refused(
            "the spend limit that one set oneself",
            400,
            told("invalid_request_error", "You have reached your specified API usage limits. You will regain access."),
            failure(AskPerson, NotCharged, "usage limits"),
        ),
        refused("a bad key", 401, told("authentication_error", "invalid x-api-key"), failure(AskPerson, NotCharged, "401")),
        refused("an empty account", 402, told("billing_error", "x"), failure(AskPerson, NotCharged, "402")),
        refused("a key without the right", 403, told("permission_error", "x"), failure(AskPerson, NotCharged, "403")),
        refused(
            "a model that is retired",
            404,
            told("not_found_error", "model: claude-opus-4-20250514"),
            failure(OtherModel, NotCharged, "claude-opus-4-20250514"),
        ),
        refused("a conflict", 409, told("conflict_error", "x"), failure(RetryAfter, NotCharged, "409")),
        refused("too large", 413, told("request_too_large", "x"), failure(FixRequest, NotCharged, "413")),
        refused("too large by the edge", 413, b"<html>".to_vec(), failure(FixRequest, NotCharged, "not Anthropic's")),
        with(
            vec![("retry-after", "7")],
            refused("a rate limit with seconds", 429, limited(), waits(RetryAfter, Duration::from_secs(7), "429")),
        ),
        with(
            vec![("retry-after", "9"), ("retry-after-ms", "250")],
            refused("milliseconds come before seconds", 429, limited(), waits(RetryAfter, Duration::from_millis(250), "429")),
        ),
        with(
            vec![("retry-after", "Tue, 24 Nov 2026 10:00:30 GMT"), DATE],
            refused("a date to wait for", 429, limited(), waits(RetryAfter, Duration::from_secs(30), "429")),
        ),
        refused("a rate limit without a hint", 429, limited(), failure(RetryAfter, NotCharged, "429")),
        refused(
            "too many connections",
            429,
            told("rate_limit_error", "Number of concurrent connections has exceeded your limit"),
            failure(LowerConcurrency, NotCharged, "concurrent"),
        ),
        refused(
            "the spend cap of the tier",
            429,
            br#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#
                .to_vec(),
            failure(AskPerson, NotCharged, "429"),
        ),
        with(
            vec![("x-should-retry", "false")],
            refused("an error not to be tried again", 500, told("api_error", "x"), failure(AskPerson, NotCharged, "500")),
        ),
        with(
            vec![("x-should-retry", "true")],
            refused(
                "a refusal to be tried again",
                400,
                told("invalid_request_error", "x"),
                failure(RetryAfter, NotCharged, "400"),
            ),
        ),
        refused("a fault of the service", 500, told("api_error", "x"), failure(RetryAfter, NotCharged, "500")),
        refused("a time-out", 504, told("timeout_error", "x"), failure(RetryAfter, Uncertain, "504")),
        refused("an overload", 529, told("overloaded_error", "Overloaded"), failure(RetryAfter, NotCharged, "529")),
        refused("the edge answers", 502, b"<html>bad gateway</html>".to_vec(), failure(RetryAfter, Uncertain, "not Anthropic's")),
        refused("an edge's own number", 520, Vec::new(), failure(RetryAfter, Uncertain, "520")),
        refused("a redirect", 302, Vec::new(), failure(Stop, NotCharged, "302")),
    ]
}

#[test]
fn every_exchange_comes_out_as_it_must() {
    let cases: Vec<Case> = answers().into_iter().chain(failures()).collect();
    assert!(run("anthropic", &cases) >= 60, "each trap of the documentation has a case");
}

/// What the service refuses, by the documentation's tables of November 2026, written down apart from the table that ships.
fn refuses(model: &str, body: &Value) -> Option<String> {
    let is = |names: &[&str]| names.iter().any(|name| model.starts_with(name));
    let old = is(&["claude-opus-4-2", "claude-sonnet-4-2", "claude-opus-4-1"]);
    let four_five = is(&["claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5"]);
    let four_six = is(&["claude-opus-4-6", "claude-sonnet-4-6"]);
    let five_five = is(&[
        "claude-opus-5-5",
        "claude-sonnet-5-5",
        "claude-fable-5-1",
        "claude-mythos-5-1",
        "claude-fable-5-2",
        "claude-mythos-5-2",
    ]);
    let effort = body.pointer("/output_config/effort").and_then(Value::as_str);
    let thinking = body.pointer("/thinking/type").and_then(Value::as_str);
    if let Some(name) = ["temperature", "top_p", "top_k"].into_iter().find(|name| body.get(*name).is_some()) {
        return Some(format!("{name}: Extra inputs are not permitted"));
    }
    if effort.is_some() && (old || is(&["claude-sonnet-4-5", "claude-haiku-4-5"])) {
        return Some("effort is not supported".to_owned());
    }
    if body.pointer("/output_config/format").is_some() && old {
        return Some("structured output is not supported".to_owned());
    }
    match thinking {
        Some("adaptive") if old || four_five => {
            return Some("adaptive thinking is not supported on this model".to_owned());
        }
        Some("enabled") if !(old || four_five || four_six) => {
            return Some("thinking.type.enabled is not supported".to_owned());
        }
        Some("enabled") => {
            let budget = body.pointer("/thinking/budget_tokens").and_then(Value::as_u64).unwrap_or(0);
            let most = body.get("max_tokens").and_then(Value::as_u64).unwrap_or(u64::MAX);
            if !(1_024..most).contains(&budget) {
                return Some(format!("a budget of {budget}"));
            }
        }
        Some("disabled") if five_five || is(&["claude-fable-5", "claude-mythos-5"]) => {
            return Some("thinking cannot be disabled".to_owned());
        }
        Some("disabled") if is(&["claude-opus-5", "claude-haiku-5-5"]) && matches!(effort, Some("xhigh" | "max")) => {
            return Some("thinking cannot be disabled at this effort".to_owned());
        }
        Some("between_tools") if !is(&["claude-sonnet-5-5"]) || matches!(effort, Some("xhigh" | "max")) => {
            return Some("between_tools is not supported".to_owned());
        }
        _ => {}
    }
    let forced = matches!(body.pointer("/tool_choice/type").and_then(Value::as_str), Some("any" | "tool"));
    if forced && (five_five || thinking == Some("enabled")) {
        return Some("Thinking may not be enabled when tool_choice forces tool use.".to_owned());
    }
    let last = body.get("messages").and_then(Value::as_array).and_then(|turns| turns.last());
    if last.and_then(|turn| turn["role"].as_str()) != Some("user") {
        return Some("The conversation must end with a user message.".to_owned());
    }
    None
}

#[test]
fn nothing_is_sent_that_a_model_refuses() {
    let models = models();
    let efforts = Effort::ALL.map(|(_, effort)| Some(effort));
    let (mut asked, mut with_tool) = (0, 0);
    for model in models.iter().filter(|model| model.id.starts_with("claude-")) {
        for effort in efforts.into_iter().chain([None]) {
            for schema in
                [None, Some(json!({"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}}))]
            {
                for (max_tokens, remember) in [(600, Remember::No), (20_000, Remember::OneHour)] {
                    let request = TextRequest {
                        model: model.id.clone(),
                        system: "s".repeat(9_000),
                        user: "u".repeat(9_000),
                        max_tokens,
                        schema: schema.clone(),
                        effort,
                        remember,
                        stable: 8_000,
                    };
                    let prepared = prepare(&models, Vendor::Anthropic, &Request::Text(request.clone()));
                    let body: Value = serde_json::from_slice(&prepared.expect("a request").body).expect("JSON");
                    assert_eq!(refuses(&model.id, &body), None, "{} {effort:?} {body}", model.id);
                    assert!(body.to_string().matches("cache_control").count() <= 1, "{}", model.id);
                    with_tool += usize::from(body.get("tools").is_some());
                    let counted =
                        prepare_count(&models, Vendor::Anthropic, &request).expect("a count").expect("it counts");
                    let counted: Value = serde_json::from_slice(&counted.body).expect("JSON");
                    assert_eq!((counted.get("max_tokens"), counted.get("stream")), (None, None));
                    asked += 1;
                }
            }
        }
    }
    assert!(with_tool > 0, "the oldest models are held to a schema by a tool");
    println!("anthropic: {asked} requests that no model refuses");
}

#[test]
fn the_table_of_refusals_can_refuse() {
    let planted = [
        ("claude-opus-5-5", json!({"temperature": 1.0, "messages": [{"role": "user"}]})),
        ("claude-haiku-4-5-20251001", json!({"output_config": {"effort": "low"}, "messages": [{"role": "user"}]})),
        ("claude-opus-4-1-20250805", json!({"output_config": {"format": {}}, "messages": [{"role": "user"}]})),
        ("claude-opus-4-8", json!({"thinking": {"type": "enabled"}, "messages": [{"role": "user"}]})),
        ("claude-sonnet-5-5", json!({"tool_choice": {"type": "tool"}, "messages": [{"role": "user"}]})),
        ("claude-opus-4-6", json!({"messages": [{"role": "user"}, {"role": "assistant"}]})),
    ];
    for (model, body) in planted {
        assert!(refuses(model, &body).is_some(), "{model} {body}");
    }
}

#[test]
fn a_count_is_read_and_free() {
    let none = Headers::default();
    assert_eq!(decode_count(Vendor::Anthropic, 200, &none, b"{\"input_tokens\":1234}").expect("a count"), 1_234);
    for (status, body) in [(200, b"{}".to_vec()), (504, Vec::new()), (529, told("overloaded_error", "x"))] {
        let error = decode_count(Vendor::Anthropic, status, &none, &body).expect_err("no count");
        assert_eq!(error.charge, NotCharged, "{status}");
    }
}
