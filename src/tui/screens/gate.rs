//! The gate: the script with what the judges found, the note that can go back, and the decision.
//!
//! What it is about is worked out in [`super::scene`], what changed in [`super::diff`], the note in [`super::note`]; rulings
//! are made in [`super::rulings`], the decision in [`super::decision`].

use super::editing::{Editing, Target};
use super::findings::{Judge, Pick, Shown};
use super::note::{NoteDraft, draft_name};
use super::reading::Reading;
use super::rulings::Asking;
use super::scene::Scene;
use super::{revisions, shift};
use crate::domain::episode::Episode;
use crate::domain::event::{ItemRuling, Verdict};
use crate::domain::handoff::{Contract, Severity};
use crate::domain::ids::{ContentHash, EpisodeNumber, LineId, StageId};
use crate::tui::commands::{Act, Move};
use crate::tui::layers::Next;
use crate::tui::model::{AGAIN, Loadable, Shared};
use crate::tui::msg::Reads;
use crate::tui::theme::Role;

/// A panel of the gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Panel {
    #[default]
    Script,
    Scores,
    Findings,
    Note,
    Revisions,
}

impl Panel {
    /// In the order of Tab.
    pub(crate) const ALL: [Self; 5] = [Self::Script, Self::Scores, Self::Findings, Self::Note, Self::Revisions];
}

/// How long a change waits until it is kept.
const SAVE_MS: u64 = 1_000;

/// Rows that one key moves within what is higher than its panel.
const SCROLL: usize = 4;

/// The screen of a gate.
#[derive(Debug)]
pub(crate) struct GateScreen {
    pub(crate) episode: EpisodeNumber,
    pub(crate) gate: StageId,
    pub(crate) panel: Panel,
    pub(crate) line: Option<LineId>,
    /// What is selected of what is open, disputed or found.
    pub(crate) picked: Option<Pick>,
    /// How many rows what is selected is scrolled where it is higher than its panel.
    pub(crate) scrolled: usize,
    /// Which fix is selected; behind the last one stand the person's own words, and then what the last note changed.
    pub(crate) fix: usize,
    /// How many fixes of the last note are listed.
    pub(crate) fixed: usize,
    pub(crate) note: NoteDraft,
    /// The content that the note is about, once it was filled in.
    pub(crate) seeded: Option<ContentHash>,
    pub(crate) editing: Option<Editing>,
    pub(crate) asking: Option<Asking>,
    pub(crate) reading: Reading,
    /// The content that is being read.
    read: Option<ContentHash>,
    /// Whether what it is about was put before the person.
    is_greeted: bool,
    pub(crate) diff: bool,
    /// The revision to compare with; the one before without a choice.
    pub(crate) base: Option<ContentHash>,
    pub(crate) revision: Option<ContentHash>,
    /// When what was changed has to be kept.
    save_ms: Option<u64>,
    pub(crate) saved: Option<jiff::Timestamp>,
}

impl GateScreen {
    pub(crate) fn new(episode: EpisodeNumber, gate: StageId) -> Self {
        Self {
            episode,
            gate,
            panel: Panel::default(),
            line: None,
            picked: None,
            scrolled: 0,
            fix: 0,
            fixed: 0,
            note: NoteDraft::default(),
            seeded: None,
            editing: None,
            asking: None,
            reading: Reading::default(),
            read: None,
            is_greeted: false,
            diff: false,
            base: None,
            revision: None,
            save_ms: None,
            saved: None,
        }
    }

    /// The revision that the script is compared with.
    pub(crate) fn compared(&self, scene: &Scene) -> Option<ContentHash> {
        let at = scene.revisions.iter().position(|revision| Some(revision.output) == scene.script);
        let before = at.and_then(|at| at.checked_sub(1)).and_then(|at| scene.revisions.get(at));
        self.base.or_else(|| before.map(|revision| revision.output)).filter(|base| Some(*base) != scene.script)
    }

    /// Asks for what the screen lacks, fills the note in once, keeps what was changed.
    pub(crate) fn settle(&mut self, shared: &mut Shared) {
        shared.want_episode(self.episode);
        shared.want_likely(self.episode);
        let Some(episode) = shared.episode(self.episode).cloned() else { return };
        let scene = self.scene(shared, &episode);
        if let Some(script) = scene.script {
            shared.want(script, Reads::Script);
        }
        for judge in &scene.judges {
            shared.want(judge.output, Reads::Judgement);
        }
        if let Some(evaluation) = &scene.evaluation {
            shared.want(evaluation.report, Reads::Report);
        }
        revisions::want(shared, &episode, scene.script);
        if let (true, Some(base)) = (self.diff, self.compared(&scene)) {
            shared.want(base, Reads::Script);
        }
        if self.read != scene.hash {
            self.read = scene.hash;
            self.reading = Reading::new(shared.mono_ms);
            self.picked = None;
            self.is_greeted = false;
        }
        if !self.is_greeted && scene.report.is_some() {
            self.is_greeted = true;
            self.greet(&scene);
        }
        if self.line.is_none()
            && let Some(script) = scene.script.and_then(|hash| shared.script(hash))
        {
            self.line = script.lines().next().map(|line| line.id);
        }
        if self.revision.is_none() {
            self.revision = scene.revisions.last().map(|revision| revision.output);
        }
        if scene.open {
            self.seed(shared, &episode, &scene);
        }
        let report = scene.evaluation.as_ref().map(|evaluation| evaluation.report);
        let became = revisions::became(shared, &episode, &self.gate, scene.script, report);
        self.fixed = became.map_or(0, |(_, told)| told.fixes.len());
        if self.save_ms.is_some_and(|due| due <= shared.mono_ms) {
            self.flush(shared);
        }
    }

    /// What a person is here for comes first, before a key is pressed: what fails the gate, else what is open.
    fn greet(&mut self, scene: &Scene) {
        let has_failed = scene.evaluation.as_ref().is_some_and(|evaluation| evaluation.verdict == Verdict::Failed);
        let blocks = |shown: &&Shown| has_failed && shown.finding.severity == Severity::Blocker;
        let blocker = scene.findings.iter().find(blocks).map(|shown| (shown.pick(), Some(shown.finding.line)));
        let open = || self.unruled(scene).first().map(|item| (Pick::Item(item.id.clone()), item.line));
        if let Some((pick, line)) = blocker.or_else(open) {
            self.picked = Some(pick);
            self.line = line.or(self.line);
        }
    }

    /// Fills the note in once all that it is made of is there; for other content it is filled in anew.
    fn seed(&mut self, shared: &mut Shared, episode: &Episode, scene: &Scene) {
        let Some(hash) = scene.hash else { return };
        if self.seeded == Some(hash) {
            return;
        }
        let name = draft_name(self.episode, &self.gate);
        shared.want_draft(&name);
        let standings = episode.standings();
        let fixes_pin = episode.pins.iter().rev().find(|pin| pin.stage.output == Contract::Fixes);
        let fixes = fixes_pin.and_then(|pin| Some((pin, standings.get(&pin.stage.id)?.output()?)));
        let is_input = |id: &StageId| episode.pin(&self.gate).is_some_and(|pin| pin.stage.inputs.contains(id));
        let listed = match fixes {
            None => Vec::new(),
            Some((_, output)) => {
                shared.want(output, Reads::Fixes);
                match shared.artifacts.get(&output) {
                    Some(Loadable::Loading) | None => return,
                    Some(Loadable::Ready(_) | Loadable::Failed(_)) => {
                        shared.fixes(output).map(|fixes| fixes.fixes.clone()).unwrap_or_default()
                    }
                }
            }
        };
        let is_loading = |judge: &Judge| matches!(shared.artifacts.get(&judge.output), Some(Loadable::Loading) | None);
        if scene.judges.iter().any(is_loading) {
            return;
        }
        let draft = match shared.drafts.get(&name) {
            // A draft that cannot be read now would be written over.
            Some(Loadable::Loading | Loadable::Failed(_)) | None => return,
            Some(Loadable::Ready(draft)) => draft.clone(),
        };
        let report = scene.evaluation.as_ref().map(|evaluation| evaluation.report);
        if report.is_some_and(|report| matches!(shared.artifacts.get(&report), Some(Loadable::Loading) | None)) {
            return;
        }
        let of_judge = |judge: &Judge| {
            let found = judge.judgement.as_ref().map(|judgement| judgement.findings.clone()).unwrap_or_default();
            found.into_iter().map(|finding| (judge.letter, finding)).collect::<Vec<_>>()
        };
        let found: Vec<_> = match &scene.report {
            Some(report) => {
                report.findings.iter().map(|listed| (listed.by.to_ascii_uppercase(), listed.finding.clone())).collect()
            }
            None => scene.judges.iter().flat_map(of_judge).collect(),
        };
        let applied = fixes.is_some_and(|(pin, _)| !is_input(&pin.stage.id));
        // What was written while other content came to stand here is not lost.
        let words = std::mem::take(&mut self.note.text);
        let seed = NoteDraft { text: words, ..NoteDraft::seed(&listed, applied, &found) };
        self.note = match draft {
            Some(draft) => seed.restored(&draft, hash),
            None => seed,
        };
        self.fix = 0;
        self.editing = None;
        self.asking = None;
        self.seeded = Some(hash);
    }

    /// Keeps what was changed and not kept yet.
    pub(crate) fn flush(&mut self, shared: &mut Shared) {
        let (Some(_), Some(hash)) = (self.save_ms.take(), self.seeded) else { return };
        let Some(kept) = self.note.kept(hash) else { return };
        let name = draft_name(self.episode, &self.gate);
        shared.drafts.insert(name.clone(), Loadable::Ready(Some(kept.clone())));
        shared.keep_draft(name, Some(kept));
        self.saved = Some(shared.now);
    }

    /// The decision was taken: the note has served its end.
    pub(crate) fn decided(&mut self) {
        self.note = NoteDraft::default();
        self.seeded = None;
        self.editing = None;
        self.asking = None;
        self.picked = None;
        self.save_ms = None;
        self.base = None;
        self.revision = None;
    }

    /// When a change has to be kept, or a line counts as read.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.save_ms.into_iter().chain(self.reading.deadline()).min()
    }

    /// Whether a change waits to be kept.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.save_ms.is_some()
    }

    pub(super) fn changed(&mut self, shared: &Shared) {
        self.save_ms.get_or_insert(shared.mono_ms.saturating_add(SAVE_MS));
    }

    /// Takes an act.
    pub(crate) fn on_act(&mut self, shared: &mut Shared, act: Act) -> Next {
        let Some(episode) = shared.episode(self.episode).cloned() else { return Next::Ignored };
        let scene = self.scene(shared, &episode);
        let rows = Panel::ALL.len();
        let at = Panel::ALL.iter().position(|panel| *panel == self.panel).unwrap_or(0);
        let turn = |by: usize| Panel::ALL.get((at + by) % rows).copied().unwrap_or_default();
        match act {
            Act::Move(Move::Left) | Act::PreviousPanel => self.panel = turn(rows - 1),
            Act::Move(Move::Right) | Act::NextPanel => self.panel = turn(1),
            Act::Panel(n) => {
                self.panel = Panel::ALL.get(usize::from(n).saturating_sub(1)).copied().unwrap_or(self.panel);
            }
            Act::Move(step) => self.moved(shared, &scene, step),
            Act::Next | Act::Previous => {
                let step = if act == Act::Next { Move::Down } else { Move::Up };
                self.move_pick(&scene, step, usize::from(shared.rows / 3));
            }
            Act::Diff => match self.compared(&scene) {
                Some(_) => self.diff = !self.diff,
                None => shared.locked("d is locked: this is the first revision of the script."),
            },
            Act::Compare => {
                self.panel = Panel::Revisions;
                shared.say(Role::Text, "Choose the revision to compare with and press Enter.");
            }
            Act::Open => self.open(shared, &scene),
            Act::Fix => self.fix_or_strike(shared, &scene),
            Act::Waive => self.rule(shared, &scene, ItemRuling::Waive),
            Act::NotAFault => self.rule(shared, &scene, ItemRuling::NotAFault),
            Act::Take => self.take_wording(shared, &scene),
            // A decision that is about to be sent is taken back before a ruling.
            Act::Undo if shared.held.is_empty() && self.take_ruling_back(shared, &scene) => {}
            Act::EditNote | Act::EditText => {
                if self.note_is_locked(shared, &scene, if act == Act::EditNote { "i" } else { "t" }) {
                    return Next::Stay;
                }
                let is_fix = act == Act::EditNote && self.panel == Panel::Note && self.fix < self.note.fixes.len();
                self.edit(if is_fix { Target::Fix(self.fix) } else { Target::Text });
            }
            Act::Approve | Act::SendBack | Act::Override | Act::Reject | Act::Pause => {
                return self.decide(shared, &episode, &scene, act);
            }
            // The episode lies below.
            Act::Episode => return Next::Close,
            Act::Back
            | Act::Dashboard
            | Act::Gates
            | Act::Cost
            | Act::Providers
            | Act::Sort
            | Act::Follow
            | Act::NextCall
            | Act::PreviousCall
            | Act::Group
            | Act::Stop
            | Act::Retry
            | Act::Undo
            | Act::New
            | Act::Palette
            | Act::Help
            | Act::Redraw
            | Act::Quit => return Next::Ignored,
        }
        Next::Stay
    }

    pub(super) fn note_is_locked(&self, shared: &mut Shared, scene: &Scene, key: &str) -> bool {
        let why = if !scene.open {
            "the gate is not open for a decision.".to_owned()
        } else if self.seeded != scene.hash {
            self.note_waits(shared)
        } else {
            return false;
        };
        shared.locked(format!("{key} is locked: {why}"));
        true
    }

    /// Why the note is not there yet.
    pub(crate) fn note_waits(&self, shared: &Shared) -> String {
        match shared.drafts.get(&draft_name(self.episode, &self.gate)) {
            Some(Loadable::Failed(why)) => format!("the draft of your note cannot be read: {why}. {AGAIN}"),
            Some(Loadable::Loading | Loadable::Ready(_)) | None => "the note is still being loaded.".to_owned(),
        }
    }

    fn open(&mut self, shared: &mut Shared, scene: &Scene) {
        match self.panel {
            Panel::Note => {
                if !self.note_is_locked(shared, scene, "Enter") {
                    let is_fix = self.fix < self.note.fixes.len();
                    self.edit(if is_fix { Target::Fix(self.fix) } else { Target::Text });
                }
            }
            Panel::Findings => self.panel = Panel::Script,
            Panel::Revisions => {
                if self.revision.is_some() && self.revision != scene.script {
                    self.base = self.revision;
                    self.diff = true;
                    self.panel = Panel::Script;
                } else {
                    shared.locked("This is the revision that stands here: choose another one.");
                }
            }
            Panel::Script | Panel::Scores => {}
        }
    }

    fn moved(&mut self, shared: &Shared, scene: &Scene, step: Move) {
        let page = usize::from(shared.rows / 2);
        if self.panel == Panel::Script && self.scroll(shared, scene, step) {
            return;
        }
        match self.panel {
            Panel::Script | Panel::Scores => {
                self.scrolled = 0;
                let script = scene.script.and_then(|hash| shared.script(hash));
                let lines: Vec<LineId> =
                    script.map(|script| script.lines().map(|line| line.id).collect()).unwrap_or_default();
                let at = self.line.and_then(|line| lines.iter().position(|id| *id == line)).unwrap_or(0);
                self.line = lines.get(shift(at, lines.len(), page / 2, step)).copied();
                let here = scene.entries().into_iter().find(|(_, line)| line.is_some() && *line == self.line);
                self.picked = here.map(|(pick, _)| pick);
            }
            Panel::Findings => self.move_pick(scene, step, page),
            Panel::Note => self.fix = shift(self.fix, self.note.fixes.len() + 1 + self.fixed, page, step),
            Panel::Revisions => {
                let outputs: Vec<ContentHash> = scene.revisions.iter().map(|revision| revision.output).collect();
                let at = self.revision.and_then(|hash| outputs.iter().position(|o| *o == hash)).unwrap_or(0);
                self.revision = outputs.get(shift(at, outputs.len(), page, step)).copied();
            }
        }
    }

    /// Moves within what is selected where it is higher than its panel; whether there was something to move to.
    fn scroll(&mut self, shared: &Shared, scene: &Scene, step: Move) -> bool {
        let most = self.set(shared, scene).map_or(0, |(sheet, rows)| sheet.overflow(rows));
        let now = self.scrolled.min(most);
        self.scrolled = match step {
            Move::Down | Move::HalfDown | Move::PageDown => now.saturating_add(SCROLL).min(most),
            Move::Up | Move::HalfUp | Move::PageUp => now.saturating_sub(SCROLL),
            Move::Left | Move::Right | Move::First | Move::Last => now,
        };
        self.scrolled != now
    }

    fn move_pick(&mut self, scene: &Scene, step: Move, page: usize) {
        self.scrolled = 0;
        let entries = scene.entries();
        let to = match entries.iter().position(|(pick, _)| Some(pick) == self.picked.as_ref()) {
            Some(at) => shift(at, entries.len(), page, step),
            None => 0,
        };
        if let Some((pick, line)) = entries.into_iter().nth(to) {
            self.picked = Some(pick);
            self.line = line.or(self.line);
        }
    }
}
