//! Any keys at any size: nothing panics, nothing is changed without a confirm box, nothing that a terminal obeys is drawn.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::desk::Desk;
use crate::domain::event::{Event, Need};
use crate::tui::fixture::{id, world};
use crate::tui::key::{Code, Key};
use crate::tui::layers::Layer;
use crate::tui::msg::{Effect, Msg};
use crate::tui::view::view;

/// Every key that a board has.
fn board() -> Vec<Key> {
    let chars = (' '..='~').map(|c| Key::plain(Code::Char(c)));
    let ctrl = ('a'..='z').filter(|c| *c != 'c').map(|c| Key { code: Code::Char(c), ctrl: true });
    let named = [
        Code::Enter,
        Code::Esc,
        Code::Backspace,
        Code::Delete,
        Code::Tab,
        Code::BackTab,
        Code::Up,
        Code::Down,
        Code::Left,
        Code::Right,
        Code::Home,
        Code::End,
        Code::PageUp,
        Code::PageDown,
        Code::F(1),
    ];
    chars.chain(ctrl).chain(named.map(Key::plain)).collect()
}

/// Ways to every screen and panel.
const WAYS: &[&str] = &[
    "",
    "2",
    "3",
    ":44<Enter>",
    ":44<Enter>2",
    ":43<Enter>4",
    ":39<Enter>",
    ":42<Enter>",
    ":42<Enter>3",
    ":42<Enter>4",
    ":42<Enter>5",
    ":42<Enter>d",
    ":42<Enter>w",
    "gc",
    "gcb",
];

#[test]
fn no_key_on_any_screen_acts_without_a_confirm_box() {
    for way in WAYS {
        for key in board() {
            let mut desk = Desk::new(world());
            desk.keys(way);
            desk.wait(1_000);
            desk.send(Msg::Key { key, repeat: false });
            let is_box = matches!(desk.model.layers.last(), Some(Layer::Confirm(_)));
            let is_capital_or_q = matches!(key.code, Code::Char(c) if c.is_ascii_uppercase() || c == 'q');
            assert!(!is_box || (is_capital_or_q && !key.ctrl), "{way} {key} opened a box");
            // Whatever was opened: waiting and pressing Enter or Esc acts on nothing.
            desk.wait(1_000);
            desk.keys("<Enter>");
            desk.wait(1_000);
            desk.keys("<Enter><Esc><Esc>");
            assert_eq!(desk.acts(), [], "{way} {key}");
        }
    }
}

#[test]
fn in_every_box_only_y_acts() {
    let ways: &[&str] = &[
        ":42<Enter>wknown<Enter>nofair<Enter>A",
        ":42<Enter>B",
        ":42<Enter>P",
        ":44<Enter>P",
        ":44<Enter>Sbad idea<Enter>",
        "q",
        "nj<Enter>r",
        "nj<Enter>w",
        "njj<Enter>r<Enter>more<Enter>045<Enter>",
        ":42<Enter>Xbad<Enter>042<Enter>",
        ":new f.md<Enter><Enter><Enter><Enter>",
    ];
    for way in ways {
        for key in board().into_iter().filter(|key| *key != Key::plain(Code::Char('y'))) {
            let mut desk = Desk::new(world());
            desk.keys(way);
            desk.wait(1_000);
            desk.send(Msg::Key { key, repeat: false });
            assert_eq!(desk.acts(), [], "{way} {key}");
            assert!(!desk.effects.contains(&Effect::Quit), "{way} {key}");
        }
    }
}

fn any_key() -> impl Strategy<Value = Key> {
    let board = board();
    (0..board.len()).prop_map(move |at| board[at])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_at_any_size_after_any_keys(
        way in 0..WAYS.len(),
        steps in proptest::collection::vec((any_key(), 1_u16..=300, 1_u16..=100, 0_u64..900), 1..24),
    ) {
        let mut world = world();
        let reason = "gave \u{1b}[2J up\u{202e}".to_owned();
        world.of(44, Event::NeedOpened { need: Need::Retries { stage: id("script"), reason } });
        let mut desk = Desk::new(world);
        desk.keys(WAYS[way]);
        for (key, columns, rows, ms) in steps {
            desk.wait(ms);
            desk.send(Msg::Resize { columns, rows });
            desk.send(Msg::Key { key, repeat: ms % 7 == 0 });
            let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
            view(&desk.model, &mut buf);
            for cell in &buf.content {
                let obeyed = |c: char| c.is_control() || c == '\u{202e}';
                prop_assert!(!cell.symbol().chars().any(obeyed));
            }
            prop_assert!(matches!(desk.model.layers.first(), Some(Layer::Dashboard(_))));
        }
    }
}
