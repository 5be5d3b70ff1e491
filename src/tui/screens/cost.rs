//! The cost browser: what this and past episodes cost, added up five ways that agree to the micro-dollar.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::billed::{AllInvoiced, Invoiced};
use crate::domain::cost::{self, CostRow, EpisodeSummary};
use crate::domain::ids::EpisodeNumber;
use crate::domain::money::MicroUsd;
use crate::tui::commands::{Act, Move};
use crate::tui::layers::{Layer, Next};
use crate::tui::model::Shared;
use crate::tui::msg::Reads;
use crate::tui::screens::episode::EpisodeScreen;
use crate::tui::screens::shift;
use crate::tui::text::clean;

/// What is added up together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Group {
    #[default]
    Stage,
    Agent,
    Model,
    Provider,
    Episode,
}

impl Group {
    /// In the order of `b`.
    pub(crate) const ALL: [Self; 5] = [Self::Stage, Self::Agent, Self::Model, Self::Provider, Self::Episode];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Episode => "episode",
        }
    }
}

/// What the sums were made from: they are made again only when one of these has changed.
type Made = (u64, Option<usize>, usize, Group, Option<EpisodeNumber>, usize);

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct CostScreen {
    pub(crate) group: Group,
    /// The episode that is added up alone; all of them without one.
    pub(crate) only: Option<EpisodeNumber>,
    pub(crate) episode: Option<EpisodeNumber>,
    /// Episodes under way, each in a line.
    pub(crate) live: Vec<EpisodeSummary>,
    pub(crate) sums: Vec<Sum>,
    /// What bills say of the sums that are shown, and of what is in no call.
    pub(crate) billed: AllInvoiced,
    /// Bills of which what they say is not there: still being read, or damaged.
    pub(crate) unread: usize,
    made: Option<Made>,
}

/// A sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) name: String,
    /// The worst case that was reserved before each call, all together.
    pub(crate) estimated: MicroUsd,
    pub(crate) spent: MicroUsd,
    /// What bills say of its calls, where one that was read has any.
    pub(crate) invoiced: Option<Invoiced>,
    pub(crate) reserved: MicroUsd,
    pub(crate) possible: MicroUsd,
    /// Answers that were not paid for again, and what they had cost.
    pub(crate) reused: u64,
    pub(crate) saved: MicroUsd,
    pub(crate) calls: u64,
    pub(crate) tokens_in: u64,
    pub(crate) tokens_out: u64,
    pub(crate) characters: u64,
}

impl Sum {
    /// Whether some of what was metered is on no bill that was read.
    pub(crate) fn is_part(&self) -> bool {
        self.invoiced.is_some_and(|of| of.metered < self.spent)
    }
}

/// All episodes, those under way first, each by its number once.
pub(crate) fn all<'a>(shared: &'a Shared, live: &'a [EpisodeSummary]) -> Vec<&'a EpisodeSummary> {
    let numbers: BTreeSet<EpisodeNumber> = live.iter().map(|summary| summary.number).collect();
    let past = shared.past.ready().map(Vec::as_slice).unwrap_or_default();
    live.iter().chain(past.iter().filter(|past| !numbers.contains(&past.number))).collect()
}

/// The sums by a grouping, the largest first.
pub(crate) fn sums<'a>(rows: impl Iterator<Item = &'a CostRow>, group: Group, billed: &AllInvoiced) -> Vec<Sum> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for row in rows {
        let name = match group {
            Group::Stage => row.stage.to_string(),
            Group::Agent => row.agent.clone().unwrap_or_else(|| format!("({})", row.stage)),
            Group::Model => row.model.clone(),
            Group::Provider => row.provider.to_string(),
            Group::Episode => row.episode.to_string(),
        };
        let sum = sums.entry(clean(&name)).or_default();
        sum.estimated = sum.estimated.plus(row.estimated);
        sum.spent = sum.spent.plus(row.spent);
        if let Some(of) = billed.row(row) {
            sum.invoiced = Some(sum.invoiced.unwrap_or_default().plus(of));
        }
        sum.reserved = sum.reserved.plus(row.reserved);
        sum.possible = sum.possible.plus(row.possible);
        sum.reused = sum.reused.saturating_add(u64::from(row.reused));
        sum.saved = sum.saved.plus(row.saved);
        sum.calls = sum.calls.saturating_add(u64::from(row.calls));
        sum.tokens_in = sum.tokens_in.saturating_add(row.usage.tokens_in());
        sum.tokens_out = sum.tokens_out.saturating_add(row.usage.output);
        sum.characters = sum.characters.saturating_add(row.usage.characters);
    }
    let mut sums: Vec<Sum> = sums.into_iter().map(|(name, sum)| Sum { name, ..sum }).collect();
    sums.sort_by(|a, b| (b.spent, &a.name).cmp(&(a.spent, &b.name)));
    sums
}

impl CostScreen {
    /// Adds up again where something has changed, and keeps the selected episode one that is there.
    pub(crate) fn settle(&mut self, shared: &mut Shared) {
        let seq = shared.snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
        let past = shared.past.ready().map_or(0, Vec::len);
        let bills = shared.snapshot.as_ref().map(|snapshot| Arc::clone(&snapshot.bills)).unwrap_or_default();
        for kept in bills.iter() {
            shared.want(kept.bill.list, Reads::Bill);
        }
        let read: Vec<_> =
            bills.iter().filter_map(|kept| Some((&kept.bill, shared.bill(kept.bill.list)?.as_ref()))).collect();
        let made = (seq, shared.past_asked, past, self.group, self.only, read.len());
        if self.made == Some(made) {
            return;
        }
        self.made = Some(made);
        self.unread = bills.len() - read.len();
        self.billed = AllInvoiced::of(read);
        self.live = shared.episodes().iter().map(|episode| cost::summary(episode)).collect();
        let all = all(shared, &self.live);
        if !self.episode.is_some_and(|number| all.iter().any(|summary| summary.number == number)) {
            self.episode = all.first().map(|summary| summary.number);
        }
        let counted = all.iter().filter(|summary| self.only.is_none_or(|only| only == summary.number));
        let mut sums = sums(counted.flat_map(|summary| &summary.rows), self.group, &self.billed);
        if self.group == Group::Episode {
            let titles: BTreeMap<String, &str> =
                all.iter().map(|summary| (summary.number.to_string(), summary.title.as_str())).collect();
            for sum in &mut sums {
                let title = titles.get(&sum.name).map(|title| clean(title)).unwrap_or_default();
                sum.name = format!("{} {title}", sum.name);
            }
        }
        self.sums = sums;
    }

    /// Takes an act.
    pub(crate) fn on_act(&mut self, shared: &mut Shared, act: Act) -> Next {
        let numbers: Vec<EpisodeNumber> = all(shared, &self.live).iter().map(|summary| summary.number).collect();
        let at = self.episode.and_then(|number| numbers.iter().position(|n| *n == number)).unwrap_or(0);
        let group_at = Group::ALL.iter().position(|group| *group == self.group).unwrap_or(0);
        let turn = |by: usize| Group::ALL.get((group_at + by) % Group::ALL.len()).copied().unwrap_or_default();
        match act {
            Act::Group | Act::NextPanel | Act::Move(Move::Right) => self.group = turn(1),
            Act::PreviousPanel | Act::Move(Move::Left) => self.group = turn(Group::ALL.len() - 1),
            Act::Panel(n) => {
                self.group = Group::ALL.get(usize::from(n).saturating_sub(1)).copied().unwrap_or(self.group)
            }
            Act::Move(step) => {
                self.episode = numbers.get(shift(at, numbers.len(), usize::from(shared.rows / 3), step)).copied();
                if self.only.is_some() {
                    self.only = self.episode;
                }
            }
            Act::Open => self.only = if self.only.is_some() { None } else { self.episode },
            Act::Back if self.only.is_some() => self.only = None,
            Act::Episode => {
                return match self.episode {
                    Some(number) => Next::Open(vec![Layer::Episode(EpisodeScreen::new(number))]),
                    None => Next::Stay,
                };
            }
            Act::Back
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
        }
        Next::Stay
    }
}
