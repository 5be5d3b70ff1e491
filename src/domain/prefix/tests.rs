//! What is cut, and that nothing is cut which could still become valid.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::domain::handoff::Contract;

fn schema() -> Value {
    json!({
        "$defs": {"verdict": {"enum": ["upheld", "not_upheld"]}},
        "type": "object",
        "additionalProperties": false,
        "required": ["title", "list"],
        "properties": {
            "title": {"type": "string"},
            "list": {"type": "array", "items": {"type": "integer"}},
            "kind": {"type": "string", "enum": ["intro", "interview", "in\"side"]},
            "verdict": {"$ref": "#/$defs/verdict"},
            "maybe": {"anyOf": [{"type": "object", "additionalProperties": false, "properties": {"a": {}}}, {"type": "null"}]},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "free": {"allOf": [{"type": "string"}]}
        }
    })
}

/// How many characters are taken before it is known that the document is beyond repair, and why.
fn cut(schema: &Value, text: &str) -> Option<(usize, String)> {
    let mut prefix = Prefix::new(schema);
    let mut each = text.chars().enumerate();
    each.find_map(|(at, c)| prefix.push(&c.to_string()).err().map(|why| (at + 1, why)))
}

#[test]
fn what_is_beyond_repair_is_cut_at_the_character_that_says_so() {
    let table = [
        ("Here is the JSON:", 1, "text stands before the JSON"),
        ("```json\n{", 1, "code fence"),
        (" [", 2, "another kind of value"),
        ("\"title\"", 1, "another kind of value"),
        ("{\"titel\":", 8, "the schema does not know this key"),
        ("{\"title\":7", 10, "/title: the schema has another kind of value here"),
        ("{\"title\":null", 10, "/title: the schema has another kind of value here"),
        ("{\"list\":[1,\"2\"", 12, "/list/1: the schema has another kind of value here"),
        ("{\"kind\":\"inner", 12, "/kind: this value is none of those"),
        ("{\"kind\":\"inter\"", 15, "/kind: this value is none of those"),
        ("{\"kind\":\"in\\\"x\"", 15, "/kind: this value is none of those"),
        ("{\"verdict\":\"Upheld\"", 13, "/verdict: this value is none of those"),
        ("{\"maybe\":{\"b\":", 13, "/maybe/b: the schema does not know this key"),
        ("{\"map\":{\"x\":[", 13, "/map/x: the schema has another kind of value here"),
        ("{\"title\":\"a\" \"b", 14, "a comma or an end"),
        ("{\"title\":\"a\",}", 14, "a key in quotes"),
        ("{\"list\":[1,]", 12, "/list/1: this is no JSON value"),
        ("{\"list\":[01", 11, "a comma or an end"),
        ("{\"list\":[1.x", 12, "this is no number"),
        ("{\"list\":[tru3", 10, "another kind"),
        ("{\"title\":\"a\nb", 12, "a control character"),
        ("{\"title\":\"\\x", 12, "an escape"),
        ("{\"title\":\"a\"}. Done", 14, "text stands behind the end"),
        ("{\"title\":\"a\"} {", 15, "text stands behind the end"),
    ];
    for (text, at, why) in table {
        let (found, said) = cut(&schema(), text).unwrap_or_else(|| panic!("{text} goes on"));
        assert!(found == at && said.contains(why), "{text}: after {found}: {said}");
    }
}

#[test]
fn what_could_still_be_mended_or_is_not_understood_goes_on() {
    for text in [
        "",
        " \n{",
        // What is missing is for the end to say.
        "{}",
        "{\"title\":\"a\"}\n\n ",
        "{\"kind\":\"inter",
        "{\"kind\":\"in\\u0074ro\"",
        "{\"kind\":\"in\\\"side\"",
        "{\"verdict\":\"upheld\",\"maybe\":null,\"map\":{\"any key\":\"x\"}",
        "{\"maybe\":{\"a\":[{\"deep\":true}]}",
        "{\"free\":[1]",
        "{\"list\":[-0.5e+7 , 0]",
        // A model that writes its thoughts first.
        "<think>I should answer {\"x\"",
    ] {
        assert_eq!(cut(&schema(), text), None, "{text}");
    }
    let circle = json!({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}}});
    assert_eq!(cut(&circle, "{\"x\":1}"), None);
    assert_eq!(cut(&json!(true), "[[[{\"x\":1}]]]"), None);
    let deep = "[".repeat(DEEPEST + 1);
    assert_eq!(cut(&json!(true), &deep).map(|(at, _)| at), Some(DEEPEST + 1));
}

#[test]
fn what_is_said_of_a_broken_document_stays_said() {
    let mut prefix = Prefix::new(&schema());
    let first = prefix.push("no").unwrap_err();
    assert_eq!(prefix.push("{}").unwrap_err(), first);
}

/// A value that a schema admits, drawn by these bytes.
fn drawn(schema: &Value, root: &Value, dice: &mut impl FnMut(usize) -> usize, depth: usize) -> Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return drawn(root.pointer(&reference[1..]).unwrap(), root, dice, depth + 1);
    }
    for word in ["anyOf", "oneOf", "enum"] {
        if let Some(list) = schema.get(word).and_then(Value::as_array) {
            let at = if depth > 12 { list.len() - 1 } else { dice(list.len()) };
            return if word == "enum" { list[at].clone() } else { drawn(&list[at], root, dice, depth + 1) };
        }
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds[dice(kinds.len())].as_str().unwrap().to_owned(),
        Some(kind) => kind.as_str().unwrap().to_owned(),
        None => "string".to_owned(),
    };
    match kind.as_str() {
        "null" => Value::Null,
        "boolean" => (dice(2) == 0).into(),
        "integer" => dice(10_000).into(),
        "number" => json!(dice(10_000) as f64 / 8.0),
        "array" => {
            let count = if depth > 12 { 0 } else { dice(3) };
            let items = schema.get("items").cloned().unwrap_or(json!({}));
            (0..count).map(|_| drawn(&items, root, dice, depth + 1)).collect()
        }
        "object" => {
            let mut members = Map::new();
            let required: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            for (key, below) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if required.contains(&key.as_str()) || (depth <= 12 && dice(2) == 0) {
                    members.insert(key.clone(), drawn(below, root, dice, depth + 1));
                }
            }
            if let Some(below) = schema.get("additionalProperties").filter(|below| below.is_object()) {
                members.insert("any \"key\"".to_owned(), drawn(below, root, dice, depth + 1));
            }
            Value::Object(members)
        }
        _ => ["", "plain", "né \u{1f600}", "\"quoted\" \\ \u{7}\n", "{\"not\": a document}"][dice(5)].into(),
    }
}

const CONTRACTS: [Contract; 19] = [
    Contract::Brief,
    Contract::Plan,
    Contract::Draft,
    Contract::Judgement,
    Contract::Arbitration,
    Contract::Preference,
    Contract::Review,
    Contract::Fixes,
    Contract::Revision,
    Contract::SpeechText,
    Contract::ShowNotes,
    Contract::ArtworkBrief,
    Contract::Promotion,
    Contract::Turn,
    Contract::Selection,
    Contract::Angle,
    Contract::ResearchNotes,
    Contract::Routing,
    Contract::Research,
];

#[test]
fn every_object_of_a_contract_is_closed_so_that_an_unknown_key_can_be_told() {
    fn check(contract: Contract, schema: &Value) {
        if let Some(members) = schema.as_object() {
            if members.contains_key("properties") {
                assert_eq!(schema["additionalProperties"], json!(false), "{}: {schema}", contract.name());
            }
            members.values().for_each(|below| check(contract, below));
        }
        schema.as_array().into_iter().flatten().for_each(|below| check(contract, below));
    }
    for contract in CONTRACTS {
        check(contract, &contract.schema().unwrap().to_value());
    }
}

proptest! {
    #[test]
    fn no_beginning_of_a_document_that_its_contract_admits_is_ever_cut(
        contract in prop::sample::select(CONTRACTS.to_vec()),
        bytes in prop::collection::vec(any::<u8>(), 1..200),
        is_pretty in any::<bool>(),
    ) {
        let schema = contract.schema().unwrap().to_value();
        let mut at = 0;
        let mut dice = |sides: usize| {
            at += 1;
            usize::from(bytes[at % bytes.len()]) % sides
        };
        let document = drawn(&schema, &schema, &mut dice, 0);
        let text = if is_pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
        prop_assert_eq!(cut(&schema, &text), None, "{}", text);
        prop_assert_eq!(Prefix::new(&schema).push(&text), Ok(()));
    }

    #[test]
    fn whatever_serde_reads_is_not_cut_and_nothing_panics(text in "[\\[\\]{}\",:0-9eE.+\\\\ntu -]{0,40}|\\PC{0,40}") {
        let any = json!(true);
        let found = cut(&any, &text);
        if serde_json::from_str::<Value>(&text).is_ok() {
            prop_assert_eq!(found, None);
        }
        let _ = cut(&schema(), &text);
    }
}
