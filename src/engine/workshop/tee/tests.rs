//! What is broken off while it arrives, and what is not.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::config::models::Models;
use crate::domain::call::Provider;
use crate::domain::handoff::Contract;
use crate::domain::ids::EpisodeNumber;
use crate::engine::workshop::exchange;
use crate::ledger::disk::simulated::SimulatedDisk;
use crate::ledger::spool::Spool;
use crate::provider::call::{Remember, Request, TextRequest, prepare};

/// A tee for an answer of this provider to the contract of a plan, as its wire asks for it.
fn tee(provider: Provider, model: &str) -> Tee {
    let request = Request::Text(TextRequest {
        model: model.to_owned(),
        system: String::new(),
        user: "Plan.".to_owned(),
        max_tokens: 100,
        schema: Some(Contract::Plan.schema().unwrap().to_value()),
        effort: None,
        remember: Remember::No,
        stable: 0,
    });
    let prepared = prepare(&Models::built_in().unwrap(), exchange::vendor(provider), &request).unwrap();
    let key = IntentKey { episode: EpisodeNumber(1), stage: "plan".parse().unwrap(), unit: 0, attempt: 1 };
    let spool = Spool::open(Arc::new(SimulatedDisk::new()), Path::new("/studio")).unwrap();
    let held_to = exchange::schema(&prepared);
    Tee::new(spool.begin(&key, 0).unwrap(), &prepared, &key, Arc::default(), held_to.as_ref())
}

fn anthropic(text: &str) -> String {
    let event = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    format!("event: content_block_delta\ndata: {event}\n\n")
}

fn openai(text: &str) -> String {
    format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}))
}

const START: &str =
    "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
const END: &str =
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n\n";

#[test]
fn a_stream_that_cannot_become_valid_is_broken_off_by_every_wire_that_shows_its_text() {
    for (provider, model, said) in [
        (Provider::Anthropic, "claude-opus-5-5", anthropic as fn(&str) -> String),
        (Provider::OpenAi, "qwen3:8b", openai),
    ] {
        let mut tee = tee(provider, model);
        tee.chunk(said("{\"title\": \"Tides\", ").as_bytes());
        assert_eq!(tee.given_up(), None);
        tee.chunk(said("\"moral\"").as_bytes());
        assert!(tee.given_up().unwrap().contains("/moral: the schema does not know this key"), "{provider}");
        assert_eq!(tee.watch.counted(), None, "nothing was counted, so nothing is guessed");
    }
}

#[test]
fn a_stream_at_its_end_is_heard_out_since_it_brings_the_counts() {
    let mut tee = tee(Provider::Anthropic, "claude-opus-5-5");
    let whole = [START, &anthropic("I would rather not."), END].concat();
    tee.chunk(whole.as_bytes());
    assert_eq!(tee.given_up(), None);
    assert_eq!(tee.watch.counted().map(|usage| (usage.input, usage.output)), Some((25, 15)));
}

#[test]
fn counts_on_every_piece_are_what_a_broken_stream_cost() {
    let mut tee = tee(Provider::OpenAi, "qwen3:8b");
    let usage = json!({"prompt_tokens": 20, "completion_tokens": 3});
    let piece = json!({"choices": [{"index": 0, "delta": {"content": "Sure! "}}], "usage": usage});
    tee.chunk(format!("data: {piece}\n\n").as_bytes());
    assert!(tee.given_up().is_some());
    assert_eq!(tee.watch.counted().map(|usage| (usage.input, usage.output)), Some((20, 3)));
}

#[test]
fn a_wire_that_is_told_no_schema_or_thinks_aloud_is_never_broken_off() {
    let mut old = tee(Provider::Anthropic, "claude-opus-4-1-20250805");
    old.chunk(anthropic("Here it is:").as_bytes());
    assert_eq!(old.given_up(), None);
    let mut thinks = tee(Provider::OpenAi, "qwen3:8b");
    thinks.chunk(openai("<think>What is asked, {\"x\"?</think> {").as_bytes());
    assert_eq!(thinks.given_up(), None);
}
