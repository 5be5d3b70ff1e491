//! Sonar chat completions, which Perplexity served until 2026-09-27 and some gateways still speak: the body of a request, and
//! an answer read from its stream or whole. Facts from Perplexity's documentation of that time.
//!
//! It searches unasked. Every chunk repeats the counts and the pages as they stand, so the last ones hold; a model that reasons
//! puts its thoughts in front of the text. Not for the Agent API, which is the parent's.

use serde_json::{Map, Value, json};

use super::super::call::{
    Answer, Content, Finish, Form, PrepareError, Prepared, Source, TextRequest, Vendor, checked_name, written,
};
use super::super::error::{CallError, ChargeKnown, RetryClass, token};
use super::super::headers::Headers;
use super::super::progress::Progress;
use super::super::refusal::{Told, refusal};
use super::super::sse::{Event, Reader};
use super::super::thoughts::{Thoughts, without_thoughts};
use super::super::usage::Usage;
use super::super::{hints, openai};
use super::read::{bill, once, source};

/// The body of a request.
pub(super) fn prepare(request: &TextRequest) -> Result<Prepared, PrepareError> {
    let model = checked_name("model", &request.model)?;
    if request.user.trim().is_empty() {
        return Err(PrepareError::Empty("answered"));
    }
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    messages.push(json!({"role": "user", "content": request.user}));
    let mut body = Map::new();
    body.insert("model".to_owned(), model.into());
    body.insert("messages".to_owned(), messages.into());
    body.insert("max_tokens".to_owned(), request.max_tokens.into());
    if let Some(wanted) = &request.schema {
        body.insert("response_format".to_owned(), openai::format(wanted, false));
    }
    body.insert("web_search_options".to_owned(), json!({"search_context_size": super::CONTEXT_SIZE}));
    body.insert("stream".to_owned(), true.into());
    let body = written(body);
    let path = "/chat/completions".to_owned();
    Ok(Prepared { vendor: Vendor::Perplexity, path, body, streaming: true, form: Form::Sonar })
}

/// What was read, of chunks or of a whole document.
#[derive(Debug, Default)]
struct Read {
    text: String,
    finish: Option<String>,
    model: Option<String>,
    id: Option<String>,
    counts: Option<Value>,
    citations: Vec<Value>,
    results: Vec<Value>,
}

impl Read {
    /// Takes what a chunk or the document says beside its text.
    fn take(&mut self, chunk: &Value) {
        let word = |name: &str| chunk.get(name).and_then(Value::as_str).map(str::to_owned);
        self.id = self.id.take().or_else(|| word("id"));
        self.model = self.model.take().or_else(|| word("model"));
        let list = |name: &str| chunk.get(name).and_then(Value::as_array).filter(|list| !list.is_empty()).cloned();
        if let Some(citations) = list("citations") {
            self.citations = citations;
        }
        if let Some(results) = list("search_results") {
            self.results = results;
        }
        if let Some(usage) = chunk.get("usage").filter(|usage| usage.is_object()) {
            self.counts = Some(usage.clone());
        }
        if let Some(finish) = chunk.pointer("/choices/0/finish_reason").and_then(Value::as_str) {
            self.finish = Some(finish.to_owned());
        }
    }

    /// The counts, if the tokens or the bill are among them. Reasoning is inside the completion, except where the model
    /// researches deeply: there it is counted and billed apart, and so are the tokens of what it cites.
    fn usage(&self) -> Option<Usage> {
        let usage = self.counts.as_ref()?;
        let count = |name: &str| usage.get(name).and_then(Value::as_u64);
        let cost = bill(usage);
        let (input, output) = count("prompt_tokens").zip(count("completion_tokens")).or(cost.map(|_| (0, 0)))?;
        let reasoned = count("reasoning_tokens").unwrap_or(0);
        let is_deep = self.model.as_ref().is_some_and(|model| model.contains("deep-research"));
        let (thinking, reasoning) = if is_deep { (0, reasoned) } else { (reasoned, 0) };
        let citations = if is_deep { count("citation_tokens").unwrap_or(0) } else { 0 };
        let searches = count("num_search_queries").unwrap_or(u64::from(!self.results.is_empty()));
        Some(Usage { input, output, thinking, reasoning, citations, searches, cost, ..Usage::default() })
    }

    fn sources(&self) -> Vec<Source> {
        let cited = self.citations.iter().filter_map(|page| match page {
            Value::String(url) => source(&json!({"url": url}), true),
            page => source(page, true),
        });
        once(cited.chain(self.results.iter().filter_map(|page| source(page, false))))
    }
}

/// The fold over the chunks of a stream. The live display and the reading of a recorded body are the same fold.
#[derive(Debug, Default)]
pub(in crate::provider) struct Fold {
    reader: Reader,
    read: Read,
    thoughts: Thoughts,
    done: bool,
    reported: Option<Told>,
    unreadable: Option<String>,
}

impl Fold {
    /// Takes the next bytes and tells what they show. Nothing after the stream's own end or error counts.
    pub(in crate::provider) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Progress)) {
        let mut reader = std::mem::take(&mut self.reader);
        let read = reader.push(bytes, |event| self.event(&event, &mut each));
        self.reader = reader;
        if let Err(error) = read {
            self.unreadable.get_or_insert(error.to_string());
        }
    }

    fn event(&mut self, event: &Event, each: &mut impl FnMut(Progress)) {
        if self.done || self.reported.is_some() {
            return;
        }
        if event.data.trim() == "[DONE]" {
            self.done = true;
            return;
        }
        let chunk: Value = match serde_json::from_str(&event.data) {
            Ok(chunk) => chunk,
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                self.unreadable.get_or_insert(format!("a chunk is malformed at line {line}, column {column}"));
                return;
            }
        };
        if let Some(told) = Told::of(&chunk) {
            self.reported = Some(told);
            return;
        }
        let text = chunk.pointer("/choices/0/delta/content").and_then(Value::as_str).unwrap_or_default();
        if !text.is_empty() {
            self.read.text.push_str(text);
            if let Some(shown) = self.thoughts.push(text) {
                each(shown);
            }
        }
        let had_ended = self.read.finish.is_some();
        self.read.take(&chunk);
        if let Some(usage) = self.read.usage().filter(|_| self.read.finish.is_some() && !had_ended) {
            each(Progress::OutputTokens(usage.output));
        }
    }

    fn outcome(self) -> Result<Read, CallError> {
        let usage = self.read.usage();
        let fail = |class, charge, said: &str| CallError::new(class, charge, said).with_usage(usage);
        if let Some(told) = &self.reported {
            return Err(openai::broke_off(Vendor::Perplexity, told).with_usage(usage));
        }
        match (self.unreadable, self.done || self.read.finish.is_some()) {
            (_, false) => {
                let said = "The answer of Perplexity ends in the middle of its stream";
                Err(fail(RetryClass::RetryAfter, ChargeKnown::Uncertain, said))
            }
            (Some(why), true) => {
                let said = format!("The answer of Perplexity is complete but cannot be read: {why}");
                Err(fail(RetryClass::AskPerson, ChargeKnown::Charged, &said))
            }
            // Counts that came before the end are those of a part.
            (None, true) if self.read.finish.is_none() => Ok(Read { counts: None, ..self.read }),
            (None, true) => Ok(self.read),
        }
    }
}

/// Reads a document that holds the whole answer.
fn whole(body: &[u8]) -> Result<Read, CallError> {
    let document = openai::document(Vendor::Perplexity, body)?;
    let mut read = Read::default();
    read.take(&document);
    if let Some(told) = Told::of(&document) {
        return Err(openai::broke_off(Vendor::Perplexity, &told).with_usage(read.usage()));
    }
    if document.pointer("/choices/0/message").is_none() {
        let said = "The answer of Perplexity is complete but has another shape than its wire";
        let error = CallError::new(RetryClass::AskPerson, ChargeKnown::Charged, said);
        return Err(error.with_usage(read.usage()));
    }
    let text = document.pointer("/choices/0/message/content").and_then(Value::as_str);
    text.unwrap_or_default().clone_into(&mut read.text);
    Ok(read)
}

/// Reads a recorded stream, a whole answer, or the refusal in their place.
pub(super) fn decode(status: u16, headers: &Headers, body: &[u8]) -> Result<Answer, CallError> {
    if status != 200 {
        return Err(refusal(Vendor::Perplexity, status, headers, body));
    }
    let is_whole = body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    let read = if is_whole {
        whole(body)
    } else {
        let mut fold = Fold::default();
        fold.push(body, |_| ());
        fold.outcome()
    };
    let request_id = hints::request_id(headers);
    let read = read.map_err(|error| error.with_status(status).with_request_id(request_id))?;
    let finish = match read.finish.as_deref() {
        Some("stop") => Finish::Complete,
        Some("length") => Finish::Length,
        Some("content_filter") => Finish::Refused("content_filter".to_owned()),
        other => Finish::Other(other.and_then(token).unwrap_or_default()),
    };
    Ok(Answer {
        content: Content::Text(without_thoughts(&read.text).to_owned()),
        sources: read.sources(),
        usage: read.usage(),
        model: read.model.as_deref().and_then(token),
        request_id: request_id.or(read.id.as_deref()).and_then(token),
        finish,
        rehearsal: headers.rehearsal(),
    })
}
