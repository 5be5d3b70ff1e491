//! Tests of the figures: values, slots, and what agrees with what.

use proptest::prelude::*;

use super::*;

fn one(text: &str) -> Figure {
    let found = figures(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found[0].clone()
}

#[test]
fn one_value_in_several_words_agrees_with_itself() {
    for (a, b) in [
        ("8.7 million species", "eight point seven million species"),
        ("1,200 species", "twelve hundred species"),
        ("some 163 kinds", "one hundred and sixty-three kinds"),
        ("50 micrograms", "0.05 mg"),
        ("70%", "seventy per cent"),
        ("70 percent", "70-percent"),
        ("in 1966", "in nineteen sixty-six"),
        ("in 2025", "twenty twenty-five"),
        ("$4 million", "four million dollars"),
        ("$4bn", "4,000,000,000 dollars"),
        ("a 22-year gap", "twenty-two years"),
        ("thirty million arthropods", "30 million arthropods"),
        ("the 19th century", "19th century"),
        ("1.0 kilograms", "1000 g"),
    ] {
        assert!(one(a).agrees(&one(b)), "{a} and {b}: {:?} {:?}", one(a), one(b));
        assert!(!one(a).contradicts(&one(b)), "{a} and {b}");
    }
}

#[test]
fn another_value_in_the_same_slot_contradicts() {
    for (a, b) in [
        ("in 1966", "in 1967"),
        ("70%", "seventy-one percent"),
        ("50 micrograms", "50 milligrams"),
        ("1,200 species of beetle", "1,240 species of beetle"),
        ("he judged some 163 to depend", "he judged some 123 to depend"),
        ("$4 million", "$5 million"),
    ] {
        assert!(one(a).contradicts(&one(b)) && !one(a).agrees(&one(b)), "{a} and {b}: {:?} {:?}", one(a), one(b));
    }
    for (a, b) in [("50 grams", "70 metres"), ("12 plants", "13 ships"), ("in 1966", "70%"), ("€5", "$6")] {
        assert!(!one(a).contradicts(&one(b)), "{a} and {b}");
    }
}

#[test]
fn a_date_is_its_parts_and_names_are_no_figures() {
    let slots = |text: &str| figures(text).into_iter().map(|figure| figure.slot).collect::<Vec<_>>();
    assert_eq!(slots("on 20 May 1875,"), [Slot::Day, Slot::Month, Slot::Year]);
    assert_eq!(slots("on May 20, 1875"), [Slot::Month, Slot::Day, Slot::Year]);
    assert_eq!(slots("1875-05-20"), [Slot::Year, Slot::Month, Slot::Day]);
    assert_eq!(slots("the 1990s"), [Slot::Decade]);
    for none in ["silicon-28", "COVID-19", "Cas12a", "3D", "May I?", "one of them", "one day", "v1.2.3"] {
        assert_eq!(slots(none), [], "{none}");
    }
    assert_eq!(slots("mid-2019"), [Slot::Year]);
    assert!(matches!(slots("about 1200 species")[..], [Slot::Noun(_)]));
}

#[test]
fn a_range_shares_its_scale_and_its_unit() {
    let range = figures("between 2.2 and 3.8 million species");
    assert!(range[0].agrees(&one("2.2 million species")), "{range:?}");
    let years = figures("within 2–3 years");
    assert!(years[0].agrees(&one("two years")), "{years:?}");
    assert!(figures("fifteen and twenty thousand")[0].agrees(&one("15,000")));
}

#[test]
fn a_rounded_figure_is_near_and_says_so() {
    assert!(one("about nine million kinds").rounds(&one("8.7 million kinds")));
    assert!(!one("nine million kinds").rounds(&one("8.7 million kinds")), "it does not say so");
    assert!(!one("about 8.9 million kinds").rounds(&one("8.7 million kinds")), "it is no rounder");
    assert!(!one("about twelve million kinds").rounds(&one("8.7 million kinds")));
}

proptest! {
    #[test]
    fn no_text_panics_and_a_text_agrees_with_itself(
        text in "\\PC{0,40}|(1|2|0|,|\\.|-|–|%| |million |hundred |point |twenty |six |one |and |May |\\$|s|th|km){0,14}"
    ) {
        let found = figures(&text);
        for figure in &found {
            prop_assert!(text.contains(&figure.text), "{:?}", figure);
            prop_assert!(figure.agrees(figure) && !figure.contradicts(figure), "{:?}", figure);
        }
    }
}
