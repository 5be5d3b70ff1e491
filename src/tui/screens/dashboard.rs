//! The dashboard: what needs a person, what is under way, what it costs. Selection is by id, and rows keep their places
//! while one of them is selected.

use crate::domain::episode::{Episode, OpenNeed};
use crate::domain::event::Need;
use crate::domain::ids::EpisodeNumber;
use crate::tui::boxes::propose;
use crate::tui::commands::{Act, Move};
use crate::tui::layers::{Layer, Next};
use crate::tui::model::Shared;
use crate::tui::msg::Reads;
use crate::tui::screens::{best, for_need, shift};

/// A panel of the dashboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Panel {
    #[default]
    Episodes,
    Needs,
    Events,
    Spend,
    Providers,
}

impl Panel {
    /// In the order of Tab.
    pub(crate) const ALL: [Self; 5] = [Self::Episodes, Self::Needs, Self::Events, Self::Spend, Self::Providers];
}

/// The dashboard.
#[derive(Debug, Default)]
pub(crate) struct Dashboard {
    pub(crate) panel: Panel,
    pub(crate) selected: Option<EpisodeNumber>,
    /// The need that is selected, by its episode and its id.
    pub(crate) need: Option<(EpisodeNumber, String)>,
    /// Rows in the order in which they stand: those under way, then past ones.
    pub(crate) order: Vec<EpisodeNumber>,
    /// How many of the rows are under way.
    pub(crate) live: usize,
    /// How many rows would stand elsewhere if they were sorted again.
    pub(crate) moved: usize,
    /// Lines that the events are scrolled back.
    pub(crate) back: usize,
    /// Whether a person has chosen the row, so that no row moves by itself.
    chosen: bool,
}

/// All needs, the one that has waited longest first.
pub(crate) fn needs(shared: &Shared) -> Vec<(EpisodeNumber, &OpenNeed)> {
    let each = |episode: &'_ std::sync::Arc<crate::domain::episode::Episode>| episode.number;
    let mut needs: Vec<_> = shared
        .episodes()
        .iter()
        .flat_map(|episode| episode.needs.iter().map(move |open| (each(episode), open)))
        .collect();
    needs.sort_by(|a, b| (a.1.since, a.0, &a.1.id).cmp(&(b.1.since, b.0, &b.1.id)));
    needs
}

/// Rows in the order in which they should stand: what needs a person by the longest wait, then what was touched longest
/// ago.
fn sorted(shared: &Shared) -> Vec<EpisodeNumber> {
    let mut rows: Vec<_> = shared.episodes().iter().collect();
    rows.sort_by_key(|episode| {
        let oldest = episode.needs.iter().map(|open| open.since).min();
        (oldest.is_none(), oldest.unwrap_or(episode.started), episode.number)
    });
    rows.into_iter().map(|episode| episode.number).collect()
}

/// Asks for the reports of the gates that wait: their sentences say why.
fn want_reports(shared: &mut Shared) {
    let report = |episode: &std::sync::Arc<Episode>, open: &OpenNeed| match &open.need {
        Need::Gate { gate, hash } => Some(episode.gates.get(gate)?.evaluations.get(hash)?.report),
        Need::Charge { .. }
        | Need::Cap { .. }
        | Need::Retries { .. }
        | Need::Unread { .. }
        | Need::OverBilled { .. } => None,
    };
    let all =
        shared.episodes().iter().flat_map(|episode| episode.needs.iter().filter_map(|open| report(episode, open)));
    for hash in all.collect::<Vec<_>>() {
        shared.want(hash, Reads::Report);
    }
}

/// How many past episodes are listed below those under way.
const PAST: usize = 100;

impl Dashboard {
    /// Brings the rows in step with the studio: rows that are chosen stay where they are.
    pub(crate) fn settle(&mut self, shared: &mut Shared) {
        let wanted = sorted(shared);
        let mut live: Vec<EpisodeNumber> = if self.chosen {
            let kept = self.order.iter().filter(|number| wanted.contains(number)).copied();
            kept.collect()
        } else {
            wanted.clone()
        };
        live.extend(wanted.iter().filter(|number| !self.order.contains(number) && self.chosen));
        self.moved = live.iter().zip(&wanted).filter(|(now, then)| now != then).count();
        self.live = live.len();
        let past = shared.past.ready().map(Vec::as_slice).unwrap_or_default();
        let past: Vec<EpisodeNumber> =
            past.iter().map(|past| past.number).filter(|number| !live.contains(number)).take(PAST).collect();
        live.extend(past);
        // A row that is gone leaves the selection at its place.
        let place = self.selected.and_then(|number| self.order.iter().position(|row| *row == number));
        if self.selected.is_none_or(|number| !live.contains(&number)) || (!self.chosen && self.live > 0) {
            let place = if self.chosen { place.unwrap_or(0) } else { 0 };
            self.selected = live.get(place.min(live.len().saturating_sub(1))).copied();
        }
        self.order = live;
        want_reports(shared);
        for number in self.order.iter().take(self.live).copied().collect::<Vec<_>>() {
            shared.want_likely(number);
        }
        let needs = needs(shared);
        let is_there =
            self.need.as_ref().is_some_and(|(number, id)| needs.iter().any(|(n, open)| n == number && &open.id == id));
        if !is_there {
            self.need = needs.first().map(|(number, open)| (*number, open.id.clone()));
        }
    }

    fn page(shared: &Shared) -> usize {
        usize::from(shared.rows / 3)
    }

    /// Takes an act.
    pub(crate) fn on_act(&mut self, shared: &mut Shared, act: Act) -> Next {
        match act {
            Act::Move(step) => self.moves(shared, step),
            Act::NextPanel | Act::PreviousPanel => {
                let at = Panel::ALL.iter().position(|panel| *panel == self.panel).unwrap_or(0);
                let by = if act == Act::NextPanel { 1 } else { Panel::ALL.len() - 1 };
                self.panel = Panel::ALL.get((at + by) % Panel::ALL.len()).copied().unwrap_or_default();
            }
            Act::Panel(n) => {
                self.panel = Panel::ALL.get(usize::from(n).saturating_sub(1)).copied().unwrap_or(self.panel);
            }
            Act::Sort => {
                self.chosen = false;
                self.moved = 0;
            }
            Act::Back => {
                self.panel = Panel::Episodes;
                self.back = 0;
            }
            Act::Next | Act::Previous => {
                let needs = needs(shared);
                if needs.is_empty() {
                    shared.locked("Nothing needs you.");
                } else if self.panel != Panel::Needs {
                    self.panel = Panel::Needs;
                } else {
                    self.move_need(shared, if act == Act::Next { Move::Down } else { Move::Up });
                }
            }
            Act::Open => {
                return match (self.panel, &self.need, self.selected) {
                    (Panel::Needs, Some((number, id)), _) => {
                        let need = shared.under_way(*number).and_then(|episode| episode.need(id));
                        need.map_or(Next::Stay, |open| Next::Open(for_need(*number, id, &open.need)))
                    }
                    (Panel::Episodes, _, Some(number)) => Next::Open(best(shared, number)),
                    (Panel::Episodes | Panel::Needs | Panel::Events | Panel::Spend | Panel::Providers, _, _) => {
                        Next::Stay
                    }
                };
            }
            Act::Episode => {
                return match self.target() {
                    Some(number) => Next::Open(vec![Layer::Episode(super::episode::EpisodeScreen::new(number))]),
                    None => Next::Stay,
                };
            }
            Act::Pause => {
                let episode = self.target().and_then(|number| shared.under_way(number)).cloned();
                return match (episode, shared.halted()) {
                    (_, Some(why)) => {
                        shared.locked(why);
                        Next::Stay
                    }
                    (Some(episode), None) if !episode.life.is_over() => {
                        Next::Open(vec![Layer::Confirm(propose::pause(shared, &episode))])
                    }
                    (Some(_) | None, None) => {
                        shared.locked("P is locked: no episode under way is selected.");
                        Next::Stay
                    }
                };
            }
            Act::Dashboard
            | Act::Gates
            | Act::Cost
            | Act::Providers
            | Act::Follow
            | Act::NextCall
            | Act::PreviousCall
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
            | Act::Stop
            | Act::Retry
            | Act::Reject
            | Act::Undo
            | Act::New
            | Act::Palette
            | Act::Help
            | Act::Redraw
            | Act::Quit => return Next::Ignored,
        }
        Next::Stay
    }

    /// The episode that an act is about.
    fn target(&self) -> Option<EpisodeNumber> {
        match (self.panel, &self.need) {
            (Panel::Needs, Some((number, _))) => Some(*number),
            (Panel::Episodes | Panel::Needs | Panel::Events | Panel::Spend | Panel::Providers, _) => self.selected,
        }
    }

    fn moves(&mut self, shared: &Shared, step: Move) {
        match self.panel {
            Panel::Episodes => {
                let at = self.selected.and_then(|number| self.order.iter().position(|row| *row == number)).unwrap_or(0);
                self.selected = self.order.get(shift(at, self.order.len(), Self::page(shared), step)).copied();
                self.chosen = true;
            }
            Panel::Needs => self.move_need(shared, step),
            Panel::Events => {
                let len = shared.snapshot.as_ref().map_or(0, |snapshot| snapshot.feed.len());
                // Going up goes back in time.
                let at = len.saturating_sub(1).saturating_sub(self.back);
                self.back = len.saturating_sub(1).saturating_sub(shift(at, len, Self::page(shared), step));
            }
            Panel::Spend | Panel::Providers => {}
        }
    }

    fn move_need(&mut self, shared: &Shared, step: Move) {
        let needs = needs(shared);
        let is_selected = |(number, open): &(EpisodeNumber, &OpenNeed)| {
            self.need.as_ref().is_some_and(|(n, id)| n == number && *id == open.id)
        };
        let at = needs.iter().position(is_selected).unwrap_or(0);
        let to = needs.get(shift(at, needs.len(), Self::page(shared), step));
        if let Some((number, open)) = to {
            self.need = Some((*number, open.id.clone()));
        }
    }
}
