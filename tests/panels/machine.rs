//! Tables and properties of the machine.

use greenroom::domain::handoff::{Selection, Turn};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::panel::{self, Bound, Ended, Entry, MOST_TRIES, Move, PanelSpec, Style};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn spec(style: Style) -> PanelSpec {
    PanelSpec {
        style,
        seats: ["a", "b", "c"].map(str::to_owned).to_vec(),
        coordinator: (style == Style::LlmSelect).then(|| "who".to_owned()),
        turns: 8,
        spend: Some(MicroUsd(1_000)),
        minutes: Some(10),
    }
}

/// A turn in short: the seat, then `!` where it is done, `?` where something is unmet, and `>x` for the next one.
fn spoke(short: &str) -> Entry {
    let seat = usize::from(short.as_bytes()[0] - b'a');
    let next = short.split_once('>').map(|(_, next)| next.to_owned());
    let unmet = if short.contains('?') { vec!["more".to_owned()] } else { vec![] };
    let turn = Turn { said: "s".into(), proposal: String::new(), next, done: short.contains('!'), unmet };
    Entry::Spoke { seat, turn }
}

fn chose(next: &str, done: bool) -> Entry {
    Entry::Chose(Selection { next: next.into(), why: "w".into(), done })
}

fn next(style: Style, talk: &[Entry]) -> Move {
    panel::next(&spec(style), talk, MicroUsd::ZERO, 0)
}

fn after(style: Style, talk: &str) -> Move {
    let talk: Vec<Entry> = talk.split_whitespace().map(spoke).collect();
    next(style, &talk)
}

#[test]
fn a_round_goes_on_until_the_last_word_of_every_seat_is_that_it_is_done() {
    let table = [
        ("", Move::Speak(0)),
        ("a", Move::Speak(1)),
        ("a! b! c", Move::Speak(0)),
        ("a! b c!", Move::Speak(0)),
        ("a! b c! a! b!", Move::Close(Ended::Success)),
        ("a! b! c! ", Move::Close(Ended::Success)),
        ("a! b c! a b!", Move::Speak(2)),
    ];
    for (talk, wanted) in table {
        assert_eq!(after(Style::RoundRobin, talk), wanted, "{talk}");
    }
}

#[test]
fn a_task_is_handed_on_only_when_it_is_done_with_nothing_unmet() {
    let table = [
        ("", Move::Speak(0)),
        ("a>b", Move::Speak(0)),
        ("a!?>b", Move::Speak(0)),
        ("a!>c", Move::Speak(2)),
        ("a!", Move::Speak(1)),
        ("a!>a", Move::Speak(1)),
        ("a! b!>a", Move::Speak(0)),
        ("a! b! c!", Move::Close(Ended::Success)),
        ("a!>c c!", Move::Speak(1)),
        ("a a", Move::Speak(0)),
        ("a a a", Move::Close(Ended::BadAgent)),
        ("a a a!", Move::Speak(1)),
        ("a! b b b!?", Move::Close(Ended::BadAgent)),
        ("a a a! b b", Move::Speak(1)),
    ];
    for (talk, wanted) in table {
        assert_eq!(after(Style::Handoff, talk), wanted, "{talk}");
    }
    assert_eq!(MOST_TRIES, 3);
}

#[test]
fn a_goal_is_reached_by_the_first_seat_that_is_done_with_nothing_unmet() {
    let table = [
        ("", Move::Speak(0)),
        ("a", Move::Speak(1)),
        ("a>c", Move::Speak(2)),
        ("a>c c>a a", Move::Speak(1)),
        ("a!?>c", Move::Speak(2)),
        ("a!", Move::Close(Ended::Success)),
        ("a>nobody", Move::Speak(1)),
    ];
    for (talk, wanted) in table {
        assert_eq!(after(Style::Goal, talk), wanted, "{talk}");
    }
}

#[test]
fn a_coordinator_is_asked_before_every_turn_and_an_unusable_choice_goes_to_the_seat_after_the_last() {
    let style = Style::LlmSelect;
    assert_eq!(next(style, &[]), Move::Select);
    assert_eq!(next(style, &[chose("c", false)]), Move::Speak(2));
    assert_eq!(next(style, &[chose("nobody", false)]), Move::Speak(0));
    assert_eq!(next(style, &[chose("b", false), spoke("b!")]), Move::Select);
    assert_eq!(next(style, &[chose("b", false), spoke("b"), chose("nobody", false)]), Move::Speak(2));
    assert_eq!(next(style, &[chose("b", false), spoke("b"), Entry::Unchosen]), Move::Speak(2));
    assert_eq!(next(style, &[chose("c", false), spoke("c"), Entry::Unchosen]), Move::Speak(0));
    assert_eq!(next(style, &[chose("b", true)]), Move::Close(Ended::Success));
}

#[test]
fn a_seat_without_an_answer_closes_every_panel() {
    for style in Style::ALL {
        assert_eq!(next(style, &[Entry::Missed { seat: 0 }]), Move::Close(Ended::BadAgent), "{style:?}");
    }
}

#[test]
fn turns_come_before_money_and_money_before_time_and_success_before_all() {
    let at = |turns: u32, spent, minutes, talk: &str| {
        let talk: Vec<Entry> = talk.split_whitespace().map(spoke).collect();
        panel::next(&PanelSpec { turns, ..spec(Style::RoundRobin) }, &talk, MicroUsd(spent), minutes)
    };
    assert_eq!(at(2, 999, 9, "a"), Move::Speak(1));
    assert_eq!(at(2, 1_000, 10, "a b"), Move::Close(Ended::Bound(Bound::Turns)));
    assert_eq!(at(9, 1_000, 10, "a b"), Move::Close(Ended::Bound(Bound::Spend)));
    assert_eq!(at(9, 999, 10, "a b"), Move::Close(Ended::Bound(Bound::Time)));
    assert_eq!(at(3, 1_000, 10, "a! b! c!"), Move::Close(Ended::Success));
    let free = PanelSpec { spend: None, minutes: None, ..spec(Style::Goal) };
    assert_eq!(panel::next(&free, &[], MicroUsd(i64::MAX), u32::MAX), Move::Speak(0));
}

fn turn() -> impl Strategy<Value = Turn> {
    let next = select(vec![None, Some("a"), Some("b"), Some("c"), Some("nobody")]);
    (next, any::<bool>(), any::<bool>()).prop_map(|(next, done, open)| Turn {
        said: "s".into(),
        proposal: String::new(),
        next: next.map(str::to_owned),
        done,
        unmet: if open { vec!["u".into()] } else { vec![] },
    })
}

fn choice() -> impl Strategy<Value = Selection> {
    (select(vec!["a", "b", "c", "nobody"]), 0..6_u8).prop_map(|(next, die)| Selection {
        next: next.into(),
        why: "w".into(),
        done: die == 0,
    })
}

proptest! {
    /// Whatever is answered, and whoever gives no answer: a panel ends within its turns, only a seat that exists speaks, and
    /// the transcript is read back from the answers alone.
    #[test]
    fn every_panel_ends_and_can_be_read_back(
        style in select(Style::ALL.to_vec()),
        turns in 1..12_u32,
        answers in vec((turn(), choice(), 0..20_u8), 40),
    ) {
        let spec = PanelSpec { turns, ..spec(style) };
        let mut talk: Vec<Entry> = Vec::new();
        let mut ended = None;
        for (turn, choice, luck) in &answers {
            let entry = match panel::next(&spec, &talk, MicroUsd::ZERO, 0) {
                Move::Speak(seat) => {
                    prop_assert!(seat < spec.seats.len());
                    if *luck == 0 { Entry::Missed { seat } } else { Entry::Spoke { seat, turn: turn.clone() } }
                }
                Move::Select => {
                    prop_assert_eq!(style, Style::LlmSelect);
                    prop_assert!(talk.len().is_multiple_of(2), "choices are the even units");
                    if *luck == 0 { Entry::Unchosen } else { Entry::Chose(choice.clone()) }
                }
                Move::Close(why) => {
                    ended = Some(why);
                    break;
                }
            };
            talk.push(entry);
        }
        let ended = ended.unwrap_or_else(|| panic!("never over: {talk:?}"));
        let spoken = talk.iter().filter(|e| matches!(e, Entry::Spoke { .. } | Entry::Missed { .. })).count();
        prop_assert!(spoken <= turns as usize);
        if ended == Ended::Bound(Bound::Turns) {
            prop_assert_eq!(spoken, turns as usize);
        }
        // Money and time end it too, and never turn another end into theirs.
        prop_assert_eq!(panel::next(&spec, &talk, MicroUsd(i64::MAX), u32::MAX), Move::Close(ended));
        for cut in 0..talk.len() {
            let bounded = panel::next(&spec, &talk[..cut], MicroUsd(i64::MAX), 0);
            prop_assert_eq!(bounded, Move::Close(Ended::Bound(Bound::Spend)));
        }
        let read = panel::transcript(
            &spec,
            talk.iter(),
            |entry| matches!(entry, Entry::Missed { .. } | Entry::Unchosen),
            |entry| match entry {
                Entry::Spoke { turn, .. } => Ok(turn.clone()),
                Entry::Chose(_) | Entry::Missed { .. } | Entry::Unchosen => Err("no turn"),
            },
            |entry| match entry {
                Entry::Chose(choice) => Ok(choice.clone()),
                Entry::Spoke { .. } | Entry::Missed { .. } | Entry::Unchosen => Err("no choice"),
            },
        );
        prop_assert_eq!(read, Ok(talk));
    }
}
