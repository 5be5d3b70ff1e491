//! Words that a show rules out or asks for, how the episode was made said in time, and what a voice must not read aloud.
//!
//! Phrases are compared by whole words without regard to case. The characters of markup are a fault of form and are not
//! looked at here.

use super::text::{Word, keys, position, shown, words};
use super::{CheckKind, Observation, Subject, observe};
use crate::domain::handoff::Severity;

/// A banned entry with more words is an instruction for the judges.
const PHRASE: usize = 5;

/// Strong language: the words of the broadcast that FCC v. Pacifica (1978) was about, without the two that also name
/// birds and everyday things, and those of their kind. Each stands for its inflected forms.
const STRONG: &[&str] = &[
    "fuck",
    "motherfuck",
    "shit",
    "bullshit",
    "cunt",
    "cocksuck",
    "asshole",
    "arsehole",
    "bitch",
    "dickhead",
    "wank",
    "twat",
    "piss",
    "goddamn",
];
const INFLECTED: &[&str] = &["", "s", "es", "ed", "er", "ers", "in", "ing", "y", "ty", "ted", "ting", "face", "head"];

/// Names that stand before a colon where a page says who speaks or what is heard.
const LABELS: &[&str] = &[
    "HOST",
    "GUEST",
    "COHOST",
    "NARRATOR",
    "SPEAKER",
    "INTERVIEWER",
    "ANNOUNCER",
    "SFX",
    "MUSIC",
    "SOUND",
    "CUE",
    "INTRO",
    "OUTRO",
];
/// Words of a stage direction.
const DIRECTIONS: &[&str] = &[
    "laugh",
    "laughs",
    "laughing",
    "laughter",
    "chuckle",
    "chuckles",
    "chuckling",
    "sigh",
    "sighs",
    "sighing",
    "pause",
    "pauses",
    "pausing",
    "beat",
    "music",
    "sfx",
    "whisper",
    "whispers",
    "whispering",
    "gasp",
    "gasps",
    "cough",
    "coughs",
    "applause",
    "silence",
    "fade",
    "fades",
    "smile",
    "smiles",
    "smiling",
    "breath",
    "breathes",
    "grins",
    "groans",
    "crosstalk",
    "excited",
    "excitedly",
    "softly",
    "sarcastic",
    "sarcastically",
    "jingle",
];
/// Words that stand beside them.
const BESIDE: &[&str] = &[
    "a",
    "the",
    "both",
    "they",
    "briefly",
    "in",
    "out",
    "up",
    "short",
    "long",
    "dramatic",
    "clears",
    "throat",
    "takes",
    "for",
    "and",
    "with",
    "nervously",
    "quietly",
    "warmly",
    "theme",
    "intro",
    "outro",
    "plays",
    "sound",
    "of",
    "effect",
];
/// The last part of addresses that are written in talk.
const DOMAINS: &[&str] = &["com", "org", "net", "edu", "gov", "io", "fm", "uk", "de", "eu"];

/// Looks at every line and at the whole.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Observation>) {
    let rules = subject.guardrails;
    let banned: Vec<(&String, Vec<String>)> = rules
        .banned
        .iter()
        .map(|entry| (entry, keys(entry)))
        .filter(|(entry, words)| !entry.contains(',') && words.len() <= PHRASE)
        .collect();
    let speakers: Vec<&str> = subject.script.lines().map(|line| line.speaker.as_str()).collect();
    for line in subject.script.lines() {
        let spoken = words(&line.text);
        for (entry, phrase) in &banned {
            if let Some(word) = position(&spoken, phrase).and_then(|at| spoken.get(at)) {
                let problem = format!("the show does not say `{}`", shown(entry));
                let wanted = format!("Say it without `{}`.", shown(entry));
                found.push(observe::at(
                    line,
                    word.at.start,
                    (CheckKind::BannedPhrase, Severity::Major),
                    problem,
                    wanted,
                ));
            }
        }
        if !rules.explicit
            && let Some(word) = spoken.iter().find(|word| is_strong(&word.key))
        {
            let problem = "strong language in a show that is not marked as explicit".to_owned();
            let wanted = "Take the word out, or mark the show as explicit.".to_owned();
            found.push(observe::at(line, word.at.start, (CheckKind::Profanity, Severity::Blocker), problem, wanted));
        }
        if let Some((at, what)) = leftover(&line.text, &spoken, &speakers) {
            let problem = format!("{what} would be read aloud");
            let wanted = "Leave only the words that are spoken.".to_owned();
            found.push(observe::at(line, at, (CheckKind::Markup, Severity::Blocker), problem, wanted));
        }
    }
    required(subject, found);
    disclosure(subject, found);
}

fn is_strong(word: &str) -> bool {
    STRONG.iter().any(|stem| word.strip_prefix(stem).is_some_and(|end| INFLECTED.contains(&end)))
}

fn required(subject: &Subject<'_>, found: &mut Vec<Observation>) {
    let spoken: Vec<Word> = subject.script.lines().flat_map(|line| words(&line.text)).collect();
    for entry in &subject.guardrails.required {
        let phrase = keys(entry);
        if !phrase.is_empty() && position(&spoken, &phrase).is_none() {
            let problem = format!("nobody says `{}`", shown(entry));
            let wanted = format!("Say `{}` once.", shown(entry));
            found.push(observe::whole((CheckKind::RequiredPhrase, Severity::Major), problem, wanted));
        }
    }
}

/// Whether one of the phrases is heard while as many words are spoken as a minute has.
fn disclosure(subject: &Subject<'_>, found: &mut Vec<Observation>) {
    let phrases = &subject.guardrails.disclosure;
    let Some(first) = subject.script.lines().next() else { return };
    if phrases.is_empty() {
        return;
    }
    let minute = usize::try_from(subject.words_per_minute.max(1)).unwrap_or(usize::MAX);
    let start: Vec<&str> = subject.script.lines().flat_map(|line| line.text.split_whitespace()).take(minute).collect();
    if !phrases.iter().any(|phrase| is_heard(phrase, &start)) {
        let problem = "nobody says within the first minute that the episode is made with AI".to_owned();
        let wanted = format!("Say it in the first minute with one of: {}.", shown(&phrases.join(", ")));
        found.push(observe::at(first, 0, (CheckKind::Disclosure, Severity::Blocker), problem, wanted));
    }
}

/// Whether words hold a phrase. One in capitals is looked for in capitals, with points or without: a name such as Ai
/// is not how an episode was made.
fn is_heard(phrase: &str, spoken: &[&str]) -> bool {
    let is_capital = phrase.chars().any(char::is_alphabetic) && !phrase.contains(char::is_lowercase);
    if is_capital {
        let plain = |text: &str| text.replace('.', "");
        let wanted = plain(phrase);
        let spoken: Vec<String> = spoken.iter().map(|word| plain(word)).collect();
        let parts = spoken.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
        return parts.into_iter().any(|part| part == wanted);
    }
    position(&words(&spoken.join(" ")), &keys(phrase)).is_some()
}

/// Something in a line that was not meant to be spoken: where it begins, and what it is.
fn leftover(text: &str, spoken: &[Word], speakers: &[&str]) -> Option<(usize, String)> {
    label(text, spoken, speakers).or_else(|| direction(text)).or_else(|| address(text)).or_else(|| {
        let at = text.find('\\').or_else(|| entity(text))?;
        Some((at, "a code of markup".to_owned()))
    })
}

/// A speaker's name with a colon at the start of a line or a sentence.
fn label(text: &str, spoken: &[Word], speakers: &[&str]) -> Option<(usize, String)> {
    let is_label = |name: &str| LABELS.contains(&name) || speakers.contains(&name);
    let found = spoken.iter().enumerate().find(|(nth, word)| {
        let name = text.get(word.at.clone()).unwrap_or_default();
        let after = text.get(word.at.end..).unwrap_or_default();
        let before = text.get(..word.at.start).unwrap_or_default().trim_end();
        // "Speaker 1:" has its number behind it.
        let after = after.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit());
        let is_start = *nth == 0 || before.ends_with(['.', '!', '?', '…', '"', '”']);
        let is_capital = !name.contains(char::is_lowercase);
        let named = is_label(name) || (*nth == 0 && LABELS.contains(&name.to_uppercase().as_str()));
        after.starts_with(':') && named && (is_start || is_capital)
    });
    found.map(|(_, word)| {
        (word.at.start, format!("the label of a speaker ({})", shown(text.get(word.at.clone()).unwrap_or(""))))
    })
}

/// Words in round brackets that tell how to speak.
fn direction(text: &str) -> Option<(usize, String)> {
    text.match_indices('(').find_map(|(at, _)| {
        let inside = text.get(at + 1..)?.split_once(')')?.0;
        let keys = keys(inside);
        let is_known = |key: &String| DIRECTIONS.contains(&key.as_str()) || BESIDE.contains(&key.as_str());
        let tells = keys.iter().any(|key| DIRECTIONS.contains(&key.as_str())) || keys == ["clears", "throat"];
        (tells && keys.iter().all(is_known)).then(|| (at, format!("a stage direction ({})", shown(inside))))
    })
}

/// A web or mail address.
fn address(text: &str) -> Option<(usize, String)> {
    let mut from = 0;
    for word in text.split_whitespace() {
        let at = from + text.get(from..).and_then(|rest| rest.find(word)).unwrap_or(0);
        from = at + word.len();
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let host = bare.split('/').next().unwrap_or_default();
        let is_host = host.rsplit_once('.').is_some_and(|(name, last)| {
            DOMAINS.contains(&last) && name.chars().count() > 1 && !name.starts_with('.') && !name.ends_with('.')
        });
        if bare.contains("://") || bare.starts_with("www.") || is_host {
            return Some((at, format!("an address ({})", shown(word))));
        }
    }
    None
}

/// An entity of HTML, such as `&nbsp;`.
fn entity(text: &str) -> Option<usize> {
    text.match_indices('&').map(|(at, _)| at).find(|at| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let name = rest.split(';').next().unwrap_or_default();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '#';
        rest.len() > name.len() && (2..=8).contains(&name.len()) && name.chars().all(is_name)
    })
}
