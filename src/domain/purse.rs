//! What stands under every cap now: the one place that screens, reports and verbs read money from.
//!
//! Not for decisions: what a cap admits is the budget's matter.

use serde::{Deserialize, Serialize};

use super::budget::{Period, Scope};
use super::ids::EpisodeNumber;
use super::money::MicroUsd;
use super::studio::Studio;
use super::sums::Sums;

/// The money of one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// What it covers.
    pub scope: Scope,
    /// Its limit, where it has one.
    pub cap: Option<MicroUsd>,
    /// What was spent, is held and is possible under it.
    pub sums: Sums,
    /// Of what is held, that of calls that are answered soon.
    pub in_flight: MicroUsd,
}

/// Money that is held although no open call or ruling explains it, or the other way round: a fault of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unexplained {
    /// Where.
    pub scope: Scope,
    /// What the sums say.
    pub sums: Sums,
    /// What the calls say.
    pub calls: Sums,
}

impl Studio {
    /// The money of a scope; of a day or month with the cap that holds then.
    pub fn purse(&self, scope: Scope) -> Purse {
        let own = match &scope {
            Scope::Episode(number) | Scope::Stage(number, _) => self.episodes.get(number).map(|episode| &episode.caps),
            Scope::Call | Scope::Day(_) | Scope::Month(_) => Some(&self.caps),
        };
        let every = match &scope {
            Scope::Day(_) => Some(Scope::Day(0)),
            Scope::Month(_) => Some(Scope::Month(0)),
            Scope::Call | Scope::Stage(..) | Scope::Episode(_) => None,
        };
        let cap = own.and_then(|caps| caps.get(&scope).or_else(|| caps.get(&every?))).copied();
        Purse { cap, sums: self.budget.sums(&scope), in_flight: self.budget.in_flight(&scope), scope }
    }

    /// The money of the day and the month, and then of every cap of the episodes that can still change.
    pub fn purses(&self, period: Period, only: Option<EpisodeNumber>) -> Vec<Purse> {
        let shared = [Scope::Day(period.day), Scope::Month(period.month)].map(|scope| self.purse(scope));
        let episodes = self.episodes.values().filter(|episode| only.is_none_or(|number| episode.number == number));
        let own = episodes.flat_map(|episode| {
            episode.caps.iter().map(|(scope, cap)| Purse { cap: Some(*cap), ..self.purse(scope.clone()) })
        });
        shared.into_iter().chain(own).collect()
    }

    /// Holds the sums of every scope against the calls themselves. Days and months also have spent what episodes paid that
    /// are over and closed; what those hold or may have cost beyond what was ruled is nothing.
    pub fn unexplained(&self) -> Vec<Unexplained> {
        let told = self.budget.scopes().filter_map(|(scope, sums)| {
            let calls: Sums = match scope {
                Scope::Episode(number) => self.episodes.get(number).map(|episode| episode.sums()).unwrap_or_default(),
                Scope::Stage(number, stage) => {
                    let episode = self.episodes.get(number);
                    let calls = episode.into_iter().flat_map(|episode| episode.calls_of(stage));
                    calls.map(|(_, call)| call.sums()).sum()
                }
                Scope::Day(_) | Scope::Month(_) | Scope::Call => {
                    let within = self.budget.calls().filter(|(_, call)| match scope {
                        Scope::Day(day) => call.period.day == *day,
                        Scope::Month(month) => call.period.month == *month,
                        Scope::Call | Scope::Stage(..) | Scope::Episode(_) => false,
                    });
                    let held = within.filter_map(|(key, _)| self.episodes.get(&key.episode)?.calls.get(key));
                    held.map(|call| call.sums()).sum()
                }
            };
            let is_explained = match scope {
                Scope::Episode(_) | Scope::Stage(..) => sums == calls,
                // What was written off, resent or paid by episodes that are closed stays in the sums.
                Scope::Day(_) | Scope::Month(_) | Scope::Call => {
                    sums.held == calls.held && sums.possible >= calls.possible && sums.spent >= calls.spent
                }
            };
            (!is_explained).then(|| Unexplained { scope: scope.clone(), sums, calls })
        });
        told.collect()
    }

    /// What is held by all calls that are not answered.
    pub fn held(&self) -> Sums {
        self.episodes.values().map(|episode| episode.sums()).sum()
    }
}
