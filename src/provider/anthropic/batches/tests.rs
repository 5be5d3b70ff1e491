//! Batches as Anthropic's documentation describes them.

use serde_json::json;

use super::*;
use crate::config::models::Models;
use crate::provider::call::{Content, Finish, Remember, Request, TextRequest, prepare};

fn request(user: &str) -> Prepared {
    let request = TextRequest {
        model: "claude-sonnet-5-5".to_owned(),
        system: "Promote.".to_owned(),
        user: user.to_owned(),
        max_tokens: 100,
        schema: None,
        effort: None,
        remember: Remember::No,
        stable: 0,
    };
    prepare(&Models::built_in().unwrap(), Vendor::Anthropic, &Request::Text(request)).unwrap()
}

fn line(id: &str, result: Value) -> Vec<u8> {
    json!({"custom_id": id, "result": result}).to_string().into_bytes()
}

#[test]
fn a_batch_holds_the_very_requests_without_what_it_does_not_allow() {
    let single = request("Two.");
    let (one, two) = (patient(&request("One.")).unwrap(), patient(&single).unwrap());
    let batch = create(&[("042-promotion-0-1", &one), ("043-promotion-0-1", &two)]).unwrap();
    assert_eq!((batch.path.as_str(), batch.streaming, batch.form), (PATH, false, Form::Usual));
    let body: Value = serde_json::from_slice(&batch.body).unwrap();
    assert_eq!(body["requests"][1]["custom_id"], "043-promotion-0-1");
    let mut alone: Value = serde_json::from_slice(&single.body).unwrap();
    assert_eq!(alone.as_object_mut().unwrap().shift_remove("stream"), Some(json!(true)));
    assert_eq!(body["requests"][1]["params"], alone);
}

#[test]
fn what_makes_no_batch_is_refused_before_it_is_sent() {
    let sound = patient(&request("One.")).unwrap();
    assert_eq!(create(&[]), Err(BatchError::Empty));
    assert_eq!(create(&[("a", &sound), ("a", &sound)]), Err(BatchError::Twice("a".to_owned())));
    let single = request("One.");
    assert_eq!(create(&[("a", &single)]), Err(BatchError::Foreign("a".to_owned())));
    let elsewhere = Prepared { path: "/v1/messages/count_tokens".to_owned(), ..single };
    assert_eq!(patient(&elsewhere), None);
}

#[test]
fn every_key_has_an_id_that_the_vendor_takes_and_no_two_the_same() {
    assert_eq!(custom_id("042-promotion-0-1"), "042-promotion-0-1");
    let long = "s".repeat(65);
    for key in ["042/promotion/0", "né", "", long.as_str()] {
        let id = custom_id(key);
        assert!(id.len() == 64 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{key}: {id}");
    }
    assert_ne!(custom_id("a/b"), custom_id("a.b"));
}

#[test]
fn a_batch_is_read_and_a_strange_name_is_none() {
    let described = |id: &str, stands: &str| {
        json!({"id": id, "type": "message_batch", "processing_status": stands}).to_string().into_bytes()
    };
    let ended = Batch { id: "msgbatch_01".to_owned(), stands: Stands::Ended };
    assert_eq!(batch(&described("msgbatch_01", "ended")), Some(ended));
    assert_eq!(batch(&described("../models", "ended")), None);
    assert_eq!(batch(&described("msgbatch_01", "somewhere")), None);
    assert_eq!(batch(b"<html>"), None);
    assert_eq!(path_of("msgbatch_01").as_deref(), Some("/v1/messages/batches/msgbatch_01"));
    assert_eq!(path_of("a/../b"), None);
}

#[test]
fn results_are_told_apart_by_their_ids_and_only_answers_are_billed() {
    let message = json!({"id": "msg_01", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5",
        "content": [{"type": "thinking", "thinking": "", "signature": "s"}, {"type": "text", "text": "Two "},
            {"type": "text", "text": "words"}],
        "stop_reason": "end_turn", "stop_details": null,
        "usage": {"input_tokens": 120, "cache_read_input_tokens": 5400, "output_tokens": 310, "service_tier": "batch"}});
    let errored = |kind: &str| {
        json!({"type": "errored", "error": {"type": "error", "request_id": "req_1",
            "error": {"type": kind, "message": "It fell over"}}})
    };
    let lines_of = [
        line("c", json!({"type": "expired"})),
        line("a", json!({"type": "succeeded", "message": message})),
        b"{\"custom_id\":\"g\",\"result\":{\"type\":\"succ".to_vec(),
        Vec::new(),
        line("b", errored("api_error")),
        line("d", json!({"type": "canceled"})),
        line("e", errored("invalid_request_error")),
        line("f", json!({"type": "something new"})),
    ];
    let body = lines_of.join(b"\n".as_slice());
    let found: Vec<(String, Result<Answer, CallError>)> =
        lines(&body).map(|(id, line)| (id, decode(200, &Headers::default(), line))).collect();
    let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["c", "a", "b", "d", "e", "f"], "a line that cannot be read is a result of nothing");
    let answer = found[1].1.as_ref().unwrap();
    assert_eq!(answer.content, Content::Text("Two words".to_owned()));
    assert_eq!((&answer.finish, answer.request_id.as_deref()), (&Finish::Complete, Some("msg_01")));
    let usage = answer.usage.unwrap();
    assert_eq!((usage.input, usage.cache_read, usage.output), (120, 5_400, 310));
    let failed = |at: usize| found[at].1.as_ref().map(|_| ()).unwrap_err();
    for at in [0, 3] {
        assert_eq!((failed(at).class, failed(at).charge), (RetryClass::AskPerson, ChargeKnown::NotCharged), "{at}");
    }
    assert_eq!((failed(2).class, failed(2).charge), (RetryClass::RetryAfter, ChargeKnown::NotCharged));
    assert_eq!(failed(2).request_id.as_deref(), Some("req_1"));
    assert_eq!((failed(4).class, failed(4).charge), (RetryClass::FixRequest, ChargeKnown::NotCharged));
    assert_eq!((failed(5).class, failed(5).charge), (RetryClass::AskPerson, ChargeKnown::Uncertain));
}
