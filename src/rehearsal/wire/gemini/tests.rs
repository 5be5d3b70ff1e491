//! Gemini's wire as a client without our code sees it: streams, free addresses, faults by name, and models that answer for others.

use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::super::tests::{KEY, at_noon, gemini, metered, post, studio, with_faults};
use crate::rehearsal::{FaultProfile, Options, Rehearsal};

const MODEL: &str = "gemini-3.1-pro-preview";

async fn send(studio: &Rehearsal, model: &str, method: &str, body: &Value) -> Response {
    let url = format!("{}/v1beta/models/{model}:{method}", studio.gemini_base());
    post(url, ("x-goog-api-key", KEY), body, "007-judge_b-0-1", 0).await
}

async fn get(studio: &Rehearsal, path: &str, key: &str) -> Response {
    Client::new().get(format!("{}{path}", studio.gemini_base())).header("x-goog-api-key", key).send().await.unwrap()
}

fn frames(stream: &str) -> Vec<Value> {
    let frames = stream.split("\r\n\r\n").filter(|frame| !frame.is_empty());
    frames.map(|frame| serde_json::from_str(frame.strip_prefix("data: ").unwrap()).unwrap()).collect()
}

/// The text without its thoughts.
fn text_of(chunks: &[Value]) -> String {
    let parts = chunks.iter().filter_map(|chunk| chunk.pointer("/candidates/0/content/parts")?.as_array()).flatten();
    parts.filter(|part| part["thought"] != true).filter_map(|part| part["text"].as_str()).collect()
}

#[tokio::test]
async fn a_stream_ends_its_lines_with_crlf_and_comes_to_what_the_whole_says() {
    let studio = studio(FaultProfile::None).await;
    let whole: Value = send(&studio, MODEL, "generateContent", &gemini("")).await.json().await.unwrap();
    let stream = send(&studio, MODEL, "streamGenerateContent?alt=sse", &gemini("")).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let stream = stream.text().await.unwrap();
    let chunks = frames(&stream);
    assert!(!stream.contains("[DONE]") && !stream.contains("event:"));
    assert_eq!(text_of(&chunks), text_of(std::slice::from_ref(&whole)));
    let last = &chunks[chunks.len() - 1];
    assert_eq!(
        (&last["usageMetadata"], &last["candidates"][0]["finishReason"]),
        (&whole["usageMetadata"], &json!("STOP"))
    );
    let array: Vec<Value> = send(&studio, MODEL, "streamGenerateContent", &gemini("")).await.json().await.unwrap();
    assert_eq!(text_of(&array), text_of(&chunks));
    let counts = metered(&studio).await.totals;
    assert_eq!((counts.completions, counts.thinking_tokens), (3, 3 * 96));
}

#[tokio::test]
async fn free_addresses_count_tokens_and_list_the_models() {
    let studio = studio(FaultProfile::None).await;
    let whole: Value = send(&studio, MODEL, "generateContent", &gemini("")).await.json().await.unwrap();
    let mut request = gemini("");
    request["model"] = json!(format!("models/{MODEL}"));
    let counted = send(&studio, MODEL, "countTokens", &json!({"generateContentRequest": request})).await;
    let counted: Value = counted.json().await.unwrap();
    assert_eq!(counted["totalTokens"], whole["usageMetadata"]["promptTokenCount"]);
    let listed: Value = get(&studio, "/v1/models", KEY).await.json().await.unwrap();
    assert!(listed["models"].as_array().unwrap().iter().any(|model| model["name"] == format!("models/{MODEL}")));
    let one: Value = get(&studio, &format!("/v1beta/models/{MODEL}"), KEY).await.json().await.unwrap();
    assert_eq!(one["inputTokenLimit"], 1_048_576);
    assert_eq!(get(&studio, "/v1beta/models", "AIza").await.status(), 400);
    assert_eq!(get(&studio, "/v1beta/models/gemini-3-pro-preview", KEY).await.status(), 404);
}

#[tokio::test]
async fn a_model_that_is_routed_answers_as_another_and_costs_what_that_one_does() {
    let (studio, hand) = at_noon(Options { pace: 0.0, ..Options::default() }).await;
    let mut body = gemini("");
    body["generationConfig"]["thinkingConfig"] = json!({"thinkingBudget": 1_024});
    let before: Value = send(&studio, "gemini-2.5-pro", "generateContent", &body).await.json().await.unwrap();
    assert_eq!(before["modelVersion"], "gemini-2.5-pro");
    hand.advance(Duration::from_secs(7 * 24 * 3_600));
    let after: Value = send(&studio, "gemini-2.5-pro", "generateContent", &body).await.json().await.unwrap();
    assert_eq!(after["modelVersion"], "gemini-3.8-flash");
    let usage = |answer: &Value, name: &str| answer["usageMetadata"][name].as_u64().unwrap();
    let output = |answer: &Value| usage(answer, "candidatesTokenCount") + usage(answer, "thoughtsTokenCount");
    let first = (usage(&before, "promptTokenCount") * 1_250 + output(&before) * 10_000).div_ceil(1_000);
    let second = (usage(&after, "promptTokenCount") * 750 + output(&after) * 3_750).div_ceil(1_000);
    assert_eq!(metered(&studio).await.models["gemini-2.5-pro"].micro_usd, first + second);
}

#[tokio::test]
async fn named_refusals_have_the_vendors_status_and_cost_nothing() {
    for (name, status, word) in [
        ("bad_key", 400, "API_KEY_INVALID"),
        ("permission_403", 403, "PERMISSION_DENIED"),
        ("failed_precondition", 400, "FAILED_PRECONDITION"),
        ("retired_model", 404, "is not found for API version"),
        ("quota_retry_info", 429, "\"retryDelay\":\"3.250s\""),
        ("quota_per_day", 429, "PerDay"),
        ("overloaded", 503, "UNAVAILABLE"),
        ("internal_500", 500, "INTERNAL"),
        ("deadline_504", 504, "DEADLINE_EXCEEDED"),
        ("cancelled_499", 499, "CANCELLED"),
    ] {
        let studio = with_faults(&[&format!("gemini.{name}")]).await;
        let answer = send(&studio, MODEL, "generateContent", &gemini("")).await;
        assert_eq!(answer.status(), status, "{name}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(word), "{name}: {text}");
        assert_eq!(metered(&studio).await.totals.micro_usd, 0, "{name}");
    }
    let refusing = with_faults(&["gemini.bad_key"]).await;
    assert_eq!(get(&refusing, "/v1beta/models", KEY).await.status(), 400, "free addresses take the key no better");
}

#[tokio::test]
async fn named_oddities_within_a_200_look_and_cost_as_the_vendors_do() {
    let ask = async |name: &str, method: &str| {
        let studio = with_faults(&[&format!("gemini.{name}")]).await;
        let text = send(&studio, MODEL, method, &gemini("")).await.text().await.unwrap();
        (text, metered(&studio).await.totals)
    };
    let whole = async |name: &str| {
        let (text, bill) = ask(name, "generateContent").await;
        (serde_json::from_str::<Value>(&text).unwrap(), bill)
    };
    let (blocked, bill) = whole("blocked_prompt").await;
    assert!(blocked.get("candidates").is_none() && blocked["promptFeedback"]["blockReason"].is_string());
    assert!(bill.input_tokens > 0 && bill.output_tokens == 0 && bill.micro_usd == bill.input_tokens * 2);
    let (empty, bill) = whole("no_parts").await;
    assert!(empty["candidates"][0]["content"].get("parts").is_none());
    assert_eq!((&empty["candidates"][0]["finishReason"], bill.output_tokens), (&json!("MAX_TOKENS"), 4_000));
    for (name, finish) in [("safety", "SAFETY"), ("recitation", "RECITATION"), ("continuation", "CONTINUATION")] {
        let (answer, bill) = whole(name).await;
        assert_eq!(answer["candidates"][0]["finishReason"], finish);
        assert!(bill.completions == 1 && bill.micro_usd > 0, "{name}");
    }
    assert_ne!(whole("other_model_version").await.0["modelVersion"], MODEL);
    let (chunks, _) = ask("thoughts", "streamGenerateContent?alt=sse").await;
    let chunks = frames(&chunks);
    let thoughts = chunks.iter().filter(|chunk| chunk["candidates"][0]["content"]["parts"][0]["thought"] == true);
    assert_eq!(thoughts.count(), 2);
    let (plain, _) = ask("split_utf8", "streamGenerateContent?alt=sse").await;
    let plain = text_of(&frames(&plain));
    for (name, word) in
        [("stream_error", "data: {\"error\""), ("stream_error_bare", "\n  \"error\": {"), ("stream_cut", "")]
    {
        let (stream, bill) = ask(name, "streamGenerateContent?alt=sse").await;
        assert!(stream.contains(word) && !stream.contains("finishReason"), "{name}: {stream}");
        assert!(bill.cut == 1 && bill.cut_micro_usd > 0 && bill.completions == 0, "{name}");
    }
    assert!(serde_json::from_str::<Value>(&plain).is_ok(), "bytes that were cut anywhere are the same bytes");
    let mut long = gemini("");
    long["systemInstruction"]["parts"][0]["text"] = json!("A brief. ".repeat(2_500));
    let studio = with_faults(&["gemini.implicit_cache"]).await;
    let cached: Value = send(&studio, MODEL, "generateContent", &long).await.json().await.unwrap();
    let usage = &cached["usageMetadata"];
    let counts = metered(&studio).await.totals;
    assert_eq!(usage["cachedContentTokenCount"], counts.cache_read_tokens);
    assert_eq!(usage["promptTokenCount"], counts.input_tokens + counts.cache_read_tokens, "inside the prompt");
}
