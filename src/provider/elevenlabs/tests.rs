use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::json;

use super::super::call::{Answer, Content, Request, TextRequest, VoiceSettings, decode as decode_any};
use super::super::error::{CallError, ChargeKnown, RetryClass};
use super::super::headers::Headers;
use super::*;
use crate::config::models::Models;

fn models() -> Models {
    Models::built_in().unwrap()
}

fn prepare(request: &SpeechRequest) -> Result<Prepared, PrepareError> {
    super::prepare(&models().of(Vendor::ElevenLabs.provider(), &request.model, true), request)
}

fn prepare_any(vendor: Vendor, request: &Request) -> Result<Prepared, PrepareError> {
    super::super::call::prepare(&models(), vendor, request)
}

fn request(model: &str) -> SpeechRequest {
    SpeechRequest {
        model: model.to_owned(),
        voice: "21m00Tcm4TlvDq8ikWAM".to_owned(),
        text: "Grüße 😀".to_owned(),
        previous: Some("She waited.".to_owned()),
        next: Some(String::new()),
        seed: Some(42),
        language: Some("de".to_owned()),
        settings: Some(VoiceSettings { stability: 35, similarity: 75, style: 0, speed: 250 }),
        previous_ids: Vec::new(),
        form: SpeechForm::Timed,
    }
}

fn decode(status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    decode_any(Vendor::ElevenLabs, Form::Usual, status, headers, body)
}

fn sent(request: &SpeechRequest) -> Value {
    serde_json::from_slice(&prepare(request).unwrap().body).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::keep(pairs.iter().map(|(name, value)| (*name, value.as_bytes())))
}

#[test]
fn a_request_has_these_bytes() {
    let prepared = prepare_any(Vendor::ElevenLabs, &Request::Speech(request("eleven_flash_v2_5"))).unwrap();
    assert_eq!(prepared.path, "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/with-timestamps?output_format=pcm_24000");
    let expected = concat!(
        r#"{"text":"Grüße 😀","model_id":"eleven_flash_v2_5","language_code":"de","#,
        r#""voice_settings":{"stability":0.35,"similarity_boost":0.75,"style":0.0,"speed":1.2},"#,
        r#""seed":42,"previous_text":"She waited."}"#,
    );
    assert_eq!(String::from_utf8(prepared.body).unwrap(), expected);
    assert_eq!(request("eleven_v3").characters(), 7, "characters, not bytes");
}

#[test]
fn each_form_of_an_answer_has_its_address() {
    let table = [
        (SpeechForm::Timed, "/with-timestamps", Form::Usual),
        (SpeechForm::TimedStream, "/stream/with-timestamps", Form::Usual),
        (SpeechForm::Plain, "", Form::Samples(24_000)),
        (SpeechForm::PlainStream, "/stream", Form::Samples(24_000)),
    ];
    let usual = prepare(&request("eleven_v4")).unwrap();
    for (form, below, reads) in table {
        let prepared = prepare(&SpeechRequest { form, ..request("eleven_v4") }).unwrap();
        let path = format!("/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM{below}?output_format=pcm_24000");
        assert_eq!((prepared.path, prepared.form), (path, reads), "{form:?}");
        assert_eq!(prepared.body, usual.body, "the form stands in the address alone");
    }
}

#[test]
fn named_takes_come_in_the_place_of_the_words_before_and_never_on_v3() {
    let named = |model: &str, ids: &[&str]| {
        let previous_ids = ids.iter().map(|id| (*id).to_owned()).collect();
        sent(&SpeechRequest { previous_ids, next: Some("After.".to_owned()), ..request(model) })
    };
    let body = named("eleven_flash_v2_5", &["r1", "r2", "not one", "r3", "r4"]);
    assert_eq!(body["previous_request_ids"], json!(["r2", "r3", "r4"]), "the three nearest, the nearest last");
    assert_eq!((body.get("previous_text"), &body["next_text"]), (None, &json!("After.")));
    let body = named("eleven_flash_v2_5", &["not one"]);
    assert_eq!((body.get("previous_request_ids"), &body["previous_text"]), (None, &json!("She waited.")));
    let body = named("eleven_v3", &["r1"]);
    for absent in ["previous_request_ids", "previous_text", "next_text"] {
        assert_eq!(body.get(absent), None, "{absent}");
    }
}

#[test]
fn nothing_is_sent_that_a_model_refuses() {
    // Model, whether the neighbouring text is taken, whether the language is, the stability that is sent.
    let table = [
        ("eleven_v3", false, true, 0.5),
        ("eleven_v3_conversational", false, true, 0.5),
        ("eleven_v4", true, true, 0.35),
        ("eleven_multilingual_v2", true, false, 0.35),
        ("eleven_flash_v2", true, false, 0.35),
        ("eleven_turbo_v2_5", true, true, 0.35),
    ];
    for (model, context, language, stability) in table {
        let body = sent(&request(model));
        assert_eq!(body.get("previous_text").is_some(), context, "{model}");
        assert_eq!(body.get("language_code").is_some(), language, "{model}");
        assert_eq!(body["voice_settings"]["stability"], json!(stability), "{model}");
    }
}

#[test]
fn a_request_that_cannot_be_one_is_refused_before_it_is_sent() {
    for voice in ["", "../../user", "a/b", "a?x=1", "a%2f"] {
        let asked = SpeechRequest { voice: voice.to_owned(), ..request("eleven_v4") };
        assert!(matches!(prepare(&asked), Err(PrepareError::BadId { what: "voice", .. })), "{voice}");
    }
    let silent = SpeechRequest { text: "  ".to_owned(), ..request("eleven_v4") };
    assert_eq!(prepare(&silent), Err(PrepareError::Empty("spoken")));
    let text = Request::Text(TextRequest {
        model: "m".to_owned(),
        system: String::new(),
        user: "u".to_owned(),
        max_tokens: 1,
        schema: None,
        effort: None,
        remember: super::super::call::Remember::No,
        stable: 0,
    });
    let wrong = prepare_any(Vendor::ElevenLabs, &text);
    assert_eq!(wrong, Err(PrepareError::Unsupported { vendor: Vendor::ElevenLabs, kind: "text" }));
    let speech = Request::Speech(request("eleven_v4"));
    assert!(prepare_any(Vendor::Anthropic, &speech).is_err() && prepare_any(Vendor::Gemini, &speech).is_err());
}

fn spoken() -> Value {
    json!({
        "audio_base64": STANDARD.encode([1, 0, 2, 0]),
        "alignment": {"characters": ["H", "😀"], "character_start_times_seconds": [0.0, 0.08],
            "character_end_times_seconds": [0.08, 0.21]},
        "normalized_alignment": null
    })
}

fn read(body: &Value) -> Result<Answer, CallError> {
    decode(200, &Headers::default(), body.to_string().as_bytes())
}

#[test]
fn speech_is_read_with_its_timing_and_its_cost() {
    let paid = headers(&[("request-id", "r1"), ("character-cost", "1")]);
    let answer = decode(200, &paid, spoken().to_string().as_bytes()).unwrap();
    let Content::Speech(speech) = &answer.content else { panic!("speech was asked") };
    assert_eq!((speech.pcm.as_slice(), speech.sample_rate), ([1, 0, 2, 0].as_slice(), 24_000));
    let alignment = speech.alignment.as_ref().unwrap();
    assert_eq!((alignment.characters.as_slice(), alignment.ends[1]), (['H', '😀'].as_slice(), 0.21));
    let usage = answer.usage.unwrap();
    assert_eq!((usage.characters, usage.credits), (Some(2), Some(1)), "credits are not characters");
    assert_eq!((answer.request_id.as_deref(), answer.rehearsal), (Some("r1"), false));
    assert!(!format!("{answer:?}").contains("[1, 0, 2, 0]"), "audio is not printed");
}

#[test]
fn a_fault_in_the_timing_does_not_cost_the_audio() {
    let times = |characters: Value, starts: Value, ends: Value| json!({"characters": characters, "character_start_times_seconds": starts, "character_end_times_seconds": ends});
    let table = [
        Value::Null,
        times(json!(["H"]), json!([0.0, 0.1]), json!([0.1, 0.2])),
        times(json!(["Hi"]), json!([0.0]), json!([0.1])),
        times(json!(["H", "i"]), json!([0.2, 0.1]), json!([0.3, 0.4])),
        times(json!(["H"]), json!([0.2]), json!([0.1])),
        times(json!(["H"]), json!([-0.2]), json!([0.1])),
        times(json!(["H"]), json!([null]), json!([0.1])),
    ];
    for alignment in table {
        let mut body = spoken();
        body["alignment"] = alignment;
        let answer = read(&body).unwrap();
        let Content::Speech(speech) = answer.content else { panic!("speech was asked") };
        assert_eq!((speech.alignment, answer.usage), (None, None), "{body}");
    }
    let mut without = spoken();
    without.as_object_mut().unwrap().remove("alignment");
    assert!(read(&without).is_ok());
}

/// A stream of documents with what a reader must bear: a sample cut in two between pieces, blank lines, null times.
fn streamed() -> String {
    let times = |characters: Value, starts: Value, ends: Value| json!({"characters": characters, "character_start_times_seconds": starts, "character_end_times_seconds": ends});
    let first = json!({"audio_base64": STANDARD.encode([1, 0, 2]), "alignment": times(json!(["H", "ü"]), json!([0.0, 0.08]), json!([0.08, 0.21])), "normalized_alignment": null});
    let second = json!({"audio_base64": STANDARD.encode([0, 3, 0]), "alignment": null, "normalized_alignment": null, "later": 1});
    let third = json!({"audio_base64": "", "alignment": times(json!(["😀"]), json!([0.21]), json!([0.4]))});
    format!("{first}\n\n{second}\r\n\n\n{third}\n")
}

#[test]
fn a_stream_of_documents_is_put_together() {
    let answer = decode(200, &headers(&[("character-cost", "2")]), streamed().as_bytes()).unwrap();
    let Content::Speech(speech) = answer.content else { panic!("speech was asked") };
    assert_eq!(speech.pcm, [1, 0, 2, 0, 3, 0]);
    let alignment = speech.alignment.unwrap();
    assert_eq!((alignment.characters, alignment.starts), (vec!['H', 'ü', '😀'], vec![0.0, 0.08, 0.21]));
    let usage = answer.usage.unwrap();
    assert_eq!((usage.characters, usage.credits), (Some(3), Some(2)));
    let backwards = streamed().replace("[0.21]", "[0.01]");
    let Content::Speech(speech) = read_text(&backwards).unwrap().content else { panic!("speech was asked") };
    assert_eq!((speech.pcm.len(), speech.alignment), (6, None), "times that run backwards are none");
    let shifted = streamed().replace("[0.08,0.21]", "[0.08]");
    let Content::Speech(speech) = read_text(&shifted).unwrap().content else { panic!("speech was asked") };
    assert_eq!(speech.alignment, None, "lists that differ in length are none");
}

#[test]
fn a_stream_that_a_crash_cut_within_a_document_is_uncertain() {
    let whole = streamed();
    let ends: Vec<usize> = whole.match_indices('\n').map(|(at, _)| at).collect();
    for cut in (0..whole.len()).filter(|cut| whole.is_char_boundary(*cut)) {
        let has_all = whole[cut..].trim().is_empty();
        // Between two documents nothing tells that more would have come, but for the connection, which knows.
        let between = ends.iter().any(|end| whole[..cut].trim_end().len() == whole[..*end].trim_end().len());
        match read_text(&whole[..cut]) {
            Ok(_) => assert!(has_all || between, "cut at {cut}"),
            Err(error) if between => assert_eq!(error.charge, ChargeKnown::Charged, "half a sample, cut at {cut}"),
            Err(error) => assert_eq!(error.charge, ChargeKnown::Uncertain, "cut at {cut}"),
        }
    }
}

#[test]
fn a_stream_that_the_vendor_gives_up_is_an_error_although_it_had_begun_well() {
    let piece = json!({"audio_base64": "AQA="});
    let table = [
        (json!({"detail": {"status": "system_busy", "message": "m"}}), RetryClass::RetryAfter),
        (json!({"detail": {"status": "quota_exceeded", "message": "m"}}), RetryClass::AskPerson),
        (json!({"error": "it broke"}), RetryClass::RetryAfter),
    ];
    for (error, class) in table {
        let failed = read_text(&format!("{piece}\n{error}\n")).unwrap_err();
        assert_eq!((failed.class, failed.charge), (class, ChargeKnown::Uncertain), "{error}");
        assert!(failed.message.starts_with("The answer of ElevenLabs was broken off with"), "{}", failed.message);
    }
}

fn read_text(body: &str) -> Result<Answer, CallError> {
    decode(200, &Headers::default(), body.as_bytes())
}

#[test]
fn bare_samples_are_speech_without_times() {
    let read = |body: &[u8]| {
        let paid = headers(&[("character-cost", "7"), ("request-id", "r1")]);
        decode_any(Vendor::ElevenLabs, Form::Samples(24_000), 200, &paid, body)
    };
    // The first sample looks like the beginning of a document.
    let answer = read(b"{\"a\"").unwrap();
    let Content::Speech(speech) = answer.content else { panic!("speech was asked") };
    assert_eq!((speech.pcm.as_slice(), speech.sample_rate, speech.alignment), (b"{\"a\"".as_slice(), 24_000, None));
    assert_eq!((answer.usage.unwrap().credits, answer.request_id.as_deref()), (Some(7), Some("r1")));
    for body in [[].as_slice(), &[1, 2, 3]] {
        let error = read(body).unwrap_err();
        assert_eq!((error.charge, error.usage.unwrap().credits), (ChargeKnown::Charged, Some(7)));
    }
}

#[test]
fn a_recording_that_a_crash_cut_is_uncertain_and_a_broken_one_is_charged() {
    let whole = spoken().to_string();
    for cut in 0..whole.len() {
        let error = decode(200, &Headers::default(), &whole.as_bytes()[..cut]).unwrap_err();
        assert_eq!(error.charge, ChargeKnown::Uncertain, "cut at {cut}");
    }
    let paid = headers(&[("character-cost", "46")]);
    for broken in
        ["<html>", "{}", "[]", r#"{"audio_base64":"%%"}"#, r#"{"audio_base64":""}"#, r#"{"audio_base64":"AQ=="}"#]
    {
        let error = decode(200, &paid, broken.as_bytes()).unwrap_err();
        assert_eq!((error.class, error.charge), (RetryClass::AskPerson, ChargeKnown::Charged), "{broken}");
        assert_eq!(error.usage.unwrap().credits, Some(46));
    }
}

#[test]
fn a_refusal_says_what_helps_and_what_it_cost() {
    use ChargeKnown::{NotCharged, Uncertain};
    use RetryClass::{AskPerson, FixRequest, LowerConcurrency, OtherModel, RetryAfter, Stop};
    let old = |status: &str| json!({"detail": {"status": status, "message": "m"}}).to_string();
    let new =
        |code: &str, status: &str| json!({"detail": {"code": code, "status": status, "message": "m"}}).to_string();
    let table = [
        (401, old("quota_exceeded"), AskPerson, NotCharged),
        (402, old("quota_exceeded"), AskPerson, NotCharged),
        (401, old("invalid_api_key"), AskPerson, NotCharged),
        (401, old("detected_unusual_activity"), AskPerson, NotCharged),
        (402, old("paid_plan_required"), AskPerson, NotCharged),
        (403, old("only_for_creator+"), AskPerson, NotCharged),
        (404, old("voice_not_found"), AskPerson, NotCharged),
        (400, old("voice_does_not_fit"), AskPerson, NotCharged),
        (400, old("model_not_found"), OtherModel, NotCharged),
        (400, new("text_too_long", "validation_error"), FixRequest, NotCharged),
        (400, old("max_character_limit_exceeded"), FixRequest, NotCharged),
        (422, r#"{"detail":[{"loc":["body","text",0],"msg":"field required"}]}"#.to_owned(), FixRequest, NotCharged),
        (404, r#"{"detail":"Not Found"}"#.to_owned(), AskPerson, NotCharged),
        (429, new("concurrent_limit_exceeded", "too_many_concurrent_requests"), LowerConcurrency, NotCharged),
        (429, old("too_many_concurrent_requests"), LowerConcurrency, NotCharged),
        (429, old("system_busy"), RetryAfter, NotCharged),
        (429, String::new(), RetryAfter, NotCharged),
        (500, old("internal_error"), RetryAfter, NotCharged),
        (500, "<html>".to_owned(), RetryAfter, Uncertain),
        (504, old("x"), RetryAfter, Uncertain),
        (307, String::new(), Stop, NotCharged),
    ];
    for (status, body, class, charge) in table {
        let error = decode(status, &Headers::default(), body.as_bytes()).unwrap_err();
        assert_eq!((error.class, error.charge), (class, charge), "{status} {body}");
    }
    let list = r#"{"detail":[{"loc":["body","text"],"msg":"field required"},{"msg":"and more"}]}"#;
    let error = decode(422, &Headers::default(), list.as_bytes()).unwrap_err();
    assert_eq!(error.message, "ElevenLabs answered 422: body.text: field required; : and more");
    let named = r#"{"detail":{"status":"system_busy","request_id":"r7"}}"#;
    assert_eq!(decode(429, &Headers::default(), named.as_bytes()).unwrap_err().request_id.as_deref(), Some("r7"));
}

proptest! {
    #[test]
    fn any_body_is_survived(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(status, &Headers::default(), &body);
    }
}
