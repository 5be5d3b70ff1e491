//! An episode: its stages, what is being written now, its calls and what it needs.

use crate::domain::episode::{Episode, OpenNeed};
use crate::domain::event::{Need, Pin};
use crate::domain::ids::{EpisodeNumber, IntentKey, StageId};
use crate::domain::pipeline::Kind;
use crate::tui::boxes::propose;
use crate::tui::commands::{Act, Move};
use crate::tui::layers::{Layer, Next};
use crate::tui::look::{self, Mark};
use crate::tui::model::Shared;
use crate::tui::screens::gate::GateScreen;
use crate::tui::screens::{for_need, shift};

/// A panel of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Panel {
    #[default]
    Stages,
    Live,
    Calls,
    Needs,
}

impl Panel {
    /// In the order of Tab.
    pub(crate) const ALL: [Self; 4] = [Self::Stages, Self::Live, Self::Calls, Self::Needs];
}

/// The screen of an episode.
#[derive(Debug)]
pub(crate) struct EpisodeScreen {
    pub(crate) episode: EpisodeNumber,
    pub(crate) panel: Panel,
    /// The stage that a person has chosen; without one the stage at work is followed.
    pub(crate) chosen: Option<StageId>,
    pub(crate) need: Option<String>,
    /// The running call that a person watches; without one the first of the stage.
    pub(crate) call: Option<IntentKey>,
    /// Lines that the live text is scrolled back.
    pub(crate) back: usize,
}

/// The stage that is followed: the first at work, else the first that stands in the way, else the last that is done.
pub(crate) fn followed(episode: &Episode) -> Option<StageId> {
    let standings = episode.standings();
    let marks: Vec<(&Pin, Mark)> = episode.pins.iter().map(|pin| (pin, look::mark(episode, pin, &standings))).collect();
    let first = |wanted: &[Mark]| marks.iter().find(|(_, mark)| wanted.contains(mark));
    let last = || marks.iter().rev().find(|(_, mark)| matches!(mark, Mark::Done | Mark::Approved | Mark::Overridden));
    let found = first(&[Mark::Running]).or_else(|| first(&[Mark::Person, Mark::Failed])).or_else(last);
    found.or_else(|| marks.first()).map(|(pin, _)| pin.stage.id.clone())
}

impl EpisodeScreen {
    pub(crate) fn new(episode: EpisodeNumber) -> Self {
        Self { episode, panel: Panel::default(), chosen: None, need: None, call: None, back: 0 }
    }

    /// Asks for the episode where it is past, and keeps the selected need one that is there.
    pub(crate) fn settle(&mut self, shared: &mut Shared) {
        shared.want_episode(self.episode);
        shared.want_likely(self.episode);
        if self.call.as_ref().is_some_and(|key| !shared.progress.calls.contains_key(key)) {
            self.call = None;
        }
        let needs = shared.episode(self.episode).map(|episode| episode.needs.as_slice()).unwrap_or_default();
        if !self.need.as_ref().is_some_and(|id| needs.iter().any(|open| &open.id == id)) {
            self.need = needs.first().map(|open| open.id.clone());
        }
    }

    /// Whether something on the screen counts seconds.
    pub(crate) fn is_counting(&self, shared: &Shared) -> bool {
        shared.under_way(self.episode).is_some_and(|episode| !episode.life.is_over())
    }

    /// The stage that is selected.
    pub(crate) fn stage(&self, episode: &Episode) -> Option<StageId> {
        self.chosen.clone().or_else(|| followed(episode))
    }

    /// The running calls of the episode, in the order of its stages.
    pub(crate) fn running<'a>(&self, shared: &'a Shared, episode: &Episode) -> Vec<&'a IntentKey> {
        let place = |stage: &StageId| episode.pins.iter().position(|pin| &pin.stage.id == stage);
        let mut keys: Vec<&IntentKey> =
            shared.progress.calls.keys().filter(|key| key.episode == self.episode).collect();
        keys.sort_by_key(|key| (place(&key.stage), key.unit, key.attempt));
        keys
    }

    /// The one call that is watched: the chosen one, else the first of the stage that is selected.
    pub(crate) fn watched<'a>(&self, shared: &'a Shared, episode: &Episode) -> Option<&'a IntentKey> {
        let stage = self.stage(episode);
        let running = self.running(shared, episode);
        let chosen = running.iter().find(|key| Some(**key) == self.call.as_ref());
        chosen.or_else(|| running.iter().find(|key| Some(&key.stage) == stage.as_ref())).copied()
    }

    /// Goes to another running call, and to its stage.
    fn move_call(&mut self, shared: &mut Shared, episode: &Episode, by: usize) {
        let running = self.running(shared, episode);
        let watched = self.watched(shared, episode);
        let at = watched.and_then(|key| running.iter().position(|other| *other == key));
        let to = at.map_or(0, |at| (at + by) % running.len().max(1));
        match running.get(to).map(|key| (*key).clone()) {
            Some(key) => {
                self.chosen = Some(key.stage.clone());
                self.call = Some(key);
                self.back = 0;
            }
            None => shared.locked("No call of this episode is running."),
        }
    }

    /// Takes an act.
    pub(crate) fn on_act(&mut self, shared: &mut Shared, act: Act) -> Next {
        let Some(episode) = shared.episode(self.episode).cloned() else { return Next::Ignored };
        let page = usize::from(shared.rows / 3);
        match act {
            Act::NextPanel | Act::PreviousPanel => {
                let at = Panel::ALL.iter().position(|panel| *panel == self.panel).unwrap_or(0);
                let by = if act == Act::NextPanel { 1 } else { Panel::ALL.len() - 1 };
                self.panel = Panel::ALL.get((at + by) % Panel::ALL.len()).copied().unwrap_or_default();
            }
            Act::Panel(n) => {
                self.panel = Panel::ALL.get(usize::from(n).saturating_sub(1)).copied().unwrap_or(self.panel);
            }
            Act::Follow => {
                self.chosen = None;
                self.call = None;
                self.back = 0;
                shared.say(crate::tui::theme::Role::Text, "Following the stage that is at work.");
            }
            Act::NextCall => self.move_call(shared, &episode, 1),
            Act::PreviousCall => {
                let before = self.running(shared, &episode).len().saturating_sub(1);
                self.move_call(shared, &episode, before);
            }
            Act::Move(Move::Left) => self.move_stage(&episode, page, Move::Up),
            Act::Move(Move::Right) => self.move_stage(&episode, page, Move::Down),
            Act::Next | Act::Previous => {
                if episode.needs.is_empty() {
                    shared.locked("Nothing of this episode needs you.");
                } else if self.panel != Panel::Needs {
                    self.panel = Panel::Needs;
                } else {
                    self.move_need(&episode.needs, page, if act == Act::Next { Move::Down } else { Move::Up });
                }
            }
            Act::Open => return self.open(shared, &episode),
            Act::Pause | Act::Stop | Act::Retry | Act::Reject => return self.acting(shared, &episode, act),
            Act::Episode => {}
            Act::Move(step) => match self.panel {
                Panel::Stages | Panel::Calls => self.move_stage(&episode, page, step),
                Panel::Needs => self.move_need(&episode.needs, page, step),
                Panel::Live => {
                    let at = 4_000_usize.saturating_sub(self.back);
                    let to = shift(at, 4_001, page, step);
                    self.back = 4_000 - to;
                }
            },
            Act::Back
            | Act::Dashboard
            | Act::Gates
            | Act::Cost
            | Act::Providers
            | Act::Sort
            | Act::Diff
            | Act::Compare
            | Act::Fix
            | Act::Waive
            | Act::NotAFault
            | Act::Take
            | Act::Override
            | Act::EditNote
            | Act::EditText
            | Act::Group
            | Act::Approve
            | Act::SendBack
            | Act::Undo
            | Act::New
            | Act::Palette
            | Act::Help
            | Act::Redraw
            | Act::Quit => return Next::Ignored,
        }
        Next::Stay
    }

    fn move_stage(&mut self, episode: &Episode, page: usize, step: Move) {
        let selected = self.stage(episode);
        let at = episode.pins.iter().position(|pin| Some(&pin.stage.id) == selected.as_ref()).unwrap_or(0);
        let to = shift(at, episode.pins.len(), page, step);
        self.chosen = episode.pins.get(to).map(|pin| pin.stage.id.clone());
        self.call = None;
        self.back = 0;
    }

    fn move_need(&mut self, needs: &[OpenNeed], page: usize, step: Move) {
        let at = needs.iter().position(|open| Some(&open.id) == self.need.as_ref()).unwrap_or(0);
        self.need = needs.get(shift(at, needs.len(), page, step)).map(|open| open.id.clone());
    }

    fn open(&mut self, shared: &mut Shared, episode: &Episode) -> Next {
        if self.panel == Panel::Needs {
            let open = self.need.as_ref().and_then(|id| episode.need(id));
            let layers = open.map(|open| for_need(self.episode, &open.id, &open.need));
            // This screen lies below already.
            let above = layers.map(|layers| layers.into_iter().filter(|layer| !matches!(layer, Layer::Episode(_))));
            return above.map_or(Next::Stay, |layers| Next::Open(layers.collect()));
        }
        let Some(stage) = self.stage(episode) else { return Next::Stay };
        let is_gate = episode.pin(&stage).is_some_and(|pin| pin.stage.kind == Kind::Gate);
        let is_judged = episode.gates.get(&stage).is_some_and(|gate| !gate.evaluations.is_empty());
        let need = episode.needs.iter().find(|open| at_stage(&open.need, &stage));
        match need {
            Some(open) if !is_gate => {
                let layers = for_need(self.episode, &open.id, &open.need);
                Next::Open(layers)
            }
            Some(_) | None if is_gate && is_judged => {
                Next::Open(vec![Layer::Gate(Box::new(GateScreen::new(self.episode, stage)))])
            }
            Some(_) | None if is_gate => {
                shared.locked("This gate has not been reached yet.");
                Next::Stay
            }
            Some(_) | None => {
                self.panel = Panel::Live;
                self.chosen = Some(stage);
                Next::Stay
            }
        }
    }

    fn acting(&self, shared: &mut Shared, episode: &Episode, act: Act) -> Next {
        let key = match act {
            Act::Pause => "P",
            Act::Stop => "S",
            Act::Retry => "R",
            _ => "X",
        };
        if let Some(why) = shared.halted() {
            shared.locked(format!("{key} is locked: {why}"));
            return Next::Stay;
        }
        if episode.life.is_over() || shared.under_way(self.episode).is_none() {
            shared
                .locked(format!("{key} is locked: the episode is {}.", look::life(&episode.life, episode.provenance)));
            return Next::Stay;
        }
        let confirm = match act {
            Act::Pause => propose::pause(shared, episode),
            Act::Stop => propose::stop(shared, episode),
            Act::Retry => {
                let selected = self.stage(episode);
                let stuck = |wanted: Option<&StageId>| {
                    episode.needs.iter().find_map(|open| match &open.need {
                        Need::Retries { stage, reason } if wanted.is_none_or(|wanted| wanted == stage) => {
                            Some((stage.clone(), reason.clone()))
                        }
                        Need::Retries { .. }
                        | Need::Gate { .. }
                        | Need::Charge { .. }
                        | Need::Cap { .. }
                        | Need::Unread { .. }
                        | Need::OverBilled { .. } => None,
                    })
                };
                match stuck(selected.as_ref()).or_else(|| stuck(None)) {
                    Some((stage, reason)) => propose::retry(shared, episode, &stage, &reason),
                    None => {
                        shared.locked("R is locked: no stage of this episode has given up.");
                        return Next::Stay;
                    }
                }
            }
            _ => propose::reject(shared, episode),
        };
        Next::Open(vec![Layer::Confirm(confirm)])
    }
}

/// Whether a need is about a stage.
fn at_stage(need: &Need, wanted: &StageId) -> bool {
    match need {
        Need::Gate { gate, .. } => gate == wanted,
        Need::Charge { key } | Need::Unread { key, .. } | Need::OverBilled { key, .. } => &key.stage == wanted,
        Need::Cap { stage, .. } | Need::Retries { stage, .. } => stage == wanted,
    }
}
