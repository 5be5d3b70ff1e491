//! Decisions: what a confirm box needs before anything is asked of the engine, and what is asked then.

use std::collections::BTreeMap;
use std::time::Duration;

use super::desk::{Desk, RULED, looked, options};
use crate::domain::budget::Scope;
use crate::domain::command::Command;
use crate::domain::event::{Event, ItemRuling, Need, Ruling, Way};
use crate::domain::handoff::Note;
use crate::domain::ids::EpisodeNumber;
use crate::domain::money::MicroUsd;
use crate::engine::handle::LookedOver;
use crate::engine::preflight::{Check, Mark};
use crate::tui::boxes::propose;
use crate::tui::fixture::{id, script, world};
use crate::tui::layers::Layer;
use crate::tui::model::Loadable;
use crate::tui::msg::{Action, Effect, Msg};
use crate::tui::options::ConsoleOptions;

#[test]
fn a_box_counts_y_after_six_tenths_of_a_second_without_a_key_and_no_repeats_and_no_paste() {
    let mut desk = Desk::new(world());
    let y = crate::tui::key::keys("y")[0];
    desk.keys(RULED).keys("A");
    desk.wait(590);
    desk.send(Msg::Paste("y".into()));
    desk.wait(2_500);
    desk.send(Msg::Paste("y".into()));
    desk.send(Msg::Key { key: y, repeat: true });
    assert_eq!(desk.acts(), [], "pasted, and a repeat");
    desk.wait(500);
    desk.send(Msg::Key { key: y, repeat: false });
    assert_eq!(desk.acts(), [], "too soon");
    assert!(desk.screen(80, 24).contains("Let go, wait 2 s"), "{}", desk.screen(80, 24));
    desk.wait(2_000);
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
    desk.wait(2_000);
    desk.keys("y");
    assert!(desk.effects.contains(&Effect::Quit));
}

#[test]
fn an_approval_binds_to_what_was_seen_and_to_a_ceiling() {
    let mut desk = Desk::new(world());
    desk.keys(RULED).keys("A");
    desk.confirm();
    let hash = desk.world.input(42, "quality_evaluation");
    let spent = desk.world.snapshot().episodes[1].spent();
    let commands = desk.commands();
    let [Command::Approve { episode, gate, hash: bound, max_spend, rulings, seen }] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert_eq!((episode.0, gate.as_str(), *bound), (42, "quality_evaluation", hash));
    let ruled: Vec<_> = rulings.iter().map(|r| (r.item.as_str(), r.ruling, r.reason.as_str())).collect();
    assert_eq!(ruled, [("D1", ItemRuling::Waive, "known"), ("D2", ItemRuling::NotAFault, "fair")]);
    let seen = seen.unwrap();
    let report = desk.world.snapshot().episodes[1].gates[gate].evaluations[bound].report;
    assert_eq!((seen.report, seen.open, seen.spent), (report, 2, spent));
    assert_eq!(*max_spend, MicroUsd(5_200_000).minus(spent), "what was projected and is not spent");
    let mut desk = Desk::new(world());
    desk.keys(RULED).keys("A<Up><C-u>1.25<Enter>");
    desk.confirm();
    assert!(matches!(desk.commands()[..], [Command::Approve { max_spend: MicroUsd(1_250_000), .. }]));
    let mut desk = Desk::new(world());
    desk.keys(RULED).keys("A<Up><C-u>99<Enter>");
    desk.confirm();
    assert_eq!(desk.acts(), [], "above what the cap leaves");
}

#[test]
fn what_changed_between_the_box_and_y_is_refused() {
    let mut desk = Desk::new(world());
    desk.keys(RULED).keys("A");
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
        desk.keys(RULED).keys("A");
        desk.confirm();
        desk
    };
    let mut desk = start();
    desk.wait(19_000);
    assert_eq!(desk.acts(), []);
    assert!(desk.screen(80, 24).contains("Press u to undo"));
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
fn the_first_decision_asks_for_a_name_and_keeps_it() {
    let unnamed = crate::domain::event::Person::new("unnamed", "ada").unwrap().of_account(7);
    let options = ConsoleOptions { person: unnamed, is_named: false, with_secret: vec!["Eve".into()], ..options() };
    let mut desk = Desk::with(world(), &options, BTreeMap::new());
    desk.keys(":42<Enter>X");
    assert!(desk.screen(120, 36).contains("Your name, kept for next time"));
    for bad in ["engine", "uid 0", "eve", ""] {
        desk.keys(&format!("{bad}<Enter>"));
        assert_eq!(desk.top(), "confirm", "{bad}: no name, no next field");
        desk.keys(&"<BS>".repeat(bad.len()));
    }
    desk.keys("Ada  L<Enter>too close to 31<Enter>42<Enter>");
    desk.confirm();
    assert!(desk.effects.contains(&Effect::KeepName("Ada L".to_owned())), "{:?}", desk.effects);
    let person = &desk.model.shared.settings.person;
    assert_eq!((person.name(), person.uid()), ("Ada L", Some(7)));
    let reason = "too close to 31".to_owned();
    assert_eq!(desk.commands(), [Command::Reject { episode: EpisodeNumber(42), reason }]);
    desk.keys(":44<Enter>Swrong research<Enter>");
    desk.confirm();
    assert_eq!(desk.commands().len(), 2, "asked once");
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
        let [Command::ResolveCharge { key, ruling: ruled, alike: false }] = commands.as_slice() else {
            panic!("{commands:?}")
        };
        assert_eq!((key.to_string().as_str(), *ruled), ("043-judge_b-0-1", ruling));
    }
}

#[test]
fn a_cap_is_raised_with_a_reason_and_never_lowered() {
    let mut desk = Desk::new(world());
    desk.keys("njj<Enter>r<Enter>worth it<Enter>045<Enter>");
    desk.confirm();
    let scope = Scope::Episode(EpisodeNumber(45));
    let expected = Command::SetCap { scope, cap: MicroUsd(420_000), reason: "worth it".into() };
    assert_eq!(desk.commands(), [expected], "enough for the next call, in whole cents");
    let mut desk = Desk::new(world());
    desk.keys("njj<Enter>r<C-u>0.40<Enter>");
    assert!(desk.screen(80, 24).contains("at least 0.4127 USD"));
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
fn what_fails_of_a_new_episode_locks_its_box_and_what_nobody_knows_does_not() {
    let of = |marks: &[Mark]| {
        let check = |mark: &Mark| Check::new(*mark, "key of gemini", format!("it is {mark:?}"));
        let mut desk = Desk::new(world());
        desk.looked = Ok(LookedOver { checks: marks.iter().map(check).collect(), ..looked() });
        desk.keys(":new a notes.md<Enter><Tab><Tab><Enter>");
        assert_eq!(desk.top(), "confirm");
        let screen = desk.screen(120, 36);
        desk.confirm();
        (screen, desk.acts().len(), desk.screen(120, 36))
    };
    let (screen, acts, after) = of(&[Mark::Fail, Mark::Unasked, Mark::Mind, Mark::Ok]);
    assert!(screen.contains("it is Fail") && screen.contains("it is Mind") && !screen.contains("it is Ok"), "{screen}");
    assert!(acts == 0 && after.contains("to be mended first"), "{after}");
    let (screen, acts, _) = of(&[Mark::Unasked]);
    assert!(acts == 1 && screen.contains("may fail later"), "{screen}");
    let (screen, acts, _) = of(&[Mark::Mind]);
    assert!(acts == 1 && screen.contains("Likely") && screen.contains("worst case 4.20"), "{screen}");
    let mut desk = Desk::new(world());
    desk.looked = Err("there is no show `x`".to_owned());
    desk.keys(":new a notes.md<Enter><Tab><Tab><Enter>");
    assert!(desk.top() == "form" && desk.screen(120, 36).contains("there is no show"), "{}", desk.screen(120, 36));
}

#[test]
fn a_box_that_spends_cannot_be_confirmed_before_its_estimate_is_there() {
    let mut desk = Desk::new(world());
    desk.model.shared.past = Loadable::Loading;
    desk.keys(":new a notes.md<Enter><Tab><Tab><Enter>");
    desk.confirm();
    assert!(desk.acts().is_empty() && desk.screen(120, 36).contains("nothing is spent without an estimate"));
    desk.keys("<Esc>");
    desk.send(Msg::Past(Ok(Vec::new())));
    desk.keys("<Enter>");
    desk.confirm();
    assert_eq!(desk.acts().len(), 1);
    // To try again, to send again and to take the cheaper model spend too; to write off does not.
    let mut world = world();
    let reason = "gave up".to_owned();
    world.of(44, Event::NeedOpened { need: Need::Retries { stage: id("script"), reason } });
    let mut desk = Desk::new(world);
    desk.model.shared.past = Loadable::Loading;
    for (keys, spends) in [("gd:44<Enter>R", true), ("<Esc>gdnj<Enter>r", true), ("<Esc><Enter>w", false)] {
        let before = desk.acts().len();
        desk.keys(keys);
        assert_eq!(desk.top(), "confirm", "{keys}");
        desk.confirm();
        assert_eq!(desk.acts().len() == before, spends, "{keys}: {}", desk.screen(80, 24));
    }
    let episode = desk.model.shared.under_way(EpisodeNumber(44)).cloned().unwrap();
    desk.model.layers.push(Layer::Confirm(propose::cheaper(&desk.model.shared, &episode, &id("script"))));
    let before = desk.acts().len();
    desk.confirm();
    assert!(desk.acts().len() == before && desk.screen(80, 24).contains("nothing is spent without an estimate"));
}

#[test]
fn the_box_of_the_cheaper_model_says_what_is_kept_and_what_is_bought() {
    let mut desk = Desk::new(world());
    let (number, stage) = (EpisodeNumber(44), id("script"));
    let episode = desk.model.shared.under_way(number).cloned().unwrap();
    desk.model.layers.push(Layer::Confirm(propose::cheaper(&desk.model.shared, &episode, &stage)));
    desk.confirm();
    assert!(desk.acts().is_empty() && desk.screen(120, 36).contains("nothing is spent without a price"));
    desk.send(Msg::Quoted { episode: number, stage: stage.clone(), found: desk.quote.clone() });
    let screen = desk.screen(120, 36);
    assert!(screen.contains("3 accepted answers") && screen.contains("2 calls, at most 0.0123 USD"), "{screen}");
    desk.confirm();
    assert_eq!(desk.commands(), [Command::UseCheaper { episode: number, stage }]);
}

/// Letters and digits alone: what a row breaks and a frame interrupts is whole again.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[test]
fn whatever_has_to_be_known_before_a_decision_is_on_the_smallest_screen() {
    let at_once: fn(&mut Desk) = |_| {};
    let cases = [
        (":46<Enter>O", "goes on all the same. It cannot be taken back.", at_once),
        (RULED, "You approve exactly content", |desk| {
            desk.keys("A");
        }),
        (":new a notes.md<Enter><Tab><Tab>", "may fail later", |desk| {
            let check = |mark: Mark| Check::new(mark, format!("key of {mark:?}"), "it answers oddly ".repeat(18));
            let checks = [Mark::Mind, Mark::Unasked, Mark::Mind, Mark::Unasked, Mark::Mind].map(check).to_vec();
            desk.looked = Ok(LookedOver { checks, ..looked() });
            desk.keys("<Enter>");
        }),
        ("njj<Enter>r", "allows more spending", at_once),
        (":44<Enter>P", "Work goes on where it was left", |desk| {
            desk.confirm();
            desk.world.by_ada(44, Event::Paused);
            desk.refresh();
            desk.keys("P");
        }),
    ];
    for (keys, says, then) in cases {
        let mut world = world();
        world.failed(46, "Both say no");
        let mut desk = Desk::new(world);
        desk.keys(keys);
        then(&mut desk);
        let screen = desk.screen(80, 24);
        let Some(Layer::Confirm(confirm)) = desk.model.layers.last() else { panic!("{keys}: {screen}") };
        let known = confirm.facts.iter().filter(|fact| !fact.may_go).map(|fact| fact.text.as_str());
        let known: Vec<&str> = known.collect();
        assert!(known.iter().any(|text| text.contains(says)), "{keys}: {known:?}");
        assert!(known.iter().any(|text| text.starts_with("Likely")), "{keys}: {known:?}");
        for text in known {
            assert!(bare(&screen).contains(&bare(text)), "{keys}: {text}\n{screen}");
        }
    }
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

fn status_after(desk: &mut Desk, keys: &str) -> String {
    desk.keys(keys);
    desk.status()
}

#[test]
fn nothing_is_approved_while_an_item_is_open_or_to_be_fixed_and_the_status_line_says_which_key_helps() {
    let mut desk = Desk::new(world());
    let said = status_after(&mut desk, ":42<Enter>A");
    assert!(said.contains("D1 (L006, accuracy) is open") && said.contains("x fix, w waive or o not a fault"), "{said}");
    let said = status_after(&mut desk, "w<Enter>");
    assert!(said.contains("say why"), "{said}");
    assert_eq!(desk.top(), "gate");
    // Every key is text while a reason is typed, and Esc rules nothing.
    let said = status_after(&mut desk, "AxBqd<Esc>");
    assert!(said.contains("Nothing was ruled"), "{said}");
    let said = status_after(&mut desk, "wknown since 1966<Enter>A");
    assert!(said.contains("A is locked: D2"), "{said}");
    let said = status_after(&mut desk, "nx");
    assert!(said.contains("D2 (L006, accuracy): to be fixed"), "{said}");
    let said = status_after(&mut desk, "A");
    assert!(said.contains("D2 is to be fixed, so B sends it back"), "{said}");
    let said = status_after(&mut desk, "u");
    assert!(said.contains("D2 is open again"), "{said}");
    desk.keys("ofair<Enter>A");
    assert_eq!(desk.top(), "confirm", "{}", desk.status());
    let screen = desk.screen(80, 24);
    assert!(screen.contains("D1 waived: “known since 1966”") && screen.contains("D2 not a fault: “fair”"), "{screen}");
}

#[test]
fn rulings_are_kept_with_the_note_and_go_with_it() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>xnwa matter of taste<Enter>");
    let drafts = desk.drafts.clone();
    // The console is killed and started again.
    let mut desk = Desk::with(world(), &options(), drafts);
    desk.keys(":42<Enter>B");
    assert!(desk.screen(120, 36).contains("D1 to be fixed"), "{}", desk.screen(120, 36));
    desk.keys("w");
    assert!(desk.screen(120, 36).contains("another model revises"));
    desk.confirm();
    let acts = desk.acts();
    let [Action::SendBack { note, way, rulings, seen, .. }] = acts.as_slice() else { panic!("{acts:?}") };
    let ruled: Vec<_> = rulings.iter().map(|r| (r.item.as_str(), r.ruling)).collect();
    assert_eq!(ruled, [("D1", ItemRuling::Fix), ("D2", ItemRuling::Waive)]);
    assert_eq!((*way, seen.unwrap().open), (Way::Peer, 2));
    let note: Note = serde_json::from_slice(note).unwrap();
    assert!(note.fixes.iter().any(|fix| fix.findings.contains(&"b:F1".to_owned())), "{note:?}");
}

#[test]
fn the_suggested_wording_goes_into_the_fix_and_a_finding_that_is_not_open_needs_no_ruling() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>r");
    assert!(desk.status().contains("N1 in the note has the suggested wording"), "{}", desk.status());
    let screen = desk.screen(120, 36);
    assert!(screen.contains("became the largest; the first was"), "{screen}");
    // Behind the two disputes the list goes on with the findings.
    let said = status_after(&mut desk, "nnw");
    assert!(said.contains("needs no ruling"), "{said}");
    // In the note `x` strikes; elsewhere it takes the fix of a finding in.
    desk.keys("4jxgg");
    assert!(desk.screen(120, 36).contains("1 struck"));
    let said = status_after(&mut desk, "3x");
    assert!(said.contains("N2 in the note is to mend it"), "{said}");
    assert!(desk.screen(120, 36).contains("0 struck"));
}

#[test]
fn a_failed_gate_is_overridden_with_a_reason_and_the_typed_number_and_stays_failed() {
    let mut world = world();
    world.failed(46, "Both say no");
    let mut desk = Desk::new(world);
    let said = status_after(&mut desk, ":46<Enter>A");
    assert!(said.contains("a check fails") && said.contains("O overrides it"), "{said}");
    desk.keys("Othe guest said so<Enter>46<Enter><Enter>");
    let screen = desk.screen(80, 24);
    assert!(screen.contains("FAILED, and stays failed: L006 is a blocker"), "{screen}");
    desk.confirm();
    let commands = desk.commands();
    let [Command::Override { typed, reason, seen, .. }] = commands.as_slice() else { panic!("{commands:?}") };
    assert_eq!((typed.as_str(), reason.as_str(), seen.is_some()), ("046", "the guest said so", true));
    let said = status_after(&mut desk, "gd:42<Enter>O");
    assert!(said.contains("there is nothing to override"), "{said}");
}

#[test]
fn a_dispute_that_is_higher_than_the_screen_is_read_to_its_end_before_the_next_line() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>");
    let screen = desk.screen(80, 24);
    assert!(
        screen.contains("B objects: ") && screen.contains("X arbiter") && !screen.contains("YOU: x fix"),
        "{screen}"
    );
    desk.keys("j");
    let screen = desk.screen(80, 24);
    assert!(screen.contains("suggested: ") && screen.contains("YOU: x fix"), "{screen}");
    desk.keys("j");
    assert!(desk.screen(80, 24).contains("›   L007"), "{}", desk.screen(80, 24));
}

#[test]
fn what_was_read_is_what_stood_on_the_screen_for_a_second() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>");
    assert!(desk.screen(120, 36).contains("read 0%"));
    desk.wait(1_000);
    let read = |desk: &mut Desk| {
        let screen = desk.screen(120, 36);
        let at = screen.find("read ").unwrap();
        screen[at + 5..].split('%').next().unwrap().parse::<u32>().unwrap()
    };
    let first = read(&mut desk);
    assert!((10..100).contains(&first), "{first}");
    // A box over it hides it, and what is passed by quickly is not read.
    desk.keys("gg?");
    desk.wait(5_000);
    desk.keys("<Esc>G");
    assert_eq!(read(&mut desk), first);
    desk.keys("gg");
    for _ in 0..14 {
        desk.wait(1_100);
        desk.keys("j");
    }
    assert_eq!(read(&mut desk), 100);
}
