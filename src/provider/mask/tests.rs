//! Keys in every spelling, cut anywhere, alone and beside one another; and what a mask must leave as it is.

use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

const KEY: &str = "gr/key+7f3a\"9c==";
const OTHER: &str = "xi-0123456789-abcdef";

fn once(key: &str, text: &str) -> String {
    Mask::new([key]).text(text)
}

/// How a key's character may be written; the number chooses.
fn spelled(c: char, how: u8) -> String {
    let code = u32::from(c);
    match how % 9 {
        0 => c.to_string(),
        1 => format!("\\u{code:04x}"),
        2 => format!("\\u{code:04X}"),
        3 => format!("\\\\u{code:04x}"),
        4 => format!("%{code:02x}"),
        5 => format!("%25{code:02X}"),
        6 => format!("&#{code};"),
        7 => format!("&#x{code:x};"),
        // An escape of an address whose characters are escaped as JSON's.
        _ => format!("%{code:02x}").chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect(),
    }
}

#[test]
fn every_spelling_is_found_and_the_length_stays() {
    let spellings = [
        KEY.to_owned(),
        serde_json::to_string(KEY).unwrap(),
        serde_json::to_string(&serde_json::to_string(KEY).unwrap()).unwrap(),
        serde_json::to_string(KEY).unwrap().replace('/', "\\/"),
        "gr%2Fkey%2B7f3a%229c%3D%3D".to_owned(),
        "gr%2fkey%2b7f3a%229c%3d%3d".to_owned(),
        "gr&sol;key&plus;7f3a&quot;9c&equals;=".to_owned(),
        KEY.to_uppercase(),
        KEY.bytes().map(|b| format!("{b:02X}")).collect(),
        KEY.chars().map(|c| format!("{c}\0")).collect(),
        KEY.chars().map(|c| format!("\\u{:04x}", u32::from(c) + 0xfee0)).collect(),
    ];
    for spelling in spellings {
        let text = format!("a {spelling} b");
        let masked = once(KEY, &text);
        assert_eq!(masked.len(), text.len());
        let left = masked.to_lowercase();
        assert!(!left.contains("7f3a") && !left.contains("00") && !left.contains("3766"), "{spelling}: {masked}");
        assert!(masked.starts_with("a ") && masked.ends_with(" b"), "{masked}");
    }
}

#[test]
fn what_is_no_secret_stays() {
    assert_eq!(once("short", "a short text"), "a short text");
    assert_eq!(once("ollama", "an ollama server"), "an ollama server", "a word that small servers take for a key");
    assert_eq!(Mask::new([]).text("nothing is known"), "nothing is known");
    let text = r#"{"text":"C:\\new\\u0041 100 %25 &amp; \"gr/key+7\" x"}"#;
    assert_eq!(once(KEY, text), text);
}

#[test]
fn all_known_keys_are_masked() {
    let masked = Mask::new([KEY, OTHER]).text(&format!("{KEY} and {OTHER}"));
    assert_eq!(masked, format!("{} and {}", "*".repeat(KEY.len()), "*".repeat(OTHER.len())));
}

/// A stream of a model's text in pieces of so many characters, with other events between them.
fn stream(text: &str, size: usize) -> String {
    let pieces: Vec<char> = text.chars().collect();
    let events = pieces.chunks(size).enumerate().map(|(n, piece)| {
        let text = serde_json::to_string(&piece.iter().collect::<String>()).unwrap();
        let other = if n % 2 == 0 { "event: ping\ndata: {\"type\":\"ping\"}\n\n" } else { ": wait\n\n" };
        let delta =
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":{text}}}}}"#);
        format!("event: content_block_delta\ndata: {delta}\n\n{other}")
    });
    events.collect()
}

/// The text of such a stream.
fn read(stream: &[u8]) -> String {
    let stream = String::from_utf8(stream.to_vec()).unwrap();
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let text = |data: &str| {
        let event: Value = serde_json::from_str(data).unwrap();
        event["delta"]["text"].as_str().unwrap_or_default().to_owned()
    };
    data.map(text).collect()
}

fn in_pieces(mask: Mask, text: &[u8], cut: usize) -> Vec<u8> {
    let mut masking = Masking::new(mask, true);
    let mut out: Vec<u8> = text.chunks(cut).flat_map(|piece| masking.push(piece)).collect();
    out.extend(masking.finish());
    out
}

#[test]
fn a_key_in_deltas_is_masked_while_they_arrive_and_in_the_whole() {
    let text = format!("It is {KEY}, or {} \u{e9}.", STANDARD.encode(KEY));
    for size in 1..12 {
        let stream = stream(&text, size);
        let mask = Mask::new([KEY, OTHER]);
        let whole = read(&mask.body(stream.as_bytes()));
        assert!(whole.starts_with("It is ****") && whole.ends_with(" \u{e9}."), "{size}: {whole}");
        assert_eq!(whole.len(), text.len());
        assert!(!whole.contains("7f3a") && whole.matches('*').count() >= 2 * KEY.len(), "{size}: {whole}");
        for cut in [1, 7, 64, 10_000] {
            let arrived = read(&in_pieces(mask.clone(), stream.as_bytes(), cut));
            // As much as goes on before it is known what follows helps nobody.
            assert!(!arrived.contains("7f3a") && !arrived.contains("key+"), "{size} {cut}: {arrived}");
            assert_eq!(arrived.len(), text.len(), "{size} {cut}");
        }
    }
}

#[test]
fn a_stream_without_a_key_goes_on_byte_for_byte() {
    let text = "gr, gr/ke and gr/key are no keys; 1e5 and 1.0 stay. ".repeat(20);
    let stream = format!("{}data: {{\"n\":1.0e5}}\r\n\r\ndata: [DONE]\n\ndata: {{\"cut\":\"gr/key+", stream(&text, 3));
    let mask = Mask::new([KEY, OTHER]);
    let arrived = in_pieces(mask.clone(), stream.as_bytes(), 11);
    let (kept, end) = stream.split_at(stream.len() - "gr/key+".len());
    assert_eq!(String::from_utf8(arrived).unwrap(), format!("{kept}{}", "*".repeat(end.len())));
    assert_eq!(mask.body(kept.as_bytes()), kept.as_bytes());
}

#[test]
fn a_key_in_the_parts_of_one_answer_is_masked_and_the_rest_is_as_it_was() {
    let (start, end) = KEY.split_at(5);
    let body = |a: &str, b: &str| {
        serde_json::json!({"candidates": [{"content": {"parts": [{"text": a}, {"text": b}]}}], "n": 1.5}).to_string()
    };
    let masked = Mask::new([KEY]).body(body(&format!("so {start}"), &format!("{end} on")).as_bytes());
    let expected = body(&format!("so {}", "*".repeat(5)), &format!("{} on", "*".repeat(KEY.len() - 5)));
    assert_eq!(String::from_utf8(masked).unwrap(), expected);
    // The results of a batch: a document a line.
    let lines = format!("{}\n{}\n", body("one", "two"), body(start, end));
    let masked = String::from_utf8(Mask::new([KEY]).body(lines.as_bytes())).unwrap();
    assert_eq!(masked, format!("{}\n{}\n", body("one", "two"), body("*****", &"*".repeat(KEY.len() - 5))));
}

#[test]
fn a_key_that_a_cut_ends_is_masked_as_far_as_it_came() {
    let mut masking = Masking::new(Mask::new([KEY]), false);
    assert_eq!(masking.push(b"it is gr/key+7f"), b"it is ");
    assert_eq!(masking.finish(), b"*********");
}

#[test]
fn a_text_that_never_tells_how_it_goes_on_is_not_held_for_ever() {
    let mask = Mask::new([KEY]);
    let mut masking = Masking::new(mask, true);
    let mut out = masking.push(stream("gr/key+7", 8).as_bytes());
    let other = stream("", 1) + "data: {\"type\":\"ping\"}\n\n";
    for _ in 0..20_000 {
        out.extend(masking.push(other.as_bytes()));
    }
    assert!(out.len() > 100_000, "{}", out.len());
    out.extend(masking.finish());
    assert!(!read(&out).contains("key"), "{}", read(&out));
}

proptest! {
    #[test]
    fn in_base64_it_is_found_wherever_it_begins(before in ".{0,7}", after in ".{0,7}") {
        let text = STANDARD.encode(format!("{before}{KEY}{after}"));
        let masked = once(KEY, &text);
        prop_assert!(masked.matches('*').count() >= KEY.len(), "{} {}", text, masked);
    }

    #[test]
    fn any_mix_of_spellings_is_found(hows in prop::collection::vec(0_u8..9, KEY.len()), cut in 1_usize..40) {
        let spelled: String = KEY.chars().zip(&hows).map(|(c, how)| spelled(c, *how)).collect();
        let text = format!("a {spelled} b");
        let expected = format!("a {} b", "*".repeat(spelled.len()));
        prop_assert_eq!(once(KEY, &text), expected.clone());
        let mut masking = Masking::new(Mask::new([KEY]), false);
        let mut out: Vec<u8> = text.as_bytes().chunks(cut).flat_map(|piece| masking.push(piece)).collect();
        out.extend(masking.finish());
        prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn pieces_come_out_as_the_whole_does(cuts in prop::collection::vec(0usize..60, 0..6)) {
        let text = format!("one {KEY} two {KEY}{KEY} gr/key+7 three");
        let whole = once(KEY, &text);
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
        cuts.sort_unstable();
        let mut masking = Masking::new(Mask::new([KEY]), false);
        let mut out = Vec::new();
        let mut from = 0;
        for to in cuts.into_iter().chain([text.len()]) {
            out.extend(masking.push(&text.as_bytes()[from..to]));
            from = to;
        }
        out.extend(masking.finish());
        prop_assert_eq!(String::from_utf8(out).unwrap(), whole);
    }

    #[test]
    fn a_document_stays_one(text in any::<String>(), hows in prop::collection::vec(0_u8..4, KEY.len())) {
        let document = serde_json::to_string(&format!("{text}{KEY}{text}")).unwrap();
        let inner = KEY.chars().zip(hows).map(|(c, how)| if c == '"' { "\\\"".to_owned() } else { spelled(c, how) });
        let document = document.replace("gr/key+7f3a\\\"9c==", &inner.collect::<String>());
        let masked = Mask::new([KEY, OTHER]).body(document.as_bytes());
        let read: Result<String, _> = serde_json::from_slice(&masked);
        prop_assert!(read.is_ok_and(|read| !read.contains("7f3a")), "{}", document);
    }

    #[test]
    fn any_bytes_are_survived(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..16)) {
        let mut masking = Masking::new(Mask::new([KEY, OTHER]), true);
        for part in &parts {
            let _ = masking.push(part);
        }
        let _ = masking.finish();
        let _ = Mask::new([KEY]).body(&parts.concat());
    }
}
