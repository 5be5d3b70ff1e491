//! What the wires cost: reading streams beside copying and parsing the same bytes, making requests and prices beside their limit,
//! and a thousand streams at once.
//!
//! `cargo bench --bench wires` prints a table. Every figure is a ratio against something that ran beside it, or is held against
//! a limit and printed loudly when above it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints its table and reads the clock by itself"
)]

mod streams;

use std::hint::black_box;
use std::time::{Duration, Instant};

use greenroom::config::models::Models;
use greenroom::config::prices::{Ceiling, Prices};
use greenroom::domain::call::Usage;
use greenroom::domain::handoff::Contract;
use greenroom::provider::call::{
    Form, Remember, Request, SpeechForm, SpeechRequest, TextRequest, Vendor, decode, prepare,
};
use greenroom::provider::headers::Headers;
use greenroom::provider::progress::Watch;
use greenroom::provider::sse::Reader;
use serde_json::{Value, json};

/// The longest that making a request and pricing it may take, in microseconds.
const LIMIT_US: f64 = 50.0;

/// As large as the pieces that a socket hands over.
const PIECE: usize = 8 * 1024;

pub(crate) fn row(name: &str, figure: String, beside: String) {
    println!("| {name} | {figure} | {beside} |");
}

/// The best of several runs, in seconds for one.
fn best(runs: u32, each: u32, mut act: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..runs {
        let began = Instant::now();
        for _ in 0..each {
            act();
        }
        best = best.min(began.elapsed().as_secs_f64() / f64::from(each));
    }
    best
}

/// The events of a long answer of Anthropic, or of OpenAI's wire, without their frame.
fn events(vendor: Vendor) -> Vec<Value> {
    let text = |n: usize| format!("word {n} of what \"was\" said — né, ");
    let count = 40_000;
    match vendor {
        Vendor::Anthropic => {
            let start = json!({"type": "message_start", "message": {"id": "msg_1", "model": "m", "content": [],
                "usage": {"input_tokens": 25, "output_tokens": 1}}});
            let delta = |n| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text(n)}});
            let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": count}});
            let stop = json!({"type": "message_stop"});
            std::iter::once(start).chain((0..count).map(delta)).chain([end, stop]).collect()
        }
        Vendor::OpenAi | Vendor::Gemini | Vendor::Perplexity | Vendor::ElevenLabs => {
            let chunk = |n, finish: Option<&str>| {
                json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_795_000_000, "model": "m",
                    "choices": [{"index": 0, "delta": {"content": text(n)}, "finish_reason": finish}]})
            };
            let usage = json!({"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": count}});
            (0..count).map(|n| chunk(n, None)).chain([chunk(0, Some("stop")), usage]).collect()
        }
    }
}

fn framed(events: &[Value]) -> Vec<u8> {
    events.iter().flat_map(|event| format!("data: {event}\n\n").into_bytes()).collect()
}

/// Reading a stream, beside a copy of its bytes and one parse of the same events as one document.
fn reading(vendor: Vendor, name: &str) {
    let events = events(vendor);
    let stream = framed(&events);
    let document = serde_json::to_vec(&events).unwrap();
    let megabytes = stream.len() as f64 / 1e6;
    let mut target = vec![0; stream.len()];
    let copied = best(9, 1, || {
        target.copy_from_slice(black_box(&stream));
        black_box(&mut target);
    });
    let parsed = best(5, 1, || drop(black_box(serde_json::from_slice::<Value>(black_box(&document)).unwrap())));
    let row_of = |what: &str, took: f64| {
        let beside =
            format!("{:.1} times one parse, {:.0} times a copy of the same bytes", took / parsed, took / copied);
        row(&format!("{what}, {name}"), format!("{:.0} MB/s", megabytes / took), beside);
    };
    row_of(
        "events of a stream",
        best(5, 1, || {
            let (mut reader, mut seen) = (Reader::default(), 0);
            for piece in stream.chunks(PIECE) {
                reader.push(piece, |event| seen += event.data.len()).unwrap();
            }
            assert!(black_box(seen) > 0);
        }),
    );
    row_of(
        "what an arriving stream shows",
        best(5, 1, || {
            let mut watch = Watch::new(vendor, Form::Usual);
            let shown: usize = stream.chunks(PIECE).map(|piece| watch.push(piece).len()).sum();
            assert!(black_box(shown) > 0);
        }),
    );
    row_of(
        "the answer of a whole stream",
        best(5, 1, || {
            black_box(decode(vendor, Form::Usual, 200, &Headers::default(), &stream).unwrap());
        }),
    );
    row("one parse of the same events", format!("{:.0} MB/s", document.len() as f64 / 1e6 / parsed), name.to_owned());
}

/// Holds a figure against the limit, and says so loudly where it is above.
fn limited(name: &str, seconds: f64, beside: &str) {
    let micros = seconds * 1e6;
    row(
        name,
        format!("{micros:.1} µs"),
        format!("{:.2} of the limit of {LIMIT_US:.0} µs; {beside}", micros / LIMIT_US),
    );
    if micros > LIMIT_US {
        println!("\n!!! ABOVE ITS LIMIT: {name} takes {micros:.1} µs, and may take {LIMIT_US:.0} µs\n");
    }
}

/// Making the requests of every wire, beside writing their text as JSON, and the arithmetic of their prices.
fn requests() {
    let sentence = "The tidal station on the Rance opened in 1966 with 240 MW, and \"it still runs\". ";
    let (system, user) = (sentence.repeat(25), sentence.repeat(100));
    let plain =
        best(9, 200, || drop(black_box(serde_json::to_vec(&json!([black_box(&system), black_box(&user)])).unwrap())));
    let schema = Contract::Draft.schema().unwrap().to_value();
    let models = Models::built_in().unwrap();
    for (vendor, model, name) in [
        (Vendor::Anthropic, "claude-opus-5-5", "Anthropic"),
        (Vendor::Gemini, "gemini-3.1-pro-preview", "Gemini"),
        (Vendor::OpenAi, "qwen3:8b", "an OpenAI-compatible server"),
        (Vendor::Perplexity, "perplexity/sonar", "Perplexity"),
    ] {
        let request = Request::Text(TextRequest {
            model: model.to_owned(),
            system: system.clone(),
            user: user.clone(),
            max_tokens: 8_000,
            schema: Some(schema.clone()),
            effort: None,
            remember: Remember::No,
            stable: 0,
        });
        let took = best(9, 200, || drop(black_box(prepare(&models, vendor, black_box(&request)).unwrap())));
        let beside = format!("{:.1} times its 10 kB of text as JSON", took / plain);
        limited(&format!("making a request for {name}"), took, &beside);
    }
    let speech = Request::Speech(SpeechRequest {
        model: "eleven_flash_v2_5".to_owned(),
        voice: "voice1".to_owned(),
        text: sentence.repeat(4),
        previous: None,
        next: None,
        seed: None,
        language: None,
        settings: None,
        previous_ids: Vec::new(),
        form: SpeechForm::default(),
    });
    let took = best(9, 1_000, || drop(black_box(prepare(&models, Vendor::ElevenLabs, black_box(&speech)).unwrap())));
    limited("making a request for ElevenLabs", took, "320 characters");

    let prices = Prices::built_in().unwrap();
    let on = jiff::civil::date(2026, 11, 27);
    let usage = Usage { input: 12_345, output: 2_345, cache_read: 6_789, ..Usage::default() };
    let took = best(9, 2_000, || {
        black_box(prices.worst_case(black_box("claude-opus-5-5"), 40_000, Ceiling::OutputTokens(8_000), on).unwrap());
        black_box(prices.settle(black_box("claude-opus-5-5"), &usage, on).unwrap());
    });
    limited("the worst case of a call and its price", took, "two look-ups in the table");
}

fn main() {
    if let Some(orders) = std::env::args().skip_while(|word| word != streams::SERVE).nth(1) {
        return streams::serve(&orders);
    }
    println!("| what | figure | beside it |\n|---|---|---|");
    reading(Vendor::Anthropic, "Anthropic");
    reading(Vendor::OpenAi, "an OpenAI-compatible server");
    requests();
    streams::measure(1_000, 50, Duration::from_secs(10));
}
