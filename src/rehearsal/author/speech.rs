//! The text that a voice says: figures, signs and abbreviations as words.
//!
//! Simple and sane, for rehearsal. Words that no rule knows stay as they are.

use super::text::{figures, spoken};
use crate::domain::handoff::{SpeechText, SpokenLine};
use crate::domain::script::Script;

const ONES: [&str; 20] = [
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
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// Whole words and how they are said.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("e.g.", "for example"),
    ("i.e.", "that is"),
    ("vs.", "versus"),
    ("vs", "versus"),
    ("etc.", "and so on."),
    ("Dr.", "Doctor"),
    ("Mr.", "Mister"),
    ("Prof.", "Professor"),
    ("St.", "Saint"),
    ("approx.", "approximately"),
    ("ca.", "about"),
    ("&", "and"),
    ("km", "kilometres"),
    ("kg", "kilograms"),
    ("MW", "megawatts"),
    ("GW", "gigawatts"),
];

/// The speech text of a script: an entry for each line, in its order.
pub(super) fn speech_text(script: &Script) -> SpeechText {
    let lines = script.lines().map(|line| SpokenLine { id: line.id, text: said(&line.text) });
    SpeechText { lines: lines.collect() }
}

/// A text as it is said.
pub(super) fn said(text: &str) -> String {
    let text = expand(&spoken(text));
    let words = text.split(' ').map(|word| {
        let full = ABBREVIATIONS.iter().find(|(short, _)| *short == word);
        full.map_or(word, |(_, full)| full)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Every figure as words, with the signs before and after it.
fn expand(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut done = 0;
    for figure in figures(text) {
        let (Some(before), Some(raw), Some(after)) =
            (text.get(done..figure.at.start), text.get(figure.at.clone()), text.get(figure.at.end..))
        else {
            continue;
        };
        let currency = before.chars().next_back().filter(|c| matches!(c, '$' | '€' | '£'));
        let before = currency.map_or(before, |sign| before.strip_suffix(sign).unwrap_or(before));
        out.push_str(before);
        if out.ends_with(char::is_alphabetic) {
            // A name such as Cas12 or L4: the figure is a word of its own.
            out.push(' ');
        }
        let (mut words, mut taken) = (cardinal(raw, &figure.value, currency.is_none()), 0);
        let scale = ["million", "billion", "trillion"].into_iter().find(|s| after.trim_start().starts_with(s));
        if after.starts_with('%') {
            (words, taken) = (format!("{words} percent"), 1);
        } else if let Some(sign) = currency {
            if let Some(scale) = scale {
                taken = after.len() - after.trim_start().len() + scale.len();
                words = format!("{words} {scale}");
            }
            words = format!(
                "{words} {}",
                match sign {
                    '$' => "dollars",
                    '€' => "euros",
                    _ => "pounds",
                }
            );
        } else if ["st", "nd", "rd", "th"]
            .iter()
            .any(|end| after.starts_with(end) && !after.chars().nth(2).is_some_and(char::is_alphanumeric))
        {
            (words, taken) = (ordinal(&number_words(&figure.value)), 2);
        } else if after.starts_with('s') && raw.len() == 4 {
            (words, taken) = (plural(&words), 1);
        }
        out.push_str(&words);
        let mut rest = after.get(taken..).unwrap_or_default();
        let joined = ['–', '—', '-'].into_iter().find(|dash| rest.starts_with(*dash));
        if let Some(tail) = rest.strip_prefix('+') {
            out.push_str(" or more");
            rest = tail;
        } else if let Some(tail) = joined.and_then(|dash| rest.strip_prefix(dash)) {
            let is_range = tail.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '$' | '€' | '£'));
            out.push_str(if is_range { " to " } else { " " });
            rest = tail;
        } else if rest.starts_with(char::is_alphabetic) {
            out.push(' ');
        }
        done = text.len() - rest.len();
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A figure as words: a year where it can be one, a decimal digit by digit behind the point.
fn cardinal(raw: &str, value: &str, may_be_year: bool) -> String {
    if let Some((whole, decimals)) = value.split_once('.') {
        let digits: Vec<String> =
            decimals.chars().filter_map(|c| c.to_digit(10)).map(|d| small(u64::from(d))).collect();
        return format!("{} point {}", number_words(whole), digits.join(" "));
    }
    if may_be_year
        && raw.len() == 4
        && matches!(raw.get(..2), Some("10" | "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" | "20"))
    {
        return year(value);
    }
    number_words(value)
}

fn year(value: &str) -> String {
    let number: u64 = value.parse().unwrap_or(0);
    match (number / 100, number % 100) {
        (20, rest @ 0..=9) | (10, rest @ 0..=9) => {
            let thousand = small(number / 1000);
            if rest == 0 { format!("{thousand} thousand") } else { format!("{thousand} thousand and {}", small(rest)) }
        }
        (century, 0) => format!("{} hundred", small(century)),
        (century, rest @ 1..=9) => format!("{} oh {}", small(century), small(rest)),
        (century, rest) => format!("{} {}", small(century), small(rest)),
    }
}

/// A whole number as words; one with more than twelve digits, or a leading zero, digit by digit.
fn number_words(value: &str) -> String {
    match value.parse::<u64>() {
        Ok(number) if value.len() <= 12 && (value == "0" || !value.starts_with('0')) => small(number),
        Ok(_) | Err(_) => {
            let digits: Vec<String> =
                value.chars().filter_map(|c| c.to_digit(10)).map(|d| small(u64::from(d))).collect();
            digits.join(" ")
        }
    }
}

fn small(number: u64) -> String {
    let name = |at: u64, names: &[&'static str]| {
        usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
    };
    let joined = |head: String, rest: u64, link: &str| {
        if rest == 0 { head } else { format!("{head}{link}{}", small(rest)) }
    };
    match number {
        0..=19 => name(number, &ONES).to_owned(),
        20..=99 => joined(name(number / 10, &TENS).to_owned(), number % 10, "-"),
        100..=999 => joined(format!("{} hundred", small(number / 100)), number % 100, " and "),
        1_000..=999_999 => {
            let rest = number % 1_000;
            let link = if rest < 100 { " and " } else { " " };
            joined(format!("{} thousand", small(number / 1_000)), rest, link)
        }
        1_000_000..=999_999_999 => joined(format!("{} million", small(number / 1_000_000)), number % 1_000_000, " "),
        _ => joined(format!("{} billion", small(number / 1_000_000_000)), number % 1_000_000_000, " "),
    }
}

fn ordinal(cardinal: &str) -> String {
    const ODD: &[(&str, &str)] = &[
        ("one", "first"),
        ("two", "second"),
        ("three", "third"),
        ("five", "fifth"),
        ("eight", "eighth"),
        ("nine", "ninth"),
        ("twelve", "twelfth"),
    ];
    let at = cardinal.rfind([' ', '-']).map_or(0, |at| at + 1);
    let (head, last) = cardinal.split_at(at);
    let last = match ODD.iter().find(|(word, _)| *word == last) {
        Some((_, odd)) => (*odd).to_owned(),
        None => last.strip_suffix('y').map_or_else(|| format!("{last}th"), |stem| format!("{stem}ieth")),
    };
    format!("{head}{last}")
}

fn plural(words: &str) -> String {
    words.strip_suffix('y').map_or_else(|| format!("{words}s"), |stem| format!("{stem}ies"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_said() {
        for (written, heard) in [
            ("In 1966, 70% of 1,250.", "In nineteen sixty-six, seventy percent of one thousand two hundred and fifty."),
            ("By 2025 and 2005", "By twenty twenty-five and two thousand and five"),
            ("about 92.5% vs. 3", "about ninety-two point five percent versus three"),
            ("within 2–3 years", "within two to three years"),
            ("250+ trials", "two hundred and fifty or more trials"),
            ("the 21st and the 20th", "the twenty-first and the twentieth"),
            ("$35 and $2.5 billion", "thirty-five dollars and two point five billion dollars"),
            ("a 298-page report", "a two hundred and ninety-eight page report"),
            ("the late 2020s", "the late twenty twenties"),
            ("CRISPR-Cas12a", "CRISPR-Cas twelve a"),
            ("999,999", "nine hundred and ninety-nine thousand nine hundred and ninety-nine"),
            ("mice, e.g. here & there", "mice, for example here and there"),
            ("007", "zero zero seven"),
        ] {
            assert_eq!(said(written), heard);
        }
    }

    #[test]
    fn no_digit_is_left() {
        for number in (0..2_000_000_u64).step_by(7_919) {
            assert!(!said(&number.to_string()).contains(|c: char| c.is_ascii_digit()), "{number}");
        }
    }
}
