//! Tests of the wording: what is told from its look-alikes.

use super::*;

#[test]
fn sentences_end_where_a_reader_ends_them() {
    let text = "Dr. Smith paid 2.5 dollars. \"Why?\" he asked. J. Doe said so… No. 5 is U.S. made! (Really.)";
    assert_eq!(
        sentences(text),
        ["Dr. Smith paid 2.5 dollars.", "\"Why?\" he asked.", "J. Doe said so…", "No. 5 is U.S. made!", "(Really.)"]
    );
    assert_eq!(sentences(" ... "), Vec::<&str>::new());
}

#[test]
fn a_quotation_is_speech_and_neither_a_term_nor_a_title() {
    assert_eq!(quotations("He said “we do not know” and left."), ["we do not know"]);
    assert_eq!(quotations("She wrote: \"it was a gap, \" twice."), ["it was a gap,"]);
    assert_eq!(quotations("‘I don’t know that’, he said."), ["I don’t know that"]);
    for none in ["the \"bad\" kind", "read “The Daily Stoic Again” now", "the dogs' owners' five old cats'", "an “open"]
    {
        assert_eq!(quotations(none), Vec::<&str>::new(), "{none}");
    }
    assert!(is_quoted_from("We don’t know,", "They wrote: we don't know why."));
    assert!(!is_quoted_from("We do know", "They wrote: we don't know why."));
    assert!(!is_quoted_from("...", "Anything..."), "marks alone are no words");
}

#[test]
fn superlatives_causes_and_hedges_are_told_from_their_look_alikes() {
    let found = |text: &str| superlatives(text).into_iter().map(|(_, word)| word).collect::<Vec<_>>();
    assert_eq!(found("It was the first and Europe's largest mill."), ["first", "largest"]);
    assert_eq!(found("The only way, and the most famous one."), ["only", "most"]);
    for none in ["At first only a few came.", "First, most people rest.", "It lasts at least a day, first of all."] {
        assert_eq!(found(none), Vec::<String>::new(), "{none}");
    }
    assert_eq!(causes("Salt led to rust.").first().map(|(row, _)| *row), Some(0));
    assert_eq!(causes("I stay because I like it."), []);
    assert!(bears_cause("It rusted because salt came in.", 0) && !bears_cause("It rusted.", 0));
    assert_eq!(hedge("It may rain."), Some("may"));
    assert_eq!(hedge("On 20 May 1875 they signed."), None);
    assert_eq!(openness("Nobody can say why."), Some("nobody can say"));
    assert!(has_name("So Bryan Kibble built it.") && !has_name("Here I'm sure that I was."));
}

#[test]
fn inflected_words_share_their_stem() {
    for pair in [("measured", "measures"), ("mills", "mill"), ("estimating", "estimate"), ("study", "studies")] {
        assert_eq!(stem(pair.0), stem(pair.1), "{pair:?}");
    }
    assert_eq!(content("The mills, and 3 well-known Cas12a tools"), content("mill known cas12a tool"));
}

#[test]
fn nothing_hidden_stays_in_cleaned_text() {
    assert_eq!(clean(" a\u{202e}b \u{1b}[2J\n c\u{200b} "), "ab [2J c");
    assert_eq!(start("abcdef", 4), "abc…");
}
