//! Figures and dates in English text: their exact values, and the slot that each one fills.
//!
//! Digits and number words are read alike (`8.7 million`, `eight point seven million`), units of one kind are brought to
//! one measure (`50 micrograms`, `0.05 milligrams`), and a date is its year, its month and its day. Values are decimal
//! digits and a power of ten, never floating point. Not for judging: what a difference means is decided above.

mod tokens;
mod units;

use std::collections::BTreeSet;

use self::tokens::{Token, tokens};
pub(super) use self::units::Money;
pub(in crate::domain) use self::units::month;
use self::units::{scale, small, unit};
use crate::domain::wording::stem;

/// An exact decimal: significant digits without zeros around them, and a power of ten.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decimal {
    digits: String,
    power: i32,
}

impl Decimal {
    /// From digits with at most one point among them.
    fn of(text: &str) -> Self {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let all = format!("{whole}{part}");
        let kept = all.trim_end_matches('0');
        let zeros = i32::try_from(all.len() - kept.len()).unwrap_or(0);
        let digits = kept.trim_start_matches('0').to_owned();
        let power = zeros - i32::try_from(part.len()).unwrap_or(0);
        if digits.is_empty() { Self { digits, power: 0 } } else { Self { digits, power } }
    }

    fn times_ten_to(self, power: i32) -> Self {
        if self.digits.is_empty() { self } else { Self { power: self.power.saturating_add(power), ..self } }
    }

    /// The whole number, where it is one and not too large.
    fn whole(&self) -> Option<u64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let factor = 10_u64.checked_pow(u32::try_from(self.power).ok()?)?;
        self.digits.parse::<u64>().ok()?.checked_mul(factor)
    }

    /// Whether the two differ by at most a tenth of the other: what is rounded for the ear.
    fn is_near(&self, other: &Self) -> bool {
        let least = self.power.min(other.power);
        let at = |value: &Self| -> Option<u128> {
            let factor = 10_u128.checked_pow(u32::try_from(value.power.saturating_sub(least)).ok()?)?;
            value.digits.parse::<u128>().ok()?.checked_mul(factor)
        };
        match (at(self), at(other)) {
            (Some(a), Some(b)) => a.abs_diff(b).checked_mul(10).is_some_and(|tenfold| tenfold <= b),
            _ => false,
        }
    }
}

/// What a figure counts or names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A year of the calendar.
    Year,
    /// A decade, named by its first year.
    Decade,
    /// A month, from 1.
    Month,
    /// A day of a month.
    Day,
    /// A share of a hundred.
    Percent,
    /// An amount of a currency.
    Money(Money),
    /// A measure, by the name of its base unit.
    Unit(&'static str),
    /// Anything else, with the stems of the words around it.
    Noun(BTreeSet<String>),
}

/// A figure in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figure {
    /// The words it is given in.
    pub(super) text: String,
    value: Decimal,
    slot: Slot,
    /// A small count in words, which talk is full of.
    is_minor: bool,
    /// Said to be about right.
    is_rounded: bool,
}

impl Figure {
    /// Whether it is a date or a part of one.
    pub(super) fn is_date(&self) -> bool {
        matches!(self.slot, Slot::Year | Slot::Decade | Slot::Month | Slot::Day)
    }

    /// Whether it is a figure that makes a sentence a claim, and not a small count in words.
    pub(super) fn is_weighty(&self) -> bool {
        !self.is_minor
    }

    /// Whether the other says the same.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let fits = match (&self.slot, &other.slot) {
            (Slot::Noun(_), Slot::Noun(_) | Slot::Year) | (Slot::Year, Slot::Noun(_)) => true,
            (Slot::Noun(near), Slot::Unit(_)) | (Slot::Unit(_), Slot::Noun(near)) => near.is_empty(),
            (mine, theirs) => mine == theirs,
        };
        fits && self.value == other.value
    }

    /// Whether the other gives another value for the same thing.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let same = match (&self.slot, &other.slot) {
            (Slot::Noun(mine), Slot::Noun(theirs)) => !mine.is_disjoint(theirs),
            (mine, theirs) => mine == theirs,
        };
        same && self.value != other.value
    }

    /// Whether it is said to be about right and rounds the other's value: near it, with fewer digits that count.
    pub(super) fn rounds(&self, other: &Self) -> bool {
        let is_shorter = self.value.digits.len() < other.value.digits.len();
        self.is_rounded && !self.is_date() && is_shorter && self.value.is_near(&other.value)
    }
}

/// Words that say that a figure is about right.
const ABOUT: &[&str] = &[
    "about",
    "around",
    "roughly",
    "nearly",
    "almost",
    "some",
    "approximately",
    "over",
    "under",
    "than",
    "close",
    "least",
    "most",
    "up",
    "just",
    "circa",
];
/// Words before a year.
const BEFORE_YEAR: &[&str] =
    &["in", "since", "by", "until", "of", "from", "before", "after", "during", "late", "early"];
/// Prefixes that a hyphen joins to a figure without making a name of the two.
const PREFIXES: &[&str] = &["mid", "post", "pre", "early", "late", "since", "to"];
/// Counts in words up to this are minor where they count no unit.
const MINOR: u64 = 12;

/// The figures of a text, in order.
pub(super) fn figures(text: &str) -> Vec<Figure> {
    let tokens = tokens(text);
    let mut reader = Reader { text, tokens: &tokens, found: Vec::new() };
    let mut at = 0;
    while at < tokens.len() {
        at = reader.read(at).max(at + 1);
    }
    reader.settle()
}

/// A figure with the tokens it was read from, and the power of ten that its scale and its unit gave it.
struct Placed {
    from: usize,
    to: usize,
    lift: i32,
    figure: Figure,
}

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token<'a>],
    found: Vec<Placed>,
}

impl Reader<'_> {
    fn lower(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.lower.as_str())
    }

    fn before(&self, at: usize, back: usize) -> &str {
        at.checked_sub(back).map_or("", |at| self.lower(at))
    }

    /// Reads what begins at a token; returns where to go on, the same token where nothing does.
    fn read(&mut self, at: usize) -> usize {
        let Some(token) = self.tokens.get(at) else { return at };
        if let Some(end) = self.iso_date(at) {
            return end;
        }
        if self.is_month(at) {
            let value = Decimal::of(&month(&token.lower).unwrap_or_default().to_string());
            self.push(at, at + 1, value, Slot::Month, 0);
            return at + 1;
        }
        if token.is_number() { self.number(at) } else { self.number_words(at) }
    }

    /// `2019-05-20`.
    fn iso_date(&mut self, at: usize) -> Option<usize> {
        let part = |offset: usize, len: usize| {
            let token = self.tokens.get(at + offset)?;
            (token.text.len() == len && token.is_plain() && (offset == 0 || token.is_glued)).then_some(token.text)
        };
        let dash = |offset: usize| self.tokens.get(at + offset).is_some_and(|t| t.text == "-" && t.is_glued);
        let (year, month, day) = (part(0, 4)?, part(2, 2)?, part(4, 2)?);
        if !dash(1) || !dash(3) {
            return None;
        }
        let parts = [(year, Slot::Year, 0), (month, Slot::Month, 2), (day, Slot::Day, 4)]
            .map(|(text, slot, offset)| (Decimal::of(text), slot, at + offset));
        for (value, slot, from) in parts {
            self.push(from, from + 1, value, slot, 0);
        }
        Some(at + 5)
    }

    /// A month's name with a capital. `May` and `March` only beside a figure or behind a word that leads to a date.
    fn is_month(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        if month(&token.lower).is_none() || !token.text.starts_with(char::is_uppercase) {
            return false;
        }
        let beside = |at: Option<usize>| at.and_then(|at| self.tokens.get(at)).is_some_and(Token::is_number);
        !matches!(token.lower.as_str(), "may" | "march")
            || beside(at.checked_sub(1))
            || beside(Some(at + 1))
            || BEFORE_YEAR.contains(&self.before(at, 1))
    }

    fn number(&mut self, at: usize) -> usize {
        let Some(token) = self.tokens.get(at) else { return at };
        let Some((digits, suffix)) = token.parts() else { return at + 1 };
        // `silicon-28`, `COVID-19` and `v1.2` are names.
        let is_joined = token.is_glued && matches!(self.before(at, 1), "-" | ".");
        let owner = at.checked_sub(2).and_then(|at| self.tokens.get(at));
        let is_name = is_joined
            && self.tokens.get(at - 1).is_some_and(|dash| dash.is_glued)
            && owner.is_some_and(|owner| !owner.is_number() && !PREFIXES.contains(&owner.lower.as_str()));
        if is_name {
            return at + 1;
        }
        let value = Decimal::of(&digits);
        let next_month = at + 1 + usize::from(self.lower(at + 1) == "of");
        let is_dated = self.is_month(next_month) || at.checked_sub(1).is_some_and(|before| self.is_month(before));
        let is_day = value.whole().is_some_and(|day| (1..=31).contains(&day));
        match suffix {
            "" | "st" | "nd" | "rd" | "th" if is_dated && is_day => self.push(at, at + 1, value, Slot::Day, 0),
            "s" if matches!(digits.len(), 2 | 4) => self.push(at, at + 1, value, Slot::Decade, 0),
            "st" | "nd" | "rd" | "th" => {
                let slot = Slot::Noun(self.around(at, at + 1));
                self.push(at, at + 1, value, slot, 0);
            }
            "" => return self.counted(at, at + 1, value, token.is_plain() && token.text.len() == 4),
            _ => {
                let is_money = at.checked_sub(1).and_then(|at| Money::of_sign(self.lower(at))).is_some();
                let short = match suffix {
                    "k" if is_money => Some(3),
                    "m" if is_money => Some(6),
                    "bn" | "b" if is_money => Some(9),
                    _ => None,
                };
                if let Some(power) = short {
                    return self.counted(at, at + 1, value.times_ten_to(power), false);
                }
                let Some((base, power)) = unit(suffix) else { return at + 1 };
                self.push(at, at + 1, value.times_ten_to(power), Slot::Unit(base), 0);
            }
        }
        at + 1
    }

    /// A number, its scale, and what it counts.
    fn counted(&mut self, from: usize, to: usize, value: Decimal, may_be_year: bool) -> usize {
        let mut to = to;
        let mut value = value;
        let mut lift = 0_i32;
        while let Some(power) = scale(self.lower(to)) {
            lift = lift.saturating_add(power);
            to += 1;
        }
        value = value.times_ten_to(lift);
        let (slot, power, end) = self.slot(from, to);
        let is_noun = matches!(slot, Slot::Noun(_));
        let is_counting = ABOUT.contains(&self.before(from, 1)) && self.tokens.get(to).is_some_and(Token::is_content);
        let is_led = BEFORE_YEAR.contains(&self.before(from, 1)) || BEFORE_YEAR.contains(&self.before(from, 2));
        let is_year = may_be_year
            && lift == 0
            && is_noun
            && value.whole().is_some_and(|year| (1000..=2100).contains(&year))
            && (is_led || !is_counting);
        let slot = if is_year { Slot::Year } else { slot };
        self.push(from, if is_noun { to } else { end }, value.times_ten_to(power), slot, lift.saturating_add(power));
        end.max(to)
    }

    /// What the figure counts, the power of ten of its unit, and the token behind it.
    fn slot(&self, from: usize, to: usize) -> (Slot, i32, usize) {
        if let Some(money) = from.checked_sub(1).and_then(|at| Money::of_sign(self.lower(at))) {
            return (Slot::Money(money), 0, to);
        }
        let to = if self.lower(to) == "-" && self.tokens.get(to).is_some_and(|t| t.is_glued) { to + 1 } else { to };
        match (self.lower(to), self.lower(to + 1)) {
            ("%" | "percent" | "percentage", _) => return (Slot::Percent, 0, to + 1),
            ("per", "cent") => return (Slot::Percent, 0, to + 2),
            _ => {}
        }
        if let Some(money) = Money::of_word(self.lower(to)) {
            return (Slot::Money(money), 0, to + 1);
        }
        if let Some((base, power)) = unit(self.lower(to)) {
            return (Slot::Unit(base), power, to + 1);
        }
        (Slot::Noun(self.around(from, to)), 0, to)
    }

    /// The stems of the content words around: three behind up to a mark or a little word, two before.
    fn around(&self, from: usize, to: usize) -> BTreeSet<String> {
        let behind = self.tokens.iter().skip(to).filter(|token| token.lower != "of");
        let behind = behind.take_while(|token| token.is_content()).take(3);
        let before = self.tokens.iter().take(from).rev().take_while(|token| token.is_word()).take(4);
        let before = before.filter(|token| token.is_content()).take(2);
        behind.chain(before).map(|token| stem(&token.lower)).collect()
    }

    fn number_words(&mut self, at: usize) -> usize {
        let Some((value, power, end, is_year)) = self.spelled(at) else { return at };
        let value = Decimal::of(&value).times_ten_to(power);
        if is_year {
            self.push(at, end, value, Slot::Year, 0);
            return end;
        }
        let scales: i32 = (at..end).filter_map(|at| scale(self.lower(at)).filter(|power| *power > 2)).sum();
        let count = self.found.len();
        let end = self.counted(at, end, value, false);
        let is_one = self.lower(at) == "one";
        let mut is_idle = false;
        if let Some(placed) = self.found.get_mut(count) {
            placed.lift = placed.lift.saturating_add(scales);
            let is_small = placed.figure.value.whole().is_some_and(|whole| whole <= MINOR);
            let is_noun = matches!(placed.figure.slot, Slot::Noun(_));
            placed.figure.is_minor = is_small && is_noun;
            // `one of them`, `one day`.
            let is_time = matches!(placed.figure.slot, Slot::Unit("second" | "minute" | "hour" | "day" | "year"));
            is_idle = is_one && placed.figure.value == Decimal::of("1") && (is_noun || is_time);
        }
        if is_idle {
            self.found.truncate(count);
        }
        end
    }

    /// A number in words: its digits, a power of ten, the token behind it, and whether it is said as a year is.
    fn spelled(&self, at: usize) -> Option<(String, i32, usize, bool)> {
        let first = small(self.lower(at)).or_else(|| scale(self.lower(at)).map(|_| 0))?;
        let mut end = at;
        let (mut total, mut current): (u64, u64) = (0, 0);
        let mut last = 0_u64;
        loop {
            let is_joint = end > at && matches!(self.lower(end), "-" | "and");
            let here = end + usize::from(is_joint && small(self.lower(end + 1)).is_some());
            let word = self.lower(here);
            if let Some(value) = small(word) {
                let fits = end == at || ((20..100).contains(&last) && value < 10) || last >= 100;
                let joint = self.lower(end);
                if !fits || (joint == "and" && is_joint && last < 100) {
                    break;
                }
                current = current.checked_add(value)?;
                last = value;
            } else if let Some(power) = scale(word) {
                let factor = 10_u64.checked_pow(u32::try_from(power).ok()?)?;
                if power == 2 {
                    current = current.max(1).checked_mul(factor)?;
                } else {
                    total = total.checked_add(current.max(1).checked_mul(factor)?)?;
                    current = 0;
                }
                last = factor;
            } else {
                break;
            }
            end = here + 1;
        }
        let whole = total.checked_add(current)?;
        // `nineteen sixty-six`, `twenty nineteen`.
        let rest = small(self.lower(end)).filter(|rest| (10..100).contains(rest));
        if let (15..=20, Some(rest)) = (first, rest)
            && whole == first
        {
            let behind = end + 1 + usize::from(self.lower(end + 1) == "-");
            let one = small(self.lower(behind)).filter(|one| rest >= 20 && (1..10).contains(one));
            let year = first * 100 + rest + one.unwrap_or(0);
            return Some((year.to_string(), 0, if one.is_some() { behind + 1 } else { end + 1 }, true));
        }
        if self.lower(end) == "point" {
            let digits: Vec<u64> =
                (end + 1..).map_while(|at| small(self.lower(at)).filter(|digit| *digit < 10)).take(9).collect();
            if !digits.is_empty() {
                let part: String = digits.iter().map(u64::to_string).collect();
                return Some((format!("{whole}.{part}"), 0, end + 1 + digits.len(), false));
            }
        }
        Some((whole.to_string(), 0, end, false))
    }

    fn push(&mut self, from: usize, to: usize, value: Decimal, slot: Slot, lift: i32) {
        let start = self.tokens.get(from).map_or(0, |token| token.at);
        let end = self.tokens.get(to.saturating_sub(1)).map_or(start, Token::end);
        let text = self.text.get(start..end).unwrap_or_default().to_owned();
        let is_rounded = ABOUT.contains(&self.before(from, 1)) || ABOUT.contains(&self.before(from, 2));
        let figure = Figure { text, value, slot, is_minor: false, is_rounded };
        self.found.push(Placed { from, to, lift, figure });
    }

    /// The figures, where the first of a range (`2.2 to 3.8 million`) has the scale and the slot of the second.
    fn settle(mut self) -> Vec<Figure> {
        for index in (1..self.found.len()).rev() {
            let (earlier, later) = self.found.split_at_mut(index);
            let (Some(first), Some(second)) = (earlier.last_mut(), later.first()) else { continue };
            let joint = self.tokens.get(first.to).map_or("", |token| token.lower.as_str());
            let is_range = second.from == first.to + 1 && matches!(joint, "to" | "and" | "or" | "-" | "–" | "—");
            let is_open = matches!(first.figure.slot, Slot::Noun(_)) && first.lift == 0;
            if is_range && is_open && !second.figure.is_date() {
                first.lift = second.lift;
                first.figure.value = first.figure.value.clone().times_ten_to(second.lift);
                first.figure.slot = second.figure.slot.clone();
                first.figure.is_minor &= second.figure.is_minor;
            }
        }
        self.found.into_iter().map(|placed| placed.figure).collect()
    }
}

#[cfg(test)]
mod tests;
