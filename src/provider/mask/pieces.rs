//! Finds a key that stands in several texts which are read as one: the deltas of a stream, the parts of an answer.
//!
//! Texts at the same place of one document after another belong together, whatever the wire. An event is held back only
//! while one of its texts ends as a key begins.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use super::{Mask, SHORTEST};

/// So many characters of a key in one text may go on before it is known how the next goes on: they help nobody.
const HARMLESS: usize = 3;

/// The most bytes that are held back.
const MOST_HELD: usize = 256 * 1024;

/// A larger body is not read for it: what is so large is a recording.
const LARGEST_DOCUMENT: usize = 8 * 1024 * 1024;

/// A piece of a text: in which block it stands, which text of the block it is, and where it begins.
struct Piece {
    block: u64,
    nth: usize,
    from: usize,
    /// How much of its text stands before that and is known to be harmless.
    head: usize,
}

/// The end of a text that is read as one, with its pieces.
#[derive(Default)]
struct Lane {
    text: Vec<u8>,
    pieces: Vec<Piece>,
}

/// A block of a stream that is held back: its bytes, and its document where it has one.
struct Block {
    bytes: Vec<u8>,
    document: Option<Value>,
    is_changed: bool,
}

/// A stream of events of which none goes on with a piece of a key.
pub(super) struct Pieces {
    mask: Mask,
    /// So many characters of a key may go on before it is known what follows.
    harmless: usize,
    open: Vec<u8>,
    is_open_suspect: bool,
    held: VecDeque<Block>,
    /// The number of the first block that is held, or of the next one.
    first: u64,
    lanes: BTreeMap<String, Lane>,
}

impl Pieces {
    pub(super) fn new(mask: Mask) -> Self {
        let (held, lanes) = (VecDeque::new(), BTreeMap::new());
        Self { mask, harmless: HARMLESS, open: Vec::new(), is_open_suspect: false, held, first: 0, lanes }
    }

    /// Takes the next bytes, in which a key may begin or not, and gives what can go on.
    pub(super) fn push(&mut self, bytes: &[u8], is_suspect: bool) -> Vec<u8> {
        let before = self.open.len().saturating_sub(3);
        self.open.extend_from_slice(bytes);
        self.is_open_suspect |= is_suspect;
        let mut out = Vec::new();
        let mut looked = before;
        while let Some(end) = event_end(&self.open, looked) {
            let rest = self.open.split_off(end);
            let block = std::mem::replace(&mut self.open, rest);
            let is_suspect = self.is_open_suspect;
            self.take(block, is_suspect, &mut out);
            self.is_open_suspect = is_suspect && !self.open.is_empty();
            looked = 0;
        }
        out
    }

    /// What is held back, at the end.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let open = std::mem::take(&mut self.open);
        if !open.is_empty() {
            self.take(open, true, &mut out);
        }
        self.give_up(&mut out);
        out
    }

    /// Takes a whole event.
    fn take(&mut self, bytes: Vec<u8>, is_suspect: bool, out: &mut Vec<u8>) {
        if !is_suspect && self.lanes.is_empty() && self.held.is_empty() {
            self.first += 1;
            out.extend(bytes);
            return;
        }
        let document = data(&bytes).and_then(|data| serde_json::from_slice(&data).ok());
        self.add(Block { bytes, document, is_changed: false });
        self.let_go(out);
        if self.held.iter().map(|block| block.bytes.len()).sum::<usize>() > MOST_HELD {
            self.give_up(out);
        }
    }

    /// Reads the texts of a block to those before them, and masks what they make together.
    fn add(&mut self, mut block: Block) {
        let number = self.first + self.held.len() as u64;
        let mut touched = Vec::new();
        if let Some(document) = &mut block.document {
            let (lanes, mut nth) = (&mut self.lanes, 0);
            each_text(document, &mut String::new(), &mut |place, text| {
                let lane = lanes.entry(place.to_owned()).or_default();
                lane.pieces.push(Piece { block: number, nth, from: lane.text.len(), head: 0 });
                lane.text.extend_from_slice(text.as_bytes());
                touched.push(place.to_owned());
                nth += 1;
            });
        }
        self.held.push_back(block);
        touched.sort_unstable();
        touched.dedup();
        for place in touched {
            let Some(mut lane) = self.lanes.remove(&place) else { continue };
            let mut masked = lane.text.clone();
            self.mask.apply(&mut masked);
            self.put_back(&mut lane, masked);
            let begun = self.mask.begun(&lane.text);
            lane.keep_last(begun);
            if begun > 0 {
                self.lanes.insert(place, lane);
            }
        }
    }

    /// Gives a text that was masked to the blocks of its pieces; what has gone on stays as it was.
    fn put_back(&mut self, lane: &mut Lane, masked: Vec<u8>) {
        if masked == lane.text {
            return;
        }
        for (n, piece) in lane.pieces.iter().enumerate() {
            let to = lane.pieces.get(n + 1).map_or(masked.len(), |next| next.from);
            let (was, now) = (lane.text.get(piece.from..to), masked.get(piece.from..to));
            let Some(now) = now.filter(|_| was != now) else { continue };
            let held = piece.block.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
            let Some(block) = held.and_then(|at| self.held.get_mut(at)) else { continue };
            let mut nth = 0;
            let now = String::from_utf8_lossy(now);
            if let Some(document) = &mut block.document {
                each_text(document, &mut String::new(), &mut |_, text| {
                    if nth == piece.nth {
                        *text = format!("{}{now}", text.get(..piece.head).unwrap_or_default());
                    }
                    nth += 1;
                });
                block.is_changed = true;
            }
        }
        lane.text = masked;
    }

    /// Lets the blocks go in which no key is begun.
    fn let_go(&mut self, out: &mut Vec<u8>) {
        let harmless = self.harmless;
        let waits = |lane: &Lane| (lane.text.len() > harmless).then(|| lane.pieces.first().map(|piece| piece.block));
        let until = self.lanes.values().filter_map(waits).flatten().min().unwrap_or(u64::MAX);
        while self.first < until
            && let Some(block) = self.held.pop_front()
        {
            self.first += 1;
            out.extend(block.into_bytes());
        }
    }

    /// Lets everything go; as much of a key as would help to guess it is masked.
    fn give_up(&mut self, out: &mut Vec<u8>) {
        for (_, mut lane) in std::mem::take(&mut self.lanes) {
            if lane.text.len() >= SHORTEST {
                let masked = vec![b'*'; lane.text.len()];
                self.put_back(&mut lane, masked);
            }
        }
        self.let_go(out);
    }
}

impl Lane {
    /// Forgets all but so many bytes at the end.
    fn keep_last(&mut self, bytes: usize) {
        let gone = self.text.len().saturating_sub(bytes);
        self.text.drain(..gone);
        let kept = self.pieces.iter().rposition(|piece| piece.from <= gone).unwrap_or(0);
        self.pieces.drain(..kept);
        for piece in &mut self.pieces {
            piece.head += gone.saturating_sub(piece.from);
            piece.from = piece.from.saturating_sub(gone);
        }
    }
}

impl Block {
    fn into_bytes(self) -> Vec<u8> {
        let document =
            self.document.filter(|_| self.is_changed).and_then(|document| serde_json::to_vec(&document).ok());
        let Some(mut document) = document else { return self.bytes };
        if is_document(&self.bytes) {
            let after = self.bytes.len() - self.bytes.trim_ascii_end().len();
            document.extend_from_slice(self.bytes.get(self.bytes.len() - after..).unwrap_or_default());
            return document;
        }
        let lines = self.bytes.split(|b| matches!(b, b'\n' | b'\r'));
        let others = lines.filter(|line| !line.is_empty() && !line.starts_with(b"data:"));
        let data = [&b"data: "[..], &document].concat();
        let mut out: Vec<u8> = others.chain([data.as_slice()]).flat_map(|line| [line, b"\n"].concat()).collect();
        // One that the end of the stream has cut off stays so.
        if event_end(&self.bytes, 0).is_some() {
            out.push(b'\n');
        }
        out
    }
}

/// A whole body, of which no text goes on with a piece of a key: one document, a stream of events, or a document a line.
pub(super) fn whole(mask: &Mask, body: Vec<u8>) -> Vec<u8> {
    if body.len() > LARGEST_DOCUMENT {
        return body;
    }
    // Nobody waits for a whole body: all of it is held.
    let mut pieces = Pieces { harmless: 0, ..Pieces::new(mask.clone()) };
    let mut out = Vec::with_capacity(body.len());
    if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok() {
        pieces.take(body, true, &mut out);
    } else if is_stream(&body) {
        out = pieces.push(&body, true);
    } else {
        body.split_inclusive(|b| *b == b'\n').for_each(|line| pieces.take(line.to_vec(), true, &mut out));
    }
    out.extend(pieces.finish());
    out
}

fn is_stream(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    [&b"data:"[..], b"event:", b":", b"id:", b"retry:"].iter().any(|field| start.starts_with(field))
}

/// Where the first event ends, behind its blank line. What stands before `from` was looked at.
fn event_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    (0..rest.len()).find_map(|at| {
        let after = rest.get(at..)?;
        let length = [&b"\n\n"[..], b"\n\r\n", b"\r\r"].iter().find(|blank| after.starts_with(blank))?.len();
        Some(from + at + length)
    })
}

/// Whether a block is a document and no event around one.
fn is_document(block: &[u8]) -> bool {
    matches!(block.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// The document of an event, of a line or of a whole body.
fn data(block: &[u8]) -> Option<Vec<u8>> {
    if is_document(block) {
        return Some(block.to_vec());
    }
    let lines = block.split(|b| matches!(b, b'\n' | b'\r'));
    let lines: Vec<&[u8]> = lines.filter_map(|line| line.strip_prefix(b"data:")).collect();
    (!lines.is_empty()).then(|| lines.join(&b'\n'))
}

/// Every text of a document with its place, in which the numbers of lists do not count.
fn each_text(value: &mut Value, place: &mut String, each: &mut impl FnMut(&str, &mut String)) {
    let length = place.len();
    match value {
        Value::String(text) => each(place, text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, place, each)),
        Value::Object(members) => {
            for (name, item) in members {
                place.push('/');
                place.push_str(name);
                each_text(item, place, each);
                place.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
