//! How figures are read and compared.

use super::*;

/// A figure as a short text: its value, and what it counts.
fn told(figure: &Figure) -> String {
    let value = if figure.value.is_multiple_of(ONE) {
        (figure.value / ONE).to_string()
    } else {
        format!("{}.{:09}", figure.value / ONE, figure.value % ONE).trim_end_matches('0').to_owned()
    };
    let unit = match &figure.unit {
        Unit::Bare => String::new(),
        Unit::Noun(noun) => format!(" {noun}"),
        Unit::Measure(unit) => format!(" [{}]", unit.name),
        Unit::Percent => " %".to_owned(),
        Unit::Year => " year".to_owned(),
        Unit::Decade => " decade".to_owned(),
        Unit::Day(month) => format!(" day of {month}"),
        Unit::Month => " month".to_owned(),
        Unit::Label(label) => format!(" of {label}"),
    };
    format!("{value}{unit}")
}

#[test]
fn figures_are_read_as_they_are_said() {
    for (text, wanted) in [
        ("It has 1,250 sluices and 39.5% of them, or 39.5 per cent, work.", "1250 sluice; 39.5 %; 39.5 %"),
        ("thirty-one metres, thirty one metres, 31 m", "31 [metre]; 31 [metre]; 31 [metre]"),
        ("opened in nineteen sixty-six, or nineteen oh five, or 1966", "1966 year; 1905 year; 1966 year"),
        ("two thousand and nineteen people, in two thousand nineteen", "2019 people; 2019 year"),
        (
            "2.5 million dollars, $2.5 million, two point five million dollars",
            "2500000 [dollar]; 2500000 [dollar]; 2500000 [dollar]",
        ),
        (
            "on 20 May 1875, on the twentieth of May, May 20th, and in May 2019",
            "20 day of 5; 1875 year; 20 day of 5; 20 day of 5; 5 month; 2019 year",
        ),
        ("the 1960s and the mid-1960s", "1960 decade; 1960 decade"),
        ("the 19th century, the nineteenth century", "19 [century]; 19 [century]"),
        ("2–3 years, 2 to 3 years", "2 [year]; 3 [year]; 2 [year]; 3 [year]"),
        ("1988 to 1992", "1988 year; 1992 year"),
        ("silicon-28, Cas12a and COVID-19", "28 of silicon; 12 of cas; 19 of covid"),
        ("a 22-year run, a hundred years, a few hundred people", "22 [year]; 100 [year]"),
        ("at 3:15 or 3:15:30, the first half, a second look", ""),
        ("a score of 9.5/10, and open 24/7", "9.5 of /10; 24 of /7"),
        ("10\u{a0}000 species, 2000 species, 1795 the law", "10000 species; 2000 species; 1795 year"),
        ("the year 619, in 787 AD", "619 year; 787 year"),
        ("one hundred and five, one hundred, and five", "105; 100; 5"),
        ("6.62607015 times ten to the minus 34 joule seconds", "6.62607015; 10; 34 [joule]"),
        ("99999999999999999999999999 of 1.2.3", ""),
        ("", ""),
    ] {
        let found: Vec<String> = figures(text).iter().map(told).collect();
        assert_eq!(found.join("; "), wanted, "{text}");
        assert!(figures(text).iter().all(|figure| text.get(figure.at.clone()).is_some()));
    }
}

fn one(text: &str) -> Figure {
    let found = figures(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn figures_agree_whatever_their_form_and_rounding_must_be_said() {
    for (said, source, wanted) in [
        ("31 metres", "thirty-one meters", true),
        ("31 metres", "31 feet", false),
        ("1,250 sluices", "1250 gates", true),
        ("nearly 100 years", "97 years", true),
        ("100 years", "97 years", false),
        ("about 1,280 sluices", "1,250 sluices", false),
        ("nearly 200 years", "97 years", false),
        ("around 1990", "in 1991", true),
        ("around 1970", "in 1991", false),
        ("the 1960s", "in 1966", true),
        ("the 1950s", "in 1966", false),
        ("20 May", "20 April", false),
        ("20 May", "May 20th", true),
        ("39.5 percent", "39.5%", true),
        ("39 percent", "39 metres", false),
    ] {
        assert_eq!(agrees(&one(said), &one(source)), wanted, "{said} / {source}");
    }
    let dated = figures("on 20 May 1875");
    assert!(agrees(&figures("in May 1875")[0], &dated[0]));
}

#[test]
fn what_can_be_worked_out_of_the_source_is_derived() {
    for (said, source, wanted) in [
        ("four years", "from 1988 to 1992", true),
        ("five years", "from 1988 to 1992", false),
        ("sixty years ago", "in 1966", true),
        ("the 19th century", "in 1889", true),
        ("the 18th century", "in 1889", false),
        ("six miles", "10 kilometres", true),
        ("40 percent", "from 60 percent to 20 percent", true),
        ("45 percent", "from 60 percent to 20 percent", false),
    ] {
        let source = figures(source);
        assert_eq!(derived(&one(said), &source.iter().collect::<Vec<_>>()), wanted, "{said}");
    }
}

#[test]
fn words_without_a_figure_imply_one() {
    let values: Vec<String> = implied("half of it, two thirds, and a century").iter().map(told).collect();
    assert_eq!(values, ["50 %", "67 %", "100 [year]"]);
}
