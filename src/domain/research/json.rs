//! A research package in JSON of any shape: every text that reads as a statement, with the path it stood at.
//!
//! Not for schemas: there is none to hold the package to.

use serde_json::Value;

use super::{Passage, Research, ResearchError, Source, plain};

/// Fewer words than this are a label, not a statement.
const STATEMENT_WORDS: usize = 4;

/// Reads the JSON; its parser bounds the depth, so that hostile nesting is an error and no overflow.
pub(super) fn read(text: &str) -> Result<Research, ResearchError> {
    let value: Value = serde_json::from_str(text).map_err(|error| ResearchError::Json {
        line: error.line(),
        column: error.column(),
        message: plain(&error.to_string()),
    })?;
    let member = |name: &str| value.get(name).and_then(Value::as_str).map(plain);
    let topic = member("research_topic").or_else(|| member("topic")).or_else(|| member("title")).unwrap_or_default();
    let mut research = Research { topic, ..Research::default() };
    gather(&value, String::new(), &mut research);
    Ok(research)
}

fn gather(value: &Value, path: String, research: &mut Research) {
    match value {
        Value::String(text) => keep(&plain(text), path, research),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                gather(item, format!("{path}[{index}]"), research);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { plain(name) } else { format!("{path}.{}", plain(name)) };
                gather(member, path, research);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn keep(text: &str, path: String, research: &mut Research) {
    if text.starts_with("https://") || text.starts_with("http://") {
        if research.sources.iter().all(|source| source.text != text) {
            let number = u32::try_from(research.sources.len() + 1).unwrap_or(u32::MAX);
            research.sources.push(Source { number, text: text.to_owned() });
        }
    } else if text.split_whitespace().count() >= STATEMENT_WORDS && text != research.topic {
        research.passages.push(Passage {
            id: String::new(),
            place: path,
            line: 0,
            text: text.to_owned(),
            cites: vec![],
        });
    }
}
