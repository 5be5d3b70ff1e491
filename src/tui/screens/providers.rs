//! The providers: how each answers, what waits for it, what was learned of its limits.

use crate::domain::call::Provider;
use crate::domain::lane::Lane;
use crate::tui::commands::{Act, Move};
use crate::tui::layers::Next;
use crate::tui::model::Shared;
use crate::tui::screens::shift;

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct ProvidersScreen {
    /// The provider that is told more of.
    pub(crate) selected: Option<Provider>,
}

/// The ways to all providers.
pub(crate) fn lanes(shared: &Shared) -> &[Lane] {
    shared.snapshot.as_ref().map(|snapshot| snapshot.lanes.as_slice()).unwrap_or_default()
}

impl ProvidersScreen {
    /// The provider that is told more of: the chosen one, else the one whose call has waited longest, else the first.
    pub(crate) fn shown<'a>(&self, shared: &'a Shared) -> Option<&'a Lane> {
        let all = lanes(shared);
        let chosen = self.selected.and_then(|provider| all.iter().find(|lane| lane.provider == provider));
        let waits = || all.iter().filter(|lane| lane.waiting > 0);
        let longest = || waits().min_by_key(|lane| lane.longest.as_ref().map(|wait| wait.since));
        chosen.or_else(longest).or_else(|| all.first())
    }

    /// Takes an act.
    pub(crate) fn on_act(&mut self, shared: &Shared, act: Act) -> Next {
        let all = lanes(shared);
        let now = self.shown(shared).map(|lane| lane.provider);
        let at = all.iter().position(|lane| Some(lane.provider) == now).unwrap_or(0);
        let step = match act {
            Act::Move(step) => step,
            Act::NextPanel => Move::Down,
            Act::PreviousPanel => Move::Up,
            Act::Panel(n) => {
                let named = all.get(usize::from(n).saturating_sub(1));
                self.selected = named.map(|lane| lane.provider).or(self.selected);
                return Next::Stay;
            }
            Act::Open
            | Act::Group
            | Act::Episode
            | Act::Back
            | Act::Next
            | Act::Previous
            | Act::Dashboard
            | Act::Gates
            | Act::Cost
            | Act::Providers
            | Act::Sort
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
            | Act::Approve
            | Act::SendBack
            | Act::Pause
            | Act::Stop
            | Act::Retry
            | Act::Reject
            | Act::Undo
            | Act::New
            | Act::Palette
            | Act::Help
            | Act::Redraw
            | Act::Quit => return Next::Ignored,
        };
        self.selected = all.get(shift(at, all.len(), all.len(), step)).map(|lane| lane.provider);
        Next::Stay
    }
}
