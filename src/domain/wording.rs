//! What English text says about itself: its sentences, its quotations, and words that weigh or soften a statement.
//!
//! Shared by the claim sheet and the report on a package, so that both mean the same by a quotation or a hedge. A text
//! in another language shows none of these marks and is not judged by them. Not for figures: see the claim sheet.

use std::collections::BTreeSet;

use super::accept::form::is_hidden;
use super::research::plain;

/// Words after which a full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "e.g.", "i.e.", "dr.", "mr.", "mrs.", "ms.", "prof.", "st.", "vs.", "etc.", "approx.", "ca.", "no.", "fig.", "al.",
    "u.s.", "u.k.",
];

/// Fewer words than this between quotation marks are a term or a nickname, not somebody's words.
const QUOTED_WORDS: usize = 3;

/// Words that carry no content of their own.
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "around", "as", "at", "be", "been",
    "before", "being", "but", "by", "can", "could", "did", "do", "does", "each", "even", "every", "for", "from", "get",
    "had", "has", "have", "he", "her", "here", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just",
    "may", "me", "might", "more", "most", "much", "my", "nearly", "no", "nor", "not", "now", "of", "off", "on", "one",
    "only", "or", "other", "our", "out", "over", "own", "roughly", "same", "she", "should", "so", "some", "still",
    "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "thing", "this", "those",
    "through", "to", "too", "under", "until", "up", "us", "very", "was", "we", "well", "were", "what", "when", "where",
    "which", "while", "who", "whom", "whose", "why", "will", "with", "would", "yes", "you", "your",
];

/// Superlatives, those in a row saying the same of something. `best` and `worst` only behind `the` or a possessive.
const SUPERLATIVES: &[&[&str]] = &[
    &["first", "earliest", "first-ever"],
    &["only", "sole"],
    &["largest", "biggest", "greatest", "hugest"],
    &["smallest", "tiniest", "least"],
    &["last", "latest", "final"],
    &["oldest"],
    &["youngest", "newest"],
    &["highest", "tallest"],
    &["lowest"],
    &["longest"],
    &["shortest"],
    &["fastest", "quickest"],
    &["slowest"],
    &["strongest", "mightiest"],
    &["weakest"],
    &["richest", "wealthiest"],
    &["poorest"],
    &["deepest"],
    &["widest", "broadest"],
    &["heaviest"],
    &["lightest"],
    &["hottest", "warmest"],
    &["coldest", "coolest"],
    &["rarest"],
    &["commonest"],
    &["deadliest"],
    &["safest"],
    &["closest", "nearest"],
    &["farthest", "furthest"],
    &["busiest"],
    &["cheapest"],
    &["costliest"],
    &["hardest", "toughest"],
    &["easiest", "simplest"],
    &["best", "finest"],
    &["worst"],
    &["most"],
    &["unprecedented"],
    &["unique"],
];

/// Words of the table that are superlatives only behind `the` or a possessive: `the only`, not `only if`.
const DETERMINED: &[&str] = &["only", "sole", "best", "worst", "most", "least", "last", "latest", "final", "finest"];

/// Wording that gives a cause, an effect prevented, or a proof; those in a row say the same.
const CAUSES: &[&[&str]] = &[
    &[
        "cause",
        "causes",
        "caused",
        "causing",
        "lead to",
        "leads to",
        "led to",
        "because of",
        "due to",
        "result in",
        "results in",
        "resulted in",
        "as a result of",
        "brought about",
        "brings about",
        "trigger",
        "triggers",
        "triggered",
        "responsible for",
        "thanks to",
        "gave rise to",
        "gives rise to",
    ],
    &["prevent", "prevents", "prevented", "protects against", "protected against", "cures", "cured"],
    &[
        "prove",
        "proves",
        "proved",
        "proven",
        "proof that",
        "show that",
        "shows that",
        "showed that",
        "shown that",
        "demonstrates that",
        "demonstrated that",
        "confirms that",
        "confirmed that",
        "establishes that",
    ],
    &["raises the risk", "increases the risk", "raised the risk", "increased the risk"],
    &["reduces the risk", "lowers the risk", "reduced the risk", "lowered the risk", "cuts the risk"],
];

/// Wording that bears a cause out and is too common in talk to be one by itself.
const CAUSES_TOO: &[&str] = &["because", "owing to", "stems from", "drives", "drove", "makes", "made"];

/// Words by which an author is less than sure.
const HEDGES: &[&str] = &[
    "might",
    "could",
    "possibly",
    "perhaps",
    "probably",
    "likely",
    "potentially",
    "suggest",
    "suggests",
    "suggested",
    "suggesting",
    "estimate",
    "estimates",
    "estimated",
    "appears",
    "appear",
    "appeared",
    "seems",
    "seem",
    "seemed",
    "thought to",
    "believed",
    "believes",
    "believe",
    "thinks",
    "hypothesis",
    "hypothesised",
    "hypothesized",
    "argue",
    "argues",
    "argued",
    "propose",
    "proposes",
    "proposed",
    "preliminary",
    "uncertain",
    "projected",
    "predicted",
    "expected",
    "anticipated",
    "reckon",
    "reckons",
    "reckoned",
    "reckoning",
    "assumes",
    "assumed",
];

/// Wording by which a text says that something is not known or not agreed.
const OPEN: &[&str] = &[
    "unknown",
    "unclear",
    "not clear",
    "not known",
    "no one knows",
    "nobody knows",
    "not yet known",
    "disputed",
    "dispute",
    "contested",
    "debated",
    "controversial",
    "uncertain",
    "uncertainty",
    "inconclusive",
    "unresolved",
    "no consensus",
    "no agreement",
    "disagree",
    "disagrees",
    "disagreed",
    "disagreement",
    "remains open",
    "still open",
    "open question",
    "cannot say",
    "can not say",
    "nobody can say",
    "no one can say",
    "no exact answer",
    "no evidence",
    "not been established",
    "not been confirmed",
    "not been measured",
    "not been tested",
    "poorly understood",
    "not understood",
    "not well understood",
    "no data",
    "conflicting",
];

/// Text as it is kept and shown: without control and hidden characters, its white space folded to single spaces.
pub(super) fn clean(text: &str) -> String {
    let seen: String = plain(text).chars().filter(|c| !is_hidden(*c)).collect();
    plain(&seen)
}

/// The start of a text, with a sign where it was cut.
pub(super) fn start(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The sentences of a text, each a slice of it without white space around it.
///
/// A sentence ends at `.`, `!`, `?` or `…` and the closing marks behind it, before white space and a character that can
/// begin one, unless the word is an abbreviation or a single letter.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !matches!(c, '.' | '!' | '?' | '…') {
            continue;
        }
        let mut end = at + c.len_utf8();
        while let Some((next, mark)) = chars.peek().copied() {
            if !matches!(mark, '.' | '!' | '?' | '…' | '"' | '\'' | ')' | '”' | '’' | '»') {
                break;
            }
            end = next + mark.len_utf8();
            chars.next();
        }
        let (Some(sentence), Some(rest)) = (text.get(start..end), text.get(end..)) else { break };
        let last = sentence.split_whitespace().next_back().unwrap_or_default().to_lowercase();
        let bare = last.trim_start_matches(['(', '"', '\'', '“', '‘']);
        let is_initial = c == '.' && bare.chars().count() == 2 && bare.starts_with(char::is_alphabetic);
        let is_short = ABBREVIATIONS.contains(&bare) || is_initial;
        let begins = rest.trim_start().chars().next();
        if rest.starts_with(char::is_whitespace) && !is_short && begins.is_some_and(|c| !c.is_lowercase()) {
            found.push(sentence.trim());
            start = end;
        }
    }
    found.push(text.get(start..).unwrap_or_default().trim());
    found.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    found
}

/// Somebody's words in a text: what stands between double or curly quotation marks, three words at least, and is not
/// written like a title. An apostrophe opens nothing.
pub(super) fn quotations(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open: Option<(usize, char)> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        match open {
            Some((from, closing)) if c == closing && (c != '’' || !next.is_some_and(char::is_alphanumeric)) => {
                open = None;
                found.extend(text.get(from..at).map(str::trim).filter(|quoted| is_speech(quoted)));
            }
            Some(_) => {}
            None => {
                let closing = match c {
                    '"' => Some('"'),
                    '“' => Some('”'),
                    '‘' => Some('’'),
                    '«' => Some('»'),
                    '„' => Some('“'),
                    _ => None,
                };
                open = closing.map(|closing| (at + c.len_utf8(), closing));
            }
        }
    }
    found
}

/// Whether quoted text has the words of speech; in a title every longer word has a capital.
fn is_speech(quoted: &str) -> bool {
    let words: Vec<&str> = quoted.split_whitespace().collect();
    let is_small = |word: &&str| word.chars().count() >= 4 && word.starts_with(char::is_lowercase);
    words.len() >= QUOTED_WORDS && (words.iter().any(is_small) || words.iter().all(|word| word.chars().count() < 4))
}

/// Whether quoted words stand in a text, but for case, the kind of marks, and the punctuation around them.
pub(super) fn is_quoted_from(quoted: &str, text: &str) -> bool {
    let level = |text: &str| {
        let same = |c: char| match c {
            '“' | '”' | '«' | '»' | '„' => '"',
            '‘' | '’' => '\'',
            '–' | '—' | '−' => '-',
            c => c,
        };
        plain(text).chars().map(same).collect::<String>().to_lowercase()
    };
    let quoted = level(quoted);
    let bare = quoted.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '…'));
    !bare.is_empty() && level(text).contains(bare)
}

/// The words of a text as they are compared: lower case, joined by hyphens and apostrophes, without other marks.
pub(super) fn words(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-');
    let trim = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase().replace('’', "'");
    text.split(|c: char| !is_part(c)).map(trim).filter(|word| !word.is_empty()).collect()
}

/// Whether a word carries no content of its own.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(&word)
}

/// A word without the endings of number, tense and possession, for comparing alone.
pub(super) fn stem(word: &str) -> String {
    let word = word.strip_suffix("'s").unwrap_or(word);
    if word.chars().count() <= 4 {
        return word.strip_suffix('s').filter(|rest| rest.len() > 2).unwrap_or(word).to_owned();
    }
    if let Some(rest) = word.strip_suffix("ies") {
        return format!("{rest}y");
    }
    let cut = |word: &str, endings: &[&str]| {
        let rest = endings.iter().find_map(|ending| word.strip_suffix(ending));
        rest.filter(|rest| rest.chars().count() >= 3).unwrap_or(word).to_owned()
    };
    cut(&cut(word, &["ing", "ed", "es", "s", "ly"]), &["e"])
}

/// The content words of a text, as stems. Figures in digits are not among them.
pub(super) fn content(text: &str) -> BTreeSet<String> {
    let parts = words(text);
    let single = parts.iter().flat_map(|word| word.split('-'));
    let counts = |word: &&str| {
        word.chars().count() > 1 && !is_stop_word(word) && !word.starts_with(|c: char| c.is_ascii_digit())
    };
    single.filter(counts).map(stem).collect()
}

/// The superlatives of a text: the row of each in the table, and its word.
pub(super) fn superlatives(text: &str) -> Vec<(usize, String)> {
    let all = words(text);
    let mut found = Vec::new();
    for (index, word) in all.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|at| all.get(at)).map_or("", String::as_str);
        let after = all.get(index + 1).map_or("", String::as_str);
        let is_owned = before.ends_with("'s") || before.ends_with("s'");
        let is_determined = is_owned || matches!(before, "the" | "its" | "their" | "our" | "his" | "her" | "very");
        let is_idiom = match word.as_str() {
            "first" => before == "at" || after == "of" || (index == 0 && text.contains("irst,")),
            "last" | "latest" => !matches!(after, "known" | "remaining" | "surviving"),
            "final" => true,
            _ => false,
        };
        if is_idiom || (DETERMINED.contains(&word.as_str()) && !is_determined) {
            continue;
        }
        if let Some(row) = SUPERLATIVES.iter().position(|row| row.contains(&word.as_str())) {
            found.push((row, word.clone()));
        }
    }
    found
}

/// The causal wording of a text: the row of each in the table, and its words.
pub(super) fn causes(text: &str) -> Vec<(usize, &'static str)> {
    let spoken = spaced(text);
    let rows = CAUSES.iter().enumerate();
    rows.flat_map(|(row, wordings)| {
        let first = wordings.iter().copied().find(|wording| has(&spoken, wording));
        first.map(|wording| (row, wording))
    })
    .collect()
}

/// Whether a text gives a cause of a row, be it in words that are no claim of one by themselves.
pub(super) fn bears_cause(text: &str, row: usize) -> bool {
    let spoken = spaced(text);
    let own = CAUSES.get(row).is_some_and(|wordings| wordings.iter().any(|wording| has(&spoken, wording)));
    own || (row == 0 && CAUSES_TOO.iter().any(|wording| has(&spoken, wording)))
}

/// The first word by which a text is less than sure. The month of May is none.
pub(super) fn hedge(text: &str) -> Option<&'static str> {
    let is_may = text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "may");
    if is_may {
        return Some("may");
    }
    let spoken = spaced(text);
    HEDGES.iter().copied().find(|wording| has(&spoken, wording))
}

/// The first words by which a text says that something is not known or not agreed.
pub(super) fn openness(text: &str) -> Option<&'static str> {
    let spoken = spaced(text);
    OPEN.iter().copied().find(|wording| has(&spoken, wording))
}

/// Whether a sentence names somebody or something: a capital behind its first word that is no `I`.
pub(super) fn has_name(sentence: &str) -> bool {
    let mut words = sentence.split_whitespace().skip(1);
    words.any(|word| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        bare.starts_with(char::is_uppercase) && bare != "I" && !bare.starts_with("I'") && !bare.starts_with("I’")
    })
}

fn spaced(text: &str) -> String {
    format!(" {} ", words(text).join(" "))
}

fn has(spoken: &str, wording: &str) -> bool {
    spoken.contains(&format!(" {wording} "))
}

#[cfg(test)]
mod tests;
