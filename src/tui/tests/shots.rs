//! Each screen and box at both sizes, as text; each was read before it was kept.

use super::desk::{Desk, RULED, options};
use crate::domain::call::Provider;
use crate::domain::event::{Event, Need, Provenance};
use crate::domain::ids::EpisodeNumber;
use crate::tui::fixture::{World, bad_day, id, script, world};
use crate::tui::layers::Layer;
use crate::tui::options::ColorLevel;
use crate::tui::screens::gate::GateScreen;

fn shot(name: &str, desk: &mut Desk) {
    for (columns, rows) in [(120, 36), (80, 24)] {
        let screen = desk.screen(columns, rows);
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), screen);
    }
}

#[test]
fn dashboard() {
    shot("dashboard", &mut Desk::new(world()));
}

#[test]
fn dashboard_without_an_episode() {
    let mut desk = Desk::new(World::empty(Provenance::Live));
    shot("dashboard_empty", &mut desk);
}

#[test]
fn episode_that_streams() {
    let mut desk = Desk::new(world());
    desk.keys(":44<Enter>");
    shot("episode", &mut desk);
}

#[test]
fn episode_that_is_past() {
    let mut desk = Desk::new(world());
    desk.keys(":39<Enter>");
    shot("episode_past", &mut desk);
}

#[test]
fn gate_with_a_dispute() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>");
    shot("gate", &mut desk);
    desk.keys("n");
    shot("gate_second_dispute", &mut desk);
    desk.keys("nn");
    shot("gate_finding", &mut desk);
}

#[test]
fn gate_panels() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>2");
    shot("gate_scores", &mut desk);
    desk.keys("3");
    shot("gate_findings", &mut desk);
}

#[test]
fn gate_with_rulings() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>xnwit says so at the end");
    shot("gate_reason", &mut desk);
    desk.keys("<Enter>");
    shot("gate_ruled", &mut desk);
}

#[test]
fn gate_before_its_report() {
    let mut world = World::empty(Provenance::Rehearsal);
    world.begin(1, "One", 6_000_000);
    world.up_to_script(1, &script(false));
    world.up_to_fixes(1);
    let mut desk = Desk::new(world);
    let gate = GateScreen::new(EpisodeNumber(1), id("quality_evaluation"));
    desk.model.layers.push(Layer::Gate(Box::new(gate)));
    desk.refresh();
    shot("gate_before_its_report", &mut desk);
}

#[test]
fn gate_that_failed() {
    let mut world = world();
    world.failed(46, "Both say no");
    let mut desk = Desk::new(world);
    desk.keys(":46<Enter>");
    shot("gate_failed", &mut desk);
    desk.keys("Othe guest said so<Enter>46");
    shot("override", &mut desk);
}

#[test]
fn gate_with_the_diff() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>d");
    shot("gate_diff", &mut desk);
}

#[test]
fn gate_with_the_note() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>4jxk<Enter> Say so in one line.");
    shot("gate_note", &mut desk);
    desk.keys("<Esc>jjjj");
    shot("gate_outcome", &mut desk);
    desk.keys("5");
    shot("gate_revisions", &mut desk);
}

#[test]
fn approve_and_send_back() {
    let mut desk = Desk::new(world());
    desk.keys(RULED).keys("A");
    shot("approve", &mut desk);
    desk.keys("<Esc>B");
    shot("send_back", &mut desk);
    desk.keys("<Esc>Xno need<Enter>04");
    shot("reject", &mut desk);
}

#[test]
fn needs_of_other_kinds() {
    let mut desk = Desk::new(world());
    desk.keys("nj<Enter>");
    shot("need_charge", &mut desk);
    desk.keys("<Esc>j<Enter>");
    shot("need_cap", &mut desk);
    desk.keys("r");
    shot("raise_cap", &mut desk);
    let mut world = world();
    let reason = "6 tries failed, the last with: 529 overloaded".to_owned();
    world.of(44, Event::NeedOpened { need: Need::Retries { stage: id("script"), reason } });
    let mut desk = Desk::new(world);
    desk.keys(":44<Enter>4<Enter>");
    shot("need_stuck", &mut desk);
}

#[test]
fn cost() {
    let mut desk = Desk::new(world());
    desk.keys("gc");
    shot("cost", &mut desk);
    desk.keys("bb");
    shot("cost_by_model", &mut desk);
}

#[test]
fn cost_with_bills() {
    // A bill that agrees and has all of its calls, then one that differs and has one of them.
    let mut world = world();
    world.bill(Provider::Gemini, 100, usize::MAX);
    let mut desk = Desk::new(world.clone());
    desk.keys("gcbbb");
    shot("cost_bills_agree", &mut desk);
    world.bill(Provider::Anthropic, 150, 3);
    let mut desk = Desk::new(world);
    desk.keys("gcbbb");
    shot("cost_bills_differ", &mut desk);
}

#[test]
fn providers() {
    let mut desk = Desk::new(bad_day());
    desk.keys("gp");
    shot("providers", &mut desk);
    desk.keys("3");
    shot("providers_elevenlabs", &mut desk);
    let options = crate::tui::options::ConsoleOptions { ascii: true, color: ColorLevel::None, ..options() };
    let mut desk = Desk::with(bad_day(), &options, std::collections::BTreeMap::new());
    desk.keys("gp");
    let screen = desk.screen(80, 24);
    assert!(screen.is_ascii(), "{screen}");
    assert!(screen.contains("open until") && screen.contains("4 waiting"), "{screen}");
}

#[test]
fn help_palette_form_and_quit() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>?");
    shot("help", &mut desk);
    desk.keys("<Esc>:app");
    shot("palette", &mut desk);
    desk.keys("<Esc>:new notes.md<Enter><Tab><Tab>x<Enter>");
    shot("form", &mut desk);
    desk.keys("<Esc>q");
    shot("quit", &mut desk);
}

#[test]
fn ascii_without_colour() {
    let options = crate::tui::options::ConsoleOptions { ascii: true, color: ColorLevel::None, ..options() };
    let mut desk = Desk::with(world(), &options, std::collections::BTreeMap::new());
    shot("ascii_dashboard", &mut desk);
    desk.keys(":42<Enter>d");
    let screen = desk.screen(120, 36);
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn below_the_smallest_size_the_screen_says_what_it_needs() {
    let mut desk = Desk::new(world());
    let screen = desk.screen(60, 20);
    assert!(screen.contains("80 columns and 24 rows") && screen.contains("REHEARSAL"), "{screen}");
}
