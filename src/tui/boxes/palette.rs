//! The command line and palette: commands of the table by name, `new FILE`, and an episode by its number.

use super::field::Field;
use super::form::NewForm;
use crate::domain::ids::EpisodeNumber;
use crate::tui::commands::{Place, Spec, found};
use crate::tui::key::{Code, Key};
use crate::tui::layers::{Layer, Next};
use crate::tui::model::Shared;
use crate::tui::screens;

/// The palette.
#[derive(Debug)]
pub(crate) struct Palette {
    pub(crate) place: Place,
    pub(crate) field: Field,
    pub(crate) selected: usize,
    pub(crate) fault: Option<String>,
}

impl Palette {
    /// The commands of a screen.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, field: Field::default(), selected: 0, fault: None }
    }

    /// What matches by now.
    pub(crate) fn matches(&self) -> Vec<&'static Spec> {
        let typed = self.field.text();
        // What follows `new` is a file, not a word to search for.
        let typed = if typed.starts_with("new ") { "new" } else { typed };
        found(self.place, typed)
    }

    /// Takes a key. Enter runs what is selected; what acts still opens its box.
    pub(crate) fn on_key(&mut self, shared: &mut Shared, key: Key) -> Next {
        self.fault = None;
        let matches = self.matches();
        let last = matches.len().saturating_sub(1);
        match key {
            Key { code: Code::Esc, .. } => return Next::Close,
            Key { code: Code::Backspace, .. } if self.field.typed().is_empty() => return Next::Close,
            Key { code: Code::Down, .. } | Key { code: Code::Char('n'), ctrl: true } => {
                self.selected = self.selected.saturating_add(1).min(last);
            }
            Key { code: Code::Up, .. } | Key { code: Code::Char('p'), ctrl: true } => {
                self.selected = self.selected.saturating_sub(1);
            }
            Key { code: Code::Tab, .. } => {
                if let Some(spec) = matches.get(self.selected) {
                    self.field = Field::new(&format!("{} ", spec.name));
                    self.selected = 0;
                }
            }
            Key { code: Code::Enter, .. } => return self.run(shared, &matches),
            key => {
                if self.field.on_key(key) {
                    self.selected = 0;
                }
            }
        }
        Next::Stay
    }

    /// Pasted text goes into the field.
    pub(crate) fn on_paste(&mut self, text: &str) {
        self.field.insert(text);
    }

    fn run(&mut self, shared: &mut Shared, matches: &[&'static Spec]) -> Next {
        let typed = self.field.text();
        if let Some(file) = typed.strip_prefix("new ") {
            return Next::Replace(vec![Layer::Form(NewForm::new(shared, file))]);
        }
        if let Ok(number) = typed.parse::<u32>() {
            let number = EpisodeNumber(number);
            let is_past = shared.past.ready().is_some_and(|past| past.iter().any(|past| past.number == number));
            if shared.under_way(number).is_some() || is_past {
                return Next::Replace(screens::best(shared, number));
            }
            self.fault = Some(format!("there is no episode {number} in this studio"));
            return Next::Stay;
        }
        match matches.get(self.selected) {
            Some(spec) => Next::Then(spec.act),
            None => {
                self.fault = Some("no command is called that; Esc closes".to_owned());
                Next::Stay
            }
        }
    }
}
