//! The servers as a client without our code sees them: each wire, each refusal, each class of fault, and the meter.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::Waits;
use crate::clock::{Clock, Hand};
use crate::domain::handoff::Contract;
use crate::rehearsal::{Fault, FaultProfile, Options, Reading, Rehearsal, drawn};

pub(super) const KEY: &str = "rehearsal-key";

pub(super) async fn studio(faults: FaultProfile) -> Rehearsal {
    let waits = Waits {
        slow_first_byte: Duration::from_millis(5),
        time_out: Duration::from_millis(5),
        retry_after: Duration::from_secs(3),
    };
    let options = Options { seed: 11, pace: 0.0, faults, waits: Some(waits), ..Options::default() };
    Rehearsal::start(options).await.unwrap()
}

/// A studio with faults by name.
pub(super) async fn with_faults(names: &[&str]) -> Rehearsal {
    let waits = Waits { retry_after: Duration::from_secs(3), ..Waits::at(0.0) };
    let faults_named = names.iter().map(|name| name.parse().unwrap()).collect();
    let options = Options { seed: 11, pace: 0.0, waits: Some(waits), faults_named, ..Options::default() };
    Rehearsal::start(options).await.unwrap()
}

/// A studio whose time stands until it is moved, at a pace.
pub(super) async fn at_noon(options: Options) -> (Rehearsal, Hand) {
    let (clock, hand) = Clock::set_by_hand("2026-11-24T12:00:00Z".parse().unwrap(), 1);
    (Rehearsal::start(Options { seed: 11, clock, ..options }).await.unwrap(), hand)
}

pub(super) fn script() -> Value {
    json!({"title": "Tides", "segments": [{"id": "hook", "title": "Hook", "lines": [{
        "id": "L001", "speaker": "HOST", "pause_ms": 200,
        "text": "The mill opened in 1986. It is the most important mill of all.",
        "claims": [{"source": "P1", "excerpt": "The mill opened in 1966"}],
    }]}]})
}

/// What a judge is asked, as a data block.
pub(super) fn rubric() -> String {
    let dimensions = ["accuracy", "hook"].map(|name| json!({"dimension": name, "floor": 4}));
    format!("<data name=\"rubric\">{}</data>", json!({"rubric": "rubric/1", "reading": 1, "dimensions": dimensions}))
}

/// A schema without what Anthropic does not compile: bounds and formats of numbers.
pub(super) fn strict(contract: Contract) -> Value {
    fn cut(schema: &mut Value) {
        if let Some(members) = schema.as_object_mut() {
            members.retain(|name, value| {
                value.is_object()
                    || value.is_array()
                    || ![
                        "minimum",
                        "maximum",
                        "format",
                        "minLength",
                        "maxLength",
                        "minItems",
                        "maxItems",
                        "uniqueItems",
                    ]
                    .contains(&name.as_str())
            });
            members.values_mut().for_each(cut);
        } else if let Some(list) = schema.as_array_mut() {
            list.iter_mut().for_each(cut);
        }
    }
    let mut schema = serde_json::to_value(contract.schema().unwrap()).unwrap();
    cut(&mut schema);
    schema
}

pub(super) fn claude(contract: Contract, note: &str) -> Value {
    let schema = strict(contract);
    json!({
        "model": "claude-opus-5-5", "max_tokens": 4_000, "stream": true,
        "system": [{"type": "text", "text": "You judge."}],
        "messages": [{"role": "user", "content": [{"type": "text",
            "text": format!("Judge. {note}\n<data name=\"script\">{}</data>{}", script(), rubric())}]}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    })
}

pub(super) fn gemini(note: &str) -> Value {
    json!({
        "systemInstruction": {"parts": [{"text": "You judge."}]},
        "contents": [{"role": "user", "parts": [{"text": format!("{note}<data name=\"script\">{}</data>{}", script(), rubric())}]}],
        "generationConfig": {"maxOutputTokens": 4_000, "responseMimeType": "application/json",
            "responseJsonSchema": Contract::Judgement.schema().unwrap()},
    })
}

pub(super) fn line(text: &str) -> Value {
    json!({"text": text, "model_id": "eleven_flash_v2_5"})
}

pub(super) async fn post(url: String, auth: (&str, &str), body: &Value, key: &str, attempt: u32) -> Response {
    let request = Client::new().post(url).header(auth.0, auth.1).header("anthropic-version", "2026-10-21");
    let request = request.header("idempotency-key", key).header("x-retry-count", attempt);
    request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap()
}

pub(super) async fn to_claude(studio: &Rehearsal, body: &Value, attempt: u32) -> Response {
    let url = format!("{}/v1/messages", studio.anthropic_base());
    post(url, ("x-api-key", KEY), body, &format!("007-judge_a-0-{}", attempt + 1), attempt).await
}

pub(super) async fn to_gemini(studio: &Rehearsal, body: &Value, attempt: u32) -> Response {
    let url = format!("{}/v1beta/models/gemini-3.1-pro-preview:generateContent", studio.gemini_base());
    post(url, ("x-goog-api-key", KEY), body, "007-judge_b-0-1", attempt).await
}

pub(super) async fn to_voice(studio: &Rehearsal, body: &Value, attempt: u32) -> Response {
    let url = format!("{}/v1/text-to-speech/Mara/with-timestamps?output_format=pcm_24000", studio.elevenlabs_base());
    post(url, ("xi-api-key", KEY), body, "007-voice-1-1", attempt).await
}

pub(super) fn events(stream: &str) -> Vec<Value> {
    let data = stream.split("\n\n").filter_map(|frame| frame.split_once("\ndata: "));
    data.map(|(name, data)| {
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        data
    })
    .collect()
}

pub(super) fn text_of(events: &[Value]) -> String {
    events.iter().filter_map(|event| event.pointer("/delta/text")?.as_str()).collect()
}

/// A request whose first attempt meets a fault. It is searched for, since faults are drawn from the body.
fn meeting(fault: Fault, make: impl Fn(&str) -> Value) -> Value {
    let mut bodies = (0..40_000).map(|nth| make(&format!("Number {nth}.")));
    bodies.find(|body| drawn(FaultProfile::Storm, 11, body.to_string().as_bytes(), 0) == Some(fault)).unwrap()
}

pub(super) async fn metered(studio: &Rehearsal) -> Reading {
    let reading: Reading = reqwest::get(studio.meter_url()).await.unwrap().json().await.unwrap();
    assert_eq!(reading, studio.meter());
    reading
}

#[tokio::test]
async fn anthropic_streams_an_answer_with_usage_ids_and_limits() {
    let studio = studio(FaultProfile::None).await;
    let body = claude(Contract::Judgement, "");
    let response = to_claude(&studio, &body, 0).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-greenroom-rehearsal"], "11");
    assert!(response.headers()["request-id"].to_str().unwrap().starts_with("req_"));
    assert!(response.headers().contains_key("anthropic-ratelimit-output-tokens-remaining"));
    let stream = response.text().await.unwrap();
    let events = events(&stream);
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!((kinds[0], kinds[1], kinds[2]), ("message_start", "content_block_start", "ping"));
    assert_eq!(&kinds[kinds.len() - 4..], ["content_block_stop", "message_delta", "message_delta", "message_stop"]);
    let answer: Value = serde_json::from_str(&text_of(&events)).unwrap();
    assert_eq!(answer["findings"].as_array().unwrap().len(), 2, "{answer}");
    let usage = &events[events.len() - 2]["usage"];
    let thought = usage["output_tokens_details"]["thinking_tokens"].as_u64().unwrap();
    assert!(thought > 0, "this model always thinks");
    assert_eq!(usage["output_tokens"], text_of(&events).len().div_ceil(4) as u64 + thought);
    assert_eq!(events[0]["message"]["usage"]["input_tokens"], usage["input_tokens"]);
    let again = to_claude(&studio, &body, 0).await.text().await.unwrap();
    assert_eq!(again, stream, "an answer is a pure function of seed and body");
    let reading = metered(&studio).await;
    let counts = reading.keys["007-judge_a-0-1"].counts;
    assert_eq!((counts.calls, counts.completions), (2, 2), "a key that is paid twice shows");
    let (input, output) = (usage["input_tokens"].as_u64().unwrap(), usage["output_tokens"].as_u64().unwrap());
    assert_eq!(counts.micro_usd, 2 * (input * 4 + output * 20));
    studio.stop(Duration::from_secs(2)).await;
}

#[tokio::test]
async fn anthropic_refuses_in_its_own_form_and_bills_nothing() {
    let studio = studio(FaultProfile::None).await;
    let good = claude(Contract::Judgement, "");
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, status, kind) in [
        (with("model", json!("claude-opus-4-20250514")), 404, "not_found_error"),
        (with("temperature", json!(1.0)), 400, "invalid_request_error"),
        (with("max_tokens", json!(-1)), 400, "invalid_request_error"),
        (with("messages", json!([])), 400, "invalid_request_error"),
        (with("messages", json!([{"role": "user", "content": "no data blocks"}])), 400, "invalid_request_error"),
        (with("thinking", json!({"type": "enabled", "budget_tokens": 2_000})), 400, "invalid_request_error"),
    ] {
        let response = to_claude(&studio, &body, 0).await;
        assert_eq!(response.status(), status);
        let error: Value = response.json().await.unwrap();
        assert_eq!((error["type"].as_str(), error["error"]["type"].as_str()), (Some("error"), Some(kind)));
    }
    let url = format!("{}/v1/messages", studio.anthropic_base());
    let stranger = post(url.clone(), ("x-api-key", "sk-ant-real"), &good, "k", 1).await;
    assert_eq!(stranger.status(), 401);
    assert_eq!(stranger.headers()["x-greenroom-rehearsal"], "11", "errors are marked too");
    let broken = Client::new().post(url).header("x-api-key", KEY).header("anthropic-version", "2023-06-01").body("{");
    assert_eq!(broken.send().await.unwrap().status(), 400);
    assert_eq!(metered(&studio).await.totals.completions, 0);
}

#[tokio::test]
async fn an_answer_ends_at_max_tokens() {
    let studio = studio(FaultProfile::None).await;
    let mut body = claude(Contract::Judgement, "");
    body["max_tokens"] = json!(20);
    let stream = to_claude(&studio, &body, 0).await.text().await.unwrap();
    let events = events(&stream);
    assert!(text_of(&events).len() <= 72, "two of the twenty are thought");
    let last = &events[events.len() - 2];
    assert_eq!(
        (last["delta"]["stop_reason"].as_str(), last["usage"]["output_tokens"].as_u64()),
        (Some("max_tokens"), Some(20))
    );
    body["stream"] = json!(false);
    let whole: Value = to_claude(&studio, &body, 0).await.json().await.unwrap();
    assert_eq!(whole["stop_reason"], "max_tokens");
    assert_eq!(whole["content"][1]["text"], text_of(&events), "a thought stands in front");
}

#[tokio::test]
async fn gemini_answers_and_refuses_in_its_own_form() {
    let studio = studio(FaultProfile::None).await;
    let answer: Value = to_gemini(&studio, &gemini(""), 0).await.json().await.unwrap();
    let parts = answer["candidates"][0]["content"]["parts"].as_array().unwrap();
    let report: Value = serde_json::from_str(parts[1]["text"].as_str().unwrap()).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 2);
    assert_eq!(answer["candidates"][0]["finishReason"], "STOP");
    let usage = &answer["usageMetadata"];
    let count = |name: &str| usage[name].as_u64().unwrap();
    let billed = count("candidatesTokenCount") + count("thoughtsTokenCount");
    assert_eq!(count("totalTokenCount"), count("promptTokenCount") + billed);
    let reading = metered(&studio).await;
    assert_eq!((reading.totals.completions, reading.totals.output_tokens), (1, billed));
    let url = |model: &str| format!("{}/v1beta/models/{model}:generateContent", studio.gemini_base());
    let stranger = post(url("gemini-2.5-pro"), ("x-goog-api-key", "AIza"), &gemini(""), "k", 1).await;
    assert_eq!(stranger.status(), 400);
    let error: Value = stranger.json().await.unwrap();
    assert_eq!(error["error"]["details"][0]["reason"], "API_KEY_INVALID");
    let unknown = post(url("gemini-1.0"), ("x-goog-api-key", KEY), &gemini(""), "k", 1).await;
    assert_eq!(unknown.status(), 404);
    let empty = to_gemini(&studio, &json!({"contents": []}), 0).await;
    assert_eq!(empty.json::<Value>().await.unwrap()["error"]["status"], "INVALID_ARGUMENT");
}

#[tokio::test]
async fn a_voice_speaks_with_times_for_every_character() {
    let studio = studio(FaultProfile::None).await;
    let response = to_voice(&studio, &line("The sea comes in."), 0).await;
    assert_eq!(response.headers()["character-cost"], "9", "half of 17 on this model, rounded up");
    let answer: Value = response.json().await.unwrap();
    let samples = STANDARD.decode(answer["audio_base64"].as_str().unwrap()).unwrap();
    assert!(samples.len() > 24_000, "more than half a second of 16 bits");
    let alignment = &answer["alignment"];
    for list in ["characters", "character_start_times_seconds", "character_end_times_seconds"] {
        assert_eq!(alignment[list].as_array().unwrap().len(), 17);
    }
    assert_eq!(metered(&studio).await.models["eleven_flash_v2_5"].micro_usd, 17 * 40);
    let url = format!("{}/v1/text-to-speech/Mara/with-timestamps", studio.elevenlabs_base());
    assert_eq!(post(url.clone(), ("xi-api-key", "sk_real"), &line("x"), "k", 1).await.status(), 401);
    let missing = post(url, ("xi-api-key", KEY), &json!({}), "k", 1).await;
    assert_eq!(missing.status(), 422);
    assert_eq!(missing.json::<Value>().await.unwrap()["detail"][0]["loc"][1], "text");
}

#[tokio::test]
async fn each_class_of_fault_looks_as_it_does_at_anthropic() {
    let studio = studio(FaultProfile::Storm).await;
    for fault in Fault::ALL {
        let body = meeting(fault, |note| claude(Contract::Judgement, note));
        let before = studio.meter();
        let response = to_claude(&studio, &body, 0).await;
        let (status, hint) = (response.status().as_u16(), response.headers().get("retry-after").cloned());
        let text = response.text().await;
        let after = metered(&studio).await;
        let count = |reading: &Reading| reading.faults.get(fault.name()).copied().unwrap_or(0);
        assert_eq!(count(&after), count(&before) + 1, "{fault:?} is counted");
        let completed = after.totals.completions - before.totals.completions;
        match fault {
            Fault::RateLimitedWithHint => {
                assert_eq!((status, hint.unwrap().to_str().unwrap(), completed), (429, "3", 0))
            }
            Fault::RateLimited => assert_eq!((status, hint, completed), (429, None, 0)),
            Fault::Overloaded => assert_eq!((status, completed), (529, 0)),
            Fault::ServerError => assert_eq!((status, completed), (500, 0)),
            Fault::TimeOut => assert_eq!((status, completed), (504, 0)),
            Fault::CutStream => {
                assert!(text.is_err(), "the connection breaks");
                assert_eq!((completed, after.totals.cut - before.totals.cut), (0, 1));
                assert!(after.totals.cut_micro_usd > before.totals.cut_micro_usd);
            }
            Fault::MalformedJson => {
                let is_broken = |data: &str| serde_json::from_str::<Value>(data).is_err();
                assert!(text.unwrap().lines().filter_map(|line| line.strip_prefix("data: ")).any(is_broken));
                assert_eq!((status, completed), (200, 1));
            }
            Fault::SchemaMiss => {
                let answer: Value = serde_json::from_str(&text_of(&events(&text.unwrap()))).unwrap();
                let schema = serde_json::to_value(Contract::Judgement.schema().unwrap()).unwrap();
                assert!(!jsonschema::validator_for(&schema).unwrap().is_valid(&answer));
                assert_eq!((status, completed), (200, 1));
            }
            Fault::OverBilling => {
                let events = events(&text.unwrap());
                assert!(events[events.len() - 2]["usage"]["output_tokens"].as_u64().unwrap() > 4_000);
                assert_eq!(completed, 1);
            }
            Fault::SlowFirstByte => {
                assert!(serde_json::from_str::<Value>(&text_of(&events(&text.unwrap()))).is_ok());
                assert_eq!(completed, 1);
            }
        }
        let calm = to_claude(&studio, &body, 9).await;
        assert_eq!(calm.status(), 200, "a later attempt is answered");
    }
}

#[tokio::test]
async fn the_other_wires_have_their_own_forms_of_the_faults() {
    let studio = studio(FaultProfile::Storm).await;
    let hinted = to_gemini(&studio, &meeting(Fault::RateLimitedWithHint, gemini), 0).await;
    assert_eq!(hinted.status(), 429);
    assert_eq!(hinted.json::<Value>().await.unwrap()["error"]["details"][0]["retryDelay"], "3s");
    assert_eq!(to_gemini(&studio, &meeting(Fault::Overloaded, gemini), 0).await.status(), 503);
    let broken = to_gemini(&studio, &meeting(Fault::MalformedJson, gemini), 0).await;
    assert!(broken.status() == 200 && broken.json::<Value>().await.is_err());
    assert!(to_gemini(&studio, &meeting(Fault::CutStream, gemini), 0).await.bytes().await.is_err());
    let busy = to_voice(&studio, &meeting(Fault::Overloaded, line), 0).await;
    assert_eq!(busy.status(), 429);
    assert_eq!(busy.json::<Value>().await.unwrap()["detail"]["status"], "system_busy");
    assert!(to_voice(&studio, &meeting(Fault::CutStream, line), 0).await.bytes().await.is_err());
    let odd: Value = to_voice(&studio, &meeting(Fault::SchemaMiss, line), 0).await.json().await.unwrap();
    let length = |list: &str| odd["alignment"][list].as_array().unwrap().len();
    assert_ne!(length("characters"), length("character_end_times_seconds"));
    let plain = to_voice(&studio, &meeting(Fault::OverBilling, line), 0).await;
    let cost: usize = plain.headers()["character-cost"].to_str().unwrap().parse().unwrap();
    let answer: Value = plain.json().await.unwrap();
    assert_eq!(
        cost,
        answer["alignment"]["characters"].as_array().unwrap().len().div_ceil(2),
        "speech is not over-billed"
    );
    assert!(!studio.meter().faults.contains_key("over_billing"));
}

pub(super) fn asked(model: &str, note: &str, is_streamed: bool) -> Value {
    let schema = Contract::Judgement.schema().unwrap();
    json!({
        "model": model, "max_tokens": 4_000, "stream": is_streamed, "stream_options": {"include_usage": true},
        "messages": [{"role": "system", "content": "You judge."},
            {"role": "user", "content": format!("{note}<data name=\"script\">{}</data>{}", script(), rubric())}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "judgement", "strict": true, "schema": schema}},
    })
}

pub(super) fn searched(note: &str) -> Value {
    let schema = Contract::Judgement.schema().unwrap();
    json!({
        "model": "perplexity/sonar", "instructions": "You judge.", "max_output_tokens": 4_000, "stream": true,
        "input": [{"type": "message", "role": "user", "content": format!("{note}<data name=\"script\">{}</data>", script())}],
        "tools": [{"type": "web_search"}], "tool_choice": "required",
        "response_format": {"type": "json_schema", "json_schema": {"name": "judgement", "schema": schema}},
    })
}

pub(super) async fn to_openai(studio: &Rehearsal, body: &Value, attempt: u32) -> Response {
    let url = format!("{}/v1/chat/completions", studio.openai_base());
    post(url, ("authorization", "Bearer rehearsal-key"), body, "007-arbiter-0-1", attempt).await
}

pub(super) async fn to_perplexity(studio: &Rehearsal, path: &str, body: &Value) -> Response {
    let url = format!("{}{path}", studio.perplexity_base());
    post(url, ("authorization", "Bearer rehearsal-key"), body, "007-research-0-1", 0).await
}

pub(super) fn data_of(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn an_openai_compatible_server_answers_streamed_and_whole_and_refuses_in_its_form() {
    let studio = studio(FaultProfile::None).await;
    let stream = to_openai(&studio, &asked("qwen3:8b", "", true), 0).await.text().await.unwrap();
    let chunks = data_of(&stream);
    let text: String = chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0/delta/content")?.as_str()).collect();
    let last = &chunks[chunks.len() - 1];
    assert_eq!((&last["choices"], &last["usage"]["completion_tokens"]), (&json!([]), &json!(text.len().div_ceil(4))));
    assert_eq!(chunks[chunks.len() - 2]["choices"][0]["finish_reason"], "stop");
    let mut uncounted = asked("qwen3:8b", "", true);
    uncounted["stream_options"] = Value::Null;
    let stream = to_openai(&studio, &uncounted, 0).await.text().await.unwrap();
    assert!(!stream.contains("usage"), "counts are given to those who ask");
    let whole: Value = to_openai(&studio, &asked("qwen3:8b", "", false), 0).await.json().await.unwrap();
    let said: Value = serde_json::from_str(whole["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(said["findings"].as_array().unwrap().len(), 2, "{said}");
    let mut short = asked("qwen3:8b", "", false);
    short["max_completion_tokens"] = json!(20);
    let whole: Value = to_openai(&studio, &short, 0).await.json().await.unwrap();
    assert_eq!(
        (&whole["choices"][0]["finish_reason"], &whole["usage"]["completion_tokens"]),
        (&json!("length"), &json!(20))
    );
    assert_eq!(metered(&studio).await.vendors["openai"].completions, 4);

    let with = |name: &str, value: Value| {
        let mut body = asked("qwen3:8b", "", true);
        body[name] = value;
        body
    };
    for (body, status, kind) in [
        (asked("qwen4:900b", "", true), 404, "not_found_error"),
        (asked("claude-opus-5-5", "", true), 404, "not_found_error"),
        (with("messages", json!([])), 400, "invalid_request_error"),
        (with("response_format", json!({"type": "json_object"})), 400, "invalid_request_error"),
        (with("max_tokens", json!(0)), 400, "invalid_request_error"),
    ] {
        let refused = to_openai(&studio, &body, 0).await;
        assert_eq!(refused.status(), status);
        assert_eq!(refused.json::<Value>().await.unwrap()["error"]["type"], kind);
    }
    let url = format!("{}/v1/chat/completions", studio.openai_base());
    let stranger = post(url, ("authorization", "Bearer sk-real"), &asked("qwen3:8b", "", true), "k", 0).await;
    assert_eq!(stranger.status(), 401);
    assert_eq!(studio.meter().totals.completions, 4, "a refusal is not billed");
}

#[tokio::test]
async fn perplexity_searches_where_it_must_writes_its_bill_and_refuses_in_its_form() {
    let studio = studio(FaultProfile::None).await;
    let stream = to_perplexity(&studio, "/v1/agent", &searched("")).await.text().await.unwrap();
    let events = data_of(&stream);
    let numbers: Vec<u64> = events.iter().filter_map(|event| event["sequence_number"].as_u64()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    let last = &events[events.len() - 1];
    assert_eq!(last["type"], "response.completed");
    let response = &last["response"];
    assert_eq!(response["output"][0]["results"].as_array().unwrap().len(), 3);
    let counts = metered(&studio).await.vendors["perplexity"];
    let cost: f64 = response["usage"]["cost"]["total_cost"].as_f64().unwrap();
    assert_eq!((cost * 1e6).ceil() as u64, counts.micro_usd);
    let tokens = counts.input_tokens * 250 + counts.output_tokens * 2_500;
    assert_eq!((counts.searches, counts.micro_usd), (1, (tokens + 2_500_000).div_ceil(1_000)));

    let mut offered = searched("");
    offered["tool_choice"] = json!("auto");
    offered["stream"] = json!(false);
    offered["max_output_tokens"] = json!(20);
    let whole: Value = to_perplexity(&studio, "/v1/responses", &offered).await.json().await.unwrap();
    assert!(
        whole["output"].as_array().unwrap().iter().all(|item| item["type"] != "search_results"),
        "offered is not forced"
    );
    assert_eq!((&whole["status"], &whole["usage"]["output_tokens"]), (&json!("incomplete"), &json!(20)));

    let with = |name: &str, value: Value| {
        let mut body = searched("");
        body[name] = value;
        body
    };
    let nameless = json!({"type": "json_schema", "json_schema": {"schema": {"type": "object"}}});
    for (path, body, status, kind) in [
        ("/v1/agent", with("model", json!("sonar-pro")), 400, "invalid_model"),
        ("/v1/agent", with("input", json!("")), 400, "invalid_request"),
        ("/v1/agent", with("response_format", nameless), 400, "invalid_request"),
        ("/chat/completions", searched(""), 404, "not_found"),
    ] {
        let refused = to_perplexity(&studio, path, &body).await;
        assert_eq!(refused.status(), status, "{path}");
        assert_eq!(refused.json::<Value>().await.unwrap()["error"]["type"], kind, "{path}");
    }
    let url = format!("{}/v1/agent", studio.perplexity_base());
    let stranger = post(url, ("authorization", "Bearer pplx-real"), &searched(""), "k", 0).await;
    assert_eq!((stranger.status().as_u16(), stranger.headers()["content-type"].to_str().unwrap()), (401, "text/html"));
    assert_eq!(studio.meter().totals.completions, 2, "a refusal is not billed");
}

#[tokio::test]
async fn a_studio_stops_although_someone_waits_and_frees_its_port() {
    let waits = Waits { time_out: Duration::from_secs(600), ..Waits::at(0.0) };
    let options =
        Options { seed: 11, pace: 0.0, faults: FaultProfile::Storm, waits: Some(waits), ..Options::default() };
    let studio = Rehearsal::start(options.clone()).await.unwrap();
    let addr = studio.addr();
    let body = meeting(Fault::TimeOut, |note| claude(Contract::Judgement, note));
    let url = format!("{}/v1/messages", studio.anthropic_base());
    let held = async { post(url, ("x-api-key", KEY), &body, "k", 0).await.status() };
    let stop = async {
        while studio.meter().totals.calls == 0 {
            tokio::task::yield_now().await;
        }
        studio.stop(Duration::from_secs(5)).await;
    };
    let (status, ()) = tokio::join!(held, stop);
    assert_eq!(status, 504, "who waited is told at once");
    let again = Rehearsal::start(Options { bind: addr, ..options }).await.unwrap();
    assert_eq!(again.addr(), addr);
    reqwest::Client::new().post(format!("{}/reset", again.meter_url())).send().await.unwrap();
    assert!(Rehearsal::start(Options { bind: "0.0.0.0:0".parse().unwrap(), ..Options::default() }).await.is_err());
}
