//! The words of a text that say what it is about: lower case, without those of every text, cut to a light stem.
//!
//! English only: in another language texts are still compared, by whole words.

/// Words that say nothing of what is wrong.
const STOP: &[&str] = &[
    "a", "about", "after", "again", "all", "also", "an", "and", "any", "are", "as", "at", "be", "because", "been",
    "before", "being", "but", "by", "can", "could", "did", "do", "does", "each", "for", "from", "had", "has", "have",
    "he", "her", "here", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "line", "lines", "more",
    "most", "must", "no", "nor", "not", "of", "off", "on", "one", "only", "or", "other", "our", "out", "over", "own",
    "same", "says", "said", "say", "she", "should", "so", "some", "such", "than", "that", "the", "their", "them",
    "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "up", "us", "very", "was",
    "we", "were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "would", "you", "your",
    "yet", "here's", "it's",
];
/// The most words of a text that are compared.
const MOST_WORDS: usize = 200;
/// The most bytes of a text that are shown.
const SHOWN_BYTES: usize = 240;

/// A word as it stands in the text, in lower case, and the stem it is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) form: String,
    pub(super) stem: String,
}

/// The telling words of a text in their order. Numbers and names of lines are left out: they tell cases apart, not faults.
pub(super) fn telling(text: &str) -> Vec<Word> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’'))
        .map(|word| word.trim_matches(['\'', '’']).replace('’', "'").to_lowercase())
        .filter(|word| word.chars().count() > 1 && !word.chars().any(char::is_numeric))
        .filter(|word| !STOP.contains(&word.as_str()))
        .take(MOST_WORDS)
        .map(|form| Word { stem: stem(&form), form })
        .collect()
}

/// The stem of an English word: its plural as in Harman's S-stemmer ("How effective is suffixing?", Journal of the
/// American Society for Information Science 42, 1991), then `-ing`, `-ed` and a last `e`, where at least four letters are
/// left of it.
fn stem(word: &str) -> String {
    let word = word.strip_suffix("'s").unwrap_or(word);
    let mut stem = match word {
        w if w.ends_with("ies") && !w.ends_with("eies") && !w.ends_with("aies") => {
            w.strip_suffix("ies").map(|w| format!("{w}y")).unwrap_or_default()
        }
        w if w.ends_with('s') && !w.ends_with("us") && !w.ends_with("ss") && w.len() > 3 => {
            w.strip_suffix('s').unwrap_or(w).to_owned()
        }
        w => w.to_owned(),
    };
    for ending in ["ing", "ed", "e"] {
        let rest = stem.strip_suffix(ending).filter(|rest| rest.chars().count() >= 4).map(str::to_owned);
        stem = rest.unwrap_or(stem);
    }
    stem
}

/// A text on one line, without control characters.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text as it may be shown and asked with: on one line, without control characters, and cut where it is long.
pub(super) fn shown(text: &str) -> String {
    let line = one_line(text);
    if line.len() <= SHOWN_BYTES {
        return line;
    }
    let cut = line.get(..line.floor_char_boundary(SHOWN_BYTES - '…'.len_utf8())).unwrap_or_default();
    let words = cut.rsplit_once(' ').map_or(cut, |(words, _)| words);
    format!("{words}…")
}
