use proptest::prelude::*;
use serde_json::json;

use super::super::call::{Effort, Form, PrepareError, Prepared, Remember, Request, TextRequest, Vendor};
use super::super::progress::{Progress, Watch};
use super::super::usage::Usage;
use super::*;
use crate::config::models::Models;

fn models() -> Models {
    Models::built_in().unwrap()
}

fn prepare(request: &TextRequest) -> Result<Prepared, PrepareError> {
    super::prepare(&models().of(Vendor::Gemini.provider(), &request.model, false), request)
}

fn prepare_any(vendor: Vendor, request: &Request) -> Result<Prepared, PrepareError> {
    super::super::call::prepare(&models(), vendor, request)
}

fn request(model: &str) -> TextRequest {
    TextRequest {
        model: model.to_owned(),
        system: "You judge scripts.".to_owned(),
        user: "Judge this.".to_owned(),
        max_tokens: 4_096,
        schema: None,
        effort: None,
        remember: Remember::OneHour,
        stable: 0,
    }
}

fn read(body: &Value) -> Result<Answer, CallError> {
    decode(200, &Headers::default(), body.to_string().as_bytes())
}

#[test]
fn a_request_has_these_bytes() {
    let mut full = request("models/gemini-4-argon");
    full.schema =
        Some(json!({"type": "object", "properties": {"beats": {"type": "array"}}, "additionalProperties": false}));
    full.effort = Some(Effort::Low);
    let prepared = prepare_any(Vendor::Gemini, &Request::Text(full)).unwrap();
    assert_eq!(prepared.path, "/v1beta/models/gemini-4-argon:streamGenerateContent?alt=sse");
    assert!(prepared.streaming);
    let expected = concat!(
        r#"{"systemInstruction":{"parts":[{"text":"You judge scripts."}]},"#,
        r#""contents":[{"role":"user","parts":[{"text":"Judge this."}]}],"#,
        r#""generationConfig":{"maxOutputTokens":4096,"responseMimeType":"application/json","#,
        r#""responseJsonSchema":{"type":"object","properties":{"beats":{"type":"array"}},"additionalProperties":false},"#,
        r#""thinkingConfig":{"thinkingLevel":"LOW"}}}"#,
    );
    assert_eq!(String::from_utf8(prepared.body).unwrap(), expected);
}

#[test]
fn thinking_is_steered_in_the_generations_own_way_and_never_in_both() {
    for (model, control) in [
        ("gemini-2.5-pro", "thinkingBudget"),
        ("gemini-2.5-flash-lite", "thinkingBudget"),
        ("gemini-3.1-pro-preview", "thinkingLevel"),
        ("gemini-4-argon", "thinkingLevel"),
    ] {
        let mut asked = request(model);
        asked.effort = Some(Effort::Medium);
        let body: Value = serde_json::from_slice(&prepare(&asked).unwrap().body).unwrap();
        let config = body.pointer("/generationConfig/thinkingConfig").and_then(Value::as_object).unwrap();
        assert_eq!(config.keys().collect::<Vec<_>>(), [control], "{model}");
    }
    let plain: Value = serde_json::from_slice(&prepare(&request("gemini-4-argon")).unwrap().body).unwrap();
    assert_eq!(plain["generationConfig"], json!({"maxOutputTokens": 4_096}));
    for model in ["models/../x", "a:countTokens", "a?key=1", ""] {
        assert!(matches!(prepare(&request(model)), Err(PrepareError::BadId { .. })), "{model}");
    }
}

#[test]
fn thinking_is_turned_off_only_where_it_can_be() {
    let table = [
        ("gemini-2.5-pro", json!({"thinkingBudget": 128})),
        ("gemini-2.5-flash", json!({"thinkingBudget": 0})),
        ("gemini-2.5-flash-lite", json!({"thinkingBudget": 0})),
        ("gemini-3.8-flash", json!({"thinkingLevel": "LOW"})),
    ];
    for (model, control) in table {
        let mut asked = request(model);
        asked.effort = Some(Effort::Off);
        let body: Value = serde_json::from_slice(&prepare(&asked).unwrap().body).unwrap();
        assert_eq!(body.pointer("/generationConfig/thinkingConfig"), Some(&control), "{model}");
    }
    let mut unknown = request("gemini-9");
    unknown.effort = Some(Effort::High);
    unknown.schema = Some(json!({"type": "object"}));
    let body: Value = serde_json::from_slice(&prepare(&unknown).unwrap().body).unwrap();
    assert_eq!(body["generationConfig"], json!({"maxOutputTokens": 4_096}), "nothing optional");
    assert!(body.pointer("/contents/0/parts/0/text").unwrap().as_str().unwrap().contains("JSON Schema"));
}

#[test]
fn a_schema_has_the_older_form_where_the_table_asks_for_it() {
    let own = "schema = 1\n[[takes]]\nname = \"older\"\nsampling = \"ignored\"\nthinking = []\nthinks_unasked = false\n\
        structured = \"native\"\nschema_form = \"response_schema\"\nprefill = false\nforced_tool = \"always\"\n\
        cache = \"implicit\"\n[[model]]\nid = \"gemini-4-argon\"\nprovider = \"gemini\"\n\
        wire = \"gemini_generate_content\"\ntakes = \"older\"\n";
    let models = models().overlaid("models.toml", own).unwrap();
    let mut asked = request("gemini-4-argon");
    asked.schema = Some(json!({"type": "object", "properties": {"beats": {"type": ["array", "null"]}}}));
    let prepared = super::super::call::prepare(&models, Vendor::Gemini, &Request::Text(asked)).unwrap();
    let body: Value = serde_json::from_slice(&prepared.body).unwrap();
    let expected = json!({"type": "OBJECT", "properties": {"beats": {"type": "ARRAY", "nullable": true}},
        "propertyOrdering": ["beats"]});
    assert_eq!(body.pointer("/generationConfig/responseSchema"), Some(&expected));
    assert_eq!(body.pointer("/generationConfig/responseJsonSchema"), None, "both at once are refused");
}

#[test]
fn tokens_are_counted_for_the_same_request() {
    let prepared = super::super::call::prepare_count(&models(), Vendor::Gemini, &request("models/gemini-4-argon"));
    let prepared = prepared.unwrap().unwrap();
    assert_eq!(prepared.path, "/v1beta/models/gemini-4-argon:countTokens");
    let body: Value = serde_json::from_slice(&prepared.body).unwrap();
    assert_eq!(body.pointer("/generateContentRequest/model"), Some(&json!("models/gemini-4-argon")));
    assert_eq!(body.pointer("/generateContentRequest/contents/0/parts/0/text"), Some(&json!("Judge this.")));
    assert_eq!(decode_count(200, &Headers::default(), b"{\"totalTokens\": 31}").unwrap(), 31);
    let limited = refused(429, "RESOURCE_EXHAUSTED", "x", json!([]));
    assert_eq!(decode_count(429, &Headers::default(), limited.as_bytes()).unwrap_err().class, RetryClass::RetryAfter);
    assert!(decode_count(200, &Headers::default(), b"{}").is_err());
}

fn lively() -> Value {
    json!({
        "candidates": [{"content": {"role": "model", "parts": [
            {"text": "a thought", "thought": true},
            {"inlineData": {"mimeType": "image/png", "data": ""}},
            {"text": "{\"beats\":", "thoughtSignature": "CpA"},
            {"text": "[\"ä😀\"]}"}]},
            "finishReason": "STOP", "index": 0, "safetyRatings": []}],
        "usageMetadata": {"promptTokenCount": 1_200, "cachedContentTokenCount": 1_024, "candidatesTokenCount": 80,
            "thoughtsTokenCount": 400, "totalTokenCount": 1_680, "serviceTier": "standard"},
        "modelVersion": "gemini-3.8-flash", "responseId": "abc123"
    })
}

#[test]
fn thoughts_are_left_out_of_the_text_and_counted_as_output() {
    let answer = read(&lively()).unwrap();
    assert_eq!(answer.content, Content::Text("{\"beats\":[\"ä😀\"]}".to_owned()));
    let usage = Usage { input: 176, cache_read: 1_024, output: 480, thinking: 400, ..Usage::default() };
    assert_eq!(answer.usage, Some(usage), "the cache is inside the prompt, thoughts are outside the candidates");
    assert_eq!(usage.prompt(), 1_200);
    assert_eq!(answer.model.as_deref(), Some("gemini-3.8-flash"), "the model that answered, not the one asked");
    assert_eq!(answer.request_id.as_deref(), Some("abc123"));
    assert_eq!(answer.finish, Finish::Complete);
}

#[test]
fn odd_counts_neither_wrap_nor_vanish() {
    let mut body = lively();
    body["usageMetadata"] = json!({"promptTokenCount": 5, "cachedContentTokenCount": 9, "toolUsePromptTokenCount": 3});
    let usage = read(&body).unwrap().usage.unwrap();
    assert_eq!((usage.input, usage.cache_read, usage.output), (3, 9, 0));
    body.as_object_mut().unwrap().remove("usageMetadata");
    assert_eq!(read(&body).unwrap().usage, None, "no counts are not zero");
}

#[test]
fn an_answer_without_text_is_an_answer() {
    let usage = json!({"promptTokenCount": 10, "thoughtsTokenCount": 4_096});
    let table = [
        (json!({"candidates": [{"finishReason": "MAX_TOKENS"}], "usageMetadata": usage}), Finish::Length),
        (json!({"candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}]}), Finish::Length),
        (json!({"candidates": [{"finishReason": "CONTINUATION"}]}), Finish::Length),
        (json!({"candidates": [{"finishReason": "SPII"}]}), Finish::Refused("SPII".to_owned())),
        (json!({"candidates": [{"finishReason": "NEW_WORD"}]}), Finish::Other("NEW_WORD".to_owned())),
        (json!({"candidates": [{}]}), Finish::Other(String::new())),
        (
            json!({"promptFeedback": {"blockReason": "JAILBREAK"}, "usageMetadata": usage}),
            Finish::Refused("JAILBREAK".to_owned()),
        ),
    ];
    for (body, finish) in table {
        let answer = read(&body).unwrap();
        assert_eq!((answer.finish, answer.content), (finish, Content::Text(String::new())), "{body}");
        assert_eq!(answer.usage.is_some(), body.get("usageMetadata").is_some());
    }
}

#[test]
fn a_recording_that_a_crash_cut_is_uncertain_and_a_broken_one_is_charged() {
    let whole = lively().to_string();
    for cut in 0..whole.len() {
        let error = decode(200, &Headers::default(), &whole.as_bytes()[..cut]).unwrap_err();
        assert_eq!(error.charge, ChargeKnown::Uncertain, "cut at {cut}");
    }
    for broken in ["{\"candidates\": [}", "{} {}", "{}", "[]", "{\"candidates\": 4}"] {
        let error = decode(200, &Headers::default(), broken.as_bytes()).unwrap_err();
        assert_eq!((error.class, error.charge), (RetryClass::AskPerson, ChargeKnown::Charged), "{broken}");
    }
    for foreign in ["<html>", "null", ""] {
        let error = decode(200, &Headers::default(), foreign.as_bytes()).unwrap_err();
        assert_eq!(error.charge, ChargeKnown::Uncertain, "{foreign}");
    }
    let counted = json!({"candidates": 4, "usageMetadata": {"promptTokenCount": 7}});
    assert_eq!(read(&counted).unwrap_err().usage.unwrap().input, 7);
}

/// A stream with everything that a reader must bear.
fn streamed() -> String {
    let chunks = [
        json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "a thought", "thought": true}]}, "index": 0}],
            "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9}, "modelVersion": "gemini-3.8-flash",
            "responseId": "r1"}),
        json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "Grü"}]}, "index": 0}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 1, "thoughtsTokenCount": 30}}),
        json!({"candidates": [{"content": {"role": "model"}, "index": 0}]}),
        json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "ße 😀"}]}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 30}}),
    ];
    chunks.iter().map(|chunk| format!("data: {chunk}\r\n\r\n")).collect()
}

#[test]
fn a_stream_is_read_as_its_whole_and_its_last_counts_hold() {
    let answer = decode(200, &Headers::default(), streamed().as_bytes()).unwrap();
    assert_eq!(answer.content, Content::Text("Grüße 😀".to_owned()));
    let usage = Usage { input: 9, output: 34, thinking: 30, ..Usage::default() };
    assert_eq!((answer.usage, &answer.finish), (Some(usage), &Finish::Complete));
    assert_eq!((answer.model.as_deref(), answer.request_id.as_deref()), (Some("gemini-3.8-flash"), Some("r1")));
    let frames: Vec<String> =
        streamed().split("\r\n\r\n").filter_map(|frame| frame.get(6..).map(str::to_owned)).collect();
    let array = format!("[{}]", frames.join(",\n"));
    assert_eq!(decode(200, &Headers::default(), array.as_bytes()).unwrap(), answer, "streamed without frames");
    let mut watch = Watch::new(Vendor::Gemini, Form::Usual);
    let shown: Vec<Progress> = streamed().as_bytes().chunks(1).flat_map(|byte| watch.push(byte)).collect();
    let expected = [
        Progress::Thinking,
        Progress::OutputTokens(31),
        Progress::Text("Grü".to_owned()),
        Progress::OutputTokens(34),
        Progress::Text("ße 😀".to_owned()),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_stream_that_a_crash_cut_is_uncertain() {
    let whole = streamed();
    for cut in 0..whole.len() - 1 {
        let error = decode(200, &Headers::default(), &whole.as_bytes()[..cut]).unwrap_err();
        assert_eq!((error.class, error.charge), (RetryClass::RetryAfter, ChargeKnown::Uncertain), "cut at {cut}");
    }
}

#[test]
fn an_error_in_the_middle_of_a_stream_is_heard_in_every_form() {
    let error = refused(503, "UNAVAILABLE", "The model is overloaded", json!([]));
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&error).unwrap()).unwrap();
    let begun: String = streamed().split_inclusive("\r\n\r\n").take(2).collect();
    for end in [format!("data: {error}\r\n\r\n"), error.clone(), pretty.clone(), format!("[{pretty}\r\n]\r\n")] {
        let told = decode(200, &Headers::default(), format!("{begun}{end}").as_bytes()).unwrap_err();
        assert_eq!((told.class, told.charge), (RetryClass::RetryAfter, ChargeKnown::Uncertain), "{end}");
        assert!(told.message.contains("`UNAVAILABLE`: The model is overloaded"), "{}", told.message);
        assert_eq!(told.usage.unwrap().output, 31, "what was counted so far");
    }
}

fn refused(code: u16, status: &str, message: &str, details: Value) -> String {
    json!({"error": {"code": code, "message": message, "status": status, "details": details}}).to_string()
}

#[test]
fn a_refusal_says_what_helps_and_what_it_cost() {
    use ChargeKnown::{NotCharged, Uncertain};
    use RetryClass::{AskPerson, FixRequest, OtherModel, RetryAfter, Stop};
    let none = || json!([]);
    let bad_key = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
    let quota = |id: &str| {
        json!([{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id}]},
               {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "45.5s"}])
    };
    let table = [
        (400, refused(400, "INVALID_ARGUMENT", "bad body", none()), FixRequest, NotCharged),
        (400, refused(400, "INVALID_ARGUMENT", "API key not valid.", bad_key), AskPerson, NotCharged),
        (400, refused(400, "FAILED_PRECONDITION", "region", none()), AskPerson, NotCharged),
        (401, refused(401, "UNAUTHENTICATED", "x", none()), AskPerson, NotCharged),
        (403, refused(403, "PERMISSION_DENIED", "x", none()), AskPerson, NotCharged),
        (404, refused(404, "NOT_FOUND", "models/x is not found", none()), OtherModel, NotCharged),
        (413, "too large".to_owned(), FixRequest, NotCharged),
        (429, refused(429, "RESOURCE_EXHAUSTED", "x", quota("RequestsPerMinute")), RetryAfter, NotCharged),
        (
            429,
            refused(429, "RESOURCE_EXHAUSTED", "x", quota("RequestsPerDayPerModel-FreeTier")),
            OtherModel,
            NotCharged,
        ),
        (499, refused(499, "CANCELLED", "x", none()), RetryAfter, Uncertain),
        (500, refused(500, "INTERNAL", "x", none()), RetryAfter, NotCharged),
        (503, refused(503, "UNAVAILABLE", "The model is overloaded", none()), RetryAfter, NotCharged),
        (504, refused(504, "DEADLINE_EXCEEDED", "x", none()), RetryAfter, Uncertain),
        (502, "<html>".to_owned(), RetryAfter, Uncertain),
        (302, String::new(), Stop, NotCharged),
        (200, refused(503, "UNAVAILABLE", "in a good answer", none()), RetryAfter, Uncertain),
        (200, format!("[{}]", refused(429, "RESOURCE_EXHAUSTED", "x", none())), RetryAfter, Uncertain),
    ];
    for (status, body, class, charge) in table {
        let error = decode(status, &Headers::default(), body.as_bytes()).unwrap_err();
        assert_eq!((error.class, error.charge), (class, charge), "{status} {body}");
        let wait = body.contains("45.5s").then_some(Duration::from_millis(45_500));
        assert_eq!(error.retry_after, wait, "the wait is in the body");
    }
}

proptest! {
    #[test]
    fn any_body_is_survived(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(status, &Headers::default(), &body);
    }
}
