//! Perplexity: the Agent API with its sources and its bill, streamed and whole, and the older Sonar chat.

use std::time::Duration;

use greenroom::domain::money::MicroUsd;
use greenroom::provider::call::{Finish, Form, Vendor, decode};
use greenroom::provider::error::ChargeKnown::{Charged, NotCharged, Uncertain};
use greenroom::provider::error::RetryClass::{AskPerson, FixRequest, OtherModel, RetryAfter};
use greenroom::provider::headers::Headers;
use greenroom::provider::usage::Usage;
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::{Case, Want, answer, failure, run};

const TODAY: Date = date(2026, 11, 24);
const DONE: &str = "data: [DONE]\n\n";
const TEXT: &str = "{\"year\":1871}";

fn case(name: &'static str, body: Vec<u8>, want: Want) -> Case {
    Case {
        name,
        vendor: Vendor::Perplexity,
        form: Form::Usual,
        model: "perplexity/sonar",
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

fn found() -> Value {
    json!({"type": "search_results", "queries": ["lighthouse built"], "results": [
        {"id": 1, "title": "T", "url": "https://example.org/a", "snippet": "s", "date": "2024-01-02", "source": "web"}]})
}

fn message() -> Value {
    json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [
        {"type": "output_text", "text": TEXT, "annotations": [
            {"type": "url_citation", "url": "https://example.org/a", "title": "T", "start_index": 0, "end_index": 5}]}]})
}

/// The counts as documented: 900 tokens in, 40 out, one search, with a bill.
fn counts() -> Value {
    json!({"input_tokens": 900, "output_tokens": 40, "total_tokens": 940,
        "input_tokens_details": {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0},
        "tool_calls_details": {"web_search": {"invocation": 1, "cost_usd": 0.0025}},
        "cost": {"currency": "USD", "input_cost": 0.000225, "output_cost": 0.0001, "tool_calls_cost": 0.0025, "total_cost": 0.002825}})
}

fn response(status: &str, output: &[Value], usage: Value) -> Value {
    json!({"id": "resp_1", "object": "response", "created_at": 1_795_000_000, "model": "perplexity/sonar", "status": status,
        "error": null, "output": output, "usage": usage})
}

fn whole(response: &Value) -> Vec<u8> {
    response.to_string().into_bytes()
}

fn stream(events: &[Value], last: &str) -> Vec<u8> {
    let frame = |data: &Value| format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default());
    let frames: String = events.iter().map(frame).collect();
    format!("{frames}{last}").into_bytes()
}

fn lively(last: Value) -> Vec<Value> {
    let delta = |text: &str| json!({"type": "response.output_text.delta", "item_id": "msg_1", "delta": text});
    vec![
        json!({"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "status": "in_progress"}}),
        json!({"type": "response.in_progress"}),
        json!({"type": "response.reasoning.started"}),
        json!({"type": "response.reasoning.search_queries", "queries": ["lighthouse built"]}),
        json!({"type": "response.skill.loaded", "skill": "s"}),
        json!({"type": "response.moonrise"}),
        delta("{\"year\":"),
        delta("1871}"),
        json!({"type": "response.output_text.done", "text": TEXT}),
        last,
    ]
}

fn completed(response: Value) -> Value {
    json!({"type": "response.completed", "response": response})
}

fn used(cost: Option<i64>) -> Usage {
    Usage { input: 900, output: 40, searches: 1, cost: cost.map(MicroUsd), ..Usage::default() }
}

/// The table's prices: 0.25 a million in, 2.50 out, 0.0025 a search. So 900 in, 40 out and one search are 225 + 100 + 2,500.
fn answers() -> Vec<Case> {
    let full = || response("completed", &[found(), message()], counts());
    let billed = || answer(TEXT, used(Some(2_825)), 2_825, Finish::Complete);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = full();
        change(&mut changed);
        whole(&changed)
    };
    vec![
        case("a whole answer", whole(&full()), billed()),
        case(
            "an answer without a page that was found",
            whole(&response("completed", &[message()], counts())),
            billed(),
        ),
        case("a stream", stream(&lively(completed(full())), ""), billed()),
        case("a stream with the mark of another wire", stream(&lively(completed(full())), DONE), billed()),
        case(
            "items that nobody knows",
            whole(&response(
                "completed",
                &[json!({"type": "weather"}), found(), json!({"type": "sandbox_results", "contents": []}), message()],
                counts(),
            )),
            billed(),
        ),
        case(
            "no bill: the table's price",
            with(&|body| body["usage"]["cost"] = Value::Null),
            answer(TEXT, used(None), 2_825, Finish::Complete),
        ),
        case(
            "a bill in another currency is no amount of dollars",
            with(&|body| body["usage"]["cost"]["currency"] = json!("EUR")),
            answer(TEXT, used(None), 2_825, Finish::Complete),
        ),
        case(
            "a bill with the noise of adding up",
            with(&|body| body["usage"]["cost"]["total_cost"] = json!(0.0028250000000000003)),
            billed(),
        ),
        case(
            "a bill below a micro-dollar is one, not nothing",
            with(&|body| body["usage"]["cost"]["total_cost"] = json!(0.0000001)),
            answer(TEXT, used(Some(1)), 1, Finish::Complete),
        ),
        case(
            "no counts at all are not zero",
            with(&|body| body["usage"] = Value::Null),
            Want::Answer { text: TEXT, usage: None, cost: None, finish: Finish::Complete },
        ),
        case(
            "cached tokens are inside the input",
            with(&|body| {
                body["usage"]["input_tokens_details"] =
                    json!({"cache_creation_input_tokens": 0, "cache_read_input_tokens": 400});
                body["usage"]["cost"] = Value::Null;
            }),
            // 500 x 0.25 + 400 x 0.0625 + 100 + 2,500
            answer(TEXT, Usage { input: 500, cache_read: 400, ..used(None) }, 2_750, Finish::Complete),
        ),
        case(
            "an answer that did not search says so in its counts",
            whole(&response("completed", &[message()], json!({"input_tokens": 900, "output_tokens": 40}))),
            answer(TEXT, Usage { searches: 0, ..used(None) }, 325, Finish::Complete),
        ),
        case(
            "an answer that is not complete",
            with(&|body| {
                body["status"] = json!("incomplete");
                body["incomplete_details"] = json!({"reason": "max_output_tokens"});
            }),
            answer(TEXT, used(Some(2_825)), 2_825, Finish::Length),
        ),
        case(
            "a model that waits for a tool",
            with(&|body| body["status"] = json!("requires_action")),
            answer(TEXT, used(Some(2_825)), 2_825, Finish::Other("requires_action".to_owned())),
        ),
    ]
}

fn failures() -> Vec<Case> {
    let no = |class, says| failure(class, NotCharged, says);
    let error = |kind: &str, code: u16| json!({"error": {"message": "said", "type": kind, "code": code}}).to_string();
    let mut failed = response("failed", &[], counts());
    failed["error"] = json!({"code": "internal", "message": "said", "type": "server_error"});
    let told = |output| Want::Failure { class: RetryAfter, charge: Uncertain, wait: None, output, says: "said" };
    let last = |event: Value| stream(&lively(event), "");
    vec![
        case("failed with a status of 200", whole(&failed), told(Some(40))),
        case(
            "failed in a stream",
            last(json!({"type": "response.failed", "error": {"message": "said", "type": "overloaded"}})),
            told(None),
        ),
        case("an error event in a stream", last(json!({"type": "error", "error": {"message": "said"}})), told(None)),
        case(
            "a stream without its last event",
            stream(&lively(json!({"type": "response.in_progress"})), ""),
            failure(RetryAfter, Uncertain, "in the middle"),
        ),
        case(
            "a whole answer that is cut",
            whole(&failed)[..40].to_vec(),
            failure(RetryAfter, Uncertain, "cut in the middle"),
        ),
        case(
            "a last event that holds nothing",
            last(json!({"type": "response.completed"})),
            failure(AskPerson, Charged, "holds no answer"),
        ),
        case(
            "an answer that is still worked on",
            whole(&response("queued", &[], Value::Null)),
            failure(AskPerson, Uncertain, "still working"),
        ),
        refused("no such model", 400, &error("invalid_model", 400), no(OtherModel, "said")),
        refused("a code that is a number", 400, &error("invalid_request", 400), no(FixRequest, "said")),
        refused("a wrong key in HTML", 401, "<html><h1>401 Authorization Required</h1></html>", no(AskPerson, "401")),
        refused("no credits", 402, &error("insufficient_credits", 402), no(AskPerson, "said")),
        refused("no permission", 403, &error("forbidden", 403), no(AskPerson, "said")),
        refused(
            "a list of faults",
            422,
            &json!({"detail": [{"loc": ["body", "input"], "msg": "Field required", "type": "missing"}]}).to_string(),
            no(FixRequest, "Field required"),
        ),
        Case {
            headers: vec![("retry-after", "12")],
            ..refused(
                "too many, with a time to wait",
                429,
                &error("rate_limit", 429),
                Want::Failure {
                    class: RetryAfter,
                    charge: NotCharged,
                    wait: Some(Duration::from_secs(12)),
                    output: None,
                    says: "said",
                },
            )
        },
        refused("an edge in its place", 502, "<html>cloudflare</html>", failure(RetryAfter, Uncertain, "502")),
        refused(
            "the older wire has ended",
            404,
            &json!({"error": {"message": "Sonar is now the Agent API", "type": "gone", "code": 404}}).to_string(),
            no(OtherModel, "Sonar is now the Agent API"),
        ),
        refused(
            "the same with another status",
            400,
            &json!({"detail": "Sonar is now the Agent API."}).to_string(),
            no(OtherModel, "Sonar is now the Agent API"),
        ),
    ]
}

fn old(name: &'static str, model: &'static str, body: Vec<u8>, want: Want) -> Case {
    Case { form: Form::Sonar, model, on: date(2026, 9, 1), ..case(name, body, want) }
}

fn sonar_chunk(model: &str, text: &str, tokens: u64, finish: Option<&str>) -> Value {
    json!({"id": "c1", "object": "chat.completion.chunk", "model": model,
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": ""}, "delta": {"role": "assistant", "content": text}}],
        "citations": ["https://example.org/a"],
        "search_results": [{"title": "T", "url": "https://example.org/a", "date": "2024-01-02", "snippet": "s", "source": "web"},
            {"title": "U", "url": "https://example.org/b"}],
        "usage": {"prompt_tokens": 14, "completion_tokens": tokens, "total_tokens": 14 + tokens, "search_context_size": "low",
            "citation_tokens": 0, "num_search_queries": 1, "reasoning_tokens": 0,
            "cost": {"input_tokens_cost": 0.00004, "output_tokens_cost": 0.001, "request_cost": 0.006, "total_cost": 0.00704}}})
}

fn sonar_stream(chunks: &[Value], last: &str) -> Vec<u8> {
    let frames: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    format!("{frames}{last}").into_bytes()
}

fn sonar() -> Vec<Case> {
    let used = |output| Usage { input: 14, output, searches: 1, cost: Some(MicroUsd(7_040)), ..Usage::default() };
    let answered = || answer(TEXT, used(70), 7_040, Finish::Complete);
    let pro = |text: &str, tokens, finish| sonar_chunk("sonar-pro", text, tokens, finish);
    let two = || vec![pro("{\"year\":", 30, None), pro("1871}", 70, Some("stop"))];
    let mut deep = sonar_chunk("sonar-deep-research", TEXT, 70, Some("stop"));
    deep["usage"]["citation_tokens"] = json!(500);
    deep["usage"]["reasoning_tokens"] = json!(900);
    let whole = {
        let mut whole = pro("", 70, Some("stop"));
        whole["choices"][0]["message"]["content"] = json!(TEXT);
        whole.to_string().into_bytes()
    };
    vec![
        old("counts that are repeated are not added", "sonar-pro", sonar_stream(&two(), DONE), answered()),
        old("no mark at the end of the older wire", "sonar-pro", sonar_stream(&two(), ""), answered()),
        old("a whole answer of the older wire", "sonar-pro", whole, answered()),
        old(
            "thoughts in front of the JSON",
            "sonar-reasoning-pro",
            sonar_stream(
                &[
                    pro("<think>the {year}", 10, None),
                    pro("?</think>\n{\"year\":", 30, None),
                    pro("1871}", 70, Some("stop")),
                ],
                DONE,
            ),
            answered(),
        ),
        old(
            "deep research counts what it cites and thinks apart",
            "sonar-deep-research",
            sonar_stream(&[deep], DONE),
            answer(TEXT, Usage { citations: 500, reasoning: 900, ..used(70) }, 7_040, Finish::Complete),
        ),
        old(
            "the limit of the older wire",
            "sonar-pro",
            sonar_stream(&[pro(TEXT, 70, Some("length"))], DONE),
            answer(TEXT, used(70), 7_040, Finish::Length),
        ),
        old(
            "a mark without an end before it has no counts of the whole",
            "sonar-pro",
            sonar_stream(&[pro(TEXT, 30, None)], DONE),
            Want::Answer { text: TEXT, usage: None, cost: None, finish: Finish::Other(String::new()) },
        ),
        old(
            "a stream of the older wire that is cut",
            "sonar-pro",
            sonar_stream(&[pro("{\"year\":", 30, None)], ""),
            Want::Failure { class: RetryAfter, charge: Uncertain, wait: None, output: Some(30), says: "in the middle" },
        ),
        old(
            "an error within the older stream",
            "sonar-pro",
            sonar_stream(
                &[pro("{", 30, None), json!({"error": {"message": "said", "type": "server_error", "code": 500}})],
                DONE,
            ),
            Want::Failure { class: RetryAfter, charge: Uncertain, wait: None, output: Some(30), says: "said" },
        ),
    ]
}

#[test]
fn the_pages_that_an_answer_rests_on_are_kept_and_none_are_made_up() {
    let read = |form, body: &[u8]| decode(Vendor::Perplexity, form, 200, &Headers::default(), body).expect("an answer");
    let agent = read(Form::Usual, &whole(&response("completed", &[found(), message()], counts())));
    let pages: Vec<_> =
        agent.sources.iter().map(|page| (page.url.as_str(), page.title.as_str(), page.is_cited)).collect();
    assert_eq!(pages, [("https://example.org/a", "T", true)], "what is cited and found is one page");
    let bare = response(
        "completed",
        &[json!({"type": "message", "content": [{"type": "output_text", "text": TEXT}]})],
        counts(),
    );
    assert!(read(Form::Usual, &whole(&bare)).sources.is_empty(), "without results there are no sources");
    let old = read(Form::Sonar, &sonar_stream(&[sonar_chunk("sonar-pro", TEXT, 70, Some("stop"))], DONE));
    let pages: Vec<_> =
        old.sources.iter().map(|page| (page.url.as_str(), page.title.as_str(), page.is_cited)).collect();
    assert_eq!(pages, [("https://example.org/a", "T", true), ("https://example.org/b", "U", false)]);
}

#[test]
fn every_case_of_perplexity_is_read_as_documented() {
    let answers = run("Perplexity, answers", &answers());
    let failures = run("Perplexity, failures", &failures());
    let sonar = run("Perplexity's older wire", &sonar());
    assert!(answers + failures + sonar >= 39, "{answers}, {failures} and {sonar}");
}
