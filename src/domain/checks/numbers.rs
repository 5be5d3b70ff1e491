//! Figures in a text: numbers in digits and in words, with their units, and when two of them say the same.
//!
//! What is read: thousands separators, decimals, scales ("2.5 million"), numbers in words ("thirty-one", "nineteen
//! sixty-six"), per cent, ordinals, years, decades, days of a month, and whether it is said to be rounded. Not for what
//! a figure must be borne out by: that is in `evidence`.

mod agree;
mod atoms;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

use self::atoms::{Atom, Kind};
use super::units::{self, Measure};

pub(super) use self::agree::{agrees, clashes, derived, rivals};

/// One, in the billionths that values are counted in.
pub(super) const ONE: u128 = 1_000_000_000;

/// What a figure counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Nothing that is named.
    Bare,
    /// Things: the word behind the figure in lower case and the singular.
    Noun(String),
    /// A unit of measure.
    Measure(Measure),
    /// Parts of a hundred.
    Percent,
    /// A year of the calendar.
    Year,
    /// The ten years from this one on.
    Decade,
    /// A day of this month, from 1 to 12.
    Day(u8),
    /// A month of a year; the value is from 1 to 12.
    Month,
    /// It is part of a name, such as the 28 of "silicon-28", or of a score: what stands before or behind it.
    Label(String),
}

/// A figure of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figure {
    /// Where it stands, in bytes, with its scale and without its unit.
    pub(super) at: Range<usize>,
    /// Its value in billionths.
    pub(super) value: u128,
    /// What it counts.
    pub(super) unit: Unit,
    /// Whether it stands in words.
    pub(super) spelled: bool,
    /// Whether the text says that it is rounded.
    pub(super) hedged: bool,
    /// Whether it is told from now or from another time: an age, or so long ago.
    pub(super) relative: bool,
}

impl Figure {
    /// Whether it is a date and not an amount.
    pub(super) fn is_date(&self) -> bool {
        matches!(self.unit, Unit::Year | Unit::Decade | Unit::Day(_) | Unit::Month)
    }
}

/// Words that say a figure is rounded.
const HEDGES: &[&str] =
    &["about", "almost", "nearly", "roughly", "around", "approximately", "some", "circa", "over", "under"];
/// The same in two words.
const HEDGE_PAIRS: &[(&str, &str)] =
    &[("close", "to"), ("more", "than"), ("less", "than"), ("fewer", "than"), ("at", "least"), ("up", "to")];
/// Words before a number of four digits that make it a year.
const BEFORE_YEARS: &[&str] = &[
    "in", "since", "until", "till", "by", "from", "year", "before", "after", "during", "early", "late", "circa", "and",
    "to", "summer", "spring", "autumn", "winter", "fall", "mid", "of",
];
/// Words behind a span of time that tell it from some other time.
const RELATIVE: &[&str] = &["ago", "old", "later", "earlier", "after", "before", "apart", "younger", "older", "hence"];
/// Words that name nothing which is counted.
const STOP_WORDS: &[&str] = &[
    "a", "an", "the", "and", "or", "of", "to", "in", "on", "at", "by", "for", "from", "with", "than", "that", "this",
    "is", "was", "are", "were", "be", "been", "it", "its", "as", "but", "so", "if", "when", "while", "which", "who",
    "what", "i", "you", "we", "they", "he", "she", "has", "have", "had", "not", "no", "more", "less", "fewer", "per",
    "there", "then", "where", "because", "would", "could", "can", "may", "did", "does", "do", "after", "before",
    "until", "since", "times", "ad", "ce", "bc", "bce",
];
/// Words between a figure and its unit.
const BEFORE_UNITS: &[&str] =
    &["square", "cubic", "nautical", "metric", "light", "us", "full", "whole", "long", "short"];
/// Plurals that no letter marks, or that are their own singular.
const UNMARKED: &[&str] = &["people", "men", "women", "children", "species", "series"];
const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The month that a word in lower case names, from 1.
pub(super) fn month(word: &str) -> Option<u8> {
    MONTHS.iter().position(|month| *month == word).and_then(|at| u8::try_from(at + 1).ok())
}

/// The figures of a text, in order.
pub(super) fn figures(text: &str) -> Vec<Figure> {
    let reader = Reader { atoms: atoms::read(text) };
    let mut found: Vec<Figure> = Vec::new();
    let mut at = 0;
    while at < reader.atoms.len() {
        let read = reader.digits(at).or_else(|| reader.spelled(at)).or_else(|| reader.month_of_year(at));
        match read {
            Some((figure, next)) => {
                found.extend(figure);
                at = next.max(at + 1);
            }
            None => at += 1,
        }
    }
    inherit(&mut found, text);
    found
}

/// What a source says of figures without a figure in it: a half, a century, a dozen.
pub(super) fn implied(text: &str) -> Vec<Figure> {
    let reader = Reader { atoms: atoms::read(text) };
    let year = units::find("year", false);
    let percent = |value: u128| (value, Unit::Percent);
    let years = |value: u128| (value, year.map_or(Unit::Bare, Unit::Measure));
    let mut found = Vec::new();
    for (at, atom) in reader.atoms.iter().enumerate() {
        let several = u128::from(words::small(reader.key_before(at, 1)).unwrap_or(1));
        let (value, unit) = match atom.key.as_str() {
            "half" | "halves" | "halved" => percent(50),
            "quarter" | "quarters" => percent(25 * several),
            "third" | "thirds" => percent((100 * several + several / 2) / 3),
            "fifth" | "fifths" => percent(20 * several),
            "tenth" | "tenths" => percent(10 * several),
            "decade" | "decades" => years(10 * several),
            "century" | "centuries" => years(100 * several),
            "dozen" | "dozens" => (12 * several, Unit::Bare),
            _ => continue,
        };
        found.push(Figure {
            at: atom.at.clone(),
            value: value * ONE,
            unit,
            spelled: true,
            hedged: false,
            relative: false,
        });
    }
    found
}

/// Figures joined by no more than a word or a dash share the unit of the last: "2 to 3 years".
fn inherit(found: &mut [Figure], text: &str) {
    for at in (1..found.len()).rev() {
        let (Some(unit), Some(start)) = (found.get(at).map(|f| f.unit.clone()), found.get(at).map(|f| f.at.start))
        else {
            continue;
        };
        let Some(earlier) = found.get_mut(at - 1) else { continue };
        let between = text.get(earlier.at.end..start).unwrap_or_default().trim();
        if earlier.unit == Unit::Bare && matches!(between, "to" | "and" | "or" | "-" | "–" | "—") {
            earlier.unit = unit;
        }
    }
}

/// Reads figures off the atoms of a text.
struct Reader<'a> {
    atoms: Vec<Atom<'a>>,
}

impl Reader<'_> {
    fn atom(&self, at: usize) -> Option<&Atom<'_>> {
        self.atoms.get(at)
    }

    /// The word at a place, in lower case; nothing where there is no word.
    fn key(&self, at: usize) -> &str {
        self.atoms.get(at).filter(|atom| atom.kind == Kind::Word).map_or("", |atom| atom.key.as_str())
    }

    fn is_mark(&self, at: usize, marks: &[&str]) -> bool {
        self.atoms.get(at).is_some_and(|atom| atom.kind == Kind::Mark && marks.contains(&atom.text))
    }

    fn is_glued(&self, at: usize) -> bool {
        self.atoms.get(at).is_some_and(|atom| atom.glued)
    }

    /// The place behind a hyphen that joins two words, or the same place.
    fn joined(&self, at: usize) -> usize {
        let is_hyphen = self.is_mark(at, &["-", "\u{2010}", "\u{2011}"]);
        if is_hyphen && self.is_glued(at) && self.is_glued(at + 1) { at + 1 } else { at }
    }

    /// A figure that begins with digits, and where to read on.
    fn digits(&self, at: usize) -> Option<(Option<Figure>, usize)> {
        let atom = self.atom(at).filter(|atom| atom.kind == Kind::Digits)?;
        // Times of the day, scores and the like: 3:15, 24/7.
        let mut end = at + 1;
        while self.is_mark(end, &[":", "/"]) && self.is_glued(end) && self.is_glued(end + 1) {
            let is_digits = self.atom(end + 1).is_some_and(|next| next.kind == Kind::Digits);
            if !is_digits {
                break;
            }
            end += 2;
        }
        if end > at + 1 {
            // A score is held against another out of as many: "9.5/10".
            let of = if end == at + 3 && self.is_mark(at + 1, &["/"]) { self.atom(at + 2) } else { None };
            let score = of.and_then(|of| Some((atoms::value(atom.text)?, Unit::Label(format!("/{}", of.text)))));
            return Some((score.map(|(value, unit)| self.figure(at..at + 1, value, unit, end, false)), end));
        }
        let Some(value) = atoms::value(atom.text) else { return Some((None, end)) };
        let bare = atom.text.bytes().all(|b| b.is_ascii_digit());
        if let Some(label) = self.label(at) {
            let unit = Unit::Label(label);
            return Some((Some(self.figure(at..end, value, unit, end, false)), end));
        }
        if end < self.atoms.len() && self.is_glued(end) && !self.key(end).is_empty() {
            match self.key(end) {
                "st" | "nd" | "rd" | "th" => {
                    let (unit, next) = self.unit(end + 1, at, false);
                    return Some((Some(self.figure(at..end, value, unit, next, false)), next));
                }
                "s" if bare && atom.text.len() == 4 => {
                    return Some((Some(self.figure(at..end, value, Unit::Decade, end + 1, false)), end + 1));
                }
                suffix if units::find(suffix, true).is_none() => return Some((None, end + 1)),
                _ => {}
            }
        }
        let (scale, scaled) = self.scale(end);
        let Some(value) = value.checked_mul(scale) else { return Some((None, scaled)) };
        let (mut unit, mut next) = self.unit(scaled, at, true);
        if let Some(money) = self.before(at).and_then(|before| units::currency(before.text)) {
            (unit, next) = (Unit::Measure(money), scaled);
        }
        let is_year = bare && scale == 1 && self.is_year(at, next, value, &unit, atom.text.len());
        if is_year {
            (unit, next) = (Unit::Year, scaled);
        }
        Some((Some(self.figure(at..scaled, value, unit, next, false)), next))
    }

    /// What a figure is a part of the name of: the letters glued before it, with or without a hyphen.
    fn label(&self, at: usize) -> Option<String> {
        if !self.is_glued(at) {
            return None;
        }
        let before = at.checked_sub(1)?;
        let word = if self.key(before).is_empty() { self.hyphened(before)? } else { before };
        let key = self.key(word);
        let is_prefix = matches!(key, "mid" | "pre" | "post" | "early" | "late" | "the" | "a" | "of" | "to" | "or");
        (!key.is_empty() && !is_prefix && words::small(key).is_none()).then(|| key.to_owned())
    }

    /// The place of the word before a hyphen.
    fn hyphened(&self, at: usize) -> Option<usize> {
        let is_joined = self.is_mark(at, &["-", "\u{2010}", "\u{2011}"]) && self.is_glued(at);
        if is_joined { at.checked_sub(1) } else { None }
    }

    fn before(&self, at: usize) -> Option<&Atom<'_>> {
        at.checked_sub(1).and_then(|before| self.atom(before))
    }

    fn key_before(&self, at: usize, back: usize) -> &str {
        at.checked_sub(back).map_or("", |before| self.key(before))
    }

    /// The scales from a place on, multiplied, and the place behind them.
    fn scale(&self, at: usize) -> (u128, usize) {
        let (mut product, mut end) = (1_u128, at);
        while let Some(scale) = words::scale(self.key(self.joined(end))) {
            product = product.saturating_mul(u128::from(scale));
            end = self.joined(end) + 1;
        }
        (product, end)
    }

    /// A number in words, and where to read on.
    fn spelled(&self, at: usize) -> Option<(Option<Figure>, usize)> {
        let number = words::number(self, at)?;
        if number.is_vague {
            return Some((None, number.end));
        }
        let (mut unit, mut next) = self.unit(number.end, at, false);
        let is_calendar = matches!(unit, Unit::Day(_)) || matches!(&unit, Unit::Measure(m) if m.name == "century");
        // "First" and "second" are ordinary words of talk.
        if number.is_low_ordinal && !is_calendar {
            return Some((None, number.end));
        }
        let is_year = number.is_year
            || ((1000..=2100).contains(&(number.value / ONE)) && BEFORE_YEARS.contains(&self.key_before(at, 1)));
        if is_year
            && !number.is_ordinal
            && !matches!(unit, Unit::Measure(_) | Unit::Percent)
            && !self.is_of_things(&unit, next)
        {
            (unit, next) = (Unit::Year, number.end);
        }
        Some((Some(self.figure(at..number.end, number.value, unit, next, true)), next))
    }

    /// A month that stands before a year, without its day.
    fn month_of_year(&self, at: usize) -> Option<(Option<Figure>, usize)> {
        let month = self.month_at(at)?;
        let next = if self.key(at + 1) == "of" { at + 2 } else { at + 1 };
        let year = self.atom(next)?;
        let is_year = year.kind == Kind::Digits && year.text.len() == 4;
        is_year.then(|| (Some(self.figure(at..at + 1, u128::from(month) * ONE, Unit::Month, at + 1, true)), at + 1))
    }

    /// The month that is named at a place, with its capital.
    fn month_at(&self, at: usize) -> Option<u8> {
        let is_capital = self.atom(at)?.text.starts_with(char::is_uppercase);
        month(self.key(at)).filter(|_| is_capital)
    }

    /// What the words from a place on say is counted, and the place behind them; `start` is where the figure begins.
    fn unit(&self, at: usize, start: usize, behind_digits: bool) -> (Unit, usize) {
        if self.is_mark(at, &["%"]) {
            return (Unit::Percent, at + 1);
        }
        if self.is_mark(at, &["°"]) {
            return (units::find("degree", false).map_or(Unit::Bare, Unit::Measure), at + 1);
        }
        let mut here = self.joined(at);
        let of = if self.key(here) == "of" { here + 1 } else { here };
        if let Some(month) = self.month_at(of) {
            return (Unit::Day(month), of + 1);
        }
        if let Some(month) = start.checked_sub(1).and_then(|before| self.month_at(before)) {
            return (Unit::Day(month), at);
        }
        match self.key(here) {
            "percent" | "percentage" => return (Unit::Percent, here + 1),
            "per" if self.key(here + 1) == "cent" => return (Unit::Percent, here + 2),
            key if BEFORE_UNITS.contains(&key) => {
                let next = self.joined(here + 1);
                if units::find(self.key(next), false).is_some() {
                    here = next;
                }
            }
            _ => {}
        }
        let key = self.key(here);
        if let Some(unit) = units::find(key, behind_digits) {
            return (Unit::Measure(unit), here + 1);
        }
        let is_noun = key.chars().count() > 1 && !STOP_WORDS.contains(&key) && words::small(key).is_none();
        if is_noun { (Unit::Noun(singular(key)), here + 1) } else { (Unit::Bare, at) }
    }

    /// Whether digits are a year, from what stands around them.
    fn is_year(&self, at: usize, next: usize, value: u128, unit: &Unit, digits: usize) -> bool {
        let era = |key: &str| matches!(key, "ad" | "ce" | "bc" | "bce");
        let before = self.key_before(at, 1);
        if before == "year" || era(before) || (era(self.key(next)) && matches!(unit, Unit::Bare)) {
            return value <= 2100 * ONE;
        }
        let is_measured = matches!(unit, Unit::Measure(_) | Unit::Percent | Unit::Label(_));
        let is_dated = BEFORE_YEARS.contains(&before) || month(before).is_some();
        digits == 4
            && !is_measured
            && (1000 * ONE..=2100 * ONE).contains(&value)
            && (is_dated || (value >= 1500 * ONE && !self.is_of_things(unit, next)))
    }

    /// Whether a unit is a noun in the plural; it stands right before `next`.
    fn is_of_things(&self, unit: &Unit, next: usize) -> bool {
        let word = self.key_before(next, 1);
        matches!(unit, Unit::Noun(_)) && (singular(word) != word || UNMARKED.contains(&word))
    }

    /// The figure of some atoms; `next` is the place behind its unit.
    fn figure(&self, at: Range<usize>, value: u128, unit: Unit, next: usize, spelled: bool) -> Figure {
        let start = self.atom(at.start).map_or(0, |atom| atom.at.start);
        let end = at.end.checked_sub(1).and_then(|last| self.atom(last)).map_or(start, |atom| atom.at.end);
        let is_money = self.before(at.start).is_some_and(|before| units::currency(before.text).is_some());
        let first = if is_money { at.start - 1 } else { at.start };
        let near = |back: usize| self.key_before(first, back);
        let is_pair = |back: usize| HEDGE_PAIRS.contains(&(near(back + 1), near(back)));
        // An article may stand between: "about a hundred" begins at its article, "close to the 50" does not.
        let back = if near(1) == "the" { 2 } else { 1 };
        let hedged =
            HEDGES.contains(&near(back)) || is_pair(back) || (self.key(next) == "or" && self.key(next + 1) == "so");
        let aged = near(1) == "aged" || (near(1) == "of" && near(2) == "age");
        let is_relative = aged || RELATIVE.contains(&self.key(self.joined(next)));
        Figure { at: start..end, value, unit, spelled, hedged, relative: is_relative }
    }
}

/// A noun without the mark of its plural; what it is called matters less than that both numbers give the same.
fn singular(word: &str) -> String {
    let is_other = UNMARKED.contains(&word) || ["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    let is_plural = word.len() > 3 && word.ends_with('s') && !is_other;
    if is_plural { word.strip_suffix('s').unwrap_or(word).to_owned() } else { word.to_owned() }
}
