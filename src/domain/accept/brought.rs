//! What a person brings in as a file, held to the contract that an agent is held to. Each fault has its line in the file and
//! its place in the document.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::form::{self, hidden_text, is_blank, repeated};
use super::script::faults_of_draft;
use super::{Accepted, Context, artifact};
use crate::domain::handoff::Note;
use crate::domain::ids::LineId;
use crate::domain::script::{Script, Segment};

/// The most bytes of a file that a person brings in.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// The most characters of one text of a note.
const LONGEST_TEXT: usize = 4_000;

/// A fault of a file, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The line of the file, from 1.
    pub line: usize,
    /// The place in the document, such as `/segments/0/lines/2`; empty where it is the whole.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => write!(f, "{}: {}", self.line, self.what),
            place => write!(f, "{}: {place}: {}", self.line, self.what),
        }
    }
}

/// A script as a package has it: one says where it comes from, and the script itself does not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Packaged {
    title: String,
    segments: Vec<Segment>,
    #[serde(default, rename = "provenance")]
    _provenance: Option<String>,
}

/// A script that a person puts in the place of one that stands: sound as a draft is, in the segments of the one before.
///
/// # Errors
///
/// Every fault with its place.
pub fn edited(text: &str, before: &Script, context: &Context<'_>) -> Result<Accepted, Vec<Misfit>> {
    let (packaged, places) = read::<Packaged>(text)?;
    let mut script = Script { title: packaged.title, segments: packaged.segments };
    for line in script.segments.iter_mut().flat_map(|segment| &mut segment.lines) {
        line.text = form::spoken(&line.text);
    }
    let segments: Vec<&str> = before.segments.iter().map(|segment| segment.id.as_str()).collect();
    let of_line = |id: LineId| {
        script.segments.iter().enumerate().find_map(|(part, segment)| {
            let at = segment.lines.iter().position(|line| line.id == id)?;
            Some(format!("/segments/{part}/lines/{at}"))
        })
    };
    let spotted = faults_of_draft(&script, context, Some(&segments));
    let misfits: Vec<Misfit> = spotted
        .into_iter()
        .map(|spotted| places.fault(&spotted.line.and_then(of_line).unwrap_or_default(), spotted.words))
        .collect();
    let whole = |what: String| vec![places.fault("", what)];
    match misfits.is_empty() {
        false => Err(misfits),
        true => {
            let artifact = artifact(&script).map_err(|rejection| whole(rejection.to_string()))?;
            Ok(Accepted { artifact, words: Some(script.measure().words), claimed_words: None })
        }
    }
}

/// A note that a person sends back: every fix names lines that the script has, and says something.
///
/// # Errors
///
/// Every fault with its place.
pub fn note(text: &str, script: Option<&Script>) -> Result<Note, Vec<Misfit>> {
    let (note, places) = read::<Note>(text)?;
    let mut misfits = Vec::new();
    for id in repeated(note.fixes.iter().map(|fix| fix.id.as_str())) {
        misfits.push(places.fault("/fixes", format!("`{id}` is the id of two fixes")));
    }
    let long = |text: &str| text.chars().count() > LONGEST_TEXT;
    for (at, fix) in note.fixes.iter().enumerate() {
        let mut fault = |member: &str, what: String| misfits.push(places.fault(&format!("/fixes/{at}{member}"), what));
        for (member, text) in [("/id", &fix.id), ("/wanted", &fix.wanted)] {
            if is_blank(text) {
                fault(member, "it says nothing".to_owned());
            }
        }
        for (member, text) in [("/wrong", &fix.wrong), ("/wanted", &fix.wanted), ("/keep", &fix.keep)] {
            if long(text) {
                fault(member, format!("it has more than {LONGEST_TEXT} characters"));
            }
        }
        if fix.from > fix.to {
            fault("/from", format!("{} is after {}", fix.from, fix.to));
        }
        for (member, line) in [("/from", fix.from), ("/to", fix.to)] {
            if script.is_some_and(|script| !script.lines().any(|known| known.id == line)) {
                fault(member, format!("there is no line {line} in the script"));
            }
        }
    }
    if long(&note.text) {
        misfits.push(places.fault("/text", format!("it has more than {LONGEST_TEXT} characters")));
    }
    if misfits.is_empty() { Ok(note) } else { Err(misfits) }
}

/// Reads a document: its size, JSON, text that nobody sees, the type.
fn read<T: DeserializeOwned>(text: &str) -> Result<(T, Places), Vec<Misfit>> {
    let at = |line: usize, what: String| vec![Misfit { line: line.max(1), place: String::new(), what }];
    if text.len() > LARGEST {
        return Err(at(1, format!("it is larger than {LARGEST} bytes")));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| at(error.line(), error.to_string()))?;
    let places = Places::of(text);
    let mut hidden = Vec::new();
    hidden_text(&value, &mut String::new(), &mut hidden);
    if !hidden.is_empty() {
        let told = |fault: String| {
            let (place, what) = fault.split_once(": ").unwrap_or(("", &fault));
            places.fault(place, what.to_owned())
        };
        return Err(hidden.into_iter().map(told).collect());
    }
    let read = serde_json::from_str(text).map_err(|error| at(error.line(), error.to_string()))?;
    Ok((read, places))
}

/// On which line each value of a document stands, by its JSON pointer.
struct Places(BTreeMap<String, usize>);

impl Places {
    /// The places of a document that is known to be JSON.
    fn of(text: &str) -> Self {
        let mut walk = Walk { bytes: text.as_bytes(), at: 0, line: 1, found: BTreeMap::new() };
        walk.value(&mut String::new());
        Self(walk.found)
    }

    fn fault(&self, place: &str, what: String) -> Misfit {
        let line = self.0.get(place).copied().unwrap_or(1);
        Misfit { line, place: place.to_owned(), what }
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    found: BTreeMap<String, usize>,
}

impl Walk<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        self.line += usize::from(byte == b'\n');
        Some(byte)
    }

    /// The next byte that is no space, not taken.
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.next();
        }
        self.bytes.get(self.at).copied()
    }

    fn value(&mut self, place: &mut String) {
        let first = self.peek();
        self.found.insert(place.clone(), self.line);
        let length = place.len();
        match first {
            Some(b'{') => {
                self.next();
                while self.peek() == Some(b'"') {
                    let name = self.text();
                    self.peek();
                    self.next();
                    place.push('/');
                    place.push_str(&name);
                    self.value(place);
                    place.truncate(length);
                    if self.peek() == Some(b',') {
                        self.next();
                    }
                }
                self.next();
            }
            Some(b'[') => {
                self.next();
                let mut nth = 0_usize;
                while self.peek().is_some_and(|byte| byte != b']') {
                    place.push_str(&format!("/{nth}"));
                    self.value(place);
                    place.truncate(length);
                    nth += 1;
                    if self.peek() == Some(b',') {
                        self.next();
                    }
                }
                self.next();
            }
            Some(b'"') => {
                self.text();
            }
            _ => {
                while self.bytes.get(self.at).is_some_and(|b| !b.is_ascii_whitespace() && !b",]}".contains(b)) {
                    self.next();
                }
            }
        }
    }

    fn text(&mut self) -> String {
        let from = self.at;
        self.next();
        loop {
            match self.next() {
                Some(b'\\') => {
                    self.next();
                }
                Some(b'"') | None => break,
                Some(_) => {}
            }
        }
        serde_json::from_slice(self.bytes.get(from..self.at).unwrap_or_default()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::research;

    const SOUND: &str = r#"{
  "provenance": "live",
  "title": "Tides",
  "segments": [
    { "id": "hook", "title": "Hook", "lines": [
      { "id": "L001", "speaker": "HOST", "text": "It  opened in 1966.", "pause_ms": 250,
        "claims": [{"source": "P1", "excerpt": "opened in 1966"}] },
      { "id": "L002", "speaker": "GUEST", "text": "Né là.", "pause_ms": 0, "claims": [] }
    ]}
  ]
}"#;

    fn held(text: &str) -> Result<Accepted, Vec<String>> {
        let research =
            research::read(b"# Tides\n\n- La Rance opened in 1966 [1].\n\n## Sources\n[1] A book\n").unwrap();
        let before: Script = serde_json::from_value(serde_json::json!({"title": "T", "segments": [
            {"id": "hook", "title": "H", "lines": []}]}))
        .unwrap();
        let speakers = ["HOST", "GUEST"].map(str::to_owned);
        let context = Context { research: Some(&research), speakers: &speakers, ..Context::default() };
        edited(text, &before, &context).map_err(|misfits| misfits.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_sound_script_goes_on_as_a_draft_does() {
        let accepted = held(SOUND).unwrap();
        assert_eq!(accepted.words, Some(6));
        let script: Script = serde_json::from_slice(&accepted.artifact).unwrap();
        assert_eq!(script.segments[0].lines[0].text, "It opened in 1966.");
    }

    #[test]
    fn each_fault_is_told_with_its_line_and_its_place() {
        for (from, to, told) in [
            ("\"GUEST\"", "\"EVE\"", "8: /segments/0/lines/1: L002: `EVE`"),
            ("Né là.", "<b>Né</b>", "8: /segments/0/lines/1: L002"),
            ("Né là.", "a\\u001b[2Jb", "8: /segments/0/lines/1/text: the character"),
            ("Né là.", "a\u{202e}b", "8: /segments/0/lines/1/text: the character \\u{202e}"),
            ("\"Hook\"", "\"H\u{200b}\"", "5: /segments/0/title: the character"),
            ("Né là.", "  ", "8: /segments/0/lines/1: L002"),
            ("L002", "L001", "L001"),
            ("\"L001\"", "\"L003\"", "L002 stands after L003"),
            ("\"L002\"", "\"2\"", "8: "),
            ("\"P1\"", "\"P9\"", "6: /segments/0/lines/0: L001"),
            ("opened in 1966\"}", "opened in 1967\"}", "6: /segments/0/lines/0: L001: the excerpt"),
            ("\"pause_ms\": 0", "\"pause_ms\": 99999", "8: /segments/0/lines/1: L002: a pause"),
            ("\"pause_ms\": 0", "\"pause_ms\": -1", "8: "),
            ("\"pause_ms\": 0", "\"pause_ms\": 0, \"words\": 2", "8: unknown field `words`"),
            ("\"id\": \"hook\"", "\"id\": \"intro\"", "hook"),
            ("\"title\": \"Tides\"", "\"title\": \"\"", "title"),
            ("  ]\n}", "", "10: EOF"),
        ] {
            let text = SOUND.replacen(from, to, 1);
            assert_ne!(text, SOUND, "{from}");
            let faults = held(&text).unwrap_err();
            assert!(faults.iter().any(|fault| fault.contains(told)), "{from} {to}: {faults:?}");
        }
        let long = SOUND.replacen("Né là.", &"word ".repeat(2_000), 1);
        assert!(held(&long).unwrap_err()[0].contains("characters"));
        assert!(held(&" ".repeat(LARGEST + 1)).is_err());
    }

    #[test]
    fn a_note_names_lines_that_are_there() {
        let script: Script = serde_json::from_value(serde_json::json!({"title": "T", "segments": [
            {"id": "hook", "title": "H", "lines": [
                {"id": "L001", "speaker": "HOST", "text": "a", "pause_ms": 0, "claims": []}]}]}))
        .unwrap();
        let fix = |from: &str, wanted: &str| {
            format!(
                "{{\"fixes\": [\n{{\"id\": \"N1\", \"from\": \"{from}\", \"to\": \"L001\",\n\"wrong\": \"w\", \"wanted\": \"{wanted}\", \
                 \"keep\": \"\", \"priority\": \"must\", \"findings\": []}}], \"text\": \"\"}}"
            )
        };
        assert_eq!(note(&fix("L001", "x"), Some(&script)).unwrap().fixes.len(), 1);
        for (from, wanted, told) in [
            ("L002", "x", "2: /fixes/0/from: L002 is after L001"),
            ("L002", "x", "2: /fixes/0/from: there is no line L002"),
            ("L001", " ", "3: /fixes/0/wanted: it says nothing"),
            ("L001", "a\u{202e}", "3: /fixes/0/wanted: the character"),
        ] {
            let faults = note(&fix(from, wanted), Some(&script)).unwrap_err();
            assert!(faults.iter().any(|fault| fault.to_string().starts_with(told)), "{from} {wanted}: {faults:?}");
        }
    }
}
