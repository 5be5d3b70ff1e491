//! A collector on loopback that takes one export.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

#[test]
fn spans_of_calls_reach_a_collector_and_nothing_else_does() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let collector = std::thread::Builder::new()
        .spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                head.push_str(&line);
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
                .unwrap();
            (head, body)
        })
        .unwrap();
    let (spans, export) = layer(&address).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(spans), || {
        let span = tracing::error_span!(target: CALLS, "call", "otel.name" = "chat m", "gen_ai.request.model" = "m");
        span.in_scope(|| tracing::info_span!("something else", words = "of a prompt").in_scope(|| ()));
    });
    drop(export);
    let (head, body) = collector.join().unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
    let body: Value = serde_json::from_slice(&body).unwrap();
    let spans = body.pointer("/resourceSpans/0/scopeSpans/0/spans").and_then(Value::as_array).unwrap();
    assert_eq!(spans.len(), 1, "{body}");
    assert_eq!(spans[0]["name"], "chat m");
    let attributes = spans[0]["attributes"].as_array().unwrap();
    let model = attributes.iter().find(|attribute| attribute["key"] == "gen_ai.request.model").unwrap();
    assert_eq!(model["value"]["stringValue"], "m");
    assert!(!body.to_string().contains("prompt"), "{body}");
}
