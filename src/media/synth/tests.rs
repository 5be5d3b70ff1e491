use proptest::prelude::*;

use super::*;

const RATE: u32 = 24_000;
const PROSE: &str = "For a long time the answer was kept in a safe near Paris. Then somebody weighed it again, and the \
    numbers did not quite agree. Nobody could say which of the weights had changed, because a scale only compares one \
    thing with another. So they wrote the difference down and left the cause blank. I find that admirable. How often do \
    we publish a number and then admit that we cannot explain it? Most of the people in this story were careful, and \
    some of them were wrong; the two are not opposites.";

fn said(text: &str, name: &str) -> Speech {
    speak(text, &Voice::from_name(name), RATE).unwrap()
}

fn seconds(speech: &Speech) -> f64 {
    speech.samples.len() as f64 / f64::from(speech.sample_rate)
}

/// The samples while the character at an index is heard, without the outer quarters in which sounds meet.
fn middle_of(speech: &Speech, index: usize) -> &[i16] {
    let (start, end) = (speech.starts[index], speech.ends[index]);
    let quarter = (end - start) / 4.0;
    let at = |seconds: f64| (seconds * f64::from(speech.sample_rate)) as usize;
    &speech.samples[at(start + quarter)..at(end - quarter)]
}

fn rms(samples: &[i16]) -> f64 {
    (samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64).sqrt() / 32_768.0
}

fn crossings(samples: &[i16]) -> f64 {
    samples.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count() as f64 / samples.len() as f64
}

#[test]
fn the_pace_is_that_of_an_unhurried_reader() {
    let words = PROSE.split_whitespace().count() as f64;
    for name in ["Mara", "Theo", "EXAVITQu4vr4xnSDxMaL", "JBFqnCBsd6RMkjVDRZzb", "a", "b", "c", ""] {
        let pace = words * 60.0 / seconds(&said(PROSE, name));
        assert!((150.0..=165.0).contains(&pace), "{name}: {pace} words a minute");
    }
}

#[test]
fn a_faster_voice_needs_less_time_in_proportion() {
    let common = seconds(&said(PROSE, "Mara"));
    let fast = speak(PROSE, &Voice::from_name("Mara").at_rate(2.0), RATE).unwrap();
    assert!((seconds(&fast) / common - 0.5).abs() < 0.01);
    assert_eq!(Voice::from_name("Mara").at_rate(f64::NAN), Voice::from_name("Mara"));
    assert_eq!(Voice::from_name("Mara").at_rate(900.0), Voice::from_name("Mara").at_rate(4.0));
}

#[test]
fn the_same_is_said_the_same_and_another_name_sounds_otherwise() {
    assert_eq!(said("Is it so?", "Mara"), said("Is it so?", "Mara"));
    assert_ne!(said("Is it so?", "Mara").samples, said("Is it so?", "Theo").samples);
    let pitches: Vec<f32> = (0..40).map(|n| Voice::from_name(&format!("voice {n}")).pitch_hz()).collect();
    assert!(pitches.iter().any(|hz| *hz < 135.0) && pitches.iter().any(|hz| *hz > 165.0), "{pitches:?}");
    assert!(pitches.iter().all(|hz| (90.0..=225.0).contains(hz)));
}

#[test]
fn each_character_has_its_time_without_gap_or_overlap() {
    let text = "Caf\u{e9}s, in 1966: \u{4e16}\u{754c} \u{1f600} \u{2014} 3.14%\n\nWhy?";
    let speech = said(text, "Theo");
    assert_eq!(speech.starts.len(), text.chars().count());
    assert_eq!(speech.ends.len(), speech.starts.len());
    assert_eq!(speech.starts[0], 0.0);
    for index in 1..speech.starts.len() {
        assert!((speech.starts[index] - speech.ends[index - 1]).abs() < 1e-9, "at {index}");
        assert!(speech.ends[index] >= speech.starts[index], "at {index}");
    }
    let tail = seconds(&speech) - speech.ends.last().unwrap();
    assert!((tail - TAIL_MS / 1000.0).abs() < 0.001, "{tail}");
}

#[test]
fn a_pause_is_quiet_and_a_vowel_is_not() {
    let speech = said("Papa, papa.", "Mara");
    let vowel = rms(middle_of(&speech, 1));
    for stop in [4, 10] {
        let pause = rms(middle_of(&speech, stop));
        assert!(pause < vowel / 100.0, "{pause} beside {vowel}");
        assert!(pause > 0.0, "a room is never dead silent");
    }
    let long = speech.ends[10] - speech.starts[10];
    assert!(long > speech.ends[4] - speech.starts[4], "a full stop is longer than a comma");
}

#[test]
fn a_hiss_crosses_zero_far_more_often_than_a_vowel() {
    let speech = said("assa", "Theo");
    let (vowel, hiss) = (crossings(middle_of(&speech, 0)), crossings(middle_of(&speech, 1)));
    assert!(hiss > 3.0 * vowel, "{hiss} beside {vowel}");
    assert!(rms(middle_of(&speech, 1)) > 0.01, "and it is heard");
}

#[test]
fn the_pitch_that_is_heard_is_the_voice_s() {
    for name in ["Mara", "Theo", "low", "high", "other"] {
        let voice = Voice::from_name(name);
        let speech = speak("aaaaaaaaaaaa", &voice.clone().at_rate(0.5), RATE).unwrap();
        let middle = &speech.samples[speech.samples.len() * 4 / 10..speech.samples.len() * 6 / 10];
        // The shift, out of 60 to 320 Hz, at which the sound is most like itself.
        let alike = |shift: usize| -> f64 {
            let pairs = middle.iter().zip(&middle[shift..]);
            let (product, power) = pairs.fold((0.0, 1.0), |(product, power), (a, b)| {
                (product + f64::from(*a) * f64::from(*b), power + f64::from(*a).powi(2) + f64::from(*b).powi(2))
            });
            product / power
        };
        let shift = (75..400).max_by(|a, b| alike(*a).total_cmp(&alike(*b))).unwrap();
        let heard = RATE as f32 / shift as f32;
        let ratio = heard / voice.pitch_hz();
        // The best shift may also be a whole number of periods.
        let periods = (1.0 / ratio).round().max(1.0);
        assert!((ratio * periods - 1.0).abs() < 0.15, "{name}: {heard} Hz heard, {} Hz meant", voice.pitch_hz());
    }
}

#[test]
fn voices_are_equally_loud_and_never_clip() {
    for name in ["Mara", "Theo", "low", "high"] {
        let speech = said(PROSE, name);
        let sounded: Vec<i16> = speech.samples.iter().copied().filter(|s| s.unsigned_abs() > 60).collect();
        let level = 20.0 * rms(&sounded).log10();
        assert!((-21.5..=-18.0).contains(&level), "{name}: {level} dB");
        assert!(speech.samples.iter().all(|s| s.unsigned_abs() < 32_300), "{name} clips");
    }
}

#[test]
fn a_question_ends_higher_than_a_statement() {
    let last_pitch = |text: &str| {
        let chars: Vec<char> = text.chars().collect();
        let pieces = spelling::pieces(&chars);
        melody(&pieces)[pieces.len() - 2].pitch
    };
    assert!(last_pitch("It has moved since then?") > last_pitch("It has moved since then.") + 0.1);
}

#[test]
fn every_letter_and_digit_is_heard() {
    for c in ('a'..='z').chain('0'..='9').chain(['\u{e9}', '\u{df}', '\u{4e16}', '\u{416}']) {
        let speech = said(&c.to_string(), "Mara");
        assert!(speech.ends[0] > 0.03, "{c}");
        assert!(rms(&speech.samples) > 0.005, "{c}");
    }
}

#[test]
fn spelling_is_read_roughly_as_in_english() {
    use phones::Phone::{Ai, Ao, Ei, Ii, K, L, N, S, Schwa, Sh, T};
    let sounds = |word: &str| -> Vec<Phone> {
        let chars: Vec<char> = word.chars().collect();
        spelling::pieces(&chars).iter().flat_map(|piece| piece.phones.iter().copied()).collect()
    };
    assert_eq!(sounds("nation"), [N, Ei, Sh, Schwa, N]);
    assert_eq!(sounds("late"), [L, Ei, T]);
    assert_eq!(sounds("night"), [N, Ai, T]);
    assert_eq!(sounds("CELL"), [S, Phone::E, L]);
    assert_eq!(sounds("key"), [K, Ii]);
    assert_eq!(sounds("talk"), [T, Phone::Ae, L, K]);
    assert_eq!(sounds("call"), [K, Ao, L]);
}

#[test]
fn nothing_said_is_no_sound_and_what_cannot_be_said_is_refused() {
    let nothing = said("", "Mara");
    assert!(nothing.samples.is_empty() && nothing.starts.is_empty());
    let voice = Voice::from_name("Mara");
    let long = "a".repeat(MAX_CHARACTERS + 1);
    assert_eq!(speak(&long, &voice, RATE), Err(SpeakError::TooLong(MAX_CHARACTERS + 1)));
    for rate in [0, 7_999, 48_001] {
        assert_eq!(speak("a", &voice, rate), Err(SpeakError::SampleRate(rate)));
    }
}

#[test]
fn the_length_does_not_depend_on_the_sample_rate() {
    let voice = Voice::from_name("Theo");
    let base = seconds(&speak(PROSE, &voice, 24_000).unwrap());
    for rate in [8_000, 22_050, 44_100, 48_000] {
        assert!((seconds(&speak(PROSE, &voice, rate).unwrap()) - base).abs() < 0.001, "{rate}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_text_is_timed_whole(text in "\\PC{0,30}|[a-z ,.?0-9'\n]{0,60}", rate in 8_000u32..=48_000, factor in 0.2f64..6.0) {
        let speech = speak(&text, &Voice::from_name("any").at_rate(factor), rate).unwrap();
        prop_assert_eq!(speech.starts.len(), text.chars().count());
        prop_assert_eq!(speech.ends.len(), speech.starts.len());
        prop_assert!(speech.starts.iter().zip(&speech.ends).all(|(start, end)| start <= end));
        prop_assert!(speech.ends.last().is_none_or(|end| *end <= seconds(&speech) + 1e-9));
    }
}
