//! What every parser of the wires must bear: any bytes at all. Each target is a plain function over bytes, so that a fuzzer, a
//! stored corpus and a loop of mutations drive the same one.
//!
//! A target fails by panicking. It gives a number that tells apart what came out, for whoever looks for inputs that lead
//! elsewhere.

use std::hash::{DefaultHasher, Hash, Hasher};

use greenroom::provider::call::{Answer, Content, Form, Vendor, decode};
use greenroom::provider::error::{CallError, ChargeKnown};
use greenroom::provider::headers::Headers;
use greenroom::provider::progress::{Progress, Watch};
use greenroom::provider::sse::{Event, Reader, TooLong};

/// A target.
pub(crate) type Target = fn(&[u8]) -> u64;

/// The longest message of an error, with the sign that it was shortened.
const LONGEST_MESSAGE: usize = 301;

/// The reader of events: however the bytes are split, it gives the same.
pub(crate) fn sse(bytes: &[u8]) -> u64 {
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| -> (Vec<Event>, Option<TooLong>) {
        let (mut reader, mut events, mut fault) = (Reader::new(512), Vec::new(), None);
        for piece in pieces {
            fault = reader.push(piece, |event| events.push(event)).err().or(fault);
        }
        (events, fault)
    };
    let whole = read(&mut std::iter::once(bytes));
    for size in [1, 2, 3, 7] {
        let (events, fault) = read(&mut bytes.chunks(size));
        assert_eq!(events, whole.0, "in pieces of {size}");
        assert_eq!(fault.is_some(), whole.1.is_some(), "in pieces of {size}");
    }
    told(&(
        whole.0.len().min(20),
        whole.0.iter().map(|event| event.data.lines().count().min(4)).max(),
        whole.1.is_some(),
    ))
}

/// Anthropic's stream and its whole answer.
pub(crate) fn anthropic(bytes: &[u8]) -> u64 {
    body(Vendor::Anthropic, Form::Usual, 200, bytes)
}

/// A result within one of Anthropic's batches.
pub(crate) fn batch(bytes: &[u8]) -> u64 {
    body(Vendor::Anthropic, Form::Batched, 200, bytes)
}

/// Gemini's answer.
pub(crate) fn gemini(bytes: &[u8]) -> u64 {
    body(Vendor::Gemini, Form::Usual, 200, bytes)
}

/// Perplexity's Agent API.
pub(crate) fn perplexity(bytes: &[u8]) -> u64 {
    body(Vendor::Perplexity, Form::Usual, 200, bytes)
}

/// Perplexity's older chat.
pub(crate) fn sonar(bytes: &[u8]) -> u64 {
    body(Vendor::Perplexity, Form::Sonar, 200, bytes)
}

/// OpenAI's chat completions.
pub(crate) fn openai(bytes: &[u8]) -> u64 {
    body(Vendor::OpenAi, Form::Usual, 200, bytes)
}

/// Speech of OpenAI's wire.
pub(crate) fn speech(bytes: &[u8]) -> u64 {
    body(Vendor::OpenAi, Form::Wav, 200, bytes) ^ body(Vendor::OpenAi, Form::Samples(24_000), 200, bytes)
}

/// ElevenLabs' documents, one or many.
pub(crate) fn elevenlabs(bytes: &[u8]) -> u64 {
    body(Vendor::ElevenLabs, Form::Usual, 200, bytes) ^ body(Vendor::ElevenLabs, Form::Samples(24_000), 200, bytes)
}

/// The refusals of all five; the first byte chooses the status.
pub(crate) fn errors(bytes: &[u8]) -> u64 {
    const STATUSES: [u16; 16] = [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 501, 503, 504, 529, 302];
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let status = STATUSES.get(usize::from(*first) % STATUSES.len()).copied().unwrap_or(400);
    let vendors = [Vendor::Anthropic, Vendor::Gemini, Vendor::ElevenLabs, Vendor::OpenAi, Vendor::Perplexity];
    vendors.into_iter().fold(0, |sum, vendor| sum.rotate_left(7) ^ body(vendor, Form::Usual, status, rest))
}

/// Reads a body whole and watches it arrive in pieces, and holds what comes out to what holds for every answer.
fn body(vendor: Vendor, form: Form, status: u16, bytes: &[u8]) -> u64 {
    let headers = Headers::keep([("retry-after", b"3".as_slice()), ("character-cost", b"4")]);
    let read = decode(vendor, form, status, &headers, bytes);
    let watched = |pieces: &mut dyn Iterator<Item = &[u8]>| -> Vec<Progress> {
        let mut watch = Watch::new(vendor, form);
        let seen = pieces.flat_map(|piece| watch.push(piece)).collect::<Vec<_>>();
        seen.into_iter().filter(|step| !matches!(step, Progress::Bytes(_))).collect()
    };
    let seen = watched(&mut std::iter::once(bytes));
    for size in [1, 5] {
        assert_eq!(watched(&mut bytes.chunks(size)), seen, "in pieces of {size}");
    }
    match &read {
        Ok(answer) => sound_answer(status, answer),
        // Within a batch each refusal has a status of its own, and what was not answered is free.
        Err(error) if form == Form::Batched => sound_words(error),
        Err(error) => sound_error(status, error),
    }
    let steps = seen.len().min(12);
    match read {
        Ok(answer) => {
            let size = match &answer.content {
                Content::Text(text) => text.len(),
                Content::Speech(speech) => speech.pcm.len(),
            };
            let usage = answer.usage.map(|usage| (usage.cache_read > 0, usage.thinking > 0, usage.cost.is_some()));
            told(&(
                steps,
                format!("{:?}", answer.finish),
                usage,
                answer.sources.len().min(9),
                size.min(1_000).ilog2_or_zero(),
            ))
        }
        Err(error) => told(&(steps, error.class, error.charge, error.usage.is_some(), error.message)),
    }
}

trait Log {
    fn ilog2_or_zero(self) -> u32;
}

impl Log for usize {
    fn ilog2_or_zero(self) -> u32 {
        self.checked_ilog2().unwrap_or(0)
    }
}

fn sound_answer(status: u16, answer: &Answer) {
    assert_eq!(status, 200, "only 200 brings an answer");
    if let Some(usage) = answer.usage {
        assert!(usage.cost.is_none_or(|cost| cost.0 >= 0), "no bill is negative");
    }
    for page in &answer.sources {
        assert!(page.url.starts_with("https://") || page.url.starts_with("http://"), "{page:?}");
        let texts = [&page.url, &page.title, &page.snippet];
        assert!(texts.iter().all(|text| !text.chars().any(char::is_control)), "{page:?}");
    }
    for word in [&answer.model, &answer.request_id].into_iter().flatten() {
        assert!(!word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic()), "{word:?}");
    }
    if let Content::Speech(speech) = &answer.content {
        assert!(!speech.pcm.is_empty() && speech.pcm.len().is_multiple_of(2), "samples are whole");
        assert!((8_000..=192_000).contains(&speech.sample_rate), "{}", speech.sample_rate);
        if let Some(times) = &speech.alignment {
            assert_eq!((times.characters.len(), times.starts.len()), (times.starts.len(), times.ends.len()));
            assert!(times.starts.is_sorted() && times.ends.is_sorted(), "no time runs backwards");
        }
    }
}

fn sound_error(status: u16, error: &CallError) {
    assert!(status != 200 || error.charge != ChargeKnown::NotCharged, "what had begun well is not free: {error}");
    assert_eq!(error.status, Some(status));
    sound_words(error);
}

fn sound_words(error: &CallError) {
    assert!(error.message.chars().count() <= LONGEST_MESSAGE, "{}", error.message);
    assert!(!error.message.is_empty() && !error.message.chars().any(char::is_control), "{:?}", error.message);
}

fn told(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
