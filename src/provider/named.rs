//! The name that an answer gives itself, wherever a vendor writes it: for logs and spans alone.
//!
//! It is looked for at the start of the body, so that a long answer is not read a second time. Not for the name of the
//! exchange, which stands in a header.

use serde_json::Value;

use super::error::token;
use super::sse::Reader;

/// How much of a body is looked at, in bytes.
const LOOKED_AT: usize = 64 * 1024;

/// Where the vendors keep it: OpenAI's form and whole answers at the top, Anthropic's under its first event, Gemini's under
/// a name of its own, Perplexity's under its first event.
const PLACES: [&str; 4] = ["/message/id", "/response/id", "/responseId", "/id"];

/// The answer's own id; `None` where it has none that looks like one.
pub fn answer_id(body: &[u8]) -> Option<String> {
    let start = body.get(..LOOKED_AT).unwrap_or(body);
    if start.trim_ascii_start().first() == Some(&b'{') {
        return of(&serde_json::from_slice(body).ok()?);
    }
    let mut found = None;
    let mut reader = Reader::default();
    // An event that is too long ends the reading; what was found before it stays.
    let _ = reader.push(start, |event| {
        if found.is_none() {
            found = serde_json::from_str(&event.data).ok().as_ref().and_then(of);
        }
    });
    found
}

fn of(value: &Value) -> Option<String> {
    PLACES.into_iter().find_map(|place| value.pointer(place)?.as_str().and_then(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_id_is_found_in_every_vendors_place() {
        let table = [
            (
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01\"}}\n\n",
                Some("msg_01"),
            ),
            (
                ": hello\n\ndata: {\"id\":\"chatcmpl-1\",\"choices\":[]}\n\ndata: {\"id\":\"chatcmpl-2\"}\n\n",
                Some("chatcmpl-1"),
            ),
            ("data: {\"candidates\":[],\"responseId\":\"r1\"}\r\n\r\n", Some("r1")),
            ("data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n", Some("resp_1")),
            ("{\"candidates\":[],\"responseId\":\"abc123\"}", Some("abc123")),
            ("{\"id\":\"two words\"}", None),
            ("{\"id\":7}", None),
            ("{\"audio_base64\":\"AAAA\"}", None),
            ("data: [DONE]\n\n", None),
            ("", None),
        ];
        for (body, expected) in table {
            assert_eq!(answer_id(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }
}
