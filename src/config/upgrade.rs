//! The routes of a settings file, moved from models that are gone or going to those that follow them. Only the names of models
//! are changed: every comment, blank and other value stays as it was written.
//!
//! Pure: it reads a text and gives a text. Not for the routes that the program ships with, which its next version moves.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::models::{Models, Standing};
use super::reader::Document;
use super::role::Role;
use crate::domain::call::{Provider, Route};

/// The places of a route that name a model, or several.
const NAMES: [&str; 5] = ["model", "models", "fallback", "cheaper", "light"];

/// One name that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The role.
    pub role: Role,
    /// The key, such as `routes.writer.model`.
    pub key: String,
    /// The line of the file, from 1.
    pub line: usize,
    /// The model that is named.
    pub from: String,
    /// The model that is to be named.
    pub to: String,
    /// The day from which calls to the first one fail.
    pub retires: Date,
}

/// A file with its routes moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgraded {
    /// The text as it would be.
    pub source: String,
    /// What changes in it, by line; nothing where nothing does.
    pub changes: Vec<Change>,
    /// Names of models that are gone or going and that nothing follows, each with its key.
    pub stranded: Vec<(String, String)>,
}

/// Moves the routes of a settings file. A file that is no TOML is left alone: reading the settings tells its faults.
pub fn upgraded(file: &str, source: &str, models: &Models, on: Date) -> Upgraded {
    let document = Document::new(file, source);
    let table = document.parse();
    let mut changes = Vec::new();
    let mut stranded = Vec::new();
    let mut edits = Vec::new();
    for role in Role::ALL {
        let route = within(table.get_ref(), "routes").and_then(|routes| within(routes, role.name()));
        for name in NAMES {
            let Some(value) = route.and_then(|route| route.get(name)) else { continue };
            let key = format!("routes.{role}.{name}");
            for (text, span) in texts(value) {
                let line = document.place(&span).line;
                let mut is_moved = false;
                // One text may name several models, with commas between them.
                let parts = text.split(',').map(|part| {
                    let model = part.trim();
                    let (retires, successor) = match models.standing(model, on) {
                        Standing::Retired { on, successor } | Standing::Retiring { on, successor } => (on, successor),
                        Standing::Unknown | Standing::Living | Standing::Deprecated { .. } => return part.to_owned(),
                    };
                    let Some(successor) = successor else {
                        stranded.push((key.clone(), model.to_owned()));
                        return part.to_owned();
                    };
                    is_moved = true;
                    let (from, to) = (model.to_owned(), successor.id.clone());
                    let moved = part.replace(model, &to);
                    changes.push(Change { role: *role, key: key.clone(), line, from, to, retires });
                    moved
                });
                let moved = parts.collect::<Vec<_>>().join(",");
                if is_moved {
                    edits.push((span, format!("{moved:?}")));
                }
            }
        }
    }
    if document.finish(Some(())).is_err() {
        return Upgraded { source: source.to_owned(), changes: Vec::new(), stranded: Vec::new() };
    }
    let mut text = source.to_owned();
    // From the end, so that the places before stay where they are.
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    for (span, name) in edits {
        if text.get(span.clone()).is_some() {
            text.replace_range(span, &name);
        }
    }
    changes.sort_by_key(|change| change.line);
    Upgraded { source: text, changes, stranded }
}

/// The texts of a value that is one, or a list of them, each with its place.
fn texts<'t>(value: &'t Spanned<DeValue<'_>>) -> Vec<(&'t str, Range<usize>)> {
    let text = |value: &'t Spanned<DeValue<'_>>| value.get_ref().as_str().map(|text| (text, value.span()));
    match value.get_ref().as_array() {
        Some(items) => items.iter().filter_map(text).collect(),
        None => text(value).into_iter().collect(),
    }
}

fn within<'t, 's>(table: &'t DeTable<'s>, name: &str) -> Option<&'t DeTable<'s>> {
    table.get(name).map(Spanned::get_ref).and_then(DeValue::as_table)
}

/// Whether a model that judges would be of the writer's own family and was not before: judges are of other families than the
/// writer, because models prefer what their kin writes.
pub fn turns_to_kin(judge: (Provider, &str, &str), writer: (Provider, &str)) -> bool {
    let family = |provider, model: &str| Route { provider, model: model.to_owned() }.family().to_owned();
    let (provider, from, to) = judge;
    let writers = family(writer.0, writer.1);
    family(provider, from) != writers && family(provider, to) == writers
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 11, 24);

    fn models() -> Models {
        Models::built_in().unwrap()
    }

    const FILE: &str = r#"# My studio. Opus 4.1 was "claude-opus-4-1-20250805".
name = "Ada"

[routes.writer]
provider = "anthropic"
model    = "claude-opus-4-1-20250805"   # the careful one
fallback = 'claude-sonnet-4-20250514'
cheaper = "claude-sonnet-5-5"

[routes]
judge_b = { provider = "gemini", model = "gemini-2.5-pro", cheaper = "none" } # inline
"#;

    #[test]
    fn only_the_names_of_models_change() {
        // A table that is opened twice is no TOML, so the inline one stands in a file of its own.
        let (file, inline) = FILE.split_once("[routes]\n").unwrap();
        let moved = upgraded("config.toml", file, &models(), TODAY);
        let expected = file
            .replace("model    = \"claude-opus-4-1-20250805\"", "model    = \"claude-opus-5-5\"")
            .replace("'claude-sonnet-4-20250514'", "\"claude-sonnet-5-5\"");
        assert_eq!(moved.source, expected);
        let told: Vec<_> =
            moved.changes.iter().map(|c| (c.key.as_str(), c.line, c.from.as_str(), c.to.as_str())).collect();
        let wanted = [
            ("routes.writer.model", 6, "claude-opus-4-1-20250805", "claude-opus-5-5"),
            ("routes.writer.fallback", 7, "claude-sonnet-4-20250514", "claude-sonnet-5-5"),
        ];
        assert_eq!(told, wanted);
        let inline = format!("[routes]\n{inline}");
        let moved = upgraded("config.toml", &inline, &models(), TODAY);
        assert_eq!(moved.source, inline.replace("gemini-2.5-pro", "gemini-3.1-pro-preview"));
        assert_eq!(moved.changes.len(), 1);
        let again = upgraded("config.toml", &moved.source, &models(), TODAY);
        assert_eq!((again.source, again.changes), (moved.source, Vec::new()), "nothing is left to move");
    }

    #[test]
    fn lists_of_models_are_moved_name_by_name() {
        let gone = "claude-opus-4-1-20250805";
        let file = format!(
            "[routes.writer]\nprovider = \"anthropic\"\nmodels = [\n  '{gone}', # é\n  \"claude-sonnet-5-5\",\n]\n\
             [routes.judge_a]\nfallback = \"claude-sonnet-5-5 , {gone}\"\nlight = \"{gone}\"\n"
        );
        let moved = upgraded("config.toml", &file, &models(), TODAY);
        let expected = file.replace(&format!("'{gone}'"), "\"claude-opus-5-5\"").replace(gone, "claude-opus-5-5");
        assert_eq!(moved.source, expected);
        let told: Vec<_> = moved.changes.iter().map(|change| (change.key.as_str(), change.line)).collect();
        let wanted = [("routes.writer.models", 4), ("routes.judge_a.fallback", 8), ("routes.judge_a.light", 9)];
        assert_eq!(told, wanted);
    }

    #[test]
    fn what_nothing_follows_is_told_and_left() {
        let own = "schema = 1\n[[model]]\nid = \"old\"\nprovider = \"openai\"\nwire = \"openai_chat\"\n\
                   takes = \"local-reasoning\"\nretires = \"2026-01-01\"\n";
        let models = models().overlaid("models.toml", own).unwrap();
        let file = "[routes.arbiter]\nprovider = \"openai\"\nmodel = \"old\"\n";
        let moved = upgraded("config.toml", file, &models, TODAY);
        assert_eq!(moved.source, file);
        assert_eq!(moved.stranded, [("routes.arbiter.model".to_owned(), "old".to_owned())]);
    }

    #[test]
    fn a_judge_that_becomes_the_writers_kin_is_seen() {
        use Provider::{Anthropic, Gemini, OpenAi};
        let writer = (Anthropic, "claude-opus-5-5");
        assert!(turns_to_kin((OpenAi, "qwen3:8b", "maker/claude-sonnet-5-5"), writer));
        assert!(!turns_to_kin((Gemini, "gemini-2.5-pro", "gemini-3.1-pro-preview"), writer));
        assert!(!turns_to_kin((Anthropic, "claude-opus-4-1-20250805", "claude-opus-5-5"), writer), "it was kin before");
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_nothing_but_names_changes(
            lines in proptest::collection::vec(
                "(\\[routes.(writer|judge_a)\\]|(model|cheaper|fallback|x) *= *\"claude-opus-4-1-20250805\"( # é)?|models = \\[\"claude-opus-4-1-20250805\", *\"é\"\\]|name = 'é'|[a-z=\\[\"]{0,6})\n",
                0..8,
            ),
        ) {
            let source = lines.concat();
            let moved = upgraded("c", &source, &models(), TODAY);
            let back = moved.source.replace("claude-opus-5-5", "claude-opus-4-1-20250805");
            prop_assert_eq!(back, source);
            prop_assert_eq!(moved.source.matches("claude-opus-5-5").count(), moved.changes.len());
        }
    }
}
