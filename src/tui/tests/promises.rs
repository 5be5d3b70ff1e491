//! What the console promises of keys, drafts and layers, whatever is pressed, held down or broken.

use std::time::Duration;

use super::desk::{Desk, RULED, options};
use crate::domain::ids::EpisodeNumber;
use crate::tui::fixture::{id, script, world};
use crate::tui::key::keys;
use crate::tui::layers::Layer;
use crate::tui::msg::{Effect, Msg};
use crate::tui::options::ConsoleOptions;

/// A console whose decisions are held for 20 s.
fn holding() -> ConsoleOptions {
    ConsoleOptions { undo: Duration::from_secs(20), ..options() }
}

fn press(desk: &mut Desk, spelling: &str) {
    for key in keys(spelling) {
        desk.send(Msg::Key { key, repeat: false });
    }
}

/// Ways to boxes that spend or change something, each at its answer.
const BOXES: &[&str] = &[
    "q",
    ":44<Enter>P",
    ":42<Enter>B",
    "nj<Enter>r",
    ":44<Enter>Sbad idea<Enter>",
    ":42<Enter>Xbad<Enter>042<Enter>",
    ":new f.md<Enter><Enter><Enter><Enter>",
];

#[test]
fn a_key_that_is_held_down_never_confirms_however_slowly_it_repeats() {
    for way in BOXES.iter().copied().chain([RULED]) {
        for (first, pause) in [(10, 250), (10, 500), (300, 500), (550, 660), (100, 1_000), (590, 1_800)] {
            let mut desk = Desk::new(world());
            desk.keys(way);
            if way == RULED {
                desk.keys("A");
            }
            let before = desk.effects.len();
            desk.wait(first);
            press(&mut desk, "y");
            desk.wait(pause);
            for _ in 0..100 {
                press(&mut desk, "y");
                desk.wait(33);
            }
            let done = desk.effects[before..].iter().any(|effect| matches!(effect, Effect::Act(_) | Effect::Quit));
            assert!(!done, "{way}: held down from {first} ms on, again after {pause} ms");
            // Let go, waited, pressed once.
            desk.wait(2_500);
            press(&mut desk, "y");
            let done = desk.effects[before..].iter().any(|effect| matches!(effect, Effect::Act(_) | Effect::Quit));
            assert!(done, "{way}\n{}", desk.screen(80, 24));
        }
    }
}

#[test]
fn any_key_within_the_guard_lets_it_begin_anew() {
    for early in ["j", "y", "<Up>", "z", "<Tab>"] {
        let mut desk = Desk::new(world());
        desk.keys("q");
        desk.wait(500);
        press(&mut desk, early);
        desk.wait(300);
        press(&mut desk, "y");
        assert!(!desk.effects.contains(&Effect::Quit), "{early}");
    }
    // The same behind a field: what was typed a moment ago is no answer.
    let mut desk = Desk::new(world());
    desk.keys(":44<Enter>S");
    desk.wait(5_000);
    desk.keys("bad idea<Enter>y");
    assert_eq!(desk.acts(), []);
    desk.confirm();
    assert_eq!(desk.acts().len(), 0, "y came too early once, and a longer pause is asked for");
    desk.wait(2_500);
    desk.keys("y");
    assert_eq!(desk.acts().len(), 1);
}

#[test]
fn quitting_keeps_what_was_struck_a_moment_ago() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>4x");
    assert_eq!(desk.drafts.len(), 0, "not kept yet");
    desk.send(Msg::Key { key: keys("q")[0], repeat: false });
    desk.wait(650);
    desk.send(Msg::Key { key: keys("y")[0], repeat: false });
    assert!(desk.effects.contains(&Effect::Quit), "{}", desk.screen(80, 24));
    let kept = desk.drafts.get("note-042-quality_evaluation").cloned().unwrap_or_default();
    assert!(kept.contains("\"struck\":true"), "{kept}");
    let at = |wanted: fn(&Effect) -> bool| desk.effects.iter().position(wanted);
    assert!(at(|effect| matches!(effect, Effect::KeepDraft(..))) < at(|effect| *effect == Effect::Quit));
}

#[test]
fn the_count_down_of_a_decision_is_seen_whatever_lies_over_the_screen() {
    let over: &[&str] = &["", "A", "?", ":", ":44<Enter>", "gc", "gp", "gd", "q", ":new x<Enter>", "t", "P", "<C-c>"];
    for keys in over {
        for (columns, rows) in [(120, 36), (100, 30), (80, 24), (60, 20)] {
            let mut desk = Desk::with(world(), &holding(), Default::default());
            desk.keys(RULED).keys("A");
            desk.confirm();
            assert!(desk.acts().is_empty());
            desk.keys(keys);
            let screen = desk.screen(columns, rows);
            let seconds = screen.contains("042 in 19 s") || screen.contains("042 in 20 s");
            assert!(seconds && screen.contains('u'), "{keys} at {columns}x{rows}\n{screen}");
        }
    }
    // Its row does not ask for what was decided, and two decisions are both counted.
    let mut desk = Desk::with(world(), &holding(), Default::default());
    desk.keys(RULED).keys("A");
    desk.confirm();
    desk.keys("gd");
    let screen = desk.screen(120, 36);
    let row = screen.lines().find(|line| line.contains("Tidal power")).unwrap();
    assert!(!row.contains("YOU GATE") && row.contains("SENDING"), "{row}");
}

#[test]
fn what_cannot_be_read_is_asked_for_again_and_the_screen_says_so() {
    let mut world = world();
    let hash = crate::domain::ids::ContentHash::of(&serde_json::to_vec(&script(true)).unwrap());
    let kept = world.blobs.remove(&hash).unwrap();
    let mut desk = Desk::new(world);
    desk.keys(":42<Enter>");
    let screen = desk.screen(120, 36);
    assert!(screen.contains("The script cannot be read: it is missing"), "{screen}");
    assert!(screen.contains("tried again"), "it says so\n{screen}");
    desk.world.blobs.insert(hash, kept.clone());
    let due = crate::tui::update::deadline(&desk.model).expect("a moment at which it is tried again");
    desk.wait(due.saturating_sub(desk.ms) + 10_000);
    assert!(desk.screen(120, 36).contains("And the electric kind?"), "{}", desk.screen(120, 36));
    // A key does it at once.
    desk.world.blobs.remove(&hash);
    let mut desk = Desk::new(desk.world.clone());
    desk.keys(":42<Enter>");
    desk.world.blobs.insert(hash, kept);
    assert!(!desk.screen(120, 36).contains("And the electric kind?"));
    desk.keys("<C-l>");
    assert!(desk.screen(120, 36).contains("And the electric kind?"), "{}", desk.screen(120, 36));
}

#[test]
fn past_episodes_that_cannot_be_read_are_asked_for_again() {
    let mut desk = Desk::new(world());
    let asked = |desk: &Desk| desk.effects.iter().filter(|effect| **effect == Effect::LoadPast).count();
    desk.send(Msg::Past(Err("the index is locked".into())));
    let before = asked(&desk);
    assert!(desk.screen(120, 36).contains("the index is locked"), "{}", desk.screen(120, 36));
    desk.wait(60_000);
    assert!(asked(&desk) > before, "asked for again");
    assert!(desk.model.shared.past.ready().is_some_and(|past| !past.is_empty()));
    // One past episode.
    let number = EpisodeNumber(39);
    desk.keys(":39<Enter>");
    desk.send(Msg::PastEpisode(number, Err("a row is damaged".into())));
    assert!(desk.screen(80, 24).contains("a row is damaged"));
    desk.wait(60_000);
    assert!(desk.model.shared.episode(number).is_some());
}

#[test]
fn layers_do_not_stack_without_limit() {
    let mut desk = Desk::new(world());
    for _ in 0..40 {
        desk.keys(":44<Enter>gcgpge:42<Enter>gcge:43<Enter>?<Esc>");
    }
    assert!(desk.model.layers.len() <= 12, "{} layers", desk.model.layers.len());
    let mut desk = Desk::new(world());
    desk.keys(":44<Enter>gcgp:44<Enter>");
    assert_eq!((desk.top(), desk.model.layers.len()), ("episode", 2), "the same screen is gone back to");
    let mut world = world();
    for number in 46..90 {
        world.begin(number, "More", 6_000_000);
    }
    let mut desk = Desk::new(world);
    for number in 46..90 {
        desk.keys(&format!(":{number}<Enter>"));
    }
    assert!(desk.model.layers.len() <= 12, "{} layers", desk.model.layers.len());
    assert!(matches!(desk.model.layers.first(), Some(Layer::Dashboard(_))));
    // The note of a gate that falls out of the stack is kept.
    desk.keys(":42<Enter>tkeep me<Esc>");
    for number in 46..90 {
        desk.keys(&format!(":{number}<Enter>"));
    }
    assert!(
        desk.drafts[&super::super::screens::note::draft_name(EpisodeNumber(42), &id("quality_evaluation"))]
            .contains("keep me")
    );
}

#[test]
fn a_message_about_a_key_does_not_outlive_its_screen() {
    let mut desk = Desk::new(world());
    desk.keys(":44<Enter>R");
    assert!(desk.status().contains("R is locked"));
    desk.keys("<Esc>");
    assert_eq!(desk.status(), "");
}
