//! Help: the keys of the screen below first, then those of every screen; typing filters.

use super::field::Field;
use crate::tui::commands::{Place, Spec, found};
use crate::tui::key::{Code, Key};
use crate::tui::layers::Next;

/// The help of a screen.
#[derive(Debug)]
pub(crate) struct Help {
    pub(crate) place: Place,
    pub(crate) field: Field,
    pub(crate) from: usize,
}

impl Help {
    pub(crate) fn new(place: Place) -> Self {
        Self { place, field: Field::default(), from: 0 }
    }

    /// The commands that match, the screen's own apart from the common ones.
    pub(crate) fn matches(&self) -> (Vec<&'static Spec>, Vec<&'static Spec>) {
        found(self.place, self.field.text()).into_iter().partition(|spec| !spec.places.is_empty())
    }

    /// Takes a key.
    pub(crate) fn on_key(&mut self, key: Key) -> Next {
        match key.code {
            Code::Esc | Code::Enter | Code::F(1) => return Next::Close,
            Code::Backspace if self.field.typed().is_empty() => return Next::Close,
            Code::Char('?') if self.field.typed().is_empty() => return Next::Close,
            Code::Down | Code::PageDown => self.from = self.from.saturating_add(1).min(60),
            Code::Up | Code::PageUp => self.from = self.from.saturating_sub(1),
            _ => {
                if self.field.on_key(key) {
                    self.from = 0;
                }
            }
        }
        Next::Stay
    }

    /// Pasted text goes into the field.
    pub(crate) fn on_paste(&mut self, text: &str) {
        self.field.insert(text);
    }
}
