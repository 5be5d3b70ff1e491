//! Stored exchanges with each provider, composed from its documentation, and what must come out of them: text, counts, cost,
//! class of error and time to wait. One file a provider; each says how many cases it has.
//!
//! What has to be tried, clause by clause, and by which cases stands in [`checklist`], beside what tries the rehearsed servers with it.
//!
//! A case is read whole and in every way in which the network may cut it in two, and gives the same each time.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking and says how much it saw"
)]

mod anthropic;
mod checklist;
mod elevenlabs;
mod fuzz;
mod gemini;
mod openai;
mod perplexity;
mod targets;

use std::time::Duration;

use greenroom::config::models::Models;
use greenroom::config::prices::Prices;
use greenroom::domain::call::Usage as Counted;
use greenroom::provider::call::{Answer, Content, Finish, Form, Vendor, decode};
use greenroom::provider::error::{CallError, ChargeKnown, RetryClass};
use greenroom::provider::headers::Headers;
use greenroom::provider::progress::{Progress, Watch};
use greenroom::provider::usage::Usage;
use jiff::civil::Date;

/// One stored exchange.
pub(crate) struct Case {
    /// What is the trap.
    pub(crate) name: &'static str,
    /// Whose wire it is.
    pub(crate) vendor: Vendor,
    /// In which form the answer was asked for.
    pub(crate) form: Form,
    /// The model that was asked, by which the answer is priced.
    pub(crate) model: &'static str,
    /// The day of the call, by which the answer is priced.
    pub(crate) on: Date,
    /// The status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// What must come out.
    pub(crate) want: Want,
}

/// What must come out of an exchange.
pub(crate) enum Want {
    /// An answer.
    Answer {
        /// Its text.
        text: &'static str,
        /// What was counted; nothing where nothing was.
        usage: Option<Usage>,
        /// What it costs, in micro-dollars; nothing where no price is known.
        cost: Option<i64>,
        /// Why it ended.
        finish: Finish,
    },
    /// A failure.
    Failure {
        /// What would help.
        class: RetryClass,
        /// What is known of the charge.
        charge: ChargeKnown,
        /// How long to wait.
        wait: Option<Duration>,
        /// What was counted before it failed, as output.
        output: Option<u64>,
        /// What stands in the message.
        says: &'static str,
    },
}

/// An answer.
pub(crate) fn answer(text: &'static str, usage: Usage, cost: i64, finish: Finish) -> Want {
    Want::Answer { text, usage: Some(usage), cost: Some(cost), finish }
}

/// A failure without a time to wait and without counts.
pub(crate) fn failure(class: RetryClass, charge: ChargeKnown, says: &'static str) -> Want {
    Want::Failure { class, charge, wait: None, output: None, says }
}

fn read(case: &Case, body: &[u8]) -> Result<Answer, CallError> {
    let headers = Headers::keep(case.headers.iter().map(|(name, value)| (*name, value.as_bytes())));
    decode(case.vendor, case.form, case.status, &headers, body)
}

/// What an answer costs by the table that ships.
pub(crate) fn cost(prices: &Prices, model: &str, on: Date, usage: &Usage) -> Option<i64> {
    let counted = Counted {
        input: usage.input,
        output: usage.output,
        cache_read: usage.cache_read,
        cache_write: usage.cache_write_5m,
        cache_write_1h: usage.cache_write_1h,
        reasoning: usage.reasoning,
        citations: usage.citations,
        searches: usage.searches,
        characters: usage.characters.unwrap_or(0),
    };
    prices.settle(model, &counted, on).ok().map(|cost| cost.0)
}

fn check(case: &Case, prices: &Prices) {
    let name = case.name;
    match (&case.want, read(case, &case.body)) {
        (Want::Answer { text, usage, cost: price, finish }, Ok(answer)) => {
            assert_eq!(answer.content, Content::Text((*text).to_owned()), "{name}");
            assert_eq!((answer.usage, &answer.finish), (*usage, finish), "{name}");
            let priced = answer.usage.and_then(|usage| match usage.cost {
                Some(billed) => Some(billed.0),
                None => cost(prices, case.model, case.on, &usage),
            });
            assert_eq!(priced, *price, "{name}: micro-dollars");
        }
        (Want::Failure { class, charge, wait, output, says }, Err(error)) => {
            assert_eq!((error.class, error.charge), (*class, *charge), "{name}: {error}");
            assert_eq!(error.retry_after, *wait, "{name}");
            assert_eq!(error.usage.as_ref().map(|usage| usage.output), *output, "{name}");
            assert!(error.message.contains(says), "{name}: {}", error.message);
            assert!(error.status == Some(case.status), "{name}");
        }
        (Want::Answer { .. }, Err(error)) => panic!("{name}: {error}"),
        (Want::Failure { .. }, Ok(answer)) => panic!("{name}: {answer:?}"),
    }
}

/// What someone who watches sees of a body that comes in two pieces: the text, and the last count.
fn watched(case: &Case, pieces: [&[u8]; 2]) -> (String, Option<u64>) {
    let mut watch = Watch::new(case.vendor, case.form);
    let (mut text, mut tokens) = (String::new(), None);
    for seen in pieces.into_iter().flat_map(|piece| watch.push(piece)) {
        match seen {
            Progress::Text(more) => text.push_str(&more),
            Progress::OutputTokens(all) => tokens = Some(all),
            Progress::Thinking | Progress::Bytes(_) => {}
        }
    }
    (text, tokens)
}

/// Whether a body is a stream of events.
fn is_stream(case: &Case) -> bool {
    let text = String::from_utf8_lossy(&case.body);
    case.status == 200 && ["data:", "event:", ":"].iter().any(|start| text.trim_start().starts_with(start))
}

/// Checks every case, and every streamed one cut in two at each of its bytes: what is seen is the same, and what has come so
/// far never passes for another answer. Gives the number of cases.
pub(crate) fn run(provider: &str, cases: &[Case]) -> usize {
    let prices = Prices::built_in().expect("the table that ships has no fault");
    let mut splits = 0;
    for (nth, case) in cases.iter().enumerate() {
        assert!(cases.iter().take(nth).all(|earlier| earlier.name != case.name), "two cases are called {}", case.name);
        check(case, &prices);
        if !is_stream(case) {
            continue;
        }
        let whole = read(case, &case.body);
        let seen = watched(case, [&case.body, &[]]);
        if let Ok(Answer { content: Content::Text(text), .. }) = &whole {
            // What a tool is given comes after what is said beside it.
            assert!(seen.0.ends_with(text.as_str()), "{}: {seen:?}", case.name);
        }
        for at in 0..=case.body.len() {
            let (head, tail) = case.body.split_at(at);
            assert_eq!(watched(case, [head, tail]), seen, "{} cut at {at}", case.name);
            match (read(case, head), &whole) {
                (Ok(early), Ok(answer)) => assert_eq!(early.content, answer.content, "{} cut at {at}", case.name),
                (Ok(early), Err(error)) => panic!("{} cut at {at} is {early:?} and whole is {error}", case.name),
                (Err(error), _) => assert!(error.charge != ChargeKnown::NotCharged, "{} cut at {at}", case.name),
            }
            splits += 1;
        }
    }
    println!("{provider}: {} cases, {splits} splits", cases.len());
    cases.len()
}

/// The table of models that ships.
pub(crate) fn models() -> Models {
    Models::built_in().expect("the table that ships has no fault")
}
