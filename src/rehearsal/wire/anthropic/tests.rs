//! Anthropic's wire as a client without our code sees it: what each generation takes, the cache, tools, batches, faults by name
//! and limits.

use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::super::tests::{
    KEY, at_noon, claude, events, metered, post, strict, studio, text_of, to_claude, with_faults,
};
use crate::domain::handoff::Contract;
use crate::rehearsal::{FaultProfile, Options, Rehearsal};

fn with(members: &[(&str, Value)]) -> Value {
    let mut body = claude(Contract::Judgement, "");
    for (name, value) in members {
        body[*name] = value.clone();
    }
    body
}

/// The same question with the schema put into a tool.
fn by_tool(model: &str, choice: Value) -> Value {
    let schema = Contract::Judgement.schema().unwrap();
    let mut body = with(&[("model", json!(model)), ("tool_choice", choice)]);
    body["tools"] = json!([{"name": "judge", "description": "d", "input_schema": schema}]);
    body["output_config"] = Value::Null;
    body
}

async fn send(studio: &Rehearsal, version: &str, path: &str, body: &Value) -> Response {
    let url = format!("{}{path}", studio.anthropic_base());
    let request = Client::new().post(url).header("x-api-key", KEY).header("anthropic-version", version);
    request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap()
}

async fn get(studio: &Rehearsal, path: &str) -> Response {
    let request = Client::new().get(format!("{}{path}", studio.anthropic_base())).header("x-api-key", KEY);
    request.header("anthropic-version", "2026-10-21").send().await.unwrap()
}

#[tokio::test]
async fn each_generation_takes_what_the_tables_say() {
    let studio = studio(FaultProfile::None).await;
    let (old, new) = ("2023-06-01", "2026-10-21");
    let adaptive = json!({"type": "adaptive"});
    let enabled = json!({"type": "enabled", "budget_tokens": 2_000});
    let disabled = json!({"type": "disabled"});
    let effort = |word: &str| {
        let schema = strict(Contract::Judgement);
        json!({"effort": word, "format": {"type": "json_schema", "schema": schema}})
    };
    let prefill = json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": "{"}]);
    for (version, model, member, value, word) in [
        (new, "claude-haiku-4-5-20251001", "temperature", json!(1.0), "Extra inputs"),
        (old, "claude-opus-4-7", "temperature", json!(0.7), "not supported"),
        (old, "claude-opus-4-7", "temperature", json!(1.0), ""),
        (old, "claude-sonnet-4-6", "temperature", json!(0.7), ""),
        (old, "claude-haiku-4-5-20251001", "top_k", json!(5), ""),
        (new, "claude-haiku-4-5-20251001", "thinking", adaptive.clone(), "adaptive thinking"),
        (new, "claude-haiku-4-5-20251001", "thinking", enabled.clone(), ""),
        (new, "claude-sonnet-4-6", "thinking", adaptive.clone(), ""),
        (new, "claude-sonnet-4-6", "thinking", enabled.clone(), ""),
        (new, "claude-opus-4-8", "thinking", enabled.clone(), "thinking.type.enabled"),
        (new, "claude-opus-5", "thinking", disabled.clone(), ""),
        (new, "claude-fable-5", "thinking", disabled.clone(), "disabled"),
        (new, "claude-opus-5-5", "thinking", disabled.clone(), "disabled"),
        (new, "claude-sonnet-5-5", "thinking", json!({"type": "between_tools"}), ""),
        (new, "claude-opus-5-5", "thinking", json!({"type": "between_tools"}), "thinking.type"),
        (new, "claude-haiku-4-5-20251001", "output_config", effort("low"), "effort"),
        (new, "claude-opus-4-5-20251101", "output_config", effort("low"), ""),
        (new, "claude-opus-5-5", "output_config", effort("xhigh"), ""),
        (new, "claude-opus-5-5", "output_config", effort("some"), "effort"),
        (new, "claude-opus-5-5", "messages", prefill, "prefill"),
        (new, "claude-opus-4-1-20250805", "max_tokens", json!(100), "model: claude-opus-4-1-20250805"),
        (new, "claude-opus-5-5", "max_tokens", json!(200_000), "maximum allowed"),
        (new, "claude-opus-5-5", "output_format", json!({}), "output_format"),
    ] {
        let body = with(&[("model", json!(model)), (member, value.clone())]);
        let answer = send(&studio, version, "/v1/messages", &body).await;
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        assert_eq!(status == 200, word.is_empty(), "{version} {model} {member} {value}: {text}");
        assert!(text.contains(word), "{model} {member}: {text}");
    }
    let forced = json!({"type": "tool", "name": "judge"});
    for (model, taken) in [
        ("claude-haiku-4-5-20251001", true),
        ("claude-opus-4-8", true),
        ("claude-opus-5", true),
        ("claude-opus-5-5", false),
        ("claude-sonnet-5-5", false),
    ] {
        let answer = send(&studio, new, "/v1/messages", &by_tool(model, forced.clone())).await;
        assert_eq!(answer.status() == 200, taken, "{model}");
    }
}

#[tokio::test]
async fn a_request_without_a_version_or_of_another_one_is_refused() {
    let studio = studio(FaultProfile::None).await;
    assert_eq!(send(&studio, "2024-01-01", "/v1/messages", &with(&[])).await.status(), 400);
    let url = format!("{}/v1/messages", studio.anthropic_base());
    let bare = Client::new().post(url).header("x-api-key", KEY).header("content-type", "application/json");
    let refused = bare.body(with(&[]).to_string()).send().await.unwrap();
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("anthropic-version: header is required"));
    assert_eq!(metered(&studio).await.totals.calls, 0, "and none of them is a call");
}

#[tokio::test]
async fn an_answer_by_tool_has_its_document_in_the_tools_input() {
    let studio = studio(FaultProfile::None).await;
    let mut body = by_tool("claude-opus-4-8", json!({"type": "tool", "name": "judge"}));
    let stream = to_claude(&studio, &body, 0).await.text().await.unwrap();
    let parts = events(&stream);
    let partial = parts.iter().filter_map(|event| event.pointer("/delta/partial_json")?.as_str());
    let document: Value = serde_json::from_str(&partial.collect::<String>()).unwrap();
    assert_eq!(parts[parts.len() - 2]["delta"]["stop_reason"], "tool_use");
    body["stream"] = json!(false);
    let whole: Value = to_claude(&studio, &body, 0).await.json().await.unwrap();
    assert_eq!((&whole["content"][0]["input"], &whole["content"][0]["name"]), (&document, &json!("judge")));
}

fn remembering(ttl: &str, question: &str) -> Value {
    let stable = "A brief that does not change. ".repeat(200);
    let mut body = claude(Contract::Judgement, question);
    body["system"] = json!([{"type": "text", "text": stable, "cache_control": {"type": "ephemeral", "ttl": ttl}}]);
    body["stream"] = json!(false);
    body
}

#[tokio::test]
async fn a_prefix_is_written_once_read_after_and_metered_at_its_prices() {
    let (studio, hand) = at_noon(Options { pace: 0.0, ..Options::default() }).await;
    let ask = async |body: Value| -> Value { to_claude(&studio, &body, 0).await.json().await.unwrap() };
    let first = ask(remembering("5m", "One.")).await["usage"].clone();
    let count = |usage: &Value, name: &str| usage[name].as_u64().unwrap();
    let written = count(&first, "cache_creation_input_tokens");
    assert_eq!((written, count(&first, "cache_read_input_tokens")), (1_500, 0));
    assert_eq!(first["cache_creation"]["ephemeral_5m_input_tokens"], written);
    let second = ask(remembering("5m", "Two.")).await["usage"].clone();
    assert_eq!(
        (count(&second, "cache_creation_input_tokens"), count(&second, "cache_read_input_tokens")),
        (0, written)
    );
    hand.advance(Duration::from_secs(301));
    let third = ask(remembering("1h", "Three.")).await["usage"].clone();
    assert_eq!(third["cache_creation"]["ephemeral_1h_input_tokens"], written, "five minutes are over");
    let counts = metered(&studio).await.totals;
    assert_eq!(
        (counts.cache_write_5m_tokens, counts.cache_write_1h_tokens, counts.cache_read_tokens),
        (written, written, written)
    );
    // Opus 5.5: 4 in, 20 out, 5 and 8 written, 0.20 read, in micro-dollars a token; no call has a rest to round.
    let price = counts.input_tokens * 4 + counts.output_tokens * 20 + written * 5 + written * 8 + written / 5;
    assert_eq!(counts.micro_usd, price);
    let mut short = remembering("5m", "");
    short["system"][0]["text"] = json!("Short.");
    assert_eq!(ask(short).await["usage"]["cache_creation_input_tokens"], 0, "below the minimum");
    let mut late = remembering("5m", "");
    late["messages"][0]["content"][0]["cache_control"] = json!({"type": "ephemeral", "ttl": "1h"});
    assert_eq!(to_claude(&studio, &late, 0).await.status(), 400, "an hour after five minutes");
}

#[tokio::test]
async fn tokens_are_counted_for_nothing_and_models_tell_their_lives() {
    let (studio, _hand) = at_noon(Options { pace: 0.0, ..Options::default() }).await;
    let mut body = with(&[("stream", json!(false))]);
    let whole: Value = to_claude(&studio, &body, 0).await.json().await.unwrap();
    body["max_tokens"] = Value::Null;
    let counted: Value = send(&studio, "2026-10-21", "/v1/messages/count_tokens", &body).await.json().await.unwrap();
    assert_eq!(counted["input_tokens"], whole["usage"]["input_tokens"]);
    assert_eq!(metered(&studio).await.totals.calls, 1, "a count is no call");

    let page: Value = get(&studio, "/v1/models?limit=3").await.json().await.unwrap();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (3, &json!(true)));
    let after = format!("/v1/models?limit=100&after_id={}", page["last_id"].as_str().unwrap());
    let rest: Value = get(&studio, &after).await.json().await.unwrap();
    assert_eq!(rest["has_more"], false);
    let life = async |id: &str| -> Value { get(&studio, &format!("/v1/models/{id}")).await.json().await.unwrap() };
    assert_eq!(life("claude-opus-4-20250514").await["lifecycle"], "retired");
    let soon = life("claude-sonnet-4-5-20250929").await;
    assert_eq!((&soon["lifecycle"], &soon["retires_at"]), (&json!("deprecated"), &json!("2026-11-30T00:00:00Z")));
    assert_eq!(life("claude-opus-5-5").await["lifecycle"], "active");
    assert_eq!(get(&studio, "/v1/models/claude-9").await.status(), 404);
}

#[tokio::test]
async fn a_batch_ends_later_costs_half_and_gives_its_results_in_no_order() {
    let (studio, hand) = at_noon(Options { pace: 1.0, ..Options::default() }).await;
    let params = |note: &str| {
        let mut body = claude(Contract::Judgement, note);
        body.as_object_mut().unwrap().remove("stream");
        body
    };
    let mut requests: Vec<Value> =
        (0..6).map(|nth| json!({"custom_id": format!("r{nth}"), "params": params(&format!("{nth}"))})).collect();
    requests.push(json!({"custom_id": "bad", "params": {"model": "claude-opus-5-5", "max_tokens": 0}}));
    let create = async |requests: &[Value]| {
        send(&studio, "2026-10-21", "/v1/messages/batches", &json!({"requests": requests})).await
    };
    let twice = [requests[0].clone(), requests[0].clone()];
    assert_eq!(create(&twice).await.status(), 400, "an id is used twice");
    let batch: Value = create(&requests).await.json().await.unwrap();
    let id = batch["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&batch["processing_status"], &batch["request_counts"]["processing"]),
        (&json!("in_progress"), &json!(7))
    );
    let path = format!("/v1/messages/batches/{id}");
    assert_eq!(get(&studio, &format!("{path}/results")).await.status(), 404);
    assert_eq!(metered(&studio).await.totals.calls, 0);
    hand.advance(Duration::from_secs(60));
    let ended: Value = get(&studio, &path).await.json().await.unwrap();
    assert_eq!(ended["processing_status"], "ended");
    assert_eq!((&ended["request_counts"]["succeeded"], &ended["request_counts"]["errored"]), (&json!(6), &json!(1)));
    let url = ended["results_url"].as_str().unwrap();
    let lines = Client::new().get(url).header("x-api-key", KEY).send().await.unwrap().text().await.unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let order: Vec<&str> = lines.iter().filter_map(|line| line["custom_id"].as_str()).collect();
    assert_eq!(order.len(), 7);
    assert!(!order.is_sorted(), "{order:?}");
    let mut price = 0;
    for line in lines.iter().filter(|line| line["custom_id"] != "bad") {
        let usage = &line["result"]["message"]["usage"];
        assert_eq!(usage["service_tier"], "batch");
        price += usage["input_tokens"].as_u64().unwrap() * 2 + usage["output_tokens"].as_u64().unwrap() * 10;
    }
    let reading = metered(&studio).await;
    assert_eq!((reading.totals.batched, reading.totals.micro_usd), (6, price), "half of 4 and 20");
    assert_eq!(reading.keys["r3"].counts.completions, 1);
    let listed: Value = get(&studio, "/v1/messages/batches").await.json().await.unwrap();
    assert_eq!(listed["data"][0]["id"], id.as_str());

    let other: Value = create(&requests[..2]).await.json().await.unwrap();
    let path = format!("/v1/messages/batches/{}", other["id"].as_str().unwrap());
    let cancelled: Value =
        send(&studio, "2026-10-21", &format!("{path}/cancel"), &json!({})).await.json().await.unwrap();
    assert_eq!(cancelled["processing_status"], "canceling");
    let ended: Value = get(&studio, &path).await.json().await.unwrap();
    assert_eq!(ended["request_counts"]["canceled"], 2);
    let gone = Client::new().delete(format!("{}{path}", studio.anthropic_base())).header("x-api-key", KEY);
    assert_eq!(gone.send().await.unwrap().status(), 200);
    assert_eq!(get(&studio, &path).await.status(), 404);
    assert_eq!(metered(&studio).await.totals.batched, 6, "what is cancelled is not billed");
}

#[tokio::test]
async fn a_batch_that_does_not_end_expires_after_a_day() {
    let faults_named = vec!["anthropic.batch_slow".parse().unwrap()];
    let (studio, hand) = at_noon(Options { pace: 0.0, faults_named, ..Options::default() }).await;
    let requests = json!({"requests": [{"custom_id": "a", "params": {"model": "claude-opus-5-5"}}]});
    let batch: Value = send(&studio, "2026-10-21", "/v1/messages/batches", &requests).await.json().await.unwrap();
    let path = format!("/v1/messages/batches/{}", batch["id"].as_str().unwrap());
    hand.advance(Duration::from_secs(23 * 3_600));
    let still: Value = get(&studio, &path).await.json().await.unwrap();
    assert_eq!(still["processing_status"], "in_progress");
    hand.advance(Duration::from_secs(2 * 3_600));
    let ended: Value = get(&studio, &path).await.json().await.unwrap();
    assert_eq!(ended["request_counts"]["expired"], 1);
}

#[tokio::test]
async fn named_refusals_have_the_vendors_status_and_cost_nothing() {
    for (name, status, word) in [
        ("bad_key_401", 401, "authentication_error"),
        ("billing_402", 402, "billing_error"),
        ("permission_403", 403, "permission_error"),
        ("retired_model", 404, "model: claude-opus-5-5"),
        ("spend_limit", 400, "You have reached your specified API usage limits"),
        ("tier_spend_limit", 429, "enforced_spend_limit_reached"),
        ("too_large_413", 413, "request_too_large"),
        ("rate_limit", 429, "rate_limit_error"),
        ("too_many_concurrent", 429, "concurrent"),
        ("overloaded", 529, "overloaded_error"),
        ("api_error_500", 500, "api_error"),
        ("timeout_504", 504, "timeout_error"),
        ("conflict_409", 409, "conflict_error"),
        ("edge_html_502", 502, "<html>"),
        ("should_not_retry", 529, "overloaded_error"),
    ] {
        let studio = with_faults(&[&format!("anthropic.{name}")]).await;
        let answer = to_claude(&studio, &with(&[]), 0).await;
        assert_eq!(answer.status(), status, "{name}");
        assert_eq!(answer.headers().contains_key("retry-after"), name == "rate_limit", "{name}");
        assert!(answer.text().await.unwrap().contains(word), "{name}");
        let reading = metered(&studio).await;
        assert_eq!((reading.totals.micro_usd, reading.totals.cut_micro_usd), (0, 0), "{name}");
        assert_eq!(reading.faults[&format!("anthropic.{name}")], 1);
        let again = to_claude(&studio, &with(&[]), 1).await.status();
        let name = format!("anthropic.{name}").parse::<crate::rehearsal::NamedFault>().unwrap();
        assert_eq!(again == 200, !name.oddity.is_lasting(), "{name}");
    }
}

#[tokio::test]
async fn named_oddities_within_a_200_look_and_cost_as_the_vendors_do() {
    let ask = async |name: &str| {
        let studio = with_faults(&[&format!("anthropic.{name}")]).await;
        let stream = to_claude(&studio, &with(&[]), 0).await.text().await.unwrap();
        (stream.clone(), events(&stream), metered(&studio).await.totals)
    };
    let plain = to_claude(&studio(FaultProfile::None).await, &with(&[]), 0).await.text().await.unwrap();
    let plain = text_of(&events(&plain));
    let (stream, parts, bill) = ask("error_event").await;
    assert!(stream.contains("\"type\":\"overloaded_error\"") && !stream.contains("message_stop"));
    assert!(plain.starts_with(&text_of(&parts)) && bill.cut == 1 && bill.cut_micro_usd > 0 && bill.micro_usd == 0);
    let (stream, parts, bill) = ask("no_message_stop").await;
    assert!(!stream.contains("message_stop") && text_of(&parts) == plain && bill.cut == 1);
    let (_, parts, bill) = ask("refusal").await;
    let last = &parts[parts.len() - 2]["delta"];
    assert_eq!((&last["stop_reason"], &last["stop_details"]["category"]), (&json!("refusal"), &json!("general_harms")));
    assert!(bill.completions == 1 && bill.micro_usd > 0, "a refusal is billed");
    let (_, parts, bill) = ask("only_thinking").await;
    assert_eq!((text_of(&parts).as_str(), bill.output_tokens), ("", 4_000));
    for (name, stop) in [("pause_turn", "pause_turn"), ("window_exceeded", "model_context_window_exceeded")] {
        let (_, parts, _) = ask(name).await;
        assert_eq!(parts[parts.len() - 2]["delta"]["stop_reason"], stop);
        assert!(plain.starts_with(&text_of(&parts)));
    }
    let (stream, parts, _) = ask("ping_and_unknown_event").await;
    assert!(stream.contains("event: rehearsal_note") && text_of(&parts) == plain);
    let (_, parts, bill) = ask("two_message_deltas").await;
    let grown: Vec<u64> = parts
        .iter()
        .filter(|event| event["type"] == "message_delta")
        .filter_map(|event| event["usage"]["output_tokens"].as_u64())
        .collect();
    assert!(grown.len() == 5 && grown.is_sorted() && grown[4] == bill.output_tokens, "{grown:?}");
    let (_, parts, _) = ask("null_usage").await;
    assert_eq!(parts[0]["message"]["usage"]["cache_creation_input_tokens"], Value::Null);
    let (_, parts, _) = ask("split_utf8").await;
    assert_eq!(text_of(&parts), plain);
}

#[tokio::test]
async fn limits_are_told_in_headers_and_refused_above() {
    let limits = ["anthropic.rpm=2", "anthropic.otpm=100000"].map(|limit| limit.parse().unwrap()).to_vec();
    let (studio, hand) = at_noon(Options { pace: 0.0, limits, ..Options::default() }).await;
    let first = to_claude(&studio, &with(&[]), 0).await;
    let header = |answer: &Response, name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header(&first, "anthropic-ratelimit-requests-limit"), "2");
    assert_eq!(header(&first, "anthropic-ratelimit-requests-remaining"), "1");
    assert_eq!(header(&first, "anthropic-ratelimit-requests-reset"), "2026-11-24T12:00:30Z");
    let left: u64 = header(&first, "anthropic-ratelimit-output-tokens-remaining").parse().unwrap();
    assert!(left < 100_000 && left > 90_000, "{left}");
    assert_eq!(to_claude(&studio, &with(&[]), 0).await.status(), 200);
    let third = to_claude(&studio, &with(&[]), 0).await;
    assert_eq!((third.status().as_u16(), header(&third, "retry-after").as_str()), (429, "30"));
    assert_eq!(metered(&studio).await.totals.calls, 2, "who is not let in is not counted");
    hand.advance(Duration::from_secs(30));
    assert_eq!(to_claude(&studio, &with(&[]), 0).await.status(), 200);
    let stranger =
        post(format!("{}/v1/messages", studio.anthropic_base()), ("x-api-key", "sk"), &with(&[]), "k", 0).await;
    assert_eq!(stranger.status(), 401);
}
