//! ElevenLabs' wire as a client without our code sees it: the four ways to speak, the catalogue, limits, and faults by name.

use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::super::tests::{KEY, line, metered, post, studio, with_faults};
use super::*;
use crate::rehearsal::{FaultProfile, Options, Rehearsal};

const VOICE: &str = "EXAVITQu4vr4xnSDxMaL";

async fn speak(studio: &Rehearsal, way: &str, body: &Value) -> Response {
    let url = format!("{}/v1/text-to-speech/{VOICE}{way}", studio.elevenlabs_base());
    post(url, ("xi-api-key", KEY), body, "007-voice-1-1", 0).await
}

async fn get(studio: &Rehearsal, path: &str) -> Response {
    Client::new().get(format!("{}{path}", studio.elevenlabs_base())).header("xi-api-key", KEY).send().await.unwrap()
}

#[tokio::test]
async fn all_four_ways_say_the_same_samples() {
    let studio = studio(FaultProfile::None).await;
    let body = line("The sea comes in twice a day, and nobody asks it to.");
    let plain = speak(&studio, "?output_format=pcm_24000", &body).await.bytes().await.unwrap();
    let timed: Value = speak(&studio, "/with-timestamps?output_format=pcm_24000", &body).await.json().await.unwrap();
    assert_eq!(STANDARD.decode(timed["audio_base64"].as_str().unwrap()).unwrap(), plain);
    let streamed = speak(&studio, "/stream?output_format=pcm_24000", &body).await.bytes().await.unwrap();
    assert_eq!(streamed, plain);
    let lines = speak(&studio, "/stream/with-timestamps?output_format=pcm_24000", &body).await.text().await.unwrap();
    assert!(lines.contains("\n\n"), "blank lines come in between");
    let lines: Vec<Value> =
        lines.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect();
    let audio: Vec<u8> =
        lines.iter().flat_map(|line| STANDARD.decode(line["audio_base64"].as_str().unwrap()).unwrap()).collect();
    assert_eq!(audio, plain);
    let starts: Vec<f64> = lines
        .iter()
        .filter_map(|line| line["alignment"]["character_start_times_seconds"].as_array())
        .flatten()
        .filter_map(Value::as_f64)
        .collect();
    assert_eq!(timed["alignment"]["character_start_times_seconds"], json!(starts), "times count from the start of all");
    assert_eq!(lines[lines.len() - 1]["alignment"], Value::Null);
    let wav = speak(&studio, "?output_format=wav_24000", &body).await.bytes().await.unwrap();
    assert_eq!((&wav[..4], &wav[44..]), (&b"RIFF"[..], &plain[..]));
    let counts = metered(&studio).await.totals;
    assert_eq!((counts.completions, counts.micro_usd), (5, 5 * 52 * 40));
}

#[tokio::test]
async fn the_third_generation_cannot_be_stitched_and_the_catalogue_tells_the_rest() {
    let studio = studio(FaultProfile::None).await;
    let with = |model: &str, name: &str, value: Value| {
        let mut body = line("A line.");
        body["model_id"] = json!(model);
        body[name] = value;
        body
    };
    for (body, status) in [
        (with("eleven_flash_v2_5", "previous_text", json!("Before.")), 200),
        (with("eleven_v3", "previous_text", json!("Before.")), 400),
        (with("eleven_flash_v2_5", "previous_request_ids", json!(["a", "b", "c", "d"])), 400),
        (with("eleven_v3", "voice_settings", json!({"stability": 0.3})), 400),
        (with("eleven_v3", "voice_settings", json!({"stability": 0.5})), 200),
        (with("eleven_v3", "text", json!("x".repeat(5_001))), 400),
        (with("eleven_monolingual_v1", "text", json!("x")), 400),
    ] {
        assert_eq!(speak(&studio, "", &body).await.status(), status, "{body}");
    }
    let models: Value = get(&studio, "/v1/models").await.json().await.unwrap();
    let flash = models.as_array().unwrap().iter().find(|model| model["model_id"] == "eleven_flash_v2_5").unwrap();
    assert_eq!(
        (&flash["maximum_text_length_per_request"], &flash["model_rates"]["character_cost_multiplier"]),
        (&json!(40_000), &json!(0.5))
    );
    let voices: Value = get(&studio, "/v1/voices").await.json().await.unwrap();
    assert!(voices["voices"].as_array().unwrap().iter().any(|voice| voice["voice_id"] == VOICE));
    let page: Value = get(&studio, "/v2/voices?page_size=4").await.json().await.unwrap();
    assert_eq!((page["voices"].as_array().unwrap().len(), &page["has_more"]), (4, &json!(true)));
    assert_eq!(get(&studio, &format!("/v1/voices/{VOICE}")).await.status(), 200);
    let plan: Value = get(&studio, "/v1/user/subscription").await.json().await.unwrap();
    assert_eq!(plan["character_count"], metered(&studio).await.models["eleven_flash_v2_5"].characters.div_ceil(2) + 7);
}

#[tokio::test]
async fn named_refusals_have_the_vendors_status_and_cost_nothing() {
    for (name, status, word) in [
        ("bad_key_401", 401, "invalid_api_key"),
        ("quota_401", 401, "quota_exceeded"),
        ("missing_permissions_401", 401, "missing_permissions"),
        ("paid_plan_402", 402, "paid_plan_required"),
        ("creator_only_403", 403, "only_for_creator+"),
        ("voice_not_found", 404, "voice_not_found"),
        ("plain_not_found", 404, "{\"detail\":\"Not Found\"}"),
        ("validation_422", 422, "value_error.missing"),
        ("text_too_long", 400, "text_too_long"),
        ("too_many_concurrent", 429, "too_many_concurrent_requests"),
        ("system_busy", 429, "system_busy"),
        ("internal_error_500", 500, "internal_error"),
    ] {
        let studio = with_faults(&[&format!("elevenlabs.{name}")]).await;
        let answer = speak(&studio, "/with-timestamps", &line("A line.")).await;
        assert_eq!(answer.status(), status, "{name}");
        assert!(!answer.headers().contains_key("retry-after"), "{name}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(word), "{name}: {text}");
        assert_eq!(metered(&studio).await.totals.micro_usd, 0, "{name}");
    }
}

#[tokio::test]
async fn named_oddities_within_a_200_look_and_cost_as_the_vendors_do() {
    let studio = with_faults(&["elevenlabs.null_alignment", "elevenlabs.credits_header"]).await;
    let body = line("The sea comes in twice a day, and nobody asks it to.");
    let timed = speak(&studio, "/with-timestamps", &body).await;
    assert_eq!(timed.headers()["character-cost"], "6", "a tenth of 52 characters");
    assert_eq!(timed.json::<Value>().await.unwrap()["alignment"], Value::Null);
    assert_eq!(metered(&studio).await.totals.characters, 52);
    let studio = with_faults(&["elevenlabs.no_cost_header"]).await;
    let silent = speak(&studio, "", &body).await;
    assert!(!silent.headers().contains_key("character-cost"));
    assert!(!silent.headers().contains_key("current-concurrent-requests"));
    let studio = with_faults(&["elevenlabs.stream_cut"]).await;
    assert!(speak(&studio, "/stream", &body).await.bytes().await.is_err());
    let counts = metered(&studio).await.totals;
    assert_eq!((counts.cut, counts.cut_micro_usd), (1, 52 * 40));
}

#[tokio::test]
async fn above_the_limit_the_plan_is_named_and_the_headers_say_how_much_is_under_way() {
    let limits = vec!["elevenlabs=1".parse().unwrap()];
    let studio = Rehearsal::start(Options { pace: 2.0, limits, ..Options::default() }).await.unwrap();
    let held = speak(&studio, "/stream", &line("A line that is held for a while.")).await;
    assert_eq!(held.headers()["maximum-concurrent-requests"], "1");
    let refused = speak(&studio, "", &line("Another.")).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["current-concurrent-requests"]),
        (429, &"1".parse().unwrap())
    );
    assert_eq!(refused.json::<Value>().await.unwrap()["detail"]["status"], "too_many_concurrent_requests");
    drop(held.bytes().await.unwrap());
    assert_eq!(speak(&studio, "", &line("Another.")).await.status(), 200, "and then there is room");
}
