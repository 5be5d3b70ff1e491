//! A JSON Schema cut down to what a vendor takes. What is dropped here (ranges, lengths) is checked by the caller on
//! the answer, against the schema as it was written.

mod response;

use serde_json::{Map, Value};

/// Formats that both vendors know; others, such as schemars' `uint32`, are left out.
const FORMATS: &[&str] = &["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

const ANTHROPIC: &[&str] = &[
    "$defs",
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "minItems",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
];

const GEMINI: &[&str] = &[
    "$anchor",
    "$defs",
    "$id",
    "$ref",
    "additionalProperties",
    "anyOf",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maximum",
    "minItems",
    "minimum",
    "oneOf",
    "prefixItems",
    "properties",
    "propertyOrdering",
    "required",
    "title",
    "type",
];

const OPENAI: &[&str] = &[
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "description",
    "enum",
    "items",
    "properties",
    "required",
    "title",
    "type",
];

/// The subset in Anthropic's documentation of structured output: every object is closed, `oneOf` becomes `anyOf`,
/// `minItems` is 0 or 1.
pub(super) fn for_anthropic(schema: &Value) -> Value {
    walk(schema, Dialect::Anthropic)
}

/// The keywords of `responseJsonSchema` in Google's documentation; `const` becomes an `enum` of one.
pub(super) fn for_gemini(schema: &Value) -> Value {
    walk(schema, Dialect::Gemini)
}

/// What OpenAI's documentation of structured output asks of a strict schema: every object is closed and requires all of its
/// properties, `oneOf` becomes `anyOf`, `const` an `enum` of one, and nothing stands beside a `$ref`. A property that was
/// optional keeps its type, so that what is answered is also sound by the schema as it was written.
pub(super) fn for_openai(schema: &Value) -> Value {
    walk(schema, Dialect::OpenAi)
}

/// The older form of Google's, for the models that want it.
pub(super) fn for_gemini_older(schema: &Value) -> Value {
    response::of(schema)
}

/// What asks for a schema in words, of a model that cannot be held to one.
pub(super) fn in_words(schema: &Value) -> String {
    format!("\n\nAnswer with one JSON document and nothing else. It must follow this JSON Schema:\n{schema}")
}

#[derive(Clone, Copy)]
enum Dialect {
    Anthropic,
    Gemini,
    OpenAi,
}

fn walk(schema: &Value, dialect: Dialect) -> Value {
    // A schema may also be `true` or `false`.
    let Some(members) = schema.as_object() else { return schema.clone() };
    let mut out = Map::new();
    for (word, value) in members {
        // Whatever is below is copied once, where it ends.
        let (word, becomes) = match (dialect, word.as_str()) {
            (Dialect::Anthropic | Dialect::OpenAi, "oneOf") => ("anyOf", None),
            (Dialect::Gemini | Dialect::OpenAi, "const") => ("enum", Some(Value::Array(vec![value.clone()]))),
            (_, word) => (word, None),
        };
        let known = match dialect {
            Dialect::Anthropic => ANTHROPIC,
            Dialect::Gemini => GEMINI,
            Dialect::OpenAi => OPENAI,
        };
        if known.contains(&word) && fits(word, value, dialect) {
            out.insert(word.to_owned(), becomes.unwrap_or_else(|| below(word, value, dialect)));
        }
    }
    let is_closed = is_object(&out) || out.contains_key("properties");
    match dialect {
        Dialect::Anthropic if is_closed => {
            out.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
        Dialect::OpenAi => {
            if let Some(reference) = out.remove("$ref") {
                // The definitions of the root are needed by what it refers to.
                out.retain(|word, _| word == "$defs");
                out.insert("$ref".to_owned(), reference);
            } else if is_closed {
                let properties = out.get("properties").and_then(Value::as_object);
                let all: Vec<Value> = properties.into_iter().flat_map(Map::keys).cloned().map(Value::String).collect();
                out.insert("required".to_owned(), all.into());
                out.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        Dialect::Anthropic | Dialect::Gemini => {}
    }
    Value::Object(out)
}

fn fits(word: &str, value: &Value, dialect: Dialect) -> bool {
    match (word, dialect) {
        ("format", _) => value.as_str().is_some_and(|format| FORMATS.contains(&format)),
        ("minItems", Dialect::Anthropic) => value.as_u64().is_some_and(|least| least <= 1),
        _ => true,
    }
}

/// The value of a keyword, with the schemas in it walked. Names of properties are not keywords.
fn below(word: &str, value: &Value, dialect: Dialect) -> Value {
    match (word, value) {
        ("properties" | "$defs", Value::Object(members)) => {
            members.iter().map(|(name, schema)| (name.clone(), walk(schema, dialect))).collect::<Map<_, _>>().into()
        }
        ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
            schemas.iter().map(|schema| walk(schema, dialect)).collect::<Vec<_>>().into()
        }
        ("items" | "additionalProperties", schema) => walk(schema, dialect),
        (_, value) => value.clone(),
    }
}

fn is_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == "object",
        Some(Value::Array(several)) => several.iter().any(|one| one == "object"),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written() -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Report",
            "type": "object",
            "properties": {
                "maximum": {"type": "integer", "format": "uint8", "minimum": 0, "maximum": 10},
                "when": {"type": "string", "format": "date", "minLength": 1},
                "kind": {"oneOf": [{"const": "a", "type": "string"}, {"$ref": "#/$defs/Part"}]},
                "parts": {"type": "array", "minItems": 3, "maxItems": 9, "items": {"$ref": "#/$defs/Part"}}
            },
            "required": ["maximum"],
            "$defs": {"Part": {"type": ["object", "null"], "properties": {"pattern": {"type": "string", "pattern": "^L\\d+$"}}}}
        })
    }

    #[test]
    fn anthropic_gets_closed_objects_and_no_ranges() {
        let expected = json!({
            "title": "Report",
            "type": "object",
            "properties": {
                "maximum": {"type": "integer"},
                "when": {"type": "string", "format": "date"},
                "kind": {"anyOf": [{"const": "a", "type": "string"}, {"$ref": "#/$defs/Part"}]},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}}
            },
            "required": ["maximum"],
            "$defs": {"Part": {"type": ["object", "null"],
                "properties": {"pattern": {"type": "string", "pattern": "^L\\d+$"}}, "additionalProperties": false}},
            "additionalProperties": false
        });
        assert_eq!(for_anthropic(&written()), expected);
        assert_eq!(for_anthropic(&expected), expected, "what fits is left alone");
    }

    #[test]
    fn gemini_keeps_ranges_and_loses_patterns() {
        let expected = json!({
            "title": "Report",
            "type": "object",
            "properties": {
                "maximum": {"type": "integer", "minimum": 0, "maximum": 10},
                "when": {"type": "string", "format": "date"},
                "kind": {"oneOf": [{"enum": ["a"], "type": "string"}, {"$ref": "#/$defs/Part"}]},
                "parts": {"type": "array", "minItems": 3, "maxItems": 9, "items": {"$ref": "#/$defs/Part"}}
            },
            "required": ["maximum"],
            "$defs": {"Part": {"type": ["object", "null"], "properties": {"pattern": {"type": "string"}}}}
        });
        assert_eq!(for_gemini(&written()), expected);
    }

    #[test]
    fn openai_gets_closed_objects_that_require_every_property_and_bare_references() {
        let mut asked = written();
        asked["properties"]["kind"] = json!({"$ref": "#/$defs/Part", "description": "of the part"});
        asked["properties"]["either"] = json!({"oneOf": [{"const": "a"}, {"type": "null"}]});
        let expected = json!({
            "title": "Report",
            "type": "object",
            "properties": {
                "maximum": {"type": "integer"},
                "when": {"type": "string"},
                "kind": {"$ref": "#/$defs/Part"},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
                "either": {"anyOf": [{"enum": ["a"]}, {"type": "null"}]}
            },
            "required": ["maximum", "when", "kind", "parts", "either"],
            "$defs": {"Part": {"type": ["object", "null"], "properties": {"pattern": {"type": "string"}},
                "required": ["pattern"], "additionalProperties": false}},
            "additionalProperties": false
        });
        assert_eq!(for_openai(&asked), expected);
        assert_eq!(for_openai(&expected), expected, "what fits is left alone");
    }
}
