//! OpenAI's wire as a client without our code sees it: the habits of each server, speech, and faults by name.

use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::super::tests::{asked, data_of, metered, post, studio, with_faults};
use crate::rehearsal::{FaultProfile, Rehearsal};

const SERVERS: [&str; 4] = ["ollama", "llamacpp", "vllm", "lmstudio"];

async fn chat(studio: &Rehearsal, server: &str, body: &Value) -> Response {
    let url = format!("{}/v1/chat/completions", studio.local_base(server));
    post(url, ("authorization", "Bearer rehearsal-key"), body, "007-arbiter-0-1", 0).await
}

fn text_of(chunks: &[Value]) -> String {
    chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0/delta/content")?.as_str()).collect()
}

#[tokio::test]
async fn each_server_has_its_own_habits() {
    let studio = studio(FaultProfile::None).await;
    for server in SERVERS {
        let mut body = asked("qwen3:8b", "", true);
        body["reasoning_effort"] = json!("low");
        let stream = chat(&studio, server, &body).await.text().await.unwrap();
        assert!(stream.ends_with("data: [DONE]\n\n"), "{server}");
        let member = if matches!(server, "ollama" | "vllm") { "reasoning" } else { "reasoning_content" };
        assert!(stream.contains(&format!("\"{member}\":")), "{server}");
        assert_eq!(stream.contains("fp_ollama"), server == "ollama");
        assert_eq!(stream.contains("predicted_n"), server == "llamacpp");
        let chunks = data_of(&stream);
        let usage = &chunks[chunks.len() - 1]["usage"];
        assert_eq!(
            usage["completion_tokens"],
            text_of(&chunks).len().div_ceil(4) + 10,
            "{server}: thoughts are inside"
        );
        assert_eq!(usage["prompt_tokens_details"].is_object(), server == "llamacpp", "{server}");
        let listed = Client::new().get(format!("{}/v1/models", studio.local_base(server))).send().await.unwrap();
        let listed: Value = listed.json().await.unwrap();
        assert_eq!(listed["data"][0]["id"], "qwen3:8b");
        assert_eq!(listed["data"][0]["max_model_len"].is_u64(), server == "vllm");
        let missing = chat(&studio, server, &asked("no-such-model", "", false)).await;
        let is_loose = matches!(server, "llamacpp" | "lmstudio");
        assert_eq!(missing.status().as_u16(), if is_loose { 200 } else { 404 }, "{server}");
        let mut loose = asked("qwen3:8b", "", false);
        loose["response_format"] = json!({"type": "json_object"});
        let object = chat(&studio, server, &loose).await;
        assert_eq!(object.status() == 200, server != "lmstudio", "{server}");
        if server != "lmstudio" {
            let answer: Value = object.json().await.unwrap();
            assert!(
                serde_json::from_str::<Value>(answer["choices"][0]["message"]["content"].as_str().unwrap()).is_ok()
            );
        }
    }
    let behind: Value = chat(&studio, "openai", &asked("local/llama3.1:8b", "", false)).await.json().await.unwrap();
    assert_eq!(behind["model"], "local/llama3.1:8b", "a gateway names the server in front");
    let health = |server: &str| format!("{}/health", studio.local_base(server));
    assert_eq!(reqwest::get(health("llamacpp")).await.unwrap().status(), 200);
    let url = format!("{}/v1/chat/completions/input_tokens", studio.local_base("llamacpp"));
    let counted = post(url, ("authorization", "Bearer rehearsal-key"), &asked("qwen3:8b", "", false), "k", 0).await;
    let whole: Value = chat(&studio, "llamacpp", &asked("qwen3:8b", "", false)).await.json().await.unwrap();
    assert_eq!(counted.json::<Value>().await.unwrap()["input_tokens"], whole["usage"]["prompt_tokens"]);
}

#[tokio::test]
async fn errors_have_the_form_of_their_server() {
    let studio = with_faults(&["openai.context_overflow"]).await;
    let body = asked("qwen3:8b", "", false);
    let error = async |server: &str| -> Value { chat(&studio, server, &body).await.json().await.unwrap() };
    assert_eq!(error("ollama").await["error"]["code"], Value::Null);
    let counted = error("llamacpp").await;
    assert_eq!(
        (&counted["error"]["type"], &counted["error"]["n_ctx"]),
        (&json!("exceed_context_size_error"), &json!(4_096))
    );
    let words = error("vllm").await;
    assert_eq!(words["error"]["type"], "BadRequestError");
    assert!(words["error"]["message"].as_str().unwrap().starts_with("This model's maximum context length is 4096"));
    assert!(error("lmstudio").await["error"].is_string());
    for (name, status, word) in [
        ("bad_key_401", 401, "Invalid API Key"),
        ("wrong_model_404", 404, "not found"),
        ("rate_limit", 429, "rate_limit_error"),
        ("loading_503", 503, "Loading model"),
        ("queue_full_503", 503, "busy"),
        ("server_error_500", 500, "the slot is gone"),
        ("bare_error", 500, "{\"error\":\"the slot is gone\"}"),
        ("unwrapped_error", 400, "\"object\":\"error\""),
    ] {
        let studio = with_faults(&[&format!("openai.{name}")]).await;
        let answer = chat(&studio, "openai", &body).await;
        assert_eq!(answer.status(), status, "{name}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(word), "{name}: {text}");
        assert_eq!(metered(&studio).await.totals.completions, 0, "{name}");
    }
}

#[tokio::test]
async fn named_oddities_within_a_200_are_those_of_the_servers() {
    let ask = async |name: &str, server: &str, is_streamed: bool| {
        let studio = with_faults(&[&format!("openai.{name}")]).await;
        let text = chat(&studio, server, &asked("qwen3:8b", "", is_streamed)).await.text().await.unwrap();
        (text, metered(&studio).await.totals)
    };
    for is_streamed in [true, false] {
        assert!(!ask("no_usage", "ollama", is_streamed).await.0.contains("usage"));
    }
    let (stream, bill) = ask("no_done", "vllm", true).await;
    assert!(!stream.contains("[DONE]") && stream.contains("\"finish_reason\":\"stop\"") && bill.completions == 1);
    let (stream, bill) = ask("error_frame", "vllm", true).await;
    assert!(stream.contains("data: {\"error\":") && stream.ends_with("data: [DONE]\n\n") && bill.cut == 1);
    let (stream, bill) = ask("ends_in_middle", "ollama", true).await;
    assert!(!stream.contains("[DONE]") && !stream.contains("\"stop\"") && bill.cut == 1);
    let (whole, bill) = ask("null_content_reasoning", "ollama", false).await;
    let message = &serde_json::from_str::<Value>(&whole).unwrap()["choices"][0]["message"];
    assert!(message["content"].is_null() && message["reasoning"].is_string() && bill.output_tokens == 10);
    let (whole, _) = ask("think_in_text", "lmstudio", false).await;
    assert!(whole.contains("<think>"));
    let (whole, _) = ask("thinks", "llamacpp", false).await;
    assert!(whole.contains("reasoning_content"));
    let studio = with_faults(&["openai.cached_tokens"]).await;
    let mut long = asked("qwen3:8b", "", false);
    long["messages"][0]["content"] = json!("A brief. ".repeat(1_000));
    let whole: Value = chat(&studio, "openai", &long).await.json().await.unwrap();
    let counts = metered(&studio).await.totals;
    assert_eq!(whole["usage"]["prompt_tokens_details"]["cached_tokens"], counts.cache_read_tokens);
    assert_eq!(whole["usage"]["prompt_tokens"], counts.input_tokens + counts.cache_read_tokens);
}

#[tokio::test]
async fn a_local_voice_speaks_samples_and_wav_files() {
    let studio = studio(FaultProfile::None).await;
    let speak = async |body: Value| {
        let url = format!("{}/v1/audio/speech", studio.openai_base());
        post(url, ("authorization", "Bearer rehearsal-key"), &body, "007-voice-1-1", 0).await
    };
    let body = |format: &str| json!({"model": "kokoro", "input": "The sea comes in.", "voice": "af_heart", "response_format": format});
    let pcm = speak(body("pcm")).await;
    assert_eq!(pcm.headers()["content-type"], "audio/pcm");
    let pcm = pcm.bytes().await.unwrap();
    assert!(pcm.len() > 24_000, "more than half a second");
    let wav = speak(body("wav")).await.bytes().await.unwrap();
    assert_eq!((&wav[..4], &wav[44..]), (&b"RIFF"[..], &pcm[..]));
    for (name, value) in
        [("response_format", json!("mp3")), ("input", json!("")), ("voice", Value::Null), ("speed", json!(9))]
    {
        let mut bad = body("wav");
        bad[name] = value;
        assert_eq!(speak(bad).await.status(), 400, "{name}");
    }
    let mut chat = body("wav");
    chat["model"] = json!("qwen3:8b");
    assert_eq!(speak(chat).await.status(), 404, "what writes does not speak");
    let counts = metered(&studio).await.models["kokoro"];
    assert_eq!((counts.completions, counts.characters, counts.micro_usd), (2, 34, 0));
}
