//! The editor of the note: while it is open every key is text.
//!
//! What is typed goes into the note at once; when it is kept is the matter of [`super::gate`].

use tui_textarea::{CursorMove, TextArea, WrapMode};

use super::gate::{GateScreen, Panel};
use crate::tui::key::{Code, Key};
use crate::tui::layers::Next;
use crate::tui::model::Shared;
use crate::tui::text::{clean, clean_lines};

/// What is being edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The instruction of a fix, by its place.
    Fix(usize),
    /// The person's own words.
    Text,
}

/// An editor that is open.
#[derive(Debug)]
pub(crate) struct Editing {
    pub(crate) target: Target,
    pub(crate) area: TextArea<'static>,
}

impl GateScreen {
    /// While text is edited every key is text; Esc closes the editor and keeps what was written.
    pub(crate) fn on_key(&mut self, shared: &mut Shared, key: Key) -> Next {
        if self.asking.is_some() {
            return self.on_reason_key(shared, key);
        }
        let Some(editing) = &mut self.editing else { return Next::Ignored };
        if key.code == Code::Esc {
            self.editing = None;
            self.flush(shared);
            return Next::Stay;
        }
        let is_fix = matches!(editing.target, Target::Fix(_));
        if is_fix && key.code == Code::Enter {
            // An instruction is one paragraph; Enter ends it as Esc does.
            self.editing = None;
            self.flush(shared);
            return Next::Stay;
        }
        if !(key.ctrl && matches!(key.code, Code::Char('m' | 'j'))) {
            editing.area.input(key);
        }
        self.take_in(shared);
        Next::Stay
    }

    /// Pasted text goes into the editor.
    pub(crate) fn on_paste(&mut self, shared: &Shared, text: &str) {
        if let Some(asking) = &mut self.asking {
            return asking.field.insert(text);
        }
        let Some(editing) = &mut self.editing else { return };
        match editing.target {
            Target::Fix(_) => editing.area.insert_str(clean(text)),
            Target::Text => editing.area.insert_str(clean_lines(text).join("\n")),
        };
        self.take_in(shared);
    }

    /// Takes what stands in the editor into the note.
    fn take_in(&mut self, shared: &Shared) {
        let Some(editing) = &self.editing else { return };
        let (text, before) = match editing.target {
            Target::Fix(at) => {
                let Some(fix) = self.note.fixes.get_mut(at) else { return };
                let text = editing.area.lines().join(" ");
                fix.edited |= text != fix.fix.wanted;
                (text, &mut fix.fix.wanted)
            }
            Target::Text => (editing.area.lines().join("\n"), &mut self.note.text),
        };
        if text != *before {
            *before = text;
            self.changed(shared);
        }
    }

    pub(super) fn edit(&mut self, target: Target) {
        let lines = match target {
            Target::Fix(at) => {
                let Some(fix) = self.note.fixes.get(at) else { return };
                vec![clean(&fix.fix.wanted)]
            }
            Target::Text => clean_lines(&self.note.text),
        };
        let mut area = TextArea::new(if lines.is_empty() { vec![String::new()] } else { lines });
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_cursor_line_style(ratatui::style::Style::new());
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        self.panel = Panel::Note;
        self.fix = match target {
            Target::Fix(at) => at,
            Target::Text => self.note.fixes.len(),
        };
        self.editing = Some(Editing { target, area });
    }
}
