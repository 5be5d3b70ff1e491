//! Numbers in English words: cardinals with their scales, ordinals, and years said in two pairs.

use super::{ONE, Reader};

/// A number read off words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// Its value in billionths.
    pub(super) value: u128,
    /// The place behind its last word.
    pub(super) end: usize,
    /// Whether it was said as years are: "nineteen sixty-six".
    pub(super) is_year: bool,
    /// Whether it is an ordinal.
    pub(super) is_ordinal: bool,
    /// Whether it is "first", "second" or "third", which say other things too.
    pub(super) is_low_ordinal: bool,
    /// Whether it is an amount that nobody counted: "a few hundred".
    pub(super) is_vague: bool,
}

const SMALL: &[&str] = &[
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: &[&str] = &["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const ORDINALS: &[&str] = &[
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];
const ORDINAL_TENS: &[&str] =
    &["twentieth", "thirtieth", "fortieth", "fiftieth", "sixtieth", "seventieth", "eightieth", "ninetieth"];

fn index(list: &[&str], word: &str) -> Option<u64> {
    list.iter().position(|item| *item == word).map(|at| at as u64)
}

/// The value of a word from zero to nineteen.
pub(super) fn small(word: &str) -> Option<u64> {
    index(SMALL, word)
}

fn tens(word: &str) -> Option<u64> {
    index(TENS, word).map(|at| 20 + 10 * at)
}

fn ordinal(word: &str) -> Option<u64> {
    index(ORDINALS, word).map(|at| at + 1).or_else(|| index(ORDINAL_TENS, word).map(|at| 20 + 10 * at))
}

/// The value of a word that multiplies what stands before it.
pub(super) fn scale(word: &str) -> Option<u64> {
    Some(match word {
        "hundred" => 100,
        "thousand" => 1_000,
        "million" => 1_000_000,
        "billion" => 1_000_000_000,
        "trillion" => 1_000_000_000_000,
        _ => return None,
    })
}

fn begins(word: &str) -> bool {
    small(word).is_some() || tens(word).is_some()
}

/// What has been read of a cardinal.
#[derive(Default)]
struct Sum {
    total: u64,
    group: u64,
    has_group: bool,
    last_scale: Option<u64>,
    is_year: bool,
}

impl Sum {
    /// Takes a word in; says whether it belongs to the number.
    fn take(&mut self, word: &str) -> bool {
        if let Some(value) = small(word).or_else(|| tens(word)) {
            let fits = !self.has_group
                || (value > 0 && self.group.is_multiple_of(100))
                || (matches!(value, 1..=9) && self.group.is_multiple_of(10) && self.group % 100 >= 20);
            // Two pairs are a year: "nineteen sixty-six".
            let is_pair = !fits && self.total == 0 && (15..=20).contains(&self.group) && value >= 10;
            if is_pair {
                self.group = self.group * 100 + value;
                self.is_year = true;
            } else if fits {
                self.group += value;
                self.has_group = true;
            }
            return fits || is_pair;
        }
        let Some(scale) = scale(word) else { return false };
        if scale == 100 {
            let fits = !self.is_year && self.group < 100 && (self.has_group || self.total == 0);
            if fits {
                self.group = self.group.max(1) * 100;
                self.has_group = true;
            }
            return fits;
        }
        if self.is_year || self.last_scale.is_some_and(|last| scale >= last) {
            return false;
        }
        self.total += self.group.max(1) * scale;
        (self.group, self.has_group, self.last_scale) = (0, false, Some(scale));
        true
    }
}

/// The number that begins at a word, if one does.
pub(super) fn number(reader: &Reader<'_>, start: usize) -> Option<Number> {
    let first = reader.key(start);
    let has_article = matches!(first, "a" | "an") && scale(reader.key(start + 1)).is_some();
    if let Some(value) = ordinal(first) {
        return Some(single(value, start + 1));
    }
    if !(begins(first) || scale(first).is_some() || has_article) {
        return None;
    }
    let mut sum = Sum::default();
    let mut at = if has_article { start + 1 } else { start };
    let mut end = at;
    while sum.take(reader.key(at)) {
        let is_scaled = scale(reader.key(at)).is_some();
        end = at + 1;
        at = reader.joined(end);
        if is_scaled && reader.key(at) == "and" && begins(reader.key(at + 1)) {
            at += 1;
        }
        let is_oh = matches!(reader.key(at), "oh" | "o") && (15..=20).contains(&sum.group) && sum.total == 0;
        if is_oh && let Some(value @ 1..=9) = small(reader.key(reader.joined(at + 1))) {
            let number = single(sum.group * 100 + value, reader.joined(at + 1) + 1);
            return Some(Number { is_year: true, is_ordinal: false, is_low_ordinal: false, ..number });
        }
    }
    let cardinal = sum.total + sum.group;
    let is_open = cardinal.is_multiple_of(10) && (cardinal % 100 >= 20 || cardinal.is_multiple_of(100));
    if is_open
        && !sum.is_year
        && at > end
        && let Some(value @ 1..=9) = ordinal(reader.key(at))
    {
        return Some(Number { is_low_ordinal: false, ..single(cardinal + value, at + 1) });
    }
    let mut value = u128::from(cardinal) * ONE;
    if reader.key(end) == "point" {
        let mut place = ONE / 10;
        let mut at = end + 1;
        while let Some(digit @ 0..=9) = small(reader.key(at)).filter(|_| place > 0) {
            value += u128::from(digit) * place;
            place /= 10;
            at += 1;
            end = at;
        }
        let (scale, behind) = reader.scale(end);
        value = value.saturating_mul(scale);
        end = behind;
    }
    let before = reader.key_before(start, 1);
    let is_vague = scale(first).is_some() && matches!(before, "few" | "several" | "many" | "couple" | "of");
    Some(Number { value, end, is_year: sum.is_year, is_ordinal: false, is_low_ordinal: false, is_vague })
}

fn single(value: u64, end: usize) -> Number {
    Number {
        value: u128::from(value) * ONE,
        end,
        is_year: false,
        is_ordinal: true,
        is_low_ordinal: value <= 3,
        is_vague: false,
    }
}
