//! What screens say of money, providers and lengths is what it is.

use std::sync::Arc;

use super::desk::{Desk, RULED, looked};
use crate::domain::budget::Scope;
use crate::domain::call::{RetryClass, Told, Usage};
use crate::domain::command::Command;
use crate::domain::event::{Event, Need, UnitPlan};
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::domain::money::MicroUsd;
use crate::engine::handle::LookedOver;
use crate::engine::progress::CallProgress;
use crate::tui::fixture::{World, id, world};

fn usd(amount: MicroUsd) -> String {
    format!("{amount}")
}

#[test]
fn today_is_what_was_spent_and_what_is_held_and_possible_stand_beside_it() {
    let mut world = world();
    let spent_of = |world: &World| -> MicroUsd {
        let running: MicroUsd = world.studio.episodes.values().map(|episode| episode.spent()).sum();
        running.plus(world.past.iter().map(|past| past.spent).sum())
    };
    let spent = spent_of(&world);
    let mut desk = Desk::new(world.clone());
    for (columns, rows) in [(120, 36), (80, 24)] {
        let screen = desk.screen(columns, rows);
        let header = screen.lines().next().unwrap();
        assert!(header.contains(&format!("today {} of 42.00", usd(spent))), "{header}");
    }
    // Three calls are under way and one is uncertain, each reserved at 0.90.
    let screen = desk.screen(120, 36);
    assert!(screen.contains("2.70 held") && screen.contains("0.90 possible"), "{screen}");
    // A call that is sent, and one that fails for nothing, change nothing of what was spent.
    let key = world.call(45, "brief", 0);
    world.of(
        45,
        Event::CallFailed {
            key,
            class: RetryClass::RetryAfter,
            message: "the model is overloaded".into(),
            price: MicroUsd::ZERO,
            not_before: None,
            usage: Usage::default(),
            bill: None,
            request_id: None,
            told: Told::default(),
        },
    );
    assert_eq!(spent_of(&world), spent);
    let mut desk = Desk::new(world);
    assert!(desk.screen(120, 36).contains(&format!("today {} of 42.00", usd(spent))));
}

/// An episode whose cap lets one of two calls of a stage go.
fn tight() -> World {
    let mut world = world();
    world.begin(46, "Tight", 1_000_000);
    let input = world.input(46, "brief");
    let unit = |unit: u32, worst: i64| {
        let request = ContentHash::of(format!("tight {unit}").as_bytes());
        UnitPlan { unit, request, worst: MicroUsd(worst), route: None, window: None }
    };
    let units = vec![unit(0, 900_000), unit(1, 612_000), unit(2, 640_000)];
    world.of(46, Event::StagePrepared { stage: id("brief"), input, units, last: true });
    world.call(46, "brief", 0);
    let need = Need::Cap {
        stage: id("brief"),
        scope: Scope::Episode(EpisodeNumber(46)),
        cap: MicroUsd(1_000_000),
        committed: MicroUsd(300_000),
        worst: MicroUsd(612_000),
    };
    world.of(46, Event::NeedOpened { need });
    world
}

fn raise(desk: &mut Desk) {
    desk.keys(":46<Enter>4<Enter>r");
    assert_eq!(desk.top(), "confirm");
}

#[test]
fn the_box_that_raises_a_cap_proposes_what_suffices_and_follows_the_studio_while_it_is_open() {
    let mut desk = Desk::new(tight());
    raise(&mut desk);
    // 0.90 are reserved, and the two that wait may cost 0.612 and 0.640.
    let screen = desk.screen(120, 36);
    assert!(screen.contains("at least 1.5400 USD") && screen.contains("need 2.1520 USD"), "{screen}");
    desk.keys("<Enter>worth it<Enter>046<Enter>");
    desk.confirm();
    let [Command::SetCap { cap, .. }] = desk.commands()[..] else { panic!("{:?}", desk.commands()) };
    assert_eq!(cap, MicroUsd(2_160_000), "all that waits, in whole cents");
    // While it is open the running call comes to its end: less is needed, and the field follows.
    let mut desk = Desk::new(tight());
    raise(&mut desk);
    desk.wait(5_000);
    let key = desk.world.studio.episodes[&EpisodeNumber(46)].calls.keys().next().unwrap().clone();
    desk.world.answer(&key, 50_000, ContentHash::of(b"out"), None);
    desk.refresh();
    let screen = desk.screen(120, 36);
    assert!(screen.contains("at least 0.6900 USD") && screen.contains("0.05 are spent"), "{screen}");
    assert!(screen.contains("New cap, in USD: 1.31"), "0.05, 0.612 and 0.640\n{screen}");
    // What the person has typed stays.
    desk.keys("<C-u>5");
    desk.world.by_ada(46, Event::Paused);
    desk.refresh();
    assert!(desk.screen(120, 36).contains("New cap, in USD: 5"), "{}", desk.screen(120, 36));
}

#[test]
fn a_stage_that_waits_for_money_says_so() {
    let mut desk = Desk::new(world());
    desk.keys(":45<Enter>");
    for (columns, rows) in [(120, 36), (80, 24)] {
        let screen = desk.screen(columns, rows);
        assert!(screen.contains("Waiting for money") && !screen.contains("nothing has streamed"), "{screen}");
        assert!(screen.contains("0.4127") && screen.contains("of the 0.30"), "{screen}");
    }
    // Nobody was asked yet, since running calls may free enough.
    let mut world = tight();
    let closed = world.studio.episodes[&EpisodeNumber(46)].needs[0].id.clone();
    world.of(46, Event::NeedClosed { id: closed, answer: "there is room again".into() });
    let key = world.studio.episodes[&EpisodeNumber(46)].calls.keys().next().unwrap().clone();
    let input = world.input(46, "brief");
    let _ = (key, input);
    let mut desk = Desk::new(world);
    desk.keys(":46<Enter>");
    let screen = desk.screen(120, 36);
    assert!(screen.contains("Waiting for money") && screen.contains("by itself"), "{screen}");
}

#[test]
fn a_provider_whose_quota_is_used_up_reads_so_until_it_answers_again() {
    for message in [
        "Status 429 `insufficient_quota` from openai: You exceeded your current quota",
        "Anthropic answered 403 `billing_error`: Your credit balance is too low",
        "ElevenLabs answered 401 `quota_exceeded`: 12 credits left",
    ] {
        let mut world = world();
        let key = world.studio.episodes[&EpisodeNumber(44)].calls.keys().next_back().unwrap().clone();
        let failed = Event::CallFailed {
            key,
            class: RetryClass::AskPerson,
            message: message.into(),
            price: MicroUsd::ZERO,
            not_before: None,
            usage: Usage::default(),
            bill: None,
            request_id: None,
            told: Told::default(),
        };
        world.of(44, failed);
        let mut desk = Desk::new(world);
        desk.keys("gp");
        let screen = desk.screen(120, 36);
        let lane = screen.lines().find(|line| line.contains("anthropic  ")).unwrap();
        assert!(lane.contains("quota used up"), "{screen}");
        let screen = desk.keys("gd").screen(120, 36);
        assert!(screen.contains("quota used up"), "{screen}");
        // It answers another call.
        let key = desk.world.call(44, "script", 0);
        desk.world.answer(&key, 10, ContentHash::of(b"out"), None);
        desk.refresh();
        assert!(!desk.screen(120, 36).contains("quota used up"));
    }
}

#[test]
fn that_the_program_ended_is_not_told_as_a_failure_of_the_provider() {
    let mut world = world();
    let key = world.studio.episodes[&EpisodeNumber(44)].calls.keys().next_back().unwrap().clone();
    let reason = "the program ended before the answer was whole".to_owned();
    world.of(44, Event::ChargeUncertain { key, reason });
    let mut desk = Desk::new(world);
    desk.keys("gp");
    let screen = desk.screen(120, 36);
    let lane = screen.lines().find(|line| line.contains("anthropic  ")).unwrap();
    assert!(!lane.contains("failing"), "{screen}");
}

#[test]
fn a_length_is_told_to_the_second() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>");
    let screen = desk.screen(120, 36);
    assert!(screen.contains("146 words, ") && !screen.contains("about 1 min"), "{screen}");
}

/// An episode of which two judges write at once.
fn side_by_side() -> Desk {
    let mut world = world();
    world.begin(46, "Two judges", 6_000_000);
    world.up_to_script(46, &crate::tui::fixture::script(false));
    let mut streams = Vec::new();
    for (stage, text) in [
        ("judge_a", r#"{"findings":[{"id":"F1","line":"L006","problem":"The claim is not that of the source."#),
        ("judge_b", r#"{"findings":[{"id":"F9","line":"L002","problem":"The sentence is too long to be said."#),
    ] {
        world.prepare(46, stage, 1);
        let key = world.call(46, stage, 0);
        let mut call = CallProgress::default();
        for piece in text.as_bytes().chunks(7) {
            call.push(std::str::from_utf8(piece).unwrap());
        }
        streams.push((key, call));
    }
    world.progress.calls.extend(streams.into_iter().map(|(key, call)| (key, Arc::new(call))));
    let mut desk = Desk::new(world);
    desk.keys(":46<Enter>");
    desk
}

#[test]
fn the_live_panel_follows_one_call_and_shows_what_its_answer_becomes() {
    let mut desk = side_by_side();
    for (columns, rows) in [(120, 36), (80, 24)] {
        let screen = desk.screen(columns, rows);
        assert!(screen.contains("F1 L006") && screen.contains("The claim is not that"), "{screen}");
        assert!(!screen.contains("too long to be") && !screen.contains("{\""), "one call, and no JSON\n{screen}");
        assert!(screen.contains("1 of 2  ~22 tokens out"), "{screen}");
    }
    // A key steps to the other one and back.
    for key in ["]", "]]", "["] {
        let mut desk = side_by_side();
        desk.keys(key);
        let screen = desk.screen(120, 36);
        assert_eq!(screen.contains("F9 L002"), key != "]]", "{key}\n{screen}");
        assert_eq!(screen.contains("2 of 2"), key != "]]", "{key}\n{screen}");
    }
    // When it has ended, the panel goes on with its stage and does not jump to the other.
    desk.keys("]");
    desk.world.progress.calls.retain(|key, _| key.stage.as_str() != "judge_b");
    desk.refresh();
    assert!(!desk.screen(120, 36).contains("F9 L002"));
    desk.keys("f");
    assert!(desk.screen(120, 36).contains("F1 L006"));
    desk.world.progress.calls.clear();
    desk.refresh();
    desk.keys("]");
    assert!(desk.status().contains("No call of this episode is running"), "{}", desk.status());
}

#[test]
fn what_is_likely_stands_beside_the_worst_case_wherever_money_is_agreed_to() {
    for way in [RULED, ":46<Enter>4<Enter>r", ":44<Enter>R", ":new f.md<Enter><Enter><Enter><Enter>"] {
        let mut world = tight();
        world.past.clear();
        let reason = "gave up".to_owned();
        world.of(44, Event::NeedOpened { need: Need::Retries { stage: id("script"), reason } });
        for (columns, rows) in [(120, 36), (80, 24)] {
            let mut desk = Desk::new(world.clone());
            desk.keys(way);
            if way == RULED {
                desk.keys("A");
            }
            assert_eq!(desk.top(), "confirm", "{way}");
            let screen = desk.screen(columns, rows);
            assert!(screen.contains("Likely about") && screen.contains("worst case"), "{way}\n{screen}");
            assert!(screen.contains(" % of the "), "its share of the cap: {way}\n{screen}");
        }
    }
}

#[test]
fn the_form_proposes_a_cap_that_fits_and_says_why() {
    let mut desk = Desk::new(world());
    desk.looked = Ok(LookedOver { cap: MicroUsd(300_000), ..looked() });
    desk.keys(":new f.md<Enter><Enter><Enter>0.30<Enter>");
    let screen = desk.screen(120, 36);
    assert!(screen.contains("A cap of 1.30 USD fits") && screen.contains("likely cost"), "{screen}");
    desk.keys("<Esc>");
    let screen = desk.screen(80, 24);
    assert!(screen.contains("1.30 fits (likely 0.42)"), "{screen}");
    // A day that does not leave as much.
    let mut world = world();
    world.own(Event::CapSet { scope: Scope::Day(0), cap: MicroUsd(12_000_000), reason: "less".into() });
    let mut desk = Desk::new(world);
    desk.keys(":new f.md<Enter><Enter><Enter><Enter>");
    assert!(desk.screen(120, 36).contains("Today's cap leaves"), "{}", desk.screen(120, 36));
}
