//! The part of JSON Schema that Anthropic compiles; the rest is refused (its documentation, November 2026).

use serde_json::Value;

use super::refusal::Refusal;

/// The most members that an object may leave out, all together.
const MOST_OPTIONAL: usize = 24;

/// The most members of more than one type.
const MOST_UNIONS: usize = 16;

/// Keywords that are refused.
const REFUSED: [&str; 10] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "prefixItems",
];

/// The formats that are known.
const FORMATS: [&str; 9] = ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6"];

#[derive(Default)]
struct Counted {
    optional: usize,
    unions: usize,
}

/// Refuses a schema that would not be compiled. `place` begins the message.
pub(super) fn check(schema: &Value, place: &str) -> Result<(), Refusal> {
    let mut counted = Counted::default();
    walk(schema, place, &mut counted)?;
    if counted.optional > MOST_OPTIONAL || counted.unions > MOST_UNIONS {
        return Err(Refusal::invalid("Schema is too complex for compilation."));
    }
    Ok(())
}

fn walk(schema: &Value, place: &str, counted: &mut Counted) -> Result<(), Refusal> {
    let refuse = |what: String| Err(Refusal::invalid(format!("{place}: {what}")));
    let Some(members) = schema.as_object() else { return Ok(()) };
    if let Some(keyword) = REFUSED.into_iter().find(|keyword| members.contains_key(*keyword)) {
        return refuse(format!("property '{keyword}' is not supported"));
    }
    if members.get("minItems").is_some_and(|least| !matches!(least.as_u64(), Some(0 | 1))) {
        return refuse("'minItems' must be 0 or 1".to_owned());
    }
    if let Some(format) = members.get("format").and_then(Value::as_str)
        && format != "uuid"
        && !FORMATS.contains(&format)
    {
        return refuse(format!("format '{format}' is not supported"));
    }
    if members.get("$ref").and_then(Value::as_str).is_some_and(|target| !target.starts_with("#/")) {
        return refuse("external '$ref' is not supported".to_owned());
    }
    let is_union = members.contains_key("anyOf") || members.get("type").is_some_and(Value::is_array);
    counted.unions += usize::from(is_union);
    let properties = members.get("properties").and_then(Value::as_object);
    if members.get("type").and_then(Value::as_str) == Some("object") || properties.is_some() {
        if members.get("additionalProperties") != Some(&Value::Bool(false)) {
            return refuse("For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned());
        }
        let required = members.get("required").and_then(Value::as_array).map_or(0, Vec::len);
        counted.optional += properties.map_or(0, |properties| properties.len().saturating_sub(required));
    }
    for table in ["properties", "$defs", "definitions"] {
        for (name, inner) in members.get(table).and_then(Value::as_object).into_iter().flatten() {
            walk(inner, &format!("{place}.{name}"), counted)?;
        }
    }
    for list in ["anyOf", "allOf"] {
        for inner in members.get(list).and_then(Value::as_array).into_iter().flatten() {
            walk(inner, place, counted)?;
        }
    }
    members.get("items").map_or(Ok(()), |items| walk(items, place, counted))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_compiled_is_refused_by_its_name() {
        let with = |inner: Value| json!({"type": "object", "properties": {"maximum": inner}, "required": ["maximum"], "additionalProperties": false});
        assert!(check(&with(json!({"type": "string", "format": "uuid"})), "s").is_ok(), "a member may have any name");
        for (inner, word) in [
            (json!({"type": "integer", "minimum": 1}), "minimum"),
            (json!({"type": "string", "maxLength": 4}), "maxLength"),
            (json!({"type": "array", "items": {"type": "string"}, "minItems": 2}), "minItems"),
            (json!({"type": "string", "format": "regex"}), "regex"),
            (json!({"$ref": "https://x.org/a"}), "$ref"),
            (json!({"type": "object", "properties": {}}), "additionalProperties"),
        ] {
            let refused = check(&with(inner), "s").unwrap_err();
            assert!(refused.message.contains(word), "{}", refused.message);
        }
        let many: serde_json::Map<String, Value> =
            (0..25).map(|nth| (format!("m{nth}"), json!({"type": "string"}))).collect();
        let loose = json!({"type": "object", "properties": many, "additionalProperties": false});
        assert!(check(&loose, "s").unwrap_err().message.contains("too complex"));
    }
}
