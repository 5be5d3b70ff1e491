//! A JSON Schema as Google's `responseSchema`, which is older: the names of types are in upper case, `null` is a member of its own,
//! there are no definitions, and an `enum` is of texts. Facts from Google's Python client 3.4.0, as of November 2026.

use serde_json::{Map, Value, json};

/// Members that are taken as they are.
const KEPT: [&str; 6] = ["title", "description", "minItems", "maxItems", "minimum", "maximum"];

/// The schema in the older form. One that holds itself is any object at its second place.
pub(super) fn of(schema: &Value) -> Value {
    let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut out = Map::new();
    walk(schema, &definitions, &[], &mut out);
    Value::Object(out)
}

/// `above` names the definitions that are being filled in.
fn walk(schema: &Value, definitions: &Map<String, Value>, above: &[&str], out: &mut Map<String, Value>) {
    let whole = |schema: &Value| {
        let mut out = Map::new();
        walk(schema, definitions, above, &mut out);
        Value::Object(out)
    };
    let Some(members) = schema.as_object() else {
        out.insert("type".to_owned(), "OBJECT".into());
        return;
    };
    if let Some(name) = members.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/")) {
        match definitions.get(name).filter(|_| !above.contains(&name)) {
            Some(definition) => walk(definition, definitions, &[above, &[name]].concat(), out),
            None => walk(&Value::Null, definitions, above, out),
        }
    }
    match members.get("type") {
        Some(Value::String(one)) => named(one, out),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).for_each(|one| named(one, out)),
        Some(_) | None => {}
    }
    let choices = members.get("anyOf").or_else(|| members.get("oneOf")).and_then(Value::as_array);
    if let Some(choices) = choices {
        let is_null = |choice: &&Value| choice.get("type").and_then(Value::as_str) == Some("null");
        let others: Vec<&Value> = choices.iter().filter(|choice| !is_null(choice)).collect();
        if others.len() < choices.len() {
            out.insert("nullable".to_owned(), true.into());
        }
        match others.as_slice() {
            [one] => walk(one, definitions, above, out),
            several => {
                let several: Vec<Value> = several.iter().map(|choice| whole(choice)).collect();
                out.insert("anyOf".to_owned(), several.into());
            }
        }
    }
    if let Some(properties) = members.get("properties").and_then(Value::as_object) {
        let order: Vec<Value> = properties.keys().cloned().map(Value::String).collect();
        let walked: Map<String, Value> =
            properties.iter().map(|(name, schema)| (name.clone(), whole(schema))).collect();
        out.insert("type".to_owned(), "OBJECT".into());
        out.insert("properties".to_owned(), walked.into());
        out.insert("propertyOrdering".to_owned(), order.into());
        if let Some(required) = members.get("required") {
            out.insert("required".to_owned(), required.clone());
        }
    }
    if let Some(items) = members.get("items") {
        out.insert("items".to_owned(), whole(items));
    }
    let values = members.get("const").map(|one| vec![one.clone()]);
    let values = members.get("enum").and_then(Value::as_array).cloned().or(values);
    if let Some(texts) = values.filter(|values| values.iter().all(Value::is_string)) {
        out.entry("type").or_insert(json!("STRING"));
        out.insert("enum".to_owned(), texts.into());
    }
    for word in KEPT {
        if let Some(value) = members.get(word) {
            out.insert(word.to_owned(), value.clone());
        }
    }
}

fn named(name: &str, out: &mut Map<String, Value>) {
    match name {
        "null" => out.insert("nullable".to_owned(), true.into()),
        other => out.insert("type".to_owned(), other.to_ascii_uppercase().into()),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_in_upper_case_and_references_are_filled_in() {
        let written = json!({
            "title": "Report", "type": "object", "additionalProperties": false,
            "properties": {
                "score": {"type": "integer", "minimum": 0, "maximum": 10, "format": "uint8"},
                "note": {"type": ["string", "null"], "minLength": 1},
                "kind": {"oneOf": [{"const": "a"}, {"const": "b"}]},
                "parts": {"type": "array", "maxItems": 9, "items": {"$ref": "#/$defs/Part"}},
                "part": {"anyOf": [{"$ref": "#/$defs/Part"}, {"type": "null"}], "description": "of it"},
            },
            "required": ["score"],
            "$defs": {"Part": {"type": "object", "properties": {"level": {"enum": ["low", "high"]}}}},
        });
        let part = json!({
            "type": "OBJECT", "properties": {"level": {"type": "STRING", "enum": ["low", "high"]}},
            "propertyOrdering": ["level"],
        });
        let mut described = part.clone();
        described["nullable"] = json!(true);
        described["description"] = json!("of it");
        let expected = json!({
            "title": "Report", "type": "OBJECT",
            "properties": {
                "score": {"type": "INTEGER", "minimum": 0, "maximum": 10},
                "note": {"type": "STRING", "nullable": true},
                "kind": {"anyOf": [{"type": "STRING", "enum": ["a"]}, {"type": "STRING", "enum": ["b"]}]},
                "parts": {"type": "ARRAY", "maxItems": 9, "items": part},
                "part": described,
            },
            "propertyOrdering": ["score", "note", "kind", "parts", "part"],
            "required": ["score"],
        });
        assert_eq!(of(&written), expected);
    }

    #[test]
    fn a_schema_that_holds_itself_comes_to_an_end() {
        let written = json!({
            "$ref": "#/$defs/Tree",
            "$defs": {"Tree": {"type": "object", "properties": {
                "left": {"$ref": "#/$defs/Tree"}, "right": {"$ref": "#/$defs/Tree"}, "lost": {"$ref": "#/$defs/No"}}}},
        });
        let any = json!({"type": "OBJECT"});
        let expected = json!({"type": "OBJECT", "properties": {"left": any, "right": any, "lost": any},
            "propertyOrdering": ["left", "right", "lost"]});
        assert_eq!(of(&written), expected);
    }
}
