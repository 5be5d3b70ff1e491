//! English spelling into sounds, by a table of letter groups and a few words that no rule gives.
//!
//! Rough by intent: every letter and digit is heard, none is refused, and a reader follows the text. Each character of
//! the text belongs to exactly one piece, in order, so that it can be timed. Not a dictionary.

use super::phones::Phone::{self, *};

/// Some neighbouring characters and the sounds they make together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    /// How many characters of the text it covers.
    pub(super) characters: usize,
    /// Its sounds; none where a letter is silent.
    pub(super) phones: &'static [Phone],
    /// Whether it carries the stress of its word.
    pub(super) stressed: bool,
    /// Whether it is a question mark.
    pub(super) asks: bool,
}

impl Piece {
    fn new(characters: usize, phones: &'static [Phone]) -> Self {
        Self { characters, phones, stressed: false, asks: false }
    }

    /// Whether a phrase ends with it.
    pub(super) fn ends_phrase(&self) -> bool {
        self.phones.iter().any(|phone| phone.is_pause())
    }
}

/// Words whose spelling misleads the table.
const WORDS: &[(&str, &[Phone])] = &[
    ("the", &[Dh, Schwa]),
    ("a", &[Schwa]),
    ("i", &[Ai]),
    ("of", &[Oh, V]),
    ("to", &[T, Uu]),
    ("do", &[D, Uu]),
    ("who", &[H, Uu]),
    ("two", &[T, Uu]),
    ("is", &[Ih, Z]),
    ("was", &[W, Oh, Z]),
    ("has", &[H, Ae, Z]),
    ("his", &[H, Ih, Z]),
    ("as", &[Ae, Z]),
    ("are", &[Aa]),
    ("were", &[W, Er]),
    ("you", &[Y, Uu]),
    ("your", &[Y, Ao]),
    ("be", &[B, Ii]),
    ("he", &[H, Ii]),
    ("she", &[Sh, Ii]),
    ("we", &[W, Ii]),
    ("me", &[M, Ii]),
    ("no", &[N, Ou]),
    ("so", &[S, Ou]),
    ("go", &[G, Ou]),
    ("by", &[B, Ai]),
    ("my", &[M, Ai]),
    ("why", &[W, Ai]),
    ("one", &[W, Ah, N]),
    ("some", &[S, Ah, M]),
    ("have", &[H, Ae, V]),
    ("said", &[S, E, D]),
    ("they", &[Dh, Ei]),
    ("them", &[Dh, E, M]),
    ("then", &[Dh, E, N]),
    ("than", &[Dh, Ae, N]),
    ("there", &[Dh, E, Schwa]),
    ("their", &[Dh, E, Schwa]),
    ("these", &[Dh, Ii, Z]),
    ("those", &[Dh, Ou, Z]),
    ("this", &[Dh, Ih, S]),
    ("that", &[Dh, Ae, T]),
    ("with", &[W, Ih, Dh]),
    ("what", &[W, Oh, T]),
    ("could", &[K, Uh, D]),
    ("would", &[W, Uh, D]),
    ("should", &[Sh, Uh, D]),
];

/// Where in a word a letter group must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Anywhere,
    Start,
    End,
}

use Place::{Anywhere, End, Start};

/// Letter groups, longer ones first.
const GROUPS: &[(&str, Place, &[Phone])] = &[
    ("ation", End, &[Ei, Sh, Schwa, N]),
    ("ight", Anywhere, &[Ai, T]),
    ("ough", Anywhere, &[Ao]),
    ("augh", Anywhere, &[Ao]),
    ("eigh", Anywhere, &[Ei]),
    ("tion", Anywhere, &[Sh, Schwa, N]),
    ("sion", Anywhere, &[Zh, Schwa, N]),
    ("ture", End, &[Ch, Schwa]),
    ("igh", Anywhere, &[Ai]),
    ("tch", Anywhere, &[Ch]),
    ("dge", Anywhere, &[J]),
    ("ous", End, &[Schwa, S]),
    ("que", End, &[K]),
    ("all", End, &[Ao, L]),
    ("ind", End, &[Ai, N, D]),
    ("sh", Anywhere, &[Sh]),
    ("ch", Anywhere, &[Ch]),
    ("th", Anywhere, &[Th]),
    ("ph", Anywhere, &[F]),
    ("wh", Start, &[W]),
    ("kn", Start, &[N]),
    ("wr", Start, &[R]),
    ("ps", Start, &[S]),
    ("gh", Start, &[G]),
    ("gh", Anywhere, &[]),
    ("ck", Anywhere, &[K]),
    ("ng", Anywhere, &[Ng]),
    ("nk", Anywhere, &[Ng, K]),
    ("qu", Anywhere, &[K, W]),
    ("sc", Start, &[S, K]),
    ("ee", Anywhere, &[Ii]),
    ("ea", Anywhere, &[Ii]),
    ("ie", Anywhere, &[Ii]),
    ("oo", Anywhere, &[Uu]),
    ("ou", Anywhere, &[Au]),
    ("ow", End, &[Ou]),
    ("ow", Anywhere, &[Au]),
    ("oi", Anywhere, &[Oi]),
    ("oy", Anywhere, &[Oi]),
    ("ai", Anywhere, &[Ei]),
    ("ay", Anywhere, &[Ei]),
    ("ei", Anywhere, &[Ei]),
    ("ey", End, &[Ii]),
    ("au", Anywhere, &[Ao]),
    ("aw", Anywhere, &[Ao]),
    ("oa", Anywhere, &[Ou]),
    ("ue", End, &[Uu]),
    ("ew", Anywhere, &[Y, Uu]),
    ("eu", Anywhere, &[Y, Uu]),
    ("ia", Anywhere, &[Ii, Schwa]),
    ("io", Anywhere, &[Ai, Schwa]),
    ("ar", Anywhere, &[Aa]),
    ("er", End, &[Schwa]),
    ("er", Anywhere, &[Er]),
    ("ir", Anywhere, &[Er]),
    ("ur", Anywhere, &[Er]),
    ("or", Anywhere, &[Ao]),
    ("al", End, &[Schwa, L]),
    ("ce", Start, &[S, E]),
    ("le", End, &[Schwa, L]),
];

/// The pieces of a text, which together cover each of its characters once.
pub(super) fn pieces(text: &[char]) -> Vec<Piece> {
    let folded: Vec<char> = text.iter().map(|c| fold(*c)).collect();
    let mut pieces = Vec::with_capacity(text.len());
    let mut rest = folded.as_slice();
    let mut before = ' ';
    while let Some(&first) = rest.first() {
        let length = rest.iter().take_while(|c| c.is_ascii_lowercase()).count();
        if length > 0 {
            let (word, after) = rest.split_at(length);
            spell(word, &mut pieces);
            before = word.last().copied().unwrap_or(' ');
            rest = after;
        } else {
            let after = rest.get(1..).unwrap_or_default();
            pieces.push(mark(before, first, after.first().copied()));
            before = first;
            rest = after;
        }
    }
    pieces
}

/// A character that is no Latin letter: a digit is named, a sign is named or makes a pause, the rest is silent.
fn mark(before: char, it: char, after: Option<char>) -> Piece {
    let in_number = before.is_ascii_digit() && after.is_some_and(|c| c.is_ascii_digit());
    let phones: &'static [Phone] = match it {
        '0' => &[Z, Ih, R, Ou],
        '1' => &[W, Ah, N],
        '2' => &[T, Uu],
        '3' => &[Th, R, Ii],
        '4' => &[F, Ao],
        '5' => &[F, Ai, V],
        '6' => &[S, Ih, K, S],
        '7' => &[S, E, V, N],
        '8' => &[Ei, T],
        '9' => &[N, Ai, N],
        '.' if in_number => &[P, Oi, N, T],
        ',' if in_number => &[],
        '%' => &[P, Er, S, E, N, T],
        '&' => &[Ae, N, D],
        '+' => &[P, L, Ah, S],
        '=' => &[Ii, K, W, Schwa, L, Z],
        '$' => &[D, Oh, L, Schwa],
        '\u{20ac}' => &[Y, Uu, R, Ou],
        '\u{b0}' => &[D, Ih, G, R, Ii],
        '.' | '!' | '?' | '\u{2026}' | '\u{3002}' => &[Long],
        ',' | '(' | ')' => &[Short],
        ';' | ':' | '\u{2013}' | '\u{2014}' => &[Middle],
        '\n' if before == '\n' => &[],
        '\n' => &[Paragraph],
        c if c.is_whitespace() => &[Gap],
        c if c.is_alphabetic() => match u32::from(c) % 4 {
            0 => &[N, Aa],
            1 => &[D, Schwa],
            2 => &[L, Ih],
            _ => &[M, Ou],
        },
        _ => &[],
    };
    // The second of two marks, or a mark within a word, adds no pause of its own.
    let doubled = phones.first().is_some_and(|phone| phone.is_pause()) && is_stop(before) && it != '\n';
    let joined = matches!(it, '.' | ':' | ',') && after.is_some_and(char::is_alphanumeric);
    let phones = if (doubled || joined) && !in_number { &[] } else { phones };
    Piece { asks: it == '?' && !phones.is_empty(), ..Piece::new(1, phones) }
}

fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '\u{2026}' | ',' | ';' | ':' | '\u{2013}' | '\u{2014}')
}

/// A lower-case ASCII letter for each Latin letter, other characters as they are.
fn fold(c: char) -> char {
    match c.to_lowercase().next().unwrap_or(c) {
        '\u{e0}'..='\u{e6}' | '\u{101}' | '\u{103}' | '\u{105}' => 'a',
        '\u{e7}' | '\u{107}' | '\u{10d}' => 'c',
        '\u{e8}'..='\u{eb}' | '\u{113}' | '\u{119}' | '\u{11b}' | '\u{153}' => 'e',
        '\u{ec}'..='\u{ef}' | '\u{12b}' | '\u{131}' => 'i',
        '\u{f1}' | '\u{144}' | '\u{148}' => 'n',
        '\u{f2}'..='\u{f6}' | '\u{f8}' | '\u{14d}' | '\u{151}' => 'o',
        '\u{f9}'..='\u{fc}' | '\u{16b}' | '\u{16f}' | '\u{171}' => 'u',
        '\u{fd}' | '\u{ff}' => 'y',
        '\u{df}' | '\u{15b}' | '\u{161}' => 's',
        '\u{17a}' | '\u{17c}' | '\u{17e}' => 'z',
        '\u{142}' => 'l',
        '\u{159}' => 'r',
        '\u{11f}' => 'g',
        lower => lower,
    }
}

fn spell(word: &[char], pieces: &mut Vec<Piece>) {
    let same = |other: &str| other.len() == word.len() && other.chars().eq(word.iter().copied());
    if let Some((_, phones)) = WORDS.iter().find(|(known, _)| same(known)) {
        pieces.push(Piece::new(word.len(), phones));
        return;
    }
    let mut stress = word.len() > 3;
    let mut at = 0;
    while at < word.len() {
        let mut piece = group(word, at).unwrap_or_else(|| letter(word, at));
        if stress && piece.phones.iter().any(|phone| phone.is_vowel()) {
            piece.stressed = true;
            stress = false;
        }
        at += piece.characters.max(1);
        pieces.push(piece);
    }
}

fn group(word: &[char], at: usize) -> Option<Piece> {
    let rest = word.get(at..)?;
    let fits = |(letters, place, _): &&(&str, Place, &[Phone])| {
        letters.len() <= rest.len()
            && letters.chars().eq(rest.iter().copied().take(letters.len()))
            && match place {
                Anywhere => true,
                Start => at == 0,
                End => at > 0 && letters.len() == rest.len(),
            }
    };
    GROUPS.iter().find(fits).map(|(letters, _, phones)| Piece::new(letters.len(), phones))
}

fn is_vowel_letter(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// A single letter, or a doubled consonant, by what stands around it.
fn letter(word: &[char], at: usize) -> Piece {
    let get = |index: usize| word.get(index).copied();
    let it = get(at).unwrap_or(' ');
    let before = at.checked_sub(1).and_then(get);
    let next = get(at + 1);
    let soft = matches!(next, Some('e' | 'i' | 'y'));
    let left = word.len().saturating_sub(at + 1);
    // A vowel, one consonant and a final e, with or without s or d after it: the vowel is long.
    let magic = next.is_some_and(|c| !is_vowel_letter(c) && c != 'x')
        && get(at + 2) == Some('e')
        && (left == 2 || (left == 3 && matches!(get(at + 3), Some('s' | 'd'))));
    let phones: &'static [Phone] = match it {
        'a' if magic => &[Ei],
        'a' if left == 0 && at > 0 => &[Schwa],
        'a' => &[Ae],
        'e' if magic => &[Ii],
        'e' if left == 0 => {
            if word.iter().take(at).any(|c| is_vowel_letter(*c)) {
                &[]
            } else {
                &[Ii]
            }
        }
        'e' if left == 1 && at > 1 && matches!(next, Some('s' | 'd')) => match before {
            Some('t' | 'd' | 's' | 'z' | 'x' | 'c' | 'g' | 'h') => &[Ih],
            Some(_) | None => &[],
        },
        'e' => &[E],
        'i' if magic => &[Ai],
        'i' => &[Ih],
        'o' if magic => &[Ou],
        'o' if left == 0 => &[Ou],
        'o' => &[Oh],
        'u' if magic => &[Y, Uu],
        'u' => &[Ah],
        'y' if at == 0 => &[Y],
        'y' if left == 0 => &[Ii],
        'y' => &[Ih],
        'b' => &[B],
        'c' if soft => &[S],
        'c' => &[K],
        'd' => &[D],
        'f' => &[F],
        'g' if soft && at > 0 => &[J],
        'g' => &[G],
        'h' => &[H],
        'j' => &[J],
        'k' => &[K],
        'l' => &[L],
        'm' => &[M],
        'n' => &[N],
        'p' => &[P],
        'q' => &[K],
        'r' => &[R],
        's' if next == Some('s') => &[S],
        's' if at > 0 && before.is_some_and(is_voiced_letter) && next.is_none_or(is_vowel_letter) => &[Z],
        's' => &[S],
        't' => &[T],
        'v' => &[V],
        'w' => &[W],
        'x' if at == 0 => &[Z],
        'x' => &[K, S],
        'z' => &[Z],
        _ => &[],
    };
    let doubled = next == Some(it) && !is_vowel_letter(it);
    Piece::new(if doubled { 2 } else { 1 }, phones)
}

fn is_voiced_letter(c: char) -> bool {
    is_vowel_letter(c) || matches!(c, 'b' | 'd' | 'g' | 'l' | 'm' | 'n' | 'r' | 'v' | 'w')
}
