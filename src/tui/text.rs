//! Text from outside made fit for a screen: cleaned, measured, cut and wrapped.
//!
//! Everything that a model, a source, a provider or a file has written passes through [`clean`] before it is drawn. Not
//! for colours or layout.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub(crate) use crate::domain::plain::line as clean;

/// Several lines, each cleaned; a line break in the text begins the next.
pub(crate) fn clean_lines(text: &str) -> Vec<String> {
    text.lines().map(clean).collect()
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// At most so many columns of a text; what was cut shows as `…`.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut out = String::new();
    let mut taken = 0;
    for grapheme in text.graphemes(true) {
        let wide = UnicodeWidthStr::width(grapheme);
        if taken + wide > columns - 1 {
            break;
        }
        taken += wide;
        out.push_str(grapheme);
    }
    out.push('…');
    out
}

/// Exactly so many columns, the text at the left.
pub(crate) fn left(text: &str, columns: usize) -> String {
    let mut out = fit(text, columns);
    let gap = columns.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', gap));
    out
}

/// Exactly so many columns, the text at the right.
pub(crate) fn right(text: &str, columns: usize) -> String {
    let out = fit(text, columns);
    let gap = columns.saturating_sub(width(&out));
    format!("{}{out}", " ".repeat(gap))
}

/// The text in rows of at most so many columns, broken between words where that can be done.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut taken = 0;
    for word in text.split_whitespace() {
        let wide = width(word);
        if taken > 0 && taken + 1 + wide > columns {
            rows.push(std::mem::take(&mut row));
            taken = 0;
        }
        if taken > 0 {
            row.push(' ');
            taken += 1;
        }
        if wide <= columns.saturating_sub(taken) {
            row.push_str(word);
            taken += wide;
            continue;
        }
        for grapheme in word.graphemes(true) {
            // A cluster that is wider than a whole row is shown as cut.
            let (grapheme, wide) = match UnicodeWidthStr::width(grapheme) {
                wide if wide > columns => ("…", 1),
                wide => (grapheme, wide),
            };
            if taken > 0 && taken + wide > columns {
                rows.push(std::mem::take(&mut row));
                taken = 0;
            }
            row.push_str(grapheme);
            taken += wide;
        }
    }
    if !row.is_empty() || rows.is_empty() {
        rows.push(row);
    }
    rows
}

/// A count in at most five characters: `640`, `9.1k`, `212k`, `1.3M`.
pub(crate) fn count(n: u64) -> String {
    match n {
        0..1_000 => n.to_string(),
        1_000..100_000 => format!("{}.{}k", n / 1_000, n % 1_000 / 100),
        100_000..1_000_000 => format!("{}k", n / 1_000),
        1_000_000..1_000_000_000 => format!("{}.{}M", n / 1_000_000, n % 1_000_000 / 100_000),
        _ => format!("{}G", n / 1_000_000_000),
    }
}

/// A length of time in at most six characters: `44s`, `3m20`, `2h34m`, `3d04h`.
pub(crate) fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{minutes}m{:02}", seconds % 60),
        3_600..86_400 => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    }
}

/// A length as a clock shows it: `2:07`, `1:02:07`.
pub(crate) fn length(ms: u64) -> String {
    let seconds = ms.div_ceil(1_000);
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    if hours > 0 {
        format!("{hours}:{:02}:{:02}", minutes % 60, seconds % 60)
    } else {
        format!("{minutes}:{:02}", seconds % 60)
    }
}

/// The milliseconds from one moment to another; nothing where the second is earlier.
pub(crate) fn since(from: jiff::Timestamp, to: jiff::Timestamp) -> u64 {
    u64::try_from(to.as_millisecond().saturating_sub(from.as_millisecond())).unwrap_or(0)
}

/// The time of day, UTC.
pub(crate) fn clock(at: jiff::Timestamp) -> String {
    jiff::tz::TimeZone::UTC.to_datetime(at).strftime("%H:%M:%S").to_string()
}

/// The day, UTC.
pub(crate) fn day(at: jiff::Timestamp) -> String {
    jiff::tz::TimeZone::UTC.to_datetime(at).strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn widths_are_those_of_the_screen() {
        assert_eq!(width("日本"), 4);
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(left("né", 4), "né  ");
        assert_eq!(right("7", 3), "  7");
        assert_eq!(wrap("the sea comes in", 7), ["the sea", "comes", "in"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("!ଂං", 2), ["…"], "a cluster wider than a row");
    }

    #[test]
    fn counts_and_spans_are_short() {
        assert_eq!([0, 999, 9_100, 212_000, 1_340_000].map(count), ["0", "999", "9.1k", "212k", "1.3M"]);
        assert_eq!([0, 58_900, 127_000, 3_727_000].map(length), ["0:00", "0:59", "2:07", "1:02:07"]);
        assert_eq!([44_000, 200_000, 9_240_000, 273_600_000].map(span), ["44s", "3m20", "2h34m", "3d04h"]);
    }

    proptest! {
        #[test]
        fn cut_and_wrapped_text_never_passes_its_columns(text in "\\PC{0,60}", columns in 0_usize..40) {
            let text = clean(&text);
            prop_assert!(width(&fit(&text, columns)) <= columns);
            prop_assert_eq!(width(&left(&text, columns)), columns);
            if columns > 1 {
                for row in wrap(&text, columns) {
                    prop_assert!(width(&row) <= columns, "{:?}", row);
                }
            }
        }

        #[test]
        fn nothing_that_a_terminal_obeys_is_left_of_any_text(text in any::<String>()) {
            prop_assert!(!clean(&text).chars().any(char::is_control));
        }
    }
}
