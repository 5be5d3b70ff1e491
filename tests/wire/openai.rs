//! OpenAI's chat completions as OpenAI, Ollama, llama.cpp, vLLM and LM Studio speak them, and speech of the same wire.

use std::time::Duration;

use greenroom::provider::call::{Content, Finish, Form, Vendor, decode};
use greenroom::provider::error::ChargeKnown::{Charged, NotCharged, Uncertain};
use greenroom::provider::error::RetryClass::{AskPerson, FixRequest, OtherModel, RetryAfter};
use greenroom::provider::headers::Headers;
use greenroom::provider::usage::Usage;
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::{Case, Want, answer, failure, run};

const TODAY: Date = date(2026, 11, 24);
const DONE: &str = "data: [DONE]\n\n";

fn case(name: &'static str, body: Vec<u8>, want: Want) -> Case {
    Case {
        name,
        vendor: Vendor::OpenAi,
        form: Form::Usual,
        model: "qwen3:8b",
        on: TODAY,
        status: 200,
        headers: vec![("x-request-id", "req_1")],
        body,
        want,
    }
}

fn refused(name: &'static str, status: u16, body: &str, want: Want) -> Case {
    Case { status, ..case(name, body.as_bytes().to_vec(), want) }
}

fn chunk(delta: Value, finish: Option<&str>) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_795_000_000, "model": "qwen3:8b",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

fn say(text: &str) -> Value {
    chunk(json!({"content": text}), None)
}

fn end(reason: &str) -> Value {
    chunk(json!({}), Some(reason))
}

fn counts(usage: Value) -> Value {
    json!({"id": "chatcmpl-1", "choices": [], "usage": usage})
}

fn plain() -> Value {
    counts(json!({"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}))
}

fn stream(chunks: &[Value], last: &str) -> Vec<u8> {
    let frames: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    format!("{frames}{last}").into_bytes()
}

fn used() -> Usage {
    Usage { input: 20, output: 9, ..Usage::default() }
}

fn whole(message: Value, finish: &str, usage: Value) -> Vec<u8> {
    json!({"id": "chatcmpl-1", "object": "chat.completion", "model": "qwen3:8b", "system_fingerprint": "fp_ollama",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": null}], "usage": usage})
    .to_string()
    .into_bytes()
}

/// A local model costs nothing; a model that no table has costs nobody knows what.
fn answers() -> Vec<Case> {
    let hello = || answer("Hello", used(), 0, Finish::Complete);
    let uncounted = |finish| Want::Answer { text: "Hello", usage: None, cost: None, finish };
    let alone = || Finish::Other("with_thoughts_alone".to_owned());
    let detailed = json!({"prompt_tokens": 120, "completion_tokens": 310, "total_tokens": 430,
        "prompt_tokens_details": {"cached_tokens": 100}, "completion_tokens_details": {"reasoning_tokens": 240}});
    let details = Usage { input: 20, cache_read: 100, output: 310, thinking: 240, ..Usage::default() };
    vec![
        case("a plain stream", stream(&[say("Hel"), say("lo"), end("stop"), plain()], DONE), hello()),
        case("no mark at the end", stream(&[say("Hello"), end("stop"), plain()], ""), hello()),
        case("no counts at all", stream(&[say("Hello"), end("stop")], DONE), uncounted(Finish::Complete)),
        case("neither counts nor mark", stream(&[say("Hello"), end("stop")], ""), uncounted(Finish::Complete)),
        case(
            "counts with every chunk, as vLLM can give them",
            stream(
                &[
                    json!({"choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": null}],
                        "usage": {"prompt_tokens": 20, "completion_tokens": 3}}),
                    say("lo"),
                    end("stop"),
                    plain(),
                ],
                DONE,
            ),
            hello(),
        ),
        case(
            "counts of a part alone are none",
            stream(
                &[
                    json!({"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": null}],
                        "usage": {"prompt_tokens": 20, "completion_tokens": 3}}),
                    end("stop"),
                ],
                DONE,
            ),
            uncounted(Finish::Complete),
        ),
        case(
            "cached inside the prompt, reasoning inside the completion",
            stream(&[say("Hello"), end("stop"), counts(detailed)], DONE),
            answer("Hello", details, 0, Finish::Complete),
        ),
        case(
            "details that are null",
            stream(
                &[
                    say("Hello"),
                    end("stop"),
                    counts(json!({"prompt_tokens": 20, "completion_tokens": 9, "prompt_tokens_details": null})),
                ],
                DONE,
            ),
            hello(),
        ),
        case(
            "a chunk of Ollama that only thinks",
            stream(&[chunk(json!({"reasoning": "hm", "content": ""}), None), say("Hello"), end("stop"), plain()], DONE),
            hello(),
        ),
        case(
            "a chunk of llama.cpp that only thinks, and its timings",
            stream(
                &[
                    chunk(json!({"reasoning_content": "hm", "content": null}), None),
                    say("Hello"),
                    end("stop"),
                    json!({"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 9}, "timings": {"prompt_n": 20}}),
                ],
                DONE,
            ),
            hello(),
        ),
        case(
            "thoughts in front of the text",
            stream(
                &[say("<thi"), say("nk>not for the "), say("answer</think>\n\nHel"), say("lo"), end("stop"), plain()],
                DONE,
            ),
            hello(),
        ),
        case(
            "nothing but thoughts",
            stream(&[chunk(json!({"reasoning": "hm", "content": null}), None), end("stop"), plain()], DONE),
            answer("", used(), 0, alone()),
        ),
        case(
            "a whole answer with null content and reasoning",
            whole(
                json!({"role": "assistant", "content": null, "reasoning": "all of it"}),
                "stop",
                json!({"prompt_tokens": 20, "completion_tokens": 9}),
            ),
            answer("", used(), 0, alone()),
        ),
        case(
            "a whole answer where a stream was asked for",
            whole(
                json!({"role": "assistant", "content": "Hello", "refusal": null}),
                "stop",
                json!({"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}),
            ),
            hello(),
        ),
        case(
            "a whole answer without counts",
            whole(json!({"role": "assistant", "content": "Hello"}), "stop", Value::Null),
            uncounted(Finish::Complete),
        ),
        case(
            "comments, carriage returns and members that nobody knows",
            String::from_utf8_lossy(&stream(
                &[json!({"weather": "blue", "choices": null}), say("Hello"), end("stop"), plain()],
                DONE,
            ))
            .replace("data: {\"weather", ": keep-alive\n\ndata: {\"weather")
            .replace('\n', "\r\n")
            .into_bytes(),
            hello(),
        ),
        case(
            "a limit that was reached",
            stream(&[say("Hello"), end("length"), plain()], DONE),
            answer("Hello", used(), 0, Finish::Length),
        ),
        case(
            "a filter",
            stream(&[say("Hello"), end("content_filter"), plain()], DONE),
            answer("Hello", used(), 0, Finish::Refused("content_filter".to_owned())),
        ),
        case(
            "tools that nobody gave it",
            stream(&[say("Hello"), end("tool_calls"), plain()], DONE),
            answer("Hello", used(), 0, Finish::Other("tool_calls".to_owned())),
        ),
        Case {
            model: "a-model-that-no-table-has",
            ..case(
                "a model without a price costs nobody knows what, and not nothing",
                stream(&[say("Hello"), end("stop"), plain()], DONE),
                Want::Answer { text: "Hello", usage: Some(used()), cost: None, finish: Finish::Complete },
            )
        },
        case(
            "characters of several bytes",
            stream(&[say("Gr\u{fc}\u{df}e "), say("\u{1f600}"), end("stop"), plain()], DONE),
            answer("Gr\u{fc}\u{df}e \u{1f600}", used(), 0, Finish::Complete),
        ),
    ]
}

fn failures() -> Vec<Case> {
    let no = |class, says| failure(class, NotCharged, says);
    let error = |kind: &str, code: Value| {
        json!({"error": {"message": "said", "type": kind, "param": null, "code": code}}).to_string()
    };
    let counted = |class, charge, says| Want::Failure { class, charge, wait: None, output: Some(9), says };
    let within = |error: Value| stream(&[say("Hel"), error], DONE);
    let vllm = "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens.";
    let llama = json!({"error": {"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 9_000, "n_ctx": 4_096,
        "message": "the request exceeds the available context size"}});
    vec![
        case(
            "an error frame within a stream of status 200",
            within(json!({"error": {"message": "said", "type": "InternalServerError", "param": null, "code": 500}})),
            failure(RetryAfter, Uncertain, "`InternalServerError`: said"),
        ),
        case(
            "a bare text as an error within a stream",
            within(json!({"error": "it fell over"})),
            failure(RetryAfter, Uncertain, "it fell over"),
        ),
        case(
            "an error behind the counts",
            stream(&[say("Hel"), plain(), json!({"error": {"message": "said", "code": 500}})], DONE),
            counted(RetryAfter, Uncertain, "said"),
        ),
        case(
            "a stream that just ends, as with Ollama",
            stream(&[say("Hel")], ""),
            failure(RetryAfter, Uncertain, "in the middle"),
        ),
        case(
            "a chunk that is no JSON",
            [stream(&[say("Hel")], "data: {\"choices\":,,}\n\n"), stream(&[end("stop"), plain()], DONE)].concat(),
            counted(AskPerson, Charged, "cannot be read"),
        ),
        case(
            "a bare text as an error of status 200",
            b"{\"error\":\"model crashed\"}".to_vec(),
            failure(RetryAfter, Uncertain, "model crashed"),
        ),
        refused("a bare text as an error", 400, "{\"error\":\"said\"}", no(FixRequest, "said")),
        refused(
            "an older vLLM without a wrapping",
            400,
            &json!({"object": "error", "message": vllm, "type": "BadRequestError", "param": null, "code": 400})
                .to_string(),
            no(FixRequest, "4096 tokens"),
        ),
        refused(
            "a context of llama.cpp that is too small",
            400,
            &llama.to_string(),
            no(FixRequest, "the prompt has 9000 tokens, and the server's context 4096"),
        ),
        refused("a wrong key of llama.cpp", 401, &error("authentication_error", json!(401)), no(AskPerson, "said")),
        refused(
            "a wrong key of OpenAI",
            401,
            &error("invalid_request_error", json!("invalid_api_key")),
            no(AskPerson, "said"),
        ),
        refused("no such model with Ollama", 404, &error("not_found_error", Value::Null), no(OtherModel, "said")),
        refused("no such model with vLLM", 404, &error("NotFoundError", json!(404)), no(OtherModel, "said")),
        refused(
            "a model that is still loading",
            503,
            &error("unavailable_error", json!(503)),
            no(RetryAfter, "`unavailable_error`"),
        ),
        refused("a full queue", 503, &error("api_error", Value::Null), no(RetryAfter, "said")),
        refused(
            "a feature that the build has not",
            501,
            &error("not_supported_error", json!(501)),
            no(FixRequest, "said"),
        ),
        refused(
            "a code that is a text",
            429,
            &error("insufficient_quota", json!("insufficient_quota")),
            no(AskPerson, "said"),
        ),
        Case {
            headers: vec![("retry-after", "7")],
            ..refused(
                "a time to wait",
                429,
                &error("rate_limit_error", Value::Null),
                Want::Failure {
                    class: RetryAfter,
                    charge: NotCharged,
                    wait: Some(Duration::from_secs(7)),
                    output: None,
                    says: "said",
                },
            )
        },
        refused(
            "an edge in its place",
            502,
            "<html>bad gateway</html>",
            failure(RetryAfter, Uncertain, "no error of its own"),
        ),
    ]
}

/// A WAV file of two samples; its header may have been sent before its length was known.
fn wav(rate: u32, length: u32, samples: &[u8]) -> Vec<u8> {
    let format = [&[1, 0, 1, 0][..], &rate.to_le_bytes(), &(rate * 2).to_le_bytes(), &[2, 0, 16, 0]].concat();
    [b"RIFF", length.to_le_bytes().as_slice(), b"WAVEfmt \x10\0\0\0", &format, b"data", &length.to_le_bytes(), samples]
        .concat()
}

#[test]
fn every_case_of_speech_is_heard_as_documented() {
    let read = |form, body: &[u8]| decode(Vendor::OpenAi, form, 200, &Headers::default(), body);
    let table = [
        ("a file", Form::Wav, wav(22_050, 4, &[1, 0, 2, 0]), 22_050),
        ("a file whose length was left open", Form::Wav, wav(24_000, u32::MAX, &[1, 0, 2, 0]), 24_000),
        ("bare samples", Form::Samples(16_000), vec![1, 0, 2, 0], 16_000),
    ];
    for (name, form, body, rate) in table {
        let answer = read(form, &body).unwrap_or_else(|error| panic!("{name}: {error}"));
        let Content::Speech(speech) = answer.content else { panic!("{name}: speech was asked") };
        assert_eq!((speech.pcm.as_slice(), speech.sample_rate), ([1, 0, 2, 0].as_slice(), rate), "{name}");
        assert_eq!(answer.usage, None, "{name}: the wire counts nothing");
    }
    let cut = wav(22_050, 4, &[1, 0]);
    assert_eq!(read(Form::Wav, &cut).map_err(|error| error.charge).err(), Some(Uncertain), "a file that is cut");
    assert_eq!(read(Form::Wav, b"ID3\x04").map_err(|error| error.charge).err(), Some(Charged), "an mp3");
}

#[test]
fn every_case_of_openais_wire_is_read_as_documented() {
    let answers = run("OpenAI's wire, answers", &answers());
    let failures = run("OpenAI's wire, failures", &failures());
    assert!(answers + failures >= 40, "{answers} and {failures}");
}
