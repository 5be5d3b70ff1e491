//! Selection, ways between screens, drafts, the bell.

use super::desk::{Desk, options};
use crate::domain::billed::AllInvoiced;
use crate::domain::cost::summary;
use crate::domain::event::{Event, Need, Provenance};
use crate::domain::handoff::Note;
use crate::domain::ids::EpisodeNumber;
use crate::engine::snapshot::Notice;
use crate::tui::fixture::{World, id, script, world};
use crate::tui::layers::Layer;
use crate::tui::msg::{Action, Effect, Msg};
use crate::tui::screens::cost::{Group, all, sums};
use crate::tui::update::update;

fn selected(desk: &Desk) -> Option<EpisodeNumber> {
    match desk.model.layers.first() {
        Some(Layer::Dashboard(dashboard)) => dashboard.selected,
        _ => None,
    }
}

fn order(desk: &Desk) -> Vec<u32> {
    match desk.model.layers.first() {
        Some(Layer::Dashboard(dashboard)) => dashboard.order.iter().map(|number| number.0).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn what_needs_a_person_comes_first_and_then_what_has_waited_longest() {
    let desk = Desk::new(world());
    assert_eq!(order(&desk), [42, 43, 45, 41, 44, 40, 39]);
    assert_eq!(selected(&desk), Some(EpisodeNumber(42)));
}

#[test]
fn a_row_that_is_selected_stays_while_others_come_go_and_need_someone() {
    let mut desk = Desk::new(world());
    desk.keys("jjj");
    assert_eq!(selected(&desk), Some(EpisodeNumber(41)));
    let reason = "gave up".to_owned();
    desk.world.of(44, Event::NeedOpened { need: Need::Retries { stage: id("script"), reason } });
    desk.world.begin(46, "A new one", 6_000_000);
    desk.refresh();
    assert_eq!(order(&desk)[..6], [42, 43, 45, 41, 44, 46], "no row moved");
    desk.world.by_ada(42, Event::Cancelled { reason: "no".into() });
    desk.refresh();
    assert_eq!(selected(&desk), Some(EpisodeNumber(41)));
    desk.keys("s");
    assert_eq!(order(&desk)[..4], [43, 45, 44, 41]);
    desk.keys(":41<Enter>");
    assert_eq!(desk.top(), "episode");
}

#[test]
fn enter_opens_the_gate_where_one_waits_and_esc_climbs_and_never_quits() {
    let mut desk = Desk::new(world());
    desk.keys("<Enter>");
    assert_eq!(desk.top(), "gate");
    for below in ["episode", "dashboard", "dashboard", "dashboard"] {
        desk.keys("<Esc>");
        assert_eq!(desk.top(), below);
    }
    desk.keys("gt");
    assert_eq!(desk.top(), "gate");
    desk.keys("<BS>gcgd");
    assert_eq!((desk.top(), desk.model.layers.len()), ("dashboard", 1));
    desk.keys("ge");
    assert_eq!(desk.top(), "episode");
    assert!(!desk.effects.contains(&Effect::Quit));
}

#[test]
fn the_note_is_filled_in_edited_struck_kept_each_second_and_there_again() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>4<Enter>");
    desk.keys(" And say where.");
    assert_eq!(desk.drafts.len(), 0, "not yet");
    desk.wait(1_000);
    let name = "note-042-quality_evaluation";
    assert!(desk.drafts[name].contains("And say where."), "kept while the editor is open");
    desk.keys("<Esc>jxtmind the <Enter>end<Esc>");
    desk.wait(1_000);
    let drafts = desk.drafts.clone();
    // The console is killed and started again.
    let mut desk = Desk::with(world(), &options(), drafts);
    desk.keys(":42<Enter>B");
    desk.confirm();
    let acts = desk.acts();
    let [Action::SendBack { episode, gate, hash, note, .. }] = acts.as_slice() else { panic!("{acts:?}") };
    assert_eq!((episode.0, gate.as_str()), (42, "quality_evaluation"));
    assert_eq!(*hash, desk.world.input(42, "quality_evaluation"));
    let note: Note = serde_json::from_slice(note).unwrap();
    let ids: Vec<&str> = note.fixes.iter().map(|fix| fix.id.as_str()).collect();
    assert_eq!(ids, ["N1", "N3"], "a struck fix is not sent");
    assert!(note.fixes[0].wanted.ends_with("And say where."), "{note:?}");
    assert_eq!(note.text, "mind the \nend");
    let action = Box::new(acts[0].clone());
    desk.send(Msg::Acted { action, result: Ok("sent back".into()) });
    assert_eq!(desk.drafts.get(name), None, "what was sent is no draft any more");
}

#[test]
fn a_draft_is_kept_at_once_when_the_screen_is_left_and_when_the_console_is_ended() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>tone<Esc>gd");
    assert!(desk.drafts["note-042-quality_evaluation"].contains("one"));
    desk.keys("gtt two");
    desk.send(Msg::Shutdown);
    assert!(desk.drafts["note-042-quality_evaluation"].contains("one two"), "{:?}", desk.drafts);
    assert!(desk.effects.contains(&Effect::Quit));
}

#[test]
fn a_note_is_said_to_be_saved_when_it_is_on_disk_and_not_before() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>4jx");
    desk.ms += 1_000;
    let tick = Msg::Tick { now: desk.world.now(), mono_ms: desk.ms };
    let effects = update(&mut desk.model, tick);
    assert!(matches!(effects.as_slice(), [Effect::KeepDraft(_, Some(_))]), "{effects:?}");
    let state = |desk: &mut Desk| {
        let screen = desk.screen(120, 36);
        (screen.contains("saving …"), screen.contains(" saved 1"))
    };
    assert_eq!(state(&mut desk), (true, false), "it is on its way");
    desk.send(Msg::DraftKept(Ok(())));
    assert_eq!(state(&mut desk), (false, true));
    desk.send(Msg::DraftKept(Err("the disk is full".into())));
    assert_eq!(state(&mut desk), (false, false));
    assert!(desk.status().contains("the disk is full"), "{}", desk.status());
}

#[test]
fn a_notice_waits_behind_the_answer_to_a_key() {
    let need = Need::Retries { stage: id("script"), reason: String::new() };
    let notice = Notice::Needed { episode: EpisodeNumber(44), need };
    let mut desk = Desk::new(world());
    desk.keys("<C-c>");
    desk.send(Msg::Notice(notice.clone()));
    assert!(desk.status().contains("Ctrl-c again"), "{}", desk.status());
    desk.wait(2_000);
    desk.send(Msg::Notice(notice));
    assert!(desk.status().contains("needs you"), "{}", desk.status());
    desk.send(Msg::Notice(Notice::Ended { episode: EpisodeNumber(44) }));
    assert!(desk.status().starts_with("044 is "), "a notice gives way to the next: {}", desk.status());
}

#[test]
fn while_text_is_typed_every_key_is_text() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>tqAXB:?gd");
    assert_eq!(desk.top(), "gate");
    desk.keys("<Esc>");
    desk.wait(1_000);
    assert!(desk.drafts["note-042-quality_evaluation"].contains("qAXB:?gd"));
}

#[test]
fn pasted_text_is_cleaned_and_goes_into_fields_only() {
    let mut desk = Desk::new(world());
    desk.send(Msg::Paste("qAXy".into()));
    assert_eq!(desk.top(), "dashboard");
    desk.keys(":42<Enter>t");
    desk.send(Msg::Paste("a\u{1b}[2Jb\r\nc".into()));
    desk.keys("<Esc>");
    assert!(
        desk.drafts["note-042-quality_evaluation"].contains(r"ab \nc")
            || desk.drafts["note-042-quality_evaluation"].contains(r"ab\nc")
    );
}

#[test]
fn the_diff_shows_words_and_compares_with_the_revision_that_is_chosen() {
    let mut desk = Desk::new(world());
    desk.keys(":42<Enter>dgg");
    let screen = desk.screen(120, 36);
    assert!(screen.contains("- L003 HOST     Tidal power is a very new idea."), "{screen}");
    assert!(screen.contains("+ L003 HOST     Tidal power sounds new. It is not a new idea."), "{screen}");
    desk.keys("Dk<Enter>");
    assert!(desk.screen(120, 36).contains("against v1"));
    let mut first = Desk::new({
        let mut world = World::empty(Provenance::Rehearsal);
        world.begin(1, "One", 6_000_000);
        world.up_to_script(1, &script(false));
        world.up_to_fixes(1);
        world.judged(1, "quality_evaluation", crate::domain::event::Verdict::Person, &["why"]);
        world
    });
    first.keys("<Enter>d");
    assert!(first.status().contains("first revision"), "{}", first.status());
}

#[test]
fn the_bell_rings_once_for_each_notice_and_not_where_it_is_off() {
    let need = Need::Retries { stage: id("script"), reason: String::new() };
    let notice = Notice::Needed { episode: EpisodeNumber(44), need };
    let mut desk = Desk::new(world());
    desk.send(Msg::Notice(notice.clone()));
    desk.refresh();
    desk.wait(60_000);
    assert_eq!(desk.effects.iter().filter(|effect| **effect == Effect::Bell).count(), 1);
    let silent = crate::tui::options::ConsoleOptions { bell: false, ..options() };
    let mut desk = Desk::with(world(), &silent, Default::default());
    desk.send(Msg::Notice(notice));
    assert!(!desk.effects.contains(&Effect::Bell));
}

#[test]
fn all_groupings_add_up_to_the_same() {
    let desk = Desk::new(world());
    let live: Vec<_> = desk.model.shared.episodes().iter().map(|episode| summary(episode)).collect();
    let all = all(&desk.model.shared, &live);
    let total: i64 = all.iter().map(|summary| summary.spent.0).sum();
    assert!(total > 0);
    for group in Group::ALL {
        let sums = sums(all.iter().flat_map(|summary| &summary.rows), group, &AllInvoiced::default());
        assert_eq!(sums.iter().map(|sum| sum.spent.0).sum::<i64>(), total, "{group:?}");
    }
}

#[test]
fn rehearsal_stands_in_the_first_row_of_every_screen() {
    for way in ["", ":44<Enter>", ":42<Enter>", "gc", "q", "?", ":", ":new x<Enter>"] {
        for (columns, rows) in [(120, 36), (80, 24)] {
            let mut desk = Desk::new(world());
            desk.keys(way);
            let screen = desk.screen(columns, rows);
            assert!(screen.lines().next().unwrap().contains("REHEARSAL"), "{way}\n{screen}");
        }
    }
}

#[test]
fn text_from_outside_cannot_leave_its_place() {
    let mut world = world();
    world.begin(46, "Evil \u{1b}[2J\u{202e}title\u{7}", 6_000_000);
    let mut desk = Desk::new(world);
    let screen = desk.screen(120, 36);
    assert!(screen.contains("Evil title") && !screen.contains('\u{1b}') && !screen.contains('\u{202e}'));
}

#[test]
fn the_console_sleeps_where_nothing_counts() {
    let empty = Desk::new(World::empty(Provenance::Live));
    assert_eq!(crate::tui::update::deadline(&empty.model), None);
    let desk = Desk::new(world());
    assert!(crate::tui::update::deadline(&desk.model).unwrap() >= 10_000, "a dashboard counts minutes");
}
