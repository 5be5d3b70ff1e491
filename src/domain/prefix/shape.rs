//! A JSON Schema as far as the beginning of a document can be held to it: kinds of values, known keys, listed words.
//!
//! Alternatives stay apart as numbers of a table. Every keyword that is not read only narrows what a schema admits, so leaving
//! it out is safe; `allOf`, patterns of keys and references that lead in a circle admit everything here.

use std::collections::BTreeMap;

use serde_json::Value;

/// A kind of JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Switch,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Switch,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
        }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "null" => Some(Self::Null),
            "boolean" => Some(Self::Switch),
            "number" | "integer" => Some(Self::Number),
            "string" => Some(Self::Text),
            "array" => Some(Self::List),
            "object" => Some(Self::Object),
            _ => None,
        }
    }
}

/// One alternative.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// The kinds that it admits; all where there is no list.
    kinds: Option<Vec<Kind>>,
    /// The texts that it admits; all where there is no list.
    words: Option<Vec<String>>,
    keys: BTreeMap<String, Vec<usize>>,
    /// What may stand under a key that is not among them; nothing where the object is closed.
    others: Vec<usize>,
    items: Vec<usize>,
}

impl Shape {
    /// The number of the one that admits everything.
    const ANY: usize = 0;
}

/// All alternatives of a schema, by number.
#[derive(Debug)]
pub(super) struct Shapes(Vec<Shape>);

/// A schema on its way into the table.
struct Reading<'a> {
    root: &'a Value,
    shapes: Vec<Shape>,
    /// The definitions that were read; none while one is being read.
    seen: BTreeMap<String, Option<Vec<usize>>>,
}

impl Shapes {
    /// The table of a schema, and what its document may be.
    pub(super) fn of(schema: &Value) -> (Self, Vec<usize>) {
        let any = Shape { others: vec![Shape::ANY], items: vec![Shape::ANY], ..Shape::default() };
        let mut reading = Reading { root: schema, shapes: vec![any], seen: BTreeMap::new() };
        let document = reading.read(schema);
        (Self(reading.shapes), document)
    }

    fn each<'a>(&'a self, may: &'a [usize]) -> impl Iterator<Item = (usize, &'a Shape)> {
        may.iter().filter_map(|at| self.0.get(*at).map(|shape| (*at, shape)))
    }

    /// Those that admit a kind of value.
    pub(super) fn of_kind(&self, may: &[usize], kind: Kind) -> Vec<usize> {
        let admits = |shape: &Shape| shape.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind));
        self.each(may).filter(|(_, shape)| admits(shape)).map(|(at, _)| at).collect()
    }

    /// What may stand under a key of an object that may be one of these; nothing where none of them knows it.
    pub(super) fn under(&self, may: &[usize], key: &str) -> Vec<usize> {
        let mut below: Vec<usize> =
            self.each(may).flat_map(|(_, shape)| shape.keys.get(key).unwrap_or(&shape.others)).copied().collect();
        below.sort_unstable();
        below.dedup();
        below
    }

    /// What the items of a list may be.
    pub(super) fn items(&self, may: &[usize]) -> Vec<usize> {
        let mut items: Vec<usize> = self.each(may).flat_map(|(_, shape)| &shape.items).copied().collect();
        items.sort_unstable();
        items.dedup();
        items
    }

    /// Whether a text must be one of several words.
    pub(super) fn are_words(&self, may: &[usize]) -> bool {
        self.each(may).all(|(_, shape)| shape.words.is_some())
    }

    /// Whether a text that is written so, up to here or as a whole, can be one of the words.
    pub(super) fn admit_word(&self, may: &[usize], raw: &str, is_over: bool) -> bool {
        let mut words = self.each(may).filter_map(|(_, shape)| shape.words.as_ref()).flatten();
        if is_over {
            return read(raw).is_some_and(|text| words.any(|word| *word == text));
        }
        // What an escape will mean is seen at the end.
        raw.contains('\\') || words.any(|word| word.starts_with(raw))
    }
}

impl Reading<'_> {
    fn read(&mut self, schema: &Value) -> Vec<usize> {
        let any = || vec![Shape::ANY];
        let Some(members) = schema.as_object() else { return any() };
        if members.contains_key("allOf") {
            return any();
        }
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            return self.referred(reference);
        }
        if let Some(list) = members.get("anyOf").or_else(|| members.get("oneOf")) {
            let Some(list) = list.as_array() else { return any() };
            return list.iter().flat_map(|schema| self.read(schema)).collect();
        }
        let mut shape = Shape { kinds: kinds(members.get("type")), ..Shape::default() };
        let listed = match (members.get("enum"), members.get("const")) {
            (Some(Value::Array(list)), _) => Some(list.clone()),
            (_, Some(value)) => Some(vec![value.clone()]),
            (Some(_) | None, None) => None,
        };
        if let Some(listed) = listed {
            let among = |value: &&Value| shape.kinds.as_ref().is_none_or(|kinds| kinds.contains(&Kind::of(value)));
            shape.kinds = Some(listed.iter().filter(among).map(Kind::of).collect());
            shape.words = Some(listed.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        if let Some(Value::Object(properties)) = members.get("properties") {
            for (key, below) in properties {
                let below = self.read(below);
                shape.keys.insert(key.clone(), below);
            }
        }
        shape.others = match members.get("additionalProperties") {
            Some(Value::Bool(false)) if !members.contains_key("patternProperties") => Vec::new(),
            Some(below @ Value::Object(_)) if !members.contains_key("patternProperties") => self.read(below),
            Some(_) | None => any(),
        };
        shape.items = match members.get("items") {
            Some(below) if !members.contains_key("prefixItems") => self.read(below),
            Some(_) | None => any(),
        };
        self.shapes.push(shape);
        vec![self.shapes.len() - 1]
    }

    fn referred(&mut self, reference: &str) -> Vec<usize> {
        if let Some(known) = self.seen.get(reference) {
            return known.clone().unwrap_or_else(|| vec![Shape::ANY]);
        }
        let Some(found) = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)) else {
            return vec![Shape::ANY];
        };
        self.seen.insert(reference.to_owned(), None);
        let read = self.read(found);
        self.seen.insert(reference.to_owned(), Some(read.clone()));
        read
    }
}

/// The kinds of a `type`; all where one of them is not known.
fn kinds(named: Option<&Value>) -> Option<Vec<Kind>> {
    match named? {
        Value::String(name) => Some(vec![Kind::named(name)?]),
        Value::Array(names) => names.iter().map(|name| Kind::named(name.as_str()?)).collect(),
        _ => None,
    }
}

/// The text that is meant by one that is written between quotes.
pub(super) fn read(raw: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{raw}\"")).ok()
}
