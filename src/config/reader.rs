//! TOML read key by key with every value's place, so that all faults of a file are found at once and none stops the reading.
//!
//! A [`Document`] collects faults; a [`Section`] is one of its tables and knows which keys were asked for, so that the rest are
//! unknown. Numbers with decimals are read from their digits: no floating-point number is ever made.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Faults, Place, suggestion};
use crate::domain::money::MicroUsd;

/// A file that is being read, with the faults that were found so far.
pub(crate) struct Document<'s> {
    file: &'s str,
    source: &'s str,
    faults: RefCell<Vec<Fault>>,
    is_broken: Cell<bool>,
}

impl<'s> Document<'s> {
    pub(crate) fn new(file: &'s str, source: &'s str) -> Self {
        Self { file, source, faults: RefCell::default(), is_broken: Cell::new(false) }
    }

    /// The root table. Of a file that is no TOML only the faults of form are told: what follows from them would mislead.
    pub(crate) fn parse(&self) -> Spanned<DeTable<'s>> {
        let (table, errors) = DeTable::parse_recoverable(self.source);
        self.is_broken.set(!errors.is_empty());
        for error in errors {
            let what = format!("this is not TOML: {}", error.message().trim());
            self.push(&error.span().unwrap_or(0..0), what);
        }
        table
    }

    /// Reports a fault of content; of a file that is no TOML nothing is.
    pub(crate) fn fault(&self, span: &Range<usize>, what: impl Into<String>) {
        if !self.is_broken.get() {
            self.push(span, what.into());
        }
    }

    fn push(&self, span: &Range<usize>, what: String) {
        self.faults.borrow_mut().push(Fault::at(self.file, self.source, span, what));
    }

    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        Place::of_byte(self.file, self.source, span.start)
    }

    /// The value where the file has no fault; else all faults in the order of their places.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Faults> {
        let mut faults = self.faults.into_inner();
        if let (Some(value), true) = (value, faults.is_empty()) {
            return Ok(value);
        }
        faults.sort();
        faults.dedup();
        Err(Faults(faults))
    }
}

/// One table of a document.
pub(crate) struct Section<'t, 's> {
    document: &'t Document<'s>,
    table: &'t DeTable<'s>,
    name: String,
    span: Range<usize>,
    known: RefCell<BTreeSet<&'static str>>,
    is_open: Cell<bool>,
}

impl<'t, 's> Section<'t, 's> {
    /// The root of a document.
    pub(crate) fn root(document: &'t Document<'s>, table: &'t Spanned<DeTable<'s>>) -> Self {
        Self::new(document, table.get_ref(), String::new(), 0..0)
    }

    fn new(document: &'t Document<'s>, table: &'t DeTable<'s>, name: String, span: Range<usize>) -> Self {
        Self { document, table, name, span, known: RefCell::default(), is_open: Cell::new(false) }
    }

    pub(crate) fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// The place of a key's value, or of the table where there is none.
    pub(crate) fn span_of(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or_else(|| self.span.clone(), Spanned::span)
    }

    pub(crate) fn fault_at(&self, key: &str, what: impl Into<String>) {
        self.document.fault(&self.span_of(key), what);
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn value(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'s>>> {
        self.known.borrow_mut().insert(key);
        self.table.get(key)
    }

    /// Whether a key is there; it counts as known.
    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// Whether a key is there and holds a table.
    pub(crate) fn holds_table(&self, key: &'static str) -> bool {
        self.value(key).is_some_and(|value| value.get_ref().as_table().is_some())
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'s>>, wanted: &str) {
        let what = format!("`{}` must be {wanted}, and this is {}", self.path(key), with_article(value.get_ref()));
        self.document.fault(&value.span(), what);
    }

    /// What a reader gives for a key that must be there.
    pub(crate) fn need<T>(&self, key: &'static str, read: impl Fn(&Self, &'static str) -> Option<T>) -> Option<T> {
        if self.value(key).is_none() {
            self.document.fault(&self.span, format!("`{}` is missing", self.path(key)));
            return None;
        }
        read(self, key)
    }

    /// A text on one or more lines, without control characters.
    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        self.text_of(key, value)
    }

    fn text_of(&self, key: &str, value: &Spanned<DeValue<'s>>) -> Option<String> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(key, value, "a text in quotes");
            return None;
        };
        if let Some(bad) = text.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t') {
            let what = format!("`{}` holds the control character {}", self.path(key), bad.escape_unicode());
            self.document.fault(&value.span(), what);
            return None;
        }
        Some(text.to_owned())
    }

    /// A text with something in it.
    pub(crate) fn words(&self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        if text.trim().is_empty() {
            self.fault_at(key, format!("`{}` is empty", self.path(key)));
            return None;
        }
        Some(text)
    }

    /// A text that is one of those given.
    pub(crate) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
        if found.is_none() {
            let near = suggestion(&text, choices.iter().map(|(name, _)| *name));
            self.fault_at(key, format!("`{}` cannot be `{text}`: {near}", self.path(key)));
        }
        found
    }

    /// Yes or no.
    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                self.wrong(key, value, "true or false");
                None
            }
        }
    }

    /// A text that a type reads.
    pub(crate) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        text.parse().map_err(|error: T::Err| self.fault_at(key, format!("`{}`: {error}", self.path(key)))).ok()
    }

    /// An amount in dollars, as a text.
    pub(crate) fn amount(&self, key: &'static str) -> Option<MicroUsd> {
        self.parsed(key)
    }

    /// A list of texts; an empty one where the key is missing.
    pub(crate) fn texts(&self, key: &'static str) -> Option<Vec<String>> {
        let Some(value) = self.value(key) else { return Some(Vec::new()) };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of texts");
            return None;
        };
        let texts: Vec<Option<String>> = items.iter().map(|item| self.text_of(key, item)).collect();
        texts.into_iter().collect()
    }

    /// A list of texts that a type reads; an empty one where the key is missing.
    pub(crate) fn parsed_list<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        key: &'static str,
    ) -> Option<Vec<T>> {
        let Some(value) = self.value(key) else { return Some(Vec::new()) };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of texts");
            return None;
        };
        let read = |item: &Spanned<DeValue<'s>>| {
            let text = self.text_of(key, item)?;
            let refuse = |error: T::Err| self.document.fault(&item.span(), format!("`{text}`: {error}"));
            text.parse().map_err(refuse).ok()
        };
        let items: Vec<Option<T>> = items.iter().map(read).collect();
        items.into_iter().collect()
    }

    /// The text of a key without any check and without counting the key as known.
    pub(crate) fn peek(&self, key: &str) -> Option<String> {
        self.table.get(key).and_then(|value| value.get_ref().as_str()).map(str::to_owned)
    }

    /// A whole number within bounds.
    pub(crate) fn whole(&self, key: &'static str, bounds: RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(key)?;
        match whole_of(value.get_ref()) {
            Some(number) if bounds.contains(&number) => Some(number),
            Some(_) | None => {
                let (least, most) = bounds.into_inner();
                self.wrong(key, value, &format!("a whole number from {least} to {most}"));
                None
            }
        }
    }

    /// The version of the file's own form, which must be 1.
    pub(crate) fn schema(&self) -> Option<()> {
        let version = self.need("schema", |section, key| section.whole(key, 0..=u64::MAX))?;
        if version != 1 {
            self.fault_at("schema", format!("this version of the program reads `schema = 1` and not {version}"));
            return None;
        }
        Some(())
    }

    /// A number with up to three decimals, in thousandths.
    pub(crate) fn thousandths(&self, key: &'static str) -> Option<u64> {
        let value = self.value(key)?;
        let digits = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
            DeValue::Float(number) => Some(number.as_str()),
            DeValue::Integer(_)
            | DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        let read = digits.and_then(thousandths);
        if read.is_none() {
            self.wrong(key, value, "a number with at most three decimals, such as 2.5");
        }
        read
    }

    /// A table within this one.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'t, 's>> {
        let value = self.value(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(key, value, "a table");
            return None;
        };
        Some(Section::new(self.document, table, self.path(key), value.span()))
    }

    /// The tables of a `[[key]]`; an empty list where there is none, nothing where it is no list.
    pub(crate) fn sections(&self, key: &'static str) -> Option<Vec<Section<'t, 's>>> {
        let Some(value) = self.value(key) else { return Some(Vec::new()) };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, value, &format!("a list of tables, each under `[[{}]]`", self.path(key)));
            return None;
        };
        let mut sections = Vec::new();
        for item in items {
            match item.get_ref().as_table() {
                Some(table) => sections.push(Section::new(self.document, table, self.path(key), item.span())),
                None => self.wrong(key, item, "a table"),
            }
        }
        Some(sections)
    }

    /// All entries of a table whose keys are free: key, its place, and the value as an amount in dollars.
    pub(crate) fn amounts(&self) -> Vec<(String, Range<usize>, MicroUsd)> {
        self.is_open.set(true);
        let mut amounts = Vec::new();
        for (key, value) in self.table {
            let Some(text) = self.text_of(key.get_ref(), value) else { continue };
            match text.parse() {
                Ok(amount) => amounts.push((key.get_ref().to_string(), key.span(), amount)),
                Err(error) => self.document.fault(&value.span(), format!("`{}`: {error}", self.path(key.get_ref()))),
            }
        }
        amounts
    }

    /// All entries of a table whose keys are free: each key as a type reads it, with one of a few words.
    pub(crate) fn choices<K, T>(&self, choices: &[(&str, T)]) -> Option<BTreeMap<K, T>>
    where
        K: std::str::FromStr<Err: std::fmt::Display> + Ord,
        T: Copy,
    {
        self.is_open.set(true);
        let mut all = Some(BTreeMap::new());
        for (key, value) in self.table {
            let word = key.get_ref().as_ref();
            let name =
                word.parse::<K>().map_err(|error| self.document.fault(&key.span(), format!("`{word}`: {error}")));
            let text = self.text_of(word, value);
            let choice = text.as_ref().and_then(|text| choices.iter().find(|(name, _)| name == text));
            if let (Some(text), None) = (&text, choice) {
                let near = suggestion(text, choices.iter().map(|(name, _)| *name));
                self.document.fault(&value.span(), format!("`{}` cannot be `{text}`: {near}", self.path(word)));
            }
            all = match (all, name, choice) {
                (Some(mut all), Ok(name), Some((_, choice))) => {
                    all.insert(name, *choice);
                    Some(all)
                }
                (Some(_) | None, Ok(_) | Err(()), Some(_) | None) => None,
            };
        }
        all
    }

    /// Reports the keys that nobody asked for, each with the nearest known one.
    pub(crate) fn close(&self) {
        if self.is_open.get() {
            return;
        }
        let known = self.known.borrow();
        for key in self.table.keys() {
            let word = key.get_ref().as_ref();
            if !known.contains(word) {
                let near = suggestion(word, known.iter().copied());
                self.document.fault(&key.span(), format!("`{}` is not known: {near}", self.path(word)));
            }
        }
    }
}

/// A value's type with its article, for messages.
pub(crate) fn with_article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "another whole number",
        DeValue::Float(_) => "a number with decimals",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The value of a whole number that is not below zero.
pub(crate) fn whole_of(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn thousandths(digits: &str) -> Option<u64> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    if part.len() > 3 || part.is_empty() || !part.bytes().chain(whole.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part: u64 = format!("{part:0<3}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_from_their_digits() {
        let cases = [("25", Some(25_000)), ("2.5", Some(2_500)), ("0.001", Some(1)), ("2.0005", None), ("1e3", None)];
        for (digits, expected) in cases {
            assert_eq!(thousandths(digits), expected, "{digits}");
        }
        for bad in ["-1", "+1", "inf", "nan", "1.", "99999999999999999999"] {
            assert_eq!(thousandths(bad), None, "{bad}");
        }
    }
}
