//! Answers written out at a pace, and the bill at their end.
//!
//! An answer counts as whole when its last bytes are handed over: one that a client has read is always billed, and one
//! that a client had to leave may be. That is what a real provider does.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use futures_util::stream;

use super::state::Studio;
use crate::rehearsal::author::Dice;
use crate::rehearsal::limits::Entered;
use crate::rehearsal::meter::{Call, Ending, Used};

/// Long enough for what was handed over to reach the client's side of a loopback connection.
const FLUSHED: Duration = Duration::from_millis(10);

/// Some bytes of an answer, and how long to wait before them.
#[derive(Debug)]
pub(super) struct Piece {
    wait: Duration,
    bytes: Vec<u8>,
}

/// An answer on its way out.
#[derive(Debug)]
pub(super) struct Paced {
    pieces: Vec<Piece>,
    /// The connection breaks after the last piece.
    breaks: bool,
    /// Whether the last piece is the end that the answer should have.
    ending: Ending,
}

impl Paced {
    /// Chunks spread over a time, split at places that pay no heed to what they split.
    pub(super) fn over(chunks: Vec<Vec<u8>>, first: Duration, rest: Duration, dice: &mut Dice) -> Self {
        let steps = u32::try_from(chunks.len().saturating_sub(1)).unwrap_or(u32::MAX).max(1);
        let mut carried: Vec<u8> = Vec::new();
        let count = chunks.len();
        let mut pieces = Vec::with_capacity(count);
        for (nth, chunk) in chunks.into_iter().enumerate() {
            let mut bytes = std::mem::take(&mut carried);
            bytes.extend(chunk);
            if nth + 1 < count {
                carried = bytes.split_off(bytes.len().saturating_sub(dice.below(6)));
            }
            pieces.push(Piece { wait: if nth == 0 { first } else { rest / steps }, bytes });
        }
        Self { pieces, breaks: false, ending: Ending::Whole }
    }

    /// The first bytes alone, then a broken connection.
    pub(super) fn broken_after(mut self, bytes: usize) -> Self {
        let mut left = bytes;
        self.pieces.retain_mut(|piece| {
            piece.bytes.truncate(left);
            left -= piece.bytes.len();
            !piece.bytes.is_empty()
        });
        self.breaks = true;
        self.ending = Ending::Cut;
        self
    }

    /// The same bytes, known to lack their proper end: they are billed as what was cut.
    pub(super) fn unfinished(mut self) -> Self {
        self.ending = Ending::Cut;
        self
    }

    /// The same bytes in pieces of one to three, so that no character is safe.
    pub(super) fn shredded(mut self) -> Self {
        let pieces = std::mem::take(&mut self.pieces).into_iter().flat_map(|piece| {
            let mut wait = piece.wait;
            let mut size = 0;
            let mut shreds = Vec::new();
            let mut rest = piece.bytes.as_slice();
            while !rest.is_empty() {
                size = size % 3 + 1;
                let (head, tail) = rest.split_at(size.min(rest.len()));
                shreds.push(Piece { wait: std::mem::take(&mut wait), bytes: head.to_vec() });
                rest = tail;
            }
            shreds
        });
        self.pieces = pieces.collect();
        self
    }

    /// All bytes.
    pub(super) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.bytes.len()).sum()
    }

    /// The body. The bill is written as the last piece is handed over, and the place is held until then.
    pub(super) fn body(self, studio: Arc<Studio>, call: Call, used: Used, held: Entered) -> Body {
        let (breaks, ending) = (self.breaks, self.ending);
        let mut held = Some(held);
        let mut left = self.pieces.len();
        let pieces = self.pieces.into_iter().map(Ok).chain(breaks.then_some(Err(())));
        let start = (pieces, studio, call);
        Body::from_stream(stream::unfold(start, move |(mut pieces, studio, call)| {
            let next = pieces.next();
            left = left.saturating_sub(1);
            let is_last = left == 0;
            let place = if is_last { held.take() } else { None };
            async move {
                let piece = match next? {
                    Ok(piece) => piece,
                    Err(()) => {
                        // What was handed over goes out first; a connection that breaks at once has sent nothing.
                        tokio::time::sleep(FLUSHED).await;
                        let broken = io::Error::new(io::ErrorKind::ConnectionReset, "a rehearsed break");
                        return Some((Err(broken), (pieces, studio, call)));
                    }
                };
                studio.pause(piece.wait).await;
                if is_last {
                    studio.meter.bill(&call, used, ending);
                }
                drop(place);
                Some((Ok(Bytes::from(piece.bytes)), (pieces, studio, call)))
            }
        }))
    }
}

/// A body that is there at once and costs nothing, such as an error's.
pub(super) fn free(text: String) -> Body {
    Body::from_stream(stream::once(async move { Ok::<_, Infallible>(Bytes::from(text)) }))
}

/// Puts a header on an answer; one that cannot be a header is left out.
pub(super) fn put(response: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        response.headers_mut().insert(name, value);
    }
}

/// A text in chunks of about equal size that together take `over`, one every 50 milliseconds or so.
pub(super) fn chunks(text: &str, over: Duration) -> Vec<&str> {
    let wanted = usize::try_from(over.as_millis() / 50).unwrap_or(usize::MAX).max(text.len() / 2_048).max(1);
    let size = text.len().div_ceil(wanted).max(1);
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = (size.min(rest.len())..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (head, tail) = rest.split_at(end);
        found.push(head);
        rest = tail;
    }
    found
}
