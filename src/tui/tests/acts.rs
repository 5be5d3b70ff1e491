//! Decisions: what a confirm box needs before anything is asked of the engine, and what is asked then.

use std::time::Duration;

use super::desk::{Desk, options};
use crate::domain::budget::Scope;
use crate::domain::command::Command;
use crate::domain::event::{Event, Need, Ruling};
use crate::domain::ids::EpisodeNumber;
use crate::domain::money::MicroUsd;
use crate::tui::fixture::{id, script, world};
use crate::tui::msg::{Action, Effect, Msg};
use crate::tui::options::ConsoleOptions;

#[test]
fn a_box_counts_keys_from_six_tenths_of_a_second_and_no_repeats_and_no_paste() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>A");
    desk.wait(290);
    desk.keys("y");
    assert_eq!(desk.acts(), [], "too early");
    desk.send(Msg::Paste("y".into()));
    desk.wait(400);
    desk.send(Msg::Paste("y".into()));
    let y = crate::tui::key::keys("y")[0];
    desk.send(Msg::Key { key: y, repeat: true });
    assert_eq!(desk.acts(), [], "a repeat");
    desk.wait(100);
    desk.send(Msg::Key { key: y, repeat: false });
    assert_eq!(desk.acts(), [], "held down, on a terminal that does not tell");
    desk.wait(200);
    desk.send(Msg::Key { key: y, repeat: false });
    assert_eq!(desk.acts().len(), 1);
}

#[test]
fn a_resize_arms_a_box_anew() {
    let mut desk = Desk::new(world());
    desk.keys("q");
    desk.wait(700);
    desk.send(Msg::Resize { columns: 90, rows: 30 });
    desk.keys("y");
    assert!(!desk.effects.contains(&Effect::Quit));
    desk.confirm();
    assert!(desk.effects.contains(&Effect::Quit));
}

#[test]
fn an_approval_binds_to_what_was_seen_and_to_a_ceiling() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>A");
    desk.confirm();
    let hash = desk.world.input(42, "quality_evaluation");
    let spent = desk.world.snapshot().episodes[1].spent();
    let commands = desk.commands();
    let [Command::Approve { episode, gate, hash: seen, max_spend }] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert_eq!((episode.0, gate.as_str(), *seen), (42, "quality_evaluation", hash));
    assert_eq!(*max_spend, MicroUsd(5_200_000).minus(spent), "what was projected and is not spent");
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>A<Up><C-u>1.25<Enter>");
    desk.confirm();
    assert!(matches!(desk.commands()[..], [Command::Approve { max_spend: MicroUsd(1_250_000), .. }]));
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>A<Up><C-u>99<Enter>");
    desk.confirm();
    assert_eq!(desk.acts(), [], "above what the cap leaves");
}

#[test]
fn what_changed_between_the_box_and_y_is_refused() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>A");
    let base = desk.world.blob(&script(true));
    desk.world.send_back(42, "quality_evaluation", base);
    desk.refresh();
    desk.confirm();
    assert_eq!(desk.acts(), []);
    assert_eq!(desk.top(), "gate");
    assert!(desk.status().contains("nothing was done"), "{}", desk.status());
}

#[test]
fn a_decision_is_held_can_be_taken_back_and_is_checked_again_when_it_is_sent() {
    let held = ConsoleOptions { undo: Duration::from_secs(20), ..options() };
    let start = || {
        let mut desk = Desk::with(world(), &held, Default::default());
        desk.keys(":42<Enter>A");
        desk.confirm();
        desk
    };
    let mut desk = start();
    desk.wait(19_000);
    assert_eq!(desk.acts(), []);
    assert!(desk.screen(80, 24).contains("u takes it back"));
    desk.keys("A");
    assert!(desk.status().contains("about to be sent"), "{}", desk.status());
    desk.keys("u");
    desk.wait(30_000);
    assert_eq!(desk.acts(), [], "taken back");
    let mut desk = start();
    desk.wait(20_100);
    assert_eq!(desk.acts().len(), 1);
    let mut desk = start();
    let base = desk.world.blob(&script(true));
    desk.world.send_back(42, "quality_evaluation", base);
    desk.refresh();
    desk.wait(20_100);
    assert_eq!(desk.acts(), [], "stale when the hold ended");
    assert!(desk.status().contains("was not sent"), "{}", desk.status());
    let mut desk = start();
    desk.keys("q");
    assert!(desk.screen(120, 36).contains("not sent yet"));
    desk.confirm();
    assert_eq!(desk.acts(), [], "quitting sends nothing");
}

#[test]
fn rejecting_for_good_asks_for_a_reason_and_the_typed_number() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>Xtoo close to 31<Enter>41<Enter>");
    assert_eq!(desk.top(), "gate", "a wrong number cancels");
    desk.keys("X<Enter>");
    assert_eq!(desk.top(), "confirm", "no reason, no next field");
    desk.keys("too close to 31<Enter>042<Enter>");
    desk.confirm();
    let reason = "too close to 31".to_owned();
    assert_eq!(desk.commands(), [Command::Reject { episode: EpisodeNumber(42), reason }]);
}

#[test]
fn an_episode_is_paused_stopped_and_resumed() {
    let mut desk = Desk::new(world());
    desk.keys(":44<Enter>P");
    desk.confirm();
    desk.world.by_ada(44, Event::Paused);
    desk.refresh();
    desk.keys("P");
    desk.confirm();
    desk.keys("Swrong research<Enter>");
    desk.confirm();
    let number = EpisodeNumber(44);
    let cancel = Command::Cancel { episode: number, reason: "wrong research".into() };
    assert_eq!(desk.commands(), [Command::Pause(number), Command::Resume(number), cancel]);
}

#[test]
fn a_charge_is_ruled() {
    for (key, ruling) in [("r", Ruling::Resend), ("w", Ruling::WriteOff)] {
        let mut desk = Desk::new(world());
        desk.keys("nj<Enter>").keys(key);
        assert_eq!(desk.acts(), []);
        desk.confirm();
        let commands = desk.commands();
        let [Command::ResolveCharge { key, ruling: ruled }] = commands.as_slice() else { panic!("{commands:?}") };
        assert_eq!((key.to_string().as_str(), *ruled), ("043-judge_b-0-1", ruling));
    }
}

#[test]
fn a_cap_is_raised_with_a_reason_and_never_lowered() {
    let mut desk = Desk::new(world());
    desk.keys("njj<Enter>r<Enter>worth it<Enter>045<Enter>");
    desk.confirm();
    let scope = Scope::Episode(EpisodeNumber(45));
    let expected = Command::SetCap { scope, cap: MicroUsd(540_000), reason: "worth it".into() };
    assert_eq!(desk.commands(), [expected], "enough for the next call, in whole cents");
    let mut desk = Desk::new(world());
    desk.keys("njj<Enter>r<C-u>0.40<Enter>");
    assert!(desk.screen(80, 24).contains("at least 0.5327 USD"));
}

#[test]
fn stuck_stages_retry_and_bills_are_seen() {
    let mut world = world();
    let reason = "gave up".to_owned();
    world.of(44, Event::NeedOpened { need: Need::Retries { stage: id("script"), reason } });
    let key = "041-voice-3-1".parse().unwrap();
    let need = Need::OverBilled { key, reserved: MicroUsd(1), billed: MicroUsd(2) };
    world.of(41, Event::NeedOpened { need });
    let mut desk = Desk::new(world);
    desk.keys(":44<Enter>R");
    desk.confirm();
    desk.keys("gd:41<Enter>4<Enter>g");
    desk.confirm();
    let retry = Command::Retry { episode: EpisodeNumber(44), stage: id("script") };
    assert_eq!(desk.commands(), [retry, Command::AcceptBill { key: "041-voice-3-1".parse().unwrap() }]);
}

#[test]
fn locked_keys_say_why() {
    let mut desk = Desk::new(world());
    desk.keys(":44<Enter>R");
    assert!(desk.status().starts_with("R is locked"), "{}", desk.status());
    desk.keys("gd:39<Enter>S");
    assert!(desk.status().starts_with("S is locked: the episode is packaged"), "{}", desk.status());
    desk.keys("gd:42<Enter>4xjxjxB");
    assert!(desk.status().starts_with("B is locked: the note says nothing"), "{}", desk.status());
    let mut world = world();
    world.halted = Some("the disk is full; nothing was lost".into());
    let mut desk = Desk::new(world);
    desk.keys(":42<Enter>A");
    assert!(desk.status().contains("the disk is full"), "{}", desk.status());
    assert!(desk.screen(80, 24).contains("STOPPED"));
}

#[test]
fn a_new_episode_is_asked_for_with_faults_in_place() {
    let mut desk = Desk::new(world());
    desk.keys(":new a notes.md<Enter>");
    desk.keys("<Tab><C-u>x<Tab>7.5<Enter>");
    assert_eq!(desk.top(), "form");
    assert!(desk.screen(80, 24).contains("a number from 1"));
    desk.keys("<C-u>50<Enter><Enter>");
    assert_eq!(desk.top(), "confirm");
    desk.confirm();
    let acts = desk.acts();
    let [Action::Begin(new)] = acts.as_slice() else { panic!("{acts:?}") };
    assert_eq!(new.research.to_str(), Some("a notes.md"));
    assert_eq!(
        (new.show.as_str(), new.number, new.cap),
        ("open-questions", Some(EpisodeNumber(50)), Some(MicroUsd(7_500_000)))
    );
    let action = Box::new(acts[0].clone());
    desk.send(Msg::Acted { action: action.clone(), result: Err("there is no file `a notes.md`".into()) });
    assert_eq!(desk.top(), "form");
    assert!(desk.screen(80, 24).contains("there is no file"));
    desk.send(Msg::Acted { action, result: Ok("Episode 050 was begun.".into()) });
    assert_eq!(desk.top(), "dashboard");
}

#[test]
fn ctrl_c_twice_ends_and_once_does_not() {
    let mut desk = Desk::new(world());
    desk.keys("<C-c>");
    desk.wait(5_000);
    desk.keys("<C-c>");
    assert!(!desk.effects.contains(&Effect::Quit));
    desk.keys("<C-c>");
    assert!(desk.effects.contains(&Effect::Quit));
}
