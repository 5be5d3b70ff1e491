//! Ways between the screens: which layers show an episode or a need best, and how a selection moves along a list.

use crate::domain::event::Need;
use crate::domain::ids::{EpisodeNumber, StageId};
use crate::tui::boxes::need::NeedBox;
use crate::tui::commands::Move;
use crate::tui::layers::Layer;
use crate::tui::model::Shared;
use crate::tui::screens::episode::EpisodeScreen;
use crate::tui::screens::gate::GateScreen;

fn gate(episode: EpisodeNumber, gate: &StageId) -> Vec<Layer> {
    vec![Layer::Episode(EpisodeScreen::new(episode)), Layer::Gate(Box::new(GateScreen::new(episode, gate.clone())))]
}

/// The layers that show an episode best: its gate where one waits, else the episode.
pub(crate) fn best(shared: &Shared, number: EpisodeNumber) -> Vec<Layer> {
    let needs = shared.under_way(number).map(|episode| episode.needs.as_slice()).unwrap_or_default();
    let waits = needs.iter().find_map(|open| match &open.need {
        Need::Gate { gate, .. } => Some(gate.clone()),
        Need::Charge { .. }
        | Need::Cap { .. }
        | Need::Retries { .. }
        | Need::Unread { .. }
        | Need::OverBilled { .. } => None,
    });
    match waits {
        Some(id) => gate(number, &id),
        None => vec![Layer::Episode(EpisodeScreen::new(number))],
    }
}

/// The layers in which a need is answered.
pub(crate) fn for_need(number: EpisodeNumber, id: &str, need: &Need) -> Vec<Layer> {
    match need {
        Need::Gate { gate: at, .. } => gate(number, at),
        Need::Charge { .. }
        | Need::Cap { .. }
        | Need::Retries { .. }
        | Need::Unread { .. }
        | Need::OverBilled { .. } => {
            vec![Layer::Need(NeedBox { episode: number, id: id.to_owned() })]
        }
    }
}

/// The gate that has waited longest.
pub(crate) fn oldest_gate(shared: &Shared) -> Option<Vec<Layer>> {
    let open = shared.episodes().iter().flat_map(|episode| episode.needs.iter().map(|open| (episode.number, open)));
    let gates = open.filter_map(|(number, open)| match &open.need {
        Need::Gate { gate, .. } => Some((open.since, number, gate)),
        Need::Charge { .. }
        | Need::Cap { .. }
        | Need::Retries { .. }
        | Need::Unread { .. }
        | Need::OverBilled { .. } => None,
    });
    gates.min().map(|(_, number, id)| gate(number, id))
}

/// Where a selection is after a movement along a list of so many; to the left and right it stays.
pub(crate) fn shift(at: usize, len: usize, page: usize, step: Move) -> usize {
    let last = len.saturating_sub(1);
    let page = page.max(2);
    let moved = match step {
        Move::Down => at.saturating_add(1),
        Move::Up => at.saturating_sub(1),
        Move::First => 0,
        Move::Last => last,
        Move::HalfDown => at.saturating_add(page / 2),
        Move::HalfUp => at.saturating_sub(page / 2),
        Move::PageDown => at.saturating_add(page),
        Move::PageUp => at.saturating_sub(page),
        Move::Left | Move::Right => at,
    };
    moved.min(last)
}
