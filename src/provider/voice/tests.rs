use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::call::{Request, VoiceSettings, decode as decode_any};
use super::*;

fn request(form: SpeechForm) -> SpeechRequest {
    SpeechRequest {
        model: "hexgrad/Kokoro-82M".to_owned(),
        voice: "af_heart".to_owned(),
        text: "Grüße 😀".to_owned(),
        previous: Some("not on this wire".to_owned()),
        next: None,
        seed: Some(1),
        language: Some("de".to_owned()),
        settings: Some(VoiceSettings { stability: 1, similarity: 2, style: 3, speed: 110 }),
        previous_ids: vec!["r1".to_owned()],
        form,
    }
}

#[test]
fn a_request_has_these_bytes() {
    let prepared = super::super::call::prepare(
        &crate::config::models::Models::built_in().unwrap(),
        Vendor::OpenAi,
        &Request::Speech(request(SpeechForm::Wav)),
    )
    .unwrap();
    assert_eq!((prepared.path.as_str(), prepared.form, prepared.streaming), ("/v1/audio/speech", Form::Wav, false));
    let expected = concat!(
        r#"{"model":"hexgrad/Kokoro-82M","input":"Grüße 😀","voice":"af_heart","response_format":"wav","#,
        r#""speed":1.1}"#
    );
    assert_eq!(String::from_utf8(prepared.body).unwrap(), expected);
    let mut bare = request(SpeechForm::Samples(22_050));
    bare.settings = None;
    let prepared = prepare(&bare).unwrap();
    assert_eq!(prepared.form, Form::Samples(22_050));
    let body: Value = serde_json::from_slice(&prepared.body).unwrap();
    assert_eq!((&body["response_format"], body.get("speed")), (&json!("pcm"), None));
    bare.text = "\n".to_owned();
    assert_eq!(prepare(&bare), Err(PrepareError::Empty("spoken")));
    bare.voice = "a voice".to_owned();
    assert!(matches!(prepare(&bare), Err(PrepareError::BadId { what: "voice", .. })));
}

fn part(name: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = [name.as_slice(), &size.to_le_bytes(), body].concat();
    if !body.len().is_multiple_of(2) {
        bytes.push(0);
    }
    bytes
}

fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut body = Vec::new();
    body.extend(tag.to_le_bytes());
    body.extend(channels.to_le_bytes());
    body.extend(rate.to_le_bytes());
    body.extend((rate * u32::from(frame)).to_le_bytes());
    body.extend(frame.to_le_bytes());
    body.extend(bits.to_le_bytes());
    part(b"fmt ", 16, &body)
}

fn file(parts: &[Vec<u8>]) -> Vec<u8> {
    let body = parts.concat();
    let size = u32::try_from(body.len()).unwrap() + 4;
    [b"RIFF".as_slice(), &size.to_le_bytes(), b"WAVE", &body].concat()
}

fn spoken(format: Vec<u8>, size: u32, audio: &[u8]) -> Vec<u8> {
    file(&[part(b"LIST", 3, b"abc"), format, part(b"data", size, audio)])
}

fn read(body: &[u8]) -> Result<Answer, CallError> {
    decode_any(Vendor::OpenAi, Form::Wav, 200, &Headers::default(), body)
}

fn heard(body: &[u8]) -> (Vec<u8>, u32) {
    let Content::Speech(speech) = read(body).unwrap().content else { panic!("speech was asked") };
    assert_eq!(speech.alignment, None);
    (speech.pcm, speech.sample_rate)
}

#[test]
fn a_file_is_read_with_its_rate_whatever_its_lengths_say() {
    let mono = || format(1, 1, 22_050, 16);
    assert_eq!(heard(&spoken(mono(), 4, &[1, 0, 2, 0])), (vec![1, 0, 2, 0], 22_050));
    for open in [u32::MAX, u32::MAX - 36, 0] {
        assert_eq!(heard(&spoken(mono(), open, &[1, 0, 2, 0])), (vec![1, 0, 2, 0], 22_050), "{open}");
    }
    let behind = [spoken(mono(), 2, &[1, 0]), part(b"LIST", 2, b"xy")].concat();
    assert_eq!(heard(&behind), (vec![1, 0], 22_050), "what stands behind the audio is no audio");
    let stereo = spoken(format(1, 2, 24_000, 16), 8, &[4, 0, 8, 0, 0, 128, 255, 127]);
    assert_eq!(heard(&stereo), (vec![6, 0, 0, 0], 24_000), "two channels become their mean");
    let mut extensible = format(0xFFFE, 1, 24_000, 16);
    extensible.extend([22, 0, 16, 0, 0, 0, 0, 0, 1, 0]);
    extensible[4] = 26;
    assert_eq!(heard(&spoken(extensible, 2, &[7, 0])), (vec![7, 0], 24_000));
}

#[test]
fn a_file_that_is_cut_is_uncertain_and_one_of_another_kind_is_charged() {
    let whole = spoken(format(1, 1, 24_000, 16), 4, &[1, 0, 2, 0]);
    for cut in 1..whole.len() {
        let error = read(&whole[..cut]).unwrap_err();
        assert_eq!((error.class, error.charge), (RetryClass::RetryAfter, ChargeKnown::Uncertain), "cut at {cut}");
    }
    let table = [
        Vec::new(),
        b"ID3\x04mp3".to_vec(),
        b"RIFF\x04\0\0\0AVI ".to_vec(),
        spoken(format(3, 1, 24_000, 32), 4, &[0; 4]),
        spoken(format(1, 6, 24_000, 16), 12, &[0; 12]),
        spoken(format(1, 1, 4_000, 16), 2, &[0; 2]),
        spoken(format(1, 1, 24_000, 16), 3, &[0; 3]),
        spoken(format(1, 1, 24_000, 16), 0, &[]),
        file(&[part(b"data", 2, &[0; 2])]),
    ];
    for body in table {
        let error = read(&body).unwrap_err();
        assert_eq!((error.class, error.charge), (RetryClass::AskPerson, ChargeKnown::Charged), "{body:?}");
    }
}

#[test]
fn bare_samples_have_the_rate_that_was_stated() {
    let read = |body: &[u8]| decode_any(Vendor::OpenAi, Form::Samples(22_050), 200, &Headers::default(), body);
    let answer = read(&[1, 0, 2, 0]).unwrap();
    let Content::Speech(speech) = answer.content else { panic!("speech was asked") };
    assert_eq!((speech.pcm, speech.sample_rate, answer.usage), (vec![1, 0, 2, 0], 22_050, None));
    for body in [[].as_slice(), &[1], b"RIFF\x04\0\0\0WAVE"] {
        assert_eq!(read(body).unwrap_err().charge, ChargeKnown::Charged, "{body:?}");
    }
}

#[test]
fn a_refusal_is_that_of_the_chat() {
    let body = json!({"error": {"message": "voice 'x' not found", "type": "invalid_request_error", "code": 400}});
    let error = decode(Form::Wav, 400, &Headers::default(), body.to_string().as_bytes()).unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::FixRequest, ChargeKnown::NotCharged));
    let error = decode(Form::Samples(8_000), 404, &Headers::default(), b"{\"detail\":\"Not Found\"}").unwrap_err();
    assert_eq!(error.class, RetryClass::OtherModel);
}

proptest! {
    #[test]
    fn any_body_is_survived(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(Form::Wav, status, &Headers::default(), &body);
        let framed = [b"RIFF\0\0\0\0WAVE".as_slice(), &body].concat();
        let _ = decode(Form::Wav, 200, &Headers::default(), &framed);
    }
}
