//! The age of each source of a package: the latest date that its reference gives, against a limit.
//!
//! A date is read from the reference's own text: `2024-05-03`, `12 March 2024`, `March 12, 2024`, `March 2024`, `2019`
//! and `/2024/05/` in an address. When somebody looked the source up says nothing of its age and is passed over. What
//! has no date is undated and never fresh. Not for fetching: nothing is asked of the web here.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Research, Source};
use crate::domain::claims::month;

/// No reference is older than printing; a smaller number is no year.
const OLDEST: i16 = 1450;
/// Words before a date that say when the source was looked up.
const LOOKED_UP: &[&str] = &["accessed", "retrieved", "fetched", "viewed", "visited", "checked", "access"];
/// Words before a number that make it something else than a year.
const NUMBERED: &[&str] =
    &["p", "pp", "page", "pages", "no", "vol", "volume", "rfc", "iso", "iec", "din", "isbn", "pmid"];

/// A date as exactly as a reference gives it; as text `2024-03-12`, `2024-03` or `2024`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dated {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
}

impl Dated {
    fn new(year: i16, month: Option<i8>, day: Option<i8>) -> Option<Self> {
        let dated = Self { year, month, day: month.and(day) };
        (year >= OLDEST && Date::new(year, month.unwrap_or(1), dated.day.unwrap_or(1)).is_ok()).then_some(dated)
    }

    /// The first day that it may mean, so that no source is taken for fresher than it may be.
    pub fn first_day(self) -> Option<Date> {
        Date::new(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1)).ok()
    }
}

impl std::fmt::Display for Dated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}", self.year)?;
        self.month.map_or(Ok(()), |month| write!(f, "-{month:02}"))?;
        self.day.map_or(Ok(()), |day| write!(f, "-{day:02}"))
    }
}

/// A text that is no date of this form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date: it is a year, a year and a month, or a day, such as `2024-03-12`")]
pub struct DatedError(String);

impl TryFrom<String> for Dated {
    type Error = DatedError;

    fn try_from(text: String) -> Result<Self, DatedError> {
        let read = || {
            let mut parts = text.split('-');
            let year = parts.next()?.parse().ok()?;
            let month = parts.next().map(str::parse).transpose().ok()?;
            let day = parts.next().map(str::parse).transpose().ok()?;
            Self::new(year, month, day).filter(|dated| dated.to_string() == text)
        };
        read().ok_or_else(|| DatedError(text.chars().take(20).collect()))
    }
}

impl From<Dated> for String {
    fn from(dated: Dated) -> Self {
        dated.to_string()
    }
}

/// How old a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceAge {
    /// The number of the reference.
    pub number: u32,
    /// The latest date that it gives; none where it gives none.
    pub dated: Option<Dated>,
    /// The days from the first day that the date may mean; none where there is no date.
    pub days: Option<u32>,
}

/// The age of each source on a day, in the order of the package.
pub fn ages(research: &Research, today: Date) -> Vec<SourceAge> {
    research.sources.iter().map(|source| age(source, today)).collect()
}

fn age(source: &Source, today: Date) -> SourceAge {
    let days = |dated: &Dated| -> Option<u32> {
        let since = today.since((jiff::Unit::Day, dated.first_day()?)).ok()?;
        u32::try_from(since.get_days()).ok()
    };
    let found = dates(&source.text).into_iter().filter_map(|dated| Some((days(&dated)?, dated)));
    // Of two with the same first day the more exact one.
    let latest = found.min_by_key(|(days, dated)| (*days, dated.month.is_none(), dated.day.is_none()));
    SourceAge { number: source.number, dated: latest.map(|(_, dated)| dated), days: latest.map(|(days, _)| days) }
}

/// The sources that are older than a limit in days. What is undated is not among them: see [`undated`].
pub fn stale(ages: &[SourceAge], limit_days: u32) -> Vec<SourceAge> {
    ages.iter().copied().filter(|age| age.days.is_some_and(|days| days > limit_days)).collect()
}

/// The numbers of the sources whose age nobody can tell.
pub fn undated(ages: &[SourceAge]) -> Vec<u32> {
    ages.iter().filter(|age| age.dated.is_none()).map(|age| age.number).collect()
}

/// A piece of a reference: digits or letters, and the mark that stands right before it.
struct Piece<'a> {
    text: &'a str,
    before: &'a str,
}

/// Every date of a text, in order.
fn dates(text: &str) -> Vec<Dated> {
    let pieces = pieces(text);
    let number = |at: usize, most: usize| {
        let piece = pieces.get(at)?;
        let digits = piece.text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let is_ordinal = matches!(piece.text.get(digits.len()..), Some("" | "st" | "nd" | "rd" | "th"));
        (is_ordinal && digits.len() <= most).then(|| digits.parse::<i16>().ok())?
    };
    let year = |at: usize| number(at, 4).filter(|year| *year >= OLDEST);
    let small = |at: usize| number(at, 2).and_then(|number| i8::try_from(number).ok());
    let named = |at: usize| pieces.get(at).and_then(|piece| month(&piece.text.to_lowercase()));
    let joined = |at: usize, mark: &str| pieces.get(at).is_some_and(|piece| piece.before == mark);
    let mut found = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let mut read: Option<(Option<Dated>, usize)> = None;
        if let Some(own) = year(at) {
            for mark in ["-", "/"] {
                let (month, day) = (small(at + 1).filter(|_| joined(at + 1, mark)), small(at + 2));
                let day = day.filter(|_| joined(at + 2, mark));
                if read.is_none()
                    && let Some(month) = month
                {
                    let exact = day.and_then(|day| Dated::new(own, Some(month), Some(day)));
                    let whole = exact.map(|dated| (Some(dated), 3));
                    read = whole.or_else(|| Dated::new(own, Some(month), None).map(|dated| (Some(dated), 2)));
                }
            }
            read = read.or_else(|| Some((Dated::new(own, None, None).filter(|_| is_year(&pieces, at)), 1)));
        } else if let Some(month) = named(at) {
            // `March 12, 2024` and `March 2024`.
            let exact =
                small(at + 1).zip(year(at + 2)).and_then(|(day, year)| Dated::new(year, Some(month), Some(day)));
            let whole = exact.map(|dated| (Some(dated), 3));
            let alone = || year(at + 1).and_then(|year| Dated::new(year, Some(month), None)).map(|d| (Some(d), 2));
            read = whole.or_else(alone);
        } else if let (Some(day), Some(month), Some(year)) = (small(at), named(at + 1), year(at + 2)) {
            read = Dated::new(year, Some(month), Some(day)).map(|dated| (Some(dated), 3));
        }
        let (dated, len) = read.unwrap_or((None, 1));
        found.extend(dated.filter(|_| !is_looked_up(&pieces, at)));
        at += len;
    }
    found
}

/// Whether a number stands where a year does: not behind `pp.` and the like, and no part of `10.1371` or `1905.0123`.
fn is_year(pieces: &[Piece<'_>], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| pieces.get(at));
    let is_numbered = before.is_some_and(|piece| NUMBERED.contains(&piece.text.to_lowercase().as_str()));
    let is_digits = |piece: &Piece<'_>| piece.text.bytes().all(|b| b.is_ascii_digit());
    let own = pieces.get(at).map_or("", |piece| piece.before);
    let is_joined = matches!(own, "." | ",") && before.is_some_and(is_digits);
    let is_pages = matches!(own, "-" | "–") && before.is_some_and(is_digits) && {
        let first = at.checked_sub(2).and_then(|at| pieces.get(at));
        first.is_some_and(|piece| NUMBERED.contains(&piece.text.to_lowercase().as_str()))
    };
    let is_open = pieces.get(at + 1).is_some_and(|next| next.before == "." && is_digits(next));
    !is_numbered && !is_joined && !is_pages && !is_open
}

/// Whether a date says when somebody looked: one of the two words before it does.
fn is_looked_up(pieces: &[Piece<'_>], at: usize) -> bool {
    let words = pieces.iter().take(at).rev().take(2);
    words.map(|piece| piece.text.to_lowercase()).any(|word| LOOKED_UP.contains(&word.as_str()))
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut end = 0;
    while let Some(rest) = text.get(end..).filter(|rest| !rest.is_empty()) {
        let Some(skip) = rest.find(char::is_alphanumeric) else { break };
        let start = end + skip;
        let Some(tail) = text.get(start..) else { break };
        let len = tail.find(|c: char| !c.is_alphanumeric()).unwrap_or(tail.len());
        let (piece, before) = (tail.get(..len).unwrap_or_default(), text.get(end..start).unwrap_or_default());
        found.push(Piece { text: piece, before });
        end = start + len;
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2025, 8, 22);

    fn of(text: &str) -> SourceAge {
        age(&Source { number: 7, text: text.into() }, TODAY)
    }

    #[test]
    fn each_form_of_a_date_is_read_as_exactly_as_it_is_given() {
        for (text, dated) in [
            ("Title, 2024-05-03", "2024-05-03"),
            ("Title. 12 March 2024.", "2024-03-12"),
            ("Title. 1st May 2024.", "2024-05-01"),
            ("Title (March 12, 2024)", "2024-03-12"),
            ("The May 2025 issue", "2025-05"),
            ("Author (2019). Title", "2019"),
            ("PLoS Biology 9, 2011, https://doi.org/10.1371/journal.pbio.1001127", "2011"),
            ("https://news.example.org/2025/03/20/new-tool", "2025-03-20"),
            ("https://example.org/2024/05/title", "2024-05"),
            ("https://example.org/news/trials-2025/", "2025"),
            ("Edition of 1929, printed again in 1966", "1966"),
            ("Vol. 3, pp. 1995-2004, 1998", "1998"),
            ("A forecast for 2030, from 2021", "2021"),
            ("Title, 2018. Accessed 12 March 2024.", "2018"),
        ] {
            assert_eq!(of(text).dated.map(String::from).as_deref(), Some(dated), "{text}");
        }
    }

    #[test]
    fn what_has_no_date_is_undated_and_never_fresh() {
        for text in [
            "",
            "https://modernstoicism.com",
            "arXiv:1905.01234",
            "RFC 2119",
            "retrieved 2024-05-03",
            "in 2026",
            "Nature 416",
        ] {
            assert_eq!(of(text), SourceAge { number: 7, dated: None, days: None }, "{text}");
        }
        let ages = [of("no date"), of("2025-08-01"), of("2019"), of("2025-08-22")];
        assert_eq!(undated(&ages), [7]);
        assert_eq!(stale(&ages, 21), [ages[2]]);
        assert_eq!(stale(&ages, 20), [ages[1], ages[2]]);
        assert_eq!(ages.map(|age| age.days), [None, Some(21), Some(2425), Some(0)]);
    }

    #[test]
    fn a_date_is_kept_as_its_text_and_nothing_else_is_one() {
        for text in ["2024", "2024-03", "2024-03-12"] {
            let dated: Dated = serde_json::from_value(text.into()).unwrap();
            assert_eq!(serde_json::to_value(dated).unwrap(), text);
        }
        for bad in ["", "24", "2024-13", "2024-02-30", "2024-3", "2024-03-12-01", "x"] {
            assert!(Dated::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_source_is_from_the_future(
            text in "\\PC{0,40}|(2024|2026|03|12|-|/| |\\.|May |March |accessed |\\(|\\)|pp ){0,12}"
        ) {
            let age = of(&text);
            prop_assert_eq!(age.dated.is_some(), age.days.is_some());
            prop_assert!(age.dated.and_then(Dated::first_day).is_none_or(|day| day <= TODAY));
        }
    }
}
