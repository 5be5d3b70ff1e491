//! Reading a line: its sentences, its words, and how many syllables a word has.
//!
//! Everything found is a range of the text, so that what an observation quotes is verbatim. Not for figures.

use std::ops::Range;

/// Words after which a full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "e.g.", "i.e.", "dr.", "mr.", "mrs.", "ms.", "prof.", "st.", "vs.", "etc.", "approx.", "ca.", "no.", "fig.", "al.",
];

/// Marks that may stand behind the mark that ends a sentence.
const CLOSERS: &[char] = &['.', '!', '?', '…', '"', '\'', ')', '”', '’'];

/// The most characters of a text that are repeated in words about it.
const SHOWN: usize = 60;

/// The sentences of a text, each without white space around it.
///
/// A sentence ends at `.`, `!`, `?` or `…` (and what closes it) before white space and a character that can begin one,
/// unless the word is an abbreviation or a single letter.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !matches!(c, '.' | '!' | '?' | '…') {
            continue;
        }
        let mut end = at + c.len_utf8();
        while let Some((next, mark)) = chars.next_if(|(_, mark)| CLOSERS.contains(mark)) {
            end = next + mark.len_utf8();
        }
        let (Some(sentence), Some(rest)) = (text.get(start..end), text.get(end..)) else { break };
        let begins = rest.trim_start().chars().next();
        let last = sentence.split_whitespace().next_back().unwrap_or_default().to_lowercase();
        let bare = last.trim_start_matches(['(', '"', '\'', '“']);
        let is_short = ABBREVIATIONS.contains(&bare) || (bare.chars().count() == 2 && bare.ends_with('.'));
        if rest.starts_with(char::is_whitespace) && !is_short && begins.is_some_and(|c| !c.is_lowercase()) {
            found.extend(trimmed(text, start..end));
            start = end;
        }
    }
    found.extend(trimmed(text, start..text.len()));
    found
}

/// A range without the white space at its ends; nothing where nothing is left.
fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let part = text.get(range.clone())?;
    let start = range.start + (part.len() - part.trim_start().len());
    let length = part.trim().len();
    (length > 0).then_some(start..start + length)
}

/// The sentence that a place is in; the whole text where it is in none.
pub(super) fn sentence_at(text: &str, at: usize) -> Range<usize> {
    sentences(text).into_iter().find(|sentence| sentence.end > at).unwrap_or(0..text.len())
}

/// A word, or a part of one that is joined with hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it stands, in bytes, without the marks around it.
    pub(super) at: Range<usize>,
    /// The word in lower case with plain apostrophes: what words are compared by.
    pub(super) key: String,
}

/// The words of a text, split at white space, hyphens, dashes and slashes; what has no letter and no digit is no word.
pub(super) fn words(text: &str) -> Vec<Word> {
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '/');
    let mut found = Vec::new();
    let mut start = 0;
    for part in text.split(is_edge) {
        let at = start;
        let gap = text.get(at + part.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        start = at + part.len() + gap;
        let from = at + part.len() - part.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
        let bare = part.trim_matches(|c: char| !c.is_alphanumeric());
        if !bare.is_empty() {
            found.push(Word { at: from..from + bare.len(), key: key(bare) });
        }
    }
    found
}

/// A word as it is compared.
fn key(word: &str) -> String {
    word.replace(['’', '‘'], "'").to_lowercase()
}

/// The words of a phrase, as they are compared.
pub(super) fn keys(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.key).collect()
}

/// Where a phrase begins among words, in words; a phrase of nothing begins nowhere.
pub(super) fn position(words: &[Word], phrase: &[String]) -> Option<usize> {
    if phrase.is_empty() {
        return None;
    }
    words.windows(phrase.len()).position(|window| window.iter().zip(phrase).all(|(word, wanted)| word.key == *wanted))
}

/// Words as they are counted for measures of reading: between white space, with a letter or a digit.
pub(super) fn counted(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric))
}

/// At most `limit` words of a text around a place in it: a slice of the text.
pub(super) fn around(text: &str, at: usize, limit: usize) -> &str {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for word in text.split_whitespace() {
        let from = spans.last().map_or(0, |span| span.end);
        let offset = text.get(from..).and_then(|rest| rest.find(word)).unwrap_or(0);
        spans.push(from + offset..from + offset + word.len());
    }
    let hit = spans.iter().position(|span| span.end > at).unwrap_or(0);
    let first = hit.saturating_sub(limit / 3);
    let last = (first + limit.max(1) - 1).min(spans.len().saturating_sub(1));
    match (spans.get(first), spans.get(last)) {
        (Some(first), Some(last)) => text.get(first.start..last.end).unwrap_or_default(),
        (Some(_) | None, _) => "",
    }
}

/// A text as it may stand in words about it: without control characters, and not at any length.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

/// About how many syllables a word has when it is read aloud.
///
/// The groups of vowels, less the endings that are silent, plus the vowels that stand together and are said apart: the
/// approach of Talburt, "The Flesch index: an easily programmable readability analysis algorithm", SIGDOC 1985. Figures
/// count a syllable a digit and short capitals one a letter, close to Flesch's rule that they count as they are said.
pub(super) fn syllables(word: &str) -> u64 {
    word.split(|c: char| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '/')).map(part_syllables).sum::<u64>().max(1)
}

fn part_syllables(part: &str) -> u64 {
    let digits = part.chars().filter(char::is_ascii_digit).count();
    let bare = part.trim_matches(|c: char| !c.is_alphanumeric());
    let letters: Vec<char> = key(bare).chars().filter(|c| c.is_alphabetic()).map(plain).collect();
    if digits > 0 {
        return digits as u64 + u64::from(letters.len() > 2);
    }
    if (2..=4).contains(&bare.chars().count()) && bare.chars().all(char::is_uppercase) {
        return letters.len() as u64;
    }
    let word: String = letters.iter().collect();
    let groups = vowel_groups(&letters) + said_apart(&word);
    let silent = u64::from(has_silent_end(&word));
    // "Isn't" and its like have a syllable that no vowel shows.
    let negated = ["dnt", "snt"].iter().any(|end| word.ends_with(end)) && bare.contains(['\'', '’']);
    let least = u64::from(!letters.is_empty());
    (groups.saturating_sub(silent) + u64::from(negated)).max(least)
}

/// A vowel without its accent, so far as English and its neighbours use them.
fn plain(c: char) -> char {
    match c {
        'à'..='æ' => 'a',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ò'..='ö' | 'ø' => 'o',
        'ù'..='ü' => 'u',
        'ý' | 'ÿ' => 'y',
        c => c,
    }
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u')
}

fn vowel_groups(letters: &[char]) -> u64 {
    let mut groups = 0;
    let mut inside = false;
    for (at, c) in letters.iter().enumerate() {
        let next_is_vowel = letters.get(at + 1).is_some_and(|next| is_vowel(*next));
        if *c == 'y' {
            // A consonant at the start of a word and between vowels; a vowel of its own before another, as in "trying".
            let consonant = (at == 0 || inside) && next_is_vowel;
            groups += u64::from(!consonant && !inside);
            inside = !consonant && !next_is_vowel;
        } else {
            let vowel = is_vowel(*c);
            groups += u64::from(vowel && !inside);
            inside = vowel;
        }
    }
    groups
}

/// Vowels that stand together and are said apart, and a syllable that no vowel shows.
fn said_apart(word: &str) -> u64 {
    let mut more = 0;
    let before = |at: usize, ends: &[&str]| word.get(..at).is_some_and(|head| ends.iter().any(|e| head.ends_with(e)));
    for (pair, joined) in [
        ("ia", &["t", "c", "l", "rr"][..]),
        ("io", &["t", "s", "c", "g", "x", "ll", "n", "sh"][..]),
        ("ie", &["__"][..]),
        ("eo", &["p", "g"][..]),
        ("ua", &["q", "g"][..]),
        ("uo", &["q", "b"][..]),
    ] {
        for (at, _) in word.match_indices(pair) {
            let rest = word.get(at + 2..).unwrap_or_default();
            let apart = match pair {
                "ie" => rest.starts_with("t") && word.ends_with("iety"),
                "ua" => rest.starts_with('l') || rest.starts_with('t'),
                _ => at > 0,
            };
            more += u64::from(apart && !before(at, joined));
        }
    }
    let said_ing = word.strip_suffix("ing").is_some_and(|stem| stem.ends_with(is_vowel));
    let said_create = word.contains("creat") && !word.contains("creatur");
    more + u64::from(said_ing) + u64::from(said_create) + u64::from(word.ends_with("ism") || word.ends_with("thm"))
}

fn has_silent_end(word: &str) -> bool {
    let ends = |stem: &str, with: &[&str]| with.iter().any(|end| stem.ends_with(end));
    let after_consonant = |stem: &str| stem.chars().next_back().is_some_and(|c| !is_vowel(c) && c != 'y');
    // "Table": the consonant before the l makes the end a syllable.
    let is_table = |stem: &str| {
        stem.strip_suffix('l').is_some_and(|head| head.chars().next_back().is_some_and(|c| !is_vowel(c) && c != 'l'))
    };
    if let Some(stem) = word.strip_suffix("es") {
        return after_consonant(stem) && !is_table(stem) && !ends(stem, &["s", "x", "z", "ch", "sh", "c", "g"]);
    }
    if let Some(stem) = word.strip_suffix("ed") {
        return after_consonant(stem) && !ends(stem, &["t", "d"]);
    }
    word.strip_suffix('e').is_some_and(|stem| after_consonant(stem) && !is_table(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_they_end() {
        let text = " It is, e.g. here, old. Dr. Who (J. Smith) said \"no.\" Then 2.5 of it. and so on… Well?! Yes";
        let found: Vec<&str> = sentences(text).into_iter().map(|at| &text[at]).collect();
        let wanted = [
            "It is, e.g. here, old.",
            "Dr. Who (J. Smith) said \"no.\"",
            "Then 2.5 of it. and so on…",
            "Well?!",
            "Yes",
        ];
        assert_eq!(found, wanted);
        assert!(sentences(" \n").is_empty());
        assert_eq!(&text[sentence_at(text, 30)], wanted[1]);
        assert_eq!(sentence_at(" ", 0), 0..1);
    }

    #[test]
    fn words_are_ranges_of_the_text_without_their_marks() {
        let text = "“Mind-blowing,” – it’s 2.5!";
        let found = words(text);
        assert_eq!(
            found.iter().map(|word| &text[word.at.clone()]).collect::<Vec<_>>(),
            ["Mind", "blowing", "it’s", "2.5"]
        );
        assert_eq!(found[2].key, "it's");
        assert_eq!(position(&found, &keys("blowing it's")), Some(1));
        assert_eq!(position(&found, &keys("low")), None, "a part of a word is no word");
        assert_eq!(position(&found, &keys("—")), None);
    }

    #[test]
    fn syllables_are_about_those_of_speech() {
        for (word, wanted) in [
            ("cat", 1),
            ("the", 1),
            ("table", 2),
            ("tables", 2),
            ("whole", 1),
            ("used", 1),
            ("wanted", 2),
            ("passages", 3),
            ("being", 2),
            ("trying", 2),
            ("saying", 2),
            ("player", 2),
            ("beyond", 2),
            ("platypus", 3),
            ("nation", 2),
            ("lion", 2),
            ("million", 2),
            ("creature", 2),
            ("created", 3),
            ("usual", 3),
            ("radio", 3),
            ("idea", 3),
            ("prism", 2),
            ("isn't", 2),
            ("don't", 1),
            ("DNA", 3),
            ("AI", 2),
            ("1966", 4),
            ("thirty-one", 3),
            ("people", 2),
            ("anxiety", 4),
            ("queue", 1),
            ("rhythm", 2),
            ("café", 2),
            ("a", 1),
            ("—", 1),
        ] {
            let found = syllables(word);
            assert!(found.abs_diff(wanted) <= u64::from(word == "idea" || word == "café"), "{word}: {found}");
        }
    }

    #[test]
    fn a_quote_is_a_slice_around_its_place() {
        let text = "one two three four five six seven eight nine ten";
        assert_eq!(around(text, text.find("five").unwrap(), 6), "three four five six seven eight");
        assert_eq!(around("short", 99, 6), "short");
        assert_eq!(around(" ", 0, 6), "");
        assert_eq!(shown("a\u{1b}[2Jb"), "a[2Jb");
    }
}
