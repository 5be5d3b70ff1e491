//! Checks of form and of evidence that several contracts and the gates share.
//!
//! Each returns its faults in words for whoever mends them, in the order of the text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::handoff::SpeechText;
use crate::domain::ids::LineId;
use crate::domain::research::Research;
use crate::domain::script::{Expectations, Fault, Line, Script, Segment};

/// The longest silence after a line, in milliseconds. A model's pause decides how much audio is written.
pub(in crate::domain) const MAX_PAUSE_MS: u32 = 10_000;

/// The most characters of a spoken line: what the providers of voices take in one request.
const MAX_LINE: usize = 3_000;

/// The most characters of a title.
const MAX_TITLE: usize = 200;

/// A fault of a script, at a line where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain) struct Spotted {
    /// The line whose change would mend it; nothing where no change of a line would.
    pub(in crate::domain) line: Option<LineId>,
    /// What is wrong, with its place.
    pub(in crate::domain) words: String,
}

/// Characters that are there and are not seen: they turn the direction of text or join words that look apart. The
/// joiners of Persian and Indic scripts and of pictures are not among them.
pub(in crate::domain) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Finds text that nobody would see, or that a terminal would obey, with its JSON pointer. Line breaks and tabs pass.
pub(super) fn hidden_text(value: &Value, path: &mut String, faults: &mut Vec<String>) {
    let length = path.len();
    match value {
        Value::String(text) => {
            let bad = |c: &char| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || is_hidden(*c);
            if let Some(found) = text.chars().find(bad) {
                faults.push(format!("{path}: the character {} is not allowed", found.escape_unicode()));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push_str(&format!("/{index}"));
                hidden_text(item, path, faults);
                path.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, item) in members {
                path.push('/');
                path.push_str(name);
                hidden_text(item, path, faults);
                path.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Text with its white space folded to single spaces.
pub(in crate::domain) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Spoken text as it is kept: white space folded, and a dash or an ellipsis that stands alone in plain characters, so
/// that `wc -w` counts it in every locale as it is counted here.
pub(super) fn spoken(text: &str) -> String {
    let plain = |word| match word {
        "–" | "—" | "−" => "-",
        "…" => "...",
        word => word,
    };
    text.split_whitespace().map(plain).collect::<Vec<_>>().join(" ")
}

/// Whether a quote stands in a text, letter for letter but for white space. A quote of nothing stands nowhere.
pub fn is_verbatim(quote: &str, text: &str) -> bool {
    let quote = folded(quote);
    !quote.is_empty() && folded(text).contains(&quote)
}

/// Whether a text says nothing.
pub(super) fn is_blank(text: &str) -> bool {
    text.split_whitespace().next().is_none()
}

/// The faults of named texts that must say something.
pub(super) fn blanks(texts: &[(&str, &str)]) -> Vec<String> {
    texts.iter().filter(|(_, text)| is_blank(text)).map(|(name, _)| format!("`{name}` says nothing")).collect()
}

/// The faults of a title: blank, over-long, or with a line break.
pub(super) fn title(text: &str) -> Vec<String> {
    let mut faults = blanks(&[("title", text)]);
    if text.chars().count() > MAX_TITLE || text.chars().any(char::is_control) {
        faults.push(format!("`title` has one line of at most {MAX_TITLE} characters"));
    }
    faults
}

/// What stands twice in a list, each once, in order.
pub(super) fn repeated<T: Ord + Copy>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let mut twice = Vec::new();
    for item in items {
        if !seen.insert(item) && !twice.contains(&item) {
            twice.push(item);
        }
    }
    twice
}

/// Every fault of a script's form and evidence. `segments` are those it must have, in their order, where they are
/// known; claims are looked up where a research package is given.
pub(in crate::domain) fn script(
    script: &Script,
    speakers: &[String],
    research: Option<&Research>,
    segments: Option<&[&str]>,
) -> Vec<Spotted> {
    let written: Vec<&str> = script.segments.iter().map(|segment| segment.id.as_str()).collect();
    let claimed = || script.lines().flat_map(|line| &line.claims).map(|claim| claim.source.clone()).collect();
    let expected = Expectations {
        speakers: speakers.iter().cloned().collect(),
        sources: research.map_or_else(claimed, |r| r.passages.iter().map(|passage| passage.id.clone()).collect()),
        segments: segments.unwrap_or(&written).iter().map(|id| (*id).to_owned()).collect(),
    };
    let whole = |words| Spotted { line: None, words };
    let mut all: Vec<Spotted> = title(&script.title).into_iter().map(whole).collect();
    let faults = script.faults(&expected);
    let is_misplaced = |fault: &Fault| matches!(fault, Fault::Segment(..));
    if let Some(segments) = segments
        && !faults.iter().any(is_misplaced)
        && segments != written.as_slice()
    {
        all.push(whole(format!("the segments stand as {} and must be {}", written.join(", "), segments.join(", "))));
    }
    all.extend(faults.into_iter().map(spotted));
    for segment in &script.segments {
        if segment.lines.is_empty() {
            all.push(whole(format!("segment `{}` has no line", segment.id)));
        }
        if is_blank(&segment.title) {
            all.push(whole(format!("segment `{}` has no title", segment.id)));
        }
    }
    for line in script.lines() {
        let at = |words: String| Spotted { line: Some(line.id), words: format!("{}: {words}", line.id) };
        if line.pause_ms > MAX_PAUSE_MS {
            all.push(at(format!("a pause of {} ms is longer than {MAX_PAUSE_MS} ms", line.pause_ms)));
        }
        if line.text.chars().count() > MAX_LINE {
            all.push(at(format!("it has more than {MAX_LINE} characters, and no voice says so much in one turn")));
        }
        if line.text.chars().any(is_hidden) {
            all.push(at("a character stands there that nobody sees".to_owned()));
        }
    }
    if let Some(research) = research {
        all.extend(evidence(script, research));
    }
    all
}

fn spotted(fault: Fault) -> Spotted {
    let line = match &fault {
        // Of two lines with one id, a revision could only change both.
        Fault::Empty | Fault::Segment(..) | Fault::RepeatedId(_) => None,
        Fault::Silent(line)
        | Fault::UnknownSpeaker { line, .. }
        | Fault::UnknownSource { line, .. }
        | Fault::Markup { line, .. } => Some(*line),
    };
    Spotted { line, words: fault.to_string() }
}

/// The claims whose excerpt is not in the passage that they name. A claim without a passage is another fault.
fn evidence(script: &Script, research: &Research) -> Vec<Spotted> {
    let passages: BTreeMap<&str, &str> = research.passages.iter().map(|p| (p.id.as_str(), p.text.as_str())).collect();
    let mut all = Vec::new();
    for line in script.lines() {
        for claim in &line.claims {
            let Some(text) = passages.get(claim.source.as_str()) else { continue };
            if !is_verbatim(&claim.excerpt, text) {
                let start: String = claim.excerpt.chars().take(60).collect();
                let words = format!("{}: the excerpt `{start}` does not stand verbatim in {}", line.id, claim.source);
                all.push(Spotted { line: Some(line.id), words });
            }
        }
    }
    all
}

/// The faults of a speech text against the script that it is to be said for: ids, order, silence and markup.
pub(in crate::domain) fn speech_text(speech: &SpeechText, script: &Script) -> Vec<String> {
    let wanted: Vec<LineId> = script.lines().map(|line| line.id).collect();
    let given: Vec<LineId> = speech.lines.iter().map(|line| line.id).collect();
    let mut faults = Vec::new();
    for id in repeated(given.iter().copied()) {
        faults.push(format!("{id} is given twice"));
    }
    for id in wanted.iter().filter(|id| !given.contains(id)) {
        faults.push(format!("{id} of the script is missing"));
    }
    for id in given.iter().filter(|id| !wanted.contains(id)) {
        faults.push(format!("{id} is no line of the script"));
    }
    if faults.is_empty()
        && let Some((found, due)) = given.iter().zip(&wanted).find(|(found, due)| found != due)
    {
        faults.push(format!("{found} stands where {due} is due: the order is that of the script"));
    }
    // A speech text may hold what a spoken line may hold, so it is looked at as a script of one speaker.
    let line = |id, text: &str| Line { id, speaker: String::new(), text: text.into(), pause_ms: 0, claims: vec![] };
    let lines: Vec<Line> = speech.lines.iter().map(|spoken| line(spoken.id, &spoken.text)).collect();
    let spoken = Script { title: String::new(), segments: vec![Segment { lines, ..Segment::default() }] };
    let expected = Expectations {
        speakers: BTreeSet::from([String::new()]),
        segments: BTreeSet::from([String::new()]),
        ..Expectations::default()
    };
    let is_told = |fault: &Fault| matches!(fault, Fault::RepeatedId(_) | Fault::Empty);
    faults.extend(spoken.faults(&expected).iter().filter(|fault| !is_told(fault)).map(ToString::to_string));
    faults
}
