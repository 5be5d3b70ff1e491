//! Google's `generateContent`: streams and whole answers with their oddities, errors and their times to wait, and requests held
//! against the documentation's own tables of what a model refuses.

use std::time::Duration;

use greenroom::provider::call::{
    Effort, Finish, Form, Remember, Request, TextRequest, Vendor, decode, decode_count, prepare, prepare_count,
};
use greenroom::provider::error::ChargeKnown::{Charged, NotCharged, Uncertain};
use greenroom::provider::error::RetryClass::{AskPerson, FixRequest, OtherModel, RetryAfter, Stop};
use greenroom::provider::headers::Headers;
use greenroom::provider::usage::Usage;
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::{Case, Want, answer, failure, models, run};

const TODAY: Date = date(2026, 11, 24);

fn stream(chunks: &[Value]) -> Vec<u8> {
    chunks.iter().map(|chunk| format!("data: {chunk}\r\n\r\n")).collect::<String>().into_bytes()
}

fn said(text: &str) -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}],
        "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}, "modelVersion": "gemini-3.1-pro-preview",
        "responseId": "r1"})
}

fn ended(text: &str, reason: &str) -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": reason, "index": 0}],
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "thoughtsTokenCount": 30, "totalTokenCount": 37},
        "modelVersion": "gemini-3.1-pro-preview", "responseId": "r1"})
}

fn used() -> Usage {
    Usage { input: 5, output: 32, thinking: 30, ..Usage::default() }
}

fn case(name: &'static str, body: Vec<u8>, want: Want) -> Case {
    Case {
        name,
        vendor: Vendor::Gemini,
        form: Form::Usual,
        model: "gemini-3.1-pro-preview",
        on: TODAY,
        status: 200,
        headers: Vec::new(),
        body,
        want,
    }
}

fn whole(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// Prices a million tokens: 3.1 Pro costs 2 in, 12 out and 0.20 to read, and 4, 18 and 0.40 for a prompt of more than 200,000;
/// so 5 in and 32 out are 10 + 384 micro-dollars.
fn answers() -> Vec<Case> {
    let plain = || answer("Hello", used(), 394, Finish::Complete);
    let reason = |word: &str| stream(&[said("Hel"), ended("lo", word)]);
    let refusal = |word: &'static str| answer("Hello", used(), 394, Finish::Refused(word.to_owned()));
    let counted = |usage: Value| {
        whole(
            &json!({"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}], "usageMetadata": usage}),
        )
    };
    vec![
        case("a plain stream", reason("STOP"), plain()),
        case("line feeds alone", String::from_utf8_lossy(&reason("STOP")).replace('\r', "").into_bytes(), plain()),
        case("a whole answer", whole(&ended("Hello", "STOP")), plain()),
        case(
            "a stream without frames is an array",
            format!("[{},\r\n{}\r\n]", said("Hel"), ended("lo", "STOP")).into_bytes(),
            plain(),
        ),
        case(
            "thoughts are no part of the text and outside the candidates",
            stream(&[
                json!({"candidates": [{"content": {"parts": [{"text": "Let me see.", "thought": true}]}}],
                    "usageMetadata": {"promptTokenCount": 5, "thoughtsTokenCount": 10}}),
                ended("Hello", "STOP"),
            ]),
            plain(),
        ),
        case(
            "parts that are no text, and signatures beside it",
            stream(&[
                json!({"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": ""}},
                    {"text": "Hel", "thoughtSignature": "CpA"}, {"functionCall": {"name": "f", "args": {}}}]}}]}),
                ended("lo", "STOP"),
            ]),
            plain(),
        ),
        case(
            "counts grow and are not added",
            stream(&[
                json!({"candidates": [{"content": {"parts": [{"text": "Hello"}]}}],
                    "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "thoughtsTokenCount": 30}}),
                ended("", "STOP"),
            ]),
            plain(),
        ),
        case(
            "counts that come after the reason hold",
            stream(&[
                json!({"candidates": [{"content": {"parts": [{"text": "Hello"}]}, "finishReason": "STOP"}]}),
                json!({"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "thoughtsTokenCount": 30}}),
            ]),
            plain(),
        ),
        case(
            "chunks without candidates, without parts and with empty parts",
            stream(&[
                json!({"modelVersion": "gemini-3.1-pro-preview"}),
                json!({"candidates": [{"content": {"role": "model"}, "index": 0}]}),
                json!({"candidates": [{"content": {"role": "model", "parts": []}}]}),
                json!({"candidates": []}),
                ended("Hello", "STOP"),
            ]),
            plain(),
        ),
        case(
            "more than one byte a letter",
            stream(&[said("Grü"), said("ße, Welt 😀"), ended("", "STOP")]),
            answer("Grüße, Welt 😀", used(), 394, Finish::Complete),
        ),
        case(
            "all tokens went into thinking",
            stream(&[json!({"candidates": [{"finishReason": "MAX_TOKENS", "index": 0}],
                "usageMetadata": {"promptTokenCount": 5, "thoughtsTokenCount": 4_096}})]),
            // 10 + 4,096 x 12
            answer("", Usage { output: 4_096, thinking: 4_096, ..used() }, 49_162, Finish::Length),
        ),
        case(
            "an answer that is to be continued is cut",
            whole(&json!({"candidates": [{"content": {"parts": [{"text": "Hello"}]}, "finishReason": "CONTINUATION",
                "continuationToken": "tok"}], "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2}})),
            // 10 + 2 x 12
            answer("Hello", Usage { input: 5, output: 2, ..Usage::default() }, 34, Finish::Length),
        ),
        case("SAFETY", reason("SAFETY"), refusal("SAFETY")),
        case("RECITATION", reason("RECITATION"), refusal("RECITATION")),
        case("BLOCKLIST", reason("BLOCKLIST"), refusal("BLOCKLIST")),
        case("PROHIBITED_CONTENT", reason("PROHIBITED_CONTENT"), refusal("PROHIBITED_CONTENT")),
        case("SPII", reason("SPII"), refusal("SPII")),
        case(
            "a reason that nobody knows",
            reason("NEW_WORD"),
            answer("Hello", used(), 394, Finish::Other("NEW_WORD".to_owned())),
        ),
        case(
            "a prompt that is blocked has no candidates and is billed",
            whole(&json!({"promptFeedback": {"blockReason": "JAILBREAK", "safetyRatings": []},
                "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}})),
            answer("", Usage { input: 5, ..Usage::default() }, 10, Finish::Refused("JAILBREAK".to_owned())),
        ),
        case(
            "a prompt that is blocked in a stream",
            stream(&[json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                "usageMetadata": {"promptTokenCount": 5}})]),
            answer("", Usage { input: 5, ..Usage::default() }, 10, Finish::Refused("PROHIBITED_CONTENT".to_owned())),
        ),
        case(
            "a whole answer without a reason",
            whole(&json!({"candidates": [{"content": {"parts": [{"text": "Hello"}]}}]})),
            Want::Answer { text: "Hello", usage: None, cost: None, finish: Finish::Other(String::new()) },
        ),
        case(
            "what was read from the cache is inside the prompt",
            counted(json!({"promptTokenCount": 1_200, "cachedContentTokenCount": 1_000, "candidatesTokenCount": 10})),
            // 200 x 2 + 1,000 x 0.20 + 10 x 12
            answer("x", Usage { input: 200, cache_read: 1_000, output: 10, ..Usage::default() }, 720, Finish::Complete),
        ),
        case(
            "what tools bring into the prompt is beside it",
            counted(json!({"promptTokenCount": 100, "toolUsePromptTokenCount": 50})),
            answer("x", Usage { input: 150, ..Usage::default() }, 300, Finish::Complete),
        ),
        case(
            "a prompt of just the lower tier",
            counted(
                json!({"promptTokenCount": 200_000, "cachedContentTokenCount": 100_000, "candidatesTokenCount": 1_000}),
            ),
            // 100,000 x 2 + 100,000 x 0.20 + 1,000 x 12
            answer(
                "x",
                Usage { input: 100_000, cache_read: 100_000, output: 1_000, ..Usage::default() },
                232_000,
                Finish::Complete,
            ),
        ),
        case(
            "a prompt that is over the tier with what is cached reprices all of it",
            counted(
                json!({"promptTokenCount": 200_001, "cachedContentTokenCount": 100_000, "candidatesTokenCount": 1_000}),
            ),
            // 100,001 x 4 + 100,000 x 0.40 + 1,000 x 18
            answer(
                "x",
                Usage { input: 100_001, cache_read: 100_000, output: 1_000, ..Usage::default() },
                458_004,
                Finish::Complete,
            ),
        ),
        Case {
            model: "gemini-4-argon",
            on: date(2026, 11, 30),
            ..case(
                "the last day of a price",
                counted(json!({"promptTokenCount": 1_000, "candidatesTokenCount": 1_000})),
                // 1,000 x 2 + 1,000 x 10
                answer("x", Usage { input: 1_000, output: 1_000, ..Usage::default() }, 12_000, Finish::Complete),
            )
        },
        Case {
            model: "gemini-4-argon",
            on: date(2026, 12, 1),
            ..case(
                "the first day of the next price",
                counted(json!({"promptTokenCount": 1_000, "candidatesTokenCount": 1_000})),
                // 1,000 x 4 + 1,000 x 20
                answer("x", Usage { input: 1_000, output: 1_000, ..Usage::default() }, 24_000, Finish::Complete),
            )
        },
        Case {
            model: "gemini-3.8-flash",
            on: date(2026, 12, 31),
            ..case(
                "the last day of Flash's lower price",
                counted(
                    json!({"promptTokenCount": 2_000, "cachedContentTokenCount": 1_000, "candidatesTokenCount": 1_000}),
                ),
                // 1,000 x 0.75 + 1,000 x 0.075 + 1,000 x 3.75
                answer(
                    "x",
                    Usage { input: 1_000, cache_read: 1_000, output: 1_000, ..Usage::default() },
                    4_575,
                    Finish::Complete,
                ),
            )
        },
        Case {
            model: "gemini-3.8-flash",
            on: date(2027, 1, 1),
            ..case(
                "the first day of Flash's higher price",
                counted(
                    json!({"promptTokenCount": 2_000, "cachedContentTokenCount": 1_000, "candidatesTokenCount": 1_000}),
                ),
                // 1,000 x 1.50 + 1,000 x 0.15 + 1,000 x 7.50
                answer(
                    "x",
                    Usage { input: 1_000, cache_read: 1_000, output: 1_000, ..Usage::default() },
                    9_150,
                    Finish::Complete,
                ),
            )
        },
        case(
            "counts that contradict one another neither wrap nor vanish",
            counted(json!({"promptTokenCount": 5, "cachedContentTokenCount": 9})),
            // 9 x 0.20, rounded up once
            answer("x", Usage { cache_read: 9, ..Usage::default() }, 2, Finish::Complete),
        ),
    ]
}

fn told(code: u16, status: &str, message: &str, details: &Value) -> Vec<u8> {
    json!({"error": {"code": code, "message": message, "status": status, "details": details}}).to_string().into_bytes()
}

fn quota(id: &str, wait: &str) -> Value {
    json!([
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id, "quotaValue": "50"}]},
        {"@type": "type.googleapis.com/google.rpc.Help", "links": []},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": wait},
    ])
}

fn failures() -> Vec<Case> {
    let none = json!([]);
    let bad_key = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
    let refused = |name, status, body, want| Case { status, ..case(name, body, want) };
    let waits = |class, millis, says| Want::Failure {
        class,
        charge: NotCharged,
        wait: Some(Duration::from_millis(millis)),
        output: None,
        says,
    };
    let overloaded = told(503, "UNAVAILABLE", "The model is overloaded", &none);
    let pretty = serde_json::from_slice::<Value>(&overloaded).and_then(|value| serde_json::to_string_pretty(&value));
    let pretty = pretty.expect("JSON").replace('\n', "\r\n");
    let begun = || stream(&[said("Hel")]);
    let broken = |end: String| [begun(), end.into_bytes()].concat();
    let midway =
        || Want::Failure { class: RetryAfter, charge: Uncertain, wait: None, output: Some(0), says: "overloaded" };
    vec![
        case(
            "an error in a frame",
            broken(format!("data: {}\r\n\r\n", String::from_utf8_lossy(&overloaded))),
            midway(),
        ),
        case("a bare error after the frames", broken(String::from_utf8_lossy(&overloaded).into_owned()), midway()),
        case("a bare error on several lines", broken(format!("{pretty}\r\n")), midway()),
        case("a bare error in an array", broken(format!("[{pretty}\r\n]\r\n")), midway()),
        case(
            "an error in place of a stream",
            format!("[{}]", String::from_utf8_lossy(&overloaded)).into_bytes(),
            failure(RetryAfter, Uncertain, "overloaded"),
        ),
        case(
            "a quota for the day in the middle of a stream",
            broken(
                String::from_utf8_lossy(&told(429, "RESOURCE_EXHAUSTED", "quota", &quota("RequestsPerDay", "3s")))
                    .into(),
            ),
            Want::Failure {
                class: OtherModel,
                charge: Uncertain,
                wait: Some(Duration::from_secs(3)),
                output: Some(0),
                says: "quota",
            },
        ),
        case(
            "a stream that closes without a reason",
            begun(),
            Want::Failure { class: RetryAfter, charge: Uncertain, wait: None, output: Some(0), says: "in the middle" },
        ),
        case(
            "a whole answer that is cut",
            br#"{"candidates": [{"content""#.to_vec(),
            failure(RetryAfter, Uncertain, "cut in the middle"),
        ),
        case("a whole answer that is no JSON", b"{,}".to_vec(), failure(AskPerson, Charged, "no JSON")),
        case("neither a candidate nor a reason", b"{}".to_vec(), failure(AskPerson, Charged, "neither")),
        case(
            "a broken chunk and an end",
            [begun(), b"data: {,}\r\n\r\n".to_vec(), stream(&[ended("lo", "STOP")])].concat(),
            Want::Failure { class: AskPerson, charge: Charged, wait: None, output: Some(32), says: "cannot be read" },
        ),
        case(
            "a broken chunk without an end is settled at its worst case",
            [begun(), b"data: {,}\r\n\r\n".to_vec()].concat(),
            failure(AskPerson, Charged, "cannot be read"),
        ),
        refused(
            "a bad key is a bad request",
            400,
            told(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", &bad_key),
            failure(AskPerson, NotCharged, "API key not valid"),
        ),
        refused("a bad body", 400, told(400, "INVALID_ARGUMENT", "x", &none), failure(FixRequest, NotCharged, "400")),
        refused(
            "a level where a budget is taken",
            400,
            told(400, "INVALID_ARGUMENT", "Thinking level is not supported for this model", &none),
            failure(FixRequest, NotCharged, "Thinking level"),
        ),
        refused("a region", 400, told(400, "FAILED_PRECONDITION", "x", &none), failure(AskPerson, NotCharged, "400")),
        refused("no right", 401, told(401, "UNAUTHENTICATED", "x", &none), failure(AskPerson, NotCharged, "401")),
        refused("a leaked key", 403, told(403, "PERMISSION_DENIED", "x", &none), failure(AskPerson, NotCharged, "403")),
        refused(
            "a model that is shut down",
            404,
            told(404, "NOT_FOUND", "models/gemini-3-pro-preview is not found for API version v1beta", &none),
            failure(OtherModel, NotCharged, "gemini-3-pro-preview"),
        ),
        refused("too large", 413, b"too large".to_vec(), failure(FixRequest, NotCharged, "413")),
        refused(
            "a quota for the minute says how long",
            429,
            told(429, "RESOURCE_EXHAUSTED", "x", &quota("GenerateRequestsPerMinutePerProject", "45s")),
            waits(RetryAfter, 45_000, "429"),
        ),
        refused(
            "a part of a second to wait",
            429,
            told(429, "RESOURCE_EXHAUSTED", "x", &quota("GenerateRequestsPerMinutePerProject", "45.57s")),
            waits(RetryAfter, 45_570, "429"),
        ),
        refused(
            "a quota for the day does not come back by waiting",
            429,
            told(429, "RESOURCE_EXHAUSTED", "x", &quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "45s")),
            waits(OtherModel, 45_000, "429"),
        ),
        refused(
            "a quota without a hint",
            429,
            told(429, "RESOURCE_EXHAUSTED", "x", &none),
            failure(RetryAfter, NotCharged, "429"),
        ),
        refused("the client is gone", 499, told(499, "CANCELLED", "x", &none), failure(RetryAfter, Uncertain, "499")),
        refused("a fault within", 500, told(500, "INTERNAL", "x", &none), failure(RetryAfter, NotCharged, "500")),
        refused("an overload", 503, overloaded.clone(), failure(RetryAfter, NotCharged, "overloaded")),
        refused("a time-out", 504, told(504, "DEADLINE_EXCEEDED", "x", &none), failure(RetryAfter, Uncertain, "504")),
        refused("the edge answers", 502, b"<html>".to_vec(), failure(RetryAfter, Uncertain, "not Gemini's")),
        refused("a redirect", 302, Vec::new(), failure(Stop, NotCharged, "302")),
    ]
}

#[test]
fn every_exchange_comes_out_as_it_must() {
    let cases: Vec<Case> = answers().into_iter().chain(failures()).collect();
    assert!(run("gemini", &cases) >= 55, "each trap of the documentation has a case");
}

#[test]
fn the_model_that_answered_is_told_and_not_the_one_that_was_asked() {
    let mut routed = ended("Hello", "STOP");
    routed["modelVersion"] = json!("gemini-3.8-flash");
    for body in [whole(&routed), stream(&[said("Hel"), routed.clone()])] {
        let answer = decode(Vendor::Gemini, Form::Usual, 200, &Headers::default(), &body).expect("an answer");
        assert_eq!(answer.model.as_deref(), Some("gemini-3.8-flash"));
        assert_eq!(answer.request_id.as_deref(), Some("r1"));
    }
}

/// What the service refuses, by the documentation's tables of November 2026, written down apart from the table that ships.
fn refuses(model: &str, body: &Value) -> Option<String> {
    let option = |name: &str| body.pointer(&format!("/generationConfig/{name}"));
    let level = option("thinkingConfig/thinkingLevel").and_then(Value::as_str);
    let budget = option("thinkingConfig/thinkingBudget").and_then(Value::as_i64);
    let bounds = match model {
        "gemini-2.5-pro" => Some((128, 32_768, false)),
        "gemini-2.5-flash" => Some((1, 24_576, true)),
        "gemini-2.5-flash-lite" => Some((512, 24_576, true)),
        _ => None,
    };
    match (bounds, level, budget) {
        (_, Some(_), Some(_)) => return Some("both controls at once".to_owned()),
        (Some(_), Some(_), None) => return Some("Thinking level is not supported for this model".to_owned()),
        (None, None, Some(_)) => return Some("a budget where a level is taken".to_owned()),
        (Some((least, most, off)), None, Some(budget)) if !((least..=most).contains(&budget) || off && budget == 0) => {
            return Some(format!("a budget of {budget}"));
        }
        (None, Some(level), None) if !["LOW", "MEDIUM", "HIGH"].contains(&level) => {
            return Some(format!("the level {level}"));
        }
        (..) => {}
    }
    let (newer, older) = (option("responseJsonSchema"), option("responseSchema"));
    if newer.is_some() && older.is_some() {
        return Some("both forms of a schema".to_owned());
    }
    if (newer.is_some() || older.is_some()) && option("responseMimeType") != Some(&json!("application/json")) {
        return Some("a schema without its type".to_owned());
    }
    let last = body.get("contents").and_then(Value::as_array).and_then(|turns| turns.last());
    (last.and_then(|turn| turn["role"].as_str()) != Some("user")).then(|| "the last turn is the model's".to_owned())
}

#[test]
fn nothing_is_sent_that_a_model_refuses() {
    let models = models();
    let mut asked = 0;
    for model in models.iter().filter(|model| model.id.starts_with("gemini-")) {
        for effort in Effort::ALL.map(|(_, effort)| Some(effort)).into_iter().chain([None]) {
            for schema in [None, Some(json!({"type": "object", "properties": {"a": {"type": "string"}}}))] {
                for max_tokens in [100, 60_000] {
                    let request = TextRequest {
                        model: model.id.clone(),
                        system: "s".to_owned(),
                        user: "u".to_owned(),
                        max_tokens,
                        schema: schema.clone(),
                        effort,
                        remember: Remember::OneHour,
                        stable: 0,
                    };
                    let prepared =
                        prepare(&models, Vendor::Gemini, &Request::Text(request.clone())).expect("a request");
                    assert!(prepared.path.ends_with(":streamGenerateContent?alt=sse") && prepared.streaming);
                    let body: Value = serde_json::from_slice(&prepared.body).expect("JSON");
                    assert_eq!(refuses(&model.id, &body), None, "{} {effort:?} {body}", model.id);
                    for never in ["temperature", "topP", "topK"] {
                        assert_eq!(body.pointer(&format!("/generationConfig/{never}")), None, "{}", model.id);
                    }
                    let counted =
                        prepare_count(&models, Vendor::Gemini, &request).expect("a count").expect("it counts");
                    assert!(counted.path.ends_with(":countTokens") && !counted.streaming);
                    asked += 1;
                }
            }
        }
    }
    println!("gemini: {asked} requests that no model refuses");
}

#[test]
fn the_table_of_refusals_can_refuse() {
    let with = |config: Value| json!({"contents": [{"role": "user"}], "generationConfig": config});
    let planted = [
        ("gemini-2.5-pro", with(json!({"thinkingConfig": {"thinkingBudget": 0}}))),
        ("gemini-2.5-flash-lite", with(json!({"thinkingConfig": {"thinkingBudget": 100}}))),
        ("gemini-2.5-flash", with(json!({"thinkingConfig": {"thinkingLevel": "LOW"}}))),
        ("gemini-4-argon", with(json!({"thinkingConfig": {"thinkingLevel": "MINIMAL"}}))),
        ("gemini-4-argon", with(json!({"thinkingConfig": {"thinkingBudget": 100}}))),
        ("gemini-4-argon", with(json!({"responseJsonSchema": {}}))),
        ("gemini-4-argon", json!({"contents": [{"role": "model"}]})),
    ];
    for (model, body) in planted {
        assert!(refuses(model, &body).is_some(), "{model} {body}");
    }
}

#[test]
fn a_count_is_read_and_free() {
    let none = Headers::default();
    let body = br#"{"totalTokens":31,"promptTokensDetails":[{"modality":"TEXT","tokenCount":31}]}"#;
    assert_eq!(decode_count(Vendor::Gemini, 200, &none, body).expect("a count"), 31);
    for (status, body) in [(200, b"{}".to_vec()), (504, Vec::new()), (503, told(503, "UNAVAILABLE", "x", &json!([])))] {
        let error = decode_count(Vendor::Gemini, status, &none, &body).expect_err("no count");
        assert_eq!(error.charge, NotCharged, "{status}");
    }
}
