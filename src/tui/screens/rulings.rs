//! Rulings at a gate: to be fixed, waived, not a fault; each asks for its reason in one line and can be taken back.
//!
//! What a ruling does to the note is the note's matter; when a gate may be left is in [`super::decision`].

use super::findings::{Item, Shown};
use super::gate::{GateScreen, Panel};
use super::note::{NoteFix, Origin};
use super::scene::{Scene, State};
use crate::domain::event::{ItemRuling, Ruled};
use crate::domain::handoff::{Fix, Priority};
use crate::tui::boxes::field::Field;
use crate::tui::key::{Code, Key};
use crate::tui::layers::Next;
use crate::tui::model::Shared;
use crate::tui::text::clean;
use crate::tui::theme::Role;

/// The fewest characters of a reason.
const FEWEST: usize = 3;

/// A reason that is being typed.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) item: String,
    pub(crate) ruling: ItemRuling,
    pub(crate) field: Field,
}

/// The key of a ruling.
pub(crate) fn key(ruling: ItemRuling) -> &'static str {
    match ruling {
        ItemRuling::Fix => "x",
        ItemRuling::Waive => "w",
        ItemRuling::NotAFault => "o",
    }
}

impl GateScreen {
    /// A ruling of what is selected was asked for.
    pub(crate) fn rule(&mut self, shared: &mut Shared, scene: &Scene, ruling: ItemRuling) {
        if self.note_is_locked(shared, scene, key(ruling)) {
            return;
        }
        if let Some(shown) = scene.finding(self.picked.as_ref()).cloned() {
            return self.rule_finding(shared, &shown, ruling);
        }
        let key = key(ruling);
        let Some(item) = scene.item(self.picked.as_ref()) else {
            return shared.locked(format!("{key} is locked: nothing is selected. n goes to what is open."));
        };
        if !item.is_open {
            let told = format!("{key} is locked: {} was settled by the arbiter's advice.", item.named());
            return shared.locked(told);
        }
        if ruling.needs_reason() {
            self.asking = Some(Asking { item: item.id.clone(), ruling, field: Field::default() });
        } else {
            self.ruled(shared, scene, item, ruling, String::new());
        }
    }

    /// A finding that is not open needs no ruling: its fix goes into the note, or it goes out as it is.
    fn rule_finding(&mut self, shared: &mut Shared, shown: &Shown, ruling: ItemRuling) {
        let name = shown.name();
        match ruling {
            ItemRuling::Waive | ItemRuling::NotAFault => shared.locked(format!(
                "{} is locked: {name} is not open and needs no ruling. To let it be, strike its fix in the note (4, x).",
                key(ruling)
            )),
            ItemRuling::Fix => {
                let id = self.attach(shared, shown);
                shared.say(Role::Text, format!("{name}: {id} in the note is to mend it. B sends it back."));
            }
        }
    }

    /// Sees to it that a fix for a finding stands in the note; its number.
    fn attach(&mut self, shared: &Shared, shown: &Shown) -> String {
        let references = [shown.reference()];
        let at = self.note.covering(&references);
        if let Some(fix) = at.and_then(|at| self.note.fixes.get_mut(at)) {
            fix.struck = false;
            let id = clean(&fix.fix.id);
            self.changed(shared);
            return id;
        }
        let finding = &shown.finding;
        let fix = Fix {
            id: format!("{}{}", shown.letter, finding.id),
            from: finding.line,
            to: finding.line,
            wrong: finding.problem.clone(),
            wanted: finding.suggestion.clone(),
            keep: String::new(),
            priority: Priority::from(finding.severity),
            findings: references.to_vec(),
        };
        let id = clean(&fix.id);
        self.note.fixes.push(NoteFix { fix, struck: false, edited: false, origin: Origin::Finding });
        self.changed(shared);
        id
    }

    fn ruled(&mut self, shared: &mut Shared, scene: &Scene, item: &Item, ruling: ItemRuling, reason: String) {
        let fix = (ruling == ItemRuling::Fix).then(|| fix_of(item)).flatten();
        self.note.rule(Ruled { item: item.id.clone(), ruling, reason }, &item.references(), fix);
        self.changed(shared);
        self.flush(shared);
        let next = match self.unruled(scene).first() {
            Some(next) => format!("{} is open: n goes to it.", next.named()),
            None if self.note.rulings.iter().any(|made| made.ruled.ruling == ItemRuling::Fix) => {
                "Nothing is open. B sends it back.".to_owned()
            }
            None => "Nothing is open. A approves.".to_owned(),
        };
        shared.say(Role::Done, format!("{}: {}. {next} u takes it back.", item.named(), ruling.words()));
    }

    /// Keys while a reason is typed: all of them are text; Enter takes it, Esc leaves it.
    pub(crate) fn on_reason_key(&mut self, shared: &mut Shared, key: Key) -> Next {
        let Some(asking) = &mut self.asking else { return Next::Ignored };
        match key.code {
            Code::Esc => {
                self.asking = None;
                shared.say(Role::Text, "Nothing was ruled.");
            }
            Code::Enter if asking.field.text().chars().count() < FEWEST => {
                shared.locked(format!("{} is {}: say why in a few words.", clean(&asking.item), asking.ruling.words()));
            }
            Code::Enter => {
                let Some(Asking { item, ruling, field }) = self.asking.take() else { return Next::Stay };
                let Some(episode) = shared.episode(self.episode).cloned() else { return Next::Stay };
                let scene = self.scene(shared, &episode);
                let found = scene.items.iter().find(|known| known.id == item && known.is_open);
                match found {
                    Some(item) if scene.open => self.ruled(shared, &scene, item, ruling, field.text().to_owned()),
                    Some(_) | None => shared.locked(format!("{} is not open here any more.", clean(&item))),
                }
            }
            _ => {
                asking.field.on_key(key);
                shared.status = None;
            }
        }
        Next::Stay
    }

    /// Takes the last ruling back; whether there was one.
    pub(crate) fn take_ruling_back(&mut self, shared: &mut Shared, scene: &Scene) -> bool {
        if !scene.open || self.seeded != scene.hash {
            return false;
        }
        let Some(ruled) = self.note.take_back() else { return false };
        self.fix = self.fix.min(self.note.fixes.len());
        self.changed(shared);
        self.flush(shared);
        shared.say(Role::Done, format!("{} is open again.", clean(&ruled.item)));
        true
    }

    /// Takes the suggested wording of what is selected into the note's fix.
    pub(crate) fn take_wording(&mut self, shared: &mut Shared, scene: &Scene) {
        if self.note_is_locked(shared, scene, "r") {
            return;
        }
        let item = scene.item(self.picked.as_ref());
        let shown = scene.finding(self.picked.as_ref()).cloned();
        let suggested = match (item, &shown) {
            (Some(item), _) => item.behind.first().map(|listed| listed.finding.suggestion.clone()),
            (None, Some(shown)) => Some(shown.finding.suggestion.clone()),
            (None, None) => None,
        };
        let Some(suggested) = suggested.filter(|text| !text.trim().is_empty()) else {
            return shared.locked("r is locked: nothing that is selected suggests a wording. n goes to the next.");
        };
        let references = match (item, &shown) {
            (Some(item), _) => {
                if self.item_state(scene, item) != State::Ruled(ItemRuling::Fix) {
                    if !item.is_open {
                        return shared.locked(format!("r is locked: {} is settled.", item.named()));
                    }
                    self.ruled(shared, scene, item, ItemRuling::Fix, String::new());
                }
                item.references()
            }
            (None, Some(shown)) => {
                self.attach(shared, shown);
                vec![shown.reference()]
            }
            (None, None) => return,
        };
        let at = self.note.covering(&references);
        let Some((at, fix)) = at.and_then(|at| Some((at, self.note.fixes.get_mut(at)?))) else { return };
        fix.edited |= fix.fix.wanted != suggested;
        fix.fix.wanted = suggested;
        let id = clean(&fix.fix.id);
        self.fix = at;
        self.changed(shared);
        shared.say(Role::Done, format!("{id} in the note has the suggested wording. 4 shows it, i edits it."));
    }

    /// `x` strikes a fix where the note has the keys, and rules everywhere else.
    pub(crate) fn fix_or_strike(&mut self, shared: &mut Shared, scene: &Scene) {
        if self.panel != Panel::Note {
            return self.rule(shared, scene, ItemRuling::Fix);
        }
        if self.note_is_locked(shared, scene, "x") {
            return;
        }
        match self.note.fixes.get_mut(self.fix) {
            Some(fix) => {
                fix.struck = !fix.struck;
                self.changed(shared);
            }
            None => shared.locked("x is locked: this is no fix; i edits your own words."),
        }
    }
}

/// The fix for an item that no fix of the note carries: at its line, with what those who object say.
fn fix_of(item: &Item) -> Option<Fix> {
    let line = item.line?;
    let finding = item.behind.first().map(|listed| &listed.finding);
    let views = item.dispute.iter().flat_map(|dispute| &dispute.views).filter(|view| view.objects);
    let said: Vec<String> = views.map(|view| format!("{} {}", view.judge, view.words)).collect();
    let wrong = finding.map_or_else(|| said.join("; "), |finding| finding.problem.clone());
    let mend = || {
        let about = item.dimension.map(|dimension| dimension.to_string()).unwrap_or_default();
        format!("Mend the {about} of this line, so that the objection no longer holds.")
    };
    Some(Fix {
        id: item.id.clone(),
        from: line,
        to: line,
        wrong,
        wanted: finding.map_or_else(mend, |finding| finding.suggestion.clone()),
        keep: String::new(),
        priority: Priority::Must,
        findings: item.references(),
    })
}
