//! ElevenLabs: answers in all forms with their times and their credits, and its four forms of refusal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use greenroom::config::prices::Prices;
use greenroom::provider::call::{Answer, Content, Form, Vendor, decode};
use greenroom::provider::error::ChargeKnown::{Charged, NotCharged, Uncertain};
use greenroom::provider::error::RetryClass::{AskPerson, FixRequest, LowerConcurrency, OtherModel, RetryAfter};
use greenroom::provider::error::{CallError, ChargeKnown};
use greenroom::provider::headers::Headers;
use greenroom::provider::progress::{Progress, Watch};
use greenroom::provider::usage::Usage;
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::{Case, Want, cost, failure, run};

const TODAY: Date = date(2026, 11, 24);

fn refused(name: &'static str, status: u16, body: Value, want: Want) -> Case {
    Case {
        name,
        vendor: Vendor::ElevenLabs,
        form: Form::Usual,
        model: "eleven_flash_v2_5",
        on: TODAY,
        status,
        headers: vec![("x-trace-id", "t1")],
        body: body.to_string().into_bytes(),
        want,
    }
}

/// The older form of a refusal, and the newer one with its two words.
fn old(status: &str) -> Value {
    json!({"detail": {"status": status, "message": "said"}})
}

fn new(kind: &str, code: &str, status: &str) -> Value {
    json!({"detail": {"type": kind, "code": code, "message": "said", "status": status, "request_id": "r1", "param": null}})
}

fn refusals() -> Vec<Case> {
    let no = |class, says| failure(class, NotCharged, says);
    let quota = json!({"detail": {"status": "quota_exceeded", "message": "This request exceeds your quota of 10000. You have 0 \
        credits remaining, while 91 credits are required for this request."}});
    let list = json!({"detail": [{"loc": ["body", "text"], "msg": "field required", "type": "value_error.missing"}]});
    let edge = |name, status, body: &str, want| Case {
        body: body.as_bytes().to_vec(),
        headers: Vec::new(),
        ..refused(name, status, Value::Null, want)
    };
    vec![
        refused("an empty account is 401 too", 401, quota.clone(), no(AskPerson, "91 credits are required")),
        refused("an empty account as 402", 402, quota, no(AskPerson, "`quota_exceeded`")),
        refused("a wrong key", 401, old("invalid_api_key"), no(AskPerson, "`invalid_api_key`")),
        refused("a key without a permission", 401, old("missing_permissions"), no(AskPerson, "`missing_permissions`")),
        refused("a free account from a strange place", 401, old("detected_unusual_activity"), no(AskPerson, "said")),
        refused("a dearer plan is needed", 402, old("paid_plan_required"), no(AskPerson, "`paid_plan_required`")),
        refused("a gate of a plan", 403, old("only_for_creator+"), no(AskPerson, "`only_for_creator+`")),
        refused("no such voice", 404, old("voice_not_found"), no(AskPerson, "`voice_not_found`")),
        refused("a voice that does not fit", 400, old("voice_not_fine_tuned"), no(AskPerson, "said")),
        refused("no such model", 400, old("model_not_found"), no(OtherModel, "`model_not_found`")),
        refused(
            "a text that is too long",
            400,
            new("validation_error", "text_too_long", "validation_error"),
            no(FixRequest, "said"),
        ),
        refused("the same in its older word", 400, old("max_character_limit_exceeded"), no(FixRequest, "said")),
        refused("a list of faults", 422, list, no(FixRequest, "body.text: field required")),
        refused("a bare text", 404, json!({"detail": "Not Found"}), no(AskPerson, "Not Found")),
        refused(
            "too many at once for the plan",
            429,
            new("rate_limit_error", "concurrent_limit_exceeded", "too_many_concurrent_requests"),
            no(LowerConcurrency, "said"),
        ),
        refused("the vendor is busy", 429, old("system_busy"), no(RetryAfter, "`system_busy`")),
        refused("a fault of its own", 500, old("internal_error"), no(RetryAfter, "`internal_error`")),
        edge("an edge in its place", 502, "<html>bad gateway</html>", failure(RetryAfter, Uncertain, "answered 502")),
        edge(
            "a document that is cut",
            200,
            "{\"audio_base64\":\"AQ",
            failure(RetryAfter, Uncertain, "cut in the middle"),
        ),
        edge("a document of another shape", 200, "[1, 2]", failure(AskPerson, Charged, "another shape")),
        edge(
            "given up after it had begun well",
            200,
            "{\"audio_base64\":\"AQA=\"}\n{\"detail\":{\"status\":\"system_busy\",\"message\":\"said\"}}\n",
            failure(RetryAfter, Uncertain, "broken off"),
        ),
    ]
}

/// A spoken answer, and what must be heard.
struct Spoken {
    name: &'static str,
    model: &'static str,
    form: Form,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    pcm: &'static [u8],
    /// The characters whose times are told; none where no times are.
    aligned: Option<&'static str>,
    credits: Option<u64>,
    /// The characters that were submitted, and their price in micro-dollars.
    bill: (u64, i64),
}

fn times(characters: &[&str], starts: &[f64], ends: &[f64]) -> Value {
    json!({"characters": characters, "character_start_times_seconds": starts, "character_end_times_seconds": ends})
}

fn piece(pcm: &[u8], alignment: Value) -> Value {
    json!({"audio_base64": STANDARD.encode(pcm), "alignment": alignment, "normalized_alignment": null})
}

fn lines(pieces: &[Value], between: &str) -> Vec<u8> {
    pieces.iter().map(|piece| format!("{piece}{between}")).collect::<String>().into_bytes()
}

/// Prices a million characters: 40 with Flash, 80 with v3 and the multilingual model.
fn spoken() -> Vec<Spoken> {
    let hi = || times(&["H", "i"], &[0.0, 0.08], &[0.08, 0.21]);
    let there = || times(&["!"], &[0.21], &[0.3]);
    let usual = |name, body| Spoken {
        name,
        model: "eleven_flash_v2_5",
        form: Form::Usual,
        headers: vec![("request-id", "r1"), ("character-cost", "2")],
        body,
        pcm: &[1, 0, 2, 0],
        aligned: Some("Hi!"),
        credits: Some(2),
        // 3 x 40
        bill: (3, 120),
    };
    let silent = |name, body| Spoken { aligned: None, ..usual(name, body) };
    vec![
        usual(
            "one document",
            lines(&[piece(&[1, 0, 2, 0], times(&["H", "i", "!"], &[0.0, 0.1, 0.2], &[0.1, 0.2, 0.3]))], ""),
        ),
        usual(
            "a stream with null times and blank lines",
            lines(&[piece(&[1, 0], hi()), piece(&[2, 0], Value::Null), piece(&[], there())], "\n\n\r\n"),
        ),
        usual("a sample cut in two between pieces", lines(&[piece(&[1], hi()), piece(&[0, 2, 0], there())], "\n")),
        silent("times that run backwards", lines(&[piece(&[1, 0], there()), piece(&[2, 0], hi())], "\n")),
        silent(
            "lists that differ in length",
            lines(&[piece(&[1, 0, 2, 0], times(&["H", "i"], &[0.0], &[0.1, 0.2]))], ""),
        ),
        silent("no times at all", lines(&[json!({"audio_base64": STANDARD.encode([1, 0, 2, 0])})], "")),
        Spoken { form: Form::Samples(24_000), ..silent("plain audio", vec![1, 0, 2, 0]) },
        Spoken {
            headers: Vec::new(),
            credits: None,
            ..usual("no header says a cost", lines(&[piece(&[1, 0], hi()), piece(&[2, 0], there())], "\n"))
        },
        Spoken {
            model: "eleven_v3",
            headers: vec![("character-cost", "3")],
            credits: Some(3),
            // 3 x 80
            bill: (3, 240),
            ..usual("a whole credit a character", lines(&[piece(&[1, 0], hi()), piece(&[2, 0], there())], "\n"))
        },
        Spoken {
            model: "eleven_v99",
            bill: (3, -1),
            ..usual("a model without a price", lines(&[piece(&[1, 0], hi()), piece(&[2, 0], there())], "\n"))
        },
    ]
}

fn read(case: &Spoken, body: &[u8]) -> Result<Answer, CallError> {
    let headers = Headers::keep(case.headers.iter().map(|(name, value)| (*name, value.as_bytes())));
    decode(Vendor::ElevenLabs, case.form, 200, &headers, body)
}

fn check(case: &Spoken, prices: &Prices) {
    let name = case.name;
    let answer = read(case, &case.body).unwrap_or_else(|error| panic!("{name}: {error}"));
    let Content::Speech(speech) = &answer.content else { panic!("{name}: {answer:?}") };
    assert_eq!((speech.pcm.as_slice(), speech.sample_rate), (case.pcm, 24_000), "{name}");
    let aligned = speech.alignment.as_ref().map(|alignment| alignment.characters.iter().collect::<String>());
    assert_eq!(aligned.as_deref(), case.aligned, "{name}");
    assert_eq!(answer.usage.and_then(|usage| usage.credits), case.credits, "{name}: credits are not characters");
    let (characters, price) = case.bill;
    let billed = Usage { characters: Some(characters), ..answer.usage.unwrap_or_default() };
    let price = Some(price).filter(|price| *price >= 0);
    assert_eq!(cost(prices, case.model, TODAY, &billed), price, "{name}: micro-dollars");
    for at in 0..=case.body.len() {
        let (head, tail) = case.body.split_at(at);
        let mut watch = Watch::new(Vendor::ElevenLabs, case.form);
        watch.push(head);
        let whole = case.body.len() as u64;
        assert_eq!(watch.push(tail), [Progress::Bytes(whole)], "{name} cut at {at}");
        // A piece alone is never taken for a refusal that cost nothing.
        if let Err(error) = read(case, head) {
            assert!(error.charge != ChargeKnown::NotCharged, "{name} cut at {at}");
        }
    }
}

#[test]
fn every_case_of_elevenlabs_is_read_as_documented() {
    let prices = Prices::built_in().expect("the table that ships has no fault");
    let spoken = spoken();
    spoken.iter().for_each(|case| check(case, &prices));
    let refusals = run("ElevenLabs, refusals", &refusals());
    println!("ElevenLabs: {} cases", spoken.len() + refusals);
    assert!(spoken.len() + refusals >= 31);
}
