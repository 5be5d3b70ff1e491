//! Perplexity's wires as a client without our code sees them: the catalogue, the older chat completions, and faults by name.

use reqwest::Client;
use serde_json::{Value, json};

use super::super::tests::{asked, data_of, metered, searched, studio, to_perplexity, with_faults};
use crate::rehearsal::{FaultProfile, Options, Rehearsal};

fn whole_of(mut body: Value) -> Value {
    body["stream"] = json!(false);
    body
}

#[tokio::test]
async fn an_effort_names_the_model_and_searches_and_the_catalogue_lists_it() {
    let studio = studio(FaultProfile::None).await;
    let mut body = whole_of(searched(""));
    for name in ["model", "tools", "tool_choice"] {
        body.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(to_perplexity(&studio, "/v1/agent", &body).await.status(), 400, "no model is named");
    body["effort"] = json!("low");
    let answer: Value = to_perplexity(&studio, "/v1/agent", &body).await.json().await.unwrap();
    assert_eq!(
        (&answer["model"], &answer["output"][0]["type"]),
        (&json!("perplexity/sonar"), &json!("search_results"))
    );
    let models = Client::new().get(format!("{}/v1/models", studio.perplexity_base())).bearer_auth("rehearsal-key");
    let models: Value = models.send().await.unwrap().json().await.unwrap();
    assert_eq!(models["data"][0]["id"], "perplexity/sonar");
}

#[tokio::test]
async fn a_gateway_can_still_speak_the_older_chat_completions_and_bills_fees() {
    let studio = Rehearsal::start(Options { seed: 11, pace: 0.0, sonar: true, ..Options::default() }).await.unwrap();
    let mut body = asked("sonar-pro", "", true);
    body["web_search_options"] = json!({"search_context_size": "medium"});
    let stream = to_perplexity(&studio, "/chat/completions", &body).await.text().await.unwrap();
    assert!(stream.ends_with("data: [DONE]\n\n"));
    let chunks = data_of(&stream);
    let last = &chunks[chunks.len() - 1];
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!((last["citations"].as_array().unwrap().len(), last["search_results"].as_array().unwrap().len()), (3, 3));
    let counts = metered(&studio).await.models["sonar-pro"];
    let usage = &last["usage"];
    assert_eq!(
        (&usage["prompt_tokens"], &usage["completion_tokens"]),
        (&json!(counts.input_tokens), &json!(counts.output_tokens))
    );
    assert_eq!(counts.micro_usd, counts.input_tokens * 3 + counts.output_tokens * 15 + 10_000);
    let cost = usage["cost"]["total_cost"].as_f64().unwrap();
    assert_eq!((cost * 1e6).round() as u64, counts.micro_usd);
    let thinking: Value = to_perplexity(&studio, "/v1/sonar", &whole_of(asked("sonar-reasoning-pro", "", false)))
        .await
        .json()
        .await
        .unwrap();
    assert!(thinking["choices"][0]["message"]["content"].as_str().unwrap().starts_with("<think>"));
    assert_eq!(to_perplexity(&studio, "/chat/completions", &asked("perplexity/sonar", "", true)).await.status(), 400);
    let ended = with_faults(&["perplexity.sonar_retired"]).await;
    let refused = to_perplexity(&ended, "/chat/completions", &body).await.text().await.unwrap();
    assert!(refused.contains("Sonar is now the Agent API"));
}

#[tokio::test]
async fn named_faults_have_the_vendors_status_look_and_bill() {
    for (name, status, word) in [
        ("html_401", 401, "<html>"),
        ("credit_402", 402, "credit"),
        ("permission_403", 403, "forbidden"),
        ("invalid_model", 400, "\"code\":400"),
        ("validation_422", 422, "{\"detail\":[{"),
        ("rate_limit", 429, "rate_limit_exceeded"),
        ("edge_html_502", 502, "cloudflare"),
    ] {
        let studio = with_faults(&[&format!("perplexity.{name}")]).await;
        let answer = to_perplexity(&studio, "/v1/agent", &searched("")).await;
        assert_eq!(answer.status(), status, "{name}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(word), "{name}: {text}");
        assert_eq!(metered(&studio).await.totals.micro_usd, 0, "{name}");
    }
    let ask = async |name: &str, body: &Value| {
        let studio = with_faults(&[&format!("perplexity.{name}")]).await;
        let text = to_perplexity(&studio, "/v1/agent", body).await.text().await.unwrap();
        (text, metered(&studio).await.totals)
    };
    let (failed, bill) = ask("failed_200", &whole_of(searched(""))).await;
    let failed: Value = serde_json::from_str(&failed).unwrap();
    assert!(failed["status"] == "failed" && failed["error"]["message"].is_string());
    assert!(bill.cut == 1 && bill.searches == 1 && bill.cut_micro_usd > 2_500, "what failed has searched");
    let (stream, _) = ask("failed_200", &searched("")).await;
    assert!(stream.contains("event: response.failed") && !stream.contains("response.completed"));
    let (sourceless, bill) = ask("no_search_results", &whole_of(searched(""))).await;
    assert!(!sourceless.contains("search_results") && bill.searches == 1);
    let (odd, _) = ask("unknown_items", &searched("")).await;
    assert!(odd.contains("sandbox_results") && odd.contains("response.rehearsal.note"));
    let (costless, bill) = ask("no_cost", &whole_of(searched(""))).await;
    assert!(!costless.contains("total_cost") && bill.micro_usd > 2_500);
}
